package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func (w *walker) expressions(list []*pg_query.Node, use Use, construct string) {
	for _, n := range list {
		w.expression(n, use, construct)
	}
}

// expression lists the columns, functions and subqueries of an expression. use is
// what all columns in it are for; construct says in words where it stands. A node
// that no case knows ends the walk.
func (w *walker) expression(n *pg_query.Node, use Use, construct string) {
	if n == nil || w.err != nil {
		return
	}
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst, *pg_query.Node_ParamRef, *pg_query.Node_SetToDefault, *pg_query.Node_CurrentOfExpr,
		*pg_query.Node_Integer, *pg_query.Node_Float, *pg_query.Node_Boolean,
		*pg_query.Node_String_, *pg_query.Node_BitString:
		// No column in it. CURRENT OF names a cursor, which has facts of its own.
	case *pg_query.Node_ColumnRef:
		w.columnRef(v.ColumnRef, use, construct)
	case *pg_query.Node_AExpr:
		w.operators(v.AExpr)
		w.expression(v.AExpr.Lexpr, use, construct)
		w.expression(v.AExpr.Rexpr, use, construct)
	case *pg_query.Node_BoolExpr:
		w.expressions(v.BoolExpr.Args, use, construct)
	case *pg_query.Node_NullTest:
		w.expression(v.NullTest.Arg, use, construct)
	case *pg_query.Node_BooleanTest:
		w.expression(v.BooleanTest.Arg, use, construct)
	case *pg_query.Node_TypeName:
		w.typeName(v.TypeName)
	case *pg_query.Node_TypeCast:
		w.typeName(v.TypeCast.TypeName)
		w.expression(v.TypeCast.Arg, use, narrow(use, construct, "a cast"))
	case *pg_query.Node_CollateClause:
		w.expression(v.CollateClause.Arg, use, construct)
	case *pg_query.Node_CaseExpr:
		construct = narrow(use, construct, "CASE")
		w.expression(v.CaseExpr.Arg, use, construct)
		w.expressions(v.CaseExpr.Args, use, construct)
		w.expression(v.CaseExpr.Defresult, use, construct)
	case *pg_query.Node_CaseWhen:
		w.expression(v.CaseWhen.Expr, use, construct)
		w.expression(v.CaseWhen.Result, use, construct)
	case *pg_query.Node_CoalesceExpr:
		w.expressions(v.CoalesceExpr.Args, use, narrow(use, construct, "COALESCE"))
	case *pg_query.Node_MinMaxExpr:
		w.expressions(v.MinMaxExpr.Args, use, narrow(use, construct, "GREATEST or LEAST"))
	case *pg_query.Node_RowExpr:
		w.expressions(v.RowExpr.Args, use, narrow(use, construct, "a row"))
	case *pg_query.Node_AArrayExpr:
		w.expressions(v.AArrayExpr.Elements, use, narrow(use, construct, "an array"))
	case *pg_query.Node_List:
		w.expressions(v.List.Items, use, construct)
	case *pg_query.Node_NamedArgExpr:
		w.expression(v.NamedArgExpr.Arg, use, construct)
	case *pg_query.Node_AIndirection:
		w.indirection(v.AIndirection, use, construct)
	case *pg_query.Node_SubLink:
		w.sublink(v.SubLink, use, construct)
	case *pg_query.Node_FuncCall:
		w.call(v.FuncCall, use, construct)
	case *pg_query.Node_MultiAssignRef:
		if v.MultiAssignRef.Colno <= 1 { // each column of (a, b) = (...) repeats the source
			w.expression(v.MultiAssignRef.Source, use, construct)
		}
	case *pg_query.Node_SqlvalueFunction:
		name := strings.ToLower(strings.TrimPrefix(v.SqlvalueFunction.Op.String(), "SVFOP_"))
		w.function(Function{Schema: "pg_catalog", Name: strings.TrimSuffix(name, "_n")})
	case *pg_query.Node_GroupingFunc:
		w.expressions(v.GroupingFunc.Args, UseGrouping, "GROUPING()")
	case *pg_query.Node_SortBy:
		w.operator(v.SortBy.UseOp, false)
		w.expression(v.SortBy.Node, UseOrdering, "ORDER BY")
	case *pg_query.Node_ResTarget: // an argument of XMLELEMENT and the like
		w.expression(v.ResTarget.Val, use, construct)
	case *pg_query.Node_XmlExpr, *pg_query.Node_XmlSerialize:
		w.sweep(inner(n), use, narrow(use, construct, "an XML expression"))
	case *pg_query.Node_JsonValueExpr, *pg_query.Node_JsonIsPredicate, *pg_query.Node_JsonKeyValue,
		*pg_query.Node_JsonObjectConstructor, *pg_query.Node_JsonArrayConstructor,
		*pg_query.Node_JsonArrayQueryConstructor, *pg_query.Node_JsonObjectAgg, *pg_query.Node_JsonArrayAgg:
		w.sweep(inner(n), use, narrow(use, construct, "a JSON expression"))
	default:
		w.unsupported(n)
	}
}

// narrow gives the nearer construct for what is derived, and leaves the clause
// (WHERE, ORDER BY) as the construct of all else.
func narrow(use Use, construct, nearer string) string {
	if use == UseDerived {
		return nearer
	}
	return construct
}

// indirection reads (x).column, (x).* and x[1].
func (w *walker) indirection(v *pg_query.A_Indirection, use Use, construct string) {
	w.expression(v.Arg, use, construct)
	qualifier := bareName(v.Arg)
	for _, n := range v.Indirection {
		switch i := n.GetNode().(type) {
		case *pg_query.Node_String_:
			w.column(Column{Qualifier: qualifier, Name: i.String_.Sval, Use: use, Construct: construct})
		case *pg_query.Node_AStar:
			w.column(Column{Qualifier: qualifier, Star: true, Use: use, Construct: construct})
		case *pg_query.Node_AIndices:
			w.expression(i.AIndices.Lidx, use, construct)
			w.expression(i.AIndices.Uidx, use, construct)
		default:
			w.unsupported(n)
		}
		qualifier = ""
	}
}

func (w *walker) sublink(v *pg_query.SubLink, use Use, construct string) {
	w.expression(v.Testexpr, use, construct)
	if v.Testexpr != nil && len(v.OperName) == 0 { // IN
		w.operatorNamed(Operator{Name: "="})
	}
	w.operator(v.OperName, false)
	if w.shallow {
		return
	}
	sc := w.enter()
	w.query(v.Subselect, within("a subquery"))
	w.leave(sc)
}

// callable lists a function that is named but whose arguments are elsewhere.
func (w *walker) callable(name []*pg_query.Node, arguments int) {
	names := w.strings(name)
	if n := len(names); n == 1 {
		w.function(Function{Name: names[0], Arguments: arguments})
	} else if n > 1 {
		w.function(Function{Schema: names[n-2], Name: names[n-1], Arguments: arguments})
	}
}

func (w *walker) call(c *pg_query.FuncCall, use Use, construct string) {
	names := w.strings(c.GetFuncname())
	if len(names) == 0 {
		w.fail(&UnsupportedError{"a function without a name"})
		return
	}
	f := Function{
		Name:      names[len(names)-1],
		Arguments: len(c.Args),
		Aggregate: c.AggFilter != nil || len(c.AggOrder) > 0 || c.AggDistinct || c.AggStar,
	}
	if len(names) > 1 {
		f.Schema = names[len(names)-2]
	}
	w.function(f)
	inside := narrow(use, construct, "the argument of "+f.Name+"()")
	if len(names) == 1 && len(c.Args) == 1 && !isConstant(c.Args[0]) {
		// f(x) is also another way to write x.f.
		w.column(Column{Qualifier: bareName(c.Args[0]), Name: f.Name, Use: UseDerived,
			Construct: "functional notation, " + f.Name + "()"})
	}
	w.expressions(c.Args, use, inside)
	for _, n := range c.AggOrder {
		w.expression(n, UseOrdering, "ORDER BY")
	}
	w.predicate(c.AggFilter, "FILTER", false)
	w.window(c.Over)
	w.special(f, c.Args)
}

// sweep walks a node of which only the parts matter: every expression in it is
// read with the given use, every query is a subquery, every relation is read.
// It knows no field by name, so a new one is not missed.
func (w *walker) sweep(m protoreflect.Message, use Use, construct string) {
	if m == nil || w.err != nil {
		return
	}
	var skip protoreflect.Name // what has been listed
	switch v := m.Interface().(type) {
	case *pg_query.WindowDef:
		w.window(v)
		return
	case *pg_query.RangeVar:
		w.relation(v, AccessRead)
		return
	case *pg_query.TypeName:
		w.typeName(v)
		return
	case *pg_query.DefElem:
		if w.namedBy(v) {
			return
		}
	case *pg_query.Constraint:
		if v.GetPktable() != nil {
			var keys []string
			if len(v.PkAttrs) > 0 {
				keys = w.strings(v.PkAttrs)
			}
			w.table(Table{Schema: v.Pktable.Schemaname, Name: v.Pktable.Relname, Access: []Access{AccessRead}, Referred: true, Keys: keys})
			skip = "pktable"
		}
	case *pg_query.RoleSpec, *pg_query.VariableSetStmt:
		return
	case *pg_query.FuncCall:
		w.call(v, use, construct)
		return
	case *pg_query.SelectStmt:
		w.selectStatement(v, within(construct))
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.MessageKind, field.Name() == skip:
		case field.IsList():
			for i := range value.List().Len() {
				w.sweepChild(value.List().Get(i).Message(), use, construct)
			}
		default:
			w.sweepChild(value.Message(), use, construct)
		}
		return w.err == nil
	})
}

func (w *walker) sweepChild(m protoreflect.Message, use Use, construct string) {
	n, ok := m.Interface().(*pg_query.Node)
	if !ok {
		w.sweep(m, use, construct)
		return
	}
	switch {
	case n.GetNode() == nil:
	case n.GetList() != nil: // a list in a list: its parts may be pieces of definitions too
		for _, item := range n.GetList().Items {
			w.sweepChild(item.ProtoReflect(), use, construct)
		}
	case isQuery(n):
		if !w.shallow {
			sc := w.enter()
			w.query(n, within(construct))
			w.leave(sc)
		}
	case isPart(n):
		w.sweep(inner(n), use, construct)
	default:
		w.expression(n, use, construct)
	}
}

func isQuery(n *pg_query.Node) bool {
	switch n.GetNode().(type) {
	case *pg_query.Node_SelectStmt, *pg_query.Node_InsertStmt, *pg_query.Node_UpdateStmt, *pg_query.Node_DeleteStmt,
		*pg_query.Node_MergeStmt:
		return true
	}
	return false
}

// isPart tells the nodes that hold expressions and relations without being one:
// the pieces of definitions. A statement inside a definition is not one of them.
func isPart(n *pg_query.Node) bool {
	switch n.GetNode().(type) {
	case *pg_query.Node_RangeVar, *pg_query.Node_RoleSpec, *pg_query.Node_ColumnDef, *pg_query.Node_TableLikeClause,
		*pg_query.Node_IndexElem, *pg_query.Node_DefElem, *pg_query.Node_PartitionElem, *pg_query.Node_PartitionSpec,
		*pg_query.Node_PartitionBoundSpec, *pg_query.Node_PartitionRangeDatum, *pg_query.Node_PartitionCmd,
		*pg_query.Node_Constraint, *pg_query.Node_AlterTableCmd, *pg_query.Node_ReplicaIdentityStmt,
		*pg_query.Node_ObjectWithArgs, *pg_query.Node_AccessPriv, *pg_query.Node_FunctionParameter,
		*pg_query.Node_StatsElem, *pg_query.Node_CreateOpClassItem, *pg_query.Node_TriggerTransition,
		*pg_query.Node_PublicationTable, *pg_query.Node_PublicationObjSpec, *pg_query.Node_VacuumRelation,
		*pg_query.Node_RangeTableFuncCol, *pg_query.Node_VariableSetStmt, *pg_query.Node_JsonOutput,
		*pg_query.Node_JsonFormat, *pg_query.Node_JsonReturning, *pg_query.Node_JsonAggConstructor,
		*pg_query.Node_RangeSubselect, *pg_query.Node_RangeFunction, *pg_query.Node_RangeTableSample,
		*pg_query.Node_RangeTableFunc, *pg_query.Node_JoinExpr,
		*pg_query.Node_Alias, *pg_query.Node_AStar, *pg_query.Node_IntList, *pg_query.Node_OidList:
		return true
	}
	return false
}
