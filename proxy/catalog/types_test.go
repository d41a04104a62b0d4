package catalog_test

import (
	"fmt"
	"testing"

	"github.com/weirgate/weir/policy/mask"
)

// samples are values of every type that a mask has a form for, and of some that
// it has none for.
func samples() []struct{ typeName, value string } {
	return []struct{ typeName, value string }{
		{"text", "'canary text'"}, {"varchar", "'canary'"}, {"varchar(3)", "'can'"}, {"varchar(30)", "'canary, žluťoučký'"},
		{"char(12)", "'canary'"}, {"char(2)", "'ca'"}, {"name", "'canary'"}, {`"char"`, "'c'"}, {"citext", "'Canary'"},
		{"int2", "4711"}, {"int4", "47114711"}, {"int8", "'-9223372036854775808'"}, {"oid", "4711"},
		{"float4", "47.11"}, {"float8", "4711.4711"}, {"numeric", "4711.4711"}, {"numeric(10,3)", "4711.4711"}, {"numeric(2,2)", "0.47"}, {"money", "47.11"},
		{"bool", "true"}, {"date", "'1947-11-01'"}, {"time", "'04:07:11.5'"}, {"timetz", "'04:07:11+02'"},
		{"timestamp", "'1947-11-01 04:07:11.000001'"}, {"timestamptz", "'1947-11-01 04:07:11+02'"}, {"timestamp(0)", "'1947-11-01 04:07:11'"},
		{"interval", "'4 years 7 mons 11 days 04:07:11.5'"}, {"uuid", "'47114711-4711-4711-8711-471147114711'"},
		{"json", `'{"a": "canary"}'`}, {"jsonb", `'{"a": ["canary", null]}'`}, {"jsonpath", "'$.canary'"}, {"xml", "'<canary/>'"},
		{"bytea", `'\x471147114711'`}, {"inet", "'10.47.11.1/24'"}, {"inet", "'fe80::47:11'"}, {"cidr", "'10.47.0.0/16'"},
		{"macaddr", "'47:11:47:11:47:11'"}, {"macaddr8", "'47:11:47:11:47:11:47:11'"}, {"bit(5)", "B'10111'"}, {"bit varying(9)", "B'10111'"},
		{"tsvector", "'canary:1'"}, {"tsquery", "'canary'"}, {"point", "'(47,11)'"}, {"box", "'(47,11),(1,2)'"}, {"circle", "'<(4,7),11>'"},
		{"int4range", "'[47,4711)'"}, {"tstzrange", "'[1947-11-01,)'"}, {"daterange", "'[1947-11-01,)'"}, {"pg_lsn", "'47/11'"}, {"regclass", "'pg_class'"},
		{"mail", "'canary@example.com'"}, {"short", "'can'"}, {"mood", "'happy'"}, {"pair", "'(canary,4711)'"},
		{"text[]", `'{canary,"ca \"na\\ry",NULL,""}'`}, {"varchar(6)[]", "'{canary}'"}, {"int4[]", "'{4711,-4711,NULL}'"}, {"int8[]", "'{{4711,2},{3,47110000}}'"},
		{"numeric[]", "'{47.11}'"}, {"uuid[]", "'{47114711-4711-4711-8711-471147114711}'"}, {"date[]", "'[0:1]={1947-11-01,1947-11-02}'"},
		{"jsonb[]", `array['{"a":"canary"}'::jsonb]`}, {"mail[]", "array['canary@example.com']::mail[]"}, {"citext[]", "'{Canary,b}'"}, {"mood[]", "'{sad,happy}'"}, {"pair[]", `'{"(canary,4711)"}'`},
		{"bool[]", "'{t,f}'"}, {"timestamptz[]", "'{1947-11-01 04:07:11+02}'"}, {"inet[]", "'{10.47.11.1}'"}, {"bytea[]", `'{"\\x4711"}'`},
	}
}

// Every masked value must be one that the server itself takes for the type, in
// the format in which it gave the value: then a client can decode it too.
func TestMaskedValuesAreValidForTheirType(t *testing.T) {
	db := postgres(t)
	c := db.connect(t, "postgres", db.database(t, `
CREATE EXTENSION citext;
CREATE DOMAIN mail AS text CHECK (VALUE <> '');
CREATE DOMAIN short AS varchar(3);
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE pair AS (a text, b int);`))
	specs := []mask.Spec{
		{Type: mask.Redact}, {Type: mask.Partial, KeepLast: 4}, {Type: mask.Partial, KeepFirst: 2, KeepLast: 2},
		{Type: mask.Hash, Key: []byte("0123456789abcdef")}, {Type: mask.Null},
	}
	for i, sample := range samples() {
		c.run(t, fmt.Sprintf("CREATE TABLE sample_%d AS SELECT %s::%s AS v; ALTER TABLE sample_%d ADD COLUMN back %s", i, sample.value, sample.typeName, i, sample.typeName))
	}
	s := c.snapshot(t)
	for i, sample := range samples() {
		for _, format := range []int16{mask.TextFormat, mask.BinaryFormat} {
			for _, spec := range specs {
				t.Run(fmt.Sprintf("%s_format%d_%s", sample.typeName, format, spec.Type), func(t *testing.T) {
					r := c.ExecParams(t.Context(), fmt.Sprintf("SELECT v FROM sample_%d", i), nil, nil, nil, []int16{format}).Read()
					if r.Err != nil {
						t.Skipf("the server has no such format of the type: %v", r.Err)
					}
					m, err := mask.New(spec)
					if err != nil {
						t.Fatal(err)
					}
					f := r.FieldDescriptions[0]
					typeOID, element, elementType := s.Wire(f.DataTypeOID)
					cell := m.Cell(mask.Column{TypeOID: typeOID, TypeMod: f.TypeModifier, Format: format, Element: element, ElementType: elementType})
					value := r.Rows[0][0]
					masked, null := cell.Mask([]byte{}, value)
					if null {
						if spec.Type == mask.Redact && typeOID < 10000 && typeOID != 718 && typeOID != 603 && typeOID != 3615 {
							t.Errorf("%s has no redacted form", sample.typeName)
						}
						return
					}
					if string(masked) == string(value) && sample.value != "true" {
						t.Errorf("%q was not masked", value)
					}
					back := c.ExecParams(t.Context(), fmt.Sprintf("UPDATE sample_%d SET back = $1", i),
						[][]byte{masked}, []uint32{f.DataTypeOID}, []int16{format}, nil).Read()
					if back.Err != nil {
						t.Errorf("%q is not valid: %v", masked, back.Err)
					}
				})
			}
		}
	}
}

func TestBinaryValuesAreRenderedAsPostgreSQLWritesThem(t *testing.T) {
	db := postgres(t)
	c := db.connect(t, "postgres", db.database(t, `CREATE EXTENSION citext`))
	c.run(t, "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'")
	for _, sql := range []string{
		"'a b'::text", "'x'::varchar", "'ab'::char(4)", "'n'::name", "7::int2", "-47114711::int4", "'-9223372036854775808'::int8", "'4294967295'::oid",
		"47.5::float4", "0.1::float8", "'NaN'::float8", "'-Infinity'::float8", "1e15::float8",
		"0::numeric", "47.11::numeric", "-0.00012300::numeric", "123456789012345678901234567890.5::numeric", "10000::numeric", "1e-20::numeric", "'NaN'::numeric", "0.00::numeric(5,2)", "-99999999::numeric",
		"true", "false", "'1947-11-01'::date", "'infinity'::date", "'-infinity'::timestamptz", "'0044-03-15 BC'::date", "'4713-01-01 BC'::timestamp", "'294276-12-31 23:59:59.999999'::timestamp",
		"'1999-12-31 23:59:59.5'::timestamp", "'1900-01-01 00:00:00.000001+00'::timestamptz", "'04:07:11.5'::time", "'24:00:00'::time", "'04:07:11+02:30'::timetz", "'04:07:11-08'::timetz",
		"'1 year 2 mons 3 days 04:05:06.7'::interval", "'-1 day -00:00:01'::interval", "'0'::interval", "'100:00:00'::interval",
		"'123e4567-e89b-12d3-a456-426614174000'::uuid", `'{"a": 1}'::json`, `'{"a": [1, null]}'::jsonb`, `'\x00ff'::bytea`,
		"'10.1.2.3'::inet", "'10.1.2.3/8'::inet", "'10.0.0.0/8'::cidr", "'::1'::inet", "'2001:db8::/32'::cidr", "'08:00:2b:01:02:03'::macaddr", "'16/B374D848'::pg_lsn",
		`'{1,NULL,3}'::int4[]`, `'{{a,"b c"},{"NULL","q\"\\"}}'::text[]`, "'[0:1]={1,2}'::int8[]", "'{}'::text[]", `'{""}'::text[]`, "'{2020-01-01}'::date[]", "'{1.50}'::numeric[]",
	} {
		text := c.ExecParams(t.Context(), "SELECT "+sql, nil, nil, nil, []int16{0}).Read()
		binary := c.ExecParams(t.Context(), "SELECT "+sql, nil, nil, nil, []int16{1}).Read()
		if text.Err != nil || binary.Err != nil {
			t.Errorf("%s: %v, %v", sql, text.Err, binary.Err)
			continue
		}
		if got, want := mask.Text(binary.FieldDescriptions[0].DataTypeOID, binary.Rows[0][0]), string(text.Rows[0][0]); got != want {
			t.Errorf("%s: %q, PostgreSQL writes %q", sql, got, want)
		}
	}
}
