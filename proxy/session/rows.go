package session

import (
	"encoding/binary"

	"github.com/weirgate/weir/policy/copydata"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// rowState is about the result whose rows are coming.
type rowState struct {
	mask   *RowMask     // nil: nothing is masked
	fields []wire.Field // of a recorded result
	sample int          // bytes of rows that may still be recorded
	limits []Limit      // on the result
	cursor *tally       // of the cursor that it is fetched from, where that is counted
	copied int64        // CopyData messages of a result with limits
	copy   *copydata.Stream
	held   bool // rows must not pass: their description is missing
	begun  bool
}

func (r *rowState) reset() { *r = rowState{} }

// masks says that each row must be looked at.
func (r *rowState) masks() bool { return r.mask != nil || r.held || r.sample > 0 }

// streams says that rows pass as they are.
func (r *rowState) streams() bool { return r.begun && r.mask == nil && !r.held && r.sample == 0 }

// rows relays whole unmasked rows, as many as have arrived, in one piece. It
// returns 0 when the first message is something else.
func (s *Session) rows(p []byte) int {
	n := 0
	var count, size int64
	mostRows, mostBytes := s.room()
	for len(p)-n >= wire.HeaderSize && p[n] == wire.DataRow {
		l := binary.BigEndian.Uint32(p[n+1:])
		if l < 6 || l > wire.MaxFrame || n+1+int(l) > len(p) || count >= mostRows || size+int64(l)-6 > mostBytes ||
			!wire.WholeRow(p[n+wire.HeaderSize:n+1+int(l)]) {
			break
		}
		n += 1 + int(l)
		count++
		size += int64(l) - 6
	}
	s.counted(count, size)
	s.toClient = append(s.toClient, p[:n]...)
	return n
}

// wholeRow is the size up to which an unmasked row is waited for, in bytes. A
// larger one passes as it arrives.
const wholeRow = 16 << 10

// largeRow relays an unmasked row that may not have arrived whole.
func (s *Session) largeRow(h wire.Header, p []byte) int {
	front := s.expect.front()
	if front == nil || front.denial != nil || !front.allows(wire.DataRow) {
		s.lost(wire.Violationf("a row from the server, to which nothing was asked"))
		return 0
	}
	if h.Size <= wholeRow && len(p) < h.Size {
		s.serverWant = h.Size
		return 0
	}
	s.walk, s.walking = wire.RowWalk{}, true
	n := min(h.Size, len(p))
	if !s.walks(p[wire.HeaderSize:n], h.Size-n) {
		return 0
	}
	s.counted(0, int64(h.Size-wire.HeaderSize-2))
	return s.relayFrame(h, p)
}

// walks goes over a piece of a row that passes as it arrives, behind which so
// many bytes are to come. With false the session has ended.
func (s *Session) walks(p []byte, left int) bool {
	if !s.walk.Feed(p) || (left == 0 && !s.walk.Done()) {
		s.lost(wire.Violationf("malformed row"))
		return false
	}
	if s.walking = left > 0; !s.walking {
		s.counted(1, 0)
	}
	return true
}

// begin makes the mask and the sample of a result ready. fields is nil when no
// description was seen.
func (s *Session) begin(front *expectation, mask *RowMask, fields []wire.Field, described bool) {
	s.row = rowState{mask: mask, begun: true}
	s.limitResult(front)
	if front.what != nil && front.what.touches() && !described {
		s.row.held = true
	}
	if mask != nil {
		s.current.masked(mask.Columns)
	}
	if n := s.recorder.Sample(); n > 0 && fields != nil && s.current.fields == nil {
		s.row.sample, s.row.fields = n, fields
		s.current.fields = fields
	}
}

// rowDescription handles a description: of a result that follows (Query), or
// the answer to a Describe.
func (s *Session) rowDescription(front *expectation, frame, body []byte) {
	if s.over != nil && front.kind == expectQuery {
		return // of a later statement of a text that has passed a limit
	}
	if !s.judge.Masks() && s.recorder.Sample() == 0 {
		if front.kind == expectQuery {
			s.row = rowState{begun: true}
			s.limitResult(front)
		}
		s.described(front, nil, frame)
		return
	}
	fields, err := wire.ReadRowDescription(body)
	if err != nil {
		s.lost(err)
		return
	}
	var mask *RowMask
	if s.judge.Masks() && (front.kind == expectQuery || front.portal) {
		if mask, err = s.judge.Row(front.decision(), s.place(front), fields); err != nil {
			s.end(diagnostic.MaskFailed(err))
			return
		}
	}
	switch {
	case front.kind == expectQuery:
		s.begin(front, mask, fields, true)
		s.relay(frame)
	case front.portal && front.object != nil:
		front.object.row, front.object.fields, front.object.described = mask, fields, true
		s.described(front, fields, frame)
	default:
		s.described(front, fields, frame)
	}
}

// decision is what is known of the text that e is about.
func (e *expectation) decision() *Decision {
	if e.what == nil && e.object != nil {
		return e.object.decision
	}
	return e.what
}

// place is which of its text's statements gives the result that is described.
func (s *Session) place(e *expectation) int {
	if e.kind == expectQuery {
		return s.current.statement
	}
	return 0
}

// described relays the answer to a Describe and takes it off the queue; weir's
// own Describe is not the client's business.
func (s *Session) described(front *expectation, fields []wire.Field, frame []byte) {
	if front.kind != expectDescribe {
		s.relay(frame)
		return
	}
	if front.object != nil && fields == nil && front.portal {
		front.object.described = true
	}
	if !front.own {
		s.relay(frame)
	}
	s.expect.pop()
}

// resultBegins is called before the first row of a result that has no
// description in front of it: that of an Execute.
func (s *Session) resultBegins() bool {
	front := s.expect.front()
	if front == nil || front.denial != nil || !front.allows(wire.DataRow) {
		s.lost(wire.Violationf("a row from the server, to which nothing was asked"))
		return false
	}
	if o := front.object; o != nil {
		s.resume(front)
		s.begin(front, o.row, o.fields, o.described)
	} else {
		s.begin(front, nil, nil, false)
	}
	return true
}

// dataRow handles a row that must be looked at.
func (s *Session) dataRow(frame []byte) {
	if s.row.held {
		s.end(diagnostic.MaskFailed(wire.Violationf("rows came without their description")))
		return
	}
	body := frame[wire.HeaderSize:]
	if len(body) < 2 || (s.row.mask == nil && !wire.WholeRow(body)) {
		s.lost(wire.Violationf("malformed row"))
		return
	}
	s.counted(1, int64(len(body)-2))
	at := len(s.toClient)
	if s.row.mask == nil {
		s.relay(frame)
	} else if err := s.maskRow(body); err != nil {
		s.toClient = s.toClient[:at]
		s.end(diagnostic.MaskFailed(err))
		return
	}
	if s.row.sample > 0 {
		row := s.toClient[at+wire.HeaderSize:]
		if len(row) > s.row.sample {
			s.row.sample = 0
			return
		}
		s.row.sample -= len(row)
		if s.row.sample == 0 {
			s.row.sample = 1
		}
		s.current.sample = append(s.current.sample, append([]byte(nil), row...))
	}
}

// maskRow appends the row with its masked values replaced.
func (s *Session) maskRow(body []byte) error {
	cells := s.row.mask.Cells
	r := wire.NewReader(body)
	if n := int(r.Int16()); n != len(cells) {
		return wire.Violationf("a row of %d columns under a description of %d", n, len(cells))
	}
	out, at := wire.Begin(s.toClient, wire.DataRow)
	out = append(out, body[:2]...)
	for _, c := range cells {
		v, null := r.Value()
		if !r.OK() {
			return wire.Violationf("malformed row")
		}
		switch {
		case null:
			out = append(out, 0xff, 0xff, 0xff, 0xff)
			continue
		case c == nil:
			out = binary.BigEndian.AppendUint32(out, uint32(len(v)))
			out = append(out, v...)
			continue
		}
		begin := len(out)
		out = append(out, 0, 0, 0, 0)
		masked, toNull := c.Mask(out, v)
		if toNull {
			out = append(out[:begin], 0xff, 0xff, 0xff, 0xff)
			continue
		}
		out = masked
		binary.BigEndian.PutUint32(out[begin:], uint32(len(out)-begin-4))
	}
	if !r.Done() {
		return wire.Violationf("malformed row")
	}
	s.toClient = wire.End(out, at)
	return nil
}
