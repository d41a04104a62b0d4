package scram

import (
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
	"golang.org/x/text/unicode/norm"
)

// Prepare normalises a password as RFC 4013 asks, in the way of PostgreSQL's
// pg_saslprep (src/common/saslprep.c): a password that SASLprep forbids, or that
// is not UTF-8, is used as it is, by client and server alike.
func Prepare(password string) string {
	ascii := true
	for i := range len(password) {
		ascii = ascii && password[i] < utf8.RuneSelf
	}
	if ascii || !utf8.ValidString(password) {
		return password
	}
	profile := stringprep.SASLprep
	// PostgreSQL maps the other spaces first. It matters for U+200B, which is both
	// a space and one of the characters that are mapped to nothing.
	profile.Mappings = []stringprep.Mapping{otherSpaces(), stringprep.TableB1}
	// It also looks for forbidden characters before it normalises, not after.
	profile.Normalize = false
	mapped, err := profile.Prepare(password)
	if err != nil || mapped == "" {
		return password
	}
	return norm.NFKC.String(mapped)
}

// otherSpaces maps the spaces that are not ASCII (RFC 3454 table C.1.2) to U+0020.
func otherSpaces() stringprep.Mapping {
	spaces := stringprep.Mapping{}
	for _, r := range "\u00a0\u1680\u202f\u205f\u3000" {
		spaces[r] = []rune{' '}
	}
	for r := rune(0x2000); r <= 0x200b; r++ {
		spaces[r] = []rune{' '}
	}
	return spaces
}
