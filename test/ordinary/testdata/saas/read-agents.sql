-- agent explores
SELECT version()
\g
SELECT current_database(), current_user, session_user, current_schema()
\g
SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog','information_schema') ORDER BY 1,2
\g
SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema='public' AND table_name = 'users' ORDER BY ordinal_position
\g
SELECT tc.constraint_name, kcu.column_name, ccu.table_name AS foreign_table FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu USING (constraint_schema, constraint_name) JOIN information_schema.constraint_column_usage ccu USING (constraint_schema, constraint_name) WHERE tc.constraint_type = 'FOREIGN KEY' ORDER BY 1,2,3
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT * FROM users LIMIT 10
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT * FROM users ORDER BY id LIMIT 3 OFFSET 2
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT * FROM public.users WHERE id = 7
\g
SELECT COUNT(*) FROM users
\g
SELECT COUNT(email), COUNT(DISTINCT email), COUNT(ssn), COUNT(phone) FROM users
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT * FROM users WHERE email = 'user5@mail0.example'
\g
SELECT id, name FROM users WHERE email IN ('user5@mail0.example', 'user6@mail1.example')
\g
--@ masked: email=last4 phone=last4
SELECT id, name, email, phone FROM users WHERE phone IS NOT NULL ORDER BY created_at DESC LIMIT 5
\g
SELECT status, COUNT(*) AS n FROM users GROUP BY status ORDER BY n DESC, status
\g
SELECT role, count(*) FROM users WHERE deleted_at IS NULL GROUP BY role HAVING count(*) > 1 ORDER BY 1
\g
SELECT * FROM accounts ORDER BY id
\g
SELECT * FROM orders ORDER BY id DESC LIMIT 20
\g
SELECT * FROM order_items ORDER BY order_id, line LIMIT 20
\g
SELECT * FROM products ORDER BY id
\g
--@ masked: card_number=edges iban=hash
SELECT * FROM billing.payments ORDER BY id LIMIT 10
\g
SELECT * FROM billing.invoices ORDER BY id
\g
SELECT * FROM events ORDER BY id LIMIT 10
\g
SELECT * FROM hr.people ORDER BY id
\g
SELECT * FROM ONLY hr.people
\g
--@ masked: salary=redact
SELECT * FROM hr.employees ORDER BY id
\g
SELECT tableoid::regclass, id, name FROM hr.people ORDER BY id
\g
--@ masked: email=last4
SELECT * FROM active_users ORDER BY id LIMIT 5
\g
--@ masked: customer_email=last4
SELECT * FROM order_summary ORDER BY id LIMIT 5
\g
SELECT * FROM reporting.daily_sales ORDER BY day, currency
\g
SELECT * FROM reporting.account_health ORDER BY id
\g
--@ masked: secret=null
SELECT * FROM api_keys ORDER BY id
\g
SELECT * FROM documents ORDER BY id
\g
--@ masked: new_row=json old_row=json
SELECT * FROM audit_log ORDER BY id
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT u.* FROM users u JOIN accounts a ON a.id = u.account_id WHERE a.plan = 'pro' ORDER BY u.id LIMIT 5
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT users.*, accounts.name AS account_name FROM users, accounts WHERE users.account_id = accounts.id ORDER BY users.id LIMIT 5
\g
TABLE accounts
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
TABLE users
\g
--@ masked: email=last4
SELECT DISTINCT email FROM users
\g
SELECT DISTINCT status, role FROM users ORDER BY 1, 2
\g
--@ masked: email=last4
SELECT email, count(*) FROM users GROUP BY email
\g
--@ masked: email=last4
SELECT email, count(*) AS n FROM users GROUP BY email HAVING count(*) > 1
\g
SELECT count(*) FROM (SELECT DISTINCT email FROM users) q
\g
SELECT count(*) FROM users WHERE email IS NULL
\g
SELECT count(*) FILTER (WHERE phone IS NULL) AS without, count(*) AS total FROM users
\g
SELECT reltuples::bigint FROM pg_class WHERE relname = 'users'
\g
SELECT relname, n_live_tup FROM pg_stat_user_tables WHERE schemaname = 'hr' ORDER BY 1
\g
--@ differs: sizes
SELECT pg_size_pretty(pg_total_relation_size('users')), pg_relation_size('orders'::regclass)
\g
--@ differs: size
SELECT pg_size_pretty(pg_database_size(current_database()))
\g
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'users' ORDER BY 1
\g
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'users'::regclass ORDER BY 1
\g
SELECT pg_get_viewdef('active_users'::regclass, true)
\g
SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname IN ('order_total','slugify') ORDER BY 1
\g
SELECT pg_get_functiondef('order_total'::regproc)
\g
SELECT enumlabel FROM pg_enum WHERE enumtypid = 'order_status'::regtype ORDER BY enumsortorder
\g
SELECT enum_range(NULL::order_status)
\g
SELECT unnest(enum_range(NULL::user_role)) AS role
\g
SELECT obj_description('users'::regclass), col_description('users'::regclass, 1)
\g
SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1
\g
SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user
\g
SELECT has_table_privilege('users', 'SELECT'), has_schema_privilege('billing', 'USAGE')
\g
SELECT name, setting FROM pg_settings WHERE name IN ('TimeZone', 'work_mem') ORDER BY 1
\g
SELECT extname FROM pg_extension ORDER BY 1
\g
SELECT last_value FROM billing.invoice_no
\g
SELECT 1
\g
SELECT 1 AS one, 'two' AS two, NULL AS three, true AS four, 1.5 AS five
\g
SELECT now() IS NOT NULL
\g
SHOW server_version
\g
SHOW search_path
\g
SHOW ALL
\g
EXPLAIN (COSTS OFF) SELECT * FROM users WHERE id = 1
\g
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT * FROM orders WHERE user_id = 3
\g
--@ plan
EXPLAIN ANALYZE SELECT * FROM orders WHERE user_id = 3
\g
--@ plan
EXPLAIN (ANALYZE, BUFFERS) SELECT u.name, count(*) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.name
\g
--@ plan
EXPLAIN ANALYZE SELECT id, email FROM users WHERE id < 10
\g
--@ plan
EXPLAIN (ANALYZE, VERBOSE, FORMAT YAML) SELECT count(*) FROM users
\g
EXPLAIN (COSTS OFF) SELECT id FROM users WHERE email = 'user5@mail0.example'
\g

-- agent errors are as directly
SELECT * FROM no_such_table
\g
--@ hidden: weir's own words
SELECT no_such_column FROM users
\g
SELECT no_such_column FROM accounts
\g
SELEC 1
\g
SELECT 1/0
\g
SELECT 'abc'::int
\g
SELECT * FROM accounts WHERE id = 'x'
\g
--@ hidden: weir's own words
SELECT no_such_function(1)
\g
SELECT sum(name) FROM accounts
\g
SELECT name, count(*) FROM accounts
\g
SELECT * FROM accounts a JOIN users u ON a.id = u.account_id WHERE id = 1
\g
--@ hidden: weir's own words
SELECT email FROM users WHERE emial = 'x'
\g
--@ hidden: weir's own words
SELECT u.nope, u.email FROM users u
\g
SELECT * FROM userss
\g
SELECT * FROM "Users"
\g
--@ hidden: weir's own words
SELECT 1 FROM users GROUP BY nope
\g
SELECT date_trunc('nonsense', now())
\g
SELECT to_date('2024-13-45', 'YYYY-MM-DD')
\g
SELECT * FROM accounts LIMIT -1
\g
SELECT 'x'::plan_tier
\g
SELECT ''::sku_code
\g
SELECT array_length(1, 1)
\g

-- doubles in another case, and what the planner knows
SELECT count(*) FROM (SELECT lower(email) AS mail FROM users GROUP BY 1 HAVING count(*) > 1) d
\g
SELECT count(DISTINCT lower(email)) AS mails, count(DISTINCT (role, email)) AS pairs, count(*) AS people FROM users
\g
SELECT count(*) FROM (SELECT id, row_number() OVER (PARTITION BY lower(trim(email)) ORDER BY created_at, id) AS n FROM users) d WHERE n > 1
\g
SELECT count(*) FROM (SELECT lower(email) AS mail FROM users) a JOIN (SELECT DISTINCT lower(email) AS mail FROM users) b USING (mail)
\g
--@ differs: of the moment
SELECT attname, n_distinct, null_frac, avg_width FROM pg_stats WHERE schemaname = 'public' AND tablename = 'users' ORDER BY attname
\g
