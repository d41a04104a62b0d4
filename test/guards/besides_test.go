package guards

// besideAttacks do what a guard is about without its table, its command or a row that
// the server counts being named: through the system catalogs, statistics, functions
// written like columns, keys that cascade, and what no count is told of.
func besideAttacks() []attack {
	var all []attack
	all = append(all, flows("vault",
		[]string{"UPDATE pg_class SET relname = 'v2' WHERE relname = 'vault' AND relnamespace = 'public'::regnamespace", "DELETE FROM v2"},
		[]string{"UPDATE pg_catalog.pg_proc SET prosrc = 'DELETE FROM public.vault; SELECT true' WHERE proname = 'secret_of'", "SELECT wipe_row(a) FROM accounts a"},
		[]string{"WITH x AS (UPDATE pg_proc SET prosrc = 'DELETE FROM public.vault' WHERE proname = 'purge_sql' RETURNING 1) SELECT 1", "CALL purge_sql()"},
		[]string{"DO $$ BEGIN UPDATE pg_class SET relname = 'v2' WHERE relname = 'vault' AND relnamespace = 'public'::regnamespace; END $$", "TRUNCATE v2"},
		[]string{"MERGE INTO pg_class c USING (SELECT 'public.vault'::regclass AS o) s ON c.oid = s.o WHEN MATCHED THEN UPDATE SET relname = 'v2'", "TRUNCATE v2"},
	)...)
	all = append(all, texts("functions", "SELECT a.wipe_row FROM accounts a", "SELECT accounts.wipe_row FROM accounts", "SELECT 1 FROM accounts a WHERE a.wipe_row",
		"SELECT (a).wipe_row FROM accounts a", "DELETE FROM animals USING accounts a WHERE a.wipe_row", "UPDATE orders SET cents = 1 FROM accounts a WHERE a.wipe_row AND false OR a.wipe_row IS NULL")...)
	all = append(all, flows("functions",
		[]string{"ALTER FUNCTION wipe() RENAME TO harmless", "SELECT harmless()"},
		[]string{"ALTER ROUTINE wipe_sql SET SCHEMA side", "SELECT side.wipe_sql()"},
		[]string{"ALTER PROCEDURE purge_sql() RENAME TO harmless", "CALL harmless()"},
		[]string{"BEGIN", "ALTER FUNCTION wipe() RENAME TO harmless", "SELECT harmless()", "COMMIT"},
		[]string{"DO $$ BEGIN ALTER FUNCTION wipe() RENAME TO harmless; END $$", "SELECT harmless()"},
		[]string{"ALTER SCHEMA public RENAME TO p2", "SET search_path = p2", "SELECT p2.wipe()", "ALTER SCHEMA p2 RENAME TO public"},
		[]string{"CREATE FUNCTION harmless() RETURNS integer LANGUAGE sql AS 'SELECT public.wipe()'", "SELECT harmless()"},
	)...)
	all = append(all, texts("cascades",
		"DELETE FROM accounts WHERE id = 1", "UPDATE accounts SET id = 1000 WHERE id = 1", "TRUNCATE accounts CASCADE", "MERGE INTO accounts a USING (SELECT 1 AS k) s ON a.id = s.k WHEN MATCHED THEN DELETE",
		"INSERT INTO accounts (id, owner) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET id = 777", "DELETE FROM accounts_view WHERE id = 1", "UPDATE accounts_view SET id = 555 WHERE id = 1", "WITH d AS (DELETE FROM accounts WHERE id = 1 RETURNING 1) SELECT 1 FROM d",
		"DO $$ BEGIN DELETE FROM accounts WHERE id = 1; END $$", "EXPLAIN ANALYZE DELETE FROM accounts WHERE id = 1", "PREPARE p (integer) AS DELETE FROM accounts WHERE id = $1; EXECUTE p (1)", "ALTER TABLE accounts RENAME TO a2; DELETE FROM a2 WHERE id = 5", "CREATE VIEW av AS SELECT * FROM accounts; DELETE FROM av WHERE id = 6",
		"ALTER VIEW accounts_view RENAME TO fine; DELETE FROM fine WHERE id = 7", "ALTER TABLE orders ALTER cents TYPE text USING 'x'", "ALTER TABLE orders ADD COLUMN z integer DEFAULT 5", "CREATE TABLE above (id integer NOT NULL, account_id integer NOT NULL, cents integer) PARTITION BY LIST (cents); ALTER TABLE above ATTACH PARTITION orders DEFAULT; DELETE FROM above",
		"BEGIN; DECLARE c CURSOR FOR SELECT * FROM accounts FOR UPDATE; FETCH c; DELETE FROM accounts WHERE CURRENT OF c; COMMIT")...)
	all = append(all, texts("everything",
		"TRUNCATE vault", "TRUNCATE ledger, vault", "DO 'BEGIN TRUNCATE vault; END'", "CREATE TABLE c AS SELECT wipe()", "SELECT wipe() INTO c", "CREATE MATERIALIZED VIEW c AS SELECT wipe()", "CREATE TABLE c AS WITH d AS (DELETE FROM vault RETURNING *) SELECT * FROM d",
		"WITH d AS (DELETE FROM vault RETURNING *) SELECT * INTO c FROM d", "INSERT INTO inbox VALUES (1)", "INSERT INTO outbox VALUES (1)", "DELETE FROM triggered WHERE id = 1", "INSERT INTO defaulted (id) VALUES (1)", "INSERT INTO constrained VALUES (1)", "TRUNCATE emptied", "SELECT wipe_dynamic('vault')",
		"DELETE FROM animals WHERE wipe() = 1", "DELETE FROM animals WHERE id = wipe_dynamic('vault')")...)
	for _, text := range []string{
		"SELECT stavalues1::text FROM pg_statistic", "SELECT * FROM pg_statistic", "SELECT concat(most_common_vals::text, histogram_bounds::text) FROM pg_stats WHERE tablename = 'vault'", "SELECT s FROM pg_stats s", "TABLE pg_stats", "COPY pg_statistic TO STDOUT",
		"SELECT h FROM (SELECT * FROM pg_stats) s(a, b, c, d, e, f, g, m, i, h, k, l, n, o)", "CREATE VIEW w AS SELECT histogram_bounds::text AS t FROM pg_stats; TABLE w", "DO $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(stavalues1::text, '') FROM pg_statistic); END $$",
	} {
		all = append(all, attack{set: "reading", name: text, steps: []step{simple(text)}, leaks: true})
	}
	for _, text := range []string{
		"SELECT accounts.secret_of FROM accounts", "SELECT a.secret_of FROM accounts a", "SELECT a.row_to_json FROM accounts a", "SELECT (a).secret_of FROM accounts a", "SELECT * FROM (SELECT a.secret_of FROM accounts a) s",
		"SELECT a.id FROM accounts a ORDER BY a.secret_of::integer",
	} {
		all = append(all, attack{set: "column", name: text, steps: []step{simple(text)}, leaks: true})
	}
	return all
}
