package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/catalog"
)

// value is where an expression's values come from. The zero value is a constant's.
type value struct {
	// refs are the columns whose value it may be, unchanged; those without masks
	// are among them.
	refs    []catalog.ColumnRef
	copies  []*column // the masked ones of refs
	derived []*column // masked columns that it is computed from
	// other says that it may hold or depend on something that is neither masked
	// nor a constant. What is compared with such a value becomes known by it.
	other bool
	// nullable says that whether it is NULL tells more than whether a masked
	// column is.
	nullable bool
	// several says that it is one of several constants, such as a column of VALUES.
	// What is computed from more than one of them is as good as any value.
	several bool
	// mixed says that rows of a set operation have masked values in it and others
	// values that are not masked.
	mixed bool
	// folded says that it is masked columns' texts in one case or without blanks around
	// them, and nothing else: which of them are equal asks what that of their own does.
	folded bool
	// array says that it may be an array whose number of elements is a masked
	// value's.
	array bool
	// vast says that it may be a number, or another sum, as large as who asks wants.
	vast    bool
	row     *entry // it is the whole row of an entry
	typeOID uint32 // of a column's own value, 0 where it is not known
}

func (v *value) tainted() bool { return len(v.copies)+len(v.derived) > 0 }

// pure says that it is the unchanged value of masked columns, or a constant, and
// nothing else.
func (v *value) pure() bool { return !v.other && len(v.derived) == 0 && !v.nullable }

// even says that equal values of it are equal values of masked columns, or a constant.
func (v *value) even() bool { return v.pure() || v.folded && !v.nullable }

func (v *value) constant() bool { return !v.other && !v.tainted() }

// columns calls f for every masked column in v until it gives false.
func (v *value) columns(f func(*column) bool) bool {
	for _, c := range v.copies {
		if !f(c) {
			return false
		}
	}
	for _, c := range v.derived {
		if !f(c) {
			return false
		}
	}
	return true
}

// union is what may be either.
func (v value) union(o value) value {
	u := value{
		refs: join(v.refs, o.refs), copies: join(v.copies, o.copies), derived: join(v.derived, o.derived),
		other: v.other || o.other, nullable: v.nullable || o.nullable,
		several: v.several || o.several, mixed: v.mixed || o.mixed, array: v.array || o.array, vast: v.vast || o.vast,
		folded: v.folded && o.folded,
	}
	if v.row == o.row {
		u.row = v.row
	}
	if v.typeOID == o.typeOID {
		u.typeOID = v.typeOID
	}
	return u
}

// made is what is computed from v.
func (v value) made() value {
	return value{derived: join(v.derived, v.copies), other: v.other || v.several, nullable: v.nullable, mixed: v.mixed, array: v.array, vast: v.vast}
}

// part is a part of v, which may be NULL where v is not.
func (v value) part() value {
	m := v.made()
	m.nullable = m.nullable || m.tainted()
	return m
}

// beside is what a column has where rows of two queries or of VALUES come together.
func (v value) beside(o value) value {
	u := v.union(o)
	u.row = nil
	switch {
	case u.tainted() && (!v.tainted() || !o.tainted()):
		u.mixed, u.other = true, true
	case u.constant():
		u.several = true
	}
	return u
}

// join gives all of both, each once. It changes neither.
func join[T comparable](a, b []T) []T {
	switch {
	case len(b) == 0:
		return a
	case len(a) == 0:
		return b
	}
	all := slices.Clip(a)
	for _, x := range b {
		if !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all
}
