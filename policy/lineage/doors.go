package lineage

import (
	"strings"

	"github.com/weirgate/weir/policy/catalog"
)

// builtInRule is the name of the rule behind masks and refusals that no policy
// wrote: what shows the values of masked columns by another way.
const builtInRule = "built-in/catalog-values"

// doors masks the columns of the system's own views that hold values of other
// tables' columns, or the texts of other sessions' statements, which may.
func (c *compiler) doors() {
	all := c.snapshot.Relations()
	for i := range all {
		r := &all[i]
		for _, col := range r.Columns {
			if door(r, col.Name) {
				c.set(r, col, column{rule: builtInRule, masker: c.null, predicates: Deny, builtIn: true})
			}
		}
	}
}

func door(r *catalog.Relation, column string) bool {
	if r.Name == "pg_stat_statements" { // an extension's, in a schema of the administrator's choice
		return column == "query"
	}
	if r.Schema != "pg_catalog" {
		return false
	}
	switch r.Name {
	case "pg_stats", "pg_stats_ext", "pg_stats_ext_exprs":
		return strings.HasPrefix(column, "most_common_") && !strings.HasSuffix(column, "freqs") ||
			strings.Contains(column, "histogram")
	case "pg_statistic":
		return strings.HasPrefix(column, "stavalues")
	case "pg_statistic_ext_data":
		return column == "stxdmcv" || column == "stxdexpr"
	case "pg_stat_activity":
		return column == "query"
	case "pg_largeobject":
		return column == "data"
	}
	return false
}

// toast says whether a name is one of the tables that hold long values of other
// tables. They are in no snapshot.
func toast(schema, name string) bool {
	return strings.HasPrefix(schema, "pg_toast") || strings.HasPrefix(name, "pg_toast_")
}

// doorFunction says why a function of pg_catalog is refused where masks apply,
// "" if it is not.
func doorFunction(name string, arguments int) string {
	switch name {
	case "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema",
		"cursor_to_xml", "cursor_to_xmlschema",
		"table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema",
		"schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema",
		"database_to_xml", "database_to_xmlschema", "database_to_xml_and_xmlschema":
		return "reads tables that it is told by name"
	case "ts_stat":
		return "runs a query that it is told as text"
	case "ts_rewrite":
		if arguments == 2 {
			return "runs a query that it is told as text"
		}
	case "pg_stat_get_activity", "pg_stat_get_backend_activity":
		return "shows the statements of other sessions"
	case "pg_mcv_list_items":
		return "shows the values that statistics hold"
	case "loread", "lo_get", "lo_export", "lo_import", "lo_open", "lo_from_bytea", "lo_put", "lowrite", "lo_creat", "lo_create":
		return "reads or writes large objects"
	case "pg_read_file", "pg_read_file_old", "pg_read_binary_file", "pg_stat_file", "pg_file_read", "pg_file_write", "pg_current_logfile":
		return "reads the server's files"
	case "pg_logical_slot_get_changes", "pg_logical_slot_peek_changes",
		"pg_logical_slot_get_binary_changes", "pg_logical_slot_peek_binary_changes",
		"pg_create_logical_replication_slot", "pg_copy_logical_replication_slot", "pg_logical_emit_message":
		return "reads the changes of all tables"
	case "pg_restore_attribute_stats", "pg_restore_relation_stats", "pg_restore_extended_stats":
		return "changes the statistics of tables"
	}
	if strings.HasPrefix(name, "pg_ls_") {
		return "reads the server's files"
	}
	if strings.HasPrefix(name, "binary_upgrade_") {
		return "changes the catalog"
	}
	return ""
}

// doorExtension says why the functions of an extension are refused where masks
// apply, "" if they are not.
func doorExtension(name, function string) string {
	switch name {
	case "dblink", "postgres_fdw", "file_fdw", "mysql_fdw", "oracle_fdw", "tds_fdw", "redis_fdw", "mongo_fdw", "plproxy", "pg_background", "http", "pg_net", "pg_cron":
		return "reaches other databases, servers or files"
	case "adminpack", "pg_file_settings", "orafce", "aws_s3", "aws_commons", "pg_dump":
		return "reads the server's files"
	case "pageinspect", "pg_walinspect", "pg_surgery", "pg_dirtyread", "pg_visibility", "pg_filedump":
		return "reads the pages of tables"
	case "wal2json", "pglogical", "decoderbufs", "test_decoding":
		return "reads the changes of all tables"
	case "pg_stat_statements", "pg_stat_monitor", "pg_stat_kcache", "pg_qualstats", "pg_store_plans", "auto_explain", "pg_show_plans":
		return "shows the statements of other sessions"
	case "lo":
		return "reads or writes large objects"
	case "hypopg", "pg_query_state":
		return "shows plans of other sessions"
	case "tablefunc":
		if strings.HasPrefix(function, "crosstab") || strings.HasPrefix(function, "connectby") {
			return "runs a query that it is told as text"
		}
	case "xml2":
		if function == "xpath_table" {
			return "runs a query that it is told as text"
		}
	}
	return ""
}

// reaches says why a function that a view calls may show masked values, "" if
// it does not.
func (m *Masks) reaches(oid uint32) string {
	if name, ok := m.snapshot.BuiltInName(oid); ok {
		if why := doorFunction(name, 2); why != "" {
			return name + "(), which " + why
		}
		return ""
	}
	f := m.snapshot.Function(oid)
	if f == nil {
		return "a function that the catalog did not list"
	}
	if why := m.userFunction(f); why != "" {
		return f.Schema + "." + f.Name + "(), which " + why
	}
	return ""
}

// userFunction says why a function outside pg_catalog is refused where masks
// apply, "" if it is not.
func (m *Masks) userFunction(f *catalog.Function) string {
	if f.Schema == "information_schema" || m.trusts(f) {
		return ""
	}
	if f.Extension != "" {
		if why := doorExtension(f.Extension, f.Name); why != "" {
			return why
		}
	}
	return m.shows(m.ofFunction(f.OID))
}
