package lineage

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
)

// making says how a column of a view, or a generated one, is made of others. What may
// be asked of them may be asked of it, as if it were one of them, unless its values are
// answers to more than that.
type making struct {
	computed bool // its values are answers to other questions than which are equal
	blank    bool // it may be NULL where they are not
}

// of gives the mask of a column that is made of a masked one.
func (k making) of(m *Masks, from *column) column {
	masker := m.computed(from.masker)
	if k.blank || from.blank {
		masker = m.null
	}
	return column{
		rule: from.rule, masker: masker, predicates: from.predicates, builtIn: from.builtIn, unknown: from.unknown,
		computed: k.computed || from.computed, blank: k.blank || from.blank,
	}
}

// how gives how a generated column is made.
func (c *compiler) how(r *catalog.Relation, col catalog.Column) making {
	for i := range r.Runs {
		if e := &r.Runs[i]; e.Column == col.Number && e.What == "a generated column" && e.Uses != nil && e.Uses.Unread == "" {
			return c.makes(col, e.Uses.Calls, e.Uses.Chosen)
		}
	}
	return making{blank: true}
}

// makes gives how these functions make a column, and what is chosen by the values of
// columns.
func (c *compiler) makes(col catalog.Column, calls []uint32, chosen []catalog.ColumnRef) making {
	masked := slices.ContainsFunc(chosen, func(ref catalog.ColumnRef) bool { return c.masked(ref) != nil })
	k := making{computed: masked, blank: masked}
	for _, oid := range calls {
		name, ok := c.snapshot.BuiltInName(oid)
		if !ok {
			f := c.snapshot.Function(oid)
			if f == nil || f.Extension == "" {
				continue // it is followed
			}
			name = f.Name
			k.blank = k.blank || f.Extension == "hstore"
		}
		text := isText(c.wire(col.Type))
		k.computed = k.computed || ranks(name)
		k.blank = k.blank || nullable(name) || picks(name) || !text && (name == "lower" || name == "upper") // of a range
	}
	return k
}

// ranks says whether a function of PostgreSQL's own, mostly one behind an operator,
// tells which of two values is less, or whether one has the form of another.
func ranks(function string) bool {
	switch function {
	case "age", "range_merge":
		return false
	case "rank", "dense_rank", "percent_rank", "cume_dist", "row_number", "ntile", "starts_with", "width_bucket", "regexp_like":
		return true
	}
	return slices.ContainsFunc([]string{"lt", "le", "gt", "ge", "like", "regexeq", "regexne", "contains", "contained", "overlap"},
		func(end string) bool { return strings.HasSuffix(function, end) })
}

// picks says whether a function takes a part of a value that need not be there. They are
// those behind operators.
func picks(function string) bool {
	switch function {
	case "json_object_field", "json_object_field_text", "jsonb_object_field", "jsonb_object_field_text",
		"json_array_element", "json_array_element_text", "jsonb_array_element", "jsonb_array_element_text",
		"jsonb_path_query_first", "jsonb_path_match", "jsonb_path_match_opr", "jsonb_path_exists", "jsonb_path_exists_opr", "array_dims":
		return true
	}
	return false
}
