package copydata

import "encoding/binary"

// signature begins data in binary format; the flags and the length of the header's
// extension follow.
const signature = "PGCOPY\n\xff\r\n\x00"

// binary takes a piece of binary format.
func (s *Stream) binary(dst, p []byte) []byte {
	for len(p) > 0 && s.err == nil {
		switch s.state {
		case binarySignature:
			if s.octets < len(signature) {
				if p[0] != signature[s.octets] {
					s.fail("a wrong signature")
					break
				}
				s.octets++
				p = p[1:]
				break
			}
			// The flags. None is defined that today's servers set.
			if p[0] != 0 {
				s.fail("unknown flags")
				break
			}
			s.octets++
			p = p[1:]
			if s.octets == len(signature)+4 {
				s.octets, s.state = 0, binaryExtension
				dst = append(append(dst, signature...), 0, 0, 0, 0)
			}
		case binaryExtension:
			var ok bool
			if p, ok = s.integer(p, 4); !ok {
				break
			}
			if s.length = int(int32(s.number)); s.length < 0 {
				s.fail("a malformed header")
				break
			}
			// What nobody knows the meaning of does not pass.
			dst = append(dst, 0, 0, 0, 0)
			s.state = binarySkips
			if s.length == 0 {
				s.state = binaryTuple
			}
		case binarySkips:
			n := min(s.length, len(p))
			p, s.length = p[n:], s.length-n
			if s.length == 0 {
				s.state = binaryTuple
			}
		case binaryTuple:
			var ok bool
			if p, ok = s.integer(p, 2); ok {
				dst = s.tuple(dst, int(int16(s.number)), len(p))
			}
		case binaryLength:
			var ok bool
			if p, ok = s.integer(p, 4); ok {
				dst = s.fieldLength(dst, int(int32(s.number)))
			}
		default:
			n := min(s.length, len(p))
			switch c := s.cell(); {
			case c == nil:
				dst = append(dst, p[:n]...)
			case !c.blind:
				s.value = append(s.value, p[:n]...)
			}
			p, s.length = p[n:], s.length-n
			if s.length == 0 {
				dst = s.valueEnds(dst)
			}
		}
	}
	return dst
}

// integer takes the next bytes of a number of so many bytes. It is ok once all have
// come.
func (s *Stream) integer(p []byte, size int) (rest []byte, ok bool) {
	if s.octets == 0 {
		s.number = 0
	}
	for len(p) > 0 {
		s.number = s.number<<8 | uint32(p[0])
		s.octets++
		p = p[1:]
		if s.octets == size {
			s.octets = 0
			return p, true
		}
	}
	return p, false
}

// tuple takes the number of a row's fields, behind which so many bytes are at hand.
func (s *Stream) tuple(dst []byte, fields, behind int) []byte {
	switch {
	case fields == -1:
		s.ended = true
		if behind > 0 {
			s.fail("data behind the trailer")
		}
		return append(dst, 0xff, 0xff)
	case fields != len(s.columns):
		s.fail("%d columns instead of %d", fields, len(s.columns))
		return dst
	case fields == 0:
		s.rows++
	default:
		s.state = binaryLength
	}
	return binary.BigEndian.AppendUint16(dst, uint16(fields))
}

// fieldLength takes the length of a field.
func (s *Stream) fieldLength(dst []byte, n int) []byte {
	s.length = n
	switch c := s.cell(); {
	case n < -1:
		s.fail("column %d has a length of %d", s.at+1, n)
		return dst
	case n == -1:
		return s.fieldDone(append(dst, 0xff, 0xff, 0xff, 0xff))
	case c == nil:
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
		if n == 0 {
			return s.fieldDone(dst)
		}
	case !c.blind && n > s.most:
		s.tooLong()
		return dst
	case n == 0:
		return s.valueEnds(dst)
	}
	s.state = binaryValue
	return dst
}

// valueEnds writes a value that has come whole.
func (s *Stream) valueEnds(dst []byte) []byte {
	c := s.cell()
	if c == nil {
		return s.fieldDone(dst)
	}
	if s.value == nil {
		s.value = []byte{}
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	out, null := c.cell.Mask(dst, s.value)
	s.value = s.value[:0]
	if null {
		return s.fieldDone(append(dst[:at], 0xff, 0xff, 0xff, 0xff))
	}
	binary.BigEndian.PutUint32(out[at:], uint32(len(out)-at-4))
	return s.fieldDone(out)
}

func (s *Stream) fieldDone(dst []byte) []byte {
	s.at++
	s.state = binaryLength
	if s.at == len(s.columns) {
		s.at, s.state = 0, binaryTuple
		s.rows++
	}
	return dst
}
