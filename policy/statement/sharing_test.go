package statement

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func TestLiteralsThatTheFactsDependOnArePinned(t *testing.T) {
	for text, want := range map[string]string{
		// None.
		"select abalance from pgbench_accounts where aid = 5":                 "",
		"update t set a = a + 5 where id = 7":                                 "",
		"update t set (a, b) = (select 1, 2) where id = 7":                    "",
		"insert into t values (1, 'a', -2, 1.5), (2, 'b', 3, 2.5)":            "",
		"delete from t where id in (1, 2, 3) or id between 4 and 5":           "1 2 3 4 5",
		"delete from t where a = 1 and b <> 2 and c = 'x'":                    "",
		"delete from t where a = 1 or a = 2":                                  "",
		"select a from t where b = -5 and c = - 5 and d = -(5) and e = -(-5)": "",
		"select a from t offset 10":                                           "",
		"select x::numeric(10, 2), 'y'::regclass, date '2020-01-01' from t":   "",
		"select extract('year' from a), a at time zone 'utc' from t":          "",
		"execute p(1, 'a')":                                                                  "",
		"call f(1, 'a')":                                                                     "",
		"explain select a from t where b = 1":                                                "",
		"declare c cursor for select a from t where b = 1":                                   "",
		"prepare p as select a from t where b = 1":                                           "",
		"begin; update t set a = 1 where b = 2; commit":                                      "",
		"select a from t limit (2 + 3)":                                                      "",
		"select nextval('s'), lower('X'), a[1], b[2:3] from t":                               "",
		"select case a when 1 then 'x' else 'y' end from t":                                  "",
		"merge into t using u on t.id = u.id when matched and u.a = 1 then update set b = 2": "",

		// What LIMIT, ORDER BY and the like say.
		"select a from t limit 10":                              "10",
		"select a from t limit '10'":                            "'10'",
		"select a from t fetch first 10 rows only":              "10",
		"select a from t where b = 1 limit 10 offset 20":        "10",
		"select a, b from t where c = 5 order by 1, 2":          "1 2",
		"select a from t order by -1":                           "1",
		"select a from t order by 'x'":                          "'x'",
		"select a, 7 from t group by 1":                         "1",
		"select a from t group by (1, a), rollup (2)":           "1 2",
		"select distinct on (1) a from t where b = 5":           "1",
		"select sum(a) over (partition by 1 order by 2) from t": "2",
		"select (select a from u limit 1) from t":               "",

		// Conditions that may not depend on the row.
		"update t set a = 5 where 1 = 1":                                   "1 1",
		"update t set a = 5 where 1 = 2":                                   "1 2",
		"update t set a = 5 where b = 1 or 2 = 3":                          "2 3",
		"delete from t where 't'":                                          "'t'",
		"delete from t where 't'::boolean and a = 1":                       "'t'",
		"delete from t where name like '%'":                                "'%'",
		"delete from t where name like 'a%'":                               "'a%'",
		"delete from t where name ~ '.*'":                                  "'.*'",
		"delete from t where a = 1 or a <> 2":                              "1 2",
		"delete from t where a = 1 or b = 7 or a <> 1":                     "1 7 1",
		"delete from t where a + 1 = a + 2":                                "1 2",
		"delete from t where a + 1 = b + 2":                                "1 2",
		"delete from t where 5 in (3, 4)":                                  "5 3 4",
		"delete from t where 5 between 3 and 4":                            "5 3",
		"delete from t where 5 = any (array[3, 4])":                        "5 3 4",
		"delete from t where (case when b then 1 else 2 end) and a = 3":    "1 2",
		"merge into t using u on 1 = 1 when matched and 2 = 2 then delete": "1 1 2 2",

		// Functions that do what a command does, or read a text or a name.
		"select set_config('work_mem', '64MB', false), 5":            "'work_mem' '64MB'",
		"select query_to_xml('select a from t', true, false, ''), 5": "'select a from t' ''",
		"select table_to_xml('t', true, false, ''), 5":               "'t'",

		// What the grammar makes no constant of.
		"select a::float(24), 5 from t":              "24",
		"select current_time(3), 5":                  "3",
		"select 1e+5, 5":                             "5",
		"select u&'a' uescape '!', 5":                "'!'",
		"explain (analyze, format 'json') select 5":  "'json'",
		"set work_mem = 5; select 6":                 "5",
		"begin; notify c, 'x'; select 6":             "'x'",
		"create table x (a int default 5); select 6": "5",
		"fetch 5 from c; select 6":                   "5",
		"copy t to '/tmp/x'; select 6":               "'/tmp/x'",
		"do 'begin null; end'; select 6":             "'begin null; end'",
		"create function f(a int default 5) returns int language plpgsql as 'begin return 1; end'; select 6": "5 'begin return 1; end'",

		// Nothing that could differ.
		"select a from t":          "",
		"set work_mem = 5":         "5",
		"select a from t limit $1": "",
		"vacuum":                   "",
	} {
		_, sharing, err := ParseShared(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var tpl Template
		if err := tpl.Read(text, DefaultLimits()); err != nil {
			t.Fatal(err)
		}
		var pinned []string
		for i, l := range tpl.literals {
			if !sharing.Shared || slices.Contains(sharing.Pinned, i) {
				pinned = append(pinned, text[l.start:l.end])
			}
		}
		got := strings.Join(pinned, " ")
		if got != want {
			t.Errorf("%s: pins %s, want %s", text, got, want)
		}
	}
}

func TestTextsWithOtherPinnedLiteralsHaveOtherFacts(t *testing.T) {
	for _, pair := range [][2]string{
		{"select a from t limit 1", "select a from t limit 2"},
		{"select a, b from t order by 1", "select a, b from t order by 2"},
		{"delete from t where 't' or a = 5", "delete from t where 'f' or a = 5"},
		{"delete from t where a = 5 or a <> 5", "delete from t where a = 5 or a <> 6"},
		{"select set_config('role', 'a', false)", "select set_config('role', 'b', false)"},
		{"select table_to_xml('t', true, false, '')", "select table_to_xml('u', true, false, '')"},
	} {
		a, err := Parse(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if !sameTemplate(t, pair[0], pair[1]) || reflect.DeepEqual(a, b) {
			t.Errorf("%q and %q show nothing", pair[0], pair[1])
		}
	}
}

// values are what literals become in fuzzing: few, so that they often are equal,
// and those that a scanner or a walk could take for something else.
func values(class byte) []string {
	switch class {
	case classInteger:
		return []string{"0", "1", "2", "3", "007", "2147483647"}
	case classNumeric:
		return []string{"0.0", "1.", "2.5", "2147483648", "99999999999999999999", "00.1"}
	}
	return []string{"''", "'a'", "''''", "'it''s'", "'t'", "'f'", "'%'", "'-- x'", "'/*'", "'*/'", "'$$'", `'\'`, "'é'", `'"'`, "';'", "'\n'",
		"'.*'", "'role'", "'select ssn from customers'", "'public.customers'", "'select a from t where b = ''x'''", "'" + strings.Repeat("x", 300) + "'"}
}

// vary gives a text whose literals have other values, but for those that change
// says not to change.
func vary(text string, literals []literal, random *rand.Rand, change func(i int) bool) string {
	var b strings.Builder
	copied := 0
	for i, l := range literals {
		if !change(i) || random.IntN(4) == 0 {
			continue
		}
		b.WriteString(text[copied:l.start])
		b.WriteString(values(l.class)[random.IntN(len(values(l.class)))])
		copied = l.end
	}
	b.WriteString(text[copied:])
	return b.String()
}

// agree says whether two texts of one template have the same literals of the
// given numbers.
func agree(a, b string, x, y *Template, pinned []int) bool {
	for _, i := range pinned {
		if a[x.literals[i].start:x.literals[i].end] != b[y.literals[i].start:y.literals[i].end] {
			return false
		}
	}
	return true
}

// skeleton is a text's tree as the walk sees it, without places. What the walk
// pinned is left out too.
func skeleton(t *testing.T, text string) *pg_query.ParseResult {
	t.Helper()
	tree, err := parseTree(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	holdConstants(text, tree)
	for _, raw := range tree.Stmts {
		raw.StmtLen, raw.StmtLocation = 0, 0
	}
	unplace(tree.ProtoReflect())
	return tree
}

func unplace(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Name() == "location":
			m.Clear(field)
		case field.Kind() != protoreflect.MessageKind:
		case field.IsList():
			for i := range value.List().Len() {
				unplace(value.List().Get(i).Message())
			}
		default:
			unplace(value.Message())
		}
		return true
	})
}

// checkSharing checks all that a text's sharing promises against other texts.
func checkSharing(t *testing.T, text string, seed uint64) {
	t.Helper()
	facts, sharing, err := ParseShared(text)
	if err != nil {
		return
	}
	var x, y Template
	if err := x.read(text, unlimited()); err != nil {
		t.Fatalf("%q: parsed, but %v", text, err)
	}
	tree, _ := parseTree(text)
	open, err := walk(tree, nil)
	if err != nil || !reflect.DeepEqual(facts, open) {
		t.Fatalf("%q: facts are others when constants are held\n%+v\n%+v, %v", text, facts, open, err)
	}
	if !sharing.Shared {
		return
	}
	again, rest, err := DecodeSharing(append(EncodeSharing(nil, sharing), "rest"...), x.Literals())
	if err != nil || string(rest) != "rest" || !reflect.DeepEqual(again, sharing) {
		t.Fatalf("%q: %v became %v, %v", text, sharing, again, err)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	pinned := make([]bool, x.Literals())
	for _, i := range sharing.Pinned {
		pinned[i] = true
	}
	for round := range 4 {
		all := round%2 == 1 // else what is pinned stays
		other := vary(text, x.literals, random, func(i int) bool { return all || !pinned[i] })
		if err := y.read(other, unlimited()); err != nil {
			t.Fatalf("%q became %q: %v", text, other, err)
		}
		if string(x.Key()) != string(y.Key()) || x.Literals() != y.Literals() {
			t.Fatalf("%q became %q, another template", text, other)
		}
		otherFacts, otherSharing, err := ParseShared(other)
		if err != nil {
			if agree(text, other, &x, &y, sharing.Pinned) {
				t.Fatalf("%q has facts, %q: %v", text, other, err)
			}
			continue
		}
		free := y.literals[:0:0]
		for i, l := range y.literals {
			if otherSharing.Shared && !slices.Contains(otherSharing.Pinned, i) {
				free = append(free, l)
			}
		}
		checkTokens(t, other, free)
		if agree(text, other, &x, &y, sharing.Pinned) {
			if !reflect.DeepEqual(sharing, otherSharing) || !reflect.DeepEqual(facts, otherFacts) {
				t.Fatalf("%q pins %v\n%+v\n%q pins %v\n%+v", text, sharing.Pinned, facts, other, otherSharing.Pinned, otherFacts)
			}
			if a, b := skeleton(t, text), skeleton(t, other); !proto.Equal(a, b) {
				t.Fatalf("the walk sees a literal that is not pinned:\n%q: %v\n%q: %v", text, a, other, b)
			}
		} else if otherSharing.Shared && agree(text, other, &x, &y, otherSharing.Pinned) {
			t.Fatalf("%q differs from %q in what it pins, not the other way round", text, other)
		}
	}
}

func sharingSeeds() []string {
	return append(seeds(),
		"select a from t where b = -5 and c = - - 5.5 or d = -(2147483648) order by 1, -1 limit 10",
		"update t set a = 'x' where a = 1 or a <> 1 or 'a' = 'a' or b like '%' or 1.5 = 1.5 or -1 = -1",
		"delete from t where (case when a then 1 else 1 end) = 1 and b in (1, 2) or a = any(array[1, 2])",
		"insert into t values (1, 'a', -2, 1.5), (2, 'b', 3, 2.5) returning 1, a",
		"select set_config('role', 'x', 't'), query_to_xml('select 1', 't', 'f', ''), table_to_xml('t', true, true, '')",
		"select f('a', b => 'c'), interval '1' day(3), interval(3) '1', x::numeric(10,2), date '2020-01-01'",
		"begin; update t set a = 1 where b = '2'; set role 'x'; do 'begin perform 1; end'; commit",
		"explain (format 'json') select extract('year' from a) from t tablesample system(10) repeatable (5)",
		"prepare p(int) as select 1 + $1; execute p(1); declare c cursor for select 'x'; fetch 5 from c",
		"merge into t using u on 1 = 2 when matched and 'a' = 'b' then update set a = 1 when not matched then insert values (1)",
		"select 1e+5, 0x1f, 1_000, 1..2, a[1:2], u&'x' uescape '!', 'a'\n'b', n'x', b'1', $$x$$, e'\\''",
		"select sum(a) over (order by 1 rows between 1 preceding and 2 following) from t group by (1), rollup(2) having 1 = 1",
		"select xmltable.* from xmltable('/a' passing b columns c int path 'd' default 5), json_object('a': 1 format json)",
		"create table t (a int default 5 check (a > 1)); select float(3) '1', 'x'::bit(3), current_time(3), limit_ from t limit 5 offset 6",
	)
}

func TestSharingOfTheSeedsHolds(t *testing.T) {
	for _, text := range sharingSeeds() {
		for seed := range uint64(10) {
			checkSharing(t, text, seed)
		}
	}
}

// FuzzSharing checks that texts of one template which agree in what is pinned have
// the same facts, that the walk could not have seen more, and that the literals
// are those of PostgreSQL's scanner.
func FuzzSharing(f *testing.F) {
	for i, s := range sharingSeeds() {
		f.Add(s, uint64(i))
	}
	limits := Limits{Length: 2000, Statements: 20, CommentDepth: 8, Nesting: 20, Chain: 200}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if Scan(text, limits) == nil {
			checkSharing(t, text, seed)
		}
	})
}
