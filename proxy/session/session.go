package session

import (
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// phase is how far the session has come.
type phase uint8

const (
	starting       phase = iota // before the start-up packet
	authenticating              // the client proves to weir who it is
	relaying                    // the client authenticates itself to the server
	ready                       // queries
	ended                       // nothing more is taken; what is in toClient is sent
)

// Config is what a session needs from the start.
type Config struct {
	Limits Limits
	// OfferTLS: an SSLRequest is answered with S.
	OfferTLS bool
	// RequireTLS: a start-up packet in clear is refused.
	RequireTLS bool
	// Secret gives random bytes for names that a client must not guess.
	Secret func(n int) []byte
}

// Session is one client's session. It is not safe for concurrent use.
type Session struct {
	cfg   Config
	phase phase

	question   Question
	decided    *Decision // the answer to a Decide question
	decidedFor []uint32  // the types that it was asked with
	early      bool      // which was asked while something ran that it may depend on
	approval   *approval // the answer to an Approve question
	encrypted  bool
	asked      bool // SSLRequest was answered already
	gss        bool // GSSENCRequest was answered already
	greeted    bool // the client was let in by weir
	spoke      bool // and has sent something since
	// challenged: in a login that is relayed the server waits for an answer; ahead:
	// the client has sent something for the time after it.
	challenged, ahead bool

	replication   Replication
	authenticator Authenticator
	connect       *Connect // to be asked again once the client has proved itself

	judge    Judge
	recorder Recorder
	state    State
	version  negotiation
	// serverPID and serverKey cancel at the server, when the client has
	// authenticated itself there.
	serverPID uint32
	serverKey []byte

	toClient, toServer []byte
	// pending are weir's own frames for the client that wait until the server's
	// frame that is being relayed has ended.
	pending []byte

	clientPass int // bytes of the client's frame that are still to be relayed
	// tail are weir's own frames for the server that come behind the client's
	// frame that is being relayed.
	tail []byte
	// over is the statement at the front that has passed a limit, nil for none.
	over *overrun
	// interrupt asks for a cancel request, interrupted says that one is under way.
	interrupt, interrupted bool
	dirty                  bool // something was executed since the last Sync that may have changed something
	failSync               bool // a message that fails goes in front of the next Sync
	wrap                   wrap
	counting               *counted // in front of the Query that is sent next
	owed                   *portal  // what binding it has changed is not counted yet
	due                    due
	ended                  expectation       // the Query that due is about
	script                 *script           // the Query that is sent in pieces, nil for none
	cursors                map[string]*tally // by name, of those that are counted
	forgotten              *tally            // of cursors that were too many to be kept, nil for none

	clientDiscard int // bytes of the client's frame that are still to be dropped
	serverDrop    int // bytes of the server's frame that are still to be dropped
	serverPass    int // bytes of the server's frame that are still to be relayed
	copyLeft      int // bytes of the server's COPY data that are still to be masked
	walk          wire.RowWalk
	walking       bool // it is a row, that walk looks at
	clientWant    int  // size of the client's frame that has not arrived whole
	serverWant    int  // size of the server's frame that has not arrived whole

	errand  *errand // what weir asks the server itself, nil for nothing
	expect  expectations
	segment uint64 // counts the client's Syncs and Queries
	turn    uint64 // counts the calls of FromClient
	barrier bool   // no client message is taken until expect is empty
	skip    bool   // after an error: messages are dropped until a Sync
	leaving bool   // the client has said Terminate, replies are still awaited
	copying bool   // copy-in mode: the server has begun it, the client has not ended it

	objects objects
	blurs   bool // see blurred
	batch   *batchApproval
	current statementRecord
	row     rowState

	reason *diagnostic.Diagnostic // why the session ended, nil for the client's own wish
	// strings and encoding are set while a setting of the server makes texts
	// unreadable.
	strings, encoding *diagnostic.Diagnostic
	told              [errandSettings]string // the values that the client was told last, "" for none
	// redactLater is the mask for which the errors of constraints are withheld
	// that are checked when the transaction ends; "" for none.
	redactLater string

	lastTag   string      // the last command tag, which is often the next one too
	params    []Parameter // scratch for a Bind's values
	beginning Begin       // scratch
	ending    End         // scratch
}

// New makes the session of a client that has just connected.
func New(cfg Config) *Session {
	if cfg.Limits == (Limits{}) {
		cfg.Limits = DefaultLimits
	}
	if cfg.Limits.Memory == 0 {
		cfg.Limits.Memory = DefaultLimits.Memory
	}
	s := &Session{cfg: cfg}
	s.state.Prepared = s.preparedStatement
	return s
}

// Question is what the session waits for, nil for nothing.
func (s *Session) Question() Question { return s.question }

// Ended says that the session is over once what TakeClient gives was sent.
func (s *Session) Ended() bool { return s.phase == ended }

// Reason says why weir ended the session; nil when it did not.
func (s *Session) Reason() *diagnostic.Diagnostic { return s.reason }

// Started says that the start-up is over: queries may come.
func (s *Session) Started() bool { return s.phase == ready }

// State is what decisions depend on besides texts.
func (s *Session) State() State {
	st := s.state
	st.AtRest = s.AtRest()
	return st
}

// stillDecided says whether a decision made earlier still stands.
func (s *Session) stillDecided(d *Decision) bool { return s.judge.Current(d, s.state.Rests) }

// ServerKey is what the server gave for cancel requests while the client's
// authentication was relayed; the key is nil otherwise.
func (s *Session) ServerKey() (pid uint32, key []byte) { return s.serverPID, s.serverKey }

// Idle says that no statement is under way and no transaction open.
func (s *Session) Idle() bool {
	return s.phase == ready && s.question == nil && s.atRest() && !s.interrupting() && s.clientPass == 0 && s.clientDiscard == 0
}

// TakeClient gives the bytes for the client and takes buf, emptied, for the
// next ones.
func (s *Session) TakeClient(buf []byte) []byte {
	out := s.toClient
	s.toClient = buf[:0]
	return out
}

// TakeServer gives the bytes for the server, as TakeClient does.
func (s *Session) TakeServer(buf []byte) []byte {
	out := s.toServer
	s.toServer = buf[:0]
	return out
}

// ClientWant is how many bytes FromClient needs to go on: more than it left,
// or 0 when it waits for something else than bytes.
func (s *Session) ClientWant() int {
	if s.blocked() {
		return 0
	}
	return s.clientWant
}

// ServerWant is how many bytes FromServer needs to go on.
func (s *Session) ServerWant() int { return s.serverWant }

// Awaits says that replies of the server are due.
func (s *Session) Awaits() bool { return !s.expect.empty() }

// HasServer says that TakeServer would give bytes.
func (s *Session) HasServer() bool { return len(s.toServer) > 0 }

// Blocked says that FromClient takes nothing until a question is answered or
// replies have come from the server.
func (s *Session) Blocked() bool { return s.blocked() }

// Leave ends the session because the client has left.
func (s *Session) Leave() {
	if s.phase != ended {
		s.leave()
	}
}

// blocked says that no byte of the client may be taken now. A frame that has
// begun is always taken to its end: the server waits for it.
func (s *Session) blocked() bool {
	if s.question != nil || s.phase == ended || s.errand != nil || s.ahead {
		return true
	}
	if (s.due != dueNone || s.interrupting()) && s.clientPass == 0 && s.clientDiscard == 0 {
		return true
	}
	return s.barrier && !s.expect.empty() && !s.copying && s.clientPass == 0 && s.clientDiscard == 0 && !s.leaving
}

// FromClient takes bytes that the client sent and returns how many it took. The
// rest is given again, with more behind it or after a question was answered.
func (s *Session) FromClient(p []byte) int {
	taken := 0
	s.turn++
	s.steps()
	for s.phase != ended {
		s.clientWant = 0
		if s.barrier && s.expect.empty() {
			s.barrier = false
		}
		if s.blocked() {
			break
		}
		n := s.clientBytes(p[taken:])
		if n == 0 {
			break
		}
		taken += n
	}
	if s.phase == ended {
		return len(p)
	}
	return taken
}

// clientBytes takes one message or a part of one; 0 when it needs more bytes or
// waits.
func (s *Session) clientBytes(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	if s.leaving {
		return len(p)
	}
	if s.clientPass > 0 {
		n := min(s.clientPass, len(p))
		s.toServer = append(s.toServer, p[:n]...)
		s.clientPass -= n
		if s.clientPass == 0 && len(s.tail) > 0 {
			s.toServer = append(s.toServer, s.tail...)
			s.tail = s.tail[:0]
		}
		return n
	}
	if s.clientDiscard > 0 {
		n := min(s.clientDiscard, len(p))
		s.clientDiscard -= n
		return n
	}
	if s.phase == starting {
		return s.startup(p)
	}
	h, ok, err := wire.ReadHeader(p)
	if err != nil {
		s.violation(err)
		return 0
	}
	if !ok {
		s.clientWant = wire.HeaderSize
		return 0
	}
	switch s.phase {
	case authenticating:
		return s.proof(h, p)
	case relaying:
		return s.relayPassword(h, p)
	}
	s.spoke = true
	return s.clientMessage(h, p)
}

// FromServer takes bytes that the server sent and returns how many it took; the
// rest is the beginning of a frame that has not arrived whole.
func (s *Session) FromServer(p []byte) int {
	taken := 0
	for taken < len(p) && s.phase != ended {
		s.serverWant = 0
		n := s.serverBytes(p[taken:])
		if n == 0 {
			break
		}
		taken += n
	}
	if s.leaving && s.phase != ended && s.expect.empty() {
		s.leave()
	}
	if s.phase == ended {
		return len(p)
	}
	return taken
}

// Tell sends the client a notice of weir's own, at the next border of frames.
func (s *Session) Tell(d *diagnostic.Diagnostic) {
	if s.phase != ready {
		return
	}
	if s.serverPass > 0 {
		s.pending = d.Append(s.pending)
		return
	}
	s.toClient = d.Append(s.toClient)
}

// End ends the session from outside: a shutdown, a lost server. The client is
// told why when a frame's border allows it.
func (s *Session) End(why *diagnostic.Diagnostic) {
	if s.phase != ended {
		s.end(why)
	}
}

// end ends the session with an error for the client.
func (s *Session) end(why *diagnostic.Diagnostic) {
	if s.leaving {
		s.leave()
		return
	}
	s.closeRecords(why, false)
	s.reason = why.AsFatal()
	// In the middle of a frame an error would be read as part of it.
	if s.serverPass == 0 {
		s.toClient = s.reason.Append(s.toClient)
	}
	s.phase, s.question = ended, nil
	s.expect.clear()
}

// leave ends the session as the client wished.
func (s *Session) leave() {
	s.closeRecords(diagnostic.ClientLeft(), false)
	s.phase, s.question = ended, nil
	s.expect.clear()
}

// terminate forwards the client's Terminate. Replies that are due are followed to
// their end, for the journal.
func (s *Session) terminate() {
	s.toServer = wire.AppendEmpty(s.toServer, wire.Terminate)
	if s.expect.empty() {
		s.leave()
		return
	}
	s.leaving = true
}

// violation ends the session after an input that cannot be followed.
func (s *Session) violation(err error) {
	s.end(diagnostic.Violation(err))
}

// wait lets no further message of the client in until all replies have come.
func (s *Session) wait() {
	if s.expect.empty() {
		return
	}
	s.barrier = true
	if s.expect.unsynced() {
		// Without a Sync the server keeps its replies back.
		if s.clientPass > 0 {
			s.tail = wire.AppendEmpty(s.tail, wire.Flush)
			return
		}
		s.toServer = wire.AppendEmpty(s.toServer, wire.Flush)
	}
}
