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

	// Links are pairs of relations of which a change of one may be one of the other, and
	// Every is functions that any statement may call: see After. What is read has neither.
	Links [][2]uint32
	Every []uint32
}

// Snapshot is a database's catalog at one moment. It does not change and may be
// shared.
type Snapshot struct {
	database  string
	version   int
	taken     time.Time
	relations []Relation         // by oid
	names     map[string][]int32 // places in relations
	types     map[uint32]Type
	functions []Function         // by oid
	calls     map[string][]int32 // places in functions
	builtIn   map[uint32]string
	builtName map[string]struct{}

	children      map[uint32][]uint32 // of relations, those that inherit from them and their partitions
	operators     []Operator          // by oid
	symbols       map[string][]int32  // places in operators
	casts         []Cast
	castsOf       map[uint32][]int32  // places in casts, by either type
	typeNames     map[string][]uint32 // oids of types that are not built in
	typed         map[uint32][]uint32 // of composite types, the tables whose columns follow them
	eventTriggers []EventTrigger
	every         []uint32 // functions that any statement may call

	followed sync.Map // step → *Effects, filled as they are asked for
}

// New makes a Snapshot. It takes over what is in d.
func New(d Data) (*Snapshot, error) {
	s := &Snapshot{
		database: d.Database, version: d.Version, taken: d.Taken,
		relations: d.Relations, functions: d.Functions,
		names:     make(map[string][]int32, len(d.Relations)),
		calls:     make(map[string][]int32, len(d.Functions)),
		types:     make(map[uint32]Type, len(d.Types)),
		builtIn:   d.BuiltIn,
		builtName: make(map[string]struct{}, len(d.BuiltIn)),
	}
	slices.SortFunc(s.relations, func(a, b Relation) int { return cmp.Compare(a.OID, b.OID) })
	slices.SortFunc(s.functions, func(a, b Function) int { return cmp.Compare(a.OID, b.OID) })
	for i := range s.relations {
		r := &s.relations[i]
		if r.OID == 0 || r.Name == "" {
			return nil, fmt.Errorf("relation %q has oid %d: the catalog was not read whole", r.Name, r.OID)
		}
		if i > 0 && s.relations[i-1].OID == r.OID {
			return nil, fmt.Errorf("relation %q is listed twice", r.Name)
		}
		if (r.Kind == View || r.Kind == MaterializedView) && r.Query == nil && !r.System() {
			return nil, fmt.Errorf("view %q has no definition: the catalog was not read whole", r.Name)
		}
		s.names[r.Name] = append(s.names[r.Name], int32(i))
	}
	for i := range s.functions {
		f := &s.functions[i]
		s.calls[f.Name] = append(s.calls[f.Name], int32(i))
	}
	s.typeNames = make(map[string][]uint32, len(d.Types))
	for _, t := range d.Types {
		s.types[t.OID] = t
		s.typeNames[t.Name] = append(s.typeNames[t.Name], t.OID)
	}
	for _, name := range d.BuiltIn {
		s.builtName[name] = struct{}{}
	}
	s.index(&d)
	return s, nil
}

// index finds things by what leads to them.
func (s *Snapshot) index(d *Data) {
	s.operators, s.casts, s.eventTriggers = d.Operators, d.Casts, d.EventTriggers
	slices.SortFunc(s.operators, func(a, b Operator) int { return cmp.Compare(a.OID, b.OID) })
	s.symbols = make(map[string][]int32, len(s.operators))
	for i := range s.operators {
		s.symbols[s.operators[i].Name] = append(s.symbols[s.operators[i].Name], int32(i))
	}
	s.castsOf = make(map[uint32][]int32, 2*len(s.casts))
	for i, c := range s.casts {
		s.castsOf[c.Source] = append(s.castsOf[c.Source], int32(i))
		if c.Target != c.Source {
			s.castsOf[c.Target] = append(s.castsOf[c.Target], int32(i))
		}
	}
	s.children, s.typed = map[uint32][]uint32{}, map[uint32][]uint32{}
	for i := range s.relations {
		if r := &s.relations[i]; r.OfType != 0 {
			s.typed[r.OfType] = append(s.typed[r.OfType], r.OID)
		}
		for _, p := range s.relations[i].Parents {
			s.children[p] = append(s.children[p], s.relations[i].OID)
		}
	}
	for _, l := range d.Links {
		s.children[l[0]] = append(s.children[l[0]], l[1])
		s.children[l[1]] = append(s.children[l[1]], l[0])
	}
	s.every = d.Every
	for i := range s.relations {
		r := &s.relations[i]
		r.quiet, r.inert = s.calm(r)
	}
}

// calm says whether nothing follows from reading a relation, and whether nothing
// follows from changing it either: most relations are so, and are not followed.
func (s *Snapshot) calm(r *Relation) (quiet, inert bool) {
	if r.Kind == View || r.Kind == MaterializedView || len(s.children[r.OID]) > 0 {
		return r.System(), false
	}
	if len(s.castsOf[r.Type]) > 0 || slices.ContainsFunc(r.Columns, func(c Column) bool { return c.Type >= FirstUser }) {
		return false, false
	}
	quiet = !slices.ContainsFunc(r.Runs, func(e Expression) bool { return e.Moment == WhenRead || e.Moment == ByRowPolicy })
	return quiet, quiet && len(r.Runs)+len(r.Fires)+len(r.Rewrites)+len(r.Keys) == 0
}

// Children gives the relations that inherit from a relation, and its partitions.
// They must not be changed.
func (s *Snapshot) Children(relation uint32) []uint32 { return s.children[relation] }

// Typed gives the tables whose columns follow a composite type that a name may mean:
// CREATE TABLE OF.
func (s *Snapshot) Typed(schema, name string) []*Relation {
	var found []*Relation
	for _, oid := range s.TypesNamed(schema, name) {
		for _, table := range slices.Concat(s.typed[oid], s.typed[s.types[oid].was]) {
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
	if schema == "" {
		return s.typeNames[name]
	}
	var found []uint32
	for _, oid := range s.typeNames[name] {
		if means(schema, s.types[oid].Schema) {
			found = append(found, oid)
		}
	}
	return found
}

// Type gives a type that is not built in.
func (s *Snapshot) Type(oid uint32) (Type, bool) {
	t, ok := s.types[oid]
	return t, ok
}

// operator finds an operator outside pg_catalog, nil if there is none.
func (s *Snapshot) operator(oid uint32) *Operator {
	i, ok := slices.BinarySearchFunc(s.operators, oid, func(o Operator, oid uint32) int { return cmp.Compare(o.OID, oid) })
	if !ok {
		return nil
	}
	return &s.operators[i]
}

// Database is the name of the database.
func (s *Snapshot) Database() string { return s.database }

// Version is the server's version as a number, for example 150004.
func (s *Snapshot) Version() int { return s.version }

// Taken is the moment that the snapshot shows, or an earlier one.
func (s *Snapshot) Taken() time.Time { return s.taken }

// Relations gives all relations by oid. They must not be changed.
func (s *Snapshot) Relations() []Relation { return s.relations }

// Relation finds a relation by its oid, nil if there is none.
func (s *Snapshot) Relation(oid uint32) *Relation {
	i, ok := slices.BinarySearchFunc(s.relations, oid, func(r Relation, oid uint32) int { return cmp.Compare(r.OID, oid) })
	if !ok {
		return nil
	}
	return &s.relations[i]
}

// Named gives every relation that a name may mean: those of the schema or, with
// an empty schema, those of that name in any schema.
func (s *Snapshot) Named(schema, name string) []*Relation {
	places := s.names[name]
	if len(places) == 0 {
		return nil
	}
	found := make([]*Relation, 0, len(places))
	for _, i := range places {
		if r := &s.relations[i]; means(schema, r.Schema) {
			found = append(found, r)
		}
	}
	return found
}

// Known says whether a relation of that name exists, in that schema or, with an
// empty schema, in any.
func (s *Snapshot) Known(schema, name string) bool {
	for _, i := range s.names[name] {
		if r := &s.relations[i]; means(schema, r.Schema) {
			return true
		}
	}
	return false
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
	for _, i := range s.names[name] {
		if r := &s.relations[i]; r.Schema == schema {
			return r
		}
	}
	return nil
}

// Functions gives every function outside pg_catalog that a name may mean, as
// Named does for relations.
func (s *Snapshot) Functions(schema, name string) []*Function {
	places := s.calls[name]
	if len(places) == 0 {
		return nil
	}
	found := make([]*Function, 0, len(places))
	for _, i := range places {
		if f := &s.functions[i]; means(schema, f.Schema) {
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
func (s *Snapshot) Function(oid uint32) *Function {
	i, ok := slices.BinarySearchFunc(s.functions, oid, func(f Function, oid uint32) int { return cmp.Compare(f.OID, oid) })
	if !ok {
		return nil
	}
	return &s.functions[i]
}

// AllFunctions gives all functions outside pg_catalog by oid. They must not be
// changed.
func (s *Snapshot) AllFunctions() []Function { return s.functions }

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
	t, ok := s.types[base]
	switch {
	case !ok:
		return base, 0, 0
	case t.Text:
		return textOID, 0, 0
	case t.Element != 0:
		e := s.base(t.Element)
		if s.types[e].Text {
			e = textOID
		}
		return base, e, t.Element
	}
	return base, 0, 0
}

// base goes from a domain to the type below, through domains over domains.
func (s *Snapshot) base(oid uint32) uint32 {
	for range 32 {
		t, ok := s.types[oid]
		if !ok || t.Base == 0 {
			return oid
		}
		oid = t.Base
	}
	return 0
}
