-- Names that mean something else, statements prepared before, roles, cursors, settings.
CREATE TEMP TABLE people (id integer, ssn text, harmless text)
SELECT ssn FROM public.people
SELECT ssn || '' FROM public.people
DROP TABLE pg_temp.people

SET search_path = hr
SELECT ssn FROM people
SELECT people FROM people
SET search_path = public

PREPARE q AS SELECT ssn FROM people
EXECUTE q
SET search_path = hr
EXECUTE q
SET search_path = public
DEALLOCATE q

PREPARE q (int) AS SELECT name FROM people WHERE id = $1 UNION ALL SELECT ssn FROM people
EXECUTE q(1)
CREATE TEMP TABLE kept_q AS EXECUTE q(1)
SELECT * FROM kept_q

BEGIN
PREPARE q AS SELECT id FROM orders
ROLLBACK
DEALLOCATE q
PREPARE q AS SELECT email || '' FROM people
EXECUTE q
DEALLOCATE q

BEGIN
DECLARE c CURSOR FOR SELECT id, name FROM people
DECLARE d CURSOR FOR SELECT id, ssn AS name FROM people
FETCH ALL FROM c
FETCH ALL FROM d
MOVE BACKWARD ALL IN d
CLOSE c
ROLLBACK

BEGIN
DECLARE c CURSOR FOR SELECT id, name FROM people
CLOSE c
DECLARE c SCROLL CURSOR FOR SELECT id, ssn FROM people
FETCH 3 FROM c
FETCH BACKWARD 1 FROM c
FETCH ABSOLUTE 2 FROM c
ROLLBACK

BEGIN
DECLARE c CURSOR WITH HOLD FOR SELECT ssn, upper(email) FROM people
COMMIT
FETCH ALL FROM c
CLOSE ALL

BEGIN
SAVEPOINT a
DECLARE c CURSOR FOR SELECT ssn FROM people
ROLLBACK TO a
DECLARE c CURSOR FOR SELECT ssn || '' FROM people
FETCH ALL FROM c
ROLLBACK

BEGIN
CREATE FUNCTION opens(refcursor) RETURNS refcursor LANGUAGE plpgsql AS $$ BEGIN OPEN $1 FOR SELECT ssn FROM people; RETURN $1; END $$
SELECT opens('c')
FETCH ALL FROM c
ROLLBACK

BEGIN
DO $$ DECLARE c refcursor := 'c'; BEGIN OPEN c FOR SELECT ssn || '' FROM people; END $$
FETCH ALL FROM c
ROLLBACK

SET ROLE postgres
SELECT ssn FROM people
SELECT reverse(ssn) FROM people
RESET ROLE

SET SESSION AUTHORIZATION postgres
SELECT ssn || '' FROM people
RESET SESSION AUTHORIZATION

SET DateStyle = 'German'
SELECT born, seen FROM people
SELECT born::text FROM people
RESET DateStyle

SET bytea_output = 'escape'
SELECT raw FROM people
RESET bytea_output

SET xmloption = 'document'
SET extra_float_digits = 3
SET IntervalStyle = 'iso_8601'
SELECT rate, worth, seen, note FROM people
RESET ALL

SET client_encoding = 'LATIN1'
SELECT ssn, email, phone FROM people
RESET client_encoding

SET client_encoding = 'SJIS'
SELECT ssn, phone, handle FROM people
RESET client_encoding

SET client_min_messages = 'debug5'
SET debug_print_plan = on
SELECT ssn FROM people
SELECT id FROM people WHERE ssn = 'x'
RESET ALL

SET client_min_messages = 'log'
SET log_statement_stats = on
SET log_error_verbosity = 'verbose'
INSERT INTO login (id, ssn) SELECT id + 100, ssn FROM login
RESET ALL

LISTEN told
SELECT pg_notify('told', ssn) FROM people
SELECT 1
UNLISTEN *

LISTEN told
DO $$ BEGIN PERFORM pg_notify('told', (SELECT ssn FROM people WHERE id = 1)); END $$
SELECT 1
UNLISTEN *

SELECT set_config('leak.x', (SELECT ssn FROM people WHERE id = 1), false)
SHOW leak.x
SELECT current_setting('leak.x')

SELECT lo_from_bytea(5000, convert_to((SELECT ssn FROM people WHERE id = 1), 'UTF8'))
SELECT lo_get(5000)
SELECT lo_unlink(5000)

BEGIN
SELECT setval('ticks', (SELECT balance FROM people WHERE id = 1))
SELECT last_value FROM ticks
ROLLBACK

BEGIN
ALTER SEQUENCE ticks RESTART 5
SELECT setval('ticks', max(balance)) FROM people
SELECT last_value::text FROM ticks
ROLLBACK

BEGIN
CREATE STATISTICS told (mcv) ON ssn, email FROM people
ANALYZE people
SELECT most_common_vals FROM pg_stats_ext
SELECT pg_mcv_list_items(stxdmcv)::text FROM pg_statistic_ext_data
ROLLBACK

BEGIN
CREATE INDEX told ON people ((upper(ssn) || ''))
ANALYZE people
SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'told'
ROLLBACK

BEGIN
UPDATE login SET ssn = (SELECT ssn FROM login WHERE id = 1) WHERE id = 2
ROLLBACK

BEGIN
CREATE TABLE list (x text, CONSTRAINT told UNIQUE (x))
INSERT INTO list SELECT ssn FROM login
INSERT INTO list SELECT ssn FROM login
ROLLBACK

SET synchronous_commit = on
SELECT pg_create_logical_replication_slot('told', 'test_decoding')
UPDATE login SET ok = false
SELECT data FROM pg_logical_slot_get_changes('told', NULL, NULL)
SELECT pg_drop_replication_slot('told')

BEGIN
CREATE SERVER self FOREIGN DATA WRAPPER dblink_fdw OPTIONS (dbname 'x')
SELECT * FROM dblink('dbname=' || current_database() || ' port=' || current_setting('port') || ' host=' || current_setting('unix_socket_directories'), 'SELECT ssn FROM people') AS d(x text)
ROLLBACK

BEGIN
CREATE POLICY told ON orders USING (run_text('SELECT max(ssn) FROM people') <> '')
SELECT run_text('SELECT max(ssn) FROM people')
ROLLBACK

COPY people TO '/tmp/weir-leaks-copy'
SELECT pg_read_file('/tmp/weir-leaks-copy')
COPY (SELECT 1) TO PROGRAM 'rm -f /tmp/weir-leaks-copy'

BEGIN
INSERT INTO people (id, name, city, ssn) SELECT id + 1000, name, city, ssn FROM people
UPDATE people SET ssn = (SELECT p.ssn FROM people p WHERE p.id = 1) WHERE id > 1000
SELECT ssn, shout FROM people WHERE id > 1000
SELECT lower(shout) FROM people WHERE id > 1000
ROLLBACK

BEGIN
CREATE EXTENSION file_fdw
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw
CREATE FOREIGN TABLE program (x text) SERVER files OPTIONS (program 'true')
SELECT ssn || '' FROM people
ROLLBACK

BEGIN
MERGE INTO notes n USING people p ON n.id = p.id WHEN NOT MATCHED THEN INSERT (body) VALUES (p.ssn)
SELECT body FROM notes
ROLLBACK

BEGIN
MERGE INTO people t USING people p ON t.id = p.id WHEN MATCHED AND p.id < 7 THEN UPDATE SET name = p.ssn
SELECT name FROM people
ROLLBACK

BEGIN
CREATE TABLE list (p people)
INSERT INTO list SELECT p FROM people p
SELECT (p).ssn FROM list
ROLLBACK

BEGIN
CREATE TABLE list OF place
INSERT INTO list SELECT ssn, email FROM people
TABLE list
ROLLBACK

CREATE TEMP TABLE orders (x integer)
INSERT INTO orders VALUES (1)
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
SELECT (SELECT upper(item) FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
SELECT (SELECT o.x::text || item FROM orders o LIMIT 1) FROM people AS p (id, name, region, item)
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT email AS item FROM people) p
SELECT (SELECT json_agg(item) FROM (SELECT ssn AS item FROM people) p, LATERAL (SELECT item AS y FROM orders) o)
DROP TABLE pg_temp.orders

BEGIN
ALTER TABLE orders RENAME COLUMN item TO thing
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
SELECT (SELECT upper(item) FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
ROLLBACK

BEGIN
ALTER TABLE orders DROP COLUMN item CASCADE
SELECT (SELECT upper(item) FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
ROLLBACK

BEGIN
ALTER TABLE base RENAME COLUMN id TO number
SELECT (SELECT id FROM heir LIMIT 1) FROM (SELECT ssn AS id FROM people) p
ROLLBACK

BEGIN
ALTER TABLE base DROP COLUMN id
SELECT a || '' FROM heir AS h (a, b)
ROLLBACK

BEGIN
DROP TYPE mood CASCADE
SELECT c30 || '' FROM people AS p (c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14,c15,c16,c17,c18,c19,c20,c21,c22,c23,c24,c25,c26,c27,c28,c29,c30)
ROLLBACK

BEGIN
DROP TYPE mark CASCADE
SELECT (SELECT tagged FROM marked LIMIT 1) FROM (SELECT ssn AS tagged FROM people) p
ROLLBACK

CREATE TEMP TABLE orders (x integer); INSERT INTO orders VALUES (1); SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
DROP TABLE IF EXISTS pg_temp.orders

BEGIN; ALTER TABLE orders RENAME COLUMN item TO thing; SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p; ROLLBACK

BEGIN
ALTER TYPE shape DROP ATTRIBUTE note CASCADE
SELECT b || '' FROM shaped AS s (a, b)
ROLLBACK

BEGIN
ALTER TYPE shape RENAME ATTRIBUTE note TO other CASCADE
SELECT (SELECT note FROM shaped LIMIT 1) FROM (SELECT ssn AS note FROM people) p
ROLLBACK

BEGIN
DROP SCHEMA hr CASCADE
SELECT ssn FROM public.people
DROP TABLE orders CASCADE
ALTER TABLE people RENAME COLUMN city TO item
SELECT (SELECT city FROM people LIMIT 1) FROM (SELECT ssn AS city FROM people) p
ROLLBACK

BEGIN
DO $$ BEGIN ALTER TABLE orders RENAME COLUMN item TO thing; END $$
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
ROLLBACK

BEGIN
DO $$ BEGIN DROP TYPE mark CASCADE; END $$
SELECT (SELECT tagged FROM marked LIMIT 1) FROM (SELECT ssn AS tagged FROM people) p
ROLLBACK

BEGIN
CREATE FUNCTION drops() RETURNS void LANGUAGE sql AS 'ALTER TABLE orders RENAME COLUMN item TO thing'
SELECT drops()
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
ROLLBACK

CREATE FUNCTION drops() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE orders RENAME COLUMN item TO thing; END'
BEGIN
SELECT drops()
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
ROLLBACK
DROP FUNCTION drops()

BEGIN
CREATE TEMP VIEW orders AS SELECT 1 AS x
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
ROLLBACK

BEGIN
CREATE TABLE hr.orders (x integer)
INSERT INTO hr.orders VALUES (1)
SET LOCAL search_path = hr
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
ROLLBACK

DO $$ BEGIN EXECUTE 'CREATE TEMP TABLE orders (x integer)'; INSERT INTO pg_temp.orders VALUES (1); END $$
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
DROP TABLE IF EXISTS pg_temp.orders

WITH x AS (SELECT 1 AS y) SELECT y INTO TEMP orders FROM x
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
DROP TABLE IF EXISTS pg_temp.orders

PREPARE made AS SELECT 1 AS y
CREATE TEMP TABLE orders AS EXECUTE made
SELECT (SELECT item FROM orders LIMIT 1) FROM (SELECT ssn AS item FROM people) p
DROP TABLE IF EXISTS pg_temp.orders
