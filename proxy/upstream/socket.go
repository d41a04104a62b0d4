package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// dialSocket makes a connected socket. The socket is created in the target's
// network namespace and belongs to it from then on; connecting it needs no
// thread in there, so that slow servers cost no threads.
func dialSocket(ctx context.Context, t Target) (net.Conn, error) {
	var (
		fd      int
		address unix.Sockaddr
		err     error
	)
	open := func() (int, error) {
		family := unix.AF_UNIX
		protocol := 0
		if t.Socket != "" {
			address = &unix.SockaddrUnix{Name: t.Socket}
		} else {
			// Plain TCP by name, so that nothing turns it into multipath TCP.
			protocol = unix.IPPROTO_TCP
			if family, address, err = socketAddress(t.Address); err != nil {
				return -1, err
			}
		}
		fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
		if err != nil {
			return -1, os.NewSyscallError("socket", err)
		}
		return fd, nil
	}
	if t.Netns == "" {
		fd, err = open()
	} else {
		fd, err = inNetns(t.Netns, open)
	}
	if err != nil {
		return nil, err
	}
	if t.NetnsCookie != 0 {
		cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
		if err == nil && cookie != t.NetnsCookie {
			err = fmt.Errorf("its cookie is %d, not %d", cookie, t.NetnsCookie)
		}
		if err != nil {
			_ = unix.Close(fd)
			return nil, fmt.Errorf("the network namespace %s is not the caller's any more: %w", t.Netns, err)
		}
	}

	file := os.NewFile(uintptr(fd), t.String())
	defer file.Close()
	if err := connect(ctx, file, address); err != nil {
		return nil, err
	}
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := errors.Join(tcp.SetNoDelay(true), tcp.SetKeepAliveConfig(t.keepAlive())); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

// inNetns runs f on a thread that has entered the network namespace at path. The
// thread is thrown away afterwards, since a thread that failed to leave would
// dial from the wrong place ever after.
func inNetns(path string, f func() (int, error)) (int, error) {
	type result struct {
		fd  int
		err error
	}
	results := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		if unix.Gettid() == unix.Getpid() {
			// But for the main thread, which never ends and would stay in there. While
			// it is held here another goroutine gets another thread.
			defer runtime.UnlockOSThread()
			fd, err := inNetns(path, f)
			results <- result{fd, err}
			return
		}
		fd, err := enterAndRun(path, f)
		results <- result{fd, err}
	}()
	r := <-results
	return r.fd, r.err
}

func enterAndRun(path string, f func() (int, error)) (int, error) {
	ns, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("opening the network namespace %s: %w", path, err)
	}
	defer unix.Close(ns)
	if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
		return -1, fmt.Errorf("entering the network namespace %s: %w", path, err)
	}
	return f()
}

// socketAddress must run in the namespace whose interface a zone names.
func socketAddress(a netip.AddrPort) (family int, address unix.Sockaddr, err error) {
	addr := a.Addr().Unmap()
	if !addr.IsValid() || a.Port() == 0 {
		return 0, nil, fmt.Errorf("the address %s cannot be dialled", a)
	}
	if addr.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(a.Port()), Addr: addr.As4()}, nil
	}
	v6 := &unix.SockaddrInet6{Port: int(a.Port()), Addr: addr.As16()}
	if zone := addr.Zone(); zone != "" {
		if index, err := strconv.ParseUint(zone, 10, 32); err == nil {
			v6.ZoneId = uint32(index)
		} else if device, err := net.InterfaceByName(zone); err == nil {
			v6.ZoneId = uint32(device.Index)
		} else {
			return 0, nil, fmt.Errorf("the zone of %s: %w", a, err)
		}
	}
	return unix.AF_INET6, v6, nil
}

// connect connects a non-blocking socket and waits until it is, or ctx ends.
func connect(ctx context.Context, file *os.File, address unix.Sockaddr) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = file.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		var outcome error
		begun := false
		err := raw.Write(func(fd uintptr) bool {
			if !begun {
				begun = true
				outcome = unix.Connect(int(fd), address)
			} else {
				outcome = connected(int(fd))
			}
			return !errors.Is(outcome, unix.EINPROGRESS)
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		case errors.Is(outcome, unix.EAGAIN):
			// A Unix socket whose backlog is full says so and cannot be waited for.
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(5 * time.Millisecond):
			}
		case outcome != nil:
			return os.NewSyscallError("connect", outcome)
		default:
			return nil
		}
	}
}

// connected says how a connect that was begun ended: nil, why it failed, or
// EINPROGRESS when the wake-up came early.
func connected(fd int) error {
	code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return err
	}
	switch errno := unix.Errno(code); errno {
	case 0:
		if _, err := unix.Getpeername(fd); err != nil {
			return unix.EINPROGRESS
		}
		return nil
	case unix.EALREADY, unix.EINTR:
		return unix.EINPROGRESS
	default:
		return errno
	}
}
