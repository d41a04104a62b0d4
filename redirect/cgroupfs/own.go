package cgroupfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Own is a cgroup that holds this process alone. The capture takes it for the
// daemon's identity, so nobody else may be in it: whoever is, is not captured.
type Own struct {
	Dir string
	ID  uint64

	previous string // where the process came from, "" when it stayed
}

// TakeOwn makes sure that this process has a cgroup to itself.
//
// If it is already alone in one (a systemd unit, a container), that is used. If
// it shares one, with a shell for example, it moves into a new leaf called name
// below the shared one, so that limits and accounting stay as they were and the
// others, who may well be workloads, are not taken for the daemon. Threads move
// along; children that run already do not.
func TakeOwn(m Mount, name string) (*Own, error) {
	dir, err := m.OfProcess("self")
	if err != nil {
		return nil, err
	}
	self := os.Getpid()
	pids, err := Processes(dir)
	if err != nil {
		return nil, err
	}
	o := &Own{Dir: dir}
	if len(pids) != 1 || pids[0] != self || dir == m.Path {
		o.previous, o.Dir = dir, filepath.Join(dir, name)
		if err := o.enter(self); err != nil {
			return nil, err
		}
	}
	if o.ID, err = ID(o.Dir); err != nil {
		return nil, errors.Join(err, o.Leave())
	}
	return o, nil
}

func (o *Own) enter(self int) error {
	if err := os.Mkdir(o.Dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a cgroup of weir's own: %w", err)
	}
	// One that a killed daemon left is empty; one with a process in it is not ours.
	pids, err := Processes(o.Dir)
	if err != nil {
		return err
	}
	if len(pids) > 0 {
		return fmt.Errorf("cgroup %s has processes %v in it: is another weir running?", o.Dir, pids)
	}
	if err := Move(o.Dir, self); err != nil {
		return errors.Join(err, os.Remove(o.Dir))
	}
	return nil
}

// Alone says whether this process is still the only one in its cgroup, apart
// from children that it started itself.
func (o *Own) Alone() (bool, error) {
	pids, err := Processes(o.Dir)
	if err != nil {
		return false, err
	}
	for _, pid := range pids {
		if !descends(pid, os.Getpid()) {
			return false, nil
		}
	}
	return true, nil
}

// Leave moves the process back to where it came from and removes the leaf.
func (o *Own) Leave() error {
	if o.previous == "" {
		return nil
	}
	if err := Move(o.previous, os.Getpid()); err != nil {
		return err
	}
	leaf := o.Dir
	o.Dir, o.previous = o.previous, ""
	if err := os.Remove(leaf); err != nil {
		return fmt.Errorf("remove weir's own cgroup: %w", err)
	}
	return nil
}

// Moved says whether TakeOwn had to make the cgroup.
func (o *Own) Moved() bool { return o.previous != "" }

// Move puts a process, with all its threads, into the cgroup whose folder is dir.
func Move(dir string, pid int) error {
	err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
	if err != nil {
		return fmt.Errorf("move process %d to cgroup %s: %w", pid, dir, err)
	}
	return nil
}

// descends says whether pid is ancestor or one of its descendants.
func descends(pid, ancestor int) bool {
	for range 64 {
		if pid == ancestor {
			return true
		}
		if pid <= 1 {
			return false
		}
		parent, err := parentOf(pid)
		if err != nil {
			// It is gone: it harms nobody any more.
			return errors.Is(err, fs.ErrNotExist)
		}
		pid = parent
	}
	return false
}

func parentOf(pid int) (int, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	// pid (comm) state ppid ...; comm may hold anything, also ')'.
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == ')' {
			var state byte
			var ppid int
			if _, err := fmt.Sscanf(string(b[i+1:]), " %c %d", &state, &ppid); err != nil {
				return 0, fmt.Errorf("parent of process %d: %w", pid, err)
			}
			return ppid, nil
		}
	}
	return 0, fmt.Errorf("parent of process %d: /proc gives no name", pid)
}
