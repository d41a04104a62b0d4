package mask

import "time"

// The formats of a cell, as RowDescription gives them.
const (
	TextFormat   int16 = 0
	BinaryFormat int16 = 1
)

// Column describes the column that a Cell masks.
type Column struct {
	// TypeOID is the type's oid. A domain, or a type of an extension that looks
	// like a built-in one on the wire, is given as that one; PostgreSQL itself
	// describes a domain's column by the base type (SendRowDescriptionMessage).
	TypeOID uint32
	TypeMod int32 // pg_attribute.atttypmod, -1 for none
	Format  int16
	// Element and ElementType are for arrays of types that are not built in:
	// Element is the built-in type that the elements look like, ElementType the
	// oid that binary values carry. Both 0 otherwise.
	Element     uint32
	ElementType uint32
}

// Cell masks the values of one column of one result. It keeps buffers of its
// own: it is not for two goroutines at a time.
type Cell struct {
	how    how
	class  class
	fixed  []byte // what howFixed writes
	first  int    // Partial: characters kept
	last   int
	limit  int // the most characters of a result, 0 for no bound
	pad    bool
	size   int // integers: bytes in binary format
	digits int // Hash of numeric: digits in front of the point, 0 for none
	binary bool
	mac    *cmac
	// What a type's modifier leaves of a numeric and of a moment (microseconds).
	precision, rounded int
	unit               int64
	// Noise: how far a number may move, in percent, and a moment.
	percent int
	span    time.Duration
	scratch [64]byte
	fresh   []byte
	number  decimal
	id      [16]byte
	array   *array
	json    *jsonCell
	// What is found in texts, and the second of two buffers that take turns.
	detections []*detection
	spare      []byte
}

// how is what a Cell does with a value.
type how uint8

const (
	howNull how = iota
	howFixed
	howPartialText
	howPartialInteger
	howPartialUUID
	howHashText
	howHashInteger
	howHashUUID
	howHashBytea
	howHashNumeric
	howHashFloat
	howHashMoment
	howHashJSON
	howHashInet
	howHashMAC
	howNoiseInteger
	howNoiseNumeric
	howNoiseFloat
	howNoiseMoment
	howArray
	howJSON
	howDetect
	howDetectRaw
)

// Cell prepares m for one column of a result.
func (m *Masker) Cell(c Column) *Cell {
	if m.spec.Type == Null && len(m.parts) == 0 || (c.Format != TextFormat && c.Format != BinaryFormat) {
		return &Cell{how: howNull}
	}
	if element, wire := elementType(c); element != 0 {
		return m.arrayCell(c, element, wire)
	}
	kind := classOf(c.TypeOID)
	cell := &Cell{class: kind, binary: c.Format == BinaryFormat, first: m.spec.KeepFirst, last: m.spec.KeepLast,
		percent: m.spec.Percent, span: m.spec.Span}
	if len(m.parts) > 0 && (kind == classJSON || kind == classJSONB) {
		cell.how, cell.json = howJSON, newJSON(m.parts, nil)
		return cell
	}
	cell.size = integerSize(kind)
	cell.limit, cell.pad = bounds(kind, c.TypeMod)
	cell.precision, cell.rounded = precisionOf(kind, c.TypeMod)
	cell.unit = unitOf(kind, c.TypeMod)
	switch m.spec.Type {
	case Partial:
		cell.how = partialHow(kind)
	case Hash:
		cell.how = hashHow(kind)
		if cell.how == howNull {
			return cell
		}
		cell.mac = newCMAC(m.spec.Key)
		cell.digits = wholeDigits(kind, c.TypeMod)
	case Noise:
		cell.how = noiseHow(kind)
		cell.mac = newCMAC(m.spec.Key)
	case Redact:
		cell.how = howFixed
	case Null:
		return &Cell{how: howNull}
	}
	if cell.how == howFixed {
		fixed, ok := redacted(kind, c)
		if !ok {
			return &Cell{how: howNull}
		}
		cell.fixed = fixed
	}
	return cell
}

// Mask appends to dst what the client may see of value, which is in the
// column's format and nil for NULL. isNull says that the cell is NULL; out is
// then dst. A value that is not of the column's type becomes NULL.
func (c *Cell) Mask(dst, value []byte) (out []byte, isNull bool) {
	if value == nil {
		return dst, true
	}
	switch c.how {
	case howFixed:
		return append(dst, c.fixed...), false
	case howPartialText:
		return c.partialText(dst, value), false
	case howPartialInteger:
		return c.partialInteger(dst, value)
	case howPartialUUID:
		return c.partialUUID(dst, value)
	case howHashText:
		return c.hashText(dst, value), false
	case howHashInteger:
		return c.hashInteger(dst, value)
	case howHashUUID:
		return c.hashUUID(dst, value)
	case howHashBytea:
		return c.hashBytea(dst, value)
	case howArray:
		return c.maskArray(dst, value)
	case howJSON:
		return c.maskJSON(dst, value)
	case howDetect:
		return c.detect(dst, value)
	case howDetectRaw:
		return c.detectRaw(dst, value)
	case howNull:
		return dst, true
	}
	return c.maskNumber(dst, value)
}

// Blind says that what Mask gives does not depend on the value, NULL apart.
func (c *Cell) Blind() bool { return c.how == howFixed || c.how == howNull }

// maskNumber is Mask for the forms of numbers, moments and addresses.
func (c *Cell) maskNumber(dst, value []byte) (out []byte, isNull bool) {
	switch c.how {
	case howHashNumeric:
		return c.hashNumeric(dst, value)
	case howHashFloat:
		return c.hashFloat(dst, value)
	case howHashMoment:
		return c.hashMoment(dst, value)
	case howHashJSON:
		return c.hashJSON(dst, value)
	case howHashInet:
		return c.hashInet(dst, value)
	case howHashMAC:
		return c.hashMAC(dst, value)
	case howNoiseInteger:
		return c.noiseInteger(dst, value)
	case howNoiseNumeric:
		return c.noiseNumeric(dst, value)
	case howNoiseFloat:
		return c.noiseFloat(dst, value)
	case howNoiseMoment:
		return c.noiseMoment(dst, value)
	}
	return dst, true
}

func elementType(c Column) (element, wire uint32) {
	if c.ElementType != 0 {
		return c.Element, c.ElementType
	}
	e := elementOf(c.TypeOID)
	return e, e
}

func integerSize(k class) int {
	switch k {
	case classInt2:
		return 2
	case classInt4:
		return 4
	case classInt8:
		return 8
	}
	return 0
}

// bounds tells how many characters a value of the class may have, 0 for any
// number, and whether it is padded with blanks to that many.
func bounds(k class, typeMod int32) (limit int, pad bool) {
	switch k {
	case classText:
		if typeMod >= 4 { // varchar(n) has n + VARHDRSZ; text has no modifier
			return int(typeMod) - 4, false
		}
	case classBpchar:
		if typeMod >= 4 {
			return int(typeMod) - 4, true
		}
	case className:
		return 63, false
	}
	return 0, false
}
