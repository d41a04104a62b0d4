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
	if r.steps += n; r.steps > mostSteps && len(r.tables) == 0 {
		r.failed = true
		return false
	}
	if r.steps > mostSteps {
		c := r.tables[0].relation.first()
		r.stop(r.refuse("a statement of this size", c.name, c.rule,
			"the statement is too large for its columns to be followed, and it names masked ones",
			fmt.Sprintf("Mask %s hides %s.", c.rule, c.name), "Send a shorter statement."))
		return false
	}
	return true
}

// stop ends the work; what it is given is the answer of refuse.
func (r *resolver) stop(bool) { r.failed = true }

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

// with brings the common table expressions of a query into its scope.
func (r *resolver) with(n *statement.Node, sc *scope) {
	if n.Kind != statement.NodeWith {
		return
	}
	all := make([]*cte, len(n.Nodes))
	for i := range n.Nodes {
		seen := &scope{outer: sc.outer, open: sc.open}
		all[i] = &cte{name: n.Nodes[i].Name(0), node: &n.Nodes[i], scope: seen}
		if !n.Has(statement.FlagRecursive) {
			seen.ctes = all[:i:i]
		}
	}
	if n.Has(statement.FlagRecursive) {
		for _, c := range all {
			c.scope.ctes = all
		}
	}
	sc.ctes = all
	for _, c := range all {
		r.common(c)
	}
}

// common gives the result of a common table expression.
func (r *resolver) common(c *cte) *entry {
	switch {
	case c.result != nil:
		return c.result
	case c.busy && c.so != nil:
		return c.so
	case c.busy:
		// Refers to itself where PostgreSQL does not let it.
		return &entry{loose: true, rest: value{other: true}}
	}
	c.busy = true
	query := c.node.Node(0)
	var e *entry
	if query.Kind == statement.NodeSetOp {
		e = r.recursive(c, query)
	} else {
		e = r.query(query, c.scope.inner())
	}
	c.busy = false
	c.result = r.headed(c, e)
	return c.result
}

// headed gives the columns of a common table expression their names, and adds
// those of SEARCH and CYCLE, which depend on the others.
func (r *resolver) headed(c *cte, e *entry) *entry {
	e = r.renamed(e, c.name, c.node.Node(1).Names)
	if len(c.node.Names) < 2 {
		return e
	}
	row := r.rowOf(e).made()
	row.row = nil
	for i := range c.node.List(2) {
		r.eval(&c.node.List(2)[i], c.scope)
	}
	for _, name := range c.node.Names[1:] {
		e.fields = append(e.fields, field{name: name, value: row})
	}
	return e
}

// recursive follows a query that may refer to itself until what is known of its
// columns does not grow any more.
func (r *resolver) recursive(c *cte, n *statement.Node) *entry {
	sc := c.scope.inner()
	r.with(n.Node(0), sc)
	first := r.query(n.Node(1), sc.inner())
	known := first
	const most = 12
	for range most {
		c.so = r.headed(c, known)
		whole := r.combined(n, sc, first, r.query(n.Node(2), sc.inner()))
		if r.failed || known.covers(whole) {
			return whole
		}
		known = whole
	}
	// It may still grow: any column may come from any.
	row := r.rowOf(known)
	row.row = nil
	for i := range known.fields {
		known.fields[i].value = row
	}
	return known
}

// covers says whether e has all that o comes from.
func (e *entry) covers(o *entry) bool {
	if len(e.fields) != len(o.fields) || e.loose != o.loose || !e.rest.covers(&o.rest) {
		return false
	}
	for i := range e.fields {
		if !e.fields[i].value.covers(&o.fields[i].value) {
			return false
		}
	}
	return true
}

func (v *value) covers(o *value) bool {
	return (v.other || !o.other) && (v.nullable || !o.nullable) && within(v.copies, o.copies) && within(v.derived, o.derived) && within(v.refs, o.refs)
}

func within[T comparable](all, some []T) bool {
	for _, x := range some {
		if !slices.Contains(all, x) {
			return false
		}
	}
	return true
}

// renamed gives an entry another name and its first columns other names.
func (r *resolver) renamed(e *entry, name string, columns []string) *entry {
	if len(columns) == 0 && e.relations != nil {
		return &entry{name: name, alias: true, relations: e.relations, fields: e.fields, filled: e.filled, loose: e.loose, rest: e.rest}
	}
	r.fill(e)
	n := &entry{name: name, alias: true, fields: slices.Clone(e.fields), loose: e.loose, rest: e.rest}
	if e.relations != nil {
		n.relations, n.filled = e.relations, true
	}
	if len(columns) == 0 {
		return n
	}
	if e.loose {
		// Which columns get the names is not certain.
		all := r.rowOf(e).union(e.rest)
		all.row = nil
		for i := range e.fields {
			all = all.union(e.fields[i].value)
		}
		all.derived = join(all.derived, all.copies)
		n.fields, n.rest = nil, all
		for _, c := range columns {
			n.fields = append(n.fields, field{name: c, value: all})
		}
		return n
	}
	for i, c := range columns {
		if i < len(n.fields) {
			n.fields[i].name, n.fields[i].guess = c, false
		}
	}
	return n
}

// listed gives the columns of VALUES.
func (r *resolver) listed(n *statement.Node, sc *scope) *entry {
	e := &entry{}
	for i := range n.List(1) {
		column := &n.List(1)[i]
		var v value
		for k := range column.Nodes {
			v = v.union(r.eval(&column.Nodes[k], sc))
		}
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
		v := left.fields[i].value.union(right.fields[i].value)
		v.row = nil
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

// targets gives the columns of a target list or a RETURNING.
func (r *resolver) targets(list []statement.Node, sc *scope) *entry {
	e := &entry{fields: make([]field, 0, len(list))}
	for i := range list {
		t := &list[i]
		expr := t.Node(0)
		var star *entry
		switch expr.Kind {
		case statement.NodeStar:
			star = r.star(expr.Names, sc)
		case statement.NodeFields:
			star = r.allFields(expr.Node(0), sc)
		default:
			e.fields = append(e.fields, field{name: t.Name(0), value: r.eval(expr, sc), guess: t.Has(statement.FlagGuess)})
			continue
		}
		if !r.step(len(star.fields)) || len(e.fields)+len(star.fields) > mostColumns {
			r.step(mostSteps)
			return e
		}
		if star.loose {
			e.loosen(len(e.fields), star)
			continue
		}
		e.fields = append(e.fields, star.fields...)
	}
	return e
}

// loosen adds the columns of a star whose number is not certain.
func (e *entry) loosen(at int, star *entry) {
	e.loose = true
	e.rest = e.rest.union(star.rest)
	e.rest.other = true
	e.fields = slices.Insert(e.fields, at, star.fields...)
	e.fields = append(e.fields, field{value: star.rest, name: anyName})
}

// anyName stands where a star of an uncertain number of columns stands. No column
// has it.
const anyName = "\x00*"

// star gives all columns of what a star stands for.
func (r *resolver) star(names []string, sc *scope) *entry {
	if len(names) > 0 {
		schema := ""
		if len(names) > 1 {
			schema = names[len(names)-2]
		}
		entries := sc.named(schema, names[len(names)-1])
		if len(entries) != 1 {
			if len(entries) == 0 && !sc.isOpen() {
				r.unresolved(names[len(names)-1]+".*", sc)
			}
			e := &entry{loose: true, rest: value{other: true}}
			for _, o := range entries {
				e.rest = e.rest.union(r.rowOf(o))
			}
			e.rest.row = nil
			return e
		}
		r.fill(entries[0])
		return entries[0]
	}
	return r.columnsOf(sc.items)
}

// columnsOf gives the columns of items that can be named without a qualifier.
func (r *resolver) columnsOf(items []item) *entry {
	e := &entry{}
	for i := range items {
		if !items[i].columns {
			continue
		}
		o := items[i].entry
		r.fill(o)
		if !r.step(len(o.fields)) {
			return e
		}
		e.fields = append(e.fields, o.fields...)
		if o.loose {
			e.loose = true
			e.rest = e.rest.union(o.rest)
			e.rest.other = true
			e.fields = append(e.fields, field{name: anyName, value: o.rest})
		}
	}
	return e
}

// allFields gives what (x).* stands for.
func (r *resolver) allFields(n *statement.Node, sc *scope) *entry {
	v := r.eval(n, sc)
	if v.row != nil {
		r.fill(v.row)
		return v.row
	}
	return &entry{loose: true, rest: v.made().union(value{other: true})}
}

// pointed gives the value of an entry of GROUP BY, ORDER BY or DISTINCT ON, which
// may name an output by its number or its label.
func (r *resolver) pointed(n *statement.Node, sc *scope, out *entry) value {
	switch n.Kind {
	case statement.NodePosition:
		if i := n.Flags - 1; i >= 0 && i < len(out.fields) && !out.loose {
			return out.fields[i].value
		}
		row := r.rowOf(out)
		row.row = nil
		if !out.loose {
			row = value{} // PostgreSQL refuses it
		}
		return row
	case statement.NodeColumn:
		if len(n.Names) != 1 {
			break
		}
		var v value
		found := false
		for i := range out.fields {
			if out.fields[i].name == n.Names[0] || out.fields[i].guess {
				v, found = either(v, out.fields[i].value, found), true
			}
		}
		if !found {
			break
		}
		if own, ok := r.bare(n.Names[0], sc, true); ok {
			v = v.union(own)
		}
		return v
	}
	return r.eval(n, sc)
}

func (r *resolver) order(list []statement.Node, sc *scope, out *entry) {
	for i := range list {
		if v := r.pointed(&list[i], sc, out); v.tainted() {
			r.require(v, Allow, "ORDER BY")
		}
	}
}

func (r *resolver) limits(list []statement.Node, sc *scope) {
	for i := range list {
		if v := r.eval(&list[i], sc); v.tainted() {
			r.require(v, Allow, "LIMIT")
		}
	}
}

// grouped judges a value by which rows are put together.
func (r *resolver) grouped(v value, construct string) {
	switch {
	case !v.tainted():
	case v.pure():
		r.require(v, Equality, construct)
	default:
		r.require(v, Allow, construct)
	}
}

// window judges a window's definition.
func (r *resolver) window(n *statement.Node, sc *scope) {
	if n.Kind != statement.NodeWindow {
		return
	}
	for i := range n.List(0) {
		r.grouped(r.eval(&n.List(0)[i], sc), "PARTITION BY")
	}
	r.order(n.List(1), sc, &entry{})
	r.limits(n.List(2), sc)
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
	if len(e.relations) == 0 || r.env.Known != nil && r.env.Known(schema, name) {
		e.loose, e.rest = true, value{other: true}
	}
	return e
}

// candidates gives every relation that a name may mean.
func (m *Masks) candidates(schema, name string) []*catalog.Relation {
	if !temporary(schema) {
		return m.snapshot.Named(schema, name)
	}
	return slices.DeleteFunc(m.snapshot.Named("", name), func(rel *catalog.Relation) bool { return !temporary(rel.Schema) })
}
