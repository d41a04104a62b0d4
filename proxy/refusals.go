package proxy

import (
	"strconv"
	"sync"
	"time"

	"github.com/weirgate/weir/proxy/journal"
)

// Bounds of what connections that are refused can make weir write: of each
// workload and kind of refusal so many records in so long a time, and then one
// that says how many there were besides.
const (
	refusalsWritten = 20
	refusalsWindow  = 10 * time.Second
	refusalsKinds   = 1024 // that are told apart at a time; the rest counts as one
)

// refusal is what records are summed up by.
type refusal struct{ subject, code string }

// refusals bounds the records and the log of connections that were refused.
type refusals struct {
	mu      sync.Mutex
	windows map[refusal]*refusalWindow
	write   func(e *journal.Event, more int) // more is how many others e stands for
	closed  bool
}

// refusalWindow is what came of one kind since it began.
type refusalWindow struct {
	written, more int
	last          *journal.Event
	end           *time.Timer
}

func newRefusals(write func(*journal.Event, int)) *refusals {
	return &refusals{windows: make(map[refusal]*refusalWindow), write: write}
}

// add writes a record, or counts it for the one that sums up. It says whether the
// refusal is one of those that are told singly.
func (r *refusals) add(kind refusal, e *journal.Event) bool {
	r.mu.Lock()
	w := r.windows[kind]
	if w == nil && len(r.windows) >= refusalsKinds {
		kind = refusal{}
		w = r.windows[kind]
	}
	if w == nil {
		w = &refusalWindow{}
		if !r.closed {
			w.end = time.AfterFunc(refusalsWindow, func() { r.sum(kind) })
		}
		r.windows[kind] = w
	}
	single := w.written < refusalsWritten || r.closed
	if single {
		w.written++
	} else {
		w.more++
		w.last = e
	}
	r.mu.Unlock()
	if single {
		r.write(e, 0)
	}
	return single
}

// sum ends a window.
func (r *refusals) sum(kind refusal) {
	r.mu.Lock()
	w := r.windows[kind]
	delete(r.windows, kind)
	r.mu.Unlock()
	if w == nil {
		return
	}
	if w.end != nil {
		w.end.Stop()
	}
	if w.more > 0 {
		e := *w.last
		e.Data = append(append([]journal.Field(nil), e.Data...), journal.Field{Name: "more", Value: strconv.Itoa(w.more)})
		r.write(&e, w.more)
	}
}

// close ends all windows. What comes later is written at once.
func (r *refusals) close() {
	r.mu.Lock()
	r.closed = true
	kinds := make([]refusal, 0, len(r.windows))
	for k := range r.windows {
		kinds = append(kinds, k)
	}
	r.mu.Unlock()
	for _, k := range kinds {
		r.sum(k)
	}
}
