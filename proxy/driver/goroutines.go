package driver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
)

// pair drives one session on goroutines: one reads each side, and whoever has
// made the session give bytes writes them. The session's lock is held while it
// works, never while a socket is waited for.
type pair struct {
	*Connection
	room   *room
	wake   chan struct{} // signals the client's goroutine that replies have come
	raw    net.Conn      // the client's socket, below any TLS
	client side
	server side
	// serverReady is closed when the server side can be read, serverDone when it
	// is not read any more.
	serverReady, serverDone chan struct{}
	rest                    []byte        // read from the server before serverReady
	starting                bool          // the client's time to start runs; guarded by mu
	until                   time.Time     // that time's end; guarded by mu
	left                    bool          // the client has ended its half; guarded by mu
	timeout                 time.Duration // until the session has started
	linger                  time.Duration // for the server to end, see Driver.Linger

	ctx        context.Context
	questions  Questions
	interrupts sync.WaitGroup // cancel requests of weir's own
	watch      watch          // over the client while the server is written to
}

// side is one of the two sockets with what waits to be written to it.
type side struct {
	write sync.Mutex // held while writing, so that the order is kept
	conn  net.Conn
	spare []byte // the other output buffer
	// broken says that writing has failed.
	broken bool
}

// halfCloser is a connection whose sending half can be closed.
type halfCloser interface{ CloseWrite() error }

func newPair(conn net.Conn, c *Connection) *pair {
	p := &pair{
		Connection: c, raw: conn, wake: make(chan struct{}, 1),
		serverReady: make(chan struct{}), serverDone: make(chan struct{}), timeout: startTimeout, linger: linger,
	}
	p.client.conn = conn
	p.watch.client, p.watch.closes = conn, func() { p.leave(); p.close() }
	return p
}

// run serves the connection until either side has ended it, or until to takes it
// over.
func (p *pair) run(ctx context.Context, q Questions, choose func() *loop) {
	m := &mover{pair: p, choose: choose, ctx: ctx, questions: q}
	ctx, stop := context.WithCancel(ctx)
	p.ctx, p.questions = ctx, q
	defer p.interrupts.Wait()
	defer stop()
	var wg sync.WaitGroup
	told := make(chan struct{})
	halt := context.AfterFunc(ctx, func() { defer close(told); p.end(diagnostic.Shutdown()) })
	m.halt = halt
	wg.Go(func() {
		select {
		case <-p.serverReady:
			p.pumpServer()
		case <-ctx.Done():
		}
	})
	if p.pumpClient(ctx, q, m) {
		stop()
		wg.Wait()
		return
	}
	switch {
	case !halt():
		<-told
	case ctx.Err() != nil: // seen here first
		p.end(diagnostic.Shutdown())
	}
	p.wind()
	stop()
	wg.Wait()
	p.close()
	p.mu.Lock()
	p.room.change(&p.share, 0)
	p.session.Leave()
	why := p.session.Reason()
	p.mu.Unlock()
	p.finish(why)
}

// wind brings the session to its end once no more is taken from the client.
func (p *pair) wind() {
	p.mu.Lock()
	ended := p.session.Ended()
	p.mu.Unlock()
	s := p.serverConn()
	switch h, ok := s.(halfCloser); {
	case ended:
		_ = p.raw.SetWriteDeadline(time.Now().Add(farewell))
		_ = p.flush(&p.client, (*session.Session).TakeClient)
		p.close()
	case ok:
		// The server ends by itself once it has read the client's end, when it has
		// done its work. If it is gone already, why is still read.
		_ = h.CloseWrite()
		_ = s.SetReadDeadline(time.Now().Add(p.linger))
	case s != nil:
		_ = s.Close()
	}
}

func (p *pair) serverConn() net.Conn {
	select {
	case <-p.serverReady:
		return p.server.conn
	default:
		return nil
	}
}

// close closes both sockets, again too: the server's may have come since.
func (p *pair) close() {
	p.bye()
	_ = p.raw.Close()
	if s := p.serverConn(); s != nil {
		_ = s.Close()
	}
}

// bye tells a client over TLS that nothing follows (close_notify), so that it can
// tell the end from a cut, as PostgreSQL does. It is a best effort: where somebody
// is still writing, or could not, there is none.
func (p *pair) bye() {
	if !p.client.write.TryLock() {
		return
	}
	defer p.client.write.Unlock()
	if t, ok := p.client.conn.(*tls.Conn); ok && !p.client.broken {
		_ = t.CloseWrite()
	}
}

// end ends the session with an error for the client and closes the sockets.
func (p *pair) end(why *diagnostic.Diagnostic) {
	p.mu.Lock()
	p.session.End(why)
	p.mu.Unlock()
	_ = p.raw.SetWriteDeadline(time.Now().Add(farewell))
	_ = p.flush(&p.client, (*session.Session).TakeClient)
	p.close()
}

// flush writes what the session has for one side. Whoever comes while another
// writes waits, so nothing is read for a side that does not take its bytes.
func (p *pair) flush(to *side, take func(*session.Session, []byte) []byte) error {
	to.write.Lock()
	defer to.write.Unlock()
	p.mu.Lock()
	out := take(p.session, to.spare)
	p.mu.Unlock()
	to.spare = out
	if cap(out) > keepSize {
		to.spare = nil
	}
	if len(out) == 0 {
		return nil
	}
	if to == &p.server {
		p.watch.begins()
		defer p.watch.ends()
	}
	_, err := to.conn.Write(out)
	to.broken = err != nil
	return err
}

// pumpServer moves bytes from the server until it or the session ends. It never
// writes to the server, and so never waits for one that waits to be read: what
// the session has for it comes of what the client sends.
func (p *pair) pumpServer() {
	defer close(p.serverDone)
	buf := make([]byte, max(readSize, len(p.rest)))
	have := copy(buf, p.rest)
	p.rest = nil
	for {
		p.mu.Lock()
		n := p.session.FromServer(buf[:have])
		want, ended := p.session.ServerWant(), p.session.Ended()
		if p.session.TakeInterrupt() {
			p.interrupts.Go(p.interrupt)
		}
		p.started()
		if !p.room.change(&p.share, cap(buf)+p.session.ClientBytes()+p.session.ServerHolds()) && !ended {
			p.session.End(diagnostic.TooMuchHeld())
			ended = true
		}
		p.mu.Unlock()
		have = rest(buf, n, have)
		err := p.flush(&p.client, (*session.Session).TakeClient)
		p.signal()
		if err != nil || ended {
			break
		}
		buf = fit(buf, have, want)
		n, err = p.server.conn.Read(buf[have:])
		have += n
		if n == 0 && err != nil && !p.awaits(err) {
			p.serverEnded(err)
			break
		}
	}
	p.close()
}

// awaits says, of a server whose time to end is up, that it is still at work for a
// client that has ended its half and waits for replies. It then gets more time.
func (p *pair) awaits(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) || gone(p.raw) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.left || !p.session.Awaits() {
		return false
	}
	return p.server.conn.SetReadDeadline(time.Now().Add(p.linger)) == nil
}

// interrupt has the server asked to cancel what runs.
func (p *pair) interrupt() {
	p.questions.Cancel(p.ctx, &session.Cancel{Own: true})
	p.mu.Lock()
	p.session.Interrupted()
	p.mu.Unlock()
	p.signal()
}

// serverEnded ends the session because the server has closed the connection,
// which it does too when the client has ended its half.
func (p *pair) serverEnded(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	p.mu.Lock()
	if p.left {
		p.session.Leave()
	} else {
		p.session.End(diagnostic.ServerLost(err))
	}
	p.mu.Unlock()
	_ = p.raw.SetWriteDeadline(time.Now().Add(farewell))
	_ = p.flush(&p.client, (*session.Session).TakeClient)
}

// signal tells the client's goroutine to look at the session again.
func (p *pair) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// fit makes room in buf behind have bytes, and lets go of a large buffer that is
// not needed any more. A buffer grows only when it is full, so that a length word
// alone allocates nothing, and then to twice its size, or to what is wanted when
// that is well within.
func fit(buf []byte, have, want int) []byte {
	switch {
	case have == len(buf):
		size := 2 * len(buf)
		if want >= have+readSize && want < size {
			size = want
		}
		grown := make([]byte, size)
		copy(grown, buf)
		return grown
	case have == 0 && len(buf) > keepSize:
		return make([]byte, readSize)
	}
	return buf
}

// rest moves what was not taken of the first have bytes to the beginning.
func rest(buf []byte, taken, have int) int {
	if taken == 0 {
		return have // a large message is not moved about as it comes
	}
	return copy(buf, buf[taken:have])
}

// pumpClient moves bytes from the client and has the session's questions
// answered, until either ends. It reports whether the connection has moved to an
// event loop.
func (p *pair) pumpClient(ctx context.Context, q Questions, m *mover) (moved bool) {
	buf := make([]byte, readSize)
	have := 0
	p.mu.Lock()
	p.starting, p.until = true, time.Now().Add(p.timeout)
	_ = p.raw.SetReadDeadline(p.until)
	p.mu.Unlock()
	for {
		p.mu.Lock()
		n := p.session.FromClient(buf[:have])
		question, blocked := p.session.Question(), p.session.Blocked()
		want, ended := p.session.ClientWant(), p.session.Ended()
		p.started()
		p.mu.Unlock()
		have = rest(buf, n, have)
		if p.server.conn != nil {
			if p.flush(&p.server, (*session.Session).TakeServer) != nil {
				return false // the server's goroutine tells the client
			}
		}
		if p.flush(&p.client, (*session.Session).TakeClient) != nil {
			p.leave()
			return false
		}
		if ended {
			return false
		}
		switch question := question.(type) {
		case nil:
		case *session.Approve:
			if buf, have = p.hold(ctx, q, question, buf, have); have < 0 {
				return false
			}
			continue
		case *session.Connect:
			if p.connect(ctx, q, question, buf[:have], m) {
				return true
			}
			continue
		default:
			if have = p.answer(ctx, q, question, buf, have); have < 0 {
				return false
			}
			continue
		}
		if blocked {
			select {
			case <-p.wake:
				continue
			case <-p.serverDone:
				return false
			case <-ctx.Done():
				return false
			case <-p.late():
				p.expire(os.ErrDeadlineExceeded)
				p.leave()
				return false
			}
		}
		buf = fit(buf, have, want)
		n, err := p.client.conn.Read(buf[have:])
		have += n
		if n == 0 && err != nil {
			p.expire(err)
			p.leave()
			return false
		}
	}
}

// expire tells a client whose time to start has run out.
func (p *pair) expire(err error) {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.starting {
		p.session.Expire()
	}
}

// late ends the client's time to start where it is not read meanwhile; nil once the
// session has started.
func (p *pair) late() <-chan time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.starting {
		return nil
	}
	return time.After(time.Until(p.until))
}

// started ends the client's time to start once its session has. The lock is
// held, so that a later deadline, which comes with a message of the client, is
// not undone.
func (p *pair) started() {
	if p.starting && p.session.Started() {
		p.starting = false
		_ = p.raw.SetReadDeadline(time.Time{})
	}
}

// leave notes that the client has ended its half, or is gone.
func (p *pair) leave() {
	p.mu.Lock()
	p.left = true
	p.mu.Unlock()
}
