package proxy

import (
	"context"
	"fmt"
	"time"
	"weak"

	"github.com/weirgate/weir/policy"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
)

// knownKey names a database by its Database document and its own name.
type knownKey struct{ document, name string }

// knownKept is how many databases' catalogs are remembered by name.
const knownKept = 256

// knows remembers which catalog a database has, as long as somebody keeps it.
func (g *Gateway) knows(db *policy.Database, name string, s *snapshot.Snapshot) {
	if db == nil || s == nil {
		return
	}
	key := knownKey{db.Name, name}
	if was, ok := g.known.Get(key); !ok || was.Value() != s {
		g.known.Add(key, weak.Make(s))
	}
}

// Known gives the catalogs that are at hand of databases that documents in force
// describe, without asking any server.
func (g *Gateway) Known() []policy.Cataloged {
	var all []policy.Cataloged
	bundle := g.cfg.Policies()
	for _, key := range g.known.Keys() {
		if at, ok := g.known.Peek(key); ok && bundle.Database(key.document) != nil {
			if s := at.Value(); s != nil {
				all = append(all, policy.Cataloged{Database: key.document, Name: key.name, Snapshot: s})
			}
		}
	}
	return all
}

// Snapshot gives the catalog of a database as it is known now, read at the first
// address that the Database document gives: for explanations. Where there is no login
// to read it with, or it cannot be read so, it is the one that sessions have had read
// last, nil if none has.
func (g *Gateway) Snapshot(ctx context.Context, db *policy.Database, name string) (*snapshot.Snapshot, error) {
	s, err := g.read(ctx, db, name)
	if s != nil {
		return s, nil
	}
	if at, ok := g.known.Get(knownKey{db.Name, name}); ok {
		if s := at.Value(); s != nil {
			return s, nil
		}
	}
	return nil, err
}

// read gives the catalog of a database, nil where there is no login to read it with.
func (g *Gateway) read(ctx context.Context, db *policy.Database, name string) (*snapshot.Snapshot, error) {
	if _, ok := db.CatalogCredential(); !ok {
		return nil, nil
	}
	v := &visit{gateway: g, flow: Flow{Database: db.Name, Identity: &identity.Identity{}}}
	r := route{database: db, rules: g.cfg.Policies().Rules(nil, nil)}
	if refusal := v.listened(&r); refusal != nil {
		return nil, refusal
	}
	j := newJudge(g, &v.flow, r, &session.Connect{Database: name}, g.target(&v.flow, r))
	defer j.catalog.Done()
	ctx, cancel := context.WithTimeout(ctx, catalogWait)
	defer cancel()
	s, err := j.catalog.Get(ctx, j.source(r))
	if err != nil {
		return nil, fmt.Errorf("reading the catalog of %s: %w", db.Name, err)
	}
	g.knows(db, name, s)
	return s, nil
}

// catalogWait bounds how long an explanation waits for a catalog.
const catalogWait = 30 * time.Second

// source is how the database's catalog is read with a login of weir's own, nil
// where the documents give none.
func (j *judge) source(r route) catalog.Source {
	if r.database == nil {
		return nil
	}
	c, ok := r.database.CatalogCredential()
	if !ok {
		return nil
	}
	target, database := j.gateway.target(j.flow, r), j.session.Database
	return func(ctx context.Context) (catalog.Connection, error) {
		conn, err := upstream.Dial(ctx, target)
		if err != nil {
			return nil, err
		}
		start := j.gateway.startup(r.database, target)
		start.User, start.Database, start.Secret = c.User, database, upstream.PasswordFile(c.PasswordFile)
		start.Parameters = catalog.LoginSettings()
		if _, err := conn.Start(ctx, start); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("logging in as %s to read the catalog: %w", c.User, err)
		}
		return asker{conn}, nil
	}
}

// asker lets the catalog's reader ask through a connection.
type asker struct{ *upstream.Conn }

func (a asker) Query(ctx context.Context, sql string) ([][][]byte, error) {
	result, err := a.Conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return result.Rows, nil
}
