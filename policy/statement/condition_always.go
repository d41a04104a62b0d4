package statement

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// holdsAlways says whether a comparison is true for every row, by what its operator
// and its constant mean. NULLs are not thought of: a row whose key is NULL is none
// that such a condition was to spare.
func (c *judgement) holdsAlways(name string, left, right *pg_query.Node) bool {
	switch name {
	case "~~", "~~*":
		p, ok := c.constants.folded(right)
		return ok && p != "" && strings.Trim(p, "%") == ""
	case "~", "~*":
		p, ok := c.constants.folded(right)
		return ok && matchesAll(p)
	case "^@":
		return c.isText(right, "")
	case "@>":
		return c.isNothing(right)
	case "<@":
		return c.isNothing(left)
	case "<<=":
		return c.isText(right, "0.0.0.0/0", "::/0")
	case ">>=":
		return c.isText(left, "0.0.0.0/0", "::/0")
	case ">", ">=":
		return c.least(name, left, right)
	case "<", "<=":
		return c.least(map[string]string{"<": ">", "<=": ">="}[name], right, left) || c.greatest(left, right)
	case "=":
		e := left.GetAExpr()
		if e == nil || e.Kind != pg_query.A_Expr_Kind_AEXPR_OP || e.Lexpr == nil {
			return false
		}
		switch operatorName(e) { // x % 1 = 0, x - x = 0, x / x = 1
		case "%":
			return c.isNumber(e.Rexpr, 1) && c.isNumber(right, 0)
		case "-":
			return c.alike(e.Lexpr, e.Rexpr) && c.isNumber(right, 0)
		case "/":
			return c.alike(e.Lexpr, e.Rexpr) && c.isNumber(right, 1)
		}
	}
	return false
}

// least says whether nothing is below a bound: an integer's least value, the empty
// text, 0 for a length.
func (c *judgement) least(name string, x, bound *pg_query.Node) bool {
	if name == ">=" && c.isText(bound, "") {
		return true
	}
	if x.GetAConst() != nil || constantIn(bound) == nil { // the constant on the other side is a greatest value
		return x.GetAConst() != nil && c.greatest(bound, x)
	}
	n := c.number(bound)
	if n == nil {
		return false
	}
	if neverNegative(x) {
		return n.Sign() < 0 || n.Sign() == 0 && name == ">="
	}
	return n.Cmp(big.NewRat(-1<<31, 1)) <= 0
}

// greatest says whether nothing is above a bound.
func (c *judgement) greatest(x, bound *pg_query.Node) bool {
	if x.GetAConst() != nil || constantIn(bound) == nil {
		return false
	}
	n := c.number(bound)
	if n == nil || n.Cmp(big.NewRat(1<<31-1, 1)) < 0 {
		return false
	}
	value, _ := n.Float64()
	return beyond(value)
}

// beyond says whether a number is no bound, since what is compared with it does not
// reach so far: the ends of integer types, and round numbers past those of the smaller
// ones. Others may be times in milliseconds, or keys.
func beyond(n float64) bool {
	switch {
	case n <= -1<<31, n >= 1<<62:
		return true
	case n < 1<<31-1:
		return false
	case n <= 1<<31+1:
		return true
	}
	digits := strings.Trim(strconv.FormatFloat(n, 'f', -1, 64), "0")
	return digits == "1" || strings.Trim(digits, "9") == ""
}

// constantIn gives the constant that an expression is, below casts and a sign.
func constantIn(n *pg_query.Node) *pg_query.A_Const {
	for {
		switch v := n.GetNode().(type) {
		case *pg_query.Node_TypeCast:
			n = v.TypeCast.Arg
		case *pg_query.Node_AExpr:
			if v.AExpr.Lexpr != nil || operatorName(v.AExpr) != "-" {
				return nil
			}
			n = v.AExpr.Rexpr
		case *pg_query.Node_AConst:
			return v.AConst
		default:
			return nil
		}
	}
}

// number gives the value of a numeric constant, nil for anything else.
func (c *judgement) number(n *pg_query.Node) *big.Rat {
	v := constantIn(n)
	if v == nil {
		return nil
	}
	got := c.constants.value(v)
	if got.kind != integerConstant && got.kind != numericConstant || len(got.text) > 40 {
		return nil
	}
	// An exponent stands for no more digits than a bound needs.
	if at := strings.IndexAny(got.text, "eE"); at >= 0 && len(got.text)-at > 4 {
		return nil
	}
	r, ok := new(big.Rat).SetString(got.text)
	if !ok {
		return nil
	}
	if e := n.GetAExpr(); e != nil {
		r.Neg(r)
	}
	return r
}

func (c *judgement) isNumber(n *pg_query.Node, value int64) bool {
	r := c.number(n)
	return r != nil && r.Cmp(big.NewRat(value, 1)) == 0
}

func (c *judgement) isText(n *pg_query.Node, texts ...string) bool {
	v := constantIn(n)
	if v == nil {
		return false
	}
	got := c.constants.value(v)
	return got.kind == stringConstant && slices.Contains(texts, got.text)
}

// neverNegative says whether a function of PostgreSQL's own gives no number below 0.
func neverNegative(n *pg_query.Node) bool {
	call := n.GetFuncCall()
	if call == nil || len(call.Funcname) == 0 {
		return false
	}
	switch call.Funcname[len(call.Funcname)-1].GetString_().GetSval() {
	case "abs", "length", "char_length", "character_length", "octet_length", "bit_length", "cardinality", "position", "strpos":
		return true
	}
	return false
}

// isNothing says whether a constant is in every value of its type: {}, [], ARRAY[].
func (c *judgement) isNothing(n *pg_query.Node) bool {
	if array := uncast(n).GetAArrayExpr(); array != nil {
		return len(array.Elements) == 0
	}
	if call := uncast(n).GetFuncCall(); call != nil && len(call.Args) == 0 {
		return bareFunction(call) == "jsonb_build_object"
	}
	return c.isText(n, "{}", "[]")
}

// callHoldsAlways is holdsAlways of a call: starts_with(x, ”), textlike(x, '%').
func (c *judgement) callHoldsAlways(call *pg_query.FuncCall) bool {
	if len(call.Args) != 2 {
		return false
	}
	name := bareFunction(call)
	if name == "starts_with" {
		return c.isText(call.Args[1], "")
	}
	operator := map[string]string{"textlike": "~~", "like": "~~", "bpcharlike": "~~", "namelike": "~~", "texticlike": "~~*", "textregexeq": "~", "texticregexeq": "~*",
		"regexp_like": "~", "jsonb_contains": "@>", "arraycontains": "@>", "jsonb_contained": "<@", "arraycontained": "<@", "network_subeq": "<<="}[name]
	if operator != "" {
		return c.holdsAlways(operator, call.Args[0], call.Args[1])
	}
	switch name {
	case "record_eq", "record_ge", "record_le", "array_eq", "array_ge", "array_le", "interval_eq", "range_eq", "network_eq", "enum_eq", "time_eq":
		return c.alike(call.Args[0], call.Args[1])
	}
	return false
}

// sameType says whether an expression asks for the type of something, which is that
// of every row.
func sameType(n *pg_query.Node) bool {
	call := n.GetFuncCall()
	return call != nil && len(call.Funcname) > 0 && call.Funcname[len(call.Funcname)-1].GetString_().GetSval() == "pg_typeof"
}

// all judges x op ALL (array): nothing is in an empty one.
func (c *judgement) all(e *pg_query.A_Expr) truth {
	items := e.Rexpr
	if cast := items.GetTypeCast(); cast != nil {
		items = cast.Arg
	}
	if c.isText(items, "{}") {
		return alwaysTrue
	}
	array := items.GetAArrayExpr()
	if name := operatorName(e); (name == "<>" || name == "!=") && c.holdsColumn(e.Rexpr, e.Lexpr) {
		return alwaysFalse
	}
	if array == nil {
		return c.rowOrConstant(&pg_query.Node{Node: &pg_query.Node_AExpr{AExpr: e}})
	}
	for _, item := range array.Elements {
		if operatorName(e) != "=" || !c.alike(e.Lexpr, item) {
			return c.rowOrConstant(&pg_query.Node{Node: &pg_query.Node_AExpr{AExpr: e}})
		}
	}
	return alwaysTrue
}

// bothTruths says whether a list holds true and false: x IN (true, false).
func (c *judgement) bothTruths(items []*pg_query.Node) bool {
	var yes, no bool
	for _, item := range items {
		if value, ok := c.constants.word(item.GetAConst()); ok {
			yes, no = yes || value, no || !value
		}
	}
	return yes && no
}

// untested writes IS TRUE and its like as the condition itself or its opposite.
func untested(n *pg_query.Node) *pg_query.Node {
	t := n.GetBooleanTest()
	switch t.GetBooltesttype() {
	case pg_query.BoolTestType_IS_TRUE, pg_query.BoolTestType_IS_NOT_FALSE:
		return t.Arg
	case pg_query.BoolTestType_IS_FALSE, pg_query.BoolTestType_IS_NOT_TRUE:
		return &pg_query.Node{Node: &pg_query.Node_BoolExpr{BoolExpr: &pg_query.BoolExpr{
			Boolop: pg_query.BoolExprType_NOT_EXPR, Args: []*pg_query.Node{t.Arg}}}}
	}
	return n
}

// unlimitedCount says whether a LIMIT is none: ALL, NULL, the number of all rows, or one
// that is never reached.
func (c *judgement) unlimitedCount(n *pg_query.Node) bool {
	if n == nil || c.constants.isNull(uncast(n).GetAConst()) {
		return true
	}
	if s := uncast(n).GetSubLink(); s.GetSubLinkType() == pg_query.SubLinkType_EXPR_SUBLINK {
		sub := s.Subselect.GetSelectStmt()
		if aggregates(sub) && len(sub.TargetList) == 1 && bareFunction(sub.TargetList[0].GetResTarget().GetVal().GetFuncCall()) == "count" {
			return sub.WhereClause == nil
		}
	}
	count, ok := c.folds(n)
	return ok && count >= endless
}

// noOffset says whether an OFFSET is none.
func (c *judgement) noOffset(n *pg_query.Node) bool {
	if n == nil || c.constants.isNull(uncast(n).GetAConst()) {
		return true
	}
	start, ok := c.folds(n)
	return ok && start <= 0
}

// folds gives the value of a number, or of a product or sum of some.
func (c *judgement) folds(n *pg_query.Node) (float64, bool) {
	if r := c.number(n); r != nil {
		value, _ := r.Float64()
		return value, true
	}
	e := n.GetAExpr()
	if e == nil || e.Lexpr == nil || e.Kind != pg_query.A_Expr_Kind_AEXPR_OP {
		return 0, false
	}
	x, ok := c.folds(e.Lexpr)
	y, also := c.folds(e.Rexpr)
	if !ok || !also {
		return 0, false
	}
	switch operatorName(e) {
	case "+":
		return x + y, true
	case "-":
		return x - y, true
	case "*":
		return x * y, true
	case "^":
		return math.Pow(x, y), true
	}
	return 0, false
}
