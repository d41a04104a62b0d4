package mask

import (
	"fmt"
	"strings"
)

// Path selects values inside of JSON: keys parted by dots. * stands for one
// key, ** for any number of them. Arrays do not count: "cards.number" is the
// number of each element of cards, too.
type Path []string

// mostKeys is how many keys a Path may have: a word has a bit for each, and one
// for the end.
const mostKeys = 32

// ParsePath reads a Path. A key that has a dot, or is a star, cannot be written.
func ParsePath(s string) (Path, error) {
	p := Path(strings.Split(s, "."))
	if len(p) > mostKeys {
		return nil, fmt.Errorf("a path has at most %d keys, this one has %d", mostKeys, len(p))
	}
	for i, key := range p {
		switch {
		case key == "":
			return nil, fmt.Errorf("the path %q has an empty key: write keys parted by dots, as in contact.email", s)
		case key == "**" && i == len(p)-1:
			return nil, fmt.Errorf("the path %q ends with **: name the key that is meant, or leave ** out", s)
		case key != "*" && key != "**" && strings.Contains(key, "*"):
			return nil, fmt.Errorf("the path %q has a star inside of a key: * stands for a whole key", s)
		}
	}
	return p, nil
}

// String is the path as it is written.
func (p Path) String() string { return strings.Join(p, ".") }

// places is a set of places in a Path: bit i says that the keys before key i
// were met.
type places uint64

// start is the set in front of any key.
func (p Path) start() places { return p.closure(1) }

// closure adds what ** allows to be left out.
func (p Path) closure(s places) places {
	for i, key := range p {
		if key == "**" && s&(1<<i) != 0 {
			s |= 1 << (i + 1)
		}
	}
	return s
}

// under gives the set one key further down.
func (p Path) under(s places, key []byte) places {
	var next places
	for i, k := range p {
		if s&(1<<i) == 0 {
			continue
		}
		switch {
		case k == "**":
			next |= 1 << i
		case k == "*" || k == string(key):
			next |= 1 << (i + 1)
		}
	}
	return p.closure(next)
}

// met says that the whole path was.
func (p Path) met(s places) bool { return s&(1<<len(p)) != 0 }

// Step is one of the way into a json value.
type Step struct {
	Key     string
	Element bool // an element of an array, whichever; Key does not count
	Either  bool // the key of an object, or the number of an element
}

// Passes says whether m masks nothing of what stands at the end of a way into a json
// value: neither the whole, nor anything that it is in, nor anything inside of it.
func (m *Masker) Passes(way []Step) bool {
	if len(m.parts) == 0 {
		return false
	}
	for i := range m.parts {
		p := m.parts[i].path
		at := p.start()
		for _, step := range way {
			if p.met(at) {
				return false
			}
			switch {
			case step.Element:
			case step.Either:
				at |= p.under(at, []byte(step.Key))
			default:
				at = p.under(at, []byte(step.Key))
			}
		}
		if at != 0 {
			return false
		}
	}
	return true
}

// Enters says whether a way into a json value leads into what m masks: what is found
// there depends on it. That the way ends at a masked value does not count.
func (m *Masker) Enters(way []Step) bool {
	if len(m.parts) == 0 {
		return true
	}
	for i := range m.parts {
		p := m.parts[i].path
		at := p.start()
		for _, step := range way {
			if p.met(at) {
				return true
			}
			if next := p.under(at, []byte(step.Key)); step.Element || step.Either {
				at |= next
			} else {
				at = next
			}
		}
	}
	return false
}
