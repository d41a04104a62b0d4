package driver_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/driver"
	"github.com/weirgate/weir/proxy/wire"
)

// watched is a connection that tells what its readers are given.
type watched struct {
	net.Conn
	mu    sync.Mutex
	until time.Time
}

func (c *watched) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.until = t
	c.mu.Unlock()
	return c.Conn.SetReadDeadline(t)
}

func (c *watched) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until
}

// A client has a minute to start, and after that all the time in the world: also
// where it is the server that ends the start, while weir waits for the client.
func TestTheTimeToStartEndsWithTheStart(t *testing.T) {
	for _, relay := range []bool{false, true} {
		leavesNothing(t)
		in, out := newPair(t, "tcp", ""), newPair(t, "tcp", "")
		conn := &watched{Conn: in.accepted}
		client, server := newPeer(t, in.dialled), newPeer(t, out.accepted)
		q := &questions{judge: &judge{}, server: out.dialled, relay: relay}
		over := make(chan *diagnostic.Diagnostic, 1)
		c := driver.NewConnection(newSession(false), func(why *diagnostic.Diagnostic) { over <- why })
		d := newDriver(t, way{loops: 0})
		served := make(chan struct{})
		go func() {
			defer close(served)
			d.Serve(t.Context(), conn, c, q)
		}()
		if !within(func() bool { return !conn.deadline().IsZero() }) {
			t.Error("the start has no bound")
		}
		client.send(startup())
		if relay {
			server.send(wire.AppendAuthenticationOK(nil), wire.AppendBackendKeyData(nil, 7, []byte{1, 2, 3, 4}), readyForQuery())
		}
		client.wants("R", "K", "Z I")
		if !within(func() bool { return conn.deadline().IsZero() }) {
			t.Errorf("relay %v: the session is bound to end at %v", relay, conn.deadline())
		}
		_ = client.Close()
		_ = server.Close()
		<-served
		<-over
	}
}
