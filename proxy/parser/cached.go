package parser

import (
	"context"

	"github.com/weirgate/weir/policy/statement"
)

// Cached gives the facts of a text, or the error that it is known to have,
// without waiting; ok is false when neither it nor, as far as its facts go, one
// that differs from it in literals only was parsed yet.
func (p *Pool) Cached(text []byte) (facts *statement.Facts, err error, ok bool) { //nolint:revive // the error is the text's and comes with ok
	const key = ""
	hash := p.cache.hash(view(text), key)
	s := p.cache.shard(hash)
	s.mu.Lock()
	if e := s.find(hash, wholeText, view(text), key); e != nil {
		s.hits++
		s.mu.Unlock()
		return e.facts, e.err, true
	}
	s.mu.Unlock()
	// An error of Scan is found again by whoever parses the text.
	facts, _ = p.shared(view(text), key)
	return facts, nil, facts != nil
}

// Body gives the facts of what stands inside a function or procedure, of which
// definition is the CREATE FUNCTION: see statement.ParseBody. Errors are as those of
// Parse.
func (p *Pool) Body(ctx context.Context, definition string) (*statement.Facts, error) {
	if err := statement.Scan(definition, p.config.Limits); err != nil {
		return nil, err
	}
	const key = "\x00body" // no text of a session is looked up by it
	text := statement.BodyText(definition)
	hash := p.cache.hash(text, key)
	s := p.cache.shard(hash)
	s.mu.Lock()
	if e := s.find(hash, wholeText, text, key); e != nil {
		s.hits++
		s.mu.Unlock()
		return e.facts, e.err
	}
	s.misses++
	s.mu.Unlock()
	return p.miss(ctx, hash, text, key)
}

// scan reads a text that is about to be parsed into a template. A question about a
// body, which was scanned, has no literals that may differ.
func (p *Pool) scan(t *statement.Template, text string) error {
	if statement.IsBodyText(text) {
		return nil
	}
	return t.Read(text, p.config.Limits)
}
