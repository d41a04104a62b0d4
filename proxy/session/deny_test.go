package session_test

import (
	"testing"

	"github.com/weirgate/weir/proxy/session"
)

func denying(t *testing.T, prefix string) *bench {
	b := started(t)
	b.judge.decisions = map[string]*session.Decision{prefix: {Action: "Deny", Denial: denial}}
	return b
}

func TestARefusedQueryStandsAsAFailingStatement(t *testing.T) {
	b := denying(t, "drop")
	b.client(query("drop table x"))
	b.expectServer("Q:EXECUTE weir_refused_01")
	b.expectClient("")
	b.server(join(serverError("26000"), readyForQuery('I')))
	b.expectClient("E:42501:refused Z:I")
	b.client(query("select 1"))
	b.expectServer("Q:select 1")
	b.expectRecords("denied drop table x 42501", "begin 1 select 1")
}

func TestARefusalInATransactionLeavesItsStateToTheServer(t *testing.T) {
	b := denying(t, "drop")
	b.client(query("begin"))
	b.server(join(complete("BEGIN"), readyForQuery('T')))
	b.client(query("drop table x"))
	b.server(join(serverError("26000"), readyForQuery('E')))
	b.expectClient("C:BEGIN Z:T E:42501:refused Z:E")
}

func TestARefusalInAPipelineSkipsToTheSync(t *testing.T) {
	b := denying(t, "drop")
	b.client(join(parse("", "insert"), bind("", ""), execute(""),
		parse("", "drop"), bind("", ""), execute(""), sync(), query("select 2")))
	b.expectServer("P:insert B: E: C:S B:weir_refused_01 B:weir_refused_02 E: S Q:select 2")
	b.server(join(parseComplete(), bindComplete(), complete("INSERT 0 1"), frame('3', ""), serverError("26000"), readyForQuery('I')))
	b.expectClient("1 2 C:INSERT 0 1 E:42501:refused Z:I")
	b.server(join(complete("SELECT 1"), readyForQuery('I')))
	b.expectClient("C:SELECT 1 Z:I")
}

func TestWhatTheServerSkipsIsNotForwardedAfterItsError(t *testing.T) {
	b := denying(t, "drop")
	b.client(join(parse("", "drop"), flush()))
	b.expectServer("B:weir_refused_01 H")
	b.server(serverError("26000"))
	b.expectClient("E:42501:refused")
	b.client(join(query("select 1"), parse("", "select 2"), sync()))
	b.expectServer("S")
	b.server(readyForQuery('I'))
	b.expectClient("Z:I")
}

func TestAServerThatExecutesARefusalEndsTheSession(t *testing.T) {
	b := denying(t, "drop")
	b.client(query("drop table x"))
	b.server(join(complete("DROP TABLE"), readyForQuery('I')))
	if !b.Ended() {
		t.Fatal("the session goes on")
	}
	b.expectClient("E:08006:weir ended the connection: the server executed what stands for a refused statement")
}

func TestAJournalThatCannotBeWrittenRefuses(t *testing.T) {
	b := started(t)
	b.recorder.fail = errJournal
	b.client(query("select 1"))
	b.expectServer("Q:EXECUTE weir_refused_01")
	b.server(join(serverError("26000"), readyForQuery('I')))
	b.expectClient("E:58030:weir refused the statement: its journal cannot be written Z:I")
}

func TestAClientCannotTakeTheReservedName(t *testing.T) {
	b := started(t)
	b.client(join(parse("weir_refused_02", "delete"), sync()))
	b.expectServer("B:weir_refused_01 S")
}
