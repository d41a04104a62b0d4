package wire_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/weirgate/weir/proxy/wire"
)

func frame(typ byte, body string) []byte {
	p, at := wire.Begin(nil, typ)
	return wire.End(append(p, body...), at)
}

func TestLengthsAreCheckedBeforeAnythingElse(t *testing.T) {
	for name, c := range map[string]struct {
		in  string
		ok  bool
		bad bool
	}{
		"less than a header":      {in: "Q\x00\x00\x00"},
		"a length of 3":           {in: "Q\x00\x00\x00\x03", ok: true, bad: true},
		"a length of 4":           {in: "Q\x00\x00\x00\x04", ok: true},
		"PostgreSQL's largest":    {in: "Q\x3f\xff\xff\xfe", ok: true},
		"one more":                {in: "Q\x3f\xff\xff\xff", ok: true, bad: true},
		"a negative length":       {in: "Q\xff\xff\xff\xff", ok: true, bad: true},
		"nothing that looks like": {in: "GET / HTTP/1.1\r\n", ok: true, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, ok, err := wire.ReadHeader([]byte(c.in))
			if ok != c.ok || (err != nil) != c.bad {
				t.Fatalf("ok %v, %v", ok, err)
			}
		})
	}
}

func TestTagRows(t *testing.T) {
	for tag, want := range map[string]int64{
		"SELECT 5": 5, "INSERT 0 12": 12, "BEGIN": -1, "": -1, "7": -1, " 7": 7, "COPY 99999999999999999999": -1, "X 0": 0,
	} {
		if got := wire.TagRows([]byte(tag)); got != want {
			t.Errorf("%q: %d, want %d", tag, got, want)
		}
	}
}

// FuzzFrames reads arbitrary bytes as what a server sends, and holds what is
// decoded against pgproto3.
func FuzzFrames(f *testing.F) {
	description := (&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("a"), TableOID: 1, DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1}}})
	p, err := description.Encode(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p)
	f.Add(frame('C', "SELECT 1\x00"))
	f.Add(frame('D', "\x00\x01\x00\x00\x00\x01a"))
	f.Add(frame('T', "\x06\x81"))
	f.Add(frame('T', "\xff\xff"))
	f.Fuzz(func(t *testing.T, p []byte) {
		h, ok, err := wire.ReadHeader(p)
		if !ok || err != nil {
			return
		}
		if h.Size < wire.HeaderSize || h.Size-1 > wire.MaxFrame {
			t.Fatalf("%+v", h)
		}
		if len(p) < h.Size {
			return
		}
		body := p[wire.HeaderSize:h.Size]
		r := wire.NewReader(body)
		for range 10 {
			_, _ = r.Value()
			r.String()
			r.Uint16()
		}
		if r.OK() && len(r.Rest()) > len(body) {
			t.Fatal("more is left than there was")
		}
		switch h.Type {
		case wire.RowDescription:
			fields, err := wire.ReadRowDescription(body)
			if err != nil {
				return
			}
			var theirs pgproto3.RowDescription
			if e := theirs.Decode(body); e != nil || len(theirs.Fields) != len(fields) {
				t.Fatalf("%v %v, want %v", fields, e, theirs.Fields)
			}
			for i, a := range fields {
				b := theirs.Fields[i]
				if a.Name != string(b.Name) || a.TableOID != b.TableOID || a.Column != int16(b.TableAttributeNumber) ||
					a.TypeOID != b.DataTypeOID || a.TypeSize != b.DataTypeSize || a.TypeMod != b.TypeModifier || a.Format != b.Format {
					t.Fatalf("%+v, want %+v", a, b)
				}
			}
		case wire.CommandComplete:
			tag, err := wire.ReadCommandComplete(body)
			var theirs pgproto3.CommandComplete
			if e := theirs.Decode(body); (e == nil) != (err == nil) || (e == nil && !bytes.Equal(tag, theirs.CommandTag)) {
				t.Fatalf("%q %v, want %q %v", tag, err, theirs.CommandTag, e)
			}
			wire.TagRows(tag)
		}
	})
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	out := wire.AppendQuery(nil, "select 1")
	out = wire.AppendBind(out, "p", "s")
	out = wire.AppendDescribe(out, 'P', []byte("p"))
	out = wire.AppendEmpty(out, wire.Sync)
	backend := pgproto3.NewBackend(bytes.NewReader(out), nil)
	for _, want := range []pgproto3.FrontendMessage{
		&pgproto3.Query{String: "select 1"}, &pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "s"},
		&pgproto3.Describe{ObjectType: 'P', Name: "p"}, &pgproto3.Sync{},
	} {
		got, err := backend.Receive()
		if err != nil {
			t.Fatal(err)
		}
		a, err := got.Encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := want.Encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%q, want %q", a, b)
		}
	}
	in := wire.AppendAuthenticationOK(nil)
	in = wire.AppendParameterStatus(in, "a", "b")
	in = wire.AppendBackendKeyData(in, 7, []byte{1, 2, 3, 4})
	in = wire.AppendReadyForQuery(in, 'I')
	frontend := pgproto3.NewFrontend(bytes.NewReader(in), nil)
	for range 4 {
		m, err := frontend.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if k, ok := m.(*pgproto3.BackendKeyData); ok && (k.ProcessID != 7 || !bytes.Equal(k.SecretKey, []byte{1, 2, 3, 4})) {
			t.Errorf("%+v", k)
		}
	}
	// NegotiateProtocolVersion has the whole version in its first word, as
	// PostgreSQL sends it and libpq wants it.
	v := wire.AppendNegotiate(nil, 0, []string{"_pq_.a"})
	if got := binary.BigEndian.Uint32(v[5:]); got != 3<<16 || string(v[9:]) != "\x00\x00\x00\x01_pq_.a\x00" {
		t.Errorf("%q", v)
	}
}
