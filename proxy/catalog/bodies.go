package catalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// Bodies gives the facts of what stands inside a function, of which definition is the
// CREATE FUNCTION (statement.ParseBody). It may be called by several goroutines at a
// time.
type Bodies interface {
	Body(ctx context.Context, definition string) (*statement.Facts, error)
}

// text is a definition that is to be read.
type text struct {
	oid        uint32
	definition []byte
}

// bodiesAtOnce is how many bodies are read at a time: no more than leaves room for
// the statements of sessions.
const bodiesAtOnce = 2

// bodies reads the bodies that are kept as text.
func (r *reader) bodies(ctx context.Context, from Bodies) error {
	if from == nil || len(r.texts) == 0 {
		return nil
	}
	var (
		wg     sync.WaitGroup
		next   atomic.Int64
		failed atomic.Pointer[error]
	)
	for range min(bodiesAtOnce, len(r.texts)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(r.texts) || failed.Load() != nil {
					return
				}
				t := r.texts[i]
				facts, err := from.Body(ctx, string(t.definition))
				if err != nil && ctx.Err() != nil {
					err = fmt.Errorf("reading the bodies of functions: %w", context.Cause(ctx))
					failed.Store(&err)
					return
				}
				// Each is its own element: no two goroutines meet.
				f := &r.data.Functions[r.functions[t.oid]]
				f.Body = bodyOf(f.Body, facts, err)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// bodyOf makes a body of its facts. tree is the one that is known as a tree already,
// nil for one that is kept as text: what it does is known without its text.
func bodyOf(tree *catalog.Body, facts *statement.Facts, err error) *catalog.Body {
	switch {
	case tree != nil && err == nil:
		tree.Routine, tree.Atomic = facts.Routine, facts.Statements
		return tree
	case tree != nil:
		return tree
	case err != nil:
		return &catalog.Body{Unread: "has a body that weir cannot read (" + plain(err) + ")"}
	}
	return &catalog.Body{Statements: facts.Statements, Routine: facts.Routine}
}

// plain gives an error without what stands around it.
func plain(err error) string {
	var syntax *statement.SyntaxError
	var unsupported *statement.UnsupportedError
	switch {
	case errors.As(err, &syntax):
		return syntax.Message
	case errors.As(err, &unsupported):
		return unsupported.Error()
	}
	return err.Error()
}
