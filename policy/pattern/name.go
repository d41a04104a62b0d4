package pattern

import (
	"errors"
	"fmt"
	"strings"
)

// MaxIdentifier is the longest identifier that PostgreSQL keeps, in bytes
// (NAMEDATALEN - 1). Longer names are cut, so a longer pattern never matches.
const MaxIdentifier = 63

// Name is a qualified SQL name such as "public.customers.email", each of its
// parts a Glob. As in SQL a part is folded to lower case unless it stands in
// double quotes; a quoted part is literal and may hold dots and stars.
type Name struct {
	text  string
	parts []Glob
}

// ParseName reads a qualified name.
func ParseName(text string) (Name, error) {
	n := Name{text: text}
	if text == "" {
		return Name{}, errors.New("a name pattern must not be empty")
	}
	rest := text
	for {
		part, tail, err := nextPart(rest)
		if err != nil {
			return Name{}, err
		}
		n.parts = append(n.parts, part)
		if tail == "" {
			return n, nil
		}
		if tail[0] != '.' {
			return Name{}, fmt.Errorf("a dot is expected before %q", tail)
		}
		rest = tail[1:]
	}
}

func nextPart(s string) (part Glob, tail string, err error) {
	if strings.HasPrefix(s, `"`) {
		return quotedPart(s)
	}
	end := strings.IndexAny(s, `."`)
	if end < 0 {
		end = len(s)
	}
	word := s[:end]
	if word == "" {
		return Glob{}, "", errors.New("a name has an empty part")
	}
	if i := strings.IndexFunc(word, notInWord); i >= 0 {
		return Glob{}, "", fmt.Errorf("the character %q needs double quotes around the part, as in SQL", word[i:i+1])
	}
	word = fold(word)
	literal := !strings.ContainsAny(word, "*?")
	if literal && len(word) > MaxIdentifier {
		return Glob{}, "", fmt.Errorf("the part %q is longer than %d bytes, PostgreSQL would have cut it", word, MaxIdentifier)
	}
	return Glob{text: word, literal: literal}, s[end:], nil
}

func quotedPart(s string) (Glob, string, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' { // a doubled quote is one
			b.WriteByte('"')
			i++
			continue
		}
		word := b.String()
		switch {
		case word == "":
			return Glob{}, "", errors.New("a name has an empty part")
		case len(word) > MaxIdentifier:
			return Glob{}, "", fmt.Errorf("the part %q is longer than %d bytes, PostgreSQL would have cut it", word, MaxIdentifier)
		}
		return Literal(word), s[i+1:], nil
	}
	return Glob{}, "", errors.New("a double quote is not closed")
}

func notInWord(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune("'`;,()[]{}<>/\\:=+|&^%!@#~", r)
}

// fold lowers ASCII only, which is what PostgreSQL does in multi-byte encodings
// (downcase_identifier).
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// Len is the number of parts.
func (n Name) Len() int {
	return len(n.parts)
}

// FromEnd gives the part at a distance from the end: 0 is the last one. Parts
// that the pattern does not have match everything.
func (n Name) FromEnd(i int) Glob {
	if i >= len(n.parts) {
		return Glob{text: "*"}
	}
	return n.parts[len(n.parts)-1-i]
}

// String gives the pattern as it was written.
func (n Name) String() string {
	return n.text
}

// Canonical gives the pattern in one spelling for all that mean the same:
// literal parts quoted.
func (n Name) Canonical() string {
	var b strings.Builder
	for i, p := range n.parts {
		if i > 0 {
			b.WriteByte('.')
		}
		if p.literal {
			b.WriteString(`"` + strings.ReplaceAll(p.text, `"`, `""`) + `"`)
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// MarshalText gives Canonical.
func (n Name) MarshalText() ([]byte, error) { return []byte(n.Canonical()), nil }
