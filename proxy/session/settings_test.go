package session_test

import (
	"testing"

	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

func setting(name, value string) []byte { return wire.AppendParameterStatus(nil, name, value) }

var (
	stringsOff  = setting("standard_conforming_strings", "off")
	stringsOn   = setting("standard_conforming_strings", "on")
	encodingBad = setting("client_encoding", "SJIS")
	encodingOK  = setting("client_encoding", "UTF8")
)

// greeted is a session whose server has said something while it started.
func greeted(t *testing.T, messages []byte) *bench {
	b := newBench(t)
	b.client(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
	b.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: b.judge, Recorder: b.recorder, Messages: messages}, nil)
	b.TakeClient(nil)
	return b
}

func TestTextsAreRefusedWhileASettingMakesThemUnreadable(t *testing.T) {
	for name, c := range map[string]struct {
		greeting, later []byte
		refused         bool
	}{
		"usual settings":                        {greeting: join(stringsOn, encodingOK)},
		"a role whose strings are not standard": {greeting: stringsOff, refused: true},
		"a role with another encoding":          {greeting: encodingBad, refused: true},
		"strings turned off later":              {later: stringsOff, refused: true},
		"encoding changed later":                {later: encodingBad, refused: true},
		"both changed, one changed back":        {later: join(encodingBad, stringsOff, stringsOn), refused: true},
		"both changed, the other changed back":  {later: join(encodingBad, stringsOff, encodingOK), refused: true},
		"both changed back":                     {later: join(encodingBad, stringsOff, encodingOK, stringsOn)},
	} {
		t.Run(name, func(t *testing.T) {
			b := greeted(t, c.greeting)
			b.server(c.later)
			b.client(query("select 1"))
			want := "Q:select 1"
			if c.refused {
				want = "Q:EXECUTE weir_refused_01"
			}
			b.expectServer(want)
		})
	}
}

func TestAGreetingThatIsNoFramesEndsTheSession(t *testing.T) {
	if b := greeted(t, []byte("S\x00\x00\x00\x09abc")); !b.Ended() {
		t.Fatal("the session goes on")
	}
}

// A text that was read while strings were standard must not run after they are
// not any more.
func TestADecisionFromBeforeASettingChangedIsNotUsed(t *testing.T) {
	b := started(t)
	b.judge.later = map[string]bool{"select 2": true}
	b.client(join(query("select 1"), query("select 2")))
	b.expectServer("Q:select 1")
	b.server(join(stringsOff, complete("SELECT 1"), readyForQuery('I')))
	b.AnswerDecide(&session.Decision{Text: "select 2"})
	b.client(nil)
	b.expectServer("Q:EXECUTE weir_refused_01")
}

func TestATextWithBackslashesWaitsForWhatMayChangeItsReading(t *testing.T) {
	b := started(t)
	b.client(join(query("select f()"), query(`select '\''`)))
	b.expectServer("Q:select f()")
	b.server(join(complete("SELECT 1"), stringsOff, readyForQuery('I')))
	b.expectServer("Q:EXECUTE weir_refused_01")
}

func TestADecisionOfAnotherTextIsNotUsed(t *testing.T) {
	b := started(t)
	b.judge.later = map[string]bool{"drop": true}
	b.client(query("drop"))
	b.AnswerDecide(&session.Decision{Text: "select 1"})
	b.client(nil)
	b.expectServer("")
	if q, ok := b.Question().(*session.Decide); !ok || string(q.Text) != "drop" {
		t.Fatalf("question %#v", b.Question())
	}
}

func TestAnApprovedStatementIsJudgedAgain(t *testing.T) {
	b := started(t)
	needs := &session.Decision{Action: "RequireApproval", Approval: 1, Statements: make([]session.Plan, 1)}
	b.judge.decisions = map[string]*session.Decision{"delete": needs}
	b.judge.stale = true
	b.client(query("delete"))
	if _, ok := b.Question().(*session.Approve); !ok {
		t.Fatalf("question %#v", b.Question())
	}
	b.judge.decisions["delete"] = &session.Decision{Action: "Deny", Denial: denial}
	b.AnswerApprove("ap-1", nil)
	b.client(nil)
	b.expectServer("Q:EXECUTE weir_refused_01")
	b.expectRecords("denied delete 42501")
}

// A transaction can be open although the server's last word was idle.
func TestNothingIsHeldInsideASegment(t *testing.T) {
	b := started(t)
	b.judge.decisions = map[string]*session.Decision{"delete": {Action: "RequireApproval", Approval: 1, Statements: make([]session.Plan, 1)}}
	b.client(join(parse("", "insert"), bind("", ""), execute(""), flush()))
	b.server(join(parseComplete(), bindComplete(), complete("INSERT 0 1")))
	b.client(query("delete"))
	if q, ok := b.Question().(*session.Approve); !ok || q.MayHold {
		t.Fatalf("question %#v", b.Question())
	}
	if b.Idle() {
		t.Fatal("idle in a transaction")
	}
}

// What a decision depends on may end while it is made.
func TestADecisionThatWasAskedForTooEarlyIsMadeAgain(t *testing.T) {
	for name, message := range map[string][]byte{
		"in a Query":            query("vacuum"),
		"in an extended batch":  join(parse("", "vacuum"), bind("", ""), execute(""), sync()),
		"at the Bind of a name": join(bind("", "v"), execute(""), sync()),
	} {
		t.Run(name, func(t *testing.T) {
			b := started(t)
			b.judge.stale = true
			b.client(join(parse("v", "vacuum"), sync()))
			b.server(join(parseComplete(), readyForQuery('T')))
			b.TakeServer(nil)
			b.judge.later = map[string]bool{"vacuum": true}
			b.client(join(query("commit"), message))
			if _, ok := b.Question().(*session.Decide); !ok {
				t.Fatalf("question %#v", b.Question())
			}
			b.server(join(complete("COMMIT"), readyForQuery('I')))
			b.judge.later = nil
			b.judge.decisions = map[string]*session.Decision{"vacuum": {Action: "Deny", Denial: denial}}
			b.AnswerDecide(&session.Decision{Text: "vacuum", Statements: make([]session.Plan, 1)})
			b.client(nil)
			b.server(nil)
			last := b.recorder.lines[len(b.recorder.lines)-1]
			if last != "denied vacuum 42501" {
				t.Fatalf("recorded %q, the server got %s", b.recorder.lines, showClient(t, b.TakeServer(nil)))
			}
		})
	}
}
