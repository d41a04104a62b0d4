package session

import (
	"encoding/hex"
	"strconv"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// A Query outside of a transaction commits what it does before it says so. One
// that changes something and has a limit runs in a transaction of weir's: BEGIN is
// sent in front of it, and COMMIT or ROLLBACK behind it, of which the client sees
// nothing. Its last CommandComplete waits for the COMMIT, whose error, that of a
// deferred constraint for example, takes its place, as PostgreSQL does.

// wrapState is how far weir's own transaction is.
type wrapState uint8

const (
	wrapNone wrapState = iota
	wrapOpens
	wrapOpen
	wrapCloses
)

// wrap is weir's own transaction around a Query.
type wrap struct {
	state  wrapState
	failed *diagnostic.Diagnostic // BEGIN has failed
	held   []byte                 // the last CommandComplete
	told   bool                   // the client has the error for which it is rolled back
}

// due is what weir itself has to send to the server before the client's next
// message.
type due uint8

const (
	dueNone due = iota
	dueCommit
	dueRollback
	dueFailure // a message that fails, so that the transaction has failed
	dueCount   // the question for the counters behind a Query
	dueNext    // the next statement of a script
)

// limitQuery sees to it that the limits of a Query can be kept. done is false
// while it waits; refused says that a refusal stands in its place.
func (s *Session) limitQuery(d *Decision, begin Begin) (done, refused bool) {
	if !s.limited(d) {
		return true, false
	}
	if !s.expect.empty() {
		s.wait()
		return false, false
	}
	if d.piecewise() {
		if s.script = newScript(d, s.cfg.Limits.Statement); s.script == nil {
			s.denied(expectQuery, begin, diagnostic.LimitInText(s.limitOf(d)))
			return true, true
		}
		return true, false
	}
	if s.state.Tx != wire.TxIdle || !d.changes() || s.wrap.state == wrapOpen {
		return s.queryCounts(d, begin)
	}
	if why := s.wrap.failed; why != nil {
		s.wrap.failed = nil
		s.denied(expectQuery, begin, why)
		return true, true
	}
	e := s.expect.push(expectQuery, false, false)
	e.own = true
	s.wrap.state = wrapOpens
	s.toServer = wire.AppendQuery(s.toServer, "BEGIN")
	s.wait()
	return false, false
}

// limitOf names a rule whose limit is on a text.
func (s *Session) limitOf(d *Decision) string {
	for i := range d.Statements {
		p := &d.Statements[i]
		if len(p.Limits) > 0 {
			return p.Limits[0].Rule
		}
		if t := s.fetched(p); t != nil && len(t.limits) > 0 {
			return t.limits[0].Rule
		}
	}
	return ""
}

// closeWrap ends weir's own transaction around a text that is on record. told says that
// the client has the error for which it is rolled back.
func (s *Session) closeWrap(what *Decision, record uint64, commit, told bool) {
	e := s.expect.push(expectQuery, false, false)
	e.own, e.what, e.record = true, what, record
	s.wrap.state, s.wrap.told = wrapCloses, told
	text := "ROLLBACK"
	if commit {
		text = "COMMIT"
	}
	s.toServer = wire.AppendQuery(s.toServer, text)
}

// steps sends what is due.
func (s *Session) steps() {
	if s.due == dueNone || s.interrupting() || s.phase != ready {
		return
	}
	switch s.due {
	case dueCommit, dueRollback:
		what, record := s.ended.what, s.ended.record
		s.ended = expectation{}
		s.closeWrap(what, record, s.due == dueCommit, s.due == dueRollback)
	case dueCount:
		what := s.ended.what
		if s.ended.part != nil {
			what = s.ended.part
		}
		s.countAfter(s.ended.counted, what, true).record = s.ended.record
		s.ended = expectation{}
	case dueNext:
		s.goOn()
	case dueFailure:
		s.failQuietly()
		s.toServer = wire.AppendEmpty(s.toServer, wire.Sync)
		s.expect.push(expectSync, false, false)
	}
	s.due = dueNone
	s.barrier = true
}

// failQuietly sends a message that fails, of whose error the client hears nothing:
// it has one already.
func (s *Session) failQuietly() {
	s.expect.push(expectBind, false, false).own = true
	s.toServer = wire.AppendBind(s.toServer, "", reservedPrefix+hex.EncodeToString(s.cfg.Secret(16)))
}

// Due says that FromClient would send something to the server, also without a
// byte of the client's.
func (s *Session) Due() bool { return s.due != dueNone && !s.interrupting() }

// interrupting says that the server is being asked to cancel what runs. Nothing is
// sent meanwhile that the request could hit instead.
func (s *Session) interrupting() bool { return s.interrupt || s.interrupted }

// TakeInterrupt says, once, that the server is to be asked to cancel what it does
// for this session. Interrupted must be called when the request has come to its end.
func (s *Session) TakeInterrupt() bool {
	if !s.interrupt {
		return false
	}
	s.interrupt, s.interrupted = false, true
	return true
}

// Interrupted says that the cancel request that TakeInterrupt asked for has been
// taken by the server, or was given up.
func (s *Session) Interrupted() { s.interrupted = false }

// overdue replies to the client with the error of a statement that has passed a
// limit, if it does not have it yet.
func (s *Session) overdue() {
	if !s.over.told {
		s.over.told = true
		s.toClient = s.over.why.Append(s.toClient)
	}
}

// limitReached handles the end of a statement that has passed a limit, where the
// server does not know of it.
func (s *Session) limitReached(front *expectation) {
	s.interrupt = false // it has ended by itself
	s.row.reset()
	s.copying = false
	if front.kind == expectQuery {
		return // ReadyForQuery ends it
	}
	s.overdue()
	s.endRecord(front, "", s.over.why, false)
	s.revert(&front.undo)
	if s.expect.len() > 1 && !s.uncountedBehind() {
		s.expect.pop() // the Sync is there already
		return
	}
	s.expect.pop()
	s.over = nil
	s.skip, s.failSync = true, true
}

// ownReply handles a reply to a message of weir's own that stands for a whole
// Query. It says false for others.
func (s *Session) ownReply(front *expectation, typ byte, frame, body []byte) bool {
	if front == nil || !front.own || front.kind != expectQuery {
		return false
	}
	switch typ {
	case wire.CommandComplete:
	case wire.NoticeResponse:
		s.notice(front, frame, body)
	case wire.ErrorResponse:
		s.ownFailed(front, frame, body)
	case wire.ReadyForQuery:
		s.ownReady(front, body)
	default:
		s.lost(wire.Violationf("message %q from the server does not answer what was asked", typ))
	}
	return true
}

// ownFailed handles the error of a BEGIN or COMMIT of weir's.
func (s *Session) ownFailed(front *expectation, frame, body []byte) {
	d, err := diagnostic.Read(body)
	if err != nil {
		s.lost(err)
		return
	}
	if s.wrap.state == wrapOpens {
		s.wrap.failed = &d
		return
	}
	// A deferred constraint, or a conflict: it is the client's statement that failed.
	s.stopScript()
	s.wrap.held = s.wrap.held[:0]
	if s.over != nil || s.wrap.told {
		return
	}
	if d, err = s.shown(front, frame); err != nil {
		s.lost(err)
		return
	}
	s.endRecord(front, "", &d, false)
}

// ownReady handles the end of a BEGIN, COMMIT or ROLLBACK of weir's.
func (s *Session) ownReady(front *expectation, body []byte) {
	if len(body) != 1 {
		s.lost(wire.Violationf("malformed ReadyForQuery"))
		return
	}
	if s.wrap.state == wrapOpens {
		s.expect.pop()
		s.wrap.state = wrapOpen
		if body[0] != wire.TxActive {
			s.wrap.state = wrapNone
			if s.wrap.failed == nil {
				s.lost(wire.Violationf("the server has not begun the transaction that it was asked for"))
				return
			}
		}
		s.scriptBegun(body[0])
		return
	}
	if body[0] == wire.TxFailed { // cancelled before it had begun
		s.wrap.state, s.wrap.held = wrapOpen, s.wrap.held[:0]
		s.due, s.ended = dueRollback, *front
		s.expect.pop()
		return
	}
	if body[0] != wire.TxIdle {
		s.lost(wire.Violationf("the server has not ended the transaction that it was asked to end"))
		return
	}
	s.wrap.state = wrapNone
	s.toClient = append(s.toClient, s.wrap.held...)
	s.wrap.held = s.wrap.held[:0]
	if s.scriptGoesOn() {
		s.expect.pop()
		s.readyAt(wire.TxIdle)
		s.due = dueNext
		return
	}
	s.script = nil
	s.endRecord(front, "", nil, false)
	s.expect.pop()
	s.readyAt(wire.TxIdle)
	s.toClient = wire.AppendReadyForQuery(s.toClient, wire.TxIdle)
}

// limitReady handles the ReadyForQuery of a Query that runs in weir's transaction,
// or of a statement that has passed a limit. It says false for others.
func (s *Session) limitReady(front *expectation, status byte) bool {
	over := s.over
	if over != nil {
		s.stopScript()
	}
	switch {
	case front.counted != nil && status == wire.TxActive && over == nil:
		s.due = dueCount
	case s.wrap.state == wrapOpen && status == wire.TxActive && over == nil:
		s.due = dueCommit
	case s.wrap.state == wrapOpen && status != wire.TxIdle:
		s.due = dueRollback
	case over != nil && status == wire.TxActive:
		s.due = dueFailure
	case s.wrap.state == wrapOpen || over != nil:
		s.wrap.state = wrapNone
		s.toClient = append(s.toClient, s.wrap.held...)
		s.wrap.held = s.wrap.held[:0]
		if over != nil {
			s.overdue()
			s.endRecord(front, "", over.why, false)
			s.over = nil
		}
		return false
	default:
		return false
	}
	s.settle(front)
	if over != nil {
		s.overdue()
		s.wrap.held = s.wrap.held[:0]
		s.endRecord(front, "", over.why, false)
		s.over = nil
	}
	s.row.reset()
	s.copying = false
	s.ended = *front
	s.expect.pop()
	return true
}

// complete relays a CommandComplete, or holds it while it may be the last one in
// weir's transaction, or of what is counted.
func (s *Session) complete(front *expectation, frame []byte) {
	if s.wrap.state != wrapOpen && front.counted == nil || front.what == nil {
		s.relay(frame)
		return
	}
	if s.scriptRelays(front) {
		s.relay(frame)
		return
	}
	if s.current.statement >= len(front.what.Statements) || front.part != nil {
		s.wrap.held = append(s.wrap.held[:0], frame...)
		return
	}
	s.relay(frame)
}

// plural words a bound.
func plural(n int64, one string) string {
	if n != 1 {
		one += "s"
	}
	return strconv.FormatInt(n, 10) + " " + one
}
