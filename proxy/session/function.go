package session

import (
	"fmt"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// A FunctionCall names a function by its oid, so that no text says what it does.
// Those that clients use it for, the functions for large objects, have the same
// oids in every PostgreSQL: a call of one is judged, approved and recorded as the
// SELECT that does the same. All others are refused.

// fastPath is a function that may be called by its oid.
type fastPath struct {
	text  string   // the SELECT that it is judged as
	types []uint32 // of its arguments
}

// Types of arguments, by pg_type's oids.
const (
	typeBytea = 17
	typeInt8  = 20
	typeInt4  = 23
	typeOid   = 26
)

// fastPathOf gives the function with an oid of pg_proc.dat.
func fastPathOf(oid uint32) (fastPath, bool) {
	var name string
	var types []uint32
	switch oid {
	case 715:
		name, types = "lo_create", []uint32{typeOid}
	case 952:
		name, types = "lo_open", []uint32{typeOid, typeInt4}
	case 953:
		name, types = "lo_close", []uint32{typeInt4}
	case 954:
		name, types = "loread", []uint32{typeInt4, typeInt4}
	case 955:
		name, types = "lowrite", []uint32{typeInt4, typeBytea}
	case 956:
		name, types = "lo_lseek", []uint32{typeInt4, typeInt4, typeInt4}
	case 957:
		name, types = "lo_creat", []uint32{typeInt4}
	case 958:
		name, types = "lo_tell", []uint32{typeInt4}
	case 964:
		name, types = "lo_unlink", []uint32{typeOid}
	case 1004:
		name, types = "lo_truncate", []uint32{typeInt4, typeInt4}
	case 3170:
		name, types = "lo_lseek64", []uint32{typeInt4, typeInt8, typeInt4}
	case 3171:
		name, types = "lo_tell64", []uint32{typeInt4}
	case 3172:
		name, types = "lo_truncate64", []uint32{typeInt4, typeInt8}
	default:
		return fastPath{}, false
	}
	text := "SELECT pg_catalog." + name + "("
	for i := range types {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("$%d", i+1)
	}
	return fastPath{text: text + ")", types: types}, true
}

// functionCall takes a FunctionCall. One that is larger than a Bind that is
// looked at whole streams through, its arguments are not recorded.
func (s *Session) functionCall(h wire.Header, p []byte) int {
	head := min(h.Size, wholeBind)
	if len(p) < head {
		s.clientWant = head
		return 0
	}
	body := p[wire.HeaderSize:head]
	r := wire.NewReader(body)
	oid := uint32(r.Int32())
	large := h.Size > wholeBind
	if !r.OK() || (!large && !wire.WholeFunctionCall(body)) {
		s.violation(wire.Violationf("malformed FunctionCall message"))
		return 0
	}
	f, known := fastPathOf(oid)
	if !known {
		return s.unknownFunction(oid, h, p)
	}
	var params []Parameter
	if !large {
		params, _ = s.readParameters(r.Rest(), f.types)
	}
	d, id, done := s.ask([]byte(f.text), asking{kind: expectFunction, protocol: "function", params: params, large: large})
	switch {
	case !done:
		return 0
	case d == nil:
		return s.discard(h, p) // a refusal stands in its place
	}
	s.called(d, id)
	return s.stream(h, p)
}

// unknownFunction refuses a call of which nothing is known; where nothing is
// enforced it is relayed unread.
func (s *Session) unknownFunction(oid uint32, h wire.Header, p []byte) int {
	begin := Begin{Text: fmt.Appendf(nil, "FunctionCall of the function with oid %d", oid), Protocol: "function"}
	if !s.judge.Observes() {
		s.denied(expectFunction, begin, diagnostic.FunctionCall(oid))
		return s.discard(h, p)
	}
	id, err := s.recordBegin(begin)
	if err != nil {
		s.refuse(expectFunction, diagnostic.JournalUnavailable(err))
		return s.discard(h, p)
	}
	s.called(nil, id)
	return s.stream(h, p)
}

// called expects the result of a function.
func (s *Session) called(d *Decision, record uint64) {
	e := s.expect.push(expectFunction, s.moves(d), false)
	e.record, e.what = record, d
	s.segment++
}

// functionResult relays the result of a function as it arrives.
func (s *Session) functionResult(h wire.Header, p []byte) int {
	front := s.expect.front()
	if s.phase != ready || front == nil || front.kind != expectFunction || front.denial != nil {
		s.lost(wire.Violationf("the result of a function from the server, for which nothing was asked"))
		return 0
	}
	const least = wire.HeaderSize + 4
	if h.Size < least {
		s.lost(wire.Violationf("malformed result of a function"))
		return 0
	}
	if len(p) < least {
		s.serverWant = least
		return 0
	}
	r := wire.NewReader(p[wire.HeaderSize:least])
	if n := int(r.Int32()); n != h.Size-least && (n != -1 || h.Size != least) {
		s.lost(wire.Violationf("malformed result of a function"))
		return 0
	}
	s.current.bytes += int64(h.Size - least)
	return s.relayFrame(h, p)
}
