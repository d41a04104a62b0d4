package lab

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// Missing says what this machine lacks for transparent capture, each with what to
// do about it; nothing when all is there. It is a first look: `weir doctor` knows
// better, but needs a weir.
func Missing() []string {
	var list []string
	root := os.Geteuid() == 0
	if !root {
		list = append(list, "root: attaching programs to cgroups needs it. Run the same command with sudo.")
	}
	if _, err := CgroupRoot(); err != nil {
		list = append(list, "cgroup2: none is mounted. With systemd: boot with systemd.unified_cgroup_hierarchy=1; "+
			"otherwise: mount -t cgroup2 none /sys/fs/cgroup/unified. In a container: run on the host.")
	} else if root && !cgroupWritable() {
		list = append(list, "cgroup2: it is mounted read-only here, as in most containers. Run on the host.")
	}
	if !root {
		return list // the kernel answers EPERM to every question below
	}
	_ = rlimit.RemoveMemlock() // before 5.11 maps count against it; failing shows below
	for _, p := range []struct {
		kind ebpf.ProgramType
		what string
	}{
		{ebpf.CGroupSock, "programs at socket creation"},
		{ebpf.CGroupSockAddr, "programs at connect()"},
		{ebpf.SockOps, "programs at connection establishment"},
		{ebpf.CGroupSockopt, "programs at getsockopt()"},
	} {
		switch err := features.HaveProgramType(p.kind); {
		case err == nil:
		case errors.Is(err, ebpf.ErrNotSupported):
			list = append(list, fmt.Sprintf("eBPF: the kernel (%s) has no %s. weir needs 5.15 or newer with CONFIG_CGROUP_BPF.", Kernel(), p.what))
		default:
			return append(list, fmt.Sprintf("eBPF: the kernel does not let root load programs (%v). In a container or under lockdown: run on the host.", err))
		}
	}
	return list
}

func cgroupWritable() bool {
	root, err := CgroupRoot()
	return err == nil && unix.Access(root, unix.W_OK) == nil
}

// Kernel is the version of the running kernel, as uname says it.
func Kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown version"
	}
	return unix.ByteSliceToString(u.Release[:])
}
