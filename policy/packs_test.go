package policy

import (
	"slices"
	"testing"
)

func TestPacksAreGuardsLikeOthers(t *testing.T) {
	for _, name := range Packs() {
		b := compile(t, onePolicy("  packs: ["+name+"]\n"))
		guards := b.Policies()[0].Guards
		if len(guards) == 0 {
			t.Errorf("%s is empty", name)
		}
		for _, g := range guards {
			if g.Pack != name || g.Action == Allow {
				t.Errorf("%s: %+v", name, g)
			}
		}
		if PackText(name) == "" {
			t.Errorf("%s has no text", name)
		}
	}
	if PackText("../packs/SchemaChanges") != "" {
		t.Error("a text that is no pack's")
	}
}

func TestPacks(t *testing.T) {
	for _, c := range []struct {
		pack string
		deny []string
		pass []string
	}{
		{"SchemaChanges", []string{
			"create table t (a int)", "create table t as select 1", "select 1 into t", "drop/**/table t", "DROP OWNED BY app",
			"alter table t rename to u", "truncate a, b", "comment on table t is 'x'", "create view v as select 1",
			"create function f() returns int language sql as 'select 1'", "do $$ begin execute 'drop table t'; end $$",
			"explain analyze create table x as select 1", "refresh materialized view m", "reassign owned by a to b",
			"select 1; drop table t", "create index i on t (a)", "execute nobody_knows",
			"create role r", "alter table t owner to x", "create trigger g before insert on t execute function f()", "drop table if exists a, b cascade",
			"import foreign schema s from server x into public", "create temp table x (a int); drop table t",
		}, []string{"create temp table x (a int)", "create temporary table x as select 1", "select 1 into temp x", "select 1", "insert into t values (1)", "update t set a = 1 where b = 2", "with x as (select 1) select * from x", "begin", "explain select 1"}},
		{"UnboundedWrites", []string{
			"delete from t", "delete from t where true", "update t set a = 1", "truncate t", "truncate only t cascade",
			"with x as materialized (delete from t returning *) select * from x", "explain analyse delete from t",
			"delete from t where id = id", "do $$ begin delete from t; end $$",
			"merge into t using u on true when matched then delete",
		}, []string{"delete from t where id = 1", "update t set a = 1 where id = $1", "insert into t select * from u", "select 1"}},
		{"PrivilegeAndSessionChanges", []string{
			"grant select on t to public", "revoke all on t from x", "set role admin", "set session authorization x", "reset role",
			"RESET SESSION AUTHORIZATION", "discard all", "alter role app reset all", "select set_config('role', 'admin', false)",
			"select set_config('ro' || 'le', 'admin', false)", "update pg_settings set setting = 'x' where name = 'role'",
			"set local session_replication_role = replica", "set row_security = off", "set search_path = evil",
			"select pg_terminate_backend(1)", "select pg_catalog.pg_reload_conf()", "load 'x'", "alter default privileges grant select on tables to public",
			"create role evil superuser", "alter role app set search_path = evil", "alter user app password 'x'", "drop role x", "create user x",
			"alter database d set role = 'x'", "alter system set archive_command = 'x'", "create policy p on t using (true)", "drop owned by x",
			"begin read only; begin read write", "select 1; select 2; begin; start transaction read write", "set transaction read write", "set default_transaction_read_only = off", "reset default_transaction_read_only",
			"set session characteristics as transaction read write", "select set_config('transaction_read_only', 'off', true)",
			"select set_config('transaction_read_only', $1, true)", "update pg_settings set setting = 'off' where name = 'transaction_read_only'",
		}, []string{"begin read only", "begin read write", "start transaction isolation level read committed, read write", "begin read only; select 1; commit; begin read write", "begin isolation level repeatable read read only", "set transaction read only", "set transaction isolation level serializable",
			"set session characteristics as transaction read only", "set default_transaction_read_only = on", "select 1", "set application_name = 'x'", "set timezone = 'UTC'", "set datestyle = iso", "show role", "select current_user",
			"reset all", "select pg_advisory_unlock_all(); close all; unlisten *; reset all", "discard plans", "discard temp", "discard sequences", "deallocate all"}},
		{"ServerFilesAndPrograms", []string{
			"copy t from program 'id'", "copy t to '/tmp/x'", "copy t from '/etc/passwd'", "select pg_read_file('/etc/passwd')",
			"select * from pg_ls_dir('/')", "select lo_export(1, '/tmp/x')", "select lo_import('/etc/passwd')",
			"select dblink_exec('x', 'drop table t')", "select * from dblink('x', 'select 1') as t(a int)", "load 'x'",
			"select pg_catalog.pg_read_binary_file('x')", "explain analyze select pg_file_write('a', 'b', true)",
			"set session_preload_libraries = 'x'", "create extension dblink", "create server s foreign data wrapper file_fdw",
			"create foreign table f (a int) server s options (program 'id')", "create subscription s connection 'host=x' publication p",
			"alter system set archive_command = 'x'", "create language plpython3u",
			"select set_config('local_preload_libraries', $1, false)", "select set_config($1, '', false)", "update pg_settings set setting = 'x'",
			"alter system reset all",
		}, []string{"reset all", "reset session_preload_libraries", "discard all", "copy t to stdout", "copy t from stdin", "select 1", "select length('x')", "copy (select 1) to stdout"}},
		{"BulkExport", []string{
			"select query_to_xml('select 1', true, true, '')", "select database_to_xml(true, true, '')", "select lo_get(1)",
		}, []string{"select * from t", "copy t to stdout", "select count(*) from t", "insert into t values (1)"}},
		{"SecretCatalogs", []string{
			"select * from pg_authid", "select rolpassword from pg_catalog.pg_authid", "table pg_shadow", "copy pg_shadow to stdout",
			"select passwd from pg_shadow", "select umoptions from pg_user_mappings", "select srvoptions from pg_foreign_server",
			"select s.* from pg_foreign_server s", "select subconninfo from pg_subscription", "select to_json(s) from pg_subscription s",
			"select query from pg_stat_activity", "select * from pg_stat_activity", "select most_common_vals from pg_stats",
			"select * from pg_stats", "select to_json(s) from pg_stats s", "select histogram_bounds::text from pg_catalog.pg_stats", "select stavalues1 from pg_statistic",
			"select upper(s.most_common_elems::text) from pg_stats as s", "select h from pg_stats as s(a, b, c, d, e, f, g, m, i, h)", "select range_bounds_histogram from pg_stats",
			"select most_common_vals from pg_stats_ext", "table pg_stats_ext_exprs",
			"select * from pg_hba_file_rules", "select data from pg_largeobject", "select * from pg_hba_file_rules()",
			"select (select rolpassword from pg_authid limit 1)", "with x as (select * from pg_authid) select 1 from x",
			"select query from public.pg_stat_statements",
		}, []string{"select * from pg_roles", "select * from pg_class", "select srvname from pg_foreign_server",
			"select attname, n_distinct, null_frac, avg_width, correlation from pg_stats where tablename = 't'", "select most_common_freqs from pg_stats",
			"select pid, state from pg_stat_activity", "select subname from pg_subscription", "select * from pg_settings",
			"select * from information_schema.tables"}},
	} {
		t.Run(c.pack, func(t *testing.T) {
			b := compile(t, onePolicy("  packs: ["+c.pack+"]\n"))
			rules := b.Rules(bot, b.Database("crm"))
			for _, sql := range c.deny {
				if v := judge(t, rules, sql); v.Action != Deny {
					t.Errorf("%s passes", sql)
				}
			}
			for _, sql := range c.pass {
				if v := judge(t, rules, sql); v.Action != Allow {
					t.Errorf("%s: %s", sql, v.Message)
				}
			}
		})
	}
}

// To begin a transaction that writes gives up nothing, unless transactions are read only
// by themselves or one is open that is.
func TestBeginReadWriteIsRefusedWhereItGivesSomethingUp(t *testing.T) {
	b := compile(t, onePolicy("  packs: [PrivilegeAndSessionChanges]\n"))
	rules := b.Rules(bot, b.Database("crm"))
	for _, c := range []struct {
		name    string
		session Session
		want    Action
	}{
		{"where transactions write", Session{}, Allow},
		{"where they are read only, or the server does not tell", Session{ReadOnly: true}, Deny},
		{"inside of a transaction", Session{InTransaction: true}, Deny},
	} {
		for _, sql := range []string{"BEGIN READ WRITE", "START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE"} {
			if v := rules.Judge(Request{Facts: facts(t, sql), Text: sql, Session: c.session}); v.Action != c.want {
				t.Errorf("%s: %s is %s", c.name, sql, v.Action)
			}
		}
	}
}

func TestBulkExportIsALimit(t *testing.T) {
	b := compile(t, onePolicy("  packs: [BulkExport]\n"))
	v := judge(t, b.Rules(bot, b.Database("crm")), "copy t to stdout")
	if !slices.ContainsFunc(v.Limits, func(l Bounded) bool { return l.Rule == "bulk-export.result" && l.Rows > 0 }) {
		t.Errorf("%+v", v)
	}
}
