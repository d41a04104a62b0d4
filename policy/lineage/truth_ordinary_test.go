package lineage_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/lineage"
)

// ordinary are statements that must not be refused, whatever is masked in them.
func ordinary() []string {
	return []string{
		"SELECT * FROM customers", "SELECT id, email FROM customers WHERE id = 3", "SELECT count(*) FROM customers", "TABLE customers",
		"SELECT c.id, c.name, sum(o.amount) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name ORDER BY 3 DESC LIMIT 5",
		"SELECT region, count(*), avg(amount) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY region HAVING count(*) > 1 ORDER BY region",
		"WITH t AS (SELECT customer_id, sum(amount) AS s FROM orders GROUP BY 1) SELECT c.name, t.s, c.email FROM t JOIN customers c ON c.id = t.customer_id",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i, c.email FROM n JOIN customers c ON c.id = n.i",
		"SELECT id, rank() OVER (PARTITION BY region ORDER BY id) FROM customers", "SELECT CASE WHEN region = 1 THEN 'a' ELSE 'b' END, count(*) FROM customers GROUP BY 1",
		"SELECT json_build_object('id', id, 'name', name) FROM customers", "SELECT jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name)) FROM customers c",
		"SELECT id FROM customers WHERE email = 'open1@example.com'", "SELECT id FROM customers WHERE email IN ('a', 'b') OR ssn = 'x'", "SELECT id FROM customers WHERE lower(email) = 'a'",
		"SELECT id FROM customers WHERE email IS NOT NULL", "SELECT email, count(*) FROM customers GROUP BY email", "SELECT DISTINCT email FROM customers", "SELECT count(DISTINCT email) FROM customers",
		"SELECT id, email FROM customers UNION ALL SELECT id, email FROM orders", "SELECT id FROM customers UNION SELECT id FROM orders", "SELECT id FROM customers EXCEPT SELECT customer_id FROM orders",
		"SELECT * FROM (SELECT * FROM customers) s WHERE id < 3", "SELECT x.e FROM (SELECT email AS e, id FROM customers) x ORDER BY x.id",
		"SELECT upper(email), length(ssn), email || '!' FROM customers", "SELECT max(salary), sum(salary), avg(salary), min(born) FROM customers", "SELECT date_trunc('year', born), extract(year FROM born) FROM customers",
		"SELECT coalesce(email, name), left(ssn, 3), substring(email, 1, 3), split_part(email, '@', 2) FROM customers",
		"SELECT row_to_json(c) FROM customers c", "SELECT to_jsonb(c) FROM customers c", "SELECT c FROM customers c", "SELECT (c).id, (c).email FROM customers c", "SELECT c.* FROM customers c NATURAL JOIN (SELECT 1 AS region) r",
		"SELECT array_agg(email), string_agg(name, ',' ORDER BY id) FROM customers", "SELECT ARRAY(SELECT email FROM customers)", "SELECT (SELECT email FROM customers WHERE id = 1), 1",
		"SELECT o.id, (SELECT c.email FROM customers c WHERE c.id = o.customer_id) FROM orders o", "SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id AND c.region = 1)",
		"SELECT o.id FROM orders o WHERE o.customer_id IN (SELECT id FROM customers WHERE region = 2)", "SELECT * FROM customers c, LATERAL (SELECT sum(amount) AS s FROM orders o WHERE o.customer_id = c.id) t",
		"SELECT id, customer_id, c.email FROM orders JOIN customers c USING (id)", "SELECT j.a, j.b FROM (customers JOIN orders ON orders.id = customers.id) AS j(a, b)", "SELECT a, c FROM customers AS t(a, b, c)",
		"SELECT mail, shout, name FROM contacts", "SELECT * FROM twice", "SELECT * FROM stats", "SELECT * FROM kept", "SELECT region, n FROM kept", "SELECT * FROM events", "SELECT * FROM events_old", "SELECT * FROM base", "SELECT * FROM made",
		"SELECT tableoid, ctid, id FROM customers", "SELECT count(c) FROM customers c", "SELECT doc, doc -> 'k', doc ->> 'n', doc #>> '{k}' FROM customers", "SELECT tags, tags[1], cardinality(tags) FROM customers",
		"INSERT INTO notes (body, n) VALUES ('x', 1) RETURNING *", "UPDATE customers SET name = 'x' WHERE id = 1 RETURNING *", "UPDATE customers SET email = 'new@example.com' WHERE id = 1", "DELETE FROM notes",
		"INSERT INTO customers (id, email) VALUES (99, 'x') ON CONFLICT (id) DO UPDATE SET email = excluded.email RETURNING id, email", "UPDATE orders o SET note = c.name FROM customers c WHERE c.id = o.customer_id RETURNING o.id, c.email",
		"INSERT INTO notes (body) SELECT name FROM customers", "CREATE TABLE copy AS SELECT id, name FROM customers", "MERGE INTO notes n USING customers c ON n.n = c.id WHEN NOT MATCHED THEN INSERT (body, n) VALUES (c.name, c.id)",
		"WITH d AS (DELETE FROM notes RETURNING *) SELECT count(*) FROM d", "EXPLAIN SELECT * FROM customers", "VALUES (1, 'a'), (2, 'b')", "SELECT g, c.email FROM generate_series(1, 3) g JOIN customers c ON c.id = g",
		"SELECT double(id), total_of(id), name FROM customers", "SELECT echo(name) FROM customers", "SELECT * FROM customers ORDER BY id DESC OFFSET 2 LIMIT 3", "SELECT grouping(region), region, count(*) FROM customers GROUP BY ROLLUP (region)",
		"SELECT lag(name) OVER w, first_value(id) OVER w FROM customers WINDOW w AS (PARTITION BY region ORDER BY id)", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM orders", "SELECT a.email = b.email FROM customers a JOIN customers b ON a.email = b.email",
		"SELECT o.* FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.email = 'open1@example.com'", "SELECT 1 WHERE 'x' = ANY (SELECT name FROM customers)", "SELECT age(born), born::text, salary::bigint FROM customers",
		"SELECT u.t FROM customers c, unnest(ARRAY[c.id]) AS u(t)", "SELECT * FROM other.plain", "SELECT email::text FROM customers", "SELECT id, email COLLATE \"C\" FROM customers", "SELECT xmlelement(name a, name) FROM customers",
	}
}

func TestOrdinaryStatementsPassAndShowNothing(t *testing.T) {
	s := newSite(t, lineage.Equality)
	refused := 0
	for _, sql := range ordinary() {
		for _, format := range []int16{0, 1} {
			v := s.judge(t, sql, format)
			switch {
			case v.refused != "":
				refused++
				t.Errorf("refused: %s: %s", sql, v.refused)
			case v.failed != nil && (format == 0 || !strings.Contains(v.failed.Error(), "binary")):
				t.Errorf("does not run: %s: %v", sql, v.failed)
			case len(v.leaks) > 0:
				t.Errorf("shows %q: %s", v.leaks, sql)
			}
		}
	}
	t.Logf("%d of %d ordinary statements refused", refused, len(ordinary()))
}
