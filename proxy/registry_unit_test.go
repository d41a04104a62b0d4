package proxy

import (
	"testing"
)

func TestOnlyTheWholeCancelKeyFindsItsSession(t *testing.T) {
	for _, size := range []int{4, 32} {
		r := newRegistry(2)
		e, other := r.reserve(), r.reserve()
		key := r.key(e, size)
		if len(key) != size || len(r.key(other, size)) != size {
			t.Fatalf("a key of %d bytes, want %d", len(key), size)
		}
		asked := 0
		e.server = func() (uint32, []byte) { asked++; return 7, nil }
		wrong := append([]byte(nil), key...)
		wrong[size-1] ^= 1
		for _, k := range [][]byte{nil, wrong, key[:size-1], append(append([]byte(nil), key...), 0), other.key, make([]byte, 256)} {
			if err := r.cancel(t.Context(), 7, k); err != nil || asked != 0 {
				t.Errorf("%x was taken for %x: %v", k, key, err)
			}
		}
		if err := r.cancel(t.Context(), 7, key); err != nil || asked != 1 {
			t.Errorf("%x does not find its session: %v", key, err)
		}
		// A key that was made anew is the only one.
		if fresh := r.key(e, size); r.cancel(t.Context(), 7, key) != nil || asked != 1 || r.cancel(t.Context(), 7, fresh) != nil || asked != 2 {
			t.Error("an old key still counts")
		}
		r.release(e)
		if len(r.keys) != 1 {
			t.Errorf("%d keys are kept", len(r.keys))
		}
	}
}
