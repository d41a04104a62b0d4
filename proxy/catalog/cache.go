package catalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/weirgate/weir/policy/catalog"
)

// Load reads a snapshot, usually with Read on some connection.
type Load func(ctx context.Context) (*catalog.Snapshot, error)

// Options bound what a Cache keeps.
type Options struct {
	// Fresh is how long a snapshot is used without being read again.
	Fresh time.Duration
	// Stale is how old a snapshot may be where reading a newer one fails. With
	// an older one Get is an error.
	Stale time.Duration
	// Databases is how many snapshots are kept; the one that was not asked for
	// the longest goes first.
	Databases int
	// Now is the clock, nil for time.Now.
	Now func() time.Time
}

// Cache keeps the snapshots of databases by a key that names server and
// database. At any time one caller reads a database, the others wait for it.
type Cache struct {
	options Options
	mu      sync.Mutex
	entries map[string]*entry
}

type entry struct {
	snapshot *catalog.Snapshot
	failed   error         // of the last reading, nil after one that worked
	invalid  time.Time     // a snapshot must have been taken after this
	used     time.Time     // last asked for
	reading  chan struct{} // closed when the reading ends, nil for none
}

// NewCache makes a Cache.
func NewCache(o Options) (*Cache, error) {
	if o.Fresh <= 0 || o.Stale < o.Fresh || o.Databases <= 0 {
		return nil, errors.New("a catalog cache needs Fresh above zero, Stale not below Fresh, and room for a database")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Cache{options: o, entries: map[string]*entry{}}, nil
}

// Get gives a snapshot of a database, reading it with load where the one at hand
// is missing, invalid or no longer fresh. Where reading fails, an older snapshot
// does until it is stale, if nothing made it invalid.
func (c *Cache) Get(ctx context.Context, key string, load Load) (*catalog.Snapshot, error) {
	return c.get(ctx, key, load, time.Time{})
}

// Since gives a snapshot that was not taken before a moment: for a statement that
// names what the snapshot at hand does not have.
func (c *Cache) Since(ctx context.Context, key string, moment time.Time, load Load) (*catalog.Snapshot, error) {
	return c.get(ctx, key, load, moment)
}

// Peek gives the snapshot at hand if it may be used without reading, nil
// otherwise.
func (c *Cache) Peek(key string) *catalog.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	if e == nil || !c.fresh(e, time.Time{}) {
		return nil
	}
	e.used = c.options.Now()
	return e.snapshot
}

// Invalidate says that the database's schema may have changed just now. What was
// taken before is not used again.
func (c *Cache) Invalidate(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[key]; e != nil {
		e.invalid = c.options.Now()
	}
}

// Status is what a Cache has of one database.
type Status struct {
	Taken  time.Time     // when the snapshot was taken, zero for none
	Age    time.Duration // since then
	Usable bool          // may be used without reading
	Failed error         // why the last reading failed, nil if it did not
}

// Status tells about every database, by key.
func (c *Cache) Status() map[string]Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string]Status, len(c.entries))
	for key, e := range c.entries {
		s := Status{Failed: e.failed, Usable: c.fresh(e, time.Time{})}
		if e.snapshot != nil {
			s.Taken = e.snapshot.Taken()
			s.Age = c.options.Now().Sub(s.Taken)
		}
		all[key] = s
	}
	return all
}

// fresh says whether the entry's snapshot may be used as it is.
func (c *Cache) fresh(e *entry, since time.Time) bool {
	if e.snapshot == nil {
		return false
	}
	taken := e.snapshot.Taken()
	return taken.After(e.invalid) && !taken.Before(since) && c.options.Now().Sub(taken) < c.options.Fresh
}

// spare says whether the entry's snapshot may be used since reading failed.
func (c *Cache) spare(e *entry, since time.Time) bool {
	if e.snapshot == nil {
		return false
	}
	taken := e.snapshot.Taken()
	return taken.After(e.invalid) && !taken.Before(since) && c.options.Now().Sub(taken) < c.options.Stale
}

func (c *Cache) get(ctx context.Context, key string, load Load, since time.Time) (*catalog.Snapshot, error) {
	for {
		c.mu.Lock()
		e := c.entries[key]
		if e == nil {
			e = &entry{}
			c.entries[key] = e
			e.used = c.options.Now()
			c.evict(key)
		}
		e.used = c.options.Now()
		if c.fresh(e, since) {
			s := e.snapshot
			c.mu.Unlock()
			return s, nil
		}
		if e.reading == nil {
			done := make(chan struct{})
			e.reading = done
			c.mu.Unlock()
			return c.read(ctx, key, e, done, load, since)
		}
		reading := e.reading
		c.mu.Unlock()
		// Another caller is reading. If that fails, this one tries by itself:
		// the other's connection may have been at fault.
		select {
		case <-reading:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the catalog of %s: %w", key, ctx.Err())
		}
	}
}

func (c *Cache) read(ctx context.Context, key string, e *entry, done chan struct{}, load Load, since time.Time) (s *catalog.Snapshot, err error) {
	err = errors.New("reading the catalog did not end")
	defer func() { // also when load panics
		c.mu.Lock()
		defer c.mu.Unlock()
		e.reading = nil
		close(done)
		e.failed = err
		if err == nil {
			if e.snapshot == nil || !s.Taken().Before(e.snapshot.Taken()) {
				e.snapshot = s
			}
			return
		}
		if c.spare(e, since) {
			s, err = e.snapshot, nil
			return
		}
		age := "none was read before"
		if e.snapshot != nil {
			age = fmt.Sprintf("the last one is %s old", c.options.Now().Sub(e.snapshot.Taken()).Round(time.Second))
		}
		s, err = nil, fmt.Errorf("no usable catalog of %s (%s): %w", key, age, err)
	}()
	s, err = load(ctx)
	if err == nil && s == nil {
		err = errors.New("no snapshot was given")
	}
	return s, err
}

// evict drops the databases that were not asked for the longest, but not the
// new one.
func (c *Cache) evict(added string) {
	for len(c.entries) > c.options.Databases {
		oldest := ""
		for key, e := range c.entries {
			if key != added && e.reading == nil && (oldest == "" || e.used.Before(c.entries[oldest].used)) {
				oldest = key
			}
		}
		if oldest == "" {
			return // all are being read
		}
		delete(c.entries, oldest)
	}
}
