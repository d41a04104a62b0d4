package driver_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/wire"
)

func TestARowOf70MegabytesStreamsThrough(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("select"))
		r.server.wants("Q select")
		r.server.send(description())
		r.client.wants("T")
		d := row(70 << 20)
		for i := range 70 << 20 {
			d[len(d)-1-i] = byte(i)
		}
		before := memory()
		f := flooding(r.server, d, len(d))
		f.stalls(t)
		if n := memory() - before; n > grown {
			t.Errorf("weir's memory grew by %d MB", n>>20)
		}
		got := make([]byte, 1<<20)
		for at := 0; at < len(d); {
			n, err := io.ReadFull(r.client.in, got[:min(len(got), len(d)-at)])
			if err != nil {
				t.Fatal(err)
			}
			if string(got[:n]) != string(d[at:at+n]) {
				t.Fatalf("the row differs somewhere in the %d bytes from %d on", n, at)
			}
			at += n
		}
		f.finish(t)
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
	})
}

// A row that is masked is looked at whole.
func TestALargeRowIsMaskedAndItsMemoryGivenBack(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.questions.judge.masks.Store(true)
		before := memory()
		masked := func(size int) time.Duration {
			r.client.send(query("masked"))
			r.server.wants("Q masked")
			d := row(size)
			used := cpu(t)
			f := flooding(r.server, append(append(description(), d...), append(complete(), readyForQuery()...)...), 1)
			r.client.wants("T")
			typ, body, err := r.client.next()
			if err != nil || typ != wire.DataRow || string(body) != "\x00\x01\x00\x00\x00\x01*" {
				t.Fatalf("the row came as %q %.40q: %v", typ, body, err)
			}
			r.client.wants("C", "Z I")
			f.finish(t)
			return cpu(t) - used
		}
		// Ten times the row costs ten times as much, and not a hundred times.
		small := masked(5 << 20)
		if used := masked(50 << 20); used > 30*small+time.Second {
			t.Errorf("%v of processor time for a row of 50 MB, %v for one of 5 MB: it was gone over again and again", used, small)
		}
		// Buffers of a size that is rarely needed are not kept. Another message
		// makes the goroutine that waits for the next one look.
		r.client.send(query("select"))
		r.server.wants("Q select")
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
		r.server.send(notice())
		r.client.wants("N NOTICE 00000")
		if n := memory() - before; n > grown {
			t.Errorf("weir's memory grew by %d MB", n>>20)
		}
	})
}

func TestALargeBindStreamsThrough(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		value := strings.Repeat("0123456789abcdef", 2<<20) // 32 MiB
		bind := "\x00s\x00\x00\x00\x00\x01\x02\x00\x00\x00" + value + "\x00\x00"
		pipeline := frame(wire.Parse, "s\x00insert\x00\x00\x00")
		pipeline = append(pipeline, frame(wire.Bind, bind)...)
		pipeline = append(pipeline, frame(wire.Execute, "\x00\x00\x00\x00\x00")...)
		pipeline = append(pipeline, frame(wire.Sync, "")...)
		f := flooding(r.client, pipeline, 1)
		r.server.wants("P")
		r.server.send(frame(wire.ParseComplete, ""))
		typ, body, err := r.server.next()
		if err != nil || typ != wire.Bind || string(body) != bind {
			t.Fatalf("the Bind came as %q of %d bytes: %v", typ, len(body), err)
		}
		if typ, _, err = r.server.next(); err != nil || typ != wire.Execute {
			t.Fatalf("the Execute came as %q: %v", typ, err)
		}
		r.server.wants("S")
		f.finish(t)
		r.server.send(frame(wire.BindComplete, ""), complete(), readyForQuery())
		r.client.wants("1", "2", "C", "Z I")
	})
}

// A length word alone must not make weir allocate what it says.
func TestALengthWordAloneAllocatesNothing(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.questions.judge.masks.Store(true)
		r.client.send(query("masked"))
		r.server.wants("Q masked")
		r.server.send(description())
		r.client.wants("T")
		before := memory()
		for _, b := range row(60 << 20)[:30] {
			r.server.send([]byte{b})
			time.Sleep(time.Millisecond) // so that each comes by itself
		}
		if n := memory() - before; n > 1<<20 {
			t.Errorf("weir's memory grew by %d KB for 30 bytes", n>>10)
		}
	})
}

// One byte at a time is the worst that a network can do to frames.
func TestMessagesThatComeByteByByte(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := newRig(t, w)
		if w.tls {
			r.encrypt()
		}
		for _, b := range startup() {
			r.client.send([]byte{b})
		}
		r.client.wants("R", "K", "Z I")
		for range 3 {
			for _, b := range query("select slowly") {
				r.client.send([]byte{b})
			}
			r.server.wants("Q select slowly")
			for _, f := range [][]byte{description(), row(5), complete(), readyForQuery()} {
				for _, b := range f {
					r.server.send([]byte{b})
				}
			}
			r.client.wants("T", "D", "C", "Z I")
		}
	})
}

// A client may send all that it has to say in one packet, before it is let in,
// and a server may have spoken on behind its greeting.
func TestWhatWasReadBeforeTheHandOverIsNotLost(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := newRig(t, w)
		if w.tls {
			r.encrypt()
		}
		r.questions.rest = append(notice(), notice()[:10]...)
		words := startup()
		for range 20 {
			words = append(words, query("select "+fill(500))...)
		}
		settle := query("settles")
		r.client.send(append(append(words, settle...), query("last")[:6]...))
		r.server.send(notice()[10:])
		r.client.wants("R", "K", "Z I", "N NOTICE 00000", "N NOTICE 00000")
		for range 20 {
			r.server.wants("Q select " + fill(500))
			r.server.send(complete(), readyForQuery())
			r.client.wants("C", "Z I")
		}
		r.server.wants("Q settles")
		r.client.send(query("last")[6:])
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
		r.server.wants("Q last")
	})
}
