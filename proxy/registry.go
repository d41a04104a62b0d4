package proxy

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
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
	sessions map[*entry]struct{}
	keys     map[[sha256.Size]byte]*entry // by the digest of the cancel key
	secret   []byte                       // of the digests
	limit    int
}

// entry is one open session.
type entry struct {
	// key is the secret half of what cancels the session. It is weir's own, so
	// that the server's never leaves weir; the other half, the process id, is the
	// server's, since clients compare it with what the server says elsewhere
	// (pg_backend_pid, the sender of a notification).
	key    []byte
	info   Info
	target upstream.Target
	// server gives what cancels at the server; a nil key is none.
	server     func() (pid uint32, key []byte)
	running    atomic.Pointer[session.Decision] // what runs, nil for nothing
	held       string                           // id of the approval that it waits for, "" for none
	waiting    string                           // the text that waits for it
	cancelHeld func() bool                      // ends a wait for an approval; false when there is none
	letGo      func()                           // lets go of an old catalog
	cancelling func() (taken func())            // as session.Session's
}

func newRegistry(limit int) *registry {
	return &registry{
		sessions: make(map[*entry]struct{}), keys: make(map[[sha256.Size]byte]*entry), secret: secret(sha256.Size), limit: limit,
	}
}

// digest is what keys are found by. It depends on a secret, so how long it takes
// to find one says nothing about how much of a guess was right.
func (r *registry) digest(key []byte) [sha256.Size]byte {
	h := hmac.New(sha256.New, r.secret)
	_, _ = h.Write(key) // a hash never fails
	return [sha256.Size]byte(h.Sum(nil))
}

// reserve gives a session its place; nil when there are too many sessions.
func (r *registry) reserve() *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sessions) >= r.limit {
		return nil
	}
	e := &entry{}
	r.sessions[e] = struct{}{}
	return e
}

// key gives a session a cancel key of so many bytes that no other one has.
func (r *registry) key(e *entry, size int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(e)
	for {
		key := secret(size)
		at := r.digest(key)
		if r.keys[at] == nil {
			e.key, r.keys[at] = key, e
			return key
		}
	}
}

// forget takes a session's key back. The lock is held.
func (r *registry) forget(e *entry) {
	if e.key != nil {
		delete(r.keys, r.digest(e.key))
		e.key = nil
	}
}

func (r *registry) release(e *entry) {
	r.mu.Lock()
	r.forget(e)
	delete(r.sessions, e)
	r.mu.Unlock()
}

// list gives the sessions that have started, the oldest first.
func (r *registry) list() []Info {
	r.mu.Lock()
	out := make([]Info, 0, len(r.sessions))
	for e := range r.sessions {
		if e.info.ID != "" {
			out = append(out, e.show())
		}
	}
	r.mu.Unlock()
	slices.SortFunc(out, func(a, b Info) int { return a.Started.Compare(b.Started) })
	return out
}

// holders gives what lets go of old catalogs, of the sessions that have started.
func (r *registry) holders() []func() {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]func(), 0, len(r.sessions))
	for e := range r.sessions {
		if e.letGo != nil {
			all = append(all, e.letGo)
		}
	}
	return all
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
func (r *registry) started(e *entry, info Info, target upstream.Target, server func() (uint32, []byte), letGo func(), cancelling func() func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.info, e.target, e.server, e.letGo, e.cancelling = info, target, server, letGo, cancelling
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
	for e := range r.sessions {
		if e.held == approval {
			return true
		}
	}
	return false
}

// cancel passes a cancel request on to the one session that has this key and
// process id. A wrong one does nothing.
func (r *registry) cancel(ctx context.Context, pid uint32, key []byte) error {
	r.mu.Lock()
	e := r.keys[r.digest(key)]
	if e == nil || e.server == nil || subtle.ConstantTimeCompare(e.key, key) != 1 {
		r.mu.Unlock()
		return nil
	}
	held, target, server, cancelling := e.cancelHeld, e.target, e.server, e.cancelling
	r.mu.Unlock()
	serverPID, serverKey := server()
	if serverPID != pid || held != nil && held() {
		return nil
	}
	if serverKey == nil {
		return nil
	}
	if cancelling != nil {
		if taken := cancelling(); taken != nil {
			defer taken()
		}
	}
	return upstream.Cancel(ctx, target, serverPID, serverKey)
}

// interrupt cancels what the server does for a session.
func (r *registry) interrupt(ctx context.Context, e *entry) error {
	r.mu.Lock()
	target, server := e.target, e.server
	r.mu.Unlock()
	if server == nil {
		return nil
	}
	pid, key := server()
	if key == nil {
		return nil
	}
	return upstream.Cancel(ctx, target, pid, key)
}
