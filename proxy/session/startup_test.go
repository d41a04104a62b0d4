package session_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

func request(code uint32, body ...byte) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(binary.BigEndian.AppendUint32(p, code), body...)
}

var (
	sslRequest = request(wire.CodeSSL)
	gssRequest = request(wire.CodeGSSENC)
)

func startupOf(minor uint32, pairs ...string) []byte {
	settings := []wire.Setting{{Name: "user", Value: "u"}, {Name: "database", Value: "d"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		settings = append(settings, wire.Setting{Name: pairs[i], Value: pairs[i+1]})
	}
	return wire.AppendStartup(nil, 3<<16|minor, settings)
}

// asked writes what a session wants to know.
func asked(s *session.Session) string {
	switch q := s.Question().(type) {
	case nil:
		if s.Ended() {
			return "ended"
		}
		return "more"
	case *session.UpgradeTLS:
		return fmt.Sprintf("tls direct=%v", q.Direct)
	case *session.Connect:
		var set []string
		for _, v := range q.Settings {
			set = append(set, v.Name+"="+v.Value)
		}
		return fmt.Sprintf("connect %s@%s tls=%v %s", q.User, q.Database, q.TLS, strings.Join(set, ","))
	case *session.Cancel:
		return fmt.Sprintf("cancel %d %x", q.PID, q.Key)
	}
	return "?"
}

func TestStartup(t *testing.T) {
	const plain, secure = "connect u@d tls=false ", "connect u@d tls=true "
	negotiate := func(names ...string) string {
		return string(wire.AppendNegotiate(nil, 0, names))
	}
	for name, c := range map[string]struct {
		noTLS, mustTLS bool
		steps          [][]byte // a TLS question is answered
		want           string
		says           string // what the client gets; "E:code" for an error
	}{
		"a plain start":                        {steps: [][]byte{startupOf(0)}, want: plain},
		"TLS asked for and given":              {steps: [][]byte{sslRequest, startupOf(0)}, want: secure, says: "S"},
		"TLS asked for and not had":            {noTLS: true, steps: [][]byte{sslRequest, startupOf(0)}, want: plain, says: "N"},
		"GSS, then TLS, then start":            {steps: [][]byte{gssRequest, sslRequest, startupOf(0)}, want: secure, says: "NS"},
		"TLS refused, then GSS, then start":    {noTLS: true, steps: [][]byte{sslRequest, gssRequest, startupOf(0)}, want: plain, says: "NN"},
		"GSS and start behind it in one":       {steps: [][]byte{append(append([]byte{}, gssRequest...), startupOf(0)...)}, want: plain, says: "N"},
		"GSS twice":                            {steps: [][]byte{gssRequest, gssRequest}, want: "ended", says: "NE:08P01"},
		"TLS twice":                            {steps: [][]byte{sslRequest, sslRequest}, want: "ended", says: "SE:08P01"},
		"TLS twice where there is none":        {noTLS: true, steps: [][]byte{sslRequest, sslRequest}, want: "ended", says: "NE:08P01"},
		"GSS inside TLS":                       {steps: [][]byte{sslRequest, gssRequest}, want: "ended", says: "SE:08P01"},
		"TLS with bytes behind it":             {steps: [][]byte{append(append([]byte{}, sslRequest...), 'x')}, want: "ended", says: "E:08P01"},
		"TLS with a body":                      {steps: [][]byte{request(wire.CodeSSL, 0)}, want: "ended", says: "E:08P01"},
		"GSS with a body":                      {steps: [][]byte{request(wire.CodeGSSENC, 0)}, want: "ended", says: "E:08P01"},
		"direct TLS":                           {steps: [][]byte{{0x16}, startupOf(0)}, want: secure},
		"direct TLS after GSS":                 {steps: [][]byte{gssRequest, {0x16}, startupOf(0)}, want: secure, says: "N"},
		"direct TLS where there is none":       {noTLS: true, steps: [][]byte{{0x16}}, want: "ended"},
		"direct TLS inside TLS":                {steps: [][]byte{sslRequest, {0x16, 3, 1, 0}}, want: "ended", says: "SE:08P01"},
		"a start in clear where TLS is needed": {mustTLS: true, steps: [][]byte{startupOf(0)}, want: "ended", says: "E:28000"},
		"version 3.2":                          {steps: [][]byte{startupOf(2)}, want: plain, says: negotiate()},
		"version 3.9999 with grease": {steps: [][]byte{startupOf(9999, "_pq_.test_protocol_negotiation", "")},
			want: plain, says: negotiate("_pq_.test_protocol_negotiation")},
		"unknown protocol options": {steps: [][]byte{startupOf(0, "_pq_.a", "1", "application_name", "x", "_pq_.b", "2")},
			want: plain + "application_name=x", says: negotiate("_pq_.a", "_pq_.b")},
		"version 2":                            {steps: [][]byte{request(2 << 16)}, want: "ended", says: "E:0A000"},
		"version 4":                            {steps: [][]byte{request(4 << 16)}, want: "ended", says: "E:0A000"},
		"an unknown request code":              {steps: [][]byte{request(80877105)}, want: "ended", says: "E:0A000"},
		"a cancel request":                     {steps: [][]byte{request(wire.CodeCancel, 0, 0, 0, 9, 1, 2, 3, 4)}, want: "cancel 9 01020304"},
		"a cancel request inside TLS":          {steps: [][]byte{sslRequest, request(wire.CodeCancel, 0, 0, 0, 9, 1, 2, 3, 4)}, want: "cancel 9 01020304", says: "S"},
		"a cancel request of 3.2":              {steps: [][]byte{request(wire.CodeCancel, append([]byte{0, 0, 0, 9}, make([]byte, 256)...)...)}, want: "cancel 9 " + strings.Repeat("00", 256)},
		"a cancel request without a key":       {steps: [][]byte{request(wire.CodeCancel, 0, 0, 0, 9)}, want: "ended"},
		"a cancel request with a too long key": {steps: [][]byte{request(wire.CodeCancel, append([]byte{0, 0, 0, 9}, make([]byte, 257)...)...)}, want: "ended"},
		"a length of 7":                        {steps: [][]byte{{0, 0, 0, 7, 0, 3, 0}}, want: "ended", says: "E:08P01"},
		"a length of 10,001":                   {steps: [][]byte{{0, 0, 0x27, 0x11}}, want: "ended", says: "E:08P01"},
		"the largest start-up":                 {steps: [][]byte{startupOf(0, "application_name", strings.Repeat("x", wire.MaxStartup-45))}, want: plain + "application_name=" + strings.Repeat("x", wire.MaxStartup-45)},
		"no user":                              {steps: [][]byte{wire.AppendStartup(nil, 3<<16, nil)}, want: "ended", says: "E:28000"},
		"no database":                          {steps: [][]byte{wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "x"}})}, want: "connect x@x tls=false "},
		"the last user counts":                 {steps: [][]byte{startupOf(0, "user", "v")}, want: "connect v@d tls=false "},
		"no terminator":                        {steps: [][]byte{request(3<<16, []byte("user\x00u\x00")...)}, want: "ended", says: "E:08P01"},
		"bytes behind the terminator":          {steps: [][]byte{request(3<<16, []byte("user\x00u\x00\x00x")...)}, want: "ended", says: "E:08P01"},
		"a name without its value":             {steps: [][]byte{request(3<<16, []byte("user\x00")...)}, want: "ended", says: "E:08P01"},
		"a user that the server would cut":     {steps: [][]byte{startupOf(0, "user", strings.Repeat("u", 64))}, want: "ended", says: "E:42622"},
		"a database that the server would cut": {steps: [][]byte{startupOf(0, "database", strings.Repeat("d", 64))}, want: "ended", says: "E:42622"},
		"replication":                          {steps: [][]byte{startupOf(0, "replication", "database")}, want: "ended", says: "E:42501"},
		"replication of nothing":               {steps: [][]byte{startupOf(0, "replication", "off")}, want: plain},
		"options of both kinds":                {steps: [][]byte{startupOf(0, "options", "-c search_path=a --statement-timeout=5s -cwork_mem=1MB")}, want: plain + "search_path=a,statement_timeout=5s,work_mem=1MB"},
		"options with escapes":                 {steps: [][]byte{startupOf(0, "options", `-c search_path=a\ b\\c  --application_name=\x`)}, want: plain + `search_path=a b\c,application_name=x`},
		"options with other white space":       {steps: [][]byte{startupOf(0, "options", "\t-c\nsearch_path=a\v")}, want: plain + "search_path=a"},
		"an option that ends in a backslash":   {steps: [][]byte{startupOf(0, "options", `-c search_path=a\`)}, want: plain + "search_path=a"},
		"an option without a value":            {steps: [][]byte{startupOf(0, "options", "-c search_path")}, want: "ended", says: "E:42501"},
		"an option that is cut off":            {steps: [][]byte{startupOf(0, "options", "-c")}, want: "ended", says: "E:42501"},
		"another switch of the server":         {steps: [][]byte{startupOf(0, "options", "-o x")}, want: "ended", says: "E:42501"},
		"strings that are not standard":        {steps: [][]byte{startupOf(0, "options", "-c standard_conforming_strings=off")}, want: "ended", says: "E:0A000"},
		"the same with an escape":              {steps: [][]byte{startupOf(0, "options", `-c standard_conform\ing_strings=off`)}, want: "ended", says: "E:0A000"},
		"the same with dashes":                 {steps: [][]byte{startupOf(0, "options", "--STANDARD-conforming-strings=0")}, want: "ended", says: "E:0A000"},
		"the same as a setting":                {steps: [][]byte{startupOf(0, "Standard_Conforming_Strings", "no")}, want: "ended", says: "E:0A000"},
		"standard strings":                     {steps: [][]byte{startupOf(0, "standard_conforming_strings", "ON")}, want: plain + "standard_conforming_strings=ON"},
		"an encoding that is not read":         {steps: [][]byte{startupOf(0, "client_encoding", "SJIS")}, want: "ended", says: "E:22P05"},
		"the encoding that is read":            {steps: [][]byte{startupOf(0, "client_encoding", "'utf-8'")}, want: plain + "client_encoding='utf-8'"},
		"a role":                               {steps: [][]byte{startupOf(0, "role", "postgres")}, want: "ended", says: "E:42501"},
		"session_authorization":                {steps: [][]byte{startupOf(0, "options", "-c session_authorization=postgres")}, want: "ended", says: "E:42501"},
		"a library to load":                    {steps: [][]byte{startupOf(0, "local_preload_libraries", "x")}, want: "ended", says: "E:42501"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, whole := range []bool{true, false} {
				s := session.New(session.Config{OfferTLS: !c.noTLS, RequireTLS: c.mustTLS})
				for _, step := range c.steps {
					for len(step) > 0 && !s.Ended() {
						n := len(step)
						if !whole && len(step) > 1 {
							// All but the last byte: asks for the whole packet.
							if took := s.FromClient(step[:n-1]); took == 0 && !s.Ended() && s.Question() == nil && s.ClientWant() < n {
								t.Fatalf("wants %d bytes of %d", s.ClientWant(), n)
							} else if took > 0 {
								step = step[took:]
								continue
							}
						}
						took := s.FromClient(step)
						if _, ok := s.Question().(*session.UpgradeTLS); ok {
							if step[0] == 0x16 {
								took = len(step)
							}
							if took == len(step) {
								s.AnswerTLS()
							}
						}
						if took == 0 {
							break
						}
						step = step[took:]
					}
				}
				if !whole && name == "TLS with bytes behind it" {
					continue // they come too late to be seen here, and break the handshake
				}
				if got := asked(s); got != c.want {
					t.Errorf("whole %v: asks %q\nwant %q", whole, got, c.want)
				}
				says := string(s.TakeClient(nil))
				if i := strings.Index(says, "E\x00\x00"); i >= 0 {
					says = says[:i] + codes(t, []byte(says[i:]))
				}
				if says != c.says {
					t.Errorf("whole %v: says %q\nwant %q", whole, says, c.says)
				}
			}
		})
	}
}
