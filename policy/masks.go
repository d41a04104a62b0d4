package policy

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/detect"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
)

// Mask hides columns of results, or what is detected in any of them.
type Mask struct {
	Name       string             `json:"name"`
	Columns    []pattern.Name     `json:"columns"` // schema.table.column
	Type       mask.Type          `json:"type"`
	KeepFirst  int                `json:"keepFirst,omitempty"` // Partial: characters
	KeepLast   int                `json:"keepLast,omitempty"`  // Partial: characters
	KeyFile    string             `json:"keyFile,omitempty"`   // Hash and Noise; absolute path
	Percent    int                `json:"percent,omitempty"`   // Noise: how far a number moves
	Days       int                `json:"days,omitempty"`      // Noise: how far a date moves
	Paths      []string           `json:"paths,omitempty"`     // of json columns; all of a value if missing
	Detect     []detect.Kind      `json:"detect,omitempty"`    // in place of Columns: what is masked wherever it stands
	Patterns   []string           `json:"patterns,omitempty"`  // regular expressions (RE2), as Detect
	Predicates lineage.Predicates `json:"predicates"`
	Aggregates []string           `json:"aggregates,omitempty"` // whose results over the columns are shown, besides count

	keyAt     place
	masker    *mask.Masker      // nil: the key was not read
	detection *mask.Detection   // with Detect and Patterns
	key       [sha256.Size]byte // digest of the key
}

// How says in words what the mask makes of a value, the same for what looks the same.
func (m *Mask) How() string {
	var with []string
	say := func(when bool, format string, args ...any) {
		if when {
			with = append(with, fmt.Sprintf(format, args...))
		}
	}
	say(m.KeepFirst > 0, "keepFirst %d", m.KeepFirst)
	say(m.KeepLast > 0, "keepLast %d", m.KeepLast)
	say(m.Percent > 0, "percent %d", m.Percent)
	say(m.Days > 0, "days %d", m.Days)
	say(m.KeyFile != "", "keyFile %s", m.KeyFile)
	say(len(m.Paths) > 0, "in %s", strings.Join(m.Paths, ", "))
	if len(with) == 0 {
		return string(m.Type)
	}
	return string(m.Type) + " (" + strings.Join(with, ", ") + ")"
}

// rule gives the mask as the package that applies it takes it.
func (m *Mask) rule(p *Policy) lineage.Rule {
	rule := lineage.Rule{Policy: p.Name, Name: m.Name, Masker: m.masker, Predicates: m.Predicates, Aggregates: m.Aggregates, Trusted: p.Trusted}
	for _, c := range m.Columns {
		rule.Columns = append(rule.Columns, lineage.PatternOf(c))
	}
	return rule
}

// detects says that the mask is not about columns.
func (m *Mask) detects() bool { return len(m.Detect)+len(m.Patterns) > 0 }

// prepare makes the masker. read is nil where secrets are out of reach.
func (m *Mask) prepare(r *reader, read KeyReader) {
	spec := mask.Spec{
		Type: m.Type, KeepFirst: m.KeepFirst, KeepLast: m.KeepLast,
		Percent: m.Percent, Span: time.Duration(m.Days) * 24 * time.Hour,
	}
	for _, s := range m.Paths {
		p, err := mask.ParsePath(s)
		if err != nil {
			r.reportAt(m.keyAt, "", "mask %q: %v", m.Name, err) // was read once already
			return
		}
		spec.Paths = append(spec.Paths, p)
	}
	if keyed(m.Type) {
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
	if m.detects() {
		set, err := detect.New(m.Detect, m.Patterns)
		if err != nil {
			r.reportAt(m.keyAt, "", "mask %q: %v", m.Name, err)
			return
		}
		d, err := mask.NewDetection(set, masker)
		if err != nil {
			r.reportAt(m.keyAt, "", "mask %q: %v", m.Name, err)
			return
		}
		m.detection = &d
	}
	m.masker = masker
}

func (r *reader) masks(n *yaml.Node) []*Mask {
	var all []*Mask
	r.named(n, "masks", "a mask", func(m *mapping, name string) {
		k := &Mask{Name: name, Predicates: lineage.Equality}
		if m.has("detect") || m.has("patterns") {
			r.detects(k, m)
		} else {
			k.Columns = r.names(m.need("columns", `write columns: [schema.table.column], or detect: [PaymentCard]`), "columns", "schema.table.column", 3, 3)
			k.Paths = r.jsonPaths(m.get("paths"))
		}
		if n := m.need("with", "write with: {type: Redact}"); n != nil {
			r.with(k, n)
		}
		if n := m.get("predicates"); n != nil {
			s, _ := r.choice(n, "predicates", string(lineage.Deny), string(lineage.Equality), string(lineage.Allow))
			k.Predicates = lineage.Predicates(s)
		}
		k.Aggregates = r.aggregates(m.get("aggregates"), k)
		if k.Type != "" {
			all = append(all, k)
		}
	})
	slices.SortFunc(all, func(a, b *Mask) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// aggregates reads the names of aggregates whose results are shown.
func (r *reader) aggregates(n *yaml.Node, k *Mask) []string {
	if n == nil {
		return nil
	}
	if k.detects() {
		r.report(n, "make two masks of it", "aggregates has no effect in a mask that detects: it holds for every column")
		return nil
	}
	var names []string
	for _, item := range r.list(n, "aggregates") {
		s, ok := r.text(item, "an aggregate")
		switch {
		case !ok:
		case !slices.Contains(lineage.Aggregates(), s):
			r.report(item, didYouMean(s, lineage.Aggregates()), "%q is none of the aggregates that can be shown: %s", shorten(s), alternatives(lineage.Aggregates()))
		case slices.Contains(names, s):
			r.report(item, "", "%s comes twice", s)
		default:
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return names
}
