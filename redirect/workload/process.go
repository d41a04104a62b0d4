package workload

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/redirect"
)

// ErrReused says that the process which called is gone and another one has its
// number now. Whoever it is, it is not who connected.
var ErrReused = errors.New("the process that connected has ended and its pid belongs to another one")

// clockTick is the resolution of start times in /proc: USER_HZ is 100 on every
// architecture that Go runs on.
const clockTick = 10 * time.Millisecond

// program gives the path of the caller's executable, as seen in the caller's own
// mount namespace, and the user who logged in (/proc/PID/loginuid), 0 for nobody.
//
// The path is "" when the process is gone, or when it runs another program by now
// than at connect(): what it became says nothing of who connected.
func program(c redirect.Caller) (path string, login uint32, err error) {
	pidfd, err := unix.PidfdOpen(c.PID, 0)
	if err != nil {
		if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
			return "", 0, nil // gone; what the kernel recorded stands
		}
		return "", 0, fmt.Errorf("look at process %d: %w", c.PID, err)
	}
	defer func() { _ = unix.Close(pidfd) }()
	started, err := startTime(c.PID)
	if err != nil {
		return "", 0, ignoreGone(err)
	}
	if c.StartTime != 0 && started != c.StartTime/clockTick {
		return "", 0, fmt.Errorf("process %d: %w", c.PID, ErrReused)
	}
	if login, err = loginOf(c.PID); err != nil {
		return "", 0, ignoreGone(err)
	}
	if path, err = programOf(c); err != nil {
		return "", 0, ignoreGone(err)
	}
	// Still alive: so all that was read in between was this process's.
	if err := unix.PidfdSendSignal(pidfd, 0, nil, 0); err != nil {
		return "", 0, nil
	}
	return path, login, nil
}

// loginOf gives the user who logged in, 0 for nobody: also where the kernel keeps no
// such thing (CONFIG_AUDIT).
func loginOf(pid int) (uint32, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/loginuid")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil // the process is still looked for
	case err != nil:
		return 0, err
	}
	const unset = 1<<32 - 1
	uid, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("login of process %d: %w", pid, err)
	}
	if uid == unset {
		return 0, nil
	}
	return uint32(uid), nil
}

// ignoreGone drops the errors of a process that ended while it was looked at.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// startTime gives field 22 of /proc/PID/stat, in ticks since boot.
func startTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	t, err := parseStartTime(b)
	if err != nil {
		return 0, fmt.Errorf("start time of process %d: %w", pid, err)
	}
	return t, nil
}

func parseStartTime(stat []byte) (time.Duration, error) {
	// The second field is a name in parentheses that may hold anything.
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, errors.New("the process has no name")
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) < 20 {
		return 0, fmt.Errorf("%d fields after the name, want 20 or more", len(fields))
	}
	n, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("start time %q is no number", fields[19])
	}
	return time.Duration(n), nil
}

// programOf reads /proc/PID/exe and compares it with the file that the kernel
// saw the caller run.
func programOf(c redirect.Caller) (string, error) {
	link := "/proc/" + strconv.Itoa(c.PID) + "/exe"
	path, err := os.Readlink(link)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return "", nil
		}
		return "", err
	}
	if c.ExeInode == 0 {
		return path, nil
	}
	fd, err := unix.Open(link, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", link, err)
	}
	defer func() { _ = unix.Close(fd) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", fmt.Errorf("stat %s: %w", link, err)
	}
	if st.Ino != c.ExeInode {
		return "", nil
	}
	device, err := deviceOf(c.PID, fd)
	if err != nil || device != c.ExeDevice {
		return "", err
	}
	return path, nil
}

// deviceOf gives the device of the file system that a file is on, as the kernel
// encodes it (MAJOR << 20 | MINOR). It is asked of mountinfo, because stat()
// gives other numbers on overlayfs and btrfs. 0 when it is not to be found.
func deviceOf(pid, fd int) (uint64, error) {
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return 0, fmt.Errorf("find the mount of an executable: %w", err)
	}
	mount := ""
	for line := range strings.Lines(string(info)) {
		if v, ok := strings.CutPrefix(line, "mnt_id:"); ok {
			mount = strings.TrimSpace(v)
		}
	}
	mounts, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/mountinfo")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] != mount {
			continue
		}
		var major, minor uint64
		if _, err := fmt.Sscanf(fields[2], "%d:%d", &major, &minor); err != nil {
			return 0, fmt.Errorf("mountinfo of process %d: device %q: %w", pid, fields[2], err)
		}
		return major<<20 | minor, nil
	}
	return 0, nil
}
