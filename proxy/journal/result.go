package journal

import (
	"encoding/binary"
	"strconv"
)

// Column describes a column of a recorded result.
type Column struct {
	Name   string
	Type   uint32 // the type's OID
	Format int16  // 0 text, 1 binary, as the client got it
}

// Result collects the rows of a statement as they were sent to the client,
// which is after masking, up to the journal's limit. The zero value keeps
// nothing; get one from Journal.NewResult. It is used by one goroutine, and
// again for the next statement after Reset.
type Result struct {
	room    int
	columns []Column
	names   []byte // encoded
	rows    []byte // encoded
	cut     bool
}

// NewResult returns an empty Result with the journal's limit.
func (j *Journal) NewResult() *Result { return &Result{room: j.opts.MaxResult} }

// Reset empties r and sets the columns of the next result.
func (r *Result) Reset(columns []Column) {
	r.columns = append(r.columns[:0], columns...)
	r.names, r.rows, r.cut = r.names[:0], r.rows[:0], false
	for i := range columns {
		if i > 0 {
			r.names = append(r.names, ',')
		}
		r.names = appendString(r.names, columns[i].Name, nameRoom)
	}
	if len(r.names) > r.room/2 {
		// Too many columns to keep rows of.
		r.names, r.columns, r.cut = r.names[:0], r.columns[:0], true
	}
}

// Row adds the body of a DataRow message (the column count and on), as it was
// sent to the client. It reports whether more rows would be kept; a body that
// is not well formed is not kept.
func (r *Result) Row(body []byte) bool {
	if r.cut || len(r.columns) == 0 {
		r.cut = true
		return false
	}
	mark := len(r.rows)
	if !r.appendRow(body) || len(r.names)+len(r.rows) > r.room {
		r.rows, r.cut = r.rows[:mark], true
		return false
	}
	return true
}

func (r *Result) appendRow(body []byte) bool {
	if len(body) < 2 {
		return false
	}
	n := int(binary.BigEndian.Uint16(body))
	body = body[2:]
	if n != len(r.columns) {
		return false
	}
	if len(r.rows) > 0 {
		r.rows = append(r.rows, ',')
	}
	r.rows = append(r.rows, '[')
	for i := range n {
		if i > 0 {
			r.rows = append(r.rows, ',')
		}
		if len(body) < 4 {
			return false
		}
		size := int(int32(binary.BigEndian.Uint32(body)))
		body = body[4:]
		if size < 0 {
			r.rows = append(r.rows, "null"...)
			continue
		}
		if size > len(body) {
			return false
		}
		room := r.room - len(r.names) - len(r.rows)
		if room < 8 {
			return false
		}
		c := &r.columns[i]
		// One long value must not take the room of all others.
		r.rows = appendValue(r.rows, c.Type, c.Format, body[:size:size], min(room, max(r.room/4, 64)))
		body = body[size:]
	}
	if len(body) != 0 {
		return false
	}
	r.rows = append(r.rows, ']')
	return true
}

func (r *Result) append(dst []byte) []byte {
	if len(r.names) > 0 {
		dst = append(dst, `,"columns":[`...)
		dst = append(dst, r.names...)
		dst = append(dst, `],"result":[`...)
		dst = append(dst, r.rows...)
		dst = append(dst, ']')
	}
	if r.cut {
		dst = append(dst, `,"resultCut":true`...)
	}
	return dst
}

// Parameter is a bound value. A nil Value is NULL.
type Parameter struct {
	Type   uint32 // the type's OID, 0 when it is not known
	Format int16
	Value  []byte
}

func appendParameters(dst []byte, params []Parameter, room int) []byte {
	if len(params) == 0 {
		return dst
	}
	dst = append(dst, `,"parameters":[`...)
	end := len(dst) + room
	cut := false
	for i := range params {
		left := end - len(dst)
		if left < 64 {
			cut = true
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, params[i].Type, params[i].Format, params[i].Value, left-1)
	}
	dst = append(dst, ']')
	if cut {
		dst = append(dst, `,"parametersCut":true,"parameterCount":`...)
		dst = strconv.AppendInt(dst, int64(len(params)), 10)
	}
	return dst
}
