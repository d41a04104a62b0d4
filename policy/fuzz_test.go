package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
			b.Rules(bot, db).Judge(Request{Facts: FunctionCallFacts()})
		}
	})
}
