package policy

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/pattern"
)

// choice gives one of the words of an enumeration.
func (r *reader) choice(n *yaml.Node, what string, words ...string) (string, bool) {
	s, ok := r.text(n, what)
	if !ok {
		return "", false
	}
	if !slices.Contains(words, s) {
		r.report(n, didYouMean(s, words), "%s cannot be %q, it is %s", what, s, alternatives(words))
		return "", false
	}
	return s, true
}

// any reads "any", whose only good value is true: to say false is to leave it
// out, so a false is a mistake.
func (r *reader) any(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || !strings.EqualFold(n.Value, "true") {
		r.report(n, "leave it out otherwise", "any can only be true")
		return false
	}
	return true
}

// name reads the name of a document or of a rule: it stands in records, errors
// and commands, joined by slashes.
func (r *reader) name(n *yaml.Node, what string) (string, bool) {
	s, ok := r.text(n, what)
	if !ok {
		return "", false
	}
	if len(s) > 63 || !nameForm(s) {
		r.report(n, "", "%s must be at most 63 lower-case letters, digits, \"-\" and \".\", with a letter or digit at both ends, not %q", what, shorten(s))
		return "", false
	}
	return s, true
}

func nameForm(s string) bool {
	edge := func(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
	if s == "" || !edge(s[0]) || !edge(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if !edge(s[i]) && s[i] != '-' && s[i] != '.' {
			return false
		}
	}
	return true
}

// shorten keeps a quoted value from filling the screen.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// absolutePath reads the name of a file on the host where weir runs.
func (r *reader) absolutePath(n *yaml.Node, what string) (string, bool) {
	s, ok := r.text(n, what)
	if !ok {
		return "", false
	}
	if !path.IsAbs(s) || path.Clean(s) != s {
		r.report(n, "the daemon has no folder of its own that it could be relative to", "%s must be an absolute path without \"..\", not %q", what, shorten(s))
		return "", false
	}
	return s, true
}

// integer reads a whole number.
func (r *reader) integer(n *yaml.Node, what string, least, most int64) (int64, bool) {
	if n == nil {
		return 0, false
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil {
		r.report(n, "", "%s must be a whole number, this is %s", what, kindOf(n))
		return 0, false
	}
	if v < least || v > most {
		r.report(n, "", "%s must be from %d to %d, not %d", what, least, most, v)
		return 0, false
	}
	return v, true
}

// duration reads "60s", "1h30m" or "90d".
func (r *reader) duration(n *yaml.Node, what string, least, most time.Duration) (time.Duration, bool) {
	if n == nil {
		return 0, false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		r.report(n, "", "%s must be a duration, this is %s", what, kindOf(n))
		return 0, false
	}
	d, err := parseDuration(n.Value)
	if err != nil {
		r.report(n, "write a number and a unit: 500ms, 60s, 15m, 1h30m, 90d", "%s: %q is not a duration", what, shorten(n.Value))
		return 0, false
	}
	if d < least || d > most {
		r.report(n, "", "%s must be from %v to %v, not %s", what, least, most, n.Value)
		return 0, false
	}
	return d, true
}

// parseDuration is time.ParseDuration with days, which stand first.
func parseDuration(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("days: %w", err)
	}
	total := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return total, nil
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 || rest[0] == '+' {
		return 0, fmt.Errorf("after the days: %q is not a duration", rest)
	}
	if more > math.MaxInt64-total {
		return 0, fmt.Errorf("%q is too long", s)
	}
	return total + more, nil
}

// globs reads a list of plain globs, sorted.
func (r *reader) globs(n *yaml.Node, what string) []pattern.Glob {
	return readList(r, n, what, func(n *yaml.Node) (pattern.Glob, bool) {
		s, ok := r.text(n, "a value of "+what)
		if !ok {
			return pattern.Glob{}, false
		}
		g, err := pattern.NewGlob(s)
		if err != nil {
			r.report(n, "", "%s: %v", what, err)
			return pattern.Glob{}, false
		}
		return g, true
	})
}

// paths reads a list of path patterns, sorted.
func (r *reader) paths(n *yaml.Node, what string) []pattern.Path {
	return readList(r, n, what, func(n *yaml.Node) (pattern.Path, bool) {
		s, ok := r.text(n, "a value of "+what)
		if !ok {
			return pattern.Path{}, false
		}
		p, err := pattern.NewPath(s)
		switch {
		case err != nil:
			r.report(n, "", "%s: %q can never match: %v", what, shorten(s), err)
			return pattern.Path{}, false
		case p.Everything():
			r.report(n, "write any: true for an entry that selects everything", "%s: %q matches everything", what, s)
			return pattern.Path{}, false
		}
		return p, true
	})
}

// names reads a list of qualified SQL names with a number of parts, sorted.
func (r *reader) names(n *yaml.Node, what, form string, least, most int) []pattern.Name {
	return readList(r, n, what, func(n *yaml.Node) (pattern.Name, bool) {
		s, ok := r.text(n, "a value of "+what)
		if !ok {
			return pattern.Name{}, false
		}
		p, err := pattern.ParseName(s)
		switch {
		case err != nil:
			r.report(n, "write "+form, "%s: %q is not a name pattern: %v", what, shorten(s), err)
			return pattern.Name{}, false
		case p.Len() < least || p.Len() > most:
			hint := ""
			if p.Len() < least {
				hint = `write "` + strings.Repeat("*.", least-p.Len()) + s + `" if it is meant everywhere`
			}
			r.report(n, hint, "%s: %q is not of the form %s", what, shorten(s), form)
			return pattern.Name{}, false
		}
		return p, true
	})
}

// readList reads every element of a list and reports repeated ones. Order never
// matters in documents, so the values come sorted by their text.
func readList[T fmt.Stringer](r *reader, n *yaml.Node, what string, read func(*yaml.Node) (T, bool)) []T {
	var all []T
	first := map[string]int{}
	for _, e := range r.list(n, what) {
		v, ok := read(e)
		if !ok {
			continue
		}
		if line, again := first[v.String()]; again {
			r.report(e, "", "%s: %q was already given in line %d", what, v.String(), line)
			continue
		}
		first[v.String()] = e.Line
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(a.String(), b.String()) })
	return all
}
