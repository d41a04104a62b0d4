package session

import "github.com/weirgate/weir/proxy/wire"

// In copy-in mode the server takes COPY data, ignores Sync and Flush, and ends
// the session on anything else. But it leaves the mode by itself as soon as a row
// is wrong, and then executes what it reads next. So what follows a COPY is not
// forwarded before the server has said that the mode begins, in the mode nothing
// passes but data and their end, and its Syncs are dropped: no message's meaning
// depends on when the server found an error.

// copies says whether a text may begin copy-in mode.
func (d *Decision) copies(text []byte) bool {
	unknown := d == nil || len(d.Statements) == 0
	for i := 0; !unknown && i < len(d.Statements); i++ {
		st := d.Statements[i].Statement
		if st == nil {
			unknown = true
			break
		}
		if c := st.Copy; c != nil && c.From && c.Target == "Client" {
			return true
		}
	}
	// The protocol can prepare a COPY, and EXECUTE of it copies.
	return unknown && (hasWord(text, "copy") || hasWord(text, "execute"))
}

// hasWord says whether a word of lower-case letters stands in a text, in
// whatever case.
func hasWord(text []byte, word string) bool {
next:
	for i := 0; i+len(word) <= len(text); i++ {
		for j := range len(word) {
			if text[i+j]|0x20 != word[j] {
				continue next
			}
		}
		return true
	}
	return false
}

// copyBegins is called on CopyInResponse.
func (s *Session) copyBegins() bool {
	if !s.barrier || s.expect.len() != 1 {
		s.lost(wire.Violationf("a COPY from the client began, for which no statement asked"))
		return false
	}
	s.copying = true
	return true
}

// copyMessage takes a message in copy-in mode.
func (s *Session) copyMessage(h wire.Header, p []byte) int {
	switch h.Type {
	case wire.CopyData:
		return s.stream(h, p)
	case wire.Sync, wire.Flush:
		if h.Size != wire.HeaderSize {
			s.violation(wire.Violationf("invalid length of a message of type %q", h.Type))
			return 0
		}
		return h.Size
	case wire.CopyDone, wire.CopyFail:
		if h.Size > wholeBind {
			s.violation(wire.Violationf("invalid length of a message of type %q", h.Type))
			return 0
		}
		if len(p) < h.Size {
			s.clientWant = h.Size
			return 0
		}
		if r := wire.NewReader(p[wire.HeaderSize:h.Size]); (h.Type == wire.CopyFail && r.String() == nil) || !r.Done() {
			s.violation(wire.Violationf("malformed message of type %q", h.Type))
			return 0
		}
		s.toServer = append(s.toServer, p[:h.Size]...)
		s.copying = false
		if s.expect.front().kind == expectExecute {
			// Nothing behind it passes before the COPY has ended, which the
			// server would keep to itself.
			s.toServer = wire.AppendEmpty(s.toServer, wire.Flush)
		}
		return h.Size
	}
	s.violation(wire.Violationf("unexpected message type 0x%02X during COPY from stdin", h.Type))
	return 0
}
