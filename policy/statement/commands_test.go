package statement

import (
	"slices"
	"testing"
)

func TestEveryCommandIsFoundWhereverItStands(t *testing.T) {
	for text, want := range map[string]string{
		"select 1":                      "Select",
		"values (1)":                    "Select",
		"table t":                       "Select",
		"insert into t values (1)":      "Insert",
		"insert into t default values":  "Insert",
		"insert into t select * from u": "Insert Select",
		"insert into t values (1) on conflict do nothing":                      "Insert",
		"insert into t values (1) on conflict (a) do update set a = 1":         "Insert Update",
		"merge into t using u on t.a=u.a when matched then delete":             "Merge Delete",
		"merge into t using u on true when not matched then insert values (1)": "Merge Insert",
		"EXPLAIN ANALYSE DELETE FROM t":                                        "Explain Delete",
		"explain (analyze, verbose off) update t set a = 1":                    "Explain Update",
		"explain select 1":                                                              "Explain Select",
		"explain verbose create table x as select 1":                                    "Explain Create Select",
		"explain analyze execute p":                                                     "Explain Execute",
		"explain declare c cursor for select 1":                                         "Explain Declare Select",
		"WITH x AS MATERIALIZED (DELETE FROM t RETURNING *) SELECT * FROM x":            "Select Delete",
		"with a as (with b as (update t set a=1 returning *) select * from b) select 1": "Select Update",
		"with x as (insert into t values (1) returning *) delete from u":                "Delete Insert",
		"drop/**/table t":                                       "Drop",
		"DROP OWNED BY bob":                                     "Drop",
		"drop database d":                                       "Drop",
		"drop role r":                                           "Drop",
		"TRUNCATE a, b":                                         "Truncate",
		"select * into x from t":                                "Create Select",
		"select 1 into x union select 2":                        "Create Select",
		"create table x as select 1":                            "Create Select",
		"create table x as execute p":                           "Create Execute",
		"create view v as select 1":                             "Create Select",
		"create materialized view v as table t":                 "Create Select",
		"refresh materialized view v":                           "Refresh",
		"create rule r as on insert to t do also delete from u": "Create Delete",
		"create rule r as on insert to t do (delete from u; notify x)":                                         "Create Delete Notify",
		"create schema s create table t (a int) create view v as select 1 grant select on t to bob":            "Create Select Grant",
		"create trigger g after insert on t execute function f()":                                              "Create",
		"create function f() returns int language sql as 'delete from t; select 1'":                            "Create Delete Select",
		"create function f() returns int begin atomic truncate t; select 1; end":                               "Create Truncate Select",
		"create function f() returns int return (select 1)":                                                    "Create Select",
		"create procedure p() language plpgsql as $$begin drop table t; commit; end$$":                         "Create Drop Commit",
		"do $$begin if true then delete from t; end if; exception when others then rollback; end$$":            "Do Select Delete Rollback",
		"do $$begin for r in 1..2 loop perform f(1); update t set a=1; end loop; end$$":                        "Do Select Update",
		"do $do$ begin create function g() returns int language sql as $$ drop table t; select 1 $$; end $do$": "Do Create Drop Select",
		"call p(1)":                     "Call",
		"prepare p as delete from t":    "Prepare Delete",
		"execute p(1)":                  "Execute",
		"deallocate all":                "Deallocate",
		"declare c cursor for select 1": "Declare Select",
		"fetch all from c":              "Fetch",
		"move 1 in c":                   "Move",
		"close all":                     "Close",
		"copy t from stdin":             "Copy",
		"copy (delete from t returning *) to stdout":                                "Copy Delete",
		"copy (with x as (update t set a=1 returning a) select * from x) to stdout": "Copy Select Update",
		"begin":                            "Begin",
		"start transaction read only":      "Begin",
		"end":                              "Commit",
		"abort":                            "Rollback",
		"rollback to savepoint s":          "RollbackTo",
		"prepare transaction 'x'":          "PrepareTransaction",
		"commit prepared 'x'":              "CommitPrepared",
		"set role postgres":                "Set",
		"reset session authorization":      "Reset",
		"set constraints all deferred":     "Set",
		"discard all":                      "Discard",
		"show all":                         "Show",
		"alter table t drop column c":      "Alter Drop",
		"alter table t rename to u":        "Alter",
		"alter table t owner to bob":       "Alter",
		"alter system set fsync = off":     "Alter",
		"alter role r set search_path = x": "Alter",
		"alter default privileges grant select on tables to bob": "Alter Grant",
		"reassign owned by a to b":                               "Reassign Alter",
		"grant select on t to bob":                               "Grant",
		"grant postgres to bob":                                  "Grant",
		"revoke all on t from bob":                               "Revoke",
		"lock table t":                                           "Lock",
		"vacuum (analyze) t":                                     "Vacuum Analyze",
		"vacuum full":                                            "Vacuum Cluster",
		"vacuum (full off) t":                                    "Vacuum",
		"analyze t (a)":                                          "Analyze",
		"cluster t":                                              "Cluster",
		"reindex table t":                                        "Reindex",
		"checkpoint":                                             "Checkpoint",
		"load 'x'":                                               "Load",
		"listen x":                                               "Listen",
		"unlisten *":                                             "Unlisten",
		"notify x, 'y'":                                          "Notify",
		"comment on table t is 'x'":                              "Comment",
		"security label on table t is 'x'":                       "SecurityLabel",
		"import foreign schema a from server b into c":         "Import Create",
		"create extension dblink":                              "Create",
		"select query_to_xml('delete from t', true, true, '')": "Select Delete",
	} {
		if got := commands(only(t, text)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestEveryCommandHasOneNameThatIsKnown(t *testing.T) {
	all := All()
	for i, c := range all {
		if known, ok := Known(string(c)); !ok || known != c {
			t.Errorf("%s is not known", c)
		}
		if slices.Index(all, c) != i {
			t.Errorf("%s is listed twice", c)
		}
	}
	for _, name := range []string{"", "select", "Teleport"} {
		if _, ok := Known(name); ok {
			t.Errorf("%q is known", name)
		}
	}
}

func TestStatementsOfATextAreToldApart(t *testing.T) {
	f := facts(t, " select 1 ; ;\n/* é */ delete from t where true;;")
	if len(f.Statements) != 2 || f.Statements[0].Command != CommandSelect || f.Statements[1].Command != CommandDelete {
		t.Fatalf("got %+v", f)
	}
	for _, empty := range []string{"", " ", ";", "-- nothing", "/* nothing */;"} {
		if f := facts(t, empty); len(f.Statements) != 0 {
			t.Errorf("%q has statements", empty)
		}
	}
}
