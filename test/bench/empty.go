package main

import (
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"

	"github.com/weirgate/weir/test/lab"
)

// emptied is a cgroup with programs that do nothing where weir has its own: what the
// kernel takes to run any at all.
const emptied = "where empty programs are attached"

// emptyPrograms makes such a cgroup, beside those that weir captures, and gives the
// programs by the names of weir's.
func emptyPrograms(l *lab.Lab) (*lab.Cgroup, map[string]*ebpf.Program, error) {
	root, err := l.RootCgroup()
	if err != nil {
		return nil, nil, err
	}
	cg := &lab.Cgroup{Path: root.Path + "-empty", Name: root.Name + "-empty"}
	if err := os.Mkdir(cg.Path, 0o755); err != nil {
		return nil, nil, fmt.Errorf("make a cgroup: %w", err)
	}
	l.Defer(func() error { return os.Remove(cg.Path) })
	dir, err := os.Open(cg.Path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = dir.Close() }()
	programs := make(map[string]*ebpf.Program)
	for _, at := range []struct {
		name    string
		hook    ebpf.AttachType
		program ebpf.ProgramType
	}{
		{"sock_create", ebpf.AttachCGroupInetSockCreate, ebpf.CGroupSock},
		{"connect4", ebpf.AttachCGroupInet4Connect, ebpf.CGroupSockAddr},
		{"sockops", ebpf.AttachCGroupSockOps, ebpf.SockOps},
		{"egress", ebpf.AttachCGroupInetEgress, ebpf.CGroupSKB},
		{"getpeername4", ebpf.AttachCgroupInet4GetPeername, ebpf.CGroupSockAddr},
		{"sock_release", ebpf.AttachCgroupInetSockRelease, ebpf.CGroupSock},
	} {
		programs[at.name], err = attachEmpty(l, dir, at.hook, at.program)
		if err != nil {
			return nil, nil, fmt.Errorf("attach an empty program to %s: %w", at.hook, err)
		}
	}
	return cg, programs, nil
}

func attachEmpty(l *lab.Lab, cgroup *os.File, hook ebpf.AttachType, kind ebpf.ProgramType) (*ebpf.Program, error) {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: kind, AttachType: hook, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()}})
	if err != nil {
		return nil, err
	}
	l.Defer(p.Close)
	a, err := link.AttachRawLink(link.RawLinkOptions{Target: int(cgroup.Fd()), Program: p, Attach: hook})
	if err != nil {
		return nil, err
	}
	l.Defer(a.Close)
	return p, nil
}
