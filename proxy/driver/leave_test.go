package driver_test

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

func TestAClientThatSaysGoodbyeIsPassedOn(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(wire.AppendEmpty(nil, wire.Terminate))
		r.server.wants("X")
		r.server.wantsEnd()
		r.client.wantsEnd()
		r.endsFor("")
	})
}

func TestAClientThatClosesItsSendingHalfStillGetsItsAnswer(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("select 1"), query("settles"), query("select 2"))
		r.client.closeWrite()
		r.server.wants("Q select 1", "Q settles")
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
		r.server.wants("Q select 2") // it stood behind a barrier when the client ended
		r.server.wantsEnd()          // the server is told
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
		_ = r.server.Close()
		r.client.wantsEnd() // without an error: the client itself has ended it
		r.endsFor("")
	})
}

// However long a statement takes, a client that has ended its half gets the reply.
func TestAClientThatHasClosedItsSendingHalfWaitsForItsAnswer(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		w.linger = 50 * time.Millisecond
		r := start(t, w)
		r.client.send(query("select 1"))
		r.client.closeWrite()
		r.server.wants("Q select 1")
		r.server.wantsEnd()
		time.Sleep(30 * w.linger) // longer than a loop's tick: the time is what is tested
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
		r.client.wantsEnd() // the server does not end: its time is up
		r.endsFor("")
		_ = r.server.Close()
	})
}

func TestAClientThatIsResetWhileTheServerWorks(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("select"))
		r.server.wants("Q select")
		r.client.reset()
		r.server.wantsEnd()
		_ = r.server.Close()
		r.endsFor("")
	})
}

func TestAClientThatIsResetBehindABarrier(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("settles"), query("select"))
		r.server.wants("Q settles")
		r.client.reset()
		// Whether or not it was noticed before: with the server's answer it is.
		_, _ = r.server.Write(append(description(), row(10)...))
		_, _ = r.server.Write(append(complete(), readyForQuery()...))
		for {
			typ, body, err := r.server.next()
			if err != nil {
				break
			}
			if got := show(t, typ, body); got != "Q select" {
				t.Fatalf("the server got %q", got)
			}
		}
		_ = r.server.Close()
		r.endsFor("")
	})
}

func TestAClientThatIsResetBeforeItsSessionStarted(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := newRig(t, w)
		r.client.send(startup()[:6])
		r.client.reset()
		r.endsFor("")
	})
}

func TestAClientThatLeavesWhileItsServerIsConnected(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := newRig(t, w)
		if w.tls {
			r.encrypt()
		}
		asked, goOn := make(chan struct{}), make(chan struct{})
		r.questions.set(func(q *questions) { q.connect = func(context.Context) { close(asked); <-goOn } })
		r.client.send(startup())
		<-asked
		r.client.reset()
		close(goOn)
		r.server.wantsEnd()
		_ = r.server.Close()
		r.endsFor("")
	})
}

func TestAClientThatLeavesInTheMiddleOfAMessage(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		q := query("select " + fill(1000))
		r.client.send(q[:500])
		_ = r.client.Close()
		r.server.wantsEnd()
		_ = r.server.Close()
		r.endsFor("")
	})
}

func TestAClientThatLeavesInTheMiddleOfALargeMessage(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("copy t from stdin"))
		r.server.wants("Q copy t from stdin")
		r.server.send(frame(wire.CopyInResponse, "\x00\x00\x00"))
		r.client.wants("G")
		data := frame(wire.CopyData, fill(1<<20))
		f := flooding(r.client, data[:900<<10], 900<<10)
		if n, err := io.Copy(io.Discard, io.LimitReader(r.server.in, 900<<10)); n != 900<<10 {
			t.Fatalf("%d bytes came, %v", n, err)
		}
		f.finish(t)
		_ = r.client.Close()
		r.server.wantsEnd()
		_ = r.server.Close()
		r.endsFor("")
	})
}

func TestTheLastWordsOfAClientReachASlowServer(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		q := query("select " + fill(500<<10))
		words := wire.AppendEmpty(slices.Clone(q), wire.Terminate)
		sent := make(chan error, 1)
		go func() {
			_, err := r.client.Write(words)
			_ = r.client.Close()
			sent <- err
		}()
		// More than the sockets hold is under way, so weir has to wait.
		select {
		case <-sent:
		case <-time.After(50 * time.Millisecond):
		}
		typ, body, err := r.server.next()
		if err != nil || typ != wire.Query || len(body) != len(q)-wire.HeaderSize {
			t.Fatalf("the query came as %q of %d bytes: %v", typ, len(body), err)
		}
		r.server.wants("X")
		_, _ = r.server.Write(append(complete(), readyForQuery()...))
		_ = r.server.Close()
		r.endsFor("")
	})
}

func TestAClientThatBreaksTheProtocolIsTold(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send([]byte{'Q', 0, 0, 0, 4})
		r.client.wants("E FATAL 08P01")
		r.client.wantsEnd()
		r.server.wantsEnd()
		r.endsFor("08P01")
	})
}

func TestARefusedConnectionIsTold(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			leavesNothing(t)
			in := newPair(t, network, t.TempDir())
			client := newPeer(t, in.dialled)
			over := make(chan *diagnostic.Diagnostic, 1)
			driverRefuse(in, over)
			client.wants("E FATAL 53300")
			client.wantsEnd()
			_ = client.Close()
			if why := <-over; why == nil || why.Code != "53300" {
				t.Errorf("it ended for %v", why)
			}
		})
	}
}

func TestTheStateForADecisionIsAskedForFromElsewhere(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		var asked atomic.Bool
		decide := func(_ context.Context, s session.State) {
			asked.Store(s.Prepared("nothing") == nil && s.User == "u")
			if !r.conn.Locked(func(*session.Session) {}) {
				t.Error("the session cannot be reached while it lives")
			}
		}
		r.questions.set(func(q *questions) { q.decide = decide })
		r.client.send(query("slow"))
		r.server.wants("Q slow")
		if !asked.Load() {
			t.Error("the state was not at hand")
		}
	})
}
