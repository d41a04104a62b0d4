package proxy

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/weirgate/weir/policy"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
	"github.com/weirgate/weir/proxy/wire"
)

// Rehearsals judge texts as sessions would, of which there is none: by documents that
// need not be in force, with catalogs that are given. Nothing is sent anywhere.
type Rehearsals struct {
	gateway  *Gateway
	catalogs *catalog.Cache
}

// NewRehearsals prepares to judge by documents. observe lets pass what no policy
// selects, as Config.Observe does. Close ends it.
func NewRehearsals(b *policy.Bundle, observe bool) (*Rehearsals, error) {
	r := &Rehearsals{}
	var err error
	if r.catalogs, err = catalog.NewCache(catalog.Options{Poll: time.Hour, Refresh: time.Hour, MaxAge: time.Hour, Databases: 1}); err != nil {
		return nil, err
	}
	g := &Gateway{cfg: Config{
		Policies: func() *policy.Bundle { return b }, Observe: observe, Catalogs: r.catalogs, Logger: slog.New(slog.DiscardHandler),
	}}
	passed, err := lru.New[passing, time.Time](1)
	if err != nil {
		return nil, fmt.Errorf("making the cache of passed limits: %w", err)
	}
	g.passed = passed
	r.gateway = g
	return r, nil
}

// Close ends it.
func (r *Rehearsals) Close() error { return r.catalogs.Close() }

// Rehearsed says of which session a text would come.
type Rehearsed struct {
	Identity     *identity.Identity
	Database     *policy.Database // of the documents, nil where none is meant
	DatabaseName string           // the database's own name at the server
	User         string           // the role that the client asked for
	// Snapshot gives the database's catalog, nil where it is not known; it is called
	// when the rules want one. The function may be nil.
	Snapshot func() *snapshot.Snapshot
}

// Rehearsal follows one session's texts. It is used by one goroutine.
type Rehearsal struct {
	judge    *judge
	state    session.State
	prepared map[string]*statement.Statement
}

// preparedKept is how many prepared statements of a session are followed.
const preparedKept = 1000

// Begin begins to follow a session. End must be called.
func (r *Rehearsals) Begin(s Rehearsed) (*Rehearsal, error) {
	bundle := r.gateway.cfg.Policies()
	began := route{database: s.Database, rules: bundle.Rules(s.Identity, s.Database)}
	began.login = loginOf(s.Database, began.rules)
	j := newJudge(r.gateway, &Flow{Identity: s.Identity}, began, &session.Connect{Database: s.DatabaseName, User: s.User}, upstream.Target{})
	at := &standing{bundle: bundle, rules: j.observing(began.rules)}
	if wantsCatalog(at.rules, s.Database) && s.Snapshot != nil {
		at.snapshot = s.Snapshot()
	}
	if at.snapshot != nil {
		at.catalog = catalogOf(at.snapshot)
		var err error
		if at.masks, err = masksOf(at.rules, at.snapshot, false); err != nil {
			return nil, err
		}
		if at.audited, err = masksOf(at.rules, at.snapshot, true); err != nil {
			return nil, err
		}
	}
	j.standing = at
	x := &Rehearsal{judge: j, prepared: map[string]*statement.Statement{}}
	x.state = session.State{User: s.User, Database: s.DatabaseName, Tx: wire.TxIdle, AtRest: true,
		Prepared: func(name string) *statement.Statement { return x.prepared[name] }}
	return x, nil
}

// End ends the session.
func (x *Rehearsal) End() { x.judge.catalog.Done() }

// Rules are those that the session stands under.
func (x *Rehearsal) Rules() *policy.Rules { return x.judge.standing.rules }

// Snapshot is the catalog that the session's texts are judged with, nil for none.
func (x *Rehearsal) Snapshot() *snapshot.Snapshot { return x.judge.standing.snapshot }

// Judgement is what would become of a text.
type Judgement struct {
	Action  string // as records have it: policy's actions, "Observe"
	Policy  string
	Rule    string
	Reason  string
	Message string // what the client would read, "" where nothing is refused
	// Warnings and Audited are rules that were met without deciding.
	Warnings, Audited []policy.Finding
	// AuditedMasks is what masks of policies in mode Audit would have done, in words.
	AuditedMasks []string
	Limits       []policy.Bounded
	// Masked are the columns of results that masks are for.
	Masked []MaskedColumn
	// Missing are relations and functions, these with () behind the name, that the
	// text uses and the catalog does not have.
	Missing []string
	// Unknown are prepared statements that it executes and that nobody has prepared.
	Unknown []string
	// Strict is what would become of it if somebody had what it drops and the catalog
	// does not have; nil where that is the same.
	Strict *Judgement

	decision *session.Decision
	facts    *statement.Facts
	spend    func(time.Time)
}

// Refused says that the text would not have been sent.
func (v *Judgement) Refused() bool {
	return v.Action == string(policy.Deny) || v.Action == string(policy.RequireApproval)
}

// MaskedColumn is a column of a result that is masked.
type MaskedColumn struct {
	Columns []string // "schema.table.column", what it shows or is computed from
	Rule    string   // "policy/rule"
	How     string   // in words, the same for what looks the same
}

// Judge judges a text that comes at a moment, by its facts or by the error that reading
// it gave.
func (x *Rehearsal) Judge(text string, facts *statement.Facts, unreadable error, at time.Time) *Judgement {
	j := x.judge
	j.at = at
	j.rested(x.state.Rests)
	v := &Judgement{facts: facts}
	if j.standing.rules.Observes() {
		v.decision = observed(j.standing, []byte(text))
		v.Action, v.spend = v.decision.Action, func(time.Time) {}
		return v
	}
	if unreadable == nil {
		x.unknown(v, facts)
		x.missing(v, facts)
	}
	d, _ := j.decision(j.standing, []byte(text), facts, unreadable, &x.state, true)
	v.take(d)
	if v.Refused() {
		return v
	}
	v.Masked = x.masked(d, d.Private.(*judged).plans, hows(j.standing.bundle))
	if unreadable == nil {
		v.Strict = x.strict(text, facts)
	}
	return v
}

// take fills in what a decision says.
func (v *Judgement) take(d *session.Decision) {
	p := d.Private.(*judged)
	v.decision = d
	v.Action, v.Policy, v.Rule, v.Reason = d.Action, d.Policy, d.Rule, d.Reason
	if d.Denial != nil {
		v.Message = d.Denial.Message
	}
	v.Warnings, v.Audited, v.Limits, v.spend = p.verdict.Warnings, p.verdict.Audited, p.verdict.Limits, p.verdict.Spend
	if extra := len(p.audited) - len(p.verdict.Audited); extra > 0 {
		v.AuditedMasks = p.audited[len(p.audited)-extra:]
	}
}

// strict judges a text as if somebody had what it drops and the catalog does not have. It
// gives nil where that changes nothing.
func (x *Rehearsal) strict(text string, facts *statement.Facts) *Judgement {
	j := x.judge
	if j.standing.snapshot == nil || !j.own.doubtful(j.standing.snapshot, facts) {
		return nil
	}
	// As in a transaction, in which the server cannot be asked who has it.
	guards := *j.standing
	guards.former, guards.masks, guards.audited, guards.shapes = true, nil, nil, nil
	d, _ := j.decision(&guards, []byte(text), facts, nil, &x.state, true)
	v := &Judgement{facts: facts}
	v.take(d)
	if !v.Refused() {
		return nil
	}
	return v
}

// unknown notes what EXECUTE names and nobody has prepared.
func (x *Rehearsal) unknown(v *Judgement, facts *statement.Facts) {
	prepared := within(&x.state, facts).Prepared
	for i := range facts.Statements {
		if p := facts.Statements[i].Prepared; p != nil && p.What == "Execute" && p.Body == nil && prepared(p.Name) == nil {
			v.Unknown = append(v.Unknown, p.Name)
		}
	}
}

// missing notes what the catalog does not have, and the session has not made.
func (x *Rehearsal) missing(v *Judgement, facts *statement.Facts) {
	x.judge.standing.missing(facts, func(schema, name string) {
		if x.judge.own.knows(name) || slices.ContainsFunc(facts.Statements, func(st statement.Statement) bool { return creates(&st, name) }) {
			return
		}
		if schema != "" {
			name = schema + "." + name
		}
		if !slices.Contains(v.Missing, name) {
			v.Missing = append(v.Missing, name)
		}
	})
}

// creates says that a statement makes a relation, or a function where () stands behind
// the name.
func creates(st *statement.Statement, name string) bool {
	name, _ = function(name)
	return slices.ContainsFunc(st.Objects, func(o statement.Object) bool { return o.Command == statement.CommandCreate && o.Name == name })
}

// masked gives what the plans of a text's statements mask of their results.
func (x *Rehearsal) masked(d *session.Decision, plans []lineage.Plan, how func(*lineage.Output) string) []MaskedColumn {
	var all []MaskedColumn
	for i := range plans {
		st := d.Statements[i].Statement
		if st.Command == statement.CommandExplain {
			continue
		}
		of := []*lineage.Plan{&plans[i]}
		if st.Cursor != nil && st.Cursor.What == "Fetch" {
			of = append(of, x.judge.cursors.plans[st.Cursor.Name]...)
		}
		for _, p := range of {
			for k := range p.Outputs {
				if o := &p.Outputs[k]; o.Mask != "" {
					all = add(all, MaskedColumn{Columns: o.Columns, Rule: o.Rule, How: how(o)})
				}
			}
			if len(p.Outputs) > 0 {
				continue
			}
			for _, column := range p.Masked { // of a statement that is not followed output by output
				all = add(all, MaskedColumn{Columns: []string{column}, Rule: p.Rule})
			}
		}
	}
	return all
}

func add(all []MaskedColumn, c MaskedColumn) []MaskedColumn {
	if slices.ContainsFunc(all, func(o MaskedColumn) bool {
		return o.Rule == c.Rule && o.How == c.How && slices.Equal(o.Columns, c.Columns)
	}) {
		return all
	}
	return append(all, c)
}

// MaskedBy gives what the masks of other documents would hide of a text's results. It is
// false where they refuse it.
func (x *Rehearsal) MaskedBy(b *policy.Bundle, v *Judgement) ([]MaskedColumn, bool) {
	j := x.judge
	var db *policy.Database
	if j.began.database != nil {
		db = b.Database(j.began.database.Name)
	}
	rules := b.Rules(j.identity, db)
	if j.standing.snapshot == nil || v.facts == nil {
		return nil, false
	}
	masks, err := masksOf(rules, j.standing.snapshot, false)
	if err != nil {
		return nil, false
	}
	if masks == nil {
		return nil, true
	}
	plans := make([]lineage.Plan, len(v.decision.Statements))
	for i := range plans {
		plans[i] = masks.Judge(v.decision.Statements[i].Statement, lineage.Env{Fresh: true, Known: j.knows, Prepared: x.state.Prepared, Redefines: j.redefines})
		if plans[i].Refused {
			return nil, false
		}
	}
	return x.masked(v.decision, plans, hows(b)), true
}

// hows says in words how a bundle's masks make a column look.
func hows(b *policy.Bundle) func(*lineage.Output) string {
	return func(o *lineage.Output) string {
		named, rule, _ := strings.Cut(o.Rule, "/")
		for _, p := range b.Policies() {
			if p.Name != named || o.Class != lineage.Copy {
				continue
			}
			for _, m := range p.Masks {
				if m.Name == rule && m.Type == o.Mask {
					return m.How()
				}
			}
		}
		return string(o.Mask)
	}
}

// Spend counts a text that was sent at a moment for the guards with a rate.
func (v *Judgement) Spend(at time.Time) { v.spend(at) }

// Denied notes that a text was refused, which fails an open transaction.
func (x *Rehearsal) Denied() {
	if x.state.Tx == wire.TxActive {
		x.state.Tx = wire.TxFailed
	}
}

// Sent notes that a text was sent and has ended: what follows is judged by what it has
// changed.
func (x *Rehearsal) Sent(v *Judgement, failed bool) {
	if v.facts == nil {
		return
	}
	j := x.judge
	if v.decision.Settles {
		j.settings(v.decision)
		// What others see of it is not followed: the catalog is of after all of it.
		j.changing = changing{}
	}
	for i := range v.facts.Statements {
		x.prepares(&v.facts.Statements[i], failed)
	}
	if x.state.Tx = after(x.state.Tx, v.facts, failed); x.state.Tx == wire.TxIdle {
		x.state.Rests++
	}
}

// prepares follows the names of prepared statements.
func (x *Rehearsal) prepares(st *statement.Statement, failed bool) {
	if slices.Contains(st.Commands, statement.CommandDiscard) && slices.ContainsFunc(st.Settings, func(s statement.Setting) bool { return s.Name == "all" }) {
		clear(x.prepared)
		return
	}
	p := st.Prepared
	if p == nil || st.Command == statement.CommandExplain {
		return
	}
	switch {
	case p.What == "Prepare" && p.Body != nil && !failed && len(x.prepared) < preparedKept:
		x.prepared[p.Name] = p.Body
	case p.What == "Deallocate" && p.Name == "":
		clear(x.prepared)
	case p.What == "Deallocate":
		delete(x.prepared, p.Name)
	}
}

// after gives the state of the transaction behind a text.
func after(tx byte, facts *statement.Facts, failed bool) byte {
	before := tx
	for i := range facts.Statements {
		st := &facts.Statements[i]
		switch open := st.InTransaction(tx != wire.TxIdle); {
		case !open:
			tx = wire.TxIdle
		case tx == wire.TxIdle || st.Command == statement.CommandRollbackTo:
			tx = wire.TxActive
		}
	}
	switch {
	case !failed:
		return tx
	case before != wire.TxIdle:
		// A COMMIT that fails, by a deferred constraint, ends the transaction nevertheless.
		if tx == wire.TxIdle {
			return tx
		}
		return wire.TxFailed
	case tx != wire.TxIdle && len(facts.Statements) > 1:
		return wire.TxFailed // behind the BEGIN, most likely
	}
	return wire.TxIdle
}
