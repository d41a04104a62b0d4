-- a view
SELECT * FROM open_tickets ORDER BY id LIMIT 10
\g
-- a view with copies and computed columns
--@ masked: mail=last4 shouted=~
SELECT * FROM customer_directory ORDER BY id LIMIT 10
\g
-- a view filtered by a masked copy
--@ masked: mail=last4
SELECT id, mail FROM customer_directory WHERE mail = 'person10@mail1.example.com'
\g
-- a view over groups
SELECT * FROM revenue_by_month ORDER BY month
\g
-- a materialized view
SELECT * FROM category_sales ORDER BY category
\g
-- a function in SQL
SELECT id, order_total(id), total FROM orders ORDER BY id LIMIT 5
\g
-- a function in PL/pgSQL
SELECT id, age_band((closed_at::date - opened_at::date) * 50) FROM tickets WHERE closed_at IS NOT NULL ORDER BY id LIMIT 5
\g
-- a function that gives a table
SELECT * FROM best_sellers()
\g
-- a function with a named argument
SELECT title, sold FROM best_sellers(most => 5) WHERE sold > 10
\g
-- a recursive function beside a masked column
--@ masked: email=last4
SELECT c.id, c.email, region_path(c.region_id) FROM customers c ORDER BY c.id LIMIT 8
\g
-- a function in LATERAL
SELECT r.id, p.path FROM regions r, LATERAL (SELECT region_path(r.id) AS path) p ORDER BY 1
\g
-- an aggregate of the database's own
SELECT product_of(line) FROM order_items WHERE order_id = 2
\g
-- a partitioned table by its key
SELECT kind, count(*) FROM events WHERE at >= '2024-06-01' AND at < '2024-08-01' GROUP BY kind ORDER BY kind
\g
-- a partition by its name
--@ masked: payload=paths
SELECT id, payload FROM events_2024_h1 ORDER BY id LIMIT 3
\g
-- which partition rows are in
SELECT tableoid::regclass, count(*) FROM events GROUP BY 1 ORDER BY 1
\g
-- system columns
SELECT id, ctid IS NOT NULL, xmin IS NOT NULL FROM customers ORDER BY id LIMIT 2
\g
-- events by customer
SELECT c.name, count(e.id) FROM customers c JOIN events e ON e.customer_id = c.id GROUP BY c.name ORDER BY 2 DESC, 1 LIMIT 5
\g
-- plans
--@ plan
EXPLAIN SELECT * FROM customers WHERE id = 3
\g
-- plans with all that can be asked
--@ plan
EXPLAIN (ANALYZE, VERBOSE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT c.email, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.email
\g
-- plans as json
--@ plan
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT * FROM orders WHERE customer_id = 3
\g
-- comments, several statements
/* report */ SELECT count(*) /* all */ FROM orders -- of all time
\g
-- estimated numbers of rows
SELECT relname, reltuples::bigint FROM pg_class WHERE relname IN ('orders', 'customers') ORDER BY 1
\g
-- extension types
--@ masked: email=last4
SELECT id, email FROM hr.employees WHERE email = 'staff3@corp.example.com'
\g
-- sequences
SELECT last_value >= 1000 FROM ticket_number
\g
-- normal random numbers of tablefunc
SELECT count(*) FROM normal_rand(5, 0, 1)
\g
-- cursors
BEGIN
\g
DECLARE walk SCROLL CURSOR FOR SELECT id, name, email FROM customers ORDER BY id
\g
--@ masked: email=last4
FETCH 3 FROM walk
\g
MOVE FORWARD 2 IN walk
\g
--@ masked: email=last4
FETCH BACKWARD 1 FROM walk
\g
CLOSE walk
\g
COMMIT
\g
-- prepared statements
PREPARE by_id(int) AS SELECT id, name, email FROM customers WHERE id = $1
\g
--@ masked: email=last4
EXECUTE by_id(3)
\g
DEALLOCATE by_id
\g
-- a read only transaction
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
\g
SELECT count(*) FROM customers
\g
COMMIT
\g
-- temporary tables of clean columns
CREATE TEMPORARY TABLE big_orders AS SELECT id, customer_id, total FROM orders WHERE total > 80
\g
CREATE INDEX ON big_orders (customer_id)
\g
--@ masked: email=last4
SELECT c.email, sum(b.total) FROM big_orders b JOIN customers c ON c.id = b.customer_id GROUP BY c.email, c.id ORDER BY c.id
\g
DROP TABLE big_orders
\g
-- temporary tables filled step by step
CREATE TEMP TABLE steps (n int PRIMARY KEY, label text) ON COMMIT PRESERVE ROWS
\g
INSERT INTO steps SELECT g, 'step ' || g FROM generate_series(1, 5) g
\g
SELECT s.label, c.name FROM steps s JOIN customers c ON c.id = s.n ORDER BY s.n
\g
UPDATE steps SET label = upper(label) WHERE n > 3
\g
SELECT * FROM steps ORDER BY n
\g
DROP TABLE steps
\g
-- a temporary view
CREATE TEMP VIEW vip AS SELECT id, name FROM customers WHERE 'vip' = ANY (tags)
\g
SELECT count(*) FROM vip
\g
DROP VIEW vip
\g
-- settings of a session that hold nothing back
SET application_name = 'report'
\g
SET TimeZone = 'Europe/Oslo'
\g
SELECT placed_at FROM orders ORDER BY id LIMIT 1
\g
SET LOCAL work_mem = '8MB'
\g
SET DateStyle = 'ISO, DMY'
\g
SHOW TimeZone
\g
RESET TimeZone
\g
SET extra_float_digits = 3
\g
SELECT 0.1::float8 + 0.2
\g
