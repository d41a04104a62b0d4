package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

func (t *tracer) exprs(nodes []*pg_query.Node) []Node {
	out := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, t.expr(n))
	}
	return out
}

// constantOnly says whether nodes are all constants: then so is what an operator
// or a cast makes of them, as far as lineage goes.
func constantOnly(nodes []Node) bool {
	for i := range nodes {
		if nodes[i].Kind != NodeConstant && nodes[i].Kind != NodeNone {
			return false
		}
	}
	return true
}

// over gives a node of operands, a constant where all of them are.
func over(n Node) Node {
	if !constantOnly(n.Nodes) {
		return n
	}
	constant := Node{Kind: NodeConstant}
	for i := range n.Nodes {
		if n.Nodes[i].Has(FlagGiven | FlagComputed) {
			constant.Flags = FlagComputed
		}
	}
	return constant
}

// expr gives an expression. What no case knows is derived from all that is in it.
func (t *tracer) expr(n *pg_query.Node) Node {
	if n == nil || t.err != nil {
		return Node{}
	}
	switch v := n.GetNode().(type) {
	case nil:
		return Node{}
	case *pg_query.Node_ParamRef:
		if t.numbered {
			return Node{Kind: NodeParameter, Flags: int(v.ParamRef.Number)}
		}
		return Node{Kind: NodeConstant, Flags: FlagGiven}
	case *pg_query.Node_AConst:
		if t.constants.isNull(v.AConst) || t.constants.kind(v.AConst) == integerConstant {
			return Node{Kind: NodeConstant, Flags: FlagSmall}
		}
		return Node{Kind: NodeConstant}
	case *pg_query.Node_SetToDefault, *pg_query.Node_CurrentOfExpr,
		*pg_query.Node_TypeName, *pg_query.Node_Integer, *pg_query.Node_Float, *pg_query.Node_Boolean,
		*pg_query.Node_String_, *pg_query.Node_BitString, *pg_query.Node_SqlvalueFunction:
		return Node{Kind: NodeConstant}
	case *pg_query.Node_ColumnRef:
		return t.reference(v.ColumnRef)
	case *pg_query.Node_AExpr:
		return t.operator(v.AExpr)
	case *pg_query.Node_BoolExpr:
		if v.BoolExpr.Boolop == pg_query.BoolExprType_NOT_EXPR {
			return over(Node{Kind: NodeNot, Nodes: t.exprs(v.BoolExpr.Args)})
		}
		return over(Node{Kind: NodeAnd, Nodes: t.exprs(v.BoolExpr.Args)})
	case *pg_query.Node_NullTest:
		return over(Node{Kind: NodeTest, Names: []string{"IS NULL"}, Nodes: []Node{t.expr(v.NullTest.Arg)}})
	case *pg_query.Node_BooleanTest:
		return over(Node{Kind: NodeTest, Names: []string{"IS TRUE"}, Nodes: []Node{t.expr(v.BooleanTest.Arg)}})
	case *pg_query.Node_TypeCast:
		return t.cast(v.TypeCast)
	case *pg_query.Node_CollateClause:
		// Of a constant, too: what equals it depends on the collation.
		return Node{Kind: NodeCollate, Names: []string{lastName(v.CollateClause.Collname)}, Nodes: []Node{t.expr(v.CollateClause.Arg)}}
	case *pg_query.Node_CaseExpr:
		return t.caseExpr(v.CaseExpr)
	case *pg_query.Node_CoalesceExpr:
		return over(Node{Kind: NodeBranch, Names: []string{"COALESCE"}, Nodes: t.exprs(v.CoalesceExpr.Args)})
	case *pg_query.Node_MinMaxExpr:
		return over(Node{Kind: NodeBranch, Names: []string{"GREATEST or LEAST"}, Nodes: t.exprs(v.MinMaxExpr.Args)})
	case *pg_query.Node_RowExpr:
		return Node{Kind: NodeRow, Nodes: t.exprs(v.RowExpr.Args)}
	case *pg_query.Node_AArrayExpr:
		return over(Node{Kind: NodeArray, Nodes: t.exprs(v.AArrayExpr.Elements)})
	case *pg_query.Node_List:
		return over(Node{Kind: NodeList, Nodes: t.exprs(v.List.Items)})
	case *pg_query.Node_NamedArgExpr:
		return Node{Kind: NodeNamed, Names: []string{v.NamedArgExpr.Name}, Nodes: []Node{t.expr(v.NamedArgExpr.Arg)}}
	case *pg_query.Node_AIndirection:
		return t.indirected(v.AIndirection)
	case *pg_query.Node_SubLink:
		return t.subquery(v.SubLink)
	case *pg_query.Node_FuncCall:
		return t.function(v.FuncCall)
	case *pg_query.Node_MultiAssignRef:
		return t.multiAssign(v.MultiAssignRef)
	case *pg_query.Node_GroupingFunc:
		return Node{Kind: NodeConstant} // which grouping set a row belongs to
	case *pg_query.Node_SortBy:
		return t.expr(v.SortBy.Node)
	case *pg_query.Node_ResTarget:
		return t.expr(v.ResTarget.Val)
	case *pg_query.Node_JsonObjectConstructor:
		return t.json(n, v.JsonObjectConstructor.Unique)
	case *pg_query.Node_JsonObjectAgg:
		return t.json(n, v.JsonObjectAgg.Unique)
	case *pg_query.Node_JsonArrayConstructor, *pg_query.Node_JsonArrayQueryConstructor, *pg_query.Node_JsonArrayAgg:
		return t.json(n, false)
	case *pg_query.Node_XmlExpr, *pg_query.Node_XmlSerialize:
		return Node{Kind: NodeDerived, Names: []string{"an XML expression"}, Nodes: t.parts(inner(n))}
	}
	return Node{Kind: NodeDerived, Names: []string{"an expression (" + nodeName(n) + ")"}, Nodes: t.parts(inner(n))}
}

// json gives what a constructor of JSON makes. One that wants keys to be unique
// fails by their values.
func (t *tracer) json(n *pg_query.Node, unique bool) Node {
	made := Node{Kind: NodeDerived, Flags: FlagTotal, Names: []string{"a JSON expression"}, Nodes: t.parts(inner(n))}
	if unique {
		made.Flags = 0
	}
	return over(made)
}

func (t *tracer) reference(r *pg_query.ColumnRef) Node {
	fields := r.Fields
	n := Node{Kind: NodeColumn}
	if last := len(fields) - 1; last >= 0 && fields[last].GetAStar() != nil {
		n.Kind, fields = NodeStar, fields[:last]
	}
	n.Names = t.strings(fields)
	return n
}

// flat gives the operands of a chain of one operator as one list.
func flat(name string, operands ...Node) []Node {
	var out []Node
	constant := false
	for _, o := range operands {
		switch {
		case o.Kind == NodeOperator && o.Name(0) == name:
			for _, part := range o.Nodes {
				if part.Kind != NodeConstant || !constant {
					out = append(out, part)
				}
				constant = constant || part.Kind == NodeConstant
			}
		case o.Kind == NodeNone:
		case o.Kind == NodeConstant && constant:
		default:
			constant = constant || o.Kind == NodeConstant
			out = append(out, o)
		}
	}
	return out
}

func (t *tracer) operator(e *pg_query.A_Expr) Node {
	name := operatorName(e)
	l, r := t.expr(e.Lexpr), t.expr(e.Rexpr)
	comparison := Node{Kind: NodeComparison, Names: []string{name}, Nodes: []Node{l, r}}
	switch e.Kind {
	case pg_query.A_Expr_Kind_AEXPR_OP:
		switch name {
		case "=", "<>", "!=", "<", ">", "<=", ">=":
			if name == "!=" {
				comparison.Names[0] = "<>"
			}
			if l.Kind != NodeNone && r.Kind != NodeNone {
				return over(comparison)
			}
		}
		if n, ok := t.part(name, l, e.Rexpr); ok {
			return n
		}
		if name == "" {
			name = "an operator" // of a schema that is named
		}
		return over(Node{Kind: NodeOperator, Names: []string{name}, Nodes: flat(name, l, r)})
	case pg_query.A_Expr_Kind_AEXPR_OP_ANY, pg_query.A_Expr_Kind_AEXPR_OP_ALL:
		comparison.Flags = FlagList
		return over(comparison)
	case pg_query.A_Expr_Kind_AEXPR_IN:
		comparison.Flags, comparison.Names[0] = FlagList, "="
		if name == "" {
			comparison.Names[0] = ""
		}
		comparison.Nodes[1] = t.alternatives(e.Rexpr)
		return over(comparison)
	case pg_query.A_Expr_Kind_AEXPR_DISTINCT, pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		comparison.Names[0] = "="
		return over(comparison)
	case pg_query.A_Expr_Kind_AEXPR_NULLIF:
		return over(Node{Kind: NodeNullIf, Nodes: []Node{l, r}})
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg_query.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		comparison.Names[0] = "BETWEEN"
		return over(comparison)
	case pg_query.A_Expr_Kind_AEXPR_LIKE, pg_query.A_Expr_Kind_AEXPR_ILIKE:
		comparison.Names[0] = "LIKE"
		return over(comparison)
	case pg_query.A_Expr_Kind_AEXPR_SIMILAR:
		comparison.Names[0] = "SIMILAR TO"
		return over(comparison)
	}
	return Node{Kind: NodeDerived, Names: []string{"an operator of an unknown kind"}, Nodes: []Node{l, r}}
}

// alternatives gives the list of an IN, of its constants only one.
func (t *tracer) alternatives(n *pg_query.Node) Node {
	items := n.GetList().GetItems()
	var out []Node
	constant := false
	for _, item := range items {
		e := t.expr(item)
		if e.Kind == NodeConstant {
			if constant {
				continue
			}
			constant = true
		}
		out = append(out, e)
	}
	return over(list(out))
}

func (t *tracer) cast(c *pg_query.TypeCast) Node {
	n := Node{Kind: NodeCast, Names: []string{lastName(c.GetTypeName().GetNames())}, Nodes: []Node{t.expr(c.Arg)}}
	if len(c.GetTypeName().GetArrayBounds()) > 0 {
		n.Flags |= FlagList
	}
	if len(c.GetTypeName().GetTypmods()) > 0 {
		n.Flags |= FlagStrict
	}
	if names := c.GetTypeName().GetNames(); len(names) > 1 && names[0].GetString_().GetSval() != "pg_catalog" {
		n.Names[0] = "" // a type of a schema that is named
	}
	made := over(n)
	if made.Kind == NodeConstant && (n.Nodes[0].Has(FlagSmall) || n.Flags&FlagList == 0 && whole(n.Names[0])) {
		made.Flags |= FlagSmall
	}
	return made
}

// whole says whether a type is one of whole numbers.
func whole(typeName string) bool {
	return typeName == "int2" || typeName == "int4" || typeName == "int8"
}

func (t *tracer) caseExpr(c *pg_query.CaseExpr) Node {
	var conditions, results []Node
	for _, n := range c.Args {
		conditions = append(conditions, t.expr(n.GetCaseWhen().GetExpr()))
		results = append(results, t.expr(n.GetCaseWhen().GetResult()))
	}
	whole := Node{Kind: NodeCase, Nodes: []Node{t.expr(c.Arg), t.expr(c.Defresult), list(conditions), list(results)}}
	if constantOnly(whole.Nodes[:2]) && constantOnly(conditions) && constantOnly(results) {
		return Node{Kind: NodeConstant}
	}
	return whole
}

func (t *tracer) indirected(v *pg_query.A_Indirection) Node {
	n := t.expr(v.Arg)
	for _, step := range v.Indirection {
		switch i := step.GetNode().(type) {
		case *pg_query.Node_String_:
			n = Node{Kind: NodeField, Names: []string{i.String_.Sval}, Nodes: []Node{n}}
		case *pg_query.Node_AStar:
			n = Node{Kind: NodeFields, Nodes: []Node{n}}
		case *pg_query.Node_AIndices:
			if i.AIndices.Lidx == nil && isString(t, i.AIndices.Uidx) { // an element of json alone is named
				if part, ok := t.part("#>", n, arrayOf(i.AIndices.Uidx)); ok {
					n = part
					continue
				}
			}
			n = Node{Kind: NodeElement, Nodes: []Node{n, t.expr(i.AIndices.Lidx), t.expr(i.AIndices.Uidx)}}
		default:
			t.unsupported(step)
		}
	}
	return n
}

func (t *tracer) subquery(s *pg_query.SubLink) Node {
	n := Node{Kind: NodeSublink, Nodes: []Node{t.expr(s.Testexpr), t.query(s.Subselect)}}
	switch s.SubLinkType {
	case pg_query.SubLinkType_EXISTS_SUBLINK:
		n.Flags = FlagExists
	case pg_query.SubLinkType_ANY_SUBLINK, pg_query.SubLinkType_ALL_SUBLINK, pg_query.SubLinkType_ROWCOMPARE_SUBLINK:
		n.Flags = FlagAny
		n.Names = []string{"="} // IN
		if len(s.OperName) > 0 {
			n.Names[0] = operatorName(&pg_query.A_Expr{Name: s.OperName})
		}
	case pg_query.SubLinkType_ARRAY_SUBLINK:
		n.Flags = FlagArray
	case pg_query.SubLinkType_EXPR_SUBLINK, pg_query.SubLinkType_MULTIEXPR_SUBLINK:
		n.Flags = FlagScalar
	default:
		n.Flags = FlagAny
		n.Names = []string{""}
	}
	return n
}

func (t *tracer) function(c *pg_query.FuncCall) Node {
	names := t.strings(c.Funcname)
	n := Node{Kind: NodeCall, Names: []string{"", ""}}
	if k := len(names); k > 0 {
		n.Names[1] = names[k-1]
		if k > 1 {
			n.Names[0] = names[k-2]
		}
	}
	for flag, set := range map[int]bool{FlagDistinct: c.AggDistinct, FlagStar: c.AggStar, FlagWithin: c.AggWithinGroup, FlagOver: c.Over != nil, FlagVariadic: c.FuncVariadic} {
		if set {
			n.Flags |= flag
		}
	}
	var order []Node
	for _, s := range c.AggOrder {
		order = append(order, t.expr(s.GetSortBy().GetNode()))
	}
	if n.Names[1] == "format" && !c.FuncVariadic && t.plainFormat(c.Args) {
		n.Flags |= FlagTotal
	}
	if name := n.Names[1]; name == "jsonb_set" && len(c.Args) > 2 {
		if steps, ok := t.keys(c.Args[1]); ok {
			n.Names = append(n.Names, steps...)
		}
	}
	n.Nodes = []Node{list(t.exprs(c.Args))}
	if len(order) > 0 || c.AggFilter != nil || c.Over != nil {
		n.Nodes = append(n.Nodes, list(order), t.expr(c.AggFilter), t.windowDef(c.Over))
	}
	return n
}

// plainFormat says whether the arguments of format() begin with a constant by which
// no value of the others makes it fail: a width that is taken from one, %*s, has to be
// a number, and what becomes an identifier, %I, must not be NULL.
func (t *tracer) plainFormat(args []*pg_query.Node) bool {
	if len(args) == 0 {
		return false
	}
	text, ok := t.constants.written(args[0])
	return ok && !strings.ContainsAny(text, "*I")
}

// multiAssign gives one column of (a, b) = (...).
func (t *tracer) multiAssign(m *pg_query.MultiAssignRef) Node {
	if row := m.Source.GetRowExpr(); row != nil && int(m.Colno) <= len(row.Args) && m.Colno > 0 {
		return t.expr(row.Args[m.Colno-1])
	}
	// The columns of a subquery are not told apart: each counts for all.
	return Node{Kind: NodeDerived, Names: []string{"SET (...) = (...)"}, Flags: FlagTotal, Nodes: []Node{t.expr(m.Source)}}
}
