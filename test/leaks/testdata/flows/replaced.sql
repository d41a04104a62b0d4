-- What is called later is another one by then: a function that a view, a domain or a
-- cursor calls, a type that a cast means, a table that a name means.
BEGIN
CREATE OR REPLACE FUNCTION seemly(t text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes (body) VALUES (t); RETURN true; END $$
SELECT count(*) FROM seemly_people
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE OR REPLACE FUNCTION folded(t text) RETURNS text LANGUAGE sql AS 'INSERT INTO notes (body) VALUES ($1) RETURNING body'
SELECT count(*) FROM seemly_people
SELECT body FROM notes
ROLLBACK

BEGIN
ALTER DOMAIN contact ADD CHECK (stored(VALUE) = 'x')
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE VIEW later AS SELECT id FROM people WHERE echo(ssn) = 'x'
CREATE OR REPLACE FUNCTION echo(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes (body) VALUES ($1); RETURN $1; END $$
SELECT id FROM later
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE MATERIALIZED VIEW later AS SELECT id FROM people WHERE echo(ssn) = 'x'
CREATE OR REPLACE FUNCTION echo(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes (body) VALUES ($1); RETURN $1; END $$
SELECT id FROM later
REFRESH MATERIALIZED VIEW later
SELECT body FROM notes
SELECT echo(ssn) FROM people
ROLLBACK

BEGIN
DECLARE c CURSOR FOR SELECT count(echo(ssn)) FROM people
CREATE OR REPLACE FUNCTION echo(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes (body) VALUES ($1); RETURN $1; END $$
FETCH ALL FROM c
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE DOMAIN hr.varchar AS text CHECK (stored(VALUE) = 'x')
SET LOCAL search_path = hr, public, pg_catalog
SELECT count(ssn::"varchar") FROM people
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE TEMP TABLE people (id integer, note text)
INSERT INTO pg_temp.people SELECT id, ssn FROM public.people
SELECT note FROM pg_temp.people
SELECT ssn FROM public.people
ROLLBACK

BEGIN
DROP FUNCTION folded(text)
CREATE FUNCTION folded(t text) RETURNS text LANGUAGE sql AS 'INSERT INTO notes (body) VALUES ($1) RETURNING body'
SELECT count(*) FROM seemly_people
SELECT body FROM notes
ROLLBACK

BEGIN
ALTER FUNCTION folded(text) RENAME TO folded_before
ALTER FUNCTION stored(text) RENAME TO folded
SELECT count(*) FROM seemly_people
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE SCHEMA ahead
CREATE FUNCTION ahead.folded(t text) RETURNS text LANGUAGE sql AS 'INSERT INTO public.notes (body) VALUES ($1) RETURNING body'
SET LOCAL search_path = ahead, public
SELECT count(*) FROM seemly_people
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE FUNCTION kept(t text) RETURNS text LANGUAGE sql AS 'INSERT INTO public.notes (body) VALUES ($1) RETURNING body'
ALTER FUNCTION folded(text) RENAME TO folded_before
ALTER FUNCTION kept(text) RENAME TO folded
SELECT count(*) FROM seemly_people
SELECT body FROM notes
ROLLBACK

BEGIN
CREATE FUNCTION fn(t text) RETURNS text LANGUAGE sql AS 'INSERT INTO public.notes (body) VALUES ($1) RETURNING body'
CREATE SCHEMA ahead
ALTER FUNCTION fn(text) SET SCHEMA ahead
ALTER FUNCTION ahead.fn(text) RENAME TO folded
SET LOCAL search_path = ahead, public
SELECT count(*) FROM seemly_people
SELECT body FROM notes
ROLLBACK

CREATE TEMP TABLE members_kept (id integer, ssn text)
UPDATE members SET ok = true
SELECT ssn FROM pg_temp.members_kept
SELECT x || '' FROM pg_temp.members_kept AS k (i, x)
DROP TABLE pg_temp.members_kept

CREATE TABLE pg_temp.members_kept (id integer, x text)
UPDATE members SET ok = true
SELECT x FROM pg_temp.members_kept
DROP TABLE pg_temp.members_kept

BEGIN
CREATE TEMP TABLE kept (LIKE public.members_kept)
ALTER TABLE kept RENAME TO members_kept
UPDATE members SET ok = true
SELECT ssn FROM pg_temp.members_kept
ROLLBACK

CREATE TEMP TABLE mine (id integer)
CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION follows()
INSERT INTO mine VALUES (1)
SELECT w FROM followed
DELETE FROM followed
DROP TABLE pg_temp.mine

BEGIN; CREATE TEMP TABLE members_kept (id integer, ssn text); UPDATE members SET ok = true; SELECT ssn FROM pg_temp.members_kept; ROLLBACK
