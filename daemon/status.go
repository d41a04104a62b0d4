package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// policiesLoaded is told what became of reading the documents.
func (d *Daemon) policiesLoaded(b *policy.Bundle, changed bool, problems policy.Diagnostics) {
	if len(problems) > 0 {
		d.log.Error("policy documents refused; the last good ones stay in force", "problems", problems.Error())
		d.record(&journal.Event{Kind: journal.KindPolicyRefused, Failure: journal.Failure{Message: problems.Error()}})
		return
	}
	d.names.Watch(b.HostNames()...)
	d.record(&journal.Event{Kind: journal.KindPolicyLoaded, Revision: b.Revision()})
	if changed {
		d.log.Info("policy documents loaded", "revision", b.Revision())
	}
}

// Status tells what the daemon knows of itself.
func (d *Daemon) Status(ctx context.Context) (*console.Status, error) {
	counts := d.gateway.Counters()
	s := &console.Status{
		Version: d.opts.Version, PID: syscall.Getpid(), Started: d.started, Config: d.cfg.Path, State: d.cfg.State,
		Policy: d.policyStatus(),
		Sessions: console.SessionStatus{
			Open: len(d.gateway.Sessions()), Limit: d.cfg.Limits.Sessions, Total: int(counts.Connections), Refused: int(counts.Refused),
		},
		Journal:   d.journalStatus(),
		Approvals: console.ApprovalStatus{Limit: d.cfg.Limits.ApprovalsPending},
	}
	p := d.parser.Stats()
	s.Parser = console.ParserStatus{Workers: d.cfg.Parser.Workers, Misses: p.Misses, Hits: p.Hits, Lost: p.Crashes + p.Deadlines, Restarts: p.Restarts}
	pending, err := d.broker.List(ctx, approval.Filter{States: []approval.State{approval.Pending}, Brief: true})
	if err != nil {
		s.Problems = append(s.Problems, fmt.Sprintf("approvals cannot be read: %v", err))
	}
	s.Approvals.Pending = len(pending)
	s.Capture = d.captureStatus(ctx, &s.Problems)
	s.Listeners = d.listenerStatus()
	if s.Journal.Problem != "" {
		s.Problems = append(s.Problems, "statements are refused: "+s.Journal.Problem)
	}
	if len(s.Policy.Refused) > 0 {
		s.Problems = append(s.Problems, "the newest policy documents were refused; older ones are in force")
	}
	for _, n := range d.names.Status() {
		if len(n.Addresses) == 0 {
			s.Problems = append(s.Problems, fmt.Sprintf("the name %s of a Database has no known address: %v", n.Host, n.Err))
		}
	}
	s.Catalogs = d.catalogStatus()
	for _, c := range s.Catalogs {
		if c.Problem != "" {
			s.Problems = append(s.Problems, fmt.Sprintf("the catalog of %s cannot be read: %s", c.Database, c.Problem))
		}
	}
	return s, nil
}

func (d *Daemon) policyStatus() console.PolicyStatus {
	b, state := d.policies.current(), d.policies.status()
	s := console.PolicyStatus{Revision: b.Revision(), Loaded: state.at, Unmatched: string(d.cfg.Unmatched), Databases: []string{}, Policies: []string{}}
	for _, db := range b.Databases() {
		s.Databases = append(s.Databases, db.Name)
	}
	for _, p := range b.Policies() {
		s.Policies = append(s.Policies, p.Name)
	}
	s.Patterns = d.patterns.of(b, d.gateway.Known())
	for _, p := range state.problems {
		s.Refused = append(s.Refused, p.Error())
	}
	return s
}

func (d *Daemon) journalStatus() console.JournalStatus {
	st := d.journal.Stats()
	s := console.JournalStatus{Folder: d.journalFolder(), Writable: true, Records: st.Records, Bytes: st.Bytes}
	if err := d.journal.Unavailable(); err != nil {
		s.Writable, s.Problem = false, err.Error()
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.cfg.State, &fs); err == nil {
		s.Free = int64(fs.Bavail) * fs.Bsize
	}
	return s
}

// catalogStatus tells what is known of databases' schemas, by server and database.
func (d *Daemon) catalogStatus() []console.CatalogStatus {
	list := []console.CatalogStatus{}
	for key, c := range d.catalogs.Status() {
		s := console.CatalogStatus{
			Database: key, Read: c.Taken, Confirmed: c.Confirmed, Age: c.Age.Seconds(), Usable: c.Usable, Sessions: c.Users,
			Relations: c.Relations, Functions: c.Functions, Unread: c.Unread, Took: c.Took.Seconds(),
			Reads: c.Reads, Checks: c.Checks, Announced: c.Announced,
		}
		if c.Failed != nil {
			s.Problem = c.Failed.Error()
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b console.CatalogStatus) int { return strings.Compare(a.Database, b.Database) })
	return list
}

func (d *Daemon) listenerStatus() []console.ListenerStatus {
	list := []console.ListenerStatus{}
	for _, l := range d.cfg.Listen {
		list = append(list, console.ListenerStatus{Name: l.Name, Network: string(l.Network), Address: l.Address, Database: l.Database})
	}
	return list
}

// OpenSessions gives the sessions that are open at this moment.
func (d *Daemon) OpenSessions() []console.Session {
	open := d.gateway.Sessions()
	list := make([]console.Session, len(open))
	for i, o := range open {
		id := o.Identity
		list[i] = console.Session{
			ID: o.ID, Open: true, Started: o.Started, Identity: &id, Database: o.Database, User: o.User, Server: o.Server,
			How: o.How, Policies: o.Policies, State: o.State, Running: o.Running,
		}
	}
	return list
}

// counted gives Prometheus the rooms' numbers.
func (d *Daemon) counted() console.Counted {
	c := console.Counted{
		Proxy: func() console.ProxyStats {
			n := d.gateway.Counters()
			return console.ProxyStats{
				Open: len(d.gateway.Sessions()), Connections: n.Connections, Refused: n.Refused, Unattested: n.Unattested,
				Statements: map[string]uint64{"Allow": n.Allowed, "Warn": n.Warned, "RequireApproval": n.Approved, "Deny": n.Denied},
				Masked:     n.Masked, RefusedByJournal: n.RefusedByJournal, Rows: n.Rows,
			}
		},
		Parser: func() console.ParserStats {
			n := d.parser.Stats()
			return console.ParserStats{Misses: n.Misses, Hits: n.Hits, Lost: n.Crashes + n.Deadlines, Restarts: n.Restarts, Cached: int64(n.Bytes)}
		},
		Journal: func() console.JournalStats {
			n := d.journal.Stats()
			return console.JournalStats{Records: uint64(n.Records), Bytes: uint64(n.Bytes), Errors: uint64(n.Refused + n.Lost), Usable: d.journal.Unavailable() == nil}
		},
		ApprovalsPending: func() (int, error) {
			pending, err := d.broker.List(context.Background(), approval.Filter{States: []approval.State{approval.Pending}, Brief: true})
			return len(pending), err
		},
		Catalogs:      d.catalogStatus,
		PolicyRefused: func() bool { return len(d.policies.status().problems) > 0 },
	}
	if d.cfg.Capture.Mode == config.CaptureTransparent {
		c.Capture = func() (map[string]uint64, error) { return d.intake.counters() }
	}
	return c
}
