package lineage_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/lineage"
)

// functions of a user, over masked columns and not.
const functions = `
CREATE FUNCTION same(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION named(a text, b text DEFAULT 'x') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT named.a';
CREATE FUNCTION second(a text, b text DEFAULT 'x') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT b';
CREATE FUNCTION shouted(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(t) || ''!''';
CREATE FUNCTION constant_of(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''c''::text';
CREATE FUNCTION strict_of(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT ''c''::text';
CREATE FUNCTION size_of(t text) RETURNS int LANGUAGE sql IMMUTABLE RETURN length(t);
CREATE FUNCTION cast_of(t text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT t::int';
CREATE FUNCTION small_of(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS 'SELECT n';
CREATE FUNCTION name_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM customers WHERE id = $1';
CREATE FUNCTION email_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM customers WHERE id = $1';
CREATE FUNCTION id_of(wanted text) RETURNS int LANGUAGE sql STABLE AS 'SELECT id FROM customers WHERE email = wanted';
CREATE FUNCTION richest() RETURNS int LANGUAGE sql STABLE AS 'SELECT id FROM customers ORDER BY salary DESC LIMIT 1';
CREATE FUNCTION above(n int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM customers WHERE salary > n';
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM customers WHERE region = 1; END;
CREATE FUNCTION listing() RETURNS TABLE (num int, mail text, label text) LANGUAGE sql STABLE AS 'SELECT id, email, name FROM customers';
CREATE FUNCTION swapped() RETURNS TABLE (name text, email text) LANGUAGE sql STABLE AS 'SELECT email, name FROM customers';
CREATE FUNCTION outs(IN i int, OUT a text, OUT b text) LANGUAGE sql STABLE AS 'SELECT name, email FROM customers WHERE id = i';
CREATE FUNCTION one_out(OUT mail text) LANGUAGE sql STABLE AS 'SELECT email FROM customers LIMIT 1';
CREATE FUNCTION records() RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT id, ssn FROM customers';
CREATE FUNCTION crossed() RETURNS SETOF customers LANGUAGE sql STABLE AS 'SELECT id, email, name, ssn, salary, born, tags, doc, region FROM customers';
CREATE FUNCTION of_row(c customers) RETURNS text LANGUAGE sql STABLE AS 'SELECT c.email';
CREATE FUNCTION row_name(c customers) RETURNS text LANGUAGE sql STABLE AS 'SELECT c.name';
CREATE FUNCTION of_order(o orders) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM customers WHERE id = o.customer_id';
CREATE FUNCTION of_any(anyelement) RETURNS text LANGUAGE sql STABLE AS 'SELECT max(email) FROM customers';
CREATE FUNCTION nested(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT same(email_of(i))';
CREATE FUNCTION nested_clean(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT constant_of(email_of(i))';
CREATE FUNCTION defaulted(t text DEFAULT email_of(1)) RETURNS text LANGUAGE sql STABLE AS 'SELECT t';
CREATE FUNCTION any_of(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT parts[1]';
CREATE FUNCTION poly(anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION again(n int) RETURNS text LANGUAGE sql STABLE AS 'SELECT CASE WHEN n > 0 THEN again(n - 1) ELSE (SELECT email FROM customers LIMIT 1) END';
CREATE FUNCTION shadowing(email text) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM customers LIMIT 1';
CREATE FUNCTION fixed_peek() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT max(email) FROM customers';
CREATE FUNCTION keeps(t text) RETURNS text LANGUAGE sql AS 'INSERT INTO notes (body) VALUES (t) RETURNING body';
CREATE FUNCTION counts_up() RETURNS int LANGUAGE sql AS 'UPDATE orders SET amount = amount + (SELECT count(*) FROM customers) WHERE id = 1 RETURNING id';
CREATE FUNCTION steals() RETURNS bigint LANGUAGE sql AS 'INSERT INTO notes (body) SELECT email FROM customers; SELECT count(*) FROM notes';
CREATE FUNCTION xml_of() RETURNS xml LANGUAGE sql AS 'SELECT query_to_xml(''select email from customers'', true, true, '''')';
CREATE FUNCTION pl_same(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN t; END';
CREATE FUNCTION pl_shout(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'DECLARE x text := upper(t); BEGIN x := x || ''!''; RETURN x; END';
CREATE FUNCTION pl_constant(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN ''c''; END';
CREATE FUNCTION pl_branch(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF t = ''qzxv1@example.com'' THEN RETURN ''yes''; END IF; RETURN ''no''; END';
CREATE FUNCTION pl_less(t text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF t < ''m'' THEN RETURN 1; END IF; RETURN 0; END';
CREATE FUNCTION pl_count(r int) RETURNS bigint LANGUAGE plpgsql STABLE AS 'DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM customers WHERE region = r; RETURN n; END';
CREATE FUNCTION pl_email(i int) RETURNS text LANGUAGE plpgsql STABLE AS 'DECLARE r record; BEGIN SELECT * INTO r FROM customers WHERE id = i; RETURN r.email; END';
CREATE FUNCTION pl_name(i int) RETURNS text LANGUAGE plpgsql STABLE AS 'DECLARE r customers; BEGIN SELECT * INTO r FROM customers WHERE id = i; RETURN r.name; END';
CREATE FUNCTION pl_mixed(i int) RETURNS text LANGUAGE plpgsql STABLE AS 'DECLARE r customers; BEGIN SELECT id, email, name, ssn, salary, born, tags, doc, region INTO r FROM customers WHERE id = i; RETURN r.name; END';
CREATE FUNCTION pl_loop() RETURNS text LANGUAGE plpgsql STABLE AS 'DECLARE r record; all_of text := ''''; BEGIN FOR r IN SELECT email AS x FROM customers LOOP all_of := all_of || r.x; END LOOP; RETURN all_of; END';
CREATE FUNCTION pl_table() RETURNS TABLE (num int, mail text) LANGUAGE plpgsql STABLE AS 'BEGIN RETURN QUERY SELECT id, c.email FROM customers c; END';
CREATE FUNCTION pl_next() RETURNS TABLE (num int, mail text) LANGUAGE plpgsql STABLE AS 'BEGIN FOR num, mail IN SELECT id, email FROM customers LOOP RETURN NEXT; END LOOP; END';
CREATE FUNCTION pl_rows() RETURNS SETOF customers LANGUAGE plpgsql STABLE AS 'DECLARE r customers; BEGIN FOR r IN SELECT * FROM customers LOOP RETURN NEXT r; END LOOP; END';
CREATE FUNCTION pl_outs(OUT a int, OUT b text) LANGUAGE plpgsql STABLE AS 'BEGIN SELECT id, email INTO a, b FROM customers LIMIT 1; END';
CREATE FUNCTION pl_later(t text) RETURNS text LANGUAGE plpgsql AS 'DECLARE a text; b text; BEGIN FOR i IN 1..3 LOOP b := a; a := t; END LOOP; RETURN b; END';
CREATE FUNCTION pl_code(t text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''x'' USING ERRCODE = ''P0'' || left(t, 3); END';
CREATE FUNCTION pl_hint(t text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''x'' USING HINT = coalesce(t, ''none''); RETURN ''c''; END';
CREATE FUNCTION pl_no_hint(t text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''x'' USING HINT = substring(t from ''^q''); RETURN ''c''; END';
CREATE VIEW ranked AS SELECT id, rank() OVER (ORDER BY salary) AS place, lag(name) OVER (ORDER BY salary DESC) AS next, count(*) OVER (PARTITION BY left(email, 1)) AS alike, row_number() OVER (PARTITION BY region ORDER BY id) AS n FROM customers;
CREATE FUNCTION pl_raise(t text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', t; RETURN ''c''; END';
CREATE FUNCTION pl_sqlerrm(t text) RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM t::int; RETURN ''c''; EXCEPTION WHEN others THEN RETURN SQLERRM; END';
CREATE FUNCTION pl_caught(t text) RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM t::int; RETURN ''number''; EXCEPTION WHEN others THEN RETURN ''none''; END';
CREATE FUNCTION pl_typed(t text) RETURNS text LANGUAGE plpgsql AS 'DECLARE n int := t; BEGIN RETURN n::text; END';
CREATE FUNCTION pl_dynamic(t text) RETURNS text LANGUAGE plpgsql AS 'DECLARE x text; BEGIN EXECUTE ''select $1'' INTO x USING t; RETURN x; END';
CREATE FUNCTION pl_case(t text) RETURNS int LANGUAGE plpgsql AS 'BEGIN CASE t WHEN ''qzxv1@example.com'' THEN RETURN 1; ELSE RETURN 0; END CASE; END';
CREATE FUNCTION pl_found(t text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN PERFORM 1 FROM customers WHERE email = t; RETURN FOUND; END';
CREATE FUNCTION pl_field() RETURNS text LANGUAGE plpgsql AS 'DECLARE r customers; BEGIN r.name := (SELECT email FROM customers LIMIT 1); RETURN r.name; END';
CREATE FUNCTION pl_keeps(t text) RETURNS text LANGUAGE plpgsql AS 'BEGIN INSERT INTO notes (body) VALUES (t); RETURN ''c''; END';
CREATE FUNCTION pl_array(t text) RETURNS text LANGUAGE plpgsql AS 'DECLARE a text[]; BEGIN a[1] := t; RETURN a[1]; END';
CREATE FUNCTION pl_while(n int) RETURNS int LANGUAGE plpgsql AS 'DECLARE i int := 0; BEGIN WHILE i < n LOOP i := i + 1000000; END LOOP; RETURN i; END';
CREATE FUNCTION pl_for(n int) RETURNS int LANGUAGE plpgsql AS 'DECLARE c int := 0; BEGIN FOR i IN 7654000..n LOOP c := c + 1; END LOOP; RETURN c; END';
CREATE PROCEDURE proc(INOUT t text) LANGUAGE plpgsql AS 'BEGIN SELECT email INTO t FROM customers LIMIT 1; END';
CREATE PROCEDURE proc_count(INOUT n bigint) LANGUAGE plpgsql AS 'BEGIN SELECT count(*) INTO n FROM customers; END';
CREATE FUNCTION over(a int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ''c''::text';
CREATE FUNCTION over(a text) RETURNS text LANGUAGE sql STABLE AS 'SELECT max(email) FROM customers';
CREATE TYPE span AS RANGE (subtype = text);
CREATE FUNCTION first_of(anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
CREATE VIEW by_function AS SELECT id, same(email) AS mail, shouted(name) AS loud, email_of(id) AS of, pl_name(id) AS who, constant_of(email) AS c FROM customers;
CREATE VIEW by_rows AS SELECT num, mail, label FROM listing();
CREATE VIEW counted AS SELECT how_many() AS n, 1 AS one;
CREATE FUNCTION of_view() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT mail FROM by_function';
`

// followed are statements with what becomes of each output: C clean, M masked as the
// column is, R redacted. "" is a statement that is refused.
func followed() map[string]string {
	return map[string]string{
		"SELECT same(email), same(name) FROM customers":                                                        "MC",
		"SELECT named(email, name), named(b => email, a => name), named(b := name, a := email) FROM customers": "MCM",
		"SELECT second(email), second(name, email), second(a => name, b => email) FROM customers":              "CMM",
		"SELECT shouted(email), shouted(name) FROM customers":                                                  "RC",
		"SELECT constant_of(email), constant_of(same(email)) FROM customers":                                   "CC",
		"SELECT strict_of(email) FROM customers":                                                               "R",
		"SELECT size_of(ssn) FROM customers":                                                                   "R",
		"SELECT cast_of(email) FROM customers":                                                                 "",
		"SELECT small_of(salary) FROM customers":                                                               "",
		"SELECT name_of(1), email_of(1)":                                                                       "CM",
		"SELECT email_of(id) FROM orders":                                                                      "M",
		"SELECT id_of('qzxv1@example.com')":                                                                    "C",
		"SELECT id_of(email) FROM orders":                                                                      "",
		"SELECT richest()":                                                                                     "",
		"SELECT above(5)":                                                                                      "",
		"SELECT how_many()":                                                                                    "C",
		"SELECT * FROM listing()":                                                                              "CMC",
		"SELECT l.label, l.mail FROM listing() l":                                                              "CM",
		"SELECT x, y FROM listing() AS l(x, y, z)":                                                             "CM",
		"SELECT y, o FROM listing() WITH ORDINALITY AS l(x, y, z, o)":                                          "MC",
		"SELECT name, email FROM swapped()":                                                                    "MC",
		"SELECT (swapped()).*":                                                                                 "MC",
		"SELECT (swapped()).email, (swapped()).name":                                                           "CM",
		"SELECT (outs(1)).a, (outs(1)).b":                                                                      "CM",
		"SELECT a, b FROM outs(3)":                                                                             "CM",
		"SELECT outs(3)":                                                                                       "R",
		"SELECT mail FROM one_out()":                                                                           "M",
		"SELECT mail FROM one_out() AS x(mail)":                                                                "M",
		"SELECT a, b FROM records() AS r(a int, b varchar)":                                                    "CM",
		"SELECT email, name FROM crossed()":                                                                    "CM",
		"SELECT of_row(c), row_name(c), c.of_row, c.row_name FROM customers c":                                 "MCMC",
		"SELECT of_row(customers), (customers).of_row FROM customers":                                          "MM",
		"SELECT o.of_order FROM orders o":                                                                      "M",
		"SELECT (o).of_order, of_order(o) FROM orders o":                                                       "MM",
		"SELECT o.of_any FROM orders o":                                                                        "R",
		"SELECT (SELECT x FROM orders x LIMIT 1).of_order":                                                     "M",
		"SELECT (ROW(1, 2, 'x', 3, now(), 'y')::orders).of_order":                                              "M",
		"SELECT id FROM orders o WHERE o.of_order LIKE 'q%'":                                                   "",
		"SELECT id FROM orders o ORDER BY (o).of_order":                                                        "",
		"SELECT nested(1), nested_clean(1)":                                                                    "MC",
		"SELECT defaulted(), defaulted('x')":                                                                   "MC",
		"SELECT any_of('a', email), any_of(VARIADIC tags) FROM customers":                                      "RR",
		"SELECT poly(email), poly(salary), poly(c.name), (poly(c)).email FROM customers c":                     "MMCM",
		"SELECT span('a', 'b'), span('c', 'd', '[]')":                                                          "CC",
		"SELECT span(email, 'z') FROM customers":                                                               "",
		"SELECT first_of(tags) FROM customers":                                                                 "R",
		"SELECT again(1)":                                                                                      "",
		"SELECT shadowing('x')":                                                                                "M",
		"SELECT fixed_peek()":                                                                                  "R",
		"EXPLAIN (VERBOSE) SELECT fixed_peek()":                                                                "",
		"EXPLAIN (VERBOSE) SELECT name_of(1)":                                                                  "C",
		"SELECT keeps(email) FROM customers":                                                                   "",
		"SELECT keeps('x')":                                                                                    "C",
		"SELECT counts_up()":                                                                                   "C",
		"SELECT steals()":                                                                                      "",
		"SELECT xml_of()":                                                                                      "",
		"SELECT pl_same(email), pl_same(name) FROM customers":                                                  "MC",
		"SELECT pl_shout(email), pl_shout(name) FROM customers":                                                "RC",
		"SELECT pl_constant(email) FROM customers":                                                             "C",
		"SELECT pl_branch(email), pl_branch(name) FROM customers":                                              "CC",
		"SELECT pl_less(email) FROM customers":                                                                 "",
		"SELECT pl_less(name) FROM customers":                                                                  "C",
		"SELECT pl_count(1)":                                                                                   "C",
		"SELECT pl_email(1), pl_name(1), pl_mixed(1)":                                                          "MCM",
		"SELECT pl_loop()":                                                                                     "R",
		"SELECT num, mail FROM pl_table()":                                                                     "CM",
		"SELECT num, mail FROM pl_next()":                                                                      "CM",
		"SELECT name, email FROM pl_rows()":                                                                    "CM",
		"SELECT a, b FROM pl_outs()":                                                                           "CM",
		"SELECT pl_later(email) FROM customers":                                                                "M",
		"SELECT pl_code(email) FROM customers":                                                                 "",
		"SELECT pl_hint(email) FROM customers":                                                                 "C",
		"SELECT pl_no_hint(email) FROM customers":                                                              "",
		"SELECT place, next, alike, n FROM ranked":                                                             "RMMC",
		"SELECT pl_raise(email) FROM customers":                                                                "C",
		"SELECT pl_sqlerrm(email) FROM customers":                                                              "",
		"SELECT pl_caught(email) FROM customers":                                                               "",
		"SELECT pl_typed(email) FROM customers":                                                                "",
		"SELECT pl_dynamic(email) FROM customers":                                                              "",
		"SELECT pl_case(email) FROM customers":                                                                 "C",
		"SELECT pl_found('x')":                                                                                 "C",
		"SELECT pl_found(email) FROM orders":                                                                   "",
		"SELECT pl_field()":                                                                                    "R",
		"SELECT pl_keeps(email) FROM customers":                                                                "",
		"SELECT pl_array(email) FROM customers":                                                                "R",
		"SELECT pl_while(salary) FROM customers":                                                               "",
		"SELECT pl_for(salary) FROM customers":                                                                 "",
		"CALL proc('x')":                                                                                       "",
		"CALL proc_count(1)":                                                                                   "C",
		"SELECT over(1)":                                                                                       "R",
		"SELECT mail, loud, of, who, c FROM by_function":                                                       "MCMCM",
		"SELECT num, label FROM by_rows":                                                                       "MM",
		"SELECT n, one FROM counted":                                                                           "CC",
		"SELECT of_view()":                                                                                     "M",
		"SELECT id FROM customers WHERE same(email) = 'qzxv1@example.com'":                                     "C",
		"SELECT id FROM customers WHERE shouted(email) LIKE 'A%'":                                              "",
		"INSERT INTO notes (body) SELECT email_of(1)":                                                          "",
		"CREATE TABLE stolen AS SELECT email_of(1) AS x":                                                       "",
		"CREATE VIEW stolen AS SELECT email_of(1) AS x":                                                        "",
		"CREATE TABLE counted_now AS SELECT how_many() AS x":                                                   "",
		"CREATE FUNCTION stolen() RETURNS text LANGUAGE sql AS 'SELECT email_of(1)'":                           "",
		"DO 'BEGIN PERFORM email_of(1); END'":                                                                  "",
		"PREPARE p AS SELECT email_of($1)":                                                                     "C",
		"SELECT id FROM orders WHERE note = email_of(1)":                                                       "",
		"SELECT * FROM orders o, LATERAL outs(o.customer_id) x WHERE x.a = 'name1'":                            "CCCCCCCM",
		"SELECT max(email_of(id)), count(email_of(id)) FROM orders":                                            "RC",
		"SELECT total_of(1)":                                                                                   "C",
		"SELECT id FROM orders LIMIT (SELECT length(email_of(1)))":                                             "",
	}
}

func TestFunctionsAreFollowedToTheirColumns(t *testing.T) {
	s := newSite(t, lineage.Equality, functions)
	for sql, want := range followed() {
		v := s.judge(t, sql, 0)
		if v.failed != nil {
			t.Errorf("does not run: %s: %v", sql, v.failed)
		}
		if len(v.leaks) > 0 {
			t.Errorf("shows %q: %s", v.leaks, sql)
		}
		got := s.classes(t, sql)
		if strings.HasPrefix(sql, "PREPARE") || strings.HasPrefix(sql, "EXPLAIN") || strings.HasPrefix(sql, "CALL") {
			if (v.refused == "") != (want != "") {
				t.Errorf("%s: refused by %q, want outputs %q", sql, v.refused, want)
			}
			continue
		}
		if sql == "CREATE TABLE counted_now AS SELECT how_many() AS x" {
			if v.refused != "" {
				t.Errorf("%s: refused by %q", sql, v.refused)
			}
			continue
		}
		if got != want {
			t.Errorf("%s: %q (refused by %q), want %q", sql, got, v.refused, want)
		}
	}
}
