package mask

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// mostHashDigits are the digits of a hashed numeric, so that it fits a float8
// and an int64 of whoever reads it.
const mostHashDigits = 15

// wholeDigits says how many digits a numeric of this modifier has in front of
// its point.
func wholeDigits(k class, typeMod int32) int {
	if k != classNumeric || typeMod < 4 {
		return mostHashDigits
	}
	precision, scale := int((typeMod-4)>>16&0xffff), scaleOf(typeMod)
	return min(max(precision-scale, 0), mostHashDigits)
}

// precisionOf says how many digits a numeric of this modifier has, 0 for no bound, and
// how many more in front of its point are always zero: those that a negative scale rounds.
func precisionOf(k class, typeMod int32) (precision, rounded int) {
	if k != classNumeric || typeMod < 4 {
		return 0, 0
	}
	if scale := int((typeMod - 4) & 0x7ff); scale >= 1024 { // 11 bits with a sign
		rounded = 2048 - scale
	}
	return int((typeMod - 4) >> 16 & 0xffff), rounded
}

// unitOf gives the microseconds to which a timestamp of this modifier is rounded.
func unitOf(k class, typeMod int32) int64 {
	unit := int64(1)
	if k == classTimestamp || k == classTimestampTZ {
		for p := typeMod; p >= 0 && p < 6; p++ {
			unit *= 10
		}
	}
	return unit
}

// hashNumeric gives a whole number with the decimals that the value shows.
func (c *Cell) hashNumeric(dst, value []byte) (out []byte, isNull bool) {
	if c.digits == 0 || !c.decimal(value) {
		return dst, true
	}
	d := &c.number
	shown := d.scale
	d.trim()
	n := c.drawn(d.appendText(c.scratch[:0]))
	bound := uint64(1)
	for range c.digits {
		bound *= 10
	}
	d.negative, d.scale = false, shown
	d.digits = strconv.AppendUint(d.digits[:0], n%bound, 10)
	for range c.rounded + shown { // of which a numeric has only one
		d.digits = append(d.digits, '0')
	}
	return c.appendDecimal(dst), false
}

// hashFloat gives a whole number that the type holds exactly. -0 equals 0, and
// -0 + 0 is 0.
func (c *Cell) hashFloat(dst, value []byte) (out []byte, isNull bool) {
	f, ok := c.float(value)
	if !ok {
		return dst, true
	}
	n := c.drawn(strconv.AppendFloat(c.scratch[:0], f+0, 'g', -1, c.floatBits()))
	exact := 53
	if c.class == classFloat4 {
		exact = 24
	}
	return c.appendFloat(dst, float64(n>>(64-exact))), false
}

// hashMoment gives a moment from 2000 to 2099.
func (c *Cell) hashMoment(dst, value []byte) (out []byte, isNull bool) {
	micros, zone, ok := c.moment(value)
	if !ok {
		return dst, true
	}
	n := c.drawn(strconv.AppendInt(c.scratch[:0], micros, 10))
	const days = 36525
	micros = int64(n%days) * microsPerDay
	if c.class != classDate {
		micros += int64(n/days%uint64(microsPerDay)) / c.unit * c.unit
	}
	return c.appendMoment(dst, micros, zone), false
}

// hashJSON gives the digest as a JSON string. Values are equal that are written
// alike; jsonb is always written in one way.
func (c *Cell) hashJSON(dst, value []byte) (out []byte, isNull bool) {
	if c.class == classJSONB && c.binary {
		if len(value) == 0 || value[0] != 1 {
			return dst, true
		}
		dst, value = append(dst, 1), value[1:]
	}
	dst = append(dst, '"')
	dst = hex.AppendEncode(dst, c.digest(value))
	return append(dst, '"'), false
}

// hashInet gives an address of 10.0.0.0/8 for every address.
func (c *Cell) hashInet(dst, value []byte) (out []byte, isNull bool) {
	if c.binary {
		text, ok := renderInet(value)
		if !ok {
			return dst, true
		}
		value = []byte(text)
	}
	n := uint32(c.drawn(value))&0xffffff | 10<<24
	if c.binary { // family, bits, is_cidr, length, address (inet_send)
		return binary.BigEndian.AppendUint32(append(dst, 2, 32, 0, 4), n), false
	}
	for shift := 24; shift >= 0; shift -= 8 {
		dst = strconv.AppendUint(dst, uint64(byte(n>>shift)), 10)
		if shift > 0 {
			dst = append(dst, '.')
		}
	}
	return dst, false
}

// hashMAC gives a locally administered address.
func (c *Cell) hashMAC(dst, value []byte) (out []byte, isNull bool) {
	var address [6]byte
	if c.binary {
		if len(value) != 6 {
			return dst, true
		}
		copy(address[:], value)
	} else if len(value) != 17 {
		return dst, true
	} else {
		for i := range address {
			if _, err := hex.Decode(address[i:i+1], value[3*i:3*i+2]); err != nil {
				return dst, true
			}
		}
	}
	sum := c.digest(address[:])
	sum[0] = sum[0]&0xfc | 0x02
	if c.binary {
		return append(dst, sum[:6]...), false
	}
	for i, b := range sum[:6] {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst, false
}
