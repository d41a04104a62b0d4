package policy

import (
	"cmp"
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// Judge decides what becomes of a text. It is quick, needs no memory for a text
// that no rule matches and no condition is asked about, and may be called by several goroutines at a time.
func (r *Rules) Judge(q Request) Verdict { return r.judge(q, nil) }

func (r *Rules) judge(q Request, seen func(seeing)) Verdict {
	j := judgement{rules: r, request: &q, seen: seen,
		verdict: Verdict{Action: Allow, Revision: r.Revision, Statement: -1, Cacheable: true}}
	switch {
	case r.Refusal != "":
		return j.refuse("", "the workload's identity is not certain enough: "+r.Refusal,
			"Ask the operator of weir: an attribute of this workload that a policy selects by could not be obtained.")
	case r.observing:
		j.verdict.Observed = true
		return j.verdict
	case r.Unmatched:
		return j.refuse("", "no policy allows "+orWorkload(r.Subject)+" to use this database",
			"Ask the operator of weir for a Policy that names this workload and this database.")
	case q.Facts == nil:
		return j.refuse("", "the statement could not be read", "Send plain SQL statements.")
	}
	j.open = q.Session.InTransaction
	for i := range q.Facts.Statements {
		st := &q.Facts.Statements[i]
		j.statement(st, i)
		j.open = st.InTransaction(j.open)
	}
	return j.settle()
}

func orWorkload(subject string) string {
	if subject == "" {
		return "this workload"
	}
	return subject
}

// judgement is the work on one text.
type judgement struct {
	rules     *Rules
	request   *Request
	verdict   Verdict
	decided   *bound       // the guard that decided so far, nil for none or a built-in rule
	because   because      // why it matched
	open      bool         // a transaction is, where the statement stands that is judged
	approvals []*Approval  // all that are asked for
	seen      func(seeing) // for explanations, nil when judging
}

// because says how a guard came to match.
type because struct {
	st     *statement.Statement
	hidden string // not "": only since the statement may do this unseen, as a clause
	// uncounted says, as a clause, why a limit cannot be kept, "" if it can.
	uncounted string
	text      string // that was judged
	err       error  // the condition could not be evaluated
}

// seeing is what a guard made of a statement, for explanations.
type seeing struct {
	guard     *bound
	statement int
	prepared  bool // the statement is one that was prepared and is executed now
	matched   bool
	because   because
	misses    part // what of the match was not met, when it did not match
	condition bool // the match was met, the condition was not
	slow      bool // the match was met, the rate was not exceeded
}

// statement judges one statement, and with an EXECUTE also the one that it runs.
func (j *judgement) statement(st *statement.Statement, index int) {
	if what, hint := misreads(st); what != "" {
		j.builtIn(index, what, hint)
	}
	blind := cmp.Or(hidden(st), j.request.Unseen)
	if !executes(st) {
		j.guards(st, index, blind, nil)
		return
	}
	j.verdict.Cacheable = false // the name may stand for something else next time
	var body *statement.Statement
	if j.request.Prepared != nil {
		body = j.request.Prepared(st.Prepared.Name)
	}
	if body == nil {
		blind = "runs a prepared statement that is not known (" + keyword(st.Command) + ")"
	}
	j.guards(st, index, blind, nil)
	if body != nil {
		if what, hint := misreads(body); what != "" {
			j.builtIn(index, what, hint)
		}
		j.guards(body, index, cmp.Or(hidden(body), j.request.Unseen), st)
	}
}

// guards holds every guard against a statement. blind says what it may do more
// than its facts say; by is what runs it now, where it was prepared before.
func (j *judgement) guards(st *statement.Statement, index int, blind string, by *statement.Statement) {
	if len(j.rules.guards) == 0 {
		return
	}
	said := st // what the text says itself
	var more *reach
	if j.request.Catalog != nil {
		more = j.request.Catalog.reachOf(st)
	}
	var vars *variables // made for the first condition
	for i := range j.rules.guards {
		g := &j.rules.guards[i]
		unseen := blind
		if more != nil {
			seen := more.seenBy(g)
			if st = &seen.Statement; unseen == "" {
				unseen = seen.hidden()
			}
		}
		if unseen == "" {
			unseen = j.besides(g, st)
		}
		if !g.audit && g.Action.stops() && g.Match.quoted(st) {
			j.verdict.Withholds = true
		}
		s := seeing{guard: g, statement: index, prepared: by != nil, because: because{st: st, text: j.request.Text}}
		var count *Count
		if g.condition != nil && (vars == nil || vars.st != st) {
			vars = &variables{identity: j.rules.identity, request: j.request, st: st, open: j.open}
		}
		s.matched = j.guard(g, vars, unseen, &s)
		if s.matched && g.Limit != nil && s.because.hidden == "" {
			var seen *reach
			if more != nil {
				seen = more.seenBy(g)
			}
			count, s.because.uncounted = g.counting(said, by, seen, blind, j.request.Catalog)
		}
		if j.seen != nil {
			j.seen(s)
		}
		switch {
		case !s.matched:
		case g.Limit != nil && s.because.hidden == "" && s.because.uncounted == "":
			j.bound(g, said, index, count)
		default:
			j.found(g, index, s.because)
		}
	}
}

// guard says whether a guard matches the statement in s. What could do unseen
// what a stopping guard is about counts as if it did, and so does a condition
// that fails.
func (j *judgement) guard(g *bound, vars *variables, unseen string, s *seeing) bool {
	if !g.Action.stops() {
		unseen = ""
	}
	if s.misses = g.Match.test(s.because.st); s.misses == partNone && g.Match.LongerThan > 0 && int64(len(s.because.text)) <= g.Match.LongerThan {
		// The length is no secret: nothing hides it.
		s.misses = partLength
		return false
	}
	if s.misses == partCommands && g.bounds(s.because.st) {
		s.misses = partNone
	}
	if s.misses != partNone {
		if unseen == "" {
			return false
		}
		s.because.hidden = unseen
	}
	if s.condition = !j.condition(g, vars, unseen, s); s.condition {
		return false
	}
	if g.bucket == nil {
		return true
	}
	j.verdict.Cacheable = false
	j.verdict.buckets = append(j.verdict.buckets, g.bucket)
	s.slow = !g.bucket.exceeded(j.request.Now)
	return !s.slow
}

// condition says whether a guard's condition holds, or must be taken to.
func (j *judgement) condition(g *bound, vars *variables, unseen string, s *seeing) bool {
	c := g.condition
	if c == nil {
		return true
	}
	if c.statement && unseen != "" {
		s.because.hidden = unseen
		return true
	}
	if c.varies {
		j.verdict.Cacheable = false
	}
	holds, err := c.holds(vars)
	if err != nil {
		s.because.err = err
		return true
	}
	return holds
}

// found notes a guard that matched.
func (j *judgement) found(g *bound, index int, why because) {
	switch {
	case g.Action == Allow:
	case g.audit:
		j.verdict.Audited = note(j.verdict.Audited, g, index, why)
	case g.Action == Warn:
		j.verdict.Warnings = note(j.verdict.Warnings, g, index, why)
	}
	if g.audit {
		return
	}
	if g.Action == RequireApproval && !slices.Contains(j.approvals, g.approval) {
		j.approvals = append(j.approvals, g.approval)
	}
	if g.Action.rank() > j.verdict.Action.rank() {
		j.verdict.Action, j.verdict.Policy, j.verdict.Rule, j.verdict.Statement = g.Action, g.policy, g.Name, index
		j.decided, j.because = g, why
	}
}

// note adds a finding, once for each rule.
func note(all []Finding, g *bound, index int, why because) []Finding {
	if slices.ContainsFunc(all, func(f Finding) bool { return f.Policy == g.policy && f.Rule == g.Name }) {
		return all
	}
	return append(all, Finding{Policy: g.policy, Rule: g.Name, Action: g.Action, Statement: index,
		Reason: g.reason(why), Message: g.Message})
}

// builtIn notes a built-in refusal.
func (j *judgement) builtIn(index int, what, hint string) {
	if j.rules.Mode == Audit {
		if !slices.ContainsFunc(j.verdict.Audited, func(f Finding) bool { return f.Rule == BuiltInReader }) {
			j.verdict.Audited = append(j.verdict.Audited,
				Finding{Rule: BuiltInReader, Action: Deny, Statement: index, Reason: what})
		}
		return
	}
	if j.verdict.Action == Deny {
		return
	}
	j.decided = nil
	v := &j.verdict
	v.Action, v.Policy, v.Rule, v.Statement = Deny, "", BuiltInReader, index
	v.Reason, v.Hint = what, hint
}

// refuse makes the verdict of a text that is not looked at.
func (j *judgement) refuse(rule, what, hint string) Verdict {
	v := &j.verdict
	v.Action, v.Rule, v.Reason, v.SQLState = Deny, rule, what, SQLState
	v.Message, v.Hint = "weir refused this statement: "+what, hint
	return *v
}

// settle words the verdict.
func (j *judgement) settle() Verdict {
	v := &j.verdict
	if !v.Refused() {
		v.Policy, v.Rule, v.Statement = "", "", -1
		if len(v.Warnings) > 0 {
			w := &v.Warnings[0]
			v.Action, v.Policy, v.Rule, v.Statement, v.Reason = Warn, w.Policy, w.Rule, w.Statement, w.Reason
		}
		return *v
	}
	if v.Action == RequireApproval {
		j.joinApprovals()
	}
	v.SQLState = SQLState
	j.word()
	return *v
}

// joinApprovals makes one approval of all that rules ask for: the people who may
// decide each of them, and the shortest times.
func (j *judgement) joinApprovals() {
	joined := *j.approvals[0]
	for _, a := range j.approvals[1:] {
		if !joined.join(a) {
			j.verdict.Action = Deny
			j.verdict.Reason = "it needs the approvals " + joined.Name + " and " + a.Name +
				", which no one may give both, and more than one approver is not available in this version"
			return
		}
	}
	j.verdict.Approval = &joined
}

// join narrows an approval to those who may decide another one too. It is false
// when nobody is left.
func (a *Approval) join(b *Approval) bool {
	if b.Wait < a.Wait {
		a.Wait = b.Wait
	}
	if b.Expires < a.Expires {
		a.Expires = b.Expires
	}
	switch {
	case b.Any:
		return true
	case a.Any:
		a.Any, a.Name, a.Users, a.Groups = false, b.Name, b.Users, b.Groups
		return true
	}
	both := func(x, y []string) []string {
		var all []string
		for _, s := range x {
			if slices.Contains(y, s) {
				all = append(all, s)
			}
		}
		return all
	}
	a.Users, a.Groups = both(a.Users, b.Users), both(a.Groups, b.Groups)
	return len(a.Users)+len(a.Groups) > 0
}
