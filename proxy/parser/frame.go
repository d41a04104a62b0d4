package parser

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/weirgate/weir/policy/statement"
)

// A request is a length of four bytes and a text. A response is a length, one
// byte that says of which kind it is, and the rest.
const (
	headerLength = 4

	kindFacts       = 'f' // encoded: which texts share the facts, then the facts
	kindSyntax      = 's' // cursor as a varint, message
	kindUnsupported = 'u' // construct
	kindScan        = 'n' // offset as a varint, reason
)

// The longest response that is believed, in relation to the text. A worker says
// kindUnsupported rather than write a longer one.
func longestResponse(text int) int { return 4096 + 200*text }

// respond parses one text and appends the response to b.
func respond(b []byte, text string) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	facts, sharing, err := statement.ParseText(text)
	var (
		syntax      *statement.SyntaxError
		unsupported *statement.UnsupportedError
		scan        *statement.ScanError
	)
	switch {
	case err == nil:
		b = statement.Encode(statement.EncodeSharing(append(b, kindFacts), sharing), facts)
	case errors.As(err, &syntax):
		b = append(binary.AppendUvarint(append(b, kindSyntax), uint64(syntax.Cursor)), syntax.Message...)
	case errors.As(err, &scan):
		b = append(binary.AppendUvarint(append(b, kindScan), uint64(scan.Offset)), scan.Reason...)
	case errors.As(err, &unsupported):
		b = append(append(b, kindUnsupported), unsupported.Construct...)
	default:
		b = append(append(b, kindUnsupported), err.Error()...)
	}
	if len(b)-start-headerLength > longestResponse(len(text)) {
		b = append(append(b[:start+headerLength], kindUnsupported), "more parts than can be kept track of"...)
	}
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-headerLength))
	return b
}

var errResponse = errors.New("malformed response")

// outcome is what a worker says of a text.
type outcome struct {
	facts   *statement.Facts
	sharing statement.Sharing // of the facts
	verdict error             // the text's own error; then there are no facts
	bytes   int               // of the response
}

// extent is what the bounds of a response are taken from.
type extent struct {
	bytes    int // of the text
	literals int // that its template marks
}

// answer takes a response apart. err is what is wrong with the response.
func answer(payload []byte, text extent) (r outcome, err error) {
	r.bytes = len(payload)
	if len(payload) == 0 {
		return r, errResponse
	}
	kind, rest := payload[0], payload[1:]
	switch kind {
	case kindFacts:
		if r.sharing, rest, err = statement.DecodeSharing(rest, text.literals); err == nil {
			r.facts, err = statement.Decode(rest)
		}
		return r, err
	case kindUnsupported:
		r.verdict = &statement.UnsupportedError{Construct: printable(rest)}
		return r, nil
	case kindSyntax, kindScan:
		place, n := binary.Uvarint(rest)
		if n <= 0 || place > uint64(text.bytes)+1 {
			return r, errResponse
		}
		if kind == kindSyntax {
			r.verdict = &statement.SyntaxError{Message: printable(rest[n:]), Cursor: int(place)}
		} else {
			r.verdict = &statement.ScanError{Offset: int(place), Reason: printable(rest[n:])}
		}
		return r, nil
	}
	return r, fmt.Errorf("%w: kind %q", errResponse, kind)
}

// readFrame reads a frame of at most limit bytes into buf, grown as needed.
func readFrame(r io.Reader, buf []byte, limit int) ([]byte, error) {
	var header [headerLength]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return buf[:0], err
	}
	n := binary.BigEndian.Uint32(header[:])
	if uint64(n) > uint64(limit) {
		return buf[:0], fmt.Errorf("%w: %d bytes", errResponse, n)
	}
	if cap(buf) < int(n) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	_, err := io.ReadFull(r, buf)
	return buf, err
}
