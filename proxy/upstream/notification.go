package upstream

import (
	"context"
	"errors"
	"time"

	"github.com/weirgate/weir/proxy/wire"
)

// Notified waits until the server sends a notification, for which the connection
// must LISTEN, or until ctx ends: then it is false, and the connection can be used
// on. Any error makes it unusable.
func (c *Conn) Notified(ctx context.Context) (bool, error) {
	const doing = "waiting for the server"
	switch {
	case c.unusable != nil:
		return false, c.unusable
	case !c.started:
		return false, errors.New(doing + ": the connection is not logged in")
	}
	release := c.bound(ctx)
	notified, err := c.await()
	if release() != nil { // the deadline may have struck, or be about to
		if resetErr := c.conn.SetDeadline(time.Time{}); resetErr != nil {
			return false, c.lost(context.Background(), doing, resetErr)
		}
		var timeout interface{ Timeout() bool }
		if errors.As(err, &timeout) && timeout.Timeout() {
			return false, nil // what has arrived of a message is kept
		}
	}
	if err != nil {
		var failed *ServerError
		if errors.As(err, &failed) {
			c.unusable = failed
			return false, failed
		}
		return false, c.lost(context.Background(), doing, err)
	}
	return notified, nil
}

// await reads what the server sends by itself.
func (c *Conn) await() (bool, error) {
	for {
		kind, body, _, err := c.frames.next(unaskedLimit)
		switch {
		case err != nil:
			return false, err
		case kind == wire.NotificationResponse:
			return true, nil
		case kind == wire.ErrorResponse:
			return false, serverError(body)
		}
	}
}

// unaskedLimit gives the longest body of a message that a server sends unasked.
func unaskedLimit(kind byte) int {
	switch kind {
	case wire.NotificationResponse, wire.ParameterStatus, wire.NoticeResponse, wire.ErrorResponse:
		return maxStartMessage
	}
	return -1
}
