package driver_test

import (
	"errors"
	"os"
	"testing"

	"github.com/weirgate/weir/proxy/wire"
)

func TestAServerThatEndsBetweenMessagesIsTold(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		_ = r.server.Close()
		r.client.wants("E FATAL 08006")
		r.client.wantsEnd()
		r.endsFor("08006")
	})
}

func TestAServerThatEndsInTheMiddleOfAMessage(t *testing.T) {
	for _, size := range []int{100, 300 << 10} {
		eachWay(t, func(t *testing.T, w way) {
			r := start(t, w)
			r.client.send(query("select"))
			r.server.wants("Q select")
			d := row(size)
			r.server.send(description(), d[:len(d)/2])
			_ = r.server.Close()
			r.client.wants("T")
			// An error would be read as part of the row where a part of it was
			// passed on.
			for {
				typ, body, err := r.client.next()
				if err != nil {
					if errors.Is(err, os.ErrDeadlineExceeded) {
						t.Error("the client was left waiting")
					}
					break
				}
				if got := show(t, typ, body); got != "E FATAL 08006" {
					t.Fatalf("the client got %q", got)
				}
			}
			r.endsFor("08006")
		})
	}
}

func TestAServerThatIsReset(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("select"))
		r.server.wants("Q select")
		r.server.reset()
		r.client.wants("E FATAL 08006")
		r.client.wantsEnd()
		r.endsFor("08006")
	})
}

func TestAServerThatEndsBehindABarrier(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("settles"), query("select"))
		r.server.wants("Q settles")
		_ = r.server.Close()
		r.client.wants("E FATAL 08006")
		r.client.wantsEnd()
		r.endsFor("08006")
	})
}

func TestAServerThatSaysWhyItEnds(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.server.send(fatal("57P01"))
		_ = r.server.Close()
		r.client.wants("E FATAL 57P01")
		r.client.wantsEnd()
		r.endsFor("57P01")
	})
}

func TestAServerThatSaysWhyItEndsToAClientThatIsSending(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("copy t from stdin"))
		r.server.wants("Q copy t from stdin")
		r.server.send(frame(wire.CopyInResponse, "\x00\x00\x00"))
		r.client.wants("G")
		f := flooding(r.client, frame(wire.CopyData, fill(64<<10)), flood)
		f.stalls(t)
		r.server.send(fatal("57P01"))
		r.server.reset()
		r.client.wants("E FATAL 57P01")
		if err := <-f.done; err == nil {
			t.Error("the client could send on")
		}
		r.endsFor("57P01")
	})
}

func TestAServerThatAnswersWhatWasNotAsked(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.server.send(complete())
		r.client.wants("E FATAL 08006")
		r.client.wantsEnd()
		r.server.wantsEnd()
		r.endsFor("08006")
	})
}
