package guards

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// calling are the places in which a call can stand, %f: everywhere that an expression can.
func calling() []string {
	return []string{
		"SELECT sum(1) OVER (ORDER BY 1 ROWS BETWEEN (SELECT count(%f)) PRECEDING AND CURRENT ROW)", "SELECT 1 LIMIT (SELECT count(%f))", "SELECT 1 OFFSET (SELECT count(%f) - 1)", "SELECT count(*) FROM orders GROUP BY GROUPING SETS ((), (%f::text))",
		"SELECT 1 FROM orders GROUP BY ROLLUP (%f::text)", "SELECT count(*) FILTER (WHERE %f IS NOT NULL) FROM orders", "SELECT 1 WHERE %f IS NOT NULL", "SELECT 1 FROM orders TABLESAMPLE BERNOULLI (100) REPEATABLE ((SELECT count(%f)))", "SELECT string_agg('x', (%f)::text) FROM orders",
		"SELECT array_agg(1 ORDER BY %f::text)", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id + length(%f::text)) FROM orders", "VALUES (%f::text)", "SELECT 1 ORDER BY %f::text", "SELECT DISTINCT ON (%f::text) 1", "SELECT 1 HAVING %f IS NOT NULL",
		"SELECT * FROM XMLTABLE('/a' PASSING (SELECT ('<a>' || coalesce(%f::text, '') || '</a>')::xml) COLUMNS b text PATH '.')", "SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, length('x' || %f::text))) r", "SELECT x FROM orders, LATERAL (SELECT %f::text || cents AS x) l LIMIT 1", "SELECT xmlforest(%f AS a)", "SELECT ROW(%f)",
		"SELECT CASE WHEN %f IS NULL THEN 1 ELSE 2 END", "SELECT coalesce(%f::text, 'x')", "SELECT GREATEST(%f::text, 'x')", "SELECT %f IS NOT DISTINCT FROM NULL", "SELECT EXISTS (SELECT %f OFFSET 0)", "SELECT 'x' IN (%f::text)", "SELECT '[1,2]'::jsonb #> ARRAY[%f::text]", "SELECT (ARRAY[1,2])[length('x' || %f::text)]", "SELECT format('%s', %f)", "SELECT concat(VARIADIC ARRAY[%f::text])",
		"WITH a AS MATERIALIZED (SELECT %f) TABLE a", "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 2 AND %f IS NOT NULL) SELECT count(*) FROM a", "SELECT 1 UNION SELECT length('x' || %f::text)", "SELECT x FROM (SELECT %f::text AS x OFFSET 0) s", "INSERT INTO ledger (what) VALUES (%f::text)", "INSERT INTO ledger (what) VALUES ('x') RETURNING %f",
		"INSERT INTO orders VALUES (1, 1, 1) ON CONFLICT (id) DO UPDATE SET cents = length('x' || %f::text) WHERE orders.id = 1", "UPDATE orders SET cents = 1 WHERE id = 1 AND %f IS NOT NULL", "UPDATE orders SET (cents) = (SELECT length('x' || %f::text)) WHERE id = 1", "DELETE FROM orders WHERE id = 1 RETURNING %f", "MERGE INTO orders o USING (SELECT 1 AS i) s ON o.id = s.i WHEN MATCHED AND %f IS NOT NULL THEN DO NOTHING",
		"MERGE INTO orders o USING (SELECT %f AS x, 1 AS i) s ON o.id = s.i WHEN MATCHED THEN DO NOTHING", "COPY (SELECT %f) TO STDOUT", "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT %f; COMMIT", "BEGIN; DECLARE c CURSOR FOR SELECT %f; MOVE ALL IN c; COMMIT", "PREPARE p (text) AS SELECT $1; EXECUTE p (%f::text)", "PREPARE p AS SELECT %f; EXPLAIN ANALYZE EXECUTE p", "EXPLAIN (ANALYZE) SELECT %f",
		"CREATE TEMP TABLE z AS SELECT %f", "SELECT %f INTO TEMP z", "PREPARE p AS SELECT %f; CREATE TEMP TABLE z AS EXECUTE p", "DO $$ DECLARE a text := %f; BEGIN NULL; END $$", "DO $$ DECLARE c CURSOR FOR SELECT %f::text AS a; BEGIN FOR r IN c LOOP NULL; END LOOP; END $$", "DO $$ DECLARE c refcursor; a text; BEGIN OPEN c FOR EXECUTE 'SELECT ' || '%f'; FETCH c INTO a; END $$",
		"DO $$ BEGIN RAISE NOTICE '%', %f; END $$", "DO $$ BEGIN PERFORM * FROM orders WHERE %f IS NOT NULL; END $$", "DO $$ DECLARE a int[] := ARRAY[1]; BEGIN a[length('x' || %f::text)] := 2; END $$", "DO $$ BEGIN CASE %f::text WHEN 'a' THEN NULL; ELSE NULL; END CASE; END $$", "DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = coalesce(%f::text, 'a'); EXCEPTION WHEN others THEN PERFORM %f; END $$",
		"SELECT query_to_xml('SELECT %f', true, false, '')", "SELECT * FROM ts_stat('SELECT to_tsvector(coalesce(%f::text, ''''))')", "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, to_tsquery(coalesce(%f::text, ''b''))')", "SELECT query_to_xml_and_xmlschema('SELECT %f', true, false, '')",
		"CREATE TEMP TABLE z (a text DEFAULT %f); INSERT INTO z DEFAULT VALUES", "CREATE TEMP TABLE z (a integer); CREATE RULE r AS ON INSERT TO z DO ALSO SELECT %f; INSERT INTO z VALUES (1)", "CREATE TEMP VIEW z AS SELECT %f AS a; SELECT * FROM z",
	}
}

// madeOnTheWay have a session make something of its own first that calls a function, %f.
func madeOnTheWay() []string {
	return []string{
		"CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql AS 'SELECT %f'; SELECT pg_temp.f()", "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql RETURN %f::text; SELECT pg_temp.f()", "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT %f; END; SELECT pg_temp.f()", "CREATE PROCEDURE pg_temp.f() LANGUAGE sql AS 'SELECT %f'; CALL pg_temp.f()",
		"CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''SELECT '' || ''%f''; END'; SELECT pg_temp.f()", "CREATE FUNCTION pg_temp.f(a text DEFAULT %f::text) RETURNS text LANGUAGE sql AS 'SELECT $1'; SELECT pg_temp.f()",
		"CREATE TEMP TABLE z (a integer); CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM %f; RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON z FOR EACH ROW EXECUTE FUNCTION pg_temp.f(); INSERT INTO z VALUES (1)", "CREATE DOMAIN pg_temp.d AS text DEFAULT %f::text; CREATE TEMP TABLE z (a pg_temp.d, b integer); INSERT INTO z (b) VALUES (1)",
		"CREATE FUNCTION pg_temp.f(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT 1 FROM (SELECT %f) s'; CREATE AGGREGATE pg_temp.g (integer) (SFUNC = pg_temp.f, STYPE = integer, INITCOND = '0'); SELECT pg_temp.g(1)", "CREATE FUNCTION pg_temp.f(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT %f IS NULL'; CREATE OPERATOR pg_temp.%% (LEFTARG = integer, RIGHTARG = integer, FUNCTION = pg_temp.f); SELECT 1 OPERATOR(pg_temp.%%) 2",
		"CREATE TYPE pg_temp.y AS (a integer); CREATE FUNCTION pg_temp.f(integer) RETURNS pg_temp.y LANGUAGE sql AS 'SELECT ROW($1)::pg_temp.y FROM (SELECT %f) s'; CREATE CAST (integer AS pg_temp.y) WITH FUNCTION pg_temp.f(integer); SELECT 1::pg_temp.y", "CREATE FUNCTION pg_temp.f(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM %f; RETURN 1; END'; CREATE TEMP TABLE z (a integer, b integer GENERATED ALWAYS AS (pg_temp.f(a)) STORED); INSERT INTO z VALUES (1)",
		"CREATE FUNCTION pg_temp.f(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM %f; RETURN 1; END'; CREATE TEMP TABLE z (a integer); INSERT INTO z VALUES (1); CREATE INDEX ON z (pg_temp.f(a))", "CREATE FUNCTION pg_temp.f(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM %f; RETURN 1; END'; EXPLAIN SELECT pg_temp.f(1)",
		"CREATE FUNCTION pg_temp.f(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM %f; RETURN true; END'; CREATE TEMP TABLE z (a integer) PARTITION BY LIST (pg_temp.f(a)); CREATE TEMP TABLE z1 PARTITION OF z DEFAULT; INSERT INTO z VALUES (1)", "CREATE FUNCTION pg_temp.f(integer) RETURNS boolean LANGUAGE sql AS 'SELECT %f IS NULL'; CREATE TEMP TABLE z (a integer); INSERT INTO z VALUES (1); ALTER TABLE z ALTER a TYPE boolean USING pg_temp.f(a)",
		"CREATE FUNCTION pg_temp.f(integer, integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM %f; RETURN $1 - $2; END'; CREATE OPERATOR CLASS pg_temp.o FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 pg_temp.f(integer, integer); CREATE TEMP TABLE z (a integer); INSERT INTO z VALUES (1), (2); CREATE INDEX ON z (a pg_temp.o)",
	}
}

// one sends the statements of a text one by one.
func one(set, text string) attack { return flow(set, apart(text)...) }

// apart parts a text at the semicolons that stand in no string and in no body.
func apart(text string) []string {
	var list []string
	start, quoted, dollars, atomic := 0, false, false, false
	for i := range len(text) {
		switch {
		case text[i] == '\'' && !dollars:
			quoted = !quoted
		case strings.HasPrefix(text[i:], "$$") && !quoted:
			dollars = !dollars
		case strings.HasPrefix(text[i:], "ATOMIC"):
			atomic = true
		case strings.HasPrefix(text[i:], "END;"):
			atomic = false
		}
		if text[i] == ';' && !quoted && !dollars && !atomic {
			list = append(list, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	return append(list, strings.TrimSpace(text[start:]))
}

// TestThroughWeirNoUnusualAttackHasAnEffect is about places where calls, definitions and
// names can stand. That each has its effect past weir was seen when it was written.
func TestThroughWeirNoUnusualAttackHasAnEffect(t *testing.T) {
	t.Parallel()
	s := newServer(t, needed(t))
	g := newGateway(t, s, rulesets)
	places := map[string]*place{}
	for _, a := range unusualAttacks() {
		p := places[a.set]
		if p == nil {
			p = s.place(a.set)
		}
		if effect := a.play(p, g.socket(a.set), false); effect != "" {
			t.Errorf("%s: %s: %s", a.set, a.name, effect)
		}
		places[a.set] = p.again()
	}
}

func unusualAttacks() []attack {
	var all []attack
	// Each place once, with one of the sets and a function that it is about.
	sets := [][2]string{{"writes", "wipe()"}, {"functions", "wipe_deep()"}, {"vault", "public.wipe_sql()"}, {"schema", "drop_vault()"}}
	for i, text := range calling() {
		by := sets[i%len(sets)]
		if by[0] == "schema" && (strings.Contains(text, "%f::") || strings.Contains(text, "orders")) || by[0] == "vault" && strings.Contains(text, "TEMP TABLE") {
			by = sets[0]
		}
		text = strings.ReplaceAll(text, "%f", by[1])
		all = append(all, attack{set: by[0], name: text, steps: []step{simple(text)}})
	}
	for i, text := range madeOnTheWay() {
		by := sets[i%2]
		all = append(all, one(by[0], strings.ReplaceAll(text, "%f", by[1])))
	}
	for _, list := range [][]attack{unusualSchema(), unusualWrites(), unusualTables(), unusualReading(), unusualFunctions(), unusualSettings(), unusualPrivileges(), unusualFiles(), unusualSecrets(), unusualProtocol()} {
		all = append(all, list...)
	}
	return all
}

func unusualSchema() []attack {
	var all []attack
	for _, text := range []string{
		"CREATE SCHEMA s1 CREATE TABLE t1 (a integer) CREATE VIEW v1 AS SELECT 1 AS a", "CREATE TABLE copy_of (LIKE accounts INCLUDING ALL)", "CREATE TABLE typed OF coin", "ALTER TABLE events DETACH PARTITION events_low", "ALTER TABLE cats NO INHERIT animals", "CREATE TABLE events_more PARTITION OF events FOR VALUES FROM (1000) TO (2000)", "SELECT 1 AS a INTO TABLE new_one", "SELECT * INTO UNLOGGED new_two FROM orders",
		"EXPLAIN ANALYZE CREATE TABLE new_three AS SELECT 1 AS a", "PREPARE p AS SELECT 1 AS a; CREATE TABLE new_four AS EXECUTE p", "PREPARE p AS SELECT 1 AS a; EXPLAIN ANALYZE CREATE TABLE new_five AS EXECUTE p", "EXPLAIN (ANALYSE, SUMMARY off) CREATE MATERIALIZED VIEW new_six AS SELECT 1 AS a", "CREATE RULE r9 AS ON INSERT TO ledger DO INSTEAD NOTHING", "ALTER TABLE inbox DISABLE TRIGGER t", "ALTER TABLE inbox DISABLE TRIGGER ALL",
		"CREATE TEMP TABLE orders (a integer); DROP TABLE orders; DROP TABLE orders", "BEGIN; CREATE TEMP TABLE orders (a integer); ROLLBACK; DROP TABLE orders", "BEGIN; CREATE TEMP TABLE vault (a integer) ON COMMIT DROP; COMMIT; DROP TABLE vault CASCADE", "CREATE TEMP TABLE vault (a integer); DISCARD TEMP; DROP TABLE vault CASCADE", "SET search_path = public, pg_temp; CREATE TEMP TABLE vault (a integer); DROP TABLE vault CASCADE",
		"CREATE TEMP TABLE vault (a integer); SET search_path = public, pg_temp; DROP TABLE vault CASCADE", "CREATE TEMP TABLE vault (a integer); ALTER TABLE vault RENAME TO another; DROP TABLE vault CASCADE", "BEGIN; SAVEPOINT a; CREATE TEMP TABLE vault (a integer); ROLLBACK TO a; DROP TABLE vault CASCADE; COMMIT", "CREATE TEMP TABLE vault (a integer); DROP TABLE vault, public.vault CASCADE", "CREATE TEMP TABLE z (a integer); DROP TABLE z, vault CASCADE",
		"CREATE TEMP TABLE vault (a integer); DROP TABLE vault; DROP TABLE IF EXISTS vault CASCADE", `DROP TABLE IF EXISTS U&"v\0061ult" CASCADE`, `DROP TABLE IF EXISTS nothing, "vault" CASCADE`, `DROP TABLE IF EXISTS public . /* x */ vault CASCADE`, `DROP TABLE IF EXISTS U&"v!0061ult" UESCAPE '!' CASCADE`, "DROP VIEW IF EXISTS nothing, ruled", "DROP FUNCTION IF EXISTS wipe", "DROP ROUTINE wipe", "DROP TYPE IF EXISTS coin CASCADE", "DROP TABLE IF EXISTS \"Mixed Case\"",
		"CREATE TEMP TABLE z (a integer); CREATE INDEX ON z (a); CREATE INDEX ON orders (cents)", "CREATE TEMP SEQUENCE q; ALTER TABLE orders ALTER cents SET DEFAULT nextval('q')", "CREATE TEMP VIEW v AS SELECT 1 AS a; CREATE OR REPLACE VIEW accounts_view AS SELECT id, owner, secret, balance FROM accounts WHERE false", "CREATE STATISTICS s ON id, owner FROM accounts", "CREATE COLLATION c FROM \"C\"", "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)", "CREATE PUBLICATION p FOR ALL TABLES",
		"CREATE TYPE e AS ENUM ('a')", "CREATE DOMAIN d AS integer", "ALTER SEQUENCE ledger_id_seq RENAME TO q", "ALTER INDEX accounts_pkey RENAME TO q", "ALTER TABLE IF EXISTS vault RENAME COLUMN secret TO s", "ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_default; ALTER TABLE vault ALTER secret SET STATISTICS 7; ALTER TABLE vault ALTER secret SET NOT NULL", "COMMENT ON COLUMN vault.secret IS 'x'", "REFRESH MATERIALIZED VIEW vault_stored", "VACUUM (FULL) vault", "CLUSTER accounts USING accounts_pkey", "REINDEX (VERBOSE) TABLE accounts",
		"TRUNCATE ONLY orders", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION nothing(); DROP OPERATOR @@@ (integer, integer)", "DROP CAST (integer AS coin)", "DROP AGGREGATE wipe_all(integer)", "DROP OWNED BY guarded", "DROP SCHEMA IF EXISTS side CASCADE", "CREATE TABLE IF NOT EXISTS new_seven ()", "ALTER FUNCTION wipe() STABLE; ALTER FUNCTION wipe() RENAME TO wiped", "ALTER FUNCTION wipe() SET search_path = side", "ALTER EXTENSION plpgsql ADD TABLE vault; DROP EXTENSION plpgsql CASCADE",
		"INSERT INTO pg_class SELECT * FROM pg_class WHERE false; DELETE FROM pg_trigger WHERE tgname = 't'", "UPDATE pg_catalog.pg_proc SET prosrc = 'SELECT 1' WHERE proname = 'wipe_sql'", "WITH d AS (DELETE FROM pg_rewrite WHERE rulename = 'r' RETURNING 1) SELECT * FROM d",
	} {
		all = append(all, one("schema", text))
		if strings.Contains(text, "; ") && !strings.Contains(text, "VACUUM") {
			all = append(all, attack{set: "schema", name: text + " (as one text)", steps: []step{simple(text)}, uncontrolled: "the statements have shown it"})
		}
	}
	return all
}

func unusualWrites() []attack {
	var all []attack
	for _, text := range []string{
		"CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM vault; END; SELECT f()", "CREATE FUNCTION f() RETURNS integer LANGUAGE sql RETURN wipe(); SELECT f()", "BEGIN; CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM vault'; SELECT f(); COMMIT", "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT'; SELECT f(); CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM vault'; SELECT f()",
		"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT'; PREPARE p AS SELECT f(); EXECUTE p; CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM vault'; EXECUTE p", "CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'; BEGIN; DECLARE c CURSOR FOR SELECT f(); CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS 'BEGIN DELETE FROM vault; RETURN 1; END'; FETCH c; COMMIT",
		"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT'; CREATE VIEW v AS SELECT f(); CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM vault'; SELECT * FROM v", "ALTER FUNCTION wipe() RENAME TO harmless; SELECT harmless()", "ALTER FUNCTION wipe() SET SCHEMA side; SELECT side.wipe()", "ALTER TABLE ledger ALTER what SET DEFAULT wipe()::text; INSERT INTO ledger DEFAULT VALUES", "CREATE TRIGGER x BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION inbox_insert(); INSERT INTO ledger (what) VALUES ('x')",
		"CREATE TRIGGER x AFTER UPDATE ON orders REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION after_anything(); UPDATE orders SET cents = 1 WHERE id = 1", "CREATE CONSTRAINT TRIGGER x AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inbox_insert(); BEGIN; INSERT INTO ledger (what) VALUES ('x'); COMMIT", "CREATE CONSTRAINT TRIGGER x AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inbox_insert(); BEGIN; INSERT INTO ledger (what) VALUES ('x'); SET CONSTRAINTS ALL IMMEDIATE; COMMIT",
		"CREATE INDEX ON orders ((wipe_lie(id)))", "ALTER TABLE orders ADD CHECK (wipe_lie(cents))", "ALTER TABLE orders ALTER cents TYPE integer USING wipe_lie(cents)::integer", "ALTER TABLE orders ADD COLUMN x integer DEFAULT wipe()", "ALTER TABLE orders ADD COLUMN x boolean GENERATED ALWAYS AS (wipe_lie(id)) STORED", "CREATE MATERIALIZED VIEW m AS SELECT wipe()", "CREATE MATERIALIZED VIEW m AS SELECT wipe() WITH NO DATA; REFRESH MATERIALIZED VIEW m", "CREATE TABLE x AS SELECT wipe()", "CREATE TABLE x (a integer DEFAULT wipe()); INSERT INTO x VALUES (DEFAULT)",
		"CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; END'; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION ev(); CREATE TABLE x (a integer)", "ALTER DOMAIN checked ADD CHECK (VALUE > 0); SELECT 5::checked",

		"DO $$ BEGIN DELETE FROM vault WHERE id > 0 OR id <= 0; END $$", "DELETE FROM events", "DELETE FROM ONLY vault", "UPDATE vault * SET secret = 'x'", "DELETE FROM public.vault v WHERE v.ctid = v.ctid", "COPY (WITH d AS (DELETE FROM vault RETURNING 1) SELECT * FROM d) TO STDOUT", "CREATE TABLE x (id integer, secret text); INSERT INTO vault SELECT * FROM vault ON CONFLICT (id) DO UPDATE SET secret = 'gone'",
		"MERGE INTO vault v USING vault w ON v.id = w.id WHEN MATCHED THEN UPDATE SET secret = 'x'", "MERGE INTO vault USING (VALUES (1)) s (a) ON id > -5000000000 WHEN MATCHED THEN DELETE", "UPDATE vault SET secret = 'x' FROM (SELECT ARRAY(SELECT id FROM vault) AS l) s WHERE id = ANY (s.l)", "DELETE FROM vault WHERE secret LIKE ANY (ARRAY['%'])", "DELETE FROM vault WHERE id::text <> ''", "DELETE FROM vault WHERE (SELECT count(*) FROM vault w WHERE w.id = vault.id) > 0", "DELETE FROM vault WHERE id IN (SELECT id FROM vault LIMIT 1000000000)",
		"DELETE FROM vault_view WHERE true", "DELETE FROM vault_view_view", "CREATE VIEW x AS SELECT * FROM vault; DELETE FROM x", "CREATE VIEW x AS SELECT id AS i FROM vault; DELETE FROM x WHERE i = i", "CREATE RULE x AS ON INSERT TO ledger DO ALSO DELETE FROM vault; INSERT INTO ledger (what) VALUES ('a')", "CREATE RULE x AS ON UPDATE TO orders DO INSTEAD UPDATE vault SET secret = 'x'; UPDATE orders SET cents = 1 WHERE id = 1",
		"DELETE FROM animals WHERE id IN (SELECT id FROM ONLY cats) OR true",
	} {
		a := one("writes", text)
		a.kinds = "rows public.vault,rows public.wide,rows public.events*"
		all = append(all, a)
	}
	return all
}

func unusualTables() []attack {
	var all []attack
	for _, text := range []string{
		`DELETE FROM U&"v\0061ult"`, `DELETE FROM "public" . "vault"`, "DELETE FROM VAULT *", "DELETE FROM ONLY (vault)", "UPDATE vault v SET secret = 'x' WHERE v.id = 1", "COPY vault FROM STDIN", "COPY vault (id) FROM STDIN WHERE id > 0", "INSERT INTO vault_view VALUES (99, 'x')", "CREATE VIEW x AS SELECT * FROM vault; DELETE FROM x", "CREATE VIEW x AS SELECT * FROM vault_view WHERE id > 0 WITH CHECK OPTION; UPDATE x SET secret = 'a'", "CREATE RULE x AS ON INSERT TO ledger DO ALSO DELETE FROM vault; INSERT INTO ledger (what) VALUES ('x')",
		"CREATE RULE x AS ON SELECT TO emptied DO INSTEAD SELECT id FROM vault; DROP SCHEMA public CASCADE", "CREATE TABLE x (id integer, secret text); ALTER TABLE vault INHERIT x; DELETE FROM x", "CREATE TABLE x (id integer, secret text) PARTITION BY LIST (id); ALTER TABLE vault DROP CONSTRAINT vault_pkey; ALTER TABLE x ATTACH PARTITION vault DEFAULT; DELETE FROM x", "CREATE TABLE x (id integer, secret text) PARTITION BY LIST (id); ALTER TABLE x ATTACH PARTITION vault DEFAULT; DELETE FROM x", "ALTER SCHEMA public RENAME TO p2; DELETE FROM p2.vault",
		"CREATE TEMP TABLE vault (id integer); PREPARE p AS DELETE FROM vault; DROP TABLE pg_temp.vault; EXECUTE p", "SET search_path = side; PREPARE p AS DELETE FROM vault; SET search_path = public; EXECUTE p", "CREATE FUNCTION f() RETURNS void LANGUAGE sql SET search_path = public AS 'DELETE FROM vault'; SELECT f()", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM vault; END'; SET search_path = side, public; ALTER FUNCTION f() SET search_path = public; SELECT f()", "CREATE TABLE x (id integer REFERENCES accounts ON DELETE CASCADE); ALTER TABLE vault ADD FOREIGN KEY (id) REFERENCES accounts ON DELETE CASCADE; DELETE FROM accounts WHERE id = 1",
		"UPDATE pg_class SET relname = 'x' WHERE relname = 'vault'", "WITH d AS (DELETE FROM vault RETURNING 1) SELECT * INTO x FROM d", "TRUNCATE ledger, vault", "TRUNCATE vault CONTINUE IDENTITY CASCADE", "LOCK vault; DELETE FROM vault_view_view", "SELECT 1 FROM vault FOR UPDATE; UPDATE vault_view SET secret = 'x'", "EXPLAIN (ANALYZE, WAL) DELETE FROM public.vault", "MERGE INTO vault USING (SELECT 1 AS a) s ON id = a WHEN MATCHED THEN DELETE", "MERGE INTO vault USING (SELECT 99 AS a) s ON id = a WHEN NOT MATCHED THEN INSERT VALUES (99, 'x')",
		"INSERT INTO vault TABLE vault ON CONFLICT (id) DO UPDATE SET secret = 'x'", "CREATE TABLE vault_copy (LIKE vault INCLUDING ALL); BEGIN; ALTER TABLE vault RENAME TO old; DELETE FROM old; COMMIT", "CREATE SCHEMA s CREATE VIEW x AS SELECT * FROM public.vault; DELETE FROM s.x", "CREATE OPERATOR CLASS oc FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 wipe_step(integer, integer); CREATE INDEX ON many (id oc)",
	} {
		a := one("vault", text)
		for i, part := range apart(text) {
			if strings.HasPrefix(part, "COPY ") {
				a.steps[i] = copyFrom(part, map[bool]string{true: "99\n", false: "99\tx\n"}[strings.Contains(part, "(id)")])
			}
		}
		all = append(all, a)
	}
	return all
}

// unusualReading is about what may not be read: the table vault, the column secret of accounts.
func unusualReading() []attack {
	var all []attack
	for _, text := range []string{
		"TABLE vault", "UPDATE vault SET id = NULL", "SELECT v FROM vault v", "SELECT * FROM vault TABLESAMPLE SYSTEM (100)", "SELECT * FROM ONLY (vault)", "WITH v AS (TABLE vault) TABLE v", "SELECT * FROM ROWS FROM (read_vault(), generate_series(1, 2)) r", "SELECT * FROM XMLTABLE('/x' PASSING (SELECT ('<x>' || secret || '</x>')::xml FROM vault LIMIT 1) COLUMNS a text PATH '.')",
		"INSERT INTO ledger (what) SELECT secret FROM vault RETURNING what", "UPDATE ledger SET what = secret FROM vault WHERE false; INSERT INTO ledger (what) SELECT secret FROM vault; SELECT what FROM ledger", "MERGE INTO ledger USING vault ON false WHEN NOT MATCHED THEN INSERT (what) VALUES (secret); SELECT what FROM ledger", "SELECT secret::integer FROM vault", "CREATE INDEX ON vault ((secret::integer))", "CREATE UNIQUE INDEX ON vault (left(secret, 12))", "ALTER TABLE vault ADD CHECK (secret::integer > 0)", "ALTER TABLE vault ADD COLUMN x integer GENERATED ALWAYS AS (secret::integer) STORED",
		"CREATE VIEW x AS SELECT * FROM vault; SELECT * FROM x", "CREATE MATERIALIZED VIEW x AS SELECT * FROM vault; SELECT * FROM x", "CREATE TABLE x AS TABLE vault; SELECT * FROM x", "CREATE RULE x AS ON INSERT TO ledger DO ALSO SELECT * FROM vault; INSERT INTO ledger (what) VALUES ('x')", "CREATE TABLE x (id integer, secret text); ALTER TABLE vault INHERIT x; SELECT * FROM x", "CREATE TABLE x (id integer, secret text); INSERT INTO x TABLE vault; TABLE x", "SELECT set_config('x.y', (SELECT secret FROM vault LIMIT 1), false); SHOW x.y", "LISTEN c; SELECT pg_notify('c', secret) FROM vault",
		"DO $$ BEGIN RAISE NOTICE '%', (SELECT secret FROM vault LIMIT 1); END $$", "DO $$ DECLARE r vault; BEGIN SELECT * INTO r FROM vault LIMIT 1; RAISE NOTICE '%', r.secret; END $$", "DO $$ DECLARE r vault%ROWTYPE; s vault.secret%TYPE; BEGIN FOR r IN TABLE vault LOOP s := r.secret; RAISE NOTICE '%', s; END LOOP; END $$", "DO $$ DECLARE c CURSOR FOR TABLE vault; r record; BEGIN OPEN c; FETCH c INTO r; RAISE NOTICE '%', r; END $$", "CREATE FUNCTION pg_temp.f() RETURNS SETOF vault LANGUAGE sql AS 'TABLE vault'; SELECT * FROM pg_temp.f()", "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql RETURN (SELECT max(secret) FROM vault); SELECT pg_temp.f()",
		"CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', NEW; RETURN NEW; END'; CREATE TRIGGER x BEFORE UPDATE ON vault FOR EACH ROW EXECUTE FUNCTION tell(); UPDATE vault SET id = 1 WHERE id = 1", "COPY vault TO STDOUT", "COPY vault (secret) TO STDOUT", "COPY (TABLE vault) TO STDOUT", "COPY (SELECT 1 FROM vault) TO STDOUT; COPY vault_stored TO STDOUT", "TABLE vault_stored",
		"BEGIN; DECLARE c BINARY CURSOR FOR TABLE vault; FETCH ALL c", "EXPLAIN (ANALYZE, VERBOSE) SELECT secret::integer FROM vault", "SELECT query_to_xml('TABLE vault', true, true, '')", "SELECT table_to_xml('vault', true, true, '')", "SELECT schema_to_xml('public', true, true, '')", "SELECT database_to_xml(true, true, '')", "BEGIN; DECLARE c CURSOR FOR SELECT 1; SELECT cursor_to_xml('c', 1, true, true, ''); COMMIT; SELECT query_to_xml_and_xmlschema('TABLE vault', true, true, '')", "SELECT * FROM ts_stat('SELECT array_to_tsvector(ARRAY[secret]) FROM vault')", "SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'vault'",
		"SELECT s FROM pg_stats s WHERE tablename = 'vault'", "SELECT stavalues1 FROM pg_statistic WHERE starelid = 'vault'::regclass", "SELECT to_jsonb(s) FROM pg_stats s WHERE tablename = 'vault'", "SELECT (pg_stats).histogram_bounds FROM pg_stats WHERE tablename = 'vault'", "CREATE EXTENSION pageinspect; SELECT get_raw_page('vault', 0)", "SELECT pg_read_binary_file(pg_relation_filepath('vault'))", "CREATE AGGREGATE pg_temp.g (text) (SFUNC = textcat, STYPE = text, INITCOND = ''); SELECT pg_temp.g(secret) FROM vault", "SELECT 1 FROM vault WHERE secret::integer > 0", "SELECT * FROM accounts JOIN LATERAL (SELECT secret AS s FROM vault WHERE vault.id = accounts.id) l ON true", "VALUES ((SELECT secret FROM vault LIMIT 1))",
		"SELECT count(*) FROM orders GROUP BY GROUPING SETS ((), ((SELECT secret::integer FROM vault LIMIT 1)))", "PREPARE p AS TABLE vault; EXECUTE p", "PREPARE p (text) AS SELECT $1; EXECUTE p ((SELECT 'x')); PREPARE q AS SELECT secret FROM vault; EXECUTE q", "SELECT pg_catalog.row_to_json(x) FROM public.vault x", `SELECT * FROM U&"v\0061ult"`, "CREATE TABLE x (a text CHECK (a <> 'x')); INSERT INTO x SELECT secret FROM vault; SELECT a FROM x", "CREATE DOMAIN d AS text CHECK (VALUE <> VALUE); SELECT secret::d FROM vault", "CREATE FUNCTION pg_temp.f(text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1::integer'; SELECT pg_temp.f(secret) FROM vault",
	} {
		a := one("reading", text)
		a.leaks = true
		all = append(all, a)
	}
	for _, text := range []string{
		"SELECT accounts FROM accounts", "SELECT secret_of(a) FROM accounts a", "SELECT a.secret_of FROM accounts a", "SELECT (a).secret_of FROM accounts a", "SELECT secret(a) FROM accounts a", "SELECT (a).* FROM accounts a", "SELECT a.* FROM accounts a (p, q, r)", "SELECT r FROM accounts a (p, q, r)", "SELECT * FROM accounts NATURAL JOIN accounts_view", "SELECT j.* FROM accounts JOIN orders USING (id) AS j; SELECT * FROM accounts JOIN orders USING (id)", "SELECT to_jsonb(a) -> 'secret' FROM accounts a", "TABLE accounts_view", "UPDATE accounts SET id = id WHERE id = 1 RETURNING *", "UPDATE accounts SET owner = secret; SELECT owner FROM accounts", "UPDATE accounts SET owner = secret WHERE id = 1 RETURNING owner",
		"SELECT max(secret) FROM accounts", "SELECT string_agg(secret, ',') FROM accounts", "SELECT first_value(secret) OVER () FROM accounts", "CREATE INDEX ON accounts ((secret::integer))", "ALTER TABLE accounts RENAME secret TO s; SELECT s FROM accounts", "CREATE TABLE x (LIKE accounts); INSERT INTO x TABLE accounts; SELECT x.secret FROM x", "CREATE TABLE x AS SELECT secret AS s FROM accounts; SELECT s FROM x", "SELECT 1 FROM accounts ORDER BY secret::integer", "SELECT xmlforest(secret) FROM accounts", "SELECT xmlelement(name a, xmlattributes(secret)) FROM accounts", "DO $$ DECLARE r accounts; BEGIN SELECT * INTO r FROM accounts LIMIT 1; RAISE NOTICE '%', r.secret; END $$",
		"UPDATE accounts SET owner = NULL WHERE id = 1", "UPDATE accounts SET active = NULL WHERE id = 1", "ALTER TABLE accounts ADD CONSTRAINT c CHECK (balance > 0); UPDATE accounts SET balance = -1 WHERE id = 1", "SELECT a.x FROM (SELECT * FROM accounts) a (i, o, x)", "SELECT (SELECT secret FROM accounts LIMIT 1)", "SELECT * FROM accounts WHERE secret::integer = 1", "SELECT DISTINCT ON (secret) secret FROM accounts", "MERGE INTO ledger USING accounts a ON false WHEN NOT MATCHED THEN INSERT (what) VALUES (a.secret); SELECT what FROM ledger",
		"INSERT INTO accounts (id, owner) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET owner = accounts.secret RETURNING owner", "INSERT INTO accounts (id, owner) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET owner = 'x' RETURNING *", "COPY accounts TO STDOUT", "COPY accounts (id, secret) TO STDOUT", "SELECT histogram_bounds FROM pg_stats WHERE tablename = 'accounts'", "SELECT array_agg(a) FROM accounts a", "SELECT json_agg(accounts) FROM accounts", "SELECT row(a.*) FROM accounts a", "SELECT a::text FROM accounts a", "SELECT hstore FROM (SELECT accounts AS hstore FROM accounts) x", "SELECT jsonb_populate_record(NULL::accounts, to_jsonb(a)) FROM accounts a", "SELECT * FROM json_to_recordset((SELECT json_agg(a) FROM accounts a)) AS x (secret text)",
		"SELECT v.secret FROM accounts_view v", "DELETE FROM accounts WHERE id = 1 RETURNING accounts", "CREATE VIEW x (a, b) AS SELECT id, secret FROM accounts; SELECT b FROM x", "CREATE FUNCTION pg_temp.f(accounts) RETURNS text LANGUAGE sql AS 'SELECT $1.secret'; SELECT pg_temp.f(a) FROM accounts a", "CREATE FUNCTION pg_temp.f(accounts) RETURNS text LANGUAGE sql AS 'SELECT $1.secret'; SELECT a.f FROM accounts a; SELECT f(a) FROM accounts a; SELECT pg_temp.f(accounts.*) FROM accounts", "SELECT count(secret::integer) FROM accounts",
	} {
		a := one("column", text)
		a.leaks = true
		all = append(all, a)
	}
	return all
}

func unusualFunctions() []attack {
	var all []attack
	for _, text := range []string{
		`SELECT U&"wip\0065"()`, `SELECT "public" . "wipe" ()`, "SELECT WIPE()", "SELECT 1 @@@ 2", "SELECT 1 OPERATOR(public.@@@) 2", "SELECT 1::checked", "SELECT wipe_all(id) FROM orders", "SELECT a.wipe_row FROM accounts a", "SELECT (a).wipe_row FROM accounts a", "INSERT INTO defaulted (id) VALUES (1)", "INSERT INTO constrained VALUES (1)", "INSERT INTO inbox VALUES (1)", "CALL purge()", "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT wipe()'; SELECT f()", "CREATE FUNCTION f() RETURNS integer RETURN wipe(); SELECT f()",
		"CREATE FUNCTION f(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT wipe_pair($1, $2)'; CREATE OPERATOR %%% (LEFTARG = integer, RIGHTARG = integer, FUNCTION = f); SELECT 1 %%% 2", "CREATE OPERATOR %%% (LEFTARG = integer, RIGHTARG = integer, FUNCTION = wipe_pair); SELECT 1 %%% 2", "CREATE AGGREGATE g (integer) (SFUNC = wipe_step, STYPE = integer); SELECT g(id) FROM orders", "ALTER FUNCTION wipe() RENAME TO fine; SELECT fine()", "ALTER ROUTINE wipe() RENAME TO fine; SELECT fine()", "ALTER FUNCTION wipe() SET SCHEMA side; SELECT side.wipe()", "ALTER SCHEMA public RENAME TO p2; SELECT p2.wipe_sql(); SELECT p2.wipe()",
		"UPDATE pg_proc SET proname = 'fine' WHERE proname = 'wipe'; SELECT fine()", "CREATE FUNCTION lu(oid) RETURNS integer LANGUAGE internal AS 'be_lo_unlink'; SELECT lu(424242)", "CREATE FUNCTION pg_temp.lu(oid) RETURNS integer LANGUAGE internal STRICT AS 'be_lo_unlink'; SELECT pg_temp.lu(424242)", "CREATE FUNCTION lp(oid, bigint, bytea) RETURNS void LANGUAGE internal AS 'be_lo_put'; SELECT lp(424242, 0, 'gone')", "CREATE OPERATOR !! (RIGHTARG = oid, FUNCTION = lo_unlink); SELECT !! 424242::oid", "CREATE CAST (oid AS boolean) WITH FUNCTION lo_unlink(oid); SELECT pg_catalog.lo_unlink(424242)",
		"DELETE FROM pg_largeobject", "UPDATE pg_largeobject SET data = 'x' WHERE loid = 424242", "DO $$ BEGIN EXECUTE replace(replace(pg_get_functiondef('wipe()'::regprocedure), 'public.wipe', 'public.fine'), 'x', 'x'); PERFORM fine(); END $$", "CREATE OPERATOR CLASS oc FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 wipe_step(integer, integer); CREATE INDEX ON orders (id oc)", "CREATE TRIGGER x BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION inbox_insert(); INSERT INTO ledger (what) VALUES ('x')",
		"CREATE VIEW x AS SELECT wipe(); TABLE x", "ALTER TABLE ledger ALTER what SET DEFAULT wipe()::text; INSERT INTO ledger DEFAULT VALUES", "PREPARE p AS SELECT wipe(); EXECUTE p", "SELECT * FROM ts_stat('SELECT to_tsvector(wi' || 'pe()::text)')", "SELECT query_to_xml('SELECT wi' || 'pe()', true, true, '')", "COPY ledger (what) FROM STDIN WHERE wipe() = 1", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'DECLARE a text := ''wipe''; BEGIN EXECUTE ''SELECT '' || a || ''()''; END'; SELECT f()", "CREATE INDEX ON orders (wipe_lie(id))", "CREATE TABLE x (a integer, b boolean GENERATED ALWAYS AS (wipe_lie(a)) STORED); INSERT INTO x VALUES (1)",
		"CREATE TYPE y AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = f8diff); SELECT wipe_pair(1, 2)", "CREATE DOMAIN y AS integer CHECK (wipe_check(VALUE)); CREATE TABLE x (a y[]); INSERT INTO x VALUES ('{1}')", "CREATE DOMAIN y AS integer CHECK (wipe_check(VALUE)); SELECT jsonb_populate_record(NULL::z, '{\"a\": 1}') FROM (SELECT 1) s; SELECT '1'::y", "SELECT * FROM jsonb_to_record('{\"a\": 1}') AS x (a checked)", "SELECT * FROM jsonb_to_recordset('[{\"a\": 1}]') AS x (a checked)", "SELECT * FROM XMLTABLE('/a' PASSING '<a>1</a>' COLUMNS a checked PATH '.')", "CREATE TYPE y AS (a checked); SELECT '(1)'::y", "CREATE TABLE x (a checked); SELECT jsonb_populate_record(NULL::x, '{\"a\": 1}')", "SELECT '{1,2}'::checked[]",
		"CREATE TEMP TABLE z (a checked); INSERT INTO z VALUES (1)", "CREATE TEMP TABLE z (a checked); COPY z FROM STDIN", "DO $$ DECLARE a checked := 1; BEGIN NULL; END $$", "DO $$ DECLARE a checked; BEGIN a := 5; END $$", "CREATE FUNCTION pg_temp.f(a checked) RETURNS integer LANGUAGE sql AS 'SELECT 1'; SELECT pg_temp.f(1)", "CREATE FUNCTION pg_temp.f() RETURNS checked LANGUAGE sql AS 'SELECT 1'; SELECT pg_temp.f()", "PREPARE p (checked) AS SELECT $1; EXECUTE p (1)", "SELECT CASE WHEN true THEN 1 END::checked", "WITH a (x) AS (VALUES (1)) SELECT x::public.checked FROM a", "SELECT XMLCAST('1' AS text); SELECT xmlserialize(content '1' AS text)::checked",
	} {
		a := one("functions", text)
		for i, part := range apart(text) {
			if strings.HasPrefix(part, "COPY ") {
				a.steps[i] = copyFrom(part, "1\n")
			}
		}
		a.kinds = "rows public.vault,largeobject"
		all = append(all, a)
	}
	return all
}

func unusualSettings() []attack {
	var all []attack
	for _, text := range []string{
		`SET "work_mem" = '99MB'`, `SET U&"work\005fmem" = '99MB'`, "SET WORK_MEM TO '99MB'", "SET SESSION work_mem = '99MB'", "SELECT pg_catalog.set_config('WORK_MEM', '99MB', false)", "SELECT set_config('work' || '_mem', '99MB', false)", "UPDATE pg_settings SET setting = '99000' WHERE name = 'work_mem'", "CREATE VIEW s AS SELECT * FROM pg_settings; UPDATE s SET setting = '99000' WHERE name = 'work_mem'", "CREATE TEMP VIEW s AS SELECT name AS n, setting AS v FROM pg_settings; UPDATE s SET v = '99000' WHERE n = 'work_mem'",
		"CREATE RULE r AS ON INSERT TO ledger DO ALSO UPDATE pg_settings SET setting = '99000' WHERE name = 'work_mem'; INSERT INTO ledger (what) VALUES ('x')", "CREATE FUNCTION sc(text, text, boolean) RETURNS text LANGUAGE internal AS 'set_config_by_name'; SELECT sc('work_mem', '99MB', false)", "CREATE AGGREGATE sc (text, boolean) (SFUNC = set_config, STYPE = text, INITCOND = 'work_mem'); SELECT sc('99MB', false)", "CREATE AGGREGATE pg_temp.sc (text, boolean) (SFUNC = pg_catalog.set_config, STYPE = text, INITCOND = 'work_mem'); SELECT pg_temp.sc('99MB', false)", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT set_config(''work_mem'', ''99MB'', false)'; SELECT f()",
		"CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN set_config('work_mem', '99MB', false); SELECT f()", "CREATE FUNCTION f(text, text) RETURNS text LANGUAGE sql AS 'SELECT set_config($1, $2, false)'; SELECT f('work_mem', '99MB')", "DO $$ BEGIN SET work_mem = '99MB'; END $$", "DO $$ BEGIN EXECUTE 'SET work' || '_mem = ''99MB'''; END $$", "DO $$ BEGIN PERFORM set_config('work_mem', '99MB', false); END $$", "PREPARE p AS SELECT set_config('work_mem', $1, false); EXECUTE p ('99MB')", "PREPARE p (text) AS SELECT set_config($1, '99MB', false); EXECUTE p ('work_mem')", "BEGIN; SET LOCAL work_mem = '1MB'; SET work_mem = '99MB'; COMMIT",
		"SELECT * FROM ts_stat('SELECT to_tsvector(set_config(''work_mem'', ''99MB'', false))')", "SELECT query_to_xml('SELECT set_config(''work_mem'', ''99MB'', false)', true, true, '')", "EXPLAIN ANALYZE SELECT set_config('work_mem', '99MB', false)", "COPY (SELECT set_config('work_mem', '99MB', false)) TO STDOUT", "INSERT INTO ledger (what) VALUES (set_config('work_mem', '99MB', false))",
	} {
		a := one("settings", text)
		a.probe = "SHOW work_mem"
		all = append(all, a)
	}
	for _, text := range []string{"SET SCHEMA 'side'", "SET LOCAL SCHEMA 'x'; SET SCHEMA 'side'", "SET search_path TO side, public", "SELECT set_config('search_path', 'side', false)", `SET SCHEMA U&'s\0069de'`} {
		a := one("settings", text)
		a.probe = "SHOW search_path"
		all = append(all, a)
	}
	for _, set := range []string{"settings", "privileges"} {
		for _, text := range []string{"SET ROLE bystander", "SET SESSION ROLE bystander", `SET ROLE "bystander"`, "SET role TO bystander", "SET role = 'bystander'", "SELECT set_config('role', 'bystander', false)", "UPDATE pg_settings SET setting = 'bystander' WHERE name = 'role'", "CREATE VIEW s AS SELECT * FROM pg_settings; UPDATE s SET setting = 'bystander' WHERE name = 'role'", "DO $$ BEGIN SET ROLE bystander; END $$", "DO $$ BEGIN EXECUTE 'SET ROLE bystander'; END $$", "SET SESSION AUTHORIZATION bystander", "SET session_authorization = bystander", "SELECT set_config('session_authorization', 'bystander', false)",
			"CREATE FUNCTION sc(text, text, boolean) RETURNS text LANGUAGE internal AS 'set_config_by_name'; SELECT sc('role', 'bystander', false)", "CREATE AGGREGATE sc (text, boolean) (SFUNC = set_config, STYPE = text, INITCOND = 'role'); SELECT sc('bystander', false)", "CREATE PROCEDURE f() LANGUAGE sql AS 'SET ROLE bystander'; CALL f()", "CREATE PROCEDURE f() LANGUAGE plpgsql AS 'BEGIN SET ROLE bystander; END'; CALL f()", "BEGIN; SET LOCAL ROLE bystander"} {
			a := one(set, text)
			a.probe = "SELECT current_user"
			all = append(all, a)
		}
	}
	return all
}

func unusualPrivileges() []attack {
	var all []attack
	for _, text := range []string{
		"CREATE SCHEMA s CREATE TABLE t (a integer) GRANT SELECT ON t TO PUBLIC", "CREATE SCHEMA AUTHORIZATION friend CREATE TABLE t (a integer) GRANT ALL ON t TO PUBLIC", "CREATE ROLE x IN ROLE friend", "CREATE USER x SUPERUSER", "CREATE GROUP x", "ALTER GROUP friend ADD USER guarded", "GRANT friend TO guarded", "ALTER ROLE bystander SUPERUSER", "ALTER USER bystander PASSWORD 'x'", "ALTER ROLE ALL SET work_mem = '9MB'", "ALTER ROLE guarded IN DATABASE template1 SET work_mem = '9MB'", "ALTER DATABASE template1 SET work_mem = '9MB'", "ALTER SYSTEM SET work_mem = '9MB'", "ALTER TABLE accounts DISABLE ROW LEVEL SECURITY", "ALTER TABLE accounts FORCE ROW LEVEL SECURITY", "ALTER TABLE vault ENABLE ROW LEVEL SECURITY",
		"CREATE POLICY p ON accounts USING (true)", "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC", "GRANT SELECT (secret) ON accounts TO PUBLIC", "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC", "REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT ALL ON SCHEMA public TO bystander WITH GRANT OPTION", "GRANT SET ON PARAMETER work_mem TO bystander; GRANT ALL ON FUNCTION wipe() TO bystander", "UPDATE pg_authid SET rolsuper = true WHERE rolname = 'bystander'", "UPDATE pg_class SET relacl = '{=r/guarded}' WHERE relname = 'vault'", "DO $$ BEGIN GRANT SELECT ON vault TO PUBLIC; END $$", "DO $$ BEGIN EXECUTE 'GRANT SEL' || 'ECT ON vault TO PUBLIC'; END $$",
		"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'GRANT SELECT ON vault TO PUBLIC'; SELECT f()", "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE ROLE x; END'; SELECT pg_temp.f()", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN CREATE ROLE x; RETURN NEW; END'; CREATE TRIGGER x BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION f(); INSERT INTO ledger (what) VALUES ('x')", "CREATE VIEW x AS SELECT * FROM pg_authid; UPDATE x SET rolsuper = true WHERE rolname = 'bystander'", "CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION ev()",
		"SELECT pg_create_physical_replication_slot('s')", "SELECT * FROM pg_create_logical_replication_slot('s', 'pgoutput')", "CREATE FUNCTION f(name, boolean, boolean) RETURNS record LANGUAGE internal AS 'pg_create_physical_replication_slot'; SELECT f('s', false, false)", "SELECT query_to_xml('SELECT pg_create_physical_replication_slot(''s'')', true, true, '')", "DROP ROLE friend", "ALTER ROLE friend RENAME TO foe", "REASSIGN OWNED BY guarded TO bystander; REVOKE friend FROM bystander",
	} {
		all = append(all, one("privileges", text))
	}
	return all
}

func unusualFiles() []attack {
	var all []attack
	add := func(leaks bool, list ...string) {
		for _, text := range list {
			a := attack{set: "files", name: text, leaks: leaks}
			for _, part := range apart(text) {
				a.steps = append(a.steps, inPlace(part))
			}
			all = append(all, a)
		}
	}
	add(false, "COPY (SELECT 1) TO '%dir%/out.a'", "COPY ledger TO PROGRAM 'cat > %dir%/out.b'", "COPY vault (id) TO '%dir%/out.c' (FORMAT binary)", "DO $$ BEGIN COPY ledger TO '%dir%/out.d'; END $$", "DO $$ BEGIN EXECUTE 'COPY ledger TO ''%dir%/out.e'''; END $$", "SELECT lo_export(424242, '%dir%/out.f')", "CREATE FUNCTION le(oid, text) RETURNS integer LANGUAGE internal AS 'be_lo_export'; SELECT le(424242, '%dir%/out.g')", "CREATE FUNCTION pg_temp.le(oid, text) RETURNS integer LANGUAGE internal AS 'be_lo_export'; SELECT pg_temp.le(424242, '%dir%/out.h')", "CREATE OPERATOR !> (LEFTARG = oid, RIGHTARG = text, FUNCTION = lo_export); SELECT 424242::oid !> '%dir%/out.i'",
		"CREATE AGGREGATE ex (text) (SFUNC = lo_export, STYPE = oid, INITCOND = '424242'); SELECT query_to_xml('SELECT lo_export(424242, ''%dir%/out.j'')', true, true, '')", "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'COPY ledger TO ''%dir%/out.k'''; SELECT f()", "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS 'BEGIN COPY public.ledger TO ''%dir%/out.l''; END'; SELECT pg_temp.f()", "CREATE FUNCTION sh(text) RETURNS integer LANGUAGE c AS 'libc.so.6', 'system'; SELECT sh('touch %dir%/out.m'); CREATE EXTENSION adminpack", "CREATE EXTENSION file_fdw; CREATE SERVER f FOREIGN DATA WRAPPER file_fdw", "SELECT * FROM ts_stat('SELECT to_tsvector(lo_export(424242, ''%dir%/out.n'')::text)')",
		"CREATE LANGUAGE l HANDLER plpgsql_call_handler", "PREPARE p AS SELECT lo_export(424242, $1); EXECUTE p ('%dir%/out.p')")
	add(true, "SELECT pg_read_file('%dir%/secret.txt')", "SELECT pg_catalog.pg_read_file(filename => '%dir%/secret.txt')", "COPY ledger (what) FROM '%dir%/secret.txt'; SELECT what FROM ledger", "COPY ledger (what) FROM PROGRAM 'cat %dir%/secret.txt'; SELECT what FROM ledger", "CREATE FUNCTION rf(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'; SELECT rf('%dir%/secret.txt')", "CREATE FUNCTION rf(text) RETURNS text LANGUAGE internal AS 'pg_read_file_v2'; CREATE FUNCTION rg(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'; SELECT rg('%dir%/secret.txt')", "CREATE AGGREGATE rd (bigint, bigint) (SFUNC = pg_read_file, STYPE = text, INITCOND = '%dir%/secret.txt'); SELECT rd(0, 100)",
		"CREATE OPERATOR !! (RIGHTARG = text, FUNCTION = pg_read_file); SELECT !! '%dir%/secret.txt'::text", "CREATE TYPE path AS (a text); CREATE FUNCTION rp(path) RETURNS text LANGUAGE sql AS 'SELECT pg_read_file($1.a)'; SELECT (ROW('%dir%/secret.txt')::path).rp", "CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN pg_read_file('%dir%/secret.txt'); SELECT f()", "SELECT query_to_xml('SELECT pg_read_file(''%dir%/secret.txt'')', true, true, '')", "SELECT lo_import('%dir%/secret.txt', 77); SELECT convert_from(lo_get(77), 'UTF8')", "SELECT * FROM ts_stat('SELECT to_tsvector(pg_read_file(''%dir%/secret.txt''))'); SELECT pg_read_file('%dir%/secret.txt')", "DO $$ BEGIN RAISE NOTICE '%', pg_read_file('%dir%/secret.txt'); END $$", "SELECT convert_from(pg_read_binary_file('%dir%/secret.txt'), 'UTF8')")
	return all
}

func unusualSecrets() []attack {
	var all []attack
	for _, text := range []string{
		"SELECT s FROM pg_foreign_server s", "SELECT s.* FROM pg_foreign_server s", "SELECT (s).srvoptions FROM pg_foreign_server s", "SELECT to_jsonb(x) FROM pg_user_mapping x", "SELECT umoptions FROM pg_user_mappings", "SELECT * FROM pg_options_to_table((SELECT srvoptions FROM pg_foreign_server))", "SELECT * FROM information_schema.user_mapping_options", "SELECT * FROM information_schema.foreign_server_options", "SELECT * FROM information_schema._pg_foreign_servers", "SELECT * FROM information_schema.foreign_data_wrapper_options", "TABLE pg_subscription", "SELECT e FROM pg_subscription s (a, b, c, d, x, f, g, h, i, j, e, k, l, m)", "SELECT p.subconninfo FROM pg_catalog.pg_subscription p", "COPY pg_subscription TO STDOUT", "COPY pg_user_mapping TO STDOUT", "COPY pg_foreign_server (srvoptions) TO STDOUT",
		"SELECT query_to_xml('SELECT * FROM pg_subscription', true, true, '')", "SELECT table_to_xml('pg_subscription', true, true, '')", "SELECT schema_to_xml('pg_catalog', true, true, '')", "SELECT * FROM ts_stat('SELECT array_to_tsvector(ARRAY[subconninfo]) FROM pg_subscription')", "SELECT subconninfo::integer FROM pg_subscription", "SELECT srvoptions[1]::integer FROM pg_foreign_server", "SELECT 1 FROM pg_foreign_server WHERE srvoptions[1]::integer = 1", "CREATE TABLE x AS SELECT * FROM pg_subscription; TABLE x", "CREATE VIEW x AS SELECT * FROM pg_subscription; TABLE x", "CREATE TEMP VIEW x AS SELECT umoptions FROM pg_user_mapping; TABLE x", "SELECT fdwoptions FROM pg_foreign_data_wrapper", "SELECT f FROM pg_foreign_data_wrapper f", "SELECT histogram_bounds FROM pg_stats WHERE tablename = 'vault'",
		"SELECT stavalues1 FROM pg_statistic", "SELECT convert_from(lo_get(424242), 'UTF8')", "SELECT convert_from(data, 'UTF8') FROM pg_largeobject", "CREATE FUNCTION lg(oid) RETURNS bytea LANGUAGE internal AS 'be_lo_get'; SELECT convert_from(lg(424242), 'UTF8')", "CREATE FUNCTION pg_temp.lg(oid) RETURNS bytea LANGUAGE internal AS 'be_lo_get'; SELECT convert_from(pg_temp.lg(424242), 'UTF8')", "BEGIN; SELECT convert_from(loread(lo_open(424242, 262144), 100), 'UTF8')", "CREATE OPERATOR !! (RIGHTARG = oid, FUNCTION = lo_get); SELECT convert_from(!! 424242::oid, 'UTF8')", "DO $$ BEGIN RAISE NOTICE '%', (SELECT max(subconninfo) FROM pg_subscription); END $$", "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT max(subconninfo) FROM pg_subscription'; SELECT pg_temp.f()",
		"SELECT * FROM pg_subscription NATURAL JOIN pg_database", "SELECT array_agg(s) FROM pg_subscription s", "SELECT json_agg(u) FROM pg_user_mappings u", "INSERT INTO ledger (what) SELECT subconninfo FROM pg_subscription RETURNING what", "UPDATE pg_subscription SET subname = subname RETURNING *", "ALTER SERVER faraway OPTIONS (SET password 'y'); SELECT option_value FROM information_schema.user_mapping_options", "PREPARE p AS TABLE pg_subscription; EXECUTE p", "BEGIN; DECLARE c CURSOR FOR TABLE pg_subscription; FETCH c", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.what := (SELECT max(subconninfo) FROM pg_subscription); RETURN NEW; END'; CREATE TRIGGER x BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION f(); INSERT INTO ledger (what) VALUES ('x') RETURNING what",
	} {
		a := one("secrets", text)
		a.leaks = true
		all = append(all, a)
	}
	return all
}

func unusualProtocol() []attack {
	parse := func(name, text string) *pgproto3.Parse { return &pgproto3.Parse{Name: name, Query: text} }
	run := func(name string) []pgproto3.FrontendMessage {
		return []pgproto3.FrontendMessage{&pgproto3.Bind{PreparedStatement: name}, &pgproto3.Execute{}, &pgproto3.Sync{}}
	}
	var all []attack
	add := func(set, name string, steps ...step) { all = append(all, attack{set: set, name: name, steps: steps}) }
	add("writes", "a function replaced between Parse and Bind", simple("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT'"),
		messages(1, parse("a", "SELECT f()"), &pgproto3.Sync{}), messages(1, run("a")...), simple("CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM vault'"), simple("EXECUTE a"))
	add("writes", "a function replaced in the same pipeline", simple("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT'"),
		messages(1, parse("", "CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM vault'"), &pgproto3.Bind{}, &pgproto3.Execute{}, parse("", "SELECT f()"), &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{}))
	add("writes", "a function replaced between Bind and Execute", simple("CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'"),
		messages(1, parse("a", "SELECT f()"), &pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "a"}, parse("", "CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS 'BEGIN DELETE FROM vault; RETURN 1; END'"), &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Execute{Portal: "p"}, &pgproto3.Sync{}))
	add("writes", "a function made and called in one text", simple("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM vault'; SELECT f()"))
	add("writes", "a view made and written through in one text", simple("CREATE VIEW x AS SELECT * FROM vault; DELETE FROM x"))
	add("vault", "a view made and written through in one text", simple("CREATE VIEW x AS SELECT * FROM vault; DELETE FROM x"))
	add("vault", "a rule made and set off in one text", simple("CREATE RULE x AS ON INSERT TO ledger DO ALSO DELETE FROM vault; INSERT INTO ledger (what) VALUES ('x')"))
	add("vault", "a trigger made and set off in one text", simple("CREATE TRIGGER x BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION inbox_insert(); INSERT INTO ledger (what) VALUES ('x')"))
	add("vault", "a view replaced behind a prepared statement", simple("CREATE VIEW x AS SELECT id, what FROM ledger"), messages(1, parse("a", "DELETE FROM x"), &pgproto3.Sync{}), simple("DROP VIEW x"),
		simple("CREATE VIEW x AS SELECT id, secret AS what FROM vault"), messages(1, run("a")...))
	add("vault", "a table replaced by a view behind a prepared statement", simple("CREATE TABLE x (id integer)"), simple("PREPARE a AS DELETE FROM x"), simple("DROP TABLE x"), simple("CREATE VIEW x AS SELECT id FROM vault"), simple("EXECUTE a"))
	add("vault", "a temporary table gone behind a prepared statement", simple("CREATE TABLE side.x (id integer)"), simple("CREATE TEMP TABLE y AS SELECT 1 AS id"), messages(1, parse("a", "DELETE FROM y"), &pgproto3.Sync{}), simple("DROP TABLE y"), simple("CREATE VIEW y AS SELECT id FROM vault"), messages(1, run("a")...))
	add("vault", "another session's view", simple("CREATE VIEW x AS SELECT id FROM vault"), func(c *client) error { return simple("DELETE FROM x")(c) })
	add("schema", "DROP behind a Flush without a Sync", messages(1, parse("", "SELECT 1"), &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Flush{}, parse("", "DROP TABLE vault CASCADE"), &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Flush{}, &pgproto3.Sync{}))
	add("schema", "DROP by Parse, closed and executed by its portal", messages(1, parse("a", "DROP TABLE vault CASCADE"), &pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "a"}, &pgproto3.Close{ObjectType: 'S', Name: "a"}, &pgproto3.Execute{Portal: "p"}, &pgproto3.Sync{}))
	add("schema", "a Query between Parse and Bind", messages(1, parse("a", "DROP TABLE vault CASCADE"), &pgproto3.Query{String: "SELECT 1"}), messages(1, run("a")...))
	add("writes", "a byte order mark before the text", simple("\ufeffSELECT 1"), simple("DELETE\u00a0FROM vault"), simple("DELETE\vFROM vault"))
	add("writes", "a named cursor's portal", simple("BEGIN"), simple("DECLARE c CURSOR FOR SELECT wipe()"), messages(1, &pgproto3.Execute{Portal: "c"}, &pgproto3.Sync{}), simple("COMMIT"))
	return all
}
