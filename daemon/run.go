package daemon

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/authority"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/driver"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/parser"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/store"
	"github.com/weirgate/weir/proxy/upstream"
)

// Options are what a start needs besides the configuration.
type Options struct {
	Logger  *slog.Logger
	Version string
	// DestroyExisting ends database connections that are older than the capture.
	DestroyExisting bool
	// Ready is called once connections are taken; nil for nobody.
	Ready func()
	// ParseWorker is the command of a parse worker; nil is this binary's own.
	ParseWorker []string
}

// Daemon is a running weir.
type Daemon struct {
	cfg     *config.Config
	opts    Options
	log     *slog.Logger
	started time.Time

	journal   *journal.Journal
	store     *store.DB
	broker    *approval.Broker
	policies  *policies
	names     *upstream.Resolver
	parser    *parser.Pool
	catalogs  *catalog.Cache
	authority *authority.Authority
	gateway   *proxy.Gateway
	intake    *intake
	console   *console.Server
	replaying sync.Mutex // held while what is on record is decided again
	patterns  patterns

	closers []func() error
}

// catalogsKept is how many databases' schemas are kept that no session uses. A
// database counts once for each network namespace that it is dialled from.
const catalogsKept = 64

// Run runs weir until ctx ends. It returns an error when it could not start, or
// when something failed without which it must not go on.
func Run(ctx context.Context, cfg *config.Config, opts Options) error {
	d := &Daemon{cfg: cfg, opts: opts, log: opts.Logger, started: time.Now()}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := d.open(ctx); err != nil {
		stop()
		return errors.Join(err, d.close())
	}
	err := d.serve(ctx, stop)
	stop()
	return errors.Join(err, d.close())
}

// open opens all parts, each before those that rely on it.
func (d *Daemon) open(ctx context.Context) error {
	for _, step := range []struct {
		doing string
		do    func(context.Context) error
	}{
		{"preparing the state folder", d.openState},
		{"opening the journal", d.openJournal},
		{"opening the store", d.openStore},
		{"reading the policy documents", d.openPolicies},
		{"starting the parser", d.openParser},
		{"opening weir's certificate authority", d.openAuthority},
		{"preparing the gateway", d.openGateway},
		{"opening the admin API", d.openConsole},
		{"catching connections", d.openIntake},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	return nil
}

// onClose has something closed at the end, the last one first.
func (d *Daemon) onClose(f func() error) { d.closers = append(d.closers, f) }

func (d *Daemon) close() error {
	var errs []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		errs = append(errs, d.closers[i]())
	}
	d.closers = nil
	return errors.Join(errs...)
}

func (d *Daemon) openState(context.Context) error {
	return os.MkdirAll(d.cfg.State, 0o700)
}

func (d *Daemon) openJournal(context.Context) error {
	o := journal.Options{
		SegmentSize: int64(d.cfg.Journal.Segment), Retention: d.cfg.Journal.Retention, MinFree: int64(d.cfg.Journal.MinFree),
		Sync: journal.Sync(d.cfg.Journal.Sync), Logger: d.log,
		MaxText: journal.RoomForText(int64(d.cfg.Journal.Segment), int(d.cfg.Parser.MaxStatement)),
	}
	j, err := journal.Open(d.journalFolder(), o)
	if err != nil {
		return err
	}
	d.journal = j
	d.onClose(j.Close)
	d.record(&journal.Event{Kind: journal.KindDaemonStart, Data: []journal.Field{{Name: "version", Value: d.opts.Version}}})
	d.onClose(func() error { d.record(&journal.Event{Kind: journal.KindDaemonStop}); return nil })
	return nil
}

func (d *Daemon) journalFolder() string { return filepath.Join(d.cfg.State, "journal") }

// record records what belongs to no session. That it could not is told; what
// must not happen unrecorded is decided elsewhere.
func (d *Daemon) record(e *journal.Event) {
	if err := d.journal.Event(e); err != nil {
		d.log.Warn("an event is not on record", "kind", e.Kind, "error", err)
	}
}

func (d *Daemon) openStore(ctx context.Context) error {
	db, err := store.Open(ctx, filepath.Join(d.cfg.State, "weir.db"))
	if err != nil {
		return err
	}
	d.store = db
	d.onClose(db.Close)
	d.broker = approval.NewBroker(db.Approvals(), approval.Options{MaxPending: d.cfg.Limits.ApprovalsPending, Changed: d.approvalChanged})
	return nil
}

// approvalChanged records decisions, and requests that were not decided in time.
func (d *Daemon) approvalChanged(r *approval.Request) {
	e := journal.Event{
		Policy: r.Policy, Rule: r.Rule, Revision: r.Revision, Approval: r.ID,
		Data: []journal.Field{{Name: "state", Value: string(r.State)}, {Name: "identity", Value: r.Identity.Subject}},
	}
	switch r.State {
	case approval.Approved, approval.Denied:
		e.Kind = journal.KindApprovalDecided
		if n := len(r.Decisions); n > 0 {
			last := r.Decisions[n-1]
			e.Data = append(e.Data, journal.Field{Name: "approver", Value: cmp.Or(last.Approver.Name, last.Approver.String())},
				journal.Field{Name: "reason", Value: last.Reason})
		}
	case approval.Expired, approval.Cancelled:
		e.Kind = journal.KindApprovalExpired
	default:
		return // sessions record that they ask and that they use
	}
	d.record(&e)
}

func (d *Daemon) openPolicies(ctx context.Context) error {
	d.names = upstream.NewResolver(upstream.ResolverOptions{})
	d.onClose(func() error { d.names.Close(); return nil })
	p, err := openPolicies(d.cfg.Policies, d.policiesLoaded, d.log)
	if err != nil {
		return err
	}
	d.policies = p
	// A name that a document names must have been asked for once before the
	// first connection is judged by it.
	wait, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := d.names.WaitTried(wait); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

func (d *Daemon) openParser(context.Context) error {
	p, err := parser.New(d.parserConfig())
	if err != nil {
		return err
	}
	d.parser = p
	d.onClose(p.Close)
	return nil
}

func (d *Daemon) parserConfig() parser.Config {
	limits := statement.DefaultLimits()
	limits.Length = int(d.cfg.Parser.MaxStatement)
	return parser.Config{
		Command: d.opts.ParseWorker, Workers: d.cfg.Parser.Workers, Deadline: d.cfg.Parser.Deadline,
		Memory: int64(d.cfg.Parser.Memory), Cache: int(d.cfg.Parser.Cache), Limits: limits, Logger: d.log,
	}
}

func (d *Daemon) openAuthority(context.Context) error {
	if d.cfg.ClientTLS == config.ClientTLSOff {
		return nil
	}
	a, err := authority.Open(filepath.Join(d.cfg.State, "ca"), authority.Options{})
	d.authority = a
	return err
}

func (d *Daemon) openGateway(context.Context) error {
	var err error
	d.catalogs, err = catalog.NewCache(catalog.Options{
		Poll: d.cfg.Catalog.Poll, Refresh: d.cfg.Catalog.Refresh, MaxAge: d.cfg.Catalog.MaxAge, Databases: catalogsKept,
		Bodies: d.parser, Logger: d.log,
	})
	if err != nil {
		return err
	}
	d.onClose(d.catalogs.Close)
	limits := session.DefaultLimits
	limits.Statement, limits.Message = int(d.cfg.Parser.MaxStatement), int(d.cfg.Limits.Message)
	cfg := proxy.Config{
		Policies: d.policies.current, Observe: d.cfg.Unmatched == config.UnmatchedObserve, Hosts: d.names,
		FromHost: d.cfg.DialFrom == config.DialFromHost, Parser: d.parser, Catalogs: d.catalogs, Journal: d.journal,
		Approvals: d.broker, RequireTLS: d.cfg.ClientTLS == config.ClientTLSRequire, Limits: limits,
		Sessions: d.cfg.Limits.Sessions, Starting: d.cfg.Limits.Starting, Logger: d.log,
		IdleTimeout: d.cfg.Limits.IdleTimeout, IdleInTransaction: d.cfg.Limits.IdleInTransactionTimeout,
		KeepAlive: keepAlive(d.cfg.KeepAlive),
	}
	if d.authority != nil {
		cfg.ClientTLS = func(destination netip.AddrPort, direct bool) *tls.Config {
			if direct {
				return d.authority.DirectTLSConfig(destination)
			}
			return d.authority.TLSConfig(destination)
		}
	}
	loops, err := driver.New(runtime.NumCPU())
	if err != nil {
		return err
	}
	d.onClose(loops.Close)
	loops.StartTimeout = d.cfg.Limits.LoginTimeout
	loops.Large = int64(max(d.cfg.Limits.Large, 2*d.cfg.Limits.Message))
	cfg.Driver = loops
	d.gateway, err = proxy.New(cfg)
	return err
}

// keepAlive puts the configuration in the terms of package net.
func keepAlive(k config.KeepAlive) net.KeepAliveConfig {
	if k.Idle == 0 {
		return net.KeepAliveConfig{Idle: -1} // not the zero value, which is the default
	}
	return net.KeepAliveConfig{Enable: true, Idle: k.Idle, Interval: k.Interval, Count: k.Count}
}

func (d *Daemon) openConsole(context.Context) error {
	s, err := console.Listen(console.Options{
		Socket: d.cfg.Admin.Socket, Group: d.cfg.Admin.Group, OpenFolder: d.socketsBeside(), Version: d.opts.Version, Logger: d.log,
		Status: d, Sessions: console.JournalSessions{Journal: d.journal, Open: d},
		Records: console.JournalRecords{Journal: d.journal}, Approvals: console.BrokerApprovals{Broker: d.broker}, Policy: d, Replay: d, Patterns: d, Connections: d,
	})
	if err != nil {
		return err
	}
	d.console = s
	d.onClose(func() error {
		if err := s.Close(); !errors.Is(err, net.ErrClosed) { // unless it was served
			return err
		}
		return nil
	})
	return nil
}

// socketsBeside says whether an explicit listener's socket, which is for
// everybody, lies in the admin socket's folder.
func (d *Daemon) socketsBeside() bool {
	for _, l := range d.cfg.Listen {
		if l.Network == config.NetworkUnix && filepath.Dir(l.Address) == filepath.Dir(d.cfg.Admin.Socket) {
			return true
		}
	}
	return false
}

// serve runs until ctx ends or a part fails without which weir must not go on.
func (d *Daemon) serve(ctx context.Context, stop context.CancelFunc) error {
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	run := func(what string, f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				once.Do(func() { failed = fmt.Errorf("%s: %w", what, err) })
				stop()
			}
		})
	}
	run("the admin API", d.console.Serve)
	run("watching the policy documents", d.policies.watch)
	run("the intake", func(ctx context.Context) error { return d.intake.run(ctx, d.gateway) })
	run("watching the capture", d.watchCapture)
	run("approvals", func(ctx context.Context) error {
		d.broker.Run(ctx, func(err error) { d.log.Error("approvals", "error", err) })
		return nil
	})
	if d.cfg.Metrics.Listen != "" {
		l, m, err := d.metrics(ctx)
		if err != nil {
			stop()
			wg.Wait()
			return err
		}
		run("the metrics", func(ctx context.Context) error { return console.ServeMetrics(ctx, l, m, d.log) })
	}
	d.log.Info("weir is ready", "policies", d.policies.current().Revision(), "unmatched", d.cfg.Unmatched, "admin", d.cfg.Admin.Socket)
	if d.opts.Ready != nil {
		d.opts.Ready()
	}
	wg.Wait()
	d.gateway.Wait()
	return failed
}

// metrics makes what Prometheus reads.
func (d *Daemon) metrics(ctx context.Context) (net.Listener, *console.Metrics, error) {
	m, err := console.NewMetrics(d.opts.Version, d.counted())
	if err != nil {
		return nil, nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.cfg.Metrics.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("metrics cannot be served at %s: %w", d.cfg.Metrics.Listen, err)
	}
	return l, m, nil
}
