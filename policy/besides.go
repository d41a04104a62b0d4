package policy

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/function"
	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
)

// besides says, as a clause, what a statement may do in a way that names neither the
// table nor the command that a guard is about; "" for nothing.
func (j *judgement) besides(g *bound, st *statement.Statement) string {
	if !g.Action.stops() {
		return ""
	}
	if t := j.request.Catalog.writesCatalogs(st); t != "" {
		return "writes to " + t + ", where any definition can be changed by hand"
	}
	for i := range st.Functions {
		f := &st.Functions[i]
		if e := j.request.Catalog.reaches(f); e.Changes() {
			return "calls " + qualified(f.Schema, f.Name) + "(), which " + e.Reason + " by hand"
		}
	}
	if !g.Match.readsTables() {
		return ""
	}
	if slices.ContainsFunc(st.Columns, func(c statement.Column) bool { return sample(&c, st) }) || st.Copy != nil && !st.Copy.From && samples(st.Copy.Schema, st.Copy.Table) {
		return "reads statistics, which hold values of any table"
	}
	for i := range st.Functions {
		if f := &st.Functions[i]; readsPages(f.Name) {
			return "calls " + qualified(f.Schema, f.Name) + "(), which can give the rows of any table"
		}
	}
	return ""
}

// reaches says what a function of PostgreSQL's own, or of an extension in C, is known to do.
func (c *Catalog) reaches(f *statement.Function) function.Entry {
	if f.Schema == "" || f.Schema == "pg_catalog" {
		if e, _ := function.BuiltIn(f.Name, f.Arguments); e.Class != "" {
			return e
		}
	}
	if c == nil {
		return function.Entry{}
	}
	for _, known := range c.snapshot.Functions(f.Schema, f.Name) {
		if e, _ := function.Extension(known.Extension, known.Name); e.Class != "" && known.Language == "c" {
			return e
		}
	}
	return function.Entry{}
}

// quoted says whether a statement changes rows of a table that a match is about the
// reading of: an error about a row quotes it whole.
func (m *Match) quoted(st *statement.Statement) bool {
	if m.Access == statement.AccessWrite || len(m.Columns) == 0 && (len(m.Tables) == 0 || m.Access == "") {
		return false
	}
	return slices.ContainsFunc(st.Writes, func(w statement.Write) bool {
		return len(m.Tables) > 0 && anyTable(m.Tables, w.Schema, w.Table) ||
			slices.ContainsFunc(m.Columns, func(p pattern.Name) bool { return tableMatches(&p, 1, w.Schema, w.Table) })
	})
}

// readsTables says whether a match is about what tables of the database's own hold.
func (m *Match) readsTables() bool {
	return m.Access != statement.AccessWrite && len(m.Commands) == 0 && len(m.Tables)+len(m.Columns) > 0
}

// writesCatalogs gives the table of PostgreSQL's own whose rows a statement changes
// itself, "" for none. pg_settings is a view that sets; see writesSettings.
func (c *Catalog) writesCatalogs(st *statement.Statement) string {
	for i := range st.Writes {
		if w := &st.Writes[i]; c.own(w.Schema, w.Table) {
			return qualified(w.Schema, w.Table)
		}
	}
	if cp := st.Copy; cp != nil && cp.From && c.own(cp.Schema, cp.Table) {
		return qualified(cp.Schema, cp.Table)
	}
	return ""
}

// own says whether a name is that of a table of PostgreSQL's, which stands before all
// others in the search path.
func (c *Catalog) own(schema, name string) bool {
	if !strings.HasPrefix(name, "pg_") || schema != "pg_catalog" && schema != "" || name == "pg_settings" {
		return false
	}
	if schema != "" || c == nil {
		return true
	}
	named := c.snapshot.Named("", name)
	return len(named) == 0 || slices.ContainsFunc(named, func(r *catalog.Relation) bool { return r.System() })
}

// sample says whether a column that is read has values which ANALYZE took from tables.
func sample(c *statement.Column, st *statement.Statement) bool {
	if c.Use == statement.UseWrite || !c.Star && !holdsSamples(c.Name) && !samples("", c.Name) {
		return false
	}
	return slices.ContainsFunc(st.Tables, func(t statement.Table) bool {
		if !samples(t.Schema, t.Name) || !slices.Contains(t.Access, statement.AccessRead) {
			return false
		}
		return c.Qualifier == "" || c.Qualifier == t.Alias || t.Alias == "" && c.Qualifier == t.Name || t.Renames
	})
}

// samples says whether a relation of PostgreSQL's own holds values of others.
func samples(schema, name string) bool {
	if schema != "" && schema != "pg_catalog" {
		return false
	}
	switch name {
	case "pg_statistic", "pg_stats", "pg_statistic_ext_data", "pg_stats_ext", "pg_stats_ext_exprs":
		return true
	}
	return false
}

// holdsSamples names the columns of those that hold the values.
func holdsSamples(column string) bool {
	switch column {
	case "most_common_vals", "histogram_bounds", "most_common_elems", "most_common_vals_null", "stxdmcv", "stxdexpr",
		"range_bounds_histogram":
		return true
	}
	return strings.HasPrefix(column, "stavalues")
}

// readsPages says whether a function gives parts of tables, or of the log of changes,
// as bytes or text.
func readsPages(name string) bool {
	switch name {
	case "get_raw_page", "bt_page_items", "pg_read_binary_file", "pg_read_file", "pg_get_wal_fpi_info", "pg_get_wal_block_info", "pg_dirtyread":
		return true
	}
	return strings.HasPrefix(name, "pg_logical_slot_get_") || strings.HasPrefix(name, "pg_logical_slot_peek_")
}
