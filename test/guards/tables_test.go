package guards

import "github.com/jackc/pgx/v5/pgproto3"

// tableAttacks write and read a table, or read a column, that a guard names.
func tableAttacks() []attack {
	var all []attack
	all = append(all, parts("vault", "UPDATE vault SET secret = 'gone' WHERE id = 1")...)
	all = append(all, parts("daytime", "INSERT INTO vault SELECT max(id) + 1, 'x' FROM vault")...)
	all = append(all, forms("approval", "DELETE FROM vault WHERE id = 1")...)
	all = append(all, texts("vault",
		"INSERT INTO vault VALUES (9, 'x')", "INSERT INTO vault VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET secret = 'x'", "DELETE FROM vault WHERE id = 1", "DELETE FROM ONLY vault WHERE id = 1", "TRUNCATE vault", "TRUNCATE ledger, vault", "DROP TABLE vault CASCADE",
		"ALTER TABLE vault RENAME TO v2", "ALTER TABLE vault ADD COLUMN x integer", "ALTER TABLE public.vault DROP COLUMN secret CASCADE", "MERGE INTO vault USING (SELECT 1) x ON vault.id = 1 WHEN MATCHED THEN UPDATE SET secret = 'x'", "MERGE INTO vault v USING (SELECT 9) x(i) ON v.id = x.i WHEN NOT MATCHED THEN INSERT VALUES (9, 'x')",
		`UPDATE U&"v\0061ult" SET secret = 'x' WHERE id = 1`, `UPDATE "public"."vault" SET secret = 'x' WHERE id = 1`, "UPDATE VAULT SET SECRET = 'x' WHERE ID = 1", "UPDATE public . vault SET secret = 'x' WHERE id = 1", "UPDATE vault AS other SET secret = 'x' WHERE id = 1",
		"UPDATE vault_view SET secret = 'x' WHERE id = 1", "DELETE FROM vault_view WHERE id = 1", "INSERT INTO vault_view VALUES (9, 'x')", "UPDATE vault_view_view SET word = 'x' WHERE id = 1", "DELETE FROM ruled WHERE id = 1", "DELETE FROM triggered WHERE id = 1", "INSERT INTO inbox VALUES (1)", "INSERT INTO outbox VALUES (1)",
		"SELECT wipe()", "SELECT wipe_sql()", "SELECT wipe_dynamic('vault')", "SELECT wipe_deep()", "SELECT wipe_lie(1)", "CALL purge()", "CALL purge_sql()", "SELECT 1 @@@ 2", "SELECT 1::coin", "SELECT 1::checked", "SELECT wipe_all(id) FROM accounts", "INSERT INTO defaulted (id) VALUES (1)", "INSERT INTO constrained VALUES (1)", "TRUNCATE emptied", "SELECT drop_vault()",
		"DROP SCHEMA public CASCADE", "ALTER SCHEMA public RENAME TO p2; UPDATE p2.vault SET secret = 'x'", "COPY vault FROM PROGRAM 'printf \"9\\\\tx\\\\n\"'", "SELECT query_to_xml('SELECT wipe() AS a', true, true, '')", "LOCK vault; UPDATE vault SET secret = 'x' WHERE id = 1",
		"CREATE RULE z AS ON INSERT TO ledger DO ALSO UPDATE vault SET secret = 'x' WHERE id = 1; INSERT INTO ledger (what) VALUES ('a')", "WITH vault AS (SELECT 1) UPDATE public.vault SET secret = 'x' WHERE id = 1", "WITH vault AS (SELECT 1 AS id) DELETE FROM vault WHERE id = 1", "SELECT lo_unlink(424242); DELETE FROM vault WHERE id = 1",
	)...)
	all = append(all, flows("vault",
		[]string{"SET search_path = side, public", "UPDATE public.vault SET secret = 'x' WHERE id = 1"},
		[]string{"PREPARE a AS UPDATE vault SET secret = 'x' WHERE id = 1", "SET search_path = public", "EXECUTE a"},
		[]string{"SET search_path = side", "PREPARE a AS DELETE FROM vault WHERE id = 1", "SET search_path = public", "EXECUTE a"},
		[]string{"CREATE TEMP TABLE vault (id integer, secret text)", "PREPARE a AS DELETE FROM vault WHERE id = 1", "DROP TABLE vault", "EXECUTE a"},
		[]string{"CREATE TEMP TABLE vault (id integer, secret text)", "DROP TABLE pg_temp.vault", "DELETE FROM vault WHERE id = 1"},
		[]string{"BEGIN", "CREATE TEMP TABLE vault (id integer) ON COMMIT DROP", "COMMIT", "DELETE FROM vault WHERE id = 1"},
		[]string{"BEGIN", "CREATE TEMP TABLE vault (id integer)", "ROLLBACK", "DELETE FROM vault WHERE id = 1"},
		[]string{"CREATE TEMP TABLE vault (id integer)", "DISCARD TEMP", "DELETE FROM vault WHERE id = 1"},
		[]string{"CREATE TEMP TABLE vault (id integer)", "SET search_path = public, pg_temp", "DELETE FROM vault WHERE id = 1"},
		[]string{"CREATE TABLE child () INHERITS (vault)", "DELETE FROM vault WHERE id = 1"},
		[]string{"CREATE VIEW vv AS SELECT * FROM vault WITH CHECK OPTION", "UPDATE vv SET secret = 'x' WHERE id = 1"},
		[]string{"CREATE TEMP VIEW vv AS SELECT * FROM vault", "UPDATE vv SET secret = 'x' WHERE id = 1"},
		[]string{"BEGIN", "CREATE VIEW vv AS SELECT * FROM vault", "DELETE FROM vv WHERE id = 1", "COMMIT"},
		[]string{"BEGIN; CREATE VIEW vv AS SELECT * FROM vault; DELETE FROM vv WHERE id = 1; COMMIT"},
		[]string{"CREATE VIEW vv AS SELECT * FROM vault; DELETE FROM vv WHERE id = 1"},
		[]string{"BEGIN", "CREATE FUNCTION ff() RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'", "SELECT ff()", "COMMIT"},
		[]string{"CREATE FUNCTION ff() RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'; SELECT ff()"},
		[]string{"DO $$ BEGIN CREATE FUNCTION ff() RETURNS integer LANGUAGE sql AS 'DELETE FROM vault; SELECT 1'; PERFORM ff(); END $$"},
		[]string{"DO $$ BEGIN CREATE VIEW vv AS SELECT * FROM vault; DELETE FROM vv; END $$"},
		[]string{"BEGIN; DECLARE c CURSOR FOR SELECT * FROM vault FOR UPDATE", "FETCH c", "UPDATE vault SET secret = 'x' WHERE CURRENT OF c", "COMMIT"},
		[]string{"BEGIN; DECLARE c CURSOR FOR SELECT * FROM vault_view FOR UPDATE", "FETCH c", "DELETE FROM vault WHERE CURRENT OF c", "COMMIT"},
		[]string{"CREATE FOREIGN TABLE ft (id integer) SERVER faraway", "DELETE FROM vault WHERE id = 1"},
		[]string{"CREATE TABLE kid (id integer, secret text)", "ALTER TABLE kid INHERIT vault", "ALTER TABLE vault DROP COLUMN secret CASCADE"},
		[]string{"CREATE PUBLICATION p FOR TABLE vault", "DELETE FROM vault WHERE id = 1"},
		[]string{"DROP TABLE IF EXISTS ledger, vault CASCADE"},
		[]string{"DROP VIEW IF EXISTS nothing; DROP TABLE vault CASCADE"},
		[]string{"CREATE TABLE v2 (LIKE vault); INSERT INTO v2 SELECT id + 100, 'x' FROM vault; ALTER TABLE v2 INHERIT vault; DROP TABLE vault CASCADE"},
		[]string{"CREATE SCHEMA side2; ALTER TABLE vault SET SCHEMA side2", "UPDATE side2.vault SET secret = 'x' WHERE id = 1"},
	)...)
	all = append(all, attack{set: "vault", name: "COPY FROM STDIN", steps: []step{copyFrom("COPY vault FROM STDIN", "9\tx\n")}})
	all = append(all, attack{set: "vault", name: "COPY columns FROM STDIN of a view's table", steps: []step{copyFrom("COPY public.vault (id) FROM STDIN WITH (FORMAT csv)", "9\n")}})
	all = append(all, attack{set: "vault", name: "COPY FROM STDIN into the table whose trigger writes", steps: []step{copyFrom("COPY inbox FROM STDIN", "9\n")}})
	all = append(all, attack{set: "vault", name: "bound before the search path changes", steps: []step{
		simple("SET search_path = side"),
		messages(1, &pgproto3.Parse{Name: "a", Query: "DELETE FROM vault WHERE id = 1"}, &pgproto3.Sync{}),
		simple("SET search_path = public"),
		messages(1, &pgproto3.Bind{PreparedStatement: "a"}, &pgproto3.Execute{}, &pgproto3.Sync{})}})
	all = append(all, attack{set: "functions", name: "lo_unlink as a message", steps: []step{messages(1, &pgproto3.FunctionCall{Function: 964,
		ArgFormatCodes: []uint16{1}, Arguments: [][]byte{{0, 6, 121, 50}}, ResultFormatCode: 1})}})
	all = append(all, texts("functions",
		"SELECT lo_unlink(424242)", "SELECT pg_catalog.lo_unlink(oid) FROM pg_largeobject_metadata", "SELECT lo_put(424242, 0, 'x')", "SELECT lowrite(lo_open(424242, 131072), 'x')", "SELECT lo_truncate(lo_open(424242, 131072), 1)", "SELECT wipe()", "SELECT public.wipe_sql()", `SELECT U&"w\0069pe"()`, `SELECT "wipe"()`, "SELECT wipe_dynamic('vault')",
		"CALL purge()", "CALL public.purge_sql()", "SELECT wipe_deep()", "INSERT INTO inbox VALUES (1)", "SELECT 1 @@@ 2", "SELECT 1::checked", "SELECT wipe_all(1)", "INSERT INTO defaulted (id) VALUES (1)", "INSERT INTO constrained VALUES (1)", "DO 'BEGIN PERFORM wipe(); END'", "DO 'BEGIN EXECUTE ''SELECT wipe()''; END'", "EXPLAIN ANALYZE SELECT wipe()",
		"SELECT * FROM accounts WHERE wipe() = 1", "CREATE VIEW v AS SELECT wipe() AS x; TABLE v", "CREATE TEMP TABLE x (a integer DEFAULT wipe()); INSERT INTO x DEFAULT VALUES", "CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql AS 'SELECT public.wipe()'; SELECT pg_temp.f()", "CREATE OPERATOR #%# (LEFTARG = integer, RIGHTARG = integer, FUNCTION = wipe_pair); SELECT 1 #%# 1",
		"ALTER FUNCTION wipe() RENAME TO harmless; SELECT harmless()", "CREATE TRIGGER zz BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION inbox_insert(); INSERT INTO ledger (what) VALUES ('x')", "PREPARE a AS SELECT wipe(); EXECUTE a", "SELECT query_to_xml('SELECT wipe()', true, true, '')",
	)...)
	for _, text := range []string{
		"SELECT secret FROM vault", "TABLE vault", "TABLE vault_view", "SELECT * FROM vault_view_view", "SELECT read_vault()", "SELECT * FROM read_vault()", "TABLE vault_stored", "COPY vault TO STDOUT", "COPY (TABLE vault_view) TO STDOUT", "SELECT (SELECT max(secret) FROM vault)", "WITH x AS (TABLE vault) TABLE x", "SELECT x FROM public.vault x",
		"INSERT INTO ledger (what) SELECT secret FROM vault RETURNING what", "UPDATE vault SET id = id RETURNING secret", "DELETE FROM vault RETURNING *", "CREATE TABLE c AS TABLE vault; TABLE c", "SELECT * INTO c FROM vault; TABLE c", "CREATE VIEW c AS TABLE vault; TABLE c", "CREATE TEMP VIEW c AS TABLE vault; TABLE c", "CREATE FUNCTION c() RETURNS SETOF text LANGUAGE sql AS 'SELECT secret FROM vault'; SELECT c()",
		"DO $$ BEGIN RAISE NOTICE '%', (SELECT max(secret) FROM vault); END $$", "DO $$ BEGIN EXECUTE 'INSERT INTO ledger (what) SELECT secret FROM vault'; END $$; TABLE ledger", "SELECT query_to_xml('TABLE vault', true, true, '')", "SELECT table_to_xml('vault', true, true, '')", "SELECT schema_to_xml('public', true, true, '')", "SELECT secret::integer FROM vault", "SELECT * FROM accounts LEFT JOIN vault USING (id)",
		"ALTER TABLE vault RENAME TO v2; TABLE v2", "CREATE TABLE c (LIKE vault); INSERT INTO c SELECT * FROM vault; TABLE c", "CREATE TABLE c () INHERITS (vault); SELECT * FROM vault", "BEGIN; DECLARE c CURSOR FOR TABLE vault; FETCH c; COMMIT", "PREPARE a AS TABLE vault; EXECUTE a", `SELECT U&"secr\0065t" FROM U&"v\0061ult"`,
		"MERGE INTO ledger USING vault ON false WHEN NOT MATCHED THEN INSERT (what) VALUES (vault.secret); TABLE ledger", "SELECT string_agg(vault::text, '') FROM vault", "SELECT 1 FROM vault WHERE secret::integer = 1", "WITH vault AS (SELECT 1) SELECT * FROM public.vault", "SELECT NULL::vault_view, * FROM vault_view", "EXPLAIN ANALYZE SELECT secret::integer FROM vault", "CREATE INDEX ON vault ((secret::integer))",
		"ALTER TABLE vault ADD CHECK (secret::integer = 1)",
	} {
		all = append(all, attack{set: "reading", name: text, steps: []step{simple(text)}, leaks: true})
	}
	for _, text := range []string{
		"SELECT secret FROM accounts", "TABLE accounts", "SELECT * FROM accounts", "SELECT a.* FROM accounts a", "SELECT a FROM accounts a", "SELECT accounts FROM accounts", "SELECT a::text FROM accounts a", "SELECT (a).secret FROM accounts a", "SELECT secret(a) FROM accounts a", "SELECT row_to_json(a) FROM accounts a", "SELECT to_jsonb(accounts) FROM accounts",
		"SELECT x FROM accounts AS t(a, b, x)", "SELECT x FROM (SELECT secret FROM accounts) s(x)", "SELECT secret FROM accounts_view", "TABLE accounts_view", "SELECT max(secret) FROM accounts", "SELECT s FROM (TABLE accounts) AS q(i, o, s)", "COPY accounts TO STDOUT", "COPY accounts (secret) TO STDOUT", "UPDATE accounts SET balance = 1 WHERE id = 1 RETURNING secret", "UPDATE accounts SET balance = 1 WHERE id = 1 RETURNING *",
		"UPDATE accounts SET owner = secret; SELECT owner FROM accounts", "DELETE FROM accounts WHERE id = 1 RETURNING accounts", "INSERT INTO ledger (what) SELECT secret FROM accounts RETURNING what", "WITH a AS (TABLE accounts) SELECT secret FROM a", "SELECT a.id, b.secret FROM accounts a JOIN accounts b USING (id)", "SELECT secret::integer FROM accounts", "SELECT id FROM accounts ORDER BY secret::integer",
		"SELECT (SELECT secret FROM accounts LIMIT 1)", "SELECT upper(secret) FROM accounts", "SELECT 'x' UNION SELECT secret FROM accounts", "SELECT query_to_xml('SELECT secret FROM accounts', true, true, '')", "SELECT table_to_xml('accounts', true, true, '')", "DO $$ BEGIN RAISE NOTICE '%', (SELECT max(secret) FROM accounts); END $$", "CREATE FUNCTION f() RETURNS SETOF accounts LANGUAGE sql AS 'TABLE accounts'; SELECT f()",
		"SELECT json_agg(a) FROM accounts a", "SELECT ROW(a.*) FROM accounts a", "SELECT ROW(accounts) FROM accounts", "SELECT * FROM accounts NATURAL JOIN orders", "SELECT a.secret FROM orders o LEFT JOIN accounts a ON a.id = o.account_id", "SELECT x.s FROM accounts, LATERAL (SELECT secret AS s) x", "SELECT coalesce(secret, '') FROM accounts", "SELECT s.secret FROM ONLY accounts s",
		"CREATE TABLE c AS TABLE accounts; TABLE c", "CREATE VIEW c AS SELECT secret AS x FROM accounts; SELECT x FROM c", "ALTER TABLE accounts RENAME secret TO harmless; SELECT harmless FROM accounts", "BEGIN; DECLARE c CURSOR FOR SELECT * FROM accounts; FETCH c; COMMIT", "PREPARE a AS SELECT secret FROM accounts; EXECUTE a", "MERGE INTO ledger USING accounts ON false WHEN NOT MATCHED THEN INSERT (what) VALUES (secret); TABLE ledger",
	} {
		all = append(all, attack{set: "column", name: text, steps: []step{simple(text)}, leaks: true})
	}
	return all
}
