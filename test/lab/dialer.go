package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dialerName is what a program finds as its own name when it is to be a dialer.
const dialerName = "weir-lab-dialer"

// Dialer is a process in a cgroup, under a user, in a network namespace, that
// connects on behalf of the test and hands the connected socket over. For the
// kernel the connection is that process's: so a test can hold a captured
// connection without being captured itself.
//
// A program that uses it must call BecomeDialer before anything else.
type Dialer struct {
	PID     int
	process *Process

	mu   sync.Mutex // one question at a time
	conn *net.UnixConn
}

type dialRequest struct {
	Network string
	Address string
	Release int // handle of a connection to close, 0 for none
}

type dialReply struct {
	Handle int // of the copy that the process keeps, not 0
	Errno  int
	Error  string
}

// dialed is a connection of which the dialer holds a copy, so that the kernel can
// tell whose it is; both are closed together.
type dialed struct {
	net.Conn
	release func()
	once    sync.Once
}

// Close closes both copies.
func (c *dialed) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.release)
	return err
}

// Dialer starts a process of the given user (nil: the caller), in the given cgroup
// and namespace (nil: the caller's).
func (l *Lab) Dialer(cgroup *Cgroup, user *User, netns *Netns) (*Dialer, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "dialer"), os.NewFile(uintptr(pair[1]), "test")
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, err
	}
	process, err := l.Start(Command{
		// The link is followed by the new process, whoever it is, without walking
		// through folders that it may not enter.
		Path: "/proc/self/exe", Argv0: dialerName, Dir: "/", User: user, Cgroup: cgroup, Netns: netns,
		Files: []*os.File{theirs}, Stderr: os.Stderr,
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	d := &Dialer{PID: process.PID, process: process, conn: conn.(*net.UnixConn)}
	l.Defer(d.Close)
	return d, nil
}

// Close ends the process; connections that it made live on with their holders.
func (d *Dialer) Close() error {
	err := d.conn.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, d.process.Stop(syscall.SIGTERM, time.Second))
}

// Dial connects as the process. The error, where the kernel gave one, is its
// syscall.Errno wrapped.
func (d *Dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(30 * time.Second)
	}
	reply, rights, err := d.ask(dialRequest{Network: network, Address: address}, deadline)
	if err != nil {
		return nil, err
	}
	if reply.Errno != 0 {
		return nil, fmt.Errorf("dial %s as pid %d: %w", address, d.PID, syscall.Errno(reply.Errno))
	}
	if reply.Error != "" {
		return nil, fmt.Errorf("dial %s as pid %d: %s", address, d.PID, reply.Error)
	}
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(messages) == 0 {
		return nil, fmt.Errorf("the dialer sent no socket: %w", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil, fmt.Errorf("the dialer sent no socket: %w", err)
	}
	unix.CloseOnExec(fds[0])
	f := os.NewFile(uintptr(fds[0]), address)
	defer func() { _ = f.Close() }()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return &dialed{Conn: conn, release: func() { d.release(reply.Handle) }}, nil
}

// ask sends a request and reads the reply and what came along with it.
func (d *Dialer) ask(request dialRequest, deadline time.Time) (dialReply, []byte, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return dialReply{}, nil, err
	}
	if err := d.conn.SetDeadline(deadline); err != nil {
		return dialReply{}, nil, err
	}
	if _, err := d.conn.Write(text); err != nil {
		return dialReply{}, nil, fmt.Errorf("ask the dialer: %w", err)
	}
	body, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	n, rn, _, _, err := d.conn.ReadMsgUnix(body, rights)
	if err != nil {
		return dialReply{}, nil, fmt.Errorf("read the dialer's answer: %w", err)
	}
	var reply dialReply
	if err := json.Unmarshal(body[:n], &reply); err != nil {
		return dialReply{}, nil, fmt.Errorf("read the dialer's answer: %w", err)
	}
	return reply, rights[:rn], nil
}

// release has the process close its copy; a process that is gone has done so.
func (d *Dialer) release(handle int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _, _ = d.ask(dialRequest{Release: handle}, time.Now().Add(5*time.Second))
}

// BecomeDialer does not return in a process that was started as a dialer. Call it
// first in main or TestMain.
func BecomeDialer() {
	if os.Args[0] != dialerName {
		return
	}
	kept := map[int]net.Conn{}
	for {
		body := make([]byte, 4096)
		n, err := unix.Read(3, body)
		if err != nil || n == 0 {
			os.Exit(0)
		}
		reply, rights := dialFor(body[:n], kept)
		text, err := json.Marshal(reply)
		if err != nil {
			os.Exit(1)
		}
		if err := unix.Sendmsg(3, text, rights, nil, 0); err != nil {
			os.Exit(1)
		}
	}
}

func dialFor(body []byte, kept map[int]net.Conn) (dialReply, []byte) {
	var request dialRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return dialReply{Error: err.Error()}, nil
	}
	if c, ok := kept[request.Release]; ok {
		_ = c.Close()
		delete(kept, request.Release)
	}
	if request.Network == "" {
		return dialReply{}, nil
	}
	conn, err := (&net.Dialer{Timeout: 20 * time.Second}).Dial(request.Network, request.Address)
	if err != nil {
		var errno syscall.Errno
		errors.As(err, &errno)
		return dialReply{Errno: int(errno), Error: err.Error()}, nil
	}
	// The socket keeps its descriptor: while it moved to another one, whoever looks for
	// its process in /proc could find it in neither.
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return dialReply{Error: err.Error()}, nil
	}
	var handle int
	if err := raw.Control(func(fd uintptr) { handle = int(fd) }); err != nil {
		return dialReply{Error: err.Error()}, nil
	}
	kept[handle] = conn
	return dialReply{Handle: handle}, unix.UnixRights(handle)
}
