package catalog

import (
	"context"
	"time"
)

// checkLimit bounds one look at a server in the background.
const checkLimit = time.Minute

// linger is how long a database without sessions is still kept up to date: pools
// close and open connections.
const linger = time.Minute

// share is the part of the time that asking a server may take, as a divisor: where
// it takes long it is done less often.
const share = 20

// watch keeps a database up to date while it has users.
func (d *Database) watch() {
	ctx, log := d.cache.ctx, d.cache.options.Logger
	pause, told := d.cache.options.Poll, false
	for {
		used, notified := d.wait(ctx, pause)
		if !used {
			return
		}
		if err := d.acquire(ctx); err != nil {
			continue // it is over
		}
		d.mu.Lock()
		source, confirmed := d.source, d.confirmed
		d.stats.announced = d.stats.announced || notified
		d.mu.Unlock()
		pause = d.cache.options.Poll
		if d.cache.options.Now().Sub(confirmed) < pause && !notified && d.Peek() != nil {
			d.release() // a session has just asked
			continue
		}
		began := time.Now()
		limited, cancel := context.WithTimeout(ctx, checkLimit)
		err := d.check(limited, source)
		cancel()
		d.release()
		pause = max(pause, share*time.Since(began))
		switch {
		case err == nil:
			told = false
		case !told && ctx.Err() == nil:
			told = true
			log.Warn("the catalog of a database cannot be read; what depends on it is refused once it is too old",
				"database", d.key, "error", err)
		}
	}
}

// wait waits for a pause, for a notification, or for the last user to go. It is
// false when the watch has ended.
func (d *Database) wait(ctx context.Context, pause time.Duration) (used, notified bool) {
	until := time.Now().Add(pause)
	for {
		d.mu.Lock()
		if ctx.Err() != nil || d.users == 0 && d.cache.options.Now().Sub(d.used) >= linger {
			d.watching = false
			d.mu.Unlock()
			d.busy <- struct{}{}
			d.release()
			return false, false
		}
		limited, cancel := context.WithDeadline(ctx, until)
		d.interrupt = cancel
		wanted := d.wanting.Load() > 0
		d.mu.Unlock()
		if wanted {
			cancel()
		}
		notified := d.listen(limited)
		cancel()
		if notified || !time.Now().Before(until) {
			return true, notified
		}
		if ctx.Err() == nil { // somebody else wants the connection
			time.Sleep(time.Millisecond)
		}
	}
}

// listen waits on the connection, if there is one, until ctx ends.
func (d *Database) listen(ctx context.Context) bool {
	select {
	case d.busy <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	conn := d.conn
	if conn == nil {
		<-d.busy
		<-ctx.Done()
		return false
	}
	notified, err := conn.Notified(ctx)
	if err != nil {
		d.disconnect()
	}
	<-d.busy
	if err != nil {
		<-ctx.Done()
	}
	return notified
}
