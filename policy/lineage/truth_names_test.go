package lineage_test

import (
	"testing"

	"github.com/weirgate/weir/policy/lineage"
)

// Names that mean something else than they seem to: shadowed, renamed, made up by
// PostgreSQL, behind stars of which only the server knows how long they are.
func TestNamesThatMeanSomethingElseShowNothing(t *testing.T) {
	s := newSite(t, lineage.Equality)
	for _, sql := range []string{
		"WITH RECURSIVE r(id, e) AS (SELECT id, name FROM customers WHERE id = 1 UNION ALL SELECT c.id, c.email FROM r JOIN customers c ON c.id = r.id + 1) SEARCH DEPTH FIRST BY id SET o SELECT * FROM r",
		"WITH RECURSIVE r(id, e) AS (SELECT id, email FROM customers WHERE id = 1 UNION ALL SELECT c.id, r.e FROM r JOIN customers c ON c.id = r.id + 1) CYCLE id SET k USING p SELECT *, p::text FROM r",
		"WITH RECURSIVE r(id, e) AS (SELECT id, email FROM customers WHERE id = 1 UNION ALL SELECT c.id, r.e FROM r JOIN customers c ON c.id = r.id + 1) SEARCH BREADTH FIRST BY e SET o SELECT o::text FROM r",
		"SELECT x.* FROM customers c, ROWS FROM (generate_series(1, 2), upper(c.email)) AS x(a, b)",
		"SELECT * FROM ROWS FROM (generate_series(1, 2), unnest((SELECT array_agg(email) FROM customers))) x",
		"SELECT * FROM unnest((SELECT array_agg(email) FROM customers)) WITH ORDINALITY x",
		"SELECT a FROM (SELECT x FROM (SELECT customers.* FROM customers) x(a, b, c)) y(a)",
		"SELECT (SELECT x FROM (SELECT c.*) x(a, b, q)) FROM customers c",
		"SELECT (SELECT x.q FROM (SELECT c.*) x(a, b, q)) FROM customers c",
		"SELECT id, email FROM orders o WHERE EXISTS (SELECT email FROM customers WHERE id = o.id)",
		"SELECT o.id, (SELECT email FROM (SELECT 1) z) FROM (SELECT id, email FROM customers) o",
		"SELECT email FROM orders o, LATERAL (SELECT email AS m FROM customers c WHERE c.id = o.id) x",
		"SELECT m FROM orders o, LATERAL (SELECT c.email AS m FROM customers c WHERE c.id = o.id) x",
		"SELECT name FROM (SELECT email FROM customers) name",
		"SELECT customers.name FROM (SELECT email AS name FROM customers) customers",
		"SELECT note FROM (SELECT id, email FROM customers) orders(id, note)",
		"SELECT b FROM customers c JOIN orders o ON c.id = o.id JOIN LATERAL (SELECT c.ssn) z(b) ON true",
		"SELECT v FROM (customers c JOIN orders o USING (id)) AS j(v, w, x)", "SELECT x FROM (customers c JOIN orders o USING (id)) AS j(v, w, x)",
		"SELECT y FROM (orders o JOIN customers c USING (id, email)) AS j(x, y)",
		"SELECT \"case\" FROM (SELECT CASE WHEN true THEN email END FROM customers) s", "SELECT s.array FROM (SELECT ARRAY[email] FROM customers) s", "SELECT \"coalesce\" FROM (SELECT COALESCE(email, 'x') FROM customers) s", "SELECT s.email FROM (SELECT (SELECT email FROM customers LIMIT 1)) s", "SELECT s.text FROM (SELECT ('x' || email)::text FROM customers) s", "SELECT \"?column?\" FROM (SELECT email || 'x' FROM customers) s", "SELECT s.row FROM (SELECT ROW(email) FROM customers) s", "SELECT email FROM (SELECT email::varchar FROM customers) s",
		"SELECT s.*, 1 FROM (SELECT u.*, c.email FROM customers c, unnest(ARRAY[1, 2]) u) s", "SELECT u.*, c.email, v.* FROM customers c, unnest(ARRAY[1]) u, unnest(ARRAY['a']) v", "SELECT * FROM json_to_record('{\"a\":1}') AS r(a int), customers", "SELECT * FROM customers, json_to_record('{\"a\":1}') AS r(a int)", "SELECT r.*, c.* FROM pg_get_keywords() r, customers c LIMIT 3", "SELECT c.email, r.*, c.ssn FROM pg_get_keywords() r, customers c LIMIT 3",
		"SELECT * FROM (SELECT c.ssn, k.* FROM pg_get_keywords() k, customers c LIMIT 5) s", "SELECT word FROM (SELECT c.ssn, k.* FROM pg_get_keywords() k, customers c LIMIT 5) s", "SELECT a FROM (SELECT k.*, c.ssn FROM pg_get_keywords() k, customers c LIMIT 5) s(a, b, c, d, e, f)", "SELECT f FROM (SELECT k.*, c.ssn FROM pg_get_keywords() k, customers c LIMIT 5) s(a, b, c, d, e, f)",
		"SELECT k.*, 'x' FROM pg_get_keywords() k UNION ALL SELECT ssn, 'c', true, 'x', 'y', 'z' FROM customers", "SELECT sum(salary) FILTER (WHERE region = 1) OVER () FROM customers", "SELECT (max(customers)).email FROM customers", "SELECT (min(c)).ssn FROM (SELECT * FROM customers) c", "SELECT any_c.email FROM customers any_c WINDOW w AS (PARTITION BY any_c.id)",
		"UPDATE customers AS t SET name = s.n FROM (SELECT id, email AS n FROM customers) s WHERE s.id = t.id RETURNING t.name", "UPDATE customers SET tags[1] = email RETURNING tags", "INSERT INTO made (id, ssn) SELECT id, email FROM customers RETURNING shout", "INSERT INTO customers (id, ssn) SELECT id + 700, ssn FROM customers RETURNING ssn, upper(ssn)",
		"WITH c AS (SELECT * FROM customers) UPDATE orders SET note = c.email FROM c RETURNING note", "WITH c AS (SELECT email FROM customers) INSERT INTO notes (body) SELECT * FROM c RETURNING *", "WITH c AS (INSERT INTO notes (body) SELECT email FROM customers RETURNING body) SELECT * FROM c", "DELETE FROM orders USING customers c WHERE c.id = customer_id RETURNING c", "DELETE FROM orders o USING customers c WHERE c.id = customer_id RETURNING *",
		"SELECT * FROM stats s, LATERAL (SELECT s.top) z(t)", "SELECT z.t FROM stats s, LATERAL (SELECT s.top) z(t)", "SELECT to_json(s) FROM twice s", "SELECT s.mail FROM (TABLE twice) s", "TABLE kept", "SELECT jsonb_path_query_array(doc, '$.*') FROM customers", "SELECT doc['k'] FROM customers", "SELECT doc @> '{}' , doc ? 'k' FROM customers", "SELECT JSON_OBJECT('a': email) FROM customers", "SELECT JSON_ARRAYAGG(email) FROM customers",
		"SELECT born + 1, born - date '2000-01-01', now() - born FROM customers", "SELECT to_char(born, 'YYYY-MM-DD'), to_char(salary, '9999999'), to_char(salary, 'FM0000000') FROM customers", "SELECT extract(epoch FROM born), date_part('year', born) FROM customers", "SELECT hashtext(email), md5(ssn) FROM customers", "SELECT num_nulls(email), num_nonnulls(c.*) FROM customers c", "SELECT a.email IS NOT DISTINCT FROM b.email FROM customers a, customers b",
	} {
		for _, format := range []int16{0, 1} {
			v := s.judge(t, sql, format)
			if len(v.leaks) > 0 {
				t.Errorf("shows %q: %s", v.leaks, sql)
			}
		}
	}
}
