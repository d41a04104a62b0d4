package catalog

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// draft is a catalog that is added to. Places are those in the lists of data; what was
// there before has those that it has in the snapshot, but for types.
type draft struct {
	before        *Snapshot
	data          Data
	named, called map[string][]int // places of what was added
	typed         map[string][]int // places of all types
	next          uint32           // from which on, downwards, oids are given
}

// oid gives one that nothing has.
func (d *draft) oid() uint32 {
	for {
		oid := d.next
		d.next--
		if _, isType := d.before.types[oid]; !isType && d.before.Relation(oid) == nil && d.before.Function(oid) == nil && d.before.operator(oid) == nil {
			return oid
		}
	}
}

// places gives those of the relations that a name may mean.
func (d *draft) places(schema, name string) []int {
	of := func(i int) string { return d.data.Relations[i].Schema }
	return append(meant(schema, of, d.before.names[name]), meant(schema, of, d.named[name])...)
}

// meant gives those places whose schema, which of gives, a schema of a text can be.
func meant[P int | int32](schema string, of func(int) string, places []P) []int {
	var found []int
	for _, i := range places {
		if means(schema, of(int(i))) {
			found = append(found, int(i))
		}
	}
	return found
}

// relations gives the relations that a name may mean: one that is not known, too. They
// stay where they are until another relation is added.
func (d *draft) relations(schema, name string) []*Relation {
	places := d.places(schema, name)
	if len(places) == 0 {
		places = []int{d.addRelation(Relation{Schema: schema, Name: name, Kind: Table, Loose: true})}
	}
	found := make([]*Relation, len(places))
	for k, i := range places {
		found[k] = &d.data.Relations[i]
	}
	return found
}

func (d *draft) addRelation(r Relation) int {
	r.OID = d.oid()
	i := len(d.data.Relations)
	d.data.Relations = append(d.data.Relations, r)
	d.named[r.Name] = append(d.named[r.Name], i)
	return i
}

// functions gives the places of the functions that a name may mean.
func (d *draft) functions(schema, name string) []int {
	of := func(i int) string { return d.data.Functions[i].Schema }
	return append(meant(schema, of, d.before.calls[name]), meant(schema, of, d.called[name])...)
}

func (d *draft) addFunction(f Function) uint32 {
	f.OID = d.oid()
	if !f.defined {
		d.called[f.Name] = append(d.called[f.Name], len(d.data.Functions))
	}
	d.data.Functions = append(d.data.Functions, f)
	return f.OID
}

// types gives the places of the types that a name may mean.
func (d *draft) types(schema, name string) []int {
	return meant(schema, func(i int) string { return d.data.Types[i].Schema }, d.typed[name])
}

func (d *draft) addType(t Type) {
	d.typed[t.Name] = append(d.typed[t.Name], len(d.data.Types))
	d.data.Types = append(d.data.Types, t)
}

// function adds a function. How many arguments it takes is not told, so that a call of
// any number may be one of it.
func (c *change) function() {
	o := c.object
	f := Function{Schema: o.Schema, Name: o.Name, Kind: 'f', Language: "sql", Volatility: 'v', Variadic: true}
	calls := c.evaluated() // in defaults of its arguments, and what its types have run
	f.Body = &Body{Statements: append([]statement.Statement{calls}, c.st.Inside...)}
	before := c.functions(o.Schema, o.Name)
	oid := c.addFunction(f)
	if !o.Replaces {
		return
	}
	for _, i := range before { // what calls one of them by its oid calls this one
		c.data.Functions[i].Parts = append(slices.Clip(c.data.Functions[i].Parts), oid)
	}
}

// view adds a view.
func (c *change) view() {
	o := c.object
	q := &Definition{}
	if c.runsAnything() {
		q.Calls = []uint32{c.runs("view " + o.Name)}
	}
	f := follower{snapshot: c.before, effects: &Effects{}, reads: map[ColumnRef]struct{}{}}
	for i := range c.st.Tables {
		t := &c.st.Tables[i]
		if !slices.Contains(t.Access, statement.AccessRead) {
			continue // the view itself
		}
		for _, at := range c.places(t.Schema, t.Name) {
			r := &c.data.Relations[at]
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
		r := &c.data.Relations[i]
		if !o.Replaces || r.Query == nil {
			continue
		}
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
		c.data.Relations[i].attach(c.runs("a definition of " + o.Name))
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
	for _, r := range c.relations(o.Schema, relation) {
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
				r := &c.data.Relations[mine]
				switch {
				case mine == at:
				case !t.Referred:
					c.data.Links = append(c.data.Links, [2]uint32{r.OID, c.data.Relations[at].OID})
				case !r.Loose: // of a new one, all that follows is in what was judged
					other := &c.data.Relations[at]
					other.Keys = append(slices.Clip(other.Keys), ForeignKey{Table: r.OID, OnDelete: 'c', OnUpdate: 'c'})
				}
			}
		}
	}
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

func (c *change) moveFunctions(places []int) {
	for _, i := range places {
		f := c.data.Functions[i]
		f.Schema, f.Name = c.moved(f.Schema, f.Name)
		f.Parts = append(slices.Clip(f.Parts), f.OID) // under its name it counts as well
		oid := c.addFunction(f)
		c.data.Functions[i].Parts = append(slices.Clip(c.data.Functions[i].Parts), oid)
	}
}

func (c *change) moveRelations(places []int) {
	for _, i := range places {
		r := c.data.Relations[i]
		was := r.OID
		r.Schema, r.Name = c.moved(r.Schema, r.Name)
		at := c.addRelation(r)
		c.data.Links = append(c.data.Links, [2]uint32{was, c.data.Relations[at].OID})
	}
}

func (c *change) moveTypes(places []int) {
	for _, i := range places {
		t := c.data.Types[i]
		if t.was == 0 {
			t.was = t.OID
		}
		t.OID = c.oid()
		t.Schema, t.Name = c.moved(t.Schema, t.Name)
		c.addType(t)
	}
}

// moveSchema moves all that is in a schema.
func (c *change) moveSchema() {
	from := c.object.Name
	change := *c
	object := statement.Object{NewSchema: c.object.NewName}
	change.object = &object
	in := func(n int, schema func(int) string) []int {
		var found []int
		for i := range n {
			if s := schema(i); s == from || s == "" {
				found = append(found, i)
			}
		}
		return found
	}
	change.moveRelations(in(len(c.data.Relations), func(i int) string { return c.data.Relations[i].Schema }))
	change.moveFunctions(slices.DeleteFunc(in(len(c.data.Functions), func(i int) string { return c.data.Functions[i].Schema }),
		func(i int) bool { return c.data.Functions[i].defined }))
	change.moveTypes(in(len(c.data.Types), func(i int) string { return c.data.Types[i].Schema }))
}
