package activity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/journal"
)

func rec(kind journal.Kind, session string, seq, of uint64) *journal.Record {
	return &journal.Record{Kind: kind, Session: session, Seq: seq, Statement: of}
}

// describe names entries: session, number of the first record, and of the end.
func describe(entries []Entry) string {
	var parts []string
	for _, e := range entries {
		end := "-"
		if e.End != nil {
			end = fmt.Sprint(e.End.Seq)
		}
		parts = append(parts, fmt.Sprintf("%s%d:%s", e.First.Session, e.First.Seq, end))
	}
	return strings.Join(parts, " ")
}

func TestTheTwoRecordsOfAStatementComeTogether(t *testing.T) {
	const begin, end = journal.KindStatementBegin, journal.KindStatementEnd
	for _, c := range []struct {
		name    string
		records []*journal.Record
		want    string // given while records come
		rest    string // given at the end
	}{
		{"one after the other", []*journal.Record{rec(begin, "a", 1, 0), rec(end, "a", 2, 1), rec(begin, "a", 3, 0), rec(end, "a", 4, 3)}, "a1:2 a3:4", ""},
		{"a pipeline", []*journal.Record{rec(begin, "a", 1, 0), rec(begin, "a", 2, 0), rec(end, "a", 3, 1), rec(end, "a", 4, 2)}, "a1:3 a2:4", ""},
		{"two sessions", []*journal.Record{rec(begin, "a", 1, 0), rec(begin, "b", 1, 0), rec(end, "b", 2, 1), rec(end, "a", 2, 1)}, "b1:2 a1:2", ""},
		{"an end whose begin was not read", []*journal.Record{rec(end, "a", 7, 3)}, "", ""},
		{"a begin whose end was not read", []*journal.Record{rec(begin, "a", 1, 0), rec(begin, "b", 1, 0)}, "", "a1:- b1:-"},
		{"a session that ended in the middle", []*journal.Record{rec(begin, "a", 2, 0), rec(begin, "a", 1, 0), rec(begin, "b", 1, 0), rec(journal.KindSessionEnd, "a", 3, 0)}, "a1:- a2:- a3:-", "b1:-"},
		{"a refusal", []*journal.Record{rec(journal.KindStatementDenied, "a", 1, 0)}, "a1:-", ""},
		{"a kind that is not known", []*journal.Record{rec("from.the.future", "a", 1, 0)}, "a1:-", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJoiner()
			var got []Entry
			for _, r := range c.records {
				got = append(got, j.Add(r)...)
			}
			if s := describe(got); s != c.want {
				t.Errorf("given %q, want %q", s, c.want)
			}
			if s := describe(j.Rest()); s != c.rest {
				t.Errorf("left %q, want %q", s, c.rest)
			}
		})
	}
}

func TestEndsThatNeverComeAreNotWaitedForWithoutBound(t *testing.T) {
	j := NewJoiner()
	given := 0
	for i := range uint64(3 * maxRunning) {
		given += len(j.Add(rec(journal.KindStatementBegin, "a", i, 0)))
	}
	if len(j.running) > maxRunning || len(j.order) > 2*maxRunning {
		t.Errorf("%d are waited for, %d are listed", len(j.running), len(j.order))
	}
	if total := given + len(j.Rest()); total != 3*maxRunning {
		t.Errorf("%d of %d were given", total, 3*maxRunning)
	}
}

func TestStatementsThatEndLeaveNothingBehind(t *testing.T) {
	j := NewJoiner()
	for i := range uint64(5 * maxRunning) {
		j.Add(rec(journal.KindStatementBegin, "a", 2*i, 0))
		j.Add(rec(journal.KindStatementEnd, "a", 2*i+1, 2*i))
	}
	if len(j.running) != 0 || len(j.order) > 2*maxRunning {
		t.Errorf("%d are waited for, %d are listed", len(j.running), len(j.order))
	}
}

func TestVerdictsAreUnderstood(t *testing.T) {
	for text, want := range map[string]string{"deny": "Deny", "DENIED": "Deny", "held": "RequireApproval", "requireapproval": "RequireApproval", "masked": "Masked", "failed": "Failed", "allowed": "Allow", "warned": "Warn", "observe": "Observe"} {
		if got, ok := ParseVerdict(text); !ok || got != want {
			t.Errorf("%s is %q, %v", text, got, ok)
		}
	}
	if got, ok := ParseVerdict("den"); ok {
		t.Errorf("den is %q", got)
	}
}
