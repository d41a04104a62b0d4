package mask

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/detect"
)

const (
	oidJSON  = 114
	oidJSONB = 3802
)

func paths(t testing.TB, list ...string) []Path {
	t.Helper()
	var out []Path
	for _, s := range list {
		p, err := ParsePath(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func TestPathsSelectValuesInsideOfJSON(t *testing.T) {
	redact, null := Spec{Type: Redact}, Spec{Type: Null}
	for _, tt := range []struct {
		name, value, want string
		spec              Spec
		paths             []string
	}{
		{"one key", `{"a": 1, "email":"ada@x.example", "b":[true]}`, `{"a": 1, "email":"****", "b":[true]}`, redact, []string{"email"}},
		{"deeper down", `{"u":{"email":"x","n":1},"email":"y"}`, `{"u":{"email":"****","n":1},"email":"y"}`, redact, []string{"u.email"}},
		{"elements of an array", `{"c":[{"n":"4111"},{"n":42,"x":1}]}`, `{"c":[{"n":"****"},{"n":0,"x":1}]}`, redact, []string{"c.n"}},
		{"an array at the top", `[{"n":"4111"},[{"n":"5"}]]`, `[{"n":"****"},[{"n":"****"}]]`, redact, []string{"n"}},
		{"one star", `{"a":{"ssn":"1"},"b":{"ssn":"2"},"ssn":"3"}`, `{"a":{"ssn":"****"},"b":{"ssn":"****"},"ssn":"3"}`, redact, []string{"*.ssn"}},
		{"two stars", `{"a":{"ssn":"1"},"ssn":"3","b":{"c":[{"ssn":"4"}]}}`, `{"a":{"ssn":"****"},"ssn":"****","b":{"c":[{"ssn":"****"}]}}`, redact, []string{"**.ssn"}},
		{"an object as a whole", `{"u":{"email":"x"},"v":[1]}`, `{"u":null,"v":null}`, redact, []string{"u", "v"}},
		{"an escaped key", `{"em\u0061il":"x"}`, `{"em\u0061il":"****"}`, redact, []string{"email"}},
		{"a key that comes twice", `{"a":"x","a":"y"}`, `{"a":"****","a":"****"}`, redact, []string{"a"}},
		{"null and truth", `{"a":null,"b":true}`, `{"a":null,"b":false}`, redact, []string{"a", "b"}},
		{"Null", `{"a":"x","b":{"a":1}}`, `{"a":null,"b":{"a":1}}`, null, []string{"a"}},
		{"Partial", `{"a":"555-1234","b":["abcdef"],"c":12345}`, `{"a":"****1234","b":["**cdef"],"c":0}`, Spec{Type: Partial, KeepLast: 4}, []string{"a", "b", "c"}},
		{"quotes in what is kept", `{"a":"xxxx\"\\\n\u00e9"}`, "{\"a\":\"****\\\"\\\\\\u000aé\"}", Spec{Type: Partial, KeepLast: 4}, []string{"a"}},
		{"a surrogate pair", `{"a":"xxxx\ud83d\ude00"}`, `{"a":"****😀"}`, Spec{Type: Partial, KeepLast: 1}, []string{"a"}},
		{"no such path", `{"a":{"b":1}}`, `{"a":{"b":1}}`, redact, []string{"b", "a.c"}},
		{"a scalar", `"x"`, `"x"`, redact, []string{"a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Paths = paths(t, tt.paths...)
			m := masker(t, tt.spec)
			for range 2 { // buffers are used again
				if got, isNull := m.Mask(nil, []byte(tt.value), oidJSON, TextFormat); isNull || string(got) != tt.want {
					t.Errorf("%s\nbecame %s\n   not %s", tt.value, got, tt.want)
				}
			}
			cell := m.Cell(Column{TypeOID: oidJSONB, TypeMod: -1, Format: BinaryFormat})
			for range 2 {
				if got, _ := cell.Mask(nil, []byte("\x01"+tt.value)); string(got) != "\x01"+tt.want {
					t.Errorf("in binary: %q", got)
				}
			}
		})
	}
}

func TestWhatPathsCannotFollowShowsNothing(t *testing.T) {
	m := masker(t, Spec{Type: Redact, Paths: paths(t, "a")})
	for _, s := range []string{"", "{", `{"a"`, `{"a":}`, `{"a":1]`, `{"a":"x}`, `{"b":bad}`, `{a:1}`, `{"a":1} x`, `{"\x":1}`, `{"\u12":1}`, strings.Repeat("[", 7000) + strings.Repeat("]", 7000)} {
		if got, null := m.Mask(nil, []byte(s), oidJSON, TextFormat); !null || len(got) != 0 {
			t.Errorf("%.40q became %.40q", s, got)
		}
	}
	if got, _ := m.Mask(nil, []byte("a secret"), oidText, TextFormat); string(got) != "****" {
		t.Errorf("a text became %q", got)
	}
	if got, _ := m.Mask(nil, []byte(`{"{\"a\":1,\"b\":2}"}`), 199, TextFormat); string(got) != `{"{\"a\":0,\"b\":2}"}` {
		t.Errorf("an array of json became %q", got)
	}
	for _, s := range []string{"", "a..b", ".a", "a.**", "a*", strings.Repeat("a.", 40) + "a"} {
		if _, err := ParsePath(s); err == nil {
			t.Errorf("the path %q was taken", s)
		}
	}
}

func TestTwoMaskersJoinedShowNoMoreThanEither(t *testing.T) {
	a := masker(t, Spec{Type: Redact, Paths: paths(t, "a")})
	b := masker(t, Spec{Type: Null, Paths: paths(t, "b", "*.a")})
	whole := masker(t, Spec{Type: Partial, KeepLast: 4})
	const value = `{"a":"x","b":"y","c":{"a":"z"}}`
	mask := func(m *Masker, oid uint32) string {
		out, null := m.Mask(nil, []byte(value), oid, TextFormat)
		if null {
			return "NULL"
		}
		return string(out)
	}
	for _, tt := range []struct {
		name       string
		a, b       *Masker
		json, text string
	}{
		{"paths", a, b, `{"a":"****","b":null,"c":{"a":null}}`, "NULL"},
		{"paths and a whole", a, whole, "null", "****"},
		{"two wholes", whole, masker(t, Spec{Type: Redact}), "null", "****"},
	} {
		for _, m := range []*Masker{Join(tt.a, tt.b), Join(tt.b, tt.a)} {
			if got := mask(m, oidJSON); got != tt.json {
				t.Errorf("%s: json %s", tt.name, got)
			}
			if got := mask(m, oidText); got != tt.text {
				t.Errorf("%s: text %s", tt.name, got)
			}
		}
	}
}

func detecting(t testing.TB, spec Spec, kinds ...detect.Kind) Detection {
	t.Helper()
	set, err := detect.New(kinds, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDetection(set, masker(t, spec))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWhatIsFoundInValuesIsMasked(t *testing.T) {
	cards := detecting(t, Spec{Type: Partial, KeepLast: 4}, detect.PaymentCard)
	mails := detecting(t, Spec{Type: Redact}, detect.EmailAddress)
	nothing := detecting(t, Spec{Type: Null}, detect.PaymentCard)
	both := []Detection{cards, mails}
	keys := []Detection{detecting(t, Spec{Type: Redact}, detect.APIKey)}
	for _, tt := range []struct {
		name, value, want string
		list              []Detection
		column            Column
	}{
		{"in a text", "card 4111 1111 1111 1111 of ada@x.example", "card ***************1111 of ****", both, Column{TypeOID: oidText}},
		{"nothing in a text", "order 12", "order 12", both, Column{TypeOID: oidText}},
		{"in a varchar", "me: a@b.example", "me: ****", both, Column{TypeOID: oidVarchar, TypeMod: 24}},
		{"in a char(n)", "a@b.cd    ", "****      ", both, Column{TypeOID: oidBpchar, TypeMod: 14}},
		{"a longer text is cut", "a@b.cd", "****", both, Column{TypeOID: oidVarchar, TypeMod: 8}},
		{"in an array", `{4111111111111111,"a@b.cd, x"}`, `{************1111,"****, x"}`, both, Column{TypeOID: oidTexts}},
		{"in json", `{"x":"c 4111111111111111","n":4111111111111111,"a@b.cd":[1]}`, `{"x":"c ************1111","n":0,"****":[1]}`, both, Column{TypeOID: oidJSONB}},
		{"escaped in json", `["a\u0040b.cd"]`, `["****"]`, both, Column{TypeOID: oidJSON}},
		{"in a composite value", `(1,"a@b.cd",x)`, `(1,"****",x)`, both, Column{TypeOID: 99999}},
		{"the value as a whole", "card 4111111111111111", "NULL", []Detection{nothing}, Column{TypeOID: oidText}},
		{"in a composite value's bytes", "\x00\x00\x00\x01\x00\x00\x00\x19\x00\x00\x00\x064111111111111111", "NULL", both, Column{TypeOID: 99999, Format: BinaryFormat}},
		{"a key behind a length that looks like a letter", "\x00\x00\x00\x01\x00\x00\x00\x19\x00\x00\x00\x41ghp_" + strings.Repeat("a1b", 20) + "x", "NULL", keys, Column{TypeOID: 99999, Format: BinaryFormat}},
		{"no key behind a length", "\x00\x00\x00\x01\x00\x00\x00\x19\x00\x00\x00\x41" + strings.Repeat("a1b ", 20), "\x00\x00\x00\x01\x00\x00\x00\x19\x00\x00\x00\x41" + strings.Repeat("a1b ", 20), keys, Column{TypeOID: 99999, Format: BinaryFormat}},
		{"nothing in bytes", "\x00\x01", "\x00\x01", both, Column{TypeOID: 99999, Format: BinaryFormat}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.column.TypeMod == 0 {
				tt.column.TypeMod = -1
			}
			cell := DetectingCell(tt.list, tt.column)
			for range 2 {
				got, null := cell.Mask([]byte("<"), []byte(tt.value))
				if null {
					got = []byte("<NULL")
				}
				if string(got) != "<"+tt.want {
					t.Errorf("%q became %q, not %q", tt.value, got[1:], tt.want)
				}
			}
		})
	}
	for _, oid := range []uint32{16, 17, 20, 23, 701, 1082, 1184, 1700, 2950, 1007} {
		if DetectingCell(both, Column{TypeOID: oid, TypeMod: -1}) != nil {
			t.Errorf("type %d is looked at", oid)
		}
	}
	for _, spec := range []Spec{{Type: Noise, Key: testKey}, {Type: Redact, Paths: paths(t, "a")}} {
		if _, err := NewDetection(cards.Set, masker(t, spec)); err == nil {
			t.Errorf("%s of what is found was taken", spec.Type)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":{"b":"4111111111111111"}}`, `[1,"a@b.cd",null,true,-1e5]`, `{"\ud83d\ude00":"\u0000"}`, `"\\`, "[[[[", `{"a":[{"b":1},{"b":"x"}]}`} {
		f.Add([]byte(s))
	}
	set, err := detect.New(detect.Kinds(), nil)
	if err != nil {
		f.Fatal(err)
	}
	d, err := NewDetection(set, masker(f, Spec{Type: Partial, KeepLast: 2}))
	if err != nil {
		f.Fatal(err)
	}
	cells := []*Cell{DetectingCell([]Detection{d}, Column{TypeOID: oidJSON, TypeMod: -1})}
	for _, spec := range []Spec{{Type: Redact}, {Type: Null}, {Type: Hash, Key: testKey}, {Type: Noise, Key: testKey}, {Type: Partial, KeepFirst: 1}} {
		spec.Paths = paths(f, "a.b", "**.c", "*")
		cells = append(cells, masker(f, spec).Cell(Column{TypeOID: oidJSON, TypeMod: -1}))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		for i, c := range cells {
			out, null := c.Mask([]byte("<"), value)
			if out[0] != '<' || null && len(out) != 1 {
				t.Fatalf("cell %d: %q, null %t", i, out, null)
			}
			if json.Valid(value) && !null && !json.Valid(out[1:]) {
				t.Fatalf("cell %d: %s became %s, which is no JSON", i, value, out[1:])
			}
		}
	})
}
