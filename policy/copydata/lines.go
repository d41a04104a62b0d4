package copydata

// text takes a piece of text format.
func (s *Stream) text(dst, p []byte) []byte {
	for i := 0; i < len(p) && s.err == nil; {
		b := p[i]
		switch s.state {
		case fieldEscaped:
			if b == '\n' || b == '\r' {
				s.fail("the end of a line behind a backslash")
				break
			}
			dst = s.take(dst, p[i:i+1])
			s.state = fieldPlain
			i++
		case markerBegins:
			if b == '.' {
				s.state = markerEnds
				i++
				break
			}
			dst = s.take(dst, []byte{'\\'})
			s.state = fieldEscaped
		case markerEnds:
			if b != '\n' || i+1 < len(p) {
				s.fail(`something behind "\."`)
				break
			}
			s.ended, s.begun = true, false
			return append(dst, '\\', '.', '\n')
		default:
			to := s.stretch(p, i)
			if to > i {
				dst = s.take(dst, p[i:to])
				s.state, i = fieldPlain, to
				break
			}
			i++
			switch {
			case b == '\\' && s.at == 0 && s.state == fieldBegins:
				s.state, s.begun = markerBegins, true
			case b == '\\':
				dst = s.take(dst, p[i-1:i])
				s.state = fieldEscaped
			default:
				dst = s.border(dst, b)
			}
		}
	}
	return dst
}

// stretch gives the end of the bytes from i on that are a value's own.
func (s *Stream) stretch(p []byte, i int) int {
	for i < len(p) && !s.special[p[i]] {
		i++
	}
	return i
}

// border takes a byte between values.
func (s *Stream) border(dst []byte, b byte) []byte {
	switch b {
	case s.format.Delimiter:
		return s.fieldEnds(dst, false)
	case '\n':
		return s.fieldEnds(dst, true)
	}
	s.fail("byte 0x%02X in a value", b)
	return dst
}

// csv takes a piece of CSV.
func (s *Stream) csv(dst, p []byte) []byte {
	f := &s.format
	for i := 0; i < len(p) && s.err == nil; {
		b := p[i]
		switch s.state {
		case fieldQuoted:
			to := i
			for to < len(p) && p[to] != f.Quote && p[to] != f.Escape {
				to++
			}
			if to > i {
				dst = s.take(dst, p[i:to])
				i = to
				break
			}
			dst = s.take(dst, p[i:i+1])
			i++
			if b == f.Quote {
				s.state = fieldQuoteEnds
			} else {
				s.state = fieldInEscape
			}
		case fieldInEscape:
			if b != f.Quote && b != f.Escape {
				s.fail("an escape in front of byte 0x%02X", b)
				break
			}
			dst = s.take(dst, p[i:i+1])
			s.state = fieldQuoted
			i++
		case fieldQuoteEnds:
			i++
			if b == f.Quote && f.Escape == f.Quote {
				dst = s.take(dst, p[i-1:i])
				s.state = fieldQuoted
				break
			}
			dst = s.border(dst, b)
		default:
			to := s.stretch(p, i)
			if to > i {
				dst = s.take(dst, p[i:to])
				s.state, i = fieldPlain, to
				break
			}
			i++
			if b == f.Quote && s.state == fieldBegins {
				dst = s.take(dst, p[i-1:i])
				s.state = fieldQuoted
				break
			}
			dst = s.border(dst, b)
		}
	}
	return dst
}
