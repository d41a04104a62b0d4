package driver

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watchEvery is how often it is looked whether a client is still there while a
// server does not take its bytes.
const watchEvery = 2 * time.Second

// watch closes the connection of a client that is gone while its goroutine waits
// for the server to take bytes: nobody reads the client then, who would notice.
type watch struct {
	client  net.Conn
	closes  func()
	timer   *time.Timer
	waiting atomic.Bool
}

// begins is called before a write to the server.
func (w *watch) begins() {
	w.waiting.Store(true)
	if w.timer == nil {
		w.timer = time.AfterFunc(watchEvery, w.look)
		return
	}
	w.timer.Reset(watchEvery)
}

// ends is called when the write has ended.
func (w *watch) ends() {
	w.waiting.Store(false)
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w *watch) look() {
	switch {
	case !w.waiting.Load():
	case gone(w.client):
		w.closes()
	default:
		w.timer.Reset(watchEvery)
	}
}

// gone says whether the other end of a connection has reset it, or is out of
// reach. One that has only ended its half is not gone.
func gone(conn net.Conn) bool {
	s, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return true
	}
	found := false
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(fds, 0)
		found = err == nil && n > 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
	})
	return found || err != nil
}
