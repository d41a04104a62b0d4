package statement

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

func (t *tracer) insertion(s *pg_query.InsertStmt) Node {
	columns := make([]Node, 0, len(s.Cols))
	for _, n := range s.Cols {
		columns = append(columns, t.assign(n.GetResTarget(), Node{}))
	}
	var source Node
	if s.SelectStmt != nil {
		source = t.query(s.SelectStmt)
	}
	return Node{Kind: NodeInsert, Nodes: []Node{t.with(s.WithClause), t.rangeVar(s.Relation), list(columns), source,
		t.conflictList(s.OnConflictClause), t.targetList(s.ReturningList)}}
}

// conflictList gives what ON CONFLICT asks and does: the expressions of the
// index, its condition, the assignments, their condition.
func (t *tracer) conflictList(c *pg_query.OnConflictClause) Node {
	if c == nil {
		return Node{}
	}
	var elements []Node
	for _, n := range c.GetInfer().GetIndexElems() {
		e := n.GetIndexElem()
		if e.GetName() != "" {
			elements = append(elements, Node{Kind: NodeColumn, Names: []string{e.Name}})
			continue
		}
		elements = append(elements, t.expr(e.GetExpr()))
	}
	// It has a name, since it counts also where it says nothing.
	return Node{Kind: NodeList, Names: []string{"ON CONFLICT"}, Nodes: []Node{list(elements), t.expr(c.GetInfer().GetWhereClause()),
		t.assignList(c.TargetList), t.expr(c.WhereClause)}}
}

func (t *tracer) merged(s *pg_query.MergeStmt) Node {
	whens := make([]Node, 0, len(s.MergeWhenClauses))
	for _, n := range s.MergeWhenClauses {
		c := n.GetMergeWhenClause()
		var assigned []Node
		if c.GetCommandType() == pg_query.CmdType_CMD_INSERT {
			for i, v := range c.Values {
				var to *pg_query.ResTarget
				if i < len(c.TargetList) {
					to = c.TargetList[i].GetResTarget()
				}
				assigned = append(assigned, t.assign(to, t.expr(v)))
			}
		} else {
			assigned = t.assignList(c.GetTargetList()).Nodes
		}
		whens = append(whens, Node{Kind: NodeWhen, Nodes: []Node{t.expr(c.GetCondition()), list(assigned)}})
	}
	return Node{Kind: NodeMerge, Nodes: []Node{t.with(s.WithClause), t.rangeVar(s.Relation), t.from(s.SourceRelation),
		t.expr(s.JoinCondition), list(whens), {}}}
}

func (t *tracer) assignList(nodes []*pg_query.Node) Node {
	assigned := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		r := n.GetResTarget()
		m := r.GetVal().GetMultiAssignRef()
		if m != nil && m.Source.GetRowExpr() == nil && m.Colno > 1 && len(assigned) > 0 {
			last := &assigned[len(assigned)-1] // the source is repeated for each column
			last.Names = append(last.Names, r.GetName())
			t.element(last, r)
			continue
		}
		assigned = append(assigned, t.assign(r, t.expr(r.GetVal())))
	}
	return list(assigned)
}

func (t *tracer) assign(r *pg_query.ResTarget, value Node) Node {
	a := Node{Kind: NodeAssign, Names: []string{r.GetName()}, Nodes: []Node{value}}
	t.element(&a, r)
	return a
}

// element adds the subscripts of what is assigned to: which element has the value
// tells them.
func (t *tracer) element(a *Node, r *pg_query.ResTarget) {
	for _, i := range r.GetIndirection() {
		a.Flags |= FlagElement
		if x := i.GetAIndices(); x != nil {
			a.Nodes = append(a.Nodes, t.expr(x.Lidx), t.expr(x.Uidx))
		}
	}
}
