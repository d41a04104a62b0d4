package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/parser"
	"github.com/weirgate/weir/test/lab"
)

// The test binary is its own parse worker.
func TestMain(m *testing.M) {
	lab.BecomeDialer()
	if len(os.Args) > 1 && os.Args[1] == "parse-worker" {
		os.Exit(parser.WorkerMain())
	}
	code := m.Run()
	if server.lab != nil {
		if err := server.lab.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// server is the PostgreSQL that the tests share.
var server struct {
	once sync.Once
	lab  *lab.Lab
	pg   *lab.Postgres
	err  error
}

const (
	role     = "shop_app"
	password = "only-weir-reads-this"
)

func postgres(t *testing.T) *lab.Postgres {
	t.Helper()
	lab.NeedRoot(t) // to attest callers, and for the workers' own user
	lab.NeedCgroup2(t)
	lab.NeedPostgres(t)
	server.once.Do(func() {
		if server.lab, server.err = lab.New(); server.err != nil {
			return
		}
		if server.pg, server.err = server.lab.Postgres(context.Background(), lab.PostgresOptions{}); server.err != nil {
			return
		}
		server.err = server.pg.Exec(context.Background(), "postgres", "CREATE ROLE "+role+" LOGIN PASSWORD '"+password+"';"+
			"CREATE TABLE customers (id int, email text); INSERT INTO customers VALUES (1, 'ada@example.com'); GRANT ALL ON customers TO "+role)
	})
	must(t, server.err)
	return server.pg
}

// home is the folder of a daemon under test, with its configuration.
type home struct {
	t      *testing.T
	dir    string
	policy string // the file with the documents
	admin  string
	port   int
	log    *lab.Buffer
	agent  *lab.Dialer // connects as another process, of another user
}

func newHome(t *testing.T) *home {
	t.Helper()
	pg := postgres(t)
	dir, err := os.MkdirTemp("", "weir-daemon-") // short, for the sockets in it
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	nobody, err := lab.Nobody()
	must(t, err)
	agent, err := lab.ForTest(t).Dialer(nil, nobody, nil)
	must(t, err)
	h := &home{t: t, dir: dir, policy: filepath.Join(dir, "policy.d", "shop.yaml"), admin: filepath.Join(dir, "admin.sock"), log: &lab.Buffer{}, agent: agent}
	must(t, os.Mkdir(filepath.Dir(h.policy), 0o755))
	h.port, err = lab.FreePort()
	must(t, err)
	h.write("secret", password+"\n", 0o600)
	h.write("mask.key", "a key of many bytes, as it should be\n", 0o600)
	h.policyIs(fmt.Sprintf(documents, pg.Port, h.dir, "Schema changes go through a migration."))
	return h
}

const documents = `apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: shop}
spec:
  hosts: [127.0.0.1]
  ports: [%d]
  databases: [postgres]
  tls: {mode: Disable}
  login: {type: Static, user: shop_app, passwordFile: %[2]s/secret}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: all}
spec:
  identities: [{name: all, any: true}]
  databases: [shop]
  guards:
  - name: no-ddl
    match: {commands: [Drop]}
    action: Deny
    message: %[3]s
  - name: deletes
    match: {commands: [Delete]}
    action: RequireApproval
    approval: dba
  masks:
  - name: email
    columns: [public.customers.email]
    with: {type: Hash, keyFile: %[2]s/mask.key}
  approvals:
  - {name: dba, approvers: {any: true}, wait: 20s}
`

func (h *home) write(name, text string, mode os.FileMode) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	must(h.t, os.WriteFile(path, []byte(text), mode))
}

// policyIs replaces the documents as an editor does.
func (h *home) policyIs(text string) {
	h.t.Helper()
	next := h.policy + ".new"
	must(h.t, os.WriteFile(next, []byte(text), 0o644))
	must(h.t, os.Rename(next, h.policy))
}

// config is the configuration, with more lines below its spec.
func (h *home) config(more string) *config.Config {
	h.t.Helper()
	text := fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Config
spec:
  policies: [%[1]s/policy.d]
  state: %[1]s/state
  capture: {mode: "Off"}
  admin: {socket: %[2]s}
  listen:
  - {name: shop, network: tcp, address: "127.0.0.1:%[3]d", database: shop}
  - {name: local, network: unix, address: %[1]s/shop.sock, database: shop}
%[4]s`, h.dir, h.admin, h.port, more)
	c, err := config.Parse(filepath.Join(h.dir, "weir.yaml"), []byte(text))
	if err != nil {
		h.t.Fatalf("%v\n%s", err, text)
	}
	return c
}

func (h *home) options() daemon.Options {
	return daemon.Options{Logger: slog.New(slog.NewTextHandler(h.log, nil)), Version: "test"}
}

// running is a daemon.
type running struct {
	*home
	stop  context.CancelFunc
	ended chan error
	api   *console.Client
}

// start runs a daemon until the test ends.
func (h *home) start(cfg *config.Config) *running {
	h.t.Helper()
	before := goleak.IgnoreCurrent()
	r := &running{home: h, ended: make(chan error, 1), api: console.NewClient(h.admin)}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	ready := make(chan struct{})
	o := h.options()
	o.Ready = func() { close(ready) }
	go func() { r.ended <- daemon.Run(ctx, cfg, o) }()
	select {
	case <-ready:
	case err := <-r.ended:
		h.t.Fatalf("it did not start: %v\n%s", err, h.log)
	}
	h.t.Cleanup(func() {
		r.api.Close()
		r.end()
		goleak.VerifyNone(h.t, before)
	})
	return r
}

// end stops the daemon, if it still runs.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	if err, open := <-r.ended; open {
		close(r.ended)
		if err != nil {
			r.t.Errorf("it ended with %v", err)
		}
	}
}

func (h *home) connect(ctx context.Context) (*pgx.Conn, error) {
	return h.connectTo(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", h.port))
}

func (h *home) connectTo(ctx context.Context, network, address string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig("postgres://agent@127.0.0.1/postgres?sslmode=disable")
	if err != nil {
		return nil, err
	}
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return h.agent.Dial(ctx, network, address) }
	c, err := pgx.ConnectConfig(ctx, cfg)
	if errors.Is(err, syscall.ECONNRESET) {
		// The dialer moves the socket to another descriptor just while /proc is
		// read to find whose it is: nobody's, then.
		c, err = pgx.ConnectConfig(ctx, cfg)
	}
	if err == nil {
		h.t.Cleanup(func() { _ = c.Close(context.Background()) })
	}
	return c, err
}

// email reads the masked column.
func email(t *testing.T, c *pgx.Conn) string {
	t.Helper()
	var v string
	must(t, c.QueryRow(t.Context(), "SELECT email FROM customers").Scan(&v))
	if strings.Contains(v, "ada") {
		t.Errorf("it is not masked: %s", v)
	}
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func within(f func() bool) bool {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if f() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// refusal is the message of a refusal, "" for none.
func refusal(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code + " " + e.Message + " " + e.Detail
	}
	return ""
}

func TestADaemonServesItsListeners(t *testing.T) {
	h := newHome(t)
	metrics, err := lab.FreePort()
	must(t, err)
	r := h.start(h.config(fmt.Sprintf("  metrics: {listen: \"127.0.0.1:%d\"}\n", metrics)))
	c, err := h.connect(t.Context())
	must(t, err)
	email(t, c)
	_, err = c.Exec(t.Context(), "DROP TABLE customers")
	if got := refusal(err); !strings.Contains(got, "Schema changes") {
		t.Errorf("DROP gave %v", err)
	}
	u, err := h.connectTo(t.Context(), "unix", filepath.Join(h.dir, "shop.sock"))
	must(t, err)
	email(t, u)

	s, err := r.api.Status(t.Context())
	must(t, err)
	if s.Sessions.Open != 2 || len(s.Listeners) != 2 || len(s.Problems) != 0 || !slices.Equal(s.Policy.Databases, []string{"shop"}) || !s.Journal.Writable {
		t.Errorf("status: %+v", s)
	}
	open, err := r.api.Sessions(t.Context(), console.SessionFilter{})
	must(t, err)
	if len(open) != 2 || open[0].Identity.PID != h.agent.PID || open[0].How != "addressed" {
		t.Errorf("sessions: %+v", open)
	}
	// A statement waits, and is approved by the API.
	done := make(chan error, 1)
	go func() { _, err := c.Exec(context.Background(), "DELETE FROM customers WHERE id = 7"); done <- err }()
	var list []*approval.Request
	if !within(func() bool {
		list, err = r.api.Approvals(t.Context(), approval.Pending)
		must(t, err)
		return len(list) == 1
	}) {
		t.Fatal("no request")
	}
	if list[0].Text != "DELETE FROM customers WHERE id = 7" {
		t.Errorf("asked for %+v", list[0])
	}
	_, err = r.api.Decide(t.Context(), list[0].ID, true, "it is meant")
	must(t, err)
	must(t, <-done)
	must(t, u.Close(t.Context()))
	must(t, c.Close(t.Context()))
	r.end()
	if _, err := h.connect(t.Context()); err == nil {
		t.Error("somebody still listens")
	}
	// Nothing is left but the state.
	entries, err := os.ReadDir(h.dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"mask.key", "policy.d", "secret", "state"}; !slices.Equal(names, want) {
		t.Errorf("left behind: %v, want %v", names, want)
	}
}

func TestAStopEndsOpenSessionsAndAStartGoesOn(t *testing.T) {
	h := newHome(t)
	for range 3 {
		r := h.start(h.config(""))
		c, err := h.connect(t.Context())
		must(t, err)
		email(t, c)
		done := make(chan error, 1)
		go func() { _, err := c.Exec(context.Background(), "SELECT pg_sleep(30)"); done <- err }()
		within(func() bool {
			list, err := r.api.Sessions(t.Context(), console.SessionFilter{})
			return err == nil && len(list) > 0 && list[0].State == "active"
		})
		began := time.Now()
		r.end()
		if time.Since(began) > 10*time.Second {
			t.Errorf("it took %v to stop", time.Since(began))
		}
		if got := refusal(<-done); !strings.HasPrefix(got, "57P01") {
			t.Errorf("the client got %q", got)
		}
	}
}

func TestDocumentsAreReadAgainWhenTheyChange(t *testing.T) {
	h := newHome(t)
	pg := postgres(t)
	r := h.start(h.config(""))
	c, err := h.connect(t.Context())
	must(t, err)
	drop := func() string {
		_, err := c.Exec(t.Context(), "DROP TABLE customers")
		return refusal(err)
	}
	becomes := func(word string) {
		t.Helper()
		if !within(func() bool { return strings.Contains(drop(), word) }) {
			t.Fatalf("%q: DROP gives %s\n%s", word, drop(), h.log)
		}
	}
	becomes("Schema changes")
	h.policyIs(fmt.Sprintf(documents, pg.Port, h.dir, "Other words."))
	becomes("Other words")

	// A broken document: the last good ones stay, and status says so.
	h.policyIs(strings.Replace(fmt.Sprintf(documents, pg.Port, h.dir, "Broken."), "kind: Policy", "kind: Polizy", 1))
	var s *console.Status
	refused := func() bool {
		s, err = r.api.Status(t.Context())
		must(t, err)
		return len(s.Policy.Refused) > 0
	}
	if !within(refused) {
		t.Fatal("status does not tell")
	}
	if !strings.Contains(s.Policy.Refused[0], "shop.yaml:12") || len(s.Problems) == 0 {
		t.Errorf("status: %+v", s)
	}
	becomes("Other words")
	if _, err := r.api.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "Polizy") {
		t.Errorf("reload: %v", err)
	}
	h.policyIs(fmt.Sprintf(documents, pg.Port, h.dir, "Good again."))
	becomes("Good again")
	if !within(func() bool { return !refused() }) {
		t.Errorf("status: %+v", s)
	}

	// Another key for a mask, in documents that are the same.
	before := email(t, c)
	h.write("mask.key", "another key of as many bytes, or more\n", 0o600)
	res, err := r.api.Reload(t.Context())
	must(t, err)
	if !res.Changed {
		t.Error("a new key changes nothing")
	}
	if after := email(t, c); after == before {
		t.Errorf("the mask is as before: %s", after)
	}
	if res, err = r.api.Reload(t.Context()); err != nil || res.Changed {
		t.Errorf("nothing has changed: %+v, %v", res, err)
	}

	// The documents are gone: what is not selected is denied, not left alone.
	must(t, os.Remove(h.policy))
	if !within(func() bool {
		_, err := c.Exec(t.Context(), "SELECT 1")
		return strings.Contains(refusal(err), "no policy allows")
	}) {
		t.Error("the session goes on as before")
	}
	if _, err := h.connect(t.Context()); !strings.Contains(refusal(err), "not defined") {
		t.Errorf("a new session: %v", err)
	}
}

func TestAStartThatCannotBe(t *testing.T) {
	pg := postgres(t)
	for _, c := range []struct {
		name   string
		breaks func(h *home) *config.Config
		words  []string
	}{
		{"a document is bad", func(h *home) *config.Config {
			h.policyIs("apiVersion: weir.dev/v1alpha1\nkind: Polizy\n")
			return h.config("")
		}, []string{"reading the policy documents", "shop.yaml:2"}},
		{"a document's key is not there", func(h *home) *config.Config {
			must(h.t, os.Remove(filepath.Join(h.dir, "mask.key")))
			return h.config("")
		}, []string{"mask.key", "no such file"}},
		{"the state folder cannot be made", func(h *home) *config.Config {
			h.write("state", "a file", 0o600)
			return h.config("")
		}, []string{"preparing the state folder", "not a directory"}},
		{"a listener's port is taken", func(h *home) *config.Config {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", h.port))
			must(h.t, err)
			h.t.Cleanup(func() { _ = l.Close() })
			return h.config("")
		}, []string{"catching connections", `listener "shop"`, "address already in use"}},
		{"the metrics' port is taken", func(h *home) *config.Config {
			return h.config(fmt.Sprintf("  metrics: {listen: \"127.0.0.1:%d\"}\n", pg.Port))
		}, []string{"metrics", "address already in use"}},
		{"the admin socket's folder is a file", func(h *home) *config.Config {
			h.admin = filepath.Join(h.dir, "secret", "admin.sock")
			return h.config("")
		}, []string{"opening the admin API", "not a folder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHome(t)
			cfg := c.breaks(h)
			before := goleak.IgnoreCurrent()
			o := h.options()
			o.Ready = func() { t.Error("it says that it is ready") }
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err := daemon.Run(ctx, cfg, o)
			if err == nil {
				t.Fatal("it started")
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is not in: %v", w, err)
				}
			}
			goleak.VerifyNone(t, before)
			if left, _ := filepath.Glob(filepath.Join(h.dir, "*.sock")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestTwoDaemonsOnOneState(t *testing.T) {
	h := newHome(t)
	_ = h.start(h.config(""))
	other := newHome(t)
	cfg := other.config("")
	cfg.State = filepath.Join(h.dir, "state")
	err := daemon.Run(t.Context(), cfg, other.options())
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("the second one: %v", err)
	}
	if c, err := h.connect(t.Context()); err != nil {
		t.Errorf("the first one: %v\n%s", err, h.log)
	} else {
		email(t, c)
	}
}
