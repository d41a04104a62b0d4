package trial

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// ended compares what a statement has come to with what would have become of it. r is
// its end, nil where that is not on record.
func (x *replaying) ended(s *replayed, p *pending, r *journal.Record) {
	v := p.judgement
	if v.Strict != nil && !lacked(r) {
		strict := *v.Strict
		strict.Reason += "; the database's catalog does not have it now"
		v = &strict
	}
	x.beside(v)
	action, rule, reason := v.Action, ruleName(v.Policy, v.Rule), v.Reason
	if !v.Refused() && r != nil {
		if limited, by, why := x.limited(v, r); limited != "" {
			action, rule, reason = limited, by, why
		}
	}
	changed := x.compare(p.begin, action, rule, reason)
	if r != nil && !v.Refused() && (r.Outcome == journal.OutcomeCompleted || r.Outcome == journal.OutcomeSuspended) {
		changed = x.masks(s, p, v, r) || changed
	}
	if !changed {
		x.out.Same++
	}
}

// lacked says that a statement failed because something does not exist.
func lacked(r *journal.Record) bool {
	if r == nil {
		return false
	}
	switch r.SQLState {
	case "42P01", "42704", "42703", "42883", "3F000":
		return true
	}
	return false
}

// beside counts what applies without changing a decision.
func (x *replaying) beside(v *proxy.Judgement) {
	for _, w := range v.Warnings {
		x.warn("Warn " + ruleName(w.Policy, w.Rule))
	}
	for _, a := range v.Audited {
		x.warn("Audit " + ruleName(a.Policy, a.Rule))
	}
	for _, a := range v.AuditedMasks {
		x.warn("Audit " + a)
	}
}

func (x *replaying) warn(what string) {
	if _, ok := x.out.Warnings[what]; ok || len(x.out.Warnings) < maxGroups {
		x.out.Warnings[what]++
	}
}

// limited says which limit a statement would have passed by what it has returned or
// changed.
func (x *replaying) limited(v *proxy.Judgement, r *journal.Record) (action, rule, reason string) {
	for i := range v.Limits {
		b := &v.Limits[i]
		rows := r.Rows
		if b.Result && r.Bytes == 0 {
			rows = 0 // they were changed
		}
		if b.Count != nil && b.Count.Changes && !writes(r.Tag) {
			rows = 0 // they are of the result, and what is changed is not on record
		}
		if (b.Rows == 0 || rows <= b.Rows) && (b.Bytes == 0 || r.Bytes <= b.Bytes) {
			continue
		}
		if b.Audit || b.Action == policy.Warn {
			what := string(b.Action)
			if b.Audit {
				what = "Audit"
			}
			x.warn(what + " " + b.Name() + " (limit)")
			continue
		}
		return string(b.Action) + " (limit)", b.Name(),
			fmt.Sprintf("it returned or changed %d rows, in %d bytes; the rule allows %s", r.Rows, r.Bytes, b.String())
	}
	return "", "", ""
}

// writes says that a command tag counts rows that were changed.
func writes(tag string) bool {
	command, _, _ := strings.Cut(tag, " ")
	return slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "MERGE"}, command)
}

// compare counts a decision, and says whether it is another one.
func (x *replaying) compare(r *journal.Record, action, rule, reason string) (changed bool) {
	recorded, before := r.Verdict, ruleName(r.Policy, r.Rule)
	if recorded == "" {
		recorded = string(policy.Allow)
	}
	if recorded == action && (action == string(policy.Allow) || before == rule) {
		return false
	}
	i := slices.IndexFunc(x.out.Changes, func(c console.ReplayChange) bool {
		return c.Recorded == recorded && c.Now == action && c.Rule == rule && c.Before == before
	})
	if i < 0 {
		x.out.Changes = append(x.out.Changes, console.ReplayChange{Recorded: recorded, Now: action, Rule: rule, Before: before, Examples: []console.ReplayExample{}})
		i = len(x.out.Changes) - 1
	}
	c := &x.out.Changes[i]
	c.Count++
	if len(c.Examples) < x.Examples {
		c.Examples = append(c.Examples, example(r, reason))
	}
	return true
}

// masks compares what was masked in a statement's results with what would be. Names
// tell what a result shows; where a name may mean several tables, all of them count.
func (x *replaying) masks(s *replayed, p *pending, v *proxy.Judgement, r *journal.Record) (changed bool) {
	rules := s.rehearsal.Rules()
	if len(rules.Masks) > 0 && !rules.Observes() && s.rehearsal.Snapshot() == nil {
		return false // not held against it
	}
	var was map[string]string // how columns were masked, where that is known
	for i := range v.Masked {
		m := &v.Masked[i]
		at := slices.IndexFunc(m.Columns, func(c string) bool { return slices.Contains(r.Masked, c) })
		if at < 0 {
			for _, c := range m.Columns {
				x.mask(p.begin, console.ReplayMask{Kind: console.NowMasked, Column: c, Rule: m.Rule, How: m.How})
				changed = true
			}
			continue
		}
		if was == nil {
			was = x.before(s, p, v)
		}
		for _, c := range m.Columns[at:] {
			if how := was[c]; how != "" && how != m.How && slices.Contains(r.Masked, c) {
				x.mask(p.begin, console.ReplayMask{Kind: console.OtherwiseMask, Column: c, Rule: m.Rule, How: m.How, Before: how})
				changed = true
			}
		}
	}
	for _, c := range r.Masked {
		known := strings.Count(c, ".") >= 2 // else a value whose column is not known
		if known && !slices.ContainsFunc(v.Masked, func(m proxy.MaskedColumn) bool { return slices.Contains(m.Columns, c) }) {
			x.mask(p.begin, console.ReplayMask{Kind: console.NoLongerMasked, Column: c})
			changed = true
		}
	}
	return changed
}

// before says how the documents in force mask a statement's columns, if it was decided
// by them.
func (x *replaying) before(s *replayed, p *pending, v *proxy.Judgement) map[string]string {
	was := map[string]string{}
	if x.InForce == nil || p.begin.Revision != x.InForce.Revision() || p.begin.Revision == x.Bundle.Revision() {
		return was
	}
	masked, ok := s.rehearsal.MaskedBy(x.InForce, v)
	if !ok {
		return was
	}
	for _, m := range masked {
		for _, c := range m.Columns {
			if old, ok := was[c]; ok && old != m.How {
				was[c] = "" // in more than one way
				continue
			}
			was[c] = m.How
		}
	}
	return was
}

// mask counts a change of what is masked.
func (x *replaying) mask(r *journal.Record, m console.ReplayMask) {
	i := slices.IndexFunc(x.out.Masks, func(o console.ReplayMask) bool {
		return o.Kind == m.Kind && o.Column == m.Column && o.Rule == m.Rule && o.How == m.How && o.Before == m.Before
	})
	if i < 0 {
		if len(x.out.Masks) >= maxGroups {
			x.out.Skipped["further kinds of changes of what is masked"]++
			return
		}
		m.Examples = []console.ReplayExample{}
		x.out.Masks = append(x.out.Masks, m)
		i = len(x.out.Masks) - 1
	}
	c := &x.out.Masks[i]
	c.Count++
	if len(c.Examples) < x.Examples {
		c.Examples = append(c.Examples, example(r, ""))
	}
}

// example is a statement to show.
func example(r *journal.Record, reason string) console.ReplayExample {
	e := console.ReplayExample{ID: fmt.Sprintf("%s/%d", r.Session, r.Seq), Time: r.Time, Database: r.Database, Text: strings.TrimSpace(r.Text), Reason: reason}
	if len(e.Text) > maxExample {
		end := maxExample
		for end > 0 && !utf8.RuneStart(e.Text[end]) {
			end--
		}
		e.Text, e.TextCut = e.Text[:end], true
	}
	if r.Identity != nil {
		e.Workload = r.Identity.Subject
	}
	return e
}
