package session_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/session"
)

func masking(t *testing.T) *bench {
	b := started(t)
	b.judge.masks = map[int16]session.Cell{2: stars{}}
	b.judge.decisions = map[string]*session.Decision{
		"masked": {Action: "Allow", Statements: []session.Plan{{Touches: true, RedactErrors: true, Rule: "p/m"}}},
	}
	return b
}

func TestAMaskedColumnOfAQuery(t *testing.T) {
	b := masking(t)
	b.client(query("masked"))
	b.server(join(description(1, 2, 0), row("a", "secret", "b"), row("c", "x", "d"), complete("SELECT 2"), readyForQuery('I')))
	b.expectClient("T D:a,******,b D:c,*,d C:SELECT 2 Z:I")
	b.expectRecords("begin 1 masked", "end 1 SELECT 2 rows=2")
}

func TestAnExecuteWithoutDescribeIsMasked(t *testing.T) {
	b := masking(t)
	b.client(join(parse("s", "masked"), bind("", "s"), execute(""), sync()))
	b.expectServer("P:s/masked B:s D:P E: S")
	b.server(join(parseComplete(), bindComplete(), description(2), row("secret"), complete("SELECT 1"), readyForQuery('I')))
	b.expectClient("1 2 D:****** C:SELECT 1 Z:I") // weir's own description is not shown
}

func TestRowsWithoutADescriptionEndTheSession(t *testing.T) {
	b := masking(t)
	b.client(query("masked"))
	b.server(row("secret"))
	if !b.Ended() {
		t.Fatal("the session goes on")
	}
	if got := show(t, b.TakeClient(nil)); strings.Contains(got, "secret") {
		t.Fatal(got)
	}
}

func TestErrorTextsOfMaskedStatementsAreWithheld(t *testing.T) {
	b := masking(t)
	b.client(query("masked"))
	b.server(join(serverError("22P02"), readyForQuery('I')))
	b.expectClient("E:22P02:the text of this message is withheld, since the statement concerns masked columns Z:I")
}

func TestASuspendedPortalIsOneRecord(t *testing.T) {
	b := masking(t)
	b.client(join(parse("", "masked"), bind("p", ""), execute("p"), flush()))
	b.server(join(parseComplete(), bindComplete(), description(2), row("secret"), frame('s', "")))
	b.client(join(execute("p"), sync()))
	b.server(join(row("other"), complete("SELECT 1"), readyForQuery('I')))
	b.expectClient("1 2 D:****** s D:***** C:SELECT 1 Z:I")
	b.expectRecords("begin 1 masked", "end 1 SELECT 1 rows=2")
}

func TestPlainRowsPassAsTheyAreHoweverTheyAreCut(t *testing.T) {
	reply := join(description(1), row("a"), row(strings.Repeat("long", 100)), complete("SELECT 2"), readyForQuery('I'))
	for cut := 1; cut < len(reply); cut++ {
		b := started(t)
		b.client(query("select"))
		b.server(reply[:cut])
		b.server(reply[cut:])
		if got := b.TakeClient(nil); string(got) != string(reply) {
			t.Fatalf("cut at %d: %q", cut, got)
		}
		b.expectRecords("begin 1 select", "end 1 SELECT 2 rows=2")
	}
}
