package session_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/session"
)

// Execute of a portal that SQL has declared is a FETCH from it.
func TestAnExecuteOfACursor(t *testing.T) {
	t.Run("is judged and recorded as FETCH", func(t *testing.T) {
		b := started(t)
		b.client(join(executeRows("c", 2), execute("c"), sync()))
		b.expectServer("E:c////\x02 E:c S")
		b.expectRecords(`begin 1 FETCH 2 FROM "c"`, `begin 2 FETCH ALL FROM "c"`)
		b.server(join(row("a"), row("b"), frame('s', ""), row("c"), complete("SELECT 1"), readyForQuery('T')))
		b.expectClient("D:a D:b s D:c C:SELECT 1 Z:T")
		b.expectRecords(`begin 1 FETCH 2 FROM "c"`, `begin 2 FETCH ALL FROM "c"`, "end 1 suspended rows=2", "end 2 SELECT 1 rows=1")
	})
	t.Run("is refused as FETCH", func(t *testing.T) {
		b := denying(t, "FETCH")
		b.client(join(execute("c"), sync()))
		b.expectServer("B:weir_refused_01 S")
		b.expectRecords(`denied FETCH ALL FROM "c" 42501`)
	})
	t.Run("is described first where masks may be concerned", func(t *testing.T) {
		b := started(t)
		b.judge.masks = map[int16]session.Cell{2: stars{}}
		b.judge.decisions = map[string]*session.Decision{"FETCH": {Action: "Allow", Statements: []session.Plan{{Touches: true}}}}
		b.client(join(execute("c"), sync()))
		b.expectServer("D:Pc E:c S")
		b.server(join(description(2), row("secret"), complete("SELECT 1"), readyForQuery('T')))
		b.expectClient("D:****** C:SELECT 1 Z:T")
	})
	t.Run("that is decided late waits for what is under way", func(t *testing.T) {
		b := started(t)
		b.judge.stale, b.judge.later = true, map[string]bool{`FETCH ALL FROM "c"`: true}
		b.client(join(query("begin"), execute("c"), sync()))
		b.expectServer("Q:begin")
		q := b.Question().(*session.Decide)
		b.AnswerDecide(b.judge.find(string(q.Text)))
		b.client(nil)
		b.expectServer("")
		b.server(join(complete("BEGIN"), readyForQuery('T')))
		q = b.Question().(*session.Decide) // asked again, now that nothing runs
		b.AnswerDecide(b.judge.find(string(q.Text)))
		b.client(nil)
		b.expectServer("E:c S")
	})
	t.Run("waits for its approval no longer than others", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"FETCH": {Action: "RequireApproval", Approval: 1, Statements: []session.Plan{{Touches: true}}}}
		b.client(join(execute("c"), sync()))
		if q, ok := b.Question().(*session.Approve); !ok || q.MayHold {
			t.Fatalf("asked for %+v", b.Question())
		}
		b.expectServer("")
		b.AnswerApprove("ap", nil)
		b.client(nil)
		b.expectServer("D:Pc E:c S")
	})
	t.Run("with a name that the server may cut off is refused", func(t *testing.T) {
		b := started(t)
		b.client(join(execute(strings.Repeat("c", 64)), sync()))
		b.expectServer("B:weir_refused_01 S")
	})
	t.Run("after a name that was let through blurred is refused", func(t *testing.T) {
		b := started(t)
		b.judge.observes = true
		b.client(join(parse("", "select"), bind(strings.Repeat("c", 64), ""), sync()))
		b.server(join(parseComplete(), bindComplete(), readyForQuery('T')))
		b.TakeServer(nil)
		b.judge.observes = false
		b.client(join(execute(strings.Repeat("c", 63)), sync()))
		b.expectServer("B:weir_refused_01 S")
	})
	t.Run("of no name is none", func(t *testing.T) {
		b := started(t)
		b.client(join(execute(""), sync()))
		b.expectServer("B:weir_refused_01 S")
	})
}

// A Bind makes the server plan the statement, which may run functions of it.
func TestNothingIsBoundThatIsNotApproved(t *testing.T) {
	needs := map[string]*session.Decision{"delete": {Action: "RequireApproval", Approval: 1, Statements: make([]session.Plan, 1)}}
	for name, behind := range map[string][]byte{
		"Flush":           flush(),
		"another Bind":    join(bind("q", "s"), sync()),
		"two Executes":    join(execute("p"), execute("p"), sync()),
		"Sync":            sync(),
		"another message": join(closeStatement("x"), execute("p"), sync()),
	} {
		t.Run("with "+name+" behind it", func(t *testing.T) {
			b := started(t)
			b.judge.decisions = needs
			b.client(join(parse("s", "delete"), sync()))
			b.server(join(parseComplete(), readyForQuery('I')))
			b.expectServer("P:s/delete S")
			b.client(join(bind("p", "s"), behind))
			if q, ok := b.Question().(*session.Approve); !ok || q.MayHold {
				t.Fatalf("asked for %+v", b.Question())
			}
			b.expectServer("")
			b.AnswerApprove("", denial)
			b.client(nil)
			if out := showClient(t, b.TakeServer(nil)); !strings.HasPrefix(out, "B:weir_refused_01") {
				t.Fatalf("the server got %s", out)
			}
		})
	}
	t.Run("and its Execute is approved with it", func(t *testing.T) {
		b := started(t)
		b.judge.decisions = needs
		b.client(join(parse("s", "delete"), flush(), bind("p", "s"), flush()))
		b.AnswerApprove("ap-1", nil)
		b.client(join(execute("p"), sync()))
		b.expectServer("P:s/delete H B:p/s H E:p S")
		b.expectRecords("begin 1 delete")
	})
	t.Run("and one whose parameters are not at hand is not approved", func(t *testing.T) {
		b := started(t)
		b.client(join(parse("s", "delete"), bind("p", "s"), sync()))
		b.TakeServer(nil)
		b.server(join(parseComplete(), bindComplete(), readyForQuery('T')))
		b.judge.decisions, b.judge.stale = needs, true
		b.client(join(execute("p"), sync()))
		b.expectServer("B:weir_refused_01 S")
	})
}
