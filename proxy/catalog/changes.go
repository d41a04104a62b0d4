package catalog

import (
	"maps"
	"time"
)

// Changes are changes of a schema, made through weir, that the catalog at hand may
// lack. They do not change and may be shared; nil is none.
type Changes struct {
	all   time.Time // when something was changed that has no name to be known by, zero for never
	names map[string]time.Time
}

// changesKept is how many names are told apart.
const changesKept = 10_000

// Any says that anything may mean something else than the catalog says.
func (c *Changes) Any() bool { return c != nil && !c.all.IsZero() }

// Has says that a relation or function of a name, in whatever schema, may have been
// changed.
func (c *Changes) Has(name string) bool {
	if c == nil || name == "" {
		return false
	}
	_, ok := c.names[name]
	return ok
}

// Changes gives what may have changed since the catalog was last confirmed. It takes
// no lock.
func (d *Database) Changes() *Changes { return d.changes.Load() }

// Changed notes that relations and functions of these names were changed just now, or
// with all anything.
func (d *Database) Changed(names []string, all bool) {
	if len(names) == 0 && !all {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.cache.options.Now()
	next := &Changes{names: map[string]time.Time{}}
	if c := d.changes.Load(); c != nil {
		next.all = c.all
		maps.Copy(next.names, c.names)
	}
	for _, name := range names {
		next.names[name] = now
	}
	if all || len(next.names) > changesKept {
		next.all = now
	}
	if next.Any() && len(next.names) > changesKept {
		next.names = nil // each of them is among all
	}
	d.changes.Store(next)
}

// caught forgets what was changed before a reading began.
func (d *Database) caught(began time.Time) {
	c := d.changes.Load()
	if c == nil {
		return
	}
	next := &Changes{names: map[string]time.Time{}}
	if !c.all.Before(began) {
		next.all = c.all
	}
	for name, at := range c.names {
		if !at.Before(began) {
			next.names[name] = at
		}
	}
	if !next.Any() && len(next.names) == 0 {
		next = nil
	}
	d.changes.Store(next)
}
