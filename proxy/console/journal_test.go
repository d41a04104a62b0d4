package console

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/journal"
)

// scripted is a journal whose records are given.
type scripted struct {
	stored    []*journal.Record
	live      []journal.Followed // sent when the query begins, so that they overlap
	summaries []journal.SessionSummary
	filter    journal.Filter
	cancelled bool
	out       chan journal.Followed
}

func (s *scripted) Query(_ context.Context, _ journal.Filter) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		for _, l := range s.live {
			s.out <- l
		}
		close(s.out)
		for _, r := range s.stored {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *scripted) Subscribe(journal.Filter) (<-chan journal.Followed, func()) {
	s.out = make(chan journal.Followed, len(s.live))
	return s.out, func() { s.cancelled = true }
}

func (s *scripted) Sessions(_ context.Context, f journal.Filter) ([]journal.SessionSummary, error) {
	s.filter = f
	var list []journal.SessionSummary
	for _, x := range s.summaries {
		if f.Session == "" || f.Session == x.ID {
			list = append(list, x)
		}
	}
	return list, nil
}

func numbered(session string, seq uint64) *journal.Record {
	return &journal.Record{Session: session, Seq: seq, Kind: journal.KindStatementBegin}
}

func TestFollowingHasNoGapAndNothingTwice(t *testing.T) {
	s := &scripted{
		stored: []*journal.Record{numbered("a", 0), numbered("a", 1), numbered("b", 0)},
		live: []journal.Followed{
			{Record: numbered("a", 1)}, {Record: numbered("b", 0)}, {Record: numbered("a", 2)},
			{Record: numbered("c", 0), Lost: 4}, {Record: numbered("a", 3)}, {Record: numbered("b", 1)},
		},
	}
	var got []string
	for r, err := range (JournalRecords{s}).Records(t.Context(), journal.Filter{}, true) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind == KindLost {
			got = append(got, "lost "+r.Data["records"])
			continue
		}
		got = append(got, fmt.Sprint(r.Session, r.Seq))
	}
	want := []string{"a0", "a1", "b0", "a2", "lost 4", "c0", "a3", "b1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !s.cancelled {
		t.Error("the subscription was left behind")
	}
}

type openSessions []Session

func (o openSessions) OpenSessions() []Session { return o }

func TestSessionsAreTheNewestFirstWithWhatTheyDo(t *testing.T) {
	now := time.Now()
	s := &scripted{summaries: []journal.SessionSummary{
		{ID: "weir-x", Started: now.Add(-4 * time.Hour)},
		{ID: "old", How: "captured", Started: now.Add(-3 * time.Hour), Ended: now.Add(-2 * time.Hour), Reason: "client left"},
		{ID: "open", How: "captured", Started: now.Add(-time.Hour), Statements: 5, Ended: now},
		{ID: "new", Database: "crm", Started: now.Add(-time.Minute), Denied: 2},
	}}
	source := JournalSessions{s, openSessions{{ID: "open", State: "active", Running: "select 1"}, {ID: "new", State: "idle"}}}
	ids := func(f SessionFilter) (list []string) {
		sessions, err := source.Sessions(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range sessions {
			list = append(list, x.ID)
		}
		return list
	}
	if got := ids(SessionFilter{}); !slices.Equal(got, []string{"new", "open"}) {
		t.Errorf("open ones: %q", got)
	}
	if got := ids(SessionFilter{All: true}); !slices.Equal(got, []string{"new", "open", "old"}) || s.filter.Last != defaultSessions {
		t.Errorf("all: %q, asked for %d", got, s.filter.Last)
	}
	if got := ids(SessionFilter{Limit: 1}); !slices.Equal(got, []string{"new"}) || s.filter.Last != 0 {
		t.Errorf("one open: %q, asked for %d", got, s.filter.Last)
	}
	session, err := source.Session(t.Context(), "open")
	if err != nil || !session.Open || session.Running != "select 1" || session.Statements != 5 || !session.Ended.IsZero() {
		t.Errorf("an open one: %+v, %v", session, err)
	}
	session, err = source.Session(t.Context(), "old")
	if err != nil || session.Open || session.Reason != "client left" {
		t.Errorf("an ended one: %+v, %v", session, err)
	}
	if _, err := source.Session(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("none: %v", err)
	}
}
