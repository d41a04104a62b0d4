package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// The kinds of range table entry (RTEKind in nodes/parsenodes.h).
const (
	entryRelation  = 0
	entrySubquery  = 1
	entryJoin      = 2
	entryFunction  = 3
	entryTableFunc = 4
	entryValues    = 5
	entryCTE       = 6
	entryGroup     = 9 // since PostgreSQL 18
)

// ParseDefinition reads the tree of a view's rule, pg_rewrite.ev_action, as text.
// view is the view's own oid: up to PostgreSQL 15 its tree has entries for itself.
func ParseDefinition(view uint32, action string) (*Definition, error) {
	tree, err := parseTree(action)
	if err != nil {
		return nil, err
	}
	if len(tree.list) != 1 || tree.list[0].node == nil || tree.list[0].node.name != "QUERY" {
		return nil, errors.New("a view's rule is not one query")
	}
	a := &analysis{view: view, queries: map[*node][]source{}}
	query := tree.list[0].node
	targets := a.targets(query, nil)
	if targets == nil {
		return nil, fmt.Errorf("a view's query has no columns")
	}
	d := &Definition{}
	for i := range targets {
		t := &targets[i]
		d.Columns = append(d.Columns, Derivation{Copies: t.copies, Reads: t.reads, Tests: t.tests, Calls: t.calls, Chosen: t.chosen, Unknown: t.unknown})
	}
	a.all = true
	var all source
	a.everything(&all, tree, nil)
	if a.strange != "" {
		return nil, errors.New(a.strange)
	}
	a.finish(d, &all)
	return d, nil
}

// finish gives a definition all that was found.
func (a *analysis) finish(d *Definition, all *source) {
	d.Reads, d.Calls, d.Relations = all.reads, all.calls, a.relations
	d.Operators, d.Types, d.Writes = a.operators, a.types, a.writes
	d.Chosen = all.chosen
}

// ParseGenerated reads the expression of a generated column, pg_attrdef.adbin, as
// text, and gives the numbers of the columns that it reads.
func ParseGenerated(expression string) ([]int16, error) {
	tree, err := parseTree(expression)
	if err != nil {
		return nil, err
	}
	return columnsOf(tree), nil
}

// columnsOf gives the numbers of the columns that an expression reads.
func columnsOf(tree item) []int16 {
	numbers := []int16{}
	tree.each(func(n *node) {
		if n.name == "VAR" {
			if number := int16(n.integer("varattno")); !slices.Contains(numbers, number) {
				numbers = append(numbers, number)
			}
		}
	})
	return numbers
}

// each visits every node below.
func (v item) each(visit func(*node)) {
	for _, i := range v.list {
		i.each(visit)
	}
	if v.node == nil {
		return
	}
	visit(v.node)
	for _, f := range v.node.fields {
		for _, i := range f.values {
			i.each(visit)
		}
	}
}

// source is where a value comes from.
type source struct {
	copies  []ColumnRef
	reads   []ColumnRef
	tests   []ColumnRef
	calls   []uint32
	chosen  []ColumnRef
	unknown bool
}

func (s *source) read(r ColumnRef) {
	if !slices.Contains(s.reads, r) {
		s.reads = append(s.reads, r)
	}
}

func (s *source) test(r ColumnRef) {
	if !slices.Contains(s.tests, r) {
		s.tests = append(s.tests, r)
	}
}

func (s *source) call(oid uint32) {
	if oid != 0 && !slices.Contains(s.calls, oid) {
		s.calls = append(s.calls, oid)
	}
}

// derive adds o to what s is computed from.
func (s *source) derive(o source) {
	for _, r := range o.copies {
		s.read(r)
	}
	for _, r := range o.reads {
		s.read(r)
	}
	for _, r := range o.tests {
		s.test(r)
	}
	for _, c := range o.calls {
		s.call(c)
	}
	s.choose(o.chosen)
	s.unknown = s.unknown || o.unknown
}

// either adds o to what s may be.
func (s *source) either(o source) {
	for _, r := range o.copies {
		if !slices.Contains(s.copies, r) {
			s.copies = append(s.copies, r)
		}
	}
	o.copies = nil
	s.derive(o)
}

// scope is a query and those around it.
type scope struct {
	query *node
	outer *scope
}

func (s *scope) up(levels int64) *scope {
	for ; s != nil && levels > 0; levels-- {
		s = s.outer
	}
	return s
}

// analysis follows the columns of a tree to the relations' own.
type analysis struct {
	view      uint32
	relations []uint32
	operators []uint32
	types     []uint32
	writes    []Change
	queries   map[*node][]source // nil while it is being followed
	all       bool               // what is wanted is all that is read, not what is shown
	depth     int                // of the recursion
	steps     int
	strange   string // what no case here knows, "" for nothing
}

// Bounds for following one view. A tree that PostgreSQL made is far below; what
// is beyond is unknown.
const (
	maxDescent = 50_000
	maxSteps   = 5_000_000
)

// targets gives the sources of a query's columns, nil where it is inside itself.
func (a *analysis) targets(query *node, outer *scope) []source {
	if done, ok := a.queries[query]; ok {
		return done
	}
	a.queries[query] = nil
	sc := &scope{query: query, outer: outer}
	var columns []source
	for _, t := range query.nodes("targetList") {
		if junk, _ := t.get("resjunk"); junk.token == "true" {
			continue
		}
		expr, _ := t.get("expr")
		columns = append(columns, a.value(expr, sc))
	}
	if set := query.sub("setOperations"); set != nil {
		columns = a.arms(columns, set, sc)
	}
	a.queries[query] = columns
	return columns
}

// arms gives the sources of a set operation's columns: those of all arms.
func (a *analysis) arms(columns []source, set *node, sc *scope) []source {
	merged := make([]source, len(columns))
	item{node: set}.each(func(n *node) {
		if n.name != "RANGETBLREF" {
			return
		}
		for i := range merged {
			merged[i].either(a.variable(n.integer("rtindex"), int64(i)+1, sc))
		}
	})
	return merged
}

// value gives the source of an expression: a copy where it only passes a
// column's value on.
func (a *analysis) value(v item, sc *scope) source {
	if n := v.node; n != nil {
		switch n.name {
		case "VAR":
			return a.variable(n.integer("varno"), n.integer("varattno"), sc.up(n.integer("varlevelsup")))
		case "RELABELTYPE", "COLLATEEXPR":
			arg, _ := n.get("arg")
			return a.value(arg, sc)
		}
	}
	var s source
	a.everything(&s, v, sc)
	return s
}

// variable gives the source of a column of a range table entry.
func (a *analysis) variable(entry, column int64, sc *scope) source {
	unknown := source{unknown: true}
	a.steps++
	a.depth++
	defer func() { a.depth-- }()
	if sc == nil {
		a.stranger("a variable of a query that is not there")
		return unknown
	}
	if a.tired() {
		return unknown
	}
	table := sc.query.nodes("rtable")
	if entry < 1 || entry > int64(len(table)) {
		a.stranger("a variable of a range table entry that is not there")
		return unknown
	}
	e := table[entry-1]
	if kind := e.integer("rtekind"); kind == entryRelation {
		relation := uint32(e.integer("relid"))
		switch {
		case column < 0: // tableoid, ctid and the like
			return source{}
		case column == 0:
			return source{reads: []ColumnRef{{Relation: relation}}}
		}
		return source{copies: []ColumnRef{{Relation: relation, Column: int16(column)}}}
	}
	if column == 0 {
		return a.wholeRow(e, sc)
	}
	return a.computed(e, column, sc)
}

// computed gives the source of a column of an entry that is no relation.
func (a *analysis) computed(e *node, column int64, sc *scope) source {
	var s source
	switch e.integer("rtekind") {
	case entrySubquery:
		if q := e.sub("subquery"); q != nil {
			return nth(a.targets(q, sc), column)
		}
	case entryCTE:
		if q, at := a.cte(e, sc); q != nil {
			return nth(a.targets(q, at), column)
		}
	case entryJoin:
		return a.listed(e, "joinaliasvars", column, sc)
	case entryGroup:
		return a.listed(e, "groupexprs", column, sc)
	case entryFunction:
		v, _ := e.get("functions")
		a.everything(&s, v, sc)
		return s
	case entryTableFunc:
		v, _ := e.get("tablefunc")
		a.everything(&s, v, sc)
		return s
	case entryValues:
		rows, _ := e.get("values_lists")
		for _, row := range rows.list {
			if column > int64(len(row.list)) {
				return source{unknown: true}
			}
			s.either(a.value(row.list[column-1], sc))
		}
		return s
	}
	a.stranger(fmt.Sprintf("a range table entry of kind %d", e.integer("rtekind")))
	return source{unknown: true}
}

// stranger notes what ends the following: something new may read what is not
// listed as read.
func (a *analysis) stranger(what string) {
	if a.strange == "" {
		a.strange = "its query has " + what
	}
}

// tired says whether the bounds are reached.
func (a *analysis) tired() bool {
	if a.steps > maxSteps || a.depth > maxDescent {
		a.stranger("too much to follow")
		return true
	}
	return false
}

func nth(columns []source, n int64) source {
	if n < 1 || n > int64(len(columns)) {
		return source{unknown: true}
	}
	return columns[n-1]
}

func (a *analysis) listed(e *node, field string, column int64, sc *scope) source {
	v, _ := e.get(field)
	if column < 1 || column > int64(len(v.list)) {
		return source{unknown: true}
	}
	return a.value(v.list[column-1], sc)
}

// wholeRow gives what the whole row of an entry that is no relation is made of.
func (a *analysis) wholeRow(e *node, sc *scope) source {
	var s source
	switch e.integer("rtekind") {
	case entrySubquery:
		if q := e.sub("subquery"); q != nil {
			for _, c := range a.targets(q, sc) {
				s.derive(c)
			}
			s.unknown = s.unknown || a.queries[q] == nil
			return s
		}
	case entryCTE:
		if q, at := a.cte(e, sc); q != nil {
			for _, c := range a.targets(q, at) {
				s.derive(c)
			}
			s.unknown = s.unknown || a.queries[q] == nil
			return s
		}
	case entryFunction, entryTableFunc, entryValues:
		for _, field := range []string{"functions", "tablefunc", "values_lists"} {
			if v, ok := e.get(field); ok {
				a.everything(&s, v, sc)
			}
		}
		return s
	case entryJoin:
		v, _ := e.get("joinaliasvars")
		for _, column := range v.list {
			s.derive(a.value(column, sc))
		}
		return s
	}
	a.stranger(fmt.Sprintf("the whole row of a range table entry of kind %d", e.integer("rtekind")))
	return source{unknown: true}
}

// cte finds the query of a common table expression and the scope around it.
func (a *analysis) cte(e *node, sc *scope) (*node, *scope) {
	name, ok := e.get("ctename")
	at := sc.up(e.integer("ctelevelsup"))
	if !ok || at == nil {
		return nil, nil
	}
	for _, c := range at.query.nodes("cteList") {
		if have, ok := c.get("ctename"); ok && have.token == name.token {
			return c.sub("ctequery"), at
		}
	}
	return nil, nil
}

// everything adds to s all that a part of the tree reads and calls, conditions
// and subqueries included.
func (a *analysis) everything(s *source, v item, sc *scope) {
	for _, i := range v.list {
		a.everything(s, i, sc)
	}
	n := v.node
	if n == nil {
		return
	}
	a.steps++
	a.depth++
	defer func() { a.depth-- }()
	if a.tired() {
		s.unknown = true
		return
	}
	switch n.name {
	case "VAR":
		s.derive(a.variable(n.integer("varno"), n.integer("varattno"), sc.up(n.integer("varlevelsup"))))
		return
	case "AGGREF", "NULLTEST":
		if a.countsOrTests(s, n, sc) {
			return
		}
	case "WINDOWFUNC":
		a.over(s, n, sc)
	case "QUERY":
		sc = &scope{query: n, outer: sc}
		a.change(n)
	case "RANGETBLENTRY", "RTE":
		a.entry(n)
	case "COERCETODOMAIN", "COERCEVIAIO", "CONVERTROWTYPEEXPR", "ARRAYCOERCEEXPR", "RELABELTYPE", "ROWEXPR":
		for _, field := range []string{"resulttype", "row_typeid"} {
			if t := uint32(n.integer(field)); t >= FirstUser && !slices.Contains(a.types, t) {
				a.types = append(a.types, t)
			}
		}
	}
	for _, field := range []string{"funcid", "opfuncid", "aggfnoid", "winfnoid", "tsmhandler", "startInRangeFunc", "endInRangeFunc"} {
		s.call(uint32(n.integer(field)))
	}
	for _, field := range []string{"opno", "sortop", "eqop", "cycle_mark_neop"} {
		a.operator(n.integer(field))
	}
	if list, ok := n.get("opnos"); ok {
		for _, i := range list.list { // of "(o 1 2)"
			if oid, err := strconv.ParseInt(i.token, 10, 64); err == nil {
				a.operator(oid)
			}
		}
	}
	var by source
	for _, f := range n.fields {
		if f.name == "joinaliasvars" || f.name == "groupexprs" {
			continue // all columns that a join has: read only where a variable names them
		}
		into := s
		if chooses(n.name, f.name) {
			into = &by
		}
		for _, i := range f.values {
			a.everything(into, i, sc)
		}
	}
	s.derive(by)
	s.choose(by.reads)
	s.choose(by.tests)
}

// operator notes an operator that is not PostgreSQL's own.
func (a *analysis) operator(oid int64) {
	if o := uint32(oid); oid >= FirstUser && !slices.Contains(a.operators, o) {
		a.operators = append(a.operators, o)
	}
}

// entry notes a relation that the query names.
func (a *analysis) entry(n *node) {
	relation := uint32(n.integer("relid"))
	if relation == 0 || relation == a.view || slices.Contains(a.relations, relation) {
		return
	}
	a.relations = append(a.relations, relation)
}
