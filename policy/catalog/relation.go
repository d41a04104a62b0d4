package catalog

import "github.com/weirgate/weir/policy/statement"

// Kind is the kind of a relation, as pg_class.relkind.
type Kind byte

// The kinds of relation that a statement can read. Indexes and TOAST tables are
// not in a snapshot.
const (
	Table            Kind = 'r'
	PartitionedTable Kind = 'p'
	ForeignTable     Kind = 'f'
	View             Kind = 'v'
	MaterializedView Kind = 'm'
	Sequence         Kind = 'S'
	CompositeType    Kind = 'c'
)

// Relation is a table, a view or whatever else has columns.
type Relation struct {
	OID      uint32
	Schema   string // "" for one that may be in any, see Snapshot.After
	Name     string
	Kind     Kind
	Columns  []Column    // by number; dropped ones are left out
	Parents  []uint32    // what it inherits from, or is a partition of
	Query    *Definition // of views and materialized views
	Rules    bool        // has rewrite rules besides a view's own
	Triggers bool        // has triggers, those of foreign keys included

	Type        uint32       // the type of its rows
	Array       uint32       // the type of arrays of these, 0 for none
	OfType      uint32       // of a typed table: the composite type that its columns follow, 0 for none
	Fires       []Trigger    // its triggers, without those of foreign keys
	Rewrites    []Rule       // its rewrite rules, without a view's own
	Runs        []Expression // what is evaluated when its rows are read or written
	Keys        []ForeignKey // of other tables that refer to this one
	RowSecurity bool         // row security is on: the expressions of policies hold
	Server      string       // of a foreign table: the server's name
	OwnedBy     ColumnRef    // of a sequence: the column that it belongs to

	// Source is a digest of what a view, or rules, were made of, all zero where there is
	// none.
	Source [16]byte

	// Loose says that its columns are not known, as of one that an open transaction has
	// made: Columns is nil.
	Loose bool

	quiet bool // nothing follows from reading it
	inert bool // nor from changing it
}

// Trigger is a trigger of a relation.
type Trigger struct {
	Name     string
	Function uint32
	Events   Event
	Instead  bool        // INSTEAD OF
	When     *Definition // its condition, nil for none
}

// Event is a set of what can happen to a relation.
type Event uint8

// The events.
const (
	OnInsert Event = 1 << iota
	OnUpdate
	OnDelete
	OnTruncate
)

// Rule is a rewrite rule.
type Rule struct {
	Name    string
	Event   Event // 0 for SELECT, which only views have
	Instead bool
	Action  *Definition
}

// Moment says when an expression is evaluated.
type Moment byte

// The moments.
const (
	WhenWritten  Moment = 'w' // a default, a check, a stored generated column, an index, a partition's key
	WhenRead     Moment = 'r' // a generated column that is not stored
	ByRowPolicy  Moment = 'p' // a policy of row security, for whom it holds
	WhenAnalyzed Moment = 'a' // extended statistics
)

// Expression is one that belongs to a relation.
type Expression struct {
	Moment Moment
	What   string // in words, "a column default"
	Column int16  // that it gives, 0 for none
	Uses   *Definition
}

// ForeignKey is one of another table that refers to a relation. Its actions are
// as pg_constraint has them: a nothing, r restrict, c cascade, n set null, d set
// default.
type ForeignKey struct {
	Table    uint32 // the one that refers
	OnDelete byte
	OnUpdate byte
}

// Column is a column of a relation.
type Column struct {
	Number  int16 // pg_attribute.attnum, from 1
	Name    string
	Type    uint32 // pg_attribute.atttypid: a domain's own oid, where it has one
	TypeMod int32
	NotNull bool // pg_attribute.attnotnull
	Primary bool // is of the primary key
	// Reads are the columns of the same relation that a generated column is
	// computed from; 0 is all of them.
	Reads []int16
}

// ColumnRef names a column by its relation's oid and its number. Column 0 is
// the whole row.
type ColumnRef struct {
	Relation uint32
	Column   int16
}

// Definition is what a view is made of, or another part of the catalog that is
// kept as a tree: a rule's action, an expression, a function's body.
type Definition struct {
	// Unread says why the definition could not be read, "" if it could: then any
	// column may come from anywhere.
	Unread string
	// Columns says where each column comes from: that of number n is at n-1.
	Columns []Derivation
	// Reads are all columns that the query reads, wherever it does.
	Reads []ColumnRef
	// Relations are the oids of all relations that it names.
	Relations []uint32
	// Calls are the oids of all functions that it calls, those of operators and
	// aggregates included.
	Calls []uint32
	// Operators are the oids of all operators that it uses.
	Operators []uint32
	// Types are the oids of types that it converts values to.
	Types []uint32
	// Writes are the relations that it changes: only a rule's action and a
	// function's body do.
	Writes []Change
	// Chosen are the columns of which it chooses something, see Derivation.
	Chosen []ColumnRef
}

// Change is a change of a relation's rows.
type Change struct {
	Relation uint32
	Command  statement.Command   // Insert, Update, Delete, Merge, Truncate or Copy
	Where    statement.Condition // as in statement.Write; Present where it is not told
	// Columns are those that it sets, nil for all or where it is not told.
	Columns []int16
}

// Derivation says where one column of a view comes from.
type Derivation struct {
	// Copies: the values are those of one of these columns, unchanged.
	Copies []ColumnRef
	// Reads: the values are computed from these columns.
	Reads []ColumnRef
	// Tests: the values tell which of these columns' are NULL, by IS NULL and count(),
	// and nothing else of them.
	Tests []ColumnRef
	// Calls are the functions that compute it.
	Calls []uint32
	// Chosen are those of Reads by which it may be NULL, or one of several values: the
	// conditions of a CASE, what a NULLIF compares, what a part is taken of.
	Chosen []ColumnRef
	// Unknown says that the query could not be followed to its sources: the
	// column may come from all that the query reads and calls.
	Unknown bool
}

// Column finds a column by its name.
func (r *Relation) Column(name string) (Column, bool) {
	for _, c := range r.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// Qualified is the relation's name with its schema, for people.
func (r *Relation) Qualified() string { return qualified(r.Schema, r.Name) }

// qualified is a name with its schema, where that is known.
func qualified(schema, name string) string {
	if schema == "" {
		return name
	}
	return schema + "." + name
}

// System says whether the relation belongs to PostgreSQL itself.
func (r *Relation) System() bool { return SystemSchema(r.Schema) }

// SystemSchema says whether a schema is one of PostgreSQL's own.
func SystemSchema(name string) bool {
	return name == "pg_catalog" || name == "information_schema" || name == "pg_toast"
}
