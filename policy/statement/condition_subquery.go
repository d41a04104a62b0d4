package statement

import (
	"math/big"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// sublink judges IN and EXISTS. A subquery over the whole target itself, which
// nothing limits, limits nothing.
func (c *judgement) sublink(s *pg_query.SubLink) truth {
	n := &pg_query.Node{Node: &pg_query.Node_SubLink{SubLink: s}}
	sub := s.Subselect.GetSelectStmt()
	if sub == nil {
		return c.rowOrConstant(n)
	}
	operator := "="
	if len(s.OperName) > 0 {
		operator = s.OperName[len(s.OperName)-1].GetString_().GetSval()
	}
	switch s.SubLinkType {
	case pg_query.SubLinkType_ANY_SUBLINK:
		if (operator == "=" || operator == "<=" || operator == ">=") && c.holdsItself(s.Testexpr, sub) {
			return alwaysTrue
		}
		if sub.Larg == nil && len(sub.ValuesLists) == 0 && sub.WhereClause != nil && sub.HavingClause == nil && (len(sub.GroupClause) > 0 || !aggregates(sub)) && c.within(sub).judge(sub.WhereClause) == alwaysFalse {
			return alwaysFalse // nothing is in it
		}
	case pg_query.SubLinkType_ALL_SUBLINK:
		if (operator == "<>" || operator == "!=") && c.holdsItself(s.Testexpr, sub) {
			return alwaysFalse
		}
		if column := c.columnOf(s.Testexpr); column != "" &&
			(operator == ">=" && c.aggregated(sub, "min") == column || operator == "<=" && c.aggregated(sub, "max") == column) {
			return alwaysTrue
		}
	case pg_query.SubLinkType_EXISTS_SUBLINK:
		if c.findsItself(sub) {
			return alwaysTrue
		}
		if sub.WhereClause != nil && len(sub.GroupClause) == 0 && sub.Larg == nil && !aggregates(sub) && c.within(sub).judge(sub.WhereClause) == alwaysFalse {
			return alwaysFalse
		}
	case pg_query.SubLinkType_EXPR_SUBLINK:
		if inner := unwrapped(n); inner != n {
			return c.judge(inner)
		}
	}
	return c.rowOrConstant(n)
}

// within is a judgement about the condition of a subquery.
func (c *judgement) within(sub *pg_query.SelectStmt) *judgement {
	if len(sub.FromClause) == 0 {
		return c
	}
	inner := *c
	inner.inside = true
	return &inner
}

// holdsItself says whether a subquery gives the tested value of every row: x IN
// (SELECT x FROM the target), x IN (SELECT x).
func (c *judgement) holdsItself(test *pg_query.Node, sub *pg_query.SelectStmt) bool {
	if len(sub.FromClause) == 0 && sub.Larg == nil && len(sub.TargetList) == 1 && sub.WhereClause == nil && c.unlimitedCount(sub.LimitCount) {
		if target := sub.TargetList[0].GetResTarget().GetVal(); c.alike(test, target) || c.listsItself(target, test) || c.columnOf(test) != "" && c.gives(target) == anyColumn {
			return true
		}
	}
	v := c.cover(&pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: sub}})
	if v == nil {
		return false
	}
	tests := []*pg_query.Node{test}
	if row := test.GetRowExpr(); row != nil {
		tests = row.Args
	}
	if len(tests) > len(v.order) {
		return false
	}
	for i, one := range tests {
		column := c.columnOf(one)
		switch {
		case column != "" && (column == v.order[i] || v.order[i] == anyColumn):
		case column == "" && len(sub.TargetList) == len(tests) && uncast(one).GetAConst() != nil && c.alike(one, sub.TargetList[i].GetResTarget().GetVal()):
		default:
			return false
		}
	}
	return true
}

// listsItself says whether a function that returns rows has the tested value among them:
// unnest(ARRAY[x]), generate_series(x, x).
func (c *judgement) listsItself(n, test *pg_query.Node) bool {
	call := n.GetFuncCall()
	is := func(n *pg_query.Node) bool { return c.alike(test, n) }
	switch args := call.GetArgs(); bareFunction(call) {
	case "unnest":
		return len(args) == 1 && slices.ContainsFunc(args[0].GetAArrayExpr().GetElements(), is)
	case "generate_series":
		return len(args) == 2 && is(args[0]) && is(args[1])
	}
	return false
}

// holdsColumn says whether an array has the tested value of every row: that of
// (SELECT array_agg(x) FROM the target), or a column of a twin that is such an array.
func (c *judgement) holdsColumn(array, test *pg_query.Node) bool {
	column := c.columnOf(test)
	all := c.arrayOfAll(c.resolve(array))
	return column != "" && (all == column || all == anyColumn)
}

// findsItself says whether an EXISTS finds a row for every row of the target: one
// that has no FROM, or the target's own relation, held equal to itself.
func (c *judgement) findsItself(sub *pg_query.SelectStmt) bool {
	if c.noOffset(sub.LimitOffset) && aggregates(sub) && len(sub.GroupClause) == 0 && sub.HavingClause == nil && !c.isNumberOrNil(sub.LimitCount, 0) {
		return true
	}
	if sub.Larg == nil && sub.LimitCount == nil && sub.LimitOffset == nil && sub.HavingClause == nil && len(sub.FromClause) == 0 {
		return len(sub.ValuesLists) == 0 && (sub.WhereClause == nil || c.judge(sub.WhereClause) == alwaysTrue)
	}
	rows := sub
	if count := c.number(sub.LimitCount); count != nil && count.Sign() > 0 {
		rows = &pg_query.SelectStmt{TargetList: sub.TargetList, FromClause: sub.FromClause, WhereClause: sub.WhereClause, WithClause: sub.WithClause,
			GroupClause: sub.GroupClause, HavingClause: sub.HavingClause, LimitOffset: sub.LimitOffset, Larg: sub.Larg, Rarg: sub.Rarg, Op: sub.Op}
	}
	return c.cover(&pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: rows}}) != nil
}

// isNumberOrNil says whether there is a number, and it is this one.
func (c *judgement) isNumberOrNil(n *pg_query.Node, value int64) bool {
	return n != nil && c.isNumber(n, value)
}

// aggregates says whether a query makes one row of all rows.
func aggregates(s *pg_query.SelectStmt) bool {
	return s.Larg == nil && slices.ContainsFunc(s.TargetList, func(n *pg_query.Node) bool {
		return isAggregate(n.GetResTarget().GetVal().GetFuncCall())
	})
}

// cte gives the query of the common table expression that a name stands for, nil for
// none, with those that it may refer to and the names of its columns.
func (c *judgement) cte(r *pg_query.RangeVar) (query *pg_query.Node, with *pg_query.WithClause, aliases []*pg_query.Node) {
	if r.GetSchemaname() != "" {
		return nil, nil, nil
	}
	list := c.with.GetCtes()
	for i := len(list) - 1; i >= 0; i-- {
		if e := list[i].GetCommonTableExpr(); e.GetCtename() == r.GetRelname() {
			return e.Ctequery, &pg_query.WithClause{Ctes: list[:i]}, e.Aliascolnames
		}
	}
	return nil, nil, nil
}

// plainDistinct says whether a SELECT is no DISTINCT ON, which leaves rows out.
func plainDistinct(clause []*pg_query.Node) bool {
	return len(clause) == 0 || len(clause) == 1 && clause[0].GetNode() == nil
}

// joins says whether a condition holds the target equal to one of its twins.
func (c *judgement) joins(where *pg_query.Node) bool {
	if len(c.twins) == 0 {
		return false
	}
	switch v := where.GetNode().(type) {
	case *pg_query.Node_BoolExpr:
		return v.BoolExpr.Boolop == pg_query.BoolExprType_AND_EXPR && slices.ContainsFunc(v.BoolExpr.Args, c.joins)
	case *pg_query.Node_AExpr:
		return operatorName(v.AExpr) == "=" && c.acrossTwins(v.AExpr.Lexpr, v.AExpr.Rexpr)
	}
	return false
}

// acrossTwins says whether two references are to the same column, one of the target
// and one of a twin.
func (c *judgement) acrossTwins(a, b *pg_query.Node) bool {
	one, other := a.GetColumnRef(), b.GetColumnRef()
	switch {
	case bareOrLast(a) == "" || bareOrLast(b) == "":
		return false
	case c.isTwin(one):
		one, other = other, one
	case !c.isTwin(other):
		return false
	}
	own := c.isOwn(one) || len(one.Fields) == 1 && c.isOfRow(one, c.inside)
	was := c.original(other)
	return own && (was == anyColumn || was == one.Fields[len(one.Fields)-1].GetString_().GetSval())
}

func (c *judgement) isTwin(r *pg_query.ColumnRef) bool {
	n := len(r.GetFields())
	return n > 1 && c.twinNamed(r.Fields[n-2].GetString_().GetSval()) != nil
}

func (c *judgement) twinNamed(name string) *twin {
	for i := range c.twins {
		if c.twins[i].name == name {
			return &c.twins[i]
		}
	}
	return nil
}

// unwrapped gives the expression of a subquery that is nothing but it: (SELECT x).
func unwrapped(n *pg_query.Node) *pg_query.Node {
	for {
		s := n.GetSubLink()
		sub := s.GetSubselect().GetSelectStmt()
		if s.GetSubLinkType() != pg_query.SubLinkType_EXPR_SUBLINK || sub == nil || sub.Larg != nil || len(sub.TargetList) != 1 ||
			len(sub.FromClause) > 0 || sub.WhereClause != nil || sub.HavingClause != nil || sub.LimitCount != nil || sub.LimitOffset != nil ||
			sub.WithClause != nil || len(sub.GroupClause) > 0 {
			return n
		}
		if isAggregate(sub.TargetList[0].GetResTarget().GetVal().GetFuncCall()) {
			return n
		}
		n = sub.TargetList[0].GetResTarget().GetVal()
	}
}

// sameButNothing says whether a is b with nothing added to it: b + 0, b * 1, b || ”,
// +b.
func (c *judgement) sameButNothing(a, b *pg_query.Node) bool {
	e := a.GetAExpr()
	if e == nil || e.Kind != pg_query.A_Expr_Kind_AEXPR_OP {
		return false
	}
	nothing := ""
	switch operatorName(e) {
	case "+":
		if e.Lexpr == nil {
			return c.alike(e.Rexpr, b)
		}
		nothing = "0"
	case "-":
		nothing = "0"
	case "*", "/":
		nothing = "1"
	case "||":
	default:
		return false
	}
	is := func(n *pg_query.Node) bool {
		v := n.GetAConst()
		return v != nil && !v.Isnull && c.constants.value(v).text == nothing
	}
	commutes := operatorName(e) == "+" || operatorName(e) == "*" || operatorName(e) == "||"
	return e.Lexpr != nil && (e.Rexpr.GetAConst() != nil && c.alike(e.Lexpr, b) && is(e.Rexpr) ||
		commutes && e.Lexpr.GetAConst() != nil && c.alike(e.Rexpr, b) && is(e.Lexpr))
}

// escapes says whether what an expression is compared with may be the expression
// itself, whatever the row: COALESCE($1, x), CASE, LEAST and GREATEST.
func (c *judgement) escapes(x, other *pg_query.Node) bool {
	if x.GetColumnRef() == nil {
		return false
	}
	var may []*pg_query.Node
	switch v := other.GetNode().(type) {
	case *pg_query.Node_CoalesceExpr:
		may = v.CoalesceExpr.Args
	case *pg_query.Node_MinMaxExpr:
		may = v.MinMaxExpr.Args
	case *pg_query.Node_CaseExpr:
		may = append(may, v.CaseExpr.Defresult)
		for _, n := range v.CaseExpr.Args {
			may = append(may, n.GetCaseWhen().GetResult())
		}
	}
	return slices.ContainsFunc(may, func(n *pg_query.Node) bool { return n != nil && c.alike(x, n) })
}

// overlapping finds two arms of an OR that leave nothing between them: x < 5 OR x > 3.
func (c *judgement) overlapping(arms []*pg_query.Node) bool {
	if len(arms) > 100 {
		return false // as many are not looked at two by two: sampled tries them
	}
	for i, a := range arms {
		for _, b := range arms[i+1:] {
			if c.overlap(a.GetAExpr(), b.GetAExpr()) || c.overlap(b.GetAExpr(), a.GetAExpr()) {
				return true
			}
		}
	}
	return false
}

func (c *judgement) overlap(below, above *pg_query.A_Expr) bool {
	if below == nil || above == nil || below.Rexpr.GetAConst() == nil || above.Rexpr.GetAConst() == nil ||
		!strings.HasPrefix(operatorName(below), "<") || !strings.HasPrefix(operatorName(above), ">") ||
		operatorName(below) == "<>" || !c.alike(below.Lexpr, above.Lexpr) {
		return false
	}
	high, ok := new(big.Rat).SetString(c.constants.value(below.Rexpr.GetAConst()).text)
	low, good := new(big.Rat).SetString(c.constants.value(above.Rexpr.GetAConst()).text)
	return ok && good && low.Cmp(high) < 0
}

// correlates notes the names in a subquery that may be the target's columns. It
// reports false where a catalog could not tell.
func (c *judgement) correlates(s *pg_query.SelectStmt) bool {
	found := Correlation{}
	for _, n := range s.FromClause {
		r := n.GetRangeVar()
		if r == nil || len(r.GetAlias().GetColnames()) > 0 {
			return false
		}
		found.From = append(found.From, RelationRef{Schema: r.Schemaname, Name: r.Relname})
	}
	if s.WithClause != nil || s.WhereClause == nil {
		return false
	}
	simple := eachName(s.WhereClause.ProtoReflect(), func(name string) {
		if !slices.Contains(found.Names, name) {
			found.Names = append(found.Names, name)
		}
	})
	if !simple || len(found.Names) == 0 {
		return false
	}
	same := func(o Correlation) bool {
		return slices.Equal(o.Names, found.Names) && slices.Equal(o.From, found.From)
	}
	if !slices.ContainsFunc(*c.correlated, same) {
		*c.correlated = append(*c.correlated, found)
	}
	return true
}

// eachName gives the unqualified columns of an expression. It reports false where a
// subquery stands in it.
func eachName(m protoreflect.Message, visit func(string)) bool {
	switch v := m.Interface().(type) {
	case *pg_query.ColumnRef:
		if len(v.Fields) == 1 && v.Fields[0].GetString_() != nil {
			visit(v.Fields[0].GetString_().GetSval())
		}
		return true
	case *pg_query.SelectStmt:
		return false
	}
	simple := true
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.MessageKind:
		case field.IsList():
			for i := 0; i < value.List().Len() && simple; i++ {
				simple = eachName(value.List().Get(i).Message(), visit)
			}
		default:
			simple = eachName(value.Message(), visit)
		}
		return simple
	})
	return simple
}
