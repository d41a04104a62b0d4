-- upserts
BEGIN
\g
INSERT INTO settings (key, value) VALUES ('theme', '"light"') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = '2024-02-02Z' WHERE settings.value IS DISTINCT FROM EXCLUDED.value RETURNING key, value, (xmax = 0) AS inserted
\g
--@ differs: of the moment
INSERT INTO settings AS s (key, value) VALUES ('a', '1'), ('b', '2') ON CONFLICT ON CONSTRAINT settings_pkey DO NOTHING RETURNING s.*
\g
INSERT INTO shop.inventory (product_id, warehouse, quantity) VALUES (1, 'north', 5), (2, 'north', 7) ON CONFLICT (product_id, warehouse) DO UPDATE SET quantity = inventory.quantity + EXCLUDED.quantity, updated_at = now() RETURNING product_id, quantity
\g
INSERT INTO customers (id, email, first_name, last_name) VALUES (5, 'user5@example5.com', 'New', 'Name') ON CONFLICT (email) DO UPDATE SET first_name = EXCLUDED.first_name, last_name = EXCLUDED.last_name RETURNING id, first_name
\g
--@ differs: of the moment
INSERT INTO customers (id, email, first_name, last_name) VALUES (5, 'user5@example5.com', 'New', 'Name') ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email, last_name = coalesce(EXCLUDED.last_name, customers.last_name) RETURNING *
\g
--@ masked: email=last4
INSERT INTO customers (id, email, first_name, last_name) VALUES (900, 'n@x.de', 'N', 'X') ON CONFLICT DO NOTHING RETURNING "customers"."id", email
\g
WITH up AS (INSERT INTO settings (key, value) VALUES ('k', '3') ON CONFLICT (key) DO NOTHING RETURNING key) SELECT key FROM up UNION ALL SELECT key FROM settings WHERE key = 'k' LIMIT 1
\g
INSERT INTO shop.coupons (code, percent, valid) VALUES ('NEW', 5, '[2024-01-01,)') ON CONFLICT (code) DO UPDATE SET (percent, uses) = (EXCLUDED.percent, coupons.uses + 1)
\g
ROLLBACK
\g

-- rails upsert_all and friends
BEGIN
\g
INSERT INTO "settings" ("key","value","updated_at") VALUES ('x', '1', CURRENT_TIMESTAMP), ('y', '2', CURRENT_TIMESTAMP) ON CONFLICT ("key") DO UPDATE SET updated_at=(CASE WHEN ("settings"."value" IS NOT DISTINCT FROM excluded."value") THEN "settings".updated_at ELSE CURRENT_TIMESTAMP END),"value"=excluded."value" RETURNING "key"
\g
--@ with: r@r.de | R | S | 2024-01-01 | 2024-01-01
INSERT INTO "customers" ("email", "first_name", "last_name", "created_at", "updated_at") VALUES ($1, $2, $3, $4, $5) RETURNING "first_name"
\g
--@ with: true | 2024-01-01 | 4
UPDATE "customers" SET "marketing" = $1, "updated_at" = $2 WHERE "customers"."id" = $3
\g
--@ with: 3
DELETE FROM "shop"."reviews" WHERE "shop"."reviews"."id" = $1
\g
UPDATE "customers" SET "version" = "customers"."version" + 1 WHERE "customers"."id" IN (SELECT "customers"."id" FROM "customers" INNER JOIN "shop"."orders" ON "orders"."customer_id" = "customers"."id" WHERE "orders"."status" = 'paid' LIMIT 3)
\g
INSERT INTO "schema_migrations" (version) VALUES ('20240201000000')
\g
INSERT INTO "schema_migrations" (version) VALUES ('20240201000001'),('20240201000002')
\g
DELETE FROM schema_migrations WHERE version = '20240201000000'
\g
UPDATE "customers" SET "email" = 'changed@x.de' WHERE "customers"."id" = 8
\g
UPDATE customers SET phone = NULL, notes = 'x' || coalesce(notes, ''), tags = array_append(tags, 'new'), profile = jsonb_set(profile, '{theme}', '"blue"') WHERE id = 9 RETURNING id, tags, profile->>'theme'
\g
--@ masked: profile=paths
UPDATE customers SET profile = profile || '{"a": 1}'::jsonb WHERE id = 10 RETURNING profile
\g
UPDATE customers SET profile = profile - 'devices', attrs = attrs || 'k=>v' WHERE id = 11
\g
UPDATE customers SET last_name = upper(last_name), email = lower(email) WHERE id = 12
\g
UPDATE customers SET profile['address']['zip'] = '"10115"' WHERE id = 13
\g
--@ masked: email=last4
UPDATE customers c SET (first_name, country) = (SELECT 'Q', 'GB') FROM shop.orders o WHERE o.customer_id = c.id AND o.id = 5 RETURNING c.id, c.email, o.id
\g
--@ with: {1,2,3}
UPDATE customers SET deleted_at = now() WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL
\g
DELETE FROM customers WHERE id = 1000 RETURNING *
\g
DELETE FROM shop.order_items i USING shop.orders o WHERE o.id = i.order_id AND o.status = 'cancelled' AND o.id < 20
\g
ROLLBACK
\g

-- merge
BEGIN
\g
CREATE TEMP TABLE stage (sku text, qty int, gone boolean) ON COMMIT DROP
\g
INSERT INTO stage VALUES ('SKU-0001', 5, false), ('SKU-0002', 6, true), ('SKU-9999', 1, false)
\g
MERGE INTO shop.inventory t USING (SELECT p.id, s.qty, s.gone FROM stage s JOIN shop.products p ON p.sku = s.sku) s ON t.product_id = s.id AND t.warehouse = 'north' WHEN MATCHED AND s.gone THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = t.quantity + s.qty WHEN NOT MATCHED THEN INSERT (product_id, warehouse, quantity) VALUES (s.id, 'north', s.qty)
\g
MERGE INTO settings AS t USING (VALUES ('theme', '"x"'::jsonb), ('zz', '1')) AS v(k, val) ON t.key = v.k WHEN MATCHED AND t.value IS NOT DISTINCT FROM v.val THEN DO NOTHING WHEN MATCHED THEN UPDATE SET value = v.val WHEN NOT MATCHED THEN INSERT VALUES (v.k, v.val, DEFAULT)
\g
MERGE INTO customers c USING (VALUES ('user6@example6.com', 'Sixth'), ('brand@new.de', 'Brand')) AS v(mail, name) ON c.email = v.mail WHEN MATCHED THEN UPDATE SET first_name = v.name WHEN NOT MATCHED THEN INSERT (email, first_name, last_name) VALUES (v.mail, v.name, '-')
\g
ROLLBACK
\g

-- bulk
BEGIN
\g
--@ with: {1,2} | {view,buy} | {2024-01-05,2024-02-05} | {"{\"a\":1}","{}"}
INSERT INTO analytics.events (customer_id, kind, occurred_at, payload) SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::jsonb[])
\g
INSERT INTO analytics.events_2024_01 (id, customer_id, kind, occurred_at) OVERRIDING SYSTEM VALUE VALUES (99999, 1, 'view', '2024-01-08')
\g
INSERT INTO crm.accounts (name, custom) SELECT x->>'name', x->'c' FROM jsonb_array_elements('[{"name":"a","c":{"z":1}},{"name":"b"}]') x RETURNING name, custom
\g
INSERT INTO crm.accounts (name, domain) SELECT r.name, r.domain FROM json_populate_recordset(NULL::crm.accounts, '[{"name":"p","domain":"d"}]') r
\g
--@ copy: one\tone.io\t5\ntwo\t\N\t\N\n
COPY crm.accounts (name, domain, arr) FROM STDIN
\g
--@ copy: name,domain\n"a, b",x.io\nc,\n
COPY crm.accounts (name, domain) FROM STDIN WITH (FORMAT csv, HEADER true, NULL '')
\g
--@ copy: a1@b.c;A;B\n
COPY customers (email, first_name, last_name) FROM STDIN (FORMAT csv, DELIMITER ';')
\g
COPY (SELECT id, sku, price FROM shop.products ORDER BY id LIMIT 3) TO STDOUT WITH CSV HEADER
\g
COPY shop.categories TO STDOUT
\g
COPY shop.categories (id, name) TO STDOUT (FORMAT csv, FORCE_QUOTE *)
\g
--@ differs: of the moment
COPY customers TO STDOUT
\g
--@ differs: of the moment
COPY (SELECT id, email, profile FROM customers ORDER BY id LIMIT 2) TO STDOUT WITH (FORMAT CSV, HEADER)
\g
COPY (SELECT count(*) FROM customers) TO STDOUT BINARY
\g
ROLLBACK
\g

-- triggers and audit
BEGIN
\g
UPDATE shop.orders SET status = 'paid' WHERE id = 7 RETURNING id, status
\g
SELECT tbl, op, row_id FROM audit.log WHERE tbl = 'orders' ORDER BY id DESC LIMIT 1
\g
SELECT shop.recalc(7)
\g
CALL shop.ship(7)
\g
WITH moved AS (DELETE FROM jobs.queue WHERE state = 'completed' RETURNING *) INSERT INTO audit.log (tbl, op, row_id) SELECT 'queue', 'ARCHIVE', id FROM moved
\g
WITH n AS (INSERT INTO shop.orders (customer_id) VALUES (1) RETURNING id), l AS (INSERT INTO shop.order_items (order_id, line, product_id, quantity, unit_price) SELECT n.id, v.l, v.p, v.q, 100 FROM n, (VALUES (1, 2, 3), (2, 3, 1)) AS v(l, p, q) RETURNING order_id, quantity) SELECT sum(quantity) FROM l
\g
UPDATE shop.products SET price = price * 1.1, attributes = attributes || jsonb_build_object('sale', true) WHERE category_id = 2 AND active RETURNING sku, price, price_eur
\g
UPDATE shop.editable_products SET name = 'Renamed' WHERE id = 4
\g
DELETE FROM shop.coupons WHERE code = 'XMAS'
\g
UPDATE shop.orders SET shipping.city = 'Rome' WHERE id = 3 RETURNING (shipping).city
\g
UPDATE shop.orders SET shipping = ROW('s', 'c', 'z', 'IT') WHERE id = 4
\g
SELECT * FROM shop.orders WHERE status = 'pending' ORDER BY id LIMIT 2 FOR NO KEY UPDATE SKIP LOCKED
\g
ROLLBACK
\g

-- transactions and options
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE
\g
SELECT count(*) FROM shop.orders
\g
COMMIT
\g
START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
\g
SELECT 1
\g
END
\g
BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE
\g
SELECT 1
\g
COMMIT AND NO CHAIN
\g
START TRANSACTION READ WRITE
\g
COMMIT
\g
BEGIN READ WRITE
\g
COMMIT
\g
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED
\g
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
\g
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY
\g
BEGIN
\g
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
\g
SET LOCAL statement_timeout = '30s'
\g
SET LOCAL lock_timeout TO 5000
\g
SAVEPOINT a
\g
SELECT 1/0
\g
ROLLBACK TO SAVEPOINT a
\g
SET CONSTRAINTS ALL DEFERRED
\g
COMMIT
\g
SET application_name = 'app'
\g
SET TimeZone = 'Europe/Berlin'
\g
SET datestyle TO 'ISO, MDY'
\g
SET intervalstyle = 'iso_8601'
\g
SET extra_float_digits = 3
\g
SET client_encoding = 'UTF8'
\g
SET NAMES 'utf8'
\g
SET work_mem = '64MB'
\g
SET jit = off
\g
SET enable_seqscan TO off
\g
SET plan_cache_mode = force_custom_plan
\g
SET idle_in_transaction_session_timeout = '5min'
\g
SET myapp.user_id = '42'
\g
SELECT current_setting('myapp.user_id', true), set_config('myapp.tenant', '7', false)
\g
SET bytea_output = 'escape'
\g
RESET bytea_output
\g
SHOW ALL
\g
SHOW TRANSACTION ISOLATION LEVEL
\g
SHOW timezone
\g
SET synchronous_commit = off
\g
SET xmloption = content
\g
SET default_transaction_isolation = 'repeatable read'
\g
SET default_transaction_read_only = off
\g
SET SESSION default_text_search_config = 'pg_catalog.english'
\g
RESET ALL
\g
DISCARD PLANS
\g
DISCARD TEMP
\g
DISCARD SEQUENCES
\g

-- prepared and cursors
PREPARE p (bigint) AS SELECT id, country FROM customers WHERE id = $1
\g
EXECUTE p (3)
\g
--@ plan
EXPLAIN (COSTS OFF) EXECUTE p (4)
\g
DEALLOCATE p
\g
PREPARE q AS SELECT email FROM customers WHERE id < $1 ORDER BY id
\g
--@ masked: email=last4
EXECUTE q (4)
\g
DEALLOCATE ALL
\g
BEGIN
\g
DECLARE c CURSOR FOR SELECT id, email, country FROM customers ORDER BY id
\g
--@ masked: email=last4
FETCH 2 FROM c
\g
--@ masked: email=last4
FETCH FORWARD 3 c
\g
MOVE 5 IN c
\g
--@ masked: email=last4
FETCH NEXT FROM c
\g
CLOSE c
\g
DECLARE "s" SCROLL CURSOR WITH HOLD FOR SELECT id FROM shop.orders ORDER BY id LIMIT 20
\g
FETCH LAST s
\g
FETCH ABSOLUTE 3 FROM s
\g
FETCH BACKWARD ALL IN s
\g
COMMIT
\g
FETCH 1 FROM s
\g
CLOSE ALL
\g
FETCH 1 FROM gone
\g
CLOSE gone
\g
BEGIN
\g
DECLARE w CURSOR FOR SELECT * FROM settings WHERE key = 'theme' FOR UPDATE
\g
FETCH w
\g
UPDATE settings SET value = '"cur"' WHERE CURRENT OF w
\g
ROLLBACK
\g

-- etl with temporary tables
CREATE TEMPORARY TABLE tmp_orders AS SELECT id, customer_id, total FROM shop.orders WHERE total > 100
\g
CREATE INDEX ON tmp_orders (customer_id)
\g
ANALYZE tmp_orders
\g
SELECT count(*) FROM tmp_orders
\g
ALTER TABLE tmp_orders ADD COLUMN bucket int DEFAULT 0
\g
UPDATE tmp_orders SET bucket = total / 1000 WHERE total IS NOT NULL
\g
SELECT bucket, count(*) FROM tmp_orders GROUP BY 1 ORDER BY 1
\g
INSERT INTO tmp_orders (id, customer_id, total) SELECT id, customer_id, total FROM shop.orders WHERE total <= 100
\g
--@ masked: email=last4
SELECT t.id, c.email FROM tmp_orders t JOIN customers c ON c.id = t.customer_id ORDER BY t.id LIMIT 2
\g
DROP TABLE tmp_orders
\g
CREATE TEMP TABLE IF NOT EXISTS load (LIKE shop.order_items INCLUDING DEFAULTS) ON COMMIT DELETE ROWS
\g
DROP TABLE IF EXISTS load, nothing_here
\g
CREATE TEMP VIEW tv AS SELECT id, status FROM shop.orders WHERE status = 'paid'
\g
SELECT count(*) FROM tv
\g
SELECT id, total INTO TEMP t2 FROM shop.orders WHERE id < 5
\g
SELECT * FROM t2 ORDER BY id
\g
CREATE TEMP TABLE t3 (id serial PRIMARY KEY, c citext, e shop.order_status, r int4range, EXCLUDE USING gist (r WITH &&))
\g
INSERT INTO t3 (c, e, r) VALUES ('A', 'paid', '[1,5)') RETURNING *
\g
DELETE FROM t3 WHERE c = 'a'
\g
CREATE TEMP SEQUENCE ts
\g
SELECT nextval('ts'), currval('ts'), setval('ts', 10)
\g
CREATE TEMP TABLE snapshot AS SELECT id, country, created_at FROM customers
\g

-- do blocks
DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM shop.orders; RAISE NOTICE 'orders: %', n; END $$
\g
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'order_status') THEN RAISE EXCEPTION 'missing'; END IF; END $$
\g
DO $$ DECLARE r record; total bigint := 0; BEGIN FOR r IN SELECT order_id, quantity FROM shop.order_items WHERE order_id < 4 LOOP total := total + r.quantity; END LOOP; RAISE NOTICE 'total %', total; END $$
\g
DO $$ BEGIN UPDATE settings SET value = '"do"' WHERE key = 'theme'; EXCEPTION WHEN unique_violation THEN NULL; END $$
\g
DO LANGUAGE plpgsql $$ BEGIN PERFORM pg_sleep(0); PERFORM count(*) FROM customers WHERE country = 'DE'; END $$
\g
DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM customers WHERE marketing; RAISE NOTICE 'marketing: %', n; END $$
\g
DO $$ BEGIN INSERT INTO audit.log (tbl, op) VALUES ('x', 'Y'); EXCEPTION WHEN others THEN RAISE NOTICE 'failed: %', SQLERRM; END $$
\g

-- locks, notify and sequences
SELECT pg_advisory_xact_lock(hashtext('job')), pg_try_advisory_xact_lock_shared(1, 2)
\g
SELECT pg_advisory_lock(77)
\g
SELECT pg_advisory_unlock_all()
\g
LISTEN jobs
\g
NOTIFY jobs, 'hello'
\g
SELECT pg_notify('jobs', 'x')
\g
UNLISTEN *
\g
SELECT nextval('shop.reviews_id_seq'::regclass) > 0, lastval() > 0, pg_get_serial_sequence('shop.reviews', 'id')
\g
BEGIN
\g
LOCK TABLE shop.inventory IN SHARE ROW EXCLUSIVE MODE NOWAIT
\g
LOCK TABLE customers IN ACCESS SHARE MODE
\g
COMMIT
\g
VACUUM (ANALYZE) shop.inventory
\g
ANALYZE shop.orders (status), crm.tickets
\g
ANALYZE customers
\g

-- error texts
SELECT * FROM nope
\g
SELECT nope FROM shop.orders
\g
SELEC 1
\g
INSERT INTO settings (key, value) VALUES ('theme', '1')
\g
INSERT INTO shop.order_items VALUES (1, 9, 1, 0, 1)
\g
SELECT 'x'::int
\g
INSERT INTO shop.reviews (product_id, customer_id, stars) VALUES (1, 99999, 3)
\g
SELECT * FROM customers WHERE id = 'abc'
\g
--@ hidden: the text may hold a masked value
SELECT id FROM customers WHERE emial = 'x'
\g
SELECT 1 FROM shop.orders WHERE status = 'unknown'
\g
--@ hidden: the text may hold a masked value
INSERT INTO customers (email, first_name, last_name) VALUES ('user3@example3.com', 'a', 'b')
\g
;
\g

-- river
--@ with: \N | mail | 2 | worker1
WITH locked_jobs AS (SELECT * FROM jobs.queue WHERE state = 'available' AND queue = $2 AND scheduled_at <= coalesce($1, now()) ORDER BY priority ASC, scheduled_at ASC, id ASC LIMIT $3::integer FOR UPDATE SKIP LOCKED) UPDATE jobs.queue SET state = 'running', attempt = queue.attempt + 1, attempted_at = timestamptz '2024-03-01Z', attempted_by = array_append(queue.attempted_by, $4::text) FROM locked_jobs WHERE queue.id = locked_jobs.id RETURNING queue.id, queue.state, queue.attempted_by, queue.args
\g
--@ with: {"{}","{\"a\": 1}"} | {k1,k2} | {5,6} | \N
INSERT INTO jobs.queue (args, kind, max_attempts, priority, queue, scheduled_at, state) SELECT unnest($1::jsonb[]), unnest($2::text[]), unnest($3::smallint[]), 1, 'default', coalesce($4, timestamptz '2024-03-01Z'), 'available' RETURNING kind, args
\g
--@ with: 6 | {"error": "boom"}
UPDATE jobs.queue SET state = CASE WHEN attempt >= max_attempts THEN 'discarded' ELSE 'retryable' END, errors = array_append(errors, $2::jsonb), scheduled_at = timestamptz '2024-03-02Z' WHERE id = $1 RETURNING state, errors
\g
WITH deleted AS (DELETE FROM jobs.queue WHERE id = ANY (ARRAY(SELECT id FROM jobs.queue WHERE state = 'completed' AND completed_at < timestamptz '2024-01-03Z' ORDER BY id LIMIT 3)) RETURNING id) SELECT count(*) FROM deleted
\g
SELECT pg_notify(format('%s.%s', current_schema(), 'river_insert'), json_build_object('queue', 'mail')::text)
\g

-- pg-boss
--@ with: default | 2
WITH next as (SELECT id FROM jobs.queue WHERE queue = $1 AND state < 'completed' AND run_at < now() ORDER BY priority desc, scheduled_at, id LIMIT $2 FOR UPDATE SKIP LOCKED) UPDATE jobs.queue j SET state = 'active', attempted_at = '2024-03-03Z', attempt = CASE WHEN attempted_at IS NOT NULL THEN attempt + 1 ELSE attempt END FROM next WHERE j.id = next.id RETURNING j.id, queue as name, args as data, EXTRACT(epoch FROM '1 h'::interval) as expire_in_seconds
\g
--@ with: {2,4} | {}
WITH results AS (UPDATE jobs.queue SET completed_at = '2024-03-04Z', state = 'completed', args = $2::jsonb WHERE id IN (SELECT UNNEST($1::bigint[])) AND state = 'active' RETURNING *) SELECT COUNT(*) FROM results
\g
SELECT queue, state, count(*) size FROM jobs.queue GROUP BY rollup(queue), rollup(state) ORDER BY 1 NULLS FIRST, 2 NULLS FIRST
\g

-- oban
--@ with: mail
SELECT o0."id", o0."state", o0."queue" FROM "jobs"."queue" AS o0 WHERE (o0."state" = 'available') AND (o0."queue" = $1) ORDER BY o0."priority", o0."scheduled_at", o0."id" LIMIT 3 FOR UPDATE SKIP LOCKED
\g
--@ with: executing | {node} | 1
UPDATE "jobs"."queue" AS o0 SET "state" = $1, "attempted_at" = '2024-03-05Z', "attempted_by" = $2, "attempt" = o0."attempt" + $3 FROM (SELECT so0."id" AS "id" FROM "jobs"."queue" AS so0 WHERE so0."state" = 'available' ORDER BY so0."id" LIMIT 1 FOR UPDATE SKIP LOCKED) AS s1 WHERE (o0."id" = s1."id") AND (o0."attempt" < o0."max_attempts") RETURNING o0."id", o0."attempted_by"
\g
--@ with: public.oban_insert | ["{\"queue\":\"default\"}"]
SELECT pg_notify($1, payload) FROM json_array_elements_text($2::json) AS payload
\g

-- graphile worker
--@ with: w1
with j as (select jobs.queue_, jobs.id from (select queue as queue_, * from jobs.queue) as jobs where jobs.locked_at is null and jobs.run_at <= now() and jobs.attempt < jobs.max_attempts order by priority asc, run_at asc, id limit 1 for update skip locked) update jobs.queue q set attempt = q.attempt + 1, locked_by = $1::text, locked_at = '2024-03-06Z' from j where j.id = q.id returning q.id, q.locked_by
\g
select * from jobs.queue where locked_at < now() - interval '4 hours' order by id limit 1
\g

-- que
WITH RECURSIVE jobs_ AS (SELECT (j).*, pg_try_advisory_lock((j).id) AS locked FROM (SELECT j FROM jobs.queue AS j WHERE queue = 'default' AND NOT id = ANY ('{}'::bigint[]) AND run_at <= now() ORDER BY priority, run_at, id LIMIT 1) AS t1 UNION ALL (SELECT (j).*, pg_try_advisory_lock((j).id) AS locked FROM (SELECT (SELECT j FROM jobs.queue AS j WHERE queue = 'default' AND run_at <= now() AND (priority, run_at, id) > (jobs_.priority, jobs_.run_at, jobs_.id) ORDER BY priority, run_at, id LIMIT 1) AS j FROM jobs_ WHERE jobs_.id IS NOT NULL LIMIT 1) AS t1)) SELECT id, queue, priority, locked FROM jobs_ WHERE locked LIMIT 1
\g
SELECT pg_advisory_unlock_all()
\g

-- good_job
SELECT "queue".* FROM "jobs"."queue" WHERE "queue"."id" IN (WITH "rows" AS MATERIALIZED (SELECT "queue"."id", "queue"."id" AS active_job_id FROM "jobs"."queue" WHERE "queue"."completed_at" IS NULL ORDER BY priority DESC NULLS LAST, "queue"."id" LIMIT 50) SELECT "rows"."id" FROM "rows" WHERE pg_try_advisory_lock(('x' || substr(md5('good_jobs' || '-' || "rows"."active_job_id"::text), 1, 16))::bit(64)::bigint) LIMIT 1) ORDER BY priority DESC NULLS LAST
\g
SELECT "pg_locks"."locktype" FROM "pg_locks" WHERE "pg_locks"."locktype" = 'advisory' AND "pg_locks"."objsubid" = 1 AND "pg_locks"."classid" = ('x' || substr(md5('x'), 1, 16))::bit(32)::int AND pg_locks.pid = pg_backend_pid()
\g
SELECT pg_advisory_unlock_all()
\g

-- rollups
BEGIN
\g
CREATE TEMP TABLE rollup_1h (bucket timestamptz, host text, name text, n bigint, avg float8, PRIMARY KEY (bucket, host, name))
\g
INSERT INTO rollup_1h SELECT date_trunc('hour', ts), host, name, count(*), avg(value) FROM analytics.metrics WHERE ts >= '2024-01-01Z' AND ts < '2024-01-03Z' GROUP BY 1, 2, 3 ON CONFLICT (bucket, host, name) DO UPDATE SET n = rollup_1h.n + EXCLUDED.n, avg = (rollup_1h.avg * rollup_1h.n + EXCLUDED.avg * EXCLUDED.n) / (rollup_1h.n + EXCLUDED.n)
\g
SELECT * FROM rollup_1h ORDER BY 1, 2, 3 LIMIT 5
\g
DELETE FROM analytics.metrics WHERE ts < '2024-01-01 02:00Z'
\g
COMMIT
\g

-- celery sqlalchemy kombu
SELECT settings.key AS settings_key, settings.value AS settings_value FROM settings WHERE settings.key = 'theme' LIMIT 1 FOR UPDATE
\g

-- debezium airbyte
SELECT CASE WHEN pg_is_in_recovery() THEN 'replica' ELSE 'primary' END
\g
SELECT oid::bigint, rolcanlogin, rolreplication FROM pg_roles WHERE rolname = current_user
\g
SELECT pg_publication.pubname, schemaname, tablename FROM pg_publication_tables JOIN pg_publication USING (pubname) ORDER BY 1,2,3
\g
SELECT COUNT(1) FROM pg_publication WHERE pubname = 'app_pub'
\g
select slot_name, plugin, active from pg_replication_slots where slot_name = 'debezium'
\g
--@ masked: email=last4
SELECT ctid::text, id, email, country FROM "public"."customers" WHERE ctid > '(0,0)'::tid AND ctid < '(10,0)'::tid
\g
SELECT max("updated_at") FROM "public"."customers"
\g
SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END) IS NOT NULL, txid_snapshot_xmin(txid_current_snapshot()) > 0
\g
--@ masked: email=last4 phone=last4
SELECT "id","public_id","email","phone","first_name","last_name","birth_date" FROM "public"."customers" WHERE "id" > 0 AND "id" <= 50 ORDER BY "id"
\g

-- writes on masked
BEGIN
\g
--@ masked: email=last4
INSERT INTO customers (email, first_name, last_name, phone) SELECT 'm' || g || '@x.de', 'F', 'L', NULL FROM generate_series(1, 3) g RETURNING email
\g
--@ with: \N | 123 | \N
UPDATE customers SET email = coalesce($1, email), phone = coalesce($2, phone), first_name = coalesce($3, first_name) WHERE id = 4
\g
UPDATE customers SET email = trim(lower(email)) WHERE id = 5
\g
UPDATE customers SET phone = NULLIF(phone, '') WHERE id = 6
\g
UPDATE customers SET last_name = CASE WHEN id = 7 THEN 'X' ELSE last_name END WHERE id IN (7, 8)
\g
UPDATE customers SET email = 'deleted-' || id || '@example.com', phone = NULL, first_name = 'Deleted', last_name = 'User', birth_date = NULL WHERE id = 9
\g
UPDATE customers SET credit_limit = credit_limit * 1.1 WHERE id = 10
\g
UPDATE customers SET credit_limit = greatest(credit_limit, 100) WHERE id = 10
\g
UPDATE customers SET profile = jsonb_set(profile, '{address,city}', '"Rome"', true) WHERE id = 11 RETURNING id
\g

-- what mappers write
UPDATE "customers" SET "email" = 'new@x.de', "first_name" = 'N', "profile" = '{"a": 1}'::jsonb, "last_name" = 'L' WHERE "customers"."id" = 20
\g
UPDATE "customers" SET "credit_limit" = ("customers"."credit_limit" + 1) WHERE "customers"."id" = 21
\g
UPDATE "customers" SET "first_name" = CASE WHEN ("customers"."id" = 22) THEN 'a' WHEN ("customers"."id" = 23) THEN 'b' ELSE NULL END::text WHERE "customers"."id" IN (22, 23)
\g
UPDATE "customers" SET "email" = CASE WHEN ("customers"."id" = 22) THEN 'aa@b.de' WHEN ("customers"."id" = 23) THEN 'bb@b.de' ELSE "customers"."email" END WHERE "customers"."id" IN (22, 23)
\g
--@ with: A | 2 | 30 | 1
update customers set first_name=$1, version=$2 where id=$3 and version=$4
\g
