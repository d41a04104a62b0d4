package e2e

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// frame is a message of the given type with a true length.
func frame(kind byte, body string) []byte {
	b := make([]byte, 5, 5+len(body))
	b[0] = kind
	binary.BigEndian.PutUint32(b[1:], uint32(4+len(body)))
	return append(b, body...)
}

// startup opens a captured connection and goes as far as ReadyForQuery.
func (s *site) startup() (net.Conn, *pgproto3.Frontend) {
	s.t.Helper()
	conn, err := s.dial()
	s.must(err)
	s.t.Cleanup(func() { _ = conn.Close() })
	s.must(conn.SetDeadline(time.Now().Add(60 * time.Second)))
	f := pgproto3.NewFrontend(conn, conn)
	f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber,
		Parameters: map[string]string{"user": "agent", "database": s.database}})
	s.must(f.Flush())
	if e, err := until(f); e != nil || err != nil {
		s.t.Fatalf("start-up: %v, %v", e, err)
	}
	return conn, f
}

// until reads to ReadyForQuery or the end, and gives the first error on the way.
func until(f *pgproto3.Frontend) (*pgproto3.ErrorResponse, error) {
	var first *pgproto3.ErrorResponse
	for {
		m, err := f.Receive()
		if err != nil {
			return first, err
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			if first == nil {
				e := *m
				first = &e
			}
		case *pgproto3.ReadyForQuery:
			return first, nil
		}
	}
}

func TestBadInputIsAnErrorForItsSenderAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	bystander := s.connect()
	ctx := t.Context()
	tx, err := bystander.Begin(ctx)
	s.must(err)
	_, err = tx.Exec(ctx, "INSERT INTO notes (body) VALUES ('of the bystander')")
	s.must(err)
	pid := s.status().PID

	for _, tc := range []struct {
		name   string
		bytes  []byte
		severe bool   // the session ends
		code   string // SQLSTATE, "" for any
	}{
		{"a frame shorter than its own length", []byte{'Q', 0, 0, 0, 3}, true, "08P01"},
		{"an empty Query frame", []byte{'Q', 0, 0, 0, 4}, true, "08P01"},
		{"a header that asks for a gigabyte", []byte{'Q', 0x40, 0, 0, 0}, true, ""},
		{"a negative length", []byte{'Q', 0xff, 0xff, 0xff, 0xff}, true, "08P01"},
		{"an unknown message type", frame('z', "hello"), true, "08P01"},
		{"a Query without its terminating zero", frame('Q', "SELECT 1"), true, "08P01"},
		{"a Bind that ends in the middle", append(frame('B', "\x00\x00\x00\x00\x00\x01"), frame('S', "")...), true, "08P01"},
		{"a FunctionCall", frame('F', "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"), false, "0A000"},
		{"a statement that does not parse", frame('Q', "SELEC 1; DROP TABLE orders\x00"), false, "42601"},
		{"a NUL in the statement", frame('Q', "SELECT 1\x00; DROP TABLE orders\x00"), true, ""},
		{"invalid UTF-8", frame('Q', "SELECT '\xff\xfe'; DROP TABLE orders\x00"), false, "22021"},
		{"49 KB of 1+1", frame('Q', "SELECT 1"+strings.Repeat("+1", 24500)+"; DROP TABLE orders\x00"), false, ""},
		{"400 KB of nested comments", frame('Q', strings.Repeat("/*", 200<<10)+"; DROP TABLE orders\x00"), false, ""},
		{"two megabytes of statement", frame('Q', "SELECT '"+strings.Repeat("x", 2<<20)+"'\x00"), false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, f := s.startup()
			start := time.Now()
			if _, err := conn.Write(tc.bytes); err != nil {
				t.Fatal(err)
			}
			e, err := until(f)
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("took %s", took)
			}
			if e == nil {
				t.Fatalf("no error came: %v", err)
			}
			t.Logf("%s %s: %s (%s)", e.Severity, e.Code, e.Message, e.Hint)
			if tc.code != "" && e.Code != tc.code {
				t.Errorf("SQLSTATE %s, want %s", e.Code, tc.code)
			}
			switch {
			case tc.severe && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
				t.Errorf("the connection is still open after a broken frame (%v)", err)
			case !tc.severe && err != nil:
				t.Errorf("the session ended with %v", err)
			case !tc.severe:
				f.Send(&pgproto3.Query{String: "SELECT 1"})
				if err := f.Flush(); err != nil {
					t.Fatal(err)
				}
				if e, err := until(f); e != nil || err != nil {
					t.Errorf("the session is of no use afterwards: %v, %v", e, err)
				}
			}
		})
	}

	if got := s.query1("SELECT count(*) FROM orders"); got != "100" {
		t.Errorf("something was executed: %s orders", got)
	}
	s.must(tx.Commit(ctx))
	if got := s.query1("SELECT count(*) FROM notes"); got != "1" {
		t.Errorf("the bystander's transaction: %s notes", got)
	}
	if now := s.status().PID; now != pid || s.weir.Process.Exited() {
		t.Errorf("the daemon is another one: pid %d, was %d", now, pid)
	}
}

func TestABadStartupIsAnErrorForItsSenderAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	bystander := s.connect()
	packet := func(version uint32, body string) []byte {
		b := make([]byte, 8, 8+len(body))
		binary.BigEndian.PutUint32(b, uint32(8+len(body)))
		binary.BigEndian.PutUint32(b[4:], version)
		return append(b, body...)
	}
	for _, tc := range []struct {
		name  string
		bytes []byte
	}{
		{"a length of zero", []byte{0, 0, 0, 0}},
		{"a length of 10,001", append([]byte{0, 0, 0x27, 0x11, 0, 3, 0, 0}, make([]byte, 9993)...)},
		{"protocol 2", packet(2<<16, "user\x00x\x00\x00")},
		{"no user", packet(3<<16, "database\x00x\x00\x00")},
		{"parameters without an end", packet(3<<16, "user\x00agent")},
		{"a replication connection", packet(3<<16, "user\x00agent\x00replication\x00true\x00\x00")},
		{"standard_conforming_strings off", packet(3<<16, "user\x00agent\x00database\x00"+s.database+"\x00options\x00-c standard_conforming_strings=off\x00\x00")},
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: db\r\n\r\n")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, err := s.dial()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write(tc.bytes); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn)
			if err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the connection was not ended: %v", err)
			}
			if len(answer) > 0 && answer[0] != 'E' {
				t.Errorf("got %q, want an error", answer)
			}
			t.Logf("%q", answer)
		})
	}
	s.must(bystander.Ping(t.Context()))
}

func TestClientsThatSayNothingAreNotWaitedForForever(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	for range 50 {
		conn, err := s.dial()
		s.must(err)
		t.Cleanup(func() { _ = conn.Close() })
	}
	s.must(s.connect().Ping(t.Context()))
}
