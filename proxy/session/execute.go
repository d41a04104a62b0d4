package session

import (
	"strconv"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// execute takes an Execute.
func (s *Session) execute(frame, body []byte) bool {
	r := wire.NewReader(body)
	name := r.String()
	rows := r.Int32()
	if !r.Done() {
		s.violation(wire.Violationf("malformed Execute message"))
		return false
	}
	if s.unsettledPortal(name) {
		s.wait()
		return false
	}
	o := s.objects.portal(name)
	if o != nil && !o.gone && o.segment != s.segment && !s.expect.empty() {
		s.wait() // it may have ended with its transaction
		return false
	}
	if o == nil || o.gone {
		var done bool
		if o, done = s.cursor(name, rows); o == nil {
			return done
		}
	}
	done, refused := s.standing(o, name)
	if !done || refused {
		return done
	}
	d := o.decision
	begin := Begin{Decision: d, Parameters: o.params, Protocol: "extended"}
	if d != nil {
		if why := s.misnamed(d); why != nil {
			s.denied(expectExecute, begin, why)
			return true
		}
		if d.Approval != nil && (o.approved == "" || o.terms != d.Terms) {
			if done, refused = s.approved(o, &begin); !done || refused {
				return done
			}
		}
	}
	if rule := d.countsCopy(); rule != "" {
		s.denied(expectExecute, begin, diagnostic.LimitOfMessage(rule, "a COPY FROM STDIN of the extended protocol"))
		return true
	}
	begin.Approval = o.approved
	first := o.record == 0
	if first {
		id, err := s.recordBegin(begin)
		if err != nil {
			s.refuse(expectExecute, diagnostic.JournalUnavailable(err))
			return true
		}
		o.record, o.so = id, statementRecord{}
		if d != nil {
			s.notices(d)
		}
	}
	if o.cursor {
		s.describeOwn(name, o)
	}
	if o.counted == nil {
		o.counted = s.countBefore(d, false) // bound when no limit took them
	}
	e := s.expect.push(expectExecute, s.moves(d), false)
	e.record, e.what, e.object, e.first = o.record, d, o, first
	s.toServer = append(s.toServer, frame...)
	limited := s.limited(d)
	if limited {
		e.limit = true
		s.expect.limited++
	}
	if counts, _ := d.counts(); counts != nil {
		s.owed = nil
		s.countAfter(o.counted, d, false)
	}
	s.dirty = s.dirty || d == nil || d.changes()
	if o.copies || (d != nil && d.Settles) || (limited && s.dirty) {
		s.wait()
	}
	return true
}

// cursor gives the portal of an Execute whose name no Bind has made: one that SQL
// has declared, which runs as FETCH does. It gives none when the Execute was refused
// (done) or must wait.
func (s *Session) cursor(name []byte, rows int32) (o *portal, done bool) {
	if len(name) == 0 || s.badName(name) || s.blurred() {
		if s.judge.Observes() {
			return &portal{cursor: true}, true
		}
		s.refuse(expectExecute, diagnostic.NoSuchPortal(string(name)))
		return nil, true
	}
	if why := s.unsafe(); why != nil {
		s.refuse(expectExecute, why)
		return nil, true
	}
	most := "ALL"
	if rows > 0 {
		most = strconv.Itoa(int(rows))
	}
	d := s.judgeAgain("FETCH "+most+" FROM "+quoteName(string(name)), nil)
	if d == nil {
		return nil, false
	}
	if s.awaitsNames(d) || (s.expect.running > 0 && !s.stillDecided(d)) {
		s.decided = nil
		s.wait()
		return nil, false
	}
	if s.decided == d && s.early && !s.stillDecided(d) {
		s.decided = nil
		return s.cursor(name, rows)
	}
	if d.Denial != nil {
		s.denied(expectExecute, Begin{Decision: d, Protocol: "extended"}, s.denial(d))
		return nil, true
	}
	return &portal{decision: d, turn: s.turn, cursor: true, known: true}, true
}

// standing sees to it that the decision on a portal, which was made at its Bind,
// still holds, and makes it anew if not. done is false while it waits; refused
// says that a refusal stands in the Execute's place.
func (s *Session) standing(o *portal, name []byte) (done, refused bool) {
	d := o.decision
	switch {
	case (d == nil || o.unread > 0) && !s.judge.Observes():
		// It was bound while nothing was enforced.
		why := diagnostic.NoSuchPortal(string(name))
		if o.unread > 0 {
			why = diagnostic.StatementTooLong(o.unread, s.cfg.Limits.Statement)
		}
		s.denied(expectExecute, Begin{Decision: d, Protocol: "extended"}, why)
		return true, true
	case d == nil:
		return true, false
	}
	if d.executes() {
		if s.expect.naming > 0 {
			s.wait()
			return false, false
		}
		if !s.sameExecutes(d) {
			s.denied(expectExecute, Begin{Decision: d, Parameters: o.params, Protocol: "extended"}, diagnostic.PreparedChanged())
			return true, true
		}
	}
	if (o.turn == s.turn && s.expect.running == 0) || s.stillDecided(d) {
		return true, false
	}
	if s.expect.running > 0 {
		// It may depend on what is under way, such as the end of a transaction.
		s.wait()
		return false, false
	}
	again := s.judgeAgain(d.Text, o.declared)
	if again == nil {
		return false, false
	}
	if again.Denial != nil {
		s.denied(expectExecute, Begin{Decision: again, Parameters: o.params, Protocol: "extended"}, s.denial(again))
		return true, true
	}
	o.decision, o.turn = again, s.turn
	s.describeOwn(name, o)
	return true, false
}

// approved sees to the approval of a portal that needed none when it was bound, or
// another one.
// Its results are as those of standing.
func (s *Session) approved(o *portal, begin *Begin) (done, refused bool) {
	if !s.approve(o.decision, o, asking{}) {
		return false, false
	}
	if why := s.approval.stands(o.decision); why != nil {
		s.denied(expectExecute, *begin, why)
		return true, true
	}
	o.approved, o.terms = s.approval.id, s.approval.terms
	return true, false
}
