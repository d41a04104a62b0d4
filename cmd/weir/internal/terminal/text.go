package terminal

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Steers reports whether a character does something to a terminal or to the
// order of the text around it instead of being seen: control characters, marks
// of writing direction, invisible and separating ones.
func Steers(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f:
		return true
	case r == 0xad, r == 0x61c, r == 0x180e, r >= 0x200b && r <= 0x200f:
		return true
	case r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
		return true
	case r >= 0xfff0 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff:
		return true
	case r >= 0xfe00 && r <= 0xfe0f: // variation selectors
		return true
	}
	return !unicode.IsGraphic(r)
}

// OneLine makes text safe to stand in a line: white space of any length becomes
// one blank, what steers a terminal becomes its code point, as "<U+202E>".
func OneLine(text string) string {
	var b strings.Builder
	blank := false
	for i, r := range text {
		if r == ' ' || r == '\t' || r == '\n' || r == '\r' {
			blank = true
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		writeSeen(&b, text[i:], r)
	}
	return b.String()
}

// Exact makes text safe to show and keeps it as it is otherwise: lines stay
// lines, tabs and all else that steers a terminal becomes its code point. hidden
// is how many characters were replaced.
func Exact(text string) (shown string, hidden int) {
	var b strings.Builder
	for i, r := range text {
		if r == '\n' {
			b.WriteByte('\n')
			continue
		}
		if writeSeen(&b, text[i:], r) {
			hidden++
		}
	}
	return b.String(), hidden
}

// JSON gives the same JSON with what steers a terminal in its strings escaped. There is no
// such character outside of strings besides line ends.
func JSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || !Steers(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Pieces cuts a line at so many columns. Below ten it stays whole.
func Pieces(line string, width int) iter.Seq[string] {
	return func(yield func(string) bool) {
		if width < 10 {
			yield(line)
			return
		}
		from, columns := 0, 0
		for i, r := range line {
			w := runeWidth(r)
			if columns+w > width {
				if !yield(line[from:i]) {
					return
				}
				from, columns = i, 0
			}
			columns += w
		}
		yield(line[from:])
	}
}

// writeSeen writes the character r that rest begins with, or what shows it.
func writeSeen(b *strings.Builder, rest string, r rune) (replaced bool) {
	if r == utf8.RuneError {
		if _, size := utf8.DecodeRuneInString(rest); size == 1 {
			fmt.Fprintf(b, "<%02X>", rest[0])
			return true
		}
	}
	if Steers(r) {
		fmt.Fprintf(b, "<U+%04X>", r)
		return true
	}
	b.WriteRune(r)
	return false
}

// Foreign lists the characters of text beyond ASCII, each once: some look like
// letters of another script.
func Foreign(text string) []rune {
	seen := make(map[rune]bool)
	var list []rune
	for _, r := range text {
		if r > unicode.MaxASCII && !Steers(r) && !seen[r] {
			seen[r] = true
			list = append(list, r)
		}
	}
	return list
}

// Width is how many columns text takes. Text must be free of what steers.
func Width(text string) int {
	w := 0
	for _, r := range text {
		w += runeWidth(r)
	}
	return w
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case wide(r):
		return 2
	default:
		return 1
	}
}

// wide reports the characters that East_Asian_Width (Unicode annex 11) calls
// wide, by block: a column too many or too few only spoils alignment.
func wide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff01 && r <= 0xff60 ||
		r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd
}

// Cut shortens text to at most width columns, the last of them "…" when
// something is missing. A width below 1 does not cut.
func Cut(text string, width int) string {
	if width < 1 || Width(text) <= width {
		return text
	}
	w := 0
	for i, r := range text {
		if w += runeWidth(r); w > width-1 {
			return text[:i] + "…"
		}
	}
	return text
}

// Pad fills text with blanks to width columns.
func Pad(text string, width int) string {
	if n := width - Width(text); n > 0 {
		return text + strings.Repeat(" ", n)
	}
	return text
}

// PadLeft fills text with blanks in front.
func PadLeft(text string, width int) string {
	if n := width - Width(text); n > 0 {
		return strings.Repeat(" ", n) + text
	}
	return text
}
