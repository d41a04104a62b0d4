package session_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// begun is one record.
type begun struct {
	text, approval string
	run            *run
	ended          bool
	unsure         bool // another one has the same text
}

// model is a session between arbitrary clients and the small PostgreSQL, with an
// oracle that checks what is executed against what was decided and recorded.
type model struct {
	t testing.TB
	*session.Session
	pg       *postgres
	judge    *modelJudge
	client   []byte // sent, not delivered
	held     []byte
	heldS    []byte
	got      []byte // what the client got
	begins   []*begun
	approved map[string]string // id to text
	used     map[string]*begun
	question session.Question
	answer   *session.Decision
	log      []string
}

func newModel(t testing.TB, limits session.Limits) *model {
	m := &model{t: t, pg: newPostgres(), judge: &modelJudge{}, approved: map[string]string{}, used: map[string]*begun{}}
	n := 0
	m.Session = session.New(session.Config{Limits: limits, Secret: func(int) []byte { n++; return []byte{byte(n >> 8), byte(n)} }})
	m.FromClient(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
	m.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: m.judge, Recorder: m}, nil)
	m.TakeClient(nil)
	m.pg.executed = m.executed
	return m
}

func (m *model) failf(format string, a ...any) {
	m.t.Helper()
	m.t.Fatalf("%s\n%s", fmt.Sprintf(format, a...), strings.Join(m.log, "\n"))
}

func (m *model) note(format string, a ...any) { m.log = append(m.log, fmt.Sprintf(format, a...)) }

// executed is the oracle.
func (m *model) executed(text string, r *run, st sentence) {
	m.note("  executes %q: %v", text, st)
	if strings.HasPrefix(st.name, "weir_refused_") || (r != nil && r.done) {
		return // a portal that has run to its end gives nothing more
	}
	if st.verb == "function" || st.verb == "bad" {
		m.failf("executed: %s", st.verb)
	}
	if st.verb == "intx" && m.pg.tx != 'T' {
		m.failf("executed outside of a transaction: %s", text)
	}
	var b *begun
	for _, one := range m.begins {
		if one.run == r && !one.ended {
			b = one
		}
	}
	for _, one := range m.begins {
		if one.run != nil || one.ended || one.text != text {
			continue
		}
		if b == nil {
			b = one
			one.run = r
			continue
		}
		if b.run == r && b.text == text {
			b.unsure, one.unsure = true, true
		}
	}
	if b == nil {
		m.failf("executed without a record: %q", text)
		return
	}
	if st.verb != "del" {
		return
	}
	if b.approval == "" || m.approved[b.approval] != text {
		m.failf("executed without its approval: %q (%q)", text, b.approval)
	}
	if other := m.used[b.approval]; other != nil && other != b {
		m.failf("approval %s was used twice", b.approval)
	}
	m.used[b.approval] = b
}

// The Recorder.

func (m *model) Begin(b *session.Begin) (uint64, error) {
	if b.Decision == nil || b.Decision.Denial != nil {
		m.failf("a record of an undecided or refused statement: %+v", b.Decision)
	}
	m.begins = append(m.begins, &begun{text: b.Decision.Text, approval: b.Approval})
	m.note("  begin %d %q", len(m.begins), b.Decision.Text)
	return uint64(len(m.begins)), nil
}

func (m *model) End(id uint64, e *session.End) {
	b := m.begins[id-1]
	m.note("  end %d tag=%q rows=%d skipped=%v error=%v", id, e.Tag, e.Rows, e.Skipped, e.Error)
	if b.ended {
		m.failf("record %d ended twice", id)
	}
	if e.Skipped && b.run != nil && !b.unsure {
		m.failf("record %d says skipped, and it was executed", id)
	}
	b.ended = true
}

func (m *model) Denied(*session.Begin, *diagnostic.Diagnostic) {}
func (m *model) Sample() int                                   { return 0 }

// exchange moves what the session gives.
func (m *model) exchange() {
	to := m.TakeServer(nil)
	if len(to) > 0 {
		m.note("  to server %q", to)
	}
	m.pg.in = append(m.pg.in, to...)
	m.got = append(m.got, m.TakeClient(nil)...)
	if bytes.Contains(m.got, []byte(secret)) {
		m.failf("the client got a masked value: %q", m.got)
	}
}

func (m *model) deliver(n int) {
	n = min(n, len(m.client))
	m.held = append(m.held, m.client[:n]...)
	m.client = m.client[n:]
	took := m.FromClient(m.held)
	m.held = m.held[took:]
	m.exchange()
	m.look()
}

// look notes a new question, and what would be answered to it now.
func (m *model) look() {
	if q := m.Question(); q != m.question {
		m.question = q
		if d, ok := q.(*session.Decide); ok {
			state := m.State()
			m.answer = m.judge.decision(string(d.Text), &state)
		}
	}
}

func (m *model) reply(yes bool) {
	m.look()
	switch q := m.question.(type) {
	case *session.Decide:
		m.note("  decided %q", m.answer.Text)
		m.AnswerDecide(m.answer)
	case *session.Approve:
		id := ""
		refusal := denial
		if yes {
			id, refusal = fmt.Sprint("approval", len(m.approved)), nil
			m.approved[id] = q.Decision.Text
		}
		m.note("  approval of %q: %q", q.Decision.Text, id)
		m.AnswerApprove(id, refusal)
	default:
		return
	}
	m.question = nil
	m.deliver(0)
}

func (m *model) serve(n int) {
	for range n {
		if !m.pg.step() {
			return
		}
	}
}

func (m *model) receive(n int) {
	n = min(n, len(m.pg.sent))
	m.heldS = append(m.heldS, m.pg.sent[:n]...)
	m.pg.sent = m.pg.sent[n:]
	took := m.FromServer(m.heldS)
	m.heldS = m.heldS[took:]
	m.exchange()
}

// settle lets all happen that can.
func (m *model) settle() {
	for n, last := 0, ""; ; n++ {
		if n > 10000 {
			m.failf("never comes to rest")
		}
		m.deliver(len(m.client))
		for n := 0; m.Question() != nil; n++ {
			if n > 10000 {
				m.failf("asks for ever: %#v", m.Question())
			}
			m.reply(true)
		}
		m.serve(1000)
		m.receive(len(m.pg.sent))
		m.deliver(0)
		now := fmt.Sprint(len(m.held), len(m.heldS), len(m.pg.in), len(m.got), m.Question() != nil, m.pg.dead)
		if now == last {
			return
		}
		last = now
	}
}

// finish ends the session in an orderly way and checks that nothing is left over.
func (m *model) finish() {
	m.settle()
	// A Parse that may begin a batch to be held waits for what comes behind it.
	if !m.Ended() && len(m.held) > 0 && m.ClientWant() <= len(m.held) {
		m.failf("hangs with %q of the client not taken", m.held)
	}
	for _, message := range [][]byte{copyDone(), sync(), query("rollback")} {
		m.note("finish %q", message)
		m.client = append(m.client, message...)
		m.settle()
	}
	if m.pg.dead && !m.Ended() {
		m.Session.End(diagnostic.ServerLost(nil))
	}
	if !m.Ended() && !m.Idle() {
		m.failf("not idle at the end")
	}
	if m.Ended() && m.Reason() != nil && m.Reason().Code == diagnostic.ConnectionFailure && !m.pg.dead {
		m.failf("lost the server: %v", m.Reason())
	}
	m.Leave()
	for i, b := range m.begins {
		if !b.ended {
			m.failf("record %d has no end", i+1)
		}
	}
	wholeFrames(m)
}

// wholeFrames checks that the client got whole frames.
func wholeFrames(m *model) {
	p := m.got
	for len(p) > 0 {
		h, ok, err := wire.ReadHeader(p)
		if err != nil || !ok || len(p) < h.Size {
			m.failf("the client got a broken frame: %q", p)
		}
		p = p[h.Size:]
	}
}

var longName = strings.Repeat("n", 63)

var modelNames = []string{"", "a", "b", longName, longName + "1", longName + "2"}

var modelTexts = []string{
	"sel 1", "many 2", "sec 3", "exp 4", "ins 5", "del 6", "del 7", "bad 8", "err", "errsec", "begin", "commit", "rollback",
	"savepoint", "rollbackto", "prepare a sel 1", "prepare a exp 9", "prepare b sec 3", "prepare a del 6", "prepare b intx 1",
	"execute a", "execute b", "deallocate a", "deallocate all", "discard", "declare a many 2", "declare a sec 3",
	"declare b sel 1", "fetch a", "fetch b", "close a", "close all", "copyin", "copyout", "set", "intx 8", "deferr", "",
	"sel 1;del 6", "close a;declare a sec 3", "deallocate a;prepare a exp 4;execute a", "commit;begin", "copyin;copyin;sel 1",
	"declare a exp 4", `sel \`, "prepare a bad 1", "begin;declare a sec 3", "ins 1;deferr",
}

// modelMessage makes a message of the client.
func modelMessage(n int, kind, what, which byte) []byte {
	name := modelNames[int(which)%len(modelNames)]
	other := modelNames[int(which/8)%len(modelNames)]
	text := fmt.Sprintf("%s;-- %d", modelTexts[int(what)%len(modelTexts)], n)
	switch kind % 14 {
	case 0, 1:
		return query(text)
	case 2, 3:
		return parse(name, text)
	case 4:
		return bind(other, name)
	case 5:
		return frame('D', string("SP"[what%2])+name+"\x00")
	case 6:
		return frame('E', name+"\x00\x00\x00\x00"+string([]byte{what % 3}))
	case 7:
		return frame('C', string("SP"[what%2])+name+"\x00")
	case 8:
		return sync()
	case 9:
		return flush()
	case 10:
		return []([]byte){data("good"), data("bad"), copyDone(), frame('f', "no\x00")}[what%4]
	case 11:
		return join(parse(name, text), bind(other, name), execute(other), sync())
	case 12:
		return join(bind(other, name), execute(other))
	}
	switch what {
	case 0:
		return wire.AppendEmpty(nil, 'X')
	case 1, 2:
		return frame('F', "\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00")
	case 3, 4, 5, 6:
		return call([]uint32{964, 715, 955, 955}[what-3], "\x00\x00\x00\x07")
	case 7:
		return call(955, "\x00\x00\x00\x07", strings.Repeat("x", 70<<10))
	}
	return join(parse("", text), bind("", ""), execute(""))
}

// play lets the model do what script says.
func (m *model) play(script []byte) {
	next := func() byte {
		if len(script) == 0 {
			return 0
		}
		b := script[0]
		script = script[1:]
		return b
	}
	texts := 0
	for len(script) > 0 && !m.Ended() {
		switch op := next(); op % 12 {
		case 0, 1, 2, 3, 4, 5:
			texts++
			message := modelMessage(texts, next(), next(), next())
			m.note("client %q", message)
			m.client = append(m.client, message...)
		case 6:
			m.deliver(int(next()))
		case 7:
			m.deliver(len(m.client))
		case 8:
			m.serve(1 + int(op/12)%4)
		case 9:
			m.receive(int(next()))
		case 10:
			m.reply(next()%2 == 1)
		case 11:
			if next()%4 == 0 {
				m.judge.ask = !m.judge.ask
				continue
			}
			m.settle()
		}
	}
	m.finish()
}

var smallLimits = session.Limits{Statement: 1 << 10, Message: 1 << 16, Prepared: 4, Replies: 6, Memory: 8 << 10}

func FuzzModel(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		script := make([]byte, 100)
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		limits := session.Limits{}
		if len(script) > 2000 {
			t.Skip("the oracle would take too long")
		}
		if len(script) > 0 && script[0]%4 == 0 {
			limits = smallLimits
		}
		newModel(t, limits).play(script)
	})
}

// What PostgreSQL executes was allowed, is on record and was approved where that
// is needed; what the client gets is masked; nothing hangs.
func TestArbitrarySessionsAgainstASmallPostgreSQL(t *testing.T) {
	runs := 3000
	if testing.Short() {
		runs = 300
	}
	if n, err := strconv.Atoi(os.Getenv("WEIR_TEST_RUNS")); err == nil {
		runs = n
	}
	for seed := range runs {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		script := make([]byte, 20+r.IntN(300))
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		limits := session.Limits{}
		if seed%4 == 0 {
			limits = smallLimits
		}
		newModel(t, limits).play(script)
		if t.Failed() {
			return
		}
	}
}
