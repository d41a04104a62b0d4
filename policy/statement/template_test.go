package statement

import (
	"slices"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// marked gives the literals that a text's template marks.
func marked(t testing.TB, text string) []string {
	t.Helper()
	var tpl Template
	if err := tpl.Read(text, DefaultLimits()); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var found []string
	for _, l := range tpl.literals {
		found = append(found, text[l.start:l.end]+string(l.class))
	}
	return found
}

func TestATemplateMarksWhatPostgreSQLReadsAsALiteral(t *testing.T) {
	for text, want := range map[string]string{
		"select 1":                              "1i",
		"select 0, 007, 2147483647, 2147483648": "0i 007i 2147483647i 2147483648n",
		"select 99999999999999999999999":        "99999999999999999999999n",
		"select 1.5, 1., .5, 0.25e1":            "1.5n 1.n",
		"select 1e5, 1e+5, 1E-5, 0x1f, 1_000":   "5i 5i", // the parser makes no constant of what follows a sign
		"select -5, a-5, - 5, +5":               "5i 5i 5i 5i",
		"select a[1:2], a[1:]":                  "1i 2i 1i",
		"for i in 1..10":                        "",
		"select t1, t2.a3, \"x4\", $5, $6::int": "",
		"select 5a, 5$1, 5_":                    "",
		"select 'a', '', 'it''s', '\\'":         "'a's ''s 'it''s's '\\'s",
		"select 'a' 'b'":                        "'a's 'b's",
		"select 'a'\n'b', 'c'":                  "'c's",
		"select 'a' -- x\n 'b', 'c'":            "'c's",
		"select 'a' /* x\n */ 'b'":              "'a's 'b's",
		"select 'a' -- 'b'":                     "'a's",
		"select e'a', E'\\'', b'1', X'1f', n'a', u&'a', U&'a' uescape '!'": "'!'s",
		"select u&\"a\", $$1$$, $a$'x'$a$, $a$1$b$2$a$":                    "",
		"select date '2020-01-01', interval'1' day, interval(3) '1'":       "'2020-01-01's '1's 3i '1's",
		"select /* 1 'a' */ 2 -- 3 'b'":                                    "2i",
		"select 'unfinished":                                               "",
		"select 'é', 'select 1; --'":                                       "'é's 'select 1; --'s",
		"select float(3) '1', x::numeric(10,2)":                            "3i '1's 10i 2i",
	} {
		if got := strings.Join(marked(t, text), " "); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// sameTemplate says whether two texts have one key.
func sameTemplate(t testing.TB, a, b string) bool {
	t.Helper()
	var x, y Template
	for text, tpl := range map[string]*Template{a: &x, b: &y} {
		if err := tpl.Read(text, DefaultLimits()); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return string(x.Key()) == string(y.Key())
}

func TestTextsThatDifferInMoreThanLiteralsHaveKeysOfTheirOwn(t *testing.T) {
	for name, pair := range map[string][2]string{
		"white space":               {"select 1", "select  1"},
		"letters":                   {"select 1", "SELECT 1"},
		"comments":                  {"select 1 -- a", "select 1 -- b"},
		"an integer and a numeric":  {"select 1", "select 1.0"},
		"integers of two sizes":     {"select 1", "select 3000000000"},
		"a string and a number":     {"select '1'", "select 1"},
		"a sign":                    {"select 1", "select -1"},
		"names":                     {"select a1", "select a2"},
		"parameters":                {"select 1, $1", "select 1, $2"},
		"how many":                  {"select 1, 1", "select 1"},
		"strings with backslashes":  {"select 1, e'a'", "select 1, e'b'"},
		"strings in dollars":        {"select 1, $$a$$", "select 1, $$b$$"},
		"strings in several pieces": {"select 1, 'a'\n'b'", "select 1, 'a'\n'c'"},
		"exponents":                 {"select 1, 1e5", "select 1, 1e6"},
	} {
		if sameTemplate(t, pair[0], pair[1]) {
			t.Errorf("%s: %q and %q have one key", name, pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{
		{"select a from t where b = 1 and c = 'x'", "select a from t where b = 22222 and c = 'it''s; --'"},
		{"select 1.5, 3000000000", "select 3000000000, 1."},
	} {
		if !sameTemplate(t, pair[0], pair[1]) {
			t.Errorf("%q and %q have two keys", pair[0], pair[1])
		}
	}
}

func TestAPinnedKeyTellsWhichLiteralsWereMeant(t *testing.T) {
	keys := map[string]string{}
	for _, text := range []string{"select 1, 2, 3", "select 1, 1, 1", "select 2, 1, 3"} {
		for _, pins := range [][]int{nil, {0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}} {
			var tpl Template
			if err := tpl.Read(text, DefaultLimits()); err != nil {
				t.Fatal(err)
			}
			tpl.Pin(pins)
			meant := ""
			for _, i := range pins {
				l := tpl.literals[i]
				meant += string(rune('a'+i)) + text[l.start:l.end]
			}
			if had, ok := keys[string(tpl.Key())]; ok && had != meant {
				t.Errorf("%q stands for %s and %s", tpl.Key(), had, meant)
			}
			keys[string(tpl.Key())] = meant
		}
	}
}

func TestATextWithTooManyLiteralsIsItsOwnTemplate(t *testing.T) {
	var tpl Template
	for n, want := range map[int]int{mostLiterals: mostLiterals, mostLiterals + 1: 0, 3 * mostLiterals: 0} {
		text := "select " + strings.Repeat("1,", n-1) + "2"
		if err := tpl.Read(text, DefaultLimits()); err != nil || tpl.Literals() != want || (string(tpl.Key()) == text) != (want == 0) {
			t.Errorf("%d literals: %d, %v", n, tpl.Literals(), err)
		}
		if _, sharing, err := ParseShared(text); err != nil || sharing.Shared != (want > 0) {
			t.Errorf("%d literals: %v, %v", n, sharing.Shared, err)
		}
	}
}

func TestATemplateRefusesWhatScanRefuses(t *testing.T) {
	var tpl Template
	for _, text := range []string{"select 1\x00", "select '\xff'", strings.Repeat("x", 2<<20), "select '" + strings.Repeat("x", 2<<20) + "'",
		strings.Repeat("(", 1000), "select 1" + strings.Repeat("+1", 5000), "/* select 1"} {
		got, want := tpl.Read(text, DefaultLimits()), Scan(text, DefaultLimits())
		if got == nil || want == nil || got.Error() != want.Error() {
			t.Errorf("%.20q: got %v, want %v", text, got, want)
		}
	}
	if err := tpl.Read("select 1", DefaultLimits()); err != nil || tpl.Literals() != 1 {
		t.Errorf("after that: %v", err)
	}
}

// checkTokens compares the literals of a template with PostgreSQL's own scanner.
func checkTokens(t *testing.T, text string, literals []literal) {
	t.Helper()
	scanned, err := pg_query.Scan(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	of := map[byte]pg_query.Token{classInteger: pg_query.Token_ICONST, classNumeric: pg_query.Token_FCONST, classString: pg_query.Token_SCONST}
	for _, l := range literals {
		if !slices.ContainsFunc(scanned.Tokens, func(k *pg_query.ScanToken) bool {
			return int(k.Start) == l.start && int(k.End) == l.end && k.Token == of[l.class]
		}) {
			t.Errorf("%q: %q is no literal of class %c", text, text[l.start:l.end], l.class)
		}
	}
}
