package redirect

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func dialMPTCP(o order, s *seen) error {
	d := net.Dialer{Timeout: 8 * time.Second}
	d.SetMultipathTCP(true)
	conn, err := d.Dial("tcp", o.Address.String())
	if err != nil {
		return err
	}
	return converse(conn, s)
}

func connectNonblocking(o order, s *seen) error {
	fd, err := stream(o.Address, unix.SOCK_NONBLOCK)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil && err != unix.EINPROGRESS {
		return err
	}
	if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 8000); err != nil {
		return err
	}
	if e, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || e != 0 {
		return errors.Join(err, unix.Errno(e))
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		return err
	}
	return fromSocket(fd, s)
}

func connectFastOpen(o order, s *seen) error {
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	if err := unix.Sendto(fd, []byte("hello"), unix.MSG_FASTOPEN, sockaddr(o.Address)); err != nil {
		return err
	}
	return fromSocket(fd, s)
}

func connectFastOpenOption(o order, s *seen) error {
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_TCP, unix.TCP_FASTOPEN_CONNECT, 1); err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
		return err
	}
	if _, err := unix.Write(fd, []byte("hello")); err != nil {
		return err
	}
	return fromSocket(fd, s)
}

func connectMapped(o order, s *seen) error {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	a := netip.AddrPortFrom(netip.AddrFrom16(o.Address.Addr().As16()), o.Address.Port())
	if err := unix.Connect(fd, sockaddr(a)); err != nil {
		return err
	}
	return fromSocket(fd, s)
}

func connectBound(o order, s *seen) error {
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 9}}); err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
		return err
	}
	return fromSocket(fd, s)
}

// connectAgain uses one socket for two connections, with AF_UNSPEC between.
func connectAgain(o order, s *seen) error {
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
		return err
	}
	unspec := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	if err := rawConnect(fd, &unspec); err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
		return err
	}
	return fromSocket(fd, s)
}

// bindPort tries to take the listener's port.
func bindPort(o order, _ *seen) error {
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1); err != nil {
			return err
		}
	}
	return unix.Bind(fd, sockaddr(o.Address))
}

// listenSqueezed leaves the kernel no choice but the listener's port: the
// namespace's own root may say which ports are ephemeral.
func listenSqueezed(o order, _ *seen) error {
	text := fmt.Sprintf("%d %d", o.Port, o.Port)
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte(text), 0); err != nil {
		return err
	}
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	return unix.Bind(fd, sockaddr(netip.AddrPortFrom(o.Address.Addr(), 0)))
}

// connectReceived connects a socket that is descriptor 3: somebody else made it.
func connectReceived(o order, s *seen) error {
	if err := unix.Connect(3, sockaddr(o.Address)); err != nil {
		return err
	}
	return fromSocket(3, s)
}

// connectAndHold begins Count connections that are never made: Fast Open
// without a cookie, which its own namespace allows, waits for the first write.
func connectAndHold(o order, _ *seen) error {
	if err := os.WriteFile("/proc/sys/net/ipv4/tcp_fastopen", []byte("5"), 0); err != nil {
		return err
	}
	for range o.Count {
		fd, err := stream(o.Address, unix.SOCK_NONBLOCK)
		if err != nil {
			return err
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_TCP, unix.TCP_FASTOPEN_CONNECT, 1); err != nil {
			return err
		}
		if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
			return err
		}
	}
	if o.Wait {
		_, err := os.Stdin.Read(make([]byte, 1))
		return err
	}
	return nil
}

// connectDatagram connects over UDP, from the listener's port.
func connectDatagram(o order, s *seen) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(o.Address.Addr(), o.Port))); err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
		return err
	}
	s.Peer = peerOf(fd)
	return unix.Close(fd)
}

// connectAtOnce leaves no time between socket() and connect(), so that a new
// namespace has no listener yet when the SYN leaves.
func connectAtOnce(o order, s *seen) error {
	fd, err := stream(o.Address, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil {
		return err
	}
	return fromSocket(fd, s)
}

// squatAndConnect listens on the listener's port before the daemon can, by way
// of a port range that holds nothing else, and then connects.
func squatAndConnect(o order, s *seen) error {
	text := fmt.Sprintf("%d %d", o.Port, o.Port)
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte(text), 0); err != nil {
		return err
	}
	squatter, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	// listen() without bind() chooses a port without asking anybody.
	if err := unix.Listen(squatter, 1); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("32768 60999"), 0); err != nil {
		return err
	}
	fd, err := stream(o.Address, unix.SOCK_NONBLOCK)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(o.Address)); err != nil && err != unix.EINPROGRESS {
		return err
	}
	if _, err := unix.Poll([]unix.PollFd{{Fd: int32(squatter), Events: unix.POLLIN}}, 1500); err != nil {
		return err
	}
	if err := unix.SetNonblock(squatter, true); err != nil {
		return err
	}
	if got, _, err := unix.Accept(squatter); err == nil {
		s.Reply = "caught"
		return unix.Close(got)
	}
	return nil
}

// connectMany makes Count connections one after the other, Path of them at a
// time, and says how many were answered.
func connectMany(o order, s *seen) error {
	answered := make(chan error)
	work := make(chan struct{})
	for range 8 {
		go func() {
			for range work {
				var one seen
				err := connectAtOnce(o, &one)
				if err == nil && one.Reply != "weir" {
					err = fmt.Errorf("answer %q", one.Reply)
				}
				answered <- err
			}
		}()
	}
	go func() {
		defer close(work)
		for range o.Count {
			work <- struct{}{}
		}
	}()
	var errs []error
	for range o.Count {
		if err := <-answered; err != nil {
			errs = append(errs, err)
		}
	}
	s.Reply = fmt.Sprint(o.Count - len(errs))
	return errors.Join(errs...)
}
