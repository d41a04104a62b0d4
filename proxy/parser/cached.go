package parser

import "github.com/weirgate/weir/policy/statement"

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
