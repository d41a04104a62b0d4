-- customers with what they spent
SELECT c.id, c.name, count(o.id) AS orders, coalesce(sum(o.total), 0) AS spent
FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.state <> 'new'
GROUP BY c.id, c.name ORDER BY spent DESC, c.id LIMIT 10
\g
-- the same with the address of each
--@ masked: email=last4
SELECT c.id, c.email, sum(o.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.email ORDER BY spent DESC, c.id LIMIT 10
\g
-- the same, grouped by the key alone
--@ masked: email=last4 phone=last4
SELECT c.id, c.email, c.phone, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY c.id
\g
-- everything of some customers
--@ masked: email=last4 phone=last4 ssn=redact born=near
SELECT * FROM customers WHERE id BETWEEN 3 AND 8 ORDER BY id
\g
-- revenue by month
SELECT to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, count(*), round(sum(total), 2) FROM orders WHERE state IN ('paid', 'shipped') GROUP BY 1 ORDER BY 1
\g
-- revenue by month and category, with totals
SELECT date_trunc('month', o.placed_at AT TIME ZONE 'UTC')::date AS month, p.category, sum(i.amount) AS amount, grouping(p.category)
FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
GROUP BY GROUPING SETS ((1, 2), (1), ()) ORDER BY 1 NULLS LAST, 2 NULLS LAST
\g
-- cube of states and regions
SELECT o.state, r.name, count(*) FROM orders o JOIN customers c ON c.id = o.customer_id JOIN regions r ON r.id = c.region_id GROUP BY CUBE (o.state, r.name) ORDER BY 1, 2
\g
-- rollup over regions
SELECT r.name, c.active, count(*) FROM customers c JOIN regions r ON r.id = c.region_id GROUP BY ROLLUP (r.name, c.active) ORDER BY 1 NULLS LAST, 2 NULLS LAST
\g
-- products never sold
SELECT p.id, p.title FROM products p WHERE NOT EXISTS (SELECT 1 FROM order_items i WHERE i.product_id = p.id) ORDER BY 1
\g
-- customers without orders
--@ masked: email=last4
SELECT c.id, c.name, c.email FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY c.id
\g
-- customers without an address
SELECT id, name FROM customers WHERE email IS NULL ORDER BY id
\g
-- how many have an address
SELECT count(*), count(email), count(DISTINCT email), count(*) FILTER (WHERE email IS NULL) AS missing FROM customers
\g
-- rows per address
--@ masked: email=last4
SELECT email, count(*) FROM customers GROUP BY email
\g
-- duplicates of an address
--@ masked: email=last4
SELECT email, count(*) AS n FROM customers WHERE email IS NOT NULL GROUP BY email HAVING count(*) > 1
\g
-- one customer by address
--@ masked: email=last4
SELECT id, name, email FROM customers WHERE email = 'person10@mail1.example.com'
\g
-- one customer by a parameter
--@ with: person10@mail1.example.com
--@ masked: email=last4
SELECT id, name, email FROM customers WHERE email = $1
\g
-- several customers by a parameter
--@ with: {person10@mail1.example.com,person11@mail2.example.com}
SELECT id, name FROM customers WHERE email = ANY($1) ORDER BY id
\g
-- several customers by addresses
--@ masked: email=last4
SELECT id, email FROM customers WHERE email IN ('person10@mail1.example.com', 'person11@mail2.example.com') ORDER BY id
\g
-- all but one by address
SELECT count(*) FROM customers WHERE email <> 'person10@mail1.example.com'
\g
-- folded address
SELECT id FROM customers WHERE lower(email) = lower('Person10@mail1.example.com')
\g
-- distinct addresses
--@ masked: email=last4
SELECT DISTINCT email FROM customers
\g
-- employees and the customers with the same address
SELECT c.id, e.id FROM customers c JOIN hr.employees e ON c.email = e.email::text
\g
-- who shares a phone
SELECT a.id, b.id FROM customers a JOIN customers b ON a.phone = b.phone AND a.id < b.id ORDER BY 1, 2
\g
-- customers with a card payment
--@ masked: email=last4 card_number=edges
SELECT DISTINCT ON (c.id) c.id, c.email, p.card_number, p.amount
FROM customers c JOIN orders o ON o.customer_id = c.id JOIN payments p ON p.order_id = o.id WHERE p.method = 'card' ORDER BY c.id, p.paid_at DESC, p.id
\g
-- payments by method
SELECT method, count(*), sum(amount), min(paid_at), max(paid_at) FROM payments GROUP BY method ORDER BY method
\g
-- payments per account
--@ masked: iban=hash
SELECT iban, count(*), sum(amount) FROM payments WHERE iban IS NOT NULL GROUP BY iban
\g
-- accounts used twice, by a subquery
SELECT count(*) FROM (SELECT iban FROM payments GROUP BY iban HAVING count(*) > 1) x
\g
-- orders with payments missing
SELECT o.id, o.total FROM orders o LEFT JOIN payments p ON p.order_id = o.id WHERE p.id IS NULL AND o.state <> 'new' ORDER BY 1
\g
-- full join of stock and sales
SELECT coalesce(s.product_id, i.product_id) AS product, s.quantity, i.sold FROM stock s
FULL JOIN (SELECT product_id, sum(quantity) AS sold FROM order_items GROUP BY product_id) i ON i.product_id = s.product_id ORDER BY 1
\g
-- natural join
SELECT product_id, quantity, line FROM order_items NATURAL JOIN (SELECT product_id FROM stock WHERE quantity > 200) s ORDER BY order_id, line LIMIT 20
\g
-- join with USING
SELECT product_id, s.quantity, sum(i.quantity) FROM order_items i JOIN stock s USING (product_id) GROUP BY product_id, s.quantity ORDER BY 1
\g
-- cross join of states and methods
SELECT s, m, count(p.id) FROM unnest(enum_range(NULL::order_state)) s CROSS JOIN (VALUES ('card'), ('transfer')) v(m)
LEFT JOIN orders o ON o.state = s LEFT JOIN payments p ON p.order_id = o.id AND p.method = m GROUP BY 1, 2 ORDER BY 1, 2
\g
-- self join of employees
--@ masked: salary=redact
SELECT e.name, m.name AS boss, e.salary FROM hr.employees e LEFT JOIN hr.employees m ON m.id = e.manager_id ORDER BY e.id
\g
-- mean salary where the rule shows it
SELECT department, avg(salary)::int AS mean, sum(salary) AS paid, count(*) FROM hr.employees GROUP BY department ORDER BY department
\g
-- highest salary
--@ masked: most=~ least=~
SELECT department, max(salary) AS most, min(salary) AS least FROM hr.employees GROUP BY department ORDER BY department
\g
-- having on a clean aggregate beside a masked column
--@ masked: emails=~
SELECT region_id, array_agg(email) AS emails, count(*) FROM customers GROUP BY region_id HAVING count(*) > 5 ORDER BY region_id
\g
-- a list of names for each region
SELECT r.name, string_agg(c.name, ', ' ORDER BY c.name) FROM regions r JOIN customers c ON c.region_id = r.id GROUP BY r.name ORDER BY 1
\g
-- a list of addresses for each region
--@ masked: addresses=~
SELECT r.name, string_agg(c.email, ', ' ORDER BY c.id) AS addresses FROM regions r JOIN customers c ON c.region_id = r.id GROUP BY r.name ORDER BY 1
\g
-- semi join by IN
--@ masked: email=last4
SELECT id, email FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE total > 100) ORDER BY id
\g
-- anti join by NOT IN
SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM tickets WHERE customer_id IS NOT NULL) ORDER BY id
\g
-- exists over two levels
SELECT r.name FROM regions r WHERE EXISTS (SELECT 1 FROM customers c WHERE c.region_id = r.id AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > 90)) ORDER BY 1
\g
-- a correlated subquery in the outputs
--@ masked: email=last4
SELECT c.id, c.email, (SELECT max(o.placed_at) FROM orders o WHERE o.customer_id = c.id) AS last_order FROM customers c ORDER BY c.id
\g
-- a masked column out of a subquery in the outputs
--@ masked: mail=last4
SELECT o.id, (SELECT c.email FROM customers c WHERE c.id = o.customer_id) AS mail FROM orders o ORDER BY o.id LIMIT 20
\g
-- above the mean of its own category
SELECT p.id, p.price FROM products p WHERE p.price > (SELECT avg(q.price) FROM products q WHERE q.category = p.category) ORDER BY 1
\g
-- comparison with ALL and ANY
SELECT id FROM products WHERE price >= ALL (SELECT price FROM products WHERE category = 'seat') OR id = ANY (ARRAY[1, 2]) ORDER BY id
\g
-- orders whose contact is not the customer's, by clean ids
--@ masked: email=last4
SELECT o.id, o.contact_email IS NOT NULL AS has_contact, c.email FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id LIMIT 15
\g
-- set operations of ids
SELECT customer_id FROM orders WHERE total > 120 INTERSECT SELECT customer_id FROM tickets EXCEPT SELECT customer_id FROM sessions WHERE agent = 'Browser/1' ORDER BY 1
\g
-- union of two kinds of people
--@ masked: email=last4
SELECT 'customer' AS kind, name, email FROM customers WHERE id < 4 UNION ALL SELECT 'staff', name, email::text FROM hr.employees WHERE id < 4
\g
-- union that removes duplicates, of a masked column
--@ refused: which of the column that is not masked go away would show the values of the masked one
SELECT email FROM customers UNION SELECT contact_email FROM orders
\g
-- the same, with duplicates
--@ masked: email=last4
SELECT email FROM customers UNION ALL SELECT contact_email FROM orders
\g
