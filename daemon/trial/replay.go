package trial

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/journal"
)

// Replay decides recorded statements again, by other documents. Masks are not
// held against them: that takes the database's catalog as it was.
type Replay struct {
	Bundle *policy.Bundle
	Parse  Parse
	// Start finds the record that a session began with, nil when it is not kept.
	Start func(ctx context.Context, session string) (*journal.Record, error)
	// Examples is how many examples of each change are kept.
	Examples int
	// Progress is told now and then how many statements were decided; may be nil.
	Progress func(statements int)
}

// Outcome is what other documents would have made of what is on record.
type Outcome struct {
	Revision   string    `json:"revision"` // of the documents that were tried
	From       time.Time `json:"from,omitzero"`
	To         time.Time `json:"to,omitzero"`
	Statements int       `json:"statements"` // that were decided again
	Same       int       `json:"same"`
	Changes    []Change  `json:"changes"` // the most frequent first
	// Skipped counts what could not be decided again, by why.
	Skipped map[string]int `json:"skipped,omitempty"`
	// Beside counts, by rule, warnings and limits that apply without changing a
	// decision.
	Warnings map[string]int `json:"warnings,omitempty"`
}

// Change is one way in which decisions would differ.
type Change struct {
	Recorded string    `json:"recorded"` // the action on record
	Now      string    `json:"now"`      // the action of the documents
	Rule     string    `json:"rule,omitempty"`
	Before   string    `json:"before,omitempty"` // the rule on record
	Count    int       `json:"count"`
	Examples []Example `json:"examples"`
}

// Example is a statement whose decision would change.
type Example struct {
	ID       string    `json:"id"` // for weir policy explain
	Time     time.Time `json:"time"`
	Workload string    `json:"workload"`
	Database string    `json:"database"`
	Text     string    `json:"text"`
	Reason   string    `json:"reason,omitempty"`
}

// maxSessions bounds how many sessions are followed at a time.
const maxSessions = 10000

// replayed is a session that is followed.
type replayed struct {
	identity *identity.Identity
	database *policy.Database
	user     string
	prepared map[string]*statement.Statement
	limits   map[uint64]*limited // by the number of their begin records
}

// limited is a statement of which the end says whether it has passed a limit.
type limited struct {
	begin  *journal.Record
	limits []policy.Bounded
}

// Run decides records, given in the order of their time, again.
func (x *Replay) Run(ctx context.Context, records iter.Seq2[*journal.Record, error]) (*Outcome, error) {
	out := &Outcome{Revision: x.Bundle.Revision(), Changes: []Change{}, Skipped: map[string]int{}, Warnings: map[string]int{}}
	sessions := map[string]*replayed{}
	for r, err := range records {
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch r.Kind {
		case journal.KindSessionEnd:
			delete(sessions, r.Session)
			continue
		case journal.KindStatementBegin, journal.KindStatementDenied, journal.KindStatementEnd,
			journal.KindSessionStart, journal.KindSessionContinued:
		default:
			continue
		}
		s := sessions[r.Session]
		if s == nil {
			if s, err = x.session(ctx, r); err != nil {
				return nil, err
			}
			if len(sessions) >= maxSessions {
				clear(sessions)
			}
			sessions[r.Session] = s
		}
		switch r.Kind {
		case journal.KindStatementEnd:
			x.ended(out, s, r)
		case journal.KindStatementBegin, journal.KindStatementDenied:
			x.statement(ctx, out, s, r)
			if x.Progress != nil && out.Statements%1000 == 0 {
				x.Progress(out.Statements)
			}
		}
	}
	slices.SortStableFunc(out.Changes, func(a, b Change) int { return b.Count - a.Count })
	return out, ctx.Err()
}

// session finds out whose a session is.
func (x *Replay) session(ctx context.Context, r *journal.Record) (*replayed, error) {
	begin := r
	if r.Kind != journal.KindSessionStart && r.Kind != journal.KindSessionContinued && x.Start != nil {
		found, err := x.Start(ctx, r.Session)
		if err != nil {
			return nil, fmt.Errorf("finding the beginning of session %s: %w", r.Session, err)
		}
		if found != nil {
			begin = found
		}
	}
	return &replayed{identity: begin.Identity, database: x.Bundle.Database(begin.Database), user: begin.User,
		prepared: map[string]*statement.Statement{}, limits: map[uint64]*limited{}}, nil
}

// statement decides one statement again.
func (x *Replay) statement(ctx context.Context, out *Outcome, s *replayed, r *journal.Record) {
	switch {
	case strings.EqualFold(r.Protocol, "function"):
		out.Skipped["calls of functions by number"]++
		return
	case r.Text == "":
		out.Skipped["texts that are not on record"]++
		return
	case r.TextBytes > int64(len(r.Text)), r.Hidden:
		out.Skipped["texts of which a part is on record"]++
		return
	case s.identity == nil:
		out.Skipped["sessions whose beginning is not kept"]++
		return
	}
	if out.Statements++; out.From.IsZero() {
		out.From = r.Time
	}
	out.To = r.Time
	facts, err := x.Parse(ctx, r.Text)
	if err != nil {
		x.compare(out, r, string(policy.Deny), "built-in/unreadable", err.Error())
		return
	}
	rules := x.Bundle.Rules(s.identity, s.database)
	v := rules.Judge(policy.Request{Facts: facts, Text: r.Text, Now: r.Time, Session: policy.Session{User: s.user},
		Prepared: func(name string) *statement.Statement {
			if st := s.prepared[name]; st != nil {
				return st
			}
			return prepared(facts)(name)
		}})
	if !v.Refused() {
		v.Spend(r.Time)
	}
	for i := range facts.Statements {
		if p := facts.Statements[i].Prepared; p != nil && p.What == "Prepare" && p.Body != nil && len(s.prepared) < 1000 {
			s.prepared[p.Name] = p.Body
		}
	}
	for _, w := range v.Warnings {
		out.Warnings["Warn "+ruleName(w.Policy, w.Rule)]++
	}
	for _, a := range v.Audited {
		out.Warnings["Audit "+ruleName(a.Policy, a.Rule)]++
	}
	if len(v.Limits) > 0 && !v.Refused() && r.Kind == journal.KindStatementBegin {
		if len(s.limits) > 1000 {
			clear(s.limits) // of a session that ended without their ends
		}
		s.limits[r.Seq] = &limited{begin: r, limits: v.Limits}
	}
	x.compare(out, r, string(v.Action), ruleName(v.Policy, v.Rule), v.Reason)
}

// ended holds what a statement has returned or changed against the limits that it
// would have had.
func (x *Replay) ended(out *Outcome, s *replayed, r *journal.Record) {
	l := s.limits[r.Statement]
	if l == nil {
		return
	}
	delete(s.limits, r.Statement)
	for i := range l.limits {
		b := &l.limits[i]
		if (b.Rows == 0 || r.Rows <= b.Rows) && (b.Bytes == 0 || r.Bytes <= b.Bytes) {
			continue
		}
		reason := fmt.Sprintf("it returned or changed %d rows, in %d bytes; the rule allows %s", r.Rows, r.Bytes, b.String())
		if b.Action != policy.Deny || b.Audit {
			out.Warnings[string(b.Action)+" "+b.Name()+" (limit)"]++
			continue
		}
		out.Same-- // it was counted when it began
		x.change(out, l.begin, string(policy.Deny)+" (limit)", b.Name(), reason)
		return
	}
}

// compare counts a decision.
func (x *Replay) compare(out *Outcome, r *journal.Record, action, rule, reason string) {
	recorded := r.Verdict
	if recorded == "" {
		recorded = string(policy.Allow)
	}
	if recorded == action && (action == string(policy.Allow) || ruleName(r.Policy, r.Rule) == rule) {
		out.Same++
		return
	}
	x.change(out, r, action, rule, reason)
}

// change counts a decision that differs.
func (x *Replay) change(out *Outcome, r *journal.Record, action, rule, reason string) {
	recorded, before := r.Verdict, ruleName(r.Policy, r.Rule)
	if recorded == "" {
		recorded = string(policy.Allow)
	}
	i := slices.IndexFunc(out.Changes, func(c Change) bool {
		return c.Recorded == recorded && c.Now == action && c.Rule == rule && c.Before == before
	})
	if i < 0 {
		out.Changes = append(out.Changes, Change{Recorded: recorded, Now: action, Rule: rule, Before: before})
		i = len(out.Changes) - 1
	}
	c := &out.Changes[i]
	c.Count++
	if len(c.Examples) >= x.Examples {
		return
	}
	e := Example{ID: fmt.Sprintf("%s/%d", r.Session, r.Seq), Time: r.Time, Database: r.Database, Text: strings.TrimSpace(r.Text), Reason: reason}
	if r.Identity != nil {
		e.Workload = r.Identity.Subject
	}
	c.Examples = append(c.Examples, e)
}
