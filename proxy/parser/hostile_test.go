package parser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/statement"
)

// Limits so wide that what Scan would refuse reaches the worker.
func wide() statement.Limits {
	const all = 1 << 30
	return statement.Limits{Length: all, Statements: all, CommentDepth: all, Nesting: all, Chain: all}
}

// A text that exhausts the stack that a worker has.
func stackBreaker() string { return "select 1" + strings.Repeat("+1", 400_000) }

func TestAWorkerThatDiesTakesOnlyItsTextAlong(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Workers = 2; c.Limits = wide(); c.Deadline = 20 * time.Second })
	stop := make(chan struct{})
	var others sync.WaitGroup
	for who := range 3 {
		others.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := p.Parse(t.Context(), fmt.Sprintf("select a%d, b%d", who, i), ""); err != nil {
					t.Errorf("another session's text: %v", err)
					return
				}
			}
		})
	}
	for i := range 3 {
		text := stackBreaker() + strings.Repeat(" ", i)
		if _, err := p.Parse(t.Context(), text, ""); !errors.Is(err, ErrParserCrashed) {
			t.Errorf("got %v", err)
		}
	}
	close(stop)
	others.Wait()
	if st := p.Stats(); st.Crashes != 3 {
		t.Errorf("got %+v", st)
	}
}

func TestATextThatKilledAWorkerDoesNotReachAnother(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Limits = wide(); c.Deadline = 20 * time.Second })
	for range 3 {
		if _, err := p.Parse(t.Context(), stackBreaker(), ""); !errors.Is(err, ErrParserCrashed) {
			t.Errorf("got %v", err)
		}
	}
	if st := p.Stats(); st.Crashes != 1 || st.Restarts != 1 {
		t.Errorf("got %+v", st)
	}
	if _, err := p.Parse(t.Context(), "select 1", ""); err != nil {
		t.Error(err)
	}
}

func TestATextThatTakesTooLongIsEnded(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Limits = wide(); c.Memory = 8 << 30; c.Deadline = 20 * time.Millisecond })
	text := "select a" + strings.Repeat(", a", 4_000_000) // gets 24 times that
	began := time.Now()
	if _, err := p.Parse(t.Context(), text, ""); !errors.Is(err, ErrParserDeadline) {
		t.Fatalf("got %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	for i := 0; ; i++ { // a loaded machine may need more than the short deadline at times
		_, err := p.Parse(t.Context(), fmt.Sprintf("select %d", i), "")
		if err == nil {
			break
		}
		if !errors.Is(err, ErrParserDeadline) || i > 100 {
			t.Fatal(err)
		}
	}
}

func TestATextThatTakesTooMuchMemoryIsRefused(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Limits = wide(); c.Deadline = 20 * time.Second })
	text := "select 1 where a in (1" + strings.Repeat(",1", 4_000_000) + ")"
	_, err := p.Parse(t.Context(), text, "")
	if !errors.Is(err, ErrParserCrashed) && !errors.Is(err, ErrParserMemory) || !strings.Contains(err.Error(), "512 MiB") {
		t.Fatalf("got %v", err)
	}
	if _, err := p.Parse(t.Context(), "select 1", ""); err != nil {
		t.Error(err)
	}
}

func isUnsupported(err error) bool {
	var u *statement.UnsupportedError
	var s *statement.SyntaxError // PostgreSQL's own "out of memory"
	return errors.As(err, &u) || errors.As(err, &s)
}

func TestTheDefaultLimitsKeepKnownKillersFromTheWorkers(t *testing.T) {
	p := newPool(t, nil)
	texts := map[string]string{
		"49 KB of 1+1+1":           "select 1" + strings.Repeat("+1", 24_500),
		"400 KB of nested comment": strings.Repeat("/*", 100_000) + strings.Repeat("*/", 100_000) + " select 1",
		"comments side by side":    strings.Repeat("/**/", 100_000) + " select 1",
		"a run of operators":       "select 1 " + strings.Repeat("+", 10_000) + "1",
		"casts in a row":           "select 1" + strings.Repeat("::int", 10_000),
		"joins in a row":           "select 1 from t" + strings.Repeat(" cross join t", 10_000),
		"unions in a row":          "select 1" + strings.Repeat(" union select 1", 10_000),
		"NOT in a row":             "select " + strings.Repeat("not ", 10_000) + "true",
		"IS NULL in a row":         "select 1" + strings.Repeat(" is null", 10_000),
		"CASE in CASE":             "select " + strings.Repeat("case when true then ", 5_000) + "1" + strings.Repeat(" end", 5_000),
		"parentheses":              "select " + strings.Repeat("(", 50_000) + "1" + strings.Repeat(")", 50_000),
		"subqueries":               strings.Repeat("select (", 5_000) + "select 1" + strings.Repeat(")", 5_000),
		"a longer text":            "select '" + strings.Repeat("x", 1<<20) + "'",
	}
	for name, text := range texts {
		var scan *statement.ScanError
		began := time.Now()
		if _, err := p.Parse(t.Context(), text, ""); !errors.As(err, &scan) {
			t.Errorf("%s: got %v", name, err)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	if st := p.Stats(); st.Restarts != 0 {
		t.Errorf("got %+v", st)
	}
}

func TestAWorkerThatDiedUnusedIsReplacedUnnoticed(t *testing.T) {
	p := newPool(t, nil)
	w := <-p.idle
	if err := w.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-w.exited
	p.idle <- w
	if _, err := p.Parse(t.Context(), "select 1", ""); err != nil {
		t.Fatal(err)
	}
	if st := p.Stats(); st.Crashes != 0 || st.Restarts != 1 {
		t.Errorf("got %+v", st)
	}
}

func TestLargeTextsLeaveAWorkerToTheOthers(t *testing.T) {
	leavesAWorker(t, "select '"+strings.Repeat("x", largeText)+"'")
}

// The tree of a few hundred columns that are assigned at once is as large as that of a
// megabyte.
func TestTextsWithLargeTreesLeaveAWorkerToTheOthers(t *testing.T) {
	leavesAWorker(t, "update t set (a"+strings.Repeat(", a", 399)+") = (1"+strings.Repeat(", 1", 399)+")")
}

func leavesAWorker(t *testing.T, large string) {
	t.Helper()
	p := newPool(t, func(c *Config) { c.Workers = 2; c.Deadline = 20 * time.Second })
	p.large <- struct{}{} // one is under way
	waits, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := p.Parse(waits, large, "")
		done <- err
	}()
	for i := range 20 {
		if _, err := p.Parse(t.Context(), fmt.Sprintf("select a%d", i), ""); err != nil {
			t.Error(err)
		}
	}
	select {
	case err := <-done:
		t.Fatalf("a second large text did not wait: %v", err)
	default:
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-p.large
	if _, err := p.Parse(t.Context(), large, ""); err != nil {
		t.Error(err)
	}
}
