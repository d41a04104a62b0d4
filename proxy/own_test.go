package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// guarded lets nobody change orders or read vault.
const guarded = `
  guards:
  - name: orders
    match: {tables: [public.orders], access: Write}
    action: Deny
  - name: vault
    match: {tables: [public.vault], access: Read}
    action: Deny
`

const vault = `
CREATE TABLE vault (id int, secret text); INSERT INTO vault VALUES (1, 'canary');
CREATE TABLE plain (id int, secret text); INSERT INTO plain VALUES (1, 'harmless');
ALTER TABLE vault OWNER TO shop_app; ALTER TABLE plain OWNER TO shop_app;
CREATE VIEW shown AS SELECT id, secret FROM plain; ALTER VIEW shown OWNER TO shop_app;
CREATE FUNCTION looks() RETURNS text LANGUAGE sql AS 'SELECT secret FROM plain'; ALTER FUNCTION looks() OWNER TO shop_app;
`

// What a session makes itself, and nobody else sees yet, hides nothing from guards.
func TestWhatASessionMakesItselfHidesNothingFromGuards(t *testing.T) {
	s := newSite(t, options{rules: guarded, setup: vault})
	for _, c := range []struct{ name, text string }{
		{"a temporary view that is written", "CREATE TEMP VIEW v AS SELECT * FROM orders|DELETE FROM v WHERE id = 1"},
		{"the same in one text", "CREATE TEMP VIEW v AS SELECT * FROM orders; DELETE FROM v WHERE id = 1"},
		{"by its schema", "CREATE TEMP VIEW v AS SELECT * FROM orders|UPDATE pg_temp.v SET cents = 0 WHERE id = 1"},
		{"a view that is not committed", "BEGIN|CREATE VIEW mine AS SELECT * FROM orders|DELETE FROM mine WHERE id = 1"},
		{"a view of a view", "CREATE TEMP VIEW v AS SELECT * FROM orders|CREATE TEMP VIEW w AS SELECT * FROM v|DELETE FROM w WHERE id = 1"},
		{"a view that was replaced", "CREATE TEMP VIEW v AS SELECT * FROM orders|CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM orders WHERE id > 0|DELETE FROM v WHERE id = 1"},
		{"names that were exchanged", "BEGIN|ALTER TABLE plain RENAME TO other; ALTER TABLE vault RENAME TO plain|SELECT secret FROM plain"},
		{"a name that was taken away", "BEGIN|ALTER TABLE vault RENAME TO other|SELECT secret FROM other"},
		{"another schema", "BEGIN|CREATE SCHEMA mine|ALTER TABLE vault SET SCHEMA mine|SELECT secret FROM mine.vault"},
		{"a schema of another name", "BEGIN|ALTER SCHEMA public RENAME TO other|SELECT secret FROM other.vault"},
		{"a function that is not committed", "BEGIN|CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT secret FROM vault'|SELECT f()"},
		{"a temporary function", "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT secret FROM vault'|SELECT pg_temp.f()"},
		{"a trigger that is not committed", "BEGIN|CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders WHERE id = 1; RETURN NEW; END'|CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION f()|INSERT INTO plain VALUES (2, '')"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := s.connect(simple)
			var err error
			for _, text := range strings.Split(c.text, "|") {
				if _, err = conn.Exec(t.Context(), text); err != nil {
					break
				}
			}
			refused(t, err, "42501")
			_, _ = conn.Exec(t.Context(), "ROLLBACK")
		})
	}
	t.Run("in a pipeline without a Sync", func(t *testing.T) {
		w := s.raw()
		one := func(text string) []byte { return pipeline(parse("", text), bind("", ""), execute("", 0)) }
		w.send(pipeline(one("CREATE TEMP VIEW v AS SELECT * FROM orders"), one("DELETE FROM v WHERE id = 1"), syncs()))
		if got := w.until(1); !strings.Contains(got, "E:42501") {
			t.Errorf("got %q", got)
		}
	})
	if s.count("SELECT count(*) FROM orders") != "100" {
		t.Error("something was executed")
	}
}

// Ordinary work with temporary tables and migrations is not in the way of guards
// that are about something else.
func TestOrdinaryDefinitionsAreNotRefused(t *testing.T) {
	s := newSite(t, options{rules: guarded, setup: vault})
	for _, c := range []struct{ name, text string }{
		{"a temporary table", "CREATE TEMP TABLE scratch (id int, body text)|INSERT INTO scratch VALUES (1, 'x')|SELECT * FROM scratch|UPDATE scratch SET body = 'y'|DROP TABLE scratch"},
		{"a temporary copy", "CREATE TEMP TABLE copied AS SELECT * FROM orders WHERE id < 10|SELECT count(*) FROM copied|DELETE FROM copied"},
		{"SELECT INTO", "SELECT * INTO TEMP taken FROM orders|DELETE FROM taken"},
		{"a temporary table of a guarded name's kind", "CREATE TEMP TABLE notes (id int)|INSERT INTO notes VALUES (1)|SELECT * FROM notes"},
		{"a migration", "BEGIN|ALTER TABLE plain ADD COLUMN more int|UPDATE plain SET more = 1|CREATE INDEX ON plain (more)|COMMIT|SELECT more FROM plain|ALTER TABLE plain DROP COLUMN more"},
		{"a new table", "BEGIN|CREATE TABLE fresh (id int)|INSERT INTO fresh VALUES (1)|COMMIT|SELECT * FROM fresh|DROP TABLE fresh"},
		{"a view of one's own", "CREATE TEMP VIEW v AS SELECT * FROM orders|SELECT count(*) FROM v|SELECT * FROM v WHERE id = 1"},
		{"a renamed table", "BEGIN|ALTER TABLE plain RENAME TO renamed|UPDATE renamed SET id = 2|ALTER TABLE renamed RENAME TO plain|COMMIT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
				conn := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
				for _, text := range strings.Split(c.text, "|") {
					if _, err := conn.Exec(t.Context(), text); err != nil {
						if strings.Contains(err.Error(), "already exists") {
							continue // made in the other mode
						}
						t.Errorf("%s: %v", text, err)
					}
				}
			}
		})
	}
	t.Run("a name that does not exist gets PostgreSQL's own answer", func(t *testing.T) {
		_, err := s.connect().Exec(t.Context(), "SELECT * FROM no_such_table")
		refused(t, err, "42P01")
	})
}

// A temporary object never takes a mask away.
func TestTemporaryObjectsLiftNoMask(t *testing.T) {
	s := newSite(t, options{})
	for _, text := range []string{
		"CREATE TEMP TABLE mine AS SELECT email FROM customers", "SELECT email INTO TEMP mine FROM customers", "CREATE TEMP VIEW mine AS SELECT email FROM customers",
		"CREATE TEMP TABLE mine (e text)|INSERT INTO mine SELECT email FROM customers",
		"CREATE FUNCTION pg_temp.mine() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM customers'",
		"CREATE FUNCTION pg_temp.mine() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(email) FROM public.customers); END'",
	} {
		conn := s.connect(simple)
		var err error
		for _, part := range strings.Split(text, "|") {
			if _, err = conn.Exec(t.Context(), part); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%s was not refused", text)
			continue
		}
		refused(t, err, "42501")
	}
	w := s.raw()
	w.query("CREATE TEMP TABLE customers (id int, name text, email text, ssn text)")
	w.query("INSERT INTO customers VALUES (1, 'n', 'my own', 's')")
	if got := w.query("SELECT id, email FROM public.customers ORDER BY id"); !strings.Contains(got, "1,*****************.com") {
		t.Errorf("the table itself: %q", got)
	}
	w.query("SET search_path = public, pg_temp")
	got := w.query("SELECT id, email FROM customers ORDER BY id")
	for _, secret := range secrets {
		if strings.Contains(got, secret) {
			t.Errorf("shown: %q", got)
		}
	}
}

// What was prepared is judged again where the catalog has changed since, whoever
// changed it.
func TestWhatWasPreparedIsJudgedAgain(t *testing.T) {
	const strict = `
  guards:
  - {name: vault, match: {tables: [public.vault], access: Read}, action: Deny}
`
	for _, c := range []struct{ name, prepared, change string }{
		{"a view that reads something else now", "SELECT secret FROM shown", "CREATE OR REPLACE VIEW shown AS SELECT id, secret FROM vault"},
		{"a table that took another's name", "SELECT secret FROM plain", "BEGIN; DROP VIEW shown; ALTER TABLE plain RENAME TO p; CREATE VIEW plain AS SELECT * FROM vault; COMMIT"},
		{"a function with another body", "SELECT looks()", "CREATE OR REPLACE FUNCTION looks() RETURNS text LANGUAGE sql AS 'SELECT secret FROM vault'"},
		{"a trigger that was added", "INSERT INTO plain VALUES (3, 'x')", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1 FROM vault; RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION f()"},
		{"a default that was added", "INSERT INTO plain (id) VALUES (3)", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT secret FROM vault'; ALTER TABLE plain ALTER secret SET DEFAULT f()"},
		{"a rule that was added", "INSERT INTO plain VALUES (3, 'x')", "CREATE RULE r AS ON INSERT TO plain DO ALSO INSERT INTO notes (body) SELECT secret FROM vault"},
		{"a row policy that was added", "SELECT secret FROM plain", "CREATE FUNCTION f() RETURNS bool LANGUAGE sql AS 'SELECT true FROM vault'; ALTER TABLE plain ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON plain USING (f())"},
	} {
		for _, by := range []string{"past weir", "through weir"} {
			t.Run(c.name+", "+by, func(t *testing.T) {
				s := newSite(t, options{rules: strict, setup: vault, poll: 100 * time.Millisecond})
				w := s.raw()
				w.send(pipeline(parse("p", c.prepared), syncs()))
				wants(t, w.until(1), "1 Z:I")
				run := func() string {
					w.send(pipeline(bind("", "p"), execute("", 0), syncs()))
					return w.until(1)
				}
				if got := run(); strings.Contains(got, "E:") {
					t.Fatalf("before: %q", got)
				}
				if by == "past weir" {
					s.direct(c.change)
					if !within(func() bool { return strings.Contains(run(), "E:42501") }) {
						t.Errorf("it still runs: %q", run())
					}
					return
				}
				s.use(strings.Replace(strict, "{name: vault", "{name: vault, when: 'session.user != \"boss\"'", 1))
				if got := run(); strings.Contains(got, "E:") {
					t.Fatalf("before: %q", got)
				}
				boss := s.connect(simple, func(c *pgx.ConnConfig) { c.User = "boss" })
				if _, err := boss.Exec(t.Context(), c.change); err != nil {
					t.Fatal(err)
				}
				if got := run(); !strings.Contains(got, "E:42501") {
					t.Errorf("it still runs: %q", got)
				}
			})
		}
	}
}

// What runs unseen for a table cannot carry masked values into it, and what reads
// none is not in the way.
func TestWhatRunsUnseenCarriesNoMaskedValues(t *testing.T) {
	s := newSite(t, options{setup: `
CREATE FUNCTION peek() RETURNS text LANGUAGE sql AS 'SELECT max(email) FROM customers';
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.body := peek(); RETURN NEW; END';
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.body := upper(NEW.body); RETURN NEW; END';
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM id FROM customers WHERE id = NEW.id; RETURN NEW; END';
CREATE TABLE triggered (id int, body text); CREATE TRIGGER t BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION fill();
CREATE TABLE defaulted (id int, body text DEFAULT peek());
CREATE TABLE policed (id int, body text); ALTER TABLE policed ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON policed USING (body = peek());
CREATE TABLE stamped (id int, body text); CREATE TRIGGER t BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TRIGGER t2 BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION counts();
GRANT ALL ON triggered, defaulted, policed, stamped TO shop_app;
`})
	c := s.connect(simple)
	for _, text := range []string{"INSERT INTO triggered VALUES (1, 'x') RETURNING body", "INSERT INTO defaulted (id) VALUES (1) RETURNING body",
		"SELECT id FROM policed", "COPY triggered FROM STDIN"} {
		_, err := c.Exec(t.Context(), text)
		refused(t, err, "42501")
	}
	for _, text := range []string{"INSERT INTO stamped VALUES (1, 'x') RETURNING body", "SELECT id FROM triggered", "SELECT body FROM defaulted", "UPDATE triggered SET id = 1 WHERE id = 2"} {
		if _, err := c.Exec(t.Context(), text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// strictly is the pack against schema changes, whose messages send people to temporary
// tables.
const strictly = `
  packs: [SchemaChanges]
`

// What a session has put into a temporary table of its own it may change as a whole.
func TestTheSessionsOwnTemporaryRowsAreChangedAsAWhole(t *testing.T) {
	s := newSite(t, options{rules: "\n  packs: [UnboundedWrites]\n", setup: `
CREATE TABLE x (id int); ALTER TABLE x OWNER TO shop_app; INSERT INTO x VALUES (1);`})
	for _, text := range []string{
		"CREATE TEMP TABLE tmp AS SELECT 1 AS id|UPDATE tmp SET id = id + 1|DELETE FROM tmp|DELETE FROM pg_temp.tmp",
		"BEGIN|CREATE TEMP TABLE tmp (id int) ON COMMIT DROP|INSERT INTO tmp VALUES (1)|UPDATE tmp SET id = 2|DELETE FROM tmp WHERE true|COMMIT",
		"CREATE TEMP TABLE tmp AS SELECT 1 AS id; UPDATE tmp SET id = 2; DELETE FROM tmp",
		"CREATE TEMP TABLE tmp (id int)|TRUNCATE tmp|CREATE TEMP TABLE more (id int)|TRUNCATE TABLE tmp, pg_temp.more RESTART IDENTITY CASCADE",
		"CREATE TEMP TABLE IF NOT EXISTS tmp (id int); TRUNCATE tmp; INSERT INTO tmp VALUES (1)",
		"BEGIN|CREATE TEMP TABLE tmp (id int) ON COMMIT DROP|TRUNCATE tmp|COMMIT",
	} {
		conn := s.connect(simple)
		for _, text := range strings.Split(text, "|") {
			if _, err := conn.Exec(t.Context(), text); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	for _, text := range []string{
		"DELETE FROM x", "CREATE TEMP TABLE x (id int)|DELETE FROM x", "CREATE TEMP TABLE tmp (id int)|WITH d AS (DELETE FROM tmp) DELETE FROM x",
		"BEGIN|CREATE TEMP TABLE gone (id int)|ROLLBACK|!CREATE TABLE gone (id int); ALTER TABLE gone OWNER TO shop_app|DELETE FROM gone",
		"CREATE TEMP TABLE later (id int) ON COMMIT DROP|!CREATE TABLE later (id int); ALTER TABLE later OWNER TO shop_app|UPDATE later SET id = 1",
		"TRUNCATE x", "CREATE TEMP TABLE x (id int)|TRUNCATE x", "CREATE TEMP TABLE tmp (id int)|TRUNCATE tmp, x", "CREATE TEMP TABLE tmp (id int)|TRUNCATE public.x",
		"CREATE TEMP TABLE tmp (id int)|TRUNCATE tmp; DELETE FROM x", "CREATE TEMP TABLE tmp (id int)|TRUNCATE tmp; TRUNCATE x", "CREATE TEMP TABLE tmp (id int)|DO 'BEGIN TRUNCATE x; TRUNCATE tmp; END'",
		"BEGIN|CREATE TEMP TABLE gone (id int)|ROLLBACK|!CREATE TABLE IF NOT EXISTS gone (id int); ALTER TABLE gone OWNER TO shop_app|TRUNCATE gone",
		"CREATE TEMP TABLE later2 (id int) ON COMMIT DROP|!CREATE TABLE later2 (id int); ALTER TABLE later2 OWNER TO shop_app|TRUNCATE later2",
		"BEGIN|CREATE TEMP TABLE tmp (id int)|ALTER TABLE x RENAME TO tmp|TRUNCATE tmp", "CREATE TEMP VIEW tmp AS SELECT * FROM x|TRUNCATE tmp",
		"CREATE TEMP TABLE tmp (id int)|DELETE FROM public.x", "CREATE TEMP TABLE tmp (id int)|ALTER TABLE x RENAME TO tmp|DELETE FROM tmp",
	} {
		t.Run(text, func(t *testing.T) {
			conn := s.connect(simple)
			var err error
			for _, text := range strings.Split(text, "|") {
				if past, ok := strings.CutPrefix(text, "!"); ok {
					s.direct(past)
				} else if _, err = conn.Exec(t.Context(), text); err != nil && text != "ROLLBACK" {
					break
				}
			}
			refused(t, err, "42501")
		})
	}
}

// Scripts drop what they are about to make. That is theirs where it is temporary or is
// not there at all, and somebody's where it is there under that name in any schema.
func TestOnlyWhatNobodyHasIsDroppedBesideTheSessionsOwn(t *testing.T) {
	s := newSite(t, options{rules: strictly, setup: `
CREATE SCHEMA aside; GRANT ALL ON SCHEMA aside TO shop_app; CREATE TABLE aside.kept (id int); ALTER TABLE aside.kept OWNER TO shop_app;
CREATE TABLE x (id int); CREATE INDEX x_id ON x (id); ALTER TABLE x OWNER TO shop_app;
CREATE TYPE pair AS (a int); ALTER TYPE pair OWNER TO shop_app; CREATE DOMAIN small AS int; ALTER DOMAIN small OWNER TO shop_app;`})
	for _, c := range []struct{ name, text string }{
		{"before it is made", "DROP TABLE IF EXISTS tmp|CREATE TEMP TABLE tmp (id int)|DROP TABLE IF EXISTS tmp|CREATE TEMP TABLE tmp AS SELECT 1 AS id|DROP TABLE tmp|DROP TABLE IF EXISTS tmp"},
		{"in a transaction", "BEGIN|DROP TABLE IF EXISTS tmp|CREATE TEMP TABLE tmp (id int) ON COMMIT DROP|INSERT INTO tmp VALUES (1)|COMMIT|DROP TABLE IF EXISTS tmp"},
		{"in one text", "DROP TABLE IF EXISTS tmp; CREATE TEMP TABLE tmp (id int); INSERT INTO tmp VALUES (1); DROP TABLE tmp"},
		{"several", "DROP TABLE IF EXISTS tmp, tmp2 CASCADE|CREATE TEMP TABLE tmp (id int)|DROP TABLE IF EXISTS tmp, tmp2 CASCADE"},
		{"a view and a sequence", "DROP VIEW IF EXISTS tmp|DROP SEQUENCE IF EXISTS tmp2|CREATE TEMP VIEW tmp AS SELECT 1|DROP VIEW tmp"},
		{"and altered", "CREATE TEMP TABLE tmp AS SELECT 1 AS id|ALTER TABLE tmp ADD COLUMN n int DEFAULT 0, ADD PRIMARY KEY (id)|ALTER TABLE tmp ALTER COLUMN n SET NOT NULL|DROP TABLE tmp"},
		{"altered in a transaction", "BEGIN|CREATE TEMP TABLE tmp (id int)|ALTER TABLE tmp ADD COLUMN n int|ALTER TABLE tmp DROP COLUMN n|CREATE INDEX ON tmp (id)|DROP TABLE tmp|COMMIT"},
		{"by the temporary schema", "CREATE TEMP TABLE x (id int)|DROP TABLE pg_temp.x|DROP TABLE IF EXISTS pg_temp.x"},
	} {
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
			conn := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
			for _, text := range strings.Split(c.text, "|") {
				if mode == pgx.QueryExecModeExec && strings.Contains(text, ";") {
					continue
				}
				if _, err := conn.Exec(t.Context(), text); err != nil {
					t.Errorf("%s: %s: %v", c.name, text, err)
				}
			}
		}
	}
	for _, c := range []struct{ name, text string }{
		{"one that is there", "DROP TABLE IF EXISTS x"},
		{"one that the search path does not show", "DROP TABLE IF EXISTS kept"},
		{"behind a temporary one", "CREATE TEMP TABLE x (id int)|DROP TABLE x"},
		{"after the temporary one was dropped", "CREATE TEMP TABLE x (id int)|DROP TABLE pg_temp.x|DROP TABLE IF EXISTS x"},
		{"in another search path", "CREATE TEMP TABLE kept (id int)|SET search_path = aside|DROP TABLE IF EXISTS kept"},
		{"one of several", "DROP TABLE IF EXISTS tmp, x"},
		{"by its schema", "DROP TABLE IF EXISTS public.x"},
		{"altered", "ALTER TABLE x ADD COLUMN n int"},
		{"altered behind a temporary one", "CREATE TEMP TABLE x (id int)|ALTER TABLE x ADD COLUMN n int"},
		{"altered in another search path", "CREATE TEMP TABLE kept (id int)|ALTER TABLE kept DROP COLUMN id"},
		{"altered by its schema", "CREATE TEMP TABLE tmp (id int)|ALTER TABLE aside.kept DROP COLUMN id"},
		{"a temporary one that gets its name", "CREATE TEMP TABLE tmp (id int)|ALTER TABLE x RENAME TO tmp"},
		{"an attribute of a type", "ALTER TYPE pair RENAME ATTRIBUTE a TO b"},
		{"the same where a temporary table of that name was", "CREATE TEMP TABLE pair (a int) ON COMMIT DROP|ALTER TYPE pair RENAME ATTRIBUTE a TO b"},
		{"a domain", "ALTER DOMAIN small ADD CONSTRAINT c CHECK (VALUE < 5)"},
		{"an index as a table", "ALTER TABLE x_id SET (fillfactor = 50)"},
		{"a column of it", "ALTER TABLE x RENAME COLUMN id TO n"},
		{"altered after a rollback", "BEGIN|CREATE TEMP TABLE gone5 (id int)|ROLLBACK|!CREATE TABLE gone5 (id int); ALTER TABLE gone5 OWNER TO shop_app|ALTER TABLE gone5 ADD COLUMN n int"},
		{"an index of it", "DROP INDEX IF EXISTS nothing"},
		{"a temporary one's name that somebody else takes meanwhile", "DROP TABLE IF EXISTS soon|!CREATE TABLE soon (id int); ALTER TABLE soon OWNER TO shop_app|DROP TABLE IF EXISTS soon"},
		{"a temporary one that was rolled back", "BEGIN|CREATE TEMP TABLE gone (id int)|ROLLBACK|!CREATE TABLE gone (id int); ALTER TABLE gone OWNER TO shop_app|DROP TABLE IF EXISTS gone"},
		{"an index of the same", "BEGIN|CREATE TEMP TABLE gone2 (id int)|ROLLBACK|!CREATE TABLE gone2 (id int); ALTER TABLE gone2 OWNER TO shop_app|CREATE INDEX ON gone2 (id)"},
		{"a temporary one before a savepoint", "BEGIN|SAVEPOINT a|CREATE TEMP TABLE gone3 (id int)|ROLLBACK TO a|!CREATE TABLE gone3 (id int); ALTER TABLE gone3 OWNER TO shop_app|DROP TABLE IF EXISTS gone3"},
		{"the same in one text", "BEGIN|SAVEPOINT a|!CREATE TABLE gone4 (id int); ALTER TABLE gone4 OWNER TO shop_app|CREATE TEMP TABLE gone4 (id int); ROLLBACK TO a; DROP TABLE gone4"},
		{"the same as temporary", "CREATE TEMP TABLE later (id int) ON COMMIT DROP|!CREATE TABLE later (id int); ALTER TABLE later OWNER TO shop_app|DROP TABLE IF EXISTS later"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := s.connect(simple)
			var err error
			for _, text := range strings.Split(c.text, "|") {
				if past, ok := strings.CutPrefix(text, "!"); ok {
					s.direct(past)
				} else if _, err = conn.Exec(t.Context(), text); err != nil {
					break
				}
			}
			refused(t, err, "42501")
			_, _ = conn.Exec(t.Context(), "ROLLBACK")
		})
	}
	if n := s.count("SELECT count(*) FROM pg_class WHERE relname IN ('x', 'kept', 'soon', 'later', 'gone', 'gone2', 'gone3', 'gone4', 'gone5') AND relkind = 'r' AND relpersistence = 'p'"); n != "9" {
		t.Errorf("%s tables are left", n)
	}
}
