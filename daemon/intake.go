package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/redirect"
	"github.com/weirgate/weir/redirect/cgroupfs"
	"github.com/weirgate/weir/redirect/workload"
)

// intake is where connections come in: the capture and the explicit listeners.
type intake struct {
	log       *slog.Logger
	mount     cgroupfs.Mount
	workloads *workload.Resolver
	capture   *redirect.Capture // nil when the capture is off
	listeners []acceptor
	databases map[string]string // Database document by listener
}

// CaptureConfig is the part of the configuration that the capture takes.
func CaptureConfig(cfg *config.Config, log *slog.Logger) (redirect.Config, error) {
	c := redirect.Config{
		Name: cfg.Capture.Pins, ListenerPort: cfg.Capture.ListenerPort, Ports: cfg.Capture.Ports,
		Unlisted: action(cfg.Capture.Default), Log: log,
	}
	if cfg.Capture.Cgroup != "" {
		mount, err := cgroupfs.Find()
		if err != nil {
			return c, err
		}
		c.CgroupRoot = filepath.Join(mount.Path, cfg.Capture.Cgroup)
	}
	for _, p := range cfg.Capture.Networks {
		c.Networks = append(c.Networks, redirect.Network{Prefix: p, Capture: true})
	}
	if len(cfg.Capture.Networks) > 0 {
		// Only what is named is captured: all else is excluded by the shortest
		// prefixes.
		for _, all := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
			c.Networks = append(c.Networks, redirect.Network{Prefix: netip.PrefixFrom(all, 0)})
		}
	}
	for _, p := range cfg.Capture.Exclude {
		c.Networks = append(c.Networks, redirect.Network{Prefix: p})
	}
	return c, nil
}

func action(a config.CgroupAction) redirect.Action {
	switch a {
	case config.ActionPass:
		return redirect.Pass
	case config.ActionDeny:
		return redirect.Deny
	}
	return redirect.Redirect
}

// openIntake begins to capture and opens the listeners.
func (d *Daemon) openIntake(ctx context.Context) error {
	mount, err := cgroupfs.Find()
	if err != nil {
		return err
	}
	in := &intake{log: d.log, mount: mount, databases: map[string]string{}}
	if in.workloads, err = workload.NewResolver(mount); err != nil {
		return err
	}
	d.onClose(in.workloads.Close)
	d.intake = in
	if d.cfg.Capture.Mode == config.CaptureTransparent {
		cfg, err := CaptureConfig(d.cfg, d.log)
		if err != nil {
			return err
		}
		if in.capture, err = redirect.Open(ctx, cfg); err != nil {
			return err
		}
		d.onClose(in.capture.Close)
		if err := in.classify(d.cfg.Capture.Cgroups); err != nil {
			return err
		}
	}
	for _, l := range d.cfg.Listen {
		listener, err := redirect.Listen(ctx, redirect.ListenConfig{
			Name: l.Name, Network: string(l.Network), Address: l.Address, Mode: l.Mode, Log: d.log,
		})
		if err != nil {
			return fmt.Errorf("listener %s: %w", l.Name, err)
		}
		d.onClose(listener.Close)
		in.listeners = append(in.listeners, listener)
		in.databases[l.Name] = l.Database
	}
	if d.opts.DestroyExisting {
		return d.destroyExisting(ctx)
	}
	return nil
}

// classify gives cgroups the action that the configuration names. One that does
// not exist is told: its name may be a slip of the pen.
func (in *intake) classify(groups []config.CapturedGroup) error {
	for _, g := range groups {
		id, err := cgroupID(in.mount.Dir(g.Path))
		if err != nil {
			in.log.Warn("a cgroup of the configuration does not exist; it gets the default until weir starts again", "cgroup", g.Path, "error", err)
			continue
		}
		if err := in.capture.SetCgroup(id, action(g.Action)); err != nil {
			return err
		}
	}
	return nil
}

// cgroupID is the id of a cgroup: its folder's inode.
func cgroupID(folder string) (uint64, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(folder, &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: folder, Err: err}
	}
	return st.Ino, nil
}

// acceptor gives connections.
type acceptor interface {
	Accept(ctx context.Context) (redirect.Flow, error)
}

// run hands every connection to the gateway until ctx ends. When it returns the
// gateway has all of them.
func (in *intake) run(ctx context.Context, g *proxy.Gateway) error {
	var wg, serving sync.WaitGroup
	var mu sync.Mutex
	var failed error
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var sources []acceptor
	if in.capture != nil {
		sources = append(sources, in.capture)
	}
	sources = append(sources, in.listeners...)
	for _, s := range sources {
		wg.Go(func() {
			if err := in.accept(ctx, s, g, &serving); ctx.Err() == nil {
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
				stop()
			}
		})
	}
	<-ctx.Done()
	wg.Wait()
	serving.Wait()
	return failed
}

// accept hands over one source's connections until it fails; the error says why.
func (in *intake) accept(ctx context.Context, s acceptor, g *proxy.Gateway, serving *sync.WaitGroup) error {
	for {
		f, err := s.Accept(ctx)
		if err != nil {
			return err
		}
		serving.Go(func() { g.Serve(ctx, in.flow(f)) })
	}
}

// flow tells the gateway who called.
func (in *intake) flow(f redirect.Flow) proxy.Flow {
	out := proxy.Flow{
		Conn: f.Conn, How: f.How.String(), Destination: f.Destination, Netns: f.Netns, NetnsCookie: f.NetnsCookie,
	}
	if f.How == redirect.Addressed {
		out.Database = in.databases[f.Listener]
	}
	w, err := in.workloads.Resolve(f.Caller)
	if err != nil {
		out.Unattested = err
		return out
	}
	out.Identity = identify(w)
	return out
}

// identify puts a workload in the terms of policy.
func identify(w workload.Workload) *identity.Identity {
	id := &identity.Identity{
		Kind: string(w.Kind), Unit: w.Unit, ContainerID: w.ContainerID, PodUID: w.PodUID, CgroupPath: w.CgroupPath,
		PID: w.PID, UID: w.UID, User: w.User, LoginUID: w.LoginUID, Executable: w.Executable, Comm: w.Comm,
	}
	id.Subject = strings.ToLower(string(w.Kind)) + ":" + w.Name
	return id
}
