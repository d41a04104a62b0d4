package session

import (
	"strings"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// tlsHandshake is the first byte of a TLS record that begins a handshake. As the
// first byte of a start-up packet it would be a length of over 350 MB.
const tlsHandshake = 0x16

// startup takes a packet of the phase before the session has started.
func (s *Session) startup(p []byte) int {
	if p[0] == tlsHandshake && !s.asked && !s.encrypted {
		s.asked = true
		if !s.cfg.OfferTLS {
			s.leave() // nothing that a TLS client would understand can be said
			return 0
		}
		s.question = &UpgradeTLS{Direct: true}
		return 0
	}
	k, ok, err := wire.ReadPacket(p)
	if err != nil {
		s.violation(err)
		return 0
	}
	if !ok {
		s.clientWant = wire.PacketSize(p)
		return 0
	}
	switch k.Code {
	case wire.CodeSSL:
		s.sslRequest(k, p)
	case wire.CodeGSSENC:
		if k.Size != 8 || s.gss || s.encrypted {
			s.violation(wire.Violationf("unexpected GSSAPI encryption request"))
			return 0
		}
		s.gss = true
		s.toClient = append(s.toClient, 'N')
	case wire.CodeCancel:
		pid, key, err := wire.ReadCancel(k.Body)
		if err != nil {
			s.leave() // a cancel request never gets a reply
			return 0
		}
		s.question = &Cancel{PID: pid, Key: append([]byte(nil), key...)}
	default:
		s.startupPacket(k)
	}
	return k.Size
}

// sslRequest answers an SSLRequest. Bytes behind it would have been sent in
// clear by somebody in between (CVE-2021-3935 in another gateway): refused.
func (s *Session) sslRequest(k wire.Packet, p []byte) {
	switch {
	case k.Size != 8 || s.asked || s.encrypted:
		s.violation(wire.Violationf("unexpected SSL request"))
	case !s.cfg.OfferTLS:
		s.asked = true
		s.toClient = append(s.toClient, 'N')
	case len(p) != 8:
		s.violation(wire.Violationf("received unencrypted data after SSL request"))
	default:
		s.asked = true
		s.toClient = append(s.toClient, 'S')
		s.question = &UpgradeTLS{}
	}
}

// startupPacket takes the start-up packet itself.
func (s *Session) startupPacket(k wire.Packet) {
	if k.Major() != 3 {
		s.end(diagnostic.UnsupportedProtocol(k.Major(), k.Minor()))
		return
	}
	if s.cfg.RequireTLS && !s.encrypted {
		s.end(diagnostic.TLSRequired())
		return
	}
	settings, err := wire.ReadStartup(k.Body)
	if err != nil {
		s.violation(err)
		return
	}
	q := &Connect{TLS: s.encrypted, Minor: min(k.Minor(), newestMinor)}
	unknown, d := q.read(settings)
	if d != nil {
		s.end(d)
		return
	}
	s.version.asked, s.version.unknown = k.Minor(), unknown
	if q.User == "" {
		s.end(diagnostic.NoUser())
		return
	}
	if q.Database == "" {
		q.Database = q.User
	}
	if len(q.User) > maxName || len(q.Database) > maxName {
		// The server would take the beginning, policy the whole.
		s.end(diagnostic.StartupNameTooLong(maxName))
		return
	}
	s.state.User, s.state.Database = q.User, q.Database
	s.question = q
}

// read takes the settings of a start-up packet, and gives the protocol extensions
// that weir does not know.
func (q *Connect) read(settings []wire.Setting) (unknown []string, d *diagnostic.Diagnostic) {
	var options *string
	var own []wire.Setting
	for i, v := range settings {
		switch {
		case v.Name == "user":
			q.User = v.Value
		case v.Name == "database":
			q.Database = v.Value
		case v.Name == "replication":
			if q.Replication, d = readReplication(v.Value); d != nil {
				return nil, d
			}
		case v.Name == "options":
			options = &settings[i].Value // the last one counts
		case strings.HasPrefix(v.Name, "_pq_."):
			unknown = append(unknown, v.Name)
		default:
			own = append(own, v)
		}
	}
	if options != nil {
		if q.Settings, d = readOptions(*options); d != nil {
			return nil, d
		}
		if len(q.Settings) > 0 {
			q.Parameters = append(q.Parameters, wire.Setting{Name: "options", Value: joinOptions(q.Settings)})
		}
	}
	// The server applies what is in the packet after what is in its options.
	q.Settings = append(q.Settings, own...)
	q.Parameters = append(q.Parameters, own...)
	return unknown, nil
}

// readReplication reads the setting "replication" as the server does: what
// parse_bool takes for true or false, by its unique beginning, or "database".
func readReplication(v string) (Replication, *diagnostic.Diagnostic) {
	if v == "database" {
		return ReplicationLogical, nil
	}
	low := strings.ToLower(v)
	begins := func(word string, least int) bool { return len(low) >= least && strings.HasPrefix(word, low) }
	switch {
	case low == "1", begins("true", 1), begins("yes", 1), begins("on", 2):
		return ReplicationPhysical, nil
	case low == "0", begins("false", 1), begins("no", 1), begins("off", 2):
		return "", nil
	}
	return "", diagnostic.InvalidReplication(v)
}

// readOptions reads the start-up setting "options" as the server reads its command
// line (process_postgres_switches): -c name=value and --name=value. Its other
// switches have no use here.
func readOptions(value string) ([]wire.Setting, *diagnostic.Diagnostic) {
	var out []wire.Setting
	words := wire.SplitOptions(value)
	for i := 0; i < len(words); i++ {
		w, how := words[i], "-c "
		var pair string
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			pair = words[i]
		case strings.HasPrefix(w, "-c") && len(w) > 2:
			pair = w[2:]
		case strings.HasPrefix(w, "--") && len(w) > 2:
			pair, how = w[2:], "--"
		default:
			return nil, diagnostic.StartupSwitch(w)
		}
		name, v, ok := strings.Cut(pair, "=")
		name = strings.ReplaceAll(name, "-", "_")
		switch {
		case !ok:
			return nil, diagnostic.StartupValueMissing(how + name)
		case name == "":
			return nil, diagnostic.StartupSwitch(w)
		}
		out = append(out, wire.Setting{Name: name, Value: v})
	}
	return out, nil
}

// joinOptions writes settings as the value of "options". They are not written as
// settings of the packet of their own, where some names have another meaning:
// "replication" would make it a replication connection.
func joinOptions(settings []wire.Setting) string {
	var b strings.Builder
	for i, v := range settings {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("-c ")
		b.WriteString(wire.QuoteOption(v.Name + "=" + v.Value))
	}
	return b.String()
}

// encodingFollowed says whether texts in a client encoding can be read: UTF-8,
// and those that are the same for the bytes that matter and that are checked to
// be UTF-8 anyway.
func encodingFollowed(v string) bool {
	n := strings.ToLower(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' || r == '\'' || r == '"' {
			return -1
		}
		return r
	}, v))
	switch n {
	case "utf8", "unicode", "sqlascii":
		return true
	}
	return false
}
