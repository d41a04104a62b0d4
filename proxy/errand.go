package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/weirgate/weir/policy"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
	"github.com/weirgate/weir/proxy/wire"
)

// errErrand says that the catalog must be asked for on the session's own
// connection.
var errErrand = errors.New("the catalog must be asked for on the session's own connection")

// errandBytes bounds the answers of one errand, in bytes.
const errandBytes = 256 << 20

// errand asks for the catalog on the session's own connection, in a transaction
// that sets what the client may have set otherwise, and puts it back.
type errand struct {
	catalog *catalog.Database
	arrived time.Time // the statement that it is for
	reading *catalog.Reading
	rows    [][][]byte
	size    int
	err     error
	// vanished counts how often something was dropped while it was read; again is the
	// Reading that then begins anew.
	vanished int
	again    *catalog.Reading
	over     bool
}

// errandSettings are those of the transaction. The catalog's questions name
// everything with its schema all the same.
func errandSettings() []string {
	return []string{
		"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY, NOT DEFERRABLE",
		"SET LOCAL statement_timeout = 60000", "SET LOCAL lock_timeout = 10000", "SET LOCAL search_path = pg_catalog",
		"SET LOCAL client_encoding = 'UTF8'", "SET LOCAL standard_conforming_strings = on", "SET LOCAL jit = off",
		"SET LOCAL max_parallel_workers_per_gather = 0",
	}
}

// Next gives the questions one after another.
func (e *errand) Next(tx byte) []string {
	var first []string
	if e.again != nil && tx == wire.TxIdle {
		e.reading, e.again, e.rows, e.size, e.err = e.again, nil, nil, 0, nil
		first = errandSettings()
	}
	if e.reading == nil {
		e.reading, first = e.catalog.Reading(), errandSettings()
	}
	if e.err == nil {
		var question string
		question, e.err = e.reading.Next(e.rows)
		if e.rows = nil; question != "" {
			return append(first, question)
		}
	}
	switch tx {
	case wire.TxActive:
		return []string{"COMMIT"}
	case wire.TxFailed:
		return []string{"ROLLBACK"}
	}
	e.over = true
	return nil
}

// Row keeps a row.
func (e *errand) Row(body []byte) bool {
	if e.err != nil {
		return false
	}
	if e.size += len(body); e.size > errandBytes {
		e.err, e.rows = fmt.Errorf("the answer is larger than %d bytes", errandBytes), nil
		return false
	}
	r := wire.NewReader(bytes.Clone(body))
	row := make([][]byte, r.Uint16())
	for i := range row {
		value, null := r.Value()
		if !null && value == nil {
			break // past the end
		}
		row[i] = value
	}
	if !r.Done() {
		e.err = errors.New("a row is malformed")
		return false
	}
	e.rows = append(e.rows, row)
	return true
}

// Failed keeps the server's error.
func (e *errand) Failed(d *diagnostic.Diagnostic) {
	if e.err != nil {
		return
	}
	e.err = fmt.Errorf("the server answered %s (SQLSTATE %s)", d.Message, d.Code)
	if catalog.Vanished(d.Code) && e.reading != nil {
		e.vanished++
		e.again = e.reading.Again(e.vanished)
	}
}

// deliver makes the catalog of what was answered the current one.
func (e *errand) deliver(ctx context.Context, bodies catalog.Bodies) (*snapshot.Snapshot, error) {
	if e.err != nil {
		return nil, &errandError{e.err}
	}
	s, err := e.reading.Finish(ctx, bodies)
	if err != nil {
		return nil, &errandError{err}
	}
	return s, nil
}

// errandError is why an errand came to nothing. The client may know: it was its own
// connection.
type errandError struct{ err error }

func (e *errandError) Error() string {
	return "reading the catalog on the session's own connection: " + e.err.Error()
}

func (e *errandError) Unwrap() error { return e.err }

// snapshotOf gives the catalog that the rules are judged with.
func (j *judge) snapshotOf(ctx context.Context, r route, rules *policy.Rules, since time.Time) (*snapshot.Snapshot, error) {
	source := j.source(r)
	if source == nil && j.ours {
		return nil, fmt.Errorf("database %s has no login to read its catalog with: add catalog: {user, passwordFile}", r.database.Name)
	}
	if e := j.errand; e != nil && e.over {
		j.errand = nil
		defer j.yield()
		return e.deliver(ctx, j.gateway.cfg.Catalogs.Bodies())
	}
	if since.IsZero() && !masks(rules) {
		// Guards look at what was changed since, and ask again where it matters.
		if s := j.catalog.Latest(); s != nil {
			return s, nil
		}
	}
	if source != nil {
		return j.catalog.Since(ctx, since, source)
	}
	enough := func() *snapshot.Snapshot {
		if !since.IsZero() {
			return j.catalog.After(since)
		}
		if j.resting && j.catalog.Due() {
			return nil
		}
		return j.catalog.Peek()
	}
	if s := enough(); s != nil || !j.resting {
		return s, orErrand(s)
	}
	s, turn := j.catalog.Turn(ctx, enough)
	j.mu.Lock()
	j.turn = turn
	j.mu.Unlock()
	return s, orErrand(s)
}

func orErrand(s *snapshot.Snapshot) error {
	if s == nil {
		return errErrand
	}
	return nil
}

// yield lets other sessions read the catalog, if it was this one's turn.
func (j *judge) yield() {
	j.mu.Lock()
	turn := j.turn
	j.turn = nil
	j.mu.Unlock()
	turn.End()
}

// masks says whether rules hide columns.
func masks(rules *policy.Rules) bool { return len(rules.Masks)+len(rules.AuditedMasks) > 0 }

// former gives the catalog from before the open transaction, inside of which weir
// does not ask for another one: for guards. They know what the session has made
// itself, hold definitions against what is defined, and take what they cannot find
// for what could do anything. Masks have to know more: that nothing but what this
// session made itself is lacking, which was judged when it was made. It is nil where a
// newer one must be had, as for a statement that names what neither of them has, since
// others may have made that.
func (j *judge) former(rules *policy.Rules, since time.Time, why error) *snapshot.Snapshot {
	switch {
	case !errors.Is(why, errErrand) || j.resting || masks(rules) && !since.IsZero():
		return nil
	case masks(rules):
		return j.catalog.Own(j)
	}
	if age, ok := j.catalog.Age(); !ok || age >= j.gateway.cfg.Catalogs.MaxAge() {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.standing.snapshot
}

// due says that the server should be asked, on this session's connection, whether
// the catalog has changed.
func (j *judge) due(s *standing, state *session.State) bool {
	return s.relies && state.Tx == wire.TxIdle && j.catalog.Due()
}

// sends gives a decision that an errand must be run first, nil where that cannot
// be now.
func (j *judge) sends(text []byte, arrived time.Time, state *session.State, err error) *session.Decision {
	if !errors.Is(err, errErrand) || !state.AtRest {
		j.yield()
		return nil
	}
	j.errand = &errand{catalog: j.catalog, arrived: arrived}
	d := j.undecided(text, errErrand)
	d.Errand = j.errand
	return d
}

// later says whether a catalog that could not be had is only to be asked for with
// the first statement, on the session's own connection. So it is where weir's own login
// finds no such database: then the server tells the client as much.
func (j *judge) later(err error) bool {
	var server *upstream.ServerError
	nowhere := !j.ours && errors.As(err, &server) && server.Code == diagnostic.InvalidCatalogName
	if !errors.Is(err, errErrand) && !nowhere {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	s := *j.standing
	s.unread = true
	j.standing = &s
	return true
}

// withoutCatalog is what a client is told where the catalog cannot be had. What
// went wrong with a login of weir's own is not its business.
func (j *judge) withoutCatalog(err error) *diagnostic.Diagnostic {
	const later = "Try again later; the operator of this host finds more in weir's log."
	var failed *errandError
	age, known := j.catalog.Age()
	limit := j.gateway.cfg.Catalogs.MaxAge()
	switch {
	case errors.Is(err, errErrand):
		return diagnostic.CatalogUnavailable("it has changed, or what weir knows of it is too old, and weir asks for it only while no transaction is open",
			"End the transaction with ROLLBACK or COMMIT and try again.")
	case errors.As(err, &failed):
		return diagnostic.CatalogUnavailable("it could not be read on this session's connection: "+failed.err.Error(), later)
	case known && age >= limit:
		return diagnostic.CatalogUnavailable(fmt.Sprintf("what weir knows of it is too old: the server at %s last confirmed it %s ago, and at most %s is allowed",
			j.target.String(), age.Round(time.Second), limit), later)
	}
	return diagnostic.CatalogUnavailable("the server at "+j.target.String()+" did not give it to weir's own login", later)
}

// without decides where the catalog cannot be had: what begins and ends
// transactions needs none, and must not be stuck. Types that are declared need one.
func (j *judge) without(ctx context.Context, text []byte, state *session.State, why error) *session.Decision {
	facts, err := j.gateway.cfg.Parser.ParseBytes(ctx, text, "")
	if err != nil || len(facts.Statements) == 0 || len(state.Types) > 0 || slices.ContainsFunc(facts.Statements, func(st statement.Statement) bool {
		return len(st.Commands) != 1 || !slices.Contains(transactions(), st.Command)
	}) {
		return j.undecided(text, why)
	}
	j.mu.Lock()
	s := j.standing
	j.mu.Unlock()
	d, _ := j.decision(s, text, facts, nil, state, true)
	return d
}

// transactions are the commands that are about transactions and nothing else.
func transactions() []statement.Command {
	return []statement.Command{statement.CommandBegin, statement.CommandCommit, statement.CommandRollback,
		statement.CommandSavepoint, statement.CommandRelease, statement.CommandRollbackTo}
}
