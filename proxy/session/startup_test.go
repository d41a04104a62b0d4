package session_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
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
		out := fmt.Sprintf("connect %s@%s tls=%v %s", q.User, q.Database, q.TLS, strings.Join(set, ","))
		if q.Minor != 0 {
			out += fmt.Sprintf(" minor=%d", q.Minor)
		}
		if q.Replication != "" {
			out += " replication=" + string(q.Replication)
		}
		return out
	case *session.Cancel:
		return fmt.Sprintf("cancel %d %x", q.PID, q.Key)
	}
	return "?"
}

func TestStartup(t *testing.T) {
	const plain, secure = "connect u@d tls=false ", "connect u@d tls=true "
	for name, c := range map[string]struct {
		noTLS, mustTLS bool
		steps          [][]byte // a TLS question is answered
		want           string
		says           string // what the client gets; "E:code" for an error
	}{
		"a plain start":                               {steps: [][]byte{startupOf(0)}, want: plain},
		"TLS asked for and given":                     {steps: [][]byte{sslRequest, startupOf(0)}, want: secure, says: "S"},
		"TLS asked for and not had":                   {noTLS: true, steps: [][]byte{sslRequest, startupOf(0)}, want: plain, says: "N"},
		"GSS, then TLS, then start":                   {steps: [][]byte{gssRequest, sslRequest, startupOf(0)}, want: secure, says: "NS"},
		"TLS refused, then GSS, then start":           {noTLS: true, steps: [][]byte{sslRequest, gssRequest, startupOf(0)}, want: plain, says: "NN"},
		"GSS and start behind it in one":              {steps: [][]byte{append(append([]byte{}, gssRequest...), startupOf(0)...)}, want: plain, says: "N"},
		"GSS twice":                                   {steps: [][]byte{gssRequest, gssRequest}, want: "ended", says: "NE:08P01"},
		"TLS twice":                                   {steps: [][]byte{sslRequest, sslRequest}, want: "ended", says: "SE:08P01"},
		"TLS twice where there is none":               {noTLS: true, steps: [][]byte{sslRequest, sslRequest}, want: "ended", says: "NE:08P01"},
		"GSS inside TLS":                              {steps: [][]byte{sslRequest, gssRequest}, want: "ended", says: "SE:08P01"},
		"TLS with bytes behind it":                    {steps: [][]byte{append(append([]byte{}, sslRequest...), 'x')}, want: "ended", says: "E:08P01"},
		"TLS with a body":                             {steps: [][]byte{request(wire.CodeSSL, 0)}, want: "ended", says: "E:08P01"},
		"GSS with a body":                             {steps: [][]byte{request(wire.CodeGSSENC, 0)}, want: "ended", says: "E:08P01"},
		"direct TLS":                                  {steps: [][]byte{{0x16}, startupOf(0)}, want: secure},
		"direct TLS after GSS":                        {steps: [][]byte{gssRequest, {0x16}, startupOf(0)}, want: secure, says: "N"},
		"direct TLS where there is none":              {noTLS: true, steps: [][]byte{{0x16}}, want: "ended"},
		"direct TLS inside TLS":                       {steps: [][]byte{sslRequest, {0x16, 3, 1, 0}}, want: "ended", says: "SE:08P01"},
		"a start in clear where TLS is needed":        {mustTLS: true, steps: [][]byte{startupOf(0)}, want: "ended", says: "E:28000"},
		"version 3.1, which never was":                {steps: [][]byte{startupOf(1)}, want: plain + " minor=1"},
		"version 3.2":                                 {steps: [][]byte{startupOf(2)}, want: plain + " minor=2"},
		"version 3.3":                                 {steps: [][]byte{startupOf(3)}, want: plain + " minor=2"},
		"version 3.2 with an unknown protocol option": {steps: [][]byte{startupOf(2, "_pq_.a", "1")}, want: plain + " minor=2"},
		"version 3.9999 with grease": {steps: [][]byte{startupOf(9999, "_pq_.test_protocol_negotiation", "")},
			want: plain + " minor=2"},
		"unknown protocol options": {steps: [][]byte{startupOf(0, "_pq_.a", "1", "application_name", "x", "_pq_.b", "2")},
			want: plain + "application_name=x"},
		"version 2":                                       {steps: [][]byte{request(2 << 16)}, want: "ended", says: "E:0A000"},
		"version 4":                                       {steps: [][]byte{request(4 << 16)}, want: "ended", says: "E:0A000"},
		"an unknown request code":                         {steps: [][]byte{request(80877105)}, want: "ended", says: "E:0A000"},
		"a cancel request":                                {steps: [][]byte{request(wire.CodeCancel, 0, 0, 0, 9, 1, 2, 3, 4)}, want: "cancel 9 01020304"},
		"a cancel request inside TLS":                     {steps: [][]byte{sslRequest, request(wire.CodeCancel, 0, 0, 0, 9, 1, 2, 3, 4)}, want: "cancel 9 01020304", says: "S"},
		"a cancel request of 3.2":                         {steps: [][]byte{request(wire.CodeCancel, append([]byte{0, 0, 0, 9}, make([]byte, 256)...)...)}, want: "cancel 9 " + strings.Repeat("00", 256)},
		"a cancel request without a key":                  {steps: [][]byte{request(wire.CodeCancel, 0, 0, 0, 9)}, want: "ended"},
		"a cancel request with a too long key":            {steps: [][]byte{request(wire.CodeCancel, append([]byte{0, 0, 0, 9}, make([]byte, 257)...)...)}, want: "ended"},
		"a length of 7":                                   {steps: [][]byte{{0, 0, 0, 7, 0, 3, 0}}, want: "ended", says: "E:08P01"},
		"a length of 10,001":                              {steps: [][]byte{{0, 0, 0x27, 0x11}}, want: "ended", says: "E:08P01"},
		"the largest start-up":                            {steps: [][]byte{startupOf(0, "application_name", strings.Repeat("x", wire.MaxStartup-45))}, want: plain + "application_name=" + strings.Repeat("x", wire.MaxStartup-45)},
		"no user":                                         {steps: [][]byte{wire.AppendStartup(nil, 3<<16, nil)}, want: "ended", says: "E:28000"},
		"no database":                                     {steps: [][]byte{wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "x"}})}, want: "connect x@x tls=false "},
		"the last user counts":                            {steps: [][]byte{startupOf(0, "user", "v")}, want: "connect v@d tls=false "},
		"no terminator":                                   {steps: [][]byte{request(3<<16, []byte("user\x00u\x00")...)}, want: "ended", says: "E:08P01"},
		"bytes behind the terminator":                     {steps: [][]byte{request(3<<16, []byte("user\x00u\x00\x00x")...)}, want: "ended", says: "E:08P01"},
		"a name without its value":                        {steps: [][]byte{request(3<<16, []byte("user\x00")...)}, want: "ended", says: "E:08P01"},
		"a user that the server would cut":                {steps: [][]byte{startupOf(0, "user", strings.Repeat("u", 64))}, want: "ended", says: "E:42622"},
		"a database that the server would cut":            {steps: [][]byte{startupOf(0, "database", strings.Repeat("d", 64))}, want: "ended", says: "E:42622"},
		"logical replication":                             {steps: [][]byte{startupOf(0, "replication", "database")}, want: plain + " replication=database"},
		"physical replication":                            {steps: [][]byte{startupOf(0, "replication", "TRUE")}, want: plain + " replication=true"},
		"replication by the beginning of a word":          {steps: [][]byte{startupOf(0, "replication", "y")}, want: plain + " replication=true"},
		"replication by what is no word":                  {steps: [][]byte{startupOf(0, "replication", "o")}, want: "ended", says: "E:22023"},
		"replication by an empty word":                    {steps: [][]byte{startupOf(0, "replication", "")}, want: "ended", says: "E:22023"},
		"replication as an option, where it is a setting": {steps: [][]byte{startupOf(0, "options", "-c replication=true")}, want: plain + "replication=true"},
		"the user as an option, where it is a setting":    {steps: [][]byte{startupOf(0, "options", "-c user=postgres --database=x -c options=y -c _pq_.z=1")}, want: plain + "user=postgres,database=x,options=y,_pq_.z=1"},
		"replication of nothing":                          {steps: [][]byte{startupOf(0, "replication", "off")}, want: plain},
		"the last replication counts":                     {steps: [][]byte{startupOf(0, "replication", "database", "replication", "0")}, want: plain},
		"options of both kinds":                           {steps: [][]byte{startupOf(0, "options", "-c search_path=a --statement-timeout=5s -cwork_mem=1MB")}, want: plain + "search_path=a,statement_timeout=5s,work_mem=1MB"},
		"options apply before what is in the packet":      {steps: [][]byte{startupOf(0, "search_path", "a", "options", "-c search_path=b")}, want: plain + "search_path=b,search_path=a"},
		"the last options count":                          {steps: [][]byte{startupOf(0, "options", "-c search_path=a", "options", "-c work_mem=1MB")}, want: plain + "work_mem=1MB"},
		"a setting that holds an equals sign":             {steps: [][]byte{startupOf(0, "options", "-c a.b=c=d")}, want: plain + "a.b=c=d"},
		"a setting that nobody knows":                     {steps: [][]byte{startupOf(0, "nothing_here", "1", "options", "-c myapp.tenant=7")}, want: plain + "myapp.tenant=7,nothing_here=1"},
		"options with escapes":                            {steps: [][]byte{startupOf(0, "options", `-c search_path=a\ b\\c  --application_name=\x`)}, want: plain + `search_path=a b\c,application_name=x`},
		"options with other white space":                  {steps: [][]byte{startupOf(0, "options", "\t-c\nsearch_path=a\v")}, want: plain + "search_path=a"},
		"an option that ends in a backslash":              {steps: [][]byte{startupOf(0, "options", `-c search_path=a\`)}, want: plain + "search_path=a"},
		"an option without a value":                       {steps: [][]byte{startupOf(0, "options", "-c search_path")}, want: "ended", says: "E:42601"},
		"an option that is cut off":                       {steps: [][]byte{startupOf(0, "options", "-c")}, want: "ended", says: "E:42601"},
		"another switch of the server":                    {steps: [][]byte{startupOf(0, "options", "-o x")}, want: "ended", says: "E:42601"},
		"a word behind the options":                       {steps: [][]byte{startupOf(0, "options", "-c a=b c=d")}, want: "ended", says: "E:42601"},
		"an end of the options":                           {steps: [][]byte{startupOf(0, "options", "-- -c a=b")}, want: "ended", says: "E:42601"},
		"an option without a name":                        {steps: [][]byte{startupOf(0, "options", "-c =b")}, want: "ended", says: "E:42601"},
		"a switch of several letters":                     {steps: [][]byte{startupOf(0, "options", "-ec a=b")}, want: "ended", says: "E:42601"},
		"strings that are not standard":                   {steps: [][]byte{startupOf(0, "options", "-c standard_conforming_strings=off")}, want: plain + "standard_conforming_strings=off"},
		"the same with an escape":                         {steps: [][]byte{startupOf(0, "options", `-c standard_conform\ing_strings=off`)}, want: plain + "standard_conforming_strings=off"},
		"the same with dashes":                            {steps: [][]byte{startupOf(0, "options", "--STANDARD-conforming-strings=0")}, want: plain + "STANDARD_conforming_strings=0"},
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

// What weir sends on is read again as the client's options were: nothing in them
// may become a setting of the packet, where some names have another meaning.
func TestOptionsAreSentOnAsOptions(t *testing.T) {
	for options, want := range map[string]string{
		"":                             "",
		"-c a=b":                       "options=-c a=b",
		"--a-b=c  -cd=e\\ f":           "options=-c a_b=c -c d=e\\ f",
		"-c replication=true":          "options=-c replication=true",
		"-c a=\\\\ --b=\\\tc":          "options=-c a=\\\\ -c b=\\\tc",
		"-c user=x --_pq_.y=z":         "options=-c user=x -c _pq_.y=z",
		"-c a=b\\ -c\\ replication=on": "options=-c a=b\\ -c\\ replication=on",
	} {
		s := session.New(session.Config{})
		s.FromClient(startupOf(0, "options", options, "application_name", "x"))
		q, ok := s.Question().(*session.Connect)
		if !ok {
			t.Errorf("%q: %s", options, asked(s))
			continue
		}
		var got []string
		for _, v := range q.Parameters {
			if v.Name != "application_name" {
				got = append(got, v.Name+"="+v.Value)
			}
		}
		if strings.Join(got, ";") != want {
			t.Errorf("%q: sent on as %q, want %q", options, got, want)
		}
	}
}

// script is an Authenticator that the test writes.
type script struct{ steps []string }

func (s *script) Begin() []byte { return []byte("begin") }

func (s *script) Step(answer []byte) ([]byte, bool, *diagnostic.Diagnostic) {
	want, rest := s.steps[0], s.steps[1:]
	s.steps = rest
	if string(answer) != want {
		return nil, false, &diagnostic.Diagnostic{Severity: diagnostic.Error, Code: "28P01", Message: "no"}
	}
	return []byte("then " + want), len(rest) == 0, nil
}

func TestAClientProvesItselfBeforeTheServerIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		sends string // answers, comma between; "!" is another message than an answer
		want  string
		says  string
	}{
		"a right proof":                     {"one,two", "connect u@d tls=false ", "R:begin R:then one R:then two"},
		"a wrong one":                       {"one,three", "ended", "R:begin R:then one E:28P01"},
		"a part of one":                     {"one", "more", "R:begin R:then one"},
		"something else than a proof":       {"!", "ended", "R:begin E:08P01"},
		"a proof that is longer than taken": {strings.Repeat("x", 65536), "ended", "R:begin E:08P01"},
	} {
		t.Run(name, func(t *testing.T) {
			s := session.New(session.Config{})
			s.FromClient(startupOf(0))
			s.AnswerConnect(&session.Greeting{Authenticate: &script{[]string{"one", "two"}}}, nil)
			for _, text := range strings.Split(c.sends, ",") {
				typ := byte(wire.PasswordMessage)
				if text == "!" {
					typ = wire.Query
				}
				p, at := wire.Begin(nil, typ)
				p = wire.End(append(p, text...), at)
				for i := 1; i < len(p) && len(p) < 100; i++ {
					if n := s.FromClient(p[:i]); n != 0 && !s.Ended() {
						t.Fatalf("took %d of %d bytes", n, i)
					}
				}
				s.FromClient(p)
			}
			if got := asked(s); got != c.want {
				t.Errorf("asks %q, want %q", got, c.want)
			}
			if q, ok := s.Question().(*session.Connect); ok && !q.Proved {
				t.Error("it is not said that the client has proved itself")
			}
			var says []string
			for p := s.TakeClient(nil); len(p) > 0; {
				h, _, err := wire.ReadHeader(p)
				if err != nil {
					t.Fatal(err)
				}
				body := string(p[wire.HeaderSize:h.Size])
				if h.Type == wire.ErrorResponse {
					says = append(says, codes(t, p[:h.Size]))
				} else {
					says = append(says, string(h.Type)+":"+body)
				}
				p = p[h.Size:]
			}
			if got := strings.Join(says, " "); got != c.says {
				t.Errorf("says %q, want %q", got, c.says)
			}
		})
	}
}

func TestAStartThatTakesTooLong(t *testing.T) {
	for name, c := range map[string]struct {
		sends [][]byte
		says  string
	}{
		"nothing was said":           {nil, ""},
		"half a packet came":         {[][]byte{startupOf(0)[:9]}, ""},
		"no proof came":              {[][]byte{startupOf(0)}, "E:57014"},
		"TLS is under way":           {[][]byte{sslRequest}, "S"},
		"a request for GSS was made": {[][]byte{gssRequest}, "N"},
	} {
		t.Run(name, func(t *testing.T) {
			s := session.New(session.Config{OfferTLS: true})
			for _, p := range c.sends {
				s.FromClient(p)
			}
			if _, ok := s.Question().(*session.Connect); ok {
				s.AnswerConnect(&session.Greeting{Authenticate: &script{[]string{"one"}}}, nil)
				s.TakeClient(nil)
			}
			if _, ok := s.Question().(*session.UpgradeTLS); ok {
				s.AnswerTLS()
			}
			s.Expire()
			says := string(s.TakeClient(nil))
			if strings.HasPrefix(says, "E") {
				says = codes(t, []byte(says))
			}
			if !s.Ended() || says != c.says {
				t.Errorf("ended %v, says %q, want %q", s.Ended(), says, c.says)
			}
		})
	}
	b := started(t)
	b.Expire()
	if b.Ended() {
		t.Error("a session that has started does not expire")
	}
}
