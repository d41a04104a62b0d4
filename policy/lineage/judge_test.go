package lineage

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/statement"
)

// showsNothing checks that every column of a result is masked, but for those that
// are the ids of rows.
func showsNothing(t *testing.T, plan *Plan) {
	t.Helper()
	if plan.Held != nil {
		plan = plan.Held
	}
	if len(plan.Outputs) == 0 {
		t.Errorf("not refused: %+v", plan)
	}
	for _, o := range plan.Outputs {
		own := len(o.refs) == 1 && o.refs[0].Column == 1 || o.refs != nil && o.Name != "note" && o.Name != "x"
		if o.Class == Clean && !own {
			t.Errorf("shows %+v", o)
		}
	}
}

// What asks whether a masked column equals something, which Equality lets pass,
// and what says nothing but how many rows there are.
func equalities() map[string]bool {
	return map[string]bool{
		"SELECT count(*) FROM customers GROUP BY email": true, "SELECT email, count(*) FROM customers GROUP BY 1": true,
		"SELECT count(DISTINCT email) FROM customers": true, "SELECT count(c) FROM customers c": true,
		"SELECT email IS NULL FROM customers": true, "SELECT 'x' IN (email) FROM customers": true,
		"SELECT GROUPING(email) FROM customers GROUP BY ROLLUP(email)":      true,
		"PREPARE p AS SELECT upper(email) FROM customers":                   true, // judged again by EXECUTE
		"EXPLAIN ANALYZE SELECT upper(email) FROM customers":                true,
		"SELECT upper(j.b) FROM (customers JOIN orders ON true) AS j(a, b)": true, // b is the name
	}
}

// The families of ways past a mask. Each must be refused, or show nothing.
func TestWaysPastAMaskShowNothing(t *testing.T) {
	m := shop(t)
	allowed := equalities()
	for family, texts := range map[string][]string{
		"an expression": {
			"SELECT reverse(email) FROM customers", "SELECT email || '' FROM customers", "SELECT email::varchar FROM customers",
			"SELECT CAST(ssn AS int) FROM customers", "SELECT substr(c.email, 1, 1) FROM customers c", "SELECT (email) || name FROM customers",
			"SELECT CASE WHEN ssn LIKE '1%' THEN 1 ELSE 0 END FROM customers", "SELECT CASE WHEN ssn = '1' THEN 1/0 END FROM customers",
			"SELECT coalesce(email, '') FROM customers", "SELECT nullif(email, 'x') FROM customers", "SELECT greatest(email, '') FROM customers",
			"SELECT ARRAY[email] FROM customers", "SELECT ROW(email) FROM customers", "SELECT email COLLATE \"C\" FROM customers",
			"SELECT email IS NULL FROM customers", "SELECT length(email) FROM customers", "SELECT md5(email) FROM customers", "SELECT format('%s', email) FROM customers",
			"SELECT 'x' IN (email) FROM customers", "SELECT xmlelement(name e, email) FROM customers", "SELECT json_build_object('e', email) FROM customers",
			"SELECT extract(year FROM ssn::date) FROM customers", "SELECT (ARRAY[email])[1] FROM customers", "SELECT GROUPING(email) FROM customers GROUP BY ROLLUP(email)",
		},
		"a whole row": {
			"SELECT row_to_json(customers) FROM customers", "SELECT to_jsonb(c) FROM customers c", "SELECT customers::text FROM customers", "SELECT c::text FROM customers c",
			"SELECT customers FROM customers", "SELECT c FROM customers c", "SELECT (c).email FROM customers c", "SELECT (customers).ssn FROM customers", "SELECT (c).* FROM customers c",
			"SELECT email(customers) FROM customers", "SELECT ssn(c) FROM customers c", "SELECT c.row_to_json FROM customers c", "SELECT customers.to_jsonb FROM customers",
			"SELECT ROW(c.*) FROM customers c", "SELECT (c.*)::text FROM customers c", "SELECT json_agg(c) FROM customers c", "SELECT array_agg(c) FROM customers c",
			"SELECT count(c) FROM customers c", "SELECT c IS NULL FROM customers c", "SELECT c = c FROM customers c", "SELECT row_to_json(s) FROM (SELECT * FROM customers) s",
			"SELECT x FROM customers c, LATERAL (SELECT c) x", "SELECT concat(c.*) FROM customers c",
		},
		"another query around it": {
			"SELECT email FROM (SELECT email FROM customers) s", "SELECT e FROM (SELECT email AS e FROM customers) s", "SELECT * FROM (SELECT * FROM customers) s", "SELECT * FROM (TABLE customers) s",
			"WITH x AS (SELECT email FROM customers) SELECT * FROM x", "WITH x AS (SELECT * FROM customers) SELECT ssn FROM x", "WITH x(a, b) AS (SELECT id, ssn FROM customers) SELECT b FROM x",
			"WITH RECURSIVE r(a, b) AS (SELECT ssn, name FROM customers UNION ALL SELECT b, a FROM r) SELECT b FROM r LIMIT 10",
			"SELECT (SELECT email FROM customers LIMIT 1)", "SELECT ARRAY(SELECT email FROM customers)", "SELECT id FROM orders WHERE note IN (SELECT email FROM customers)",
			"SELECT s.* FROM orders o, LATERAL (SELECT email FROM customers c WHERE c.id = o.customer_id) s", "SELECT EXISTS (SELECT 1 FROM customers WHERE ssn LIKE '1%')",
			"SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM customers WHERE phone > '5')", "VALUES ((SELECT email FROM customers LIMIT 1))",
		},
		"a set operation": {
			"SELECT email FROM customers UNION SELECT name FROM customers", "SELECT name FROM customers UNION ALL SELECT ssn FROM customers", "SELECT id, name FROM customers UNION SELECT id, email FROM customers",
			"SELECT name FROM customers EXCEPT SELECT email FROM customers", "SELECT email FROM customers INTERSECT SELECT 'x'", "TABLE customers UNION ALL TABLE customers", "(SELECT ssn FROM customers) UNION (SELECT note FROM orders)",
		},
		"other names for columns": {
			"SELECT b FROM customers AS c(a, b, d)", "SELECT upper(d) FROM customers AS c(a, b, d)", "SELECT * FROM customers c NATURAL JOIN crm.leads l", "SELECT email FROM customers JOIN crm.leads USING (email)",
			"SELECT j.email FROM (customers JOIN orders ON true) AS j(a, b, email)", "SELECT upper(j.b) FROM (customers JOIN orders ON true) AS j(a, b)",
		},
		"one bit at a time": {
			"SELECT id FROM customers WHERE email LIKE 'a%'", "SELECT id FROM customers WHERE ssn = '1'", "SELECT id FROM customers WHERE phone > '5'", "SELECT id FROM customers ORDER BY email", "SELECT id FROM customers ORDER BY customers.phone DESC",
			"SELECT email FROM customers ORDER BY 1", "SELECT email AS e FROM customers ORDER BY e", "SELECT * FROM customers ORDER BY email", "SELECT email FROM customers GROUP BY email", "SELECT count(*) FROM customers GROUP BY email", "SELECT email, count(*) FROM customers GROUP BY 1",
			"SELECT DISTINCT email FROM customers", "SELECT DISTINCT * FROM customers", "SELECT DISTINCT ON (email) id FROM customers", "SELECT id FROM customers WHERE lower(email) = 'a'", "SELECT id FROM customers WHERE email = name",
			"SELECT c.id FROM customers c JOIN orders o ON c.email = o.note", "SELECT c.id FROM customers c JOIN orders o ON c.phone = o.note AND o.id = 1", "SELECT id FROM customers WHERE email BETWEEN 'a' AND 'b'",
			"SELECT max(email) FROM customers", "SELECT count(DISTINCT email) FROM customers", "SELECT count(*) FILTER (WHERE ssn LIKE '1%') FROM customers", "SELECT row_number() OVER (ORDER BY ssn) FROM customers", "SELECT row_number() OVER w FROM customers WINDOW w AS (PARTITION BY ssn)",
			"SELECT string_agg(name, ',' ORDER BY ssn) FROM customers", "SELECT id FROM customers GROUP BY id HAVING max(email) > 'a'", "SELECT id FROM customers LIMIT (SELECT length(email) FROM customers LIMIT 1)",
			"SELECT id FROM customers WHERE ssn IN ('1', '2')", "SELECT id FROM customers WHERE email SIMILAR TO 'a%'", "SELECT id FROM customers WHERE (email, id) = ('a', 1)", "SELECT id FROM customers WHERE (email, id) > ('a', 1)",
			"SELECT id FROM customers WHERE email IS NOT NULL", "SELECT id FROM customers WHERE customers > ROW(1)", "SELECT id FROM customers WHERE email = ANY (SELECT note FROM orders)", "SELECT id FROM customers WHERE email <> 'a'", "SELECT id FROM customers WHERE NOT email = email",
			"DELETE FROM customers WHERE email LIKE 'a%'", "UPDATE customers SET name = 'x' WHERE ssn < '2'", "EXPLAIN SELECT id FROM customers WHERE ssn LIKE '1%'", "EXPLAIN ANALYZE SELECT upper(email) FROM customers", "EXPLAIN (VERBOSE) SELECT id FROM customers ORDER BY ssn",
		},
		"a copy first": {
			"CREATE TABLE mine AS SELECT * FROM customers", "CREATE TEMP TABLE mine AS SELECT email FROM customers", "SELECT email INTO mine FROM customers", "CREATE VIEW mine AS SELECT email FROM customers", "CREATE VIEW mine AS SELECT * FROM customers", "CREATE MATERIALIZED VIEW mine AS TABLE customers",
			"CREATE TEMP VIEW mine AS SELECT c.ssn AS x FROM customers c", "INSERT INTO orders (note) SELECT email FROM customers", "INSERT INTO orders (note) VALUES ((SELECT email FROM customers LIMIT 1))", "UPDATE customers SET name = email", "UPDATE customers SET name = ssn WHERE id = 1",
			"UPDATE orders SET note = c.email FROM customers c WHERE c.id = customer_id", "UPDATE orders SET (note, amount) = (SELECT ssn, 1 FROM customers LIMIT 1)", "INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = customers.email",
			"MERGE INTO orders o USING customers c ON c.id = o.customer_id WHEN MATCHED THEN UPDATE SET note = c.email", "MERGE INTO customers c USING orders o ON c.id = o.id WHEN MATCHED AND c.ssn LIKE '1%' THEN DELETE",
			"MERGE INTO orders o USING customers c ON c.id = o.id WHEN NOT MATCHED THEN INSERT (note) VALUES (c.ssn)", "WITH d AS (DELETE FROM customers RETURNING *) SELECT * FROM d", "WITH d AS (DELETE FROM customers RETURNING email) INSERT INTO orders (note) SELECT email FROM d",
			"WITH u AS (UPDATE customers SET id = id RETURNING ssn AS x) SELECT x FROM u", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT email FROM customers LIMIT 1'", "CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN (SELECT ssn FROM customers LIMIT 1)",
			"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN SELECT ssn INTO NEW.x FROM customers; RETURN NEW; END'", "CREATE FUNCTION f() RETURNS text LANGUAGE plpython3u AS 'return 1'", "CREATE RULE r AS ON INSERT TO orders DO ALSO INSERT INTO orders (note) SELECT email FROM customers",
		},
		"COPY": {
			"COPY customers TO STDOUT", "COPY customers (id, email) TO STDOUT", "COPY public.customers TO STDOUT (FORMAT binary)", "COPY customers TO STDOUT WITH CSV HEADER", "COPY (SELECT email FROM customers) TO STDOUT", "COPY (SELECT * FROM customers) TO STDOUT WITH (FORMAT csv)",
			"COPY (TABLE customers) TO STDOUT", "COPY (DELETE FROM customers RETURNING email) TO STDOUT", "COPY customers TO PROGRAM 'cat'", "COPY customers TO '/tmp/x'", "COPY contacts TO STDOUT", "COPY (SELECT lower(email) FROM customers) TO STDOUT",
		},
		"RETURNING": {
			"UPDATE customers SET name = 'x' RETURNING upper(email)", "DELETE FROM customers RETURNING customers", "INSERT INTO customers (id) VALUES (1) RETURNING row_to_json(customers)", "DELETE FROM customers RETURNING ssn::text || ''",
		},
		"a function that does it": {
			"SELECT query_to_xml('select * from customers', true, false, '')", "SELECT lookup(1)", "SELECT public.lookup(1)", "SELECT * FROM lookup(1)", "CALL lookup(1)", "SELECT id FROM orders WHERE note = lookup(1)", "SELECT dblink('select email from customers')",
			"SELECT * FROM crosstab('select ssn from customers') AS t(a text)", "SELECT pg_read_file('x')", "SELECT lo_get(1)", "SELECT pg_ls_dir('.')", "SELECT pg_catalog.query_to_xml('x', true, false, '')", "SELECT * FROM ts_stat('select x from customers')",
			"SELECT pg_catalog.not_there()", "SELECT pg_file_write('x', 'y', true)", "SELECT * FROM pg_stat_get_activity(NULL)", "SELECT upper('a', 'b', 'c')", "DO $$ BEGIN PERFORM 1; EXECUTE 'select ssn from customers'; END $$", "INSERT INTO orders (note) VALUES (lookup(1))",
			"EXECUTE p(lookup(1))", "SELECT sum(lookup(id)) OVER () FROM orders",
		},
		"statistics and TOAST": {
			"SELECT most_common_vals::text FROM pg_stats", "SELECT histogram_bounds::text::text[] FROM pg_catalog.pg_stats", "SELECT 1 FROM pg_stats WHERE most_common_vals::text LIKE '%x%'", "SELECT s FROM pg_stats s", "SELECT row_to_json(s) FROM pg_stats s", "SELECT left(query, 20) FROM pg_stat_activity", "SELECT chunk_data FROM pg_toast.pg_toast_20000",
		},
		"a changed definition": {
			"ALTER TABLE customers RENAME COLUMN email TO x", "ALTER TABLE customers RENAME TO x", "ALTER TABLE customers SET SCHEMA crm", "ALTER TABLE customers ALTER COLUMN name TYPE text USING ssn", "ALTER TABLE events DETACH PARTITION events_2023", "ALTER TABLE heir NO INHERIT base",
			"CREATE RULE r AS ON SELECT TO customers DO INSTEAD SELECT 1", "CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION lower()", "CREATE TABLE mine () INHERITS (customers)", "CREATE INDEX ON customers ((ssn::int))", "CREATE UNIQUE INDEX ON customers (left(ssn, 1))", "ALTER VIEW contacts RENAME COLUMN mail TO x", "CREATE STATISTICS s ON email, phone FROM customers", "CREATE POLICY p ON customers USING (ssn LIKE '1%')",
			"CREATE OR REPLACE VIEW contacts AS SELECT 1 AS id", "CREATE OPERATOR ### (rightarg = int, procedure = lookup)", "CREATE CAST (int AS text) WITH FUNCTION lookup(int)", "ALTER FUNCTION lookup(int) RENAME TO lower", "ALTER SCHEMA public RENAME TO x", "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw", "IMPORT FOREIGN SCHEMA public FROM SERVER s INTO x",
			"CREATE DOMAIN d AS int CHECK (lookup(VALUE) = '')", "CREATE TABLE mine (x text DEFAULT lookup(1))", "CREATE POLICY p ON orders USING (EXISTS (SELECT 1 FROM customers WHERE ssn LIKE '1%'))", "ALTER TABLE customers INHERIT orders", "ALTER TABLE orders ATTACH PARTITION customers DEFAULT", "CREATE PUBLICATION p FOR TABLE customers", "CREATE PUBLICATION p FOR ALL TABLES", "DO $$ BEGIN CREATE TABLE x (y int); CREATE OPERATOR ### (rightarg = int, procedure = lookup); END $$", "CREATE TABLE x (LIKE customers) INHERITS (customers)", "ALTER TABLE orders ADD FOREIGN KEY (note) REFERENCES customers (email)", "CREATE TABLE mine (c text REFERENCES customers (email))",
			"CREATE TABLE mine (c int REFERENCES customers)", "CREATE TABLE mine (c int REFERENCES customers (id)) INHERITS (customers)", "CREATE TABLE mine (c int REFERENCES customers (id), d text REFERENCES customers (ssn))", "CREATE TABLE mine (LIKE customers, FOREIGN KEY (email) REFERENCES customers (email))", "CREATE TABLE mine (LIKE customers INCLUDING ALL) INHERITS (customers)",
		},
		"views": {
			"SELECT upper(mail) FROM contacts", "SELECT shout || '' FROM contacts", "SELECT v FROM contacts v", "SELECT id FROM contacts WHERE mail LIKE 'a%'", "SELECT id FROM contacts ORDER BY shout", "SELECT made FROM opaque", "SELECT * FROM opaque", "CREATE TABLE x AS SELECT * FROM contacts",
		},
		"relatives": {
			"SELECT upper(ip) FROM events_2023", "SELECT ip || '' FROM events", "SELECT upper(secret) FROM base", "SELECT secret::int FROM heir", "SELECT upper(domain_of) FROM generated",
		},
		"cursors and prepared statements": {
			"PREPARE p AS SELECT upper(email) FROM customers", "PREPARE p AS INSERT INTO orders (note) SELECT ssn FROM customers", "DECLARE c CURSOR FOR SELECT email || '' FROM customers", "DECLARE c CURSOR FOR SELECT email FROM (SELECT email FROM customers) s", "CREATE TABLE x AS EXECUTE p",
		},
		"another way to write the name": {
			"SELECT upper(public.customers.email) FROM public.customers", `SELECT upper("email") FROM "customers"`, "SELECT upper(EMAIL) FROM Customers", "SELECT upper(email) FROM ONLY customers", "SELECT upper(email) FROM customers TABLESAMPLE SYSTEM (10)", "SELECT upper(c.email) FROM orders o LEFT JOIN customers c ON c.id = o.customer_id",
			"SELECT upper(shop.public.customers.email) FROM shop.public.customers", "SELECT U&\"\\0065mail\" || '' FROM customers",
		},
	} {
		for _, sql := range texts {
			t.Run(family+"/"+sql, func(t *testing.T) {
				plan := m.Judge(facts(t, sql), Env{Fresh: true})
				if !plan.Refused {
					if !allowed[sql] {
						showsNothing(t, &plan)
					}
					return
				}
				if plan.Message == "" || plan.Detail == "" || plan.Hint == "" || plan.Rule == "" || plan.Construct == "" {
					t.Errorf("an error without words: %+v", plan)
				}
			})
		}
	}
}

// What may pass, and with which masked columns in its result.
func TestOrdinaryStatementsPass(t *testing.T) {
	m := shop(t)
	for sql, masked := range map[string]string{
		"SELECT 1":     "",
		"SELECT now()": "",
		"CREATE TABLE mine (c int REFERENCES customers (id) ON DELETE CASCADE)":                                                         "",
		"ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES public.customers (id)":                                             "",
		"SELECT id, name FROM customers":                                                                                                "",
		"SELECT count(*) FROM customers":                                                                                                "",
		"SELECT count(*), region FROM customers GROUP BY 2":                                                                             "",
		"SELECT email FROM customers":                                                                                                   "public.customers.email",
		"SELECT c.email AS e, c.ssn FROM customers c WHERE id = 1":                                                                      "public.customers.email public.customers.ssn",
		"SELECT * FROM customers":                                                                                                       "public.customers.email public.customers.phone public.customers.ssn",
		"TABLE customers":                                                                                                               "public.customers.email public.customers.phone public.customers.ssn",
		"SELECT public.customers.email FROM public.customers":                                                                           "public.customers.email",
		"SELECT c.*, o.id FROM customers c JOIN orders o ON o.customer_id = c.id":                                                       "public.customers.email public.customers.phone public.customers.ssn",
		"SELECT o.* FROM customers c JOIN orders o ON o.customer_id = c.id":                                                             "",
		"SELECT c.id, upper(c.name) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id":                                        "",
		"SELECT c.email, o.amount FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY o.amount DESC LIMIT 5":                "public.customers.email",
		"SELECT c.email FROM customers c JOIN orders o USING (id)":                                                                      "public.customers.email",
		"SELECT id FROM customers WHERE email = 'a@b'":                                                                                  "",
		"SELECT id FROM customers WHERE email = $1":                                                                                     "",
		"SELECT id FROM customers WHERE email IN ('a', 'b') AND region = 3":                                                             "",
		"SELECT email FROM customers WHERE 'x' = phone":                                                                                 "public.customers.email",
		"SELECT email, length(name) FROM customers ORDER BY name":                                                                       "public.customers.email",
		"SELECT l.email, upper(l.email) FROM crm.leads l":                                                                               "",
		"SELECT upper(email) FROM crm.leads":                                                                                            "",
		"SELECT ip, count(*) FROM events GROUP BY ip ORDER BY ip":                                                                       "public.events.ip",
		"SELECT id FROM events WHERE ip LIKE '10.%'":                                                                                    "",
		"SELECT DISTINCT ip FROM events_2023":                                                                                           "public.events_2023.ip",
		"SELECT secret FROM base":                                                                                                       "public.base.secret",
		"SELECT domain_of FROM generated":                                                                                               "public.generated.domain_of",
		"SELECT mail, shout FROM contacts":                                                                                              "public.contacts.mail public.contacts.shout",
		"SELECT id FROM contacts WHERE id > 3 ORDER BY id":                                                                              "",
		"SELECT n FROM totals":                                                                                                          "",
		"SELECT id FROM opaque":                                                                                                         "",
		"WITH x AS (SELECT id, name FROM customers) SELECT * FROM x":                                                                    "",
		"WITH customers AS (SELECT 1 AS email) SELECT upper(email::text) FROM customers":                                                "",
		"SELECT name FROM customers UNION SELECT note FROM orders":                                                                      "",
		"SELECT id FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE region = 1)":                                        "",
		"SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id)":                                   "",
		"SELECT id FROM orders WHERE customer_id = (SELECT id FROM customers WHERE email = 'a')":                                        "",
		"SELECT row_to_json(o) FROM orders o JOIN customers c ON c.id = o.customer_id":                                                  "",
		"SELECT s.* FROM (SELECT id, name FROM customers) s":                                                                            "",
		"SELECT * FROM customers c JOIN (SELECT 1 AS x) s ON true":                                                                      "public.customers.email public.customers.phone public.customers.ssn",
		"SELECT email FROM customers, generate_series(1, 2)":                                                                            "public.customers.email",
		"WITH big AS (SELECT customer_id FROM orders) SELECT c.email FROM customers c JOIN big ON big.customer_id = c.id":               "public.customers.email",
		"SELECT email FROM crm.leads WHERE id IN (SELECT id FROM customers)":                                                            "",
		"SELECT * FROM customers NATURAL JOIN orders":                                                                                   "public.customers.email public.customers.phone public.customers.ssn",
		"SELECT current_user, session_user, current_date, name FROM customers":                                                          "",
		"INSERT INTO customers (id, email) VALUES (1, 'a') ON CONFLICT (email) DO NOTHING":                                              "",
		"CREATE TABLE other (id int, lead int REFERENCES crm.leads (id))":                                                               "",
		"SELECT newsletter FROM newsletter":                                                                                             "",
		"SELECT similarity('a', 'b')":                                                                                                   "",
		"SELECT upper(name), lower(name) FROM customers":                                                                                "",
		"INSERT INTO customers (id, email) VALUES (1, 'a')":                                                                             "",
		"INSERT INTO customers (id, email) VALUES (1, 'a') RETURNING *":                                                                 "public.customers.email public.customers.phone public.customers.ssn",
		"INSERT INTO customers VALUES (1, 'a') RETURNING id":                                                                            "",
		"INSERT INTO customers (id, email) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name": "",
		"INSERT INTO customers (id) SELECT id FROM orders":                                                                              "",
		"UPDATE customers SET email = 'x' WHERE id = 1":                                                                                 "",
		"UPDATE customers SET email = $1 WHERE email = $2":                                                                              "",
		"UPDATE customers SET name = 'x' RETURNING email":                                                                               "public.customers.email",
		"DELETE FROM customers WHERE email = 'a'":                                                                                       "",
		"DELETE FROM customers c USING orders o WHERE o.customer_id = c.id RETURNING c.ssn":                                             "public.customers.ssn",
		"UPDATE orders SET note = c.name FROM customers c WHERE c.id = customer_id":                                                     "",
		"MERGE INTO orders o USING customers c ON c.id = o.customer_id WHEN MATCHED THEN UPDATE SET note = c.name":                      "",
		"COPY customers (id, name) TO STDOUT":                                                                                           "",
		"COPY customers FROM STDIN":                                                                                                     "",
		"COPY (SELECT id FROM customers) TO STDOUT":                                                                                     "",
		"COPY orders TO STDOUT":                                                                                                         "",
		"EXPLAIN SELECT email FROM customers WHERE id = 1":                                                                              "",
		"EXPLAIN ANALYZE SELECT * FROM customers WHERE email = 'x'":                                                                     "",
		"SELECT pid, query, state FROM pg_stat_activity":                                                                                "pg_catalog.pg_stat_activity.query",
		"SELECT pid FROM pg_stat_activity WHERE state = 'active'":                                                                       "",
		"SELECT tablename, most_common_freqs FROM pg_stats":                                                                             "",
		"SELECT * FROM pg_stats":                                                                                                        "pg_catalog.pg_stats.most_common_vals pg_catalog.pg_stats.histogram_bounds pg_catalog.pg_stats.most_common_elems",
		"CREATE TABLE mine AS SELECT id, name FROM customers":                                                                           "",
		"CREATE VIEW mine AS SELECT id FROM customers WHERE region = 1":                                                                 "",
		"CREATE TABLE mine (email text)":                                                                                                "",
		"CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM customers'":                                           "",
		"DO $$ BEGIN PERFORM 1; END $$":                                                                                                 "",
		"TRUNCATE customers":                                                                                                            "",
		"DROP TABLE customers":                                                                                                          "",
		"LOCK TABLE customers":                                                                                                          "",
		"ANALYZE customers":                                                                                                             "",
		"REFRESH MATERIALIZED VIEW totals":                                                                                              "",
		"BEGIN":                                                                                                                         "",
		"SET search_path = crm":                                                                                                         "",
		"LISTEN x":                                                                                                                      "",
		"SELECT pg_notify('x', 'y')":                                                                                                    "",
		"GRANT SELECT ON customers TO PUBLIC":                                                                                           "",
		"SELECT ctid, tableoid FROM customers":                                                                                          "",
		"SELECT c.ctid, c.xmin FROM customers c":                                                                                        "",
		"DECLARE c CURSOR FOR SELECT email FROM customers":                                                                              "",
		"PREPARE p AS SELECT email FROM customers":                                                                                      "",
		"PREPARE p(int) AS SELECT name FROM customers WHERE id = $1":                                                                    "",
		"EXECUTE p":        "",
		"FETCH ALL FROM c": "",
		"CLOSE c":          "",
		"DEALLOCATE ALL":   "",
	} {
		t.Run(sql, func(t *testing.T) {
			plan := m.Judge(facts(t, sql), Env{Fresh: true})
			if plan.Refused {
				t.Fatalf("refused: %s (%s; %s)\n%+v", plan.Message, plan.Construct, plan.Hint, facts(t, sql))
			}
			if got := strings.Join(plan.Masked, " "); got != masked {
				t.Errorf("masked %q, want %q", got, masked)
			}
			if masked != "" && !plan.Touches {
				t.Error("shows masked columns and does not say that it touches any")
			}
		})
	}
}

func TestWithoutMasksEverythingIsFree(t *testing.T) {
	for _, rules := range [][]Rule{nil, {{Policy: "p", Name: "typo", Columns: columns(t, "public.customer.email"), Masker: newMasker(t, mask.Spec{Type: mask.Redact})}}} {
		m, err := Compile(rules, fixture(t))
		if err != nil {
			t.Fatal(err)
		}
		if plan := m.Judge(facts(t, "SELECT upper(email), lookup(1) FROM customers"), Env{}); plan.Refused || plan.Touches {
			t.Errorf("%+v", plan)
		}
		if len(m.Unmatched()) != len(rules) {
			t.Errorf("unmatched: %q", m.Unmatched())
		}
	}
}

func TestAWordThatTheSnapshotDoesNotHaveAsksForANewerOne(t *testing.T) {
	m := shop(t)
	for _, sql := range []string{"SELECT * FROM brand_new", "SELECT x FROM public.brand_new JOIN orders ON true", "UPDATE brand_new SET x = 1 RETURNING *"} {
		st := facts(t, sql)
		if plan := m.Judge(st, Env{}); !plan.Refused || !plan.Stale || len(plan.Unknown) != 1 {
			t.Errorf("%s: %+v", sql, plan)
		}
		if plan := m.Judge(st, Env{Known: func(_, name string) bool { return name == "brand_new" }}); plan.Refused {
			t.Errorf("%s, a known name: %+v", sql, plan)
		}
		if plan := m.Judge(st, Env{Fresh: true}); plan.Refused {
			t.Errorf("%s, fresh: %+v", sql, plan)
		}
	}
	if plan := m.Judge(facts(t, "SELECT brand_new()"), Env{}); !plan.Refused || !plan.Stale {
		t.Errorf("a new function: %+v", plan)
	}
	if plan := m.Judge(facts(t, "SELECT brand_new()"), Env{Fresh: true}); plan.Refused {
		t.Errorf("a function that is in no catalog: %+v", plan)
	}
	if plan := m.Judge(facts(t, "CREATE TABLE brand_new (x int)"), Env{}); plan.Refused {
		t.Errorf("making a table: %+v", plan)
	}
}

func TestExecuteIsJudgedByWhatWasPrepared(t *testing.T) {
	m := shop(t)
	prepared := map[string]*statement.Statement{
		"direct": facts(t, "SELECT email FROM customers"), "derived": facts(t, "SELECT email::int FROM customers"),
	}
	env := Env{Fresh: true, Prepared: func(name string) *statement.Statement { return prepared[name] }}
	for sql, refused := range map[string]bool{
		"EXECUTE direct": false, "EXECUTE derived": true, "EXPLAIN EXECUTE derived": true, "CREATE TABLE x AS EXECUTE direct": true, "EXECUTE none": false,
	} {
		plan := m.Judge(facts(t, sql), env)
		if plan.Refused != refused {
			t.Errorf("%s: %+v", sql, plan)
		}
		if !refused && !plan.Touches {
			t.Errorf("%s: its rows must be looked at", sql)
		}
	}
}

func TestErrorsAreRedactedWhereTheyCouldHoldValues(t *testing.T) {
	m := shop(t)
	for sql, redacted := range map[string]bool{
		"SELECT 1/0": false, "SELECT note::int FROM orders": false, "SELECT id FROM customers": true, "UPDATE customers SET id = 1": true, "INSERT INTO orders (id) VALUES (1)": false,
		"COMMIT": true, "SET CONSTRAINTS ALL IMMEDIATE": true, "SET work_mem = '1MB'": false, "BEGIN": false, "FETCH c": true,
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.RedactErrors != redacted {
			t.Errorf("%s: redacted %t", sql, plan.RedactErrors)
		}
	}
}

func TestAggregatesThatARuleListsAreShown(t *testing.T) {
	redact := newMasker(t, mask.Spec{Type: mask.Redact})
	m, err := Compile([]Rule{
		{Policy: "p", Name: "amount", Columns: columns(t, "public.orders.amount"), Masker: redact, Aggregates: []string{"avg", "sum"}},
		{Policy: "p", Name: "all", Columns: columns(t, "public.orders.*"), Masker: redact, Aggregates: []string{"sum", "max"}},
	}, fixture(t))
	if err != nil {
		t.Fatal(err)
	}
	for sql, class := range map[string]Class{
		"SELECT sum(amount) FROM orders": Clean, "SELECT max(amount) FROM orders": Derived,
		"SELECT max(id) FROM orders": Clean, "SELECT count(amount) FROM orders": Clean, "SELECT sum(amount) + 1 FROM orders": Clean,
		"SELECT array_agg(amount) FROM orders": Derived,
	} {
		plan := m.Judge(facts(t, sql), Env{Fresh: true})
		if plan.Refused || len(plan.Outputs) != 1 || plan.Outputs[0].Class != class {
			t.Errorf("%s: %+v", sql, plan)
		}
	}
}

// The outputs that a person is shown: where each comes from and what is done with it.
func TestOutputsSayWhereTheyComeFrom(t *testing.T) {
	m := shop(t)
	plan := m.Judge(facts(t, "SELECT c.email AS mail, upper(c.ssn), o.note, o.*, 1 FROM customers c JOIN orders o ON o.customer_id = c.id"), Env{Fresh: true, Outputs: true})
	if plan.Refused || len(plan.Outputs) != 8 {
		t.Fatalf("%+v", plan)
	}
	for i, want := range []Output{
		{Name: "mail", Class: Copy, Columns: []string{"public.customers.email"}, Rule: "support/contact", Mask: mask.Partial},
		{Name: "upper", Class: Derived, Columns: []string{"public.customers.ssn"}, Rule: "support/ssn", Mask: mask.Redact},
		{Name: "note", Class: Clean, Columns: []string{"public.orders.note"}},
		{Name: "id", Class: Clean, Columns: []string{"public.orders.id"}},
	} {
		got := plan.Outputs[i]
		if got.Name != want.Name || got.Class != want.Class || got.Rule != want.Rule || got.Mask != want.Mask || strings.Join(got.Columns, " ") != strings.Join(want.Columns, " ") || got.Reason == "" {
			t.Errorf("output %d: %+v", i, got)
		}
	}
	plan = m.Judge(facts(t, "SELECT note FROM orders"), Env{Fresh: true, Outputs: true})
	if len(plan.Outputs) != 1 || plan.Outputs[0].Columns[0] != "public.orders.note" {
		t.Errorf("far from masked columns: %+v", plan)
	}
}
