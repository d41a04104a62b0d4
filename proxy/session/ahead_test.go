package session_test

import (
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// relaying is a session whose client logs in at the server itself.
func relaying(t *testing.T) *bench {
	b := &bench{t: t, judge: &judge{}, recorder: &recorder{}}
	b.Session = session.New(session.Config{Secret: func(int) []byte { return []byte{1} }})
	b.client(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
	b.AnswerConnect(&session.Greeting{Relay: true, Key: keyOf, Judge: b.judge, Recorder: b.recorder}, nil)
	b.TakeServer(nil)
	return b
}

// A client that needs no password may send its first statements with the start-up
// packet: PostgreSQL reads them when it is ready.
func TestWhatAClientSendsAheadOfItsLoginWaitsForItsEnd(t *testing.T) {
	login := join(wire.AppendAuthenticationOK(nil), wire.AppendBackendKeyData(nil, 7, []byte{1, 2, 3, 4}))
	b := relaying(t)
	b.client(join(query("select 1"), query("select 2"), terminate()))
	b.expectServer("")
	if !b.Blocked() {
		t.Fatal("the client is read on")
	}
	b.server(login)
	b.expectServer("")
	b.server(readyForQuery('I'))
	b.expectServer("Q:select 1 Q:select 2 X")
	b.expectRecords("begin 1 select 1", "begin 2 select 2")

	// Not where the server asks for one: that is the answer then, and a wrong one.
	asks := frame(wire.Authentication, "\x00\x00\x00\x03")
	b = relaying(t)
	b.client(query("select 1"))
	b.server(asks)
	b.expectServer("")
	if why := b.Reason(); !b.Ended() || why == nil || why.Code != "08P01" {
		t.Fatalf("it ended for %+v", why)
	}
	// And behind the answer it waits again.
	b = relaying(t)
	b.server(asks)
	b.client(join(frame(wire.PasswordMessage, "secret\x00"), query("select 1")))
	b.expectServer("p:secret")
	b.server(join(login, readyForQuery('I')))
	b.expectServer("Q:select 1")

	// It is bounded in time.
	b = relaying(t)
	b.client(query("select 1"))
	b.Expire()
	if why := b.Reason(); why == nil || why.Code != diagnostic.StartTimeout().Code {
		t.Fatalf("it ended for %+v", why)
	}
}
