package statement

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// Of some things it is known which values they can have, whatever the row: of functions
// of PostgreSQL's, of columns of certain types, of the columns that every row has.

// image gives the values that an expression can have which is not evaluated, nil for any.
func (s *sampler) image(n *pg_query.Node, kind sampleKind) []sample {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_ColumnRef:
		switch {
		case kind == ofText:
			return s.textsOf(n, v.ColumnRef)
		case kind == ofNumber && s.as == TypeBoolean:
			s.takenFor(bareOrLast(n))
		}
	case *pg_query.Node_FuncCall:
		return s.imageOf(v.FuncCall, kind)
	case *pg_query.Node_SubLink:
		sub := v.SubLink.GetSubselect().GetSelectStmt()
		if v.SubLink.SubLinkType == pg_query.SubLinkType_EXPR_SUBLINK && kind == ofNumber && aggregates(sub) && len(sub.TargetList) == 1 &&
			bareFunction(sub.TargetList[0].GetResTarget().GetVal().GetFuncCall()) == "count" {
			return s.between(0, 1<<40)
		}
	}
	return nil
}

// textsOf gives the texts of a column of the type that is tried.
func (s *sampler) textsOf(n *pg_query.Node, r *pg_query.ColumnRef) []sample {
	name := bareOrLast(n)
	if SystemColumn(name) {
		if name == "ctid" {
			return []sample{text("(0,1)"), text("(7,33)")}
		}
		return []sample{text("3"), text("4711")}
	}
	if !s.asText && name != "" && name != refname(s.target) {
		s.asText = true
	}
	if s.as == "" || len(r.Fields) == 0 {
		return nil
	}
	s.takenFor(name)
	var values []sample
	for _, t := range textsOfType(s.as) {
		values = append(values, text(t))
	}
	for _, t := range s.texts {
		if mayBeText(t, s.as) {
			values = append(values, text(t))
		}
		if trimmed := strings.Trim(t, "%"); trimmed != t && mayBeText(trimmed, s.as) {
			values = append(values, text(trimmed))
		}
	}
	return values
}

func (s *sampler) takenFor(name string) {
	if !slices.Contains(s.typed, name) {
		s.typed = append(s.typed, name)
	}
}

// textsOfType gives some texts of a kind of types.
func textsOfType(kind TypeKind) []string {
	switch kind {
	case TypeNumber:
		return []string{"7", "-987654321", "0", "987654321", "1"}
	case TypeBoolean:
		return []string{"true", "false"}
	case TypeTime:
		return []string{"2024-05-06 07:08:09+00", "1999-12-31 23:59:58.5+00", "0002-01-01 00:00:00+00", "9998-12-31 23:59:59+00"}
	case TypeUUID:
		return []string{"6b1f6d9c-0e5b-4c3a-9a3e-0123456789ab", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "00000000-0000-4000-8000-000000000001", "ffffffff-ffff-4fff-bfff-fffffffffffe"}
	}
	return []string{"{}", "[1, 2]", `{"a": "b"}`, "(1,2)", `\x00`, "10.0.0.1", "null"}
}

// mayBeText says whether a constant may be the text of a value of a kind of types.
func mayBeText(t string, kind TypeKind) bool {
	switch kind {
	case TypeNumber:
		_, ok := parsed(t)
		return ok
	case TypeBoolean:
		return false
	case TypeTime, TypeUUID:
		return strings.ContainsAny(t, "0123456789")
	}
	return t != ""
}

// between gives the numbers of a range that are tried.
func (s *sampler) between(low, high float64) []sample {
	values := []sample{number(low), number(high), number(min(low+1, high))}
	for _, n := range s.numbers {
		for _, by := range []float64{0, 1, -1} {
			if n+by >= low && n+by <= high {
				values = append(values, number(n+by))
			}
		}
	}
	return values
}

// texts gives texts that are tried, with the constants that fit.
func (s *sampler) textsLike(fits func(string) bool, some ...string) []sample {
	var values []sample
	for _, t := range some {
		values = append(values, text(t))
	}
	for _, t := range s.texts {
		if fits(t) {
			values = append(values, text(t))
		}
	}
	return values
}

func notEmpty(t string) bool { return t != "" }

// imageOf gives the values that a function's result can have, nil for any.
func (s *sampler) imageOf(call *pg_query.FuncCall, kind sampleKind) []sample {
	name := bareFunction(call)
	if kind == ofText {
		switch name {
		case "md5":
			return s.textsLike(func(t string) bool { return len(t) == 32 && strings.Trim(t, "0123456789abcdef") == "" },
				"d41d8cd98f00b204e9800998ecf8427e", "0cc175b9c0f1b6a831c399e269772661")
		case "to_char", "to_hex", "to_json", "to_jsonb", "row_to_json", "json_build_object", "jsonb_build_object", "json_build_array",
			"jsonb_build_array", "array_to_json", "quote_ident", "format", "concat_ws", "age", "sha256", "sha224", "sha384", "sha512":
			if name == "format" && !strings.ContainsAny(s.firstText(call), "%s") || name == "concat_ws" && len(call.Args) < 3 {
				return nil
			}
			return s.textsLike(notEmpty, "7", "{x}")
		case "quote_literal", "quote_nullable":
			return s.textsLike(func(t string) bool { return strings.HasPrefix(t, "'") }, "''", "'x'")
		case "jsonb_typeof", "json_typeof":
			return s.textsLike(func(string) bool { return false }, "object", "array", "string", "number", "boolean", "null")
		}
		return nil
	}
	if kind != ofNumber {
		return nil
	}
	switch name {
	case "extract", "date_part":
		return s.imageOfField(strings.ToLower(s.firstText(call)))
	case "pg_column_size", "exp":
		return s.between(1e-9, 1<<30)
	case "bit_length", "sqrt", "width_bucket", "pg_relation_size", "pg_total_relation_size", "json_array_length", "jsonb_array_length", "regexp_count":
		return s.between(0, 1<<30)
	case "array_length", "cardinality":
		if len(call.Args) > 0 && uncast(call.Args[0]).GetAArrayExpr() != nil {
			return []sample{number(float64(len(uncast(call.Args[0]).GetAArrayExpr().Elements)))}
		}
		return s.between(0, 1<<20)
	case "masklen":
		return s.between(0, 1<<20)
	case "length", "char_length", "character_length", "octet_length": // of what is not followed
		if len(call.Args) == 1 {
			if inner := s.image(uncast(call.Args[0]), ofText); inner != nil {
				var values []sample
				for _, t := range inner {
					values = append(values, number(float64(len(t.text))))
				}
				return values
			}
		}
		return s.between(0, 1<<30)
	case "family":
		return []sample{number(4), number(6)}
	case "sin", "cos":
		return s.between(-1, 1)
	case "hashtext", "hashint4", "hashint8", "hashint2":
		return s.between(-1<<31, 1<<31-1)
	}
	return nil
}

func (s *sampler) firstText(call *pg_query.FuncCall) string {
	if len(call.Args) == 0 {
		return ""
	}
	v := constantIn(call.Args[0])
	if v == nil || s.constants.kind(v) != stringConstant {
		return ""
	}
	return s.constants.value(v).text
}

// imageOfField gives the values of a field of a time.
func (s *sampler) imageOfField(field string) []sample {
	bounds, found := map[string][2]float64{
		"month": {1, 12}, "day": {1, 31}, "hour": {0, 23}, "minute": {0, 59}, "second": {0, 59}, "dow": {0, 6}, "isodow": {1, 7},
		"quarter": {1, 4}, "week": {1, 53}, "doy": {1, 366}, "year": {2, 9998}, "century": {1, 99}, "millennium": {1, 9},
	}[field]
	if !found {
		return nil
	}
	return s.between(bounds[0], bounds[1])
}

// systemColumn names the column that every row has and that one side of a comparison is,
// "" for none.
func (s *sampler) systemColumn(left, right *pg_query.Node) string {
	for _, n := range []*pg_query.Node{left, right} {
		if r := uncast(n).GetColumnRef(); r != nil && SystemColumn(bareOrLast(uncast(n))) && bareOrLast(uncast(n)) != "tableoid" && s.isOfRow(r, s.inside) {
			return bareOrLast(uncast(n))
		}
	}
	return ""
}

// compareSystem compares such a column with a constant that lies beyond its values.
func (s *sampler) compareSystem(column, name string, left, right *pg_query.Node) (got sample, ok bool) {
	v := constantIn(right)
	if v == nil {
		v = constantIn(left)
		name = opposite(name)
	}
	if v == nil || s.constants.kind(v) != stringConstant && s.constants.kind(v) != integerConstant {
		return sample{}, false
	}
	value := s.constants.value(v).text
	if column == "ctid" {
		block, at, pair := strings.Cut(strings.Trim(value, "() "), ",")
		page, isPage := parsed(block)
		_, isPlace := parsed(at)
		switch {
		case !pair || !isPage || !isPlace:
			return sample{}, false
		case page == 0 && strings.TrimSpace(at) == "0":
			return truly(name == ">" || name == ">=" || name == "<>" || name == "!="), true
		case page >= 1<<31:
			return truly(name == "<" || name == "<=" || name == "<>" || name == "!="), true
		}
		return sample{}, false
	}
	if n, isNumber := parsed(value); isNumber && n <= 0 && column == "xmin" {
		return truly(name == ">" || name == ">=" || name == "<>" || name == "!="), true
	}
	return sample{}, false
}

// opposite gives the operator that says the same with its sides changed.
func opposite(name string) string {
	if other, found := map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[name]; found {
		return other
	}
	return name
}
