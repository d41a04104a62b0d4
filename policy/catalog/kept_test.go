package catalog

import (
	"runtime"
	"testing"
	"weak"
)

type keptKey struct{ n int }

func TestOfWhatIsMadeOfASnapshotNoMoreThanABoundIsKept(t *testing.T) {
	s, err := New(Data{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Kept(keptKey{0}); got != nil {
		t.Errorf("got %v", got)
	}
	for n := range 10 * keptMost {
		s.Keep(keptKey{n}, n)
		if got := s.Kept(keptKey{n}); got != n {
			t.Fatalf("got %v instead of %d", got, n)
		}
	}
	if len(s.kept.made) > keptMost {
		t.Errorf("%d things are kept", len(s.kept.made))
	}
}

func TestWhatIsMadeOfASnapshotIsKeptNoLongerThanIt(t *testing.T) {
	gone := func() weak.Pointer[struct{ of *Snapshot }] {
		s, err := New(Data{})
		if err != nil {
			t.Fatal(err)
		}
		made := &struct{ of *Snapshot }{s}
		s.Keep(keptKey{1}, made)
		return weak.Make(made)
	}()
	runtime.GC()
	if gone.Value() != nil {
		t.Error("what was made of the snapshot outlives it")
	}
}
