package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// What the triggers of a table do with its rows is the work of whoever made them: what
// they ask of masked columns is not judged. But a masked value that they store in a
// column without a mask can be read there by the next statement.

// changes says, as a clause, why changing rows of a relation may show masked values, ""
// if it does not.
func (j *judgement) changes(rel *catalog.Relation, c statement.Command) string {
	e := j.ofWrite(rel.OID, c)
	if e.None() {
		return ""
	}
	if len(rel.Fires) == 0 && len(e.Functions) == 0 {
		return j.shows(e)
	}
	fresh := j.fresh(c)
	done := map[uint32]struct{}{}
	why := j.fired(rel, catalog.EventsOf(c), fresh, done)
	for _, oid := range j.snapshot.Children(rel.OID) {
		if child := j.snapshot.Relation(oid); child != nil && why == "" {
			why = j.fired(child, catalog.EventsOf(c), fresh, done)
		}
	}
	for _, w := range e.Writes {
		if other := j.snapshot.Relation(w.Relation); other != nil && why == "" && w.Relation != rel.OID {
			why = j.fired(other, catalog.EventsOf(w.Command), false, done)
		}
	}
	if why != "" {
		return why
	}
	if len(done) == 0 {
		return j.shows(e)
	}
	return j.shows(j.snapshot.OfWriteExcept(rel.OID, c, func(f *catalog.Function) bool {
		_, ok := done[f.OID]
		return ok || j.trusts(f)
	}))
}

// fresh says whether the rows of a change are all the client's own: an INSERT of what
// the statement itself has, which changes no row that is there.
func (j *judgement) fresh(c statement.Command) bool {
	if c == statement.CommandCopy {
		return true
	}
	if c != statement.CommandInsert || j.st.Command != statement.CommandInsert || len(j.st.Trees) != 1 || len(j.above) > 0 || j.calls {
		return false
	}
	root := &j.st.Trees[0].Root
	if root.Kind != statement.NodeInsert || len(root.Node(4).List(2)) > 0 || len(j.st.Writes) != 1 {
		return false
	}
	w := &j.st.Writes[0]
	return !slices.ContainsFunc(j.tables, func(t table) bool { return t.Name != w.Table || t.Schema != w.Schema }) && !readsRows(root.Node(3))
}

// fired follows the functions of the triggers of one relation and adds those that were
// to done: what is in them needs no other judgement.
func (j *judgement) fired(rel *catalog.Relation, events catalog.Event, fresh bool, done map[uint32]struct{}) string {
	for i := range rel.Fires {
		t := &rel.Fires[i]
		if t.Events&events == 0 {
			continue
		}
		f := j.snapshot.Function(t.Function)
		if f == nil || j.trusts(f) {
			continue
		}
		if fresh && t.Events&catalog.OnInsert == 0 { // of the UPDATE of an ON CONFLICT that is not there
			done[f.OID] = struct{}{}
			continue
		}
		if name := j.shadowed(rel, f); name != "" {
			return fmt.Sprintf("stores masked values in %s, and this session has made or changed a relation of that name (trigger %s)", name, t.Name)
		}
		why, followed := "", false
		if !j.env.Redefines {
			why, followed = j.trigger(rel, t, f, fresh, j.above)
		}
		if why != "" {
			return why
		}
		if followed {
			done[f.OID] = struct{}{}
		}
	}
	return ""
}

// shadowed gives a relation with masked columns that a trigger's function changes and
// whose name may mean another one in this session, "" for none.
func (j *judgement) shadowed(rel *catalog.Relation, f *catalog.Function) string {
	e := j.snapshot.OfFunction(f.OID)
	if e == nil {
		return ""
	}
	for i := range e.Writes {
		w := j.snapshot.Relation(e.Writes[i].Relation)
		if w != nil && w != rel && j.relations[w.OID] != nil && j.unsure(w.Schema, w.Name, nil) {
			return w.Qualified()
		}
	}
	return ""
}

// triggerKey is what the outcome of following a trigger depends on.
type triggerKey struct {
	relation, function uint32
	instead, fresh     bool
}

type triggerOutcome struct {
	why      string
	followed bool
}

// trigger follows a trigger's function with the rows of its relation. why says, as a
// clause, what it does that a mask must hinder; followed is false where it says nothing,
// since the function cannot be followed.
func (m *Masks) trigger(rel *catalog.Relation, t *catalog.Trigger, f *catalog.Function, fresh bool, above []*catalog.Function) (why string, followed bool) {
	if f.Language != "plpgsql" || m.inside(f, above) != "" {
		return "", false
	}
	key := triggerKey{rel.OID, f.OID, t.Instead, fresh}
	if known, ok := m.triggers.Load(key); ok {
		o := known.(triggerOutcome)
		return o.why, o.followed
	}
	r := &resolver{judgement: m.judgement(&statement.Statement{}, Env{Fresh: true}), lenient: true, fires: true}
	r.calls = true
	row := func(name string) *entry {
		e := &entry{name: name, alias: true, relations: []*catalog.Relation{rel}}
		r.fill(e)
		if fresh {
			for i := range e.fields {
				e.fields[i].value = value{other: true}
			}
		}
		return e
	}
	r.transition = row("transition")
	rows := map[string]*entry{"new": row("new"), "old": row("old")}
	fr := &frame{function: f, routine: f.Body.Routine}
	r.frames = []*frame{fr}
	r.interpret(fr, nil, rows)
	o := triggerOutcome{followed: true}
	if !r.failed && !t.Instead {
		r.replaced(rel, fr, rows)
	}
	if r.failed {
		o.why = fmt.Sprintf("stores masked values elsewhere: in trigger %s, %s", t.Name, r.plan.Message)
		if r.plan.Message == "" {
			o.why = "is larger than weir follows: trigger " + t.Name
		}
	}
	m.triggers.Store(key, o)
	return o.why, o.followed
}

// replaced judges the row that a trigger gives back, which is stored.
func (r *resolver) replaced(rel *catalog.Relation, fr *frame, rows map[string]*entry) {
	back := []*entry{rows["new"]}
	for _, e := range fr.results {
		if len(e.fields) != 1 || e.loose {
			continue
		}
		if row := e.fields[0].value.row; row != nil {
			r.fill(row)
			back = append(back, row)
		} else if e.fields[0].value.tainted() {
			back = append(back, &entry{loose: true, rest: e.fields[0].value.made()})
		}
	}
	target := &entry{name: rel.Name, relations: []*catalog.Relation{rel}}
	for _, row := range back {
		for i := range rel.Columns {
			v := row.rest
			if !row.loose && i < len(row.fields) {
				v = row.fields[i].value.union(row.rest)
			} else if row.loose {
				v = r.rowOf(row).made()
			}
			r.assigned(target, rel.Columns[i].Name, i, false, v)
		}
	}
}

// hides says whether a column of a target is masked in all relations that it may be of.
func (r *resolver) hides(target *entry, name string, place int, unsure bool) bool {
	if unsure || target.loose || len(target.relations) == 0 {
		return false
	}
	for _, rel := range target.relations {
		masked := r.relations[rel.OID]
		at := slices.IndexFunc(rel.Columns, func(c catalog.Column) bool { return c.Name == name })
		if name == "" {
			at = place
		}
		if masked == nil || at < 0 || at >= len(rel.Columns) || masked.columns[rel.Columns[at].Number] == nil {
			return false
		}
	}
	return true
}
