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
				if o.GetDefElem().GetDefname() == "analyze" && w.mayBeOn(o.GetDefElem().GetArg()) {
					w.command(CommandAnalyze)
				}
				if o.GetDefElem().GetDefname() == "full" && w.mayBeOn(o.GetDefElem().GetArg()) {
					w.command(CommandCluster) // it writes the table anew in the same way
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
		w.inRelation(CommandRefresh, KindMaterializedView, v.RefreshMatViewStmt.Relation, "")
	case *pg_query.Node_CommentStmt:
		w.command(CommandComment)
		w.object(v.CommentStmt.Objtype, v.CommentStmt.Object)
		w.about(CommandComment, kindOf(v.CommentStmt.Objtype), v.CommentStmt.Object)
	case *pg_query.Node_SecLabelStmt:
		w.command(CommandSecurityLabel)
		w.object(v.SecLabelStmt.Objtype, v.SecLabelStmt.Object)
		w.about(CommandSecurityLabel, kindOf(v.SecLabelStmt.Objtype), v.SecLabelStmt.Object)
	case *pg_query.Node_ReassignOwnedStmt:
		w.command(CommandReassign)
		w.command(CommandAlter)
		for _, role := range v.ReassignOwnedStmt.Roles {
			w.mention(Object{Command: CommandReassign, Kind: KindOwned, Name: role.GetRoleSpec().GetRolename()})
		}
	case *pg_query.Node_ImportForeignSchemaStmt:
		w.command(CommandImport)
		w.command(CommandCreate)
		for _, t := range v.ImportForeignSchemaStmt.TableList {
			w.named([]string{v.ImportForeignSchemaStmt.LocalSchema, t.GetRangeVar().GetRelname()}, AccessWrite)
		}
		w.mention(Object{Command: CommandImport, Kind: KindAll, Schema: v.ImportForeignSchemaStmt.LocalSchema})
		w.mention(Object{Command: CommandCreate, Kind: KindForeignTable, Schema: v.ImportForeignSchemaStmt.LocalSchema})
	case *pg_query.Node_GrantStmt:
		w.grant(v.GrantStmt)
	case *pg_query.Node_GrantRoleStmt:
		command := CommandRevoke
		if v.GrantRoleStmt.IsGrant {
			command = CommandGrant
		}
		w.command(command)
		for _, role := range v.GrantRoleStmt.GrantedRoles {
			w.mention(Object{Command: command, Kind: KindRole, Name: role.GetAccessPriv().GetPrivName()})
		}
	case *pg_query.Node_AlterDefaultPrivilegesStmt:
		w.command(CommandAlter)
		w.mention(Object{Command: CommandAlter, Kind: KindDefaultPrivileges})
		if v.AlterDefaultPrivilegesStmt.Action != nil {
			w.grant(v.AlterDefaultPrivilegesStmt.Action)
		}
	default:
		if w.definition(n); w.err == nil {
			w.defined(n)
			w.namedFunctions(n)
			w.settingsOf(n)
		}
	}
}

// grant lists what privileges are given or taken, on objects, on all of a schema's
// or on those to come.
func (w *walker) grant(s *pg_query.GrantStmt) {
	command := CommandRevoke
	if s.IsGrant {
		command = CommandGrant
	}
	w.command(command)
	switch s.Targtype {
	case pg_query.GrantTargetType_ACL_TARGET_OBJECT:
		for _, n := range s.Objects {
			w.relation(n.GetRangeVar(), AccessWrite)
			w.about(command, kindOf(s.Objtype), n)
		}
	case pg_query.GrantTargetType_ACL_TARGET_ALL_IN_SCHEMA:
		for _, n := range s.Objects {
			w.mention(Object{Command: command, Kind: KindAll, Schema: n.GetString_().GetSval()})
		}
	case pg_query.GrantTargetType_ACL_TARGET_DEFAULTS:
		w.mention(Object{Command: command, Kind: KindDefaultPrivileges})
	default:
		w.fail(&UnsupportedError{"a GRANT of an unknown kind"})
	}
}
