package session

import (
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// censor gives the judge where it looks for something in the server's texts,
// nil otherwise.
func (s *Session) censor() Censor {
	if c, ok := s.judge.(Censor); ok && c.Censors() {
		return c
	}
	return nil
}

// relayTexts relays an error or a notice, with what is looked for in texts
// masked.
func (s *Session) relayTexts(typ byte, frame []byte) {
	c := s.censor()
	if c == nil {
		s.relay(frame)
		return
	}
	out, err := diagnostic.AppendCensored(s.toClient, typ, frame[wire.HeaderSize:], c.Censor)
	if err != nil {
		s.lost(err)
		return
	}
	s.toClient = out
}

// notification relays a NotificationResponse. Its payload may be a value that
// another session has read.
func (s *Session) notification(frame []byte) {
	c := s.censor()
	if c == nil {
		s.relay(frame)
		return
	}
	r := wire.NewReader(frame[wire.HeaderSize:])
	process := r.Bytes(4)
	channel, payload := r.String(), r.String()
	if !r.Done() {
		s.lost(wire.Violationf("malformed notification"))
		return
	}
	out, at := wire.Begin(s.toClient, wire.NotificationResponse)
	out = append(out, process...)
	out = append(append(out, c.Censor(string(channel))...), 0)
	out = append(append(out, c.Censor(string(payload))...), 0)
	s.toClient = wire.End(out, at)
}
