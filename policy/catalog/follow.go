package catalog

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// step is one thing that happens and that others may follow from.
type step struct {
	kind   stepKind
	oid    uint32
	events Event // of stepWrite
}

type stepKind uint8

const (
	stepFunction stepKind = iota
	stepRead
	stepWrite
	stepType
	stepDefinition
	stepRefresh
)

// maxFollowed bounds the steps of one chain. Real ones have a few.
const maxFollowed = 20_000

// follower goes from step to step. What was seen is not followed again, so that
// functions that call each other come to an end.
type follower struct {
	snapshot *Snapshot
	effects  *Effects
	seen     map[step]struct{}
	reads    map[ColumnRef]struct{}
	queue    []queued
	trusted  func(*Function) bool // functions that are not followed, nil for none
}

func (s *Snapshot) follower() *follower {
	return &follower{snapshot: s, effects: &Effects{}, seen: map[step]struct{}{}, reads: map[ColumnRef]struct{}{}}
}

type queued struct {
	step
	via string
}

func (f *follower) push(s step, via string) {
	if _, ok := f.seen[s]; ok {
		return
	}
	if len(f.seen) >= maxFollowed {
		f.hidden(nil, "leads to more than weir follows", via)
		return
	}
	f.seen[s] = struct{}{}
	f.queue = append(f.queue, queued{s, via})
}

func (f *follower) run() {
	for len(f.queue) > 0 {
		q := f.queue[len(f.queue)-1]
		f.queue = f.queue[:len(f.queue)-1]
		switch q.kind {
		case stepFunction:
			f.function(q.oid, q.via)
		case stepRead:
			f.read(q.oid, q.via)
		case stepWrite:
			f.write(q.oid, q.events, q.via)
		case stepType:
			f.typeOf(q.oid, q.via)
		case stepRefresh:
			f.refresh(q.oid, q.via)
		case stepDefinition:
			for i := range f.snapshot.eventTriggers {
				t := &f.snapshot.eventTriggers[i]
				f.push(step{stepFunction, t.Function, 0}, "event trigger "+t.Name)
			}
		}
	}
}

func (f *follower) hidden(fn *Function, why, via string) {
	if fn != nil && fn.defined {
		fn, why = nil, "leads to what "+why
	}
	f.effects.Hidden = union(f.effects.Hidden, []Hidden{{fn, why, via}},
		func(a, b Hidden) bool { return a.Function == b.Function && a.Why == b.Why })
}

// through says what leads on: the first thing of a chain says enough.
func through(via, next string) string {
	if via != "" {
		return via
	}
	return next
}

func (f *follower) function(oid uint32, via string) {
	if oid == 0 {
		return
	}
	if name, ok := f.snapshot.builtIn[oid]; ok {
		f.builtIn(name, -1, via)
		return
	}
	fn := f.snapshot.Function(oid)
	if fn == nil {
		f.hidden(nil, fmt.Sprintf("calls a function (oid %d) that the catalog did not list", oid), via)
		return
	}
	if fn.Schema == "information_schema" {
		return
	}
	if fn.defined {
		via = through(via, fn.Name)
	} else {
		via = through(via, "function "+fn.Qualified()+"()")
		f.effects.Functions = append(f.effects.Functions, fn)
	}
	if f.trusted != nil && f.trusted(fn) {
		return
	}
	for _, t := range fn.Types {
		f.push(step{stepType, t, 0}, via)
	}
	for _, p := range fn.Parts {
		f.push(step{stepFunction, p, 0}, via)
	}
	f.definition(fn.Default, via, true)
	b := fn.Body
	switch {
	case fn.Kind == 'a', b == nil && f.snapshot.constructs(fn):
	case b == nil && (fn.Language == "sql" || fn.Language == "plpgsql"):
		f.hidden(fn, "has a body that was not read", via)
	case b == nil:
		f.hidden(fn, "is written in "+fn.Language, via)
	case b.Unread != "":
		f.hidden(fn, b.Unread, via)
	default:
		f.definition(b.Tree, via, true)
		for i := range b.Statements {
			f.statement(fn, &b.Statements[i], via)
		}
	}
}

// constructs says whether a function is one that PostgreSQL makes with a range type
// and its multirange type, of their names, to make values of them
// (makeRangeConstructors of commands/typecmds.c).
func (s *Snapshot) constructs(fn *Function) bool {
	if fn.Language != "internal" || fn.Volatility != 'i' || len(fn.Types) == 0 {
		return false
	}
	t := s.types.find(fn.Types[len(fn.Types)-1])
	return t != nil && (t.Kind == 'r' || t.Kind == 'm') && t.Schema == fn.Schema && t.Name == fn.Name
}

func (f *follower) builtIn(name string, arguments int, via string) {
	if name == "set_config" && arguments < 0 { // by an operator, an aggregate or a tree: with what is not known
		f.effects.Settings = union(f.effects.Settings, []statement.Setting{{}}, func(a, b statement.Setting) bool { return a == b })
	}
	f.effects.BuiltIn = union(f.effects.BuiltIn, []BuiltInCall{{name, arguments, via}},
		func(a, b BuiltInCall) bool { return a.Name == b.Name && a.Arguments == b.Arguments })
}

// definition follows a tree. reads says that the columns which it reads count.
func (f *follower) definition(d *Definition, via string, reads bool) {
	if d == nil {
		return
	}
	if d.Unread != "" {
		f.hidden(nil, d.Unread, via)
		return
	}
	for _, oid := range d.Calls {
		f.push(step{stepFunction, oid, 0}, via)
	}
	for _, oid := range d.Operators {
		if o := f.snapshot.operators.find(oid); o != nil {
			f.push(step{stepFunction, o.Function, 0}, via)
		} else {
			f.hidden(nil, fmt.Sprintf("uses an operator (oid %d) that the catalog did not list", oid), via)
		}
	}
	for _, oid := range d.Types {
		f.push(step{stepType, oid, 0}, via)
	}
	if reads {
		for _, r := range d.Reads {
			f.column(r, via)
		}
	}
	for _, oid := range d.Relations {
		f.push(step{stepRead, oid, 0}, via)
		f.relation(oid)
	}
	for _, w := range d.Writes {
		f.change(w, via)
	}
}

func (f *follower) column(r ColumnRef, via string) {
	if _, ok := f.reads[r]; ok || r.Column < 0 {
		return
	}
	f.reads[r] = struct{}{}
	f.effects.Reads = append(f.effects.Reads, Read{r, via})
}

func (f *follower) relation(oid uint32) {
	if !slices.Contains(f.effects.Relations, oid) {
		f.effects.Relations = append(f.effects.Relations, oid)
	}
}

// change notes a change and follows it.
func (f *follower) change(w Change, via string) {
	f.effects.Writes = union(f.effects.Writes, []Change{w}, sameChange)
	f.command(w.Command)
	f.push(step{stepWrite, w.Relation, eventsOf(w.Command)}, via)
}

func (f *follower) command(c statement.Command) {
	if !slices.Contains(f.effects.Commands, c) {
		f.effects.Commands = append(f.effects.Commands, c)
	}
}

// read follows the reading of a relation's rows.
func (f *follower) read(oid uint32, via string) {
	r := f.snapshot.Relation(oid)
	if r == nil || r.System() {
		return
	}
	own := through(via, r.Qualified())
	for _, e := range r.Runs {
		if e.Moment == WhenRead || e.Moment == ByRowPolicy && r.RowSecurity {
			f.definition(e.Uses, through(via, e.What+" of "+r.Qualified()), false)
		}
	}
	for _, c := range r.Columns {
		f.casts(c.Type, own, true)
	}
	f.casts(r.Type, own, true)
	if r.Kind == View && r.Query != nil {
		if r.Query.Unread == "" { // else its columns are unknown by themselves
			f.definition(r.Query, through(via, "view "+r.Qualified()), false)
		} else {
			f.hidden(nil, "reads view "+r.Qualified()+", whose definition could not be read: "+r.Query.Unread, via)
		}
	}
	for _, child := range f.snapshot.Children(oid) {
		f.push(step{stepRead, child, 0}, via)
	}
}

// write follows a change of a relation's rows.
func (f *follower) write(oid uint32, events Event, via string) {
	r := f.snapshot.Relation(oid)
	if r == nil {
		return
	}
	if events&^OnTruncate != 0 {
		f.push(step{stepRead, oid, 0}, via) // its rows are looked for, and returned
	}
	for i := range r.Fires {
		t := &r.Fires[i]
		if t.Events&events == 0 {
			continue
		}
		by := through(via, "trigger "+t.Name+" of "+r.Qualified())
		f.push(step{stepFunction, t.Function, 0}, by)
		f.definition(t.When, by, false)
	}
	for i := range r.Rewrites {
		if rule := &r.Rewrites[i]; rule.Event&events != 0 {
			f.definition(rule.Action, through(via, "rule "+rule.Name+" of "+r.Qualified()), true)
		}
	}
	f.keys(r, events, via)
	if events&(OnInsert|OnUpdate) != 0 {
		f.stored(r, via)
	}
	if r.Kind == View && r.Query != nil {
		for _, base := range r.Query.Relations {
			f.push(step{stepWrite, base, events}, via)
			f.relation(base)
		}
	}
	for _, child := range f.snapshot.Children(oid) {
		if r.Kind == PartitionedTable && events&OnUpdate != 0 {
			events |= OnInsert | OnDelete // a row may move
		}
		f.push(step{stepWrite, child, events}, via)
	}
}

// stored follows what is evaluated when a row is stored.
func (f *follower) stored(r *Relation, via string) {
	for _, e := range r.Runs {
		if e.Moment == WhenWritten || e.Moment == ByRowPolicy && r.RowSecurity {
			f.definition(e.Uses, through(via, e.What+" of "+r.Qualified()), false)
		}
	}
	for _, c := range r.Columns {
		if c.Type >= FirstUser {
			f.push(step{stepType, c.Type, 0}, through(via, "the type of column "+c.Name+" of "+r.Qualified()))
		}
	}
}

// keys follows foreign keys of other tables to this one.
func (f *follower) keys(r *Relation, events Event, via string) {
	for _, k := range r.Keys {
		w := Change{Relation: k.Table, Where: statement.WherePresent}
		by := through(via, "a foreign key to "+r.Qualified())
		if events&OnTruncate != 0 { // with CASCADE; without it is an error
			w.Command, w.Where = statement.CommandTruncate, statement.WhereMissing
			f.change(w, by)
		}
		for _, on := range []struct {
			event  Event
			action byte
		}{{OnDelete, k.OnDelete}, {OnUpdate, k.OnUpdate}} {
			if events&on.event == 0 {
				continue
			}
			switch on.action {
			case 'c':
				w.Command = statement.CommandDelete
				if on.event == OnUpdate {
					w.Command = statement.CommandUpdate
				}
			case 'n', 'd':
				w.Command = statement.CommandUpdate
			default:
				continue
			}
			f.change(w, by)
		}
	}
}

// refresh follows a materialized view's query, or the expressions that commands
// of maintenance evaluate.
func (f *follower) refresh(oid uint32, via string) {
	r := f.snapshot.Relation(oid)
	if r == nil || r.System() {
		return
	}
	if r.Kind == MaterializedView {
		f.definition(r.Query, through(via, "materialized view "+r.Qualified()), false)
	}
	for _, e := range r.Runs {
		if e.Moment == WhenWritten || e.Moment == WhenAnalyzed {
			f.definition(e.Uses, through(via, e.What+" of "+r.Qualified()), false)
		}
	}
	for _, child := range f.snapshot.Children(oid) {
		f.push(step{stepRefresh, child, 0}, via)
	}
}

// typeOf follows what happens when a value of a type is made.
func (f *follower) typeOf(oid uint32, via string) {
	t := f.snapshot.types.find(oid)
	if t == nil {
		if element, ok := f.snapshot.arrays[oid]; ok {
			f.push(step{stepType, element, 0}, via)
		}
		f.row(f.snapshot.Relation(f.snapshot.rows[oid]), via)
		return
	}
	via = through(via, "type "+t.Schema+"."+t.Name)
	f.definition(t.Check, via, true)
	for _, call := range t.Calls {
		f.push(step{stepFunction, call, 0}, via)
	}
	for _, part := range []uint32{t.Base, t.Element, t.Subtype} {
		if part >= FirstUser {
			f.push(step{stepType, part, 0}, via)
		}
	}
	for _, part := range t.Parts {
		f.push(step{stepType, part, 0}, via)
	}
	f.casts(oid, via, false)
}

// row follows what happens when a row of a relation is made without being stored.
func (f *follower) row(r *Relation, via string) {
	if r == nil {
		return
	}
	for _, c := range r.Columns {
		if c.Type >= FirstUser {
			f.push(step{stepType, c.Type, 0}, through(via, "the type of column "+c.Name+" of "+r.Qualified()))
		}
	}
	f.casts(r.Type, through(via, r.Qualified()), false)
}

// casts follows the casts from a type and to it. implicit leaves out those that
// only take place where they are written.
func (f *follower) casts(oid uint32, via string, implicit bool) {
	for _, i := range f.snapshot.castsOf[oid] {
		if c := &f.snapshot.casts[i]; !implicit || c.Implicit {
			f.push(step{stepFunction, c.Function, 0}, via)
		}
	}
}
