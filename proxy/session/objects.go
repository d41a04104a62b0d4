package session

import (
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/wire"
)

// A prepared statement or a portal is known here from the moment that its Parse
// or Bind was forwarded, since a pipeline uses it before the server has
// answered. Until the server has, it is unsettled: an error may mean that the
// server never made it, and that the name still stands for something else.
// Within one segment (up to the next Sync) that is harmless: the error that
// undoes it skips its uses too. Beyond the segment nothing that uses the name
// is forwarded before the reply has come.

// prepared is a prepared statement.
type prepared struct {
	decision *Decision
	types    []uint32             // declared types of its parameters, may be short
	declared []uint32             // those of them that are not PostgreSQL's own: State.Types
	sql      *statement.Statement // made by PREPARE
	size     int                  // what it counts against Limits.Memory
	segment  uint64
	unread   int  // size of the message whose text was too long to be read, else 0
	copies   bool // may begin copy-in mode
	settled  bool
	gone     bool      // closed
	undone   bool      // the server never made it
	before   *prepared // what its name stood for, when undone
}

// portal is a bound portal.
type portal struct {
	decision  *Decision
	declared  []uint32    // as its statement's
	params    []Parameter // kept only while the record needs them
	values    []byte      // what params point into
	row       *RowMask
	fields    []wire.Field
	described bool
	record    uint64          // the running record of a portal that was suspended
	so        statementRecord // what it gave until it was suspended
	approved  string          // id of the approval that this portal has used up
	terms     string          // that it was given for
	known     bool            // params are those of the Bind
	size      int
	segment   uint64
	turn      uint64 // when it was judged
	unread    int    // as its statement's
	tally     *tally // what it and FETCHes of it have given, nil where no FETCH has
	counted   *counted
	large     bool
	cursor    bool // SQL's own, known for this one Execute
	copies    bool
	settled   bool
	gone      bool
	undone    bool
	before    *portal
}

// objects are the prepared statements and portals of a session. The unnamed ones
// stand apart: every Bind of most clients replaces them.
type objects struct {
	statements       map[string]*prepared
	portals          map[string]*portal
	unnamedStatement *prepared
	unnamedPortal    *portal
	spare            *portal // to be used again
	size             int     // bytes of what is kept, for Limits.Memory
}

func (o *objects) statement(name []byte) *prepared {
	if len(name) == 0 {
		return o.unnamedStatement
	}
	return o.statements[string(name)]
}

func (o *objects) portal(name []byte) *portal {
	if len(name) == 0 {
		return o.unnamedPortal
	}
	return o.portals[string(name)]
}

// setStatement makes a name stand for p, nil for nothing.
func (o *objects) setStatement(name string, p *prepared) {
	if p != nil {
		o.size += p.size
	}
	if name == "" {
		if o.unnamedStatement != nil {
			o.size -= o.unnamedStatement.size
		}
		o.unnamedStatement = p
		return
	}
	if old := o.statements[name]; old != nil {
		o.size -= old.size
	}
	if p == nil {
		delete(o.statements, name)
		return
	}
	if o.statements == nil {
		o.statements = make(map[string]*prepared)
	}
	o.statements[name] = p
}

// setPortal makes a name stand for p, nil for nothing.
func (o *objects) setPortal(name string, p *portal) {
	if p != nil {
		o.size += p.size
	}
	if name == "" {
		if o.unnamedPortal != nil {
			o.size -= o.unnamedPortal.size
		}
		o.unnamedPortal = p
		return
	}
	if old := o.portals[name]; old != nil {
		o.size -= old.size
	}
	if p == nil {
		delete(o.portals, name)
		return
	}
	if o.portals == nil {
		o.portals = make(map[string]*portal)
	}
	o.portals[name] = p
}

// forgetStatements drops all that have a name: DEALLOCATE ALL.
func (o *objects) forgetStatements() {
	for _, p := range o.statements {
		o.size -= p.size
	}
	clear(o.statements)
}

// newPortal gives an empty portal, one that was used before if there is.
func (o *objects) newPortal() *portal {
	p := o.spare
	if p == nil {
		return &portal{}
	}
	o.spare = nil
	*p = portal{params: p.params[:0], values: p.values[:0]}
	return p
}

// reuse keeps a portal that nothing refers to any more for the next Bind.
func (o *objects) reuse(p *portal) {
	if cap(p.values) <= 4<<10 && cap(p.params) <= 64 {
		o.spare = p
	}
}

// change is what a message did to a name, so that it can be put back.
type change struct {
	name      string
	statement *prepared // made by a Parse
	portal    *portal   // made by a Bind
	closed    bool
	before    *prepared
	beforeP   *portal
	kind      byte // 'S' statement, 'P' portal, 'Q' both unnamed ones by a Query, 0 for none
}

// preparedStatement gives the statement behind a name, for EXECUTE in SQL. One
// that PREPARE does not take is not given: EXECUTE of a COPY, of a DEALLOCATE or
// of another EXECUTE, which the protocol can prepare, would do what nothing of the
// text says.
func (s *Session) preparedStatement(name string) *statement.Statement {
	p := s.objects.statements[name]
	var st *statement.Statement
	switch {
	case p == nil || p.gone:
		return nil
	case p.sql != nil:
		st = p.sql
	case p.decision != nil && len(p.decision.Statements) == 1:
		st = p.decision.Statements[0].Statement
	}
	if st == nil || st.Prepared != nil || st.Cursor != nil || st.Copy != nil {
		return nil
	}
	switch st.Command {
	case statement.CommandSelect, statement.CommandInsert, statement.CommandUpdate, statement.CommandDelete,
		statement.CommandMerge:
		return st
	}
	return nil
}

// unsettledStatement says that the name was changed in an earlier segment and
// that the server has not answered.
func (s *Session) unsettledStatement(name []byte) bool {
	if s.expect.empty() {
		return false
	}
	p := s.objects.statement(name)
	return p != nil && !p.settled && p.segment != s.segment
}

// unsettledPortal says the same of a portal, and also that a text under way may
// change what the name stands for: SQL's cursors are portals too.
func (s *Session) unsettledPortal(name []byte) bool {
	if s.expect.empty() {
		return false
	}
	if s.expect.moving > 0 && len(name) > 0 {
		return true
	}
	p := s.objects.portal(name)
	return p != nil && !p.settled && p.segment != s.segment
}

// settle is called when the server has done what e asked for.
func (s *Session) settle(e *expectation) {
	c := &e.undo
	if c.statement != nil {
		c.statement.settled = true
		if c.closed && s.objects.statement([]byte(c.name)) == c.statement {
			s.objects.setStatement(c.name, nil)
		}
	}
	if c.beforeP != nil {
		s.endPortal(c.beforeP)
	}
	if c.portal != nil {
		c.portal.settled = true
		if c.closed && s.objects.portal([]byte(c.name)) == c.portal {
			s.objects.setPortal(c.name, nil)
		}
	}
}

// endPortal ends the record of a portal that was suspended and is gone now.
func (s *Session) endPortal(o *portal) {
	if o.record == 0 {
		return
	}
	s.ending = End{Rows: o.so.rows, Bytes: o.so.bytes, Tag: "suspended", Masked: o.so.columns,
		Fields: o.so.fields, Sample: o.so.sample}
	s.recorder.End(o.record, &s.ending)
	s.ending = End{}
	o.record = 0
}

// endPortals drops the portals whose transaction has ended: those that the server
// has confirmed.
func (s *Session) endPortals(all bool) {
	for name, o := range s.objects.portals {
		if all || o.settled {
			s.endPortal(o)
			o.gone = true
			s.objects.setPortal(name, nil)
		}
	}
	if o := s.objects.unnamedPortal; o != nil && (all || o.settled) {
		s.endPortal(o)
		o.gone = true
		s.objects.setPortal("", nil)
		if s.expect.empty() {
			s.objects.reuse(o)
		}
	}
}

// forgetUnnamed drops the unnamed statement and portal, as a Query does.
func (s *Session) forgetUnnamed(c *change) {
	o := &s.objects
	if o.unnamedStatement == nil && o.unnamedPortal == nil {
		return
	}
	c.kind, c.closed, c.before, c.beforeP = 'Q', true, o.unnamedStatement, o.unnamedPortal
	c.statement = &prepared{gone: true, segment: s.segment}
	c.portal = &portal{gone: true, segment: s.segment}
	o.setStatement("", c.statement)
	o.setPortal("", c.portal)
}

// revert puts back what a message that the server did not execute had changed. A
// later message may have changed the name again: if that is undone too, it puts
// back what this one would have.
func (s *Session) revert(c *change) {
	if p := c.statement; p != nil {
		p.undone, p.before = true, c.before
		if s.objects.statement([]byte(c.name)) == p {
			for p != nil && p.undone {
				p = p.before
			}
			s.objects.setStatement(c.name, p)
		}
	}
	if p := c.portal; p != nil {
		p.undone, p.before = true, c.beforeP
		if s.objects.portal([]byte(c.name)) == p {
			for p != nil && p.undone {
				p = p.before
			}
			s.objects.setPortal(c.name, p)
		}
	}
}
