package statement

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// plainColumns gives the columns of the relation of that name from which an expression in
// its definition is computed, by operators and by functions of PostgreSQL's own that do
// nothing else. ok is false where it could hold more than the columns that it names: the
// whole row, a subquery, another function.
func plainColumns(relation string, list ...*pg_query.Node) (names []string, ok bool) {
	for _, n := range list {
		more, ok := plainExpression(relation, n)
		if !ok {
			return nil, false
		}
		names = append(names, more...)
	}
	return names, true
}

func plainExpression(relation string, n *pg_query.Node) ([]string, bool) {
	switch v := n.GetNode().(type) {
	case nil, *pg_query.Node_AConst, *pg_query.Node_SqlvalueFunction:
		return nil, true
	case *pg_query.Node_ColumnRef:
		if fields := v.ColumnRef.Fields; len(fields) == 1 {
			// The relation's own name is a column of that name, or else the whole row.
			name := fields[0].GetString_().GetSval()
			return []string{name}, name != "" && name != relation
		}
	case *pg_query.Node_TypeCast:
		return plainExpression(relation, v.TypeCast.Arg)
	case *pg_query.Node_CollateClause:
		return plainExpression(relation, v.CollateClause.Arg)
	case *pg_query.Node_AExpr:
		return plainColumns(relation, v.AExpr.Lexpr, v.AExpr.Rexpr)
	case *pg_query.Node_BoolExpr:
		return plainColumns(relation, v.BoolExpr.Args...)
	case *pg_query.Node_NullTest:
		return plainExpression(relation, v.NullTest.Arg)
	case *pg_query.Node_BooleanTest:
		return plainExpression(relation, v.BooleanTest.Arg)
	case *pg_query.Node_CoalesceExpr:
		return plainColumns(relation, v.CoalesceExpr.Args...)
	case *pg_query.Node_MinMaxExpr:
		return plainColumns(relation, v.MinMaxExpr.Args...)
	case *pg_query.Node_AArrayExpr:
		return plainColumns(relation, v.AArrayExpr.Elements...)
	case *pg_query.Node_List:
		return plainColumns(relation, v.List.Items...)
	case *pg_query.Node_CaseExpr:
		return plainColumns(relation, append([]*pg_query.Node{v.CaseExpr.Arg, v.CaseExpr.Defresult}, v.CaseExpr.Args...)...)
	case *pg_query.Node_CaseWhen:
		return plainColumns(relation, v.CaseWhen.Expr, v.CaseWhen.Result)
	case *pg_query.Node_FuncCall:
		if c := v.FuncCall; computes(c) || fixed(n) {
			return plainColumns(relation, c.Args...)
		}
	}
	return nil, false
}

// computes says whether a call is of a function that definitions are often made with, and
// that does nothing but compute.
func computes(c *pg_query.FuncCall) bool {
	if c.AggFilter != nil || c.Over != nil || len(c.AggOrder) > 0 || c.AggStar || c.FuncVariadic {
		return false
	}
	name := c.Funcname
	if len(name) == 2 && name[0].GetString_().GetSval() == "pg_catalog" {
		name = name[1:]
	}
	if len(name) != 1 {
		return false
	}
	switch name[0].GetString_().GetSval() {
	case "lower", "upper", "btrim", "ltrim", "rtrim", "length", "char_length", "left", "right", "substr", "substring", "replace", "split_part",
		"regexp_replace", "starts_with", "md5", "to_tsvector", "setweight", "date", "date_trunc", "date_part", "extract", "timezone", "abs", "round",
		"floor", "ceil", "mod", "num_nulls", "num_nonnulls", "jsonb_typeof", "jsonb_extract_path_text", "jsonb_array_length", "array_length", "cardinality":
		return true
	}
	return false
}

// renamed gives the names of a column of a table that is renamed, the old and the new, and
// NoColumn for one of its constraints.
func renamed(s *pg_query.RenameStmt) []string {
	if s.RenameType == pg_query.ObjectType_OBJECT_TABCONSTRAINT {
		return []string{NoColumn}
	}
	if s.RenameType == pg_query.ObjectType_OBJECT_COLUMN && s.RelationType == pg_query.ObjectType_OBJECT_TABLE && s.Subname != "" && s.Newname != "" {
		return []string{s.Subname, s.Newname}
	}
	return nil
}

// borrowed gives the tables after which a definition makes another, of the same columns,
// with none of their rows.
func borrowed(n *pg_query.Node) []*pg_query.RangeVar {
	if len(n.GetCreateStmt().GetInhRelations()) > 0 { // it is to have their rows
		return nil
	}
	var tables []*pg_query.RangeVar
	for _, element := range n.GetCreateStmt().GetTableElts() {
		if like := element.GetTableLikeClause(); like != nil {
			tables = append(tables, like.Relation)
		}
	}
	return tables
}

// stored says whether the options of a table are about how its rows are stored and cleaned up.
func stored(options []*pg_query.Node) bool {
	return !slices.ContainsFunc(options, func(n *pg_query.Node) bool {
		def := n.GetDefElem()
		name := def.GetDefname()
		return def == nil || def.Defnamespace != "" && def.Defnamespace != "toast" ||
			name != "fillfactor" && name != "toast_tuple_target" && !strings.HasPrefix(name, "autovacuum_") && !strings.HasPrefix(name, "vacuum_")
	})
}
