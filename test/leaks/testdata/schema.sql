-- What an agent may look at. Columns that a policy masks are named in policy.yaml.
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION pgcrypto;
CREATE EXTENSION dblink;
CREATE EXTENSION tablefunc;
CREATE EXTENSION pageinspect;
CREATE EXTENSION intarray;
CREATE EXTENSION ltree;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION xml2;
CREATE EXTENSION pg_stat_statements;
CREATE FUNCTION folded(t text) RETURNS text LANGUAGE sql AS 'SELECT lower($1)';
CREATE DOMAIN contact AS text CHECK (VALUE <> '');
CREATE TYPE mood AS ENUM ('sad', 'calm', 'glad', 'proud');
CREATE TYPE place AS (street text, zip text);
CREATE TABLE people (
  id integer PRIMARY KEY, name text NOT NULL, email text UNIQUE, gone integer, phone varchar(40), ssn text, salary integer,
  balance bigint, worth numeric(20,2), rate double precision, born date, seen timestamptz, token uuid, doc jsonb, note json,
  tags text[], scores integer[], handle contact, raw bytea, feeling mood, home place, vip boolean, nick citext, props hstore,
  span int4range, addr inet, path ltree, code char(16), region integer, city text, cap integer,
  shout text GENERATED ALWAYS AS (upper(ssn)) STORED,
  CONSTRAINT enough CHECK (length(city) > 2)
);
ALTER TABLE people DROP COLUMN gone;
CREATE INDEX people_salary ON people (salary, id);
CREATE INDEX people_ssn ON people (upper(ssn));
CREATE TABLE orders (id integer PRIMARY KEY, person_id integer REFERENCES people, item text, cents integer, placed timestamptz);
CREATE TABLE notes (id bigserial PRIMARY KEY, body text, n integer, k numeric, d date, j jsonb, arr text[]);
CREATE SEQUENCE ticks;
CREATE TABLE events (id integer, ip text, at date) PARTITION BY RANGE (id);
CREATE TABLE events_low (ip text, at date, id integer);
ALTER TABLE events ATTACH PARTITION events_low FOR VALUES FROM (0) TO (4);
CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (4) TO (100);
CREATE TABLE base (id integer, secret text);
CREATE TABLE heir (extra text) INHERITS (base);
CREATE SCHEMA hr;
CREATE TABLE hr.people (id integer PRIMARY KEY, ssn text, grade integer);
CREATE TABLE login (id integer PRIMARY KEY, ssn text UNIQUE, ok boolean DEFAULT true);
CREATE VIEW contacts AS SELECT id, email AS mail, upper(ssn) AS loud, name FROM people;
CREATE VIEW twice AS SELECT c.mail, c.loud, o.item FROM contacts c JOIN orders o ON o.person_id = c.id;
CREATE VIEW tops AS WITH x AS (SELECT region, count(*) AS n, max(salary) AS top FROM people GROUP BY region) SELECT * FROM x;
CREATE VIEW whole AS SELECT p AS row, to_jsonb(p) AS js, ARRAY[p.ssn] AS list FROM people p;
CREATE FUNCTION peek() RETURNS text LANGUAGE sql STABLE AS 'SELECT max(ssn) FROM people';
CREATE FUNCTION peek_of(integer) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT ssn FROM people WHERE id = $1); END';
CREATE FUNCTION rows_of() RETURNS SETOF people LANGUAGE sql STABLE AS 'SELECT * FROM people';
CREATE FUNCTION echo(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
CREATE FUNCTION run_text(text) RETURNS text LANGUAGE plpgsql AS 'DECLARE r text; BEGIN EXECUTE $1 INTO r; RETURN r; END';
CREATE FUNCTION of_row(people) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.ssn';
CREATE PROCEDURE say(text) LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', $1; END';
CREATE FUNCTION code_of(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''x'' USING ERRCODE = ''P0'' || upper(left(regexp_replace($1, ''[^0-9A-Za-z]'', '''', ''g''), 3)); END';
CREATE FUNCTION hint_unless(text, text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''x'' USING HINT = nullif(left($1, length($2)), $2); RETURN ''x''; END';
CREATE FUNCTION above(integer, integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN IF $1 > $2 THEN RETURN 1; END IF; RETURN 0; END';
CREATE FUNCTION caught(integer, integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN PERFORM 1 / ($1 - $2); RETURN 0; EXCEPTION WHEN division_by_zero THEN RETURN 1; END';
CREATE FUNCTION late(t text) RETURNS text LANGUAGE plpgsql AS 'DECLARE x text; BEGIN x := t; t := ''clean''; RETURN x; END';
CREATE FUNCTION swap(a text, b text, OUT x text, OUT y text) LANGUAGE sql AS 'SELECT b, a';
CREATE FUNCTION stored(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN INSERT INTO notes (body) VALUES ($1); RETURN ''x''; END';
CREATE TABLE filled (id integer, a text DEFAULT peek(), b text DEFAULT peek_of(1));
CREATE TABLE entries (id integer);
CREATE TABLE followed (id integer, w text);
CREATE FUNCTION follows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO followed SELECT id, ssn FROM people WHERE id = NEW.id; RETURN NULL; END';
CREATE TRIGGER follows AFTER INSERT ON entries FOR EACH ROW EXECUTE FUNCTION follows();
CREATE VIEW placed AS SELECT id, rank() OVER (ORDER BY salary) AS place, lag(id) OVER w AS before, first_value(name) OVER w AS first FROM people WINDOW w AS (ORDER BY ssn DESC);
CREATE VIEW placed_inside AS WITH x AS (SELECT id, ntile(3) OVER (ORDER BY balance) AS part FROM people) SELECT id, part FROM x;
CREATE VIEW answers AS SELECT id, CASE WHEN salary % 2 = 0 THEN 'even' END AS b1, nullif(salary / 2 % 2, 0) AS b2, nullif(salary / 4 % 2, 0) AS b3, CASE (salary / 8) % 2 WHEN 0 THEN name END AS b4 FROM people;
CREATE FUNCTION seemly(t text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN folded(t) <> ''''; END';
CREATE VIEW seemly_people AS SELECT id, name FROM people WHERE seemly(ssn);
CREATE TABLE members (id integer, ssn text, ok boolean);
CREATE TABLE members_kept (id integer, ssn text);
CREATE FUNCTION keeps() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO members_kept VALUES (OLD.id, OLD.ssn); RETURN NEW; END';
CREATE TRIGGER keeps AFTER UPDATE ON members FOR EACH ROW EXECUTE FUNCTION keeps();
CREATE TABLE line (id integer);
CREATE TABLE line_own (ssn text) INHERITS (line);
CREATE TYPE mark AS ENUM ('a');
CREATE TABLE marked (id integer, tagged mark);
CREATE TABLE emptied (id integer);
CREATE FUNCTION empties() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO notes (body) SELECT ssn FROM people; RETURN NULL; END';
CREATE TRIGGER empties AFTER TRUNCATE ON emptied FOR EACH STATEMENT EXECUTE FUNCTION empties();
CREATE TABLE visits (id integer);
CREATE FUNCTION seen(t text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN t <> ''''; END';
CREATE FUNCTION visited() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF seen((SELECT ssn FROM people WHERE id = NEW.id)) THEN RETURN NEW; END IF; RETURN NULL; END';
CREATE TRIGGER visited BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION visited();
CREATE TYPE shape AS (id integer, note text, ssn text);
CREATE TABLE shaped OF shape;
