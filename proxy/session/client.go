package session

import (
	"bytes"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// wholeBind is the size up to which a Bind is looked at whole, in bytes. Of a
// larger one only the names are read and the values stream through.
const wholeBind = 64 << 10

// clientMessage takes a message of a session that has started, or a part of one
// that streams through. It returns how many bytes it took.
func (s *Session) clientMessage(h wire.Header, p []byte) int {
	if !wire.FromClient(h.Type) || h.Type == wire.PasswordMessage {
		s.violation(wire.Violationf("invalid frontend message type %d", h.Type))
		return 0
	}
	if s.skip && h.Type != wire.Sync && h.Type != wire.Terminate {
		// The server, after an error, drops all of it up to the Sync.
		return s.discard(h, p)
	}
	if s.expect.len() >= s.cfg.Limits.Replies {
		s.wait()
		if s.blocked() {
			return 0
		}
	}
	switch h.Type {
	case wire.CopyData:
		return s.stream(h, p, wire.HeaderSize)
	case wire.Query, wire.Parse:
		if h.Size > s.cfg.Limits.Statement+wholeBind {
			return s.oversized(h, p)
		}
	case wire.Bind:
		if h.Size > wholeBind && len(p) < h.Size {
			return s.largeBind(h, p)
		}
	case wire.FunctionCall:
		if !s.judge.Observes() {
			s.refuse(expectFunction, nil, diagnostic.FunctionCall())
			return s.discard(h, p)
		}
		s.expect.push(expectation{kind: expectFunction})
		return s.stream(h, p, wire.HeaderSize)
	case wire.CopyFail:
		if h.Size > s.cfg.Limits.Message {
			s.violation(wire.Violationf("invalid length of a CopyFail message"))
			return 0
		}
	default:
		// Describe, Execute, Close hold a name; Sync, Flush, Terminate nothing.
		if h.Size > wholeBind {
			s.violation(wire.Violationf("invalid length %d of a message of type %q", h.Size, h.Type))
			return 0
		}
	}
	if len(p) < h.Size {
		s.clientWant = h.Size
		return 0
	}
	frame := p[:h.Size]
	body := frame[wire.HeaderSize:]
	switch h.Type {
	case wire.Query:
		return s.took(h, s.query(frame, body))
	case wire.Parse:
		return s.took(h, s.parse(frame, body, p))
	case wire.Bind:
		return s.took(h, s.bind(frame, body, p))
	case wire.Describe:
		return s.took(h, s.describe(frame, body))
	case wire.Execute:
		return s.took(h, s.execute(frame, body))
	case wire.Close:
		return s.took(h, s.closeObject(frame, body))
	case wire.Sync:
		return s.took(h, s.sync(frame, body))
	case wire.Flush:
		s.toServer = append(s.toServer, frame...)
	case wire.CopyDone, wire.CopyFail:
		s.copyEnd(frame)
	case wire.Terminate:
		s.toServer = append(s.toServer, frame...)
		s.leave()
	}
	return h.Size
}

// took gives the size of a message that was taken, 0 when it must wait.
func (s *Session) took(h wire.Header, done bool) int {
	if !done {
		return 0
	}
	s.decided, s.approval = nil, nil
	return h.Size
}

// discard takes a message and drops it, also the part that has not arrived.
func (s *Session) discard(h wire.Header, p []byte) int {
	n := min(h.Size, len(p))
	s.clientDiscard = h.Size - n
	return n
}

// stream relays a message whose body is not looked at, as it arrives; at least
// least bytes of it must be there.
func (s *Session) stream(h wire.Header, p []byte, least int) int {
	if len(p) < least {
		s.clientWant = least
		return 0
	}
	n := min(h.Size, len(p))
	s.toServer = append(s.toServer, p[:n]...)
	s.clientPass = h.Size - n
	return n
}

// oversized refuses a text that is too long to be read; where nothing is
// enforced it is relayed unread, recorded by its beginning.
func (s *Session) oversized(h wire.Header, p []byte) int {
	if s.judge.Observes() {
		if len(p) < wholeBind {
			s.clientWant = wholeBind
			return 0
		}
		k := expectQuery
		if h.Type == wire.Parse {
			k = expectParse
		}
		e := expectation{kind: k}
		if k == expectQuery {
			id, err := s.recorder.Begin(&Begin{Text: p[wire.HeaderSize:wholeBind], Protocol: "simple"})
			if err != nil {
				s.refuse(k, nil, diagnostic.JournalUnavailable(err))
				return s.discard(h, p)
			}
			e.record, e.begun = id, s.now()
			s.segment++
		}
		s.expect.push(e)
		return s.stream(h, p, wire.HeaderSize)
	}
	k := expectQuery
	if h.Type == wire.Parse {
		k = expectParse
	}
	d := diagnostic.StatementTooLong(h.Size, s.cfg.Limits.Statement)
	s.denied(k, &Begin{Text: p[wire.HeaderSize:min(len(p), 256)]}, d)
	return s.discard(h, p)
}

// decide gives the decision on text; nil when it must be waited for.
func (s *Session) decide(text []byte) *Decision {
	if s.decided != nil {
		return s.decided
	}
	if s.unsafe != nil && !s.judge.Observes() {
		return &Decision{Text: string(text), Action: "deny", Denial: s.unsafe}
	}
	d, ok := s.judge.Decide(text, &s.state)
	if !ok {
		s.question = &Decide{Text: append([]byte(nil), text...)}
		return nil
	}
	return d
}

// query takes a Query; false when it must wait.
func (s *Session) query(frame, body []byte) bool {
	text, ok := textOf(body)
	if !ok {
		s.violation(wire.Violationf("malformed Query message"))
		return false
	}
	if s.copying.ignoresSync() {
		s.copyDisturbed(frame)
		return true
	}
	d := s.decide(text)
	if d == nil {
		return false
	}
	if d.Denial != nil {
		s.denied(expectQuery, &Begin{Decision: d, Protocol: "simple"}, d.Denial)
		return true
	}
	if d.executes() && s.expect.unsettled() {
		s.decided = nil
		s.wait()
		return false
	}
	id := ""
	if d.Approval != nil {
		if !s.approve(d, nil) {
			return false
		}
		if s.approval.refusal != nil {
			s.denied(expectQuery, &Begin{Decision: d, Protocol: "simple"}, s.approval.refusal)
			return true
		}
		id = s.approval.id
	}
	record, err := s.recorder.Begin(&Begin{Decision: d, Protocol: "simple", Approval: id})
	if err != nil {
		s.refuse(expectQuery, nil, diagnostic.JournalUnavailable(err))
		return true
	}
	s.notices(d)
	s.expect.push(expectation{kind: expectQuery, record: record, begun: s.now(), what: d})
	s.segment++
	s.objects.dropUnnamed()
	s.toServer = append(s.toServer, frame...)
	if d.Settles {
		s.wait()
	}
	return true
}

// sync takes a Sync. In copy-in mode the server ignores it (copy.go).
func (s *Session) sync(frame, body []byte) bool {
	if len(body) != 0 {
		s.violation(wire.Violationf("malformed Sync message"))
		return false
	}
	s.toServer = append(s.toServer, frame...)
	if s.copying.ignoresSync() {
		return true
	}
	s.skip = false
	s.batch = nil
	s.segment++
	s.expect.push(expectation{kind: expectSync})
	return true
}

// notices sends what the policy wants to be said about a statement.
func (s *Session) notices(d *Decision) {
	for _, n := range d.Notices {
		s.Tell(n)
	}
}

// textOf gives the text of a Query's body: all up to the one NUL at its end.
func textOf(body []byte) ([]byte, bool) {
	if len(body) == 0 || body[len(body)-1] != 0 {
		return nil, false
	}
	text := body[:len(body)-1]
	return text, bytes.IndexByte(text, 0) < 0
}

// relayPassword relays what the client sends to authenticate itself to the
// server.
func (s *Session) relayPassword(h wire.Header, p []byte) int {
	if h.Type != wire.PasswordMessage || h.Size > wholeBind {
		s.violation(wire.Violationf("expected a password response, got message type %d", h.Type))
		return 0
	}
	if len(p) < h.Size {
		s.clientWant = h.Size
		return 0
	}
	s.toServer = append(s.toServer, p[:h.Size]...)
	return h.Size
}

// now is the time in nanoseconds, for durations.
func (s *Session) now() int64 { return s.cfg.Now().UnixNano() }
