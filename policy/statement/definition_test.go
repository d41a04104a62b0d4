package statement

import (
	"slices"
	"testing"
)

// Pieces of definitions stand in lists that stand in lists.
func TestDefinitionsAreUnderstoodHoweverTheirPartsAreNested(t *testing.T) {
	for _, text := range []string{
		"ALTER TABLE t SET (fillfactor = 40)",
		"ALTER TABLE t RESET (fillfactor)",
		"ALTER TABLE t ALTER COLUMN c SET (n_distinct = 100)",
		"ALTER TABLE t ALTER COLUMN a SET GENERATED ALWAYS SET INCREMENT BY 2 RESTART",
		"ALTER INDEX i SET (fastupdate = off)",
		"ALTER VIEW v SET (security_barrier = true)",
		"ALTER FOREIGN TABLE t ALTER COLUMN c OPTIONS (ADD p 'v')",
		"CREATE AGGREGATE a(int4) (sfunc = int4pl, stype = int4)",
		"CREATE AGGREGATE a(VARIADIC items \"any\" ORDER BY VARIADIC items \"any\") (sfunc = f, stype = internal)",
		"CREATE USER u IN ROLE r",
		"CREATE ROLE u ROLE a, b ADMIN c",
		"CREATE TABLE t (f1 int, f2 int, f3 circle, EXCLUDE USING gist (f3 WITH &&) WHERE (f1 > 0))",
		"CREATE STATISTICS s ON a, b FROM t",
		"CREATE STATISTICS s ON a FROM (SELECT * FROM t) AS foo",
		"CREATE STATISTICS s ON a FROM f(1) AS foo",
		"CREATE STATISTICS s ON a FROM t JOIN u ON t.x = u.x",
		"CREATE STATISTICS s ON a FROM t TABLESAMPLE system (1)",
		"CREATE TEXT SEARCH CONFIGURATION c (COPY = english)",
		"CREATE OPERATOR CLASS o FOR TYPE int4 USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int4, int4)",
	} {
		if _, err := Parse(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWhatANestedPieceOfADefinitionReadsIsSeen(t *testing.T) {
	for text, want := range map[string]struct{ table, column, function string }{
		"CREATE STATISTICS s ON a FROM (SELECT secret FROM hidden) AS foo":   {table: "hidden", column: "secret"},
		"CREATE TABLE t (f1 int, EXCLUDE USING gist (lower(f1) WITH =))":     {table: "t", function: "lower"},
		"CREATE TABLE t (a int, EXCLUDE USING gist (a WITH =) WHERE (f(a)))": {table: "t", function: "f"},
	} {
		facts, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		st := facts.Statements[0]
		if !slices.ContainsFunc(st.Tables, func(x Table) bool { return x.Name == want.table }) {
			t.Errorf("%s: table %s is not among %v", text, want.table, st.Tables)
		}
		if want.column != "" && !slices.ContainsFunc(st.Columns, func(x Column) bool { return x.Name == want.column }) {
			t.Errorf("%s: column %s is not among %v", text, want.column, st.Columns)
		}
		if want.function != "" && !slices.ContainsFunc(st.Functions, func(x Function) bool { return x.Name == want.function }) {
			t.Errorf("%s: function %s is not among %v", text, want.function, st.Functions)
		}
	}
}
