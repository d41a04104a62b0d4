package lab

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
)

var errThreadClosed = errors.New("the lab is closed")

// thread runs functions on one operating-system thread that lives until close.
//
// It is there for two reasons. A parent-death signal comes when the *thread* that
// forked ends, so children must be forked by one that stays. And a thread can be
// in a network namespace of its own, which its children inherit.
type thread struct {
	work chan func()
	quit chan struct{}
	done chan struct{}
	once sync.Once
}

// newThread starts a thread and runs enter on it first; nil does nothing.
func newThread(enter func() error) (*thread, error) {
	t := &thread{work: make(chan func()), quit: make(chan struct{}), done: make(chan struct{})}
	entered := make(chan error, 1)
	go func() {
		defer close(t.done)
		// Never unlocked: the runtime ends the thread with the goroutine, so that
		// no other goroutine comes to run in a foreign namespace.
		runtime.LockOSThread()
		if enter != nil {
			if err := enter(); err != nil {
				entered <- err
				return
			}
		}
		entered <- nil
		for {
			select {
			case f := <-t.work:
				f()
			case <-t.quit:
				return
			}
		}
	}()
	if err := <-entered; err != nil {
		return nil, fmt.Errorf("set up a thread: %w", err)
	}
	return t, nil
}

// do runs f on the thread and waits for it.
func (t *thread) do(f func() error) error {
	result := make(chan error, 1)
	select {
	case t.work <- func() { result <- f() }:
		return <-result
	case <-t.quit:
		return errThreadClosed
	}
}

// close ends the thread; children that it forked get their parent-death signal.
func (t *thread) close() {
	t.once.Do(func() { close(t.quit) })
	<-t.done
}
