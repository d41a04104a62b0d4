package workload

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/weirgate/weir/redirect"
	"github.com/weirgate/weir/redirect/cgroupfs"
)

// cached is how many cgroups a Resolver remembers.
const cached = 4096

// Resolver says which workload a caller is. It may be used by many goroutines.
type Resolver struct {
	cgroups *cgroupfs.Resolver
	paths   *lru.Cache[uint64, Workload] // a cgroup's id is never given again, nor is it renamed
	users   users
}

// NewResolver makes a resolver over a cgroup2 mount, which must be the host's:
// what it shows is believed. Close it when done.
func NewResolver(m cgroupfs.Mount) (*Resolver, error) {
	cgroups, err := cgroupfs.NewResolver(m)
	if err != nil {
		return nil, fmt.Errorf("resolve workloads: %w", err)
	}
	paths, err := lru.New[uint64, Workload](cached)
	if err != nil {
		return nil, fmt.Errorf("resolve workloads: %w", err)
	}
	return &Resolver{cgroups: cgroups, paths: paths, users: users{file: "/etc/passwd"}}, nil
}

// Close frees what the resolver holds.
func (r *Resolver) Close() error { return r.cgroups.Close() }

// Resolve says who the caller is.
//
// A process that has ended since is no error: what the kernel recorded at
// connect() stands, and only Executable is empty. The error wraps ErrReused when
// another process has its pid by now, and fs.ErrNotExist when the cgroup is gone
// before it was ever seen. Whoever gets an error cannot know the workload and
// should refuse.
func (r *Resolver) Resolve(c redirect.Caller) (Workload, error) {
	w, err := r.Cgroup(c.CgroupID)
	if err != nil {
		return Workload{}, err
	}
	w.PID = c.PID
	w.StartTime = c.StartTime
	w.UID = c.UID
	w.Comm = c.Comm
	w.User = r.users.name(c.UID)
	if c.PID <= 0 {
		return w, nil // outside of this pid namespace
	}
	if w.Executable, w.LoginUID, err = program(c); err != nil {
		return Workload{}, fmt.Errorf("resolve a workload: %w", err)
	}
	return w, nil
}

// Cgroup says what a cgroup is, without a process.
func (r *Resolver) Cgroup(id uint64) (Workload, error) {
	if w, ok := r.paths.Get(id); ok {
		return w, nil
	}
	p, err := r.cgroups.Path(id)
	if err != nil {
		return Workload{}, fmt.Errorf("resolve a workload: %w", err)
	}
	w := fromPath(p)
	r.paths.Add(id, w)
	return w, nil
}

// users gives names to uids, from the passwd file of the host and of nowhere
// else: a directory service could be slow, or say what its users like.
type users struct {
	file string

	mu       sync.Mutex
	names    map[uint32]string
	modified time.Time
	checked  time.Time
}

// name gives the user's name, "" when it has none.
func (u *users) name(uid uint32) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.checked) > time.Second {
		u.checked = time.Now()
		u.reload()
	}
	return u.names[uid]
}

func (u *users) reload() {
	info, err := os.Stat(u.file)
	if err != nil || info.ModTime().Equal(u.modified) {
		return // the last good one is kept
	}
	b, err := os.ReadFile(u.file)
	if err != nil {
		return
	}
	u.names, u.modified = parsePasswd(string(b)), info.ModTime()
}

// parsePasswd reads passwd(5); the first name of a uid counts, as for getpwuid.
func parsePasswd(s string) map[uint32]string {
	names := map[uint32]string{}
	for line := range strings.Lines(s) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(fields) < 4 || fields[0] == "" || strings.HasPrefix(line, "#") {
			continue
		}
		uid, err := strconv.ParseUint(fields[2], 10, 32)
		if err != nil {
			continue
		}
		if _, known := names[uint32(uid)]; !known {
			names[uint32(uid)] = fields[0]
		}
	}
	return names
}
