package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

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
	return (v.other || !o.other) && (v.nullable || !o.nullable) && (v.several || !o.several) && (v.mixed || !o.mixed) && (v.array || !o.array) && (v.vast || !o.vast) && within(v.copies, o.copies) && within(v.derived, o.derived) && within(v.refs, o.refs)
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
