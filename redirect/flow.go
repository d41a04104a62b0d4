package redirect

import (
	"net"
	"net/netip"
	"time"
)

// How says on which way a connection reached weir.
type How uint8

const (
	// Captured connections were rewritten by the connect hooks; destination and
	// caller come from the kernel's flow record.
	Captured How = iota
	// Addressed connections were made to an explicit TCP or Unix listener; the
	// caller comes from sock_diag or from peer credentials.
	Addressed
)

// String gives the name used in records: "captured" or "addressed".
func (h How) String() string {
	if h == Addressed {
		return "addressed"
	}
	return "captured"
}

// Caller is the process that called connect(), as the kernel recorded it.
// Nothing in it was said by the client.
type Caller struct {
	CgroupID  uint64        // cgroup2 id (inode) in which the caller ran at connect()
	CreatorID uint64        // cgroup2 id in which the socket was created; differs for a passed descriptor
	PID       int           // thread group id in the host's pid namespace
	StartTime time.Duration // boot time at which the process started (task start_boottime); guards against pid reuse
	UID       uint32        // effective uid in the host's user namespace
	Comm      string        // the thread's name at connect(), for display only
	ExeInode  uint64        // inode of the executable at connect(), 0 when not recorded
	ExeDevice uint64        // device of the executable (kernel encoding), 0 when not recorded
}

// Flow is one accepted connection with what the kernel knows about it.
type Flow struct {
	Conn        net.Conn       // the client's end; *net.TCPConn or *net.UnixConn
	How         How            // captured or addressed
	Listener    string         // name of the explicit listener, "" when captured
	Destination netip.AddrPort // where the caller wanted to go; zero for an explicit listener
	Caller      Caller
	NetnsCookie uint64 // SO_NETNS_COOKIE of the caller's network namespace, 0 when unknown
	// Netns is a path that opens the caller's network namespace
	// (/proc/<pid>/fd/<n> of this process), "" for weir's own.
	Netns string
	Start time.Time // when the connection was accepted
}
