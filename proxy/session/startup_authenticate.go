package session

import (
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// maxProof is the largest message in which a client proves who it is, in bytes, as
// PostgreSQL's PG_MAX_AUTH_TOKEN_LENGTH.
const maxProof = 65535

// Authenticator has a client prove who it is. All bodies are those of
// authentication requests ('R') and of their answers ('p').
type Authenticator interface {
	// Begin gives the first request.
	Begin() []byte
	// Step takes the client's answer and gives the next request, nil for none.
	// done says that the client has proved itself; a refusal ends the session.
	Step(answer []byte) (request []byte, done bool, refusal *diagnostic.Diagnostic)
}

// authenticate begins to have the client prove who it is. Connect is asked again
// afterwards.
func (s *Session) authenticate(a Authenticator, q *Connect) {
	s.phase, s.authenticator, s.connect = authenticating, a, q
	s.request(a.Begin())
}

func (s *Session) request(body []byte) {
	out, at := wire.Begin(s.toClient, wire.Authentication)
	s.toClient = wire.End(append(out, body...), at)
}

// proof takes a message of a client that has to prove who it is.
func (s *Session) proof(h wire.Header, p []byte) int {
	switch {
	case h.Type != wire.PasswordMessage:
		s.violation(wire.Violationf("expected password response, got message type %d", h.Type))
		return 0
	case h.Size > maxProof:
		s.violation(wire.Violationf("invalid length %d of a password message", h.Size))
		return 0
	case len(p) < h.Size:
		s.clientWant = h.Size
		return 0
	}
	request, done, refusal := s.authenticator.Step(p[wire.HeaderSize:h.Size])
	if refusal != nil {
		s.end(refusal.AsFatal())
		return 0
	}
	if request != nil {
		s.request(request)
	}
	if done {
		q := *s.connect
		q.Proved = true
		s.question, s.authenticator, s.connect = &q, nil, nil
	}
	return h.Size
}

// Expire ends a session whose start took too long. A client that has not said what
// it wants is told nothing, as by PostgreSQL.
func (s *Session) Expire() {
	switch {
	case s.phase >= ready:
	case s.phase == starting && s.question == nil:
		s.leave()
	default:
		s.end(diagnostic.StartTimeout())
	}
}

// Silent says that the session has started, by a login of weir's own, and that the
// client has not said a word since.
func (s *Session) Silent() bool { return s.greeted && !s.spoke }
