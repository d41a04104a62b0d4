package statement

import (
	"fmt"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// walker collects the facts of one statement in one walk over its tree. Every
// node type that it does not know ends the walk with an error.
type walker struct {
	st *Statement
	// constants has the values of the tree's constants; see constants.value.
	constants *constants

	// ctes are the names of common table expressions in scope. A query puts its
	// own on top and takes them off again.
	ctes []string
	// relations are the names by which the FROMs around can be referred to, the
	// innermost last.
	relations []string

	columns map[Column]struct{} // those in st, once there are many
	shallow bool                // a target is read once more for ORDER BY and the like: leave subqueries alone
	bodies  int                 // how deep in texts within texts
	// inside takes the statements of a body one by one, nil where they are merged; gathers
	// takes them besides.
	inside  *interior
	gathers *interior
	// variables are the names of the variables of the PL/pgSQL body that this stands
	// in, nil for none.
	variables map[string]struct{}
	datums    []any             // of that body, as its parser gives them
	cursors   map[string]string // the queries of its cursors
	rounds    []round           // the loops of that body around this
	spent     *int              // how much has been tried of the text's conditions, see sampler; nil for none
	err       error
}

// place is where a query stands, which decides what its targets are.
type place struct {
	top       bool   // outermost: the targets are the statement's outputs
	construct string // otherwise: where the targets go, in words
}

func within(construct string) place { return place{construct: construct} }

func (w *walker) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// unsupported refuses the statement because of a node that no case knows.
func (w *walker) unsupported(n *pg_query.Node) {
	w.fail(&UnsupportedError{nodeName(n)})
}

// nodeName is the parser's name of a node, "" for none.
func nodeName(n *pg_query.Node) string {
	m := inner(n)
	if m == nil {
		return "an empty node"
	}
	return string(m.Descriptor().Name())
}

// inner gives the message that a node wraps, nil for none.
func inner(n *pg_query.Node) protoreflect.Message {
	if n == nil {
		return nil
	}
	m := n.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().Get(0))
	if field == nil {
		return nil
	}
	return m.Get(field).Message()
}

func (w *walker) command(c Command) {
	if len(w.st.Commands) == 0 {
		w.st.Command = c
	}
	if !slices.Contains(w.st.Commands, c) {
		w.st.Commands = append(w.st.Commands, c)
	}
}

func (w *walker) opaque(what string) {
	if !slices.Contains(w.st.Opaque, what) {
		w.st.Opaque = append(w.st.Opaque, what)
	}
}

func (w *walker) notPlain(p place, why string) {
	if p.top && w.st.Shape.Plain {
		w.st.Shape = Shape{Why: why}
	}
}

func (w *walker) table(t Table) {
	for i := range w.st.Tables {
		have := &w.st.Tables[i]
		if have.Schema == t.Schema && have.Name == t.Name && have.Alias == t.Alias && have.Renames == t.Renames && have.Top == t.Top &&
			have.Referred == t.Referred && slices.Equal(have.Keys, t.Keys) {
			for _, a := range t.Access {
				if !slices.Contains(have.Access, a) {
					have.Access = append(have.Access, a)
				}
			}
			return
		}
	}
	w.st.Tables = append(w.st.Tables, t)
}

// relation lists what a RangeVar of a definition or utility command names.
func (w *walker) relation(r *pg_query.RangeVar, access ...Access) {
	if r == nil {
		return
	}
	w.table(Table{Schema: r.Schemaname, Name: r.Relname, Alias: r.Alias.GetAliasname(),
		Renames: len(r.Alias.GetColnames()) > 0, Access: access})
}

// named lists a relation that stands as a list of names: schema and name, or
// only the name; a database in front is left out.
func (w *walker) named(names []string, access ...Access) {
	switch n := len(names); n {
	case 0:
	case 1:
		w.table(Table{Name: names[0], Access: access})
	default:
		w.table(Table{Schema: names[n-2], Name: names[n-1], Access: access})
	}
}

// From so many columns on, a map finds repeated ones.
const manyColumns = 16

func (w *walker) column(c Column) {
	if w.columns == nil {
		if slices.Contains(w.st.Columns, c) {
			return
		}
		if len(w.st.Columns) >= manyColumns {
			w.columns = make(map[Column]struct{}, 4*manyColumns)
			for _, have := range w.st.Columns {
				w.columns[have] = struct{}{}
			}
		}
	}
	if w.columns != nil {
		if _, have := w.columns[c]; have {
			return
		}
		w.columns[c] = struct{}{}
	}
	w.st.Columns = append(w.st.Columns, c)
}

func (w *walker) function(f Function) {
	if !slices.Contains(w.st.Functions, f) {
		w.st.Functions = append(w.st.Functions, f)
	}
}

// scope remembers what is in scope, to be put back with leave.
type scope struct{ ctes, relations int }

func (w *walker) enter() scope { return scope{len(w.ctes), len(w.relations)} }

func (w *walker) leave(s scope) {
	w.ctes = w.ctes[:s.ctes]
	w.relations = w.relations[:s.relations]
}

func (w *walker) isCTE(r *pg_query.RangeVar) bool {
	return r.Schemaname == "" && r.Catalogname == "" && slices.Contains(w.ctes, r.Relname)
}

// fork gives a walker for a statement inside this one that is judged on its own.
// Nothing that is in scope here is in scope there.
func (w *walker) fork() *walker {
	return &walker{st: &Statement{Limit: -1}, constants: w.constants, bodies: w.bodies, variables: w.variables,
		datums: w.datums, cursors: w.cursors, rounds: w.rounds, spent: w.spent}
}

// merge takes over what a forked walker found. construct, where it is not "", is
// where the statement's outputs end: then they are not outputs here.
func (w *walker) merge(sub *walker, construct string) {
	if sub.err != nil {
		w.fail(sub.err)
		return
	}
	for _, c := range sub.st.Commands {
		w.command(c)
	}
	for _, t := range sub.st.Tables {
		t.Top = t.Top && construct == ""
		w.table(t)
	}
	for _, c := range sub.st.Columns {
		if c.Use == UseOutput && construct != "" {
			c.Use, c.Construct = UseDerived, construct
		}
		w.column(c)
	}
	for _, f := range sub.st.Functions {
		w.function(f)
	}
	for _, o := range sub.st.Objects {
		w.mention(o)
	}
	for _, o := range sub.st.Operators {
		w.operatorNamed(o)
	}
	for _, t := range sub.st.Types {
		if !slices.Contains(w.st.Types, t) {
			w.st.Types = append(w.st.Types, t)
		}
	}
	w.st.Writes = append(w.st.Writes, sub.st.Writes...)
	w.st.Settings = append(w.st.Settings, sub.st.Settings...)
	w.st.Dynamic = w.st.Dynamic || sub.st.Dynamic
	w.st.Locking = w.st.Locking || sub.st.Locking
	for _, t := range sub.st.Trees {
		if construct != "" {
			t.Sink = construct
		}
		w.st.Trees = append(w.st.Trees, t)
	}
	w.st.Untraced = w.st.Untraced || sub.st.Untraced
	for _, o := range sub.st.Opaque {
		w.opaque(o)
	}
}

// strings reads a list of String nodes.
func (w *walker) strings(list []*pg_query.Node) []string {
	names := make([]string, 0, len(list))
	for _, n := range list {
		s, ok := n.GetNode().(*pg_query.Node_String_)
		if !ok {
			w.fail(&UnsupportedError{fmt.Sprintf("%s in a name", nodeName(n))})
			return nil
		}
		names = append(names, s.String_.Sval)
	}
	return names
}
