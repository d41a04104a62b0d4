package redirect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/weirgate/weir/bpf"
	"github.com/weirgate/weir/redirect/cgroupfs"
)

// Uninstall detaches every program of an installation and removes its pins and
// the cgroup of its daemon. Connections are then no longer captured. Only Name
// and BPFFS of cfg count. It is refused while a daemon runs; where nothing is
// installed it does nothing. A bpffs that weir mounted stays mounted.
func Uninstall(cfg Config) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return fmt.Errorf("uninstall: %w", err)
	}
	if cfg.BPFFS == "" {
		if cfg.BPFFS, err = findBPFFS(); err != nil {
			return fmt.Errorf("uninstall: %w", err)
		}
		if cfg.BPFFS == "" {
			return nil
		}
	}
	p, err := existingPins(cfg.BPFFS, cfg.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("uninstall (stop the daemon first): %w", err)
	}
	err = errors.Join(p.detachAll(), p.removeDaemonCgroup(cfg.Name+".daemon"))
	if err == nil {
		err = os.RemoveAll(p.dir)
	}
	if err := errors.Join(err, p.release()); err != nil {
		return fmt.Errorf("uninstall: %w", err)
	}
	return nil
}

// detachAll ends the links; the connect hooks go first, so that nothing is
// captured that could not be completed.
func (p *pins) detachAll() error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return fmt.Errorf("list the pins: %w", err)
	}
	var first, rest []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "link_connect"):
			first = append(first, e.Name())
		case strings.HasPrefix(e.Name(), "link_"):
			rest = append(rest, e.Name())
		}
	}
	var errs []error
	for _, name := range append(first, rest...) {
		errs = append(errs, detachPinned(filepath.Join(p.dir, name)))
	}
	return errors.Join(errs...)
}

func detachPinned(pin string) error {
	l, err := link.LoadPinnedLink(pin, nil)
	if err != nil {
		return fmt.Errorf("open pin %s: %w", pin, err)
	}
	if err := errors.Join(l.Detach(), l.Unpin(), l.Close()); err != nil {
		return fmt.Errorf("detach %s: %w", pin, err)
	}
	return nil
}

// removeDaemonCgroup removes the leaf that TakeOwn made for a daemon that was
// killed; the maps remember it.
func (p *pins) removeDaemonCgroup(name string) error {
	found, err := filepath.Glob(filepath.Join(p.dir, "maps_*", bpf.CaptureMapDaemonSettings))
	if err != nil || len(found) == 0 {
		return err
	}
	mount, err := cgroupfs.Find()
	if err != nil {
		return err
	}
	r, err := cgroupfs.NewResolver(mount)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	var errs []error
	for _, pin := range found {
		id, err := daemonOf(pin)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		dir, err := r.Path(id)
		if err != nil || filepath.Base(dir) != name {
			continue // gone, or a cgroup that somebody else made
		}
		if err := os.Remove(mount.Dir(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove the daemon's cgroup: %w", err))
		}
	}
	return errors.Join(errs...)
}

func daemonOf(pin string) (uint64, error) {
	m, err := ebpf.LoadPinnedMap(pin, nil)
	if err != nil {
		return 0, fmt.Errorf("open pin %s: %w", pin, err)
	}
	defer func() { _ = m.Close() }()
	var s bpf.CaptureSettings
	if err := m.Lookup(uint32(0), &s); err != nil {
		return 0, fmt.Errorf("read %s: %w", pin, err)
	}
	return s.Daemon, nil
}
