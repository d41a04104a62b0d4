package parser

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/statement"
)

const definition = "CREATE OR REPLACE FUNCTION f(a int) RETURNS void LANGUAGE plpgsql AS $function$begin delete from t where id = a; execute 'drop table u'; end$function$"

func TestAPoolGivesWhatStandsInABody(t *testing.T) {
	p := newPool(t, nil)
	facts, err := p.Body(t.Context(), definition)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, st := range facts.Statements {
		commands = append(commands, string(st.Command))
	}
	if got := strings.Join(commands, " "); !strings.Contains(got, "Delete") || !strings.Contains(got, "Drop") || strings.Contains(got, "Create") {
		t.Errorf("got %s", got)
	}
	again, err := p.Body(t.Context(), definition)
	if err != nil || again != facts {
		t.Errorf("the second time gave %p, %v, not the kept %p", again, err, facts)
	}
	whole, err := p.Parse(t.Context(), definition, "")
	if err != nil || len(whole.Statements) != 1 || whole.Statements[0].Command != statement.CommandCreate {
		t.Errorf("as a statement: %+v, %v", whole, err)
	}
}

func TestAQuestionAboutABodyIsNoText(t *testing.T) {
	p := newPool(t, nil)
	if _, err := p.Body(t.Context(), definition); err != nil {
		t.Fatal(err)
	}
	text := statement.BodyText(definition)
	var scan *statement.ScanError
	if _, err := p.Parse(t.Context(), text, ""); !errors.As(err, &scan) {
		t.Errorf("got %v", err)
	}
	if facts, err, ok := p.Cached([]byte(text)); ok {
		t.Errorf("got %v, %v", facts, err)
	}
	var unsupported *statement.UnsupportedError
	var syntax *statement.SyntaxError
	if _, err := p.Body(t.Context(), "select 1"); !errors.As(err, &unsupported) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Body(t.Context(), "slect 1"); !errors.As(err, &syntax) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Body(t.Context(), definition+"\x00"); !errors.As(err, &scan) {
		t.Errorf("got %v", err)
	}
}

// The parser of PL/pgSQL is C code of its own, with stacks and leaks of its own.
func TestHostileBodiesNeitherKillNorStallAWorker(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Deadline = 20 * time.Second })
	repeat := strings.Repeat
	bodies := map[string]string{
		"nested blocks":         repeat("begin ", 3000) + "null; " + repeat("end; ", 3000),
		"nested IF":             "begin " + repeat("if true then ", 3000) + "null; " + repeat("end if; ", 3000) + "end",
		"nested loops":          "begin " + repeat("loop ", 3000) + "null; " + repeat("end loop; ", 3000) + "end",
		"nested CASE":           "begin " + repeat("case when true then ", 2000) + "null; " + repeat("end case; ", 2000) + "end",
		"ELSIF in a row":        "begin if true then null; " + repeat("elsif true then null; ", 20_000) + "end if; end",
		"many declarations":     "declare " + manyVariables(5_000) + "begin null; end",
		"many statements":       "begin " + repeat("perform 1; ", 20_000) + "end",
		"one name many times":   "declare " + repeat("a int; ", 20_000) + "begin null; end",
		"a long expression":     "begin perform 1" + repeat("+1", 900) + "; end",
		"nested parentheses":    "begin perform " + repeat("(", 300) + "1" + repeat(")", 300) + "; end",
		"labels":                repeat("<<l>> begin ", 2000) + "null; " + repeat("end l; ", 2000),
		"comments":              "begin " + repeat("/* */ ", 20_000) + "null; end",
		"an open comment":       "begin /* " + repeat("/* ", 20),
		"an open string":        "begin perform 'x; end",
		"raise with parameters": "begin raise notice '" + repeat("%", 2000) + "'" + repeat(", 1", 2000) + "; end",
		"no end":                "begin " + repeat("if ", 5000),
		"bodies in bodies":      "begin execute 'do ''begin execute ''''do ''''''''begin null; end''''''''''''; end''; end",
	}
	for name, body := range bodies {
		text := "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $function$" + body + "$function$"
		began := time.Now()
		if _, err := p.Body(t.Context(), text); err != nil && !isScan(err) && !isUnsupported(err) {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %d bytes in %v", name, len(body), time.Since(began))
		if _, err := p.Parse(t.Context(), "do $function$"+body+"$function$", ""); err != nil && !isScan(err) && !isUnsupported(err) {
			t.Errorf("%s, in DO: %v", name, err)
		}
	}
	if st := p.Stats(); st.Crashes != 0 || st.Deadlines != 0 {
		t.Errorf("got %+v", st)
	}
}

func isScan(err error) bool {
	var s *statement.ScanError
	return errors.As(err, &s)
}

func manyVariables(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("v" + strings.Repeat("x", i%50) + " int; ")
	}
	return b.String()
}
