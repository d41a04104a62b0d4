package session_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/copydata"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// copier is a judge that masks the data of COPY.
type copier struct {
	*judge
	mask *session.CopyMask
	err  error
}

func (c copier) Copy(*session.Decision, int, int, bool) (*session.CopyMask, error) {
	return c.mask, c.err
}

// copyingOut is a session whose text "masked" is a COPY of three columns, of which the
// second is masked.
func copyingOut(t *testing.T, limits session.Limits, format string) *bench {
	b := newBench(t)
	b.Session = session.New(session.Config{Limits: limits, Secret: func(n int) []byte { return make([]byte, n) }})
	b.client(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
	st := &statement.Statement{Command: statement.CommandCopy, Commands: []statement.Command{statement.CommandCopy}, Copy: &statement.Copy{Target: "Client", Format: format}}
	f, err := copydata.FormatOf(st.Copy)
	if err != nil {
		t.Fatal(err)
	}
	b.judge.masks = map[int16]session.Cell{2: stars{}}
	b.judge.decisions = map[string]*session.Decision{"masked": {Action: "Allow", Statements: []session.Plan{{Touches: true, Statement: st}}}}
	j := copier{judge: b.judge, mask: &session.CopyMask{Format: f, Cells: []copydata.Cell{nil, stars{}, nil}, Names: make([]string, 3), Columns: []string{"t.b"}}}
	b.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: j, Recorder: b.recorder}, nil)
	b.TakeClient(nil)
	return b
}

// copyOutResponse is of so many columns.
func copyOutResponse(format byte, columns int) []byte {
	body := binary.BigEndian.AppendUint16([]byte{format}, uint16(columns))
	for range columns {
		body = append(body, 0, format)
	}
	return frame('H', string(body))
}

// showData writes frames with the data of COPY.
func showData(t *testing.T, p []byte) string {
	return frames(t, p, func(typ byte, body []byte) string {
		if typ == wire.CopyData {
			return fmt.Sprintf("d:%q", body)
		}
		return string(typ)
	})
}

func TestDataOfCopyAreMaskedHoweverTheyAreCut(t *testing.T) {
	reply := join(copyOutResponse(0, 3), data("1\tsecret\tx\n"), data("2\t\\N\ty\n"), copyDone(), complete("COPY 2"), readyForQuery('I'))
	const want = `H d:"1\t******\tx\n" d:"2\t\\N\ty\n" c C Z`
	for cut := 1; cut < len(reply); cut++ {
		b := copyingOut(t, session.DefaultLimits, "text")
		b.client(query("masked"))
		b.server(reply[:cut])
		b.server(reply[cut:])
		if got := showData(t, b.TakeClient(nil)); got != want {
			t.Fatalf("cut at %d: %s", cut, got)
		}
		b.expectRecords("begin 1 masked", "end 1 COPY 2 rows=2")
		if !b.Idle() {
			t.Fatal("something is still expected")
		}
	}
}

// PostgreSQL sends a row in each message, but the protocol does not say so.
func TestRowsOfCopyMayBeAnywhereInItsMessages(t *testing.T) {
	for _, c := range []struct{ name, pieces, want string }{
		{"several rows in a message", "1\tab\tx\n2\tc\ty\n", `H d:"1\t**\tx\n2\t*\ty\n" c C Z`},
		{"a row in several messages", "1\ta|b\tx|\n", `H d:"1\t" d:"**\tx" d:"\n" c C Z`},
		{"an empty message", "|1\tab\tx\n|", `H d:"1\t**\tx\n" c C Z`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := copyingOut(t, session.DefaultLimits, "text")
			b.client(join(parse("", "masked"), bind("", ""), execute(""), sync()))
			b.server(join(parseComplete(), bindComplete(), frame('n', "")))
			b.server(copyOutResponse(0, 3))
			for _, p := range strings.Split(c.pieces, "|") {
				b.server(data(p))
			}
			b.server(join(copyDone(), complete("COPY 2"), readyForQuery('I')))
			if got := showData(t, b.TakeClient(nil)); got != "1 2 "+c.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// A message that is too large to be waited for is masked as it arrives.
func TestALargeRowOfCopyStreams(t *testing.T) {
	limits := session.DefaultLimits
	limits.Message = 1 << 12
	b := copyingOut(t, limits, "text")
	b.client(query("masked"))
	b.server(copyOutResponse(0, 3))
	long := strings.Repeat("x", 100_000)
	row := data(long + "\tsecret\t" + long + "\n")
	for len(row) > 0 {
		n := min(1000, len(row))
		b.server(row[:n])
		row = row[n:]
		if b.ServerWant() > limits.Message {
			t.Fatal("the session waits for all of it")
		}
	}
	b.server(join(copyDone(), complete("COPY 1"), readyForQuery('I')))
	var got strings.Builder
	frames(t, b.TakeClient(nil), func(typ byte, body []byte) string {
		if typ == wire.CopyData {
			got.Write(body)
		}
		return ""
	})
	if got.String() != long+"\t******\t"+long+"\n" {
		t.Errorf("got %d bytes", got.Len())
	}

	b = copyingOut(t, limits, "text")
	b.client(query("masked"))
	b.server(join(copyOutResponse(0, 3), data("1\t"+long+"\tx\n")))
	if d := b.Reason(); !b.Ended() || d.Code != "54000" {
		t.Errorf("a masked value beyond the bound: %v", d)
	}
	if got := string(b.TakeClient(nil)); strings.Contains(got, "xxx") {
		t.Error("a part of it came through")
	}
}

func TestCopyThatIsNotAsJudgedEndsTheSession(t *testing.T) {
	for _, c := range []struct {
		name, format string
		reply        []byte
	}{
		{"another number of columns", "text", join(copyOutResponse(0, 2), data("1\tsecret\n"))},
		{"another format", "text", join(copyOutResponse(1, 3), data("1\tsecret\tx\n"))},
		{"text for binary", "binary", join(copyOutResponse(0, 3), data("1\tsecret\tx\n"))},
		{"a column less in a row", "text", join(copyOutResponse(0, 3), data("1\tsecret\n"))},
		{"a column more in a row", "text", join(copyOutResponse(0, 3), data("1\tx\ty\tsecret\n"))},
		{"half a row at the end", "text", join(copyOutResponse(0, 3), data("1\tsecret"), copyDone())},
		{"rows before the beginning", "text", row("1", "secret", "x")},
		{"binary without a signature", "binary", join(copyOutResponse(1, 3), data("\x00\x03secret"))},
		{"binary that breaks off", "binary", join(copyOutResponse(1, 3), data("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00"), copyDone())},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := copyingOut(t, session.DefaultLimits, c.format)
			b.client(query("masked"))
			b.server(c.reply)
			if !b.Ended() || b.Reason() == nil {
				t.Fatal("the session goes on")
			}
			out := b.TakeClient(nil)
			if strings.Contains(string(out), "secret") {
				t.Errorf("got %q", out)
			}
			if got := showData(t, out); !strings.HasSuffix(got, "E") {
				t.Errorf("the client is told nothing: %s", got)
			}
		})
	}
	t.Run("which the judge does not know", func(t *testing.T) {
		b := newBench(t)
		b.client(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
		b.judge.masks = map[int16]session.Cell{2: stars{}}
		b.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: copier{judge: b.judge, err: errors.New("nobody knows")}, Recorder: b.recorder}, nil)
		b.client(query("copy"))
		b.server(copyOutResponse(0, 3))
		if !b.Ended() {
			t.Error("the session goes on")
		}
	})
}

// An error in the middle of a COPY ends the statement, and the next one begins anew.
func TestAnErrorInTheMiddleOfACopy(t *testing.T) {
	b := copyingOut(t, session.DefaultLimits, "text")
	b.client(query("masked"))
	b.server(join(copyOutResponse(0, 3), data("1\tab\tx\n"), data("2\tsec"), serverError("22012"), readyForQuery('I')))
	b.client(query("masked"))
	b.server(join(copyOutResponse(0, 3), data("1\tab\tx\n"), copyDone(), complete("COPY 1"), readyForQuery('I')))
	if got := showData(t, b.TakeClient(nil)); got != `H d:"1\t**\tx\n" d:"2\t" E Z H d:"1\t**\tx\n" c C Z` {
		t.Errorf("got %s", got)
	}
}

// FuzzCopyOut sends arbitrary data of a COPY, whole and cut.
func FuzzCopyOut(f *testing.F) {
	f.Add([]byte("1\tsecret\tx\n"), false, 3)
	f.Add([]byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03"), true, 7)
	f.Fuzz(func(t *testing.T, in []byte, bin bool, cut int) {
		format, number := "text", byte(0)
		if bin {
			format, number = "binary", 1
		}
		reply := join(copyOutResponse(number, 3), data(string(in)), copyDone(), complete("COPY 1"), readyForQuery('I'))
		run := func(cut int) (string, bool) {
			b := copyingOut(t, session.DefaultLimits, format)
			b.client(query("masked"))
			b.server(reply[:cut])
			b.server(reply[cut:])
			return showData(t, b.TakeClient(nil)), b.Ended()
		}
		whole, ended := run(0)
		got, over := run(max(0, cut) % len(reply))
		if whole != got || ended != over {
			t.Fatalf("cut at %d: %s, whole: %s", cut, got, whole)
		}
	})
}
