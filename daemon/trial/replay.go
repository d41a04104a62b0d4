package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// Replay decides recorded statements again, by other documents, as sessions would.
type Replay struct {
	Bundle *policy.Bundle
	// Observe: what no policy selects is only watched.
	Observe bool
	Parse   Parse
	// Start finds the record that a session began with, nil when it is not kept.
	Start func(ctx context.Context, session string) (*journal.Record, error)
	// Catalog gives a database's catalog as it is now, by the name of its Database
	// document and its own. The error says, as a clause, why there is none. Nil: there
	// is none at all, and Without says why.
	Catalog func(ctx context.Context, database, name string) (*catalog.Snapshot, error)
	Without string
	// InForce are the documents in force, nil where they are not known: what statements
	// that were decided by them looked like is known then.
	InForce *policy.Bundle
	// Examples is how many examples of each change are kept.
	Examples int
	// Progress is told now and then how far it is; nil for nobody.
	Progress func(console.ReplayProgress)
}

// Bounds on what is kept while a journal of any size is replayed.
const (
	maxSessions  = 10_000 // that are followed at a time; the one that was idle the longest goes
	maxPending   = 1_000  // statements of a session whose end was not read yet
	maxCatalogs  = 64     // that are asked for
	maxGroups    = 1_000  // different changes of what is masked, and different warnings
	maxMissing   = 20     // names that catalogs do not have
	maxExample   = 4 << 10
	progressEach = time.Second
)

// replaying is a run of a Replay.
type replaying struct {
	*Replay
	rehearsals *proxy.Rehearsals
	out        *console.Replayed
	sessions   map[string]*replayed
	turn       uint64 // of the record that is read
	databases  map[databaseKey]*described
	told       time.Time
}

// databaseKey names a database by its document and its own name.
type databaseKey struct{ document, name string }

// described is a database that statements were sent to.
type described struct {
	console.ReplayedDatabase
	asked    bool
	snapshot *catalog.Snapshot
	wanted   bool // rules of a session want its catalog
}

// replayed is a session that is followed.
type replayed struct {
	rehearsal *proxy.Rehearsal // nil where it is not known whose the session is
	database  *described
	pending   map[uint64]*pending // by the number of their begin records
	used      uint64
}

// pending is a statement of which the end is still to come.
type pending struct {
	begin     *journal.Record
	judgement *proxy.Judgement
}

// Run decides records, given in the order of their time, again.
func (x *Replay) Run(ctx context.Context, records iter.Seq2[*journal.Record, error]) (*console.Replayed, error) {
	rehearsals, err := proxy.NewRehearsals(x.Bundle, x.Observe)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rehearsals.Close() }()
	r := &replaying{Replay: x, rehearsals: rehearsals, sessions: map[string]*replayed{}, databases: map[databaseKey]*described{},
		told: time.Now(),
		out: &console.Replayed{Revision: x.Bundle.Revision(), Changes: []console.ReplayChange{}, Masks: []console.ReplayMask{},
			Databases: []console.ReplayedDatabase{}, Skipped: map[string]int{}, Warnings: map[string]int{}}}
	for record, err := range records {
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.record(ctx, record); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for id := range r.sessions {
		r.over(id)
	}
	r.finish()
	return r.out, nil
}

func (x *replaying) record(ctx context.Context, r *journal.Record) error {
	x.turn++
	switch r.Kind {
	case journal.KindSessionEnd:
		x.over(r.Session)
		return nil
	case journal.KindStatementBegin, journal.KindStatementDenied, journal.KindStatementEnd,
		journal.KindSessionStart, journal.KindSessionContinued:
	default:
		return nil
	}
	if x.Progress != nil && time.Since(x.told) > progressEach {
		x.told = time.Now()
		x.Progress(console.ReplayProgress{Statements: x.out.Statements, At: r.Time})
	}
	s := x.sessions[r.Session]
	if s == nil {
		if r.Kind == journal.KindStatementEnd {
			return nil // of a statement that began before the time that was asked for
		}
		var err error
		if s, err = x.session(ctx, r); err != nil {
			return err
		}
		if len(x.sessions) >= maxSessions {
			x.evict()
		}
		x.sessions[r.Session] = s
	}
	s.used = x.turn
	switch r.Kind {
	case journal.KindStatementEnd:
		if p := s.pending[r.Statement]; p != nil {
			delete(s.pending, r.Statement)
			s.rehearsal.Sent(p.judgement, r.Outcome == journal.OutcomeFailed || r.Outcome == journal.OutcomeUnknown)
			x.ended(s, p, r)
		}
	case journal.KindStatementBegin, journal.KindStatementDenied:
		return x.statement(ctx, s, r)
	}
	return nil
}

// evict ends the session that was idle the longest.
func (x *replaying) evict() {
	oldest, at := "", x.turn+1
	for id, s := range x.sessions {
		if s.used < at {
			oldest, at = id, s.used
		}
	}
	x.over(oldest)
}

// over ends a session, and decides what has no end on record without it.
func (x *replaying) over(id string) {
	s := x.sessions[id]
	if s == nil {
		return
	}
	delete(x.sessions, id)
	for _, p := range s.pending {
		x.ended(s, p, nil)
	}
	if s.rehearsal != nil {
		s.rehearsal.End()
	}
}

// session finds out whose a session is.
func (x *replaying) session(ctx context.Context, r *journal.Record) (*replayed, error) {
	begin := r
	if r.Kind != journal.KindSessionStart && r.Kind != journal.KindSessionContinued {
		begin = nil
		if x.Start != nil {
			found, err := x.Start(ctx, r.Session)
			if err != nil {
				return nil, fmt.Errorf("finding the beginning of session %s: %w", r.Session, err)
			}
			begin = found
		}
	}
	s := &replayed{pending: map[uint64]*pending{}}
	if begin == nil || begin.Identity == nil {
		return s, nil
	}
	document := x.Bundle.Database(begin.Database)
	name := begin.DatabaseName
	if name == "" && document != nil && len(document.Databases) == 1 && document.Databases[0].IsLiteral() {
		name = document.Databases[0].String()
	}
	user := begin.ClientUser
	if user == "" {
		user = begin.User
	}
	s.database = x.of(begin.Database, name)
	if document == nil {
		s.database.Why = "the documents have no Database of this name, so that none of their policies selects its connections"
	}
	var err error
	s.rehearsal, err = x.rehearsals.Begin(proxy.Rehearsed{
		Identity: begin.Identity, Database: document, DatabaseName: name, User: user,
		Snapshot: func() *catalog.Snapshot { return x.snapshot(ctx, s.database) },
	})
	if err != nil {
		return nil, err
	}
	return s, ctx.Err()
}

// of gives what is noted of a database.
func (x *replaying) of(document, name string) *described {
	key := databaseKey{document, name}
	d := x.databases[key]
	if d == nil {
		d = &described{ReplayedDatabase: console.ReplayedDatabase{Database: document, Name: name}}
		x.databases[key] = d
	}
	return d
}

// snapshot gives a database's catalog, asked for once.
func (x *replaying) snapshot(ctx context.Context, d *described) *catalog.Snapshot {
	d.wanted = true
	if d.asked {
		return d.snapshot
	}
	d.asked = true
	asked := 0
	for _, other := range x.databases {
		if other.snapshot != nil {
			asked++
		}
	}
	var err error
	switch {
	case x.Catalog == nil:
		err = errors.New(x.Without)
	case d.Name == "":
		err = errors.New("which of the server's databases it was is not on record")
	case asked >= maxCatalogs:
		err = fmt.Errorf("%d databases' catalogs are held at a time: narrow it with --database", maxCatalogs)
	default:
		d.snapshot, err = x.Catalog(ctx, d.Database, d.Name)
	}
	switch {
	case err != nil:
		d.Why = err.Error()
	case d.snapshot != nil:
		d.Read = d.snapshot.Taken()
	}
	return d.snapshot
}

// statement decides one statement again.
func (x *replaying) statement(ctx context.Context, s *replayed, r *journal.Record) error {
	if why := undecidable(s, r); why != "" {
		x.out.Skipped[why]++
		return nil
	}
	facts, unreadable := x.Parse(ctx, r.Text)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v := s.rehearsal.Judge(r.Text, facts, unreadable, r.Time)
	if len(v.Unknown) > 0 {
		x.out.Skipped["EXECUTEs of what was prepared where it is not on record"]++
		return nil
	}
	if x.out.Statements++; x.out.From.IsZero() {
		x.out.From = r.Time
	}
	x.out.To = r.Time
	s.database.Statements++
	x.missing(v)
	p := &pending{r, v}
	if r.Kind == journal.KindStatementDenied {
		s.rehearsal.Denied()
		x.ended(s, p, nil)
		return nil
	}
	if !v.Refused() {
		v.Spend(r.Time)
	}
	if len(s.pending) >= maxPending { // of a session that lost their ends
		for seq, old := range s.pending {
			delete(s.pending, seq)
			x.ended(s, old, nil)
		}
	}
	s.pending[r.Seq] = p
	return nil
}

// undecidable says why a statement cannot be decided again, "" if it can.
func undecidable(s *replayed, r *journal.Record) string {
	switch {
	case r.Protocol == "function":
		return "calls of functions by number"
	case r.Protocol == "replication":
		return "replication commands"
	case r.Text == "":
		return "texts that are not on record"
	case r.TextBytes > int64(len(r.Text)), r.Hidden:
		return "texts of which a part is on record"
	case s.rehearsal == nil:
		return "sessions whose beginning is not kept"
	}
	return ""
}

// missing notes what a statement uses and the catalog does not have.
func (x *replaying) missing(v *proxy.Judgement) {
	if len(v.Missing) == 0 {
		return
	}
	if x.out.Missing == nil {
		x.out.Missing = &console.ReplayMissing{Names: []string{}}
	}
	m := x.out.Missing
	m.Statements++
	for _, name := range v.Missing {
		if len(m.Names) < maxMissing && !slices.Contains(m.Names, name) {
			m.Names = append(m.Names, name)
		}
	}
}

// finish puts the outcome in order.
func (x *replaying) finish() {
	out := x.out
	slices.SortStableFunc(out.Changes, func(a, b console.ReplayChange) int { return b.Count - a.Count })
	slices.SortStableFunc(out.Masks, func(a, b console.ReplayMask) int { return b.Count - a.Count })
	var known []policy.Cataloged
	for _, d := range x.databases {
		if d.Statements == 0 {
			continue
		}
		switch {
		case d.snapshot != nil:
			d.Catalog = console.CatalogHeld
			known = append(known, policy.Cataloged{Database: d.Database, Name: d.Name, Snapshot: d.snapshot})
		case d.wanted:
			d.Catalog = console.CatalogNotHeld
		default:
			d.Catalog = console.CatalogNotNeeded
		}
		out.Databases = append(out.Databases, d.ReplayedDatabase)
	}
	slices.SortFunc(out.Databases, func(a, b console.ReplayedDatabase) int {
		return cmp.Or(cmp.Compare(b.Statements, a.Statements), strings.Compare(a.Title(), b.Title()))
	})
	out.Patterns = Patterns(x.Bundle, known)
	out.NotHeld = x.notHeld()
}

// notHeld says what was held against no statement.
func (x *replaying) notHeld() []string {
	all := []string{}
	for _, d := range x.out.Databases {
		if d.Catalog == console.CatalogNotHeld {
			all = append(all, fmt.Sprintf("%s: what takes the database's catalog (masks, tables behind views, functions, triggers), since %s", d.Title(), d.Why))
		}
	}
	for _, p := range x.Bundle.Policies() {
		for _, m := range p.Masks {
			if len(m.Detect)+len(m.Patterns) > 0 {
				all = append(all, fmt.Sprintf("what mask %s/%s detects in values", p.Name, m.Name))
			}
		}
	}
	return all
}
