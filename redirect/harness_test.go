package redirect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/redirect/cgroupfs"
)

// The test binary is its own client: started with this variable it connects as
// it is told and prints what it saw, in a cgroup that the test chose.
const clientVariable = "WEIR_TEST_CLIENT"

func TestMain(m *testing.M) {
	if order := os.Getenv(clientVariable); order != "" {
		os.Exit(clientMain(order))
	}
	goleak.VerifyTestMain(m)
}

// order is what a client process is told to do.
type order struct {
	Way     string // see clientMain
	Address netip.AddrPort
	Count   int
	Port    uint16
	Path    string
	Wait    bool // until stdin ends
}

// seen is what a client process saw.
type seen struct {
	PID   int
	Error string
	Errno syscall.Errno
	Peer  string
	Reply string
	Took  time.Duration
}

var lab atomic.Uint32

// bench is a place of its own for one test: a cgroup subtree, a namespace of
// pins and a port.
type bench struct {
	t     *testing.T
	mount cgroupfs.Mount
	root  string // the captured subtree
	cfg   Config
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NEEDS ROOT: loads eBPF programs")
	}
	mount, err := cgroupfs.Find()
	if err != nil {
		t.Skip("NEEDS ROOT: " + err.Error())
	}
	removeLeftovers(t, mount)
	n := lab.Add(1)
	name := fmt.Sprintf("weirtest-redirect-%d-%d", os.Getpid(), n)
	b := &bench{t: t, mount: mount, root: filepath.Join(mount.Path, name)}
	home, err := mount.OfProcess("self")
	if err != nil {
		t.Fatal(err)
	}
	b.mkdir("")
	b.mkdir("daemon")
	// The daemon lives within what is captured, as on a real host.
	if err := cgroupfs.Move(filepath.Join(b.root, "daemon"), os.Getpid()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cgroupfs.Move(home, os.Getpid()); err != nil {
			t.Error(err)
		}
		removeTree(t, b.root)
	})
	b.cfg = Config{
		Name:         name,
		CgroupRoot:   b.root,
		ListenerPort: uint16(10000 + os.Getpid()%400*20 + int(n)%20), // below those that package lab gives
		SweepEvery:   200 * time.Millisecond,
		Log:          slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	t.Cleanup(func() {
		if err := Uninstall(b.cfg); err != nil {
			t.Errorf("uninstall: %v", err)
		}
	})
	return b
}

// removeLeftovers removes what a test run left that did not end by itself.
func removeLeftovers(t *testing.T, mount cgroupfs.Mount) {
	t.Helper()
	const prefix = "weirtest-redirect-"
	pins, _ := filepath.Glob("/sys/fs/bpf/" + prefix + "*") // the pattern is good
	cgroups, _ := filepath.Glob(filepath.Join(mount.Path, prefix+"*"))
	for _, dir := range append(pins, cgroups...) {
		name := filepath.Base(dir)
		pid, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "-")
		if _, err := os.Stat("/proc/" + pid); err == nil {
			continue
		}
		if err := Uninstall(Config{Name: name}); err != nil {
			t.Logf("leftover %s: %v", name, err)
		}
		left := mount.Dir("/" + name)
		_ = filepath.WalkDir(left, func(p string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_ = os.WriteFile(filepath.Join(p, "cgroup.kill"), []byte("1"), 0)
			}
			return nil
		})
		removeTree(t, left)
	}
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	if os.Getenv("WEIR_TEST_LOG") != "" {
		fmt.Fprint(os.Stderr, string(p))
	}
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func removeTree(t *testing.T, dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			removeTree(t, filepath.Join(dir, e.Name()))
		}
	}
	eventually(t, "the cgroup is removed", func() bool {
		err := os.Remove(dir)
		return err == nil || errors.Is(err, os.ErrNotExist)
	})
}

// mkdir makes a cgroup below the captured subtree and gives its folder.
func (b *bench) mkdir(name string) string {
	b.t.Helper()
	dir := filepath.Join(b.root, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	return dir
}

func (b *bench) id(dir string) uint64 {
	b.t.Helper()
	id, err := cgroupfs.ID(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// open starts the capture; it is closed at the end of the test.
func (b *bench) open() *Capture {
	b.t.Helper()
	c, err := Open(b.t.Context(), b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.t.Errorf("close: %v", err)
		}
	})
	return c
}

// client starts a client in the cgroup whose folder is dir, and optionally in a
// network namespace of its own.
func (b *bench) client(dir string, o order, adjust ...func(*exec.Cmd)) *client {
	b.t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		b.t.Fatal(err)
	}
	cg, err := os.Open(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = cg.Close() }()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), clientVariable+"="+string(text), "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(cg.Fd()), Pdeathsig: syscall.SIGKILL}
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	for _, f := range adjust {
		f(cmd)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	runtime.LockOSThread() // Pdeathsig is the thread's death
	err = cmd.Start()
	runtime.UnlockOSThread()
	if err != nil {
		b.t.Fatal(err)
	}
	c := &client{t: b.t, cmd: cmd, out: out, in: in}
	b.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return c
}

type client struct {
	t   *testing.T
	cmd *exec.Cmd
	out *bytes.Buffer
	in  io.Closer
}

// result waits for the client's end.
func (c *client) result() seen {
	c.t.Helper()
	if err := c.cmd.Wait(); err != nil {
		c.t.Fatalf("client: %v", err)
	}
	var s seen
	if err := json.Unmarshal(c.out.Bytes(), &s); err != nil {
		c.t.Fatalf("client said %q: %v", c.out, err)
	}
	return s
}

// accept gives the next flow, or fails.
func accept(t *testing.T, c *Capture) Flow {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	f, err := c.Accept(ctx)
	if err != nil {
		t.Fatalf("no flow: %v", err)
	}
	t.Cleanup(func() { _ = f.Conn.Close() })
	return f
}

// greet answers a client and closes.
func greet(t *testing.T, f Flow) {
	t.Helper()
	if _, err := io.WriteString(f.Conn, "weir"); err != nil {
		t.Error(err)
	}
	if err := f.Conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Error(err)
	}
	// Whatever the client sent is read, or closing would be a reset.
	if err := f.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, f.Conn); err != nil {
		t.Error(err)
	}
	if err := f.Conn.Close(); err != nil {
		t.Error(err)
	}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("in 10 s it did not happen that %s", what)
}

// clientMain is the client process.
func clientMain(text string) int {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	s := seen{PID: os.Getpid()}
	start := time.Now()
	err := ways[o.Way](o, &s)
	s.Took = time.Since(start)
	if err != nil {
		s.Error = err.Error()
		_ = errors.As(err, &s.Errno)
	}
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return 2
	}
	return 0
}

// ways are the ways in which a client connects.
var ways = map[string]func(order, *seen) error{
	"dial":         dialPlainly,
	"mptcp":        dialMPTCP,
	"nonblocking":  connectNonblocking,
	"fastopen":     connectFastOpen,
	"fastopen-opt": connectFastOpenOption,
	"mapped":       connectMapped,
	"bound":        connectBound,
	"again":        connectAgain,
	"bind":         bindPort,
	"listen":       listenSqueezed,
	"received":     connectReceived,
	"make":         makeAndSend,
	"move":         moveAndConnect,
	"connect-send": connectAndSend,
	"take":         takeAndConverse,
	"hold":         connectAndHold,
	"datagram":     connectDatagram,
	"dial-unix":    dialUnix,
	"canary":       singFromHere,
	"daemon":       serveUntilKilled,
	"race":         connectAtOnce,
	"squat":        squatAndConnect,
	"many":         connectMany,
}

func dialPlainly(o order, s *seen) error {
	d := net.Dialer{Timeout: 8 * time.Second}
	conn, err := d.Dial("tcp", o.Address.String())
	if err != nil {
		return err
	}
	return converse(conn, s)
}

func converse(conn net.Conn, s *seen) error {
	// net.Conn remembers the address that was dialled; ask the kernel.
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	if err := raw.Control(func(fd uintptr) { s.Peer = peerOf(int(fd)) }); err != nil {
		return err
	}
	b, err := io.ReadAll(conn)
	s.Reply = string(b)
	return errors.Join(err, conn.Close())
}

func peerOf(fd int) string {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return err.Error()
	}
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)).String()
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)).String()
	}
	return "?"
}

// fromSocket goes on with a connected socket.
func fromSocket(fd int, s *seen) error {
	s.Peer = peerOf(fd)
	var reply []byte
	buf := make([]byte, 512)
	for {
		n, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			s.Reply = string(reply)
			return unix.Close(fd)
		}
		reply = append(reply, buf[:n]...)
	}
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

func stream(a netip.AddrPort, flags int) (int, error) {
	family := unix.AF_INET6
	if a.Addr().Is4() {
		family = unix.AF_INET
	}
	return unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|flags, 0)
}
