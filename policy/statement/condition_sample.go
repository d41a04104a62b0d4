package statement

import (
	"hash/fnv"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// What a condition lets through can be told by trying: sampler evaluates one for rows
// whose columns have unlikely values, those that the condition compares with, and what
// lies beside them. A condition that is true for every such row chooses none. Where a
// function or an operator is not known, its result is taken to be anything, but the
// same thing each time.

// maxSamples bounds the rows that are tried. What was true for as many, whatever the
// columns that are varied first, counts as always true.
const maxSamples = 2000

// scattered is how many rows are tried that have nothing of one another.
const scattered = 32

// maxSteps bounds the expressions that are evaluated for them, and maxStepsOfText those of
// all conditions of a text: what is not decided by then counts as always true.
const (
	maxSteps       = 50_000
	maxStepsOfText = 500_000
)

// sampler evaluates a condition for one row after another.
type sampler struct {
	*judgement
	numbers []float64 // the constants of the condition
	texts   []string
	choices []choice                     // of this row, in the order in which they were asked for
	at      map[string]int               // where a choice stands
	draw    func(key string, of int) int // gives the place of a new choice's value, nil for the first
	worded  map[string]bool              // columns that are compared with texts that are no truth values
	params  bool                         // the condition has parameters,
	param   float64                      // which have this value
	assume  bool                         // columns are not NULL
	asked   []string                     // columns of which it was asked whether they are
	asText  bool                         // columns are looked at as texts,
	as      TypeKind                     // which are those of such a type, "" for any text
	typed   []string                     // columns that were taken for such
	// What is kept of the condition: patterns that were tried, and conditions of elements.
	patterns map[string]bool
	elements map[*pg_query.A_Expr][]*pg_query.Node
	depth    int
	steps    int
	most     int                       // how many steps there may be
	written  map[*pg_query.Node]string // what has been written as a key, "" where it is not of the row
	kinds    map[*pg_query.Node]sampleKind
}

// choice is what varies from row to row: a column, or the result of something that is
// not evaluated.
type choice struct {
	key    string
	values []sample
	taken  int
}

// sampled says whether a condition that seems to depend on the row is true for every
// row, or what must be so of its columns for that.
func (c *judgement) sampled(where *pg_query.Node) (always bool, given *Given) {
	if c.selective(where) {
		return false, nil
	}
	if c.spent == nil {
		c.spent = new(int)
	}
	s := &sampler{judgement: c, most: min(maxSteps, maxStepsOfText-*c.spent), written: map[*pg_query.Node]string{}, kinds: map[*pg_query.Node]sampleKind{}}
	defer func() { *c.spent += s.steps }()
	s.collect(where.ProtoReflect(), 0)
	if s.holds(where) {
		return true, nil
	}
	if len(s.asked) > 0 {
		s.assume, s.asked = true, nil
		if s.holds(where) {
			return false, &Given{NotNull: s.asked}
		}
	}
	if !s.asText {
		return false, nil
	}
	s.assume = true
	for _, s.as = range typeKinds() {
		if s.asked, s.typed = nil, nil; !s.holds(where) || len(s.typed) == 0 || s.steps > s.most {
			continue
		}
		if given == nil {
			given = &Given{}
		}
		given.NotNull, given.Typed = s.asked, s.typed
		given.As = append(given.As, s.as)
	}
	return false, given
}

// selective knows the usual conditions by their form, so that they cost nothing.
func (c *judgement) selective(n *pg_query.Node) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_BoolExpr:
		switch v.BoolExpr.Boolop {
		case pg_query.BoolExprType_AND_EXPR:
			return slices.ContainsFunc(v.BoolExpr.Args, c.selective)
		case pg_query.BoolExprType_OR_EXPR:
			texts := map[string]bool{}
			return !slices.ContainsFunc(v.BoolExpr.Args, func(arm *pg_query.Node) bool { return !c.selectsFew(arm, texts) })
		}
	case *pg_query.Node_ColumnRef:
		return c.isOfRow(v.ColumnRef, c.inside)
	case *pg_query.Node_CurrentOfExpr:
		return true
	case *pg_query.Node_NullTest:
		return v.NullTest.Nulltesttype == pg_query.NullTestType_IS_NULL && v.NullTest.Arg.GetColumnRef() != nil && c.judge(n) == dependsOnRow
	case *pg_query.Node_AExpr:
		return c.selectsFew(n, map[string]bool{})
	}
	return false
}

// selectsFew says whether a condition compares a column of the row with constants for
// equality. Two texts may be both values that the column can have: texts has the
// columns that one was compared with.
func (c *judgement) selectsFew(n *pg_query.Node, texts map[string]bool) bool {
	e := n.GetAExpr()
	if e == nil {
		return false
	}
	column, other := equality(e)
	if column == nil || !c.isOfRow(column, c.inside) || e.Kind == pg_query.A_Expr_Kind_AEXPR_OP_ANY && uncast(other).GetParamRef() == nil || c.judge(n) != dependsOnRow {
		return false
	}
	list := other.GetList().GetItems()
	if list == nil {
		list = []*pg_query.Node{other}
	}
	name := c.key(&pg_query.Node{Node: &pg_query.Node_ColumnRef{ColumnRef: column}})
	for _, item := range list {
		switch c.constants.kind(constantIn(item)) {
		case booleanConstant, stringConstant:
			if texts[name] {
				return false
			}
			texts[name] = true
		}
	}
	return true
}

// collect takes the constants of a condition.
func (s *sampler) collect(m protoreflect.Message, depth int) {
	switch v := m.Interface().(type) {
	case *pg_query.A_Const:
		switch got := s.constants.value(v); got.kind {
		case integerConstant, numericConstant:
			if n, ok := parsed(got.text); ok && len(s.numbers) < 24 {
				s.numbers = append(s.numbers, n)
			}
		case stringConstant:
			if len(s.texts) < 24 {
				s.texts = append(s.texts, abridged(got.text))
			}
			if n, ok := parsed(got.text); ok && len(s.numbers) < 24 {
				s.numbers = append(s.numbers, n)
			}
		}
		return
	case *pg_query.A_Expr:
		s.word(v)
	case *pg_query.ParamRef:
		s.params = true
		return
	case *pg_query.TypeName:
		return
	}
	if depth > 200 {
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.MessageKind:
		case field.IsList():
			for i := range value.List().Len() {
				s.collect(value.List().Get(i).Message(), depth+1)
			}
		default:
			s.collect(value.Message(), depth+1)
		}
		return true
	})
}

// word notes a column that is compared with a text that no boolean can be compared with.
func (s *sampler) word(e *pg_query.A_Expr) {
	column := bareOrLast(e.Lexpr)
	if column == "" || e.Kind != pg_query.A_Expr_Kind_AEXPR_OP && e.Kind != pg_query.A_Expr_Kind_AEXPR_IN {
		return
	}
	items := e.Rexpr.GetList().GetItems()
	if items == nil {
		items = []*pg_query.Node{e.Rexpr}
	}
	for _, item := range items {
		v := item.GetAConst()
		if v != nil && s.constants.kind(v) == stringConstant && s.constants.truth(v) == unknownConstant {
			if s.worded == nil {
				s.worded = map[string]bool{}
			}
			s.worded[column] = true
		}
	}
}

// holds says whether the condition is true for all rows that are tried, by some value
// of its parameters.
func (s *sampler) holds(where *pg_query.Node) bool {
	for _, s.param = range []float64{0, 1} {
		if s.holdsFor(where) {
			return true
		}
		if !s.params {
			break
		}
	}
	return false
}

func (s *sampler) holdsFor(where *pg_query.Node) bool {
	// Rows one after another differ in what is asked for last. First come some that differ
	// in all: alike in their columns, and at random.
	for row := range scattered {
		s.choices, s.at = nil, map[string]int{}
		s.draw = func(key string, of int) int {
			if row < scattered/2 {
				return row % of
			}
			h := fnv.New32a()
			_, _ = h.Write([]byte{byte(row)})
			_, _ = h.Write([]byte(key))
			return int(h.Sum32()>>8) % of
		}
		if s.spares(where) {
			return false
		}
		if len(s.choices) < 2 {
			break // those after one another are all
		}
	}
	s.choices, s.at, s.draw = nil, map[string]int{}, nil
	for range maxSamples {
		if s.spares(where) {
			return false
		}
		if s.steps > s.most || !s.next() {
			return true
		}
	}
	return true
}

// spares says whether the condition is not true for the row at hand.
func (s *sampler) spares(where *pg_query.Node) bool {
	got := s.value(where, ofTruth)
	return s.steps <= s.most && got.kind != ofAnything && !got.isTrue()
}

// next goes on to the next row: the choice that was made last takes its next value,
// and those after it are made anew.
func (s *sampler) next() bool {
	for len(s.choices) > 0 {
		last := &s.choices[len(s.choices)-1]
		if last.taken++; last.taken < len(last.values) {
			return true
		}
		delete(s.at, last.key)
		s.choices = s.choices[:len(s.choices)-1]
	}
	return false
}

// value evaluates an expression, where a value of a kind is asked for.
func (s *sampler) value(n *pg_query.Node, kind sampleKind) sample {
	if s.depth > 300 || s.steps > s.most {
		return sample{kind: ofAnything}
	}
	s.steps++
	s.depth++
	defer func() { s.depth-- }()
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		return s.constant(v.AConst, kind)
	case *pg_query.Node_ParamRef:
		switch kind {
		case ofTruth:
			return truly(true)
		case ofText:
			return text("weir parameter")
		}
		return number(s.param)
	case *pg_query.Node_ColumnRef:
		if meant := s.resolve(n); meant != n {
			return s.value(meant, kind)
		}
		if !s.isOfRow(v.ColumnRef, s.inside) {
			return sample{kind: ofAnything}
		}
		return s.unknown(n, kind)
	case *pg_query.Node_TypeCast:
		if t := kindOfType(v.TypeCast.TypeName); t != ofAnything {
			if t == ofNumber && v.TypeCast.Arg.GetColumnRef() != nil {
				s.asText = true // it may be a truth value
			}
			return s.converted(v.TypeCast.Arg, t).as(t)
		}
		if v.TypeCast.Arg.GetAConst() != nil {
			return s.value(v.TypeCast.Arg, kind)
		}
	case *pg_query.Node_CollateClause:
		return s.value(v.CollateClause.Arg, ofText)
	case *pg_query.Node_BoolExpr:
		return s.logic(v.BoolExpr)
	case *pg_query.Node_NullTest:
		return truly(s.null(v.NullTest.Arg) == (v.NullTest.Nulltesttype == pg_query.NullTestType_IS_NULL))
	case *pg_query.Node_BooleanTest:
		return s.tested(v.BooleanTest)
	case *pg_query.Node_CaseExpr:
		return s.chosen(v.CaseExpr, kind)
	case *pg_query.Node_CoalesceExpr:
		for _, arg := range v.CoalesceExpr.Args {
			if got := s.value(arg, s.kindAmong(v.CoalesceExpr.Args, kind)); got.kind != ofNull {
				return got
			}
		}
		return sample{}
	case *pg_query.Node_AIndirection:
		if element := s.element(v.AIndirection); element != nil {
			return s.value(element, kind)
		}
	case *pg_query.Node_MinMaxExpr:
		return s.extremum(v.MinMaxExpr, kind)
	case *pg_query.Node_AExpr:
		return s.operation(n, v.AExpr, kind)
	case *pg_query.Node_FuncCall:
		return s.call(n, v.FuncCall, kind)
	case *pg_query.Node_SubLink:
		if inner := unwrapped(n); inner != n {
			return s.value(inner, kind)
		}
		if got, ok := s.ofItself(v.SubLink, kind); ok {
			return got
		}
		if kind == ofTruth {
			switch s.judge(n) {
			case alwaysTrue, unknownConstant:
				return truly(true)
			case alwaysFalse:
				return truly(false)
			}
		}
	}
	return s.unknown(n, kind)
}

// converted is value of what is cast or joined with texts, which may be a whole row.
func (s *sampler) converted(n *pg_query.Node, kind sampleKind) sample {
	if r := n.GetColumnRef(); kind == ofText && len(r.GetFields()) == 1 && bareOrLast(n) == refname(s.target) && s.isOfRow(r, s.inside) {
		return text("(1,weir)")
	}
	return s.value(n, kind)
}

// logic is AND, OR and NOT of three values.
func (s *sampler) logic(b *pg_query.BoolExpr) sample {
	if b.Boolop == pg_query.BoolExprType_NOT_EXPR {
		got := s.value(b.Args[0], ofTruth)
		switch got.kind {
		case ofNull:
			return got
		case ofAnything:
			return truly(true)
		}
		return truly(!got.isTrue())
	}
	or, result := b.Boolop == pg_query.BoolExprType_OR_EXPR, sample{}
	known := true
	for _, arg := range b.Args {
		got := s.value(arg, ofTruth)
		if got.kind == ofAnything {
			got = truly(true)
		}
		if got.kind == ofNull {
			known = false
			continue
		}
		if result = truly(got.isTrue()); result.truth == or {
			return result
		}
	}
	if !known {
		return sample{}
	}
	return result
}

func (s *sampler) tested(t *pg_query.BooleanTest) sample {
	got := s.value(t.Arg, ofTruth)
	null, yes := got.kind == ofNull, got.isTrue()
	switch t.Booltesttype {
	case pg_query.BoolTestType_IS_TRUE:
		return truly(yes)
	case pg_query.BoolTestType_IS_NOT_TRUE:
		return truly(!yes)
	case pg_query.BoolTestType_IS_FALSE:
		return truly(!null && !yes)
	case pg_query.BoolTestType_IS_NOT_FALSE:
		return truly(null || yes)
	case pg_query.BoolTestType_IS_UNKNOWN:
		return truly(s.null(t.Arg))
	}
	return truly(!s.null(t.Arg))
}

func (s *sampler) chosen(e *pg_query.CaseExpr, kind sampleKind) sample {
	for _, n := range e.Args {
		when := n.GetCaseWhen()
		var holds sample
		if e.Arg != nil {
			holds = s.compare("=", e.Arg, when.GetExpr())
		} else {
			holds = s.value(when.GetExpr(), ofTruth)
		}
		if holds.kind == ofAnything || holds.isTrue() {
			return s.value(when.GetResult(), kind)
		}
	}
	if e.Defresult == nil {
		return sample{}
	}
	return s.value(e.Defresult, kind)
}

func (s *sampler) extremum(e *pg_query.MinMaxExpr, kind sampleKind) sample {
	var best sample
	kind = s.kindAmong(e.Args, kind)
	for _, arg := range e.Args {
		got := s.value(arg, kind)
		if got.kind == ofAnything {
			return s.unknown(&pg_query.Node{Node: &pg_query.Node_MinMaxExpr{MinMaxExpr: e}}, kind)
		}
		if got.kind == ofNull {
			continue
		}
		order, ok := got.order(best)
		if best.kind == ofNull || ok && (order > 0) == (e.Op == pg_query.MinMaxOp_IS_GREATEST) {
			best = got
		}
	}
	return best
}
