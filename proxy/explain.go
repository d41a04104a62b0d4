package proxy

import (
	"context"
	"fmt"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/session"
)

// Question is a statement that nobody sends: how would it be decided?
type Question struct {
	Identity      *identity.Identity
	Database      *policy.Database // nil: a destination that no document claims
	DatabaseName  string           // at the server
	User          string           // that the client asks for
	InTransaction bool
	Text          string
	Time          time.Time
}

// Explained is the answer to a Question.
type Explained struct {
	*policy.Explanation
	Plans []lineage.Plan // what masks do, one for each statement; nil without masks
	Notes []string       // what could not be told
}

// Explain says how a statement would be decided by the documents in force, and
// why. An error is the text's own: it does not parse.
func (g *Gateway) Explain(ctx context.Context, q Question) (*Explained, error) {
	facts, err := g.cfg.Parser.ParseBytes(ctx, []byte(q.Text), "")
	if err != nil {
		return nil, err
	}
	bundle := g.cfg.Policies()
	e := &Explained{Explanation: bundle.Explain(q.Identity, q.Database, policy.Request{
		Facts: facts, Text: q.Text, Now: q.Time,
		Session: policy.Session{Database: q.DatabaseName, User: q.User, InTransaction: q.InTransaction},
	})}
	rules := bundle.Rules(q.Identity, q.Database)
	if q.Database == nil || len(rules.Masks) == 0 {
		return e, nil
	}
	plans, err := g.explainMasks(ctx, q, rules, facts)
	if err != nil {
		e.Notes = append(e.Notes, fmt.Sprintf("what the masks do cannot be told: %v", err))
	}
	e.Plans = plans
	return e, nil
}

// explainMasks judges by the masks, in the catalog of the first address that the
// Database document gives.
func (g *Gateway) explainMasks(ctx context.Context, q Question, rules *policy.Rules, facts *statement.Facts) ([]lineage.Plan, error) {
	v := &visit{gateway: g, flow: Flow{Database: q.Database.Name}}
	r := route{database: q.Database, rules: rules}
	if refusal := v.listened(&r); refusal != nil {
		return nil, refusal
	}
	j := newJudge(g, q.Identity, r, &session.Connect{User: q.User, Database: q.DatabaseName}, v.target(r))
	if err := j.refresh(ctx, time.Time{}); err != nil {
		return nil, err
	}
	var plans []lineage.Plan
	for i := range facts.Statements {
		plans = append(plans, j.standing.masks.Judge(&facts.Statements[i], lineage.Env{}))
	}
	return plans, nil
}
