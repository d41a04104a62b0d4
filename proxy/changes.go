package proxy

import (
	"slices"

	"github.com/weirgate/weir/policy"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/session"
)

// changing gathers what a session changes of the schema, until that is what others
// see: what the catalog says of these names, and of what leads to them, may hold no
// more. What is not gathered changes nothing that a catalog says: temporary relations,
// roles, or a table that nothing follows from.
type changing struct {
	names []string
	all   bool   // something that has no name by which statements lead to it
	rests uint64 // how often the session had been at rest when it was last added to
}

// note adds what a statement changes.
func (c *changing) note(s *snapshot.Snapshot, st *statement.Statement) {
	for _, command := range st.Commands {
		switch command {
		case statement.CommandDo, statement.CommandCall, statement.CommandImport, statement.CommandReassign:
			c.all = true
		case statement.CommandCreate, statement.CommandAlter, statement.CommandDrop:
			c.all = c.all || len(st.Objects) == 0
		}
	}
	c.all = c.all || st.Dynamic
	for i := range st.Objects {
		c.object(s, st, &st.Objects[i])
	}
}

func (c *changing) object(s *snapshot.Snapshot, st *statement.Statement, ob *statement.Object) {
	create, drop := ob.Command == statement.CommandCreate, ob.Command == statement.CommandDrop
	if !create && !drop && ob.Command != statement.CommandAlter {
		return
	}
	switch ob.Kind {
	case statement.KindRole, statement.KindDatabase, statement.KindTablespace, statement.KindPublication,
		statement.KindSubscription, statement.KindParameter, statement.KindUserMapping, statement.KindDefaultPrivileges:
	case statement.KindTable, statement.KindForeignTable, statement.KindMaterializedView, statement.KindView, statement.KindSequence:
		switch {
		case create && ob.Temporary, drop && s != nil && !s.Known(ob.Schema, ob.Name), create && ob.Kind == statement.KindTable && plain(s, st):
		case create && (ob.Kind == statement.KindView || ob.Kind == statement.KindMaterializedView || ob.Kind == statement.KindSequence):
			c.add(ob.Name)
		case !create && !drop && ob.Kind != statement.KindSequence && len(st.Objects) == 1:
			c.all = true // it may have another name from now on
		default:
			c.add(ob.Name)
			c.tables(st)
		}
	case statement.KindIndex:
		if create && len(st.Functions)+len(st.Operators)+len(st.Types) == 0 || drop {
			return // nothing is evaluated for it
		}
		c.add(ob.Relation, ob.Name)
		c.tables(st)
	case statement.KindTrigger, statement.KindRule, statement.KindPolicy, statement.KindColumn, statement.KindConstraint, statement.KindStatistics:
		c.add(ob.Relation)
		c.tables(st)
	case statement.KindFunction, statement.KindProcedure, statement.KindAggregate:
		if c.add(ob.Name); !create && !drop {
			c.all = true
		}
	case statement.KindSchema:
		c.all = c.all || !create
	default:
		c.all = true
	}
}

func (c *changing) add(names ...string) {
	for _, name := range names {
		if name != "" && !slices.Contains(c.names, name) {
			c.names = append(c.names, name)
		}
	}
	if len(c.names) > ownKept {
		c.names, c.all = nil, true
	}
}

func (c *changing) tables(st *statement.Statement) {
	for i := range st.Tables {
		c.add(st.Tables[i].Name)
	}
}

// plain says that a CREATE TABLE makes a table that nothing follows from, under a name
// that no relation has: what is done with it is what texts say. Nothing is called for it,
// nothing refers to others, and its columns have types of PostgreSQL's own.
func plain(s *snapshot.Snapshot, st *statement.Statement) bool {
	if s == nil || len(st.Objects) != 1 || len(st.Functions)+len(st.Operators)+len(st.Columns) > 0 || st.Command != statement.CommandCreate ||
		len(st.Commands) != 1 || len(s.Named("", st.Objects[0].Name)) > 0 {
		return false
	}
	if slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return t.Name != st.Objects[0].Name }) {
		return false
	}
	return !slices.ContainsFunc(st.Types, func(t statement.Type) bool {
		own := t.Schema == "pg_catalog" || t.Schema == "" && slices.Contains(ownTypes(), t.Name)
		return !own || t.Column || len(s.TypesNamed("", t.Name)) > 0
	})
}

// ownTypes are types of PostgreSQL's own that the grammar has no words for.
func ownTypes() []string {
	return []string{"text", "name", "date", "uuid", "json", "jsonb", "bytea", "oid", "money", "inet", "cidr", "macaddr", "point",
		"int2", "int4", "int8", "float4", "float8", "bool", "timestamptz", "timestamp", "timetz", "time", "tsvector", "xml"}
}

// ephemeral says that a statement makes temporary relations and nothing else, which no
// catalog shows.
func ephemeral(st *statement.Statement) bool {
	return len(st.Objects) > 0 && !st.Dynamic &&
		!slices.ContainsFunc(st.Commands, func(c statement.Command) bool {
			return c != statement.CommandCreate && c != statement.CommandSelect
		}) &&
		!slices.ContainsFunc(st.Objects, func(ob statement.Object) bool {
			return ob.Command != statement.CommandCreate || !ob.Temporary || !isRelation(ob.Kind)
		})
}

// schemaChanged makes the next decisions rest on a catalog that has what was changed.
func (j *judge) schemaChanged() {
	j.mu.Lock()
	j.alters = true
	names, all := j.changing.names, j.changing.all
	j.mu.Unlock()
	j.catalog.Changed(names, all)
	j.catalog.InvalidateBy(j)
}

// settled says that what was changed is what others see since: the transaction has
// ended in which it was, also one that only a Sync had ended. What was read in
// between may not have it. It is called under the lock.
func (j *judge) settled(rests uint64) {
	c := &j.changing
	if rests <= c.rests || len(c.names) == 0 && !c.all {
		return
	}
	j.catalog.Changed(c.names, c.all)
	j.catalog.InvalidateBy(j)
	j.changing = changing{}
}

// unsure says whether a text may lead to what was changed since the catalog was read
// that it is judged with.
func (j *judge) unsure(s *standing, facts *statement.Facts, state *session.State) bool {
	c := s.changes
	if c == nil || s.catalog == nil {
		return false
	}
	for i := range facts.Statements {
		st := &facts.Statements[i]
		if len(st.Commands) == 1 && slices.Contains(transactions(), st.Command) {
			continue
		}
		if st.Prepared != nil && st.Prepared.What == "Execute" {
			if st = state.Prepared(st.Prepared.Name); st == nil {
				return true
			}
		}
		if c.Any() || s.catalog.Touches(st, c.Has) {
			return true
		}
	}
	return false
}

// worst judges a text as one that does anything besides. ok says that even so no rule
// is about it, so that it does not matter what it does.
func (j *judge) worst(s *standing, q policy.Request) (v policy.Verdict, ok bool) {
	q.Unseen = "leads to what was changed since the catalog was read"
	v = s.rules.Judge(q)
	ok = v.Silent()
	return v, ok
}

// lenient says that the rules only guard: they are judged with a catalog that has become
// invalid, as long as it is known what was changed since.
func (s *standing) lenient() bool { return s.snapshot != nil && !masks(s.rules) }

// stands says that the catalog of a standing is still the one to judge with. One from
// before the transaction that is open is so until the session is at rest, or somebody
// else has had a newer one read.
func (j *judge) stands(s *standing) bool {
	if s.former {
		return s.rests == j.rests && s.lenient() && j.catalog.Due() && j.catalog.Newest() == s.snapshot
	}
	return s.snapshot == nil || j.catalog.Peek() == s.snapshot || s.lenient() && j.catalog.Latest() == s.snapshot
}

// changes are those that a standing's decisions must look at.
func (j *judge) changes(s *standing) *catalog.Changes {
	if !s.lenient() {
		return nil
	}
	return j.catalog.Changes()
}
