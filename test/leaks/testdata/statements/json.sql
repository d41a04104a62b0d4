-- Documents of which only some paths are masked.
SELECT doc -> 'user' ->> 'email' FROM people
SELECT doc #>> '{user,email}', doc #> '{user}' FROM people
SELECT doc['user']['email'], doc['cards'] FROM people
SELECT doc -> 'user' FROM people
SELECT doc -> 'cards' -> 0 ->> 'card' FROM people
SELECT doc #>> '{cards,0,card}', doc -> 'cards' FROM people
SELECT doc #>> ARRAY['cards', '0', 'card'] FROM people
SELECT (doc -> 'cards') ->> 0 FROM people
SELECT doc || '{"x": 1}' FROM people
SELECT (doc || '{"x": 1}') -> 'user' FROM people
SELECT (doc || '{"x": 1}')::text FROM people
SELECT doc || name, '["x"]' || doc FROM people
SELECT '{"a": 1}' || doc || '{"b": 2}' FROM people
SELECT jsonb_build_object('moved', doc) || '{"x": 1}' FROM people
SELECT doc || jsonb_build_object('moved', doc -> 'user') FROM people
SELECT '{"x": 1}' || (doc -> 'user') FROM people
SELECT doc - 'open' FROM people
SELECT (doc - 'open') #>> '{user,email}' FROM people
SELECT (doc - 'user') -> 'cards' FROM people
SELECT (doc -> 'user') - 'x' FROM people
SELECT doc #- '{open}', doc #- '{cards,0,x}' FROM people
SELECT jsonb_set(doc, '{open}', '1') FROM people
SELECT jsonb_set(doc, '{open}', doc -> 'user') FROM people
SELECT jsonb_set('{"a": 1}', '{a}', doc -> 'user' -> 'email') FROM people
SELECT jsonb_set(doc, '{user}', doc -> 'user') FROM people
SELECT jsonb_set(doc -> 'user', '{x}', '1') FROM people
SELECT jsonb_set(doc, ARRAY['open'], '1')::text FROM people
SELECT jsonb_set(jsonb_set(doc, '{open}', '1'), '{a}', '2') -> 'user' FROM people
SELECT x.d -> 'user' FROM (SELECT doc || '{"a": 1}' AS d FROM people) x
SELECT x.d FROM (SELECT doc - 'open' AS d FROM people UNION ALL SELECT '{}') x
SELECT min(x.d::text) FROM (SELECT doc - 'open' AS d FROM people) x
SELECT to_jsonb(doc - 'open'), jsonb_agg(doc || '{"a": 1}') FROM people GROUP BY id
SELECT jsonb_each(doc - 'open') FROM people
SELECT jsonb_pretty(doc || '{"a": 1}') FROM people
UPDATE people SET doc = doc || '{"a": 1}' WHERE id = 1 RETURNING doc -> 'user', doc #>> '{cards,0,card}'
