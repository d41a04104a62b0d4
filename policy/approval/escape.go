package approval

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSpaces and maxLines are the longest runs of blanks and of line ends that
// Escape shows as they are, so that nothing is pushed out of sight.
const (
	maxSpaces = 40
	maxLines  = 3
)

// Escape returns text in a form that a terminal shows as it is: control
// characters, characters that change the direction of writing, and those that
// are not seen are written as <U+202E>, bytes that are not UTF-8 as <0xFF>. Line
// ends and tabs stay; long runs of blanks and empty lines are counted instead.
func Escape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch text[i] {
		case ' ', '\t', '\n':
			n := run(text[i:])
			b.WriteString(blanks(text[i : i+n]))
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "<0x%02X>", text[i])
		case !unicode.IsPrint(r) || unseen(r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// run is the length of the blanks and line ends that begin s.
func run(s string) int {
	n := 0
	for n < len(s) && (s[n] == ' ' || s[n] == '\t' || s[n] == '\n') {
		n++
	}
	return n
}

func blanks(s string) string {
	if lines := strings.Count(s, "\n"); lines > maxLines {
		return fmt.Sprintf("\n<%d empty lines>\n%s", lines-1, trailing(s[strings.LastIndexByte(s, '\n')+1:]))
	}
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = trailing(parts[i])
	}
	return strings.Join(parts, "\n")
}

func trailing(s string) string {
	if len(s) > maxSpaces || strings.Count(s, "\t") > maxSpaces/8 {
		return fmt.Sprintf("<%d blanks>", len(s))
	}
	return s
}

// unseen reports characters that Unicode counts as letters or marks and that
// show nothing.
func unseen(r rune) bool {
	switch {
	case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, // Hangul fillers
		r == 0x034f, r == 0x17b4, r == 0x17b5, // joiner, Khmer vowels
		r >= 0x180b && r <= 0x180f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef, // variation selectors
		r == 0x2800, // empty Braille pattern
		r == 0xfffd: // shown as such, also when it stands for nothing readable
		return true
	}
	return false
}
