-- What tells a value bit by bit. {{ssn:1:3}} stands for the first three characters of the first
-- person's ssn in one of the two databases; with a + or - a number is that much more or less.
SELECT id FROM people WHERE ssn LIKE '{{ssn:1:3}}%'
SELECT id FROM people WHERE ssn < '{{ssn:1}}'
SELECT id FROM people WHERE salary > {{salary:1}}
SELECT id FROM people WHERE salary BETWEEN {{salary:1:-5}} AND {{salary:1:+5}}
SELECT id FROM people WHERE left(ssn, 3) = '{{ssn:1:3}}'
SELECT id FROM people WHERE ssn ~ '^{{ssn:1:3}}'
SELECT id FROM people WHERE ssn SIMILAR TO '{{ssn:1:3}}%'
SELECT id FROM people WHERE starts_with(ssn, '{{ssn:1:3}}')
SELECT id FROM people WHERE ssn ^@ '{{ssn:1:3}}'
SELECT id FROM people WHERE strpos(ssn, '{{ssn:1:4}}') = 1
SELECT id FROM people WHERE salary % 7 = 0 OR salary > {{salary:1}}
SELECT id FROM people WHERE born < '{{born:1}}'
SELECT id FROM people WHERE tags @> ARRAY['{{tag:1}}']
SELECT id FROM people WHERE tags[1] = '{{tag:1}}'
SELECT id FROM people WHERE doc @> '{"user": {"email": "{{txt:1}}"}}'
SELECT id FROM people WHERE doc #>> '{user,email}' LIKE '{{txt:1:2}}%'
SELECT id FROM people WHERE doc @@ '$.user.email starts with "{{txt:1:2}}"'
SELECT id FROM people WHERE props -> 'k' = '{{prop:1}}'
SELECT id FROM people WHERE span @> {{low:1:+1}}
SELECT id FROM people WHERE ssn IN (SELECT ssn FROM people WHERE ssn > '{{ssn:1:2}}')
SELECT id FROM people WHERE (ssn, id) < ('{{ssn:1}}', 9)
SELECT id FROM people WHERE ROW(ssn) >= ROW('{{ssn:1}}')
SELECT id FROM people WHERE ssn > ALL (ARRAY['{{ssn:1:2}}'])
SELECT id FROM people WHERE coalesce(ssn, 'x') LIKE '{{ssn:1:2}}%'
SELECT id FROM people WHERE NOT (ssn >= '{{ssn:1}}')
SELECT id FROM people WHERE (ssn >= '{{ssn:1}}') IS TRUE
SELECT id FROM people WHERE (ssn >= '{{ssn:1}}') IS NOT DISTINCT FROM true
SELECT id FROM people WHERE CASE WHEN ssn >= '{{ssn:1}}' THEN true END
SELECT o.id FROM orders o JOIN people p ON p.id = o.person_id AND p.salary > {{salary:1}}
SELECT o.id FROM orders o LEFT JOIN people p ON p.id = o.person_id AND p.ssn LIKE '{{ssn:1:2}}%' WHERE p.id IS NULL
SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM people p WHERE p.id = o.person_id AND p.ssn LIKE '{{ssn:1:2}}%')
SELECT id FROM people ORDER BY salary
SELECT id FROM people ORDER BY ssn COLLATE "C" DESC
SELECT id, ssn FROM people ORDER BY 2
SELECT id, ssn AS s FROM people ORDER BY s
SELECT id FROM people ORDER BY ROW(salary, ssn)
SELECT id, row_number() OVER (ORDER BY salary) FROM people
SELECT id, rank() OVER (ORDER BY ssn) FROM people
SELECT id, count(*) OVER (ORDER BY salary) FROM people
SELECT id, ntile(2) OVER (ORDER BY balance) FROM people
SELECT array_agg(id ORDER BY salary) FROM people
SELECT string_agg(name, ',' ORDER BY ssn) FROM people
SELECT json_object_agg(id, name ORDER BY salary) FROM people
SELECT DISTINCT ON (region) region, id FROM people ORDER BY region, salary
SELECT (SELECT id FROM people ORDER BY salary LIMIT 1)
SELECT count(*) FILTER (WHERE salary > {{salary:1}}) FROM people
SELECT region, count(*) FROM people GROUP BY region HAVING max(salary) > {{salary:1}}
SELECT salary > {{salary:1}}, count(*) FROM people GROUP BY 1
SELECT id, count(left(ssn, 1)) OVER (PARTITION BY left(ssn, 1)) FROM people
SELECT DISTINCT ON (left(ssn, 1)) id FROM people
SELECT count(*) FROM (SELECT left(ssn, 1) FROM people UNION SELECT '{{ssn:1:1}}' UNION SELECT substr(name, 1, 1) FROM people) s WHERE EXISTS (SELECT left(ssn, 2) FROM people INTERSECT SELECT '{{ssn:1:2}}')
SELECT left(ssn, 1), count(*) FROM people GROUP BY 1
SELECT rank(5000000) WITHIN GROUP (ORDER BY salary), percent_rank(4000000) WITHIN GROUP (ORDER BY salary), cume_dist(6000000) WITHIN GROUP (ORDER BY salary), array_agg(id ORDER BY balance) FROM people
SELECT width_bucket(salary, 0, 10000000, 100) FROM people
SELECT count(*) FROM people WHERE salary::text LIKE '{{salary:1:2}}%'
SELECT id FROM people WHERE length(ssn) = length('{{ssn:1}}') AND substr(ssn, 3, 1) = substr('{{ssn:1}}', 3, 1)
SELECT id FROM people LIMIT (SELECT count(*) FROM people WHERE salary > {{salary:1}})
SELECT id FROM people OFFSET (SELECT (salary > {{salary:1:-1}})::int FROM people WHERE id = 1)
SELECT count(*) FROM generate_series(1, (SELECT salary % 97 FROM people WHERE id = 1))
SELECT count(*) FROM people, LATERAL generate_series(1, ascii(ssn))
SELECT g FROM generate_series({{salary:1:-3}}, {{salary:1:+3}}) g JOIN people p ON p.salary = g
SELECT g FROM generate_series({{salary:1:-3}}, {{salary:1:+3}}) g WHERE g IN (SELECT salary FROM people)
SELECT g FROM generate_series({{salary:1:-3}}, {{salary:1:+3}}) g EXCEPT SELECT salary FROM people ORDER BY 1
SELECT g FROM generate_series({{salary:1:-3}}, {{salary:1:+3}}) g(salary) NATURAL JOIN people p(i, n, e, ph, s, salary)
SELECT CASE WHEN ssn LIKE '{{ssn:1:2}}%' THEN 1 ELSE 0 END FROM people
SELECT CASE WHEN ssn LIKE '{{ssn:1:2}}%' THEN 1 / (id - 1) ELSE 0 END FROM people
SELECT CASE left(ssn, 2) WHEN '{{ssn:1:2}}' THEN name END FROM people
SELECT nullif(left(ssn, 2), '{{ssn:1:2}}') IS NULL FROM people
SELECT ssn::int FROM people WHERE id = 1
SELECT (left(ssn, 3)::int - {{ssn:1:3}}) FROM people WHERE id = 1
SELECT 1 / (salary - {{salary:1}}) FROM people
SELECT 1 / length(replace(left(ssn, 3), '{{ssn:1:3}}', '')) FROM people WHERE id = 1
SELECT sqrt({{salary:1}} - salary) FROM people WHERE id = 1
SELECT replace(left(ssn, 3), '{{ssn:1:3}}', '{{token:1}}')::uuid FROM people WHERE id = 1
SELECT EXISTS (SELECT 1 FROM people WHERE ssn LIKE '{{ssn:1:2}}%')
SELECT '{{ssn:1:2}}' IN (SELECT left(ssn, 2) FROM people)
SELECT (SELECT count(*) FROM people WHERE salary > {{salary:1}})
SELECT bool_or(salary > {{salary:1}}), sum((salary > {{salary:1}})::int) FROM people
UPDATE people SET name = 'x' WHERE ssn LIKE '{{ssn:1:2}}%'
UPDATE orders SET item = 'x' FROM people p WHERE p.id = person_id AND p.salary > {{salary:1}}
DELETE FROM orders USING people p WHERE p.id = person_id AND p.ssn LIKE '{{ssn:1:2}}%' RETURNING orders.id
UPDATE people SET name = CASE WHEN salary > {{salary:1}} THEN 'rich' ELSE 'poor' END RETURNING name
INSERT INTO notes (n) SELECT count(*) FROM people WHERE salary > {{salary:1}} RETURNING n
MERGE INTO orders o USING people p ON p.id = o.person_id AND p.salary > {{salary:1}} WHEN MATCHED THEN UPDATE SET item = 'x'
MERGE INTO orders o USING people p ON p.id = o.person_id WHEN MATCHED AND p.salary > {{salary:1}} THEN DELETE
INSERT INTO people (id, name, city) VALUES (1, 'x', 'town') ON CONFLICT (id) DO UPDATE SET name = 'y' WHERE people.ssn LIKE '{{ssn:1:2}}%'
INSERT INTO people (id, name, city, ssn) VALUES (1, 'x', 'town', '{{ssn:1:3}}') ON CONFLICT (id) DO UPDATE SET name = 'y' WHERE people.ssn > EXCLUDED.ssn
DO $$ BEGIN IF EXISTS (SELECT 1 FROM people WHERE ssn LIKE '{{ssn:1:2}}%') THEN RAISE NOTICE 'yes'; END IF; END $$
DO $$ BEGIN PERFORM 1 FROM people WHERE salary > {{salary:1}}; IF FOUND THEN RAISE EXCEPTION 'yes'; END IF; END $$
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM people WHERE salary > {{salary:1}}
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id FROM people WHERE ssn LIKE '{{ssn:1:2}}%'
COPY (SELECT id FROM people WHERE salary > {{salary:1}}) TO STDOUT
COPY (SELECT count(*) FROM people WHERE ssn LIKE '{{ssn:1:2}}%') TO STDOUT
TABLE people ORDER BY salary
SELECT id FROM contacts WHERE loud LIKE '{{ssn:1:2}}%'
SELECT id FROM contacts ORDER BY loud
SELECT region FROM tops WHERE top > {{salary:1}}
SELECT id FROM people WHERE shout LIKE '{{ssn:1:2}}%'
