package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// generated masks the generated columns that are computed from masked ones. A
// generated column cannot read another.
func (c *compiler) generated() {
	for _, r := range c.sorted() {
		for _, col := range r.Columns {
			for _, from := range r.sorted() {
				if from.number == col.Number || (!slices.Contains(col.Reads, from.number) && !slices.Contains(col.Reads, 0)) {
					continue
				}
				how := c.how(r.Relation, col)
				c.set(r.Relation, col, how.of(c.Masks, from))
			}
		}
	}
}

// views masks the columns of views and materialized views.
func (c *compiler) views() {
	all := c.snapshot.Relations()
	for i := range all {
		if all[i].Query != nil && !all[i].System() {
			c.view(&all[i])
		}
	}
}

// view follows one view, the views below it first.
func (c *compiler) view(v *catalog.Relation) {
	if c.done[v.OID] {
		return
	}
	c.done[v.OID] = true // views cannot be recursive, but a snapshot might be
	for _, oid := range v.Query.Relations {
		if below := c.snapshot.Relation(oid); below != nil && below.Query != nil && !below.System() {
			c.view(below)
		}
	}
	for _, col := range v.Columns {
		if v.Query.Unread != "" {
			c.bar(v, col, "the definition of view "+v.Qualified()+" could not be read: "+v.Query.Unread)
			continue
		}
		i := int(col.Number) - 1
		if i < 0 || i >= len(v.Query.Columns) || v.Query.Columns[i].Unknown {
			c.derive(v, col, v.Query.Reads, v.Query.Calls, making{blank: true})
			continue
		}
		d := &v.Query.Columns[i]
		for _, ref := range d.Copies {
			c.copied(v, col, ref)
		}
		c.derive(v, col, d.Reads, d.Calls, c.makes(col, d.Calls, d.Chosen))
		c.tested(v, col, d.Tests)
	}
}

// tested redacts a view's column that tells which values are NULL, where nothing may
// be asked of these.
func (c *compiler) tested(v *catalog.Relation, col catalog.Column, tests []catalog.ColumnRef) {
	for _, ref := range tests {
		if from := c.relations[ref.Relation]; from != nil {
			if with := from.columns[ref.Column]; with != nil && (with.predicates == Deny || with.unknown != "") {
				c.derive(v, col, []catalog.ColumnRef{ref}, nil, making{})
			}
		}
	}
}

// copied masks a view's column like the one that it copies.
func (c *compiler) copied(v *catalog.Relation, col catalog.Column, ref catalog.ColumnRef) {
	from := c.relations[ref.Relation]
	if from == nil {
		return
	}
	if with := from.columns[ref.Column]; with != nil {
		c.set(v, col, *with)
	}
}

// derive redacts a view's column that is computed from masked ones, and bars one
// that calls what may read them.
func (c *compiler) derive(v *catalog.Relation, col catalog.Column, reads []catalog.ColumnRef, calls []uint32, how making) {
	for _, ref := range reads {
		from := c.relations[ref.Relation]
		if from == nil {
			continue
		}
		for _, with := range from.sorted() {
			if ref.Column != with.number && ref.Column != 0 {
				continue
			}
			c.set(v, col, how.of(c.Masks, with))
		}
	}
	for _, oid := range calls {
		why := c.reaches(oid)
		if why == "" {
			continue
		}
		if f := c.snapshot.Function(oid); f != nil && c.calls(v, col, f, reads) {
			continue
		}
		c.bar(v, col, "view "+v.Qualified()+" computes it with "+why)
	}
}

// calls masks a view's column like what a function that it calls gives, whatever
// arguments the function gets. What the function asks of masked columns is the
// view's matter. It is false where the function is not followed.
func (c *compiler) calls(v *catalog.Relation, col catalog.Column, f *catalog.Function, reads []catalog.ColumnRef) bool {
	e := c.snapshot.OfFunction(f.OID)
	for _, oid := range e.Relations {
		if below := c.snapshot.Relation(oid); below != nil && below.Query != nil && !below.System() {
			c.view(below)
		}
	}
	if c.inside(f, nil) != "" {
		return false
	}
	r := &resolver{judgement: c.judgement(&statement.Statement{}, Env{Fresh: true}), lenient: true}
	r.judgement.calls = true
	var given value
	for _, ref := range reads {
		from := c.relations[ref.Relation]
		if from == nil {
			continue
		}
		for _, with := range from.sorted() {
			if ref.Column == 0 || ref.Column == with.number {
				given.derived = join(given.derived, []*column{with})
			}
		}
	}
	given.other = true
	args := make([]argument, f.Arguments)
	for i := range args {
		args[i] = argument{value: given, spread: f.Variadic && i == len(args)-1}
	}
	out := r.followed(f, args)
	if r.failed || out == nil {
		return false
	}
	row := r.rowOf(out.entry)
	how := making{computed: row.nullable, blank: row.nullable}
	row.columns(func(with *column) bool {
		c.set(v, col, how.of(c.Masks, with))
		return true
	})
	return true
}

// bar refuses a column that may show masked values and cannot be followed.
func (c *compiler) bar(v *catalog.Relation, col catalog.Column, why string) {
	c.set(v, col, column{rule: builtInRule, masker: c.null, predicates: Deny, builtIn: true, unknown: why})
}
