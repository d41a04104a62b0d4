package e2e

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/weirgate/weir/test/lab"
)

// attached counts the programs that the kernel has on a cgroup, by its own account.
func attached(t *testing.T, cgroup *lab.Cgroup) int {
	t.Helper()
	n := 0
	for _, at := range []ebpf.AttachType{
		ebpf.AttachCGroupInet4Connect, ebpf.AttachCGroupInet6Connect, ebpf.AttachCGroupInetSockCreate,
		ebpf.AttachCgroupInetSockRelease, ebpf.AttachCGroupSockOps, ebpf.AttachCGroupInet4Bind, ebpf.AttachCGroupInet6Bind,
		ebpf.AttachCGroupInet4PostBind, ebpf.AttachCGroupInet6PostBind, ebpf.AttachCGroupInetEgress,
		ebpf.AttachCgroupInet4GetPeername, ebpf.AttachCgroupInet6GetPeername, ebpf.AttachCGroupGetsockopt,
	} {
		dir, err := os.Open(cgroup.Path)
		if err != nil {
			t.Fatal(err)
		}
		result, err := link.QueryPrograms(link.QueryOptions{Target: int(dir.Fd()), Attach: at})
		_ = dir.Close()
		if err != nil {
			t.Fatalf("%v: %v", at, err)
		}
		n += len(result.Programs)
	}
	return n
}

func TestUninstallLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	root, err := s.lab.RootCgroup()
	s.must(err)
	_ = s.connect()
	if attached(t, root) == 0 {
		t.Fatal("no program is on the captured cgroup: the test looks in the wrong place")
	}
	s.must(s.weir.Uninstall(t.Context()))
	if n := attached(t, root); n != 0 {
		t.Errorf("%d programs are still attached", n)
	}
	if _, err := os.Stat(s.weir.Pins); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there (%v)", s.weir.Pins, err)
	}
	// The database is reachable as if weir had never been.
	out := s.psqlIn(s.agents, s.pg.DSN(role, password, s.database), "-c", "SELECT ssn FROM customers WHERE id = 1")
	if strings.TrimSpace(out.Stdout) != "900-45-1001" {
		t.Errorf("%d %s%s", out.Code, out.Stdout, out.Stderr)
	}
}

func TestUninstallWorksAfterAKill(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	root, err := s.lab.RootCgroup()
	s.must(err)
	s.must(s.weir.Kill())
	if attached(t, root) == 0 {
		t.Error("the kill alone took the programs off: whoever kills weir is free")
	}
	s.must(s.weir.Uninstall(t.Context()))
	if n := attached(t, root); n != 0 {
		t.Errorf("%d programs are still attached", n)
	}
}

func TestDoctorFindsAWorkingInstallationSound(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	out, err := s.lab.Run(t.Context(), lab.Command{Path: s.weir.Binary, Args: []string{"doctor", "--config", s.weir.Config}})
	s.must(err)
	if out.Code != 0 {
		t.Errorf("weir doctor ended with %d:\n%s%s", out.Code, out.Stdout, out.Stderr)
	}
}
