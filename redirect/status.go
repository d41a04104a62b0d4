package redirect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/weirgate/weir/bpf"
	"github.com/weirgate/weir/redirect/cgroupfs"
)

// HookState is how one pinned program really is, as the kernel says.
type HookState struct {
	Name      string
	Pinned    bool   // its link is in the pins' folder
	Effective bool   // the kernel runs it for the captured cgroup
	Problem   string // "" when all is well, else what is wrong and what to do
}

// Counters are the events since the maps were made. Those of one connection may
// be several: held, then redirected.
type Counters struct {
	Redirected uint64 `json:"redirected"` // rewritten to the listener
	Passed     uint64 `json:"passed"`     // let pass because of the cgroup
	Denied     uint64 `json:"denied"`     // refused because of the cgroup
	Held       uint64 `json:"held"`       // had to wait for their namespace's listener
	NoDaemon   uint64 `json:"noDaemon"`   // refused because no daemon lives
	NoListener uint64 `json:"noListener"` // refused because their namespace cannot have a listener
	Full       uint64 `json:"full"`       // refused because a map was full
	Stray      uint64 `json:"stray"`      // at the listener without a record, reset
	Bind       uint64 `json:"bind"`       // attempts to take the listener's port, refused
}

// Fill is how full a map is.
type Fill struct {
	Used int `json:"used"`
	Max  int `json:"max"`
}

// Status is a picture of the capture.
type Status struct {
	CgroupRoot   string          `json:"cgroupRoot"`
	ListenerPort uint16          `json:"listenerPort"`
	Ports        []uint16        `json:"ports"`
	Networks     []Network       `json:"networks"`
	Unlisted     Action          `json:"unlisted"`
	Namespaces   int             `json:"namespaces"` // network namespaces with listeners
	Hooks        []HookState     `json:"hooks"`
	Counters     Counters        `json:"counters"`
	Maps         map[string]Fill `json:"maps"`
}

// Status asks the kernel how the capture is.
func (c *Capture) Status() (Status, error) {
	c.mu.Lock()
	cfg := c.cfg
	s := Status{
		CgroupRoot:   cfg.CgroupRoot,
		ListenerPort: cfg.ListenerPort,
		Ports:        cfg.Ports,
		Networks:     cfg.Networks,
		Unlisted:     cfg.Unlisted,
		Namespaces:   len(c.namespaces),
		Maps:         map[string]Fill{},
	}
	c.mu.Unlock()
	var errs []error
	var err error
	s.Hooks, err = Inspect(cfg)
	errs = append(errs, err)
	s.Counters, err = c.Counters()
	errs = append(errs, err)
	for name, m := range map[string]*ebpf.Map{
		bpf.CaptureMapCgroups: c.objects.Cgroups,
		bpf.CaptureMapPending: c.objects.Pending,
		bpf.CaptureMapFlows:   c.objects.Flows,
	} {
		used, err := entries(m)
		errs = append(errs, err)
		s.Maps[name] = Fill{Used: used, Max: int(m.MaxEntries())}
	}
	if err := errors.Join(errs...); err != nil {
		return s, fmt.Errorf("status of the capture: %w", err)
	}
	return s, nil
}

// Health gives what is wrong with the capture and what to do about it; nil when
// all is well. It costs some 30 system calls: fit for every few seconds.
func (c *Capture) Health() []string {
	c.mu.Lock()
	cfg := c.cfg
	c.mu.Unlock()
	var problems []string
	hooks, err := Inspect(cfg)
	if err != nil {
		problems = append(problems, err.Error())
	}
	for _, h := range hooks {
		if h.Problem != "" {
			problems = append(problems, h.Name+": "+h.Problem)
		}
	}
	alone, err := c.own.Alone()
	if err != nil {
		problems = append(problems, err.Error())
	} else if !alone {
		problems = append(problems, "other processes are in the daemon's own cgroup "+c.own.Dir+
			": their connections are not captured; move them to another cgroup")
	}
	return problems
}

func entries(m *ebpf.Map) (int, error) {
	n := 0
	key, value := make([]byte, m.KeySize()), make([]byte, m.ValueSize())
	all := m.Iterate()
	for all.Next(&key, &value) {
		n++
	}
	if err := all.Err(); err != nil && !errors.Is(err, ebpf.ErrIterationAborted) {
		return n, fmt.Errorf("count %s: %w", m, err)
	}
	return n, nil
}

// Counters sums up over the processors.
func (c *Capture) Counters() (Counters, error) {
	var n [bpf.CaptureCounterCOUNT_MAX]uint64
	for i := range n {
		var each []uint64
		if err := c.objects.Counters.Lookup(uint32(i), &each); err != nil {
			return Counters{}, fmt.Errorf("read the counters: %w", err)
		}
		for _, v := range each {
			n[i] += v
		}
	}
	return Counters{
		Redirected: n[bpf.CaptureCounterCOUNT_REDIRECTED],
		Passed:     n[bpf.CaptureCounterCOUNT_PASSED],
		Denied:     n[bpf.CaptureCounterCOUNT_DENIED],
		Held:       n[bpf.CaptureCounterCOUNT_HELD],
		NoDaemon:   n[bpf.CaptureCounterCOUNT_NO_DAEMON],
		NoListener: n[bpf.CaptureCounterCOUNT_NO_LISTENER],
		Full:       n[bpf.CaptureCounterCOUNT_FULL],
		Stray:      n[bpf.CaptureCounterCOUNT_STRAY],
		Bind:       n[bpf.CaptureCounterCOUNT_BIND],
	}, nil
}

// Inspect asks the kernel about every program of an installation, from any
// process of root's; no daemon needs to run. fs.ErrNotExist: none is installed.
func Inspect(cfg Config) ([]HookState, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("inspect the programs: %w", err)
	}
	if cfg.BPFFS == "" {
		if cfg.BPFFS, err = findBPFFS(); err != nil {
			return nil, fmt.Errorf("inspect the programs: %w", err)
		}
	}
	if cfg.CgroupRoot == "" {
		mount, err := cgroupfs.Find()
		if err != nil {
			return nil, fmt.Errorf("inspect the programs: %w", err)
		}
		cfg.CgroupRoot = mount.Path
	}
	p := &pins{dir: filepath.Join(cfg.BPFFS, cfg.Name)}
	if _, err := os.Stat(p.dir); err != nil {
		return nil, fmt.Errorf("inspect the programs: %w", err)
	}
	root, id, err := openCgroup(cfg.CgroupRoot)
	if err != nil {
		return nil, fmt.Errorf("inspect the programs: %w", err)
	}
	defer func() { _ = root.Close() }()
	guards, connects := pinnedHooks(&bpf.CaptureObjects{})
	var states []HookState
	for _, h := range append(guards, connects...) {
		states = append(states, inspect(h, p.link(h.name), root, id))
	}
	return states, nil
}

const remedyRestart = "restart weir"

func inspect(h hook, pin string, root *os.File, id uint64) HookState {
	s := HookState{Name: h.name}
	l, err := link.LoadPinnedLink(pin, nil)
	if err != nil {
		s.Problem = fmt.Sprintf("its pin %s cannot be opened (%v): somebody removed it; %s", pin, err, remedyRestart)
		if errors.Is(err, fs.ErrNotExist) {
			s.Problem = fmt.Sprintf("its pin %s is gone: without it the capture ends with the daemon; %s", pin, remedyRestart)
		}
		return s
	}
	defer func() { _ = l.Close() }()
	s.Pinned = true
	on, err := linkedCgroup(l)
	switch {
	case err != nil:
		s.Problem = err.Error()
		return s
	case on == 0:
		s.Problem = "its link is detached, by somebody or because its cgroup was removed: it does nothing; " + remedyRestart
		return s
	case on != id:
		s.Problem = fmt.Sprintf("its link is on cgroup %d and not on %s: %s", on, root.Name(), remedyRestart)
		return s
	}
	info, err := l.Info()
	if err != nil {
		s.Problem = err.Error()
		return s
	}
	const effective = 1 // BPF_F_QUERY_EFFECTIVE
	running, err := link.QueryPrograms(link.QueryOptions{Target: int(root.Fd()), Attach: h.attach, QueryFlags: effective})
	if err != nil {
		s.Problem = fmt.Sprintf("the kernel does not say what runs: %v", err)
		return s
	}
	for _, p := range running.Programs {
		s.Effective = s.Effective || p.ID == info.Program
	}
	if !s.Effective {
		s.Problem = "the kernel does not run it: another program of the cgroup excludes it; see `bpftool cgroup tree`"
	}
	return s
}
