package parser

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

func parsed(t testing.TB, p *Pool, text string) *statement.Facts {
	t.Helper()
	facts, err := p.Parse(t.Context(), text, "")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return facts
}

func TestTextsThatDifferInLiteralsAreParsedOnce(t *testing.T) {
	p := newPool(t, nil)
	const n = 500
	first := parsed(t, p, "SELECT abalance FROM pgbench_accounts WHERE aid = 0;")
	for i := 1; i < n; i++ {
		text := fmt.Sprintf("SELECT abalance FROM pgbench_accounts WHERE aid = %d;", i)
		facts, err, ok := p.Cached([]byte(text))
		if !ok || err != nil || facts != first {
			t.Fatalf("%s: %p, %v, %v", text, facts, err, ok)
		}
		if parsed(t, p, text) != first {
			t.Fatalf("%s was parsed", text)
		}
	}
	if st := p.Stats(); st.Misses != 1 || st.TemplateHits != 2*(n-1) || st.Hits != st.TemplateHits || st.Entries != 1 {
		t.Errorf("got %+v", st)
	}
}

func TestFactsThatDependOnALiteralAreKeptForEachOfItsValues(t *testing.T) {
	p := newPool(t, nil)
	text := func(a, limit int) string {
		return fmt.Sprintf("select a, b from t where a = %d order by 2 limit %d", a, limit)
	}
	for limit := range 10 {
		if _, _, ok := p.Cached([]byte(text(1, limit))); ok {
			t.Fatalf("LIMIT %d is known", limit)
		}
		parsed(t, p, text(1, limit))
	}
	for limit := range 10 {
		facts, err, ok := p.Cached([]byte(text(limit+100, limit)))
		if !ok || err != nil || facts.Statements[0].Limit != int64(limit) {
			t.Errorf("LIMIT %d: %+v, %v, %v", limit, facts, err, ok)
		}
	}
	if st := p.Stats(); st.Misses != 10 || st.Entries != 11 {
		t.Errorf("got %+v", st)
	}
}

func TestSharedFactsAreThoseOfTheText(t *testing.T) {
	p := newPool(t, nil)
	kinds := []string{
		"update t set a = %s where b = %s", "delete from t where %s = %s", "select a, b from t order by %s, %s",
		"select a from t limit %s offset %s", "delete from t where a = %s or a <> %s", "select set_config('%[1]s', %[2]s, true)",
		"delete from t where a = %s and %s", "begin; set work_mem = %s; delete from t where b = %s",
		"insert into t values (%s, -%s)", "explain select -(%s), f(%s)", "select query_to_xml(%s, %s)",
	}
	values := []string{"1", "2", "1.5", "'a'", "'t'", "'select a from b'", "3000000000"}
	for _, kind := range kinds {
		for _, a := range values {
			for _, b := range values {
				text := fmt.Sprintf(kind, a, b)
				want, wantErr := statement.Parse(text)
				if wantErr == nil {
					want, wantErr = statement.Decode(statement.Encode(nil, want))
				}
				for range 2 {
					got, err := p.Parse(t.Context(), text, "")
					if fmt.Sprint(err) != fmt.Sprint(wantErr) || reflect.TypeOf(err) != reflect.TypeOf(wantErr) || !reflect.DeepEqual(got, want) {
						t.Fatalf("%s: %+v, %v, want %+v, %v", text, got, err, want, wantErr)
					}
				}
			}
		}
	}
	t.Logf("%+v", p.Stats())
}

func TestEveryTextIsScannedThoughItsTemplateIsKnown(t *testing.T) {
	p := newPool(t, nil)
	parsed(t, p, "select 'a', 1")
	for name, text := range map[string]string{
		"a NUL":                  "select 'a\x00', 1",
		"a NUL as a key has one": "select \x00s, \x00i",
		"not UTF-8":              "select '\xff', 1",
		"too long":               "select '" + strings.Repeat("x", 1<<20) + "', 1",
	} {
		for range 2 {
			if facts, err, ok := p.Cached([]byte(text)); ok {
				t.Errorf("%s: known as %v, %v", name, facts, err)
			}
			var scan *statement.ScanError
			if _, err := p.Parse(t.Context(), text, ""); !errors.As(err, &scan) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

func TestErrorsAreNotShared(t *testing.T) {
	p := newPool(t, nil)
	for i := range 3 {
		var syntax *statement.SyntaxError
		text := fmt.Sprintf("select a from t where b = %d c", i)
		if _, err, ok := p.Cached([]byte(text)); ok {
			t.Errorf("%s has %v before it was parsed", text, err)
		}
		if _, err := p.Parse(t.Context(), text, ""); !errors.As(err, &syntax) {
			t.Errorf("%s: got %v", text, err)
		}
		if _, err, ok := p.Cached([]byte(text)); !ok || !errors.As(err, &syntax) {
			t.Errorf("%s is not kept: %v", text, err)
		}
	}
	if st := p.Stats(); st.TemplateHits != 0 || st.Misses != 3 {
		t.Errorf("got %+v", st)
	}
}

func TestFactsAreNotSharedBetweenSettings(t *testing.T) {
	p := newPool(t, nil)
	parsed(t, p, "select 1")
	if _, err := p.Parse(t.Context(), "select 2", "other settings"); err != nil {
		t.Fatal(err)
	}
	if st := p.Stats(); st.Misses != 2 || st.TemplateHits != 0 {
		t.Errorf("got %+v", st)
	}
}

// share keeps facts for a text as if a worker had said so.
func share(t *testing.T, c *cache, text string, facts *statement.Facts, pinned ...int) {
	t.Helper()
	var tpl statement.Template
	if err := tpl.Read(text, statement.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	c.share(&tpl, "", &outcome{facts: facts, sharing: statement.Sharing{Shared: true, Pinned: pinned}, bytes: 100})
}

func sharedFacts(t *testing.T, c *cache, text string) *statement.Facts {
	t.Helper()
	var tpl statement.Template
	if err := tpl.Read(text, statement.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	return c.shared(&tpl, "")
}

func TestATemplateNeverPinsLessThanItDid(t *testing.T) {
	c := newCache(1 << 20)
	none, left, right := &statement.Facts{}, &statement.Facts{}, &statement.Facts{}
	share(t, c, "select 1, 2", none)
	share(t, c, "select 1, 2", left, 0)
	if got := sharedFacts(t, c, "select 5, 2"); got != nil {
		t.Error("a text with another pinned literal has facts")
	}
	if got := sharedFacts(t, c, "select 1, 9"); got != left {
		t.Error("a text with the same pinned literal has none")
	}
	share(t, c, "select 3, 4", right, 1)
	for text, want := range map[string]*statement.Facts{
		"select 3, 4": right, "select 1, 2": nil, "select 1, 9": nil, "select 9, 4": nil, "select 3, 9": nil,
	} {
		if got := sharedFacts(t, c, text); got != want {
			t.Errorf("%s: got %p, want %p", text, got, want)
		}
	}
	share(t, c, "select 1, 2", none)
	if sharedFacts(t, c, "select 1, 2") != none || sharedFacts(t, c, "select 1, 3") != nil {
		t.Error("pinning less made facts known for more")
	}
}

func TestAFloodOfTemplatesStaysWithinTheCache(t *testing.T) {
	const limit = 256 << 10
	c := newCache(limit)
	for i := range 5000 {
		share(t, c, fmt.Sprintf("select a%d, 5 limit 6", i), &statement.Facts{}, 1)
		share(t, c, fmt.Sprintf("select a, 5 limit %d", i), &statement.Facts{}, 1)
	}
	total := 0
	for i := range c.shards {
		s := &c.shards[i]
		weighed := 0
		for e := s.newest; e != nil; e = e.older {
			weighed += e.bytes
			if e.bytes < len(e.text)+entryOverhead {
				t.Fatalf("%q weighs %d", e.text, e.bytes)
			}
		}
		if weighed != s.bytes || s.bytes > s.limit {
			t.Fatalf("shard %d has %d bytes, counts %d of %d", i, weighed, s.bytes, s.limit)
		}
		total += s.bytes
	}
	if total > limit {
		t.Errorf("%d bytes of %d", total, limit)
	}
	if sharedFacts(t, c, "select a, 8 limit 4999") == nil {
		t.Error("the newest is not there")
	}
}

func TestAPoolWithoutACacheParsesEveryText(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Cache = 0 })
	for i := range 3 {
		parsed(t, p, fmt.Sprintf("select %d", i))
	}
	if st := p.Stats(); st.Misses != 3 || st.Entries != 0 {
		t.Errorf("got %+v", st)
	}
}
