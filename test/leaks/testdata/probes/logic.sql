-- What branches, fails or is NULL by a value inside of an expression.
SELECT id, ssn LIKE '{{ssn:1:2}}%' AND NULL FROM people
SELECT id, ssn LIKE '{{ssn:1:2}}%' OR NULL FROM people
SELECT id, (ssn LIKE '{{ssn:1:2}}%' AND 1 / (id - id) = 1) FROM people WHERE id = 1
SELECT id, (ssn LIKE '{{ssn:1:2}}%' OR 1 / (id - id) = 1) FROM people WHERE id = 1
SELECT id, ssn BETWEEN '{{ssn:1:2}}' AND NULL FROM people
SELECT id, ssn NOT BETWEEN '{{ssn:1:2}}' AND NULL FROM people
SELECT id, ssn BETWEEN '{{ssn:1:2}}' AND (1 / (id - id))::text FROM people WHERE id = 1
SELECT id, left(ssn, 1) IN ('{{ssn:1:1}}', NULL) FROM people
SELECT id, left(ssn, 1) NOT IN ('{{ssn:1:1}}', NULL) FROM people
SELECT id, left(ssn, 1) = ANY (ARRAY['{{ssn:1:1}}', NULL]) FROM people
SELECT id, left(ssn, 1) <> ALL (ARRAY['{{ssn:1:1}}', NULL]) FROM people
SELECT id, ssn < ANY (ARRAY['{{ssn:1}}', NULL]) FROM people
SELECT id, left(ssn, 1) = ANY (SELECT '{{ssn:1:1}}' UNION ALL SELECT NULL) FROM people
SELECT id, left(ssn, 1) IN (SELECT (ARRAY['{{ssn:1:1}}', NULL])[g] FROM generate_series(1, 2) g) FROM people
SELECT id, (left(ssn, 1), NULL) = ('{{ssn:1:1}}', 'x') FROM people
SELECT id, ROW(ssn, NULL) < ROW('{{ssn:1}}', 1) FROM people
SELECT id, (left(ssn, 1), 'a') < ('{{ssn:1:1}}', NULL) FROM people
SELECT id, (ssn, NULL::text) IS DISTINCT FROM ('{{ssn:1}}', NULL) AND ssn > '{{ssn:1}}' AND NULL FROM people
SELECT id, (left(ssn, 1), 1) = (SELECT '{{ssn:1:1}}', NULL::int) FROM people
SELECT id, coalesce(doc -> 'user' -> replace(doc #>> '{user,email}', '{{txt:1}}', 'email'), to_jsonb(1 / (id - id))) FROM people WHERE id = 1
SELECT id, coalesce((string_to_array(ssn, '{{ssn:1:3}}'))[2], (1 / (id - id))::text) FROM people WHERE id = 1
SELECT id, coalesce(substring(ssn FROM '^{{ssn:1:3}}'), (1 / (id - id))::text) FROM people WHERE id = 1
SELECT id, coalesce(substring(ssn FROM '^{{ssn:1:3}}'), nextval('ticks')::text), currval('ticks') FROM people WHERE id = 1
SELECT id, json_build_object(substring(ssn FROM '^{{ssn:1:3}}'), 1) FROM people WHERE id = 1
SELECT json_object_agg(substring(ssn FROM '^{{ssn:1:3}}'), 1) FROM people WHERE id = 1
SELECT jsonb_object_agg(substring(ssn FROM '^{{ssn:1:3}}'), 1) FROM people WHERE id = 1
SELECT doc @@ '$.user ? (@.email starts with "{{txt:1:2}}").email.double() > 0' FROM people
SELECT doc @? '$.user ? (@.email starts with "{{txt:1:2}}")' FROM people
SELECT jsonb_path_exists(doc, '$.user ? (@.email starts with "{{txt:1:2}}")') FROM people
SELECT jsonb_path_match(doc, '$.user.email starts with "{{txt:1:2}}"') FROM people
SELECT doc ? 'user', doc -> 'user' ? 'email', doc #> '{user}' @> '{"email": "{{txt:1}}"}' FROM people WHERE doc IS NULL OR (doc ->> 'user') LIKE '%{{txt:1:3}}%'
SELECT tags[strpos(ssn, '{{ssn:1:3}}')] FROM people
SELECT (ARRAY['a', 'b'])[strpos(ssn, '{{ssn:1:3}}')] FROM people
SELECT split_part('a', ',', strpos(ssn, '{{ssn:1:3}}')) FROM people WHERE id = 1
SELECT substr('abc', 1, strpos(ssn, '{{ssn:1:3}}') + 0) FROM people WHERE id = 1
SELECT overlay('abc' PLACING 'x' FROM strpos(ssn, '{{ssn:1:3}}')) FROM people WHERE id = 1
SELECT nth_value(name, strpos(ssn, '{{ssn:1:3}}')) OVER (PARTITION BY id) FROM people WHERE id = 1
SELECT ntile(strpos(ssn, '{{ssn:1:3}}')) OVER () FROM people WHERE id = 1
SELECT percentile_disc(strpos(ssn, 'z{{ssn:1:3}}') + (ssn LIKE '{{ssn:1:3}}%')::int * 2) WITHIN GROUP (ORDER BY id) FROM people WHERE id = 1 GROUP BY ssn
SELECT percentile_disc(length(replace(left(ssn, 3), '{{ssn:1:3}}', ''))) WITHIN GROUP (ORDER BY id) FROM people WHERE id = 1 GROUP BY ssn
SELECT percentile_cont(length(replace(left(ssn, 3), '{{ssn:1:3}}', ''))) WITHIN GROUP (ORDER BY id) FROM people WHERE id = 1 GROUP BY ssn
SELECT regexp_match('x', '[' || substr(ssn, 1, 1) || '-{{ssn:1:1}}]') FROM people WHERE ssn IS NOT NULL AND regexp_match('x', 'x') IS NOT NULL
SELECT regexp_replace('x', replace(left(ssn, 3), '{{ssn:1:3}}', 'a{999}'), '') FROM people WHERE id = 1
SELECT regexp_like('x', replace(left(ssn, 3), '{{ssn:1:3}}', '[')) FROM people WHERE id = 1
SELECT regexp_count('x', replace(left(ssn, 3), '{{ssn:1:3}}', '(')), regexp_instr('x', replace(left(ssn, 3), '{{ssn:1:3}}', '(')) FROM people WHERE id = 1
SELECT regexp_substr('x', replace(left(ssn, 3), '{{ssn:1:3}}', '*')) FROM people WHERE id = 1
SELECT regexp_count('x', 'x', length(replace(left(ssn, 3), '{{ssn:1:3}}', ''))) FROM people WHERE id = 1
SELECT regexp_replace('x', 'x', 'y', replace(left(ssn, 3), '{{ssn:1:3}}', 'ZZZ')) FROM people WHERE id = 1
SELECT substring('x' FROM replace(left(ssn, 3), '{{ssn:1:3}}', '[')) FROM people WHERE id = 1
SELECT substring('x' SIMILAR 'x' ESCAPE replace(left(ssn, 3), '{{ssn:1:3}}', '#')) FROM people WHERE id = 1
SELECT name LIKE 'x' ESCAPE replace(left(ssn, 3), '{{ssn:1:3}}', '#') FROM people WHERE id = 1
SELECT name SIMILAR TO replace(left(ssn, 3), '{{ssn:1:3}}', '[') FROM people WHERE id = 1
SELECT name ~ replace(left(ssn, 3), '{{ssn:1:3}}', '[') FROM people WHERE id = 1
SELECT 'ab' LIKE replace(left(ssn, 3), '{{ssn:1:3}}', 'a\') FROM people WHERE id = 1
SELECT date('2020-01-0' || replace(left(ssn, 3), '{{ssn:1:3}}', '1')) FROM people WHERE id = 1
SELECT date(replace(left(ssn, 3), '{{ssn:1:3}}', '2020-01-01')) FROM people WHERE id = 1
SELECT date_trunc(replace(left(ssn, 3), '{{ssn:1:3}}', 'day'), now()) IS NULL FROM people WHERE id = 1
SELECT date_part(replace(left(ssn, 3), '{{ssn:1:3}}', 'year'), date '2020-01-01') FROM people WHERE id = 1
SELECT pg_catalog.extract(replace(left(ssn, 3), '{{ssn:1:3}}', 'year'), date '2020-01-01') FROM people WHERE id = 1
SELECT date_trunc('day', timestamptz '2020-01-01', replace(left(ssn, 3), '{{ssn:1:3}}', 'UTC')) FROM people WHERE id = 1
SELECT timestamp '2020-01-01' AT TIME ZONE replace(left(ssn, 3), '{{ssn:1:3}}', 'UTC') FROM people WHERE id = 1
SELECT encode('abc', replace(left(ssn, 3), '{{ssn:1:3}}', 'hex')) FROM people WHERE id = 1
SELECT to_char(1, replace(left(ssn, 3), '{{ssn:1:3}}', '9.9.9')) FROM people WHERE id = 1
SELECT to_char(now(), replace(left(ssn, 3), '{{ssn:1:3}}', '')) IS NULL FROM people WHERE id = 1
SELECT to_char(date '2020-01-01', replace(left(ssn, 3), '{{ssn:1:3}}', '')) FROM people WHERE id = 1
SELECT ARRAY[string_to_array(ssn, '{{ssn:1:3}}'), ARRAY['a', 'b']] FROM people WHERE id = 1
SELECT ARRAY[['a', 'b'], ['c', 'd']] || string_to_array(ssn, '{{ssn:1:3}}') FROM people WHERE id = 1
SELECT array_agg(string_to_array(s, '{{ssn:1:3}}')) FROM (SELECT ssn AS s FROM people WHERE id = 1 UNION ALL SELECT 'a{{ssn:1:3}}b') x
SELECT array_length(string_to_array(ssn, '{{ssn:1:3}}'), 1) FROM people
SELECT array_length(string_to_array(replace(left(ssn, 3), '{{ssn:1:3}}', ''), ','), 1) FROM people WHERE id = 1
SELECT array_upper(string_to_array(replace(left(ssn, 3), '{{ssn:1:3}}', ''), ','), 1), array_ndims(string_to_array(replace(left(ssn, 3), '{{ssn:1:3}}', ''), ',')) FROM people WHERE id = 1
SELECT array_to_string(string_to_array(ssn, NULL), ',', NULL), array_position(string_to_array(ssn, NULL), '{{ssn:1:1}}') FROM people WHERE id = 1
SELECT lpad('x', CASE WHEN true THEN strpos(ssn, '{{ssn:1:3}}') END * 2000000000) FROM people WHERE id = 1
SELECT chr(strpos(ssn, '{{ssn:1:3}}')) FROM people WHERE id = 1
SELECT repeat('x', strpos(ssn, '{{ssn:1:3}}') * 2000000000) FROM people WHERE id = 1
SELECT sum(replace(left(ssn, 3), '{{ssn:1:3}}', 'NaN')::float8) FROM people WHERE id = 1
SELECT get_byte('\x00', length(replace(left(ssn, 3), '{{ssn:1:3}}', ''))) FROM people WHERE id = 1
SELECT round(1.5, length(replace(left(ssn, 3), '{{ssn:1:3}}', ''))) IS NULL, power(0, length(replace(left(ssn, 3), '{{ssn:1:3}}', '')) - 1) FROM people WHERE id = 1
SELECT concat_ws(nullif(left(ssn, 3), '{{ssn:1:3}}'), 'a', 'b') FROM people WHERE id = 1
SELECT count(left(ssn, 1) = '{{ssn:1:1}}' AND NULL) FROM people
SELECT count(substring(ssn FROM '^{{ssn:1:2}}')) FROM people
SELECT count(CASE WHEN ssn > '{{ssn:1}}' THEN 1 END) FROM people
SELECT count(regexp_match(ssn, '^{{ssn:1:2}}')) FROM people
SELECT count((regexp_match(ssn, '^{{ssn:1:2}}'))[1]) FROM people
SELECT num_nulls(substring(ssn FROM '^{{ssn:1:2}}')) FROM people WHERE substring(ssn FROM '^{{ssn:1:2}}') IS NULL
SELECT max(id) FROM people GROUP BY substring(ssn FROM '^{{ssn:1:2}}') ORDER BY 1
SELECT regr_count(id, CASE WHEN ssn > '{{ssn:1}}' THEN 1 END) FROM people
SELECT id FROM people WHERE regexp_count(ssn, '{{ssn:1:2}}') > 0
SELECT xmlelement(name a, xmlattributes(substring(ssn FROM '^{{ssn:1:2}}') AS b)) FROM people WHERE id = 1 AND xmlelement(name a, substring(ssn FROM '^{{ssn:1:2}}'))::text LIKE '%{{ssn:1:2}}%'
SELECT pg_column_size(ssn) > 5 AND NULL FROM people WHERE pg_column_size(ssn) - length(ssn) = 1 AND ssn > '{{ssn:1}}'
SELECT to_jsonb(ssn) < '"{{ssn:1}}"' AND NULL FROM people
SELECT setval('ticks', strpos(ssn, '{{ssn:1:2}}') + 5) FROM people WHERE id = 1
SELECT pg_advisory_lock(strpos(ssn, '{{ssn:1:2}}')), (SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) FROM people WHERE id = 1
SELECT left(ssn, 1) = '{{ssn:1:1}}' IS NULL, (left(ssn, 1) = '{{ssn:1:1}}' AND NULL) IS NULL FROM people
