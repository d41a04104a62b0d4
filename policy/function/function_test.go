package function

import (
	"slices"
	"strings"
	"testing"
)

func TestFunctionsAreOfTheirClass(t *testing.T) {
	for call, want := range map[string]Class{
		"upper/1": Harmless, "count/1": Harmless, "now/0": Harmless, "current_user/0": Harmless, "jsonb_agg/1": Harmless,
		"pg_get_viewdef/1": Harmless, "has_table_privilege/2": Harmless, "current_setting/1": Harmless, "format/3": Harmless,
		"pg_table_is_visible/1": Harmless, "obj_description/2": Harmless, "row_to_json/1": Harmless, "gen_random_uuid/0": Harmless,
		"query_to_xml/4": SQL, "query_to_xml_and_xmlschema/4": SQL, "ts_stat/1": SQL, "ts_rewrite/2": SQL, "ts_rewrite/-1": SQL,
		"ts_rewrite/3": Harmless, "table_to_xml/4": Tables, "database_to_xml/3": Tables, "cursor_to_xml/5": Tables,
		"pg_read_file/1": Files, "pg_read_binary_file/4": Files, "pg_ls_dir/1": Files, "pg_ls_something_new/0": Files, "pg_stat_file/1": Files,
		"lo_export/2": Files, "lo_import/1": Files, "pg_file_write/3": Files, "lo_get/1": LargeObjects, "loread/2": LargeObjects,
		"nextval/1": Sequences, "setval/2": Sequences, "lastval/0": Sequences, "set_config/3": Settings, "pg_notify/2": Notifications,
		"pg_terminate_backend/1": Sessions, "pg_cancel_backend/1": Sessions, "pg_stat_get_activity/1": Sessions, "pg_export_snapshot/0": Sessions,
		"pg_reload_conf/0": Server, "pg_rotate_logfile/0": Server, "pg_switch_wal/0": Server, "pg_stat_reset/0": Server, "pg_promote/2": Server,
		"pg_logical_slot_get_changes/4": Replication, "pg_create_logical_replication_slot/2": Replication, "pg_replication_origin_create/1": Replication,
		"pg_replication_origin_oid/1": Harmless, "binary_upgrade_set_next_pg_type_oid/1": Catalog, "pg_restore_attribute_stats/1": Catalog,
		"pg_mcv_list_items/1": Statistics, "pg_advisory_lock/1": Locks, "pg_try_advisory_xact_lock/2": Locks, "pg_sleep/1": Time,
	} {
		name, number, _ := strings.Cut(call, "/")
		arguments := int(number[0] - '0')
		if number == "-1" {
			arguments = -1
		}
		e, known := BuiltIn(name, arguments)
		if !known || e.Class != want {
			t.Errorf("%s: %q, known %v, want %q", call, e.Class, known, want)
		}
		if (e.Reason == "") != (e.Class == Harmless) {
			t.Errorf("%s: class %s with the reason %q", call, e.Class, e.Reason)
		}
		if !slices.Contains(Classes(), e.Class) {
			t.Errorf("%s: %s is not in the list of classes", call, e.Class)
		}
	}
	for _, name := range []string{"", "no_such_function", "Upper", "pg_function_of_version_27", "dblink", "# The"} {
		if e, known := BuiltIn(name, 1); known {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestTheListOfHarmlessFunctionsIsInOrder(t *testing.T) {
	last := ""
	for line := range strings.Lines(harmlessText) {
		name := strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(name, "#") {
			continue
		}
		if name <= last {
			t.Errorf("%q stands after %q", name, last)
		}
		if e, ok := reaching(name, 3); ok {
			t.Errorf("%s is in both lists: it %s", name, e.Reason)
		}
		last = name
	}
	if n := len(harmless()); n < 2600 {
		t.Errorf("only %d functions", n)
	}
}

func TestEveryNameThatIsListedAsReachingReaches(t *testing.T) {
	for _, name := range listed(reachingText) {
		if e, known := BuiltIn(name, -1); !known || e.Class == Harmless {
			t.Errorf("%s: %+v, known %t", name, e, known)
		}
	}
	if n := len(listed(reachingText)); n < 140 {
		t.Errorf("only %d functions", n)
	}
}

func TestExtensionsAreOfTheirClass(t *testing.T) {
	for call, want := range map[string]Class{
		"pg_trgm/similarity": Harmless, "pgcrypto/crypt": Harmless, "hstore/hstore": Harmless, "tablefunc/normal_rand": Harmless,
		"tablefunc/crosstab": SQL, "tablefunc/connectby": SQL, "xml2/xpath_table": SQL, "xml2/xpath_string": Harmless,
		"dblink/dblink": Databases, "dblink/dblink_exec": Databases, "postgres_fdw/postgres_fdw_get_connections": Databases, "pg_cron/schedule": Databases,
		"adminpack/pg_file_write": Files, "file_fdw/file_fdw_handler": Files, "pageinspect/get_raw_page": Statistics,
		"pg_stat_statements/pg_stat_statements": Sessions, "lo/lo_manage": LargeObjects, "postgis/st_area": Harmless, "postgis/st_estimatedextent": Statistics,
	} {
		extension, name, _ := strings.Cut(call, "/")
		if e, known := Extension(extension, name); !known || e.Class != want {
			t.Errorf("%s: %q, known %v, want %q", call, e.Class, known, want)
		}
	}
	if e, known := Extension("no_such_extension", "f"); known {
		t.Errorf("got %+v", e)
	}
}

func TestWhatReveals(t *testing.T) {
	for name, want := range map[string]bool{
		"query_to_xml": true, "ts_stat": true, "pg_read_file": true, "lo_get": true, "loread": true, "lo_export": true, "lo_creat": false, "lowrite": false,
		"pg_stat_get_activity": true, "pg_terminate_backend": false, "pg_mcv_list_items": true, "pg_logical_slot_get_changes": true,
		"upper": false, "nextval": false, "set_config": false, "pg_notify": false, "pg_sleep": false, "pg_reload_conf": false, "pg_restore_attribute_stats": true,
	} {
		if e, known := BuiltIn(name, -1); !known || e.Reveals() != want {
			t.Errorf("%s: %t, known %t", name, e.Reveals(), known)
		}
	}
	for call, want := range map[string]bool{
		"dblink/dblink": true, "pg_stat_statements/pg_stat_statements": true, "tablefunc/crosstab": true, "tablefunc/normal_rand": false, "lo/lo_manage": false,
		"tcn/triggered_change_notification": false, "pageinspect/get_raw_page": true, "pg_trgm/similarity": false,
	} {
		extension, name, _ := strings.Cut(call, "/")
		if e, known := Extension(extension, name); !known || e.Reveals() != want {
			t.Errorf("%s: %t, known %t", call, e.Reveals(), known)
		}
	}
}

func TestFunctionsThatAreToldSomethingReach(t *testing.T) {
	told := 0
	for _, name := range Names() {
		what := Tells(name)
		e, _ := BuiltIn(name, -1)
		if what == "" {
			if e.Class == SQL || e.Class == Tables && strings.Contains(name, "_to_xml") {
				t.Errorf("%s %s, but it is not said what it is told", name, e.Reason)
			}
			continue
		}
		told++
		if e.Class != SQL && e.Class != Tables {
			t.Errorf("%s is told %s, but is of class %s", name, what, e.Class)
		}
	}
	if told < 13 {
		t.Errorf("only %d", told)
	}
}

func BenchmarkBuiltIn(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		BuiltIn("upper", 1)
	}
}
