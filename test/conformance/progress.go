package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"
	"time"
)

// meter says on standard error how long a step has been going on and how many tests
// have ended in it: on one line of a terminal, otherwise once in a while.
type meter struct {
	writer io.Writer // gets what is written to the meter
	what   string
	began  time.Time
	stop   chan struct{}
	done   sync.WaitGroup

	mu    sync.Mutex
	ended int
	last  []byte // the line that has not ended yet
}

// begin begins a step. The caller ends it.
func begin(format string, args ...any) *meter {
	m := &meter{what: fmt.Sprintf(format, args...), began: time.Now(), stop: make(chan struct{})}
	every := 15 * time.Second
	info, err := os.Stderr.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	if terminal {
		every = time.Second
	} else {
		fmt.Fprintf(os.Stderr, "%s ...\n", m.what)
	}
	m.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-m.stop:
				if terminal {
					fmt.Fprint(os.Stderr, "\r\x1b[K")
				}
				fmt.Fprintln(os.Stderr, m.line())
				return
			case <-tick.C:
			}
			if terminal {
				fmt.Fprintf(os.Stderr, "\r\x1b[K%s", m.line())
			} else {
				fmt.Fprintln(os.Stderr, m.line()+" ...")
			}
		}
	})
	return m
}

func (m *meter) line() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	line := fmt.Sprintf("%s: %v", m.what, time.Since(m.began).Round(time.Second))
	if m.ended > 0 {
		line += fmt.Sprintf(", %d tests", m.ended)
	}
	return line
}

// end ends the step and says how long it took.
func (m *meter) end() {
	close(m.stop)
	m.done.Wait()
}

// Write hands on what a suite's programs write, and counts the tests whose ends it
// tells of.
func (m *meter) Write(p []byte) (int, error) {
	m.mu.Lock()
	rest := p
	for {
		line, more, found := bytes.Cut(rest, []byte("\n"))
		m.last = append(m.last, line[:min(len(line), 200)]...)
		if !found {
			break
		}
		if endOfTest.Match(m.last) {
			m.ended++
		}
		m.last, rest = m.last[:0], more
	}
	m.last = m.last[:min(len(m.last), 200)]
	m.mu.Unlock()
	if m.writer == nil {
		return len(p), nil
	}
	return m.writer.Write(p)
}

// endOfTest is what pg_regress, the programs and Go say at a test's end.
var endOfTest = regexp.MustCompile(`\.\.\. (ok|FAILED|failed)|^-- (ok|failed)|^.?\s*--- (PASS|FAIL|SKIP): `)
