package mask

import (
	"encoding/binary"
	"strings"
)

// redactedText is what a redacted text shows. It does not depend on the value,
// not even on its length.
const redactedText = "****"

// redacted gives the one value that stands for every value of the class, in
// the column's format. It is not ok where the class has none.
func redacted(k class, c Column) (value []byte, ok bool) {
	bin := c.Format == BinaryFormat
	zeros := func(text string, size int) ([]byte, bool) {
		if bin {
			return make([]byte, size), true
		}
		return []byte(text), true
	}
	switch k {
	case classText, classBpchar, className:
		return []byte(stars(k, c.TypeMod)), true
	case classChar:
		return []byte("*"), true
	case classInt2:
		return zeros("0", 2)
	case classInt4, classOID:
		return zeros("0", 4)
	case classReg:
		return zeros("-", 4)
	case classInt8:
		return zeros("0", 8)
	case classFloat4:
		return zeros("0", 4)
	case classFloat8:
		return zeros("0", 8)
	case classNumeric:
		return zeroNumeric(c.TypeMod, bin), true
	case classMoney:
		return zeros("$0.00", 8)
	case classBool:
		return zeros("f", 1)
	case classDate: // PostgreSQL counts from 2000-01-01
		return zeros("2000-01-01", 4)
	case classTime:
		return zeros("00:00:00", 8)
	case classTimeTZ:
		return zeros("00:00:00+00", 12)
	case classTimestamp:
		return zeros("2000-01-01 00:00:00", 8)
	case classTimestampTZ:
		return zeros("2000-01-01 00:00:00+00", 8)
	case classInterval:
		return zeros("00:00:00", 16)
	case classUUID:
		return zeros("00000000-0000-0000-0000-000000000000", 16)
	case classMAC:
		return zeros("00:00:00:00:00:00", 6)
	case classMAC8:
		return zeros("00:00:00:00:00:00:00:00", 8)
	case classPoint:
		return zeros("(0,0)", 16)
	case classLSN:
		return zeros("0/0", 8)
	case classTID:
		return zeros("(0,0)", 6)
	case classTSVector:
		return zeros("", 4)
	case classVarbit:
		return zeros("", 4)
	case classMultirange:
		return zeros("{}", 4)
	}
	return redactedVaried(k, c, bin)
}

// redactedVaried is redacted for the classes whose binary form is not zeros.
func redactedVaried(k class, c Column, bin bool) (value []byte, ok bool) {
	either := func(text, binary string) ([]byte, bool) {
		if bin {
			return []byte(binary), true
		}
		return []byte(text), true
	}
	switch k {
	case classJSON:
		return either("null", "null")
	case classJSONB:
		return either("null", "\x01null")
	case classJSONPath:
		return either("$", "\x01$")
	case classXML:
		return either("<redacted/>", "<redacted/>")
	case classBytea:
		return either(`\x`, "")
	case classInet: // family, bits, is_cidr, length, address (inet_send)
		return either("0.0.0.0", "\x02\x20\x00\x04\x00\x00\x00\x00")
	case classCIDR:
		return either("0.0.0.0/32", "\x02\x20\x01\x04\x00\x00\x00\x00")
	case classRange: // RANGE_EMPTY
		return either("empty", "\x01")
	case classBit:
		if c.TypeMod <= 0 { // a bit string of unknown length has no redacted form
			return nil, false
		}
		n := int(c.TypeMod)
		if !bin {
			return []byte(strings.Repeat("0", n)), true
		}
		b := make([]byte, 4+(n+7)/8)
		binary.BigEndian.PutUint32(b, uint32(n))
		return b, true
	}
	return nil, false
}

// stars is the redacted form of a character type within its bounds.
func stars(k class, typeMod int32) string {
	limit, pad := bounds(k, typeMod)
	if limit == 0 || limit == 63 && k == className {
		return redactedText
	}
	s := redactedText[:min(limit, len(redactedText))]
	if pad {
		s += strings.Repeat(" ", limit-len(s))
	}
	return s
}

// scaleOf is the number of decimals that numeric's type modifier asks for
// (numeric_typmod_scale: eleven bits, signed since PostgreSQL 15).
func scaleOf(typeMod int32) int {
	if typeMod < 4 {
		return 0
	}
	if scale := int((typeMod - 4) & 0x7ff); scale < 1024 {
		return scale
	}
	return 0 // negative: rounded in front of the point
}

// zeroNumeric is 0 with as many decimals as the type modifier asks for.
func zeroNumeric(typeMod int32, bin bool) []byte {
	scale := scaleOf(typeMod)
	if bin { // ndigits, weight, sign, dscale
		b := make([]byte, 8)
		binary.BigEndian.PutUint16(b[6:], uint16(scale))
		return b
	}
	if scale == 0 {
		return []byte("0")
	}
	return []byte("0." + strings.Repeat("0", scale))
}
