package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// Bodies gives the facts of a text, here that of a CREATE FUNCTION. It may be called
// by several goroutines at a time.
type Bodies interface {
	ParseBytes(ctx context.Context, text []byte, key string) (*statement.Facts, error)
}

// bodyKey keeps the texts of functions apart from those of sessions where facts
// are cached.
const bodyKey = "catalog"

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
				facts, err := from.ParseBytes(ctx, t.definition, bodyKey)
				if err != nil && ctx.Err() != nil {
					err = fmt.Errorf("reading the bodies of functions: %w", context.Cause(ctx))
					failed.Store(&err)
					return
				}
				// Each is its own element: no two goroutines meet.
				r.data.Functions[r.functions[t.oid]].Body = bodyOf(facts, err)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// bodyOf makes a body of the facts of the CREATE FUNCTION around it.
func bodyOf(facts *statement.Facts, err error) *catalog.Body {
	switch {
	case err != nil:
		return &catalog.Body{Unread: "has a body that weir cannot read (" + plain(err) + ")"}
	case len(facts.Statements) != 1 || facts.Statements[0].Command != statement.CommandCreate:
		return &catalog.Body{Unread: "has a definition that is not one statement"}
	}
	st := facts.Statements[0]
	// What remains is what the body does: the CREATE itself is not part of it,
	// unless the body makes something too.
	makes := func(o statement.Object) bool { return o.Command == statement.CommandCreate }
	st.Commands = slices.Clone(st.Commands)
	if i := slices.IndexFunc(st.Objects, makes); i >= 0 {
		st.Objects = slices.Delete(slices.Clone(st.Objects), i, i+1)
	}
	if !slices.ContainsFunc(st.Objects, makes) {
		st.Commands = slices.DeleteFunc(st.Commands, func(c statement.Command) bool { return c == statement.CommandCreate })
	}
	if len(st.Commands) > 0 {
		st.Command = st.Commands[0]
	} else {
		st.Command = statement.CommandSelect
	}
	return &catalog.Body{Statements: []statement.Statement{st}}
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
