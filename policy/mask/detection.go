package mask

import (
	"encoding/binary"
	"fmt"

	"github.com/weirgate/weir/policy/detect"
)

// Detection masks what a Set finds, in values of any column. Redact writes ****
// for what is found, Partial keeps of it what it keeps, Hash writes its hash,
// Null makes the whole value NULL.
type Detection struct {
	Set    *detect.Set
	Masker *Masker
}

// NewDetection checks that the masker has a form for parts of a text.
func NewDetection(set *detect.Set, m *Masker) (Detection, error) {
	if m.Type() == Noise {
		return Detection{}, fmt.Errorf("a Noise mask is for numbers and dates, not for what is found in texts: use Redact, Partial, Hash or Null")
	}
	if len(m.parts) > 0 {
		return Detection{}, fmt.Errorf("paths select values of named columns, not what is found in texts")
	}
	return Detection{Set: set, Masker: m}, nil
}

// detection is a Detection at work in one cell.
type detection struct {
	finder *detect.Finder
	kind   Type
	text   *Cell
}

func newDetections(list []Detection) []*detection {
	out := make([]*detection, 0, len(list))
	for _, d := range list {
		out = append(out, &detection{finder: d.Set.Finder(), kind: d.Masker.Type(), text: d.Masker.Cell(Column{TypeOID: 25, TypeMod: -1})})
	}
	return out
}

// mask appends text with what is found masked; where nothing is, it appends
// nothing. null says that the whole value is to be NULL.
func (d *detection) mask(dst, text []byte) (out []byte, found, null bool) {
	spans := d.finder.Find(text)
	if len(spans) == 0 {
		return dst, false, false
	}
	if d.kind == Null {
		return dst, true, true
	}
	at := 0
	for _, s := range spans {
		dst = append(dst, text[at:s.Start]...)
		dst, _ = d.text.Mask(dst, text[s.Start:s.End])
		at = s.End
	}
	return append(dst, text[at:]...), true, false
}

// DetectingCell prepares detections for one column of a result. It is nil for a
// column whose type holds no text: numbers, dates, bytes and the like.
func DetectingCell(list []Detection, c Column) *Cell {
	if len(list) == 0 || (c.Format != TextFormat && c.Format != BinaryFormat) {
		return nil
	}
	bin := c.Format == BinaryFormat
	if element, wire := elementType(c); element != 0 {
		e := DetectingCell(list, Column{TypeOID: element, TypeMod: c.TypeMod, Format: c.Format})
		if e == nil || e.how == howDetectRaw { // elements that are not texts go by the whole
			return e
		}
		return &Cell{how: howArray, binary: bin, array: &array{element: e, wire: wire}}
	}
	kind := classOf(c.TypeOID)
	cell := &Cell{how: howDetect, class: kind, binary: bin}
	cell.limit, cell.pad = bounds(kind, c.TypeMod)
	switch kind {
	case classText, classBpchar, className, classXML:
	case classJSON, classJSONB:
		cell.how, cell.json = howJSON, newJSON(nil, newDetections(list))
		return cell
	case classTSVector, classOther: // composite values, enumerations, types of extensions
		if bin {
			cell.how = howDetectRaw
		}
	default:
		return nil
	}
	cell.detections = newDetections(list)
	return cell
}

// detect masks what is found in a text, one detection after the other.
func (c *Cell) detect(dst, value []byte) (out []byte, isNull bool) {
	start := len(dst)
	current, changed := value, false
	for _, d := range c.detections {
		next, found, null := d.mask(c.fresh[:0], current)
		if null {
			return dst, true
		}
		if !found {
			continue
		}
		// What was masked is the next one's text, so the buffers take turns.
		c.fresh, c.spare = c.spare, next
		current, changed = next, true
	}
	dst = append(dst, current...)
	if !changed || c.limit == 0 {
		return dst, false
	}
	return c.fit(dst, start), false
}

// fit cuts or pads what was appended from start on to the column's length.
func (c *Cell) fit(dst []byte, start int) []byte {
	n := 0
	for i := start; i < len(dst); i++ {
		if dst[i]&0xc0 == 0x80 { // inside of a character
			continue
		}
		if n == c.limit {
			dst = dst[:i]
			break
		}
		n++
	}
	if c.pad {
		dst = appendBlanks(dst, c.limit-n)
	}
	return dst
}

// detectRaw lets a value pass in which nothing is found.
func (c *Cell) detectRaw(dst, value []byte) (out []byte, isNull bool) {
	c.fresh = withoutLengths(append(c.fresh[:0], value...))
	for _, d := range c.detections {
		if len(d.finder.Find(c.fresh)) > 0 {
			return dst, true
		}
	}
	return append(dst, value...), false
}

// withoutLengths overwrites the last byte of what may be a field's length in a value of
// several fields, each behind its length in four bytes (record_send, hstore_send): that of
// 65 bytes is an A, with which a word would seem to begin. Texts have no such bytes: as a
// length they would be more than 500 MB.
func withoutLengths(value []byte) []byte {
	for i := 4; i < len(value); i++ {
		if n := binary.BigEndian.Uint32(value[i-4 : i]); n >= '0' && uint64(n) <= uint64(len(value)-i) {
			value[i-1] = 0
		}
	}
	return value
}
