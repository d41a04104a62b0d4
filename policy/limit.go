package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
)

// Limit bounds what one statement may return or change. A guard with a limit
// lets the statements that it matches begin; its action is for those that pass
// the limit. 0 is no bound.
type Limit struct {
	// Rows are those of the result, or those that the statement changes.
	Rows int64 `json:"rows,omitempty"`
	// Bytes are those of the result's values.
	Bytes int64 `json:"bytes,omitempty"`
	// Result: Rows are those of the result only, also of a statement that changes
	// some.
	Result bool `json:"result,omitempty"`
}

// Bounded is a limit that a statement must keep to.
type Bounded struct {
	Limit
	Policy    string `json:"policy"`
	Rule      string `json:"rule"`
	Action    Action `json:"action"` // what becomes of a statement that passes it
	Statement int    `json:"statement"`
	Message   string `json:"message,omitempty"` // the rule's own
	Audit     bool   `json:"audit,omitempty"`   // the policy only tells what it would have done
	// Approval is what RequireApproval needs, nil otherwise.
	Approval *Approval `json:"approval,omitempty"`
	// Count says that the server's counters are asked for the rows that the statement
	// changes; nil where what it reports at the end tells them.
	Count *Count `json:"count,omitempty"`
}

// Name gives policy/rule.
func (b *Bounded) Name() string { return ruleName(b.Policy, b.Rule) }

func (r *reader) limit(g *Guard, m *mapping) {
	n := m.get("limit")
	if n == nil {
		return
	}
	k := r.mapping(n, "limit")
	rows, bytes := k.get("rows"), k.get("bytes")
	g.Limit = &Limit{}
	if of := k.get("of"); of != nil {
		_, g.Limit.Result = r.choice(of, "of", "Result")
	}
	k.close()
	if v, ok := r.integer(rows, "rows", 1, math.MaxInt64); ok {
		g.Limit.Rows = v
	}
	if v, ok := r.size(bytes, "bytes", 1); ok {
		g.Limit.Bytes = v
	}
	if rows == nil && bytes == nil && !k.broken {
		r.report(n, "write limit: {rows: 1000}, {bytes: 16Mi} or both", "limit names neither rows nor bytes")
	}
	if g.Action == Allow {
		r.report(n, "use Deny, RequireApproval or Warn", "limit has no effect with action Allow")
	}
	if m.has("rate") {
		r.report(n, "make two guards of it", "limit and rate cannot stand in one guard")
	}
	if len(g.Match.Commands) > 0 && !slices.ContainsFunc(g.Match.Commands, bounded) {
		r.report(n, "limit is about commands that return or change rows: Select, Insert, Update, Delete, Merge, Copy, Execute, Declare, Fetch, Show, Explain",
			"a limit can never be passed by %s", alternatives(keywords(g.Match.Commands)))
	}
}

// bounded says whether a command can return or change rows.
func bounded(c statement.Command) bool {
	switch c {
	case statement.CommandSelect, statement.CommandInsert, statement.CommandUpdate, statement.CommandDelete,
		statement.CommandMerge, statement.CommandCopy, statement.CommandExecute, statement.CommandDeclare,
		statement.CommandFetch, statement.CommandShow, statement.CommandExplain:
		return true
	}
	return false
}

// passable says whether a statement could pass a limit.
func (l *Limit) passable(st *statement.Statement) bool {
	switch st.Command {
	case statement.CommandInsert, statement.CommandUpdate, statement.CommandDelete, statement.CommandMerge:
		return len(st.Outputs) > 0 || (l.Rows > 0 && !l.Result)
	case statement.CommandCopy:
		return st.Copy == nil || !st.Copy.From || (l.Rows > 0 && !l.Result)
	}
	return bounded(st.Command)
}

// bounds says that a limit on the result of queries is one on a FETCH, whose cursor may
// have been opened where that was not seen.
func (g *bound) bounds(st *statement.Statement) bool {
	if g.Limit == nil || st.Command != statement.CommandFetch || !slices.Contains(g.Match.Commands, statement.CommandSelect) {
		return false
	}
	rest := g.Match
	rest.Commands = nil
	return rest.test(st) == partNone
}

// bound notes a limit that a statement must keep to, once for each rule.
func (j *judgement) bound(g *bound, st *statement.Statement, index int, count *Count) {
	limit := *g.Limit
	if count == nil && len(st.Writes) > 0 && len(g.Match.Commands) > 0 && !slices.Contains(g.Match.Commands, st.Command) {
		limit.Result = true // it is about another part of the statement than the one whose rows are counted
	}
	if count == nil && !limit.passable(st) {
		return
	}
	for i := range j.verdict.Limits {
		if l := &j.verdict.Limits[i]; l.Statement == index && l.Policy == g.policy && l.Rule == g.Name {
			if count != nil { // of what an EXECUTE runs, which was noted itself
				l.Count, l.Result = count, false
			}
			return
		}
	}
	j.verdict.Limits = append(j.verdict.Limits, Bounded{Limit: limit, Policy: g.policy, Rule: g.Name,
		Action: g.Action, Statement: index, Message: g.Message, Audit: g.audit, Approval: g.approval, Count: count})
}

// Escalate gives the verdict on a text that is known to pass a limit whose action
// is RequireApproval: it needs the approval before it runs, and then has no such
// limit.
func (v Verdict) Escalate(l *Bounded) Verdict {
	v.Limits = slices.DeleteFunc(slices.Clone(v.Limits), func(o Bounded) bool { return o.Policy == l.Policy && o.Rule == l.Rule })
	if v.Action == Deny || l.Approval == nil {
		return v
	}
	approval := *l.Approval
	if v.Action == RequireApproval && !approval.join(v.Approval) {
		v.Action, v.Approval = Deny, nil
		v.Reason = "it needs two approvals, which no one may give both"
		v.Message, v.Hint = "weir refused this statement by rule "+l.Name()+": "+v.Reason, "Ask whoever is responsible for policy "+l.Policy+"."
		return v
	}
	v.Action, v.Policy, v.Rule, v.Statement, v.SQLState, v.Approval = RequireApproval, l.Policy, l.Rule, l.Statement, SQLState, &approval
	v.Reason = "it has passed the rule's limit of " + l.String() + " before"
	said := v.Reason
	if l.Message != "" {
		said = l.Message
	}
	v.Message = fmt.Sprintf("this statement needs approval %q by rule %s: %s", approval.Name, l.Name(), said)
	v.Detail, v.Hint = "", fmt.Sprintf("It can be approved by %s.", approval.Who())
	return v
}

// concerns says whether one of the writes that a text names is of a command that the
// guard is about. Others may lead to such writes, as triggers do.
func (g *bound) concerns(st *statement.Statement) bool {
	return len(g.Match.Commands) == 0 || slices.ContainsFunc(st.Writes, func(w statement.Write) bool {
		return slices.Contains(g.Match.Commands, w.Command) || w.Command == statement.CommandMerge
	}) || !slices.ContainsFunc(g.Match.Commands, writesRows)
}

// writesRows says whether a command changes rows that a text may name.
func writesRows(c statement.Command) bool {
	switch c {
	case statement.CommandInsert, statement.CommandUpdate, statement.CommandDelete, statement.CommandMerge:
		return true
	}
	return false
}

// uncounted says, as a clause, why the server does not report the rows that a
// statement changes: it does those of the outermost command only. "" when it does,
// or when the statement changes none itself. by is what runs it, where it was prepared.
func (l *Limit) uncounted(st, by *statement.Statement) string {
	if len(st.Writes) == 0 || l.Result || l.Rows == 0 || st.Planned {
		return ""
	}
	if by != nil && by.Command != statement.CommandExecute {
		if by.Planned {
			return ""
		}
		return "changes rows inside " + article(by.Command) + ", which the server does not report"
	}
	switch st.Command {
	case statement.CommandPrepare, statement.CommandDeclare:
		return "" // runs nothing of it now
	case statement.CommandCreate:
		if !filled(st) {
			return ""
		}
	case statement.CommandMerge:
		return ""
	case statement.CommandInsert:
		// ON CONFLICT DO UPDATE is listed besides and counted with it.
		first := &st.Writes[0]
		if !slices.ContainsFunc(st.Writes, func(w statement.Write) bool { return w.Schema != first.Schema || w.Table != first.Table }) && !inside(st) {
			return ""
		}
	case statement.CommandUpdate, statement.CommandDelete:
		if len(st.Writes) == 1 {
			return ""
		}
	}
	return "changes rows inside " + article(st.Command) + ", which the server does not report"
}

// uncountedInside is uncounted for what the functions change that a statement calls.
// What triggers, rules and cascading keys change is held against a write's limit only
// where nothing bounds it, and where it is not known.
func (g *bound) uncountedInside(r *reach) string {
	if g.Limit.Result || g.Limit.Rows == 0 || r.effects == nil && len(r.calls) == 0 {
		return ""
	}
	effects := r.effects
	if effects == nil {
		effects = &catalog.Effects{}
	}
	concerned := func(e *catalog.Effects) bool {
		return e != nil && slices.ContainsFunc(e.Writes, func(w catalog.Change) bool {
			return len(g.Match.Commands) == 0 || slices.Contains(g.Match.Commands, w.Command)
		})
	}
	const what = "changes rows inside a function, where the server does not count them"
	called := func() bool {
		return slices.ContainsFunc(r.said.Functions, func(f statement.Function) bool {
			e, _ := r.catalog.snapshot.OfCall(f.Schema, f.Name, f.Arguments)
			return concerned(e) && !g.trustsCall(f)
		}) || slices.ContainsFunc(r.said.Operators, func(o statement.Operator) bool {
			return concerned(r.catalog.snapshot.OfOperator(o.Schema, o.Name))
		})
	}
	if r.Planned {
		if called() {
			return what // as planning may do
		}
		return ""
	}
	if len(r.said.Writes) == 0 && (r.said.Copy == nil || !r.said.Copy.From) {
		switch {
		case r.runsNothing():
			if r.defines() && concerned(r.catalog.snapshot.OfDefinition()) {
				return "leads to a change of rows by an event trigger, where the server does not count them"
			}
			return ""
		case concerned(effects):
			return what
		case r.hidden() != "":
			return r.hidden() + ", so that rows may change where the server does not count them"
		}
		return ""
	}
	if what := r.hidden(); what != "" {
		return what + ", so that rows may change where the server does not count them"
	}
	if slices.ContainsFunc(effects.Writes, func(w catalog.Change) bool {
		return w.Where != statement.WherePresent && w.Command != statement.CommandInsert && w.Command != statement.CommandCopy &&
			(len(g.Match.Commands) == 0 || slices.Contains(g.Match.Commands, w.Command))
	}) {
		return "leads to a change of all rows of a table by a trigger or rule, where the server does not count them"
	}
	if called() {
		return what
	}
	return ""
}

// runsNothing says whether a statement only keeps for later what it holds.
func (r *reach) runsNothing() bool {
	switch r.said.Command {
	case statement.CommandCreate:
		return !filled(r.said) && !r.evaluates()
	case statement.CommandAlter:
		return !r.evaluates()
	case statement.CommandPrepare, statement.CommandDrop, statement.CommandComment, statement.CommandGrant, statement.CommandRevoke:
		return true
	}
	return false
}

// evaluates says whether a definition evaluates expressions over rows that are there: a
// new column's default, a check, an index, a conversion.
func (r *reach) evaluates() bool {
	return slices.ContainsFunc(r.said.Objects, func(o statement.Object) bool {
		switch o.Kind {
		case statement.KindTable, statement.KindColumn, statement.KindConstraint, statement.KindDomain:
			return o.Command == statement.CommandAlter
		case statement.KindIndex:
			return o.Command == statement.CommandCreate
		}
		return false
	})
}

// defines says whether a statement changes the schema, so that event triggers may fire.
func (r *reach) defines() bool { return slices.ContainsFunc(r.Commands, catalog.Defines) }

// filled says whether a definition runs a query to fill what it makes: CREATE TABLE AS,
// SELECT INTO, CREATE MATERIALIZED VIEW.
func filled(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Objects, func(o statement.Object) bool {
		return o.Command == statement.CommandCreate && (o.Kind == statement.KindTable || o.Kind == statement.KindMaterializedView)
	}) && (slices.Contains(st.Commands, statement.CommandSelect) || slices.Contains(st.Commands, statement.CommandExecute))
}

// emptied says, as a clause, that a statement removes rows which the server does not
// count. What the catalog does not know is the session's own.
func (g *bound) emptied(st *statement.Statement, c *Catalog) string {
	if g.Limit.Result || g.Limit.Rows == 0 || len(g.Match.Commands) > 0 || !slices.Contains(st.Commands, statement.CommandTruncate) {
		return ""
	}
	if c != nil && !slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return c.snapshot.Known(t.Schema, t.Name) }) {
		return ""
	}
	return "has TRUNCATE, whose rows the server does not count"
}

// trustsCall says whether a policy trusts the function that a text calls.
func (g *bound) trustsCall(f statement.Function) bool {
	return slices.ContainsFunc(g.trusted, func(n pattern.Name) bool { return tableMatches(&n, 0, f.Schema, f.Name) })
}

// inside says whether an INSERT has another one in it.
func inside(st *statement.Statement) bool {
	inserts := 0
	for i := range st.Writes {
		if st.Writes[i].Command == statement.CommandInsert {
			inserts++
		}
	}
	return inserts > 1
}

// keywords gives commands as SQL writes them.
func keywords(commands []statement.Command) []string {
	words := make([]string, len(commands))
	for i, c := range commands {
		words[i] = keyword(c)
	}
	return words
}

// size reads a number of bytes: 4096, 64Ki, 16Mi, 1Gi.
func (r *reader) size(n *yaml.Node, what string, least int64) (int64, bool) {
	if n == nil {
		return 0, false
	}
	text, unit := n.Value, int64(1)
	for i, suffix := range []string{"Ki", "Mi", "Gi", "Ti"} {
		if digits, found := strings.CutSuffix(text, suffix); found {
			text, unit = digits, int64(1)<<(10*(i+1))
			break
		}
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil || strings.HasPrefix(text, "+") {
		r.report(n, "write a number of bytes: 4096, 64Ki, 16Mi, 1Gi", "%s: %q is not a size", what, shorten(n.Value))
		return 0, false
	}
	if v < 0 || v > math.MaxInt64/unit || v*unit < least {
		r.report(n, "", "%s must be from %d to %d, not %s", what, least, int64(math.MaxInt64), shorten(n.Value))
		return 0, false
	}
	return v * unit, true
}

// String gives "1000 rows and 16777216 bytes".
func (l *Limit) String() string {
	var parts []string
	if l.Rows > 0 {
		parts = append(parts, strconv.FormatInt(l.Rows, 10)+" rows")
	}
	if l.Bytes > 0 {
		parts = append(parts, strconv.FormatInt(l.Bytes, 10)+" bytes")
	}
	return strings.Join(parts, " and ")
}
