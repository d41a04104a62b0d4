package catalog

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
	Schema   string
	Name     string
	Kind     Kind
	Columns  []Column    // by number; dropped ones are left out
	Parents  []uint32    // what it inherits from, or is a partition of
	Query    *Definition // of views and materialized views
	Rules    bool        // has rewrite rules besides a view's own
	Triggers bool        // has triggers, those of foreign keys included
}

// Column is a column of a relation.
type Column struct {
	Number  int16 // pg_attribute.attnum, from 1
	Name    string
	Type    uint32 // pg_attribute.atttypid: a domain's own oid, where it has one
	TypeMod int32
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

// Definition is what a view is made of.
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
}

// Derivation says where one column of a view comes from.
type Derivation struct {
	// Copies: the values are those of one of these columns, unchanged.
	Copies []ColumnRef
	// Reads: the values are computed from these columns.
	Reads []ColumnRef
	// Calls are the functions that compute it.
	Calls []uint32
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
func (r *Relation) Qualified() string { return r.Schema + "." + r.Name }

// System says whether the relation belongs to PostgreSQL itself.
func (r *Relation) System() bool { return SystemSchema(r.Schema) }

// SystemSchema says whether a schema is one of PostgreSQL's own.
func SystemSchema(name string) bool {
	return name == "pg_catalog" || name == "information_schema" || name == "pg_toast"
}

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
}

// Accepts says whether a call with so many arguments can be this function's.
// It is true where that is not sure.
func (f *Function) Accepts(arguments int) bool {
	if f.Variadic || f.Kind != 'f' { // CALL lists output arguments; ordered-set aggregates split theirs
		return true
	}
	return arguments >= f.Arguments-f.Defaults && arguments <= f.Arguments
}

// Type is a type that is not built in. Types that are not listed have no known
// form on the wire.
type Type struct {
	OID     uint32
	Base    uint32 // of a domain: its base type, which may be a domain
	Element uint32 // of an array
	Text    bool   // is sent as text is
}
