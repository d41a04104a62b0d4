package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// resolver follows the columns of a statement's queries to those of relations, as
// PostgreSQL's analysis does with its range tables.
type resolver struct {
	*judgement
	steps  int
	failed bool
	frames []*frame // the functions whose bodies are being followed, the innermost last
	// lenient: it is not an agent that asks, but the definition of a view.
	lenient bool
	// fires: a trigger does it, which may copy masked values to where they are masked.
	fires bool
	// transition is a row of the relation that fires, which a table can hold that
	// the trigger names: one that is in no catalog.
	transition *entry
}

// mostSteps bounds the work on one statement, and so its memory. Four hundred
// columns through twenty levels take some ten thousand.
const mostSteps = 400_000

// mostColumns is how many columns a result can have (MaxTupleAttributeNumber is
// 1664).
const mostColumns = 1700

// step counts work. It is false when there was too much.
func (r *resolver) step(n int) bool {
	if r.failed {
		return false
	}
	if r.steps += n; r.steps > mostSteps {
		c := r.nearest(value{})
		if c == nil {
			r.failed = true
			return false
		}
		r.stop(r.refuse("a statement of this size", c.name, c.rule,
			"the statement is too large for its columns to be followed, and it names masked ones",
			fmt.Sprintf("Mask %s hides %s.", c.rule, c.name), "Send a shorter statement."))
		return false
	}
	return true
}

// stop ends the work; what it is given is the answer of refuse.
func (r *resolver) stop(bool) { r.failed = true }

// refuse ends the judgement, and says in which function's body the construct is.
func (r *resolver) refuse(construct, column, rule, message, detail, hint string) bool {
	if n := len(r.frames); n > 0 {
		where := " in the body of function " + r.frames[n-1].function.Qualified() + "()"
		construct += where
		message += where
	}
	return r.judgement.refuse(construct, column, rule, message, detail, hint)
}

// query gives the result of a query and judges what it asks on the way.
func (r *resolver) query(n *statement.Node, sc *scope) *entry {
	if !r.step(1) {
		return &entry{}
	}
	switch n.Kind {
	case statement.NodeSelect:
		return r.selected(n, sc)
	case statement.NodeSetOp:
		r.with(n.Node(0), sc)
		return r.combined(n, sc, r.query(n.Node(1), sc.inner()), r.query(n.Node(2), sc.inner()))
	case statement.NodeValues:
		r.with(n.Node(0), sc)
		return r.listed(n, sc)
	case statement.NodeInsert:
		return r.inserted(n, sc)
	case statement.NodeUpdate:
		return r.updated(n, sc)
	case statement.NodeDelete:
		return r.deleted(n, sc)
	case statement.NodeMerge:
		return r.merged(n, sc)
	}
	r.unknown("a query of an unknown kind", value{})
	return &entry{}
}

// listed gives the columns of VALUES.
func (r *resolver) listed(n *statement.Node, sc *scope) *entry {
	e := &entry{}
	for i := range n.List(1) {
		column := &n.List(1)[i]
		var v value
		for k := range column.Nodes {
			if k == 0 {
				v = r.eval(&column.Nodes[k], sc)
			} else {
				v = v.beside(r.eval(&column.Nodes[k], sc))
			}
		}
		v.several = v.several || v.constant()
		e.fields = append(e.fields, field{name: fmt.Sprintf("column%d", i+1), value: v})
	}
	r.order(n.List(2), sc, e)
	r.limits(n.List(3), sc)
	return e
}

// combined gives the result of a set operation. What it compares counts as
// compared, and what each arm shows as shown: also that of EXCEPT's right one.
func (r *resolver) combined(n *statement.Node, sc *scope, left, right *entry) *entry {
	r.fill(left)
	r.fill(right)
	construct := "UNION"
	switch {
	case n.Has(statement.FlagIntersect):
		construct = "INTERSECT"
	case n.Has(statement.FlagExcept):
		construct = "EXCEPT"
	}
	compares := !n.Has(statement.FlagAll) || !n.Has(statement.FlagUnion)
	e := &entry{loose: left.loose || right.loose}
	if e.loose || len(left.fields) != len(right.fields) {
		all := r.rowOf(left).union(r.rowOf(right))
		all.row = nil
		if compares && all.tainted() {
			r.require(all, Allow, construct)
		}
		for i := range left.fields {
			e.fields = append(e.fields, field{name: left.fields[i].name, value: all})
		}
		e.rest, e.loose = all, true
		r.order(n.List(3), sc, e)
		r.limits(n.List(4), sc)
		return e
	}
	for i := range left.fields {
		v := left.fields[i].value.beside(right.fields[i].value)
		if compares {
			r.grouped(v, construct)
		}
		e.fields = append(e.fields, field{name: left.fields[i].name, value: v, guess: left.fields[i].guess})
	}
	r.order(n.List(3), sc, e)
	r.limits(n.List(4), sc)
	return e
}

func (r *resolver) selected(n *statement.Node, sc *scope) *entry {
	r.with(n.Node(0), sc)
	r.fromList(n.List(1), sc)
	r.predicate(n.Node(3), sc, "WHERE")
	e := r.targets(n.List(2), sc)
	for i := range n.List(4) {
		r.grouped(r.pointed(&n.List(4)[i], sc, e), "GROUP BY")
	}
	r.predicate(n.Node(5), sc, "HAVING")
	for i := range n.List(6) {
		r.window(&n.List(6)[i], sc)
	}
	if n.Has(statement.FlagDistinct) {
		for i := range e.fields {
			r.grouped(e.fields[i].value, "DISTINCT")
		}
		r.grouped(e.rest, "DISTINCT")
	}
	for i := range n.List(7) {
		r.grouped(r.pointed(&n.List(7)[i], sc, e), "DISTINCT ON")
	}
	r.order(n.List(8), sc, e)
	r.limits(n.List(9), sc)
	return e
}

// relation gives the entry of a relation that is named, or of the common table
// expression of that name.
func (r *resolver) relation(n *statement.Node, sc *scope) *entry {
	schema, name := n.Name(0), n.Name(1)
	alias := n.Node(0).Names
	var e *entry
	if c := sc.cte(name); schema == "" && c != nil {
		e = r.renamed(r.common(c), name, nil)
	} else {
		e = r.stored(schema, name)
	}
	if len(alias) > 0 {
		return r.renamed(e, alias[0], alias[1:])
	}
	return e
}

// stored gives the entry of a relation in the catalog.
func (r *resolver) stored(schema, name string) *entry {
	e := &entry{name: name, relations: r.candidates(schema, name)}
	if t := r.transition; t != nil && len(e.relations) == 0 && schema == "" {
		return &entry{name: name, alias: true, fields: slices.Clone(t.fields)}
	}
	if len(e.relations) == 0 || r.unsure(schema, name, e.relations) {
		e.loose, e.rest = true, value{other: true}
	}
	return e
}

// unsure says whether the relations that a name may mean may have other columns than in the
// catalog, or the name another meaning: the session has made or changed them, or one that
// they take their columns from.
func (j *judgement) unsure(schema, name string, relations []*catalog.Relation) bool {
	for _, says := range []func(schema, name string) bool{j.env.Known, j.env.Unsure} {
		if says != nil && (says(schema, name) || slices.ContainsFunc(relations, func(rel *catalog.Relation) bool { return j.heirOf(rel, says, 0) })) {
			return true
		}
	}
	return false
}

// heirOf says whether a relation takes its columns from one of which something is said.
func (j *judgement) heirOf(rel *catalog.Relation, says func(schema, name string) bool, depth int) bool {
	return slices.ContainsFunc(rel.Parents, func(oid uint32) bool {
		above := j.snapshot.Relation(oid)
		return above != nil && (depth >= deepest || says(above.Schema, above.Name) || j.heirOf(above, says, depth+1))
	}) || j.typedBy(rel, says)
}

// typedBy says whether something is said of the type that a relation's columns follow.
func (j *judgement) typedBy(rel *catalog.Relation, says func(schema, name string) bool) bool {
	t, ok := j.snapshot.Type(rel.OfType)
	return rel.OfType != 0 && ok && says(t.Schema, t.Name)
}

// candidates gives every relation that a name may mean.
func (m *Masks) candidates(schema, name string) []*catalog.Relation {
	if !temporary(schema) {
		return m.snapshot.Named(schema, name)
	}
	return slices.DeleteFunc(slices.Clone(m.snapshot.Named("", name)), func(rel *catalog.Relation) bool { return !temporary(rel.Schema) })
}
