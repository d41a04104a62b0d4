package redirect

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/redirect/cgroupfs"
)

// makeAndSend makes a socket and gives it away over descriptor 3. Path says of
// which protocol.
func makeAndSend(o order, _ *seen) error {
	protocol := unix.IPPROTO_TCP
	if o.Path == "mptcp" {
		protocol = unix.IPPROTO_MPTCP
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, protocol)
	if protocol == unix.IPPROTO_MPTCP && (err == unix.EPROTONOSUPPORT || err == unix.ENOPROTOOPT) {
		// A kernel without it, or one that is told not to: then there is nothing to try.
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	}
	if err != nil {
		return err
	}
	return errors.Join(unix.Sendmsg(3, []byte{0}, unix.UnixRights(fd), nil, 0), unix.Close(fd))
}

// moveAndConnect goes to the cgroup whose folder is Path between socket() and
// connect().
func moveAndConnect(o order, s *seen) error {
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	if err := cgroupfs.Move(o.Path, os.Getpid()); err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
		return err
	}
	return fromSocket(fd, s)
}

// madeIn gives a socket that a process in the cgroup made.
func (b *bench) madeIn(dir, protocol string) *os.File {
	b.t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	here, there := os.NewFile(uintptr(pair[0]), "here"), os.NewFile(uintptr(pair[1]), "there")
	defer func() { _ = here.Close() }()
	cl := b.client(dir, order{Way: "make", Path: protocol}, giving(there))
	if err := there.Close(); err != nil {
		b.t.Fatal(err)
	}
	if s := cl.result(); s.Error != "" {
		b.t.Fatalf("making a socket: %+v", s)
	}
	rights := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(pair[0], make([]byte, 1), rights, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		b.t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	if err != nil || len(messages) != 1 {
		b.t.Fatalf("no socket came: %v", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		b.t.Fatalf("no socket came: %v", err)
	}
	return os.NewFile(uintptr(fds[0]), "made")
}

// giving has a client start with a file as its descriptor 3.
func giving(f *os.File) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{f} }
}

// Whose cgroup is left alone may connect where it likes, but not for others: the
// kernel knows where a socket was made, also below a cgroup that has a verdict.
func TestASocketMadeElsewhereGetsTheStricterOfBothSides(t *testing.T) {
	b := newBench(t)
	c := b.open()
	dirs := map[string]string{}
	for _, name := range []string{"free", "free/inner", "barred", "barred/inner", "agent", "agent/inner"} {
		dirs[name] = b.mkdir(name)
	}
	for name, action := range map[string]Action{"free": Pass, "barred": Deny, "agent": Redirect} {
		if err := c.SetCgroup(b.id(dirs[name]), action); err != nil {
			t.Fatal(err)
		}
	}
	// Nobody listens at the address, so who is left alone gets there and is refused.
	const left, denied, captured = syscall.ECONNREFUSED, syscall.EPERM, syscall.Errno(0)
	for _, at := range []struct {
		maker, caller string
		want          syscall.Errno
	}{
		{"free/inner", "free", left},
		{"free", "free/inner", left},
		{"barred/inner", "free", denied},
		{"free", "barred/inner", denied},
		{"agent/inner", "free", captured},
		{"free/inner", "agent", captured},
		{"barred", "agent", denied},
	} {
		for _, protocol := range []string{"tcp", "mptcp"} {
			made := b.madeIn(dirs[at.maker], protocol)
			cl := b.client(dirs[at.caller], order{Way: "received", Address: closed}, giving(made))
			if err := made.Close(); err != nil {
				t.Error(err)
			}
			if at.want == captured {
				f := accept(t, c)
				greet(t, f)
				if f.Caller.CgroupID != b.id(dirs[at.caller]) || f.Caller.CreatorID != b.id(dirs[at.maker]) {
					t.Errorf("%s, made in %s, connected in %s: reported as %+v", protocol, at.maker, at.caller, f.Caller)
				}
			}
			if s := cl.result(); s.Errno != at.want || (at.want == captured) != (s.Reply == "weir") {
				t.Errorf("%s, made in %s, connected in %s: %+v, want errno %d", protocol, at.maker, at.caller, s, at.want)
			}
		}
	}
}

// A process that changes its cgroup between socket() and connect() takes its
// socket along: neither cgroup is forgotten.
func TestASocketKeepsTheCgroupInWhichItWasMade(t *testing.T) {
	b := newBench(t)
	c := b.open()
	barred, free := b.mkdir("barred"), b.mkdir("free")
	if err := errors.Join(c.SetCgroup(b.id(barred), Deny), c.SetCgroup(b.id(free), Pass)); err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		from, to string
	}{{barred, free}, {free, barred}} {
		s := b.client(at.from, order{Way: "move", Address: closed, Path: at.to}).result()
		if s.Errno != syscall.EPERM {
			t.Errorf("from %s to %s: %+v, want EPERM", at.from, at.to, s)
		}
	}
}
