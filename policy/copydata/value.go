package copydata

import "bytes"

// escapeOf is the letter that text format writes behind a backslash for a byte
// (CopyAttributeOutText), 0 for none.
func escapeOf(b byte) byte {
	switch b {
	case '\b':
		return 'b'
	case '\f':
		return 'f'
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	case '\v':
		return 'v'
	case '\\':
		return '\\'
	}
	return 0
}

// appendText writes a value in text format.
func (f *Format) appendText(dst, value []byte) []byte {
	from := 0
	for i, b := range value {
		e := byte(0)
		if b < ' ' || b == '\\' {
			e = escapeOf(b)
		}
		if e == 0 && b == f.Delimiter {
			e = b
		}
		if e == 0 {
			continue
		}
		dst = append(dst, value[from:i]...)
		dst = append(dst, '\\', e)
		from = i + 1
	}
	return append(dst, value[from:]...)
}

// appendUnescaped reads a value in text format, by what COPY FROM understands
// (CopyReadAttributesText). It is not ok where a backslash has nothing behind it.
func appendUnescaped(dst, raw []byte) (out []byte, ok bool) {
	for {
		at := bytes.IndexByte(raw, '\\')
		if at < 0 {
			return append(dst, raw...), true
		}
		dst = append(dst, raw[:at]...)
		raw = raw[at+1:]
		if len(raw) == 0 {
			return dst, false
		}
		b := raw[0]
		raw = raw[1:]
		switch b {
		case 'b':
			b = '\b'
		case 'f':
			b = '\f'
		case 'n':
			b = '\n'
		case 'r':
			b = '\r'
		case 't':
			b = '\t'
		case 'v':
			b = '\v'
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n := int(b - '0')
			for k := 0; k < 2 && len(raw) > 0 && raw[0] >= '0' && raw[0] <= '7'; k++ {
				n = n<<3 | int(raw[0]-'0')
				raw = raw[1:]
			}
			b = byte(n)
		case 'x':
			n, k := 0, 0
			for ; k < 2 && len(raw) > 0; k++ {
				d := hexOf(raw[0])
				if d < 0 {
					break
				}
				n = n<<4 | d
				raw = raw[1:]
			}
			if k > 0 {
				b = byte(n)
			}
		}
		dst = append(dst, b)
	}
}

func hexOf(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return int(b|0x20-'a') + 10
	}
	return -1
}

// appendCSV writes a value as CopyAttributeOutCSV does. only says that it is the
// line's only one.
func (f *Format) appendCSV(dst, value []byte, forced, only bool) []byte {
	quoted := forced || string(value) == f.Null || only && string(value) == `\.`
	for i := 0; i < len(value) && !quoted; i++ {
		b := value[i]
		quoted = b == f.Delimiter || b == f.Quote || b == '\n' || b == '\r'
	}
	if !quoted {
		return append(dst, value...)
	}
	dst = append(dst, f.Quote)
	from := 0
	for i, b := range value {
		if b == f.Quote || b == f.Escape {
			dst = append(append(dst, value[from:i]...), f.Escape)
			from = i
		}
	}
	dst = append(dst, value[from:]...)
	return append(dst, f.Quote)
}

// appendUnquoted reads a quoted value of CSV, its quotes included. It is not ok where
// it is not one that is quoted from its first byte to its last.
func (f *Format) appendUnquoted(dst, raw []byte) (out []byte, ok bool) {
	if len(raw) < 2 || raw[0] != f.Quote || raw[len(raw)-1] != f.Quote {
		return dst, false
	}
	raw = raw[1 : len(raw)-1]
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case b == f.Escape && i+1 < len(raw) && (raw[i+1] == f.Quote || raw[i+1] == f.Escape):
			i++
		case b == f.Escape, b == f.Quote:
			return dst, false
		}
		dst = append(dst, raw[i])
	}
	return dst, true
}
