package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/weirgate/weir/policy/statement"
)

// FuzzCompile looks for texts that panic, hang, or give neither a bundle nor a
// diagnostic.
func FuzzCompile(f *testing.F) {
	f.Add(good)
	f.Add(onePolicy("  guards: [{name: a, match: {any: true}, when: '[1].all(x, x > 0)', action: Deny}]\n"))
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, diags := Compile([]Source{{Name: "fuzz.yaml", Data: []byte(text)}}, WithKeys(testKeys))
		if (b == nil) == (len(diags) == 0) {
			t.Fatalf("bundle %v, diagnostics %v", b, diags)
		}
		lines := 2
		for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} { // YAML's
			lines += strings.Count(text, end)
		}
		for _, d := range diags {
			if d.Message == "" || d.Line < 0 || d.Line > lines || (d.Line > 0) != (d.Column > 0) {
				t.Fatalf("a diagnostic without a good place: %+v", d)
			}
		}
		if b == nil {
			return
		}
		again, diags := Compile([]Source{{Name: "again.yaml", Data: []byte(text)}}, WithKeys(testKeys))
		if len(diags) > 0 || again.Revision() != b.Revision() {
			t.Fatal("the same text gives another bundle")
		}
		for _, db := range b.Databases() {
			b.Rules(bot, db).Judge(Request{Facts: facts(t, "do language plpython3u 'x'")})
		}
	})
}

// FuzzJudge looks for texts that panic, that are judged and explained
// differently, or whose words are not fit to be shown.
func FuzzJudge(f *testing.F) {
	for _, sql := range []string{
		"select 1", "drop table \"a\nb\"; delete from \"\u202e\"", "with x as (delete from t returning *) select * from x",
		"execute p(1)", "do $$ begin perform 1; end $$", "set \"Role\" = x", "copy (table users) to stdout", "select u.* from users u(a)",
	} {
		f.Add(sql)
	}
	b := compile(f, onePolicy(`
  approvals: [{name: dba, approvers: {any: true}}]
  guards:
  - {name: ddl, match: {commands: [Drop]}, action: Deny}
  - {name: where, match: {where: Missing}, action: RequireApproval, approval: dba}
  - {name: column, match: {columns: [users.*], access: Read}, action: Deny}
  - {name: table, match: {tables: ["*.t*"], access: Write}, when: "statement.tables.exists(t, t.name == 'x')", action: Deny}
  - {name: call, match: {functions: ["*.pg_*"]}, action: Warn}
  - {name: set, match: {settings: ["*o*"]}, action: Warn}
`))
	catalog := testCatalog(f)
	f.Fuzz(func(t *testing.T, sql string) {
		if len(sql) > 500 { // the parser's own limits are not the matter here
			return
		}
		read, err := statement.Parse(sql)
		if err != nil {
			return
		}
		for _, c := range []*Catalog{nil, catalog} {
			q := Request{Facts: read, Text: sql, Catalog: c}
			rules := b.Rules(bot, b.Database("crm"))
			v := rules.Judge(q)
			e := b.Explain(bot, b.Database("crm"), q).Verdict
			if e.Action != v.Action || e.Rule != v.Rule || e.Message != v.Message {
				t.Fatalf("judged %+v, explained %+v", v, e)
			}
			for _, words := range []string{v.Message, v.Detail, v.Hint, v.Reason} {
				if !utf8.ValidString(words) || strings.ContainsFunc(words, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Fatalf("not fit to be shown: %q", words)
				}
			}
			if v.Refused() && (v.Message == "" || v.Hint == "" || v.Statement < 0 || v.Statement >= len(read.Statements)) {
				t.Fatalf("a refusal without words or place: %+v", v)
			}
		}
	})
}
