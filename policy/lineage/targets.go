package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

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
	return &entry{loose: true, rest: v.part().union(value{other: true})}
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
	case v.even():
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
