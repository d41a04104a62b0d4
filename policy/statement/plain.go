package statement

import pg_query "github.com/pganalyze/pg_query_go/v5"

// plain gives the columns of its own relation that a definition is about, where it
// depends on no value of any other: an index on columns, columns that are added with a
// constant, dropped, or changed by themselves, constraints on them. It is nil for all
// else. NoColumn stands for a part that is about none.
func plain(n *pg_query.Node) []string {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_IndexStmt:
		return indexed(v.IndexStmt)
	case *pg_query.Node_CreateStatsStmt:
		return counted(v.CreateStatsStmt)
	case *pg_query.Node_AlterTableStmt:
		var names []string
		for _, c := range v.AlterTableStmt.Cmds {
			more := altered(c.GetAlterTableCmd(), v.AlterTableStmt)
			if more == nil {
				return nil
			}
			names = append(names, more...)
		}
		return names
	}
	return nil
}

func indexed(s *pg_query.IndexStmt) []string {
	if len(s.ExcludeOpNames) > 0 {
		return nil
	}
	names, ok := plainColumns(s.Relation.GetRelname(), s.WhereClause)
	if !ok {
		return nil
	}
	for _, list := range [][]*pg_query.Node{s.IndexParams, s.IndexIncludingParams} {
		for _, n := range list {
			e := n.GetIndexElem()
			switch more, ok := plainColumns(s.Relation.GetRelname(), e.GetExpr()); {
			case e == nil || !ok:
				return nil
			case e.Expr != nil:
				names = append(append(names, NoColumn), more...)
			default:
				names = append(names, e.Name)
			}
		}
	}
	return names
}

// counted gives the columns that extended statistics are about.
func counted(s *pg_query.CreateStatsStmt) []string {
	var names []string
	for _, n := range s.Exprs {
		e := n.GetStatsElem()
		if e == nil || e.Name == "" || e.Expr != nil {
			return nil
		}
		names = append(names, e.Name)
	}
	return names
}

// altered gives the columns that a subcommand of ALTER TABLE is about.
func altered(c *pg_query.AlterTableCmd, of *pg_query.AlterTableStmt) []string {
	relation := of.Relation.GetRelname()
	switch c.GetSubtype() {
	case pg_query.AlterTableType_AT_AddColumn:
		if def := c.Def.GetColumnDef(); def != nil && def.RawDefault == nil {
			return added(def, relation)
		}
	case pg_query.AlterTableType_AT_DropConstraint, pg_query.AlterTableType_AT_ValidateConstraint:
		return []string{NoColumn}
	case pg_query.AlterTableType_AT_ReplicaIdentity:
		return []string{NoColumn}
	case pg_query.AlterTableType_AT_SetRelOptions, pg_query.AlterTableType_AT_ResetRelOptions:
		if of.Objtype == pg_query.ObjectType_OBJECT_TABLE && stored(c.Def.GetList().GetItems()) {
			return []string{NoColumn}
		}
	case pg_query.AlterTableType_AT_ColumnDefault:
		if c.Name != "" && (c.Def == nil || fixed(c.Def)) {
			return []string{c.Name}
		}
	case pg_query.AlterTableType_AT_AlterColumnType:
		if def := c.Def.GetColumnDef(); c.Name != "" && def != nil {
			if using, ok := plainColumns(relation, def.RawDefault); ok { // USING stands there
				return append(using, c.Name)
			}
		}
	case pg_query.AlterTableType_AT_DropColumn, pg_query.AlterTableType_AT_SetNotNull, pg_query.AlterTableType_AT_DropNotNull,
		pg_query.AlterTableType_AT_SetStatistics, pg_query.AlterTableType_AT_SetStorage:
		if c.Name != "" {
			return []string{c.Name}
		}
	case pg_query.AlterTableType_AT_AddConstraint:
		return constrained(c.Def.GetConstraint(), relation)
	}
	return nil
}

// added gives the columns that a new column is about: itself, where it begins with the
// same value in each row, and those that it is computed from.
func added(def *pg_query.ColumnDef, relation string) []string {
	names := []string{def.Colname}
	for _, n := range def.Constraints {
		c := n.GetConstraint()
		switch c.GetContype() {
		case pg_query.ConstrType_CONSTR_NULL, pg_query.ConstrType_CONSTR_NOTNULL, pg_query.ConstrType_CONSTR_UNIQUE, pg_query.ConstrType_CONSTR_FOREIGN,
			pg_query.ConstrType_CONSTR_ATTR_DEFERRABLE, pg_query.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE,
			pg_query.ConstrType_CONSTR_ATTR_DEFERRED, pg_query.ConstrType_CONSTR_ATTR_IMMEDIATE:
		case pg_query.ConstrType_CONSTR_DEFAULT:
			if !fixed(c.RawExpr) {
				return nil
			}
		case pg_query.ConstrType_CONSTR_GENERATED, pg_query.ConstrType_CONSTR_CHECK:
			more, ok := plainColumns(relation, c.RawExpr)
			if !ok {
				return nil
			}
			names = append(names, more...)
		default:
			return nil
		}
	}
	return names
}

// constrained gives the columns that a constraint of a table is about, where it asks for
// their values alone.
func constrained(c *pg_query.Constraint, relation string) []string {
	var list []*pg_query.Node
	switch c.GetContype() {
	case pg_query.ConstrType_CONSTR_CHECK:
		if names, ok := plainColumns(relation, c.RawExpr); ok {
			return append(names, NoColumn)
		}
	case pg_query.ConstrType_CONSTR_UNIQUE, pg_query.ConstrType_CONSTR_PRIMARY:
		if c.Indexname != "" {
			return nil
		}
		list = append(append(list, c.Keys...), c.Including...)
	case pg_query.ConstrType_CONSTR_FOREIGN:
		list = c.FkAttrs
	}
	var names []string
	for _, n := range list {
		names = append(names, n.GetString_().GetSval())
	}
	return names
}

// fixed says whether a default is a constant, or the moment, or a new identifier.
func fixed(n *pg_query.Node) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst, *pg_query.Node_SqlvalueFunction:
		return true
	case *pg_query.Node_TypeCast:
		return fixed(v.TypeCast.Arg)
	case *pg_query.Node_AArrayExpr:
		for _, e := range v.AArrayExpr.Elements {
			if !fixed(e) {
				return false
			}
		}
		return true
	case *pg_query.Node_FuncCall:
		name := v.FuncCall.Funcname
		if len(name) != 1 || len(v.FuncCall.Args) > 0 {
			return false
		}
		switch name[0].GetString_().GetSval() {
		case "now", "clock_timestamp", "gen_random_uuid", "uuid_generate_v4":
			return true
		}
	}
	return false
}
