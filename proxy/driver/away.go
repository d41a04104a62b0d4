package driver

import (
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// A message that has to be looked at whole and is large keeps who looks at it for as long
// as a hundred nanoseconds a byte: detections in a cell of 60 MB take seconds. So that the
// other sessions of a loop do not wait for it, the session is away meanwhile: a goroutine
// takes it through the message, and the loop touches neither it nor its sockets.

// loopMost is the largest message that is looked at on a loop, in bytes.
const loopMost = 256 << 10

// absence is a session's time away from its loop. All but done belongs to the loop's thread.
type absence struct {
	away    bool
	waiting []func() // what was to be done with the session meanwhile
	done    sync.WaitGroup
}

// newTurns makes the places for sessions that are away, so many that processors are left
// to the loops.
func newTurns() chan struct{} { return make(chan struct{}, max(1, runtime.NumCPU()/2)) }

// leaveLoop has the session take what a side has sent, on a goroutine.
func (v *served) leaveLoop(from *end, to func([]byte) int) {
	v.settleLate()
	if v.lent != lentNone {
		v.send() // gives back the loop's buffers
	}
	if v.gone {
		return
	}
	v.absence.away = true
	for _, e := range []*end{&v.client, &v.server} {
		if !e.aside {
			_ = unix.EpollCtl(v.loop.epoll, unix.EPOLL_CTL_DEL, e.fd, nil)
		}
	}
	held := from.in
	from.in = nil
	v.absence.done.Go(func() {
		v.loop.turns <- struct{}{}
		held = feed(held, nil, to)
		<-v.loop.turns
		v.loop.post(func() { v.back(from, held) })
	})
}

// back goes on with a session that was away.
func (v *served) back(from *end, held []byte) {
	v.absence.away = false
	from.in = held
	for _, e := range []*end{&v.client, &v.server} {
		if e.aside {
			continue
		}
		e.interest = 0
		if unix.EpollCtl(v.loop.epoll, unix.EPOLL_CTL_ADD, e.fd, v.told(e)) != nil {
			v.destroy()
			break
		}
	}
	if !v.gone {
		v.settleNow() // sends what came of it
	}
	if !v.gone && v.lend() {
		if from == &v.server {
			v.tookServer()
		} else {
			v.tookClient()
		}
		v.settle()
	}
	waiting := v.absence.waiting
	v.absence.waiting = nil
	for _, f := range waiting {
		v.do(f)
	}
}

// do runs f with the session, on the loop's thread: at once, or when it is back.
func (v *served) do(f func()) {
	if v.absence.away {
		v.absence.waiting = append(v.absence.waiting, f)
		return
	}
	f()
}

// post has f run with the session, as loop.post does.
func (v *served) post(f func()) bool { return v.loop.post(func() { v.do(f) }) }

// call runs f with the session, on the loop's thread, and waits for it. It must not be
// called from there. It reports false when the loop has ended.
func (v *served) call(f func()) bool {
	done := make(chan struct{})
	if !v.post(func() { f(); close(done) }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-v.loop.done:
		return false
	}
}

// fetch waits until the session is back, when the loop ends.
func (v *served) fetch() {
	if !v.absence.away {
		return
	}
	v.absence.done.Wait()
	v.absence.away = false
	for _, f := range v.absence.waiting {
		f()
	}
	v.absence.waiting = nil
	v.settleLate()
}
