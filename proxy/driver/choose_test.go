package driver

import (
	"slices"
	"testing"
)

func TestWhereProcessorsAreFewALoopIsFilledFirst(t *testing.T) {
	for fill, want := range map[int64][]int{
		0: {0, 1, 0, 1, 0, 1, 0, 1},
		3: {0, 0, 0, 1, 1, 1},
	} {
		d := &Driver{fill: fill, loops: []*loop{{}, {}}}
		var got []int
		for range want {
			l := d.loop()
			l.count.Add(1)
			got = append(got, slices.Index(d.loops, l))
		}
		if !slices.Equal(got, want) {
			t.Errorf("fill %d: %v, want %v", fill, got, want)
		}
		for range 10 {
			d.loop().count.Add(1)
		}
		if a, b := d.loops[0].count.Load(), d.loops[1].count.Load(); a-b > 1 || b-a > 1 {
			t.Errorf("fill %d: in the end %d and %d", fill, a, b)
		}
	}
}
