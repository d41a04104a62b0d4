package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
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
	// linger bounds the time that a server has to end after its client left.
	linger = 10 * time.Second
)

// connection drives one session: two goroutines read, one from each side, and
// whoever has made the session give bytes writes them. The lock is held while
// the session works, never while a socket is waited for.
type connection struct {
	mu      sync.Mutex
	session *session.Session
	wake    chan struct{} // signals the client's goroutine that replies have come
	raw     net.Conn      // the client's socket, below any TLS
	client  side
	server  side
	// serverReady is closed when the server side can be read.
	serverReady chan struct{}
	closing     sync.Once
}

// side is one of the two sockets with what waits to be written to it.
type side struct {
	write sync.Mutex // held while writing, so that the order is kept
	conn  net.Conn
	spare []byte // the other output buffer
}

// halfCloser is a connection whose sending half can be closed.
type halfCloser interface{ CloseWrite() error }

// questions are answered by the gateway. Each may take its time; ctx ends when
// the client is gone or weir stops.
type questions interface {
	encrypt(ctx context.Context, conn net.Conn, q *session.UpgradeTLS) (net.Conn, error)
	// connect returns the server's socket and what was read from it past the
	// greeting.
	connect(ctx context.Context, q *session.Connect) (net.Conn, []byte, *session.Greeting, *diagnostic.Diagnostic)
	cancel(ctx context.Context, q *session.Cancel)
	decide(ctx context.Context, q *session.Decide) *session.Decision
	// approve may send notices with tell while it waits.
	approve(ctx context.Context, q *session.Approve, tell func(*diagnostic.Diagnostic)) (string, *diagnostic.Diagnostic)
}

func newConnection(conn net.Conn, s *session.Session) *connection {
	c := &connection{session: s, raw: conn, wake: make(chan struct{}, 1), serverReady: make(chan struct{})}
	c.client.conn = conn
	return c
}

// run serves the connection until either side has ended it. It returns why weir
// ended it, nil when it did not.
func (c *connection) run(ctx context.Context, q questions) *diagnostic.Diagnostic {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-c.serverReady:
			c.pumpServer()
		case <-ctx.Done():
		}
	})
	halt := context.AfterFunc(ctx, func() { c.end(diagnostic.Shutdown()) })
	c.pumpClient(ctx, q)
	halt()
	if s := c.serverConn(); s != nil {
		// The server ends by itself once it has read the client's end, also
		// when it is still at work.
		if h, ok := s.(halfCloser); ok && h.CloseWrite() == nil {
			_ = s.SetReadDeadline(time.Now().Add(linger))
		} else {
			_ = s.Close()
		}
	}
	stop()
	wg.Wait()
	c.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.Leave()
	return c.session.Reason()
}

func (c *connection) started() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.Started()
}

// state is the session's state for a decision that is made without its lock.
func (c *connection) state() session.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.session.State()
	prepared := s.Prepared
	s.Prepared = func(name string) *statement.Statement {
		c.mu.Lock()
		defer c.mu.Unlock()
		return prepared(name)
	}
	return s
}

// serverKey is what the server gave for cancel requests in a relayed login.
func (c *connection) serverKey() (uint32, []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.ServerKey()
}

func (c *connection) serverConn() net.Conn {
	select {
	case <-c.serverReady:
		return c.server.conn
	default:
		return nil
	}
}

// close closes both sockets.
func (c *connection) close() {
	c.closing.Do(func() {
		_ = c.raw.Close()
		if s := c.serverConn(); s != nil {
			_ = s.Close()
		}
	})
}

// end ends the session with an error for the client and closes the sockets.
func (c *connection) end(why *diagnostic.Diagnostic) {
	c.mu.Lock()
	c.session.End(why)
	c.mu.Unlock()
	_ = c.raw.SetWriteDeadline(time.Now().Add(farewell))
	_ = c.flush(&c.client, (*session.Session).TakeClient)
	c.close()
}

// flush writes what the session has for one side. Whoever comes while another
// writes waits, so nothing is read for a side that does not take its bytes.
func (c *connection) flush(to *side, take func(*session.Session, []byte) []byte) error {
	to.write.Lock()
	defer to.write.Unlock()
	c.mu.Lock()
	out := take(c.session, to.spare)
	c.mu.Unlock()
	to.spare = out
	if cap(out) > keepSize {
		to.spare = nil
	}
	if len(out) == 0 {
		return nil
	}
	_, err := to.conn.Write(out)
	return err
}

// pumpServer moves bytes from the server until it or the session ends.
func (c *connection) pumpServer() {
	buf := make([]byte, readSize)
	have := 0
	for {
		c.mu.Lock()
		n := c.session.FromServer(buf[:have])
		want, ended, more := c.session.ServerWant(), c.session.Ended(), c.session.HasServer()
		c.mu.Unlock()
		have = copy(buf, buf[n:have])
		err := c.flush(&c.client, (*session.Session).TakeClient)
		if more && err == nil {
			err = c.flush(&c.server, (*session.Session).TakeServer)
		}
		c.signal()
		if err != nil || ended {
			break
		}
		buf = fit(buf, have, want)
		n, err = c.server.conn.Read(buf[have:])
		have += n
		if n == 0 && err != nil {
			c.serverEnded(err)
			break
		}
	}
	c.close()
}

// serverEnded ends the session because the server has closed the connection.
func (c *connection) serverEnded(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	c.mu.Lock()
	c.session.End(diagnostic.ServerLost(err))
	c.mu.Unlock()
	_ = c.raw.SetWriteDeadline(time.Now().Add(farewell))
	_ = c.flush(&c.client, (*session.Session).TakeClient)
}

// signal tells the client's goroutine to look at the session again.
func (c *connection) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// fit makes room in buf behind have bytes for want in all, and lets go of a
// large buffer that is not needed any more.
func fit(buf []byte, have, want int) []byte {
	if want > len(buf) {
		// Grown step by step: a length word alone allocates nothing.
		size := min(want, max(2*have, 2*readSize))
		if size <= len(buf) {
			size = min(want, 2*len(buf))
		}
		grown := make([]byte, size)
		copy(grown, buf[:have])
		return grown
	}
	if have == len(buf) {
		grown := make([]byte, 2*len(buf))
		copy(grown, buf)
		return grown
	}
	if have == 0 && len(buf) > keepSize {
		return make([]byte, readSize)
	}
	return buf
}

// pumpClient moves bytes from the client and has the session's questions
// answered, until either ends.
func (c *connection) pumpClient(ctx context.Context, q questions) {
	buf := make([]byte, readSize)
	have := 0
	_ = c.raw.SetReadDeadline(time.Now().Add(startTimeout))
	starting := true
	for {
		c.mu.Lock()
		n := c.session.FromClient(buf[:have])
		question, blocked := c.session.Question(), c.session.Blocked()
		want, ended := c.session.ClientWant(), c.session.Ended()
		c.mu.Unlock()
		have = copy(buf, buf[n:have])
		if c.server.conn != nil {
			if c.flush(&c.server, (*session.Session).TakeServer) != nil {
				return // the server's goroutine tells the client
			}
		}
		if c.flush(&c.client, (*session.Session).TakeClient) != nil || ended {
			return
		}
		if starting && c.started() {
			starting = false
			_ = c.raw.SetReadDeadline(time.Time{})
		}
		switch question := question.(type) {
		case nil:
		case *session.Approve:
			if buf, have = c.hold(ctx, q, question, buf, have); have < 0 {
				return
			}
			continue
		default:
			if have = c.answer(ctx, q, question, buf, have); have < 0 {
				return
			}
			continue
		}
		if blocked {
			select {
			case <-c.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		buf = fit(buf, have, want)
		n, err := c.client.conn.Read(buf[have:])
		have += n
		if n == 0 && err != nil {
			return
		}
	}
}

// answer answers a question. It returns how many bytes of buf are still to be
// taken, -1 when the connection is over.
func (c *connection) answer(ctx context.Context, q questions, question session.Question, buf []byte, have int) int {
	switch question := question.(type) {
	case *session.UpgradeTLS:
		conn := c.client.conn
		if question.Direct {
			conn = &prefixed{Conn: conn, prefix: append([]byte(nil), buf[:have]...)}
			have = 0
		}
		encrypted, err := q.encrypt(ctx, conn, question)
		if err != nil {
			return -1
		}
		c.client.write.Lock()
		c.client.conn = encrypted
		c.client.write.Unlock()
		c.mu.Lock()
		c.session.AnswerTLS()
		c.mu.Unlock()
	case *session.Connect:
		conn, rest, greeting, refusal := q.connect(ctx, question)
		c.mu.Lock()
		c.session.AnswerConnect(greeting, refusal)
		if len(rest) > 0 {
			c.session.FromServer(rest)
		}
		c.mu.Unlock()
		if conn != nil {
			c.server.conn = conn
			close(c.serverReady)
		}
	case *session.Decide:
		d := q.decide(ctx, question)
		c.mu.Lock()
		c.session.AnswerDecide(d)
		c.mu.Unlock()
	case *session.Cancel:
		q.cancel(ctx, question)
		return -1
	}
	return have
}

// hold waits for an approval and goes on reading, so that a client that leaves
// is noticed; what it sends meanwhile waits in buf, up to a bound.
func (c *connection) hold(ctx context.Context, q questions, question *session.Approve, buf []byte, have int) ([]byte, int) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type answer struct {
		id      string
		refusal *diagnostic.Diagnostic
	}
	answers := make(chan answer, 1)
	tell := func(d *diagnostic.Diagnostic) {
		c.mu.Lock()
		c.session.Tell(d)
		c.mu.Unlock()
		if c.flush(&c.client, (*session.Session).TakeClient) != nil {
			stop()
		}
	}
	go func() {
		id, refusal := q.approve(ctx, question, tell)
		_ = c.raw.SetReadDeadline(time.Now()) // ends the Read below
		answers <- answer{id, refusal}
	}()
	for {
		err := os.ErrDeadlineExceeded
		if have < len(buf) || len(buf) < keepSize {
			var n int
			buf = fit(buf, have, have+1)
			n, err = c.client.conn.Read(buf[have:])
			have += n
		}
		if err == nil {
			continue
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			a := <-answers
			return c.held(a.id, a.refusal, buf, have)
		}
		// The client has left, or weir stops: nobody waits any more.
		stop()
		<-answers
		return buf, -1
	}
}

func (c *connection) held(id string, refusal *diagnostic.Diagnostic, buf []byte, have int) ([]byte, int) {
	_ = c.raw.SetReadDeadline(time.Time{})
	c.mu.Lock()
	c.session.AnswerApprove(id, refusal)
	c.mu.Unlock()
	return buf, have
}

// prefixed is a connection of which some bytes were read already.
type prefixed struct {
	net.Conn
	prefix []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.prefix) > 0 {
		n := copy(b, p.prefix)
		p.prefix = p.prefix[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// serverTLS does the handshake of a client, with a bound on its time.
func serverTLS(ctx context.Context, conn net.Conn, cfg *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	t := tls.Server(conn, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return t, nil
}
