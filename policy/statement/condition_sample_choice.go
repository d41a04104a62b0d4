package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// choose gives the value of what varies by a key, of one of the kinds.
func (s *sampler) choose(key string, kind sampleKind) sample { return s.chooseFrom(key, kind, nil) }

// chooseFrom is choose from values that are known, nil for any of the kind.
func (s *sampler) chooseFrom(key string, kind sampleKind, values []sample) sample {
	key = string(rune('0'+kind)) + key
	s.steps += len(key) / 64
	if i, ok := s.at[key]; ok {
		return s.choices[i].values[s.choices[i].taken]
	}
	c := choice{key: key, values: values}
	switch {
	case len(values) > 0:
	default:
		c.values = s.anyOf(kind)
	}
	if s.draw != nil {
		c.taken = s.draw(key, len(c.values))
	}
	s.at[key] = len(s.choices)
	s.choices = append(s.choices, c)
	return c.values[c.taken]
}

// anyOf gives the values of a kind that are tried.
func (s *sampler) anyOf(kind sampleKind) []sample {
	var c choice
	switch kind {
	case ofTruth:
		c.values = []sample{truly(false), truly(true)}
	case ofText:
		c.values = []sample{text("Weir\x01sample"), text(""), text("A")}
		for _, t := range s.texts {
			if unreached(t) == 0 {
				c.values = append(c.values, text(t), text(t+"x"), text(strings.Trim(t, "%")))
			}
		}
	case ofOrder:
		c.values = []sample{number(-1), number(0), number(1)}
	default:
		if s.as == TypeBoolean {
			c.values = []sample{number(0), number(1)}
			break
		}
		c.values = []sample{number(987654321)}
		for _, by := range []float64{0, 1, -1} {
			for _, n := range s.numbers {
				if !beyond(n) {
					c.values = append(c.values, number(n+by))
				}
			}
		}
		c.values = append(c.values, number(0), number(1), number(-1), number(-987654321))
	}
	return c.values
}

// unknown is the result of something that is not evaluated.
func (s *sampler) unknown(n *pg_query.Node, kind sampleKind) sample {
	key := s.ofRow(n)
	if key == "" {
		return sample{kind: ofAnything}
	}
	return s.chooseFrom(key, kind, s.image(n, kind))
}

// ofRow gives an expression's key, "" where the row does not decide what it is.
func (s *sampler) ofRow(n *pg_query.Node) string {
	if sameType(uncast(n)) {
		return ""
	}
	key, found := s.written[n]
	if !found && s.steps > s.most {
		return "" // as though nothing of the row were in it: nothing is decided any more
	}
	if !found {
		if s.mentionsRow(n.ProtoReflect().Interface(), s.inside) {
			key = s.key(n)
			s.steps += len(key) / 8
		}
		s.written[n] = key
	}
	return key
}
