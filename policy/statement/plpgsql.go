package statement

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// routine is what is known of the function around a body in PL/pgSQL, which
// decides how its parser reads the body.
type routine struct {
	parameters []string // names in order, "" for none
	inputs     []string // the names of those that have a value from the start
	set        bool     // returns a set
	trigger    bool     // returns trigger or event_trigger
}

// routineOf takes what matters for its body out of a definition.
func routineOf(s *pg_query.CreateFunctionStmt) routine {
	r := routine{set: s.GetReturnType().GetSetof()}
	for _, n := range s.GetReturnType().GetNames() {
		name := n.GetString_().GetSval()
		r.trigger = r.trigger || name == "trigger" || name == "event_trigger"
	}
	for _, n := range s.Parameters {
		p := n.GetFunctionParameter()
		r.parameters = append(r.parameters, p.GetName())
		if mode := p.GetMode(); p.GetName() != "" && mode != pg_query.FunctionParameterMode_FUNC_PARAM_OUT &&
			mode != pg_query.FunctionParameterMode_FUNC_PARAM_TABLE {
			r.inputs = append(r.inputs, p.Name)
		}
	}
	return r
}

// wrap writes the definition of a function with a body. The parser asks for the
// names of parameters only, never for their types.
func (r routine) wrap(body string) string {
	var b strings.Builder
	b.WriteString("CREATE FUNCTION f(")
	for i, name := range r.parameters {
		if i > 0 {
			b.WriteString(", ")
		}
		if name == "" { // so that $1 is known
			name = "parameter " + strconv.Itoa(i+1)
		}
		b.WriteString(`"` + strings.ReplaceAll(name, `"`, `""`) + `" text`)
	}
	b.WriteString(") RETURNS ")
	switch {
	case r.trigger:
		b.WriteString("trigger")
	case r.set:
		b.WriteString("SETOF text")
	default:
		b.WriteString("text")
	}
	tag := "$body$"
	for i := 0; strings.Contains(body, tag); i++ {
		tag = "$body" + strconv.Itoa(i) + "$"
	}
	b.WriteString(" LANGUAGE plpgsql AS " + tag + body + tag)
	return b.String()
}

// plpgsql reads a body in PL/pgSQL: every expression and statement that the
// parser finds in it. A body that it does not take, or that runs text made at
// run time, is dynamic.
func (w *walker) plpgsql(r routine, body string) {
	if w.bodies >= deepestText || Scan(body, DefaultLimits()) != nil {
		w.st.Dynamic = true
		return
	}
	tree, ok := any(nil), false
	if simpler, changed := simplify(body); changed {
		tree, ok = parsePlpgsql(r.wrap(simpler))
	}
	if !ok {
		if tree, ok = parsePlpgsql(r.wrap(body)); !ok {
			w.st.Dynamic = true
			return
		}
	}
	was := *w
	w.variables, w.rounds, w.cursors = map[string]struct{}{}, nil, map[string]string{}
	w.datums = itemsOf(fieldsOf(fieldsOf(tree)["PLpgSQL_function"])["datums"])
	for _, d := range w.datums {
		v := fieldsOf(fieldsOf(d)["PLpgSQL_var"])
		if query := textOf(v["cursor_explicit_expr"]); query != "" {
			w.cursors[stringOf(v["refname"])] = query
		}
	}
	eachVariable(tree, func(name string) { w.variables[name] = struct{}{} })
	eachTypeName(tree, w.variableType)
	if !w.plpgsqlNode(tree) {
		w.st.Dynamic = true
	}
	w.variables, w.datums, w.cursors, w.rounds = was.variables, was.datums, was.cursors, was.rounds
}

// parsePlpgsql gives the JSON form of the parser's tree of one function.
func parsePlpgsql(definition string) (any, bool) {
	text, err := pg_query.ParsePlPgSqlToJSON(definition)
	if err != nil {
		return nil, false
	}
	var tree []any
	if err := json.Unmarshal([]byte(text), &tree); err != nil || len(tree) != 1 {
		return nil, false
	}
	return tree[0], true
}

// eachVariable gives the names of a body's variables and parameters.
func eachVariable(n any, visit func(string)) {
	switch v := n.(type) {
	case []any:
		for _, item := range v {
			eachVariable(item, visit)
		}
	case map[string]any:
		if name, ok := v["refname"].(string); ok {
			visit(name)
		}
		for _, item := range v {
			eachVariable(item, visit)
		}
	}
}

// eachTypeName gives the types of a body's variables and parameters as they are written.
func eachTypeName(n any, visit func(string)) {
	switch v := n.(type) {
	case []any:
		for _, item := range v {
			eachTypeName(item, visit)
		}
	case map[string]any:
		if name, ok := v["typname"].(string); ok {
			visit(name)
		}
		for _, item := range v {
			eachTypeName(item, visit)
		}
	}
}

// variableType lists the type of a variable: a domain's checks run when it is assigned.
func (w *walker) variableType(name string) {
	if strings.ContainsAny(name, "%(") {
		return
	}
	tree, err := parseTree("SELECT NULL::" + strings.TrimSpace(name))
	if err != nil || len(tree.Stmts) != 1 {
		return
	}
	if targets := tree.Stmts[0].Stmt.GetSelectStmt().GetTargetList(); len(targets) == 1 {
		w.typeName(targets[0].GetResTarget().GetVal().GetTypeCast().GetTypeName())
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
			case "PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors":
				fields, _ := item.(map[string]any)
				w.execution(fields["query"])
			case "dynquery":
				w.execution(item)
			case "PLpgSQL_expr":
				w.plpgsqlExpression(item)
			case "PLpgSQL_stmt_getdiag":
				if fields, _ := item.(map[string]any); fields["is_stacked"] == true {
					w.opaque(ErrorTexts)
				}
			case "PLpgSQL_stmt_commit":
				w.command(CommandCommit)
			case "PLpgSQL_stmt_rollback":
				w.command(CommandRollback)
			}
			found = found || strings.HasPrefix(name, "PLpgSQL_stmt_")
			if name == "PLpgSQL_stmt_if" {
				found = w.branches(item) || found
				continue
			}
			around := w.rounds
			w.goesRound(name, item)
			found = w.plpgsqlNode(item) || found
			w.rounds = around
		}
	}
	return found
}

// execution reads the text that an EXECUTE runs, where it is the same each time.
func (w *walker) execution(n any) {
	wrapped, _ := n.(map[string]any)
	fields, _ := wrapped["PLpgSQL_expr"].(map[string]any)
	text, ok := fields["query"].(string)
	if !ok || !w.constantText(text) {
		w.st.Dynamic = true
	}
}

// constantText reads as SQL the value of an expression that is always the same
// text. It reports false where it is not, or is no SQL.
func (w *walker) constantText(expression string) bool {
	if Scan(expression, DefaultLimits()) != nil {
		return false
	}
	tree, err := parseTree("SELECT " + expression)
	if err != nil || len(tree.Stmts) != 1 {
		return false
	}
	targets := tree.Stmts[0].Stmt.GetSelectStmt().GetTargetList()
	if len(targets) != 1 {
		return false
	}
	var values *constants // of another tree
	text, ok := values.folded(targets[0].GetResTarget().GetVal())
	return ok && w.foreignText(text)
}

// The modes in which PL/pgSQL has its texts parsed (RawParseMode in PostgreSQL's
// parser/parser.h).
const (
	modeStatement   = 0
	modeExpression  = 2
	modeAssignment1 = 3
	modeAssignment3 = 5
)

// ErrorTexts is how Statement.Opaque names that a body looks into the texts of errors
// that it has caught, which can hold values of any column.
const ErrorTexts = "the texts of caught errors"

// plpgsqlExpression reads one text of the body: a whole statement, an expression,
// which is a SELECT without the word, or an assignment.
func (w *walker) plpgsqlExpression(n any) {
	fields, _ := n.(map[string]any)
	text, isText := fields["query"].(string)
	mode, isMode := fields["parseMode"].(float64)
	if strings.Contains(strings.ToLower(text), "sqlerrm") {
		w.opaque(ErrorTexts)
	}
	read := false
	switch {
	case !isText || !isMode:
	case mode == modeStatement:
		read = w.foreignText(text)
	case mode == modeExpression:
		read = w.foreignText("SELECT " + text)
	case mode >= modeAssignment1 && mode <= modeAssignment3:
		at, subscripts := assignment(text)
		read = at >= 0 && w.foreignText("SELECT "+text[at:])
		if read && subscripts { // a[f()] := 1
			read = w.foreignText("SELECT " + strings.TrimRight(text[:at], ":="))
		}
	}
	w.st.Dynamic = w.st.Dynamic || !read
}

// assignment gives the offset after the := or = of an assignment to a variable,
// a field or an element, -1 for none, and whether it is to an element.
func assignment(text string) (past int, subscripts bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			i, _ = pastQuote(text, i+1, '"', false)
			i--
		case c == '\'' && depth > 0:
			i, _ = pastQuote(text, i+1, '\'', i > 0 && text[i-1]|0x20 == 'e')
			i--
		case c == '[':
			depth++
			subscripts = true
		case c == ']':
			depth--
		case depth > 0 || isIdentPart(c) || c == '.' || isSpace(c):
		case c == ':' && strings.HasPrefix(text[i:], ":="):
			return i + 2, subscripts
		case c == '=':
			return i + 1, subscripts
		default:
			return -1, false
		}
	}
	return -1, false
}
