package session

import (
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// Judge decides what a text may do. It answers at once or not at all: what
// takes time is done by whoever answers the Decide question.
type Judge interface {
	// Decide gives the decision on text; ok is false when it is not at hand.
	Decide(text []byte, state *State) (d *Decision, ok bool)
	// Current says whether a decision made earlier still stands: the policy,
	// the catalog and the time that it depended on have not changed. rests is
	// State.Rests of now.
	Current(d *Decision, rests uint64) bool
	// Row gives how the rows of a result are masked, nil when nothing is. d is
	// the decision on the text, nil when it is not known, and statement the
	// place of the statement in it.
	Row(d *Decision, statement int, fields []wire.Field) (*RowMask, error)
	// Observes says that nothing is enforced in this session: what is not
	// understood is relayed and recorded.
	Observes() bool
	// Masks says that this session has masks, so that every description of a
	// result must be looked at.
	Masks() bool
	// Outdated says, once, that it has come to another catalog since it was last asked:
	// decisions made earlier may not stand any more.
	Outdated() bool
	// LetGo asks it to hold on to no catalog that is not the newest, in a session that
	// is at rest.
	LetGo()
}

// Censor is what a Judge may be, too: it changes texts of the server that are no
// part of a result, as of errors, notices and notifications.
type Censor interface {
	// Censors says that there is something to look for.
	Censors() bool
	// Censor gives what of a text the client may see. It may be the text itself.
	Censor(text string) string
}

// State is what a decision may depend on besides the text.
type State struct {
	User, Database string
	Tx             byte // transaction state of the last ReadyForQuery
	// Writes says that the server has told a transaction is not read only unless it
	// begins so, by default_transaction_read_only, which it reports since PostgreSQL 14.
	Writes bool
	// AtRest says that an errand could be run now, as an answer to Decide.
	AtRest bool
	// Rests is how often the server has said that no transaction is open.
	Rests uint64
	// Types are those of parameters that a Parse declares and that are not PostgreSQL's
	// own, by oid, ascending and each once; nil for none. A value that is bound is made
	// one of its type, which may run functions.
	Types []uint32
	// Prepared gives the statement that a name stands for, nil when there is
	// none.
	Prepared func(name string) *statement.Statement
}

// Decision is what a text may do in this session. It is shared and not changed
// after it was made.
type Decision struct {
	Text   string
	Action string // "allow", "warn", "approval", "deny", "audit", "observe"
	Policy string
	Rule   string
	Reason string // for records

	Denial   *diagnostic.Diagnostic // not nil: refused
	Approval any                    // not nil: a person must approve it first; handed back in the Approve question
	// Terms say, of a text that needs an approval, what that is for: one that was given
	// for others does not count.
	Terms   string
	Notices []*diagnostic.Diagnostic

	Statements []Plan // one for each statement of the text
	// Settles says that the text changes what later texts mean (settings,
	// prepared statements): nothing may be judged before it has ended.
	Settles bool
	// Schema says that the text changes the database's schema.
	Schema bool
	// RecordText and RecordParameters say what a record may hold.
	RecordText, RecordParameters bool
	// Commits says that the text ends a transaction.
	Commits bool
	// WithholdRows says that errors about constraints do not reach the client with the
	// rows that they quote.
	WithholdRows bool
	// Errand must be run before the decision can be made; if it cannot be, the
	// decision is a refusal.
	Errand Errand
	// Private is the judge's own.
	Private any
}

// Plan is about one statement of a text.
type Plan struct {
	Touches      bool                 // concerns masked columns: no row passes before its description was seen
	RedactErrors bool                 // error and notice texts may hold masked values
	Rule         string               // the mask that is concerned, for errors
	Statement    *statement.Statement // its facts, nil when it was not understood
	Executes     *statement.Statement // what the name of an EXECUTE stood for
	Discards     bool                 // DISCARD ALL
	Limits       []Limit              // what it may return or change at most
}

// Cell masks one value of a row.
type Cell interface {
	// Mask appends what the client gets instead of value to dst, or says that
	// it gets NULL.
	Mask(dst, value []byte) (out []byte, null bool)
}

// RowMask is how the rows of one result are masked.
type RowMask struct {
	Cells   []Cell   // one for each column, nil for a clean one
	Columns []string // the names of the masked ones, for the record
}

// Begin is what is recorded before a statement is forwarded. It is valid during
// the call only.
type Begin struct {
	Decision   *Decision
	Text       []byte // nil: Decision.Text
	Parameters []Parameter
	Protocol   string // "simple", "extended", "function", "replication"
	Approval   string // id of the approval that was used up, "" for none
}

// Parameter is one value of a Bind. Value is valid during the call only.
type Parameter struct {
	Type   uint32 // as declared in Parse, 0 for unknown
	Format int16
	Value  []byte
	Null   bool
}

// End is what is recorded after a statement has ended. It is valid during the
// call only.
type End struct {
	Rows, Bytes int64
	Tag         string                 // of CommandComplete, "" after an error
	Error       *diagnostic.Diagnostic // nil for none
	Skipped     bool                   // never executed: an earlier error skipped it
	Masked      []string
	Rule        string       // the limit that has ended it, "" for none
	Warned      []string     // limits with action Warn that it has passed
	Audited     []string     // limits that would have ended it
	Fields      []wire.Field // of the recorded rows
	Sample      [][]byte     // bodies of recorded DataRows, after masking
}

// Recorder writes the journal.
type Recorder interface {
	// Begin records a statement that is about to be forwarded; with an error it
	// must not be.
	Begin(b *Begin) (id uint64, err error)
	// End records how it ended.
	End(id uint64, e *End)
	// Denied records a statement that was refused.
	Denied(b *Begin, d *diagnostic.Diagnostic)
	// Sample says how many bytes of a result's rows are recorded, 0 for none.
	Sample() int
}

// Limits bound what one session can make weir keep.
type Limits struct {
	Statement int // longest text of a Query or Parse, in bytes
	Message   int // longest message that must be looked at whole, in bytes
	Prepared  int // statements and portals that may exist at a time
	Replies   int // messages that may await their reply at a time
	Memory    int // bytes that their texts and values may take, 0 for the default
}

// DefaultLimits are used where a configuration says nothing.
var DefaultLimits = Limits{Statement: 1 << 20, Message: 64 << 20, Prepared: 10000, Replies: 1 << 14, Memory: 64 << 20}
