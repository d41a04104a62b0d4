package session_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
	"github.com/weirgate/weir/test/lab"
)

// exchangeStep is what a client sends, and the type of the message that ends what
// it waits for.
type exchangeStep struct {
	send  []byte
	until byte
}

// realSession is a session with all that PostgreSQL's protocol has.
func realSession() []exchangeStep {
	return []exchangeStep{
		{query("truncate t; insert into t values (1, 'one'), (2, null), (3, 'drei')"), 'Z'},
		{query("select * from t order by a; select 1/0; select 2"), 'Z'},
		{query(""), 'Z'},
		{query("set application_name = 'cut'; set client_min_messages = notice"), 'Z'},
		{query("do $$ begin raise notice 'said'; end $$"), 'Z'},
		{query("select repeat('x', 30000), a from t"), 'Z'},
		{join(parse("s", "select a, b from t where a > 0 order by a"), frame('D', "Ss\x00"), sync()), 'Z'},
		{join(bind("", "s"), frame('D', "P\x00"), execute(""), bind("", "s"), execute(""), sync()), 'Z'},
		{join(parse("", ""), bind("", ""), execute(""), sync()), 'Z'},
		{join(parse("", "insert into t values (4, 'four')"), bind("", ""), frame('D', "P\x00"), execute(""), sync()), 'Z'},
		// Suspended portals, over Flush and over Sync.
		{join(bind("p", "s"), executeRows("p", 1), flush()), 's'},
		{join(executeRows("p", 2), flush()), 's'},
		{join(execute("p"), closePortal("p"), sync()), 'Z'},
		{query("begin"), 'Z'},
		{join(bind("p", "s"), executeRows("p", 1), sync()), 'Z'},
		{join(executeRows("p", 9), sync()), 'Z'},
		{query("declare c cursor for select * from t order by a"), 'Z'},
		{query("fetch 2 from c; move c; fetch all from c; close c"), 'Z'},
		{query("savepoint a; select nosuch; select 1"), 'Z'},
		{join(execute("p"), sync()), 'Z'},
		{query("rollback to a; commit"), 'Z'},
		// Errors skip to the Sync.
		{join(parse("", "select 1/0"), bind("", ""), execute(""), parse("", "select 2"), bind("", ""), execute(""), query("select 3"), sync(), query("select 4")), 'Z'},
		{nil, 'Z'},
		{join(parse("s", "select 5"), bind("", "s"), sync()), 'Z'},
		{join(bindOf("", "s", 3), flush()), 'E'}, // a value that it has no place for
		{join(bind("", "s"), execute(""), sync()), 'Z'},
		{join(closeStatement("s"), closeStatement("nosuch"), closePortal("x"), sync()), 'Z'},
		// COPY both ways, its errors, and by the extended protocol.
		{query("copy t from stdin"), 'G'},
		{join(data("5\tfive\n"), data("6\ts"), data("ix\n"), flush(), copyDone()), 'Z'},
		{query("copy t to stdout"), 'Z'},
		{query("copy t to stdout (format binary)"), 'Z'},
		{query("copy t from stdin"), 'G'},
		{join(data("x\ty\n"), data("7\tseven\n"), copyDone()), 'Z'},
		{query("copy t from stdin"), 'G'},
		{join(data("7\tseven\n"), frame('f', "no more\x00")), 'Z'},
		{join(parse("", "copy t from stdin"), bind("", ""), frame('D', "P\x00"), execute(""), sync()), 'G'},
		{join(data("8\teight\n"), copyDone(), sync()), 'Z'},
		{join(parse("", "copy t from stdin"), bind("", ""), execute(""), sync()), 'G'},
		{join(data("bad\n"), copyDone(), sync()), 'Z'},
		{join(parse("", "copy t to stdout"), bind("", ""), execute(""), sync()), 'Z'},
		{query("copy t from stdin; select count(*) from t"), 'G'},
		{join(data("9\tnine\n"), copyDone(), query("select 10")), 'Z'},
		{nil, 'Z'},
		{query("prepare q as select $1::int; execute q(7); deallocate q"), 'Z'},
		{frame('F', "\x00\x00\x04\xc8\x00\x00\x00\x00\x00\x00"), 'Z'},
		{query("select count(*) from t"), 'Z'},
	}
}

// realServer is a connection to a real PostgreSQL that has said ReadyForQuery.
type realServer struct {
	net.Conn
	rest []byte
}

func dialReal(t *testing.T, p *lab.Postgres) *realServer {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(p.Socket, fmt.Sprintf(".s.PGSQL.%d", p.Port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &realServer{Conn: conn}
	s.send(t, wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "postgres"}, {Name: "database", Value: "postgres"}}))
	s.receive(t, 'Z')
	return s
}

func (s *realServer) send(t *testing.T, p []byte) {
	t.Helper()
	if _, err := s.Write(p); err != nil {
		t.Fatal(err)
	}
}

// receive reads up to and with a message of a type.
func (s *realServer) receive(t *testing.T, until byte) []byte {
	t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 64<<10)
	for at := 0; ; {
		h, ok, err := wire.ReadHeader(s.rest[at:])
		if err != nil {
			t.Fatal(err)
		}
		if ok && len(s.rest)-at >= h.Size {
			at += h.Size
			if h.Type == until {
				out := s.rest[:at:at]
				s.rest = s.rest[at:]
				return out
			}
			continue
		}
		n, err := s.Read(buf)
		if err != nil {
			t.Fatalf("waiting for %q: %v, have %q", until, err, s.rest)
		}
		s.rest = append(s.rest, buf[:n]...)
	}
}

func realPostgres(t *testing.T) *lab.Postgres {
	t.Helper()
	lab.NeedPostgres(t)
	p, err := lab.ForTest(t).Postgres(context.Background(), lab.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := dialReal(t, p)
	s.send(t, query("create table t (a int, b text)"))
	s.receive(t, 'Z')
	return p
}

// direct records what a real server says without weir.
func direct(t *testing.T, p *lab.Postgres, steps []exchangeStep) [][]byte {
	t.Helper()
	s := dialReal(t, p)
	var replies [][]byte
	for _, step := range steps {
		s.send(t, step.send)
		replies = append(replies, s.receive(t, step.until))
	}
	return replies
}

func TestARealSessionIsTheSameThroughASession(t *testing.T) {
	p := realPostgres(t)
	steps := realSession()
	want := direct(t, p, steps)
	for i, size := range []int{1 << 20, 1 << 20, 1, 1, 3, 7} {
		t.Run(fmt.Sprintf("%d, cut by %d", i, size), func(t *testing.T) {
			s := dialReal(t, p)
			b := realBench(t, i%2 == 1)
			var got []byte
			for i, step := range steps {
				if refusedCall(b, step) {
					continue
				}
				got = append(got, throughReal(t, b, s, step.send, size, len(want[i])-len(got))...)
				n := min(len(want[i]), len(got)) // the server may be ahead
				if !bytes.Equal(got[:n], want[i]) {
					t.Fatalf("after %q the client gets\n%q\nwithout weir\n%q", step.send, got, want[i])
				}
				got = got[n:]
			}
			if !b.Idle() {
				t.Fatal("something is still awaited")
			}
		})
	}
}

// realBench is a session that observes, or one that allows all and has masks for
// columns that no table has.
func realBench(t *testing.T, enforces bool) *bench {
	b := started(t)
	b.judge.observes = !enforces
	if enforces {
		b.judge.masks = map[int16]session.Cell{1000: stars{}}
	}
	return b
}

// refusedCall says that a step is not for a session that enforces something.
func refusedCall(b *bench, step exchangeStep) bool {
	return !b.judge.observes && len(step.send) > 0 && step.send[0] == wire.FunctionCall
}

// throughReal sends bytes through the session to a real server, in pieces, until
// the client has so many in return.
func throughReal(t *testing.T, b *bench, s *realServer, send []byte, size, most int) []byte {
	t.Helper()
	forward := func() {
		if out := b.TakeServer(nil); len(out) > 0 {
			s.send(t, out)
		}
	}
	for len(send) > 0 {
		n := min(size, len(send))
		b.client(send[:n])
		send = send[n:]
		forward()
	}
	got := b.TakeClient(nil)
	buf := make([]byte, 64<<10)
	_ = s.SetReadDeadline(time.Now().Add(20 * time.Second))
	for len(got) < most && !b.Ended() {
		n, err := s.Read(buf)
		if err != nil {
			t.Fatalf("%v; the client has %q", err, got)
		}
		for p := buf[:n]; len(p) > 0; {
			n := min(size, len(p))
			b.server(p[:n])
			p = p[n:]
			forward()
			got = append(got, b.TakeClient(nil)...)
		}
	}
	return got
}

// eachFrame gives one frame after the other: a real server says nothing before
// it has got what it answers to.
func eachFrame(p []byte, f func([]byte)) {
	for len(p) > 0 {
		h, ok, err := wire.ReadHeader(p)
		if err != nil || !ok || len(p) < h.Size {
			f(p)
			return
		}
		f(p[:h.Size])
		p = p[h.Size:]
	}
}

// Every place where the stream can be cut, in both directions.
func TestARecordedSessionMayBeCutAnywhere(t *testing.T) {
	p := realPostgres(t)
	steps := realSession()
	want := direct(t, p, steps)
	for name, enforces := range map[string]bool{"observed": false, "masked": true} {
		t.Run(name, func(t *testing.T) { cutAnywhere(t, steps, want, enforces) })
	}
}

func cutAnywhere(t *testing.T, steps []exchangeStep, want [][]byte, enforces bool) {
	b := realBench(t, enforces)
	for i, step := range steps {
		if refusedCall(b, step) {
			continue
		}
		b.client(step.send)
		eachFrame(want[i], b.server)
		if got := b.TakeClient(nil); !bytes.Equal(got, want[i]) {
			t.Fatalf("after %q the client gets\n%q\nwant\n%q", step.send, got, want[i])
		}
	}
	records := b.recorder.lines
	toServer := b.TakeServer(nil)

	sent, said := 0, 0
	for i := range steps {
		sent += len(steps[i].send)
		eachFrame(want[i], func(p []byte) { said += min(len(p), 400) })
	}
	replay := func(cutClient, cutServer int) {
		b := realBench(t, enforces)
		for i, step := range steps {
			if refusedCall(b, step) {
				continue
			}
			feed := func(f func([]byte), p []byte, cut *int, most int) {
				if at := *cut; at > 0 && at < len(p) && at <= most {
					f(p[:at])
					f(p[at:])
				} else {
					f(p)
				}
				*cut -= min(len(p), most)
			}
			feed(b.client, step.send, &cutClient, len(step.send))
			eachFrame(want[i], func(p []byte) { feed(b.server, p, &cutServer, 400) })
			if got := b.TakeClient(nil); !bytes.Equal(got, want[i]) {
				t.Fatalf("after %q the client gets\n%q\nwant\n%q", step.send, got, want[i])
			}
		}
		if got := b.TakeServer(nil); !bytes.Equal(got, toServer) {
			t.Fatalf("cut at %d and %d: the server gets\n%q\nwant\n%q", cutClient, cutServer, got, toServer)
		}
		if fmt.Sprint(b.recorder.lines) != fmt.Sprint(records) {
			t.Fatalf("cut at %d and %d: recorded\n%q\nwant\n%q", cutClient, cutServer, b.recorder.lines, records)
		}
	}
	for at := 1; at < sent; at++ {
		replay(at, 0)
	}
	for at := 1; at < said; at++ {
		replay(0, at)
	}
}
