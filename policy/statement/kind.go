package statement

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// Kind is a kind of object in a database, as SQL names it: "Table", "Function".
// The list is in Kinds.
type Kind string

// The kinds of object that CREATE, ALTER, DROP, COMMENT, SECURITY LABEL, GRANT and
// REVOKE can be about.
const (
	KindTable                   Kind = "Table" // also a partition
	KindForeignTable            Kind = "ForeignTable"
	KindView                    Kind = "View"
	KindMaterializedView        Kind = "MaterializedView"
	KindSequence                Kind = "Sequence"
	KindIndex                   Kind = "Index"
	KindColumn                  Kind = "Column" // also an attribute of a composite type; its Relation is set
	KindConstraint              Kind = "Constraint"
	KindTrigger                 Kind = "Trigger"
	KindRule                    Kind = "Rule"
	KindPolicy                  Kind = "Policy" // of row security
	KindStatistics              Kind = "Statistics"
	KindFunction                Kind = "Function" // also what may be either, ROUTINE
	KindProcedure               Kind = "Procedure"
	KindAggregate               Kind = "Aggregate"
	KindOperator                Kind = "Operator"
	KindOperatorClass           Kind = "OperatorClass"
	KindOperatorFamily          Kind = "OperatorFamily"
	KindCast                    Kind = "Cast"
	KindConversion              Kind = "Conversion"
	KindCollation               Kind = "Collation"
	KindTransform               Kind = "Transform"
	KindType                    Kind = "Type" // composite, enum, range, base and shell types
	KindDomain                  Kind = "Domain"
	KindSchema                  Kind = "Schema"
	KindDatabase                Kind = "Database"
	KindRole                    Kind = "Role" // also a user or a group, and membership
	KindTablespace              Kind = "Tablespace"
	KindExtension               Kind = "Extension"
	KindLanguage                Kind = "Language"
	KindAccessMethod            Kind = "AccessMethod"
	KindEventTrigger            Kind = "EventTrigger"
	KindForeignDataWrapper      Kind = "ForeignDataWrapper"
	KindServer                  Kind = "Server" // a foreign one
	KindUserMapping             Kind = "UserMapping"
	KindPublication             Kind = "Publication"
	KindSubscription            Kind = "Subscription"
	KindTextSearchConfiguration Kind = "TextSearchConfiguration"
	KindTextSearchDictionary    Kind = "TextSearchDictionary"
	KindTextSearchParser        Kind = "TextSearchParser"
	KindTextSearchTemplate      Kind = "TextSearchTemplate"
	KindLargeObject             Kind = "LargeObject"
	KindDefaultPrivileges       Kind = "DefaultPrivileges" // ALTER DEFAULT PRIVILEGES
	KindParameter               Kind = "Parameter"         // a setting: GRANT SET ON PARAMETER, ALTER SYSTEM
	KindOwned                   Kind = "Owned"             // all that a role owns: DROP OWNED, REASSIGN OWNED
	KindAll                     Kind = "All"               // all of a schema's objects of one kind: GRANT ... ON ALL TABLES IN SCHEMA
)

// Kinds lists every kind. A kind's place in the list is its number on the pipe
// between worker and daemon.
func Kinds() []Kind {
	return []Kind{
		KindTable, KindForeignTable, KindView, KindMaterializedView, KindSequence, KindIndex, KindColumn, KindConstraint,
		KindTrigger, KindRule, KindPolicy, KindStatistics, KindFunction, KindProcedure, KindAggregate, KindOperator,
		KindOperatorClass, KindOperatorFamily, KindCast, KindConversion, KindCollation, KindTransform, KindType, KindDomain,
		KindSchema, KindDatabase, KindRole, KindTablespace, KindExtension, KindLanguage, KindAccessMethod, KindEventTrigger,
		KindForeignDataWrapper, KindServer, KindUserMapping, KindPublication, KindSubscription, KindTextSearchConfiguration,
		KindTextSearchDictionary, KindTextSearchParser, KindTextSearchTemplate, KindLargeObject, KindDefaultPrivileges,
		KindParameter, KindOwned, KindAll,
	}
}

// Object is something that a command defines, changes, drops, comments on or
// grants, as the text names it.
type Object struct {
	Command Command `json:"command"` // what is done: Create, Alter, Drop, Comment, SecurityLabel, Grant, Revoke, Reassign or Refresh
	Kind    Kind    `json:"kind"`
	Schema  string  `json:"schema,omitempty"` // of the object, or of its relation; "" where the text does not qualify it
	// Relation is the relation, type or domain that a column, constraint, trigger,
	// rule or policy belongs to.
	Relation string `json:"relation,omitempty"`
	// Name is "" for what has none in the text: a cast, DROP OWNED, an index whose
	// name PostgreSQL makes.
	Name string `json:"name,omitempty"`
	// Temporary says that a CREATE makes it for the session alone: TEMPORARY, or
	// in the schema pg_temp.
	Temporary bool `json:"temporary,omitempty"`
	Replaces  bool `json:"replaces,omitempty"` // CREATE OR REPLACE
	// Enables says that an ALTER TABLE has triggers, rules or policies act that may not
	// have acted before.
	Enables bool `json:"enables,omitempty"`
	// NewName and NewSchema are what an ALTER gives it: RENAME TO and SET SCHEMA, "" for
	// neither.
	NewName   string `json:"newName,omitempty"`
	NewSchema string `json:"newSchema,omitempty"`
}

// Operator is an operator that an expression uses or a definition names, by its
// symbol: those that the grammar has words for (LIKE, IN, BETWEEN, NULLIF, IS
// DISTINCT FROM) as PostgreSQL's parser names them. Which operator it is follows
// from the types of its operands.
type Operator struct {
	Schema string `json:"schema,omitempty"` // "" where the text does not qualify it
	Name   string `json:"name"`
	Prefix bool   `json:"prefix,omitempty"` // has a right operand alone
}

// Type is a type that a cast, a column definition or a signature names. Those that
// the grammar has words for (integer, timestamp) are in pg_catalog.
type Type struct {
	Schema string `json:"schema,omitempty"` // "" where the text does not qualify it
	Name   string `json:"name"`             // without [] for an array
	Column bool   `json:"column,omitempty"` // Schema.Name stands for table.column%TYPE
}

// kindOf gives the kind that PostgreSQL's ObjectType stands for, "" for what is no
// object of its own.
func kindOf(o pg_query.ObjectType) Kind {
	switch o {
	case pg_query.ObjectType_OBJECT_TABLE:
		return KindTable
	case pg_query.ObjectType_OBJECT_FOREIGN_TABLE:
		return KindForeignTable
	case pg_query.ObjectType_OBJECT_VIEW:
		return KindView
	case pg_query.ObjectType_OBJECT_MATVIEW:
		return KindMaterializedView
	case pg_query.ObjectType_OBJECT_SEQUENCE:
		return KindSequence
	case pg_query.ObjectType_OBJECT_INDEX:
		return KindIndex
	case pg_query.ObjectType_OBJECT_COLUMN, pg_query.ObjectType_OBJECT_ATTRIBUTE, pg_query.ObjectType_OBJECT_DEFAULT:
		return KindColumn
	case pg_query.ObjectType_OBJECT_TABCONSTRAINT, pg_query.ObjectType_OBJECT_DOMCONSTRAINT:
		return KindConstraint
	case pg_query.ObjectType_OBJECT_TRIGGER:
		return KindTrigger
	case pg_query.ObjectType_OBJECT_RULE:
		return KindRule
	case pg_query.ObjectType_OBJECT_POLICY:
		return KindPolicy
	case pg_query.ObjectType_OBJECT_STATISTIC_EXT:
		return KindStatistics
	case pg_query.ObjectType_OBJECT_FUNCTION, pg_query.ObjectType_OBJECT_ROUTINE:
		return KindFunction
	case pg_query.ObjectType_OBJECT_PROCEDURE:
		return KindProcedure
	case pg_query.ObjectType_OBJECT_AGGREGATE:
		return KindAggregate
	case pg_query.ObjectType_OBJECT_OPERATOR:
		return KindOperator
	case pg_query.ObjectType_OBJECT_OPCLASS:
		return KindOperatorClass
	case pg_query.ObjectType_OBJECT_OPFAMILY, pg_query.ObjectType_OBJECT_AMOP, pg_query.ObjectType_OBJECT_AMPROC:
		return KindOperatorFamily
	case pg_query.ObjectType_OBJECT_CAST:
		return KindCast
	case pg_query.ObjectType_OBJECT_CONVERSION:
		return KindConversion
	case pg_query.ObjectType_OBJECT_COLLATION:
		return KindCollation
	case pg_query.ObjectType_OBJECT_TRANSFORM:
		return KindTransform
	case pg_query.ObjectType_OBJECT_TYPE:
		return KindType
	case pg_query.ObjectType_OBJECT_DOMAIN:
		return KindDomain
	}
	return kindAround(o)
}

// kindAround is kindOf for what is not in a schema's relations, types and functions.
func kindAround(o pg_query.ObjectType) Kind {
	switch o {
	case pg_query.ObjectType_OBJECT_SCHEMA:
		return KindSchema
	case pg_query.ObjectType_OBJECT_DATABASE:
		return KindDatabase
	case pg_query.ObjectType_OBJECT_ROLE:
		return KindRole
	case pg_query.ObjectType_OBJECT_TABLESPACE:
		return KindTablespace
	case pg_query.ObjectType_OBJECT_EXTENSION:
		return KindExtension
	case pg_query.ObjectType_OBJECT_LANGUAGE:
		return KindLanguage
	case pg_query.ObjectType_OBJECT_ACCESS_METHOD:
		return KindAccessMethod
	case pg_query.ObjectType_OBJECT_EVENT_TRIGGER:
		return KindEventTrigger
	case pg_query.ObjectType_OBJECT_FDW:
		return KindForeignDataWrapper
	case pg_query.ObjectType_OBJECT_FOREIGN_SERVER:
		return KindServer
	case pg_query.ObjectType_OBJECT_USER_MAPPING:
		return KindUserMapping
	case pg_query.ObjectType_OBJECT_PUBLICATION, pg_query.ObjectType_OBJECT_PUBLICATION_NAMESPACE, pg_query.ObjectType_OBJECT_PUBLICATION_REL:
		return KindPublication
	case pg_query.ObjectType_OBJECT_SUBSCRIPTION:
		return KindSubscription
	case pg_query.ObjectType_OBJECT_TSCONFIGURATION:
		return KindTextSearchConfiguration
	case pg_query.ObjectType_OBJECT_TSDICTIONARY:
		return KindTextSearchDictionary
	case pg_query.ObjectType_OBJECT_TSPARSER:
		return KindTextSearchParser
	case pg_query.ObjectType_OBJECT_TSTEMPLATE:
		return KindTextSearchTemplate
	case pg_query.ObjectType_OBJECT_LARGEOBJECT:
		return KindLargeObject
	case pg_query.ObjectType_OBJECT_DEFACL:
		return KindDefaultPrivileges
	case pg_query.ObjectType_OBJECT_PARAMETER_ACL:
		return KindParameter
	}
	return ""
}
