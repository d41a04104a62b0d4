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

	kindFacts       = 'f' // encoded facts
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
	facts, err := statement.Parse(text)
	var (
		syntax      *statement.SyntaxError
		unsupported *statement.UnsupportedError
		scan        *statement.ScanError
	)
	switch {
	case err == nil:
		b = statement.Encode(append(b, kindFacts), facts)
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

// answer takes a response apart. verdict is what the text's own error is, err what
// is wrong with the response.
func answer(payload []byte, text int) (facts *statement.Facts, verdict, err error) {
	if len(payload) == 0 {
		return nil, nil, errResponse
	}
	kind, rest := payload[0], payload[1:]
	switch kind {
	case kindFacts:
		facts, err = statement.Decode(rest, text)
		return facts, nil, err
	case kindUnsupported:
		return nil, &statement.UnsupportedError{Construct: printable(rest)}, nil
	case kindSyntax, kindScan:
		place, n := binary.Uvarint(rest)
		if n <= 0 || place > uint64(text)+1 {
			return nil, nil, errResponse
		}
		if kind == kindSyntax {
			return nil, &statement.SyntaxError{Message: printable(rest[n:]), Cursor: int(place)}, nil
		}
		return nil, &statement.ScanError{Offset: int(place), Reason: printable(rest[n:])}, nil
	}
	return nil, nil, fmt.Errorf("%w: kind %q", errResponse, kind)
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
