package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

// copied is a table of everything that formats write in a way of their own. kept is
// what no rule masks.
const copied = `
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN code AS text;
CREATE TABLE people (id int PRIMARY KEY, kept text, email text, short varchar(3), padded char(6), n int, big bigint, price numeric(10,2), born date,
  seen timestamptz, ok bool, uid uuid, doc jsonb, raw json, data bytea, tags text[], counts int[], addr inet, feeling mood, pin code, secret text,
  lower_email text GENERATED ALWAYS AS (lower(email)) STORED, dropped int);
ALTER TABLE people DROP COLUMN dropped;
INSERT INTO people (id, kept, email, short, padded, n, big, price, born, seen, ok, uid, doc, raw, data, tags, counts, addr, feeling, pin, secret) VALUES
  (1, 'plain', 'canary1@x.example', 'can', 'canary', 770011, 7700112233, 7700.11, '1977-01-01', '1977-01-01 07:07:07+00', true, '77007700-7700-7700-7700-770077007700',
   '{"canary": "canary"}', '["canary"]', 'canary', '{canary,"ca nary"}', '{770011,7}', '77.77.77.77', 'good', 'canary', 'canary2'),
  (2, E'tab\t nl\n cr\r bs\\ q" s'' , | ; \b\f\v', E'canary\t\n\r\\",''|;', E'\t,"', E'\\.', -770011, -1, -0.01, '0044-03-15 BC', 'infinity', false, '00000000-0000-0000-0000-000000000001',
   '"can\nary"', '{"a": "\n"}', '\x00cafe', '{NULL,"can\"ary",""}', '{}', '::1', 'bad', E'ca\tn', E'\\.'),
  (3, '', '', '', '', 0, 0, 0, '2000-01-01', '2000-01-01', NULL, NULL, '{}', '{}', '', '{}', NULL, NULL, NULL, '', E'\\N'),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (5, E'\\.', repeat('canary é ', 9000), 'éé', 'é', 1, 1, 1, 'infinity', '1999-12-31 23:59:59.5+02', true, '00000000-0000-0000-0000-000000000002',
   'null', 'null', repeat('canary', 20000)::bytea, ARRAY[repeat('canary', 3000)], ARRAY[1], '10.0.0.1/8', 'good', 'x', 'NULL');
ALTER TABLE people OWNER TO shop_app;
`

// masking gives every column but two a mask of one kind.
func masking(with string) string {
	return fmt.Sprintf(`
  masks:
  - name: all
    columns: [public.people.%s]
    with: %s
`, strings.ReplaceAll(peopleColumns, ", ", ", public.people."), with)
}

// columnsOf people that a mask hides, in their order.
const peopleColumns = "email, short, padded, n, big, price, born, seen, ok, uid, doc, raw, data, tags, counts, addr, feeling, pin, secret"

// copyOut gives what a COPY sends.
func copyOut(t *testing.T, c *pgx.Conn, text string) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := c.PgConn().CopyTo(t.Context(), &b, text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b.String()
}

// The truth is what COPY says of a table that holds what SELECT shows.
func TestMaskedCopyIsWhatCopyWouldSendOfWhatSelectShows(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(key, []byte("a key of some length, at least 16"), 0o600))
	for _, with := range []string{"{type: Redact}", `{type: "Null"}`, "{type: Partial, keepLast: 3}", "{type: Hash, keyFile: " + key + "}", "{type: Noise, keyFile: " + key + "}"} {
		t.Run(with, func(t *testing.T) {
			s := newSite(t, options{setup: copied, rules: masking(with)})
			c := s.connect(simple)
			direct, err := s.pg.Connect(t.Context(), s.database)
			must(t, err)
			t.Cleanup(func() { _ = direct.Close(context.Background()) })
			s.shown(c, direct)
			forms := []string{
				"", "(FORMAT text)", "CSV", "WITH CSV HEADER", "(FORMAT csv, FORCE_QUOTE *)", "(FORMAT csv, FORCE_QUOTE (email, n))", "WITH CSV FORCE QUOTE secret, email",
				`(FORMAT csv, QUOTE '''', ESCAPE '\')`, "(FORMAT csv, DELIMITER ';', NULL 'none')", `(FORMAT csv, NULL '\N', DELIMITER E'\t')`, `(DELIMITER '|', NULL '\null')`,
				`DELIMITER ',' NULL AS '\nil'`, "(HEADER)", "(HEADER true, DELIMITER ',')", "(FORMAT binary)", "WITH BINARY", "(ENCODING 'UTF8')", "(FORMAT csv, HEADER, ENCODING 'utf-8')",
			}
			queries := []string{
				"(SELECT id, kept, " + peopleColumns + ", lower_email FROM people ORDER BY id)",
				"(SELECT secret, n, id, email FROM people WHERE id < 4 ORDER BY id)",
				"(SELECT p.*, p.email AS again FROM (SELECT * FROM people) p JOIN orders o USING (id) ORDER BY id)",
				"(SELECT n, tags, secret, email FROM people UNION ALL SELECT n, tags, email, secret FROM people)",
				"(UPDATE people SET kept = kept WHERE id = 2 RETURNING n, email, secret, kept)",
				"(WITH x AS (TABLE people) SELECT x.secret AS n, x.n AS email, x.email AS secret FROM x ORDER BY id)",
				"people", "public.people (n, email, id, kept, secret)",
			}
			if !strings.Contains(with, "Redact") { // one mask in all forms, the others in some
				forms, queries = slices.DeleteFunc(forms, func(f string) bool {
					return f != "" && !strings.Contains(f, "binary") && !strings.Contains(f, "secret")
				}), queries[:3]
			}
			for _, form := range forms {
				for _, q := range queries {
					s.comparesCopy(c, direct, "COPY "+q+" TO STDOUT "+form, !strings.Contains(with, "Partial"))
				}
			}
			for _, q := range []string{"COPY BINARY people TO STDOUT", `COPY people TO STDOUT USING DELIMITERS '|' WITH NULL AS '\nil'`, "copy people (secret) to stdout csv quote as '-' escape as '+'"} {
				s.comparesCopy(c, direct, q, !strings.Contains(with, "Partial"))
			}
		})
	}
}

// shown makes another table of what SELECT shows of people.
func (s *site) shown(c, direct *pgx.Conn) {
	s.t.Helper()
	ctx := s.t.Context()
	_, err := direct.Exec(ctx, "CREATE TABLE shown (LIKE people)")
	must(s.t, err)
	rows, err := c.PgConn().Exec(ctx, "SELECT id, kept, "+peopleColumns+", lower_email FROM people ORDER BY id").ReadAll()
	must(s.t, err)
	for _, row := range rows[0].Rows {
		marks := make([]string, len(row))
		for i := range row {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
		r := direct.PgConn().ExecParams(ctx, "INSERT INTO shown (id, kept, "+peopleColumns+", lower_email) VALUES ("+strings.Join(marks, ", ")+")", row, nil, nil, nil).Read()
		must(s.t, r.Err)
	}
}

// comparesCopy runs a COPY of people through weir and one of what is shown directly.
func (s *site) comparesCopy(c, direct *pgx.Conn, q string, all bool) {
	s.t.Helper()
	got := copyOut(s.t, c, q)
	text := strings.NewReplacer("COPY people TO", "COPY shown (id, kept, "+peopleColumns+") TO", "BINARY people", "BINARY shown (id, kept, "+peopleColumns+")", "copy people", "copy shown",
		"public.people", "public.shown", "FROM people", "FROM shown", "UPDATE people", "UPDATE shown", "TABLE people", "TABLE shown").Replace(q)
	want := copyOut(s.t, direct, text)
	if !strings.Contains(strings.ToUpper(q), "BINARY") {
		// Elements of arrays may be quoted or not.
		got, want = strings.ReplaceAll(got, `"`, ""), strings.ReplaceAll(want, `"`, "")
	}
	if got != want {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		at = max(at-100, 0)
		s.t.Fatalf("%s\n got ...%.1000q\nwant ...%.1000q", q, got[at:], want[at:])
	}
	for _, secret := range []string{"canary", "770011", "7700-7700", "\x00\x0b\xbf\xdb"} {
		if all && strings.Contains(got, secret) {
			s.t.Errorf("%s: %q is in %.2000q", q, secret, got)
		}
	}
}

// What is computed is redacted in its type, and nothing of the values shows.
func TestComputedColumnsOfACopyAreRedacted(t *testing.T) {
	s := newSite(t, options{setup: copied, rules: masking("{type: Partial, keepLast: 3}")})
	c := s.connect(simple)
	for text, want := range map[string]string{
		"COPY (SELECT upper(email), 1 FROM people WHERE id = 1) TO STDOUT":                                        "****\t1\n",
		"COPY (SELECT left(email, 3) || kept, row_to_json(p) FROM people p LIMIT 2) TO STDOUT CSV":                "****,null\n****,null\n",
		"COPY (SELECT secret FROM people WHERE id = 1 UNION ALL SELECT email FROM people WHERE id = 1) TO STDOUT": "****ry2\n**************ple\n",
		"COPY (SELECT count(email) FROM people) TO STDOUT":                                                        "4\n",
		"COPY (SELECT 1 AS one) TO STDOUT WITH CSV HEADER":                                                        "one\n1\n",
		"COPY (SELECT email::text FROM people WHERE id = 1) TO STDOUT":                                            "**************ple\n",
	} {
		if got := copyOut(t, c, text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if got := copyOut(t, c, "COPY (SELECT upper(email) FROM people WHERE id = 1) TO STDOUT (FORMAT binary)"); !strings.HasSuffix(got, "\x00\x01\x00\x00\x00\x04****\xff\xff") {
		t.Errorf("in binary: %q", got)
	}
}

// The same in every way that a COPY can be sent, with a row in each message.
func TestMasksHoldInEveryWayToCopy(t *testing.T) {
	s := newSite(t, options{})
	w := s.raw()
	rowsOf := func(n int) string {
		t.Helper()
		var list []string
		for n > 0 {
			typ, body := w.next()
			if typ == wire.ReadyForQuery {
				n--
			}
			if typ == wire.CopyData {
				list = append(list, fmt.Sprintf("d:%s", body))
				continue
			}
			list = append(list, show(typ, body))
		}
		return strings.Join(list, " ")
	}
	const text = "COPY (SELECT id, email, ssn FROM customers ORDER BY id) TO STDOUT"
	const rows = "H d:1\t*****************.com\t****\n d:2\t************.org\t****\n d:3\t\\N\t****\n c C:COPY 3"
	w.send(wire.AppendQuery(nil, text))
	wants(t, rowsOf(1), rows+" Z:I")
	w.send(wire.AppendQuery(nil, "SELECT 1; "+text+"; "+text+"; SELECT 2"))
	wants(t, rowsOf(1), "T D:1 C:SELECT 1 "+rows+" "+rows+" T D:2 C:SELECT 1 Z:I")
	w.send(pipeline(parse("", text), bind("", ""), describe('P', ""), execute("", 0), syncs()))
	wants(t, rowsOf(1), "1 2 n "+rows+" Z:I")
	w.send(pipeline(parse("s", text), bind("", "s"), execute("", 0), bind("", "s"), execute("", 0), syncs()))
	wants(t, rowsOf(1), "1 2 "+rows+" 2 "+rows+" Z:I")
	w.send(wire.AppendQuery(nil, "BEGIN"), wire.AppendQuery(nil, text), wire.AppendQuery(nil, "COMMIT"))
	wants(t, rowsOf(3), "C:BEGIN Z:T "+rows+" Z:T C:COMMIT Z:I")
	w.send(wire.AppendQuery(nil, "COPY (SELECT ssn, 1 / (id - 2) FROM customers) TO STDOUT"))
	wants(t, rowsOf(1), "H d:****\t-1\n E:22012 Z:I")
	var columns string
	for _, r := range s.records(7, journal.KindStatementEnd) {
		columns += strings.Join(r.Masked, " ") + "\n"
	}
	if !strings.Contains(columns, "public.customers.email") || !strings.Contains(columns, "public.customers.ssn") {
		t.Errorf("the records say of masked columns: %q", columns)
	}

	host, port, _ := strings.Cut(s.address, ":")
	psql := exec.CommandContext(t.Context(), "psql", "-X", "-h", host, "-p", port, "-U", "agent", s.database,
		"-c", `\copy (select id, email, ssn from customers order by id) to stdout with csv header`, "-c", `\copy customers to stdout`)
	out, err := psql.CombinedOutput()
	if want := "id,email,ssn\n1,*****************.com,****\n2,************.org,****\n3,,****\n" +
		"1\tAda Quill\t*****************.com\t****\t1990-01-02\n2\tBram Osei\t************.org\t****\t1985-06-07\n3\tChiara Neri\t\\N\t****\t1979-11-12\n"; err != nil || string(out) != want {
		t.Errorf("psql: %v\n got %q\nwant %q", err, out, want)
	}
}

func TestCopyThatCannotBeMaskedIsRefused(t *testing.T) {
	s := newSite(t, options{setup: "CREATE SCHEMA other; CREATE TABLE other.customers (ssn text, name text, id int, born date, email text); ALTER TABLE other.customers OWNER TO shop_app; GRANT USAGE ON SCHEMA other TO shop_app;"})
	w := s.raw()
	for _, text := range []string{
		"COPY customers TO STDOUT", "COPY (SELECT * FROM customers) TO STDOUT", // which of two tables
		"COPY public.customers TO STDOUT (ENCODING 'LATIN1')", "COPY public.customers TO STDOUT (ENCODING 'SJIS')", "COPY public.customers TO STDOUT (FORMAT json)",
		"COPY public.customers TO STDOUT (DELIMITER 'ab')", "COPY public.customers TO STDOUT (FORMAT csv, NULL 'a,b')",
		"COPY public.customers TO '/tmp/weir-never'", "COPY public.customers TO PROGRAM 'cat'", "COPY (SELECT ssn FROM public.customers) TO PROGRAM 'cat'",
		"COPY (SELECT * FROM public.customers, generate_series(1, 2)) TO STDOUT",
		"COPY (SELECT id FROM public.customers WHERE ssn LIKE '9%') TO STDOUT", "COPY (SELECT ssn::int FROM public.customers) TO STDOUT",
	} {
		got := w.query(text)
		if !strings.HasPrefix(got, "E:") || !strings.HasSuffix(got, " Z:I") {
			t.Errorf("%s: %s", text, got)
		}
	}
	c := s.connect(simple)
	for text, want := range map[string]string{
		"COPY public.customers TO STDOUT":                               "1\tAda Quill\t*****************.com\t****\t1990-01-02\n2\tBram Osei\t************.org\t****\t1985-06-07\n3\tChiara Neri\t\\N\t****\t1979-11-12\n",
		"COPY customers (name, ssn) TO STDOUT":                          "Ada Quill\t****\nBram Osei\t****\nChiara Neri\t****\n",
		"COPY (SELECT ssn, name FROM customers WHERE id = 1) TO STDOUT": "****\tAda Quill\n",
		"COPY (SELECT id, name FROM customers WHERE id = 1) TO STDOUT":  "1\tAda Quill\n",
	} {
		if got := copyOut(t, c, text); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// The NULL string of text format asks which values are equal to it.
func TestTheNullStringOfACopyIsAQuestion(t *testing.T) {
	const rule = `
  masks:
  - name: contact
    columns: [public.customers.email]
    with: {type: Redact}
  - name: ssn
    columns: [public.customers.ssn]
    with: {type: Redact}
    predicates: Deny
`
	s := newSite(t, options{rules: rule})
	c := s.connect(simple)
	for text, want := range map[string]string{
		"COPY (SELECT ssn FROM customers) TO STDOUT (NULL '900-45-1002')":             "900-45-1002\n900-45-1002\n900-45-1002\n",
		"COPY (SELECT email FROM customers) TO STDOUT (NULL 'bram@example.org')":      "****\nbram@example.org\nbram@example.org\n",
		"COPY (SELECT ssn FROM customers) TO STDOUT (FORMAT csv, NULL '900-45-1002')": "****\n****\n****\n",
		"COPY (SELECT left(ssn, 1) FROM customers) TO STDOUT (NULL '9')":              "9\n9\n9\n",
		"COPY (SELECT ssn FROM customers) TO STDOUT (NULL '\\9')":                     "****\n****\n****\n",
	} {
		if got := copyOut(t, c, text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// A table that has changed past weir is seen before it is copied.
func TestAChangeOfATableIsSeenBeforeItIsCopied(t *testing.T) {
	s := newSite(t, options{})
	c := s.connect(simple)
	const text = "COPY (SELECT * FROM customers WHERE id = 1) TO STDOUT"
	if got := copyOut(t, c, text); got != "1\tAda Quill\t*****************.com\t****\t1990-01-02\n" {
		t.Fatal(got)
	}
	s.direct("ALTER TABLE customers DROP COLUMN name; ALTER TABLE customers ADD COLUMN last text DEFAULT 'x'")
	if got := copyOut(t, c, text); got != "1\t*****************.com\t****\t1990-01-02\tx\n" {
		t.Fatal(got)
	}
	s.direct("ALTER TABLE customers ALTER COLUMN email TYPE bytea USING email::bytea")
	if got := copyOut(t, c, text); got != "1\t\\\\x\t****\t1990-01-02\tx\n" {
		t.Fatal(got)
	}
}

// Where the catalog is read on the session's own connection, a transaction goes by the
// one at hand.
func TestCopyWithoutALoginOfWeirsOwn(t *testing.T) {
	s := passing(t, options{poll: time.Minute})
	c := s.connect(asRole, simple)
	const text = "COPY (SELECT * FROM customers WHERE id = 1) TO STDOUT"
	const want = "1\tAda Quill\t*****************.com\t****\t1990-01-02\n"
	if got := copyOut(t, c, text); got != want {
		t.Fatal(got)
	}
	_, err := c.Exec(t.Context(), "BEGIN")
	must(t, err)
	if got := copyOut(t, c, "COPY (SELECT id, ssn FROM customers WHERE id = 1) TO STDOUT"); got != "1\t****\n" {
		t.Fatal(got)
	}
	_, err = c.PgConn().CopyTo(t.Context(), &bytes.Buffer{}, text)
	refused(t, err, "42501", "cannot be confirmed", "List the columns")
	_, err = c.Exec(t.Context(), "ROLLBACK")
	must(t, err)
	r := c.PgConn().ExecParams(t.Context(), text, nil, nil, nil, nil).Read() // extended, with a Describe
	must(t, r.Err)
	s.direct("ALTER TABLE customers DROP COLUMN name; ALTER TABLE customers ADD COLUMN last text DEFAULT 'x'")
	if got := copyOut(t, c, text); got != "1\t*****************.com\t****\t1990-01-02\tx\n" {
		t.Fatal(got)
	}
}

func TestRowSecurityAndGeneratedColumnsOfACopy(t *testing.T) {
	s := newSite(t, options{setup: copied + "CREATE TABLE guarded (id int, email text, up text GENERATED ALWAYS AS (upper(email)) STORED, ssn text); INSERT INTO guarded VALUES (1, 'canary@x', DEFAULT, 'canary'), (2, 'b', DEFAULT, 'c'); " +
		"GRANT SELECT ON guarded TO shop_app; ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON guarded USING (id = 1);", rules: `
  masks:
  - name: contact
    columns: [public.guarded.email, public.people.email]
    with: {type: Partial, keepLast: 2}
`})
	c := s.connect(simple)
	got := copyOut(t, c, "COPY guarded TO STDOUT")
	if got != "1\t******@x\t****\tcanary\n" && got != "1\t******@x\tcanary\n" {
		t.Errorf("under row security: %q", got)
	}
	if got = copyOut(t, c, "COPY (SELECT up, ssn FROM guarded) TO STDOUT"); got != "****\tcanary\n" {
		t.Errorf("a generated column: %q", got)
	}
	if got = copyOut(t, c, "COPY people (id, email) TO STDOUT CSV"); !strings.HasPrefix(got, "1,***************le\n") {
		t.Errorf("people: %q", got)
	}
}

func TestWhatIsDetectedIsMaskedInCopy(t *testing.T) {
	s := newSite(t, options{rules: detecting, setup: hidden})
	c := s.connect(simple)
	for text, want := range map[string]string{
		"COPY (SELECT id, body FROM tickets) TO STDOUT":                      "1\tfrom ****, card ***************1111\n",
		"COPY (SELECT id, body FROM tickets) TO STDOUT CSV HEADER":           "id,body\n1,\"from ****, card ***************1111\"\n",
		"COPY (SELECT tags FROM tickets) TO STDOUT":                          "{****,****}\n",
		"COPY (SELECT E'a\\tada@example.com\\n', NULL) TO STDOUT":            "a\\t****\\n\t\\N\n",
		"COPY (SELECT upper(body) FROM tickets) TO STDOUT CSV FORCE QUOTE *": "\"FROM ****, CARD ***************1111\"\n",
	} {
		if got := copyOut(t, c, text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"COPY tickets TO STDOUT", "COPY tickets TO STDOUT CSV", "COPY tickets TO STDOUT BINARY", "COPY (SELECT t FROM tickets t) TO STDOUT BINARY", "COPY (SELECT body FROM tickets) TO STDOUT BINARY"} {
		got := copyOut(t, c, text)
		for _, secret := range []string{"ada.quill", "bram@", "EMP-1", "536-90", "1111 1111", "411111"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %q", text, got)
			}
		}
	}
	_, err := c.PgConn().CopyTo(t.Context(), &bytes.Buffer{}, "COPY tickets TO STDOUT (ENCODING 'LATIN1')")
	refused(t, err, "0A000", "ENCODING LATIN1")
}

// Beside a column's rule, the types of the other columns are known.
func TestWhatIsDetectedInCopyBesideColumnsThatAreMasked(t *testing.T) {
	s := newSite(t, options{setup: hidden + "UPDATE tickets SET n = 4111111111111111;", rules: detecting + `
  - name: tags
    columns: [public.tickets.tags]
    with: {type: "Null"}
`})
	c := s.connect(simple)
	const want = "1\tfrom ****, card ***************1111\t\\N\t{\"ok\": 1, \"ssn\": \"****\", \"deep\": [{\"card\": 0}]}\t4111111111111111\n"
	for _, text := range []string{"COPY tickets TO STDOUT", "COPY (SELECT * FROM tickets) TO STDOUT"} {
		if got := copyOut(t, c, text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if got := copyOut(t, c, "COPY tickets (body, doc, n) TO STDOUT BINARY"); !strings.Contains(got, "from ****, card ***************1111") || strings.Contains(got, "536-90") {
		t.Errorf("in binary: %q", got)
	}
}
