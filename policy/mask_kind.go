package policy

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/detect"
	"github.com/weirgate/weir/policy/mask"
)

// Detection is a mask of what is detected in the values of any column.
type Detection struct {
	Policy string // the policy's name
	Name   string // the rule's name in it
}

// String names the rule for people.
func (d *Detection) String() string { return ruleName(d.Policy, d.Name) }

// keyed says whether masks of a type have a key.
func keyed(t mask.Type) bool { return t == mask.Hash || t == mask.Noise }

// detects reads what a mask without columns looks for.
func (r *reader) detects(k *Mask, m *mapping) {
	for _, key := range []string{"columns", "paths", "predicates"} {
		if m.has(key) {
			n := m.get(key)
			r.report(n, "make two masks of it", "%s has no effect in a mask that detects: it holds for every column", key)
		}
	}
	if n := m.get("detect"); n != nil {
		words := make([]string, 0, 32)
		for _, kind := range detect.Kinds() {
			words = append(words, string(kind))
		}
		for _, item := range r.list(n, "detect") {
			s, ok := r.text(item, "what is detected")
			if !ok {
				continue
			}
			kind := detect.Kind(s)
			switch {
			case !slices.Contains(words, s):
				r.report(item, didYouMean(s, words), "there is no detector %q, there is %s", shorten(s), alternatives(words))
			case slices.Contains(k.Detect, kind):
				r.report(item, "", "%s comes twice", s)
			default:
				k.Detect = append(k.Detect, kind)
			}
		}
		slices.Sort(k.Detect)
	}
	if n := m.get("patterns"); n != nil {
		for _, item := range r.list(n, "patterns") {
			s, ok := r.text(item, "a pattern")
			if !ok {
				continue
			}
			if _, err := detect.New(nil, []string{s}); err != nil {
				r.report(item, "the syntax is RE2's", "%v", err)
				continue
			}
			k.Patterns = append(k.Patterns, s)
		}
	}
}

// jsonPaths reads what is masked inside of json.
func (r *reader) jsonPaths(n *yaml.Node) []string {
	var all []string
	if n == nil {
		return nil
	}
	for _, item := range r.list(n, "paths") {
		s, ok := r.text(item, "a path")
		if !ok {
			continue
		}
		if _, err := mask.ParsePath(s); err != nil {
			r.report(item, "", "%v", err)
			continue
		}
		all = append(all, s)
	}
	return all
}

// maskType reads the type's name. YAML takes the word Null for its own null.
func (r *reader) maskType(n *yaml.Node) (string, bool) {
	if n != nil && n.Kind == yaml.ScalarNode && n.Value == string(mask.Null) {
		return n.Value, true
	}
	return r.text(n, "the mask type")
}

const (
	mostKept = 1000
	mostDays = int64(mask.MaxSpan / (24 * 3600 * 1e9))
)

func (r *reader) with(k *Mask, n *yaml.Node) {
	k.keyAt = r.at(n)
	m := r.mapping(n, "with")
	kind := m.need("type", "")
	key := m.get("keyFile")
	of := map[mask.Type]map[string]*yaml.Node{
		mask.Partial: {"keepFirst": m.get("keepFirst"), "keepLast": m.get("keepLast")},
		mask.Noise:   {"percent": m.get("percent"), "days": m.get("days")},
	}
	m.close()
	s, ok := r.maskType(kind)
	if !ok {
		return
	}
	words := []string{string(mask.Redact), string(mask.Partial), string(mask.Noise), string(mask.Hash), string(mask.Null)}
	if !slices.Contains(words, s) {
		r.report(kind, didYouMean(s, words), "the mask type cannot be %q, it is %s", shorten(s), alternatives(words))
		return
	}
	k.Type = mask.Type(s)
	for _, t := range []mask.Type{mask.Partial, mask.Noise} {
		for name, n := range of[t] {
			if n != nil && k.Type != t {
				r.report(n, "use "+string(t), "%s has no effect with type %s", name, k.Type)
			}
		}
	}
	switch k.Type {
	case mask.Partial:
		r.partial(k, n, of[mask.Partial])
	case mask.Noise:
		if k.detects() {
			r.report(kind, "use Redact, Partial, Hash or Null", "Noise is for numbers and dates, not for what is detected in texts")
			k.Type = ""
			return
		}
		if n := of[mask.Noise]["percent"]; n != nil {
			v, _ := r.integer(n, "percent", 1, 100)
			k.Percent = int(v)
		}
		if n := of[mask.Noise]["days"]; n != nil {
			v, _ := r.integer(n, "days", 1, mostDays)
			k.Days = int(v)
		}
	}
	r.key(k, n, key)
}

// partial reads what a Partial mask keeps.
func (r *reader) partial(k *Mask, with *yaml.Node, of map[string]*yaml.Node) {
	first, last := of["keepFirst"], of["keepLast"]
	a, okFirst := r.integer(first, "keepFirst", 0, mostKept)
	b, okLast := r.integer(last, "keepLast", 0, mostKept)
	k.KeepFirst, k.KeepLast = int(a), int(b)
	failed := (first != nil && !okFirst) || (last != nil && !okLast)
	if a == 0 && b == 0 && !failed {
		r.report(with, "set keepLast or keepFirst, or use Redact", "a Partial mask keeps nothing")
	}
	if (a == 0 && b == 0) || failed {
		k.Type = "" // said already
	}
}

// key reads where the key of a mask is.
func (r *reader) key(k *Mask, with, key *yaml.Node) {
	switch {
	case k.Type == "":
		return
	case !keyed(k.Type):
		if key != nil {
			r.report(key, "use Hash or Noise", "keyFile has no effect with type %s", k.Type)
		}
		return
	case key == nil:
		r.report(with, "write at least 16 random bytes into a file that only root can read", "keyFile is missing: a %s mask needs it", k.Type)
		k.Type = ""
		return
	}
	k.keyAt = r.at(key)
	path, ok := r.absolutePath(key, "keyFile")
	if k.KeyFile = path; !ok {
		k.Type = ""
	}
}
