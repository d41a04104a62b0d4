package driver

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/proxy/diagnostic"
)

// A round of a loop reads and judges for all sessions that something came for, and
// then sends for all of them. What a session is to send waits in buffers of the loop,
// so that an idle one has none.

// lending is which of the loop's output buffers a session has.
type lending uint8

const (
	lentNone lending = iota
	lentSmall
	lentLarge
)

// settle settles the sessions that were at work in this round. What goes to clients
// is sent first: those of one process come one after another then, and it wakes up
// once for all of them.
func (l *loop) settle() {
	if len(l.waiting) > 1 {
		for _, v := range l.waiting {
			v.reply()
		}
	}
	for i, v := range l.waiting {
		l.waiting[i] = nil
		v.settleLate()
	}
	l.waiting = l.waiting[:0]
}

// reply sends what a session that is still to be settled has for its client, unless
// it has something for its server too: that a client is gone must not keep what it
// has said from the server.
func (v *served) reply() {
	if !v.late || v.gone || v.lent != lentSmall || v.session.HasServer() {
		return
	}
	out := v.session.TakeClient(nil)
	v.write(&v.client, out)
	v.loop.takeBack(out)
}

// buffer gives a small output buffer.
func (l *loop) buffer() []byte {
	n := len(l.small)
	if n == 0 {
		return make([]byte, 0, loopSmall)
	}
	b := l.small[n-1]
	l.small[n-1], l.small = nil, l.small[:n-1]
	return b
}

// takeBack takes a small output buffer back, unless it has grown.
func (l *loop) takeBack(b []byte) {
	if cap(b) == loopSmall && len(l.small) < loopSpare {
		l.small = append(l.small, b[:0])
	}
}

// lend gives the session output buffers of the loop, so that an idle session has
// none. What it did earlier in the round is settled first: whatever happens finds
// it with everything sent that there was to send. It reports false when that was
// the end of it.
func (v *served) lend() bool {
	v.settleLate()
	if v.gone {
		return false
	}
	if v.lent == lentNone {
		v.lent = lentSmall
		v.session.TakeClient(v.loop.buffer())
		v.session.TakeServer(v.loop.buffer())
	}
	return true
}

// lendLarge gives the session the loop's large output buffers instead, which it
// must not keep to the end of the round.
func (v *served) lendLarge() {
	if v.lent == lentSmall && !v.session.HasOutput() {
		v.lent = lentLarge
		v.loop.takeBack(v.session.TakeClient(v.loop.largeClient))
		v.loop.takeBack(v.session.TakeServer(v.loop.largeServer))
	}
}

// settle has the session settled at the end of the round, one that streams at once.
func (v *served) settle() {
	switch {
	case v.gone, v.late, v.absence.away:
	case v.lent == lentLarge:
		v.settleNow()
	default:
		v.late = true
		v.loop.waiting = append(v.loop.waiting, v)
	}
}

// settleLate settles the session if that was put off.
func (v *served) settleLate() {
	if v.late {
		v.late = false
		v.settleNow()
	}
}

// settleNow writes what the session has for both sides, ends what has ended, and
// tells epoll what to wait for.
func (v *served) settleNow() {
	if v.gone {
		return
	}
	v.send()
	if v.gone {
		return
	}
	if held := cap(v.client.in) + cap(v.server.in) + len(v.client.out) + len(v.server.out) + v.session.ServerHolds(); !v.room.change(&v.share, held) && !v.closing && !v.session.Ended() {
		v.client.in, v.server.in = nil, nil
		v.session.End(diagnostic.TooMuchHeld())
		v.send()
		if v.gone {
			return
		}
	}
	if v.session.Ended() && !v.closing {
		v.closing = true
		v.deadline = time.Now().Add(farewell)
		if v.owes() {
			v.deadline = time.Now().Add(v.linger)
		}
	}
	if v.closing && len(v.client.out) == 0 && !v.owes() {
		v.destroy()
		return
	}
	if v.client.aside && v.abandoned() {
		v.destroy()
		return
	}
	if !v.deadline.IsZero() && !v.closing && !v.client.closed && !v.client.aside && v.session.Started() {
		v.deadline = time.Time{}
	}
	v.watch()
}

// owes says that the server has not taken all of what the client said, which it
// shall get also when the client has left meanwhile.
func (v *served) owes() bool { return len(v.server.out) > 0 && v.session.Reason() == nil }

// abandoned says, of a client that is gone, that nothing is to be waited for. The
// replies to what the server has got whole are: the journal tells of them.
func (v *served) abandoned() bool {
	return !v.owes() && (v.closing || v.paused() && !v.left)
}

// send writes what the session has for both sides and gives the buffers back.
func (v *served) send() {
	l := v.loop
	toServer := v.session.TakeServer(nil)
	v.write(&v.server, toServer)
	toClient := v.session.TakeClient(nil)
	v.write(&v.client, toClient)
	if v.lent == lentLarge {
		l.largeServer, l.largeClient = keep(toServer, l.largeServer), keep(toClient, l.largeClient)
	} else {
		l.takeBack(toServer)
		l.takeBack(toClient)
	}
	v.lent = lentNone
}

// keep gives the buffer to lend next: the grown one, unless it has grown large.
func keep(out, before []byte) []byte {
	if cap(out) > loopKeep || cap(out) < cap(before) {
		return before[:0]
	}
	return out[:0]
}

// write writes to a socket; what it has no room for is kept.
func (v *served) write(e *end, p []byte) {
	if len(p) == 0 || v.gone {
		return
	}
	if len(e.out) > 0 {
		e.out = append(e.out, p...)
		return
	}
	for len(p) > 0 {
		n, errno := send(e.fd, p)
		switch errno {
		case 0:
			p = p[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			e.out = append(e.out, p...)
			return
		default:
			v.lost(e)
			return
		}
	}
}

// drain writes what was kept.
func (v *served) drain(e *end) {
	for len(e.out) > 0 {
		n, errno := send(e.fd, e.out)
		switch errno {
		case 0:
			e.out = e.out[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			return
		default:
			v.lost(e)
			return
		}
	}
	e.out = nil
	other, taken := &v.server, v.session.TakeClient
	if e == &v.server {
		other, taken = &v.client, v.session.TakeServer
	}
	for other.aside && !other.closed && len(e.out) == 0 && !v.gone && !v.absence.away && !v.closing && (e == &v.client || !v.paused()) {
		if v.readable(other); !v.absence.away {
			v.write(e, taken(nil))
		}
	}
}
