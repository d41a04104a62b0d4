package driver

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// epollPoll takes the events that are there. It does not wait, so it goes past
// Go's scheduler as well.
func epollPoll(epoll int, events []unix.EpollEvent) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	return int(n), errno
}
