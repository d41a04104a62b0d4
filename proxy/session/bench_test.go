package session_test

import (
	"testing"

	"github.com/weirgate/weir/policy/copydata"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// quiet is a judge and a recorder that cost nothing.
type quiet struct{ d *session.Decision }

func (q quiet) Decide([]byte, *session.State) (*session.Decision, bool)          { return q.d, true }
func (quiet) Current(*session.Decision, uint64) bool                             { return true }
func (quiet) Row(*session.Decision, int, []wire.Field) (*session.RowMask, error) { return nil, nil }
func (quiet) Observes() bool                                                     { return false }
func (quiet) Outdated() bool                                                     { return false }
func (quiet) LetGo()                                                             {}
func (quiet) Masks() bool                                                        { return false }
func (quiet) Begin(*session.Begin) (uint64, error)                               { return 1, nil }
func (quiet) End(uint64, *session.End)                                           {}
func (quiet) Denied(*session.Begin, *diagnostic.Diagnostic)                      {}
func (quiet) Sample() int                                                        { return 0 }

func quietSession(tb testing.TB) *session.Session {
	s := session.New(session.Config{Secret: func(n int) []byte { return make([]byte, n) }})
	s.FromClient(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
	q := quiet{&session.Decision{Text: "select", Action: "Allow", Statements: make([]session.Plan, 1)}}
	s.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: q, Recorder: q}, nil)
	if !s.Started() {
		tb.Fatal("not started")
	}
	return s
}

func exchange(b *testing.B, ask, answer []byte) {
	s := quietSession(b)
	var c, v []byte
	b.SetBytes(int64(len(ask) + len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		if s.FromClient(ask) != len(ask) || s.FromServer(answer) != len(answer) {
			b.Fatal("not taken")
		}
		c, v = s.TakeClient(c), s.TakeServer(v)
	}
}

func BenchmarkQuery(b *testing.B) {
	exchange(b, query("select abalance from pgbench_accounts where aid = 1"),
		join(description(1), row("17"), complete("SELECT 1"), readyForQuery('I')))
}

func BenchmarkExecute(b *testing.B) {
	s := quietSession(b)
	parsed := join(parse("p", "select"), sync())
	s.FromClient(parsed)
	s.FromServer(join(parseComplete(), readyForQuery('I')))
	ask := join(bind("", "p"), frame('D', "P\x00"), execute(""), sync())
	answer := join(bindComplete(), description(1), row("17"), complete("SELECT 1"), readyForQuery('I'))
	var c, v []byte
	b.ReportAllocs()
	for b.Loop() {
		if s.FromClient(ask) != len(ask) || s.FromServer(answer) != len(answer) {
			b.Fatal("not taken")
		}
		c, v = s.TakeClient(c), s.TakeServer(v)
	}
}

// BenchmarkRows relays a result of 1,000 rows; an operation is one result.
func BenchmarkRows(b *testing.B) {
	answer := description(1, 2)
	for range 1000 {
		answer = append(answer, row("value of one", "value of two")...)
	}
	exchange(b, query("select"), join(answer, complete("SELECT 1000"), readyForQuery('I')))
}

// initials keeps the first letter of a value.
type initials struct{}

func (initials) Mask(dst, value []byte) ([]byte, bool) {
	return append(append(dst, value[:min(1, len(value))]...), "****"...), false
}

// maskingCopy is a judge that masks a column of COPY and costs nothing.
type maskingCopy struct {
	quiet
	mask *session.CopyMask
}

func (maskingCopy) Masks() bool { return true }
func (m maskingCopy) Copy(*session.Decision, int, int, bool) (*session.CopyMask, error) {
	return m.mask, nil
}

// BenchmarkCopy sends the data of a COPY of 1,000 rows; an operation is one COPY.
func BenchmarkCopy(b *testing.B) {
	for name, cell := range map[string]copydata.Cell{"passing": nil, "masked": initials{}} {
		b.Run(name, func(b *testing.B) {
			s := session.New(session.Config{Secret: func(n int) []byte { return make([]byte, n) }})
			s.FromClient(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
			m := maskingCopy{quiet: quiet{&session.Decision{Text: "copy", Action: "Allow", Statements: make([]session.Plan, 1)}}}
			if cell != nil {
				f, err := copydata.FormatOf(&statement.Copy{Format: "text"})
				if err != nil {
					b.Fatal(err)
				}
				m.mask = &session.CopyMask{Format: f, Cells: []copydata.Cell{nil, cell, nil}, Names: make([]string, 3)}
			}
			s.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: m, Recorder: m}, nil)
			answer := copyOutResponse(0, 3)
			for range 1000 {
				answer = append(answer, data("1234567\tada.quill@example.com\tsome other value\n")...)
			}
			answer = join(answer, copyDone(), complete("COPY 1000"), readyForQuery('I'))
			ask := query("copy")
			var c, v []byte
			b.SetBytes(int64(len(answer)))
			b.ReportAllocs()
			for b.Loop() {
				if s.FromClient(ask) != len(ask) || s.FromServer(answer) != len(answer) {
					b.Fatal("not taken")
				}
				c, v = s.TakeClient(c), s.TakeServer(v)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
		})
	}
}
