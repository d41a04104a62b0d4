-- Flyway: statement by statement in a transaction
SET search_path TO public
\g
SELECT COUNT(*) FROM pg_namespace WHERE nspname = 'public'
\g
BEGIN
\g
CREATE TABLE IF NOT EXISTS "public"."flyway_schema_history" ("installed_rank" INT NOT NULL, "version" VARCHAR(50), "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL, "script" VARCHAR(1000) NOT NULL, "checksum" INTEGER, "installed_by" VARCHAR(100) NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(), "execution_time" INTEGER NOT NULL, "success" BOOLEAN NOT NULL, CONSTRAINT "flyway_schema_history_pk" PRIMARY KEY ("installed_rank"))
\g
CREATE INDEX "flyway_schema_history_s_idx" ON "public"."flyway_schema_history" ("success")
\g
COMMIT
\g
BEGIN
\g
LOCK TABLE "public"."flyway_schema_history" IN SHARE UPDATE EXCLUSIVE MODE
\g
CREATE SCHEMA ledger
\g
CREATE SEQUENCE ledger.entry_numbers START 1000
\g
CREATE OR REPLACE FUNCTION ledger.next_number() RETURNS text LANGUAGE sql AS $$ SELECT 'E' || nextval('ledger.entry_numbers') $$
\g
CREATE TABLE ledger.entries (
  number text PRIMARY KEY DEFAULT ledger.next_number(),
  item text NOT NULL,
  cents integer NOT NULL,
  body tsvector
)
\g
CREATE TABLE ledger.log (at timestamptz DEFAULT now(), operation text, number text)
\g
CREATE FUNCTION ledger.record_change() RETURNS trigger AS $body$
DECLARE
  entry ledger.entries%ROWTYPE;
BEGIN
  IF TG_OP = 'DELETE' THEN
    entry := OLD;
  ELSE
    entry := NEW;
  END IF;
  INSERT INTO ledger.log (operation, number) VALUES (TG_OP, entry.number);
  RETURN NULL;
END;
$body$ LANGUAGE plpgsql
\g
CREATE TRIGGER entries_log AFTER INSERT OR UPDATE OR DELETE ON ledger.entries FOR EACH ROW EXECUTE PROCEDURE ledger.record_change()
\g
CREATE FUNCTION ledger.index_entry() RETURNS trigger AS $body$
BEGIN
  NEW.body := to_tsvector('simple', NEW.item);
  RETURN NEW;
END
$body$ LANGUAGE plpgsql
\g
CREATE TRIGGER entries_index BEFORE INSERT OR UPDATE OF item ON ledger.entries FOR EACH ROW EXECUTE FUNCTION ledger.index_entry()
\g
INSERT INTO ledger.entries (item, cents) VALUES ('opening balance', 0) RETURNING number
\g
INSERT INTO ledger.entries (item, cents) SELECT item, cents FROM orders WHERE id <= 10
\g
UPDATE ledger.entries SET cents = cents + 1 WHERE number = 'E1001'
\g
DELETE FROM ledger.entries WHERE number = 'E1002'
\g
DO $$
DECLARE
  n integer;
BEGIN
  SELECT count(*) INTO n FROM ledger.log;
  IF n = 0 THEN
    RAISE EXCEPTION 'nothing was logged';
  END IF;
  INSERT INTO ledger.entries (item, cents) VALUES ('checked', n);
END
$$
\g
CREATE VIEW ledger.totals AS SELECT item, sum(cents) AS cents FROM ledger.entries GROUP BY item
\g
SELECT cents FROM ledger.totals WHERE item = 'opening balance'
\g
CREATE PROCEDURE ledger.close_books(up_to integer) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger.entries SET cents = 0 WHERE cents > up_to;
END
$$
\g
CALL ledger.close_books(500)
\g
INSERT INTO "public"."flyway_schema_history" ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "execution_time", "success") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
\with 1 | 1 | ledger | SQL | V1__ledger.sql | 4711 | agent | 12 | true
\g
COMMIT
\g
SELECT count(*) FROM ledger.log
\g
