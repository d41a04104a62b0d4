//go:build !race

// Under the race detector a sync.Pool forgets at random.

package parser

import (
	"strings"
	"testing"
)

func TestAHitByTemplateAllocatesNothing(t *testing.T) {
	p := newPool(t, nil)
	for _, text := range []string{"select a from t where b = 1", "select a from t where b = 1 limit 2"} {
		parsed(t, p, text)
		other := []byte(strings.Replace(text, "b = 1", "b = 123456", 1))
		if n := testing.AllocsPerRun(1000, func() {
			if _, _, ok := p.Cached(other); !ok {
				t.Error("not known")
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}
