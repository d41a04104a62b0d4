package guards

import "strings"

// unbounded are WHERE clauses that limit nothing, for a table whose key is id, and
// which has the columns owner, balance and active.
var unbounded = []string{
	"", "WHERE true", "WHERE 1=1", "WHERE 1 = 1 AND true", "WHERE NOT false", "WHERE id = id", "WHERE accounts.id = id", "WHERE (id) = (accounts.id)", "WHERE id >= id", "WHERE id <= id",
	"WHERE id IS NOT NULL OR true", "WHERE id IS NOT NULL", "WHERE NOT (id IS NULL)", "WHERE id IS NULL OR id IS NOT NULL", "WHERE owner LIKE '%'", "WHERE owner ~ '.*'", "WHERE owner ~~ '%%'",
	"WHERE owner ILIKE '%'", "WHERE owner SIMILAR TO '%'", "WHERE id = 1 OR id <> 1", "WHERE id < 5 OR id >= 5", "WHERE id > 0 OR id <= 0", "WHERE active OR NOT active", "WHERE active IS NOT NULL",
	"WHERE active IS TRUE OR active IS NOT TRUE", "WHERE (active IS NULL) IS NOT NULL", "WHERE id IN (id)", "WHERE id IN (1, id)", "WHERE id = ANY (ARRAY[id])", "WHERE id BETWEEN id AND id",
	"WHERE id IS NOT DISTINCT FROM id", "WHERE NOT (id IS DISTINCT FROM id)", "WHERE coalesce(id = id, true)", "WHERE coalesce(id, 1) = coalesce(id, 1)", "WHERE CASE WHEN id = 1 THEN true ELSE true END",
	"WHERE CASE WHEN true THEN true END", "WHERE EXISTS (SELECT 1)", "WHERE EXISTS (SELECT 1 FROM orders)", "WHERE EXISTS (SELECT FROM accounts)", "WHERE 1 IN (SELECT 1)", "WHERE 1 = (SELECT 1)",
	"WHERE (SELECT true)", "WHERE (SELECT count(*) FROM orders) > 0", "WHERE id IN (SELECT id FROM accounts)", "WHERE id = ANY (SELECT id FROM accounts)", "WHERE id IN (SELECT a.id FROM accounts a)",
	"WHERE id IN (SELECT id FROM accounts LIMIT ALL)", "WHERE id = ANY (ARRAY(SELECT id FROM accounts))", "WHERE EXISTS (SELECT 1 FROM accounts b WHERE b.id = accounts.id)",
	"WHERE id IN (SELECT id FROM accounts ORDER BY id)", "WHERE 'x' = 'x'", "WHERE 't'::boolean", "WHERE 1::boolean", "WHERE '1'", "WHERE 'yes'::bool", "WHERE 2 > 1", "WHERE now() > '2000-01-01'",
	"WHERE random() >= 0", "WHERE current_user = current_user", "WHERE length('x') = 1", "WHERE NOT NOT true", "WHERE true AND (true OR id = 7)", "WHERE id = 7 OR true", "WHERE id = 7 OR 1 = 1", "WHERE (id, id) = (id, id)",
	"WHERE ROW(id) = ROW(id)", "WHERE ctid = ctid", "WHERE ctid IS NOT NULL", "WHERE tableoid = tableoid", "WHERE xmin IS NOT NULL", "WHERE accounts = accounts", "WHERE accounts.* IS NOT DISTINCT FROM accounts.*",
	"WHERE id + 0 = id", "WHERE id * 1 = id", "WHERE id - id = 0", "WHERE id % 1 = 0", "WHERE abs(id) >= 0", "WHERE length(owner) >= 0", "WHERE owner || '' = owner", "WHERE lower(owner) = lower(owner)",
	"WHERE id::text = id::text", "WHERE id::bigint = id", "WHERE id = id::integer", "WHERE id > -2147483648", "WHERE id >= -2147483648", "WHERE id <= 2147483647", "WHERE id < 1e10", "WHERE id <> NULL OR true",
	"WHERE owner >= ''", "WHERE owner > '' OR owner <= ''", "WHERE greatest(id, id) = id", "WHERE (id = 1) IS NOT NULL", "WHERE (id = 1) IN (true, false)",
	"WHERE id = 1 IS NOT UNKNOWN", "WHERE ARRAY[id] = ARRAY[id]", "WHERE ARRAY[id] @> ARRAY[id]", "WHERE ARRAY[id] && ARRAY[id]", "WHERE id = ALL (ARRAY[id])", "WHERE id <> ALL (ARRAY[]::integer[])",
	"WHERE id <> ALL ('{}')", "WHERE id NOT IN (SELECT 1 WHERE false)", "WHERE NOT EXISTS (SELECT 1 WHERE false)", "WHERE starts_with(owner, '')", "WHERE owner ^@ ''",
	"WHERE jsonb_build_object('a', id) @> '{}'", "WHERE id IS NOT NULL AND owner IS NOT NULL", "WHERE id = (SELECT accounts.id)",
	"WHERE (SELECT id IS NOT NULL)", "WHERE EXISTS (SELECT accounts.id)", "WHERE EXISTS (SELECT 1 WHERE accounts.id = accounts.id)", "WHERE EXISTS (SELECT 1 WHERE id = id)", "WHERE true IS TRUE", "WHERE NULL IS NULL", "WHERE (NULL = 1) IS NULL",
	"WHERE pg_typeof(id) = 'integer'::regtype", "WHERE false IS NOT NULL", "WHERE id = 0 IS FALSE OR id = 0",
}

// writeAttacks reach every row.
func writeAttacks() []attack {
	var all []attack
	for _, where := range unbounded {
		all = append(all, texts("writes", "UPDATE accounts SET balance = -1 "+where)...)
	}
	all = append(all, parts("writes", "DELETE FROM vault")...)
	all = append(all, parts("writes", "UPDATE vault SET secret = 'gone' WHERE id = id")...)
	all = append(all, forms("writes", "TRUNCATE vault")...)
	all = append(all, forms("writes", "MERGE INTO vault v USING (SELECT 1) o ON true WHEN MATCHED THEN DELETE")...)
	all = append(all, texts("writes",
		"DELETE FROM ONLY vault", "DELETE FROM vault *", "DELETE FROM vault AS v", "DELETE FROM public.vault", `DELETE FROM U&"\0076ault"`, "DELETE FROM vault v USING accounts a",
		"DELETE FROM vault USING vault b WHERE vault.id = b.id", "DELETE FROM vault USING (SELECT 1) x WHERE true", "DELETE FROM vault USING vault b WHERE b.id = 1",
		"UPDATE vault SET secret = b.secret || 'x' FROM vault b WHERE b.id = vault.id", "UPDATE vault SET (id, secret) = (SELECT id + 100, 'x')",
		"UPDATE events SET body = 'x'", "DELETE FROM events", "DELETE FROM animals", "UPDATE ONLY cats SET name = 'x'", "DELETE FROM events_low WHERE true", `UPDATE "Mixed Case" SET "Body" = 'z'`, `DELETE FROM "Mixed Case" WHERE "Body" LIKE '%'`,
		"UPDATE accounts_view SET balance = 0", "DELETE FROM vault_view", "DELETE FROM vault_view WHERE id = id", "DELETE FROM vault_view_view WHERE word = word", "DELETE FROM ruled", "DELETE FROM ruled WHERE id = 1", "DELETE FROM triggered WHERE id = 1",
		"INSERT INTO inbox VALUES (1)", "INSERT INTO outbox VALUES (1)", "INSERT INTO inbox SELECT 1", "COPY inbox FROM PROGRAM 'echo 1'", "SELECT wipe()", "SELECT wipe_sql()", "SELECT wipe_dynamic('vault')", "SELECT wipe_deep()", "SELECT public.wipe()", "SELECT wipe_lie(1)",
		`SELECT U&"wi\0070e"()`, "SELECT * FROM wipe()", "SELECT (SELECT wipe())", "SELECT 1 ORDER BY wipe()", "SELECT 1 LIMIT wipe()", "SELECT 1 WHERE wipe() = 1", "SELECT count(*) FILTER (WHERE wipe() = 1)", "SELECT CASE WHEN wipe() = 1 THEN 1 END",
		"VALUES (wipe())", "SELECT ARRAY[wipe()]", "SELECT coalesce(wipe(), 1)", "SELECT 1 @@@ 2", "SELECT 1 OPERATOR(public.@@@) 2", "SELECT 1 WHERE 1 @@@ 2", "SELECT 1::coin", "SELECT CAST(1 AS public.coin)", "SELECT 1::checked", "SELECT CAST(1 AS checked)",
		"SELECT wipe_all(id) FROM accounts", "SELECT wipe_all(id) OVER () FROM accounts", "SELECT wipe_pair(1, 2)", "INSERT INTO defaulted (id) VALUES (1)", "INSERT INTO defaulted DEFAULT VALUES", "INSERT INTO constrained VALUES (1)", "CALL purge()", "CALL purge_sql()",
		"TRUNCATE emptied", "WITH x AS (SELECT wipe()) SELECT * FROM x", "EXPLAIN ANALYZE SELECT wipe()", "SELECT * FROM accounts a, LATERAL (SELECT wipe()) x", "SELECT * FROM ROWS FROM (wipe()) x", "SELECT a.id FROM accounts a JOIN orders o ON wipe() = 1",
		"SELECT id FROM accounts GROUP BY wipe(), id", "SELECT sum(id) FROM accounts HAVING wipe() = 1", "SELECT DISTINCT ON (wipe()) id FROM accounts", "SELECT id, row_number() OVER (ORDER BY wipe()) FROM accounts", "TABLE accounts ORDER BY wipe()",
		"SELECT 1 UNION SELECT wipe()", "COPY (SELECT wipe()) TO STDOUT", "DO 'BEGIN PERFORM wipe(); END'", "DO $$ DECLARE a integer := wipe(); BEGIN END $$", "DO $$ BEGIN CALL purge_sql(); END $$", "DO $$ DECLARE r record; BEGIN FOR r IN SELECT wipe() LOOP END LOOP; END $$",
		"DO $$ DECLARE c CURSOR FOR SELECT wipe(); BEGIN OPEN c; FETCH c INTO c; EXCEPTION WHEN others THEN PERFORM wipe(); END $$", "DO $$ DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT wi' || 'pe()'; FETCH c INTO c; END $$",
		"DO $$ BEGIN FOR i IN 1..8 LOOP DELETE FROM vault WHERE id = id; END LOOP; END $$", "DO $$ DECLARE i integer; BEGIN DELETE FROM vault RETURNING id INTO i; EXCEPTION WHEN others THEN DELETE FROM vault; END $$",
		"SELECT query_to_xml('SELECT wipe() AS a', true, true, '')",
		"SELECT query_to_xml('SELECT wi' || 'pe() AS a', true, true, '')", "SELECT pg_catalog.query_to_xml_and_xmlschema('SELECT wipe()', true, true, '')", "SELECT query_to_xml('SELECT wipe()', true, true, '')", "SELECT * FROM ts_stat('SELECT NULL::tsvector FROM wipe()')",
		"SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery FROM wipe()')", "SELECT setseed(0), wipe()", "SELECT database_to_xml(true, true, '') WHERE wipe() = 1",
		"MERGE INTO vault v USING vault o ON v.id = o.id WHEN MATCHED THEN UPDATE SET secret = 'x'", "MERGE INTO vault v USING (SELECT 1) g ON true WHEN MATCHED AND v.id = v.id THEN DELETE",
		"WITH v AS (SELECT * FROM vault) MERGE INTO vault USING v ON v.id = vault.id WHEN MATCHED THEN DELETE",
		"WITH x AS (SELECT id FROM vault) DELETE FROM vault WHERE id IN (SELECT id FROM x)", "WITH x AS (SELECT 1) DELETE FROM vault", "WITH x AS (SELECT id FROM vault) DELETE FROM vault USING x WHERE x.id = vault.id",
		"WITH a AS (DELETE FROM ledger RETURNING 1), b AS (DELETE FROM vault RETURNING 1) SELECT 1", "UPDATE accounts SET id = id + 100", "DELETE FROM accounts",
		"DELETE FROM vault WHERE id IN (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) OR true", "DELETE FROM vault WHERE NOT id IS NULL",
		"DELETE FROM vault RETURNING *", "DELETE FROM vault WHERE true RETURNING id, secret", "CREATE RULE x AS ON INSERT TO ledger DO ALSO DELETE FROM vault; INSERT INTO ledger (what) VALUES ('x')",
		"CREATE TABLE boom (id integer DEFAULT wipe()); INSERT INTO boom DEFAULT VALUES", "CREATE TABLE boom AS SELECT wipe()", "SELECT wipe() INTO boom", "CREATE MATERIALIZED VIEW boom AS SELECT wipe_lie(1)", "CREATE INDEX ON accounts (wipe_lie(id))",
		"CREATE INDEX boom ON accounts (id) WHERE wipe_lie(id)", "ALTER TABLE cats ADD COLUMN x integer DEFAULT wipe()", "ALTER TABLE ledger ADD CHECK (wipe() = 1); INSERT INTO ledger (what) VALUES ('x')",
		"ALTER TABLE accounts ADD CONSTRAINT c CHECK (wipe_check(id))", "ALTER TABLE orders ALTER cents TYPE bigint USING wipe_dynamic('vault')", "CREATE DOMAIN boom AS integer CHECK (wipe() = VALUE); SELECT 1::boom", "CREATE POLICY x ON accounts USING (wipe() = 1); SELECT 1; SELECT wipe()",
		"DELETE FROM pg_catalog.pg_class WHERE false; DELETE FROM vault", "EXPLAIN (ANALYZE, BUFFERS) UPDATE vault SET secret = 'x'", "CREATE TEMP TABLE x AS WITH d AS (SELECT wipe()) SELECT * FROM d", "PREPARE a AS SELECT wipe(); EXECUTE a",
	)...)
	all = append(all, flows("writes",
		[]string{"PREPARE a (integer) AS DELETE FROM vault WHERE id = id AND $1 = $1", "EXECUTE a (1)"},
		[]string{"PREPARE a (boolean) AS DELETE FROM vault WHERE $1", "EXECUTE a (true)"},
		[]string{"PREPARE a (integer) AS DELETE FROM vault WHERE id >= $1 OR $1 = 1", "EXECUTE a (1)"},
		[]string{"BEGIN; DECLARE c CURSOR FOR SELECT wipe(); MOVE ALL IN c; COMMIT"},
		[]string{"BEGIN", "DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT wipe()", "COMMIT", "FETCH c"},
		[]string{"CREATE FUNCTION ok() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "SELECT ok()", "CREATE OR REPLACE FUNCTION ok() RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'", "SELECT ok()"},
		[]string{"CREATE FUNCTION ok() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "PREPARE a AS SELECT ok()", "EXECUTE a", "CREATE OR REPLACE FUNCTION ok() RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'", "EXECUTE a"},
		[]string{"CREATE SCHEMA front; CREATE FUNCTION front.lower(text) RETURNS text LANGUAGE sql AS 'DELETE FROM public.vault; SELECT $1'", "SET search_path = front, pg_catalog, public", "SELECT lower('A'::text)"},
		[]string{"CREATE SCHEMA front; CREATE FUNCTION front.ok() RETURNS integer LANGUAGE sql AS 'DELETE FROM public.vault; SELECT 1'; CREATE FUNCTION public.ok() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "SELECT ok()", "SET search_path = front", "SELECT ok()"},
		[]string{"CREATE SCHEMA front; CREATE FUNCTION front.eq(integer, integer) RETURNS boolean LANGUAGE sql AS 'DELETE FROM public.vault; SELECT true'; CREATE OPERATOR front.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = front.eq)",
			"SET search_path = front, pg_catalog, public", "SELECT 1 WHERE 1 = 1"},
		[]string{"CREATE FUNCTION pg_temp.f(text) RETURNS text LANGUAGE sql AS 'DELETE FROM public.vault; SELECT $1'", "SELECT pg_temp.f('x')"},
		[]string{"CREATE FUNCTION f(accounts) RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'", "SELECT a.f FROM accounts a"},
		[]string{"CREATE FUNCTION f(accounts) RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'", "SELECT (a).f FROM accounts a"},
		[]string{"CREATE VIEW pg_temp.x AS SELECT wipe() AS a", "SELECT * FROM x"},
		[]string{"CREATE VIEW x AS SELECT id FROM vault", "DELETE FROM x"},
		[]string{"CREATE RULE x AS ON UPDATE TO ledger DO INSTEAD DELETE FROM vault", "INSERT INTO ledger VALUES (1, 'x')", "UPDATE ledger SET what = 'x' WHERE id = 1"},
		[]string{"CREATE RULE x AS ON UPDATE TO ledger DO INSTEAD (SELECT 1; DELETE FROM vault)", "INSERT INTO ledger VALUES (1, 'x')", "UPDATE ledger SET what = 'x' WHERE id = 1"},
		[]string{"CREATE VIEW rv AS SELECT 1 AS a; CREATE RULE x AS ON INSERT TO rv DO INSTEAD UPDATE vault SET secret = 'x'", "INSERT INTO rv VALUES (1)"},
		[]string{"CREATE TABLE made (id integer)", "CREATE TRIGGER x AFTER INSERT ON made EXECUTE FUNCTION after_anything()", "INSERT INTO made SELECT WHERE false"},
		[]string{"CREATE TABLE made (id integer)", "CREATE CONSTRAINT TRIGGER x AFTER INSERT ON made DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION after_anything()", "BEGIN", "INSERT INTO made VALUES (1)", "COMMIT"},
		[]string{"CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; END'", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION e()", "CREATE TABLE made ()"},
		[]string{"CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; END'", "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION e()", "CREATE TABLE made ()", "DROP TABLE made"},
		[]string{"CREATE TABLE made (id integer REFERENCES vault)", "ALTER TABLE made DROP CONSTRAINT made_id_fkey, ADD FOREIGN KEY (id) REFERENCES vault ON DELETE CASCADE", "DELETE FROM vault"},
		[]string{"CREATE AGGREGATE boom(integer) (SFUNC = wipe_pair2, STYPE = integer)", "SELECT wipe()"},
		[]string{"CREATE FUNCTION st(integer, integer) RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'; CREATE AGGREGATE boom(integer) (SFUNC = st, STYPE = integer, INITCOND = 0)", "SELECT boom(1)"},
		[]string{"CREATE FUNCTION io(coin) RETURNS text LANGUAGE sql AS 'DELETE FROM vault; SELECT ''x'''; CREATE CAST (coin AS text) WITH FUNCTION io(coin) AS IMPLICIT", "SELECT ROW(1)::coin::text"},
		[]string{"CREATE FUNCTION io(coin) RETURNS text LANGUAGE sql AS 'DELETE FROM vault; SELECT ''x'''; CREATE CAST (coin AS text) WITH FUNCTION io(coin) AS IMPLICIT", "SELECT length(ROW(1)::coin)"},
		[]string{"CREATE FUNCTION cmp(integer, integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN DELETE FROM vault; RETURN 0; END'", "CREATE FUNCTION lt(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT $1 OPERATOR(pg_catalog.<) $2'; " +
			"CREATE OPERATOR <<< (LEFTARG = integer, RIGHTARG = integer, FUNCTION = lt); CREATE OPERATOR CLASS oc FOR TYPE integer USING btree AS OPERATOR 1 <<<, OPERATOR 3 =, OPERATOR 5 >, FUNCTION 1 cmp(integer, integer)",
			"SELECT cmp(1, 2)"},
		[]string{"CREATE FUNCTION sup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS 'BEGIN EXECUTE ''DELETE FROM '' || TG_ARGV[0]; RETURN NEW; END'", "CREATE TRIGGER z BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION sup('vault')", "INSERT INTO ledger (what) VALUES ('x')"},
		[]string{"CREATE TABLE made (id integer)", "CREATE FUNCTION colf(made) RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'", "INSERT INTO made VALUES (1)", "SELECT colf(made) FROM made"},
		[]string{"SET standard_conforming_strings = off", `SELECT '\''; DELETE FROM vault; --'`},
		[]string{"BEGIN", "DELETE FROM vault WHERE id = 1", "SAVEPOINT a", "DELETE FROM vault", "COMMIT"},
		[]string{"BEGIN; DECLARE c CURSOR FOR SELECT * FROM vault FOR UPDATE", "FETCH c", "DELETE FROM vault", "COMMIT"},
		[]string{"SET SESSION AUTHORIZATION guarded; DELETE FROM vault"},
		[]string{"CREATE TABLE elsewhere (LIKE vault)", "ALTER TABLE elsewhere INHERIT vault", "DELETE FROM vault"},
		[]string{"SELECT pg_catalog.set_config('search_path', 'side', false)", "DELETE FROM public.vault"},
		[]string{"DELETE FROM vault WHERE id = (SELECT id)"},
		[]string{"DELETE FROM vault v WHERE EXISTS (SELECT 1 FROM vault w WHERE w.secret = v.secret)"},
		[]string{"CREATE FUNCTION always() RETURNS boolean LANGUAGE sql AS 'SELECT true'", "DELETE FROM vault WHERE always()"},
	)...)
	for i := range all {
		if strings.Contains(all[i].name, "INTO ledger") {
			all[i].kinds = "rows public.vault" // what goes into the ledger is no effect
		}
	}
	for _, arguments := range [][]string{
		{"DELETE FROM vault WHERE $1::boolean", "true"}, {"DELETE FROM vault WHERE $1", "true"}, {"DELETE FROM vault WHERE $1 = 'x'::text", "x"},
		{"DELETE FROM vault WHERE id = 1 OR $1::integer = 1", "1"}, {"UPDATE vault SET secret = $1 WHERE true", "x"}, {"DELETE FROM vault WHERE $1::text IS NOT NULL", "x"},
		{"DELETE FROM vault WHERE id = id AND $1::text = $1::text", "x"}, {"SELECT wipe_dynamic($1)", "vault"}, {"SELECT query_to_xml($1, true, true, '')", "SELECT wipe() AS a"},
	} {
		all = append(all, attack{set: "writes", name: arguments[0] + " with " + arguments[1], steps: []step{extended(arguments[0], arguments[1:]...)}})
	}
	return all
}
