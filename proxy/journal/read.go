package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// extent is a part of a segment that may hold what is looked for.
type extent struct {
	segment  *segment
	from, to int64
}

// Reader reads a journal's folder without writing to it, whether or not a
// daemon is writing there.
type Reader struct {
	dir string
}

// OpenReader returns a Reader of the folder.
func OpenReader(dir string) (*Reader, error) {
	if _, err := listSegments(dir); err != nil {
		return nil, err
	}
	return &Reader{dir: dir}, nil
}

// Query yields the records that match f, the newest last. Damaged lines are
// passed over; Verify counts them.
func (r *Reader) Query(ctx context.Context, f Filter) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		all, err := listSegments(r.dir)
		if err != nil {
			yield(nil, err)
			return
		}
		query(ctx, f, wholeExtents(all, f), yield)
	}
}

// Sessions returns the sessions that match f's Since, Until (by their last and
// first record), Session, Workload, Database and Last, in the order in which
// they began. It reads all segments.
func (r *Reader) Sessions(ctx context.Context, f Filter) ([]SessionSummary, error) {
	all, err := listSegments(r.dir)
	if err != nil {
		return nil, err
	}
	t := newTally()
	for line, err := range scanAll(ctx, wholeExtents(all, Filter{Since: f.Since})) {
		if err != nil {
			return nil, err
		}
		if h, ok := parseHeader(line); ok {
			t.add(h, line)
		}
	}
	running := folderInUse(r.dir)
	var found []SessionSummary
	for _, s := range t.sessions {
		if !running {
			s.lose()
		}
		if s.known && s.matches(f) {
			found = append(found, s.SessionSummary)
		}
	}
	return lastSessions(found, f.Last), nil
}

// SessionRecords yields all records of a session.
func (r *Reader) SessionRecords(ctx context.Context, id string) iter.Seq2[*Record, error] {
	return r.Query(ctx, Filter{Session: id})
}

func folderInUse(dir string) bool {
	f, err := os.Open(dir + "/lock")
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// Query yields the records that match f, the newest last.
func (j *Journal) Query(ctx context.Context, f Filter) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		all := j.snapshot()
		extents := wholeExtents(all, f)
		if j.index != nil {
			narrowed, err := j.index.extents(ctx, all, f)
			if err == nil {
				extents = narrowed
			} else if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			} else {
				j.opts.Logger.Warn("the journal's index cannot be read; all segments are read instead", "error", err)
			}
		}
		query(ctx, f, extents, yield)
	}
}

// SessionRecords yields all records of a session.
func (j *Journal) SessionRecords(ctx context.Context, id string) iter.Seq2[*Record, error] {
	return j.Query(ctx, Filter{Session: id})
}

// Sessions returns the sessions that match f's Since, Until (by their last and
// first record), Session, Workload, Database and Last, in the order in which
// they began.
func (j *Journal) Sessions(ctx context.Context, f Filter) ([]SessionSummary, error) {
	if j.index == nil {
		return (&Reader{j.dir}).Sessions(ctx, f)
	}
	return j.index.query(ctx, f)
}

// wholeExtents returns the segments that may hold what f wants, by their name
// and the time of their last change.
func wholeExtents(all []*segment, f Filter) []extent {
	var out []extent
	for _, g := range all {
		// The name has no fractions of a second.
		if !f.Until.IsZero() && g.name.start.After(f.Until) {
			continue
		}
		if !f.Since.IsZero() && g.sealed.Load() {
			// The last change is the cut after the last record. Clocks are
			// set back now and then.
			if info, err := os.Stat(g.path()); err == nil && info.ModTime().Before(f.Since.Add(-time.Minute)) {
				continue
			}
		}
		out = append(out, extent{g, 0, g.committed.Load()})
	}
	return out
}

// query reads the extents, which are sorted by shard and place.
func query(ctx context.Context, f Filter, extents []extent, yield func(*Record, error) bool) {
	m := newMatcher(f)
	var shards [][]extent
	for i, e := range extents {
		if i == 0 || e.segment.name.shard != extents[i-1].segment.name.shard {
			shards = append(shards, nil)
		}
		shards[len(shards)-1] = append(shards[len(shards)-1], e)
	}
	if f.Last > 0 {
		queryLast(ctx, m, shards, yield)
		return
	}
	var streams []*stream
	defer func() {
		for _, s := range streams {
			s.close()
		}
	}()
	for _, ex := range shards {
		s := &stream{m: m, extents: ex}
		streams = append(streams, s)
		if err := s.advance(ctx); err != nil {
			yield(nil, err)
			return
		}
	}
	for {
		var first *stream
		for _, s := range streams {
			if s.line != nil && (first == nil || bytes.Compare(s.header.time, first.header.time) < 0) {
				first = s
			}
		}
		if first == nil {
			return
		}
		r, err := Decode(bytes.Clone(first.line))
		if !yield(r, err) || err != nil {
			return
		}
		if err := first.advance(ctx); err != nil {
			yield(nil, err)
			return
		}
	}
}

// queryLast reads each shard from its end until it has enough.
func queryLast(ctx context.Context, m *matcher, shards [][]extent, yield func(*Record, error) bool) {
	type found struct {
		time string
		line []byte
	}
	var all []found
	for _, extents := range shards {
		var mine []found // the newest extent's first
		for _, e := range slices.Backward(extents) {
			if len(mine) >= m.f.Last {
				break
			}
			var part []found
			s := &stream{m: m, extents: []extent{e}}
			for {
				if err := s.advance(ctx); err != nil {
					s.close()
					yield(nil, err)
					return
				}
				if s.line == nil {
					break
				}
				if part = append(part, found{string(s.header.time), bytes.Clone(s.line)}); len(part) > 2*m.f.Last {
					part = append(part[:0], part[len(part)-m.f.Last:]...)
				}
			}
			s.close()
			mine = append(part, mine...)
		}
		all = append(all, mine[max(0, len(mine)-m.f.Last):]...)
	}
	slices.SortStableFunc(all, func(a, b found) int { return bytes.Compare([]byte(a.time), []byte(b.time)) })
	for _, e := range all[max(0, len(all)-m.f.Last):] {
		r, err := Decode(e.line)
		if !yield(r, err) || err != nil {
			return
		}
	}
}

// stream yields the matching lines of one shard.
type stream struct {
	m       *matcher
	extents []extent
	file    *os.File
	lines   *lines
	line    []byte // nil at the end
	header  header
}

func (s *stream) advance(ctx context.Context) error {
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if s.lines == nil {
			if ok, err := s.open(); !ok {
				s.line = nil
				return err
			}
		}
		line, err := s.lines.next()
		if errors.Is(err, io.EOF) {
			s.close()
			continue
		}
		if err != nil {
			return err
		}
		h, ok := parseHeader(line)
		if ok && (s.m == nil || s.m.match(h, line)) {
			s.line, s.header = line, h
			return nil
		}
	}
}

// open opens the next extent; false at the end.
func (s *stream) open() (bool, error) {
	for len(s.extents) > 0 {
		e := s.extents[0]
		s.extents = s.extents[1:]
		f, err := e.segment.openFile()
		if errors.Is(err, os.ErrNotExist) {
			continue // past its retention meanwhile
		}
		if err != nil {
			return false, fmt.Errorf("reading the journal: %w", err)
		}
		s.file, s.lines = f, newLines(f, e.from, e.to, false)
		return true, nil
	}
	return false, nil
}

func (s *stream) close() {
	if s.file != nil {
		_ = s.file.Close() // only read
	}
	s.file, s.lines = nil, nil
}

// scanAll yields every line of the extents, valid until the next.
func scanAll(ctx context.Context, extents []extent) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s := &stream{extents: extents}
		defer s.close()
		for {
			err := s.advance(ctx)
			if err == nil && s.line == nil {
				return
			}
			if !yield(s.line, err) || err != nil {
				return
			}
		}
	}
}
