package mask

import (
	"crypto/aes"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The examples of NIST for AES-256-CMAC.
func TestTheKeyedHashIsCMACAsPublished(t *testing.T) {
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	block, err := aes.NewCipher(unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"))
	if err != nil {
		t.Fatal(err)
	}
	message := unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	c := cmacOf(block)
	for n, want := range map[int]string{
		0: "028962f61b7bf89efc6b551f4667d983", 16: "28a7023f452e8f82bd4bf28d8c37c35c",
		40: "aaf3d8f1de5640c232f5b169b9c911e6", 64: "e1992190549f6ed5696a2c056c315410",
	} {
		for _, step := range []int{1, 7, 16, 64} {
			c.reset()
			for at := 0; at < n; at += step {
				c.write(message[at:min(at+step, n)])
			}
			if got := hex.EncodeToString(c.sum()); got != want {
				t.Errorf("%d bytes, %d at a time: %s, not %s", n, step, got, want)
			}
		}
	}
}

func TestNoiseStaysNearItsValueAndIsTheSameForTheSameValue(t *testing.T) {
	m := masker(t, Spec{Type: Noise, Key: testKey, Percent: 10, Span: 30 * 24 * time.Hour})
	for _, tt := range []struct {
		name  string
		oid   uint32
		value string
		near  func(string) bool
	}{
		{"an integer", oidInt4, "1000", number(900, 1100)},
		{"a negative integer", oidInt8, "-4000000000", number(-4.4e9, -3.6e9)},
		{"zero", oidInt4, "0", number(-1, 1)},
		{"the greatest integer", oidInt4, "2147483647", number(1.9e9, 2147483647)},
		{"the least bigint", oidInt8, "-9223372036854775808", number(-9.3e18, -8.2e18)},
		{"a smallint at its end", 21, "32767", number(29000, 32767)},
		{"a price", 1700, "199.90", number(179, 220)},
		{"a numeric of many digits", 1700, "12345678901234567890123456789.0123456789", number(1.1e28, 1.4e28)},
		{"a small numeric", 1700, "-0.004", number(-0.006, 0)},
		{"a float", 701, "1e+300", number(0.89e300, 1.11e300)},
		{"a real", 700, "-2.5", number(-2.76, -2.24)},
		{"a date", 1082, "2024-02-29", moment("2024-01-30", "2024-03-31")},
		{"a date before Christ", 1082, "0044-03-15 BC", func(s string) bool { return strings.HasSuffix(s, " BC") }},
		{"a timestamp", 1114, "2024-02-29 12:34:56.789", moment("2024-01-30", "2024-03-31")},
		{"a timestamp of a zone", 1184, "2024-02-29 12:34:56.789+05:30", moment("2024-01-30", "2024-03-31")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, null := m.Mask(nil, []byte(tt.value), tt.oid, TextFormat)
			again, _ := m.Mask(nil, []byte(tt.value), tt.oid, TextFormat)
			if null || string(first) != string(again) || !tt.near(string(first)) {
				t.Errorf("%s became %s and %s, null %t", tt.value, first, again, null)
			}
			if strings.Count(tt.value, ".") == 1 && tt.oid == 1700 {
				if a, b := decimals(tt.value), decimals(string(first)); a != b {
					t.Errorf("%s became %s: %d decimals, not %d", tt.value, first, b, a)
				}
			}
		})
	}
	for name, value := range map[string]string{"NaN": "NaN", "infinity": "infinity", "another DateStyle": "29.02.2024"} {
		for _, oid := range []uint32{1700, 701, 1082, 1114} {
			if out, null := m.Mask(nil, []byte(value), oid, TextFormat); !null {
				t.Errorf("%s of type %d became %q", name, oid, out)
			}
		}
	}
}

func TestNoiseLeavesNoValueAsItIs(t *testing.T) {
	m := masker(t, Spec{Type: Noise, Key: testKey, Percent: 5, Span: 24 * time.Hour})
	for oid, values := range map[uint32][]string{
		21:          {"32767", "-32768", "0", "1", "-1"},
		oidInt4:     {"2147483647", "-2147483648", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "41"},
		oidInt8:     {"9223372036854775807", "-9223372036854775808", "7"},
		1700:        {"0", "0.1", "-0.0001", "1", "2", "3", "4.0", "99.99"},
		700:         {"0", "1", "-2.5"},
		701:         {"0", "1", "-2.5", "1e-300"},
		1082:        {"2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03"},
		1114:        {"2024-02-29 00:00:00", "2024-03-01 12:00:00"},
		oidIntArray: {"{1,2,3,4,5,6,7,8,9}"},
	} {
		for _, value := range values {
			masked, null := m.Mask(nil, []byte(value), oid, TextFormat)
			if null || string(masked) == value {
				t.Errorf("%s of type %d became %s, null %t", value, oid, masked, null)
			}
			if oid == oidIntArray {
				if strings.Contains(string(masked), `"`) {
					t.Errorf("%s became %s, which is not how PostgreSQL writes it", value, masked)
				}
				for i, element := range strings.Split(strings.Trim(string(masked), "{}"), ",") {
					if element == strconv.Itoa(i+1) {
						t.Errorf("element %d of %s stayed in %s", i+1, value, masked)
					}
				}
			}
		}
	}
}

// What a type's modifier rounds or bounds holds for what a mask makes, too.
func TestMaskedNumbersAndMomentsFitTheirModifiers(t *testing.T) {
	numericOf := func(precision, scale int) int32 { return int32(precision<<16|scale&0x7ff) + 4 }
	for _, kind := range []Type{Noise, Hash} {
		m := masker(t, Spec{Type: kind, Key: testKey})
		for _, tt := range []struct {
			name    string
			oid     uint32
			typeMod int32
			value   string
			fits    func(string) bool
		}{
			{"the greatest of numeric(8,2)", 1700, numericOf(8, 2), "999999.99", number(0, 999999.99)},
			{"the least of numeric(8,2)", 1700, numericOf(8, 2), "-999999.99", number(-999999.99, 999999.99)},
			{"numeric(4,4)", 1700, numericOf(4, 4), "0.9999", number(0, 0.9999)},
			{"numeric(1)", 1700, numericOf(1, 0), "9", number(0, 9)},
			{"numeric(5,-2)", 1700, numericOf(5, -2), "9999900", func(s string) bool { return strings.HasSuffix(s, "00") && len(s) <= 7 }},
			{"zero of numeric(5,-2)", 1700, numericOf(5, -2), "0", func(s string) bool { return strings.HasSuffix(s, "00") && len(s) <= 7 }},
			{"timestamp(0)", 1114, 0, "1999-01-01 10:11:12", func(s string) bool { return len(s) == len("1999-01-01 10:11:12") }},
			{"timestamptz(3)", 1184, 3, "1999-01-01 10:11:12.123+00", func(s string) bool { return len(s) <= len("1999-01-01 10:11:12.123+00") }},
			{"the last timestamp", 1114, -1, "294276-12-31 23:59:59", moment("1999-01-01", "9999-12-31")},
			{"the first timestamp", 1114, -1, "4713-01-02 00:00:00 BC", func(s string) bool { return s < "4713-01-02 00:00:00 BC" }},
		} {
			out, null := m.Cell(Column{TypeOID: tt.oid, TypeMod: tt.typeMod}).Mask(nil, []byte(tt.value))
			if kind == Hash && tt.name == "numeric(4,4)" { // which has no whole digits
				continue
			}
			if null || !tt.fits(string(out)) {
				t.Errorf("%s: %v of %s is %s, null %t", tt.name, kind, tt.value, out, null)
			}
		}
	}
}

func decimals(s string) int { return len(s) - strings.IndexByte(s, '.') - 1 }

func number(least, most float64) func(string) bool {
	return func(s string) bool {
		f, err := strconv.ParseFloat(s, 64)
		return err == nil && f >= least && f <= most
	}
}

func moment(least, most string) func(string) bool {
	return func(s string) bool { return s >= least && s <= most+"~" }
}

// What every value has in common must not be what it was: else noise would be
// none.
func TestNoiseMovesMostValuesAndEvenly(t *testing.T) {
	m := masker(t, Spec{Type: Noise, Key: testKey, Percent: 10})
	cell := m.Cell(Column{TypeOID: oidInt8, TypeMod: -1})
	var same, up int
	var sum float64
	const n = 20_000
	for i := range n {
		value := 1_000_000 + int64(i)
		out, _ := cell.Mask(nil, strconv.AppendInt(nil, value, 10))
		got, err := strconv.ParseInt(string(out), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got == value {
			same++
		}
		if got > value {
			up++
		}
		sum += float64(got-value) / float64(value)
	}
	if same > 10 || up < n*45/100 || up > n*55/100 || math.Abs(sum/n) > 0.003 {
		t.Errorf("%d stayed, %d of %d went up, on average by %f", same, up, n, sum/n)
	}
}

func TestNumbersInBinaryReadBackAsTheyWere(t *testing.T) {
	for _, s := range []string{"0", "0.00", "1", "-1", "10000", "9999.9999", "0.0001", "-0.00010", "123456789.123456789", "1000000000000", "0.5", "12.50", "100000000.0001"} {
		var d decimal
		if !d.parse([]byte(s)) {
			t.Fatalf("%s was not read", s)
		}
		got, ok := renderNumeric(d.appendBinary(nil))
		a, _ := new(big.Rat).SetString(s)
		b, okB := new(big.Rat).SetString(got)
		if !ok || !okB || a.Cmp(b) != 0 || (strings.Contains(s, ".") && decimals(s) != decimals(got)) {
			t.Errorf("%s came back as %s", s, got)
		}
		if text := string(d.appendText(nil)); text != s {
			t.Errorf("%s in text is %s", s, text)
		}
	}
}

func TestMomentsInTextReadBackAsTheyWere(t *testing.T) {
	for _, tt := range []struct {
		oid   uint32
		value string
	}{
		{1082, "2024-02-29"}, {1082, "1999-12-31"}, {1082, "0044-03-15 BC"}, {1082, "0001-01-01"},
		{1114, "2024-02-29 23:59:59.999999"}, {1114, "1969-07-20 20:17:40"}, {1114, "0001-01-01 00:00:00"}, {1114, "0044-03-15 12:00:00.5 BC"},
		{1184, "2024-02-29 23:59:59.1+05:30"}, {1184, "1900-01-01 00:00:00-08"}, {1184, "2024-01-01 00:00:00+00"}, {1184, "0044-03-15 12:00:00+00 BC"},
	} {
		cell := masker(t, Spec{Type: Noise, Key: testKey}).Cell(Column{TypeOID: tt.oid, TypeMod: -1})
		micros, zone, ok := cell.moment([]byte(tt.value))
		if got := string(cell.appendMoment(nil, micros, zone)); !ok || got != tt.value {
			t.Errorf("%s came back as %s", tt.value, got)
		}
	}
}
