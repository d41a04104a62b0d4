package session_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// greetings tells what a client is told of the version: "v" with the minor version
// and what is not known, "K" with the length of the cancel key.
func greetings(t *testing.T, p []byte) string {
	t.Helper()
	var says []string
	for len(p) > 0 {
		h, _, err := wire.ReadHeader(p)
		if err != nil {
			t.Fatal(err)
		}
		body := p[wire.HeaderSize:h.Size]
		switch h.Type {
		case wire.NegotiateProtocolVersion:
			minor, unknown, err := wire.ReadNegotiate(body)
			if err != nil {
				t.Fatal(err)
			}
			says = append(says, fmt.Sprint("v", minor, strings.Join(unknown, "")))
		case wire.BackendKeyData:
			says = append(says, fmt.Sprint("K", len(body)-4))
		case wire.ErrorResponse:
			says = append(says, codes(t, p[:h.Size]))
		default:
			says = append(says, string(h.Type))
		}
		p = p[h.Size:]
	}
	return strings.Join(says, " ")
}

func keyOf(bytes int) []byte { return make([]byte, bytes) }

func TestAClientSpeaksTheVersionThatTheServerSpeaks(t *testing.T) {
	for _, c := range []struct {
		name    string
		asked   uint32
		unknown string
		server  int // newest minor version
		want    string
	}{
		{"3.0, an old server", 0, "", 0, "R K4 Z"},
		{"3.0, a new server", 0, "", 2, "R K4 Z"},
		{"3.1, which never was, an old server", 1, "", 0, "v0 R K4 Z"},
		{"3.1, which never was, a new server", 1, "", 2, "R K4 Z"},
		{"3.2, an old server", 2, "", 0, "v0 R K4 Z"},
		{"3.2, a new server", 2, "", 2, "R K32 Z"},
		{"3.2, a server from the future", 2, "", 7, "R K32 Z"},
		{"3.3, a new server", 3, "", 2, "v2 R K32 Z"},
		{"3.3, a server that has it, which weir has not", 3, "", 3, "v2 R K32 Z"},
		{"an extension, an old server", 0, "_pq_.x", 0, "v0_pq_.x R K4 Z"},
		{"an extension with 3.2, a new server", 2, "_pq_.x", 2, "v2_pq_.x R K32 Z"},
		{"grease, an old server", 9999, "_pq_.test_protocol_negotiation", 0, "v0_pq_.test_protocol_negotiation R K4 Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			packet := startupOf(c.asked)
			if c.unknown != "" {
				packet = startupOf(c.asked, c.unknown, "1")
			}
			start := func() (*session.Session, *session.Greeting) {
				s := session.New(session.Config{})
				s.FromClient(packet)
				return s, &session.Greeting{PID: 7, Key: keyOf, Tx: 'I', Judge: &judge{}, Recorder: &recorder{}}
			}
			s, g := start()
			g.Minor = c.server
			s.AnswerConnect(g, nil)
			if got := greetings(t, s.TakeClient(nil)); got != c.want {
				t.Errorf("with a login of weir's: %q, want %q", got, c.want)
			}

			s, g = start()
			q, ok := s.Question().(*session.Connect)
			if !ok {
				t.Fatal("no question")
			}
			g.Relay = true
			var says []byte
			if q.Minor > 0 {
				g.Minor = 2
			}
			if c.server < g.Minor {
				says = wire.AppendNegotiate(says, c.server, nil)
			}
			says = wire.AppendAuthenticationOK(says)
			says = wire.AppendBackendKeyData(says, 7, []byte{1, 2, 3, 4})
			says = wire.AppendReadyForQuery(says, 'I')
			s.AnswerConnect(g, nil)
			for len(says) > 0 {
				n := s.FromServer(says)
				if n == 0 {
					t.Fatalf("does not take %x", says)
				}
				says = says[n:]
			}
			if got := greetings(t, s.TakeClient(nil)); got != c.want {
				t.Errorf("with the client's login: %q, want %q", got, c.want)
			}
		})
	}
}

func TestAServerThatNegotiatesWronglyIsLeft(t *testing.T) {
	v := func(minor int) []byte { return wire.AppendNegotiate(nil, minor, nil) }
	ok := wire.AppendAuthenticationOK(nil)
	for name, says := range map[string][][]byte{
		"more than was asked for": {v(3)},
		"twice":                   {v(0), v(0)},
		"after the login":         {ok, v(0)},
		"cut short":               {{'v', 0, 0, 0, 8, 0, 3, 0, 0}},
		"another major version":   {bytes.Replace(v(0), []byte{0, 3}, []byte{0, 4}, 1)},
	} {
		s := session.New(session.Config{})
		s.FromClient(startupOf(2))
		s.AnswerConnect(&session.Greeting{Relay: true, Minor: 2, Key: keyOf, Judge: &judge{}, Recorder: &recorder{}}, nil)
		for _, p := range says {
			s.FromServer(p)
		}
		if !s.Ended() {
			t.Errorf("%s: the session goes on: %s", name, greetings(t, s.TakeClient(nil)))
		}
	}
}
