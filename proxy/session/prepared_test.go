package session_test

import (
	"testing"

	"github.com/weirgate/weir/proxy/session"
)

// A pipeline that redefines a name in a segment that fails must not make the
// next segment's use of the name be judged by the text that never was.
func TestANameIsBelievedOnlyWhenTheServerHasConfirmedIt(t *testing.T) {
	b := denying(t, "never")
	b.judge.decisions["delete"] = &session.Decision{Action: "RequireApproval", Approval: 1, Statements: make([]session.Plan, 1)}
	b.client(join(parse("a", "delete"), sync()))
	b.server(join(parseComplete(), readyForQuery('I')))
	b.expectServer("P:a/delete S")

	b.client(join(bind("", "nosuch"), closeStatement("a"), parse("a", "select"), sync(), bind("", "a"), execute(""), sync()))
	b.expectServer("B:weir_refused_01 C:Sa P:a/select S") // the second Bind waits
	b.server(join(serverError("26000"), readyForQuery('I')))
	if _, ok := b.Question().(*session.Approve); !ok {
		t.Fatalf("the Bind of a was not judged as the DELETE that it still is: %T", b.Question())
	}
	b.AnswerApprove("", denial)
	b.client(nil)
	b.expectServer("B:weir_refused_02 B:weir_refused_03 S") // and nothing of it is planned
	b.server(join(serverError("26000"), readyForQuery('I')))
}

func TestAnApprovedBatchMustBindWhatWasAskedAbout(t *testing.T) {
	b := started(t)
	b.judge.decisions = map[string]*session.Decision{
		"delete": {Action: "RequireApproval", Approval: 1, Statements: make([]session.Plan, 1)},
		"update": {Action: "RequireApproval", Approval: 2, Statements: make([]session.Plan, 1)},
	}
	b.client(join(parse("u", "update"), sync()))
	b.server(join(parseComplete(), readyForQuery('I')))
	b.TakeServer(nil)
	// The Parse is of a DELETE, the Bind of the UPDATE.
	b.client(join(parse("", "delete"), bind("", "u"), execute(""), sync()))
	q, ok := b.Question().(*session.Approve)
	if ok && q.Decision.Text == "delete" {
		t.Fatal("asked about the DELETE, which is not executed")
	}
}

func TestABatchIsHeldBeforeAnyOfItIsForwarded(t *testing.T) {
	b := started(t)
	b.judge.decisions = map[string]*session.Decision{"delete": {Action: "RequireApproval", Approval: 1, Statements: make([]session.Plan, 1)}}
	b.client(join(parse("", "delete"), bind("", "")))
	if b.Question() != nil {
		t.Fatal("asked before the Sync was there")
	}
	b.client(join(execute(""), sync()))
	q, ok := b.Question().(*session.Approve)
	if !ok || !q.MayHold {
		t.Fatalf("question %#v", b.Question())
	}
	b.expectServer("")
	b.AnswerApprove("ap-1", nil)
	b.client(nil)
	b.expectServer("P:delete B: E: S")
	b.server(join(parseComplete(), bindComplete(), complete("DELETE 3"), readyForQuery('I')))
	b.expectClient("1 2 C:DELETE 3 Z:I")
	// One use: the next batch asks again.
	b.client(join(parse("", "delete"), bind("", ""), execute(""), sync()))
	if _, ok := b.Question().(*session.Approve); !ok {
		t.Fatal("an approval was used twice")
	}
}

func TestATextThatSettlesNamesHoldsWhatFollows(t *testing.T) {
	b := started(t)
	b.judge.decisions = map[string]*session.Decision{"set": {Action: "Allow", Settles: true, Statements: make([]session.Plan, 1)}}
	b.client(join(query("set x"), query("select 1")))
	b.expectServer("Q:set x")
	b.server(complete("SET"))
	b.expectServer("")
	b.server(readyForQuery('I'))
	b.expectServer("Q:select 1")
}

func TestADecisionThatIsNotAtHandIsAskedFor(t *testing.T) {
	b := started(t)
	b.judge.later = map[string]bool{"select 1": true}
	b.client(join(query("select 1"), query("select 2")))
	q, ok := b.Question().(*session.Decide)
	if !ok || string(q.Text) != "select 1" {
		t.Fatalf("question %#v", b.Question())
	}
	b.AnswerDecide(&session.Decision{Text: "select 1"})
	b.client(nil)
	b.expectServer("Q:select 1 Q:select 2")
}

// settling is a bench where a text of this beginning changes settings.
func settling(t *testing.T, prefix string) *bench {
	b := started(t)
	b.judge.decisions = map[string]*session.Decision{prefix: {Action: "Allow", Settles: true, Statements: make([]session.Plan, 2)}}
	return b
}
