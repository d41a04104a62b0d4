package statement

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// outputs says which columns of the target a query gives whose FROM has all of its rows.
func (c *judgement) outputs(s *pg_query.SelectStmt) *covering {
	var grouped []string
	for _, n := range s.GroupClause {
		grouped = append(grouped, c.grouping(n, s)...)
	}
	if s.HavingClause != nil && (len(grouped) == 0 || !c.letsGroups(s.HavingClause)) {
		return nil
	}
	var on []string
	if !plainDistinct(s.DistinctClause) {
		for _, n := range s.DistinctClause {
			on = append(on, c.columnOf(n))
		}
	}
	v := &covering{columns: map[string]string{}, one: c.alone(s)}
	targets := s.TargetList
	if len(s.ValuesLists) == 1 {
		targets = nil
		for _, value := range s.ValuesLists[0].GetList().GetItems() {
			targets = append(targets, selectOf(value).TargetList...)
		}
	}
	some := false
	for _, n := range targets {
		t := n.GetResTarget()
		if isStar(t.GetVal()) {
			some = c.outputStar(v, t.Val) || some
			continue
		}
		column := c.columnOf(t.GetVal())
		call := t.GetVal().GetFuncCall()
		switch {
		case len(call.GetArgs()) == 1 && len(grouped) > 0 && (bareFunction(call) == "max" || bareFunction(call) == "min"):
			column = c.columnOf(call.Args[0])
		case len(call.GetArgs()) == 1 && bareFunction(call) == "unnest" && bareFunction(call.Args[0].GetFuncCall()) == "array_agg":
			column = c.columnOf(call.Args[0].GetFuncCall().Args[0])
		case len(grouped) == 0 && isAggregate(call):
			return nil // one row for all
		case call != nil && len(s.FromClause) == 0 && c.gives(t.Val) != "":
			column = c.gives(t.Val)
		}
		if len(grouped) > 0 && !slices.Contains(grouped, column) || len(on) > 0 && !slices.Contains(on, column) {
			column = ""
		}
		name := t.GetName()
		if name == "" {
			name = bareOrLast(t.GetVal())
		}
		v.columns[name] = column
		v.order = append(v.order, column)
		some = some || column != "" || len(s.FromClause) > 0
	}
	if !some {
		return nil // a row of its own
	}
	return v
}

// alone says whether a query is of the row itself and no other.
func (c *judgement) alone(s *pg_query.SelectStmt) bool {
	return len(s.FromClause) == 0 || len(c.twins) == len(s.FromClause) && !slices.ContainsFunc(c.twins, func(t twin) bool { return !t.one })
}

// outputStar adds what a star stands for.
func (c *judgement) outputStar(v *covering, star *pg_query.Node) bool {
	fields := star.GetColumnRef().GetFields()
	found := false
	for i := range c.twins {
		t := &c.twins[i]
		if len(fields) > 1 && fields[len(fields)-2].GetString_().GetSval() != t.name {
			continue
		}
		found = true
		v.rest = v.rest || t.rest
		v.order = append(v.order, t.order...)
		for name, was := range t.columns {
			v.columns[name] = was
		}
	}
	return found
}

// grouping gives the columns of the target by which one element of GROUP BY groups.
func (c *judgement) grouping(n *pg_query.Node, s *pg_query.SelectStmt) []string {
	if set := n.GetGroupingSet(); set != nil {
		var all []string
		for _, inner := range set.Content {
			all = append(all, c.grouping(inner, s)...)
		}
		return all
	}
	if row := n.GetRowExpr(); row != nil {
		var all []string
		for _, inner := range row.Args {
			all = append(all, c.grouping(inner, s)...)
		}
		return all
	}
	if at := c.number(n); at != nil {
		if i, _ := at.Float64(); i >= 1 && int(i) <= len(s.TargetList) {
			return []string{c.columnOf(s.TargetList[int(i)-1].GetResTarget().GetVal())}
		}
	}
	return []string{c.columnOf(n)}
}

// columnOf names the column of the target that an expression is, of the target itself or
// of a twin, "" for none.
func (c *judgement) columnOf(n *pg_query.Node) string {
	n = uncast(n)
	if e := n.GetAExpr(); e != nil {
		for _, side := range []*pg_query.Node{e.Lexpr, e.Rexpr} {
			if side.GetColumnRef() != nil && c.sameButNothing(n, side) {
				n = side
			}
		}
	}
	if i := n.GetAIndirection(); i != nil && len(i.Indirection) == 1 && i.Arg.GetColumnRef() != nil { // (w).id
		if name := i.Indirection[0].GetString_().GetSval(); name != "" && c.columnOf(i.Arg) == wholeRow {
			return name
		}
	}
	r := n.GetColumnRef()
	if r == nil || !c.isOfRow(r, c.inside) || isStar(n) {
		return ""
	}
	return c.original(r)
}

// original gives the name that a column has in the target: a twin's may have another.
func (c *judgement) original(r *pg_query.ColumnRef) string {
	n := len(r.Fields)
	name := r.Fields[n-1].GetString_().GetSval()
	if n > 1 {
		if t := c.twinNamed(r.Fields[n-2].GetString_().GetSval()); t != nil {
			return t.original(name)
		}
		return name
	}
	if name == refname(c.target) {
		return wholeRow
	}
	if c.identical {
		for i := range c.twins {
			if c.twins[i].name == name && c.twins[i].columns[name] == "" {
				return wholeRow
			}
			if was, named := c.twins[i].columns[name]; named {
				return was
			}
		}
	}
	return name
}
