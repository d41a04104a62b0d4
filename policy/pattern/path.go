package pattern

import (
	"errors"
	"path"
	"strings"
)

// Path matches an absolute slash-separated path. Within a segment it is a Glob
// whose wildcards never cross a slash; a segment "**" stands for any number of
// segments, none included.
type Path struct {
	text     string
	segments []Glob
	deep     []bool // segment is "**"
}

// NewPath makes a path pattern. The text must be absolute and clean: a path of
// the kernel never has "..", "." or an empty segment, so a pattern with one
// would never match.
func NewPath(text string) (Path, error) {
	if !strings.HasPrefix(text, "/") {
		return Path{}, errors.New("a path pattern must begin with \"/\"")
	}
	if path.Clean(text) != text {
		return Path{}, errors.New("a path pattern must not have \".\", \"..\" or empty segments, nor a slash at its end")
	}
	p := Path{text: text}
	for _, s := range split(text) {
		p.deep = append(p.deep, s == "**")
		p.segments = append(p.segments, Glob{text: s, literal: !strings.ContainsAny(s, "*?")})
	}
	return p, nil
}

// Match says whether the whole of s matches.
func (p Path) Match(s string) bool {
	return strings.HasPrefix(s, "/") && p.match(split(s), false)
}

// MatchBelow says whether s or one of the folders above it matches.
func (p Path) MatchBelow(s string) bool {
	return strings.HasPrefix(s, "/") && p.match(split(s), true)
}

// Everything says whether MatchBelow holds for every path: the pattern is "/"
// or ends up there.
func (p Path) Everything() bool {
	for _, deep := range p.deep {
		if !deep {
			return false
		}
	}
	return true
}

// String gives the pattern as it was written.
func (p Path) String() string {
	return p.text
}

// MarshalText gives String.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.text), nil }

// match is wild over segments, with "**" for the star.
func (p Path) match(s []string, below bool) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i == len(p.segments) && below:
			return true
		case i < len(p.segments) && p.deep[i]:
			star, mark = i, j
			i++
		case i < len(p.segments) && p.segments[i].Match(s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p.segments) && p.deep[i] {
		i++
	}
	return i == len(p.segments)
}

func split(s string) []string {
	s = strings.Trim(s, "/")
	if s == "" {
		return nil
	}
	return strings.Split(s, "/")
}
