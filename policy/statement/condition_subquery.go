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
	switch s.SubLinkType {
	case pg_query.SubLinkType_ANY_SUBLINK:
		if (len(s.OperName) == 0 || len(s.OperName) == 1 && s.OperName[0].GetString_().GetSval() == "=") && c.holdsItself(s.Testexpr, sub) {
			return alwaysTrue
		}
		if sub.Larg == nil && len(sub.ValuesLists) == 0 && sub.WhereClause != nil && sub.HavingClause == nil && len(sub.FromClause) == 0 && c.judge(sub.WhereClause) == alwaysFalse {
			return alwaysFalse // nothing is in it
		}
	case pg_query.SubLinkType_EXISTS_SUBLINK:
		if c.findsItself(sub) {
			return alwaysTrue
		}
	case pg_query.SubLinkType_EXPR_SUBLINK:
		if inner := unwrapped(n); inner != n {
			return c.judge(inner)
		}
	}
	return c.rowOrConstant(n)
}

// holdsItself says whether a subquery gives the tested value of every row: x IN
// (SELECT x FROM the target), x IN (SELECT x).
func (c *judgement) holdsItself(test *pg_query.Node, sub *pg_query.SelectStmt) bool {
	if sub.GetLarg() != nil {
		return sub.Op == pg_query.SetOperation_SETOP_UNION && (c.holdsItself(test, sub.Larg) || c.holdsItself(test, sub.Rarg))
	}
	if row := test.GetRowExpr(); row != nil && sub != nil && len(row.Args) > 0 && len(row.Args) == len(sub.TargetList) {
		// (a, b) IN (SELECT a, b FROM the target): each of them, then.
		for i, arg := range row.Args {
			one := &pg_query.SelectStmt{TargetList: sub.TargetList[i : i+1], FromClause: sub.FromClause, WhereClause: sub.WhereClause,
				LimitCount: sub.LimitCount, LimitOffset: sub.LimitOffset, HavingClause: sub.HavingClause, GroupClause: sub.GroupClause}
			if !c.holdsItself(arg, one) {
				return false
			}
		}
		return true
	}
	if sub == nil || len(sub.TargetList) != 1 || !c.unlimitedCount(sub.LimitCount) || sub.LimitOffset != nil || sub.HavingClause != nil {
		return false
	}
	target := sub.TargetList[0].GetResTarget().GetVal()
	if !plainDistinct(sub.DistinctClause) && !slices.ContainsFunc(sub.DistinctClause, func(by *pg_query.Node) bool { return bareOrLast(by) == bareOrLast(target) }) {
		return false // one row of each group is left
	}
	if sub.WithClause != nil {
		with := *c
		with.with = sub.WithClause
		c = &with
	}
	if len(sub.FromClause) == 0 {
		return sub.WhereClause == nil && c.alike(test, target)
	}
	if len(sub.FromClause) != 1 {
		return false
	}
	from := sub.FromClause[0].GetRangeVar()
	if from == nil || from.Relname != c.target.GetRelname() && !c.givesAll(c.cte(from)) {
		return false
	}
	inner := c.of(from)
	if inner.condition(sub.WhereClause) == WherePresent {
		return false
	}
	name := bareOrLast(test)
	return name != "" && name == bareOrLast(target)
}

// holdsAggregated is holdsItself of values in one array: x = ANY ((SELECT array_agg(x)
// FROM the target)).
func (c *judgement) holdsAggregated(test *pg_query.Node, sub *pg_query.SelectStmt) bool {
	if len(sub.GetTargetList()) != 1 || len(sub.GroupClause) > 0 {
		return false
	}
	call := sub.TargetList[0].GetResTarget().GetVal().GetFuncCall()
	if len(call.GetArgs()) != 1 || call.AggFilter != nil || call.Funcname[len(call.Funcname)-1].GetString_().GetSval() != "array_agg" {
		return false
	}
	return c.holdsItself(test, &pg_query.SelectStmt{
		TargetList: []*pg_query.Node{{Node: &pg_query.Node_ResTarget{ResTarget: &pg_query.ResTarget{Val: call.Args[0]}}}},
		FromClause: sub.FromClause, WhereClause: sub.WhereClause, LimitCount: sub.LimitCount, LimitOffset: sub.LimitOffset,
		HavingClause: sub.HavingClause, WithClause: sub.WithClause})
}

// findsItself says whether an EXISTS finds a row for every row of the target: one
// that has no FROM, or the target's own relation, held equal to itself.
func (c *judgement) findsItself(sub *pg_query.SelectStmt) bool {
	if sub.Larg != nil || sub.LimitCount != nil || sub.LimitOffset != nil || sub.HavingClause != nil || len(sub.ValuesLists) > 0 {
		return false
	}
	if len(sub.FromClause) == 0 {
		return sub.WhereClause == nil || c.judge(sub.WhereClause) == alwaysTrue
	}
	twins := c.twinsIn(sub.FromClause)
	if len(sub.FromClause) != 1 || len(twins) != 1 || c.shadows(sub.FromClause) {
		return false
	}
	inner := *c
	inner.twins, inner.joined, inner.inside = twins, false, true
	return sub.WhereClause != nil && inner.judge(sub.WhereClause) == alwaysTrue
}

// twinsIn gives the names by which the target's own relation stands in a FROM.
func (c *judgement) twinsIn(from []*pg_query.Node) []string {
	var twins []string
	for _, n := range from {
		switch v := n.GetNode().(type) {
		case *pg_query.Node_RangeVar:
			if query := c.cte(v.RangeVar); query != nil {
				if c.givesAll(query) {
					twins = append(twins, refname(v.RangeVar))
					c.renames(refname(v.RangeVar), query)
				}
			} else if v.RangeVar.Relname == c.target.GetRelname() && refname(v.RangeVar) != refname(c.target) {
				twins = append(twins, refname(v.RangeVar))
			}
		case *pg_query.Node_RangeSubselect:
			if name := v.RangeSubselect.Alias.GetAliasname(); name != "" && c.givesAll(v.RangeSubselect.Subquery) {
				twins = append(twins, name)
				c.renames(name, v.RangeSubselect.Subquery)
			}
		case *pg_query.Node_JoinExpr:
			twins = append(twins, c.twinsIn([]*pg_query.Node{v.JoinExpr.Larg, v.JoinExpr.Rarg})...)
		}
	}
	return twins
}

// cte gives the query of the common table expression that a name stands for, nil for
// none that stands in front of the write itself.
func (c *judgement) cte(r *pg_query.RangeVar) *pg_query.Node {
	if r.Schemaname != "" {
		return nil
	}
	for _, n := range c.with.GetCtes() {
		if e := n.GetCommonTableExpr(); e.GetCtename() == r.Relname {
			return e.Ctequery
		}
	}
	return nil
}

// givesAll says whether a query gives all rows of the target's relation.
func (c *judgement) givesAll(query *pg_query.Node) bool {
	s := query.GetSelectStmt()
	if s == nil || s.Larg != nil || len(s.FromClause) != 1 || !c.unlimitedCount(s.LimitCount) || s.LimitOffset != nil || s.HavingClause != nil ||
		len(s.GroupClause) > 0 || !plainDistinct(s.DistinctClause) || len(s.LockingClause) > 0 || s.WithClause != nil {
		return false
	}
	from := s.FromClause[0].GetRangeVar()
	if from == nil || from.Relname != c.target.GetRelname() {
		return false
	}
	inner := c.of(from)
	return inner.condition(s.WhereClause) != WherePresent
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
	return own && c.original(other) == one.Fields[len(one.Fields)-1].GetString_().GetSval()
}

// original gives the name that a twin's column has in the target.
func (c *judgement) original(r *pg_query.ColumnRef) string {
	n := len(r.Fields)
	name := r.Fields[n-1].GetString_().GetSval()
	if was, renamed := c.renamed[r.Fields[n-2].GetString_().GetSval()+"."+name]; renamed {
		return was
	}
	return name
}

// renames notes which columns of the target a twin's query has by other names.
func (c *judgement) renames(twin string, query *pg_query.Node) {
	for _, t := range query.GetSelectStmt().GetTargetList() {
		name := t.GetResTarget().GetName()
		if name == "" {
			continue
		}
		if c.renamed == nil {
			c.renamed = map[string]string{}
		}
		c.renamed[twin+"."+name] = bareOrLast(t.GetResTarget().GetVal())
	}
}

func (c *judgement) isTwin(r *pg_query.ColumnRef) bool {
	n := len(r.GetFields())
	return n > 1 && slices.Contains(c.twins, r.Fields[n-2].GetString_().GetSval())
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
