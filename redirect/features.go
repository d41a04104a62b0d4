package redirect

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/redirect/cgroupfs"
)

// Feature is one thing that the capture needs or can use of the host.
type Feature struct {
	Name     string
	Found    bool
	Optional bool   // the capture works without, less well
	Detail   string // what was found, or why not
	Remedy   string // what to do when it is missing
}

// Features probes the host, never by version number: distributions backport.
func Features() []Feature {
	all := []Feature{kernel(), root(), cgroup2(), bpffs(), typeInformation()}
	const newer = "run a newer kernel (6.1 or later is tested, 5.15 is the floor) or one built with CONFIG_CGROUP_BPF"
	for _, t := range []ebpf.ProgramType{ebpf.CGroupSockAddr, ebpf.CGroupSock, ebpf.SockOps, ebpf.CGroupSockopt, ebpf.CGroupSKB} {
		all = append(all, probed("program type "+t.String(), features.HaveProgramType(t), false, newer))
	}
	for _, m := range []ebpf.MapType{ebpf.SkStorage, ebpf.RingBuf, ebpf.SockHash, ebpf.LPMTrie} {
		all = append(all, probed("map type "+m.String(), features.HaveMapType(m), false, newer))
	}
	for _, h := range []struct {
		program ebpf.ProgramType
		helper  asm.BuiltinFunc
	}{
		{ebpf.CGroupSockAddr, asm.FnGetNetnsCookie},
		{ebpf.CGroupSockAddr, asm.FnGetCurrentTaskBtf},
		{ebpf.CGroupSockAddr, asm.FnGetCurrentAncestorCgroupId},
		{ebpf.CGroupSockAddr, asm.FnSkStorageGet},
		{ebpf.CGroupSockAddr, asm.FnSkcToTcpSock},
		{ebpf.SockOps, asm.FnGetNetnsCookie},
		{ebpf.CGroupSockopt, asm.FnSkStorageGet},
	} {
		err := features.HaveProgramHelper(h.program, h.helper)
		all = append(all, probed(fmt.Sprintf("helper %s in %s", h.helper, h.program), err, false, newer))
	}
	all = append(all, probed("helper bpf_set_retval in connect hooks",
		features.HaveProgramHelper(ebpf.CGroupSockAddr, asm.FnSetRetval), true,
		"run Linux 5.18 or later, so that clients get ECONNREFUSED while weir is down; here it is EPERM"))
	return all
}

func probed(name string, err error, optional bool, remedy string) Feature {
	f := Feature{Name: name, Found: err == nil, Optional: optional}
	switch {
	case err == nil:
	case errors.Is(err, ebpf.ErrNotSupported):
		f.Detail, f.Remedy = "not in this kernel", remedy
	default:
		f.Detail, f.Remedy = "could not be tried: "+err.Error(), "run as root with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
	}
	return f
}

func kernel() Feature {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return Feature{Name: "kernel", Detail: err.Error()}
	}
	return Feature{Name: "kernel", Found: true, Detail: unix.ByteSliceToString(u.Release[:])}
}

func root() Feature {
	f := Feature{Name: "root", Found: os.Geteuid() == 0}
	if !f.Found {
		f.Detail, f.Remedy = fmt.Sprintf("uid %d", os.Geteuid()), "run as root"
		return f
	}
	// In a user namespace root is nobody to the kernel's cgroups.
	if m, err := os.ReadFile("/proc/self/uid_map"); err == nil {
		if fields := strings.Fields(string(m)); len(fields) != 3 || fields[2] != "4294967295" {
			f.Found, f.Detail, f.Remedy = false, "root of a user namespace only", "run on the host, or in a container without a user namespace"
		}
	}
	return f
}

func cgroup2() Feature {
	m, err := cgroupfs.Find()
	if err != nil {
		return Feature{Name: "cgroup2", Detail: err.Error(), Remedy: "mount -t cgroup2 none /sys/fs/cgroup"}
	}
	f := Feature{Name: "cgroup2", Found: true, Detail: m.Path}
	if m.Root != "/" {
		f.Detail += fmt.Sprintf(" (only %s of the hierarchy is seen: what runs elsewhere is not captured)", m.Root)
	}
	return f
}

func bpffs() Feature {
	place, err := findBPFFS()
	switch {
	case err != nil:
		return Feature{Name: "bpffs", Detail: err.Error()}
	case place == "":
		return Feature{Name: "bpffs", Optional: true, Detail: "not mounted",
			Remedy: "weir mounts it itself; or: mount -t bpf bpf " + bpffsPlace}
	}
	return Feature{Name: "bpffs", Found: true, Detail: place}
}

func typeInformation() Feature {
	const file = "/sys/kernel/btf/vmlinux"
	if _, err := os.Stat(file); err != nil {
		return Feature{Name: "BTF", Detail: err.Error(), Remedy: "run a kernel built with CONFIG_DEBUG_INFO_BTF"}
	}
	return Feature{Name: "BTF", Found: true, Detail: file}
}
