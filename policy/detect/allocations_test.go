//go:build !race

// Under the race detector a sync.Pool, as regexp has, forgets at random.

package detect

import "testing"

func TestFindingNothingAllocatesNothing(t *testing.T) {
	s, err := New(Kinds(), []string{`EMP-\d{6}`})
	if err != nil {
		t.Fatal(err)
	}
	f := s.Finder()
	text := []byte("The quick brown fox, order 1234567890, 2024-01-02")
	if n := testing.AllocsPerRun(100, func() { f.Find(text) }); n != 0 || len(f.spans) != 0 {
		t.Errorf("%v allocations, %v found", n, f.spans)
	}
}
