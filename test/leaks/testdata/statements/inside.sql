-- What functions, defaults and windows do with a value on its way.
SELECT late(ssn) FROM people
SELECT (swap(name, ssn)).x FROM people
SELECT s.x FROM people p, swap(p.name, p.ssn) s
INSERT INTO filled (id) VALUES (1) RETURNING a, b
INSERT INTO filled VALUES (1, DEFAULT, DEFAULT) RETURNING filled
SELECT (SELECT max(p.ssn || o.item) FROM orders o) FROM people p
SELECT (SELECT (SELECT (SELECT p.ssn))) FROM people p
SELECT lag(name, 1, ssn) OVER (ORDER BY id) FROM people
SELECT coalesce(CASE WHEN id > 0 THEN phone END, name) FROM people
SELECT string_agg('x', ssn) FROM people
SELECT (array_agg(p ORDER BY id))[1].ssn FROM people p
SELECT (unnest(array_agg(p))).ssn FROM people p
SELECT row_to_json(x) FROM (SELECT name, ssn AS s FROM people) x
SELECT x::text FROM (SELECT name, ssn FROM people) x
SELECT j.* FROM (people a JOIN people b USING (id)) AS j
SELECT u.ssn FROM people a JOIN people b USING (ssn) AS u
SELECT v FROM (VALUES ((SELECT ssn FROM people WHERE id = 1))) v(a)
WITH RECURSIVE r(a, b, c, n) AS (SELECT 'q'::text, 'q'::text, ssn, 1 FROM people UNION ALL SELECT b, c, a, n + 1 FROM r WHERE n < 4) SELECT a FROM r
WITH RECURSIVE r(n, s) AS (SELECT 1, ssn FROM people UNION ALL SELECT n + 1, s FROM r WHERE n < 2) SEARCH DEPTH FIRST BY s SET o SELECT o FROM r
WITH RECURSIVE r(n, s) AS (SELECT 1, ssn FROM people UNION ALL SELECT n, s FROM r) CYCLE s SET c USING path SELECT path FROM r
SELECT t.v FROM people, xmltable('/a' PASSING '<a/>' COLUMNS v text PATH 'z' DEFAULT ssn) t
SELECT g FROM peek() g
SELECT to_jsonb(r) FROM rows_of() r
SELECT row(p.*) FROM people p
