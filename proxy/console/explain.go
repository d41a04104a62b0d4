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

	Identity *identity.Identity `json:"identity,omitempty"`
	Database string             `json:"database,omitempty"` // name of a Database document
	User     string             `json:"user,omitempty"`     // the role at the server
	Text     string             `json:"text,omitempty"`
	Time     time.Time          `json:"time,omitzero"` // when, for rules about time; zero is now
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
	Rules    []ExplainedRule   `json:"rules"`
	Masks    []ExplainedMask   `json:"masks,omitempty"`

	Verdict string `json:"verdict"` // what would happen now
	Policy  string `json:"policy,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Message string `json:"message,omitempty"` // what the client would read
	Hint    string `json:"hint,omitempty"`
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

// ExplainedPolicy says whether a policy is about the connection.
type ExplainedPolicy struct {
	Name     string `json:"name"`
	Mode     string `json:"mode"`
	Selected bool   `json:"selected"`
	Why      string `json:"why"`
}

// ExplainedRule is a guard and one statement of the text.
type ExplainedRule struct {
	Statement int    `json:"statement"` // from 0, in the order of the text
	Policy    string `json:"policy"`
	Rule      string `json:"rule"`
	Action    string `json:"action"`
	Matched   bool   `json:"matched"`
	Why       string `json:"why"`
}

// ExplainedMask says what masks do to one statement's results.
type ExplainedMask struct {
	Statement int      `json:"statement"`
	Columns   []string `json:"columns,omitempty"` // of the result that are masked, with their rule
	Refused   string   `json:"refused,omitempty"` // why the statement is refused
	Rule      string   `json:"rule,omitempty"`
	Touches   bool     `json:"touches"` // reads a masked column at all
}
