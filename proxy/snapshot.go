package proxy

import (
	"context"
	"fmt"
	"time"

	"github.com/weirgate/weir/policy"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/session"
)

// Snapshot gives the catalog of a database as it is known now, read at the first
// address that the Database document gives: for explanations. It is nil when
// there is no login to read it with.
func (g *Gateway) Snapshot(ctx context.Context, db *policy.Database, name string) (*snapshot.Snapshot, error) {
	if _, ok := db.CatalogCredential(); !ok {
		return nil, nil
	}
	v := &visit{gateway: g, flow: Flow{Database: db.Name, Identity: &identity.Identity{}}}
	r := route{database: db, rules: g.cfg.Policies().Rules(nil, nil)}
	if refusal := v.listened(&r); refusal != nil {
		return nil, refusal
	}
	j := newJudge(g, &v.flow, r, &session.Connect{Database: name}, g.target(&v.flow, r))
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s, err := g.cfg.Catalogs.Get(ctx, j.key, j.readCatalog(r))
	if err != nil {
		return nil, fmt.Errorf("reading the catalog of %s: %w", db.Name, err)
	}
	return s, nil
}
