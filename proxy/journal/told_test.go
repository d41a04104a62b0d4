package journal

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/identity"
)

// everyKind records what there is, with sessions that begin, go on and end.
func everyKind(t *testing.T, j *Journal, open []*Session) []*Session {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		s, err := j.Session(SessionInfo{Identity: identity.Identity{Subject: fmt.Sprint("unit:", i), Kind: "Unit"}, Database: "crm", User: "u"})
		check(err)
		open = append(open, s)
	}
	for i := range 3000 {
		s := open[i%len(open)]
		st, err := s.Begin(&Begin{Text: []byte("select 1"), Verdict: []string{"Allow", "Warn"}[i%2]})
		check(err)
		end := []*End{
			{Rows: 3, Bytes: 10, Tag: []byte("SELECT 3")},
			{Failure: &Failure{SQLState: "22012"}},
			{Outcome: OutcomeUnknown, Failure: &Failure{}},
			{Rows: 1, Masked: []string{"a.b.c"}},
		}[i%4]
		check(s.End(st, end))
		if i%100 == 0 {
			check(s.Denied(&Denied{Verdict: "Deny", Text: []byte("drop table t")}))
			check(s.Event(&Event{Kind: KindStatementHeld, Verdict: "RequireApproval", Text: []byte("delete from t")}))
			check(j.Event(&Event{Kind: KindPolicyLoaded, Revision: "1"}))
		}
	}
	check(open[0].Close("done"))
	return open[1:]
}

func TestTheIndexIsToldWhatItWouldRead(t *testing.T) {
	o := Options{Shards: 2, IndexEvery: time.Hour, MaxText: 1 << 10, MaxParameters: 1 << 10, MaxResult: 1 << 10}
	o.SegmentSize = MinimumSegment(o)
	j, err := Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}()
	// The index itself is not to take anything meanwhile.
	if err := j.index.close(); err != nil {
		t.Fatal(err)
	}
	j.index = nil
	told, read := &index{j: j, tally: newTally()}, &index{j: j, tally: newTally()}
	positions := make(map[*segment]int64)
	var open []*Session
	for range 3 {
		open = everyKind(t, j, open)
		for _, g := range j.snapshot() {
			was, end := g.takeTold()
			from := positions[g]
			positions[g] = end
			if was == nil || was.from != from {
				t.Fatalf("%s: nothing was told from %d on", g.name, from)
			}
			a := told.take(was)
			b, err := read.scan(context.Background(), g, from, end)
			if err != nil {
				t.Fatal(err)
			}
			for _, block := range slices.Concat(a, b) {
				block.id = 0
			}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("%s: %d blocks were told, %d read", g.name, len(a), len(b))
			}
		}
		for _, x := range []*index{told, read} {
			for _, s := range x.tally.sessions {
				s.settle()
				s.block = 0
			}
		}
		if !reflect.DeepEqual(told.tally.sessions, read.tally.sessions) {
			t.Fatal("sessions were told otherwise than they are read")
		}
	}
	if n := len(positions); n < 5 {
		t.Fatalf("%d segments", n)
	}
}

func TestATellingIsBounded(t *testing.T) {
	g := &segment{told: new(telling)}
	e := &entry{kind: KindStatementBegin, begin: &Begin{Verdict: "Allow"}}
	n := 0
	for ; g.told != nil && n <= tellingRoom; n++ {
		if size := g.told.size; size > tellingRoom {
			t.Fatalf("%d bytes", size)
		}
		g.tell(&Session{id: "s"}, e, time.Now(), n, 1)
	}
	if n > tellingRoom/noteSize+1 {
		t.Errorf("%d sessions", n)
	}
}
