package statement

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// errEncoding is what Decode says about bytes that Encode did not write.
var errEncoding = errors.New("malformed facts")

// A body holds no body: PREPARE and DECLARE do not take each other. What stands in texts
// within texts may.
const deepestBody = deepestText + 4

// Decode reads facts that Encode wrote. The bytes may come from a worker that a
// hostile text has taken over: whatever they are, Decode ends, stays in their
// bounds, allocates in proportion to their length and returns facts that are well
// formed or an error.
func Decode(data []byte) (*Facts, error) {
	d := decoder{s: string(data), commands: All()}
	if len(data) == 0 || data[0] != encodingMark {
		return nil, fmt.Errorf("%w: wrong first byte", errEncoding)
	}
	d.at = 1
	facts := &Facts{Statements: make([]Statement, d.count(smallestStatement))}
	for i := range facts.Statements {
		d.statement(&facts.Statements[i], 0)
		if d.err != nil {
			return nil, d.err
		}
	}
	if d.flags(1) != 0 {
		facts.Routine = &Node{}
		d.node(facts.Routine, 0)
	}
	if d.err == nil && d.at != len(d.s) {
		d.fail("trailing bytes")
	}
	if d.err != nil {
		return nil, d.err
	}
	return facts, nil
}

// The fewest bytes that one of each takes, so that a count is never believed
// beyond what the payload can hold.
const (
	smallestStatement   = 18
	smallestTable       = 7
	smallestColumn      = 6
	smallestFunction    = 4
	smallestWrite       = 8
	smallestCorrelation = 2
	smallestReference   = 2
	smallestOutput      = 5
	smallestSetting     = 4
	smallestObject      = 8
	smallestOperator    = 3
	smallestType        = 3
	smallestOption      = 2
)

// decoder reads on after an error as if all were zero; the first error stays.
// Its strings share the one copy of the payload.
type decoder struct {
	s        string
	at       int
	commands []Command
	kinds    []Kind // made for the first object
	err      error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s at byte %d", errEncoding, what, d.at)
		d.at = len(d.s)
	}
}

func (d *decoder) uvarint() uint64 {
	var n uint64
	for shift := 0; d.at < len(d.s); shift += 7 {
		c := d.s[d.at]
		d.at++
		if shift == 63 && c > 1 || shift > 63 {
			d.fail("number too large")
			return 0
		}
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.fail("end of data")
	return 0
}

// number reads a number that is at most limit.
func (d *decoder) number(limit int) int { return d.bounded(d.uvarint(), limit) }

func (d *decoder) bounded(n uint64, limit int) int {
	if n > uint64(limit) {
		d.fail("number out of range")
		return 0
	}
	return int(n)
}

func (d *decoder) signed() int64 {
	n := d.uvarint()
	v := int64(n >> 1)
	if n&1 != 0 {
		v = ^v
	}
	return v
}

// count reads a number of things of which each takes at least size bytes of what
// comes after the number.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	return d.bounded(n, (len(d.s)-d.at)/size)
}

func (d *decoder) string() string {
	n := d.count(1)
	s := d.s[d.at : d.at+n]
	d.at += n
	if !utf8.ValidString(s) {
		d.fail("invalid UTF-8")
		return ""
	}
	return s
}

func (d *decoder) strings() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.string()
	}
	return list
}

// flags reads so many booleans.
func (d *decoder) flags(bits int) int { return d.number(1<<bits - 1) }

func (d *decoder) command() Command {
	n := d.number(len(d.commands))
	if n == 0 {
		d.fail("no command")
		return ""
	}
	return d.commands[n-1]
}

func (d *decoder) statement(s *Statement, depth int) {
	if depth >= deepestBody {
		d.fail("nested too deep")
		return
	}
	s.Command = d.command()
	s.Commands = make([]Command, d.count(1))
	for i := range s.Commands {
		s.Commands[i] = d.command()
	}
	if len(s.Commands) == 0 || s.Commands[0] != s.Command {
		d.fail("inconsistent statement")
		return
	}
	flags := d.flags(8)
	s.Dynamic, s.Locking, s.Shape.Plain = flags&1 != 0, flags&2 != 0, flags&4 != 0
	s.Planned, s.Chain = flags&64 != 0, flags&128 != 0
	s.Limit = d.signed()
	s.Shape.Why = d.string()
	s.Opaque = d.strings()
	d.trees(s)
	d.relations(s)
	d.effects(s)
	d.named(s)
	if flags&8 != 0 {
		s.Prepared = &Prepared{Name: d.string(), What: d.string(), Body: d.body(depth)}
	}
	if flags&16 != 0 {
		c := &Cursor{Name: d.string(), What: d.string()}
		bits := d.flags(2)
		c.Binary, c.Hold = bits&1 != 0, bits&2 != 0
		c.Body = d.body(depth)
		s.Cursor = c
	}
	if flags&32 != 0 {
		s.Copy = d.copy()
	}
	if n := d.count(smallestStatement); n > 0 {
		s.Inside = make([]Statement, n)
	}
	for i := range s.Inside {
		d.statement(&s.Inside[i], depth+1)
	}
}

func (d *decoder) relations(s *Statement) {
	access := accesses()
	if n := d.count(smallestTable); n > 0 {
		s.Tables = make([]Table, n)
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		t.Schema, t.Name, t.Alias = d.string(), d.string(), d.string()
		bits := d.flags(2)
		t.Renames, t.Top = bits&1 != 0, bits&2 != 0
		bits = d.flags(len(access))
		t.Access = make([]Access, 0, len(access))
		for j, a := range access {
			if bits&(1<<j) != 0 {
				t.Access = append(t.Access, a)
			}
		}
		t.Referred = d.flags(1) != 0
		t.Keys = d.strings()
		if len(t.Access) == 0 {
			d.fail("a table without access")
			return
		}
	}
	use := uses()
	if n := d.count(smallestColumn); n > 0 {
		s.Columns = make([]Column, n)
	}
	for i := range s.Columns {
		c := &s.Columns[i]
		c.Star = d.flags(1) != 0
		c.Schema, c.Qualifier, c.Name = d.string(), d.string(), d.string()
		c.Use = use[d.number(len(use)-1)]
		c.Construct = d.string()
	}
	if n := d.count(smallestFunction); n > 0 {
		s.Functions = make([]Function, n)
	}
	for i := range s.Functions {
		f := &s.Functions[i]
		f.Schema, f.Name = d.string(), d.string()
		f.Arguments = d.number(1 << 30)
		bits := d.flags(2)
		f.Aggregate, f.Named = bits&1 != 0, bits&2 != 0
	}
}

func (d *decoder) given() *Given {
	kinds := typeKinds()
	g := Given{NotNull: d.strings(), Typed: d.strings()}
	for range d.count(1) {
		g.As = append(g.As, kinds[d.number(len(kinds)-1)])
	}
	if len(g.NotNull)+len(g.Typed) == 0 {
		return nil
	}
	return &g
}

func (d *decoder) effects(s *Statement) {
	where, scope := conditions(), scopes()
	if n := d.count(smallestWrite); n > 0 {
		s.Writes = make([]Write, n)
	}
	for i := range s.Writes {
		w := &s.Writes[i]
		w.Command = d.command()
		w.Schema, w.Table = d.string(), d.string()
		w.Where = where[d.number(len(where)-1)]
		w.Columns = d.strings()
		w.Given = d.given()
		w.Correlated = d.correlated()
	}
	if n := d.count(smallestOutput); n > 0 {
		s.Outputs = make([]Output, n)
	}
	for i := range s.Outputs {
		o := &s.Outputs[i]
		bits := d.flags(2)
		o.Direct, o.Star = bits&1 != 0, bits&2 != 0
		o.Schema, o.Qualifier, o.Name, o.Label = d.string(), d.string(), d.string(), d.string()
	}
	if n := d.count(smallestSetting); n > 0 {
		s.Settings = make([]Setting, n)
	}
	for i := range s.Settings {
		t := &s.Settings[i]
		bits := d.flags(3)
		t.Local, t.Known, t.Reset = bits&1 != 0, bits&2 != 0, bits&4 != 0
		t.Name, t.Value = d.string(), d.string()
		t.Scope = scope[d.number(len(scope)-1)]
	}
}

func (d *decoder) named(s *Statement) {
	if n := d.count(smallestObject); n > 0 {
		s.Objects = make([]Object, n)
		if d.kinds == nil {
			d.kinds = Kinds()
		}
	}
	for i := range s.Objects {
		o := &s.Objects[i]
		o.Command = d.command()
		o.Kind = d.kinds[d.number(len(d.kinds)-1)]
		bits := d.flags(3)
		o.Temporary, o.Replaces, o.Enables = bits&1 != 0, bits&2 != 0, bits&4 != 0
		o.Schema, o.Relation, o.Name = d.string(), d.string(), d.string()
		o.NewName, o.NewSchema = d.string(), d.string()
	}
	if n := d.count(smallestOperator); n > 0 {
		s.Operators = make([]Operator, n)
	}
	for i := range s.Operators {
		o := &s.Operators[i]
		o.Prefix = d.flags(1) != 0
		o.Schema, o.Name = d.string(), d.string()
	}
	if n := d.count(smallestType); n > 0 {
		s.Types = make([]Type, n)
	}
	for i := range s.Types {
		t := &s.Types[i]
		t.Column = d.flags(1) != 0
		t.Schema, t.Name = d.string(), d.string()
	}
}

func (d *decoder) correlated() []Correlation {
	n := d.count(smallestCorrelation)
	if n == 0 {
		return nil
	}
	list := make([]Correlation, n)
	for i := range list {
		list[i].Names = d.strings()
		if n := d.count(smallestReference); n > 0 {
			list[i].From = make([]RelationRef, n)
		}
		for j := range list[i].From {
			list[i].From[j] = RelationRef{Schema: d.string(), Name: d.string()}
		}
	}
	return list
}

func (d *decoder) copy() *Copy {
	bits := d.flags(2)
	c := &Copy{From: bits&1 != 0, Query: bits&2 != 0}
	c.Target, c.Schema, c.Table = d.string(), d.string(), d.string()
	c.Columns = d.strings()
	c.Format = d.string()
	if n := d.count(smallestOption); n > 0 {
		c.Options = make([]CopyOption, n)
	}
	for i := range c.Options {
		c.Options[i] = CopyOption{Name: d.string(), Value: d.string()}
	}
	return c
}

func (d *decoder) body(depth int) *Statement {
	if d.flags(1) == 0 {
		return nil
	}
	s := &Statement{}
	d.statement(s, depth+1)
	return s
}
