package parser

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// Texts of one template share an entry. Where the facts depend on some of the
// literals, the template's entry only says on which, and there is an entry with
// facts for each of the values that these took.

// shared gives the facts of a template's text, nil where none are known.
func (c *cache) shared(t *statement.Template, key string) *statement.Facts {
	if t.Literals() == 0 {
		return nil
	}
	text := view(t.Key())
	hash := c.hash(text, key)
	s := c.shard(hash)
	s.mu.Lock()
	e := s.find(hash, sharedText, text, key)
	if e == nil || e.facts != nil {
		defer s.mu.Unlock()
		if e == nil {
			return nil
		}
		s.hits++
		s.templateHits++
		return e.facts
	}
	pinned := e.pinned // is not changed any more
	s.mu.Unlock()

	t.Pin(pinned)
	text = view(t.Key())
	hash = c.hash(text, key)
	s = c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e = s.find(hash, pinnedText, text, key); e == nil {
		return nil
	}
	s.hits++
	s.templateHits++
	return e.facts
}

// share keeps the facts of a text for all that share them. What a template pins
// only grows, so that what is found by fewer literals is never taken for what
// needs more.
func (c *cache) share(t *statement.Template, key string, r *outcome) {
	text := view(t.Key())
	hash := c.hash(text, key)
	s := c.shard(hash)
	s.mu.Lock()
	old := s.find(hash, sharedText, text, key)
	sharing := r.sharing
	if old != nil {
		sharing = sharing.Both(statement.Sharing{Shared: true, Pinned: old.pinned})
	}
	if old == nil || !slices.Equal(sharing.Pinned, old.pinned) {
		if old != nil {
			s.remove(old)
		}
		e := &entry{kind: sharedText, text: strings.Clone(text), key: key, hash: hash, pinned: sharing.Pinned}
		payload := 0
		if len(sharing.Pinned) == 0 {
			e.facts, payload = r.facts, r.bytes
		}
		s.add(e.weighed(payload))
	}
	s.mu.Unlock()
	if len(sharing.Pinned) == 0 {
		return
	}
	t.Pin(sharing.Pinned)
	text = strings.Clone(view(t.Key()))
	hash = c.hash(text, key)
	s = c.shard(hash)
	s.mu.Lock()
	s.add((&entry{kind: pinnedText, text: text, key: key, hash: hash, facts: r.facts}).weighed(r.bytes))
	s.mu.Unlock()
}
