package journal

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"time"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// special returns a word with the high bit set in the lowest byte of w that
// cannot stand in a JSON string as it is (below 0x20, quote, backslash, 0x7f and
// above); bytes above that one may be marked wrongly.
func special(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash, del := w^(ones*'"'), w^(ones*'\\'), w^(ones*0x7f)
	return ((w - ones*0x20) &^ w & highs) |
		((quote - ones) &^ quote & highs) |
		((slash - ones) &^ slash & highs) |
		((del - ones) &^ del & highs) |
		(w & highs)
}

// plain returns how many bytes of s from the start need no escape.
func plain(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if m := special(binary.LittleEndian.Uint64(s[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			return i
		}
	}
	return i
}

// appendQuoted appends s as a JSON string of at most room bytes, quotes
// included. It returns how many bytes of s are in it and whether each of these
// stands for itself: false when something was not UTF-8 and became U+FFFD.
func appendQuoted(dst, s []byte, room int) (out []byte, used int, exact bool) {
	dst = append(dst, '"')
	dst, used, exact = appendEscaped(dst, s, room-2)
	return append(dst, '"'), used, exact
}

func appendEscaped(dst, s []byte, room int) (out []byte, used int, exact bool) {
	exact = true
	for used < len(s) {
		n := plain(s[used:])
		if n > room {
			n = max(room, 0)
			return append(dst, s[used:used+n]...), used + n, exact
		}
		dst = append(dst, s[used:used+n]...)
		used += n
		room -= n
		if used == len(s) {
			break
		}
		var esc [12]byte
		e, size, ok := escape(esc[:0], s[used:])
		if len(e) > room {
			break
		}
		dst = append(dst, e...)
		room -= len(e)
		used += size
		exact = exact && ok
	}
	return dst, used, exact
}

// escape returns the form of the first character of s in a JSON string, and its
// size in s. Besides what JSON demands, characters that steer a terminal or the
// direction of writing are escaped, so that a segment can be shown with cat.
func escape(e, s []byte) (out []byte, size int, ok bool) {
	c := s[0]
	switch {
	case c == '"' || c == '\\':
		return append(e, '\\', c), 1, true
	case c == '\n':
		return append(e, '\\', 'n'), 1, true
	case c == '\r':
		return append(e, '\\', 'r'), 1, true
	case c == '\t':
		return append(e, '\\', 't'), 1, true
	case c < utf8.RuneSelf:
		return append(e, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15]), 1, true
	}
	r, size := utf8.DecodeRune(s)
	if r == utf8.RuneError && size == 1 {
		return append(e, `\ufffd`...), 1, false
	}
	if steers(r) {
		return append(e, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15]), size, true
	}
	return append(e, s[:size]...), size, true
}

// steers reports the control characters of the second range, line and paragraph
// separators and those that change the direction of writing. All are below
// U+10000.
func steers(r rune) bool {
	return r >= 0x80 && r <= 0x9f || r == 0x61c || r == 0x200e || r == 0x200f ||
		r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

// nameRoom is the room of names and other short strings in a record.
const nameRoom = 1 << 10

// messageRoom is the room of a message, detail or hint.
const messageRoom = 8 << 10

func appendString(dst []byte, s string, room int) []byte {
	dst = append(dst, '"')
	for room -= 2; len(s) > 0; {
		// Strings here are short; a window on the stack avoids a conversion.
		var window [128]byte
		n := copy(window[:], s)
		if n < len(s) {
			// Never split a character: stop the window before it.
			for n > len(window)-utf8.UTFMax && !utf8.RuneStart(s[n]) {
				n--
			}
		}
		before := len(dst)
		var used int
		dst, used, _ = appendEscaped(dst, window[:n], room)
		room -= len(dst) - before
		if used < n {
			break
		}
		s = s[n:]
	}
	return append(dst, '"')
}

func appendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = appendName(dst, name)
	return appendString(dst, value, nameRoom)
}

func appendMessage(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = appendName(dst, name)
	return appendString(dst, value, messageRoom)
}

func appendNumber(dst []byte, name string, value int64) []byte {
	return strconv.AppendInt(appendName(dst, name), value, 10)
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

// appendList appends a list of names, at most listRoom bytes of it.
func appendList(dst []byte, name string, values []string) []byte {
	const listRoom = 8 << 10
	if len(values) == 0 {
		return dst
	}
	dst = append(appendName(dst, name), '[')
	start := len(dst)
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(dst)-start > listRoom-nameRoom {
			dst = append(dst, `"..."`...)
			break
		}
		dst = appendString(dst, v, nameRoom)
	}
	return append(dst, ']')
}

// clock formats times as RFC 3339 in UTC with nine digits, so that their order
// as text is their order in time. It keeps the last second's form.
type clock struct {
	second int64
	text   [19]byte
}

const timeFormat = "2006-01-02T15:04:05.000000000Z"

func (c *clock) append(dst []byte, t time.Time) []byte {
	if s := t.Unix(); s != c.second || c.text[0] == 0 {
		// Years outside 0 to 9999 cannot happen with a clock; the slice
		// keeps the field's width in any case.
		full := t.UTC().Format("2006-01-02T15:04:05")
		copy(c.text[:], full)
		c.second = s
	}
	dst = append(dst, c.text[:]...)
	var d [11]byte
	d[0], d[10] = '.', 'Z'
	n := t.Nanosecond()
	for i := 9; i > 0; i-- {
		d[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, d[:]...)
}
