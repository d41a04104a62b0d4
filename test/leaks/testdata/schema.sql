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
