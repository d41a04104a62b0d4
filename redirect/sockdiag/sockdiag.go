// Package sockdiag asks the kernel, over netlink, which TCP sockets there are,
// whose they are, and ends them.
//
// It knows sock_diag(7). It must not know what is captured or why.
package sockdiag

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// State is a TCP state as include/net/tcp_states.h numbers it.
type State uint8

// The states that this package asks for.
const (
	Established State = 1
	SynSent     State = 2
	CloseWait   State = 8
)

// Socket is one TCP socket of a network namespace.
type Socket struct {
	Family   uint8 // AF_INET or AF_INET6
	State    State
	Local    netip.AddrPort // v4-mapped addresses are given as IPv4
	Remote   netip.AddrPort
	UID      uint32 // of the file system entry, so of whoever made the socket
	Inode    uint32 // the number in "socket:[...]" of /proc/PID/fd; 0 when no process has it
	CgroupID uint64 // cgroup in which the socket was made; 0 when the kernel does not say (before 5.7)

	id [48]byte // struct inet_diag_sockid, with the cookie
}

// Conn asks about one network namespace.
type Conn struct {
	fd  int
	seq uint32
}

// Open asks about the network namespace of the calling thread, also when it is
// used from other threads later. Close it when done.
func Open() (*Conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	// The kernel answers at once; a bound keeps a broken one from hanging us.
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5}); err != nil {
		return nil, errors.Join(fmt.Errorf("open sock_diag: %w", err), unix.Close(fd))
	}
	return &Conn{fd: fd}, nil
}

// Close ends the conversation.
func (c *Conn) Close() error { return unix.Close(c.fd) }

const (
	byFamily = 20 // SOCK_DIAG_BY_FAMILY
	destroy  = 21 // SOCK_DESTROY

	headerSize  = 16 // struct nlmsghdr
	requestSize = 56 // struct inet_diag_req_v2
	answerSize  = 72 // struct inet_diag_msg

	attributeCgroup = 21 // INET_DIAG_CGROUP_ID
)

// List gives the sockets in any of the states.
func (c *Conn) List(states ...State) ([]Socket, error) {
	var mask uint32
	for _, s := range states {
		mask |= 1 << s
	}
	var all []Socket
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		err := c.ask(byFamily, unix.NLM_F_DUMP, family, mask, [48]byte{}, func(s Socket) { all = append(all, s) })
		if err != nil {
			return nil, fmt.Errorf("list sockets: %w", err)
		}
	}
	return all, nil
}

// Find gives the connected socket with these two ends. The error wraps
// fs.ErrNotExist when there is none.
func (c *Conn) Find(local, remote netip.AddrPort) (Socket, error) {
	family := uint8(unix.AF_INET)
	l, r := local.Addr().Unmap(), remote.Addr().Unmap()
	if l.Is6() {
		family = unix.AF_INET6
	}
	if l.Is4() != r.Is4() {
		return Socket{}, fmt.Errorf("find a socket: %s and %s are of two families", local, remote)
	}
	var id [48]byte
	binary.BigEndian.PutUint16(id[0:], local.Port())
	binary.BigEndian.PutUint16(id[2:], remote.Port())
	copy(id[4:20], l.AsSlice())
	copy(id[20:36], r.AsSlice())
	for i := 40; i < 48; i++ {
		id[i] = 0xff // INET_DIAG_NOCOOKIE
	}
	var found []Socket
	err := c.ask(byFamily, 0, family, ^uint32(0), id, func(s Socket) { found = append(found, s) })
	if errors.Is(err, unix.ENOENT) || err == nil && len(found) == 0 {
		return Socket{}, fmt.Errorf("find the socket from %s to %s: %w", local, remote, fs.ErrNotExist)
	}
	if err != nil {
		return Socket{}, fmt.Errorf("find the socket from %s to %s: %w", local, remote, err)
	}
	s := found[0]
	// A listening socket answers for connections that are not there.
	if s.Local != netip.AddrPortFrom(l, local.Port()) || s.Remote != netip.AddrPortFrom(r, remote.Port()) {
		return Socket{}, fmt.Errorf("find the socket from %s to %s: %w", local, remote, fs.ErrNotExist)
	}
	return s, nil
}

// Destroy ends a connection: its owner gets ECONNABORTED, the other side a
// reset. The error wraps fs.ErrNotExist when it has ended already, and
// errors.ErrUnsupported on kernels without CONFIG_INET_DIAG_DESTROY.
func (c *Conn) Destroy(s Socket) error {
	err := c.ask(destroy, unix.NLM_F_ACK, s.Family, 1<<s.State, s.id, func(Socket) {})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOENT):
		err = fs.ErrNotExist
	case errors.Is(err, unix.EOPNOTSUPP):
		err = errors.ErrUnsupported
	}
	return fmt.Errorf("end the connection from %s to %s: %w", s.Local, s.Remote, err)
}

func (c *Conn) ask(kind, flags uint16, family uint8, states uint32, id [48]byte, each func(Socket)) error {
	c.seq++
	b := make([]byte, headerSize+requestSize)
	binary.NativeEndian.PutUint32(b[0:], uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|flags)
	binary.NativeEndian.PutUint32(b[8:], c.seq)
	b[16] = family
	b[17] = unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[20:], states)
	copy(b[24:], id[:])
	if err := unix.Sendto(c.fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(c.fd, buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return os.NewSyscallError("recvfrom", err)
		}
		done, err := c.read(buf[:n], flags, each)
		if done || err != nil {
			return err
		}
	}
}

// read goes through one datagram of answers; done says that it was the last.
func (c *Conn) read(b []byte, flags uint16, each func(Socket)) (done bool, err error) {
	for len(b) >= headerSize {
		size := int(binary.NativeEndian.Uint32(b))
		if size < headerSize || size > len(b) {
			return true, errors.New("the kernel's answer is cut short")
		}
		body := b[headerSize:size]
		seq := binary.NativeEndian.Uint32(b[8:])
		kind := binary.NativeEndian.Uint16(b[4:])
		b = b[min(len(b), (size+3)&^3):]
		if seq != c.seq {
			continue // of an earlier question that was given up
		}
		switch kind {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			if len(body) < 4 {
				return true, errors.New("the kernel's answer is cut short")
			}
			if errno := -int32(binary.NativeEndian.Uint32(body)); errno != 0 {
				return true, unix.Errno(errno)
			}
			return true, nil // an acknowledgement
		default:
			s, err := parse(body)
			if err != nil {
				return true, err
			}
			each(s)
			if flags&unix.NLM_F_DUMP != unix.NLM_F_DUMP {
				return true, nil
			}
		}
	}
	return false, nil
}

// parse reads struct inet_diag_msg and the attributes that follow it.
func parse(b []byte) (Socket, error) {
	if len(b) < answerSize {
		return Socket{}, errors.New("the kernel's answer is cut short")
	}
	s := Socket{
		Family: b[0],
		State:  State(b[1]),
		UID:    binary.NativeEndian.Uint32(b[64:]),
		Inode:  binary.NativeEndian.Uint32(b[68:]),
	}
	copy(s.id[:], b[4:52])
	s.Local = address(s.Family, b[8:24], b[4:6])
	s.Remote = address(s.Family, b[24:40], b[6:8])
	for b = b[answerSize:]; len(b) >= 4; {
		size, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if size < 4 || size > len(b) {
			return Socket{}, errors.New("the kernel's answer is cut short")
		}
		if kind == attributeCgroup && size >= 12 {
			s.CgroupID = binary.NativeEndian.Uint64(b[4:])
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return s, nil
}

func address(family uint8, a, port []byte) netip.AddrPort {
	p := binary.BigEndian.Uint16(port)
	if family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a[:4])), p)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(a[:16])).Unmap(), p)
}
