package lineage

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/statement"
)

// call gives the result of a function.
func (r *resolver) call(n *statement.Node, sc *scope) value {
	schema, name := n.Name(0), n.Name(1)
	args, column, ok := r.arguments(n, sc)
	if ok {
		return column
	}
	if len(n.Nodes) > 1 {
		for i := range n.List(1) {
			v := r.eval(&n.List(1)[i], sc)
			switch {
			case n.Has(statement.FlagWithin):
				args = append(args, argument{value: v})
			case v.tainted():
				r.require(v, Allow, "the ORDER BY of "+name+"()")
			}
		}
		r.predicate(n.Node(2), sc, "FILTER")
		r.window(n.Node(3), sc)
	}
	if n.Has(statement.FlagDistinct) {
		for i := range args {
			if given := &n.List(0)[i]; given.Kind == statement.NodeRow { // each of its columns is
				for k := range given.Nodes {
					r.grouped(r.eval(&given.Nodes[k], sc), name+"(DISTINCT)")
				}
				continue
			}
			r.grouped(args[i].value, name+"(DISTINCT)")
		}
	}
	if n.Has(statement.FlagTotal) && r.builtIn(schema, name, len(args)) { // format() that cannot fail
		var v value
		for i := range args {
			v = v.union(args[i].made())
		}
		v.other = true
		return v
	}
	if len(n.Names) > 2 {
		if v, ok := r.settled(n, args); ok {
			return v
		}
	}
	return r.applied(schema, name, args)
}

// arguments gives those of a call. ok is true for a column in the notation of a call.
func (r *resolver) arguments(n *statement.Node, sc *scope) (args []argument, column value, ok bool) {
	given := n.List(0)
	args = make([]argument, 0, len(given))
	for i := range given {
		a := argument{value: r.eval(&given[i], sc), spread: n.Has(statement.FlagVariadic) && i == len(given)-1}
		if given[i].Kind == statement.NodeNamed {
			a.name = given[i].Name(0)
		}
		if len(given) == 1 && n.Name(0) == "" && a.row != nil {
			if column, ok = r.attribute(a.row, n.Name(1)); ok {
				return nil, column, true
			}
		}
		args = append(args, a)
	}
	return args, value{}, false
}

// attribute gives the column of a row in the notation of a function, name(row),
// where no function has that name.
func (r *resolver) attribute(row *entry, name string) (value, bool) {
	if r.snapshot.BuiltIn(name) || len(r.snapshot.Functions("", name)) > 0 {
		return value{}, false
	}
	v, ok, _ := r.find(row, name)
	return v, ok
}

// builtIn says whether a call is of PostgreSQL's own function and no other.
func (r *resolver) builtIn(schema, name string, arguments int) bool {
	if schema != "" && schema != "pg_catalog" || !r.snapshot.BuiltIn(name) {
		return false
	}
	for _, f := range r.snapshot.Functions("", name) {
		if f.Extension != "" && f.Volatility == 'i' && extensionFunction(f) == "" {
			continue // the same for a type of its own
		}
		if (schema == "" || f.Schema == schema) && f.Accepts(arguments) {
			return false
		}
	}
	return true
}

// applied gives the result of a function of these values.
func (r *resolver) applied(schema, name string, args []argument) value {
	if o := r.own(schema, name, args); o != nil {
		return r.outcomeValue(o)
	}
	return r.plain(schema, name, args)
}

// plain gives the result of a function of these values that is not followed.
func (r *resolver) plain(schema, name string, args []argument) value {
	var v value
	for i := range args {
		v = v.union(args[i].made())
	}
	if !v.tainted() {
		return value{other: v.other || !steady(name), vast: name != "count"}
	}
	if !r.builtIn(schema, name, len(args)) {
		r.unknown("the argument of "+name+"()", v)
		return v
	}
	if total(name) && !r.shown(name, v) {
		r.fails(name, args)
		if v.vast && sums(name) { // of too large a number
			r.require(v, Allow, "the argument of "+name+"() beside values of any size")
		}
	}
	v = r.native(name, v)
	if a := args[0].value; len(args) == 1 && folds(name) && (isText(r.wire(a.typeOID)) || r.isCitext(a.typeOID)) {
		v.folded = a.folded || a.pure() && len(a.copies) > 0
	}
	switch name {
	case "lower", "upper":
		if !isText(r.wire(args[0].typeOID)) && !r.isCitext(args[0].typeOID) { // of a range, which may have no bound
			v.typeOID, v.nullable = 0, v.nullable || v.tainted()
		}
	case "min", "max":
		v.typeOID = args[0].typeOID
	}
	return v
}

// native gives the result of one of PostgreSQL's own functions of what v is.
func (r *resolver) native(name string, v value) value {
	if !v.tainted() {
		return value{other: v.other || !steady(name)}
	}
	construct := "the argument of " + name + "()"
	switch {
	case name == "count":
		if v.nullable {
			r.require(v, Allow, construct)
		}
		r.counted(v)
		return value{other: true}
	case name == "pg_typeof":
		return value{other: true}
	case r.shown(name, v):
		return value{other: true}
	case total(name):
		v.nullable = v.nullable || nullable(name)
		v.other = true
		v.typeOID = resultType(name)
		v.array = makesArray(name)
		if r.measured() {
			r.require(v, Allow, construct+" under EXPLAIN ANALYZE")
		}
		return v
	case calculates(name):
		r.require(v, Allow, construct)
		v.nullable, v.other, v.array = true, true, true
		return v
	}
	r.unknown(construct, v)
	return v
}

// counted judges count(): it tells which values are NULL, which no other mask than
// Null hides.
func (r *resolver) counted(v value) {
	v.columns(func(c *column) bool {
		if c.masker.Type() == mask.Null {
			r.require(value{derived: []*column{c}}, Equality, "the argument of count()")
		}
		return !r.failed
	})
}

// isCitext says whether a type is the extension's, whose functions are those of text.
func (r *resolver) isCitext(oid uint32) bool {
	return oid != 0 && slices.Contains(r.snapshot.TypesNamed("", "citext"), oid)
}

// measured says that what the statement needs is told: how much memory a sort takes
// follows from the lengths of what is computed.
func (r *resolver) measured() bool { return r.st.Command == statement.CommandExplain && !r.st.Planned }

// shown says whether the rules of all columns in v let the result of an aggregate
// pass.
func (r *resolver) shown(name string, v value) bool {
	return v.columns(func(c *column) bool { return slices.Contains(c.aggregates, name) })
}

// Aggregates are the names of those whose results a rule may let pass: what they
// show are sums and the like, which are the values themselves where a group has one
// row.
func Aggregates() []string {
	return []string{"avg", "bool_and", "bool_or", "every", "max", "min", "stddev", "stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp", "variance"}
}

// steady says whether a function of constants is a constant.
func steady(name string) bool {
	switch name {
	case "lpad", "rpad": // can make texts so long that what they are joined with does not fit
		return false
	case "now", "transaction_timestamp", "statement_timestamp", "make_date", "make_interval", "make_timestamp", "to_date", "to_timestamp":
		return true
	}
	return textual(name)
}

// textual functions work on texts and never fail by their values.
func textual(name string) bool {
	switch name {
	case "lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "trim", "length", "char_length", "character_length", "octet_length", "bit_length",
		"reverse", "left", "right", "substr", "substring", "split_part", "concat", "concat_ws", "md5", "sha224", "sha256", "sha384", "sha512",
		"translate", "replace", "strpos", "position", "overlay", "ascii", "quote_literal", "quote_ident", "quote_nullable", "starts_with",
		"lpad", "rpad", "textcat", "hashtext", "hashtextextended", "to_char":
		return true
	}
	return false
}

// total says whether a function of PostgreSQL's own gives a result for every
// value, one row for one, and does nothing else with it.
func total(name string) bool {
	if textual(name) {
		return true
	}
	switch name {
	case // aggregates
		"sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg",
		"bool_and", "bool_or", "every", "any_value", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp",
		"corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_count", "regr_slope", "regr_intercept", "regr_r2",
		"regr_sxx", "regr_sxy", "regr_syy", "mode", "percentile_cont", "percentile_disc", "rank", "dense_rank", "percent_rank", "cume_dist",
		// window functions
		"lag", "lead", "first_value", "last_value", "nth_value",
		// json and rows
		"to_json", "to_jsonb", "row_to_json", "json_build_object", "jsonb_build_object", "json_build_array", "jsonb_build_array",
		"json_typeof", "jsonb_typeof", "json_strip_nulls", "jsonb_strip_nulls", "jsonb_pretty", "array_to_json", "num_nulls", "num_nonnulls",
		"array_to_string", "array_length", "cardinality", "array_position", "array_ndims", "array_upper", "array_lower",
		"json_extract_path", "json_extract_path_text", "jsonb_extract_path", "jsonb_extract_path_text", "string_to_array",
		"regexp_replace", "regexp_match", "regexp_like", "regexp_count", "regexp_substr", "regexp_instr", "to_tsvector",
		// dates and numbers
		"date_trunc", "date_part", "extract", "date", "age", "abs", "sign", "round", "ceil", "ceiling", "floor", "trunc", "isfinite",
		// what there is to know of a value
		"pg_column_size", "host", "family", "masklen", "text", "network", "abbrev", "encode", "hash_record":
		return true
	}
	return false
}

// nullable says whether a function that is total gives NULL for some values.
func nullable(name string) bool {
	switch name {
	case "substring", "regexp_match", "regexp_substr", "array_position", "array_length", "array_upper", "array_lower", "array_ndims", "mode",
		"lag", "lead", "first_value", "last_value", "nth_value", "json_extract_path", "json_extract_path_text",
		"jsonb_extract_path", "jsonb_extract_path_text", "array_to_string", "string_to_array", "to_char",
		"stddev", "stddev_samp", "variance", "var_samp", "corr", "covar_samp", "regr_slope", "regr_intercept", "regr_r2":
		return true
	}
	return false
}

// calculates says whether a function of PostgreSQL's own only computes: it may
// fail by the value, or give several rows, but keeps and sends nothing.
func calculates(name string) bool {
	for _, prefix := range []string{"json_", "jsonb_", "array_", "regexp_", "to_", "make_", "numeric", "int", "float", "text", "date", "time", "network_", "inet", "range_", "st_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "unnest", "generate_series", "generate_subscripts", "repeat", "chr", "decode", "convert_from", "convert_to", "convert", "format",
		"power", "sqrt", "cbrt", "exp", "ln", "log", "log10", "mod", "div", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "degrees", "radians",
		"factorial", "gcd", "lcm", "width_bucket", "scale", "min_scale", "trim_scale", "justify_days", "justify_hours", "justify_interval",
		"timezone", "set_bit", "get_bit", "set_byte", "get_byte", "bit_count", "bit_and", "bit_or", "bit_xor",
		"lower_inc", "upper_inc", "isempty", "range_agg", "multirange", "tsvector_to_array", "ts_rank", "ts_rank_cd", "ts_headline",
		"plainto_tsquery", "phraseto_tsquery", "websearch_to_tsquery", "similarity", "levenshtein", "soundex", "metaphone", "dmetaphone",
		"parse_ident", "string_to_table", "normalize", "is_normalized", "xpath", "xpath_exists", "xmlcomment", "bool", "nullif", "greatest", "least",
		"ntile", "setweight", "strip", "tsquery", "numnode", "querytree", "macaddr", "set_masklen", "broadcast", "netmask", "hostmask":
		return true
	}
	return false
}
