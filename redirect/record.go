package redirect

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/bpf"
)

// The private socket option that answers the whole flow record of an accepted
// socket; see weir_getsockopt in bpf/capture.c.
const (
	solWeir  = 0x77656972
	weirFlow = 1
)

// errStray is returned for a connection that no captured connect() announced:
// somebody dialled the listener.
var errStray = errors.New("connection without a record")

// readRecord asks the kernel for the record of a socket just accepted.
func readRecord(conn syscall.Conn) (bpf.CaptureFlow, error) {
	var record bpf.CaptureFlow
	raw, err := conn.SyscallConn()
	if err != nil {
		return record, fmt.Errorf("read a flow record: %w", err)
	}
	var errno unix.Errno
	size := uint32(unsafe.Sizeof(record))
	err = raw.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, solWeir, weirFlow,
			uintptr(unsafe.Pointer(&record)), uintptr(unsafe.Pointer(&size)), 0)
	})
	switch {
	case err != nil:
		return record, fmt.Errorf("read a flow record: %w", err)
	case errno == unix.ENOPROTOOPT || errno == unix.EOPNOTSUPP || errno == unix.EINVAL:
		return record, errStray
	case errno != 0:
		return record, fmt.Errorf("read a flow record: %w", errno)
	case size != uint32(unsafe.Sizeof(record)):
		return record, fmt.Errorf("read a flow record: got %d bytes of %d", size, unsafe.Sizeof(record))
	}
	return record, nil
}

// callerOf translates what the kernel wrote.
func callerOf(r *bpf.CaptureFlow) Caller {
	return Caller{
		CgroupID:  r.Cgroup,
		CreatorID: r.Creator,
		PID:       int(r.Tgid),
		StartTime: time.Duration(r.Started),
		UID:       r.Uid,
		Comm:      text(r.Comm),
		ExeInode:  r.ExeInode,
		ExeDevice: uint64(r.ExeDevice),
	}
}

func destinationOf(r *bpf.CaptureFlow) netip.AddrPort { return addrPort(r.Address, r.Port) }

// reset ends a connection with RST, so that the other side sees a refusal and
// not an orderly end.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // the close that follows ends it in any case
	}
	_ = conn.Close()
}
