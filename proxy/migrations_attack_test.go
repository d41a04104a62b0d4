package proxy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// watched denies what transactions below try to get done by what they make themselves.
const watched = `
  guards:
  - {name: orders, match: {tables: [public.orders], access: Write}, action: Deny}
  - {name: vault, match: {tables: [public.vault], access: Read}, action: Deny}
  - {name: files, match: {functions: ["pg_read_*", "pg_ls_*"]}, action: Deny}
`

// what is there and does what is denied, for others who may.
const dangers = vault + `
CREATE FUNCTION wipes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders; RETURN NEW; END';
CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1';
CREATE FUNCTION wipe(text) RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION calm() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION calls_calm() RETURNS int LANGUAGE sql AS 'SELECT calm()';
CREATE TABLE scratch (id int);
CREATE FUNCTION fills() RETURNS void LANGUAGE sql AS 'DELETE FROM scratch';
CREATE TABLE deadly (id int PRIMARY KEY, at text); INSERT INTO deadly VALUES (1, '');
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO shop_app', current_database()); END $$;
CREATE TRIGGER wipes BEFORE INSERT OR UPDATE OR DELETE ON deadly FOR EACH ROW EXECUTE FUNCTION wipes();
CREATE TABLE sleeping (id int); CREATE TRIGGER sleeps BEFORE INSERT ON sleeping FOR EACH ROW EXECUTE FUNCTION wipes();
ALTER TABLE sleeping DISABLE TRIGGER sleeps;
CREATE SCHEMA safe; CREATE SCHEMA unsafe; GRANT ALL ON SCHEMA safe, unsafe TO shop_app;
CREATE FUNCTION safe.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION unsafe.f() RETURNS int LANGUAGE sql AS 'DELETE FROM public.orders; SELECT 1';
CREATE FUNCTION calls_safe() RETURNS int LANGUAGE sql AS 'SELECT safe.f()';
CREATE DOMAIN wiped AS int CHECK (wipe() = 1); CREATE DOMAIN fine AS int;
ALTER TABLE scratch OWNER TO shop_app; ALTER TABLE deadly OWNER TO shop_app; ALTER TABLE sleeping OWNER TO shop_app;
ALTER SCHEMA safe OWNER TO shop_app; ALTER SCHEMA unsafe OWNER TO shop_app;
ALTER FUNCTION wipes() OWNER TO shop_app; ALTER FUNCTION wipe() OWNER TO shop_app; ALTER FUNCTION wipe(text) OWNER TO shop_app;
ALTER FUNCTION calm() OWNER TO shop_app; ALTER FUNCTION calls_calm() OWNER TO shop_app; ALTER FUNCTION safe.f() OWNER TO shop_app; ALTER FUNCTION unsafe.f() OWNER TO shop_app;
ALTER DOMAIN wiped OWNER TO shop_app; ALTER DOMAIN fine OWNER TO shop_app;
`

// What a transaction makes is judged by what it does, however it is named, replaced or
// brought back.
func TestWhatATransactionMakesGetsAroundNoGuard(t *testing.T) {
	attacks := []struct{ name, text string }{
		{"a function that takes a harmless one's name", "ALTER FUNCTION calm() RENAME TO was|ALTER FUNCTION wipe() RENAME TO calm|SELECT calm()"},
		{"the same behind a function", "ALTER FUNCTION calm() RENAME TO was|ALTER FUNCTION wipe() RENAME TO calm|SELECT calls_calm()"},
		{"the same in one text", "ALTER FUNCTION calm() RENAME TO was; ALTER FUNCTION wipe() RENAME TO calm; SELECT calls_calm()"},
		{"another name of a harmless one's kind", "ALTER FUNCTION wipe() RENAME TO looks_fine|SELECT looks_fine()"},
		{"a name that has another signature", "ALTER FUNCTION wipe() RENAME TO fills2|CREATE FUNCTION fills2(int) RETURNS int LANGUAGE sql AS 'SELECT 1'|SELECT fills2()"},
		{"a function in another schema", "ALTER FUNCTION safe.f() RENAME TO g|ALTER FUNCTION unsafe.f() SET SCHEMA safe|SELECT safe.f()"},
		{"the same behind a function", "ALTER FUNCTION safe.f() RENAME TO g|ALTER FUNCTION unsafe.f() SET SCHEMA safe|SELECT calls_safe()"},
		{"schemas that were exchanged", "ALTER SCHEMA safe RENAME TO gone|ALTER SCHEMA unsafe RENAME TO safe|SELECT calls_safe()"},
		{"a type that takes another's name", "ALTER DOMAIN fine RENAME TO was|ALTER DOMAIN wiped RENAME TO fine|SELECT 1::fine"},
		{"an own function that reads what is guarded", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT secret FROM vault'|SELECT f()"},
		{"an own function that calls one", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT wipe()'|SELECT f()"},
		{"a body that is replaced after it was judged", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'|SELECT f()|CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT wipe()'|SELECT f()"},
		{"a function that it calls is made after it", "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN later(); END'|ALTER FUNCTION wipe() RENAME TO later|SELECT f()"},
		{"an older body that a savepoint brings back", "ALTER FUNCTION calm() RENAME TO was|ALTER FUNCTION wipe() RENAME TO calm|SAVEPOINT a|ALTER FUNCTION calm() RENAME TO wipe|ALTER FUNCTION was() RENAME TO calm|SELECT calm()|ROLLBACK TO a|SELECT calm()"},
		{"a trigger with a function that is there", "CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION wipes()|INSERT INTO plain VALUES (9, '')"},
		{"a trigger on its own table", "CREATE TABLE mine (id int)|CREATE TRIGGER t BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION wipes()|INSERT INTO mine VALUES (9)"},
		{"a trigger whose function takes another's name later", "CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM helper(); RETURN NEW; END'|CREATE FUNCTION helper() RETURNS int LANGUAGE sql AS 'SELECT 1'|CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION tr()|ALTER FUNCTION helper() RENAME TO was|ALTER FUNCTION wipe() RENAME TO helper|INSERT INTO plain VALUES (9, '')"},
		{"a trigger that was disabled", "ALTER TABLE sleeping ENABLE TRIGGER sleeps|INSERT INTO sleeping VALUES (1)"},
		{"a partition with a trigger", "CREATE TABLE parent (id int, at text) PARTITION BY LIST (id)|ALTER TABLE parent ATTACH PARTITION deadly FOR VALUES IN (1)|DELETE FROM parent WHERE id = 1"},
		{"a child with a trigger", "CREATE TABLE parent (id int, at text)|ALTER TABLE deadly INHERIT parent|UPDATE parent SET at = 'x'"},
		{"a foreign key from a table with a trigger", "CREATE TABLE parent (id int PRIMARY KEY)|INSERT INTO parent VALUES (1)|ALTER TABLE deadly ADD FOREIGN KEY (id) REFERENCES parent ON DELETE CASCADE|DELETE FROM parent WHERE id = 1"},
		{"a table of another name", "ALTER TABLE deadly RENAME TO alive|INSERT INTO alive VALUES (9, '')"},
		{"a table that takes a harmless one's name", "ALTER TABLE scratch RENAME TO was|ALTER TABLE deadly RENAME TO scratch|DELETE FROM scratch WHERE id = 1"},
		{"the same behind a function", "ALTER TABLE scratch RENAME TO was|ALTER TABLE deadly RENAME TO scratch|SELECT fills()"},
		{"a view in the place of a table that a function writes", "ALTER TABLE scratch RENAME TO was|CREATE VIEW scratch AS SELECT * FROM orders|SELECT fills()"},
		{"a temporary one", "CREATE TEMP VIEW scratch AS SELECT * FROM orders|SELECT fills()"},
		{"a default", "ALTER TABLE plain ALTER secret SET DEFAULT wipe()::text|INSERT INTO plain (id) VALUES (9)"},
		{"an operator", "CREATE FUNCTION op(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN helper(); END'|CREATE OPERATOR ### (rightarg = int, function = op)|ALTER FUNCTION wipe() RENAME TO helper|SELECT ### 1"},
		{"a DO that makes a function by EXECUTE", "DO $$ BEGIN EXECUTE 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''SELECT wipe()'''; END $$|SELECT f()"},
		{"a DO that makes it of a text that is not constant", "DO $$ DECLARE x text := 'SELECT wi'; BEGIN EXECUTE format('CREATE FUNCTION f() RETURNS int LANGUAGE sql AS %L', concat(x, 'pe()')); END $$|SELECT f()"},
		{"a DO that renames", "DO $$ BEGIN ALTER FUNCTION calm() RENAME TO was; ALTER FUNCTION wipe() RENAME TO calm; END $$|SELECT calls_calm()"},
		{"a DO that renames and calls", "DO $$ BEGIN ALTER FUNCTION calm() RENAME TO was; ALTER FUNCTION wipe() RENAME TO calm; PERFORM calls_calm(); END $$"},
		{"a function that makes one", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER FUNCTION wipe() RENAME TO g; END $$|SELECT f()|SELECT g()"},
		{"what was prepared before", "PREPARE p AS SELECT calls_calm()|ALTER FUNCTION calm() RENAME TO was|ALTER FUNCTION wipe() RENAME TO calm|EXECUTE p"},
		{"text that is not followed", "CREATE FUNCTION f(t text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE t; END'|SELECT f('DELETE FROM orders')"},
	}
	for _, way := range []string{"a login of weir's own", "the session's own connection"} {
		o := options{rules: watched, setup: dangers}
		var s *site
		if way == "the session's own connection" {
			s = passing(t, o)
		} else {
			s = newSite(t, o)
		}
		direct := s.connect(simple, asRole, at(s.pg.Addr().String()))
		for _, a := range attacks {
			t.Run(way+"/"+a.name, func(t *testing.T) {
				harms(t, direct, a.text)
				conn := s.connect(simple, asRole)
				if _, err := conn.Exec(t.Context(), "BEGIN"); err != nil {
					t.Fatal(err)
				}
				parts := strings.Split(a.text, "|")
				var err error
				last := ""
				for _, last = range parts {
					if _, err = conn.Exec(t.Context(), last); err != nil {
						break
					}
				}
				if err == nil {
					t.Error("nothing was refused")
				} else if e := pgError(err); e == nil || e.Code != "42501" || !strings.Contains(e.Message, "weir") {
					t.Errorf("%s: %v", last, err)
				}
				_, _ = conn.Exec(t.Context(), "ROLLBACK")
				if _, err := conn.Exec(t.Context(), "SELECT calm(), calls_calm()"); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		}
		if n := s.count("SELECT count(*) FROM orders"); n != "100" {
			t.Errorf("%s orders are left", n)
		}
	}
}

// harms checks that an attack does past weir what is denied.
func harms(t *testing.T, direct *pgx.Conn, text string) {
	t.Helper()
	tx, err := direct.Begin(t.Context())
	must(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	for _, part := range strings.Split(text, "|") {
		if _, err := tx.Exec(t.Context(), part); err != nil {
			t.Errorf("directly, %s: %v", part, err)
			return
		}
	}
	var left int
	must(t, tx.QueryRow(t.Context(), "SELECT count(*) FROM orders").Scan(&left))
	if left == 100 && !strings.Contains(text, "vault") {
		t.Error("it does no harm past weir")
	}
}
