package redirect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/weirgate/weir/redirect/cgroupfs"
)

// canaryAnswer is what a live check is told: itself, as the kernel saw it.
type canaryAnswer struct {
	Cgroup  uint64        `json:"cgroup"`
	PID     int           `json:"pid"`
	UID     uint32        `json:"uid"`
	Started time.Duration `json:"started"`
}

// answerCanary tells root who it is. Others are reset: the numbers are the
// host's, and not theirs to know.
func answerCanary(f Flow) {
	if f.Caller.UID != 0 || f.Conn.SetDeadline(time.Now().Add(2*time.Second)) != nil {
		reset(f.Conn)
		return
	}
	answer := canaryAnswer{f.Caller.CgroupID, f.Caller.PID, f.Caller.UID, f.Caller.StartTime}
	if err := json.NewEncoder(f.Conn).Encode(answer); err != nil {
		reset(f.Conn)
		return
	}
	_ = f.Conn.Close() // the other side has read all, or it has its deadline
}

// Canary connects to an address that nobody routes (192.0.2.1, TEST-NET-1), from
// a throwaway cgroup below cfg.CgroupRoot, and checks that a daemon catches the
// connection and saw the right caller. The error says what went wrong and what
// it means.
//
// For the time of the check this process is moved to that cgroup, so it must
// not be the daemon.
func Canary(ctx context.Context, cfg Config) (err error) {
	if cfg, err = cfg.withDefaults(); err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	mount, err := cgroupfs.Find()
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	if cfg.CgroupRoot == "" {
		cfg.CgroupRoot = mount.Path
	}
	home, err := mount.OfProcess("self")
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	dir := filepath.Join(cfg.CgroupRoot, cfg.Name+".canary-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("canary: make a cgroup: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	if err := cgroupfs.Move(dir, os.Getpid()); err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	defer func() { err = errors.Join(err, cgroupfs.Move(home, os.Getpid())) }()
	id, err := cgroupfs.ID(dir)
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	if err := sing(ctx, netip.AddrPortFrom(canaryAddress, cfg.Ports[0]), id); err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	return nil
}

func sing(ctx context.Context, at netip.AddrPort, cgroup uint64) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp4", at.String())
	if err != nil {
		return fmt.Errorf("nobody took a connection to %s; refused means that programs are attached and no daemon serves them, "+
			"a time-out or a missing route that connections are not captured: %w", at, err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(3 * time.Second)); err != nil {
		return err
	}
	var a canaryAnswer
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return fmt.Errorf("the connection to %s was taken, but not answered as weir does: %w", at, err)
	}
	if a.Cgroup != cgroup || a.PID != os.Getpid() {
		return fmt.Errorf("the daemon saw cgroup %d and pid %d, but it was cgroup %d and pid %d "+
			"(do both run in the host's pid namespace?)", a.Cgroup, a.PID, cgroup, os.Getpid())
	}
	return nil
}
