package session_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// A session is bounded whatever either side sends: see the package's documentation.

// bounded is a started session with limits.
func bounded(t *testing.T, limits session.Limits) *bench {
	t.Helper()
	b := &bench{t: t, judge: &judge{}, recorder: &recorder{}}
	n := 0
	b.Session = session.New(session.Config{Limits: limits,
		Secret: func(int) []byte { n++; return []byte{byte(n >> 16), byte(n >> 8), byte(n)} }})
	b.client(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
	b.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: b.judge, Recorder: b.recorder}, nil)
	b.TakeClient(nil)
	return b
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What a client sends to a server that swallows all of it and never answers is
// kept until its replies have come, up to a bound.
func TestAServerThatNeverAnswersDoesNotMakeASessionGrow(t *testing.T) {
	text := strings.Repeat("x", 100<<10)
	for name, message := range map[string]func(int) []byte{
		"Queries":                 func(i int) []byte { return query(fmt.Sprint("select ", i, text)) },
		"Parses of one name":      func(i int) []byte { return parse("", fmt.Sprint("select ", i, text)) },
		"Parses of many names":    func(i int) []byte { return parse(fmt.Sprint("s", i), fmt.Sprint("select ", i, text)) },
		"Binds of one name":       func(i int) []byte { return bindOf("", "s", 60<<10) },
		"Binds of many names":     func(i int) []byte { return bindOf(fmt.Sprint("p", i), "s", 60<<10) },
		"refused Queries":         func(i int) []byte { return query(fmt.Sprint("drop ", i, text)) },
		"refused Parses":          func(i int) []byte { return parse("", fmt.Sprint("drop ", i, text)) },
		"Executes of many":        func(i int) []byte { return execute(fmt.Sprint("c", i)) },
		"Syncs":                   func(int) []byte { return sync() },
		"Closes of many names":    func(i int) []byte { return closeStatement(fmt.Sprint("s", i, strings.Repeat("n", 40))) },
		"calls of a function":     func(int) []byte { return call(964, "\x00\x00\x00\x07") },
		"a COPY that never ends":  func(i int) []byte { return data(text) },
		"Terminates":              func(int) []byte { return terminate() },
		"messages after an error": func(i int) []byte { return execute(fmt.Sprint(i)) },
	} {
		t.Run(name, func(t *testing.T) {
			limits := session.Limits{Statement: 1 << 20, Message: 1 << 20, Prepared: 10000, Replies: 1 << 14, Memory: 4 << 20}
			b := bounded(t, limits)
			b.judge.decisions = map[string]*session.Decision{"drop": {Action: "Deny", Denial: denial},
				"select 1": {Action: "Allow", RecordParameters: true, Statements: make([]session.Plan, 1)}}
			b.client(join(parse("s", "select 1"), sync()))
			b.server(join(parseComplete(), readyForQuery('T')))
			switch name {
			case "a COPY that never ends":
				b.client(query("copy t from stdin"))
				b.server(copyIn)
			case "messages after an error":
				b.client(join(bind("", "nosuch"), flush()))
				b.server(serverError("26000"))
			}
			before, passed := heap(), 0
			var out []byte
			for i := 0; i < 20000 && len(b.held) == 0; i++ {
				b.recorder.lines = nil // the test's own
				m := message(i)
				b.client(m)
				out = b.TakeServer(out)
				if passed += len(m); passed > 64<<20 {
					break
				}
			}
			b.held = nil
			// Texts and values are held up to Memory twice: what stands for names,
			// and what awaits its reply. An expectation takes some 300 bytes.
			if grown := heap() - before; grown > int64(2*limits.Memory+limits.Replies*600) {
				t.Errorf("%d KB are held after %d KB", grown>>10, passed>>10)
			}
			runtime.KeepAlive(b)
		})
	}
}

// What a server sends is held only as far as it has to be looked at whole.
func TestAServerDoesNotMakeASessionGrow(t *testing.T) {
	large := string(make([]byte, 8<<20))
	header := func(typ byte, size uint32) []byte {
		return []byte{typ, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
	}
	for name, p := range map[string][]byte{
		"a header that asks for a gigabyte":       header('T', 0x3fffffff),
		"a CommandComplete of 8 MB":               frame('C', large),
		"an error of 8 MB":                        frame('E', large),
		"a notice of 8 MB":                        frame('N', large),
		"a notification of 8 MB":                  frame('A', large),
		"a ParameterStatus of 8 MB":               frame('S', large),
		"a row of 65,535 columns in seven bytes":  frame('D', "\xff\xff"),
		"a row with a negative length":            frame('D', "\x00\x01\x80\x00\x00\x00"),
		"a row without a body":                    frame('D', ""),
		"a row with a length past its end":        frame('D', "\x00\x01\x00\x00\xff\xff"),
		"a CommandComplete without an end":        frame('C', "SELECT 1"),
		"an empty CommandComplete":                frame('C', ""),
		"a short NotificationResponse":            frame('A', "\x00"),
		"a NotificationResponse without an end":   frame('A', "\x00\x00\x00\x00a"),
		"a RowDescription of 65,535 columns":      frame('T', "\xff\xff"),
		"a ParameterDescription in a result":      frame('t', "\xff\xff"),
		"an Authentication request in a session":  frame('R', "\x00\x00\x00\x00"),
		"a BackendKeyData in a session":           frame('K', "\x00\x00\x00\x00\x00\x00\x00\x00"),
		"a length of three":                       header('Z', 3),
		"a negative length":                       header('Z', 0xffffffff),
		"a ReadyForQuery without a state":         frame('Z', ""),
		"a ReadyForQuery with a state of no kind": frame('Z', "X"),
		"CopyBoth":                               frame('W', "\x00\x00\x00"),
		"the result of a function":               functionResult("x"),
		"COPY data that nobody asked for, later": join(complete("SELECT"), readyForQuery('I'), data("x")),
		"a second ReadyForQuery":                 join(complete("SELECT"), readyForQuery('I'), readyForQuery('I')),
		"an unknown message":                     frame('!', ""),
	} {
		t.Run(name, func(t *testing.T) {
			b := bounded(t, session.Limits{})
			b.client(query("select"))
			before := heap()
			b.server(p)
			b.heldS = nil
			if !b.Ended() {
				t.Fatalf("the session goes on, wanting %d bytes", b.ServerWant())
			}
			got := show(t, b.TakeClient(nil))
			if !strings.Contains(got, "E:08006:") {
				t.Fatalf("the client got %s", got)
			}
			if grown := heap() - before; grown > 1<<20 {
				t.Errorf("%d KB are held", grown>>10)
			}
			if last := b.recorder.lines[len(b.recorder.lines)-1]; !strings.HasPrefix(last, "end 1 ") {
				t.Errorf("recorded %q", b.recorder.lines)
			}
		})
	}
}

// And what a client sends: a clear error, and the session has ended.
func TestAClientDoesNotMakeASessionGrow(t *testing.T) {
	header := func(typ byte, size uint32) []byte {
		return []byte{typ, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
	}
	for name, p := range map[string][]byte{
		"an empty Query":                     frame('Q', ""),
		"a Query without an end":             frame('Q', "select"),
		"a Query with a NUL":                 frame('Q', "select\x00; drop\x00"),
		"a header that asks for a gigabyte":  header('D', 0x3fffffff),
		"a length of three":                  header('Q', 3),
		"a length past the protocol's":       header('Q', 0x7fffffff),
		"a Describe of 1 MB":                 header('D', 1<<20),
		"an Execute of 1 MB":                 header('E', 1<<20),
		"an empty Bind":                      frame('B', ""),
		"a Bind without a statement":         frame('B', "\x00"),
		"a Bind without values":              frame('B', "\x00\x00"),
		"a Bind of 65,535 formats":           frame('B', "\x00\x00\xff\xff"),
		"a Bind of 65,535 values":            frame('B', "\x00\x00\x00\x00\xff\xff"),
		"a Bind with a negative length":      frame('B', "\x00\x00\x00\x00\x00\x01\x80\x00\x00\x00\x00\x00"),
		"an empty FunctionCall":              frame('F', ""),
		"a FunctionCall of 65,535 values":    frame('F', "\x00\x00\x03\xc4\x00\x00\xff\xff\x00\x00"),
		"an empty Parse":                     frame('P', ""),
		"a Parse of 65,535 types":            frame('P', "\x00select\x00\xff\xff"),
		"an empty Describe":                  frame('D', ""),
		"a Describe of neither":              frame('D', "X\x00"),
		"an empty Close":                     frame('C', ""),
		"an empty Execute":                   frame('E', ""),
		"a Sync with a body":                 frame('S', "x"),
		"a Flush with a body":                frame('H', "x"),
		"a SASLInitialResponse in a session": frame('p', "SCRAM-SHA-256\x00\x7f\xff\xff\xff"),
		"an unknown message":                 frame('z', ""),
	} {
		t.Run(name, func(t *testing.T) {
			b := bounded(t, session.Limits{})
			before := heap()
			b.client(p)
			b.held = nil
			got := show(t, b.TakeClient(nil))
			if !b.Ended() || !strings.HasPrefix(got, "E:08P01:") {
				t.Fatalf("ended %v, the client got %s", b.Ended(), got)
			}
			if grown := heap() - before; grown > 1<<20 {
				t.Errorf("%d KB are held", grown>>10)
			}
			b.expectServer("")
		})
	}
	t.Run("a broken CopyFail", func(t *testing.T) {
		b := bounded(t, session.Limits{})
		b.client(query("copy t from stdin"))
		b.server(copyIn)
		b.TakeServer(nil)
		b.TakeClient(nil)
		b.client(frame('f', "no end"))
		if got := show(t, b.TakeClient(nil)); !b.Ended() || !strings.HasPrefix(got, "E:08P01:") {
			t.Fatalf("ended %v, the client got %s", b.Ended(), got)
		}
		b.expectServer("")
	})
}
