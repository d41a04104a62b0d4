package wire

// What is checked here is the shape of a message: that its parts fill its body
// and no count or length says something else. Clients and servers differ in what
// they make of a message for which that is not so, and some crash.

// WholeRow says whether a DataRow's body is well-formed.
func WholeRow(body []byte) bool {
	if len(body) < 2 {
		return false
	}
	n := int(body[0])<<8 | int(body[1])
	return values(body[2:], n) == 0
}

// values goes over n values, each a length and so many bytes, and returns how many
// bytes are behind them; -1 when they do not end in p.
func values(p []byte, n int) int {
	for ; n > 0; n-- {
		if len(p) < 4 {
			return -1
		}
		l := int(int32(uint32(p[0])<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])))
		p = p[4:]
		switch {
		case l == -1:
			continue
		case l < 0 || l > len(p):
			return -1
		}
		p = p[l:]
	}
	return len(p)
}

// WholeBind says whether a Bind's body is well-formed behind the names: formats,
// values, formats of the results.
func WholeBind(rest []byte) bool {
	r := NewReader(rest)
	return arguments(&r) && results(&r)
}

// WholeFunctionCall says whether a FunctionCall's body is well-formed.
func WholeFunctionCall(body []byte) bool {
	r := NewReader(body)
	r.Int32()
	if !arguments(&r) {
		return false
	}
	r.Int16() // the format of the result
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
	left := values(r.p, n)
	if left < 0 {
		return false
	}
	r.p = r.p[len(r.p)-left:]
	return true
}

// results reads formats up to the end.
func results(r *Reader) bool {
	r.Bytes(2 * int(r.Uint16()))
	return r.Done()
}
