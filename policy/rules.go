package policy

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
)

// Rules are what all policies that select one identity on one database say.
// They are not changed once made, and may be shared by sessions.
type Rules struct {
	Revision string   // of the Bundle that they come from
	Subject  string   // of the identity
	Database string   // name of the Database document, "" for none
	Policies []string // that select the connection, sorted

	// Unmatched: no policy selects the connection. The daemon's configuration
	// says whether it is denied or only observed; Judge denies unless the rules
	// come from Observing.
	Unmatched bool
	// Refusal is why the connection must be refused before its first statement,
	// "" if it need not: an attribute that a policy selects by could not be
	// obtained. Judge denies everything then.
	Refusal string
	// Notes tell what an operator should know, such as a policy in mode Audit
	// that was left out because an attribute could not be obtained.
	Notes []string

	// Mode is Audit when every policy that selects the connection only audits.
	Mode      Mode
	Recording Recording
	// Masks are those of policies that enforce, AuditedMasks those of the others.
	Masks        []lineage.Rule
	AuditedMasks []lineage.Rule
	// Detections mask what they find in any column, in policies that enforce.
	Detections []Detection
	// Detectors are the same as cells take them.
	Detectors []mask.Detection

	guards    []bound
	identity  *celIdentity
	observing bool
}

// bound is a guard with what it needs of its policy.
type bound struct {
	*Guard
	policy   string
	audit    bool
	approval *Approval      // with RequireApproval
	bucket   *bucket        // with a rate
	trusted  []pattern.Name // functions of which the policy says that they hide nothing
}

// Observing gives rules that let everything pass and only record, for a
// connection that no policy selects. Rules of a connection that one selects come
// back as they are.
func (r *Rules) Observing() *Rules {
	if !r.Unmatched || r.Refusal != "" {
		return r
	}
	o := *r
	o.observing = true
	return &o
}

// Observes says whether the rules come from Observing.
func (r *Rules) Observes() bool { return r.observing }

// WantsCatalog says whether judging is sharper with the database's catalog: a
// guard stops statements, or something is masked.
func (r *Rules) WantsCatalog() bool {
	return len(r.Masks)+len(r.AuditedMasks) > 0 || slices.ContainsFunc(r.guards, func(g bound) bool { return g.Action.stops() })
}

// attributes is the part of an identity that rules can depend on: two
// identities that agree in it get the same rules.
func attributes(id *identity.Identity) identity.Identity {
	if id == nil {
		return identity.Identity{}
	}
	a := *id
	a.PID, a.Comm = 0, ""
	return a
}

// rulesOf compiles the rules of an identity on a database.
func (b *Bundle) rulesOf(id *identity.Identity, db *Database) *Rules {
	r := &Rules{Revision: b.revision, Mode: Audit, identity: &celIdentity{}}
	if id != nil {
		r.Subject = id.Subject
		r.identity = identityVariable(id)
	}
	if db == nil {
		r.Unmatched = true
		return r
	}
	r.Database = db.Name
	var refusals []string
	for _, p := range b.policies {
		if !p.selects(db.Name) {
			continue
		}
		outcome, why := p.match(id)
		switch {
		case outcome == identity.No:
		case outcome == identity.Yes:
			refusals = append(refusals, r.add(p, id, &b.buckets)...)
		case p.Mode == Audit:
			r.Notes = append(r.Notes, "policy "+p.Name+" (Audit) is left out: "+why)
		default:
			refusals = append(refusals, "whether policy "+p.Name+" is meant for this workload cannot be told: "+why)
		}
	}
	r.Unmatched = len(r.Policies) == 0
	r.Refusal = strings.Join(refusals, "; ")
	return r
}

// add takes over the rules of a policy that selects the connection. What it
// returns are reasons to refuse it.
func (r *Rules) add(p *Policy, id *identity.Identity, all *buckets) (refusals []string) {
	if len(r.Policies) == 0 {
		r.Recording = p.Recording
	} else {
		r.Recording = r.Recording.join(p.Recording)
	}
	r.Policies = append(r.Policies, p.Name)
	if p.Mode == Enforce {
		r.Mode = Enforce
	}
	for _, g := range p.Guards {
		if !p.concerns(g, id) {
			continue
		}
		one := bound{Guard: g, policy: p.Name, audit: p.Mode == Audit, approval: p.approval(g.Approval), trusted: p.Trusted}
		if g.Rate != nil {
			one.bucket = all.of(r.Subject, ruleName(p.Name, g.Name), g.Rate)
		}
		r.guards = append(r.guards, one)
	}
	for _, m := range p.Masks {
		switch {
		case p.Mode == Audit && m.detects():
			r.Notes = append(r.Notes, "mask "+p.Name+"/"+m.Name+" (Audit) is left out: what it would find is not looked for")
		case p.Mode == Audit && m.masker != nil:
			r.AuditedMasks = append(r.AuditedMasks, m.rule(p))
		case p.Mode == Audit:
			r.Notes = append(r.Notes, "mask "+p.Name+"/"+m.Name+" (Audit) is left out: its key was not read")
		case m.masker == nil:
			refusals = append(refusals, "the key of mask "+p.Name+"/"+m.Name+" was not read")
		case m.detects():
			r.Detections = append(r.Detections, Detection{Policy: p.Name, Name: m.Name})
			r.Detectors = append(r.Detectors, *m.detection)
		default:
			r.Masks = append(r.Masks, m.rule(p))
		}
	}
	return refusals
}

// concerns says whether a guard is about a workload: it names no identities, or
// one that matches. One of which that cannot be told counts where the guard
// stops statements.
func (p *Policy) concerns(g *Guard, id *identity.Identity) bool {
	if len(g.Match.Identities) == 0 {
		return true
	}
	for i := range p.Identities {
		if !slices.Contains(g.Match.Identities, p.Identities[i].Name) {
			continue
		}
		switch p.Identities[i].Match(id) {
		case identity.Yes:
			return true
		case identity.Unknown:
			if g.Action.stops() {
				return true
			}
		}
	}
	return false
}

// match joins a policy's identities by OR: Yes wins over Unknown, Unknown over
// No. why tells of the unknown one.
func (p *Policy) match(id *identity.Identity) (outcome identity.Outcome, why string) {
	for i := range p.Identities {
		s := &p.Identities[i]
		switch s.Match(id) {
		case identity.Yes:
			return identity.Yes, ""
		case identity.Unknown:
			_, fields := s.Explain(id)
			k := slices.IndexFunc(fields, func(f identity.Field) bool { return f.Outcome == identity.Unknown })
			if outcome != identity.Unknown && k >= 0 {
				outcome, why = identity.Unknown, fields[k].Why
			}
		}
	}
	return outcome, why
}
