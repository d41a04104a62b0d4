package proxy

import (
	"fmt"
	"slices"
	"testing"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

func TestWhatADefinitionChangesIsKnownByName(t *testing.T) {
	s, err := catalog.New(catalog.Data{Relations: []catalog.Relation{
		{OID: 20001, Schema: "public", Name: "known", Kind: catalog.Table},
	}, Types: []catalog.Type{{OID: 20002, Schema: "public", Name: "money"}}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"CREATE TABLE a (id int PRIMARY KEY, x text NOT NULL DEFAULT 'x', y varchar(20), z numeric(5,2)[])": "",
		"CREATE TABLE IF NOT EXISTS a (id int)":                                    "",
		"CREATE TABLE known (id int)":                                              "known",
		"CREATE TABLE s.known (id int)":                                            "known",
		"CREATE TABLE a (id serial)":                                               "a",
		"CREATE TABLE a (x money)":                                                 "a",
		"CREATE TABLE a (x s.text)":                                                "a",
		"CREATE TABLE a (x colour)":                                                "a",
		"CREATE TABLE a (x timestamptz DEFAULT now())":                             "a",
		"CREATE TABLE a (x int CHECK (x > 0))":                                     "a",
		"CREATE TABLE a (x int GENERATED ALWAYS AS (y) STORED, y int)":             "a",
		"CREATE TABLE a (x int REFERENCES b)":                                      "a b",
		"CREATE TABLE a (x int, FOREIGN KEY (x) REFERENCES s.b ON DELETE CASCADE)": "a b",
		"CREATE TABLE a () INHERITS (b)":                                           "a b",
		"CREATE TABLE a PARTITION OF b DEFAULT":                                    "a b",
		"CREATE TABLE a (LIKE b INCLUDING ALL)":                                    "a b",
		"CREATE TABLE a OF colour":                                                 "a",
		"CREATE TABLE a (x text) PARTITION BY LIST (upper(x))":                     "a",
		"CREATE TABLE a AS SELECT * FROM b":                                        "a b",
		"SELECT * INTO a FROM b":                                                   "a b",
		"CREATE TEMP TABLE a (x colour DEFAULT f())":                               "",
		"CREATE TEMP TABLE a AS SELECT * FROM b":                                   "",
		"CREATE TEMP VIEW a AS SELECT * FROM b":                                    "",
		"CREATE OR REPLACE VIEW a AS SELECT * FROM b":                              "a",
		"CREATE MATERIALIZED VIEW a AS SELECT * FROM b":                            "a",
		"CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'":            "f",
		"CREATE FUNCTION pg_temp.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'":    "f",
		"CREATE PROCEDURE f(int) LANGUAGE sql AS 'SELECT 1'":                       "f",
		"CREATE AGGREGATE f(int) (sfunc = int4pl, stype = int)":                    "f",
		"ALTER FUNCTION f(int) RENAME TO g":                                        "all",
		"DROP FUNCTION f(int)":                                                     "f",
		"CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f()":                 "a",
		"CREATE RULE r AS ON INSERT TO a DO ALSO DELETE FROM b":                    "a b",
		"CREATE POLICY p ON a USING (f())":                                         "a",
		"CREATE INDEX ON a (x)":                                                    "",
		"CREATE INDEX ON a (f(x))":                                                 "a",
		"CREATE INDEX ON a (x) WHERE x > 3":                                        "a",
		"ALTER TABLE a ADD COLUMN x int":                                           "a",
		"ALTER TABLE a INHERIT b":                                                  "all",
		"ALTER TABLE a ATTACH PARTITION b DEFAULT":                                 "all",
		"ALTER TABLE a RENAME TO b":                                                "all",
		"ALTER TABLE a RENAME x TO y":                                              "a",
		"ALTER VIEW a RENAME TO b":                                                 "all",
		"ALTER TABLE a ENABLE ROW LEVEL SECURITY":                                  "a",
		"ALTER TABLE a ALTER x SET DEFAULT f()":                                    "a",
		"DROP TABLE known":                                                         "known",
		"DROP TABLE IF EXISTS unknown":                                             "",
		"DROP SCHEMA s CASCADE":                                                    "all",
		"CREATE SCHEMA s":                                                          "",
		"CREATE SCHEMA s CREATE TABLE a (x int)":                                   "a",
		"ALTER SCHEMA s RENAME TO z":                                               "all",
		"CREATE TYPE a AS (x int)":                                                 "all",
		"CREATE DOMAIN a AS int":                                                   "all",
		"CREATE OPERATOR + (leftarg = a, function = f)":                            "all",
		"CREATE CAST (a AS b) WITH INOUT":                                          "all",
		"CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()":           "all",
		"CREATE EXTENSION hstore":                                                  "all",
		"CREATE ROLE r":                                                            "",
		"DO $$ BEGIN PERFORM 1; END $$":                                            "all",
		"DO $$ BEGIN EXECUTE 'DROP TABLE ' || x; END $$":                           "all",
		"CALL p()": "all",
		"IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c": "all",
		"REASSIGN OWNED BY a TO b":                     "all",
		"GRANT SELECT ON a TO b":                       "",
		"COMMENT ON TABLE a IS 'x'":                    "",
	} {
		facts, err := statement.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var c changing
		c.note(s, &facts.Statements[0])
		slices.Sort(c.names)
		got := ""
		switch {
		case c.all:
			got = "all"
		case len(c.names) > 0:
			got = fmt.Sprint(c.names)
			got = got[1 : len(got)-1]
		}
		if got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}
