package journal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/journal"
)

func next(t *testing.T, records <-chan journal.Followed) journal.Followed {
	t.Helper()
	select {
	case r, ok := <-records:
		if !ok {
			t.Fatal("the subscription ended")
		}
		return r
	case <-time.After(10 * time.Second):
		t.Fatal("no record came")
	}
	panic("unreachable")
}

func TestASubscriberSeesWhatHappensFromNowOn(t *testing.T) {
	j := open(t, t.TempDir(), small())
	s := begin(t, j)
	run(t, s, "select 'before'")
	all, cancel := j.Subscribe(journal.Filter{})
	defer cancel()
	denials, cancelDenials := j.Subscribe(journal.Filter{Verdicts: []string{"Deny"}, Workload: "unit:*.service", Database: "crm"})
	defer cancelDenials()
	run(t, s, "select 'after'")
	if err := s.Denied(&journal.Denied{Text: []byte("drop table t"), Verdict: "Deny"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []journal.Kind{journal.KindStatementBegin, journal.KindStatementEnd, journal.KindStatementDenied} {
		if r := next(t, all); r.Kind != want || r.Text == "select 'before'" {
			t.Errorf("%s %q came instead of %s", r.Kind, r.Text, want)
		}
	}
	if r := next(t, denials); r.Text != "drop table t" {
		t.Errorf("%s %q came", r.Kind, r.Text)
	}
	cancel()
	waitFor(t, "the end", func() bool {
		run(t, s, "select 1")
		select {
		case _, ok := <-all:
			return !ok
		default:
			return false
		}
	})
}

func TestAcrossSegmentsASubscriberMissesNothing(t *testing.T) {
	j := open(t, t.TempDir(), small())
	s := begin(t, j)
	records, cancel := j.Subscribe(journal.Filter{Kinds: []journal.Kind{journal.KindStatementBegin}})
	defer cancel()
	for i := range 4000 {
		run(t, s, fmt.Sprint(i))
		if i%500 == 499 {
			for k := i - 499; k <= i; k++ {
				if r := next(t, records); r.Text != fmt.Sprint(k) || r.Lost != 0 {
					t.Fatalf("%q came instead of %d, %d lost", r.Text, k, r.Lost)
				}
			}
		}
	}
}

func TestASlowSubscriberIsToldWhatItLost(t *testing.T) {
	j := open(t, t.TempDir(), small())
	s := begin(t, j)
	records, cancel := j.Subscribe(journal.Filter{Kinds: []journal.Kind{journal.KindStatementBegin}})
	defer cancel()
	const statements = 3000
	for i := range statements {
		run(t, s, fmt.Sprint(i))
	}
	// A second one that keeps up shows that all was delivered.
	last, cancelLast := j.Subscribe(journal.Filter{})
	defer cancelLast()
	run(t, s, "last")
	next(t, last)
	got, lost := 0, int64(0)
	for got+int(lost) < statements {
		r := next(t, records)
		got++
		lost += r.Lost
		if got == 500 {
			waitFor(t, "a record behind the gap", func() bool {
				run(t, s, "more")
				return len(records) > 600
			})
		}
	}
	if lost == 0 {
		t.Error("nothing was lost, or nothing was said")
	}
}

func TestSubscriptionsEndWithTheJournal(t *testing.T) {
	j := open(t, t.TempDir(), small())
	s := begin(t, j)
	records, cancel := j.Subscribe(journal.Filter{})
	run(t, s, "select 1")
	closeJournal(t, j)
	n := 0
	for range records {
		n++
	}
	if n != 2 {
		t.Errorf("%d records came before the end", n)
	}
	cancel()
	late, cancelLate := j.Subscribe(journal.Filter{})
	if _, ok := <-late; ok {
		t.Error("a closed journal can be followed")
	}
	cancelLate()
}
