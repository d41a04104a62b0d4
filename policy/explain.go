package policy

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/statement"
)

// Explanation says why a text is judged as it is: every policy, every rule,
// whether it matched, and why.
type Explanation struct {
	Revision  string              `json:"revision"`
	Subject   string              `json:"subject"`
	Database  string              `json:"database,omitempty"` // the Database document, "" when none claims the destination
	Text      string              `json:"text,omitempty"`
	Unmatched bool                `json:"unmatched,omitempty"`
	Refusal   string              `json:"refusal,omitempty"` // why the connection itself is refused
	Notes     []string            `json:"notes,omitempty"`
	Policies  []PolicyExplanation `json:"policies,omitempty"` // all of them, sorted by name
	Verdict   Verdict             `json:"verdict"`
}

// PolicyExplanation says whether a policy selects the connection, and if so what
// each of its guards made of the text.
type PolicyExplanation struct {
	Name       string                `json:"name"`
	Mode       Mode                  `json:"mode"`
	Database   bool                  `json:"database"` // it speaks of the connection's database
	Selected   identity.Outcome      `json:"selected"` // of the connection, the database included
	Why        string                `json:"why"`
	Identities []IdentityExplanation `json:"identities"`
	Guards     []GuardExplanation    `json:"guards,omitempty"` // of a policy that selects the connection
	Masks      []string              `json:"masks,omitempty"`  // names, of a policy that selects the connection
}

// IdentityExplanation is what one entry of a policy's identities said.
type IdentityExplanation struct {
	Name    string           `json:"name"`
	Outcome identity.Outcome `json:"outcome"`
	Fields  []identity.Field `json:"fields"`
}

// GuardExplanation is what one guard made of the text.
type GuardExplanation struct {
	Name       string            `json:"name"`
	Action     Action            `json:"action"`
	About      string            `json:"about"` // what the match is about, in words
	When       string            `json:"when,omitempty"`
	Limit      *Limit            `json:"limit,omitempty"`
	Rate       string            `json:"rate,omitempty"`
	Pack       string            `json:"pack,omitempty"` // the built-in pack that it is of
	Note       string            `json:"note,omitempty"` // why the guard was not asked, "" if it was
	Matched    bool              `json:"matched"`
	Decided    bool              `json:"decided"` // the verdict is this guard's
	Statements []StatementReason `json:"statements,omitempty"`
}

// StatementReason is why a guard matched a statement or did not.
type StatementReason struct {
	Statement int    `json:"statement"` // its place, from 0
	Prepared  bool   `json:"prepared,omitempty"`
	Matched   bool   `json:"matched"`
	Why       string `json:"why"`
}

// Explain judges a text as Judge does and says why.
func (b *Bundle) Explain(id *identity.Identity, db *Database, q Request) *Explanation {
	rules := b.Rules(id, db)
	e := &Explanation{Revision: b.revision, Subject: rules.Subject, Database: rules.Database, Text: q.Text,
		Unmatched: rules.Unmatched, Refusal: rules.Refusal, Notes: rules.Notes}
	places := map[string]*GuardExplanation{}
	for _, p := range b.policies {
		e.Policies = append(e.Policies, p.explain(id, db))
	}
	for i := range e.Policies {
		for k := range e.Policies[i].Guards {
			places[ruleName(e.Policies[i].Name, e.Policies[i].Guards[k].Name)] = &e.Policies[i].Guards[k]
		}
	}
	e.Verdict = rules.judge(q, func(s seeing) {
		g := places[ruleName(s.guard.policy, s.guard.Name)]
		if g == nil {
			return
		}
		g.Matched = g.Matched || s.matched
		g.Statements = append(g.Statements, StatementReason{Statement: s.statement, Prepared: s.prepared, Matched: s.matched, Why: s.why()})
	})
	if g := places[ruleName(e.Verdict.Policy, e.Verdict.Rule)]; g != nil && e.Verdict.Policy != "" {
		g.Decided = true
	}
	return e
}

func (p *Policy) explain(id *identity.Identity, db *Database) PolicyExplanation {
	e := PolicyExplanation{Name: p.Name, Mode: p.Mode}
	for i := range p.Identities {
		outcome, fields := p.Identities[i].Explain(id)
		e.Identities = append(e.Identities, IdentityExplanation{p.Identities[i].Name, outcome, fields})
	}
	e.Database = db != nil && p.selects(db.Name)
	outcome, why := p.match(id)
	switch {
	case db == nil:
		e.Why = "no Database document claims the destination"
	case !e.Database:
		e.Why = fmt.Sprintf("it does not name Database %q", db.Name)
	case outcome == identity.No:
		e.Why = "none of its identities is the workload"
	case outcome == identity.Unknown:
		e.Selected, e.Why = outcome, why
	default:
		k := slices.IndexFunc(e.Identities, func(i IdentityExplanation) bool { return i.Outcome == identity.Yes })
		e.Selected, e.Why = outcome, fmt.Sprintf("its identity %q is the workload", e.Identities[k].Name)
	}
	if e.Selected != identity.Yes {
		return e
	}
	for _, g := range p.Guards {
		one := GuardExplanation{Name: g.Name, Action: g.Action, About: g.Match.about(), When: g.When, Limit: g.Limit, Pack: g.Pack}
		if g.Rate != nil {
			one.Rate = g.Rate.String()
		}
		if !p.concerns(g, id) {
			one.Note = "it is only about the identities " + alternatives(g.Match.Identities)
		}
		e.Guards = append(e.Guards, one)
	}
	for _, m := range p.Masks {
		e.Masks = append(e.Masks, m.Name)
	}
	return e
}

// why words what a guard made of a statement.
func (s *seeing) why() string {
	switch {
	case s.matched && s.guard.Limit != nil && s.because.hidden == "" && s.because.uncounted == "":
		return s.guard.reason(s.because) + ", and may begin: " + s.guard.Limit.String() + " are allowed"
	case s.matched:
		return s.guard.reason(s.because)
	case s.slow:
		return s.guard.reason(s.because) + ", but it does not come faster than " + s.guard.Rate.String()
	case s.condition:
		return s.guard.reason(s.because) + ", but the rule's condition does not hold"
	default:
		return s.guard.Match.miss(s.misses, s.because.st)
	}
}

// miss words why a match is not met.
func (m *Match) miss(p part, st *statement.Statement) string {
	switch p {
	case partCommands:
		only := Match{Commands: m.Commands}
		return fmt.Sprintf("it is %s and does not contain %s", article(st.Command), only.about())
	case partWhere:
		return "each of its UPDATEs and DELETEs that the rule is about has a WHERE that limits it, or there is none"
	case partTables:
		verb := "touch"
		switch m.Access {
		case statement.AccessRead:
			verb = "read"
		case statement.AccessWrite:
			verb = "write to"
		}
		return fmt.Sprintf("it does not %s %s", verb, list(m.Tables, "any table"))
	case partColumns:
		return "it does not touch " + list(m.Columns, "") + " in the way that the rule is about"
	case partFunctions:
		return "it does not call " + list(m.Functions, "")
	case partSettings:
		only := Match{Settings: m.Settings}
		return "it does not change " + only.about()
	case partObjects:
		return "it does not define, change or grant " + m.kinds()
	case partLength:
		return fmt.Sprintf("the text is not longer than %d bytes", m.LongerThan)
	}
	return "it is not what the rule is about"
}
