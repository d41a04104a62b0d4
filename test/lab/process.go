package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Command is a process to start. Only Path is required.
type Command struct {
	Path   string   // looked up in PATH when it holds no slash
	Args   []string // without the name of the program
	Argv0  string   // what the program sees as its name, "" for Path
	Env    []string // the whole environment; nil inherits
	Dir    string   // working folder; "" is the lab's
	User   *User    // nil is the caller
	Cgroup *Cgroup  // nil is the caller's; otherwise the process is born in it
	Netns  *Netns   // nil is the caller's
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Files  []*os.File     // inherited as descriptors 3, 4, ...
	Death  syscall.Signal // sent when this process dies; 0 is SIGKILL
}

// Process is a started command. Its exit is collected in the background.
type Process struct {
	PID  int
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended; to be read after done
}

// Result is what a command said and how it ended.
type Result struct {
	Stdout string
	Stderr string
	Code   int // exit status, 128+n for a signal n
}

// Start starts a command. The lab kills it on Close unless it has ended, and the
// kernel does when this process dies.
func (l *Lab) Start(c Command) (*Process, error) {
	path, err := exec.LookPath(c.Path)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	cmd := &exec.Cmd{
		Path: path, Args: append([]string{path}, c.Args...), Env: c.Env, Dir: c.Dir,
		Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, ExtraFiles: c.Files,
		SysProcAttr: &syscall.SysProcAttr{
			// A group of its own, so that Ctrl-C on a terminal reaches this process
			// alone, which then takes the others down in order.
			Setpgid:   true,
			Pdeathsig: c.Death,
		},
		// A grandchild that keeps a pipe open must not hold Wait forever.
		WaitDelay: 5 * time.Second,
	}
	if c.Argv0 != "" {
		cmd.Args[0] = c.Argv0
	}
	if cmd.Dir == "" {
		cmd.Dir = l.Dir
	}
	if c.Death == 0 {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	if c.User != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.User.UID, Gid: c.User.GID}
	}
	if c.Cgroup != nil {
		dir, err := os.Open(c.Cgroup.Path)
		if err != nil {
			return nil, fmt.Errorf("start %s in a cgroup: %w", c.Path, err)
		}
		defer func() { _ = dir.Close() }()
		cmd.SysProcAttr.UseCgroupFD = true
		cmd.SysProcAttr.CgroupFD = int(dir.Fd())
	}
	on := l.spawner
	if c.Netns != nil {
		on = c.Netns.thread
	}
	if err := on.do(cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	p := &Process{PID: cmd.Process.Pid, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	l.Defer(p.Kill)
	return p, nil
}

// Done is closed when the process has ended and its output was read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exited reports whether the process has ended.
func (p *Process) Exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits until the process has ended or ctx is done, and returns its exit
// status: 128+n when it was ended by signal n.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for pid %d: %w", p.PID, context.Cause(ctx))
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) && !errors.Is(p.err, exec.ErrWaitDelay) {
		return 0, p.err
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// Signal sends a signal; to a process that has ended it does nothing.
func (p *Process) Signal(s syscall.Signal) error {
	err := p.cmd.Process.Signal(s)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Stop sends a signal and waits for the end; after grace it kills.
func (p *Process) Stop(s syscall.Signal, grace time.Duration) error {
	if err := p.Signal(s); err != nil {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		return p.Kill()
	}
}

// Kill ends the process with SIGKILL and waits for it.
func (p *Process) Kill() error {
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return nil
}

// Run starts a command, collects what it says and waits for its end. An exit
// status other than 0 is no error here: see Result.Code. Stdout and Stderr of the
// command, where set, receive a copy.
func (l *Lab) Run(ctx context.Context, c Command) (Result, error) {
	var stdout, stderr Buffer
	c.Stdout, c.Stderr = tee(c.Stdout, &stdout), tee(c.Stderr, &stderr)
	p, err := l.Start(c)
	if err != nil {
		return Result{}, err
	}
	code, err := p.Wait(ctx)
	if err != nil {
		err = errors.Join(err, p.Kill())
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: code}, err
}

func tee(to io.Writer, also io.Writer) io.Writer {
	if to == nil {
		return also
	}
	return io.MultiWriter(to, also)
}

// Buffer is a bytes.Buffer that may be read while a process still writes to it.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends p.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String gives all that was written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
