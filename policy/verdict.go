package policy

import (
	"time"

	"github.com/weirgate/weir/policy/statement"
)

// SQLState is what a refused statement's error has: insufficient_privilege.
const SQLState = "42501"

// Session is what is known of a session when a statement is judged.
type Session struct {
	Database      string // the PostgreSQL database that the client asked for
	User          string // the PostgreSQL user that the client asked for
	InTransaction bool   // a transaction is open in front of the text
	ReadOnly      bool   // a transaction that does not say otherwise is read only, or may be
}

// Request is one text to be judged.
type Request struct {
	// Facts are those of the text. Nil, which is a text that was not read, is
	// denied.
	Facts *statement.Facts
	// Text is what the facts are about, for guards on its length and for
	// explanations.
	Text    string
	Session Session
	Now     time.Time
	// Catalog is the database's catalog, nil where it is not known. Without it
	// guards see what texts name: not the tables behind views and partitions, nor
	// that a function of the database may do anything.
	Catalog *Catalog
	// Prepared gives the statement that a name of PREPARE or Parse stands for,
	// nil when there is none. An EXECUTE of a statement that it does not know
	// counts as text that was not read.
	Prepared func(name string) *statement.Statement
	// Unseen says, as a clause, that each statement may do more than its text and the
	// Catalog say, "" that it does not: then it counts as doing what guards stop.
	Unseen string
}

// Verdict is what becomes of a text. Strings are "" where there is nothing to
// say.
type Verdict struct {
	Action   Action `json:"action"`
	Policy   string `json:"policy,omitempty"` // of the rule that decided
	Rule     string `json:"rule,omitempty"`   // that decided; with Policy "" a built-in one or none
	Revision string `json:"revision"`
	// Statement is the place of the statement that decided, from 0; -1 when none
	// did.
	Statement int `json:"statement"`

	// SQLState, Message, Detail and Hint are the error of a statement that is
	// denied or awaits approval. To the Hint of the latter the request's id is
	// to be added.
	SQLState string `json:"sqlState,omitempty"`
	Message  string `json:"message,omitempty"`
	Detail   string `json:"detail,omitempty"`
	Hint     string `json:"hint,omitempty"`
	// Reason says in terms of the statement why the rule matched, for records.
	Reason string `json:"reason,omitempty"`

	// Approval is what RequireApproval needs, joined from all rules that ask for
	// one: who is in it satisfies each of them.
	Approval *Approval `json:"approval,omitempty"`
	// Warnings are rules with action Warn that matched.
	Warnings []Finding `json:"warnings,omitempty"`
	// Audited is what policies in mode Audit would have done.
	Audited []Finding `json:"audited,omitempty"`
	// Limits are what the statements may return or change at most.
	Limits []Bounded `json:"limits,omitempty"`
	// Observed: no policy selects the connection, it is let through unjudged.
	Observed bool `json:"observed,omitempty"`
	// Cacheable: this text gets this verdict by these rules and this catalog for this
	// user and database, whatever the state of the transaction and the time.
	Cacheable bool `json:"cacheable"`

	// Withholds says that errors may quote rows that a guard keeps from being read: those
	// of a constraint that a write does not meet.
	Withholds bool `json:"withholds,omitempty"`

	buckets []*bucket // of guards with a rate that are about the statement
}

// Silent says that no guard that stops, warns, limits or counts is about the text.
func (v *Verdict) Silent() bool {
	return v.Action == Allow && len(v.buckets)+len(v.Limits)+len(v.Warnings)+len(v.Audited) == 0
}

// Refused says whether the statement must not go on as it is: it is denied or
// awaits approval.
func (v *Verdict) Refused() bool { return v.Action.stops() }

// Finding is a rule that matched.
type Finding struct {
	Policy    string `json:"policy,omitempty"`
	Rule      string `json:"rule"`
	Action    Action `json:"action"`
	Statement int    `json:"statement"` // place of the first statement that it matched, from 0
	Reason    string `json:"reason"`
	Message   string `json:"message,omitempty"` // the rule's own
}

// String gives one line for records and notices.
func (f Finding) String() string {
	s := string(f.Action) + " " + ruleName(f.Policy, f.Rule) + ": " + f.Reason
	if f.Message != "" {
		s += ": " + f.Message
	}
	return s
}

func ruleName(policy, rule string) string {
	if policy == "" {
		return rule
	}
	return policy + "/" + rule
}
