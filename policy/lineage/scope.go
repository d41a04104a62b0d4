package lineage

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// field is a column of an entry or of a query's result.
type field struct {
	name  string
	value value
	guess bool // the name is not certain
}

// entry is one of a range table: a relation, a subquery, a join, a function. It is
// also the result of a query.
type entry struct {
	name string
	// relations are those that the name of a relation may mean, nil for all
	// that is none. Their columns become fields when they are needed.
	relations []*catalog.Relation
	alias     bool // it has another name than its relation
	fields    []field
	filled    bool // fields are those of relations
	// loose says that the number and the order of fields are not certain, and
	// that there may be others, which rest stands for.
	loose bool
	rest  value
}

// item is an entry in the name space of a FROM.
type item struct {
	entry   *entry
	named   bool // can be named as a qualifier or as a whole row
	columns bool // its columns can be named without a qualifier
}

// scope is what names mean in one query, and in those around it.
type scope struct {
	outer *scope
	items []item
	ctes  []*cte
	open  bool // a name that is nowhere else may be a variable or a parameter
	// frame is the function whose body this is around, nil in others.
	frame *frame
}

// inner gives a scope for a query inside this one.
func (s *scope) inner() *scope { return &scope{outer: s} }

// beside gives a scope that sees what is around s and its common table
// expressions, but not what stands in its FROM.
func (s *scope) beside() *scope { return &scope{outer: s.outer, ctes: s.ctes, open: s.open} }

// cte is a common table expression.
type cte struct {
	name   string
	node   *statement.Node
	scope  *scope
	result *entry
	busy   bool
	// so is what is known of the result while a recursive one is followed.
	so *entry
}

func (s *scope) cte(name string) *cte {
	for ; s != nil; s = s.outer {
		for i := len(s.ctes) - 1; i >= 0; i-- {
			if s.ctes[i].name == name {
				return s.ctes[i]
			}
		}
	}
	return nil
}

// base gives the value of a relation's own column.
func (r *resolver) base(rel *catalog.Relation, c *catalog.Column) value {
	v := value{refs: []catalog.ColumnRef{{Relation: rel.OID, Column: c.Number}}, typeOID: c.Type}
	_, element, _ := r.snapshot.Wire(c.Type)
	v.array = element != 0
	if masked := r.relations[rel.OID]; masked != nil {
		if col := masked.columns[c.Number]; col != nil {
			if col.computed {
				v.derived, v.nullable = []*column{col}, col.blank
				return v
			}
			v.copies = []*column{col}
			return v
		}
	}
	v.other = true
	v.vast = r.wire(c.Type) == numericOID && c.TypeMod < 0 || r.wire(c.Type) == intervalOID || r.wire(c.Type) == moneyOID
	return v
}

// fill makes the fields of a relation's entry.
func (r *resolver) fill(e *entry) {
	if e.filled || e.relations == nil {
		return
	}
	e.filled = true
	for i, rel := range e.relations {
		if !r.step(len(rel.Columns)) {
			return
		}
		if i == 0 {
			e.fields = make([]field, 0, len(rel.Columns))
			for c := range rel.Columns {
				e.fields = append(e.fields, field{name: rel.Columns[c].Name, value: r.base(rel, &rel.Columns[c])})
			}
			continue
		}
		if !alike(e.relations[0], rel) {
			e.loose = true
		}
		for c := range rel.Columns {
			v := r.base(rel, &rel.Columns[c])
			if at := e.place(rel.Columns[c].Name); at >= 0 {
				e.fields[at].value = e.fields[at].value.union(v)
			} else {
				e.fields = append(e.fields, field{name: rel.Columns[c].Name, value: v})
			}
		}
	}
}

// alike says whether two relations have the same columns in the same order.
func alike(a, b *catalog.Relation) bool {
	if len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		if a.Columns[i].Name != b.Columns[i].Name {
			return false
		}
	}
	return true
}

func (e *entry) place(name string) int {
	for i := range e.fields {
		if e.fields[i].name == name {
			return i
		}
	}
	return -1
}

// madeUp is the name that PostgreSQL gives an output without one.
const madeUp = "?column?"

// find gives the column of an entry that has a name. Where none has it for
// certain, maybe says that one may have it.
func (r *resolver) find(e *entry, name string) (v value, ok, maybe bool) {
	if e.relations != nil && !e.filled {
		for _, rel := range e.relations {
			for c := range rel.Columns {
				if rel.Columns[c].Name == name {
					v, ok = either(v, r.base(rel, &rel.Columns[c]), ok), true
					break
				}
			}
		}
	} else {
		for i := range e.fields {
			f := &e.fields[i]
			same := f.name == name || f.name == "" && name == madeUp
			if same || f.guess {
				v, ok, maybe = either(v, f.value, ok || maybe), ok || same, true
			}
		}
	}
	if !ok && e.relations != nil && systemColumn(name) {
		return v.union(value{other: true}), true, false
	}
	if !ok && e.loose {
		v, maybe = v.union(e.rest), true
	}
	return v, ok, maybe
}

// rowOf gives the whole row of an entry.
func (r *resolver) rowOf(e *entry) value {
	r.fill(e)
	v := e.rest.made()
	for i := range e.fields {
		v = v.union(e.fields[i].value.made())
	}
	v.row, v.other = e, true
	return v
}

// named gives the innermost entries of a name. schema is "" where the reference
// has none.
func (s *scope) named(schema, name string) (found []*entry) {
	for ; s != nil && found == nil; s = s.outer {
		for i := range s.items {
			e := s.items[i].entry
			if !s.items[i].named || e.name != name {
				continue
			}
			if schema == "" || !e.alias && e.inSchema(schema) {
				found = append(found, e)
			}
		}
	}
	return found
}

func (e *entry) inSchema(schema string) bool {
	for _, rel := range e.relations {
		if rel.Schema == schema || temporary(schema) && temporary(rel.Schema) {
			return true
		}
	}
	return e.loose // a relation that is not in the catalog
}

func temporary(schema string) bool {
	return schema == "pg_temp" || strings.HasPrefix(schema, "pg_temp_")
}

// certain says whether an entry in which a column of a name was found has it whatever the
// entry's own name means: the session may have made or changed a relation of that name, others
// of it may be without the column, and a view has no system columns.
func (e *entry) certain(name string) bool {
	return !e.loose && !slices.ContainsFunc(e.relations, func(rel *catalog.Relation) bool {
		return !slices.ContainsFunc(rel.Columns, func(c catalog.Column) bool { return c.Name == name })
	})
}

// bare gives what a name without a qualifier means. quiet leaves one that means
// nothing to the caller.
func (r *resolver) bare(name string, sc *scope, quiet bool) (v value, ok bool) {
	// doubt: a column was found that may not be there. Then the name means what it means
	// further out.
	loose, doubt := false, false
	var rest value
	for s := sc; s != nil; s = s.outer {
		found := false
		for i := range s.items {
			if !s.items[i].columns {
				continue
			}
			e := s.items[i].entry
			switch got, is, maybe := r.find(e, name); {
			case is && e.certain(name):
				rest, found = either(rest, got, loose || found || doubt), true
			case is:
				rest, doubt = either(rest, got, loose || found || doubt), true
			case maybe:
				rest, loose = rest.union(got), true
				rest.other = true
			}
		}
		if found {
			if v, ok := sc.variable(name); ok { // which of both is meant is a setting
				rest = rest.union(v)
			}
			return rest, true
		}
		loose = loose || s.open
	}
	if entries := sc.named("", name); len(entries) > 0 {
		for _, e := range entries {
			rest = either(rest, r.rowOf(e), loose || doubt)
			loose = true
		}
		return rest, true
	}
	if loose || doubt {
		rest.other = rest.other || loose
		if v, ok := sc.variable(name); ok && doubt {
			rest = rest.union(v)
		}
		return rest, true
	}
	if !quiet {
		r.unresolved(name, sc)
	}
	return value{other: true}, false
}

// either is b, or what may be a or b where a counts.
func either(a, b value, counts bool) value {
	if !counts {
		return b
	}
	return a.union(b)
}

// reference gives what a reference to a column means.
func (r *resolver) reference(names []string, sc *scope) value {
	if len(names) == 0 {
		r.unknown("a reference without a name", value{})
		return value{other: true}
	}
	name := names[len(names)-1]
	if len(names) == 1 {
		v, _ := r.bare(name, sc, false)
		return v
	}
	schema, qualifier := "", names[len(names)-2]
	if len(names) > 2 {
		schema = names[len(names)-3]
	}
	entries := sc.named(schema, qualifier)
	if e := sc.record(qualifier); e != nil && schema == "" && !slices.Contains(entries, e) {
		entries = append(entries, e)
	}
	if entries == nil && schema == "" && (qualifier == "old" || qualifier == "new") && sc.target() != nil {
		entries = []*entry{sc.target()}
	}
	if entries == nil {
		if sc.isOpen() {
			v := value{other: true}
			if row, ok := r.bare(qualifier, sc, true); ok { // a column of composite type
				v = v.union(row.made())
			}
			return v
		}
		r.unresolved(strings.Join(names, "."), sc)
		return value{other: true}
	}
	var v value
	for i, e := range entries {
		got, ok, maybe := r.find(e, name)
		if !ok {
			of := r.ofRow(e, name)
			got = either(got, of, maybe)
		}
		v = either(v, got, i > 0)
	}
	return v
}

// ofRow gives what name means behind the name of an entry that has no such
// column: a function of its whole row.
func (r *resolver) ofRow(e *entry, name string) value {
	row := r.rowOf(e)
	if e.loose {
		row.row = nil
		return r.applied("", name, []argument{{value: row}}).union(value{other: true})
	}
	if o := r.own("", name, []argument{{value: row}}); o != nil {
		return r.outcomeValue(o)
	}
	if !row.tainted() {
		return value{other: true}
	}
	if !r.snapshot.BuiltIn(name) && len(r.snapshot.Functions("", name)) == 0 {
		r.missing(e.name+"."+name, row)
		return value{other: true}
	}
	return r.applied("", name, []argument{{value: row}})
}

// target is what a statement changes, in whose RETURNING old and new stand for it.
func (s *scope) target() *entry {
	for ; s != nil; s = s.outer {
		for i := range s.items {
			if s.items[i].entry.relations != nil {
				return s.items[i].entry
			}
		}
	}
	return nil
}

// isOpen says whether a name may mean something that is in no FROM.
func (s *scope) isOpen() bool {
	for ; s != nil; s = s.outer {
		if s.open {
			return true
		}
		for i := range s.items {
			if s.items[i].entry.loose {
				return true
			}
		}
	}
	return false
}
