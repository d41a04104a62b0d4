-- running total
SELECT id, total, sum(total) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) FROM orders ORDER BY id LIMIT 30
\g
-- rank inside of a group
SELECT category, title, price, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w FROM products WINDOW w AS (PARTITION BY category ORDER BY price DESC) ORDER BY category, price DESC
\g
-- latest order of each customer
--@ masked: email=last4
SELECT * FROM (SELECT c.id, c.email, o.id AS order_id, o.placed_at, row_number() OVER (PARTITION BY c.id ORDER BY o.placed_at DESC) AS n FROM customers c JOIN orders o ON o.customer_id = c.id) x WHERE n = 1 ORDER BY id
\g
-- time between orders
SELECT customer_id, id, placed_at - lag(placed_at) OVER (PARTITION BY customer_id ORDER BY placed_at) AS gap FROM orders ORDER BY customer_id, placed_at LIMIT 40
\g
-- lead with default
SELECT id, lead(id, 2, -1::bigint) OVER (ORDER BY id) FROM orders ORDER BY id LIMIT 5
\g
-- moving average
SELECT id, round(avg(total) OVER (ORDER BY placed_at ROWS BETWEEN 3 PRECEDING AND CURRENT ROW), 3) FROM orders ORDER BY id LIMIT 20
\g
-- moving sum by range of time
SELECT id, sum(total) OVER (ORDER BY placed_at RANGE BETWEEN interval '3 days' PRECEDING AND CURRENT ROW) FROM orders ORDER BY id LIMIT 20
\g
-- groups frame with exclusion
SELECT id, count(*) OVER (ORDER BY state GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) FROM orders ORDER BY id LIMIT 20
\g
-- quartiles
SELECT ntile(4) OVER (ORDER BY total), id FROM orders ORDER BY 2 LIMIT 20
\g
-- first and last value
SELECT DISTINCT category, first_value(title) OVER w, last_value(title) OVER w, nth_value(title, 2) OVER w FROM products WINDOW w AS (PARTITION BY category ORDER BY price ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY 1
\g
-- a masked column in a window by a clean order
--@ masked: before=~ email=last4
SELECT id, email, lag(email) OVER (ORDER BY id) AS before FROM customers ORDER BY id LIMIT 10
\g
-- partition by a masked column
SELECT id, count(*) OVER (PARTITION BY phone) FROM customers ORDER BY id LIMIT 10
\g
-- share of the total
SELECT state, count(*), round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent FROM orders GROUP BY state ORDER BY state
\g
-- sessions of events, gaps and islands
WITH marked AS (SELECT customer_id, at, CASE WHEN at - lag(at) OVER (PARTITION BY customer_id ORDER BY at) > interval '20 days' THEN 1 ELSE 0 END AS fresh FROM events),
 grouped AS (SELECT customer_id, at, sum(fresh) OVER (PARTITION BY customer_id ORDER BY at) AS island FROM marked)
SELECT customer_id, island, min(at), max(at), count(*) FROM grouped GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 40
\g
-- cohorts by month
WITH first AS (SELECT customer_id, date_trunc('month', min(placed_at) AT TIME ZONE 'UTC') AS cohort FROM orders GROUP BY customer_id),
 active AS (SELECT DISTINCT customer_id, date_trunc('month', placed_at AT TIME ZONE 'UTC') AS month FROM orders)
SELECT f.cohort::date, (extract(year FROM age(a.month, f.cohort)) * 12 + extract(month FROM age(a.month, f.cohort)))::int AS age, count(DISTINCT a.customer_id)
FROM first f JOIN active a USING (customer_id) GROUP BY 1, 2 ORDER BY 1, 2
\g
-- retention, with a masked column on the way
--@ masked: email=last4
WITH buyers AS (SELECT c.id, c.email, count(o.id) AS n FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.email)
SELECT id, email, n FROM buyers WHERE n > 3 ORDER BY n DESC, id
\g
-- chained CTEs
WITH a AS (SELECT customer_id, sum(total) AS s FROM orders GROUP BY customer_id), b AS (SELECT avg(s) AS mean FROM a), c AS (SELECT a.* FROM a, b WHERE a.s > b.mean)
SELECT count(*), round(max(s), 2) FROM c
\g
-- materialized and not
WITH big AS MATERIALIZED (SELECT id, total FROM orders WHERE total > 50), small AS NOT MATERIALIZED (SELECT id, total FROM orders WHERE total <= 50)
SELECT (SELECT count(*) FROM big), (SELECT count(*) FROM small)
\g
-- tree of regions
WITH RECURSIVE tree AS (SELECT id, name, 0 AS depth, name::text AS path FROM regions WHERE parent_id IS NULL
 UNION ALL SELECT r.id, r.name, t.depth + 1, t.path || ' > ' || r.name FROM regions r JOIN tree t ON r.parent_id = t.id) SELECT * FROM tree ORDER BY path
\g
-- tree of employees with a masked column
--@ masked: email=last4
WITH RECURSIVE tree AS (SELECT id, name, email, 1 AS level, ARRAY[id] AS path FROM hr.employees WHERE manager_id IS NULL
 UNION ALL SELECT e.id, e.name, e.email, t.level + 1, t.path || e.id FROM hr.employees e JOIN tree t ON e.manager_id = t.id) SELECT id, name, email, level, path FROM tree ORDER BY path
\g
-- tree with search and cycle clauses
WITH RECURSIVE tree(id, parent_id, name) AS (SELECT id, parent_id, name FROM regions WHERE parent_id IS NULL UNION ALL SELECT r.id, r.parent_id, r.name FROM regions r JOIN tree t ON r.parent_id = t.id)
 SEARCH DEPTH FIRST BY id SET sorted CYCLE id SET looped USING path SELECT id, name, looped FROM tree ORDER BY sorted
\g
-- payroll of each branch
--@ masked: paid=~
WITH RECURSIVE below AS (SELECT id AS boss, id, salary FROM hr.employees UNION ALL SELECT b.boss, e.id, e.salary FROM below b JOIN hr.employees e ON e.manager_id = b.id)
SELECT boss, count(*) - 1 AS reports, max(salary) AS paid FROM below GROUP BY boss ORDER BY boss
\g
-- a recursive series
WITH RECURSIVE fib(a, b) AS (VALUES (0, 1) UNION ALL SELECT b, a + b FROM fib WHERE b < 100) SELECT a FROM fib
\g
-- days without orders
SELECT d::date FROM generate_series(timestamp '2024-02-01', timestamp '2024-02-20', interval '1 day') d LEFT JOIN orders o ON (o.placed_at AT TIME ZONE 'UTC')::date = d::date WHERE o.id IS NULL ORDER BY 1
\g
-- calendar with zeros
SELECT m::date, count(o.id), coalesce(sum(o.total), 0) FROM generate_series(date '2024-01-01', date '2024-12-01', interval '1 month') m
LEFT JOIN orders o ON date_trunc('month', o.placed_at AT TIME ZONE 'UTC') = m GROUP BY m ORDER BY m
\g
-- top three of each category by LATERAL
SELECT c.category, t.title, t.sold FROM (SELECT DISTINCT category FROM products) c CROSS JOIN LATERAL
 (SELECT p.title, sum(i.quantity) AS sold FROM products p JOIN order_items i ON i.product_id = p.id WHERE p.category = c.category GROUP BY p.id ORDER BY sold DESC, p.id LIMIT 3) t ORDER BY 1, 3 DESC, 2
\g
-- last order of customers by LATERAL
--@ masked: email=last4 phone=last4
SELECT c.id, c.email, c.phone, o.placed_at, o.total FROM customers c LEFT JOIN LATERAL (SELECT * FROM orders WHERE customer_id = c.id ORDER BY placed_at DESC LIMIT 1) o ON true ORDER BY c.id
\g
-- a masked column inside of LATERAL
--@ masked: mail=last4
SELECT o.id, x.mail FROM orders o, LATERAL (SELECT c.email AS mail FROM customers c WHERE c.id = o.customer_id) x ORDER BY o.id LIMIT 12
\g
-- median and percentiles
SELECT category, percentile_cont(0.5) WITHIN GROUP (ORDER BY price) AS median, percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY price) AS quartiles, mode() WITHIN GROUP (ORDER BY length(title)) FROM products GROUP BY category ORDER BY 1
\g
-- statistics
SELECT round(stddev_samp(total), 4), round(var_pop(total), 4), corr(total, id) IS NOT NULL, regr_slope(total, id) IS NOT NULL FROM orders
\g
-- pivot by FILTER
SELECT customer_id, count(*) FILTER (WHERE state = 'new') AS new, count(*) FILTER (WHERE state = 'paid') AS paid, sum(total) FILTER (WHERE state = 'shipped') AS shipped FROM orders GROUP BY customer_id ORDER BY customer_id
\g
-- pivot by CASE
SELECT to_char(placed_at AT TIME ZONE 'UTC', 'MM') AS m, sum(CASE WHEN state = 'paid' THEN total ELSE 0 END) AS paid, sum(CASE state WHEN 'returned' THEN total ELSE 0 END) AS returned FROM orders GROUP BY 1 ORDER BY 1
\g
-- distinct on
SELECT DISTINCT ON (customer_id) customer_id, id, state FROM orders ORDER BY customer_id, placed_at DESC
\g
-- hypothetical rank
SELECT rank(50) WITHIN GROUP (ORDER BY price), cume_dist(12.5) WITHIN GROUP (ORDER BY price) FROM products
\g
-- histogram
SELECT width_bucket(total, 0, 300, 6) AS bucket, count(*), numrange(min(total), max(total), '[]') FROM orders GROUP BY bucket ORDER BY bucket
\g
-- basket pairs
SELECT a.product_id, b.product_id, count(*) FROM order_items a JOIN order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id GROUP BY 1, 2 HAVING count(*) > 2 ORDER BY 3 DESC, 1, 2
\g
-- a funnel
SELECT count(DISTINCT v.customer_id) AS viewed, count(DISTINCT b.customer_id) AS bought FROM events v LEFT JOIN events b ON b.customer_id = v.customer_id AND b.kind = 'buy' AND b.at > v.at WHERE v.kind = 'view'
\g
-- two CTEs of masked columns joined on the masked column
--@ masked: mail=last4
WITH a AS (SELECT id, email AS mail FROM customers), b AS (SELECT email::text AS mail, id FROM hr.employees) SELECT a.id, a.mail FROM a LEFT JOIN b ON a.mail = b.mail WHERE b.id IS NULL ORDER BY a.id LIMIT 10
\g
-- a CTE named like a table
WITH customers AS (SELECT 1 AS id, 'a@example.com' AS email) SELECT id FROM customers
\g
-- values as a table
SELECT v.k, c.name FROM (VALUES (1, 'one'), (2, 'two')) AS v(n, k) JOIN customers c ON c.id = v.n ORDER BY 1
\g
-- a table sample that takes all
SELECT count(*) FROM orders TABLESAMPLE SYSTEM (100)
\g
-- rows from several functions
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) WITH ORDINALITY AS t(n, s, i)
\g
-- fetch first with ties
SELECT id, quantity FROM stock ORDER BY quantity DESC FETCH FIRST 3 ROWS WITH TIES
\g
