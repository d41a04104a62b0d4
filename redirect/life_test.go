package redirect

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf/link"

	"github.com/weirgate/weir/bpf"
	"github.com/weirgate/weir/redirect/cgroupfs"
)

// serveUntilKilled is a daemon process: it answers every captured connection.
func serveUntilKilled(o order, _ *seen) error {
	var cfg Config
	if err := json.Unmarshal([]byte(o.Path), &cfg); err != nil {
		return err
	}
	c, err := Open(context.Background(), cfg)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		f, err := c.Accept(context.Background())
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.WriteString(f.Conn, "weir")
			_ = f.Conn.Close()
		}()
	}
}

// daemon starts a daemon process and waits until it serves.
func (b *bench) daemon(dir string) *client {
	b.t.Helper()
	cfg := b.cfg
	cfg.Log = nil
	text, err := json.Marshal(cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		b.t.Fatal(err)
	}
	cl := b.client(dir, order{Way: "daemon", Path: string(text)}, func(cmd *exec.Cmd) { cmd.Stdout = w })
	_ = w.Close()
	b.t.Cleanup(func() { _ = r.Close() })
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || line != "ready\n" {
		b.t.Fatalf("daemon said %q: %v", line, err)
	}
	return cl
}

func (c *client) kill() {
	c.t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	_ = c.cmd.Wait() // killed: that is its error
}

func TestAKilledDaemonRefusesAndItsSuccessorTakesOver(t *testing.T) {
	b := newBench(t)
	agent, place := b.mkdir("agent"), b.mkdir("place")
	dial := order{Way: "dial", Address: database}
	for round := range 3 {
		d := b.daemon(place)
		if s := b.client(agent, dial).result(); s.Reply != "weir" {
			t.Fatalf("round %d: %+v", round, s)
		}
		d.kill()
		if s := b.client(agent, dial).result(); s.Errno != syscall.ECONNREFUSED || s.Took > time.Second {
			t.Fatalf("round %d: %+v, want it refused at once", round, s)
		}
	}
	states, err := Inspect(b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if !s.Pinned || !s.Effective || s.Problem != "" {
			t.Errorf("%+v", s)
		}
	}
	if err := Uninstall(b.cfg); err != nil {
		t.Fatal(err)
	}
	if s := b.client(agent, order{Way: "dial", Address: closed}).result(); s.Errno != syscall.ECONNREFUSED {
		t.Errorf("%+v", s)
	}
	if _, err := os.Stat(filepath.Join("/sys/fs/bpf", b.cfg.Name)); !os.IsNotExist(err) {
		t.Errorf("pins after uninstall: %v", err)
	}
	for _, p := range effectiveNames(t, b) {
		t.Errorf("%s still runs", p)
	}
}

// effectiveNames gives what hangs on the bench's own cgroup.
func effectiveNames(t *testing.T, b *bench) []string {
	t.Helper()
	root, _, err := openCgroup(b.root)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	var names []string
	guards, connects := pinnedHooks(&bpf.CaptureObjects{})
	for _, h := range append(guards, connects...) {
		r, err := link.QueryPrograms(link.QueryOptions{Target: int(root.Fd()), Attach: h.attach})
		if err != nil {
			t.Fatal(err)
		}
		for range r.Programs {
			names = append(names, h.name)
		}
	}
	return names
}

func TestADaemonWithCompanyMovesToACgroupOfItsOwn(t *testing.T) {
	b := newBench(t)
	shell := b.mkdir("shell")
	leaf := filepath.Join(shell, b.cfg.Name+".daemon")
	// Somebody else is in the daemon's cgroup, as in a terminal.
	company := b.client(shell, order{Way: "hold", Address: closed, Wait: true}, ownNamespace)
	d := b.daemon(shell)
	if pids, err := cgroupfs.Processes(leaf); err != nil || len(pids) != 1 || pids[0] != d.cmd.Process.Pid {
		t.Errorf("in the daemon's cgroup: %v, %v", pids, err)
	}
	// And whoever comes from there is a workload like any other.
	if s := b.client(shell, order{Way: "dial", Address: database}).result(); s.Reply != "weir" {
		t.Errorf("%+v", s)
	}
	d.kill()
	d = b.daemon(shell) // into what the killed one left
	if s := b.client(shell, order{Way: "dial", Address: database}).result(); s.Reply != "weir" {
		t.Errorf("%+v", s)
	}
	d.kill()
	company.kill()
	if err := Uninstall(b.cfg); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(leaf); !os.IsNotExist(err) {
		t.Errorf("the daemon's cgroup after uninstall: %v", err)
	}
}

func TestASecondDaemonOfTheSameNameIsRefused(t *testing.T) {
	b := newBench(t)
	b.open()
	if c, err := Open(t.Context(), b.cfg); err == nil {
		t.Error("two daemons at once")
		_ = c.Close()
	} else if !strings.Contains(err.Error(), "another weir is running") {
		t.Error(err)
	}
	if err := Uninstall(b.cfg); err == nil {
		t.Error("uninstalled under a running daemon")
	}
}

func TestMapsOfOtherSizesAreReplaced(t *testing.T) {
	b := newBench(t)
	agent := b.mkdir("agent")
	c := b.open()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	b.cfg.MaxPending = 64
	c = b.open()
	cl := b.client(agent, order{Way: "dial", Address: database})
	greet(t, accept(t, c))
	cl.result()
	s, err := c.Status()
	if err != nil {
		t.Fatal(err)
	}
	if s.Maps["pending"].Max != 64 {
		t.Errorf("%+v", s.Maps)
	}
}

func TestAPinOnACgroupThatIsGoneIsNoticedAndReplaced(t *testing.T) {
	b := newBench(t)
	whole := b.cfg.CgroupRoot
	doomed := b.mkdir("doomed")
	b.cfg.CgroupRoot = doomed
	c := b.open()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(doomed); err != nil {
		t.Fatal(err)
	}
	b.cfg.CgroupRoot = whole
	states, err := Inspect(b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.Problem == "" || s.Effective {
			t.Errorf("%+v, want a problem", s)
		}
	}
	c = b.open()
	if p := c.Health(); p != nil {
		t.Errorf("%q", p)
	}
	cl := b.client(b.mkdir("agent"), order{Way: "dial", Address: database})
	greet(t, accept(t, c))
	cl.result()
}

func TestAPinTakenAwayIsNoticed(t *testing.T) {
	b := newBench(t)
	c := b.open()
	if p := c.Health(); p != nil {
		t.Fatalf("%q", p)
	}
	if err := os.Remove(c.pins.link("connect4")); err != nil {
		t.Fatal(err)
	}
	l, err := link.LoadPinnedLink(c.pins.link("connect6"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Detach(); err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if p := c.Health(); len(p) != 2 || !strings.Contains(p[0], "connect4") || !strings.Contains(p[1], "connect6") {
		t.Errorf("%q", p)
	}
}

func TestAStrangerInTheDaemonsCgroupIsNoticed(t *testing.T) {
	b := newBench(t)
	c := b.open()
	// A child of ours is taken for a helper; an orphan has no parent but init.
	out, err := exec.Command("sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!").Output()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	// It was born in this test's cgroup, the daemon's.
	if p := c.Health(); len(p) != 1 || !strings.Contains(p[0], "other processes") {
		t.Errorf("%q", p)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is well again", func() bool { return c.Health() == nil })
}

func singFromHere(o order, _ *seen) error {
	var cfg Config
	if err := json.Unmarshal([]byte(o.Path), &cfg); err != nil {
		return err
	}
	return Canary(context.Background(), cfg)
}

func TestTheCanaryLivesWithADaemonAndDiesWithout(t *testing.T) {
	b := newBench(t)
	c := b.open()
	cfg := b.cfg
	cfg.Log = nil
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	o := order{Way: "canary", Path: string(text)}
	for _, unlisted := range []Action{Redirect, Pass, Deny} {
		if err := c.SetUnlisted(unlisted); err != nil {
			t.Fatal(err)
		}
		if s := b.client(b.mount.Path, o).result(); s.Error != "" {
			t.Errorf("unlisted cgroups %s: %+v", unlisted, s)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if s := b.client(b.mount.Path, o).result(); s.Errno != syscall.ECONNREFUSED {
		t.Errorf("without a daemon: %+v", s)
	}
	left, err := filepath.Glob(filepath.Join(b.root, "*canary*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestConnectionsOlderThanTheCaptureAreListedAndEnded(t *testing.T) {
	b := newBench(t)
	agent, free := b.mkdir("agent"), b.mkdir("free")
	server, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	at := server.Addr().(*net.TCPAddr).AddrPort()
	b.cfg.Ports = []uint16{at.Port()}
	dial := order{Way: "dial", Address: at}
	cl, passing := b.client(agent, dial), b.client(free, dial)
	for range 2 {
		conn, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	c := b.open()
	if err := c.SetCgroup(b.id(free), Pass); err != nil {
		t.Fatal(err)
	}
	older, err := c.Older(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(older) != 1 || older[0].PID != cl.cmd.Process.Pid || older[0].Remote != at || older[0].CgroupID != b.id(agent) {
		t.Errorf("%+v, want the agent's only", older)
	}
	if n, err := c.DestroyOlder(t.Context()); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if s := cl.result(); s.Errno != syscall.ECONNABORTED {
		t.Errorf("%+v", s)
	}
	passing.kill()
}

func TestTheStatusShowsWhatHappened(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent := b.mkdir("agent")
	cl := b.client(agent, order{Way: "dial", Address: database})
	greet(t, accept(t, c))
	cl.result()
	s, err := c.Status()
	if err != nil {
		t.Fatal(err)
	}
	if s.Counters.Redirected != 1 || s.Counters.Stray != 0 || s.Namespaces != 1 || s.Maps["flows"].Used != 0 || s.Maps["pending"].Used != 0 {
		t.Errorf("%+v", s)
	}
	for _, h := range s.Hooks {
		if !h.Pinned || !h.Effective || h.Problem != "" {
			t.Errorf("%+v", h)
		}
	}
	for _, f := range Features() {
		t.Logf("%-60s found=%v %s", f.Name, f.Found, f.Detail)
		if !f.Found && !f.Optional {
			t.Errorf("%+v, though the capture works", f)
		}
	}
}

func TestNoConnectionOfManyIsLost(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent := b.mkdir("agent")
	const count = 4000
	cl := b.client(agent, order{Way: "many", Address: netip.MustParseAddrPort("203.0.113.7:5432"), Count: count})
	for range count {
		f, err := c.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Destination != database || f.Caller.PID != cl.cmd.Process.Pid {
			t.Errorf("%+v", f)
		}
		_, _ = io.WriteString(f.Conn, "weir")
		_ = f.Conn.Close()
	}
	if s := cl.result(); s.Error != "" {
		t.Error(s.Error)
	}
	n, err := c.Counters()
	if err != nil || n.Stray != 0 || n.Redirected != count {
		t.Errorf("%+v, %v", n, err)
	}
	used, err := entries(c.objects.Flows)
	if err != nil || used != 0 {
		t.Errorf("%d records left, %v", used, err)
	}
	if used, err = entries(c.objects.Pending); err != nil || used != 0 {
		t.Errorf("%d reservations left, %v", used, err)
	}
}
