package policy

import (
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/function"
	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
)

// Catalog is what guards ask of a database's catalog: which tables stand behind
// a view, a partition or a parent, and which functions hide what they do. It
// does not change and may be shared.
type Catalog struct {
	snapshot *catalog.Snapshot
	after    bool // it has what the text that is judged makes itself
}

// NewCatalog makes a Catalog of a snapshot, nil of none.
func NewCatalog(s *catalog.Snapshot) *Catalog {
	if s == nil {
		return nil
	}
	return &Catalog{snapshot: s}
}

// After gives the catalog as it may be after statements of a transaction that is not
// over (catalog.Snapshot.After). Those of the text that is judged by it must be among
// them.
func (c *Catalog) After(made []*statement.Statement) *Catalog {
	return &Catalog{snapshot: c.snapshot.After(made), after: true}
}

// reach is a statement with what it does beyond what its text names.
type reach struct {
	statement.Statement                      // tables, columns and writes behind those that are named are added
	calls               []call               // what it may do without saying so
	catalog             *Catalog             // that it was followed in
	said                *statement.Statement // what the text says itself
	effects             *catalog.Effects     // what happens besides, nil for nothing
	others              []trusting           // as policies see it that trust functions
}

// call is something inside which a statement may do more than its facts say.
type call struct {
	function *catalog.Function // nil where it is none, or none that is known
	what     string            // a clause for reasons
}

// reachOf follows a statement into the catalog.
func (c *Catalog) reachOf(st *statement.Statement) *reach {
	return c.reachWith(st, c.snapshot.OfStatement(st))
}

// reachWith is reachOf with what happens besides.
func (c *Catalog) reachWith(st *statement.Statement, e *catalog.Effects) *reach {
	r := &reach{Statement: *st, catalog: c, said: st, effects: e}
	r.Tables = slices.Clip(r.Tables)
	r.Columns = slices.Clip(r.Columns)
	r.Writes = slices.Clip(c.limited(r.Writes))
	writes := r.Writes
	for i := range st.Tables {
		t := &st.Tables[i]
		f := follower{Catalog: c, reach: r, named: t, seen: map[uint32]bool{}}
		for _, w := range writes {
			if w.Schema == t.Schema && w.Table == t.Name {
				f.writes = append(f.writes, w)
			}
		}
		f.copies = st.Copy != nil && st.Copy.From && st.Copy.Schema == t.Schema && st.Copy.Table == t.Name
		for _, rel := range c.snapshot.Named(t.Schema, t.Name) {
			f.relation(rel)
		}
		c.follows(r, st, t)
	}
	for i := range st.Functions {
		c.function(r, st, &st.Functions[i])
	}
	for i := range st.Columns {
		c.projection(r, st, &st.Columns[i])
	}
	if st.Command == statement.CommandDo && !c.after {
		r.makes(st)
	}
	r.happens(e)
	return r
}

// follows adds the tables that follow a type whose attributes are changed, as ALTER TYPE
// ... CASCADE does: their definitions change with it, and those of their children.
func (c *Catalog) follows(r *reach, st *statement.Statement, t *statement.Table) {
	if !slices.Contains(t.Access, statement.AccessWrite) || !slices.Contains(st.Commands, statement.CommandAlter) {
		return
	}
	for _, rel := range c.snapshot.Typed(t.Schema, t.Name) {
		r.touches(rel, statement.AccessWrite, nil)
	}
}

// follower goes from one table that a statement names to those behind it.
type follower struct {
	*Catalog
	reach  *reach
	named  *statement.Table
	writes []statement.Write // the statement's own, of that table
	copies bool              // COPY FROM into that table
	seen   map[uint32]bool
}

func (f *follower) changes() bool { return f.copies || len(f.writes) > 0 }

// relation follows a relation that stands behind the named one, or is it.
func (f *follower) relation(r *catalog.Relation) {
	if r == nil || f.seen[r.OID] {
		return
	}
	f.seen[r.OID] = true
	if r.System() {
		return
	}
	isView := r.Kind == catalog.View
	if f.changes() && (r.Rules && len(r.Rewrites) == 0 || isView && r.Triggers && len(r.Fires) == 0) {
		f.reach.calls = append(f.reach.calls, call{
			what: "writes to " + r.Qualified() + ", which has rules or triggers of its own for that"})
	}
	for _, oid := range slices.Concat(r.Parents, f.snapshot.Heirs(r.OID)) {
		if other := f.snapshot.Relation(oid); other != nil && !f.seen[oid] {
			f.kin(other)
			f.relation(other)
		}
	}
	if r.Query == nil {
		return
	}
	// A materialized view is written by itself only.
	change := f.changes() && isView
	if !change && !slices.Contains(f.named.Access, statement.AccessRead) {
		return // its definition is changed, its rows are not touched
	}
	for _, oid := range r.Query.Relations {
		if other := f.snapshot.Relation(oid); other != nil && !f.seen[oid] {
			f.source(other, change)
			f.relation(other)
		}
	}
	for _, ref := range r.Query.Reads {
		f.column(ref)
	}
}

// kin adds a parent or a child: the same rows, the same columns, touched alike.
func (f *follower) kin(r *catalog.Relation) {
	alias := f.named.Alias
	if alias == "" {
		alias = f.named.Name
	}
	f.reach.Tables = append(f.reach.Tables, statement.Table{Schema: r.Schema, Name: r.Name, Alias: alias,
		Renames: f.named.Renames, Access: f.named.Access})
	for _, w := range f.writes {
		w.Schema, w.Table = r.Schema, r.Name
		f.reach.Writes = append(f.reach.Writes, w)
	}
}

// source adds a relation that a view reads. Which of its columns a change of the
// view changes is not told: all of them count.
func (f *follower) source(r *catalog.Relation, change bool) {
	t := statement.Table{Schema: r.Schema, Name: r.Name, Access: []statement.Access{statement.AccessRead}}
	if change {
		t.Access = append(t.Access, statement.AccessWrite)
		f.reach.Columns = append(f.reach.Columns, statement.Column{Schema: r.Schema, Qualifier: r.Name, Star: true,
			Use: statement.UseWrite, Construct: "a view"})
		for _, w := range f.writes {
			w.Schema, w.Table, w.Columns = r.Schema, r.Name, nil
			f.reach.Writes = append(f.reach.Writes, w)
		}
	}
	f.reach.Tables = append(f.reach.Tables, t)
}

// column adds a column that a view reads.
func (f *follower) column(ref catalog.ColumnRef) {
	r := f.snapshot.Relation(ref.Relation)
	if r == nil {
		return
	}
	col := statement.Column{Schema: r.Schema, Qualifier: r.Name, Use: statement.UseDerived, Construct: "a view", Star: true}
	for _, c := range r.Columns {
		if c.Number == ref.Column {
			col.Name, col.Star = c.Name, false
		}
	}
	f.reach.Columns = append(f.reach.Columns, col)
}

// function adds a call of a function that the catalog does not have. What the
// others do is among the effects; PostgreSQL's own do nothing unseen: those that
// run text were told apart when the statement was read.
func (c *Catalog) function(r *reach, st *statement.Statement, f *statement.Function) {
	known := (f.Schema == "" || f.Schema == "pg_catalog") && c.snapshot.BuiltIn(f.Name) ||
		len(c.snapshot.Functions(f.Schema, f.Name)) > 0
	if !known && !c.attribute(st, f) {
		r.calls = append(r.calls, call{nil, "calls " + qualified(f.Schema, f.Name) + "(), which is not in the catalog as it was last read"})
	}
}

// attribute says whether what looks like a call is a column in functional
// notation.
func (c *Catalog) attribute(st *statement.Statement, f *statement.Function) bool {
	if f.Schema != "" || f.Arguments != 1 {
		return false
	}
	for i := range st.Tables {
		for _, r := range c.snapshot.Named(st.Tables[i].Schema, st.Tables[i].Name) {
			if _, ok := r.Column(f.Name); ok {
				return true
			}
		}
	}
	return false
}

// projection adds the call that looks like a column, with the whole row that it takes:
// t.f is f(t) where t has no column f.
func (c *Catalog) projection(r *reach, st *statement.Statement, col *statement.Column) {
	if col.Qualifier == "" || col.Star || statement.SystemColumn(col.Name) {
		return
	}
	found := false
	for i := range st.Tables {
		t := &st.Tables[i]
		if t.Renames || t.Alias != col.Qualifier && (t.Alias != "" || t.Name != col.Qualifier) || col.Schema != "" && t.Schema != "" && col.Schema != t.Schema {
			continue
		}
		for _, rel := range c.snapshot.Named(t.Schema, t.Name) {
			if _, ok := rel.Column(col.Name); ok {
				return
			}
			found = true
		}
	}
	if !found {
		return
	}
	r.Functions = append(slices.Clip(r.Functions), statement.Function{Name: col.Name, Arguments: 1})
	row := *col
	row.Name, row.Star, row.Use, row.Construct = "", true, statement.UseDerived, "a function"
	r.Columns = append(r.Columns, row)
}

// runsSQL says whether a function of an extension runs SQL that it is given elsewhere than
// in its arguments, or has it run. Text in arguments is read with the statement.
func runsSQL(f *catalog.Function) bool {
	switch f.Extension {
	case "dblink", "pg_cron", "pg_background", "plproxy", "pg_partman_bgw", "pg_squeeze", "pg_repack":
		return true
	}
	e, _ := function.Extension(f.Extension, f.Name)
	return e.Class == function.SQL && function.Tells(f.Name) == ""
}

func trusts(trusted []pattern.Name, f *catalog.Function) bool {
	return slices.ContainsFunc(trusted, func(n pattern.Name) bool { return tableMatches(&n, 0, f.Schema, f.Name) })
}
