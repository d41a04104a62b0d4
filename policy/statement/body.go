package statement

import (
	"errors"
	"slices"

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
		sub := w.fork()
		sub.bodies++
		sub.constants = nil // of another tree
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
	if p := sub.st.Prepared; p != nil && p.What == "Execute" {
		sub.st.Dynamic = true // which statement that will be is known when it runs
	}
	w.gather(sub)
	if w.inside != nil && sub.err == nil {
		w.inside.add(sub)
		return
	}
	w.merge(sub, "the body of a function")
	if sub.st.Copy != nil {
		w.st.Copy = sub.st.Copy
	}
}

// gather lists what stands in a body besides merging it.
func (w *walker) gather(sub *walker) {
	if w.gathers == nil || sub.err != nil {
		return
	}
	st := *sub.st
	st.Trees = nil
	w.gathers.add(&walker{st: &st})
}

// listing reads a body, and lists what stands in it.
func (w *walker) listing(read func()) {
	w.gathers = &interior{}
	before := len(w.st.Commands)
	was := w.st.Dynamic
	w.st.Dynamic = false
	read()
	inside := w.gathers.all()
	for _, c := range w.st.Commands[min(before, len(w.st.Commands)):] {
		if c == CommandCommit || c == CommandRollback {
			inside = append(inside, Statement{Command: c, Commands: []Command{c}, Limit: -1})
		}
	}
	if w.st.Dynamic && !slices.ContainsFunc(inside, func(st Statement) bool { return st.Dynamic }) {
		inside = append(inside, Statement{Command: CommandDo, Commands: []Command{CommandDo}, Limit: -1, Dynamic: true})
	}
	w.st.Dynamic = w.st.Dynamic || was
	w.gathers, w.st.Inside = nil, inside
}

func (w *walker) do(s *pg_query.DoStmt) {
	w.command(CommandDo)
	language, body := "plpgsql", ""
	for _, n := range s.Args {
		switch o := n.GetDefElem(); o.GetDefname() {
		case "language":
			language = o.Arg.GetString_().GetSval()
		case "as":
			body = o.Arg.GetString_().GetSval()
		}
	}
	w.listing(func() { w.body(routine{}, language, body) })
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
	w.listing(func() { w.functionBody(s) })
}

// sqlBody reads RETURN expression or BEGIN ATOMIC ... END.
func (w *walker) sqlBody(n *pg_query.Node) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_ReturnStmt:
		if w.inside != nil { // as PL/pgSQL has it
			target := &pg_query.Node{Node: &pg_query.Node_ResTarget{ResTarget: &pg_query.ResTarget{Val: v.ReturnStmt.Returnval}}}
			w.part(&pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: &pg_query.SelectStmt{TargetList: []*pg_query.Node{target}}}})
			return
		}
		if w.gathers != nil {
			sub := w.fork()
			sub.command(CommandSelect)
			sub.expression(v.ReturnStmt.Returnval, UseDerived, "the body of a function")
			w.gather(sub)
		}
		w.expression(v.ReturnStmt.Returnval, UseDerived, "the body of a function")
	case *pg_query.Node_List:
		for _, item := range v.List.Items {
			w.sqlBody(item)
		}
	case nil: // BEGIN ATOMIC END, or an empty statement
	default:
		w.part(n)
	}
}

// part reads a statement of a body.
func (w *walker) part(n *pg_query.Node) {
	sub := w.fork()
	sub.statement(n)
	w.absorb(sub)
}

// parameters makes the names of a function's parameters variables of its body. In SQL
// a column goes before them, and then a condition counts as less than it is.
func (w *walker) parameters(r routine) {
	w.variables = make(map[string]struct{}, len(r.inputs))
	for _, name := range r.inputs {
		w.variables[name] = struct{}{}
	}
}

func (w *walker) body(r routine, language, text string) {
	switch language {
	case "sql":
		w.parameters(r)
		if !w.foreignText(text) {
			w.st.Dynamic = true
		}
	case "plpgsql":
		w.plpgsql(r, text)
	default:
		w.st.Dynamic = true
	}
}
