package session

import (
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// Question is something that the session waits for. Its concrete type says
// what; the matching Answer method goes on.
type Question interface{ question() }

// UpgradeTLS asks for a TLS handshake with the client, on a stream from which
// nothing was read past the request. Answer with AnswerTLS.
type UpgradeTLS struct {
	Direct bool // the client began with TLS: ALPN "postgresql" is mandatory
}

// Connect asks for a connection to the server. Answer with AnswerConnect.
type Connect struct {
	User, Database string
	Settings       []wire.Setting // all that the client wants set, in the order in which it applies
	Parameters     []wire.Setting // what stands for that in a start-up packet, besides user and database
	TLS            bool           // the client's connection is encrypted
	Minor          int            // newest minor version of protocol 3 that client and session speak
	Replication    Replication
	Proved         bool // the client has proved itself to the Authenticator that the first answer gave
}

// Replication is the kind of a replication connection, "" for none; the value of
// the setting that asks for it.
type Replication string

// The kinds of replication connections.
const (
	ReplicationPhysical Replication = "true"
	ReplicationLogical  Replication = "database" // takes SQL besides
)

// Cancel asks to pass a cancel request to the session that has this key. There
// is no answer: the connection ends.
type Cancel struct {
	PID uint32
	Key []byte
	// Own: what runs in this session itself is to be cancelled, for which
	// Session.TakeInterrupt asks. The connection goes on.
	Own bool
}

// Decide asks to make the decision on a text, so that Judge.Decide has it at
// hand. Answer with AnswerDecide.
type Decide struct {
	Text  []byte
	Types []uint32 // as State.Types
}

// Approve asks whether a statement was approved. Answer with AnswerApprove.
type Approve struct {
	Decision   *Decision
	Parameters []Parameter
	// MayHold says that the session is idle, so that nothing is locked while
	// it waits. If not, the answer must come at once.
	MayHold bool
}

func (*UpgradeTLS) question() {}
func (*Connect) question()    {}
func (*Cancel) question()     {}
func (*Decide) question()     {}
func (*Approve) question()    {}

// Greeting is the answer to Connect: what the server said until its first
// ReadyForQuery, or until its authentication request when Relay is set.
type Greeting struct {
	// Authenticate, when it is not nil, is all there is: the client must prove who
	// it is first, and Connect is asked again then.
	Authenticate Authenticator
	// Relay: the client authenticates itself to the server, the session relays
	// that. The server's word on the protocol's version comes with it.
	Relay bool
	// Minor is the newest minor version of the protocol that the server speaks;
	// with Relay, that it was asked for.
	Minor int
	// Messages are whole frames for the client: ParameterStatus and notices.
	Messages []byte
	// PID and Key are what the client may cancel with: the server's process id,
	// which clients compare with what they read elsewhere, and a key of weir's
	// own, which is made once its length is known. With Relay the process id comes
	// later, from the server.
	PID uint32
	Key func(bytes int) []byte
	Tx  byte
	// Judge and Recorder are this session's from now on.
	Judge    Judge
	Recorder Recorder
}

// AnswerTLS goes on after a handshake.
func (s *Session) AnswerTLS() {
	if _, ok := s.question.(*UpgradeTLS); ok {
		s.question, s.encrypted = nil, true
	}
}

// AnswerConnect goes on with a connection, or ends the session with refusal.
func (s *Session) AnswerConnect(g *Greeting, refusal *diagnostic.Diagnostic) {
	q, ok := s.question.(*Connect)
	if !ok {
		return
	}
	s.question = nil
	if refusal != nil {
		s.end(refusal)
		return
	}
	if g.Authenticate != nil {
		s.authenticate(g.Authenticate, q)
		return
	}
	s.judge, s.recorder, s.replication = g.Judge, g.Recorder, q.Replication
	s.version.key, s.version.offered = g.Key, g.Minor
	if g.Relay {
		s.phase = relaying
		return
	}
	s.agree(g.Minor)
	s.toClient = wire.AppendAuthenticationOK(s.toClient)
	if !s.greet(g.Messages) {
		return
	}
	s.sendKey(g.PID)
	s.toClient = wire.AppendReadyForQuery(s.toClient, g.Tx)
	s.state.Tx = g.Tx
	s.phase, s.greeted = ready, true
}

// greet relays what the server has said while it started, and follows its
// settings: a role or a database may have other ones than the client asked for.
func (s *Session) greet(frames []byte) bool {
	for len(frames) > 0 && s.phase != ended {
		h, ok, err := wire.ReadHeader(frames)
		if err != nil || !ok || len(frames) < h.Size {
			s.lost(wire.Violationf("malformed greeting"))
			return false
		}
		frame := frames[:h.Size]
		if h.Type == wire.ParameterStatus {
			s.parameterStatus(frame, frame[wire.HeaderSize:])
		} else {
			s.relay(frame)
		}
		frames = frames[h.Size:]
	}
	return s.phase != ended
}

// AnswerDecide goes on with the decision that was made.
func (s *Session) AnswerDecide(d *Decision) {
	if q, ok := s.question.(*Decide); ok {
		s.question, s.decided, s.decidedFor = nil, d, q.Types
		s.outdated()
		if d != nil && d.Errand != nil && s.runs(d.Errand) {
			s.decided = nil // it is asked again afterwards
		}
	}
}

// AnswerApprove goes on with the statement when refusal is nil; id names the
// approval that was used up.
func (s *Session) AnswerApprove(id string, refusal *diagnostic.Diagnostic) {
	q, ok := s.question.(*Approve)
	if !ok {
		return
	}
	s.question = nil
	s.approval = &approval{id: id, refusal: refusal, terms: q.Decision.Terms}
}
