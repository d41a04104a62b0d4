package session_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/session"
)

// inPieces is a decision about a text whose statements have commands, all but those about
// transactions with a limit.
func inPieces(commands ...statement.Command) *session.Decision {
	d := &session.Decision{Action: "Allow"}
	for _, c := range commands {
		p := session.Plan{Statement: &statement.Statement{Command: c, Commands: []statement.Command{c}}}
		if c != statement.CommandBegin && c != statement.CommandCommit {
			p.Limits = []session.Limit{{Rows: 1000, Rule: "bots/rows"}}
		}
		d.Statements = append(d.Statements, p)
	}
	return d
}

// The server reads a text that is sent whole before it executes any of it. Of one that is
// sent in pieces it reads each as what came before has set it.
func TestAPieceIsNotReadOtherwiseThanItsTextWas(t *testing.T) {
	t.Parallel()
	for setting, value := range map[string]string{"standard_conforming_strings": "off", "client_encoding": "SJIS"} {
		t.Run(setting, func(t *testing.T) {
			b := started(t)
			const text = `select f(); select 'a\'' ; delete from t; -- '; commit`
			b.judge.decisions = map[string]*session.Decision{"select f": inPieces(statement.CommandSelect, statement.CommandSelect, statement.CommandCommit)}
			b.client(query(text))
			b.expectServer("Q:BEGIN")
			b.server(join(complete("BEGIN"), readyForQuery('T')))
			b.expectServer("Q:select f()")
			b.server(join(complete("SELECT 1"), frame('S', setting+"\x00"+value+"\x00"), readyForQuery('T')))
			b.expectServer("Q:EXECUTE weir_refused_01")
			b.server(join(serverError("26000"), readyForQuery('E')))
			b.expectServer("Q:ROLLBACK")
			b.server(join(complete("ROLLBACK"), readyForQuery('I')))
			if got := show(t, b.TakeClient(nil)); !strings.HasPrefix(got, "C:SELECT 1 S E:") || !strings.HasSuffix(got, " Z:I") {
				t.Errorf("the client got %s", got)
			}
			if n := len(b.recorder.lines); n != 2 || !strings.HasPrefix(b.recorder.lines[1], "end 1 ") {
				t.Errorf("recorded %q", b.recorder.lines)
			}
		})
	}
}

// What a text leaves in a transaction that is open behind it is not what was committed
// when one ended in its midst.
func TestATextIsAtRestWhenItHasEnded(t *testing.T) {
	t.Parallel()
	b := started(t)
	b.judge.decisions = map[string]*session.Decision{"select": inPieces(statement.CommandSelect, statement.CommandCommit, statement.CommandBegin, statement.CommandSelect)}
	before := b.State().Rests
	b.client(query("select 1; commit; begin; select 2"))
	for _, answer := range []string{"BEGIN T", "SELECT T", "COMMIT I", "COMMIT I", "BEGIN T", "SELECT T"} {
		tag, tx, _ := strings.Cut(answer, " ")
		b.server(join(complete(tag), readyForQuery(tx[0])))
	}
	b.expectClient("C:SELECT C:COMMIT C:BEGIN C:SELECT Z:T")
	b.expectServer("Q:BEGIN Q:select 1 Q:COMMIT Q: commit Q: begin Q: select 2")
	if after := b.State().Rests; after != before {
		t.Errorf("it has been at rest %d times, with a transaction open", after-before)
	}
	b.client(query("commit"))
	b.server(join(complete("COMMIT"), readyForQuery('I')))
	if after := b.State().Rests; after != before+1 {
		t.Errorf("it has been at rest %d times", after-before)
	}
}

// A server that goes away when a COMMIT of weir's own is due has not been asked for it.
func TestARecordEndsWithASessionWhoseCommitIsDue(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"delete", "delete; commit; delete"} {
		t.Run(text, func(t *testing.T) {
			b := started(t)
			d := limitedWrite(session.Limit{Rows: 3, Rule: "bots/writes"})
			if text != "delete" {
				d = inPieces(statement.CommandDelete, statement.CommandCommit, statement.CommandDelete)
			}
			b.judge.decisions = map[string]*session.Decision{"delete": d}
			b.client(query(text))
			if text != "delete" {
				for _, answer := range []string{"BEGIN T", "DELETE 1 T", "COMMIT I", "COMMIT I"} {
					n := strings.LastIndex(answer, " ")
					b.server(join(complete(answer[:n]), readyForQuery(answer[n+1])))
				}
			}
			b.server(join(complete("BEGIN"), readyForQuery('T')))
			b.server(join(complete("DELETE 1"), readyForQuery('T'), fatal.Append(nil)))
			if len(b.recorder.lines) != 2 || !strings.HasPrefix(b.recorder.lines[1], "end 1 57P01") {
				t.Errorf("recorded %q", b.recorder.lines)
			}
		})
	}
}

// A cancel request that comes as the server reads a COMMIT fails the transaction, and does
// not end it.
func TestACommitThatIsCancelledIsRolledBack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"delete", "delete; commit; delete"} {
		t.Run(text, func(t *testing.T) {
			b := started(t)
			d := limitedWrite(session.Limit{Rows: 3, Rule: "bots/writes"})
			held := ""
			if text != "delete" {
				d, held = inPieces(statement.CommandDelete, statement.CommandCommit, statement.CommandDelete), "C:DELETE 1 "
			}
			b.judge.decisions = map[string]*session.Decision{"delete": d}
			b.client(query(text))
			b.server(join(complete("BEGIN"), readyForQuery('T')))
			b.server(join(complete("DELETE 1"), readyForQuery('T')))
			b.expectServer("Q:BEGIN Q:delete Q:COMMIT")
			b.server(join(serverError("57014"), readyForQuery('E')))
			b.expectServer("Q:ROLLBACK")
			b.server(join(serverError("57014"), readyForQuery('E'))) // again
			b.expectServer("Q:ROLLBACK")
			b.server(join(complete("ROLLBACK"), readyForQuery('I')))
			b.expectClient(held + "E:57014:server says 57014 Z:I")
			if len(b.recorder.lines) != 2 || !strings.HasPrefix(b.recorder.lines[1], "end 1 57014") {
				t.Errorf("recorded %q", b.recorder.lines)
			}
			b.client(query("select 1"))
			b.expectServer("Q:select 1")
		})
	}
}

// The server ignores a cancel request that comes when it has nothing to do.
func TestACancelRequestBetweenTwoPiecesEndsTheText(t *testing.T) {
	t.Parallel()
	b := started(t)
	if b.Cancelling() != nil {
		t.Error("there is something to cancel")
	}
	b.judge.decisions = map[string]*session.Decision{"select": inPieces(statement.CommandSelect, statement.CommandCommit, statement.CommandSelect)}
	begin := func() (taken func()) {
		b.client(query("select 1; commit; select 2"))
		b.server(join(complete("BEGIN"), readyForQuery('T')))
		return b.Cancelling()
	}
	taken := begin()
	taken()
	b.server(join(complete("SELECT 1"), readyForQuery('T')))
	b.expectServer("Q:BEGIN Q:select 1 Q:EXECUTE weir_refused_01")
	b.server(join(serverError("26000"), readyForQuery('E')))
	b.server(join(complete("ROLLBACK"), readyForQuery('I')))
	b.expectServer("Q:ROLLBACK")
	b.expectClient("C:SELECT 1 E:57014:canceling statement due to user request Z:I")
	// It is not meant for a text that comes later.
	begin()
	taken()
	b.server(join(complete("SELECT 1"), readyForQuery('T')))
	b.expectServer("Q:BEGIN Q:select 1 Q:COMMIT")
	b.expectRecords("begin 1 select 1; commit; select 2", "end 1 57014 rows=1", "begin 2 select 1; commit; select 2")
}
