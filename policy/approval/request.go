package approval

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/weirgate/weir/policy/identity"
)

// State is where a request is in its life.
type State string

// The states. Pending and Approved are live; the others are final.
const (
	Pending   State = "Pending"
	Approved  State = "Approved" // enough approvers agreed; not used yet
	Used      State = "Used"     // the statement was let through
	Denied    State = "Denied"
	Expired   State = "Expired"
	Cancelled State = "Cancelled"
)

// Live reports whether the state can still change.
func (s State) Live() bool { return s == Pending || s == Approved }

// Parameter is a bound value, exactly as the client sent it.
type Parameter struct {
	Type   uint32 `json:"type"`   // the type's OID, 0 when the client left it open
	Format int16  `json:"format"` // 0 text, 1 binary
	Null   bool   `json:"null,omitempty"`
	Value  []byte `json:"value,omitempty"`
}

// Request asks that one exact statement be let through, once.
type Request struct {
	ID      string `json:"id"`      // "ap-7k2m9q"; a name, not a secret
	Version int64  `json:"version"` // counts the changes; the store's compare-and-swap is on it
	State   State  `json:"state"`
	Digest  Digest `json:"digest"` // of what is asked, see Statement.Digest

	Statement

	Session  string `json:"session"`  // that asked first
	Approval string `json:"approval"` // the name in the policy's approvals
	Revision string `json:"revision"` // of the policy that asked for it
	Message  string `json:"message,omitempty"`

	Created time.Time `json:"created"`
	// Expires ends the request and the approval alike: an approval given late
	// is not valid longer.
	Expires time.Time `json:"expires"`
	// Wait is how long the session is held; the request lives on.
	Wait time.Duration `json:"wait"`

	// Approvers says who may decide, in the policy's words; empty is anybody
	// whom the admin API lets in. Needed is how many different people must
	// agree, at least 1.
	Approvers []string `json:"approvers,omitempty"`
	Needed    int      `json:"needed"`

	// Cut: Text is the beginning of the statement's only and Parameters are left out, see
	// Filter.Brief. Nothing can be decided about what is not seen: ask for the whole.
	Cut bool `json:"cut,omitempty"`

	Decisions []Decision `json:"decisions,omitempty"`
	// Changed is when State was reached, Reason why in the case of Cancelled.
	Changed time.Time `json:"changed"`
	Reason  string    `json:"reason,omitempty"`
}

// Statement is what is approved and nothing else. Each field is part of the
// digest, of Identity the fields that say who it is (the pid is not one, so a
// client may start again).
type Statement struct {
	Server     string            `json:"server"`   // address of the database server
	Database   string            `json:"database"` // at the server
	Identity   identity.Identity `json:"identity"`
	User       string            `json:"user"` // the role that is in effect
	SearchPath string            `json:"searchPath"`
	// Meaning stands for what the text leads to besides what it says: the relations and
	// functions of the catalog that its names may mean, and how they are made. "" where
	// that is not known.
	Meaning    string      `json:"meaning,omitempty"`
	Policy     string      `json:"policy"`
	Rule       string      `json:"rule"` // that asked for the approval
	Text       string      `json:"text"` // the client's bytes
	Parameters []Parameter `json:"parameters,omitempty"`
}

// Digest is a SHA-256 in hexadecimal.
type Digest string

// Digest identifies the statement. Each field goes in with its length before
// it, so no two different statements give the same bytes.
func (s *Statement) Digest() Digest {
	h := sha256.New()
	number := func(n uint64) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], n)
		h.Write(b[:]) // a hash never fails
	}
	field := func(v string) {
		number(uint64(len(v)))
		h.Write([]byte(v))
	}
	field("weir approval v2")
	id := &s.Identity
	for _, v := range []string{s.Server, s.Database, id.Subject, id.Kind, id.Unit, id.ContainerID, id.PodUID, id.CgroupPath, id.Executable} {
		field(v)
	}
	number(uint64(id.UID))
	number(uint64(id.LoginUID))
	for _, v := range []string{s.User, s.SearchPath, s.Meaning, s.Policy, s.Rule, s.Text} {
		field(v)
	}
	number(uint64(len(s.Parameters)))
	for i := range s.Parameters {
		p := &s.Parameters[i]
		number(uint64(p.Type))
		number(uint64(uint16(p.Format)))
		if p.Null {
			number(1)
			continue
		}
		number(0)
		field(string(p.Value))
	}
	return Digest(hex.EncodeToString(h.Sum(nil)))
}

// briefText is how much of a text a brief request has, in bytes, and up to what its
// statement is left whole.
const briefText = 1 << 10

// Size is about how many bytes the client's part of a request takes.
func (r *Request) Size() int {
	n := len(r.Text)
	for i := range r.Parameters {
		n += len(r.Parameters[i].Value) + 64
	}
	return n
}

// Brief returns a request that takes little room: r itself, or a copy that is cut.
func (r *Request) Brief() *Request {
	if r.Size() <= briefText {
		return r
	}
	c := *r
	c.Parameters, c.Cut = nil, true
	end := min(len(c.Text), briefText)
	for end > 0 && end < len(c.Text) && !utf8.RuneStart(c.Text[end]) {
		end--
	}
	c.Text = strings.Clone(c.Text[:end])
	return c.Clone()
}

// Clone returns a copy that shares nothing with r.
func (r *Request) Clone() *Request {
	c := *r
	c.Approvers = slices.Clone(r.Approvers)
	c.Decisions = slices.Clone(r.Decisions)
	c.Parameters = slices.Clone(r.Parameters)
	for i := range c.Parameters {
		c.Parameters[i].Value = slices.Clone(c.Parameters[i].Value)
	}
	return &c
}
