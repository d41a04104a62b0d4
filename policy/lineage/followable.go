package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// deepest is how many functions deep bodies are followed.
const deepest = 16

// inside says, as a clause, why the body of a function cannot be followed to the
// columns that its result comes from, "" if it can. That it reads masked columns is no
// reason; that something runs for it besides which may is one. above are the functions
// whose bodies lead to it.
func (m *Masks) inside(f *catalog.Function, above []*catalog.Function) string {
	if why, ok := m.bodies.Load(f.OID); ok {
		return why.(string)
	}
	if len(above) >= deepest {
		return "leads through too many others"
	}
	why := m.look(f, above)
	m.bodies.Store(f.OID, why)
	return why
}

func (m *Masks) look(f *catalog.Function, above []*catalog.Function) string {
	b := f.Body
	switch {
	case slices.Contains(above, f):
		return "calls itself"
	case f.Kind != 'f' && f.Kind != 'p':
		return "is an aggregate or a window function"
	case b == nil:
		return "is written in " + f.Language
	case b.Unread != "":
		return b.Unread
	case b.Routine == nil:
		return "has a body whose text was not read"
	case b.Routine.Name(1) != "":
		return b.Routine.Name(1)
	}
	for _, t := range f.Types {
		if why := m.shows(m.snapshot.OfType(t)); why != "" {
			return "has an argument or a result of a type, what runs for which " + why
		}
	}
	above = append(slices.Clone(above), f)
	calls := map[statement.Function]struct{}{}
	callsIn(b.Routine, calls)
	statements := slices.Concat(b.Statements, b.Atomic)
	if defaults := defaultCalls(b.Routine); len(defaults) > 0 {
		statements = append(statements, statement.Statement{Command: statement.CommandSelect, Functions: defaults})
	}
	for i := range statements {
		j := m.judgement(&statements[i], Env{Fresh: true})
		j.above, j.traced = above, calls
		for _, step := range []func() bool{j.dynamic, j.functions, j.attributes, j.operators, j.rewritten, j.besides, j.toast, j.definition, j.copying} {
			if !step() {
				return "has a statement that is refused (" + j.plan.Message + ": " + j.plan.Detail + ")"
			}
		}
		if st := &statements[i]; st.Prepared != nil || st.Cursor != nil {
			return "has a prepared statement or a cursor"
		}
	}
	return ""
}

// callsIn adds the calls that stand in a tree, with the number of their arguments.
func callsIn(n *statement.Node, calls map[statement.Function]struct{}) {
	if n.Kind == statement.NodeCall {
		calls[statement.Function{Schema: n.Name(0), Name: n.Name(1)}] = struct{}{}
	}
	for i := range n.Nodes {
		callsIn(&n.Nodes[i], calls)
	}
}

// defaultCalls gives the calls in the defaults of parameters.
func defaultCalls(routine *statement.Node) []statement.Function {
	var all []statement.Function
	var walk func(n *statement.Node)
	walk = func(n *statement.Node) {
		if n.Kind == statement.NodeCall {
			all = append(all, statement.Function{Schema: n.Name(0), Name: n.Name(1), Arguments: len(n.List(0))})
		}
		for i := range n.Nodes {
			walk(&n.Nodes[i])
		}
	}
	given := routine.List(0)
	for i := range given {
		walk(given[i].Node(1))
	}
	return all
}

// follows says whether what stands behind a call is followed when the statement's
// trees are: then a function that reads masked columns is judged by its result.
func (j *judgement) follows(c *statement.Function, f *catalog.Function) (why string, ok bool) {
	if c.Named {
		return "", false
	}
	if j.traced == nil {
		j.traced = j.callsTraced()
	}
	if _, in := j.traced[statement.Function{Schema: c.Schema, Name: c.Name}]; !in {
		return "", false
	}
	if j.env.Redefines {
		return redefined, false
	}
	if j.st.Command == statement.CommandExplain && slices.ContainsFunc(j.snapshot.OfFunction(f.OID).Functions, folded) {
		return "is IMMUTABLE, so that a plan would show what it gives", false
	}
	why = j.inside(f, j.above)
	return why, why == ""
}

// redefined is why no function is followed after one was changed.
const redefined = "may be another one than the catalog shows, since this transaction has changed functions"

// Redefines says whether a statement may change functions, so that the snapshot does
// not show what they are until the transaction has ended.
func (m *Masks) Redefines(st *statement.Statement) bool {
	for i := range st.Objects {
		switch o := &st.Objects[i]; o.Kind {
		case statement.KindFunction, statement.KindProcedure, statement.KindAggregate, statement.KindSchema, statement.KindExtension, statement.KindAll:
			if changesSchema(o.Command) {
				return true
			}
		}
	}
	if st.Dynamic {
		return true
	}
	for i := range st.Functions {
		for _, f := range m.snapshot.Functions(st.Functions[i].Schema, st.Functions[i].Name) {
			if e := m.snapshot.OfFunction(f.OID); e != nil && slices.ContainsFunc(e.Commands, changesSchema) {
				return true
			}
		}
	}
	return false
}

// Reshapes gives the statements by which what a statement calls may change the schema.
func (m *Masks) Reshapes(st *statement.Statement) []*statement.Statement {
	e := m.snapshot.OfStatement(st)
	if e == nil || !slices.ContainsFunc(e.Commands, changesSchema) {
		return nil
	}
	var found []*statement.Statement
	for _, inner := range e.Statements {
		if slices.ContainsFunc(inner.Objects, func(o statement.Object) bool { return changesSchema(o.Command) }) {
			found = append(found, inner)
		}
	}
	return found
}

func changesSchema(c statement.Command) bool {
	return c == statement.CommandCreate || c == statement.CommandAlter || c == statement.CommandDrop
}

// folded says whether the planner calls a function, so that EXPLAIN shows its result.
func folded(f *catalog.Function) bool { return f.Volatility == 'i' && f.Body != nil }

// callsTraced gives the calls that the statement's trees show. What a definition makes
// of a body shows none: it is not known what its parameters are.
func (j *judgement) callsTraced() map[statement.Function]struct{} {
	calls := map[statement.Function]struct{}{}
	if j.st.Untraced {
		return calls
	}
	for i := range j.st.Trees {
		if j.st.Trees[i].Sink == functionBody {
			clear(calls)
			return calls
		}
		callsIn(&j.st.Trees[i].Root, calls)
	}
	return calls
}

// attributes refuses, or has followed, functions that are called in the notation of a
// column, row.function.
func (j *judgement) attributes() bool {
	for i := range j.st.Columns {
		c := &j.st.Columns[i]
		if c.Star || c.Name == "" {
			continue
		}
		if !j.attributeCall(c.Name) {
			return false
		}
	}
	for i := range j.st.Trees {
		if !j.fieldCalls(&j.st.Trees[i].Root) {
			return false
		}
	}
	return true
}

// fieldCalls does so for fields, (row).function.
func (j *judgement) fieldCalls(n *statement.Node) bool {
	if n.Kind == statement.NodeField && !j.attributeCall(n.Name(0)) {
		return false
	}
	for i := range n.Nodes {
		if !j.fieldCalls(&n.Nodes[i]) {
			return false
		}
	}
	return true
}

func (j *judgement) attributeCall(name string) bool {
	for _, f := range j.snapshot.Functions("", name) {
		if !f.Accepts(1) || len(f.Types) < 2 || f.Types[0] < catalog.FirstUser && !pseudo(f.Types[0]) {
			continue
		}
		why := j.userFunction(f)
		if why == "" {
			continue
		}
		if !j.env.Redefines && !j.st.Untraced && len(j.st.Trees) > 0 && j.inside(f, j.above) == "" {
			j.calls = true
			continue
		}
		return j.refusedCall(f.Qualified(), why)
	}
	return true
}

// pseudo says whether an argument of a type takes rows of any relation: anyelement,
// record, anycompatible, "any", anynonarray.
func pseudo(oid uint32) bool {
	switch oid {
	case 2249, 2276, 2283, 2776, 5077, 5079:
		return true
	}
	return false
}
