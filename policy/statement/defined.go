package statement

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// defined lists the objects that a CREATE is about. Each kind of definition has its
// case here, in altered or in dropped.
func (w *walker) defined(n *pg_query.Node) {
	of := func(kind Kind, names ...*pg_query.Node) *Object {
		return w.about(CommandCreate, kind, &pg_query.Node{Node: listOf(names)})
	}
	called := func(kind Kind, name string) { w.mention(Object{Command: CommandCreate, Kind: kind, Name: name}) }
	switch v := n.GetNode().(type) {
	case *pg_query.Node_CreateTableAsStmt:
		w.created(kindOf(v.CreateTableAsStmt.Objtype), v.CreateTableAsStmt.GetInto().GetRel())
	case *pg_query.Node_ViewStmt:
		w.created(KindView, v.ViewStmt.View).Replaces = v.ViewStmt.Replace
	case *pg_query.Node_CreateStmt:
		w.created(KindTable, v.CreateStmt.Relation)
	case *pg_query.Node_CreateForeignTableStmt:
		w.created(KindForeignTable, v.CreateForeignTableStmt.GetBaseStmt().GetRelation())
	case *pg_query.Node_CreateSeqStmt:
		w.created(KindSequence, v.CreateSeqStmt.Sequence)
	case *pg_query.Node_CompositeTypeStmt:
		w.created(KindType, v.CompositeTypeStmt.Typevar)
	case *pg_query.Node_IndexStmt:
		w.inRelation(CommandCreate, KindIndex, v.IndexStmt.Relation, v.IndexStmt.Idxname)
	case *pg_query.Node_RuleStmt:
		w.inRelation(CommandCreate, KindRule, v.RuleStmt.Relation, v.RuleStmt.Rulename).Replaces = v.RuleStmt.Replace
	case *pg_query.Node_CreateTrigStmt:
		w.inRelation(CommandCreate, KindTrigger, v.CreateTrigStmt.Relation, v.CreateTrigStmt.Trigname).Replaces = v.CreateTrigStmt.Replace
	case *pg_query.Node_CreatePolicyStmt:
		w.inRelation(CommandCreate, KindPolicy, v.CreatePolicyStmt.Table, v.CreatePolicyStmt.PolicyName)
	case *pg_query.Node_CreateFunctionStmt:
		kind := KindFunction
		if v.CreateFunctionStmt.IsProcedure {
			kind = KindProcedure
		}
		of(kind, v.CreateFunctionStmt.Funcname...).Replaces = v.CreateFunctionStmt.Replace
	case *pg_query.Node_DefineStmt:
		of(kindOf(v.DefineStmt.Kind), v.DefineStmt.Defnames...).Replaces = v.DefineStmt.Replace
	case *pg_query.Node_CreateStatsStmt:
		of(KindStatistics, v.CreateStatsStmt.Defnames...)
	case *pg_query.Node_CreateDomainStmt:
		of(KindDomain, v.CreateDomainStmt.Domainname...)
	case *pg_query.Node_CreateEnumStmt:
		of(KindType, v.CreateEnumStmt.TypeName...)
	case *pg_query.Node_CreateRangeStmt:
		of(KindType, v.CreateRangeStmt.TypeName...)
	case *pg_query.Node_CreateConversionStmt:
		of(KindConversion, v.CreateConversionStmt.ConversionName...)
	case *pg_query.Node_CreateOpClassStmt:
		of(KindOperatorClass, v.CreateOpClassStmt.Opclassname...)
	case *pg_query.Node_CreateOpFamilyStmt:
		of(KindOperatorFamily, v.CreateOpFamilyStmt.Opfamilyname...)
	case *pg_query.Node_CreateCastStmt:
		called(KindCast, "")
	case *pg_query.Node_CreateTransformStmt:
		called(KindTransform, "")
	case *pg_query.Node_CreateSchemaStmt:
		called(KindSchema, v.CreateSchemaStmt.Schemaname)
	case *pg_query.Node_CreateEventTrigStmt:
		called(KindEventTrigger, v.CreateEventTrigStmt.Trigname)
	case *pg_query.Node_CreatePublicationStmt:
		called(KindPublication, v.CreatePublicationStmt.Pubname)
	case *pg_query.Node_CreateSubscriptionStmt:
		called(KindSubscription, v.CreateSubscriptionStmt.Subname)
	case *pg_query.Node_CreatePlangStmt:
		called(KindLanguage, v.CreatePlangStmt.Plname)
	case *pg_query.Node_CreateAmStmt:
		called(KindAccessMethod, v.CreateAmStmt.Amname)
	case *pg_query.Node_CreateExtensionStmt:
		called(KindExtension, v.CreateExtensionStmt.Extname)
	case *pg_query.Node_CreateFdwStmt:
		called(KindForeignDataWrapper, v.CreateFdwStmt.Fdwname)
	case *pg_query.Node_CreateForeignServerStmt:
		called(KindServer, v.CreateForeignServerStmt.Servername)
	case *pg_query.Node_CreateUserMappingStmt:
		called(KindUserMapping, v.CreateUserMappingStmt.User.GetRolename())
	case *pg_query.Node_CreateRoleStmt:
		called(KindRole, v.CreateRoleStmt.Role)
	case *pg_query.Node_CreatedbStmt:
		called(KindDatabase, v.CreatedbStmt.Dbname)
	case *pg_query.Node_CreateTableSpaceStmt:
		called(KindTablespace, v.CreateTableSpaceStmt.Tablespacename)
	default:
		w.dropped(n)
	}
}

// dropped lists the objects that a DROP is about.
func (w *walker) dropped(n *pg_query.Node) {
	called := func(kind Kind, name string) { w.mention(Object{Command: CommandDrop, Kind: kind, Name: name}) }
	switch v := n.GetNode().(type) {
	case *pg_query.Node_DropStmt:
		for _, object := range v.DropStmt.Objects {
			w.about(CommandDrop, kindOf(v.DropStmt.RemoveType), object)
		}
		if v.DropStmt.Behavior == pg_query.DropBehavior_DROP_CASCADE {
			w.cascade()
		}
	case *pg_query.Node_DropOwnedStmt:
		for _, role := range v.DropOwnedStmt.Roles {
			called(KindOwned, role.GetRoleSpec().GetRolename())
		}
	case *pg_query.Node_DropRoleStmt:
		for _, role := range v.DropRoleStmt.Roles {
			called(KindRole, role.GetRoleSpec().GetRolename())
		}
	case *pg_query.Node_DropTableSpaceStmt:
		called(KindTablespace, v.DropTableSpaceStmt.Tablespacename)
	case *pg_query.Node_DropdbStmt:
		called(KindDatabase, v.DropdbStmt.Dbname)
	case *pg_query.Node_DropUserMappingStmt:
		called(KindUserMapping, v.DropUserMappingStmt.User.GetRolename())
	case *pg_query.Node_DropSubscriptionStmt:
		called(KindSubscription, v.DropSubscriptionStmt.Subname)
	default:
		w.altered(n)
	}
}

// cascade lists that what depends on the objects dropped goes too, unless they are
// the session's own.
func (w *walker) cascade() {
	for _, o := range w.st.Objects {
		if o.Command == CommandDrop && !o.Temporary {
			w.mention(Object{Command: CommandDrop, Kind: KindAll})
			return
		}
	}
}

// altered lists the objects that an ALTER is about.
func (w *walker) altered(n *pg_query.Node) {
	of := func(kind Kind, names ...*pg_query.Node) {
		w.about(CommandAlter, kind, &pg_query.Node{Node: listOf(names)})
	}
	called := func(kind Kind, name string) { w.mention(Object{Command: CommandAlter, Kind: kind, Name: name}) }
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AlterTableStmt:
		w.alteredTable(v.AlterTableStmt)
	case *pg_query.Node_RenameStmt:
		w.renamed(v.RenameStmt)
	case *pg_query.Node_AlterOwnerStmt:
		w.inOrOf(v.AlterOwnerStmt.ObjectType, v.AlterOwnerStmt.Relation, v.AlterOwnerStmt.Object)
	case *pg_query.Node_AlterObjectSchemaStmt:
		w.inOrOf(v.AlterObjectSchemaStmt.ObjectType, v.AlterObjectSchemaStmt.Relation, v.AlterObjectSchemaStmt.Object).NewSchema = v.AlterObjectSchemaStmt.Newschema
	case *pg_query.Node_AlterObjectDependsStmt:
		s := v.AlterObjectDependsStmt
		if s.Relation != nil && s.Object != nil { // ALTER TRIGGER t ON r
			w.inRelation(CommandAlter, kindOf(s.ObjectType), s.Relation, last(w.strings(s.Object.GetList().GetItems())))
			return
		}
		w.inOrOf(s.ObjectType, s.Relation, s.Object)
	case *pg_query.Node_AlterExtensionContentsStmt:
		called(KindExtension, v.AlterExtensionContentsStmt.Extname)
		w.about(CommandAlter, kindOf(v.AlterExtensionContentsStmt.Objtype), v.AlterExtensionContentsStmt.Object)
	case *pg_query.Node_AlterSeqStmt:
		w.inRelation(CommandAlter, KindSequence, v.AlterSeqStmt.Sequence, "")
	case *pg_query.Node_AlterPolicyStmt:
		w.inRelation(CommandAlter, KindPolicy, v.AlterPolicyStmt.Table, v.AlterPolicyStmt.PolicyName)
	case *pg_query.Node_AlterFunctionStmt:
		w.about(CommandAlter, kindOf(v.AlterFunctionStmt.Objtype), objectWithArgs(v.AlterFunctionStmt.Func))
	case *pg_query.Node_AlterOperatorStmt:
		w.about(CommandAlter, KindOperator, objectWithArgs(v.AlterOperatorStmt.Opername))
	case *pg_query.Node_AlterDomainStmt:
		of(KindDomain, v.AlterDomainStmt.TypeName...)
	case *pg_query.Node_AlterTypeStmt:
		of(KindType, v.AlterTypeStmt.TypeName...)
	case *pg_query.Node_AlterEnumStmt:
		of(KindType, v.AlterEnumStmt.TypeName...)
	case *pg_query.Node_AlterStatsStmt:
		of(KindStatistics, v.AlterStatsStmt.Defnames...)
	case *pg_query.Node_AlterCollationStmt:
		of(KindCollation, v.AlterCollationStmt.Collname...)
	case *pg_query.Node_AlterOpFamilyStmt:
		schema, name := qualified(w.strings(v.AlterOpFamilyStmt.Opfamilyname))
		w.mention(Object{Command: CommandAlter, Kind: KindOperatorFamily, Schema: schema, Name: name})
	case *pg_query.Node_AlterTsdictionaryStmt:
		of(KindTextSearchDictionary, v.AlterTsdictionaryStmt.Dictname...)
	case *pg_query.Node_AlterTsconfigurationStmt:
		of(KindTextSearchConfiguration, v.AlterTsconfigurationStmt.Cfgname...)
	default:
		w.alteredAround(n, called)
	}
}

// alteredAround is altered for what is not in a schema.
func (w *walker) alteredAround(n *pg_query.Node, called func(Kind, string)) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AlterPublicationStmt:
		called(KindPublication, v.AlterPublicationStmt.Pubname)
	case *pg_query.Node_AlterSubscriptionStmt:
		called(KindSubscription, v.AlterSubscriptionStmt.Subname)
	case *pg_query.Node_AlterTableSpaceOptionsStmt:
		called(KindTablespace, v.AlterTableSpaceOptionsStmt.Tablespacename)
	case *pg_query.Node_AlterTableMoveAllStmt:
		called(KindAll, v.AlterTableMoveAllStmt.OrigTablespacename)
	case *pg_query.Node_AlterExtensionStmt:
		called(KindExtension, v.AlterExtensionStmt.Extname)
	case *pg_query.Node_AlterFdwStmt:
		called(KindForeignDataWrapper, v.AlterFdwStmt.Fdwname)
	case *pg_query.Node_AlterForeignServerStmt:
		called(KindServer, v.AlterForeignServerStmt.Servername)
	case *pg_query.Node_AlterUserMappingStmt:
		called(KindUserMapping, v.AlterUserMappingStmt.User.GetRolename())
	case *pg_query.Node_AlterEventTrigStmt:
		called(KindEventTrigger, v.AlterEventTrigStmt.Trigname)
	case *pg_query.Node_AlterRoleStmt:
		called(KindRole, v.AlterRoleStmt.Role.GetRolename())
	case *pg_query.Node_AlterRoleSetStmt:
		called(KindRole, v.AlterRoleSetStmt.Role.GetRolename()) // "" for ALL
	case *pg_query.Node_AlterDatabaseStmt:
		called(KindDatabase, v.AlterDatabaseStmt.Dbname)
	case *pg_query.Node_AlterDatabaseRefreshCollStmt:
		called(KindDatabase, v.AlterDatabaseRefreshCollStmt.Dbname)
	case *pg_query.Node_AlterDatabaseSetStmt:
		called(KindDatabase, v.AlterDatabaseSetStmt.Dbname)
	case *pg_query.Node_AlterSystemStmt:
		called(KindParameter, v.AlterSystemStmt.GetSetstmt().GetName()) // "" for all
	default:
		w.unsupported(n)
	}
}

// alteredTable lists the relation, and what of it the subcommands are about.
func (w *walker) alteredTable(s *pg_query.AlterTableStmt) {
	kind := kindOf(s.Objtype)
	w.inRelation(CommandAlter, kind, s.Relation, "")
	for _, n := range s.Cmds {
		c := n.GetAlterTableCmd()
		if c == nil {
			w.unsupported(n)
			return
		}
		command, part := partOf(c)
		name := c.Name
		if def := c.Def.GetColumnDef(); name == "" && def != nil {
			name = def.Colname
		}
		if constraint := c.Def.GetConstraint(); part == KindConstraint && constraint != nil {
			name = constraint.Conname
		}
		if part != "" {
			w.inRelation(command, part, s.Relation, name).Enables = enables(c.Subtype)
		}
	}
}

// enables says whether a subcommand has something act that may not have acted before.
func enables(t pg_query.AlterTableType) bool {
	switch t {
	case pg_query.AlterTableType_AT_EnableTrig, pg_query.AlterTableType_AT_EnableAlwaysTrig, pg_query.AlterTableType_AT_EnableReplicaTrig,
		pg_query.AlterTableType_AT_EnableTrigAll, pg_query.AlterTableType_AT_EnableTrigUser, pg_query.AlterTableType_AT_EnableRule,
		pg_query.AlterTableType_AT_EnableAlwaysRule, pg_query.AlterTableType_AT_EnableReplicaRule,
		pg_query.AlterTableType_AT_EnableRowSecurity, pg_query.AlterTableType_AT_ForceRowSecurity:
		return true
	}
	return false
}

// partOf says what of a relation a subcommand of ALTER TABLE is about, "" for the
// relation itself, and what it does with it.
func partOf(c *pg_query.AlterTableCmd) (Command, Kind) {
	switch c.Subtype {
	case pg_query.AlterTableType_AT_AddColumn, pg_query.AlterTableType_AT_AddColumnToView:
		return CommandCreate, KindColumn
	case pg_query.AlterTableType_AT_DropColumn:
		return CommandDrop, KindColumn
	case pg_query.AlterTableType_AT_ColumnDefault, pg_query.AlterTableType_AT_CookedColumnDefault,
		pg_query.AlterTableType_AT_DropNotNull, pg_query.AlterTableType_AT_SetNotNull, pg_query.AlterTableType_AT_CheckNotNull,
		pg_query.AlterTableType_AT_DropExpression, pg_query.AlterTableType_AT_SetStatistics,
		pg_query.AlterTableType_AT_SetOptions, pg_query.AlterTableType_AT_ResetOptions,
		pg_query.AlterTableType_AT_SetStorage, pg_query.AlterTableType_AT_SetCompression,
		pg_query.AlterTableType_AT_AlterColumnType, pg_query.AlterTableType_AT_AlterColumnGenericOptions,
		pg_query.AlterTableType_AT_AddIdentity, pg_query.AlterTableType_AT_SetIdentity, pg_query.AlterTableType_AT_DropIdentity:
		return CommandAlter, KindColumn
	case pg_query.AlterTableType_AT_AddConstraint, pg_query.AlterTableType_AT_AddIndexConstraint:
		return CommandCreate, KindConstraint
	case pg_query.AlterTableType_AT_DropConstraint:
		return CommandDrop, KindConstraint
	case pg_query.AlterTableType_AT_AlterConstraint, pg_query.AlterTableType_AT_ValidateConstraint:
		return CommandAlter, KindConstraint
	case pg_query.AlterTableType_AT_EnableTrig, pg_query.AlterTableType_AT_EnableAlwaysTrig, pg_query.AlterTableType_AT_EnableReplicaTrig,
		pg_query.AlterTableType_AT_DisableTrig, pg_query.AlterTableType_AT_EnableTrigAll, pg_query.AlterTableType_AT_DisableTrigAll,
		pg_query.AlterTableType_AT_EnableTrigUser, pg_query.AlterTableType_AT_DisableTrigUser:
		return CommandAlter, KindTrigger
	case pg_query.AlterTableType_AT_EnableRule, pg_query.AlterTableType_AT_EnableAlwaysRule,
		pg_query.AlterTableType_AT_EnableReplicaRule, pg_query.AlterTableType_AT_DisableRule:
		return CommandAlter, KindRule
	case pg_query.AlterTableType_AT_EnableRowSecurity, pg_query.AlterTableType_AT_DisableRowSecurity,
		pg_query.AlterTableType_AT_ForceRowSecurity, pg_query.AlterTableType_AT_NoForceRowSecurity:
		return CommandAlter, KindPolicy
	}
	return CommandAlter, ""
}

func (w *walker) renamed(s *pg_query.RenameStmt) {
	kind := kindOf(s.RenameType)
	var o *Object
	switch {
	case kind == KindColumn || kind == KindTrigger || kind == KindRule || kind == KindPolicy || kind == KindConstraint:
		if s.Relation == nil { // a domain's constraint
			w.about(CommandAlter, KindDomain, s.Object)
			return
		}
		o = w.inRelation(CommandAlter, kind, s.Relation, s.Subname)
	case s.Relation == nil && s.Object == nil: // a role, a database, a schema
		o = w.mention(Object{Command: CommandAlter, Kind: kind, Name: s.Subname})
	default:
		o = w.inOrOf(s.RenameType, s.Relation, s.Object)
	}
	o.NewName = s.Newname
}

// inOrOf lists a relation or another object.
func (w *walker) inOrOf(kind pg_query.ObjectType, relation *pg_query.RangeVar, object *pg_query.Node) *Object {
	if relation != nil {
		return w.inRelation(CommandAlter, kindOf(kind), relation, "")
	}
	return w.about(CommandAlter, kindOf(kind), object)
}
