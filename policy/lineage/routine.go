package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// argument is one of a call.
type argument struct {
	value
	name   string // of the parameter, where it is given by name
	spread bool   // stands behind VARIADIC: an array of the others
}

// frame is a function's body that is being followed.
type frame struct {
	function  *catalog.Function
	routine   *statement.Node
	arguments []value // of the parameters that $1 and so on mean
	reads     bool    // its result depends on rows
	variables []*variable
	results   []*entry // what it returns, in PL/pgSQL
	decided   value    // by what the body goes one way or another
	grew      bool
}

// outcome is what a call gives.
type outcome struct {
	*entry
	scalar bool // one value, in the first field: no row
	// blurred: nothing is known but what it is made of, which is in rest.
	blurred bool
}

// value gives what a call is in an expression.
func (r *resolver) outcomeValue(o *outcome) value {
	switch {
	case o == nil:
		return value{other: true}
	case o.blurred:
		return o.rest
	case o.scalar:
		return o.fields[0].value
	}
	return r.rowOf(o.entry)
}

func blurred(v value) *outcome {
	v.row, v.refs, v.other = nil, nil, true
	return &outcome{entry: &entry{loose: true, rest: v}, blurred: true}
}

// either gives what may be either.
func (r *resolver) either(a, b *outcome) *outcome {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.blurred || b.blurred || a.scalar != b.scalar || a.loose || b.loose || len(a.fields) != len(b.fields):
		return blurred(r.outcomeValue(a).union(r.outcomeValue(b)).made())
	}
	both := &outcome{entry: &entry{fields: slices.Clone(a.fields)}, scalar: a.scalar}
	for i := range both.fields {
		both.fields[i].value = both.fields[i].value.union(b.fields[i].value)
		both.fields[i].guess = both.fields[i].guess || b.fields[i].guess || b.fields[i].name != both.fields[i].name
	}
	return both
}

// own gives the result of a call that may be of functions outside pg_catalog, where
// what is inside them matters: where it reads masked columns, or gets their values.
// It is nil for others.
func (r *resolver) own(schema, name string, args []argument) *outcome {
	var all value
	for i := range args {
		all = all.union(args[i].made())
	}
	all.row = nil
	if r.failed || r.builtIn(schema, name, len(args)) {
		return nil
	}
	var meant []*catalog.Function
	needed := all.tainted()
	for _, f := range r.snapshot.Functions(schema, name) {
		if f.Accepts(len(args)) {
			meant = append(meant, f)
			needed = needed || r.userFunction(f) != ""
		}
	}
	if len(meant) == 0 || !needed {
		return nil
	}
	var out *outcome
	for _, f := range meant {
		out = r.either(out, r.of(f, args, all))
		if r.failed {
			return blurred(all)
		}
	}
	if (schema == "" || schema == "pg_catalog") && r.snapshot.BuiltIn(name) {
		out = r.either(out, blurred(r.native(name, all)))
	}
	return out
}

// of gives the result of one function. all is what its arguments are made of.
func (r *resolver) of(f *catalog.Function, args []argument, all value) *outcome {
	reads := r.userFunction(f)
	switch {
	case !all.tainted() && reads == "":
		return blurred(value{})
	case r.trusts(f):
		all.nullable = all.tainted()
		return blurred(all)
	case f.Extension != "" && f.Volatility == 'i' && f.Kind == 'f' && f.Body == nil && reads == "" && extensionFunction(f) == "":
		r.require(all, Allow, "the argument of "+f.Name+"()")
		all.nullable = true
		return blurred(all)
	}
	if f.Kind == 'a' && !r.env.Redefines {
		return r.aggregated(f, all)
	}
	why := r.inside(f, nil)
	switch {
	case all.tainted() && (r.env.lasting || r.keepsQuery()):
		why = "may be another one when this runs again: a cursor and a view call the function that there is by then"
	case r.env.Redefines:
		why = redefined
	case why == "" && len(r.frames) >= deepest:
		why = "leads through too many others"
	}
	if why != "" {
		r.unfollowed(f, why, all)
		return blurred(all)
	}
	return r.followed(f, args)
}

// unfollowed refuses a call of a function that is not followed.
func (r *resolver) unfollowed(f *catalog.Function, why string, v value) {
	construct := "the argument of " + f.Name + "()"
	if !v.tainted() {
		construct = "a call of " + f.Name + "()"
	}
	c := r.nearest(v)
	if r.failed || c == nil {
		return
	}
	r.stop(r.refuse(construct, c.name, c.rule, fmt.Sprintf("column %s is masked and cannot be used in %s", c.name, construct),
		fmt.Sprintf("Mask %s hides it, and what %s() makes of it is not followed: it %s.", c.rule, f.Qualified(), why), directly(c)+" "+wantsTrust(f)))
}

// wantsTrust says what to write into the policy for a function that is not followed.
func wantsTrust(f *catalog.Function) string {
	return fmt.Sprintf("Whoever writes the policy can let it run, with its result redacted: trustedFunctions: [%s].", f.Qualified())
}

// followed gives the result of a function through its body.
func (r *resolver) followed(f *catalog.Function, args []argument) *outcome {
	fr := &frame{function: f, routine: f.Body.Routine, reads: f.Body.Routine.Has(statement.FlagSet) || readsRows(f.Body.Routine)}
	bound, ok := r.bound(fr, args)
	if !ok { // PostgreSQL takes another function, or none
		return nil
	}
	r.frames = append(r.frames, fr)
	defer func() { r.frames = r.frames[:len(r.frames)-1] }()
	if fr.routine.Name(0) == "plpgsql" {
		r.interpret(fr, bound, nil)
	} else {
		r.executed(fr, bound)
	}
	out := r.returned(fr)
	r.strict(fr, bound, out)
	return out
}

// readsRows says whether an item of FROM stands in a tree.
func readsRows(n *statement.Node) bool {
	return n.Kind == statement.NodeRelation || n.Kind == statement.NodeFunction || slices.ContainsFunc(n.Nodes, func(part statement.Node) bool { return readsRows(&part) })
}

// formal is a parameter with what it gets.
type formal struct {
	name  string
	mode  string
	typ   *statement.Node
	value value
}

func (p *formal) isInput() bool { return p.mode == "i" || p.mode == "b" || p.mode == "v" }

func (p *formal) isOutput() bool { return p.mode == "o" || p.mode == "b" || p.mode == "t" }

// bound gives the parameters of a function with their values. ok is false where the
// call cannot be of this function.
func (r *resolver) bound(fr *frame, args []argument) (all []formal, ok bool) {
	given := fr.routine.List(0)
	all = make([]formal, len(given))
	taken := make([]bool, len(given))
	var inputs []int
	for i := range given {
		all[i] = formal{name: given[i].Name(0), mode: given[i].Name(1), typ: given[i].Node(0)}
		if all[i].isInput() || fr.function.Kind == 'p' {
			inputs = append(inputs, i)
		}
	}
	for at, a := range args {
		i := -1
		switch {
		case a.name != "":
			i = slices.IndexFunc(all, func(p formal) bool { return p.name == a.name && (p.isInput() || fr.function.Kind == 'p') })
		case at < len(inputs):
			i = inputs[at]
		case len(inputs) > 0 && all[inputs[len(inputs)-1]].mode == "v":
			i = inputs[len(inputs)-1]
		}
		if i < 0 {
			return nil, false
		}
		v := a.value
		if all[i].mode == "v" && !a.spread {
			v = v.made()
			v = v.union(all[i].value) // an array of all
		} else {
			v = r.passed(v, all[i].typ, passedArgument, "the argument of "+fr.function.Name+"()")
		}
		all[i].value, taken[i] = v, true
	}
	for _, i := range inputs {
		if !taken[i] {
			all[i].value = r.eval(given[i].Node(1), &scope{})
		}
	}
	for i := range all {
		if all[i].isInput() || fr.routine.Name(0) == "plpgsql" { // which counts the others, too
			fr.arguments = append(fr.arguments, all[i].value)
		}
	}
	return all, true
}

// executed follows the statements of a body in SQL. The last one's rows are the
// result. Names of columns go before those of parameters.
func (r *resolver) executed(fr *frame, bound []formal) {
	own := &entry{name: fr.function.Name, alias: true}
	sc := &scope{frame: fr, items: visible(own)}
	for i := range bound {
		p := &bound[i]
		if !p.isInput() {
			continue
		}
		if row := r.rowParameter(p); row != nil {
			p.value = r.rowOf(row)
			sc.items = append(sc.items, item{entry: row, named: true})
		}
		if p.name != "" {
			own.fields = append(own.fields, field{name: p.name, value: p.value})
		}
	}
	steps := fr.routine.List(2)
	for i := range steps {
		e := r.query(steps[i].Node(0), sc.inner())
		r.fill(e)
		if steps[i].Kind == statement.NodeResult {
			fr.results = append(fr.results, e)
		}
	}
}

// rowParameter gives the row that a parameter holds, nil for none.
func (r *resolver) rowParameter(p *formal) *entry {
	rel, several := r.rowType(p.typ)
	if p.value.row == nil && rel == nil && !several {
		return nil
	}
	v := &variable{name: p.name, typ: p.typ}
	r.shaped(v)
	r.keep(v, p.value, false)
	if v.record != nil {
		v.record.name = p.name
	}
	return v.record
}

// returned gives a function's result from the rows that its body gives.
func (r *resolver) returned(fr *frame) *outcome {
	var names []string
	var types []*statement.Node
	given, typ := fr.routine.List(0), fr.routine.Node(1)
	for i := range given {
		if p := (formal{mode: given[i].Name(1)}); p.isOutput() {
			names = append(names, given[i].Name(0))
			types = append(types, given[i].Node(0))
		}
	}
	rel, several := r.rowType(typ)
	out := &outcome{entry: &entry{}}
	switch {
	case len(names) == 1:
		out.scalar = true
	case len(names) > 1:
	case isRecord(typ) || several:
		return r.record(fr)
	case rel != nil:
		for i := range rel.Columns {
			names = append(names, rel.Columns[i].Name)
			types = append(types, nil)
		}
	case typ.Name(1) == "void":
		out.scalar, out.fields = true, []field{{}}
		return out
	default:
		names, types, out.scalar = []string{""}, []*statement.Node{typ}, true
	}
	values := make([]value, len(names))
	for k, e := range fr.results {
		for i, v := range r.positions(e, len(names), out.scalar) {
			values[i] = either(values[i], v, k > 0)
		}
	}
	mode := passedResult
	if fr.routine.Name(0) == "plpgsql" {
		mode = passedAssigned
		for i, name := range names {
			v := fr.variable(name)
			if v == nil || rel != nil || name == "" {
				continue
			}
			if whole := v.whole(r); whole.tainted() || whole.other {
				values[i] = either(values[i], whole, values[i].tainted() || values[i].other)
			}
		}
	}
	for i := range values {
		v := values[i]
		switch {
		case types[i] != nil:
			v = r.passed(v, types[i], mode, "the result of "+fr.function.Name+"()")
		case v.tainted() && r.wire(v.typeOID) != r.wire(rel.Columns[i].Type):
			v = r.passed(v, r.typeOf(rel.Columns[i].Type), mode, "the result of "+fr.function.Name+"()")
		}
		v = fr.chosen(v)
		v.refs = nil
		v.other = v.other || fr.reads
		out.fields = append(out.fields, field{name: names[i], value: v})
	}
	return out
}

// chosen gives a value of the result as one that the body's conditions choose. What
// they may ask is no secret, as of a CASE.
func (fr *frame) chosen(v value) value {
	if fr.decided.tainted() {
		v.other = true
		v.nullable = v.nullable || v.tainted()
	}
	return v
}

// record gives the result of a function whose columns only its body tells.
func (r *resolver) record(fr *frame) *outcome {
	var out *outcome
	for _, e := range fr.results {
		r.fill(e)
		if len(e.fields) == 1 && !e.loose && e.fields[0].value.row != nil {
			e = e.fields[0].value.row
			r.fill(e)
		}
		one := &outcome{entry: &entry{fields: slices.Clone(e.fields), loose: e.loose, rest: e.rest}}
		if e.loose {
			one = blurred(r.rowOf(e).made())
		}
		for i := range one.fields {
			f := &one.fields[i]
			f.value = fr.chosen(f.value)
			f.value.refs, f.value.other = nil, true
		}
		one.rest = fr.chosen(one.rest)
		out = r.either(out, one)
	}
	if out == nil {
		return blurred(value{})
	}
	return out
}

// positions gives the values of a result's columns as so many.
func (r *resolver) positions(e *entry, n int, scalar bool) []value {
	r.fill(e)
	values := make([]value, n)
	if !e.loose && len(e.fields) == 1 && !scalar && e.fields[0].value.row != nil {
		row := e.fields[0].value.row
		if r.fill(row); !row.loose && len(row.fields) == n {
			e = row
		}
	}
	if len(e.fields) == 0 && !e.loose { // a statement without rows
		return values
	}
	if !e.loose && len(e.fields) == n {
		for i := range values {
			values[i] = e.fields[i].value
		}
		return values
	}
	all := r.rowOf(e).made()
	for i := range values {
		values[i] = all
	}
	return values
}

// strict says of a STRICT function that its result is NULL, or has no rows, where an
// argument is NULL.
func (r *resolver) strict(fr *frame, bound []formal, out *outcome) {
	if !fr.routine.Has(statement.FlagStrict) || out == nil {
		return
	}
	for i := range bound {
		v := bound[i].value
		if !bound[i].isInput() || !v.tainted() {
			continue
		}
		if fr.routine.Has(statement.FlagSet) {
			r.require(v, Equality, "the argument of "+fr.function.Name+"()")
			continue
		}
		for k := range out.fields {
			f := &out.fields[k].value
			known := true
			v.columns(func(c *column) bool {
				known = slices.Contains(f.copies, c) || slices.Contains(f.derived, c)
				return known
			})
			if !known {
				*f = f.union(v).made()
			}
		}
		out.rest = out.rest.union(v.made())
	}
}
