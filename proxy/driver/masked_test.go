package driver_test

import (
	"bytes"
	"testing"

	"github.com/weirgate/weir/proxy/wire"
)

// With masks every row is looked at and written anew: backpressure and memory are
// to be as they are without.
func TestMasksDoNotChangeWhoIsHeldUp(t *testing.T) {
	t.Run("a client that does not read", func(t *testing.T) {
		eachWay(t, func(t *testing.T, w way) {
			r := start(t, w)
			r.questions.judge.masks.Store(true)
			r.client.send(query("masked"))
			r.server.wants("Q masked")
			r.server.send(description())
			r.client.wants("T")
			piece := bytes.Repeat(row(1), 5000)
			before := memory()
			f := flooding(r.server, piece, flood)
			f.stalls(t)
			if n := memory() - before; n > grown {
				t.Errorf("weir's memory grew by %d MB", n>>20)
			}
			rests(t)
			for range 5000 { // and when it reads again it goes on
				if typ, body, err := r.client.next(); err != nil || typ != wire.DataRow || !bytes.HasSuffix(body, []byte("*")) {
					t.Fatalf("a row came as %q %q: %v", typ, body, err)
				}
			}
			r.client.reset()
			if err := <-f.done; err == nil {
				t.Error("the server could send all of it to a client that has left")
			}
			r.endsFor("")
		})
	})
	t.Run("a server that does not read", func(t *testing.T) {
		eachWay(t, func(t *testing.T, w way) {
			r := start(t, w)
			r.questions.judge.masks.Store(true)
			r.client.send(query("copy t from stdin"))
			r.server.wants("Q copy t from stdin")
			r.server.send(frame(wire.CopyInResponse, "\x00\x00\x00"))
			r.client.wants("G")
			before := memory()
			f := flooding(r.client, frame(wire.CopyData, string(make([]byte, 64<<10-5))), flood)
			f.stalls(t)
			if n := memory() - before; n > grown {
				t.Errorf("weir's memory grew by %d MB", n>>20)
			}
			rests(t)
			r.server.reset()
			if err := <-f.done; err == nil {
				t.Error("the client could send all of it to a server that has left")
			}
			r.endsFor("08006")
		})
	})
}
