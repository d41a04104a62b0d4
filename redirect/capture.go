package redirect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/bpf"
	"github.com/weirgate/weir/redirect/cgroupfs"
)

// Capture catches connections and delivers them, see Open.
type Capture struct {
	log     *slog.Logger
	mount   cgroupfs.Mount
	own     *cgroupfs.Own
	pins    *pins
	objects *bpf.CaptureObjects
	root    *os.File // the cgroup below which connections are captured
	rootID  uint64
	pinned  []attachment
	ownLink []attachment

	flows   chan Flow
	done    chan struct{}
	running sync.WaitGroup

	mu         sync.Mutex // guards what follows, and the writing of settings
	cfg        Config
	closed     bool
	namespaces map[uint64]*namespace
}

// Open begins to capture, or takes over what an earlier daemon of the same name
// left: its programs are replaced without a gap, its maps are used again.
//
// The process gets a cgroup to itself, see cgroupfs.TakeOwn; connections made
// in that cgroup are never captured, so it may start helpers but no workloads.
// It needs root in the initial user namespace and sees the host's cgroup2 mount
// and processes. There can be one Capture per process.
//
// Close ends the delivery and not the capture: connections are refused until
// the next Open, or until Uninstall.
func Open(ctx context.Context, cfg Config) (*Capture, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	c := &Capture{
		cfg:        cfg,
		log:        cfg.Log,
		flows:      make(chan Flow),
		done:       make(chan struct{}),
		namespaces: map[uint64]*namespace{},
	}
	if err := c.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("capture: %w", err), c.Close())
	}
	return c, nil
}

func (c *Capture) open(ctx context.Context) error {
	var err error
	if c.mount, err = cgroupfs.Find(); err != nil {
		return err
	}
	if c.cfg.CgroupRoot == "" {
		c.cfg.CgroupRoot = c.mount.Path
	}
	if c.root, c.rootID, err = openCgroup(c.cfg.CgroupRoot); err != nil {
		return err
	}
	bpffs, err := ensureBPFFS(c.cfg.BPFFS)
	if err != nil {
		return err
	}
	c.cfg.BPFFS = bpffs
	if c.pins, err = openPins(bpffs, c.cfg.Name); err != nil {
		return err
	}
	if c.own, err = cgroupfs.TakeOwn(c.mount, c.cfg.Name+".daemon"); err != nil {
		return err
	}
	if c.objects, err = loadPrograms(c.pins, c.cfg); err != nil {
		return err
	}
	if err := c.configure(); err != nil {
		return err
	}
	if err := c.attachDaemon(); err != nil {
		return err
	}
	// The guards come before the listeners, so that those of another version do
	// not keep this daemon from its port; the connect hooks come last.
	guards, connects := pinnedHooks(c.objects)
	if err := c.attach(guards); err != nil {
		return err
	}
	if err := c.serveHome(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.attach(connects); err != nil {
		return err
	}
	if err := c.dropOtherMaps(); err != nil {
		return err
	}
	c.running.Go(c.serveWanted)
	c.running.Go(c.sweepRegularly)
	return nil
}

func openCgroup(dir string) (*os.File, uint64, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("open the cgroup to capture: %w", err)
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil || st.Type != unix.CGROUP2_SUPER_MAGIC {
		return nil, 0, errors.Join(fmt.Errorf("%s is not a folder of a cgroup2 file system", dir), err, f.Close())
	}
	id, err := cgroupfs.ID(dir)
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, id, nil
}

// configure tells the programs what to capture before anything is attached.
func (c *Capture) configure() error {
	if err := c.SetPorts(c.cfg.Ports); err != nil {
		return err
	}
	if err := c.SetNetworks(c.cfg.Networks); err != nil {
		return err
	}
	// What an earlier daemon served is served no more.
	if err := clear64(c.objects.Namespaces); err != nil {
		return fmt.Errorf("forget the namespaces of an earlier daemon: %w", err)
	}
	return c.tell(c.cfg)
}

func clear64(m *ebpf.Map) error {
	var key uint64
	var keys []uint64
	value := make([]byte, m.ValueSize())
	entries := m.Iterate()
	for entries.Next(&key, &value) {
		keys = append(keys, key)
	}
	if err := entries.Err(); err != nil {
		return err
	}
	for _, k := range keys {
		if err := m.Delete(k); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return err
		}
	}
	return nil
}

func (c *Capture) attachDaemon() error {
	own, err := os.Open(c.own.Dir)
	if err != nil {
		return fmt.Errorf("open the daemon's cgroup: %w", err)
	}
	defer func() { _ = own.Close() }()
	for _, h := range daemonHooks(c.objects) {
		l, err := attachOwn(h, own)
		if err != nil {
			return err
		}
		c.ownLink = append(c.ownLink, attachment{h, l})
	}
	return nil
}

// serveHome makes the listeners of weir's own network namespace, and with one
// of them says that the daemon lives.
func (c *Capture) serveHome() error {
	home, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return fmt.Errorf("identify the own network namespace: %w", err)
	}
	cookie, err := namespaceCookie(home)
	if err := errors.Join(err, home.Close()); err != nil {
		return err
	}
	if err := c.serve(cookie, nil); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.publish(0, 0, c.namespaces[cookie].listeners[0])
}

func (c *Capture) attach(hooks []hook) error {
	for _, h := range hooks {
		l, err := attachPinned(h, c.root, c.rootID, c.pins.link(h.name), c.log)
		if err != nil {
			return err
		}
		c.pinned = append(c.pinned, attachment{h, l})
	}
	return nil
}

// dropOtherMaps removes what programs of another version used.
func (c *Capture) dropOtherMaps() error {
	spec, err := bpf.LoadCapture()
	if err != nil {
		return fmt.Errorf("read the compiled programs: %w", err)
	}
	others, err := c.pins.otherMaps(c.pins.maps(spec))
	if err != nil {
		return fmt.Errorf("look for older maps: %w", err)
	}
	for _, dir := range others {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove maps of another version: %w", err)
		}
	}
	return nil
}

// Accept gives the next captured or addressed connection. It returns
// net.ErrClosed after Close.
func (c *Capture) Accept(ctx context.Context) (Flow, error) {
	select {
	case f := <-c.flows:
		return f, nil
	case <-ctx.Done():
		return Flow{}, ctx.Err()
	case <-c.done:
		return Flow{}, net.ErrClosed
	}
}

// CgroupRoot gives the folder of the cgroup below which connections are captured.
func (c *Capture) CgroupRoot() string { return c.cfg.CgroupRoot }

// ListenerPort gives the port of the listeners in every namespace.
func (c *Capture) ListenerPort() uint16 { return c.cfg.ListenerPort }

// OwnCgroup gives the id of the daemon's cgroup: its connections are not captured.
func (c *Capture) OwnCgroup() uint64 { return c.own.ID }

// serveWanted makes listeners where the programs ask for them.
func (c *Capture) serveWanted() {
	reader, err := ringbuf.NewReader(c.objects.Wants)
	if err != nil {
		c.log.Error("connections from new network namespaces will be refused", "cause", err)
		return
	}
	c.running.Go(func() {
		<-c.done
		_ = reader.Close() // wakes the Read below
	})
	var record ringbuf.Record
	for {
		if err := reader.ReadInto(&record); err != nil {
			if errors.Is(err, ringbuf.ErrClosed) {
				return
			}
			c.log.Error("read what the programs ask for", "cause", err)
			continue
		}
		if len(record.RawSample) < 24 {
			continue
		}
		cookie := binary.NativeEndian.Uint64(record.RawSample)
		tgid := int(binary.NativeEndian.Uint32(record.RawSample[16:]))
		tid := int(binary.NativeEndian.Uint32(record.RawSample[20:]))
		c.serveAsked(cookie, tgid, tid)
	}
}

func (c *Capture) serveAsked(cookie uint64, tgid, tid int) {
	c.mu.Lock()
	_, known := c.namespaces[cookie]
	c.mu.Unlock()
	if known {
		return
	}
	file, err := findNamespace(cookie, tgid, tid)
	if err == nil {
		err = c.serve(cookie, file)
	}
	if err == nil || errors.Is(err, net.ErrClosed) {
		return
	}
	c.log.Warn("no listener in a network namespace: its connections are refused",
		"namespace", cookie, "pid", tgid, "cause", err)
	now := bootTime()
	state := bpf.CaptureNamespaceState{Asked: now, Failed: now}
	if err := c.objects.Namespaces.Update(cookie, &state, ebpf.UpdateAny); err != nil {
		c.log.Warn("note a namespace that cannot be served", "namespace", cookie, "cause", err)
	}
}

// bootTime reads the clock by which the programs stamp.
func bootTime() uint64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return uint64(now.Nano())
}

// Close ends the delivery: listeners are closed, connections not yet fetched by
// Accept are reset. The programs stay and refuse what they capture.
func (c *Capture) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	close(c.done)
	namespaces := c.namespaces
	c.namespaces = map[uint64]*namespace{}
	c.mu.Unlock()

	var errs []error
	for _, ns := range namespaces {
		errs = append(errs, ns.close())
	}
	c.running.Wait()
	for _, a := range append(c.ownLink, c.pinned...) {
		errs = append(errs, a.link.Close())
	}
	if c.objects != nil {
		errs = append(errs, c.objects.Close())
	}
	if c.root != nil {
		errs = append(errs, c.root.Close())
	}
	if c.own != nil {
		errs = append(errs, c.own.Leave())
	}
	if c.pins != nil {
		errs = append(errs, c.pins.release())
	}
	return errors.Join(errs...)
}
