-- crud
INSERT INTO accounts (name, slug, plan) VALUES ('New Co', 'new-co', 'starter') RETURNING id, name, plan, settings
\g
INSERT INTO users (account_id, email, phone, ssn, name) VALUES (1, 'new1@x.example', '+1 555 0100', '123-45-6789', 'New One') RETURNING id
\g
INSERT INTO users (account_id, email, name) VALUES (1, 'new2@x.example', 'New Two'), (2, 'new3@x.example', 'New Three') RETURNING id, name, role
\g
--@ with: 1 | new4@x.example | New Four | {"a": 1}
INSERT INTO "users" ("account_id", "email", "name", "profile") VALUES ($1, $2, $3, $4) RETURNING "id"
\g
--@ with: 1 | new5@x.example | New Five
INSERT INTO "users" ("account_id", "email", "name", "created_at") VALUES ($1, $2, $3, DEFAULT) RETURNING "id", "created_at"
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
INSERT INTO users (account_id, email, name, uid) VALUES (3, 'new6@x.example', 'New Six', '00000000-0000-0000-0000-000000000006') RETURNING *
\g
UPDATE users SET name = 'Renamed' WHERE id = 3
\g
UPDATE users SET email = 'changed@x.example', phone = NULL WHERE id = 4
\g
--@ masked: email=last4
UPDATE users SET email = lower('Changed2@x.example') WHERE id = 4 RETURNING id, email, updated_at
\g
--@ with: changed3@x.example | 5
UPDATE "users" SET "email" = $1, "updated_at" = now() WHERE "users"."id" = $2
\g
UPDATE users SET login_count = login_count + 1, last_login_at = '2024-05-05' WHERE email = 'user8@mail3.example' RETURNING id, login_count
\g
UPDATE users SET profile = profile || '{"theme": "dark"}' WHERE id = 6
\g
--@ masked: profile=paths
UPDATE users SET profile = jsonb_set(profile, '{lang}', '"it"') WHERE id = 6 RETURNING id, profile
\g
UPDATE users SET tags = array_append(tags, 'vip'), bio = coalesce(bio, '') || ' x' WHERE id IN (1, 2)
\g
UPDATE users SET deleted_at = '2024-06-01' WHERE id = 9
\g
UPDATE users SET role = 'admin', status = 'suspended' WHERE id BETWEEN 10 AND 12
\g
UPDATE users u SET status = 'active' FROM accounts a WHERE a.id = u.account_id AND a.plan = 'pro' AND u.status = 'invited'
\g
DELETE FROM api_keys WHERE user_id = 7
\g
DELETE FROM users WHERE id = (SELECT id FROM users WHERE email = 'new2@x.example')
\g
DELETE FROM users WHERE email = 'new3@x.example' RETURNING id
\g
DELETE FROM orders o USING users u WHERE u.id = o.user_id AND u.email = 'user59@mail4.example' AND o.status = 'cart'
\g
INSERT INTO users (account_id, email, name) VALUES (1, 'user10@mail0.example', 'Dup') ON CONFLICT (email) DO NOTHING
\g
INSERT INTO users (account_id, email, name) VALUES (1, 'user10@mail0.example', 'Upserted') ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name, updated_at = '2024-06-01' RETURNING id, name
\g
INSERT INTO users AS u (account_id, email, name, login_count) VALUES (1, 'user11@mail1.example', 'Upserted', 1) ON CONFLICT (email) DO UPDATE SET login_count = u.login_count + EXCLUDED.login_count WHERE u.deleted_at IS NULL RETURNING (xmax = 0) AS inserted
\g
INSERT INTO users (account_id, email, name, phone) VALUES (1, 'user12@mail2.example', 'Up', '+1 5550000') ON CONFLICT (email) DO UPDATE SET phone = EXCLUDED.phone, email = EXCLUDED.email
\g
INSERT INTO counters VALUES ('hits', 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + 1 RETURNING n
\g
SELECT bump('visits')
\g
INSERT INTO orders (user_id, account_id, status, total) SELECT id, account_id, 'placed', 10 FROM users WHERE id < 4 ORDER BY id RETURNING id, user_id
\g
INSERT INTO order_items (order_id, line, product_id, qty, unit_price) VALUES (1, 1001, 1, 2, 9.99), (1, 1002, 2, 1, 5) RETURNING line_total
\g
WITH o AS (INSERT INTO orders (user_id, account_id, status) VALUES (5, 5, 'cart') RETURNING id) INSERT INTO order_items (order_id, line, product_id, qty, unit_price) SELECT id, 1, 3, 1, 3.5 FROM o RETURNING order_id, line
\g
WITH moved AS (UPDATE jobs SET locked_by = 'w1', locked_at = '2024-01-01', attempts = attempts + 1 WHERE id = (SELECT id FROM jobs WHERE done_at IS NULL AND locked_by IS NULL ORDER BY run_at, id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *) SELECT * FROM moved
\g
UPDATE jobs SET done_at = '2024-01-02' WHERE id = 1
\g
DELETE FROM jobs WHERE done_at < '2024-02-01'
\g
MERGE INTO products p USING (VALUES ('SKU-1001', 5), ('SKU-9999', 7)) AS s(sku, n) ON p.sku = s.sku WHEN MATCHED THEN UPDATE SET stock = p.stock + s.n WHEN NOT MATCHED THEN INSERT (sku, name, price, stock) VALUES (s.sku, 'Merged', 1, s.n)
\g
INSERT INTO products (sku, name, price, attrs, labels, valid) VALUES ('ABC-1234', 'P', 9.5, '{"color":"red"}', '{a,b}', '[2024-01-01,2024-02-01)') RETURNING id, doc, valid
\g
UPDATE products SET price = price * 1.1, attrs = attrs - 'size' WHERE category_id = 2
\g
UPDATE products SET attrs['color'] = '"teal"' WHERE id = 1 RETURNING attrs
\g
UPDATE products SET (name, description) = ('Tuple', 'Set') WHERE id = 2
\g
UPDATE products SET (name, description) = (SELECT name, name FROM categories WHERE id = 2) WHERE id = 3
\g
UPDATE orders SET total = (SELECT sum(line_total) FROM order_items WHERE order_id = orders.id), lock_version = lock_version + 1 WHERE id = 2 AND lock_version = 0
\g
UPDATE orders SET status = 'shipped', shipped_at = now() WHERE id = 3 AND status <> 'shipped' RETURNING id, status
\g
UPDATE orders SET note = format('by %s', current_user) WHERE id = 5
\g
DELETE FROM order_items WHERE order_id = 4 AND line > 100
\g
INSERT INTO events (user_id, name, props, occurred_at) VALUES (1, 'page_view', '{"path": "/new"}', '2024-02-15'), (1, 'click', '{}', '2030-01-01')
\g
UPDATE events SET props = props || '{"x": 1}' WHERE occurred_at = '2024-02-15' AND user_id = 1
\g
UPDATE events SET occurred_at = '2024-03-15' WHERE occurred_at = '2030-01-01'
\g
--@ masked: salary=redact
INSERT INTO hr.employees (name, department, salary, title) VALUES ('Hire', 'eng', 50000, 'T9') RETURNING id, name, salary
\g
--@ refused: can fail by the value
UPDATE hr.employees SET salary = salary * 1.05 WHERE id = 3
\g
--@ masked: salary=redact
UPDATE hr.employees SET salary = 60000 WHERE id = 3 RETURNING salary
\g
UPDATE hr.people SET name = 'Y ' || name WHERE id = 4
\g
INSERT INTO documents (account_id, title, body) VALUES (1, 'T', 'B') RETURNING id, title
\g
SET app.account_id = '1'
\g
SELECT id, title FROM documents ORDER BY id
\g
SELECT set_config('app.account_id', '2', false)
\g
SELECT count(*) FROM documents
\g
RESET app.account_id
\g
UPDATE settings SET value = '{"a": 2}' WHERE key = 'limits'
\g
INSERT INTO settings (key, value) VALUES ('k', 'null') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = '2024-01-01'
\g
INSERT INTO billing.payments (order_id, card_number, amount, method) VALUES (5, '4111111111111111', 12.50, 'card') RETURNING id
\g
--@ masked: card_number=edges
UPDATE billing.payments SET status = 'refunded' WHERE id = 3 RETURNING id, status, card_number
\g
INSERT INTO api_keys (user_id, label, secret) VALUES (1, 'k', 'abc') RETURNING id, label
\g
UPDATE api_keys SET secret = encode(gen_random_bytes(4), 'hex') WHERE id = 2 RETURNING id
\g
INSERT INTO billing.invoices (number, account_id, period, amount) VALUES (next_invoice_number(), 1, '[2030-01-01,2030-02-01)', 5) RETURNING number
\g
SELECT nextval('billing.invoice_no'), currval('billing.invoice_no'), lastval()
\g
CALL close_stale('2024-01-03')
\g
REFRESH MATERIALIZED VIEW CONCURRENTLY reporting.daily_sales
\g
REFRESH MATERIALIZED VIEW reporting.daily_sales
\g
UPDATE product_catalog SET price = 2 WHERE id = 4
\g
INSERT INTO product_catalog (sku, name, price) VALUES ('VIE-0001', 'via view', 3)
\g
--@ masked: email=last4
UPDATE active_users SET name = 'Through view' WHERE id = 1 RETURNING id, name, email
\g

-- errors of applications
INSERT INTO accounts (name, slug) VALUES ('X', 'account-1')
\g
--@ hidden: weir's own words
INSERT INTO users (account_id, email, name) VALUES (1, 'user10@mail0.example', 'Dup')
\g
--@ hidden: weir's own words
INSERT INTO users (account_id, name) VALUES (1, 'No mail')
\g
--@ hidden: weir's own words
INSERT INTO users (account_id, email, name) VALUES (99999, 'zz@x', 'No account')
\g
--@ hidden: weir's own words
UPDATE users SET status = 'weird' WHERE id = 1
\g
--@ hidden: weir's own words
INSERT INTO order_items (order_id, line, product_id, qty, unit_price) VALUES (1, 5000, 1, 0, 1)
\g
--@ hidden: weir's own words
INSERT INTO products (sku, name, price) VALUES ('bad', 'x', 1)
\g
--@ hidden: weir's own words
INSERT INTO products (sku, name, price) VALUES ('ABC-0001', 'x', -1)
\g
--@ hidden: weir's own words
INSERT INTO orders (user_id, account_id, status) VALUES (1, 1, 'nonsense')
\g
INSERT INTO billing.invoices (number, account_id, period) VALUES ('Z', 1, '[2023-01-01,2023-02-01)')
\g
--@ hidden: weir's own words
DELETE FROM accounts WHERE id = 1
\g
INSERT INTO accounts (id, nope) VALUES (1, 2)
\g
INSERT INTO accounts (name, plan) VALUES ('x', 'gold')
\g
UPDATE accounts SET seats = 'many' WHERE id = 1
\g
--@ hidden: weir's own words
INSERT INTO product_catalog (sku, name, price) VALUES ('VIE-0001', 'dup', 3)
\g
--@ hidden: weir's own words
INSERT INTO orders (id, user_id, account_id) VALUES (1, 1, 1)
\g
--@ hidden: weir's own words
UPDATE users SET name_key = 'x' WHERE id = 1
\g

-- transactions
BEGIN
\g
UPDATE accounts SET seats = seats + 1 WHERE id = 1
\g
SAVEPOINT sp1
\g
INSERT INTO accounts (name, slug) VALUES ('X', 'account-2')
\g
ROLLBACK TO SAVEPOINT sp1
\g
RELEASE SAVEPOINT sp1
\g
SAVEPOINT active_record_1
\g
UPDATE accounts SET seats = 99 WHERE id = 2
\g
RELEASE SAVEPOINT active_record_1
\g
COMMIT
\g
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE
\g
SELECT count(*) FROM orders
\g
COMMIT
\g
START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE
\g
SELECT sum(seats) FROM accounts
\g
ROLLBACK
\g
BEGIN TRANSACTION READ ONLY
\g
UPDATE accounts SET seats = 1 WHERE id = 1
\g
ROLLBACK
\g
BEGIN
\g
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE
\g
SET LOCAL statement_timeout = '5s'
\g
SET LOCAL lock_timeout = '2s'
\g
SET CONSTRAINTS ALL DEFERRED
\g
LOCK TABLE counters IN SHARE ROW EXCLUSIVE MODE
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT * FROM users WHERE id = 1 FOR UPDATE NOWAIT
\g
SELECT * FROM accounts WHERE id = 1 FOR SHARE
\g
SHOW transaction_isolation
\g
SELECT txid_current() > 0, pg_current_xact_id() IS NOT NULL
\g
END
\g
ABORT
\g
--@ hidden: in the extended protocol it is an error
BEGIN; UPDATE accounts SET seats = 4 WHERE id = 3; UPDATE accounts SET seats = 5 WHERE id = 4; COMMIT;
\g
BEGIN
\g
SELECT 1/0
\g
SELECT 1
\g
ROLLBACK
\g

-- prepare and cursors
PREPARE q (bigint) AS SELECT id, email, name FROM users WHERE id = $1
\g
--@ masked: email=last4
EXECUTE q(5)
\g
--@ masked: email=last4
EXECUTE q(6)
\g
DEALLOCATE q
\g
PREPARE ins AS INSERT INTO counters VALUES ($1, $2) ON CONFLICT DO NOTHING
\g
EXECUTE ins('p1', 5)
\g
EXECUTE ins('p2', 6)
\g
DEALLOCATE ALL
\g
PREPARE s AS SELECT status, count(*) FROM orders GROUP BY status ORDER BY 1
\g
EXPLAIN (COSTS OFF) EXECUTE s
\g
EXECUTE s
\g
BEGIN
\g
DECLARE c CURSOR FOR SELECT id, email, name FROM users ORDER BY id
\g
--@ masked: email=last4
FETCH 3 FROM c
\g
--@ masked: email=last4
FETCH NEXT FROM c
\g
MOVE FORWARD 2 IN c
\g
--@ masked: email=last4
FETCH FORWARD 2 FROM c
\g
--@ masked: email=last4
FETCH ALL FROM c
\g
CLOSE c
\g
DECLARE s SCROLL CURSOR WITH HOLD FOR SELECT id, total FROM orders ORDER BY id
\g
FETCH LAST FROM s
\g
FETCH PRIOR FROM s
\g
FETCH ABSOLUTE 5 FROM s
\g
COMMIT
\g
FETCH FIRST FROM s
\g
CLOSE ALL
\g
SELECT name FROM pg_cursors
\g
BEGIN
\g
DECLARE upd CURSOR FOR SELECT id FROM counters WHERE name = 'p1x' FOR UPDATE
\g
FETCH upd
\g
CLOSE upd
\g
COMMIT
\g

-- temp and session things
CREATE TEMP TABLE tmp_ids (id bigint PRIMARY KEY, note text)
\g
INSERT INTO tmp_ids SELECT g, 'n' || g FROM generate_series(1, 5) g
\g
--@ masked: email=last4
SELECT u.id, u.email, t.note FROM users u JOIN tmp_ids t USING (id) ORDER BY id
\g
CREATE INDEX ON tmp_ids (note)
\g
ANALYZE tmp_ids
\g
UPDATE tmp_ids SET note = upper(note) WHERE id < 3
\g
CREATE TEMP TABLE paid AS SELECT id, user_id, total FROM orders WHERE status = 'paid'
\g
SELECT count(*), sum(total) FROM paid
\g
--@ masked: email=last4
SELECT p.total, u.name, u.email FROM paid p JOIN users u ON u.id = p.user_id ORDER BY p.id
\g
CREATE TEMP VIEW tv AS SELECT status, count(*) AS n FROM orders GROUP BY 1
\g
SELECT * FROM tv ORDER BY 1
\g
CREATE TEMPORARY SEQUENCE ts
\g
SELECT nextval('ts')
\g
CREATE TEMP TABLE IF NOT EXISTS tmp_users ON COMMIT DELETE ROWS AS SELECT id, name, status FROM users WHERE id < 10
\g
DROP TABLE IF EXISTS tmp_ids
\g
DROP TABLE paid CASCADE
\g
SET work_mem = '8MB'
\g
SET LOCAL work_mem = '8MB'
\g
SET TIME ZONE 'Europe/Berlin'
\g
SET datestyle = 'ISO, DMY'
\g
SELECT '02/03/2024'::date
\g
SET statement_timeout TO 30000
\g
SET idle_in_transaction_session_timeout = '60s'
\g
SET application_name = 'x'
\g
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED
\g
SET enable_seqscan = off
\g
SET intervalstyle = 'iso_8601'
\g
SET search_path TO public, billing
\g
--@ masked: email=last4
SELECT id, email FROM users ORDER BY id LIMIT 2
\g
SET search_path TO hr, public
\g
RESET search_path
\g
SHOW work_mem
\g
RESET ALL
\g
LISTEN jobs
\g
NOTIFY jobs, 'hello'
\g
SELECT pg_notify('jobs', 'x')
\g
UNLISTEN *
\g
SELECT pg_advisory_lock(42), pg_try_advisory_lock(43)
\g
SELECT pg_advisory_unlock(42)
\g
SELECT pg_advisory_unlock_all()
\g
SELECT pg_advisory_xact_lock(hashtext('job-1'))
\g
SELECT pg_try_advisory_xact_lock(1, 2)
\g
DISCARD PLANS
\g
DISCARD ALL
\g
DO $$ DECLARE r record; n int := 0; BEGIN FOR r IN SELECT id FROM accounts LOOP n := n + 1; END LOOP; RAISE NOTICE 'n = %', n; END $$
\g
DO $$ BEGIN INSERT INTO counters VALUES ('do', 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + 1; EXCEPTION WHEN unique_violation THEN NULL; END $$
\g
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('a'); END IF; END $$
\g
--@ hidden: weir's own words
DO $$ BEGIN PERFORM count(*) FROM users WHERE status = 'active'; RAISE NOTICE 'done'; END $$
\g
DO $$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM users WHERE email IS NULL; IF n > 0 THEN RAISE EXCEPTION 'nulls'; END IF; END $$
\g
DO $$ BEGIN UPDATE users SET login_count = 0 WHERE id = 2; END $$
\g
VACUUM counters
\g
ANALYZE users
\g
ANALYZE
\g
VACUUM (ANALYZE) orders
\g
SELECT pg_stat_get_backend_pid(1) IS NULL OR true
\g
SELECT pg_sleep(0.01) IS NOT NULL
\g

-- copy
COPY accounts (id, name, plan) TO STDOUT
\g
COPY (SELECT id, name FROM users WHERE id < 5 ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)
\g
COPY (SELECT status, count(*) FROM users GROUP BY 1 ORDER BY 1) TO STDOUT
\g
COPY products (id, sku, labels, attrs) TO STDOUT CSV HEADER
\g
COPY categories TO STDOUT WITH BINARY
\g
--@ copy: 1\tA\t2.5\t2024-01-01\n2\tB\tNULLV\t2024-01-02\n
COPY imports FROM STDIN WITH (NULL 'NULLV')
\g
--@ copy: id,name,amount,at\n3,"C, x",1,2024-01-01\n
COPY imports (id, name, amount, at) FROM STDIN WITH (FORMAT csv, HEADER true)
\g
SELECT * FROM imports ORDER BY id
\g
--@ copy: 1,imp1@x.example,Imp One\n2,imp2@x.example,Imp Two\n
COPY users (account_id, email, name) FROM STDIN CSV
\g
SELECT count(*) FROM users WHERE email = 'imp1@x.example'
\g
