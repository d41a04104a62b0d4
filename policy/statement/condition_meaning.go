package statement

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// meaningsIn gives what columns stand for of items in a FROM that are one row: of
// (SELECT max(x) AS m FROM t) b, b.m is the greatest x.
func meaningsIn(from []*pg_query.Node) map[string]*pg_query.Node {
	var all map[string]*pg_query.Node
	for _, n := range from {
		item := n.GetRangeSubselect()
		s := item.GetSubquery().GetSelectStmt()
		if s == nil || s.Larg != nil || item.Alias == nil || len(s.GroupClause) > 0 || s.HavingClause != nil {
			continue
		}
		var values []*pg_query.Node
		var names []string
		switch {
		case len(s.ValuesLists) == 1:
			values = s.ValuesLists[0].GetList().GetItems()
		case len(s.ValuesLists) == 0 && aggregates(s):
			for _, t := range s.TargetList {
				sub := selectOf(t.GetResTarget().GetVal())
				sub.FromClause, sub.WhereClause, sub.WithClause = s.FromClause, s.WhereClause, s.WithClause
				link := &pg_query.SubLink{SubLinkType: pg_query.SubLinkType_EXPR_SUBLINK, Subselect: &pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: sub}}}
				values = append(values, &pg_query.Node{Node: &pg_query.Node_SubLink{SubLink: link}})
			}
		case len(s.ValuesLists) == 0 && len(s.FromClause) == 0 && s.WhereClause == nil:
			for _, t := range s.TargetList {
				values = append(values, t.GetResTarget().GetVal())
			}
		}
		for _, t := range s.TargetList {
			name := t.GetResTarget().GetName()
			if name == "" {
				name = bareFunction(t.GetResTarget().GetVal().GetFuncCall())
			}
			names = append(names, name)
		}
		for i, value := range values {
			name := ""
			if aliases := item.Alias.Colnames; i < len(aliases) {
				name = aliases[i].GetString_().GetSval()
			} else if i < len(names) {
				name = names[i]
			}
			if name == "" || value.GetColumnRef() != nil {
				continue
			}
			if all == nil {
				all = map[string]*pg_query.Node{}
			}
			all[name], all[item.Alias.Aliasname+"."+name] = value, value
		}
	}
	return all
}

// resolve gives what a column beside the target stands for, or the expression itself.
func (c *judgement) resolve(n *pg_query.Node) *pg_query.Node {
	if len(c.meanings) == 0 {
		return n
	}
	fields := uncast(n).GetColumnRef().GetFields()
	name := ""
	switch len(fields) {
	case 1:
		name = fields[0].GetString_().GetSval()
		if _, other := c.others[name]; !other {
			return n
		}
	case 2:
		name = fields[0].GetString_().GetSval() + "." + fields[1].GetString_().GetSval()
	}
	if meant := c.meanings[name]; meant != nil {
		return meant
	}
	return n
}

// element gives the element of an array that is written out, nil for none.
func (c *judgement) element(i *pg_query.A_Indirection) *pg_query.Node {
	array := uncast(i.Arg).GetAArrayExpr()
	if array == nil || len(i.Indirection) != 1 {
		return nil
	}
	at := i.Indirection[0].GetAIndices()
	if at == nil || at.IsSlice {
		return nil
	}
	place, ok := c.folds(at.Uidx)
	if !ok || place < 1 || int(place) > len(array.Elements) {
		return nil
	}
	return array.Elements[int(place)-1]
}
