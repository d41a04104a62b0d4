package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
)

// Count says that the rows which a statement changes must be counted where they are
// changed, by the server's own counters of rows for each table: the number that the
// server reports at the end is of the outermost command alone. Rows of temporary
// tables do not count.
type Count struct {
	// Inserted, Updated and Deleted say which rows count.
	Inserted bool `json:"inserted,omitempty"`
	Updated  bool `json:"updated,omitempty"`
	Deleted  bool `json:"deleted,omitempty"`
	// Tables are those whose rows count, with their partitions and children; empty
	// for all.
	Tables []pattern.Name `json:"tables,omitempty"`
	// Changes: the rule is about what the statement changes, and not about its result,
	// whose rows do not count.
	Changes bool `json:"changes,omitempty"`
}

// Counts says whether the rows of a table count; it has the names of one of the
// tables that it is a partition or child of, or its own.
func (c *Count) Counts(schema, name string) bool {
	return len(c.Tables) == 0 || anyTable(c.Tables, schema, name)
}

// counting says how the rows that a statement changes are held against a guard's
// limit: by what the server reports (count is nil), by its counters, or, as a clause,
// why they cannot be. by is what runs the statement, where it was prepared; seen is what
// the statement does in all, nil where no catalog tells; blind says, as a clause, what of
// it is not read.
func (g *bound) counting(said, by *statement.Statement, seen *reach, blind string, c *Catalog) (count *Count, uncounted string) {
	all := said
	if seen != nil {
		all = &seen.Statement
	}
	emptied := g.emptied(all, c)
	why := emptied
	if g.concerns(said) {
		why = cmp.Or(g.Limit.uncounted(said, by), emptied)
	}
	if why == "" && seen != nil {
		why = g.uncountedInside(seen)
	}
	if why == "" {
		return nil, ""
	}
	if emptied != "" || g.audit || cmp.Or(blind, g.uncountable(said, seen)) != "" {
		return nil, cmp.Or(g.uncountable(said, seen), why)
	}
	return g.count(said, all, c), ""
}

// uncountable says, as a clause, what a statement does in which the server's counters
// of rows would not tell what it changed; "" for nothing.
func (g *bound) uncountable(said *statement.Statement, seen *reach) string {
	all := said
	if seen != nil {
		all = &seen.Statement
		if what := seen.hidden(); what != "" {
			return what + ", so that rows may change where the server does not count them"
		}
	}
	switch {
	case said.Command == statement.CommandDeclare || said.Command == statement.CommandFetch:
		return "changes rows inside a cursor, where the server does not count them"
	case slices.ContainsFunc(all.Commands, endsTransaction):
		return "changes rows and ends the transaction itself, so that they could not be undone"
	case truncates(said, seen):
		return "has TRUNCATE besides, with which the server forgets what it has counted"
	case slices.ContainsFunc(all.Settings, func(s statement.Setting) bool {
		return s.Name == "" || s.Name == "all" || s.Name == "track_counts"
	}):
		return "changes rows and the setting track_counts, by which the server stops counting them"
	}
	if seen == nil {
		return ""
	}
	if seen.effects != nil {
		for _, f := range seen.effects.Functions {
			if slices.ContainsFunc(f.Settings, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), "track_counts=") }) {
				return "changes rows in " + f.Qualified() + "(), which has a setting of its own by which the server stops counting them"
			}
		}
	}
	for _, w := range all.Writes {
		for _, r := range seen.catalog.snapshot.Named(w.Schema, w.Table) {
			if r.Kind == catalog.ForeignTable {
				return "changes rows of the foreign table " + r.Qualified() + " inside something else, where this server does not count them"
			}
		}
	}
	return ""
}

// endsTransaction says whether a command, inside another one, commits or rolls back
// what was done before.
func endsTransaction(c statement.Command) bool {
	return c == statement.CommandCommit || c == statement.CommandRollback
}

// truncates says whether a statement leads to a TRUNCATE. What it names that the
// catalog does not have is the session's own.
func truncates(said *statement.Statement, seen *reach) bool {
	all := said
	if seen != nil {
		all = &seen.Statement
	}
	if !slices.Contains(all.Commands, statement.CommandTruncate) {
		return false
	}
	if seen == nil {
		return true
	}
	bodies := make([]*statement.Statement, 0, len(said.Inside))
	for i := range said.Inside {
		bodies = append(bodies, &said.Inside[i])
	}
	if seen.effects != nil {
		bodies = append(bodies, seen.effects.Statements...)
	}
	found := false
	for _, st := range bodies {
		if !slices.Contains(st.Commands, statement.CommandTruncate) {
			continue
		}
		found = true
		if slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return seen.catalog.snapshot.Known(t.Schema, t.Name) }) {
			return true
		}
	}
	return !found
}

// count says what of a statement counts.
func (g *bound) count(said, all *statement.Statement, c *Catalog) *Count {
	n := &Count{Changes: len(g.Match.Commands) > 0 && !slices.Contains(g.Match.Commands, said.Command)}
	for _, command := range g.Match.Commands {
		switch command {
		case statement.CommandInsert:
			n.Inserted = true
			n.Updated = n.Updated || upserts(all)
		case statement.CommandCopy:
			n.Inserted = true
		case statement.CommandUpdate:
			n.Updated = true
		case statement.CommandDelete:
			n.Deleted = true
		case statement.CommandMerge:
			n.Inserted, n.Updated, n.Deleted = true, true, true
		}
	}
	if !n.Inserted && !n.Updated && !n.Deleted {
		n.Inserted, n.Updated, n.Deleted = true, true, true
	}
	if g.countsTables(all, c) {
		n.Tables = g.Match.Tables
	}
	return n
}

// upserts says whether rows that are there already may be changed by an INSERT.
func upserts(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Writes, func(i statement.Write) bool {
		return i.Command == statement.CommandInsert && slices.ContainsFunc(st.Writes, func(w statement.Write) bool {
			return (w.Command == statement.CommandUpdate || w.Command == statement.CommandMerge) && w.Schema == i.Schema && w.Table == i.Table
		})
	})
}

// countsTables says whether a guard is about the rows of the tables that it names: it
// asks for writes to them, and the statement has such. What is written through a view
// is its tables' rows, and names may have changed in a statement that changes them:
// then those of every table count.
func (g *bound) countsTables(all *statement.Statement, c *Catalog) bool {
	if len(g.Match.Tables) == 0 || c == nil || slices.Contains(all.Commands, statement.CommandAlter) {
		return false
	}
	if g.Match.Access != statement.AccessWrite && (g.Match.Access != "" || len(g.Match.Commands) == 0 ||
		slices.ContainsFunc(g.Match.Commands, func(c statement.Command) bool { return !writesRows(c) })) {
		return false
	}
	found := false
	for _, w := range all.Writes {
		if !anyTable(g.Match.Tables, w.Schema, w.Table) {
			continue
		}
		found = true
		named := c.snapshot.Named(w.Schema, w.Table)
		if len(named) == 0 || slices.ContainsFunc(named, func(r *catalog.Relation) bool { return r.Kind != catalog.Table && r.Kind != catalog.PartitionedTable }) {
			return false
		}
	}
	return found
}
