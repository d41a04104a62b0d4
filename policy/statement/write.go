package statement

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// outermostWrite prepares the facts for a statement that modifies data.
func (w *walker) outermostWrite(n *pg_query.Node) {
	w.st.Shape = Shape{Plain: true}
	w.query(n, place{top: true})
}

// returning gives the place of a RETURNING's targets.
func (p place) returning(command string) place {
	if p.top {
		return p
	}
	return within(p.construct + ", RETURNING of " + command)
}

// target lists the relation that a command modifies. It is a table even where a
// CTE has its name.
func (w *walker) target(r *pg_query.RangeVar, p place, reads bool) {
	access := []Access{AccessWrite}
	if reads {
		access = []Access{AccessRead, AccessWrite}
	}
	w.table(Table{Schema: r.GetSchemaname(), Name: r.GetRelname(), Alias: r.GetAlias().GetAliasname(),
		Renames: len(r.GetAlias().GetColnames()) > 0, Access: access, Top: p.top})
	if r.GetRelname() == "pg_settings" { // its rule sets what is updated
		w.st.Settings = append(w.st.Settings, Setting{})
	}
}

func (w *walker) insert(s *pg_query.InsertStmt, p place) {
	w.command(CommandInsert)
	sc := w.enter()
	defer w.leave(sc)
	w.with(s.WithClause)
	w.target(s.Relation, p, len(s.ReturningList) > 0 || s.OnConflictClause != nil)
	w.st.Writes = append(w.st.Writes, Write{Command: CommandInsert, Schema: s.Relation.GetSchemaname(),
		Table: s.Relation.GetRelname(), Where: WherePresent, Columns: w.assigned(s.Cols, "INSERT")})

	if source := s.SelectStmt.GetSelectStmt(); source != nil && len(source.ValuesLists) > 0 && source.Op <= pg_query.SetOperation_SETOP_NONE {
		// The parser wraps VALUES in a SELECT; the command is none.
		inside := w.enter()
		w.with(source.WithClause)
		w.values(source.ValuesLists, "VALUES")
		w.sort(source.SortClause, nil)
		w.expression(source.LimitOffset, UseDerived, "OFFSET")
		w.expression(source.LimitCount, UseDerived, "LIMIT")
		w.leave(inside)
	} else if s.SelectStmt != nil {
		w.query(s.SelectStmt, within("INSERT ... SELECT"))
	}

	w.relations = append(w.relations, refname(s.Relation))
	if c := s.OnConflictClause; c != nil {
		w.conflict(s, c)
	}
	w.targets(s.ReturningList, p.returning("INSERT"))
}

func (w *walker) conflict(s *pg_query.InsertStmt, c *pg_query.OnConflictClause) {
	w.relations = append(w.relations, "excluded")
	if c.Infer != nil {
		for _, n := range c.Infer.IndexElems {
			e, ok := n.GetNode().(*pg_query.Node_IndexElem)
			if !ok {
				w.unsupported(n)
				return
			}
			if e.IndexElem.Name != "" {
				w.column(Column{Name: e.IndexElem.Name, Use: UsePredicate, Construct: "ON CONFLICT"})
			}
			w.expression(e.IndexElem.Expr, UsePredicate, "ON CONFLICT")
		}
		w.expression(c.Infer.WhereClause, UsePredicate, "ON CONFLICT")
	}
	switch c.Action {
	case pg_query.OnConflictAction_ONCONFLICT_NOTHING:
	case pg_query.OnConflictAction_ONCONFLICT_UPDATE:
		w.command(CommandUpdate)
		w.st.Writes = append(w.st.Writes, Write{Command: CommandUpdate, Schema: s.Relation.GetSchemaname(),
			Table: s.Relation.GetRelname(), Where: w.conflicting(s), Columns: w.assignments(c.TargetList)})
	default:
		w.fail(&UnsupportedError{"an ON CONFLICT of an unknown kind"})
	}
	w.predicate(c.WhereClause, "WHERE", false)
}

// conflicting says whether an ON CONFLICT DO UPDATE changes only the rows that conflict
// with new ones, or all of them: where the table is inserted into itself.
func (w *walker) conflicting(s *pg_query.InsertStmt) Condition {
	c := judgement{target: s.Relation, constants: w.constants, variables: w.variables, with: s.WithClause, spent: w.spent}
	if c.spent == nil {
		c.spent = new(int)
	}
	if s.SelectStmt == nil {
		return WherePresent
	}
	query := s.SelectStmt.GetSelectStmt()
	if c.cover(s.SelectStmt) != nil || len(query.GetFromClause()) == 0 && len(query.GetTargetList()) > 0 && c.gives(query.TargetList[0].GetResTarget().GetVal()) != "" {
		return WhereConstant
	}
	return WherePresent
}

func (w *walker) update(s *pg_query.UpdateStmt, p place) {
	w.command(CommandUpdate)
	sc := w.enter()
	defer w.leave(sc)
	w.with(s.WithClause)
	w.target(s.Relation, p, true)
	w.relations = append(w.relations, refname(s.Relation))
	for _, n := range s.FromClause {
		w.fromItem(n, p)
	}
	w.predicate(s.WhereClause, "WHERE", false)
	own := w.conditionOf(s.WhereClause, s.Relation, s.FromClause, s.WithClause)
	own.Command, own.Schema, own.Table = CommandUpdate, s.Relation.GetSchemaname(), s.Relation.GetRelname()
	own.Columns = w.assignments(s.TargetList)
	w.st.Writes = append(w.st.Writes, own)
	w.targets(s.ReturningList, p.returning("UPDATE"))
}

func (w *walker) delete(s *pg_query.DeleteStmt, p place) {
	w.command(CommandDelete)
	sc := w.enter()
	defer w.leave(sc)
	w.with(s.WithClause)
	w.target(s.Relation, p, s.WhereClause != nil || len(s.ReturningList) > 0 || len(s.UsingClause) > 0)
	w.relations = append(w.relations, refname(s.Relation))
	for _, n := range s.UsingClause {
		w.fromItem(n, p)
	}
	w.predicate(s.WhereClause, "WHERE", false)
	own := w.conditionOf(s.WhereClause, s.Relation, s.UsingClause, s.WithClause)
	own.Command, own.Schema, own.Table = CommandDelete, s.Relation.GetSchemaname(), s.Relation.GetRelname()
	w.st.Writes = append(w.st.Writes, own)
	w.targets(s.ReturningList, p.returning("DELETE"))
}

// merging reads a MERGE. Its actions count as commands of their own, limited by
// the join's condition or, for one action, by its own.
func (w *walker) merging(s *pg_query.MergeStmt, p place) {
	w.command(CommandMerge)
	sc := w.enter()
	defer w.leave(sc)
	w.with(s.WithClause)
	w.target(s.Relation, p, true)
	w.relations = append(w.relations, refname(s.Relation))
	w.fromItem(s.SourceRelation, p)
	w.predicate(s.JoinCondition, "ON", false)
	own := w.conditionOf(s.JoinCondition, s.Relation, []*pg_query.Node{s.SourceRelation}, s.WithClause)
	own.Command, own.Schema, own.Table = CommandMerge, s.Relation.GetSchemaname(), s.Relation.GetRelname()
	at := len(w.st.Writes)
	w.st.Writes = append(w.st.Writes, own)
	for _, n := range s.MergeWhenClauses {
		c, ok := n.GetNode().(*pg_query.Node_MergeWhenClause)
		if !ok {
			w.unsupported(n)
			return
		}
		when := c.MergeWhenClause
		w.predicate(when.Condition, "WHEN", false)
		action := own
		if when.Condition != nil && (own.Where != WherePresent || own.Given != nil) {
			both := &pg_query.BoolExpr{Boolop: pg_query.BoolExprType_AND_EXPR, Args: []*pg_query.Node{s.JoinCondition, when.Condition}}
			limit := w.conditionOf(&pg_query.Node{Node: &pg_query.Node_BoolExpr{BoolExpr: both}}, s.Relation, []*pg_query.Node{s.SourceRelation}, s.WithClause)
			action.Where, action.Correlated, action.Given = limit.Where, limit.Correlated, limit.Given
		}
		switch when.CommandType {
		case pg_query.CmdType_CMD_INSERT:
			action.Command, action.Where, action.Correlated, action.Given = CommandInsert, WherePresent, nil, nil
			action.Columns = w.assigned(when.TargetList, "INSERT")
			w.expressions(when.Values, UseDerived, "VALUES")
		case pg_query.CmdType_CMD_UPDATE:
			action.Command = CommandUpdate
			action.Columns = w.assignments(when.TargetList)
		case pg_query.CmdType_CMD_DELETE:
			action.Command = CommandDelete
		case pg_query.CmdType_CMD_NOTHING:
			continue
		default:
			w.fail(&UnsupportedError{"a MERGE action of an unknown kind"})
			return
		}
		w.command(action.Command)
		w.st.Writes = append(w.st.Writes, action)
		w.st.Writes[at].Columns = append(w.st.Writes[at].Columns, action.Columns...)
	}
}

// assigned lists the columns of an INSERT's column list.
func (w *walker) assigned(list []*pg_query.Node, construct string) []string {
	var names []string
	for _, n := range list {
		t, ok := n.GetNode().(*pg_query.Node_ResTarget)
		if !ok {
			w.unsupported(n)
			return nil
		}
		names = append(names, t.ResTarget.Name)
		w.column(Column{Name: t.ResTarget.Name, Use: UseWrite, Construct: construct})
		for _, i := range t.ResTarget.Indirection {
			w.expression(i.GetAIndices().GetLidx(), UseDerived, construct)
			w.expression(i.GetAIndices().GetUidx(), UseDerived, construct)
		}
	}
	return names
}

// assignments reads SET: the columns on the left are written, what stands on the
// right is copied into them.
func (w *walker) assignments(list []*pg_query.Node) []string {
	names := w.assigned(list, "SET")
	for _, n := range list {
		w.expression(n.GetResTarget().GetVal(), UseDerived, "SET")
	}
	return names
}
