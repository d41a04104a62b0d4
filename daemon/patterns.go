package daemon

import (
	"context"
	"slices"
	"sync"
	"time"
	"weak"

	"github.com/weirgate/weir/daemon/trial"
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/proxy/console"
)

// patterns remembers which patterns of documents match nothing, as long as documents and
// catalogs are the same.
type patterns struct {
	mu     sync.Mutex
	bundle *policy.Bundle
	known  []knownCatalog
	result []console.UnmatchedPattern
}

// knownCatalog is a catalog that was looked at, which is not kept for that.
type knownCatalog struct {
	database, name string
	snapshot       weak.Pointer[catalog.Snapshot]
}

// of gives the patterns of documents that match nothing in catalogs.
func (p *patterns) of(b *policy.Bundle, known []policy.Cataloged) []console.UnmatchedPattern {
	slices.SortFunc(known, func(x, y policy.Cataloged) int {
		return slices.Compare([]string{x.Database, x.Name}, []string{y.Database, y.Name})
	})
	looked := make([]knownCatalog, len(known))
	for i, k := range known {
		looked[i] = knownCatalog{k.Database, k.Name, weak.Make(k.Snapshot)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bundle != b || !slices.Equal(p.known, looked) {
		p.bundle, p.known, p.result = b, looked, trial.Patterns(b, known)
	}
	return p.result
}

// readWait bounds how long one catalog is waited for, and readAll how long all of them.
const (
	readWait = 10 * time.Second
	readAll  = 45 * time.Second
)

// Patterns holds the patterns of the documents in force against the catalogs of their
// databases: those at hand, and those that can be read by a login that documents give.
func (d *Daemon) Patterns(ctx context.Context) (*console.PatternsResult, error) {
	ctx, cancel := context.WithTimeout(ctx, readAll)
	defer cancel()
	bundle := d.policies.current()
	result := &console.PatternsResult{Databases: []string{}, Unread: map[string]string{}}
	for _, db := range bundle.Databases() {
		for _, name := range db.Databases {
			title := console.ReplayedDatabase{Database: db.Name, Name: name.String()}.Title()
			if !name.IsLiteral() {
				result.Unread[title] = "a pattern names no one database; those that sessions use are looked at"
				continue
			}
			one, stop := context.WithTimeout(ctx, readWait)
			_, err := d.catalogNow(one, db.Name, name.String()) // it is known from then on
			if stop(); err != nil {
				result.Unread[title] = err.Error()
			}
		}
	}
	known := d.gateway.Known()
	for _, k := range known {
		title := console.ReplayedDatabase{Database: k.Database, Name: k.Name}.Title()
		delete(result.Unread, title)
		result.Databases = append(result.Databases, title)
	}
	slices.Sort(result.Databases)
	if result.Unmatched = d.patterns.of(bundle, known); result.Unmatched == nil {
		result.Unmatched = []console.UnmatchedPattern{}
	}
	return result, nil
}
