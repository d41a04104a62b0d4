package guards

import (
	"strings"
	"testing"
)

// everywhere are statements that no pack may refuse.
var everywhere = []string{
	"SELECT 1", "SELECT count(*) FROM accounts", "SELECT * FROM orders WHERE account_id = 3 ORDER BY id LIMIT 5", "BEGIN; SELECT 1; COMMIT", "BEGIN; ROLLBACK", "START TRANSACTION READ ONLY; SELECT 1; COMMIT",
	"BEGIN; SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a; COMMIT", "BEGIN ISOLATION LEVEL REPEATABLE READ; COMMIT", "SHOW search_path", "SHOW ALL", "SHOW server_version", "SELECT current_setting('search_path')", "SELECT current_user, session_user, current_database(), version()",
	"SET statement_timeout = '30s'", "SET statement_timeout TO 5000", "SET LOCAL lock_timeout = '1s'", "SET idle_in_transaction_session_timeout = '1min'", "RESET statement_timeout", "SET application_name = 'x'", "SET TIME ZONE 'UTC'", "SET datestyle = 'ISO, DMY'", "SET extra_float_digits = 3", "SET client_encoding = 'UTF8'",
	"SET client_min_messages = warning", "SET bytea_output = hex", "SET work_mem = '8MB'", "SET intervalstyle = postgres", "SET standard_conforming_strings = on", "SELECT set_config('application_name', 'y', false)", "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET enable_seqscan = off", "SET jit = off", "RESET application_name",
	"INSERT INTO orders VALUES (1000, 1, 5)", "INSERT INTO orders (id, account_id) SELECT 1001, 2 RETURNING id", "INSERT INTO orders VALUES (1, 1, 1) ON CONFLICT (id) DO NOTHING", "INSERT INTO orders VALUES (1, 1, 1) ON CONFLICT (id) DO UPDATE SET cents = excluded.cents",
	"UPDATE accounts SET balance = 1 WHERE id = 3", "UPDATE accounts SET balance = balance + 1 WHERE id IN (1, 2, 3)", "UPDATE accounts SET balance = 0 WHERE owner = 'owner 4' RETURNING id", "UPDATE orders o SET cents = a.balance FROM accounts a WHERE a.id = o.account_id AND a.id = 2",
	"DELETE FROM orders WHERE id = 7", "DELETE FROM orders WHERE id BETWEEN 8 AND 9", "DELETE FROM orders WHERE cents > 58", "DELETE FROM orders WHERE cents <= 0", "DELETE FROM orders WHERE account_id IN (SELECT id FROM accounts WHERE owner = 'nobody')", "DELETE FROM orders USING accounts a WHERE a.id = account_id AND a.owner = 'nobody'",
	"DELETE FROM accounts WHERE secret IS NULL", "UPDATE accounts SET secret = 'x' WHERE secret IS NOT NULL AND id = 1", "DELETE FROM accounts WHERE balance IS NOT NULL AND balance < 0", "UPDATE accounts SET active = false WHERE NOT active", "UPDATE accounts SET active = true WHERE active IS FALSE", "DELETE FROM vault WHERE secret LIKE 'nothing%'", "DELETE FROM vault WHERE length(secret) > 100",
	"DELETE FROM ledger WHERE what IS NOT NULL AND what = 'x'", "DELETE FROM orders WHERE ctid IN (SELECT ctid FROM orders WHERE cents = 59 LIMIT 10)", "WITH old AS (SELECT id FROM orders WHERE cents = 58) DELETE FROM orders WHERE id IN (SELECT id FROM old)", "MERGE INTO ledger l USING (SELECT 77 AS id) s ON l.id = s.id WHEN MATCHED THEN UPDATE SET what = 'm' WHEN NOT MATCHED THEN INSERT VALUES (77, 'm')",
	"CREATE TEMP TABLE scratch AS SELECT * FROM orders", "INSERT INTO scratch SELECT * FROM orders WHERE false", "SELECT count(*) FROM scratch", "CREATE INDEX ON scratch (id)", "DROP TABLE scratch", "CREATE TEMPORARY TABLE scratch2 (a integer PRIMARY KEY, b text)", "SELECT 1 AS a INTO TEMP scratch3", "DROP TABLE scratch2, scratch3 CASCADE", "CREATE TEMP TABLE IF NOT EXISTS scratch4 (LIKE orders) ON COMMIT DROP",
	"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT sum(n) FROM r", "SELECT a.id, sum(o.cents) OVER (PARTITION BY a.id) FROM accounts a JOIN orders o ON o.account_id = a.id WHERE a.id < 3", "EXPLAIN SELECT * FROM orders", "EXPLAIN ANALYZE SELECT count(*) FROM orders", "EXPLAIN (FORMAT json) UPDATE orders SET cents = 1 WHERE id = 1",
	"PREPARE p (integer) AS SELECT * FROM orders WHERE id = $1; EXECUTE p (1); DEALLOCATE p", "BEGIN; DECLARE c CURSOR FOR SELECT * FROM orders; FETCH 3 FROM c; MOVE 2 IN c; CLOSE c; COMMIT", "COPY (SELECT 1) TO STDOUT", "COPY orders TO STDOUT WITH CSV HEADER", "LISTEN x; NOTIFY x, 'y'; UNLISTEN x", "SELECT nextval('ledger_id_seq')", "SELECT pg_sleep(0)", "SELECT gen_random_uuid()",
	"SELECT jsonb_build_object('a', 1) -> 'a', to_char(now(), 'YYYY'), regexp_replace('abc', 'b', 'x'), array_agg(id) FROM accounts WHERE id < 3", "SELECT pg_size_pretty(pg_total_relation_size('orders'))", "SELECT pg_backend_pid()", "VALUES (1, 'a'), (2, 'b')", "TABLE ledger", "DEALLOCATE ALL",
	"SELECT id FROM accounts WHERE id = 1 FOR UPDATE", "DO $$ BEGIN PERFORM 1; END $$", "ANALYZE orders", "SELECT oid, relname FROM pg_class WHERE relname = 'orders'", "SELECT * FROM information_schema.columns WHERE table_name = 'orders'", "SELECT * FROM pg_indexes WHERE tablename = 'orders'", "SELECT * FROM pg_settings WHERE name = 'work_mem'", "SELECT rolname FROM pg_roles", "SELECT pid, state FROM pg_stat_activity",
	"SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(orders)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3",
	`SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'orders'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
	"SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding) FROM pg_catalog.pg_database d ORDER BY 1", "SELECT pg_catalog.pg_get_viewdef('vault_view'::regclass, true)", "SELECT n.nspname, p.proname, pg_catalog.pg_get_function_result(p.oid) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'",
	"SELECT relname, n_live_tup FROM pg_stat_user_tables", "SELECT has_table_privilege('orders', 'SELECT')", "SELECT pg_advisory_lock(1), pg_advisory_unlock(1)", "SELECT txid_current()", "SELECT obj_description('orders'::regclass)", "SELECT to_regclass('public.orders')", "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass",
}

// besides are statements that one pack lets pass, though another may not.
var besides = map[string][]string{
	"writes":     {"CREATE TABLE t (a integer); INSERT INTO t VALUES (1); DROP TABLE t", "GRANT SELECT ON orders TO bystander", "SELECT pg_read_file('PG_VERSION')", "ALTER TABLE orders ADD COLUMN note text", "CREATE VIEW v AS SELECT * FROM orders; SELECT count(*) FROM v", "SET search_path = public", "DROP TABLE IF EXISTS nothing"},
	"files":      {"CREATE TABLE t (a integer); DROP TABLE t", "UPDATE ledger SET what = 'x'", "SET search_path = public", "GRANT SELECT ON orders TO bystander", "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "SELECT one()", "COPY ledger TO STDOUT", "TRUNCATE ledger"},
	"privileges": {"CREATE TABLE t (a integer); DROP TABLE t CASCADE", "UPDATE ledger SET what = 'x'", "CREATE FUNCTION one() RETURNS integer LANGUAGE sql SET search_path = public AS 'SELECT 1'", "SELECT one()", "TRUNCATE ledger", "CREATE INDEX ON orders (cents)", "SHOW ROLE", "SET LOCAL timezone = 'UTC'", "ALTER TABLE orders ADD COLUMN note text"},
	"schema":     {"UPDATE ledger SET what = 'x'", "SET search_path = public", "DELETE FROM ledger", "COPY ledger TO STDOUT", "SET ROLE bystander; RESET ROLE", "VACUUM ledger", "SELECT read_vault()", "CALL purge_sql()"},
	"secrets":    {"CREATE TABLE t (a integer); DROP TABLE t", "UPDATE ledger SET what = 'x'", "SELECT * FROM pg_roles", "SELECT srvname FROM pg_foreign_server", "SELECT subname FROM pg_subscription", "SELECT usename, pid, state, wait_event FROM pg_stat_activity", "SELECT * FROM pg_user", "SELECT * FROM pg_tables", "SELECT * FROM pg_views WHERE schemaname = 'public'", "SELECT * FROM pg_stat_user_tables", "SET search_path = public"},
	"export":     {"SELECT * FROM many LIMIT 9000", "UPDATE many SET body = 'y'", "CREATE TABLE t AS SELECT * FROM many", "DROP TABLE t", "SELECT count(*) FROM many", "SELECT xmlelement(name a, 'x')", "INSERT INTO many SELECT id + 20000, body FROM many"},
}

// What is ordinary passes beside each pack, and ends as it does past weir.
func TestOrdinaryStatementsPassBesideEachPack(t *testing.T) {
	t.Parallel()
	l := needed(t)
	s := newServer(t, l)
	var packs []ruleset
	for _, set := range rulesets {
		if strings.Contains(set.rules, "packs:") {
			packs = append(packs, set)
		}
	}
	g := newGateway(t, s, packs)
	for _, set := range packs {
		p := s.place(set.name)
		c, err := open(g.socket(set.name), p.database, nil)
		must(t, err)
		for _, text := range append(append([]string(nil), everywhere...), besides[set.name]...) {
			c.failed = nil
			if err := simple(text)(c); err != nil {
				t.Fatalf("%s: %s: %v", set.name, text, err)
			}
			if c.failed != nil {
				t.Errorf("%s: %s: %v", set.name, text, c.failed)
				_ = simple("ROLLBACK")(c)
			}
			// With parameters, as drivers send it.
			if c.failed == nil && !strings.ContainsAny(text, ";") && strings.HasPrefix(text, "SELECT") && !strings.Contains(text, "INTO") {
				if err := extended(text)(c); err != nil || c.failed != nil {
					t.Errorf("%s: %s (extended): %v %v", set.name, text, err, c.failed)
				}
			}
		}
		for _, arguments := range [][]string{{"UPDATE accounts SET balance = $1 WHERE id = $2", "5", "3"}, {"DELETE FROM orders WHERE id = $1", "44"}, {"SELECT * FROM accounts WHERE owner = $1", "x"},
			{"INSERT INTO ledger (what) VALUES ($1)", "x"}, {"UPDATE accounts SET balance = 1 WHERE id = ANY ($1)", "{1,2}"}, {"DELETE FROM orders WHERE cents > $1 AND account_id = $2", "55", "1"}, {"SELECT set_config('application_name', $1, false)", "x"}} {
			c.failed = nil
			if err := extended(arguments[0], arguments[1:]...)(c); err != nil || c.failed != nil {
				t.Errorf("%s: %s: %v %v", set.name, arguments[0], err, c.failed)
			}
		}
		c.close()
	}
}
