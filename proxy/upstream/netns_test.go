package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/test/lab"
)

func namespace(path string) (string, error) { return os.Readlink(path) }

func TestDialsFromAnotherNetworkNamespace(t *testing.T) {
	lab.NeedRoot(t)
	pg := server(t)
	l := lab.ForTest(t)
	ns, err := l.Netns()
	if err != nil {
		t.Fatal(err)
	}
	own, err := namespace("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	// A relay in the other namespace, on its loopback, tells who came.
	var (
		listener net.Listener
		cookie   uint64
	)
	err = ns.Do(func() error {
		if listener, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		cookie, err = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer conn.Close()
				onward, err := net.Dial("unix", overSocket(pg).Socket)
				if err != nil {
					return
				}
				wait.Go(func() {
					_, _ = io.Copy(onward, conn)
					_ = onward.Close()
				})
				_, _ = io.Copy(conn, onward)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wait.Wait()
	})
	address := netip.MustParseAddrPort(listener.Addr().String())
	target := Target{Address: address, TLS: TLS{Mode: Disable}, Netns: ns.File, NetnsCookie: cookie}

	t.Run("a server that only listens there", func(t *testing.T) {
		c, _ := loginAs(t, target, Startup{User: "u_trust", Database: "postgres"})
		if _, err := c.Query(t.Context(), "select 1"); err != nil {
			t.Error(err)
		}
	})
	t.Run("it is not reached from here", func(t *testing.T) {
		here := target
		here.Netns, here.NetnsCookie = "", 0
		if c, err := Dial(t.Context(), here); err == nil {
			_ = c.Close()
			t.Error("it is")
		}
	})
	t.Run("a v4-mapped address means the same", func(t *testing.T) {
		mapped := target
		mapped.Address = netip.AddrPortFrom(netip.AddrFrom16(address.Addr().As16()), address.Port())
		dial(t, mapped)
	})
	t.Run("another namespace at the same path is refused", func(t *testing.T) {
		wrong := target
		wrong.NetnsCookie = cookie + 1
		var failed *DialError
		if _, err := Dial(t.Context(), wrong); !errors.As(err, &failed) {
			t.Errorf("error %T: %v", err, err)
		}
	})
	t.Run("a path that is no namespace is refused", func(t *testing.T) {
		for _, path := range []string{"/dev/null", filepath.Join(t.TempDir(), "none"), "/proc/self/ns/uts"} {
			wrong := target
			wrong.Netns = path
			var failed *DialError
			if _, err := Dial(t.Context(), wrong); !errors.As(err, &failed) {
				t.Errorf("%s: error %T: %v", path, err, err)
			}
		}
	})
	t.Run("no cleartext to the loopback of a workload", func(t *testing.T) {
		// There the workload itself can listen.
		_, err := dial(t, target).Start(t.Context(), Startup{User: "u_clear", Database: "postgres", Secret: Generated("clear secret")})
		var auth *AuthError
		if !errors.As(err, &auth) || auth.Kind != AuthUnsafe {
			t.Errorf("error %T: %v", err, err)
		}
	})
	t.Run("many at once leave no thread behind in there", func(t *testing.T) {
		var wait sync.WaitGroup
		for range 64 {
			wait.Go(func() {
				c, err := Dial(t.Context(), target)
				if err != nil {
					t.Error(err)
					return
				}
				_ = c.Close()
			})
		}
		wait.Wait()
		// The lab's own thread is the only one in the other namespace. A thread that
		// ends is seen for a moment still.
		waitFor(t, "threads to leave the namespace", func() bool {
			others := 0
			tasks, err := os.ReadDir("/proc/self/task")
			if err != nil {
				t.Fatal(err)
			}
			for _, task := range tasks {
				if at, err := namespace("/proc/self/task/" + task.Name() + "/ns/net"); err == nil && at != own {
					others++
				}
			}
			return others == 1
		})
	})
}

func TestAServerThatDoesNotAnswerEndsWithTheTimeoutOrTheContext(t *testing.T) {
	noLeaks(t)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	// Nothing is accepted: once the backlog is full, the kernel drops what comes.
	target := Target{Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(name.(*unix.SockaddrInet4).Port)),
		TLS: TLS{Mode: Disable}, ConnectTimeout: 50 * time.Millisecond}
	for range 10 {
		c, err := Dial(t.Context(), target)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			continue
		}
		var failed *DialError
		if !errors.As(err, &failed) || !failed.Timeout() {
			t.Fatalf("error %T: %v", err, err)
		}
		target.ConnectTimeout = time.Minute
		why := errors.New("nobody waits any more")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
		if c, err = Dial(ctx, target); err == nil {
			// It was the machine that took the time, not the backlog.
			t.Cleanup(func() { _ = c.Close() })
			target.ConnectTimeout = 50 * time.Millisecond
			continue
		}
		if !errors.Is(err, why) {
			t.Fatalf("error %T: %v", err, err)
		}
		return
	}
	t.Error("the backlog never filled")
}

func TestTheSocketIsPlainTCPWithKeepAlive(t *testing.T) {
	target := fake(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	c := dial(t, target)
	raw, err := c.NetConn().(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		for name, option := range map[string][3]int{
			"SO_PROTOCOL":   {unix.SOL_SOCKET, unix.SO_PROTOCOL, unix.IPPROTO_TCP},
			"TCP_NODELAY":   {unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
			"SO_KEEPALIVE":  {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			"TCP_KEEPIDLE":  {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 60},
			"TCP_KEEPINTVL": {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 10},
			"TCP_KEEPCNT":   {unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 6},
		} {
			if got, err := unix.GetsockoptInt(int(fd), option[0], option[1]); err != nil || got != option[2] {
				t.Errorf("%s is %d (%v), want %d", name, got, err, option[2])
			}
		}
		if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Error("the descriptor would be inherited")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullBacklogOfAUnixSocketIsWaitedFor(t *testing.T) {
	noLeaks(t)
	path := filepath.Join(t.TempDir(), "s")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	dial(t, Target{Socket: path})
	_, err = Dial(t.Context(), Target{Socket: path, ConnectTimeout: 50 * time.Millisecond})
	var failed *DialError
	if !errors.As(err, &failed) || !failed.Timeout() {
		t.Fatalf("error %T: %v", err, err)
	}
	done := make(chan error)
	go func() {
		c, err := Dial(t.Context(), Target{Socket: path})
		if err == nil {
			err = c.Close()
		}
		done <- err
	}()
	for range 2 {
		accepted, _, err := unix.Accept(fd)
		if err != nil {
			t.Fatal(err)
		}
		_ = unix.Close(accepted)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
