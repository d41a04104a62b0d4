package session

// copyState follows copy-in mode. The server ignores Sync and Flush from the
// moment that it has entered it until CopyDone or CopyFail; a CopyDone or
// CopyFail that comes late is ignored too.
type copyState struct {
	in   bool // the server has said CopyInResponse
	done bool // CopyDone or CopyFail was forwarded since
}

func (c copyState) ignoresSync() bool { return c.in && !c.done }

// copyBegins is called on CopyInResponse. What the client has sent behind the
// COPY without waiting is read by the server in copy-in mode: its Syncs up to
// the end of the data have no reply, and any other message is an error in the
// COPY and has no reply of its own either.
func (s *Session) copyBegins() {
	s.copying = copyState{in: true}
	for s.expect.len() > 1 {
		e := *s.expect.at(1)
		s.expect.remove(1)
		switch e.kind {
		case expectSync:
			continue
		case expectCopyEnd:
		default:
			s.undone(&e)
		}
		s.copying.done = true
		return
	}
}

// copyDisturbed forwards a message that the server does not take in copy-in
// mode: it raises an error in the COPY. Nothing of it is executed.
func (s *Session) copyDisturbed(frame []byte) {
	s.copying.done = true
	s.toServer = append(s.toServer, frame...)
}

// copyEnd forwards CopyDone or CopyFail. While it may be that the server has not
// yet said CopyInResponse its place in the order is remembered.
func (s *Session) copyEnd(frame []byte) {
	s.toServer = append(s.toServer, frame...)
	if s.copying.in {
		s.copying.done = true
		return
	}
	if !s.expect.empty() {
		s.expect.push(expectation{kind: expectCopyEnd})
	}
}

// copyEnds is called when the statement that copied has ended.
func (s *Session) copyEnds() { s.copying = copyState{} }
