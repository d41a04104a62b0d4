package trial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/function"
	"github.com/weirgate/weir/policy/pattern"
)

// typeOID gives the oid of a type's name (catalog/pg_type.dat).
func typeOID(name string) (uint32, bool) {
	array := strings.HasSuffix(name, "[]")
	name = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), "[]")
	oids := [2]uint32{}
	switch name {
	case "boolean", "bool":
		oids = [2]uint32{16, 1000}
	case "bytea":
		oids = [2]uint32{17, 1001}
	case "bigint", "int8":
		oids = [2]uint32{20, 1016}
	case "smallint", "int2":
		oids = [2]uint32{21, 1005}
	case "integer", "int", "int4":
		oids = [2]uint32{23, 1007}
	case "text":
		oids = [2]uint32{25, 1009}
	case "json":
		oids = [2]uint32{114, 199}
	case "jsonb":
		oids = [2]uint32{3802, 3807}
	case "real", "float4":
		oids = [2]uint32{700, 1021}
	case "double precision", "float8":
		oids = [2]uint32{701, 1022}
	case "inet":
		oids = [2]uint32{869, 1041}
	case "character", "char", "bpchar":
		oids = [2]uint32{1042, 1014}
	case "character varying", "varchar":
		oids = [2]uint32{1043, 1015}
	case "date":
		oids = [2]uint32{1082, 1182}
	case "time":
		oids = [2]uint32{1083, 1183}
	case "timestamp", "timestamp without time zone":
		oids = [2]uint32{1114, 1115}
	case "timestamptz", "timestamp with time zone":
		oids = [2]uint32{1184, 1185}
	case "interval":
		oids = [2]uint32{1186, 1187}
	case "numeric", "decimal":
		oids = [2]uint32{1700, 1231}
	case "uuid":
		oids = [2]uint32{2950, 2951}
	}
	if array {
		return oids[1], oids[1] != 0
	}
	return oids[0], oids[0] != 0
}

// snapshot makes a catalog of a suite's tables; nil of none.
func snapshot(tables map[string][]string) (*catalog.Snapshot, error) {
	if len(tables) == 0 {
		return nil, nil
	}
	d := catalog.Data{Database: "test", Version: 150000, BuiltIn: map[uint32]string{}}
	for i, name := range function.Names() {
		d.BuiltIn[uint32(i)+1] = name
	}
	names := make([]string, 0, len(tables))
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		parsed, err := pattern.ParseName(name)
		if err != nil || parsed.Len() != 2 || strings.ContainsAny(name, "*?\"") {
			return nil, fmt.Errorf("catalog: %q is not the name of a table: write schema.table", name)
		}
		schema, table, _ := strings.Cut(name, ".")
		r := catalog.Relation{OID: catalog.FirstUser + uint32(i), Schema: schema, Name: table, Kind: catalog.Table}
		for k, column := range tables[name] {
			of, typ, ok := strings.Cut(strings.TrimSpace(column), " ")
			oid, known := typeOID(typ)
			if !ok || !known {
				return nil, fmt.Errorf("catalog: %s: %q is not a column: write name and type, such as \"email text\" (integer, text, date, numeric, jsonb, text[], ...)", name, column)
			}
			r.Columns = append(r.Columns, catalog.Column{Number: int16(k) + 1, Name: of, Type: oid, TypeMod: -1})
		}
		d.Relations = append(d.Relations, r)
	}
	return catalog.New(d)
}
