package proxy_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// One script of a client's messages goes to PostgreSQL directly and through the
// gateway: what comes back has to be the same, frame by frame. Texts that do not
// parse are refused by weir and by the server alike, so that they stand for
// refusals at every place.

// differentialSchema is what scripts work on. No mask is on it.
const differentialSchema = `
CREATE TABLE d (a integer, b text);
CREATE TABLE u (a integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE d OWNER TO shop_app; ALTER TABLE u OWNER TO shop_app;
`

// prelude makes both ways begin alike, and epilogue makes them end.
var (
	prelude  = wire.AppendQuery(nil, "truncate d, u; insert into d values (1, 'one'), (2, 'two'), (3, null), (4, 'four')")
	epilogue = pipeline(frame(wire.CopyFail, "the end\x00"), syncs(), wire.AppendQuery(nil, "rollback"), wire.AppendQuery(nil, "select 'the end'"))
)

func flushes() []byte { return wire.AppendEmpty(nil, wire.Flush) }

func closes(what byte, name string) []byte { return frame(wire.Close, string(what)+name+"\x00") }

// direct opens a session past the gateway, with its login.
func (s *site) directly() net.Conn {
	s.t.Helper()
	c, err := pgconn.Connect(s.t.Context(), fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", role, password, s.pg.Addr(), s.database))
	must(s.t, err)
	must(s.t, c.SyncConn(s.t.Context()))
	h, err := c.Hijack()
	must(s.t, err)
	return h.Conn
}

// exchange sends a script in pieces and gives what comes back, up to the end of
// its epilogue or of the connection.
func exchange(t *testing.T, c net.Conn, script []byte, pieces *rand.Rand, masked bool) []string {
	t.Helper()
	defer func() { _ = c.Close() }()
	must(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for p := script; len(p) > 0; {
			n := len(p)
			if pieces != nil {
				n = min(n, 1+pieces.IntN(200))
			}
			if _, err := c.Write(p[:n]); err != nil {
				return
			}
			p = p[n:]
		}
	}()
	w := newWireConn(t, c)
	var got []string
	over := false
	for {
		typ, body, err := w.read()
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("%v after\n%s", err, strings.Join(got, "\n"))
			}
			got = append(got, "the end of the connection")
			break
		}
		got = append(got, normal(typ, body, masked))
		over = over || typ == wire.DataRow && strings.HasSuffix(string(body), "the end")
		if over && typ == wire.ReadyForQuery {
			break
		}
	}
	_ = c.Close()
	<-sent
	return got
}

// normal writes a frame as what has to be the same. Where masks are, the texts of
// errors may be withheld.
func normal(typ byte, body []byte, masked bool) string {
	switch typ {
	case wire.ErrorResponse, wire.NoticeResponse:
		d, err := diagnostic.Read(body)
		if err != nil {
			return err.Error()
		}
		switch d.Code {
		case "42601": // which weir says itself
			return fmt.Sprintf("%c %s %s", typ, d.Severity, d.Code)
		case "26000", "34000", "25P02":
			// And these, also in a failed transaction, where the server says another
			// of them in some cases.
			return "E unknown"
		case "08P01":
			return "E 08P01"
		}
		if masked {
			return fmt.Sprintf("%c %s %s", typ, d.Severity, d.Code)
		}
	case wire.NotificationResponse:
		if len(body) > 4 {
			body = body[4:] // the process that has sent it
		}
	}
	return fmt.Sprintf("%c %q", typ, body)
}

// scripts are written by hand, one for each hazard.
var scripts = map[string][]byte{
	"a refusal in a pipeline": pipeline(parse("", "insert into d values (5)"), bind("", ""), execute("", 0),
		parse("", "selec"), bind("", ""), execute("", 0), syncs(), wire.AppendQuery(nil, "select count(*) from d")),
	"a refusal in a transaction": pipeline(wire.AppendQuery(nil, "begin"), wire.AppendQuery(nil, "insert into d values (5)"), wire.AppendQuery(nil, "selec"),
		wire.AppendQuery(nil, "select 1"), wire.AppendQuery(nil, "commit"), wire.AppendQuery(nil, "select count(*) from d")),
	"a refusal behind statements that were not synced": pipeline(parse("", "insert into d values (5)"), bind("", ""), execute("", 0),
		wire.AppendQuery(nil, "selec"), syncs(), wire.AppendQuery(nil, "select count(*) from d")),
	"a Query between an error and the Sync": pipeline(parse("", "select 1/0"), bind("", ""), execute("", 0), wire.AppendQuery(nil, "insert into d values (5)"),
		syncs(), wire.AppendQuery(nil, "select count(*) from d")),
	"a statement that is closed and bound behind an error": pipeline(parse("s", "select 1"), syncs(), bind("", "nosuch"), closes('S', "s"), syncs(),
		bind("", "s"), execute("", 0), syncs()),
	"a portal with a row limit, bound again": pipeline(wire.AppendQuery(nil, "begin"), parse("s", "select a from d order by a"), bind("", "s"), execute("", 2),
		bind("", "s"), execute("", 1), execute("", 0), execute("", 0), syncs()),
	"a portal that is resumed over a Sync, in and out of a transaction": pipeline(parse("s", "select a from d order by a"), bind("p", "s"), execute("p", 1), syncs(),
		execute("p", 1), syncs(), wire.AppendQuery(nil, "begin"), bind("p", "s"), execute("p", 1), syncs(), execute("p", 1), syncs(), execute("p", 0), syncs()),
	"a portal's name that is taken":    pipeline(wire.AppendQuery(nil, "begin"), parse("s", "select a from d"), bind("p", "s"), bind("p", "s"), execute("p", 0), syncs()),
	"a statement's name that is taken": pipeline(parse("s", "select 1"), parse("s", "select 2"), bind("", "s"), execute("", 0), syncs(), bind("", "s"), execute("", 0), syncs()),
	"a prepared statement under a name of SQL": pipeline(wire.AppendQuery(nil, "prepare q as select a from d where a = $1"), wire.AppendQuery(nil, "execute q(2)"),
		wire.AppendQuery(nil, "deallocate q"), wire.AppendQuery(nil, "execute q(2)"), parse("q", "select 7"), syncs(), wire.AppendQuery(nil, "execute q"),
		wire.AppendQuery(nil, "deallocate all"), bind("", "q"), syncs()),
	"DISCARD ALL": pipeline(parse("q", "select 7"), syncs(), wire.AppendQuery(nil, "discard all"), bind("", "q"), execute("", 0), syncs(), wire.AppendQuery(nil, "execute q")),
	"a portal of SQL's": pipeline(wire.AppendQuery(nil, "begin"), wire.AppendQuery(nil, "declare c cursor for select a, b from d order by a"),
		describe('P', "c"), execute("c", 1), execute("c", 2), execute("c", 0), execute("c", 0), closes('P', "c"), execute("c", 0), syncs()),
	"a portal of SQL's that holds": pipeline(wire.AppendQuery(nil, "declare c cursor with hold for select a, b from d order by a"),
		execute("c", 1), syncs(), execute("c", 2), syncs(), wire.AppendQuery(nil, "fetch c"), wire.AppendQuery(nil, "close c")),
	"a COPY": pipeline(wire.AppendQuery(nil, "copy d from stdin"), frame('d', "5\tfive\n"), frame('H', ""), frame('S', ""), frame('d', "6\tsix\n"), frame('c', ""),
		wire.AppendQuery(nil, "select count(*) from d")),
	"a COPY of what is wrong": pipeline(wire.AppendQuery(nil, "copy d from stdin"), frame('d', "x\tfive\n"), frame('d', "6\tsix\n"), frame('c', ""),
		wire.AppendQuery(nil, "select count(*) from d")),
	"a COPY that is given up": pipeline(wire.AppendQuery(nil, "copy d from stdin"), frame('d', "5\tfive\n"), frame('f', "no\x00"), frame('c', ""), frame('f', "late\x00"),
		wire.AppendQuery(nil, "select count(*) from d")),
	"a COPY by the extended protocol": pipeline(parse("", "copy d from stdin"), bind("", ""), describe('P', ""), execute("", 0), syncs(), frame('d', "5\tfive\n"),
		frame('c', ""), syncs(), wire.AppendQuery(nil, "select count(*) from d")),
	"a wrong COPY by the extended protocol": pipeline(parse("", "copy d from stdin"), bind("", ""), execute("", 0), syncs(), frame('d', "x\n"), frame('d', "6\tsix\n"),
		frame('c', ""), syncs(), frame('f', "late\x00"), parse("", "select 1"), bind("", ""), execute("", 0), syncs()),
	"COPY among others":      pipeline(wire.AppendQuery(nil, "insert into d values (5); copy d from stdin; copy d to stdout; select count(*) from d"), frame('d', "6\tsix\n"), frame('c', "")),
	"a COPY that is refused": pipeline(wire.AppendQuery(nil, "copy d from stdin; selec"), frame('d', "6\tsix\n"), frame('c', ""), wire.AppendQuery(nil, "select count(*) from d")),
	"notices and notifications": pipeline(wire.AppendQuery(nil, "listen ch; do $$ begin raise notice 'said'; notify ch, 'x'; end $$; notify ch, 'y'"),
		parse("", "notify ch, 'z'"), bind("", ""), execute("", 0), syncs(), wire.AppendQuery(nil, "unlisten *")),
	"an error at COMMIT":                     pipeline(wire.AppendQuery(nil, "begin; insert into u values (1), (1)"), wire.AppendQuery(nil, "commit"), wire.AppendQuery(nil, "select count(*) from u")),
	"an error at Sync":                       pipeline(parse("", "insert into u values (1), (1)"), bind("", ""), execute("", 0), syncs(), wire.AppendQuery(nil, "select count(*) from u")),
	"an error at a FunctionCall":             pipeline(parse("", "insert into u values (1), (1)"), bind("", ""), execute("", 0), call(958, int4(99)), syncs(), wire.AppendQuery(nil, "select count(*) from u")),
	"a FunctionCall in a failed transaction": pipeline(wire.AppendQuery(nil, "begin; select 1/0"), call(958, int4(1)), wire.AppendQuery(nil, "rollback")),
	"empty queries": pipeline(wire.AppendQuery(nil, ""), wire.AppendQuery(nil, ";;"), parse("", ""), describe('S', ""), bind("", ""), describe('P', ""), execute("", 0), syncs(),
		parse("e", "-- nothing"), bind("", "e"), execute("", 1), syncs()),
	"a Query of several, of which one fails": pipeline(wire.AppendQuery(nil, "insert into d values (5); select 1/0; select 2"), wire.AppendQuery(nil, "select count(*) from d"),
		wire.AppendQuery(nil, "begin; insert into d values (5); commit; select 1/0"), wire.AppendQuery(nil, "select count(*) from d")),
	"binary results":             pipeline(parse("s", "select a, b from d order by a"), bindBinary("", "s"), describe('P', ""), execute("", 0), bindBinary("", "s"), execute("", 0), syncs()),
	"a Bind of too many formats": pipeline(parse("s", "select $1::int"), frame(wire.Bind, "\x00s\x00\x00\x02\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01"+"1\x00\x00"), syncs()),
}

// differentialRules are those under which scripts are compared: nothing is to be seen
// of rules that do not concern what a script does.
var differentialRules = map[string]string{"open": open, "guarded and masked": `
  guards:
  - name: no-drop
    match: {commands: [Drop]}
    action: Deny
  - name: only-in-a-transaction
    match: {commands: [Alter]}
    when: "!session.inTransaction"
    action: Deny
  masks:
  - name: ssn
    columns: ["*.*.ssn"]
    with: {type: Redact}
`}

// differentialWays are the ways on which scripts are compared.
func differentialWays(t *testing.T) map[string]options {
	offer, _ := clientTLS(t)
	ways := map[string]options{
		"on goroutines": {rules: differentialRules["guarded and masked"], loops: -1},
		"over TLS":      {rules: differentialRules["guarded and masked"], clientTLS: offer, secure: true, tls: "{mode: VerifyFull, caFile: @ca@}"},
	}
	for name, r := range differentialRules {
		ways[name] = options{rules: r}
	}
	return ways
}

func TestScriptsGiveTheSameThroughTheGateway(t *testing.T) {
	for name, way := range differentialWays(t) {
		t.Run(name, func(t *testing.T) {
			way.setup = differentialSchema
			s := newSite(t, way)
			for name, script := range scripts {
				t.Run(name, func(t *testing.T) { s.compare(t, script, 0) })
			}
		})
	}
}

// compare lets a script run both ways, in pieces that the seed says, 0 for in one.
func (s *site) compare(t *testing.T, script []byte, seed uint64) {
	t.Helper()
	all := pipeline(prelude, script, epilogue)
	masked := s.opts.rules != open
	want := exchange(t, s.directly(), all, nil, masked)
	conn, err := net.Dial("tcp", s.address)
	must(t, err)
	if s.opts.clientTLS != nil {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}})
	}
	w := newWireConn(t, conn)
	w.t = t
	w.start(s.database)
	var pieces *rand.Rand
	if seed > 0 {
		pieces = rand.New(rand.NewPCG(seed, 3))
	}
	got := exchange(t, conn, all, pieces, masked)
	for i := range max(len(got), len(want)) {
		a, b := "nothing", "nothing"
		if i < len(want) {
			a = want[i]
		}
		if i < len(got) {
			b = got[i]
		}
		if a != b {
			t.Fatalf("of %s\n at %d: directly\n\t%s\nthrough weir\n\t%s\nbefore that:\n%s", shown(script), i, a, b, strings.Join(want[:min(i, len(want))], "\n"))
		}
		if a == "E 08P01" {
			return // the connection is broken off
		}
	}
}

// shown writes a script's messages.
func shown(script []byte) string {
	var b strings.Builder
	for p := script; len(p) > 0; {
		h, _, _ := wire.ReadHeader(p)
		fmt.Fprintf(&b, "%c%q ", h.Type, p[wire.HeaderSize:h.Size])
		p = p[h.Size:]
	}
	return b.String()
}

var differentialTexts = []string{
	"select 1", "select a, b from d order by a", "select a from d where a > 1 order by a", "insert into d values (9, 'nine')",
	"update d set b = 'x' where a = 2", "begin", "begin", "commit", "rollback", "savepoint s", "rollback to s", "release s", "select 1/0", "selec",
	"", "select 1; select a from d order by a; select 2", "insert into d values (8); select 1/0", "insert into d values (7); selec",
	"begin; insert into d values (6)", "commit; begin", "declare c cursor for select a, b from d order by a", "declare c cursor with hold for select a from d order by a",
	"fetch 1 from c", "move c", "fetch all from c", "close c", "prepare q as select b from d where a = 1", "execute q", "deallocate q", "deallocate all",
	"discard all", "copy d to stdout", "set application_name = 'z'", "reset application_name", "do $$ begin raise notice 'said'; end $$", "listen ch", "notify ch, 'x'",
	"insert into u values (1), (1)", "insert into u values (3)", "set constraints all immediate", "explain (costs off) select a from d", "select nosuch", "show application_name",
	"begin; declare c cursor for select a from d order by a; fetch 1 from c", "select repeat('x', 20000)", "values (1, 'a'), (2, 'b')", "lock d",
}

// randomScript makes a script. Names come from few, so that they meet.
func randomScript(r *rand.Rand) []byte {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	text := func() string { return differentialTexts[r.IntN(len(differentialTexts))] }
	prepares := func() string {
		for {
			if t := text(); t != "execute q" { // an unknown name is refused before the server would say so
				return t
			}
		}
	}
	statement := func() string { return pick("", "", "s", "q") } // q is SQL's
	portal := func() string { return pick("", "", "p", "c") }    // c is SQL's
	var script []byte
	add := func(p ...[]byte) { script = append(script, pipeline(p...)...) }
	for range 3 + r.IntN(25) {
		switch r.IntN(16) {
		case 0, 1, 2:
			add(wire.AppendQuery(nil, text()))
		case 3:
			add(parse(pick("", "s"), prepares()))
		case 4:
			add(bind(pick("", "p"), statement()))
		case 5:
			add(bindBinary(pick("", "p"), statement()))
		case 6:
			if r.IntN(2) == 0 {
				add(describe('S', statement()))
			} else {
				add(describe('P', portal()))
			}
		case 7, 8:
			add(execute(portal(), uint32(r.IntN(4))))
		case 9:
			if r.IntN(2) == 0 {
				add(closes('S', statement()))
			} else {
				add(closes('P', portal()))
			}
		case 10:
			add(syncs())
		case 11:
			add(flushes())
		case 12, 13:
			add(parse("", prepares()), bind("", ""), describe('P', ""), execute("", uint32(r.IntN(3))))
			if r.IntN(2) == 0 {
				add(syncs())
			}
		case 14:
			add(call(958, int4(uint32(r.IntN(3)))))
		case 15:
			ending := [][]byte{frame('c', ""), frame('f', "no\x00")}[r.IntN(2)]
			lines := [][]byte{frame('d', "5\tfive\n"), frame('d', "6\t"), frame('d', "six\n"), frame('d', "x\n")}
			if r.IntN(2) == 0 {
				add(wire.AppendQuery(nil, "copy d from stdin"), lines[0])
			} else {
				add(parse("", "copy d from stdin"), bind("", ""), execute("", 0))
				if r.IntN(2) == 0 {
					add(syncs())
				}
				add(lines[0])
			}
			for range r.IntN(4) {
				add(lines[r.IntN(4)])
			}
			add(ending, syncs())
		}
	}
	return script
}

func TestRandomScriptsGiveTheSameThroughTheGateway(t *testing.T) {
	first, runs := uint64(1), 40
	if n, err := strconv.Atoi(os.Getenv("WEIR_TEST_RUNS")); err == nil {
		runs = n
	}
	if n, err := strconv.ParseUint(os.Getenv("WEIR_TEST_SEED"), 10, 64); err == nil {
		first = n
	}
	for name, way := range differentialWays(t) {
		t.Run(name, func(t *testing.T) {
			way.setup = differentialSchema
			s := newSite(t, way)
			for seed := first; seed < first+uint64(runs) && !t.Failed(); seed++ {
				t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
					s.compare(t, randomScript(rand.New(rand.NewPCG(seed, 11))), seed%3)
				})
			}
		})
	}
}
