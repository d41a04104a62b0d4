-- revenue
SELECT date_trunc('month', placed_at) AS month, currency, sum(total) AS revenue, count(*) AS orders, avg(total)::numeric(12,2) AS aov FROM orders WHERE status NOT IN ('cart','cancelled') GROUP BY 1, 2 ORDER BY 1, 2
\g
SELECT to_char(placed_at, 'YYYY-MM') AS month, sum(total) FROM orders WHERE placed_at >= '2024-01-01' AND placed_at < '2024-03-01' GROUP BY 1 ORDER BY 1
\g
SELECT extract(dow FROM placed_at) AS dow, extract(hour FROM placed_at)::int AS hour, count(*) FROM orders WHERE placed_at IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
\g
SELECT date_part('week', placed_at) w, sum(total) FROM orders GROUP BY w ORDER BY w NULLS LAST
\g
WITH m AS (SELECT date_trunc('month', placed_at) AS month, sum(total) AS rev FROM orders WHERE placed_at IS NOT NULL GROUP BY 1) SELECT month, rev, lag(rev) OVER (ORDER BY month) AS prev, round(100 * (rev - lag(rev) OVER (ORDER BY month)) / nullif(lag(rev) OVER (ORDER BY month), 0), 1) AS growth, sum(rev) OVER (ORDER BY month ROWS UNBOUNDED PRECEDING) AS running FROM m ORDER BY month
\g
SELECT coalesce(region, 'all') AS region, coalesce(plan::text, 'all') AS plan, grouping(region, plan) AS g, count(*), sum(mrr) FROM accounts GROUP BY ROLLUP (region, plan) ORDER BY region, plan, g
\g
SELECT region, plan, sum(mrr) FROM accounts GROUP BY CUBE (region, plan) ORDER BY 1 NULLS LAST, 2 NULLS LAST
\g
SELECT region, plan, seats, count(*) FROM accounts GROUP BY GROUPING SETS ((region), (plan), (seats, region), ()) ORDER BY 1, 2, 3, 4
\g
SELECT status, percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS median, percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY total) AS q, mode() WITHIN GROUP (ORDER BY currency) AS m FROM orders GROUP BY status ORDER BY status
\g
SELECT currency, count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status = 'shipped') AS shipped, sum(total) FILTER (WHERE status IN ('delivered','shipped')) AS done FROM orders GROUP BY currency ORDER BY 1
\g
SELECT sum(CASE WHEN status = 'paid' THEN 1 ELSE 0 END) AS paid, sum(CASE status WHEN 'placed' THEN total ELSE 0 END) AS placed FROM orders
\g
SELECT width_bucket(total, 0, 500, 10) AS bucket, count(*), min(total), max(total) FROM orders GROUP BY 1 ORDER BY 1
\g
SELECT stddev(total), variance(total), corr(total, id), regr_slope(total, id), covar_pop(total, id) FROM orders
\g
SELECT ntile(4) OVER (ORDER BY total) AS quartile, id, total FROM orders ORDER BY id LIMIT 20
\g
SELECT id, user_id, total, row_number() OVER w, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w, first_value(total) OVER w, last_value(total) OVER w, nth_value(total, 2) OVER w, lead(total, 1, 0::numeric) OVER w FROM orders WINDOW w AS (PARTITION BY user_id ORDER BY id) ORDER BY id LIMIT 30
\g
SELECT id, avg(total) OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)::numeric(10,2) AS moving, sum(total) OVER (ORDER BY placed_at RANGE BETWEEN '7 days' PRECEDING AND CURRENT ROW) AS week FROM orders WHERE placed_at IS NOT NULL ORDER BY id LIMIT 20
\g
SELECT DISTINCT ON (user_id) user_id, id, total, placed_at FROM orders ORDER BY user_id, placed_at DESC NULLS LAST
\g
SELECT g.day::date, coalesce(count(o.id), 0) AS orders FROM generate_series('2024-01-01'::date, '2024-01-31', '1 day') AS g(day) LEFT JOIN orders o ON o.placed_at::date = g.day GROUP BY 1 ORDER BY 1
\g
SELECT a.name, t.id, t.total FROM accounts a CROSS JOIN LATERAL (SELECT id, total FROM orders o WHERE o.account_id = a.id ORDER BY total DESC LIMIT 2) t ORDER BY 1, 2
\g
SELECT a.name, t.* FROM accounts a LEFT JOIN LATERAL (SELECT max(placed_at) AS last_order, count(*) n FROM orders o WHERE o.account_id = a.id) t ON true ORDER BY 1
\g
WITH RECURSIVE tree AS (SELECT id, parent_id, name, 1 AS depth, ARRAY[id] AS path, name::text AS full_name FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, c.name, t.depth + 1, t.path || c.id, t.full_name || ' > ' || c.name FROM categories c JOIN tree t ON c.parent_id = t.id) SELECT * FROM tree ORDER BY path
\g
WITH RECURSIVE t(id, parent_id, name) AS (SELECT id, parent_id, name FROM categories WHERE id = 1 UNION ALL SELECT c.id, c.parent_id, c.name FROM categories c JOIN t ON t.id = c.parent_id) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET is_cycle USING p SELECT id, name, ord, is_cycle FROM t ORDER BY ord
\g
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT sum(i), array_agg(i) FROM n
\g
--@ masked: email=last4
WITH RECURSIVE f AS (SELECT a, b, 1 AS d FROM friendships WHERE a = 1 UNION SELECT f.a, x.b, d + 1 FROM f JOIN friendships x ON x.a = f.b WHERE d < 5) SELECT f.b, f.d, u.name, u.email FROM f JOIN users u ON u.id = f.b ORDER BY d
\g
WITH RECURSIVE chain AS (SELECT id, name, manager_id, 0 AS lvl FROM hr.employees WHERE manager_id IS NULL UNION ALL SELECT e.id, e.name, e.manager_id, c.lvl + 1 FROM hr.employees e JOIN chain c ON e.manager_id = c.id) SELECT lvl, count(*) FROM chain GROUP BY lvl ORDER BY lvl
\g
--@ masked: email=last4
SELECT o.id, u.name, u.email FROM orders o JOIN users u ON u.id = o.user_id WHERE o.status = 'paid' ORDER BY o.total DESC LIMIT 10
\g
--@ masked: email=last4
SELECT u.name, u.email, sum(o.total) AS spent FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.id ORDER BY spent DESC LIMIT 10
\g
--@ masked: email=last4
SELECT u.name, u.email, sum(o.total) AS spent FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.name, u.email ORDER BY spent DESC, u.name LIMIT 10
\g
--@ masked: email=last4
SELECT u.email, u.name, count(o.id) AS orders, max(o.placed_at) AS last FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY 1, 2 ORDER BY 3 DESC, 2
\g
--@ masked: email=last4
SELECT u.id, u.email FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.total > 200) ORDER BY u.id
\g
--@ masked: email=last4
SELECT u.id, u.email FROM users u WHERE u.id IN (SELECT user_id FROM orders WHERE status = 'refunded') ORDER BY id
\g
--@ masked: email=last4
SELECT u.id, u.email FROM users u WHERE NOT EXISTS (SELECT FROM orders o WHERE o.user_id = u.id AND o.status = 'paid') ORDER BY u.id
\g
--@ masked: email=last4
SELECT id, email, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) AS n FROM users u ORDER BY n DESC, id LIMIT 8
\g
--@ masked: email=last4
SELECT id, name, email, row_number() OVER (PARTITION BY account_id ORDER BY created_at) AS seq FROM users ORDER BY id LIMIT 10
\g
--@ masked: email=last4
SELECT id, email, rank() OVER (ORDER BY login_count DESC) FROM users ORDER BY login_count DESC LIMIT 5
\g
SELECT account_id, array_agg(name ORDER BY name) AS members, string_agg(name, ', ' ORDER BY id) AS list, json_agg(json_build_object('id', id, 'name', name) ORDER BY id) AS j FROM users GROUP BY account_id ORDER BY 1
\g
--@ masked: emails=~
SELECT account_id, string_agg(email, ', ') AS emails FROM users GROUP BY account_id ORDER BY 1
\g
--@ masked: emails=~
SELECT account_id, array_agg(email) AS emails FROM users GROUP BY account_id ORDER BY 1
\g
--@ masked: first=~ last=~
SELECT min(dob) AS first, max(dob) AS last FROM users
\g
--@ masked: u=~
SELECT row_to_json(u) AS u FROM users u ORDER BY id LIMIT 3
\g
--@ masked: u=~
SELECT to_jsonb(u) AS u FROM users u ORDER BY id LIMIT 3
\g
--@ masked: j=~
SELECT json_build_object('id', id, 'email', email) AS j FROM users ORDER BY id LIMIT 3
\g
--@ masked: j=~
SELECT json_agg(t) AS j FROM (SELECT id, email FROM users ORDER BY id LIMIT 3) t
\g
SELECT json_agg(t) AS j FROM (SELECT id, name FROM users ORDER BY id LIMIT 3) t
\g
SELECT jsonb_agg(to_jsonb(t) ORDER BY t.id) FROM (SELECT id, name, status FROM users) t
\g
SELECT row_to_json(r) FROM (SELECT u.id, u.name, (SELECT coalesce(json_agg(o), '[]') FROM (SELECT id, total FROM orders WHERE user_id = u.id ORDER BY id) o) AS orders FROM users u ORDER BY u.id LIMIT 3) r
\g
--@ masked: d=~ e=~ l=~ n=~
SELECT id, upper(email) AS e, split_part(email, '@', 2) AS d, left(phone, 3) AS l, length(ssn) AS n FROM users ORDER BY id LIMIT 5
\g
--@ masked: c=~ f=~
SELECT id, name || ' <' || email || '>' AS c, format('%s (%s)', name, email) AS f FROM users ORDER BY id LIMIT 5
\g
--@ masked: c=~
SELECT concat(name, ' ', phone) AS c FROM users ORDER BY id LIMIT 5
\g
--@ masked: c=~
SELECT concat_ws(' - ', name, email, phone) AS c FROM users ORDER BY id LIMIT 5
\g
--@ masked: c=~
SELECT coalesce(email, phone, 'none') AS c FROM users ORDER BY id LIMIT 5
\g
--@ masked: p=~
SELECT id, coalesce(phone, 'n/a') AS p FROM users ORDER BY id LIMIT 5
\g
SELECT id, (email IS NOT NULL) AS has_email, (phone IS NULL) AS no_phone, email = 'user5@mail0.example' AS me FROM users ORDER BY id LIMIT 6
\g
SELECT id, CASE WHEN phone IS NULL THEN 'no' ELSE 'yes' END AS reachable FROM users ORDER BY id LIMIT 6
\g
SELECT CASE WHEN email IS NOT NULL THEN 'with' ELSE 'without' END AS k, count(*) FROM users GROUP BY 1 ORDER BY 1
\g
--@ masked: birth_year=~
SELECT extract(year FROM dob) AS birth_year FROM users ORDER BY id LIMIT 5
\g
--@ masked: age=~
SELECT id, age('2024-06-01'::date, dob) AS age FROM users ORDER BY id LIMIT 5
\g
SELECT department, avg(salary)::numeric(12,2), sum(salary), count(salary) FROM hr.employees GROUP BY department ORDER BY 1
\g
--@ masked: hi=~ lo=~
SELECT department, max(salary) AS hi, min(salary) AS lo FROM hr.employees GROUP BY department ORDER BY 1
\g
SELECT department, avg(salary) OVER (PARTITION BY department) AS a FROM hr.employees ORDER BY id
\g
--@ masked: salary=redact
SELECT e.name, m.name AS manager, e.salary FROM hr.employees e LEFT JOIN hr.employees m ON m.id = e.manager_id ORDER BY e.id
\g
SELECT p.method, p.status, count(*), sum(p.amount) FROM billing.payments p GROUP BY 1, 2 ORDER BY 1, 2
\g
--@ masked: card_number=edges email=last4
SELECT p.id, p.card_number, p.card_holder, o.total, u.email FROM billing.payments p JOIN orders o ON o.id = p.order_id JOIN users u ON u.id = o.user_id ORDER BY p.id LIMIT 10
\g
--@ masked: card_number=edges
SELECT card_number, count(*) FROM billing.payments GROUP BY card_number HAVING count(*) > 1
\g
SELECT count(DISTINCT card_number) AS cards, count(DISTINCT iban) FROM billing.payments WHERE status = 'captured'
\g
SELECT id FROM billing.payments WHERE card_number = '4111111111111001'
\g
--@ masked: last4=~
SELECT id, right(card_number, 4) AS last4 FROM billing.payments ORDER BY id LIMIT 5
\g
--@ masked: domain=~
SELECT email_domain AS domain FROM users ORDER BY id LIMIT 5
\g
--@ masked: email_domain=~
SELECT email_domain, count(*) FROM users GROUP BY email_domain
\g

-- cohorts
WITH first_orders AS (SELECT user_id, min(date_trunc('month', placed_at)) AS cohort FROM orders WHERE placed_at IS NOT NULL GROUP BY user_id), act AS (SELECT o.user_id, f.cohort, (extract(year FROM age(date_trunc('month', o.placed_at), f.cohort)) * 12 + extract(month FROM age(date_trunc('month', o.placed_at), f.cohort)))::int AS n FROM orders o JOIN first_orders f USING (user_id) WHERE o.placed_at IS NOT NULL) SELECT cohort, n, count(DISTINCT user_id) FROM act GROUP BY 1, 2 ORDER BY 1, 2
\g
WITH funnel AS (SELECT user_id, bool_or(name = 'page_view') AS viewed, bool_or(name = 'click') AS clicked, bool_or(name = 'purchase') AS bought FROM events GROUP BY user_id) SELECT count(*) FILTER (WHERE viewed) AS v, count(*) FILTER (WHERE viewed AND clicked) AS c, count(*) FILTER (WHERE viewed AND clicked AND bought) AS b FROM funnel
\g
SELECT session_id, min(occurred_at), max(occurred_at), max(occurred_at) - min(occurred_at) AS duration, count(*) FROM events GROUP BY session_id ORDER BY 1 LIMIT 5
\g
SELECT user_id, occurred_at, occurred_at - lag(occurred_at) OVER (PARTITION BY user_id ORDER BY occurred_at) AS gap, sum(CASE WHEN name = 'signup' THEN 1 ELSE 0 END) OVER (PARTITION BY user_id ORDER BY occurred_at) AS s FROM events ORDER BY 1, 2 LIMIT 20
\g
SELECT props->>'path' AS path, count(*), avg((props->>'ms')::int) FROM events GROUP BY 1 ORDER BY 2 DESC, 1
\g
SELECT * FROM events WHERE occurred_at BETWEEN '2024-02-01' AND '2024-02-03' AND props @> '{"path": "/p/1"}' ORDER BY id
\g
SELECT ip, host(ip), masklen(ip), ip << '10.0.1.0/24' AS inside FROM events ORDER BY id LIMIT 5
\g
SELECT name, metadata #>> '{utm,campaign}' AS campaign, count(*) FROM orders o JOIN accounts a ON a.id = o.account_id GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 10
\g
SELECT key, value FROM accounts a, jsonb_each(a.settings) WHERE a.id = 1 ORDER BY key
\g
SELECT a.id, f.feature, f.ord FROM accounts a CROSS JOIN LATERAL jsonb_array_elements_text(a.settings->'features') WITH ORDINALITY AS f(feature, ord) ORDER BY 1, 3
\g
SELECT jsonb_path_query(settings, '$.limits.api') AS l, jsonb_path_exists(settings, '$.features[*] ? (@ == "a")') FROM accounts ORDER BY id LIMIT 3
\g
SELECT jsonb_pretty(settings), jsonb_typeof(settings->'features'), jsonb_array_length(settings->'features'), settings ? 'theme', settings ?| array['x','theme'] FROM accounts ORDER BY id LIMIT 2
\g
SELECT * FROM jsonb_to_recordset('[{"a":1,"b":"x"},{"a":2}]') AS x(a int, b text)
\g
SELECT p.id, x.color, x.size FROM products p, jsonb_to_record(p.attrs) AS x(color text, size int) ORDER BY 1 LIMIT 4
\g
SELECT attrs->>'color' AS color, count(*), avg(price)::numeric(10,2), array_agg(DISTINCT category_id) FROM products GROUP BY 1 ORDER BY 1
\g
SELECT id, unnest(labels) AS label FROM products ORDER BY 1, 2 LIMIT 6
\g
SELECT label, count(*) FROM products, unnest(labels) AS label GROUP BY label ORDER BY label
\g
SELECT id FROM products WHERE 'sale' = ANY(labels) AND labels && ARRAY['l1'] AND labels @> ARRAY['sale'] ORDER BY id
\g
SELECT dims[1], dims[1:2], array_length(dims, 1), cardinality(dims), array_to_string(dims, '-'), array_position(dims, 3), dims || 9, array_remove(dims, 2) FROM products ORDER BY id LIMIT 3
\g
SELECT options -> 'k', options ? 'k', hstore_to_json(options), akeys(options) FROM products ORDER BY id LIMIT 2
\g
SELECT id, valid, lower(valid), upper(valid), valid @> '2024-01-02'::date, isempty(valid), valid * daterange('2024-01-03', '2024-02-01') FROM products ORDER BY id LIMIT 4
\g
SELECT range_agg(delivery_window) FROM orders WHERE id < 10
\g
SELECT path, nlevel(path), subpath(path, 0, 1), path <@ 'all.books' FROM categories ORDER BY id
\g
SELECT name, similarity(name, 'Red widgit') AS s FROM products WHERE name % 'Red widget' ORDER BY s DESC, name LIMIT 5
\g
SELECT name, name <-> 'blue widget 4' AS d FROM products ORDER BY d, name LIMIT 3
\g
SELECT id, ts_rank(doc, q) AS r, ts_headline('english', name, q) FROM products, to_tsquery('english', 'widget & red') q WHERE doc @@ q ORDER BY r DESC, id LIMIT 5
\g
SELECT id, name FROM products WHERE doc @@ websearch_to_tsquery('english', 'fine widget -blue') ORDER BY id
\g
--@ masked: email=last4
SELECT id, name, email FROM users WHERE search @@ plainto_tsquery('english', 'databases') ORDER BY id LIMIT 5
\g
SELECT id, name FROM users WHERE name ILIKE '%ada%' ORDER BY name LIMIT 5
\g
SELECT id, name FROM users WHERE name ~* '^gr' AND name NOT LIKE '%9' ORDER BY id
\g
--@ masked: email=last4
SELECT id, name, email FROM users WHERE name_key = 'ada nr5'
\g
SELECT name, unaccent(name), soundex(name), levenshtein(name, 'Ada'), metaphone(name, 4) FROM users ORDER BY id LIMIT 3
\g
--@ refused: runs a query that it is told as text
SELECT * FROM crosstab('SELECT region, plan::text, count(*)::int FROM accounts GROUP BY 1,2 ORDER BY 1,2') AS ct(region text, a int, b int, c int, d int)
\g
SELECT count(*) FROM orders TABLESAMPLE SYSTEM (100)
\g
SELECT count(*) FROM orders TABLESAMPLE BERNOULLI (100) REPEATABLE (1)
\g
SELECT id FROM orders WHERE total > ALL (SELECT total FROM orders WHERE status = 'cart' AND id < 10) ORDER BY id LIMIT 3
\g
SELECT status FROM orders EXCEPT SELECT status FROM orders WHERE total < 100 ORDER BY 1
\g
SELECT id FROM users INTERSECT SELECT user_id FROM orders ORDER BY 1 LIMIT 5
\g
SELECT 'user' AS kind, name FROM users WHERE id < 3 UNION ALL SELECT 'account', name FROM accounts WHERE id < 3 ORDER BY 1, 2
\g
--@ masked: email=last4
SELECT email FROM users WHERE id < 5 UNION SELECT email FROM users WHERE id < 3
\g
--@ masked: contact=last4
SELECT id, email AS contact FROM users WHERE id < 4 UNION ALL SELECT id, phone FROM users WHERE id < 4
\g
--@ differs: both
SELECT id, email AS x FROM users WHERE id < 3 UNION ALL SELECT id, name FROM accounts WHERE id < 3
\g
SELECT NULL AS email, id FROM accounts WHERE id < 3
\g
VALUES (1, 'a'), (2, 'b')
\g
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(n, t) JOIN accounts a ON a.id = v.n ORDER BY 1
\g
SELECT product_of(qty) FROM order_items WHERE order_id = 3
\g
SELECT user_id, first(id ORDER BY id), last(total ORDER BY id) FROM orders GROUP BY user_id ORDER BY user_id LIMIT 5
\g
SELECT group_concat(name ORDER BY id) FROM accounts
\g
SELECT median(total) FROM orders
\g
--@ masked: e=~
SELECT account_id, first(email) AS e FROM users GROUP BY account_id ORDER BY 1
\g
--@ masked: g=~
SELECT account_id, group_concat(email) AS g FROM users GROUP BY account_id ORDER BY 1
\g
--@ refused: tells how many elements an array has
SELECT department, median(salary) AS g FROM hr.employees GROUP BY department ORDER BY 1
\g
SELECT id, order_total(id) FROM orders ORDER BY id LIMIT 4
\g
SELECT * FROM orders_of(5)
\g
SELECT u.name, o.* FROM users u, orders_of(u.id) o ORDER BY u.id, o.order_id LIMIT 5
\g
SELECT (account_stats(3)).*
\g
SELECT * FROM account_stats(3)
\g
SELECT slugify('Hello World! 42'), slugify(name) FROM accounts ORDER BY id LIMIT 3
\g
SELECT user_label(u), u.id FROM users u ORDER BY id LIMIT 3
\g
SELECT u.user_label FROM users u ORDER BY id LIMIT 3
\g
--@ masked: m=~
SELECT id, mask_middle(email) AS m FROM users ORDER BY id LIMIT 4
\g
--@ masked: email=last4 phone=last4
SELECT id, name, email, phone FROM find_user('user5@mail0.example')
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT * FROM find_user('user5@mail0.example')
\g

-- time
SELECT date '2024-02-29' + interval '1 year', timestamp '2024-01-01 10:00' AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin', age(timestamp '2024-05-01', timestamp '2023-01-15'), '2 hours 30 min'::interval * 2
\g
SELECT make_date(2024, 5, 1), make_interval(days => 3), to_timestamp(1700000000), date_bin('15 minutes', ts, '2024-01-01') AS b, avg(value) FROM metrics GROUP BY b ORDER BY b LIMIT 4
\g
SELECT floor(extract(epoch FROM ts) / 300) * 300 AS time, metric, avg(value) FROM metrics WHERE ts >= '2024-03-01' AND host IN ('h1','h2') GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 10
\g
SELECT overlaps FROM (SELECT (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', date '2024-03-01') AS overlaps) q
\g
SELECT isfinite(date 'infinity'), justify_days('40 days'::interval), date_part('quarter', date '2024-08-01')
\g
SELECT current_date - current_date, now() - now(), clock_timestamp() > now() - interval '1 day', localtimestamp IS NULL
\g

-- strings
SELECT regexp_matches('a1b2', '([a-z])(\d)', 'g'), regexp_split_to_array('a,b', ','), translate('abc','ab','xy'), initcap('hello world'), lpad('7', 3, '0'), repeat('ab', 2), reverse('abc'), md5('a'), encode(digest('a','sha256'),'hex'), position('b' in 'abc'), overlay('abcd' placing 'X' from 2 for 1), substring('hello' from 2 for 3), trim(both 'x' from 'xax'), quote_literal('a''b'), chr(65), ascii('A'), strpos('abc','c'), btrim(' a ')
\g
SELECT string_to_array('a b c', ' '), regexp_replace('foo  bar', '\s+', ' ', 'g'), to_char(1234.5, 'FM999,990.00'), to_number('1,234', '9,999'), to_char(date '2024-01-02', 'DD.MM.YYYY')
\g
SELECT greatest(1,2,3), least('a','b'), nullif(1,1), coalesce(NULL, 2), abs(-1), round(2.567, 2), ceil(1.2), mod(7,3), power(2,10), sqrt(16), random() < 2, pi()::numeric(10,5), sign(-4), trunc(3.7), log(100), ln(1), exp(0), gcd(12, 8)
\g
SELECT gen_random_uuid() IS NOT NULL, uuid_generate_v4() IS NOT NULL, crypt('a', gen_salt('md5')) IS NOT NULL
\g
SELECT E'line\nbreak', $$dollar$$, U&'\0041', B'101', X'1F', 'a' 'b'
\g
SELECT ROW(1,'a'), ROW(1,2) = ROW(1,2), (1,2) IN ((1,2),(3,4)), ARRAY[1,2,3] @> ARRAY[2], ARRAY(SELECT id FROM accounts ORDER BY id LIMIT 3), '(1,2)'::point <-> '(3,4)'::point, '{1,2}'::int[]
\g
SELECT (ROW(1.5, 2.5)::geo_point).lat, point(1,2), box(point(0,0), point(1,1)) @> point(0.5,0.5)
\g
SELECT xmlelement(name foo, xmlattributes('b' AS a), 'content'), xmlforest(1 AS a)
\g
