package proxy

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
)

// Info is what is known of an open session.
type Info struct {
	ID          string            `json:"id"`
	Identity    identity.Identity `json:"identity"`
	Database    string            `json:"database"`     // the Database document's name, "" when none selects it
	DatabaseSQL string            `json:"databaseName"` // the database's name at the server
	User        string            `json:"user"`         // the role at the server
	ClientUser  string            `json:"clientUser"`   // the user that the client asked for
	Server      string            `json:"server"`
	How         string            `json:"how"`
	Policies    []string          `json:"policies,omitempty"`
	Observed    bool              `json:"observed,omitempty"` // nothing is enforced
	Started     time.Time         `json:"started"`
	State       string            `json:"state"`             // idle, active or held
	Running     string            `json:"running,omitempty"` // the statement that runs or waits
}

// registry knows the open sessions, and which cancel key belongs to which.
type registry struct {
	mu       sync.Mutex
	sessions map[cancelKey]*entry
	limit    int
}

// cancelKey is the secret half of what cancels a session. It is weir's own, so
// that the server's never leaves weir; the other half, the process id, is the
// server's, since clients compare it with what the server says elsewhere
// (pg_backend_pid, the sender of a notification).
type cancelKey [4]byte

// entry is one open session.
type entry struct {
	key    cancelKey
	info   Info
	target upstream.Target
	// server gives what cancels at the server; a nil key is none.
	server     func() (pid uint32, key []byte)
	running    atomic.Pointer[session.Decision] // what runs, nil for nothing
	held       string                           // id of the approval that it waits for, "" for none
	waiting    string                           // the text that waits for it
	cancelHeld func() bool                      // ends a wait for an approval; false when there is none
}

func newRegistry(limit int) *registry {
	return &registry{sessions: make(map[cancelKey]*entry), limit: limit}
}

// reserve gives a session its cancel key; nil when there are too many sessions.
func (r *registry) reserve() *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sessions) >= r.limit {
		return nil
	}
	e := &entry{}
	for {
		_, _ = rand.Read(e.key[:]) // never fails
		if r.sessions[e.key] == nil {
			break
		}
	}
	r.sessions[e.key] = e
	return e
}

func (r *registry) release(e *entry) {
	r.mu.Lock()
	delete(r.sessions, e.key)
	r.mu.Unlock()
}

// list gives the sessions that have started, the oldest first.
func (r *registry) list() []Info {
	r.mu.Lock()
	out := make([]Info, 0, len(r.sessions))
	for _, e := range r.sessions {
		if e.info.ID != "" {
			out = append(out, e.show())
		}
	}
	r.mu.Unlock()
	slices.SortFunc(out, func(a, b Info) int { return a.Started.Compare(b.Started) })
	return out
}

// show is the session as it is at this moment.
func (e *entry) show() Info {
	i := e.info
	i.State = "idle"
	if d := e.running.Load(); d != nil {
		i.State, i.Running = "active", d.Text
	}
	if e.held != "" {
		i.State, i.Running = "held", e.waiting
	}
	return i
}

// started makes a session known with what it became.
func (r *registry) started(e *entry, info Info, target upstream.Target, server func() (uint32, []byte)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.info, e.target, e.server = info, target, server
}

// holding notes that a session waits for an approval, and how to end that; "" and
// nil when it no longer does.
func (r *registry) holding(e *entry, approval, text string, cancel func() bool) {
	r.mu.Lock()
	e.held, e.waiting, e.cancelHeld = approval, text, cancel
	r.mu.Unlock()
}

// holds says whether a session waits for an approval.
func (r *registry) holds(approval string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.sessions {
		if e.held == approval {
			return true
		}
	}
	return false
}

// cancel passes a cancel request on to the one session that has this key and
// process id. A wrong one does nothing.
func (r *registry) cancel(ctx context.Context, pid uint32, key []byte) error {
	if len(key) != len(cancelKey{}) {
		return nil
	}
	r.mu.Lock()
	e := r.sessions[cancelKey(key)]
	if e == nil || e.server == nil {
		r.mu.Unlock()
		return nil
	}
	held, target, server := e.cancelHeld, e.target, e.server
	r.mu.Unlock()
	serverPID, serverKey := server()
	if serverPID != pid || held != nil && held() {
		return nil
	}
	if serverKey == nil {
		return nil
	}
	return upstream.Cancel(ctx, target, serverPID, serverKey)
}
