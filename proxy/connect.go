package proxy

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
	"github.com/weirgate/weir/proxy/wire"
)

// route is where a session goes and what rules it.
type route struct {
	database *policy.Database // nil: none selects the destination
	server   string           // the name in the server's certificate, "" for its address
	address  netip.AddrPort
	rules    *policy.Rules
	login    policy.Login
}

// loginOf gives the login of a connection that these rules are for. Weir's own is
// for those that a policy selects: whoever is only observed logs in by himself.
func loginOf(db *policy.Database, rules *policy.Rules) policy.Login {
	if db == nil || rules.Unmatched {
		return policy.Login{Type: policy.LoginPassthrough}
	}
	return db.Login
}

// Connect chooses the database and the rules, logs in to the server and records
// the session's start.
func (v *visit) Connect(ctx context.Context, q *session.Connect) (net.Conn, []byte, *session.Greeting, *diagnostic.Diagnostic) {
	g := v.gateway
	v.asked = q
	if v.entry == nil {
		return nil, nil, nil, diagnostic.TooManySessions(g.cfg.Sessions)
	}
	if v.flow.Identity == nil {
		g.counts.unattested.Add(1)
		refusal := diagnostic.NotAttested()
		if v.recordRefusal(q, refusal) {
			g.cfg.Logger.Warn("caller not attested", "to", v.flow.Destination, "error", v.flow.Unattested)
		}
		return nil, nil, nil, refusal
	}
	r, refusal := v.route(q)
	if refusal != nil {
		v.recordRefusal(q, refusal)
		return nil, nil, nil, refusal
	}
	authenticator, refusal := v.unproven(ctx, r, q)
	switch {
	case refusal != nil:
		v.recordRefusal(q, refusal)
		return nil, nil, nil, refusal
	case authenticator != nil:
		return nil, nil, &session.Greeting{Authenticate: authenticator}, nil
	}
	target := g.target(&v.flow, r)
	v.judge = newJudge(g, &v.flow, r, q, target)
	notices, refusal := v.admit(r, q)
	if refusal != nil {
		v.recordRefusal(q, refusal)
		return nil, nil, nil, refusal
	}
	conn, err := v.dial(ctx, r, &target)
	if err != nil {
		return nil, nil, nil, v.unreachable(target, err)
	}
	greeting := &session.Greeting{Key: func(bytes int) []byte { return g.registry.key(v.entry, bytes) }}
	user, server, err := v.login(ctx, conn, r, target, q, greeting)
	if err != nil {
		_ = conn.Close()
		return nil, nil, nil, v.unreachable(target, err)
	}
	greeting.Messages = append(greeting.Messages, notices...)
	// A physical replication connection is to no database, so there may be no catalog.
	if err := v.judge.refresh(ctx, time.Time{}); err != nil && !v.judge.later(err) && q.Replication != session.ReplicationPhysical {
		_ = conn.Close()
		return nil, nil, nil, v.judge.unreadable(err).AsFatal()
	}
	v.info = Info{
		ID: journal.NewSessionID(), Identity: *v.flow.Identity, DatabaseSQL: q.Database, User: user, ClientUser: q.User,
		Server: target.String(), How: v.flow.How, Policies: r.rules.Policies, Observed: v.judge.Observes(), Started: time.Now(),
	}
	if r.database != nil {
		v.info.Database = r.database.Name
	}
	greeting.Judge = v.judge
	if refusal := v.record(greeting); refusal != nil {
		_ = conn.Close()
		return nil, nil, nil, refusal
	}
	g.registry.started(v.entry, v.info, target, server, v.letGo, v.cancelling)
	v.hasStarted()
	v.watchIdle()
	return conn.NetConn(), conn.Buffered(), greeting, nil
}

// login logs in to the server, or begins to where the client does that itself. It
// fills in what the server said, and gives the role and what cancels.
func (v *visit) login(ctx context.Context, conn *upstream.Conn, r route, t upstream.Target, q *session.Connect, greeting *session.Greeting) (
	user string, server func() (uint32, []byte), err error) {
	start := v.gateway.startup(r.database, t)
	if start.Version == 0 && q.Minor > 0 {
		start.Version = upstream.Protocol32 // so that the client gets what it would get of the server
	}
	start.User, start.Database, start.Parameters = q.User, q.Database, q.Parameters
	if q.Replication != "" {
		start.Parameters = append(slices.Clip(start.Parameters), wire.Setting{Name: "replication", Value: string(q.Replication)})
	}
	login := r.login
	if login.Type == policy.LoginPassthrough {
		greeting.Relay, greeting.Minor = true, minorOf(start.Version)
		return q.User, v.relayedKey, conn.SendStartup(ctx, start)
	}
	start.User, start.Secret = login.User, upstream.PasswordFile(login.PasswordFile)
	hello, err := conn.Start(ctx, start)
	if err != nil {
		return "", nil, err
	}
	for _, f := range hello.Frames {
		greeting.Messages = append(greeting.Messages, f...)
	}
	for _, f := range hello.Notices {
		greeting.Messages = append(greeting.Messages, f...)
	}
	greeting.Minor = minorOf(hello.Protocol)
	greeting.PID, greeting.Tx = hello.BackendPID, hello.TransactionStatus
	return login.User, func() (uint32, []byte) { return hello.BackendPID, hello.BackendKey }, nil
}

// minorOf is the second half of a version of the protocol.
func minorOf(version uint32) int { return int(version & 0xffff) }

// relayedKey is what the server gave for cancel requests in a relayed login.
func (v *visit) relayedKey() (pid uint32, key []byte) {
	v.connection.Locked(func(s *session.Session) { pid, key = s.ServerKey() })
	return pid, key
}

// route finds the Database that the destination belongs to, and the rules of the
// caller in it.
func (v *visit) route(q *session.Connect) (route, *diagnostic.Diagnostic) {
	g := v.gateway
	bundle := g.cfg.Policies()
	r := route{address: v.flow.Destination}
	if v.flow.Database != "" {
		r.database = bundle.Database(v.flow.Database)
		if r.database == nil {
			return r, diagnostic.NoDatabase(v.flow.Database)
		}
		if !r.database.Serves(q.Database) {
			return r, diagnostic.DatabaseNotServed(q.Database, r.database.Name)
		}
		if refusal := v.listened(&r); refusal != nil {
			return r, refusal
		}
	} else {
		d := bundle.DatabaseFor(v.flow.Destination, q.Database, g.cfg.Hosts)
		if len(d.Unresolved) > 0 {
			return r, diagnostic.Unresolved(v.flow.Destination.String(), d.Unresolved)
		}
		r.database, r.server = d.Database, d.ServerName
	}
	r.rules = bundle.Rules(v.flow.Identity, r.database)
	if r.rules.Refusal != "" {
		return r, diagnostic.IdentityUnknown(v.flow.Identity.Subject, r.rules.Refusal)
	}
	if r.rules.Unmatched && !g.cfg.Observe {
		name := v.flow.Destination.String()
		if r.database != nil {
			name = r.database.Name
		}
		return r, diagnostic.Unmatched(v.flow.Identity.Subject, name)
	}
	r.login = loginOf(r.database, r.rules)
	return r, nil
}

// listened chooses the address behind an explicit listener: the first host of
// the Database that has one.
func (v *visit) listened(r *route) *diagnostic.Diagnostic {
	for _, h := range r.database.Dialable() {
		if r.server = r.database.TLS.ServerName; r.server == "" {
			r.server = h.Name
		}
		if h.Name == "" {
			r.address = netip.AddrPortFrom(h.Prefix.Addr(), r.database.Ports[0])
			return nil
		}
		if found := v.gateway.cfg.Hosts.Lookup(h.Name); len(found) > 0 {
			r.address = netip.AddrPortFrom(found[0], r.database.Ports[0])
			return nil
		}
	}
	return diagnostic.NoAddress(r.database.Name)
}

// target is how the server is dialled.
func (g *Gateway) target(f *Flow, r route) upstream.Target {
	t := upstream.Target{Address: r.address, KeepAlive: g.cfg.KeepAlive}
	fromHost := g.cfg.FromHost
	if r.database != nil && r.database.DialFrom != "" {
		fromHost = r.database.DialFrom == policy.DialFromHost
	}
	// An explicit listener's Database is named in the host's terms.
	if !fromHost && f.Database == "" {
		t.Netns, t.NetnsCookie = f.Netns, f.NetnsCookie
	}
	if r.database == nil {
		t.TLS.Mode = upstream.Require // where the server can, see dial
		return t
	}
	t.TLS = upstream.TLS{CAFile: r.database.TLS.CAFile, ServerName: r.server, Roots: g.roots}
	switch r.database.TLS.Mode {
	case policy.TLSDisable:
		t.TLS.Mode = upstream.Disable
	case policy.TLSRequire:
		t.TLS.Mode = upstream.Require
	case policy.TLSVerifyCA:
		t.TLS.Mode = upstream.VerifyCA
	default:
		t.TLS.Mode = upstream.VerifyFull
	}
	return t
}

// dial connects to the server. To one that no Database describes it is encrypted
// where the server can, as libpq does by default.
func (v *visit) dial(ctx context.Context, r route, t *upstream.Target) (*upstream.Conn, error) {
	conn, err := upstream.Dial(ctx, *t)
	var refused *upstream.TLSError
	if r.database == nil && errors.As(err, &refused) && refused.Kind == upstream.TLSNotOffered {
		t.TLS.Mode = upstream.Disable
		return upstream.Dial(ctx, *t)
	}
	return conn, err
}

// loginMethods are those that weir's own login may use. In a workload's network
// namespace the workload may itself be the server, unless TLS proves otherwise:
// it gets nothing there from which the secret can be learnt.
func loginMethods(t upstream.Target) upstream.Method {
	if t.Netns != "" && (t.TLS.Mode == upstream.Disable || t.TLS.Mode == upstream.Require) {
		return upstream.MethodTrust | upstream.MethodSCRAM | upstream.MethodSCRAMPlus
	}
	return 0
}

// startup is what weir says to a server whoever logs in.
func (g *Gateway) startup(db *policy.Database, t upstream.Target) upstream.Startup {
	s := upstream.Startup{Methods: loginMethods(t), Keys: g.keys}
	if db == nil {
		return s
	}
	switch db.Server.Protocol {
	case policy.Protocol30:
		s.Version = upstream.Protocol30
	case policy.Protocol32:
		s.Version = upstream.Protocol32
	}
	if db.Server.ChannelBinding == policy.BindingRequire {
		s.ChannelBinding = upstream.BindingRequire
	}
	if db.Server.Authentication == policy.ServerScram {
		s.Methods = upstream.MethodSCRAM | upstream.MethodSCRAMPlus
	}
	return s
}

// admit judges what the client asks for at its session's start. It gives the
// notices that go with it.
func (v *visit) admit(r route, q *session.Connect) (notices []byte, refusal *diagnostic.Diagnostic) {
	rules := v.judge.rules()
	if q.Replication != "" && !rules.Observes() {
		switch {
		case r.database == nil || !r.database.Replication:
			return nil, diagnostic.Replication()
		case len(rules.Masks)+len(rules.Detections) > 0:
			return nil, diagnostic.ReplicationMasked()
		}
	}
	return settle(rules, q, v.judge.session)
}

// record records the session's start; a session that cannot be recorded is
// refused.
func (v *visit) record(greeting *session.Greeting) *diagnostic.Diagnostic {
	j, err := v.gateway.cfg.Journal.Session(journal.SessionInfo{
		ID: v.info.ID, Identity: v.info.Identity, Database: v.recordedDatabase(), User: v.info.User,
		DatabaseName: v.info.DatabaseSQL, ClientUser: v.info.ClientUser, ServerAddress: v.info.Server, ClientAddress: v.clientAddress(), How: v.info.How,
		Policies: v.info.Policies, Revision: v.gateway.cfg.Policies().Revision(),
	})
	if err != nil {
		v.gateway.counts.refusedByJournal.Add(1)
		return diagnostic.JournalUnavailable(err).AsFatal()
	}
	v.journal = j
	greeting.Recorder = &recorder{
		journal: v.gateway.cfg.Journal, session: j, counts: &v.gateway.counts, entry: v.entry,
		schemaChanged: v.judge.schemaChanged, passed: v.judge.pass, settings: v.judge.settings, recording: v.judge.recording,
	}
	return nil
}

// recordedDatabase names the database in records: the document, or the name that
// the client asked for where none is known.
func (v *visit) recordedDatabase() string {
	if v.info.Database != "" {
		return v.info.Database
	}
	return v.info.DatabaseSQL
}

// recordRefusal records a session that was refused, singly or in a sum; it says
// which.
func (v *visit) recordRefusal(q *session.Connect, d *diagnostic.Diagnostic) (singly bool) {
	return v.noteRefusal(q, d, verdictDeny)
}

func (v *visit) noteRefusal(q *session.Connect, d *diagnostic.Diagnostic, by verdict) (singly bool) {
	v.recorded = true
	singly = v.gateway.refusals.add(refusal{v.subject(), d.Code}, &journal.Event{
		Kind: kindSessionRefused, Verdict: string(by), Failure: *failure(d),
		Data: []journal.Field{
			{Name: "identity", Value: v.subject()}, {Name: "database", Value: q.Database},
			{Name: "user", Value: q.User}, {Name: "server", Value: v.flow.Destination.String()},
		},
	})
	v.summed = !singly
	return singly
}

// writeRefusal writes the record of a refused session, which stands for more of
// them when there were many.
func (g *Gateway) writeRefusal(e *journal.Event, more int) {
	if more > 0 {
		g.cfg.Logger.Warn("more connections refused", "count", more, "why", e.Failure.Message)
	}
	if err := g.cfg.Journal.Event(e); err != nil {
		g.cfg.Logger.Warn("a refused session is not on record", "error", err)
	}
}

func (v *visit) clientAddress() string {
	if a := v.flow.Conn.RemoteAddr(); a != nil {
		return a.String()
	}
	return ""
}

// unreachable makes what the client gets when there is no session at the server.
// The server's own words pass, except about weir's login, which is not the
// client's business.
func (v *visit) unreachable(t upstream.Target, err error) *diagnostic.Diagnostic {
	v.gateway.cfg.Logger.Warn("no session at the server", "server", t.String(), "from", v.subject(), "error", err)
	var auth *upstream.AuthError
	var secret *upstream.SecretError
	var server *upstream.ServerError
	switch {
	case errors.As(err, &auth), errors.As(err, &secret):
		return diagnostic.LoginFailed(t.String())
	case errors.As(err, &server):
		d, readErr := diagnostic.Read(server.Body)
		if readErr == nil {
			return d.AsFatal()
		}
	}
	return diagnostic.Unreachable(t.String(), upstream.SQLState(err), err)
}

// kindSessionRefused is the record of a connection that policy did not admit.
const kindSessionRefused journal.Kind = "session.refused"
