package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/daemon/config"
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
		leavesNothing(h.t, before)
	})
	return r
}

// leavesNothing waits until no goroutine runs but those of before. goleak itself waits
// for less than half a second.
func leavesNothing(t *testing.T, before goleak.Option) {
	t.Helper()
	if !within(func() bool { return goleak.Find(before) == nil }) {
		goleak.VerifyNone(t, before)
	}
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
