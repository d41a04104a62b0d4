package console

import (
	"time"

	"github.com/weirgate/weir/policy/identity"
)

// ExplainRequest asks how a statement is decided, by the documents in force:
// either a recorded one (Session and Seq), or Text as Identity would send it.
type ExplainRequest struct {
	Session string `json:"session,omitempty"`
	Seq     uint64 `json:"seq,omitempty"` // of the session's statement record

	Identity      *identity.Identity `json:"identity,omitempty"`
	Database      string             `json:"database,omitempty"`      // name of a Database document
	DatabaseName  string             `json:"databaseName,omitempty"`  // the database's name at the server
	User          string             `json:"user,omitempty"`          // the user that the client asks for
	InTransaction bool               `json:"inTransaction,omitempty"` // for rules about open transactions
	Text          string             `json:"text,omitempty"`
	Time          time.Time          `json:"time,omitzero"` // when, for rules about time; zero is now

	// Documents are explained instead of those in force. Files that they name are not
	// read.
	Documents []Document `json:"documents,omitempty"`
}

// Explanation is every rule that was asked about a statement, and what it said.
type Explanation struct {
	Identity *identity.Identity `json:"identity"`
	Database string             `json:"database"`
	Text     string             `json:"text"`
	Revision string             `json:"revision"`
	// Recorded is what was decided when the statement was sent, nil for a text
	// that never was.
	Recorded *RecordedDecision `json:"recorded,omitempty"`

	Policies []ExplainedPolicy `json:"policies"`
	Masks    []ExplainedMask   `json:"masks,omitempty"` // one for each statement of the text

	Verdict string `json:"verdict"` // what would happen now
	Policy  string `json:"policy,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"` // what the client would read
	Detail  string `json:"detail,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// Approvers says who could let it through, for RequireApproval.
	Approvers string   `json:"approvers,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Audited   []string `json:"audited,omitempty"` // what policies in mode Audit would have done
	// Limits are what its statements may return or change at most, in words.
	Limits []string `json:"limits,omitempty"`
	// Notes say what could not be told, such as masks without a catalog.
	Notes []string `json:"notes,omitempty"`
}

// RecordedDecision is a decision as the journal has it.
type RecordedDecision struct {
	Time     time.Time `json:"time"`
	Verdict  string    `json:"verdict"`
	Policy   string    `json:"policy,omitempty"`
	Rule     string    `json:"rule,omitempty"`
	Revision string    `json:"revision,omitempty"`
}

// ExplainedPolicy says whether a policy is about the connection, and what its
// rules made of the text.
type ExplainedPolicy struct {
	Name       string              `json:"name"`
	Mode       string              `json:"mode"`
	Selected   string              `json:"selected"` // Yes, No, Unknown
	Why        string              `json:"why"`
	Identities []ExplainedIdentity `json:"identities,omitempty"`
	Guards     []ExplainedGuard    `json:"guards,omitempty"`
	Masks      []string            `json:"masks,omitempty"`
}

// ExplainedIdentity is one entry of a policy's identities.
type ExplainedIdentity struct {
	Name    string   `json:"name"`
	Matched string   `json:"matched"` // Yes, No, Unknown
	Why     []string `json:"why"`     // field by field
}

// ExplainedGuard is a guard, statement by statement.
type ExplainedGuard struct {
	Name       string               `json:"name"`
	Action     string               `json:"action"`
	About      string               `json:"about"`
	When       string               `json:"when,omitempty"`
	Limit      string               `json:"limit,omitempty"` // in words
	Rate       string               `json:"rate,omitempty"`  // in words
	Pack       string               `json:"pack,omitempty"`  // the built-in pack that it is of
	Note       string               `json:"note,omitempty"`  // why it was not asked, "" if it was
	Matched    bool                 `json:"matched"`
	Decided    bool                 `json:"decided"`
	Statements []ExplainedStatement `json:"statements,omitempty"`
}

// ExplainedStatement is why a guard matched a statement or did not.
type ExplainedStatement struct {
	Statement int    `json:"statement"` // from 0, in the order of the text
	Prepared  bool   `json:"prepared,omitempty"`
	Matched   bool   `json:"matched"`
	Why       string `json:"why"`
}

// ExplainedMask says what masks do to one statement's results.
type ExplainedMask struct {
	Statement int      `json:"statement"`
	Columns   []string `json:"columns,omitempty"` // masked columns that the result shows, as far as names tell
	Refused   bool     `json:"refused,omitempty"`
	Why       string   `json:"why,omitempty"`
	Rule      string   `json:"rule,omitempty"`
	Touches   bool     `json:"touches"` // may read a masked column at all
	// Outputs are the columns of the result, in their order.
	Outputs []ExplainedOutput `json:"outputs,omitempty"`
}

// ExplainedOutput is a column of a result: where it comes from, and what is done
// with it.
type ExplainedOutput struct {
	Name    string   `json:"name,omitempty"`    // "" where PostgreSQL makes one up
	Many    bool     `json:"many,omitempty"`    // a star that stands for several
	Class   string   `json:"class"`             // Clean, Copy, Derived
	Columns []string `json:"columns,omitempty"` // schema.table.column
	Rule    string   `json:"rule,omitempty"`    // policy/mask
	Mask    string   `json:"mask,omitempty"`    // what is done with it, "" for nothing
	Why     string   `json:"why,omitempty"`
}
