package daemon

import (
	"context"
	"errors"
	"fmt"

	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/daemon/trial"
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/parser"
)

// replayCache is what a replay keeps of texts and facts, in bytes.
const replayCache = 32 << 20

// Replay decides what is on record again by other documents, with the catalogs as they
// are now. It parses with workers of its own, so that sessions do not wait for it, and
// there is one at a time.
func (d *Daemon) Replay(ctx context.Context, r *console.ReplayRequest, progress func(console.ReplayProgress)) (*console.Replayed, error) {
	if !d.replaying.TryLock() {
		return nil, console.Conflict("wait until that has ended", "another replay is under way")
	}
	defer d.replaying.Unlock()
	bundle, err := tried(r.Documents)
	if err != nil {
		return nil, err
	}
	own := d.parserConfig()
	own.Workers, own.Cache = 2, replayCache
	pool, err := parser.New(own)
	if err != nil {
		return nil, fmt.Errorf("starting the parser: %w", err)
	}
	defer func() { _ = pool.Close() }()
	x := trial.Replay{
		Bundle: bundle, Observe: d.cfg.Unmatched == config.UnmatchedObserve, InForce: d.policies.current(),
		Parse: func(ctx context.Context, text string) (*statement.Facts, error) {
			return pool.Parse(ctx, text, "")
		},
		Start:   d.sessionStart,
		Catalog: d.catalogNow, Examples: r.Examples, Progress: progress,
	}
	filter := journal.Filter{Since: r.Since, Until: r.Until, Workload: r.Workload, Database: r.Database}
	return x.Run(ctx, d.journal.Query(ctx, filter))
}

// tried compiles documents that somebody wants to try. No file that they name is read.
func tried(documents []console.Document) (*policy.Bundle, error) {
	sources := make([]policy.Source, len(documents))
	for i, doc := range documents {
		sources[i] = policy.Source{Name: doc.Name, Data: []byte(doc.Text)}
	}
	bundle, problems := policy.Compile(sources, policy.WithKeys(trial.NoKeys))
	if len(problems) > 0 {
		return nil, console.Invalid("", "the documents have errors:\n%v", problems)
	}
	return bundle, nil
}

// sessionStart finds the record that a session began with, nil when it is not kept.
func (d *Daemon) sessionStart(ctx context.Context, id string) (*journal.Record, error) {
	for r, err := range d.journal.Query(ctx, journal.Filter{Session: id, Kinds: []journal.Kind{journal.KindSessionStart, journal.KindSessionContinued}}) {
		return r, err
	}
	return nil, nil
}

// catalogNow gives the catalog of a database as it is known now. The error says, as a
// clause, why there is none.
func (d *Daemon) catalogNow(ctx context.Context, document, name string) (*catalog.Snapshot, error) {
	db := d.policies.current().Database(document)
	if db == nil {
		return nil, errors.New("no Database of that name is in force")
	}
	s, err := d.gateway.Snapshot(ctx, db, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("it cannot be read: %w", err)
	case s == nil:
		return nil, errors.New("its Database document has no login to read it with, and no session has had it read (`catalog: {user, passwordFile}` gives one)")
	}
	return s, nil
}
