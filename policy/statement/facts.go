package statement

import "unsafe"

// Command is a command as policy documents name it, for example "Select",
// "Drop" or "Copy". The list is in commands.go.
type Command string

// Facts is all that policy needs to know about one text of SQL. They hold while
// standard_conforming_strings is on and client_encoding is UTF8: the session
// must refuse every change of either, also in start-up options.
//
// They name no place in the text, because texts that differ in literals share them.
type Facts struct {
	Statements []Statement `json:"statements"` // in the order of the text; empty for an empty query
	// Routine is the build of the function whose body was read, a NodeRoutine: nil
	// where no body was asked for.
	Routine *Node `json:"-"`
}

// Statement is one of the statements of a text.
//
// EXPLAIN, PREPARE, DECLARE and COPY (query) carry the facts of what they hold:
// Columns with the uses that they have there, Shape likewise. Outputs are set for
// what really returns the rows: not for EXPLAIN, PREPARE and DECLARE (whose Body
// has them), but for COPY ... TO, whose rows are the query's.
type Statement struct {
	Command  Command   `json:"command"`  // the outermost command
	Commands []Command `json:"commands"` // every command wherever it stands (CTEs, EXPLAIN, PREPARE, COPY, bodies), the outermost first, each once

	Tables    []Table    `json:"tables,omitempty"`    // every relation named, wherever it stands
	Columns   []Column   `json:"columns,omitempty"`   // every column reference, wherever it stands
	Functions []Function `json:"functions,omitempty"` // every function called, wherever it stands
	Writes    []Write    `json:"writes,omitempty"`    // one for each UPDATE, DELETE, INSERT or MERGE, wherever it stands
	Outputs   []Output   `json:"outputs,omitempty"`   // what the outermost statement returns: SELECT's targets or RETURNING
	Objects   []Object   `json:"objects,omitempty"`   // what is defined, changed, dropped, commented on or granted
	Operators []Operator `json:"operators,omitempty"` // every operator used or named, wherever it stands
	Types     []Type     `json:"types,omitempty"`     // every type that a cast, a column or a signature names

	// Shape says how the outermost query is built, so that a reader can tell
	// whether a column in Outputs is the table's own column and nothing else.
	Shape Shape `json:"shape"`

	Settings []Setting `json:"settings,omitempty"` // SET, RESET, set_config, and what other commands set for later sessions
	Prepared *Prepared `json:"prepared,omitempty"` // PREPARE, EXECUTE, DEALLOCATE
	Cursor   *Cursor   `json:"cursor,omitempty"`   // DECLARE, FETCH, MOVE, CLOSE
	Copy     *Copy     `json:"copy,omitempty"`     // COPY
	// Limit is the outermost LIMIT when it is an integer constant, -1 otherwise.
	Limit int64 `json:"limit"`
	// Locking says that a SELECT somewhere in it locks rows (FOR UPDATE, FOR
	// SHARE). The relations are listed as read.
	Locking bool `json:"locking,omitempty"`
	// Planned says that an EXPLAIN without ANALYZE stands around all else: it is
	// planned, which calls functions that are not volatile, and not run.
	Planned bool `json:"planned,omitempty"`
	// Chain says that a COMMIT or ROLLBACK begins another transaction.
	Chain bool `json:"chain,omitempty"`
	// Dynamic says that the statement runs text which was not read here (DO
	// or a function body in a language or a form that is not followed).
	Dynamic bool `json:"dynamic,omitempty"`
	// Trees are the builds of the queries in it, for PREPARE and DECLARE those of
	// the body. Untraced says that it has columns which no tree shows: then
	// only Columns tells of them.
	Trees    []Tree `json:"-"`
	Untraced bool   `json:"-"`
	// Inside are the facts of what stands in the body of a function that it defines, or
	// of a DO, one by one: as ParseBody has them, without trees. All else has them, too,
	// put together.
	Inside []Statement `json:"inside,omitempty"`
	// Opaque names the constructs of the statement whose effect on columns is
	// not followed yet, in words for an error ("a NATURAL JOIN"). A mask that
	// may be concerned refuses a statement that has one.
	Opaque []string `json:"opaque,omitempty"`
}

// Access says how a relation is touched.
type Access string

// The kinds of access. A DDL statement writes the relations that it names.
const (
	AccessRead  Access = "Read"
	AccessWrite Access = "Write"
)

// NoColumn stands among the Keys of a Table for a part of a definition that is about no
// column: no column has an empty name.
const NoColumn = ""

// Table is a relation as the text names it. Schema is "" when the text does not
// qualify it. Names of common table expressions are not tables where the name
// is in scope as one.
type Table struct {
	Schema  string   `json:"schema,omitempty"`
	Name    string   `json:"name"`
	Alias   string   `json:"alias,omitempty"`   // the correlation name, "" for none
	Renames bool     `json:"renames,omitempty"` // the alias renames columns: t(a, b)
	Access  []Access `json:"access"`
	// Referred says that as this entry the table is named by foreign keys of a definition
	// alone. Keys are the columns that they refer to: one entry has those that name them,
	// another, without Keys, those that do not and mean the table's primary key. In an
	// entry that is not Referred, Keys are the columns of the table that a definition is
	// about, where it depends on the values of no others; NoColumn stands for a part that is
	// about none.
	Referred bool     `json:"referred,omitempty"`
	Keys     []string `json:"keys,omitempty"`
	Top      bool     `json:"top,omitempty"` // stands in the outermost query's own FROM (joins of plain tables), or is its DML target
}

// Use says what a column is read or written for.
type Use string

// The uses of a column.
const (
	UseOutput    Use = "Output"    // is itself an output of the outermost statement
	UseEquality  Use = "Equality"  // column = constant or parameter (or IN a list of them) in a WHERE or ON
	UsePredicate Use = "Predicate" // any other part of a WHERE, ON, HAVING
	UseGrouping  Use = "Grouping"  // GROUP BY, DISTINCT, PARTITION BY
	UseOrdering  Use = "Ordering"  // ORDER BY
	UseWrite     Use = "Write"     // is assigned to: INSERT's column list, SET's left side
	UseDerived   Use = "Derived"   // anything else: part of an expression, of a subquery's targets, of a function's arguments
)

// Column is one reference to a column, or to something that may be one: a bare
// name may also be a whole row of the relation with that name or alias, and a
// function of one argument may be a column in functional notation (then the
// function's name is listed here too, as UseDerived). Where the bare name is that
// of a relation in scope, a Star entry with it as Qualifier is listed besides. A
// qualified name that is no column of its relation is a function of the whole row
// (c.row_to_json): for those that PostgreSQL has, both are listed; for others only
// a catalog can tell.
type Column struct {
	Schema    string `json:"schema,omitempty"`
	Qualifier string `json:"qualifier,omitempty"` // table or alias, "" when the text has none
	Name      string `json:"name,omitempty"`      // "" for a star
	Star      bool   `json:"star,omitempty"`      // * or t.*
	Use       Use    `json:"use"`
	Construct string `json:"construct"` // where it stands, in words for an error: "the argument of upper()", "ORDER BY", "a subquery"
}

// Function is a call. Schema is "" when the text does not qualify it. Names of
// calls that the grammar writes in its own way (EXTRACT, COALESCE is none) are
// as PostgreSQL's parser names them, pg_catalog qualified.
type Function struct {
	Schema    string `json:"schema,omitempty"`
	Name      string `json:"name"`
	Arguments int    `json:"arguments"`
	Aggregate bool   `json:"aggregate,omitempty"` // has a FILTER, ORDER BY, DISTINCT or star inside
	// Named says that a definition names it for later (of an operator, a cast, a
	// trigger, a type): how many arguments it then gets is not known, Arguments is 0.
	Named bool `json:"named,omitempty"`
}

// Condition says what a write's WHERE limits.
type Condition string

// The kinds of condition.
const (
	WhereMissing  Condition = "Missing"  // no WHERE
	WhereConstant Condition = "Constant" // a WHERE that does not depend on the row, or only seems to (id = id)
	WherePresent  Condition = "Present"
)

// Write is one data-modifying command of a statement.
type Write struct {
	Command Command   `json:"command"` // Update, Delete, Insert, Merge
	Schema  string    `json:"schema,omitempty"`
	Table   string    `json:"table"`
	Where   Condition `json:"where"` // always Present for INSERT
	Columns []string  `json:"columns,omitempty"`
	// Correlated is set on a Constant where the condition holds subqueries with names
	// that may be the target's columns. It is Present after all if, of each of them,
	// one name is a column of the target and of none of the subquery's own relations.
	Correlated []Correlation `json:"correlated,omitempty"`
	// Given is set on a Present that is Constant after all if this is so of columns of the
	// target.
	Given *Given `json:"given,omitempty"`
}

// Given is what makes a condition choose no rows: id IS NOT NULL of a column that is never
// NULL, id::text <> ” of one that is a number.
type Given struct {
	NotNull []string   `json:"notNull,omitempty"` // columns that are never NULL
	Typed   []string   `json:"typed,omitempty"`   // columns whose type is of one of the kinds As
	As      []TypeKind `json:"as,omitempty"`
}

// TypeKind is a kind of types whose values have certain texts.
type TypeKind string

// The kinds of types. Texts, names, enumerations and types of one's own are of none.
const (
	TypeNumber  TypeKind = "Number"  // integers, floating point, numeric, oid
	TypeBoolean TypeKind = "Boolean" // true and false
	TypeTime    TypeKind = "Time"    // dates, timestamps
	TypeUUID    TypeKind = "UUID"
	TypeOther   TypeKind = "Other" // any other whose text is never empty: json, arrays, ranges, addresses, bytea
)

// Correlation is a subquery whose names a catalog can tell apart.
type Correlation struct {
	Names []string      `json:"names"` // unqualified columns in its conditions
	From  []RelationRef `json:"from"`  // the relations in its FROM, which holds nothing else
}

// RelationRef is a relation as the text names it.
type RelationRef struct {
	Schema string `json:"schema,omitempty"` // "" where the text does not qualify it
	Name   string `json:"name"`
}

// Output is one entry of the outermost target list.
type Output struct {
	Direct    bool   `json:"direct"`         // a column reference and nothing else; false for a bare name that is also a relation's in scope
	Star      bool   `json:"star,omitempty"` // not direct: (t).*, which stands for a number of columns too
	Schema    string `json:"schema,omitempty"`
	Qualifier string `json:"qualifier,omitempty"`
	Name      string `json:"name,omitempty"`  // the column, when direct
	Label     string `json:"label,omitempty"` // the AS name, "" for none
}

// Shape is the build of the outermost statement.
type Shape struct {
	// Plain: a SELECT (or a DML with RETURNING) over plain tables and joins of
	// them: no set operation, no CTE, no subquery, function or VALUES in FROM.
	// Subqueries may stand in expressions; their columns are Derived.
	Plain bool `json:"plain"`
	// Why names what made it not plain, in words for an error.
	Why string `json:"why,omitempty"`
}

// Scope says whose settings are changed.
type Scope string

// The scopes of a change of settings. The empty one is the session's.
const (
	ScopeSession  Scope = ""         // SET, RESET, set_config
	ScopeFunction Scope = "Function" // while a function runs: CREATE or ALTER FUNCTION ... SET
	ScopeRole     Scope = "Role"     // later sessions of a role, or of a role in a database: ALTER ROLE ... SET
	ScopeDatabase Scope = "Database" // later sessions in a database: ALTER DATABASE ... SET
	ScopeSystem   Scope = "System"   // the whole server: ALTER SYSTEM
)

// Setting is a change of a setting.
type Setting struct {
	Name  string `json:"name"`            // lower case; "role", "session_authorization", "all" for RESET ALL
	Value string `json:"value,omitempty"` // as text; "" for RESET, DEFAULT or a value that is not constant
	Local bool   `json:"local,omitempty"`
	Known bool   `json:"known"` // Value is the whole truth: a constant, or a RESET (Reset is set)
	Reset bool   `json:"reset,omitempty"`
	Scope Scope  `json:"scope,omitempty"`
}

// Prepared is about a statement prepared in SQL.
type Prepared struct {
	Name string     `json:"name"` // "" for DEALLOCATE ALL
	What string     `json:"what"` // "Prepare", "Execute", "Deallocate"
	Body *Statement `json:"body,omitempty"`
}

// Cursor is about a cursor named in SQL.
type Cursor struct {
	Name   string     `json:"name"`             // "" for CLOSE ALL
	What   string     `json:"what"`             // "Declare", "Fetch", "Move", "Close"
	Binary bool       `json:"binary,omitempty"` // DECLARE ... BINARY: fetched rows are in binary format
	Hold   bool       `json:"hold,omitempty"`   // DECLARE ... WITH HOLD: outlives its transaction
	Body   *Statement `json:"body,omitempty"`
}

// Copy is about a COPY.
type Copy struct {
	From    bool     `json:"from"`            // into the table
	Target  string   `json:"target"`          // "Client" (STDIN, STDOUT), "File", "Program"
	Query   bool     `json:"query,omitempty"` // COPY (query) TO
	Schema  string   `json:"schema,omitempty"`
	Table   string   `json:"table,omitempty"`
	Columns []string `json:"columns,omitempty"` // empty: all
	Format  string   `json:"format"`            // "text", "csv", "binary"; another word as it was written
	// Options are the others as written, lower-case names ("delimiter", "null",
	// "header", "quote", "escape", "force_quote", "encoding"); lists are joined
	// by commas, a bare option has the value "true".
	Options []CopyOption `json:"options,omitempty"`
}

// CopyOption is one option of a COPY.
type CopyOption struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Size estimates how many bytes of memory the facts take, their strings not
// counted: decoded facts share one string of the length that was decoded.
func (f *Facts) Size() int {
	n := int(unsafe.Sizeof(*f))
	for i := range f.Statements {
		n += f.Statements[i].size()
	}
	if f.Routine != nil {
		n += f.Routine.size()
	}
	return n
}

func (s *Statement) size() int {
	n := int(unsafe.Sizeof(*s)) +
		len(s.Commands)*int(unsafe.Sizeof(s.Command)) +
		len(s.Tables)*(int(unsafe.Sizeof(Table{}))+2*int(unsafe.Sizeof(AccessRead))) +
		len(s.Columns)*int(unsafe.Sizeof(Column{})) +
		len(s.Functions)*int(unsafe.Sizeof(Function{})) +
		len(s.Writes)*int(unsafe.Sizeof(Write{})) +
		len(s.Outputs)*int(unsafe.Sizeof(Output{})) +
		len(s.Settings)*int(unsafe.Sizeof(Setting{})) +
		len(s.Objects)*int(unsafe.Sizeof(Object{})) +
		len(s.Operators)*int(unsafe.Sizeof(Operator{})) +
		len(s.Types)*int(unsafe.Sizeof(Type{})) +
		len(s.Opaque)*int(unsafe.Sizeof(""))
	for i := range s.Writes {
		n += len(s.Writes[i].Columns) * int(unsafe.Sizeof(""))
		if g := s.Writes[i].Given; g != nil {
			n += int(unsafe.Sizeof(*g)) + (len(g.NotNull)+len(g.Typed)+len(g.As))*int(unsafe.Sizeof(""))
		}
		for j := range s.Writes[i].Correlated {
			c := &s.Writes[i].Correlated[j]
			n += int(unsafe.Sizeof(*c)) + len(c.Names)*int(unsafe.Sizeof("")) + len(c.From)*int(unsafe.Sizeof(RelationRef{}))
		}
	}
	for i := range s.Inside {
		n += s.Inside[i].size()
	}
	for i := range s.Trees {
		n += int(unsafe.Sizeof(s.Trees[i])) + s.Trees[i].Root.size()
	}
	if s.Copy != nil {
		n += int(unsafe.Sizeof(*s.Copy)) + len(s.Copy.Columns)*int(unsafe.Sizeof("")) + len(s.Copy.Options)*int(unsafe.Sizeof(CopyOption{}))
	}
	if s.Prepared != nil {
		n += int(unsafe.Sizeof(*s.Prepared))
		if s.Prepared.Body != nil {
			n += s.Prepared.Body.size()
		}
	}
	if s.Cursor != nil {
		n += int(unsafe.Sizeof(*s.Cursor))
		if s.Cursor.Body != nil {
			n += s.Cursor.Body.size()
		}
	}
	return n
}
