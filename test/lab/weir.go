package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

// BinaryVariable is the environment variable that names a weir that is already
// built: the Makefile sets it.
const BinaryVariable = "WEIR_BINARY"

// BuildWeir builds the command once into dir, unless BinaryVariable names one, and
// returns its path. module is the folder of the module, "" for the one that the
// caller's working folder is in.
func BuildWeir(ctx context.Context, module, dir string) (string, error) {
	if path := os.Getenv(BinaryVariable); path != "" {
		return filepath.Abs(path)
	}
	if module == "" {
		out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
		if err != nil {
			return "", fmt.Errorf("find the module: %w", err)
		}
		module = strings.TrimSpace(string(out))
	}
	path := filepath.Join(dir, "weir")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "./cmd/weir")
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build weir: %w\n%s", err, out)
	}
	return path, nil
}

// WeirOptions says how a weir of the lab's own is to run.
type WeirOptions struct {
	Binary string // as BuildWeir returned it
	// Spec is what stands under "spec:" of the configuration file, as YAML without
	// indentation, apart from policies, state, admin and capture.
	Spec string
	// Capture holds lines of "capture:", as "ports: [5433]"; cgroup, pins and
	// listenerPort are the lab's own.
	Capture []string
	// Documents are the policy files: name → YAML.
	Documents map[string]string
	State     string  // folder of the state; "" makes one
	Cgroup    *Cgroup // that the daemon runs in; nil makes one
	Args      []string
	Env       []string // added to the caller's environment
	Wait      time.Duration
}

// Weir is a running daemon with files and kernel objects of its own.
type Weir struct {
	Binary    string
	Config    string // path of the configuration file
	Policies  string // folder of the policy files
	State     string
	Socket    string // admin socket
	Pins      string // folder of the pins, in the file system
	Port      int    // of its listeners in every namespace
	Cgroup    *Cgroup
	Process   *Process
	Output    *Buffer // what the daemon wrote to both its outputs
	lab       *Lab
	opts      WeirOptions
	uninstall bool
}

// Weir starts a daemon that captures the lab's root cgroup alone and returns when
// it says that it is ready.
func (l *Lab) Weir(ctx context.Context, o WeirOptions) (*Weir, error) {
	root, err := l.RootCgroup()
	if err != nil {
		return nil, err
	}
	w := &Weir{Binary: o.Binary, lab: l, opts: o, Cgroup: o.Cgroup, Output: &Buffer{}}
	if w.Cgroup == nil {
		if w.Cgroup, err = l.Cgroup(fmt.Sprintf("weir%d", l.next())); err != nil {
			return nil, err
		}
	}
	dir, err := l.Subdir(fmt.Sprintf("weird%d", l.next()), nil, 0o755)
	if err != nil {
		return nil, err
	}
	w.Policies, w.State = filepath.Join(dir, "policy.d"), filepath.Join(dir, "state")
	w.Config, w.Socket = filepath.Join(dir, "weir.yaml"), filepath.Join(dir, "admin.sock")
	if o.State != "" {
		w.State = o.State
	}
	pins := l.Name + "-" + filepath.Base(dir)
	port, err := freePort(firstListener, firstFree)
	if err != nil {
		return nil, err
	}
	w.Pins = filepath.Join(bpffs, pins)
	if err := os.MkdirAll(w.Policies, 0o755); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(o.Documents) {
		if err := w.WritePolicy(name, o.Documents[name]); err != nil {
			return nil, err
		}
	}
	spec := []string{
		"policies: [" + w.Policies + "]",
		"state: " + w.State,
		"admin: {socket: " + w.Socket + "}",
		"capture:",
		"  cgroup: " + strings.TrimPrefix(root.Name, "/"),
		"  pins: " + pins,
		fmt.Sprintf("  listenerPort: %d", port),
	}
	for _, line := range o.Capture {
		spec = append(spec, "  "+line)
	}
	spec = append(spec, strings.Split(strings.TrimRight(o.Spec, "\n"), "\n")...)
	text := "apiVersion: weir.dev/v1alpha1\nkind: Config\nspec:\n  " + strings.Join(spec, "\n  ") + "\n"
	if err := os.WriteFile(w.Config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	w.Port = port
	l.Defer(w.remove)
	if err := w.Start(ctx); err != nil {
		return nil, err
	}
	return w, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// WritePolicy replaces a policy file in one step, as an editor does.
func (w *Weir) WritePolicy(name, text string) error {
	path := filepath.Join(w.Policies, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Start starts the daemon, again after Kill or Stop.
func (w *Weir) Start(ctx context.Context) error {
	process, err := w.lab.Start(Command{
		Path: w.Binary, Args: append([]string{"run", "--config", w.Config}, w.opts.Args...),
		Env: append(os.Environ(), w.opts.Env...), Cgroup: w.Cgroup, Stdout: w.Output, Stderr: w.Output,
	})
	if err != nil {
		return err
	}
	w.Process = process
	wait := w.opts.Wait
	if wait == 0 {
		wait = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		var out Result
		if _, err := os.Stat(w.Socket); err == nil {
			out, err = w.Run(ctx, "status", "-o", "json")
			if err == nil && out.Code == 0 && json.Valid([]byte(out.Stdout)) {
				return nil
			}
		}
		select {
		case <-process.Done():
			return fmt.Errorf("weir ended while starting:\n%s", w.Output.String())
		case <-ctx.Done():
			return fmt.Errorf("weir does not get ready; `weir status` says: %s%s\nits own output:\n%s", out.Stdout, out.Stderr, w.Output.String())
		case <-tick.C:
		}
	}
}

// Stop ends the daemon as a service manager does.
func (w *Weir) Stop() error { return w.Process.Stop(syscall.SIGTERM, 20*time.Second) }

// Kill ends it with SIGKILL.
func (w *Weir) Kill() error { return w.Process.Kill() }

// Command is the weir command line against this daemon.
func (w *Weir) Command(args ...string) Command {
	return Command{Path: w.Binary, Args: append(args, "--socket", w.Socket)}
}

// Run runs a weir command against this daemon.
func (w *Weir) Run(ctx context.Context, args ...string) (Result, error) {
	return w.lab.Run(ctx, w.Command(args...))
}

// Uninstall stops the daemon and runs `weir uninstall`.
func (w *Weir) Uninstall(ctx context.Context) error {
	if err := w.Stop(); err != nil {
		return err
	}
	out, err := w.lab.Run(ctx, Command{Path: w.Binary, Args: []string{"uninstall", "--config", w.Config}})
	if err != nil {
		return err
	}
	if out.Code != 0 {
		return fmt.Errorf("weir uninstall ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	w.uninstall = true
	return nil
}

// remove takes the daemon down and its pins with it, whatever state it is in.
func (w *Weir) remove() error {
	var err error
	if w.Process != nil {
		err = w.Stop()
	}
	if strings.Contains(w.Output.String(), "WARNING: DATA RACE") {
		err = errors.Join(err, fmt.Errorf("the race detector speaks:\n%s", w.Output.String()))
	}
	if w.uninstall {
		return err
	}
	// A pin that is removed detaches its link: this is what `weir uninstall` does,
	// and does not depend on a weir that works.
	return errors.Join(err, os.RemoveAll(w.Pins))
}

// String gives what the daemon wrote, for messages of failed tests.
func (w *Weir) String() string { return w.Output.String() }
