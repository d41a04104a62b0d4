package statement

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Template is a text in which the literals that may differ from one text to the
// next are marked: strings in plain quotes and unsigned decimal numbers. All else
// stands as in the text, comments and white space too, and so do the other forms
// of strings and numbers.
//
// Two texts of one key differ in nothing but the values of these literals, each
// of the same class, so that the grammar makes of both the same tree but for the
// values of constants. Which of these the facts depend on, Parse tells; texts that
// agree in them have the same facts.
//
// In a text with more than 10,000 literals none is marked: it is sent once, and what
// it would take to hold them apart is better spent on its parse.
//
// The zero value is ready to be used, again and again; it keeps its memory.
type Template struct {
	scanner scanner
	// literals of the text, in its order.
	literals []literal
	key      []byte
	copied   int // bytes of the text that are in key or stood for in it
}

// literal is a place in the text, in bytes, quotes included.
type literal struct {
	start, end int
	class      byte
}

// The classes of literals that the grammar tells apart.
const (
	classInteger = 'i' // fits into 32 bits
	classNumeric = 'n'
	classString  = 's'
)

// No text holds a NUL, so this tells what the key says from what the text says.
const (
	keyMark   = 0
	keyPinned = '=' // not a class
)

// Read takes a text apart. It refuses what Scan refuses, with the same error. The
// text is looked at until Release.
func (t *Template) Read(text string, limits Limits) error {
	if err := t.read(text, limits); err != nil {
		return err
	}
	return nil
}

func (t *Template) read(text string, limits Limits) *ScanError {
	t.literals, t.key, t.copied = t.literals[:0], t.key[:0], 0
	err := t.scanner.scan(text, limits, t)
	if len(t.literals) > mostLiterals {
		t.literals, t.key, t.copied = t.literals[:0], t.key[:0], 0
	}
	if err == nil {
		t.key = append(t.key, text[t.copied:]...)
	}
	return err
}

const mostLiterals = 10_000

// literal marks one.
func (t *Template) literal(start, end int, class byte) {
	if len(t.literals) > mostLiterals {
		return
	}
	t.key = append(append(t.key, t.scanner.text[t.copied:start]...), keyMark, class)
	t.literals = append(t.literals, literal{start, end, class})
	t.copied = end
}

// Literals is how many literals are marked.
func (t *Template) Literals() int { return len(t.literals) }

// Key stands for all texts of the template. It is valid until the next call of
// another method.
func (t *Template) Key() []byte { return t.key }

// Pin makes the key stand only for those texts whose literals of the given
// numbers are written as in this one. The numbers must be below Literals.
func (t *Template) Pin(ordinals []int) {
	for _, i := range ordinals {
		l := t.literals[i]
		t.key = append(t.key, keyMark, keyPinned)
		t.key = binary.BigEndian.AppendUint32(t.key, uint32(i))
		t.key = append(t.key, t.scanner.text[l.start:l.end]...)
	}
}

// How much memory a template keeps between texts.
const keptTemplate = 64 << 10

// Release forgets the text.
func (t *Template) Release() {
	t.scanner.text = ""
	if cap(t.key) > keptTemplate {
		t.key = nil
	}
	if cap(t.literals) > keptTemplate/32 {
		t.literals = nil
	}
	if cap(t.scanner.levels) > keptTemplate/64 {
		t.scanner.levels = nil
	}
}

// unlimited lets everything through that does not make the scanner itself slow.
func unlimited() Limits {
	const all = math.MaxInt / 2
	return Limits{Length: all, Statements: all, CommentDepth: all, Nesting: all, Chain: all}
}

// Sharing says which texts have the facts of a text: those of its template, where
// Shared is set, whose literals of the numbers Pinned are written alike. Pinned
// ascends.
type Sharing struct {
	Shared bool
	Pinned []int
}

// EncodeSharing appends s to b in the form that DecodeSharing reads.
func EncodeSharing(b []byte, s Sharing) []byte {
	if !s.Shared {
		return binary.AppendUvarint(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(s.Pinned))+1)
	last := -1
	for _, i := range s.Pinned {
		b = binary.AppendUvarint(b, uint64(i-last-1))
		last = i
	}
	return b
}

// DecodeSharing reads what EncodeSharing wrote about a text with so many literals,
// and gives what comes after it. The bytes may be anybody's, as those of Decode.
func DecodeSharing(data []byte, literals int) (s Sharing, rest []byte, err error) {
	n, size := binary.Uvarint(data)
	if size <= 0 || n > uint64(literals) || n > uint64(len(data)) {
		return Sharing{}, nil, fmt.Errorf("%w: number of pinned literals", errEncoding)
	}
	data = data[size:]
	if n == 0 {
		return Sharing{}, data, nil
	}
	s.Shared = true
	if n > 1 {
		s.Pinned = make([]int, n-1)
	}
	next := 0
	for i := range s.Pinned {
		skip, size := binary.Uvarint(data)
		if size <= 0 || next >= literals || skip > uint64(literals-next-1) {
			return Sharing{}, nil, fmt.Errorf("%w: pinned literal", errEncoding)
		}
		next += int(skip)
		s.Pinned[i] = next
		next++
		data = data[size:]
	}
	return s, data, nil
}

// Both gives the sharing of texts that agree in all that either pins.
func (s Sharing) Both(other Sharing) Sharing {
	pinned := slices.Concat(s.Pinned, other.Pinned)
	slices.Sort(pinned)
	return Sharing{Shared: s.Shared && other.Shared, Pinned: slices.Compact(pinned)}
}
