package upstream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/weirgate/weir/proxy/wire"
)

// Bounds for answers to weir's own questions.
const (
	maxResultMessage = 16 << 20  // one row, one description, one error
	maxResultBytes   = 256 << 20 // all rows of one answer
)

// Column is one column of a Result, as RowDescription gives it.
type Column struct {
	Name   string
	Table  uint32 // oid of the table that it comes from, 0 when from none
	Number int16  // the column's number in that table
	Type   uint32 // oid of its type
}

// Result is a server's answer to a simple query, in text format.
type Result struct {
	Columns []Column
	Rows    [][][]byte // a nil value is NULL
	Tag     string     // of the last command, for instance "SELECT 3"
}

// Query runs sql by the simple protocol, as one of weir's own questions: at most
// one of its statements may give rows. The whole answer is held in memory, up to
// 256 MiB of it.
//
// A *ServerError leaves the connection usable, unless it is Fatal. Any other
// error, a context that ended included, makes it unusable; cancel and close then.
func (c *Conn) Query(ctx context.Context, sql string) (*Result, error) {
	const doing = "asking the server"
	switch {
	case c.unusable != nil:
		return nil, c.unusable
	case !c.started:
		return nil, errors.New(doing + ": the connection is not logged in")
	case strings.IndexByte(sql, 0) >= 0:
		return nil, errors.New(doing + ": the text holds a zero byte")
	}
	release := c.bound(ctx)
	result, failed, err := c.ask(sql)
	if cause := release(); cause != nil {
		return nil, c.lost(ctx, doing, cause)
	}
	if failed != nil && (err != nil || failed.Fatal()) {
		// The server said why before it went away.
		c.unusable = failed
		return nil, failed
	}
	if err != nil {
		return nil, c.lost(ctx, doing, err)
	}
	if failed != nil {
		return nil, failed
	}
	return result, nil
}

// ask sends the query and reads to the next ReadyForQuery. failed is the
// server's error, err anything that ended the reading early.
func (c *Conn) ask(sql string) (result *Result, failed *ServerError, err error) {
	if _, err := c.conn.Write(wire.AppendQuery(nil, sql)); err != nil {
		return nil, nil, err
	}
	result = &Result{}
	total := 0
	for {
		kind, body, _, err := c.frames.next(resultLimit)
		if err != nil {
			return nil, failed, err
		}
		switch kind {
		case wire.ReadyForQuery:
			return result, failed, nil
		case wire.ErrorResponse:
			var ok bool
			if failed, ok = parseServerError(body); !ok {
				return nil, nil, fmt.Errorf("%w: an error that is malformed", errFrame)
			}
		case wire.RowDescription:
			if result.Columns != nil {
				return nil, failed, errors.New("more than one statement of the question gives rows")
			}
			if result.Columns, err = readColumns(body); err != nil {
				return nil, failed, err
			}
		case wire.DataRow:
			if total += len(body); total > maxResultBytes {
				return nil, failed, fmt.Errorf("the answer is larger than %d bytes", maxResultBytes)
			}
			row, err := readRow(body, len(result.Columns))
			if err != nil {
				return nil, failed, err
			}
			result.Rows = append(result.Rows, row)
		case wire.CommandComplete:
			r := wire.NewReader(body)
			if result.Tag = string(r.String()); !r.Done() {
				return nil, failed, fmt.Errorf("%w: a command tag that is malformed", errFrame)
			}
		case wire.CopyInResponse:
			fail := appendFrame(nil, wire.CopyFail, []byte("weir copies nothing\x00"))
			if _, err := c.conn.Write(fail); err != nil {
				return nil, failed, err
			}
		}
	}
}

// resultLimit gives the longest body of a message in an answer. COPY to the
// client is none of weir's questions.
func resultLimit(kind byte) int {
	switch kind {
	case wire.RowDescription, wire.DataRow, wire.ErrorResponse, wire.NoticeResponse:
		return maxResultMessage
	case wire.ParameterStatus, wire.NotificationResponse:
		return maxStartMessage
	case wire.CommandComplete, wire.CopyInResponse:
		return maxAuthMessage
	case wire.EmptyQueryResponse:
		return 0
	case wire.ReadyForQuery:
		return 1
	default:
		return -1
	}
}

func readColumns(body []byte) ([]Column, error) {
	r := wire.NewReader(body)
	count := int(r.Int16())
	// A column takes 19 bytes at least: nothing is allocated for a mere claim.
	if count < 0 || count*19 > len(r.Rest()) {
		return nil, fmt.Errorf("%w: a description of %d columns in %d bytes", errFrame, count, len(body))
	}
	columns := make([]Column, count)
	for i := range columns {
		columns[i] = Column{
			Name:   string(r.String()),
			Table:  uint32(r.Int32()),
			Number: r.Int16(),
			Type:   uint32(r.Int32()),
		}
		_, _ = r.Int16(), r.Int32() // size and modifier of the type
		if format := r.Int16(); format != 0 {
			return nil, fmt.Errorf("%w: a column in format %d, not text", errFrame, format)
		}
	}
	if !r.Done() {
		return nil, fmt.Errorf("%w: a description of columns that is malformed", errFrame)
	}
	return columns, nil
}

// readRow copies one row out of the reader's buffer.
func readRow(body []byte, columns int) ([][]byte, error) {
	r := wire.NewReader(append([]byte(nil), body...))
	if count := int(r.Int16()); count != columns {
		return nil, fmt.Errorf("%w: a row of %d values for %d columns", errFrame, count, columns)
	}
	row := make([][]byte, columns)
	for i := range row {
		value, null := r.Value()
		if !null && value == nil {
			break // past the end
		}
		row[i] = value
	}
	if !r.Done() {
		return nil, fmt.Errorf("%w: a row that is malformed", errFrame)
	}
	return row, nil
}
