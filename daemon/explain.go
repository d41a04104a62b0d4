package daemon

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// Explain tells how a statement is decided, and why.
func (d *Daemon) Explain(ctx context.Context, r *console.ExplainRequest) (*console.Explanation, error) {
	var recorded *console.RecordedDecision
	if r.Session != "" {
		var err error
		if r, recorded, err = d.recorded(ctx, r); err != nil {
			return nil, err
		}
	}
	if r.Text == "" {
		return nil, console.Invalid("give the text of a statement", "there is nothing to explain")
	}
	q := proxy.Question{
		Identity: r.Identity, DatabaseName: r.DatabaseName, User: r.User, InTransaction: r.InTransaction, Text: r.Text, Time: r.Time,
	}
	if q.Identity == nil {
		q.Identity = &identity.Identity{}
	}
	if q.Time.IsZero() {
		q.Time = time.Now()
	}
	if r.Database != "" {
		if q.Database = d.policies.current().Database(r.Database); q.Database == nil {
			return nil, console.NotFound("`weir status` lists those that are defined", "there is no Database %q", r.Database)
		}
		if q.DatabaseName == "" && len(q.Database.Databases) > 0 {
			q.DatabaseName = q.Database.Databases[0].String()
		}
	}
	e, err := d.gateway.Explain(ctx, q)
	if err != nil {
		return nil, console.Invalid("weir refuses a text that it cannot read", "the statement cannot be explained: %v", err)
	}
	out := explanation(q, e)
	out.Recorded = recorded
	return out, nil
}

// recorded finds a statement in the journal.
func (d *Daemon) recorded(ctx context.Context, r *console.ExplainRequest) (*console.ExplainRequest, *console.RecordedDecision, error) {
	asked := *r
	for record, err := range d.journal.Query(ctx, journal.Filter{Session: r.Session}) {
		if err != nil {
			return nil, nil, err
		}
		if record.Kind == journal.KindSessionStart {
			asked.Identity = record.Identity
		}
		if record.Seq != r.Seq || record.Text == "" {
			continue
		}
		asked.Database, asked.User, asked.Text, asked.Time = record.Database, record.User, record.Text, record.Time
		if asked.Identity == nil {
			asked.Identity = record.Identity
		}
		return &asked, &console.RecordedDecision{
			Time: record.Time, Verdict: record.Verdict, Policy: record.Policy, Rule: record.Rule, Revision: record.Revision,
		}, nil
	}
	return nil, nil, console.NotFound("`weir observe --session "+r.Session+"` lists its statements",
		"session %q has no statement %d on record", r.Session, r.Seq)
}

// explanation puts an answer in the API's form.
func explanation(q proxy.Question, e *proxy.Explained) *console.Explanation {
	v := &e.Verdict
	out := &console.Explanation{
		Identity: q.Identity, Database: e.Database, Text: q.Text, Revision: e.Revision, Verdict: string(v.Action), Policy: v.Policy,
		Rule: v.Rule, Reason: v.Reason, Message: v.Message, Detail: v.Detail, Hint: v.Hint,
		Notes: append(append([]string{}, e.Explanation.Notes...), e.Notes...),
	}
	if e.Refusal != "" {
		out.Notes = append(out.Notes, "the connection itself is refused: "+e.Refusal)
	}
	if v.Approval != nil {
		out.Approvers = v.Approval.Who()
	}
	for _, f := range v.Warnings {
		out.Warnings = append(out.Warnings, f.String())
	}
	for _, f := range v.Audited {
		out.Audited = append(out.Audited, f.String())
	}
	for i := range e.Policies {
		out.Policies = append(out.Policies, explainedPolicy(&e.Policies[i]))
	}
	for i, p := range e.Plans {
		m := console.ExplainedMask{Statement: i, Columns: p.Masked, Refused: p.Refused, Rule: p.Rule, Touches: p.Touches}
		if p.Refused {
			m.Why = p.Message
			if v.Action != policy.Deny {
				out.Verdict, out.Message, out.Detail, out.Hint = string(policy.Deny), p.Message, p.Detail, p.Hint
				out.Policy, out.Rule, _ = strings.Cut(p.Rule, "/")
				out.Reason = p.Construct
			}
		}
		out.Masks = append(out.Masks, m)
	}
	return out
}

func explainedPolicy(p *policy.PolicyExplanation) console.ExplainedPolicy {
	out := console.ExplainedPolicy{Name: p.Name, Mode: string(p.Mode), Selected: p.Selected.String(), Why: p.Why, Masks: p.Masks}
	for _, i := range p.Identities {
		x := console.ExplainedIdentity{Name: i.Name, Matched: i.Outcome.String()}
		for _, f := range i.Fields {
			x.Why = append(x.Why, f.Why)
		}
		out.Identities = append(out.Identities, x)
	}
	for _, g := range p.Guards {
		x := console.ExplainedGuard{Name: g.Name, Action: string(g.Action), About: g.About, When: g.When, Matched: g.Matched, Decided: g.Decided}
		for _, s := range g.Statements {
			x.Statements = append(x.Statements, console.ExplainedStatement(s))
		}
		out.Guards = append(out.Guards, x)
	}
	return out
}

// Reload reads the documents again.
func (d *Daemon) Reload(context.Context) (*console.ReloadResult, error) {
	changed, err := d.policies.reload()
	var problems policy.Diagnostics
	if errors.As(err, &problems) {
		return nil, console.Invalid("the documents that were in force stay in force", "the policy documents have problems:\n%v", problems)
	}
	if err != nil {
		return nil, err
	}
	return &console.ReloadResult{Changed: changed, Policy: d.policyStatus()}, nil
}
