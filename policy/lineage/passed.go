package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// passing is a way by which a value gets another type without a cast that is written.
type passing uint8

const (
	passedArgument passing = iota // by an implicit cast
	passedResult                  // by one for assignment
	passedAssigned                // in PL/pgSQL: by that, or through its text
)

// passed gives a value as one of a type. What can fail on the way asks like a cast.
func (r *resolver) passed(v value, t *statement.Node, by passing, construct string) value {
	if !v.tainted() || t.Kind == statement.NodeNone || polymorphic(t) {
		return v
	}
	if t.Node(0).Kind == statement.NodeColumn { // column%TYPE
		if of := r.typesOf(t.Node(0).Names); len(of) > 0 && v.typeOID != 0 &&
			!slices.ContainsFunc(of, func(oid uint32) bool { return oid != v.typeOID }) {
			return v
		}
		r.require(v, Allow, construct)
		return v.made()
	}
	if isRecord(t) {
		return v
	}
	if rel, several := r.rowType(t); rel != nil || several {
		if v.row != nil {
			return v
		}
		r.require(v, Allow, construct)
		return v.made()
	}
	name := t.Name(1)
	if !r.builtInType(name) || t.Name(0) != "" && t.Name(0) != "pg_catalog" {
		r.unknown("a conversion to "+name, v)
		return v.made()
	}
	base, element, _ := r.snapshot.Wire(v.typeOID)
	if t.Has(statement.FlagList) {
		if v.typeOID != 0 && element != 0 || by == passedArgument {
			return v.made()
		}
		r.require(v, Allow, construct)
		return v.made()
	}
	limited := t.Has(statement.FlagStrict) && by == passedAssigned // a length that is too small for it
	switch {
	case limited:
		r.require(v, Allow, construct)
	case v.typeOID != 0 && typeName(base) == name:
		return v
	case name == "text" || name == "varchar":
		if isText(base) && v.typeOID != 0 && len(v.derived) == 0 {
			v.row = nil
			return v
		}
	case name == "bool" && by != passedAssigned, v.typeOID != 0 && widens(base, name):
	case by == passedArgument && name != "float4" && name != "float8":
	default:
		r.require(v, Allow, construct)
	}
	return v.made()
}

// polymorphic says whether a type stands for that of an argument.
func polymorphic(t *statement.Node) bool {
	switch t.Name(1) {
	case "anyelement", "anynonarray", "anycompatible", "anycompatiblenonarray", "any", "anyarray", "anycompatiblearray", "anyenum",
		"anyrange", "anycompatiblerange", "anymultirange", "anycompatiblemultirange":
		return true
	}
	return false
}

func isRecord(t *statement.Node) bool { return t.Name(1) == "record" && !t.Has(statement.FlagList) }

// rowType gives the relation whose rows a type is of; several says that it may be
// more than one.
func (r *resolver) rowType(t *statement.Node) (rel *catalog.Relation, several bool) {
	if t.Kind != statement.NodeType || t.Name(1) == "" || t.Has(statement.FlagList) || t.Name(0) == "pg_catalog" {
		return nil, false
	}
	all := r.candidates(t.Name(0), t.Name(1))
	switch len(all) {
	case 0:
		return nil, false
	case 1:
		return all[0], false
	}
	return nil, true
}

// typesOf gives the types that the column of column%TYPE may have.
func (r *resolver) typesOf(names []string) []uint32 {
	if len(names) < 2 {
		return nil
	}
	schema := ""
	if len(names) > 2 {
		schema = names[len(names)-3]
	}
	var oids []uint32
	for _, rel := range r.candidates(schema, names[len(names)-2]) {
		if c, ok := rel.Column(names[len(names)-1]); ok {
			oids = append(oids, c.Type)
		}
	}
	return oids
}

// typeOf gives a type by its oid.
func (r *resolver) typeOf(oid uint32) *statement.Node {
	base, element, _ := r.snapshot.Wire(oid)
	t := &statement.Node{Kind: statement.NodeType, Names: []string{"", typeName(base)}}
	if element != 0 {
		t.Flags = statement.FlagList
		t.Names[1] = "text"
	}
	return t
}

// typeName gives the name of a type that values keep through a call, "" for others.
func typeName(oid uint32) string {
	switch oid {
	case boolOID:
		return "bool"
	case byteaOID:
		return "bytea"
	case int8OID:
		return "int8"
	case int2OID:
		return "int2"
	case int4OID:
		return "int4"
	case textOID:
		return "text"
	case jsonOID:
		return "json"
	case float4OID:
		return "float4"
	case float8OID:
		return "float8"
	case bpcharOID:
		return "bpchar"
	case varcharOID:
		return "varchar"
	case dateOID:
		return "date"
	case timestampOID:
		return "timestamp"
	case timestamptzOID:
		return "timestamptz"
	case numericOID:
		return "numeric"
	case uuidOID:
		return "uuid"
	case jsonbOID:
		return "jsonb"
	case inetOID:
		return "inet"
	}
	return ""
}

// made of a type: what a function of PostgreSQL's own gives, 0 where it depends on its
// arguments.
func resultType(function string) uint32 {
	switch function {
	case "lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "reverse", "left", "right", "split_part", "concat", "concat_ws", "md5",
		"translate", "replace", "quote_literal", "quote_ident", "quote_nullable", "lpad", "rpad", "string_agg", "regexp_replace", "encode", "to_char", "array_to_string":
		return textOID
	case "length", "char_length", "character_length", "octet_length", "bit_length", "strpos", "position", "ascii", "array_length", "cardinality",
		"num_nulls", "num_nonnulls", "pg_column_size":
		return int4OID
	case "json_agg", "to_json", "row_to_json", "json_build_object", "json_build_array", "json_object_agg", "array_to_json":
		return jsonOID
	case "jsonb_agg", "to_jsonb", "jsonb_build_object", "jsonb_build_array", "jsonb_object_agg":
		return jsonbOID
	}
	return 0
}
