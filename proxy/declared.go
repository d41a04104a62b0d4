package proxy

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/weirgate/weir/policy/statement"
)

// What a Parse declares of its parameters' types is judged as if the text said it of
// them: $1::amount. The catalog gives the types' names.

// declaredKept is how many texts are remembered with the types that were declared for
// them.
const declaredKept = 64

// declared keeps the facts of texts with declared types, so that the facts of the same
// text are the same, by which decisions are found again.
type declared struct {
	kept map[declaration]*statement.Facts
}

// declaration is a text with declared types.
type declaration struct {
	facts *statement.Facts
	types string // their oids
}

// with adds declared types to what the text names. It is false when the catalog does not
// know one of them and is not of after the text had come.
func (d *declared) with(j *judge, s *standing, facts *statement.Facts, oids []uint32, fresh bool) (*statement.Facts, bool) {
	var names []statement.Type
	var key []byte
	for _, oid := range oids {
		key = binary.BigEndian.AppendUint32(key, oid)
		if t, ok := s.snapshot.TypeName(oid); ok {
			names = append(names, t)
			continue
		}
		unknown := "type " + strconv.FormatUint(uint64(oid), 10)
		switch {
		case fresh:
			j.note("." + unknown)
		case !j.known["."+unknown]:
			return nil, false
		}
		names = append(names, j.own.types()...)
	}
	of := declaration{facts, string(key)}
	if all := d.kept[of]; all != nil && named(all, facts, names) {
		return all, true
	}
	all := &statement.Facts{Statements: slices.Clone(facts.Statements)}
	for i := range all.Statements {
		all.Statements[i].Types = slices.Concat(all.Statements[i].Types, names)
	}
	if d.kept == nil || len(d.kept) >= declaredKept {
		d.kept = make(map[declaration]*statement.Facts)
	}
	d.kept[of] = all
	return all, true
}

// named says whether facts that were kept have these types besides those of the text.
func named(kept, facts *statement.Facts, names []statement.Type) bool {
	if len(kept.Statements) != len(facts.Statements) || len(kept.Statements) == 0 {
		return false
	}
	return slices.Equal(kept.Statements[0].Types[len(facts.Statements[0].Types):], names)
}

// types names all that the session has made of which a type may be that no catalog has:
// one of its own, which others do not see.
func (o *own) types() []statement.Type {
	var all []statement.Type
	for _, st := range slices.Concat(o.defined.lasting, o.defined.open) {
		made := func(st *statement.Statement) {
			for i := range st.Objects {
				ob := &st.Objects[i]
				switch ob.Kind {
				case statement.KindType, statement.KindDomain, statement.KindTable, statement.KindView, statement.KindMaterializedView,
					statement.KindForeignTable, statement.KindConstraint, statement.KindColumn:
					for _, name := range []string{ob.Name, ob.NewName, ob.Relation} {
						if t := (statement.Type{Name: name}); name != "" && !slices.Contains(all, t) {
							all = append(all, t)
						}
					}
				}
			}
		}
		made(st)
		for i := range st.Inside {
			made(&st.Inside[i])
		}
	}
	return all
}
