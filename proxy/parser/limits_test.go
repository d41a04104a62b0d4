package parser

import (
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/statement"
)

// What Scan lets through must never cost a worker: every kind of depth, up to the
// limit, alone and together.
func TestTextsAtTheLimitsAreParsed(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Deadline = 20 * time.Second })
	limits := statement.DefaultLimits()
	// grow makes the longest text of a kind that Scan lets through.
	grow := func(kind func(n int) string) string {
		low, high := 1, 4*limits.Chain
		for low+1 < high {
			if middle := (low + high) / 2; statement.Scan(kind(middle), limits) == nil {
				low = middle
			} else {
				high = middle
			}
		}
		return kind(low)
	}
	around := func(before, core, after string) func(int) string {
		return func(n int) string { return "select " + strings.Repeat(before, n) + core + strings.Repeat(after, n) }
	}
	kinds := map[string]func(int) string{
		"operators":     around("1+", "1", ""),
		"prefixes":      around("- ", "1", ""),
		"casts":         around("", "1", "::int"),
		"NOT":           around("not ", "true", ""),
		"IS NULL":       around("", "1", " is null"),
		"IS DISTINCT":   around("1 is distinct from not ", "true", ""),
		"BETWEEN":       around("", "1", " between 1 and 2 is null"),
		"COLLATE":       around("", "a", ` collate "C"`),
		"AT TIME ZONE":  around("", "a", " at time zone 'x'"),
		"LIKE ESCAPE":   around("", "a", " like b is null"),
		"CASE":          around("case when a then 1 else ", "1", " end"),
		"CASE and sums": around("1+1+1+case when 1+1+1 then 1 else ", "1", " end"),
		"parentheses":   around("(", "1", ")"),
		"sums in them":  around("(1+1+1+1+", "1", ")"),
		"rows":          around("row(", "1", ")"),
		"arrays":        around("array[", "1", "]"),
		"calls":         around("f(a=>1+", "1", ")"),
		"COALESCE":      around("coalesce(", "1", ", 2)"),
		"subqueries":    around("(select 1+1+1+", "1", " from t where a)"),
		"EXISTS":        around("exists (select 1 where ", "true", ")"),
		"IN":            around("a in (select b from t where ", "true", ")"),
		"FROM":          around("1 from (select ", "1", ") x"),
		"CTEs":          around("(with x as (select ", "1", ") table x)"),
		"joins":         around("", "1 from t", " join t on true"),
		"cross joins":   around("", "1 from t", " cross join t"),
		"nested joins": func(n int) string {
			return "select 1 from " + strings.Repeat("(t cross join ", n) + "t" + strings.Repeat(")", n)
		},
		"unions":         around("1 union select ", "1", ""),
		"nested unions":  around("1 union (select ", "1", ")"),
		"named operator": around("1 operator(pg_catalog.+) ", "1", ""),
		"JSON":           around("json_array(", "1", ")"),
		"XML":            around("xmlelement(name x, ", "1", ")"),
		"indirection":    around("(", "a", ").b[1]"),
	}
	for name, kind := range kinds {
		text := grow(kind)
		if _, err := p.Parse(t.Context(), text, ""); err != nil && !isUnsupported(err) {
			t.Errorf("%s, %d bytes: %v", name, len(text), err)
		} else if err != nil {
			t.Logf("%s, %d bytes: %v", name, len(text), err)
		}
	}
	if st := p.Stats(); st.Restarts != 0 {
		t.Errorf("got %+v", st)
	}
}

func TestALargeTextIsParsedInTime(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Deadline = 20 * time.Second })
	row := "(1, -2, 'text', now(), null), "
	text := "insert into t values " + strings.Repeat(row, (1<<20-100)/len(row)) + "(1, 2, 'x', now(), null)"
	began := time.Now()
	facts, err := p.Parse(t.Context(), text, "")
	if err != nil || len(facts.Statements) != 1 {
		t.Fatal(err)
	}
	t.Logf("%d bytes in %v", len(text), time.Since(began))
}

func FuzzAnswer(f *testing.F) {
	for _, text := range []string{"select a from t", "slect", "explain analyse delete from t", "prepare p as select 1",
		"select a from t where b = 1 order by 2 limit 3"} {
		f.Add(respond(nil, text)[headerLength:], len(text), 3)
	}
	f.Fuzz(func(t *testing.T, payload []byte, length, literals int) {
		r, err := answer(payload, extent{max(0, length), max(0, literals)})
		if err != nil {
			return
		}
		if (r.facts == nil) == (r.verdict == nil) {
			t.Errorf("%q: %+v", payload, r)
		}
		last := -1
		for _, i := range r.sharing.Pinned {
			if i <= last || i >= literals {
				t.Errorf("%q: %v of %d literals", payload, r.sharing.Pinned, literals)
			}
			last = i
		}
	})
}
