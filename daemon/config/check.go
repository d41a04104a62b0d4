package config

import (
	"fmt"
	"math"
	"net/netip"
	"path"
	"regexp"
	"strings"
	"time"
)

// maxSocketPath is the length of sun_path (unix(7)) without its final NUL.
const maxSocketPath = 107

// nameForm is what names of listeners and databases look like; the same as in
// policy documents.
var nameForm = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$`)

// pinsForm is what the name of the pins' folder looks like: bpffs allows no dots
// in it.
var pinsForm = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_]{0,63}$`)

// check notes everything that decoding alone does not see.
func (d *decoder) check(c *Config) {
	d.checkPolicies(c)
	d.checkCapture(&c.Capture)
	d.checkListeners(c.Listen)
	if c.Capture.Mode == CaptureOff && len(c.Listen) == 0 {
		d.at("spec.capture.mode", "with capture off and no entry in spec.listen nothing can reach weir: add a listener, or remove this")
	}
	if d.checkNotEmpty("spec.admin.socket", c.Admin.Socket, "every command needs the socket") {
		d.checkSocketPath("spec.admin.socket", c.Admin.Socket)
	}
	d.checkNotEmpty("spec.state", c.State, "the journal must be somewhere")
	if c.Metrics.Listen != "" {
		if a, err := netip.ParseAddrPort(c.Metrics.Listen); err != nil || a.Addr().Zone() != "" {
			d.at("spec.metrics.listen", "%q is not an address: write one with a port, such as 127.0.0.1:9187 or [::]:9187", c.Metrics.Listen)
		}
	}
	d.checkBounds(c)
	d.checkTimeouts(c)
}

func (d *decoder) checkPolicies(c *Config) {
	if len(c.Policies) == 0 && c.Unmatched == UnmatchedDeny {
		d.at("spec.policies", "is empty while unmatched is Deny, so that every connection would be refused: name a file or a folder, or set unmatched: Observe")
	}
	seen := make(map[string]bool)
	for i, p := range c.Policies {
		at := fmt.Sprintf("spec.policies[%d]", i)
		if d.checkNotEmpty(at, p, "name a file or a folder") && seen[path.Clean(p)] {
			d.at(at, "%s is named twice", p)
		}
		seen[path.Clean(p)] = true
	}
}

func (d *decoder) checkCapture(c *Capture) {
	if len(c.Ports) == 0 && c.Mode == CaptureTransparent {
		d.at("spec.capture.ports", "is empty: name the databases' ports, or set capture.mode: Off")
	}
	ports := make(map[uint16]bool)
	for i, p := range c.Ports {
		if ports[p] && p != 0 {
			d.at(fmt.Sprintf("spec.capture.ports[%d]", i), "port %d is named twice", p)
		}
		if p == c.ListenerPort && p != 0 {
			d.at(fmt.Sprintf("spec.capture.ports[%d]", i), "port %d is the port of weir's own listeners: choose another capture.listenerPort to capture it", p)
		}
		ports[p] = true
	}
	networks := make(map[netip.Prefix]bool)
	for _, n := range c.Networks {
		networks[n] = true
	}
	for i, n := range c.Exclude {
		if networks[n] && n.IsValid() {
			d.at(fmt.Sprintf("spec.capture.exclude[%d]", i), "%s is in capture.networks as well", n)
		}
	}
	d.checkBelow("spec.capture.cgroup", c.Cgroup, "the cgroup2 mount")
	if !pinsForm.MatchString(c.Pins) {
		d.at("spec.capture.pins", "%q is not the name of a folder: use letters, digits, \"-\" and \"_\", such as weir", c.Pins)
	}
	groups := make(map[string]bool)
	for i, g := range c.Cgroups {
		at := fmt.Sprintf("spec.capture.cgroups[%d]", i)
		switch {
		case g.Path == "":
			d.at(at+".path", "is missing: name the cgroup, such as path: /system.slice/backup.service")
		case !path.IsAbs(g.Path) || path.Clean(g.Path) != g.Path:
			d.at(at+".path", "%q is not a cgroup's path: write it from the cgroup2 root, such as /system.slice/backup.service", g.Path)
		case groups[g.Path]:
			d.at(at+".path", "%s is named twice", g.Path)
		}
		groups[g.Path] = true
		if g.Action == "" && d.places[at+".action"] == nil {
			d.at(at+".action", "is missing: write one of %s", strings.Join(g.Action.choices(), ", "))
		}
	}
}

// checkBelow refuses a relative path that leaves the folder it stands below.
func (d *decoder) checkBelow(at, value, what string) {
	if value != "" && (path.IsAbs(value) || path.Clean(value) != value || value == ".." || strings.HasPrefix(value, "../")) {
		d.at(at, "%q is not a plain path below %s: write it without a leading or trailing slash and without \"..\"", value, what)
	}
}

func (d *decoder) checkListeners(listeners []Listener) {
	names, addresses := make(map[string]bool), make(map[string]bool)
	for i, l := range listeners {
		at := fmt.Sprintf("spec.listen[%d]", i)
		switch {
		case l.Name == "":
			d.at(at+".name", "is missing: add one, such as name: crm")
		case !nameForm.MatchString(l.Name):
			d.at(at+".name", "%q is not a name: use lower case letters, digits, \"-\" and \".\", at most 63", l.Name)
		case names[l.Name]:
			d.at(at+".name", "%q is the name of another listener", l.Name)
		}
		names[l.Name] = true
		switch {
		case l.Database == "":
			d.at(at+".database", "is missing: name the Database document that its clients are to reach")
		case !nameForm.MatchString(l.Database):
			d.at(at+".database", "%q is not the name of a Database document: use lower case letters, digits, \"-\" and \".\"", l.Database)
		}
		d.checkAddress(at, l)
		if key := string(l.Network) + " " + l.Address; l.Address != "" && !strings.HasSuffix(l.Address, ":0") {
			if addresses[key] {
				d.at(at+".address", "%s is the address of another listener", l.Address)
			}
			addresses[key] = true
		}
	}
}

func (d *decoder) checkAddress(at string, l Listener) {
	if l.Address == "" {
		d.at(at+".address", "is missing: write one, such as 127.0.0.1:6432 or, with network: unix, /run/weir/.s.PGSQL.5432")
		return
	}
	if l.Network == NetworkUnix {
		d.checkSocketPath(at+".address", l.Address)
		return
	}
	if n := d.places[at+".network"]; n != nil && n.Value != string(NetworkTCP) {
		return // a problem already; the address may be right for what was meant
	}
	if l.Mode != 0 {
		d.at(at+".mode", "is for Unix sockets only")
	}
	a, err := netip.ParseAddrPort(l.Address)
	switch {
	case err != nil || a.Addr().Zone() != "":
		d.at(at+".address", "%q is not an address: write one with a port, such as 127.0.0.1:6432 or [::1]:6432", l.Address)
	case !a.Addr().Unmap().IsLoopback():
		d.at(at+".address", "%s is not a loopback address: callers on other hosts cannot be attested, so they are not served", l.Address)
	}
}

func (d *decoder) checkSocketPath(at, socket string) {
	if len(socket) > maxSocketPath {
		d.at(at, "%s is %d bytes long; a Unix socket's path has at most %d", socket, len(socket), maxSocketPath)
	}
}

func (d *decoder) checkNotEmpty(at, value, why string) bool {
	if value == "" {
		d.at(at, "is empty: %s", why)
	}
	return value != ""
}

// checkBounds keeps numbers where the daemon can work with them. A limit that is
// zero or absurd is a typing mistake, and a limit that never limits is worse.
func (d *decoder) checkBounds(c *Config) {
	for _, b := range []struct {
		at               string
		value, low, high int
	}{
		{"spec.parser.workers", c.Parser.Workers, 1, 256},
		{"spec.limits.sessions", c.Limits.Sessions, 1, 1000000},
		{"spec.limits.starting", c.Limits.Starting, 1, 1000000},
		{"spec.keepAlive.count", c.KeepAlive.Count, 1, 127},
		{"spec.limits.approvalsPending", c.Limits.ApprovalsPending, 1, 100000},
	} {
		if b.value < b.low || b.value > b.high {
			d.at(b.at, "%d is out of range: from %d to %d", b.value, b.low, b.high)
		}
	}
	for _, b := range []struct {
		at               string
		value, low, high Size
	}{
		{"spec.parser.memory", c.Parser.Memory, 64 * MiB, 64 * GiB},
		{"spec.parser.maxStatement", c.Parser.MaxStatement, KiB, 64 * MiB},
		{"spec.parser.cache", c.Parser.Cache, 0, 64 * GiB},
		// The lower bound lets a client send what PostgreSQL's own tools send; the
		// upper one is PostgreSQL's (PQ_LARGE_MESSAGE_LIMIT, MaxAllocSize).
		{"spec.limits.message", c.Limits.Message, 64 * KiB, GiB},
		{"spec.limits.large", c.Limits.Large, MiB, math.MaxInt64},
		{"spec.journal.segment", c.Journal.Segment, MiB, GiB},
		{"spec.journal.minFree", c.Journal.MinFree, 0, math.MaxInt64},
	} {
		if b.value < b.low || b.value > b.high {
			d.at(b.at, "%s is out of range: from %s to %s", b.value, b.low, b.high)
		}
	}
	for _, b := range []struct {
		at               string
		value, low, high time.Duration
	}{
		{"spec.parser.deadline", c.Parser.Deadline, 10 * time.Millisecond, time.Minute},
		{"spec.catalog.poll", c.Catalog.Poll, 100 * time.Millisecond, time.Hour},
		{"spec.catalog.refresh", c.Catalog.Refresh, time.Second, 30 * 24 * time.Hour},
		{"spec.catalog.maxAge", c.Catalog.MaxAge, time.Second, 30 * 24 * time.Hour},
		{"spec.journal.retention", c.Journal.Retention, time.Hour, 100 * 366 * 24 * time.Hour},
	} {
		if b.value < b.low || b.value > b.high {
			d.at(b.at, "%s is out of range: from %s to %s", b.value, b.low, b.high)
		}
	}
	for _, longer := range []struct {
		at    string
		value time.Duration
	}{{"spec.catalog.refresh", c.Catalog.Refresh}, {"spec.catalog.maxAge", c.Catalog.MaxAge}} {
		if longer.value < c.Catalog.Poll {
			d.at(longer.at, "%s is less than catalog.poll (%s)", longer.value, c.Catalog.Poll)
		}
	}
	if c.Parser.MaxStatement > c.Limits.Message {
		d.at("spec.parser.maxStatement", "%s is more than limits.message (%s), so no text of that length could arrive", c.Parser.MaxStatement, c.Limits.Message)
	}
}
