-- Copy first, read later. Each block is one session; it begins and ends its own transactions.
CREATE TABLE stolen AS SELECT ssn FROM people
SELECT * FROM stolen
DROP TABLE stolen

BEGIN
SELECT ssn, email INTO TEMP stolen FROM people
SELECT * FROM stolen
ROLLBACK

BEGIN
CREATE TABLE stolen (x text)
INSERT INTO stolen SELECT ssn FROM people
TABLE stolen
ROLLBACK

BEGIN
INSERT INTO notes (body) SELECT p::text FROM people p
SELECT body FROM notes
ROLLBACK

BEGIN
UPDATE orders SET item = (SELECT ssn FROM people WHERE id = person_id)
SELECT item FROM orders
ROLLBACK

BEGIN
UPDATE people SET name = ssn, city = email WHERE id < 7
SELECT name, city FROM people
ROLLBACK

BEGIN
CREATE VIEW stolen AS SELECT ssn AS x, email || '' AS y FROM people
SELECT * FROM stolen
ROLLBACK

BEGIN
CREATE MATERIALIZED VIEW stolen AS SELECT upper(ssn) AS x FROM people
SELECT * FROM stolen
ROLLBACK

BEGIN
CREATE RECURSIVE VIEW stolen (x) AS SELECT ssn FROM people
SELECT * FROM stolen
ROLLBACK

BEGIN
ALTER TABLE people RENAME COLUMN ssn TO harmless
SELECT harmless FROM people
ROLLBACK

BEGIN
ALTER TABLE people RENAME TO harmless
SELECT ssn, email FROM harmless
ROLLBACK

BEGIN
ALTER TABLE login SET SCHEMA hr
SELECT ssn FROM hr.login
ROLLBACK

BEGIN
ALTER SCHEMA hr RENAME TO open
SELECT ssn FROM open.people
ROLLBACK

BEGIN
ALTER TABLE people ADD COLUMN copy text GENERATED ALWAYS AS (lower(ssn)) STORED
SELECT copy FROM people
ROLLBACK

BEGIN
ALTER TABLE people ADD COLUMN copy text
UPDATE people SET copy = ssn
SELECT copy FROM people
ROLLBACK

BEGIN
ALTER TABLE login ALTER COLUMN ssn TYPE bytea USING ssn::bytea
SELECT ssn FROM login
ROLLBACK

BEGIN
ALTER TABLE login ALTER COLUMN ok DROP DEFAULT
ALTER TABLE login ALTER COLUMN ok TYPE text USING ssn
SELECT ok FROM login
ROLLBACK

BEGIN
ALTER TABLE events DETACH PARTITION events_low
SELECT ip FROM events_low
ROLLBACK

BEGIN
ALTER TABLE heir NO INHERIT base
SELECT secret FROM heir
ROLLBACK

BEGIN
CREATE TABLE mother (id integer, ssn text)
ALTER TABLE login INHERIT mother
SELECT ssn FROM mother
ROLLBACK

BEGIN
CREATE TABLE mother (id integer, ssn text, ok boolean) PARTITION BY RANGE (id)
ALTER TABLE mother ATTACH PARTITION login DEFAULT
SELECT ssn FROM mother
ROLLBACK

BEGIN
CREATE FUNCTION stolen() RETURNS SETOF text LANGUAGE sql AS 'SELECT ssn FROM people'
SELECT * FROM stolen()
ROLLBACK

BEGIN
CREATE FUNCTION stolen() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT max(ssn) FROM people; END
SELECT stolen()
ROLLBACK

BEGIN
CREATE FUNCTION stolen(p people) RETURNS text LANGUAGE sql AS 'SELECT p.ssn'
SELECT stolen(p), p.stolen FROM people p
ROLLBACK

BEGIN
CREATE FUNCTION stolen(people) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN $1.ssn || ''; END $$
SELECT stolen(p) FROM people p
ROLLBACK

BEGIN
CREATE FUNCTION stolen(t text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE 'SELECT max(' || t || ') FROM people' INTO r; RETURN r; END $$
SELECT stolen('ssn')
ROLLBACK

BEGIN
CREATE FUNCTION stolen(anyelement) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN 'x'; END $$
SELECT stolen(ssn) FROM people
ROLLBACK

BEGIN
CREATE FUNCTION add(a text, b text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', b; RETURN a; END $$
CREATE AGGREGATE gather (text) (sfunc = add, stype = text, initcond = '')
SELECT gather(ssn) FROM people
ROLLBACK

BEGIN
CREATE AGGREGATE gather (text) (sfunc = textcat, stype = text, initcond = '')
SELECT gather(ssn) FROM people
ROLLBACK

BEGIN
CREATE FUNCTION shown(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN $1; END $$
CREATE OPERATOR !!! (PROCEDURE = shown, RIGHTARG = text)
SELECT !!! ssn FROM people
ROLLBACK

BEGIN
CREATE FUNCTION public.same(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$
CREATE OPERATOR public.= (PROCEDURE = public.same, LEFTARG = text, RIGHTARG = text)
SET LOCAL search_path = public, pg_catalog
SELECT id FROM people WHERE ssn = 'x'
ROLLBACK

BEGIN
CREATE FUNCTION public.upper(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN $1; END $$
SET LOCAL search_path = public, pg_catalog
SELECT upper(ssn) FROM people
ROLLBACK

BEGIN
CREATE FUNCTION public.count(text) RETURNS text LANGUAGE sql AS 'SELECT $1'
SET LOCAL search_path = public, pg_catalog
SELECT count(ssn) FROM people
ROLLBACK

BEGIN
CREATE FUNCTION public.length(text) RETURNS text LANGUAGE sql AS 'SELECT $1'
SET LOCAL search_path = public, pg_catalog
SELECT length(ssn) FROM people
ROLLBACK

BEGIN
CREATE FUNCTION shown(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$
CREATE DOMAIN seen_text AS text CHECK (shown(VALUE))
SELECT ssn::seen_text FROM people
ROLLBACK

BEGIN
CREATE TYPE seen_enum AS ENUM ('a')
SELECT ssn::seen_enum FROM people
ROLLBACK

BEGIN
CREATE FUNCTION to_place(text) RETURNS place LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN NULL; END $$
CREATE CAST (text AS place) WITH FUNCTION to_place(text)
SELECT ssn::place FROM people
ROLLBACK

BEGIN
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', OLD; RETURN NEW; END $$
CREATE TRIGGER told BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION told()
UPDATE people SET region = region
ROLLBACK

BEGIN
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes (body) SELECT ssn FROM people; RETURN NEW; END $$
CREATE TRIGGER told BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION told()
INSERT INTO orders (id) VALUES (999)
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE RULE told AS ON INSERT TO orders DO ALSO SELECT ssn FROM people
INSERT INTO orders (id) VALUES (999)
ROLLBACK

BEGIN
CREATE RULE told AS ON UPDATE TO orders DO INSTEAD SELECT email || '' FROM people
UPDATE orders SET item = 'x' WHERE id = 1
ROLLBACK

BEGIN
CREATE RULE told AS ON UPDATE TO people DO ALSO INSERT INTO notes (body) VALUES (OLD.ssn)
UPDATE people SET region = region
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE TABLE list (x text DEFAULT peek())
INSERT INTO list DEFAULT VALUES RETURNING x
ROLLBACK

BEGIN
ALTER TABLE notes ALTER COLUMN body SET DEFAULT peek()
INSERT INTO notes (n) VALUES (1) RETURNING body
ROLLBACK

BEGIN
CREATE TABLE list (x text REFERENCES people (email) ON UPDATE CASCADE)
UPDATE people SET email = 'known' WHERE id = 2
INSERT INTO list VALUES ('known')
WITH d AS (DELETE FROM people WHERE id = 90 RETURNING 1) UPDATE people SET email = (SELECT 'x' || email FROM people WHERE id = 1) WHERE id = 2
SELECT x FROM list
ROLLBACK

BEGIN
DO $$ DECLARE d text; BEGIN UPDATE people SET name = NULL WHERE id = 1; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; INSERT INTO notes (body) VALUES (d); END $$
SELECT body FROM notes
ROLLBACK

BEGIN
DO $$ DECLARE d text; BEGIN INSERT INTO login (id, ssn) SELECT id + 100, ssn FROM login; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; PERFORM set_config('leak.x', d, false); END $$
SELECT current_setting('leak.x')
ROLLBACK

BEGIN
DO $$ DECLARE d text; BEGIN PERFORM ssn::int FROM people; EXCEPTION WHEN OTHERS THEN INSERT INTO notes (body) VALUES (SQLERRM); END $$
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE FUNCTION caught() RETURNS text LANGUAGE plpgsql AS $$ DECLARE d text; BEGIN UPDATE people SET name = NULL WHERE id = 1; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; RETURN d; END $$
SELECT caught()
ROLLBACK

BEGIN
CREATE FUNCTION caught() RETURNS text LANGUAGE plpgsql AS $$ DECLARE d text; BEGIN UPDATE people SET city = 'x' WHERE id = 1; RETURN ''; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; RETURN SQLERRM || d; END $$
SELECT caught()
ROLLBACK

BEGIN
CREATE PROCEDURE caught(INOUT d text) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM people WHERE id = 1; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; UPDATE people SET name = NULL WHERE id = 1; END $$
CREATE OR REPLACE PROCEDURE caught(INOUT d text) LANGUAGE plpgsql AS $$ BEGIN UPDATE people SET name = NULL WHERE id = 1; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; END $$
CALL caught('')
ROLLBACK

BEGIN
EXPLAIN ANALYZE CREATE TABLE kept_by_explain AS SELECT ssn, email FROM people
SELECT * FROM kept_by_explain
ROLLBACK

BEGIN
EXPLAIN (ANALYZE, COSTS OFF) CREATE MATERIALIZED VIEW kept_by_explain AS SELECT upper(ssn) FROM people
SELECT * FROM kept_by_explain
ROLLBACK

BEGIN
EXPLAIN ANALYZE SELECT ssn INTO TEMP kept_by_explain FROM people
SELECT * FROM kept_by_explain
ROLLBACK

BEGIN
PREPARE kept AS SELECT ssn FROM people
EXPLAIN ANALYZE CREATE TEMP TABLE kept_by_explain AS EXECUTE kept
SELECT * FROM kept_by_explain
ROLLBACK

BEGIN
INSERT INTO notes (body) VALUES ('told')
UPDATE notes SET (body, arr[(SELECT salary FROM people WHERE id = 1)]) = (SELECT 'x', 'y') WHERE body = 'told' RETURNING arr
ROLLBACK

BEGIN
UPDATE pg_class SET relname = 'folk' WHERE oid = 'people'::regclass
SELECT ssn FROM folk
ROLLBACK

BEGIN
UPDATE pg_catalog.pg_attribute SET attname = 'plain' WHERE attrelid = 'people'::regclass AND attname = 'ssn'
SELECT plain FROM people
ROLLBACK

BEGIN
UPDATE pg_class SET relfilenode = 'login'::regclass::oid WHERE relname = 'entries'
UPDATE pg_class SET relnamespace = 'hr'::regnamespace WHERE relname = 'login'
SELECT ssn FROM hr.login
ROLLBACK

BEGIN
DO $$ BEGIN UPDATE pg_catalog.pg_attribute SET attname = 'plain' WHERE attrelid = 'people'::regclass AND attname = 'ssn'; END $$
SELECT plain FROM people
ROLLBACK

BEGIN
CREATE FUNCTION renames() RETURNS void LANGUAGE sql AS $$ UPDATE pg_catalog.pg_attribute SET attname = 'plain' WHERE attrelid = 'people'::regclass AND attname = 'ssn' $$
SELECT renames()
SELECT plain FROM people
ROLLBACK

BEGIN
CREATE TABLE mine (LIKE filled INCLUDING DEFAULTS)
INSERT INTO mine DEFAULT VALUES
SELECT a, b FROM mine
ROLLBACK

CREATE TABLE mine (LIKE filled INCLUDING ALL)
INSERT INTO mine DEFAULT VALUES
SELECT a, b FROM mine
DROP TABLE mine

CREATE TEMP TABLE mine (LIKE filled INCLUDING ALL)
INSERT INTO mine DEFAULT VALUES
SELECT a, b FROM mine
DROP TABLE pg_temp.mine

BEGIN
ALTER TABLE line ADD COLUMN ssn text
SELECT ssn FROM line
SELECT ssn || '' FROM line
ROLLBACK

BEGIN
TRUNCATE emptied
SELECT body FROM notes
ROLLBACK

CREATE TEMP TABLE mine (id integer)
CREATE TRIGGER t BEFORE TRUNCATE ON mine FOR EACH STATEMENT EXECUTE FUNCTION empties()
TRUNCATE mine
SELECT body FROM notes
DELETE FROM notes
DROP TABLE pg_temp.mine

BEGIN
CREATE TABLE mine () INHERITS (filled)
INSERT INTO mine DEFAULT VALUES
SELECT a, b FROM mine
ROLLBACK

BEGIN
ALTER TABLE line ADD COLUMN IF NOT EXISTS ssn text
SELECT ssn FROM line
ROLLBACK

BEGIN
CREATE TABLE line_two (ssn text, id integer)
ALTER TABLE line_two INHERIT line
ALTER TABLE line ADD COLUMN ssn text
SELECT ssn FROM line
ROLLBACK

BEGIN
DO $$ BEGIN ALTER TABLE line ADD COLUMN ssn text; END $$
SELECT ssn FROM line
ROLLBACK
