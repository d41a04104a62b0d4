package pattern

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Glob matches a text: '*' stands for any run of characters, the empty one
// included, '?' for exactly one character, every other character for itself.
// The zero Glob matches the empty text only. Matching takes time proportional
// to the product of both lengths at worst and allocates nothing.
type Glob struct {
	text    string
	literal bool // no character of text is special
}

// NewGlob makes a glob of a text. An empty text is an error, since a selector
// that selects nothing is one.
func NewGlob(text string) (Glob, error) {
	if text == "" {
		return Glob{}, errors.New("a pattern must not be empty")
	}
	return Glob{text: text, literal: !strings.ContainsAny(text, "*?")}, nil
}

// Literal makes a glob that matches exactly this text, special characters
// included.
func Literal(text string) Glob {
	return Glob{text: text, literal: true}
}

// Match says whether the whole of s matches.
func (g Glob) Match(s string) bool {
	if g.literal {
		return g.text == s
	}
	return wild(g.text, s)
}

// Everything says whether the glob matches every text.
func (g Glob) Everything() bool {
	return !g.literal && g.text != "" && strings.Trim(g.text, "*") == ""
}

// IsLiteral says whether the glob matches exactly one text, which String gives.
func (g Glob) IsLiteral() bool {
	return g.literal
}

// String gives the pattern as it was written.
func (g Glob) String() string {
	return g.text
}

// MarshalText gives String.
func (g Glob) MarshalText() ([]byte, error) { return []byte(g.text), nil }

// wild is the usual greedy match that goes back only to the last star: every
// earlier star can keep what it took.
func wild(p, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && p[i] == '?':
			_, size := utf8.DecodeRuneInString(s[j:])
			i++
			j += size
		case i < len(p) && p[i] == s[j]:
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
