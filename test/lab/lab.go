package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// prefix begins the name of everything that a lab makes outside its own folder.
const prefix = "weir-lab-"

// Lab owns what was made through it: a folder, cgroups, namespaces, processes.
// Its methods may be called from several goroutines.
type Lab struct {
	// Dir is the lab's folder, readable by everybody so that processes of other
	// users can reach the files made for them.
	Dir string
	// Name is unique among the labs of this machine: prefix, pid, start time and
	// a number. It names cgroups and pins.
	Name string

	mu      sync.Mutex
	closers []func() error
	closed  bool
	spawner *thread
	cgroup  *Cgroup // parent of this lab's cgroups, made on demand
	counter atomic.Int64
}

// New sweeps what crashed runs left and makes an empty lab below the system's
// folder for temporary files.
func New() (*Lab, error) {
	if err := Sweep(); err != nil {
		return nil, fmt.Errorf("sweep what an earlier run left: %w", err)
	}
	base, err := ownName()
	if err != nil {
		return nil, err
	}
	dir, err := makeFolder(filepath.Join(os.TempDir(), base))
	if err != nil {
		return nil, fmt.Errorf("make the lab's folder: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("open the lab's folder: %w", err), os.RemoveAll(dir))
	}
	spawner, err := newThread(nil)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	l := &Lab{Dir: dir, Name: filepath.Base(dir), spawner: spawner}
	l.Defer(func() error { return removeFolder(dir) })
	l.Defer(func() error { spawner.close(); return nil })
	return l, nil
}

// makeFolder adds the first number to base that no lab of this process has.
func makeFolder(base string) (string, error) {
	for n := 1; ; n++ {
		dir := fmt.Sprintf("%s-%d", base, n)
		if err := os.Mkdir(dir, 0o700); !errors.Is(err, os.ErrExist) {
			return dir, err
		}
	}
}

// Defer has f called by Close, before everything that was deferred earlier.
func (l *Lab) Defer(f func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, f)
}

// Close takes everything down, the youngest first, and reports every failure. A
// second call does nothing.
func (l *Lab) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()

	var errs []error
	for {
		l.mu.Lock()
		n := len(l.closers)
		if n == 0 {
			l.mu.Unlock()
			return errors.Join(errs...)
		}
		f := l.closers[n-1]
		l.closers = l.closers[:n-1]
		l.mu.Unlock()
		if err := f(); err != nil {
			errs = append(errs, err)
		}
	}
}

// Subdir makes a folder with the given name in the lab's own, owned by user (nil:
// the caller) with the given permissions.
func (l *Lab) Subdir(name string, user *User, mode os.FileMode) (string, error) {
	dir := filepath.Join(l.Dir, name)
	if err := os.MkdirAll(dir, mode); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, mode); err != nil {
		return "", err
	}
	if user != nil {
		if err := os.Chown(dir, int(user.UID), int(user.GID)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// Write puts a file into the lab's folder and returns its path.
func (l *Lab) Write(name, content string, mode os.FileMode) (string, error) {
	path := filepath.Join(l.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		return "", err
	}
	return path, os.Chmod(path, mode)
}

// Copy puts a program into the lab's folder, where every user can run it, and returns
// its path there. A checkout is often in a folder that others may not enter.
func (l *Lab) Copy(program, name string) (string, error) {
	in, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }()
	path := filepath.Join(l.Dir, name)
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, in)
	return path, errors.Join(err, out.Close(), os.Chmod(path, 0o755))
}

// SmallDisk mounts a file system of the given size, in memory, on a folder of the
// lab's, so that a disk can be full without filling the machine's.
func (l *Lab) SmallDisk(name string, bytes int64) (string, error) {
	dir, err := l.Subdir(name, nil, 0o755)
	if err != nil {
		return "", err
	}
	if err := unix.Mount("weir-lab", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		return "", fmt.Errorf("mount a small disk: %w", err)
	}
	return dir, nil
}

// next gives a number that this lab has not given before.
func (l *Lab) next() int64 { return l.counter.Add(1) }
