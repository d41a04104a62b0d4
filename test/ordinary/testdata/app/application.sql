-- an order is taken
BEGIN
\g
--@ with: 5 | new
INSERT INTO orders (customer_id, state, placed_at) VALUES ($1, $2, '2024-09-01 10:00Z') RETURNING id, state
\g
INSERT INTO order_items (order_id, line, product_id, quantity, price) SELECT max(id), 1, 3, 2, 8.75 FROM orders
\g
SAVEPOINT "s140_x1"
\g
SELECT reserve(3, 100000)
\g
ROLLBACK TO SAVEPOINT "s140_x1"
\g
RELEASE SAVEPOINT "s140_x1"
\g
SELECT reserve(3, 2)
\g
UPDATE orders SET total = (SELECT sum(amount) FROM order_items WHERE order_id = orders.id) WHERE customer_id = 5 RETURNING id, total
\g
COMMIT
\g
-- a customer registers
--@ with: Nova Ray | nova@example.com | +39-555-9900
--@ masked: email=last4
INSERT INTO customers (name, email, phone, region_id) VALUES ($1, $2, $3, 4) RETURNING id, name, email
\g
--@ with: nova.ray@example.com | nova@example.com
UPDATE customers SET email = $1 WHERE email = $2
\g
UPDATE customers SET phone = NULL, ssn = '900-45-9999' WHERE name = 'Nova Ray'
\g
--@ masked: email=last4
INSERT INTO customers (name, email) VALUES ('Nova R.', 'nova.ray@example.com') ON CONFLICT (email) DO UPDATE SET name = excluded.name, email = excluded.email RETURNING id, name, email
\g
INSERT INTO customers (name, email) VALUES ('Again', 'nova.ray@example.com') ON CONFLICT DO NOTHING
\g
--@ hidden: the key is a masked value
INSERT INTO customers (name, email) VALUES ('Again', 'nova.ray@example.com')
\g
--@ hidden: the row has masked values
INSERT INTO customers (name, email) VALUES (NULL, 'x@example.com')
\g
DELETE FROM customers WHERE email = 'nova.ray@example.com'
\g
-- errors of what has no masked column
INSERT INTO regions VALUES (1, 'Twice')
\g
INSERT INTO products (id, code, title, price, category) VALUES (99, 'bad', 'x', 1, 'c')
\g
INSERT INTO products (id, code, title, price, category) VALUES (99, 'AB-99', 'x', -1, 'c')
\g
INSERT INTO stock VALUES (9999, 1)
\g
INSERT INTO regions (id) VALUES (77)
\g
SELECT 1 / 0
\g
SELECT 'x'::int
\g
SELECT * FROM nowhere
\g
SELECT nothing FROM regions
\g
--@ hidden: weir says itself, with the same SQLSTATE, that there is no such function
SELECT no_function(1)
\g
UPDATE order_items SET quantity = 0 WHERE order_id = 2 AND line = 1
\g
-- writes from other tables
UPDATE stock s SET quantity = s.quantity - i.n FROM (SELECT product_id, sum(quantity) AS n FROM order_items WHERE order_id < 10 GROUP BY product_id) i WHERE i.product_id = s.product_id RETURNING s.product_id, s.quantity
\g
DELETE FROM order_items i USING orders o WHERE o.id = i.order_id AND o.state = 'returned' AND i.line = 3
\g
MERGE INTO stock s USING (VALUES (1, 5), (2, 7), (24, 0)) AS v(p, n) ON s.product_id = v.p WHEN MATCHED AND v.n = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = s.quantity + v.n WHEN NOT MATCHED THEN INSERT VALUES (v.p, v.n)
\g
WITH moved AS (DELETE FROM tickets WHERE status = 'closed' AND priority = 1 RETURNING id, subject) INSERT INTO audit (relation, operation, row) SELECT 'tickets', 'archive', jsonb_build_object('id', id, 'subject', subject) FROM moved
\g
INSERT INTO notes (author, body) SELECT 'import', name FROM regions ON CONFLICT (body) DO NOTHING
\g
UPDATE notes SET body = body || '!' WHERE author = 'import' AND body LIKE 'N%' RETURNING id, body
\g
INSERT INTO editable_notes (author, body) VALUES ('view', 'through a view')
\g
INSERT INTO editable_notes (author, body) VALUES (NULL, 'not visible')
\g
DELETE FROM notes WHERE author = 'system'
\g
UPDATE orders SET note = 'gift' WHERE customer_id IN (SELECT id FROM customers WHERE email = 'person10@mail1.example.com')
\g
--@ masked: email=last4
UPDATE orders o SET note = c.name FROM customers c WHERE c.id = o.customer_id AND o.id = 7 RETURNING o.id, o.note, c.email
\g
INSERT INTO audit (relation, operation) SELECT 'customers', 'count ' || count(email) FROM customers
\g
CALL close_tickets('2024-04-01')
\g
REFRESH MATERIALIZED VIEW category_sales
\g
REFRESH MATERIALIZED VIEW CONCURRENTLY category_sales
\g
-- imported rows become customers
INSERT INTO customers (name, email, region_id) SELECT s.name, s.email, r.id FROM staging s LEFT JOIN regions r ON r.name = s.region WHERE s.email = 'someone.new@example.org'
\g
SELECT count(*) FROM customers WHERE email = 'someone.new@example.org'
\g
-- partitions
INSERT INTO events (id, customer_id, kind, payload, at) VALUES (9001, 1, 'view', '{"page": "/"}', '2024-06-30'), (9002, 1, 'buy', '{"page": "/"}', '2024-07-01'), (9003, 1, 'view', '{}', '2030-01-01')
\g
SELECT tableoid::regclass, id FROM events WHERE id > 9000 ORDER BY id
\g
UPDATE events SET at = '2024-08-01' WHERE id = 9001 AND at = '2024-06-30'
\g
DELETE FROM events WHERE id > 9000
\g
-- a queue
BEGIN
\g
SELECT id, payload FROM jobs.queue WHERE state = 'ready' AND run_at <= now() ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED
\g
--@ on: other
SELECT id FROM jobs.queue WHERE state = 'ready' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED
\g
UPDATE jobs.queue SET state = 'done', attempts = attempts + 1 WHERE id IN (1, 2) RETURNING id, state, attempts
\g
NOTIFY jobs, 'done'
\g
COMMIT
\g
WITH next AS (SELECT id FROM jobs.queue WHERE state = 'ready' ORDER BY id FOR NO KEY UPDATE SKIP LOCKED LIMIT 1) UPDATE jobs.queue q SET state = 'running' FROM next WHERE q.id = next.id RETURNING q.id, q.kind
\g
-- locks and messages
LISTEN jobs
\g
SELECT pg_notify('jobs', 'hello')
\g
UNLISTEN *
\g
SELECT pg_try_advisory_lock(42), pg_advisory_unlock(42)
\g
BEGIN
\g
SELECT pg_advisory_xact_lock(hashtext('import'))
\g
--@ on: other
SELECT pg_try_advisory_xact_lock(hashtext('import'))
\g
LOCK TABLE stock IN SHARE ROW EXCLUSIVE MODE
\g
SELECT id, name FROM customers WHERE id = 3 FOR SHARE
\g
SELECT quantity FROM stock WHERE product_id = 5 FOR UPDATE NOWAIT
\g
ROLLBACK
\g
-- sequences
SELECT nextval('ticket_number') > 0, currval('ticket_number') = lastval()
\g
INSERT INTO tickets (customer_id, subject, opened_at) VALUES (1, 'new', '2024-09-01') RETURNING id > 1000
\g
-- transactions that end in all ways
BEGIN; INSERT INTO scratch VALUES ('a', 1); COMMIT
\g
BEGIN
\g
INSERT INTO scratch VALUES ('b', 2)
\g
INSERT INTO scratch VALUES ('b', 3)
\g
SELECT 1
\g
ROLLBACK
\g
BEGIN ISOLATION LEVEL SERIALIZABLE
\g
SELECT sum(v) FROM scratch
\g
COMMIT AND NO CHAIN
\g
START TRANSACTION READ ONLY
\g
INSERT INTO scratch VALUES ('c', 3)
\g
ABORT
\g
INSERT INTO scratch VALUES ('d', 1) ON CONFLICT (k) DO UPDATE SET v = scratch.v + 1 RETURNING *
\g
TRUNCATE_is_no_command
\g
-- settings
SET statement_timeout = '30s'
\g
SET lock_timeout = 5000
\g
SET SESSION idle_in_transaction_session_timeout TO '1min'
\g
SET search_path TO public, hr
\g
--@ masked: email=last4
SELECT id, email FROM employees WHERE id = 1
\g
SET client_min_messages TO warning
\g
SET standard_conforming_strings = on
\g
SET client_encoding = 'UTF8'
\g
SET bytea_output = 'hex'
\g
SET IntervalStyle = 'iso_8601'
\g
SELECT set_config('app.user_id', '7', false), current_setting('app.user_id', true)
\g
SET LOCAL synchronous_commit TO off
\g
SHOW search_path
\g
RESET ALL
\g
DISCARD PLANS
\g
-- copies
--@ copy: zed|9\nyod|8\n
COPY scratch (k, v) FROM STDIN WITH (FORMAT csv, DELIMITER '|')
\g
COPY regions TO STDOUT
\g
COPY (SELECT k, v FROM scratch ORDER BY k) TO STDOUT WITH (FORMAT csv, HEADER)
\g
COPY (SELECT id, name, active FROM customers WHERE id < 5 ORDER BY id) TO STDOUT CSV
\g
--@ copy: Kim,kim@example.com\nLee,\n
COPY customers (name, email) FROM STDIN CSV
\g
SELECT count(*) FROM customers WHERE name IN ('Kim', 'Lee')
\g
