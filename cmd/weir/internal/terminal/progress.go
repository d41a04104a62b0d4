package terminal

import (
	"fmt"
	"sync"
	"time"
)

// patience is how long something may take before a person is told about it.
const patience = 2 * time.Second

// Progress says what is being waited for once it takes longer than two seconds,
// on a terminal only, in a line that is wiped when done is called.
func (s *Screen) Progress(what string) (done func()) {
	return s.ProgressOf(func() string { return what })
}

// ProgressOf is Progress of what changes meanwhile; what is called by another goroutine.
func (s *Screen) ProgressOf(what func() string) (done func()) {
	if !s.Terminal {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		start := time.Now()
		timer := time.NewTimer(patience)
		defer timer.Stop()
		shown := false
		for {
			select {
			case <-stop:
				if shown {
					_, _ = fmt.Fprint(s, "\r\x1b[K")
				}
				return
			case now := <-timer.C:
				shown = true
				_, _ = fmt.Fprintf(s, "\r\x1b[K%s… %ds", what(), int(now.Sub(start).Seconds()))
				timer.Reset(time.Second)
			}
		}
	}()
	var once sync.Once
	return func() {
		once.Do(func() { close(stop) })
		<-stopped
	}
}
