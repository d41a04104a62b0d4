package driver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
)

const (
	// readSize is how much is read from a socket at a time, in bytes.
	readSize = 16 << 10
	// keepSize is the largest buffer that is kept for the next use.
	keepSize = 64 << 10
	// startTimeout bounds the time until a client's session has started, as
	// PostgreSQL's authentication_timeout does.
	startTimeout = time.Minute
	// farewell bounds the time for a last error to reach a client.
	farewell = 2 * time.Second
	// hearing bounds the time to wait for the first bytes of a client that is refused,
	// firstBytes how many of them.
	hearing    = 250 * time.Millisecond
	firstBytes = 512
	// fewProcessors is where client, server and weir are likely to want the same ones.
	// With few sessions each loop would then fall asleep after each message: one that
	// has loopFill of them finds more work when it has done some, and takes a fifth
	// less of a processor.
	fewProcessors = 2
	loopFill      = 12
	// linger bounds the time that a server has to end after its client left and has
	// all of its replies.
	linger = 10 * time.Second
)

// Questions are what a session asks. Each may take its time; ctx ends when the
// client is gone or weir stops.
type Questions interface {
	// Encrypt does the TLS handshake with the client.
	Encrypt(ctx context.Context, conn net.Conn, q *session.UpgradeTLS) (net.Conn, error)
	// Connect returns the server's socket and what was read from it past the
	// greeting.
	Connect(ctx context.Context, q *session.Connect) (net.Conn, []byte, *session.Greeting, *diagnostic.Diagnostic)
	// Cancel passes a cancel request on.
	Cancel(ctx context.Context, q *session.Cancel)
	// Decide makes a decision.
	Decide(ctx context.Context, q *session.Decide, state session.State) *session.Decision
	// Approve finds an approval or waits for one. It may send notices with tell
	// while it waits.
	Approve(ctx context.Context, q *session.Approve, tell func(*diagnostic.Diagnostic)) (id string, refusal *diagnostic.Diagnostic)
}

// Driver serves connections.
type Driver struct {
	// StartTimeout bounds the time until a client's session has started; 0 is a minute.
	// It must be set before the first connection is served.
	StartTimeout time.Duration
	// Linger bounds the time that a server has to end after its client has ended its
	// half and nothing is due to it any more, or is gone; 0 is 10 seconds. It must be
	// set before the first connection is served.
	Linger time.Duration

	// Large bounds, in bytes, what messages of more than a MiB take in all connections
	// together, half of it in those of one owner; 0 is no bound. It must be set before
	// the first connection is served.
	Large int64

	room  *room
	loops []*loop
	fill  int64 // how many connections a loop gets before the next one gets any
	next  atomic.Uint32
}

// New starts a driver with so many event loops; with 0 every connection stays on
// goroutines. Close ends them.
//
// A loop that waits for the kernel keeps its place among those that may run
// (GOMAXPROCS) until the scheduler's watcher takes it away, which can take
// milliseconds. So there is one place more for each loop.
func New(loops int) (*Driver, error) {
	d := &Driver{room: &room{}}
	if runtime.NumCPU() <= fewProcessors {
		d.fill = loopFill
	}
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), runtime.NumCPU()+loops))
	turns := newTurns()
	for range loops {
		l, err := startLoop(turns)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("starting an event loop: %w", err), d.Close())
		}
		d.loops = append(d.loops, l)
	}
	return d, nil
}

// Close ends the loops, and every session that is still on one.
func (d *Driver) Close() error {
	for _, l := range d.loops {
		l.close()
	}
	return nil
}

// Connection is one client's connection with its session.
type Connection struct {
	session *session.Session
	over    func(*diagnostic.Diagnostic)
	ended   sync.Once
	share   share // while it is on goroutines, guarded by mu

	mu    sync.Mutex // guards the session while it is on goroutines, and pair
	pair  *pair      // nil before it is served
	moved atomic.Pointer[served]
}

// NewConnection makes the connection of a session. over is called once, when it
// has ended, with why weir ended it, nil when it did not.
func NewConnection(s *session.Session, over func(*diagnostic.Diagnostic)) *Connection {
	return &Connection{session: s, over: over}
}

// Owner says whose connection it is, before it is served: see Driver.Large.
func (c *Connection) Owner(name string) { c.share.owner = name }

// Locked runs f with the session, while nobody else uses it. It reports false
// when the connection is over.
func (c *Connection) Locked(f func(*session.Session)) bool {
	c.mu.Lock()
	if m := c.moved.Load(); m != nil {
		c.mu.Unlock()
		return m.call(func() { f(c.session) })
	}
	defer c.mu.Unlock()
	f(c.session)
	return true
}

// EndIf ends the session with what f says, unless that is nil. f runs while nobody
// else uses the session, and must not wait.
func (c *Connection) EndIf(f func(*session.Session) *diagnostic.Diagnostic) {
	c.mu.Lock()
	if m := c.moved.Load(); m != nil {
		c.mu.Unlock()
		m.post(func() { m.endIf(f) })
		return
	}
	p := c.pair
	var why *diagnostic.Diagnostic
	if p != nil {
		why = f(c.session)
	}
	c.mu.Unlock()
	if why != nil {
		p.end(why)
	}
}

// finish tells that the connection has ended.
func (c *Connection) finish(why *diagnostic.Diagnostic) { c.ended.Do(func() { c.over(why) }) }

// state is the session's state for a decision that is made elsewhere.
func (c *Connection) state(s session.State) session.State {
	prepared := s.Prepared
	s.Prepared = func(name string) (st *statement.Statement) {
		c.Locked(func(*session.Session) { st = prepared(name) })
		return st
	}
	return s
}

// Serve serves a connection. It returns when the connection has ended or has been
// handed over to an event loop.
func (d *Driver) Serve(ctx context.Context, conn net.Conn, c *Connection, q Questions) {
	p := newPair(conn, c)
	if d.StartTimeout > 0 {
		p.timeout = d.StartTimeout
	}
	if d.Linger > 0 {
		p.linger = d.Linger
	}
	d.room.limit(d.Large)
	p.room = d.room
	c.mu.Lock()
	c.pair = p
	c.mu.Unlock()
	p.run(ctx, q, d.loop)
}

// Refuse ends a connection with an error, whatever it wants. It waits a moment for
// the client's first bytes and drops them: closing a socket that holds some would
// reset the connection, and the client might not read why.
func Refuse(conn net.Conn, c *Connection, why *diagnostic.Diagnostic) {
	_ = conn.SetReadDeadline(time.Now().Add(hearing))
	_, _ = conn.Read(make([]byte, firstBytes))
	newPair(conn, c).end(why)
	c.finish(why)
}

// loop chooses the loop of a new connection, nil where there are none.
func (d *Driver) loop() *loop {
	for _, l := range d.loops {
		if l.count.Load() < d.fill {
			return l
		}
	}
	var best *loop
	for i := range d.loops {
		l := d.loops[(int(d.next.Load())+i)%len(d.loops)]
		if best == nil || l.count.Load() < best.count.Load() {
			best = l
		}
	}
	d.next.Add(1)
	return best
}

// ServerTLS does the handshake of a client, with a bound on its time.
func ServerTLS(ctx context.Context, conn net.Conn, cfg *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	t := tls.Server(conn, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS with the client: %w", err)
	}
	return t, nil
}

// errUnexpected is a question that a session that has started does not ask.
var errUnexpected = errors.New("unexpected message during a session")
