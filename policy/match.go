package policy

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
)

// part is a field of a match. test names the first one that a statement does
// not meet.
type part uint8

const (
	partNone part = iota // everything is met
	partCommands
	partWhere
	partTables
	partColumns
	partFunctions
	partSettings
	partLength
	partObjects
)

// test holds a statement against a match. It looks at names only: where a name
// in the text may mean what the match names, it does.
func (m *Match) test(st *statement.Statement) part {
	switch {
	case m.Any:
		return partNone
	case len(m.Commands) > 0 && !m.commands(st):
		return partCommands
	case m.NoWhere && !m.unlimited(st):
		return partWhere
	case (len(m.Tables) > 0 || (m.Access != "" && len(m.Columns) == 0)) && !m.tables(st):
		return partTables
	case len(m.Columns) > 0 && !m.columns(st):
		return partColumns
	case len(m.Functions) > 0 && !m.functions(st):
		return partFunctions
	case len(m.Settings) > 0 && !m.settings(st):
		return partSettings
	case (m.AnyObject || len(m.Objects) > 0) && !m.objects(st):
		return partObjects
	}
	return partNone
}

func (m *Match) commands(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Commands, func(c statement.Command) bool { return slices.Contains(m.Commands, c) })
}

// unlimited looks for one write that has the command, the table and no WHERE
// that limits it. The actions of a MERGE count as its own. What an EXPLAIN only
// plans touches no row.
func (m *Match) unlimited(st *statement.Statement) bool {
	return !st.Planned && slices.ContainsFunc(st.Writes, m.unlimitedWrite)
}

func (m *Match) unlimitedWrite(w statement.Write) bool {
	if w.Where == statement.WherePresent || !limited(w.Command) {
		return false
	}
	if len(m.Commands) > 0 && !slices.Contains(m.Commands, w.Command) && w.Command != statement.CommandMerge {
		return false
	}
	return len(m.Tables) == 0 || anyTable(m.Tables, w.Schema, w.Table)
}

// tables looks for one table that is named and touched in the way that the match
// speaks of. A change of definition counts as any access: a renamed table is
// read and written past the rules that name it.
func (m *Match) tables(st *statement.Statement) bool {
	redefines := slices.Contains(st.Commands, statement.CommandAlter)
	writes := false
	for i := range st.Tables {
		t := &st.Tables[i]
		write := slices.Contains(t.Access, statement.AccessWrite)
		writes = writes || write
		if m.Access != "" && !slices.Contains(t.Access, m.Access) && (!redefines || !write) {
			continue
		}
		if len(m.Tables) == 0 || anyTable(m.Tables, t.Schema, t.Name) {
			return true
		}
	}
	// DROP SCHEMA, DROP OWNED, ALTER SCHEMA ... RENAME, GRANT ON ALL TABLES and
	// the like reach tables that they do not name.
	return !writes && slices.ContainsFunc(st.Commands, reachesUnnamed) && !holdsNoTable(st) && (m.Access != statement.AccessRead || redefines)
}

// holdsNoTable says that a statement is one definition or grant and about kinds of
// objects alone with which no table is renamed, dropped or made accessible. What
// CASCADE takes along is an object of its own.
func holdsNoTable(st *statement.Statement) bool {
	return len(st.Commands) == 1 && len(st.Objects) > 0 && !slices.ContainsFunc(st.Objects, func(o statement.Object) bool {
		switch o.Kind {
		case statement.KindType, statement.KindDomain, statement.KindFunction, statement.KindProcedure, statement.KindAggregate,
			statement.KindOperator, statement.KindOperatorClass, statement.KindOperatorFamily, statement.KindCast,
			statement.KindConversion, statement.KindCollation, statement.KindLanguage, statement.KindTextSearchConfiguration,
			statement.KindTextSearchDictionary, statement.KindTextSearchParser, statement.KindTextSearchTemplate,
			statement.KindLargeObject, statement.KindParameter:
			return false
		}
		return true
	})
}

// reachesUnnamed says whether a command may be about tables that the text does
// not name.
func reachesUnnamed(c statement.Command) bool {
	switch c {
	case statement.CommandDrop, statement.CommandAlter, statement.CommandReassign, statement.CommandGrant, statement.CommandRevoke:
		return true
	}
	return false
}

// anyTable says whether one of the patterns may mean a relation. Without a
// schema in the text the search path decides, which is not known here: every
// schema counts.
func anyTable(patterns []pattern.Name, schema, name string) bool {
	for i := range patterns {
		if tableMatches(&patterns[i], 0, schema, name) {
			return true
		}
	}
	return false
}

// tableMatches compares a relation with a pattern whose last parts, as many as
// skip, are about something inside the relation.
func tableMatches(p *pattern.Name, skip int, schema, name string) bool {
	return p.FromEnd(skip).Match(name) && (schema == "" || p.FromEnd(skip+1).Match(schema))
}

func (m *Match) columns(st *statement.Statement) bool {
	for i := range m.Columns {
		if touchesColumn(&m.Columns[i], m.Access, st) {
			return true
		}
	}
	return false
}

// touchesColumn says whether a statement may touch a column that a pattern
// names.
func touchesColumn(p *pattern.Name, access statement.Access, st *statement.Statement) bool {
	concerned, renamed := false, false
	redefines := slices.Contains(st.Commands, statement.CommandAlter)
	for i := range st.Tables {
		if t := &st.Tables[i]; tableMatches(p, 1, t.Schema, t.Name) {
			if redefines && slices.Contains(t.Access, statement.AccessWrite) {
				return true // a renamed column is read and written past the rules that name it
			}
			concerned = true
			renamed = renamed || t.Renames
		}
	}
	if !concerned {
		return false
	}
	// What cannot be followed may be the column.
	if access != statement.AccessWrite && (renamed || slices.ContainsFunc(st.Opaque, hidesColumns)) {
		return true
	}
	for i := range st.Columns {
		c := &st.Columns[i]
		write := c.Use == statement.UseWrite
		if (access == statement.AccessWrite && !write) || (access == statement.AccessRead && write) {
			continue
		}
		if columnMatches(p, c, st) {
			return true
		}
	}
	return wholeTable(p, access, st)
}

// hidesColumns says whether a construct may touch columns that are not listed. The
// columns of USING are, and a star that a position counts from.
func hidesColumns(construct string) bool {
	return construct != "a JOIN with USING" && !strings.HasSuffix(construct, " a position after a star")
}

func columnMatches(p *pattern.Name, c *statement.Column, st *statement.Statement) bool {
	if c.Qualifier == "" && c.Star && c.Use == statement.UseOutput && len(st.Writes) == 0 {
		// It stands for the outermost FROM, whose subqueries list what they read.
		return slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return t.Top && tableMatches(p, 1, t.Schema, t.Name) })
	}
	if c.Qualifier == "" {
		return c.Star || p.FromEnd(0).Match(c.Name) || isRow(p, c.Name, st)
	}
	if !c.Star && !p.FromEnd(0).Match(c.Name) {
		return false
	}
	found := false
	for i := range st.Tables {
		t := &st.Tables[i]
		if t.Alias != c.Qualifier && (t.Alias != "" || t.Name != c.Qualifier) {
			continue
		}
		found = true
		if tableMatches(p, 1, t.Schema, t.Name) {
			return true
		}
	}
	if !found && c.Star {
		// All columns of a subquery or a common table expression are what it lists
		// itself. The rows of triggers and rules are those of the table.
		return c.Qualifier == "old" || c.Qualifier == "new"
	}
	return !found // a subquery's or a common table expression's column may be a copy
}

// isRow says whether a bare name is a whole row of a table that the pattern
// names.
func isRow(p *pattern.Name, name string, st *statement.Statement) bool {
	return slices.ContainsFunc(st.Tables, func(t statement.Table) bool {
		return (t.Alias == name || (t.Alias == "" && t.Name == name)) && tableMatches(p, 1, t.Schema, t.Name)
	})
}

// wholeTable looks for writes and copies whose columns are not listed one by
// one.
func wholeTable(p *pattern.Name, access statement.Access, st *statement.Statement) bool {
	listed := func(columns []string) bool {
		return len(columns) == 0 || slices.ContainsFunc(columns, p.FromEnd(0).Match)
	}
	if access != statement.AccessRead && slices.ContainsFunc(st.Writes, func(w statement.Write) bool {
		return w.Command == statement.CommandInsert && listed(w.Columns) && tableMatches(p, 1, w.Schema, w.Table)
	}) {
		return true
	}
	c := st.Copy
	if c == nil || c.Query {
		return false
	}
	way := statement.AccessRead
	if c.From {
		way = statement.AccessWrite
	}
	return (access == "" || access == way) && listed(c.Columns) && tableMatches(p, 1, c.Schema, c.Table)
}

func (m *Match) functions(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Functions, func(f statement.Function) bool { return anyTable(m.Functions, f.Schema, f.Name) }) ||
		slices.ContainsFunc(st.Objects, m.redefined)
}

// redefined says whether an object is a function of the match whose definition
// changes, or its schema's: by another name it is called past the rules that name it.
func (m *Match) redefined(o statement.Object) bool {
	if o.Command != statement.CommandAlter {
		return false
	}
	switch o.Kind {
	case statement.KindFunction, statement.KindProcedure, statement.KindAggregate:
		return anyTable(m.Functions, o.Schema, o.Name)
	case statement.KindSchema:
		return slices.ContainsFunc(m.Functions, func(p pattern.Name) bool { return p.Len() > 1 && p.FromEnd(1).Match(o.Name) })
	}
	return false
}

func (m *Match) settings(st *statement.Statement) bool {
	if writesSettings(st) {
		return true
	}
	return slices.ContainsFunc(st.Settings, func(s statement.Setting) bool {
		if s.Scope == statement.ScopeFunction && !actsAs(s.Name) {
			return false // ends with the function
		}
		// RESET ALL, and a name that is not constant, may be any setting.
		return s.Name == "" || s.Name == "all" && m.reset(s.Scope) ||
			slices.ContainsFunc(m.Settings, func(g pattern.Glob) bool { return g.Match(s.Name) })
	})
}

// reset says whether RESET ALL may change one of the settings. In a session it leaves
// alone as whom that acts, and what a transaction is (GUC_NO_RESET_ALL in guc.c).
func (m *Match) reset(scope statement.Scope) bool {
	return scope != statement.ScopeSession || slices.ContainsFunc(m.Settings, func(g pattern.Glob) bool {
		switch g.String() {
		case "role", "session_authorization", "transaction_isolation", "transaction_read_only", "transaction_deferrable", "seed":
			return false
		}
		return true
	})
}

// actsAs says whether a setting decides as whom something is done and what is then
// passed over, so that it counts for the time of one function too.
func actsAs(name string) bool {
	return name == "" || name == "role" || name == "session_authorization" || name == "session_replication_role"
}

// writesSettings says whether a statement writes to the view pg_settings, whose
// rule calls set_config.
func writesSettings(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Tables, func(t statement.Table) bool {
		return t.Name == "pg_settings" && (t.Schema == "" || t.Schema == "pg_catalog") &&
			slices.Contains(t.Access, statement.AccessWrite)
	})
}

// hidden says, as a clause, what a statement runs that was not read, so that it
// may do more than its facts say; "" for nothing.
func hidden(st *statement.Statement) string {
	if st.Dynamic {
		return "runs text that weir cannot read (" + keyword(st.Command) + ")"
	}
	// The extension dblink, in whatever schema it was put.
	if slices.ContainsFunc(st.Functions, func(f statement.Function) bool { return strings.HasPrefix(f.Name, "dblink") }) {
		return "has another connection run text (dblink)"
	}
	// An EXECUTE inside another command that does not say which.
	if slices.Contains(st.Commands, statement.CommandExecute) && !executes(st) {
		return "runs a prepared statement that it does not name"
	}
	return ""
}

// executes says whether a statement runs one that was prepared and is named in
// it.
func executes(st *statement.Statement) bool {
	return st.Prepared != nil && st.Prepared.What == "Execute"
}
