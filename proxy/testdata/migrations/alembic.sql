-- Alembic: upgrade and downgrade in one transaction
BEGIN
\g
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relname = 'alembic_version' AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog'
\g
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))
\g
CREATE TYPE priority AS ENUM ('low', 'high')
\g
CREATE TYPE place AS (street text, town text)
\g
CREATE TABLE tasks (id SERIAL NOT NULL, title VARCHAR(80) NOT NULL, priority priority NOT NULL, at place, done BOOLEAN DEFAULT false NOT NULL, PRIMARY KEY (id))
\g
CREATE OR REPLACE FUNCTION weight(p priority) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT CASE p WHEN ''high'' THEN 10 ELSE 1 END'
\g
CREATE FUNCTION town_of(p place) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN p.town; END $$
\g
ALTER TABLE tasks ADD COLUMN weight integer GENERATED ALWAYS AS (weight(priority)) STORED
\g
ALTER TABLE tasks ADD CONSTRAINT tasks_weight CHECK (weight(priority) > 0)
\g
INSERT INTO tasks (title, priority, at) VALUES ('one', 'low', ROW('Main', 'Ulm')::place), ('two', 'high', NULL)
\g
SELECT title, weight, weight(priority), town_of(at) FROM tasks ORDER BY id
\g
CREATE MATERIALIZED VIEW task_weights AS SELECT priority, sum(weight(priority)) AS total FROM tasks GROUP BY priority
\g
CREATE UNIQUE INDEX task_weights_priority ON task_weights (priority)
\g
REFRESH MATERIALIZED VIEW task_weights
\g
CREATE FUNCTION completed() RETURNS SETOF tasks LANGUAGE sql STABLE AS 'SELECT * FROM tasks WHERE done'
\g
SELECT id, title FROM completed()
\g
CREATE FUNCTION weigh(sum integer, p priority) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT sum + weight(p)'
\g
CREATE AGGREGATE total_weight(priority) (SFUNC = weigh, STYPE = integer, INITCOND = '0')
\g
SELECT total_weight(priority) FROM tasks
\g
DROP AGGREGATE total_weight(priority)
\g
DROP FUNCTION weigh(integer, priority)
\g
INSERT INTO alembic_version (version_num) VALUES ('5d0c1c0a2d11') RETURNING alembic_version.version_num
\g
CREATE OR REPLACE FUNCTION weight(p priority) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT CASE p WHEN ''high'' THEN 20 ELSE 2 END'
\g
SELECT weight('high')
\g
UPDATE alembic_version SET version_num='9f1c1c0a2d12' WHERE alembic_version.version_num = '5d0c1c0a2d11'
\g
COMMIT
\g
BEGIN
\g
DROP MATERIALIZED VIEW task_weights
\g
DROP FUNCTION completed()
\g
ALTER TABLE tasks DROP CONSTRAINT tasks_weight, DROP COLUMN weight
\g
DROP FUNCTION weight(priority)
\g
ALTER TYPE priority RENAME TO urgency
\g
ALTER TABLE tasks ALTER COLUMN priority TYPE text USING priority::text
\g
DROP TYPE urgency
\g
UPDATE alembic_version SET version_num='5d0c1c0a2d11' WHERE alembic_version.version_num = '9f1c1c0a2d12'
\g
COMMIT
\g
