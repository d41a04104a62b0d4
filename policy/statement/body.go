package statement

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// How deep texts stand in texts: a DO in a function's body in a DO.
const deepestText = 4

// foreignText reads a text of SQL that the statement holds as a string. It
// reports false where the text does not parse.
func (w *walker) foreignText(text string) bool {
	if w.bodies >= deepestText {
		return false
	}
	if Scan(text, DefaultLimits()) != nil {
		return false
	}
	tree, err := parseTree(text)
	if err != nil {
		return false
	}
	for _, raw := range tree.Stmts {
		start, end := bounds(text, raw)
		sub := w.fork()
		sub.bodies++
		sub.text, sub.constants = text[start:end], nil // of another tree
		sub.statement(raw.Stmt)
		w.absorb(sub)
	}
	return true
}

// absorb merges what stands in a body. A body that cannot be followed is dynamic;
// it does not make the statement itself one that is not understood.
func (w *walker) absorb(sub *walker) {
	var unknown *UnsupportedError
	if errors.As(sub.err, &unknown) {
		sub.err = nil
		sub.st.Dynamic = true
	}
	w.merge(sub, "the body of a function")
	if sub.st.Copy != nil {
		w.st.Copy = sub.st.Copy
	}
	if p := sub.st.Prepared; p != nil && p.What == "Execute" {
		w.st.Dynamic = true
	}
}

func (w *walker) do(s *pg_query.DoStmt) {
	w.command(CommandDo)
	language, body := "plpgsql", ""
	for _, n := range s.Args {
		switch o := n.GetDefElem(); o.GetDefname() {
		case "language":
			language = strings.ToLower(o.Arg.GetString_().GetSval())
		case "as":
			body = o.Arg.GetString_().GetSval()
		}
	}
	w.body(language, body)
}

func (w *walker) createFunction(s *pg_query.CreateFunctionStmt) {
	w.command(CommandCreate)
	for _, n := range s.Parameters {
		w.typeName(n.GetFunctionParameter().GetArgType())
		w.expression(n.GetFunctionParameter().GetDefexpr(), UseDerived, "a parameter's default")
	}
	w.typeName(s.ReturnType)
	for _, n := range s.Options {
		if o := n.GetDefElem(); o != nil {
			w.namedBy(o)
		}
	}
	if s.SqlBody != nil {
		w.sqlBody(s.SqlBody)
		return
	}
	language, body := "", []string(nil)
	for _, n := range s.Options {
		switch o := n.GetDefElem(); o.GetDefname() {
		case "language":
			language = strings.ToLower(o.Arg.GetString_().GetSval())
		case "as":
			body = w.strings(o.Arg.GetList().GetItems())
		}
	}
	if len(body) != 1 { // an object file and a symbol, or nothing
		w.st.Dynamic = true
		return
	}
	w.body(language, body[0])
}

// sqlBody reads RETURN expression or BEGIN ATOMIC ... END.
func (w *walker) sqlBody(n *pg_query.Node) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_ReturnStmt:
		w.expression(v.ReturnStmt.Returnval, UseDerived, "the body of a function")
	case *pg_query.Node_List:
		for _, item := range v.List.Items {
			w.sqlBody(item)
		}
	case nil: // BEGIN ATOMIC END, or an empty statement
	default:
		w.inside(n, "the body of a function")
	}
}

func (w *walker) body(language, text string) {
	switch language {
	case "sql":
		if !w.foreignText(text) {
			w.st.Dynamic = true
		}
	case "plpgsql":
		w.plpgsql(text)
	default:
		w.st.Dynamic = true
	}
}

// plpgsql reads a body in PL/pgSQL: every expression and statement that the
// parser finds in it. A body that it does not take, or that runs text made at
// run time, is dynamic.
func (w *walker) plpgsql(body string) {
	whole := w.whole()
	if w.bodies >= deepestText || Scan(body, DefaultLimits()) != nil || Scan(whole, DefaultLimits()) != nil {
		w.st.Dynamic = true
		return
	}
	text, err := pg_query.ParsePlPgSqlToJSON(whole)
	if err != nil {
		w.st.Dynamic = true
		return
	}
	var tree []any
	if err := json.Unmarshal([]byte(text), &tree); err != nil || len(tree) != 1 {
		w.st.Dynamic = true
		return
	}
	if !w.plpgsqlNode(tree) {
		w.st.Dynamic = true
	}
}

// plpgsqlNode walks the JSON form of the parser's tree. It reports whether it
// found at least one statement, so that an empty tree is not taken for a body
// that does nothing.
func (w *walker) plpgsqlNode(n any) (found bool) {
	switch v := n.(type) {
	case []any:
		for _, item := range v {
			found = w.plpgsqlNode(item) || found
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			item := v[name]
			switch name {
			case "PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors", "dynquery":
				w.st.Dynamic = true
			case "PLpgSQL_expr":
				w.plpgsqlExpression(item)
			case "PLpgSQL_stmt_commit":
				w.command(CommandCommit)
			case "PLpgSQL_stmt_rollback":
				w.command(CommandRollback)
			}
			found = found || strings.HasPrefix(name, "PLpgSQL_stmt_")
			found = w.plpgsqlNode(item) || found
		}
	}
	return found
}

// The modes in which PL/pgSQL has its texts parsed (RawParseMode in PostgreSQL's
// parser/parser.h).
const (
	modeStatement   = 0
	modeExpression  = 2
	modeAssignment1 = 3
	modeAssignment3 = 5
)

// plpgsqlExpression reads one text of the body: a whole statement, an expression,
// which is a SELECT without the word, or an assignment.
func (w *walker) plpgsqlExpression(n any) {
	fields, _ := n.(map[string]any)
	text, isText := fields["query"].(string)
	mode, isMode := fields["parseMode"].(float64)
	read := false
	switch {
	case !isText || !isMode:
	case mode == modeStatement:
		read = w.foreignText(text)
	case mode == modeExpression:
		read = w.foreignText("SELECT " + text)
	case mode >= modeAssignment1 && mode <= modeAssignment3:
		at := assignment(text)
		read = at >= 0 && w.foreignText("SELECT "+text[at:])
	}
	w.st.Dynamic = w.st.Dynamic || !read
}

// assignment gives the offset after the := or = of an assignment to a variable,
// a field or an element, -1 for none.
func assignment(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			i, _ = pastQuote(text, i+1, '"', false)
			i--
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth > 0 || isIdentPart(c) || c == '.' || isSpace(c):
		case c == ':' && strings.HasPrefix(text[i:], ":="):
			return i + 2
		case c == '=':
			return i + 1
		default:
			return -1
		}
	}
	return -1
}
