package driver

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// epollWait takes the events that are there, or come within so many milliseconds,
// past Go's scheduler.
func epollWait(epoll int, events []unix.EpollEvent, milliseconds int) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), uintptr(milliseconds), 0, 0)
	return int(n), errno
}
