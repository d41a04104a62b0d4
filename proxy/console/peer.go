package console

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Peer is the process at the other end of a connection to the socket. The kernel
// noted all of it when the peer called connect(2) (unix(7), SO_PEERCRED and
// SO_PEERGROUPS); nothing in it was said by the peer.
type Peer struct {
	PID    int      `json:"pid"` // in weir's own pid namespace, 0 when it is not visible there
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups,omitempty"` // supplementary groups
	User   string   `json:"user,omitempty"`   // the name of UID, "" when it has none

	// LoginUID is the user who logged in, whatever sudo and su made of it since:
	// /proc/PID/loginuid, which only a process with CAP_AUDIT_CONTROL can change.
	// nil when it was never set (a service) or could not be read.
	LoginUID  *uint32 `json:"loginUid,omitempty"`
	LoginUser string  `json:"loginUser,omitempty"`
}

// String names the peer for logs and records: "alice (uid 1000)", and behind sudo
// "root (uid 0), logged in as alice (uid 1000)".
func (p Peer) String() string {
	name := func(user string, uid uint32) string {
		if user == "" {
			return fmt.Sprintf("uid %d", uid)
		}
		return fmt.Sprintf("%s (uid %d)", user, uid)
	}
	s := name(p.User, p.UID)
	if p.LoginUID != nil && *p.LoginUID != p.UID {
		s += ", logged in as " + name(p.LoginUser, *p.LoginUID)
	}
	return s
}

// readPeer asks the kernel who is at the other end.
func readPeer(conn *net.UnixConn) (Peer, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Peer{}, fmt.Errorf("reading the peer's credentials: %w", err)
	}
	var peer Peer
	var inner error
	err = raw.Control(func(fd uintptr) {
		var credentials *unix.Ucred
		if credentials, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); inner != nil {
			return
		}
		peer = Peer{PID: int(credentials.Pid), UID: credentials.Uid, GID: credentials.Gid}
		if peer.Groups, inner = peerGroups(int(fd)); inner != nil {
			return
		}
		peer.readLogin(int(fd))
	})
	if err = errors.Join(err, inner); err != nil {
		return Peer{}, fmt.Errorf("reading the peer's credentials: %w", err)
	}
	peer.User = userName(peer.UID)
	return peer, nil
}

// peerGroups reads SO_PEERGROUPS (Linux 4.13), for which x/sys has no wrapper.
func peerGroups(fd int) ([]uint32, error) {
	const word = uint32(unsafe.Sizeof(uint32(0)))
	groups := make([]uint32, 32)
	for {
		size := uint32(len(groups)) * word
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return groups[:size/word], nil
		case errno == unix.ERANGE && int(size/word) > len(groups):
			groups = make([]uint32, size/word) // the kernel said how many there are
		default:
			return nil, fmt.Errorf("its supplementary groups: %w", errno)
		}
	}
}

// readLogin fills in LoginUID. /proc is read by pid, so a pidfd must show that
// the process was still the peer afterwards.
func (p *Peer) readLogin(fd int) {
	pidfd, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PEERPIDFD) // Linux 6.5
	if err != nil {
		// Before that the pid may have been reused since connect(2); the same
		// uid on the process found makes a confusion harmless.
		if pidfd, err = unix.PidfdOpen(p.PID, 0); err != nil {
			return
		}
		var status unix.Stat_t
		if unix.Stat(procPath(p.PID, ""), &status) != nil || status.Uid != p.UID {
			_ = unix.Close(pidfd)
			return
		}
	}
	defer func() { _ = unix.Close(pidfd) }()
	text, err := os.ReadFile(procPath(p.PID, "loginuid"))
	if err != nil || unix.PidfdSendSignal(pidfd, 0, nil, 0) != nil {
		return
	}
	uid, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	const unset = 1<<32 - 1
	if err != nil || uid == unset {
		return
	}
	login := uint32(uid)
	p.LoginUID, p.LoginUser = &login, userName(login)
}

func procPath(pid int, file string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), file)
}

func userName(uid uint32) string {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return ""
	}
	return u.Username
}

// access says who may use the socket.
type access struct {
	own   uint32  // the uid of this process: it could read everything anyhow
	group *uint32 // nil for none
	name  string  // of the group, for errors
}

func (a access) allows(p Peer) bool {
	if p.UID == 0 || p.UID == a.own {
		return true
	}
	return a.group != nil && (p.GID == *a.group || slices.Contains(p.Groups, *a.group))
}

func (a access) hint() string {
	if a.group == nil {
		return "use sudo, or name a group in spec.admin.group of weir's configuration and join it"
	}
	return fmt.Sprintf("use sudo, or join the group %q and log in again", a.name)
}

// resolveGroup finds a group by name or number.
func resolveGroup(name string) (*uint32, error) {
	if name == "" {
		return nil, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		if g, err = user.LookupGroupId(name); err != nil {
			return nil, fmt.Errorf("spec.admin.group: there is no group %q on this host: create it with `groupadd --system %s`, or remove the setting", name, name)
		}
	}
	gid, err := strconv.ParseUint(g.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("spec.admin.group: group %q has the id %q, which is no number", name, g.Gid)
	}
	id := uint32(gid)
	return &id, nil
}
