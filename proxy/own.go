package proxy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// own is what a session has done to the schema that no catalog shows: temporary
// objects, which nobody else sees, and what is not committed yet. It only adds to
// what a name may mean: nothing that the catalog knows is taken for less because of
// it.
type own struct {
	// made are the relations that the session made, by name, until it ends: whether
	// they were rolled back or dropped is not followed.
	made map[string]made
	full bool // it made more than are remembered
	// certain says that some of them are.
	certain bool
	// altered are relations that the open transaction has changed: each of their
	// names may stand for each of them.
	altered []statement.Table
	defined defined
	sure    sure
	loose   bool   // it has changed a schema: any name may be in any
	cut     bool   // it has dropped things with what depends on them: columns of any relation may be gone
	rests   uint64 // how often the session had been at rest when altered was last added to
}

// made is a relation that the session made.
type made struct {
	view      *statement.Statement // the facts of what defined a view, nil for what is none
	temporary bool                 // it is a temporary one that was not dropped since
	certain   bool                 // and is there: nothing was rolled back, and no transaction has ended since
	lasting   bool                 // one that is not temporary was made under the name, too
	reshaped  bool                 // it was altered under its name, and nothing else has got that name by ALTER
}

// ownKept is how many relations are remembered.
const ownKept = 1000

// empty says that every name of a relation means what the catalog says.
func (o *own) empty() bool {
	return len(o.made) == 0 && len(o.altered) == 0 && !o.loose && !o.full
}

// knows says whether a name may be one that the session made: of a relation, or of a
// function where () stands behind it.
func (o *own) knows(name string) bool {
	if called, ok := function(name); ok {
		return o.defined.calls(called)
	}
	_, ok := o.made[name]
	return ok || slices.ContainsFunc(o.altered, func(a statement.Table) bool { return a.Name == name })
}

// temporaries says whether a definition is of temporary relations, or of what belongs to
// one that the session made.
func (o *own) temporaries(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Objects, func(ob statement.Object) bool {
		return ob.Temporary || ob.Relation != "" && o.made[ob.Relation].temporary || isRelation(ob.Kind) && o.made[ob.Name].temporary
	})
}

// follow notes what a statement does to the schema.
func (o *own) follow(st *statement.Statement) (changed bool) {
	if undoes(st) {
		o.doubt()
	}
	changed = o.defined.follow(st, o.temporaries(st))
	for i := range st.Objects {
		changed = o.object(st, &st.Objects[i]) || changed
	}
	return changed
}

func (o *own) object(st *statement.Statement, ob *statement.Object) bool {
	switch ob.Command {
	case statement.CommandCreate:
		if !isRelation(ob.Kind) {
			return false
		}
		if len(o.made) >= ownKept && !o.knows(ob.Name) {
			o.full = true
			return true
		}
		old, again := o.made[ob.Name]
		m := made{temporary: ob.Temporary, certain: ob.Temporary, lasting: !ob.Temporary || old.lasting}
		o.certain = o.certain || m.certain
		if ob.Kind == statement.KindView {
			meant := o.statement(nil, st, false) // it may read another one
			m.view = &meant
		}
		if o.made == nil {
			o.made = make(map[string]made)
		}
		if again && old.view != nil {
			m.view = both(old.view, m.view) // which of them it is now, a rollback decides
		}
		o.made[ob.Name] = m
		return true
	case statement.CommandDrop:
		if ob.Kind == statement.KindAll || ob.Kind == statement.KindOwned {
			o.cut = true
			return true
		}
		if m, ok := o.made[ob.Name]; ok && m.temporary && isRelation(ob.Kind) {
			m.temporary, m.certain = false, false
			o.made[ob.Name] = m
			return true
		}
	case statement.CommandAlter:
		switch {
		case ob.Kind == statement.KindSchema:
			o.loose = true
			return true
		case ob.Kind == statement.KindType && slices.ContainsFunc(st.Objects, func(part statement.Object) bool { return parts(&part) }):
			o.cut = true // tables of that type change with it
			return true
		case isRelation(ob.Kind) && ob.Name != "":
			o.reshape(ob)
			o.alter(ob.Schema, ob.Name)
			if ob.NewName != "" {
				o.alter("", ob.NewName)
			}
			return true
		case ob.Relation != "":
			o.reshape(&statement.Object{Schema: ob.Schema, Name: ob.Relation})
			o.alter(ob.Schema, ob.Relation)
			return true
		}
	}
	return false
}

// reshape notes that a temporary relation is altered and keeps its name.
func (o *own) reshape(ob *statement.Object) {
	if m, ok := o.made[ob.NewName]; ok && ob.NewName != "" {
		m.reshaped, m.certain = false, false
		o.made[ob.NewName] = m
	}
	m, ok := o.made[ob.Name]
	if !ok {
		return
	}
	m.reshaped = ob.NewName == "" && ob.NewSchema == "" && m.temporary && !m.lasting && (ob.Schema == "" || ob.Schema == "pg_temp") && (m.reshaped || !o.changed(ob.Name))
	o.made[ob.Name] = m
}

// changed says whether a relation that was altered has a name.
func (o *own) changed(name string) bool {
	return slices.ContainsFunc(o.altered, func(a statement.Table) bool { return a.Name == name })
}

// both are the facts of two definitions of one view.
func both(a, b *statement.Statement) *statement.Statement {
	if b == nil {
		return a
	}
	st := *a
	st.Tables = slices.Concat(a.Tables, b.Tables)
	st.Columns = slices.Concat(a.Columns, b.Columns)
	st.Functions = slices.Concat(a.Functions, b.Functions)
	st.Operators = slices.Concat(a.Operators, b.Operators)
	st.Types = slices.Concat(a.Types, b.Types)
	unrepeated(&st)
	return &st
}

// unrepeated leaves out what stands repeatedly in the facts of a statement. Views of views
// that are made again and again would otherwise double them each time.
func unrepeated(st *statement.Statement) {
	type table struct {
		schema, name, alias, access string
		renames, top                bool
	}
	st.Tables = distinct(st.Tables, func(t statement.Table) table {
		return table{t.Schema, t.Name, t.Alias, fmt.Sprint(t.Access, t.Referred, t.Keys), t.Renames, t.Top}
	})
	type write struct {
		command       statement.Command
		schema, table string
		where         statement.Condition
		rest          string
	}
	st.Writes = distinct(st.Writes, func(w statement.Write) write {
		return write{w.Command, w.Schema, w.Table, w.Where, fmt.Sprint(w.Columns, w.Correlated)}
	})
	st.Columns = distinct(st.Columns, func(c statement.Column) statement.Column { return c })
	st.Functions = distinct(st.Functions, func(f statement.Function) statement.Function { return f })
	st.Operators = distinct(st.Operators, func(o statement.Operator) statement.Operator { return o })
	st.Types = distinct(st.Types, func(t statement.Type) statement.Type { return t })
}

// distinct gives a list without what has the key of something before it.
func distinct[T any, K comparable](list []T, key func(T) K) []T {
	seen := make(map[K]bool, len(list))
	kept := make([]T, 0, len(list))
	for _, item := range list {
		if k := key(item); !seen[k] {
			seen[k] = true
			kept = append(kept, item)
		}
	}
	return kept
}

func (o *own) alter(schema, name string) {
	t := statement.Table{Schema: schema, Name: name}
	if slices.ContainsFunc(o.altered, func(a statement.Table) bool { return a.Schema == schema && a.Name == name }) {
		return
	}
	if len(o.altered) >= ownKept {
		o.full = true
		return
	}
	o.altered = append(o.altered, t)
}

func isRelation(k statement.Kind) bool {
	switch k {
	case statement.KindTable, statement.KindForeignTable, statement.KindView, statement.KindMaterializedView, statement.KindSequence:
		return true
	}
	return false
}

// rested forgets what the transaction changed that has ended since: the catalog
// was read after it.
func (o *own) rested(rests uint64) (changed bool) {
	if rests <= o.rests || o.settled() {
		return false
	}
	o.altered, o.loose, o.cut = nil, false, false
	o.defined.rested()
	o.sure = sure{}
	o.doubt()
	return true
}

// settled says that nothing is remembered of an open transaction.
func (o *own) settled() bool {
	return len(o.altered) == 0 && !o.loose && !o.cut && len(o.sure.names) == 0 && !o.sure.saved && len(o.defined.open) == 0 && !o.defined.full && !o.certain
}

// undone notes a text that may undo what was made, or mark how far.
func (j *judge) undone(facts *statement.Facts) {
	if !j.own.certain && len(j.own.sure.names) == 0 || facts == nil {
		return
	}
	for i := range facts.Statements {
		st := &facts.Statements[i]
		if !undoes(st) && !slices.Contains(st.Commands, statement.CommandSavepoint) {
			continue
		}
		j.mu.Lock()
		j.own.sure.moves(st)
		if undoes(st) {
			j.own.doubt()
		}
		j.mu.Unlock()
	}
}

func undoes(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Commands, func(c statement.Command) bool {
		return c == statement.CommandRollbackTo || c == statement.CommandRollback || c == statement.CommandDiscard
	})
}

// doubt says that temporary relations may be gone.
func (o *own) doubt() {
	if !o.certain {
		return
	}
	for name, m := range o.made {
		m.certain = false
		o.made[name] = m
	}
	o.certain = false
}

// fork gives a copy that can be added to, without what was defined.
func (o *own) fork() own {
	c := *o
	c.defined, c.sure = defined{}, sure{}
	c.made = maps.Clone(o.made)
	c.altered = slices.Clone(o.altered)
	return c
}

// meant gives the facts of a text with what its names may mean in this session
// added to what they say. The facts themselves are not changed. fresh says that the
// catalog was read after the text had arrived.
func (o *own) meant(s *catalog.Snapshot, facts *statement.Facts, fresh bool) *statement.Facts {
	last := len(facts.Statements) - 1
	if o.empty() && !slices.ContainsFunc(facts.Statements, mayBeTemporary) && (last < 1 || !slices.ContainsFunc(facts.Statements[:last], func(st statement.Statement) bool { return len(st.Objects) > 0 })) {
		return facts
	}
	at := o.fork()
	all := &statement.Facts{Statements: make([]statement.Statement, 0, last+1)}
	for i := range facts.Statements {
		all.Statements = append(all.Statements, at.statement(s, &facts.Statements[i], fresh))
		at.follow(&facts.Statements[i]) // what a statement makes, the next one can use
	}
	return all
}

func (o *own) statement(s *catalog.Snapshot, said *statement.Statement, fresh bool) statement.Statement {
	st := *said
	if o.loose {
		st.Tables, st.Writes = slices.Clone(st.Tables), slices.Clone(st.Writes)
		for i := range st.Tables {
			st.Tables[i].Schema = ""
		}
		for i := range st.Writes {
			st.Writes[i].Schema = ""
		}
	}
	st.Tables, st.Columns, st.Writes = slices.Clip(st.Tables), slices.Clip(st.Columns), slices.Clip(st.Writes)
	st.Functions, st.Operators, st.Types = slices.Clip(st.Functions), slices.Clip(st.Operators), slices.Clip(st.Types)
	for i := range said.Tables {
		t := &said.Tables[i]
		m, own := o.made[t.Name]
		if own && m.view != nil && (t.Schema == "" || o.mayBeOwn(s, t)) {
			behind(&st, said, t, m.view)
		}
		unknown := !own && s != nil && !s.Known(t.Schema, t.Name)
		if unknown && o.full {
			st.Dynamic = true
		}
		if named := func(a statement.Table) bool { return a.Name == t.Name }; unknown || slices.ContainsFunc(o.altered, named) {
			for _, a := range o.altered {
				instead(&st, said, t, a)
			}
		}
	}
	o.called(s, &st, said)
	if len(st.Tables) > len(said.Tables) {
		unrepeated(&st)
	}
	st.Objects = o.objects(s, said.Objects, fresh)
	o.bounded(s, &st, fresh)
	o.emptied(s, &st, fresh)
	if o.knows("pg_settings") { // not PostgreSQL's own, perhaps: its name may be any
		st.Settings = slices.Clone(st.Settings)
		for i := range st.Settings {
			if st.Settings[i].Name == statement.RestrictedKinds {
				st.Settings[i].Name = ""
			}
		}
	}
	return st
}

// objects gives the objects of a statement, with those said to be temporary that can be
// nothing but temporary ones of the session's own: what it drops and alters, and what it
// makes indexes on. What it drops and nobody has is nothing, and so nobody else's either.
func (o *own) objects(s *catalog.Snapshot, said []statement.Object, fresh bool) []statement.Object {
	all := said
	for i := range said {
		if !o.owns(s, said, &said[i], fresh) {
			continue
		}
		if &all[0] == &said[0] {
			all = slices.Clone(said)
		}
		all[i].Temporary = true
	}
	// What depends on them goes with them, and is the session's own as well.
	lasting := func(o statement.Object) bool {
		return o.Command == statement.CommandDrop && o.Kind != statement.KindAll && !o.Temporary
	}
	for i := range all {
		if o := &all[i]; o.Command == statement.CommandDrop && o.Kind == statement.KindAll && &all[0] != &said[0] && !slices.ContainsFunc(all, lasting) {
			o.Temporary = true
		}
	}
	return all
}

// owns says that what one of the definitions of a statement is aimed at can be nothing but
// the session's own, or nothing at all.
func (o *own) owns(s *catalog.Snapshot, said []statement.Object, ob *statement.Object, fresh bool) bool {
	name, ok := aimed(ob)
	switch {
	case !ok,
		ob.Command == statement.CommandAlter && !o.made[name].temporary,
		parts(ob) && !o.alters(said, name):
		return false
	}
	return ob.Schema == "pg_temp" || o.temporary(s, ob.Schema, name) || fresh && o.nowhere(s, ob.Schema, name)
}

// aimed gives the relation that a definition drops, alters or makes an index on; ok is
// false for all others, and where it would get another name.
func aimed(ob *statement.Object) (name string, ok bool) {
	switch {
	case ob.Command == statement.CommandDrop && isRelation(ob.Kind):
		return ob.Name, true
	case ob.Command == statement.CommandCreate && ob.Kind == statement.KindIndex,
		ob.Relation != "" && (ob.Kind == statement.KindColumn || ob.Kind == statement.KindConstraint):
		return ob.Relation, true
	case ob.Command == statement.CommandAlter && ob.Kind == statement.KindTable && ob.NewName == "" && ob.NewSchema == "":
		return ob.Name, true
	}
	return "", false
}

// mayBeTemporary says whether a statement drops or alters relations, or makes indexes.
func mayBeTemporary(st statement.Statement) bool {
	return slices.ContainsFunc(st.Objects, func(ob statement.Object) bool {
		_, ok := aimed(&ob)
		return ok
	})
}

// doubtful says whether a text drops, alters or empties a relation, or makes an index of
// one, that the catalog does not have: only a catalog that was read since tells whether
// others have it now.
func (o *own) doubtful(s *catalog.Snapshot, facts *statement.Facts) bool {
	unsure := func(schema, name string) bool { return o.nowhere(s, schema, name) && !o.temporary(s, schema, name) }
	return slices.ContainsFunc(facts.Statements, func(st statement.Statement) bool {
		return slices.ContainsFunc(st.Objects, func(ob statement.Object) bool {
			name, ok := aimed(&ob)
			return ok && unsure(ob.Schema, name)
		}) || slices.ContainsFunc(st.Writes, func(w statement.Write) bool { return o.empties(&w) && unsure(w.Schema, w.Table) }) ||
			o.truncates(&st) && slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return unsure(t.Schema, t.Name) })
	})
}

// nowhere says that no relation has a name, in whatever schema, as far as a catalog tells
// and as the session itself has made none for all. The temporary schemas of others are in
// no catalog.
func (o *own) nowhere(s *catalog.Snapshot, schema, name string) bool {
	return s != nil && !o.loose && !o.full && !o.made[name].lasting && !s.Known("", name) && !strings.HasPrefix(schema, "pg_") && (o.made[name].reshaped || !o.changed(name))
}

// temporary says whether a name can only mean a temporary relation that the session
// made and that is there: no schema has another of that name.
func (o *own) temporary(s *catalog.Snapshot, schema, name string) bool {
	m := o.made[name]
	return m.certain && m.temporary && !m.lasting && (schema == "" || schema == "pg_temp") && !o.loose && !o.full && s != nil && !s.Known("", name) &&
		(m.reshaped || !o.changed(name))
}

// mayBeOwn says whether a name with a schema may be of the session's own making:
// it is temporary, or not in the catalog.
func (o *own) mayBeOwn(s *catalog.Snapshot, t *statement.Table) bool {
	return strings.HasPrefix(t.Schema, "pg_temp") || o.loose || s == nil || !s.Known(t.Schema, t.Name)
}

// behind adds what a view reads that the session made.
func behind(st, said *statement.Statement, t *statement.Table, view *statement.Statement) {
	for _, v := range view.Tables {
		if !slices.Contains(v.Access, statement.AccessRead) {
			continue // the view itself
		}
		instead(st, said, t, v)
	}
	for _, c := range view.Columns {
		c.Use, c.Construct = statement.UseDerived, "a view"
		st.Columns = append(st.Columns, c)
	}
	st.Functions = append(st.Functions, view.Functions...)
	st.Operators = append(st.Operators, view.Operators...)
	st.Types = append(st.Types, view.Types...)
}

// instead adds a relation for which a name of the statement may stand, touched as
// that one is, in all its columns.
func instead(st, said *statement.Statement, t *statement.Table, other statement.Table) {
	if other.Name == t.Name && other.Schema == t.Schema {
		return
	}
	st.Tables = append(st.Tables, statement.Table{Schema: other.Schema, Name: other.Name, Access: t.Access})
	for _, w := range said.Writes {
		if w.Table == t.Name && w.Schema == t.Schema {
			w.Schema, w.Table, w.Columns = other.Schema, other.Name, nil
			st.Writes = append(st.Writes, w)
		}
	}
	for _, a := range t.Access {
		use := statement.UseDerived
		if a == statement.AccessWrite {
			use = statement.UseWrite
		}
		st.Columns = append(st.Columns, statement.Column{Schema: other.Schema, Qualifier: other.Name, Star: true, Use: use, Construct: "a name of this session's"})
	}
}
