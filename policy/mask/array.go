package mask

import (
	"bytes"
	"encoding/binary"
)

// array is what a Cell needs to mask arrays element by element.
type array struct {
	element *Cell
	wire    uint32 // the element type that binary values carry
	value   []byte // an element of a text array, unquoted
	masked  []byte
}

// arrayCell prepares for an array. Partial and Hash mask each element; where
// they have no form for the element, and for Redact, the array becomes an empty
// one, or NULL where the element's type has no redacted form either.
func (m *Masker) arrayCell(c Column, element, wire uint32) *Cell {
	// The element's modifier is the array's own.
	e := m.Cell(Column{TypeOID: element, TypeMod: c.TypeMod, Format: c.Format})
	switch e.how {
	case howNull:
		return &Cell{how: howNull}
	case howFixed:
		if c.Format == BinaryFormat { // no dimensions, no NULLs, the element's type (array_send)
			return &Cell{how: howFixed, fixed: binary.BigEndian.AppendUint32(make([]byte, 8), wire)}
		}
		return &Cell{how: howFixed, fixed: []byte("{}")}
	}
	return &Cell{how: howArray, binary: c.Format == BinaryFormat, array: &array{element: e, wire: wire}}
}

func (c *Cell) maskArray(dst, value []byte) (out []byte, isNull bool) {
	start := len(dst)
	var ok bool
	if c.binary {
		dst, ok = c.array.binary(dst, value)
	} else {
		dst, ok = c.array.text(dst, value)
	}
	if !ok {
		return dst[:start], true
	}
	return dst, false
}

// binary rewrites the output of array_send: dimensions, flags, element type,
// two integers a dimension, then each element with its length.
func (a *array) binary(dst, value []byte) (out []byte, ok bool) {
	if len(value) < 12 {
		return dst, false
	}
	dimensions := binary.BigEndian.Uint32(value)
	if dimensions > 6 || binary.BigEndian.Uint32(value[8:]) != a.wire { // MAXDIM
		return dst, false
	}
	header := 12 + 8*int(dimensions)
	if len(value) < header {
		return dst, false
	}
	dst = append(dst, value[:header]...)
	flags := len(dst) - header + 4
	rest := value[header:]
	for len(rest) > 0 {
		if len(rest) < 4 {
			return dst, false
		}
		size := int32(binary.BigEndian.Uint32(rest))
		rest = rest[4:]
		if size < 0 {
			dst = binary.BigEndian.AppendUint32(dst, 0xffffffff)
			continue
		}
		if int(size) > len(rest) {
			return dst, false
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		var null bool
		dst, null = a.element.Mask(dst, rest[:size:size])
		if null {
			binary.BigEndian.PutUint32(dst[at:], 0xffffffff)
			binary.BigEndian.PutUint32(dst[flags:], 1)
		} else {
			binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		}
		rest = rest[size:]
	}
	return dst, true
}

// text rewrites the output of array_out: braces nested as the dimensions are,
// elements parted by commas, quoted where they need it.
func (a *array) text(dst, value []byte) (out []byte, ok bool) {
	if bytes.HasPrefix(value, []byte("[")) { // lower bounds: "[0:1]={...}"
		eq := bytes.IndexByte(value, '=')
		if eq < 0 {
			return dst, false
		}
		dst = append(dst, value[:eq+1]...)
		value = value[eq+1:]
	}
	depth := 0
	for i := 0; i < len(value); {
		switch b := value[i]; b {
		case '{':
			depth++
			dst = append(dst, b)
			i++
		case '}':
			depth--
			dst = append(dst, b)
			i++
		case ',':
			dst = append(dst, b)
			i++
		default:
			if depth == 0 {
				return dst, false
			}
			next, quoted, ok := a.unquote(value[i:])
			if !ok {
				return dst, false
			}
			dst = a.appendElement(dst, value[i:i+next], quoted)
			i += next
		}
		if depth < 0 {
			return dst, false
		}
	}
	return dst, depth == 0
}

// unquote reads the element at the start of s into a.value and says how many
// bytes it took.
func (a *array) unquote(s []byte) (taken int, quoted, ok bool) {
	a.value = a.value[:0]
	if s[0] != '"' {
		end := bytes.IndexAny(s, ",}")
		if end < 0 {
			return 0, false, false
		}
		a.value = append(a.value, s[:end]...)
		return end, false, true
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i + 1, true, true
		case '\\':
			i++
			if i == len(s) {
				return 0, true, false
			}
		}
		a.value = append(a.value, s[i])
	}
	return 0, true, false
}

// appendElement masks the element in a.value, which stands in the array as written.
// One that the mask leaves as it is keeps its form.
func (a *array) appendElement(dst, written []byte, quoted bool) []byte {
	if !quoted && bytes.EqualFold(a.value, []byte("NULL")) {
		return append(dst, a.value...)
	}
	if a.value == nil {
		a.value = []byte{}
	}
	masked, null := a.element.Mask(a.masked[:0], a.value)
	a.masked = masked
	if null {
		return append(dst, "NULL"...)
	}
	if bytes.Equal(masked, a.value) {
		return append(dst, written...)
	}
	if !wantsQuotes(masked) { // as array_out would write it: its form must not tell that it was masked
		return append(dst, masked...)
	}
	dst = append(dst, '"')
	for _, b := range masked {
		if b == '"' || b == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, b)
	}
	return append(dst, '"')
}

// wantsQuotes says whether array_out quotes an element.
func wantsQuotes(s []byte) bool {
	return len(s) == 0 || bytes.ContainsAny(s, "\"\\{}, \t\n\r\v\f") || bytes.EqualFold(s, []byte("NULL"))
}
