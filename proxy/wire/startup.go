package wire

import (
	"bytes"
	"encoding/binary"
)

// MaxStartup is the largest start-up packet that is taken, in bytes, as in
// PostgreSQL (MAX_STARTUP_PACKET_LENGTH).
const MaxStartup = 10000

// Request codes that stand where a start-up packet has its version.
const (
	CodeCancel = 80877102
	CodeSSL    = 80877103
	CodeGSSENC = 80877104
)

// Packet is one packet of the phase before a session has started: these have a
// length, but no type.
type Packet struct {
	Code uint32 // one of the request codes, or a protocol version (major<<16 | minor)
	Size int    // of the whole packet, in bytes
	Body []byte // what follows the code
}

// Major and Minor are the parts of a protocol version.
func (p Packet) Major() int { return int(p.Code >> 16) }

// Minor is the second part of a protocol version.
func (p Packet) Minor() int { return int(p.Code & 0xffff) }

// ReadPacket reads the packet at the beginning of p; ok is false when it has
// not arrived whole. Nothing is allocated, whatever the length word says.
func ReadPacket(p []byte) (k Packet, ok bool, err error) {
	if len(p) < 4 {
		return Packet{}, false, nil
	}
	n := binary.BigEndian.Uint32(p)
	if n < 8 || n > MaxStartup {
		return Packet{}, true, Violationf("invalid length of start-up packet")
	}
	if len(p) < int(n) {
		return Packet{}, false, nil
	}
	return Packet{Code: binary.BigEndian.Uint32(p[4:]), Size: int(n), Body: p[8:n]}, true, nil
}

// PacketSize is how many bytes are needed to go on with the packet at the
// beginning of p, which ReadPacket has found not to be there whole.
func PacketSize(p []byte) int {
	if len(p) < 4 {
		return 4
	}
	return int(min(binary.BigEndian.Uint32(p), MaxStartup))
}

// Setting is one name and value of a start-up packet.
type Setting struct{ Name, Value string }

// ReadStartup decodes the body of a start-up packet of version 3: pairs of
// strings, in order, closed by a NUL.
func ReadStartup(body []byte) ([]Setting, error) {
	var s []Setting
	for {
		i := bytes.IndexByte(body, 0)
		if i < 0 {
			return nil, Violationf("invalid start-up packet layout: expected terminator as last byte")
		}
		if i == 0 {
			if len(body) != 1 {
				return nil, Violationf("invalid start-up packet layout: expected terminator as last byte")
			}
			return s, nil
		}
		name := string(body[:i])
		body = body[i+1:]
		j := bytes.IndexByte(body, 0)
		if j < 0 {
			return nil, Violationf("invalid start-up packet layout: a name without its value")
		}
		s = append(s, Setting{Name: name, Value: string(body[:j])})
		body = body[j+1:]
	}
}

// ReadCancel decodes the body of a cancel request. The key has 4 bytes in
// protocol 3.0 and up to 256 in 3.2.
func ReadCancel(body []byte) (pid uint32, key []byte, err error) {
	if len(body) < 8 || len(body) > 4+256 {
		return 0, nil, Violationf("invalid length of cancel request packet")
	}
	return binary.BigEndian.Uint32(body), body[4:], nil
}

// ReadNegotiate decodes the body of a NegotiateProtocolVersion: the newest minor
// version of protocol 3 that the server speaks, and the protocol extensions that
// it does not know.
//
// PostgreSQL puts the whole version number into the first word; its manual speaks
// of the minor one only, so that is taken from others, too.
func ReadNegotiate(body []byte) (minor int, unknown []string, err error) {
	r := NewReader(body)
	version := uint32(r.Int32())
	if version>>16 == 0 {
		version |= 3 << 16
	}
	count := r.Int32()
	if !r.OK() || version>>16 != 3 || count < 0 || int(count) > len(r.Rest()) {
		return 0, nil, Violationf("malformed NegotiateProtocolVersion")
	}
	for range count {
		unknown = append(unknown, string(r.String()))
	}
	if !r.Done() {
		return 0, nil, Violationf("malformed NegotiateProtocolVersion")
	}
	return int(version & 0xffff), unknown, nil
}

// AppendStartup appends a start-up packet of the given version.
func AppendStartup(dst []byte, version uint32, settings []Setting) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, version)
	for _, s := range settings {
		dst = append(append(dst, s.Name...), 0)
		dst = append(append(dst, s.Value...), 0)
	}
	dst = append(dst, 0)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at))
	return dst
}

// SplitOptions cuts the value of the start-up setting "options" into words as
// PostgreSQL's pg_split_opts does: at spaces, a backslash takes the next byte
// as it is.
func SplitOptions(s string) []string {
	var words []string
	for i := 0; i < len(s); {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		if i == len(s) {
			break
		}
		var w []byte
		for i < len(s) && !isSpace(s[i]) {
			if s[i] == '\\' {
				if i++; i == len(s) {
					break
				}
			}
			w = append(w, s[i])
			i++
		}
		words = append(words, string(w))
	}
	return words
}

// QuoteOption writes a word so that SplitOptions gives it back.
func QuoteOption(word string) string {
	var b []byte
	for i := range len(word) {
		if c := word[i]; isSpace(c) || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, word[i])
	}
	return string(b)
}

func isSpace(c byte) bool {
	return c == ' ' || (c >= '\t' && c <= '\r')
}
