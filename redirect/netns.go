package redirect

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// inNamespace runs f on a thread that has entered the network namespace. If the
// thread cannot come back it is thrown away, never used for anything else.
func inNamespace(ns *os.File, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- func() error {
			home, err := os.Open("/proc/thread-self/ns/net")
			if err != nil {
				return fmt.Errorf("remember the own network namespace: %w", err)
			}
			defer func() { _ = home.Close() }()
			if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
				runtime.UnlockOSThread()
				return fmt.Errorf("enter network namespace %s: %w", ns.Name(), err)
			}
			err = f()
			if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
				return errors.Join(err, fmt.Errorf("return from network namespace %s: %w", ns.Name(), back))
			}
			runtime.UnlockOSThread()
			return err
		}()
	}()
	return <-done
}

// namespaceCookie gives SO_NETNS_COOKIE of the namespace that ns opens.
func namespaceCookie(ns *os.File) (uint64, error) {
	var cookie uint64
	err := inNamespace(ns, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("ask for a namespace's cookie: %w", err)
		}
		defer func() { _ = unix.Close(fd) }()
		cookie, err = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
		if err != nil {
			return fmt.Errorf("ask for a namespace's cookie (Linux 5.14 or later): %w", err)
		}
		return nil
	})
	return cookie, err
}

// errNoNamespace says that a namespace that was asked for is found nowhere.
var errNoNamespace = errors.New("the network namespace is not found: its process has gone")

// findNamespace opens the namespace with the cookie: the thread's own, or else
// that of one of the process's sockets (a socket keeps the namespace in which it
// was made, wherever its process has gone since).
func findNamespace(cookie uint64, tgid, tid int) (*os.File, error) {
	ns, err := os.Open("/proc/" + strconv.Itoa(tid) + "/ns/net")
	if err == nil {
		if got, err := namespaceCookie(ns); err == nil && got == cookie {
			return ns, nil
		}
		_ = ns.Close()
	}
	return namespaceOfSocket(cookie, tgid)
}

func namespaceOfSocket(cookie uint64, pid int) (*os.File, error) {
	fds, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		return nil, errNoNamespace
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, errNoNamespace
	}
	defer func() { _ = unix.Close(pidfd) }()
	for _, e := range fds {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		what, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/fd/" + e.Name())
		if err != nil || !strings.HasPrefix(what, "socket:") {
			continue
		}
		if ns := namespaceBehind(cookie, pidfd, n); ns != nil {
			return ns, nil
		}
	}
	return nil, errNoNamespace
}

func namespaceBehind(cookie uint64, pidfd, fd int) *os.File {
	sock, err := unix.PidfdGetfd(pidfd, fd, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(sock) }()
	got, err := unix.GetsockoptUint64(sock, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err != nil || got != cookie {
		return nil
	}
	const siocgskns = 0x894c // include/uapi/linux/sockios.h
	ns, err := unix.IoctlRetInt(sock, siocgskns)
	if err != nil {
		return nil
	}
	return os.NewFile(uintptr(ns), "net:["+strconv.FormatUint(cookie, 10)+"]")
}

// inode gives the number by which /proc names a namespace.
func inode(f *os.File) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0, fmt.Errorf("identify network namespace: %w", err)
	}
	return st.Ino, nil
}

// usedNamespaces gives the network namespaces, by inode, that have a thread in
// them or are kept by a mount that is seen here (`ip netns`, container engines).
func usedNamespaces() (map[uint64]bool, error) {
	used := map[uint64]bool{}
	tasks, err := filepath.Glob("/proc/[0-9]*/task/[0-9]*/ns/net")
	if err != nil {
		return nil, fmt.Errorf("look through /proc: %w", err)
	}
	for _, t := range tasks {
		if s, err := os.Readlink(t); err == nil {
			addNamespace(used, s)
		}
	}
	if len(used) == 0 {
		return nil, errors.New("look through /proc: no process shows its network namespace")
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("look for mounted network namespaces: %w", err)
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 4 {
			addNamespace(used, fields[3])
		}
	}
	return used, nil
}

// addNamespace reads "net:[4026531840]".
func addNamespace(used map[uint64]bool, s string) {
	s, ok := strings.CutPrefix(s, "net:[")
	if !ok {
		return
	}
	if n, err := strconv.ParseUint(strings.TrimSuffix(s, "]"), 10, 64); err == nil {
		used[n] = true
	}
}

// loopbackUp brings a namespace's loopback interface up where it is down: a
// namespace just made, in which every captured connection would end at a
// missing route. It must run inside the namespace.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("look at the loopback interface: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("look at the loopback interface: %w", err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		return fmt.Errorf("look at the loopback interface: %w", err)
	}
	flags := lo.Uint16()
	if flags&unix.IFF_UP != 0 {
		return nil
	}
	lo.SetUint16(flags | unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bring the loopback interface up: %w", err)
	}
	return nil
}
