package policy

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// happens adds what a statement does besides, as if its text said so.
func (r *reach) happens(e *catalog.Effects) {
	if e == nil {
		return
	}
	s := r.catalog.snapshot
	r.Commands, r.Functions, r.Settings = slices.Clip(r.Commands), slices.Clip(r.Functions), slices.Clip(r.Settings)
	for _, c := range e.Commands {
		if !slices.Contains(r.Commands, c) {
			r.Commands = append(r.Commands, c)
		}
	}
	for _, f := range e.Functions {
		r.Functions = append(r.Functions, statement.Function{Schema: f.Schema, Name: f.Name, Arguments: f.Arguments})
	}
	for _, b := range e.BuiltIn {
		r.Functions = append(r.Functions, statement.Function{Schema: "pg_catalog", Name: b.Name, Arguments: max(0, b.Arguments)})
	}
	r.Settings = append(r.Settings, e.Settings...)
	for _, oid := range e.Relations {
		r.touches(s.Relation(oid), statement.AccessRead, nil)
	}
	for _, read := range e.Reads {
		f := follower{Catalog: r.catalog, reach: r}
		f.column(read.ColumnRef)
	}
	for _, w := range e.Writes {
		if rel := s.Relation(w.Relation); rel != nil {
			r.writes(rel, w)
		}
	}
	r.Objects = slices.Clip(r.Objects)
	for _, st := range e.Statements {
		r.Objects = append(r.Objects, st.Objects...)
		r.makes(st)
		r.copies(st.Copy)
	}
	for _, h := range e.Hidden {
		if what, hides := hides(h); hides {
			r.calls = append(r.calls, call{h.Function, what})
		}
	}
}

// makes notes that a body makes what may do something else in its name, and may use
// it before any catalog knows it.
func (r *reach) makes(st *statement.Statement) {
	if slices.ContainsFunc(st.Objects, func(o statement.Object) bool { return o.Command == statement.CommandCreate && acts(o.Kind) }) {
		r.calls = append(r.calls, call{what: "makes a view, function or the like in the same breath as it may use it"})
	}
}

// acts says whether an object of a kind makes other statements do something.
func acts(k statement.Kind) bool {
	switch k {
	case statement.KindView, statement.KindFunction, statement.KindProcedure, statement.KindAggregate, statement.KindRule,
		statement.KindTrigger, statement.KindOperator, statement.KindCast, statement.KindEventTrigger:
		return true
	}
	return false
}

// copies adds a COPY that a function runs. A guard sees one COPY of a statement: the
// server's files and programs count before what a client is given.
func (r *reach) copies(c *statement.Copy) {
	switch {
	case c == nil || c.Target == "Client":
	case r.Copy == nil || r.Copy.Query || r.Copy.Target != "Client":
		r.Copy = c
	default:
		r.calls = append(r.calls, call{what: "has a function copy to or from the server's host"})
	}
}

// touches adds a relation, and those behind it.
func (r *reach) touches(rel *catalog.Relation, access statement.Access, writes []statement.Write) {
	if rel == nil {
		return
	}
	t := statement.Table{Schema: rel.Schema, Name: rel.Name, Access: []statement.Access{access}}
	r.Tables = append(r.Tables, t)
	f := follower{Catalog: r.catalog, reach: r, named: &t, writes: writes, seen: map[uint32]bool{}}
	f.relation(rel)
}

// writes adds a change of a relation.
func (r *reach) writes(rel *catalog.Relation, c catalog.Change) {
	w := statement.Write{Command: c.Command, Schema: rel.Schema, Table: rel.Name, Where: c.Where}
	column := statement.Column{Schema: rel.Schema, Qualifier: rel.Name, Use: statement.UseWrite, Construct: "a function"}
	for _, number := range c.Columns {
		for _, col := range rel.Columns {
			if col.Number == number {
				column.Name = col.Name
				w.Columns = append(w.Columns, col.Name)
				r.Columns = append(r.Columns, column)
			}
		}
	}
	if len(w.Columns) == 0 {
		column.Star, column.Name = true, ""
		r.Columns = append(r.Columns, column)
	}
	switch c.Command {
	case statement.CommandInsert, statement.CommandUpdate, statement.CommandDelete, statement.CommandMerge:
		r.Writes = append(r.Writes, w)
		r.touches(rel, statement.AccessWrite, []statement.Write{w})
	default:
		r.touches(rel, statement.AccessWrite, nil)
	}
}

// hides says, as a clause, what is not known of something that is not followed.
// What extensions have in C is known not to touch tables, apart from those whose
// purpose it is to run SQL.
func hides(h catalog.Hidden) (what string, hidden bool) {
	f := h.Function
	switch {
	case f == nil:
		return h.Why, true
	case f.Extension != "" && !runsSQL(f) && (f.Language == "c" || f.Language == "internal"):
		return "", false
	}
	return fmt.Sprintf("calls %s(), which %s", f.Qualified(), h.Why), true
}

// seenBy gives the statement as a guard's policy sees it: without what functions
// do that the policy trusts.
func (r *reach) seenBy(g *bound) *reach {
	if len(g.trusted) == 0 || r.effects == nil {
		return r
	}
	for k := range r.others {
		if o := &r.others[k]; o.policy == g.policy {
			return o.reach
		}
	}
	other := r
	trusted := func(f *catalog.Function) bool { return trusts(g.trusted, f) }
	if slices.ContainsFunc(r.effects.Functions, trusted) {
		other = r.catalog.reachWith(r.said, r.catalog.snapshot.OfStatementExcept(r.said, trusted))
	}
	r.others = append(r.others, trusting{g.policy, other})
	return other
}

// trusting is a statement as a policy that trusts functions sees it.
type trusting struct {
	policy string
	reach  *reach
}

// hidden says what a statement may do unseen, "" for nothing.
func (r *reach) hidden() string {
	if len(r.calls) == 0 {
		return ""
	}
	return r.calls[0].what
}
