package driver_test

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/wire"
)

const (
	// flood is how many bytes are sent to a peer that does not read.
	flood = 200 << 20
	// held is how many of them the kernel's buffers and weir's may take in all.
	held = 48 << 20
	// grown is how much weir's memory may grow by it.
	grown = 8 << 20
)

// flooder sends until all is sent, and counts.
type flooder struct {
	sent atomic.Int64
	done chan error
}

// flooding sends copies of a piece from a goroutine of its own.
func flooding(to io.Writer, piece []byte, n int) *flooder {
	f := &flooder{done: make(chan error, 1)}
	go func() {
		for f.sent.Load() < int64(n) {
			m, err := to.Write(piece)
			f.sent.Add(int64(m))
			if err != nil {
				f.done <- err
				return
			}
		}
		f.done <- nil
	}()
	return f
}

// stalls waits until nothing more is taken from it.
func (f *flooder) stalls(t *testing.T) {
	t.Helper()
	last, since := int64(-1), time.Now()
	if !within(func() bool {
		if n := f.sent.Load(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 150*time.Millisecond
	}) {
		t.Fatal("it goes on and on")
	}
	if last > held {
		t.Errorf("%d MB were taken for a peer that does not read", last>>20)
	}
}

func (f *flooder) finish(t *testing.T) {
	t.Helper()
	if err := <-f.done; err != nil {
		t.Fatalf("sending: %v", err)
	}
}

// memory is what the heap holds, without garbage.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAClientThatDoesNotReadHoldsTheServerUp(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("select"))
		r.server.wants("Q select")
		r.server.send(description())
		r.client.wants("T")
		piece := row(64<<10 - 11) // 64 KiB as a frame
		before := memory()
		f := flooding(r.server, piece, flood)
		f.stalls(t)
		if n := memory() - before; n > grown {
			t.Errorf("weir's memory grew by %d MB", n>>20)
		}
		rests(t)
		// And when it reads again all of it comes, and the server's end.
		for range flood / len(piece) {
			if typ, body, err := r.client.next(); err != nil || typ != wire.DataRow || len(body) != len(piece)-5 {
				t.Fatalf("a row came as %q of %d bytes: %v", typ, len(body), err)
			}
		}
		f.finish(t)
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
	})
}

func TestAServerThatDoesNotReadHoldsTheClientUp(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("copy t from stdin"))
		r.server.wants("Q copy t from stdin")
		r.server.send(frame(wire.CopyInResponse, "\x00\x00\x00"))
		r.client.wants("G")
		piece := frame(wire.CopyData, string(make([]byte, 64<<10-5)))
		before := memory()
		f := flooding(r.client, piece, flood)
		f.stalls(t)
		if n := memory() - before; n > grown {
			t.Errorf("weir's memory grew by %d MB", n>>20)
		}
		rests(t)
		// What the server says meanwhile passes.
		r.server.send(notice())
		r.client.wants("N NOTICE 00000")
		for range flood / len(piece) {
			if typ, body, err := r.server.next(); err != nil || typ != wire.CopyData || len(body) != len(piece)-5 {
				t.Fatalf("data came as %q of %d bytes: %v", typ, len(body), err)
			}
		}
		f.finish(t)
		r.client.send(frame(wire.CopyDone, ""))
		r.server.wants("c")
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
	})
}

// A client that sends its pipeline and reads at the same time must not come to a
// standstill because weir waits for one side before it reads the other.
func TestBothSidesStreamAtOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		const rounds = 400
		text := "select " + fill(32<<10)
		ask := query(text)
		answer := append(append(description(), row(64<<10)...), append(complete(), readyForQuery()...)...)
		go func() { // a server that does not read before its answer was taken
			for range rounds {
				if _, _, err := r.server.next(); err != nil {
					return
				}
				if _, err := r.server.Write(answer); err != nil {
					return
				}
			}
		}()
		f := flooding(r.client, ask, rounds*len(ask))
		for range rounds {
			r.client.wants("T", "D", "C", "Z I")
		}
		f.finish(t)
	})
}

func TestAClientThatDoesNotReadAndLeavesFreesTheServer(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("select"))
		r.server.wants("Q select")
		r.server.send(description())
		f := flooding(r.server, row(64<<10-11), flood)
		f.stalls(t)
		r.client.reset()
		if err := <-f.done; err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the server could send on to a client that has left: %v", err)
		}
		r.endsFor("")
	})
}

func TestAClientThatIsResetWhileItsServerDoesNotReadFreesBoth(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("copy t from stdin"))
		r.server.wants("Q copy t from stdin")
		r.server.send(frame(wire.CopyInResponse, "\x00\x00\x00"))
		r.client.wants("G")
		f := flooding(r.client, frame(wire.CopyData, string(make([]byte, 64<<10-5))), flood)
		f.stalls(t)
		r.client.reset()
		if err := <-f.done; err == nil {
			t.Error("the client could send all of it")
		}
		r.endsFor("")
	})
}

func TestWhatAServerSaidBeforeItEndedReachesASlowClient(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("select"))
		r.server.wants("Q select")
		r.server.send(description())
		const rows = 300
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range rows {
				if _, err := r.server.Write(row(64<<10 - 11)); err != nil {
					return
				}
			}
			_ = r.server.Close()
		}()
		time.Sleep(50 * time.Millisecond) // the backlog stands, the server may have ended
		rests(t)
		r.client.wants("T")
		for range rows {
			r.client.wants("D")
		}
		<-done
		r.client.wants("E FATAL 08006")
		r.client.wantsEnd()
		r.endsFor("08006")
	})
}

func fill(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}
