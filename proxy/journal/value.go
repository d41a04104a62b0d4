package journal

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
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
		var scratch [64]byte
		text, ok := decodeBinary(scratch[:0], oid, value)
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

// decodeBinary gives the text form of a value sent in binary format: v itself,
// or dst with the text appended. It returns false for types and lengths that it
// does not know.
func decodeBinary(dst []byte, oid uint32, v []byte) ([]byte, bool) {
	switch oid {
	case oidText, oidVarchar, oidBpchar, oidName, oidJSON, oidXML, oidUnknown:
		return v, true
	case oidJSONB:
		if len(v) < 1 || v[0] != 1 {
			return nil, false
		}
		return v[1:], true
	case oidBytea:
		return hex.AppendEncode(append(dst, `\x`...), v), true
	case oidNumeric:
		return decodeNumeric(dst, v)
	}
	switch len(v) {
	case 1:
		if oid == oidBool {
			return append(dst, "ft"[min(v[0], 1)]), true
		}
	case 2:
		if oid == oidInt2 {
			return strconv.AppendInt(dst, int64(int16(binary.BigEndian.Uint16(v))), 10), true
		}
	case 4:
		return decode4(dst, oid, v)
	case 8:
		return decode8(dst, oid, v)
	case 16:
		if oid == oidUUID {
			for i, c := range v {
				if i == 4 || i == 6 || i == 8 || i == 10 {
					dst = append(dst, '-')
				}
				dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
			}
			return dst, true
		}
	}
	return nil, false
}

func decode4(dst []byte, oid uint32, v []byte) ([]byte, bool) {
	n := binary.BigEndian.Uint32(v)
	switch oid {
	case oidInt4:
		return strconv.AppendInt(dst, int64(int32(n)), 10), true
	case oidOid:
		return strconv.AppendUint(dst, uint64(n), 10), true
	case oidFloat4:
		return appendFloat(dst, float64(math.Float32frombits(n)), 32, 1e6), true
	case oidDate:
		days := int32(n)
		if days < -730_000 || days > 2_921_939 {
			return nil, false
		}
		return epoch().AddDate(0, 0, int(days)).AppendFormat(dst, "2006-01-02"), true
	}
	return nil, false
}

func decode8(dst []byte, oid uint32, v []byte) ([]byte, bool) {
	n := binary.BigEndian.Uint64(v)
	switch oid {
	case oidInt8:
		return strconv.AppendInt(dst, int64(n), 10), true
	case oidFloat8:
		return appendFloat(dst, math.Float64frombits(n), 64, 1e15), true
	case oidTime, oidTimestamp, oidTimestamptz:
		return decodeMoment(dst, oid, int64(n))
	}
	return nil, false
}

// appendFloat writes f as PostgreSQL's shortest form does, which has an exponent
// from the given size on.
func appendFloat(dst []byte, f float64, bits int, exponentFrom float64) []byte {
	size := math.Abs(f)
	switch {
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case size != 0 && (size < 1e-4 || size >= exponentFrom):
		return strconv.AppendFloat(dst, f, 'e', -1, bits)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, bits)
}

// epoch is where PostgreSQL's dates and times count from.
func epoch() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// decodeMoment reads times, which count in microseconds. Infinite and far ones
// are left in hexadecimal.
func decodeMoment(dst []byte, oid uint32, micros int64) ([]byte, bool) {
	const day, span = 86_400_000_000, 7000 * 365 * 86_400_000_000
	if micros < -span/4 || micros > span {
		return nil, false
	}
	t := epoch().Add(time.Duration(micros%day)*time.Microsecond).AddDate(0, 0, int(micros/day))
	switch oid {
	case oidTime:
		return t.AppendFormat(dst, "15:04:05.999999"), micros >= 0 && micros < day
	case oidTimestamptz:
		return t.AppendFormat(dst, "2006-01-02 15:04:05.999999+00"), true
	default:
		return t.AppendFormat(dst, "2006-01-02 15:04:05.999999"), true
	}
}

// decodeNumeric reads numeric_send's form: digits in base 10000.
func decodeNumeric(dst, v []byte) ([]byte, bool) {
	if len(v) < 8 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(v))
	weight := int(int16(binary.BigEndian.Uint16(v[2:])))
	sign := binary.BigEndian.Uint16(v[4:])
	scale := int(binary.BigEndian.Uint16(v[6:]))
	switch sign {
	case 0xC000:
		return append(dst, "NaN"...), true
	case 0xD000:
		return append(dst, "Infinity"...), true
	case 0xF000:
		return append(dst, "-Infinity"...), true
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
	if sign == 0x4000 {
		dst = append(dst, '-')
	}
	if weight < 0 {
		dst = append(dst, '0')
	}
	for i := 0; i <= weight; i++ {
		if i == 0 {
			dst = strconv.AppendInt(dst, int64(digit(i)), 10)
		} else {
			dst = appendFour(dst, digit(i))
		}
	}
	if scale > 0 {
		dst = append(dst, '.')
		end := len(dst) + scale
		for i := weight + 1; len(dst) < end; i++ {
			dst = appendFour(dst, digit(i))
		}
		dst = dst[:end]
	}
	return dst, true
}

func appendFour(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/1000%10), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
}

// ValueOf gives a bound value as a record that has room for all of it would.
func ValueOf(p Parameter) Value {
	var v Value
	// What appendValue writes is what UnmarshalJSON reads.
	_ = v.UnmarshalJSON(appendValue(nil, p.Type, p.Format, p.Value, math.MaxInt))
	return v
}
