package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/test/lab"
)

func TestMain(m *testing.M) {
	lab.BecomeDialer()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// One build for all tests. What it makes goes away with the process.
	if os.Getenv(lab.BinaryVariable) == "" {
		dir, err := os.MkdirTemp("", "weir-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path, err := lab.BuildWeir(context.Background(), "", dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if err := os.Setenv(lab.BinaryVariable, path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	code := m.Run()
	if err := server.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// server is the PostgreSQL that tests share when they need none of their own; each
// has a database of its own on it.
var server sharedServer

type sharedServer struct {
	once sync.Once
	lab  *lab.Lab
	pg   *lab.Postgres
	err  error
	mu   sync.Mutex
	next int
}

func (s *sharedServer) get() (*lab.Postgres, error) {
	s.once.Do(func() {
		if s.lab, s.err = lab.New(); s.err == nil {
			s.pg, s.err = s.lab.Postgres(context.Background(), lab.PostgresOptions{})
		}
	})
	return s.pg, s.err
}

func (s *sharedServer) name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return fmt.Sprintf("crm%d", s.next)
}

func (s *sharedServer) close() error {
	if s.lab == nil {
		return nil
	}
	return s.lab.Close()
}

// The role that weir logs in as, and its password: no client of weir's ever has it.
const (
	role     = "crm_app"
	password = "only-weir-reads-this"
)

const schema = `
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, email text, phone text, ssn text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, item text, cents integer);
CREATE TABLE notes (id bigserial PRIMARY KEY, body text);
INSERT INTO customers VALUES
  (1, 'Ada Quill', 'ada.quill@example.com', '555-0101', '900-45-1001'),
  (2, 'Bram Osei', 'bram@example.org', '555-0142', '900-45-1002'),
  (3, 'Chiara Neri', NULL, '555-0187', '900-45-1003');
INSERT INTO orders SELECT g, 1 + g % 3, 'item ' || g, 100 * g FROM generate_series(1, 100) g;
ALTER TABLE customers OWNER TO crm_app; ALTER TABLE orders OWNER TO crm_app; ALTER TABLE notes OWNER TO crm_app;
GRANT CREATE ON SCHEMA public TO crm_app;
`

// secrets are the values that a masked result must not hold.
var secrets = []string{"ada.quill@example.com", "bram@example.org", "555-0101", "555-0142", "555-0187", "900-45-100"}

// options say how a site differs from the usual one.
type options struct {
	postgres  *lab.Postgres // nil: the shared one
	policy    string        // rules of the Policy, YAML below its spec; "" is rules
	unmatched string        // "" is Deny
	mode      string        // of the Policy; "" is Enforce
	login     string        // of the Database; "" is Static
	tls       string        // of the Database; "" is {mode: Disable}
	host      string        // of the Database; "" is all of the server's addresses
	spec      string        // more of the configuration
	capture   []string
	args      []string // of weir run
	state     string
	before    func(s *site) // runs before weir starts
}

// passthrough is a login in which the client authenticates itself; the masks need
// a catalog then.
const passthrough = "{type: Passthrough}\n  catalog: {user: crm_app, passwordFile: @secret@}"

// rules are the guards and masks that most tests look at.
const rules = `
  guards:
  - name: no-ddl
    match: {commands: [Drop, Truncate, Alter]}
    action: Deny
    message: Schema changes go through a migration pull request.
  - name: unbounded-write
    match: {commands: [Update, Delete], where: Missing}
    action: Deny
    message: Say which rows are meant.
  - name: deletes-need-a-person
    match: {commands: [Delete]}
    action: RequireApproval
    approval: dba
  masks:
  - name: contact
    columns: [public.customers.email, public.customers.phone]
    with: {type: Partial, keepLast: 2}
  - name: ssn
    columns: ["*.*.ssn"]
    with: {type: Redact}
  approvals:
  - name: dba
    approvers: {any: true}
    wait: 30s
    expires: 5m
`

// site is a database with weir in front of it.
type site struct {
	t        *testing.T
	lab      *lab.Lab
	pg       *lab.Postgres
	database string
	weir     *lab.Weir
	agents   *lab.Cgroup // what the policy selects
	nobody   *lab.User
	opts     options

	once   sync.Once
	dialer *lab.Dialer
}

func newSite(t *testing.T, o options) *site {
	t.Helper()
	lab.NeedRoot(t)
	lab.NeedCgroup2(t)
	lab.NeedPostgres(t)
	s := &site{t: t, pg: o.postgres, opts: o, lab: lab.ForTest(t), database: server.name()}
	var err error
	if s.pg == nil {
		s.pg, err = server.get()
		s.must(err)
	}
	s.nobody, err = lab.Nobody()
	s.must(err)
	s.agents, err = s.lab.Cgroup("agents/bot")
	s.must(err)
	ctx := t.Context()
	s.must(s.pg.Exec(ctx, "postgres", fmt.Sprintf(
		"DO $$ BEGIN CREATE ROLE %s LOGIN PASSWORD '%s'; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$", role, password)))
	s.must(s.pg.Exec(ctx, "postgres", "CREATE DATABASE "+s.database))
	s.must(s.pg.Exec(ctx, s.database, schema))
	if o.before != nil {
		o.before(s)
		o = s.opts
	}
	secret, err := s.lab.Write("crm.password", password+"\n", 0o600)
	s.must(err)
	unmatched := o.unmatched
	if unmatched == "" {
		unmatched = "Deny"
	}
	s.weir, err = s.lab.Weir(ctx, lab.WeirOptions{
		Binary:    os.Getenv(lab.BinaryVariable),
		Capture:   append([]string{fmt.Sprintf("ports: [%d]", s.pg.Port)}, o.capture...),
		Spec:      "unmatched: " + unmatched + "\n" + o.spec,
		Documents: map[string]string{"crm.yaml": s.documents(secret, o.policy)},
		Args:      o.args,
		State:     o.state,
	})
	s.must(err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("weir wrote:\n%s", s.weir)
		}
	})
	return s
}

// documents is the Database and the Policy of a site.
func (s *site) documents(secret, policy string) string {
	if policy == "" {
		policy = rules
	}
	login, tls, host := s.opts.login, s.opts.tls, s.opts.host
	if login == "" {
		login = fmt.Sprintf("{type: Static, user: %s, passwordFile: %s}", role, secret)
	}
	if tls == "" {
		tls = "{mode: Disable}"
	}
	if host == "" {
		host = `127.0.0.1, "::1"`
	}
	mode := s.opts.mode
	if mode == "" {
		mode = "Enforce"
	}
	login = strings.ReplaceAll(login, "@secret@", secret)
	return fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: crm}
spec:
  hosts: [%s]
  ports: [%d]
  databases: [%s]
  tls: %s
  login: %s
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: bots}
spec:
  mode: %s
  identities:
  - name: bot
    host: {cgroups: [%s]}
  databases: [crm]
%s`, host, s.pg.Port, s.database, tls, login, mode, filepath.Dir(s.agents.Name), strings.TrimPrefix(policy, "\n"))
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// psql runs psql as nobody in the agents' cgroup, with the database's own address
// and no password.
func (s *site) psql(args ...string) lab.Result {
	s.t.Helper()
	return s.psqlIn(s.agents, s.pg.DSN("agent", "", s.database), args...)
}

func (s *site) psqlIn(cgroup *lab.Cgroup, dsn string, args ...string) lab.Result {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Second)
	defer cancel()
	out, err := s.lab.Run(ctx, lab.Command{
		Path: s.pg.Program("psql"), Args: append([]string{"-X", "-w", "-A", "-t", dsn}, args...),
		Cgroup: cgroup, User: s.nobody, Dir: "/",
		Env: []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PGCONNECT_TIMEOUT=20"},
	})
	s.must(err)
	return out
}

// from is the process that connects for connect and dial.
func (s *site) from() *lab.Dialer {
	s.t.Helper()
	s.once.Do(func() {
		var err error
		s.dialer, err = s.lab.Dialer(s.agents, s.nobody, nil)
		s.must(err)
	})
	return s.dialer
}

// dial opens a captured connection.
func (s *site) dial() (net.Conn, error) {
	s.t.Helper()
	return s.from().Dial(s.t.Context(), "tcp", s.pg.Addr().String())
}

// connect opens a captured pgx connection.
func (s *site) connect(change ...func(*pgx.ConnConfig)) *pgx.Conn {
	s.t.Helper()
	conn, err := s.tryConnect(change...)
	s.must(err)
	return conn
}

func (s *site) tryConnect(change ...func(*pgx.ConnConfig)) (*pgx.Conn, error) {
	s.t.Helper()
	dialer := s.from()
	return s.connectBy(dialer.Dial, s.pg.Addr(), change...)
}

func (s *site) connectBy(dial pgconn.DialFunc, addr netip.AddrPort, change ...func(*pgx.ConnConfig)) (*pgx.Conn, error) {
	s.t.Helper()
	cfg, err := pgx.ParseConfig(lab.DSN(addr, "agent", "", s.database) + "?sslmode=disable&connect_timeout=20")
	s.must(err)
	cfg.DialFunc = dial
	for _, f := range change {
		f(cfg)
	}
	conn, err := pgx.ConnectConfig(s.t.Context(), cfg)
	if err == nil {
		s.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	}
	return conn, err
}

// query1 runs a query past weir and gives its one number as text.
func (s *site) query1(sql string) string {
	s.t.Helper()
	text, err := s.pg.Query1(s.t.Context(), s.database, sql)
	s.must(err)
	return text
}

// cli runs a weir command and returns what it says; another exit status than 0
// fails the test.
func (s *site) cli(args ...string) string {
	s.t.Helper()
	out, err := s.weir.Run(s.t.Context(), args...)
	s.must(err)
	if out.Code != 0 {
		s.t.Fatalf("weir %s ended with %d: %s%s", strings.Join(args, " "), out.Code, out.Stdout, out.Stderr)
	}
	return out.Stdout
}

// status is what the tests read of `weir status -o json`.
type status struct {
	PID    int `json:"pid"`
	Policy struct {
		Revision string   `json:"revision"`
		Refused  []string `json:"refused"`
	} `json:"policy"`
	Capture struct {
		Unseen []struct {
			Remote string `json:"remote"`
			PID    int    `json:"pid"`
		} `json:"unseen"`
	} `json:"capture"`
	Sessions struct {
		Open  int `json:"open"`
		Total int `json:"total"`
	} `json:"sessions"`
}

func (s *site) status() status {
	s.t.Helper()
	var st status
	s.must(json.Unmarshal([]byte(s.cli("status", "-o", "json")), &st))
	return st
}

// eventually waits until f says that it is so, or fails the test with what f said
// last.
func (s *site) eventually(what string, f func() (bool, string)) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		ok, last := f()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s did not come: %s", what, last)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// refusal is the server error in err, or a failed test.
func (s *site) refusal(err error) *pgconn.PgError {
	s.t.Helper()
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		s.t.Fatalf("got %v, want an error of PostgreSQL's form", err)
	}
	return e
}

// hidden fails the test when text holds a masked value.
func (s *site) hidden(text string) {
	s.t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			s.t.Errorf("%q came through:\n%s", secret, text)
		}
	}
}

// rows runs a query and gives its values.
func (s *site) rows(conn *pgx.Conn, sql string, args ...any) [][]any {
	s.t.Helper()
	rows, err := conn.Query(s.t.Context(), sql, args...)
	s.must(err)
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) ([]any, error) { return r.Values() })
	s.must(err)
	return all
}
