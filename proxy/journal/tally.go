package journal

import (
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/weirgate/weir/policy/identity"
)

// SessionSummary is a session in short.
type SessionSummary struct {
	ID       string            `json:"id"`
	Identity identity.Identity `json:"identity"`
	Database string            `json:"database"`
	User     string            `json:"user"`
	Server   string            `json:"server,omitempty"`
	Client   string            `json:"client,omitempty"`
	How      string            `json:"how,omitempty"`
	Policies []string          `json:"policies,omitempty"`
	Revision string            `json:"revision,omitempty"`

	Started time.Time `json:"started"`
	Last    time.Time `json:"last"` // of its newest record
	// Ended is zero while the session lives. A session whose daemon was
	// killed ended with its last record.
	Ended  time.Time `json:"ended,omitzero"`
	Reason string    `json:"reason,omitempty"` // why it ended

	Statements int64 `json:"statements"` // forwarded
	Denied     int64 `json:"denied"`
	Held       int64 `json:"held"`
	Failed     int64 `json:"failed"`
	Masked     int64 `json:"masked"` // statements with a masked column
	Rows       int64 `json:"rows"`
	Bytes      int64 `json:"bytes"`
}

// lostReason is the Reason of sessions that were not ended.
const lostReason = "weir stopped without ending it"

// tallied is a session as far as it was read.
type tallied struct {
	SessionSummary
	known bool   // its start was read
	last  []byte // time of the newest record
	hash  uint32
	dirty bool
	block int64 // the last block that it was put into
}

// tally counts records by session.
type tally struct {
	sessions map[string]*tallied
	// load gives a session that was counted before, or nil.
	load func(id string) *tallied
}

func newTally() *tally { return &tally{sessions: make(map[string]*tallied)} }

func sessionHash(id []byte) uint32 { return crc32.Checksum(id, crcTable) }

// add counts one record and returns its session; nil for records that belong to
// none.
func (t *tally) add(h header, line []byte) *tallied {
	if h.kind == KindSegmentStart {
		return nil
	}
	s := t.session(h.session)
	s.last = append(s.last[:0], h.time...)
	s.dirty = true
	switch h.kind {
	case KindStatementBegin:
		s.Statements++
	case KindStatementDenied:
		s.Denied++
	case KindStatementHeld:
		s.Held++
	case KindStatementEnd:
		o, _ := parseEnd(h.rest)
		s.Rows += int64(o.rows)
		s.Bytes += int64(o.bytes)
		if o.failed {
			s.Failed++
		}
		if o.masked {
			s.Masked++
		}
	case KindSessionStart, KindSessionContinued, KindSessionEnd:
		s.learn(h, line)
	}
	return s
}

// session gives the tally of a session.
func (t *tally) session(id []byte) *tallied {
	s := t.sessions[string(id)]
	if s == nil {
		if t.load != nil {
			s = t.load(string(id))
		}
		if s == nil {
			s = &tallied{SessionSummary: SessionSummary{ID: string(id)}}
		}
		s.hash = sessionHash(id)
		t.sessions[s.ID] = s
	}
	return s
}

// learn reads a record about the session itself.
func (s *tallied) learn(h header, line []byte) {
	r, err := Decode(line)
	if err != nil {
		return
	}
	r.Line = nil
	if h.kind == KindSessionEnd {
		s.Ended, s.Reason = r.Time, r.Reason
		return
	}
	if r.Identity != nil {
		s.Identity = *r.Identity
	}
	s.Database, s.User, s.Server, s.Client, s.How = r.Database, r.User, r.Server, r.Client, r.How
	s.Policies, s.Revision = r.Policies, r.Revision
	if s.Started.IsZero() || r.Time.Before(s.Started) {
		s.Started = r.Time
	}
	s.known = true
}

// settle makes the summary complete.
func (s *tallied) settle() {
	if t, err := time.Parse(timeFormat, string(s.last)); err == nil {
		s.Last = t
	}
}

// lose ends a session whose daemon is gone.
func (s *tallied) lose() {
	s.settle()
	if s.Ended.IsZero() {
		s.Ended, s.Reason = s.Last, lostReason
	}
}

func (s *tallied) matches(f Filter) bool {
	s.settle()
	return (f.Session == "" || s.ID == f.Session) &&
		(f.Workload == "" || glob(f.Workload, s.Identity.Subject)) &&
		(f.Database == "" || s.Database == f.Database) &&
		(f.Since.IsZero() || !s.Last.Before(f.Since)) &&
		(f.Until.IsZero() || s.Started.Before(f.Until))
}

func lastSessions(all []SessionSummary, last int) []SessionSummary {
	slices.SortFunc(all, func(a, b SessionSummary) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	if last > 0 && len(all) > last {
		all = all[len(all)-last:]
	}
	return all
}
