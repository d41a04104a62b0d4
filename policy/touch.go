package policy

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// Touches says whether a statement may lead to a relation or a function of which has
// says that it is told by its name: one that its text names, one behind these, or one
// that a body names which the statement leads to. has gets names without schemas.
func (c *Catalog) Touches(st *statement.Statement, has func(name string) bool) bool {
	r := c.reachOf(st)
	if names(&r.Statement, has) {
		return true
	}
	if r.effects == nil {
		return false
	}
	return slices.ContainsFunc(r.effects.Statements, func(body *statement.Statement) bool { return names(body, has) })
}

// names says whether a statement's facts have a name. A column may be a function in
// attribute notation, and a type that of a relation's rows.
func names(st *statement.Statement, has func(name string) bool) bool {
	return slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return has(t.Name) }) ||
		slices.ContainsFunc(st.Functions, func(f statement.Function) bool { return has(f.Name) }) ||
		slices.ContainsFunc(st.Columns, func(c statement.Column) bool { return has(c.Name) || has(c.Qualifier) }) ||
		slices.ContainsFunc(st.Types, func(t statement.Type) bool { return has(t.Name) || has(t.Schema) }) ||
		slices.ContainsFunc(st.Writes, func(w statement.Write) bool { return has(w.Table) }) ||
		slices.ContainsFunc(st.Objects, func(o statement.Object) bool { return has(o.Name) || has(o.Relation) })
}
