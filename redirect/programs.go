package redirect

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/link"

	"github.com/weirgate/weir/bpf"
)

// hook is one program and the place on a cgroup where it belongs.
type hook struct {
	name    string
	program *ebpf.Program
	attach  ebpf.AttachType
}

// pinnedHooks are those that outlive the daemon. The guards complete a capture,
// the connects begin one, so they are attached after the guards.
func pinnedHooks(o *bpf.CaptureObjects) (guards, connects []hook) {
	guards = []hook{
		{"sock_create", o.WeirSockCreate, ebpf.AttachCGroupInetSockCreate},
		{"sock_release", o.WeirSockRelease, ebpf.AttachCgroupInetSockRelease},
		{"bind4", o.WeirBind4, ebpf.AttachCGroupInet4Bind},
		{"bind6", o.WeirBind6, ebpf.AttachCGroupInet6Bind},
		{"post_bind4", o.WeirPostBind4, ebpf.AttachCGroupInet4PostBind},
		{"post_bind6", o.WeirPostBind6, ebpf.AttachCGroupInet6PostBind},
		{"getpeername4", o.WeirGetpeername4, ebpf.AttachCgroupInet4GetPeername},
		{"getpeername6", o.WeirGetpeername6, ebpf.AttachCgroupInet6GetPeername},
		{"egress", o.WeirEgress, ebpf.AttachCGroupInetEgress},
		{"sockops", o.WeirSockops, ebpf.AttachCGroupSockOps},
	}
	connects = []hook{
		{"connect4", o.WeirConnect4, ebpf.AttachCGroupInet4Connect},
		{"connect6", o.WeirConnect6, ebpf.AttachCGroupInet6Connect},
	}
	return guards, connects
}

// daemonHooks serve the daemon's own sockets. They sit on its cgroup and end
// with it: without a daemon nothing is accepted.
func daemonHooks(o *bpf.CaptureObjects) []hook {
	return []hook{
		{"sockops_accept", o.WeirSockopsAccept, ebpf.AttachCGroupSockOps},
		{"getsockopt", o.WeirGetsockopt, ebpf.AttachCGroupGetsockopt},
	}
}

// loadPrograms loads programs and maps; maps that are pinned already are used
// again, so that verdicts and records survive a restart.
func loadPrograms(p *pins, cfg Config) (*bpf.CaptureObjects, error) {
	spec, err := bpf.LoadCapture()
	if err != nil {
		return nil, fmt.Errorf("read the compiled programs: %w", err)
	}
	spec.Maps[bpf.CaptureMapPending].MaxEntries = cfg.MaxPending
	// Every record was reserved first; the double leaves room for the moment in
	// which a record of an old connection goes and that of a new one comes.
	spec.Maps[bpf.CaptureMapFlows].MaxEntries = 2 * cfg.MaxPending
	if features.HaveProgramHelper(ebpf.CGroupSockAddr, asm.FnSetRetval) == nil {
		if err := spec.Variables["has_set_retval"].Set(uint8(1)); err != nil {
			return nil, fmt.Errorf("set up the programs: %w", err)
		}
	}
	for name, m := range spec.Maps {
		if name[0] != '.' {
			m.Pinning = ebpf.PinByName
		}
	}
	dir := p.maps(spec)
	others, err := p.otherMaps(dir)
	if err != nil {
		return nil, fmt.Errorf("look for older maps: %w", err)
	}
	if len(others) > 0 {
		cfg.Log.Warn("maps of another version are replaced: verdicts and connections on their way are lost",
			"old", others, "new", dir)
	}
	objects, err := loadWith(spec, dir)
	if errors.Is(err, ebpf.ErrMapIncompatible) {
		cfg.Log.Warn("pinned maps have other sizes than configured and are replaced: verdicts and connections on their way are lost",
			"cause", err)
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("replace incompatible maps: %w", err)
		}
		objects, err = loadWith(spec, dir)
	}
	return objects, err
}

func loadWith(spec *ebpf.CollectionSpec, dir string) (*bpf.CaptureObjects, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the folder for maps: %w", err)
	}
	var objects bpf.CaptureObjects
	err := spec.LoadAndAssign(&objects, &ebpf.CollectionOptions{Maps: ebpf.MapOptions{PinPath: dir}})
	if err != nil {
		return nil, fmt.Errorf("load the programs (see `weir doctor`): %w", err)
	}
	return &objects, nil
}

// attachment is a program on a cgroup, with the link open as long as the daemon
// lives.
type attachment struct {
	hook
	link link.Link
}

// attachPinned takes over the pinned link of a hook or makes one. A link that
// hangs on another cgroup than root, or on one that is gone, is replaced: new
// first, then the old one goes.
func attachPinned(h hook, root *os.File, rootID uint64, pin string, log *slog.Logger) (link.Link, error) {
	old, err := link.LoadPinnedLink(pin, nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = nil
	case err != nil:
		log.Warn("a pin that cannot be read is replaced", "pin", pin, "cause", err)
		old = nil
		if err := os.Remove(pin); err != nil {
			return nil, fmt.Errorf("replace pin %s: %w", pin, err)
		}
	}
	if old != nil {
		on, err := linkedCgroup(old)
		if err == nil && on == rootID {
			if err := old.Update(h.program); err != nil {
				return nil, errors.Join(fmt.Errorf("renew %s: %w", h.name, err), old.Close())
			}
			return old, nil
		}
		log.Warn("a link on another cgroup is replaced", "hook", h.name, "cgroup", on, "wanted", rootID)
	}
	l, err := link.AttachRawLink(link.RawLinkOptions{Target: int(root.Fd()), Program: h.program, Attach: h.attach})
	if err != nil {
		return nil, fmt.Errorf("attach %s to %s: %w", h.name, root.Name(), err)
	}
	if old != nil {
		if err := errors.Join(old.Unpin(), old.Detach(), old.Close()); err != nil {
			log.Warn("the old link did not go cleanly", "hook", h.name, "cause", err)
		}
	}
	if err := l.Pin(pin); err != nil {
		return nil, errors.Join(fmt.Errorf("pin %s: %w", h.name, err), l.Close())
	}
	return l, nil
}

// linkedCgroup gives the id of the cgroup that a link hangs on: 0 once that
// cgroup is gone, though the link and its pin are still there.
func linkedCgroup(l link.Link) (uint64, error) {
	info, err := l.Info()
	if err != nil {
		return 0, fmt.Errorf("ask the kernel about a link: %w", err)
	}
	cg := info.Cgroup()
	if cg == nil {
		return 0, errors.New("the link is not on a cgroup")
	}
	return cg.CgroupId, nil
}

// attachOwn puts a program on the daemon's own cgroup.
func attachOwn(h hook, own *os.File) (link.Link, error) {
	l, err := link.AttachRawLink(link.RawLinkOptions{Target: int(own.Fd()), Program: h.program, Attach: h.attach})
	if err != nil {
		return nil, fmt.Errorf("attach %s to the daemon's cgroup %s: %w", h.name, own.Name(), err)
	}
	return l, nil
}
