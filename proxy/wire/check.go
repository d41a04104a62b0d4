package wire

import "encoding/binary"

// What is checked here is the shape of a message: that its parts fill its body
// and no count or length says something else. Clients and servers differ in what
// they make of a message for which that is not so, and some crash.

// WholeRow says whether a DataRow's body is well-formed.
func WholeRow(body []byte) bool {
	if len(body) < 2 {
		return false
	}
	return values(body, 2, int(binary.BigEndian.Uint16(body))) == len(body)
}

// values goes over n values, each a length and so many bytes, from a place in p
// and returns where they end; -1 when that is not in p.
func values(p []byte, at, n int) int {
	for ; n > 0; n-- {
		if len(p)-at < 4 {
			return -1
		}
		l := int(int32(binary.BigEndian.Uint32(p[at:])))
		at += 4
		if l >= 0 {
			at += l
		} else if l != -1 {
			return -1
		}
	}
	if at > len(p) {
		return -1
	}
	return at
}

// WholeBind says whether a Bind's body is well-formed behind the names: formats,
// values, formats of the results.
func WholeBind(rest []byte) bool {
	r := NewReader(rest)
	return arguments(&r) && results(&r)
}

// WholeFunctionCall says whether a FunctionCall's body is well-formed. Its formats
// are text and binary and nothing else.
func WholeFunctionCall(body []byte) bool {
	r := NewReader(body)
	r.Int32()
	formats := r
	if !arguments(&r) || uint16(r.Int16()) > 1 { // the format of the result
		return false
	}
	for range formats.Uint16() {
		if formats.Uint16() > 1 {
			return false
		}
	}
	return r.Done()
}

// arguments reads formats and values. That there may be as many formats as values,
// one, or none is the server's to say.
func arguments(r *Reader) bool {
	r.Bytes(2 * int(r.Uint16()))
	n := int(r.Uint16())
	if !r.OK() {
		return false
	}
	end := values(r.p, 0, n)
	if end < 0 {
		return false
	}
	r.p = r.p[end:]
	return true
}

// results reads formats up to the end.
func results(r *Reader) bool {
	r.Bytes(2 * int(r.Uint16()))
	return r.Done()
}

// RowWalk goes over a DataRow's body that arrives in pieces. The zero value is at
// its beginning.
type RowWalk struct {
	head    [4]byte // a count or a length that has not arrived whole
	n       int     // bytes of it
	cells   int     // that have not begun
	skip    int     // bytes of the cell that are still to come
	counted bool
}

// Feed takes the next piece; false when the row is malformed so far.
func (w *RowWalk) Feed(p []byte) bool {
	for len(p) > 0 {
		switch {
		case w.skip > 0:
			n := min(w.skip, len(p))
			w.skip -= n
			p = p[n:]
			continue
		case w.counted && w.cells == 0:
			return false
		}
		size := 4
		if !w.counted {
			size = 2
		}
		n := copy(w.head[w.n:size], p)
		w.n += n
		p = p[n:]
		if w.n < size {
			return true
		}
		r := NewReader(w.head[:size])
		w.n = 0
		if !w.counted {
			w.counted, w.cells = true, int(r.Uint16())
			continue
		}
		w.cells--
		if l := int(r.Int32()); l > 0 {
			w.skip = l
		} else if l < -1 {
			return false
		}
	}
	return true
}

// Done says that the row is at its end.
func (w *RowWalk) Done() bool { return w.counted && w.cells == 0 && w.skip == 0 && w.n == 0 }

// WholeReply says whether the body of a server's message is well-formed. Those
// that are read by functions of their own, and COPY data, are not looked at here.
func WholeReply(typ byte, body []byte) bool {
	r := NewReader(body)
	switch typ {
	case ParseComplete, BindComplete, CloseComplete, NoData, EmptyQueryResponse, PortalSuspended, CopyDone:
	case ParameterDescription:
		// The count wraps: PostgreSQL prepares a statement with more parameters than
		// can be counted in two bytes, though nobody can bind them.
		n := (len(body) - 2) / 4
		return len(body) >= 2 && len(body)%4 == 2 && r.Uint16() == uint16(n&0xffff)
	case RowDescription:
		n := int(r.Uint16())
		if n > MaxFields {
			return false
		}
		for range n {
			r.String()
			r.Bytes(fieldSize)
		}
	case NotificationResponse:
		r.Int32()
		r.String()
		r.String()
	case NoticeResponse:
		for r.OK() && r.Byte() != 0 {
			r.String()
		}
	case CopyInResponse, CopyOutResponse:
		r.Byte()
		r.Bytes(2 * int(r.Uint16()))
	default:
		return true
	}
	return r.Done()
}

// fieldSize is what a RowDescription says of a column besides its name, in bytes.
const fieldSize = 18
