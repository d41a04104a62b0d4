package session

import (
	"bytes"
	"strings"

	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// Names are where a text and what it executes come apart: EXECUTE and FETCH run
// what a name stands for, and SQL and the protocol share one space of prepared
// statements and one of portals.

// maxName is the longest name that PostgreSQL keeps whole, in bytes
// (NAMEDATALEN - 1). Of longer ones it takes the beginning, so that two of them
// are one.
const maxName = 63

// badName says whether a name of the protocol may not stand for the same in the
// server as here: cut off, or the same as another one in the server's encoding.
func (s *Session) badName(name []byte) bool {
	bad := len(name) > maxName
	for i := 0; i < len(name) && !bad; i++ {
		bad = name[i] >= 0x80
	}
	if !bad {
		return false
	}
	if s.judge.Observes() {
		s.blurs = true
		return false
	}
	return true
}

// blurred says that a name was let through, while nothing was enforced, that may
// stand for a portal here and for another one in the server.
func (s *Session) blurred() bool { return s.blurs && !s.judge.Observes() }

// readAnyway says that a text is read the same whatever
// standard_conforming_strings is.
func readAnyway(text []byte) bool {
	return bytes.IndexByte(text, '\\') < 0
}

// executes says that the text has an EXECUTE: what it runs depends on a name.
func (d *Decision) executes() bool {
	for i := range d.Statements {
		p := &d.Statements[i]
		if p.Executes != nil || executed(p.Statement) != "" {
			return true
		}
	}
	return false
}

// executed is the name of a statement's EXECUTE, "" for none.
func executed(st *statement.Statement) string {
	if st != nil && st.Prepared != nil && st.Prepared.What == "Execute" {
		return st.Prepared.Name
	}
	return ""
}

// sameExecutes says that the names of the text's EXECUTEs still stand for what
// they stood for when it was judged.
func (s *Session) sameExecutes(d *Decision) bool {
	for i := range d.Statements {
		p := &d.Statements[i]
		name := executed(p.Statement)
		if name == "" {
			if p.Executes != nil {
				return false
			}
			continue
		}
		if s.preparedStatement(name) != p.Executes {
			return false
		}
	}
	return true
}

// unknownExecute gives the name of a text's one statement, if that is an EXECUTE of
// what nobody has prepared that weir has seen, "" otherwise.
func (d *Decision) unknownExecute() string {
	if len(d.Statements) != 1 || d.Statements[0].Executes != nil {
		return ""
	}
	return executed(d.Statements[0].Statement)
}

// denial is why a decision refuses its text, nil if it does not. Of a name that
// nobody has prepared the server would say no more than that.
func (s *Session) denial(d *Decision) *diagnostic.Diagnostic {
	if d.Denial == nil {
		return nil
	}
	if name := d.unknownExecute(); name != "" {
		if why := s.misnamed(d); why != nil {
			return why
		}
		return diagnostic.UnknownExecute(name)
	}
	return d.Denial
}

// misnamed says why what a text names cannot be followed, nil if it can.
func (s *Session) misnamed(d *Decision) *diagnostic.Diagnostic {
	for i := range d.Statements {
		st := d.Statements[i].Statement
		if st == nil || (st.Cursor == nil && st.Prepared == nil) || s.judge.Observes() {
			continue
		}
		if c := st.Cursor; c != nil && c.What == "Fetch" {
			if o := s.objects.portals[c.Name]; s.blurs || (o != nil && (o.decision == nil || o.decision.touches())) {
				return diagnostic.FetchOfPortal(c.Name)
			}
		}
		name := executed(st)
		if name == "" {
			continue
		}
		if p := s.objects.statements[name]; p != nil && !p.gone && s.preparedStatement(name) == nil {
			return diagnostic.ExecuteOfCommand(name)
		}
		if d.Approval != nil {
			return diagnostic.ApprovalOfName()
		}
		if !s.judge.Masks() {
			continue
		}
		for j := range i {
			if renames(d.Statements[j].Statement, name) {
				return diagnostic.RenamedInText(name)
			}
		}
		if d.Statements[i].Executes == nil {
			return diagnostic.NoSuchStatement(name)
		}
	}
	return nil
}

// renames says whether a statement changes what a name of EXECUTE stands for.
func renames(st *statement.Statement, name string) bool {
	if st == nil {
		return true
	}
	p := st.Prepared
	return st.Dynamic || p != nil && p.What != "Execute" && (p.Name == "" || p.Name == name)
}

// awaitsNames says that a text uses or changes names of SQL, so that it must not be
// judged while an earlier text may change what they stand for.
func (s *Session) awaitsNames(d *Decision) bool {
	if s.expect.naming == 0 && s.expect.moving == 0 {
		return false
	}
	for i := range d.Statements {
		st := d.Statements[i].Statement
		if s.expect.naming > 0 && (d.Statements[i].Executes != nil || executed(st) != "") {
			return true
		}
		if s.expect.moving > 0 && st != nil && st.Cursor != nil {
			return true
		}
	}
	return false
}

// moves says that a text may change what the name of a portal stands for.
func (s *Session) moves(d *Decision) bool {
	if len(s.objects.portals) == 0 || s.judge.Observes() {
		return false
	}
	if d == nil {
		return true
	}
	for i := range d.Statements {
		st := d.Statements[i].Statement
		if st == nil || st.Dynamic || (st.Cursor != nil && st.Cursor.What != "Fetch" && st.Cursor.What != "Move") {
			return true
		}
		switch st.Command {
		case statement.CommandCommit, statement.CommandRollback, statement.CommandRollbackTo,
			statement.CommandPrepareTransaction, statement.CommandCall, statement.CommandDo:
			return true
		}
	}
	return false
}

// applied follows what a statement that has ended with the given tag did to
// names and to the transaction.
func (s *Session) applied(front *expectation, tag string) {
	i := s.current.statement
	s.current.statement++
	if front.what == nil || i >= len(front.what.Statements) {
		return
	}
	plan := &front.what.Statements[i]
	st := plan.Statement
	if rule := plan.redacts(); rule != "" {
		s.redactLater = rule
	}
	if plan.Discards && tag == "DISCARD ALL" {
		s.objects.forgetStatements()
		s.moved("")
	}
	if st == nil {
		return
	}
	s.followTransaction(st)
	if c := st.Cursor; c != nil && (c.What == "Close" || c.What == "Declare") && len(s.objects.portals) > 0 {
		s.moved(c.Name)
	}
	p := st.Prepared
	switch {
	case p == nil:
	case p.What == "Deallocate" && p.Name == "":
		s.objects.forgetStatements()
	case p.What == "Deallocate":
		s.objects.setStatement(p.Name, nil)
	case p.What == "Prepare" && p.Body != nil && len(s.objects.statements) < s.cfg.Limits.Prepared &&
		s.objects.size < s.cfg.Limits.Memory:
		s.objects.setStatement(p.Name, &prepared{sql: p.Body, settled: true, size: len(front.what.Text) + objectSize})
	}
}

// moved drops the portal whose name stands for something else now; "" for all
// that have a name. One that the server has not confirmed was bound later.
func (s *Session) moved(name string) {
	for n, o := range s.objects.portals {
		if o.settled && (name == "" || n == name) {
			s.endPortal(o)
			o.gone = true
			s.objects.setPortal(n, nil)
		}
	}
}

// followTransaction keeps the transaction's state up to date inside a segment,
// where no ReadyForQuery tells it.
func (s *Session) followTransaction(st *statement.Statement) {
	if st.InTransaction(s.state.Tx != wire.TxIdle) {
		s.state.Tx = wire.TxActive
	} else {
		s.state.Tx = wire.TxIdle
	}
}

// quoteName writes a name as an identifier of SQL.
func quoteName(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
