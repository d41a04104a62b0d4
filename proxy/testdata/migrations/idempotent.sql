-- scripts that may run again: in DO, with savepoints, and with what is dropped first
BEGIN
\g
DO $$ BEGIN
  CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');
EXCEPTION
  WHEN duplicate_object THEN null;
END $$
\g
CREATE TABLE "Member" ("id" SERIAL NOT NULL, "email" TEXT, "role" "Role" NOT NULL DEFAULT 'USER', "updatedAt" TIMESTAMP(3), CONSTRAINT "Member_pkey" PRIMARY KEY ("id"))
\g
DROP TRIGGER IF EXISTS member_updated ON "Member"
\g
DROP FUNCTION IF EXISTS member_updated()
\g
DROP VIEW IF EXISTS active_members
\g
DROP TABLE IF EXISTS member_archive CASCADE
\g
DO $do$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'member_updated') THEN
    CREATE FUNCTION member_updated() RETURNS trigger LANGUAGE plpgsql AS $f$
    BEGIN
      NEW."updatedAt" := now();
      RETURN NEW;
    END
    $f$;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'member_updated') THEN
    CREATE TRIGGER member_updated BEFORE INSERT OR UPDATE ON "Member" FOR EACH ROW EXECUTE FUNCTION member_updated();
  END IF;
  IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'Member' AND column_name = 'note') THEN
    ALTER TABLE "Member" ADD COLUMN "note" text;
  END IF;
  INSERT INTO "Member" ("email", "note") VALUES ('in the block', 'x');
END
$do$
\g
INSERT INTO "Member" ("email", "role") VALUES ('a', 'ADMIN'::"Role") ON CONFLICT DO NOTHING
\g
SAVEPOINT again
\g
CREATE OR REPLACE FUNCTION member_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW."updatedAt" := NULL; RETURN NEW; END $$
\g
UPDATE "Member" SET "note" = 'y' WHERE "email" = 'a' RETURNING "updatedAt"
\g
ROLLBACK TO again
\g
UPDATE "Member" SET "note" = 'z' WHERE "email" = 'a' RETURNING "note"
\g
DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW active_members AS SELECT id, note FROM "Member" WHERE note IS NOT NULL'; END $$
\g
SELECT note FROM active_members ORDER BY id
\g
ALTER TABLE "Member" RENAME TO members
\g
UPDATE members SET note = 'renamed' WHERE email = 'a'
\g
ALTER FUNCTION member_updated() RENAME TO members_updated
\g
INSERT INTO members (email) VALUES ('b')
\g
COMMIT
\g
SELECT count(*) FROM members
\g
