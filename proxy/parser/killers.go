package parser

import (
	"crypto/sha256"
	"sync"
	"time"
)

// killers remembers the texts that a worker died of or did not finish with, so
// that sending one again costs nothing. It forgets the earliest when it is full,
// and each after a while: a worker may have died of something else.
type killers struct {
	mu    sync.Mutex
	seen  map[[sha256.Size]byte]killer
	order [][sha256.Size]byte
	limit int
	clock func() time.Time
}

type killer struct {
	err   error
	until time.Time
}

// How long a text is refused unread. A loaded machine can make an honest text miss
// its deadline, so that is forgotten sooner.
const (
	crashMemory    = 10 * time.Minute
	deadlineMemory = time.Minute
)

func newKillers(limit int, clock func() time.Time) *killers {
	return &killers{seen: make(map[[sha256.Size]byte]killer), limit: limit, clock: clock}
}

// known gives the error that the text got, nil if none is remembered.
func (k *killers) known(text string) error {
	k.mu.Lock()
	empty := len(k.seen) == 0
	k.mu.Unlock()
	if empty {
		return nil
	}
	digest := sha256.Sum256([]byte(text))
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, ok := k.seen[digest]; ok && k.clock().Before(known.until) {
		return known.err
	}
	return nil
}

func (k *killers) remember(text string, err error, memory time.Duration) {
	digest := sha256.Sum256([]byte(text))
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.seen[digest]; !ok {
		if len(k.order) >= k.limit {
			delete(k.seen, k.order[0])
			k.order = append(k.order[:0], k.order[1:]...)
		}
		k.order = append(k.order, digest)
	}
	k.seen[digest] = killer{err: err, until: k.clock().Add(memory)}
}
