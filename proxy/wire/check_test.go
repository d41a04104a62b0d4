package wire_test

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/weirgate/weir/proxy/wire"
)

// walks goes over a row in pieces of a size.
func walks(body []byte, size int) bool {
	var w wire.RowWalk
	for len(body) > 0 {
		n := min(size, len(body))
		if !w.Feed(body[:n]) {
			return false
		}
		body = body[n:]
	}
	return w.Done()
}

func TestWhatIsWellFormed(t *testing.T) {
	for _, tc := range []struct {
		name string
		typ  byte // of a server's message, or B and F of a client's
		body string
		ok   bool
	}{
		{"a row", 'D', "\x00\x02\x00\x00\x00\x01a\xff\xff\xff\xff", true},
		{"a row without columns", 'D', "\x00\x00", true},
		{"a row without a count", 'D', "\x00", false},
		{"a row of 65,535 columns in seven bytes", 'D', "\xff\xff", false},
		{"a row with a negative length", 'D', "\x00\x01\xff\xff\xff\xfe", false},
		{"a row with a length past its end", 'D', "\x00\x01\x00\x00\x00\x02a", false},
		{"a row with the largest length", 'D', "\x00\x01\x7f\xff\xff\xffa", false},
		{"a row with a cell too many", 'D', "\x00\x01\x00\x00\x00\x01a\x00\x00\x00\x00", false},
		{"a Bind", 'B', "\x00\x01\x00\x01\x00\x01\x00\x00\x00\x01a\x00\x01\x00\x00", true},
		{"a Bind that ends behind its names", 'B', "", false},
		{"a Bind without its results' formats", 'B', "\x00\x00\x00\x00", false},
		{"a Bind of 65,535 values", 'B', "\x00\x00\xff\xff\x00\x00", false},
		{"a Bind of 65,535 formats", 'B', "\xff\xff\x00\x00\x00\x00", false},
		{"a Bind with a negative length", 'B', "\x00\x00\x00\x01\xff\xff\xff\x00\x00\x00", false},
		{"a Bind with bytes behind it", 'B', "\x00\x00\x00\x00\x00\x00x", false},
		{"a FunctionCall", 'F', "\x00\x00\x03\xb8\x00\x00\x00\x01\x00\x00\x00\x01a\x00\x00", true},
		{"a FunctionCall that ends behind its oid", 'F', "\x00\x00\x03\xb8", false},
		{"a FunctionCall without its result's format", 'F', "\x00\x00\x03\xb8\x00\x00\x00\x00", false},
		{"a description of a parameter", 't', "\x00\x01\x00\x00\x00\x17", true},
		{"a description of fewer parameters than it says", 't', "\x00\x02\x00\x00\x00\x17", false},
		{"a description of 65,535 parameters in two bytes", 't', "\xff\xff", false},
		{"a description of more parameters than can be counted", 't', "\x00\x01" + string(make([]byte, 4*65537)), true},
		{"a description of a parameter and a half", 't', "\x00\x01\x00\x00\x00\x17\x00\x00", false},
		{"a description without a count", 't', "\x00", false},
		{"a description of a row", 'T', "\x00\x01a\x00" + string(make([]byte, 18)), true},
		{"a description of a row without its end", 'T', "\x00\x01a\x00" + string(make([]byte, 17)), false},
		{"a description of 65,535 columns", 'T', "\xff\xff" + string(bytes.Repeat([]byte("\x00"+string(make([]byte, 18))), 65535)), false},
		{"a notification", 'A', "\x00\x00\x00\x07a\x00b\x00", true},
		{"a notification without a payload", 'A', "\x00\x00\x00\x07a\x00", false},
		{"a notification without an end", 'A', "\x00\x00\x00\x07a\x00b", false},
		{"a short notification", 'A', "\x00\x00", false},
		{"a notice", 'N', "SNOTICE\x00\x00", true},
		{"a notice without an end", 'N', "SNOTICE\x00", false},
		{"an empty notice", 'N', "", false},
		{"a COPY to the client", 'H', "\x00\x00\x01\x00\x00", true},
		{"a COPY of more columns than it has", 'H', "\x00\x00\x02\x00\x00", false},
		{"an empty COPY from the client", 'G', "", false},
		{"a ParseComplete", '1', "", true},
		{"a ParseComplete with a body", '1', "x", false},
		{"a CopyDone with a body", 'c', "x", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := []byte(tc.body)
			var got bool
			switch tc.typ {
			case 'D':
				got = wire.WholeRow(body)
				for _, size := range []int{1, 2, 3, 100} {
					if walks(body, size) != got {
						t.Errorf("in pieces of %d it is %v", size, !got)
					}
				}
			case 'B':
				got = wire.WholeBind(body)
			case 'F':
				got = wire.WholeFunctionCall(body)
			default:
				got = wire.WholeReply(tc.typ, body)
			}
			if got != tc.ok {
				t.Errorf("well-formed: %v", got)
			}
		})
	}
}

// FuzzChecks holds what is well-formed here against another reader, and whole
// against in pieces.
func FuzzChecks(f *testing.F) {
	f.Add(byte('D'), []byte("\x00\x02\x00\x00\x00\x01a\xff\xff\xff\xff"))
	f.Add(byte('B'), []byte("\x00\x01\x00\x01\x00\x01\x00\x00\x00\x01a\x00\x01\x00\x00"))
	f.Add(byte('F'), []byte("\x00\x00\x03\xb8\x00\x00\x00\x01\x00\x00\x00\x01a\x00\x00"))
	f.Add(byte('T'), []byte("\x00\x01a\x00"+string(make([]byte, 18))))
	f.Add(byte('t'), []byte("\x00\x01\x00\x00\x00\x17"))
	f.Add(byte('A'), []byte("\x00\x00\x00\x07a\x00b\x00"))
	f.Add(byte('H'), []byte("\x00\x00\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, typ byte, body []byte) {
		var other pgproto3.Message
		var ok bool
		switch typ {
		case 'D':
			other, ok = &pgproto3.DataRow{}, wire.WholeRow(body)
			for _, size := range []int{1, 3, 7} {
				if walks(body, size) != ok {
					t.Fatalf("%q is another in pieces of %d", body, size)
				}
			}
		case 'B':
			other, ok = &pgproto3.Bind{}, wire.WholeBind(body)
			body = append([]byte{0, 0}, body...) // the names
		case 'F':
			other, ok = &pgproto3.FunctionCall{}, wire.WholeFunctionCall(body)
		case 'T':
			other, ok = &pgproto3.RowDescription{}, wire.WholeReply(typ, body)
			if _, err := wire.ReadRowDescription(body); (err == nil) != ok {
				t.Fatalf("%q is read with %v", body, err)
			}
		case 't':
			other, ok = &pgproto3.ParameterDescription{}, wire.WholeReply(typ, body)
		case 'A':
			other, ok = &pgproto3.NotificationResponse{}, wire.WholeReply(typ, body)
		case 'H':
			other, ok = &pgproto3.CopyOutResponse{}, wire.WholeReply(typ, body)
		default:
			return
		}
		if err := other.Decode(body); ok && err != nil {
			t.Fatalf("%q is well-formed here, and for another reader: %v", body, err)
		}
	})
}
