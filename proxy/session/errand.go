package session

import (
	"encoding/hex"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// Errand is what weir itself has to ask the server on the session's own
// connection. It is asked while the session is at rest, and neither questions nor
// answers reach the client. It must leave the connection as it was: of the settings
// that a server tells about it may set those of errandSetting, until its last statements.
type Errand interface {
	// Next gives the statements to be sent together, nil for no more. tx is the
	// transaction's state then.
	Next(tx byte) []string
	// Row takes the body of a row, which is valid during the call. With false the
	// rest is not wanted.
	Row(body []byte) bool
	// Failed takes an error of the server's. The rest of what was sent together is
	// skipped.
	Failed(d *diagnostic.Diagnostic)
}

// errandMessage is the longest message of the server's that an errand takes, in
// bytes.
const errandMessage = 16 << 20

// errand is one that is under way.
type errand struct {
	Errand
	deaf bool // no more rows are wanted
	// set is what the server said of the settings that an errand may set.
	set [errandSettings][]byte
}

// errandSettings is how many settings an errand may set.
const errandSettings = 3

// errandSetting gives the place of such a setting's value in a list, -1 for all others.
func errandSetting(name []byte) int {
	switch string(name) {
	case "client_encoding":
		return 0
	case "standard_conforming_strings":
		return 1
	case "search_path":
		return 2
	}
	return -1
}

// runs begins an errand instead of a decision; false when the session is not at
// rest.
func (s *Session) runs(e Errand) bool {
	if !s.AtRest() {
		return false
	}
	s.errand = &errand{Errand: e}
	s.errandNext(s.state.Tx)
	return true
}

// AtRest says that nothing is under way and no transaction open, so that weir may
// ask the server something of its own.
func (s *Session) AtRest() bool {
	return s.phase == ready && s.atRest() && s.errand == nil && !s.copying && !s.skip && !s.leaving &&
		s.clientPass == 0 && s.serverPass == 0 && s.serverDrop == 0
}

// errandNext sends what the errand asks next, or ends it. The extended protocol
// leaves the client's unnamed statement alone.
func (s *Session) errandNext(tx byte) {
	texts := s.errand.Next(tx)
	if len(texts) == 0 {
		set := s.errand.set
		s.errand = nil
		for _, frame := range set {
			if frame != nil {
				s.parameterRestored(frame)
			}
		}
		if tx != wire.TxIdle {
			s.lost(wire.Violationf("a question of weir's own left a transaction open"))
		}
		return
	}
	for _, text := range texts {
		s.askOwn(text, false)
	}
	s.toServer = wire.AppendEmpty(s.toServer, wire.Sync)
}

// askOwn sends a statement of weir's own in the extended protocol, without a Sync. The
// client's unnamed statement is left alone and, with apart, its unnamed portal, too:
// where a transaction is open it may be in use.
func (s *Session) askOwn(text string, apart bool) {
	name := reservedPrefix + hex.EncodeToString(s.cfg.Secret(16))
	portal := ""
	if apart {
		portal = name
	}
	var at int
	s.toServer, at = wire.Begin(s.toServer, wire.Parse)
	s.toServer = append(append(append(append(s.toServer, name...), 0), text...), 0, 0, 0)
	s.toServer = wire.End(s.toServer, at)
	s.toServer = wire.AppendBind(s.toServer, portal, name)
	s.toServer, at = wire.Begin(s.toServer, wire.Execute)
	s.toServer = append(append(s.toServer, portal...), 0, 0, 0, 0, 0)
	s.toServer = wire.End(s.toServer, at)
	if apart {
		s.toServer = wire.AppendClose(s.toServer, 'P', portal)
	}
	s.toServer = wire.AppendClose(s.toServer, 'S', name)
}

// errandBytes takes one message of the server while an errand is under way.
func (s *Session) errandBytes(p []byte) int {
	h, ok, err := wire.ReadHeader(p)
	switch {
	case err != nil:
		s.lost(err)
		return 0
	case !ok:
		s.serverWant = wire.HeaderSize
		return 0
	case h.Size > errandMessage:
		s.lost(wire.Violationf("message %q of %d bytes from the server", h.Type, h.Size))
		return 0
	case len(p) < h.Size:
		s.serverWant = h.Size
		return 0
	}
	frame := p[:h.Size]
	body := frame[wire.HeaderSize:]
	switch h.Type {
	case wire.DataRow:
		if !s.errand.deaf && !s.errand.Row(body) {
			s.errand.deaf = true
		}
	case wire.NotificationResponse:
		s.notification(frame)
	case wire.ErrorResponse:
		s.errandFailed(frame, body)
	case wire.ReadyForQuery:
		if len(body) != 1 {
			s.lost(wire.Violationf("malformed ReadyForQuery"))
			return 0
		}
		s.errandNext(body[0])
	case wire.ParameterStatus:
		s.errandParameter(frame, body)
	case wire.ParseComplete, wire.BindComplete, wire.CloseComplete, wire.CommandComplete, wire.EmptyQueryResponse,
		wire.NoticeResponse, wire.RowDescription, wire.NoData:
		// Of no concern to the client.
	default:
		s.lost(wire.Violationf("message %q from the server does not answer what was asked", h.Type))
		return 0
	}
	return h.Size
}

// errandParameter takes the server's word on a setting. What an errand sets is put
// back, and is of no concern to the client unless it was changed elsewhere meanwhile,
// as all others are.
func (s *Session) errandParameter(frame, body []byte) {
	r := wire.NewReader(body)
	name := r.String()
	if at := errandSetting(name); at >= 0 {
		s.errand.set[at] = append(s.errand.set[at][:0], frame...)
		return
	}
	s.parameterStatus(frame, body)
}

// parameterRestored tells of a setting after an errand, if it is another one than
// before.
func (s *Session) parameterRestored(frame []byte) {
	body := frame[wire.HeaderSize:]
	r := wire.NewReader(body)
	if at := errandSetting(r.String()); at < 0 || s.told[at] != string(r.String()) || !r.Done() {
		s.parameterStatus(frame, body)
	}
}

// errandFailed takes an error: one that ends the connection is the client's too.
func (s *Session) errandFailed(frame, body []byte) {
	d, err := diagnostic.Read(body)
	if err != nil {
		s.lost(err)
		return
	}
	if d.Severity == diagnostic.Fatal || d.Severity == "PANIC" {
		s.errand = nil
		s.failed(nil, frame, body)
		return
	}
	s.errand.Failed(&d)
}
