// Package cgroupfs finds the cgroup2 hierarchy and translates between a
// cgroup's id, its path and its processes.
//
// It reads and writes cgroupfs and /proc. It must not know what a unit, a
// container or a database is.
package cgroupfs

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrNoMount is returned when this mount namespace has no cgroup2 mount.
var ErrNoMount = errors.New("no cgroup2 file system is mounted: mount one with `mount -t cgroup2 none /sys/fs/cgroup`")

// Mount is a mounted cgroup2 hierarchy.
type Mount struct {
	Path string // where it is mounted
	Root string // which cgroup is seen there: "/", or a subtree where only that is visible
}

// Find gives the cgroup2 mount of this mount namespace. Where there are several,
// the one that shows the most is taken. It does not assume a place: hybrid hosts
// have it at /sys/fs/cgroup/unified.
func Find() (Mount, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return Mount{}, fmt.Errorf("look for the cgroup2 mount: %w", err)
	}
	m, err := parseMountinfo(f)
	return m, errors.Join(err, f.Close())
}

// parseMountinfo reads lines as proc(5) describes them:
// id parent major:minor root mountpoint options [optional...] - type source super.
func parseMountinfo(r io.Reader) (Mount, error) {
	var best Mount
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		if !ok || !strings.HasPrefix(right, "cgroup2 ") {
			continue
		}
		fields := strings.Fields(left)
		if len(fields) < 6 {
			continue
		}
		m := Mount{Path: unescape(fields[4]), Root: unescape(fields[3])}
		if best.Path == "" || better(m, best) {
			best = m
		}
	}
	if err := lines.Err(); err != nil {
		return Mount{}, fmt.Errorf("read mountinfo: %w", err)
	}
	if best.Path == "" {
		return Mount{}, ErrNoMount
	}
	return best, nil
}

func better(a, b Mount) bool {
	if (a.Root == "/") != (b.Root == "/") {
		return a.Root == "/"
	}
	return len(a.Path) < len(b.Path)
}

// unescape undoes the octal escapes of mountinfo (space, tab, newline, backslash).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Dir gives the folder of a cgroup path that begins with "/".
func (m Mount) Dir(cgroup string) string {
	return filepath.Join(m.Path, filepath.FromSlash(path.Clean("/"+cgroup)))
}

// Rel is the inverse of Dir: the cgroup path, "/" for the mount's root.
func (m Mount) Rel(dir string) (string, error) {
	rel, err := filepath.Rel(m.Path, dir)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return "", fmt.Errorf("%s is not below the cgroup2 mount %s", dir, m.Path)
	}
	return path.Join("/", filepath.ToSlash(rel)), nil
}

// handleKernfs is the file handle type of kernfs (FILEID_KERNFS); its eight
// bytes are the cgroup id.
const handleKernfs = 0xfe

// ID gives the kernel's id of the cgroup whose folder is dir: what
// bpf_get_current_cgroup_id() returns for its processes.
func ID(dir string) (uint64, error) {
	h, _, err := unix.NameToHandleAt(unix.AT_FDCWD, dir, 0)
	if err == nil && h.Size() == 8 {
		return binary.NativeEndian.Uint64(h.Bytes()), nil
	}
	// Without file handles the inode says the same on 64-bit kernels.
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0, fmt.Errorf("cgroup id of %s: %w", dir, err)
	}
	return st.Ino, nil
}

// Resolver turns ids into paths over one open handle of the mount.
type Resolver struct {
	mount Mount
	root  *os.File
}

// NewResolver opens the mount. Close it when done.
func NewResolver(m Mount) (*Resolver, error) {
	f, err := os.OpenFile(m.Path, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("open the cgroup2 mount: %w", err)
	}
	return &Resolver{mount: m, root: f}, nil
}

// Close frees the handle.
func (r *Resolver) Close() error { return r.root.Close() }

// Mount gives what the resolver works on.
func (r *Resolver) Mount() Mount { return r.mount }

// Path gives the path of a cgroup from the mount's root, beginning with "/".
// The error wraps fs.ErrNotExist when no such cgroup lives (any more).
func (r *Resolver) Path(id uint64) (string, error) {
	p, err := r.byHandle(id)
	switch {
	case err == nil:
		return p, nil
	case errors.Is(err, unix.ESTALE):
		return "", fmt.Errorf("cgroup %d: %w", id, fs.ErrNotExist)
	}
	// open_by_handle_at needs CAP_DAC_READ_SEARCH in the initial user namespace.
	return r.byWalk(id)
}

func (r *Resolver) byHandle(id uint64) (string, error) {
	var raw [8]byte
	binary.NativeEndian.PutUint64(raw[:], id)
	fd, err := unix.OpenByHandleAt(int(r.root.Fd()), unix.NewFileHandle(handleKernfs, raw[:]), unix.O_PATH|unix.O_CLOEXEC)
	if err != nil {
		return "", fmt.Errorf("open cgroup %d: %w", id, err)
	}
	defer func() { _ = unix.Close(fd) }()
	dir, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return "", fmt.Errorf("path of cgroup %d: %w", id, err)
	}
	// The handle may open what lies outside of this mount; the id is the proof.
	if got, err := ID(dir); err != nil || got != id {
		return "", fmt.Errorf("cgroup %d: %w", id, unix.ESTALE)
	}
	return r.mount.Rel(dir)
}

func (r *Resolver) byWalk(id uint64) (string, error) {
	found := ""
	err := filepath.WalkDir(r.mount.Path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone while we walked
			}
			return err
		}
		if !d.IsDir() {
			return nil
		}
		if got, err := ID(p); err == nil && got == id {
			found = p
			return filepath.SkipAll
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("look for cgroup %d: %w", id, err)
	}
	if found == "" {
		return "", fmt.Errorf("cgroup %d: %w", id, fs.ErrNotExist)
	}
	return r.mount.Rel(found)
}

// Processes lists the processes of the cgroup whose folder is dir, not those of
// its children. Processes that this pid namespace does not see are 0.
func Processes(dir string) ([]int, error) {
	b, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return nil, fmt.Errorf("processes of %s: %w", dir, err)
	}
	var pids []int
	for _, s := range strings.Fields(string(b)) {
		pid, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("processes of %s: %w", dir, err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// OfProcess gives the folder of the cgroup that a process is in ("self" for the
// caller). Where the path that /proc gives is not what this mount shows, as in a
// cgroup namespace, the whole mount is searched.
func (m Mount) OfProcess(pid string) (string, error) {
	number := os.Getpid()
	if pid != "self" {
		n, err := strconv.Atoi(pid)
		if err != nil {
			return "", fmt.Errorf("process %q: %w", pid, err)
		}
		number = n
	}
	b, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if err != nil {
		return "", fmt.Errorf("cgroup of process %s: %w", pid, err)
	}
	for line := range strings.Lines(string(b)) {
		if p, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			if m.Root != "/" {
				p = strings.TrimPrefix(p, m.Root)
			}
			dir := m.Dir(p)
			if has(dir, number) {
				return dir, nil
			}
		}
	}
	found := ""
	err = filepath.WalkDir(m.Path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && has(p, number) {
			found = p
			return filepath.SkipAll
		}
		return nil
	})
	if err != nil || found == "" {
		return "", errors.Join(fmt.Errorf("process %s is in no cgroup below %s", pid, m.Path), err)
	}
	return found, nil
}

func has(dir string, pid int) bool {
	pids, err := Processes(dir)
	if err != nil {
		return false
	}
	for _, p := range pids {
		if p == pid {
			return true
		}
	}
	return false
}
