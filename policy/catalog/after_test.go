package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

// shop is a catalog with a table that is written by a trigger's function.
func shop(t *testing.T) *Snapshot {
	t.Helper()
	body := func(sql string) *Body { return &Body{Statements: statements(t, sql)} }
	s, err := New(Data{
		BuiltIn: map[uint32]string{100: "now", 101: "upper"},
		Relations: []Relation{
			{OID: 20001, Schema: "public", Name: "orders", Kind: Table, Columns: []Column{{Number: 1, Name: "id"}, {Number: 2, Name: "secret"}}},
			{OID: 20002, Schema: "public", Name: "plain", Kind: Table, Columns: []Column{{Number: 1, Name: "id"}}},
			{OID: 20003, Schema: "public", Name: "watched", Kind: Table, Columns: []Column{{Number: 1, Name: "id"}},
				Fires: []Trigger{{Name: "watch", Function: 30002, Events: OnInsert}}},
			{OID: 20004, Schema: "public", Name: "shown", Kind: View, Columns: []Column{{Number: 1, Name: "id"}},
				Query: &Definition{Relations: []uint32{20002}, Reads: []ColumnRef{{20002, 1}}}},
			{OID: 20005, Schema: "public", Name: "over", Kind: View, Columns: []Column{{Number: 1, Name: "id"}},
				Query: &Definition{Relations: []uint32{20004}, Reads: []ColumnRef{{20004, 1}}}},
		},
		Functions: []Function{
			{OID: 30001, Schema: "public", Name: "evil", Kind: 'f', Language: "sql", Body: body("DELETE FROM orders")},
			{OID: 30002, Schema: "public", Name: "calm", Kind: 'f', Language: "sql", Body: body("SELECT 1")},
			{OID: 30003, Schema: "public", Name: "calls", Kind: 'f', Language: "sql", Body: body("SELECT helper()")},
			{OID: 30004, Schema: "hidden", Name: "calm", Kind: 'f', Language: "sql", Arguments: 1, Body: body("DELETE FROM orders")},
			{OID: 30005, Schema: "public", Name: "fills", Kind: 'f', Language: "sql", Body: body("INSERT INTO scratch VALUES (1)")},
			{OID: 30006, Schema: "public", Name: "moves", Kind: 'f', Language: "sql", Body: body("SELECT hidden.now_calm()")},
		},
		Types: []Type{{OID: 40001, Schema: "public", Name: "checked", Kind: 'd', Check: &Definition{Calls: []uint32{30001}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func statements(t *testing.T, sql string) []statement.Statement {
	t.Helper()
	facts, err := statement.Parse(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return facts.Statements
}

// What a transaction has made leads to what its text says, whatever was replaced,
// dropped or rolled back.
func TestWhatAnOpenTransactionMadeIsFollowed(t *testing.T) {
	const harms = "Delete orders"
	for _, c := range []struct{ name, made, then, want string }{
		{"a function", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'", "SELECT f()", harms},
		{"by its schema, which is not told", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'", "SELECT app.f(1, 2)", harms},
		{"in another schema", "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'", "SELECT public.f()", ""},
		{"by another function's body", "CREATE FUNCTION helper() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'", "SELECT calls()", harms},
		{"a body that was replaced", "CREATE OR REPLACE FUNCTION evil() RETURNS int LANGUAGE sql AS 'SELECT 1'", "SELECT evil()", harms},
		{"a body that replaces", "CREATE OR REPLACE FUNCTION calm() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'", "SELECT public.calm()", harms},
		{"a body that replaces that of a trigger that is there", "CREATE OR REPLACE FUNCTION calm() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders; RETURN NEW; END'", "INSERT INTO watched VALUES (1)", harms},
		{"a trigger", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders; RETURN NEW; END'; CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION f()", "INSERT INTO plain VALUES (1)", harms},
		{"a trigger with a function that is replaced later", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION f(); CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders; RETURN NEW; END'", "INSERT INTO plain VALUES (1)", harms},
		{"a trigger of a view's table", "CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION evil()", "INSERT INTO over VALUES (1)", harms},
		{"a trigger of a table that was made", "CREATE TABLE mine (id int); CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION evil()", "INSERT INTO mine VALUES (1)", harms},
		{"a trigger of what is not known", "CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION evil()", "INSERT INTO mine VALUES (1)", harms},
		{"the condition of a trigger", "CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW WHEN (evil() IS NULL) EXECUTE FUNCTION calm()", "INSERT INTO plain VALUES (1)", harms},
		{"a rule", "CREATE RULE r AS ON INSERT TO plain DO ALSO DELETE FROM orders", "INSERT INTO plain VALUES (1)", harms},
		{"a default", "ALTER TABLE plain ALTER id SET DEFAULT evil()", "INSERT INTO plain DEFAULT VALUES", harms},
		{"a default of a new table", "CREATE TABLE mine (id int DEFAULT evil())", "INSERT INTO mine DEFAULT VALUES", harms},
		{"a check", "ALTER TABLE plain ADD CHECK (evil() = 1)", "INSERT INTO plain VALUES (1)", harms},
		{"a generated column", "ALTER TABLE plain ADD x int GENERATED ALWAYS AS (evil()) STORED", "UPDATE plain SET id = 1", harms},
		{"an index", "CREATE INDEX ON plain (evil())", "INSERT INTO plain VALUES (1)", harms},
		{"a row policy", "CREATE POLICY p ON plain USING (evil() = 1)", "SELECT id FROM plain", harms},
		{"a type of a column", "CREATE TABLE mine (id checked)", "INSERT INTO mine VALUES (1)", harms},
		{"a domain", "CREATE DOMAIN d AS int CHECK (evil() = 1)", "SELECT 1::d", harms},
		{"a check of a domain", "CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CHECK (evil() = 1)", "SELECT 1::app.d", harms},
		{"a domain of a domain", "CREATE DOMAIN d AS checked; CREATE TYPE c AS (x d)", "SELECT ROW(1)::c", harms},
		{"an operator", "CREATE OPERATOR ### (rightarg = int, function = evil)", "SELECT ### 1", harms},
		{"an aggregate", "CREATE AGGREGATE a(int) (sfunc = evil, stype = int)", "SELECT a(id) FROM plain", harms},
		{"a cast", "CREATE CAST (text AS int) WITH FUNCTION evil(text) AS IMPLICIT", "INSERT INTO plain SELECT 'x'::text", harms},
		{"a view", "CREATE VIEW v AS SELECT evil()", "SELECT * FROM v", harms},
		{"a view of a view", "CREATE VIEW v AS SELECT evil(); CREATE VIEW w AS SELECT * FROM v", "SELECT * FROM w", harms},
		{"a view that replaces one that others are made of", "CREATE OR REPLACE VIEW shown AS SELECT evil() AS id", "SELECT * FROM over", harms},
		{"a temporary view that a function's body names", "CREATE TEMP VIEW scratch AS SELECT * FROM orders", "SELECT fills()", "Insert scratch"},
		{"a function of another name", "ALTER FUNCTION evil() RENAME TO good", "SELECT good()", harms},
		{"one that takes a known name", "ALTER FUNCTION calm() RENAME TO was; ALTER FUNCTION evil() RENAME TO calm", "SELECT public.calm()", harms},
		{"one of another schema", "ALTER FUNCTION evil() SET SCHEMA app", "SELECT app.evil()", harms},
		{"a schema of another name", "ALTER SCHEMA hidden RENAME TO seen", "SELECT seen.calm(1)", harms},
		{"a name in a schema of another name", "ALTER SCHEMA hidden RENAME TO gone; ALTER SCHEMA public RENAME TO hidden; ALTER FUNCTION evil() RENAME TO now_calm", "SELECT moves()", harms},
		{"a trigger of a table of another name", "CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION evil(); ALTER TABLE plain RENAME TO p", "INSERT INTO p VALUES (1)", harms},
		{"a trigger of its new name", "ALTER TABLE plain RENAME TO p; CREATE TRIGGER t AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION evil()", "INSERT INTO shown VALUES (1)", harms},
		{"a type of another name", "ALTER DOMAIN checked RENAME TO c", "SELECT 1::c", harms},
		{"a partition that has a trigger", "CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION evil(); ALTER TABLE watched ATTACH PARTITION plain DEFAULT", "INSERT INTO watched VALUES (1)", harms},
		{"a foreign key to a table with a trigger", "CREATE TRIGGER t AFTER DELETE ON watched FOR EACH ROW EXECUTE FUNCTION evil(); ALTER TABLE watched ADD FOREIGN KEY (id) REFERENCES plain ON DELETE CASCADE", "DELETE FROM plain WHERE id = 1", "Delete watched; " + harms},
		{"what a DO makes", "DO $$ BEGIN CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'; END $$", "SELECT f()", harms},
		{"what a constant text in a DO makes", "DO $$ BEGIN EXECUTE 'CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION evil()'; END $$", "INSERT INTO plain VALUES (1)", harms},
		{"what was rolled back", "SAVEPOINT a; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'; ROLLBACK TO a", "SELECT f()", harms},
		{"what was dropped", "CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION evil(); DROP TRIGGER t ON plain", "INSERT INTO plain VALUES (1)", harms},
		{"a default of an argument", "CREATE FUNCTION f(a int DEFAULT evil()) RETURNS int LANGUAGE sql AS 'SELECT 1'", "SELECT f()", harms},
		{"text made at run time", "CREATE FUNCTION f(a text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE a; END'", "SELECT f('x')", "hidden"},
		{"a trigger that was disabled", "ALTER TABLE plain ENABLE TRIGGER old", "INSERT INTO plain VALUES (1)", "hidden"},
		{"a trigger that is disabled", "ALTER TABLE plain DISABLE TRIGGER ALL", "INSERT INTO plain VALUES (1)", ""},
		{"other things", "CREATE TABLE mine (id bigserial PRIMARY KEY, at date DEFAULT now()); CREATE INDEX ON mine (at); CREATE TYPE e AS ENUM ('a'); CREATE VIEW v AS SELECT id, 'a'::e FROM mine; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA s; COMMENT ON TABLE mine IS 'x'", "SELECT f() FROM v", ""},
		{"what CREATE TABLE AS selects", "CREATE TABLE mine AS SELECT evil()", "SELECT * FROM mine", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := shop(t)
			var made []*statement.Statement
			list := statements(t, c.made)
			for i := range list {
				made = append(made, &list[i])
			}
			then := statements(t, c.then)
			one := s
			for i := range made {
				one = one.After(made[i : i+1])
			}
			for how, after := range map[string]*Snapshot{"at once": s.After(made), "one by one": one, "with nothing more": s.After(made).After(nil)} {
				if got := harm(after, after.OfStatement(&then[0])); got != c.want {
					t.Errorf("%s: %q, want %q", how, got, c.want)
				}
			}
			if n, m := len(s.Relations()), len(shop(t).Relations()); n != m {
				t.Error("the catalog itself was changed")
			}
			if got := harm(s, s.OfWrite(20002, statement.CommandInsert)); got != "" {
				t.Errorf("the catalog itself leads to %s", got)
			}
		})
	}
}

// harm words what effects change.
func harm(s *Snapshot, e *Effects) string {
	if e == nil {
		return ""
	}
	var words []string
	for _, w := range e.Writes {
		words = append(words, fmt.Sprintf("%s %s", w.Command, s.Relation(w.Relation).Name))
	}
	if len(e.Hidden) > 0 {
		words = append(words, "hidden")
	}
	slices.SortFunc(words, func(a, b string) int { return strings.Compare(b, a) })
	return strings.Join(slices.Compact(words), "; ")
}

// A migration has the catalog extended with each definition that a later statement leads
// to.
func BenchmarkAfterTenThousandTables(b *testing.B) {
	var d Data
	d.BuiltIn = map[uint32]string{1: "now"}
	for i := range uint32(10_000) {
		r := Relation{OID: 20_000 + i, Schema: "public", Name: fmt.Sprint("t", i), Kind: Table, Type: 100_000 + i}
		for c := range int16(10) {
			r.Columns = append(r.Columns, Column{Number: c + 1, Name: fmt.Sprint("c", c), Type: 23})
		}
		d.Relations = append(d.Relations, r)
	}
	s, err := New(d)
	if err != nil {
		b.Fatal(err)
	}
	facts, err := statement.Parse(strings.Repeat("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM t1; RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON t2 FOR EACH ROW EXECUTE FUNCTION f(); CREATE TABLE mine (id int);", 100))
	if err != nil {
		b.Fatal(err)
	}
	var made []*statement.Statement
	for i := range facts.Statements {
		made = append(made, &facts.Statements[i])
	}
	b.Run("300 at once", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.After(made)
		}
	})
	b.Run("one more", func(b *testing.B) {
		before := s.After(made[:299])
		b.ReportAllocs()
		for b.Loop() {
			before.After(made[299:])
		}
	})
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.After(made[:1])
		}
	})
}
