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

// censoring gives the function that masks what is looked for in texts, nil for none.
func (s *Session) censoring() func(string) string {
	if c := s.censor(); c != nil {
		return c.Censor
	}
	return nil
}

// relayTexts relays a notice, with what is looked for in texts
// masked.
func (s *Session) relayTexts(frame []byte) {
	c := s.censor()
	if c == nil {
		s.relay(frame)
		return
	}
	out, err := diagnostic.AppendCensored(s.toClient, wire.NoticeResponse, frame[wire.HeaderSize:], c.Censor)
	if err != nil {
		s.lost(err)
		return
	}
	s.toClient = out
}

// shown passes on an error of the server's as the client may see it, and gives it
// as it may be recorded: what is withheld or masked from the one is from the other.
func (s *Session) shown(front *expectation, frame []byte) (diagnostic.Diagnostic, error) {
	body := frame[wire.HeaderSize:]
	if rule := s.redacts(front); rule != "" {
		d, err := diagnostic.Read(body)
		if err != nil {
			return d, err
		}
		d.Message, d.Detail, d.Hint = "withheld, since the statement concerns masked columns", "", ""
		s.toClient, err = diagnostic.AppendRedacted(s.toClient, wire.ErrorResponse, body, rule, s.censoring())
		return d, err
	}
	if front != nil && front.what != nil && front.what.WithholdRows && diagnostic.QuotesRow(body) {
		out, err := diagnostic.AppendWithoutRow(s.toClient, wire.ErrorResponse, body)
		if err != nil {
			return diagnostic.Diagnostic{}, err
		}
		body = out[len(s.toClient)+wire.HeaderSize:]
		s.toClient = out
		return diagnostic.Read(body)
	}
	c := s.censor()
	if c == nil {
		s.relay(frame)
		return diagnostic.Read(body)
	}
	out, err := diagnostic.AppendCensored(s.toClient, wire.ErrorResponse, body, c.Censor)
	if err != nil {
		return diagnostic.Diagnostic{}, err
	}
	body = out[len(s.toClient)+wire.HeaderSize:]
	s.toClient = out
	return diagnostic.Read(body)
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
