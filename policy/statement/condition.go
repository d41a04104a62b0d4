package statement

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// conditionOf says whether a WHERE limits which rows of the target are touched.
// It errs towards WhereConstant: a condition counts as present only where the
// target's own columns decide, and not through a form that is always true.
//
// from is what else the statement reads beside the target, with its CTEs. Correlated
// and Given of what it gives are for a catalog to say more, see Write.
func (w *walker) conditionOf(where *pg_query.Node, target *pg_query.RangeVar, from []*pg_query.Node, with *pg_query.WithClause) (found Write) {
	found = w.conditionAmong(where, target, from, nil, with)
	if found.Where == WherePresent && w.throughAll(where, target, from, with) {
		return Write{Where: WhereConstant}
	}
	return found
}

// conditionAmong is conditionOf with the queries of loops around.
func (w *walker) conditionAmong(where *pg_query.Node, target *pg_query.RangeVar, from, loops []*pg_query.Node, with *pg_query.WithClause) (found Write) {
	c := judgement{target: target, constants: w.constants, variables: w.variables, with: with, spent: w.spent}
	if c.spent == nil {
		c.spent = new(int)
	}
	var quals []*pg_query.Node
	c.twins, quals = c.twinsOf(slices.Concat(from, loops))
	c.others, c.meanings = otherNames(from), meaningsIn(from)
	c.joined = c.joins(where)
	switch found.Where = c.condition(where); found.Where {
	case WherePresent:
		var always bool
		if always, found.Given = c.sampled(where); !always && found.Given == nil && len(c.twins) > 0 {
			// Of each twin one row is the target's own.
			own := c
			own.identical = true
			always, found.Given = own.limitsNothing(append(quals, where))
		}
		if always {
			return Write{Where: WhereConstant}
		}
		if found.Given == nil {
			var notNull []string
			c.notNull = &notNull
			if t := c.judge(where); (t == alwaysTrue || t == unknownConstant) && len(notNull) > 0 {
				found.Given = &Given{NotNull: notNull}
			}
		}
	case WhereConstant:
		if c.joined && c.linked(from, quals, where) {
			return Write{Where: WherePresent}
		}
		if c.judge(where) == unknownConstant {
			outward := c
			outward.correlated = &found.Correlated
			if outward.judge(where) != dependsOnRow {
				found.Correlated = nil
			}
		}
	}
	return found
}

// limitsNothing says whether several conditions together are true for every row, or
// what must be given for that.
func (c *judgement) limitsNothing(conditions []*pg_query.Node) (always bool, given *Given) {
	all := conditions[0]
	if len(conditions) > 1 {
		all = &pg_query.Node{Node: &pg_query.Node_BoolExpr{BoolExpr: &pg_query.BoolExpr{Boolop: pg_query.BoolExprType_AND_EXPR, Args: conditions}}}
	}
	switch c.judge(all) {
	case alwaysTrue, unknownConstant:
		return true, nil
	case alwaysFalse:
		return false, nil
	}
	return c.sampled(all)
}

func (c judgement) condition(where *pg_query.Node) Condition {
	if where == nil {
		return WhereMissing
	}
	if c.judge(where) == dependsOnRow {
		return WherePresent
	}
	return WhereConstant
}

// truth is what is known of a condition without seeing a row.
type truth int

const (
	unknownConstant truth = iota // the same for every row: a parameter, now() > ..., a subquery of its own
	alwaysTrue
	alwaysFalse // or NULL, which selects no row either
	dependsOnRow
)

type judgement struct {
	target    *pg_query.RangeVar
	constants *constants
	variables map[string]struct{} // of the PL/pgSQL body around

	// twins are what stands beside the target and has all of its rows. joined says that
	// one is held equal to the target: then its columns are the row's. identical says
	// that of each it is the target's own row that is looked at.
	twins     []twin
	joined    bool
	identical bool
	// others are the names of columns that stand beside the target for certain.
	others map[string]struct{}
	// meanings are what columns stand for of what beside the target is one row.
	meanings map[string]*pg_query.Node
	with     *pg_query.WithClause // of the write
	inside   bool                 // a subquery's condition is judged
	spent    *int                 // how much has been tried of the text's conditions, see sampler
	// correlated takes the names in subqueries that may be the target's; not nil,
	// these count as such.
	correlated *[]Correlation
	// notNull takes the columns that are asked to be not NULL; not nil, they count as being so.
	notNull *[]string
}

func (c *judgement) judge(n *pg_query.Node) truth {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_BoolExpr:
		return c.boolean(v.BoolExpr)
	case *pg_query.Node_AConst:
		return c.constants.truth(v.AConst)
	case *pg_query.Node_TypeCast:
		return c.judge(v.TypeCast.Arg)
	case *pg_query.Node_AExpr:
		return c.comparison(v.AExpr)
	case *pg_query.Node_NullTest:
		return c.nullTest(v.NullTest)
	case *pg_query.Node_BooleanTest:
		return c.booleanTest(v.BooleanTest)
	case *pg_query.Node_CaseExpr:
		return c.caseOf(v.CaseExpr)
	case *pg_query.Node_CoalesceExpr:
		if len(v.CoalesceExpr.Args) > 0 {
			// COALESCE(x = 1, true) with a NULL x; and what is always true stays so.
			if t := c.judge(v.CoalesceExpr.Args[0]); t == alwaysTrue {
				return t
			}
		}
	case *pg_query.Node_FuncCall:
		if c.callHoldsAlways(v.FuncCall) {
			return alwaysTrue
		}
	case *pg_query.Node_SubLink:
		return c.sublink(v.SubLink)
	case *pg_query.Node_CurrentOfExpr:
		return dependsOnRow
	}
	return c.rowOrConstant(n)
}

func (c *judgement) rowOrConstant(n *pg_query.Node) truth {
	if c.mentionsRow(n.ProtoReflect().Interface(), c.inside) {
		return dependsOnRow
	}
	return unknownConstant
}

// boolean judges AND, OR and NOT. An OR with an arm that may be true for all rows
// is not limited by its other arms.
func (c *judgement) boolean(b *pg_query.BoolExpr) truth {
	switch b.Boolop {
	case pg_query.BoolExprType_NOT_EXPR:
		switch t := c.judge(b.Args[0]); t {
		case alwaysTrue:
			return alwaysFalse
		case alwaysFalse:
			return alwaysTrue
		default:
			return t
		}
	case pg_query.BoolExprType_AND_EXPR:
		result := alwaysTrue
		for _, arg := range b.Args {
			switch t := c.judge(arg); t {
			case dependsOnRow:
				if result = t; c.correlated != nil {
					return t // another arm need not be
				}
			case alwaysFalse:
				return t
			case unknownConstant:
				if result == alwaysTrue {
					result = unknownConstant
				}
			}
		}
		if result == dependsOnRow && c.complementary(b.Args) {
			return alwaysFalse
		}
		return result
	}
	result := alwaysFalse
	for _, arg := range b.Args {
		switch t := c.judge(arg); t {
		case alwaysTrue:
			return alwaysTrue
		case unknownConstant:
			result = unknownConstant
		case dependsOnRow:
			if result == alwaysFalse {
				result = dependsOnRow
			}
		}
	}
	if result == dependsOnRow {
		arms := make([]*pg_query.Node, len(b.Args))
		for i, arm := range b.Args {
			arms[i] = untested(arm)
		}
		if c.complementary(arms) || c.overlapping(arms) {
			return alwaysTrue
		}
	}
	return result
}

// comparison judges an operator: both sides alike, or a pattern that takes all.
func (c *judgement) comparison(e *pg_query.A_Expr) truth {
	name := operatorName(e)
	switch e.Kind {
	case pg_query.A_Expr_Kind_AEXPR_OP:
		if !c.alike(e.Lexpr, e.Rexpr) {
			if c.holdsAlways(name, e.Lexpr, e.Rexpr) {
				return alwaysTrue
			}
			if sameType(e.Lexpr) || sameType(e.Rexpr) {
				return unknownConstant
			}
			if (name == "=" || name == "<=" || name == ">=") && c.acrossTwins(e.Lexpr, e.Rexpr) {
				return alwaysTrue
			}
			break
		}
		switch name {
		case "=", "<=", ">=", "~~", "~~*", "@>", "<@", "&&", "~=":
			return alwaysTrue
		case "<>", "!=", "<", ">":
			return alwaysFalse
		}
	case pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		if c.alike(e.Lexpr, e.Rexpr) {
			return alwaysTrue
		}
	case pg_query.A_Expr_Kind_AEXPR_DISTINCT:
		if c.alike(e.Lexpr, e.Rexpr) {
			return alwaysFalse
		}
	case pg_query.A_Expr_Kind_AEXPR_LIKE, pg_query.A_Expr_Kind_AEXPR_ILIKE:
		if p, ok := c.constants.folded(e.Rexpr); name != "!~~" && name != "!~~*" &&
			(c.alike(e.Lexpr, e.Rexpr) || ok && p != "" && strings.Trim(p, "%") == "") {
			return alwaysTrue
		}
	case pg_query.A_Expr_Kind_AEXPR_SIMILAR:
		if call := e.Rexpr.GetFuncCall(); call != nil && len(call.Args) > 0 && name == "~" {
			if p, ok := c.constants.folded(call.Args[0]); ok && p != "" && strings.Trim(p, "%") == "" {
				return alwaysTrue
			}
		}
	case pg_query.A_Expr_Kind_AEXPR_OP_ALL:
		return c.all(e)
	case pg_query.A_Expr_Kind_AEXPR_IN:
		if name == "=" && c.bothTruths(e.Rexpr.GetList().GetItems()) {
			return alwaysTrue
		}
		for _, item := range e.Rexpr.GetList().GetItems() {
			if name == "=" && c.alike(e.Lexpr, item) {
				return alwaysTrue
			}
		}
	case pg_query.A_Expr_Kind_AEXPR_OP_ANY:
		for _, item := range e.Rexpr.GetAArrayExpr().GetElements() {
			if name == "=" && c.alike(e.Lexpr, item) {
				return alwaysTrue
			}
		}
		if name == "=" && c.holdsColumn(e.Rexpr, e.Lexpr) {
			return alwaysTrue
		}
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN, pg_query.A_Expr_Kind_AEXPR_BETWEEN_SYM:
		if ends := e.Rexpr.GetList().GetItems(); len(ends) == 2 && c.alike(e.Lexpr, ends[0]) && c.alike(e.Lexpr, ends[1]) {
			return alwaysTrue
		}
	}
	if reflexive(name) && (c.escapes(e.Lexpr, e.Rexpr) || c.escapes(e.Rexpr, e.Lexpr)) || !c.mentionsRow(e, c.inside) {
		return unknownConstant
	}
	return dependsOnRow
}

// reflexive says whether a comparison may hold of something and itself.
func reflexive(operator string) bool {
	switch operator {
	case "<>", "!=", "<", ">":
		return false
	}
	return true
}

func (c *judgement) nullTest(t *pg_query.NullTest) truth {
	if t.Arg.GetNullTest() != nil || t.Arg.GetBooleanTest() != nil { // never NULL themselves
		if t.Nulltesttype == pg_query.NullTestType_IS_NOT_NULL {
			return alwaysTrue
		}
		return alwaysFalse
	}
	if t.Arg.GetBoolExpr() != nil || compares(t.Arg.GetAExpr()) { // (x = 1) IS NOT NULL
		return unknownConstant
	}
	if fields := t.Arg.GetColumnRef().GetFields(); len(fields) > 0 && SystemColumn(fields[len(fields)-1].GetString_().GetSval()) {
		if t.Nulltesttype == pg_query.NullTestType_IS_NOT_NULL {
			return alwaysTrue
		}
		return alwaysFalse
	}
	if c.assumed(t.Arg) {
		if t.Nulltesttype == pg_query.NullTestType_IS_NOT_NULL {
			return alwaysTrue
		}
		return alwaysFalse
	}
	return c.rowOrConstant(t.Arg)
}

// assumed says whether an expression is a column of the target that counts as not
// NULL, and notes it.
func (c *judgement) assumed(n *pg_query.Node) bool {
	name := bareOrLast(n)
	if c.notNull == nil || name == "" || !c.mentionsRow(n, c.inside) {
		return false
	}
	if !slices.Contains(*c.notNull, name) {
		*c.notNull = append(*c.notNull, name)
	}
	return true
}

// SystemColumn says whether a name is that of a column that PostgreSQL gives every row
// and that no table can have of its own.
func SystemColumn(column string) bool {
	switch column {
	case "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid":
		return true
	}
	return false
}

// compares says whether an expression is a comparison, which is NULL only where what it
// compares is.
func compares(e *pg_query.A_Expr) bool {
	if e == nil || e.Kind != pg_query.A_Expr_Kind_AEXPR_OP {
		return false
	}
	switch operatorName(e) {
	case "=", "<>", "!=", "<", ">", "<=", ">=":
		return true
	}
	return false
}

func (c *judgement) booleanTest(t *pg_query.BooleanTest) truth {
	got := c.judge(t.Arg)
	if got == dependsOnRow && t.Arg.GetColumnRef() == nil && (t.Booltesttype == pg_query.BoolTestType_IS_NOT_UNKNOWN || t.Booltesttype == pg_query.BoolTestType_IS_UNKNOWN) {
		return unknownConstant
	}
	if t.Booltesttype == pg_query.BoolTestType_IS_NOT_UNKNOWN && c.assumed(t.Arg) {
		return alwaysTrue
	}
	switch t.Booltesttype {
	case pg_query.BoolTestType_IS_TRUE:
		return got
	case pg_query.BoolTestType_IS_NOT_FALSE, pg_query.BoolTestType_IS_NOT_UNKNOWN:
		if got == alwaysTrue {
			return got
		}
	}
	if got == alwaysFalse || got == alwaysTrue {
		return unknownConstant
	}
	return got
}

// caseOf judges by the results: a CASE all of whose results are the same for every
// row, or true where nothing else was chosen, does not limit.
func (c *judgement) caseOf(e *pg_query.CaseExpr) truth {
	all := alwaysFalse
	if e.Defresult != nil {
		all = c.judge(e.Defresult)
	}
	same := true
	for _, n := range e.Args {
		same = same && c.judge(n.GetCaseWhen().GetResult()) == all
	}
	if same && all != dependsOnRow {
		return all
	}
	return c.rowOrConstant(&pg_query.Node{Node: &pg_query.Node_CaseExpr{CaseExpr: e}})
}

func bareOrLast(n *pg_query.Node) string {
	fields := n.GetColumnRef().GetFields()
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1].GetString_().GetSval()
}

// complementary finds two arms of an OR of which one is the other's negation:
// x IS NULL OR x IS NOT NULL, x = 1 OR x <> 1, x OR NOT x. Constants are looked at
// only where two arms are so but for them.
func (c *judgement) complementary(arms []*pg_query.Node) bool {
	return c.opposed(arms, c.shape) && c.opposed(arms, c.key)
}

func (c *judgement) opposed(arms []*pg_query.Node, key func(*pg_query.Node) string) bool {
	keys := make(map[string]bool, 2*len(arms))
	for _, arm := range arms {
		keys[key(arm)] = true
	}
	for _, arm := range arms {
		if n := negation(arm); n != nil && keys[key(n)] {
			return true
		}
	}
	return false
}

// negation gives the opposite of a condition, nil where it has no simple one. Its
// parts are the condition's own, not copies: their constants are held by identity.
func negation(n *pg_query.Node) *pg_query.Node {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_BoolExpr:
		if v.BoolExpr.Boolop == pg_query.BoolExprType_NOT_EXPR {
			return v.BoolExpr.Args[0]
		}
	case *pg_query.Node_NullTest:
		t := &pg_query.NullTest{Arg: v.NullTest.Arg, Argisrow: v.NullTest.Argisrow,
			Nulltesttype: pg_query.NullTestType_IS_NULL + pg_query.NullTestType_IS_NOT_NULL - v.NullTest.Nulltesttype}
		return &pg_query.Node{Node: &pg_query.Node_NullTest{NullTest: t}}
	case *pg_query.Node_AExpr:
		opposite := map[string]string{"=": "<>", "<>": "=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
			"~~": "!~~", "!~~": "~~", "~": "!~", "!~": "~"}[operatorName(v.AExpr)]
		if opposite == "" {
			return nil
		}
		e := &pg_query.A_Expr{Kind: v.AExpr.Kind, Name: []*pg_query.Node{pg_query.MakeStrNode(opposite)},
			Lexpr: v.AExpr.Lexpr, Rexpr: v.AExpr.Rexpr}
		return &pg_query.Node{Node: &pg_query.Node_AExpr{AExpr: e}}
	}
	return nil
}
