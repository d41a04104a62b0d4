package session

import "github.com/weirgate/weir/proxy/wire"

// Minor versions of the protocol, and the cancel keys that come with them: 4 bytes
// until 3.1, 32 as PostgreSQL 18 makes them from 3.2 on, where up to 256 are
// allowed.
const (
	newestMinor = 2
	longKeys    = 2
	oldKey      = 4
	longKey     = 32
)

// negotiation is about the minor version of the protocol. The client gets the one
// that it would get of the server itself, and so a cancel key of that length.
type negotiation struct {
	asked   int                    // by the client
	unknown []string               // protocol extensions that weir does not know
	minor   int                    // in force with the client, once agreed
	agreed  bool                   // the client has been told, where there was something to tell
	offered int                    // by weir to the server
	key     func(bytes int) []byte // makes the cancel key
}

// agree settles the version with the client, now that the server's is known.
func (s *Session) agree(server int) {
	v := &s.version
	v.minor, v.agreed = min(v.asked, server, newestMinor), true
	if v.asked > v.minor || len(v.unknown) > 0 {
		s.toClient = wire.AppendNegotiate(s.toClient, v.minor, v.unknown)
	}
}

// relayNegotiation takes the server's word on the version in a login that is
// relayed. It comes before everything else, or not at all.
func (s *Session) relayNegotiation(body []byte) {
	minor, _, err := wire.ReadNegotiate(body)
	switch {
	case s.version.agreed:
		err = wire.Violationf("a second NegotiateProtocolVersion, or one after the login began")
	case err == nil && minor > s.version.offered:
		err = wire.Violationf("a NegotiateProtocolVersion that answers another question")
	}
	if err != nil {
		s.lost(err)
		return
	}
	s.agree(minor)
}

// sendKey tells the client what it can cancel with.
func (s *Session) sendKey(pid uint32) {
	size := oldKey
	if s.version.minor >= longKeys {
		size = longKey
	}
	s.toClient = wire.AppendBackendKeyData(s.toClient, pid, s.version.key(size))
}
