package daemon

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/redirect"
	"github.com/weirgate/weir/redirect/workload"
)

// healthEvery is how often the kernel is asked whether the capture still holds.
const healthEvery = 10 * time.Second

// counters gives what the programs in the kernel counted.
func (in *intake) counters() (map[string]uint64, error) {
	c, err := in.capture.Counters()
	if err != nil {
		return nil, err
	}
	return map[string]uint64{
		"redirected": c.Redirected, "passed": c.Passed, "denied": c.Denied, "held": c.Held, "no_daemon": c.NoDaemon,
		"no_listener": c.NoListener, "full": c.Full, "stray": c.Stray, "bind": c.Bind,
	}, nil
}

// captureStatus tells how the capture is; what is wrong is added to problems.
func (d *Daemon) captureStatus(ctx context.Context, problems *[]string) console.CaptureStatus {
	s := console.CaptureStatus{Mode: string(d.cfg.Capture.Mode)}
	c := d.intake.capture
	if c == nil {
		return s
	}
	st, err := c.Status()
	if err != nil {
		*problems = append(*problems, fmt.Sprintf("the capture cannot be asked: %v", err))
		return s
	}
	s.Cgroup, s.Pins, s.Ports = st.CgroupRoot, d.cfg.Capture.Pins, st.Ports
	for _, h := range st.Hooks {
		s.Links = append(s.Links, console.LinkStatus{Name: h.Name, Attached: h.Pinned && h.Effective, Problem: h.Problem})
	}
	*problems = append(*problems, c.Health()...)
	if s.Counters, err = d.intake.counters(); err != nil {
		*problems = append(*problems, fmt.Sprintf("the capture's counters cannot be read: %v", err))
	}
	older, err := c.Older(ctx)
	if err != nil {
		*problems = append(*problems, fmt.Sprintf("connections that are older than the capture cannot be listed: %v", err))
	}
	for _, o := range older {
		s.Unseen = append(s.Unseen, d.intake.unseen(o))
	}
	return s
}

// unseen puts a connection that is older than the capture in the API's form.
func (in *intake) unseen(o redirect.Older) console.Connection {
	c := console.Connection{
		ID: o.Local.String() + "-" + o.Remote.String(), Local: o.Local.String(), Remote: o.Remote.String(),
		PID: o.PID, Cgroup: o.Cgroup, User: strconv.FormatUint(uint64(o.UID), 10),
	}
	var p workload.Workload
	if o.PID != 0 {
		p, _ = in.workloads.Resolve(redirect.Caller{CgroupID: o.CgroupID, PID: o.PID, UID: o.UID})
	}
	if p.User != "" {
		c.User = p.User
	}
	c.Executable = p.Executable
	return c
}

// Destroy ends the connections that are older than the capture, so that their
// owners connect again and are caught.
func (d *Daemon) Destroy(ctx context.Context) (*console.DestroyResult, error) {
	c := d.intake.capture
	if c == nil {
		return nil, console.Unavailable("set capture.mode: Transparent in the configuration", "the capture is off")
	}
	older, err := c.Older(ctx)
	if err != nil {
		return nil, err
	}
	n, err := c.DestroyOlder(ctx)
	out := &console.DestroyResult{Destroyed: []console.Connection{}}
	for _, o := range older {
		out.Destroyed = append(out.Destroyed, d.intake.unseen(o))
	}
	if err != nil {
		out.Failed = append(out.Failed, fmt.Sprintf("%d ended, then: %v", n, err))
	}
	return out, nil
}

// destroyExisting is Destroy at the start.
func (d *Daemon) destroyExisting(ctx context.Context) error {
	if d.intake.capture == nil {
		return nil
	}
	n, err := d.intake.capture.DestroyOlder(ctx)
	d.log.Info("database connections that were older than the capture were ended", "number", n)
	if err != nil {
		return fmt.Errorf("ending connections that are older than the capture: %w", err)
	}
	return nil
}

// watchCapture looks after the capture until ctx ends: what root has taken away
// is told, once for each change.
func (d *Daemon) watchCapture(ctx context.Context) error {
	if d.cfg.Capture.Mode != config.CaptureTransparent {
		<-ctx.Done()
		return nil
	}
	t := time.NewTicker(healthEvery)
	defer t.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		problems := d.intake.capture.Health()
		if now := fmt.Sprint(problems); now != last {
			last = now
			for _, p := range problems {
				d.log.Error("the capture is not whole", "problem", p)
			}
			if len(problems) == 0 {
				d.log.Info("the capture is whole again")
			}
		}
	}
}
