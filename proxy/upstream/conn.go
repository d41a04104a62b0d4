package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/weirgate/weir/proxy/wire"
)

// Conn is a connection to a server, before or after its start-up. It is not safe
// for concurrent use, Close aside.
type Conn struct {
	target   Target
	conn     net.Conn // TLS when the mode asks for it
	frames   frames
	tlsState *tls.ConnectionState
	started  bool
	unusable error // why the connection must not be used any more
}

// Dial connects to the target and, unless the mode is Disable or the target is
// a Unix socket, encrypts the connection. Nothing about who logs in was sent yet.
//
// It fails with a *DialError or a *TLSError.
func Dial(ctx context.Context, t Target) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout())
	defer cancel()
	plain, err := dialSocket(ctx, t)
	if err != nil {
		return nil, &DialError{Address: t.String(), Err: err}
	}
	c := &Conn{target: t, conn: plain}
	if t.TLS.Mode != Disable && t.Socket == "" {
		release := c.bound(ctx)
		encrypted, err := encrypt(ctx, plain, t)
		if err = errors.Join(err, release()); err != nil {
			_ = plain.Close()
			var failed *TLSError
			if errors.As(err, &failed) {
				return nil, failed
			}
			return nil, &TLSError{Address: t.String(), Kind: TLSHandshake, Err: err}
		}
		state := encrypted.ConnectionState()
		c.conn, c.tlsState = encrypted, &state
	}
	c.frames.source = c.conn
	return c, nil
}

// NetConn is the connection itself, encrypted when the target asks for it. Who
// takes it to relay bytes must first send on what Buffered returns, and must
// not use the Conn's other methods any more, Close aside.
func (c *Conn) NetConn() net.Conn { return c.conn }

// Buffered returns the bytes that were read from the connection but not
// consumed, and forgets them. Before Start and Query there are none.
func (c *Conn) Buffered() []byte { return c.frames.take() }

// TLS gives the state of the encryption; ok is false when there is none.
func (c *Conn) TLS() (state tls.ConnectionState, ok bool) {
	if c.tlsState == nil {
		return tls.ConnectionState{}, false
	}
	return *c.tlsState, true
}

// Close closes the connection. A server that weir has logged in to is told
// first, as libpq does, without waiting for it.
func (c *Conn) Close() error {
	if c.started && c.unusable == nil {
		_ = c.conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = c.conn.Write(wire.AppendEmpty(nil, wire.Terminate))
	}
	return c.conn.Close()
}

// bound makes reads and writes fail once ctx has ended. release takes that off
// again and returns the context's cause if it struck: the connection's state is
// unknown then.
func (c *Conn) bound(ctx context.Context) (release func() error) {
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return func() error {
		if !stop() {
			return context.Cause(ctx)
		}
		return nil
	}
}

// lost marks the connection unusable and says why in the package's types.
func (c *Conn) lost(ctx context.Context, doing string, err error) error {
	var typed error
	switch {
	case ctx.Err() != nil:
		typed = &ConnectionError{Doing: doing, Err: context.Cause(ctx)}
	case errors.Is(err, errFrame):
		typed = &ProtocolError{Doing: doing, Detail: err.Error()}
	case errors.Is(err, io.EOF):
		typed = &ConnectionError{Doing: doing, Err: errors.New("the server closed the connection")}
	default:
		typed = &ConnectionError{Doing: doing, Err: err}
	}
	c.unusable = typed
	return typed
}
