package policy

import (
	"fmt"
	"sync"
	"time"
)

// Rate makes a guard match only what comes faster than it says.
type Rate struct {
	Statements int64         `json:"statements"` // how many may come at once
	Per        time.Duration `json:"per"`        // the time in which they become available again
}

// String gives "100 in 1m0s".
func (r *Rate) String() string { return fmt.Sprintf("%d in %v", r.Statements, r.Per) }

const (
	mostStatements = 1_000_000_000
	longestPer     = 24 * time.Hour
)

func (r *reader) rate(g *Guard, m *mapping) {
	n := m.get("rate")
	if n == nil {
		return
	}
	k := r.mapping(n, "rate")
	statements := k.need("statements", "write rate: {statements: 100, per: 1m}")
	per := k.need("per", "write rate: {statements: 100, per: 1m}")
	k.close()
	count, ok := r.integer(statements, "statements", 1, mostStatements)
	d, okPer := r.duration(per, "per", time.Second, longestPer)
	if ok && okPer {
		g.Rate = &Rate{Statements: count, Per: d}
	}
	if g.Action == Allow {
		r.report(n, "use Deny, RequireApproval or Warn", "rate has no effect with action Allow")
	}
}

// bucket counts what one workload sends that one guard is about. Tokens come
// back evenly. It may go below zero, since several sessions may be judged before
// one of them has sent: what was too much is waited for longer.
type bucket struct {
	rate *Rate

	mu     sync.Mutex
	tokens float64
	last   time.Time // when tokens was true
}

// fill brings the tokens up to date; the lock is held. A clock that goes back
// gives nothing and takes nothing.
func (b *bucket) fill(now time.Time) {
	if b.last.IsZero() {
		b.tokens, b.last = float64(b.rate.Statements), now
		return
	}
	if d := now.Sub(b.last); d > 0 {
		b.tokens = min(b.tokens+float64(b.rate.Statements)*float64(d)/float64(b.rate.Per), float64(b.rate.Statements))
		b.last = now
	}
}

// exceeded says whether one more statement would come too fast.
func (b *bucket) exceeded(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	return b.tokens < 1
}

// spend counts a statement that is sent.
func (b *bucket) spend(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	b.tokens = max(b.tokens-1, -float64(b.rate.Statements))
}

// full says whether the bucket knows nothing that a new one would not.
func (b *bucket) full(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	return b.tokens >= float64(b.rate.Statements)
}

// bucketsKept bounds how many workloads are counted one by one.
const bucketsKept = 1 << 16

type bucketKey struct{ subject, rule string }

// buckets are those of a Bundle.
type buckets struct {
	mu  sync.Mutex
	all map[bucketKey]*bucket
}

// of gives the bucket of a workload for a guard. When there are too many, those
// that are full again are forgotten, which changes nothing; when that makes no
// room, the others share one: counted together rather than not at all.
func (b *buckets) of(subject, rule string, rate *Rate) *bucket {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := bucketKey{subject, rule}
	if found := b.all[key]; found != nil {
		return found
	}
	if b.all == nil {
		b.all = make(map[bucketKey]*bucket)
	}
	if len(b.all) >= bucketsKept {
		b.sweep()
	}
	if len(b.all) >= bucketsKept {
		key.subject = ""
		if found := b.all[key]; found != nil {
			return found
		}
	}
	made := &bucket{rate: rate}
	b.all[key] = made
	return made
}

// sweep forgets buckets that are full; the lock is held.
func (b *buckets) sweep() {
	var now time.Time // the latest time that any of them has heard of
	for _, one := range b.all {
		one.mu.Lock()
		if one.last.After(now) {
			now = one.last
		}
		one.mu.Unlock()
	}
	for key, one := range b.all {
		if key.subject != "" && one.full(now) {
			delete(b.all, key)
		}
	}
}

// Spend counts the statement for the guards with a rate that it meets. It is to
// be called once for each time that the statement is sent to the server.
func (v *Verdict) Spend(now time.Time) {
	for _, b := range v.buckets {
		b.spend(now)
	}
}
