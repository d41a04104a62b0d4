package statement

import "unsafe"

// Tree is the build of one query of a statement, as far as it matters for where
// its columns come from: what can be followed to columns and nothing else. The
// values of constants are not in it, and neither is any name resolved: a catalog
// does that when the statement is judged.
type Tree struct {
	Root Node
	// Sink says where the rows go that do not go to the client, in words for
	// an error ("CREATE TABLE AS"); "" where the client gets them.
	Sink string
}

// Node is a part of a Tree. What its fields hold depends on its kind.
type Node struct {
	Kind  NodeKind
	Flags int
	Names []string
	Nodes []Node
}

// NodeKind is the kind of a Node.
type NodeKind uint8

// The kinds of nodes. A part that is not there is a Node of kind NodeNone. The
// lists after the kinds are their Names and Nodes.
const (
	NodeNone NodeKind = iota
	NodeList          // any number of nodes; where names are listed, they are its Names

	// Queries.
	NodeSelect // nodes: with, from list, target list, where, group list, having, windows list, distinct list, order list, limits list; FlagDistinct
	NodeSetOp  // nodes: with, left, right, order list, limits list; FlagUnion, FlagIntersect or FlagExcept, FlagAll
	NodeValues // nodes: with, list of columns, each a list of expressions, order list, limits list
	NodeInsert // nodes: with, target relation, list of assigned columns, source query, conflict list, returning list
	NodeUpdate // nodes: with, target relation, list of assignments, from list, where, returning list
	NodeDelete // nodes: with, target relation, from list, where, returning list
	NodeMerge  // nodes: with, target relation, source, condition, list of whens, returning list
	NodeWith   // nodes: common table expressions; FlagRecursive
	NodeCTE    // names: name, added columns; nodes: query, list of column aliases, list of expressions
	NodeWhen   // nodes: condition, list of assignments; of a MERGE
	NodeAssign // names: column, "" for the column of that number; nodes: value; FlagElement where only a part of the column is assigned to
	NodeTarget // names: label, "" for none; nodes: expression; FlagGuess where the label is not certain

	// Items of FROM. The first of their aliases is the name, the others are columns'.
	NodeRelation // names: schema, name; nodes: aliases
	NodeSubquery // nodes: aliases, query; FlagLateral
	NodeFunction // nodes: aliases, list of expressions; FlagDefined where the aliases are all its columns
	NodeJoin     // nodes: aliases, left, right, condition, list of USING's columns, USING's aliases; FlagNatural, FlagNamed where it has an alias
	NodeSample   // nodes: item, list of expressions

	// Expressions.
	NodeConstant   // a literal or a parameter of the statement, or computed from such; FlagGiven, FlagComputed, FlagSmall
	NodeColumn     // names: of the reference, at most four
	NodeStar       // names: before the star
	NodeCall       // names: schema, name, of jsonb_set() the steps of a constant path; nodes: list of arguments, order list, filter, window; FlagDistinct, FlagStar, FlagWithin, FlagOver, FlagVariadic, FlagTotal where it is format() and cannot fail
	NodeOperator   // names: operator; nodes: operands
	NodeComparison // names: operator; nodes: left, right; FlagList where right is a list of alternatives, FlagNegated
	NodeAnd        // nodes: operands of AND or OR
	NodeNot        // nodes: operand
	NodeTest       // names: words for it; nodes: operand; of NULL, TRUE and the like
	NodeCase       // nodes: argument, default, list of conditions, list of results
	NodeBranch     // names: words for it; nodes: operands; COALESCE, GREATEST, LEAST
	NodeNullIf     // nodes: left, right
	NodeRow        // nodes: fields
	NodeArray      // nodes: elements
	NodeCast       // names: type's name; nodes: operand; FlagList for an array, FlagStrict for a type modifier
	NodeCollate    // names: collation; nodes: operand
	NodeField      // names: field; nodes: composite
	NodeFields     // nodes: composite, of which all fields are meant
	NodeElement    // nodes: array, subscripts
	NodeSublink    // names: operator; nodes: test, query; FlagExists, FlagAny, FlagArray or FlagScalar, FlagNegated
	NodePosition   // Flags: the number of an output, from 1; in ORDER BY, GROUP BY and DISTINCT ON
	NodeWindow     // names: name, name that it refers to; nodes: partition list, order list, list of frame expressions
	NodeDerived    // names: words for it; nodes: what its value is computed from; FlagTotal where it cannot fail
	NodeNamed      // names: parameter; nodes: value; an argument that is given by name
	NodePart       // names: operator, the steps of a path into json, see StepKey; nodes: of what, for @> a list of constants whose names are the steps to what is compared
	NodeParameter  // Flags: the number of a parameter of the function whose body it stands in, from 1

	// What a function is made of; see Facts.Routine.
	NodeRoutine  // names: language, why its body is not followed; nodes: list of parameters, type of its result, list of steps; FlagSet, FlagStrict
	NodeFormal   // names: name, mode as in pg_proc.proargmodes; nodes: type, default
	NodeType     // names: schema, name; FlagList for an array; of column%TYPE nodes: column
	NodeVariable // names: name; nodes: type, default; of a body in PL/pgSQL
	NodeResult   // nodes: query; its rows are among the result's
	NodeRun      // nodes: query; it runs, and its rows go nowhere
	NodeStore    // nodes: query; names: variables that get its columns; FlagElement where only a part of the variable is assigned to, FlagRecord where one variable may get the whole row
	NodeAsk      // names: words for it; nodes: query of one condition, by whose value the body goes on
	NodeCount    // names: words for it; nodes: query of values that say how often something runs
	NodeTell     // names: words for it; nodes: query of values that errors and notices show
	nodeKinds
)

// Flags of nodes.
const (
	FlagDistinct = 1 << iota
	FlagAll
	FlagUnion
	FlagIntersect
	FlagExcept
	FlagRecursive
	FlagElement
	FlagGuess
	FlagLateral
	FlagDefined
	FlagNatural
	FlagNamed
	FlagStar
	FlagWithin
	FlagOver
	FlagList
	FlagNegated
	FlagStrict
	FlagExists
	FlagAny
	FlagArray
	FlagScalar
	FlagTotal
	FlagOrdinality
	FlagVariadic
	FlagSet
	FlagRecord
	FlagGiven    // a constant that is a parameter
	FlagComputed // a constant that is computed from parameters, so that making it can fail
	FlagSmall    // a constant that is NULL or a whole number of at most eight bytes
)

// Has says whether a flag is set.
func (n *Node) Has(flag int) bool { return n.Flags&flag != 0 }

// Node gives a part, one of kind NodeNone where there is none.
func (n *Node) Node(i int) *Node {
	if i < len(n.Nodes) {
		return &n.Nodes[i]
	}
	return &noNode
}

// List gives the parts of a part that is a list.
func (n *Node) List(i int) []Node { return n.Node(i).Nodes }

// Name gives a name, "" where there is none.
func (n *Node) Name(i int) string {
	if i < len(n.Names) {
		return n.Names[i]
	}
	return ""
}

var noNode Node //nolint:gochecknoglobals // is never changed: nothing can be stored through what Node gives without breaking the tree itself

// tidy leaves out what Node and Name give anyway: empty lists and what is not
// there at the end of lists.
func (n *Node) tidy() {
	for i := range n.Nodes {
		n.Nodes[i].tidy()
	}
	for len(n.Nodes) > 0 && n.Nodes[len(n.Nodes)-1].Kind == NodeNone {
		n.Nodes = n.Nodes[:len(n.Nodes)-1]
	}
	if len(n.Nodes) == 0 {
		n.Nodes = nil
	}
	if len(n.Names) == 0 {
		n.Names = nil
	}
	if n.Kind == NodeList && n.Nodes == nil && n.Names == nil {
		n.Kind = NodeNone
	}
}

// size estimates how many bytes a node takes, its strings not counted.
func (n *Node) size() int {
	total := int(unsafe.Sizeof(*n)) + len(n.Names)*int(unsafe.Sizeof(""))
	for i := range n.Nodes {
		total += n.Nodes[i].size()
	}
	return total
}

// deepestNode bounds how nodes stand in each other, so that reading a tree takes
// bounded stack. Scan keeps texts far below.
const deepestNode = 10_000

func (e *encoder) trees(s *Statement) {
	e.bits(s.Untraced)
	e.number(len(s.Trees))
	for i := range s.Trees {
		e.string(s.Trees[i].Sink)
		e.node(&s.Trees[i].Root)
	}
}

func (e *encoder) node(n *Node) {
	e.number(int(n.Kind))
	e.number(n.Flags)
	e.strings(n.Names)
	e.number(len(n.Nodes))
	for i := range n.Nodes {
		e.node(&n.Nodes[i])
	}
}

const (
	smallestNode = 4
	smallestTree = 1 + smallestNode
)

func (d *decoder) trees(s *Statement) {
	s.Untraced = d.flags(1) != 0
	n := d.count(smallestTree)
	if n == 0 {
		return
	}
	s.Trees = make([]Tree, n)
	for i := range s.Trees {
		s.Trees[i].Sink = d.string()
		d.node(&s.Trees[i].Root, 0)
	}
}

func (d *decoder) node(n *Node, depth int) {
	if depth > deepestNode {
		d.fail("a tree that is too deep")
		return
	}
	n.Kind = NodeKind(d.number(int(nodeKinds) - 1))
	n.Flags = d.number(1<<31 - 1)
	n.Names = d.strings()
	count := d.count(smallestNode)
	if count == 0 || d.err != nil {
		return
	}
	n.Nodes = make([]Node, count)
	for i := range n.Nodes {
		d.node(&n.Nodes[i], depth+1)
		if d.err != nil {
			return
		}
	}
}
