package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weirgate/weir/policy/function"
)

// textOID is the oid of the type text.
const textOID = 25

// FirstUser is the least oid of an object that is not PostgreSQL's own
// (FirstNormalObjectId in access/transam.h).
const FirstUser = 16384

// Data is what a Snapshot is made of.
type Data struct {
	Database  string
	Version   int       // server_version_num
	Taken     time.Time // before the first of it was read
	Relations []Relation
	Types     []Type
	Functions []Function        // outside pg_catalog
	BuiltIn   map[uint32]string // the functions of pg_catalog by oid

	Operators     []Operator // outside pg_catalog
	Casts         []Cast
	EventTriggers []EventTrigger
}

// Snapshot is a database's catalog at one moment. It does not change and may be
// shared.
type Snapshot struct {
	database  string
	version   int
	taken     time.Time
	relations directory[Relation]
	types     directory[Type]
	functions directory[Function]
	operators directory[Operator]
	builtIn   map[uint32]string
	builtName map[string]struct{}

	heirs         relatives         // of relations, those that inherit from them and their partitions
	typed         relatives         // of composite types, the tables whose columns follow them
	rows          map[uint32]uint32 // the relation that a type is of the rows of, or of arrays of them, where types of its columns are not built in
	arrays        map[uint32]uint32 // of types of arrays of composite values, the type of these, where it has types that are not built in
	casts         []Cast
	castsOf       map[uint32][]int32 // places in casts, by either type
	eventTriggers []EventTrigger

	// These are what After adds.
	linked relatives // of relations, those of which a change may be one of the other
	every  []uint32  // functions that any statement may call
	lowest uint32    // the last oid that was given, 0 for none

	followed sync.Map // step → *Effects, filled as they are asked for
	kept     kept
}

// New makes a Snapshot. It takes over what is in d.
func New(d Data) (*Snapshot, error) {
	for i := range d.Relations {
		r := &d.Relations[i]
		if r.OID == 0 || r.Name == "" {
			return nil, fmt.Errorf("relation %q has oid %d: the catalog was not read whole", r.Name, r.OID)
		}
		if (r.Kind == View || r.Kind == MaterializedView) && r.Query == nil && !r.System() {
			return nil, fmt.Errorf("view %q has no definition: the catalog was not read whole", r.Name)
		}
	}
	slices.SortFunc(d.Relations, func(a, b Relation) int { return cmp.Compare(a.OID, b.OID) })
	slices.SortFunc(d.Types, func(a, b Type) int { return cmp.Compare(a.OID, b.OID) })
	slices.SortFunc(d.Functions, func(a, b Function) int { return cmp.Compare(a.OID, b.OID) })
	slices.SortFunc(d.Operators, func(a, b Operator) int { return cmp.Compare(a.OID, b.OID) })
	s := &Snapshot{
		database: d.Database, version: d.Version, taken: d.Taken,
		relations: newDirectory(d.Relations, func(r *Relation) (uint32, string) { return r.OID, r.Name }),
		types:     newDirectory(d.Types, func(t *Type) (uint32, string) { return t.OID, t.Name }),
		functions: newDirectory(d.Functions, func(f *Function) (uint32, string) { return f.OID, f.Name }),
		operators: newDirectory(d.Operators, func(o *Operator) (uint32, string) { return o.OID, o.Name }),
		builtIn:   d.BuiltIn, builtName: make(map[string]struct{}, len(d.BuiltIn)),
		casts: d.Casts, eventTriggers: d.EventTriggers,
	}
	for _, name := range d.BuiltIn {
		s.builtName[name] = struct{}{}
	}
	all := s.relations.all
	for i := 1; i < len(all); i++ {
		if all[i-1].OID == all[i].OID {
			return nil, fmt.Errorf("relation %q is listed twice", all[i].Name)
		}
	}
	s.index()
	return s, nil
}

// index finds things by what leads to them.
func (s *Snapshot) index() {
	s.castsOf = make(map[uint32][]int32, 2*len(s.casts))
	for i, c := range s.casts {
		s.castsOf[c.Source] = append(s.castsOf[c.Source], int32(i))
		if c.Target != c.Source {
			s.castsOf[c.Target] = append(s.castsOf[c.Target], int32(i))
		}
	}
	s.heirs.all, s.typed.all, s.rows = map[uint32][]uint32{}, map[uint32][]uint32{}, map[uint32]uint32{}
	all := s.relations.all
	for i := range all {
		r := &all[i]
		if r.OfType != 0 {
			s.typed.all[r.OfType] = append(s.typed.all[r.OfType], r.OID)
		}
		if r.Type >= FirstUser && ownTypes(r) {
			s.rows[r.Type] = r.OID
			if r.Array != 0 {
				s.rows[r.Array] = r.OID
			}
		}
		for _, p := range r.Parents {
			s.heirs.all[p] = append(s.heirs.all[p], r.OID)
		}
	}
	s.arrays = make(map[uint32]uint32)
	for i := range s.types.all {
		if t := &s.types.all[i]; t.Array != 0 {
			s.arrays[t.Array] = t.OID
		}
	}
	for i := range all {
		all[i].quiet, all[i].inert = s.calm(&all[i])
	}
}

// calm says whether nothing follows from reading a relation, and whether nothing
// follows from changing it either: most relations are so, and are not followed.
func (s *Snapshot) calm(r *Relation) (quiet, inert bool) {
	if r.Kind == View || r.Kind == MaterializedView || len(s.Children(r.OID)) > 0 {
		return r.System(), false
	}
	if len(s.castsOf[r.Type]) > 0 || ownTypes(r) {
		return false, false
	}
	quiet = !slices.ContainsFunc(r.Runs, func(e Expression) bool { return e.Moment == WhenRead || e.Moment == ByRowPolicy })
	return quiet, quiet && len(r.Runs)+len(r.Fires)+len(r.Rewrites)+len(r.Keys) == 0
}

// ownTypes says whether a relation has columns of types that are not built in.
func ownTypes(r *Relation) bool {
	return slices.ContainsFunc(r.Columns, func(c Column) bool { return c.Type >= FirstUser })
}

// Heirs gives the relations that inherit from a relation, and its partitions. They must
// not be changed.
func (s *Snapshot) Heirs(relation uint32) []uint32 { return s.heirs.of(relation) }

// Children gives Heirs, and besides the relations of which a change of this one may be
// one: see After. They must not be changed.
func (s *Snapshot) Children(relation uint32) []uint32 {
	linked := s.linked.of(relation)
	if len(linked) == 0 {
		return s.heirs.of(relation)
	}
	return slices.Concat(s.heirs.of(relation), linked)
}

// Typed gives the tables whose columns follow a composite type that a name may mean:
// CREATE TABLE OF.
func (s *Snapshot) Typed(schema, name string) []*Relation {
	var found []*Relation
	for _, t := range s.types.named(name) {
		if !means(schema, t.Schema) {
			continue
		}
		for _, table := range slices.Concat(s.typed.of(t.OID), s.typed.of(t.was)) {
			if r := s.Relation(table); r != nil {
				found = append(found, r)
			}
		}
	}
	return found
}

// TypesNamed gives the oids of the types that are not built in and that a name may
// mean: those of the schema or, with an empty schema, those of that name in any.
func (s *Snapshot) TypesNamed(schema, name string) []uint32 {
	var found []uint32
	for _, t := range s.types.named(name) {
		if means(schema, t.Schema) {
			found = append(found, t.OID)
		}
	}
	return found
}

// Type gives a type that is not built in.
func (s *Snapshot) Type(oid uint32) (Type, bool) {
	if t := s.types.find(oid); t != nil {
		return *t, true
	}
	return Type{}, false
}

// Database is the name of the database.
func (s *Snapshot) Database() string { return s.database }

// Version is the server's version as a number, for example 150004.
func (s *Snapshot) Version() int { return s.version }

// Taken is the moment that the snapshot shows, or an earlier one.
func (s *Snapshot) Taken() time.Time { return s.taken }

// Relations gives all relations by oid. They must not be changed. Of a catalog that
// After gave they are put together each time.
func (s *Snapshot) Relations() []Relation { return s.relations.list() }

// Relation finds a relation by its oid, nil if there is none.
func (s *Snapshot) Relation(oid uint32) *Relation { return s.relations.find(oid) }

// Named gives every relation that a name may mean: those of the schema or, with
// an empty schema, those of that name in any schema. They must not be changed.
func (s *Snapshot) Named(schema, name string) []*Relation {
	all := s.relations.named(name)
	if !slices.ContainsFunc(all, func(r *Relation) bool { return !means(schema, r.Schema) }) {
		return all
	}
	found := make([]*Relation, 0, len(all))
	for _, r := range all {
		if means(schema, r.Schema) {
			found = append(found, r)
		}
	}
	return found
}

// Known says whether a relation of that name exists, in that schema or, with an
// empty schema, in any.
func (s *Snapshot) Known(schema, name string) bool {
	return slices.ContainsFunc(s.relations.named(name), func(r *Relation) bool { return means(schema, r.Schema) })
}

// Lookup finds the relation that PostgreSQL would for a name: in the schema, or
// along the search path, which starts with pg_catalog unless it names it. The
// entry "$user" must have been replaced. Nil means that there is none.
func (s *Snapshot) Lookup(schema, name string, searchPath []string) *Relation {
	if schema != "" {
		return s.in(schema, name)
	}
	if !slices.Contains(searchPath, "pg_catalog") {
		if r := s.in("pg_catalog", name); r != nil {
			return r
		}
	}
	for _, p := range searchPath {
		if r := s.in(p, name); r != nil {
			return r
		}
	}
	return nil
}

func (s *Snapshot) in(schema, name string) *Relation {
	for _, r := range s.relations.named(name) {
		if r.Schema == schema {
			return r
		}
	}
	return nil
}

// Functions gives every function outside pg_catalog that a name may mean, as
// Named does for relations.
func (s *Snapshot) Functions(schema, name string) []*Function {
	all := s.functions.named(name)
	if !slices.ContainsFunc(all, func(f *Function) bool { return !means(schema, f.Schema) }) {
		return all
	}
	found := make([]*Function, 0, len(all))
	for _, f := range all {
		if means(schema, f.Schema) {
			found = append(found, f)
		}
	}
	return found
}

// means says whether a schema, or none, in a text can be that of an object. Which one
// pg_temp is for a session is not told: it can be that of any. One that was made in a
// schema that is not told may be in any.
func means(said, schema string) bool {
	return said == "" || said == schema || schema == "" || said == "pg_temp" && strings.HasPrefix(schema, "pg_temp_")
}

// Function finds a function outside pg_catalog by its oid, nil if there is none.
func (s *Snapshot) Function(oid uint32) *Function { return s.functions.find(oid) }

// AllFunctions gives all functions outside pg_catalog by oid, as Relations does.
func (s *Snapshot) AllFunctions() []Function { return s.functions.list() }

// BuiltIn says whether pg_catalog has a function of that name, or the grammar a word
// that is called like one, such as CURRENT_DATE.
func (s *Snapshot) BuiltIn(name string) bool {
	_, ok := s.builtName[name]
	return ok || function.Grammatical(name)
}

// BuiltInName gives the name of a function of pg_catalog by its oid.
func (s *Snapshot) BuiltInName(oid uint32) (string, bool) {
	name, ok := s.builtIn[oid]
	return name, ok
}

// Wire says which built-in type the values of a type look like on the wire: of
// a domain its base, of a type that is sent as text, text. For an array, element
// is the built-in type that its elements look like and elementType the oid that
// binary values carry; both are 0 otherwise. A type that is built in, or of which
// nothing is known, is given back.
func (s *Snapshot) Wire(oid uint32) (typeOID, element, elementType uint32) {
	base := s.base(oid)
	t := s.types.find(base)
	switch {
	case t == nil:
		return base, 0, 0
	case t.Text:
		return textOID, 0, 0
	case t.Element != 0:
		e := s.base(t.Element)
		if of := s.types.find(e); of != nil && of.Text {
			e = textOID
		}
		return base, e, t.Element
	}
	return base, 0, 0
}

// base goes from a domain to the type below, through domains over domains.
func (s *Snapshot) base(oid uint32) uint32 {
	for range 32 {
		t := s.types.find(oid)
		if t == nil || t.Base == 0 {
			return oid
		}
		oid = t.Base
	}
	return 0
}
