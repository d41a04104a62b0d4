package session

import (
	"slices"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// statementRecord counts what the statement at the front of the queue gives.
type statementRecord struct {
	rows, bytes int64
	statement   int    // which of the text's statements runs
	tag         string // of the last one that ended
	columns     []string
	fields      []wire.Field
	sample      [][]byte

	rule                    string   // of the limit that was passed
	before, bytesBefore     int64    // rows and bytes of the text's statements that have ended
	passed, warned, audited []string // limits that do not stop: their rules, and what to record
}

func (c *statementRecord) reset() { *c = statementRecord{} }

// count takes the number of rows of a command that returns none.
func (c *statementRecord) count(tag []byte) {
	if c.rows == 0 {
		if n := wire.TagRows(tag); n > 0 {
			c.rows = n
		}
	}
}

// masked notes which columns were masked, each once.
func (c *statementRecord) masked(columns []string) {
	for _, m := range columns {
		if !slices.Contains(c.columns, m) {
			c.columns = append(c.columns, m)
		}
	}
}

// endRecord records how the statement of e ended.
func (s *Session) endRecord(e *expectation, tag string, d *diagnostic.Diagnostic, skipped bool) {
	if e.record == 0 || (e.object != nil && e.object.record != e.record) {
		// Nothing is on record, or the portal's record has ended already: its
		// Executes share one.
		if !skipped && e.kind.runs() {
			s.current.reset()
		}
		return
	}
	if tag == "" && d == nil {
		tag = s.current.tag
	}
	end := &s.ending
	*end = End{Tag: tag, Error: d, Skipped: skipped}
	if !skipped {
		end.Rows, end.Bytes, end.Masked = s.current.rows, s.current.bytes, s.current.columns
		end.Fields, end.Sample = s.current.fields, s.current.sample
		end.Rule, end.Warned, end.Audited = s.current.rule, s.current.warned, s.current.audited
		s.current.reset()
	}
	s.recorder.End(e.record, end)
	*end = End{}
	if e.object != nil {
		e.object.record = 0
	}
	e.record = 0
}

// closeRecords ends the records of all that was under way when the session
// ended. dead says that the server has ended it, so that it executes nothing of
// what is behind the first; otherwise it may.
func (s *Session) closeRecords(why *diagnostic.Diagnostic, dead bool) {
	if s.recorder == nil {
		return
	}
	for i := range s.expect.len() {
		e := s.expect.at(i)
		if e.record != 0 {
			s.resume(e)
			s.endRecord(e, "", why, dead && i > 0)
			s.script = nil
		}
		if p := e.undo.beforeP; p != nil {
			s.endPortal(p) // whether or not e did away with it, it has gone with the session
		}
		s.row.reset()
	}
	if s.ended.record != 0 { // what is due behind it was not sent
		s.endRecord(&s.ended, "", why, false)
		s.script = nil
	}
	if sc := s.script; sc != nil && !sc.stopped { // between two of its statements
		s.endRecord(&expectation{kind: expectQuery, what: sc.decision, record: sc.record}, "", why, false)
	}
	s.script = nil
	s.endPortals(true)
}

// resume takes up the counts of a portal that was suspended; called when its
// Execute gives something.
func (s *Session) resume(e *expectation) {
	if e.kind == expectExecute && e.object != nil && !s.row.begun && s.current.bytes == 0 {
		s.current = e.object.so
	}
}

// recordBegin writes a statement down before it is forwarded.
func (s *Session) recordBegin(b Begin) (uint64, error) {
	s.beginning = b
	id, err := s.recorder.Begin(&s.beginning)
	s.beginning = Begin{}
	return id, err
}
