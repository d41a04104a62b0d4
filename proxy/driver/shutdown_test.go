package driver_test

import (
	"context"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
)

func TestAStopOfWeirIsTold(t *testing.T) {
	for _, state := range []struct {
		name string
		come func(*rig)
	}{
		{"to an idle client", func(*rig) {}},
		{"to one whose statement runs", func(r *rig) {
			r.client.send(query("select"))
			r.server.wants("Q select")
		}},
		{"to one behind a barrier", func(r *rig) {
			r.client.send(query("settles"), query("select"))
			r.server.wants("Q settles")
		}},
		{"to one whose statement is held", func(r *rig) {
			asked := make(chan struct{})
			approve := func(ctx context.Context, _ func(*diagnostic.Diagnostic)) (string, *diagnostic.Diagnostic) {
				close(asked)
				<-ctx.Done()
				return "", diagnostic.ApprovalImpossible("stopped")
			}
			r.questions.set(func(q *questions) { q.approve = approve })
			r.client.send(query("hold"))
			<-asked
		}},
		{"to one whose statement is being decided", func(r *rig) {
			asked := make(chan struct{})
			r.questions.set(func(q *questions) {
				q.decide = func(ctx context.Context, _ session.State) { close(asked); <-ctx.Done() }
			})
			r.client.send(query("slow"))
			<-asked
		}},
	} {
		t.Run(state.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				r := start(t, w)
				state.come(r)
				r.stop()
				r.client.wants("E FATAL 57P01")
				r.client.wantsEnd()
				r.server.ends()
				r.endsFor("57P01")
			})
		})
	}
}

func TestAStopOfWeirEndsAClientThatDoesNotRead(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		r.client.send(query("select"))
		r.server.wants("Q select")
		r.server.send(description())
		f := flooding(r.server, row(64<<10-11), flood)
		f.stalls(t)
		r.stop()
		r.endsFor("57P01")
		if err := <-f.done; err == nil {
			t.Error("the server could send on")
		}
	})
}

func TestAStopOfWeirDuringTheStart(t *testing.T) {
	for _, state := range []struct {
		name string
		come func(*rig)
	}{
		{"before the client has said anything", func(*rig) {}},
		{"in the middle of its first packet", func(r *rig) { r.client.send(startup()[:7]) }},
		{"while the server is being connected", func(r *rig) {
			asked := make(chan struct{})
			r.questions.set(func(q *questions) { q.connect = func(ctx context.Context) { close(asked); <-ctx.Done() } })
			r.client.send(startup())
			<-asked
		}},
	} {
		t.Run(state.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				r := newRig(t, w)
				if w.tls {
					r.encrypt()
				}
				state.come(r)
				r.stop()
				last := r.client.ends()
				// In the middle of a handshake nothing can be said.
				if last != "E FATAL 57P01" && !w.tls {
					t.Errorf("the client got %q at last", last)
				}
				r.endsFor("57P01")
			})
		})
	}
}

// The end of the driver itself ends what is left on its loops.
func TestClosingTheDriverEndsItsSessions(t *testing.T) {
	for _, w := range ways[:2] {
		t.Run(w.name, func(t *testing.T) {
			leavesNothing(t)
			r := start(t, w)
			if err := r.driver.Close(); err != nil {
				t.Fatal(err)
			}
			r.client.wants("E FATAL 57P01")
			r.client.wantsEnd()
			r.endsFor("57P01")
			if r.conn.Locked(func(*session.Session) { t.Error("there is nobody to run this") }) {
				t.Error("the session can be reached after its end")
			}
		})
	}
}

// A stop may come at every moment of the way from the goroutine to the loop.
func TestAStopRacesWithTheHandOver(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		for i := range 60 {
			r := newRig(t, w)
			if w.tls {
				r.encrypt()
			}
			r.questions.set(func(q *questions) { q.connect = func(context.Context) { go r.stop() } })
			r.client.send(startup())
			if i%2 == 0 {
				time.Sleep(time.Duration(i) * 10 * time.Microsecond)
			}
			r.client.ends()
			r.server.wantsEnd()
			r.endsFor("57P01")
			_ = r.client.Close()
			_ = r.server.Close()
			_ = r.driver.Close()
		}
	})
}
