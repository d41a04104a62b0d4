package proxy_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// keeping is about what one user may not read, which another one may.
const keeping = `
  guards:
  - name: secret
    match: {tables: ["*.vault"], access: Read}
    when: session.user == 'shop_app'
    action: Deny
`

// keeper is a site whose role shop_app may not read the vault, and a session of that role
// and of one that may, both on connections of their own to the server.
func keeper(t *testing.T, poll time.Duration) (s *site, app, owner *pgx.Conn) {
	t.Helper()
	s = passing(t, options{rules: keeping, poll: poll, setup: `
CREATE TABLE vault (id int, secret text); INSERT INTO vault VALUES (1, 'canary'); GRANT SELECT ON vault TO PUBLIC;
CREATE TABLE plain (id int, x text); INSERT INTO plain VALUES (1, 'x'); ALTER TABLE plain OWNER TO shop_app;
CREATE FUNCTION harmless() RETURNS text LANGUAGE sql AS 'SELECT ''nothing''::text';
CREATE FUNCTION outer_one() RETURNS text LANGUAGE sql AS 'SELECT harmless()';
CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION leaks() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM vault';
CREATE VIEW shown AS SELECT id, x FROM plain; CREATE VIEW outer_view AS SELECT * FROM shown;
GRANT ALL ON shown, outer_view TO shop_app;`})
	app, owner = s.connect(asRole, simple), s.connect(simple, func(c *pgx.ConnConfig) { c.User, c.Password = "postgres", s.pg.Password })
	for _, c := range []*pgx.Conn{app, owner} {
		_, err := c.Exec(t.Context(), "SELECT x FROM plain")
		must(t, err)
	}
	return s, app, owner
}

// What another session has changed through weir is never judged by what it was
// before, however rarely the server is asked.
func TestWhatAnotherSessionChangedIsNotJudgedAsItWas(t *testing.T) {
	for _, way := range []struct{ change, then string }{
		{"CREATE OR REPLACE FUNCTION harmless() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM vault'", "SELECT harmless()"},
		{"CREATE OR REPLACE FUNCTION harmless() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM vault'", "SELECT outer_one()"},
		{"CREATE OR REPLACE FUNCTION harmless() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM vault'", "EXECUTE prepared"},
		{"CREATE OR REPLACE VIEW shown AS SELECT id, secret AS x FROM vault", "SELECT x FROM shown"},
		{"CREATE OR REPLACE VIEW shown AS SELECT id, secret AS x FROM vault", "SELECT x FROM outer_view"},
		{"DROP VIEW shown CASCADE; CREATE VIEW shown AS SELECT id, secret AS x FROM vault; GRANT ALL ON shown TO shop_app", "SELECT x FROM shown"},
		{"ALTER FUNCTION harmless() RENAME TO other; ALTER FUNCTION leaks() RENAME TO harmless", "SELECT harmless()"},
		{"CREATE VIEW fresh AS SELECT * FROM vault; GRANT ALL ON fresh TO shop_app; ALTER VIEW shown RENAME TO old; ALTER VIEW fresh RENAME TO shown", "SELECT * FROM shown"},
		{"CREATE FUNCTION harmless(int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM vault'", "SELECT harmless(1)"},
		{"CREATE FUNCTION glance(plain) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM vault'", "SELECT p.glance FROM plain p"},
		{"CREATE OR REPLACE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN NEW.x := (SELECT secret FROM vault); RETURN NEW; END'; " +
			"CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION fired()", "INSERT INTO plain VALUES (2, 'y') RETURNING x"},
		{"CREATE RULE r AS ON UPDATE TO plain DO INSTEAD SELECT secret FROM vault", "UPDATE plain SET x = 'z'"},
		{"ALTER TABLE plain ALTER x SET DEFAULT leaks()", "INSERT INTO plain (id) VALUES (3) RETURNING x"},
		{"ALTER TABLE vault INHERIT plain", "SELECT id FROM plain"},
		{"CREATE DOMAIN told AS text CHECK (leaks() <> VALUE)", "SELECT 'x'::told"},
		{"CREATE OPERATOR <<? (leftarg = int, rightarg = int, function = int4pl); CREATE FUNCTION op(int, int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM vault'; " +
			"DROP OPERATOR <<? (int, int); CREATE OPERATOR <<? (leftarg = int, rightarg = int, function = op)", "SELECT 1 <<? 2"},
		{"DO $$ BEGIN CREATE OR REPLACE VIEW shown AS SELECT id, secret AS x FROM vault; END $$", "SELECT x FROM shown"},
		{"BEGIN; CREATE OR REPLACE VIEW shown AS SELECT id, secret AS x FROM vault; COMMIT", "SELECT x FROM shown"},
	} {
		t.Run(way.change+"; "+way.then, func(t *testing.T) {
			s, app, owner := keeper(t, time.Minute)
			_, err := app.Exec(t.Context(), "PREPARE prepared AS SELECT harmless()")
			must(t, err)
			if way.change[:5] == "ALTER" && way.then == "SELECT id FROM plain" {
				s.direct("ALTER TABLE vault RENAME secret TO x; GRANT ALL ON vault TO shop_app")
			}
			_, err = owner.Exec(t.Context(), way.change)
			must(t, err)
			_, err = app.Exec(t.Context(), way.then)
			refused(t, err, "42501", "secret")
			_, err = app.Exec(t.Context(), "SELECT 1")
			must(t, err)
		})
	}
}

// A change counts from when others see it: what was read while its transaction was
// open does not have it.
func TestAChangeCountsFromItsCommit(t *testing.T) {
	_, app, owner := keeper(t, time.Minute)
	for _, text := range []string{"BEGIN", "CREATE OR REPLACE FUNCTION harmless() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT secret FROM vault'"} {
		_, err := owner.Exec(t.Context(), text)
		must(t, err)
	}
	_, err := app.Exec(t.Context(), "SELECT harmless()") // reads the catalog
	must(t, err)
	_, err = owner.Exec(t.Context(), "COMMIT")
	must(t, err)
	_, err = app.Exec(t.Context(), "SELECT harmless()")
	refused(t, err, "42501", "secret")
}

// What does not depend on a change needs no reading, nor what no rule can be about.
func TestTheCatalogIsReadOnlyWhereADecisionDependsOnIt(t *testing.T) {
	s, app, owner := keeper(t, time.Minute)
	reads := func() (n uint64) {
		for _, status := range s.catalogs.Status() {
			n += status.Checks
		}
		return n
	}
	run := func(c *pgx.Conn, most uint64, texts ...string) {
		t.Helper()
		before := reads()
		for _, text := range texts {
			if _, err := c.Exec(t.Context(), text); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		if n := reads() - before; n > most {
			t.Errorf("%q: asked %d times", texts, n)
		}
	}
	run(app, 0, "CREATE TABLE mine (id int PRIMARY KEY, x text)", "INSERT INTO mine VALUES (1, 'x')", "SELECT * FROM mine JOIN plain USING (id)",
		"CREATE INDEX ON mine (x)", "UPDATE mine SET x = 'y'", "DROP TABLE mine", "SELECT * FROM plain")
	run(app, 0, "CREATE TEMP TABLE scratch AS SELECT * FROM plain", "SELECT * FROM scratch", "CREATE TEMP VIEW seen AS SELECT * FROM scratch", "SELECT * FROM seen")
	run(app, 1, "CREATE FUNCTION made() RETURNS int LANGUAGE sql AS 'SELECT 1'", "SELECT made()", "SELECT made()", "SELECT x FROM plain")
	run(app, 0, "ALTER TABLE plain ADD COLUMN more int", "SELECT harmless()")
	run(app, 1, "SELECT more FROM plain", "SELECT more FROM plain")
	// None of its rules is about the owner, whatever a statement does.
	run(owner, 0, "CREATE TYPE pair AS (a int, b int)", "CREATE FUNCTION late() RETURNS pair LANGUAGE sql AS 'SELECT 1, 2'", "SELECT * FROM late()",
		"DO $$ BEGIN CREATE TABLE inside (id int); END $$", "SELECT * FROM inside", "CREATE DOMAIN d AS int CHECK (VALUE > 0)", "SELECT 3::d")
	run(app, 1, "SELECT x FROM plain", "SELECT harmless()")
}

// Sessions that wait for the catalog share a reading.
func TestSessionsShareAReading(t *testing.T) {
	s, app, owner := keeper(t, time.Minute)
	sessions := []*pgx.Conn{app}
	for range 15 {
		c := s.connect(asRole, simple)
		_, err := c.Exec(t.Context(), "SELECT x FROM plain")
		must(t, err)
		sessions = append(sessions, c)
	}
	_, err := owner.Exec(t.Context(), "CREATE TYPE pair AS (a int, b int)")
	must(t, err)
	var before, after uint64
	for _, status := range s.catalogs.Status() {
		before += status.Checks
	}
	var all sync.WaitGroup
	for _, c := range sessions {
		all.Go(func() {
			if _, err := c.Exec(t.Context(), "SELECT x FROM plain"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, status := range s.catalogs.Status() {
		after += status.Checks
	}
	if after-before > 8 { // one, and a few of those who came before it began
		t.Errorf("it was asked for %d times by %d sessions", after-before, len(sessions))
	}
}

// A session that ends while others wait for what it reads holds nobody up.
func TestAReaderThatEndsHoldsNobodyUp(t *testing.T) {
	s, app, owner := keeper(t, time.Minute)
	for round := range 3 {
		_, err := owner.Exec(t.Context(), fmt.Sprintf("CREATE TYPE pair%d AS (a int, b int)", round))
		must(t, err)
		stuck := s.connect(asRole, simple)
		// It cannot read: the catalog is locked.
		_, err = owner.Exec(t.Context(), "BEGIN; LOCK pg_catalog.pg_amproc IN ACCESS EXCLUSIVE MODE")
		must(t, err)
		var all sync.WaitGroup
		all.Go(func() { _, _ = stuck.Exec(t.Context(), "SELECT x FROM plain") })
		all.Go(func() {
			if _, err := app.Exec(t.Context(), "SELECT x FROM plain"); err != nil {
				t.Error(err)
			}
		})
		if !within(func() bool {
			var n int
			must(t, owner.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE NOT granted").Scan(&n))
			return n > 0
		}) {
			t.Error("nobody reads")
		}
		_ = stuck.PgConn().Conn().Close()
		_, err = owner.Exec(t.Context(), "COMMIT")
		must(t, err)
		all.Wait()
	}
}
