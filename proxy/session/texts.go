package session

import (
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// What the server says in words: settings, notices and errors.

// parameterStatus follows the settings that change how texts are read.
func (s *Session) parameterStatus(frame, body []byte) {
	r := wire.NewReader(body)
	name, value := r.String(), r.String()
	if !r.Done() {
		s.lost(wire.Violationf("malformed ParameterStatus"))
		return
	}
	if at := errandSetting(name); at >= 0 && s.told[at] != string(value) {
		s.told[at] = string(value)
	}
	switch string(name) {
	case "standard_conforming_strings":
		s.strings = nil
		if string(value) != "on" {
			s.strings = diagnostic.NonStandardStrings()
		}
	case "client_encoding":
		s.encoding = nil
		if !encodingFollowed(string(value)) {
			s.encoding = diagnostic.Encoding(string(value))
		}
	case "default_transaction_read_only":
		s.state.Writes = string(value) == "off"
	}
	s.relay(frame)
}

// notice relays a notice, without its text where that may hold masked values.
func (s *Session) notice(front *expectation, frame, body []byte) {
	if rule := s.redacts(front); rule != "" {
		out, err := diagnostic.AppendRedacted(s.toClient, wire.NoticeResponse, body, rule, s.censoring())
		if err != nil {
			s.lost(err)
			return
		}
		s.toClient = out
		return
	}
	s.relayTexts(frame)
}

// redacts gives the mask for which texts of the front statement are withheld,
// "" for none.
func (s *Session) redacts(front *expectation) string {
	if front == nil {
		return ""
	}
	if s.redactLater != "" && (front.kind == expectSync || front.kind == expectFunction || (front.kind == expectQuery && s.state.Tx == wire.TxIdle)) {
		// It ends a transaction, and constraints are checked that were deferred.
		return s.redactLater
	}
	if front.what == nil {
		return ""
	}
	for i := range front.what.Statements {
		if rule := front.what.Statements[i].redacts(); rule != "" {
			return rule
		}
	}
	return ""
}

// redacts gives the mask for which the texts of a statement's errors are
// withheld, "" for none.
func (p *Plan) redacts() string {
	if p.RedactErrors && p.Rule == "" {
		return "of this database"
	}
	if p.RedactErrors {
		return p.Rule
	}
	return ""
}

// failed handles an ErrorResponse.
func (s *Session) failed(front *expectation, frame, body []byte) {
	d, err := diagnostic.Read(body)
	if err != nil {
		s.lost(err)
		return
	}
	if front == nil || d.Severity == diagnostic.Fatal || d.Severity == "PANIC" {
		// The server ends the session, or an administrator does.
		s.relay(frame)
		s.closeRecords(&d, true)
		s.reason, s.phase, s.question = &d, ended, nil
		s.expect.clear()
		return
	}
	if s.ownReply(front, wire.ErrorResponse, frame, body) {
		return
	}
	s.resume(front)
	over := s.over
	s.interrupt = false
	switch {
	case front.kind == expectCount && front.synced:
		front.reading.failed = &d
		return // ReadyForQuery ends it
	case front.kind == expectCount:
		if why := s.countFailed(front, &d); why != nil {
			s.toClient = why.Append(s.toClient)
			d = *why
		}
	case front.own && front.kind == expectBind:
	case over != nil:
		s.overdue()
		d = *over.why
		s.over = nil
	case front.denial != nil:
		s.toClient = front.denial.Append(s.toClient)
		if front.record != 0 {
			d = *front.denial
		}
	default:
		if d, err = s.shown(front, s.inText(front, frame)); err != nil {
			s.lost(err)
			return
		}
	}
	s.row.reset()
	s.copying = false
	s.endRecord(front, "", &d, false)
	if front.kind == expectQuery {
		s.stopScript()
	}
	switch front.kind {
	case expectQuery, expectFunction, expectSync:
		return // ReadyForQuery ends it
	}
	// Everything up to the next Sync is skipped by the server.
	n := 0
	for n < s.expect.len() && s.expect.at(n).kind != expectSync {
		n++
	}
	if n == s.expect.len() {
		s.skip, s.owed = true, nil
	}
	for i := n - 1; i >= 0; i-- {
		e := s.expect.at(i)
		if i > 0 {
			s.undone(e)
		} else {
			if e.kind == expectParse && e.undo.name == "" {
				e.undo.before = nil // the server has dropped it before it read the text
			}
			s.revert(&e.undo)
		}
	}
	for range n {
		s.expect.pop()
	}
}

// undone takes back what a message meant that the server never executed.
func (s *Session) undone(e *expectation) {
	s.revert(&e.undo)
	if e.object == nil || e.first {
		s.endRecord(e, "", nil, true)
	}
}
