package redirect

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/weirgate/weir/bpf"
)

// Action is what happens to a workload's connections to captured ports and
// networks.
type Action uint8

// The actions. Redirect is the zero value: who is not classified is captured.
const (
	Redirect Action = Action(bpf.CaptureActionACTION_REDIRECT)
	Pass     Action = Action(bpf.CaptureActionACTION_PASS)
	Deny     Action = Action(bpf.CaptureActionACTION_DENY) // connect() fails with EPERM
)

// String gives "redirect", "pass" or "deny".
func (a Action) String() string {
	switch a {
	case Redirect:
		return "redirect"
	case Pass:
		return "pass"
	case Deny:
		return "deny"
	}
	return fmt.Sprintf("action %d", uint8(a))
}

// Network says whether connections to a prefix are captured. The longest prefix
// counts; what matches none is captured.
type Network struct {
	Prefix  netip.Prefix
	Capture bool
}

// Defaults of Config.
const (
	DefaultName         = "weir"
	DefaultListenerPort = 18543
	DefaultDatabasePort = 5432
)

// canaryAddress is the destination of live checks (TEST-NET-1, RFC 5737: never
// routed). It is always captured, and answered here; it never becomes a Flow. The
// programs know it too (is_live_check in bpf/connect.h).
var canaryAddress = netip.AddrFrom4([4]byte{192, 0, 2, 1})

// Config says what is captured and where it is kept. The zero value captures
// port 5432 of every cgroup.
type Config struct {
	// Name is the folder of the pins in bpffs and part of the name of the
	// daemon's cgroup. Two installations on one host differ in it, in
	// CgroupRoot and in ListenerPort.
	Name string
	// CgroupRoot is the folder of the cgroup below which connections are
	// captured; "" is the root of the cgroup2 mount.
	CgroupRoot string
	// BPFFS is the mount point of bpffs; it is mounted there when it is missing.
	// "" looks in mountinfo and falls back to /sys/fs/bpf.
	BPFFS string
	// ListenerPort is the port of the listeners on 127.0.0.1 and ::1 of every
	// namespace. Below CgroupRoot no one but the daemon can bind it. It should
	// lie outside of ip_local_port_range.
	ListenerPort uint16
	// Ports are the destination ports that are captured.
	Ports []uint16
	// Networks are exceptions to "every address".
	Networks []Network
	// Unlisted is what cgroups get that have no classified ancestor.
	Unlisted Action
	// MaxPending bounds the connections that are on their way and not yet
	// accepted, on the whole host; when it is reached, connect() fails with
	// ECONNREFUSED. 0 is 65536.
	MaxPending uint32
	// MaxPendingPerCgroup bounds them for each single cgroup, so that one workload
	// cannot shut out the others. 0 is a quarter of MaxPending.
	MaxPendingPerCgroup uint32
	// SweepEvery is how often namespaces that nobody uses any more and records
	// that nobody fetched are looked for. 0 is 15 s.
	SweepEvery time.Duration
	// Log gets what an operator should know; nil discards.
	Log *slog.Logger
}

// withDefaults fills in what is missing and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.Name == "" {
		c.Name = DefaultName
	}
	if c.Name != filepath.Base(c.Name) || strings.HasPrefix(c.Name, ".") {
		return c, fmt.Errorf("name %q: must be one plain folder name", c.Name)
	}
	if c.ListenerPort == 0 {
		c.ListenerPort = DefaultListenerPort
	}
	if len(c.Ports) == 0 {
		c.Ports = []uint16{DefaultDatabasePort}
	}
	if c.MaxPending == 0 {
		c.MaxPending = 65536
	}
	if c.MaxPendingPerCgroup == 0 {
		c.MaxPendingPerCgroup = max(1, c.MaxPending/4)
	}
	if c.SweepEvery == 0 {
		c.SweepEvery = 15 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, errors.Join(checkPorts(c.Ports, c.ListenerPort), checkNetworks(c.Networks))
}

func checkPorts(ports []uint16, listener uint16) error {
	for _, p := range ports {
		if p == 0 {
			return errors.New("port 0 cannot be captured")
		}
		if p == listener {
			return fmt.Errorf("port %d is the listeners' own: set another listener port to capture it", p)
		}
	}
	return nil
}

func checkNetworks(networks []Network) error {
	for _, n := range networks {
		if !n.Prefix.IsValid() {
			return errors.New("a network has no valid prefix")
		}
		if n.Prefix != n.Prefix.Masked() {
			return fmt.Errorf("network %s has bits set beyond its length: write %s", n.Prefix, n.Prefix.Masked())
		}
	}
	return nil
}
