package workload

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/weirgate/weir/redirect"
)

// TestACapturedCallerIsResolved goes the whole way: what the programs in the
// kernel recorded is compared with what /proc says.
func TestACapturedCallerIsResolved(t *testing.T) {
	r := resolver(t)
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("NEEDS BASH: ", err)
	}
	if bash, err = filepath.EvalSymlinks(bash); err != nil {
		t.Fatal(err)
	}
	name := "weirtest-workload-" + strconv.Itoa(os.Getpid())
	root := r.cgroups.Mount().Dir("/" + name)
	agent := filepath.Join(root, "agent")
	for _, dir := range []string{root, agent} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for end := time.Now().Add(5 * time.Second); os.Remove(dir) != nil && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	cfg := redirect.Config{Name: name, CgroupRoot: root, ListenerPort: uint16(18000 + os.Getpid()%900)} // of neither package redirect's tests nor package lab
	t.Cleanup(func() {
		if err := redirect.Uninstall(cfg); err != nil {
			t.Error(err)
		}
	})
	c, err := redirect.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})

	tests := []struct {
		name, script, want string
	}{
		{"by its executable", "exec 3<>/dev/tcp/203.0.113.7/5432; read <&3", bash},
		{"without one when it became another program since", "exec 3<>/dev/tcp/203.0.113.7/5432; exec sleep 600", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cg, err := os.Open(agent)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(bash, "-c", tt.script)
			cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(cg.Fd()), Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			err = cmd.Start()
			_ = cg.Close()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			f, err := c.Accept(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Conn.Close() })
			if tt.want == "" {
				for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
					if exe, err := os.Readlink("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/exe"); err == nil && exe != bash {
						break
					}
				}
			}
			w, err := r.Resolve(f.Caller)
			if err != nil {
				t.Fatal(err)
			}
			if w.Executable != tt.want || w.PID != cmd.Process.Pid || w.UID != 65534 || w.Comm != "bash" || w.CgroupPath != "/"+name+"/agent" || w.Kind != Cgroup {
				t.Errorf("%+v, want executable %q", w, tt.want)
			}
		})
	}
}
