package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// bpffs is where weir's pins are: the kernel's conventional mount point.
const bpffs = "/sys/fs/bpf"

// Cgroup is a cgroup2 folder made by a lab.
type Cgroup struct {
	Path string // in the file system
	Name string // from the cgroup2 root, beginning with "/"
}

// CgroupRoot finds where cgroup2 is mounted: /sys/fs/cgroup on most hosts,
// /sys/fs/cgroup/unified on hybrid ones.
func CgroupRoot() (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		// proc(5): id parent major:minor root mountpoint options [tags] - type source options
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		if ok && strings.HasPrefix(after, "cgroup2 ") && len(fields) >= 5 && fields[3] == "/" {
			return fields[4], nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", err
	}
	return "", errors.New("no cgroup2 file system is mounted")
}

// Cgroup makes a leaf cgroup below the lab's own. name may hold slashes.
func (l *Lab) Cgroup(name string) (*Cgroup, error) {
	parent, err := l.RootCgroup()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(parent.Path, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make a cgroup: %w", err)
	}
	return &Cgroup{Path: path, Name: filepath.Join(parent.Name, name)}, nil
}

// RootCgroup is the parent of the lab's cgroups: what a weir under test captures.
func (l *Lab) RootCgroup() (*Cgroup, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cgroup != nil {
		return l.cgroup, nil
	}
	root, err := CgroupRoot()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(root, l.Name)
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil, fmt.Errorf("make a cgroup: %w", err)
	}
	l.cgroup = &Cgroup{Path: path, Name: "/" + l.Name}
	l.closers = append(l.closers, func() error { return removeCgroup(path) })
	return l.cgroup, nil
}

// removeCgroup ends what still runs in a cgroup and below, and removes them all.
func removeCgroup(path string) error {
	var dirs []string
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			dirs = append(dirs, p)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list cgroup: %w", err)
	}
	for i := len(dirs) - 1; i >= 0; i-- {
		if err := removeLeaf(dirs[i]); err != nil {
			return fmt.Errorf("remove cgroup: %w", err)
		}
	}
	return nil
}

// removeLeaf retries while processes that were told to end are still leaving.
func removeLeaf(path string) error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		if err := killCgroup(path); err != nil {
			return err
		}
		err := os.Remove(path)
		if err == nil || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func killCgroup(path string) error {
	text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
	if err != nil {
		// ENODEV is what a file that was opened says of a cgroup that is gone since.
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
			return nil
		}
		return err
	}
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil || pid <= 0 {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}
