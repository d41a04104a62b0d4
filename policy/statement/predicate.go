package statement

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// predicate reads a condition. What compares a column with a constant for
// equality is told apart from all other uses; under a NOT it is no equality.
func (w *walker) predicate(n *pg_query.Node, construct string, negated bool) {
	if n == nil {
		return
	}
	switch v := n.GetNode().(type) {
	case *pg_query.Node_BoolExpr:
		if v.BoolExpr.Boolop == pg_query.BoolExprType_NOT_EXPR {
			negated = true
		}
		for _, arg := range v.BoolExpr.Args {
			w.predicate(arg, construct, negated)
		}
		return
	case *pg_query.Node_AExpr:
		if column, other := equality(v.AExpr); column != nil && !negated {
			w.columnRef(column, UseEquality, construct)
			w.expression(other, UsePredicate, construct)
			return
		}
	}
	w.expression(n, UsePredicate, construct)
}

// equality takes apart column = constant, column IN (constants) and
// column = ANY (constants), in both orders of =.
func equality(e *pg_query.A_Expr) (*pg_query.ColumnRef, *pg_query.Node) {
	if operatorName(e) != "=" {
		return nil, nil
	}
	l, r := e.Lexpr, e.Rexpr
	switch e.Kind {
	case pg_query.A_Expr_Kind_AEXPR_OP:
		if r.GetColumnRef() != nil {
			l, r = r, l
		}
	case pg_query.A_Expr_Kind_AEXPR_OP_ANY:
	case pg_query.A_Expr_Kind_AEXPR_IN:
		for _, item := range r.GetList().GetItems() {
			if !isConstant(item) {
				return nil, nil
			}
		}
		return columnOnly(l), r
	default:
		return nil, nil
	}
	if !isConstant(r) {
		return nil, nil
	}
	return columnOnly(l), r
}

func columnOnly(n *pg_query.Node) *pg_query.ColumnRef {
	if isStar(n) {
		return nil
	}
	return n.GetColumnRef()
}

// operatorName gives the operator's name, "" where a schema other than
// pg_catalog is written before it.
func operatorName(e *pg_query.A_Expr) string {
	switch len(e.Name) {
	case 1:
		return e.Name[0].GetString_().GetSval()
	case 2:
		if e.Name[0].GetString_().GetSval() == "pg_catalog" {
			return e.Name[1].GetString_().GetSval()
		}
	}
	return ""
}

// isConstant says whether an expression is a constant or a parameter, with a
// cast, a sign or an array around it.
func isConstant(n *pg_query.Node) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst, *pg_query.Node_ParamRef:
		return true
	case *pg_query.Node_TypeCast:
		return isConstant(v.TypeCast.Arg)
	case *pg_query.Node_AArrayExpr:
		for _, e := range v.AArrayExpr.Elements {
			if !isConstant(e) {
				return false
			}
		}
		return true
	case *pg_query.Node_AExpr:
		name := operatorName(v.AExpr)
		return v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_OP && v.AExpr.Lexpr == nil &&
			(name == "-" || name == "+") && isConstant(v.AExpr.Rexpr)
	}
	return false
}
