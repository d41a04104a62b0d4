package driver_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// A result that nobody reads takes no more than there is room for, and what was taken is
// there for others when it is gone.
func TestLargeMessagesTakeNoMoreThanThereIsRoomFor(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		d := newDriver(t, w)
		d.Large = 11 << 20 // half of it is room for two, however buffers grow
		large := row(2<<20 - 64<<10)
		// begin has a row come whole but for its last byte.
		begin := func(owner string) *rig {
			t.Helper()
			r := newRigOn(t, w, d)
			r.conn.Owner(owner)
			r.started()
			r.questions.judge.masks.Store(true)
			r.client.send(query("masked"))
			r.server.wants("Q masked")
			r.server.send(description())
			r.client.wants("T")
			_, _ = r.server.Write(large[:len(large)-1]) // which fails where weir ends the session
			return r
		}
		passes := func(r *rig) {
			t.Helper()
			r.server.send(large[len(large)-1:])
			if typ, body, err := r.client.next(); err != nil || typ != wire.DataRow || !bytes.HasSuffix(body, []byte("*")) {
				t.Fatalf("a row came as %q %q: %v", typ, body, err)
			}
			r.server.send(complete(), readyForQuery())
			r.client.wants("C", "Z I")
		}
		one := []*rig{begin("one"), begin("one"), begin("one")}
		// Whichever came last to its bytes.
		var ended int
		select {
		case why := <-one[0].over:
			one[0].over = again(why)
		case why := <-one[1].over:
			ended, one[1].over = 1, again(why)
		case why := <-one[2].over:
			ended, one[2].over = 2, again(why)
		case <-time.After(patience):
			t.Fatal("one workload may hold anything")
		}
		one[ended].endsFor("53200")
		passes(begin("another")) // which has a half of its own
		for i, r := range one {
			if i != ended {
				passes(r)
			}
		}
		passes(begin("one"))
	})
}

// again gives a channel from which a value can be had again.
func again(why *diagnostic.Diagnostic) chan *diagnostic.Diagnostic {
	c := make(chan *diagnostic.Diagnostic, 2)
	c <- why
	return c
}
