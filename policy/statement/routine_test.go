package statement

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// outline writes the steps of a build, one in a line: kind, names and how many parts.
func outline(n *Node) string {
	kinds := map[NodeKind]string{NodeVariable: "variable", NodeResult: "result", NodeRun: "run", NodeStore: "store", NodeAsk: "ask", NodeCount: "count", NodeTell: "tell"}
	var lines []string
	for _, s := range n.List(2) {
		lines = append(lines, strings.TrimSpace(kinds[s.Kind]+" "+strings.Join(s.Names, " ")))
	}
	return strings.Join(lines, "; ")
}

func TestABodyIsBuiltStepByStep(t *testing.T) {
	for definition, want := range map[string]string{
		"CREATE FUNCTION f(a text) RETURNS text LANGUAGE sql AS 'SELECT 1; SELECT upper($1)'":                                                                                                     "run; result",
		"CREATE FUNCTION f(a text) RETURNS text LANGUAGE sql RETURN upper(a)":                                                                                                                     "result",
		"CREATE FUNCTION f(a text) RETURNS text LANGUAGE sql BEGIN ATOMIC; INSERT INTO t VALUES (1); SELECT a; END":                                                                               "run; result",
		"CREATE FUNCTION f(a text) RETURNS void LANGUAGE sql AS 'UPDATE t SET b = a'":                                                                                                             "result",
		"CREATE FUNCTION f(a text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN upper(a); END'":                                                                                                 "variable a; variable found; result",
		"CREATE FUNCTION f(a text) RETURNS text LANGUAGE plpgsql AS 'DECLARE b text := a; BEGIN b := b || 1; RETURN b; END'":                                                                      "variable a; variable found; variable b; store b; result",
		"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'DECLARE n int; r record; BEGIN SELECT count(*) INTO n FROM t; FOR r IN SELECT * FROM t LOOP n := n + r.x; END LOOP; RETURN n; END'": "variable found; variable n; variable r; store n; store r; store n; result",
		"CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN IF a > 1 THEN RETURN 1; ELSIF a = 0 THEN RETURN 2; END IF; CASE a WHEN 3 THEN RETURN 3; END CASE; END'": "variable a; variable found; variable __Case__Variable_2__; " +
			"ask IF or WHILE; ask IF or WHILE; result; result; store __Case__Variable_2__; ask CASE; result",
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at := now(); INSERT INTO log VALUES (OLD.x); RETURN NEW; END'": "variable found; variable new; variable old; store new at; run; result",
		"CREATE FUNCTION f() RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT 1; RETURN NEXT 2; RAISE NOTICE ''%'', 3; EXCEPTION WHEN others THEN PERFORM g(); END'": "variable found; variable sqlstate; variable sqlerrm; " +
			"result; result; tell RAISE; run",
	} {
		facts, err := ParseBody(definition)
		if err != nil {
			t.Errorf("%s: %v", definition, err)
			continue
		}
		if why := facts.Routine.Name(1); why != "" {
			t.Errorf("%s: not followed: it %s", definition, why)
		}
		if got := outline(facts.Routine); got != want {
			t.Errorf("%s:\n got %s\nwant %s", definition, got, want)
		}
		again, err := Decode(Encode(nil, facts))
		if err != nil || !reflect.DeepEqual(facts.Routine, again.Routine) {
			t.Errorf("%s: encoded and decoded it is another (%v)", definition, err)
		}
	}
}

func TestABodyThatIsNotFollowedSaysWhy(t *testing.T) {
	for body, want := range map[string]string{
		"BEGIN EXECUTE 'select 1'; END":                                                "dynexecute",
		"DECLARE c CURSOR FOR SELECT 1; BEGIN OPEN c; END":                             "cursor",
		"DECLARE r record; BEGIN FOR r IN EXECUTE 'select 1' LOOP NULL; END LOOP; END": "dynfors",
		"BEGIN RETURN QUERY EXECUTE 'select 1'; END":                                   "made when it runs",
		"DECLARE r record; BEGIN SELECT 1 INTO r.a; END":                               "field behind INTO",
		"BEGIN RETURN; EXCEPTION WHEN others THEN RAISE NOTICE '%', SQLERRM; END":      "texts of errors",
		"BEGIN CALL p(); END":                                                          "call",
		"BEGIN CREATE TABLE t (a int); END":                                            "not followed",
		"DECLARE x int; BEGIN FOREACH x IN ARRAY ARRAY[1] LOOP NULL; END LOOP; END":    "FOREACH",
	} {
		facts, err := ParseBody("CREATE FUNCTION f() RETURNS SETOF int LANGUAGE plpgsql AS $$" + body + "$$")
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if why := facts.Routine.Name(1); !strings.Contains(why, want) || facts.Routine.Node(2).Kind != NodeNone {
			t.Errorf("%s: %q, want one with %q", body, why, want)
		}
	}
}

func TestASignatureIsBuilt(t *testing.T) {
	facts, err := ParseBody("CREATE FUNCTION f(a text, b app.thing DEFAULT now(), VARIADIC c int[] DEFAULT '{}') RETURNS TABLE (x text, y int) LANGUAGE sql STRICT AS 'SELECT $1, c[1]'")
	if err != nil {
		t.Fatal(err)
	}
	r := facts.Routine
	var got []string
	for _, f := range r.List(0) {
		got = append(got, fmt.Sprint(f.Names, f.Node(0).Names, f.Node(1).Kind != NodeNone))
	}
	want := "[a i] [pg_catalog text] false|[b i] [app thing] true|[c v] [pg_catalog int4] true|[x t] [pg_catalog text] false|[y t] [pg_catalog int4] false"
	want = strings.ReplaceAll(want, "[pg_catalog text]", fmt.Sprint([]string{"", "text"}))
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got %s\nwant %s", s, want)
	}
	if !r.Has(FlagSet) || !r.Has(FlagStrict) || r.Name(0) != "sql" {
		t.Errorf("flags %b, language %q", r.Flags, r.Name(0))
	}
}
