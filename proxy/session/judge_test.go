package session_test

import (
	"strings"

	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// modelJudge decides texts of the small PostgreSQL's language as the policy would:
// bad is refused, del needs an approval, intx must stand in a transaction, sec and
// exp concern masked columns.
type modelJudge struct {
	ask      bool // decisions are not at hand
	observes bool
}

// modelPlan is the Private of the decisions.
type modelPlan struct {
	uncacheable bool
	expect      []bool // by statement: a column without origin is masked
}

var modelCommands = map[string]statement.Command{
	"begin": statement.CommandBegin, "commit": statement.CommandCommit, "rollback": statement.CommandRollback,
	"rollbackto": statement.CommandRollbackTo, "savepoint": statement.CommandSavepoint,
	"sel": statement.CommandSelect, "many": statement.CommandSelect, "sec": statement.CommandSelect, "exp": statement.CommandSelect,
	"ins": statement.CommandInsert, "del": statement.CommandDelete, "intx": statement.CommandSelect, "bad": statement.CommandDelete,
	"err": statement.CommandSelect, "errsec": statement.CommandSelect, "deferr": statement.CommandUpdate,
}

func facts(s sentence) *statement.Statement {
	st := &statement.Statement{Command: modelCommands[s.verb], Opaque: []string{s.verb}}
	body := func() *statement.Statement {
		all := readSentences(s.rest)
		if len(all) == 0 {
			return nil
		}
		return facts(all[0])
	}
	switch s.verb {
	case "prepare":
		st.Prepared = &statement.Prepared{Name: s.name, What: "Prepare", Body: body()}
	case "execute":
		st.Prepared = &statement.Prepared{Name: s.name, What: "Execute"}
	case "deallocate":
		st.Prepared = &statement.Prepared{Name: strings.TrimSuffix(s.name, "all"), What: "Deallocate"}
	case "discard":
		st.Prepared = &statement.Prepared{What: "Deallocate"}
		st.Cursor = &statement.Cursor{What: "Close"}
	case "declare":
		st.Cursor = &statement.Cursor{Name: s.name, What: "Declare", Body: body()}
	case "fetch":
		st.Cursor = &statement.Cursor{Name: s.name, What: "Fetch"}
	case "close":
		st.Cursor = &statement.Cursor{Name: strings.TrimSuffix(s.name, "all"), What: "Close"}
	case "copyin":
		st.Copy = &statement.Copy{From: true, Target: "Client"}
	}
	return st
}

func (j *modelJudge) decision(text string, state *session.State) *session.Decision {
	d := &session.Decision{Text: text, Action: "Allow"}
	if j.observes {
		d.Private = &modelPlan{}
		return d
	}
	p := &modelPlan{}
	d.Private = p
	all := readSentences(text)
	d.Statements, p.expect = make([]session.Plan, len(all)), make([]bool, len(all))
	for i, s := range all {
		plan := &d.Statements[i]
		plan.Statement = facts(s)
		judged := plan.Statement
		switch s.verb {
		case "execute":
			p.uncacheable = true
			plan.Executes = state.Prepared(s.name)
			plan.Touches, plan.RedactErrors = true, true
			if judged = plan.Executes; judged == nil {
				continue
			}
		case "prepare":
			d.Settles = true
			judged = judged.Prepared.Body
		case "declare":
			if judged = judged.Cursor.Body; judged.Opaque[0] == "exp" {
				d.Denial = denial
			}
		case "fetch":
			plan.Touches, plan.RedactErrors = true, true
		case "deallocate", "discard", "set":
			d.Settles = true
		case "commit":
			plan.RedactErrors = true
		}
		verb := judged.Opaque[0]
		returns := s.verb != "prepare" && s.verb != "declare"
		switch verb {
		case "bad":
			d.Denial = denial
		case "del":
			d.Approval = text
		case "intx":
			p.uncacheable = true
			if state.Tx != 'T' {
				d.Denial = denial
			}
		case "sec", "exp", "errsec", "deferr":
			plan.RedactErrors = true
			plan.Touches = plan.Touches || (returns && (verb == "sec" || verb == "exp"))
			p.expect[i] = returns && verb == "exp"
		}
	}
	return d
}

func (j *modelJudge) Decide(text []byte, state *session.State) (*session.Decision, bool) {
	if j.ask {
		return nil, false
	}
	return j.decision(string(text), state), true
}

func (j *modelJudge) Current(d *session.Decision, _ uint64) bool {
	return !d.Private.(*modelPlan).uncacheable
}
func (j *modelJudge) Outdated() bool { return false }
func (j *modelJudge) LetGo()         {}
func (j *modelJudge) Observes() bool { return j.observes }
func (j *modelJudge) Masks() bool    { return !j.observes }

func (j *modelJudge) Row(d *session.Decision, place int, fields []wire.Field) (*session.RowMask, error) {
	m := &session.RowMask{Cells: make([]session.Cell, len(fields))}
	for i, f := range fields {
		expected := false
		if d != nil {
			p := d.Private.(*modelPlan)
			expected = place < len(p.expect) && p.expect[place]
		}
		if (f.TableOID != 0 && f.Column == 2) || (f.TableOID == 0 && expected) {
			m.Cells[i] = stars{}
		}
	}
	return m, nil
}
