-- pg_dump: restored in one transaction, as psql -1 and structure.sql do
BEGIN
\g
SET statement_timeout = 0
\g
SET client_encoding = 'UTF8'
\g
SET standard_conforming_strings = on
\g
SELECT pg_catalog.set_config('search_path', '', false)
\g
SET check_function_bodies = false
\g
SET xmloption = content
\g
SET client_min_messages = warning
\g
SET row_security = off
\g
CREATE SCHEMA app
\g
CREATE TYPE app.mood AS ENUM (
    'calm',
    'busy'
)
\g
CREATE DOMAIN app.code AS text
	CONSTRAINT code_check CHECK ((VALUE ~ '^[a-z]+$'::text))
\g
CREATE FUNCTION app.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.changed_at := clock_timestamp();
  NEW.token := encode(public.digest(NEW.owner, 'sha256'), 'hex');
  RETURN NEW;
END;
$$
\g
ALTER FUNCTION app.touch() OWNER TO shop_app
\g
CREATE FUNCTION app.depth(id integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF id = 0 THEN RETURN 0; END IF;
  RETURN 1 + app.depth(id - 1);
END;
$$
\g
SET default_tablespace = ''
\g
SET default_table_access_method = heap
\g
CREATE TABLE app.items (
    id integer NOT NULL,
    code app.code,
    mood app.mood DEFAULT 'calm'::app.mood NOT NULL,
    owner text NOT NULL,
    token text,
    parent_id integer,
    changed_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP
)
\g
ALTER TABLE app.items OWNER TO shop_app
\g
CREATE FUNCTION app.owner_of(item_id integer) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'app', 'pg_temp'
    AS $$
  SELECT owner FROM app.items WHERE id = item_id
$$
\g
CREATE SEQUENCE app.items_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
\g
ALTER SEQUENCE app.items_id_seq OWNED BY app.items.id
\g
ALTER TABLE ONLY app.items ALTER COLUMN id SET DEFAULT nextval('app.items_id_seq'::regclass)
\g
CREATE VIEW app.owners AS
 SELECT items.owner,
    count(*) AS items,
    max(app.depth(items.id)) AS deepest
   FROM app.items
  GROUP BY items.owner
\g
INSERT INTO app.items (id, code, mood, owner) VALUES (1, 'a', 'calm', 'ada'), (2, NULL, 'busy', 'bram')
\g
SELECT pg_catalog.setval('app.items_id_seq', 2, true)
\g
ALTER TABLE ONLY app.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (id)
\g
CREATE INDEX items_owner_idx ON app.items USING btree (lower(owner))
\g
CREATE TRIGGER items_touch BEFORE INSERT OR UPDATE ON app.items FOR EACH ROW EXECUTE FUNCTION app.touch()
\g
ALTER TABLE ONLY app.items
    ADD CONSTRAINT items_parent_fkey FOREIGN KEY (parent_id) REFERENCES app.items(id)
\g
GRANT SELECT ON TABLE app.items TO PUBLIC
\g
COMMENT ON FUNCTION app.touch() IS 'keeps changed_at and token'
\g
COMMENT ON COLUMN app.items.token IS 'made by the trigger'
\g
UPDATE app.items SET owner = 'chiara' WHERE id = 2 RETURNING token
\g
SELECT app.owner_of(2), app.depth(3)
\g
SELECT owner, items, deepest FROM app.owners ORDER BY owner
\g
COMMIT
\g
SELECT app.owner_of(1), app.depth(2)
\g
