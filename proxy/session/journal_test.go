package session_test

import (
	"testing"

	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

func terminate() []byte { return wire.AppendEmpty(nil, 'X') }

// A client that sends a statement and leaves at once must not hide how it ended.
func TestWhatIsUnderWayWhenTheClientLeavesIsFollowedToItsEnd(t *testing.T) {
	b := started(t)
	b.client(join(query("delete 1"), query("delete 2"), terminate()))
	b.expectServer("Q:delete 1 Q:delete 2 X")
	if b.Ended() {
		t.Fatal("ended before the replies came")
	}
	b.client(query("select 1"))
	b.server(join(complete("DELETE 1"), readyForQuery('I')))
	b.server(join(complete("DELETE 2"), readyForQuery('I')))
	if !b.Ended() || b.Reason() != nil {
		t.Fatalf("ended %v, reason %v", b.Ended(), b.Reason())
	}
	b.expectServer("")
	b.expectRecords("begin 1 delete 1", "begin 2 delete 2", "end 1 DELETE 1 rows=1", "end 2 DELETE 2 rows=2")
}

func TestOfWhatWasForwardedNothingIsRecordedAsSkippedWhenTheSessionEnds(t *testing.T) {
	for name, end := range map[string]func(*bench){
		"the client leaves":      func(b *bench) { b.Leave() },
		"the client is at fault": func(b *bench) { b.client(frame('!', "")) },
		"the server is at fault": func(b *bench) { b.server(frame('!', "")) },
	} {
		t.Run(name, func(t *testing.T) {
			b := started(t)
			b.client(join(query("delete 1"), query("delete 2")))
			end(b)
			for _, line := range b.recorder.lines {
				if line == "end 2 skipped rows=0" {
					t.Fatalf("recorded %q", b.recorder.lines)
				}
			}
			if n := len(b.recorder.lines); n != 4 {
				t.Fatalf("recorded %q", b.recorder.lines)
			}
		})
	}
}

func TestAServerThatDiesExecutesNothingMore(t *testing.T) {
	b := started(t)
	b.client(join(query("delete 1"), query("delete 2")))
	b.server((&fatal).Append(nil))
	b.expectRecords("begin 1 delete 1", "begin 2 delete 2", "end 1 57P01 rows=0", "end 2 skipped rows=0")
}

func TestAPortalThatIsResumedAndGivesNothingKeepsItsRows(t *testing.T) {
	b := started(t)
	b.client(join(parse("", "select"), bind("p", ""), execute("p"), flush()))
	b.server(join(parseComplete(), bindComplete(), row("a"), row("b"), frame('s', "")))
	b.client(join(execute("p"), sync()))
	b.server(join(complete("SELECT 0"), readyForQuery('I')))
	b.expectRecords("begin 1 select", "end 1 SELECT 0 rows=2")
}

func TestAPortalThatIsNotResumedEndsWithItsTransaction(t *testing.T) {
	b := started(t)
	b.client(join(parse("", "select"), bind("p", ""), execute("p"), sync()))
	b.server(join(parseComplete(), bindComplete(), row("a"), frame('s', ""), readyForQuery('I')))
	b.expectRecords("begin 1 select", "end 1 suspended rows=1")
}

func TestTwoExecutesOfOnePortalInAPipelineAreOneRecord(t *testing.T) {
	b := started(t)
	b.client(join(parse("", "select"), bind("p", ""), execute("p"), execute("p"), sync()))
	b.server(join(parseComplete(), bindComplete(), row("a"), complete("SELECT 1"), complete("SELECT 0"), readyForQuery('I')))
	b.expectRecords("begin 1 select", "end 1 SELECT 1 rows=1")
}

// Whether a portal outlives the Sync behind it is known when that has its reply.
func TestAPortalThatHasEndedWithItsTransactionIsNotOnRecordAsExecuted(t *testing.T) {
	b := started(t)
	b.client(join(parse("", "select"), bind("", ""), execute(""), sync(), execute(""), sync()))
	b.server(join(parseComplete(), bindComplete(), row("a"), frame('s', ""), readyForQuery('I')))
	b.expectRecords("begin 1 select", "end 1 suspended rows=1")
	b.expectServer("P:select B: E: S B:weir_refused_01 S")

	b = started(t)
	b.client(join(query("begin"), parse("", "select"), bind("p", ""), execute("p"), sync(), execute("p"), sync()))
	b.server(join(complete("BEGIN"), readyForQuery('T'), parseComplete(), bindComplete(), row("a"), frame('s', ""), readyForQuery('T')))
	b.server(join(row("b"), complete("SELECT 1"), readyForQuery('T')))
	b.expectRecords("begin 1 begin", "begin 2 select", "end 1 BEGIN rows=0", "end 2 SELECT 1 rows=2")
}

func TestARefusedTextIsNotKept(t *testing.T) {
	b := started(t)
	b.judge.decisions = map[string]*session.Decision{"drop": {Action: "Deny", Denial: denial}}
	for range 20000 {
		b.client(query("drop"))
	}
	if len(b.held) == 0 {
		t.Fatal("more replies are awaited than the limit says")
	}
}
