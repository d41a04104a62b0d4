-- Constructs of queries that move columns.
SELECT name FROM people UNION ALL SELECT ssn FROM people
SELECT name FROM people UNION SELECT ssn FROM people
SELECT ssn FROM people EXCEPT SELECT name FROM people
SELECT ssn FROM people INTERSECT SELECT ssn FROM people
SELECT 'a', 1 UNION ALL SELECT ssn, id FROM people
SELECT NULL UNION ALL SELECT ssn FROM people
SELECT NULL UNION ALL SELECT salary FROM people
SELECT 1.5 UNION ALL SELECT salary FROM people
SELECT now() UNION ALL SELECT born FROM people
(SELECT name FROM people LIMIT 1) UNION ALL (SELECT ssn FROM people)
SELECT name FROM people UNION ALL (SELECT email FROM people EXCEPT SELECT name FROM people)
SELECT x FROM (SELECT name AS x FROM people UNION ALL SELECT ssn FROM people) s
SELECT a FROM (VALUES ('x')) v(a) UNION ALL SELECT ssn FROM people
VALUES ((SELECT ssn FROM people WHERE id = 1))
SELECT column1 FROM (VALUES ('x'), ((SELECT ssn FROM people WHERE id = 1))) v
SELECT (SELECT ssn FROM people WHERE id = 1)
SELECT (SELECT max(ssn) FROM people), (SELECT ssn || '' FROM people LIMIT 1)
SELECT ARRAY(SELECT ssn FROM people)
SELECT ARRAY(SELECT ssn FROM people)::text
SELECT array_to_string(ARRAY(SELECT ssn FROM people), ',')
SELECT (SELECT array_agg(ssn) FROM people)
SELECT (SELECT json_agg(z) FROM (SELECT p.*) z) FROM people p
SELECT (SELECT o.e FROM (SELECT p.ssn AS e) o) FROM people p
SELECT * FROM login NATURAL JOIN (SELECT id FROM people) p
SELECT * FROM people NATURAL LEFT JOIN contacts
SELECT * FROM people JOIN hr.people h USING (id)
SELECT ssn FROM people a JOIN login b USING (ssn) RIGHT JOIN hr.people c USING (ssn)
SELECT ssn FROM people FULL JOIN login USING (ssn)
SELECT u, login.ssn || '' FROM people JOIN login USING (id) AS u
SELECT j.a FROM (people JOIN orders ON people.id = orders.person_id) AS j(i, n, a)
SELECT j.* FROM (people p JOIN orders o ON p.id = o.person_id) AS j
SELECT j FROM (people p JOIN orders o ON p.id = o.person_id) AS j
SELECT name FROM people AS p(id, x, name)
SELECT q.e FROM people p CROSS JOIN LATERAL (SELECT p.ssn AS e) q
SELECT q.e FROM people p LEFT JOIN LATERAL (SELECT p.ssn || '' AS e OFFSET 0) q ON true
SELECT q.e FROM people p, LATERAL (VALUES (p.ssn), (p.email)) q(e)
SELECT f FROM people p, unnest(p.tags) f
SELECT f FROM people p, unnest(ARRAY[p.ssn, p.email]) WITH ORDINALITY AS f(f, n)
SELECT a, b FROM people p, ROWS FROM (unnest(p.tags), regexp_split_to_table(p.ssn, '-')) AS r(a, b)
SELECT v FROM people p, jsonb_each_text(p.doc -> 'user') AS e(k, v)
SELECT e FROM people p, jsonb_each(p.doc) e
SELECT e.value FROM people p, json_each(p.note) e
SELECT e.* FROM people p, jsonb_to_recordset(jsonb_build_array(to_jsonb(p))) AS e(ssn text)
SELECT f FROM people p, regexp_matches(p.ssn, '(.*)') f
SELECT f FROM people p, string_to_table(p.ssn, '-') f
SELECT g FROM people p, LATERAL generate_series(p.salary, p.salary) g
WITH x AS (SELECT ssn FROM people) SELECT * FROM x
WITH x AS MATERIALIZED (SELECT ssn AS a FROM people), y AS (SELECT a AS b FROM x) SELECT b FROM y
WITH x(a, b) AS (SELECT id, ssn FROM people) SELECT b FROM x
WITH orders AS (SELECT ssn AS item FROM people) SELECT item FROM orders
WITH people AS (SELECT 1 AS ssn) SELECT p.ssn FROM public.people p
WITH a AS (WITH b AS (SELECT ssn FROM people) SELECT * FROM b) SELECT * FROM a
WITH a AS (SELECT ssn AS v FROM people) SELECT v FROM (WITH a AS (SELECT 'x' AS v) SELECT v FROM a) s UNION ALL SELECT v FROM a
WITH RECURSIVE r(a, b, n) AS (SELECT ssn, name, 1 FROM people UNION ALL SELECT b, a, n + 1 FROM r WHERE n < 3) SELECT b FROM r
WITH RECURSIVE r(a, b, c, n) AS (SELECT ssn, 'x', 'y', 1 FROM people UNION ALL SELECT c, a, b, n + 1 FROM r WHERE n < 5) SELECT c FROM r
WITH RECURSIVE r(s, n) AS (SELECT ssn, 1 FROM people WHERE id = 1 UNION ALL SELECT substr(s, 2), n + 1 FROM r WHERE n < 9) SELECT string_agg(left(s, 1), '') FROM r
WITH RECURSIVE r AS (SELECT id, ssn FROM people WHERE id = 1 UNION ALL SELECT p.id, p.ssn FROM people p, r WHERE p.id = r.id + 1) SEARCH DEPTH FIRST BY ssn SET seq SELECT seq FROM r
WITH RECURSIVE r AS (SELECT id, ssn FROM people WHERE id = 1 UNION ALL SELECT p.id, p.ssn FROM people p, r WHERE p.id = r.id + 1) CYCLE ssn SET c USING path SELECT path FROM r
WITH u AS (UPDATE people SET name = name RETURNING ssn AS x) SELECT x FROM u
WITH d AS (DELETE FROM login RETURNING *) SELECT ssn || '' FROM d
WITH i AS (INSERT INTO hr.people (id) SELECT 99 RETURNING *) SELECT p.ssn || '' FROM i, people p
SELECT max(ssn), min(ssn), max(salary), sum(balance), avg(worth) FROM people GROUP BY id
SELECT array_agg(ssn), string_agg(ssn, ','), json_agg(ssn), jsonb_object_agg(id, ssn), xmlagg(xmlelement(name a, ssn)) FROM people
SELECT json_object_agg(ssn, id) FROM people WHERE id < 7
SELECT array_agg(ssn ORDER BY ssn), array_agg(DISTINCT ssn), string_agg(DISTINCT email, ',' ORDER BY email) FROM people
SELECT max(ssn) FILTER (WHERE id = 1), array_agg(ssn) FILTER (WHERE id < 3) FROM people
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ssn), percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY salary) FROM people
SELECT percentile_cont(0) WITHIN GROUP (ORDER BY salary), mode() WITHIN GROUP (ORDER BY email) FROM people
SELECT lag(ssn) OVER (ORDER BY id), lead(ssn) OVER (ORDER BY id), first_value(ssn) OVER (ORDER BY id), nth_value(ssn, 2) OVER (), last_value(ssn) OVER () FROM people
SELECT lag(name, 1, ssn) OVER (ORDER BY id) FROM people
SELECT max(ssn) OVER (PARTITION BY id), sum(salary) OVER (ORDER BY id ROWS CURRENT ROW), array_agg(ssn) OVER () FROM people
SELECT max(salary) OVER w, sum(salary) OVER (w ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) FROM people WINDOW w AS (ORDER BY id)
SELECT range_agg(span), range_intersect_agg(span), range_agg(int4range(salary, salary + 1)) FROM people
SELECT ssn, count(*) FROM people GROUP BY ssn
SELECT ssn, email, count(*) FROM people GROUP BY ROLLUP (ssn, email)
SELECT coalesce(ssn, 'all') FROM people GROUP BY GROUPING SETS ((ssn), ())
SELECT upper(ssn) FROM people GROUP BY ssn
SELECT DISTINCT ssn FROM people
SELECT DISTINCT ON (ssn) ssn || '' FROM people
SELECT ssn FROM people ORDER BY id LIMIT 1
SELECT ssn FROM people TABLESAMPLE BERNOULLI (100)
SELECT ssn FROM people FOR UPDATE
SELECT ssn || '' FROM ONLY people
SELECT bit_and(salary), bit_or(salary), bool_and(vip), bit_xor(balance), max(ssn) FROM people WHERE id = 1
SELECT corr(salary, salary), regr_avgx(salary, salary), stddev(salary), regr_sxx(salary, 1), max(salary) FROM people WHERE id < 2
SELECT s.ssn FROM people s, orders people WHERE s.id = people.id
SELECT public.people.ssn || '' FROM public.people
SELECT "ssn" || '', PEOPLE.SSN || '' FROM "people"
SELECT U&"\0073sn" || '' FROM people
SELECT x."a.b" FROM (SELECT ssn AS "a.b" FROM people) x
SELECT s.id FROM (SELECT ssn AS id, id AS ssn FROM people) s UNION ALL SELECT 'x'
SELECT s.id FROM (SELECT ssn AS id, name AS ssn FROM people) s
SELECT crosstab FROM crosstab('SELECT id, 1, ssn FROM people') AS crosstab(a int, b text)
SELECT * FROM crosstab('SELECT ''a''::text, 1, ssn FROM people') AS c(a text, b text)
SELECT * FROM dblink('dbname=' || current_database() || ' port=' || current_setting('port') || ' host=' || split_part(current_setting('unix_socket_directories'), ',', 1), 'SELECT ssn FROM people') AS d(x text)
SELECT query_to_xml('SELECT ssn FROM people', true, true, '')
SELECT table_to_xml('people', true, true, '')
SELECT schema_to_xml('public', true, true, '')
SELECT database_to_xml(true, true, '')
SELECT * FROM ts_stat('SELECT to_tsvector(''simple'', ssn) FROM people')
SELECT peek()
SELECT peek_of(1)
SELECT peek_of(id) FROM orders
SELECT rows_of()
SELECT (rows_of()).ssn
SELECT * FROM rows_of()
SELECT ssn FROM rows_of() r
SELECT echo(ssn) FROM people
SELECT of_row(p), p.of_row FROM people p
SELECT run_text('SELECT ssn FROM people LIMIT 1')
SELECT run_text('SELECT string_agg(ss' || 'n, '','') FROM people')
SELECT ts_rewrite('a', 'SELECT plainto_tsquery(''simple'', ''a''), plainto_tsquery(''simple'', ssn) FROM people WHERE id = 1')
SELECT * FROM xpath_table('id', '''<a>''||ssn||''</a>''', 'people', '/a', 'true') AS t(id int, v text)
SELECT (SELECT ctid FROM tops LIMIT 1) FROM (SELECT ssn AS ctid FROM people) p
SELECT (SELECT upper(xmin) FROM pg_indexes LIMIT 1) FROM (SELECT ssn AS xmin FROM people) p
SELECT (SELECT tableoid || '' FROM pg_stat_user_tables LIMIT 1) FROM (SELECT ssn AS tableoid FROM people) p
