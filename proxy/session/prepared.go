package session

import (
	"bytes"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// parse takes a Parse. p is all that has arrived, from the message on.
func (s *Session) parse(frame, body, p []byte) bool {
	r := wire.NewReader(body)
	name, text := r.String(), r.String()
	n := int(r.Int16())
	types := r.Bytes(4 * n)
	if !r.Done() {
		s.violation(wire.Violationf("malformed Parse message"))
		return false
	}
	if s.copying.ignoresSync() {
		s.copyDisturbed(frame)
		return true
	}
	if s.unsettledStatement(name) {
		s.wait()
		return false
	}
	if len(s.objects.statements) >= s.cfg.Limits.Prepared {
		s.refuse(expectParse, nil, diagnostic.TooManyPrepared(s.cfg.Limits.Prepared))
		return true
	}
	if bytes.HasPrefix(name, []byte(reservedPrefix)) {
		s.refuse(expectParse, nil, diagnostic.ReservedPrefix(reservedPrefix))
		return true
	}
	d := s.decide(text)
	if d == nil {
		return false
	}
	if d.Denial != nil {
		s.denied(expectParse, &Begin{Decision: d, Protocol: "extended"}, d.Denial)
		return true
	}
	made := &prepared{decision: d, segment: s.segment}
	for i := range n {
		o := types[4*i:]
		made.types = append(made.types, uint32(o[0])<<24|uint32(o[1])<<16|uint32(o[2])<<8|uint32(o[3]))
	}
	if d.Approval != nil && !s.batchHolds(p, string(name), made) {
		return false
	}
	e := expectation{kind: expectParse, what: d}
	e.undo = change{kind: 'S', name: string(name), statement: made, before: s.objects.statements[string(name)]}
	if s.objects.statements == nil {
		s.objects.statements = make(map[string]*prepared)
	}
	s.objects.statements[e.undo.name] = made
	s.expect.push(e)
	s.toServer = append(s.toServer, frame...)
	return true
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
	if !ok {
		s.violation(wire.Violationf("malformed Bind message"))
		return false
	}
	if s.copying.ignoresSync() {
		s.copyDisturbed(frame)
		return true
	}
	if s.unsettledStatement(stmt) || s.unsettledPortal(name) {
		s.wait()
		return false
	}
	made, ok := s.newPortal(stmt)
	if !ok {
		return s.question == nil
	}
	if made.decision != nil && (made.decision.Approval != nil || made.decision.RecordParameters) {
		var types []uint32
		if st := s.objects.statements[string(stmt)]; st != nil {
			types = st.types
		}
		params, ok := s.readParameters(rest, types)
		if !ok {
			s.violation(wire.Violationf("malformed Bind message"))
			return false
		}
		if made.decision.Approval != nil && !s.batchHoldsBind(p, made, params) {
			return false
		}
		made.params = keep(params)
	}
	s.bound(name, made)
	s.toServer = append(s.toServer, frame...)
	s.describeOwn(name, made)
	return true
}

// largeBind takes a Bind whose values stream through.
func (s *Session) largeBind(h wire.Header, p []byte) int {
	if h.Size > wire.MaxFrame {
		s.violation(wire.Violationf("invalid length of a Bind message"))
		return 0
	}
	if len(p) < wholeBind {
		s.clientWant = wholeBind
		return 0
	}
	name, stmt, _, ok := bindNames(p[wire.HeaderSize:])
	if !ok {
		s.violation(wire.Violationf("malformed Bind message"))
		return 0
	}
	if s.copying.ignoresSync() {
		s.copying.done = true
		return s.stream(h, p, wire.HeaderSize)
	}
	if s.unsettledStatement(stmt) || s.unsettledPortal(name) {
		s.wait()
		return 0
	}
	made, ok := s.newPortal(stmt)
	if !ok {
		if s.question != nil {
			return 0
		}
		return s.discard(h, p)
	}
	made.large = true
	s.bound(name, made)
	if made.decision != nil && made.decision.touches() {
		// Its description has to follow the last byte of the values, which is
		// not here yet; a masked statement with such values is rare enough.
		s.undoBound()
		s.denied(expectBind, &Begin{Decision: made.decision, Protocol: "extended"}, diagnostic.LargeMaskedBind(wholeBind))
		return s.discard(h, p)
	}
	return s.stream(h, p, wire.HeaderSize)
}

// newPortal makes the portal of a Bind to stmt; ok is false when the Bind was
// refused or must wait (then there is a question).
func (s *Session) newPortal(stmt []byte) (*portal, bool) {
	st := s.objects.statements[string(stmt)]
	if st == nil || st.gone {
		if s.judge.Observes() {
			return &portal{segment: s.segment}, true
		}
		s.refuse(expectBind, nil, diagnostic.NoSuchStatement(string(stmt)))
		return nil, false
	}
	d := st.decision
	if s.unsafe != nil && !s.judge.Observes() {
		s.denied(expectBind, &Begin{Decision: d, Protocol: "extended"}, s.unsafe)
		return nil, false
	}
	if d != nil && !s.judge.Current(d) {
		again := s.decided
		if again == nil {
			var ok bool
			if again, ok = s.judge.Decide([]byte(d.Text), &s.state); !ok {
				s.question = &Decide{Text: []byte(d.Text)}
				return nil, false
			}
		}
		d, st.decision = again, again
	}
	if d != nil && d.Denial != nil {
		s.denied(expectBind, &Begin{Decision: d, Protocol: "extended"}, d.Denial)
		return nil, false
	}
	if len(s.objects.portals) >= s.cfg.Limits.Prepared {
		s.refuse(expectBind, nil, diagnostic.TooManyPrepared(s.cfg.Limits.Prepared))
		return nil, false
	}
	return &portal{decision: d, segment: s.segment}, true
}

// bound makes the portal known and its reply expected.
func (s *Session) bound(name []byte, made *portal) {
	e := expectation{kind: expectBind, what: made.decision}
	e.undo = change{kind: 'P', name: string(name), portal: made, beforeP: s.objects.portals[string(name)]}
	if s.objects.portals == nil {
		s.objects.portals = make(map[string]*portal)
	}
	s.objects.portals[e.undo.name] = made
	s.expect.push(e)
}

// undoBound takes back the last bound.
func (s *Session) undoBound() {
	i := s.expect.len() - 1
	e := *s.expect.at(i)
	s.expect.remove(i)
	s.revert(&e.undo)
}

// describeOwn asks the server for the portal's description where masks may be
// concerned: Execute alone gives rows without one.
func (s *Session) describeOwn(name []byte, made *portal) {
	if made.decision == nil || !made.decision.touches() {
		return
	}
	s.toServer = wire.AppendDescribe(s.toServer, 'P', name)
	s.expect.push(expectation{kind: expectDescribe, own: true, portal: true, object: made})
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
	nf := int(r.Int16())
	formats := wire.NewReader(r.Bytes(2 * nf))
	n := int(r.Int16())
	if n < 0 || nf < 0 || !r.OK() || (nf > 1 && nf != n) || 4*n > len(r.Rest()) {
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

// keep copies parameters so that they outlive the message.
func keep(params []Parameter) []Parameter {
	if len(params) == 0 {
		return nil
	}
	out := make([]Parameter, len(params))
	copy(out, params)
	for i := range out {
		out[i].Value = append([]byte(nil), out[i].Value...)
	}
	return out
}

// describe takes a Describe.
func (s *Session) describe(frame, body []byte) bool {
	r := wire.NewReader(body)
	what, name := r.Byte(), r.String()
	if !r.Done() || (what != 'S' && what != 'P') {
		s.violation(wire.Violationf("malformed Describe message"))
		return false
	}
	if s.copying.ignoresSync() {
		s.copyDisturbed(frame)
		return true
	}
	e := expectation{kind: expectDescribe, portal: what == 'P'}
	if e.portal {
		if s.unsettledPortal(name) {
			s.wait()
			return false
		}
		e.object = s.objects.portals[string(name)]
	}
	s.expect.push(e)
	s.toServer = append(s.toServer, frame...)
	return true
}

// execute takes an Execute.
func (s *Session) execute(frame, body []byte) bool {
	r := wire.NewReader(body)
	name := r.String()
	r.Int32()
	if !r.Done() {
		s.violation(wire.Violationf("malformed Execute message"))
		return false
	}
	if s.copying.ignoresSync() {
		s.copyDisturbed(frame)
		return true
	}
	if s.unsettledPortal(name) {
		s.wait()
		return false
	}
	o := s.objects.portals[string(name)]
	if o == nil || o.gone {
		if !s.judge.Observes() {
			s.refuse(expectExecute, nil, diagnostic.NoSuchPortal(string(name)))
			return true
		}
		o = &portal{}
	}
	d := o.decision
	if d != nil && d.executes() {
		if !s.expect.empty() && s.expect.unsettled() {
			s.wait()
			return false
		}
		if !s.sameExecutes(d) {
			s.refuse(expectExecute, d, diagnostic.PreparedChanged())
			return true
		}
	}
	begin := Begin{Decision: d, Parameters: o.params, Protocol: "extended"}
	if d != nil && d.Approval != nil && o.approved == "" {
		if s.batch == nil || s.batch.portal != o {
			if !s.approve(d, o) {
				return false
			}
			s.batch = &batchApproval{portal: o, text: d.Text, approval: *s.approval}
		}
		if s.batch.refusal != nil {
			s.denied(expectExecute, &begin, s.batch.refusal)
			return true
		}
		o.approved = s.batch.id
	}
	begin.Approval = o.approved
	if o.record == 0 {
		id, err := s.recorder.Begin(&begin)
		if err != nil {
			s.refuse(expectExecute, nil, diagnostic.JournalUnavailable(err))
			return true
		}
		o.record, o.begun = id, s.now()
		if d != nil {
			s.notices(d)
		}
	}
	s.expect.push(expectation{kind: expectExecute, record: o.record, begun: o.begun, what: d, object: o})
	s.toServer = append(s.toServer, frame...)
	if d != nil && d.Settles {
		s.wait()
	}
	return true
}

// closeObject takes a Close.
func (s *Session) closeObject(frame, body []byte) bool {
	r := wire.NewReader(body)
	what, name := r.Byte(), r.String()
	if !r.Done() || (what != 'S' && what != 'P') {
		s.violation(wire.Violationf("malformed Close message"))
		return false
	}
	if s.copying.ignoresSync() {
		s.copyDisturbed(frame)
		return true
	}
	if (what == 'S' && s.unsettledStatement(name)) || (what == 'P' && s.unsettledPortal(name)) {
		s.wait()
		return false
	}
	e := expectation{kind: expectClose}
	e.undo = change{kind: what, name: string(name), closed: true}
	if what == 'S' {
		if e.undo.before = s.objects.statements[e.undo.name]; e.undo.before != nil {
			e.undo.statement = &prepared{gone: true, segment: s.segment}
			s.objects.statements[e.undo.name] = e.undo.statement
		}
	} else if e.undo.beforeP = s.objects.portals[e.undo.name]; e.undo.beforeP != nil {
		e.undo.portal = &portal{gone: true, segment: s.segment}
		s.objects.portals[e.undo.name] = e.undo.portal
	}
	s.expect.push(e)
	s.toServer = append(s.toServer, frame...)
	return true
}
