package statement

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// statement reads one whole statement. Each kind that the grammar can produce has
// its case here or in utility or definition; all else is refused by name.
func (w *walker) statement(n *pg_query.Node) {
	if w.err != nil {
		return
	}
	defer w.trace(n)
	switch v := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt:
		w.outermostSelect(v.SelectStmt)
	case *pg_query.Node_InsertStmt, *pg_query.Node_UpdateStmt, *pg_query.Node_DeleteStmt, *pg_query.Node_MergeStmt:
		w.outermostWrite(n)
	case *pg_query.Node_CopyStmt:
		w.copy(v.CopyStmt)
	case *pg_query.Node_TransactionStmt:
		w.transaction(v.TransactionStmt)
	case *pg_query.Node_VariableSetStmt:
		w.set(v.VariableSetStmt)
	case *pg_query.Node_VariableShowStmt:
		w.command(CommandShow)
	case *pg_query.Node_DiscardStmt:
		w.discard(v.DiscardStmt)
	case *pg_query.Node_ConstraintsSetStmt:
		w.command(CommandSet)
		for _, c := range v.ConstraintsSetStmt.Constraints {
			if c.GetRangeVar() == nil { // names constraints, not relations
				w.unsupported(c)
			}
		}
	case *pg_query.Node_PrepareStmt:
		w.prepare(v.PrepareStmt)
	case *pg_query.Node_ExecuteStmt:
		w.execute(v.ExecuteStmt)
	case *pg_query.Node_DeallocateStmt:
		w.deallocate(v.DeallocateStmt)
	case *pg_query.Node_DeclareCursorStmt:
		w.declare(v.DeclareCursorStmt)
	case *pg_query.Node_FetchStmt:
		w.fetch(v.FetchStmt)
	case *pg_query.Node_ClosePortalStmt:
		w.closing(v.ClosePortalStmt)
	case *pg_query.Node_ExplainStmt:
		w.explain(v.ExplainStmt)
	case *pg_query.Node_DoStmt:
		w.do(v.DoStmt)
	case *pg_query.Node_CallStmt:
		w.command(CommandCall)
		w.call(v.CallStmt.Funccall, UseDerived, "CALL")
	case *pg_query.Node_TruncateStmt:
		w.command(CommandTruncate)
		w.relationList(v.TruncateStmt.Relations)
	case *pg_query.Node_LockStmt:
		w.command(CommandLock)
		w.relationList(v.LockStmt.Relations)
	default:
		w.utility(n)
	}
}

func (w *walker) relationList(list []*pg_query.Node) {
	for _, n := range list {
		r := n.GetRangeVar()
		if r == nil {
			w.unsupported(n)
			return
		}
		w.relation(r, AccessWrite)
	}
}

// utility reads the commands that look after a database.
func (w *walker) utility(n *pg_query.Node) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_ListenStmt:
		w.command(CommandListen)
	case *pg_query.Node_UnlistenStmt:
		w.command(CommandUnlisten)
	case *pg_query.Node_NotifyStmt:
		w.command(CommandNotify)
	case *pg_query.Node_CheckPointStmt:
		w.command(CommandCheckpoint)
	case *pg_query.Node_LoadStmt:
		w.command(CommandLoad)
	case *pg_query.Node_VacuumStmt:
		if v.VacuumStmt.IsVacuumcmd {
			w.command(CommandVacuum)
			for _, o := range v.VacuumStmt.Options {
				if o.GetDefElem().GetDefname() == "analyze" {
					w.command(CommandAnalyze)
				}
			}
		} else {
			w.command(CommandAnalyze)
		}
		for _, r := range v.VacuumStmt.Rels {
			w.relation(r.GetVacuumRelation().GetRelation(), AccessWrite)
		}
	case *pg_query.Node_ClusterStmt:
		w.command(CommandCluster)
		w.relation(v.ClusterStmt.Relation, AccessWrite)
	case *pg_query.Node_ReindexStmt:
		w.command(CommandReindex)
		w.relation(v.ReindexStmt.Relation, AccessWrite)
	case *pg_query.Node_RefreshMatViewStmt:
		w.command(CommandRefresh)
		w.relation(v.RefreshMatViewStmt.Relation, AccessRead, AccessWrite)
	case *pg_query.Node_CommentStmt:
		w.command(CommandComment)
		w.object(v.CommentStmt.Objtype, v.CommentStmt.Object)
	case *pg_query.Node_SecLabelStmt:
		w.command(CommandSecurityLabel)
		w.object(v.SecLabelStmt.Objtype, v.SecLabelStmt.Object)
	case *pg_query.Node_ReassignOwnedStmt:
		w.command(CommandReassign)
		w.command(CommandAlter)
	case *pg_query.Node_ImportForeignSchemaStmt:
		w.command(CommandImport)
		for _, t := range v.ImportForeignSchemaStmt.TableList {
			w.named([]string{v.ImportForeignSchemaStmt.LocalSchema, t.GetRangeVar().GetRelname()}, AccessWrite)
		}
	case *pg_query.Node_GrantStmt:
		w.grant(v.GrantStmt)
	case *pg_query.Node_GrantRoleStmt:
		if v.GrantRoleStmt.IsGrant {
			w.command(CommandGrant)
		} else {
			w.command(CommandRevoke)
		}
	case *pg_query.Node_AlterDefaultPrivilegesStmt:
		w.command(CommandAlter)
		if v.AlterDefaultPrivilegesStmt.Action != nil {
			w.grant(v.AlterDefaultPrivilegesStmt.Action)
		}
	default:
		w.definition(n)
	}
}

func (w *walker) grant(s *pg_query.GrantStmt) {
	if s.IsGrant {
		w.command(CommandGrant)
	} else {
		w.command(CommandRevoke)
	}
	for _, n := range s.Objects {
		w.relation(n.GetRangeVar(), AccessWrite)
	}
}
