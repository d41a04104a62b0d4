package redirect

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/redirect/cgroupfs"
	"github.com/weirgate/weir/redirect/sockdiag"
)

// connectAndSend connects and gives the socket away over descriptor 3, as one
// that serves connections for its workers does.
func connectAndSend(o order, _ *seen) error {
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
		return err
	}
	return errors.Join(unix.Sendmsg(3, []byte{0}, unix.UnixRights(fd), nil, 0), unix.Close(fd))
}

// takeAndConverse is such a worker.
func takeAndConverse(_ order, s *seen) error {
	rights := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(3, make([]byte, 1), rights, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	if err != nil {
		return err
	}
	if len(messages) != 1 {
		return fmt.Errorf("%d messages came instead of a socket", len(messages))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	return fromSocket(fds[0], s)
}

// handOver has a process in one cgroup connect, and a worker in another one take
// the connection.
func (b *bench) handOver(at net.Addr, maker, worker string, asMaker func(*exec.Cmd)) (*client, seen) {
	b.t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	one, other := os.NewFile(uintptr(pair[0]), "one"), os.NewFile(uintptr(pair[1]), "other")
	defer func() { _ = one.Close(); _ = other.Close() }()
	takes := b.client(worker, order{Way: "take"}, giving(other))
	gives := b.client(maker, order{Way: "connect-send", Address: at.(*net.TCPAddr).AddrPort()}, giving(one), asMaker)
	return takes, gives.result()
}

func asRoot(*exec.Cmd) {}

func TestAConnectionThatIsHandedToAWorkerIsAttested(t *testing.T) {
	b := newBench(t)
	agent := b.mkdir("agent")
	l := listen(t, ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	for range 10 { // it is handed over at another moment each time
		takes, gave := b.handOver(l.Addr(), agent, agent, asRoot)
		if gave.Error != "" {
			t.Fatalf("%+v", gave)
		}
		f, err := l.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		greet(t, f)
		if s := takes.result(); s.Reply != "weir" {
			t.Fatalf("%+v", s)
		}
		if id := b.id(agent); f.Caller.CgroupID != id || f.Caller.CreatorID != id || f.Caller.UID != 0 {
			t.Errorf("%+v", f.Caller)
		}
		if pid := f.Caller.PID; pid != gave.PID && pid != takes.cmd.Process.Pid {
			t.Errorf("process %d, want %d or %d", pid, gave.PID, takes.cmd.Process.Pid)
		}
	}
}

// A socket on its way through another one is in nobody's hands. Who could have a
// trusted process hold it meanwhile would be taken for that process.
func TestWhoTakesAConnectionDoesNotLendItsIdentity(t *testing.T) {
	b := newBench(t)
	agent, trusted := b.mkdir("agent"), b.mkdir("trusted")
	nobody := func(cmd *exec.Cmd) {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	cgroups, err := cgroupfs.NewResolver(b.mount)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cgroups.Close() })
	inner, err := listenTCP(t.Context(), ListenConfig{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	for _, at := range []struct {
		name          string
		maker, worker string
		as            func(*exec.Cmd)
		seen          bool
	}{
		{"a worker of the same cgroup and user", agent, agent, asRoot, true},
		{"a worker of another cgroup", agent, trusted, asRoot, false},
		{"a worker of another user", agent, agent, nobody, false},
	} {
		takes, gave := b.handOver(inner.Addr(), at.maker, at.worker, at.as)
		if gave.Error != "" {
			t.Fatalf("%s: %+v", at.name, gave)
		}
		conn, err := inner.Accept()
		if err != nil {
			t.Fatal(err)
		}
		local, remote := conn.LocalAddr().(*net.TCPAddr).AddrPort(), conn.RemoteAddr().(*net.TCPAddr).AddrPort()
		worker := takes.cmd.Process.Pid
		eventually(t, "the worker alone holds the socket", func() bool {
			diag, err := sockdiag.Open()
			if err != nil {
				t.Fatal(err)
			}
			s, err := diag.Find(remote, local)
			if err := errors.Join(err, diag.Close()); err != nil {
				t.Fatal(err)
			}
			return holds(worker, socketName(s.Inode))
		})
		c, err := callerBySocket(b.mount, cgroups, local, remote)
		if at.seen && (err != nil || c.PID != worker || c.CgroupID != b.id(agent)) {
			t.Errorf("%s: %+v, %v; want process %d", at.name, c, err, worker)
		}
		if !at.seen && !errors.Is(err, errNoPeer) {
			t.Errorf("%s: attested as %+v, %v", at.name, c, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		takes.result()
	}
}

func TestPatienceEndsWithTheFirstThatIsSeen(t *testing.T) {
	l := &Listener{done: make(chan struct{}), moving: make(chan struct{}, 1)}
	asked := 0
	find := func() (Caller, error) {
		if asked++; asked < 4 {
			return Caller{}, fmt.Errorf("try %d: %w", asked, errNoPeer)
		}
		return Caller{PID: 7}, nil
	}
	if c, err := l.patiently(find); err != nil || c.PID != 7 || asked != 4 {
		t.Errorf("%+v, %v after %d", c, err, asked)
	}
	other := errors.New("something else")
	if _, err := l.patiently(func() (Caller, error) { return Caller{}, other }); !errors.Is(err, other) {
		t.Errorf("%v", err)
	}
	// With nobody's place left, and at the listener's end, there is no waiting.
	never := func() (Caller, error) { asked++; return Caller{}, errNoPeer }
	for _, prepare := range []func(){
		func() { l.moving <- struct{}{} },
		func() { <-l.moving; close(l.done) },
	} {
		prepare()
		asked = 0
		if _, err := l.patiently(never); !errors.Is(err, errNoPeer) || asked != 1 {
			t.Errorf("%v after %d", err, asked)
		}
	}
}
