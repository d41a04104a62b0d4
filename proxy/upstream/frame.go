package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/weirgate/weir/proxy/wire"
)

// frameChunk is how much a reader allocates at first, and the most that a
// claimed length makes it allocate before the bytes are there.
const frameChunk = 8 << 10

// errFrame marks a frame that is malformed or longer than its type may be.
var errFrame = errors.New("bad frame")

// frames reads a server's messages. It holds what was read past the message
// that was asked for, so that it can be handed over (take).
type frames struct {
	source io.Reader
	buffer []byte // buffer[start:end] is read but not consumed
	start  int
	end    int
}

// next reads one message. limit gives the longest body that is accepted for a
// type, negative for a type that is not accepted here. The frame (header and
// body) is valid until the next call.
func (f *frames) next(limit func(kind byte) int) (kind byte, body, frame []byte, err error) {
	if err := f.want(wire.HeaderSize); err != nil {
		return 0, nil, nil, err
	}
	header, _, err := wire.ReadHeader(f.buffer[f.start:f.end])
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	kind = header.Type
	most := limit(kind)
	switch {
	case most < 0:
		return 0, nil, nil, fmt.Errorf("%w: message type %q is not expected here", errFrame, kind)
	case header.Size-wire.HeaderSize > most:
		return 0, nil, nil, fmt.Errorf("%w: message %q says that its body has %d bytes, more than %d",
			errFrame, kind, header.Size-wire.HeaderSize, most)
	}
	size := header.Size
	if err := f.want(size); err != nil {
		return 0, nil, nil, err
	}
	frame = f.buffer[f.start : f.start+size : f.start+size]
	f.start += size
	return kind, frame[wire.HeaderSize:], frame, nil
}

// want reads until n bytes are there. The buffer never grows to more than twice
// what has truly arrived, so that a length alone costs nothing.
func (f *frames) want(n int) error {
	for f.end-f.start < n {
		if f.end == len(f.buffer) {
			f.makeRoom(n)
		}
		got, err := f.source.Read(f.buffer[f.end:])
		if got < 0 || got > len(f.buffer)-f.end {
			return fmt.Errorf("%w: the connection returned an impossible count", errFrame)
		}
		f.end += got
		if f.end-f.start >= n {
			return nil
		}
		if err != nil {
			if errors.Is(err, io.EOF) && f.end > f.start {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// makeRoom moves what is unread to the front, into a larger buffer if it fills this one.
func (f *frames) makeRoom(n int) {
	held := f.buffer[f.start:f.end]
	target := f.buffer
	if len(held) > len(f.buffer)/2 || len(f.buffer) == 0 {
		// One byte more than n would do; the chunk keeps small messages to one read.
		target = make([]byte, max(frameChunk, min(2*len(held), n+frameChunk)))
	}
	f.end = copy(target, held)
	f.start = 0
	f.buffer = target
}

// take returns what was read but not consumed, and forgets it.
func (f *frames) take() []byte {
	rest := bytes.Clone(f.buffer[f.start:f.end])
	f.start, f.end, f.buffer = 0, 0, nil
	return rest
}

// appendFrame appends a message with the given type and body.
func appendFrame(to []byte, kind byte, body []byte) []byte {
	to, at := wire.Begin(to, kind)
	return wire.End(append(to, body...), at)
}

// cutString splits a zero-terminated string off the front of b.
func cutString(b []byte) (value string, rest []byte, ok bool) {
	before, rest, ok := bytes.Cut(b, []byte{0})
	return string(before), rest, ok
}
