package catalog

import "github.com/weirgate/weir/policy/statement"

// Types of relations' rows, and of arrays of composite values, are not among a
// snapshot's Types: a database has two of them for each table, which hardly ever matter.

// TypeName gives the name by which a text would name a type that is not built in, so
// that what OfStatement gives for it is what making a value of it does; for an array of
// composite values that of its elements. It is false where the type is not known, as
// arrays of composite values of built-in types are not, with which nothing happens.
func (s *Snapshot) TypeName(oid uint32) (statement.Type, bool) {
	if element, ok := s.arrays[oid]; ok {
		oid = element
	}
	if t := s.types.find(oid); t != nil {
		return statement.Type{Schema: t.Schema, Name: t.Name}, true
	}
	if r := s.Relation(s.rows[oid]); r != nil {
		return statement.Type{Schema: r.Schema, Name: r.Name}, true
	}
	for i := range s.relations.all { // of built-in types alone
		if r := &s.relations.all[i]; r.Type == oid || r.Array == oid {
			return statement.Type{Schema: r.Schema, Name: r.Name}, true
		}
	}
	return statement.Type{}, false
}
