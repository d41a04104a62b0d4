-- more over masked tables
--@ masked: email=last4
SELECT u.id, u.email, a.name FROM users u NATURAL JOIN (SELECT id AS account_id, name AS acc FROM accounts) x JOIN accounts a ON a.id = x.account_id ORDER BY u.id LIMIT 3
\g
SELECT u1.id, u2.id FROM users u1 JOIN users u2 ON u1.email = u2.email AND u1.id < u2.id
\g
--@ masked: email=last4 other=last4
SELECT u1.email, u2.email AS other FROM users u1 JOIN users u2 USING (account_id) WHERE u1.id = 1 ORDER BY u2.id LIMIT 3
\g
--@ masked: email=last4
SELECT email FROM users WHERE id = ANY(ARRAY[1,2,3]) ORDER BY id
\g
SELECT id FROM users WHERE email = ANY(ARRAY['user5@mail0.example','user6@mail1.example']) ORDER BY id
\g
--@ with: {user5@mail0.example,user6@mail1.example}
SELECT id FROM users WHERE email = ANY($1) ORDER BY id
\g
--@ with: user5@mail0.example | user5@mail0.example
SELECT id FROM users WHERE email = $1 OR phone = $2
\g
SELECT id FROM users WHERE (email, account_id) = ('user5@mail0.example', 6)
\g
SELECT id FROM users WHERE (email = 'user5@mail0.example') IS TRUE
\g
SELECT id FROM users WHERE email <> 'user5@mail0.example' ORDER BY id LIMIT 3
\g
SELECT id FROM users WHERE email IS DISTINCT FROM 'user5@mail0.example' ORDER BY id LIMIT 3
\g
SELECT id FROM users WHERE lower(email) = lower('USER5@mail0.example')
\g
SELECT id FROM users WHERE email = concat('user', 5, '@mail0.example')
\g
SELECT id FROM users WHERE phone IN (SELECT phone FROM users WHERE id < 3) ORDER BY id
\g
SELECT id, name FROM users WHERE email = (SELECT email FROM users WHERE id = 5)
\g
SELECT count(*) FROM users WHERE dob IS NOT NULL
\g
SELECT account_id, count(DISTINCT email) AS emails, count(DISTINCT phone) FILTER (WHERE status = 'active') AS phones FROM users GROUP BY account_id ORDER BY 1
\g
SELECT status, count(email) AS with_email, count(*) - count(phone) AS without_phone, round(100.0 * count(phone) / count(*), 1) AS pct FROM users GROUP BY status ORDER BY status
\g
--@ masked: email=last4
SELECT DISTINCT ON (account_id) account_id, id, email FROM users ORDER BY account_id, id DESC
\g
--@ masked: email=last4
SELECT id, email, lag(name) OVER (ORDER BY id), count(*) OVER (PARTITION BY account_id) FROM users ORDER BY id LIMIT 4
\g
--@ masked: email=last4
SELECT id, email, first_value(name) OVER w FROM users WINDOW w AS (PARTITION BY account_id ORDER BY id) ORDER BY id LIMIT 4
\g
--@ masked: email=last4
WITH u AS (SELECT * FROM users WHERE status = 'active') SELECT u.id, u.email, u.profile->>'lang' AS lang FROM u ORDER BY id LIMIT 3
\g
--@ masked: email=last4
WITH u AS MATERIALIZED (SELECT id, email, account_id FROM users), a AS NOT MATERIALIZED (SELECT id, name FROM accounts) SELECT u.email, a.name FROM u JOIN a ON a.id = u.account_id ORDER BY u.id LIMIT 3
\g
--@ masked: email=last4
SELECT * FROM (SELECT id, email, name, row_number() OVER (PARTITION BY account_id ORDER BY created_at DESC) rn FROM users) t WHERE rn = 1 ORDER BY id
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT * FROM (SELECT u.*, row_number() OVER (ORDER BY id) AS rn FROM users u) t WHERE rn BETWEEN 3 AND 5
\g
--@ masked: email=last4
SELECT id, email FROM users WHERE account_id = 3 UNION SELECT id, email FROM users WHERE account_id = 4 ORDER BY 1
\g
--@ masked: email=last4
(SELECT id, email FROM users ORDER BY id LIMIT 2) UNION ALL (SELECT id, email FROM users ORDER BY id DESC LIMIT 2)
\g
--@ masked: email=last4
SELECT id, email FROM users EXCEPT SELECT id, email FROM users WHERE status = 'active' ORDER BY 1 LIMIT 3
\g
--@ masked: email=last4
SELECT u.id, u.email, o.id AS oid FROM users u FULL JOIN orders o ON o.user_id = u.id AND o.status = 'paid' ORDER BY u.id NULLS LAST, o.id LIMIT 5
\g
SELECT u.id, e.name, e.occurred_at FROM users u JOIN LATERAL (SELECT * FROM events e WHERE e.user_id = u.id ORDER BY occurred_at DESC LIMIT 1) e ON true WHERE u.email IS NOT NULL ORDER BY u.id LIMIT 3
\g
SELECT a.name, count(u.*) FROM accounts a LEFT JOIN users u ON u.account_id = a.id GROUP BY a.name ORDER BY 1 LIMIT 4
\g
SELECT a.name, count(u) FROM accounts a LEFT JOIN users u ON u.account_id = a.id GROUP BY a.name ORDER BY 1 LIMIT 4
\g
SELECT a.name FROM accounts a LEFT JOIN users u ON u.account_id = a.id AND u.status = 'invited' WHERE u.id IS NULL ORDER BY 1
\g
--@ refused: nothing may be asked of ssn
SELECT a.name FROM accounts a LEFT JOIN users u ON u.account_id = a.id WHERE u IS NULL
\g
SELECT generate_series(1, 3) AS n, name FROM users WHERE id = 1
\g
SELECT id, tags[1] AS t, cardinality(tags) AS n, array_to_string(tags, ',') FROM users ORDER BY id LIMIT 3
\g
SELECT tag, count(*) FROM users, unnest(tags) AS tag GROUP BY tag ORDER BY 2 DESC, 1
\g
SELECT id, to_char(created_at, 'YYYY-MM-DD') AS d, created_at::date AS day, extract(epoch FROM last_login_at)::bigint AS ep FROM users ORDER BY id LIMIT 3
\g
SELECT id, (SELECT json_agg(json_build_object('id', o.id, 'total', o.total) ORDER BY o.id) FROM orders o WHERE o.user_id = u.id) AS orders FROM users u ORDER BY id LIMIT 3
\g
--@ masked: j=~
SELECT json_build_object('user', json_build_object('id', u.id, 'email', u.email), 'n', count(o.id)) AS j FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id ORDER BY u.id LIMIT 3
\g
--@ masked: contact=~ initial=~ len=~
SELECT id, email || ' / ' || phone AS contact, length(email) AS len, substr(email, 1, 1) AS initial FROM users ORDER BY id LIMIT 3
\g
--@ masked: md=~
SELECT id, md5(email) AS md FROM users ORDER BY id LIMIT 3
\g
--@ masked: t=~
SELECT id, email::text || '' AS t FROM users ORDER BY id LIMIT 3
\g
--@ masked: email=last4
SELECT id, email::text AS email, ssn::text AS ssn FROM users ORDER BY id LIMIT 0
\g
--@ masked: dob=near
SELECT id, dob FROM users WHERE dob = '1970-04-08'
\g
--@ refused: asks for a range
SELECT id FROM users WHERE dob > '1980-01-01'
\g
--@ refused: asks for a part
SELECT id FROM users WHERE email LIKE '%@mail1.example'
\g
--@ refused: asks for the order
SELECT id, email FROM users ORDER BY email
\g
--@ masked: email=last4
SELECT id, email FROM users ORDER BY name, id LIMIT 3
\g
--@ masked: e=last4
SELECT id, e FROM (SELECT id, email AS e FROM users) q WHERE e = 'user5@mail0.example'
\g
SELECT method, avg(amount), count(DISTINCT iban) FROM billing.payments GROUP BY method ORDER BY 1
\g
--@ masked: card_number=edges
SELECT p.card_number, u.name FROM billing.payments p, orders o, users u WHERE p.order_id = o.id AND o.user_id = u.id AND p.status = 'failed' ORDER BY p.id LIMIT 3
\g
SELECT coalesce(u.name, 'nobody') AS who, sum(p.amount) FROM billing.payments p LEFT JOIN orders o ON o.id = p.order_id LEFT JOIN users u ON u.id = o.user_id GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5
\g
--@ masked: iban=hash
SELECT iban, sum(amount) FROM billing.payments GROUP BY iban HAVING sum(amount) > 300
\g
SELECT department, count(*), avg(salary) AS a, sum(salary) / count(*) AS b FROM hr.employees GROUP BY department ORDER BY 1
\g
SELECT round(avg(salary), 2) AS a FROM hr.employees
\g
SELECT e.name, e.title FROM hr.employees e WHERE e.salary IS NOT NULL ORDER BY e.name LIMIT 3
\g
SELECT p.name, e.department FROM hr.people p LEFT JOIN hr.employees e USING (id) ORDER BY p.id LIMIT 4
\g
SELECT table_name, op, count(*) FROM audit_log GROUP BY 1, 2 ORDER BY 1, 2
\g
SELECT id, table_name, op, row_id, actor FROM audit_log ORDER BY id LIMIT 3
\g
SELECT label, scopes, expires_at < now() AS expired FROM api_keys ORDER BY id LIMIT 3
\g
SELECT count(*) FROM api_keys WHERE secret IS NOT NULL
\g
SELECT id, name FROM users WHERE id IN (SELECT user_id FROM api_keys WHERE secret = md5('s5'))
\g
SELECT customer, sum(total) FROM order_summary GROUP BY customer ORDER BY 2 DESC, 1 LIMIT 3
\g
--@ masked: customer_email=last4
SELECT id, customer_email FROM order_summary WHERE customer_email = 'user5@mail0.example' ORDER BY id
\g
SELECT h.name, h.users, h.with_phone FROM reporting.account_health h WHERE h.with_phone > 3 ORDER BY h.with_phone DESC, h.name LIMIT 3
\g
--@ masked: email=last4
SELECT * FROM active_users WHERE email = 'user5@mail0.example'
\g
SELECT pg_typeof(email), pg_typeof(profile) FROM users LIMIT 1
\g
SELECT id, num_nulls(phone, last_login_at) IS NOT NULL AS k FROM users ORDER BY id LIMIT 0
\g
SELECT max(created_at) - min(created_at), max(id), min(name) FROM users
\g
SELECT bool_and(status = 'active'), bool_or(deleted_at IS NOT NULL), every(email IS NOT NULL) FROM users
\g
SELECT id, CASE WHEN status = 'active' THEN email ELSE NULL END IS NULL AS hidden FROM users ORDER BY id LIMIT 0
\g
--@ masked: shown=~
SELECT id, CASE WHEN status = 'active' THEN email ELSE 'n/a' END AS shown FROM users ORDER BY id LIMIT 4
\g
--@ masked: e=~
SELECT id, nullif(email, '') AS e FROM users ORDER BY id LIMIT 3
\g
--@ masked: e=~
SELECT id, greatest(email, phone) AS e FROM users ORDER BY id LIMIT 3
\g
--@ masked: u=~
SELECT u FROM users u ORDER BY id LIMIT 2
\g
--@ masked: row=~
SELECT ROW(id, email) FROM users ORDER BY id LIMIT 2
\g
--@ masked: arr=~
SELECT ARRAY[email, phone] AS arr FROM users ORDER BY id LIMIT 2
\g
--@ masked: arr=~
SELECT ARRAY(SELECT email FROM users WHERE account_id = a.id) AS arr FROM accounts a ORDER BY id LIMIT 2
\g
--@ masked: emails=~
SELECT a.name, (SELECT string_agg(DISTINCT email, ', ') FROM users WHERE account_id = a.id) AS emails FROM accounts a ORDER BY id LIMIT 2
\g
--@ masked: x=~
SELECT jsonb_object_agg(name, email) AS x FROM users WHERE id < 4
\g
--@ masked: x=~
SELECT to_jsonb(u) - 'ssn' AS x FROM users u ORDER BY id LIMIT 2
\g
--@ refused: can fail by the value
SELECT hstore(u) -> 'name' AS x FROM users u LIMIT 0
\g
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) AS p, mode() WITHIN GROUP (ORDER BY status) AS m FROM users
\g
SELECT users FROM reporting.account_health ORDER BY 1 LIMIT 3
\g
SELECT id, email COLLATE "C" AS email FROM users ORDER BY id LIMIT 0
\g
SELECT 'Total' AS label, count(*)::text AS v FROM users UNION ALL SELECT 'Active', count(*)::text FROM users WHERE status = 'active'
\g
SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM orders) AS orders, (SELECT sum(amount) FROM billing.payments) AS paid
\g
SELECT date_trunc('week', created_at) AS w, count(*) AS n, sum(count(*)) OVER (ORDER BY date_trunc('week', created_at)) AS total FROM users GROUP BY 1 ORDER BY 1
\g
SELECT u.id, u.name, coalesce(x.n, 0) AS n FROM users u LEFT JOIN (SELECT user_id, count(*) AS n FROM orders GROUP BY 1) x ON x.user_id = u.id ORDER BY n DESC, u.id LIMIT 5
\g
SELECT id FROM users WHERE search @@ to_tsquery('english', 'plane:*') AND email IS NOT NULL ORDER BY ts_rank(search, to_tsquery('english', 'plane:*')) DESC, id LIMIT 3
\g
SELECT id, name FROM users WHERE name % 'Ada Nr5' ORDER BY similarity(name, 'Ada Nr5') DESC, id LIMIT 2
\g
--@ masked: email=last4
SELECT id, email FROM users TABLESAMPLE BERNOULLI (100) ORDER BY id LIMIT 2
\g
--@ masked: email=last4
SELECT id, email FROM ONLY users ORDER BY id FETCH FIRST 2 ROWS ONLY
\g
--@ masked: email=last4
SELECT id, email FROM users ORDER BY created_at DESC, id FETCH FIRST 2 ROWS WITH TIES
\g
SELECT xmin IS NOT NULL, ctid IS NOT NULL, tableoid::regclass FROM users WHERE id = 1
\g
EXPLAIN (VERBOSE, COSTS OFF) SELECT u.email, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = 'user5@mail0.example'
\g
EXPLAIN (COSTS OFF) SELECT upper(email) FROM users
\g
EXPLAIN (COSTS OFF) UPDATE users SET name = 'x' WHERE id = 1
\g
--@ plan
EXPLAIN ANALYZE SELECT count(*), status FROM users WHERE profile->>'lang' = 'de' GROUP BY status
\g
--@ plan
EXPLAIN (ANALYZE, TIMING OFF) SELECT u.name, p.card_number FROM users u JOIN orders o ON o.user_id = u.id JOIN billing.payments p ON p.order_id = o.id
\g
