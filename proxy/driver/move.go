package driver

import (
	"context"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/proxy/session"
)

// mover moves a connection from its goroutines to an event loop.
type mover struct {
	pair      *pair
	choose    func() *loop    // gives nil where there is none
	ctx       context.Context // ends when weir stops
	halt      func() bool     // takes back the end that a stop of weir would bring
	questions Questions
}

// move hands both sockets over, with what was read from them and not taken yet.
// It reports false, and has changed nothing, when the connection must stay.
func (m *mover) move(server net.Conn, fromClient, fromServer []byte, g *session.Greeting) bool {
	p := m.pair
	if p.client.conn != p.raw || !plain(p.raw) || !plain(server) {
		return false
	}
	to := m.choose()
	if to == nil {
		return false
	}
	c, err := take(p.raw)
	if err != nil {
		return false
	}
	s, err := take(server)
	if err != nil {
		_ = unix.Close(c)
		return false
	}
	if !m.halt() { // weir stops: the end is on its way already
		_ = unix.Close(c)
		_ = unix.Close(s)
		return false
	}
	v := &served{
		Connection: p.Connection, room: p.room, loop: to, ctx: m.ctx, questions: m.questions,
		deadline: time.Now().Add(p.timeout), linger: p.linger,
		client: end{fd: c, in: append([]byte(nil), fromClient...)},
		server: end{fd: s, in: append([]byte(nil), fromServer...)},
	}
	p.mu.Lock()
	p.moved.Store(v)
	p.mu.Unlock()
	// The descriptors are copies: Go's own poller lets go of the sockets here.
	_ = p.raw.Close()
	_ = server.Close()
	to.adopt(v, g)
	return true
}

// plain says whether a connection's bytes are the socket's own.
func plain(c net.Conn) bool {
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// take copies a connection's descriptor. It stays non-blocking.
func take(c net.Conn) (fd int, err error) {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1, err
	}
	copyErr := raw.Control(func(old uintptr) {
		fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 3)
	})
	if copyErr != nil {
		return -1, copyErr
	}
	return fd, err
}
