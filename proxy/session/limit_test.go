package session_test

import (
	"testing"

	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/session"
)

// limitedWrite is a decision about a DELETE that may change so many rows as limits say.
func limitedWrite(limits ...session.Limit) *session.Decision {
	st := &statement.Statement{Command: statement.CommandDelete, Commands: []statement.Command{statement.CommandDelete}}
	return &session.Decision{Action: "Allow", Statements: []session.Plan{{Statement: st, Limits: limits}}}
}

// The server says how many rows a statement has changed when it has given all of its
// result. Where a client asks for a part of the result, all is changed by then.
func TestALimitedWriteIsNotCommittedUncounted(t *testing.T) {
	t.Parallel()
	stops := session.Limit{Rows: 3, Rule: "bots/writes"}
	const undone = "E:54000:weir undid this statement by rule bots/writes: it allows 3 changed rows, which are not told where the result is fetched in portions"
	send := join(parse("", "delete"), bind("p", ""), executeRows("p", 1), sync())
	start := join(parseComplete(), bindComplete(), row("1"))

	t.Run("where the Sync follows its first portion", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"delete": limitedWrite(stops)}
		b.client(send)
		b.expectServer("P:delete B:p E:p////\x01 H")
		b.server(join(start, frame('s', "")))
		b.expectClient("1 2 D:1 " + undone)
		b.client(nil)
		b.expectServer("B:weir_refused_01 S")
		b.server(join(serverError("26000"), readyForQuery('I')))
		b.expectClient("Z:I")
		b.expectRecords("begin 1 delete", "end 1 54000 rows=1")
	})
	t.Run("where another Execute follows", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"delete": limitedWrite(stops)}
		b.client(join(parse("", "delete"), bind("p", ""), executeRows("p", 1), execute("p"), sync()))
		b.server(join(start, frame('s', "")))
		b.expectClient("1 2 D:1 " + undone)
		b.client(nil)
		b.expectServer("P:delete B:p E:p////\x01 H B:weir_refused_01 S")
		b.server(join(serverError("26000"), readyForQuery('I')))
		b.expectClient("Z:I")
	})
	t.Run("where a Query stands in the place of the Sync", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"delete": limitedWrite(stops)}
		b.client(join(parse("", "delete"), bind("p", ""), executeRows("p", 1), query("select 1")))
		b.server(join(start, frame('s', "")))
		b.expectClient("1 2 D:1 " + undone)
		b.client(nil)
		b.expectServer("P:delete B:p E:p////\x01 H")
	})
	t.Run("in a transaction, which has failed then", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"delete": limitedWrite(stops)}
		b.client(query("begin"))
		b.server(join(complete("BEGIN"), readyForQuery('T')))
		b.expectClient("C:BEGIN Z:T")
		b.client(send)
		b.server(join(start, frame('s', "")))
		b.expectClient("1 2 D:1 " + undone)
		b.client(nil)
		b.expectServer("Q:begin P:delete B:p E:p////\x01 H B:weir_refused_01 S")
		b.server(join(serverError("26000"), readyForQuery('E')))
		b.expectClient("Z:E")
	})
	t.Run("but is where its first portion is all", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"delete": limitedWrite(stops)}
		b.client(send)
		b.server(join(start, complete("DELETE 1")))
		b.client(nil)
		b.expectServer("P:delete B:p E:p////\x01 H S")
		b.server(readyForQuery('I'))
		b.expectClient("1 2 D:1 C:DELETE 1 Z:I")
	})
	t.Run("of which a limit that warns tells once", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"delete": limitedWrite(session.Limit{Rows: 3, Rule: "bots/large", Warn: true})}
		b.client(send)
		b.server(join(start, frame('s', "")))
		b.client(nil)
		b.server(readyForQuery('I'))
		b.expectClient("1 2 D:1 N:01000:weir: whether this statement has passed the limit of rule bots/large is not told where its result is fetched in portions s Z:I")
	})
	for name, limit := range map[string]session.Limit{
		"a limit of the result": {Rows: 3, Rule: "bots/results", Result: true},
		"a limit that audits":   {Rows: 3, Rule: "bots/large", Audit: true},
		"a limit of bytes":      {Bytes: 1000, Rule: "bots/results"},
	} {
		t.Run("which "+name+" is not about", func(t *testing.T) {
			b := started(t)
			b.judge.decisions = map[string]*session.Decision{"delete": limitedWrite(limit)}
			b.client(send)
			b.server(join(start, frame('s', "")))
			b.client(nil)
			b.server(readyForQuery('I'))
			b.expectClient("1 2 D:1 s Z:I")
		})
	}
}
