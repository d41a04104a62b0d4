package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/journal"
)

// history writes sessions of several workloads with all kinds of statements.
func history(t *testing.T, j *journal.Journal) (ids []string, middle time.Time) {
	t.Helper()
	for i := range 6 {
		info := someInfo()
		info.Identity = identity.Identity{Subject: fmt.Sprintf("unit:w%d.service", i%3), Kind: "Unit", UID: uint32(i)}
		info.Database = []string{"crm", "erp"}[i%2]
		s, err := j.Session(info)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.ID())
		for k := range 300 {
			st, err := s.Begin(&journal.Begin{Text: fmt.Appendf(nil, `select %d, '"database":"erp"', '%s'`, k, strings.Repeat("x", k)), Verdict: "Allow"})
			if err != nil {
				t.Fatal(err)
			}
			e := &journal.End{Rows: int64(k), Bytes: 1}
			if k == 7 {
				e.Failure = &journal.Failure{SQLState: "22012", Message: "division by zero"}
			}
			if k == 8 {
				e.Masked = []string{"public.t.a"}
			}
			if err := s.End(st, e); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Denied(&journal.Denied{Text: []byte("drop table t"), Verdict: "Deny", Rule: "no-ddl"}); err != nil {
			t.Fatal(err)
		}
		if i != 5 {
			if err := s.Close("done"); err != nil {
				t.Fatal(err)
			}
		}
		if i == 2 {
			middle = time.Now()
		}
	}
	return ids, middle
}

func TestQueriesFindWhatMatches(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, small())
	ids, middle := history(t, j)
	const each = 1 + 600 + 1 // records of a session without its end
	cases := map[string]struct {
		f    journal.Filter
		want int
	}{
		"everything":               {journal.Filter{}, 6*each + 5},
		"a session":                {journal.Filter{Session: ids[1]}, each + 1},
		"no such session":          {journal.Filter{Session: "s-none"}, 0},
		"a workload":               {journal.Filter{Workload: "unit:w1.service"}, 2*each + 2},
		"workloads by pattern":     {journal.Filter{Workload: "unit:w?.*"}, 6*each + 5},
		"a pattern that is none":   {journal.Filter{Workload: "unit:[w]*"}, 0},
		"a database":               {journal.Filter{Database: "crm"}, 3*each + 3},
		"denials":                  {journal.Filter{Verdicts: []string{"Deny"}}, 6},
		"failures":                 {journal.Filter{Verdicts: []string{journal.VerdictFailed}}, 6},
		"masked or denied":         {journal.Filter{Verdicts: []string{journal.VerdictMasked, "Deny"}}, 12},
		"allowed begins":           {journal.Filter{Verdicts: []string{"Allow"}, Kinds: []journal.Kind{journal.KindStatementBegin}}, 1800},
		"since":                    {journal.Filter{Since: middle, Kinds: []journal.Kind{journal.KindSessionStart}}, 3},
		"until":                    {journal.Filter{Until: middle, Kinds: []journal.Kind{journal.KindSessionStart}}, 3},
		"the last ten":             {journal.Filter{Last: 10}, 10},
		"the last denials of one":  {journal.Filter{Last: 10, Workload: "unit:w2.service", Verdicts: []string{"Deny"}}, 2},
		"more than there are":      {journal.Filter{Last: 100000}, 6*each + 5},
		"the last across segments": {journal.Filter{Last: 2000}, 2000},
	}
	check := func(what string, query func(context.Context, journal.Filter) []*journal.Record) {
		t.Helper()
		for name, c := range cases {
			all := query(t.Context(), c.f)
			if len(all) != c.want {
				t.Errorf("%s, %s: %d records instead of %d", what, name, len(all), c.want)
			}
			for i := 1; i < len(all); i++ {
				if all[i].Time.Before(all[i-1].Time) {
					t.Errorf("%s, %s: record %d is older than the one before", what, name, i)
					break
				}
			}
		}
	}
	sessions := func(what string, list func(context.Context, journal.Filter) ([]journal.SessionSummary, error), lost bool) {
		t.Helper()
		for name, c := range map[string]struct {
			f    journal.Filter
			want []int
		}{
			"all":         {journal.Filter{}, []int{0, 1, 2, 3, 4, 5}},
			"the last":    {journal.Filter{Last: 2}, []int{4, 5}},
			"one":         {journal.Filter{Session: ids[3]}, []int{3}},
			"a workload":  {journal.Filter{Workload: "unit:w0.*"}, []int{0, 3}},
			"a database":  {journal.Filter{Database: "erp"}, []int{1, 3, 5}},
			"since":       {journal.Filter{Since: middle}, []int{3, 4, 5}},
			"until":       {journal.Filter{Until: middle, Database: "crm"}, []int{0, 2}},
			"no workload": {journal.Filter{Workload: "x"}, nil},
		} {
			all, err := list(t.Context(), c.f)
			if err != nil {
				t.Fatalf("%s, %s: %v", what, name, err)
			}
			var got []string
			for _, s := range all {
				got = append(got, s.ID)
				if s.Statements != 300 || s.Denied != 1 || s.Failed != 1 || s.Masked != 1 || s.Rows != 300*299/2 || s.Bytes != 300 {
					t.Errorf("%s, %s: the counts are %+v", what, name, s)
				}
				if s.Ended.IsZero() == (s.ID != ids[5] || lost) {
					t.Errorf("%s, %s: the session ended at %v, %s", what, name, s.Ended, s.Reason)
				}
			}
			var want []string
			for _, i := range c.want {
				want = append(want, ids[i])
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s, %s: %v instead of %v", what, name, got, want)
			}
		}
	}
	live := func(ctx context.Context, f journal.Filter) []*journal.Record { return collect(t, j.Query(ctx, f)) }
	check("with the index", live)
	check("with the index again", live)
	sessions("with the index", j.Sessions, false)
	r, err := journal.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	offline := func(ctx context.Context, f journal.Filter) []*journal.Record { return collect(t, r.Query(ctx, f)) }
	check("from the folder while it is written", offline)
	sessions("from the folder while it is written", r.Sessions, false)
	closeJournal(t, j)
	check("from the folder", offline)
	sessions("from the folder", r.Sessions, true)

	for name, prepare := range map[string]func(){
		"after a start":        func() {},
		"with the index gone":  func() { removeIndex(t, dir) },
		"with a damaged index": func() { damageIndex(t, dir) },
		"with a cut index":     func() { removeIndex(t, dir); writeFile(t, filepath.Join(dir, "index.db"), "SQLite format 3\x00") },
		"with a foreign index": func() {
			removeIndex(t, dir)
			writeFile(t, filepath.Join(dir, "index.db"), strings.Repeat("nonsense", 1000))
		},
		"with an index elsewhere": func() { removeIndex(t, dir); writeFile(t, filepath.Join(dir, "index.db-wal"), "x") },
	} {
		prepare()
		again := open(t, dir, small())
		check(name, func(ctx context.Context, f journal.Filter) []*journal.Record { return collect(t, again.Query(ctx, f)) })
		sessions(name, again.Sessions, true)
		closeJournal(t, again)
	}
}

func removeIndex(t *testing.T, dir string) {
	t.Helper()
	for _, s := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, "index.db"+s)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func damageIndex(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, "index.db")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(b); i += 100 {
		b[i] ^= 0x55
	}
	writeFile(t, name, string(b))
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAQueryCanBeLeft(t *testing.T) {
	j := open(t, t.TempDir(), small())
	s := begin(t, j)
	run(t, s, "select 1")
	for r, err := range j.Query(t.Context(), journal.Filter{}) {
		if err != nil || r.Kind != journal.KindSessionStart {
			t.Errorf("the first record is %v, %v", r, err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range j.Query(ctx, journal.Filter{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled query gave %v", err)
		}
	}
}

func TestOldSegmentsGo(t *testing.T) {
	dir := t.TempDir()
	o := small()
	o.Shards = 1
	o.Retention = 200 * time.Millisecond
	o.MaxAge = 50 * time.Millisecond
	j := open(t, dir, o)
	s := begin(t, j)
	run(t, s, "select 'old'")
	waitFor(t, "the removal", func() bool {
		all, err := filepath.Glob(filepath.Join(dir, "s00-00000001-*"))
		return err == nil && len(all) == 0
	})
	waitFor(t, "what is new", func() bool { // it is old itself before long
		run(t, s, "select 'new'")
		all := collect(t, j.Query(t.Context(), journal.Filter{Kinds: []journal.Kind{journal.KindStatementBegin}}))
		for _, r := range all {
			if r.Text != "select 'new'" {
				t.Fatalf("%s is left", r.Text)
			}
		}
		return len(all) > 0
	})
	if sessions, err := j.Sessions(t.Context(), journal.Filter{}); err != nil || len(sessions) != 1 {
		t.Errorf("the session that lives came out as %v, %v", sessions, err)
	}
}
