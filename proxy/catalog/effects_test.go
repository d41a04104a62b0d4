package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// hiding makes functions that read vault.secret, and one that cannot be read.
const hiding = `
CREATE TABLE vault (id int PRIMARY KEY, secret text, other text);
CREATE TABLE plain (id int, note text);
CREATE FUNCTION leak() RETURNS text LANGUAGE sql STABLE AS 'SELECT max(secret) FROM vault';
CREATE FUNCTION leak(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT max(secret) FROM public.vault v WHERE $1 IS NOT NULL); END';
CREATE FUNCTION leak(text, text) RETURNS bool LANGUAGE sql AS 'SELECT leak($1) IS NOT NULL';
CREATE FUNCTION leaks() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := leak(); RETURN NEW; END';
CREATE FUNCTION builds(text) RETURNS text LANGUAGE plpgsql AS 'DECLARE r text; BEGIN EXECUTE $1 INTO r; RETURN r; END';
CREATE FUNCTION harmless(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';
CREATE FUNCTION other() RETURNS text LANGUAGE sql AS 'SELECT max(other) FROM vault';
`

// Everything in which a user may hide that a table is read.
func TestAReadIsFoundWhereverItHides(t *testing.T) {
	db := postgres(t)
	conn := db.connect(t, "postgres", db.database(t, hiding))
	for _, c := range []struct{ name, sql, statement string }{
		{"a function", "", "SELECT leak()"},
		{"a function in PL/pgSQL", "", "SELECT leak(note) FROM plain"},
		{"a function that calls one", "", "SELECT leak('a', 'b')"},
		{"functions that call each other", "CREATE FUNCTION a(int) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN b($1); END'; CREATE FUNCTION b(int) RETURNS text LANGUAGE plpgsql AS 'BEGIN IF $1 > 0 THEN RETURN a($1); END IF; RETURN leak(); END'", "SELECT a(1)"},
		{"a body that is kept as a tree", "CREATE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT max(secret) FROM vault; END", "SELECT f()"},
		{"a RETURN", "CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN (SELECT max(secret) FROM vault)", "SELECT f()"},
		{"a SECURITY DEFINER with a path", "CREATE FUNCTION f() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT secret FROM vault'", "SELECT f()"},
		{"a procedure", "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN PERFORM secret FROM vault; END'", "CALL p()"},
		{"a set-returning function in FROM", "CREATE FUNCTION f() RETURNS SETOF vault LANGUAGE sql AS 'SELECT * FROM vault'", "SELECT id FROM f()"},
		{"the default of an argument", "CREATE FUNCTION f(x text DEFAULT leak()) RETURNS text LANGUAGE sql AS 'SELECT $1'", "SELECT f()"},
		{"an aggregate", "CREATE FUNCTION t(text, text) RETURNS text LANGUAGE sql AS 'SELECT leak()'; CREATE AGGREGATE ag(text) (SFUNC = t, STYPE = text)", "SELECT ag(note) FROM plain"},
		{"the end of an aggregate", "CREATE FUNCTION t(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1'; CREATE AGGREGATE ag(text) (SFUNC = t, STYPE = text, FINALFUNC = leak)", "SELECT ag(note) FROM plain"},
		{"an operator", "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = leak)", "SELECT 'a' === note FROM plain"},
		{"an operator by its schema", "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = leak)", "SELECT 'a' OPERATOR(public.===) 'b'"},
		{"a prefix operator", "CREATE OPERATOR !!! (RIGHTARG = text, FUNCTION = leak)", "SELECT !!! 'b'"},
		{"an operator in a function", "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = leak); CREATE FUNCTION f() RETURNS bool LANGUAGE sql AS 'SELECT note === note FROM plain'", "SELECT f()"},
		{"an operator of a built-in name", "CREATE TYPE pair AS (a text); CREATE FUNCTION cmp(pair, pair) RETURNS bool LANGUAGE sql AS 'SELECT leak() = leak()'; CREATE OPERATOR = (LEFTARG = pair, RIGHTARG = pair, FUNCTION = cmp)", "SELECT row('a')::pair = row('b')::pair"},
		{"a cast", "CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT length(leak())'; CREATE CAST (mood AS int) WITH FUNCTION f(mood)", "SELECT 'a'::mood::int"},
		{"a cast that is not written", "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE moods (m mood); CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT length(leak())'; CREATE CAST (mood AS int) WITH FUNCTION f(mood) AS IMPLICIT", "SELECT m + 1 FROM moods"},
		{"a cast of a table's rows", "CREATE FUNCTION f(plain) RETURNS int LANGUAGE sql AS 'SELECT length(leak())'; CREATE CAST (plain AS int) WITH FUNCTION f(plain) AS IMPLICIT", "SELECT p + 1 FROM plain p"},
		{"a domain", "CREATE FUNCTION ok(text) RETURNS bool LANGUAGE sql AS 'SELECT leak() IS NOT NULL'; CREATE DOMAIN dom AS text CHECK (ok(VALUE))", "SELECT 'x'::dom"},
		{"a domain of a domain", "CREATE FUNCTION ok(text) RETURNS bool LANGUAGE sql AS 'SELECT leak() IS NOT NULL'; CREATE DOMAIN dom AS text CHECK (ok(VALUE)); CREATE DOMAIN dom2 AS dom", "SELECT cast('x' AS dom2)"},
		{"an array of a domain", "CREATE FUNCTION ok(text) RETURNS bool LANGUAGE sql AS 'SELECT leak() IS NOT NULL'; CREATE DOMAIN dom AS text CHECK (ok(VALUE))", "SELECT '{x}'::dom[]"},
		{"a composite type of a domain", "CREATE FUNCTION ok(text) RETURNS bool LANGUAGE sql AS 'SELECT leak() IS NOT NULL'; CREATE DOMAIN dom AS text CHECK (ok(VALUE)); CREATE TYPE comp AS (d dom)", "SELECT '(x)'::comp"},
		{"a column of a domain", "CREATE FUNCTION ok(text) RETURNS bool LANGUAGE sql AS 'SELECT leak() IS NOT NULL'; CREATE DOMAIN dom AS text CHECK (ok(VALUE)); CREATE TABLE doms (d dom)", "INSERT INTO doms VALUES ('x')"},
		{"a function in a view", "CREATE VIEW v AS SELECT leak() AS x", "SELECT x FROM v"},
		{"a view of a view", "CREATE VIEW v AS SELECT leak() AS x; CREATE VIEW w AS SELECT * FROM v", "SELECT x FROM w"},
		{"a materialized view that is filled", "CREATE MATERIALIZED VIEW v AS SELECT leak() AS x WITH NO DATA", "REFRESH MATERIALIZED VIEW v"},
		{"a trigger", "CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION leaks()", "INSERT INTO plain VALUES (1, 'x')"},
		{"the condition of a trigger", "CREATE FUNCTION n() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t BEFORE UPDATE ON plain FOR EACH ROW WHEN (leak() IS NULL) EXECUTE FUNCTION n()", "UPDATE plain SET id = 1 WHERE id = 2"},
		{"an INSTEAD OF trigger", "CREATE VIEW v AS SELECT * FROM plain; CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION leaks()", "INSERT INTO v VALUES (1, 'x')"},
		{"a trigger on TRUNCATE", "CREATE FUNCTION n() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM leak(); RETURN NULL; END'; CREATE TRIGGER t BEFORE TRUNCATE ON plain EXECUTE FUNCTION n()", "TRUNCATE plain"},
		{"a trigger behind a foreign key", "CREATE TABLE up (id int PRIMARY KEY); CREATE TABLE down (id int REFERENCES up ON DELETE CASCADE); CREATE FUNCTION n() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM leak(); RETURN OLD; END'; CREATE TRIGGER t AFTER DELETE ON down FOR EACH ROW EXECUTE FUNCTION n()", "DELETE FROM up WHERE id = 1"},
		{"a trigger of a partition", "CREATE TABLE parts (id int, note text) PARTITION BY LIST (id); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1); CREATE TRIGGER t BEFORE INSERT ON part1 FOR EACH ROW EXECUTE FUNCTION leaks()", "INSERT INTO parts VALUES (1, 'x')"},
		{"a trigger for COPY", "CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION leaks()", "COPY plain FROM STDIN"},
		{"a rule", "CREATE RULE r AS ON INSERT TO plain DO ALSO INSERT INTO plain SELECT id, secret FROM vault", "INSERT INTO plain VALUES (1)"},
		{"the condition of a rule", "CREATE RULE r AS ON UPDATE TO plain WHERE EXISTS (SELECT FROM vault WHERE secret = 'x') DO INSTEAD NOTHING", "UPDATE plain SET id = 1 WHERE id = 2"},
		{"a column default", "ALTER TABLE plain ALTER note SET DEFAULT leak()", "INSERT INTO plain (id) VALUES (1)"},
		{"a generated column", "CREATE TABLE gen (a text, b text GENERATED ALWAYS AS (leak(a)) STORED)", "INSERT INTO gen VALUES ('x')"},
		{"a check", "ALTER TABLE plain ADD CHECK (leak(note) IS NOT NULL)", "INSERT INTO plain VALUES (1, 'x')"},
		{"an index", "CREATE INDEX ON plain (leak(note))", "INSERT INTO plain VALUES (1, 'x')"},
		{"a part of an index", "CREATE INDEX ON plain (id) WHERE leak(note) IS NOT NULL", "UPDATE plain SET id = 2 WHERE id = 1"},
		{"an index that is made again", "CREATE INDEX ON plain (leak(note))", "REINDEX TABLE plain"},
		{"a partition key", "CREATE FUNCTION k(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length(leak())'; CREATE TABLE parts (id int) PARTITION BY RANGE (k(id))", "INSERT INTO parts VALUES (1)"},
		{"a row policy", "ALTER TABLE plain ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON plain USING (leak(note) IS NOT NULL)", "SELECT id FROM plain"},
		{"a row policy for what is written", "ALTER TABLE plain ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON plain FOR INSERT WITH CHECK (leak(note) IS NOT NULL)", "INSERT INTO plain VALUES (1, 'x')"},
		{"an event trigger", "CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM leak(); END'; CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION ev()", "CREATE TABLE n (id int)"},
		{"a range type", "CREATE FUNCTION df(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT length(leak())::float8'; CREATE TYPE rng AS RANGE (subtype = float8, subtype_diff = df)", "SELECT '[1,2]'::rng"},
		{"extended statistics", "CREATE STATISTICS st ON (leak(note)), id FROM plain", "ANALYZE plain"},
		{"a definition that names it", "", "CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION leaks()"},
		{"text that is made when it runs", "", "SELECT builds('SELECT secret FROM vault')"},
		{"names with quotes, dots and line ends", `CREATE FUNCTION "a.b""c` + "\n" + `d"() RETURNS text LANGUAGE sql AS 'SELECT leak()'`, `SELECT "a.b""c` + "\n" + `d"()`},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn.run(t, "BEGIN; "+c.sql)
			s := conn.snapshot(t)
			conn.run(t, "ROLLBACK")
			f, err := statement.Parse(c.statement)
			if err != nil {
				t.Fatal(err)
			}
			e := s.OfStatement(&f.Statements[0])
			if e == nil || !finds(s, e) {
				t.Errorf("%s: not found in %+v", c.statement, e)
			}
		})
	}
}

// finds says whether the effects have vault.secret read, or something in which it
// may be.
func finds(s *catalog.Snapshot, e *catalog.Effects) bool {
	vault := s.Lookup("public", "vault", nil)
	secret, _ := vault.Column("secret")
	return len(e.Hidden) > 0 || slices.ContainsFunc(e.Reads, func(r catalog.Read) bool {
		return r.Relation == vault.OID && (r.Column == secret.Number || r.Column == 0)
	})
}

// What leads nowhere is not found, so that ordinary statements pass.
func TestWhatLeadsNowhereHasNoReads(t *testing.T) {
	db := postgres(t)
	conn := db.connect(t, "postgres", db.database(t, hiding+`
CREATE TABLE serials (id serial PRIMARY KEY, at timestamptz DEFAULT now(), n int CHECK (n > 0));
CREATE TYPE mood AS ENUM ('a'); CREATE TABLE moods (m mood, t text[]);
CREATE VIEW v AS SELECT id, upper(note) AS n FROM plain;`))
	s := conn.snapshot(t)
	vault := s.Lookup("public", "vault", nil)
	secret, _ := vault.Column("secret")
	for _, sql := range []string{
		"SELECT harmless('x')", "SELECT other()", "SELECT upper(note) || 'x' FROM plain", "INSERT INTO serials (n) VALUES (1) RETURNING id",
		"SELECT 'a'::mood, m FROM moods", "SELECT * FROM v", "UPDATE plain SET note = 'x' WHERE id = 1", "SELECT id FROM vault", "DELETE FROM plain", "TRUNCATE plain",
		"CREATE TABLE n (id int)", "COPY plain FROM STDIN",
	} {
		f, err := statement.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		e := s.OfStatement(&f.Statements[0])
		if e == nil {
			continue
		}
		if len(e.Hidden) > 0 || slices.ContainsFunc(e.Reads, func(r catalog.Read) bool {
			return r.Relation == vault.OID && (r.Column == secret.Number || r.Column == 0)
		}) {
			t.Errorf("%s: %+v", sql, e)
		}
	}
}

// A user who may make what he likes must not make the catalog unreadable for
// everybody.
func TestHugeDefinitionsCountAsUnread(t *testing.T) {
	db := postgres(t)
	conn := db.connect(t, "postgres", db.database(t, hiding))
	long := strings.Repeat("x", 5<<20)
	conn.run(t, fmt.Sprintf("CREATE FUNCTION huge() RETURNS text LANGUAGE sql AS $$SELECT '%s'$$", long))
	conn.run(t, fmt.Sprintf("CREATE VIEW huge AS SELECT '%s'::text AS x", long))
	s := conn.snapshot(t)
	if f := s.Functions("", "huge"); len(f) != 1 || f[0].Body == nil || f[0].Body.Unread == "" {
		t.Error("the function's body is not said to be unread")
	}
	if v := s.Lookup("public", "huge", nil); v.Query == nil || v.Query.Unread == "" {
		t.Error("the view's query is not said to be unread")
	}
	if f := s.Functions("", "harmless"); f[0].Body.Unread != "" {
		t.Error("the others are not read")
	}
}

func TestTheFingerprintTellsChanges(t *testing.T) {
	db := postgres(t)
	conn := db.connect(t, "postgres", db.database(t, hiding))
	last := ""
	for _, c := range []struct {
		sql     string
		changes bool
	}{
		{"SELECT 1", false}, {"CREATE TEMP TABLE scratch (id serial, x text CHECK (x <> ''))", false}, {"INSERT INTO plain VALUES (1, 'x')", false}, {"ANALYZE plain", false},
		{"CREATE TABLE t (id int)", true}, {"ALTER TABLE t RENAME COLUMN id TO x", true}, {"ALTER TABLE t DROP COLUMN x", true}, {"ALTER TABLE t RENAME TO u", true},
		{"CREATE OR REPLACE FUNCTION harmless(text) RETURNS text LANGUAGE sql AS 'SELECT lower($1)'", true}, {"CREATE VIEW v AS SELECT 1 AS x", true},
		{"CREATE OR REPLACE VIEW v AS SELECT 2 AS x", true}, {"ALTER TABLE plain ENABLE ROW LEVEL SECURITY", true}, {"CREATE POLICY p ON plain USING (true)", true},
		{"CREATE SCHEMA other; ALTER TABLE u SET SCHEMA other", true}, {"ALTER SCHEMA other RENAME TO another", true}, {"DROP TABLE another.u", true},
		{"ALTER TABLE plain ALTER note SET DEFAULT 'x'", true}, {"CREATE DOMAIN d AS text CHECK (VALUE <> '')", true}, {"ALTER DOMAIN d ADD CHECK (VALUE <> 'x')", true},
		{"BEGIN; CREATE TABLE rolled (id int); ROLLBACK", false},
	} {
		if last == "" {
			last = conn.fingerprint(t)
		}
		conn.run(t, c.sql)
		now := conn.fingerprint(t)
		if (now != last) != c.changes {
			t.Errorf("%s: changed is %v\n%s\n%s", c.sql, now != last, last, now)
		}
		last = now
	}
}
