package journal_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirgate/weir/proxy/journal"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("JOURNAL_TEST_APPENDER"); dir != "" {
		appendForever(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// small makes segments that fill quickly.
func small() journal.Options {
	o := journal.Options{Shards: 2, MaxText: 1 << 10, MaxParameters: 512, MaxResult: 1 << 10, CheckEvery: 20 * time.Millisecond, IndexEvery: 20 * time.Millisecond}
	o.SegmentSize = journal.MinimumSegment(o)
	return o
}

func open(t *testing.T, dir string, o journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeJournal(t, j) })
	return j
}

func closeJournal(t *testing.T, j *journal.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func begin(t *testing.T, j *journal.Journal) *journal.Session {
	t.Helper()
	s, err := j.Session(someInfo())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func collect(t *testing.T, seq func(func(*journal.Record, error) bool)) []*journal.Record {
	t.Helper()
	var all []*journal.Record
	for r, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func run(t *testing.T, s *journal.Session, text string) {
	t.Helper()
	st, err := s.Begin(&journal.Begin{Text: []byte(text), Protocol: "Simple", Verdict: "Allow"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.End(st, &journal.End{Rows: 1, Bytes: 10, Tag: []byte("SELECT 1")}); err != nil {
		t.Fatal(err)
	}
}

func TestARecordSaysWhoDidWhat(t *testing.T) {
	j := open(t, t.TempDir(), small())
	s := begin(t, j)
	st, err := s.Begin(&journal.Begin{
		Text: []byte("select * from t where a = $1 -- \u202e\x01\"\\"), Protocol: "Extended", Verdict: "Warn", Policy: "p", Rule: "r",
		Revision: "rev", Approval: "ap-1", Warnings: []string{"w"}, Audited: []string{"a"},
		Parameters: []journal.Parameter{{Type: 25, Value: []byte("x")}, {}, {Type: 23, Format: 1, Value: []byte{0, 0, 1, 0}}, {Type: 600, Format: 1, Value: []byte{1, 2}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	res := j.NewResult()
	res.Reset([]journal.Column{{Name: "id", Type: 23, Format: 1}, {Name: "name", Type: 25}})
	if !res.Row([]byte{0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 255}) {
		t.Error("the row was not kept")
	}
	if res.Row([]byte{0, 2, 0, 0}) {
		t.Error("a broken row was kept")
	}
	err = s.End(st, &journal.End{Rows: 2, Bytes: 99, Failure: &journal.Failure{Severity: "ERROR", SQLState: "22012", Message: "division by zero", Detail: "d", Hint: "h"},
		Masked: []string{"public.t.name"}, Result: res})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Denied(&journal.Denied{Text: []byte("drop table t"), Verdict: "Deny", Rule: "no-ddl", Failure: journal.Failure{SQLState: "42501", Message: "no"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Event(&journal.Event{Kind: journal.KindApprovalUsed, Approval: "ap-1", Data: []journal.Field{{Name: "by", Value: "ann"}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close("client left"); err != nil {
		t.Fatal(err)
	}
	all := collect(t, j.SessionRecords(t.Context(), s.ID()))
	if len(all) != 6 {
		t.Fatalf("%d records instead of 6", len(all))
	}
	for i, r := range all {
		if r.Seq != uint64(i) || r.Session != s.ID() || r.Identity == nil || r.Identity.Subject != someone.Subject || r.Database != "crm" || r.User != "support_reader" {
			t.Errorf("record %d does not say who: %s", i, r.Line)
		}
	}
	if *all[0].Identity != someone || all[0].Server != "10.0.3.7:5432" || all[0].DatabaseName != "crm1" || all[0].ClientUser != "agent" || all[0].Policies[0] != "support-agent" {
		t.Errorf("the start does not say all: %s", all[0].Line)
	}
	b := all[1]
	if b.Text != "select * from t where a = $1 -- \u202e\x01\"\\" || strings.Contains(string(b.Line), "\u202e") {
		t.Errorf("the text came out as %q in %s", b.Text, b.Line)
	}
	if fmt.Sprint(b.Params) != `[x NULL 256 \x0102]` || b.Verdict != "Warn" || b.Rule != "r" || b.Policy != "p" || b.Approval != "ap-1" || b.Revision != "rev" || len(b.Warnings)+len(b.Audited) != 2 {
		t.Errorf("the begin came out as %s", b.Line)
	}
	e := all[2]
	if e.Statement != 1 || e.Outcome != journal.OutcomeFailed || e.Rows != 2 || e.Bytes != 99 || e.SQLState != "22012" || e.Rule != "r" || e.Nanoseconds <= 0 ||
		e.Masked[0] != "public.t.name" || fmt.Sprint(e.Result) != "[[7 NULL]]" || !e.ResultCut || e.Columns[1] != "name" {
		t.Errorf("the end came out as %s", e.Line)
	}
	if all[4].Data["by"] != "ann" || all[5].Reason != "client left" {
		t.Errorf("the event or the end of the session came out as %s %s", all[4].Line, all[5].Line)
	}
}

func TestTextIsCutAndHashed(t *testing.T) {
	j := open(t, t.TempDir(), small())
	s := begin(t, j)
	run(t, s, strings.Repeat("é\n", 5000))
	run(t, s, "select '\xff'")
	run(t, s, "ALTER ROLE x PASSWORD 'hunter2'")
	all := collect(t, j.Query(t.Context(), journal.Filter{Kinds: []journal.Kind{journal.KindStatementBegin}}))
	if r := all[0]; r.TextBytes != 15000 || len(r.SHA256) != 64 || len(r.Text) > 1024 || !strings.HasPrefix(strings.Repeat("é\n", 5000), r.Text) {
		t.Errorf("a long text came out as %d bytes, %d, %q", len(r.Text), r.TextBytes, r.SHA256)
	}
	if r := all[1]; r.Text != "select '\ufffd'" || len(r.SHA256) != 64 {
		t.Errorf("a text that is not UTF-8 came out as %q, %q", r.Text, r.SHA256)
	}
	if r := all[2]; r.Text != "ALTER ROLE x PASSWORD '***'" || !r.Hidden || r.SHA256 != "" {
		t.Errorf("a password came out as %q, %q", r.Text, r.SHA256)
	}
}

func TestSegmentsAreReadableAndComplete(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, small())
	var wg sync.WaitGroup
	const sessions, statements = 5, 2000
	for range sessions {
		wg.Go(func() {
			s := begin(t, j)
			for i := range statements {
				run(t, s, fmt.Sprintf("select %d", i))
			}
			if err := s.Close(""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	check := func(all []*journal.Record, what string) {
		t.Helper()
		if want := sessions * (2 + 2*statements); len(all) != want {
			t.Fatalf("%s: %d records instead of %d", what, len(all), want)
		}
		for i := 1; i < len(all); i++ {
			if all[i].Time.Before(all[i-1].Time) {
				t.Fatalf("%s: record %d is older than the one before", what, i)
			}
		}
	}
	check(collect(t, j.Query(t.Context(), journal.Filter{})), "while it is written")
	closeJournal(t, j)
	r, err := journal.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	check(collect(t, r.Query(t.Context(), journal.Filter{})), "from the folder")
	rep, err := r.Verify(t.Context())
	if err != nil || rep.Damaged != 0 || len(rep.Problems) != 0 || rep.Sealed != rep.Segments || rep.Segments < 10 {
		t.Errorf("verifying: %+v, %v", rep, err)
	}
	// Any JSON reader can read a sealed segment.
	files, _ := filepath.Glob(filepath.Join(dir, "*.ndjson"))
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for dec := json.NewDecoder(f); dec.More(); {
			var v map[string]any
			if err := dec.Decode(&v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		_ = f.Close()
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.active")); len(left) > 0 {
		t.Errorf("segments were not sealed: %v", left)
	}
}

func TestOnlyOneProcessWrites(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, small())
	if _, err := journal.Open(dir, small()); !errors.Is(err, journal.ErrInUse) {
		t.Errorf("opening twice gave %v", err)
	}
}

func TestAClosedJournalOrSessionTakesNothing(t *testing.T) {
	j := open(t, t.TempDir(), small())
	s := begin(t, j)
	gone := begin(t, j)
	if err := gone.Close("x"); err != nil {
		t.Fatal(err)
	}
	if _, err := gone.Begin(&journal.Begin{}); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("a closed session gave %v", err)
	}
	closeJournal(t, j)
	if _, err := s.Begin(&journal.Begin{}); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("a closed journal gave %v", err)
	}
	if _, err := j.Session(someInfo()); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("a closed journal gave %v", err)
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not happen", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func TestATextIsOnRecordWhole(t *testing.T) {
	const statement = 1 << 20
	for _, c := range []struct {
		name    string
		segment int64
		fill    string
		whole   bool
	}{
		{"plain, in the usual segment", 16 << 20, "x", true},
		{"of control characters, in the usual segment", 16 << 20, "\x01", true},
		{"plain, in the smallest segment", 1 << 20, "x", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			o := journal.Options{SegmentSize: c.segment, Shards: 1, MaxText: journal.RoomForText(c.segment, statement)}
			j := open(t, dir, o)
			s := begin(t, j)
			text := "/*" + strings.Repeat(c.fill, statement-60) + "*/ ALTER ROLE a PASSWORD 'secret'; DROP TABLE t"
			if _, err := s.Begin(&journal.Begin{Text: []byte(text)}); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(""); err != nil {
				t.Fatal(err)
			}
			shown := strings.Replace(text, "secret", "***", 1)
			for _, r := range collect(t, j.Query(t.Context(), journal.Filter{})) {
				switch {
				case r.Kind != journal.KindStatementBegin:
				case (r.Text == shown) != c.whole || !r.Hidden:
					t.Errorf("%d of %d bytes are on record", len(r.Text), len(shown))
				case !c.whole && r.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte(shown))):
					t.Errorf("its sum is %s", r.SHA256)
				}
			}
		})
	}
}
