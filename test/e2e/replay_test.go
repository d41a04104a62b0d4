package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// replayed is what the tests read of `weir policy replay -o json`.
type replayed struct {
	Statements, Same int
	Changes          []struct {
		Recorded, Now, Rule string
		Count               int
		Examples            []struct{ ID, Text, Reason string }
	}
	Masks []struct {
		Kind, Column, Rule, How, Before string
		Count                           int
		Examples                        []struct{ ID, Text string }
	}
	Databases []struct {
		Database, Name, Catalog, Why string
		Statements                   int
	}
	Missing *struct {
		Statements int
		Names      []string
	}
	Patterns []struct {
		Rule, Pattern string
		Nearest       []string
	}
	Skipped map[string]int
	NotHeld []string
}

// tried gives a file with other rules for a site.
func (s *site) tried(name, policy string) string {
	s.t.Helper()
	file, err := s.lab.Write(name, s.documents(filepath.Join(s.lab.Dir, "crm.password"), policy), 0o644)
	s.must(err)
	return file
}

func (s *site) replay(args ...string) replayed {
	s.t.Helper()
	var o replayed
	out := s.cli(append([]string{"policy", "replay", "--since", "1h", "-o", "json"}, args...)...)
	decoder := json.NewDecoder(strings.NewReader(out))
	s.must(decoder.Decode(&o))
	if decoder.More() {
		s.t.Errorf("something follows the JSON:\n%s", out)
	}
	return o
}

// A session of ordinary statements, as it was decided by the rules in force, is decided
// the same by the same rules: also where that takes the catalog, the session's temporary
// tables, its transactions and what it prepared.
func TestReplayDecidesAsTheSessionDid(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{before: func(s *site) {
		s.must(s.pg.Exec(t.Context(), s.database, `
CREATE VIEW people AS SELECT id, email, name FROM customers;
GRANT SELECT ON people TO crm_app;
CREATE FUNCTION gone() RETURNS void LANGUAGE plpgsql AS $$BEGIN DELETE FROM orders; END$$`))
	}})
	conn := s.connect()
	for _, sql := range []string{
		"SELECT 1", "SELECT id, email FROM people", "SELECT * FROM customers ORDER BY id", "SELECT upper(email), count(*) FROM customers GROUP BY 1",
		"SELECT gone()", "DROP TABLE orders", "SELECT id FROM people ORDER BY email", "SELECT * FROM nosuch", "SELEC 1",
		"CREATE TEMPORARY TABLE mine AS SELECT id FROM customers", "SELECT * FROM mine", "UPDATE mine SET id = 2 WHERE id = 1",
		"BEGIN", "INSERT INTO notes (body) VALUES ('x') RETURNING id", "ROLLBACK",
		"PREPARE p AS SELECT email FROM customers WHERE id = $1", "EXECUTE p(1)", "EXECUTE p(2)", "DEALLOCATE p",
		"BEGIN", "DECLARE c CURSOR FOR SELECT email FROM customers", "FETCH ALL FROM c", "COMMIT",
		"EXPLAIN SELECT email FROM customers", "COPY (SELECT id, email FROM customers) TO STDOUT",
		"SELECT email FROM customers; SELECT ssn FROM customers",
	} {
		_, _ = conn.PgConn().Exec(t.Context(), sql).ReadAll() // some are refused
	}
	for range 2 { // prepared, in the extended protocol
		rows, err := conn.Query(t.Context(), "SELECT id, email FROM people WHERE id = $1", 1)
		s.must(err)
		rows.Close()
		s.must(rows.Err())
	}
	o := s.replay(s.tried("same.yaml", ""))
	if o.Statements != 28 || o.Same != o.Statements || len(o.Changes)+len(o.Masks) > 0 {
		t.Errorf("the same rules decide otherwise: %+v", o)
	}
	if len(o.Databases) != 1 || o.Databases[0].Catalog != "Held" || o.Databases[0].Name != s.database || len(o.NotHeld) > 0 {
		t.Errorf("%+v", o.Databases)
	}
	if o.Missing == nil || !slices.Contains(o.Missing.Names, "nosuch") || o.Missing.Statements != 1 {
		t.Errorf("missing: %+v", o.Missing)
	}
}

// otherRules guard a table behind a view and mask other columns than the rules in force.
const otherRules = `
  guards:
  - name: no-orders
    match: {tables: [public.orders]}
    action: Deny
  - name: misspelt
    match: {tables: [public.custmers]}
    action: Deny
  - name: in-transactions
    match: {tables: [public.notes]}
    when: session.inTransaction
    action: Deny
  masks:
  - name: contact
    columns: [public.customers.email]
    with: {type: Hash, keyFile: /etc/weir/none.key}
  - name: name
    columns: [public.customers.name]
    with: {type: Redact}
    predicates: Deny
`

func TestReplayHoldsGuardsAndMasksAgainstTheCatalog(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{before: func(s *site) {
		s.must(s.pg.Exec(t.Context(), s.database, `
CREATE VIEW sold AS SELECT item FROM orders;
CREATE VIEW people AS SELECT id, email, name FROM customers;
GRANT SELECT ON sold, people TO crm_app;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT sum(cents) FROM orders'`))
	}})
	conn := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol })
	for _, sql := range []string{
		"SELECT item FROM sold LIMIT 1", "SELECT total()", "SELECT id FROM customers",
		"SELECT id, name AS who FROM people", "SELECT email FROM customers", "SELECT phone FROM customers",
		"SELECT id FROM customers WHERE name = 'Ada Quill'",
		"INSERT INTO notes (body) VALUES ('a')", "BEGIN", "INSERT INTO notes (body) VALUES ('b')", "COMMIT", "INSERT INTO notes (body) VALUES ('c')",
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	file := s.tried("other.yaml", otherRules)
	o := s.replay(file)
	changes := map[string]string{}
	for _, c := range o.Changes {
		for _, e := range c.Examples {
			changes[e.Text] = c.Recorded + " to " + c.Now + " by " + c.Rule
		}
	}
	for text, want := range map[string]string{
		"SELECT item FROM sold LIMIT 1":                     "Allow to Deny by bots/no-orders",
		"SELECT total()":                                    "Allow to Deny by bots/no-orders",
		"SELECT id FROM customers WHERE name = 'Ada Quill'": "Allow to Deny by bots/name",
		"INSERT INTO notes (body) VALUES ('b')":             "Allow to Deny by bots/in-transactions",
	} {
		if changes[text] != want {
			t.Errorf("%s: %q, want %q", text, changes[text], want)
		}
		delete(changes, text)
	}
	if len(changes) > 0 {
		t.Errorf("also changed: %v", changes)
	}
	masks := map[string]int{}
	for _, m := range o.Masks {
		masks[fmt.Sprintf("%s %s by %s: %s instead of %s", m.Kind, m.Column, m.Rule, m.How, m.Before)] = m.Count
	}
	for _, want := range []string{
		"Masked public.people.name by bots/name: Redact instead of ",
		"Otherwise public.customers.email by bots/contact: Hash (keyFile /etc/weir/none.key) instead of Partial (keepLast 2)",
		"Unmasked public.customers.phone by :  instead of ",
	} {
		if masks[want] != 1 {
			t.Errorf("there is no %q among %v", want, masks)
		}
	}
	if len(masks) != 3 || len(o.NotHeld) > 0 {
		t.Errorf("%v, %v", masks, o.NotHeld)
	}
	if len(o.Patterns) != 1 || o.Patterns[0].Rule != "bots/misspelt" || !slices.Equal(o.Patterns[0].Nearest, []string{"public.customers"}) {
		t.Errorf("%+v", o.Patterns)
	}
	text := s.cli("policy", "replay", "--since", "1h", file)
	for _, want := range []string{
		"catalog", "of crm/" + s.database + ", as it was at", "Deny by bots/no-orders, instead of Allow by no rule",
		"public.people.name masked, Redact by bots/name, instead of shown", "public.customers.phone shown, instead of masked",
		"bots/misspelt: tables public.custmers matches nothing in crm/" + s.database + ": it protects nothing; there is public.customers",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	// Documents that are not in force are explained with the catalog, too.
	told := s.cli("policy", "explain", "--file", file, "--as", "cgroup="+s.agents.Name+",user=nobody", "SELECT item FROM sold")
	for _, want := range []string{"Deny by bots/no-orders", "public.custmers matches nothing in crm/" + s.database + "; there is public.customers"} {
		if !strings.Contains(told, want) {
			t.Errorf("explain --file does not say %q:\n%s", want, told)
		}
	}
	// Without the daemon's catalog it says what is left out, and that it is.
	state := s.replay("--state", s.weir.State, file)
	if len(state.Databases) != 1 || state.Databases[0].Catalog != "NotHeld" || len(state.NotHeld) != 1 || !strings.Contains(state.NotHeld[0], "--state") {
		t.Errorf("%+v, %v", state.Databases, state.NotHeld)
	}
	for _, c := range state.Changes {
		if c.Rule == "bots/no-orders" || c.Rule == "bots/name" {
			t.Errorf("without a catalog: %+v", c)
		}
	}
	if len(state.Masks) > 0 {
		t.Errorf("without a catalog: %+v", state.Masks)
	}
}
