package statement

import (
	"encoding/binary"
	"slices"
)

// The form of facts on the pipe between the parse worker and the daemon, which
// are the same binary: no version, no names, numbers as varints, enums as their
// place in a list, booleans as bits of one number, strings with their length.

const encodingMark = 0xf1 // first byte, so that an empty or foreign payload is told apart

func uses() [7]Use {
	return [...]Use{UseOutput, UseEquality, UsePredicate, UseGrouping, UseOrdering, UseWrite, UseDerived}
}

func conditions() [3]Condition {
	return [...]Condition{WhereMissing, WhereConstant, WherePresent}
}

func typeKinds() [5]TypeKind {
	return [...]TypeKind{TypeNumber, TypeBoolean, TypeTime, TypeUUID, TypeOther}
}

func scopes() [5]Scope {
	return [...]Scope{ScopeSession, ScopeFunction, ScopeRole, ScopeDatabase, ScopeSystem}
}

func accesses() [2]Access { return [...]Access{AccessRead, AccessWrite} }

// Encode appends facts to b in the form that Decode reads.
func Encode(b []byte, facts *Facts) []byte {
	e := encoder{b: append(b, encodingMark), commands: All()}
	e.number(len(facts.Statements))
	for i := range facts.Statements {
		e.statement(&facts.Statements[i])
	}
	if e.bits(facts.Routine != nil); facts.Routine != nil {
		e.node(facts.Routine)
	}
	return e.b
}

type encoder struct {
	b        []byte
	commands []Command
	kinds    []Kind // made for the first object
}

func (e *encoder) number(n int) { e.b = binary.AppendUvarint(e.b, uint64(n)) }

func (e *encoder) signed(n int64) { e.b = binary.AppendVarint(e.b, n) }

func (e *encoder) string(s string) {
	e.number(len(s))
	e.b = append(e.b, s...)
}

func (e *encoder) bits(bits ...bool) {
	n := 0
	for i, bit := range bits {
		if bit {
			n |= 1 << i
		}
	}
	e.number(n)
}

func (e *encoder) command(c Command) {
	e.number(slices.Index(e.commands, c) + 1) // 0 is no command
}

func (e *encoder) strings(list []string) {
	e.number(len(list))
	for _, s := range list {
		e.string(s)
	}
}

func (e *encoder) statement(s *Statement) {
	e.command(s.Command)
	e.number(len(s.Commands))
	for _, c := range s.Commands {
		e.command(c)
	}
	e.bits(s.Dynamic, s.Locking, s.Shape.Plain, s.Prepared != nil, s.Cursor != nil, s.Copy != nil, s.Planned, s.Chain)
	e.signed(s.Limit)
	e.string(s.Shape.Why)
	e.strings(s.Opaque)
	e.trees(s)

	e.number(len(s.Tables))
	for i := range s.Tables {
		e.table(&s.Tables[i])
	}
	e.number(len(s.Columns))
	for i := range s.Columns {
		e.column(&s.Columns[i])
	}
	e.number(len(s.Functions))
	for i := range s.Functions {
		f := &s.Functions[i]
		e.string(f.Schema)
		e.string(f.Name)
		e.number(f.Arguments)
		e.bits(f.Aggregate, f.Named)
	}
	e.number(len(s.Writes))
	for i := range s.Writes {
		w := &s.Writes[i]
		where := conditions()
		e.command(w.Command)
		e.string(w.Schema)
		e.string(w.Table)
		e.number(slices.Index(where[:], w.Where))
		e.strings(w.Columns)
		given := Given{}
		if w.Given != nil {
			given = *w.Given
		}
		kinds := typeKinds()
		e.strings(given.NotNull)
		e.strings(given.Typed)
		e.number(len(given.As))
		for _, kind := range given.As {
			e.number(slices.Index(kinds[:], kind))
		}
		e.number(len(w.Correlated))
		for j := range w.Correlated {
			c := &w.Correlated[j]
			e.strings(c.Names)
			e.number(len(c.From))
			for _, r := range c.From {
				e.string(r.Schema)
				e.string(r.Name)
			}
		}
	}
	e.number(len(s.Outputs))
	for i := range s.Outputs {
		o := &s.Outputs[i]
		e.bits(o.Direct, o.Star)
		e.string(o.Schema)
		e.string(o.Qualifier)
		e.string(o.Name)
		e.string(o.Label)
	}
	e.number(len(s.Settings))
	for i := range s.Settings {
		t := &s.Settings[i]
		e.bits(t.Local, t.Known, t.Reset)
		e.string(t.Name)
		e.string(t.Value)
		scope := scopes()
		e.number(slices.Index(scope[:], t.Scope))
	}
	e.names(s)
	if p := s.Prepared; p != nil {
		e.string(p.Name)
		e.string(p.What)
		e.body(p.Body)
	}
	if c := s.Cursor; c != nil {
		e.string(c.Name)
		e.string(c.What)
		e.bits(c.Binary, c.Hold)
		e.body(c.Body)
	}
	if s.Copy != nil {
		e.copy(s.Copy)
	}
	e.number(len(s.Inside))
	for i := range s.Inside {
		e.statement(&s.Inside[i])
	}
}

func (e *encoder) names(s *Statement) {
	e.number(len(s.Objects))
	if len(s.Objects) > 0 && e.kinds == nil {
		e.kinds = Kinds()
	}
	for i := range s.Objects {
		o := &s.Objects[i]
		e.command(o.Command)
		e.number(slices.Index(e.kinds, o.Kind))
		e.bits(o.Temporary, o.Replaces, o.Enables)
		e.string(o.Schema)
		e.string(o.Relation)
		e.string(o.Name)
		e.string(o.NewName)
		e.string(o.NewSchema)
	}
	e.number(len(s.Operators))
	for i := range s.Operators {
		o := &s.Operators[i]
		e.bits(o.Prefix)
		e.string(o.Schema)
		e.string(o.Name)
	}
	e.number(len(s.Types))
	for i := range s.Types {
		t := &s.Types[i]
		e.bits(t.Column)
		e.string(t.Schema)
		e.string(t.Name)
	}
}

func (e *encoder) table(t *Table) {
	bits := 0
	for i, a := range accesses() {
		if slices.Contains(t.Access, a) {
			bits |= 1 << i
		}
	}
	e.string(t.Schema)
	e.string(t.Name)
	e.string(t.Alias)
	e.bits(t.Renames, t.Top)
	e.number(bits)
	e.bits(t.Referred)
	e.strings(t.Keys)
}

func (e *encoder) column(c *Column) {
	use := uses()
	e.bits(c.Star)
	e.string(c.Schema)
	e.string(c.Qualifier)
	e.string(c.Name)
	e.number(slices.Index(use[:], c.Use))
	e.string(c.Construct)
}

func (e *encoder) copy(c *Copy) {
	e.bits(c.From, c.Query)
	e.string(c.Target)
	e.string(c.Schema)
	e.string(c.Table)
	e.strings(c.Columns)
	e.string(c.Format)
	e.number(len(c.Options))
	for _, o := range c.Options {
		e.string(o.Name)
		e.string(o.Value)
	}
}

func (e *encoder) body(s *Statement) {
	e.bits(s != nil)
	if s != nil {
		e.statement(s)
	}
}
