package diagnostic_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
)

func TestAnErrorOfTheGrammarIsAsPostgreSQLHasIt(t *testing.T) {
	for name, c := range map[string]struct {
		text, message     string
		position          int
		code, says, hints string
	}{
		"a bare syntax error": {text: "SELEC 1", message: `syntax error at or near "SELEC"`, position: 1, code: "42601"},
		"one with a hint": {
			text: "SELECT 1 LIMIT 1, 2", message: "LIMIT #,# syntax is not supported", position: 10,
			code: "42601", hints: "separate LIMIT and OFFSET",
		},
		"one with a detail": {message: "invalid publication object list", code: "42601", says: "One of TABLE or"},
		"something that is not supported": {
			message: "a column list with SET NULL is only supported for ON DELETE actions", code: "0A000",
		},
		"a constraint that cannot be so": {message: "CHECK constraints cannot be marked DEFERRABLE", code: "0A000"},
		"a reserved name":                {message: `role name "public" is reserved`, code: "42939"},
		"an escape of the scanner": {
			text: `SELECT 'ü', E'wrong: \u061'`, message: "invalid Unicode escape", position: 22, code: "22025", hints: `\uXXXX`,
		},
		"an escape of the parser": {
			text: `SELECT 'ü', U&'wrong: \061'`, message: "invalid Unicode escape", position: 23, code: "42601", hints: `\+XXXXXX`,
		},
		"a place beyond the text": {text: "x", message: "invalid Unicode escape", position: 9, code: "42601", hints: `\+XXXXXX`},
		"no place":                {text: "x", message: "invalid Unicode escape", code: "42601", hints: `\+XXXXXX`},
	} {
		t.Run(name, func(t *testing.T) {
			d := diagnostic.Syntax([]byte(c.text), c.message, c.position)
			if d.Code != c.code || d.Message != c.message || d.Position != c.position ||
				!strings.Contains(d.Detail, c.says) || !strings.Contains(d.Hint, c.hints) ||
				(c.says == "") != (d.Detail == "") || (c.hints == "") != (d.Hint == "") {
				t.Fatalf("%+v", d)
			}
		})
	}
}
