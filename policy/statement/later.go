package statement

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// What a definition names for later: functions that an operator, a cast, a type or
// an aggregate calls, and operators that stand for others.

// functionOptions are the options of CREATE OPERATOR, AGGREGATE, TYPE, TEXT SEARCH
// PARSER and the like whose value names a function.
func functionOptions() []string {
	return []string{
		"procedure", "function", "restrict", "join", // operators
		"sfunc", "sfunc1", "finalfunc", "finalfunc1", "combinefunc", "serialfunc", "deserialfunc", // aggregates
		"msfunc", "minvfunc", "mfinalfunc",
		"input", "output", "receive", "send", "typmod_in", "typmod_out", "analyze", "subscript", // types
		"canonical", "subtype_diff",
		"start", "gettoken", "end", "headline", "lextypes", "init", "lexize", // text search
		"handler", "validator", // foreign-data wrappers
		"support", // functions
	}
}

// operatorOptions are those whose value names an operator.
func operatorOptions() []string {
	return []string{"commutator", "negator", "sortop"}
}

// namedBy lists the function or operator that an option names. It reports false
// where the option may hold something else.
func (w *walker) namedBy(o *pg_query.DefElem) bool {
	name := strings.ToLower(o.Defname)
	switch {
	case slices.Contains(functionOptions(), name):
		return w.laterNode(o.Arg)
	case slices.Contains(operatorOptions(), name):
		w.operator(o.Arg.GetList().GetItems(), false)
	}
	return false
}

// laterNode lists a function that is named as a type, a list or a string.
func (w *walker) laterNode(n *pg_query.Node) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_TypeName:
		w.later(v.TypeName.Names)
	case *pg_query.Node_List:
		w.later(v.List.Items)
	case *pg_query.Node_String_:
		w.later([]*pg_query.Node{n})
	default:
		return false
	}
	return true
}

// later lists a function that a definition names.
func (w *walker) later(name []*pg_query.Node) {
	if schema, function := qualified(w.strings(name)); function != "" {
		w.function(Function{Schema: schema, Name: function, Named: true})
		w.setsAnything(schema, function)
	}
}

// setsAnything notes that set_config is had by another name, by which it sets what is not
// known: as the transition of an aggregate, or renamed.
func (w *walker) setsAnything(schema, function string) {
	if function == "set_config" && (schema == "" || schema == "pg_catalog") {
		w.st.Settings = append(w.st.Settings, Setting{})
	}
}

// namedFunctions lists the functions that stand in fields of their own.
func (w *walker) namedFunctions(n *pg_query.Node) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_CreateCastStmt:
		w.later(v.CreateCastStmt.Func.GetObjname())
	case *pg_query.Node_CreateConversionStmt:
		w.later(v.CreateConversionStmt.FuncName)
	case *pg_query.Node_CreateTransformStmt:
		w.later(v.CreateTransformStmt.Fromsql.GetObjname())
		w.later(v.CreateTransformStmt.Tosql.GetObjname())
	case *pg_query.Node_CreatePlangStmt:
		w.later(v.CreatePlangStmt.Plhandler)
		w.later(v.CreatePlangStmt.Plinline)
		w.later(v.CreatePlangStmt.Plvalidator)
	case *pg_query.Node_CreateAmStmt:
		w.later(v.CreateAmStmt.HandlerName)
	case *pg_query.Node_CreateOpClassStmt:
		w.classItems(v.CreateOpClassStmt.Items)
	case *pg_query.Node_AlterOpFamilyStmt:
		w.classItems(v.AlterOpFamilyStmt.Items)
	}
}

// PostgreSQL's OPCLASS_ITEM_OPERATOR and OPCLASS_ITEM_FUNCTION (nodes/parsenodes.h).
const (
	classOperator = 1
	classFunction = 2
)

func (w *walker) classItems(items []*pg_query.Node) {
	for _, n := range items {
		item := n.GetCreateOpClassItem()
		switch item.GetItemtype() {
		case classOperator:
			w.operator(item.GetName().GetObjname(), false)
		case classFunction:
			w.later(item.GetName().GetObjname())
		}
	}
}

// settingsOf lists what a definition sets for later sessions, or while a function
// runs.
func (w *walker) settingsOf(n *pg_query.Node) {
	options := func(list []*pg_query.Node) {
		for _, o := range list {
			w.setting(o.GetDefElem().GetArg().GetVariableSetStmt(), ScopeFunction)
		}
	}
	switch v := n.GetNode().(type) {
	case *pg_query.Node_CreateFunctionStmt:
		options(v.CreateFunctionStmt.Options)
	case *pg_query.Node_AlterFunctionStmt:
		options(v.AlterFunctionStmt.Actions)
	case *pg_query.Node_AlterRoleSetStmt:
		w.setting(v.AlterRoleSetStmt.Setstmt, ScopeRole)
	case *pg_query.Node_AlterDatabaseSetStmt:
		w.setting(v.AlterDatabaseSetStmt.Setstmt, ScopeDatabase)
	case *pg_query.Node_AlterSystemStmt:
		w.setting(v.AlterSystemStmt.Setstmt, ScopeSystem)
	}
}
