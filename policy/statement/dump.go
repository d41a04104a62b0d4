package statement

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// RestrictedKinds is what pg_dump sets before it reads anything, on servers that have the setting: with
// it, views and foreign tables of others run nothing (dumpRestoreSetup of pg_dump.c).
const (
	RestrictedKinds = "restrict_nonsystem_relation_kind" // the setting
	restricted      = "view, foreign-table"
)

// dumped tells the setting by its name where a query is that of pg_dump:
//
//	SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings
//	WHERE name = 'restrict_nonsystem_relation_kind'
//
// That pg_settings is PostgreSQL's own is not known here.
func (w *walker) dumped(s *pg_query.SelectStmt) {
	last := len(w.st.Settings) - 1
	if last < 0 || len(s.TargetList) != 1 || len(s.FromClause) != 1 {
		return
	}
	call := s.TargetList[0].GetResTarget().GetVal().GetFuncCall()
	from := s.FromClause[0].GetRangeVar()
	where := s.WhereClause.GetAExpr()
	if len(call.GetArgs()) != 3 || !named(call.GetArgs()[0]) || from.GetRelname() != "pg_settings" || from.GetAlias() != nil ||
		from.GetSchemaname() != "" && from.GetSchemaname() != "pg_catalog" ||
		where.GetKind() != pg_query.A_Expr_Kind_AEXPR_OP || operatorName(where) != "=" || !named(where.GetLexpr()) {
		return
	}
	of := &w.st.Settings[last]
	if of.Name != "" || !of.Known || of.Value != restricted {
		return
	}
	// A common table expression of that name is not among the tables.
	table := func(t Table) bool { return t.Name == "pg_settings" }
	if name, ok := w.constants.written(where.GetRexpr()); ok && name == RestrictedKinds && slices.ContainsFunc(w.st.Tables, table) {
		of.Name = name
	}
}

// named says whether an expression is the column name, and nothing else.
func named(n *pg_query.Node) bool {
	fields := n.GetColumnRef().GetFields()
	return len(fields) == 1 && fields[0].GetString_().GetSval() == "name"
}
