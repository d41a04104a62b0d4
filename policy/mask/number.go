package mask

import (
	"encoding/binary"
	"math"
	"strconv"
)

// decimal is a value of numeric in text: the sign, the digits without the
// point, and how many of them stand behind it.
type decimal struct {
	negative bool
	digits   []byte
	scale    int
}

// parseDecimal reads what numeric_out writes. NaN and the infinities are not ok.
func (d *decimal) parse(s []byte) bool {
	d.digits, d.scale, d.negative = d.digits[:0], 0, false
	if len(s) > 0 && s[0] == '-' {
		d.negative, s = true, s[1:]
	}
	point := false
	for _, b := range s {
		switch {
		case b == '.' && !point:
			point = true
		case b >= '0' && b <= '9':
			d.digits = append(d.digits, b)
			if point {
				d.scale++
			}
		default:
			return false
		}
	}
	return len(d.digits) > d.scale
}

// trim leaves out zeros that do not count: in front, and behind the point.
// Equal numbers are then equal.
func (d *decimal) trim() {
	for d.scale > 0 && d.digits[len(d.digits)-1] == '0' {
		d.digits, d.scale = d.digits[:len(d.digits)-1], d.scale-1
	}
	for len(d.digits) > 1 && len(d.digits) > d.scale && d.digits[0] == '0' {
		d.digits = d.digits[1:]
	}
	if len(d.digits) == 1 && d.digits[0] == '0' {
		d.negative = false
	}
}

// appendText writes the number as numeric_out does.
func (d *decimal) appendText(dst []byte) []byte {
	if d.negative {
		dst = append(dst, '-')
	}
	whole := len(d.digits) - d.scale
	for whole > 1 && d.digits[len(d.digits)-d.scale-whole] == '0' {
		whole--
	}
	if whole == 0 {
		dst = append(dst, '0')
	}
	start := len(d.digits) - d.scale - whole
	dst = append(dst, d.digits[start:start+whole]...)
	if d.scale > 0 {
		dst = append(dst, '.')
		dst = append(dst, d.digits[start+whole:]...)
	}
	return dst
}

// appendBinary writes the number as numeric_send does: ndigits, weight, sign,
// dscale and the digits in base 10,000.
func (d *decimal) appendBinary(dst []byte) []byte {
	whole := len(d.digits) - d.scale
	pad := (4 - whole%4) % 4
	groups := (pad + len(d.digits) + 3) / 4
	group := func(i int) (n uint16) {
		for k := 4*i - pad; k < 4*i-pad+4; k++ {
			n *= 10
			if k >= 0 && k < len(d.digits) {
				n += uint16(d.digits[k] - '0')
			}
		}
		return n
	}
	first, last := 0, groups
	for first < last && group(first) == 0 {
		first++
	}
	for last > first && group(last-1) == 0 {
		last--
	}
	weight, sign := (pad+whole)/4-1-first, uint16(0)
	if first == last {
		weight = 0
	} else if d.negative {
		sign = 0x4000
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(last-first))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, uint16(d.scale))
	for i := first; i < last; i++ {
		dst = binary.BigEndian.AppendUint16(dst, group(i))
	}
	return dst
}

// decimal reads a numeric in the column's format into c.number.
func (c *Cell) decimal(value []byte) bool {
	if !c.binary {
		return c.number.parse(value)
	}
	text, ok := renderNumeric(value)
	return ok && c.number.parse([]byte(text))
}

func (c *Cell) appendDecimal(dst []byte) []byte {
	if c.binary {
		return c.number.appendBinary(dst)
	}
	return c.number.appendText(dst)
}

// float reads a float4 or float8 in the column's format. What is not finite is
// not ok.
func (c *Cell) float(value []byte) (f float64, ok bool) {
	switch {
	case !c.binary:
		f, err := strconv.ParseFloat(string(value), c.floatBits())
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	case c.class == classFloat4 && len(value) == 4:
		f = float64(math.Float32frombits(binary.BigEndian.Uint32(value)))
	case c.class == classFloat8 && len(value) == 8:
		f = math.Float64frombits(binary.BigEndian.Uint64(value))
	default:
		return 0, false
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

func (c *Cell) floatBits() int {
	if c.class == classFloat4 {
		return 32
	}
	return 64
}

func (c *Cell) appendFloat(dst []byte, f float64) []byte {
	if c.class == classFloat4 {
		f = min(max(f, -math.MaxFloat32), math.MaxFloat32)
	} else {
		f = min(max(f, -math.MaxFloat64), math.MaxFloat64)
	}
	switch {
	case !c.binary:
		format, digits := byte('g'), 1e15 // as float8out and float4out choose
		if c.class == classFloat4 {
			digits = 1e6
		}
		if m := math.Abs(f); m >= 1e-4 && m < digits {
			format = 'f'
		}
		return strconv.AppendFloat(dst, f, format, -1, c.floatBits())
	case c.class == classFloat4:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(f)))
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}
