package function

import "strings"

// reaching gives the functions that are not harmless.
func reaching(name string, arguments int) (Entry, bool) {
	for _, lookup := range []func(string, int) Entry{reachesData, reachesServer, reachesOthers} {
		if e := lookup(name, arguments); e.Class != "" {
			return e, true
		}
	}
	return Entry{}, false
}

// reachesData is about tables, files and what else keeps data.
func reachesData(name string, arguments int) Entry {
	switch name {
	case "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "ts_stat":
		return Entry{SQL, "runs a query that it is told as text"}
	case "ts_rewrite":
		if arguments == 3 { // the query, what is looked for and what replaces it
			return Entry{}
		}
		return Entry{SQL, "runs a query that it is told as text"}
	case "cursor_to_xml", "cursor_to_xmlschema":
		return Entry{Tables, "reads the rows of a cursor that it is told by name"}
	case "table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema":
		return Entry{Tables, "reads a table that it is told by name"}
	case "schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema":
		return Entry{Tables, "reads all tables of a schema"}
	case "database_to_xml", "database_to_xmlschema", "database_to_xml_and_xmlschema":
		return Entry{Tables, "reads all tables of the database"}
	case "currtid", "currtid2":
		return Entry{Tables, "looks up a row of a table that it is told by name"}
	case "lo_import", "lo_export":
		return Entry{Files, "copies between a file of the server and a large object"}
	case "loread", "lo_get":
		return Entry{LargeObjects, readsLargeObjects}
	case "lowrite", "lo_put", "lo_open", "lo_close", "lo_creat", "lo_create", "lo_from_bytea", "lo_unlink",
		"lo_lseek", "lo_lseek64", "lo_tell", "lo_tell64", "lo_truncate", "lo_truncate64":
		return Entry{LargeObjects, "makes or changes large objects"}
	case "nextval", "setval":
		return Entry{Sequences, "changes a sequence"}
	case "currval", "lastval", "pg_sequence_last_value", "pg_get_sequence_data":
		return Entry{Sequences, "reads a sequence"}
	case "pg_mcv_list_items", "pg_mcv_list_out", "pg_mcv_list_send":
		return Entry{Statistics, "shows the values that statistics hold"}
	case "pg_read_file", "pg_read_file_old", "pg_read_binary_file", "pg_stat_file", "pg_current_logfile",
		"pg_show_all_file_settings", "pg_hba_file_rules", "pg_ident_file_mappings",
		"pg_file_read", "pg_file_length", "pg_logdir_ls": // the last three are adminpack's, in pg_catalog
		return Entry{Files, "reads the server's files"}
	case "pg_file_write", "pg_file_sync", "pg_file_rename", "pg_file_unlink":
		return Entry{Files, "writes the server's files"}
	}
	if strings.HasPrefix(name, "pg_ls_") {
		return Entry{Files, "lists the server's files"}
	}
	return Entry{}
}

// reachesServer is about the server as a whole and its catalog.
func reachesServer(name string, _ int) Entry {
	switch name {
	case "pg_reload_conf":
		return Entry{Server, "has the server read its configuration anew"}
	case "pg_rotate_logfile", "pg_rotate_logfile_old", "pg_logfile_rotate":
		return Entry{Server, "has the server start a new log file"}
	case "pg_switch_wal", "pg_create_restore_point", "pg_log_standby_snapshot",
		"pg_start_backup", "pg_stop_backup", "pg_backup_start", "pg_backup_stop":
		return Entry{Server, "steers the server's log of changes or its backups"}
	case "pg_promote", "pg_wal_replay_pause", "pg_wal_replay_resume":
		return Entry{Server, "steers a standby server"}
	case "pg_import_system_collations", "pg_extension_config_dump", "pg_nextoid", "pg_stop_making_pinned_objects":
		return Entry{Catalog, changesCatalog}
	case "pg_clear_attribute_stats", "pg_clear_relation_stats", "pg_restore_attribute_stats", "pg_restore_relation_stats":
		return Entry{Catalog, "changes the statistics of tables"}
	case "brin_summarize_new_values", "brin_summarize_range", "brin_desummarize_range", "gin_clean_pending_list":
		return Entry{Catalog, "changes an index"}
	case "pg_replication_slot_advance", "pg_drop_replication_slot", "pg_sync_replication_slots",
		"pg_copy_physical_replication_slot", "pg_copy_logical_replication_slot",
		"pg_create_physical_replication_slot", "pg_create_logical_replication_slot":
		return Entry{Replication, "makes, moves or drops a replication slot"}
	case "pg_logical_slot_get_changes", "pg_logical_slot_peek_changes",
		"pg_logical_slot_get_binary_changes", "pg_logical_slot_peek_binary_changes":
		return Entry{Replication, "reads the changes of all tables"}
	case "pg_logical_emit_message":
		return Entry{Replication, "writes a message into the log of changes"}
	case "pg_available_wal_summaries", "pg_wal_summary_contents":
		return Entry{Replication, "reads the log of changes"}
	}
	switch {
	case strings.HasPrefix(name, "pg_stat_reset"):
		return Entry{Server, "clears the server's counters"}
	case strings.HasPrefix(name, "binary_upgrade_"):
		return Entry{Catalog, changesCatalog}
	case strings.HasPrefix(name, "pg_replication_origin_") && name != "pg_replication_origin_oid":
		return Entry{Replication, "changes or reads a replication origin"}
	}
	return Entry{}
}

// reachesOthers is about the session and others beside it.
func reachesOthers(name string, _ int) Entry {
	switch name {
	case "set_config":
		return Entry{Settings, "changes a setting"}
	case "pg_stat_get_activity", "pg_stat_get_backend_activity":
		return Entry{Sessions, showsStatements}
	case "pg_terminate_backend", "pg_cancel_backend":
		return Entry{Sessions, "ends another session or its statement"}
	case "pg_log_backend_memory_contexts":
		return Entry{Sessions, "has another session write to the log"}
	case "pg_export_snapshot":
		return Entry{Sessions, "lets other sessions see what this transaction sees"}
	case "pg_notify":
		return Entry{Notifications, "sends a notification to other sessions"}
	case "pg_sleep", "pg_sleep_for", "pg_sleep_until":
		return Entry{Time, "waits"}
	}
	if strings.HasPrefix(name, "pg_advisory_") || strings.HasPrefix(name, "pg_try_advisory_") {
		return Entry{Locks, "takes or releases an advisory lock"}
	}
	return Entry{}
}
