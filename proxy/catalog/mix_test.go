package catalog

import "testing"

func TestADigestTellsWhatItWasMadeOfInWhateverOrder(t *testing.T) {
	a, b := [][]byte{[]byte("a"), []byte("b")}, [][]byte{[]byte("ab"), nil}
	of := func(lists ...[][]byte) (d [16]byte) {
		for _, values := range lists {
			mix(&d, values)
		}
		return d
	}
	if of(a, b) != of(b, a) {
		t.Error("the order counts")
	}
	all := map[[16]byte]string{}
	for name, d := range map[string][16]byte{"nothing": of(), "a": of(a), "b": of(b), "both": of(a, b), "a twice": of(a, a)} {
		if other, ok := all[d]; ok {
			t.Errorf("%s is told as %s", name, other)
		}
		all[d] = name
	}
}
