-- What would put values that are not masked beside masked ones that equal them, or give the masks' own
-- results of chosen values.
SELECT k, v FROM (SELECT id AS k, salary AS v FROM people UNION ALL SELECT g, g FROM generate_series({{salary:1:-3}}, {{salary:1:+3}}) g) s ORDER BY 1
SELECT k, v FROM (SELECT id AS k, balance AS v FROM people UNION ALL SELECT 100 + g, {{balance:1}} + g FROM generate_series(-3, 3) g) s ORDER BY 1
SELECT id, salary FROM people UNION SELECT -1, {{salary:1}} ORDER BY 1
SELECT DISTINCT ON (salary) id FROM (SELECT id, salary FROM people UNION ALL SELECT -1, {{salary:1}}) s
SELECT id, row_number() OVER (PARTITION BY salary) FROM (SELECT id, salary FROM people UNION ALL SELECT -1, {{salary:1:+1}}) s
SELECT id FROM (SELECT id, ssn FROM people UNION ALL SELECT -1, '{{ssn:1}}0') s GROUP BY ssn, id
SELECT a.x, b.x, c.x, p.id FROM (VALUES ('0'), ('1'), ('2'), ('3'), ('4'), ('5'), ('6'), ('7'), ('8'), ('9')) a(x), (VALUES ('0'), ('1'), ('2'), ('3'), ('4'), ('5'), ('6'), ('7'), ('8'), ('9')) b(x), (VALUES ('0'), ('1'), ('2'), ('3'), ('4'), ('5'), ('6'), ('7'), ('8'), ('9')) c(x), people p WHERE p.ssn = a.x || b.x || c.x || '{{ssn:1:+3}}'
SELECT a.x, b.x, p.id FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) a(x), (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) b(x), people p WHERE p.salary = {{salary:1}} / 100 * 100 + a.x * 10 + b.x
WITH d(x) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)), n AS (SELECT {{salary:1}} / 100 * 100 + a.x * 10 + b.x AS v FROM d a, d b) SELECT n.v, p.id FROM n JOIN people p ON p.salary = n.v
WITH RECURSIVE n(v) AS (SELECT {{salary:1:-5}} UNION ALL SELECT v + 1 FROM n WHERE v < {{salary:1:+5}}) SELECT n.v, p.id FROM n JOIN people p ON p.salary = n.v
SELECT v, p.id FROM unnest(ARRAY[{{salary:1}}, 5]) v JOIN people p ON p.salary = v
INSERT INTO people (id, name, city, salary, region) SELECT 1, 'x', 'town', g, g FROM generate_series({{salary:1}}, {{salary:1}}) g ON CONFLICT (id) DO UPDATE SET region = EXCLUDED.region WHERE people.salary = EXCLUDED.salary RETURNING region
INSERT INTO login (id, ssn) SELECT 100 + g, substr('{{login:1}}', 1, g) FROM generate_series(10, 12) g ON CONFLICT (ssn) DO NOTHING RETURNING id
INSERT INTO login (id, ssn) SELECT 100 + g, substr('{{login:1}}', 1, g) FROM generate_series(10, 12) g ON CONFLICT DO NOTHING RETURNING id
INSERT INTO login (id, ssn) SELECT 100 + g, substr('{{login:1}}', 1, g) FROM generate_series(10, 12) g ON CONFLICT ON CONSTRAINT login_ssn_key DO NOTHING
SELECT o.id FROM orders o JOIN people p ON p.ssn = 'x' || o.item OR p.salary = o.cents OR p.salary > {{salary:1}}
SELECT count(*) FROM people a JOIN people b ON a.salary = b.salary + 1 OR a.salary > b.salary AND b.id = 1
SELECT id FROM people WHERE ssn COLLATE "C" > '{{ssn:1}}'
SELECT EXISTS (SELECT salary FROM people INTERSECT SELECT g FROM generate_series({{salary:1:-3}}, {{salary:1:+3}}) g)
