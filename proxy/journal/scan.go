package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
)

func sortSegments(all []*segment) []*segment {
	sort.SliceStable(all, func(i, k int) bool {
		a, b := all[i].name, all[k].name
		if a.shard != b.shard {
			return a.shard < b.shard
		}
		return a.number < b.number
	})
	return all
}

// lines reads the records of a part of a segment. It passes over NUL bytes and
// damaged lines, and counts them.
type lines struct {
	r      io.ReaderAt
	at     int64 // of the next byte to read into buf
	end    int64
	buf    []byte
	read   int // of buf, already returned
	filled int
	// dropped says that fill has let go of what was in buf.
	dropped bool
	trust   bool // leave the checksum out
	// maxLine bounds the memory that a file without newlines can take.
	maxLine int

	offset  int64 // of the last line returned
	length  int64 // with blanks and newline
	damaged int   // lines that were not records
	nuls    int64 // NUL bytes passed over
}

func newLines(r io.ReaderAt, from, end int64, trust bool) *lines {
	size := min(max(end-from, 4<<10), 256<<10)
	return &lines{r: r, at: from, end: end, buf: make([]byte, size), trust: trust, maxLine: 64 << 20}
}

// next returns the next record's line without blanks and newline, valid until
// the next call; io.EOF after the last one.
func (l *lines) next() ([]byte, error) {
	for {
		line, at, err := l.rawLine()
		if err != nil {
			return nil, err
		}
		start := 0
		if i := bytes.IndexByte(line, 0); i >= 0 {
			// A page that the disk never got, or the rest of a segment. A
			// record may begin after it.
			start = bytes.LastIndexByte(line, 0) + 1
			l.nuls += int64(bytes.Count(line, []byte{0}))
			if i > 0 {
				l.damaged++
			}
		}
		l.offset, l.length = at+int64(start), int64(len(line)-start+1)
		rec := trimBlanks(line[start:])
		if len(rec) == 0 {
			continue
		}
		if !l.trust && !checkLine(rec) || l.trust && !bytes.HasPrefix(rec, []byte(lineStart)) {
			l.damaged++
			continue
		}
		return rec, nil
	}
}

// rawLine returns what comes up to the next newline. What comes after the last
// newline is no record.
func (l *lines) rawLine() (line []byte, at int64, err error) {
	for from := l.read; ; {
		if i := bytes.IndexByte(l.buf[from:l.filled], '\n'); i >= 0 {
			line = l.buf[l.read : from+i]
			at = l.at - int64(l.filled-l.read)
			l.read = from + i + 1
			return line, at, nil
		}
		scanned := l.filled - l.read
		if err := l.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				l.tail()
			}
			return nil, 0, err
		}
		from = l.read + scanned
		if l.dropped {
			from, l.dropped = l.read, false
		}
	}
}

// tail counts what is left after the last newline.
func (l *lines) tail() {
	rest := l.buf[l.read:l.filled]
	n := bytes.Count(rest, []byte{0})
	l.nuls += int64(n)
	if len(bytes.Trim(rest, "\x00 ")) > 0 {
		l.damaged++
	}
	l.read = l.filled
}

func (l *lines) fill() error {
	if l.at >= l.end {
		return io.EOF
	}
	if l.read > 0 {
		l.filled = copy(l.buf, l.buf[l.read:l.filled])
		l.read = 0
	}
	if l.filled == len(l.buf) {
		// Long runs of NUL need not be kept to find the next record.
		if l.buf[0] == 0 && bytes.Count(l.buf, []byte{0}) == len(l.buf) {
			l.nuls += int64(l.filled)
			l.filled, l.dropped = 0, true
		} else if len(l.buf) >= l.maxLine {
			l.damaged++
			l.filled, l.dropped = 0, true
		} else {
			l.buf = append(l.buf, make([]byte, len(l.buf))...)
		}
	}
	want := min(int64(len(l.buf)-l.filled), l.end-l.at)
	n, err := l.r.ReadAt(l.buf[l.filled:l.filled+int(want)], l.at)
	l.filled += n
	l.at += int64(n)
	switch {
	case n > 0:
		return nil
	case err == nil || errors.Is(err, io.EOF):
		l.end = l.at // the file is shorter than it was said to be
		return io.EOF
	}
	return fmt.Errorf("reading a segment: %w", err)
}
