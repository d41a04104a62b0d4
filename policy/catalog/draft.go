package catalog

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// draft is a catalog that is added to, before anybody else sees it.
type draft struct{ *Snapshot }

// draft begins a catalog that has what s has, and shares it.
func (s *Snapshot) draft() *draft {
	return &draft{&Snapshot{
		database: s.database, version: s.version, taken: s.taken,
		relations: s.relations.extended(), types: s.types.extended(), functions: s.functions.extended(), operators: s.operators.extended(),
		builtIn: s.builtIn, builtName: s.builtName,
		heirs: s.heirs.extended(), typed: s.typed.extended(), rows: s.rows, arrays: s.arrays, casts: s.casts, castsOf: s.castsOf,
		eventTriggers: slices.Clip(s.eventTriggers), linked: s.linked.extended(), every: slices.Clip(s.every), lowest: s.lowest,
	}}
}

// finish gives the catalog.
func (d *draft) finish() *Snapshot {
	for oid := range d.linked.added {
		d.relations.edit(oid)
	}
	for _, r := range d.relations.over {
		r.quiet, r.inert = d.calm(r)
	}
	return d.Snapshot
}

// oid gives one that nothing has.
func (d *draft) oid() uint32 {
	for {
		d.lowest-- // from 0 to the highest
		if oid := d.lowest; d.types.find(oid) == nil && d.relations.find(oid) == nil && d.functions.find(oid) == nil && d.operators.find(oid) == nil {
			return oid
		}
	}
}

// places gives the oids of the relations that a name may mean.
func (d *draft) places(schema, name string) []uint32 {
	var found []uint32
	for _, r := range d.Named(schema, name) {
		found = append(found, r.OID)
	}
	return found
}

// changing gives the relations that a name may mean, to be changed: one that is not
// known, too.
func (d *draft) changing(schema, name string) []*Relation {
	places := d.places(schema, name)
	if len(places) == 0 {
		places = []uint32{d.addRelation(Relation{Schema: schema, Name: name, Kind: Table, Loose: true})}
	}
	found := make([]*Relation, len(places))
	for i, oid := range places {
		found[i] = d.relations.edit(oid)
	}
	return found
}

func (d *draft) addRelation(r Relation) uint32 {
	r.OID = d.oid()
	d.relations.add(r, true)
	for _, p := range r.Parents {
		d.heirs.add(p, r.OID)
	}
	if r.OfType != 0 {
		d.typed.add(r.OfType, r.OID)
	}
	return r.OID
}

// calls gives the oids of the functions that a name may mean.
func (d *draft) calls(schema, name string) []uint32 {
	var found []uint32
	for _, f := range d.Functions(schema, name) {
		found = append(found, f.OID)
	}
	return found
}

func (d *draft) addFunction(f Function) uint32 {
	f.OID = d.oid()
	d.functions.add(f, !f.defined)
	return f.OID
}

// parts makes functions be of one.
func (d *draft) parts(of uint32, parts ...uint32) {
	f := d.functions.edit(of)
	f.Parts = append(slices.Clip(f.Parts), parts...)
}

// function adds a function. How many arguments it takes is not told, so that a call of
// any number may be one of it.
func (c *change) function() {
	o := c.object
	f := Function{Schema: o.Schema, Name: o.Name, Kind: 'f', Language: "sql", Volatility: 'v', Variadic: true}
	calls := c.evaluated() // in defaults of its arguments, and what its types have run
	f.Body = &Body{Statements: append([]statement.Statement{calls}, c.st.Inside...)}
	before := c.calls(o.Schema, o.Name)
	oid := c.addFunction(f)
	if !o.Replaces {
		return
	}
	for _, i := range before { // what calls one of them by its oid calls this one
		c.parts(i, oid)
	}
}

// view adds a view.
func (c *change) view() {
	o := c.object
	q := &Definition{}
	if c.runsAnything() {
		q.Calls = []uint32{c.runs("view " + o.Name)}
	}
	f := follower{snapshot: c.Snapshot, effects: &Effects{}, reads: map[ColumnRef]struct{}{}}
	for i := range c.st.Tables {
		t := &c.st.Tables[i]
		if !slices.Contains(t.Access, statement.AccessRead) {
			continue // the view itself
		}
		for _, at := range c.places(t.Schema, t.Name) {
			r := c.Relation(at)
			q.Relations = append(q.Relations, r.OID)
			if r.Loose {
				f.column(ColumnRef{Relation: r.OID}, "")
			} else {
				f.columns(c.st, t, r, "")
			}
		}
	}
	for _, read := range f.effects.Reads {
		q.Reads = append(q.Reads, read.ColumnRef)
	}
	before := c.places(o.Schema, o.Name)
	kind := View
	if o.Kind == statement.KindMaterializedView {
		kind = MaterializedView
	}
	c.addRelation(Relation{Schema: c.schema(), Name: o.Name, Kind: kind, Loose: true, Query: q})
	for _, i := range before {
		if !o.Replaces || c.Relation(i).Query == nil {
			continue
		}
		r := c.relations.edit(i)
		both := *r.Query
		both.Relations = slices.Concat(both.Relations, q.Relations)
		both.Reads = slices.Concat(both.Reads, q.Reads)
		both.Calls = slices.Concat(both.Calls, q.Calls)
		r.Query = &both
	}
}

// schema gives the one that what is made is in. Which one pg_temp is for the session is
// not told.
func (c *change) schema() string {
	if c.object.Temporary {
		return ""
	}
	return c.object.Schema
}

// table adds a table. What CREATE TABLE AS selects is run once and not part of it.
func (c *change) table() {
	o := c.object
	kind := Table
	switch o.Kind {
	case statement.KindForeignTable:
		kind = ForeignTable
	case statement.KindSequence:
		kind = Sequence
	}
	i := c.addRelation(Relation{Schema: c.schema(), Name: o.Name, Kind: kind, Loose: true})
	if slices.Contains(c.st.Commands, statement.CommandSelect) || slices.Contains(c.st.Commands, statement.CommandExecute) {
		return
	}
	if c.runsAnything() {
		by := c.runs("a definition of " + o.Name)
		c.relations.edit(i).attach(by)
	}
	c.linked()
}

// attach has a function run whenever rows of a relation are touched.
func (r *Relation) attach(function uint32) {
	uses := &Definition{Calls: []uint32{function}}
	if n := len(r.Runs); n > 0 && slices.Equal(r.Runs[n-1].Uses.Calls, uses.Calls) {
		return // for another part of the same statement
	}
	for _, m := range []Moment{WhenWritten, WhenRead} {
		r.Runs = append(slices.Clip(r.Runs), Expression{Moment: m, What: "a definition", Uses: uses})
	}
}

// part adds to a relation what is defined of it: an index, a column, a policy.
func (c *change) part(relation string) {
	o := c.object
	var by uint32
	if c.runsAnything() {
		by = c.runs("a definition of " + relation)
	}
	if by == 0 && !o.Enables {
		return
	}
	for _, r := range c.changing(o.Schema, relation) {
		r.RowSecurity = r.RowSecurity || o.Kind == statement.KindPolicy
		if by != 0 {
			r.attach(by)
		}
		if o.Enables && o.Kind != statement.KindPolicy && !r.Loose {
			// The catalog does not list what is disabled.
			r.Runs = append(slices.Clip(r.Runs), Expression{Moment: WhenWritten, What: "a definition",
				Uses: &Definition{Unread: "has a trigger or rule run that this transaction has enabled"}})
		}
	}
}

// linked joins a table with those that its definition names, as its parent, its
// partition, or the one that a foreign key refers to: what is done to one may be done
// to the other.
func (c *change) linked() {
	o := c.object
	own := c.places(o.Schema, o.Name)
	for i := range c.st.Tables {
		t := &c.st.Tables[i]
		if t.Schema == o.Schema && t.Name == o.Name || !t.Referred && !slices.Contains(t.Access, statement.AccessWrite) {
			continue
		}
		for _, at := range c.places(t.Schema, t.Name) {
			for _, mine := range own {
				switch {
				case mine == at:
				case !t.Referred:
					c.link(mine, at)
				case !c.Relation(mine).Loose: // of a new one, all that follows is in what was judged
					other := c.relations.edit(at)
					other.Keys = append(slices.Clip(other.Keys), ForeignKey{Table: mine, OnDelete: 'c', OnUpdate: 'c'})
				}
			}
		}
	}
}

// link says that a change of one relation may be one of the other.
func (d *draft) link(one, other uint32) {
	d.linked.add(one, other)
	d.linked.add(other, one)
}

// moved gives what a name in a schema becomes.
func (c *change) moved(schema, name string) (newSchema, newName string) {
	if c.object.NewSchema != "" {
		schema = c.object.NewSchema
	}
	if c.object.NewName != "" {
		name = c.object.NewName
	}
	return schema, name
}

func (c *change) moveFunctions(oids []uint32) {
	for _, was := range oids {
		f := *c.Function(was)
		f.Schema, f.Name = c.moved(f.Schema, f.Name)
		f.Parts = append(slices.Clip(f.Parts), was) // under its name it counts as well
		c.parts(was, c.addFunction(f))
	}
}

func (c *change) moveRelations(oids []uint32) {
	for _, was := range oids {
		r := *c.Relation(was)
		r.Schema, r.Name = c.moved(r.Schema, r.Name)
		c.link(was, c.addRelation(r))
	}
}

func (c *change) moveTypes(oids []uint32) {
	for _, was := range oids {
		t := *c.types.find(was)
		if t.was == 0 {
			t.was = was
		}
		t.OID = c.oid()
		t.Schema, t.Name = c.moved(t.Schema, t.Name)
		c.types.add(t, true)
	}
}

// moveSchema moves all that is in a schema.
func (c *change) moveSchema() {
	from := c.object.Name
	change := *c
	object := statement.Object{NewSchema: c.object.NewName}
	change.object = &object
	var relations, functions, types []uint32
	for _, r := range c.relations.list() {
		if r.Schema == from || r.Schema == "" {
			relations = append(relations, r.OID)
		}
	}
	for _, f := range c.functions.list() {
		if !f.defined && (f.Schema == from || f.Schema == "") {
			functions = append(functions, f.OID)
		}
	}
	for _, t := range c.types.list() {
		if t.Schema == from || t.Schema == "" {
			types = append(types, t.OID)
		}
	}
	change.moveRelations(relations)
	change.moveFunctions(functions)
	change.moveTypes(types)
}
