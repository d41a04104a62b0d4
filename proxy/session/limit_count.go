package session

import (
	"strconv"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// A limit with a Count is held against the server's own counters of rows, which have
// what a WITH, a function, a DO, a trigger or a cascading key changes, too: they are
// asked for (limit_question.go) in the statement's transaction in front of it and
// behind it, on the session's own connection.
//
//   - In front of a Bind, since binding plans the statement, which may run functions;
//     behind its Execute, together with it. Its CommandComplete waits for the answer.
//     Where something else than that Execute follows, behind the Bind.
//   - A Query waits for the answer in front of it, which may be sent with weir's own
//     BEGIN only. Its last CommandComplete waits for the answer behind it.
//
// Where a question fails the statement is undone.

// Count is which of the rows that a statement changes are held against a limit.
type Count struct {
	Inserted, Updated, Deleted bool
	// Table says whether the rows of a table count, by its own name or that of one
	// that it is a partition or child of; nil for all.
	Table func(schema, name string) bool
	// Changes: rows of the result do not count.
	Changes bool
}

// counts gives the first limit of a text that takes the server's counters, nil for
// none. named says that they are wanted by table.
func (d *Decision) counts() (first *Limit, named bool) {
	if d == nil {
		return nil, false
	}
	for i := range d.Statements {
		p := &d.Statements[i]
		for k := range p.Limits {
			l := &p.Limits[k]
			if l.Count == nil {
				continue
			}
			if first == nil || l.stops() && !first.stops() {
				first = l
			}
			named = named || l.Count.Table != nil
		}
	}
	return first, named
}

// counts says that a limit of the statement takes the server's counters.
func (p *Plan) counts() bool {
	for i := range p.Limits {
		if p.Limits[i].Count != nil {
			return true
		}
	}
	return false
}

// result is how many rows the limit lets a result have, 0 for any number.
func (l *Limit) result() int64 {
	if l.Count != nil && l.Count.Changes {
		return 0
	}
	return l.Rows
}

// counted is what the server's counters said in front of a statement.
type counted struct{ before reading }

// countBefore asks for the counters in front of the statement that is bound or sent
// next. It gives nil where no limit of it takes them.
func (s *Session) countBefore(d *Decision, synced bool) *counted {
	if first, _ := d.counts(); first == nil {
		return nil
	}
	c := &counted{}
	s.askCounters(&c.before, false, synced).what = d
	return c
}

// countAfter asks for the counters behind a statement.
func (s *Session) countAfter(c *counted, d *Decision, synced bool) *expectation {
	_, named := d.counts()
	e := s.askCounters(&reading{}, named, synced)
	e.counted, e.what = c, d
	return e
}

// owes notes that binding a portal may have changed something, which an Execute of it
// counts with what it changes itself.
func (s *Session) owes(o *portal) {
	if o.counted != nil {
		s.owed = o
	}
}

// settles says whether a message of the client's may be taken while what a Bind has
// changed is not counted: one that executes and commits nothing, or the portal's
// Execute. Otherwise it asks for the counters, whose answer is to be waited for.
func (s *Session) settles(h wire.Header, p []byte) bool {
	switch h.Type {
	case wire.Describe, wire.Flush, wire.Terminate:
		return true
	case wire.Execute:
		if h.Size <= wholeBind && len(p) < h.Size {
			return true // to be looked at when it is there
		}
		r := wire.NewReader(p[wire.HeaderSize:min(len(p), h.Size)])
		if name := r.String(); r.OK() && s.objects.portal(name) == s.owed {
			return true
		}
	}
	s.countAfter(s.owed.counted, s.owed.decision, false)
	s.owed = nil
	return false
}

// queryCounts sees to it that the counters are known before a Query is sent, which is
// about to run in a transaction. Its results are as those of limitQuery.
func (s *Session) queryCounts(d *Decision, begin Begin) (done, refused bool) {
	first, _ := d.counts()
	if first == nil || s.state.Tx == wire.TxFailed {
		return true, false
	}
	if s.counting == nil {
		s.counting = s.countBefore(d, true)
		s.wait()
		return false, false
	}
	if why := s.counting.before.failed; why != nil {
		s.counting = nil
		s.denied(expectQuery, begin, diagnostic.UncountedBefore(first.Rule, why.Code, why.Message))
		return true, true
	}
	return true, false
}

// countedBy gives the count of a Query that is sent now, nil for none.
func (s *Session) countedBy(d *Decision) *counted {
	c := s.counting
	s.counting = nil
	if first, _ := d.counts(); first == nil {
		return nil
	}
	return c
}

// held keeps the CommandComplete of an Execute whose changes are counted: its record
// goes on in the question behind it. It says false where nothing is asked.
func (s *Session) held(front *expectation, frame []byte) bool {
	if front.kind != expectExecute || s.expect.len() < 2 {
		return false
	}
	next := s.expect.at(1)
	if next.kind != expectCount || next.counted == nil {
		return false
	}
	next.record, next.object = front.record, front.object
	s.wrap.held = append(s.wrap.held[:0], frame...)
	s.expect.pop()
	return true
}

// uncountedBehind says that the answer to the question behind the front, if there is
// one, is not wanted any more.
func (s *Session) uncountedBehind() bool {
	if s.expect.len() < 2 || s.expect.at(1).kind != expectCount {
		return false
	}
	s.expect.at(1).deaf = true
	return true
}

// answered is called when the answer to a question about the counters is there. status
// is the transaction's state, 0 where no ReadyForQuery tells it.
func (s *Session) answered(front *expectation, status byte) {
	if front.deaf || front.counted == nil {
		if status == wire.TxIdle || front.reading.failed == nil && status == wire.TxFailed {
			s.lost(wire.Violationf("a question of weir's own has changed the transaction"))
			return
		}
		s.expect.pop()
		if s.script != nil {
			s.due = dueNext
		}
		return
	}
	why := s.exceeded(front)
	if status != 0 {
		s.queryAnswered(front, why, status)
		return
	}
	if why != nil {
		s.over = &overrun{why: why}
		s.wrap.held = s.wrap.held[:0]
		s.limitReached(front)
		s.current.reset()
		return
	}
	s.relay(s.wrap.held)
	s.wrap.held = s.wrap.held[:0]
	s.endRecord(front, s.current.tag, nil, false)
	s.current.reset()
	s.expect.pop()
}

// queryAnswered goes on behind a Query whose changes were counted.
func (s *Session) queryAnswered(front *expectation, why *diagnostic.Diagnostic, status byte) {
	wrapped := s.wrap.state == wrapOpen
	if why != nil {
		s.toClient = why.Append(s.toClient)
		s.wrap.held = s.wrap.held[:0]
		s.endRecord(front, "", why, false)
		s.current.reset()
		s.stopScript()
	}
	switch {
	case status == wire.TxIdle:
		s.lost(wire.Violationf("the server has ended the transaction in which a statement was counted"))
		return
	case why == nil && s.scriptGoesOn():
		s.toClient = append(s.toClient, s.wrap.held...)
		s.wrap.held = s.wrap.held[:0]
		s.expect.pop()
		if !wrapped {
			s.readyAt(status)
		}
		s.due = dueNext
		return
	case wrapped && why == nil:
		s.due = dueCommit
	case wrapped:
		s.due = dueRollback
	case why != nil && status == wire.TxActive:
		s.due = dueFailure
	default:
		s.toClient = append(s.toClient, s.wrap.held...)
		s.wrap.held = s.wrap.held[:0]
		s.endRecord(front, s.current.tag, nil, false)
		s.current.reset()
		s.expect.pop()
		s.script = nil
		s.readyAt(status)
		s.toClient = wire.AppendReadyForQuery(s.toClient, status)
		return
	}
	s.ended = *front
	s.expect.pop()
}

// exceeded holds what a statement has changed, by the counters in front of it and
// behind it, against its limits. It gives the error of one that undoes the statement.
func (s *Session) exceeded(front *expectation) *diagnostic.Diagnostic {
	before, after := &front.counted.before, front.reading
	first, _ := front.what.counts()
	if after.failed != nil {
		s.current.rule = first.Rule
		return diagnostic.UncountedAfter(first.Rule, after.failed.Code, after.failed.Message)
	}
	diff := after.since(before)
	blind := after.blind(before, diff)
	for i := range front.what.Statements {
		limits := front.what.Statements[i].Limits
		for k := range limits {
			l := &limits[k]
			if l.Count == nil {
				continue
			}
			n := diff.rows(l.Count)
			switch {
			case blind != "" && l.stops():
				s.current.rule = l.Rule
				return diagnostic.Uncountable(l.Rule, l.Message, blind, l.Rows)
			case blind != "":
				s.untold(l, blind, diagnostic.LimitUncounted(l.Rule, l.Message, blind))
			case n <= l.Rows:
			case l.stops():
				s.current.rule = l.Rule
				return diagnostic.ChangeLimit(l.Rule, l.Message, l.Approval, n, l.Rows)
			default:
				s.pass(l, strconv.FormatInt(l.Rows, 10)+" changed rows")
			}
		}
	}
	return nil
}

// countFailed handles an error of the server's instead of an answer. It gives the error
// that the client gets, nil for none; the server skips what is behind it.
func (s *Session) countFailed(front *expectation, d *diagnostic.Diagnostic) *diagnostic.Diagnostic {
	switch {
	case front.deaf && s.skip:
		s.failSync = false // it has failed without that
		return nil
	case d.Code == inFailedTransaction && front.counted == nil:
		return d // nothing was to run
	}
	first, _ := front.what.counts()
	if front.counted == nil {
		return diagnostic.UncountedBefore(first.Rule, d.Code, d.Message)
	}
	s.current.rule = first.Rule
	s.wrap.held = s.wrap.held[:0]
	return diagnostic.UncountedAfter(first.Rule, d.Code, d.Message)
}

// inFailedTransaction is in_failed_sql_transaction.
const inFailedTransaction = "25P02"

// countsCopy gives the rule of a limit that takes the counters of a COPY FROM STDIN,
// "" for none: nothing can be asked behind it together with it.
func (d *Decision) countsCopy() string {
	first, _ := d.counts()
	if first == nil {
		return ""
	}
	for i := range d.Statements {
		if st := d.Statements[i].Statement; st != nil && st.Copy != nil && st.Copy.From && st.Copy.Target == "Client" {
			return first.Rule
		}
	}
	return ""
}
