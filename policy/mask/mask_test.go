package mask

import (
	"strings"
	"testing"
	"time"
)

func masker(t testing.TB, spec Spec) *Masker {
	t.Helper()
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var testKey = []byte("0123456789abcdef")

const (
	oidText     = 25
	oidVarchar  = 1043
	oidBpchar   = 1042
	oidName     = 19
	oidInt4     = 23
	oidInt8     = 20
	oidUUID     = 2950
	oidTexts    = 1009
	oidIntArray = 1007
)

func TestTextIsMaskedAsTheSpecSays(t *testing.T) {
	partial := Spec{Type: Partial, KeepLast: 4}
	for _, tt := range []struct {
		name, value, want string
		spec              Spec
		column            Column
	}{
		{"partial keeps the last characters", "555-867-5309", "********5309", partial, Column{TypeOID: oidText}},
		{"partial keeps the first ones too", "ada@example.com", "a**********.com", Spec{Type: Partial, KeepFirst: 1, KeepLast: 4}, Column{TypeOID: oidText}},
		{"a value as short as what is kept is masked entirely", "5309", "****", partial, Column{TypeOID: oidText}},
		{"one character more shows what is kept", "15309", "*5309", partial, Column{TypeOID: oidText}},
		{"an empty text stays empty under partial", "", "", partial, Column{TypeOID: oidText}},
		{"characters count, not bytes", "žluťoučký", "*****učký", partial, Column{TypeOID: oidVarchar, TypeMod: 24}},
		{"what is short in characters is masked entirely", "žluť", "****", partial, Column{TypeOID: oidText}},
		{"the blanks of a char(n) do not count", "abcdef    ", "**cdef    ", partial, Column{TypeOID: oidBpchar, TypeMod: 14}},
		{"a short char(n) is masked entirely", "abc       ", "***       ", partial, Column{TypeOID: oidBpchar, TypeMod: 14}},
		{"bytes that are no UTF-8 count one each", "a\xff\xfebcd", "**\xfebcd", partial, Column{TypeOID: oidText}},
		{"redacted does not depend on the length", "", "****", Spec{Type: Redact}, Column{TypeOID: oidText}},
		{"redacted fits a varchar", "abc", "***", Spec{Type: Redact}, Column{TypeOID: oidVarchar, TypeMod: 7}},
		{"redacted fills a char(n)", "abc  ", "**** ", Spec{Type: Redact}, Column{TypeOID: oidBpchar, TypeMod: 9}},
		{"a char(2)", "ab", "**", Spec{Type: Redact}, Column{TypeOID: oidBpchar, TypeMod: 6}},
		{"numeric shows its decimals", "12.34", "0.00", Spec{Type: Redact}, Column{TypeOID: 1700, TypeMod: 10<<16 | 2 + 4}},
		{"the digits of an integer", "-4155551234", "-1234", partial, Column{TypeOID: oidInt8}},
		{"the first digits of an integer", "4155551234", "4150000000", Spec{Type: Partial, KeepFirst: 3}, Column{TypeOID: oidInt8}},
		{"the least integer", "-9223372036854775808", "-5808", partial, Column{TypeOID: oidInt8}},
		{"a short integer", "1234", "0", partial, Column{TypeOID: oidInt4}},
		{"the last digits of a uuid", "123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000004000", partial, Column{TypeOID: oidUUID}},
		{"each element of an array", `{555-1234,"a b\"c\\d",NULL,"null",""}`, `{****1234,"***\"c\\d",NULL,****,""}`, partial, Column{TypeOID: oidTexts}},
		{"an array of arrays", `{{abcdef,b},{c,d}}`, `{{**cdef,*},{*,*}}`, partial, Column{TypeOID: oidTexts}},
		{"an array with lower bounds", `[0:1]={abcdef,b}`, `[0:1]={**cdef,*}`, partial, Column{TypeOID: oidTexts}},
		{"an empty array", `{}`, `{}`, partial, Column{TypeOID: oidTexts}},
		{"a redacted array is empty", `{a,b}`, `{}`, Spec{Type: Redact}, Column{TypeOID: oidTexts}},
		{"what has no partial form is redacted", "2021-02-03", "2000-01-01", partial, Column{TypeOID: 1082}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cell := masker(t, tt.spec).Cell(tt.column)
			got, null := cell.Mask([]byte("before"), []byte(tt.value))
			if null || string(got) != "before"+tt.want {
				t.Errorf("%q became %q (null %t), want %q", tt.value, got[6:], null, tt.want)
			}
		})
	}
}

func TestNullStaysNullAndWhatIsUnknownBecomesNull(t *testing.T) {
	for _, spec := range []Spec{{Type: Redact}, {Type: Null}, {Type: Partial, KeepLast: 2}, {Type: Hash, Key: testKey}} {
		m := masker(t, spec)
		for _, oid := range []uint32{oidText, oidInt4, oidTexts, 1082, 99999} {
			if out, null := m.Mask(nil, nil, oid, TextFormat); !null || len(out) != 0 {
				t.Errorf("%s: NULL of type %d became %q", spec.Type, oid, out)
			}
		}
		if out, null := m.Mask(nil, []byte("happy"), 99999, TextFormat); !null {
			t.Errorf("%s: a value of an unknown type became %q", spec.Type, out)
		}
		if out, null := m.Mask(nil, []byte("x"), oidText, 2); !null {
			t.Errorf("%s: a value in an unknown format became %q", spec.Type, out)
		}
	}
	if out, null := masker(t, Spec{Type: Null}).Mask(nil, []byte("secret"), oidText, TextFormat); !null {
		t.Errorf("Null gave %q", out)
	}
}

func TestHashesAreStableInBothFormatsAndOfTheirType(t *testing.T) {
	m := masker(t, Spec{Type: Hash, Key: testKey})
	other := masker(t, Spec{Type: Hash, Key: []byte("another key, long enough")})
	same := func(name string, oidA uint32, formatA int16, a string, oidB uint32, formatB int16, b string) {
		t.Helper()
		x, xNull := m.Mask(nil, []byte(a), oidA, formatA)
		y, yNull := m.Mask(nil, []byte(b), oidB, formatB)
		if xNull || yNull || formatted(oidA, formatA, x) != formatted(oidB, formatB, y) {
			t.Errorf("%s: %q and %q", name, x, y)
		}
		z, _ := other.Mask(nil, []byte(a), oidA, formatA)
		if string(z) == string(x) {
			t.Errorf("%s: two keys give the same hash", name)
		}
	}
	same("text and varchar", oidText, TextFormat, "ada", oidVarchar, BinaryFormat, "ada")
	same("an integer", oidInt4, TextFormat, "-7", oidInt4, BinaryFormat, "\xff\xff\xff\xf9")
	same("a bigint", oidInt8, TextFormat, "7", oidInt8, BinaryFormat, "\x00\x00\x00\x00\x00\x00\x00\x07")
	same("a uuid", oidUUID, TextFormat, "123e4567-e89b-12d3-a456-426614174000", oidUUID, BinaryFormat, "\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00")
	same("a numeric", 1700, TextFormat, "-12.50", 1700, BinaryFormat, "\x00\x02\x00\x00\x40\x00\x00\x02\x00\x0c\x13\x88")
	same("a float8", 701, TextFormat, "1.5", 701, BinaryFormat, "\x3f\xf8\x00\x00\x00\x00\x00\x00")
	same("a date", 1082, TextFormat, "2000-01-03", 1082, BinaryFormat, "\x00\x00\x00\x02")
	same("a timestamp", 1114, TextFormat, "2000-01-01 00:00:01.5", 1114, BinaryFormat, "\x00\x00\x00\x00\x00\x16\xe3\x60")
	same("a jsonb", 3802, TextFormat, `{"a": 1}`, 3802, BinaryFormat, "\x01{\"a\": 1}")
	same("an address", 869, TextFormat, "1.2.3.4", 869, BinaryFormat, "\x02\x20\x00\x04\x01\x02\x03\x04")
	same("a hardware address", 829, TextFormat, "08:00:2b:01:02:03", 829, BinaryFormat, "\x08\x00\x2b\x01\x02\x03")
	same("a bytea", 17, TextFormat, `\x616263`, 17, BinaryFormat, "abc")
	cell := m.Cell(Column{TypeOID: oidBpchar, TypeMod: 14})
	padded, _ := cell.Mask(nil, []byte("ada       "))
	plain, _ := m.Mask(nil, []byte("ada"), oidText, TextFormat)
	if len(padded) != 10 || !strings.HasPrefix(string(plain), string(padded)) {
		t.Errorf("char(10) %q, text %q", padded, plain)
	}
	if name, _ := m.Mask(nil, []byte("ada"), oidName, TextFormat); len(name) != 32 {
		t.Errorf("a name of %d bytes", len(name))
	}
}

// formatted gives a value as text, whatever its format.
func formatted(oid uint32, format int16, value []byte) string {
	if format == BinaryFormat {
		return Text(oid, value)
	}
	return string(value)
}

func TestTheStricterOfTwoMasks(t *testing.T) {
	order := []*Masker{
		masker(t, Spec{Type: Partial, KeepLast: 8}),
		masker(t, Spec{Type: Partial, KeepFirst: 2, KeepLast: 2}),
		masker(t, Spec{Type: Noise, Key: testKey, Percent: 5}),
		masker(t, Spec{Type: Noise, Key: testKey, Percent: 5, Span: 1000 * time.Hour}),
		masker(t, Spec{Type: Noise, Key: testKey, Percent: 20}),
		masker(t, Spec{Type: Hash, Key: testKey}),
		masker(t, Spec{Type: Redact}),
		masker(t, Spec{Type: Null}),
	}
	for i, a := range order {
		for j, b := range order {
			if got := a.Stricter(b); got != (i > j) {
				t.Errorf("%s is stricter than %s: %t", a.Type(), b.Type(), got)
			}
		}
	}
}

func TestASpecThatMakesNoSenseIsAnError(t *testing.T) {
	for _, spec := range []Spec{
		{}, {Type: "Blur"}, {Type: Partial}, {Type: Partial, KeepLast: -1}, {Type: Hash}, {Type: Hash, Key: []byte("short")},
		{Type: Redact, KeepLast: 4}, {Type: Null, Key: testKey},
		{Type: Noise}, {Type: Noise, Key: testKey, Percent: 101}, {Type: Noise, Key: testKey, Span: -1}, {Type: Hash, Key: testKey, Percent: 1},
		{Type: Noise, Key: testKey, Span: MaxSpan + 1}, {Type: Noise, Key: testKey, KeepLast: 1},
	} {
		if _, err := New(spec); err == nil {
			t.Errorf("%+v was taken", spec)
		}
	}
}

func TestMaskingAllocatesNothing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spec  Spec
		oid   uint32
		value string
	}{
		{"partial", Spec{Type: Partial, KeepLast: 4}, oidText, "ada.lovelace@example.com"},
		{"partial, two bytes a character", Spec{Type: Partial, KeepLast: 4}, oidText, "příliš žluťoučký kůň"},
		{"redact", Spec{Type: Redact}, oidText, "ada.lovelace@example.com"},
		{"null", Spec{Type: Null}, oidText, "ada.lovelace@example.com"},
		{"hash", Spec{Type: Hash, Key: testKey}, oidText, "ada.lovelace@example.com"},
		{"hash of an integer", Spec{Type: Hash, Key: testKey}, oidInt8, "4155551234"},
		{"hash of a uuid", Spec{Type: Hash, Key: testKey}, oidUUID, "123e4567-e89b-12d3-a456-426614174000"},
		{"partial of an integer", Spec{Type: Partial, KeepLast: 4}, oidInt8, "4155551234"},
		{"partial of an array", Spec{Type: Partial, KeepLast: 4}, oidTexts, `{ada,"grace hopper"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cell := masker(t, tt.spec).Cell(Column{TypeOID: tt.oid, TypeMod: -1})
			buf, value := make([]byte, 0, 256), []byte(tt.value)
			if n := testing.AllocsPerRun(100, func() { buf, _ = cell.Mask(buf[:0], value) }); n != 0 {
				t.Errorf("%v allocations a cell", n)
			}
		})
	}
}

func BenchmarkCell(b *testing.B) {
	for _, bb := range []struct {
		name   string
		spec   Spec
		oid    uint32
		format int16
		value  string
	}{
		{"PartialText", Spec{Type: Partial, KeepLast: 4}, oidText, TextFormat, "ada.lovelace@example.com"},
		{"PartialTextUnicode", Spec{Type: Partial, KeepLast: 4}, oidText, TextFormat, "příliš žluťoučký kůň"},
		{"RedactText", Spec{Type: Redact}, oidText, TextFormat, "ada.lovelace@example.com"},
		{"HashText", Spec{Type: Hash, Key: testKey}, oidText, TextFormat, "ada.lovelace@example.com"},
		{"PartialInt8Binary", Spec{Type: Partial, KeepLast: 4}, oidInt8, BinaryFormat, "\x00\x00\x00\x00\xf7\xb0\x12\x34"},
		{"PartialTextArray", Spec{Type: Partial, KeepLast: 4}, oidTexts, TextFormat, `{ada,"grace hopper"}`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			cell := masker(b, bb.spec).Cell(Column{TypeOID: bb.oid, TypeMod: -1, Format: bb.format})
			buf, value := make([]byte, 0, 256), []byte(bb.value)
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = cell.Mask(buf[:0], value)
			}
		})
	}
}

func FuzzMaskNeverPanicsAndKeepsWhatStandsBefore(f *testing.F) {
	f.Add(uint32(oidTexts), int16(0), int32(-1), []byte(`{a,"b\"c",NULL}`))
	f.Add(uint32(oidTexts), int16(1), int32(-1), []byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x19\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01a"))
	f.Add(uint32(1700), int16(1), int32(655366), []byte("\x00\x01\x00\x00\x00\x00\x00\x02\x00\x01"))
	f.Add(uint32(oidBpchar), int16(0), int32(14), []byte("abc       "))
	f.Add(uint32(869), int16(1), int32(-1), []byte("\x02\x20\x00\x04\x01\x02\x03\x04"))
	f.Add(uint32(1114), int16(1), int32(-1), []byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, oid uint32, format int16, typeMod int32, value []byte) {
		if typeMod > 1<<16 {
			typeMod = -1
		}
		_ = Text(oid, value)
		for _, spec := range []Spec{{Type: Redact}, {Type: Partial, KeepFirst: 1, KeepLast: 2}, {Type: Hash, Key: testKey},
			{Type: Noise, Key: testKey, Percent: 100, Span: MaxSpan}, {Type: Null}} {
			cell := masker(t, spec).Cell(Column{TypeOID: oid, TypeMod: typeMod, Format: format})
			out, null := cell.Mask([]byte("before"), value)
			if !strings.HasPrefix(string(out), "before") || (null && len(out) != 6) {
				t.Fatalf("%s: %q, null %t", spec.Type, out, null)
			}
		}
	})
}
