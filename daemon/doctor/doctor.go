package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/redirect"
)

// Grade says how bad a finding is.
type Grade string

// The grades.
const (
	Good    Grade = "Good"
	Skipped Grade = "Skipped" // could not be looked at, Detail says why
	Warning Grade = "Warning" // weir works, less well or less safely
	Failed  Grade = "Failed"  // weir does not work, or not as configured
)

// Finding is what was seen of one thing.
type Finding struct {
	Area   string `json:"area"` // kernel, configuration, policies, state, daemon, capture, databases
	Name   string `json:"name"`
	Grade  Grade  `json:"grade"`
	Detail string `json:"detail,omitempty"`
	Remedy string `json:"remedy,omitempty"` // what to do, set with Warning and Failed
}

// Options say what to look at.
type Options struct {
	Config  string // path of the configuration file
	Socket  string // admin socket; "" is the configuration's
	Version string // of the command, to compare with the daemon's
	// Looking is told what is being looked at, before it is; nil for nobody.
	Looking func(area string)
}

// examination is one visit.
type examination struct {
	options  Options
	config   *config.Config // a default when the file is not there
	report   func(Finding)
	running  bool // a daemon answers
	attached bool // programs are in the kernel
}

// Examine looks at everything and reports each finding as it is made. It returns
// the worst grade.
func Examine(ctx context.Context, o Options, report func(Finding)) Grade {
	worst := Good
	rank := map[Grade]int{Good: 0, Skipped: 0, Warning: 1, Failed: 2}
	x := &examination{options: o, report: func(f Finding) {
		if rank[f.Grade] > rank[worst] {
			worst = f.Grade
		}
		report(f)
	}}
	for _, area := range []struct {
		name string
		look func(context.Context)
	}{
		{"kernel", x.kernel}, {"configuration", x.configuration}, {"policies", x.policies}, {"state", x.state},
		{"daemon", x.daemon}, {"capture", x.capture}, {"databases", x.databases},
	} {
		if ctx.Err() != nil {
			break
		}
		if o.Looking != nil {
			o.Looking(area.name)
		}
		area.look(ctx)
	}
	return worst
}

func (x *examination) good(area, name, format string, args ...any) {
	x.report(Finding{Area: area, Name: name, Grade: Good, Detail: fmt.Sprintf(format, args...)})
}

func (x *examination) skipped(area, name, format string, args ...any) {
	x.report(Finding{Area: area, Name: name, Grade: Skipped, Detail: fmt.Sprintf(format, args...)})
}

func (x *examination) warn(area, name, remedy, format string, args ...any) {
	x.report(Finding{Area: area, Name: name, Grade: Warning, Remedy: remedy, Detail: fmt.Sprintf(format, args...)})
}

func (x *examination) failed(area, name, remedy, format string, args ...any) {
	x.report(Finding{Area: area, Name: name, Grade: Failed, Remedy: remedy, Detail: fmt.Sprintf(format, args...)})
}

// kernel probes what the capture needs.
func (x *examination) kernel(context.Context) {
	untried := 0
	for _, f := range redirect.Features() {
		switch {
		case !f.Found && os.Geteuid() != 0 && strings.HasPrefix(f.Detail, "could not be tried"):
			untried++ // one finding says it for all
		case f.Found:
			x.good("kernel", f.Name, "%s", f.Detail)
		case f.Optional:
			x.warn("kernel", f.Name, f.Remedy, "%s", f.Detail)
		default:
			x.failed("kernel", f.Name, f.Remedy, "%s", f.Detail)
		}
	}
	if untried > 0 {
		x.skipped("kernel", "programs and maps", "%d features can be tried by root only", untried)
	}
}

// configuration reads the file.
func (x *examination) configuration(context.Context) {
	const area = "configuration"
	x.config = config.Default()
	cfg, err := config.Load(x.options.Config)
	var missing *config.MissingError
	var problems config.Problems
	switch {
	case errors.As(err, &missing):
		x.failed(area, missing.Path, "write one; `weir run` prints an example", "there is none; the checks below use the defaults")
		return
	case errors.As(err, &problems):
		for _, p := range problems {
			x.failed(area, x.options.Config, "correct the file; docs/configuration.md describes every key", "%s", p)
		}
		return
	case err != nil:
		x.failed(area, x.options.Config, "run this as root", "%v", err)
		return
	}
	x.config = cfg
	x.good(area, x.options.Config, "valid")
	x.checkWritable(area, x.options.Config)
	if x.config.Unmatched == config.UnmatchedObserve {
		x.warn(area, "unmatched", "write policies, then set spec.unmatched: Deny", "Observe: connections that no policy selects are relayed and recorded, and nothing is enforced on them")
	}
	x.ports(area)
}

// ports looks whether the listeners' port can be had.
func (x *examination) ports(area string) {
	if x.config.Capture.Mode != config.CaptureTransparent {
		return
	}
	port := x.config.Capture.ListenerPort
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return
	}
	bounds := strings.Fields(string(text))
	if len(bounds) != 2 {
		return
	}
	low, errLow := strconv.ParseUint(bounds[0], 10, 16)
	high, errHigh := strconv.ParseUint(bounds[1], 10, 16)
	if errLow == nil && errHigh == nil && uint64(port) >= low && uint64(port) <= high {
		x.warn(area, "listener port", fmt.Sprintf("set spec.capture.listenerPort below %d", low),
			"port %d lies in the range %d to %d from which the kernel gives ports to clients, and may be taken when weir starts", port, low, high)
	}
}

// daemon asks the one that runs.
func (x *examination) daemon(ctx context.Context) {
	const area = "daemon"
	socket := x.options.Socket
	if socket == "" {
		socket = x.config.Admin.Socket
	}
	client := console.NewClient(socket)
	defer client.Close()
	health, err := client.Health(ctx)
	switch {
	case errors.Is(err, console.ErrNotRunning):
		x.warn(area, socket, "start it: `systemctl start weir` or `sudo weir run`", "weir is not running")
		return
	case err != nil:
		x.running = true // somebody is there, who does not talk to us
		x.failed(area, socket, "", "%v", err)
		return
	}
	x.running = true
	if health.Version == x.options.Version {
		x.good(area, socket, "weir %s answers", health.Version)
	} else {
		x.warn(area, socket, "restart the daemon with the installed version: `systemctl restart weir`", "the daemon is weir %s, this command %s", health.Version, x.options.Version)
	}
	status, err := client.Status(ctx)
	if err != nil {
		x.failed(area, "status", "look at the daemon's log", "%v", err)
		return
	}
	for _, p := range status.Problems {
		x.failed(area, "problem", "look at `weir status` and at the daemon's log", "%s", p)
	}
	x.patterns(ctx, client)
	if n := len(status.Capture.Unseen); n > 0 {
		x.warn(area, "older connections", "`weir status` lists them; `weir run --destroy-existing` ends them", "%d database connections are older than the capture, and what passes on them is not seen", n)
	}
}

// capture asks the kernel about the programs, and tries a connection.
func (x *examination) capture(ctx context.Context) {
	const area = "capture"
	if x.config.Capture.Mode != config.CaptureTransparent {
		x.skipped(area, "programs", "spec.capture.mode is %s", x.config.Capture.Mode)
		return
	}
	if os.Geteuid() != 0 {
		x.skipped(area, "programs", "looking at programs in the kernel needs root")
		return
	}
	cfg, err := daemon.CaptureConfig(x.config, nil)
	if err != nil {
		x.failed(area, "programs", "", "%v", err)
		return
	}
	hooks, err := redirect.Inspect(cfg)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !x.running:
		x.skipped(area, "programs", "none is installed; weir installs them when it starts")
		x.vacant(area)
		return
	case errors.Is(err, fs.ErrNotExist):
		x.failed(area, "programs", "restart weir: `systemctl restart weir`", "weir runs, but no program of its is in the kernel: %v", err)
	case err != nil:
		x.failed(area, "programs", "", "%v", err)
	}
	for _, h := range hooks {
		x.attached = x.attached || h.Effective
		if h.Problem == "" {
			x.good(area, h.Name, "attached, pinned and run by the kernel")
		} else {
			x.failed(area, h.Name, "restart weir: `systemctl restart weir`", "%s", h.Problem)
		}
	}
	if !x.running {
		x.warn(area, "canary", "start weir, or end the capture with `weir uninstall`", "programs are attached and no daemon serves them: captured connections are refused")
		return
	}
	if err := redirect.Canary(ctx, cfg); err != nil {
		x.failed(area, "canary", "look at the programs above and at the daemon's log", "%v", err)
		return
	}
	x.good(area, "canary", "a connection from a cgroup of its own was caught, and its caller told right")
}

// vacant looks whether somebody else has the listeners' port.
func (x *examination) vacant(area string) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(x.config.Capture.ListenerPort)))
	l, err := net.Listen("tcp4", address)
	if err != nil {
		x.failed(area, "listener port", "find who has it with `ss -ltnp`, or set spec.capture.listenerPort", "%s cannot be had: %v", address, err)
		return
	}
	_ = l.Close() // nobody connected
	x.good(area, "listener port", "%s is free", address)
}
