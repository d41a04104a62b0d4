package redirect

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/redirect/cgroupfs"
	"github.com/weirgate/weir/redirect/sockdiag"
)

// errNoPeer says that whoever connected is not found: it has ended, or it is in
// another network namespace or on another host.
var errNoPeer = errors.New("the process that connected is not found on this host")

// callerByPID describes a process that lives. Where pidfd is given (not -1), it
// must be that process's: the pid then cannot belong to another one.
func callerByPID(m cgroupfs.Mount, pid, pidfd int) (Caller, error) {
	if pid <= 0 {
		return Caller{}, fmt.Errorf("its pid is not seen from this pid namespace: %w", errNoPeer)
	}
	if pidfd < 0 {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			return Caller{}, fmt.Errorf("process %d: %w", pid, errNoPeer)
		}
		defer func() { _ = unix.Close(fd) }()
		pidfd = fd
	}
	proc := "/proc/" + strconv.Itoa(pid)
	c := Caller{PID: pid}
	stat, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return Caller{}, fmt.Errorf("process %d: %w", pid, errNoPeer)
	}
	status, err := os.ReadFile(proc + "/status")
	if err != nil {
		return Caller{}, fmt.Errorf("process %d: %w", pid, errNoPeer)
	}
	if c.StartTime, c.Comm, err = readStat(string(stat)); err != nil {
		return Caller{}, fmt.Errorf("process %d: %w", pid, err)
	}
	if c.UID, err = effectiveUID(string(status)); err != nil {
		return Caller{}, fmt.Errorf("process %d: %w", pid, err)
	}
	dir, err := m.OfProcess(strconv.Itoa(pid))
	if err != nil {
		return Caller{}, fmt.Errorf("process %d: %w", pid, err)
	}
	if c.CgroupID, err = cgroupfs.ID(dir); err != nil {
		return Caller{}, fmt.Errorf("process %d: %w", pid, err)
	}
	// Still alive: so all that was read is this process's.
	if err := unix.PidfdSendSignal(pidfd, 0, nil, 0); err != nil {
		return Caller{}, fmt.Errorf("process %d: %w", pid, errNoPeer)
	}
	return c, nil
}

// readStat gives start time and name from /proc/PID/stat. The name is in
// parentheses and may hold anything.
func readStat(s string) (time.Duration, string, error) {
	open, end := strings.IndexByte(s, '('), strings.LastIndexByte(s, ')')
	if open < 0 || end < open {
		return 0, "", errors.New("its stat has no name")
	}
	fields := strings.Fields(s[end+1:])
	if len(fields) < 20 {
		return 0, "", errors.New("its stat is cut short")
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return 0, "", fmt.Errorf("its start time: %w", err)
	}
	return time.Duration(ticks) * 10 * time.Millisecond, s[open+1 : end], nil // USER_HZ is 100
}

// effectiveUID reads the second number of the line "Uid:" of /proc/PID/status.
func effectiveUID(status string) (uint32, error) {
	for line := range strings.Lines(status) {
		rest, ok := strings.CutPrefix(line, "Uid:")
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) != 4 {
			break
		}
		uid, err := strconv.ParseUint(fields[1], 10, 32)
		if err != nil {
			return 0, fmt.Errorf("its uid: %w", err)
		}
		return uint32(uid), nil
	}
	return 0, errors.New("its status shows no uid")
}

// callerBySocket finds the process behind the other end of a TCP connection in
// weir's own network namespace: the kernel names the socket, the cgroup in which
// it was made and the user who made it, /proc who holds it. The lowest pid in
// that cgroup and of that user counts, whoever else holds it: a socket that was
// handed on does not make its maker somebody else. errNoPeer may pass with time,
// while the socket is on its way from one process to another.
func callerBySocket(m cgroupfs.Mount, cgroups *cgroupfs.Resolver, local, remote netip.AddrPort) (Caller, error) {
	diag, err := sockdiag.Open()
	if err != nil {
		return Caller{}, err
	}
	s, err := diag.Find(remote, local)
	if err := errors.Join(err, diag.Close()); err != nil {
		return Caller{}, fmt.Errorf("%w: %w", errNoPeer, err)
	}
	if s.Inode == 0 {
		return Caller{}, fmt.Errorf("its socket is closed already: %w", errNoPeer)
	}
	dir, err := cgroups.Path(s.CgroupID)
	if err != nil {
		return Caller{}, fmt.Errorf("the cgroup in which its socket was made: %w: %w", errNoPeer, err)
	}
	pids, err := cgroupfs.Processes(m.Dir(dir))
	if err != nil {
		return Caller{}, fmt.Errorf("%w: %w", errNoPeer, err)
	}
	slices.Sort(pids)
	name := socketName(s.Inode)
	for _, pid := range pids {
		// Weir itself does not count: it never calls itself.
		if pid == os.Getpid() || !holds(pid, name) {
			continue
		}
		c, err := callerByPID(m, pid, -1)
		if err != nil || c.CgroupID != s.CgroupID || c.UID != s.UID || !holds(pid, name) {
			continue // ended, moved, or handed the socket on
		}
		c.CreatorID = s.CgroupID
		return c, nil
	}
	return Caller{}, fmt.Errorf("no process of uid %d in cgroup %s, where its socket was made, has it open: %w", s.UID, dir, errNoPeer)
}

// How long a socket may be on its way from one process to another, and how many
// may be at a time: each takes one of the listener's slots.
const (
	movingFor  = time.Second
	movingMost = 16
)

// patiently asks again for the caller while there is none to be seen: a client
// may hand its socket to a worker that has not taken it yet.
func (l *Listener) patiently(find func() (Caller, error)) (Caller, error) {
	c, err := find()
	if !errors.Is(err, errNoPeer) {
		return c, err
	}
	select {
	case l.moving <- struct{}{}:
		defer func() { <-l.moving }()
	default:
		return c, err
	}
	end := time.Now().Add(movingFor)
	for pause := time.Millisecond; time.Now().Before(end); pause *= 2 {
		select {
		case <-l.done:
			return c, err
		case <-time.After(pause):
		}
		if c, err = find(); !errors.Is(err, errNoPeer) {
			break
		}
	}
	return c, err
}

func socketName(inode uint32) string { return "socket:[" + strconv.FormatUint(uint64(inode), 10) + "]" }

func holds(pid int, name string) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	fds, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range fds {
		if s, err := os.Readlink(dir + "/" + e.Name()); err == nil && s == name {
			return true
		}
	}
	return false
}
