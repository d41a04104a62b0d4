package lineage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
	proxycatalog "github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/test/lab"
)

// These tests compare what lineage says about statements with what PostgreSQL answers:
// statements run directly on a server whose masked columns hold values that are
// found again wherever they appear, and no cell that would pass may hold one.

// schema has masked columns of several types in a table, in a partitioned table, in
// a table that others inherit from, and views over them. Their texts hold "qzxv", their
// numbers 76543.
const schema = `
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, dropped int, ssn varchar(40), salary int, born date, tags text[], doc jsonb, region int);
ALTER TABLE customers DROP COLUMN dropped;
INSERT INTO customers SELECT i, 'name'||i, 'qzxv'||i||'@example.com', 'qzxv-'||i||'-ssn', 7654300+i, date '7654-03-02' + i,
  ARRAY['qzxv'||i, 'b'], jsonb_build_object('k', 'qzxv'||i, 'n', 7654300+i), i % 3 FROM generate_series(1, 12) i;
CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, note text, amount numeric, placed timestamptz DEFAULT '2024-01-01', email text);
INSERT INTO orders SELECT i, 1 + i % 12, 'note'||i, i * 10, timestamptz '2024-01-01' + i * interval '1 day', 'open'||i||'@example.com' FROM generate_series(1, 40) i;
CREATE TABLE events (id int, ip text, at date) PARTITION BY RANGE (id);
CREATE TABLE events_old (ip text, at date, id int);
ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM (0) TO (100);
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM (100) TO (200);
INSERT INTO events SELECT i, 'qzxv.'||i, '2024-02-01' FROM generate_series(95, 105) i;
CREATE TABLE base (id int, secret text);
CREATE TABLE heir (extra text) INHERITS (base);
INSERT INTO heir SELECT i, 'qzxv'||i, 'e'||i FROM generate_series(1, 3) i;
CREATE TABLE made (id int, ssn text, shout text GENERATED ALWAYS AS (upper(ssn)) STORED);
INSERT INTO made VALUES (1, 'qzxv1'), (2, 'qzxv2');
CREATE TABLE notes (id serial, body text, n int);
CREATE VIEW contacts AS SELECT id, email AS mail, upper(email) AS shout, name FROM customers;
CREATE VIEW twice AS SELECT c.mail, c.id, o.note FROM contacts c JOIN orders o ON o.customer_id = c.id;
CREATE VIEW stats AS WITH x AS (SELECT region, count(*) AS n, max(salary) AS top FROM customers GROUP BY region) SELECT * FROM x;
CREATE MATERIALIZED VIEW kept AS SELECT region, array_agg(ssn) AS all_ssn, count(*) AS n FROM customers GROUP BY region;
CREATE FUNCTION double(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION peek() RETURNS text LANGUAGE sql STABLE AS 'SELECT max(email) FROM customers';
CREATE FUNCTION rows_of() RETURNS SETOF customers LANGUAGE sql STABLE AS 'SELECT * FROM customers';
CREATE FUNCTION echo(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
CREATE FUNCTION total_of(int) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(amount) FROM orders WHERE customer_id = $1';
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE SCHEMA other; CREATE TABLE other.plain (id int, email text); INSERT INTO other.plain VALUES (1, 'plain@example.com');
ANALYZE;
`

// site is a server, the masks that hold on it and what they let pass.
type site struct {
	conn     *pgconn.PgConn
	snapshot *catalog.Snapshot
	masks    *lineage.Masks
}

type bodies struct{}

func (bodies) Body(_ context.Context, definition string) (*statement.Facts, error) {
	return statement.ParseBody(definition)
}

func newSite(t *testing.T, predicates lineage.Predicates, more ...string) *site {
	t.Helper()
	lab.NeedRoot(t)
	lab.NeedPostgres(t)
	l := lab.ForTest(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := l.Postgres(ctx, lab.PostgresOptions{})
	must(t, err)
	s := &site{}
	c, err := p.Connect(ctx, "postgres")
	must(t, err)
	s.conn = c.PgConn()
	must(t, err)
	t.Cleanup(func() { _ = s.conn.Close(context.Background()) })
	for _, sql := range append([]string{schema}, more...) {
		_, err = s.conn.Exec(ctx, sql).ReadAll()
		must(t, err)
	}
	s.snapshot, err = proxycatalog.Read(ctx, proxycatalog.QuerierFunc(s.query), bodies{})
	must(t, err)
	s.masks, err = lineage.Compile([]lineage.Rule{
		{Policy: "p", Name: "hash", Columns: names(t, "public.customers.email"), Masker: masker(t, mask.Spec{Type: mask.Hash, Key: []byte("0123456789abcdef")}), Predicates: predicates},
		{Policy: "p", Name: "redact", Columns: names(t, "public.customers.ssn", "public.customers.salary", "public.customers.born", "public.customers.tags", "public.customers.doc", "public.made.ssn"),
			Masker: masker(t, mask.Spec{Type: mask.Redact}), Predicates: predicates},
		{Policy: "p", Name: "gone", Columns: names(t, "public.events.ip", "public.base.secret"), Masker: masker(t, mask.Spec{Type: mask.Null}), Predicates: predicates},
	}, s.snapshot)
	must(t, err)
	if un := s.masks.Unmatched(); len(un) > 0 {
		t.Fatalf("unmatched: %q", un)
	}
	return s
}

func (s *site) query(ctx context.Context, sql string) ([][][]byte, error) {
	r, err := s.conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	return r[len(r)-1].Rows, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func masker(t testing.TB, spec mask.Spec) *mask.Masker {
	t.Helper()
	m, err := mask.New(spec)
	must(t, err)
	return m
}

func names(t testing.TB, list ...string) []lineage.Pattern {
	t.Helper()
	all := make([]lineage.Pattern, 0, len(list))
	for _, text := range list {
		n, err := pattern.ParseName(text)
		must(t, err)
		all = append(all, lineage.PatternOf(n))
	}
	return all
}

// verdict is what became of a statement.
type verdict struct {
	refused string // the construct, "" if it was not
	failed  error  // the server's
	masked  []string
	leaks   []string
	direct  int // cells that show a masked value to whoever reads them without weir
}

// judge judges a statement and, where it may run, runs it directly in a transaction
// that is undone and looks at every cell that would pass.
func (s *site) judge(t testing.TB, sql string, format int16) verdict {
	t.Helper()
	facts, err := statement.Parse(sql)
	if err != nil {
		return verdict{refused: "unread: " + err.Error()}
	}
	plan := s.masks.Judge(&facts.Statements[0], lineage.Env{Fresh: true})
	if plan.Refused {
		return verdict{refused: plan.Construct}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err = s.conn.Exec(ctx, "BEGIN; SET LOCAL statement_timeout = '5s'").ReadAll()
	must(t, err)
	defer func() { _, _ = s.conn.Exec(context.Background(), "ROLLBACK").ReadAll() }()
	r := s.conn.ExecParams(ctx, sql, nil, nil, nil, []int16{format}).Read()
	if r.Err != nil {
		return verdict{failed: r.Err}
	}
	fields := make([]lineage.Field, len(r.FieldDescriptions))
	for i, f := range r.FieldDescriptions {
		fields[i] = lineage.Field{Name: f.Name, TableOID: f.TableOID, Column: int16(f.TableAttributeNumber), TypeOID: f.DataTypeOID, TypeMod: f.TypeModifier, Format: f.Format}
	}
	row, err := s.masks.Row(&plan, fields)
	must(t, err)
	v := verdict{masked: row.Columns}
	if len(row.Unexpected) > 0 {
		v.leaks = append(v.leaks, "unexpected: "+strings.Join(row.Unexpected, ", "))
	}
	for _, cells := range r.Rows {
		for i, cell := range cells {
			if cell == nil {
				continue
			}
			if canary(cell) != "" {
				v.direct++
			}
			if row.Any() && row.Cells[i] != nil {
				out, null := row.Cells[i].Mask(nil, cell)
				if null {
					continue
				}
				cell = out
			}
			if c := canary(cell); c != "" && len(v.leaks) < 5 {
				v.leaks = append(v.leaks, fields[i].Name+": "+c)
			}
		}
	}
	return v
}

// plan judges the first statement of a text.
func (s *site) plan(t testing.TB, sql string) lineage.Plan {
	t.Helper()
	facts, err := statement.Parse(sql)
	must(t, err)
	return s.masks.Judge(&facts.Statements[0], lineage.Env{Fresh: true, Outputs: true})
}

// classes gives the class of each output: C clean, M a copy, R derived; "" for a
// statement that is refused.
func (s *site) classes(t testing.TB, sql string) string {
	t.Helper()
	plan := s.plan(t, sql)
	if plan.Refused {
		return ""
	}
	var all strings.Builder
	for i := range plan.Outputs {
		all.WriteString(map[lineage.Class]string{lineage.Clean: "C", lineage.Copy: "M", lineage.Derived: "R"}[plan.Outputs[i].Class])
	}
	return all.String()
}

// canary says what of a masked value a cell shows, "" for nothing.
func canary(cell []byte) string {
	text := strings.ToLower(string(cell))
	for _, c := range []string{"qzxv", "vxzq", "zxv", "717a7876", "cxp4d", "76543", "7654-", "34567", "\x00\x74\xcb"} {
		if strings.Contains(text, c) {
			return text
		}
	}
	return ""
}

// runs says whether the server takes a statement.
func (s *site) runs(t testing.TB, sql string) bool {
	t.Helper()
	_, err := s.conn.Exec(t.Context(), "BEGIN; SET LOCAL statement_timeout = '5s'; EXPLAIN "+sql+"; ROLLBACK").ReadAll()
	_, _ = s.conn.Exec(t.Context(), "ROLLBACK").ReadAll()
	return err == nil
}
