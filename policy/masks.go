package policy

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
)

// Mask hides columns of results.
type Mask struct {
	Name       string             `json:"name"`
	Columns    []pattern.Name     `json:"columns"` // schema.table.column
	Type       mask.Type          `json:"type"`
	KeepFirst  int                `json:"keepFirst,omitempty"` // Partial: characters
	KeepLast   int                `json:"keepLast,omitempty"`  // Partial: characters
	KeyFile    string             `json:"keyFile,omitempty"`   // Hash; absolute path
	Predicates lineage.Predicates `json:"predicates"`

	keyAt  place
	masker *mask.Masker      // nil: Hash whose key was not read
	key    [sha256.Size]byte // digest of the key
}

// rule gives the mask as the package that applies it takes it.
func (m *Mask) rule(policy string) lineage.Rule {
	rule := lineage.Rule{Policy: policy, Name: m.Name, Masker: m.masker, Predicates: m.Predicates}
	for _, c := range m.Columns {
		rule.Columns = append(rule.Columns, lineage.PatternOf(c))
	}
	return rule
}

// prepare makes the masker. read is nil where secrets are out of reach.
func (m *Mask) prepare(r *reader, read KeyReader) {
	spec := mask.Spec{Type: m.Type, KeepFirst: m.KeepFirst, KeepLast: m.KeepLast}
	if m.Type == mask.Hash {
		if read == nil {
			return
		}
		key, err := read(m.KeyFile)
		if err != nil {
			r.reportAt(m.keyAt, "", "keyFile cannot be read: %v", err)
			return
		}
		spec.Key = bytes.TrimRight(key, "\r\n")
		m.key = sha256.Sum256(spec.Key)
	}
	masker, err := mask.New(spec)
	if err != nil {
		r.reportAt(m.keyAt, "", "mask %q: %v", m.Name, err)
		return
	}
	m.masker = masker
}

const mostKept = 1000

func (r *reader) masks(n *yaml.Node) []*Mask {
	var all []*Mask
	r.named(n, "masks", "a mask", func(m *mapping, name string) {
		k := &Mask{Name: name, Predicates: lineage.Equality}
		m.unavailable("name the columns", "detect")
		if m.has("detect") {
			m.get("columns")
		} else {
			k.Columns = r.names(m.need("columns", `write columns: [schema.table.column]`), "columns", "schema.table.column", 3, 3)
		}
		if n := m.need("with", "write with: {type: Redact}"); n != nil {
			r.with(k, n)
		}
		if n := m.get("predicates"); n != nil {
			s, _ := r.choice(n, "predicates", string(lineage.Deny), string(lineage.Equality), string(lineage.Allow))
			k.Predicates = lineage.Predicates(s)
		}
		if k.Type != "" {
			all = append(all, k)
		}
	})
	slices.SortFunc(all, func(a, b *Mask) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// maskType reads the type's name. YAML takes the word Null for its own null.
func (r *reader) maskType(n *yaml.Node) (string, bool) {
	if n != nil && n.Kind == yaml.ScalarNode && n.Value == string(mask.Null) {
		return n.Value, true
	}
	return r.text(n, "the mask type")
}

func (r *reader) with(k *Mask, n *yaml.Node) {
	k.keyAt = r.at(n)
	m := r.mapping(n, "with")
	kind := m.need("type", "")
	first, last, key := m.get("keepFirst"), m.get("keepLast"), m.get("keyFile")
	m.close()
	s, ok := r.maskType(kind)
	if !ok {
		return
	}
	words := []string{string(mask.Redact), string(mask.Partial), string(mask.Hash), string(mask.Null)}
	switch {
	case s == "Noise":
		r.report(kind, "use "+alternatives(words), "mask type Noise is not available in this version")
		return
	case !slices.Contains(words, s):
		r.report(kind, didYouMean(s, words), "the mask type cannot be %q, it is %s", shorten(s), alternatives(words))
		return
	}
	k.Type = mask.Type(s)
	if k.Type == mask.Partial {
		a, okFirst := r.integer(first, "keepFirst", 0, mostKept)
		b, okLast := r.integer(last, "keepLast", 0, mostKept)
		k.KeepFirst, k.KeepLast = int(a), int(b)
		failed := (first != nil && !okFirst) || (last != nil && !okLast)
		if a == 0 && b == 0 && !failed {
			r.report(n, "set keepLast or keepFirst, or use Redact", "a Partial mask keeps nothing")
		}
		if (a == 0 && b == 0) || failed {
			k.Type = "" // said already
		}
	} else {
		for name, n := range map[string]*yaml.Node{"keepFirst": first, "keepLast": last} {
			if n != nil {
				r.report(n, "use Partial", "%s has no effect with type %s", name, k.Type)
			}
		}
	}
	if k.Type != mask.Hash {
		if key != nil {
			r.report(key, "use Hash", "keyFile has no effect with type %s", s)
		}
		return
	}
	if key == nil {
		r.report(n, "write at least 16 random bytes into a file that only root can read", "keyFile is missing: a Hash mask needs it")
		k.Type = ""
		return
	}
	k.keyAt = r.at(key)
	path, ok := r.absolutePath(key, "keyFile")
	if k.KeyFile = path; !ok {
		k.Type = ""
	}
}
