package driver

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
)

// connect answers a Connect and, where it can, moves the connection to an event
// loop: held is what the client has sent and the session has not taken.
func (p *pair) connect(ctx context.Context, q Questions, question *session.Connect, held []byte, m *mover) (moved bool) {
	conn, behind, greeting, refusal := q.Connect(ctx, question)
	if conn != nil && m.move(conn, held, behind, greeting) {
		return true
	}
	p.mu.Lock()
	p.session.AnswerConnect(greeting, refusal)
	p.mu.Unlock()
	if conn != nil {
		p.server.conn, p.rest = conn, behind
		close(p.serverReady)
	}
	return false
}

// answer answers a question. It returns how many bytes of buf are still to be
// taken, -1 when the connection is over.
func (p *pair) answer(ctx context.Context, q Questions, question session.Question, buf []byte, have int) int {
	switch question := question.(type) {
	case *session.UpgradeTLS:
		conn := p.client.conn
		if question.Direct {
			conn = &prefixed{Conn: conn, prefix: append([]byte(nil), buf[:have]...)}
			have = 0
		}
		p.client.write.Lock() // nothing of the session goes in between
		encrypted, err := q.Encrypt(ctx, conn, question)
		if err == nil {
			p.client.conn = encrypted
		}
		p.client.write.Unlock()
		if err != nil {
			return -1
		}
		p.mu.Lock()
		p.session.AnswerTLS()
		p.mu.Unlock()
	case *session.Decide:
		p.mu.Lock()
		state := p.session.State()
		p.mu.Unlock()
		d := q.Decide(ctx, question, p.state(state))
		p.mu.Lock()
		p.session.AnswerDecide(d)
		p.mu.Unlock()
	case *session.Cancel:
		q.Cancel(ctx, question)
		return -1
	}
	return have
}

// hold waits for an approval and goes on reading, so that a client that leaves
// is noticed; what it sends meanwhile waits in buf, up to a bound.
func (p *pair) hold(ctx context.Context, q Questions, question *session.Approve, buf []byte, have int) ([]byte, int) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type answer struct {
		id      string
		refusal *diagnostic.Diagnostic
	}
	answers := make(chan answer, 1)
	tell := func(d *diagnostic.Diagnostic) {
		p.mu.Lock()
		p.session.Tell(d)
		p.mu.Unlock()
		if p.flush(&p.client, (*session.Session).TakeClient) != nil {
			stop()
		}
	}
	go func() {
		id, refusal := q.Approve(ctx, question, tell)
		_ = p.raw.SetReadDeadline(time.Now()) // ends the Read below
		answers <- answer{id, refusal}
	}()
	for {
		err := os.ErrDeadlineExceeded
		if have < len(buf) || len(buf) < keepSize {
			var n int
			buf = fit(buf, have, 0)
			n, err = p.client.conn.Read(buf[have:])
			have += n
		}
		if err == nil {
			continue
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			a := <-answers
			_ = p.raw.SetReadDeadline(time.Time{})
			p.mu.Lock()
			p.session.AnswerApprove(a.id, a.refusal)
			p.mu.Unlock()
			return buf, have
		}
		// The client has left, or weir stops: nobody waits any more.
		p.leave()
		stop()
		<-answers
		return buf, -1
	}
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
