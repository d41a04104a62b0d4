package session

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// A text of several statements that has a limit, and that also begins or ends transactions
// or takes COPY data, is sent one statement after the other, so that what is behind one
// that passes its limit does not run, and so that nothing of it was committed. The client
// sees one Query: one ReadyForQuery, and one place for each error.
//
// The server runs such a text in an implicit transaction wherever no BEGIN has opened one
// (xact.c, BeginImplicitTransactionBlock). In its place stands a transaction of weir's own
// (wrap), in which every command does the same but for those that are about transactions:
//
//   - BEGIN makes it the client's, with what came before in it. The server's warning that
//     one is open already is left out.
//   - COMMIT ends it, with a warning. weir commits its own, and the server gives the
//     warning itself, there being no transaction then.
//   - PREPARE TRANSACTION prepares it, with the same warning, which weir has to give.
//   - ROLLBACK undoes it, with a warning; the others (SAVEPOINT, RELEASE, ROLLBACK TO, AND
//     CHAIN) are errors, which undo it. weir rolls back its own first.

// script is a Query that is sent in pieces.
type script struct {
	decision *Decision
	text     string
	ends     []int // where its statements end in the text
	next     int   // the statement that is sent next
	begins   int   // where in the text the one that was sent last begins
	at       int   // the same in characters
	record   uint64
	stopped  bool // an error has ended it
	adopts   bool // the statement that runs makes weir's own transaction the client's, or ends it
	// cancelled: a cancel request may have come between two of its statements.
	cancelled bool
}

// piecewise says that a text with a limit has to be sent in pieces.
func (d *Decision) piecewise() bool {
	if len(d.Statements) < 2 {
		return false
	}
	counts, _ := d.counts()
	for i := range d.Statements {
		st := d.Statements[i].Statement
		switch {
		case st == nil:
		case steers(st.Command), st.Command == statement.CommandCommitPrepared, st.Command == statement.CommandRollbackPrepared,
			st.Copy != nil && st.Copy.From:
			return true
		case counts != nil && st.Command == statement.CommandSet && slices.ContainsFunc(st.Settings, func(s statement.Setting) bool {
			return strings.HasPrefix(s.Name, "transaction_")
		}):
			// It must come before any question of a transaction, also one of weir's.
			return true
		}
	}
	return false
}

// steers says whether a command begins, ends or goes back in a transaction block.
func steers(c statement.Command) bool {
	switch c {
	case statement.CommandBegin, statement.CommandCommit, statement.CommandRollback, statement.CommandRollbackTo,
		statement.CommandSavepoint, statement.CommandRelease, statement.CommandPrepareTransaction:
		return true
	}
	return false
}

// adopts says whether a command makes a transaction that is open its own.
func adopts(c statement.Command) bool {
	return c == statement.CommandBegin || c == statement.CommandPrepareTransaction
}

// newScript makes a script of a text, nil where it is not told where its statements end.
func newScript(d *Decision, longest int) *script {
	limits := statement.DefaultLimits()
	limits.Length = max(longest, len(d.Text))
	limits.Statements, limits.Nesting, limits.Chain, limits.CommentDepth = len(d.Text), len(d.Text), len(d.Text), len(d.Text)
	ends, ok := statement.Split(d.Text, limits)
	if !ok || len(ends) != len(d.Statements) || slices.ContainsFunc(d.Statements, func(p Plan) bool { return p.Statement == nil }) {
		return nil
	}
	return &script{decision: d, text: d.Text, ends: ends}
}

// beginScript sends the first statement.
func (s *Session) beginScript(record uint64) {
	s.script.record = record
	s.segment++
	s.dirty = false
	s.goOn()
	s.wait()
}

// scriptGoesOn says that there is another statement to be sent.
func (s *Session) scriptGoesOn() bool {
	return s.script != nil && !s.script.stopped && s.script.next < len(s.script.ends)
}

// stopScript is called when an error skips the rest.
func (s *Session) stopScript() {
	if s.script != nil {
		s.script.stopped = true
	}
}

// goOn sends the next statement, or what has to come before it.
func (s *Session) goOn() {
	sc := s.script
	d := sc.decision
	why := s.unsafe() // as what came before has set it, while the text was read by what was set when it came
	if sc.cancelled {
		why = diagnostic.Canceled()
	}
	if why != nil {
		s.refusePiece(why)
		return
	}
	st := d.Statements[sc.next].Statement
	wrapped := s.wrap.state == wrapOpen
	switch {
	case wrapped && steers(st.Command) && !adopts(st.Command):
		s.closeWrap(d, sc.record, !st.Chain && st.Command == statement.CommandCommit, false)
		return
	case !wrapped && s.state.Tx == wire.TxIdle && !steers(st.Command):
		s.expect.push(expectQuery, false, false).own = true
		s.wrap.state = wrapOpens
		s.toServer = wire.AppendQuery(s.toServer, "BEGIN")
		return
	}
	part := &Decision{Statements: d.Statements[sc.next : sc.next+1]}
	first, _ := part.counts()
	if first != nil && s.state.Tx != wire.TxFailed {
		if s.counting == nil {
			s.counting = s.countBefore(part, true)
			return
		}
		if why := s.counting.before.failed; why != nil {
			s.counting = nil
			s.refusePiece(diagnostic.UncountedBefore(first.Rule, why.Code, why.Message))
			return
		}
	}
	sc.adopts = wrapped && adopts(st.Command)
	if sc.adopts && st.Command == statement.CommandPrepareTransaction {
		s.toClient = diagnostic.NoTransaction().Append(s.toClient)
	}
	text := sc.take()
	e := s.expect.push(expectQuery, s.moves(d), false)
	s.expect.weigh(e, len(sc.text))
	e.record, e.what, e.part, e.counted = sc.record, d, part, s.countedBy(part)
	s.forgetUnnamed(&e.undo)
	s.toServer = wire.AppendQuery(s.toServer, text)
}

// Cancelling is called before a cancel request of the client's is passed on, and what it
// gives, if that is not nil, when the server has taken it. Where nothing runs at that
// moment the server ignores it, and of a text that is sent in pieces there are such moments.
func (s *Session) Cancelling() (taken func()) {
	if sc := s.script; sc != nil {
		return func() { sc.cancelled = true }
	}
	return nil
}

// refusePiece puts a refusal in the place of the next statement, which ends the script.
func (s *Session) refusePiece(why *diagnostic.Diagnostic) {
	s.refuse(expectQuery, why)
	e := s.expect.at(s.expect.len() - 1)
	e.what, e.record = s.script.decision, s.script.record
}

// take gives the text of the next statement.
func (sc *script) take() string {
	begins := 0
	if sc.next > 0 {
		begins = sc.ends[sc.next-1] + 1 // behind the semicolon
	}
	sc.at += utf8.RuneCountInString(sc.text[sc.begins:begins])
	sc.begins = begins
	sc.next++
	return sc.text[begins:sc.ends[sc.next-1]]
}

// scriptBegun goes on when weir's own transaction has begun, or has not.
func (s *Session) scriptBegun(status byte) {
	sc := s.script
	if sc == nil {
		return
	}
	why := s.wrap.failed
	if why == nil {
		s.due = dueNext
		return
	}
	s.wrap.failed = nil
	s.toClient = why.Append(s.toClient)
	s.endRecord(&expectation{kind: expectQuery, what: sc.decision, record: sc.record}, "", why, false)
	s.script = nil
	s.readyAt(status)
	s.toClient = wire.AppendReadyForQuery(s.toClient, status)
}

// scriptReady goes on behind a statement. It says false where something else has to be
// done first, or it was the last one.
func (s *Session) scriptReady(front *expectation, status byte) bool {
	sc := s.script
	if sc == nil || front.kind != expectQuery {
		return false
	}
	if sc.adopts && !sc.stopped {
		s.wrap.state = wrapNone
	}
	sc.adopts = false
	wrapped := s.wrap.state == wrapOpen
	if !s.scriptGoesOn() || s.over != nil || front.counted != nil || wrapped && status != wire.TxActive {
		return false
	}
	s.settle(front)
	s.row.reset()
	s.copying = false
	s.expect.pop()
	if !wrapped {
		s.readyAt(status)
	}
	s.due = dueNext
	return true
}

// scriptRelays says that a CommandComplete need not wait: nothing can undo it any more
// but what an error does in every transaction.
func (s *Session) scriptRelays(front *expectation) bool {
	sc := s.script
	return sc != nil && front.counted == nil && (sc.adopts || sc.next < len(sc.ends))
}

// activeTransaction is active_sql_transaction.
const activeTransaction = "25001"

// scriptAdopts says that a notice is not for the client: it tells of a transaction that is
// weir's own.
func (s *Session) scriptAdopts(body []byte) bool {
	if s.script == nil || !s.script.adopts {
		return false
	}
	d, err := diagnostic.Read(body)
	return err == nil && d.Code == activeTransaction
}

// inText gives an error of the server's with its place in the text that the client sent.
func (s *Session) inText(front *expectation, frame []byte) []byte {
	if s.script == nil || front.part == nil || s.script.at == 0 {
		return frame
	}
	moved, err := diagnostic.AppendMoved(nil, frame[0], frame[wire.HeaderSize:], s.script.at)
	if err != nil {
		return frame
	}
	return moved
}
