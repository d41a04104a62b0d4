package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Report is what Verify found.
type Report struct {
	Segments int
	Sealed   int
	Records  int64
	Sessions int
	// Damaged counts lines in sealed segments that are no records or whose
	// checksum is wrong; Problems says where, and what is missing: numbers of
	// segments, and records of sessions.
	Damaged  int
	Problems []string
}

// maxProblems bounds the Problems of a report.
const maxProblems = 100

// Verify reads all segments and looks for damage and gaps. It may be called
// while a daemon writes.
func (r *Reader) Verify(ctx context.Context) (*Report, error) {
	all, err := listSegments(r.dir)
	if err != nil {
		return nil, err
	}
	rep := new(Report)
	next := make(map[string]uint64)
	for i, g := range all {
		if i > 0 && g.name.shard == all[i-1].name.shard && g.name.number == all[i-1].name.number {
			rep.problem("two segments have the number of %s", g.name)
		}
		if err := rep.read(ctx, g, next); err != nil {
			return nil, err
		}
	}
	rep.Sessions = len(next)
	return rep, nil
}

func (rep *Report) problem(format string, args ...any) {
	if len(rep.Problems) < maxProblems {
		rep.Problems = append(rep.Problems, fmt.Sprintf(format, args...))
	}
}

func (rep *Report) read(ctx context.Context, g *segment, next map[string]uint64) error {
	file, err := g.openFile()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("verifying the journal: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	rep.Segments++
	sealed := g.sealed.Load()
	scan := newLines(file, 0, g.committed.Load(), false)
	for n := 0; ; n++ {
		line, err := scan.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("verifying %s: %w", g.name, err)
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rep.Records++
		h, ok := parseHeader(line)
		if !ok || h.kind == KindSegmentStart {
			continue
		}
		want, known := next[string(h.session)]
		if known && h.seq != want {
			rep.problem("%s at %d: session %s goes on with record %d, not %d", g.name, scan.offset, h.session, h.seq, want)
		}
		next[string(h.session)] = h.seq + 1
	}
	if sealed {
		rep.Sealed++
		rep.Damaged += scan.damaged
		if scan.damaged > 0 {
			rep.problem("%s: %d damaged lines", g.name, scan.damaged)
		}
	}
	return nil
}
