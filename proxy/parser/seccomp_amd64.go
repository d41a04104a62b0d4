package parser

import "golang.org/x/sys/unix"

const auditArchitecture = unix.AUDIT_ARCH_X86_64

// architectureCalls are the older forms of calls that amd64 still has. A number of
// the x32 ABI is none of the listed ones.
func architectureCalls() []uint32 {
	return []uint32{
		unix.SYS_PIPE, unix.SYS_DUP2, unix.SYS_EPOLL_CREATE, unix.SYS_EPOLL_WAIT, unix.SYS_ARCH_PRCTL, unix.SYS_TIME,
	}
}
