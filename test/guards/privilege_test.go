package guards

// who is what a session acts as.
const who = "SELECT current_user || ' ' || session_user"

// privilegeAttacks change who may do what, and as whom a session acts.
func privilegeAttacks() []attack {
	all := forms("privileges", "GRANT ALL ON vault TO PUBLIC")
	all = append(all, forms("privileges", "ALTER ROLE bystander SUPERUSER")...)
	all = append(all, texts("privileges",
		"GRANT SELECT (secret) ON vault TO bystander", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO bystander", "GRANT CREATE ON SCHEMA public TO bystander", "GRANT ALL ON DATABASE postgres TO friend", "GRANT EXECUTE ON FUNCTION wipe() TO bystander",
		"REVOKE EXECUTE ON ROUTINE wipe FROM PUBLIC", "GRANT guarded TO bystander", "GRANT pg_read_all_data TO bystander", "GRANT friend TO bystander WITH ADMIN OPTION", "REVOKE friend FROM bystander", "REVOKE ALL ON FUNCTION wipe() FROM PUBLIC",
		"CREATE ROLE evil SUPERUSER", "CREATE USER evil", "CREATE GROUP evil", "ALTER USER bystander PASSWORD 'x'", "ALTER ROLE guarded PASSWORD 'x'", "ALTER ROLE ALL SET search_path = side", "ALTER ROLE bystander SET role = guarded", "ALTER ROLE bystander IN DATABASE postgres SET role = guarded",
		"ALTER USER bystander RENAME TO enemy", "ALTER GROUP friend ADD USER guarded", "ALTER GROUP friend DROP USER bystander", "DROP ROLE friend", "ALTER DATABASE postgres SET search_path = side", "ALTER DATABASE postgres OWNER TO friend; ALTER ROLE friend CREATEROLE",
		"ALTER SYSTEM SET work_mem = '5MB'", "ALTER SYSTEM SET archive_command = 'x'", "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC", "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
		"CREATE POLICY p ON accounts USING (true)", "ALTER TABLE accounts DISABLE ROW LEVEL SECURITY", "ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", "ALTER TABLE vault ENABLE ROW LEVEL SECURITY",
		"REASSIGN OWNED BY guarded TO bystander; GRANT SELECT ON vault TO friend", "DROP OWNED BY bystander; CREATE ROLE x",
		"SELECT pg_create_physical_replication_slot('evil')", "SELECT * FROM pg_create_logical_replication_slot('evil', 'pgoutput')", "SELECT pg_catalog.pg_create_physical_replication_slot('ev' || 'il', true)",
		"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'GRANT SELECT ON vault TO bystander'; SELECT f()", "CREATE SCHEMA s CREATE TABLE t () GRANT ALL ON t TO PUBLIC",
		"UPDATE pg_authid SET rolsuper = true WHERE rolname = 'bystander'", "DELETE FROM pg_catalog.pg_db_role_setting; CREATE ROLE x",
	)...)
	all = append(all, flows("privileges",
		[]string{"SET allow_system_table_mods = on", "UPDATE pg_authid SET rolsuper = true WHERE rolname = 'bystander'"},
		[]string{"SET allow_system_table_mods = on", "UPDATE pg_class SET relacl = '{=r/guarded}' WHERE relname = 'vault'"},
		[]string{"SET allow_system_table_mods = on", "WITH x AS (UPDATE pg_class SET relrowsecurity = false WHERE relname = 'accounts' RETURNING 1) TABLE x"},
		[]string{"SELECT set_config('allow_system_table_mods', 'on', false)", "DELETE FROM pg_auth_members"},
		[]string{"SET allow_system_table_mods = on", "INSERT INTO pg_db_role_setting VALUES (0, 0, '{search_path=side}')"},
	)...)
	acting := func(list ...string) {
		a := flow("privileges", list...)
		a.probe = who
		all = append(all, a)
		a.set = "settings"
		all = append(all, a)
	}
	for _, text := range []string{
		"SET ROLE bystander", "SET SESSION ROLE bystander", "SET ROLE 'bystander'", `SET ROLE "bystander"`, "SET role = bystander", "SET role TO 'bystander'", `SET "role" = 'bystander'`, `SET U&"\0072ole" = bystander`, "SET SESSION AUTHORIZATION bystander", "SET session_authorization = bystander",
		"SET SESSION SESSION AUTHORIZATION 'bystander'", "SELECT set_config('role', 'bystander', false)", "SELECT set_config('ROLE', 'bystander', false)", "SELECT pg_catalog.set_config('ro' || 'le', 'bystander', false)",
		"SELECT set_config(name, 'bystander', false) FROM (VALUES ('role')) v(name)", "SELECT set_config(lower('ROLE'), 'bystander', false)",
		"DO $$ BEGIN SET ROLE bystander; END $$", "DO $$ BEGIN PERFORM set_config('role', 'bystander', false); END $$", "DO $$ BEGIN EXECUTE 'SET ROLE bystander'; END $$",
		"WITH x AS (SELECT set_config('role', 'bystander', false)) SELECT * FROM x", "EXPLAIN ANALYSE SELECT set_config('role', 'bystander', false)",
		"COPY (SELECT set_config('role', 'bystander', false)) TO STDOUT", "PREPARE a AS SELECT set_config('role', 'bystander', false); EXECUTE a", "PREPARE a (text) AS SELECT set_config($1, 'bystander', false); EXECUTE a ('role')",
		"SELECT 1; SET ROLE bystander", "SET ROLE bystander; SELECT 1", "BEGIN; SET ROLE bystander; COMMIT", "SELECT query_to_xml('SELECT set_config(''role'', ''bystander'', false)', true, true, '')",
	} {
		acting(text)
	}
	acting("CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS $$ SELECT set_config('role', 'bystander', false) $$", "SELECT pg_temp.f()")
	acting("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN SET ROLE bystander; END $$", "CALL p()")
	acting("CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET ROLE bystander; RETURN NEW; END $$", "CREATE TRIGGER z BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION g()", "INSERT INTO ledger (what) VALUES ('x')")
	acting("CREATE VIEW v AS SELECT set_config('role', 'bystander', false)", "SELECT * FROM v")
	acting("PREPARE a AS SELECT set_config('role', 'bystander', false)", "EXPLAIN ANALYZE EXECUTE a")
	for _, options := range []map[string]string{{"role": "bystander"}, {"options": "-c role=bystander"}, {"options": "--role=bystander"}, {"options": "-crole=bystander"}, {"session_authorization": "bystander"}, {"options": "-c session_authorization=bystander"}} {
		for _, set := range []string{"privileges", "settings"} {
			all = append(all, attack{set: set, name: "a start-up option sets the role", options: options, probe: "SELECT CASE current_user WHEN 'guarded' THEN 'x' ELSE now()::text || random() END",
				steps: []step{simple("SELECT 1")}, uncontrolled: "the probe needs a start without"})
		}
	}
	for _, one := range []struct{ set, probe, text string }{
		{"privileges", "SHOW session_replication_role", "SET session_replication_role = replica"},
		{"privileges", "SHOW row_security", "SET row_security = off"},
		{"privileges", "SHOW row_security", "SELECT set_config('row_security', 'off', false)"},
		{"privileges", "SHOW search_path", "SET search_path = side"},
		{"privileges", "SHOW search_path", "SET SCHEMA 'side'"},
		{"privileges", "SHOW search_path", "SET SESSION search_path TO side"},
		{"privileges", "SHOW log_statement", "SET log_statement = 'all'"},
		{"privileges", "SHOW allow_system_table_mods", "SET allow_system_table_mods = on"},
		{"privileges", "SHOW zero_damaged_pages", "SET zero_damaged_pages = on"},
		{"privileges", "SHOW log_min_duration_statement", "SET log_min_duration_statement = 0"},
		{"privileges", "SHOW statement_timeout", "SET statement_timeout = '5s'; SET statement_timeout = 0; SET statement_timeout = 60000"},
		{"privileges", "SHOW session_preload_libraries", "SET session_preload_libraries = 'x'"},
		{"privileges", "SHOW dynamic_library_path", "SET dynamic_library_path = '/tmp'"},
		{"settings", "SHOW search_path", "SET search_path = side"},
		{"settings", "SHOW search_path", "SET SCHEMA 'side'"},
		{"settings", "SHOW search_path", "SET LOCAL search_path = side; SET search_path = side"},
		{"settings", "SHOW search_path", "SELECT set_config('search_path', 'side', false)"},
		{"settings", "SHOW search_path", "SELECT set_config('Search_Path', 'side', false)"},
		{"settings", "SHOW work_mem", `SET "WORK_MEM" = '5MB'`},
		{"settings", "SHOW work_mem", "SET work_mem TO 5000"},
		{"settings", "SHOW work_mem", "SELECT 1 WHERE set_config('work_mem', '5MB', false) IS NOT NULL"},
		{"settings", "SHOW work_mem", "DO $$ BEGIN SET work_mem = '5MB'; END $$"},
		{"settings", "SHOW work_mem", "SELECT set_config(n, '5MB', false) FROM (SELECT 'work_mem') x(n)"},
		{"settings", "SHOW work_mem", "UPDATE pg_settings SET setting = '5000' WHERE name = 'work_mem'"},
		{"settings", "SHOW session_replication_role", "SET session_replication_role = replica"},
		{"settings", "SHOW session_replication_role", "SET SESSION session_replication_role = 'replica'"},
	} {
		all = append(all, attack{set: one.set, name: one.text, steps: []step{simple(one.text)}, probe: one.probe})
	}
	for _, text := range []string{
		"CREATE ROLE evil", "ALTER ROLE bystander SUPERUSER", "DROP USER friend", "CREATE POLICY p ON accounts USING (true)", "GRANT friend TO guarded", "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION read_vault",
		"ALTER FUNCTION read_vault() RENAME TO x", "DO 'BEGIN CREATE ROLE evil; END'", "DO 'BEGIN EXECUTE ''CREATE ROLE evil''; END'", "ALTER ROUTINE read_vault() RENAME TO x", "DROP ROUTINE read_vault", "CREATE OR REPLACE FUNCTION read_vault() RETURNS SETOF text LANGUAGE sql AS 'SELECT 1::text'",
		"DROP OWNED BY bystander, friend; DROP ROLE friend", "DROP EXTENSION plpgsql CASCADE; DROP ROLE friend", "DROP TABLE inbox CASCADE; DROP FUNCTION inbox_insert()", "ALTER FUNCTION wipe() OWNER TO bystander", "DROP TYPE coin CASCADE", "DROP SCHEMA public CASCADE",
	} {
		all = append(all, attack{set: "objects", name: text, steps: []step{simple(text)}})
	}
	return all
}
