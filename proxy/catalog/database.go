package catalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/proxy/upstream"
)

// Database is the catalog of one database, shared by its sessions.
type Database struct {
	cache       *Cache
	key         string
	current     atomic.Pointer[catalog.Snapshot] // nil for none that may be used without asking
	busy        chan struct{}                    // holds one while somebody reads
	confirmedAt atomic.Int64                     // confirmed, in nanoseconds
	latest      atomic.Pointer[catalog.Snapshot] // the one that was confirmed last, valid or not
	changes     atomic.Pointer[Changes]          // that latest may lack
	wanting     atomic.Int32                     // those who wait to read

	conn   *preparing // kept by who holds busy, nil for none
	unkept bool       // what is prepared does not stay: of who holds busy, too

	mu        sync.Mutex
	last      *version  // nil for none
	confirmed time.Time // when the server last said that last still is so
	invalid   time.Time // what was confirmed before is not used
	by        any       // who alone has made it so since it was confirmed, nil for nobody or several
	failed    error     // of the last attempt, nil after one that worked
	failedAt  time.Time
	expiry    *time.Timer
	users     int
	used      time.Time
	source    Source             // the last one that worked, for the background
	turn      *Turn              // of a session that reads on its own connection, nil for none
	watching  bool               // a goroutine keeps it up to date
	interrupt context.CancelFunc // ends the background's waiting, nil for none
	stats     struct {
		relations, functions, unread int
		took                         time.Duration
		reads, checks                uint64
		announced                    bool
	}
}

// Peek gives the catalog if it may be used without asking the server, nil
// otherwise. It takes no lock.
func (d *Database) Peek() *catalog.Snapshot { return d.current.Load() }

// Due says that it is time to ask the server whether the schema has changed: for
// sessions on whose own connections it is asked. It takes no lock.
func (d *Database) Due() bool {
	return d.cache.options.Now().UnixNano()-d.confirmedAt.Load() >= int64(d.cache.options.Poll)
}

// Age is the time since the server last said that the catalog still is so; ok is
// false where none was read.
func (d *Database) Age() (age time.Duration, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil {
		return 0, false
	}
	return d.cache.options.Now().Sub(d.confirmed), true
}

// Done ends a use of the database.
func (d *Database) Done() {
	d.mu.Lock()
	d.users--
	d.used = d.cache.options.Now()
	d.mu.Unlock()
	d.cache.mu.Lock()
	defer d.cache.mu.Unlock()
	d.cache.evict()
}

// Invalidate says that the schema may have changed just now: the server is asked
// before the catalog is used again.
func (d *Database) Invalidate() { d.InvalidateBy(nil) }

// InvalidateBy is Invalidate for a change by somebody, who knows what it was: see Own.
func (d *Database) InvalidateBy(who any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current.Load() != nil {
		d.by = who
	} else if d.by != who {
		d.by = nil
	}
	d.invalid = d.cache.options.Now()
	d.current.Store(nil)
}

// Own gives the catalog that was confirmed last where nothing has made it invalid since
// but what somebody has changed alone, and it is not too old. It is nil otherwise.
func (d *Database) Own(who any) *catalog.Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	if who == nil || d.by != who || d.last == nil || d.cache.options.Now().Sub(d.confirmed) >= d.cache.options.MaxAge {
		return nil
	}
	return d.last.snapshot
}

// Get gives the catalog, asking the server where the one at hand is missing, was
// made invalid or is too old. Where the server cannot be asked, an older one does
// until it is too old, if nothing made it invalid.
func (d *Database) Get(ctx context.Context, source Source) (*catalog.Snapshot, error) {
	return d.Since(ctx, time.Time{}, source)
}

// Since gives a catalog that the server has confirmed after a moment: for a
// statement that names what the one at hand does not have.
func (d *Database) Since(ctx context.Context, moment time.Time, source Source) (*catalog.Snapshot, error) {
	if source == nil {
		return nil, d.unusable(errNoSource)
	}
	arrived := d.cache.options.Now()
	for {
		if s := d.usable(moment); s != nil {
			return s, nil
		}
		s, err := d.attempt(ctx, moment, arrived, source)
		switch {
		case s != nil:
			return s, nil
		case err == nil: // and what made it invalid meanwhile is later than who asks
			if s := d.After(latest(arrived.Add(-1), moment)); s != nil {
				return s, nil
			}
			continue
		}
		if s := d.spare(moment); s != nil {
			return s, nil
		}
		return nil, d.unusable(err)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// attempt asks the server, unless somebody else has while this one waited. Both
// results are nil where the server was asked.
func (d *Database) attempt(ctx context.Context, moment, arrived time.Time, source Source) (*catalog.Snapshot, error) {
	if err := d.acquire(ctx); err != nil {
		return nil, fmt.Errorf("waiting for another reading: %w", err)
	}
	defer d.release()
	if s, err := d.shared(moment, arrived); s != nil || err != nil {
		return s, err
	}
	return nil, d.check(ctx, source)
}

// errNoSource is why a catalog is not read: there is nothing to read it with.
var errNoSource = errors.New("weir has no login to read it with")

// shared gives what somebody else has found out while this one waited.
func (d *Database) shared(moment, arrived time.Time) (*catalog.Snapshot, error) {
	if s := d.usable(moment); s != nil {
		return s, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed != nil && d.failedAt.After(arrived) {
		return nil, d.failed
	}
	return nil, nil
}

func (d *Database) unusable(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	age := "none was read before"
	if d.last != nil {
		age = fmt.Sprintf("the last one was good %s ago, at most %s is allowed",
			d.cache.options.Now().Sub(d.confirmed).Round(time.Second), d.cache.options.MaxAge)
		if !d.confirmed.After(d.invalid) {
			age = "the schema has changed since the last one"
		}
	}
	return fmt.Errorf("no usable catalog of %s (%s): %w", d.key, age, err)
}

// acquire waits until nobody else reads.
func (d *Database) acquire(ctx context.Context) error {
	d.wanting.Add(1)
	defer d.wanting.Add(-1)
	d.mu.Lock()
	if d.interrupt != nil {
		d.interrupt()
	}
	d.mu.Unlock()
	select {
	case d.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *Database) release() {
	d.mu.Lock()
	keep := d.watching
	d.mu.Unlock()
	if !keep {
		d.disconnect()
	}
	<-d.busy
}

func (d *Database) disconnect() {
	if d.conn != nil {
		_ = d.conn.Close()
		d.conn = nil
	}
}

// usable gives the catalog if it was confirmed after a moment, and may be used.
func (d *Database) usable(moment time.Time) *catalog.Snapshot {
	s := d.current.Load()
	if s == nil || moment.IsZero() {
		return s
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if s = d.current.Load(); s == nil || d.confirmed.Before(moment) {
		return nil
	}
	return s
}

// Latest gives the catalog that was confirmed last, if the server need not be polled
// yet, whatever made it invalid since: for those who look at Changes. It is nil
// otherwise. It takes no lock.
func (d *Database) Latest() *catalog.Snapshot {
	if d.Due() {
		return nil
	}
	return d.latest.Load()
}

// Newest gives the catalog that was confirmed last, unless it is too old to judge with:
// for those who look at Changes and cannot have the server asked now. It is nil
// otherwise. It takes no lock.
func (d *Database) Newest() *catalog.Snapshot {
	if d.cache.options.Now().UnixNano()-d.confirmedAt.Load() >= int64(d.cache.options.MaxAge) {
		return nil
	}
	return d.latest.Load()
}

// After gives the catalog that was confirmed last, if that was after a moment, whatever
// has become invalid since. It is nil otherwise.
func (d *Database) After(moment time.Time) *catalog.Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil || !d.confirmed.After(moment) {
		return nil
	}
	return d.last.snapshot
}

// spare gives the catalog since the server could not be asked.
func (d *Database) spare(moment time.Time) *catalog.Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil || !d.confirmed.After(d.invalid) || d.confirmed.Before(moment) ||
		d.cache.options.Now().Sub(d.confirmed) >= d.cache.options.MaxAge {
		return nil
	}
	return d.last.snapshot
}

// check asks the server whether the catalog at hand still is so, and reads it
// where it is not. Who calls it holds busy.
func (d *Database) check(ctx context.Context, source Source) (err error) {
	err = errors.New("reading the catalog did not end")
	defer func() { // also when something panics
		if err != nil {
			d.disconnect()
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.failed, d.failedAt = err, d.cache.options.Now()
		if err != nil && ctx.Err() != nil {
			d.failed = nil // that one caller left says nothing about the server
		}
	}()
	kept := d.conn != nil
	err = d.ask(ctx, source)
	for again := 0; err != nil && ctx.Err() == nil; again++ {
		// The server may have been started again, or something was dropped meanwhile.
		code := upstream.SQLState(err)
		plain := unkept(code) && !d.unkept
		if again >= vanishedAtMost || !plain && !Vanished(code) && (!kept || again > 0) {
			break
		}
		d.unkept = d.unkept || plain
		d.disconnect()
		err = d.ask(ctx, source)
	}
	return err
}

func (d *Database) ask(ctx context.Context, source Source) error {
	if d.conn == nil {
		conn, err := source(ctx)
		if err != nil {
			return err
		}
		d.conn = &preparing{conn, map[string]struct{}{}}
		// A server that is a standby refuses, and announces nothing.
		_, _ = conn.Query(ctx, "LISTEN "+Channel)
	}
	v, began, err := d.read(ctx)
	if err != nil {
		return explained(err)
	}
	d.publish(v, began, source)
	return nil
}

// read asks for the catalog on the connection that is kept.
func (d *Database) read(ctx context.Context) (v *version, began time.Time, err error) {
	r := d.Reading()
	var answer [][][]byte
	// What begins the transaction and what ends it go with the questions.
	before, over := "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ", "COMMIT"
	for {
		a, err := r.next(answer)
		if err != nil {
			return nil, r.began, err
		}
		if a == nil {
			break
		}
		after := ""
		if r.last() {
			after, over = "; "+over, ""
		}
		if a.kept == "" || d.unkept {
			answer, err = d.conn.Query(ctx, before+a.plain()+after)
		} else {
			answer, err = d.conn.ask(ctx, before, a, after)
		}
		if err != nil {
			return nil, r.began, fmt.Errorf("reading the database's catalog: %w", err)
		}
		before = ""
	}
	if over != "" {
		if _, err := d.conn.Query(ctx, over); err != nil {
			return nil, r.began, fmt.Errorf("having read the catalog: %w", err)
		}
	}
	v, err = r.version(ctx, d.cache.options.Bodies)
	return v, r.began, err
}

// publish makes a catalog the current one.
func (d *Database) publish(v *version, began time.Time, source Source) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.checks++
	if d.last != nil && began.Before(d.confirmed) {
		return // somebody was faster
	}
	if d.last == nil || v.snapshot != d.last.snapshot {
		d.stats.relations, d.stats.functions, d.stats.unread = sizes(v.snapshot)
		d.stats.reads++
		d.stats.took = d.cache.options.Now().Sub(began)
	}
	d.last, d.confirmed = v, began
	d.confirmedAt.Store(began.UnixNano())
	d.latest.Store(v.snapshot)
	d.caught(began)
	if began.After(d.invalid) {
		d.current.Store(v.snapshot)
		d.by = nil
	}
	if d.expiry != nil {
		d.expiry.Stop()
	}
	d.expiry = time.AfterFunc(d.cache.options.MaxAge-d.cache.options.Now().Sub(began), func() { d.expire(began) })
	if source == nil {
		return
	}
	d.source = source
	if !d.watching && d.users > 0 && d.cache.ctx.Err() == nil {
		d.watching = true
		d.cache.running.Go(d.watch)
	}
}

// expire ends the use of a catalog that was confirmed at a moment and not since.
func (d *Database) expire(confirmed time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.confirmed.Equal(confirmed) {
		d.current.Store(nil)
	}
}

// forget drops what is at hand.
func (d *Database) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.expiry != nil {
		d.expiry.Stop()
	}
	d.last = nil
	d.current.Store(nil)
	d.latest.Store(nil)
}

func (d *Database) status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Status{
		Usable: d.current.Load() != nil, Users: d.users, Failed: d.failed,
		Relations: d.stats.relations, Functions: d.stats.functions, Unread: d.stats.unread,
		Took: d.stats.took, Reads: d.stats.reads, Checks: d.stats.checks, Announced: d.stats.announced,
	}
	if d.last != nil {
		s.Taken, s.Confirmed = d.last.snapshot.Taken(), d.confirmed
		s.Age = d.cache.options.Now().Sub(d.confirmed)
	}
	return s
}
