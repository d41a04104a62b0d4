-- COALESCE over a masked column
--@ masked: mail=~
SELECT id, coalesce(email, 'none') AS mail FROM customers ORDER BY id
\g
-- whether there is an address
SELECT id, CASE WHEN email IS NULL THEN 'no' ELSE 'yes' END AS has_mail, email IS NOT NULL AS b FROM customers ORDER BY id
\g
-- a label made of a name and a masked column
--@ masked: label=~
SELECT id, name || ' <' || email || '>' AS label FROM customers ORDER BY id
\g
-- a label by concat and format
--@ masked: a=~ b=~
SELECT id, concat(name, ' ', email) AS a, format('%s <%s>', name, email) AS b FROM customers ORDER BY id LIMIT 10
\g
-- concat_ws
--@ masked: line=~
SELECT id, concat_ws(', ', name, phone, email) AS line FROM customers ORDER BY id LIMIT 10
\g
-- folded and cut
--@ masked: u=~ l=~ d=~ n=~
SELECT id, upper(email) AS u, left(email, 3) AS l, split_part(email, '@', 2) AS d, length(email) AS n FROM customers ORDER BY id
\g
-- the domain, by regular expression
--@ masked: domain=~
SELECT id, substring(email FROM '@(.*)$') AS domain FROM customers ORDER BY id LIMIT 10
\g
-- age of customers
--@ masked: years=~
SELECT id, extract(year FROM age(date '2024-01-01', born)) AS years FROM customers ORDER BY id LIMIT 10
\g
-- year of birth
--@ masked: y=~ born=near
SELECT id, born, date_trunc('year', born) AS y FROM customers ORDER BY id LIMIT 10
\g
-- formatted date
--@ masked: d=~
SELECT id, to_char(born, 'DD.MM.YYYY') AS d FROM customers ORDER BY id LIMIT 10
\g
-- cast of a masked column to text
--@ masked: s=~ e=last4
SELECT salary::text AS s, email::text AS e FROM hr.employees ORDER BY id LIMIT 5
\g
-- hash of an address
--@ masked: h=~
SELECT id, md5(email) AS h FROM customers ORDER BY id LIMIT 5
\g
-- greatest, least, nullif on clean columns
SELECT id, greatest(price, 10), least(price, 10), nullif(category, 'seat') FROM products ORDER BY id
\g
-- searched CASE on clean columns beside a masked one
--@ masked: email=last4
SELECT id, email, CASE WHEN active THEN 'active' WHEN region_id = 2 THEN 'europe' ELSE 'other' END AS kind FROM customers ORDER BY id LIMIT 20
\g
-- CASE that chooses a masked column by a clean one
--@ masked: contact=~
SELECT id, CASE WHEN active THEN email ELSE phone END AS contact FROM customers ORDER BY id LIMIT 20
\g
-- CASE that hides a masked column
--@ masked: contact=~
SELECT id, CASE WHEN active THEN email END AS contact FROM customers ORDER BY id LIMIT 20
\g
-- bands by CASE
SELECT CASE WHEN total < 30 THEN 'small' WHEN total < 100 THEN 'medium' ELSE 'large' END AS band, count(*) FROM orders GROUP BY 1 ORDER BY 1
\g
-- string functions
SELECT initcap(title), reverse(title), position('l' IN title), overlay(title PLACING 'XX' FROM 2 FOR 2), translate(title, 'aeiou', '*****'), repeat('-', 3), lpad(id::text, 5, '0'), trim(both ' ' FROM title), strpos(title, 'a'), ascii(title), chr(65), btrim(title, 'R') FROM products ORDER BY id LIMIT 5
\g
-- split and join
SELECT id, string_to_array(title, ' '), array_to_string(string_to_array(title, ' '), '_'), regexp_split_to_array(title, '\s+') FROM products ORDER BY id LIMIT 5
\g
-- rows out of a split
SELECT p.id, w.word, w.n FROM products p, regexp_split_to_table(lower(p.title), ' ') WITH ORDINALITY AS w(word, n) ORDER BY 1, 3 LIMIT 12
\g
-- word counts
SELECT word, count(*) FROM tickets t CROSS JOIN LATERAL unnest(string_to_array(lower(t.subject), ' ')) AS word GROUP BY word HAVING count(*) > 3 ORDER BY 2 DESC, 1
\g
-- LIKE and regular expressions on clean columns
SELECT id, title FROM products WHERE title LIKE 'R%' OR title ILIKE '%LAMP%' OR title ~ '^Blue.*[0-9]$' OR title SIMILAR TO '%(chair|shoes) 2_' ORDER BY id
\g
-- regular expression functions
SELECT id, regexp_replace(title, '[0-9]+', '#'), regexp_match(title, '(\w+) (\w+)'), regexp_count(title, 'e') FROM products ORDER BY id LIMIT 6
\g
-- trigrams
SELECT id, title, round(similarity(title, 'running lamp')::numeric, 3) AS s FROM products WHERE title % 'running lamp' ORDER BY s DESC, id LIMIT 5
\g
-- full text search
SELECT id, title, ts_rank(search, q) > 0 AS ranked, ts_headline('english', title, q) FROM products, to_tsquery('english', 'run & (lamp | chair)') q WHERE search @@ q ORDER BY id
\g
-- plain and web search
SELECT id FROM products WHERE search @@ plainto_tsquery('english', 'green lamps') OR search @@ websearch_to_tsquery('english', '"blue chair" -red') ORDER BY id
\g
-- arrays
SELECT id, tags, tags[1], array_length(tags, 1), cardinality(tags), 'vip' = ANY (tags) AS vip FROM customers WHERE tags @> ARRAY['t1'] ORDER BY id LIMIT 10
\g
-- arrays made and taken apart
SELECT region_id, array_agg(id ORDER BY id), array_agg(DISTINCT tags[1] ORDER BY tags[1]) FROM customers GROUP BY region_id ORDER BY 1
\g
-- counts of tags
SELECT t, count(*) FROM customers, unnest(tags) AS t GROUP BY t ORDER BY 2 DESC, 1
\g
-- array operators
SELECT ARRAY[1, 2] || 3, array_append(ARRAY[1], 2), array_remove(ARRAY[1, 2], 1), ARRAY[1, 2] && ARRAY[2, 3], array_position(ARRAY['a', 'b'], 'b'), (ARRAY[1, 2, 3])[2:3]
\g
-- json operators
SELECT id, attributes -> 'dim' ->> 'w' AS w, attributes #>> '{colors,0}' AS color, (attributes ->> 'weight')::int AS weight, attributes ? 'dim' AS has FROM products WHERE attributes @> '{"colors": ["c1"]}' ORDER BY id
\g
-- json paths
SELECT id, jsonb_path_query_first(attributes, '$.dim.h'), jsonb_path_exists(attributes, '$.colors[*] ? (@ == "c1")') FROM products ORDER BY id LIMIT 5
\g
-- json into rows
SELECT p.id, c.value FROM products p, jsonb_array_elements_text(p.attributes -> 'colors') WITH ORDINALITY AS c(value, n) ORDER BY p.id, c.n LIMIT 10
\g
-- json keys and values
SELECT k, count(*) FROM products, jsonb_object_keys(attributes) k GROUP BY k ORDER BY k
\g
-- json into a record
SELECT p.id, d.w, d.h FROM products p, jsonb_to_record(p.attributes -> 'dim') AS d(w int, h int) ORDER BY p.id LIMIT 5
\g
-- json made of clean columns
SELECT jsonb_build_object('id', id, 'title', title, 'tags', jsonb_build_array(category)), to_jsonb(price) FROM products ORDER BY id LIMIT 3
\g
-- a document per customer
--@ masked: doc=~
SELECT json_build_object('id', c.id, 'email', c.email, 'orders', (SELECT json_agg(json_build_object('id', o.id, 'total', o.total) ORDER BY o.id) FROM orders o WHERE o.customer_id = c.id)) AS doc FROM customers c ORDER BY c.id LIMIT 5
\g
-- a document without masked columns
SELECT json_build_object('id', c.id, 'name', c.name, 'orders', (SELECT coalesce(json_agg(o.total ORDER BY o.id), '[]') FROM orders o WHERE o.customer_id = c.id)) AS doc FROM customers c ORDER BY c.id LIMIT 5
\g
-- rows as json
--@ masked: row_to_json=~
SELECT row_to_json(c) FROM customers c ORDER BY id LIMIT 3
\g
-- rows as json out of a list of clean columns
SELECT row_to_json(x) FROM (SELECT id, name, active FROM customers ORDER BY id LIMIT 3) x
\g
-- a list of rows as json
SELECT json_agg(x) FROM (SELECT id, name FROM customers ORDER BY id LIMIT 3) x
\g
-- a list of rows with a masked column
--@ masked: json_agg=~
SELECT json_agg(x) FROM (SELECT id, email FROM customers ORDER BY id LIMIT 3) x
\g
-- an object of aggregated keys
SELECT jsonb_object_agg(category, n) FROM (SELECT category, count(*) AS n FROM products GROUP BY category) x
\g
-- payloads of events
--@ masked: payload=paths
SELECT id, kind, payload FROM events ORDER BY id LIMIT 5
\g
-- a part of a payload
--@ masked: page=~ ms=~
SELECT id, payload ->> 'page' AS page, (payload -> 'ms') AS ms FROM events ORDER BY id LIMIT 5
\g
-- preferences
SELECT preferences ->> 'lang' AS lang, count(*), count(*) FILTER (WHERE (preferences ->> 'news')::boolean) FROM customers GROUP BY 1 ORDER BY 1
\g
-- json changed
SELECT jsonb_set(attributes, '{dim,w}', '0') - 'colors' || '{"x": 1}', jsonb_strip_nulls(attributes), jsonb_pretty(attributes -> 'dim') FROM products WHERE id = 1
\g
-- composite values
SELECT id, (home).city, (home).zip FROM customers WHERE (home).city = 'City 1' ORDER BY id LIMIT 5
\g
-- a row of columns
--@ masked: r=~
SELECT id, ROW(name, email) AS r FROM customers ORDER BY id LIMIT 3
\g
-- times
SELECT id, placed_at AT TIME ZONE 'Europe/Rome', extract(isodow FROM placed_at AT TIME ZONE 'UTC'), date_part('week', placed_at), placed_at::date + 30, placed_at + interval '1 month', make_interval(days => 3), date_bin('6 hours', placed_at, timestamptz '2024-01-01 00:00Z') FROM orders ORDER BY id LIMIT 5
\g
-- ages on clean columns
SELECT id, age(closed_at, opened_at), justify_hours(closed_at - opened_at), extract(epoch FROM closed_at - opened_at)::int FROM tickets WHERE closed_at IS NOT NULL ORDER BY id LIMIT 8
\g
-- overlapping times
SELECT count(*) FROM tickets a JOIN tickets b ON a.id < b.id AND (a.opened_at, coalesce(a.closed_at, a.opened_at)) OVERLAPS (b.opened_at, coalesce(b.closed_at, b.opened_at))
\g
-- ranges
--@ masked: token=hash ip=null
SELECT id, token, ip, lower(during), upper(during) - lower(during) AS length, during @> timestamptz '2024-06-02 00:30Z' AS inside FROM sessions ORDER BY id LIMIT 6
\g
-- sessions at one time
SELECT count(*) FROM sessions WHERE during && tstzrange('2024-06-01', '2024-06-03')
\g
-- a session by its token
SELECT id, customer_id FROM sessions WHERE token = 'tok_c4ca4238a0b923820dcc509a6f75849b'
\g
-- how many addresses are in use
SELECT count(DISTINCT ip), count(DISTINCT token) FROM sessions
\g
-- numbers
SELECT round(price, 1), ceil(price), floor(price), trunc(price), mod(id, 3), abs(-id), power(2, 3), sqrt(16), sign(price), price::int, div(price, 3), gcd(12, 18), to_char(price, 'FM999.00'), random() < 2 FROM products ORDER BY id LIMIT 4
\g
-- bits, bytes, encodings
SELECT encode(convert_to(title, 'UTF8'), 'hex'), decode('00ff', 'hex'), sha256('a'::bytea), B'101' | B'010', get_bit(B'101', 0), to_hex(255), octet_length(title) FROM products ORDER BY id LIMIT 2
\g
-- ids
SELECT badge, badge::text, gen_random_uuid() IS NOT NULL AS made FROM hr.employees ORDER BY id LIMIT 3
\g
-- network functions on constants
SELECT inet '10.0.0.1/8', network(inet '10.0.0.1/8'), host(inet '10.0.0.1'), inet '10.0.0.5' << inet '10.0.0.0/8'
\g
-- enumerations
SELECT state, count(*), enum_first(NULL::order_state), 'paid'::order_state < state AS later FROM orders GROUP BY state ORDER BY state
\g
-- the database itself
SELECT current_database() IS NOT NULL, current_user = session_user, version() LIKE 'PostgreSQL%', pg_typeof(1), current_setting('server_version_num')::int > 120000, pg_backend_pid() > 0, txid_current_if_assigned(), inet_server_port() > 0
\g
-- sizes
SELECT pg_relation_size('orders') > 0, pg_size_pretty(pg_total_relation_size('customers')) IS NOT NULL, pg_table_size('orders'::regclass) > 0
\g
-- lists with NULL
SELECT id FROM tickets WHERE closed_at IS DISTINCT FROM NULL AND priority NOT IN (1, 2) AND (status, priority) IN (('closed', 3), ('closed', 4)) ORDER BY id
\g
-- row comparison for pages
SELECT id, placed_at FROM orders WHERE (placed_at, id) > (timestamptz '2024-03-01 00:00Z', 30) ORDER BY placed_at, id LIMIT 5
\g
-- pages with a masked column
--@ masked: email=last4
SELECT id, email FROM customers ORDER BY id LIMIT 10 OFFSET 20
\g
-- pages with a total
--@ masked: email=last4
SELECT id, email, count(*) OVER () AS total FROM customers WHERE active ORDER BY id LIMIT 5
\g
-- counting by parameters
--@ with: 2 | true | %1%
SELECT count(*) FROM customers WHERE region_id = $1 AND active = $2 AND name LIKE $3
\g
-- text of a parameter among the outputs
--@ with: hello
--@ masked: email=last4
SELECT $1::text AS said, id, email FROM customers ORDER BY id LIMIT 2
\g
-- names quoted
--@ masked: E-Mail=last4
SELECT "c"."email" AS "E-Mail", "c"."id" AS "Id" FROM "public"."customers" AS "c" WHERE ("c"."id" = 3) LIMIT 1
\g
-- with all schemas and the database spelled out
--@ masked: email=last4
SELECT public.customers.id, public.customers.email FROM public.customers WHERE public.customers.id = 3
\g
-- stars of several tables
--@ masked: card_number=edges iban=hash
SELECT o.*, p.* FROM orders o JOIN payments p ON p.order_id = o.id ORDER BY o.id LIMIT 4
\g
-- TABLE
SELECT count(*) FROM (TABLE customers) t
\g
-- a crosstab by hand of text
SELECT c.region_id, max(c.name) FILTER (WHERE active) AS a, bool_and(active), every(id > 0), bit_or(id), string_agg(DISTINCT tags[1], ',') FROM customers c GROUP BY 1 ORDER BY 1
\g
-- salary bands by department, all shown in the aggregate
SELECT department, round(avg(salary)) FROM hr.employees WHERE hired > '2015-06-01' GROUP BY department ORDER BY department
\g
-- bonus
--@ masked: bonus=redact twice=~
SELECT id, bonus, bonus::text AS twice FROM hr.employees ORDER BY id LIMIT 3
\g
-- customers whose card was used twice, by the card
--@ masked: card_number=edges
SELECT card_number, count(*) FROM payments WHERE card_number IS NOT NULL GROUP BY card_number HAVING count(*) > 1
\g
-- whether there is an ssn is not even asked, only shown
--@ masked: ssn=redact
SELECT id, ssn FROM customers ORDER BY id LIMIT 3
\g

-- the moment, by the grammar's own words
SELECT count(*) AS orders, current_date - current_date AS none, current_timestamp = now() AS same, localtimestamp IS NOT NULL AS local, current_time(0) IS NULL AS never, localtime IS NULL AS nor
FROM orders WHERE placed_at < current_date + 1
\g
SELECT id, name FROM customers WHERE created_at < CURRENT_TIMESTAMP - interval '1 day' AND current_role = user AND current_catalog = current_database() ORDER BY id LIMIT 3
\g
