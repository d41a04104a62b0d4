package statement

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestScanRefusesWhatTheParserMustNotSee(t *testing.T) {
	limits := Limits{Length: 100_000, Statements: 3, CommentDepth: 3, Nesting: 5, Chain: 10}
	for text, offset := range map[string]int{
		"select 1\x00; drop table t":                                               8,
		"select '\xff'":                                                            8,
		"select 'é\xc3'":                                                           10,
		strings.Repeat(" ", 100_001):                                               100_000,
		"/*/*/*/* */*/*/*/":                                                        6,
		"select 1; select 2; select 3; select 4":                                   38,
		"select ((((((1))))))":                                                     12,
		"select [[[[[[1]]]]]]":                                                     12,
		"select (case when ((((1)))) then 1 end)":                                  21,
		"select 1+1+1+1+1+1+1+1+1+1+1+1+1":                                         -1,
		"select 1 + /* */ 1 +--\n1+1+1+1+1+1+1+1+1+1":                              -1,
		"select a::b::c::d::e::f":                                                  -1,
		"select not not not not not not not not not not not a":                     -1,
		"select a is null is null is null is null is null is null":                 -1,
		"select a.or + a.or + a.or + a.or + a.or + a.or + a.or":                    -1,
		"select - - - - - - - - - - - 1":                                           -1,
		"select a operator(x.+) b operator(x.+) c operator(x.+) d operator(x.+) e": -1,
		"select 1 from a join b on c join d on e join f on g join h on i join j on k join l on m join n on o join p on q join r on s join t on u":                                       -1,
		"select 1 union select 1 union select 1 union select 1 union select 1 union select 1 union select 1 union select 1 union select 1 union select 1 union select 1 union select 1": -1,
		"select a between 1 and 2 is null between 1 and 2 is null between 1 and 2 is null between 1 and 2":                                                                              -1,
		"select a is distinct from not b is distinct from not c is distinct from not d":                                                                                                 -1,
		"select 1+(1+1+1+1+1+1+1+1+1)+1+1+1":          -1,
		"select 'a' || E'\\'' || 'b' + 1+1+1+1+1+1+1": -1,
		"/* not ended": 0,
		"select /**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**//**/1": -1,
		"select " + strings.Repeat("+", 65) + "1":                                      -1,
	} {
		var refused *ScanError
		if err := Scan(text, limits); !errors.As(err, &refused) {
			t.Errorf("%.60q: got %v", text, err)
		} else if offset >= 0 && refused.Offset != offset {
			t.Errorf("%.60q: refused at %d, not %d: %v", text, refused.Offset, offset, err)
		}
	}
}

func TestScanLetsRealStatementsThrough(t *testing.T) {
	tight := Limits{Length: 1 << 20, Statements: 2, CommentDepth: 2, Nesting: 4, Chain: 12}
	list := func(piece, sep string, n int) string { return strings.TrimSuffix(strings.Repeat(piece+sep, n), sep) }
	for name, text := range map[string]string{
		"a long IN":                     "select 1 from t where a in (" + list("1", ",", 10_000) + ")",
		"a long VALUES":                 "insert into t values " + list("(1, -2, 'a' || 'b')", ", ", 10_000),
		"many ANDs":                     "select 1 from t where " + list("a <> 1", " and ", 1000),
		"many ORs":                      "select 1 from t where " + list("(a = 1 and b = 2)", " or ", 1000),
		"many ranges":                   "select 1 from t where " + list("a between 1 and 2", " or ", 1000),
		"many targets":                  "select " + list("a + 1 as x", ", ", 1000),
		"a long CASE":                   "select case a " + list("when 1 then 'b'", " ", 1000) + " else 2 end",
		"parentheses in a row":          "select " + list("(a)", ", ", 1000),
		"operators in a string":         "select '" + strings.Repeat("+", 1000) + "'",
		"and with a doubled quote":      "select '" + strings.Repeat("+''", 1000) + "'",
		"in E''":                        "select E'" + strings.Repeat(`+\'`, 1000) + "'",
		"in a continued E''":            "select E'a\\''\n -- and\n 'b\\'" + strings.Repeat("+", 1000) + "'",
		"in U&''":                       "select U&'" + strings.Repeat("+", 1000) + "'",
		"in a quoted name":              `select "` + strings.Repeat(`+""`, 1000) + `"`,
		"in a U& name":                  `select u&"` + strings.Repeat(`(`, 1000) + `"`,
		"in dollar quotes":              "select $$" + strings.Repeat("+ $", 1000) + "$$",
		"in tagged dollar quotes":       "select $a$" + strings.Repeat("+ $b$ $$ (", 1000) + "$a$",
		"in a line comment":             "select 1 --" + strings.Repeat("+(", 1000),
		"in a block comment":            "select 1 /*" + strings.Repeat("+(", 1000) + "*/",
		"a banner":                      "/" + strings.Repeat("*", 5000) + "/ select 1 --" + strings.Repeat("-", 5000),
		"semicolons in a rule":          "create rule r as on insert to t do (select 1; select 2; select 3; select 4)",
		"empty statements":              ";;;; select 1;;;;",
		"long names":                    "select " + strings.Repeat("a", 5000),
		"dotted names":                  "select a.b.c.d, a.or, a.case, a.end from x.y",
		"a string ended by a backslash": `select '\' || '` + strings.Repeat("+", 1000) + `'`,
		"numbers":                       "select 1.5e-10, .5, 1., 0x1F, 1_000, $1, $2",
		"unicode":                       "select 'é', \"né\", né from t",
		"a label":                       "select 1 as case, 2 as end, 3 as union",
	} {
		if err := Scan(text, tight); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScanTakesTimeInProportionToTheText(t *testing.T) {
	limits := DefaultLimits()
	limits.Length = 64 << 20
	for name, piece := range map[string]string{
		"quotes": "''", "dollars": "$", "tags": "$a", "comments": "/* */ ", "names": "a", "parentheses": "()",
		"commas": "1,", "open comments": "/*/", "E": "E'\\'", "statements": "a;", "white space": " \n",
	} {
		text := strings.Repeat(piece, 4<<20/len(piece))
		began := time.Now()
		err := Scan(text, limits)
		if took := time.Since(began); took > time.Minute { // a second at most; in square of the length it is hours
			t.Errorf("%s: took %v (%v)", name, took, err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	text := "select id, name from customers where id = $1 and created > now() - interval '1 day'"
	limits := DefaultLimits()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Scan(text, limits); err != nil {
			b.Fatal(err)
		}
	}
}
