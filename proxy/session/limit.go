package session

import (
	"math"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// A statement that passes a limit ends with an error, not the session. Nothing
// more of its result is forwarded; the server is asked to cancel it, by whoever
// drives the session, and what it still sends is dropped. What it has changed must
// not remain, also when the server was done before the cancel request came:
//
//   - In the extended protocol nothing of a batch is committed before its Sync.
//     Behind an Execute whose limit may be passed only a Sync may go on, and of one
//     that changes something not even that, before its reply has come. Then a
//     message that fails goes in front of the Sync, as in the place of a refusal.
//   - A Query in a transaction of the client's is followed by such a message, so
//     that the transaction has failed as after any error: ROLLBACK TO a savepoint of
//     the client's brings it back.
//   - A Query of its own that changes something runs in a transaction of weir's
//     (limit_query.go).

// Limit bounds what one statement returns or changes. 0 is no bound.
type Limit struct {
	Rows, Bytes int64
	Rule        string // for errors
	Message     string // the rule's own
	// Result: rows that are changed and not returned do not count.
	Result bool
	// Warn: the client is told when it is passed, and the statement goes on.
	Warn bool
	// Audit: passing it is recorded only.
	Audit bool
	// Approval says, for errors, which approval lets the statement pass and who
	// can give it; "" for none.
	Approval string
	// Count says what of the server's counters is held against Rows, nil where the
	// number that the server reports is.
	Count *Count
}

// stops says whether passing the limit ends the statement.
func (l *Limit) stops() bool { return !l.Warn && !l.Audit }

// overrun is a statement that has passed a limit.
type overrun struct {
	why  *diagnostic.Diagnostic
	told bool // the client has the error
}

// tally counts what a cursor of SQL's has given, over all its FETCHes.
type tally struct {
	rows, bytes int64
	limits      []Limit // of its DECLARE
	hold        bool    // outlives its transaction
}

// reads says that a statement changes nothing that could be undone.
func (p *Plan) reads() bool {
	return !p.counts() && readsOnly(p.Statement) && (p.Executes == nil || readsOnly(p.Executes))
}

func readsOnly(st *statement.Statement) bool {
	if st == nil || st.Dynamic || len(st.Writes) > 0 || (st.Copy != nil && (st.Copy.From || st.Copy.Target != "Client")) {
		return false
	}
	for _, c := range st.Commands {
		switch c {
		case statement.CommandSelect, statement.CommandShow, statement.CommandExplain, statement.CommandDeclare,
			statement.CommandFetch, statement.CommandMove, statement.CommandClose, statement.CommandCopy,
			statement.CommandExecute, statement.CommandBegin, statement.CommandCommit, statement.CommandRollback,
			statement.CommandSavepoint, statement.CommandRelease, statement.CommandRollbackTo:
		default:
			return false
		}
	}
	return true
}

// limited says that a statement of the text may pass a limit.
func (s *Session) limited(d *Decision) bool {
	if d == nil {
		return false
	}
	for i := range d.Statements {
		p := &d.Statements[i]
		if len(p.Limits) > 0 {
			return true
		}
		if t := s.fetched(p); t != nil && len(t.limits) > 0 {
			return true
		}
	}
	return false
}

// changes says that a statement of the text may change something.
func (d *Decision) changes() bool {
	for i := range d.Statements {
		if !d.Statements[i].reads() {
			return true
		}
	}
	return false
}

// fetched gives the cursor that a statement fetches from, nil for none that is
// counted.
func (s *Session) fetched(p *Plan) *tally {
	if p.Statement == nil || p.Statement.Cursor == nil || p.Statement.Cursor.What != "Fetch" {
		return nil
	}
	name := p.Statement.Cursor.Name
	if t := s.cursors[name]; t != nil {
		return t
	}
	if o := s.objects.portals[name]; o != nil && !o.gone {
		return o.fetched()
	}
	return s.forgotten
}

// fetched gives what a portal of the protocol's has given, by Execute and by FETCH,
// nil where its statement has no limits.
func (o *portal) fetched() *tally {
	if o.tally == nil && o.decision != nil && len(o.decision.Statements) > 0 && len(o.decision.Statements[0].Limits) > 0 {
		o.tally = &tally{rows: o.so.rows, bytes: o.so.bytes, limits: o.decision.Statements[0].Limits}
	}
	return o.tally
}

// limitResult is called when the rows of a result begin, or COPY data.
func (s *Session) limitResult(front *expectation) {
	d := front.decision()
	i := s.place(front)
	if d == nil || i >= len(d.Statements) {
		return
	}
	p := &d.Statements[i]
	s.row.limits = p.Limits
	if c := p.Statement; c == nil || c.Cursor == nil || c.Cursor.What != "Fetch" {
		if front.object != nil && front.object.tally != nil {
			s.row.cursor = front.object.tally // a FETCH has taken of it, too
		}
		return
	}
	t := s.fetched(p)
	switch {
	case t == nil && len(p.Limits) == 0:
		return
	case t == nil:
		t = s.declared(p.Statement.Cursor.Name, tally{hold: true})
	case len(t.limits) > 0:
		s.row.limits = slices.Concat(t.limits, p.Limits)
	}
	s.row.cursor = t
}

// declared makes a cursor counted. So many are kept that no more can be useful; then
// those that are forgotten count as one, by all their limits.
func (s *Session) declared(name string, t tally) *tally {
	if len(s.cursors) >= s.cfg.Limits.Prepared {
		s.forget()
	}
	if s.cursors == nil {
		s.cursors = make(map[string]*tally)
	}
	kept := &t
	s.cursors[name] = kept
	return kept
}

// forget makes one count of those of all cursors.
func (s *Session) forget() {
	all := s.forgotten
	if all == nil {
		all = &tally{hold: true}
	}
	for _, t := range s.cursors {
		all.rows, all.bytes = max(all.rows, t.rows), max(all.bytes, t.bytes)
		for _, l := range t.limits {
			if !slices.Contains(all.limits, l) {
				all.limits = append(all.limits, l)
			}
		}
	}
	s.forgotten, s.cursors = all, nil
}

// followCursor is called when a statement has ended.
func (s *Session) followCursor(p *Plan) {
	c := p.Statement.Cursor
	switch {
	case c == nil:
	case c.What == "Declare" && len(p.Limits) > 0:
		s.declared(c.Name, tally{limits: p.Limits, hold: c.Hold})
	case c.What == "Declare":
		delete(s.cursors, c.Name)
	case c.What == "Close" && c.Name == "":
		clear(s.cursors)
		s.forgotten = nil
	case c.What == "Close":
		delete(s.cursors, c.Name)
	}
}

// endCursors forgets the cursors that end with their transaction.
func (s *Session) endCursors() {
	for name, t := range s.cursors {
		if !t.hold {
			delete(s.cursors, name)
		}
	}
}

// counted counts rows that are forwarded.
func (s *Session) counted(rows, bytes int64) {
	s.current.rows += rows
	s.current.bytes += bytes
	if t := s.row.cursor; t != nil {
		t.rows += rows
		t.bytes += bytes
	}
}

// given is what the statement that runs has returned so far.
func (s *Session) given() (rows, bytes int64) {
	if t := s.row.cursor; t != nil {
		return t.rows, t.bytes
	}
	return s.current.rows - s.current.before + s.row.copied, s.current.bytes - s.current.bytesBefore
}

// room is how many rows and bytes may still be forwarded before a limit has to be
// looked at.
func (s *Session) room() (rows, bytes int64) {
	if s.over != nil {
		return 0, 0
	}
	rows, bytes = math.MaxInt64, math.MaxInt64
	if len(s.row.limits) == 0 {
		return rows, bytes
	}
	r, b := s.given()
	for i := range s.row.limits {
		l := &s.row.limits[i]
		if s.passedBefore(l) {
			continue
		}
		if most := l.result(); most > 0 {
			rows = min(rows, most-r)
		}
		if l.Bytes > 0 {
			bytes = min(bytes, l.Bytes-b)
		}
	}
	return rows, bytes
}

// passedBefore says that a limit that does not stop was passed already.
func (s *Session) passedBefore(l *Limit) bool {
	return !l.stops() && slices.Contains(s.current.passed, l.Rule)
}

// beyond says whether one more row of so many bytes must not be forwarded.
func (s *Session) beyond(bytes int64) bool {
	if s.over != nil {
		return true
	}
	if len(s.row.limits) == 0 {
		return false
	}
	r, b := s.given()
	for i := range s.row.limits {
		l := &s.row.limits[i]
		var bound string
		switch {
		case l.result() > 0 && r+1 > l.Rows:
			bound = plural(l.Rows, "row")
		case l.Bytes > 0 && b+bytes > l.Bytes:
			bound = plural(l.Bytes, "byte")
		default:
			continue
		}
		if !l.stops() {
			s.pass(l, bound)
			continue
		}
		front := s.expect.front()
		s.over = &overrun{why: diagnostic.ResultLimit(l.Rule, l.Message, bound, l.Approval, front.what != nil && front.what.changes())}
		s.interrupt, s.current.rule = true, l.Rule
		return true
	}
	return false
}

// pass notes that a limit was passed that does not stop.
func (s *Session) pass(l *Limit, bound string) {
	if slices.Contains(s.current.passed, l.Rule) {
		return
	}
	s.current.passed = append(s.current.passed, l.Rule)
	text := "limit of " + l.Rule + ": more than " + bound
	if l.Audit {
		s.current.audited = append(s.current.audited, text)
		return
	}
	s.current.warned = append(s.current.warned, text)
	s.Tell(diagnostic.LimitPassed(l.Rule, l.Message, bound))
}

// untold notes that a limit that does not stop may have been passed, and tells why
// that is not known.
func (s *Session) untold(l *Limit, why string, told *diagnostic.Diagnostic) {
	if slices.Contains(s.current.passed, l.Rule) {
		return
	}
	s.current.passed = append(s.current.passed, l.Rule)
	text := "limit of " + l.Rule + ": the rows that were changed are not told, since " + why
	if l.Audit {
		s.current.audited = append(s.current.audited, text)
		return
	}
	s.current.warned = append(s.current.warned, text)
	s.Tell(told)
}

// drop takes a frame of the server and forwards nothing of it.
func (s *Session) drop(h wire.Header, p []byte) int {
	n := min(h.Size, len(p))
	s.serverDrop = h.Size - n
	return n
}

// limitCopy is called when COPY data for the client begin. Each CopyData is a row,
// but for a header and the trailer of the binary format.
func (s *Session) limitCopy(front *expectation) {
	s.limitResult(front)
	if len(s.row.limits) == 0 {
		return
	}
	d := front.decision()
	c := d.Statements[s.place(front)].Statement.Copy
	if c == nil {
		return
	}
	if c.Format == "binary" || slices.ContainsFunc(c.Options, func(o statement.CopyOption) bool {
		return o.Name == "header" && !isOff(o.Value)
	}) {
		s.row.copied = -1
	}
}

// isOff is the false half of how COPY reads a boolean (defGetBoolean).
func isOff(value string) bool {
	switch strings.ToLower(value) {
	case "false", "off", "0":
		return true
	}
	return false
}

// portioned is called when a portal stops before its end. What a write has changed is
// done then, and how many rows they are is not told.
func (s *Session) portioned(front *expectation) {
	d := front.decision()
	i := s.place(front)
	if s.over != nil || d == nil || i >= len(d.Statements) || d.Statements[i].reads() {
		return
	}
	for k := range d.Statements[i].Limits {
		l := &d.Statements[i].Limits[k]
		switch {
		case l.Rows == 0 || l.Result:
		case l.stops():
			s.over = &overrun{why: diagnostic.ChangePortions(l.Rule, l.Message, l.Rows)}
			s.current.rule = l.Rule
			return
		default:
			s.untold(l, "the result is fetched in portions", diagnostic.LimitUntold(l.Rule, l.Message))
		}
	}
}

// changed is called when a statement has ended with a tag: it holds the rows that
// it changed against the limits.
func (s *Session) changed(p *Plan, tag string) {
	if s.over != nil || p.reads() {
		return
	}
	n := wire.TagRows([]byte(tag))
	for i := range p.Limits {
		l := &p.Limits[i]
		if l.Rows == 0 || l.Result || l.Count != nil || n <= l.Rows {
			continue
		}
		if l.stops() {
			s.over = &overrun{why: diagnostic.ChangeLimit(l.Rule, l.Message, l.Approval, n, l.Rows)}
			s.current.rule = l.Rule
			return
		}
		s.pass(l, plural(l.Rows, "row"))
	}
}

// limitCompleted follows the end of one statement of a text.
func (s *Session) limitCompleted(front *expectation, tag string) {
	if d := front.what; d != nil && s.current.statement < len(d.Statements) {
		p := &d.Statements[s.current.statement]
		if len(p.Limits) > 0 {
			s.changed(p, tag)
		}
		if p.Statement != nil {
			s.followCursor(p)
		}
	}
	s.current.before, s.current.bytesBefore = s.current.rows, s.current.bytes
}
