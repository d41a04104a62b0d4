package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// ParseBody gives the facts of what stands inside a function or procedure, as they
// are when it runs. definition is its CREATE FUNCTION or CREATE PROCEDURE, as
// pg_get_functiondef writes it.
//
// The statements are those of the body in no order of meaning: of one in SQL each
// statement, of one in PL/pgSQL each statement and each expression (as the SELECT
// that PL/pgSQL makes of it), and what an EXECUTE of a constant text runs. What
// expressions without a relation do is one Select, without columns. Names of
// parameters and variables stand among the others as columns without a qualifier.
// None at all means that the body does nothing. Where
// the body is in another language, does not parse, or runs text that is not
// constant, one of the statements is Dynamic: a Do with nothing else in it.
//
// Routine is the same in another form: what of it is needed to follow its values.
//
// Like Parse it calls the C parser. An error is a *SyntaxError, an
// *UnsupportedError or a *ScanError, about the definition itself.
func ParseBody(definition string) (*Facts, error) {
	tree, err := parseTree(definition)
	if err != nil {
		return nil, err
	}
	if len(tree.Stmts) != 1 || tree.Stmts[0].Stmt.GetCreateFunctionStmt() == nil {
		return nil, &UnsupportedError{"something else than the definition of one function"}
	}
	in := &interior{}
	w := walker{st: &Statement{Limit: -1}, inside: in, spent: new(int)}
	w.functionBody(tree.Stmts[0].Stmt.GetCreateFunctionStmt())
	if w.err != nil {
		return nil, w.err
	}
	facts := &Facts{Statements: in.all()}
	for _, c := range w.st.Commands { // COMMIT and ROLLBACK of PL/pgSQL
		facts.Statements = append(facts.Statements, Statement{Command: c, Commands: []Command{c}, Limit: -1})
	}
	if w.st.Dynamic {
		facts.Statements = append(facts.Statements, Statement{Command: CommandDo, Commands: []Command{CommandDo}, Limit: -1, Dynamic: true})
	}
	routine := build(tree.Stmts[0].Stmt.GetCreateFunctionStmt())
	facts.Routine = &routine
	return facts, nil
}

// interior collects the statements of a body.
type interior struct {
	statements []Statement
	// computes is all that expressions without a relation do: a body may have
	// thousands of them.
	computes *walker
}

func (in *interior) add(sub *walker) {
	st := sub.st
	if len(st.Tables) > 0 || len(st.Writes) > 0 || len(st.Commands) != 1 || st.Command != CommandSelect || len(st.Settings) > 0 ||
		st.Dynamic || st.Locking || len(st.Objects) > 0 {
		in.statements = append(in.statements, *st)
		return
	}
	// Without a relation, a column is a variable.
	st.Columns, st.Outputs, st.Trees = nil, nil, nil
	if in.computes == nil {
		in.computes = &walker{st: &Statement{Limit: -1}}
	}
	in.computes.merge(sub, "the body of a function")
}

// all gives the statements, none of which is without a command.
func (in *interior) all() []Statement {
	all := in.statements
	if in.computes != nil {
		all = append(all, *in.computes.st)
	}
	for i := range all {
		if all[i].Command == "" { // one of which no facts are known
			all[i].Command, all[i].Commands = CommandDo, []Command{CommandDo}
		}
	}
	return all
}

// functionBody reads the body alone.
func (w *walker) functionBody(s *pg_query.CreateFunctionStmt) {
	if s.SqlBody != nil {
		w.parameters(routineOf(s))
		w.sqlBody(s.SqlBody)
		w.variables = nil
		return
	}
	language, body := "", []string(nil)
	for _, n := range s.Options {
		switch o := n.GetDefElem(); o.GetDefname() {
		case "language":
			language = o.Arg.GetString_().GetSval()
		case "as":
			body = w.strings(o.Arg.GetList().GetItems())
		}
	}
	if len(body) != 1 { // an object file and a symbol, or nothing
		w.st.Dynamic = true
		return
	}
	w.body(routineOf(s), language, body[0])
}

// bodyMark stands before the definition in the text that asks a worker for the
// facts of a body: no text of SQL has it.
const bodyMark = "\x00"

// BodyText makes of a definition the text that ParseText takes for a question about
// its body.
func BodyText(definition string) string { return bodyMark + definition }

// IsBodyText says whether BodyText made a text.
func IsBodyText(text string) bool { return strings.HasPrefix(text, bodyMark) }

// ParseText is ParseShared, or ParseBody for what BodyText made.
func ParseText(text string) (*Facts, Sharing, error) {
	if definition, body := strings.CutPrefix(text, bodyMark); body {
		facts, err := ParseBody(definition)
		return facts, Sharing{}, err
	}
	return ParseShared(text)
}
