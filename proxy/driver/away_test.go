package driver_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// gate is where a test holds up who masks or judges.
type gate struct{ reached, opened chan struct{} }

func newGate() *gate { return &gate{reached: make(chan struct{}, 1), opened: make(chan struct{})} }

func (g *gate) pass() {
	select {
	case g.reached <- struct{}{}:
	default:
	}
	<-g.opened
}

// busy is a rig whose session is at work on a large row, up to the gate.
func busy(t *testing.T, w way) (*rig, *gate) {
	t.Helper()
	r, g := start(t, w), newGate()
	r.questions.judge.gate = g.pass
	r.questions.judge.masks.Store(true)
	r.client.send(query("masked"))
	r.server.wants("Q masked")
	r.server.send(description(), row(300<<10))
	<-g.reached
	return r, g
}

func TestWhoIsBusyWithALargeMessageHoldsNobodyUp(t *testing.T) {
	answers := func(t *testing.T, r *rig) {
		t.Helper()
		r.client.send(query("one"))
		r.server.wants("Q one")
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I")
	}
	t.Run("a row", func(t *testing.T) {
		eachWay(t, func(t *testing.T, w way) {
			r, g := busy(t, w)
			answers(t, newRigOn(t, w, r.driver).started())
			looked := make(chan bool)
			go func() { looked <- r.conn.Locked(func(*session.Session) {}) }()
			close(g.opened)
			if !<-looked {
				t.Error("the session could not be looked at afterwards")
			}
			r.client.wants("T")
			if typ, body, err := r.client.next(); err != nil || typ != wire.DataRow || len(body) > 100 {
				t.Fatalf("the row came as %q, %d bytes: %v", typ, len(body), err)
			}
			r.server.send(complete(), readyForQuery())
			r.client.wants("C", "Z I")
			answers(t, r)
		})
	})
	t.Run("a text", func(t *testing.T) {
		eachWay(t, func(t *testing.T, w way) {
			r, g := start(t, w), newGate()
			r.questions.judge.gate = g.pass
			r.client.send(query("gate" + strings.Repeat("x", 300<<10)))
			<-g.reached
			answers(t, newRigOn(t, w, r.driver).started())
			close(g.opened)
			if typ, body, err := r.server.next(); err != nil || typ != wire.Query || len(body) < 300<<10 {
				t.Fatalf("the text came as %q, %d bytes: %v", typ, len(body), err)
			}
			r.server.send(complete(), readyForQuery())
			r.client.wants("C", "Z I")
			answers(t, r)
		})
	})
}

func TestTheEndComesToWhoIsBusyWithALargeMessage(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*rig)
		code string
	}{
		"the client leaves": {func(r *rig) { r.client.reset() }, ""},
		"the server leaves": {func(r *rig) { r.server.reset() }, "08006"},
		"weir stops":        {func(r *rig) { r.stop() }, "57P01"},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				r, g := busy(t, w)
				c.end(r)
				close(g.opened)
				r.endsFor(c.code)
			})
		})
	}
	t.Run("the loop ends", func(t *testing.T) {
		r, g := busy(t, ways[0])
		closed := make(chan struct{})
		go func() { defer close(closed); _ = r.driver.Close() }()
		close(g.opened)
		<-closed
		r.endsFor("57P01")
	})
}
