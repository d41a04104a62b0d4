package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
	proxycatalog "github.com/weirgate/weir/proxy/catalog"
)

// server is a throwaway PostgreSQL on a Unix socket.
type server struct{ dir string }

// shared is the one server of this package's tests, made by the first that
// needs it and ended by TestMain.
var shared struct {
	server *server
	reason string // why there is none
	stop   func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// postgres gives the shared server or skips the test.
func postgres(t *testing.T) *server {
	t.Helper()
	if shared.server == nil && shared.reason == "" {
		s, stop, err := start()
		if err != nil {
			shared.reason = err.Error()
		} else {
			shared.server, shared.stop = s, stop
		}
	}
	if shared.server == nil {
		t.Skip("NEEDS POSTGRES: " + shared.reason)
	}
	return shared.server
}

// binaries finds the newest installed PostgreSQL.
func binaries() (string, error) {
	if bin := os.Getenv("WEIR_POSTGRES"); bin != "" { // a folder, to run the tests on another version
		return bin, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	return filepath.Dir(path), err
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

func start() (s *server, stop func(), err error) {
	bin, err := binaries()
	if err != nil {
		return nil, nil, errors.New("no PostgreSQL server is installed")
	}
	sweep()
	dir, err := os.MkdirTemp("", fmt.Sprintf("weir-catalog-%d-", os.Getpid()))
	if err != nil {
		return nil, nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	var as *syscall.Credential // PostgreSQL does not run as root
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			remove()
			return nil, nil, errors.New("there is no user postgres to run it as")
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			remove()
			return nil, nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		remove()
		return nil, nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	var log bytes.Buffer
	daemon := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "shared_buffers=32MB", "-c", "max_connections=20", "-c", "max_locks_per_transaction=1024")
	// It ends with the test's process, also when that crashes.
	daemon.Dir, daemon.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
	daemon.Stdout, daemon.Stderr = &log, &log
	if err := daemon.Start(); err != nil {
		remove()
		return nil, nil, err
	}
	stop = func() {
		_ = daemon.Process.Signal(syscall.SIGQUIT)
		_ = daemon.Wait()
		remove()
	}
	s = &server{dir: dir}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		c, err := pgconn.Connect(ctx, s.dsn("postgres", "postgres"))
		if err == nil {
			_ = c.Close(ctx)
			return s, stop, nil
		}
		if ctx.Err() != nil {
			stop()
			return nil, nil, fmt.Errorf("it does not start: %w: %s", err, log.String())
		}
		time.Sleep(20 * time.Millisecond) // between two attempts to connect
	}
}

// sweep removes what crashed runs left: their servers ended with them.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "weir-catalog-*-*"))
	for _, dir := range left {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "weir-catalog-%d-", &pid); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

func (s *server) dsn(user, database string) string {
	return fmt.Sprintf("host=%s user=%s dbname=%s client_encoding=UTF8", s.dir, user, database)
}

// database makes a database from a script and removes it after the test.
func (s *server) database(t *testing.T, script string) string {
	t.Helper()
	name := "t" + strings.ToLower(strings.NewReplacer("/", "_", " ", "_", "-", "_").Replace(t.Name()))
	if len(name) > 50 {
		name = name[:50]
	}
	admin := s.connect(t, "postgres", "postgres")
	admin.run(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	admin.run(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { s.connect(t, "postgres", "postgres").run(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	s.connect(t, "postgres", name).run(t, script)
	return name
}

// conn is a connection for a test.
type conn struct {
	*pgconn.PgConn
	notices []string
}

func (s *server) connect(t *testing.T, user, database string) *conn {
	t.Helper()
	config, err := pgconn.ParseConfig(s.dsn(user, database))
	if err != nil {
		t.Fatal(err)
	}
	c := &conn{}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { c.notices = append(c.notices, n.Message+n.Detail) }
	c.PgConn, err = pgconn.ConnectConfig(context.Background(), config) // t.Context has ended where this is for cleaning up
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.PgConn.Close(context.Background()) })
	return c
}

// dial is connect without a test.
func dial(s *server) (*conn, error) {
	c, err := pgconn.Connect(context.Background(), s.dsn("postgres", "postgres"))
	return &conn{PgConn: c}, err
}

// run runs a script, whose errors end the test.
func (c *conn) run(t *testing.T, sql string) {
	t.Helper()
	if _, err := c.Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("%.300s: %v", sql, err)
	}
}

// Query makes a conn a Querier.
func (c *conn) Query(ctx context.Context, sql string) ([][][]byte, error) {
	results, err := c.Exec(ctx, sql).ReadAll()
	for _, r := range results {
		if len(r.FieldDescriptions) > 0 {
			return r.Rows, err
		}
	}
	return nil, err
}

// text runs a query and gives its first value, "NULL" for none.
func (c *conn) text(t *testing.T, sql string) string {
	t.Helper()
	rows, err := c.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if len(rows) == 0 || rows[0][0] == nil {
		return "NULL"
	}
	return string(rows[0][0])
}

// inProcess parses where the daemon has a worker do it.
type inProcess struct{}

func (inProcess) Body(_ context.Context, definition string) (*statement.Facts, error) {
	if err := statement.Scan(definition, statement.DefaultLimits()); err != nil {
		return nil, err
	}
	return statement.ParseBody(definition)
}

func (c *conn) snapshot(t *testing.T) *catalog.Snapshot {
	t.Helper()
	s, err := proxycatalog.Read(t.Context(), c, inProcess{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fingerprint gives the answer to the question for it, in one order, without the
// transactions that it sees.
func (c *conn) fingerprint(t *testing.T) string {
	t.Helper()
	rows, err := c.Query(t.Context(), proxycatalog.Fingerprint())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, row := range rows {
		if string(row[0]) == "S" {
			continue
		}
		for mark := range strings.FieldsSeq(string(row[1])) {
			all = append(all, string(row[0])+mark)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// Notified makes a conn a Connection, on which nothing is announced.
func (c *conn) Notified(ctx context.Context) (bool, error) {
	<-ctx.Done()
	return false, nil
}

// Close leaves the connection to the test.
func (c *conn) Close() error { return nil }
