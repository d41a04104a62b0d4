package upstream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/wire"
)

// readPacket takes the client's start-up packet.
func readPacket(conn net.Conn) {
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(length[:]))-4)
}

// says is a server that answers the start-up packet with fixed bytes and waits.
func says(answer []byte) func(net.Conn) {
	return func(conn net.Conn) {
		readPacket(conn)
		_, _ = conn.Write(answer)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// hello is a whole greeting.
func hello() []byte {
	out := wire.AppendAuthenticationOK(nil)
	out = wire.AppendParameterStatus(out, "server_version", "15")
	out = wire.AppendBackendKeyData(out, 42, []byte{1, 2, 3, 4})
	return wire.AppendReadyForQuery(out, 'I')
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func header(kind byte, length uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{kind}, length)
}

func TestAServerThatBreaksTheProtocolWhileWeirLogsIn(t *testing.T) {
	noLeaks(t)
	ok := wire.AppendAuthenticationOK(nil)
	many := bytes.Repeat(wire.AppendParameterStatus(nil, "a", "b"), maxStartFrames)
	large := bytes.Repeat(wire.AppendParameterStatus(nil, "a", strings.Repeat("b", 60000)), 20)
	for _, test := range []struct {
		name   string
		answer []byte
	}{
		{"a frame that claims 1 GiB", concat(ok, header('S', 1<<30))},
		{"a frame that claims 4 GiB", concat(ok, header('S', 1<<32-1))},
		{"a frame that claims less than its length word", concat(ok, header('S', 3))},
		{"a frame of a type that is not due", concat(ok, appendFrame(nil, 'D', []byte{0, 0}))},
		{"a frame of no type", concat(ok, appendFrame(nil, 0, nil))},
		{"another protocol", []byte("HTTP/1.1 400 Bad Request\r\n\r\n")},
		{"parameters before the login", wire.AppendParameterStatus(nil, "a", "b")},
		{"ready before the login", wire.AppendReadyForQuery(nil, 'I')},
		{"a key before the login", wire.AppendBackendKeyData(nil, 1, []byte{1, 2, 3, 4})},
		{"a second login", concat(ok, ok)},
		{"a parameter without an end", concat(ok, appendFrame(nil, 'S', []byte("a\x00b")))},
		{"a parameter without a name", concat(ok, appendFrame(nil, 'S', []byte("\x00b\x00")))},
		{"a parameter with more behind it", concat(ok, appendFrame(nil, 'S', []byte("a\x00b\x00c")))},
		{"a short key", concat(ok, appendFrame(nil, 'K', []byte{0, 0, 0, 1, 1, 2, 3}))},
		{"a long key", concat(ok, appendFrame(nil, 'K', make([]byte, 4+257)))},
		{"two keys", concat(ok, wire.AppendBackendKeyData(nil, 1, []byte{1, 2, 3, 4}), wire.AppendBackendKeyData(nil, 2, []byte{1, 2, 3, 4}))},
		{"an unknown transaction status", concat(ok, wire.AppendReadyForQuery(nil, 'X'))},
		{"no transaction status", concat(ok, appendFrame(nil, 'Z', nil))},
		{"an error without an end", concat(ok, appendFrame(nil, 'E', []byte("SFATAL\x00")))},
		{"an error with half a field", concat(ok, appendFrame(nil, 'E', []byte("SFATAL")))},
		{"an empty error", concat(ok, appendFrame(nil, 'E', nil))},
		{"an error with more behind it", concat(ok, appendFrame(nil, 'E', []byte("\x00\x00")))},
		{"more parameters than anybody has", concat(ok, many)},
		{"larger parameters than anybody has", concat(ok, large)},
		{"a newer protocol than was asked for", concat(wire.AppendNegotiate(nil, 0, nil)[:5], []byte{0, 3, 0, 9, 0, 0, 0, 0})},
		{"another protocol than was asked for", concat(wire.AppendNegotiate(nil, 0, nil)[:5], []byte{0, 4, 0, 0, 0, 0, 0, 0})},
		{"a negotiation that claims many extensions", appendFrame(nil, 'v', []byte{0, 3, 0, 0, 0x7f, 0xff, 0xff, 0xff})},
		{"a negotiation after the login", concat(ok, wire.AppendNegotiate(nil, 0, nil))},
		{"an authentication request without a code", appendFrame(nil, 'R', []byte{0, 0})},
		{"an old error without an end", concat([]byte("Ecould not fork"), bytes.Repeat([]byte("!"), 2000))},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, fake(t, says(test.answer)))
			_, err := c.Start(within(t, 10*time.Second), Startup{User: "u"})
			var protocol *ProtocolError
			if !errors.As(err, &protocol) || SQLState(err) != "08P01" {
				t.Fatalf("error %T: %v", err, err)
			}
			if _, err := c.Query(t.Context(), "select 1"); err == nil {
				t.Error("the connection could be used")
			}
		})
	}
}

func TestAServerThatGoesAwayOrStalls(t *testing.T) {
	noLeaks(t)
	whole := concat(wire.AppendAuthenticationOK(nil), wire.AppendParameterStatus(nil, "a", "b"), wire.AppendReadyForQuery(nil, 'I'))
	for cut := range whole {
		c := dial(t, fake(t, func(conn net.Conn) {
			readPacket(conn)
			_, _ = conn.Write(whole[:cut])
		}))
		_, err := c.Start(within(t, 5*time.Second), Startup{User: "u"})
		var lost *ConnectionError
		if !errors.As(err, &lost) || lost.Timeout() || SQLState(err) != "08006" {
			t.Fatalf("cut after %d bytes: error %T: %v", cut, err, err)
		}
	}
	t.Run("it stalls", func(t *testing.T) {
		c := dial(t, fake(t, says(whole[:7])))
		c.target.ConnectTimeout = 50 * time.Millisecond // of the login alone
		_, err := c.Start(t.Context(), Startup{User: "u"})
		var lost *ConnectionError
		if !errors.As(err, &lost) || !lost.Timeout() {
			t.Errorf("error %T: %v", err, err)
		}
	})
	t.Run("it drips", func(t *testing.T) {
		// Each byte in time, but not the whole.
		c := dial(t, fake(t, func(conn net.Conn) {
			readPacket(conn)
			for _, err := conn.Write(wire.AppendAuthenticationOK(nil)); err == nil; {
				time.Sleep(5 * time.Millisecond)
				_, err = conn.Write(wire.AppendParameterStatus(nil, "a", "b"))
			}
		}))
		c.target.ConnectTimeout = 100 * time.Millisecond // of the login alone
		_, err := c.Start(t.Context(), Startup{User: "u"})
		var lost *ConnectionError
		if !errors.As(err, &lost) || !lost.Timeout() {
			t.Errorf("error %T: %v", err, err)
		}
	})
}

func TestAnswersByteAtATimeAreTakenWhole(t *testing.T) {
	noLeaks(t)
	c := dial(t, fake(t, func(conn net.Conn) {
		readPacket(conn)
		for _, b := range concat(hello(), []byte("tail")) {
			_, _ = conn.Write([]byte{b})
			runtime.Gosched()
		}
		_, _ = io.Copy(io.Discard, conn)
	}))
	g, err := c.Start(within(t, 5*time.Second), Startup{User: "u"})
	if err != nil {
		t.Fatal(err)
	}
	if g.BackendPID != 42 || !bytes.Equal(g.BackendKey, []byte{1, 2, 3, 4}) || g.Parameters[0].Value != "15" {
		t.Errorf("greeting %+v", g)
	}
	rest := c.Buffered()
	for len(rest) < 4 {
		more := make([]byte, 4)
		n, err := c.NetConn().Read(more)
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, more[:n]...)
	}
	if string(rest) != "tail" {
		t.Errorf("handed over %q", rest)
	}
}

func TestTheErrorOfAPostmasterThatCannotFork(t *testing.T) {
	noLeaks(t)
	c := dial(t, fake(t, func(conn net.Conn) {
		readPacket(conn)
		_, _ = conn.Write([]byte("Ecould not fork new process for connection: Resource temporarily unavailable\n\x00"))
	}))
	_, err := c.Start(within(t, 5*time.Second), Startup{User: "u"})
	var server *ServerError
	if !errors.As(err, &server) || !strings.HasPrefix(server.Message, "could not fork") || !server.Fatal() {
		t.Errorf("error %T: %v", err, err)
	}
}

func TestNoticesAndLongKeysOfNewServers(t *testing.T) {
	noLeaks(t)
	key := bytes.Repeat([]byte{7}, 256)
	notice := appendFrame(nil, 'N', []byte("SWARNING\x00C01000\x00Mhello\x00\x00"))
	c := dial(t, fake(t, says(concat(notice, wire.AppendAuthenticationOK(nil), wire.AppendBackendKeyData(nil, 1, key),
		wire.AppendReadyForQuery(nil, 'I')))))
	g, err := c.Start(within(t, 5*time.Second), Startup{User: "u", Version: Protocol32})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.BackendKey, key) || g.Protocol != Protocol32 || len(g.Notices) != 1 || !bytes.Equal(g.Notices[0], notice) {
		t.Errorf("greeting %+v", g)
	}
}

func TestAServerThatBreaksTheProtocolInAnAnswer(t *testing.T) {
	noLeaks(t)
	description := func(name string, format uint16) []byte {
		body := append([]byte{0, 1}, name+"\x00"...)
		body = append(body, make([]byte, 16)...)
		return appendFrame(nil, 'T', binary.BigEndian.AppendUint16(body, format))
	}
	for name, answer := range map[string][]byte{
		"a row that claims 1 GiB":                    concat(description("a", 0), header('D', 1<<30)),
		"a row of 65,535 values":                     concat(description("a", 0), appendFrame(nil, 'D', []byte{0xff, 0xff})),
		"a row of more values than columns":          concat(description("a", 0), appendFrame(nil, 'D', []byte{0, 2, 0, 0, 0, 0, 0, 0, 0, 0})),
		"a row without columns":                      appendFrame(nil, 'D', []byte{0, 1, 0, 0, 0, 0}),
		"a value with a negative length":             concat(description("a", 0), appendFrame(nil, 'D', []byte{0, 1, 0xff, 0xff, 0xff, 0xfe})),
		"a value past the end":                       concat(description("a", 0), appendFrame(nil, 'D', []byte{0, 1, 0, 0, 0, 9, 'x'})),
		"a row with more behind it":                  concat(description("a", 0), appendFrame(nil, 'D', []byte{0, 1, 0, 0, 0, 1, 'x', 'y'})),
		"a description that claims 65,535 columns":   appendFrame(nil, 'T', []byte{0xff, 0xff}),
		"a description that claims 32,767 columns":   appendFrame(nil, 'T', []byte{0x7f, 0xff}),
		"a description with half a column":           appendFrame(nil, 'T', []byte("\x00\x01aaaaaaaaaaaaaaaaaaaaaaaaaaa")),
		"a column in binary format":                  description("a", 1),
		"two results":                                concat(description("a", 0), description("b", 0)),
		"a copy to the client":                       appendFrame(nil, 'H', []byte{0, 0, 0}),
		"a copy both ways":                           appendFrame(nil, 'W', []byte{0, 0, 0}),
		"a tag without an end":                       appendFrame(nil, 'C', []byte("SELECT")),
		"an authentication request":                  wire.AppendAuthenticationOK(nil),
		"an error that is malformed":                 appendFrame(nil, 'E', []byte("x")),
		"a message shorter than its own length word": header('C', 0),
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, fake(t, func(conn net.Conn) {
				readPacket(conn)
				_, _ = conn.Write(hello())
				question := make([]byte, 64)
				if _, err := conn.Read(question); err != nil {
					return
				}
				_, _ = conn.Write(answer)
				_, _ = io.Copy(io.Discard, conn)
			}))
			if _, err := c.Start(within(t, 5*time.Second), Startup{User: "u"}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Query(within(t, 5*time.Second), "select 1"); err == nil {
				t.Fatal("it was accepted")
			}
			if _, err := c.Query(within(t, 5*time.Second), "select 1"); err == nil {
				t.Error("the connection could be used again")
			}
		})
	}
}

// A length word alone must not make weir allocate.
func TestAClaimedLengthAllocatesLittle(t *testing.T) {
	for _, came := range []int{0, 100, frameChunk, 3 * frameChunk} {
		f := frames{source: bytes.NewReader(concat(header('D', maxResultMessage), make([]byte, came)))}
		if _, _, _, err := f.next(resultLimit); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		if len(f.buffer) > 2*came+2*frameChunk {
			t.Errorf("%d bytes were allocated for a frame of which %d came", len(f.buffer), came)
		}
	}
}

// FuzzFrames reads any bytes, in pieces of any size, and compares with what a
// plain reading of the same bytes gives. Nothing may get lost or be read twice.
func FuzzFrames(f *testing.F) {
	f.Add(hello(), uint8(1))
	f.Add(hello(), uint8(200))
	f.Add(concat(header('D', 1<<30), []byte("x")), uint8(3))
	f.Add(appendFrame(appendFrame(nil, 'D', bytes.Repeat([]byte("x"), 20000)), 'C', []byte("SELECT 1\x00")), uint8(255))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		limit := func(kind byte) int { return int(kind) * 256 }
		reader := frames{source: &pieces{rest: stream, size: int(piece) + 1}}
		at := 0
		for {
			kind, body, frame, err := reader.next(limit)
			if err != nil {
				break
			}
			if !bytes.Equal(frame, stream[at:at+len(frame)]) || kind != frame[0] || !bytes.Equal(body, frame[5:]) || len(body) > limit(kind) {
				t.Fatalf("frame %q at %d", frame, at)
			}
			at += len(frame)
		}
		held := reader.take()
		rest := reader.source.(*pieces).rest
		if got := concat(stream[:at], held, rest); !bytes.Equal(got, stream) {
			t.Fatalf("%d bytes became %d", len(stream), len(got))
		}
		if _, ok := parseServerError(stream); ok && !bytes.HasSuffix(stream, []byte{0}) {
			t.Fatal("an error without an end")
		}
		_, _ = readColumns(stream)
		_, _ = readRow(stream, int(piece))
		_ = (&Greeting{Protocol: Protocol32}).negotiated(stream)
	})
}

// pieces gives a stream in pieces of one size.
type pieces struct {
	rest []byte
	size int
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(to, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}

func TestAStartUpPacketThatCannotBeMade(t *testing.T) {
	for name, s := range map[string]Startup{
		"no user":                         {},
		"a zero byte in the user":         {User: "a\x00b"},
		"a zero byte in a value":          {User: "a", Parameters: []wire.Setting{{Name: "x", Value: "\x00"}}},
		"a parameter without a name":      {User: "a", Parameters: []wire.Setting{{Value: "x"}}},
		"a second user":                   {User: "a", Parameters: []wire.Setting{{Name: "user", Value: "postgres"}}},
		"a second database":               {User: "a", Parameters: []wire.Setting{{Name: "database", Value: "x"}}},
		"an unknown version":              {User: "a", Version: 3<<16 | 9999},
		"an old version":                  {User: "a", Version: 2 << 16},
		"more than PostgreSQL would take": {User: "a", Parameters: []wire.Setting{{Name: "x", Value: strings.Repeat("x", wire.MaxStartup)}}},
	} {
		t.Run(name, func(t *testing.T) {
			if packet, err := s.packet(); err == nil {
				t.Errorf("packet %q", packet)
			}
		})
	}
}
