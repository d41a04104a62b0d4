package proxy

import "sync"

// starting counts the connections of each workload whose session has not started:
// they hold a place for as long as a client may take to say what it wants. So that
// no workload can take all places by saying nothing, each has a bound of its own.
type starting struct {
	mu    sync.Mutex
	count map[string]int // by the identity's subject
	limit int
}

// enter counts one more; false when the workload has too many.
func (s *starting) enter(subject string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit > 0 && s.count[subject] >= s.limit {
		return false
	}
	if s.count == nil {
		s.count = make(map[string]int)
	}
	s.count[subject]++
	return true
}

// leave takes one off.
func (s *starting) leave(subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count[subject]--; s.count[subject] <= 0 {
		delete(s.count, subject)
	}
}
