package upstream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/weirgate/weir/proxy/wire"
)

// Lengths of a cancel key: 4 bytes in protocol 3.0, 4 to 256 in 3.2.
const (
	minCancelKey = 4
	maxCancelKey = 256
)

// maxCancelAnswer is how much of an answer to a cancel request is read. The
// protocol has none; some proxies send an error.
const maxCancelAnswer = 4 << 10

// Cancel asks the server to cancel what the backend with this process id and
// key is doing. The request goes the way that the target describes, TLS
// included, and Cancel waits, no longer than ConnectTimeout, until the server
// has closed the connection: from then on a later statement of that backend
// cannot be hit by it.
//
// A nil error does not say that anything was cancelled: the server never tells.
func Cancel(ctx context.Context, t Target, pid uint32, key []byte) error {
	const doing = "sending a cancel request"
	if len(key) < minCancelKey || len(key) > maxCancelKey {
		return fmt.Errorf("%s: a key of %d bytes", doing, len(key))
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout())
	defer cancel()
	c, err := Dial(ctx, t)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer c.Close()

	request := binary.BigEndian.AppendUint32(nil, uint32(12+len(key)))
	request = binary.BigEndian.AppendUint32(request, wire.CodeCancel)
	request = binary.BigEndian.AppendUint32(request, pid)
	request = append(request, key...)
	release := c.bound(ctx)
	_, err = c.conn.Write(request)
	if err == nil {
		// A reset instead of an orderly end means the same: the server is through.
		_, _ = io.Copy(io.Discard, io.LimitReader(c.conn, maxCancelAnswer))
	}
	if err = errors.Join(err, release()); err != nil {
		return c.lost(ctx, doing, err)
	}
	return nil
}
