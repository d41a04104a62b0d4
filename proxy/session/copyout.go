package session

import (
	"encoding/binary"
	"errors"

	"github.com/weirgate/weir/policy/copydata"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// The data of a COPY to the client are one stream, however they are cut into messages;
// PostgreSQL sends a row in each. Where nothing of them is masked they pass as they
// arrive. Where something is, a message is waited for up to Limits.Message and
// answered by one message, so that a client gets a row in each, too; of a larger one
// each piece that arrives becomes a message.

// Copier is what a Judge may be, too: it masks the data of COPY.
type Copier interface {
	// Copy gives how the data of a COPY to the client are masked, which have so many
	// columns, nil when nothing is. d is the decision on the text, and statement the
	// place of the statement in it.
	Copy(d *Decision, statement, columns int, binary bool) (*CopyMask, error)
}

// CopyMask is how the data of one COPY are masked.
type CopyMask struct {
	Format  copydata.Format
	Cells   []copydata.Cell // one for each column, nil for a clean one
	Names   []string        // of the columns, "" where one is not certain
	Columns []string        // the names of the masked ones, for the record
}

// copyOut handles the beginning of a COPY to the client.
func (s *Session) copyOut(front *expectation, frame []byte) {
	if s.over != nil {
		return
	}
	var stream *copydata.Stream
	if s.judge.Masks() {
		var err error
		if stream, err = s.copyStream(front, frame[wire.HeaderSize:]); err != nil {
			s.end(diagnostic.MaskFailed(err))
			return
		}
	}
	s.limitCopy(front)
	s.row.copy = stream
	s.relay(frame)
}

// copyStream makes what masks the data of a COPY; nil where they pass.
func (s *Session) copyStream(front *expectation, body []byte) (*copydata.Stream, error) {
	copier, ok := s.judge.(Copier)
	if !ok {
		if front.what != nil && front.what.touches() {
			return nil, wire.Violationf("COPY of masked columns")
		}
		return nil, nil
	}
	format := int16(body[0])
	columns := int(binary.BigEndian.Uint16(body[1:]))
	mask, err := copier.Copy(front.decision(), s.place(front), columns, format == 1)
	if err != nil || mask == nil {
		return nil, err
	}
	if len(mask.Cells) != columns || len(mask.Names) != columns || (format != 0) != (mask.Format.Kind == copydata.Binary) {
		return nil, wire.Violationf("COPY data of %d columns in format %d, of which something else was known", columns, format)
	}
	for i := range columns {
		if int16(binary.BigEndian.Uint16(body[3+2*i:])) != format {
			return nil, wire.Violationf("COPY data of several formats")
		}
	}
	s.current.masked(mask.Columns)
	return copydata.New(mask.Format, mask.Cells, mask.Names, s.cfg.Limits.Message), nil
}

// copyData relays COPY data as it arrives, where nothing is masked.
func (s *Session) copyData(h wire.Header, p []byte) int {
	front := s.expect.front()
	if s.phase != ready || front == nil || front.denial != nil ||
		(front.kind != expectQuery && front.kind != expectExecute) {
		s.lost(wire.Violationf("COPY data from the server, for which nothing was asked"))
		return 0
	}
	masked := s.row.copy != nil && s.over == nil
	if masked && len(p) < h.Size && h.Size <= s.cfg.Limits.Message {
		s.serverWant = h.Size
		return 0
	}
	if s.beyond(int64(h.Size - wire.HeaderSize)) {
		return s.drop(h, p)
	}
	if len(s.row.limits) > 0 {
		s.row.copied++
	}
	s.current.bytes += int64(h.Size - wire.HeaderSize)
	if !masked {
		return s.relayFrame(h, p)
	}
	n := min(h.Size, len(p))
	s.copyLeft = h.Size - n
	s.maskCopy(p[wire.HeaderSize:n])
	return n
}

// maskCopy sends on what the client may have of a piece of COPY data.
func (s *Session) maskCopy(p []byte) {
	before := len(s.toClient)
	out, at := wire.Begin(s.toClient, wire.CopyData)
	head := len(out)
	out, err := s.row.copy.Feed(out, p)
	switch {
	case err != nil:
		s.toClient = out[:before]
		s.copyFailed(err)
	case len(out) == head: // all of it is kept, or there is nothing
		s.toClient = out[:before]
	default:
		s.toClient = wire.End(out, at)
	}
}

// copyFailed ends a session whose COPY cannot be followed.
func (s *Session) copyFailed(err error) {
	if errors.Is(err, copydata.ErrTooLong) {
		s.end(diagnostic.ValueTooLarge(err, s.cfg.Limits.Message))
		return
	}
	s.end(diagnostic.MaskFailed(err))
}

// copyDone handles the end of a COPY's data.
func (s *Session) copyDone(frame []byte) {
	if s.over != nil {
		return
	}
	if c := s.row.copy; c != nil {
		if err := c.End(); err != nil {
			s.copyFailed(err)
			return
		}
		s.row.copy = nil
	}
	s.relay(frame)
}

// ServerHolds is how many bytes of a masked value of a COPY the session keeps, which what
// FromServer gets next may complete.
func (s *Session) ServerHolds() int {
	if s.row.copy == nil {
		return 0
	}
	return s.row.copy.Held()
}
