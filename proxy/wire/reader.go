package wire

import (
	"bytes"
	"encoding/binary"
)

// Reader decodes the body of one message. The first read past the end makes it
// bad; every read after that returns zero values, so that callers check once.
type Reader struct {
	p   []byte
	bad bool
}

// NewReader reads body, the frame without its header.
func NewReader(body []byte) Reader { return Reader{p: body} }

// Rest is what has not been read yet.
func (r *Reader) Rest() []byte { return r.p }

// OK says that nothing was read past the end.
func (r *Reader) OK() bool { return !r.bad }

// Done says that all was read, and nothing past the end.
func (r *Reader) Done() bool { return !r.bad && len(r.p) == 0 }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	b := r.Bytes(1)
	if b == nil {
		return 0
	}
	return b[0]
}

// Int16 reads a signed 16-bit number.
func (r *Reader) Int16() int16 {
	b := r.Bytes(2)
	if b == nil {
		return 0
	}
	return int16(binary.BigEndian.Uint16(b))
}

// Uint16 reads an unsigned 16-bit number: what a client counts (parameters,
// formats) goes up to 65,535.
func (r *Reader) Uint16() uint16 { return uint16(r.Int16()) }

// Int32 reads a signed 32-bit number.
func (r *Reader) Int32() int32 {
	b := r.Bytes(4)
	if b == nil {
		return 0
	}
	return int32(binary.BigEndian.Uint32(b))
}

// Bytes reads n bytes, without a copy.
func (r *Reader) Bytes(n int) []byte {
	if r.bad || n < 0 || n > len(r.p) {
		r.bad, r.p = true, nil
		return nil
	}
	b := r.p[:n:n]
	r.p = r.p[n:]
	return b
}

// String reads up to a NUL, which it drops, without a copy.
func (r *Reader) String() []byte {
	i := bytes.IndexByte(r.p, 0)
	if r.bad || i < 0 {
		r.bad, r.p = true, nil
		return nil
	}
	s := r.p[:i:i]
	r.p = r.p[i+1:]
	return s
}

// Value reads a length word and that many bytes; a length of -1 is NULL and
// gives null. Other negative lengths make the reader bad.
func (r *Reader) Value() (v []byte, null bool) {
	n := r.Int32()
	if n == -1 && !r.bad {
		return nil, true
	}
	return r.Bytes(int(n)), false
}
