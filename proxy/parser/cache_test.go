package parser

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/statement"
)

func TestTheCacheStaysWithinItsBytesAndForgetsTheOldest(t *testing.T) {
	c := newCache(64 << 10)
	total := 0
	for i := range 2000 {
		text := fmt.Sprintf("select %d", i)
		hash := c.hash(text, "")
		s := c.shard(hash)
		s.mu.Lock()
		s.add(newEntry(hash, &flight{text: text, facts: &statement.Facts{}}, 10))
		if s.bytes > s.limit {
			t.Fatalf("%d bytes of %d", s.bytes, s.limit)
		}
		s.mu.Unlock()
	}
	kept := func(i int) bool {
		text := fmt.Sprintf("select %d", i)
		hash := c.hash(text, "")
		return c.shard(hash).find(hash, wholeText, text, "") != nil
	}
	for i := range 2000 {
		if kept(i) {
			total++
		}
	}
	if total == 0 || total > 64<<10/entryOverhead || kept(0) || !kept(1999) {
		t.Errorf("%d kept, first %v, last %v", total, kept(0), kept(1999))
	}
	for i := range c.shards {
		s := &c.shards[i]
		for s.oldest != nil {
			s.remove(s.oldest)
		}
		if s.bytes != 0 || len(s.entries) != 0 || s.newest != nil {
			t.Fatalf("shard %d: %d bytes, %d entries left", i, s.bytes, len(s.entries))
		}
	}
}

func TestTextsOfOneHashAreToldApart(t *testing.T) {
	s := &newCache(1 << 20).shards[0]
	texts := []string{"a", "b", "c"}
	for _, text := range texts {
		s.add(&entry{text: text, hash: 7, bytes: 1})
	}
	for _, text := range texts {
		if e := s.find(7, wholeText, text, ""); e == nil || e.text != text {
			t.Errorf("%s: got %v", text, e)
		}
	}
	if s.find(7, wholeText, "a", "another key") != nil {
		t.Error("a key is not looked at")
	}
	s.remove(s.find(7, wholeText, "b", ""))
	if s.find(7, wholeText, "b", "") != nil || s.find(7, wholeText, "a", "") == nil || s.find(7, wholeText, "c", "") == nil {
		t.Error("the wrong one was removed")
	}
}

func TestAKillerIsForgottenAfterAWhileAndWhenThereAreTooMany(t *testing.T) {
	now := time.Unix(0, 0)
	k := newKillers(2, func() time.Time { return now })
	for _, text := range []string{"a", "b", "c"} {
		k.remember(text, ErrParserCrashed, time.Minute)
	}
	if k.known("a") != nil || !errors.Is(k.known("b"), ErrParserCrashed) || k.known("c") == nil {
		t.Error("not the two last ones are known")
	}
	now = now.Add(time.Hour)
	if k.known("c") != nil {
		t.Error("remembered for ever")
	}
}
