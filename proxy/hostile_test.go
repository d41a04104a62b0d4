package proxy_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

// Clients that send whatever they like, many at once, against PostgreSQL: what its
// log says that it ran must be what the journal says that weir let through.

// hostile is a client's random behaviour.
type hostile struct {
	*rand.Rand
	tag  string // in everything that it asks for, and nobody else
	next int
}

// unique ends a text so that no other one is the same.
func (h *hostile) unique(text string) string {
	h.next++
	return fmt.Sprintf("%s /*%s.%d*/", text, h.tag, h.next)
}

func (h *hostile) pick(list ...string) string { return list[h.IntN(len(list))] }

// text is a statement of the kinds that change what is due, what a name stands for
// or the transaction, or that is refused.
func (h *hostile) text() string {
	switch h.IntN(12) {
	case 0:
		return h.unique("drop table d")
	case 1:
		return h.unique("insert into d values (1); drop table d; select 1")
	case 2:
		return h.unique("selec")
	case 3, 4:
		return h.unique("select '" + h.tag + "'")
	case 5:
		return h.unique("select ssn from customers order by id")
	}
	t := differentialTexts[h.IntN(len(differentialTexts))]
	if t == "" {
		t = "select"
	}
	return h.unique(t)
}

// message is one message, or some that belong together; broken says that the
// session does not survive it.
func (h *hostile) message() (p []byte, broken bool) {
	statement, portal := h.pick("", "s", "q"), h.pick("", "p", "c")
	switch h.IntN(26) {
	case 0, 1, 2:
		return wire.AppendQuery(nil, h.text()), false
	case 3, 4:
		return parse(h.pick("", "s"), h.text()), false
	case 5, 6:
		return bind(h.pick("", "p"), statement), false
	case 7:
		return describe("SP"[h.IntN(2)], portal), false
	case 8, 9, 10:
		return execute(portal, uint32(h.IntN(3))), false
	case 11:
		return closes("SP"[h.IntN(2)], h.pick("s", "p", "")), false
	case 12, 13:
		return syncs(), false
	case 14:
		return flushes(), false
	case 15:
		return pipeline(parse("", h.text()), bind("", ""), execute("", uint32(h.IntN(2))), h.oneOf(syncs(), nil, flushes())), false
	case 16: // COPY data where none are due, or that are
		return h.oneOf(frame('d', "5\tfive\n"), frame('d', "x\n"), frame('c', ""), frame('f', "no\x00")), false
	case 17:
		return pipeline(h.oneOf(wire.AppendQuery(nil, h.unique("copy d from stdin")), pipeline(parse("", h.unique("copy d from stdin")), bind("", ""), execute("", 0), syncs())),
			h.oneOf(frame('d', "5\tfive\n"), frame('d', "x\n"), syncs()), h.oneOf(frame('c', ""), frame('f', "no\x00"), frame('d', "6\tsix\n"))), false
	case 18:
		return h.storm(), false
	case 19:
		return call(h.oneOid(), int4(7)), false
	case 20: // more parameters than it has, up to what the count can say
		n := h.oneCount()
		return pipeline(parse("s", h.unique("select $1::text")), frame(wire.Bind, "\x00s\x00\x00\x00"+string(binary.BigEndian.AppendUint16(nil, n))+strings.Repeat("\xff\xff\xff\xff", int(n))+"\x00\x00")), false
	case 21:
		return pipeline(parse("s", h.text()), bind("p", "s"), execute("p", 1), parse("s", h.text()), closes('S', "s"), parse("s", h.text()), bind("p", "s"), execute("p", 0)), false
	case 22:
		return pipeline(bind("", "nosuch"), wire.AppendQuery(nil, h.text()), call(958, int4(1)), parse("", h.text()), h.oneOf(syncs(), nil)), false
	case 23:
		if h.IntN(4) > 0 {
			return wire.AppendQuery(nil, h.text()), false
		}
		return h.broken(), true
	default:
		return pipeline(parse("s", h.unique("select '"+h.tag+"'")), bind("p", "s"), describe('P', "p"), execute("p", 0), syncs()), false
	}
}

func (h *hostile) oneOf(list ...[]byte) []byte { return list[h.IntN(len(list))] }
func (h *hostile) oneOid() uint32              { return []uint32{958, 952, 1, 2000000000, 1574}[h.IntN(5)] }
func (h *hostile) oneCount() uint16            { return []uint16{0, 1, 2, 300, 65535}[h.IntN(5)] }

// storm is one message many times.
func (h *hostile) storm() []byte {
	one := h.oneOf(syncs(), flushes(), frame('c', ""), frame('f', "no\x00"), execute("nosuch", 0), closes('P', "nosuch"), wire.AppendQuery(nil, ";"))
	var p []byte
	for range 1 + h.IntN(300) {
		p = append(p, one...)
	}
	return p
}

// broken is what no client may send.
func (h *hostile) broken() []byte {
	noise := make([]byte, 1+h.IntN(60))
	for i := range noise {
		noise[i] = byte(h.Uint32())
	}
	return h.oneOf(
		frame('p', "late\x00"), frame('p', "SCRAM-SHA-256\x00\x00\x00\x00\x05n,,n="), []byte("Q\x00\x00\x00\x04"), []byte("Q\x00\x00\x00\x00"), []byte("B\x00\x00\x00\x04"),
		[]byte("P\x7f\xff\xff\xff"), []byte("d\x40\x00\x00\x00x"), []byte("X\x00\x00\x00\x03"), frame('F', ""), frame('E', "p"), frame('D', "Xp\x00"), frame('S', "body"),
		frame('H', "body"), frame('B', "\x00s\x00\xff\xff"), frame('P', "s\x00no end"), frame('Q', "a\x00; drop table d\x00"), frame('?', ""), frame('Z', "I"), frame('R', "\x00\x00\x00\x00"),
		noise, append([]byte{'Q', 0, 0, 0, byte(len(noise) + 9)}, noise...), wire.AppendStartup(nil, 3<<16, nil), []byte{0, 0, 0, 8, 4, 210, 22, 47})
}

// script is what a client sends; whole says that it ends with a whole message.
func (h *hostile) script() (p []byte, whole bool) {
	for range 2 + h.IntN(20) {
		m, broken := h.message()
		if p = append(p, m...); broken {
			return p, false
		}
	}
	if h.IntN(8) == 0 {
		m, _ := h.message()
		return append(p, m[:h.IntN(len(m)+1)]...), false // it breaks off
	}
	return p, true
}

// attack runs one client to its end. It gives the pid of its server process.
func (s *site) attack(t *testing.T, h *hostile, url string) (pid uint32) {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Errorf("connecting: %v", err)
		return 0
	}
	must(t, c.SyncConn(t.Context()))
	taken, err := c.Hijack()
	must(t, err)
	conn, pid := taken.Conn, taken.PID
	defer func() { _ = conn.Close() }()
	w := newWireConn(t, conn)
	ending := h.IntN(6)
	script, whole := h.script()
	switch {
	case !whole && ending < 3:
		ending = 3 + h.IntN(3)
	case ending == 0:
		script = append(script, wire.AppendEmpty(nil, wire.Terminate)...)
	case ending < 3:
		script = pipeline(script, frame('f', "no\x00"), syncs(), wire.AppendQuery(nil, "rollback"), wire.AppendQuery(nil, "select 'over "+h.tag+"'"))
	}
	pieces := rand.New(rand.NewPCG(h.Uint64(), 1))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for p := script; len(p) > 0; {
			n := len(p)
			if ending != 1 {
				n = min(n, 1+pieces.IntN(700))
			}
			if _, err := conn.Write(p[:n]); err != nil {
				return
			}
			if p = p[n:]; pieces.IntN(6) == 0 {
				runtime.Gosched()
			}
		}
		if c, ok := conn.(interface{ CloseWrite() error }); ok && ending == 3 {
			_ = c.CloseWrite()
		}
		if tcp, ok := conn.(*net.TCPConn); ok && ending == 4 {
			_ = tcp.SetLinger(0)
		}
		if ending >= 4 {
			_ = conn.Close()
		}
	}()
	for {
		typ, body, err := w.read()
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s hangs after %q", h.tag, shownAll(script))
			}
			break
		}
		text := string(body)
		if strings.Contains(text, "900-45") {
			t.Errorf("%s got %q %q", h.tag, typ, body)
		}
		for _, m := range tagged.FindAllString(text, -1) {
			if m != h.tag {
				t.Errorf("%s got %q %q, which is another one's", h.tag, typ, body)
			}
		}
		if typ == wire.DataRow && strings.Contains(text, "over "+h.tag) {
			break
		}
	}
	_ = conn.Close()
	<-sent
	return pid
}

var tagged = regexp.MustCompile(`tag-[0-9]+-`)

// shownAll writes a script as far as it is messages.
func shownAll(p []byte) string {
	if len(p) > 4000 {
		p = p[:4000]
	}
	return string(p)
}

// ran is how often the server ran a text: from its beginning, and resumed.
type ran struct{ times, resumed int }

// spent is how the server's log tells of a portal that had run already: after it said
// that it runs it.
var spent = regexp.MustCompile(`(?m)^\S+ \S+ \S+ \[(\d+)\] \S+ ERROR:  portal .* cannot be run\n.* STATEMENT:  (.*)$`)

var logged = regexp.MustCompile(`(?m)^\S+ \S+ \S+ \[(\d+)\] \S+ LOG:  (statement|execute|fastpath function call)(.*)$`)

// runs reads from the server's log what it ran for some processes.
func (s *site) runs(pids map[uint32]bool) map[string]ran {
	out := map[string]ran{}
	log := s.pg.Log()
	of := func(number string) bool {
		pid, err := strconv.ParseUint(number, 10, 32)
		return err == nil && pids[uint32(pid)]
	}
	for _, m := range spent.FindAllStringSubmatch(log, -1) {
		if r := out[m[2]]; of(m[1]) {
			r.times--
			r.resumed++
			out[m[2]] = r
		}
	}
	for _, m := range logged.FindAllStringSubmatch(log, -1) {
		if !of(m[1]) {
			continue
		}
		head, text, _ := strings.Cut(m[3], ": ")
		r := out[text]
		switch {
		case strings.HasPrefix(head, " weir_refused_"):
			continue // weir's own questions for the catalog
		case strings.HasSuffix(head, "/c") && strings.Contains(text, "declare c"):
			continue // a cursor of SQL's, which is named by its DECLARE
		case strings.HasPrefix(head, " fetch from"):
			r.resumed++
		default:
			r.times++
		}
		out[text] = r
	}
	return out
}

func TestWhatTheServerRunsWasJudgedWhateverClientsSend(t *testing.T) {
	offer, _ := clientTLS(t)
	first, runs := uint64(1), 60
	if n, err := strconv.Atoi(os.Getenv("WEIR_TEST_RUNS")); err == nil {
		runs = n
	}
	if n, err := strconv.ParseUint(os.Getenv("WEIR_TEST_SEED"), 10, 64); err == nil {
		first = n
	}
	for name, way := range map[string]struct {
		options
		sslmode string
	}{
		"on an event loop":                       {options{}, "disable"},
		"on goroutines":                          {options{loops: -1}, "disable"},
		"over TLS, to a server in TLS":           {options{secure: true, tls: "{mode: VerifyFull, caFile: @ca@}"}, "require"},
		"who log in at the server by themselves": {options{login: "{type: Passthrough}"}, "disable"},
	} {
		t.Run(name, func(t *testing.T) {
			way.clientTLS, way.setup = offer, differentialSchema
			way.rules = differentialRules["guarded and masked"]
			s := newSite(t, way.options)
			s.direct("ALTER DATABASE " + s.database + " SET log_statement = 'all'")
			must(t, s.connect(func(c *pgx.ConnConfig) { c.User, c.Password = role, password }).Close(t.Context())) // which opens what stays
			before := sockets(t)
			url := fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=%s", role, password, s.address, s.database, way.sslmode)
			pids := map[uint32]bool{}
			var mu sync.Mutex
			var clients sync.WaitGroup
			places := make(chan struct{}, 4)
			for i := range runs {
				places <- struct{}{}
				clients.Go(func() {
					defer func() { <-places }()
					seed := first + uint64(i)
					pid := s.attack(t, &hostile{Rand: rand.New(rand.NewPCG(seed, 17)), tag: fmt.Sprintf("tag-%d-", seed)}, url)
					mu.Lock()
					pids[pid] = true
					mu.Unlock()
				})
			}
			clients.Wait()
			nothingIsLeft(t, s, before)
			must(t, s.connect(func(c *pgx.ConnConfig) { c.User, c.Password = role, password }).Ping(t.Context()))
			s.holdAgainstJournal(t, pids)
		})
	}
}

// sockets lists this process's open sockets, pipes and polls: all of its descriptors
// but files, of which the journal opens some when it needs them.
func sockets(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	var list []string
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasPrefix(to, "/") {
			list = append(list, e.Name()+" "+to)
		}
	}
	return list
}

// holdAgainstJournal compares what the server ran for these processes with what is
// on record as forwarded, and as never executed.
func (s *site) holdAgainstJournal(t *testing.T, pids map[uint32]bool) {
	t.Helper()
	type counts struct{ begun, skipped, unknown, missing int }
	forwarded := map[string]*counts{}
	texts := map[string]string{}
	for r, err := range s.journal.Query(context.Background(), journal.Filter{Kinds: []journal.Kind{journal.KindStatementBegin, journal.KindStatementEnd}}) {
		must(t, err)
		if r.Kind == journal.KindStatementBegin {
			texts[fmt.Sprint(r.Session, r.Seq)] = r.Text
		}
		text := texts[fmt.Sprint(r.Session, r.Statement)]
		if r.Kind == journal.KindStatementBegin {
			text = r.Text
		}
		c := forwarded[text]
		if c == nil {
			c = &counts{}
			forwarded[text] = c
		}
		switch {
		case r.Kind == journal.KindStatementBegin:
			c.begun++
		case strings.HasPrefix(r.Message, "not executed"):
			c.skipped++
		case r.Outcome == journal.OutcomeUnknown:
			c.unknown++
		case r.SQLState == "34000" || r.SQLState == "26000":
			c.missing++
		}
	}
	ran := s.runs(pids)
	ours := 0
	for text, r := range ran {
		if strings.HasPrefix(text, "EXECUTE weir_refused_") || strings.HasPrefix(text, `"lo_`) {
			continue
		}
		if strings.Contains(text, "tag-") {
			ours++
		}
		c := forwarded[text]
		switch {
		case strings.Contains(text, "drop table"):
			t.Errorf("the server ran %q", text)
		case c == nil:
			t.Errorf("the server ran %q, which is not on record", text)
		case r.times > c.begun-c.skipped:
			t.Errorf("the server ran %q %d times, on record are %+v", text, r.times, *c)
		}
	}
	for text, c := range forwarded {
		r := ran[text]
		if strings.Contains(text, "tag-") && c.begun-c.skipped-c.unknown-c.missing > r.times+r.resumed {
			t.Errorf("%q is on record %+v, the server ran it %+v", text, *c, r)
		}
	}
	if ours < 20 {
		t.Errorf("only %d texts of %d processes are in the server's log", ours, len(pids))
	}
}
