package proxy

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// judged is a decision on one text, with what it was made of.
type judged struct {
	*grounds
	decision session.Decision
	recorded atomic.Pointer[journal.Text]
}

// grounds are what a decision was made of. They hold for every text of one shape.
type grounds struct {
	standing  *standing
	changes   *catalog.Changes // that were looked at
	decision  session.Decision // without what is the text's own
	verdict   policy.Verdict
	plans     []lineage.Plan
	cacheable bool
	escalated bool // it is known to pass a limit that an approval lifts
	// placed: the places of columns are known from a catalog of before the statement
	// came; unplaced: those of masked ones, from what * stood for.
	placed, unplaced bool
	confirmed        time.Time // when the catalog was, for a text with places; zero for others
	revision         string
	meaning          string // of a text that needs an approval
	warnings         []string
	audited          []string
}

// shape is all of a text that a cacheable decision depends on: rules know its
// facts and its length.
type shape struct {
	facts  *statement.Facts
	length int
}

// confirmedFor is how long a decision stands that needs a catalog of after its
// statement came: a pipeline's Parse, Bind and Execute are one statement.
const confirmedFor = time.Second

// stands says that nothing but documents and the catalog at hand can change a decision.
func (p *grounds) stands() bool {
	return p.cacheable && !p.placed && (p.confirmed.IsZero() || time.Since(p.confirmed) < confirmedFor)
}

// shapesKept is how many shapes of texts a session remembers its decisions on.
const shapesKept = 64

// on gives the decision on a text.
func (p *grounds) on(text []byte) *session.Decision {
	d := &judged{grounds: p, decision: p.decision}
	d.decision.Text, d.decision.Private = string(text), d
	return &d.decision
}

// observed is the decision where nothing is enforced.
func observed(s *standing, text []byte) *session.Decision {
	p := &grounds{standing: s, cacheable: true, revision: s.rules.Revision}
	p.decision = session.Decision{Action: "Observe", RecordText: true, RecordParameters: true}
	return p.on(text)
}

// decision decides a text by its facts, or by the error that it gave. ok is
// false when a catalog is needed that was read after the text had arrived;
// fresh says that it is at hand.
func (j *judge) decision(s *standing, text []byte, facts *statement.Facts, err error, state *session.State, fresh bool) (*session.Decision, bool) {
	j.undone(facts)
	if len(state.Types) > 0 && err == nil && s.snapshot != nil {
		var ok bool
		if facts, ok = j.declared.with(j, s, facts, state.Types, fresh); !ok {
			return nil, false
		}
	}
	if c := j.changes(s); c != s.changes {
		s.shapes, s.changes = nil, c
	}
	of := shape{facts, len(text)}
	if p := s.shapes[of]; p != nil && err == nil {
		return p.on(text), true
	}
	p, ok := j.ground(s, text, facts, err, state, fresh)
	if !ok {
		return nil, false
	}
	if d := &p.decision; p.cacheable && !p.placed && p.confirmed.IsZero() && err == nil && d.Denial == nil && d.Approval == nil && nameless(facts) {
		if s.shapes == nil || len(s.shapes) >= shapesKept {
			s.shapes = make(map[shape]*grounds)
		}
		s.shapes[of] = p
	}
	return p.on(text), true
}

// nameless says that a text neither makes nor uses a prepared statement or a cursor:
// what these names stand for is noted when a text is judged.
func nameless(facts *statement.Facts) bool {
	for i := range facts.Statements {
		if st := &facts.Statements[i]; st.Prepared != nil || st.Cursor != nil {
			return false
		}
	}
	return true
}

// ground makes the decision on a text of a shape that is new.
func (j *judge) ground(s *standing, text []byte, facts *statement.Facts, err error, state *session.State, fresh bool) (*grounds, bool) {
	p := &grounds{standing: s, changes: s.changes, cacheable: true, revision: s.rules.Revision}
	d := &p.decision
	*d = session.Decision{
		Action:     string(policy.Allow),
		RecordText: !s.rules.Recording.OmitStatements, RecordParameters: !s.rules.Recording.OmitParameters,
	}
	if err != nil {
		refuse(d, unread(text, err))
		d.Rule = "built-in/unreadable"
		p.cacheable = transient(err) == nil
		return p, true
	}
	lacks := !fresh && j.lacks(s, facts)
	if lacks && !s.lenient() {
		return nil, false
	}
	if fresh {
		j.learn(s, facts)
	}
	state = within(state, facts)
	asked := j.session
	asked.InTransaction = state.Tx == wire.TxActive
	asked.ReadOnly = !state.Writes
	q := policy.Request{
		Facts: j.own.meant(s.snapshot, facts, fresh && !s.former), Text: string(text), Session: asked, Now: j.moment(), Prepared: state.Prepared,
	}
	if q.Catalog, err = j.own.defined.extended(s.catalog, facts, state.Prepared); err != nil {
		q.Catalog, q.Unseen = s.catalog, "may lead to what this transaction has defined, which weir does not follow ("+err.Error()+")"
	}
	if lacks || !fresh && j.unsure(s, q.Facts, state) {
		var ok bool
		if p.verdict, ok = j.worst(s, q); !ok {
			return nil, false
		}
	} else {
		p.verdict = s.rules.Judge(q)
	}
	if s.snapshot != nil && j.own.doubtful(s.snapshot, facts) {
		if !fresh && p.verdict.Refused() {
			return nil, false // not so where nobody has it
		}
		p.confirmed = time.Now() // another moment, and somebody has it
	}
	j.escalate(p, text)
	v := &p.verdict
	d.Action, d.Policy, d.Rule, d.Reason = string(v.Action), v.Policy, v.Rule, v.Reason
	d.WithholdRows = v.Withholds
	p.cacheable = v.Cacheable && !slices.ContainsFunc(v.Limits, func(l policy.Bounded) bool { return l.Approval != nil }) && !p.escalated
	for _, f := range v.Warnings {
		p.warnings = append(p.warnings, f.String())
		d.Notices = append(d.Notices, diagnostic.Warned(f.String()))
	}
	for _, f := range v.Audited {
		p.audited = append(p.audited, f.String())
	}
	switch v.Action {
	case policy.Deny:
		refuse(d, guardRefusal(v))
		if name := j.nowhere(s, facts, fresh); name != "" {
			d.Denial = diagnostic.NoSuchFunction(name)
		}
	case policy.RequireApproval:
		d.Approval = v
		d.Terms, p.meaning = j.terms(s, v, facts)
	}
	d.Statements = make([]session.Plan, len(facts.Statements))
	for i := range facts.Statements {
		st := &facts.Statements[i]
		plan := &d.Statements[i]
		plan.Statement = st
		follow(d, plan, st, state)
		plan.Limits = limits(v, i)
	}
	if d.Denial == nil && !j.mask(s, d, p, facts, state, fresh) {
		return nil, false
	}
	return p, true
}

// limits are those of one statement of a text.
func limits(v *policy.Verdict, place int) []session.Limit {
	var all []session.Limit
	for i := range v.Limits {
		if l := &v.Limits[i]; l.Statement == place {
			limit := session.Limit{Rows: l.Rows, Bytes: l.Bytes, Rule: l.Name(), Message: l.Message,
				Result: l.Result, Warn: l.Action == policy.Warn, Audit: l.Audit}
			if c := l.Count; c != nil {
				limit.Count = &session.Count{Inserted: c.Inserted, Updated: c.Updated, Deleted: c.Deleted, Changes: c.Changes}
				if len(c.Tables) > 0 {
					limit.Count.Table = c.Counts
				}
			}
			if l.Approval != nil {
				limit.Approval = "approval " + l.Approval.Name + ", which can be given by " + l.Approval.Who()
			}
			all = append(all, limit)
		}
	}
	return all
}

// within is the state as the statements of a text see it: what one of them
// prepares, a later one can execute.
func within(state *session.State, facts *statement.Facts) *session.State {
	for i := range facts.Statements {
		if makes(&facts.Statements[i]) {
			return preparing(state, facts)
		}
	}
	return state
}

// makes says that a statement is a PREPARE.
func makes(st *statement.Statement) bool {
	return st.Prepared != nil && st.Prepared.What == "Prepare" && st.Prepared.Body != nil
}

// preparing is within, of a text with a PREPARE. A name that may stand for more
// than one thing in the course of the text is not known.
func preparing(state *session.State, facts *statement.Facts) *session.State {
	made := make(map[string]*statement.Statement)
	ambiguous := &statement.Statement{}
	for i := range facts.Statements {
		if !makes(&facts.Statements[i]) {
			continue
		}
		p := facts.Statements[i].Prepared
		if made[p.Name] != nil || state.Prepared(p.Name) != nil {
			made[p.Name] = ambiguous
			continue
		}
		made[p.Name] = p.Body
	}
	inner := *state
	inner.Prepared = func(name string) *statement.Statement {
		switch st := made[name]; st {
		case nil:
			return state.Prepared(name)
		case ambiguous:
			return nil
		default:
			return st
		}
	}
	return &inner
}

// follow notes what a statement does to the session and the schema.
func follow(d *session.Decision, plan *session.Plan, st *statement.Statement, state *session.State) {
	if len(st.Settings) > 0 {
		d.Settles = true
	}
	if st.Prepared != nil {
		if st.Prepared.What == "Execute" {
			if plan.Executes = state.Prepared(st.Prepared.Name); plan.Executes != nil && len(plan.Executes.Settings) > 0 {
				d.Settles = true
			}
		} else {
			d.Settles = true
		}
	}
	for _, c := range st.Commands {
		switch c {
		case statement.CommandDiscard:
			d.Settles, plan.Discards = true, true
		case statement.CommandCreate, statement.CommandAlter, statement.CommandDrop, statement.CommandImport,
			statement.CommandDo, statement.CommandCall, statement.CommandRefresh, statement.CommandReassign:
			d.Schema, d.Settles = d.Schema || !ephemeral(st), true
		case statement.CommandCommit, statement.CommandCommitPrepared:
			d.Commits = true
		}
	}
	if st.Dynamic {
		d.Schema, d.Settles = true, true
	}
}

// mask decides by the masks. It gives false when a fresh catalog is needed.
func (j *judge) mask(s *standing, d *session.Decision, p *grounds, facts *statement.Facts, state *session.State, fresh bool) bool {
	env := lineage.Env{Fresh: fresh, Known: j.knowing(s, facts), Prepared: state.Prepared, Redefines: j.redefines}
	if s.masks != nil {
		own := j.own.fork()
		env.Unsure = func(_, name string) bool { return own.cut || own.knows(name) }
		p.plans = make([]lineage.Plan, len(d.Statements))
		for i := range d.Statements {
			// The types of what COPY sends tell what is to be looked into.
			env.Outputs = len(s.rules.Detectors) > 0 && d.Statements[i].Statement.Copy != nil
			plan := s.masks.Judge(d.Statements[i].Statement, env)
			made := s.masks.Reshapes(d.Statements[i].Statement)
			d.Settles = d.Settles || len(made) > 0
			if i+1 < len(d.Statements) { // what a statement makes, the next one meets
				own.follow(d.Statements[i].Statement)
				own.inside(made)
			}
			env.Redefines = env.Redefines || s.masks.Redefines(d.Statements[i].Statement)
			if plan.Placed && !fresh && !s.relies {
				return false
			}
			p.placed = p.placed || plan.Placed && !fresh
			if plan.Placed && fresh {
				p.confirmed = time.Now()
			}
			if plan.Refused {
				if plan.Stale && !fresh {
					return false
				}
				refuse(d, maskRefusal(&plan))
				d.Policy, d.Rule, _ = strings.Cut(plan.Rule, "/")
				d.Reason = plan.Construct
				d.Approval = nil
				p.cacheable = p.cacheable && !plan.Stale
				return true
			}
			p.unplaced = p.unplaced || plan.Placed && plan.Starred && plan.Touches && !fresh
			d.Statements[i].Touches, d.Statements[i].RedactErrors = plan.Touches, plan.RedactErrors
			d.Statements[i].Rule = plan.Rule
			if plan.Rule == "" && plan.RedactErrors {
				d.Statements[i].Rule = "of this database"
			}
			p.plans[i] = plan
			if plan.Held != nil {
				j.mu.Lock()
				j.cursors.declared(d.Statements[i].Statement.Cursor.Name, plan.Held)
				j.mu.Unlock()
			}
		}
	}
	detects(s.rules, d)
	if s.audited != nil {
		env.Outputs = false
		for i := range d.Statements {
			plan := s.audited.Judge(d.Statements[i].Statement, env)
			switch {
			case plan.Refused:
				p.audited = append(p.audited, "Deny "+plan.Rule+": "+plan.Message)
			case len(plan.Masked) > 0:
				p.audited = append(p.audited, "Mask "+strings.Join(plan.Masked, ", "))
			}
		}
	}
	return true
}

// Row gives how the rows of a result are masked.
func (j *judge) Row(d *session.Decision, place int, fields []wire.Field) (*session.RowMask, error) {
	j.mu.Lock()
	s := j.standing
	j.mu.Unlock()
	var plan *lineage.Plan
	if d != nil {
		if p, ok := d.Private.(*judged); ok && (p.standing.masks != nil || len(p.standing.rules.Detections) > 0) {
			s = p.standing
			if place < len(p.plans) {
				plan = &p.plans[place]
			}
		}
	}
	if s.masks.Empty() {
		return s.detecting(nil, fields), nil
	}
	in := make([]lineage.Field, len(fields))
	for i, f := range fields {
		in[i] = lineage.Field{Name: f.Name, TableOID: f.TableOID, Column: f.Column, TypeOID: f.TypeOID, TypeMod: f.TypeMod, Format: f.Format}
	}
	if d != nil && place < len(d.Statements) {
		if st := d.Statements[place].Statement; st != nil && st.Cursor != nil && st.Cursor.What == "Fetch" {
			j.mu.Lock()
			plan = j.cursors.fetched(st, in)
			j.mu.Unlock()
		}
	}
	row, err := s.masks.Row(plan, in)
	if err != nil {
		return nil, err
	}
	var asked *statement.Statement
	if d != nil && place < len(d.Statements) {
		asked = d.Statements[place].Statement
	}
	if err := j.origins(s, asked, row.Unknown); err != nil {
		return nil, err
	}
	if len(row.Unexpected) > 0 {
		j.gateway.cfg.Logger.Warn("masked columns that the statement's text did not show", "columns", row.Unexpected)
	}
	if !row.Any() {
		return s.detecting(nil, fields), nil
	}
	m := &session.RowMask{Columns: row.Columns, Cells: make([]session.Cell, len(row.Cells))}
	for i, c := range row.Cells {
		if c != nil {
			m.Cells[i] = c
		}
	}
	return s.detecting(m, fields), nil
}

// refuse makes d a refusal.
func refuse(d *session.Decision, why *diagnostic.Diagnostic) {
	d.Action, d.Denial, d.Approval = string(policy.Deny), why, nil
	if d.Reason == "" {
		d.Reason = why.Message
	}
}

// undecided is the decision where the catalog cannot be read.
func (j *judge) undecided(text []byte, err error) *session.Decision {
	d := &session.Decision{Text: string(text), Rule: "built-in/catalog"}
	refuse(d, j.unreadable(err))
	return d
}

// unreadable makes what the client gets when the catalog cannot be read. Why is
// about weir's own login, and so for the operator, unless the error is one for
// clients already.
func (j *judge) unreadable(err error) *diagnostic.Diagnostic {
	var known *diagnostic.Diagnostic
	if errors.As(err, &known) {
		return known
	}
	if !errors.Is(err, errErrand) { // which says that it is not asked for now
		j.gateway.cfg.Logger.Warn("catalog not readable", "server", j.target.String(), "error", err)
	}
	return j.withoutCatalog(err)
}

func guardRefusal(v *policy.Verdict) *diagnostic.Diagnostic {
	return &diagnostic.Diagnostic{Severity: diagnostic.Error, Code: v.SQLState, Message: v.Message, Detail: v.Detail, Hint: v.Hint}
}

func maskRefusal(p *lineage.Plan) *diagnostic.Diagnostic {
	d := &diagnostic.Diagnostic{Severity: diagnostic.Error, Code: diagnostic.InsufficientPrivilege,
		Message: p.Message, Detail: p.Detail, Hint: p.Hint}
	if p.Missing && !p.Stale {
		d.Code = diagnostic.UndefinedColumn // a catalog that is new enough does not have it
	}
	return d
}

// transient gives the error if another try may go better.
func transient(err error) error {
	var syntax *statement.SyntaxError
	var scan *statement.ScanError
	var unsupported *statement.UnsupportedError
	if errors.As(err, &syntax) || errors.As(err, &scan) || errors.As(err, &unsupported) {
		return nil
	}
	return err
}

// unread makes the error of a text that could not be read.
func unread(text []byte, err error) *diagnostic.Diagnostic {
	var syntax *statement.SyntaxError
	var scan *statement.ScanError
	var unsupported *statement.UnsupportedError
	switch {
	case errors.As(err, &syntax):
		return diagnostic.Syntax(text, syntax.Message, syntax.Cursor)
	case errors.As(err, &scan) && !utf8.Valid(text):
		return diagnostic.InvalidUTF8(text)
	case errors.As(err, &scan):
		return diagnostic.Unscannable(scan.Error())
	case errors.As(err, &unsupported):
		return diagnostic.Unsupported(unsupported.Error())
	}
	return diagnostic.Unparsed(err)
}
