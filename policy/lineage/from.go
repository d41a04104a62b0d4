package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// fromList brings the items of a FROM into a scope, from left to right, since
// LATERAL sees what stands before it.
func (r *resolver) fromList(list []statement.Node, sc *scope) {
	for i := range list {
		sc.items = append(sc.items, r.from(&list[i], sc)...)
	}
}

// from gives the name space of one item.
func (r *resolver) from(n *statement.Node, sc *scope) []item {
	if !r.step(1) {
		return nil
	}
	switch n.Kind {
	case statement.NodeRelation:
		return visible(r.relation(n, sc))
	case statement.NodeSubquery:
		around := sc
		if !n.Has(statement.FlagLateral) {
			around = sc.beside()
		}
		names := n.Node(0).Names
		e := r.query(n.Node(1), around.inner())
		if len(names) == 0 { // PostgreSQL 16 lets the alias out
			return []item{{entry: e, columns: true}}
		}
		return visible(r.renamed(e, names[0], names[1:]))
	case statement.NodeFunction:
		return r.called(n, sc)
	case statement.NodeJoin:
		return r.joined(n, sc)
	case statement.NodeSample:
		items := r.from(n.Node(0), sc)
		r.limits(n.List(1), sc)
		return items
	}
	r.unknown("an item of FROM of an unknown kind", value{})
	return nil
}

func visible(e *entry) []item { return []item{{entry: e, named: true, columns: true}} }

// called gives the columns of functions in FROM. How many there are is not known:
// a function may give rows of several.
func (r *resolver) called(n *statement.Node, sc *scope) []item {
	var v value
	if calls := n.List(1); len(calls) == 1 && calls[0].Kind == statement.NodeCall && len(calls[0].Nodes) <= 1 {
		c := &calls[0]
		args, _, _ := r.arguments(c, sc)
		o := r.own(c.Name(0), c.Name(1), args)
		if o != nil && !o.blurred {
			return r.tabled(n, o)
		}
		if v = r.outcomeValue(o); o == nil {
			v = r.plain(c.Name(0), c.Name(1), args)
		}
	} else {
		for i := range calls {
			v = v.union(r.eval(&calls[i], sc))
		}
	}
	if v.tainted() {
		// The number of rows follows from the value.
		r.require(v, Allow, "a function in FROM")
	}
	v = v.made()
	v.other = true
	names := n.Node(0).Names
	e := &entry{alias: true, loose: !n.Has(statement.FlagDefined), rest: v}
	if len(names) == 0 {
		return []item{{entry: e, columns: true}}
	}
	e.name = names[0]
	if len(names) == 1 {
		e.fields = []field{{name: names[0], value: v, guess: false}}
	}
	for _, name := range names[1:] {
		e.fields = append(e.fields, field{name: name, value: v})
	}
	if n.Has(statement.FlagOrdinality) {
		e.fields = append(e.fields, field{name: "ordinality", value: v})
	}
	return visible(e)
}

// tabled gives the columns of a function in FROM whose result was followed.
func (r *resolver) tabled(n *statement.Node, o *outcome) []item {
	names := n.Node(0).Names
	e := &entry{alias: true, fields: slices.Clone(o.fields), loose: o.loose, rest: o.rest}
	for i := range e.fields {
		f := &e.fields[i]
		f.value.refs, f.value.other = nil, true
		if f.value.row != nil && o.scalar { // its columns are the function's
			e.loose, e.rest = true, e.rest.union(f.value.made())
			f.guess = true
		}
		if f.name == "" && o.scalar && len(names) > 0 {
			f.name = names[0]
		}
	}
	if n.Has(statement.FlagOrdinality) {
		e.fields = append(e.fields, field{name: "ordinality", value: value{other: true}})
	}
	if len(names) == 0 {
		return []item{{entry: e, columns: true}}
	}
	return visible(r.renamed(e, names[0], names[1:]))
}

// joined gives the name space of a join.
func (r *resolver) joined(n *statement.Node, sc *scope) []item {
	left := r.from(n.Node(1), sc)
	had := len(sc.items)
	sc.items = append(sc.items, left...)
	right := r.from(n.Node(2), sc)
	sc.items = sc.items[:had]

	both := slices.Concat(left, right)
	on := sc.beside()
	on.items = both
	r.predicate(n.Node(3), on, "ON")
	using := n.Node(4).Names
	natural := n.Has(statement.FlagNatural)
	if len(using) == 0 && !natural && !n.Has(statement.FlagNamed) {
		return both
	}
	e, merged := r.merge(r.columnsOf(left), r.columnsOf(right), using, natural)
	if n.Has(statement.FlagNamed) {
		names := n.Node(0).Names
		return visible(r.renamed(e, names[0], names[1:]))
	}
	items := slices.Clone(both)
	for i := range items {
		items[i].columns = false
	}
	items = append(items, item{entry: e, columns: true})
	if names := n.Node(5).Names; len(names) > 0 {
		merged.name, merged.alias = names[0], true
		items = append(items, item{entry: merged, named: true})
	}
	return items
}

// merge gives the columns of a join with USING, or a NATURAL one: the merged ones
// first, which may be from either side, and compares these.
func (r *resolver) merge(left, right *entry, using []string, natural bool) (all, merged *entry) {
	if natural {
		using = nil
		for i := range left.fields {
			f := &left.fields[i]
			switch {
			case f.name == anyName:
			case right.place(f.name) >= 0:
				using = append(using, f.name)
			case right.loose:
				r.mayMeet(f.value, right.rest)
			}
		}
		if left.loose {
			for i := range right.fields {
				if f := &right.fields[i]; f.name != anyName && left.place(f.name) < 0 {
					r.mayMeet(f.value, left.rest)
				}
			}
		}
	}
	all, merged = &entry{}, &entry{}
	for _, name := range using {
		l, okLeft, _ := r.find(left, name)
		g, okRight, _ := r.find(right, name)
		if !okLeft {
			l = l.union(value{other: true})
		}
		if !okRight {
			g = g.union(value{other: true})
		}
		r.compared(l, g, "USING")
		v := l.beside(g)
		merged.fields = append(merged.fields, field{name: name, value: v})
	}
	all.fields = slices.Clone(merged.fields)
	for _, side := range []*entry{left, right} {
		for i := range side.fields {
			if !slices.Contains(using, side.fields[i].name) {
				all.fields = append(all.fields, side.fields[i])
			}
		}
		if side.loose {
			all.loose = true
			all.rest = all.rest.union(side.rest)
			all.rest.other = true
		}
	}
	return all, merged
}

// mayMeet judges a column of one side that the other side may have too.
func (r *resolver) mayMeet(v, other value) {
	other.other = true
	if v.tainted() {
		r.compared(v, other, "a NATURAL JOIN")
	}
}
