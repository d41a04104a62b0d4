package driver_test

import (
	"io"
	"runtime"
	"testing"
)

// Rows are relayed, masked or not, in memory that is there already.
func TestRowsAreRelayedWithoutAnAllocationEach(t *testing.T) {
	const rows = 100_000
	eachWay(t, func(t *testing.T, w way) {
		for name, masked := range map[string]bool{"select": false, "masked": true} {
			r := start(t, w)
			r.questions.judge.masks.Store(masked)
			result := description()
			for range rows {
				result = append(result, row(100)...)
			}
			result = append(append(result, complete()...), readyForQuery()...)
			taken := len(result)
			if masked {
				taken -= 99 * rows // each is a star
			}
			got := make([]byte, taken)
			exchange := func() {
				r.client.send(query(name))
				r.server.wants("Q " + name)
				f := flooding(r.server, result, 1)
				if _, err := io.ReadFull(r.client.in, got); err != nil {
					t.Fatal(err)
				}
				f.finish(t)
			}
			exchange() // makes what is kept
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			exchange()
			runtime.ReadMemStats(&after)
			// TLS allocates for each of its records of 16 KiB, the test for itself.
			if n := after.Mallocs - before.Mallocs; n > rows/20 {
				t.Errorf("%d allocations for %d rows of %q", n, rows, name)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > uint64(len(result)/2) {
				t.Errorf("%d bytes allocated for %d bytes of %q", n, len(result), name)
			}
		}
	})
}
