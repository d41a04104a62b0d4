package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Document is a file of policy documents.
type Document struct {
	Name string `json:"name"` // for what is said of it
	Text string `json:"text"`
}

// ReplayRequest asks what documents that need not be in force would have decided about
// what is on record. Files that the documents name are not read.
type ReplayRequest struct {
	Documents []Document `json:"documents"`
	Since     time.Time  `json:"since,omitzero"`
	Until     time.Time  `json:"until,omitzero"`
	Workload  string     `json:"workload,omitempty"` // a pattern
	Database  string     `json:"database,omitempty"` // name of a Database document
	Examples  int        `json:"examples"`           // of each change
}

// ReplayEvent is a line of the answer to a ReplayRequest: how far it is, and at last the
// outcome.
type ReplayEvent struct {
	Progress *ReplayProgress `json:"progress,omitempty"`
	Outcome  *Replayed       `json:"outcome,omitempty"`
}

// ReplayProgress says how far a replay is.
type ReplayProgress struct {
	Statements int       `json:"statements"`
	At         time.Time `json:"at"` // of the record that was read last
}

// Replayed is what other documents would have made of what is on record.
type Replayed struct {
	Revision   string         `json:"revision"` // of the documents that were tried
	From       time.Time      `json:"from,omitzero"`
	To         time.Time      `json:"to,omitzero"`
	Statements int            `json:"statements"` // that were decided again
	Same       int            `json:"same"`       // decided and masked as before
	Changes    []ReplayChange `json:"changes"`    // of decisions, the most frequent first
	// Masks are changes of what is masked in results of statements that pass, column by
	// column, the most frequent first.
	Masks []ReplayMask `json:"masks"`
	// Databases say, one by one, whether the database's catalog was held against the
	// statements.
	Databases []ReplayedDatabase `json:"databases"`
	// Missing is about statements that use what the catalog does not have now: what it
	// was then is not known.
	Missing *ReplayMissing `json:"missing,omitempty"`
	// Patterns are those of the documents that match nothing in these databases.
	Patterns []UnmatchedPattern `json:"patterns,omitempty"`
	// Skipped counts what could not be decided again, by why.
	Skipped map[string]int `json:"skipped,omitempty"`
	// Warnings counts, by rule, warnings, audits and limits that apply without changing
	// a decision.
	Warnings map[string]int `json:"warnings,omitempty"`
	// NotHeld names, in words, what was not held against any statement.
	NotHeld []string `json:"notHeld"`
}

// ReplayChange is one way in which decisions would differ.
type ReplayChange struct {
	Recorded string          `json:"recorded"` // the action on record
	Now      string          `json:"now"`      // the action of the documents
	Rule     string          `json:"rule,omitempty"`
	Before   string          `json:"before,omitempty"` // the rule on record
	Count    int             `json:"count"`
	Examples []ReplayExample `json:"examples"`
}

// The kinds of ReplayMask.
const (
	NowMasked      = "Masked"    // was shown as it is
	NoLongerMasked = "Unmasked"  // would be shown as it is
	OtherwiseMask  = "Otherwise" // would be masked in another way
)

// ReplayMask is one way in which what is masked in results would differ.
type ReplayMask struct {
	Kind     string          `json:"kind"`   // Masked, Unmasked, Otherwise
	Column   string          `json:"column"` // schema.table.column
	Rule     string          `json:"rule,omitempty"`
	How      string          `json:"how,omitempty"`    // what it would look like
	Before   string          `json:"before,omitempty"` // what it looked like, where that is known
	Count    int             `json:"count"`            // statements
	Examples []ReplayExample `json:"examples"`
}

// ReplayExample is a statement for which something would change.
type ReplayExample struct {
	ID       string    `json:"id"` // for weir policy explain
	Time     time.Time `json:"time"`
	Workload string    `json:"workload"`
	Database string    `json:"database"`
	Text     string    `json:"text"`
	TextCut  bool      `json:"textCut,omitempty"` // there is more of it on record
	Reason   string    `json:"reason,omitempty"`
}

// ReplayedDatabase is a database that recorded statements were sent to.
type ReplayedDatabase struct {
	Database   string `json:"database"`       // the Database document
	Name       string `json:"name,omitempty"` // the database's own name, "" where it is not on record
	Statements int    `json:"statements"`
	// Catalog is Held, NotHeld (Why says why), or NotNeeded by the documents' rules.
	Catalog string    `json:"catalog"`
	Why     string    `json:"why,omitempty"`
	Read    time.Time `json:"read,omitzero"` // when the catalog was read that was held
}

// Title names it for people.
func (d ReplayedDatabase) Title() string {
	if d.Name == "" || d.Name == d.Database {
		return d.Database
	}
	return d.Database + "/" + d.Name
}

// The values of ReplayedDatabase.Catalog.
const (
	CatalogHeld      = "Held"
	CatalogNotHeld   = "NotHeld"
	CatalogNotNeeded = "NotNeeded"
)

// ReplayMissing counts statements that use what a catalog does not have now.
type ReplayMissing struct {
	Statements int      `json:"statements"`
	Names      []string `json:"names"` // some of them
}

// ReplaySource replays the journal.
type ReplaySource interface {
	// Replay decides what is on record again. progress is called now and then, by one
	// goroutine.
	Replay(ctx context.Context, r *ReplayRequest, progress func(ReplayProgress)) (*Replayed, error)
}

// MaxExamples bounds ReplayRequest.Examples.
const MaxExamples = 1000

// replay streams lines of JSON: how far it is, and the outcome or an Error at the end.
// Whoever may read all records may have them decided again. It ends when the peer goes.
func (s *Server) replay(w http.ResponseWriter, r *http.Request) {
	if s.options.Replay == nil {
		s.fail(w, missing("journal to replay"))
		return
	}
	var body ReplayRequest
	if err := decode(r, &body); err != nil {
		s.fail(w, err)
		return
	}
	if len(body.Documents) == 0 || body.Examples < 0 || body.Examples > MaxExamples {
		s.fail(w, Invalid("", "a replay needs documents, and asks for 0 to %d examples", MaxExamples))
		return
	}
	s.logger.Info("replay asked for", "peer", peerOf(r).String())
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // it lasts as long as it takes
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	_ = control.Flush()

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	say := func(line any) {
		data, err := json.Marshal(line)
		if err == nil {
			_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err = w.Write(append(data, '\n')); err == nil {
				err = control.Flush()
			}
		}
		if err != nil {
			cancel() // the peer has gone or does not read
		}
	}
	outcome, err := s.options.Replay.Replay(ctx, &body, func(p ReplayProgress) { say(ReplayEvent{Progress: &p}) })
	switch {
	case ctx.Err() != nil: // nobody is there, or the server ends
	case err != nil:
		say(asError(err))
	default:
		say(ReplayEvent{Outcome: outcome})
	}
}

// Replay asks what documents would have decided about what is on record. progress is
// called now and then; nil for nobody.
func (c *Client) Replay(ctx context.Context, r *ReplayRequest, progress func(ReplayProgress)) (*Replayed, error) {
	response, err := c.send(ctx, http.MethodPost, "/v1/policy/replay", nil, r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	lines := json.NewDecoder(response.Body)
	for {
		var line struct {
			ReplayEvent
			Error string `json:"error"`
			Hint  string `json:"hint"`
		}
		err := lines.Decode(&line)
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("replaying: %w", context.Cause(ctx))
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("%w any more: it ended while it replayed", ErrNotRunning)
		case err != nil:
			return nil, fmt.Errorf("reading weir's answer: %w", err)
		case line.Error != "":
			return nil, &Error{Status: http.StatusInternalServerError, Message: line.Error, Hint: line.Hint}
		case line.Outcome != nil:
			return line.Outcome, nil
		case line.Progress != nil && progress != nil:
			progress(*line.Progress)
		}
	}
}
