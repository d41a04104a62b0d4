package driver

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
)

// served is a connection on an event loop. All of it belongs to the loop's
// thread.
type served struct {
	*Connection
	room      *room
	loop      *loop
	slot      int32 // in the loop
	serial    int32 // tells its events from those of an earlier owner of the slot
	ctx       context.Context
	halt      func() bool // takes back what a stop of weir would bring
	questions Questions

	client, server end
	asked          session.Question   // the question that is being answered
	holding        bool               // by a person: the client's going must be noticed
	answered       context.CancelFunc // gives up waiting for the answer
	answering      sync.WaitGroup     // the goroutines that answer
	interrupting   context.CancelFunc // gives up a cancel request of weir's own
	left           bool               // the client has ended its half
	deadline       time.Time          // when it is ended whatever it does, zero for never
	linger         time.Duration      // for the server to end, see Driver.Linger
	closing        bool               // ended: what is left is written, then it is closed
	gone           bool
	lent           lending
	late           bool // it is settled at the end of the loop's round
	absence        absence
}

// end is one of the two sockets.
type end struct {
	fd       int
	in       []byte // what was read and not taken
	out      []byte // what the socket had no room for
	interest uint32 // what epoll tells of
	closed   bool   // the peer has sent its last byte
	aside    bool   // taken off epoll, which would tell of its end again and again
}

// begin puts the connection on its loop and goes on with the greeting.
func (v *served) begin(g *session.Greeting) {
	v.loop.enter(v)
	v.halt = context.AfterFunc(v.ctx, func() { v.post(v.shutdown) })
	for _, e := range []*end{&v.client, &v.server} {
		e.interest = unix.EPOLLIN
		if err := unix.EpollCtl(v.loop.epoll, unix.EPOLL_CTL_ADD, e.fd, v.told(e)); err != nil {
			v.session.End(diagnostic.ServerLost(err))
			v.destroy()
			return
		}
	}
	v.lend()
	v.session.AnswerConnect(g, nil)
	v.feedServer(nil)
	if v.absence.away {
		return
	}
	v.feedClient(nil)
	v.settle()
}

// event handles what epoll tells of a socket.
func (v *served) event(server bool, events uint32) {
	if v.gone || v.absence.away {
		return
	}
	e, other := &v.client, &v.server
	if server {
		e, other = other, e
	}
	if !v.lend() {
		return
	}
	if events&unix.EPOLLOUT != 0 && len(e.out) > 0 {
		v.drain(e)
	}
	if v.gone || v.absence.away {
		return
	}
	if v.holding && !server && events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		v.session.Leave()
		v.destroy() // which gives up waiting for the answer
		return
	}
	broken := events&(unix.EPOLLHUP|unix.EPOLLERR) != 0
	switch {
	case broken && e == &v.client && v.abandoned():
		v.destroy()
	case broken && (v.closing || len(other.out) > 0 || e == &v.client && v.left):
		v.setAside(e)
	case !v.closing && (broken || events&unix.EPOLLIN != 0) && len(other.out) == 0:
		v.readable(e)
	}
	v.settle()
}

// setAside takes a socket off epoll until the other side has taken its bytes:
// that it is at its end is told for as long as it is watched. For a client that
// is gone the server's time is bounded.
func (v *served) setAside(e *end) {
	if e == &v.client && v.deadline.IsZero() {
		v.deadline = time.Now().Add(v.linger)
	}
	e.aside = true
	_ = unix.EpollCtl(v.loop.epoll, unix.EPOLL_CTL_DEL, e.fd, nil)
}

// readable reads from a socket once and gives it to the session. A socket that
// was set aside is at its end: it gives bytes or the end.
func (v *served) readable(e *end) {
	if e == &v.client && v.paused() {
		return
	}
	held := 0
	if len(e.in) <= loopHeld {
		held = copy(v.loop.read, e.in)
	}
	n, errno := recv(e.fd, v.loop.read[held:])
	switch {
	case !e.aside && (errno == unix.EAGAIN || errno == unix.EINTR):
		return
	case errno != 0 || n == 0:
		e.closed = true
		v.peerClosed(e)
		return
	}
	if n > loopSmall {
		v.lendLarge()
	}
	p := v.loop.read[:held+n]
	if held > 0 {
		e.in = e.in[:0] // it stands in front of what was read now
	}
	if e == &v.client {
		v.feedClient(p)
	} else {
		v.feedServer(p)
		v.tookServer()
	}
}

// tookServer goes on when the session has taken what the server has sent.
func (v *served) tookServer() {
	if v.absence.away {
		return
	}
	if v.session.TakeInterrupt() {
		v.interrupt()
	}
	if v.session.Due() || (len(v.client.in) > 0 && !v.session.Blocked()) {
		v.feedClient(nil) // was held back until replies came
	}
}

// interrupt has the server asked to cancel what runs.
func (v *served) interrupt() {
	ctx, stop := context.WithCancel(v.ctx)
	v.interrupting = stop
	v.answering.Go(func() {
		v.questions.Cancel(ctx, &session.Cancel{Own: true})
		v.post(func() {
			stop()
			if v.gone {
				return
			}
			v.interrupting = nil
			if !v.lend() {
				return
			}
			v.session.Interrupted()
			v.feedClient(nil)
			v.settle()
		})
	})
}

// paused says that no more is read from the client for now.
func (v *served) paused() bool {
	return v.asked != nil || v.session.Blocked() || v.client.closed
}

// feedClient gives the session what the client has sent.
func (v *served) feedClient(p []byte) {
	if n := len(v.client.in) + len(p); n > loopMost && n >= v.session.ClientWant() {
		v.client.in = append(v.client.in, p...)
		v.leaveLoop(&v.client, v.session.FromClient)
		return
	}
	v.client.in = feed(v.client.in, p, v.session.FromClient)
	v.tookClient()
}

// tookClient has a question asked.
func (v *served) tookClient() {
	if q := v.session.Question(); q != nil && v.asked == nil {
		v.ask(q)
	}
}

// feedServer gives the session what the server has sent.
func (v *served) feedServer(p []byte) {
	if n := len(v.server.in) + len(p); n > loopMost && n >= v.session.ServerWant() || v.session.ServerHolds() > loopMost {
		v.server.in = append(v.server.in, p...)
		v.leaveLoop(&v.server, v.session.FromServer)
		return
	}
	v.server.in = feed(v.server.in, p, v.session.FromServer)
}

// feed gives bytes to the session and returns what it has not taken. Only that
// is copied.
func feed(held, p []byte, to func([]byte) int) []byte {
	if len(held) == 0 {
		if n := to(p); n < len(p) {
			return append(held, p[n:]...)
		}
		return nil
	}
	held = append(held, p...)
	switch n := to(held); {
	case n == len(held):
		return nil
	case n == 0:
		return held
	case n > 0 && cap(held) > keepSize:
		return append([]byte(nil), held[n:]...) // a large message has left
	default:
		return append(held[:0], held[n:]...)
	}
}

// lost handles a socket that takes no bytes any more.
func (v *served) lost(e *end) {
	if e == &v.client {
		v.session.Leave()
		v.destroy()
		return
	}
	// What the server may still have said, why for instance, is read first.
	e.out = nil
	v.client.closed = true
	if v.deadline.IsZero() {
		v.deadline = time.Now().Add(v.linger)
	}
}

// peerClosed handles the last byte of a side.
func (v *served) peerClosed(e *end) {
	switch {
	case e == &v.server && v.left:
		v.session.Leave()
		return
	case e == &v.server:
		v.session.End(diagnostic.ServerLost(nil))
		return
	}
	v.left = true
	if len(v.server.out) > 0 {
		v.session.Leave()
		return
	}
	// The server ends by itself once it has read the client's end, when it has done
	// its work.
	_ = unix.Shutdown(v.server.fd, unix.SHUT_WR)
	v.deadline = time.Now().Add(v.linger)
}

// watch tells epoll what to wait for. A side is not read while the other does
// not take its bytes, so memory stays bounded.
func (v *served) watch() {
	var c, s uint32
	if !v.closing {
		if len(v.server.out) == 0 && !v.paused() {
			c |= unix.EPOLLIN
		}
		if len(v.client.out) == 0 && !v.server.closed {
			s |= unix.EPOLLIN
		}
	}
	if v.holding {
		c |= unix.EPOLLRDHUP
	}
	if len(v.client.out) > 0 {
		c |= unix.EPOLLOUT
	}
	if len(v.server.out) > 0 {
		s |= unix.EPOLLOUT
	}
	v.interest(&v.client, c)
	v.interest(&v.server, s)
}

func (v *served) interest(e *end, events uint32) {
	if e.interest == events || e.aside {
		return
	}
	e.interest = events
	_ = unix.EpollCtl(v.loop.epoll, unix.EPOLL_CTL_MOD, e.fd, v.told(e))
}

// told is what epoll tells with the events of a socket.
func (v *served) told(e *end) *unix.EpollEvent {
	side := int32(clientSide)
	if e == &v.server {
		side = serverSide
	}
	return &unix.EpollEvent{Events: e.interest, Fd: v.slot<<1 | side, Pad: v.serial}
}

// tick ends what has had its time.
func (v *served) tick(now time.Time) {
	if v.gone || v.absence.away || v.deadline.IsZero() || now.Before(v.deadline) {
		return
	}
	if v.left && !v.closing && !v.client.aside && v.session.Awaits() {
		v.deadline = now.Add(v.linger) // it is at work for a client that waits
		return
	}
	if !v.closing && !v.left && !v.session.Started() {
		if v.lend() {
			v.session.Expire()
			v.settle()
		}
		return
	}
	v.destroy()
}

// endIf ends the session with what f says, unless that is nil.
func (v *served) endIf(f func(*session.Session) *diagnostic.Diagnostic) {
	if v.gone || v.closing {
		return
	}
	if why := f(v.session); why != nil && v.lend() {
		v.session.End(why)
		v.settle()
	}
}

// shutdown ends the session because weir stops.
func (v *served) shutdown() {
	if v.gone || v.closing || !v.lend() {
		return
	}
	v.session.End(diagnostic.Shutdown())
	v.settle()
}

// destroy closes the connection and lets go of it.
func (v *served) destroy() {
	if v.gone {
		return
	}
	v.gone = true
	if v.answered != nil {
		v.answered()
	}
	if v.interrupting != nil {
		v.interrupting()
	}
	if v.halt != nil {
		v.halt()
	}
	v.session.Leave()
	why := v.session.Reason()
	v.loop.leave(v)
	v.room.change(&v.share, 0)
	v.closeSockets()
	v.loop.count.Add(-1)
	go func() {
		v.answering.Wait()
		v.finish(why) // may wait for a disk
	}()
}

func (v *served) closeSockets() {
	_ = unix.Close(v.client.fd)
	_ = unix.Close(v.server.fd)
}

// ask has a question answered on a goroutine; the answer comes back by post.
func (v *served) ask(question session.Question) {
	ctx, cancel := context.WithCancel(v.ctx)
	v.asked, v.answered = question, cancel
	switch question := question.(type) {
	case *session.Decide:
		state := v.state(v.session.State())
		v.answering.Go(func() {
			d := v.questions.Decide(ctx, question, state)
			v.answer(func() { v.session.AnswerDecide(d) })
		})
	case *session.Approve:
		v.holding = true
		v.answering.Go(func() {
			id, refusal := v.questions.Approve(ctx, question, v.tell)
			v.answer(func() { v.session.AnswerApprove(id, refusal) })
		})
	default:
		// The others are asked before a connection moves here.
		cancel()
		v.session.End(diagnostic.Violation(errUnexpected))
	}
}

// tell sends the client a notice while it waits.
func (v *served) tell(d *diagnostic.Diagnostic) {
	v.post(func() {
		if v.gone || !v.lend() {
			return
		}
		v.session.Tell(d)
		v.settle()
	})
}

// answer goes on with an answer.
func (v *served) answer(give func()) {
	v.post(func() {
		if v.gone {
			return
		}
		v.answered()
		v.asked, v.answered, v.holding = nil, nil, false
		if !v.lend() {
			return
		}
		give()
		v.feedClient(nil)
		v.settle()
	})
}
