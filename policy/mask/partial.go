package mask

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// manyStars is appended from, so that a cell needs no loop over bytes.
const manyStars = "****************************************************************"

func appendStars(dst []byte, n int) []byte {
	for n > len(manyStars) {
		dst = append(dst, manyStars...)
		n -= len(manyStars)
	}
	return append(dst, manyStars[:n]...)
}

// partialHow says how Partial masks a class. What has no partial form is
// redacted.
func partialHow(k class) how {
	switch k {
	case classText, classBpchar, className:
		return howPartialText
	case classInt2, classInt4, classInt8:
		return howPartialInteger
	case classUUID:
		return howPartialUUID
	}
	return howFixed
}

// partialText keeps the first and last characters and puts one '*' for each of
// the others, so the result is never longer than the value. The blanks that pad
// a char(n) are no characters of the value.
func (c *Cell) partialText(dst, value []byte) []byte {
	v := value
	if c.pad {
		v = bytes.TrimRight(value, " ")
	}
	n := utf8.RuneCount(v)
	if n <= c.first+c.last {
		dst = appendStars(dst, n)
		return appendBlanks(dst, len(value)-len(v))
	}
	head, tail := 0, len(v)
	if n == len(v) { // one byte each
		head, tail = c.first, len(v)-c.last
	} else {
		for range c.first {
			_, size := utf8.DecodeRune(v[head:])
			head += size
		}
		for range c.last {
			_, size := utf8.DecodeLastRune(v[:tail])
			tail -= size
		}
	}
	dst = append(dst, v[:head]...)
	dst = appendStars(dst, n-c.first-c.last)
	dst = append(dst, v[tail:]...)
	return appendBlanks(dst, len(value)-len(v))
}

func appendBlanks(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}

// integer reads an integer in the column's format.
func (c *Cell) integer(value []byte) (n int64, ok bool) {
	if !c.binary {
		n, err := strconv.ParseInt(string(value), 10, c.size*8)
		return n, err == nil
	}
	if len(value) != c.size {
		return 0, false
	}
	switch c.size {
	case 2:
		return int64(int16(binary.BigEndian.Uint16(value))), true
	case 4:
		return int64(int32(binary.BigEndian.Uint32(value))), true
	}
	return int64(binary.BigEndian.Uint64(value)), true
}

// appendInteger writes n, which fits, in the column's format.
func (c *Cell) appendInteger(dst []byte, n int64) []byte {
	if !c.binary {
		return strconv.AppendInt(dst, n, 10)
	}
	switch c.size {
	case 2:
		return binary.BigEndian.AppendUint16(dst, uint16(n))
	case 4:
		return binary.BigEndian.AppendUint32(dst, uint32(n))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}

// partialInteger puts 0 for the digits that are not kept; the sign stays.
func (c *Cell) partialInteger(dst, value []byte) (out []byte, isNull bool) {
	n, ok := c.integer(value)
	if !ok {
		return dst, true
	}
	digits := strconv.AppendInt(c.scratch[:0], n, 10)
	if n < 0 {
		digits = digits[1:]
	}
	var masked int64
	for i, d := range digits {
		kept := len(digits) > c.first+c.last && (i < c.first || i >= len(digits)-c.last)
		masked *= 10
		if kept {
			masked -= int64(d - '0') // downwards, since -2^63 has no positive twin
		}
	}
	if n < 0 || masked == 0 {
		return c.appendInteger(dst, masked), false
	}
	return c.appendInteger(dst, -masked), false
}

// uuidDash says whether place i of a uuid in text is a dash.
func uuidDash(i int) bool { return i == 8 || i == 13 || i == 18 || i == 23 }

// partialUUID puts 0 for the hexadecimal digits that are not kept.
func (c *Cell) partialUUID(dst, value []byte) (out []byte, isNull bool) {
	kept := func(digit int) bool {
		return c.first+c.last < 32 && (digit < c.first || digit >= 32-c.last)
	}
	if c.binary {
		if len(value) != 16 {
			return dst, true
		}
		for i, b := range value {
			if !kept(2 * i) {
				b &= 0x0f
			}
			if !kept(2*i + 1) {
				b &= 0xf0
			}
			dst = append(dst, b)
		}
		return dst, false
	}
	if len(value) != 36 {
		return dst, true
	}
	digit := 0
	for i, b := range value {
		switch {
		case uuidDash(i):
			dst = append(dst, '-')
			continue
		case kept(digit):
			dst = append(dst, b)
		default:
			dst = append(dst, '0')
		}
		digit++
	}
	return dst, false
}
