package driver

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/proxy/session"
)

const (
	// loopRead is the buffer into which a loop reads, in bytes: one for all of
	// its sessions.
	loopRead = 64 << 10
	// loopKeep is the largest output buffer that a loop keeps, in bytes: what is made
	// of all that it reads at a time, with room for masks that are longer than what
	// they hide.
	loopKeep = 4 * loopRead
	// loopSmall is up to how many bytes, read at a time, are a message whose
	// relaying can wait for the end of the round. A longer one is part of a stream.
	loopSmall = 4 << 10
	// loopSpare is how many small output buffers a loop keeps, of at most loopSmall
	// bytes each.
	loopSpare = loopEvents
	// loopHeld is how much of what a session has not taken is put in front of what
	// is read next, in bytes. More is a large message, and stays where it is.
	loopHeld = loopRead / 4
	// loopEvents is how many events are taken from the kernel at a time.
	loopEvents = 128
	// loopTick is how often a loop looks at its deadlines.
	loopTick = time.Second
	// loopRest is how long a loop waits for the kernel without telling Go's
	// scheduler, in milliseconds: longer than the kernel's tick, so that no timer is
	// set for each wait, which a virtual machine pays dearly for.
	loopRest = 20
	// loopRounds is after how many rounds a busy loop looks at the clock.
	loopRounds = 64
)

// loop serves sessions from one thread. Everything but post and count
// belongs to that thread.
type loop struct {
	epoll int
	bell  int // eventfd: something was posted
	count atomic.Int64

	mu     sync.Mutex // guards what follows
	posted []func()
	closed bool

	sessions map[*served]struct{}
	slots    []*served // by the number that epoll tells with an event; nil is free
	free     []int32   // numbers that can be given again
	serial   int32     // of the last session that came
	read     []byte
	// waiting are the sessions that were at work in this round and are still to be
	// settled: first all are read and judged, then all is sent. So who gets a message
	// and wakes up does not take the processor from the loop before its work is done,
	// and one who gets several wakes up once.
	waiting []*served
	// small are output buffers for sessions that are at work in this round, large the
	// two for a session that streams, which is settled before the next one's turn.
	small                    [][]byte
	largeClient, largeServer []byte
	done                     chan struct{}
	turns                    chan struct{} // of all loops: a place for each session that is away and at work
	ticked                   time.Time
}

// startLoop starts a loop's thread.
func startLoop(turns chan struct{}) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("eventfd: %w", err), unix.Close(epoll))
	}
	l := &loop{
		epoll: epoll, bell: bell, sessions: make(map[*served]struct{}),
		read: make([]byte, loopRead), largeClient: make([]byte, 0, readSize), largeServer: make([]byte, 0, readSize),
		done: make(chan struct{}), turns: turns,
	}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, bell, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: bellSlot}); err != nil {
		return nil, errors.Join(fmt.Errorf("epoll_ctl: %w", err), unix.Close(bell), unix.Close(epoll))
	}
	go l.run()
	return l, nil
}

// post has f run on the loop's thread. It reports false when the loop has ended;
// f does not run then.
func (l *loop) post(f func()) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.posted = append(l.posted, f)
	first := len(l.posted) == 1
	l.mu.Unlock()
	if first {
		l.ring()
	}
	return true
}

// ring wakes the loop.
func (l *loop) ring() {
	one := [8]byte{1}
	_, _ = unix.Write(l.bell, one[:]) // full means that it rings already
}

// close ends the loop and all of its sessions.
func (l *loop) close() {
	l.post(func() {
		for v := range l.sessions {
			v.do(v.shutdown)
		}
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
	})
	<-l.done
}

// run is the loop.
func (l *loop) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(l.done)
	events := make([]unix.EpollEvent, loopEvents)
	over := false
	for round := 0; !over; round++ {
		n := l.wait(events)
		for i := range n {
			e := &events[i]
			if e.Fd == bellSlot {
				var b [8]byte
				_, _ = unix.Read(l.bell, b[:])
				over = l.runPosted()
				continue
			}
			// A session that ended in this round took its sockets with it, and one
			// that came in this round may have got its slot.
			if v := l.slots[e.Fd>>1]; v != nil && v.serial == e.Pad {
				v.event(e.Fd&1 == serverSide, e.Events)
			}
		}
		if n == 0 || round%loopRounds == 0 {
			l.tick(time.Now())
		}
		l.settle()
	}
	for v := range l.sessions {
		v.fetch()
		v.destroy()
	}
	_ = unix.Close(l.bell)
	_ = unix.Close(l.epoll)
}

// tick has the deadlines looked at when it is time.
func (l *loop) tick(now time.Time) {
	if now.Sub(l.ticked) < loopTick {
		return
	}
	l.ticked = now
	for v := range l.sessions {
		v.tick(now)
	}
}

// runPosted runs what was posted. It reports true when the loop was closed and
// nothing more can come.
func (l *loop) runPosted() bool {
	for {
		l.mu.Lock()
		posted, closed := l.posted, l.closed
		l.posted = nil
		l.mu.Unlock()
		if len(posted) == 0 {
			return closed
		}
		for _, f := range posted {
			f()
		}
	}
}

// What epoll tells with an event: the slot of its session, doubled, and which of
// its sockets it is.
const (
	clientSide, serverSide = 0, 1
	bellSlot               = -1
)

// enter gives a session a slot.
func (l *loop) enter(v *served) {
	l.serial++
	v.serial = l.serial
	l.sessions[v] = struct{}{}
	if n := len(l.free); n > 0 {
		v.slot, l.free = l.free[n-1], l.free[:n-1]
		l.slots[v.slot] = v
		return
	}
	v.slot = int32(len(l.slots))
	l.slots = append(l.slots, v)
}

// leave takes a session's slot back.
func (l *loop) leave(v *served) {
	delete(l.sessions, v)
	l.slots[v.slot] = nil
	l.free = append(l.free, v.slot)
}

// wait takes events. It waits for a short time by a call that does not tell Go's
// scheduler: under load something comes soon, and a thread that says that it may
// block gives its place among the running ones away and has to get it back. The
// runtime can interrupt the wait, by a signal, when it must stop all threads. Only
// a loop that has nothing to do for longer says so.
func (l *loop) wait(events []unix.EpollEvent) int {
	if len(l.sessions) > 0 {
		if n, errno := epollWait(l.epoll, events, loopRest); errno == 0 && n > 0 {
			return n
		}
	}
	timeout := -1
	if len(l.sessions) > 0 {
		timeout = int(loopTick / time.Millisecond)
	}
	n, err := unix.EpollWait(l.epoll, events, timeout)
	if err != nil {
		return 0 // EINTR
	}
	return n
}

// adopt takes a connection over. The answer to its Connect is given on the
// loop's thread.
func (l *loop) adopt(v *served, g *session.Greeting) {
	l.count.Add(1)
	if !l.post(func() { v.begin(g) }) {
		v.loop.count.Add(-1)
		v.closeSockets()
		v.finish(nil)
	}
}
