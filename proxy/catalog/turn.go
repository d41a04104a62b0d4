package catalog

import (
	"context"
	"sync"
	"time"

	"github.com/weirgate/weir/policy/catalog"
)

// patience is how long sessions wait for one that reads the catalog on its own
// connection: that one may be slow, and the next takes its turn then.
const patience = 250 * time.Millisecond

// Turn is a session's turn to read the catalog on its own connection, for which others
// wait.
type Turn struct {
	database *Database
	done     chan struct{}
	over     sync.Once
}

// Turn waits for a catalog that another session reads, as long as enough gives none.
// Both results are nil when ctx has ended. A turn that is given must be ended.
func (d *Database) Turn(ctx context.Context, enough func() *catalog.Snapshot) (*catalog.Snapshot, *Turn) {
	for ctx.Err() == nil {
		if s := enough(); s != nil {
			return s, nil
		}
		d.mu.Lock()
		other := d.turn
		if other == nil {
			mine := &Turn{database: d, done: make(chan struct{})}
			d.turn = mine
			d.mu.Unlock()
			return nil, mine
		}
		d.mu.Unlock()
		late := time.NewTimer(patience)
		select {
		case <-other.done:
		case <-late.C:
			other.End() // it is slow; what it reads is taken all the same
		case <-ctx.Done():
		}
		late.Stop()
	}
	return nil, nil
}

// End lets the next one have its turn. A nil Turn has ended.
func (t *Turn) End() {
	if t == nil {
		return
	}
	t.over.Do(func() {
		t.database.mu.Lock()
		if t.database.turn == t {
			t.database.turn = nil
		}
		t.database.mu.Unlock()
		close(t.done)
	})
}
