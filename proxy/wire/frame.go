package wire

import (
	"encoding/binary"
	"fmt"
)

// HeaderSize is the size of a frame's type byte and length word.
const HeaderSize = 5

// MaxFrame is the largest length word that PostgreSQL itself takes
// (PQ_LARGE_MESSAGE_LIMIT, MaxAllocSize - 1), in bytes.
const MaxFrame = 0x3ffffffe

// Header is the beginning of a frame.
type Header struct {
	Type byte
	Size int // of the whole frame with its header, in bytes
}

// Violation is an input that breaks the protocol. The peer that sent it cannot
// be followed any longer.
type Violation struct{ Reason string }

func (v *Violation) Error() string { return v.Reason }

// Violationf makes a Violation.
func Violationf(format string, a ...any) *Violation {
	return &Violation{Reason: fmt.Sprintf(format, a...)}
}

// ReadHeader reads the header at the beginning of p. ok is false when p is
// shorter than a header. The length is checked against PostgreSQL's own limits
// only; callers add theirs by type before they buffer anything.
func ReadHeader(p []byte) (h Header, ok bool, err error) {
	if len(p) < HeaderSize {
		return Header{}, false, nil
	}
	n := binary.BigEndian.Uint32(p[1:])
	if n < 4 || n > MaxFrame {
		return Header{}, true, Violationf("invalid length %d of a message of type %q", n, p[0])
	}
	return Header{Type: p[0], Size: int(n) + 1}, true, nil
}

// Begin appends the header of a frame of type typ to dst and returns where the
// frame begins, for End.
func Begin(dst []byte, typ byte) ([]byte, int) {
	at := len(dst)
	return append(dst, typ, 0, 0, 0, 0), at
}

// End writes the length of the frame that began at the given place.
func End(dst []byte, at int) []byte {
	binary.BigEndian.PutUint32(dst[at+1:], uint32(len(dst)-at-1))
	return dst
}
