package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// Judge says whether a statement may run, and what must be done with its result.
//
// An unqualified name counts as every relation of that name, so that neither the
// search path nor a temporary table turns a mask away.
func (m *Masks) Judge(st *statement.Statement, env Env) Plan {
	if m.Empty() {
		return Plan{}
	}
	if p := st.Prepared; p != nil {
		return m.judgePrepared(st, p, env)
	}
	if c := st.Cursor; c != nil {
		return m.judgeCursor(st, c, env)
	}
	return m.judge(st, env, "")
}

// judgePrepared judges PREPARE by what it prepares, and EXECUTE by what was
// prepared: the masks may have changed since.
func (m *Masks) judgePrepared(st *statement.Statement, p *statement.Prepared, env Env) Plan {
	plan := m.judge(st, env, "")
	if plan.Refused {
		return plan
	}
	body := p.Body
	switch p.What {
	case "Execute":
		// What it returns is whatever was prepared under that name.
		plan.Touches, plan.RedactErrors = true, true
		if body == nil && env.Prepared != nil {
			body = env.Prepared(p.Name)
		}
	case "Prepare":
		if body == nil {
			return refusal("PREPARE", "", builtInRule, "the prepared statement could not be read",
				"Masks apply to this database, and what is prepared must be understood before it may run.",
				"Run the statement without preparing it.")
		}
	default:
		return plan
	}
	kept := ""
	if slices.Contains(st.Commands, statement.CommandCreate) {
		kept = "CREATE TABLE AS"
	}
	if body == nil || body.Prepared != nil {
		if kept != "" {
			return refusal(kept+" EXECUTE", "", builtInRule, "what "+kept+" EXECUTE would copy is not known",
				"Masks apply to this database, and a copy of a masked column would be without its mask.",
				"Use "+kept+" with the query itself.")
		}
		return plan
	}
	inner := m.judge(body, env, kept)
	if inner.Refused {
		return inner
	}
	plan.takes(inner)
	if p.What == "Prepare" || st.Command == statement.CommandExplain {
		plan.later()
	}
	return plan
}

// judgeCursor judges DECLARE by its query. What FETCH returns carries the origins
// of its columns like any result, and goes by these.
func (m *Masks) judgeCursor(st *statement.Statement, c *statement.Cursor, env Env) Plan {
	plan := m.judge(st, env, "")
	switch {
	case plan.Refused:
		return plan
	case c.What == "Fetch" || c.What == "Move":
		plan.Touches, plan.RedactErrors = true, true
	case c.What == "Declare":
		if c.Body == nil {
			return refusal("DECLARE", "", builtInRule, "the cursor's query could not be read",
				"Masks apply to this database, and a cursor's query must be understood before it may run.",
				"Run the query without a cursor.")
		}
		env.lasting = true
		inner := m.judge(c.Body, env, "")
		if inner.Refused {
			return inner
		}
		plan.RedactErrors = plan.RedactErrors || inner.RedactErrors
		plan.later()
		plan.Held = &inner
	}
	return plan
}

// judgement is the work on one statement.
type judgement struct {
	*Masks
	st     *statement.Statement
	env    Env
	kept   string // where outputs go that do not go to the client, "" if they do
	tables []table
	plan   Plan
	// calls: it calls functions that read masked columns and that are followed.
	calls  bool
	traced map[statement.Function]struct{} // the calls that are followed, nil until they are looked for
	above  []*catalog.Function             // where it stands in a function's body: that one and those that lead to it
}

// table is a relation that the statement names and that has masked columns.
type table struct {
	*statement.Table
	relation *relation
}

// refname is the name by which the statement's expressions refer to it.
func (t *table) refname() string {
	if t.Alias != "" {
		return t.Alias
	}
	return t.Name
}

func (m *Masks) judge(st *statement.Statement, env Env, kept string) Plan {
	j := m.judgement(st, env)
	j.kept = kept
	if c := st.Copy; c != nil && c.Query && !toClient(st) {
		j.kept = copyQuery
	}
	for _, step := range []func() bool{j.dynamic, j.functions, j.attributes, j.operators, j.rewritten, j.besides, j.system, j.outside, j.toast, j.unknown, j.definition, j.ordering, j.listening, j.copying, j.caught} {
		if !step() {
			return j.plan
		}
	}
	switch {
	case st.Untraced:
		for _, step := range []func() bool{j.opaque, j.renamed, j.columns} {
			if !step() {
				return j.plan
			}
		}
	case j.near() || env.Outputs:
		if !j.trace() {
			return j.plan
		}
	}
	if !j.copied() {
		return j.plan
	}
	j.result()
	return j.plan
}

// judgement starts one.
func (m *Masks) judgement(st *statement.Statement, env Env) *judgement {
	j := &judgement{Masks: m, st: st, env: env}
	for i := range st.Tables {
		t := &st.Tables[i]
		for _, r := range m.names[t.Name] {
			if t.Schema == "" || t.Schema == r.Schema {
				j.tables = append(j.tables, table{t, r})
			}
		}
	}
	return j
}

// near says whether masked columns are near: whether the statement names a relation that
// has some, or calls a function which reads some.
func (j *judgement) near() bool { return j.calls || len(j.tables) > 0 }

// result says what is to be done with the answer of a statement that may run.
func (j *judgement) result() {
	if j.near() {
		j.plan.RedactErrors = true
	}
	if slices.Contains(j.st.Commands, statement.CommandCommit) || slices.Contains(j.st.Commands, statement.CommandCall) ||
		(j.st.Command == statement.CommandSet && len(j.st.Settings) == 0) || j.st.Command == statement.CommandPrepareTransaction {
		j.plan.RedactErrors = true // deferred constraints are checked here, and their errors hold keys
	}
	for _, w := range j.st.Writes {
		for _, r := range j.snapshot.Named(w.Schema, w.Table) {
			j.plan.RedactErrors = j.plan.RedactErrors || j.fires(r, w.Command)
			j.plan.Touches = j.plan.Touches || r.Rules // a rule may return other rows
		}
	}
}

func refusal(construct, column, rule, message, detail, hint string) Plan {
	return Plan{
		Refused: true, Construct: construct, Column: column, Rule: rule,
		Message: message, Detail: detail, Hint: hint, RedactErrors: true,
	}
}

// refuse ends the judgement.
func (j *judgement) refuse(construct, column, rule, message, detail, hint string) bool {
	j.plan = refusal(construct, column, rule, message, detail, hint)
	return false
}
