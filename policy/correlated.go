package policy

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// limited gives the writes of a statement with those limited whose condition turns
// out to be about the row: DELETE ... WHERE EXISTS (SELECT ... WHERE u.t_id = id),
// where id is a column of the target and not of u.
func (c *Catalog) limited(writes []statement.Write) []statement.Write {
	if !slices.ContainsFunc(writes, c.correlated) {
		return writes
	}
	writes = slices.Clone(writes)
	for i := range writes {
		if c.correlated(writes[i]) {
			writes[i].Where = statement.WherePresent
		}
	}
	return writes
}

// correlated says whether each subquery of a condition has a name that can only be
// a column of the target.
func (c *Catalog) correlated(w statement.Write) bool {
	if w.Where != statement.WhereConstant || len(w.Correlated) == 0 {
		return false
	}
	for i := range w.Correlated {
		s := &w.Correlated[i]
		if !slices.ContainsFunc(s.Names, func(name string) bool {
			return c.has(w.Schema, w.Table, name) == always &&
				!slices.ContainsFunc(s.From, func(r statement.RelationRef) bool { return c.has(r.Schema, r.Name, name) != never })
		}) {
			return false
		}
	}
	return true
}

// having says whether the relations that a name may mean have a column.
type having int

const (
	sometimes having = iota // or nothing is known of them
	always
	never
)

func (c *Catalog) has(schema, relation, column string) having {
	all, with := c.snapshot.Named(schema, relation), 0
	for _, r := range all {
		if _, ok := r.Column(column); ok {
			with++
		}
	}
	switch {
	case len(all) == 0:
		return sometimes
	case with == len(all):
		return always
	case with == 0:
		return never
	}
	return sometimes
}
