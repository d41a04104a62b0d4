package function

// Reveals says whether a call may show values that the text around it does not name,
// of tables, files or other sessions' statements, or have the server keep wrong ones of
// them: what a mask must not let pass.
func (e Entry) Reveals() bool {
	switch e.Class {
	case SQL, Databases, Files, Tables, Statistics, Replication, Catalog:
		return true
	case LargeObjects:
		return e.Reason == readsLargeObjects
	case Sessions:
		return e.Reason == showsStatements || e.Reason == showsPlans
	}
	return false
}

// Changes says whether a call changes definitions or rows past the commands that do so.
func (e Entry) Changes() bool {
	return e.Class == Catalog && (e.Reason == changesCatalog || e.Reason == changesPages)
}

// Reasons by which entries of one class are told apart.
const (
	readsLargeObjects = "reads large objects"
	showsStatements   = "shows the statements of other sessions"
	showsPlans        = "shows the statements or plans of other sessions"
	changesCatalog    = "changes the catalog"
	changesPages      = "changes the pages of tables"
)

// Told says what a function is told in its arguments that matters like the text of a
// statement.
type Told string

// The kinds.
const (
	ToldText     Told = "Text"     // a query, which it runs
	ToldRelation Told = "Relation" // the name of a relation, which it reads
	ToldNothing  Told = "Nothing"  // no argument says what it reads or runs
)

// Tells says what a function is told, whatever schema it stands in: a module's
// functions may stand in any. It is "" for functions that are told neither, and read
// nothing on their own.
func Tells(name string) Told {
	switch name {
	case "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "ts_stat", "ts_rewrite",
		"crosstab", "crosstab2", "crosstab3", "crosstab4", "crosstabn", "xpath_table", "connectby":
		return ToldText
	case "table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema", "pgstattuple", "get_raw_page":
		return ToldRelation
	case "schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema",
		"database_to_xml", "database_to_xmlschema", "database_to_xml_and_xmlschema", "cursor_to_xml", "cursor_to_xmlschema",
		// run text elsewhere or later
		"run_command_on_workers", "run_command_on_all_nodes", "run_command_on_shards", "run_command_on_placements",
		"run_command_on_coordinator", "master_run_on_worker", "distributed_exec", "pg_background_launch":
		return ToldNothing
	}
	return ""
}
