package proxy

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/approval"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/driver"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/scram"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
)

// Flow is an accepted connection with what was attested about its other end.
type Flow struct {
	Conn        net.Conn
	How         string         // "Captured" or "Listener"
	Destination netip.AddrPort // where the client wanted to go; zero for an explicit listener
	Database    string         // the Database document that an explicit listener is bound to, "" otherwise
	Netns       string         // a path that opens the client's network namespace, "" for weir's own
	NetnsCookie uint64
	// Identity is nil when the caller could not be told; Unattested says why.
	Identity   *identity.Identity
	Unattested error
}

// Parser turns texts into facts. The facts are shared and not changed.
type Parser interface {
	// Cached gives the facts of a text that are at hand, or the error that it
	// is known to have.
	Cached(text []byte) (facts *statement.Facts, err error, ok bool)
	// ParseBytes has a text parsed.
	ParseBytes(ctx context.Context, text []byte, key string) (*statement.Facts, error)
}

// Config is what a gateway works with.
type Config struct {
	Policies  func() *policy.Bundle // the documents in force, never nil
	Observe   bool                  // what no policy selects is relayed and recorded instead of refused
	Hosts     policy.HostResolver
	FromHost  bool // dial from weir's own network namespace where a Database does not say
	Parser    Parser
	Catalogs  *catalog.Cache
	Journal   *journal.Journal
	Approvals *approval.Broker
	// ClientTLS gives the configuration for a client that asks for TLS; nil: none
	// is offered.
	ClientTLS  func(destination netip.AddrPort, direct bool) *tls.Config
	RequireTLS bool
	Limits     session.Limits
	Sessions   int // that may be open at a time
	// Starting is how many connections of one workload may be open at a time that
	// have not started a session, 0 for any number.
	Starting int
	// IdleTimeout and IdleInTransaction end sessions that are idle, outside of a
	// transaction and inside; 0 is never.
	IdleTimeout, IdleInTransaction time.Duration
	// KeepAlive is about clients' TCP connections and about servers'. The zero value
	// is a probe after 60 s of silence, then six more, ten seconds apart.
	KeepAlive net.KeepAliveConfig
	Driver    *driver.Driver
	Logger    *slog.Logger
}

// Gateway serves connections.
type Gateway struct {
	cfg      Config
	registry *registry
	counts   counters
	passed   *lru.Cache[passing, time.Time] // until when
	known    *lru.Cache[knownKey, weak.Pointer[snapshot.Snapshot]]
	keys     *scram.Cache
	roots    *upstream.Roots
	mock     []byte // what salts of clients are made of
	starting starting
	refusals *refusals
	refusing atomic.Int64 // connections beyond Config.Sessions
	wg       sync.WaitGroup

	mu     sync.Mutex  // guards the next two
	letsGo *time.Timer // see letGo
	waited bool        // no session will be served any more
}

// refusedPolitely is how many connections beyond the limit are heard out at a
// time: they may be cancel requests, or begin with TLS, and a client that is
// refused before it has spoken may not understand why.
const refusedPolitely = 64

// New makes a gateway.
func New(cfg Config) (*Gateway, error) {
	passed, err := lru.New[passing, time.Time](passedKept)
	if err != nil {
		return nil, fmt.Errorf("making the cache of passed limits: %w", err)
	}
	known, err := lru.New[knownKey, weak.Pointer[snapshot.Snapshot]](knownKept)
	if err != nil {
		return nil, fmt.Errorf("making the list of catalogs: %w", err)
	}
	keys, err := scram.NewCache(scramKeysKept)
	if err != nil {
		return nil, err
	}
	if cfg.KeepAlive == (net.KeepAliveConfig{}) {
		cfg.KeepAlive = net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 10 * time.Second, Count: 6}
	}
	g := &Gateway{
		cfg: cfg, registry: newRegistry(cfg.Sessions), passed: passed, known: known, keys: keys,
		roots: upstream.NewRoots(), mock: secret(mockSize), starting: starting{limit: cfg.Starting},
	}
	g.refusals = newRefusals(g.writeRefusal)
	g.letGo()
	return g, nil
}

// scramKeysKept is how many passwords' keys are kept, of weir's own logins and of
// clients.
const scramKeysKept = 256

// mockSize is the size of the secret behind salts, in bytes.
const mockSize = 32

// Sessions gives the open sessions, the oldest first.
func (g *Gateway) Sessions() []Info { return g.registry.list() }

// Holds says whether a session waits for an approval at this moment.
func (g *Gateway) Holds(approval string) bool { return g.registry.holds(approval) }

// Counters gives totals since the start.
func (g *Gateway) Counters() Counters { return g.counts.read() }

// Wait returns when every connection has ended.
func (g *Gateway) Wait() {
	g.wg.Wait()
	g.refusals.close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waited = true
	g.letsGo.Stop()
}

// Serve serves one connection. It returns when the connection has ended or runs on
// its own; ctx ends it.
func (g *Gateway) Serve(ctx context.Context, f Flow) {
	g.wg.Add(1)
	g.counts.connections.Add(1)
	v := &visit{gateway: g, flow: f}
	if tcp, ok := f.Conn.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(g.cfg.KeepAlive) // a socket that is gone already says so when it is read
	}
	v.session = session.New(session.Config{
		Limits:     g.cfg.Limits,
		OfferTLS:   g.cfg.ClientTLS != nil && g.endsTLS(&f),
		RequireTLS: g.cfg.RequireTLS,
		Secret:     secret,
	})
	v.connection = driver.NewConnection(v.session, v.over)
	v.connection.Owner(v.subject())
	if !g.starting.enter(v.subject()) {
		v.recordRefusal(&session.Connect{}, diagnostic.TooManyStarting(g.cfg.Starting))
		driver.Refuse(f.Conn, v.connection, diagnostic.TooManyStarting(g.cfg.Starting))
		return
	}
	v.starts.Store(true)
	if v.entry = g.registry.reserve(); v.entry == nil {
		v.polite = true
		if g.refusing.Add(1) > refusedPolitely {
			driver.Refuse(f.Conn, v.connection, diagnostic.TooManySessions(g.cfg.Sessions))
			return
		}
	}
	g.cfg.Driver.Serve(ctx, f.Conn, v.connection, v)
}

// endsTLS says whether a client's TLS can end here. Where the client may have to
// prove its own password to the server it cannot: SCRAM's proof says whether the
// client saw an offer of channel binding, and over two TLS connections it sees
// another one than the server made.
func (g *Gateway) endsTLS(f *Flow) bool {
	bundle := g.cfg.Policies()
	if f.Identity == nil {
		return false
	}
	own := func(d *policy.Database) bool {
		return loginOf(d, bundle.Rules(f.Identity, d)).Type != policy.LoginPassthrough
	}
	if f.Database != "" {
		d := bundle.Database(f.Database)
		return d != nil && own(d)
	}
	ends := false
	for _, d := range bundle.Databases() {
		if !d.Claims(f.Destination, g.cfg.Hosts) {
			continue
		}
		if !own(d) {
			return false
		}
		ends = true
	}
	return ends
}

// secret gives random bytes.
func secret(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// visit is one connection with what it has become: it answers the session's
// questions.
type visit struct {
	gateway    *Gateway
	flow       Flow
	session    *session.Session // while nobody else uses it
	connection *driver.Connection
	starts     atomic.Bool       // counted among those that have not started
	shown      *x509.Certificate // the certificate that the client was shown, nil for none
	asked      *session.Connect  // what the client wants, nil before it said so
	proven     *proven           // what the client has proved, nil for nothing
	idle       *idleWatch
	recorded   bool // the refusal is on record
	summed     bool // in a sum
	polite     bool // counted among those that are refused politely
	entry      *entry
	journal    *journal.Session // nil until the session was recorded
	judge      *judge
	info       Info
}

// over records the session's end.
func (v *visit) over(why *diagnostic.Diagnostic) {
	defer v.gateway.wg.Done()
	v.hasStarted()
	v.idle.stop()
	if v.judge != nil {
		v.judge.yield()
		v.judge.catalog.Done()
	}
	if v.entry != nil {
		v.gateway.registry.release(v.entry)
	}
	if v.polite {
		v.gateway.refusing.Add(-1)
	}
	log := v.gateway.cfg.Logger
	if v.journal == nil {
		if why == nil {
			return
		}
		v.gateway.counts.refused.Add(1)
		if !v.recorded { // not policy has refused it
			if v.asked == nil {
				v.asked = &session.Connect{}
			}
			v.noteRefusal(v.asked, why, "")
		}
		if !v.summed {
			log.Info("connection refused", "from", v.subject(), "to", v.flow.Destination, "why", why.Message)
		}
		return
	}
	reason := ""
	if why != nil {
		reason = why.Message
	} else if v.session.Silent() {
		// libpq leaves so when it insists on authentication and got none.
		reason = "the client left without a word, right after it was let in"
		log.Info(reason, "from", v.subject(), "session", v.info.ID, "database", v.info.Database, "hint", silentHint)
		reason += "; " + silentHint
	}
	if err := v.journal.Close(reason); err != nil {
		log.Warn("the end of a session is not on record", "session", v.info.ID, "error", err)
	}
}

// silentHint says what to do about a client that leaves as soon as it was let in.
const silentHint = "if it insists on authentication (require_auth, channel_binding=require), set clients: {authentication: Scram, users: ...} " +
	"in its Database document, or have it not insist"

// hasStarted takes the connection off those that have not started.
func (v *visit) hasStarted() {
	if v.starts.Swap(false) {
		v.gateway.starting.leave(v.subject())
	}
}

// subject names the client for logs.
func (v *visit) subject() string {
	if v.flow.Identity == nil {
		return "an unattested caller"
	}
	return v.flow.Identity.Subject
}

// Encrypt does the TLS handshake with the client.
func (v *visit) Encrypt(ctx context.Context, conn net.Conn, q *session.UpgradeTLS) (net.Conn, error) {
	cfg := v.gateway.cfg.ClientTLS(v.flow.Destination, q.Direct)
	if choose := cfg.GetCertificate; choose != nil {
		cfg = cfg.Clone()
		cfg.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			c, err := choose(hello)
			if err == nil {
				v.shown = leafShown(c.Leaf, c.Certificate)
			}
			return c, err
		}
	}
	return driver.ServerTLS(ctx, conn, cfg)
}

// Cancel passes a cancel request on.
func (v *visit) Cancel(ctx context.Context, q *session.Cancel) {
	if q.Own {
		if err := v.gateway.registry.interrupt(ctx, v.entry); err != nil {
			v.gateway.cfg.Logger.Warn("what has passed a limit was not cancelled, its result is read to the end", "session", v.info.ID, "error", err)
		}
		return
	}
	if err := v.gateway.registry.cancel(ctx, q.PID, q.Key); err != nil {
		v.gateway.cfg.Logger.Info("a cancel request did not reach the server", "error", err)
	}
}

// cancelling notes that a cancel request for the session is passed on.
func (v *visit) cancelling() func() {
	var taken func()
	v.connection.Locked(func(s *session.Session) { taken = s.Cancelling() })
	if taken == nil {
		return nil
	}
	return func() { v.connection.Locked(func(*session.Session) { taken() }) }
}

// Decide makes the decision on a text that was not at hand. A text that judging fails on
// by a mistake of weir's own is refused: it must not end the sessions of others.
func (v *visit) Decide(ctx context.Context, q *session.Decide, state session.State) (d *session.Decision) {
	defer func() {
		failed := recover()
		if failed == nil {
			return
		}
		v.gateway.cfg.Logger.Error("a statement was refused, since judging it failed by a mistake in weir: please report this with the stack",
			"session", v.info.ID, "error", failed, "stack", string(debug.Stack()))
		d = &session.Decision{Text: string(q.Text), Rule: "built-in/failure"}
		refuse(d, &diagnostic.Diagnostic{Severity: diagnostic.Error, Code: diagnostic.InternalError,
			Message: "weir could not judge this statement, by a mistake of its own, and has not run it",
			Detail:  "What went wrong is in weir's log.", Hint: "Write the statement in another way, and tell whoever runs weir."})
	}()
	state.Types = q.Types
	return v.judge.resolve(ctx, q.Text, &state)
}
