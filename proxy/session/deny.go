package session

import (
	"encoding/hex"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// A refused message is not dropped: what came before it in a pipeline would be
// committed by the Sync behind it. In its place the server gets one that fails,
// naming a prepared statement that does not exist, and its error is replaced by
// the refusal. So the skipping, the rollback and the state of the transaction
// are the server's own. For a FunctionCall it is one of a function that does not
// exist.

// noFunction is an oid that no function has: those below 10,000 are given by hand
// in PostgreSQL's sources, and this one is not given.
const noFunction = 1

// reservedPrefix begins the names that clients may not give to statements.
const reservedPrefix = "weir_refused_"

// denied records a refusal and puts it in the message's place.
func (s *Session) denied(k kind, b Begin, d *diagnostic.Diagnostic) {
	s.beginning = b
	s.recorder.Denied(&s.beginning, d)
	s.beginning = Begin{}
	s.refuse(k, d)
}

// refuse puts a refusal in the place of a message of kind k. The name of the
// statement that does not exist is a new secret each time: no client can have
// prepared it.
func (s *Session) refuse(k kind, d *diagnostic.Diagnostic) {
	if k == expectFunction {
		s.expect.push(k, false, false).denial = d
		s.segment++
		s.toServer = wire.AppendFunctionCall(s.toServer, noFunction)
		return
	}
	name := reservedPrefix + hex.EncodeToString(s.cfg.Secret(16))
	switch k {
	case expectQuery:
		e := s.expect.push(k, false, false)
		e.denial = d
		s.segment++
		s.forgetUnnamed(&e.undo)
		s.toServer = wire.AppendQuery(s.toServer, "EXECUTE "+name)
		if s.wrap.state == wrapOpen {
			s.wait() // weir's own transaction is to be ended before anything else comes
		}
	default:
		s.expect.push(k, false, false).denial = d
		s.toServer = wire.AppendBind(s.toServer, "", name)
	}
}
