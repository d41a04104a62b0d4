package statement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

// What stands in a body is listed one by one besides being put together, so that it is
// known what a function does that is called before any catalog shows it.
func TestDefinitionsListWhatStandsInTheirBodies(t *testing.T) {
	for _, c := range []struct{ name, sql, want string }{
		{"PL/pgSQL", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := now(); DELETE FROM x WHERE id = NEW.id; RETURN NEW; END $$", "Delete x; Select now"},
		{"SQL", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'INSERT INTO a VALUES (1); SELECT b.c FROM b'", "Insert a; Select b"},
		{"RETURN", "CREATE FUNCTION f(a int) RETURNS int RETURN g(a) + 1", "Select g"},
		{"BEGIN ATOMIC", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM a; SELECT 1; END", "Delete a; Select"},
		{"nothing", "CREATE PROCEDURE f() LANGUAGE sql AS ''", ""},
		{"another language", "CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'return 1'", "Do dynamic"},
		{"text made at run time", "CREATE FUNCTION f(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || t; PERFORM g(); END $$", "Do dynamic; Select g"},
		{"COMMIT", "CREATE PROCEDURE f() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM a; COMMIT; END $$", "Commit; Delete a"},
		{"DO", "DO $$ BEGIN IF EXISTS (SELECT 1 FROM a) THEN CREATE TABLE b (id int); END IF; END $$", "Create b; Select a"},
		{"a definition in DO", "DO $$ BEGIN CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM a; SELECT 1'; END $$", "Create a [Delete a; Select]"},
		{"a definition in a constant text", "DO $$ BEGIN EXECUTE 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''DELETE FROM a; SELECT 1'''; END $$", "Create a [Delete a; Select]; Select"},
	} {
		facts, err := statement.Parse(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		again, err := statement.Decode(statement.Encode(nil, facts))
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range []statement.Statement{facts.Statements[0], again.Statements[0]} {
			if got := listed(st.Inside); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
			for _, part := range st.Inside {
				for _, f := range part.Functions {
					if !slices.Contains(st.Functions, f) {
						t.Errorf("%s: %s() is not among all", c.name, f.Name)
					}
				}
			}
		}
	}
}

func listed(all []statement.Statement) string {
	words := make([]string, 0, len(all))
	for _, st := range all {
		word := string(st.Command)
		for _, table := range st.Tables {
			word += " " + table.Name
		}
		for _, f := range st.Functions {
			word += " " + f.Name
		}
		if st.Dynamic {
			word += " dynamic"
		}
		if len(st.Inside) > 0 {
			word += " [" + listed(st.Inside) + "]"
		}
		words = append(words, word)
	}
	slices.Sort(words)
	return strings.Join(words, "; ")
}

// What ALTER gives a thing is told, since it may stand for it from then on.
func TestNewNamesAndSchemasAreTold(t *testing.T) {
	for sql, want := range map[string]string{
		"ALTER FUNCTION a.f(int) RENAME TO g":              "Function a.f -> g ",
		"ALTER FUNCTION f(int) SET SCHEMA s":               "Function .f ->  s",
		"ALTER PROCEDURE f RENAME TO g":                    "Procedure .f -> g ",
		"ALTER ROUTINE f RENAME TO g":                      "Function .f -> g ",
		"ALTER AGGREGATE f(int) RENAME TO g":               "Aggregate .f -> g ",
		"ALTER TABLE a.t RENAME TO u":                      "Table a.t -> u ",
		"ALTER TABLE IF EXISTS t SET SCHEMA s":             "Table .t ->  s",
		"ALTER VIEW t RENAME TO u":                         "View .t -> u ",
		"ALTER TABLE t RENAME COLUMN a TO b":               "Column .a -> b ",
		"ALTER TYPE a.t RENAME TO u":                       "Type a.t -> u ",
		"ALTER DOMAIN t SET SCHEMA s":                      "Domain .t ->  s",
		"ALTER SCHEMA a RENAME TO b":                       "Schema .a -> b ",
		"ALTER OPERATOR a.+(int, int) SET SCHEMA s":        "Operator a.+ ->  s",
		"ALTER DOMAIN d RENAME CONSTRAINT a TO b":          "Domain .d ->  ",
		"ALTER TYPE t RENAME ATTRIBUTE a TO b":             "Column .a -> b ",
		"ALTER MATERIALIZED VIEW a.v RENAME COLUMN a TO b": "Column a.a -> b ",
	} {
		facts, err := statement.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		again, err := statement.Decode(statement.Encode(nil, facts))
		if err != nil {
			t.Fatal(err)
		}
		o := again.Statements[0].Objects[0]
		if got := fmt.Sprintf("%s %s.%s -> %s %s", o.Kind, o.Schema, o.Name, o.NewName, o.NewSchema); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

// A table that is referred to without naming its columns is told from one whose
// definition is changed.
func TestReferencesWithoutColumnsAreTold(t *testing.T) {
	for sql, want := range map[string]string{
		"CREATE TABLE a (b int REFERENCES c)":                                                     "a false []; c true []",
		"CREATE TABLE a (b int REFERENCES c, d int REFERENCES c (e))":                             "a false []; c true []; c true [e]",
		"CREATE TABLE a (b int REFERENCES c) INHERITS (c)":                                        "a false []; c false []; c true []",
		"ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES s.c ON DELETE CASCADE":                      "a false [b]; c true []",
		"ALTER TABLE a ADD FOREIGN KEY (b, d) REFERENCES c (e, f), ADD COLUMN g int REFERENCES a": "a false [b d g]; a true []; c true [e f]",
	} {
		facts, err := statement.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		again, err := statement.Decode(statement.Encode(nil, facts))
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, table := range again.Statements[0].Tables {
			words = append(words, fmt.Sprintf("%s %t %v", table.Name, table.Referred, table.Keys))
		}
		slices.Sort(words)
		if got := strings.Join(words, "; "); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
