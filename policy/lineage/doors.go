package lineage

import (
	"strings"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/function"
)

// builtInRule is the name of the rule behind masks and refusals that no policy
// wrote: what shows the values of masked columns by another way.
const builtInRule = "built-in/catalog-values"

// doors masks the columns of the system's own views that hold values of other
// tables' columns, or the texts of other sessions' statements, which may. How far the
// order of the rows is that of the values is one: who deletes all rows but one, adds
// another beside it and has both analyzed reads there which of them is less.
func (c *compiler) doors() {
	all := c.snapshot.Relations()
	for i := range all {
		r := &all[i]
		for _, col := range r.Columns {
			if door(r, col.Name) {
				c.set(r, col, column{rule: builtInRule, masker: c.null, predicates: Deny, builtIn: true})
			}
		}
	}
}

func door(r *catalog.Relation, column string) bool {
	if r.Name == "pg_stat_statements" { // an extension's, in a schema of the administrator's choice
		return column == "query"
	}
	if r.Schema != "pg_catalog" {
		return false
	}
	switch r.Name {
	case "pg_stats", "pg_stats_ext", "pg_stats_ext_exprs":
		return strings.HasPrefix(column, "most_common_") && !strings.HasSuffix(column, "freqs") ||
			strings.Contains(column, "histogram") || column == "correlation"
	case "pg_statistic":
		return strings.HasPrefix(column, "stavalues") || strings.HasPrefix(column, "stanumbers")
	case "pg_statistic_ext_data":
		return column == "stxdmcv" || column == "stxdexpr"
	case "pg_stat_activity":
		return column == "query"
	case "pg_largeobject":
		return column == "data"
	}
	return false
}

// toast says whether a name is one of the tables that hold long values of other
// tables. They are in no snapshot.
func toast(schema, name string) bool {
	return strings.HasPrefix(schema, "pg_toast") || strings.HasPrefix(name, "pg_toast_")
}

// doorFunction says why a function of pg_catalog is refused where masks apply,
// "" if it is not.
func doorFunction(name string, arguments int) string {
	e, known := function.BuiltIn(name, arguments)
	switch {
	case !known:
		return "is a function that weir does not know: it may read anything"
	case e.Reveals():
		return e.Reason
	}
	return ""
}

// doorExtension says why the functions of an extension are refused where masks
// apply, "" if they are not.
func doorExtension(name, called string) string {
	if e, known := function.Extension(name, called); known && e.Reveals() {
		return e.Reason
	}
	return ""
}

// reaches says why a function that a view calls may show masked values, "" if
// it does not.
func (m *Masks) reaches(oid uint32) string {
	if name, ok := m.snapshot.BuiltInName(oid); ok {
		if why := doorFunction(name, 2); why != "" {
			return name + "(), which " + why
		}
		return ""
	}
	f := m.snapshot.Function(oid)
	if f == nil {
		return "a function that the catalog did not list"
	}
	if why := m.userFunction(f); why != "" {
		return f.Schema + "." + f.Name + "(), which " + why
	}
	return ""
}

// userFunction says why a function outside pg_catalog is refused where masks
// apply, "" if it is not.
func (m *Masks) userFunction(f *catalog.Function) string {
	if f.Schema == "information_schema" || m.trusts(f) {
		return ""
	}
	if f.Extension != "" {
		if why := doorExtension(f.Extension, f.Name); why != "" {
			return why
		}
	}
	return m.shows(m.ofFunction(f.OID))
}
