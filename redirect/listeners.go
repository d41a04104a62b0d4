package redirect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/bpf"
)

// namespace is a network namespace with listeners of ours in it. They keep it
// alive, so it has to be left when nobody else uses it.
type namespace struct {
	cookie    uint64
	inode     uint64
	file      *os.File // nil for weir's own
	listeners []*net.TCPListener
	idle      bool // nobody was in it at the last look
}

// path is what Flow.Netns says.
func (n *namespace) path() string {
	if n.file == nil {
		return ""
	}
	return "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/" + strconv.Itoa(int(n.file.Fd()))
}

// keepFile is how long a namespace's file stays open after its listeners are
// gone: a session that was accepted before may still want to dial from there.
const keepFile = time.Minute

// serve makes listeners in the namespace with the cookie, if there are none
// yet, and tells the programs. file is nil for weir's own; it is kept or closed.
func (c *Capture) serve(cookie uint64, file *os.File) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ns := &namespace{cookie: cookie, file: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, ns.close())
		}
	}()
	if c.closed {
		return net.ErrClosed
	}
	if _, known := c.namespaces[cookie]; known {
		return ns.close()
	}
	if err := ns.listen(c.cfg.ListenerPort); err != nil {
		return err
	}
	for _, l := range ns.listeners {
		if err := c.publish(cookie, familyOf(l), l); err != nil {
			return err
		}
	}
	state := bpf.CaptureNamespaceState{Served: 1}
	if err := c.objects.Namespaces.Update(cookie, &state, ebpf.UpdateAny); err != nil {
		c.log.Debug("a served namespace could not be noted", "namespace", cookie, "cause", err)
	}
	c.namespaces[cookie] = ns
	for _, l := range ns.listeners {
		c.running.Go(func() { c.acceptFrom(ns, l) })
	}
	return nil
}

// publish gives a listening socket to the programs. It leaves their map by
// itself when it is closed.
func (c *Capture) publish(cookie uint64, family uint32, l syscall.Conn) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return fmt.Errorf("publish a listener: %w", err)
	}
	var update error
	err = raw.Control(func(fd uintptr) {
		key := bpf.CaptureListenerKey{Netns: cookie, Family: family}
		update = c.objects.Listeners.Update(&key, uint64(fd), ebpf.UpdateAny)
	})
	if err := errors.Join(err, update); err != nil {
		return fmt.Errorf("publish a listener: %w", err)
	}
	return nil
}

func familyOf(l *net.TCPListener) uint32 {
	if a, ok := l.Addr().(*net.TCPAddr); ok && a.IP.To4() == nil {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// listen makes the listeners. A namespace without IPv6 gets one for IPv4 only:
// there is nothing to catch on the other.
func (n *namespace) listen(port uint16) error {
	open := func() error {
		if err := loopbackUp(); err != nil {
			return err
		}
		four, err := listenLoopback("tcp4", netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port))
		if err != nil {
			return err
		}
		n.listeners = append(n.listeners, four)
		six, err := listenLoopback("tcp6", netip.AddrPortFrom(netip.IPv6Loopback(), port))
		switch {
		case err == nil:
			n.listeners = append(n.listeners, six)
		case !errors.Is(err, unix.EADDRNOTAVAIL) && !errors.Is(err, unix.EAFNOSUPPORT):
			return err
		}
		return nil
	}
	if n.file == nil {
		return open()
	}
	var err error
	if n.inode, err = inode(n.file); err != nil {
		return err
	}
	return inNamespace(n.file, open)
}

// listenLoopback makes the socket on the calling thread, so in its namespace.
func listenLoopback(network string, at netip.AddrPort) (*net.TCPListener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false) // the kernel's socket maps refuse MPTCP
	l, err := lc.Listen(context.Background(), network, at.String())
	if err != nil {
		if errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("somebody else has the listener's port (find out with `ss -ltnp`): %w", err)
		}
		return nil, err
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("listener of type %T", l), l.Close())
	}
	return tcp, nil
}

func (n *namespace) close() error {
	var errs []error
	for _, l := range n.listeners {
		errs = append(errs, l.Close())
	}
	if n.file != nil {
		errs = append(errs, n.file.Close())
	}
	return errors.Join(errs...)
}

// acceptFrom delivers what one listener accepts until it is closed.
func (c *Capture) acceptFrom(ns *namespace, l *net.TCPListener) {
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of descriptors or memory: the connection stays in the queue.
			c.log.Error("accept", "namespace", ns.cookie, "cause", err)
			select {
			case <-c.done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		c.receive(ns, conn)
	}
}

func (c *Capture) receive(ns *namespace, conn *net.TCPConn) {
	record, err := readRecord(conn)
	if err != nil {
		if errors.Is(err, errStray) {
			c.log.Debug("somebody dialled the listener itself; reset", "from", conn.RemoteAddr(), "namespace", ns.cookie)
		} else {
			c.log.Error("a captured connection is reset", "cause", err)
		}
		reset(conn)
		return
	}
	f := Flow{
		Conn:        conn,
		How:         Captured,
		Destination: destinationOf(&record),
		Caller:      callerOf(&record),
		NetnsCookie: record.Netns,
		Netns:       ns.path(),
		Start:       time.Now(),
	}
	if f.Destination.Addr() == canaryAddress {
		c.running.Go(func() { answerCanary(f) })
		return
	}
	c.deliver(f)
}

// deliver hands a flow to Accept; a listener waits meanwhile, so that what
// cannot be handled yet queues up in the kernel, bounded.
func (c *Capture) deliver(f Flow) {
	select {
	case c.flows <- f:
	case <-c.done:
		reset(f.Conn)
	}
}

// drop closes a namespace's listeners. Whoever connects from there later asks
// again.
func (c *Capture) drop(ns *namespace) {
	c.mu.Lock()
	if c.namespaces[ns.cookie] != ns {
		c.mu.Unlock()
		return
	}
	delete(c.namespaces, ns.cookie)
	c.mu.Unlock()
	for _, l := range ns.listeners {
		_ = l.Close() // nothing is buffered in a listener that could be lost
	}
	if err := c.objects.Namespaces.Delete(ns.cookie); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		c.log.Debug("a namespace could not be forgotten", "namespace", ns.cookie, "cause", err)
	}
	if ns.file != nil {
		c.running.Go(func() {
			select {
			case <-c.done:
			case <-time.After(keepFile):
			}
			_ = ns.file.Close()
		})
	}
}
