-- json
SELECT id, profile->>'lang' AS lang FROM users ORDER BY id LIMIT 3
\g
SELECT profile->>'lang' AS lang, count(*) FROM users GROUP BY 1 ORDER BY 1
\g
SELECT id, profile->'address'->>'city' AS city, profile #>> '{address,city}' AS c2, profile['address']['city'] AS c3 FROM users ORDER BY id LIMIT 3
\g
SELECT id, (profile->>'score')::int AS score FROM users WHERE (profile->>'score')::int > 100 ORDER BY (profile->>'score')::int DESC LIMIT 3
\g
SELECT id FROM users WHERE profile->>'lang' = 'de' AND profile #>> ARRAY['address','city'] ILIKE 'o%' ORDER BY id LIMIT 5
\g
SELECT id FROM users WHERE profile @> '{"lang": "de"}' ORDER BY id LIMIT 5
\g
SELECT id FROM users WHERE profile ? 'lang' ORDER BY id LIMIT 2
\g
--@ masked: a=~ e=~ q=~ s=~
SELECT id, profile->'contacts'->>'email' AS e, profile->'address' AS a, profile #> '{address,street}' AS s, profile->'contacts' AS q FROM users ORDER BY id LIMIT 3
\g
--@ masked: p=paths
SELECT id, profile || '{"x": 1}' AS p FROM users ORDER BY id LIMIT 3
\g
--@ masked: p=paths q=paths
SELECT id, profile - 'lang' AS p, jsonb_set(profile, '{lang}', '"x"') AS q FROM users ORDER BY id LIMIT 3
\g
--@ masked: p=~
SELECT id, profile || jsonb_build_object('y', profile->'contacts') AS p FROM users ORDER BY id LIMIT 3
\g
--@ refused: asks more than equality
SELECT id FROM users WHERE profile->'contacts'->>'email' LIKE 'a%'
\g
--@ refused: asks more than equality
SELECT id FROM users WHERE profile->>'contacts' LIKE '%alt1%'
\g
--@ refused: asks more than equality
SELECT id FROM users WHERE (profile - 'lang')::text LIKE '%alt1%'
\g

-- subqueries and rows
SELECT id, name FROM users WHERE email = (SELECT email FROM users WHERE id = 5)
\g
--@ refused: nothing may be asked of ssn
SELECT a.name FROM accounts a LEFT JOIN users u ON u.account_id = a.id WHERE u IS NULL
\g
--@ refused: nothing may be asked of ssn
SELECT a.name FROM accounts a LEFT JOIN users u ON u.account_id = a.id WHERE u.* IS NOT NULL ORDER BY 1 LIMIT 3
\g
--@ masked: x=~
SELECT to_jsonb(u) - 'ssn' AS x FROM users u ORDER BY id LIMIT 2
\g
--@ masked: x=~
SELECT to_jsonb(u) - 'ssn' - 'email' AS x FROM users u ORDER BY id LIMIT 2
\g
--@ masked: x=~
SELECT to_jsonb(u) - ARRAY['ssn', 'email'] AS x FROM users u ORDER BY id LIMIT 2
\g
SELECT id, (SELECT email FROM users WHERE id = 5) AS email FROM accounts ORDER BY id LIMIT 0
\g
--@ refused: asks more than equality
SELECT a.id FROM accounts a WHERE a.name = (SELECT email FROM users WHERE id = 5)
\g
--@ refused: asks more than equality
SELECT id FROM users ORDER BY (SELECT email FROM users x WHERE x.id = users.id)
\g
--@ refused: asks more than equality
SELECT id, to_jsonb(salary) - 1 FROM hr.employees
\g
