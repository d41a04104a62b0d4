package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// header is the beginning of a record, read without decoding the whole: what
// queries and the index sort by. Its slices point into the line.
type header struct {
	time    []byte // as text, 30 bytes, sorts as time
	kind    Kind
	session []byte
	seq     uint64
	rest    []byte // what comes after seq
}

// cursor reads the fixed parts of a line that this package wrote.
type cursor struct {
	b  []byte
	ok bool
}

func (c *cursor) literal(s string) {
	if len(c.b) < len(s) || string(c.b[:len(s)]) != s {
		c.ok = false
		return
	}
	c.b = c.b[len(s):]
}

// has consumes s if it comes next.
func (c *cursor) has(s string) bool {
	if !c.ok || len(c.b) < len(s) || string(c.b[:len(s)]) != s {
		return false
	}
	c.b = c.b[len(s):]
	return true
}

// quoted reads up to a quote. A string with an escape makes it fail.
func (c *cursor) quoted() []byte {
	if !c.ok {
		return nil
	}
	i := bytes.IndexByte(c.b, '"')
	if i < 0 || bytes.IndexByte(c.b[:i], '\\') >= 0 {
		c.ok = false
		return nil
	}
	s := c.b[:i]
	c.b = c.b[i+1:]
	return s
}

func (c *cursor) number() uint64 {
	var n uint64
	i := 0
	for i < len(c.b) && i < 19 && c.b[i] >= '0' && c.b[i] <= '9' {
		n = n*10 + uint64(c.b[i]-'0')
		i++
	}
	if i == 0 {
		c.ok = false
	}
	c.b = c.b[i:]
	return n
}

// parseHeader reads the header of a line.
func parseHeader(line []byte) (header, bool) {
	c := cursor{line, true}
	var h header
	c.literal(`{"v":1,"time":"`)
	h.time = c.quoted()
	c.literal(`,"kind":"`)
	kind := c.quoted()
	c.literal(`,"session":"`)
	h.session = c.quoted()
	c.literal(`,"seq":`)
	if !c.ok || len(h.time) != len(timeFormat) {
		return header{}, false
	}
	h.seq = c.number()
	h.kind, h.rest = knownKind(kind), c.b
	return h, c.ok
}

// knownKind avoids an allocation for the frequent kinds.
func knownKind(b []byte) Kind {
	switch string(b) {
	case string(KindStatementBegin):
		return KindStatementBegin
	case string(KindStatementEnd):
		return KindStatementEnd
	case string(KindSessionStart):
		return KindSessionStart
	case string(KindSessionEnd):
		return KindSessionEnd
	case string(KindStatementDenied):
		return KindStatementDenied
	}
	return Kind(b)
}

// outcome is what the index counts of a statement.end.
type outcome struct {
	verdict []byte
	rows    uint64
	bytes   uint64
	failed  bool
	masked  bool
}

// parseEnd reads the front of a statement.end after its seq.
func parseEnd(rest []byte) (outcome, bool) {
	var o outcome
	c := cursor{rest, true}
	c.literal(`,"statement":`)
	c.number()
	if c.has(`,"verdict":"`) {
		o.verdict = c.quoted()
	}
	c.literal(`,"outcome":"`)
	o.failed = string(c.quoted()) == OutcomeFailed
	c.literal(`,"rows":`)
	o.rows = c.number()
	c.literal(`,"bytes":`)
	o.bytes = c.number()
	o.masked = c.has(`,"masked":`)
	return o, c.ok
}

// Decode reads a line of a segment. The checksum is not looked at.
func Decode(line []byte) (*Record, error) {
	r := new(Record)
	if err := json.Unmarshal(line, r); err != nil {
		return nil, fmt.Errorf("reading a record: %w", err)
	}
	if r.Version != Version {
		return nil, fmt.Errorf("reading a record: version %d is not known", r.Version)
	}
	r.Line = line
	return r, nil
}
