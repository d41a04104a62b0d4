package explain

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/weirgate/weir/daemon/trial"
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// Records reads a journal; *journal.Journal and *journal.Reader do.
type Records interface {
	SessionRecords(ctx context.Context, id string) iter.Seq2[*journal.Record, error]
}

// Explainer explains by a bundle of policies.
type Explainer struct {
	Bundle *policy.Bundle
	// Observe: what no policy selects is only watched.
	Observe bool
	// Parse gives a text's facts.
	Parse func(ctx context.Context, text string) (*statement.Facts, error)
	// Records finds recorded statements; nil when there is no journal.
	Records Records
	// Snapshot gives the catalog of a database as it is known now, nil when it
	// is not; the function may be nil.
	Snapshot func(ctx context.Context, database *policy.Database, name string) (*catalog.Snapshot, error)
}

// Explain answers a request.
func (x *Explainer) Explain(ctx context.Context, r *console.ExplainRequest) (*console.Explanation, error) {
	recorded, asked, err := x.recorded(ctx, *r)
	if err != nil {
		return nil, err
	}
	database := x.Bundle.Database(asked.Database)
	if database == nil && asked.Database != "" && recorded == nil {
		return nil, console.NotFound("write its metadata.name as in the policy documents", "there is no Database %q", asked.Database)
	}
	facts, parseErr := x.Parse(ctx, asked.Text)
	if parseErr != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("explaining: %w", ctx.Err())
	}
	if asked.DatabaseName == "" && database != nil && len(database.Databases) == 1 && database.Databases[0].IsLiteral() {
		asked.DatabaseName = database.Databases[0].String()
	}
	request := policy.Request{
		Facts: facts, Text: asked.Text, Now: asked.Time,
		Session: policy.Session{Database: asked.DatabaseName, User: asked.User, InTransaction: asked.InTransaction},
	}
	if request.Now.IsZero() {
		request.Now = time.Now()
	}
	rules := x.Bundle.Rules(asked.Identity, database)
	var snapshot *catalog.Snapshot
	var notes []string
	if facts != nil && database != nil && rules.WantsCatalog() {
		if snapshot, err = x.snapshot(ctx, database, asked.DatabaseName); err != nil {
			notes = append(notes, err.Error())
		} else {
			request.Catalog = policy.NewCatalog(snapshot)
			notes = append(notes, unknown(facts, snapshot)...)
		}
	}
	e := render(x.Bundle.Explain(asked.Identity, database, request))
	e.Notes = append(e.Notes, notes...)
	e.Identity, e.Recorded = asked.Identity, recorded
	if parseErr != nil {
		e.Notes = append(e.Notes, "the text cannot be read, and what cannot be read is refused: "+parseErr.Error())
	}
	if rules.Unmatched && x.Observe && rules.Refusal == "" {
		e.Verdict, e.Message, e.Hint, e.Detail, e.Rule = "Observe", "", "", "", ""
		e.Notes = append(e.Notes, "no policy selects the connection; spec.unmatched is Observe, so it is relayed and recorded")
	}
	if snapshot != nil {
		x.patterns(e, rules, policy.Cataloged{Database: database.Name, Name: asked.DatabaseName, Snapshot: snapshot})
	}
	if snapshot != nil && len(rules.Masks) > 0 {
		masks(e, rules, snapshot, facts)
	}
	for _, d := range rules.Detections {
		e.Notes = append(e.Notes, "what "+d.String()+" detects in texts, json and arrays is masked in every column, also of those that are shown as they are")
	}
	return e, nil
}

// recorded replaces what is asked by what is on record.
func (x *Explainer) recorded(ctx context.Context, r console.ExplainRequest) (*console.RecordedDecision, console.ExplainRequest, error) {
	if r.Session == "" {
		return nil, r, nil
	}
	if x.Records == nil {
		return nil, r, console.Unavailable("give the statement's text, with --as and --database", "there is no journal to find %s/%d in", r.Session, r.Seq)
	}
	found := false
	for record, err := range x.Records.SessionRecords(ctx, r.Session) {
		if err != nil {
			return nil, r, fmt.Errorf("reading the journal: %w", err)
		}
		switch record.Kind {
		case journal.KindSessionStart, journal.KindSessionContinued:
			r.Identity, r.Database, r.User = record.Identity, record.Database, record.User
			found = true
		}
		if record.Seq != r.Seq {
			continue
		}
		if record.Kind != journal.KindStatementBegin && record.Kind != journal.KindStatementDenied && record.Kind != journal.KindStatementHeld {
			return nil, r, console.Invalid("`weir observe --ids` shows the statements' ids", "%s/%d is a %s, not a statement", r.Session, r.Seq, record.Kind)
		}
		if !found {
			r.Identity, r.Database, r.User = record.Identity, record.Database, record.User
		}
		if record.Text == "" || record.TextBytes > int64(len(record.Text)) {
			return nil, r, console.Conflict("give the statement's text, with --as and --database", "the text of %s/%d is not on record, or not the whole of it", r.Session, r.Seq)
		}
		r.Text = record.Text
		if r.Time.IsZero() {
			r.Time = record.Time
		}
		return &console.RecordedDecision{Time: record.Time, Verdict: record.Verdict, Policy: record.Policy, Rule: record.Rule, Revision: record.Revision}, r, nil
	}
	return nil, r, console.NotFound("`weir observe --ids` shows the statements' ids", "there is no statement %s/%d on record", r.Session, r.Seq)
}

// snapshot gives the catalog of a database; the error says, for a note, why there is none
// and what follows.
func (x *Explainer) snapshot(ctx context.Context, database *policy.Database, name string) (*catalog.Snapshot, error) {
	const without = "the catalog of the database is not at hand, so that masks are not explained, nor what views, triggers and functions do"
	if x.Snapshot == nil {
		return nil, errors.New(without)
	}
	s, err := x.Snapshot(ctx, database, name)
	switch {
	case err != nil && name == "":
		return nil, fmt.Errorf("%s: %w; name it with --dbname", without, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", without, err)
	case s == nil:
		return nil, errors.New(without)
	}
	return s, nil
}

// unknown notes which tables that are used the catalog does not have.
func unknown(facts *statement.Facts, snapshot *catalog.Snapshot) []string {
	var notes []string
	for i := range facts.Statements {
		st := &facts.Statements[i]
		for _, t := range st.Tables {
			if snapshot.Known(t.Schema, t.Name) || len(t.Access) == 0 {
				continue
			}
			name := t.Name
			if t.Schema != "" {
				name = t.Schema + "." + name
			}
			note := "the database's catalog has no " + name + ": what is said below does not tell what comes of it"
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}

// patterns notes which patterns of the policies that select the connection match nothing
// in its database.
func (x *Explainer) patterns(e *console.Explanation, rules *policy.Rules, in policy.Cataloged) {
	for _, p := range trial.Patterns(x.Bundle, []policy.Cataloged{in}) {
		name, _, _ := strings.Cut(p.Rule, "/")
		if !slices.Contains(rules.Policies, name) {
			continue
		}
		note := p.String()
		if meant := p.Meant(); meant != "" {
			note += "; " + meant
		}
		e.Notes = append(e.Notes, note)
	}
}

// masks adds what the masks make of each statement.
func masks(e *console.Explanation, rules *policy.Rules, snapshot *catalog.Snapshot, facts *statement.Facts) {
	compiled, err := lineage.Compile(rules.Masks, snapshot)
	if err != nil {
		e.Notes = append(e.Notes, "masks cannot be applied, so that every result is refused: "+err.Error())
		return
	}
	for i := range facts.Statements {
		plan := compiled.Judge(&facts.Statements[i], lineage.Env{Fresh: true, Outputs: true})
		m := console.ExplainedMask{Statement: i, Columns: plan.Masked, Refused: plan.Refused, Rule: plan.Rule, Touches: plan.Touches}
		if plan.Refused {
			m.Why = plan.Message
			if e.Verdict != string(policy.Deny) {
				e.Verdict, e.Rule, e.Message, e.Detail, e.Hint = string(policy.Deny), plan.Rule, plan.Message, plan.Detail, plan.Hint
				e.Policy, e.Reason = "", plan.Construct
			}
		}
		for _, o := range plan.Outputs {
			m.Outputs = append(m.Outputs, console.ExplainedOutput{Name: o.Name, Many: o.Many, Class: string(o.Class),
				Columns: o.Columns, Rule: o.Rule, Mask: string(o.Mask), Why: o.Reason})
		}
		e.Masks = append(e.Masks, m)
	}
}

// render gives policy's explanation the API's form.
func render(p *policy.Explanation) *console.Explanation {
	v := &p.Verdict
	e := &console.Explanation{
		Database: p.Database, Text: p.Text, Revision: p.Revision, Notes: append([]string(nil), p.Notes...),
		Verdict: string(v.Action), Policy: v.Policy, Rule: v.Rule, Reason: v.Reason,
		Message: v.Message, Detail: v.Detail, Hint: v.Hint,
	}
	if p.Refusal != "" {
		e.Notes = append(e.Notes, "the connection itself is refused: "+p.Refusal)
	}
	if v.Approval != nil {
		e.Approvers = v.Approval.Who()
	}
	for _, f := range v.Warnings {
		e.Warnings = append(e.Warnings, f.String())
	}
	for i := range v.Limits {
		l := &v.Limits[i]
		text := l.String() + " by " + l.Name() + ": " + string(l.Action)
		if l.Audit {
			text += " (Audit)"
		}
		e.Limits = append(e.Limits, fmt.Sprintf("statement %d: at most %s", l.Statement+1, text))
	}
	for _, f := range v.Audited {
		e.Audited = append(e.Audited, f.String())
	}
	for i := range p.Policies {
		e.Policies = append(e.Policies, renderPolicy(&p.Policies[i]))
	}
	return e
}

func renderPolicy(p *policy.PolicyExplanation) console.ExplainedPolicy {
	out := console.ExplainedPolicy{Name: p.Name, Mode: string(p.Mode), Selected: p.Selected.String(), Why: p.Why, Masks: p.Masks}
	for _, id := range p.Identities {
		entry := console.ExplainedIdentity{Name: id.Name, Matched: id.Outcome.String()}
		for _, f := range id.Fields {
			entry.Why = append(entry.Why, f.Field+": "+f.Why)
		}
		out.Identities = append(out.Identities, entry)
	}
	for _, g := range p.Guards {
		guard := console.ExplainedGuard{Name: g.Name, Action: string(g.Action), About: g.About, When: g.When, Matched: g.Matched,
			Decided: g.Decided, Rate: g.Rate, Pack: g.Pack, Note: g.Note}
		if g.Limit != nil {
			guard.Limit = g.Limit.String()
		}
		for _, s := range g.Statements {
			guard.Statements = append(guard.Statements, console.ExplainedStatement{Statement: s.Statement, Prepared: s.Prepared, Matched: s.Matched, Why: s.Why})
		}
		out.Guards = append(out.Guards, guard)
	}
	return out
}
