package parser

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// probeMain is a worker that tries what a worker must not be able to do, and
// prints what it got.
func probeMain() int {
	memory, stage, err := readStage(os.Getenv(stageVariable))
	if err == nil && stage == 1 {
		err = confine(memory)
	}
	if err == nil {
		err = closeSystemCalls()
	}
	if err != nil {
		fmt.Println("probe:", err)
		return 1
	}
	_, socket := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	_, unixSocket := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	_, open := unix.Open("/etc/passwd", unix.O_RDONLY, 0)
	_, create := unix.Open("/tmp/weir-probe", unix.O_CREAT|unix.O_WRONLY, 0o600)
	_, _, fork := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	tries := []struct {
		what string
		got  error
	}{
		{"socket", socket},
		{"unix socket", unixSocket},
		{"open a file", open},
		{"create a file", create},
		{"fork", fork},
		{"execute", unix.Exec("/bin/true", []string{"true"}, nil)},
		{"kill the parent", unix.Kill(os.Getppid(), unix.SIGTERM)},
		{"tgkill the parent", unix.Tgkill(os.Getppid(), os.Getppid(), unix.SIGTERM)},
		{"ptrace", unix.PtraceAttach(os.Getppid())},
		{"raise a limit", unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY})},
		{"become root", unix.Setuid(0)},
		{"unshare", unix.Unshare(unix.CLONE_NEWUSER)},
	}
	for _, try := range tries {
		fmt.Printf("%s: %v\n", try.what, try.got)
	}
	return 0
}

func TestAWorkerCanDoNothingButParse(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", "probe-worker")
	config := Config{}.withDefaults()
	cmd.Env = []string{stageVariable + "=536870912:1"}
	cmd.SysProcAttr = &unix.SysProcAttr{Credential: config.Credential}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 12 {
		t.Errorf("got %q", lines)
	}
	for _, line := range lines {
		if !strings.HasSuffix(line, "operation not permitted") {
			t.Errorf("not refused: %s", line)
		}
	}
}

func TestAWorkerHoldsNothingOfTheDaemon(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NEEDS ROOT: to see a worker's user, descriptors and limits")
	}
	secret, err := os.Open("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	inherited, err := unix.Dup(int(secret.Fd())) // without close-on-exec, as careless C code does
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(inherited)
	t.Setenv("PGPASSWORD", "hunter2")

	p := newPool(t, nil)
	w := <-p.idle
	p.idle <- w
	dir := filepath.Join("/proc", strconv.Itoa(w.cmd.Process.Pid))
	status := read(t, filepath.Join(dir, "status"))
	for _, want := range []string{
		"Uid:\t65534\t65534\t65534\t65534", "Gid:\t65534\t65534\t65534\t65534", "Groups:\t \n", "NoNewPrivs:\t1", "Seccomp:\t2",
		"CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
	} {
		if !strings.Contains(status, want) {
			t.Errorf("no %q in\n%s", want, status)
		}
	}
	if environment := read(t, filepath.Join(dir, "environ")); strings.Contains(environment, "hunter2") {
		t.Errorf("environment %q", environment)
	}
	limits := read(t, filepath.Join(dir, "limits"))
	if !strings.Contains(limits, "Max core file size        0 ") {
		t.Error(limits)
	}
	descriptors, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range descriptors {
		target, err := os.Readlink(filepath.Join(dir, "fd", d.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(target, "pipe:") && target != "/dev/null" && !strings.HasPrefix(target, "anon_inode:[event") {
			t.Errorf("descriptor %s is %s", d.Name(), target)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// orphanMain starts a pool, says which processes it has and waits to be killed.
func orphanMain() int {
	p, err := New(Config{Workers: 2})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	first, second := <-p.idle, <-p.idle
	fmt.Println(first.cmd.Process.Pid, second.cmd.Process.Pid)
	select {}
}

func TestNoWorkerOutlivesAKilledDaemon(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "orphan-maker")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pids := strings.Fields(line)
	if len(pids) != 2 {
		t.Fatalf("got %q", line)
	}
	for _, pid := range pids {
		n, err := strconv.Atoi(pid)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Kill(n, 0); err != nil {
			t.Fatalf("worker %d is not there: %v", n, err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for _, pid := range pids {
		for running(pid) {
			if ctx.Err() != nil {
				t.Fatalf("worker %s still runs", pid)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// running says that a process is there and no zombie.
func running(pid string) bool {
	status, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	return err == nil && !strings.Contains(string(status), ") Z ")
}

func TestWorkersAreNotStartedByHand(t *testing.T) {
	out, err := exec.Command("/proc/self/exe", "parse-worker").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "weir run") {
		t.Fatalf("got %v, %s", err, out)
	}
}
