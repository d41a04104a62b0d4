package journal

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// telling collects what the index is to know of the records that are appended to a
// segment, so that it needs not read them again. It belongs to the segment's shard
// and is used under its lock until it is taken.
type telling struct {
	from   int64 // where it begins in the segment
	blocks []*toldBlock
	notes  []*note
	lines  [][]byte // records about sessions themselves, which are read
	size   int      // of lines and notes, in bytes
}

// tellingRoom bounds the lines and notes of a telling, in bytes. Beyond, when very
// many sessions begin at a time, nothing is told and the index reads.
const (
	tellingRoom = 128 << 10
	noteSize    = 256
)

// toldBlock is what a block will say.
type toldBlock struct {
	start, end              int64
	first, last             time.Time
	records, masked, failed int64
	verdicts                []string
	notes                   []*note
}

// note counts the records of one session in a telling.
type note struct {
	in      *telling
	block   *toldBlock // the last one that it was put into
	session *Session
	last    time.Time

	statements, denied, held, failed, masked, rows, bytes int64
}

// tell notes the record of n bytes at at. The shard's lock is held.
func (g *segment) tell(s *Session, e *entry, now time.Time, at, n int) {
	t := g.told
	if t == nil {
		return
	}
	var b *toldBlock
	if i := len(t.blocks) - 1; i >= 0 && t.blocks[i].end-t.blocks[i].start < blockSize {
		b = t.blocks[i]
	} else {
		b = &toldBlock{start: int64(at), first: now, last: now}
		t.blocks = append(t.blocks, b)
	}
	b.end = int64(at + n)
	b.records++
	if now.After(b.last) {
		b.last = now
	} else if now.Before(b.first) {
		b.first = now
	}
	if e.kind == KindSegmentStart {
		return
	}
	c := s.note
	if c == nil || c.in != t {
		c = &note{in: t, session: s}
		s.note = c
		t.notes = append(t.notes, c)
		t.size += noteSize
	}
	if c.block != b {
		c.block = b
		b.notes = append(b.notes, c)
	}
	c.last = now
	verdict := ""
	switch e.kind {
	case KindStatementBegin:
		c.statements++
		verdict = e.begin.Verdict
	case KindStatementEnd:
		c.rows += e.end.Rows
		c.bytes += max(e.end.Bytes, 0)
		if e.end.outcome() == OutcomeFailed {
			c.failed++
			b.failed++
		}
		if !e.least {
			verdict = e.st.verdict
			if len(e.end.Masked) > 0 {
				c.masked++
				b.masked++
			}
		}
	case KindStatementDenied:
		c.denied++
		verdict = e.denied.Verdict
	case KindSessionStart, KindSessionContinued, KindSessionEnd:
		t.size += n
		t.lines = append(t.lines, bytes.Clone(g.data[at:at+n]))
	default:
		if e.kind == KindStatementHeld {
			c.held++
		}
		verdict = e.event.Verdict
	}
	if verdict != "" && !slices.Contains(b.verdicts, verdict) && len(b.verdicts) < 32 {
		b.verdicts = append(b.verdicts, strings.Clone(verdict)) // so that nothing of the entry is kept
	}
	if t.size > tellingRoom {
		g.told = nil
	}
}

// takeTold gives what was told of the segment since it was last taken, and up to
// where; nil when it has to be read.
func (g *segment) takeTold() (t *telling, end int64) {
	if g.owner == nil {
		return nil, g.committed.Load()
	}
	g.owner.mu.Lock()
	defer g.owner.mu.Unlock()
	t, end = g.told, g.committed.Load()
	g.told = &telling{from: end}
	return t, end
}

// take counts what was told, and gives it as blocks.
func (x *index) take(t *telling) []*block {
	var blocks []*block
	for _, told := range t.blocks {
		b := x.newBlock(told.start)
		b.end = told.end
		b.first, b.last = told.first.UTC().Format(timeFormat), told.last.UTC().AppendFormat(nil, timeFormat)
		b.records, b.masked, b.failed, b.verdicts = told.records, told.masked, told.failed, told.verdicts
		for _, c := range told.notes {
			b.sessions = append(b.sessions, sessionHash([]byte(c.session.id)))
		}
		blocks = append(blocks, b)
	}
	for _, c := range t.notes {
		s := x.tally.session([]byte(c.session.id))
		s.last = c.last.UTC().AppendFormat(s.last[:0], timeFormat)
		s.dirty = true
		s.Statements += c.statements
		s.Denied += c.denied
		s.Held += c.held
		s.Failed += c.failed
		s.Masked += c.masked
		s.Rows += c.rows
		s.Bytes += c.bytes
	}
	for _, line := range t.lines {
		line = trimBlanks(bytes.TrimSuffix(line, []byte{'\n'}))
		if h, ok := parseHeader(line); ok {
			x.tally.session(h.session).learn(h, line)
		}
	}
	return blocks
}
