package statement

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// trace adds the trees of a statement that was read. Where the statement has
// columns and no tree shows them, it says so.
func (w *walker) trace(n *pg_query.Node) {
	if w.err != nil {
		return
	}
	t := tracer{walker: w}
	switch v := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt:
		sink := ""
		for arm := v.SelectStmt; arm != nil; arm = arm.Larg {
			if arm.IntoClause != nil {
				sink = "SELECT INTO"
			}
		}
		t.root(t.query(n), sink)
	case *pg_query.Node_InsertStmt, *pg_query.Node_UpdateStmt, *pg_query.Node_DeleteStmt, *pg_query.Node_MergeStmt:
		t.root(t.query(n), "")
	case *pg_query.Node_CreateTableAsStmt:
		sink := "CREATE TABLE AS"
		if v.CreateTableAsStmt.Objtype == pg_query.ObjectType_OBJECT_MATVIEW {
			sink = "CREATE MATERIALIZED VIEW"
		}
		if v.CreateTableAsStmt.Query.GetExecuteStmt() == nil {
			t.root(t.query(v.CreateTableAsStmt.Query), sink)
		}
	case *pg_query.Node_ViewStmt:
		t.root(t.query(v.ViewStmt.Query), "a view's definition")
	case *pg_query.Node_CallStmt:
		t.root(t.values([]*pg_query.Node{{Node: &pg_query.Node_FuncCall{FuncCall: v.CallStmt.Funccall}}}), "CALL")
	case *pg_query.Node_ExecuteStmt:
		if len(v.ExecuteStmt.Params) > 0 {
			t.root(t.values(v.ExecuteStmt.Params), "the parameters of EXECUTE")
		}
	case *pg_query.Node_PrepareStmt, *pg_query.Node_DeclareCursorStmt, *pg_query.Node_ExplainStmt, *pg_query.Node_DoStmt:
	case *pg_query.Node_CreateFunctionStmt:
		for _, p := range v.CreateFunctionStmt.Parameters {
			w.st.Untraced = w.st.Untraced || p.GetFunctionParameter().GetDefexpr() != nil
		}
		t.returned(v.CreateFunctionStmt.SqlBody)
	case *pg_query.Node_CopyStmt:
		if v.CopyStmt.Query == nil {
			w.st.Untraced = true
			return
		}
		for i := range w.st.Trees {
			if w.st.Trees[i].Sink == "" {
				w.st.Trees[i].Sink = "COPY (query) TO"
			}
		}
	default:
		w.st.Untraced = w.st.Untraced || len(w.st.Columns) > 0
	}
}

// tracer makes trees. It stands beside the walk, which has refused what neither
// knows.
type tracer struct {
	*walker
	numbered bool // a parameter is one of the function whose body this is
}

func (t *tracer) root(n Node, sink string) {
	n.tidy()
	t.st.Trees = append(t.st.Trees, Tree{Root: n, Sink: sink})
}

// values gives a query of expressions alone.
func (t *tracer) values(list []*pg_query.Node) Node {
	targets := make([]Node, 0, len(list))
	for _, n := range list {
		targets = append(targets, Node{Kind: NodeTarget, Names: []string{""}, Nodes: []Node{t.expr(n)}})
	}
	return Node{Kind: NodeSelect, Nodes: []Node{{}, {}, {Kind: NodeList, Nodes: targets}}}
}

// returned adds the expressions of RETURN in a body; its statements have trees of
// their own.
func (t *tracer) returned(body *pg_query.Node) {
	if r := body.GetReturnStmt(); r != nil {
		t.root(t.values([]*pg_query.Node{r.Returnval}), "the body of a function")
	}
	for _, n := range body.GetList().GetItems() {
		t.returned(n)
	}
}

func list(nodes []Node) Node { return Node{Kind: NodeList, Nodes: nodes} }

func (t *tracer) query(n *pg_query.Node) Node {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt:
		return t.sel(v.SelectStmt)
	case *pg_query.Node_InsertStmt:
		return t.insertion(v.InsertStmt)
	case *pg_query.Node_UpdateStmt:
		s := v.UpdateStmt
		return Node{Kind: NodeUpdate, Nodes: []Node{t.with(s.WithClause), t.rangeVar(s.Relation), t.assignList(s.TargetList),
			t.fromList(s.FromClause), t.expr(s.WhereClause), t.targetList(s.ReturningList)}}
	case *pg_query.Node_DeleteStmt:
		s := v.DeleteStmt
		return Node{Kind: NodeDelete, Nodes: []Node{t.with(s.WithClause), t.rangeVar(s.Relation),
			t.fromList(s.UsingClause), t.expr(s.WhereClause), t.targetList(s.ReturningList)}}
	case *pg_query.Node_MergeStmt:
		return t.merged(v.MergeStmt)
	}
	t.unsupported(n)
	return Node{}
}

func (t *tracer) sel(s *pg_query.SelectStmt) Node {
	order := t.orderList(s.SortClause)
	limits := list([]Node{t.expr(s.LimitOffset), t.expr(s.LimitCount)})
	with := t.with(s.WithClause)
	switch {
	case s.Larg != nil && s.Rarg != nil:
		flags := map[pg_query.SetOperation]int{
			pg_query.SetOperation_SETOP_UNION: FlagUnion, pg_query.SetOperation_SETOP_INTERSECT: FlagIntersect,
			pg_query.SetOperation_SETOP_EXCEPT: FlagExcept,
		}[s.Op]
		if s.All {
			flags |= FlagAll
		}
		return Node{Kind: NodeSetOp, Flags: flags, Nodes: []Node{with, t.sel(s.Larg), t.sel(s.Rarg), order, limits}}
	case len(s.ValuesLists) > 0:
		return Node{Kind: NodeValues, Nodes: []Node{with, t.valueColumns(s.ValuesLists), order, limits}}
	}
	windows := make([]Node, 0, len(s.WindowClause))
	for _, n := range s.WindowClause {
		windows = append(windows, t.windowDef(n.GetWindowDef()))
	}
	flags := 0
	var distinct Node
	switch {
	case len(s.DistinctClause) == 1 && s.DistinctClause[0].GetNode() == nil:
		flags = FlagDistinct
	case len(s.DistinctClause) > 0:
		distinct = t.groupList(s.DistinctClause)
	}
	nodes := []Node{with, t.fromList(s.FromClause), t.targetList(s.TargetList), t.expr(s.WhereClause),
		t.groupList(s.GroupClause), t.expr(s.HavingClause), list(windows), distinct, order, limits}
	return Node{Kind: NodeSelect, Flags: flags, Nodes: nodes}
}

// valueColumns turns the rows of VALUES into columns. Of constants one is kept that is
// FlagSmall and one that is not.
func (t *tracer) valueColumns(rows []*pg_query.Node) Node {
	width := 0
	if len(rows) > 0 {
		width = len(rows[0].GetList().GetItems())
	}
	columns := make([]Node, width)
	small, other := make([]bool, width), make([]bool, width)
	for i := range columns {
		columns[i].Kind = NodeList
	}
	for _, row := range rows {
		for i, n := range row.GetList().GetItems() {
			if i >= width {
				break // PostgreSQL refuses rows of different lengths
			}
			e := t.expr(n)
			if e.Kind == NodeConstant {
				kept := &other[i]
				if e.Has(FlagSmall) {
					kept = &small[i]
				}
				if *kept {
					continue
				}
				*kept = true
			}
			columns[i].Nodes = append(columns[i].Nodes, e)
		}
	}
	return list(columns)
}

func (t *tracer) with(c *pg_query.WithClause) Node {
	if c == nil {
		return Node{}
	}
	n := Node{Kind: NodeWith}
	if c.Recursive {
		n.Flags = FlagRecursive
	}
	for _, item := range c.Ctes {
		e := item.GetCommonTableExpr()
		cte := Node{Kind: NodeCTE, Names: []string{e.GetCtename()}}
		var extra []Node
		if s := e.GetSearchClause(); s != nil {
			cte.Names = append(cte.Names, s.SearchSeqColumn)
		}
		if s := e.GetCycleClause(); s != nil {
			cte.Names = append(cte.Names, s.CycleMarkColumn, s.CyclePathColumn)
			extra = []Node{t.expr(s.CycleMarkValue), t.expr(s.CycleMarkDefault)}
		}
		cte.Nodes = []Node{t.query(e.GetCtequery()), {Kind: NodeList, Names: t.strings(e.GetAliascolnames())}, list(extra)}
		n.Nodes = append(n.Nodes, cte)
	}
	return n
}

func (t *tracer) targetList(nodes []*pg_query.Node) Node {
	targets := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		r := n.GetResTarget()
		target := Node{Kind: NodeTarget, Names: []string{r.GetName()}, Nodes: []Node{t.expr(r.GetVal())}}
		if r.GetName() == "" {
			label, _, sure := t.label(r.GetVal())
			target.Names[0] = label
			if !sure {
				target.Flags = FlagGuess
			}
		}
		targets = append(targets, target)
	}
	return list(targets)
}

func (t *tracer) orderList(nodes []*pg_query.Node) Node {
	if len(nodes) == 0 {
		return Node{}
	}
	out := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, t.pointing(n.GetSortBy().GetNode()))
	}
	return list(out)
}

// groupList gives the entries of GROUP BY, those of grouping sets as well.
func (t *tracer) groupList(nodes []*pg_query.Node) Node {
	if len(nodes) == 0 {
		return Node{}
	}
	var out []Node
	var add func(nodes []*pg_query.Node)
	add = func(nodes []*pg_query.Node) {
		for _, n := range nodes {
			switch v := n.GetNode().(type) {
			case *pg_query.Node_GroupingSet:
				add(v.GroupingSet.Content)
			case *pg_query.Node_RowExpr:
				add(v.RowExpr.Args)
			case *pg_query.Node_List:
				add(v.List.Items)
			default:
				out = append(out, t.pointing(n))
			}
		}
	}
	add(nodes)
	return list(out)
}

// pointing gives an entry that may be the number of an output.
func (t *tracer) pointing(n *pg_query.Node) Node {
	if c := n.GetAConst(); c != nil {
		if v := t.constants.value(c); v.kind == integerConstant && v.integer > 0 && v.integer < 1<<20 {
			return Node{Kind: NodePosition, Flags: int(v.integer)}
		}
		return Node{Kind: NodeConstant}
	}
	return t.expr(n)
}

func (t *tracer) windowDef(d *pg_query.WindowDef) Node {
	if d == nil {
		return Node{}
	}
	var partition []Node
	for _, n := range d.PartitionClause {
		partition = append(partition, t.expr(n))
	}
	var order []Node
	for _, n := range d.OrderClause {
		order = append(order, t.expr(n.GetSortBy().GetNode()))
	}
	return Node{Kind: NodeWindow, Names: []string{d.Name, d.Refname}, Nodes: []Node{list(partition), list(order),
		list([]Node{t.expr(d.StartOffset), t.expr(d.EndOffset)})}}
}

// parts gives every expression and query in a piece of the tree that is known
// only by what is in it.
func (t *tracer) parts(m protoreflect.Message) []Node {
	var found []Node
	if m == nil {
		return nil
	}
	child := func(m protoreflect.Message) {
		switch v := m.Interface().(type) {
		case *pg_query.Node:
			switch {
			case v.GetNode() == nil:
			case v.GetList() != nil || isPart(v) || v.GetTypeName() != nil:
				found = append(found, t.parts(inner(v))...)
			case isQuery(v):
				found = append(found, Node{Kind: NodeSublink, Flags: FlagScalar, Nodes: []Node{{}, t.query(v)}})
			default:
				found = append(found, t.expr(v))
			}
		case *pg_query.FuncCall:
			found = append(found, t.expr(&pg_query.Node{Node: &pg_query.Node_FuncCall{FuncCall: v}}))
		case *pg_query.SelectStmt:
			found = append(found, Node{Kind: NodeSublink, Flags: FlagScalar, Nodes: []Node{{}, t.sel(v)}})
		case *pg_query.WindowDef:
			found = append(found, t.windowDef(v))
		default:
			found = append(found, t.parts(m)...)
		}
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.MessageKind:
		case field.IsList():
			for i := range value.List().Len() {
				child(value.List().Get(i).Message())
			}
		default:
			child(value.Message())
		}
		return true
	})
	return found
}
