package redirect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/redirect/cgroupfs"
)

// ListenConfig describes an explicit listener: an address that clients are
// given, instead of being caught on their way.
type ListenConfig struct {
	Name    string // what Flow.Listener says
	Network string // "tcp" or "unix"
	Address string // "127.0.0.1:6432" or "/run/weir/orders.sock"
	// Mode is the permission of a Unix socket, 0666 when 0: who may use it is
	// policy's matter, and every caller is attested.
	Mode fs.FileMode
	// AllowRemote lets "tcp" listen on addresses other than loopback and delivers
	// connections whose process is not on this host, with an empty Caller. Nothing
	// is then known of them but what they say.
	AllowRemote bool
	// Log gets what an operator should know; nil discards.
	Log *slog.Logger
}

// Listener delivers the connections of one explicit listener. It needs no eBPF.
type Listener struct {
	cfg     ListenConfig
	log     *slog.Logger
	inner   net.Listener
	mount   cgroupfs.Mount
	cgroups *cgroupfs.Resolver

	flows   chan Flow
	done    chan struct{}
	once    sync.Once
	failed  error // of Close
	running sync.WaitGroup
	slots   chan struct{} // bounds the attestations at a time
	moving  chan struct{} // bounds those that wait for a socket's next holder
}

// Listen opens an explicit listener. The caller of each connection is taken from
// the kernel: peer credentials on a Unix socket, sock_diag and /proc over TCP.
// Whoever cannot be attested is reset.
func Listen(ctx context.Context, cfg ListenConfig) (*Listener, error) {
	l := &Listener{cfg: cfg, log: cfg.Log, flows: make(chan Flow), done: make(chan struct{}), slots: make(chan struct{}, 2*movingMost), moving: make(chan struct{}, movingMost)}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if err := l.open(ctx); err != nil {
		return nil, fmt.Errorf("listener %q: %w", cfg.Name, err)
	}
	l.running.Go(l.acceptAll)
	return l, nil
}

func (l *Listener) open(ctx context.Context) error {
	var err error
	if l.mount, err = cgroupfs.Find(); err != nil {
		return err
	}
	switch l.cfg.Network {
	case "tcp":
		l.inner, err = listenTCP(ctx, l.cfg)
	case "unix":
		l.inner, err = listenUnix(ctx, l.cfg)
	default:
		return fmt.Errorf("network %q: must be tcp or unix", l.cfg.Network)
	}
	if err != nil {
		return err
	}
	if l.cgroups, err = cgroupfs.NewResolver(l.mount); err != nil {
		return errors.Join(err, l.inner.Close())
	}
	return nil
}

func listenTCP(ctx context.Context, cfg ListenConfig) (net.Listener, error) {
	at, err := netip.ParseAddrPort(cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("address %q: must be an IP address and a port: %w", cfg.Address, err)
	}
	if !at.Addr().Unmap().IsLoopback() && !cfg.AllowRemote {
		return nil, fmt.Errorf("address %s is not loopback: callers from other hosts cannot be attested; "+
			"allow remote callers explicitly, or listen on 127.0.0.1, ::1 or a Unix socket", at)
	}
	var lc net.ListenConfig
	lc.SetMultipathTCP(false) // sock_diag finds plain TCP sockets
	return lc.Listen(ctx, "tcp", at.String())
}

func listenUnix(ctx context.Context, cfg ListenConfig) (net.Listener, error) {
	if err := removeStale(ctx, cfg.Address); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	inner, err := lc.Listen(ctx, "unix", cfg.Address)
	if err != nil {
		return nil, err
	}
	mode := cfg.Mode
	if mode == 0 {
		mode = 0o666
	}
	if err := os.Chmod(cfg.Address, mode); err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	return inner, nil
}

// removeStale removes a socket that a killed daemon left, and nothing else.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is no socket: move it away or choose another path", path)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("%s is in use: is another weir running?", path), conn.Close())
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("look who has %s: %w", path, err)
	}
	return os.Remove(path)
}

// Addr gives the address that clients use.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Accept gives the next attested connection. It returns net.ErrClosed after Close.
func (l *Listener) Accept(ctx context.Context) (Flow, error) {
	select {
	case f := <-l.flows:
		return f, nil
	case <-ctx.Done():
		return Flow{}, ctx.Err()
	case <-l.done:
		return Flow{}, net.ErrClosed
	}
}

func (l *Listener) acceptAll() {
	for {
		conn, err := l.inner.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			l.log.Error("accept", "listener", l.cfg.Name, "cause", err)
			select {
			case <-l.done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		select {
		case l.slots <- struct{}{}:
		case <-l.done:
			reset(conn)
			return
		}
		l.running.Go(func() {
			defer func() { <-l.slots }()
			l.receive(conn)
		})
	}
}

func (l *Listener) receive(conn net.Conn) {
	f := Flow{Conn: conn, How: Addressed, Listener: l.cfg.Name, Start: time.Now()}
	var err error
	switch c := conn.(type) {
	case *net.UnixConn:
		f.Caller, err = l.callerOfUnix(c)
	case *net.TCPConn:
		f.Caller, err = l.callerOfTCP(c)
		if errors.Is(err, errNoPeer) && l.cfg.AllowRemote {
			f.Caller, err = Caller{}, nil
		}
	default:
		err = fmt.Errorf("connection of type %T", conn)
	}
	if err != nil {
		l.log.Warn("a connection that cannot be attested is refused", "listener", l.cfg.Name, "from", conn.RemoteAddr(), "cause", err)
		reset(conn)
		return
	}
	select {
	case l.flows <- f:
	case <-l.done:
		reset(conn)
	}
}

// soPeerPidfd is SO_PEERPIDFD (Linux 6.5).
const soPeerPidfd = 77

// callerOfUnix asks for the credentials that the kernel kept of the connect().
func (l *Listener) callerOfUnix(conn *net.UnixConn) (Caller, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Caller{}, fmt.Errorf("ask who connected: %w", err)
	}
	var cred *unix.Ucred
	var failed error
	pidfd := -1
	err = raw.Control(func(fd uintptr) {
		if cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); failed != nil {
			return
		}
		got, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, soPeerPidfd)
		switch {
		case err == nil:
			pidfd = got
		case errors.Is(err, unix.ENOPROTOOPT):
			// An older kernel: the pid has to do.
		default:
			failed = err // ESRCH or ENODATA: reaped already
		}
	})
	if pidfd >= 0 {
		defer func() { _ = unix.Close(pidfd) }()
	}
	if err := errors.Join(err, failed); err != nil {
		return Caller{}, fmt.Errorf("ask who connected: %w", err)
	}
	c, err := callerByPID(l.mount, int(cred.Pid), pidfd)
	if err != nil {
		return Caller{}, err
	}
	c.UID = cred.Uid // at connect()
	c.CreatorID = c.CgroupID
	return c, nil
}

func (l *Listener) callerOfTCP(conn *net.TCPConn) (Caller, error) {
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	remote, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok || !ok2 {
		return Caller{}, fmt.Errorf("connection between %v and %v", conn.LocalAddr(), conn.RemoteAddr())
	}
	find := func() (Caller, error) {
		return callerBySocket(l.mount, l.cgroups, local.AddrPort(), remote.AddrPort())
	}
	if l.cfg.AllowRemote && !remote.IP.IsLoopback() {
		return find() // most likely of another host: nothing to wait for
	}
	return l.patiently(find)
}

// Close ends the listener; connections not yet fetched by Accept are reset.
func (l *Listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.failed = l.inner.Close()
		l.running.Wait()
		l.failed = errors.Join(l.failed, l.cgroups.Close())
	})
	return l.failed
}
