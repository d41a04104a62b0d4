package session

import (
	"strings"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// replicationCommand gives the first word of a text when it makes the text a
// command of the replication protocol, "" otherwise: what a walsender does not
// begin to read as SQL (replication_scanner_is_replication_command in PostgreSQL's
// repl_scanner.l). SHOW is left out, which is SQL as well.
func replicationCommand(text []byte) string {
	rest := strings.TrimLeft(string(text[:min(len(text), 256)]), " \t\n\r\f\v")
	end := strings.IndexFunc(rest, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '$' && c < 0x80
	})
	if end < 0 {
		end = len(rest)
	}
	switch word := strings.ToUpper(rest[:end]); word {
	case "BASE_BACKUP", "IDENTIFY_SYSTEM", "START_REPLICATION", "CREATE_REPLICATION_SLOT", "DROP_REPLICATION_SLOT",
		"ALTER_REPLICATION_SLOT", "READ_REPLICATION_SLOT", "TIMELINE_HISTORY", "UPLOAD_MANIFEST":
		return word
	}
	return ""
}

// replicate forwards a command of the replication protocol. It is recorded with
// its text; what streams then is relayed unread, in both directions. That a session
// without masks may do so was decided when it began.
func (s *Session) replicate(frame, text []byte) bool {
	if !s.expect.empty() {
		s.wait()
		return false
	}
	begin := Begin{Text: text, Protocol: "replication"}
	if s.judge.Masks() { // documents have changed since
		why := *diagnostic.ReplicationMasked()
		why.Severity = diagnostic.Error
		s.denied(expectQuery, begin, &why)
		return true
	}
	id, err := s.recordBegin(begin)
	if err != nil {
		s.denied(expectQuery, begin, diagnostic.JournalUnavailable(err))
		return true
	}
	e := s.expect.push(expectQuery, false, false)
	s.expect.weigh(e, len(text))
	e.record, e.streams = id, true
	s.segment++
	s.dirty = false
	s.forgetUnnamed(&e.undo)
	s.toServer = append(s.toServer, frame...)
	s.wait()
	return true
}

// copyBoth is called on CopyBothResponse: both sides send COPY data from now on.
func (s *Session) copyBoth(front *expectation, frame []byte) {
	if !front.streams {
		s.lost(wire.Violationf("a stream from the server, for which nothing asked"))
		return
	}
	s.copying = true
	s.relay(frame)
}
