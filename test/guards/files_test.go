package guards

import "strings"

// fileAttacks reach files and programs of the server's host. In their texts ~ is
// the folder that they look for.
func fileAttacks() []attack {
	var all []attack
	for _, text := range []string{
		"COPY vault TO '~/out.txt'", "COPY vault TO PROGRAM 'cat > ~/out.txt'", "COPY (SELECT 1) TO PROGRAM 'touch ~/out.txt'", "copy/**/vault/**/to/**/program/**/'touch ~/out.txt'", "COPY vault (id) TO E'~/\\x6fut.txt'",
		"COPY ledger (what) FROM PROGRAM 'touch ~/out.txt; echo 1'", "COPY (TABLE vault) TO '~/out.csv' CSV HEADER", "COPY BINARY vault TO '~/out.bin'", "COPY vault TO '~/out.txt' WITH (FORMAT binary)", "COPY vault TO '~/out.txt' DELIMITERS ','",
		"SELECT lo_export(424242, '~/out.txt')", "SELECT pg_catalog.lo_export(oid, '~/out.txt') FROM pg_largeobject_metadata", "DO $$ BEGIN COPY public.vault TO '~/out.txt'; END $$", "DO $$ BEGIN EXECUTE 'COPY vault TO PROGRAM ''touch ~/out.txt'''; END $$",
		"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ COPY vault TO '~/out.txt' $$; SELECT f()", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COPY vault TO '~/out.txt'; END $$; SELECT f()",
		"CREATE PROCEDURE f() LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('COPY vault TO %L', '~/out.txt'); END $$; CALL f()", "SELECT 1; COPY vault TO '~/out.txt'", "BEGIN; COPY vault TO '~/out.txt'; ROLLBACK", "ALTER SYSTEM SET archive_command = 'touch ~/out.txt'", "ALTER SYSTEM SET shared_preload_libraries = ''",
		"CREATE EXTENSION file_fdw", "CREATE EXTENSION dblink", "CREATE EXTENSION adminpack", "CREATE EXTENSION IF NOT EXISTS lo SCHEMA side CASCADE", "CREATE SERVER x FOREIGN DATA WRAPPER nowhere", "CREATE FOREIGN DATA WRAPPER x", "CREATE USER MAPPING FOR PUBLIC SERVER faraway",
		"CREATE LANGUAGE x HANDLER plpgsql_call_handler", "CREATE TRUSTED PROCEDURAL LANGUAGE x HANDLER plpgsql_call_handler", "ALTER SERVER faraway OPTIONS (ADD host 'x')", "ALTER USER MAPPING FOR guarded SERVER faraway OPTIONS (SET password 'x')", "ALTER FOREIGN DATA WRAPPER nowhere OPTIONS (SET secret 'x')",
		"CREATE SUBSCRIPTION x CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)", "CREATE TABLESPACE x LOCATION '~'", "COPY vault TO PROGRAM $$sh -c 'touch ~/out.txt'$$ WITH (FORMAT csv)", "EXPLAIN ANALYZE SELECT lo_export(424242, '~/out.txt')", "SELECT lo_export(424242, '~/' || 'out.txt')",
		"WITH x AS (SELECT lo_export(424242, '~/out.txt')) SELECT * FROM x", "CREATE SCHEMA s CREATE VIEW v AS SELECT lo_export(424242, '~/out.txt'); SELECT * FROM s.v", "SELECT CASE WHEN true THEN lo_export(424242, '~/out.txt') END", "SELECT query_to_xml('SELECT lo_export(424242, ''~/out.txt'')', true, true, '')",
	} {
		text = strings.ReplaceAll(text, "~", "%dir%")
		all = append(all, attack{set: "files", name: text, steps: []step{inPlace(text)}})
	}
	for _, text := range []string{
		"SELECT pg_read_file('~/secret.txt')", "SELECT pg_catalog.pg_read_file('~/secret.txt', 0, 100)", "SELECT convert_from(pg_read_binary_file('~/secret.txt'), 'UTF8')", "COPY ledger (what) FROM '~/secret.txt'; SELECT * FROM ledger", "COPY ledger (what) FROM PROGRAM 'cat ~/secret.txt'; TABLE ledger",
		"SELECT lo_import('~/secret.txt', 777); SELECT convert_from(lo_get(777), 'UTF8')", `SELECT U&"pg\005fread_file"('~/secret.txt')`, "SELECT \"pg_read_file\"('~/secret.txt')", "SELECT * FROM pg_read_file('~/secret.txt') x",
		"DO $$ BEGIN RAISE NOTICE '%', pg_read_file('~/secret.txt'); END $$", "DO $$ BEGIN RAISE EXCEPTION '%', pg_read_file('~/secret.txt'); END $$", "SELECT pg_read_file('~/secret.txt')::integer", "SELECT query_to_xml('SELECT pg_read_file(''~/secret.txt'')', true, true, '')",
		"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT pg_read_file('~/secret.txt') $$; SELECT f()", "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE 'SELECT pg_' || 'read_file($1)' INTO r USING '~/secret.txt'; RETURN r; END $$; SELECT f()",
		"CREATE VIEW v AS SELECT pg_read_file('~/secret.txt'); TABLE v", "PREPARE a AS SELECT pg_read_file('~/secret.txt'); EXECUTE a", "BEGIN; DECLARE c CURSOR FOR SELECT pg_read_file('~/secret.txt'); FETCH c; COMMIT",
		"COPY (SELECT pg_read_file('~/secret.txt')) TO STDOUT", "INSERT INTO ledger (what) VALUES (pg_read_file('~/secret.txt')) RETURNING what", "SELECT (SELECT pg_read_file('~/secret.txt'))", "SELECT 1 ORDER BY pg_read_file('~/secret.txt')::integer", "VALUES (pg_read_file('~/secret.txt'))",
		"SELECT set_config('a.b', pg_read_file('~/secret.txt'), false)", "UPDATE ledger SET what = pg_read_file('~/secret.txt'); INSERT INTO ledger (what) VALUES (pg_read_file('~/secret.txt')); TABLE ledger", "SELECT x FROM pg_read_file('~/secret.txt') AS t(x)", "SELECT xmlelement(name a, pg_read_file('~/secret.txt'))",
		"SELECT string_agg(pg_read_file('~/secret.txt'), '')", "SELECT upper(pg_read_file('~/secret.txt'))", "CREATE TEMP TABLE t AS SELECT pg_read_file('~/secret.txt'); TABLE t", "CREATE TEMP TABLE t (a text DEFAULT pg_read_file('~/secret.txt')); INSERT INTO t DEFAULT VALUES RETURNING a",
	} {
		text = strings.ReplaceAll(text, "~", "%dir%")
		all = append(all, attack{set: "files", name: text, steps: []step{inPlace(text)}, leaks: true})
	}
	for _, text := range []string{"SELECT pg_ls_dir('.')", "SELECT * FROM pg_ls_dir('base')", "SELECT * FROM pg_ls_waldir()", "SELECT (pg_ls_waldir()).name", "SELECT * FROM pg_stat_file('postgresql.conf')", "SELECT * FROM pg_config()", "SELECT * FROM pg_config",
		"SELECT * FROM pg_hba_file_rules", "SELECT * FROM pg_hba_file_rules()", "SELECT count(*), pg_ls_dir('.') FROM vault GROUP BY 2", "SELECT * FROM pg_ls_tmpdir() UNION SELECT * FROM pg_ls_waldir()"} {
		all = append(all, attack{set: "files", name: text, steps: []step{simple(text)}, rows: -1})
	}
	return all
}

// exportAttacks get more out at once than the pack lets.
func exportAttacks() []attack {
	var all []attack
	for _, text := range []string{
		"TABLE many", "SELECT * FROM many", "COPY many TO STDOUT", "COPY (SELECT * FROM many) TO STDOUT CSV", "COPY many TO STDOUT WITH BINARY", "BEGIN; DECLARE c CURSOR FOR TABLE many; FETCH ALL c; COMMIT", "PREPARE a AS TABLE many; EXECUTE a",
		"UPDATE many SET body = 'y' RETURNING *", "WITH x AS (UPDATE many SET body = 'y' RETURNING *) TABLE x", "SELECT generate_series(1, 20000)", "VALUES (1); SELECT id FROM many", "DELETE FROM many RETURNING id", "SELECT unnest(array_agg(id)) FROM many",
		"INSERT INTO ledger (what) SELECT body FROM many RETURNING id", "SELECT * FROM many ORDER BY id DESC", "SELECT id FROM many UNION ALL SELECT 1",
	} {
		all = append(all, attack{set: "export", name: text, steps: []step{simple(text)}, rows: 10002})
		if !strings.Contains(text, ";") && !strings.HasPrefix(text, "COPY") {
			all = append(all, attack{set: "export", name: text + " (extended)", steps: []step{extended(text)}, rows: 10002})
		}
	}
	all = append(all,
		attack{set: "export", name: "FETCH by FETCH of one cursor", rows: 10002, steps: []step{simple("BEGIN"), simple("DECLARE c CURSOR FOR TABLE many"),
			simple("FETCH 6000 c"), simple("FETCH 6000 c"), simple("FETCH FORWARD ALL c"), simple("COMMIT")}},
		attack{set: "export", name: "FETCH by FETCH in one text", rows: 10002, steps: []step{simple("BEGIN; DECLARE c CURSOR FOR TABLE many; FETCH 9000 c; FETCH 5000 c; COMMIT")}},
		attack{set: "export", name: "Execute by Execute of one portal", rows: 10002, steps: []step{simple("BEGIN"), portalByPortions("TABLE many", 4000, 4), simple("COMMIT")}},
		attack{set: "export", name: "a holding cursor", rows: 10002, steps: []step{simple("DECLARE c CURSOR WITH HOLD FOR TABLE many"), simple("FETCH 8000 c"), simple("FETCH 8000 c")}},
	)
	for _, text := range []string{
		"SELECT table_to_xml('vault', true, false, '')", "SELECT query_to_xml('TABLE vault', true, false, '')", "SELECT schema_to_xml('public', true, false, '')", "SELECT pg_catalog.database_to_xml(true, false, '')", "SELECT convert_from(lo_get(424242), 'UTF8')", "SELECT convert_from(loread(lo_open(424242, 262144), 100), 'UTF8')",
		"DO $$ BEGIN RAISE NOTICE '%', query_to_xml('TABLE vault', true, false, ''); END $$", "SELECT table_to_xml_and_xmlschema('vault'::regclass, true, false, '')", "BEGIN; DECLARE c CURSOR FOR TABLE vault; SELECT cursor_to_xml('c', 5, true, false, ''); COMMIT",
		"CREATE FUNCTION f() RETURNS xml LANGUAGE sql AS $$ SELECT table_to_xml('vault', true, false, '') $$; SELECT f()", "SELECT convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata", `SELECT U&"table_to_\0078ml"('vault', true, false, '')`,
	} {
		all = append(all, attack{set: "export", name: text, steps: []step{simple(text)}, leaks: true})
	}
	return all
}

// secretAttacks read what system catalogs hide.
func secretAttacks() []attack {
	var all []attack
	for _, text := range []string{
		"SELECT srvoptions FROM pg_foreign_server", "SELECT * FROM pg_foreign_server", "TABLE pg_foreign_server", "SELECT s FROM pg_foreign_server s", "SELECT s::text FROM pg_catalog.pg_foreign_server s", "SELECT (s).srvoptions FROM pg_foreign_server s", "SELECT row_to_json(s) FROM pg_foreign_server s",
		"SELECT to_jsonb(s.*) FROM pg_foreign_server s", "SELECT srvoptions[1] FROM pg_foreign_server", "SELECT unnest(srvoptions) FROM pg_foreign_server", "SELECT option_value FROM pg_foreign_server, pg_options_to_table(srvoptions)", "SELECT array_to_string(srvoptions, ',') FROM pg_foreign_server", "SELECT o FROM (SELECT srvoptions FROM pg_foreign_server) x(o)",
		"WITH s AS (TABLE pg_foreign_server) SELECT * FROM s", "SELECT fdwoptions FROM pg_foreign_data_wrapper", "TABLE pg_foreign_data_wrapper", "SELECT umoptions FROM pg_user_mapping", "SELECT umoptions FROM pg_user_mappings", "TABLE pg_user_mappings", "SELECT * FROM information_schema.user_mapping_options", "SELECT option_value FROM information_schema.foreign_server_options",
		"SELECT * FROM information_schema.foreign_data_wrapper_options", "SELECT * FROM information_schema._pg_user_mappings", "SELECT * FROM information_schema._pg_foreign_servers", "SELECT subconninfo FROM pg_subscription", "TABLE pg_subscription", "SELECT max(subconninfo) FROM pg_subscription", "COPY pg_foreign_server TO STDOUT", "COPY pg_foreign_server (srvoptions) TO STDOUT",
		"COPY (SELECT srvoptions FROM pg_foreign_server) TO STDOUT", "SELECT query_to_xml('TABLE pg_foreign_server', true, true, '')", "SELECT table_to_xml('pg_foreign_server', true, true, '')", "SELECT schema_to_xml('pg_catalog', true, true, '')", "SELECT convert_from(data, 'UTF8') FROM pg_largeobject", "SELECT convert_from(lo_get(424242), 'UTF8')", "SELECT histogram_bounds FROM pg_stats",
		"SELECT histogram_bounds FROM pg_stats WHERE tablename = 'vault'", "SELECT stavalues1 FROM pg_statistic", "SELECT stavalues1::text FROM pg_catalog.pg_statistic", "SELECT x.* FROM pg_stats x", "DO $$ BEGIN RAISE NOTICE '%', (SELECT subconninfo FROM pg_subscription); END $$", "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM pg_foreign_server LOOP RAISE NOTICE '%', r; END LOOP; END $$",
		"SELECT subconninfo::integer FROM pg_subscription", "CREATE VIEW v AS SELECT subconninfo FROM pg_subscription; TABLE v", "CREATE FUNCTION f() RETURNS SETOF text LANGUAGE sql AS 'SELECT subconninfo FROM pg_subscription'; SELECT f()", "CREATE TEMP TABLE t AS SELECT subconninfo FROM pg_subscription; TABLE t", "SELECT subconninfo INTO TEMP t FROM pg_subscription; TABLE t",
		"BEGIN; DECLARE c CURSOR FOR TABLE pg_subscription; FETCH c; COMMIT", "PREPARE a AS TABLE pg_subscription; EXECUTE a", "SELECT (SELECT subconninfo FROM pg_subscription)", "SELECT * FROM pg_class c LEFT JOIN pg_subscription s ON true WHERE relname = 'vault'", "SELECT subconninfo FROM pg_subscription UNION ALL SELECT 'x'", "SELECT NULL UNION ALL SELECT subconninfo FROM pg_subscription",
		"INSERT INTO ledger (what) SELECT subconninfo FROM pg_subscription RETURNING what", "UPDATE ledger SET what = subconninfo FROM pg_subscription; INSERT INTO ledger (what) SELECT subconninfo FROM pg_subscription; TABLE ledger", "SELECT s.subconninfo FROM pg_subscription AS s",
		"SELECT string_agg(s::text, '') FROM pg_subscription s", "SELECT json_agg(s) FROM pg_subscription s", "SELECT jsonb_object_agg(subname, subconninfo) FROM pg_subscription", "SELECT ARRAY(SELECT subconninfo FROM pg_subscription)", "SELECT first_value(subconninfo) OVER () FROM pg_subscription",
		"MERGE INTO ledger USING pg_subscription ON false WHEN NOT MATCHED THEN INSERT (what) VALUES (subconninfo); TABLE ledger", "SELECT * FROM pg_subscription NATURAL JOIN (SELECT 1) x", "SELECT x.y FROM pg_subscription, LATERAL (SELECT subconninfo) x(y)", `SELECT U&"subconn\0069nfo" FROM pg_subscription`, "SELECT * FROM ONLY pg_subscription", "SELECT pg_subscription FROM pg_subscription",
		"SELECT (pg_subscription).subconninfo FROM pg_subscription", "SELECT format('%s', subconninfo) FROM pg_subscription", "LISTEN x; SELECT pg_notify('x', subconninfo) FROM pg_subscription",
	} {
		all = append(all, attack{set: "secrets", name: text, steps: []step{simple(text)}, leaks: true})
		if !strings.Contains(text, ";") {
			all = append(all, attack{set: "secrets", name: text + " (extended)", steps: []step{extended(text)}, leaks: true, uncontrolled: "the simple form has shown it"})
		}
	}
	for _, text := range []string{
		"SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL", "SELECT passwd FROM pg_shadow WHERE passwd IS NOT NULL", "SELECT * FROM pg_authid", "TABLE pg_shadow", "SELECT a FROM pg_authid a", "COPY pg_authid TO STDOUT", "SELECT usename FROM pg_shadow", "SELECT length(rolpassword) FROM pg_authid", "SELECT 1 FROM pg_authid WHERE rolpassword LIKE 'SCRAM%'",
		"SELECT query FROM pg_stat_activity WHERE query <> ''", "SELECT * FROM pg_stat_activity", "SELECT * FROM pg_stat_get_activity(NULL)", "SELECT pg_stat_get_backend_activity(1)", "SELECT statement FROM pg_prepared_statements UNION SELECT 'x'", "SELECT * FROM pg_file_settings", "SELECT * FROM pg_show_all_file_settings()", "SELECT * FROM pg_hba_file_rules", "SELECT setconfig FROM pg_db_role_setting UNION ALL SELECT NULL",
	} {
		all = append(all, attack{set: "secrets", name: text, steps: []step{simple(text)}, rows: -1})
	}
	return all
}
