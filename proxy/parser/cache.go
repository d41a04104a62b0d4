package parser

import (
	"hash/maphash"
	"sync"
	"unsafe"

	"github.com/weirgate/weir/policy/statement"
)

// cache keeps facts, and the errors that are the text's own, by the exact text or
// by its template, and by the settings under which it was parsed. It is bounded in
// bytes, parted into shards so that sessions do not wait for each other, and a hit
// allocates nothing.
type cache struct {
	seed   maphash.Seed
	shards [shardCount]shard
}

const (
	shardCount    = 16 // a power of two
	entryOverhead = 160
)

type shard struct {
	mu      sync.Mutex
	entries map[uint64]*entry // by hash; entries of one hash are chained
	flights map[uint64]*flight
	newest  *entry
	oldest  *entry
	bytes   int
	limit   int

	hits, misses, templateHits uint64
	_                          [64]byte // shards do not share a cache line
}

// kind says what an entry's text is. Before it is scanned, a text can look like
// the key of a template.
type kind uint8

const (
	wholeText  kind = iota
	sharedText      // a template's key
	pinnedText      // a template's key with the literals that the facts depend on
)

// entry is one text, or all of one template, and what it turned out to be.
type entry struct {
	kind         kind
	text, key    string
	hash         uint64
	pinned       []int // of a template: the literals by which its facts differ; then they are elsewhere
	facts        *statement.Facts
	err          error
	bytes        int
	chain        *entry
	newer, older *entry
}

// flight is a parse under way that several callers wait for. Its fields but done
// are written once, before done is closed; waiting is guarded by the shard.
type flight struct {
	text, key string
	chain     *flight
	waiting   int
	abandon   func()
	done      chan struct{}
	facts     *statement.Facts
	err       error
}

func newCache(bytes int) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].entries = make(map[uint64]*entry)
		c.shards[i].flights = make(map[uint64]*flight)
		c.shards[i].limit = bytes / shardCount
	}
	return c
}

func (c *cache) hash(text, key string) uint64 {
	return maphash.String(c.seed, text) ^ maphash.String(c.seed, key)*0x9e3779b97f4a7c15
}

func (c *cache) shard(hash uint64) *shard { return &c.shards[hash>>(64-4)] }

// view looks at bytes as a string, for a lookup that keeps nothing.
func view(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

// find gives the entry of a text and makes it the newest. The caller holds mu.
func (s *shard) find(hash uint64, kind kind, text, key string) *entry {
	for e := s.entries[hash]; e != nil; e = e.chain {
		if e.kind == kind && e.text == text && e.key == key {
			if s.newest != e {
				s.unlink(e)
				s.link(e)
			}
			return e
		}
	}
	return nil
}

// add keeps an entry and forgets the oldest beyond the limit. One that would take
// more than a quarter of the shard is not kept. The caller holds mu.
func (s *shard) add(e *entry) {
	if e.bytes > s.limit/4 || s.find(e.hash, e.kind, e.text, e.key) != nil {
		return
	}
	e.chain = s.entries[e.hash]
	s.entries[e.hash] = e
	s.link(e)
	s.bytes += e.bytes
	for s.bytes > s.limit && s.oldest != nil {
		s.remove(s.oldest)
	}
}

func (s *shard) remove(e *entry) {
	s.unlink(e)
	s.bytes -= e.bytes
	if s.entries[e.hash] == e {
		if e.chain == nil {
			delete(s.entries, e.hash)
		} else {
			s.entries[e.hash] = e.chain
		}
		return
	}
	for p := s.entries[e.hash]; p != nil; p = p.chain {
		if p.chain == e {
			p.chain = e.chain
			return
		}
	}
}

func (s *shard) link(e *entry) {
	e.older, e.newer = s.newest, nil
	if s.newest != nil {
		s.newest.newer = e
	}
	s.newest = e
	if s.oldest == nil {
		s.oldest = e
	}
}

func (s *shard) unlink(e *entry) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		s.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		s.oldest = e.newer
	}
}

func (s *shard) findFlight(hash uint64, text, key string) *flight {
	for f := s.flights[hash]; f != nil; f = f.chain {
		if f.text == text && f.key == key && f.waiting > 0 { // nobody waits: it is being abandoned
			return f
		}
	}
	return nil
}

func (s *shard) addFlight(hash uint64, f *flight) {
	f.chain = s.flights[hash]
	s.flights[hash] = f
}

func (s *shard) removeFlight(hash uint64, f *flight) {
	if s.flights[hash] == f {
		if f.chain == nil {
			delete(s.flights, hash)
		} else {
			s.flights[hash] = f.chain
		}
		return
	}
	for p := s.flights[hash]; p != nil; p = p.chain {
		if p.chain == f {
			p.chain = f.chain
			return
		}
	}
}

func newEntry(hash uint64, f *flight, payload int) *entry {
	return (&entry{text: f.text, key: f.key, hash: hash, facts: f.facts, err: f.err}).weighed(payload)
}

// weighed sets how much memory an entry takes, payload being what its strings do
// that came from a worker.
func (e *entry) weighed(payload int) *entry {
	e.bytes = entryOverhead + len(e.text) + len(e.key) + payload + len(e.pinned)*int(unsafe.Sizeof(0))
	if e.facts != nil {
		e.bytes += e.facts.Size()
	}
	return e
}
