package journal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
)

// recovery is what the start found of segments that were not sealed.
type recovery struct {
	segments int   // that were cut and sealed
	removed  int   // that held no record
	cut      int64 // bytes of half-written records
	damaged  int   // lines in the middle that are no records (a power failure, not a kill)
}

// recoverSegments seals what a killed process left open.
func recoverSegments(segments []*segment, log *slog.Logger) ([]*segment, error) {
	var found recovery
	kept := segments[:0]
	for _, g := range segments {
		if g.sealed.Load() {
			kept = append(kept, g)
			continue
		}
		removed, err := g.recover(&found)
		if err != nil {
			return nil, fmt.Errorf("recovering %s: %w", g.path(), err)
		}
		if removed {
			found.removed++
			continue
		}
		found.segments++
		kept = append(kept, g)
	}
	if found.segments > 0 || found.removed > 0 {
		log.Info("journal recovered from an unclean stop", "segments", found.segments, "empty", found.removed,
			"bytes_cut", found.cut, "damaged_lines", found.damaged)
	}
	return kept, nil
}

func (g *segment) recover(found *recovery) (removed bool, err error) {
	f, err := os.OpenFile(g.path(), os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	scan := newLines(f, 0, g.committed.Load(), false)
	var last int64 // end of the last record
	records, damaged := 0, 0
	for {
		line, err := scan.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, err
		}
		last = scan.offset + scan.length
		damaged = scan.damaged
		if h, ok := parseHeader(line); !ok || h.kind != KindSegmentStart {
			records++
		}
	}
	if records == 0 {
		return true, os.Remove(g.path())
	}
	found.damaged += damaged
	torn, err := fillHoles(f, last, g.committed.Load())
	if err != nil {
		return false, err
	}
	found.cut += torn
	if err := f.Truncate(last); err != nil {
		return false, err
	}
	if err := f.Sync(); err != nil {
		return false, err
	}
	g.committed.Store(last)
	return false, g.rename()
}

// fillHoles makes NUL bytes before end into blanks, so that tools which read
// JSON are not stopped by a page that a power failure lost. It returns how many
// bytes other than NUL come after end.
func fillHoles(f *os.File, end, size int64) (torn int64, err error) {
	buf := make([]byte, min(size, 1<<20))
	for at := int64(0); at < size; {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		if n == 0 {
			if errors.Is(err, io.EOF) {
				break
			}
			return torn, err
		}
		changed := false
		for i, c := range buf[:n] {
			if at+int64(i) >= end {
				if c != 0 {
					torn++
				}
			} else if c == 0 {
				// The record after a hole begins a line of its own.
				buf[i], changed = ' ', true
				if i+1 == n || buf[i+1] != 0 {
					buf[i] = '\n'
				}
			}
		}
		if changed {
			if _, err := f.WriteAt(buf[:min(int64(n), end-at)], at); err != nil {
				return torn, err
			}
		}
		at += int64(n)
	}
	return torn, nil
}
