package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// owned matches the names that labs give; the groups are pid and start time, to
// base 36 so that the names stay short enough to be read in tables.
var owned = regexp.MustCompile(`^` + prefix + `([0-9a-z]+)-([0-9a-z]+)(?:-|$)`)

// ownName is the name that this process's labs begin with.
func ownName() (string, error) {
	start, err := startTime(os.Getpid())
	if err != nil {
		return "", fmt.Errorf("read the own start time: %w", err)
	}
	return prefix + strconv.FormatInt(int64(os.Getpid()), 36) + "-" + strconv.FormatUint(start, 36), nil
}

// startTime reads the 22nd field of /proc/PID/stat, in clock ticks since boot
// (proc(5)). The command name before it may hold blanks and brackets. A process that
// has ended and was not collected yet counts as gone.
func startTime(pid int) (uint64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := cutLast(string(text), ")")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return 0, fmt.Errorf("/proc/%d/stat is not understood", pid)
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return 0, os.ErrNotExist
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// abandoned reports whether name was given by a lab whose process is gone.
func abandoned(name string) bool {
	m := owned.FindStringSubmatch(name)
	if m == nil {
		return false
	}
	pid, err := strconv.ParseInt(m[1], 36, 32)
	if err != nil {
		return false
	}
	start, err := startTime(int(pid))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return true
	}
	return err == nil && strconv.FormatUint(start, 36) != m[2]
}

// Sweep removes the folders, cgroups and pins of labs whose process no longer
// lives, and ends the processes that are still in those cgroups. Where something
// belongs to another user it is left alone.
func Sweep() error {
	var errs []error
	if root, err := CgroupRoot(); err == nil {
		errs = append(errs, eachAbandoned(root, removeCgroup))
	}
	// A pin keeps its link attached, so a dead weir's pins are more than litter.
	errs = append(errs, eachAbandoned(bpffs, os.RemoveAll))
	errs = append(errs, eachAbandoned(os.TempDir(), removeFolder))
	return errors.Join(errs...)
}

// removeFolder removes a lab's folder with the file systems mounted in it.
func removeFolder(dir string) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			// EINVAL is what a place says that another sweep was quicker at.
			if err := unix.Unmount(fields[4], unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("unmount %s: %w", fields[4], err)
			}
		}
	}
	return os.RemoveAll(dir)
}

// Leftovers lists what labs, of this process or of dead ones, have at this moment
// outside their processes: for a check that a run has left nothing behind.
func Leftovers() []string {
	var found []string
	places := []string{bpffs, os.TempDir()}
	if root, err := CgroupRoot(); err == nil {
		places = append(places, root)
	}
	for _, place := range places {
		entries, err := os.ReadDir(place)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if owned.MatchString(e.Name()) {
				found = append(found, filepath.Join(place, e.Name()))
			}
		}
	}
	return found
}

func eachAbandoned(dir string, remove func(string) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil //nolint:nilerr // a place that cannot be listed holds nothing of ours
	}
	var errs []error
	for _, e := range entries {
		if !abandoned(e.Name()) {
			continue
		}
		err := remove(filepath.Join(dir, e.Name()))
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
