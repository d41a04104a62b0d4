package mask

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Text renders a value in binary format as PostgreSQL would in text, for
// transcripts. Dates are ISO, timestamps with time zone UTC. What it does not
// know, or what is not well formed, comes as hexadecimal with a leading \x.
func Text(typeOID uint32, value []byte) string {
	if s, ok := render(typeOID, value); ok {
		return s
	}
	return `\x` + hex.EncodeToString(value)
}

func render(typeOID uint32, v []byte) (string, bool) {
	if e := elementOf(typeOID); e != 0 {
		return renderArray(v)
	}
	switch k := classOf(typeOID); k {
	case classText, classBpchar, className, classChar, classJSON, classXML:
		return string(v), utf8.Valid(v)
	case classJSONB, classJSONPath:
		if len(v) < 1 || v[0] != 1 {
			return "", false
		}
		return string(v[1:]), utf8.Valid(v)
	case classNumeric:
		return renderNumeric(v)
	case classInet, classCIDR:
		return renderInet(v)
	case classBytea:
		return "", false // \x and hexadecimal is its text
	default:
		return renderFixed(k, v)
	}
}

// renderFixed renders the types of fixed size.
func renderFixed(k class, v []byte) (string, bool) {
	switch {
	case k == classBool && len(v) == 1:
		if v[0] != 0 {
			return "t", true
		}
		return "f", true
	case k == classInt2 && len(v) == 2:
		return strconv.Itoa(int(int16(binary.BigEndian.Uint16(v)))), true
	case k == classInt4 && len(v) == 4:
		return strconv.Itoa(int(int32(binary.BigEndian.Uint32(v)))), true
	case (k == classOID || k == classReg) && len(v) == 4:
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32(v)), 10), true
	case k == classInt8 && len(v) == 8:
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(v)), 10), true
	case k == classFloat4 && len(v) == 4:
		return renderFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(v))), 32), true
	case k == classFloat8 && len(v) == 8:
		return renderFloat(math.Float64frombits(binary.BigEndian.Uint64(v)), 64), true
	case k == classUUID && len(v) == 16:
		return string(appendUUID(nil, v)), true
	case k == classLSN && len(v) == 8:
		return fmt.Sprintf("%X/%X", binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])), true
	case (k == classMAC && len(v) == 6) || (k == classMAC8 && len(v) == 8):
		parts := make([]string, len(v))
		for i, b := range v {
			parts[i] = hex.EncodeToString([]byte{b})
		}
		return strings.Join(parts, ":"), true
	}
	return renderTime(k, v)
}

func renderFloat(f float64, bits int) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

// epoch is PostgreSQL's: dates and timestamps count from here.
func epoch() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

func renderTime(k class, v []byte) (string, bool) {
	switch {
	case k == classDate && len(v) == 4:
		days := int32(binary.BigEndian.Uint32(v))
		if s, special := infinite(int64(days), math.MaxInt32, math.MinInt32); special {
			return s, true
		}
		return era(epoch().AddDate(0, 0, int(days)), "2006-01-02", ""), true
	case k == classTime && len(v) == 8:
		return clock(int64(binary.BigEndian.Uint64(v))), true
	case k == classTimeTZ && len(v) == 12:
		zone := -int(int32(binary.BigEndian.Uint32(v[8:])))
		return clock(int64(binary.BigEndian.Uint64(v))) + offset(zone), true
	case (k == classTimestamp || k == classTimestampTZ) && len(v) == 8:
		micros := int64(binary.BigEndian.Uint64(v))
		if s, special := infinite(micros, math.MaxInt64, math.MinInt64); special {
			return s, true
		}
		t := epoch().Add(time.Duration(micros%1e6) * time.Microsecond)
		// A Duration holds 292 years, so the days go by the calendar.
		seconds := micros / 1e6
		t = t.AddDate(0, 0, int(seconds/86400)).Add(time.Duration(seconds%86400) * time.Second)
		zone := ""
		if k == classTimestampTZ {
			zone = "+00"
		}
		return era(t, "2006-01-02 15:04:05.999999", zone), true
	case k == classInterval && len(v) == 16:
		return renderInterval(v), true
	}
	return "", false
}

func infinite(n, positive, negative int64) (string, bool) {
	switch n {
	case positive:
		return "infinity", true
	case negative:
		return "-infinity", true
	}
	return "", false
}

// era writes years before Christ as PostgreSQL does.
func era(t time.Time, layout, suffix string) string {
	if t.Year() > 0 {
		return t.Format(layout) + suffix
	}
	return t.AddDate(1-2*t.Year(), 0, 0).Format(layout) + suffix + " BC"
}

func clock(micros int64) string {
	s := fmt.Sprintf("%02d:%02d:%02d", micros/3600e6, micros/60e6%60, micros/1e6%60)
	if f := micros % 1e6; f != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%06d", f), "0")
	}
	return s
}

func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d", sign, seconds/3600)
	if m := seconds / 60 % 60; m != 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}

func renderInterval(v []byte) string {
	micros := int64(binary.BigEndian.Uint64(v))
	days := int32(binary.BigEndian.Uint32(v[8:]))
	months := int32(binary.BigEndian.Uint32(v[12:]))
	var parts []string
	unit := func(n int32, name string) {
		if n == 0 {
			return
		}
		if n != 1 {
			name += "s"
		}
		parts = append(parts, strconv.Itoa(int(n))+" "+name)
	}
	unit(months/12, "year")
	unit(months%12, "mon")
	unit(days, "day")
	switch {
	case micros < 0:
		parts = append(parts, "-"+clock(-micros))
	case micros > 0 || len(parts) == 0:
		parts = append(parts, clock(micros))
	}
	return strings.Join(parts, " ")
}

// renderInet renders inet and cidr: family, bits, is_cidr, length, address.
func renderInet(v []byte) (string, bool) {
	if len(v) < 4 || len(v) != 4+int(v[3]) {
		return "", false
	}
	addr, ok := netip.AddrFromSlice(v[4:])
	if !ok {
		return "", false
	}
	bits := int(v[1])
	if v[2] == 0 && bits == addr.BitLen() {
		return addr.String(), true
	}
	return addr.String() + "/" + strconv.Itoa(bits), true
}

// renderNumeric renders numeric: ndigits, weight, sign, dscale and the digits
// in base 10,000 (numeric_send).
func renderNumeric(v []byte) (string, bool) {
	if len(v) < 8 {
		return "", false
	}
	count := int(binary.BigEndian.Uint16(v))
	weight := int(int16(binary.BigEndian.Uint16(v[2:])))
	sign := binary.BigEndian.Uint16(v[4:])
	scale := int(binary.BigEndian.Uint16(v[6:]))
	switch sign {
	case 0xc000:
		return "NaN", true
	case 0xd000:
		return "Infinity", true
	case 0xf000:
		return "-Infinity", true
	case 0, 0x4000:
	default:
		return "", false
	}
	if len(v) != 8+2*count || scale > 16383 { // NUMERIC_DSCALE_MASK
		return "", false
	}
	digit := func(i int) uint16 {
		if i < 0 || i >= count {
			return 0
		}
		return binary.BigEndian.Uint16(v[8+2*i:])
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
			b.WriteString(strconv.Itoa(int(digit(0))))
			continue
		}
		fmt.Fprintf(&b, "%04d", digit(i))
	}
	if scale > 0 {
		var fraction strings.Builder
		for i := weight + 1; fraction.Len() < scale; i++ {
			fmt.Fprintf(&fraction, "%04d", digit(i))
		}
		b.WriteByte('.')
		b.WriteString(fraction.String()[:scale])
	}
	return b.String(), true
}

// renderArray renders what array_send wrote. Elements are quoted where
// array_out would quote them.
func renderArray(v []byte) (string, bool) {
	if len(v) < 12 {
		return "", false
	}
	count := int(binary.BigEndian.Uint32(v))
	element := binary.BigEndian.Uint32(v[8:])
	if count == 0 {
		return "{}", true
	}
	if count > 6 || len(v) < 12+8*count { // MAXDIM
		return "", false
	}
	sizes := make([]int, count)
	bounds := ""
	shifted := false
	for i := range sizes {
		sizes[i] = int(int32(binary.BigEndian.Uint32(v[12+8*i:])))
		lower := int(int32(binary.BigEndian.Uint32(v[12+8*i+4:])))
		if sizes[i] <= 0 || sizes[i] > len(v) {
			return "", false
		}
		shifted = shifted || lower != 1
		bounds += fmt.Sprintf("[%d:%d]", lower, lower+sizes[i]-1)
	}
	var b strings.Builder
	if shifted {
		b.WriteString(bounds + "=")
	}
	rest, ok := renderElements(&b, element, sizes, v[12+8*count:])
	return b.String(), ok && len(rest) == 0
}

func renderElements(b *strings.Builder, element uint32, sizes []int, v []byte) (rest []byte, ok bool) {
	b.WriteByte('{')
	for i := range sizes[0] {
		if i > 0 {
			b.WriteByte(',')
		}
		if len(sizes) > 1 {
			if v, ok = renderElements(b, element, sizes[1:], v); !ok {
				return nil, false
			}
			continue
		}
		if len(v) < 4 {
			return nil, false
		}
		size := int(int32(binary.BigEndian.Uint32(v)))
		v = v[4:]
		if size < 0 {
			b.WriteString("NULL")
			continue
		}
		if size > len(v) {
			return nil, false
		}
		b.WriteString(quoteElement(Text(element, v[:size])))
		v = v[size:]
	}
	b.WriteByte('}')
	return v, true
}

func quoteElement(s string) string {
	if s != "" && !strings.EqualFold(s, "NULL") && !strings.ContainsAny(s, "{},\"\\ \t\n\r\v\f") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
