//go:build amd64 || arm64

package parser

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The parts of struct seccomp_data that the filter reads.
const (
	dataNumber       = 0
	dataArchitecture = 4
	dataArgument0    = 16 // low half; both architectures are little-endian
)

// closeSystemCalls leaves the process those calls that the Go runtime, the C
// library's allocator and the parser use, on all of its threads. Every other one
// fails with EPERM; one of a foreign architecture kills the process. A new thread
// can be made, a new process cannot.
func closeSystemCalls() error {
	filter := []unix.SockFilter{
		load(dataArchitecture),
		jumpEqual(auditArchitecture, 1, 0),
		result(unix.SECCOMP_RET_KILL_PROCESS),
		load(dataNumber),
		// clone3 hides its flags behind a pointer: the C library then uses clone.
		jumpEqual(unix.SYS_CLONE3, 0, 1),
		result(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)),
		jumpEqual(unix.SYS_CLONE, 0, 4),
		load(dataArgument0),
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: unix.CLONE_THREAD, Jt: 0, Jf: 1},
		result(unix.SECCOMP_RET_ALLOW),
		result(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)),
	}
	filter = append(filter, // the runtime signals its own threads; nobody else's
		jumpEqual(unix.SYS_TGKILL, 0, 4),
		load(dataArgument0),
		jumpEqual(uint32(unix.Getpid()), 0, 1),
		result(unix.SECCOMP_RET_ALLOW),
		result(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)),
	)
	for _, number := range allowedCalls() {
		filter = append(filter, jumpEqual(number, 0, 1), result(unix.SECCOMP_RET_ALLOW))
	}
	filter = append(filter, result(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)))
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("install the filter: %w", errno)
	}
	return nil
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func jumpEqual(value uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jt: yes, Jf: no}
}

func result(action uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
}

func allowedCalls() []uint32 {
	calls := []uint32{
		// the pipes, and the one that the parser puts in place of standard error
		unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_PIPE2, unix.SYS_FCNTL,
		unix.SYS_FSTAT, unix.SYS_PPOLL,
		// memory
		unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MREMAP, unix.SYS_MADVISE, unix.SYS_BRK, unix.SYS_MINCORE,
		// threads, signals, time
		unix.SYS_FUTEX, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_GETTID, unix.SYS_GETPID,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
		unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
		unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY, unix.SYS_RESTART_SYSCALL, unix.SYS_GETRANDOM,
		unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
		unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	}
	return append(calls, architectureCalls()...)
}
