package journal

import (
	"time"

	"github.com/weirgate/weir/policy/identity"
)

// Version is the value of "v" in the records that this package writes.
const Version = 1

// Kind says what a record is about.
type Kind string

// The kinds of record. Readers must expect others.
const (
	KindSegmentStart      Kind = "segment.start"     // the first line of each segment
	KindSessionStart      Kind = "session.start"     // with all that is known of the session
	KindSessionContinued  Kind = "session.continued" // the same again, once an hour, so that old segments can go
	KindSessionEnd        Kind = "session.end"
	KindStatementBegin    Kind = "statement.begin" // before its bytes are forwarded
	KindStatementEnd      Kind = "statement.end"
	KindStatementDenied   Kind = "statement.denied" // never forwarded
	KindStatementHeld     Kind = "statement.held"   // waits for an approval
	KindNotice            Kind = "notice"           // a notice that the client got from weir
	KindApprovalRequested Kind = "approval.requested"
	KindApprovalDecided   Kind = "approval.decided"
	KindApprovalUsed      Kind = "approval.used"
	KindApprovalExpired   Kind = "approval.expired"
	KindPolicyLoaded      Kind = "policy.loaded"
	KindPolicyRefused     Kind = "policy.refused"
	KindDaemonStart       Kind = "daemon.start"
	KindDaemonStop        Kind = "daemon.stop"
)

// Outcomes of a statement, in its end record.
const (
	OutcomeCompleted = "Completed"
	OutcomeFailed    = "Failed"    // PostgreSQL or weir answered with an error
	OutcomeUnknown   = "Unknown"   // the connection was lost before an answer
	OutcomeSuspended = "Suspended" // a portal that was closed with rows left
)

// Record is one line of a segment, decoded. Which fields are set depends on
// Kind.
type Record struct {
	Version int       `json:"v"`
	Time    time.Time `json:"time"`
	Kind    Kind      `json:"kind"`
	// Session and Seq name the record. Seq counts the session's records from
	// 0 without a gap, so a missing one shows.
	Session string `json:"session"`
	Seq     uint64 `json:"seq"`

	// Identity is who asked. On session.start and session.continued it is
	// whole; elsewhere Unit, ContainerID, PodUID, CgroupPath and Comm are left
	// out, Subject has them in short.
	Identity *identity.Identity `json:"identity,omitempty"`
	Database string             `json:"database,omitempty"`
	User     string             `json:"user,omitempty"` // the role at the server

	// DatabaseName and ClientUser stand on session.start and session.continued: the
	// database's own name at the server, and the role that the client asked for.
	DatabaseName string `json:"databaseName,omitempty"`
	ClientUser   string `json:"clientUser,omitempty"`

	// Statement is the Seq of the statement.begin that this record is about.
	Statement uint64   `json:"statement,omitempty"`
	Protocol  string   `json:"protocol,omitempty"` // Simple, Extended
	Text      string   `json:"text,omitempty"`
	TextBytes int64    `json:"textBytes,omitempty"` // the whole text's length, when Text is cut
	SHA256    string   `json:"sha256,omitempty"`    // of the whole text, when Text is not exactly it; where something was hidden, of the text without it
	Hidden    bool     `json:"hidden,omitempty"`    // a password in Text was replaced by ***
	Params    []Value  `json:"parameters,omitempty"`
	ParamsCut bool     `json:"parametersCut,omitempty"` // there were more
	Verdict   string   `json:"verdict,omitempty"`
	Policy    string   `json:"policy,omitempty"`
	Rule      string   `json:"rule,omitempty"`
	Revision  string   `json:"revision,omitempty"`
	Approval  string   `json:"approval,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Audited   []string `json:"audited,omitempty"` // rules that would have denied

	Outcome     string    `json:"outcome,omitempty"`
	Rows        int64     `json:"rows,omitempty"`
	Bytes       int64     `json:"bytes,omitempty"` // sent to the client
	Tag         string    `json:"tag,omitempty"`   // PostgreSQL's command tag: "SELECT 3"
	SQLState    string    `json:"sqlstate,omitempty"`
	Severity    string    `json:"severity,omitempty"`
	Message     string    `json:"message,omitempty"` // as the client got it
	Detail      string    `json:"detail,omitempty"`
	Hint        string    `json:"hint,omitempty"`
	Nanoseconds int64     `json:"nanoseconds,omitempty"` // from begin to end
	Masked      []string  `json:"masked,omitempty"`      // the columns that were masked
	Columns     []string  `json:"columns,omitempty"`     // of Result
	Result      [][]Value `json:"result,omitempty"`      // rows after masking, the first ones
	ResultCut   bool      `json:"resultCut,omitempty"`   // there were more rows than Result has

	Server   string   `json:"server,omitempty"`
	Client   string   `json:"client,omitempty"`
	How      string   `json:"how,omitempty"`
	Policies []string `json:"policies,omitempty"`
	Reason   string   `json:"reason,omitempty"` // why the session ended

	// Data is the rest of an event's fields.
	Data map[string]string `json:"data,omitempty"`

	Shard    *int   `json:"shard,omitempty"`    // of segment.start
	Segment  string `json:"segment,omitempty"`  // of segment.start
	Previous string `json:"previous,omitempty"` // of segment.start: the shard's segment before

	CRC string `json:"crc"` // CRC-32C in hexadecimal of the line up to its comma

	// Line is the record as it stands in the segment, without the newline
	// and the blanks before it.
	Line []byte `json:"-"`
}

// Duration is how long the statement of an end record took.
func (r *Record) Duration() time.Duration { return time.Duration(r.Nanoseconds) }
