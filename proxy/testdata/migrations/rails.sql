-- Rails: structure and data in one transaction
SELECT pg_try_advisory_lock(1234567)
\g
CREATE TABLE "schema_migrations" ("version" character varying NOT NULL PRIMARY KEY)
\g
CREATE TABLE "ar_internal_metadata" ("key" character varying NOT NULL PRIMARY KEY, "value" character varying, "created_at" timestamp(6) NOT NULL, "updated_at" timestamp(6) NOT NULL)
\g
BEGIN
\g
CREATE TABLE "accounts" ("id" bigserial primary key, "name" character varying, "counter" integer DEFAULT 0, "created_at" timestamp(6) NOT NULL DEFAULT now())
\g
CREATE TABLE "members" ("id" bigserial primary key, "account_id" bigint NOT NULL, "name" character varying, CONSTRAINT "fk_rails_1" FOREIGN KEY ("account_id") REFERENCES "accounts" ("id") ON DELETE CASCADE)
\g
CREATE INDEX "index_members_on_account_id" ON "members" ("account_id")
\g
CREATE OR REPLACE FUNCTION count_members() RETURNS trigger AS $$
BEGIN
  IF (TG_OP = 'INSERT') THEN
    UPDATE accounts SET counter = counter + 1 WHERE id = NEW.account_id;
  ELSIF (TG_OP = 'DELETE') THEN
    UPDATE accounts SET counter = counter - 1 WHERE id = OLD.account_id;
  END IF;
  RETURN NULL;
END;
$$ LANGUAGE plpgsql
\g
CREATE TRIGGER members_count AFTER INSERT OR DELETE ON members FOR EACH ROW EXECUTE FUNCTION count_members()
\g
INSERT INTO "accounts" ("name") VALUES ($1) RETURNING "id"
\with first
\g
INSERT INTO "members" ("account_id", "name") VALUES ($1, $2) RETURNING "id"
\with 1 | Ada
\g
DELETE FROM "members" WHERE "members"."id" = $1
\with 1
\g
SELECT "accounts"."counter" FROM "accounts" WHERE "accounts"."id" = $1 LIMIT $2
\with 1 | 1
\g
DROP TRIGGER members_count ON members
\g
DROP FUNCTION count_members()
\g
INSERT INTO "members" ("account_id", "name") VALUES ($1, $2) RETURNING "id"
\with 1 | Bram
\g
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN NEW.name := trim(NEW.name); RETURN NEW; END $$
\g
CREATE TRIGGER notes_stamp BEFORE INSERT ON members FOR EACH ROW WHEN (NEW.name IS NOT NULL) EXECUTE FUNCTION stamp()
\g
INSERT INTO "members" ("account_id", "name") VALUES (1, ' Chiara ') RETURNING "name"
\g
ALTER TABLE "members" ENABLE ROW LEVEL SECURITY
\g
CREATE FUNCTION visible(id bigint) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT 1 FROM accounts a WHERE a.id = $1)'
\g
CREATE POLICY members_visible ON members USING (visible(account_id))
\g
SELECT "members".* FROM "members" WHERE "members"."account_id" = $1
\with 1
\g
CREATE TRIGGER notes_trim BEFORE INSERT OR UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
\g
DROP TRIGGER notes_trim ON notes
\g
INSERT INTO "schema_migrations" ("version") VALUES ('20240101000000') RETURNING "version"
\g
COMMIT
\g
SELECT pg_advisory_unlock(1234567)
\g
