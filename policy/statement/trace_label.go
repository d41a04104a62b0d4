package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// label gives the name that an output without one gets (FigureColname in
// parser/parse_target.c): weak where a cast or CASE around it has one of its own.
func (t *tracer) label(n *pg_query.Node) (name string, strong, sure bool) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_ColumnRef:
		return lastName(v.ColumnRef.Fields), true, true
	case *pg_query.Node_AIndirection:
		if name := lastName(v.AIndirection.Indirection); name != "" {
			return name, true, true
		}
		return t.label(v.AIndirection.Arg)
	case *pg_query.Node_FuncCall:
		return lastName(v.FuncCall.Funcname), true, true
	case *pg_query.Node_AExpr:
		if v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", true, true
		}
		return "", false, true
	case *pg_query.Node_TypeCast:
		if name, strong, sure = t.label(v.TypeCast.Arg); strong || !sure {
			return name, strong, sure
		}
		return lastName(v.TypeCast.GetTypeName().GetNames()), false, true
	case *pg_query.Node_CollateClause:
		return t.label(v.CollateClause.Arg)
	case *pg_query.Node_CaseExpr:
		if name, strong, sure = t.label(v.CaseExpr.Defresult); strong || !sure {
			return name, strong, sure
		}
		return "case", false, true
	case *pg_query.Node_AArrayExpr:
		return "array", true, true
	case *pg_query.Node_RowExpr:
		return "row", true, true
	case *pg_query.Node_CoalesceExpr:
		return "coalesce", true, true
	case *pg_query.Node_MinMaxExpr:
		if v.MinMaxExpr.Op == pg_query.MinMaxOp_IS_LEAST {
			return "least", true, true
		}
		return "greatest", true, true
	case *pg_query.Node_GroupingFunc:
		return "grouping", true, true
	case *pg_query.Node_SqlvalueFunction:
		name := strings.ToLower(strings.TrimPrefix(v.SqlvalueFunction.Op.String(), "SVFOP_"))
		return strings.TrimSuffix(name, "_n"), true, true
	case *pg_query.Node_SubLink:
		switch v.SubLink.SubLinkType {
		case pg_query.SubLinkType_EXISTS_SUBLINK:
			return "exists", true, true
		case pg_query.SubLinkType_ARRAY_SUBLINK:
			return "array", true, true
		case pg_query.SubLinkType_EXPR_SUBLINK:
			s := v.SubLink.Subselect.GetSelectStmt()
			if s == nil {
				return "", false, false
			}
			if s = leftmost(s); len(s.TargetList) > 0 {
				r := s.TargetList[0].GetResTarget()
				if r.GetName() != "" {
					return r.Name, true, true
				}
				name, _, sure := t.label(r.GetVal())
				return name, true, sure && !isStar(r.GetVal())
			}
			return "column1", true, true
		}
		return "", false, true
	case *pg_query.Node_AConst, *pg_query.Node_ParamRef, *pg_query.Node_BoolExpr, *pg_query.Node_NullTest, *pg_query.Node_BooleanTest,
		*pg_query.Node_SetToDefault:
		return "", false, true
	}
	return "", false, false
}

func lastName(nodes []*pg_query.Node) string {
	for i := len(nodes) - 1; i >= 0; i-- {
		if s := nodes[i].GetString_(); s != nil {
			return s.Sval
		}
	}
	return ""
}
