package pattern

import (
	"strings"
	"testing"
	"time"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		glob, text string
		want       bool
	}{
		{"nightly-*.service", "nightly-etl.service", true},
		{"nightly-*.service", "nightly-.service", true},
		{"nightly-*.service", "nightly.service", false},
		{"*", "", true},
		{"*", "anything/at all", true},
		{"a?c", "abc", true},
		{"a?c", "aéc", true},
		{"a?c", "ac", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"plain", "plain", true},
		{"plain", "Plain", false},
	} {
		g, err := NewGlob(c.glob)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Match(c.text); got != c.want {
			t.Errorf("glob %q on %q: %v", c.glob, c.text, got)
		}
	}
	if !Literal("a*b").Match("a*b") || Literal("a*b").Match("axb") {
		t.Error("a literal must take its star for a star")
	}
	if _, err := NewGlob(""); err == nil {
		t.Error("an empty glob must be an error")
	}
}

func TestGlobStaysQuickOnHostileText(t *testing.T) {
	g, err := NewGlob(strings.Repeat("a*", 50) + "b")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if g.Match(strings.Repeat("a", 100_000)) {
		t.Error("must not match")
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("took %v", d)
	}
}

func TestPath(t *testing.T) {
	for _, c := range []struct {
		path, text   string
		whole, below bool
	}{
		{"/usr/bin/psql", "/usr/bin/psql", true, true},
		{"/usr/bin/*", "/usr/bin/psql", true, true},
		{"/usr/bin/*", "/usr/bin/x/psql", false, true},
		{"/usr/**/psql", "/usr/psql", true, true},
		{"/usr/**/psql", "/usr/lib/postgresql/15/bin/psql", true, true},
		{"/usr/**", "/usr", true, true},
		{"/agents/bot", "/agents/bot", true, true},
		{"/agents/bot", "/agents/bot/inner", false, true},
		{"/agents/bot", "/agents/bottle", false, false},
		{"/agents/*", "/agents", false, false},
		{"/**/job", "/a/b/job/c", false, true},
		{"/agents/bot", "agents/bot", false, false},
	} {
		p, err := NewPath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(c.text); got != c.whole {
			t.Errorf("path %q on %q: %v", c.path, c.text, got)
		}
		if got := p.MatchBelow(c.text); got != c.below {
			t.Errorf("path %q at or above %q: %v", c.path, c.text, got)
		}
	}
	for _, bad := range []string{"", "usr/bin", "/usr/", "/a//b", "/a/../b", "/./a"} {
		if _, err := NewPath(bad); err == nil {
			t.Errorf("path %q must be an error", bad)
		}
	}
}

func TestName(t *testing.T) {
	for _, c := range []struct {
		text      string
		canonical string
	}{
		{"public.Customers.email", `"public"."customers"."email"`},
		{`public."Customers".email`, `"public"."Customers"."email"`},
		{`"a.b".c`, `"a.b"."c"`},
		{`"say ""hi""".*`, `"say ""hi""".*`},
		{"*.*.ssn", `*.*."ssn"`},
		{"Pay_*", "pay_*"},
		{"ÄRGER", `"Ärger"`},
	} {
		n, err := ParseName(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := n.Canonical(); got != c.canonical {
			t.Errorf("%s: %s, want %s", c.text, got, c.canonical)
		}
	}
	for _, bad := range []string{"", ".", "a.", ".a", "a..b", `"a`, `""`, `a"b"`, "a b", "a;b", strings.Repeat("x", 64)} {
		if _, err := ParseName(bad); err == nil {
			t.Errorf("name %q must be an error", bad)
		}
	}
}

func FuzzName(f *testing.F) {
	f.Add(`public."Customers".*`)
	f.Add(`"""`)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseName(text)
		if err != nil {
			return
		}
		again, err := ParseName(n.Canonical())
		if err != nil {
			t.Fatalf("%q: canonical %q: %v", text, n.Canonical(), err)
		}
		if again.Canonical() != n.Canonical() {
			t.Fatalf("%q: canonical %q, then %q", text, n.Canonical(), again.Canonical())
		}
	})
}
