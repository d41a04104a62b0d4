package catalog

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// After gives the catalog as it may be inside of a transaction that has run statements,
// in this order, and is not over: what they make, change and name is there besides what
// was there before. Nothing goes away, since what was dropped or replaced comes back
// where a savepoint is rolled back to, and nothing takes the place of something else:
// a function of two bodies does what either does, a name of two relations means both.
//
// It shows what statements lead to, for guards. It is not for masks: of relations that
// were made the columns are not told, and of functions no build. Schemas are those that
// the texts name; what was made without one may be in any.
//
// It costs by what the statements change and not by what the catalog has. Of a catalog
// that After gave, After gives that of both lists, one after the other.
func (s *Snapshot) After(made []*statement.Statement) *Snapshot {
	d := s.draft()
	for _, st := range made {
		d.statement(st)
	}
	return d.finish()
}

// Makes says whether After has something to learn from a statement.
func Makes(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Objects, func(o statement.Object) bool {
		return o.Command == statement.CommandCreate || o.Command == statement.CommandAlter
	})
}

// statement adds what a statement makes.
func (d *draft) statement(st *statement.Statement) {
	if st.Command == statement.CommandDo {
		for i := range st.Inside {
			d.statement(&st.Inside[i])
		}
		return
	}
	c := change{draft: d, st: st}
	for i := range st.Objects {
		switch c.object = &st.Objects[i]; c.object.Command {
		case statement.CommandCreate:
			c.created()
		case statement.CommandAlter:
			c.altered()
		}
	}
}

// change is what one statement does to one object.
type change struct {
	*draft
	st     *statement.Statement
	object *statement.Object
	stands uint32 // the function that stands for all that the definition has run, 0 until it is needed
}

func (c *change) created() {
	o := c.object
	switch o.Kind {
	case statement.KindFunction, statement.KindProcedure, statement.KindAggregate:
		c.function()
	case statement.KindView, statement.KindMaterializedView:
		c.view()
	case statement.KindTable, statement.KindForeignTable, statement.KindSequence:
		c.table()
	case statement.KindTrigger:
		by := c.runs("trigger " + o.Name)
		for _, r := range c.changing(o.Schema, o.Relation) {
			r.Triggers = true
			r.Fires = append(slices.Clip(r.Fires), Trigger{Name: o.Name, Function: by, Events: OnInsert | OnUpdate | OnDelete | OnTruncate})
		}
	case statement.KindRule:
		by := c.runs("rule " + o.Name)
		for _, r := range c.changing(o.Schema, o.Relation) {
			r.Rules = true
			r.Rewrites = append(slices.Clip(r.Rewrites), Rule{Name: o.Name, Event: OnInsert | OnUpdate | OnDelete, Action: &Definition{Calls: []uint32{by}}})
		}
	case statement.KindIndex, statement.KindPolicy, statement.KindConstraint, statement.KindColumn:
		c.part(o.Relation)
	case statement.KindType, statement.KindDomain:
		t := Type{OID: c.oid(), Schema: o.Schema, Name: o.Name, Kind: 'b'}
		if c.runsAnything() {
			t.Check = &Definition{Calls: []uint32{c.runs("type " + o.Name)}}
		}
		c.types.add(t, true)
	case statement.KindOperator:
		c.operators.add(Operator{OID: c.oid(), Schema: o.Schema, Name: o.Name, Function: c.runs("operator " + o.Name)}, true)
	case statement.KindEventTrigger:
		c.eventTriggers = append(c.eventTriggers, EventTrigger{Name: o.Name, Function: c.runs("event trigger " + o.Name)})
	default: // a cast, an operator class and the like take effect where no text names them
		if len(c.st.Functions) > 0 {
			c.every = append(c.every, c.runs("the definition of a "+strings.ToLower(string(o.Kind))))
		}
	}
}

func (c *change) altered() {
	o := c.object
	moves := o.NewName != "" || o.NewSchema != ""
	switch o.Kind {
	case statement.KindFunction, statement.KindProcedure, statement.KindAggregate:
		if moves {
			c.moveFunctions(c.calls(o.Schema, o.Name))
		}
	case statement.KindTable, statement.KindForeignTable, statement.KindView, statement.KindMaterializedView, statement.KindSequence:
		if moves {
			c.moveRelations(c.places(o.Schema, o.Name))
			return
		}
		c.part(o.Name)
		c.linked()
	case statement.KindTrigger, statement.KindRule, statement.KindPolicy, statement.KindColumn, statement.KindConstraint:
		if !moves {
			c.part(o.Relation)
		}
	case statement.KindType, statement.KindDomain:
		switch {
		case moves:
			c.moveTypes(c.TypesNamed(o.Schema, o.Name))
		case c.runsAnything(): // a check of a domain
			by := c.runs("type " + o.Name)
			for _, oid := range c.TypesNamed(o.Schema, o.Name) {
				t := c.types.edit(oid)
				t.Calls = append(slices.Clip(t.Calls), by)
			}
		}
	case statement.KindOperator:
		for _, was := range c.operators.named(o.Name) {
			if moves && means(o.Schema, was.Schema) {
				op := *was
				op.OID = c.oid()
				op.Schema, op.Name = c.moved(op.Schema, op.Name)
				c.operators.add(op, true)
			}
		}
	case statement.KindSchema:
		if o.NewName != "" {
			c.moveSchema()
		}
	}
}

// runs gives the function that stands for what the definition has run.
func (c *change) runs(what string) uint32 {
	if c.stands == 0 {
		c.stands = c.addFunction(Function{Name: what, Kind: 'f', Language: "sql", Volatility: 'v', Variadic: true, defined: true,
			Body: &Body{Statements: []statement.Statement{c.evaluated()}}})
	}
	return c.stands
}

// evaluated gives what the definition has run, as a statement of its own: what its
// expressions call, and what the actions of a rule and the conditions of a policy read
// and write.
func (c *change) evaluated() statement.Statement {
	st := statement.Statement{Command: statement.CommandSelect, Commands: []statement.Command{statement.CommandSelect}, Limit: -1,
		Functions: c.st.Functions, Operators: c.st.Operators, Types: c.st.Types, Columns: c.st.Columns, Opaque: c.st.Opaque, Dynamic: c.st.Dynamic}
	if c.object.Kind != statement.KindRule && c.object.Kind != statement.KindPolicy {
		return st
	}
	for _, command := range c.st.Commands {
		if !Defines(command) && command != statement.CommandSelect {
			st.Commands = append(st.Commands, command)
		}
	}
	st.Writes = c.st.Writes
	for _, t := range c.st.Tables {
		written := slices.ContainsFunc(st.Writes, func(w statement.Write) bool { return w.Schema == t.Schema && w.Table == t.Name })
		if !written && t.Schema == c.object.Schema && t.Name == c.object.Relation {
			continue // the one that it is about
		}
		if t.Access = []statement.Access{statement.AccessRead}; written {
			t.Access = append(t.Access, statement.AccessWrite)
		}
		st.Tables = append(st.Tables, t)
	}
	return st
}

// runsAnything says whether the definition has something run.
func (c *change) runsAnything() bool {
	switch c.object.Kind {
	case statement.KindPolicy, statement.KindRule:
		return true
	}
	return len(c.st.Functions) > 0 || c.st.Dynamic ||
		slices.ContainsFunc(c.st.Operators, func(o statement.Operator) bool {
			return slices.ContainsFunc(c.operators.named(o.Name), func(u *Operator) bool { return means(o.Schema, u.Schema) })
		}) ||
		slices.ContainsFunc(c.st.Types, func(t statement.Type) bool { return len(c.TypesNamed(t.Schema, t.Name)) > 0 })
}
