package journal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/weirgate/weir/policy/identity"
)

// SessionInfo is what is known of a session when it starts.
type SessionInfo struct {
	ID            string // [A-Za-z0-9._-], at most 64 bytes; "" makes one
	Identity      identity.Identity
	Database      string // the Database document's name
	User          string // the role at the server
	DatabaseName  string // the database's own name at the server
	ClientUser    string // the role that the client asked for
	ServerAddress string
	ClientAddress string
	How           string   // "Captured", "Listener"
	Policies      []string // that selected the session
	Revision      string   // of the policy
}

// NewSessionID returns a random session id that is easy to read aloud.
func NewSessionID() string {
	const letters = "0123456789abcdefghjkmnpqrstvwxyz"
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	for i, c := range b {
		b[i] = letters[c&31]
	}
	return "s-" + string(b[:])
}

func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// Session writes the records of one session. Its methods may be called by
// several goroutines.
type Session struct {
	sh    *shard
	id    string
	who   []byte // ,"identity":{...},"database":"...","user":"..."
	whole []byte // the same with all that is known

	// Under the shard's lock:
	seq      uint64
	told     time.Time // when whole was last written
	reserved int       // bytes of the shard's reserve that are ours
	closed   bool
	note     *note // what the index is to know of it, nil for nothing yet
}

// continueEvery is how often a long session's start is told again.
const continueEvery = time.Hour

// Session begins a session and records its start. A session that cannot be
// recorded must be refused.
func (j *Journal) Session(info SessionInfo) (*Session, error) {
	if info.ID == "" {
		info.ID = NewSessionID()
	}
	if !validID(info.ID) {
		return nil, fmt.Errorf("journal: %q cannot be a session's id", info.ID)
	}
	sh := j.quietShard()
	s := &Session{sh: sh, id: info.ID}
	s.who = appendWho(nil, info)
	s.whole = appendWhole(nil, info)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now, err := sh.append(s, &entry{kind: KindSessionStart})
	if err != nil {
		return nil, err
	}
	s.told = now
	sh.reserve(s)
	sh.sessions.Add(1)
	return s, nil
}

// ID is the session's id.
func (s *Session) ID() string { return s.id }

// quietShard returns the shard with the fewest sessions.
func (j *Journal) quietShard() *shard {
	best := j.shards[0]
	for _, sh := range j.shards[1:] {
		if sh.sessions.Load() < best.sessions.Load() {
			best = sh
		}
	}
	return best
}

func appendWho(dst []byte, info SessionInfo) []byte {
	id := info.Identity
	dst = append(dst, `,"identity":{"subject":`...)
	dst = appendString(dst, id.Subject, nameRoom)
	dst = appendField(dst, "kind", id.Kind)
	if id.PID != 0 {
		dst = appendNumber(dst, "pid", int64(id.PID))
	}
	dst = appendNumber(dst, "uid", int64(id.UID))
	dst = appendField(dst, "user", id.User)
	dst = appendField(dst, "executable", id.Executable)
	dst = append(dst, '}')
	dst = appendField(dst, "database", info.Database)
	return appendField(dst, "user", info.User)
}

func appendWhole(dst []byte, info SessionInfo) []byte {
	id := info.Identity
	for _, s := range []*string{&id.Subject, &id.Kind, &id.Unit, &id.ContainerID, &id.PodUID, &id.CgroupPath, &id.User, &id.Executable, &id.Comm} {
		*s = (*s)[:min(len(*s), nameRoom)]
	}
	dst = append(dst, `,"identity":`...)
	if b, err := json.Marshal(id); err == nil {
		dst = append(dst, b...)
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendField(dst, "database", info.Database)
	dst = appendField(dst, "user", info.User)
	dst = appendField(dst, "databaseName", info.DatabaseName)
	dst = appendField(dst, "clientUser", info.ClientUser)
	dst = appendField(dst, "server", info.ServerAddress)
	dst = appendField(dst, "client", info.ClientAddress)
	dst = appendField(dst, "how", info.How)
	dst = appendList(dst, "policies", info.Policies)
	return appendField(dst, "revision", info.Revision)
}

func appendSeq(dst []byte, seq uint64) []byte {
	dst = append(dst, `","seq":`...)
	return strconv.AppendUint(dst, seq, 10)
}

// Text is a statement's text in the form that records need. It can be kept with
// a prepared statement, so that the text is looked at once; it is not changed
// any more and may be shared.
type Text struct {
	encoded []byte // ,"text":"..." and what belongs to it
}

// Text prepares a text.
func (j *Journal) Text(text []byte) *Text {
	return &Text{encoded: j.appendText(nil, text)}
}

func (j *Journal) appendText(dst, text []byte) []byte {
	shown := hideSecrets(text)
	hid := len(shown) != len(text) || len(text) > 0 && &shown[0] != &text[0]
	dst = append(dst, `,"text":`...)
	dst, used, exact := appendQuoted(dst, shown, j.opts.MaxText)
	if hid {
		dst = append(dst, `,"hidden":true`...)
	}
	if used < len(shown) {
		dst = appendNumber(dst, "textBytes", int64(len(text)))
	}
	if used < len(shown) || !exact && !hid {
		// Of what was hidden the sum says nothing: it is of the text without it.
		sum := sha256.Sum256(shown)
		dst = append(dst, `,"sha256":"`...)
		dst = hex.AppendEncode(dst, sum[:])
		dst = append(dst, '"')
	}
	return dst
}

// inPassing is the longest text that is encoded under a shard's lock, in bytes.
const inPassing = 8 << 10

// textOf returns a prepared text for one that must not be looked at under a
// shard's lock: it may have to be cut, hashed or hidden in part. Others give
// nil.
func (j *Journal) textOf(text []byte, prepared *Text) *Text {
	if prepared != nil {
		return prepared
	}
	if len(text) > min(inPassing, j.opts.MaxText/6-2) || mayHoldSecret(text) {
		return j.Text(text)
	}
	return nil
}

func (s *Session) appendText(dst, text []byte, prepared *Text) []byte {
	if prepared != nil {
		return append(dst, prepared.encoded...)
	}
	return s.sh.j.appendText(dst, text)
}

// Close records the end of the session and why it ended. Further calls do
// nothing.
func (s *Session) Close(reason string) error {
	sh := s.sh
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	_, err := sh.append(s, &entry{kind: KindSessionEnd, reason: reason})
	sh.reserved -= s.reserved
	s.reserved = 0
	sh.sessions.Add(-1)
	return err
}

// endRoom is what a statement's end takes at most, besides the session's
// identity, when it has to be short.
const endRoom = 512

// reserve keeps room for an end record; it gives what it took, which is nothing
// when half of the segment is reserved already.
func (sh *shard) reserve(s *Session) int {
	n := len(s.who) + endRoom
	if sh.current == nil || sh.reserved+n > len(sh.current.data)/2 {
		return 0
	}
	sh.reserved += n
	s.reserved += n
	return n
}

func (sh *shard) release(s *Session, n int) {
	n = min(n, s.reserved)
	sh.reserved -= n
	s.reserved -= n
}
