package lab

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) {
	BecomeDialer()
	os.Exit(m.Run())
}

func TestPostgresAnswersOverTCPWithAPasswordAndTLS(t *testing.T) {
	t.Parallel()
	NeedPostgres(t)
	l := ForTest(t)
	ctx := t.Context()
	for _, tc := range []struct {
		name string
		opts PostgresOptions
		ssl  string
		auth string
	}{
		{"scram without TLS", PostgresOptions{}, "disable", ""},
		{"md5", PostgresOptions{Auth: "md5"}, "disable", ""},
		{"TLS only, verified", PostgresOptions{TLSOnly: true}, "verify-full", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			pg, err := l.Postgres(ctx, tc.opts)
			if err != nil {
				t.Fatal(err)
			}
			dsn := pg.DSN("postgres", pg.Password, "postgres") + "?sslmode=" + tc.ssl
			if tc.ssl == "verify-full" {
				dsn += "&sslrootcert=" + pg.CAFile
			}
			conn, err := pgx.Connect(ctx, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(ctx) }()
			if _, err := pgx.Connect(ctx, pg.DSN("postgres", "wrong", "postgres")); err == nil {
				t.Error("a wrong password was taken")
			}
			if err := pg.Stop(); err != nil {
				t.Fatal(err)
			}
			if err := pg.Start(ctx); err != nil {
				t.Fatalf("start again: %v", err)
			}
		})
	}
}

func TestACommandIsBornInItsCgroupUnderItsUser(t *testing.T) {
	t.Parallel()
	NeedRoot(t)
	NeedCgroup2(t)
	l := ForTest(t)
	cg, err := l.Cgroup("agents/one")
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := Nobody()
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.Run(t.Context(), Command{
		Path: "sh", Args: []string{"-c", "id -un; grep 0:: /proc/self/cgroup"}, Cgroup: cg, User: nobody, Dir: "/",
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "nobody\n0::" + cg.Name + "\n"; out.Stdout != want {
		t.Errorf("got %q, want %q (stderr %q)", out.Stdout, want, out.Stderr)
	}
}

func TestADialerConnectsFromItsNamespaceAndHandsTheSocketOver(t *testing.T) {
	t.Parallel()
	NeedRoot(t)
	NeedCgroup2(t)
	l := ForTest(t)
	ns, err := l.Netns()
	if err != nil {
		t.Fatal(err)
	}
	cg, err := l.Cgroup("dialer")
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := Nobody()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp4", net.JoinHostPort(ns.Host.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	accepted := make(chan net.Conn, 1)
	go func() {
		if c, err := ln.Accept(); err == nil {
			accepted <- c
		}
	}()
	d, err := l.Dialer(cg, nobody, ns)
	if err != nil {
		t.Fatal(err)
	}
	client, err := d.Dial(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server := <-accepted
	defer func() { _ = server.Close() }()
	if host, _, err := net.SplitHostPort(server.RemoteAddr().String()); err != nil || host != ns.Inside.String() {
		t.Errorf("the connection comes from %v, want %v (%v)", host, ns.Inside, err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := server.Read(make([]byte, 1)); n != 0 || err == nil || os.IsTimeout(err) {
		t.Errorf("after Close the other end reads %d, %v; want the end", n, err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	// A process that another test forks at this moment holds the listener open until
	// it has executed its program.
	for deadline := time.Now().Add(5 * time.Second); ; {
		_, err := d.Dial(t.Context(), "tcp", ln.Addr().String())
		if errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %v, want ECONNREFUSED", err)
		}
	}
}

func TestWhatACrashedRunLeftIsSwept(t *testing.T) {
	t.Parallel()
	// No process has this pid: it is over the kernel's highest limit (2^22).
	dead := prefix + strconv.FormatInt(1<<22+int64(os.Getpid()), 36) + "-1-x"
	dir := filepath.Join(os.TempDir(), dead)
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	places := []string{dir}
	if root, err := CgroupRoot(); err == nil && os.Geteuid() == 0 {
		leaf := filepath.Join(root, dead, "a", "b")
		if err := os.MkdirAll(leaf, 0o755); err != nil {
			t.Fatal(err)
		}
		places = append(places, filepath.Join(root, dead))
	}
	if err := Sweep(); err != nil {
		t.Fatal(err)
	}
	for _, p := range places {
		if _, err := os.Stat(p); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there (%v)", p, err)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Start(Command{Path: "sleep", Args: []string{"600"}})
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		cg, err := l.Cgroup("a/b/c")
		if err != nil {
			t.Fatal(err)
		}
		// A grandchild that nobody waits for.
		if _, err := l.Run(t.Context(), Command{Path: "sh", Args: []string{"-c", "sleep 600 >/dev/null 2>&1 &"}, Cgroup: cg}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !p.Exited() {
		t.Error("a process still runs")
	}
	for _, path := range Leftovers() {
		if strings.HasSuffix(path, l.Name) {
			t.Errorf("left behind: %s", path)
		}
	}
}

func TestWaitGivesTheSignalAsAShellDoes(t *testing.T) {
	t.Parallel()
	l := ForTest(t)
	out, err := l.Run(t.Context(), Command{Path: "sh", Args: []string{"-c", "kill -9 $$"}})
	if err != nil || out.Code != 137 {
		t.Errorf("got %d, %v; want 137", out.Code, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := l.Run(ctx, Command{Path: "sleep", Args: []string{"60"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a deadline", err)
	}
}
