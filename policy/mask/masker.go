package mask

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
)

// Type is the way in which a value is masked, as policy documents name it.
type Type string

// The ways to mask a value. Where a type has no form for one of them, the way
// falls back to a stricter one: Partial to Redact, Hash and Redact to Null.
const (
	Partial Type = "Partial" // some characters stay, the others become '*'
	Hash    Type = "Hash"    // HMAC-SHA-256 of the value, stable for one key, of the column's type
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
	// Key is the secret of Hash, at least MinKey bytes. Columns whose masks
	// have the same key and whose types belong together (the character types;
	// uuid; each of the integer types for itself) get equal hashes for equal
	// values, whatever the format.
	Key []byte
}

// Masker masks values as one Spec says. It does not change and may be shared.
type Masker struct {
	spec Spec
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
	case Hash:
		if len(spec.Key) < MinKey {
			return nil, fmt.Errorf("a Hash mask needs a key of at least %d bytes, this one has %d", MinKey, len(spec.Key))
		}
	default:
		return nil, fmt.Errorf("unknown mask type %q: use Redact, Partial, Hash or Null", spec.Type)
	}
	if spec.Type != Partial && (spec.KeepFirst != 0 || spec.KeepLast != 0) {
		return nil, fmt.Errorf("keepFirst and keepLast belong to Partial, not to %s", spec.Type)
	}
	if spec.Type != Hash && len(spec.Key) != 0 {
		return nil, fmt.Errorf("a key belongs to Hash, not to %s", spec.Type)
	}
	spec.Key = bytes.Clone(spec.Key)
	return &Masker{spec: spec}, nil
}

// Type says how m masks.
func (m *Masker) Type() Type { return m.spec.Type }

// Stricter says whether m tells less than o. Null is stricter than Redact,
// Redact than Hash, Hash than Partial; of two Partial masks the one that keeps
// less. It is false where the two tell the same.
func (m *Masker) Stricter(o *Masker) bool {
	if a, b := rank(m.spec.Type), rank(o.spec.Type); a != b {
		return a > b
	}
	return m.spec.KeepFirst+m.spec.KeepLast < o.spec.KeepFirst+o.spec.KeepLast
}

func rank(t Type) int {
	switch t {
	case Partial:
		return 1
	case Hash:
		return 2
	case Redact:
		return 3
	}
	return 4
}

// Mask masks one value without preparation: see Cell. The value's type modifier
// is taken as unknown.
func (m *Masker) Mask(dst, value []byte, typeOID uint32, format int16) (out []byte, isNull bool) {
	return m.Cell(Column{TypeOID: typeOID, TypeMod: -1, Format: format}).Mask(dst, value)
}

// mac returns a fresh HMAC under the mask's key.
func (m *Masker) mac() hash.Hash { return hmac.New(sha256.New, m.spec.Key) }
