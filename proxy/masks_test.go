package proxy_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/journal"
)

// Every way in which a client can have the rows of a result sent.
func TestMasksHoldInEveryWayToReadAResult(t *testing.T) {
	s := newSite(t, options{})
	const text = "SELECT id, email, ssn FROM customers ORDER BY id"
	const rows = "D:1,*****************.com,**** D:2,************.org,**** D:3,NULL,****"
	for _, way := range []struct {
		name string
		ask  [][]byte
		want string
	}{
		{"described", [][]byte{parse("", text), bind("", ""), describe('P', ""), execute("", 0), syncs()}, "1 2 T " + rows + " C:SELECT 3 Z:I"},
		{"not described", [][]byte{parse("", text), bind("", ""), execute("", 0), syncs()}, "1 2 " + rows + " C:SELECT 3 Z:I"},
		{"described as a statement only", [][]byte{parse("", text), describe('S', ""), bind("", ""), execute("", 0), syncs()}, "1 t T 2 " + rows + " C:SELECT 3 Z:I"},
		{"in binary, which for text is the same", [][]byte{parse("", text), frame('B', "\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01\x00\x01"), execute("", 0), syncs()}, "1 2 " + rows + " C:SELECT 3 Z:I"},
		{"row by row", [][]byte{parse("", text), bind("", ""), execute("", 1), execute("", 1), execute("", 5), syncs()},
			"1 2 D:1,*****************.com,**** s D:2,************.org,**** s D:3,NULL,**** C:SELECT 1 Z:I"},
		{"twice in one pipeline", [][]byte{parse("", text), bind("a", ""), bind("b", ""), execute("a", 1), execute("b", 0), execute("a", 0), syncs()},
			"1 2 2 D:1,*****************.com,**** s " + rows + " C:SELECT 3 D:2,************.org,**** D:3,NULL,**** C:SELECT 2 Z:I"},
	} {
		t.Run(way.name, func(t *testing.T) {
			w := s.raw()
			w.send(pipeline(way.ask...))
			wants(t, w.until(1), way.want)
		})
	}
	t.Run("in a Query", func(t *testing.T) { wants(t, s.raw().query(text), "T "+rows+" C:SELECT 3 Z:I") })
	t.Run("in the second statement of a Query", func(t *testing.T) {
		wants(t, s.raw().query("SELECT 1; "+text+"; SELECT 2"), "T D:1 C:SELECT 1 T "+rows+" C:SELECT 3 T D:2 C:SELECT 1 Z:I")
	})
	t.Run("by a cursor", func(t *testing.T) {
		w := s.raw()
		wants(t, w.query("BEGIN; DECLARE c CURSOR FOR "+text), "C:BEGIN C:DECLARE CURSOR Z:T")
		wants(t, w.query("FETCH 2 FROM c"), "T D:1,*****************.com,**** D:2,************.org,**** C:FETCH 2 Z:T")
		w.send(pipeline(parse("", "FETCH c"), bind("", ""), execute("", 0), syncs()))
		wants(t, w.until(1), "1 2 D:3,NULL,**** C:FETCH 1 Z:T")
		wants(t, w.query("MOVE BACKWARD ALL FROM c; FETCH ALL FROM c"), "C:MOVE 2 T "+rows+" C:FETCH 3 Z:T")
	})
	t.Run("by RETURNING", func(t *testing.T) {
		wants(t, s.raw().query("BEGIN; UPDATE customers SET name = name WHERE id = 1 RETURNING ssn, name; ROLLBACK"),
			"C:BEGIN T D:****,Ada Quill C:UPDATE 1 C:ROLLBACK Z:I")
	})
	t.Run("by EXECUTE", func(t *testing.T) {
		w := s.raw()
		wants(t, w.query("PREPARE p AS "+text), "C:PREPARE Z:I")
		wants(t, w.query("EXECUTE p"), "T "+rows+" C:SELECT 3 Z:I")
	})
	t.Run("by pgx, in every mode", func(t *testing.T) {
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe,
			pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
			c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
			for range 3 {
				var email, ssn string
				must(t, c.QueryRow(t.Context(), "SELECT email, ssn FROM customers WHERE id = $1", 2).Scan(&email, &ssn))
				if email != "************.org" || ssn != "****" {
					t.Errorf("%v: got %q, %q", mode, email, ssn)
				}
			}
		}
	})
	ends := s.records(10, journal.KindStatementEnd)
	for _, r := range ends {
		for _, secret := range secrets {
			if strings.Contains(strings.Join(r.Masked, " ")+r.Message+r.Detail, secret) {
				t.Errorf("recorded: %+v", r)
			}
		}
	}
	if r := ends[0]; len(r.Masked) == 0 {
		t.Errorf("the record does not say what was masked: %+v", r)
	}
}

// Values of other types have their own form in binary.
func TestMasksOfValuesThatAreNotText(t *testing.T) {
	s := newSite(t, options{rules: `
  masks:
  - name: born
    columns: [public.customers.born]
    with: {type: "Null"}
  - name: price
    columns: [public.orders.cents]
    with: {type: Redact}
`})
	w := s.raw()
	for _, binds := range [][]byte{bind("", ""), bindBinary("", "")} {
		w.send(pipeline(parse("", "SELECT born FROM customers WHERE id = 1"), binds, execute("", 0), syncs()))
		wants(t, w.until(1), "1 2 D:NULL C:SELECT 1 Z:I")
		w.send(pipeline(parse("", "SELECT cents FROM orders WHERE id = 7"), binds, execute("", 0), syncs()))
		if got := w.until(1); strings.Contains(got, "700") || strings.Contains(got, "\x00\x00\x02\xbc") {
			t.Errorf("got %q", got)
		}
	}
}

// What would carry a masked value past its mask is refused, and the session goes
// on.
func TestWaysAroundMasksAreRefused(t *testing.T) {
	s := newSite(t, options{})
	w := s.raw()
	for _, text := range []string{
		"SELECT upper(ssn) FROM customers WHERE id = 1 AND ssn LIKE '9%'",
		"SELECT row_to_json(c) FROM customers c",
		"COPY customers TO STDOUT", "COPY (SELECT ssn FROM customers) TO STDOUT (FORMAT binary)",
		"CREATE TABLE copy AS SELECT ssn FROM customers", "INSERT INTO notes (body) SELECT ssn FROM customers",
		"UPDATE customers SET name = ssn WHERE id = 1", "DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM customers LIMIT 1); END $$",
		"EXPLAIN ANALYZE SELECT * FROM customers WHERE ssn > '9'", "SELECT * FROM pg_stats WHERE tablename = 'customers'",
		"SELECT ssn::int FROM customers", "SELECT query_to_xml('select ssn from customers', true, true, '')",
	} {
		got := w.query(text)
		for _, secret := range secrets {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %s", text, got)
			}
		}
		if !strings.HasSuffix(got, "Z:I") {
			t.Errorf("%s: %s", text, got)
		}
	}
	wants(t, w.query("SELECT 1"), "T D:1 C:SELECT 1 Z:I")
	if s.count("SELECT count(*) FROM notes") != "0" {
		t.Error("something was written")
	}
}

// A table of the session's own costs no reading of the catalog for each statement.
func TestTemporaryTablesBesideMasks(t *testing.T) {
	s := newSite(t, options{})
	c := s.connect()
	_, err := c.Exec(t.Context(), "CREATE TEMP TABLE scratch (n int)")
	must(t, err)
	var first, last string
	for i := range 6 {
		_, err = c.Exec(t.Context(), "INSERT INTO scratch VALUES (1)")
		must(t, err)
		var n int
		must(t, c.QueryRow(t.Context(), "SELECT count(*) FROM scratch").Scan(&n))
		for _, st := range s.catalogs.Status() {
			if i == 1 {
				first = st.Taken.String()
			}
			last = st.Taken.String()
		}
	}
	if first != last {
		t.Error("the catalog was read again and again")
	}
}
