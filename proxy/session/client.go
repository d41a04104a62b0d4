package session

import (
	"bytes"
	"slices"

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
	switch {
	case h.Type == wire.Terminate:
		// Taken in every state.
	case s.skip && h.Type != wire.Sync:
		// The server, after an error, drops all of it up to the Sync.
		return s.discard(h, p)
	case s.copying:
		return s.copyMessage(h, p)
	case h.Type == wire.CopyData, h.Type == wire.CopyDone, h.Type == wire.CopyFail:
		// The server ignores what comes late after a COPY.
		return s.discard(h, p)
	case s.owed != nil && !s.settles(h, p):
		s.wait()
		return 0
	case s.expect.limited > 0 && h.Type != wire.Sync && h.Type != wire.Flush:
		// It is skipped if the statement before it passes its limit.
		s.wait()
		return 0
	case s.expect.len() >= s.cfg.Limits.Replies, s.expect.size >= s.cfg.Limits.Memory:
		s.wait()
		return 0
	}
	switch h.Type {
	case wire.Query, wire.Parse:
		if h.Size > s.cfg.Limits.Statement+wholeBind {
			return s.oversized(h, p)
		}
	case wire.Bind:
		if h.Size > wholeBind {
			return s.largeBind(h, p)
		}
	case wire.FunctionCall:
		return s.functionCall(h, p)
	case wire.Sync, wire.Flush:
		// One with a body would be an error whose place in the order of replies
		// is not known.
		if h.Size != wire.HeaderSize {
			s.violation(wire.Violationf("invalid length of a message of type %q", h.Type))
			return 0
		}
	default:
		// Describe, Execute, Close hold a name; Terminate nothing.
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
	done := true
	switch h.Type {
	case wire.Query:
		done = s.query(frame, body)
	case wire.Parse:
		done = s.parse(frame, body, p)
	case wire.Bind:
		done = s.bind(frame, body, p)
	case wire.Describe:
		done = s.describe(frame, body)
	case wire.Execute:
		done = s.execute(frame, body)
	case wire.Close:
		done = s.closeObject(frame, body)
	case wire.Sync:
		s.sync(frame)
	case wire.Flush:
		s.toServer = append(s.toServer, frame...)
	case wire.Terminate:
		s.terminate()
	}
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
	s.decided, s.approval = nil, nil
	return n
}

// stream relays a message whose body is not looked at, as it arrives.
func (s *Session) stream(h wire.Header, p []byte) int {
	n := min(h.Size, len(p))
	s.toServer = append(s.toServer, p[:n]...)
	s.clientPass = h.Size - n
	s.decided, s.approval = nil, nil
	return n
}

// beginning is how much of a text that is too long to be read is recorded, in
// bytes.
const beginning = 256

// oversized refuses a text that is too long to be read; where nothing is
// enforced it is relayed unread. It is recorded by its beginning.
func (s *Session) oversized(h wire.Header, p []byte) int {
	if len(p) < wire.HeaderSize+beginning {
		s.clientWant = wire.HeaderSize + beginning
		return 0
	}
	k, text := expectQuery, p[wire.HeaderSize:wire.HeaderSize+beginning]
	var name []byte
	if h.Type == wire.Parse {
		k = expectParse
		r := wire.NewReader(text)
		if name = r.String(); r.OK() {
			text = r.Rest()
		}
		if s.unsettledStatement(name) {
			s.wait()
			return 0
		}
	}
	if !s.judge.Observes() {
		if k == expectParse {
			s.closeUnnamed(name)
		}
		d := diagnostic.StatementTooLong(h.Size, s.cfg.Limits.Statement)
		s.denied(k, Begin{Text: text}, d)
		return s.discard(h, p)
	}
	var record uint64
	if k == expectQuery {
		var err error
		if record, err = s.recordBegin(Begin{Text: text, Protocol: "simple"}); err != nil {
			s.refuse(k, diagnostic.JournalUnavailable(err))
			return s.discard(h, p)
		}
	}
	e := s.expect.push(k, false, k == expectParse)
	if k == expectParse {
		// What it executes is recorded by the same beginning.
		s.named(e, string(name), &prepared{decision: &Decision{Text: string(text), Action: "Observe"}, copies: true, unread: h.Size, segment: s.segment})
	} else {
		e.record = record
		s.segment++
		s.forgetUnnamed(&e.undo)
	}
	n := s.stream(h, p)
	if k == expectQuery {
		s.wait() // it may begin a COPY
	}
	return n
}

// unsafe says why texts cannot be read now, nil if they can.
func (s *Session) unsafe() *diagnostic.Diagnostic {
	why := s.strings
	if why == nil {
		why = s.encoding
	}
	if why != nil && s.judge.Observes() {
		return nil
	}
	return why
}

// decide gives the decision on text, with types that are declared for its parameters;
// nil when it must be waited for.
func (s *Session) decide(text []byte, types []uint32) *Decision {
	if why := s.unsafe(); why != nil {
		return &Decision{Text: string(text), Action: "Deny", Denial: why}
	}
	if d := s.decided; d != nil && d.Text == string(text) && slices.Equal(s.decidedFor, types) {
		return d
	}
	if !s.expect.empty() && !readAnyway(text) && !s.judge.Observes() {
		// What is under way may change how it is read.
		s.wait()
		return nil
	}
	d, ok := s.judged(text, types)
	if !ok {
		s.askDecision(append([]byte(nil), text...), types)
		return nil
	}
	return d
}

// judged gives the decision on a text if it is at hand.
func (s *Session) judged(text []byte, types []uint32) (*Decision, bool) {
	s.state.Types = types
	d, ok := s.judge.Decide(text, &s.state)
	s.state.Types = nil
	return d, ok
}

// askDecision asks for the decision on a text that is not at hand.
func (s *Session) askDecision(text []byte, types []uint32) {
	s.question, s.early = &Decide{Text: text, Types: types}, s.expect.running > 0
}

// asking is a statement that is executed as soon as it arrives: a Query's, or
// the one that stands for a FunctionCall.
type asking struct {
	kind     kind
	protocol string
	params   []Parameter
	large    bool // its values are not known
}

// query takes a Query; false when it must wait.
func (s *Session) query(frame, body []byte) bool {
	text, ok := textOf(body)
	if !ok {
		s.violation(wire.Violationf("malformed Query message"))
		return false
	}
	if s.replication != "" && replicationCommand(text) != "" {
		return s.replicate(frame, text)
	}
	d, record, done := s.ask(text, asking{kind: expectQuery, protocol: "simple"})
	if d == nil {
		return done
	}
	if s.script != nil {
		s.beginScript(record)
		return true
	}
	e := s.expect.push(expectQuery, s.moves(d), false)
	s.expect.weigh(e, len(text))
	e.record, e.what, e.counted = record, d, s.countedBy(d)
	s.segment++
	s.dirty = false
	s.forgetUnnamed(&e.undo)
	s.toServer = append(s.toServer, frame...)
	if d.Settles || d.copies(text) || s.limited(d) {
		s.wait()
	}
	return true
}

// ask decides on a statement, sees to its approval and writes it down. It gives no
// decision when the statement must wait, or, with done, when a refusal stands in
// its place.
func (s *Session) ask(text []byte, a asking) (d *Decision, record uint64, done bool) {
	if d = s.decide(text, nil); d == nil {
		return nil, 0, false
	}
	if s.awaitsNames(d) || (s.expect.running > 0 && !s.stillDecided(d)) {
		// It depends on what is under way: judged again when that has ended.
		s.decided = nil
		s.wait()
		return nil, 0, false
	}
	if s.decided == d && (!s.sameExecutes(d) || (s.early && !s.stillDecided(d))) {
		s.decided = nil
		return s.ask(text, a)
	}
	begin := Begin{Decision: d, Parameters: a.params, Protocol: a.protocol}
	why := s.denial(d)
	if why == nil {
		why = s.misnamed(d)
	}
	if why == nil && d.Approval != nil {
		if !s.approve(d, nil, a) {
			return nil, 0, false
		}
		why = s.approval.stands(d)
		if why == nil && !s.approval.again && !s.stillDecided(d) {
			// Much may have changed while it was held.
			s.approval.again, s.decided = true, nil
			return s.ask(text, a)
		}
		begin.Approval = s.approval.id
	}
	if why != nil {
		begin.Approval = ""
		s.denied(a.kind, begin, why)
		return nil, 0, true
	}
	if first, _ := d.counts(); first != nil && a.kind != expectQuery {
		s.denied(a.kind, begin, diagnostic.LimitOfMessage(first.Rule, "a FunctionCall"))
		return nil, 0, true
	}
	if a.kind == expectQuery {
		if done, refused := s.limitQuery(d, begin); !done || refused {
			return nil, 0, done
		}
	}
	record, err := s.recordBegin(begin)
	if err != nil {
		s.script = nil
		s.refuse(a.kind, diagnostic.JournalUnavailable(err))
		return nil, 0, true
	}
	s.notices(d)
	return d, record, true
}

// sync takes a Sync.
func (s *Session) sync(frame []byte) {
	if s.failSync {
		s.failSync = false
		s.failQuietly()
	}
	s.toServer = append(s.toServer, frame...)
	s.skip, s.dirty = false, false
	s.batch = nil
	s.segment++
	s.expect.push(expectSync, false, false)
	if s.expect.limited > 0 || s.over != nil {
		s.wait()
	}
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
// server. What comes while the server has not asked for anything may be for the
// time after: whoever needs no password may send all that it wants at once.
func (s *Session) relayPassword(h wire.Header, p []byte) int {
	if h.Type != wire.PasswordMessage && !s.challenged {
		s.ahead = true
		return 0
	}
	if h.Type != wire.PasswordMessage || h.Size > wholeBind {
		s.violation(wire.Violationf("expected a password response, got message type %d", h.Type))
		return 0
	}
	if len(p) < h.Size {
		s.clientWant = h.Size
		return 0
	}
	s.toServer = append(s.toServer, p[:h.Size]...)
	s.challenged = false
	return h.Size
}
