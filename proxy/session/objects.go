package session

import (
	"time"

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
	sql      *statement.Statement // made by PREPARE
	segment  uint64
	settled  bool
	gone     bool // closed
}

// portal is a bound portal.
type portal struct {
	decision  *Decision
	params    []Parameter // kept only while the record needs them
	text      []byte
	row       *RowMask
	fields    []wire.Field
	described bool
	record    uint64 // the running record of a portal that was suspended
	begun     int64
	rows      int64
	bytes     int64
	columns   []string // masked so far
	approved  string   // id of the approval that this portal has used up
	large     bool
	segment   uint64
	settled   bool
	gone      bool
}

// objects are the prepared statements and portals of a session.
type objects struct {
	statements map[string]*prepared
	portals    map[string]*portal
}

// change is what a message did to a name, so that it can be put back.
type change struct {
	name      string
	statement *prepared // made by a Parse
	portal    *portal   // made by a Bind
	closed    bool
	before    *prepared
	beforeP   *portal
	kind      byte // 'S', 'P', 0 for none
}

func (o *objects) dropUnnamed() {
	delete(o.statements, "")
	delete(o.portals, "")
}

// preparedStatement gives the statement behind a name, for EXECUTE in SQL.
func (s *Session) preparedStatement(name string) *statement.Statement {
	p := s.objects.statements[name]
	switch {
	case p == nil || p.gone:
		return nil
	case p.sql != nil:
		return p.sql
	case p.decision != nil && len(p.decision.Statements) == 1:
		return p.decision.Statements[0].Statement
	}
	return nil
}

// executes says that the text has an EXECUTE: what it runs depends on a name.
func (d *Decision) executes() bool {
	for i := range d.Statements {
		if d.Statements[i].Executes != nil {
			return true
		}
	}
	return false
}

// sameExecutes says that the names of the text's EXECUTEs still stand for what
// they stood for when it was judged.
func (s *Session) sameExecutes(d *Decision) bool {
	for i := range d.Statements {
		p := &d.Statements[i]
		if p.Executes == nil {
			continue
		}
		if p.Statement == nil || p.Statement.Prepared == nil ||
			s.preparedStatement(p.Statement.Prepared.Name) != p.Executes {
			return false
		}
	}
	return true
}

// unsettledStatement says that the name was changed in an earlier segment and
// that the server has not answered.
func (s *Session) unsettledStatement(name []byte) bool {
	p := s.objects.statements[string(name)]
	return p != nil && !p.settled && p.segment != s.segment && !s.expect.empty()
}

func (s *Session) unsettledPortal(name []byte) bool {
	p := s.objects.portals[string(name)]
	return p != nil && !p.settled && p.segment != s.segment && !s.expect.empty()
}

// settle is called when the server has done what e asked for.
func (s *Session) settle(e *expectation) {
	c := &e.undo
	if c.statement != nil {
		c.statement.settled = true
		if c.closed && s.objects.statements[c.name] == c.statement {
			delete(s.objects.statements, c.name)
		}
	}
	if c.portal != nil {
		c.portal.settled = true
		if c.beforeP != nil {
			s.endPortal(c.beforeP)
		}
		if c.closed && s.objects.portals[c.name] == c.portal {
			delete(s.objects.portals, c.name)
		}
	}
}

// endPortal ends the record of a portal that was suspended and is gone now.
func (s *Session) endPortal(o *portal) {
	if o.record == 0 {
		return
	}
	s.recorder.End(o.record, &End{Rows: o.rows, Bytes: o.bytes, Tag: "suspended", Masked: o.columns,
		Duration: time.Duration(s.now() - o.begun)})
	o.record = 0
}

// endPortals ends all portals: their transaction has ended.
func (s *Session) endPortals() {
	for _, o := range s.objects.portals {
		s.endPortal(o)
	}
	clear(s.objects.portals)
}

// revert puts back what a message that the server did not execute had changed.
func (s *Session) revert(c *change) {
	switch c.kind {
	case 'S':
		if c.statement != nil && s.objects.statements[c.name] == c.statement {
			if c.before != nil {
				s.objects.statements[c.name] = c.before
			} else {
				delete(s.objects.statements, c.name)
			}
		}
	case 'P':
		if c.portal != nil && s.objects.portals[c.name] == c.portal {
			if c.beforeP != nil {
				s.objects.portals[c.name] = c.beforeP
			} else {
				delete(s.objects.portals, c.name)
			}
		}
	}
}
