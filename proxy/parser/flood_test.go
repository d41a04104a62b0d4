package parser

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/statement"
)

// refusal is how a text of a flood ends.
type refusal int

const (
	scanned  refusal = iota // is refused before a worker sees it
	answered                // is parsed
	either                  // is parsed, or refused by what a worker may take
)

// floods are texts that one session may send to keep a parser from the others, all of
// a length that is let through.
func floods() map[string]struct {
	text string
	want refusal
} {
	type flood = struct {
		text string
		want refusal
	}
	fill := func(before, part, after string) string {
		n := (statement.DefaultLimits().Length - len(before) - len(after) - 1) / len(part)
		return before + strings.Repeat(part, n) + after
	}
	return map[string]flood{
		"49 KB of 1+1+1":                {"select 1" + strings.Repeat("+1", 24_500), scanned},
		"400 KB of comments in another": {strings.Repeat("/*", 200_000), scanned},
		"100,000 parentheses":           {"select " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000), scanned},
		"100,000 that do not end":       {"select " + strings.Repeat("(", 100_000), scanned},
		"1 MB of CASE in another":       {fill("select ", "case when true then ", ""), scanned},
		"1 MB of ELSE CASE":             {fill("select ", "case when a then 1 else ", ""), scanned},
		"50,000 statements":             {strings.Repeat("select 1;", 50_000), scanned},
		"100,000 times EXPLAIN":         {strings.Repeat("explain ", 100_000) + "select 1", scanned},
		"50,000 empty statements":       {strings.Repeat(";", 50_000) + "select 1", answered},
		"2,000 statements":              {strings.Repeat("select a from b;", 2_000), answered},
		"an IN list of 100,000":         {"select 1 from t where a in (0" + strings.Repeat(", 1", 99_999) + ")", answered},
		"100,000 rows of VALUES":        {"insert into t values (0)" + strings.Repeat(", (1)", 99_999), answered},
		"1 MB of VALUES":                {fill("values (0)", ",(1)", ""), either},
		"1 MB of columns":               {fill("select a", ",a", ""), either},
		"1 MB of subscripts":            {fill("select a", "[1]", ""), either},
		"1 MB of assigned columns":      {fill("update t set (a", ",a", ") = (select 1)"), either},
	}
}

func TestAFloodIsAnsweredClearlyAndSoAreTheOthersMeanwhile(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Workers = 2; c.Deadline = 20 * time.Second })
	stop := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := p.Parse(t.Context(), fmt.Sprintf("select a%d from b", i), ""); err != nil {
				t.Errorf("another session's text: %v", err)
				return
			}
			time.Sleep(time.Millisecond) // as a client that does something with its answers
		}
	})
	// Two more sessions send these: what they share is one worker for all that is large.
	texts := make(chan string)
	all := floods()
	var senders sync.WaitGroup
	for range 2 {
		senders.Go(func() {
			for name := range texts {
				f := all[name]
				_, err := p.Parse(t.Context(), f.text, "")
				if wrong := f.want.check(err); wrong != "" {
					t.Errorf("%s, %d bytes: %s: %v", name, len(f.text), wrong, err)
				}
			}
		})
	}
	for name := range all {
		texts <- name
	}
	close(texts)
	senders.Wait()
	close(stop)
	other.Wait()
}

// check says what is wrong with an error, "" for nothing.
func (r refusal) check(err error) string {
	var scan *statement.ScanError
	exhausted := errors.Is(err, ErrParserCrashed) || errors.Is(err, ErrParserMemory) || errors.Is(err, ErrParserDeadline)
	switch {
	case r == scanned && !errors.As(err, &scan):
		return "it reached a worker"
	case r == answered && err != nil:
		return "it is refused"
	case r == either && err != nil && !exhausted:
		return "it is refused for another reason"
	case exhausted && !strings.HasSuffix(err.Error(), "simplify the statement or split it"):
		return "the error does not say what to do"
	}
	return ""
}

func TestTheMemoryOfAWorkerIsAsConfigured(t *testing.T) {
	// The tree has each of the values once for each of the columns.
	text := "update t set (a" + strings.Repeat(", a", 2_499) + ") = (1" + strings.Repeat(", 1", 2_499) + ")"
	// The race detector takes 128 MiB of a worker's share for itself.
	for memory, said := range map[int64]string{192 << 20: "192 MiB", 320 << 20: "320 MiB"} {
		p := newPool(t, func(c *Config) { c.Memory = memory; c.Deadline = 20 * time.Second })
		if _, err := p.Parse(t.Context(), text, ""); !errors.Is(err, ErrParserCrashed) && !errors.Is(err, ErrParserMemory) || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: got %v", said, err)
		}
		if _, err := p.Parse(t.Context(), "select 1", ""); err != nil {
			t.Errorf("%s: the next text: %v", said, err)
		}
	}
	p := newPool(t, func(c *Config) { c.Memory = 192 << 20; c.Deadline = 20 * time.Second })
	if _, err := p.Parse(t.Context(), "update t set (a, b) = (1, 2)", ""); err != nil {
		t.Error(err)
	}
}

func TestWhatIsAssignedAtOnceWeighsAsOftenAsItsColumns(t *testing.T) {
	source := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		text  string
		times int // what stands behind the columns counts
	}{
		"no assignment":                {"select (a, b, c) = (" + source + ")", 0},
		"one column each":              {"update t set a = f(1, 2), b = " + source, 0},
		"three columns":                {"update t set (a, b, c) = (" + source + ")", 2},
		"in capitals":                  {"UPDATE t SET(a,b,c)=(" + source + ")", 2},
		"on conflict":                  {"insert into t values (1) on conflict (a) do update set (a, b) = (" + source + ")", 1},
		"behind a comment":             {"update t set (a, b, c) /* x */ = (" + source + ")", 2},
		"behind a comment to the end":  {"update t set (a, b, c) -- x\n= (" + source + ")", 2},
		"columns with subscripts":      {"update t set (a[(1)], b[f(1)]) = (" + source + ")", 1},
		"with a bracket in the quotes": {`update t set ("(", b, ")") = (` + source + ")", 2},
	} {
		if got := (weight(c.text) - len(c.text)) / len(source); got != c.times {
			t.Errorf("%s: the source counts %d times more, want %d", name, got, c.times)
		}
	}
}
