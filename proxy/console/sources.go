package console

import (
	"context"
	"iter"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/journal"
)

// What the server serves comes through these. Methods are called from several
// goroutines. An error may be an *Error to choose status and hint.

// StatusSource knows the daemon's state. It answers within a second or so.
type StatusSource interface {
	Status(ctx context.Context) (*Status, error)
}

// SessionSource knows sessions, the newest first.
type SessionSource interface {
	Sessions(ctx context.Context, f SessionFilter) ([]Session, error)
	Session(ctx context.Context, id string) (*Session, error)
}

// RecordSource reads the journal.
type RecordSource interface {
	// Records gives the records that are there, the oldest first. With follow it
	// goes on with new ones as they are written, without a gap, until ctx ends.
	// After an error nothing more is given.
	Records(ctx context.Context, f journal.Filter, follow bool) iter.Seq2[*journal.Record, error]
}

// ApprovalSource knows requests and takes decisions.
type ApprovalSource interface {
	// Approvals gives the requests in a state, all for "", the newest first.
	Approvals(ctx context.Context, state approval.State) ([]*approval.Request, error)
	Approval(ctx context.Context, id string) (*approval.Request, error)
	// Decide takes the decision of the peer, who is who the kernel says. It
	// refuses a peer who is the requester, or whom the policy does not name.
	Decide(ctx context.Context, id string, approve bool, reason string, by Peer) (*approval.Request, error)
}

// PolicySource reloads and explains.
type PolicySource interface {
	// Reload reads the documents again. With an error, which lists the problems,
	// the last good ones stay.
	Reload(ctx context.Context) (*ReloadResult, error)
	// Explain tells how a statement is decided.
	Explain(ctx context.Context, r *ExplainRequest) (*Explanation, error)
}

// ConnectionSource ends connections that are older than the capture.
type ConnectionSource interface {
	Destroy(ctx context.Context) (*DestroyResult, error)
}
