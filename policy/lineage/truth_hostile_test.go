package lineage_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/lineage"
)

// hostile are ways to read masked columns otherwise than as themselves.
func hostile() []string {
	return []string{
		"SELECT reverse(email) FROM customers", "SELECT encode(email::bytea, 'hex') FROM customers", "SELECT encode(convert_to(email, 'utf8'), 'base64') FROM customers", "SELECT email::bytea FROM customers", "SELECT md5(email), translate(email, 'q', 'q') FROM customers",
		"SELECT customers::text FROM customers", "SELECT c::text FROM customers c", "SELECT ROW(c.*)::text FROM customers c", "SELECT (c.*)::text FROM customers c", "SELECT ROW(email, 1) FROM customers", "SELECT concat(c) FROM customers c", "SELECT concat(c.*) FROM customers c", "SELECT format('%s', c) FROM customers c",
		"SELECT email(c) FROM customers c", "SELECT ssn(customers) FROM customers", "SELECT c.row_to_json FROM customers c", "SELECT customers.to_jsonb FROM customers", "SELECT (SELECT c).email FROM customers c", "SELECT (x).email FROM (SELECT c AS x FROM customers c) s", "SELECT (x).* FROM (SELECT c AS x FROM customers c) s",
		"SELECT x FROM customers c, LATERAL (SELECT c) x", "SELECT (y).x.email FROM (SELECT s AS y FROM (SELECT c AS x FROM customers c) s) t", "SELECT ((s).x).email FROM (SELECT c AS x FROM customers c) s", "SELECT json_agg(s) FROM (SELECT * FROM customers) s", "SELECT array_agg(c) FROM customers c", "SELECT (array_agg(c))[1].email FROM customers c",
		"SELECT id, name FROM customers EXCEPT SELECT 1, email FROM customers", "SELECT g::text FROM generate_series(1, 3) g EXCEPT SELECT ssn FROM customers", "SELECT name FROM customers INTERSECT SELECT email FROM customers", "SELECT name FROM customers UNION ALL SELECT email FROM customers", "SELECT 'a', 1 UNION ALL SELECT email, 2 FROM customers", "(SELECT name FROM customers LIMIT 1) UNION ALL (SELECT ssn FROM customers)",
		"SELECT n FROM (SELECT name AS n FROM customers UNION ALL SELECT email FROM customers) s", "SELECT b FROM (VALUES (1, 'a')) v(a, b) UNION ALL SELECT ssn FROM customers", "VALUES ((SELECT email FROM customers LIMIT 1), 'x')", "SELECT column1 FROM (VALUES ((SELECT email FROM customers LIMIT 1))) v",
		"WITH RECURSIVE r(a, b, n) AS (SELECT email, name, 1 FROM customers UNION ALL SELECT b, a, n + 1 FROM r WHERE n < 3) SELECT b FROM r", "WITH RECURSIVE r(a, b, c, n) AS (SELECT ssn::text, 'x', 'y', 1 FROM customers UNION ALL SELECT c, a, b, n + 1 FROM r WHERE n < 5) SELECT b, c FROM r",
		"WITH x AS (SELECT email FROM customers), y AS (SELECT email AS z FROM x) SELECT z FROM y", "WITH orders AS (SELECT email AS note FROM customers) SELECT note FROM orders", "WITH customers AS (SELECT 1 AS email) SELECT email FROM public.customers", "WITH a AS (WITH b AS (SELECT ssn FROM customers) SELECT * FROM b) SELECT * FROM a",
		"WITH a AS (SELECT email AS v FROM customers) SELECT v FROM (WITH a AS (SELECT 'x' AS v) SELECT v FROM a) s UNION ALL SELECT v FROM a", "WITH x(a, b) AS (SELECT id, ssn FROM customers) SELECT b FROM x", "WITH u AS (UPDATE customers SET id = id RETURNING ssn AS x) SELECT x FROM u", "WITH d AS (DELETE FROM made RETURNING *) SELECT shout FROM d",
		"WITH i AS (INSERT INTO made (id, ssn) VALUES (9, 'a') RETURNING *) SELECT ssn FROM i", "UPDATE customers SET id = id RETURNING upper(ssn)", "DELETE FROM heir RETURNING heir", "UPDATE customers c SET name = name FROM orders o WHERE o.customer_id = c.id RETURNING o.id, c.email || ''", "UPDATE customers SET name = name RETURNING row_to_json(customers)",
		"SELECT email FROM customers JOIN (SELECT id FROM orders) o USING (id)", "SELECT email FROM customers NATURAL JOIN contacts", "SELECT name FROM customers c(a, b, name)", "SELECT x FROM customers AS t(i, n, x)", "SELECT j.x FROM (customers JOIN orders ON true) AS j(i, n, x)", "SELECT m.email FROM customers m JOIN customers USING (email) LIMIT 1",
		"SELECT o.email FROM orders o FULL JOIN customers c USING (email)", "SELECT email FROM orders FULL JOIN customers USING (email)", "SELECT s.* FROM (customers JOIN made USING (id)) AS s", "SELECT u FROM customers JOIN made USING (id) AS u", "SELECT u.* FROM customers a JOIN customers b USING (email) AS u", "SELECT a.* FROM customers a CROSS JOIN LATERAL (SELECT a.email AS e) b",
		"SELECT b.e FROM customers a CROSS JOIN LATERAL (SELECT a.email AS e) b", "SELECT f FROM customers c, unnest(c.tags) f", "SELECT f FROM customers c, LATERAL unnest(ARRAY[c.email]) f", "SELECT (unnest(tags)) FROM customers", "SELECT regexp_split_to_table(email, '') FROM customers", "SELECT k, v FROM customers, jsonb_each_text(doc) AS e(k, v)", "SELECT * FROM customers, jsonb_each(doc)", "SELECT jsonb_path_query(doc, '$.k') FROM customers",
		"SELECT x.* FROM customers c, jsonb_to_record(c.doc) AS x(k text)", "SELECT * FROM json_populate_record(NULL::customers, (SELECT row_to_json(c) FROM customers c LIMIT 1))", "SELECT * FROM rows_of()", "SELECT peek()", "SELECT (rows_of()).email", "SELECT echo(email) FROM customers", "SELECT query_to_xml('select email from customers', true, true, '')", "SELECT * FROM ts_stat('select to_tsvector(email) from customers')",
		"SELECT string_agg(id::text, ',' ORDER BY salary) FROM customers", "SELECT id FROM customers ORDER BY salary DESC", "SELECT row_number() OVER (ORDER BY ssn), id FROM customers", "SELECT lag(email) OVER (ORDER BY id), first_value(ssn) OVER (), nth_value(email, 2) OVER () FROM customers", "SELECT mode() WITHIN GROUP (ORDER BY email) FROM customers", "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY salary) FROM customers",
		"SELECT rank(7654305) WITHIN GROUP (ORDER BY salary) FROM customers", "SELECT count(*) FILTER (WHERE salary > 7654305) FROM customers", "SELECT array_agg(DISTINCT ssn) FROM customers", "SELECT sum(salary) OVER (PARTITION BY id) FROM customers", "SELECT max(email) FROM customers", "SELECT min(salary) FROM customers GROUP BY id", "SELECT avg(salary) FROM customers GROUP BY id", "SELECT bool_and(salary > 5), every(ssn LIKE 'q%') FROM customers",
		"SELECT CASE WHEN id > 0 THEN email ELSE name END FROM customers", "SELECT CASE region WHEN 1 THEN email END FROM customers", "SELECT coalesce(email, 'x'), greatest(email, 'a'), nullif(email, 'b') FROM customers", "SELECT CASE WHEN ssn LIKE 'q%' THEN 1 / (id - id) END FROM customers", "SELECT salary / 0 FROM customers", "SELECT salary + 1, -salary, salary * 1.0 FROM customers", "SELECT ssn::int FROM customers", "SELECT ('x' || email)::mood FROM customers", "SELECT chr(ascii(email)) FROM customers",
		"SELECT ARRAY[email, name] FROM customers", "SELECT (ARRAY[email])[1] FROM customers", "SELECT tags[1:1] FROM customers", "SELECT array_to_string(tags, ','), tags || 'x' FROM customers", "SELECT json_object(ARRAY['a', email]) FROM customers", "SELECT jsonb_object_agg(id, email) FROM customers", "SELECT jsonb_set('{}', '{a}', to_jsonb(email)) FROM customers", "SELECT jsonb_build_object(email, 1) FROM customers", "SELECT hstore FROM customers c, LATERAL (SELECT c.email AS hstore) x",
		"SELECT xmlelement(name a, email) FROM customers", "SELECT xmlforest(email) FROM customers", "SELECT * FROM customers, XMLTABLE('/a' PASSING xmlelement(name a, email) COLUMNS v text PATH '.') x", "SELECT most_common_vals FROM pg_stats", "SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'customers'", "SELECT stavalues1::text FROM pg_statistic", "SELECT s FROM pg_stats s", "SELECT query FROM pg_stat_activity",
		"SELECT all_ssn FROM kept", "SELECT k::text FROM kept k", "SELECT unnest(all_ssn) FROM kept", "SELECT top FROM stats", "SELECT s.top + 0 FROM stats s", "SELECT shout || '' FROM contacts", "SELECT v FROM contacts v", "SELECT (v).mail FROM twice v", "SELECT m FROM (SELECT mail AS m FROM twice) s", "SELECT ip || '' FROM events", "SELECT e FROM events_old e", "SELECT upper(ip) FROM events_new", "SELECT secret FROM ONLY base UNION ALL SELECT secret FROM heir", "SELECT b FROM base b", "SELECT upper(shout) FROM made",
		"INSERT INTO notes (body) SELECT email FROM customers RETURNING body", "UPDATE notes SET body = (SELECT email FROM customers LIMIT 1) RETURNING body", "UPDATE customers SET name = email RETURNING name", "UPDATE customers SET name = ssn, email = name RETURNING *", "INSERT INTO notes (body) VALUES ((SELECT ssn FROM customers LIMIT 1)) RETURNING *", "UPDATE customers SET (name, region) = (SELECT email, 1) RETURNING name", "INSERT INTO orders (id, note) SELECT 500 + id, name FROM (SELECT id, email AS name FROM customers) s RETURNING note",
		"INSERT INTO customers (id, name) SELECT id + 500, email FROM customers RETURNING name", "INSERT INTO customers (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = customers.email RETURNING name", "MERGE INTO notes n USING customers c ON true WHEN NOT MATCHED THEN INSERT (body) VALUES (c.email)", "MERGE INTO customers t USING customers c ON t.id = c.id WHEN MATCHED THEN UPDATE SET name = c.email", "CREATE TABLE stolen AS SELECT email FROM customers", "SELECT email INTO stolen FROM customers", "CREATE VIEW stolen AS SELECT email FROM customers",
		"CREATE TABLE stolen AS SELECT * FROM (SELECT id, upper(ssn) AS x FROM customers) s", "SELECT g FROM generate_series(7654300, 7654320) g JOIN customers c ON c.salary = g", "SELECT g FROM generate_series(7654300, 7654320) g WHERE g IN (SELECT salary FROM customers)", "SELECT g FROM generate_series(7654300, 7654320) g WHERE EXISTS (SELECT 1 FROM customers WHERE salary = g)", "SELECT g FROM customers, generate_series(7654300, 7654320) g WHERE (salary, id) = (g, 3)",
		"SELECT b FROM (SELECT g AS a, g AS b FROM generate_series(7654300, 7654320) g INTERSECT SELECT salary, h FROM customers, generate_series(7654300, 7654320) h) s", "SELECT g FROM generate_series(7654300, 7654320) g(salary) NATURAL JOIN customers", "SELECT g FROM generate_series(7654300, 7654320) g(g) JOIN (SELECT salary AS g FROM customers) c USING (g)", "SELECT b, count(*) FROM (SELECT g AS a, g AS b FROM generate_series(7654300, 7654320) g UNION ALL SELECT salary, h FROM customers, generate_series(7654300, 7654320) h) s GROUP BY a, b HAVING count(*) > 1",
		"SELECT CASE g WHEN salary THEN g END FROM customers, generate_series(7654300, 7654320) g", "SELECT nullif(g, salary) FROM customers, generate_series(7654300, 7654320) g", "SELECT g FROM generate_series(7654300, 7654320) g WHERE g = ANY (SELECT salary FROM customers)", "SELECT g FROM generate_series(7654300, 7654320) g WHERE g = ANY (ARRAY(SELECT salary FROM customers))", "SELECT count(*) FROM generate_series(1, (SELECT salary - 7654000 FROM customers WHERE id = 1))",
		"SELECT id FROM customers LIMIT (SELECT salary - 7654299 FROM customers WHERE id = 1)", "SELECT width_bucket(salary, 7654300, 7654320, 20) FROM customers", "SELECT DISTINCT ON (salary) salary::text FROM customers", "SELECT email FROM customers GROUP BY 1 ORDER BY 1", "SELECT DISTINCT left(email, 5) FROM customers", "SELECT pg_typeof(email), pg_column_size(email) FROM customers", "SELECT quote_literal(email), quote_nullable(c) FROM customers c",
		"TABLE customers UNION ALL TABLE customers", "SELECT * FROM customers c JOIN customers d ON c.id = d.id WHERE c.email = d.email", "SELECT to_tsvector(email) FROM customers", "SELECT ts_headline(email, to_tsquery('qzxv1')) FROM customers", "SELECT lo_from_bytea(0, ssn::bytea) FROM customers", "SELECT set_config('a.b', email, false) FROM customers", "SELECT pg_notify('c', ssn) FROM customers", "SELECT setval('notes_id_seq', salary) FROM customers",
		"SELECT t FROM customers t WHERE t IS NOT NULL", "SELECT a FROM customers a, customers b WHERE a = b", "SELECT c FROM (SELECT * FROM customers) c", "SELECT c.* FROM (SELECT email AS id, id AS email FROM customers) c", "SELECT \"a.b\" FROM (SELECT email AS \"a.b\" FROM customers) s", "SELECT public.customers.email || '' FROM public.customers", "SELECT email || '' FROM ONLY customers", "SELECT upper(email) FROM customers TABLESAMPLE BERNOULLI (100)",
		"SELECT similarity FROM (SELECT email AS similarity FROM customers) s", "SELECT s.email FROM customers s, other.plain plain WHERE s.id = plain.id", "SELECT customers FROM customers, other.plain AS p", "SELECT least(ssn, 'zzz') FROM customers", "SELECT overlay(email placing '' from 1 for 0) FROM customers", "SELECT trim(both from email), rpad(email, 50), lpad(ssn::text, 40), initcap(email), repeat(email, 2) FROM customers", "SELECT (SELECT string_agg(x.email, ',') FROM customers x)",
		"SELECT (SELECT o.e FROM (SELECT c.email AS e) o) FROM customers c", "SELECT id, (SELECT json_agg(z) FROM (SELECT c.*) z) FROM customers c", "SELECT EXISTS (SELECT email FROM customers), 'x' IN (SELECT ssn FROM customers), ARRAY(SELECT salary FROM customers)", "SELECT * FROM (SELECT *, row_number() OVER () AS rn FROM customers) s WHERE rn = 1", "SELECT w.v FROM (SELECT max(email) OVER (PARTITION BY id) AS v FROM customers) w",
	}
}

func TestNoWayShowsAMaskedValue(t *testing.T) {
	for _, predicates := range []lineage.Predicates{lineage.Equality, lineage.Deny, lineage.Allow} {
		t.Run(string(predicates), func(t *testing.T) {
			s := newSite(t, predicates)
			passed, noticed := 0, 0
			for _, sql := range hostile() {
				formats := []int16{0, 1}
				if predicates != lineage.Equality {
					formats = formats[:1] // what is asked differs, not what is shown
				}
				for _, format := range formats {
					v := s.judge(t, sql, format)
					if v.failed != nil && format == 0 && predicates == lineage.Equality {
						t.Logf("does not run: %s: %v", sql, v.failed)
					}
					if v.refused == "" && v.failed == nil {
						passed++
					}
					if v.direct > 0 {
						noticed++
					}
					if len(v.leaks) > 0 && !(predicates == lineage.Allow && compares(sql)) {
						t.Errorf("shows %q: %s", v.leaks, sql)
					}
				}
			}
			if noticed < 50 {
				t.Errorf("only %d of %d statements show a masked value to whoever asks directly: the search would notice nothing", noticed, passed)
			}
			t.Logf("%d runs of %d statements, %d of which show masked values directly", passed, len(hostile()), noticed)
		})
	}
}

// compares says whether a statement compares numbers of its own with masked columns,
// which predicates: Allow lets it do.
func compares(sql string) bool { return strings.Contains(sql, "generate_series(7654300") }
