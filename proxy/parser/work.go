package parser

import (
	"context"
	"errors"
	"os"
	"time"
)

// work has one text parsed by a worker; literals is how many its template marks. A
// result without an error is the text's own and can be kept. A worker that was dead
// before it took the text is replaced and the text goes to another.
func (p *Pool) work(ctx context.Context, text string, literals int) (outcome, error) {
	wait := time.NewTimer(p.config.Wait)
	defer wait.Stop()
	if cap(p.large) > 0 && weight(text) > largeText {
		select {
		case p.large <- struct{}{}:
			defer func() { <-p.large }()
		case <-ctx.Done():
			return outcome{}, p.cancelled(ctx)
		case <-wait.C:
			return outcome{}, ErrParserUnavailable
		}
	}
	for {
		var w *worker
		select {
		case w = <-p.idle:
		case <-ctx.Done():
			return outcome{}, p.cancelled(ctx)
		case <-wait.C:
			return outcome{}, ErrParserUnavailable
		}
		if p.ctx.Err() != nil {
			p.idle <- w // Close ends it
			return outcome{}, ErrClosed
		}
		if w.dead() {
			p.replace(w)
			continue
		}
		r, err := w.parse(text, literals, time.Now().Add(p.allowance(len(text))))
		if err == nil && exhausted(r.verdict) {
			// What the worker holds still may not be given back: the next starts anew.
			p.replace(w)
			verdict := p.explained(ErrParserMemory, len(text))
			p.killers.remember(text, verdict, deadlineMemory)
			return outcome{}, verdict
		}
		if err == nil {
			p.idle <- w
			return r, nil
		}
		p.replace(w)
		if errors.Is(err, errUndelivered) {
			continue
		}
		return outcome{}, p.blame(text, err)
	}
}

// A text of more weight may keep a worker for more than about 40 ms on an idle machine. So
// many of them at a time leave one worker to the others.
const largeText = 128 << 10

// A text of so many bytes gets the deadline's time once more.
const deadlineBytes = 512 << 10

// allowance is the time that a text may take. Large texts need more for honest
// reasons: one MiB takes about 0.3 s on an idle machine.
func (p *Pool) allowance(length int) time.Duration {
	return p.config.Deadline * time.Duration(1+length/deadlineBytes)
}

func (p *Pool) cancelled(ctx context.Context) error {
	if p.ctx.Err() != nil {
		return ErrClosed
	}
	return ctx.Err()
}

// blame says what became of a text whose worker is no more, and remembers it.
func (p *Pool) blame(text string, err error) error {
	if p.ctx.Err() != nil {
		return ErrClosed
	}
	verdict, memory := ErrParserCrashed, crashMemory
	if errors.Is(err, os.ErrDeadlineExceeded) {
		verdict, memory = ErrParserDeadline, deadlineMemory
		p.deadlines.Add(1)
	} else {
		p.crashes.Add(1)
	}
	p.config.Logger.Warn("a parse worker was lost to a text", "reason", err, "bytes", len(text))
	verdict = p.explained(verdict, len(text))
	p.killers.remember(text, verdict, memory)
	return verdict
}

// Stats are counts since the pool was started.
type Stats struct {
	Hits, Misses       uint64 // of the cache
	TemplateHits       uint64 // those of Hits whose text was not seen before, but its template
	Entries, Bytes     int    // in the cache now
	Crashes, Deadlines uint64 // texts that a worker died of, or did not finish
	Restarts           uint64 // workers replaced for any reason
}

// Stats gives the counts. It takes every shard's lock for a moment.
func (p *Pool) Stats() Stats {
	st := Stats{Crashes: p.crashes.Load(), Deadlines: p.deadlines.Load(), Restarts: p.restarts.Load()}
	for i := range p.cache.shards {
		s := &p.cache.shards[i]
		s.mu.Lock()
		st.Hits += s.hits
		st.Misses += s.misses
		st.TemplateHits += s.templateHits
		st.Bytes += s.bytes
		for _, e := range s.entries {
			for ; e != nil; e = e.chain {
				st.Entries++
			}
		}
		s.mu.Unlock()
	}
	return st
}
