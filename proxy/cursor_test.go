package proxy_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

// A portal that SQL has declared can be executed by the protocol, and is masked.
func TestTheProtocolExecutesCursorsOfSQL(t *testing.T) {
	s := newSite(t, options{})
	w := s.raw()
	w.query("BEGIN")
	wants(t, w.query("DECLARE c CURSOR FOR SELECT id, email, ssn FROM customers ORDER BY id"), "C:DECLARE CURSOR Z:T")
	w.send(pipeline(describe('P', "c"), execute("c", 1), execute("c", 0), execute("c", 0), syncs()))
	got := w.until(1)
	for _, secret := range secrets {
		if strings.Contains(got, secret) {
			t.Errorf("the client got %s", got)
		}
	}
	if !strings.HasPrefix(got, "T D:1,") || strings.Count(got, " D:") != 3 || !strings.HasSuffix(got, " C:SELECT 0 Z:T") {
		t.Errorf("the client got %s", got)
	}
	w.send(pipeline(execute("nosuch", 0), syncs()))
	wants(t, w.until(1), "E:34000 Z:E")
	wants(t, w.query("ROLLBACK"), "C:ROLLBACK Z:I")
	var texts []string
	for _, r := range s.records(4, journal.KindStatementBegin) {
		texts = append(texts, r.Text)
	}
	if all := strings.Join(texts, "|"); !strings.Contains(all, `FETCH 1 FROM "c"|FETCH ALL FROM "c"`) {
		t.Errorf("recorded %s", all)
	}
}

// What a function or DO prepares behind weir's back is not run blind.
func TestNamesThatWerePreparedUnseenAreRefused(t *testing.T) {
	s := newSite(t, options{rules: `
  guards:
  - name: no-drop
    match: {commands: [Drop]}
    action: Deny
`, setup: `CREATE FUNCTION hide(q text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE q; END';`})
	// As the database's own, past the gateway's session, a name cannot come about:
	// sessions share none. So it is made in this one, by what a guard lets pass.
	s.use(`
  guards:
  - name: nothing
    match: {commands: [Vacuum]}
    action: Warn
`)
	w := s.raw()
	wants(t, w.query("SELECT hide('PREPARE unseen AS SELECT 1')"), "T D: C:SELECT 1 Z:I")
	wants(t, w.query("SELECT hide('PREPARE gone AS DELETE FROM orders')"), "T D: C:SELECT 1 Z:I")
	for _, r := range []string{"\n  guards:\n  - name: no-drop\n    match: {commands: [Drop]}\n    action: Deny\n", rules} {
		s.use(r)
		wants(t, w.query("EXECUTE gone"), "E:26000 Z:I")
		wants(t, w.query("EXPLAIN ANALYZE EXECUTE gone"), "E:26000 Z:I")
		if got := w.query("SELECT 1; EXECUTE gone"); !strings.HasPrefix(got, "E:") {
			t.Errorf("EXECUTE among others: %s", got)
		}
		w.send(pipeline(parse("", "EXECUTE gone"), bind("", ""), execute("", 0), syncs()))
		if got := w.until(1); !strings.HasSuffix(got, "E:26000 Z:I") {
			t.Errorf("EXECUTE by the extended protocol: %s", got)
		}
		// By the protocol a name is known from its own Parse only.
		w.send(pipeline(bind("", "gone"), execute("", 0), syncs()))
		wants(t, w.until(1), "E:26000 Z:I")
	}
	if got := s.count("SELECT count(*) FROM orders"); got != "100" {
		t.Errorf("something was executed: %s orders", got)
	}
}

// What was prepared when a table or a rule was another is judged again.
func TestAPreparedStatementIsJudgedAgain(t *testing.T) {
	s := newSite(t, options{rules: `
  masks:
  - name: ssn
    columns: ["*.*.ssn"]
    with: {type: Redact}
`})
	w := s.raw()
	one := func() string {
		w.send(pipeline(bind("", "s"), execute("", 0), syncs()))
		return w.until(1)
	}
	w.send(pipeline(parse("s", "SELECT note FROM customers_view"), syncs()))
	if got := w.until(1); !strings.HasPrefix(got, "E:42P01") {
		t.Fatalf("a view that is not there: %s", got)
	}
	wants(t, w.query("CREATE VIEW customers_view AS SELECT id, name AS note FROM customers"), "C:CREATE VIEW Z:I")
	w.send(pipeline(parse("s", "SELECT note FROM customers_view ORDER BY id LIMIT 1"), syncs()))
	wants(t, w.until(1), "1 Z:I")
	wants(t, one(), "2 D:Ada Quill C:SELECT 1 Z:I")
	// The view shows another column, under the same name and type, from now on.
	s.direct("DROP VIEW customers_view; CREATE VIEW customers_view AS SELECT id, ssn AS note FROM customers; GRANT SELECT ON customers_view TO shop_app")
	wants(t, w.query("CREATE TABLE that_weir_sees (id int)"), "C:CREATE TABLE Z:I")
	if got := one(); strings.Contains(got, "900-45") {
		t.Errorf("through the view of before: %s", got)
	}
	// And what unqualified names mean changes with the search path.
	must(t, s.pg.Exec(t.Context(), s.database, "CREATE SCHEMA other; CREATE TABLE other.plain (ssn2 text, v text); INSERT INTO other.plain VALUES ('900-45-9999', 'v'); CREATE TABLE public.plain (ssn2 text, v text); GRANT USAGE ON SCHEMA other TO shop_app; GRANT SELECT ON ALL TABLES IN SCHEMA other, public TO shop_app"))
	s.use(`
  masks:
  - name: other
    columns: [other.plain.ssn2]
    with: {type: Redact}
`)
	w.send(pipeline(parse("p", "SELECT ssn2 FROM plain"), syncs()))
	wants(t, w.until(1), "1 Z:I")
	w.send(pipeline(bind("", "p"), execute("", 0), syncs()))
	wants(t, w.until(1), "2 C:SELECT 0 Z:I")
	wants(t, w.query("SET search_path = other"), "C:SET Z:I")
	w.send(pipeline(bind("", "p"), execute("", 0), syncs()))
	if got := w.until(1); strings.Contains(got, "900-45") || !strings.HasPrefix(got, "2 D:") {
		t.Errorf("by another search path: %s", got)
	}
}

// The same by pgx, which keeps statements prepared.
func TestAPolicyThatChangesHoldsForWhatIsPrepared(t *testing.T) {
	s := newSite(t, options{rules: open})
	c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement })
	_, err := c.Prepare(t.Context(), "d", "DELETE FROM orders WHERE id = $1")
	must(t, err)
	_, err = c.Exec(t.Context(), "d", 1)
	must(t, err)
	s.use("\n  guards:\n  - name: no-delete\n    match: {commands: [Delete]}\n    action: Deny\n")
	_, err = c.Exec(t.Context(), "d", 2)
	refused(t, err, "42501", "no-delete")
	w := s.raw()
	w.send(wire.AppendQuery(nil, "SELECT 1"))
	wants(t, w.until(1), "T D:1 C:SELECT 1 Z:I")
}
