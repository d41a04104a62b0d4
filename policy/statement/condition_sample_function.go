package statement

import (
	"fmt"
	"math"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// known gives the kind of a function's results where PostgreSQL has one of that name
// that is evaluated, and the name.
func known(call *pg_query.FuncCall) (sampleKind, string) {
	names := call.GetFuncname()
	if len(names) == 0 || len(names) > 2 || len(names) == 2 && names[0].GetString_().GetSval() != "pg_catalog" ||
		call.Over != nil || call.AggFilter != nil || len(call.AggOrder) > 0 || call.FuncVariadic {
		return ofAnything, ""
	}
	name := names[len(names)-1].GetString_().GetSval()
	switch name {
	case "abs", "sign", "length", "char_length", "character_length", "octet_length", "ascii", "strpos", "position", "num_nulls", "num_nonnulls", "mod", "power", "pow":
		return ofNumber, name
	case "lower", "upper", "reverse", "concat", "left", "right", "substr", "substring", "repeat", "btrim", "ltrim", "rtrim", "replace", "translate":
		return ofText, name
	case "make_date", "make_timestamp", "make_timestamptz":
		return ofText, name
	case "starts_with":
		return ofTruth, name
	}
	if kind := kindNamed(name); kind != ofAnything && len(call.Args) == 1 {
		return kind, name
	}
	if comparesBy(name) != "" && len(call.Args) == 2 {
		return ofTruth, name
	}
	return ofAnything, ""
}

// comparesBy gives the operator of a function that stands behind one: int4eq.
func comparesBy(function string) string {
	for _, prefix := range []string{"int2", "int24", "int28", "int4", "int42", "int48", "int8", "int82", "int84", "float4", "float48", "float8", "float84",
		"numeric_", "text", "text_", "bool", "bpchar", "char", "name", "date_", "timestamp_", "timestamptz_", "uuid_", "oid", "jsonb_", "bytea"} {
		if rest, ok := strings.CutPrefix(function, prefix); ok {
			switch rest {
			case "eq":
				return "="
			case "ne":
				return "<>"
			case "lt", "_lt":
				return "<"
			case "le", "_le":
				return "<="
			case "gt", "_gt":
				return ">"
			case "ge", "_ge":
				return ">="
			}
		}
	}
	return ""
}

// call evaluates a function of PostgreSQL's.
func (s *sampler) call(n *pg_query.Node, call *pg_query.FuncCall, kind sampleKind) sample {
	_, name := known(call)
	args := call.GetArgs()
	switch {
	case name == "":
		return s.unknown(n, kind)
	case name == "concat":
		return s.joinedTexts(n, args, false)
	case (name == "replace" || name == "translate") && len(args) == 3:
		// What is replaced by itself, or not there, stays.
		if s.alike(args[1], args[2]) || s.isText(args[1], "") {
			return s.value(args[0], ofText)
		}
		return s.unknown(n, kind)
	case strings.HasPrefix(name, "make_"):
		if year := s.number(args[0]); year != nil && len(args) >= 3 {
			at, _ := year.Float64()
			return text(fmt.Sprintf("%04d-01-01", int(max(min(at, 99999), 0))))
		}
		return s.unknown(n, kind)
	case name == "num_nulls", name == "num_nonnulls":
		count := 0
		for _, arg := range args {
			if s.null(arg) == (name == "num_nulls") {
				count++
			}
		}
		return number(float64(count))
	case len(args) == 1 && kindNamed(name) != ofAnything:
		return s.value(args[0], kindNamed(name))
	case len(args) == 2 && comparesBy(name) != "":
		return s.compare(comparesBy(name), args[0], args[1])
	}
	values := make([]sample, len(args))
	for i, arg := range args {
		want := ofText
		if i > 0 && !slices.Contains([]string{"strpos", "position", "starts_with", "btrim", "ltrim", "rtrim"}, name) || slices.Contains([]string{"abs", "sign", "mod", "power", "pow"}, name) {
			want = ofNumber
		}
		if values[i] = s.value(arg, want); values[i].kind == ofNull {
			return sample{}
		} else if values[i].kind != want {
			return s.unknown(n, kind)
		}
	}
	if got, ok := evaluated(name, values); ok {
		return got
	}
	return s.unknown(n, kind)
}

// evaluated is a function of values that are all known.
func evaluated(name string, v []sample) (sample, bool) {
	switch len(v) {
	case 1:
		switch name {
		case "abs":
			return number(math.Abs(v[0].number)), true
		case "sign":
			switch {
			case v[0].number > 0:
				return number(1), true
			case v[0].number < 0:
				return number(-1), true
			}
			return number(0), true
		case "length", "char_length", "character_length", "octet_length":
			return number(float64(len(v[0].text))), true
		case "ascii":
			if v[0].text == "" {
				return number(0), true
			}
			return number(float64(v[0].text[0])), true
		case "lower":
			return text(strings.ToLower(v[0].text)), true
		case "upper":
			return text(strings.ToUpper(v[0].text)), true
		case "reverse":
			b := []byte(v[0].text)
			slices.Reverse(b)
			return text(string(b)), true
		case "btrim":
			return text(strings.Trim(v[0].text, " ")), true
		case "ltrim":
			return text(strings.TrimLeft(v[0].text, " ")), true
		case "rtrim":
			return text(strings.TrimRight(v[0].text, " ")), true
		}
	case 2:
		switch name {
		case "power", "pow":
			return number(math.Pow(v[0].number, v[1].number)), true
		case "right":
			if v[1].number == 0 {
				return text(""), true
			}
		case "mod":
			if v[1].number == 0 {
				return sample{}, true
			}
			return number(math.Mod(v[0].number, v[1].number)), true
		case "strpos", "position": // POSITION('' IN x) has x first
			return number(float64(strings.Index(v[0].text, v[1].text) + 1)), true
		case "starts_with":
			return truly(strings.HasPrefix(v[0].text, v[1].text)), true
		case "left":
			if n := v[1].number; n >= 0 {
				return text(v[0].text[:min(len(v[0].text), int(min(n, 1e6)))]), true
			}
		case "repeat":
			if n := v[1].number; n <= 0 {
				return text(""), true
			} else if n <= 4 {
				return bounded(strings.Repeat(v[0].text, int(n)))
			}
		}
	case 3:
		if from, count := v[1].number, v[2].number; (name == "substr" || name == "substring") && from >= 1 && count >= 0 {
			start := min(len(v[0].text), int(min(from, 1e6))-1)
			return text(v[0].text[start:min(len(v[0].text), start+int(min(count, 1e6)))]), true
		}
	}
	return sample{}, false
}

// null says whether an expression is NULL in the row that is tried.
func (s *sampler) null(n *pg_query.Node) bool {
	if s.steps > s.most {
		return false
	}
	s.steps++
	some := func(list ...*pg_query.Node) bool { return slices.ContainsFunc(list, s.null) }
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		return s.constants.isNull(v.AConst)
	case *pg_query.Node_ParamRef, *pg_query.Node_AArrayExpr, *pg_query.Node_NullTest, *pg_query.Node_BooleanTest:
		return false
	case *pg_query.Node_TypeCast:
		return s.null(v.TypeCast.Arg)
	case *pg_query.Node_CollateClause:
		return s.null(v.CollateClause.Arg)
	case *pg_query.Node_BoolExpr:
		return some(v.BoolExpr.Args...)
	case *pg_query.Node_ColumnRef:
		return s.nullColumn(n)
	case *pg_query.Node_SubLink:
		if null, ok := s.nullOfItself(v.SubLink); ok {
			return null
		}
	case *pg_query.Node_RowExpr:
		return some(v.RowExpr.Args...)
	case *pg_query.Node_CoalesceExpr:
		return !slices.ContainsFunc(v.CoalesceExpr.Args, func(arg *pg_query.Node) bool { return !s.null(arg) })
	case *pg_query.Node_MinMaxExpr:
		return !slices.ContainsFunc(v.MinMaxExpr.Args, func(arg *pg_query.Node) bool { return !s.null(arg) })
	case *pg_query.Node_AExpr:
		switch operatorName(v.AExpr) {
		case "=", "<>", "!=", "<", ">", "<=", ">=", "+", "-", "*", "||", "~~", "!~~", "&", "|", "#":
			switch {
			case v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_NULLIF && s.alike(v.AExpr.Lexpr, v.AExpr.Rexpr):
				return true
			case v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_NULLIF && s.as != "":
				return s.null(v.AExpr.Lexpr) || s.compare("=", v.AExpr.Lexpr, v.AExpr.Rexpr).isTrue()
			case v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_NULLIF:
				// All rows but those with one number: no more than that number.
				if s.kindIn(v.AExpr.Rexpr) == ofNumber {
					return s.null(v.AExpr.Lexpr)
				}
			case v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_OP && v.AExpr.Lexpr != nil:
				return some(v.AExpr.Lexpr, v.AExpr.Rexpr)
			case v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_OP:
				return s.null(v.AExpr.Rexpr)
			}
		}
	case *pg_query.Node_FuncCall:
		names := v.FuncCall.GetFuncname()
		if args := v.FuncCall.Args; len(args) == 2 {
			switch name := bareFunction(v.FuncCall); {
			case name == "regexp_match" && constantIn(args[1]) != nil && s.takesAll(args[0], s.constants.value(constantIn(args[1])).text):
				return s.null(args[0])
			case name == "array_position" && s.holdsColumn(args[0], args[1]):
				return false
			}
		}
		switch whenNull(names[len(names)-1].GetString_().GetSval()) {
		case neverNull:
			return false
		case asArguments:
			return some(v.FuncCall.Args...)
		}
	}
	if s.ofRow(n) == "" {
		return false
	}
	return s.choose("null "+s.ofRow(n), ofTruth).truth
}

// nullColumn is null of a column, or of the whole row, which is never NULL where a
// table has a key.
func (s *sampler) nullColumn(n *pg_query.Node) bool {
	name := bareOrLast(n)
	switch {
	case !s.isOfRow(n.GetColumnRef(), s.inside), SystemColumn(name), name == refname(s.target), name == "" || s.assume:
		if s.assume && name != "" && !slices.Contains(s.asked, name) && !SystemColumn(name) && s.isOfRow(n.GetColumnRef(), s.inside) {
			s.asked = append(s.asked, name)
		}
		return false
	}
	if !slices.Contains(s.asked, name) {
		s.asked = append(s.asked, name)
	}
	return s.choose("null "+s.ofRow(n), ofTruth).truth
}

// nullness is when a function's result is NULL.
type nullness int

const (
	untold nullness = iota
	neverNull
	asArguments // where one of its arguments is
)

// whenNull knows functions of PostgreSQL's whose result is NULL never, or for NULL
// alone.
func whenNull(function string) nullness {
	switch function {
	case "concat", "concat_ws", "format", "num_nulls", "num_nonnulls", "quote_nullable", "json_build_array", "json_build_object",
		"jsonb_build_array", "jsonb_build_object", "now", "random", "pg_typeof", "version":
		return neverNull
	case "abs", "sign", "length", "char_length", "character_length", "octet_length", "bit_length", "lower", "upper", "initcap", "reverse", "md5", "sha256", "to_char", "to_json",
		"to_jsonb", "row_to_json", "quote_literal", "quote_ident", "date_trunc", "date_part", "extract", "timezone", "ascii", "left", "right", "substr", "repeat", "replace",
		"btrim", "ltrim", "rtrim", "strpos", "position", "round", "floor", "ceil", "ceiling", "trunc", "int2", "int4", "int8", "float4", "float8", "numeric", "text",
		"varchar", "bool", "date", "jsonb_typeof", "json_typeof", "cardinality", "encode", "starts_with", "translate", "lpad", "rpad", "age",
		"hashint4", "hashint8", "hashtext", "hashint2", "pg_column_size":
		return asArguments
	}
	return untold
}
