package catalog

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// Where says whether a condition limits which rows a write touches, as far as the catalog
// can say more than the text. It does where it turns out to be about the row: DELETE ...
// WHERE EXISTS (SELECT ... WHERE u.t_id = id), where id is a column of the target and not
// of u. It does not where it does not choose: DELETE ... WHERE id IS NOT NULL, where id is
// the key.
func (s *Snapshot) Where(w *statement.Write) statement.Condition {
	switch {
	case s.correlated(w):
		return statement.WherePresent
	case s.choosesAll(w):
		return statement.WhereConstant
	}
	return w.Where
}

// choosesAll says whether a condition asks only what the definitions of columns answer,
// whether they are NULL that never are, in one of the relations that the name may mean.
func (s *Snapshot) choosesAll(w *statement.Write) bool {
	if w.Where != statement.WherePresent || w.Given == nil {
		return false
	}
	return slices.ContainsFunc(s.Named(w.Schema, w.Table), func(r *Relation) bool {
		return !slices.ContainsFunc(w.Given.NotNull, func(name string) bool {
			col, ok := r.Column(name)
			return !ok || !col.NotNull
		}) && !slices.ContainsFunc(w.Given.Typed, func(name string) bool {
			col, ok := r.Column(name)
			return !ok || !slices.Contains(w.Given.As, kindOfType(col.Type))
		})
	})
}

// kindOfType gives the kind of a type by its oid (catalog/pg_type.dat), "" for texts,
// for types that are not built in, and for those that are not known.
func kindOfType(oid uint32) statement.TypeKind {
	switch oid {
	case 20, 21, 23, 26, 700, 701, 790, 1700:
		return statement.TypeNumber
	case 16:
		return statement.TypeBoolean
	case 1082, 1114, 1184:
		return statement.TypeTime
	case 2950:
		return statement.TypeUUID
	case 114, 142, 600, 601, 602, 603, 604, 628, 650, 718, 774, 829, 869, 1083, 1186, 1266, 1560, 3614, 3802, 3904, 3906, 3908, 3910, 3912, 3926,
		1000, 1005, 1007, 1009, 1015, 1016, 1021, 1022, 1115, 1182, 1185, 1231, 2951, 3807:
		return statement.TypeOther
	}
	return ""
}

// correlated says whether each subquery of a condition has a name that can only be
// a column of the target.
func (s *Snapshot) correlated(w *statement.Write) bool {
	if w.Where != statement.WhereConstant || len(w.Correlated) == 0 {
		return false
	}
	for i := range w.Correlated {
		sub := &w.Correlated[i]
		if !slices.ContainsFunc(sub.Names, func(name string) bool {
			return s.has(w.Schema, w.Table, name) == always &&
				!slices.ContainsFunc(sub.From, func(r statement.RelationRef) bool { return s.has(r.Schema, r.Name, name) != never })
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

func (s *Snapshot) has(schema, relation, column string) having {
	all, with := s.Named(schema, relation), 0
	for _, r := range all {
		if r.Loose {
			return sometimes
		}
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
