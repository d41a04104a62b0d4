package redirect

import (
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

func TestTheFirstConnectionFromANewNamespaceIsCaptured(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent := b.mkdir("agent")
	ns := newNamespace(t)
	for i, at := range []netip.AddrPort{database, netip.MustParseAddrPort("[2001:db8::7]:5432"), database} {
		cl := b.client(agent, order{Way: "dial", Address: at}, within(ns))
		f := accept(t, c)
		if f.Destination != at || f.Netns == "" || f.NetnsCookie == 0 {
			t.Errorf("%+v", f)
		}
		file, err := os.Open(f.Netns)
		if err != nil {
			t.Fatal(err)
		}
		if cookie, err := namespaceCookie(file); err != nil || cookie != f.NetnsCookie {
			t.Errorf("Netns opens namespace %d (%v), want %d", cookie, err, f.NetnsCookie)
		}
		_ = file.Close()
		greet(t, f)
		s := cl.result()
		if s.Reply != "weir" {
			t.Errorf("%+v", s)
		}
		t.Logf("connection %d took %s", i+1, s.Took)
	}
}

func TestANamespaceThatNobodyUsesIsLeft(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent := b.mkdir("agent")
	ns := newNamespace(t)
	cl := b.client(agent, order{Way: "dial", Address: database}, within(ns))
	greet(t, accept(t, c))
	cl.result()
	count := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.namespaces)
	}
	if n := count(); n != 2 {
		t.Fatalf("%d namespaces, want the host's and the new one", n)
	}
	ns.end(t)
	eventually(t, "the namespace is left", func() bool { return count() == 1 })
}

// space is a network namespace kept by a sleeping process.
type space struct {
	cmd *exec.Cmd
}

// newNamespace makes a namespace with its loopback interface up.
func newNamespace(t *testing.T) *space {
	t.Helper()
	cmd := exec.Command("unshare", "-n", "sh", "-c", "ip link set lo up 2>/dev/null; ip -6 addr add ::1/128 dev lo 2>/dev/null; echo up; exec sleep 600")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &space{cmd: cmd}
	t.Cleanup(func() { s.end(t) })
	if _, err := out.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *space) end(t *testing.T) {
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = s.cmd.Wait() // killed: that is its error
	s.cmd = nil
}

// within starts a client in the namespace, by way of nsenter.
func within(s *space) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		path, err := exec.LookPath("nsenter")
		if err != nil {
			return
		}
		self, err := os.Executable()
		if err != nil {
			return
		}
		cmd.Path = path
		cmd.Args = []string{"nsenter", "--net=/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/ns/net", self}
	}
}

func TestTheVeryFirstPacketOfANamespaceWaits(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent := b.mkdir("agent")
	for i := range 5 {
		ns := newNamespace(t)
		cl := b.client(agent, order{Way: "race", Address: database}, within(ns))
		greet(t, accept(t, c))
		s := cl.result()
		if s.Reply != "weir" {
			t.Errorf("%+v", s)
		}
		t.Logf("namespace %d: %s", i, s.Took)
	}
	n, err := c.Counters()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of 5 had to wait", n.Held)
}

func TestASquatterInItsOwnNamespaceCatchesNothing(t *testing.T) {
	b := newBench(t)
	b.open()
	agent := b.mkdir("agent")
	ns := newNamespace(t)
	o := order{Way: "squat", Address: database, Port: b.cfg.ListenerPort}
	if s := b.client(agent, o, within(ns)).result(); s.Reply == "caught" {
		t.Errorf("%+v", s)
	} else {
		t.Logf("%+v", s)
	}
}
