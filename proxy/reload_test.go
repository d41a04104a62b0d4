package proxy_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/wire"
)

// noNotes refuses what the other rules do not speak of.
var noNotes = strings.Replace(rules, "  guards:\n", `  guards:
  - name: no-notes
    match: {tables: [public.notes]}
    action: Deny
`, 1)

func TestNewDocumentsTakeEffectOnOpenSessions(t *testing.T) {
	for _, loops := range []int{1, -1} {
		s := newSite(t, options{rules: open, loops: loops})
		w := s.raw()
		const text = "SELECT count(*) FROM notes"
		allowed := "T D:0 C:SELECT 1 Z:I"
		wants(t, w.query(text), allowed)
		// Made before, by Parse and by PREPARE, and run after.
		w.send(pipeline(parse("before", text), syncs()))
		wants(t, w.until(1), "1 Z:I")
		wants(t, w.query("PREPARE byname AS "+text), "C:PREPARE Z:I")
		wants(t, w.query("EXECUTE byname"), allowed)

		s.use(noNotes)
		wants(t, w.query(text), "E:42501 Z:I")
		w.send(pipeline(bind("", "before"), execute("", 0), syncs()))
		wants(t, w.until(1), "E:42501 Z:I")
		wants(t, w.query("EXECUTE byname"), "E:42501 Z:I")
		w.send(pipeline(parse("", "EXECUTE byname"), bind("", ""), execute("", 0), syncs()))
		wants(t, w.until(1), "E:42501 Z:I")

		s.use(open)
		wants(t, w.query(text), allowed)
		w.send(pipeline(bind("", "before"), execute("", 0), syncs()))
		wants(t, w.until(1), "2 D:0 C:SELECT 1 Z:I")
		wants(t, w.query("EXECUTE byname"), allowed)
	}
}

func TestNewMasksTakeEffectOnOpenSessions(t *testing.T) {
	s := newSite(t, options{rules: open})
	w := s.raw()
	const text = "SELECT ssn FROM customers WHERE id = 1"
	inClear, masked := "900-45-1001", "****"
	w.send(pipeline(parse("before", text), syncs()))
	wants(t, w.until(1), "1 Z:I")
	wants(t, w.query("PREPARE byname AS "+text), "C:PREPARE Z:I")
	for _, step := range []struct{ rules, ssn string }{{open, inClear}, {rules, masked}, {open, inClear}, {rules, masked}} {
		s.use(step.rules)
		wants(t, w.query("EXECUTE byname"), "T D:"+step.ssn+" C:SELECT 1 Z:I")
		w.send(pipeline(bind("", "before"), execute("", 0), syncs()))
		wants(t, w.until(1), "2 D:"+step.ssn+" C:SELECT 1 Z:I")
		wants(t, w.query(text), "T D:"+step.ssn+" C:SELECT 1 Z:I")
	}
}

// A portal that has begun goes on under the new ones.
func TestAPortalGoesOnUnderTheNewDocuments(t *testing.T) {
	s := newSite(t, options{rules: open})
	w := s.raw()
	w.send(pipeline(parse("", "SELECT id FROM notes"), bind("p", ""), syncs()))
	wants(t, w.until(1), "1 2 Z:I")
	wants(t, w.query("BEGIN"), "C:BEGIN Z:T")
	w.send(pipeline(parse("", "SELECT ssn FROM customers ORDER BY id"), bind("p", ""), execute("p", 1), syncs()))
	wants(t, w.until(1), "1 2 D:900-45-1001 s Z:T")
	s.use(rules)
	w.send(pipeline(execute("p", 1), syncs()))
	wants(t, w.until(1), "D:**** s Z:T")
}

func TestDocumentsThatSelectTheSessionNoMoreEndItsStatements(t *testing.T) {
	s := newSite(t, options{})
	c := s.connect()
	must(t, c.Ping(t.Context()))
	s.apply(strings.ReplaceAll(s.databaseDocument(), "name: shop", "name: renamed"))
	_, err := c.Exec(t.Context(), "SELECT 1")
	refused(t, err, "42501", "no policy allows")
	_, err = s.dial()
	refused(t, err, "28000", "no policy of weir admits unit:bot.service to renamed")
}

// The schema changes under a session, by itself and by others.
func TestTheCatalogFollowsTheSchema(t *testing.T) {
	s := newSite(t, options{rules: strings.Replace(noNotes, "match: {commands: [Drop, Truncate]}", "match: {commands: [Truncate]}", 1)})
	w, other := s.raw(), s.raw()
	// A table that masks do not know yet.
	wants(t, w.query("CREATE TABLE staff (id int, ssn text)"), "C:CREATE TABLE Z:I")
	wants(t, w.query("INSERT INTO staff VALUES (1, '900-45-1009')"), "C:INSERT 0 1 Z:I")
	wants(t, w.query("SELECT ssn FROM staff"), "T D:**** C:SELECT 1 Z:I")
	wants(t, other.query("SELECT ssn FROM staff"), "T D:**** C:SELECT 1 Z:I")
	// In a transaction that is open nobody else sees it; what the session has put
	// there itself is its own, and what is masked cannot be put there.
	wants(t, w.query("BEGIN"), "C:BEGIN Z:T")
	wants(t, w.query("CREATE TABLE again (ssn text)"), "C:CREATE TABLE Z:T")
	wants(t, w.query("INSERT INTO again VALUES ('900-45-1009')"), "C:INSERT 0 1 Z:T")
	wants(t, w.query("COMMIT"), "C:COMMIT Z:I")
	wants(t, w.query("SELECT ssn FROM again"), "T D:**** C:SELECT 1 Z:I")
	wants(t, other.query("SELECT ssn FROM again"), "T D:**** C:SELECT 1 Z:I")
	for _, text := range []string{
		"CREATE TABLE copied AS SELECT ssn FROM customers; SELECT ssn FROM copied",
		"CREATE TABLE copied (x text); INSERT INTO copied SELECT ssn FROM customers; SELECT x FROM copied",
		"CREATE TEMP VIEW copied AS SELECT ssn AS x FROM customers; SELECT x FROM copied",
		"SELECT ssn INTO TEMP copied FROM customers; TABLE copied",
	} {
		if got := w.query(text); got != "E:42501 Z:I" {
			t.Errorf("%s: %s", text, got)
		}
	}
	// Past weir: a name that was not known is looked up anew.
	s.direct("CREATE VIEW insight AS SELECT id, ssn AS s FROM customers; GRANT SELECT ON insight TO " + role + "; CREATE VIEW remarks AS SELECT * FROM notes; GRANT SELECT ON remarks TO " + role)
	wants(t, w.query("SELECT s FROM insight WHERE id = 1"), "T D:**** C:SELECT 1 Z:I")
	wants(t, w.query("SELECT * FROM remarks"), "E:42501 Z:I") // stands for a guarded table
	// A column that is added to a table that is known.
	s.direct("ALTER TABLE orders ADD ssn text DEFAULT '900-45-1009'")
	// The server says so when it describes the result, which it then sends: that
	// session ends, and the next one knows.
	other.send(wire.AppendQuery(nil, "SELECT * FROM orders ORDER BY id LIMIT 1"))
	typ, body := other.next()
	wants(t, show(typ, body), "E:42501")
	if _, _, err := other.read(); err == nil {
		t.Error("the session goes on")
	}
	wants(t, s.raw().query("SELECT * FROM orders ORDER BY id LIMIT 1"), "T D:1,2,item 1,100,**** C:SELECT 1 Z:I")
}

// Guards see what stands behind a view, a partition and a function.
func TestGuardsSeeBehindNames(t *testing.T) {
	const sql = `
CREATE VIEW readings AS SELECT id, body FROM notes;
CREATE TABLE logs (at date, line text) PARTITION BY RANGE (at);
CREATE TABLE logs_old PARTITION OF logs FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
CREATE FUNCTION peek() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM notes); END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO shop_app;
`
	const guard = `
  guards:
  - name: no-notes
    match: {tables: [public.notes, public.logs_old]}
    action: Deny
`
	for _, way := range []struct {
		name, login string
		sees        bool
	}{
		{"with the login that it has", "", true},
		{"with a login for the catalog", "{type: Passthrough}\n  catalog: {user: " + role + ", passwordFile: @secret@}", true},
		{"with none, on the session's own connection", "{type: Passthrough}", true},
	} {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, options{rules: guard, setup: sql, login: way.login})
			c := s.connect(func(c *pgx.ConnConfig) { c.User, c.Password = role, password }, simple)
			for _, text := range []string{"SELECT * FROM readings", "SELECT * FROM logs", "SELECT peek()"} {
				_, err := c.Exec(t.Context(), text)
				if way.sees {
					refused(t, err, "42501", "no-notes")
				} else {
					must(t, err)
				}
			}
			_, err := c.Exec(t.Context(), "SELECT * FROM notes")
			refused(t, err, "42501", "no-notes")
			_, err = c.Exec(t.Context(), "SELECT count(*), max(id) FROM orders")
			must(t, err)
		})
	}
}
