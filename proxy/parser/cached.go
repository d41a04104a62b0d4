package parser

import "github.com/weirgate/weir/policy/statement"

// Cached gives the facts of a text, or the error that it is known to have,
// without waiting; ok is false when it was not parsed yet.
func (p *Pool) Cached(text []byte) (facts *statement.Facts, err error, ok bool) { //nolint:revive // the error is the text's and comes with ok
	const key = ""
	hash := p.cache.hash(view(text), key)
	s := p.cache.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(hash, view(text), key)
	if e == nil {
		return nil, nil, false
	}
	s.hits++
	return e.facts, e.err, true
}
