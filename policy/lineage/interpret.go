package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// variable is one of a body in PL/pgSQL. It is what it may be at any time: in which
// order the body's steps run is not looked at.
type variable struct {
	name  string
	typ   *statement.Node // NodeNone where it is not declared
	value value
	// record is the row that it holds, nil for none. Where its columns are those of
	// its type, fixed, rows are stored in it by position.
	record *entry
	fixed  bool
}

// whole gives the value of a variable.
func (v *variable) whole(r *resolver) value {
	if v.record == nil {
		return v.value
	}
	row := r.rowOf(v.record)
	if v.value.tainted() {
		row = row.union(v.value.made())
		row.row = nil
	}
	return row
}

func (fr *frame) variable(name string) *variable {
	for _, v := range fr.variables {
		if v.name == name {
			return v
		}
	}
	return nil
}

// around gives the frame that a scope stands in, nil for none.
func (s *scope) around() *frame {
	for ; s != nil; s = s.outer {
		if s.frame != nil {
			return s.frame
		}
	}
	return nil
}

// variable gives what a name means as a variable.
func (s *scope) variable(name string) (value, bool) {
	if fr := s.around(); fr != nil {
		if v := fr.variable(name); v != nil && v.record == nil {
			return v.value, true
		}
	}
	return value{}, false
}

// record gives the row that a variable of a name holds, nil for none.
func (s *scope) record(name string) *entry {
	if fr := s.around(); fr != nil {
		if v := fr.variable(name); v != nil {
			return v.record
		}
	}
	return nil
}

// parameter gives what $1 and so on mean.
func (s *scope) parameter(r *resolver, number int) value {
	fr := s.around()
	if fr == nil || number < 1 || number > len(fr.arguments) {
		return value{}
	}
	v := fr.arguments[number-1]
	if given := fr.routine.List(0); fr.variables != nil && number <= len(given) {
		if of := fr.variable(given[number-1].Name(0)); of != nil && of.name != "" {
			v = v.union(of.whole(r))
		}
	}
	return v
}

// mostPasses bounds how often a body is gone through until nothing new comes.
const mostPasses = 12

// interpret follows a body in PL/pgSQL. row is what NEW and OLD are in a trigger's
// function, nil in others.
func (r *resolver) interpret(fr *frame, bound []formal, row map[string]*entry) {
	fr.variables = []*variable{}
	for i := range bound {
		if bound[i].name == "" {
			continue
		}
		v := &variable{name: bound[i].name, typ: bound[i].typ}
		r.shaped(v)
		if v.record != nil || bound[i].value.row != nil {
			r.keep(v, bound[i].value, false)
		} else {
			v.value = bound[i].value
		}
		fr.variables = append(fr.variables, v)
	}
	steps := fr.routine.List(2)
	for i := range steps {
		if n := &steps[i]; n.Kind == statement.NodeVariable && fr.variable(n.Name(0)) == nil {
			v := &variable{name: n.Name(0), typ: n.Node(0)}
			if e := row[v.name]; e != nil {
				v.record, v.fixed = e, true
			} else {
				r.shaped(v)
			}
			fr.variables = append(fr.variables, v)
		}
	}
	if row != nil {
		for _, name := range []string{"tg_op", "tg_name", "tg_when", "tg_level", "tg_relid", "tg_relname", "tg_table_name", "tg_table_schema", "tg_nargs", "tg_argv"} {
			fr.variables = append(fr.variables, &variable{name: name, typ: &statement.Node{}})
		}
	}
	for range mostPasses {
		fr.grew, fr.results = false, nil
		sc := fr.scope()
		for i := range steps {
			if r.done(fr, &steps[i], sc); r.failed {
				return
			}
		}
		if !fr.grew {
			return
		}
	}
	r.unknown("a body whose variables depend on each other in many ways", value{})
}

// shaped gives a variable of the type of a relation's rows the columns of that type.
func (r *resolver) shaped(v *variable) {
	rel, several := r.rowType(v.typ)
	switch {
	case several:
		v.record = &entry{loose: true}
	case rel != nil:
		v.record, v.fixed = &entry{}, true
		for i := range rel.Columns {
			v.record.fields = append(v.record.fields, field{name: rel.Columns[i].Name})
		}
	default:
		return
	}
	v.record.name, v.record.alias = v.name, true
}

// scope gives what names mean in a body in PL/pgSQL.
func (fr *frame) scope() *scope {
	own := &entry{name: fr.function.Name, alias: true}
	sc := &scope{frame: fr, items: visible(own)}
	for _, v := range fr.variables {
		if v.record != nil {
			sc.items = append(sc.items, item{entry: v.record, named: true})
			continue
		}
		own.fields = append(own.fields, field{name: v.name, value: v.value})
	}
	return sc
}

// done follows one step.
func (r *resolver) done(fr *frame, n *statement.Node, sc *scope) {
	switch n.Kind {
	case statement.NodeVariable:
		if n.Node(1).Kind != statement.NodeNone {
			r.store(fr, n.Names, statement.FlagRecord, r.answer(n.Node(1), sc))
		}
	case statement.NodeStore:
		r.store(fr, n.Names, n.Flags, r.answer(n.Node(0), sc))
	case statement.NodeResult:
		fr.results = append(fr.results, r.answer(n.Node(0), sc))
	case statement.NodeRun:
		r.answer(n.Node(0), sc)
	case statement.NodeTell: // the texts of errors and notices are withheld
		if v := r.rowOf(r.answer(n.Node(0), sc)); v.tainted() && v.nullable && n.Name(0) != "RAISE" {
			r.require(v, Allow, n.Name(0))
		}
	case statement.NodeAsk:
		r.asked(fr, n, sc)
	case statement.NodeCount:
		if v := r.rowOf(r.answer(n.Node(0), sc)); v.tainted() {
			r.require(v, Allow, n.Name(0))
		}
	default:
		r.unknown("a step of an unknown kind", value{})
	}
}

func (r *resolver) answer(q *statement.Node, sc *scope) *entry {
	e := r.query(q, sc.inner())
	r.fill(e)
	return e
}

// asked follows a condition of IF, WHILE and the like.
func (r *resolver) asked(fr *frame, n *statement.Node, sc *scope) {
	q := n.Node(0)
	var v value
	if condition := q.Node(2).Node(0).Node(0); q.Kind == statement.NodeSelect && len(q.Nodes) == 3 &&
		q.Node(0).Kind == statement.NodeNone && q.Node(1).Kind == statement.NodeNone && len(q.List(2)) == 1 {
		r.predicate(condition, sc.inner(), n.Name(0))
		v = r.eval(condition, sc.inner())
	} else {
		v = r.rowOf(r.answer(q, sc))
		if v.tainted() {
			r.require(v, Allow, n.Name(0))
		}
	}
	if v.tainted() {
		v = v.made()
		v.row = nil
		if !fr.decided.covers(&v) {
			fr.decided, fr.grew = fr.decided.union(v), true
		}
	}
}

// store gives the columns of a row to variables.
func (r *resolver) store(fr *frame, names []string, flags int, e *entry) {
	if flags&statement.FlagElement != 0 {
		v := r.rowOf(e).made()
		v.row = nil
		r.storedPart(fr, names, v)
		return
	}
	for i, name := range names {
		v := fr.variable(name)
		if v == nil {
			r.unknown("an assignment to "+name, r.rowOf(e))
			return
		}
		var given value
		switch {
		case flags&statement.FlagRecord != 0 && len(names) == 1 && (v.record != nil || isRecord(v.typ)) && !(len(e.fields) == 1 && !e.loose && e.fields[0].value.row != nil):
			given = r.rowOf(e)
			if len(e.fields) == 1 && !e.loose && v.fixed && len(v.record.fields) != 1 { // a row of which nothing is known
				given = given.made()
				given.row = nil
			}
		case e.loose || i >= len(e.fields):
			given = r.rowOf(e).made()
			given.row = nil
		default:
			given = e.fields[i].value
		}
		if r.keep(v, given, true) {
			fr.grew = true
		}
	}
}

// storedPart notes that a field or an element of one of the variables may be v.
func (r *resolver) storedPart(fr *frame, names []string, v value) {
	found := false
	for i, name := range names {
		of := fr.variable(name)
		if of == nil {
			continue
		}
		found = true
		if of.record == nil {
			if !of.value.covers(&v) {
				of.value, fr.grew = of.value.union(v).made(), true
			}
			continue
		}
		at := -1
		if i+1 < len(names) && !of.record.loose {
			r.fill(of.record)
			at = of.record.place(names[i+1])
		}
		for k := range of.record.fields {
			if f := &of.record.fields[k]; (at < 0 || k == at) && !f.value.covers(&v) {
				f.value, fr.grew = f.value.union(v), true
			}
		}
		if at < 0 && !of.record.rest.covers(&v) {
			of.record.rest, fr.grew = of.record.rest.union(v), true
		}
	}
	if !found {
		r.unknown("an assignment to "+names[0], v)
	}
}

// keep notes that a variable may hold a value. It says whether that is new.
func (r *resolver) keep(v *variable, given value, convert bool) (grew bool) {
	if given.row != nil && (v.record != nil || isRecord(v.typ) || v.typ.Kind == statement.NodeNone) {
		return r.storedRow(v, given.row)
	}
	if convert && v.record == nil {
		given = r.passed(given, v.typ, passedAssigned, "an assignment to "+v.name)
	}
	if v.record == nil {
		if v.value.covers(&given) {
			return false
		}
		first := v.value.constant() && len(v.value.refs) == 0 && !v.value.nullable
		v.value = either(v.value, given, !first)
		return true
	}
	made := given.made()
	for k := range v.record.fields {
		if f := &v.record.fields[k]; !f.value.covers(&made) {
			f.value, grew = f.value.union(made), true
		}
	}
	if !v.record.rest.covers(&made) {
		v.record.rest, grew = v.record.rest.union(made), true
	}
	if len(v.record.fields) == 0 && made.tainted() && !v.record.loose {
		v.record.loose, grew = true, true
	}
	return grew
}

// storedRow notes that a variable may hold a row.
func (r *resolver) storedRow(v *variable, row *entry) (grew bool) {
	r.fill(row)
	if v.record == row {
		return false
	}
	if v.record == nil {
		v.record = &entry{name: v.name, alias: true, fields: slices.Clone(row.fields), loose: row.loose, rest: row.rest}
		return true
	}
	r.fill(v.record)
	same := !row.loose && !v.record.loose && len(row.fields) == len(v.record.fields)
	if same && !v.fixed {
		for i := range row.fields {
			same = same && row.fields[i].name == v.record.fields[i].name && !row.fields[i].guess
		}
	}
	if same {
		for i := range row.fields {
			if f := &v.record.fields[i]; !f.value.covers(&row.fields[i].value) {
				// A variable that was declared holds NULLs until then.
				f.value, grew = either(f.value, row.fields[i].value, !f.value.constant() || f.value.nullable), true
			}
		}
		return grew
	}
	all := r.rowOf(row).made()
	all.row = nil
	if !v.record.loose {
		v.record.loose, grew = true, true
	}
	for k := range v.record.fields {
		if f := &v.record.fields[k]; !f.value.covers(&all) {
			f.value, grew = f.value.union(all), true
		}
	}
	if !v.record.rest.covers(&all) {
		v.record.rest, grew = v.record.rest.union(all), true
	}
	return grew
}
