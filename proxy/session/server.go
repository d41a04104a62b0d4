package session

import (
	"bytes"
	"strings"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// smallReply is the size up to which a reply that must be read whole may come
// from the server, in bytes; rows and COPY data have their own rules.
const smallReply = 4 << 20

// serverBytes takes one message of the server or a part of one that streams.
func (s *Session) serverBytes(p []byte) int {
	if s.serverPass > 0 {
		n := min(s.serverPass, len(p))
		if s.walking && !s.walks(p[:n], s.serverPass-n) {
			return 0
		}
		s.toClient = append(s.toClient, p[:n]...)
		s.serverPass -= n
		if s.serverPass == 0 && len(s.pending) > 0 {
			s.toClient = append(s.toClient, s.pending...)
			s.pending = s.pending[:0]
		}
		return n
	}
	if s.copyLeft > 0 {
		n := min(s.copyLeft, len(p))
		s.copyLeft -= n
		s.maskCopy(p[:n])
		return n
	}
	if s.errand != nil {
		return s.errandBytes(p)
	}
	if s.serverDrop > 0 {
		n := min(s.serverDrop, len(p))
		s.serverDrop -= n
		return n
	}
	if front := s.expect.front(); front != nil && front.kind == expectCount {
		return s.counterBytes(front, p)
	}
	if s.phase == ready && p[0] == wire.DataRow {
		if !s.row.begun && !s.resultBegins() {
			return 0
		}
		if s.row.streams() {
			if n := s.rows(p); n > 0 {
				return n
			}
		}
	}
	h, ok, err := wire.ReadHeader(p)
	if err != nil {
		s.lost(err)
		return 0
	}
	if !ok {
		s.serverWant = wire.HeaderSize
		return 0
	}
	if !wire.FromServer(h.Type) {
		s.lost(wire.Violationf("unknown message type %q from the server", h.Type))
		return 0
	}
	if s.phase < relaying {
		s.lost(wire.Violationf("message %q from the server before the start-up", h.Type))
		return 0
	}
	switch {
	case h.Type == wire.CopyData:
		return s.copyData(h, p)
	case h.Type == wire.DataRow && s.beyond(int64(h.Size-7)):
		return s.drop(h, p)
	case h.Type == wire.DataRow && !s.row.masks():
		return s.largeRow(h, p)
	case h.Type == wire.DataRow && h.Size > s.cfg.Limits.Message:
		s.end(diagnostic.RowTooLarge(h.Size, s.cfg.Limits.Message))
		return 0
	case h.Type == wire.FunctionCallResponse:
		return s.functionResult(h, p)
	case h.Type != wire.DataRow && h.Size > smallReply:
		s.lost(wire.Violationf("message %q of %d bytes from the server", h.Type, h.Size))
		return 0
	}
	if len(p) < h.Size {
		s.serverWant = h.Size
		return 0
	}
	frame := p[:h.Size]
	if s.phase == relaying {
		s.relayed(h, frame)
	} else {
		s.reply(h, frame)
	}
	return h.Size
}

// lost ends the session after the server broke the protocol.
func (s *Session) lost(err error) { s.end(diagnostic.ServerViolation(err)) }

// relayFrame relays a frame as it arrives.
func (s *Session) relayFrame(h wire.Header, p []byte) int {
	n := min(h.Size, len(p))
	s.toClient = append(s.toClient, p[:n]...)
	s.serverPass = h.Size - n
	return n
}

// reply handles one whole message of the server.
func (s *Session) reply(h wire.Header, frame []byte) {
	body := frame[wire.HeaderSize:]
	if !wire.WholeReply(h.Type, body) {
		s.lost(wire.Violationf("malformed message %q from the server", h.Type))
		return
	}
	front := s.expect.front()
	switch h.Type {
	case wire.ParameterStatus:
		s.parameterStatus(frame, body)
		return
	case wire.NoticeResponse:
		if s.wrap.state != wrapOpens && !s.scriptAdopts(body) {
			s.notice(front, frame, body)
		}
		return
	case wire.NotificationResponse:
		s.notification(frame)
		return
	case wire.ErrorResponse:
		s.failed(front, frame, body)
		return
	case wire.ReadyForQuery:
		s.readyForQuery(front, frame, body)
		return
	}
	if front == nil {
		s.lost(wire.Violationf("message %q from the server, to which nothing was asked", h.Type))
		return
	}
	if s.ownReply(front, h.Type, frame, body) {
		return
	}
	if front.denial != nil || (front.own && front.kind == expectBind) {
		// What stands for a refused message has to fail. That it did not is
		// beyond all rules: nothing of it may reach the client.
		s.lost(wire.Violationf("the server executed what stands for a refused statement"))
		return
	}
	if !front.allows(h.Type) {
		s.lost(wire.Violationf("message %q from the server does not answer what was asked", h.Type))
		return
	}
	switch h.Type {
	case wire.ParseComplete, wire.BindComplete, wire.CloseComplete:
		s.settle(front)
		if !front.own {
			s.relay(frame)
		}
		s.expect.pop()
	case wire.ParameterDescription:
		s.parameterDescription(front, frame)
	case wire.NoData:
		s.described(front, nil, frame)
	case wire.RowDescription:
		s.rowDescription(front, frame, body)
	case wire.DataRow:
		s.dataRow(frame)
	case wire.CommandComplete, wire.EmptyQueryResponse:
		s.completed(front, h.Type, frame, body)
	case wire.PortalSuspended:
		s.suspended(front, frame)
	case wire.CopyInResponse:
		if s.copyBegins() {
			s.relay(frame)
		}
	case wire.CopyOutResponse:
		s.copyOut(front, frame)
	case wire.CopyBothResponse:
		s.copyBoth(front, frame)
	case wire.CopyDone:
		s.copyDone(frame)
	}
}

// allows says whether a message of this type may answer e.
func (e *expectation) allows(typ byte) bool {
	switch e.kind {
	case expectQuery:
		switch typ {
		case wire.RowDescription, wire.DataRow, wire.CommandComplete, wire.EmptyQueryResponse,
			wire.CopyInResponse, wire.CopyOutResponse, wire.CopyDone:
			return true
		case wire.CopyBothResponse:
			return e.streams
		}
	case expectParse:
		return typ == wire.ParseComplete
	case expectBind:
		return typ == wire.BindComplete
	case expectClose:
		return typ == wire.CloseComplete
	case expectDescribe:
		return typ == wire.RowDescription || typ == wire.NoData || (typ == wire.ParameterDescription && !e.portal)
	case expectExecute:
		switch typ {
		case wire.DataRow, wire.CommandComplete, wire.EmptyQueryResponse, wire.PortalSuspended,
			wire.CopyInResponse, wire.CopyOutResponse, wire.CopyDone:
			return true
		}
	}
	return false
}

// relay sends a whole frame on to the client.
func (s *Session) relay(frame []byte) { s.toClient = append(s.toClient, frame...) }

// readyForQuery handles the end of a Query or a Sync.
func (s *Session) readyForQuery(front *expectation, frame, body []byte) {
	if len(body) != 1 || (body[0] != wire.TxIdle && body[0] != wire.TxActive && body[0] != wire.TxFailed) {
		s.lost(wire.Violationf("malformed ReadyForQuery"))
		return
	}
	if front == nil || (front.kind != expectQuery && front.kind != expectSync && front.kind != expectFunction) {
		s.lost(wire.Violationf("ReadyForQuery from the server, to which nothing was asked"))
		return
	}
	s.interrupt = false
	if s.ownReply(front, wire.ReadyForQuery, frame, body) || s.scriptReady(front, body[0]) || s.limitReady(front, body[0]) {
		return
	}
	s.endRecord(front, "", nil, false)
	s.settle(front)
	s.expect.pop()
	s.script = nil
	s.readyAt(body[0])
	s.relay(frame)
}

// readyAt follows a ReadyForQuery that the client gets.
func (s *Session) readyAt(status byte) {
	s.state.Tx, s.counting = status, nil
	s.row.reset()
	s.copying = false
	if status == wire.TxIdle {
		if !s.scriptGoesOn() {
			s.state.Rests++ // what a text does is judged and followed as a whole
		}
		s.redactLater = ""
		s.endPortals(false)
		s.endCursors()
	}
}

// parameterDescription relays the description of a statement's parameters.
func (s *Session) parameterDescription(front *expectation, frame []byte) {
	if !front.own {
		s.relay(frame)
	}
}

// completed handles the end of one statement of a Query, or of an Execute.
func (s *Session) completed(front *expectation, typ byte, frame, body []byte) {
	tag := ""
	s.resume(front)
	if typ == wire.CommandComplete {
		t, err := wire.ReadCommandComplete(body)
		if err != nil {
			s.lost(err)
			return
		}
		s.current.count(t)
		if s.lastTag != string(t) {
			s.lastTag = string(t)
		}
		tag = s.lastTag
	}
	s.current.tag = tag
	s.limitCompleted(front, tag)
	s.applied(front, tag)
	if s.over != nil {
		s.limitReached(front)
		return
	}
	s.row.reset()
	s.copying = false
	if s.held(front, frame) {
		return
	}
	s.complete(front, frame)
	if front.kind == expectExecute {
		s.endRecord(front, tag, nil, false)
		s.expect.pop()
	}
}

// suspended handles PortalSuspended: the portal goes on with a later Execute,
// and so does its record.
func (s *Session) suspended(front *expectation, frame []byte) {
	s.resume(front)
	s.portioned(front)
	if s.over != nil {
		s.limitReached(front)
		return
	}
	if o := front.object; o != nil {
		o.so = s.current
		if o.cursor {
			s.endPortal(o) // a later Execute is one of its own
		}
	}
	s.row.reset()
	s.current.reset()
	s.relay(frame)
	s.uncountedBehind()
	s.expect.pop()
}

// relayed handles a message of the server while the client authenticates itself
// to it.
func (s *Session) relayed(h wire.Header, frame []byte) {
	body := frame[wire.HeaderSize:]
	if h.Type == wire.NegotiateProtocolVersion {
		s.relayNegotiation(body)
		return
	}
	if !s.version.agreed {
		s.agree(s.version.offered)
	}
	switch h.Type {
	case wire.Authentication:
		s.relayAuthentication(frame, body)
	case wire.ParameterStatus:
		s.parameterStatus(frame, body)
	case wire.NoticeResponse:
		s.relay(frame)
	case wire.BackendKeyData:
		r := wire.NewReader(body)
		s.serverPID, s.serverKey = uint32(r.Int32()), append([]byte(nil), r.Rest()...)
		if !r.OK() || len(s.serverKey) < 4 || len(s.serverKey) > 256 {
			s.lost(wire.Violationf("malformed BackendKeyData"))
			return
		}
		s.sendKey(s.serverPID)
	case wire.ErrorResponse:
		s.failed(nil, frame, body)
	case wire.ReadyForQuery:
		if len(body) != 1 {
			s.lost(wire.Violationf("malformed ReadyForQuery"))
			return
		}
		s.state.Tx, s.phase, s.ahead = body[0], ready, false
		s.relay(frame)
	default:
		s.lost(wire.Violationf("message %q from the server during authentication", h.Type))
	}
}

// relayAuthentication relays an authentication request. SCRAM-SHA-256-PLUS is
// taken out of what is offered: it binds to the TLS connection, of which there
// are two.
func (s *Session) relayAuthentication(frame, body []byte) {
	r := wire.NewReader(body)
	code := r.Int32()
	if !r.OK() {
		s.lost(wire.Violationf("malformed authentication request"))
		return
	}
	if code != wire.AuthOK && code != wire.AuthSASLFinal {
		s.challenged, s.ahead = true, false
	}
	if code != wire.AuthSASL {
		s.relay(frame)
		return
	}
	out, at := wire.Begin(s.toClient, wire.Authentication)
	out = append(out, 0, 0, 0, wire.AuthSASL)
	for _, m := range bytes.Split(bytes.TrimRight(r.Rest(), "\x00"), []byte{0}) {
		if !strings.HasSuffix(string(m), "-PLUS") {
			out = append(append(out, m...), 0)
		}
	}
	s.toClient = wire.End(append(out, 0), at)
}
