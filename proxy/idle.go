package proxy

import (
	"sync"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// idleWatch ends a session that is idle for too long.
type idleWatch struct {
	visit  *visit
	within time.Duration // in a transaction, 0 for never
	out    time.Duration // outside of one, 0 for never
	tick   time.Duration

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
	turn    uint64
	since   time.Time
}

// Bounds of how often a session is looked at: it ends at most that much later than
// it might.
const (
	idleLooks   = 8 // times in the shorter of both times
	leastIdleIn = 20 * time.Millisecond
	mostIdleIn  = 10 * time.Second
)

// watchIdle begins to watch a session, where there is a time to watch for.
func (v *visit) watchIdle() {
	c := &v.gateway.cfg
	if c.IdleTimeout == 0 && c.IdleInTransaction == 0 {
		return
	}
	w := &idleWatch{visit: v, within: c.IdleInTransaction, out: c.IdleTimeout, since: time.Now()}
	shorter := w.within
	if shorter == 0 || w.out != 0 && w.out < shorter {
		shorter = w.out
	}
	w.tick = min(max(shorter/idleLooks, leastIdleIn), mostIdleIn)
	v.idle = w
	w.mu.Lock()
	w.timer = time.AfterFunc(w.tick, w.look)
	w.mu.Unlock()
}

// stop ends the watching.
func (w *idleWatch) stop() {
	if w == nil {
		return
	}
	w.mu.Lock()
	w.stopped = true
	w.timer.Stop()
	w.mu.Unlock()
}

// look ends the session if it has been idle for too long, and looks again later if
// not.
func (w *idleWatch) look() {
	w.visit.connection.EndIf(func(s *session.Session) *diagnostic.Diagnostic {
		now := time.Now()
		turn, idle := s.Idling()
		if !idle || turn != w.turn {
			w.turn, w.since = turn, now
			return nil
		}
		limit, why := w.out, diagnostic.IdleTimeout
		if s.State().Tx != wire.TxIdle {
			limit, why = w.within, diagnostic.IdleInTransactionTimeout
		}
		if limit == 0 || now.Sub(w.since) < limit {
			return nil
		}
		return why(limit)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.timer.Reset(w.tick)
	}
}
