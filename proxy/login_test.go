package proxy_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

// who gives the role at the server.
func who(t *testing.T, c *pgx.Conn) string {
	t.Helper()
	var user string
	must(t, c.QueryRow(t.Context(), "SELECT current_user").Scan(&user))
	return user
}

func TestWeirLogsInWithASecretOfItsOwn(t *testing.T) {
	for _, way := range []struct {
		name string
		options
	}{
		{"by SCRAM", options{}},
		{"by SCRAM, on goroutines", options{loops: -1}},
		{"by md5 in clear", options{secure: true}},
		{"by md5 over TLS that is verified in full", options{secure: true, tls: "{mode: VerifyFull, caFile: @ca@}"}},
		{"by md5 over TLS that is verified by its authority", options{secure: true, tls: "{mode: VerifyCA, caFile: @ca@}"}},
		{"by md5 over TLS that is not verified", options{secure: true, tls: "{mode: Require}"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, way.options)
			c := s.connect()
			if got := who(t, c); got != role {
				t.Errorf("logged in as %s", got)
			}
			var n int
			must(t, c.QueryRow(t.Context(), "SELECT count(*) FROM orders WHERE cents > $1", 5000).Scan(&n))
			if n != 50 {
				t.Errorf("%d orders", n)
			}
			open := s.gateway.Sessions()
			if len(open) != 1 || open[0].User != role || open[0].ClientUser != "agent" || open[0].Database != "shop" {
				t.Errorf("sessions: %+v", open)
			}
		})
	}
}

func TestALoginThatFailsIsTheOperatorsBusiness(t *testing.T) {
	for _, way := range []struct {
		name string
		options
		change func(*site)
		code   string
		words  []string
		log    string // what the operator finds
	}{
		{name: "the secret is wrong", options: options{secret: "wrong-" + password}, code: "08001", words: []string{"could not log in", "not about the client's password"}, log: "28P01"},
		{name: "the secret is wrong, with md5", options: options{secret: "wrong-" + password, secure: true}, code: "08001", words: []string{"could not log in"}, log: "28P01"},
		{name: "the secret is gone", change: func(s *site) { _ = os.Remove(s.secret) }, code: "08001", words: []string{"could not log in"}, log: "no such file"},
		{name: "the secret is open to others", change: func(s *site) { _ = os.Chmod(s.secret, 0o644) }, code: "08001", words: []string{"could not log in"}, log: "secret"},
		{name: "the role does not exist", options: options{login: "{type: Static, user: nobody_such, passwordFile: @secret@}"}, code: "08001", words: []string{"could not log in"}, log: "nobody_such"},
		{name: "the server offers no TLS", options: options{tls: "{mode: Require}"}, code: "08001", words: []string{"could not connect"}},
		{name: "the server's certificate is another's", options: options{secure: true, tls: "{mode: VerifyFull, caFile: @ca@, serverName: other.example}"}, code: "08001", words: []string{"could not connect"}},
		{name: "the server's authority is not trusted", options: options{secure: true, tls: "{mode: VerifyFull}"}, code: "08001", words: []string{"could not connect"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, way.options)
			if way.change != nil {
				way.change(s)
			}
			_, err := s.dial()
			e := refused(t, err, way.code, way.words...)
			if e.Severity != "FATAL" || strings.Contains(e.Message+e.Detail+e.Hint, s.secret) || strings.Contains(e.Message+e.Detail, "nobody_such") {
				t.Errorf("the client got %+v", e)
			}
			if way.log != "" && !strings.Contains(s.log.String(), way.log) {
				t.Errorf("%q is not in the log:\n%s", way.log, s.log)
			}
			if strings.Contains(s.log.String(), password) {
				t.Errorf("the secret is in the log:\n%s", s.log)
			}
		})
	}
}

func TestTheClientLogsInItself(t *testing.T) {
	for _, loops := range []int{1, -1} {
		s := newSite(t, options{login: "{type: Passthrough}\n  catalog: {user: " + role + ", passwordFile: @secret@}", loops: loops})
		_, err := s.dial() // as agent, whom the server does not know
		refused(t, err, "28P01", "password authentication failed")
		c := s.connect(func(c *pgx.ConnConfig) { c.User, c.Password = role, password })
		if got := who(t, c); got != role {
			t.Errorf("logged in as %s", got)
		}
		var email string
		must(t, c.QueryRow(t.Context(), "SELECT email FROM customers WHERE id = 1").Scan(&email))
		if email != "*****************.com" {
			t.Errorf("the mask gave %q", email)
		}
		_, err = c.Exec(t.Context(), "DROP TABLE orders")
		refused(t, err, "42501", "no-ddl")
	}
}

func TestTheClientLogsInItselfOverTLSToTheServer(t *testing.T) {
	s := newSite(t, options{login: "{type: Passthrough}", secure: true, tls: "{mode: VerifyFull, caFile: @ca@}", rules: open})
	c := s.connect(func(c *pgx.ConnConfig) { c.User, c.Password = role, password })
	var tls bool
	must(t, c.QueryRow(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&tls))
	if !tls {
		t.Error("the server was not reached over TLS")
	}
}

func TestAConnectionThatNoPolicyAdmits(t *testing.T) {
	s := newSite(t, options{})
	stranger := identity.Identity{Subject: "unit:other.service", Kind: "Unit", Unit: "other.service", CgroupPath: "/system.slice/other.service"}
	for _, flow := range []struct {
		name string
		proxy.Flow
		code  string
		words []string
	}{
		{"of a workload that no policy names", proxy.Flow{Destination: s.pg.Addr(), Identity: &stranger}, "28000", []string{"no policy of weir admits unit:other.service to shop"}},
		{"of a caller that could not be told", proxy.Flow{Destination: s.pg.Addr(), Unattested: errors.New("it has gone")}, "28000", []string{"could not tell which workload"}},
		{"to a listener of a database that is not defined", proxy.Flow{Database: "gone", Identity: &s.identity}, "3D000", []string{`"gone"`}},
	} {
		t.Run(flow.name, func(t *testing.T) {
			flow.How = "Captured"
			_, err := s.dial(at(s.front(flow.Flow)))
			refused(t, err, flow.code, flow.words...)
		})
	}
	t.Run("to a database that the document does not name", func(t *testing.T) {
		_, err := s.dial(func(c *pgx.ConnConfig) { c.Database = "postgres" })
		refused(t, err, "28000", "no policy")
	})
	if !within(func() bool { n := s.gateway.Counters(); return n.Unattested == 1 && n.Refused == 4 }) {
		t.Errorf("counted %+v", s.gateway.Counters())
	}
	if r := s.records(2, "session.refused"); r[0].SQLState == "" {
		t.Errorf("recorded %+v", r[0])
	}
}

func TestAListenerIsBoundToItsDatabase(t *testing.T) {
	s := newSite(t, options{})
	address := s.front(proxy.Flow{How: "Listener", Database: "shop", Identity: &s.identity})
	c := s.connect(at(address))
	if got := who(t, c); got != role {
		t.Errorf("logged in as %s", got)
	}
	if open := s.gateway.Sessions(); len(open) != 1 || open[0].How != "Listener" || open[0].Server != s.pg.Addr().String() {
		t.Errorf("sessions: %+v", open)
	}
	_, err := s.dial(at(address), func(c *pgx.ConnConfig) { c.Database = "postgres" })
	refused(t, err, "3D000", "not served by weir's shop")
}

// Where nothing selects a connection and weir only observes, everything passes
// as the server and the client mean it, and is recorded.
func TestAnObservedSessionIsOnlyRecorded(t *testing.T) {
	s := newSite(t, options{observe: true})
	stranger := identity.Identity{Subject: "unit:other.service", Kind: "Unit", Unit: "other.service", CgroupPath: "/system.slice/other.service"}
	address := s.front(proxy.Flow{How: "Captured", Destination: s.pg.Addr(), Identity: &stranger})
	// The login is the Database's, so a stranger would be let in with weir's
	// secret: what is observed logs in by itself.
	s.apply(strings.Replace(s.databaseDocument(), "databases: ["+s.database+"]", "databases: [elsewhere]", 1))
	c := s.connect(at(address), func(c *pgx.ConnConfig) { c.User, c.Password = role, password })
	var ssn string
	must(t, c.QueryRow(t.Context(), "SELECT ssn FROM customers WHERE id = 1").Scan(&ssn))
	if ssn != "900-45-1001" {
		t.Errorf("got %q", ssn)
	}
	_, err := c.Exec(t.Context(), "DROP TABLE orders")
	must(t, err)
	_, err = c.Exec(t.Context(), "this is no statement")
	refused(t, err, "42601", "at or near \"this\"")
	for _, r := range s.records(2, journal.KindStatementBegin) {
		if r.Verdict != "Observe" {
			t.Errorf("recorded %+v", r)
		}
	}
	if open := s.gateway.Sessions(); len(open) != 1 || !open[0].Observed {
		t.Errorf("sessions: %+v", open)
	}
	// What passes unread while it is observed.
	late := s.connect(at(address), func(c *pgx.ConnConfig) { c.User, c.Password = role, password }).PgConn()
	must(t, late.SyncConn(t.Context()))
	unread, err := late.Hijack()
	must(t, err)
	w := newWireConn(t, unread.Conn)
	defer func() { _ = w.Close() }()
	call := frame('F', "\x00\x00\x06\xc4\x00\x00\x00\x00\x00\x00") // oid 1732, of whatever
	w.send(pipeline(call, parse("long", "SELECT 1"+strings.Repeat(" ", 2<<20)+" FROM notes"), syncs()))
	if got := w.until(2); strings.Contains(got, "E:0A000") || !strings.HasSuffix(got, "Z:I 1 Z:I") {
		t.Errorf("observed: %s", got)
	}
	// Documents that come later, and speak of it, take effect on it.
	everybody := s.policyFor("any: true", noNotes)
	s.apply(strings.Replace(s.databaseDocument(), "login: {type: Static, user: "+role+", passwordFile: "+s.secret+"}",
		"login: {type: Passthrough}\n  catalog: {user: "+role+", passwordFile: "+s.secret+"}", 1) + everybody)
	w.send(call)
	wants(t, w.until(1), "E:0A000 Z:I")
	w.send(pipeline(bind("", "long"), execute("", 0), syncs()))
	if got := w.until(1); !strings.HasPrefix(got, "E:") {
		t.Errorf("a text that was not read before is not read now: %s", got)
	}
	_, err = c.Exec(t.Context(), "DROP TABLE notes")
	refused(t, err, "42501", "no-ddl")
	must(t, c.QueryRow(t.Context(), "SELECT ssn FROM customers WHERE id = 1").Scan(&ssn))
	if ssn == "900-45-1001" {
		t.Error("the column is not masked")
	}
}

// Weir's own login is for those that a policy selects.
func TestAnObservedSessionGetsNoLoginOfWeirs(t *testing.T) {
	s := newSite(t, options{observe: true})
	stranger := identity.Identity{Subject: "unit:other.service", Kind: "Unit", Unit: "other.service", CgroupPath: "/system.slice/other.service"}
	address := s.front(proxy.Flow{How: "Captured", Destination: s.pg.Addr(), Identity: &stranger})
	_, err := s.dial(at(address))
	refused(t, err, "28P01", "agent")
	must(t, s.connect(at(address), func(c *pgx.ConnConfig) { c.User, c.Password = role, password }).Ping(t.Context()))

	// Nor does a session keep it that no policy selects any more.
	c := s.connect()
	must(t, c.Ping(t.Context()))
	s.apply(s.databaseDocument())
	_, err = c.Exec(t.Context(), "SELECT 1")
	refused(t, err, "42501", "no policy allows unit:bot.service")
	s.use(rules)
	must(t, c.Ping(t.Context()))
}

func TestSettingsOfTheServerThatTextsCannotBeReadIn(t *testing.T) {
	for _, set := range []struct{ name, sql, code, word, undo string }{
		{"strings that are not standard", "standard_conforming_strings = off", "0A000", "standard_conforming_strings", "standard_conforming_strings = on"},
		{"an encoding that is not followed", "client_encoding = LATIN1", "22P05", "LATIN1", "client_encoding = UTF8"},
	} {
		t.Run(set.name, func(t *testing.T) {
			s := newSite(t, options{})
			s.direct("ALTER DATABASE " + s.database + " SET " + set.sql)
			w := s.raw()
			wants(t, w.query(`SELECT '\''; DROP TABLE orders; --'`), "E:"+set.code+" Z:I")
			w.send(pipeline(parse("", "SELECT 1"), bind("", ""), execute("", 0), syncs()))
			wants(t, w.until(1), "E:"+set.code+" Z:I")
			if s.count("SELECT count(*) FROM orders") != "100" {
				t.Error("the table is gone")
			}
			// An observed session is not held to it; the client's own choice at the
			// start wins over the database's.
			conn := s.connect(func(c *pgx.ConnConfig) {
				name, value, _ := strings.Cut(set.undo, " = ")
				c.RuntimeParams[name] = value
			})
			must(t, conn.Ping(context.Background()))
		})
	}
}

func TestStartupSettingsThatAreRefused(t *testing.T) {
	s := newSite(t, options{})
	for _, set := range []wire.Setting{
		{Name: "options", Value: "-c standard_conforming_strings=off"},
		{Name: "session_preload_libraries", Value: "auto_explain"},
		{Name: "replication", Value: "database"},
		{Name: "role", Value: "postgres"},
		{Name: "session_authorization", Value: "postgres"},
	} {
		_, err := s.dial(func(c *pgx.ConnConfig) { c.RuntimeParams[set.Name] = set.Value })
		if e := pgError(err); e == nil || e.Severity != "FATAL" {
			t.Errorf("%v: %v", set, err)
		}
	}
	must(t, s.connect(func(c *pgx.ConnConfig) { c.RuntimeParams["search_path"] = "public" }).Ping(t.Context()))
}
