-- golang-migrate: the whole file in one Query
SELECT CURRENT_DATABASE()
\g
SELECT pg_advisory_lock(838234)
\g
CREATE TABLE IF NOT EXISTS "public"."schema_migrations" (version bigint not null primary key, dirty boolean not null)
\g
BEGIN;

CREATE TYPE invoice_state AS ENUM ('draft', 'sent', 'paid');
CREATE DOMAIN cents AS integer CHECK (VALUE >= 0);

CREATE TABLE invoices (
  id bigserial PRIMARY KEY,
  note_id bigint REFERENCES notes (id),
  state invoice_state NOT NULL DEFAULT 'draft',
  amount cents NOT NULL,
  slug text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz
);

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END;
$$;

CREATE OR REPLACE FUNCTION slugify(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT regexp_replace(lower(value), '[^a-z0-9]+', '-', 'g')
$$;

CREATE TRIGGER invoices_touch BEFORE INSERT OR UPDATE ON invoices FOR EACH ROW EXECUTE FUNCTION touch();
CREATE INDEX invoices_slug ON invoices (slugify(slug));
CREATE VIEW open_invoices AS SELECT id, amount, slugify(slug) AS slug FROM invoices WHERE state <> 'paid'::invoice_state;

INSERT INTO invoices (state, amount, slug) VALUES ('draft', 100, 'First One'), ('sent'::invoice_state, 200, 'Second');
UPDATE invoices SET slug = slugify(slug) WHERE state = 'draft';

COMMENT ON FUNCTION touch() IS 'keeps updated_at';
COMMENT ON TABLE invoices IS 'What is to be paid';
GRANT SELECT ON invoices TO PUBLIC;
GRANT EXECUTE ON FUNCTION slugify(text) TO PUBLIC;

COMMIT;
\g
BEGIN
\g
TRUNCATE "public"."schema_migrations"
\g
INSERT INTO "public"."schema_migrations" (version, dirty) VALUES ($1, $2)
\with 1 | false
\g
COMMIT
\g
SELECT id, amount, slug FROM open_invoices ORDER BY id
\g
SELECT pg_advisory_unlock(838234)
\g
