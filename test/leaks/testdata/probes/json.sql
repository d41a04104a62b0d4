-- Questions to documents of which only some paths are masked.
SELECT id FROM people WHERE doc @> '{"user": {"email": "{{txt:1}}"}}'
SELECT id FROM people WHERE doc @> '{"open": 1, "user": {"email": "{{txt:1}}"}}'::jsonb
SELECT id, doc @> '{"cards": [{"card": "{{card:1}}"}]}' FROM people
SELECT id, NULL::text, '{"user": {"email": "{{txt:1}}"}}' <@ doc AND NULL FROM people
SELECT id FROM people WHERE doc -> 'user' @> '{"email": "{{txt:1}}"}'
SELECT id FROM people WHERE doc -> 'user' -> 'email' ? '{{txt:1}}'
SELECT id FROM people WHERE doc #> '{user,email}' ? '{{txt:1}}'
SELECT id FROM people WHERE (doc || '{"x": 1}') -> 'user' ->> 'email' LIKE '{{txt:1:2}}%'
SELECT id FROM people WHERE (doc - 'open')::text LIKE '%{{txt:1:3}}%'
SELECT id FROM people WHERE jsonb_set(doc, '{open}', '1')::text LIKE '%{{txt:1:3}}%'
SELECT id FROM people ORDER BY doc - 'open', id
SELECT id FROM people WHERE doc #>> '{user,email}' < '{{txt:1}}'
SELECT id FROM people WHERE doc ->> 'user' LIKE '%{{txt:1:3}}%'
SELECT id FROM people WHERE doc ->> 'cards' LIKE '%{{card:1:4}}%'
SELECT id FROM people WHERE doc -> 'cards' -> 0 ->> 'card' < '{{card:1:4}}9'
SELECT id FROM people WHERE (doc -> 'open') || (doc -> 'user') @> '[{"email": "{{txt:1}}"}]'
SELECT id, jsonb_build_object(doc #>> '{user,email}', 1) ? '{{txt:1}}' AND NULL FROM people
SELECT jsonb_set('{"a": [1]}', ARRAY['a', replace(doc #>> '{user,email}', '{{txt:1}}', '0')], '1') FROM people WHERE id = 1
