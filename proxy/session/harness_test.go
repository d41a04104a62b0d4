package session_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// judge is a Judge whose decisions the test writes: by the beginning of a text.
type judge struct {
	decisions map[string]*session.Decision
	later     map[string]bool // these are not at hand and must be asked for
	masks     map[int16]session.Cell
	observes  bool
	stale     bool // no decision stands for longer than it takes to make
}

func (j *judge) find(text string) *session.Decision {
	for prefix, d := range j.decisions {
		if strings.HasPrefix(text, prefix) {
			c := *d
			c.Text = text
			return &c
		}
	}
	return &session.Decision{Text: text, Action: "Allow", Statements: make([]session.Plan, 1+strings.Count(text, ";"))}
}

func (j *judge) Decide(text []byte, _ *session.State) (*session.Decision, bool) {
	if j.later[string(text)] {
		return nil, false
	}
	return j.find(string(text)), true
}

func (j *judge) Current(*session.Decision, uint64) bool { return !j.stale }
func (j *judge) Observes() bool                         { return j.observes }
func (j *judge) Outdated() bool                         { return j.stale }
func (j *judge) LetGo()                                 {}
func (j *judge) Masks() bool                            { return j.masks != nil }

func (j *judge) Row(_ *session.Decision, _ int, fields []wire.Field) (*session.RowMask, error) {
	m := &session.RowMask{Cells: make([]session.Cell, len(fields))}
	found := false
	for i, f := range fields {
		if c := j.masks[f.Column]; c != nil && f.TableOID != 0 {
			m.Cells[i], found = c, true
			m.Columns = append(m.Columns, f.Name)
		}
	}
	if !found {
		return nil, nil
	}
	return m, nil
}

// stars masks a value with as many stars.
type stars struct{}

func (stars) Mask(dst, value []byte) ([]byte, bool) {
	return append(dst, bytes.Repeat([]byte{'*'}, len(value))...), false
}

// recorder keeps what was recorded as lines.
type recorder struct {
	lines []string
	fail  error
	n     uint64
}

func (r *recorder) Begin(b *session.Begin) (uint64, error) {
	if r.fail != nil {
		return 0, r.fail
	}
	r.n++
	text := string(b.Text)
	if b.Decision != nil {
		text = b.Decision.Text
	}
	r.lines = append(r.lines, fmt.Sprintf("begin %d %s", r.n, text))
	return r.n, nil
}

func (r *recorder) End(id uint64, e *session.End) {
	how := e.Tag
	if e.Error != nil {
		how = e.Error.Code
	}
	if e.Skipped {
		how = "skipped"
	}
	r.lines = append(r.lines, fmt.Sprintf("end %d %s rows=%d", id, how, e.Rows))
}

func (r *recorder) Denied(b *session.Begin, d *diagnostic.Diagnostic) {
	text := string(b.Text)
	if b.Decision != nil {
		text = b.Decision.Text
	}
	r.lines = append(r.lines, "denied "+text+" "+d.Code)
}

func (r *recorder) Sample() int { return 0 }

// bench is a session between a scripted client and a scripted server.
type bench struct {
	t *testing.T
	*session.Session
	judge    *judge
	recorder *recorder
	held     []byte // client bytes not taken yet
	heldS    []byte
}

func newBench(t *testing.T) *bench {
	t.Helper()
	n := byte(0)
	b := &bench{t: t, judge: &judge{}, recorder: &recorder{}}
	b.Session = session.New(session.Config{
		OfferTLS: true,
		Secret:   func(int) []byte { n++; return []byte{n} },
	})
	return b
}

// started is a bench whose session is ready for queries.
func started(t *testing.T) *bench {
	b := newBench(t)
	b.client(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}, {Name: "database", Value: "d"}}))
	if _, ok := b.Question().(*session.Connect); !ok {
		t.Fatalf("after the start-up packet: question %T", b.Question())
	}
	b.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: b.judge, Recorder: b.recorder}, nil)
	b.expectClient("R K Z:I")
	return b
}

func (b *bench) client(p []byte) {
	b.held = append(b.held, p...)
	n := b.FromClient(b.held)
	b.held = b.held[n:]
}

func (b *bench) server(p []byte) {
	b.heldS = append(b.heldS, p...)
	n := b.FromServer(b.heldS)
	b.heldS = b.heldS[n:]
	b.client(nil)
}

// expectClient checks what the client got, as show writes it.
func (b *bench) expectClient(want string) {
	b.t.Helper()
	if got := show(b.t, b.TakeClient(nil)); got != want {
		b.t.Fatalf("the client got\n\t%s\nwant\n\t%s", got, want)
	}
}

func (b *bench) expectServer(want string) {
	b.t.Helper()
	if got := showClient(b.t, b.TakeServer(nil)); got != want {
		b.t.Fatalf("the server got\n\t%s\nwant\n\t%s", got, want)
	}
}

func (b *bench) expectRecords(want ...string) {
	b.t.Helper()
	if got := strings.Join(b.recorder.lines, "\n"); got != strings.Join(want, "\n") {
		b.t.Fatalf("recorded\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// show writes server messages as their type, with what matters of some.
func show(t *testing.T, p []byte) string {
	return frames(t, p, func(typ byte, body []byte) string {
		switch typ {
		case wire.ReadyForQuery:
			return "Z:" + string(body)
		case wire.ErrorResponse, wire.NoticeResponse:
			d, err := diagnostic.Read(body)
			if err != nil {
				t.Fatal(err)
			}
			return string(typ) + ":" + d.Code + ":" + d.Message
		case wire.CommandComplete:
			return "C:" + strings.TrimRight(string(body), "\x00")
		case wire.DataRow:
			r := wire.NewReader(body)
			var v []string
			for range r.Int16() {
				x, _ := r.Value()
				v = append(v, string(x))
			}
			return "D:" + strings.Join(v, ",")
		}
		return string(typ)
	})
}

// showClient writes client messages with their names and texts.
func showClient(t *testing.T, p []byte) string {
	return frames(t, p, func(typ byte, body []byte) string {
		s := strings.Trim(strings.ReplaceAll(string(body), "\x00", "/"), "/")
		switch typ {
		case wire.Sync, wire.Flush, wire.Terminate, wire.CopyDone:
			return string(typ)
		case wire.FunctionCall:
			return fmt.Sprintf("F:%d", binary.BigEndian.Uint32(body))
		}
		return string(typ) + ":" + s
	})
}

func frames(t *testing.T, p []byte, f func(byte, []byte) string) string {
	t.Helper()
	var out []string
	for len(p) > 0 {
		h, ok, err := wire.ReadHeader(p)
		if err != nil || !ok || len(p) < h.Size {
			t.Fatalf("not whole frames: %q", p)
		}
		out = append(out, f(h.Type, p[wire.HeaderSize:h.Size]))
		p = p[h.Size:]
	}
	return strings.Join(out, " ")
}

// Messages.

func frame(typ byte, body string) []byte {
	p, at := wire.Begin(nil, typ)
	return wire.End(append(p, body...), at)
}

func query(text string) []byte        { return wire.AppendQuery(nil, text) }
func parse(name, text string) []byte  { return frame('P', name+"\x00"+text+"\x00\x00\x00") }
func bind(portal, stmt string) []byte { return wire.AppendBind(nil, portal, stmt) }

// call is a FunctionCall with values in binary.
func call(oid uint32, values ...string) []byte {
	p, at := wire.Begin(nil, wire.FunctionCall)
	p = binary.BigEndian.AppendUint32(p, oid)
	p = append(p, 0, 1, 0, 1)
	p = binary.BigEndian.AppendUint16(p, uint16(len(values)))
	for _, v := range values {
		p = binary.BigEndian.AppendUint32(p, uint32(len(v)))
		p = append(p, v...)
	}
	return wire.End(append(p, 0, 1), at)
}

func execute(portal string) []byte      { return frame('E', portal+"\x00\x00\x00\x00\x00") }
func closeStatement(name string) []byte { return frame('C', "S"+name+"\x00") }
func sync() []byte                      { return wire.AppendEmpty(nil, 'S') }
func flush() []byte                     { return wire.AppendEmpty(nil, 'H') }

func readyForQuery(tx byte) []byte { return wire.AppendReadyForQuery(nil, tx) }
func complete(tag string) []byte   { return frame('C', tag+"\x00") }
func parseComplete() []byte        { return frame('1', "") }
func bindComplete() []byte         { return frame('2', "") }
func serverError(code string) []byte {
	return (&diagnostic.Diagnostic{Severity: diagnostic.Error, Code: code, Message: "server says " + code}).Append(nil)
}

func row(values ...string) []byte {
	p, at := wire.Begin(nil, wire.DataRow)
	p = binary.BigEndian.AppendUint16(p, uint16(len(values)))
	for _, v := range values {
		p = binary.BigEndian.AppendUint32(p, uint32(len(v)))
		p = append(p, v...)
	}
	return wire.End(p, at)
}

// description describes columns as number n of table 100, or of none for 0.
func description(columns ...int16) []byte {
	p, at := wire.Begin(nil, wire.RowDescription)
	p = binary.BigEndian.AppendUint16(p, uint16(len(columns)))
	for _, c := range columns {
		p = append(p, fmt.Sprintf("c%d\x00", c)...)
		table := uint32(100)
		if c == 0 {
			table = 0
		}
		p = binary.BigEndian.AppendUint32(p, table)
		p = binary.BigEndian.AppendUint16(p, uint16(c))
		p = binary.BigEndian.AppendUint32(p, 25)
		p = append(p, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0)
	}
	return wire.End(p, at)
}

func join(p ...[]byte) []byte { return bytes.Join(p, nil) }

var denial = &diagnostic.Diagnostic{Severity: diagnostic.Error, Code: "42501", Message: "refused"}

var errJournal = errors.New("no room")

var fatal = diagnostic.Diagnostic{Severity: diagnostic.Fatal, Code: "57P01", Message: "terminating connection"}
