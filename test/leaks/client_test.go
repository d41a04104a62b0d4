package leaks

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// client speaks the protocol frame by frame and keeps everything that it receives.
type client struct {
	net.Conn
	in *bufio.Reader
}

// frame is a message of the server's.
type frame struct {
	kind byte
	body []byte
}

// answer is what came back for what was sent up to a ReadyForQuery.
type answer []frame

// open starts a session.
func open(network, address, user, database string) (*client, error) {
	conn, err := net.DialTimeout(network, address, 20*time.Second)
	if err != nil {
		return nil, err
	}
	c := &client{Conn: conn, in: bufio.NewReader(conn)}
	body := binary.BigEndian.AppendUint32(nil, 3<<16)
	for _, s := range []string{"user", user, "database", database, "application_name", "leaks"} {
		body = append(append(body, s...), 0)
	}
	body = append(body, 0)
	_, err = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...))
	if err != nil {
		return nil, err
	}
	a, err := c.receive()
	if err != nil {
		return nil, fmt.Errorf("start a session: %w: %s", err, a.failure())
	}
	return c, nil
}

// message is one of the client's.
func message(kind byte, parts ...any) []byte {
	var body []byte
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			body = append(append(body, v...), 0)
		case byte:
			body = append(body, v)
		case int16:
			body = binary.BigEndian.AppendUint16(body, uint16(v))
		case int32:
			body = binary.BigEndian.AppendUint32(body, uint32(v))
		case []int16:
			body = binary.BigEndian.AppendUint16(body, uint16(len(v)))
			for _, n := range v {
				body = binary.BigEndian.AppendUint16(body, uint16(n))
			}
		}
	}
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4)), body...)
}

func query(text string) []byte            { return message('Q', text) }
func parse(name, text string) []byte      { return message('P', name, text, int16(0)) }
func describe(kind byte, n string) []byte { return message('D', kind, n) }
func execute(portal string, most int32) []byte {
	return message('E', portal, most)
}
func syncNow() []byte { return message('S') }
func bind(portal, statement string, formats ...int16) []byte {
	if formats == nil {
		formats = []int16{}
	}
	return message('B', portal, statement, int16(0), int16(0), formats)
}

// send sends messages and gives the answer.
func (c *client) send(messages ...[]byte) (answer, error) {
	if _, err := c.Write(bytes.Join(messages, nil)); err != nil {
		return nil, err
	}
	return c.receive()
}

// receive reads up to ReadyForQuery. A COPY from the client is ended at once.
func (c *client) receive() (answer, error) {
	var a answer
	if err := c.SetDeadline(time.Now().Add(60 * time.Second)); err != nil {
		return nil, err
	}
	for {
		var head [5]byte
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return a, err
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(c.in, body); err != nil {
			return a, err
		}
		a = append(a, frame{head[0], body})
		switch head[0] {
		case 'G':
			if _, err := c.Write(message('c')); err != nil {
				return a, err
			}
		case 'R':
			if binary.BigEndian.Uint32(body) != 0 {
				return a, fmt.Errorf("a password is wanted")
			}
		case 'Z':
			return a, nil
		}
	}
}

// failure is the last error's code and text, "" for none.
func (a answer) failure() string {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i].kind == 'E' {
			return field(a[i].body, 'C') + " " + field(a[i].body, 'M')
		}
	}
	return ""
}

// field gives a field of an error or a notice.
func field(body []byte, kind byte) string {
	for _, f := range strings.Split(string(body), "\x00") {
		if f != "" && f[0] == kind {
			return f[1:]
		}
	}
	return ""
}

// columns is how many columns the last description has, -1 for none.
func (a answer) columns() int {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i].kind == 'T' {
			return int(binary.BigEndian.Uint16(a[i].body))
		}
	}
	return -1
}

// rows gives the cells of all rows, nil for NULL.
func (a answer) rows() [][][]byte {
	var all [][][]byte
	for _, f := range a {
		if f.kind != 'D' || len(f.body) < 2 {
			continue
		}
		rest := f.body[2:]
		cells := make([][]byte, binary.BigEndian.Uint16(f.body))
		for i := range cells {
			n := int32(binary.BigEndian.Uint32(rest))
			rest = rest[4:]
			if n >= 0 {
				cells[i], rest = rest[:n:n], rest[n:]
			}
		}
		all = append(all, cells)
	}
	return all
}

// bytes are all that came, twice: as it came, and the cells of rows without what parts
// them, by rows and by columns, since a value can come in pieces.
func (a answer) bytes() [][]byte {
	var whole, along []byte
	for _, f := range a {
		whole = append(whole, f.body...)
	}
	rows := a.rows()
	var columns [][]byte
	for _, cells := range rows {
		for i, cell := range cells {
			along = append(along, cell...)
			if i == len(columns) {
				columns = append(columns, nil)
			}
			columns[i] = append(columns[i], cell...)
		}
	}
	var copied []byte
	for _, f := range a {
		if f.kind == 'd' {
			copied = append(copied, bytes.TrimRight(f.body, "\n")...)
		}
	}
	return append([][]byte{whole, along, copied}, columns...)
}
