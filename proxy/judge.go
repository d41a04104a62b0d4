package proxy

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/weirgate/weir/policy"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
)

// maxSeen is how many unknown oids a session remembers.
const maxSeen = 1000

// maskKey is what compiled masks depend on besides the catalog with which they are kept.
type maskKey struct {
	rules   *policy.Rules
	audited bool
}

// guardKey is that of the form for guards.
type guardKey struct{}

// standing is what a session's decisions rest on: documents and a catalog.
type standing struct {
	bundle   *policy.Bundle
	rules    *policy.Rules
	snapshot *snapshot.Snapshot // nil when no rule needs one
	catalog  *policy.Catalog    // the same for guards, nil for none
	masks    *lineage.Masks     // nil for none
	unread   bool               // not judged by: the catalog is still to be read
	relies   bool               // on the session's own connection for the catalog
	former   bool               // the catalog is one from before the transaction that is open
	rests    uint64             // how often the session had been at rest when it was made
	audited  *lineage.Masks     // of policies in mode Audit, nil for none
	shapes   map[shape]*grounds // decisions made earlier; used by whoever decides alone
	changes  *catalog.Changes   // that they were made with; used likewise
}

// judge decides the statements of one session.
type judge struct {
	gateway  *Gateway
	flow     *Flow
	identity *identity.Identity
	began    route // what documents said when the session began
	ours     bool  // weir has logged in with a secret of its own
	session  policy.Session
	target   upstream.Target
	catalog  *catalog.Database

	censor   censor
	mu       sync.Mutex
	standing *standing
	outdated bool // it has another catalog, and Outdated was not asked since
	names    names
	own      own
	errand   *errand // that is to be run, or was, nil for none
	resting  bool    // the statement came while an errand could be run
	cursors  cursors
	declared declared
	rests    uint64               // how often the session had been at rest when it was last decided
	turn     *catalog.Turn        // to read the catalog, nil for none
	alters   bool                 // it has changed the schema itself
	made     string               // stands for all that it has made itself, "" for nothing
	changing changing             // what of it, and others may not see yet
	seen     map[uint32]time.Time // oids of results that the catalog did not have, and when
	// redefines: the open transaction may have changed functions.
	redefines bool
	known     map[string]bool // names that a fresh catalog did not have: the session's own
	at        time.Time       // when the statement comes that is decided, zero for now: see Rehearsal
}

// moment is when the statement comes that is decided.
func (j *judge) moment() time.Time {
	if j.at.IsZero() {
		return time.Now()
	}
	return j.at
}

func newJudge(g *Gateway, f *Flow, r route, q *session.Connect, t upstream.Target) *judge {
	j := &judge{
		gateway: g, flow: f, identity: f.Identity, began: r, target: t,
		ours:    r.login.Type != policy.LoginPassthrough,
		session: policy.Session{Database: q.Database, User: q.User},
		catalog: g.cfg.Catalogs.Use(fmt.Sprintf("%s#%d/%s", t.String(), t.NetnsCookie, q.Database)),
	}
	for _, set := range q.Settings {
		st := policy.StartupSetting(set.Name, set.Value)
		j.names.follow(&st)
	}
	j.names = names{first: j.names.String()}
	j.standing = &standing{bundle: g.cfg.Policies(), rules: j.observing(r.rules)}
	return j
}

// observing lets everything pass in a session that no policy selects, where weir
// is to observe. One that was let in with weir's own login, before documents
// changed, is not left alone with it.
func (j *judge) observing(rules *policy.Rules) *policy.Rules {
	if j.gateway.cfg.Observe && !j.ours {
		return rules.Observing()
	}
	return rules
}

// placed finds the Database that the session belongs to in other documents than
// those that it began with.
func (j *judge) placed(b *policy.Bundle) (route, error) {
	r := j.began
	if r.database != nil {
		r.database = b.Database(r.database.Name)
	}
	if r.database != nil || j.flow.Database != "" {
		return r, nil
	}
	d := b.DatabaseFor(r.address, j.session.Database, j.gateway.cfg.Hosts)
	if len(d.Unresolved) > 0 {
		refusal := *diagnostic.Unresolved(r.address.String(), d.Unresolved)
		refusal.Severity = diagnostic.Error
		return r, &refusal
	}
	r.database, r.server = d.Database, d.ServerName
	return r, nil
}

// now gives the standing if it still holds, nil when it must be refreshed.
func (j *judge) now() *standing {
	j.mu.Lock()
	s := j.standing
	j.mu.Unlock()
	if s.unread || s.bundle != j.gateway.cfg.Policies() {
		return nil
	}
	if !j.stands(s) {
		return nil
	}
	return s
}

// refresh brings the standing up to date: the documents in force, and a catalog
// that was not read before since.
func (j *judge) refresh(ctx context.Context, since time.Time) error {
	g := j.gateway
	s := &standing{bundle: g.cfg.Policies(), rests: j.rests}
	r, err := j.placed(s.bundle)
	if err != nil {
		return err
	}
	s.rules = j.observing(s.bundle.Rules(j.identity, r.database))
	if wantsCatalog(s.rules, r.database) {
		if s.snapshot, err = j.snapshotOf(ctx, r, s.rules, since); err != nil {
			if s.snapshot = j.former(s.rules, since, err); s.snapshot == nil {
				return err
			}
			s.former = true
		}
		s.relies = j.source(r) == nil
		g.knows(r.database, j.session.Database, s.snapshot)
		s.catalog = catalogOf(s.snapshot)
		if s.masks, err = masksOf(s.rules, s.snapshot, false); err != nil {
			return err
		}
		if s.audited, err = masksOf(s.rules, s.snapshot, true); err != nil {
			return err
		}
	}
	j.mu.Lock()
	if j.standing.snapshot != s.snapshot {
		// What one catalog did not have, the next one may.
		j.known, j.seen = nil, nil
		j.outdated = true
	}
	j.standing = s
	j.mu.Unlock()
	return nil
}

// restand makes decisions again that were made before: names mean something else.
// It is called under the lock.
func (j *judge) restand() {
	s := *j.standing
	s.shapes = nil
	j.standing = &s
}

// wantsCatalog says whether the rules are judged with the database's catalog.
func wantsCatalog(rules *policy.Rules, db *policy.Database) bool {
	return masks(rules) || db != nil && rules.WantsCatalog()
}

// catalogOf gives a snapshot in the form that guards use, shared by sessions.
func catalogOf(snap *snapshot.Snapshot) *policy.Catalog {
	if c, ok := snap.Kept(guardKey{}).(*policy.Catalog); ok {
		return c
	}
	c := policy.NewCatalog(snap)
	snap.Keep(guardKey{}, c)
	return c
}

// masksOf gives the compiled masks of rules in a catalog, shared by sessions: those
// that are enforced or those that are only audited. nil is none.
func masksOf(rules *policy.Rules, snap *snapshot.Snapshot, audited bool) (*lineage.Masks, error) {
	list := rules.Masks
	if audited {
		list = rules.AuditedMasks
	}
	if len(list) == 0 {
		return nil, nil
	}
	key := maskKey{rules, audited}
	if m, ok := snap.Kept(key).(*lineage.Masks); ok {
		return m, nil
	}
	m, err := lineage.Compile(list, snap)
	if err != nil {
		return nil, fmt.Errorf("resolving the masks: %w", err)
	}
	snap.Keep(key, m)
	return m, nil
}

// Observes says that nothing is enforced in this session, by the documents that
// are in force now: what is relayed unread asks for nothing else.
func (j *judge) Observes() bool {
	if s := j.now(); s != nil {
		return s.rules.Observes()
	}
	bundle := j.gateway.cfg.Policies()
	r, err := j.placed(bundle)
	if err != nil {
		return false
	}
	rules := j.observing(bundle.Rules(j.identity, r.database))
	if !rules.Observes() {
		return false // and to be refreshed
	}
	j.mu.Lock()
	j.standing = &standing{bundle: bundle, rules: rules}
	j.mu.Unlock()
	return true
}

// rules are those that the session stands under.
func (j *judge) rules() *policy.Rules {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.standing.rules
}

// recording says what of the session is recorded.
func (j *judge) recording() policy.Recording {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.standing.rules.Recording
}

// Masks says that this session has masks.
func (j *judge) Masks() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.standing.masks != nil || j.standing.unread || len(j.standing.rules.Detections) > 0
}

// Current says whether a decision made earlier still stands.
func (j *judge) Current(d *session.Decision, rests uint64) bool {
	j.rested(rests)
	p, ok := d.Private.(*judged)
	return ok && p.stands() && p.standing == j.now() && p.changes == j.changes(p.standing)
}

// Decide gives the decision on a text whose facts are at hand. One that judging fails on
// by a mistake of weir's own is not: whoever asks for it then has it refused, see
// visit.Decide.
func (j *judge) Decide(text []byte, state *session.State) (d *session.Decision, ok bool) {
	defer func() {
		if recover() != nil {
			d, ok = nil, false
		}
	}()
	j.rested(state.Rests)
	s := j.now()
	if s == nil || s.former && state.AtRest {
		return nil, false
	}
	if s.rules.Observes() {
		return observed(s, text), true
	}
	if j.due(s, state) {
		return nil, false
	}
	facts, err, ok := j.gateway.cfg.Parser.Cached(text)
	if !ok {
		return nil, false
	}
	d, ok = j.decision(s, text, facts, err, state, false)
	if ok && d.Private.(*judged).placed {
		return nil, false
	}
	return d, ok
}

// resolve makes the decision on a text, whatever it takes.
func (j *judge) resolve(ctx context.Context, text []byte, state *session.State) *session.Decision {
	arrived := time.Now()
	if j.errand != nil && j.errand.over {
		arrived = j.errand.arrived // and was run since
	}
	j.rested(state.Rests)
	j.resting = state.AtRest
	if s := j.now(); s == nil || s.former && state.AtRest || j.errand != nil || j.due(s, state) {
		if err := j.refresh(ctx, time.Time{}); err != nil {
			if d := j.sends(text, arrived, state, err); d != nil {
				return d
			}
			return j.without(ctx, text, state, err)
		}
	}
	s := j.now()
	if s == nil { // changed again meanwhile: what was read is good for this statement
		j.mu.Lock()
		s = j.standing
		j.mu.Unlock()
	}
	if s.rules.Observes() {
		return observed(s, text)
	}
	facts, err := j.gateway.cfg.Parser.ParseBytes(ctx, text, "")
	if d, ok := j.decision(s, text, facts, err, state, false); ok && !(d.Private.(*judged).placed && state.AtRest) {
		return confirmed(d)
	}
	// The statement names something that the catalog does not have, or needs one of now.
	if err := j.refresh(ctx, arrived); err != nil {
		if d := j.sends(text, arrived, state, err); d != nil {
			return d
		}
		return j.undecided(text, err)
	}
	j.mu.Lock()
	s = j.standing
	j.mu.Unlock()
	d, _ := j.decision(s, text, facts, err, state, true)
	return d
}

// confirmed refuses a COPY whose masked columns are where * put them in a catalog that
// may have changed, where weir cannot ask now.
func confirmed(d *session.Decision) *session.Decision {
	if p := d.Private.(*judged); d.Denial == nil && p.unplaced {
		refuse(d, diagnostic.Unconfirmed())
		d.Rule = "built-in/catalog"
	}
	return d
}

// path stands for what names mean in the session, so that a statement is the
// same only where they mean the same.
func (j *judge) path() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.names.String()
}

// settings notes what a statement changes about names, and what it makes.
func (j *judge) settings(d *session.Decision) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before, changed := j.names.String(), false
	for i := range d.Statements {
		if st := d.Statements[i].Statement; st != nil {
			j.names.follow(st)
			changed = j.own.follow(st) || changed
			j.own.sure.note(st)
			if m := j.standing.masks; m != nil {
				changed = j.own.inside(m.Reshapes(st)) || changed
			}
			if m := j.standing.masks; m != nil && !j.redefines && m.Redefines(st) {
				j.redefines, changed = true, true
			}
			if d.Schema {
				j.changing.note(j.standing.snapshot, st)
			}
		}
	}
	if changed {
		j.own.rests, j.alters, j.made = j.rests, true, rand.Text()
	}
	j.changing.rests = j.rests
	if changed || j.names.String() != before {
		j.restand()
	}
}

// rested notes how often the session has been at rest.
func (j *judge) rested(rests uint64) {
	j.rests = rests
	if j.own.settled() && j.changing.names == nil && !j.changing.all && !j.redefines {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.settled(rests)
	over := j.redefines && rests > j.own.rests
	j.redefines = j.redefines && !over
	if j.own.rested(rests) || over {
		j.restand()
	}
}
