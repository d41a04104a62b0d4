package proxy_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/driver"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/parser"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/test/lab"
)

// The test binary is its own parse worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "parse-worker" {
		os.Exit(parser.WorkerMain())
	}
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// shared is what the tests share: a server each for two ways of logging in, and
// the parser.
var shared sharedParts

type sharedParts struct {
	mu     sync.Mutex
	lab    *lab.Lab
	plain  *lab.Postgres // scram-sha-256
	secure *lab.Postgres // md5, and TLS on offer
	pool   *parser.Pool
	next   int
}

func (s *sharedParts) server(t *testing.T, secure bool) *lab.Postgres {
	t.Helper()
	lab.NeedPostgres(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lab == nil {
		l, err := lab.New()
		must(t, err)
		s.lab = l
	}
	at, options := &s.plain, lab.PostgresOptions{}
	if secure {
		at, options = &s.secure, lab.PostgresOptions{Auth: "md5", TLS: true}
	}
	if *at == nil {
		pg, err := s.lab.Postgres(context.Background(), options)
		must(t, err)
		*at = pg
		must(t, pg.Exec(t.Context(), "postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", role, password)))
	}
	return *at
}

func (s *sharedParts) parser(t *testing.T) *parser.Pool {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pool == nil {
		p, err := parser.New(parser.Config{Workers: 2, Cache: 16 << 20})
		must(t, err)
		s.pool = p
	}
	return s.pool
}

func (s *sharedParts) name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return fmt.Sprintf("shop%d", s.next)
}

func (s *sharedParts) close() error {
	if s.pool != nil {
		if err := s.pool.Close(); err != nil {
			return err
		}
	}
	if s.lab != nil {
		return s.lab.Close()
	}
	return nil
}

// The role that weir logs in as, and its password: no client ever has it.
const (
	role     = "shop_app"
	password = "only-weir-reads-this"
)

const schema = `
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, email text, ssn text, born date);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, item text, cents integer);
CREATE TABLE notes (id bigserial PRIMARY KEY, body text UNIQUE);
INSERT INTO customers VALUES
  (1, 'Ada Quill', 'ada.quill@example.com', '900-45-1001', '1990-01-02'),
  (2, 'Bram Osei', 'bram@example.org', '900-45-1002', '1985-06-07'),
  (3, 'Chiara Neri', NULL, '900-45-1003', '1979-11-12');
INSERT INTO orders SELECT g, 1 + g % 3, 'item ' || g, 100 * g FROM generate_series(1, 100) g;
ALTER TABLE customers OWNER TO shop_app; ALTER TABLE orders OWNER TO shop_app; ALTER TABLE notes OWNER TO shop_app;
GRANT CREATE ON SCHEMA public TO shop_app;
`

// secrets are what no masked result may hold.
var secrets = []string{"ada.quill@", "bram@", "900-45-100"}

// rules are the guards and masks that most tests look at.
const rules = `
  guards:
  - name: no-ddl
    match: {commands: [Drop, Truncate]}
    action: Deny
    message: Schema changes go through a migration.
  - name: unbounded-write
    match: {commands: [Update, Delete], where: Missing}
    action: Deny
  - name: deletes-need-a-person
    match: {commands: [Delete]}
    action: RequireApproval
    approval: dba
  masks:
  - name: contact
    columns: [public.customers.email]
    with: {type: Partial, keepLast: 4}
  - name: ssn
    columns: ["*.*.ssn"]
    with: {type: Redact}
  approvals:
  - name: dba
    approvers: {any: true}
    wait: 20s
    expires: 5m
`

// open is a policy without a rule.
const open = `
  guards:
  - name: nothing
    match: {commands: [Vacuum]}
    action: Warn
`

// options say how a site differs from the usual one.
type options struct {
	rules     string // of the Policy, YAML below its spec; "" is rules
	login     string // of the Database; "" is Static
	tls       string // of the Database; "" is {mode: Disable}
	secret    string // the content of the password file; "" is the password
	secure    bool   // the server with md5 and TLS
	observe   bool
	clientTLS func(netip.AddrPort, bool) *tls.Config
	journal   journal.Options
	folder    string // of the journal; "" is one of the test's own
	sessions  int    // 0 is plenty
	limits    session.Limits
	loops     int // 0 is one; -1 is goroutines alone
	setup     string
	poll      time.Duration // of the catalog; 0 is a minute, so that tests see what is noticed without
	database  string        // more of the Database, YAML in its spec
	configure func(*proxy.Config)
}

// site is a database with a gateway in front of it.
type site struct {
	t        *testing.T
	opts     options
	pg       *lab.Postgres
	database string
	secret   string // path of the password file
	address  string // where clients connect
	gateway  *proxy.Gateway
	journal  *journal.Journal
	catalogs *catalog.Cache
	broker   *approval.Broker
	bundle   atomic.Pointer[policy.Bundle]
	identity identity.Identity
	log      *lab.Buffer
	stop     context.CancelFunc
	ctx      context.Context
	fronts   sync.WaitGroup
}

func newSite(t *testing.T, o options) *site {
	t.Helper()
	if o.rules == "" {
		o.rules = rules
	}
	if o.login == "" {
		o.login = "{type: Static, user: " + role + ", passwordFile: @secret@}"
	}
	if o.tls == "" {
		o.tls = "{mode: Disable}"
	}
	if o.secret == "" {
		o.secret = password
	}
	if o.sessions == 0 {
		o.sessions = 100
	}
	if o.poll == 0 {
		o.poll = time.Minute
	}
	if o.loops == 0 {
		o.loops = 1
	}
	s := &site{t: t, opts: o, pg: shared.server(t, o.secure), database: shared.name(), log: &lab.Buffer{}}
	s.identity = identity.Identity{Subject: "unit:bot.service", Kind: "Unit", Unit: "bot.service", CgroupPath: "/system.slice/bot.service", UID: 4242}
	ctx := t.Context()
	must(t, s.pg.Exec(ctx, "postgres", "CREATE DATABASE "+s.database))
	must(t, s.pg.Exec(ctx, s.database, schema+o.setup))
	folder, err := os.MkdirTemp("", "weir-proxy-") // a path that YAML takes as it is
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	s.secret = filepath.Join(folder, "secret")
	must(t, os.WriteFile(s.secret, []byte(o.secret+"\n"), 0o600))
	pool := shared.parser(t)
	running := goleak.IgnoreCurrent()
	// Workers of the parser come and go by themselves.
	workers := goleak.IgnoreAnyFunction("github.com/weirgate/weir/proxy/parser.startWorker.func1")
	t.Cleanup(func() {
		// goleak itself waits for less than half a second.
		if !within(func() bool { return goleak.Find(running, workers) == nil }) {
			goleak.VerifyNone(t, running, workers)
		}
	})
	if o.folder == "" {
		o.folder = filepath.Join(folder, "journal")
	}
	s.journal, err = journal.Open(o.folder, o.journal)
	must(t, err)
	t.Cleanup(func() { _ = s.journal.Close() })
	s.catalogs, err = catalog.NewCache(catalog.Options{Poll: o.poll, Refresh: time.Hour, MaxAge: 5 * time.Minute, Databases: 8, Bodies: pool})
	must(t, err)
	t.Cleanup(func() { _ = s.catalogs.Close() })
	s.broker = approval.NewBroker(approval.NewMemory(), approval.Options{})
	s.use(o.rules)
	d, err := driver.New(max(o.loops, 0))
	must(t, err)
	t.Cleanup(func() { _ = d.Close() })
	cfg := proxy.Config{
		Policies: s.bundle.Load, Observe: o.observe, Hosts: noNames{}, FromHost: true, Parser: pool, Catalogs: s.catalogs,
		Journal: s.journal, Approvals: s.broker, ClientTLS: o.clientTLS, Limits: o.limits, Sessions: o.sessions, Driver: d,
		Logger: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	if o.configure != nil {
		o.configure(&cfg)
	}
	s.gateway, err = proxy.New(cfg)
	must(t, err)
	s.ctx, s.stop = context.WithCancel(context.Background())
	t.Cleanup(func() {
		s.stop()
		s.fronts.Wait()
		s.gateway.Wait()
	})
	s.address = s.front(proxy.Flow{How: "Captured", Destination: s.pg.Addr(), Identity: &s.identity})
	return s
}

// noNames knows no host names.
type noNames struct{}

func (noNames) Lookup(string) []netip.Addr { return nil }

// front takes connections that are like flow, and gives the address.
func (s *site) front(flow proxy.Flow) string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	s.fronts.Go(func() {
		<-s.ctx.Done()
		_ = l.Close()
	})
	s.fronts.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f := flow
			f.Conn = conn
			s.fronts.Go(func() { s.gateway.Serve(s.ctx, f) })
		}
	})
	return l.Addr().String()
}

// use makes a policy with these rules the one in force.
func (s *site) use(rules string) {
	s.t.Helper()
	s.apply(s.databaseDocument() + s.policyFor(`host: {units: ["bot.service"]}`, rules))
}

// policyFor is a document for those whom a selector selects.
func (s *site) policyFor(selector, rules string) string {
	return `
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: bot}
spec:
  identities:
  - name: bot
    ` + selector + `
  databases: [shop]
` + strings.TrimPrefix(rules, "\n")
}

func (s *site) databaseDocument() string {
	text := fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: shop}
spec:
  hosts: [%s]
  ports: [%d]
  databases: [%s]
  tls: %s
  login: %s
`, s.pg.Host, s.pg.Port, s.database, s.opts.tls, s.opts.login) + strings.TrimPrefix(s.opts.database, "\n")
	return strings.NewReplacer("@secret@", s.secret, "@ca@", s.pg.CAFile).Replace(text)
}

// apply makes documents those in force.
func (s *site) apply(documents string) {
	s.t.Helper()
	b, problems := policy.Compile([]policy.Source{{Name: "policy.yaml", Data: []byte(documents)}}, policy.WithKeys(os.ReadFile))
	if err := problems.Err(); err != nil {
		s.t.Fatalf("%v\n%s", err, documents)
	}
	s.bundle.Store(b)
}

// connect gives a pgx connection through the gateway.
func (s *site) connect(change ...func(*pgx.ConnConfig)) *pgx.Conn {
	s.t.Helper()
	conn, err := s.dial(change...)
	must(s.t, err)
	return conn
}

func (s *site) dial(change ...func(*pgx.ConnConfig)) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(fmt.Sprintf("postgres://agent:nothing@%s/%s?sslmode=disable", s.address, s.database))
	if err != nil {
		return nil, err
	}
	for _, c := range change {
		c(cfg)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn, nil
}

// simple has pgx use the simple protocol.
func simple(c *pgx.ConnConfig) { c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol }

// at changes the address that is dialled.
func at(address string) func(*pgx.ConnConfig) {
	return func(c *pgx.ConnConfig) {
		a := netip.MustParseAddrPort(address)
		c.Host, c.Port = a.Addr().String(), a.Port()
	}
}

// raw opens a session and gives its socket, for what pgx would not send.
func (s *site) raw() *wireConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.address)
	must(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	w := newWireConn(s.t, conn)
	w.start(s.database)
	return w
}

// records gives the journal's records of some kinds, once there are so many.
func (s *site) records(n int, kinds ...journal.Kind) []*journal.Record {
	s.t.Helper()
	var list []*journal.Record
	ok := within(func() bool {
		list = nil
		for r, err := range s.journal.Query(context.Background(), journal.Filter{Kinds: kinds}) {
			must(s.t, err)
			list = append(list, r)
		}
		return len(list) >= n
	})
	if !ok {
		s.t.Fatalf("%d records of %v, want %d", len(list), kinds, n)
	}
	return list
}

// direct runs statements as the superuser, past the gateway.
func (s *site) direct(text string) {
	s.t.Helper()
	must(s.t, s.pg.Exec(context.Background(), s.database, text))
}

// count asks the server itself for a number.
func (s *site) count(text string) string {
	s.t.Helper()
	v, err := s.pg.Query1(context.Background(), s.database, text)
	must(s.t, err)
	return v
}

// sleeps waits until one session of the site's database is in pg_sleep: the server has
// its statement, and a cancel request reaches that and nothing in front of it.
func (s *site) sleeps() {
	s.t.Helper()
	if !within(func() bool {
		return s.count("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '"+s.database+"'") == "1"
	}) {
		s.t.Fatal("no session sleeps")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within waits for a condition.
func within(f func() bool) bool {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if f() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// refused checks that an error is weir's or the server's with this SQLSTATE, and
// that it has these words somewhere.
func refused(t *testing.T, err error, code string, words ...string) *pgconn.PgError {
	t.Helper()
	e := pgError(err)
	if e == nil {
		t.Fatalf("got %v, want an error %s", err, code)
	}
	text := e.Severity + " " + e.Code + " " + e.Message + " | " + e.Detail + " | " + e.Hint
	if e.Code != code {
		t.Fatalf("got %s, want %s", text, code)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in: %s", w, text)
		}
	}
	if strings.Contains(text, password) {
		t.Errorf("the secret is in: %s", text)
	}
	return e
}
