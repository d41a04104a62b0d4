package proxy_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// pgError finds the server's error in err, nil when there is none.
func pgError(err error) *pgconn.PgError {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// wireConn speaks the protocol frame by frame.
type wireConn struct {
	t *testing.T
	net.Conn
	in  *bufio.Reader
	pid uint32
	key []byte
}

func newWireConn(t *testing.T, c net.Conn) *wireConn {
	w := &wireConn{t: t, Conn: c, in: bufio.NewReader(c)}
	w.again()
	return w
}

// again begins the time that a message may take. All of a connection together may take
// as long as the machine makes it.
func (w *wireConn) again() { _ = w.SetDeadline(time.Now().Add(time.Minute)) }

// start opens a session.
func (w *wireConn) start(database string, more ...wire.Setting) {
	w.t.Helper()
	w.send(wire.AppendStartup(nil, 3<<16, append([]wire.Setting{{Name: "user", Value: "agent"}, {Name: "database", Value: database}}, more...)))
	for {
		typ, body := w.next()
		switch typ {
		case wire.BackendKeyData:
			w.pid, w.key = binary.BigEndian.Uint32(body), body[4:]
		case wire.ReadyForQuery:
			return
		case wire.ErrorResponse:
			w.t.Fatalf("the session did not start: %s", show(typ, body))
		}
	}
}

func (w *wireConn) send(frames ...[]byte) {
	w.t.Helper()
	w.again()
	for _, f := range frames {
		if _, err := w.Write(f); err != nil {
			w.t.Fatalf("sending: %v", err)
		}
	}
}

func (w *wireConn) next() (byte, []byte) {
	w.t.Helper()
	w.again()
	typ, body, err := w.read()
	if err != nil {
		w.t.Fatalf("reading: %v", err)
	}
	return typ, body
}

func (w *wireConn) read() (byte, []byte, error) {
	var header [wire.HeaderSize]byte
	if _, err := io.ReadFull(w.in, header[:]); err != nil {
		return 0, nil, err
	}
	h, _, err := wire.ReadHeader(header[:])
	if err != nil {
		return 0, nil, err
	}
	body := make([]byte, h.Size-wire.HeaderSize)
	_, err = io.ReadFull(w.in, body)
	return h.Type, body, err
}

// until reads to the n-th ReadyForQuery and shows all that came, notices too.
func (w *wireConn) until(n int) string {
	w.t.Helper()
	var list []string
	for n > 0 {
		typ, body := w.next()
		if typ == wire.ReadyForQuery {
			n--
		}
		list = append(list, show(typ, body))
	}
	return strings.Join(list, " ")
}

// query sends a Query and shows the answer.
func (w *wireConn) query(text string) string {
	w.t.Helper()
	w.send(wire.AppendQuery(nil, text))
	return w.until(1)
}

// wants checks what until shows.
func wants(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("got\n\t%s\nwant\n\t%s", got, want)
	}
}

// show writes a frame of the server as its type and what matters of it.
func show(typ byte, body []byte) string {
	switch typ {
	case wire.ReadyForQuery:
		return "Z:" + string(body)
	case wire.ErrorResponse, wire.NoticeResponse:
		d, err := diagnostic.Read(body)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%c:%s", typ, d.Code)
	case wire.CommandComplete:
		return "C:" + strings.TrimRight(string(body), "\x00")
	case wire.DataRow:
		r := wire.NewReader(body)
		var values []string
		for range r.Int16() {
			v, null := r.Value()
			if null {
				v = []byte("NULL")
			}
			values = append(values, string(v))
		}
		return "D:" + strings.Join(values, ",")
	}
	return string(typ)
}

// Messages.

func frame(typ byte, body string) []byte {
	p, at := wire.Begin(nil, typ)
	return wire.End(append(p, body...), at)
}

func parse(name, text string) []byte { return frame(wire.Parse, name+"\x00"+text+"\x00\x00\x00") }
func bind(portal, statement string) []byte {
	return wire.AppendBind(nil, portal, statement)
}

// bindBinary binds with results in binary.
func bindBinary(portal, statement string) []byte {
	return frame(wire.Bind, portal+"\x00"+statement+"\x00\x00\x00\x00\x00\x00\x01\x00\x01")
}

// execute asks for so many rows, 0 for all.
func execute(portal string, rows uint32) []byte {
	return frame(wire.Execute, portal+"\x00"+string(binary.BigEndian.AppendUint32(nil, rows)))
}
func describe(what byte, name string) []byte { return wire.AppendDescribe(nil, what, []byte(name)) }
func syncs() []byte                          { return wire.AppendEmpty(nil, wire.Sync) }

// pipeline joins frames so that they go out at once.
func pipeline(frames ...[]byte) []byte {
	var all []byte
	for _, f := range frames {
		all = append(all, f...)
	}
	return all
}

func dialTCP(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
