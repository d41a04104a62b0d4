package statement

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// A relation that has every row of the target is of no use for choosing among them: one
// of its rows is the target's own. covering says so of a query, a CTE or a FROM, and by
// which names it has the target's columns.
type covering struct {
	columns map[string]string // the target's column that one is, by its name; "" for none
	order   []string          // the same by their places, nil where they are not known
	rest    bool              // it has the target's other columns too, under their own names
	one     bool              // it is the row itself and no other: (SELECT the target's id)
}

// Columns that are no single one of the target's.
const (
	wholeRow  = "*" // the row itself
	anyColumn = "?" // one that has all values that there can be, or whose name is not known
)

// original gives the name that a column has in the target, "" for none.
func (v *covering) original(name string) string {
	if was, named := v.columns[name]; named {
		return was
	}
	if v.rest {
		return name
	}
	return ""
}

// renamed gives a covering whose first columns have other names.
func (v *covering) renamed(aliases []*pg_query.Node) *covering {
	if v == nil || len(aliases) == 0 {
		return v
	}
	got := &covering{columns: map[string]string{}, rest: v.rest, order: v.order, one: v.one}
	for name, was := range v.columns {
		got.columns[name] = was
	}
	for i, n := range aliases {
		name := n.GetString_().GetSval()
		switch {
		case i < len(v.order):
			got.columns[name] = v.order[i]
		default:
			got.columns[name] = anyColumn
		}
	}
	return got
}

// twin is a relation beside the target that covers it.
type twin struct {
	name string // "" where its columns are named without it
	covering
}

// twinsOf gives the twins of the target in a FROM, and the conditions under which they
// are joined.
func (c *judgement) twinsOf(from []*pg_query.Node) (twins []twin, quals []*pg_query.Node) {
	for _, n := range from {
		if j := n.GetJoinExpr(); j != nil {
			left, leftQuals := c.twinsOf([]*pg_query.Node{j.Larg})
			right, rightQuals := c.twinsOf([]*pg_query.Node{j.Rarg})
			all, on := append(slices.Clone(left), right...), append(slices.Clone(leftQuals), rightQuals...)
			if j.Quals != nil {
				on = append(on, j.Quals)
			}
			keepsLeft := j.Jointype == pg_query.JoinType_JOIN_LEFT || j.Jointype == pg_query.JoinType_JOIN_FULL
			keepsRight := j.Jointype == pg_query.JoinType_JOIN_RIGHT || j.Jointype == pg_query.JoinType_JOIN_FULL
			switch {
			case keepsLeft && len(right) == 0:
				all, on = left, leftQuals
			case keepsRight && len(left) == 0:
				all, on = right, rightQuals
			case (j.IsNatural || len(j.UsingClause) > 0) && (len(left) == 0 || len(right) == 0):
				all, on = nil, nil // what it is joined with may have other values
			}
			twins, quals = append(twins, all...), append(quals, on...)
			continue
		}
		if name, v := c.coveringItem(n); v != nil {
			twins = append(twins, twin{name: name, covering: *v})
		}
	}
	return twins, quals
}

// coveringItem says whether one item of a FROM covers the target.
func (c *judgement) coveringItem(n *pg_query.Node) (name string, v *covering) {
	switch item := n.GetNode().(type) {
	case *pg_query.Node_RangeVar:
		r := item.RangeVar
		if query, with, aliases := c.cte(r); query != nil {
			inner := *c
			inner.with = with
			return refname(r), inner.cover(query).renamed(aliases).renamed(r.GetAlias().GetColnames())
		}
		if r.Relname != c.target.GetRelname() || r.Schemaname != "" && c.target.GetSchemaname() != "" && r.Schemaname != c.target.GetSchemaname() {
			return "", nil
		}
		v := &covering{rest: true}
		return refname(r), v.renamed(r.GetAlias().GetColnames())
	case *pg_query.Node_RangeSubselect:
		alias := item.RangeSubselect.Alias
		return alias.GetAliasname(), c.cover(item.RangeSubselect.Subquery).renamed(alias.GetColnames())
	case *pg_query.Node_RangeTableSample:
		if args := item.RangeTableSample.Args; len(args) == 1 && c.isNumber(args[0], 100) {
			return c.coveringItem(item.RangeTableSample.Relation)
		}
	case *pg_query.Node_RangeFunction:
		return c.coveringFunction(item.RangeFunction)
	}
	return "", nil
}

// coveringFunction knows unnest of an array of all, and series without end.
func (c *judgement) coveringFunction(f *pg_query.RangeFunction) (name string, v *covering) {
	if len(f.Functions) != 1 || f.Ordinality {
		return "", nil
	}
	items := f.Functions[0].GetList().GetItems()
	if len(items) == 0 {
		return "", nil
	}
	column := c.gives(items[0])
	if column == "" {
		return "", nil
	}
	name = f.Alias.GetAliasname()
	if name == "" {
		name = bareFunction(items[0].GetFuncCall())
	}
	v = &covering{columns: map[string]string{name: column, "unnest": column}, order: []string{column}}
	return name, v.renamed(f.Alias.GetColnames())
}

// gives names the column of the target of which a function that returns rows gives all
// values, "" for none.
func (c *judgement) gives(n *pg_query.Node) string {
	call := n.GetFuncCall()
	switch args := call.GetArgs(); bareFunction(call) {
	case "unnest":
		if len(args) == 1 {
			return c.arrayOfAll(args[0])
		}
	case "generate_series":
		if len(args) < 2 {
			return ""
		}
		from, to := c.number(args[0]), c.number(args[1])
		if from == nil || to == nil {
			return ""
		}
		low, _ := from.Float64()
		high, _ := to.Float64()
		if low <= 1 && high >= endless {
			return anyColumn
		}
	}
	return ""
}

// endless is a number of rows, or a key, past which nothing is counted.
const endless = 1_000_000

// arrayOfAll names the column of the target of which an array has all values.
func (c *judgement) arrayOfAll(n *pg_query.Node) string {
	s := uncast(n).GetSubLink()
	sub := s.GetSubselect().GetSelectStmt()
	switch s.GetSubLinkType() {
	case pg_query.SubLinkType_ARRAY_SUBLINK:
		if v := c.cover(s.Subselect); v != nil && len(v.order) == 1 {
			return v.order[0]
		}
	case pg_query.SubLinkType_EXPR_SUBLINK:
		return c.aggregated(sub, "array_agg")
	}
	return ""
}

// aggregated names the column of the target over all of whose values a query has one of
// the aggregates, and nothing else.
func (c *judgement) aggregated(sub *pg_query.SelectStmt, aggregates ...string) string {
	if sub == nil || sub.Larg != nil || len(sub.TargetList) != 1 || len(sub.GroupClause) > 0 || sub.HavingClause != nil {
		return ""
	}
	value := uncast(sub.TargetList[0].GetResTarget().GetVal())
	if r := value.GetColumnRef(); r != nil && len(sub.FromClause) == 1 && sub.WhereClause == nil {
		// (SELECT l FROM a), where a is such a query.
		var inner *pg_query.Node
		with := c.with
		if table := sub.FromClause[0].GetRangeVar(); table != nil {
			inner, with, _ = c.cte(table)
		} else {
			inner = sub.FromClause[0].GetRangeSubselect().GetSubquery()
		}
		if inner == nil {
			return ""
		}
		deeper := *c
		deeper.with = with
		return deeper.aggregated(inner.GetSelectStmt(), aggregates...)
	}
	call := value.GetFuncCall()
	if len(call.GetArgs()) != 1 || call.AggFilter != nil || call.Over != nil || !slices.Contains(aggregates, bareFunction(call)) {
		return ""
	}
	rows := selectOf(call.Args[0])
	rows.FromClause, rows.WhereClause, rows.WithClause = sub.FromClause, sub.WhereClause, sub.WithClause
	v := c.cover(&pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: rows}})
	if v == nil || len(v.order) != 1 {
		return ""
	}
	return v.order[0]
}

// selectOf makes a query of one expression.
func selectOf(value *pg_query.Node) *pg_query.SelectStmt {
	return &pg_query.SelectStmt{TargetList: []*pg_query.Node{{Node: &pg_query.Node_ResTarget{ResTarget: &pg_query.ResTarget{Val: value}}}}}
}

func bareFunction(call *pg_query.FuncCall) string {
	if call == nil || len(call.Funcname) == 0 {
		return ""
	}
	return call.Funcname[len(call.Funcname)-1].GetString_().GetSval()
}

// costOfCover is what looking at a query counts for, in steps of the sampler.
const costOfCover = 100

// cover says whether a query has a row for each row of the target, nil if not. Where
// looking has cost too much, it has.
func (c *judgement) cover(query *pg_query.Node) *covering {
	s := query.GetSelectStmt()
	if s == nil {
		return nil
	}
	if c.spent != nil {
		if *c.spent += costOfCover; *c.spent > maxStepsOfText {
			return &covering{rest: true}
		}
	}
	c = c.including(s.WithClause)
	if !c.unlimitedCount(s.LimitCount) || !c.noOffset(s.LimitOffset) {
		return nil
	}
	if s.Larg != nil {
		return c.coverSet(s)
	}
	inner, ok := c.rowsOf(s)
	if !ok {
		return nil
	}
	return inner.outputs(s)
}

// including gives a judgement inside a query with CTEs of its own.
func (c *judgement) including(with *pg_query.WithClause) *judgement {
	if with == nil {
		return c
	}
	inner := *c
	inner.with = &pg_query.WithClause{Ctes: append(slices.Clone(c.with.GetCtes()), with.Ctes...)}
	return &inner
}

// rowsOf gives a judgement about the row of the target that a query finds for each of
// its rows; ok is false if it does not find all.
func (c *judgement) rowsOf(s *pg_query.SelectStmt) (inner judgement, ok bool) {
	inner = *c.including(s.WithClause)
	c = &inner
	var conditions []*pg_query.Node
	if len(s.FromClause) > 0 {
		inner.identical, inner.inside, inner.others = true, false, nil
		if inner.twins, conditions = c.twinsOf(s.FromClause); len(inner.twins) == 0 {
			return inner, false
		}
		if c.shadows(s.FromClause) && inner.twinNamed(refname(c.target)) == nil {
			return inner, false // by the target's name another relation is meant
		}
	}
	if s.WhereClause != nil {
		conditions = append(conditions, s.WhereClause)
	}
	strangers := inner.strangers(s.FromClause)
	for _, one := range conditions {
		if !inner.lets(one) || strangers != nil && inner.judge(one) != alwaysTrue && inner.mentions(one, strangers) {
			return inner, false
		}
	}
	return inner, true
}

// coverSet is cover of UNION, INTERSECT and EXCEPT.
func (c *judgement) coverSet(s *pg_query.SelectStmt) *covering {
	side := func(s *pg_query.SelectStmt) *pg_query.Node {
		return &pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: s}}
	}
	left := c.cover(side(s.Larg))
	switch s.Op {
	case pg_query.SetOperation_SETOP_UNION:
		if left != nil {
			return left
		}
		if right := c.cover(side(s.Rarg)); right != nil && len(right.order) > 0 {
			return right.renamed(namesOf(s.Larg))
		}
	case pg_query.SetOperation_SETOP_INTERSECT:
		if left != nil && c.cover(side(s.Rarg)) != nil {
			return left
		}
	case pg_query.SetOperation_SETOP_EXCEPT:
		if s.Rarg.WhereClause != nil && c.judge(s.Rarg.WhereClause) == alwaysFalse {
			return left
		}
	}
	return nil
}

// namesOf gives the names of a query's columns.
func namesOf(s *pg_query.SelectStmt) []*pg_query.Node {
	for s.GetLarg() != nil {
		s = s.Larg
	}
	var names []*pg_query.Node
	for _, t := range s.GetTargetList() {
		name := t.GetResTarget().GetName()
		if name == "" {
			name = bareOrLast(t.GetResTarget().GetVal())
		}
		names = append(names, pg_query.MakeStrNode(name))
	}
	return names
}

// lets says whether a condition limits nothing: true for every row, or the same for all.
func (c *judgement) lets(where *pg_query.Node) bool {
	switch c.judge(where) {
	case alwaysFalse:
		return false
	case dependsOnRow:
		always, _ := c.sampled(where)
		return always
	}
	return true
}

// isAggregate says whether a call makes one value of all rows.
func isAggregate(call *pg_query.FuncCall) bool {
	if call == nil || call.Over != nil {
		return false
	}
	if call.AggStar || call.AggDistinct || call.AggFilter != nil || len(call.AggOrder) > 0 {
		return true
	}
	switch bareFunction(call) {
	case "count", "max", "min", "sum", "avg", "array_agg", "string_agg", "bool_and", "bool_or", "every", "json_agg", "jsonb_agg",
		"json_object_agg", "jsonb_object_agg", "xmlagg", "any_value":
		return true
	}
	return false
}
