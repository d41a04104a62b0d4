package session

import (
	"bytes"
	"slices"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// objectSize is what a prepared statement or portal counts against Limits.Memory
// besides its text and values, in bytes.
const objectSize = 512

// parse takes a Parse. p is all that has arrived, from the message on.
func (s *Session) parse(frame, body, p []byte) bool {
	r := wire.NewReader(body)
	name, text := r.String(), r.String()
	n := int(r.Uint16())
	types := r.Bytes(4 * n)
	if !r.Done() {
		s.violation(wire.Violationf("malformed Parse message"))
		return false
	}
	if s.unsettledStatement(name) {
		s.wait()
		return false
	}
	size := len(text) + len(types) + objectSize
	switch {
	case s.badName(name):
		s.refuse(expectParse, diagnostic.NameTooLong(maxName))
		return true
	case bytes.HasPrefix(name, []byte(reservedPrefix)):
		s.refuse(expectParse, diagnostic.ReservedPrefix(reservedPrefix))
		return true
	case len(name) > 0 && len(s.objects.statements) >= s.cfg.Limits.Prepared:
		s.refuse(expectParse, diagnostic.TooManyPrepared(s.cfg.Limits.Prepared))
		return true
	case s.objects.size+size > s.cfg.Limits.Memory:
		s.closeUnnamed(name)
		s.refuse(expectParse, diagnostic.TooMuchPrepared(s.cfg.Limits.Memory))
		return true
	}
	var declared []uint32
	if n > 0 {
		declared = notBuiltIn(types)
	}
	d := s.decide(text, declared)
	if d == nil {
		return false
	}
	if s.refusedEarly(d) {
		return false
	}
	if d.Denial != nil {
		s.closeUnnamed(name)
		s.denied(expectParse, Begin{Decision: d, Protocol: "extended"}, s.denial(d))
		return true
	}
	made := &prepared{decision: d, declared: declared, segment: s.segment, copies: d.copies(text), size: size}
	if n > 0 {
		made.types = make([]uint32, n)
		t := wire.NewReader(types)
		for i := range made.types {
			made.types[i] = uint32(t.Int32())
		}
	}
	if d.Approval != nil && !s.batchHolds(p, string(name), made) {
		return false
	}
	e := s.expect.push(expectParse, false, true)
	s.expect.weigh(e, size)
	e.what = d
	s.named(e, string(name), made)
	s.toServer = append(s.toServer, frame...)
	return true
}

// firstUserType is the lowest oid of a type that is not PostgreSQL's own
// (FirstNormalObjectId in access/transam.h).
const firstUserType = 16384

// notBuiltIn gives those of declared types that State.Types is about.
func notBuiltIn(types []byte) []uint32 {
	var all []uint32
	for r := wire.NewReader(types); !r.Done(); {
		if t := uint32(r.Int32()); t >= firstUserType {
			all = append(all, t)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// closeUnnamed closes the unnamed statement where a Parse of another one is
// refused: the server does so whatever becomes of the Parse.
func (s *Session) closeUnnamed(name []byte) {
	st := s.objects.unnamedStatement
	if len(name) > 0 || st == nil || st.gone {
		return
	}
	e := s.expect.push(expectClose, false, true)
	e.own = true
	e.undo = change{kind: 'S', closed: true, before: st, statement: &prepared{gone: true, segment: s.segment}}
	s.objects.setStatement("", e.undo.statement)
	s.toServer = wire.AppendClose(s.toServer, 'S', "")
}

// named makes a prepared statement known whose Parse e is about.
func (s *Session) named(e *expectation, name string, made *prepared) {
	e.undo = change{kind: 'S', name: name, statement: made, before: s.objects.statement([]byte(name))}
	s.objects.setStatement(name, made)
}

// bindNames reads the portal and the statement of a Bind.
func bindNames(body []byte) (portal, statement, rest []byte, ok bool) {
	r := wire.NewReader(body)
	portal, statement = r.String(), r.String()
	return portal, statement, r.Rest(), r.OK()
}

// bind takes a Bind.
func (s *Session) bind(frame, body, p []byte) bool {
	name, stmt, rest, ok := bindNames(body)
	if !ok || !wire.WholeBind(rest) {
		s.violation(wire.Violationf("malformed Bind message"))
		return false
	}
	if s.unsettledStatement(stmt) || s.unsettledPortal(name) {
		s.wait()
		return false
	}
	made, done := s.newPortal(name, stmt)
	if made == nil {
		return done
	}
	if d := made.decision; d != nil && (d.Approval != nil || d.RecordParameters) {
		var types []uint32
		if st := s.objects.statement(stmt); st != nil {
			types = st.types
		}
		params, ok := s.readParameters(rest, types)
		if !ok {
			s.violation(wire.Violationf("malformed Bind message"))
			return false
		}
		if d.Approval != nil {
			answer := s.bindApproval(p, made, params)
			if answer == nil {
				return false
			}
			if why := answer.stands(d); why != nil {
				s.denied(expectBind, Begin{Decision: d, Parameters: params, Protocol: "extended"}, why)
				return true
			}
			made.approved, made.terms = answer.id, answer.terms
		}
		made.keep(params)
	}
	made.size = len(made.values) + objectSize
	if s.objects.size+made.size > s.cfg.Limits.Memory {
		s.refuse(expectBind, diagnostic.TooMuchPrepared(s.cfg.Limits.Memory))
		return true
	}
	made.counted = s.countBefore(made.decision, false)
	s.bound(name, made)
	s.owes(made)
	s.toServer = append(s.toServer, frame...)
	s.describeOwn(name, made)
	return true
}

// largeBind takes a Bind whose values stream through.
func (s *Session) largeBind(h wire.Header, p []byte) int {
	if len(p) < wholeBind {
		s.clientWant = wholeBind
		return 0
	}
	name, stmt, _, ok := bindNames(p[wire.HeaderSize:wholeBind])
	if !ok {
		s.violation(wire.Violationf("malformed Bind message"))
		return 0
	}
	if s.unsettledStatement(stmt) || s.unsettledPortal(name) {
		s.wait()
		return 0
	}
	made, done := s.newPortal(name, stmt)
	switch {
	case made == nil && !done:
		return 0
	case made == nil:
		return s.discard(h, p)
	}
	if d := made.decision; d != nil && d.Approval != nil {
		s.denied(expectBind, Begin{Decision: d, Protocol: "extended"}, diagnostic.LargeApproval(wholeBind))
		return s.discard(h, p)
	}
	made.large, made.size = true, objectSize
	made.counted = s.countBefore(made.decision, false)
	s.bound(name, made)
	s.owes(made)
	n := s.stream(h, p)
	s.describeOwn(name, made)
	return n
}

// newPortal makes the portal of a Bind to stmt. It gives none when the Bind was
// refused (done) or must wait.
func (s *Session) newPortal(name, stmt []byte) (made *portal, done bool) {
	if s.badName(name) || s.badName(stmt) {
		s.refuse(expectBind, diagnostic.NameTooLong(maxName))
		return nil, true
	}
	var d *Decision
	st := s.objects.statement(stmt)
	switch {
	case st != nil && !st.gone && st.decision != nil:
		d = st.decision
		if why := s.unsafe(); why != nil {
			s.denied(expectBind, Begin{Decision: d, Protocol: "extended"}, why)
			return nil, true
		}
		if st.unread > 0 && !s.judge.Observes() {
			s.denied(expectBind, Begin{Decision: d, Protocol: "extended"}, diagnostic.StatementTooLong(st.unread, s.cfg.Limits.Statement))
			return nil, true
		}
		if !s.stillDecided(d) {
			if d = s.judgeAgain(d.Text, st.declared); d == nil {
				return nil, false
			}
			st.decision = d
		}
	case st != nil && !st.gone, s.judge.Observes() && len(stmt) > 0:
		// What PREPARE has made is what EXECUTE runs.
		if d = s.judgeAgain("EXECUTE "+quoteName(string(stmt)), nil); d == nil {
			return nil, false
		}
	case s.judge.Observes():
	default:
		s.refuse(expectBind, diagnostic.NoSuchStatement(string(stmt)))
		return nil, true
	}
	if d != nil && s.refusedEarly(d) {
		return nil, false
	}
	if d != nil && d.Denial != nil {
		s.denied(expectBind, Begin{Decision: d, Protocol: "extended"}, s.denial(d))
		return nil, true
	}
	if len(name) > 0 && len(s.objects.portals) >= s.cfg.Limits.Prepared {
		s.refuse(expectBind, diagnostic.TooManyPrepared(s.cfg.Limits.Prepared))
		return nil, true
	}
	made = s.objects.newPortal()
	made.decision, made.segment, made.turn = d, s.segment, s.turn
	if s.early && s.decided == d {
		made.turn = 0 // judged before what ran has ended: looked at again
	}
	if st != nil {
		made.copies, made.unread, made.declared = st.copies, st.unread, st.declared
	}
	return made, true
}

// refusedEarly says that a refusal may depend on what is under way, such as a
// BEGIN: it is decided again when that has ended.
func (s *Session) refusedEarly(d *Decision) bool {
	if d.Denial == nil || s.expect.running == 0 || s.stillDecided(d) {
		return false
	}
	s.decided = nil
	s.wait()
	return true
}

// judgeAgain gives the decision on a text whose earlier one does not stand any
// more; nil when it must be waited for.
func (s *Session) judgeAgain(text string, types []uint32) *Decision {
	if d := s.decided; d != nil && d.Text == text && slices.Equal(s.decidedFor, types) {
		return d
	}
	d, ok := s.judged([]byte(text), types)
	if !ok {
		s.askDecision([]byte(text), types)
		return nil
	}
	return d
}

// bound makes the portal known and its reply expected.
func (s *Session) bound(name []byte, made *portal) {
	e := s.expect.push(expectBind, false, false)
	s.expect.weigh(e, made.size)
	e.what = made.decision
	e.undo = change{kind: 'P', name: string(name), portal: made, beforeP: s.objects.portal(name)}
	s.objects.setPortal(e.undo.name, made)
}

// describeOwn asks the server for the portal's description where masks may be
// concerned: Execute alone gives rows without one.
func (s *Session) describeOwn(name []byte, made *portal) {
	if made.decision == nil || !made.decision.touches() {
		return
	}
	made.row, made.fields, made.described = nil, nil, false
	if s.clientPass > 0 {
		s.tail = wire.AppendDescribe(s.tail, 'P', name)
	} else {
		s.toServer = wire.AppendDescribe(s.toServer, 'P', name)
	}
	e := s.expect.push(expectDescribe, false, false)
	e.own, e.portal, e.object = true, true, made
}

// touches says that a statement of the text concerns masked columns.
func (d *Decision) touches() bool {
	for i := range d.Statements {
		if d.Statements[i].Touches {
			return true
		}
	}
	return false
}

// readParameters decodes a Bind's values, without a copy.
func (s *Session) readParameters(rest []byte, types []uint32) ([]Parameter, bool) {
	r := wire.NewReader(rest)
	nf := int(r.Uint16())
	formats := wire.NewReader(r.Bytes(2 * nf))
	n := int(r.Uint16())
	if !r.OK() || 4*n > len(r.Rest()) {
		return nil, false
	}
	s.params = s.params[:0]
	var format int16
	for i := range n {
		if i < nf {
			format = formats.Int16()
		}
		v, null := r.Value()
		q := Parameter{Format: format, Value: v, Null: null}
		if i < len(types) {
			q.Type = types[i]
		}
		s.params = append(s.params, q)
	}
	return s.params, r.OK()
}

// keep copies parameters so that they outlive the message, into the portal's own
// memory.
func (o *portal) keep(params []Parameter) {
	o.params, o.values, o.known = append(o.params[:0], params...), o.values[:0], true
	for i := range o.params {
		o.values = append(o.values, o.params[i].Value...)
	}
	at := 0
	for i := range o.params {
		p := &o.params[i]
		if n := len(p.Value); !p.Null {
			p.Value, at = o.values[at:at+n:at+n], at+n
		}
	}
}

// keep copies parameters so that they outlive the message.
func keep(params []Parameter) []Parameter {
	var o portal
	o.keep(params)
	return o.params
}

// describe takes a Describe.
func (s *Session) describe(frame, body []byte) bool {
	what, name, ok := readName(body)
	if !ok {
		s.violation(wire.Violationf("malformed Describe message"))
		return false
	}
	if s.badName(name) {
		s.refuse(expectDescribe, diagnostic.NameTooLong(maxName))
		return true
	}
	if what == 'P' && s.unsettledPortal(name) {
		s.wait()
		return false
	}
	e := s.expect.push(expectDescribe, false, false)
	if what == 'P' {
		e.portal, e.object = true, s.objects.portal(name)
	}
	s.toServer = append(s.toServer, frame...)
	return true
}

// readName reads the body of a Describe or Close.
func readName(body []byte) (what byte, name []byte, ok bool) {
	r := wire.NewReader(body)
	what, name = r.Byte(), r.String()
	return what, name, r.Done() && (what == 'S' || what == 'P')
}

// closeObject takes a Close.
func (s *Session) closeObject(frame, body []byte) bool {
	what, name, ok := readName(body)
	if !ok {
		s.violation(wire.Violationf("malformed Close message"))
		return false
	}
	if s.badName(name) {
		s.refuse(expectClose, diagnostic.NameTooLong(maxName))
		return true
	}
	if (what == 'S' && s.unsettledStatement(name)) || (what == 'P' && s.unsettledPortal(name)) {
		s.wait()
		return false
	}
	e := s.expect.push(expectClose, false, what == 'S')
	e.undo = change{kind: what, name: string(name), closed: true}
	if what == 'S' {
		if e.undo.before = s.objects.statement(name); e.undo.before != nil {
			e.undo.statement = &prepared{gone: true, segment: s.segment}
			s.objects.setStatement(e.undo.name, e.undo.statement)
		}
	} else if e.undo.beforeP = s.objects.portal(name); e.undo.beforeP != nil {
		e.undo.portal = &portal{gone: true, segment: s.segment}
		s.objects.setPortal(e.undo.name, e.undo.portal)
	}
	s.toServer = append(s.toServer, frame...)
	return true
}
