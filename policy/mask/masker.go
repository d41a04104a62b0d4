package mask

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// Type is the way in which a value is masked, as policy documents name it.
type Type string

// The ways to mask a value. Where a type has no form for one of them, the way
// falls back to a stricter one: Partial and Noise to Redact, Hash and Redact to Null.
const (
	Partial Type = "Partial" // some characters stay, the others become '*'
	Noise   Type = "Noise"   // a number or date near the true one, stable for one key and value
	Hash    Type = "Hash"    // AES-CMAC of the value, stable for one key, of the column's type
	Redact  Type = "Redact"  // one fixed value of the column's type
	Null    Type = "Null"    // NULL
)

// MinKey is the least number of bytes of a Hash mask's key.
const MinKey = 16

// Spec says how to mask.
type Spec struct {
	Type Type
	// KeepFirst and KeepLast are the numbers of characters that Partial keeps
	// at the start and at the end. A value that is not longer than both
	// together is masked entirely.
	KeepFirst int
	KeepLast  int
	// Key is the secret of Hash and Noise, at least MinKey bytes. Columns whose
	// masks have the same key and whose types belong together (the character
	// types; each other type for itself) get equal hashes for equal values,
	// whatever the format.
	Key []byte
	// Percent is how far Noise moves a number: 1 to 100, 0 for DefaultPercent.
	// An integer, or a numeric's last decimal, moves by at least 1.
	Percent int
	// Span is how far Noise moves a date or a timestamp, 0 for DefaultSpan. A
	// date moves by whole days.
	Span time.Duration
	// Paths select what is masked of a json or jsonb value; the rest passes. A
	// value of another type is masked as a whole, and so is everything where
	// there are none.
	Paths []Path
}

// Masker masks values as one Spec says. It does not change and may be shared.
type Masker struct {
	spec  Spec
	parts []part // one for each path
}

// New checks the spec and makes a Masker.
func New(spec Spec) (*Masker, error) {
	switch spec.Type {
	case Redact, Null:
	case Partial:
		if spec.KeepFirst < 0 || spec.KeepLast < 0 {
			return nil, fmt.Errorf("a Partial mask cannot keep a negative number of characters")
		}
		if spec.KeepFirst == 0 && spec.KeepLast == 0 {
			return nil, fmt.Errorf("a Partial mask keeps something: set keepLast or keepFirst, or use Redact")
		}
	case Hash, Noise:
		if len(spec.Key) < MinKey {
			return nil, fmt.Errorf("a %s mask needs a key of at least %d bytes, this one has %d", spec.Type, MinKey, len(spec.Key))
		}
	default:
		return nil, fmt.Errorf("unknown mask type %q: use Redact, Partial, Noise, Hash or Null", spec.Type)
	}
	if err := spec.noise(); err != nil {
		return nil, err
	}
	if spec.Type != Partial && (spec.KeepFirst != 0 || spec.KeepLast != 0) {
		return nil, fmt.Errorf("keepFirst and keepLast belong to Partial, not to %s", spec.Type)
	}
	if spec.Type != Hash && spec.Type != Noise && len(spec.Key) != 0 {
		return nil, fmt.Errorf("a key belongs to Hash and Noise, not to %s", spec.Type)
	}
	spec.Key = bytes.Clone(spec.Key)
	m := &Masker{spec: spec}
	for _, p := range spec.Paths {
		m.parts = append(m.parts, part{path: p, masker: m})
	}
	return m, nil
}

// Join gives a masker that shows no more than either: in the stricter way, and
// where both have paths, what the paths of both select. It is a itself where b
// hides nothing more. a may be nil.
func Join(a, b *Masker) *Masker {
	if a == nil {
		return b
	}
	stricter := a
	if b.Stricter(a) {
		stricter = b
	}
	switch {
	case len(a.parts) > 0 && len(b.parts) > 0:
		parts := a.parts
		for _, p := range b.parts {
			if !slices.ContainsFunc(a.parts, func(q part) bool { return q.masker == p.masker && slices.Equal(q.path, p.path) }) {
				parts = append(parts[:len(parts):len(parts)], p)
			}
		}
		if stricter == a && len(parts) == len(a.parts) {
			return a
		}
		return &Masker{spec: stricter.spec, parts: parts}
	case len(stricter.parts) > 0:
		return &Masker{spec: stricter.spec}
	case len(a.parts) == 0 && !b.Stricter(a):
		return a
	}
	return stricter
}

// Type says how m masks.
func (m *Masker) Type() Type { return m.spec.Type }

// Stricter says whether m tells less than o. Null is stricter than Redact,
// Redact than Hash, Hash than Noise, Noise than Partial; of two Partial masks
// the one that keeps less, of two Noise masks the one that moves further. It is
// false where the two tell the same.
func (m *Masker) Stricter(o *Masker) bool {
	if a, b := rank(m.spec.Type), rank(o.spec.Type); a != b {
		return a > b
	}
	if m.spec.Type == Noise {
		if m.spec.Percent != o.spec.Percent {
			return m.spec.Percent > o.spec.Percent
		}
		return m.spec.Span > o.spec.Span
	}
	return m.spec.KeepFirst+m.spec.KeepLast < o.spec.KeepFirst+o.spec.KeepLast
}

func rank(t Type) int {
	switch t {
	case Partial:
		return 1
	case Noise:
		return 2
	case Hash:
		return 3
	case Redact:
		return 4
	}
	return 5
}

// noise checks and completes the amplitudes.
func (s *Spec) noise() error {
	if s.Type != Noise {
		if s.Percent != 0 || s.Span != 0 {
			return fmt.Errorf("percent and span belong to Noise, not to %s", s.Type)
		}
		return nil
	}
	if s.Percent < 0 || s.Percent > 100 {
		return fmt.Errorf("a Noise mask moves numbers by 1 to 100 percent, not by %d", s.Percent)
	}
	if s.Span < 0 || s.Span > MaxSpan {
		return fmt.Errorf("a Noise mask moves dates by up to %s, not by %s", MaxSpan, s.Span)
	}
	if s.Percent == 0 {
		s.Percent = DefaultPercent
	}
	if s.Span == 0 {
		s.Span = DefaultSpan
	}
	return nil
}

// Mask masks one value without preparation: see Cell. The value's type modifier
// is taken as unknown.
func (m *Masker) Mask(dst, value []byte, typeOID uint32, format int16) (out []byte, isNull bool) {
	return m.Cell(Column{TypeOID: typeOID, TypeMod: -1, Format: format}).Mask(dst, value)
}
