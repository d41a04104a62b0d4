package proxy_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/proxy/journal"
)

// detecting is a policy that names no column.
const detecting = `
  masks:
  - name: anywhere
    detect: [EmailAddress, SocialSecurityNumber]
    patterns: ['EMP-\d{4}']
    with: {type: Redact}
  - name: cards
    detect: [PaymentCard]
    with: {type: Partial, keepLast: 4}
`

// hidden puts what must be found where no rule would name it.
const hidden = `
CREATE TABLE tickets (id int PRIMARY KEY, body text, tags text[], doc jsonb, n bigint);
INSERT INTO tickets VALUES (1, 'from ada.quill@example.com, card 4111 1111 1111 1111', '{bram@example.org,EMP-1234}',
  '{"ssn": "536-90-4399", "deep": [{"card": 4111111111111111}], "ok": 1}', 7);
ALTER TABLE tickets OWNER TO shop_app;
`

func TestWhatIsDetectedIsMaskedWhereverItStands(t *testing.T) {
	s := newSite(t, options{rules: detecting, setup: hidden})
	w := s.raw()
	const ticket = `D:1,from ****, card ***************1111,{****,****},{"ok": 1, "ssn": "****", "deep": [{"card": 0}]},7`
	wants(t, w.query("SELECT * FROM tickets"), "T "+ticket+" C:SELECT 1 Z:I")
	w.send(pipeline(parse("", "SELECT * FROM tickets"), bind("", ""), execute("", 0), syncs()))
	wants(t, w.until(1), "1 2 "+ticket+" C:SELECT 1 Z:I")
	for _, q := range []struct{ text, want string }{
		{"SELECT upper(body) FROM tickets", "T D:FROM ****, CARD ***************1111 C:SELECT 1 Z:I"},
		{"SELECT string_agg(email, ' ') FROM customers", "T D:**** **** C:SELECT 1 Z:I"},
		{"SELECT ROW(1, body) FROM tickets", `T D:(1,"from ****, card ***************1111") C:SELECT 1 Z:I`},
		{"SELECT t FROM tickets t", `T D:(1,"from ****, card ***************1111","{****,****}",`},
		{"VALUES ('EMP-0001', 1)", "T D:****,1 C:SELECT 1 Z:I"},
		{"UPDATE tickets SET n = 8 RETURNING body", "T D:from ****, card ***************1111 C:UPDATE 1 Z:I"},
		{"EXPLAIN (COSTS OFF) SELECT 1 FROM tickets WHERE body = 'ada.quill@example.com'", "****"},
	} {
		if got := w.query(q.text); !strings.Contains(got, q.want) || strings.Contains(got, "ada.quill") || strings.Contains(got, "1111 1111") {
			t.Errorf("%s\n got %s\nwant %s", q.text, got, q.want)
		}
	}
	wants(t, w.query("BEGIN; DECLARE c CURSOR FOR SELECT body FROM tickets; FETCH ALL FROM c; COMMIT"),
		"C:BEGIN C:DECLARE CURSOR T D:from ****, card ***************1111 C:FETCH 1 C:COMMIT Z:I")
	if got := w.query("LISTEN news; NOTIFY news, 'bram@example.org'"); strings.Contains(got, "bram") {
		t.Errorf("NOTIFY gave %s", got)
	}
	var notices []string
	c := s.connect(func(c *pgx.ConnConfig) {
		c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices = append(notices, n.Message) }
	})
	_, err := c.Exec(t.Context(), "DO $$ BEGIN RAISE NOTICE 'look: %', 'ada.quill@example.com'; END $$")
	must(t, err)
	if len(notices) != 1 || notices[0] != "look: ****" {
		t.Errorf("notices: %q", notices)
	}
	if _, err = c.Exec(t.Context(), "SELECT body::int FROM tickets"); err == nil || !strings.Contains(err.Error(), `"from ****, card ***************1111"`) {
		t.Errorf("the error is %v", err)
	}
	// What is masked in errors is masked where they are recorded, too.
	failed := 0
	for _, r := range s.records(4, journal.KindStatementEnd) {
		if r.Message != "" {
			failed++
		}
		if text := r.Message + r.Detail; strings.Contains(text, "ada.quill") || strings.Contains(text, "1111 1111") {
			t.Errorf("recorded: %s", text)
		}
	}
	if failed == 0 {
		t.Error("no error is on record")
	}
	var body string
	var tags []string
	must(t, c.QueryRow(t.Context(), "SELECT body, tags FROM tickets WHERE id = $1", 1).Scan(&body, &tags))
	if body != "from ****, card ***************1111" || strings.Join(tags, " ") != "**** ****" {
		t.Errorf("pgx got %q and %q", body, tags)
	}
}

func TestPathsOfAColumnAreMaskedInItsJSON(t *testing.T) {
	s := newSite(t, options{setup: hidden, rules: `
  masks:
  - name: card
    columns: [public.tickets.doc]
    paths: ["deep.card"]
    with: {type: Redact}
  - name: ssn
    columns: ["*.tickets.doc"]
    paths: [ssn]
    with: {type: "Null"}
`})
	w := s.raw()
	wants(t, w.query("SELECT id, doc FROM tickets"), `T D:1,{"ok": 1, "ssn": null, "deep": [{"card": 0}]} C:SELECT 1 Z:I`)
	for _, text := range []string{
		"SELECT doc->'deep' FROM tickets", "SELECT doc->>'ssn' FROM tickets", "SELECT doc::text FROM tickets", "SELECT jsonb_agg(doc) FROM tickets",
		"SELECT t FROM tickets t", "SELECT x FROM tickets, jsonb_each_text(doc) x", "SELECT d || '{}' FROM (SELECT doc AS d FROM tickets) s",
		"SELECT doc FROM tickets WHERE doc->>'ssn' LIKE '5%'",
	} {
		if got := w.query(text); strings.Contains(got, "4111") || strings.Contains(got, "536-90") || strings.Contains(got, "LIKE") && strings.Contains(got, "D:") {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// A deferred constraint fails at the COMMIT of weir's own transaction.
func TestWhatIsDetectedIsMaskedInTheErrorsOfLimitedWrites(t *testing.T) {
	s := newSite(t, options{
		setup: "CREATE TABLE names (n text UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO names VALUES ('ada.quill@example.com'); ALTER TABLE names OWNER TO shop_app;",
		rules: detecting + `
  guards:
  - name: few
    match: {commands: [Insert]}
    limit: {rows: 10}
    action: Deny
`})
	c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol })
	_, err := c.Exec(t.Context(), "INSERT INTO names VALUES ('ada.quill@example.com')")
	refused(t, err, "23505")
	e := pgError(err)
	if !strings.Contains(e.Detail, "****") || strings.Contains(e.Detail, "ada.quill") {
		t.Errorf("the detail is %q", e.Detail)
	}
	for _, r := range s.records(1, journal.KindStatementEnd) {
		if strings.Contains(r.Message+r.Detail, "ada.quill") {
			t.Errorf("recorded: %s %s", r.Message, r.Detail)
		}
	}
}
