package catalog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/weirgate/weir/policy/catalog"
)

// Connection is one on which a catalog is read. It is used by one goroutine at a
// time.
type Connection interface {
	Querier
	// Notified waits until the server sends a notification or ctx ends, after
	// which the connection can still be used.
	Notified(ctx context.Context) (bool, error)
	Close() error
}

// Source opens a connection to read a database's catalog on.
type Source func(ctx context.Context) (Connection, error)

// Channel is the name on which a server that announces changes of its schema
// notifies weir.
const Channel = "weir_catalog"

// Options say how catalogs are kept.
type Options struct {
	// Poll is how often the server is asked, while sessions use a database, whether
	// its schema has changed.
	Poll time.Duration
	// Refresh is how often a catalog is read anew although the server says that
	// nothing has changed.
	Refresh time.Duration
	// MaxAge is how long a catalog is used after the server last said that it still
	// is so.
	MaxAge time.Duration
	// Databases is how many catalogs are kept that no session uses; the one that was
	// not asked for the longest goes first.
	Databases int
	// Bodies reads functions' bodies, nil leaves them unread.
	Bodies Bodies
	Logger *slog.Logger // nil for none
	// Now is the clock, nil for time.Now.
	Now func() time.Time
}

// Cache keeps the catalogs of databases by a key that names server and database.
type Cache struct {
	options   Options
	ctx       context.Context //nolint:containedctx // ends what runs in the background
	stop      context.CancelFunc
	running   sync.WaitGroup
	mu        sync.Mutex
	databases map[string]*Database
}

// NewCache makes a Cache. Close ends it.
func NewCache(o Options) (*Cache, error) {
	if o.Poll <= 0 || o.Refresh < o.Poll || o.MaxAge < o.Poll || o.Databases <= 0 {
		return nil, errors.New("a catalog cache needs Poll above zero, Refresh and MaxAge not below Poll, and room for a database")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Cache{options: o, databases: map[string]*Database{}}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c, nil
}

// Close ends what runs in the background and closes connections. The Cache must not
// be used any more.
func (c *Cache) Close() error {
	c.stop()
	c.running.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.databases {
		d.forget()
	}
	return nil
}

// Use gives the catalog of a database to a session, until Done. While it has a
// user, it is kept up to date.
func (c *Cache) Use(key string) *Database {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.databases[key]
	if d == nil {
		d = &Database{cache: c, key: key, busy: make(chan struct{}, 1)}
		c.databases[key] = d
	}
	d.mu.Lock()
	d.users++
	d.used = c.options.Now()
	d.mu.Unlock()
	c.evict()
	return d
}

// evict drops the databases that nobody uses and that were not used the longest.
func (c *Cache) evict() {
	for {
		unused, oldest := 0, (*Database)(nil)
		var since time.Time
		for _, d := range c.databases {
			d.mu.Lock()
			if d.users == 0 {
				if unused++; oldest == nil || d.used.Before(since) {
					oldest, since = d, d.used
				}
			}
			d.mu.Unlock()
		}
		if unused <= c.options.Databases {
			return
		}
		delete(c.databases, oldest.key)
		oldest.forget()
	}
}

// Status is what a Cache has of one database.
type Status struct {
	Taken     time.Time     // when the catalog was read, zero for never
	Confirmed time.Time     // when the server last said that it still is so
	Age       time.Duration // since then
	Usable    bool          // may be used without asking the server
	Users     int           // sessions
	Relations int           // tables, views and the like outside PostgreSQL's own schemas
	Functions int           // outside pg_catalog
	Unread    int           // functions whose body could not be read
	Took      time.Duration // that the last reading took
	Reads     uint64        // how often it was read
	Checks    uint64        // how often the server was asked whether it had changed
	Announced bool          // the server announces changes: a trigger has notified weir
	Failed    error         // why the last reading failed, nil if it did not
}

// Status tells about every database, by key.
func (c *Cache) Status() map[string]Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string]Status, len(c.databases))
	for key, d := range c.databases {
		all[key] = d.status()
	}
	return all
}

// Bodies reads functions' bodies, nil leaves them unread.
func (c *Cache) Bodies() Bodies { return c.options.Bodies }

// MaxAge is how long a catalog is used after the server last confirmed it.
func (c *Cache) MaxAge() time.Duration { return c.options.MaxAge }

// sizes counts what a snapshot has for Status.
func sizes(s *catalog.Snapshot) (relations, functions, unread int) {
	all := s.Relations()
	for i := range all {
		if !all[i].System() {
			relations++
		}
	}
	for _, f := range s.AllFunctions() {
		if f.Schema == "information_schema" {
			continue
		}
		functions++
		if f.Body != nil && f.Body.Unread != "" {
			unread++
		}
	}
	return relations, functions, unread
}
