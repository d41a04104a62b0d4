//go:build race

package driver

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// The race detector takes what goes through a socket for an order of events only
// where the system calls of the package syscall are used, as the package net does.

// recv reads what is there.
func recv(fd int, p []byte) (int, unix.Errno) {
	n, err := syscall.Read(fd, p)
	return max(n, 0), errno(err)
}

// send writes what there is room for.
func send(fd int, p []byte) (int, unix.Errno) {
	n, err := syscall.Write(fd, p)
	return max(n, 0), errno(err)
}

func errno(err error) unix.Errno {
	var e unix.Errno
	if errors.As(err, &e) {
		return e
	}
	return 0
}
