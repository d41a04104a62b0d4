package mask

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"time"
)

// The amplitudes of Noise where a Spec gives none.
const (
	DefaultPercent = 10
	DefaultSpan    = 30 * 24 * time.Hour
)

// MaxSpan is the furthest that Noise moves a date.
const MaxSpan = 100 * 365 * 24 * time.Hour

// noiseHow says how Noise masks a class. What is neither a number nor a date is
// redacted.
func noiseHow(k class) how {
	switch k {
	case classInt2, classInt4, classInt8:
		return howNoiseInteger
	case classNumeric:
		return howNoiseNumeric
	case classFloat4, classFloat8:
		return howNoiseFloat
	case classDate, classTimestamp, classTimestampTZ:
		return howNoiseMoment
	}
	return howFixed
}

// drawn gives a number for a value in its canonical form, evenly spread over
// 64 bits and always the same for the same value and key.
func (c *Cell) drawn(canonical []byte) uint64 { return binary.BigEndian.Uint64(c.digest(canonical)) }

// within maps a drawn number evenly to -most to -1 and 1 to most: never to 0, with which
// a value would stay what it is.
func within(drawn, most uint64) int64 {
	most = min(most, math.MaxInt64/2)
	hi, _ := bits.Mul64(drawn, 2*most)
	if hi >= most {
		hi++
	}
	return int64(hi) - int64(most)
}

// amplitude is percent of n, and at least 1: a small number would stay as it is.
func amplitude(n uint64, percent int) uint64 {
	p := uint64(percent)
	return max(1, n/100*p+n%100*p/100)
}

func (c *Cell) noiseInteger(dst, value []byte) (out []byte, isNull bool) {
	n, ok := c.integer(value)
	if !ok {
		return dst, true
	}
	magnitude := uint64(n)
	if n < 0 {
		magnitude = -magnitude
	}
	moved := within(c.drawn(strconv.AppendInt(c.scratch[:0], n, 10)), amplitude(magnitude, c.percent))
	most := int64(math.MaxInt64) >> (64 - 8*c.size)
	if moved > 0 && n > most-moved || moved < 0 && n < -most-1-moved {
		moved = -moved // the type has no more in that direction
	}
	return c.appendInteger(dst, n+moved), false
}

// noiseNumeric moves the first 18 digits and draws those that follow.
func (c *Cell) noiseNumeric(dst, value []byte) (out []byte, isNull bool) {
	if !c.decimal(value) {
		return dst, true
	}
	d := &c.number
	shown := d.scale
	d.trim()
	drawn := c.drawn(d.appendText(c.scratch[:0]))
	for d.scale < shown { // the column's decimals take part
		d.digits, d.scale = append(d.digits, '0'), d.scale+1
	}
	if c.rounded > 0 { // and what it rounds does not
		d.digits = append(d.digits[:max(0, len(d.digits)-c.rounded)], '0')
		d.digits = d.digits[:max(1, len(d.digits)-1)]
	}
	const leading = 18 // what an int64 holds with room for the noise
	head := min(len(d.digits), leading)
	n, err := strconv.ParseUint(string(d.digits[:head]), 10, 64)
	if err != nil {
		return dst, true
	}
	for i := head; i < len(d.digits); i++ {
		d.digits[i] = '0' + byte(drawn>>(4*(i%16)))%10
	}
	step := within(drawn, amplitude(n, c.percent))
	moved := int64(n) + step
	c.fresh = strconv.AppendInt(c.fresh[:0], moved, 10)
	if c.precision > 0 && len(c.fresh)+len(d.digits)-head > c.precision {
		moved = int64(n) - step // the column has no more in that direction
	}
	if moved < 0 {
		d.negative, moved = !d.negative, -moved
	}
	d.negative = d.negative && moved != 0
	c.fresh = strconv.AppendInt(c.fresh[:0], moved, 10)
	for len(c.fresh) < head {
		c.fresh = append([]byte{'0'}, c.fresh...)
	}
	c.fresh = append(c.fresh, d.digits[head:]...)
	for range c.rounded {
		c.fresh = append(c.fresh, '0')
	}
	d.digits, c.fresh = c.fresh, d.digits
	return c.appendDecimal(dst), false
}

func (c *Cell) noiseFloat(dst, value []byte) (out []byte, isNull bool) {
	f, ok := c.float(value)
	if !ok {
		return dst, true
	}
	share := float64(int64(c.drawn(strconv.AppendFloat(c.scratch[:0], f, 'g', -1, c.floatBits())))) / (1 << 63)
	noisy := f * (1 + share*float64(c.percent)/100)
	if f == 0 {
		noisy = share * float64(c.percent) / 100
	}
	return c.appendFloat(dst, noisy), false
}

// noiseMoment moves a date by whole days, a timestamp by microseconds.
func (c *Cell) noiseMoment(dst, value []byte) (out []byte, isNull bool) {
	micros, zone, ok := c.moment(value)
	if !ok {
		return dst, true
	}
	drawn := c.drawn(strconv.AppendInt(c.scratch[:0], micros, 10))
	micros = min(max(micros, leastMoment), mostMoment)
	span := uint64(c.span / time.Microsecond)
	if c.class == classDate {
		micros += within(drawn, max(1, span/uint64(microsPerDay))) * microsPerDay
	} else {
		micros += within(drawn, max(1, span/uint64(c.unit))) * c.unit
	}
	return c.appendMoment(dst, min(max(micros, leastMoment), mostMoment), zone), false
}
