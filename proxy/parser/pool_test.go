package parser

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

func TestAPoolGivesTheFactsThatParsingGives(t *testing.T) {
	p := newPool(t, nil)
	facts, err := p.Parse(t.Context(), "select ssn from customers; drop table x", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(facts.Statements) != 2 || facts.Statements[1].Command != statement.CommandDrop {
		t.Fatalf("got %+v", facts)
	}
	again, err := p.ParseBytes(t.Context(), []byte("select ssn from customers; drop table x"), "")
	if err != nil || again != facts {
		t.Fatalf("the second time gave %p, %v, not the kept %p", again, err, facts)
	}
	other, err := p.Parse(t.Context(), "select ssn from customers; drop table x", "other settings")
	if err != nil || other == facts {
		t.Fatalf("facts were shared between settings: %v", err)
	}
}

func TestErrorsOfATextAreKeptWithTheirType(t *testing.T) {
	p := newPool(t, nil)
	for range 2 {
		var syntax *statement.SyntaxError
		if _, err := p.Parse(t.Context(), "select é; slect 1", ""); !errors.As(err, &syntax) {
			t.Fatalf("got %v", err)
		}
		if syntax.Cursor != 11 || syntax.Message != `syntax error at or near "slect"` {
			t.Errorf("got %q at %d", syntax.Message, syntax.Cursor)
		}
	}
	if st := p.Stats(); st.Hits != 1 || st.Misses != 1 {
		t.Errorf("got %+v", st)
	}
	var scan *statement.ScanError
	if _, err := p.Parse(t.Context(), "select 1\x00; drop table x", ""); !errors.As(err, &scan) || scan.Offset != 8 {
		t.Errorf("got %v", err)
	}
}

func TestManyCallersOfOneTextShareOneParse(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Workers = 2 })
	text := "select " + strings.Repeat("a, ", 20000) + "a"
	var group sync.WaitGroup
	results := make([]*statement.Facts, 16)
	for i := range results {
		group.Go(func() {
			facts, err := p.Parse(t.Context(), text, "")
			if err != nil {
				t.Error(err)
			}
			results[i] = facts
		})
	}
	group.Wait()
	for _, r := range results {
		if r != results[0] {
			t.Fatal("two parses of one text")
		}
	}
}

func TestACallerThatGivesUpLeavesTheOthersTheirResult(t *testing.T) {
	p := newPool(t, nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Parse(gone, "select 1", ""); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := p.Parse(t.Context(), "select 1", ""); err != nil {
		t.Fatal(err)
	}
}

func TestAClosedPoolRefuses(t *testing.T) {
	p := newPool(t, nil)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(t.Context(), "select 2", ""); !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v", err)
	}
}

func TestAPoolWithoutAProgramSaysSo(t *testing.T) {
	_, err := New(Config{Command: []string{"/nonexistent/weir"}})
	if err == nil || !strings.Contains(err.Error(), "start a parse worker") {
		t.Fatalf("got %v", err)
	}
}
