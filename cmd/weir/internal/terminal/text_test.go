package terminal

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhatSteersATerminalIsShown(t *testing.T) {
	for _, c := range []struct{ name, text, line, exact string }{
		{"plain", "select 1", "select 1", "select 1"},
		{"lines and blanks", "  select\n\t 1\r\n", "select 1", "  select\n<U+0009> 1<U+000D>\n"},
		{"an escape sequence", "a\x1b[2Jb", "a<U+001B>[2Jb", "a<U+001B>[2Jb"},
		{"a reversal of direction", "a\u202eb", "a<U+202E>b", "a<U+202E>b"},
		{"isolates", "\u2066x\u2069", "<U+2066>x<U+2069>", "<U+2066>x<U+2069>"},
		{"invisible characters", "a\u200bb\ufeffc\u00adz", "a<U+200B>b<U+FEFF>c<U+00AD>z", "a<U+200B>b<U+FEFF>c<U+00AD>z"},
		{"tags", "a\U000e0041", "a<U+E0041>", "a<U+E0041>"},
		{"C1 controls", "a\u009bb", "a<U+009B>b", "a<U+009B>b"},
		{"no UTF-8", "a\xffb", "a<FF>b", "a<FF>b"},
		{"the replacement character itself", "a\ufffdb", "a\ufffdb", "a\ufffdb"},
		{"a NUL", "a\x00b", "a<U+0000>b", "a<U+0000>b"},
		{"other scripts stay", "größe 数", "größe 数", "größe 数"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := OneLine(c.text); got != c.line {
				t.Errorf("as a line %q, want %q", got, c.line)
			}
			if got, _ := Exact(c.text); got != c.exact {
				t.Errorf("exactly %q, want %q", got, c.exact)
			}
		})
	}
}

func TestTextIsCutToColumns(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"abcdef", 0, "abcdef"},
		{"abcdef", 6, "abcdef"},
		{"abcdef", 5, "abcd…"},
		{"abcdef", 1, "…"},
		{"数数数", 6, "数数数"},
		{"数数数", 5, "数数…"},
		{"数数数", 4, "数…"},
		{"e\u0301e\u0301e", 2, "e\u0301…"},
	} {
		if got := Cut(c.text, c.width); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestATableIsAligned(t *testing.T) {
	table := Table{Head: []string{"NAME", "N", "TEXT"}, Right: []bool{false, true}}
	table.Add("a", "1", "select\n1")
	table.Add("größer", "100", strings.Repeat("x", 40))
	var out bytes.Buffer
	if err := table.Print(&Screen{Writer: &out, Width: 30}); err != nil {
		t.Fatal(err)
	}
	want := "NAME      N  TEXT\na         1  select 1\ngrößer  100  " + strings.Repeat("x", 16) + "…\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestColoursAreForTerminalsOnly(t *testing.T) {
	screen := NewScreen(&bytes.Buffer{}, func(string) string { return "" })
	if got := screen.Paint(Red, "x"); got != "x" || screen.Terminal || screen.Width != 0 {
		t.Errorf("a buffer was taken for a terminal: %q", got)
	}
}

func TestJSONStaysTheSameAndSteersNothing(t *testing.T) {
	in := map[string]string{"a\u202e\u009b\U000e0041\u200b": "é\ufeff\n\t\x00 'x'"}
	var b strings.Builder
	if err := json.NewEncoder(&b).Encode(in); err != nil {
		t.Fatal(err)
	}
	shown := JSON(b.String())
	for _, r := range strings.TrimSuffix(shown, "\n") {
		if Steers(r) {
			t.Errorf("%q has %U", shown, r)
		}
	}
	var out map[string]string
	if err := json.Unmarshal([]byte(shown), &out); err != nil || !maps.Equal(in, out) {
		t.Errorf("%q is read as %q, %v", shown, out, err)
	}
}

func TestALineIsCutIntoPieces(t *testing.T) {
	for _, c := range []struct {
		line  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"abcdefghij", 10, []string{"abcdefghij"}},
		{"abcdefghijk", 10, []string{"abcdefghij", "k"}},
		{"数数数数数数", 11, []string{"数数数数数", "数"}},
		{"abcdefghijk", 0, []string{"abcdefghijk"}},
	} {
		if got := slices.Collect(Pieces(c.line, c.width)); !slices.Equal(got, c.want) {
			t.Errorf("%q at %d: %q, want %q", c.line, c.width, got, c.want)
		}
	}
}

func FuzzOneLine(f *testing.F) {
	f.Add("select 1", 5)
	f.Add("a\x1b[2J\u202e\xff", 3)
	f.Fuzz(func(t *testing.T, text string, width int) {
		line := OneLine(text)
		exact, _ := Exact(text)
		for _, s := range []string{line, Cut(line, width), strings.ReplaceAll(exact, "\n", "")} {
			if !utf8.ValidString(s) {
				t.Fatalf("%q became %q, which is no UTF-8", text, s)
			}
			for _, r := range s {
				if Steers(r) {
					t.Fatalf("%q became %q, with %U", text, s, r)
				}
			}
		}
		if cut := Cut(line, width); width > 0 && Width(cut) > width {
			t.Fatalf("%q is wider than %d", cut, width)
		}
	})
}
