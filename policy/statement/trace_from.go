package statement

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

func (t *tracer) fromList(nodes []*pg_query.Node) Node {
	if len(nodes) == 0 {
		return Node{}
	}
	items := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		items = append(items, t.from(n))
	}
	return list(items)
}

func (t *tracer) aliases(a *pg_query.Alias) Node {
	if a == nil {
		return Node{}
	}
	return Node{Kind: NodeList, Names: append([]string{a.Aliasname}, t.strings(a.Colnames)...)}
}

func (t *tracer) rangeVar(r *pg_query.RangeVar) Node {
	return Node{Kind: NodeRelation, Names: []string{r.GetSchemaname(), r.GetRelname()}, Nodes: []Node{t.aliases(r.GetAlias())}}
}

func (t *tracer) from(n *pg_query.Node) Node {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_RangeVar:
		return t.rangeVar(v.RangeVar)
	case *pg_query.Node_JoinExpr:
		return t.joined(v.JoinExpr)
	case *pg_query.Node_RangeSubselect:
		flags := 0
		if v.RangeSubselect.Lateral {
			flags = FlagLateral
		}
		return Node{Kind: NodeSubquery, Flags: flags, Nodes: []Node{t.aliases(v.RangeSubselect.Alias), t.query(v.RangeSubselect.Subquery)}}
	case *pg_query.Node_RangeFunction:
		return t.rangeFunction(v.RangeFunction)
	case *pg_query.Node_RangeTableSample:
		s := v.RangeTableSample
		var args []Node
		for _, a := range append(slices.Clone(s.Args), s.Repeatable) {
			args = append(args, t.expr(a))
		}
		return Node{Kind: NodeSample, Nodes: []Node{t.from(s.Relation), list(args)}}
	case *pg_query.Node_RangeTableFunc:
		return Node{Kind: NodeFunction, Nodes: []Node{t.aliases(v.RangeTableFunc.Alias),
			list([]Node{{Kind: NodeDerived, Names: []string{"XMLTABLE"}, Nodes: t.parts(inner(n))}})}}
	}
	t.unsupported(n)
	return Node{}
}

func (t *tracer) rangeFunction(f *pg_query.RangeFunction) Node {
	n := Node{Kind: NodeFunction, Nodes: []Node{t.aliases(f.Alias), {}}}
	var calls []Node
	name := ""
	for _, item := range f.Functions {
		parts := item.GetList().GetItems()
		if len(parts) == 0 {
			continue
		}
		calls = append(calls, t.expr(parts[0]))
		if c := parts[0].GetFuncCall(); c != nil && len(c.Funcname) > 0 && name == "" {
			name = c.Funcname[len(c.Funcname)-1].GetString_().GetSval()
		}
	}
	if f.Alias == nil {
		n.Nodes[0] = Node{Kind: NodeList, Names: []string{name}}
	}
	if len(f.Coldeflist) > 0 && len(n.Nodes[0].Names) == 1 {
		for _, d := range f.Coldeflist {
			n.Nodes[0].Names = append(n.Nodes[0].Names, d.GetColumnDef().GetColname())
		}
		if !f.Ordinality && len(calls) == 1 {
			n.Flags |= FlagDefined
		}
	}
	if f.Ordinality {
		n.Flags |= FlagOrdinality
	}
	n.Nodes[1] = list(calls)
	return n
}

func (t *tracer) joined(j *pg_query.JoinExpr) Node {
	flags := 0
	if j.IsNatural {
		flags |= FlagNatural
	}
	if j.Alias != nil {
		flags |= FlagNamed
	}
	return Node{Kind: NodeJoin, Flags: flags, Nodes: []Node{t.aliases(j.Alias), t.from(j.Larg), t.from(j.Rarg), t.expr(j.Quals),
		{Kind: NodeList, Names: t.strings(j.UsingClause)}, t.aliases(j.JoinUsingAlias)}}
}
