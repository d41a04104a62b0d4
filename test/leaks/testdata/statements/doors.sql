-- Other doors: statistics, catalogs, files, pages, changes, settings.
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'people'
SELECT histogram_bounds::text FROM pg_stats
SELECT s FROM pg_stats s
SELECT s::text FROM pg_stats s
SELECT to_json(s) FROM pg_stats s
SELECT stavalues1::text, stavalues2 FROM pg_statistic
SELECT s FROM pg_catalog.pg_statistic s
TABLE pg_statistic
SELECT lo_get(4711)
SELECT convert_from(lo_get(4711), 'UTF8')
SELECT data FROM pg_largeobject
SELECT loread(lo_open(4711, 262144), 100)
SELECT encode(data, 'escape') FROM pg_largeobject
SELECT get_raw_page('people', 0)
SELECT encode(get_raw_page('people', 0), 'escape')
SELECT t_data FROM heap_page_items(get_raw_page('people', 0))
SELECT t_attrs FROM heap_page_item_attrs(get_raw_page('people', 0), 'people')
SELECT encode(decode(replace(substr(data, 4), ' ', ''), 'hex'), 'escape') FROM bt_page_items('login_ssn_key', 1)
SELECT max_val FROM (SELECT (histogram_bounds::text::text[])[1] AS max_val FROM pg_stats) s
SELECT pg_catalog.array_to_string(histogram_bounds, ' ') FROM pg_catalog.pg_stats
COPY people TO STDOUT
COPY people TO STDOUT (FORMAT csv, HEADER)
COPY people TO STDOUT (FORMAT binary)
COPY people (id, ssn) TO STDOUT
COPY (SELECT ssn FROM people) TO STDOUT
COPY (TABLE people) TO STDOUT (FORMAT csv)
COPY (SELECT p FROM people p) TO STDOUT
COPY (SELECT reverse(ssn) FROM people) TO STDOUT
COPY (UPDATE people SET name = name RETURNING ssn) TO STDOUT
COPY (DELETE FROM login RETURNING *) TO STDOUT WITH CSV
COPY (WITH x AS (SELECT ssn FROM people) SELECT * FROM x) TO STDOUT
COPY (VALUES ((SELECT ssn FROM people WHERE id = 1))) TO STDOUT
COPY login TO STDOUT WITH DELIMITER '|'
COPY hr.people TO STDOUT
COPY events_low TO STDOUT
COPY heir TO STDOUT
UPDATE people SET name = name RETURNING ssn
UPDATE people SET name = name RETURNING *
UPDATE people SET name = name RETURNING people
UPDATE people SET name = name RETURNING upper(ssn)
UPDATE people p SET name = name RETURNING row_to_json(p)
UPDATE people p SET name = p.name FROM orders o WHERE o.person_id = p.id RETURNING o.id, p.email || ''
UPDATE people SET name = ssn WHERE id < 7 RETURNING name
UPDATE people SET name = email, email = NULL WHERE id < 7 RETURNING *
UPDATE people SET (name, region) = (ssn, 1) WHERE id < 7 RETURNING name
UPDATE people SET (name, region) = (SELECT ssn, 1) WHERE id < 7 RETURNING name
UPDATE people SET city = 'city' || ssn RETURNING city
UPDATE orders SET item = p.ssn FROM people p WHERE p.id = person_id RETURNING item
UPDATE login SET ssn = 'x' || ssn RETURNING ssn || ''
DELETE FROM login RETURNING ssn
DELETE FROM login RETURNING login
DELETE FROM login l USING people p WHERE l.id = p.id RETURNING p.ssn || l.ssn
DELETE FROM heir RETURNING heir
INSERT INTO notes (body) SELECT ssn FROM people RETURNING body
INSERT INTO notes (body) VALUES ((SELECT ssn FROM people WHERE id = 1)) RETURNING *
INSERT INTO notes (arr) SELECT array_agg(ssn) FROM people RETURNING arr
INSERT INTO notes (j) SELECT to_jsonb(p) FROM people p RETURNING j
INSERT INTO notes (n) SELECT salary FROM people RETURNING n
INSERT INTO notes (d) SELECT born FROM people RETURNING d
INSERT INTO notes (k) SELECT worth FROM people RETURNING k
INSERT INTO login (id, ssn) SELECT id, 'x' FROM people ON CONFLICT (id) DO UPDATE SET ok = true RETURNING login.ssn || ''
INSERT INTO people (id, name, city) VALUES (1, 'x', 'town') ON CONFLICT (id) DO UPDATE SET name = people.ssn RETURNING name
INSERT INTO people (id, name, city) SELECT id + 100, ssn, 'town' FROM people WHERE id < 7 RETURNING name
INSERT INTO login (id, ssn) SELECT id + 100, ssn FROM login
UPDATE people SET city = 'x' WHERE id = 1
UPDATE people SET name = NULL WHERE id = 1
UPDATE people SET id = id + 1000, region = 1, city = 'zz' WHERE id = 2
UPDATE login SET ssn = (SELECT ssn FROM login WHERE id = 2) WHERE id = 1
SELECT ssn::int FROM people
SELECT email::date FROM people
SELECT ssn::mood FROM people
SELECT ssn::uuid FROM people
SELECT ssn::json FROM people WHERE id = 1
SELECT email::numeric FROM people
SELECT phone::inet FROM people
SELECT to_date(ssn, 'YYYY'), to_timestamp(ssn, 'DD') FROM people
SELECT (ssn || 'x')::regclass FROM people
SELECT nextval(email) FROM people
SELECT to_regclass(ssn), ssn::regtype FROM people
SELECT set_config('leak.x', ssn, false) FROM people
SELECT set_config('application_name', ssn, false) FROM people WHERE id = 1
SELECT current_setting(email) FROM people
SELECT date_trunc(email, now()) FROM people
SELECT encode('a', email) FROM people
SELECT convert_to('a', ssn) FROM people
SELECT make_date(salary, 1, 1), make_date(2000, salary, 1) FROM people
SELECT has_table_privilege(ssn, 'select') FROM people
SELECT pg_get_viewdef(email) FROM people
SELECT json_object(ARRAY[ssn, 'a']) FROM people WHERE id < 7
SELECT ('{' || ssn)::text[] FROM people
SELECT ssn::interval FROM people
SELECT ssn::money FROM people
SELECT ('$.' || substr(email, 1, 9) || ' == "' || email || '"')::jsonpath FROM people WHERE id < 7
CALL say(peek())
DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM people WHERE id = 1); END $$
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM people LOOP RAISE NOTICE '%', r; END LOOP; END $$
DO $$ DECLARE v text; BEGIN SELECT ssn INTO v FROM people LIMIT 1; RAISE EXCEPTION '%', v; END $$
DO $$ DECLARE v text; BEGIN EXECUTE 'SELECT ssn FROM people LIMIT 1' INTO v; RAISE WARNING '%', v; END $$
DO $$ DECLARE v people; BEGIN SELECT * INTO v FROM people LIMIT 1; RAISE NOTICE 'x' USING DETAIL = v.ssn; END $$
DO $$ DECLARE c CURSOR FOR SELECT email FROM people; v text; BEGIN OPEN c; FETCH c INTO v; RAISE INFO '%', v; END $$
DO $$ DECLARE v text := peek(); BEGIN RAISE NOTICE '%', v; END $$
DO $$ DECLARE v text; BEGIN UPDATE people SET name = name WHERE id = 1 RETURNING ssn INTO v; RAISE NOTICE '%', v; END $$
DO $$ BEGIN PERFORM ssn::int FROM people; END $$
DO $$ BEGIN ASSERT false, (SELECT ssn FROM people WHERE id = 1); END $$
DO $$ DECLARE a text[]; v text; BEGIN a := ARRAY(SELECT ssn FROM people); FOREACH v IN ARRAY a LOOP RAISE NOTICE '%', v; END LOOP; END $$
