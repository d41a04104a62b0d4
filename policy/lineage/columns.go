package lineage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// columns judges every reference to a column.
func (j *judgement) columns() bool {
	if len(j.tables) == 0 {
		return true
	}
	for i := range j.st.Columns {
		if !j.reference(&j.st.Columns[i]) {
			return false
		}
	}
	return true
}

func (j *judgement) reference(c *statement.Column) bool {
	for i := range j.tables {
		t := &j.tables[i]
		if !j.denotes(c, t) {
			continue
		}
		if c.Star {
			if j.attributed(c, t) {
				continue
			}
			for _, col := range t.relation.sorted() {
				if !j.use(c, t, col) {
					return false
				}
			}
			continue
		}
		if col := t.relation.names[c.Name]; col != nil {
			if !j.use(c, t, col) {
				return false
			}
			continue
		}
		if !j.plain(c, t) {
			return false
		}
	}
	return true
}

// attributed says whether a star stands for the row of t in the notation of a
// column, c.name, where t has that column: then it is the column.
func (j *judgement) attributed(c *statement.Column, t *table) bool {
	if c.Use != statement.UseDerived || c.Qualifier == "" {
		return false
	}
	name, ok := strings.CutPrefix(c.Construct, "the argument of ")
	name, call := strings.CutSuffix(name, "()")
	if _, has := t.relation.Column(name); !ok || !call || !has || takesRows(name) {
		return false
	}
	return slices.ContainsFunc(j.st.Columns, func(o statement.Column) bool {
		return !o.Star && o.Name == name && o.Qualifier == c.Qualifier && o.Schema == c.Schema
	})
}

// takesRows says whether a function of PostgreSQL's takes a whole row as its one
// argument: for such a name, a call and a column cannot be told apart.
func takesRows(function string) bool {
	switch function {
	case "to_json", "to_jsonb", "row_to_json", "json_agg", "jsonb_agg", "json_agg_strict", "jsonb_agg_strict",
		"json_build_array", "jsonb_build_array", "array_agg", "concat", "quote_literal", "quote_nullable",
		"record_out", "record_send", "hash_record", "any_value", "min", "max", "json", "json_scalar", "json_serialize":
		return true
	}
	return false
}

// denotes says whether a reference may be to a column of t, by its qualifier.
func (j *judgement) denotes(c *statement.Column, t *table) bool {
	if c.Qualifier == "" {
		// A star among the outputs stands for the outermost FROM alone.
		return !c.Star || c.Use != statement.UseOutput || t.Top
	}
	if c.Qualifier == t.refname() {
		return c.Schema == "" || t.Alias != "" || c.Schema == t.relation.Schema
	}
	// OLD and NEW in RETURNING are the rows of what is written.
	return (c.Qualifier == "old" || c.Qualifier == "new") && slices.Contains(t.Access, statement.AccessWrite)
}

// plain judges a name that is no masked column of t: it may be the whole row, or
// a function of it in the notation of a column.
func (j *judgement) plain(c *statement.Column, t *table) bool {
	if _, ok := t.relation.Column(c.Name); ok || systemColumn(c.Name) {
		return true
	}
	first := t.relation.first()
	if c.Qualifier == "" {
		if c.Name != t.refname() {
			return true
		}
		return j.refuse("a whole row", first.name, first.rule,
			fmt.Sprintf("%s as a whole row would show masked columns", c.Name),
			fmt.Sprintf("Mask %s hides %s.", first.rule, first.name), "List the columns that you need, or use "+c.Name+".* among the outputs.")
	}
	j.refuse("a function of a whole row", first.name, first.rule,
		fmt.Sprintf("%s.%s is not a column of %s and is taken for a function of its whole row, which would show masked columns", c.Qualifier, c.Name, t.relation.Qualified()),
		fmt.Sprintf("Mask %s hides %s.", first.rule, first.name), "List the columns that you need.")
	j.plan.Stale = !j.env.Fresh
	if j.plan.Stale {
		j.plan.Unknown = append(j.plan.Unknown, t.relation.Qualified()+"."+c.Name)
	}
	return false
}

// conflictTarget is how facts name the columns that choose a unique index. What
// the statement learns is whether the value that it inserts was there.
const conflictTarget = "ON CONFLICT"

func systemColumn(name string) bool {
	switch name {
	case "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid":
		return true
	}
	return false
}

// use judges what a masked column is used for.
func (j *judgement) use(c *statement.Column, t *table, col *column) bool {
	if c.Use == statement.UseWrite && !c.Star {
		return true
	}
	if col.unknown != "" {
		return j.refuse(c.Construct, col.name, col.rule,
			fmt.Sprintf("column %s may show masked values and cannot be masked itself", col.name),
			capital(col.unknown)+".", "Leave this column out, or read the tables below the view.")
	}
	use := c.Use
	if use == statement.UsePredicate && c.Construct == conflictTarget {
		use = statement.UseEquality
	}
	switch use {
	case statement.UseOutput:
		return j.output(c, t, col)
	case statement.UseEquality:
		if col.predicates.rank() <= Equality.rank() && (!col.computed || col.predicates == Allow) {
			return true
		}
		return j.refuse(c.Construct, col.name, col.rule,
			fmt.Sprintf("column %s is masked and cannot be used in %s", col.name, c.Construct),
			fmt.Sprintf("Mask %s (predicates: Deny) hides it, and a condition would tell its values one by one.", col.rule),
			"Use conditions on other columns.")
	case statement.UsePredicate, statement.UseGrouping, statement.UseOrdering:
		if col.predicates.rank() <= Allow.rank() {
			return true
		}
		return j.refuse(c.Construct, col.name, col.rule,
			fmt.Sprintf("column %s is masked and cannot be used in %s", col.name, c.Construct),
			fmt.Sprintf("Mask %s hides it, and this would tell its values bit by bit.", col.rule), question(col))
	case statement.UseWrite, statement.UseDerived:
	}
	construct := c.Construct
	if construct == "" {
		construct = "an expression"
	}
	return j.refuse(construct, col.name, col.rule,
		fmt.Sprintf("column %s is masked and cannot be used in %s", col.name, construct),
		fmt.Sprintf("Mask %s hides it; what is made of it could show its values.", col.rule), directly(col))
}

// output judges a masked column among the outputs: it must be one that the
// server names the origin of. That is so for every column that the outermost
// query takes from a relation in its own FROM, whatever else stands there.
func (j *judgement) output(c *statement.Column, t *table, col *column) bool {
	why := j.kept
	switch {
	case why != "":
	case !t.Top:
		return true // stands in a query further in, so an output cannot mean it
	case !j.st.Shape.Plain && !besides(j.st.Shape.Why):
		if why = j.st.Shape.Why; why == "" {
			why = "a query of this form"
		}
	case len(j.st.Outputs) > 0 && !j.listed(c):
		why = c.Construct
	}
	if why == "" {
		j.plan.Touches = true
		if !slices.Contains(j.plan.Masked, col.name) {
			j.plan.Masked = append(j.plan.Masked, col.name)
		}
		return true
	}
	return j.refuse(why, col.name, col.rule,
		fmt.Sprintf("column %s is masked and cannot be read through %s", col.name, why),
		fmt.Sprintf("Mask %s hides it, and is applied to columns that a SELECT takes directly from its tables.", col.rule), directly(col))
}

// besides says whether what makes a query not plain may stand in its FROM beside
// relations, whose columns keep their origin. Set operations have none.
func besides(why string) bool {
	switch why {
	case "a common table expression in FROM", "a subquery in FROM", "a function in FROM", "XMLTABLE in FROM":
		return true
	}
	return false
}

// listed says whether a column that is said to be an output is among them.
func (j *judgement) listed(c *statement.Column) bool {
	return slices.ContainsFunc(j.st.Outputs, func(o statement.Output) bool {
		return (o.Direct || o.Star) && o.Star == c.Star && o.Schema == c.Schema && o.Qualifier == c.Qualifier && o.Name == c.Name
	})
}

// first is the relation's first masked column, to name it in an error.
func (r *relation) first() *column {
	for _, c := range r.sorted() {
		if !c.builtIn {
			return c
		}
	}
	return r.sorted()[0]
}

// directly says what is allowed instead of a use that would show values.
func directly(c *column) string {
	hint := fmt.Sprintf("Select %s directly from its table, SELECT %s FROM ...: the result then shows it masked.", c.column, c.column)
	if c.predicates.rank() <= Equality.rank() {
		hint += fmt.Sprintf(" WHERE %s = <value> is allowed.", c.column)
	}
	return hint
}

// question says what may be asked of a column that is masked.
func question(c *column) string {
	if c.predicates.rank() <= Equality.rank() {
		return fmt.Sprintf("WHERE %s = <value> is allowed; use other columns for all else.", c.column)
	}
	return "Use other columns."
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
