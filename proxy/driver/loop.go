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
	// loopEvents is how many events are taken from the kernel at a time.
	loopEvents = 128
	// loopTick is how often a loop looks at its deadlines.
	loopTick = time.Second
)

// loop serves sessions from one thread. Everything but post, call and count
// belongs to that thread.
type loop struct {
	epoll int
	bell  int // eventfd: something was posted
	count atomic.Int64

	mu     sync.Mutex // guards what follows
	posted []func()
	closed bool

	sessions map[*served]struct{}
	byFD     map[int32]*served
	serial   int32 // of the last session that came
	read     []byte
	// lent are the output buffers of whichever session is at work.
	lentClient, lentServer []byte
	done                   chan struct{}
	ticked                 time.Time
}

// startLoop starts a loop's thread.
func startLoop() (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("eventfd: %w", err), unix.Close(epoll))
	}
	l := &loop{
		epoll: epoll, bell: bell, sessions: make(map[*served]struct{}), byFD: make(map[int32]*served),
		read: make([]byte, loopRead), lentClient: make([]byte, 0, readSize), lentServer: make([]byte, 0, readSize),
		done: make(chan struct{}),
	}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, bell, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(bell)}); err != nil {
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

// call runs f on the loop's thread and waits for it. It must not be called from
// there.
func (l *loop) call(f func()) bool {
	done := make(chan struct{})
	if !l.post(func() { f(); close(done) }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-l.done:
		return false
	}
}

// close ends the loop and all of its sessions.
func (l *loop) close() {
	l.post(func() {
		for v := range l.sessions {
			v.shutdown()
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
	for !l.over() {
		n := l.wait(events)
		for i := range n {
			e := &events[i]
			if int(e.Fd) == l.bell {
				var b [8]byte
				_, _ = unix.Read(l.bell, b[:])
				l.runPosted()
				continue
			}
			// A session that ended in this round took its descriptors with it, and
			// one that came in this round may have got their numbers.
			if v := l.byFD[e.Fd]; v != nil && v.serial == e.Pad {
				v.event(int(e.Fd), e.Events)
			}
		}
		if now := time.Now(); now.Sub(l.ticked) >= loopTick {
			l.ticked = now
			for v := range l.sessions {
				v.tick(now)
			}
		}
	}
	for v := range l.sessions {
		v.destroy()
	}
	l.runPosted()
	_ = unix.Close(l.bell)
	_ = unix.Close(l.epoll)
}

func (l *loop) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed && len(l.posted) == 0
}

func (l *loop) runPosted() {
	l.mu.Lock()
	posted := l.posted
	l.posted = nil
	l.mu.Unlock()
	for _, f := range posted {
		f()
	}
}

// wait takes events. It looks without waiting first, by a call that does not
// tell Go's scheduler: under load there is something almost always, and a thread
// that says it may block gives its place away.
func (l *loop) wait(events []unix.EpollEvent) int {
	n, errno := epollPoll(l.epoll, events)
	if errno != 0 || n > 0 {
		return max(n, 0)
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
