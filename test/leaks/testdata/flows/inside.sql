-- What a session makes for itself first, in transactions of their own.
CREATE FUNCTION made(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes (body) VALUES (t); RETURN 'x'; END $$
SELECT made(ssn) FROM people
SELECT body FROM notes
DROP FUNCTION made(text)
DELETE FROM notes

CREATE FUNCTION made(t text) RETURNS text LANGUAGE sql AS $$ INSERT INTO notes (body) VALUES (t); SELECT 'x'::text $$
SELECT made(ssn) FROM people
SELECT body FROM notes
DROP FUNCTION made(text)
DELETE FROM notes

CREATE FUNCTION made(t text) RETURNS SETOF text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN r := ROW(1, t); RETURN NEXT r.f2; END $$
SELECT made(ssn) FROM people
DROP FUNCTION made(text)

CREATE FUNCTION made(t text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE a text[]; z ALIAS FOR t; BEGIN a[2] := z; RETURN a[2]; END $$
SELECT made(ssn) FROM people
DROP FUNCTION made(text)

CREATE FUNCTION made(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.made', t, false); RETURN 'x'; END $$
SELECT made(ssn) FROM people WHERE id = 1
SELECT current_setting('app.made')
RESET app.made
DROP FUNCTION made(text)

CREATE PROCEDURE made(INOUT a text, INOUT b text) LANGUAGE plpgsql AS $$ BEGIN b := a; END $$
DO $$ DECLARE x text; y text; BEGIN SELECT ssn INTO x FROM people WHERE id = 1; CALL made(x, y); RAISE NOTICE '%', y; END $$
DROP PROCEDURE made(text, text)

CREATE DOMAIN made AS text CHECK (echo(VALUE) <> '')
INSERT INTO entries VALUES (1)
SELECT w::made FROM followed
DROP DOMAIN made
DELETE FROM followed

BEGIN
INSERT INTO filled DEFAULT VALUES
SELECT a, b FROM filled
ROLLBACK

BEGIN
SELECT stored(ssn) FROM people
SELECT body FROM notes
ROLLBACK

BEGIN
INSERT INTO entries VALUES (1), (2)
SELECT w FROM followed
ROLLBACK

BEGIN
DECLARE "C c" CURSOR FOR SELECT late(ssn) FROM people
FETCH ALL "C c"
SAVEPOINT a
CLOSE "C c"
DECLARE "C c" CURSOR FOR SELECT name, phone FROM people
ROLLBACK TO a
FETCH BACKWARD ALL "C c"
ROLLBACK
