package copydata

import (
	"bytes"
	"errors"
	"fmt"
)

// Cell masks the values of one column: see mask.Cell.
type Cell interface {
	// Mask appends what the client gets instead of value to dst, or says that it gets
	// NULL. value is not nil, and valid during the call.
	Mask(dst, value []byte) (out []byte, null bool)
}

// Blind is what a Cell may be, too.
type Blind interface {
	// Blind says that what Mask gives does not depend on the value, so that it need
	// not be kept.
	Blind() bool
}

// ErrTooLong says that a value which must be looked at whole is longer than the
// stream may keep.
var ErrTooLong = errors.New("a value of COPY is too long to be masked")

// Stream rewrites the data of one COPY. It keeps of them at most one value of a
// masked column, twice while it is being masked, and allocates nothing for a row.
type Stream struct {
	format  Format
	columns []column
	most    int
	err     error
	rows    int64
	special [256]bool // bytes that end a stretch of a value

	at     int  // the column that comes
	begun  bool // something of the row has come
	header bool // the row is the line of names
	ended  bool // the end marker or the trailer has come
	state  state
	value  []byte // of a masked column, as it came
	plain  []byte // and without its escapes
	masked []byte
	length int // bytes of the field that have come, or in binary are to come
	octets int // of a number or of the signature, that have come
	number uint32
}

type column struct {
	cell   Cell // nil: the values pass as they are
	blind  bool
	forced bool // FORCE_QUOTE
}

// state is where in a field a stream is.
type state uint8

const (
	fieldBegins state = iota
	fieldPlain
	fieldEscaped    // text: behind a backslash
	fieldQuoted     // CSV: inside of quotes
	fieldInEscape   // CSV: behind the escape, where it is not the quote
	fieldQuoteEnds  // CSV: behind a quote, that ends the value or is doubled
	markerBegins    // text: behind a backslash that begins a line
	markerEnds      // text: behind "\." at the beginning of a line
	binarySignature // and the flags
	binaryExtension // the length of the header's extension
	binarySkips     // the extension
	binaryTuple     // the number of a row's fields
	binaryLength    // of a field
	binaryValue     // the field
)

// New makes a Stream. cells has an entry for each column, nil for one that passes,
// and names what they are called, "" where that is not known. most is how many bytes
// of one value are kept.
func New(f Format, cells []Cell, names []string, most int) *Stream {
	s := &Stream{format: f, columns: make([]column, len(cells)), most: most, header: f.Header}
	for i, c := range cells {
		s.columns[i].cell = c
		if b, ok := c.(Blind); ok {
			s.columns[i].blind = b.Blind()
		}
		s.columns[i].forced = f.forced(names[i])
	}
	switch f.Kind {
	case Binary:
		s.state = binarySignature
	case CSV:
		s.special[f.Quote] = true
	default:
		s.special['\\'] = true
	}
	s.special[f.Delimiter], s.special['\n'], s.special['\r'] = true, true, true
	return s
}

// Rows is how many rows have come to their end.
func (s *Stream) Rows() int64 { return s.rows }

// Err says why the stream cannot go on, nil if it can.
func (s *Stream) Err() error { return s.err }

// Feed takes the next piece of the data, of any size, and appends what the client may
// have. After an error nothing more is to be sent, also nothing of what is appended.
func (s *Stream) Feed(dst, p []byte) ([]byte, error) {
	if s.err != nil {
		return dst, s.err
	}
	if s.ended && len(p) > 0 {
		s.fail("data behind the end")
		return dst, s.err
	}
	switch s.format.Kind {
	case Binary:
		dst = s.binary(dst, p)
	case CSV:
		dst = s.csv(dst, p)
	default:
		dst = s.text(dst, p)
	}
	return dst, s.err
}

// End is called at the end of the data: these must be whole.
func (s *Stream) End() error {
	switch {
	case s.err != nil:
	case s.format.Kind == Binary && !s.ended:
		s.fail("no trailer")
	case s.format.Kind == Text && s.state == markerEnds:
	case s.begun:
		s.fail("the last row is not whole")
	}
	return s.err
}

func (s *Stream) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("the data of COPY are not as expected in row %d: %s", s.rows+1, fmt.Sprintf(format, args...))
	}
}

// take takes a part of the field that comes: one that is masked is kept, any other
// passes.
func (s *Stream) take(dst, p []byte) []byte {
	s.begun = true
	c := s.cell()
	if c == nil {
		return append(dst, p...)
	}
	s.length += len(p)
	if c.blind && s.length > len(s.format.Null) {
		return dst // it is not NULL, and no more matters
	}
	if s.length > s.most {
		s.tooLong()
		return dst
	}
	s.value = append(s.value, p...)
	return dst
}

func (s *Stream) tooLong() {
	s.err = fmt.Errorf("%w: more than %d bytes in column %d of row %d", ErrTooLong, s.most, s.at+1, s.rows+1)
}

// cell is what masks the field that comes, nil for nothing.
func (s *Stream) cell() *column {
	if s.header || s.at >= len(s.columns) || s.columns[s.at].cell == nil {
		return nil
	}
	return &s.columns[s.at]
}

// fieldEnds writes a masked value, and goes to the next column. newline says that it
// is the row's last one.
func (s *Stream) fieldEnds(dst []byte, newline bool) []byte {
	if len(s.columns) == 0 && s.begun || !newline && s.at+1 >= len(s.columns) {
		s.fail("more than %d columns", len(s.columns))
		return dst
	}
	if c := s.cell(); c != nil {
		dst = s.write(dst, c)
		s.value = s.value[:0]
	}
	s.state, s.length = fieldBegins, 0
	if !newline {
		s.at, s.begun = s.at+1, true
		return append(dst, s.format.Delimiter)
	}
	if s.at+1 < len(s.columns) {
		s.fail("%d columns instead of %d", s.at+1, len(s.columns))
		return dst
	}
	s.at, s.begun = 0, false
	if s.header {
		s.header = false
	} else {
		s.rows++
	}
	return append(dst, '\n')
}

// write writes what the client gets instead of the value that was kept.
func (s *Stream) write(dst []byte, c *column) []byte {
	f := &s.format
	if s.length == len(f.Null) && string(s.value) == f.Null {
		return append(dst, f.Null...)
	}
	plain := s.value
	ok := true
	switch {
	case c.blind:
	case f.Kind == Text && bytes.IndexByte(s.value, '\\') >= 0:
		s.plain, ok = appendUnescaped(s.plain[:0], s.value)
		plain = s.plain
	case f.Kind == CSV && len(s.value) > 0 && s.value[0] == f.Quote:
		s.plain, ok = f.appendUnquoted(s.plain[:0], s.value)
		plain = s.plain
	}
	if !ok {
		s.fail("a malformed value in column %d", s.at+1)
		return dst
	}
	if plain == nil {
		plain = []byte{} // which is not NULL
	}
	masked, null := c.cell.Mask(s.masked[:0], plain)
	s.masked = masked
	switch {
	case null:
		return append(dst, f.Null...)
	case !c.blind && bytes.Equal(masked, plain): // as where nothing is found in it
		return append(dst, s.value...)
	case f.Kind == CSV:
		return f.appendCSV(dst, masked, c.forced, len(s.columns) == 1)
	}
	return f.appendText(dst, masked)
}

// Held is how many bytes of a value are kept that has not come whole.
func (s *Stream) Held() int { return len(s.value) }
