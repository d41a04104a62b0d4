package catalog_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/policy/copydata"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
	proxycatalog "github.com/weirgate/weir/proxy/catalog"
)

// clinic is a schema whose masked columns hold nothing but canaries.
const clinic = `
CREATE EXTENSION citext; CREATE EXTENSION pg_trgm;
CREATE TABLE customers (id int PRIMARY KEY, name varchar(30), email text UNIQUE, ssn char(11), region int DEFAULT 1, born date, tags text[], card citext,
  domain_of text GENERATED ALWAYS AS (split_part(email, '@', 2)) STORED, CHECK (ssn <> 'no'));
INSERT INTO customers (id, name, email, ssn, region, born, tags, card)
  SELECT i, 'person ' || i, 'kanarie' || i || '@vogelhuis.example', '777-77-' || (1000 + i), i % 3, date '1947-11-01' + i, ARRAY['kanarietag', 'x'], 'KanarieKarte' || i
  FROM generate_series(1, 40) i;
CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers (id), note text, amount numeric(10,2));
INSERT INTO orders SELECT i, 1 + i % 40, 'order ' || i, i * 1.5 FROM generate_series(1, 100) i;
CREATE TABLE events (id int, at date, ip text) PARTITION BY RANGE (at);
CREATE TABLE events_old (ip text, id int, at date);
ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
INSERT INTO events VALUES (1, '2010-01-01', 'kanarie-ip');
CREATE TABLE parent (id int, secret text); CREATE TABLE child (extra text) INHERITS (parent); INSERT INTO child VALUES (1, 'kanarie-secret', 'x');
CREATE VIEW contacts AS SELECT id, email AS mail, upper(email) AS shout, name FROM customers;
CREATE VIEW contacts2 AS SELECT c.id, c.mail AS m, o.note, c.shout || '!' AS s FROM contacts c LEFT JOIN orders o ON o.customer_id = c.id;
CREATE VIEW both_ways AS SELECT id, name AS x, email AS y FROM customers UNION ALL SELECT id, ssn::text, name FROM customers;
CREATE VIEW whole AS SELECT id, c FROM customers c;
CREATE VIEW rowed AS SELECT id, row_to_json(c) AS j FROM customers c;
CREATE VIEW joined AS SELECT * FROM customers c JOIN orders o USING (id);
CREATE VIEW subs AS SELECT id, (SELECT max(ssn) FROM customers c WHERE c.id = o.customer_id) AS top, EXISTS (SELECT 1 FROM customers c WHERE c.ssn LIKE '7%') AS probe, ARRAY(SELECT email FROM customers) AS arr, note FROM orders o;
CREATE VIEW recursive_swap AS WITH RECURSIVE r(n, a, b) AS (SELECT 1, name::text, email FROM customers UNION ALL SELECT n + 1, b, a FROM r WHERE n < 3) SELECT n, a, b FROM r;
CREATE VIEW lateral_view AS SELECT o.id, l.e FROM orders o, LATERAL (SELECT email AS e FROM customers c WHERE c.id = o.customer_id) l;
CREATE VIEW clean AS SELECT c.id, c.name, count(*) AS n FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.email LIKE '%@%' GROUP BY 1, 2;
CREATE VIEW valued AS SELECT v.a, v.b FROM customers c, LATERAL (VALUES (c.name::text, c.email), ('x', 'y')) v(a, b);
CREATE VIEW windowed AS SELECT id, first_value(email) OVER (ORDER BY id) AS f, row_number() OVER (ORDER BY id) AS n FROM customers;
CREATE VIEW full_joined AS SELECT email, c.id FROM customers c FULL JOIN (SELECT 'none'::text AS email) s USING (email);
CREATE VIEW funcs AS SELECT f.* FROM customers c, LATERAL json_each_text(json_build_object('email', c.email)) f;
CREATE VIEW xmls AS SELECT query_to_xml('select email from customers', true, false, '') AS x, 1 AS one;
CREATE VIEW join_row AS SELECT o.id, row_to_json(j) AS j FROM (customers c JOIN (SELECT 1 AS one) s ON true) j, orders o;
CREATE VIEW cycled AS WITH RECURSIVE r(id, e) AS (SELECT id, email FROM customers UNION ALL SELECT r.id + 1, r.e FROM r WHERE r.id < 3) SEARCH DEPTH FIRST BY e SET ord CYCLE id SET looped USING path SELECT id, e, ord::text, path::text, looped FROM r;
CREATE VIEW cubed AS SELECT region, email, count(*) AS n, grouping(email) AS g FROM customers GROUP BY CUBE (region, email);
CREATE VIEW many_arms AS (SELECT name::text AS v, id FROM customers EXCEPT SELECT 'x', 1) UNION ALL (SELECT note, id FROM orders INTERSECT SELECT email, id FROM customers);
CREATE VIEW sampled AS SELECT email AS e, region FROM customers TABLESAMPLE SYSTEM (100);
CREATE VIEW star_view AS SELECT * FROM both_ways, (SELECT email AS inner_mail FROM customers) s;
CREATE VIEW nested_row AS SELECT (c).email AS e, (c).name AS n FROM whole;
CREATE VIEW stats AS SELECT tablename, attname, most_common_vals::text, histogram_bounds::text AS histogram_bounds FROM pg_stats;
CREATE MATERIALIZED VIEW mat AS SELECT id, email AS e, name FROM customers;
CREATE FUNCTION peek(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM customers WHERE id = $1';
CREATE FUNCTION shady(customers) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.email';
CREATE VIEW peeking AS SELECT id, peek(id) AS p FROM customers;
ANALYZE;
`

// clinicMasks are the masks of the clinic in a snapshot of it.
func clinicMasks(t testing.TB, c *conn, spec mask.Spec) *lineage.Masks {
	t.Helper()
	masker, err := mask.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	var columns []lineage.Pattern
	for _, name := range []string{"public.customers.email", "*.*.ssn", "customers.tags", "customers.card", "customers.born", "events.ip", "child.secret"} {
		n, err := pattern.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, lineage.PatternOf(n))
	}
	s, err := proxycatalog.Read(context.Background(), c, inProcess{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := lineage.Compile([]lineage.Rule{{Policy: "clinic", Name: "privacy", Columns: columns, Masker: masker}}, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Unmatched()) > 0 {
		t.Fatalf("unmatched: %q", m.Unmatched())
	}
	return m
}

// canaries are what may never reach a client, in the transforms that an attacker
// would think of first.
func canaries() []string {
	var all []string
	for _, c := range []string{"kanarie", "vogelhuis", "777-77", "1947-11", "1947-12"} {
		reversed := []byte(c)
		slices.Reverse(reversed)
		all = append(all, c, strings.ToUpper(c), string(reversed), hex.EncodeToString([]byte(c)), base64.RawStdEncoding.EncodeToString([]byte(c))[:len(c)], c[1:], c[:len(c)-1])
	}
	return all
}

func leaked(seen []byte, allowed string) string {
	low := strings.ToLower(string(seen))
	for _, c := range canaries() {
		if strings.Contains(low, strings.ToLower(c)) && !strings.Contains(strings.ToLower(allowed), strings.ToLower(c)) {
			return c
		}
	}
	return ""
}

// through runs a text as a session would: judged, run in a transaction that is
// rolled back, and its rows masked. It gives all that a client would see.
func through(ctx context.Context, c *conn, m *lineage.Masks, sql string, format int16) (seen []byte, plan lineage.Plan, err error) {
	f, err := statement.Parse(sql)
	if err != nil {
		return nil, plan, fmt.Errorf("parsing: %w", err)
	}
	redact := false
	for i := range f.Statements {
		plan = m.Judge(&f.Statements[i], lineage.Env{Fresh: true})
		if plan.Refused {
			return nil, plan, nil
		}
		redact = redact || plan.RedactErrors
	}
	c.notices = nil
	if _, err := c.Exec(ctx, "BEGIN; SET LOCAL statement_timeout = '3s'").ReadAll(); err != nil {
		return nil, plan, err
	}
	defer func() { _, _ = c.Exec(ctx, "ROLLBACK").ReadAll() }()
	take := func(r *pgconn.ResultReader) error {
		fields := make([]lineage.Field, 0, len(r.FieldDescriptions()))
		for _, d := range r.FieldDescriptions() {
			fields = append(fields, lineage.Field{TableOID: d.TableOID, Column: int16(d.TableAttributeNumber), TypeOID: d.DataTypeOID, TypeMod: d.TypeModifier, Format: d.Format})
		}
		one := &plan
		if len(f.Statements) > 1 {
			one = nil
		}
		row, err := m.Row(one, fields)
		if err != nil {
			return err
		}
		if len(row.Unexpected) > 0 {
			return fmt.Errorf("not foreseen: %q", row.Unexpected)
		}
		for r.NextRow() {
			for i, v := range r.Values() {
				if i < len(row.Cells) && row.Cells[i] != nil {
					seen, _ = row.Cells[i].Mask(seen, v)
				} else {
					seen = append(seen, v...)
				}
				seen = append(seen, '|')
				if v == nil {
					seen = append(seen, "NULL"...)
				}
			}
			seen = append(seen, '\n')
		}
		_, err = r.Close()
		return err
	}
	switch {
	case format == mask.BinaryFormat:
		err = take(c.ExecParams(ctx, sql, nil, nil, nil, []int16{format}))
	case strings.HasPrefix(sql, "COPY") && strings.Contains(sql, "STDOUT"):
		var out strings.Builder
		_, err = c.CopyTo(ctx, &out, sql)
		data, failed := copied(m, &plan, &f.Statements[0], out.String())
		if failed != nil {
			return nil, plan, failed
		}
		seen = append(seen, data...)
	default:
		results := c.Exec(ctx, sql)
		for results.NextResult() {
			if failed := take(results.ResultReader()); failed != nil {
				err = failed
			}
		}
		if failed := results.Close(); err == nil {
			err = failed
		}
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		seen = append(seen, "!"+refused.Code...)
		if !redact {
			seen = append(seen, refused.Message+refused.Detail+refused.Where+refused.InternalQuery...)
		}
		err = nil
	}
	if !redact {
		seen = append(seen, strings.Join(c.notices, "")...)
	}
	return seen, plan, err
}

// copied gives the data of a COPY in text format as the client would see them.
func copied(m *lineage.Masks, plan *lineage.Plan, st *statement.Statement, data string) ([]byte, error) {
	line, _, _ := strings.Cut(data, "\n")
	n := strings.Count(line, "\t") + 1
	if m.Empty() || data == "" {
		return []byte(data), nil
	}
	columns, _, err := m.Copy(plan, n, mask.TextFormat)
	if err != nil {
		return nil, err
	}
	cells, names := make([]copydata.Cell, n), make([]string, n)
	for i := range columns {
		if names[i] = columns[i].Name; columns[i].Cell != nil {
			cells[i] = columns[i].Cell
		}
	}
	format, err := copydata.FormatOf(st.Copy)
	if err != nil {
		return nil, err
	}
	s := copydata.New(format, cells, names, 1<<20)
	seen, err := s.Feed(nil, []byte(data))
	return seen, errors.Join(err, s.End())
}

// suite are statements of all kinds over the clinic. Whether one is refused or
// its result masked: no canary may pass.
func suite() []string {
	return []string{
		"SELECT * FROM customers", "TABLE customers", "SELECT email, ssn, tags, card, born, domain_of FROM customers", "SELECT c.* FROM customers AS c", "SELECT email AS id FROM customers",
		"SELECT reverse(email) FROM customers", "SELECT row_to_json(c) FROM customers c", "SELECT c FROM customers c", "SELECT customers::text FROM customers", "SELECT (c).email FROM customers c", "SELECT email(customers) FROM customers", "SELECT c.row_to_json FROM customers c",
		"SELECT c.shady FROM customers c", "SELECT shady(c) FROM customers c", "SELECT peek(1)", "SELECT * FROM peek(2)",
		"SELECT email FROM customers UNION SELECT name FROM customers", "SELECT name FROM customers UNION ALL SELECT email FROM customers", "SELECT * FROM customers c NATURAL JOIN contacts2", "SELECT * FROM customers c JOIN contacts k ON c.id = k.id",
		"WITH x AS (SELECT * FROM customers) SELECT * FROM x", "SELECT * FROM (SELECT * FROM customers) s", "SELECT l.* FROM orders o, LATERAL (SELECT email FROM customers c WHERE c.id = o.customer_id) l", "SELECT (SELECT email FROM customers LIMIT 1)", "SELECT ARRAY(SELECT email FROM customers)",
		"SELECT * FROM contacts", "SELECT mail, shout, name FROM contacts", "SELECT * FROM contacts2", "SELECT * FROM both_ways", "SELECT x FROM both_ways", "SELECT y FROM both_ways", "SELECT * FROM whole", "SELECT c FROM whole", "SELECT (c).email FROM whole", "SELECT j FROM rowed", "SELECT * FROM joined",
		"SELECT * FROM subs", "SELECT top FROM subs", "SELECT arr FROM subs", "SELECT * FROM recursive_swap", "SELECT a FROM recursive_swap", "SELECT b FROM recursive_swap", "SELECT * FROM lateral_view", "SELECT * FROM clean", "SELECT * FROM valued", "SELECT a FROM valued", "SELECT b FROM valued",
		"SELECT * FROM windowed", "SELECT * FROM full_joined", "SELECT email FROM full_joined", "SELECT * FROM funcs", "SELECT value FROM funcs", "SELECT x FROM xmls", "SELECT one FROM xmls", "SELECT * FROM stats", "SELECT most_common_vals FROM stats", "SELECT histogram_bounds FROM stats WHERE tablename = 'customers'", "SELECT * FROM mat", "SELECT * FROM join_row", "SELECT * FROM cycled", "SELECT ord, path, looped FROM cycled", "SELECT * FROM cubed", "SELECT region, n FROM cubed", "SELECT * FROM many_arms", "SELECT * FROM sampled", "SELECT * FROM star_view", "SELECT * FROM nested_row", "SELECT n FROM nested_row", "SELECT e FROM mat", "SELECT p FROM peeking", "SELECT id FROM peeking",
		"SELECT tablename, attname, most_common_vals, histogram_bounds, most_common_elems FROM pg_stats WHERE tablename = 'customers'", "SELECT most_common_vals::text FROM pg_stats", "SELECT stavalues1, stavalues2 FROM pg_statistic", "SELECT array_to_string(stavalues1, ',') FROM pg_statistic", "SELECT * FROM pg_stats_ext", "SELECT * FROM pg_stat_activity", "SELECT query FROM pg_stat_activity",
		"SELECT * FROM events", "SELECT ip FROM events_old", "SELECT ip FROM ONLY events_old", "SELECT * FROM parent", "SELECT secret FROM child", "SELECT p.* FROM parent p",
		"SELECT ssn::int FROM customers", "SELECT id FROM customers WHERE ssn::int = 1", "SELECT 1/(length(email) - length(email)) FROM customers", "SELECT email::int FROM customers", "INSERT INTO customers (id, email) SELECT 100, email FROM customers LIMIT 1",
		"UPDATE customers SET ssn = 'no' WHERE id = 1", "UPDATE customers SET name = repeat('x', 40)", "INSERT INTO customers (id, email) VALUES (1, 'x')", "INSERT INTO customers (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING *", "UPDATE customers SET id = id + 1", "UPDATE customers SET email = 'same'",
		"UPDATE customers SET name = 'x' RETURNING *", "DELETE FROM orders; DELETE FROM customers RETURNING email, name, ssn", "UPDATE customers SET name = email RETURNING name", "UPDATE orders SET note = c.email FROM customers c WHERE c.id = customer_id RETURNING note", "UPDATE orders SET note = 'x' FROM customers c WHERE c.id = customer_id RETURNING c.email", "UPDATE orders SET note = 'x' FROM customers c WHERE c.id = customer_id RETURNING *",
		"DELETE FROM orders USING customers c WHERE c.id = customer_id RETURNING c.*", "DELETE FROM customers WHERE id = 1", "WITH d AS (DELETE FROM orders RETURNING *) SELECT c.email FROM customers c, d", "UPDATE contacts SET name = 'x' RETURNING mail", "UPDATE contacts SET name = 'x' RETURNING *", "UPDATE contacts SET name = mail RETURNING name", "INSERT INTO contacts (id, name) VALUES (200, 'x') RETURNING *",
		"MERGE INTO orders o USING customers c ON c.id = o.customer_id WHEN MATCHED THEN UPDATE SET note = c.email",
		"COPY customers TO STDOUT", "COPY customers (id, name, region) TO STDOUT", "COPY (SELECT email FROM customers) TO STDOUT", "COPY (SELECT id, name FROM customers) TO STDOUT", "COPY events TO STDOUT", "COPY (SELECT * FROM contacts) TO STDOUT", "COPY mat TO STDOUT", "COPY parent TO STDOUT", "COPY (UPDATE customers SET name = 'x' RETURNING email) TO STDOUT",
		"DECLARE c CURSOR FOR SELECT * FROM customers; FETCH 3 FROM c", "DECLARE c BINARY CURSOR FOR SELECT email, id, born, tags FROM customers; FETCH 3 FROM c", "DECLARE c SCROLL CURSOR FOR SELECT email FROM customers ORDER BY id; FETCH LAST FROM c; FETCH FIRST FROM c", "DECLARE c CURSOR FOR SELECT mail, shout FROM contacts; FETCH ALL FROM c",
		"PREPARE p AS SELECT email, id FROM customers; EXECUTE p", "PREPARE p(int) AS SELECT * FROM customers WHERE id = $1; EXECUTE p(3)", "PREPARE p AS UPDATE customers SET name = 'x' RETURNING email; EXECUTE p",
		"EXPLAIN SELECT email FROM customers WHERE email = 'x'", "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF) SELECT * FROM contacts", "EXPLAIN (VERBOSE) SELECT * FROM customers WHERE region = 1",
		"CREATE TEMP TABLE mine AS SELECT id, name FROM customers; SELECT * FROM mine", "CREATE TEMP TABLE customers2 AS SELECT * FROM customers; SELECT * FROM customers2", "CREATE TEMP VIEW v AS SELECT email FROM customers; SELECT * FROM v", "SELECT email INTO TEMP mine FROM customers; TABLE mine",
		"CREATE TEMP TABLE customers (email text); INSERT INTO customers VALUES ('own'); SELECT email FROM customers; SELECT email FROM public.customers",
		"DO $$ DECLARE x text; BEGIN SELECT email INTO x FROM customers LIMIT 1; RAISE NOTICE '%', x; END $$", "DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM customers LIMIT 1); END $$",
		"SELECT query_to_xml('select email from customers', true, false, '')", "SELECT table_to_xml('customers', true, false, '')", "SELECT database_to_xml(true, true, '')", "SELECT ts_stat('select to_tsvector(email) from customers')",
		"SELECT c.email, s.n FROM customers c JOIN (SELECT customer_id, count(*) n FROM orders GROUP BY 1) s ON s.customer_id = c.id", "SELECT email FROM customers FOR UPDATE", "SELECT email FROM customers FETCH FIRST 2 ROWS ONLY", "SELECT email FROM customers WHERE id IN (SELECT customer_id FROM orders)",
		"SELECT email, count(*) OVER () FROM customers", "SELECT id, email, name, region FROM customers ORDER BY id OFFSET 2", "SELECT a.email, b.email FROM customers a JOIN customers b ON a.id = b.id", "SELECT customers.email FROM customers LEFT JOIN orders ON orders.customer_id = customers.id",
		"SELECT x.email FROM orders o FULL JOIN customers x ON x.id = o.id", "SELECT (email) FROM customers", "SELECT DISTINCT region, name FROM customers", "SELECT tags[1] FROM customers", "SELECT unnest(tags) FROM customers", "SELECT card::text FROM customers", "SELECT card, tags FROM customers", "SELECT similarity(email, 'a') FROM customers", "SELECT email % 'kanarie1' FROM customers", "SELECT born + 1 FROM customers",
		"SELECT pg_notify('x', email) FROM customers", "SELECT set_config('application_name', email, false) FROM customers", "SELECT setval('x', id) FROM customers WHERE email < 'm'", "SELECT lo_from_bytea(0, email::bytea) FROM customers",
		"VALUES (1), (2)", "SELECT json_object_agg(name, email) FROM customers", "SELECT xmlforest(email) FROM customers", "SELECT x.* FROM customers, xmltable('/a' PASSING xmlelement(name a, email) COLUMNS e text PATH '.') x", "SELECT * FROM json_to_recordset((SELECT json_agg(c) FROM customers c)) AS x(email text)",
		"SELECT email FROM customers TABLESAMPLE SYSTEM (100)", "SELECT * FROM ROWS FROM (generate_series(1, 2)) g, customers", "SELECT g.*, c.email FROM generate_series(1, 2) g, customers c", "SELECT c.email FROM customers c, orders o WHERE c.id = o.customer_id AND o.amount > 10",
		"SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint", "SELECT pg_get_viewdef('contacts')", "SELECT * FROM information_schema.columns WHERE table_name = 'customers'",
	}
}

func TestNoCanaryReachesTheClient(t *testing.T) {
	db := postgres(t)
	name := db.database(t, clinic)
	for _, spec := range []mask.Spec{{Type: mask.Redact}, {Type: mask.Hash, Key: []byte("0123456789abcdef")}, {Type: mask.Partial, KeepLast: 1}, {Type: mask.Null}} {
		t.Run(string(spec.Type), func(t *testing.T) {
			c := db.connect(t, "postgres", name)
			m := clinicMasks(t, c, spec)
			passed := 0
			for _, sql := range suite() {
				for _, format := range []int16{mask.TextFormat, mask.BinaryFormat} {
					if format == mask.BinaryFormat && (strings.Contains(sql, ";") || strings.HasPrefix(sql, "COPY")) {
						continue
					}
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
					seen, plan, err := through(ctx, c, m, sql, format)
					cancel()
					if err != nil {
						t.Errorf("%s: %v", sql, err)
					}
					if got := leaked(seen, sql); got != "" {
						t.Errorf("%s (format %d) leaks %q: %+v", sql, format, got, plan)
					}
					if !plan.Refused {
						passed++
					}
				}
			}
			t.Logf("%d results passed", passed)
			if passed < 60 {
				t.Errorf("only %d results passed: the test would notice nothing", passed)
			}
		})
	}
}

// What the suite looks for is there: without masks most of it leaks.
func TestTheSuiteWouldNotice(t *testing.T) {
	db := postgres(t)
	c := db.connect(t, "postgres", db.database(t, clinic))
	none, err := lineage.Compile(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	leaks := 0
	for _, sql := range suite() {
		seen, _, err := through(t.Context(), c, none, sql, mask.TextFormat)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		if leaked(seen, sql) != "" {
			leaks++
		}
	}
	t.Logf("%d of %d leak without masks", leaks, len(suite()))
	if leaks < len(suite())/2 {
		t.Error("the suite would not notice")
	}
}

func TestViewsAreFollowedColumnByColumn(t *testing.T) {
	db := postgres(t)
	c := db.connect(t, "postgres", db.database(t, clinic))
	m := clinicMasks(t, c, mask.Spec{Type: mask.Partial, KeepLast: 1})
	for sql, want := range map[string]string{
		"SELECT * FROM contacts":       "mail shout",
		"SELECT * FROM contacts2":      "m s",
		"SELECT * FROM both_ways":      "x y",
		"SELECT * FROM clean":          "",
		"SELECT * FROM joined":         "email ssn born tags card domain_of",
		"SELECT * FROM subs":           "top probe arr",
		"SELECT * FROM recursive_swap": "a b",
		"SELECT * FROM lateral_view":   "e",
		"SELECT * FROM valued":         "b",
		"SELECT * FROM windowed":       "f",
		"SELECT * FROM full_joined":    "email",
		"SELECT * FROM funcs":          "key value",
		"SELECT * FROM mat":            "e",
		"SELECT * FROM join_row":       "j",
		"SELECT region, n FROM cubed":  "",
		"SELECT * FROM sampled":        "e",
		"SELECT * FROM star_view":      "x y inner_mail",
		"SELECT * FROM many_arms":      "v",
		"SELECT * FROM nested_row":     "e n",
		"SELECT * FROM whole":          "c",
		"SELECT * FROM rowed":          "j",
		"SELECT * FROM parent":         "secret",
		"SELECT * FROM events":         "ip",
	} {
		f, err := statement.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		plan := m.Judge(&f.Statements[0], lineage.Env{Fresh: true})
		got := make([]string, 0, len(plan.Masked))
		for _, name := range plan.Masked {
			got = append(got, name[strings.LastIndexByte(name, '.')+1:])
		}
		// The recursion of a view is not followed, so n may be anything too.
		if plan.Refused || strings.TrimPrefix(strings.Join(got, " "), "n ") != want {
			t.Errorf("%s masks %q, want %q (%s)", sql, got, want, plan.Message)
		}
	}
}
