package redirect

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func listen(t *testing.T, cfg ListenConfig) *Listener {
	t.Helper()
	cfg.Name = "orders"
	l, err := Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestTheCallerOfAnExplicitListenerIsAttested(t *testing.T) {
	b := newBench(t)
	agent := b.mkdir("agent")
	socket := filepath.Join(t.TempDir(), "orders.sock")
	tests := []struct {
		name string
		cfg  ListenConfig
		uid  uint32
	}{
		{"over IPv4", ListenConfig{Network: "tcp", Address: "127.0.0.1:0"}, 0},
		{"over IPv6", ListenConfig{Network: "tcp", Address: "[::1]:0"}, 0},
		{"over IPv4 as another user", ListenConfig{Network: "tcp", Address: "127.0.0.1:0"}, 65534},
		{"over a Unix socket", ListenConfig{Network: "unix", Address: socket}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := listen(t, tt.cfg)
			o := order{Way: "dial"}
			if a, ok := l.Addr().(*net.TCPAddr); ok {
				o.Address = a.AddrPort()
			} else {
				o.Way, o.Path = "dial-unix", l.Addr().String()
			}
			cl := b.client(agent, o, func(cmd *exec.Cmd) {
				if tt.uid != 0 {
					cmd.SysProcAttr.Credential = &syscall.Credential{Uid: tt.uid, Gid: tt.uid}
				}
			})
			f, err := l.Accept(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			id := b.id(agent)
			c := f.Caller
			if f.How != Addressed || f.Listener != "orders" || f.Destination.IsValid() {
				t.Errorf("%+v", f)
			}
			if c.CgroupID != id || c.CreatorID != id || c.PID != cl.cmd.Process.Pid || c.UID != tt.uid || c.StartTime == 0 || c.Comm == "" {
				t.Errorf("caller %+v, want cgroup %d, pid %d", c, id, cl.cmd.Process.Pid)
			}
			if _, err := io.WriteString(f.Conn, "weir"); err != nil {
				t.Error(err)
			}
			if err := f.Conn.Close(); err != nil {
				t.Error(err)
			}
			if s := cl.result(); s.Reply != "weir" {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestACallerWhoCannotBeFoundIsReset(t *testing.T) {
	b := newBench(t)
	agent := b.mkdir("agent")
	l := listen(t, ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	at := l.Addr().(*net.TCPAddr).AddrPort()
	// The only holder of this socket is the test, which is the daemon here.
	conn, err := net.DialTimeout("tcp", at.String(), 5*time.Second)
	if err == nil {
		defer func() { _ = conn.Close() }()
		if err = conn.SetDeadline(time.Now().Add(5 * time.Second)); err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v, want a reset", err)
	}
	// The listener goes on.
	cl := b.client(agent, order{Way: "dial", Address: at})
	f, err := l.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	greet(t, f)
	cl.result()
}

func TestAListenerForEverybodyMustBeAskedFor(t *testing.T) {
	for _, at := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:5432"} {
		if l, err := Listen(t.Context(), ListenConfig{Network: "tcp", Address: at}); err == nil {
			t.Errorf("%s was taken", at)
			_ = l.Close()
		}
	}
	for _, cfg := range []ListenConfig{{Network: "udp", Address: "127.0.0.1:0"}, {Network: "tcp", Address: "localhost:5432"}} {
		if l, err := Listen(t.Context(), cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
			_ = l.Close()
		}
	}
}

func TestAStaleSocketIsReplacedAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale.sock")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: stale}), unix.Close(fd)); err != nil {
		t.Fatal(err)
	}
	l := listen(t, ListenConfig{Network: "unix", Address: stale, Mode: 0o600})
	info, err := os.Stat(stale)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if second, err := Listen(t.Context(), ListenConfig{Network: "unix", Address: stale}); err == nil {
		t.Error("a socket in use was taken away")
		_ = second.Close()
	}
	_ = l
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen(t.Context(), ListenConfig{Network: "unix", Address: file}); err == nil {
		t.Error("a file was taken for a socket")
		_ = l.Close()
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("%q, %v", b, err)
	}
}

func dialUnix(o order, s *seen) error {
	conn, err := net.Dial("unix", o.Path)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(conn)
	s.Reply = string(b)
	return errors.Join(err, conn.Close())
}

func FuzzReadStat(f *testing.F) {
	f.Add("12 (a) b) S 1 12 12 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9", "Uid:\t1\t2\t3\t4\n")
	f.Fuzz(func(_ *testing.T, stat, status string) {
		_, _, _ = readStat(stat)
		_, _ = effectiveUID(status)
	})
}
