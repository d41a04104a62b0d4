package statement

import (
	"regexp"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// longestPattern is how long a pattern may be that is tried, in bytes.
const longestPattern = 200

// matchesAll says whether a regular expression matches whatever text: it is tried with
// some that have nothing in common.
func matchesAll(pattern string) bool {
	return matchesEach(pattern, []string{"", "A", "0", " ", "\n", "Weir\x01sample", "weir@example.com\n0", strings.Repeat("x", 300)})
}

func matchesEach(pattern string, texts []string) bool {
	if len(pattern) > longestPattern {
		return false
	}
	compiled, err := regexp.Compile("(?s)" + pattern)
	if err != nil {
		return false
	}
	for _, t := range texts {
		if !compiled.MatchString(t) {
			return false
		}
	}
	return true
}

// matches evaluates a regular expression that takes all texts that there are; of others
// it varies what they match.
func (s *sampler) matches(n, left, right *pg_query.Node, name string) sample {
	x, p := s.value(left, ofText), s.value(right, ofText)
	if x.kind == ofNull || p.kind == ofNull {
		return sample{}
	}
	if x.kind != ofText || p.kind != ofText || constantIn(right) == nil {
		return s.unknown(n, ofTruth)
	}
	if strings.HasPrefix(name, "!") {
		if s.takesAll(left, p.text) {
			return truly(false)
		}
		return s.unknown(n, ofTruth)
	}
	if s.takesAll(left, p.text) {
		return truly(true)
	}
	return s.unknown(n, ofTruth)
}

// takesAll says whether a pattern matches all texts that an expression can have.
func (s *sampler) takesAll(n *pg_query.Node, pattern string) bool {
	if s.patterns == nil {
		s.patterns = map[string]bool{}
	}
	values := s.image(uncast(n), ofText)
	key := pattern
	if values != nil {
		key += "\x00" + string(s.as) + "\x00" + s.side(n)
	}
	if known, found := s.patterns[key]; found {
		return known
	}
	s.steps += 20 * (1 + len(pattern)/8)
	var all bool
	if values == nil {
		all = matchesAll(pattern)
	} else {
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.text
		}
		all = matchesEach(pattern, texts)
	}
	s.patterns[key] = all
	return all
}

// fromLike writes a LIKE pattern as a regular expression.
func fromLike(pattern string) string {
	var b strings.Builder
	b.WriteString("^")
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(".*")
		case '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString("$")
	return b.String()
}

// fromSimilar writes a SIMILAR TO pattern as a regular expression.
func fromSimilar(pattern string) string {
	return "^(?:" + strings.NewReplacer("%", ".*", "_", ".", ".", `\.`, "^", `\^`, "$", `\$`).Replace(pattern) + ")$"
}
