package statement

import (
	"maps"
	"slices"
	"strings"
)

// plpgsql gives the steps of a body in PL/pgSQL, with its variables. In which order
// they run, and which of them, is not said: a reader takes each to run at any time.
func (b *builder) plpgsql(r routine, body string) []Node {
	if Scan(body, DefaultLimits()) != nil {
		b.stop("has a body that cannot be read")
		return nil
	}
	tree, ok := parsePlpgsql(r.wrap(body))
	partly := false
	if !ok {
		simpler := simplified(body)
		if simpler.moved {
			b.stop("uses a cursor, or a field behind INTO")
			return nil
		}
		if tree, ok = parsePlpgsql(r.wrap(simpler.out.String())); !ok || !simpler.changed {
			b.stop("has a body that cannot be read")
			return nil
		}
		partly = simpler.partly
	}
	function := fieldsOf(fieldsOf(tree)["PLpgSQL_function"])
	p := plpgsqlBuilder{builder: b, partly: partly, returned: returnedNames(body)}
	p.datums = itemsOf(function["datums"])
	for _, d := range p.datums {
		p.datum(fieldsOf(d))
	}
	p.step(function["action"])
	for i := range p.steps {
		if p.steps[i].mentions("sqlerrm") {
			p.stop("reads the texts of errors")
		}
	}
	return p.steps
}

// mentions says whether a column or variable of a name stands in n.
func (n *Node) mentions(name string) bool {
	return n.Kind == NodeColumn && slices.Contains(n.Names, name) ||
		slices.ContainsFunc(n.Nodes, func(part Node) bool { return part.mentions(name) })
}

type plpgsqlBuilder struct {
	*builder
	datums []any
	partly bool // an assignment to a variable may be one to its field
	// returned are the variables that stand alone behind RETURN or RETURN NEXT.
	returned []string
	steps    []Node
}

// returnedNames gives the variables that stand alone behind a RETURN or RETURN NEXT.
func returnedNames(body string) []string {
	s := simplifier{text: body, tokens: tokensOf(body)}
	var names []string
	for i := range s.tokens {
		if !s.isWord(i, "return") {
			continue
		}
		at := i + 1
		if s.isWord(at, "next") {
			at++
		}
		if !s.isName(at) || !s.isKind(at+1, ';') {
			continue
		}
		if name := body[s.tokens[at].start:s.tokens[at].end]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func fieldsOf(n any) map[string]any {
	fields, _ := n.(map[string]any)
	return fields
}

func itemsOf(n any) []any {
	items, _ := n.([]any)
	return items
}

func stringOf(n any) string {
	s, _ := n.(string)
	return s
}

func (p *plpgsqlBuilder) add(n Node) { p.steps = append(p.steps, n) }

// datum adds a variable.
func (p *plpgsqlBuilder) datum(d map[string]any) {
	for kind, fields := range d {
		f := fieldsOf(fields)
		switch kind {
		case "PLpgSQL_var", "PLpgSQL_rec":
			if f["cursor_explicit_expr"] != nil {
				p.stop("uses a cursor")
			}
			v := Node{Kind: NodeVariable, Names: []string{stringOf(f["refname"])}}
			of := "record"
			if kind == "PLpgSQL_var" {
				of = stringOf(fieldsOf(fieldsOf(f["datatype"])["PLpgSQL_type"])["typname"])
			}
			v.Nodes = []Node{p.declared(of)}
			if of == "UNKNOWN" { // a parameter, a loop's or one that is always there
				v.Nodes[0] = Node{}
			}
			if f["default_val"] != nil {
				v.Nodes = append(v.Nodes, p.expression(f["default_val"]))
			}
			p.add(v)
		case "PLpgSQL_row", "PLpgSQL_recfield", "PLpgSQL_arrayelem", "PLpgSQL_promise":
		default:
			p.stop("has a variable that is not followed (" + kind + ")")
		}
	}
}

// expression gives the query of an expression, or of a whole statement.
func (p *plpgsqlBuilder) expression(n any) Node {
	e := fieldsOf(fieldsOf(n)["PLpgSQL_expr"])
	text := stringOf(e["query"])
	mode, ok := e["parseMode"].(float64)
	switch {
	case ok && mode == modeStatement:
		return p.text(text)
	case ok && mode == modeExpression:
		return p.text("SELECT " + text)
	}
	p.stop("has an expression of an unknown form")
	return Node{}
}

// step adds what a statement does.
func (p *plpgsqlBuilder) step(n any) {
	if all, ok := n.([]any); ok {
		for _, item := range all {
			p.step(item)
		}
		return
	}
	for kind, item := range fieldsOf(n) {
		p.statement(strings.TrimPrefix(kind, "PLpgSQL_"), fieldsOf(item))
	}
}

func (p *plpgsqlBuilder) statement(kind string, f map[string]any) {
	switch kind {
	case "stmt_block", "stmt_loop", "exception_block", "exception":
	case "stmt_assign":
		p.assign(f)
	case "stmt_if", "if_elsif", "stmt_while":
		p.ask("IF or WHILE", f["cond"])
	case "stmt_exit":
		if f["cond"] != nil {
			p.ask("EXIT WHEN", f["cond"])
		}
	case "stmt_assert":
		p.ask("ASSERT", f["cond"])
		p.tell(f["message"])
	case "stmt_case":
		if f["t_expr"] != nil { // the conditions compare it under the name of a variable of the parser's own
			at, ok := f["t_varno"].(float64)
			if i := int(at); !ok || i < 0 || i >= len(p.datums) {
				p.stop("has a CASE of an unknown form")
				return
			}
			name := stringOf(fieldsOf(fieldsOf(p.datums[int(at)])["PLpgSQL_var"])["refname"])
			p.add(Node{Kind: NodeStore, Names: []string{name}, Nodes: []Node{p.expression(f["t_expr"])}})
		}
	case "case_when":
		p.ask("CASE", f["expr"])
	case "stmt_fori":
		for _, bound := range []string{"lower", "upper", "step"} {
			if f[bound] != nil {
				q := p.expression(f[bound])
				p.add(Node{Kind: NodeCount, Names: []string{"the bounds of FOR"}, Nodes: []Node{q}})
				p.add(Node{Kind: NodeStore, Names: p.targets(f["var"]), Nodes: []Node{q}})
			}
		}
	case "stmt_fors":
		p.into(f["var"], p.expression(f["query"]))
	case "stmt_foreach_a":
		p.stop("has a FOREACH")
	case "stmt_return", "stmt_return_next":
		if f["expr"] != nil {
			p.add(Node{Kind: NodeResult, Nodes: []Node{p.expression(f["expr"])}})
			break
		}
		for _, name := range p.returned { // the parser does not tell which variable it is
			p.add(Node{Kind: NodeResult, Nodes: []Node{p.text("SELECT " + name)}})
		}
	case "stmt_return_query":
		if f["query"] == nil {
			p.stop("runs text that is made when it runs")
			return
		}
		p.add(Node{Kind: NodeResult, Nodes: []Node{p.expression(f["query"])}})
	case "stmt_perform":
		p.add(Node{Kind: NodeRun, Nodes: []Node{p.expression(f["expr"])}})
	case "stmt_execsql":
		q := p.expression(f["sqlstmt"])
		if f["into"] == true {
			p.into(f["target"], q)
			break
		}
		p.add(Node{Kind: NodeRun, Nodes: []Node{q}})
	case "stmt_raise":
		p.tell(f["params"])
		for _, o := range itemsOf(f["options"]) {
			option := fieldsOf(fieldsOf(o)["PLpgSQL_raise_option"])
			if kind, _ := option["opt_type"].(float64); kind == 0 && option["expr"] != nil { // ERRCODE: no text, and so not withheld
				p.add(Node{Kind: NodeCount, Names: []string{"the ERRCODE of RAISE"}, Nodes: []Node{p.expression(option["expr"])}})
				continue
			}
			if option["expr"] != nil { // and NULL is an error
				p.add(Node{Kind: NodeTell, Names: []string{"an option of RAISE"}, Nodes: []Node{p.expression(option["expr"])}})
			}
		}
	case "stmt_getdiag":
		if f["is_stacked"] == true {
			p.stop("reads the texts of errors")
		}
	case "condition", "stmt_commit", "stmt_rollback":
	default:
		p.stop("has a statement that is not followed (" + strings.TrimPrefix(kind, "stmt_") + ")")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		switch name {
		case "body", "then_body", "else_body", "elsif_list", "case_when_list", "else_stmts", "stmts", "exceptions", "exc_list", "action":
			p.step(f[name])
		}
	}
}

func (p *plpgsqlBuilder) ask(construct string, condition any) {
	if condition == nil {
		return
	}
	p.add(Node{Kind: NodeAsk, Names: []string{construct}, Nodes: []Node{p.expression(condition)}})
}

// tell adds values that a message shows.
func (p *plpgsqlBuilder) tell(n any) {
	if all, ok := n.([]any); ok {
		for _, item := range all {
			p.tell(item)
		}
		return
	}
	if n != nil {
		p.add(Node{Kind: NodeTell, Names: []string{"RAISE"}, Nodes: []Node{p.expression(n)}})
	}
}

// assign adds an assignment, to a variable, a field of it or an element.
func (p *plpgsqlBuilder) assign(f map[string]any) {
	e := fieldsOf(fieldsOf(f["expr"])["PLpgSQL_expr"])
	text := stringOf(e["query"])
	mode, ok := e["parseMode"].(float64)
	past, subscripts := assignment(text)
	if !ok || mode < modeAssignment1 || mode > modeAssignment3 || past < 0 {
		p.stop("has an assignment of an unknown form")
		return
	}
	store := Node{Kind: NodeStore, Nodes: []Node{p.text("SELECT " + text[past:])}}
	target := strings.TrimRight(text[:past], ":=")
	if subscripts {
		store.Flags |= FlagElement
	}
	reference := p.text("SELECT " + target)
	name := reference.Node(2).Node(0).Node(0)
	for name.Kind == NodeElement || name.Kind == NodeField {
		store.Flags |= FlagElement
		for i := 1; i < len(name.Nodes); i++ { // subscripts
			target := Node{Kind: NodeTarget, Names: []string{""}, Nodes: []Node{name.Nodes[i]}}
			p.add(Node{Kind: NodeCount, Names: []string{"a subscript"}, Nodes: []Node{{Kind: NodeSelect, Nodes: []Node{{}, {}, list([]Node{target})}}}})
		}
		name = name.Node(0)
	}
	if name.Kind != NodeColumn || len(name.Names) == 0 {
		p.stop("has an assignment of an unknown form")
		return
	}
	// Of label.variable.field any part may be the variable.
	if len(name.Names) > 1 || p.partly {
		store.Flags |= FlagElement
	}
	store.Names = name.Names
	if len(name.Names) == 1 && store.Flags&FlagElement == 0 {
		store.Flags |= FlagRecord
	}
	p.add(store)
}

// into adds what gets the rows of a query.
func (p *plpgsqlBuilder) into(target any, q Node) {
	names := p.targets(target)
	store := Node{Kind: NodeStore, Names: names, Nodes: []Node{q}}
	if len(names) == 1 {
		store.Flags |= FlagRecord
	}
	p.add(store)
}

// targets gives the names of the variables of INTO or FOR.
func (p *plpgsqlBuilder) targets(n any) []string {
	for kind, fields := range fieldsOf(n) {
		f := fieldsOf(fields)
		switch kind {
		case "PLpgSQL_var", "PLpgSQL_rec":
			return []string{stringOf(f["refname"])}
		case "PLpgSQL_row":
			var names []string
			for _, field := range itemsOf(f["fields"]) {
				names = append(names, stringOf(fieldsOf(field)["name"]))
			}
			if len(names) > 0 {
				return names
			}
		}
	}
	p.stop("has a target of an unknown form")
	return nil
}
