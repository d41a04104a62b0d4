package lineage

import (
	"fmt"
	"maps"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// What a definition asks of masked columns is the work of whoever made it and is not
// judged: the condition of a view, a check, an index, a row policy, a domain, a trigger.
// Whoever gives another body to a function that such a definition calls asks in its
// place, and gets each value as an argument.

// placed gives the names of the functions that run where masked values are, each with
// what has them run, as people say it.
func (m *Masks) placed() map[string]string {
	m.placing.Do(func() {
		m.places = map[string]string{}
		for _, oid := range slices.Sorted(maps.Keys(m.shownBy())) {
			m.place(m.snapshot.Relation(oid))
		}
		m.placeReaders()
	})
	return m.places
}

// shownBy gives the relations with masked columns and the views that read them,
// whatever these show of them.
func (m *Masks) shownBy() map[uint32]struct{} {
	found := map[uint32]struct{}{}
	for oid, r := range m.relations {
		if !r.System() {
			found[oid] = struct{}{}
		}
	}
	all := m.snapshot.Relations()
	for grew := true; grew; {
		grew = false
		for i := range all {
			rel := &all[i]
			if _, in := found[rel.OID]; in || rel.Query == nil || rel.System() {
				continue
			}
			if slices.ContainsFunc(rel.Query.Relations, func(oid uint32) bool { _, in := found[oid]; return in }) {
				found[rel.OID], grew = struct{}{}, true
			}
		}
	}
	return found
}

// place adds the functions that the definitions of one relation call.
func (m *Masks) place(rel *catalog.Relation) {
	if rel == nil {
		return
	}
	add := func(e *catalog.Effects, what string) {
		if e == nil {
			return
		}
		for _, f := range e.Functions {
			if _, in := m.places[f.Name]; !in {
				m.places[f.Name] = what + " of " + rel.Qualified()
			}
		}
	}
	calls := func(d *catalog.Definition, what string) {
		if d == nil {
			return
		}
		for _, oid := range d.Calls {
			add(m.snapshot.OfFunction(oid), what)
		}
		for _, oid := range d.Types {
			add(m.snapshot.OfType(oid), what)
		}
	}
	calls(rel.Query, "the query")
	for i := range rel.Fires {
		add(m.snapshot.OfFunction(rel.Fires[i].Function), "trigger "+rel.Fires[i].Name)
		calls(rel.Fires[i].When, "the condition of trigger "+rel.Fires[i].Name)
	}
	for i := range rel.Rewrites {
		calls(rel.Rewrites[i].Action, "rule "+rel.Rewrites[i].Name)
	}
	for i := range rel.Runs {
		calls(rel.Runs[i].Uses, rel.Runs[i].What)
	}
	if masked := m.relations[rel.OID]; masked != nil {
		for _, c := range rel.Columns {
			if masked.columns[c.Number] != nil {
				add(m.snapshot.OfType(c.Type), "the type of column "+c.Name)
			}
		}
	}
}

// placeReaders adds the functions that are called by triggers which read masked columns
// themselves, on whatever table: what these ask is not judged either. Another function for
// such a trigger is, since it would read them in its own body.
func (m *Masks) placeReaders() {
	all := m.snapshot.Relations()
	for i := range all {
		for k := range all[i].Fires {
			t := &all[i].Fires[k]
			e := m.snapshot.OfFunction(t.Function)
			if e.None() || !slices.ContainsFunc(e.Reads, func(r catalog.Read) bool { return m.masked(r.ColumnRef) != nil }) {
				continue
			}
			for _, f := range e.Functions {
				if _, in := m.places[f.Name]; !in && f.OID != t.Function {
					m.places[f.Name] = "trigger " + t.Name + " of " + all[i].Qualified()
				}
			}
		}
	}
}

// replaces refuses a function of the name of one that runs where masked values are.
func (j *judgement) replaces(o *statement.Object) bool {
	where, in := j.placed()[o.Name]
	if !in || j.stamps() {
		return true
	}
	return j.refuse("CREATE "+string(o.Kind), "", builtInRule,
		fmt.Sprintf("%s %s() cannot be replaced here, since it runs where masked values are", o.Kind, o.Name),
		fmt.Sprintf("It is called for %s, and what another body asks of the values there is not followed. Masked are: %s.", where, j.sample()),
		"Give the function a name of its own. To change this one needs a role whose policy has no masks on this database.")
}

// keepsQuery says whether what is judged is kept to run again, with the functions that
// there are by then.
func (j *judgement) keepsQuery() bool {
	return slices.ContainsFunc(j.st.Objects, func(o statement.Object) bool {
		return o.Command == statement.CommandCreate && (o.Kind == statement.KindView || o.Kind == statement.KindMaterializedView)
	})
}

// stamps says whether what is made is the function of a trigger that asks nothing of
// masked columns: one that sets others to constants and to the time, to say when a row
// was changed.
func (j *judgement) stamps() bool {
	trigger := false
	for i := range j.st.Types {
		switch j.st.Types[i].Name {
		case "trigger":
			trigger = true
		case "unknown", "timestamptz", "timestamp", "date":
		default:
			return false
		}
	}
	if !trigger || len(j.st.Tables) > 0 || len(j.st.Writes) > 0 || j.st.Dynamic {
		return false
	}
	for i := range j.st.Operators {
		if name := j.st.Operators[i].Name; name != "=" && name != "<>" {
			return false
		}
	}
	for i := range j.st.Functions {
		if f := &j.st.Functions[i]; f.Arguments != 0 || !j.snapshot.BuiltIn(f.Name) || len(j.snapshot.Functions("", f.Name)) > 0 {
			return false
		}
	}
	for i := range j.st.Columns {
		c := &j.st.Columns[i]
		for _, r := range j.relations {
			if r.names[c.Name] != nil && !r.System() {
				return false
			}
		}
	}
	return true
}

// constrained refuses to change a domain that a masked column is of: a constraint asks
// for every value that there is, and for those to come.
func (j *judgement) constrained(o *statement.Object) bool {
	if o.NewName != "" || o.NewSchema != "" {
		return true
	}
	changed := j.snapshot.TypesNamed(o.Schema, o.Name)
	for _, r := range j.relations {
		for _, c := range r.Columns {
			masked := r.columns[c.Number]
			if masked == nil || !j.madeOf(c.Type, changed, 0) {
				continue
			}
			return j.refuse("ALTER DOMAIN", masked.name, masked.rule,
				fmt.Sprintf("domain %s cannot be changed here, since a masked column is of that type", o.Name),
				fmt.Sprintf("A constraint asks for each value of the column, and mask %s hides %s.", masked.rule, masked.name),
				"Schema changes of this type need a role whose policy has no masks on this database.")
		}
	}
	return true
}

// madeOf says whether values of a type have in them values of one of some others.
func (m *Masks) madeOf(oid uint32, others []uint32, depth int) bool {
	if slices.Contains(others, oid) {
		return true
	}
	t, ok := m.snapshot.Type(oid)
	if !ok {
		return false
	}
	if depth >= deepest {
		return true
	}
	for _, part := range append([]uint32{t.Base, t.Element, t.Subtype}, t.Parts...) {
		if part != 0 && m.madeOf(part, others, depth+1) {
			return true
		}
	}
	return false
}
