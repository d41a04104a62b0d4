package session_test

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/weirgate/weir/proxy/wire"
)

// The oracle is another reader of the protocol: what a session lets through has to
// be for it what it is here, so that no peer is shown what only weir can read.

// streamed is the size from which messages of a client are not looked at whole.
const streamed = 64 << 10

// fromClientOracle gives the oracle's type for a message of a client.
func fromClientOracle(typ byte) pgproto3.Message {
	switch typ {
	case wire.Bind:
		return &pgproto3.Bind{}
	case wire.Close:
		return &pgproto3.Close{}
	case wire.CopyData:
		return &pgproto3.CopyData{}
	case wire.CopyDone:
		return &pgproto3.CopyDone{}
	case wire.CopyFail:
		return &pgproto3.CopyFail{}
	case wire.Describe:
		return &pgproto3.Describe{}
	case wire.Execute:
		return &pgproto3.Execute{}
	case wire.Flush:
		return &pgproto3.Flush{}
	case wire.FunctionCall:
		return &pgproto3.FunctionCall{}
	case wire.Parse:
		return &pgproto3.Parse{}
	case wire.Query:
		return &pgproto3.Query{}
	case wire.Sync:
		return &pgproto3.Sync{}
	case wire.Terminate:
		return &pgproto3.Terminate{}
	}
	return nil
}

// fromServerOracle gives the oracle's type for a message of a server.
func fromServerOracle(typ byte) pgproto3.Message {
	switch typ {
	case wire.BindComplete:
		return &pgproto3.BindComplete{}
	case wire.CloseComplete:
		return &pgproto3.CloseComplete{}
	case wire.CommandComplete:
		return &pgproto3.CommandComplete{}
	case wire.CopyData:
		return &pgproto3.CopyData{}
	case wire.CopyDone:
		return &pgproto3.CopyDone{}
	case wire.CopyInResponse:
		return &pgproto3.CopyInResponse{}
	case wire.CopyOutResponse:
		return &pgproto3.CopyOutResponse{}
	case wire.DataRow:
		return &pgproto3.DataRow{}
	case wire.EmptyQueryResponse:
		return &pgproto3.EmptyQueryResponse{}
	case wire.ErrorResponse:
		return &pgproto3.ErrorResponse{}
	case wire.FunctionCallResponse:
		return &pgproto3.FunctionCallResponse{}
	case wire.NoData:
		return &pgproto3.NoData{}
	case wire.NoticeResponse:
		return &pgproto3.NoticeResponse{}
	case wire.NotificationResponse:
		return &pgproto3.NotificationResponse{}
	case wire.ParameterDescription:
		return &pgproto3.ParameterDescription{}
	case wire.ParameterStatus:
		return &pgproto3.ParameterStatus{}
	case wire.ParseComplete:
		return &pgproto3.ParseComplete{}
	case wire.PortalSuspended:
		return &pgproto3.PortalSuspended{}
	case wire.ReadyForQuery:
		return &pgproto3.ReadyForQuery{}
	case wire.RowDescription:
		return &pgproto3.RowDescription{}
	}
	return nil
}

// agrees checks what passes in one direction against the oracle. The last message
// may be there in part.
func agrees(t *testing.T, p []byte, oracle func(byte) pgproto3.Message) {
	t.Helper()
	for len(p) > 0 {
		h, ok, err := wire.ReadHeader(p)
		if err != nil {
			t.Fatalf("a broken frame: %q", p)
		}
		if !ok || len(p) < h.Size {
			return
		}
		frame := p[:h.Size]
		p = p[h.Size:]
		m := oracle(h.Type)
		if m == nil {
			t.Fatalf("a message that the oracle does not know here: %q", frame)
		}
		if h.Size > streamed {
			continue
		}
		if err := m.Decode(frame[wire.HeaderSize:]); err != nil {
			t.Fatalf("the oracle rejects %q: %v", frame, err)
		}
		if h.Type == wire.ErrorResponse || h.Type == wire.NoticeResponse {
			continue // it orders their fields anew
		}
		again, err := m.(interface {
			Encode([]byte) ([]byte, error)
		}).Encode(nil)
		if err != nil || !bytes.Equal(again, frame) {
			t.Fatalf("for the oracle %q is %q (%v)", frame, again, err)
		}
	}
}
