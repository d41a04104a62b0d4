package driver

import "sync"

// Each session may hold a message of the length that is allowed, and what became of it
// until the other side takes it. So many sessions could hold more than there is memory:
// what large messages take of it together is bounded, and a session beyond that ends. One
// owner has at most half of the room, so that the others have some.

// countedFrom is how much a connection may hold without being counted, in bytes.
const countedFrom = 1 << 20

// room is the memory for large messages of all connections of a driver.
type room struct {
	mu    sync.Mutex
	most  int64 // 0 is no bound
	taken int64
	by    map[string]int64 // by owner
}

// share is what one connection has of the room. Its holder uses it alone.
type share struct {
	owner string
	taken int64
}

// limit sets the bound.
func (r *room) limit(most int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.most = most
}

// change notes that a connection holds so many bytes. It reports false when that is more
// than there is room for; they are counted all the same, until less is held.
func (r *room) change(s *share, bytes int) bool {
	to := int64(bytes)
	if to < countedFrom {
		to = 0
	}
	more := to - s.taken
	if more == 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.taken = to
	r.taken += more
	if r.by == nil {
		r.by = make(map[string]int64)
	}
	if r.by[s.owner] += more; r.by[s.owner] == 0 {
		delete(r.by, s.owner)
	}
	return more < 0 || r.most == 0 || r.taken <= r.most && r.by[s.owner] <= r.most/2
}
