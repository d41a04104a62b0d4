package approval

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Filter says which requests a list has. Fields that are not set do not
// restrict.
type Filter struct {
	States  []State
	Digest  Digest
	Subject string // of the identity
	Before  time.Time
	Due     time.Time // that expire then or earlier
	Limit   int       // the newest so many; 0 gives all
	// Brief: requests are cut where they are large, see Request.Cut. Lists of many are
	// to be, since a client chooses how large a request is.
	Brief bool
}

// Store keeps requests. What it returns is the caller's own, what it is given
// it does not keep. Approvals are taken by compare-and-swap, so a Store may be
// shared by several processes.
type Store interface {
	// Create adds a request with version 1. ErrExists: its id is taken, or
	// there is a live request with its digest.
	Create(ctx context.Context, r *Request) error
	// Get returns one request, or ErrNotFound.
	Get(ctx context.Context, id string) (*Request, error)
	// Update changes the request if its version is still the given one,
	// otherwise it returns ErrConflict. It gives mutate the request as it is,
	// stores what that made of it with the next version, and returns it. An
	// error of mutate is returned as it is and nothing changes. When Update
	// has returned, the change is durable.
	Update(ctx context.Context, id string, version int64, mutate func(*Request) error) (*Request, error)
	// List returns the requests that match, the newest last.
	List(ctx context.Context, f Filter) ([]*Request, error)
	// Remove forgets requests that are final since before the given time, and the
	// earliest final ones beyond so many bytes of them. It says how many.
	Remove(ctx context.Context, before time.Time, most int64) (int, error)
	// Revision changes with every change by anybody. It is cheap.
	Revision(ctx context.Context) (int64, error)
}

// Memory is a Store that forgets with the process.
type Memory struct {
	mu       sync.Mutex
	requests map[string]*Request
	revision int64
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{requests: make(map[string]*Request)} }

// Create implements Store.
func (m *Memory) Create(ctx context.Context, r *Request) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, o := range m.requests {
		if o.ID == r.ID || o.Digest == r.Digest && o.State.Live() {
			return fmt.Errorf("%w: %s", ErrExists, o.ID)
		}
	}
	c := r.Clone()
	c.Version = 1
	m.requests[r.ID] = c
	m.revision++
	return nil
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, id string) (*Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := m.requests[id]
	if r == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return r.Clone(), nil
}

// Update implements Store.
func (m *Memory) Update(ctx context.Context, id string, version int64, mutate func(*Request) error) (*Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := m.requests[id]
	switch {
	case r == nil:
		return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
	case r.Version != version:
		return nil, fmt.Errorf("%w: %s", ErrConflict, id)
	}
	c := r.Clone()
	if err := mutate(c); err != nil {
		return nil, err
	}
	c.ID, c.Version = r.ID, version+1
	m.requests[id] = c
	m.revision++
	return c.Clone(), nil
}

// List implements Store.
func (m *Memory) List(ctx context.Context, f Filter) ([]*Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []*Request
	for _, r := range m.requests {
		if (len(f.States) == 0 || slices.Contains(f.States, r.State)) &&
			(f.Digest == "" || r.Digest == f.Digest) &&
			(f.Subject == "" || r.Identity.Subject == f.Subject) &&
			(f.Before.IsZero() || r.Created.Before(f.Before)) &&
			(f.Due.IsZero() || !r.Expires.After(f.Due)) {
			if f.Brief {
				r = r.Brief()
			}
			all = append(all, r.Clone())
		}
	}
	slices.SortFunc(all, func(a, b *Request) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	if f.Limit > 0 && len(all) > f.Limit {
		all = all[len(all)-f.Limit:]
	}
	return all, nil
}

// Remove implements Store.
func (m *Memory) Remove(ctx context.Context, before time.Time, most int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var final []*Request
	for _, r := range m.requests {
		if !r.State.Live() {
			final = append(final, r)
		}
	}
	slices.SortFunc(final, func(a, b *Request) int {
		if c := b.Changed.Compare(a.Changed); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	n, size := 0, int64(0)
	for _, r := range final {
		if size += int64(r.Size()); r.Changed.Before(before) || size > most {
			delete(m.requests, r.ID)
			n++
		}
	}
	if n > 0 {
		m.revision++
	}
	return n, nil
}

// Revision implements Store.
func (m *Memory) Revision(ctx context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.revision, ctx.Err()
}
