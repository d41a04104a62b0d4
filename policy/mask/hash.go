package mask

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// hashHow says how Hash masks a class. What has no stable form of its own type
// is NULL.
func hashHow(k class) how {
	switch k {
	case classText, classBpchar, className:
		return howHashText
	case classInt2, classInt4, classInt8:
		return howHashInteger
	case classUUID:
		return howHashUUID
	case classBytea:
		return howHashBytea
	case classNumeric:
		return howHashNumeric
	case classFloat4, classFloat8:
		return howHashFloat
	case classDate, classTimestamp, classTimestampTZ:
		return howHashMoment
	case classJSON, classJSONB:
		return howHashJSON
	case classInet:
		return howHashInet
	case classMAC:
		return howHashMAC
	}
	return howNull
}

// digest is the keyed hash of a value in its canonical form, 16 bytes. It is
// valid until the next call.
func (c *Cell) digest(canonical []byte) []byte {
	c.mac.reset()
	c.mac.write(canonical)
	return c.mac.sum()
}

// hashText gives the digest in hexadecimal, cut to what the column holds.
func (c *Cell) hashText(dst, value []byte) []byte {
	if c.pad {
		value = bytes.TrimRight(value, " ")
	}
	sum := c.digest(value)
	start := len(dst)
	dst = hex.AppendEncode(dst, sum)
	if c.limit > 0 && len(dst)-start > c.limit {
		dst = dst[:start+c.limit]
	}
	if c.pad {
		dst = appendBlanks(dst, c.limit-(len(dst)-start))
	}
	return dst
}

// hashInteger gives an integer from 0 to the most that the type holds.
func (c *Cell) hashInteger(dst, value []byte) (out []byte, isNull bool) {
	n, ok := c.integer(value)
	if !ok {
		return dst, true
	}
	sum := c.digest(strconv.AppendInt(c.scratch[:0], n, 10))
	h := binary.BigEndian.Uint64(sum) >> (64 - 8*c.size + 1)
	return c.appendInteger(dst, int64(h)), false
}

// hashUUID gives a uuid of version 8 (RFC 9562: custom).
func (c *Cell) hashUUID(dst, value []byte) (out []byte, isNull bool) {
	if !parseUUID(&c.id, value, c.binary) {
		return dst, true
	}
	sum := c.digest(c.id[:])
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	if c.binary {
		return append(dst, sum[:16]...), false
	}
	return appendUUID(dst, sum[:16]), false
}

func appendUUID(dst, id []byte) []byte {
	dst = hex.AppendEncode(dst, id[:4])
	for at := 4; at < 10; at += 2 {
		dst = append(dst, '-')
		dst = hex.AppendEncode(dst, id[at:at+2])
	}
	dst = append(dst, '-')
	return hex.AppendEncode(dst, id[10:16])
}

func parseUUID(id *[16]byte, value []byte, bin bool) bool {
	if bin {
		return len(value) == 16 && copy(id[:], value) == 16
	}
	if len(value) != 36 {
		return false
	}
	var digits [32]byte
	n := 0
	for i, b := range value {
		if uuidDash(i) {
			if b != '-' {
				return false
			}
			continue
		}
		digits[n] = b
		n++
	}
	_, err := hex.Decode(id[:], digits[:])
	return err == nil
}

// hashBytea gives the digest itself. The value is hashed as the server wrote
// it: text in the hex format is decoded first, so that both formats agree.
func (c *Cell) hashBytea(dst, value []byte) (out []byte, isNull bool) {
	if c.binary {
		return append(dst, c.digest(value)...), false
	}
	digits, ok := bytes.CutPrefix(value, []byte(`\x`))
	if !ok || len(digits)%2 != 0 {
		return dst, true // bytea_output = escape
	}
	c.mac.reset()
	for len(digits) > 0 {
		part := digits[:min(len(digits), 2*len(c.scratch))]
		n, err := hex.Decode(c.scratch[:], part)
		if err != nil {
			return dst, true
		}
		c.mac.write(c.scratch[:n])
		digits = digits[len(part):]
	}
	dst = append(dst, `\x`...)
	return hex.AppendEncode(dst, c.mac.sum()), false
}
