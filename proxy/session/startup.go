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
	q := &Connect{TLS: s.encrypted}
	var unknown []string
	for _, v := range settings {
		switch {
		case v.Name == "user":
			q.User = v.Value
		case v.Name == "database":
			q.Database = v.Value
		case v.Name == "replication":
			if !isFalse(v.Value) {
				s.end(diagnostic.Replication())
				return
			}
		case v.Name == "options":
			more, d := readOptions(v.Value)
			if d != nil {
				s.end(d)
				return
			}
			q.Settings = append(q.Settings, more...)
		case strings.HasPrefix(v.Name, "_pq_."):
			unknown = append(unknown, v.Name)
		default:
			q.Settings = append(q.Settings, v)
		}
	}
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
	for _, v := range q.Settings {
		if d := checkSetting(v); d != nil {
			s.end(d)
			return
		}
	}
	if k.Minor() > 0 || len(unknown) > 0 {
		s.toClient = wire.AppendNegotiate(s.toClient, 0, unknown)
	}
	s.state.User, s.state.Database = q.User, q.Database
	s.question = q
}

// isFalse reads a boolean as PostgreSQL's parse_bool does, for "replication".
func isFalse(v string) bool {
	switch strings.ToLower(v) {
	case "", "f", "false", "off", "of", "no", "n", "0":
		return true
	}
	return false
}

// readOptions reads the start-up setting "options" as the server's command line
// is read: -c name=value and --name=value.
func readOptions(value string) ([]wire.Setting, *diagnostic.Diagnostic) {
	var out []wire.Setting
	words := wire.SplitOptions(value)
	for i := 0; i < len(words); i++ {
		w := words[i]
		var pair string
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			pair = words[i]
		case strings.HasPrefix(w, "-c") && len(w) > 2:
			pair = w[2:]
		case strings.HasPrefix(w, "--") && len(w) > 2:
			pair = w[2:]
		default:
			return nil, diagnostic.StartupOption(w)
		}
		name, v, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, diagnostic.StartupOption(w)
		}
		out = append(out, wire.Setting{Name: strings.ReplaceAll(name, "-", "_"), Value: v})
	}
	return out, nil
}

// allowedSettings are those that a client may choose at start-up: none changes
// how a text is read, who the session acts for, or what code the server loads.
var allowedSettings = map[string]bool{
	"application_name": true, "bytea_output": true, "client_min_messages": true,
	"constraint_exclusion": true, "cursor_tuple_fraction": true, "datestyle": true,
	"default_statistics_target": true, "default_text_search_config": true,
	"default_transaction_deferrable": true, "default_transaction_isolation": true,
	"default_transaction_read_only": true, "effective_cache_size": true, "extra_float_digits": true,
	"escape_string_warning": true, "from_collapse_limit": true, "gin_fuzzy_search_limit": true,
	"hash_mem_multiplier": true, "idle_in_transaction_session_timeout": true,
	"idle_session_timeout": true, "intervalstyle": true, "jit": true, "join_collapse_limit": true,
	"lc_messages": true, "lc_monetary": true, "lc_numeric": true, "lc_time": true,
	"lock_timeout": true, "maintenance_work_mem": true,
	"max_parallel_workers": true, "max_parallel_workers_per_gather": true, "parallel_setup_cost": true,
	"parallel_tuple_cost": true, "plan_cache_mode": true, "random_page_cost": true, "row_security": true,
	"search_path": true, "seq_page_cost": true, "ssl_renegotiation_limit": true, "statement_timeout": true,
	"synchronous_commit": true, "tcp_keepalives_count": true, "tcp_keepalives_idle": true,
	"tcp_keepalives_interval": true, "tcp_user_timeout": true, "temp_buffers": true, "timezone": true,
	"timezone_abbreviations": true, "transaction_deferrable": true, "transaction_isolation": true,
	"transaction_read_only": true, "transaction_timeout": true, "work_mem": true, "xmlbinary": true,
	"xmloption": true,
}

// checkSetting says whether a client may ask for a setting at start-up.
func checkSetting(v wire.Setting) *diagnostic.Diagnostic {
	name := strings.ToLower(v.Name)
	switch {
	case name == "client_encoding":
		if !encodingFollowed(v.Value) {
			return diagnostic.Encoding(v.Value)
		}
		return nil
	case name == "standard_conforming_strings":
		if strings.EqualFold(v.Value, "on") || strings.EqualFold(v.Value, "true") || v.Value == "1" {
			return nil
		}
		return diagnostic.NonStandardStrings()
	case allowedSettings[name], strings.HasPrefix(name, "enable_"), strings.HasPrefix(name, "geqo"),
		strings.HasPrefix(name, "jit_"), strings.HasPrefix(name, "vacuum_"):
		return nil
	case strings.Contains(name, "."):
		return nil // a custom setting; no extension's setting changes how a text is read
	}
	return diagnostic.StartupOption(v.Name)
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
