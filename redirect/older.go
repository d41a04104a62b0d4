package redirect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/weirgate/weir/redirect/cgroupfs"
	"github.com/weirgate/weir/redirect/sockdiag"
)

// Older is a connection that would be captured if it were made now: it is older
// than the capture, and weir does not see what passes on it.
type Older struct {
	Local, Remote netip.AddrPort
	CgroupID      uint64 // in which the socket was made
	Cgroup        string // its path, "" when that cgroup is gone
	UID           uint32
	PID           int // a process that holds it, 0 when none is found
}

// Older lists the connections that are older than the capture, in every network
// namespace that a process is in.
func (c *Capture) Older(ctx context.Context) ([]Older, error) {
	var all []Older
	err := c.eachOlder(ctx, func(_ *sockdiag.Conn, s sockdiag.Socket, cgroup string) error {
		o := Older{Local: s.Local, Remote: s.Remote, CgroupID: s.CgroupID, Cgroup: cgroup, UID: s.UID}
		if cgroup != "" {
			if pids, err := cgroupfs.Processes(c.mount.Dir(cgroup)); err == nil {
				o.PID = holder(s.Inode, pids)
			}
		}
		if o.PID == 0 {
			o.PID = holder(s.Inode, everyProcess())
		}
		all = append(all, o)
		return nil
	})
	return all, err
}

// DestroyOlder ends those connections, so that their owners connect again and
// are captured. It gives how many it ended.
func (c *Capture) DestroyOlder(ctx context.Context) (int, error) {
	n := 0
	err := c.eachOlder(ctx, func(d *sockdiag.Conn, s sockdiag.Socket, _ string) error {
		err := d.Destroy(s)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it ended by itself
		}
		if err == nil {
			n++
		}
		return err
	})
	return n, err
}

func (c *Capture) eachOlder(ctx context.Context, do func(*sockdiag.Conn, sockdiag.Socket, string) error) error {
	c.mu.Lock()
	cfg := c.cfg
	c.mu.Unlock()
	cgroups, err := cgroupfs.NewResolver(c.mount)
	if err != nil {
		return err
	}
	defer func() { _ = cgroups.Close() }()
	verdicts, err := c.Cgroups()
	if err != nil {
		return err
	}
	root, err := c.mount.Rel(cfg.CgroupRoot)
	if err != nil {
		return err
	}
	var errs []error
	for _, ns := range namespacePaths() {
		if err := ctx.Err(); err != nil {
			return err
		}
		diag, err := diagIn(ns)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its last process has gone
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		sockets, err := diag.List(sockdiag.Established, sockdiag.SynSent, sockdiag.CloseWait)
		errs = append(errs, err)
		for _, s := range sockets {
			if !slices.Contains(cfg.Ports, s.Remote.Port()) || !captures(cfg.Networks, s.Remote.Addr()) || s.CgroupID == c.own.ID {
				continue
			}
			cgroup, err := cgroups.Path(s.CgroupID)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
				continue
			}
			if err == nil && (!below(cgroup, root) || c.verdictOf(verdicts, cgroup, cfg.Unlisted) == Pass) {
				continue
			}
			errs = append(errs, do(diag, s, cgroup))
		}
		errs = append(errs, diag.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("older connections: %w", err)
	}
	return nil
}

func below(cgroup, root string) bool {
	return root == "/" || cgroup == root || strings.HasPrefix(cgroup, root+"/")
}

// verdictOf does what the programs do: the nearest classified ancestor counts.
func (c *Capture) verdictOf(verdicts map[uint64]Action, cgroup string, unlisted Action) Action {
	for {
		if id, err := cgroupfs.ID(c.mount.Dir(cgroup)); err == nil {
			if a, ok := verdicts[id]; ok {
				return a
			}
		}
		if cgroup == "/" {
			return unlisted
		}
		cgroup = path.Dir(cgroup)
	}
}

// captures does what the programs do: the longest prefix counts.
func captures(networks []Network, a netip.Addr) bool {
	longest, capture := -1, true
	for _, n := range networks {
		if bits := keyOf(n.Prefix).Bits; n.Prefix.Contains(a) && int(bits) > longest {
			longest, capture = int(bits), n.Capture
		}
	}
	return capture
}

// namespacePaths gives one path into each network namespace that has a process.
func namespacePaths() []string {
	all, err := filepath.Glob("/proc/[0-9]*/ns/net")
	if err != nil {
		return nil
	}
	known := map[string]bool{}
	var paths []string
	for _, p := range all {
		if name, err := os.Readlink(p); err == nil && !known[name] {
			known[name] = true
			paths = append(paths, p)
		}
	}
	return paths
}

func diagIn(ns string) (*sockdiag.Conn, error) {
	f, err := os.Open(ns)
	if err != nil {
		return nil, fmt.Errorf("open a network namespace: %w", err)
	}
	defer func() { _ = f.Close() }()
	var diag *sockdiag.Conn
	err = inNamespace(f, func() error {
		diag, err = sockdiag.Open()
		return err
	})
	return diag, err
}

func everyProcess() []int {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var pids []int
	for _, d := range dirs {
		if pid, err := strconv.Atoi(filepath.Base(d)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// holder gives the lowest pid that has the socket open, 0 for none.
func holder(inode uint32, pids []int) int {
	name, found := socketName(inode), 0
	for _, pid := range pids {
		if (found == 0 || pid < found) && pid != os.Getpid() && holds(pid, name) {
			found = pid
		}
	}
	return found
}
