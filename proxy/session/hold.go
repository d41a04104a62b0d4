package session

import (
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// A statement that needs a person's approval waits only while nothing waits for
// it: the session idle, and the statement a Query or the one Execute of a batch
// whose Sync is there. Such a batch is asked about before any part of it is
// forwarded, since Parse and Bind take locks that Sync lets go. Of any other
// batch each Bind is asked about, and answered at once.

// approval is the answer to an Approve question.
type approval struct {
	id      string
	refusal *diagnostic.Diagnostic
	terms   string // that it was given for
	again   bool   // the decision was made again since
}

// stands says why the approval does not let the text of a decision pass, nil if it does.
func (a *approval) stands(d *Decision) *diagnostic.Diagnostic {
	if a.refusal == nil && a.terms != d.Terms {
		return diagnostic.ApprovalOutdated(a.id)
	}
	return a.refusal
}

// batchApproval is the answer for the one Execute of a batch.
type batchApproval struct {
	approval
	text string // what was asked about
	used bool   // the batch's Bind has come
}

// approve asks for the approval of d; false while it waits. The portal is nil
// for what runs as soon as it arrives.
func (s *Session) approve(d *Decision, o *portal, a asking) bool {
	if s.approval != nil {
		return true
	}
	q := &Approve{Decision: d}
	switch {
	case o == nil && a.large:
		s.approval = &approval{refusal: diagnostic.LargeApproval(wholeBind)}
		return true
	case o == nil:
		if !s.expect.empty() {
			s.wait()
			return false
		}
		q.MayHold, q.Parameters = s.atRest(), keep(a.params)
	default:
		if o.large || !o.known {
			s.approval = &approval{refusal: diagnostic.ApprovalOfBound()}
			return true
		}
		q.Parameters = o.params
	}
	s.question = q
	return false
}

// atRest says that nothing waits for the session: no transaction is open, also
// none that began with a message that no Sync has followed.
func (s *Session) atRest() bool {
	return s.state.Tx == wire.TxIdle && s.expect.empty() && !s.expect.open && s.due == dueNone && s.wrap.state == wrapNone
}

// batchHolds asks about a batch that begins with the Parse of st; false while it
// waits. p is all that has arrived. A batch of another shape goes on: its
// Execute is refused unless it was approved before.
func (s *Session) batchHolds(p []byte, name string, st *prepared) bool {
	if s.approval != nil {
		s.batch = &batchApproval{approval: *s.approval, text: st.decision.Text}
		return true
	}
	if s.batch != nil {
		return true
	}
	shape := readBatch(p)
	if shape.more > 0 && shape.more <= s.lookAhead() {
		s.clientWant = shape.more
		return false
	}
	if !shape.simple || shape.bind == nil {
		return true
	}
	if !s.expect.empty() {
		s.wait()
		return false
	}
	if !s.atRest() {
		return true
	}
	_, bound, rest, ok := bindNames(shape.bind)
	if !ok || string(bound) != name || len(shape.bind)+wire.HeaderSize > wholeBind {
		return true // the Bind is of another statement, or nobody could read it
	}
	params, ok := s.readParameters(rest, st.types)
	if !ok {
		return true
	}
	s.question = &Approve{Decision: st.decision, Parameters: keep(params), MayHold: true}
	return false
}

// bindApproval gives the answer about a Bind's statement; nil while it waits. It
// is asked about before the Bind is forwarded, since binding plans the statement,
// which may run functions of it.
func (s *Session) bindApproval(p []byte, o *portal, params []Parameter) *approval {
	if s.approval != nil {
		return s.approval
	}
	if b := s.batch; b != nil && !b.used && b.text == o.decision.Text {
		b.used = true // asked about at the Parse: the batch has this one Bind and no other
		return &b.approval
	}
	shape := readBatch(p)
	if shape.more > 0 && shape.more <= s.lookAhead() && s.batch == nil {
		s.clientWant = shape.more
		return nil
	}
	hold := shape.simple && s.batch == nil
	if hold && !s.expect.empty() {
		s.wait()
		return nil
	}
	s.question = &Approve{Decision: o.decision, Parameters: keep(params), MayHold: hold && s.atRest()}
	return nil
}

// lookAhead bounds how much of a batch is waited for, in bytes: all of it is gone
// over again when more of it comes. A longer one goes on, as one of another shape.
func (s *Session) lookAhead() int { return s.cfg.Limits.Statement + 4*wholeBind }

// batchShape is what the client has sent up to a Sync.
type batchShape struct {
	simple bool   // at most one Parse, then one Bind, Describes, one Execute, Sync
	bind   []byte // the Bind's body
	more   int    // more bytes are needed to tell
}

// readBatch looks ahead.
func readBatch(p []byte) batchShape {
	var b batchShape
	parses, executes, at := 0, 0, 0
	for {
		h, ok, err := wire.ReadHeader(p[at:])
		if err != nil {
			return batchShape{}
		}
		if !ok {
			return batchShape{more: at + wire.HeaderSize}
		}
		if len(p) < at+h.Size {
			return batchShape{more: at + h.Size}
		}
		body := p[at+wire.HeaderSize : at+h.Size]
		at += h.Size
		switch h.Type {
		case wire.Parse:
			parses++
			if parses > 1 || b.bind != nil {
				return batchShape{}
			}
		case wire.Bind:
			if b.bind != nil {
				return batchShape{}
			}
			b.bind = body
		case wire.Describe:
		case wire.Execute:
			executes++
			if executes > 1 || b.bind == nil {
				return batchShape{}
			}
		case wire.Sync:
			b.simple = executes == 1
			return b
		default:
			return batchShape{}
		}
	}
}
