package catalog

import "github.com/weirgate/weir/policy/statement"

// Function is a function, procedure, aggregate or window function outside
// pg_catalog.
type Function struct {
	OID        uint32
	Schema     string
	Name       string
	Kind       byte   // pg_proc.prokind: f, p, a, w
	Language   string // "sql", "plpgsql", "c", "internal", ...
	Volatility byte   // pg_proc.provolatile: i, s, v
	Arguments  int    // input arguments
	Defaults   int    // how many of them have defaults
	Variadic   bool
	Extension  string // the extension that it belongs to, "" for none

	Definer  bool     // SECURITY DEFINER
	Settings []string // its SET clauses, "search_path=app"
	Types    []uint32 // of its input arguments, the result last
	// Default is what the defaults of its arguments use, nil for nothing.
	Default *Definition
	// Body is what is inside, nil for a function that has none that can be read:
	// one in another language, an aggregate.
	Body *Body
	// Source is a digest of the body and what it was made of, all zero where there is none.
	Source [16]byte
	// Parts are the functions that an aggregate is made of, or that may be in its place.
	Parts []uint32

	// defined: it is no function but stands for what a definition has run.
	defined bool
}

// Accepts says whether a call with so many arguments can be this function's.
// It is true where that is not sure.
func (f *Function) Accepts(arguments int) bool {
	if f.Variadic || f.Kind != 'f' { // CALL lists output arguments; ordered-set aggregates split theirs
		return true
	}
	return arguments >= f.Arguments-f.Defaults && arguments <= f.Arguments
}

// Qualified is the function's name with its schema, for people.
func (f *Function) Qualified() string { return qualified(f.Schema, f.Name) }

// Body is the inside of a function.
type Body struct {
	// Statements are the facts of a body that is kept as text. What its names mean
	// is decided when it runs. They are shared and must not be changed.
	Statements []statement.Statement
	// Tree is a body that is kept as a tree (BEGIN ATOMIC, RETURN): its names were
	// resolved when it was made.
	Tree *Definition
	// Unread says, as a clause, why the body could not be read, "" if it could:
	// then it may do anything.
	Unread string
	// Routine is the build of the function, nil where there is none: see
	// statement.Facts. Of a body that is kept as a tree it is that of its text.
	Routine *statement.Node
	// Atomic are the facts of the statements of a body that is kept as a tree, as its
	// text has them. What the function does is in Tree; these are for following its
	// values.
	Atomic []statement.Statement
}

// Type is a type that is not built in. Types that are not listed have no known
// form on the wire.
type Type struct {
	OID     uint32
	Schema  string
	Name    string
	Base    uint32 // of a domain: its base type, which may be a domain
	Element uint32 // of an array
	Text    bool   // is sent as text is

	Kind    byte        // pg_type.typtype: b, c, d, e, r, m, p
	Parts   []uint32    // of a composite type: the types of its columns that are not built in
	Array   uint32      // of a composite type that has Parts: the type of its arrays
	Subtype uint32      // of a range or multirange
	Check   *Definition // of a domain: what its constraints and default use, nil for nothing
	Calls   []uint32    // functions for its input and output, and for comparing its values

	was uint32 // the one that it is another name of, 0 for none
}

// Operator is an operator outside pg_catalog.
type Operator struct {
	OID      uint32
	Schema   string
	Name     string
	Left     uint32 // the types of its operands, Left 0 for a prefix operator
	Right    uint32
	Function uint32
}

// Cast is a cast that is not PostgreSQL's own.
type Cast struct {
	Source, Target uint32
	Function       uint32 // 0 for one without a function
	Implicit       bool   // takes place without being written, everywhere
	Assignment     bool   // takes place without being written where a value is stored
}

// EventTrigger is an event trigger that is enabled.
type EventTrigger struct {
	Name     string
	Event    string   // "ddl_command_end", "login", ...
	Tags     []string // nil for all
	Function uint32
}
