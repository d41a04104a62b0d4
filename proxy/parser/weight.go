package parser

import "strings"

// weight is how many bytes of text a text is like for a worker: its length, and where
// it assigns to several columns at once (SET (a, b) = ...), what stands behind that
// once more for each column, since the tree repeats the source as often. It may say
// too much, never too little, whatever comments and quotes are in the text. A text that
// is not scanned yet may be weighed.
func weight(text string) int {
	total, commas := len(text), 0
	for i := afterSet(text); i < len(text); i++ {
		switch text[i] {
		case ',':
			commas++
		case ')':
			rest := strings.TrimLeft(text[i+1:], " \t\n\r\f\v")
			if rest != "" && strings.IndexByte("=/-", rest[0]) >= 0 { // or a comment in front of it
				total += commas * len(rest)
			}
		}
	}
	return total
}

// afterSet is where the first "set" of a text ends, in whatever case and word.
func afterSet(text string) int {
	for i := 0; i+3 <= len(text); i++ {
		if text[i]|0x20 == 's' && strings.EqualFold(text[i:i+3], "set") {
			return i + 3
		}
	}
	return len(text)
}
