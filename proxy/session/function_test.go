package session_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/session"
)

func functionResult(value string) []byte {
	return frame('V', string([]byte{0, 0, 0, byte(len(value))})+value)
}

func TestAFunctionCall(t *testing.T) {
	unlink := call(964, "\x00\x00\x00\x07")
	t.Run("of an unknown function is refused and on record", func(t *testing.T) {
		b := started(t)
		b.client(join(call(1234), query("select 1")))
		b.expectServer("F:1 Q:select 1")
		b.expectRecords("denied FunctionCall of the function with oid 1234 0A000", "begin 1 select 1")
		b.server(join(serverError("42883"), readyForQuery('I'), complete("SELECT 1"), readyForQuery('I')))
		b.expectClient("E:0A000:the function with oid 1234 is not allowed through weir by the fast-path protocol Z:I C:SELECT 1 Z:I")
	})
	t.Run("of an unknown function is observed and on record", func(t *testing.T) {
		b := started(t)
		b.judge.observes = true
		b.client(call(1234))
		b.server(join(functionResult("x"), readyForQuery('I')))
		b.expectRecords("begin 1 FunctionCall of the function with oid 1234", "end 1  rows=0")
	})
	t.Run("skips nothing when it fails", func(t *testing.T) {
		b := started(t)
		b.client(join(unlink, query("select 1")))
		b.server(join(serverError("42704"), readyForQuery('I'), complete("SELECT 1"), readyForQuery('I')))
		b.expectClient("E:42704:server says 42704 Z:I C:SELECT 1 Z:I")
	})
	t.Run("has no result unless it was asked for", func(t *testing.T) {
		b := started(t)
		b.client(query("select 1"))
		b.server(functionResult("x"))
		if !b.Ended() {
			t.Fatal("the session goes on")
		}
	})
	t.Run("has no result when it was refused", func(t *testing.T) {
		b := started(t)
		b.client(call(1234))
		b.server(functionResult("x"))
		if !b.Ended() || strings.Contains(show(t, b.TakeClient(nil)), "V") {
			t.Fatal("the result of what stands for a refused call has passed")
		}
	})
	t.Run("is on record as the SELECT that does the same", func(t *testing.T) {
		b := started(t)
		b.client(unlink)
		b.server(join(functionResult("\x00\x00\x00\x01"), readyForQuery('I')))
		b.expectClient("V Z:I")
		b.expectRecords("begin 1 SELECT pg_catalog.lo_unlink($1)", "end 1  rows=0")
	})
	t.Run("is judged as the SELECT that does the same", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"SELECT pg_catalog.lo_unlink": {Action: "Deny", Denial: denial}}
		b.client(join(parse("", "select"), bind("", ""), unlink, call(953, "\x00\x00\x00\x00")))
		b.expectServer("P:select B: F:1 F:953")
		b.server(join(parseComplete(), bindComplete(), serverError("42883"), readyForQuery('I'), functionResult(""), readyForQuery('I')))
		b.expectClient("1 2 E:42501:refused Z:I V Z:I")
	})
	t.Run("waits for its approval", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"SELECT pg_catalog.lo_unlink": {Action: "RequireApproval", Approval: 1, Statements: make([]session.Plan, 1)}}
		b.client(unlink)
		q, ok := b.Question().(*session.Approve)
		if !ok || !q.MayHold || len(q.Parameters) != 1 || string(q.Parameters[0].Value) != "\x00\x00\x00\x07" || q.Parameters[0].Type != 26 {
			t.Fatalf("asked for %+v", b.Question())
		}
		b.expectServer("")
		b.AnswerApprove("ap", nil)
		b.client(nil)
		if out := b.TakeServer(nil); string(out) != string(unlink) {
			t.Fatalf("the server got %q", out)
		}
	})
	t.Run("with more than an approver can see is not approved", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"SELECT pg_catalog.lowrite": {Action: "RequireApproval", Approval: 1, Statements: make([]session.Plan, 1)}}
		b.client(call(955, "\x00\x00\x00\x00", strings.Repeat("x", 100<<10)))
		b.expectServer("F:1")
		b.expectRecords("denied SELECT pg_catalog.lowrite($1, $2) 42501")
	})
	t.Run("with much data streams", func(t *testing.T) {
		b := started(t)
		large := call(955, "\x00\x00\x00\x00", strings.Repeat("x", 1<<20))
		b.client(large[:70<<10])
		if n := len(b.TakeServer(nil)); n != 70<<10 {
			t.Fatalf("%d bytes have passed", n)
		}
		b.client(large[70<<10:])
		if n := len(b.TakeServer(nil)); n != len(large)-70<<10 {
			t.Fatalf("%d bytes have passed", n)
		}
		b.client(query("select"))
		b.expectServer("Q:select")
	})
	t.Run("is skipped after an error", func(t *testing.T) {
		b := started(t)
		b.client(join(parse("", "x"), flush()))
		b.TakeServer(nil)
		b.server(serverError("42601"))
		b.client(join(unlink, sync()))
		b.expectServer("S")
	})
}

// Whoever breaks a FunctionCall or its result ends the session, and nothing of it
// goes on.
func TestABrokenFunctionCall(t *testing.T) {
	for name, message := range map[string][]byte{
		"without an oid":               frame('F', "\x00\x00"),
		"that ends behind the oid":     frame('F', "\x00\x00\x03\xc4"),
		"with a negative length":       frame('F', "\x00\x00\x03\xc4\x00\x00\x00\x01\xff\xff\xff\xf0\x00\x00"),
		"with too many formats":        frame('F', "\x00\x00\x03\xc4\xff\xff\x00\x00\x00\x00"),
		"with too many values":         frame('F', "\x00\x00\x03\xc4\x00\x00\xff\xff\x00\x00"),
		"with bytes behind":            frame('F', "\x00\x00\x03\xc4\x00\x00\x00\x00\x00\x00x"),
		"of no function with too many": frame('F', "\x00\x00\x00\x02\x00\x00\xff\xff\x00\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			b := started(t)
			b.client(message)
			b.expectServer("")
			if got := show(t, b.TakeClient(nil)); !b.Ended() || !strings.HasPrefix(got, "E:08P01:") {
				t.Fatalf("ended %v, the client got %s", b.Ended(), got)
			}
		})
	}
	for name, reply := range map[string][]byte{
		"without a length":   frame('V', "\x00"),
		"shorter than said":  frame('V', "\x00\x00\x00\x05abc"),
		"longer than said":   frame('V', "\x00\x00\x00\x01abc"),
		"a negative length":  frame('V', "\xff\xff\xff\xfe"),
		"NULL with a length": frame('V', "\xff\xff\xff\xffx"),
	} {
		t.Run("a result, "+name, func(t *testing.T) {
			b := started(t)
			b.client(call(953, "\x00\x00\x00\x00"))
			b.server(reply)
			if got := show(t, b.TakeClient(nil)); !b.Ended() || !strings.HasPrefix(got, "E:08006:") {
				t.Fatalf("ended %v, the client got %s", b.Ended(), got)
			}
		})
	}
}
