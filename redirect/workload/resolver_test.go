package workload

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/redirect"
	"github.com/weirgate/weir/redirect/cgroupfs"
)

// sleeper starts a process and describes it as the programs in the kernel do.
func sleeper(t *testing.T, r *Resolver) (redirect.Caller, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	dir, err := r.cgroups.Mount().OfProcess(strconv.Itoa(cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	id, err := cgroupfs.ID(dir)
	if err != nil {
		t.Fatal(err)
	}
	var ticks time.Duration
	for end := time.Now().Add(5 * time.Second); ; {
		// Until exec the child is still this test.
		if exe, err := os.Readlink("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/exe"); err == nil && filepath.Base(exe) != filepath.Base(os.Args[0]) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the sleeper does not start")
		}
	}
	if ticks, err = startTime(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	return redirect.Caller{
		CgroupID: id, PID: cmd.Process.Pid, UID: 0, Comm: "sleep",
		StartTime: ticks*clockTick + 3*time.Millisecond, // the kernel knows it in ns
	}, cmd
}

func resolver(t *testing.T) *Resolver {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NEEDS ROOT: opens cgroups by handle and other users' processes")
	}
	m, err := cgroupfs.Find()
	if err != nil {
		t.Skip("NEEDS ROOT: " + err.Error())
	}
	r, err := NewResolver(m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestALivingProcessIsConfirmed(t *testing.T) {
	r := resolver(t)
	c, cmd := sleeper(t, r)
	var st unix.Stat_t
	if err := unix.Stat("/proc/"+strconv.Itoa(c.PID)+"/exe", &st); err != nil {
		t.Fatal(err)
	}
	want, err := filepath.EvalSymlinks(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Resolve(c)
	if err != nil || w.Executable != want || w.User != "root" || w.PID != c.PID {
		t.Errorf("%+v, %v, want executable %s", w, err, want)
	}
	// With the file as the kernel saw it.
	c.ExeInode, c.ExeDevice = st.Ino, uint64(unix.Major(st.Dev))<<20|uint64(unix.Minor(st.Dev))
	if w, err = r.Resolve(c); err != nil || w.Executable != want {
		t.Errorf("%+v, %v, want executable %s", w, err, want)
	}
	// Another program by now.
	for _, change := range []func(*redirect.Caller){
		func(c *redirect.Caller) { c.ExeInode++ },
		func(c *redirect.Caller) { c.ExeDevice++ },
	} {
		changed := c
		change(&changed)
		if w, err := r.Resolve(changed); err != nil || w.Executable != "" {
			t.Errorf("%+v, %v, want no executable after another exec", w, err)
		}
	}
}

func TestAReusedPidIsAnError(t *testing.T) {
	r := resolver(t)
	c, _ := sleeper(t, r)
	for _, off := range []time.Duration{-clockTick, clockTick, -time.Hour} {
		other := c
		other.StartTime += off
		if w, err := r.Resolve(other); !errors.Is(err, ErrReused) {
			t.Errorf("start time off by %s: %+v, %v", off, w, err)
		}
	}
}

func TestAProcessThatIsGoneKeepsWhatTheKernelSaid(t *testing.T) {
	r := resolver(t)
	c, cmd := sleeper(t, r)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed: that is its error
	w, err := r.Resolve(c)
	if err != nil || w.Executable != "" || w.Comm != "sleep" || w.PID != c.PID || w.CgroupPath == "" {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestAnUnknownCgroupIsAnError(t *testing.T) {
	r := resolver(t)
	if w, err := r.Resolve(redirect.Caller{CgroupID: 1 << 50}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestPasswdGivesTheFirstNameOfAUid(t *testing.T) {
	names := parsePasswd("root:x:0:0:root:/root:/bin/sh\n# x:y:5:5:\ntoor:x:0:0::/:/bin/sh\nbroken\nagent:x:1000:1000::/:/bin/sh\nbig:x:99999999999:1::/:\n")
	if names[0] != "root" || names[1000] != "agent" || len(names) != 2 {
		t.Errorf("%v", names)
	}
}

func TestWhoLoggedInIsToldFromNobody(t *testing.T) {
	b, err := os.ReadFile("/proc/self/loginuid")
	if err != nil {
		t.Logf("this kernel keeps no logins: %v", err)
	}
	want := strings.TrimSpace(string(b))
	if want == "4294967295" || want == "" {
		want = "0"
	}
	got, err := loginOf(os.Getpid())
	if err != nil || fmt.Sprint(got) != want {
		t.Errorf("%d, %v, want %s", got, err, want)
	}
	if got, err := loginOf(1 << 30); got != 0 || err != nil {
		t.Errorf("a process that there is not: %d, %v", got, err)
	}
}
