package catalog

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// Effects are what a statement does that its text does not name: what runs inside
// functions, operators, casts, domains, views, triggers, rules, defaults, checks,
// indexes and row policies, and what foreign keys carry on, to the end of each
// chain. Names in bodies that are kept as text count as every relation and function
// that they may mean.
//
// A nil *Effects is none at all.
type Effects struct {
	// Reads are the columns that functions and rules read. What views read is not
	// among them: their own columns are, and stand for it (see Relation.Query). Nor
	// is what the conditions of row policies, checks and triggers read themselves.
	Reads []Read
	// Relations are those whose rows are read, also by views and conditions.
	Relations []uint32
	// Writes are the relations whose rows are changed.
	Writes []Change
	// Commands are all that run inside functions and rules, each once.
	Commands []statement.Command
	// Settings are changed inside functions.
	Settings []statement.Setting
	// Functions are those outside pg_catalog that run, however deep.
	Functions []*Function
	// BuiltIn are the functions of pg_catalog that run inside others.
	BuiltIn []BuiltInCall
	// Statements are those of functions' bodies that are kept as text. They must not
	// be changed.
	Statements []*statement.Statement
	// Hidden is what is not followed: functions in other languages, those of
	// extensions among them, and text that is made when it runs.
	Hidden []Hidden
}

// Read is a column that is read.
type Read struct {
	ColumnRef        // Column 0: the whole row, or it is not told which column
	Via       string // by what, in words: "function public.f()"
}

// BuiltInCall is a call of a function of pg_catalog.
type BuiltInCall struct {
	Name      string
	Arguments int // -1 where it is not told
	Via       string
}

// Hidden is something inside which anything may happen.
type Hidden struct {
	Function *Function // whose inside it is, nil for none
	Why      string    // as a clause that follows the function's name: "is written in C"
	Via      string    // what leads to it, in words
}

// None says that there are no effects.
func (e *Effects) None() bool {
	return e == nil || len(e.Reads)+len(e.Relations)+len(e.Writes)+len(e.Commands)+len(e.Settings)+
		len(e.Functions)+len(e.BuiltIn)+len(e.Statements)+len(e.Hidden) == 0
}

// Changes says whether what was followed changes anything, or may.
func (e *Effects) Changes() bool {
	return e != nil && (len(e.Writes)+len(e.Hidden)+len(e.Settings) > 0 ||
		slices.ContainsFunc(e.Commands, func(c statement.Command) bool { return c != statement.CommandSelect }))
}

// add takes o over.
func (e *Effects) add(o *Effects) {
	if o == nil {
		return
	}
	e.Reads = union(e.Reads, o.Reads, func(a, b Read) bool { return a.ColumnRef == b.ColumnRef })
	e.Relations = union(e.Relations, o.Relations, func(a, b uint32) bool { return a == b })
	e.Writes = union(e.Writes, o.Writes, sameChange)
	e.Commands = union(e.Commands, o.Commands, func(a, b statement.Command) bool { return a == b })
	e.Settings = union(e.Settings, o.Settings, func(a, b statement.Setting) bool { return a == b })
	e.Functions = union(e.Functions, o.Functions, func(a, b *Function) bool { return a == b })
	e.BuiltIn = union(e.BuiltIn, o.BuiltIn, func(a, b BuiltInCall) bool { return a.Name == b.Name && a.Arguments == b.Arguments })
	e.Statements = union(e.Statements, o.Statements, func(a, b *statement.Statement) bool { return a == b })
	e.Hidden = union(e.Hidden, o.Hidden, func(a, b Hidden) bool { return a.Function == b.Function && a.Why == b.Why })
}

// union adds those of more that are not in all.
func union[T any](all, more []T, same func(a, b T) bool) []T {
	had := len(all)
	for _, m := range more {
		if had == 0 || !slices.ContainsFunc(all[:had], func(a T) bool { return same(a, m) }) {
			all = append(all, m)
		}
	}
	return all
}

func sameChange(a, b Change) bool {
	return a.Relation == b.Relation && a.Command == b.Command && a.Where == b.Where && slices.Equal(a.Columns, b.Columns)
}

// OfFunction gives the effects of a call of the function with this oid, by whatever
// way it is called.
func (s *Snapshot) OfFunction(oid uint32) *Effects { return s.effects(step{stepFunction, oid, 0}) }

// OfCall gives the effects of a call as a text writes it, those of all functions
// that it may be. known is false where the catalog has none of that name outside
// pg_catalog. Functions of pg_catalog have none.
func (s *Snapshot) OfCall(schema, name string, arguments int) (e *Effects, known bool) {
	for _, f := range s.functions.named(name) {
		if !means(schema, f.Schema) {
			continue
		}
		known = true
		if f.Accepts(arguments) {
			e = merged(e, s.OfFunction(f.OID))
		}
	}
	return e, known
}

// OfRead gives the effects of reading rows of a relation: row policies, functions
// in views and in columns that are computed when they are read.
func (s *Snapshot) OfRead(relation uint32) *Effects { return s.effects(step{stepRead, relation, 0}) }

// OfWrite gives the effects of changing rows of a relation by a command: triggers,
// rules, defaults, checks, indexes, domains, foreign keys.
func (s *Snapshot) OfWrite(relation uint32, c statement.Command) *Effects {
	return s.effects(step{stepWrite, relation, eventsOf(c)})
}

// OfType gives the effects of making a value of a type, or of a cast from it or to
// it.
func (s *Snapshot) OfType(oid uint32) *Effects { return s.effects(step{stepType, oid, 0}) }

// OfOperator gives the effects of the operators outside pg_catalog that a text may
// mean.
func (s *Snapshot) OfOperator(schema, name string) *Effects {
	var e *Effects
	for _, o := range s.operators.named(name) {
		if means(schema, o.Schema) {
			e = merged(e, s.OfFunction(o.Function))
		}
	}
	return e
}

// OfDefinition gives the effects that any change of the schema has: event triggers.
func (s *Snapshot) OfDefinition() *Effects { return s.effects(step{stepDefinition, 0, 0}) }

// OfRefresh gives the effects of filling a materialized view again, or of commands
// like ANALYZE and REINDEX that evaluate a table's expressions.
func (s *Snapshot) OfRefresh(relation uint32) *Effects {
	return s.effects(step{stepRefresh, relation, 0})
}

// OfFunctionExcept is OfFunction without what happens inside the functions for which
// trusted says so, and so are the others of that name. They are not remembered.
func (s *Snapshot) OfFunctionExcept(oid uint32, trusted func(*Function) bool) *Effects {
	return s.effectsExcept(step{stepFunction, oid, 0}, trusted)
}

// OfReadExcept is OfRead without what happens inside of trusted functions.
func (s *Snapshot) OfReadExcept(relation uint32, trusted func(*Function) bool) *Effects {
	return s.effectsExcept(step{stepRead, relation, 0}, trusted)
}

// OfWriteExcept is OfWrite without what happens inside of trusted functions.
func (s *Snapshot) OfWriteExcept(relation uint32, c statement.Command, trusted func(*Function) bool) *Effects {
	return s.effectsExcept(step{stepWrite, relation, eventsOf(c)}, trusted)
}

func (s *Snapshot) effectsExcept(first step, trusted func(*Function) bool) *Effects {
	f := s.follower()
	f.trusted = trusted
	f.push(first, "")
	f.run()
	return f.effects
}

// EventsOf gives what a command may do to the rows of its target.
func EventsOf(c statement.Command) Event { return eventsOf(c) }

// merged gives both effects, without changing either.
func merged(a, b *Effects) *Effects {
	switch {
	case b.None():
		return a
	case a.None():
		return b
	}
	all := &Effects{}
	all.add(a)
	all.add(b)
	return all
}

// eventsOf gives what a command does to the rows of its target. INSERT has
// ON CONFLICT DO UPDATE.
func eventsOf(c statement.Command) Event {
	switch c {
	case statement.CommandInsert:
		return OnInsert | OnUpdate
	case statement.CommandCopy:
		return OnInsert
	case statement.CommandUpdate:
		return OnUpdate
	case statement.CommandDelete:
		return OnDelete
	case statement.CommandTruncate:
		return OnTruncate
	}
	return OnInsert | OnUpdate | OnDelete
}

// effects follows a step to its end, once for each snapshot.
func (s *Snapshot) effects(first step) *Effects {
	if e, ok := s.followed.Load(first); ok {
		return e.(*Effects)
	}
	f := s.follower()
	f.push(first, "")
	f.run()
	e := f.effects
	if e.None() {
		e = nil
	}
	s.followed.Store(first, e)
	return e
}
