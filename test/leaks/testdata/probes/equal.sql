-- What asks whether a value equals another: nothing where a policy says predicates: Deny.
SELECT id FROM people WHERE ssn = '{{ssn:1}}'
SELECT id FROM people WHERE ssn <> '{{ssn:1}}'
SELECT id FROM people WHERE ssn IN ('{{ssn:1}}', 'x')
SELECT id FROM people WHERE ssn = ANY (ARRAY['{{ssn:1}}'])
SELECT id FROM people WHERE lower(email) = '{{email:1}}'
SELECT id FROM people WHERE ssn IS NOT DISTINCT FROM '{{ssn:1}}'
SELECT id, ssn = '{{ssn:1}}' FROM people
SELECT id, ssn = '{{ssn:1}}' AND NULL FROM people
SELECT id, ssn IN ('{{ssn:1}}', NULL) FROM people
SELECT id, nullif(ssn, '{{ssn:1}}') FROM people
SELECT id, nullif(ssn, '{{ssn:1}}') IS NULL FROM people
SELECT id, (ssn, NULL) = ('{{ssn:1}}', 'x') FROM people
SELECT CASE ssn WHEN '{{ssn:1}}' THEN 'yes' ELSE 'no' END FROM people
SELECT count(*) FROM people WHERE token = '{{token:1}}'
SELECT count(*) FILTER (WHERE ssn = '{{ssn:1}}') FROM people
SELECT count(*) FROM (SELECT ssn FROM people UNION SELECT '{{ssn:1}}') s
SELECT count(DISTINCT ssn) FROM (SELECT ssn FROM people UNION ALL SELECT '{{ssn:1}}') s
SELECT 1 FROM people WHERE id = 1 EXCEPT SELECT 1 FROM people WHERE ssn = '{{ssn:1}}'
SELECT ssn FROM people INTERSECT SELECT '{{ssn:1}}'
SELECT '{{ssn:1}}' IN (SELECT ssn FROM people)
SELECT p.id FROM people p JOIN (VALUES ('{{ssn:1}}')) v(ssn) USING (ssn)
SELECT p.id FROM people p NATURAL JOIN (VALUES ('{{ssn:1}}')) v(ssn)
SELECT id, email FROM people WHERE id = 1 UNION ALL SELECT 0, '{{email:1}}'
SELECT id, balance FROM people WHERE id = 1 UNION ALL SELECT 0, {{balance:1}} ORDER BY 1
SELECT id, salary FROM people WHERE id = 1 UNION ALL VALUES (0, {{salary:1}})
UPDATE people SET name = 'x' WHERE ssn = '{{ssn:1}}'
DELETE FROM login WHERE ssn = '{{login:1}}'
UPDATE people SET name = 'x' WHERE (ssn = '{{ssn:1}}') IS TRUE
INSERT INTO login (id, ssn) VALUES (50, '{{login:1}}') ON CONFLICT (ssn) DO NOTHING
INSERT INTO login (id, ssn) VALUES (50, '{{login:1}}') ON CONFLICT DO NOTHING
MERGE INTO login l USING (VALUES ('{{login:1}}')) v(s) ON l.ssn = v.s WHEN MATCHED THEN DELETE
SELECT id FROM contacts WHERE mail = '{{email:1}}'
SELECT id FROM people WHERE vip AND id < 7
SELECT id FROM people WHERE NOT vip
SELECT id, vip AND NULL FROM people
SELECT CASE WHEN vip THEN 1 ELSE 0 END FROM people
SELECT id FROM people WHERE feeling = '{{feeling:1}}'
SELECT feeling, count(*) FROM people GROUP BY 1
SELECT id FROM people WHERE '{{tag:1}}' = ANY (tags)
SELECT region FROM kept WHERE '{{ssn:1}}' = ANY (all_ssn)
