package session_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/session"
)

// countedWrite is a decision about a WITH that deletes, of which so many rows may be
// deleted and returned.
func countedWrite(rows int64) *session.Decision {
	st := &statement.Statement{Command: statement.CommandSelect, Commands: []statement.Command{statement.CommandSelect, statement.CommandDelete},
		Writes: []statement.Write{{Command: statement.CommandDelete, Table: "t"}}}
	return &session.Decision{Action: "Allow", Statements: []session.Plan{{Statement: st, Limits: []session.Limit{
		{Rows: rows, Rule: "bots/writes", Count: &session.Count{Deleted: true}}}}}}
}

// answer is what the server says to a question for its counters.
func answer(rows ...[]byte) []byte {
	return join(parseComplete(), bindComplete(), row("tracks", "on", "", "", "", "", ""), join(rows...), complete("SELECT 1"), frame('3', ""), frame('3', ""))
}

func deleted(n string) []byte { return row("16400", "public", "t", "", "0", "0", n) }

// withQuestions shows what the server got, with questions for its counters as "?".
func withQuestions(b *bench) string {
	b.t.Helper()
	var out []string
	for _, f := range strings.Split(showClient(b.t, b.TakeServer(nil)), " P:") {
		if strings.Contains(f, "pg_stat_get_xact") {
			_, rest, _ := strings.Cut(f, " C:S")
			_, rest, _ = strings.Cut(rest, " ")
			f = strings.TrimSpace("? " + rest)
		}
		out = append(out, f)
	}
	return strings.Join(out, " ")
}

func TestACountedStatementIsAskedAboutOnBothSides(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T, rows int64) *bench {
		b := started(t)
		b.judge.decisions = map[string]*session.Decision{"with": countedWrite(rows)}
		return b
	}
	send := join(parse("", "with"), bind("", ""), execute(""), sync())

	t.Run("and relayed when it is within its limit", func(t *testing.T) {
		b := begin(t, 3)
		b.client(send)
		got := withQuestions(b)
		if !strings.HasPrefix(got, "P:with ? B:") || !strings.HasSuffix(got, "? H") || strings.Count(got, "?") != 2 {
			t.Fatalf("the server got %s", got)
		}
		b.server(join(parseComplete(), answer(deleted("7")), bindComplete(), row("1"), complete("SELECT 1")))
		b.expectClient("1 2 D:1")
		b.server(answer(deleted("10")))
		b.expectClient("C:SELECT 1")
		b.expectServer("S")
		b.server(readyForQuery('I'))
		b.expectClient("Z:I")
		b.expectRecords("begin 1 with", "end 1 SELECT 1 rows=1")
	})
	t.Run("and undone when it is not", func(t *testing.T) {
		b := begin(t, 3)
		b.client(send)
		withQuestions(b)
		b.server(join(parseComplete(), answer(deleted("7")), bindComplete(), row("1"), complete("SELECT 1"), answer(deleted("11"))))
		b.expectClient("1 2 D:1 E:54000:weir undid this statement by rule bots/writes: it changed 4 rows, and the rule allows 3")
		b.client(nil)
		b.expectServer("B:weir_refused_03 S")
		b.server(join(serverError("26000"), readyForQuery('I')))
		b.expectClient("Z:I")
		b.expectRecords("begin 1 with", "end 1 54000 rows=1")
	})
	t.Run("and undone when the question behind it fails", func(t *testing.T) {
		b := begin(t, 3)
		b.client(send)
		withQuestions(b)
		b.server(join(parseComplete(), answer(), bindComplete(), complete("SELECT 1"), parseComplete(), serverError("57014")))
		b.expectClient("1 2 E:57014:weir undid this statement by rule bots/writes: the rows that it changed could not be counted: server says 57014")
		b.client(nil)
		b.expectServer("S")
		b.server(readyForQuery('I'))
		b.expectClient("Z:I")
		b.expectRecords("begin 1 with", "end 1 57014 rows=1")
	})
	t.Run("and not run when the question in front of it fails", func(t *testing.T) {
		b := begin(t, 3)
		b.client(send)
		withQuestions(b)
		b.server(join(parseComplete(), serverError("42501")))
		b.expectClient("1 E:42501:weir refused this statement by rule bots/writes: the rows that it would change cannot be counted: server says 42501")
		b.client(nil)
		b.expectServer("S")
		b.server(readyForQuery('I'))
		b.expectClient("Z:I")
		b.expectRecords("begin 1 with", "end 1 skipped rows=0")
	})
	t.Run("unless it has failed itself", func(t *testing.T) {
		b := begin(t, 3)
		b.client(send)
		withQuestions(b)
		b.server(join(parseComplete(), answer(), bindComplete(), serverError("23505")))
		b.expectClient("1 2 E:23505:server says 23505")
		b.client(nil)
		b.expectServer("S")
		b.server(readyForQuery('I'))
		b.expectClient("Z:I")
	})
	// Its result has passed the limit, too: the server is asked to cancel it, and that
	// request may hit the question instead.
	for name, hit := range map[string]bool{"a result that passes the limit first": false, "a cancel request that hits the question": true} {
		t.Run("after "+name, func(t *testing.T) {
			b := begin(t, 1)
			b.client(send)
			withQuestions(b)
			b.server(join(parseComplete(), answer(), bindComplete(), row("1"), row("2")))
			if !b.TakeInterrupt() {
				t.Fatal("nothing is cancelled")
			}
			b.server(complete("SELECT 2"))
			b.expectClient("1 2 D:1 E:54000:weir ended this statement by rule bots/writes: its result has more than 1 row")
			want := "B:weir_refused_03 S"
			if hit {
				b.server(join(parseComplete(), serverError("57014")))
				want = "S"
			} else {
				b.server(answer(deleted("2")))
			}
			b.Interrupted()
			b.client(nil)
			b.expectServer(want)
			if !hit {
				b.server(serverError("26000"))
			}
			b.server(readyForQuery('I'))
			b.expectClient("Z:I")
			b.client(query("select 1"))
			b.expectServer("Q:select 1")
		})
	}
	t.Run("also where a Bind alone may have changed something", func(t *testing.T) {
		b := begin(t, 3)
		b.client(join(parse("", "with"), bind("", ""), sync()))
		withQuestions(b)
		b.server(join(parseComplete(), answer(), bindComplete(), answer(deleted("4"))))
		b.expectClient("1 2 E:54000:weir undid this statement by rule bots/writes: it changed 4 rows, and the rule allows 3")
		b.client(nil)
		b.expectServer("B:weir_refused_03 S")
		b.server(join(serverError("26000"), readyForQuery('I')))
		b.expectClient("Z:I")
	})
	t.Run("whose answer is something else", func(t *testing.T) {
		b := begin(t, 3)
		b.client(send)
		b.server(join(parseComplete(), parseComplete(), bindComplete(), row("1")))
		if !b.Ended() {
			t.Error("the session goes on")
		}
	})
}

func TestACountedQueryIsAskedAboutOnBothSides(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tx                byte
		after             string
		failed            bool
		want, then, ready string
	}{
		"alone, within it":                 {'I', "3", false, "", "Q:COMMIT", "T C:SELECT 1 Z:I"},
		"alone, beyond it":                 {'I', "4", false, "E:54000", "Q:ROLLBACK", "Z:I"},
		"alone, where the question fails":  {'I', "", true, "E:57014", "Q:ROLLBACK", "Z:I"},
		"in a transaction, within it":      {'T', "3", false, "", "", "T C:SELECT 1 Z:T"},
		"in a transaction, beyond it":      {'T', "4", false, "E:54000", "B:weir_refused_03 S", "Z:E"},
		"in a transaction, where it fails": {'T', "", true, "E:57014", "", "Z:E"},
	} {
		t.Run(name, func(t *testing.T) {
			b := started(t)
			b.judge.decisions = map[string]*session.Decision{"with": countedWrite(3)}
			if c.tx == 'T' {
				b.client(query("begin"))
				b.server(join(complete("BEGIN"), readyForQuery('T')))
				b.TakeClient(nil)
				b.TakeServer(nil)
			}
			b.client(query("with"))
			if c.tx == 'I' {
				b.expectServer("Q:BEGIN")
				b.server(join(complete("BEGIN"), readyForQuery('T')))
			}
			if got := withQuestions(b); got != "? S" && got != "P:? S" {
				t.Fatalf("in front of it the server got %s", got)
			}
			b.server(join(answer(), readyForQuery('T')))
			b.expectServer("Q:with")
			b.expectClient("")
			b.server(join(description(0), complete("SELECT 1"), readyForQuery('T')))
			withQuestions(b)
			if c.failed {
				b.server(join(parseComplete(), serverError("57014"), readyForQuery('E')))
			} else {
				b.server(join(answer(deleted(c.after)), readyForQuery('T')))
			}
			if got := showClient(t, b.TakeServer(nil)); !strings.HasPrefix(got, c.then) || c.then == "" && got != "" {
				t.Fatalf("behind it the server got %s", got)
			}
			switch c.then {
			case "":
			case "B:weir_refused_03 S":
				b.server(join(serverError("26000"), readyForQuery('E')))
			default:
				b.server(join(complete(c.then[2:]), readyForQuery('I')))
			}
			got := show(t, b.TakeClient(nil))
			if c.want == "" && got != c.ready || c.want != "" && (!strings.HasPrefix(got, "T "+c.want) || !strings.HasSuffix(got, c.ready)) {
				t.Errorf("the client got %s", got)
			}
		})
	}
}
