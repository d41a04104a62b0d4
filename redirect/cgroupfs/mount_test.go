package cgroupfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCgroup2MountIsFoundAndNotAssumed(t *testing.T) {
	tests := []struct {
		name, mountinfo string
		want            Mount
	}{
		{"unified", "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n", Mount{"/sys/fs/cgroup", "/"}},
		{"hybrid", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n" +
			"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", Mount{"/sys/fs/cgroup/unified", "/"}},
		{"a subtree before the whole", "1 1 0:1 /a /mnt rw - cgroup2 c rw\n2 1 0:1 / /host/sys/fs/cgroup rw - cgroup2 c rw\n", Mount{"/host/sys/fs/cgroup", "/"}},
		{"a subtree alone", "1 1 0:1 /docker/x /sys/fs/cgroup ro - cgroup2 c rw\n", Mount{"/sys/fs/cgroup", "/docker/x"}},
		{"the shorter of two", "1 1 0:1 / /run/cilium/cgroupv2 rw - cgroup2 c rw\n2 1 0:1 / /sys/fs/cgroup rw - cgroup2 c rw\n", Mount{"/sys/fs/cgroup", "/"}},
		{"a space in the path", `1 1 0:1 / /mnt/a\040b rw - cgroup2 c rw` + "\n", Mount{"/mnt/a b", "/"}},
		{"many optional fields", "1 1 0:1 / /m rw shared:1 master:2 propagate_from:3 - cgroup2 c rw\n", Mount{"/m", "/"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := parseMountinfo(strings.NewReader(tt.mountinfo)); got != tt.want || err != nil {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
	if _, err := parseMountinfo(strings.NewReader("1 1 0:1 / /sys/fs/cgroup rw - cgroup c rw\n")); !errors.Is(err, ErrNoMount) {
		t.Errorf("version 1 alone: %v", err)
	}
}

func FuzzMountinfo(f *testing.F) {
	f.Add("30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n")
	f.Add(`1 1 0:1 / /mnt/a\04 rw - cgroup2 c rw`)
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := parseMountinfo(strings.NewReader(s)); err == nil && m.Path == "" {
			t.Fatal(m)
		}
	})
}

func TestAnIdLeadsToItsPathAndBack(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NEEDS ROOT: makes cgroups")
	}
	m, err := Find()
	if err != nil {
		t.Skip("NEEDS ROOT: " + err.Error())
	}
	dir, err := os.MkdirTemp(m.Path, "weirtest-cgroupfs-")
	if err != nil {
		t.Skip("NEEDS ROOT: " + err.Error())
	}
	child := filepath.Join(dir, "child")
	t.Cleanup(func() { _ = os.Remove(child); _ = os.Remove(dir) })
	if err := os.Mkdir(child, 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := NewResolver(m)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	id, err := ID(child)
	if err != nil {
		t.Fatal(err)
	}
	want := "/" + filepath.Base(dir) + "/child"
	for name, resolve := range map[string]func(uint64) (string, error){"by handle": r.byHandle, "by walk": r.byWalk, "either": r.Path} {
		if got, err := resolve(id); got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	if root, err := ID(m.Path); err != nil {
		t.Error(err)
	} else if got, err := r.Path(root); got != "/" || err != nil {
		t.Errorf("the root: %q, %v", got, err)
	}
	if err := os.Remove(child); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Path(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a cgroup that is gone: %q, %v", got, err)
	}
}
