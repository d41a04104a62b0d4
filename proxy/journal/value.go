package journal

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Value is a parameter or a column's value in a record.
type Value struct {
	Null bool
	// Text is the value as PostgreSQL writes it, when it came as text or in a
	// binary format that is understood.
	Text string
	// Hex holds the bytes of other binary values.
	Hex string
	// Type is the type's OID, given for such values only.
	Type uint32
	// Cut says that the value was longer than what was kept.
	Cut bool
}

// String shows the value for people; NULL is "NULL".
func (v Value) String() string {
	s := v.Text
	switch {
	case v.Null:
		return "NULL"
	case v.Type != 0 || v.Hex != "":
		s = `\x` + v.Hex
	}
	if v.Cut {
		s += "..."
	}
	return s
}

// UnmarshalJSON reads null, a string, or an object with hex or text.
func (v *Value) UnmarshalJSON(data []byte) error {
	*v = Value{}
	if len(data) == 0 || string(data) == "null" {
		v.Null = true
		return nil
	}
	if data[0] == '"' {
		return json.Unmarshal(data, &v.Text)
	}
	var o struct {
		Text string `json:"text"`
		Hex  string `json:"hex"`
		Type uint32 `json:"type"`
		Cut  bool   `json:"cut"`
	}
	if err := json.Unmarshal(data, &o); err != nil {
		return fmt.Errorf("reading a value: %w", err)
	}
	v.Text, v.Hex, v.Type, v.Cut = o.Text, o.Hex, o.Type, o.Cut
	return nil
}

// MarshalJSON writes the form that UnmarshalJSON reads.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.Null:
		return []byte("null"), nil
	case v.Type == 0 && v.Hex == "" && !v.Cut:
		return json.Marshal(v.Text)
	}
	return json.Marshal(struct {
		Text string `json:"text,omitempty"`
		Hex  string `json:"hex,omitempty"`
		Type uint32 `json:"type,omitempty"`
		Cut  bool   `json:"cut,omitempty"`
	}{v.Text, v.Hex, v.Type, v.Cut})
}

// appendValue appends one value, in at most room bytes and never less than a
// null or an empty cut value takes. A nil value is NULL.
func appendValue(dst []byte, oid uint32, format int16, value []byte, room int) []byte {
	if value == nil {
		return append(dst, "null"...)
	}
	if format != 0 {
		text, ok := decodeBinary(oid, value)
		if !ok {
			return appendHex(dst, oid, value, room)
		}
		value = text
	}
	const wrapped = len(`{"text":,"cut":true}`)
	start := len(dst)
	dst, used, _ := appendQuoted(dst, value, max(room, 2))
	if used == len(value) {
		return dst
	}
	dst = append(dst[:start], `{"text":`...)
	dst, _, _ = appendQuoted(dst, value, max(room-wrapped, 2))
	return append(dst, `,"cut":true}`...)
}

func appendHex(dst []byte, oid uint32, value []byte, room int) []byte {
	const wrapped = len(`{"hex":"","type":4294967295,"cut":true}`)
	keep := min(len(value), max(room-wrapped, 0)/2)
	dst = append(dst, `{"hex":"`...)
	dst = hex.AppendEncode(dst, value[:keep])
	dst = append(dst, `","type":`...)
	dst = strconv.AppendUint(dst, uint64(oid), 10)
	if keep < len(value) {
		dst = append(dst, `,"cut":true`...)
	}
	return append(dst, '}')
}

// The types whose binary form is understood. OIDs are from PostgreSQL's
// src/include/catalog/pg_type.dat, the forms from each type's send function.
const (
	oidBool        = 16
	oidBytea       = 17
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOid         = 26
	oidJSON        = 114
	oidXML         = 142
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknown     = 705
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidNumeric     = 1700
	oidUUID        = 2950
	oidJSONB       = 3802
)

// decodeBinary gives the text form of a value sent in binary format. It
// returns false for types and lengths that it does not know.
func decodeBinary(oid uint32, v []byte) ([]byte, bool) {
	switch oid {
	case oidText, oidVarchar, oidBpchar, oidName, oidJSON, oidXML, oidUnknown:
		return v, true
	case oidJSONB:
		if len(v) < 1 || v[0] != 1 {
			return nil, false
		}
		return v[1:], true
	case oidBytea:
		return hex.AppendEncode([]byte(`\x`), v), true
	case oidNumeric:
		return decodeNumeric(v)
	}
	return decodeFixed(oid, v)
}

func decodeFixed(oid uint32, v []byte) ([]byte, bool) {
	size, known := map[uint32]int{oidBool: 1, oidInt2: 2, oidInt4: 4, oidInt8: 8, oidOid: 4, oidFloat4: 4, oidFloat8: 8,
		oidDate: 4, oidTime: 8, oidTimestamp: 8, oidTimestamptz: 8, oidUUID: 16}[oid]
	if !known || len(v) != size {
		return nil, false
	}
	switch oid {
	case oidBool:
		if v[0] != 0 {
			return []byte("t"), true
		}
		return []byte("f"), true
	case oidInt2:
		return strconv.AppendInt(nil, int64(int16(binary.BigEndian.Uint16(v))), 10), true
	case oidInt4:
		return strconv.AppendInt(nil, int64(int32(binary.BigEndian.Uint32(v))), 10), true
	case oidInt8:
		return strconv.AppendInt(nil, int64(binary.BigEndian.Uint64(v)), 10), true
	case oidOid:
		return strconv.AppendUint(nil, uint64(binary.BigEndian.Uint32(v)), 10), true
	case oidFloat4:
		return strconv.AppendFloat(nil, float64(math.Float32frombits(binary.BigEndian.Uint32(v))), 'g', -1, 32), true
	case oidFloat8:
		return strconv.AppendFloat(nil, math.Float64frombits(binary.BigEndian.Uint64(v)), 'g', -1, 64), true
	case oidUUID:
		s := hex.EncodeToString(v)
		return []byte(s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]), true
	}
	return decodeMoment(oid, v)
}

// decodeMoment reads dates and times, which count from 2000-01-01 in days or
// microseconds. Infinite and far ones are left in hexadecimal.
func decodeMoment(oid uint32, v []byte) ([]byte, bool) {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if oid == oidDate {
		days := int32(binary.BigEndian.Uint32(v))
		if days < -700_000 || days > 2_900_000 {
			return nil, false
		}
		return epoch.AddDate(0, 0, int(days)).AppendFormat(nil, "2006-01-02"), true
	}
	micros := int64(binary.BigEndian.Uint64(v))
	const span = 7000 * 365 * 86400 * 1_000_000
	if micros < -span/4 || micros > span {
		return nil, false
	}
	t := epoch.Add(time.Duration(micros%86_400_000_000)*time.Microsecond).AddDate(0, 0, int(micros/86_400_000_000))
	switch oid {
	case oidTime:
		return t.AppendFormat(nil, "15:04:05.999999"), micros >= 0 && micros < 86_400_000_000
	case oidTimestamptz:
		return t.AppendFormat(nil, "2006-01-02 15:04:05.999999+00"), true
	default:
		return t.AppendFormat(nil, "2006-01-02 15:04:05.999999"), true
	}
}

// decodeNumeric reads numeric_send's form: digits in base 10000.
func decodeNumeric(v []byte) ([]byte, bool) {
	if len(v) < 8 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(v))
	weight := int(int16(binary.BigEndian.Uint16(v[2:])))
	sign := binary.BigEndian.Uint16(v[4:])
	scale := int(binary.BigEndian.Uint16(v[6:]))
	switch sign {
	case 0xC000:
		return []byte("NaN"), true
	case 0xD000:
		return []byte("Infinity"), true
	case 0xF000:
		return []byte("-Infinity"), true
	case 0, 0x4000:
	default:
		return nil, false
	}
	if len(v) != 8+2*n || weight > 1000 || weight < -1000 || scale > 4000 {
		return nil, false
	}
	digit := func(i int) int {
		if i < 0 || i >= n {
			return 0
		}
		return int(binary.BigEndian.Uint16(v[8+2*i:]))
	}
	var b strings.Builder
	if sign == 0x4000 {
		b.WriteByte('-')
	}
	if weight < 0 {
		b.WriteByte('0')
	}
	for i := 0; i <= weight; i++ {
		if i == 0 {
			fmt.Fprintf(&b, "%d", digit(i))
		} else {
			fmt.Fprintf(&b, "%04d", digit(i))
		}
	}
	if scale > 0 {
		var fraction strings.Builder
		for i := weight + 1; fraction.Len() < scale; i++ {
			fmt.Fprintf(&fraction, "%04d", digit(i))
		}
		b.WriteByte('.')
		b.WriteString(fraction.String()[:scale])
	}
	return []byte(b.String()), true
}
