package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// build gives the build of a function as its definition writes it.
func build(s *pg_query.CreateFunctionStmt) Node {
	b := builder{tracer{walker: &walker{st: &Statement{Limit: -1}}, numbered: true}, ""}
	routine := Node{Kind: NodeRoutine, Names: []string{"", ""}, Nodes: []Node{b.formals(s.Parameters), b.typeName(s.ReturnType), {}}}
	if s.GetReturnType().GetSetof() {
		routine.Flags |= FlagSet
	}
	body := []string(nil)
	for _, n := range s.Options {
		switch o := n.GetDefElem(); o.GetDefname() {
		case "language":
			routine.Names[0] = o.Arg.GetString_().GetSval()
		case "as":
			body = b.strings(o.Arg.GetList().GetItems())
		case "strict":
			if o.Arg.GetBoolean().GetBoolval() {
				routine.Flags |= FlagStrict
			}
		}
	}
	var steps []Node
	switch {
	case s.SqlBody != nil:
		steps = b.atomic(s.SqlBody)
	case len(body) != 1:
		b.stop("is not kept as text")
	case routine.Names[0] == "sql":
		steps = b.sql(body[0])
	case routine.Names[0] == "plpgsql":
		steps = b.plpgsql(routineOf(s), body[0])
	default:
		b.stop("is written in " + routine.Names[0])
	}
	if b.err != nil {
		b.stop("has a construct that is not followed: " + b.err.Error())
	}
	if routine.Names[1] = b.why; b.why == "" {
		routine.Nodes[2] = list(steps)
	}
	routine.tidy()
	return routine
}

// builder makes the steps of a body.
type builder struct {
	tracer
	why string // it is not followed, as a clause
}

func (b *builder) stop(why string) {
	if b.why == "" {
		b.why = why
	}
}

func (b *builder) formals(parameters []*pg_query.Node) Node {
	formals := make([]Node, 0, len(parameters))
	for _, n := range parameters {
		p := n.GetFunctionParameter()
		mode := map[pg_query.FunctionParameterMode]string{
			pg_query.FunctionParameterMode_FUNC_PARAM_OUT: "o", pg_query.FunctionParameterMode_FUNC_PARAM_INOUT: "b",
			pg_query.FunctionParameterMode_FUNC_PARAM_VARIADIC: "v", pg_query.FunctionParameterMode_FUNC_PARAM_TABLE: "t",
		}[p.GetMode()]
		if mode == "" {
			mode = "i"
		}
		formals = append(formals, Node{Kind: NodeFormal, Names: []string{p.GetName(), mode}, Nodes: []Node{b.typeName(p.GetArgType()), b.expr(p.GetDefexpr())}})
	}
	return list(formals)
}

func (b *builder) typeName(t *pg_query.TypeName) Node {
	if t == nil {
		return Node{}
	}
	n := Node{Kind: NodeType, Names: []string{"", lastName(t.Names)}}
	if len(t.Names) > 1 {
		n.Names[0] = t.Names[len(t.Names)-2].GetString_().GetSval()
	}
	if len(t.ArrayBounds) > 0 {
		n.Flags |= FlagList
	}
	if len(t.Typmods) > 0 {
		n.Flags |= FlagStrict
	}
	if t.PctType {
		n = Node{Kind: NodeType, Names: []string{"", ""}, Nodes: []Node{{Kind: NodeColumn, Names: b.strings(t.Names)}}}
	}
	return n
}

// atomic gives the statements of BEGIN ATOMIC, or the one of RETURN.
func (b *builder) atomic(n *pg_query.Node) []Node {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_ReturnStmt:
		return []Node{{Kind: NodeResult, Nodes: []Node{b.values([]*pg_query.Node{v.ReturnStmt.Returnval})}}}
	case *pg_query.Node_List:
		var steps []Node
		for _, item := range v.List.Items {
			steps = append(steps, b.atomic(item)...)
		}
		return lastIsResult(steps)
	case nil:
		return nil
	}
	return []Node{b.run(n)}
}

// sql gives the statements of a body in SQL.
func (b *builder) sql(text string) []Node {
	if Scan(text, DefaultLimits()) != nil {
		b.stop("has a body that cannot be read")
		return nil
	}
	tree, err := parseTree(text)
	if err != nil {
		b.stop("has a body that cannot be read")
		return nil
	}
	steps := make([]Node, 0, len(tree.Stmts))
	for _, raw := range tree.Stmts {
		steps = append(steps, b.run(raw.Stmt))
	}
	return lastIsResult(steps)
}

// run gives a statement whose rows go nowhere.
func (b *builder) run(n *pg_query.Node) Node {
	if !isQuery(n) {
		b.stop("runs a command that is not followed (" + nodeName(n) + ")")
		return Node{}
	}
	if n.GetSelectStmt().GetIntoClause() != nil {
		b.stop("has a SELECT INTO")
	}
	return Node{Kind: NodeRun, Nodes: []Node{b.query(n)}}
}

// lastIsResult makes of the last statement the result, as functions in SQL have it.
func lastIsResult(steps []Node) []Node {
	if len(steps) > 0 {
		steps[len(steps)-1].Kind = NodeResult
	}
	return steps
}

// text gives the query of a text of PL/pgSQL.
func (b *builder) text(sql string) Node {
	if Scan(sql, DefaultLimits()) != nil {
		b.stop("has a body that cannot be read")
		return Node{}
	}
	tree, err := parseTree(sql)
	if err != nil || len(tree.Stmts) != 1 {
		b.stop("has a body that cannot be read")
		return Node{}
	}
	step := b.run(tree.Stmts[0].Stmt)
	return *step.Node(0)
}

// declared gives the type of a variable, as its declaration writes it.
func (b *builder) declared(text string) Node {
	text = strings.TrimSpace(text)
	lower := strings.ToLower(text)
	switch {
	case text == "UNKNOWN" || lower == "record":
		return Node{Kind: NodeType, Names: []string{"pg_catalog", "record"}}
	case strings.HasSuffix(lower, "%rowtype"):
		text = text[:len(text)-len("%rowtype")]
	case strings.HasSuffix(lower, "%type"):
		column := b.text("SELECT " + text[:len(text)-len("%type")])
		return Node{Kind: NodeType, Names: []string{"", ""}, Nodes: []Node{*column.Node(2).Node(0).Node(0)}}
	}
	if Scan("SELECT NULL::"+text, DefaultLimits()) != nil {
		return Node{Kind: NodeType, Names: []string{"", ""}}
	}
	tree, err := parseTree("SELECT NULL::" + text)
	if err != nil || len(tree.Stmts) != 1 || len(tree.Stmts[0].Stmt.GetSelectStmt().GetTargetList()) != 1 {
		return Node{Kind: NodeType, Names: []string{"", ""}} // with COLLATE and the like: one that nothing is known of
	}
	t := b.typeName(tree.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().GetVal().GetTypeCast().GetTypeName())
	if t.Kind == NodeNone {
		return Node{Kind: NodeType, Names: []string{"", ""}}
	}
	return t
}
