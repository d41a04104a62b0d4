package guards

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// client speaks the protocol message by message and keeps all that it was sent.
type client struct {
	conn     net.Conn
	front    *pgproto3.Frontend
	received bytes.Buffer // rows, notices, errors, notifications, COPY data
	rows     int
	last     string // the last value that a row began with
	failed   error  // the last error of the server's or weir's
	copyIn   []byte // what a COPY FROM STDIN is given
	dir      string // of the server's host, %dir% in texts
}

// open starts a session at a Unix socket.
func open(socket, database string, options map[string]string) (*client, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, front: pgproto3.NewFrontend(conn, conn)}
	parameters := map[string]string{"user": role, "database": database}
	for k, v := range options {
		parameters[k] = v
	}
	c.front.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: parameters})
	if err := c.until(1); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if c.failed != nil {
		_ = conn.Close()
		return nil, c.failed
	}
	return c, nil
}

func (c *client) close() {
	c.front.Send(&pgproto3.Terminate{})
	_ = c.front.Flush()
	_ = c.conn.Close()
}

// until sends what is waiting and reads up to the nth ReadyForQuery. An answer has its
// time, not a session: how long that lasts depends on the machine.
func (c *client) until(n int) error {
	if err := c.again(); err != nil {
		return err
	}
	if err := c.front.Flush(); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	for n > 0 {
		m, err := c.front.Receive()
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		if err := c.take(m); err != nil {
			return err
		}
		if _, ready := m.(*pgproto3.ReadyForQuery); ready {
			n--
		}
	}
	return nil
}

// again begins the time of an answer.
func (c *client) again() error { return c.conn.SetDeadline(time.Now().Add(20 * time.Second)) }

func (c *client) take(m pgproto3.BackendMessage) error {
	keep := func(parts ...[]byte) {
		for _, p := range parts {
			c.received.Write(p)
			c.received.WriteByte('\n')
		}
	}
	switch m := m.(type) {
	case *pgproto3.AuthenticationOk, *pgproto3.ReadyForQuery:
	case *pgproto3.AuthenticationSASL, *pgproto3.AuthenticationMD5Password, *pgproto3.AuthenticationCleartextPassword:
		return errors.New("asked for a password")
	case *pgproto3.DataRow:
		c.rows++
		keep(m.Values...)
		if len(m.Values) > 0 {
			c.last = string(m.Values[0])
		}
	case *pgproto3.CopyData:
		c.rows++
		keep(m.Data)
	case *pgproto3.FunctionCallResponse:
		keep(m.Result)
	case *pgproto3.ErrorResponse:
		c.failed = fmt.Errorf("%s %s: %s (%s)", m.Severity, m.Code, m.Message, m.Hint)
		keep([]byte(m.Message), []byte(m.Detail), []byte(m.Where))
	case *pgproto3.NoticeResponse:
		keep([]byte(m.Message), []byte(m.Detail))
	case *pgproto3.NotificationResponse:
		keep([]byte(m.Payload))
	case *pgproto3.CopyInResponse:
		c.front.Send(&pgproto3.CopyData{Data: c.copyIn})
		c.front.Send(&pgproto3.CopyDone{})
		return c.front.Flush()
	}
	return nil
}

// step is something that an attacker does on a session.
type step func(c *client) error

// simple sends a Query.
func simple(text string) step {
	return func(c *client) error {
		c.front.Send(&pgproto3.Query{String: text})
		return c.until(1)
	}
}

// inPlace is simple with the folder's name put in for %dir%.
func inPlace(text string) step {
	return func(c *client) error { return simple(strings.ReplaceAll(text, "%dir%", c.dir))(c) }
}

// portalByPortions executes one portal again and again.
func portalByPortions(text string, rows uint32, times int) step {
	return func(c *client) error {
		c.front.Send(&pgproto3.Parse{Query: text})
		c.front.Send(&pgproto3.Bind{DestinationPortal: "p"})
		c.front.Send(&pgproto3.Sync{})
		if err := c.until(1); err != nil {
			return err
		}
		for range times {
			c.front.Send(&pgproto3.Execute{Portal: "p", MaxRows: rows})
			c.front.Send(&pgproto3.Sync{})
			if err := c.until(1); err != nil {
				return err
			}
		}
		return nil
	}
}

// extended sends a statement through the unnamed prepared statement and portal.
func extended(text string, arguments ...string) step {
	return func(c *client) error {
		c.one(text, arguments...)
		c.front.Send(&pgproto3.Sync{})
		return c.until(1)
	}
}

func (c *client) one(text string, arguments ...string) {
	c.front.Send(&pgproto3.Parse{Query: text})
	b := &pgproto3.Bind{}
	for _, a := range arguments {
		b.Parameters = append(b.Parameters, []byte(a))
	}
	c.front.Send(b)
	c.front.Send(&pgproto3.Describe{ObjectType: 'P'})
	c.front.Send(&pgproto3.Execute{})
}

// pipeline sends statements with one Sync behind them.
func pipeline(texts ...string) step {
	return func(c *client) error {
		for _, text := range texts {
			c.one(text)
		}
		c.front.Send(&pgproto3.Sync{})
		return c.until(1)
	}
}

// messages sends messages as they are, of which so many are answered with
// ReadyForQuery.
func messages(ready int, list ...pgproto3.FrontendMessage) step {
	return func(c *client) error {
		for _, m := range list {
			c.front.Send(m)
		}
		return c.until(ready)
	}
}

// copyFrom sends a COPY FROM STDIN and its data.
func copyFrom(text, data string) step {
	return func(c *client) error {
		c.copyIn = []byte(data)
		c.front.Send(&pgproto3.Query{String: text})
		return c.until(1)
	}
}

// raw sends bytes as they are and reads what comes until the session ends or is
// ready.
func raw(data string) step {
	return func(c *client) error {
		if err := c.again(); err != nil {
			return err
		}
		if _, err := c.conn.Write([]byte(data)); err != nil {
			return err
		}
		return c.until(1)
	}
}

// value asks for one value.
func (c *client) value(text string) (string, error) {
	c.last, c.failed = "", nil
	if err := simple(text)(c); err != nil {
		return "", err
	}
	return c.last, c.failed
}
