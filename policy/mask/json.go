package mask

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// mostDepth is how deep JSON may be nested. What goes deeper shows nothing.
const mostDepth = 6000

// part masks what a path selects.
type part struct {
	path   Path
	masker *Masker
}

// jsonCell masks values inside of JSON: those that paths select, and in all
// others what detections find.
type jsonCell struct {
	parts      []part
	leaves     []*jsonLeaf // of the parts
	detections []*detection
	stack      [][]places // by depth, one for each part
	text       []byte     // a string, decoded
	masked     []byte
}

// jsonLeaf masks single values of JSON.
type jsonLeaf struct {
	masker *Masker
	kind   Type
	text   *Cell // of strings
	number *Cell // nil: 0
}

func newJSON(parts []part, detections []*detection) *jsonCell {
	j := &jsonCell{parts: parts, detections: detections}
	for _, p := range parts {
		whole := &Masker{spec: p.masker.spec}
		leaf := &jsonLeaf{masker: p.masker, kind: p.masker.Type(), text: whole.Cell(Column{TypeOID: 25, TypeMod: -1})}
		switch leaf.kind {
		case Hash, Noise:
			leaf.number = whole.Cell(Column{TypeOID: 1700, TypeMod: -1})
		}
		j.leaves = append(j.leaves, leaf)
	}
	return j
}

// maskJSON rewrites a value; what is not JSON becomes NULL.
func (c *Cell) maskJSON(dst, value []byte) (out []byte, isNull bool) {
	start := len(dst)
	if c.class == classJSONB && c.binary {
		if len(value) == 0 || value[0] != 1 {
			return dst, true
		}
		dst, value = append(dst, 1), value[1:]
	}
	r := rewriter{jsonCell: c.json, src: value, dst: dst}
	if len(r.parts) > 0 {
		places := r.level(0)
		for _, p := range r.parts {
			places = append(places, p.path.start())
		}
		r.stack[0] = places
	}
	r.space()
	if !r.value(0, nil) {
		return dst[:start], true
	}
	r.space()
	if r.at != len(r.src) {
		return dst[:start], true
	}
	return r.dst, false
}

// rewriter goes over one value.
type rewriter struct {
	*jsonCell
	src, dst []byte
	at       int
}

// level gives the empty set of places of a depth.
func (r *rewriter) level(depth int) []places {
	for len(r.stack) <= depth {
		r.stack = append(r.stack, make([]places, 0, len(r.parts)))
	}
	return r.stack[depth][:0]
}

// space copies blanks.
func (r *rewriter) space() {
	for r.at < len(r.src) {
		switch r.src[r.at] {
		case ' ', '\t', '\n', '\r':
			r.dst = append(r.dst, r.src[r.at])
			r.at++
		default:
			return
		}
	}
}

// take copies one byte if it is b.
func (r *rewriter) take(b byte) bool {
	if r.at >= len(r.src) || r.src[r.at] != b {
		return false
	}
	r.dst = append(r.dst, b)
	r.at++
	return true
}

// selected gives the strictest of the leaves whose path ends here.
func (r *rewriter) selected(depth int, under *jsonLeaf) *jsonLeaf {
	leaf := under
	for i := range r.parts {
		p := &r.parts[i]
		if p.path.met(r.stack[depth][i]) && (leaf == nil || p.masker.Stricter(leaf.masker)) {
			leaf = r.leaves[i]
		}
	}
	return leaf
}

// value rewrites the value at r.at, of which the places are on the stack.
// under is what hides it together with the value that it is in.
func (r *rewriter) value(depth int, under *jsonLeaf) bool {
	if depth > mostDepth || r.at >= len(r.src) {
		return false
	}
	leaf := under
	if len(r.parts) > 0 {
		leaf = r.selected(depth, under)
	}
	switch r.src[r.at] {
	case '{', '[':
		if leaf != nil && (leaf.kind == Redact || leaf.kind == Null) {
			keep := len(r.dst)
			if !r.container(depth, leaf) { // only to find its end
				return false
			}
			r.dst = append(r.dst[:keep], "null"...)
			return true
		}
		return r.container(depth, leaf)
	case '"':
		end, ok := r.decode()
		if !ok {
			return false
		}
		raw := r.src[r.at:end]
		r.at = end
		r.string(raw, leaf)
		return true
	}
	return r.literal(leaf)
}

func (r *rewriter) container(depth int, leaf *jsonLeaf) bool {
	object := r.src[r.at] == '{'
	last := byte(']')
	if object {
		last = '}'
	}
	r.dst = append(r.dst, r.src[r.at])
	r.at++
	r.space()
	if r.take(last) {
		return true
	}
	for {
		if object && !r.key() {
			return false
		}
		r.descend(depth, object)
		if !r.value(depth+1, leaf) {
			return false
		}
		r.space()
		if r.take(last) {
			return true
		}
		if !r.take(',') {
			return false
		}
		r.space()
	}
}

// key copies a key, with what detections find in it masked, and leaves it
// decoded in r.text.
func (r *rewriter) key() bool {
	if r.at >= len(r.src) || r.src[r.at] != '"' {
		return false
	}
	end, ok := r.decode()
	if !ok {
		return false
	}
	raw := r.src[r.at:end]
	r.at = end
	r.detected(raw)
	r.space()
	if !r.take(':') {
		return false
	}
	r.space()
	return true
}

// descend puts the places of what stands under the last key on the stack.
func (r *rewriter) descend(depth int, object bool) {
	if len(r.parts) == 0 {
		return
	}
	next := r.level(depth + 1)
	for i := range r.parts {
		s := r.stack[depth][i]
		if object {
			s = r.parts[i].path.under(s, r.text)
		}
		next = append(next, s)
	}
	r.stack[depth+1] = next
}

// string writes the string in r.text, which is raw in the source.
func (r *rewriter) string(raw []byte, leaf *jsonLeaf) {
	if leaf == nil {
		r.detected(raw)
		return
	}
	masked, null := leaf.text.Mask(r.masked[:0], r.text)
	r.masked = masked
	if null {
		r.dst = append(r.dst, "null"...)
		return
	}
	r.dst = appendJSONString(r.dst, masked)
}

// detected writes the string in r.text with what detections find masked.
func (r *rewriter) detected(raw []byte) {
	changed := false
	for _, d := range r.detections {
		masked, found, null := d.mask(r.masked[:0], r.text)
		r.masked = masked
		if null {
			r.dst = append(r.dst, `""`...)
			return
		}
		if found {
			changed = true
			r.text, r.masked = r.masked, r.text
		}
	}
	if !changed {
		r.dst = append(r.dst, raw...)
		return
	}
	r.dst = appendJSONString(r.dst, r.text)
}

// literal rewrites a number, true, false or null.
func (r *rewriter) literal(leaf *jsonLeaf) bool {
	start := r.at
	for r.at < len(r.src) && !bytes.ContainsRune([]byte(" \t\n\r,]}[{:\""), rune(r.src[r.at])) {
		r.at++
	}
	raw := r.src[start:r.at]
	if len(raw) == 0 {
		return false
	}
	number := raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'
	if !number && string(raw) != "true" && string(raw) != "false" && string(raw) != "null" {
		return false
	}
	switch {
	case string(raw) == "null":
	case leaf == nil:
		for _, d := range r.detections {
			if number && len(d.finder.Find(raw)) > 0 {
				raw = []byte("0")
			}
		}
	case leaf.kind == Null || leaf.kind == Hash && !number:
		raw = []byte("null")
	case !number:
		raw = []byte("false")
	case leaf.number == nil:
		raw = []byte("0")
	default:
		masked, null := leaf.number.Mask(r.masked[:0], raw)
		if r.masked = masked; null { // with an exponent
			masked = []byte("0")
		}
		raw = masked
	}
	r.dst = append(r.dst, raw...)
	return true
}

// decode reads the string at r.at into r.text and gives its end.
func (r *rewriter) decode() (end int, ok bool) {
	r.text = r.text[:0]
	for i := r.at + 1; i < len(r.src); i++ {
		b := r.src[i]
		if b == '"' {
			return i + 1, true
		}
		if b != '\\' {
			r.text = append(r.text, b)
			continue
		}
		if i++; i == len(r.src) {
			break
		}
		switch b = r.src[i]; b {
		case '"', '\\', '/':
			r.text = append(r.text, b)
		case 'b', 'f', 'n', 'r', 't':
			r.text = append(r.text, "\b\f\n\r\t"[bytes.IndexByte([]byte("bfnrt"), b)])
		case 'u':
			c, ok := hex4(r.src[i+1:])
			if !ok {
				return 0, false
			}
			i += 4
			if utf16.IsSurrogate(c) && bytes.HasPrefix(r.src[i+1:], []byte(`\u`)) {
				if low, ok := hex4(r.src[i+3:]); ok && utf16.DecodeRune(c, low) != utf8.RuneError {
					c = utf16.DecodeRune(c, low)
					i += 6
				}
			}
			r.text = utf8.AppendRune(r.text, c)
		default:
			return 0, false
		}
	}
	return 0, false
}

func hex4(s []byte) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for _, b := range s[:4] {
		r <<= 4
		switch {
		case b >= '0' && b <= '9':
			r |= rune(b - '0')
		case b >= 'a' && b <= 'f':
			r |= rune(b - 'a' + 10)
		case b >= 'A' && b <= 'F':
			r |= rune(b - 'A' + 10)
		default:
			return 0, false
		}
	}
	return r, true
}

func appendJSONString(dst, s []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, b := range s {
		switch {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[b>>4], digits[b&15])
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}
