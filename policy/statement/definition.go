package statement

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// definition reads CREATE, ALTER and DROP of everything.
func (w *walker) definition(n *pg_query.Node) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_CreateTableAsStmt:
		w.command(CommandCreate)
		w.into(v.CreateTableAsStmt.Into)
		if v.CreateTableAsStmt.Query.GetExecuteStmt() != nil {
			w.statement(v.CreateTableAsStmt.Query)
			w.opaque("CREATE TABLE AS EXECUTE")
			return
		}
		w.query(v.CreateTableAsStmt.Query, within("CREATE TABLE AS"))
	case *pg_query.Node_ViewStmt:
		w.command(CommandCreate)
		w.relation(v.ViewStmt.View, AccessWrite)
		w.query(v.ViewStmt.Query, within("a view's definition"))
	case *pg_query.Node_RuleStmt:
		w.command(CommandCreate)
		w.relation(v.RuleStmt.Relation, AccessWrite)
		w.expression(v.RuleStmt.WhereClause, UseDerived, "a rule's definition")
		for _, action := range v.RuleStmt.Actions {
			w.nested(action, "a rule's definition")
		}
	case *pg_query.Node_CreateSchemaStmt:
		w.command(CommandCreate)
		for _, element := range v.CreateSchemaStmt.SchemaElts {
			w.nested(element, "a schema's definition")
		}
	case *pg_query.Node_CreateFunctionStmt:
		w.createFunction(v.CreateFunctionStmt)
	case *pg_query.Node_CreateTrigStmt:
		w.command(CommandCreate)
		w.relation(v.CreateTrigStmt.Relation, AccessWrite)
		w.relation(v.CreateTrigStmt.Constrrel, AccessRead)
		w.later(v.CreateTrigStmt.Funcname)
		w.expression(v.CreateTrigStmt.WhenClause, UseDerived, "a trigger's definition")
	case *pg_query.Node_CreateEventTrigStmt:
		w.command(CommandCreate)
		w.later(v.CreateEventTrigStmt.Funcname)
	case *pg_query.Node_DropStmt:
		w.command(CommandDrop)
		for _, object := range v.DropStmt.Objects {
			w.object(v.DropStmt.RemoveType, object)
		}
	case *pg_query.Node_DropOwnedStmt, *pg_query.Node_DropRoleStmt, *pg_query.Node_DropTableSpaceStmt, *pg_query.Node_DropdbStmt,
		*pg_query.Node_DropUserMappingStmt, *pg_query.Node_DropSubscriptionStmt:
		w.command(CommandDrop)
	case *pg_query.Node_CreateStmt, *pg_query.Node_CreateForeignTableStmt, *pg_query.Node_IndexStmt, *pg_query.Node_CreateSeqStmt,
		*pg_query.Node_CreateStatsStmt, *pg_query.Node_CreatePolicyStmt, *pg_query.Node_CreatePublicationStmt,
		*pg_query.Node_CreateDomainStmt, *pg_query.Node_CompositeTypeStmt, *pg_query.Node_CreateEnumStmt,
		*pg_query.Node_CreateRangeStmt, *pg_query.Node_DefineStmt, *pg_query.Node_CreateCastStmt,
		*pg_query.Node_CreateConversionStmt, *pg_query.Node_CreateTransformStmt, *pg_query.Node_CreateOpClassStmt,
		*pg_query.Node_CreateOpFamilyStmt, *pg_query.Node_CreatePlangStmt, *pg_query.Node_CreateAmStmt,
		*pg_query.Node_CreateExtensionStmt, *pg_query.Node_CreateFdwStmt, *pg_query.Node_CreateForeignServerStmt,
		*pg_query.Node_CreateUserMappingStmt, *pg_query.Node_CreateRoleStmt, *pg_query.Node_CreatedbStmt,
		*pg_query.Node_CreateTableSpaceStmt, *pg_query.Node_CreateSubscriptionStmt:
		w.command(CommandCreate)
		w.definitionParts(n)
	default:
		w.alteration(n)
	}
}

func (w *walker) alteration(n *pg_query.Node) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AlterTableStmt:
		w.command(CommandAlter)
		for _, c := range v.AlterTableStmt.Cmds {
			if c.GetAlterTableCmd().GetSubtype() == pg_query.AlterTableType_AT_DropColumn {
				w.command(CommandDrop)
			}
		}
		w.definitionParts(n)
	case *pg_query.Node_RenameStmt:
		w.command(CommandAlter)
		if names := renamed(v.RenameStmt); names != nil {
			r := v.RenameStmt.Relation
			w.table(Table{Schema: r.GetSchemaname(), Name: r.GetRelname(), Access: []Access{AccessWrite}, Keys: names})
		} else {
			w.relation(v.RenameStmt.Relation, AccessWrite)
		}
	case *pg_query.Node_AlterOwnerStmt:
		w.command(CommandAlter)
		w.relation(v.AlterOwnerStmt.Relation, AccessWrite)
	case *pg_query.Node_AlterObjectSchemaStmt:
		w.command(CommandAlter)
		w.relation(v.AlterObjectSchemaStmt.Relation, AccessWrite)
	case *pg_query.Node_AlterObjectDependsStmt:
		w.command(CommandAlter)
		w.relation(v.AlterObjectDependsStmt.Relation, AccessWrite)
	case *pg_query.Node_AlterExtensionContentsStmt:
		w.command(CommandAlter)
		w.object(v.AlterExtensionContentsStmt.Objtype, v.AlterExtensionContentsStmt.Object)
	case *pg_query.Node_AlterDomainStmt, *pg_query.Node_AlterSeqStmt, *pg_query.Node_AlterPolicyStmt,
		*pg_query.Node_AlterPublicationStmt, *pg_query.Node_AlterStatsStmt, *pg_query.Node_AlterFunctionStmt,
		*pg_query.Node_AlterCollationStmt, *pg_query.Node_AlterTableSpaceOptionsStmt, *pg_query.Node_AlterTableMoveAllStmt,
		*pg_query.Node_AlterExtensionStmt, *pg_query.Node_AlterFdwStmt, *pg_query.Node_AlterForeignServerStmt,
		*pg_query.Node_AlterUserMappingStmt, *pg_query.Node_AlterEventTrigStmt, *pg_query.Node_AlterRoleStmt,
		*pg_query.Node_AlterRoleSetStmt, *pg_query.Node_AlterOpFamilyStmt, *pg_query.Node_AlterOperatorStmt,
		*pg_query.Node_AlterTypeStmt, *pg_query.Node_AlterEnumStmt, *pg_query.Node_AlterDatabaseStmt,
		*pg_query.Node_AlterDatabaseRefreshCollStmt, *pg_query.Node_AlterDatabaseSetStmt, *pg_query.Node_AlterSystemStmt,
		*pg_query.Node_AlterTsdictionaryStmt, *pg_query.Node_AlterTsconfigurationStmt, *pg_query.Node_AlterSubscriptionStmt:
		w.command(CommandAlter)
		w.definitionParts(n)
	default:
		w.unsupported(n)
	}
}

// definitionParts reads what a definition names: relations are written (and read,
// where they only lend something), expressions are derived.
func (w *walker) definitionParts(n *pg_query.Node) {
	sub := w.fork()
	sub.sweep(inner(n), UseDerived, "a definition")
	own := ownRelation(n)
	columns := plain(n)
	like := borrowed(n)
	for i := range sub.st.Tables {
		t := &sub.st.Tables[i]
		if of := aboutRelation(n); !t.Referred && of != nil && t.Schema == of.Schemaname && t.Name == of.Relname {
			t.Keys = columns
		}
		if own != nil && !t.Referred && (t.Schema != own.Schemaname || t.Name != own.Relname) &&
			slices.ContainsFunc(like, func(of *pg_query.RangeVar) bool { return t.Schema == of.GetSchemaname() && t.Name == of.GetRelname() }) {
			t.Keys = []string{NoColumn}
		}
		if _, index := n.GetNode().(*pg_query.Node_IndexStmt); index {
			t.Access = []Access{AccessRead, AccessWrite} // errors of its expressions show values
		} else if own == nil || t.Schema == own.Schemaname && t.Name == own.Relname {
			t.Access = []Access{AccessWrite}
		} else {
			t.Access = []Access{AccessRead, AccessWrite}
		}
	}
	w.merge(sub, "a definition")
}

// aboutRelation gives the relation that an index, statistics or ALTER TABLE is about.
func aboutRelation(n *pg_query.Node) *pg_query.RangeVar {
	if v := n.GetCreateStatsStmt(); v != nil && len(v.Relations) == 1 {
		return v.Relations[0].GetRangeVar()
	}
	if v := n.GetIndexStmt(); v != nil {
		return v.Relation
	}
	return n.GetAlterTableStmt().GetRelation()
}

// ownRelation gives the relation that a definition is about, nil for none or many.
func ownRelation(n *pg_query.Node) *pg_query.RangeVar {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_CreateStmt:
		return v.CreateStmt.Relation
	case *pg_query.Node_CreateForeignTableStmt:
		return v.CreateForeignTableStmt.BaseStmt.GetRelation()
	case *pg_query.Node_AlterTableStmt:
		return v.AlterTableStmt.Relation
	}
	return nil
}

// nested reads a statement that stands in another's definition.
func (w *walker) nested(n *pg_query.Node, construct string) {
	sub := w.fork()
	sub.statement(n)
	w.merge(sub, construct)
	if sub.st.Copy != nil {
		w.st.Copy = sub.st.Copy
	}
	if p := sub.st.Prepared; p != nil && p.What == "Execute" {
		w.st.Dynamic = true // which statement that will be is known when it runs
	}
}

// object lists the relation that DROP, COMMENT and the like name, directly or as
// the one that the object belongs to.
func (w *walker) object(kind pg_query.ObjectType, n *pg_query.Node) {
	switch kind {
	case pg_query.ObjectType_OBJECT_TABLE, pg_query.ObjectType_OBJECT_VIEW, pg_query.ObjectType_OBJECT_MATVIEW,
		pg_query.ObjectType_OBJECT_FOREIGN_TABLE, pg_query.ObjectType_OBJECT_SEQUENCE, pg_query.ObjectType_OBJECT_INDEX:
		if r := n.GetRangeVar(); r != nil {
			w.relation(r, AccessWrite)
			return
		}
		w.named(w.strings(n.GetList().GetItems()), AccessWrite)
	case pg_query.ObjectType_OBJECT_COLUMN, pg_query.ObjectType_OBJECT_TRIGGER, pg_query.ObjectType_OBJECT_RULE,
		pg_query.ObjectType_OBJECT_POLICY, pg_query.ObjectType_OBJECT_TABCONSTRAINT:
		names := w.strings(n.GetList().GetItems())
		if len(names) > 1 {
			w.named(names[:len(names)-1], AccessWrite)
		}
	}
}
