package redirect

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
)

var database = netip.MustParseAddrPort("203.0.113.7:5432")

// closed is an address of this host where nobody listens: who gets there was
// not captured.
var closed = netip.MustParseAddrPort("127.0.0.1:5432")

func TestVerdictsGoToTheNearestClassifiedAncestor(t *testing.T) {
	b := newBench(t)
	c := b.open()
	outer := b.mkdir("outer")
	inner := b.mkdir("outer/inner")
	leaf := b.mkdir("outer/inner/leaf")
	set := func(dir string, a Action) {
		t.Helper()
		if err := c.SetCgroup(b.id(dir), a); err != nil {
			t.Fatal(err)
		}
	}
	captured := func(dir string) {
		t.Helper()
		cl := b.client(dir, order{Way: "dial", Address: closed})
		greet(t, accept(t, c))
		if s := cl.result(); s.Reply != "weir" {
			t.Errorf("not captured: %+v", s)
		}
	}
	fails := func(dir string, want syscall.Errno) {
		t.Helper()
		if s := b.client(dir, order{Way: "dial", Address: closed}).result(); s.Errno != want {
			t.Errorf("got %+v, want errno %v", s, want)
		}
	}
	captured(leaf)
	set(outer, Deny)
	fails(leaf, syscall.EPERM)
	set(inner, Pass)
	fails(leaf, syscall.ECONNREFUSED) // nobody listens there: it was left alone
	fails(outer, syscall.EPERM)
	set(leaf, Redirect)
	captured(leaf)
	fails(inner, syscall.ECONNREFUSED)
	for _, dir := range []string{leaf, inner, outer} {
		if err := c.DeleteCgroup(b.id(dir)); err != nil {
			t.Fatal(err)
		}
	}
	captured(leaf)
	if err := c.SetUnlisted(Deny); err != nil {
		t.Fatal(err)
	}
	fails(leaf, syscall.EPERM)
}

func TestOnlyCapturedPortsAndNetworksAreCaptured(t *testing.T) {
	b := newBench(t)
	b.cfg.Networks = []Network{
		{netip.MustParsePrefix("127.0.0.0/8"), false},
		{netip.MustParsePrefix("127.0.0.2/32"), true},
		{netip.MustParsePrefix("::1/128"), false},
	}
	c := b.open()
	agent := b.mkdir("agent")
	left := func(at string) {
		t.Helper()
		if s := b.client(agent, order{Way: "dial", Address: netip.MustParseAddrPort(at)}).result(); s.Errno != syscall.ECONNREFUSED {
			t.Errorf("%s: %+v, want it left alone", at, s)
		}
	}
	captured := func(at string) {
		t.Helper()
		cl := b.client(agent, order{Way: "dial", Address: netip.MustParseAddrPort(at)})
		greet(t, accept(t, c))
		cl.result()
	}
	left("127.0.0.1:5432")
	left("[::1]:5432")
	left("127.0.0.2:5433")
	captured("127.0.0.2:5432")
	if err := c.SetPorts([]uint16{5433}); err != nil {
		t.Fatal(err)
	}
	left("127.0.0.2:5432")
	captured("127.0.0.2:5433")
	if err := c.SetNetworks(nil); err != nil {
		t.Fatal(err)
	}
	captured("127.0.0.1:5433")
	captured("[::1]:5433")
}

func TestTheDaemonsOwnConnectionsAreNotCaptured(t *testing.T) {
	b := newBench(t)
	b.open()
	for _, at := range []string{"127.0.0.1:5432", "[::1]:5432"} {
		_, err := net.Dial("tcp", at)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v, want the refusal of a port where nobody listens", at, err)
		}
	}
}

func TestADirectConnectToTheListenerIsReset(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent := b.mkdir("agent")
	for _, host := range []string{"127.0.0.1", "::1"} {
		at := netip.AddrPortFrom(netip.MustParseAddr(host), b.cfg.ListenerPort)
		s := b.client(agent, order{Way: "dial", Address: at}).result()
		if s.Errno != syscall.ECONNRESET {
			t.Errorf("%s: %+v, want a reset", at, s)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if f, err := c.Accept(ctx); err == nil {
		t.Errorf("a flow was delivered: %+v", f)
	}
}

func TestNobodyButTheDaemonGetsTheListenersPort(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent := b.mkdir("agent")
	attempt := func(when string) {
		t.Helper()
		for _, host := range []string{"127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "127.0.0.5"} {
			at := netip.AddrPortFrom(netip.MustParseAddr(host), b.cfg.ListenerPort)
			if s := b.client(agent, order{Way: "bind", Address: at}).result(); s.Errno != syscall.EPERM {
				t.Errorf("%s, %s: %+v, want EPERM", when, at, s)
			}
		}
		squeezed := order{Way: "listen", Address: closed, Port: b.cfg.ListenerPort}
		if s := b.client(agent, squeezed, ownNamespace).result(); s.Errno != syscall.EPERM && s.Errno != syscall.EADDRINUSE {
			t.Errorf("%s, by a squeezed port range: %+v, want EPERM, or EADDRINUSE where the daemon was quicker", when, s)
		}
	}
	attempt("with the daemon")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	attempt("without the daemon")
}

func ownNamespace(cmd *exec.Cmd) { cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNET }

func TestWithoutTheDaemonConnectionsAreRefusedAndTheNextOneTakesOver(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent, barred := b.mkdir("agent"), b.mkdir("barred")
	if err := c.SetCgroup(b.id(barred), Deny); err != nil {
		t.Fatal(err)
	}
	captured := func() {
		t.Helper()
		cl := b.client(agent, order{Way: "dial", Address: database})
		greet(t, accept(t, c))
		if s := cl.result(); s.Reply != "weir" {
			t.Errorf("%+v", s)
		}
	}
	captured()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, adjust := range [][]func(*exec.Cmd){nil, {ownNamespace}} {
		if s := b.client(agent, order{Way: "dial", Address: database}, adjust...).result(); s.Errno != syscall.ECONNREFUSED || s.Took > time.Second {
			t.Errorf("%+v, want it refused at once", s)
		}
	}
	if s := b.client(barred, order{Way: "dial", Address: database}).result(); s.Errno != syscall.EPERM {
		t.Errorf("%+v, want the verdict to last", s)
	}
	c = b.open()
	captured()
	if s := b.client(barred, order{Way: "dial", Address: database}).result(); s.Errno != syscall.EPERM {
		t.Errorf("%+v, want the verdict to last", s)
	}
}

func TestAFullMapRefuses(t *testing.T) {
	b := newBench(t)
	b.cfg.MaxPending, b.cfg.MaxPendingPerCgroup = 16, 16
	c := b.open()
	agent := b.mkdir("agent")
	// Deferred connects reserve and never come.
	s := b.client(agent, order{Way: "hold", Address: database, Count: 40}, within(newNamespace(t))).result()
	if s.Errno != syscall.ECONNREFUSED {
		t.Fatalf("%+v, want a refusal", s)
	}
	// Their process is gone, and with it what it had reserved.
	cl := b.client(agent, order{Way: "dial", Address: database})
	greet(t, accept(t, c))
	if s := cl.result(); s.Reply != "weir" {
		t.Errorf("%+v", s)
	}
	accounts(t, b, c, agent, 0)
}

func TestAWorkloadThatFillsItsShareShutsNobodyElseOut(t *testing.T) {
	b := newBench(t)
	b.cfg.MaxPending, b.cfg.MaxPendingPerCgroup = 64, 8
	c := b.open()
	greedy, agent := b.mkdir("greedy"), b.mkdir("agent")
	holder := b.client(greedy, order{Way: "hold", Address: database, Count: 8, Wait: true}, within(newNamespace(t)))
	eventually(t, "the share is taken", func() bool {
		var n uint32
		return c.objects.Accounts.Lookup(b.id(greedy), &n) == nil && n == 8
	})
	if s := b.client(greedy, order{Way: "dial", Address: database}).result(); s.Errno != syscall.ECONNREFUSED {
		t.Errorf("%+v, want a refusal", s)
	}
	cl := b.client(agent, order{Way: "dial", Address: database})
	greet(t, accept(t, c))
	if s := cl.result(); s.Reply != "weir" {
		t.Errorf("%+v", s)
	}
	holder.kill()
	accounts(t, b, c, greedy, 0)
}

// accounts waits until a cgroup has so many reservations.
func accounts(t *testing.T, b *bench, c *Capture, dir string, want uint32) {
	t.Helper()
	eventually(t, "the account is settled", func() bool {
		var n uint32
		err := c.objects.Accounts.Lookup(b.id(dir), &n)
		return n == want && (err == nil || errors.Is(err, ebpf.ErrKeyNotExist))
	})
}

func TestOtherSocketsAreLeftAlone(t *testing.T) {
	b := newBench(t)
	b.open()
	agent := b.mkdir("agent")
	s := b.client(agent, order{Way: "datagram", Address: closed, Port: b.cfg.ListenerPort}).result()
	if s.Error != "" || s.Peer != closed.String() {
		t.Errorf("%+v", s)
	}
}

func TestAPassedDescriptorIsReportedAndTheStricterSideCounts(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent, bystander := b.mkdir("agent"), b.mkdir("bystander")
	// The test makes the socket, so its maker is the daemon: the least free of
	// prejudice that can be had.
	made := func() *os.File {
		t.Helper()
		fd, err := stream(database, 0)
		if err != nil {
			t.Fatal(err)
		}
		return os.NewFile(uintptr(fd), "given")
	}
	give := func(f *os.File) func(*exec.Cmd) {
		return func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{f} }
	}
	given := made()
	cl := b.client(agent, order{Way: "received", Address: database}, give(given))
	if err := given.Close(); err != nil {
		t.Fatal(err)
	}
	f := accept(t, c)
	greet(t, f)
	cl.result()
	if f.Caller.CgroupID != b.id(agent) || f.Caller.CreatorID != c.OwnCgroup() {
		t.Errorf("%+v, want caller %d and maker %d", f.Caller, b.id(agent), c.OwnCgroup())
	}
	// A caller that may pass does not take a redirected maker's socket along.
	if err := c.SetCgroup(b.id(bystander), Pass); err != nil {
		t.Fatal(err)
	}
	given = made()
	cl = b.client(bystander, order{Way: "received", Address: database}, give(given))
	if err := given.Close(); err != nil {
		t.Fatal(err)
	}
	greet(t, accept(t, c))
	if s := cl.result(); s.Reply != "weir" {
		t.Errorf("%+v", s)
	}
}
