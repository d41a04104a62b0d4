package proxy

import (
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// bounded takes writes of all rows for bounded where they are of a temporary table of the
// session's own: whose rows these are, it has put there itself.
func (o *own) bounded(s *catalog.Snapshot, st *statement.Statement, fresh bool) {
	cloned := false
	for i := range st.Writes {
		w := &st.Writes[i]
		if !o.empties(w) || w.Schema != "pg_temp" && !o.temporary(s, w.Schema, w.Table) && !(fresh && o.nowhere(s, w.Schema, w.Table)) {
			continue
		}
		if !cloned {
			st.Writes, cloned = slices.Clone(st.Writes), true
		}
		st.Writes[i].Where, st.Writes[i].Correlated, st.Writes[i].Given = statement.WherePresent, nil, nil
	}
}

// emptied takes a TRUNCATE of temporary tables of the session's own, and of no others, for
// none: a CASCADE leads from these to others of its own alone.
func (o *own) emptied(s *catalog.Snapshot, st *statement.Statement, fresh bool) {
	if !o.truncates(st) {
		return
	}
	for i := range st.Tables {
		t := &st.Tables[i]
		if !o.made[t.Name].temporary || t.Schema != "pg_temp" && !o.temporary(s, t.Schema, t.Name) && !(fresh && o.nowhere(s, t.Schema, t.Name)) {
			return
		}
	}
	st.Commands = slices.DeleteFunc(slices.Clone(st.Commands), func(c statement.Command) bool { return c == statement.CommandTruncate })
}

// truncates says whether a statement is a TRUNCATE of tables that may be temporary ones of
// the session's own.
func (o *own) truncates(st *statement.Statement) bool {
	return st.Command == statement.CommandTruncate && len(st.Tables) > 0 &&
		slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return o.made[t.Name].temporary })
}

// empties says whether a write is of all rows of a table that may be a temporary one of
// the session's own.
func (o *own) empties(w *statement.Write) bool {
	return w.Where != statement.WherePresent && o.made[w.Table].temporary
}

// parts says whether an object is a part of a relation, or of a type.
func parts(ob *statement.Object) bool {
	return ob.Kind == statement.KindColumn || ob.Kind == statement.KindConstraint
}

// alters says whether a statement alters a temporary table of the session's own as a
// table. Types and domains have columns and constraints as well.
func (o *own) alters(said []statement.Object, name string) bool {
	return o.made[name].temporary && slices.ContainsFunc(said, func(ob statement.Object) bool {
		return ob.Command == statement.CommandAlter && ob.Kind == statement.KindTable && ob.Name == name && ob.NewName == "" && ob.NewSchema == ""
	})
}
