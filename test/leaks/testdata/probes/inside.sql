-- What functions, views and comparisons with itself tell of a value.
SELECT id, place FROM placed ORDER BY id
SELECT id, before, first FROM placed ORDER BY id
SELECT id, part FROM placed_inside ORDER BY id
SELECT code_of(ssn) FROM people WHERE id = 1
SELECT hint_unless(ssn, left('{{ssn:1}}', 3)) FROM people WHERE id = 1
SELECT id, above(salary, {{salary:1}} - 1) FROM people WHERE id = 1
SELECT id, caught(salary, {{salary:1}}) FROM people WHERE id = 1
SELECT id FROM people WHERE email = replace(email, left('{{email:1}}', 4), '')
SELECT id FROM people WHERE salary = greatest(salary, {{salary:1}})
SELECT id FROM people WHERE ARRAY[salary] && ARRAY(SELECT generate_series({{salary:1:-3}}, {{salary:1:+3}}))
SELECT id FROM people WHERE ARRAY[salary] <@ ARRAY[{{salary:1}}, {{salary:1:+1}}]
SELECT id FROM people WHERE jsonb_build_array(salary) <@ '[{{salary:1}}, {{salary:1:+1}}]'
SELECT id, lead(name, (SELECT salary - {{salary:1}} + 1 FROM people WHERE id = 1)) OVER (ORDER BY id) FROM people
SELECT count(*) FROM generate_series(1, (SELECT salary - {{salary:1}} + 5 FROM people WHERE id = 1))
SELECT 1 FROM generate_series(1, 9) LIMIT (SELECT CASE WHEN salary > {{salary:1}} - 1 AND salary < {{salary:1}} + 1 THEN 1 ELSE 2 END FROM people WHERE id = 1)
DELETE FROM orders USING people WHERE people.salary = orders.id + {{salary:1}} - 1 RETURNING orders.id
SELECT id, b1, b2, b3, b4 FROM answers ORDER BY id
SELECT id, b1 IS NULL AS n1, b2 IS NULL AS n2, b3 IS NULL AS n3, b4 IS NULL AS n4 FROM answers ORDER BY id
SELECT id, b1 = 'even' AS e1, b2 = 1 AS e2, b3 = 1 AS e3, b4 LIKE 'N%' AS e4 FROM answers ORDER BY id
SELECT id, count(b1), count(b2), count(b3), count(b4) FROM answers GROUP BY id ORDER BY id
COPY (SELECT id, b1, b2, b3, b4 FROM answers ORDER BY id) TO STDOUT
INSERT INTO notes (arr[(SELECT salary FROM people WHERE id = 1)]) VALUES ('x') RETURNING arr
INSERT INTO notes (body, j['a'][(SELECT salary % 100 FROM people WHERE id = 1)]) SELECT 'x', '1'::jsonb RETURNING j
