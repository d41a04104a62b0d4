package proxy_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

func startup(s *site) []byte {
	return wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "agent"}, {Name: "database", Value: s.database}})
}

// Connections that say nothing are their own workload's loss.
func TestAWorkloadWhoseConnectionsSayNothing(t *testing.T) {
	s := newSite(t, options{rules: open, configure: func(c *proxy.Config) { c.Starting = 3 }})
	var silent []net.Conn
	// Which of those that come together is counted first is nobody's word, so there
	// are always three more.
	refusals := func() bool {
		for range 3 {
			silent = append(silent, dialTCP(t, s.address))
		}
		_, err := s.dial()
		e := pgError(err)
		return e != nil && e.Code == "53300" && strings.Contains(e.Message, "3 others that have not logged in")
	}
	if !within(refusals) {
		t.Fatal("there is no bound")
	}
	// Another workload is served all the same.
	other := s.identity
	other.Subject, other.Unit = "unit:other.service", "other.service"
	s.apply(s.databaseDocument() + s.policyFor("any: true", open))
	address := s.front(proxy.Flow{How: "Captured", Destination: s.pg.Addr(), Identity: &other})
	must(t, s.connect(at(address)).Ping(t.Context()))
	// And so is the first one, once there is room; sessions that have started do not count.
	for _, c := range silent {
		must(t, c.Close())
	}
	for range 5 {
		if !within(func() bool { _, err := s.dial(); return err == nil }) {
			t.Fatal("there is no room")
		}
	}
}

// However many connections are refused, only so much is written.
func TestAFloodOfConnectionsThatAreRefused(t *testing.T) {
	s := newSite(t, options{rules: open})
	stranger := identity.Identity{Subject: "unit:stranger.service", Kind: "Unit", Unit: "stranger.service", CgroupPath: "/system.slice/stranger.service"}
	address := s.front(proxy.Flow{How: "Captured", Destination: s.pg.Addr(), Identity: &stranger})
	const flood = 200
	for range flood {
		_, err := s.dial(at(address))
		refused(t, err, "28000", "no policy")
	}
	s.stop()
	s.fronts.Wait()
	s.gateway.Wait() // which writes the sum
	singly, more := 0, 0
	for _, r := range s.records(2, "session.refused") {
		if r.Data["more"] == "" {
			singly++
			continue
		}
		n, err := strconv.Atoi(r.Data["more"])
		must(t, err)
		more += n
		if r.SQLState != "28000" || r.Data["identity"] != stranger.Subject {
			t.Errorf("the sum is of %+v", r)
		}
	}
	// The flood may have lasted longer than one window, on a slow machine several.
	if singly+more != flood || more == 0 {
		t.Errorf("%d records one by one and %d in sums, of %d", singly, more, flood)
	}
	if n := strings.Count(s.log.String(), "connection refused"); n > singly {
		t.Errorf("%d lines in the log", n)
	}
}

func TestSessionsThatAreIdleForTooLong(t *testing.T) {
	for _, way := range []struct {
		name  string
		loops int
	}{{"on an event loop", 1}, {"on goroutines", -1}} {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, options{rules: open, loops: way.loops, configure: func(c *proxy.Config) {
				c.IdleTimeout, c.IdleInTransaction = 600*time.Millisecond, 300*time.Millisecond
			}})
			// What is to be in time is there before the session begins.
			beginning := func(text string) *wireConn {
				w := newWireConn(t, dialTCP(t, s.address))
				w.send(pipeline(startup(s), wire.AppendQuery(nil, text)))
				if started := w.until(1); strings.Contains(started, "E:") {
					t.Fatalf("the session did not start: %s", started)
				}
				return w
			}
			idle, within, busy := s.raw(), beginning("BEGIN"), beginning("SELECT pg_sleep(1.5)")
			wants(t, within.until(1), "C:BEGIN Z:T")
			for _, c := range []struct {
				w    *wireConn
				want string
			}{{within, "25P03"}, {idle, "57P05"}} {
				typ, body := c.w.next()
				d, err := diagnostic.Read(body)
				must(t, err)
				if typ != wire.ErrorResponse || d.Code != c.want || d.Severity != diagnostic.Fatal || !strings.Contains(d.Hint, "weir ends sessions") {
					t.Errorf("got %q %+v, want %s", typ, d, c.want)
				}
				if _, _, err := c.w.read(); !errors.Is(err, io.EOF) {
					t.Errorf("after that: %v", err)
				}
			}
			// A statement that runs is not idle.
			wants(t, busy.until(1), "T D: C:SELECT 1 Z:I")
			var reasons []string
			for _, r := range s.records(2, "session.end") {
				reasons = append(reasons, r.Reason)
			}
			for _, word := range []string{"idle-session timeout", "idle-in-transaction timeout"} {
				if !strings.Contains(strings.Join(reasons, "\n"), word) {
					t.Errorf("%q is not among the reasons on record: %q", word, reasons)
				}
			}
		})
	}
}

func TestAStartThatTakesTooLongIsEnded(t *testing.T) {
	folder := secretFiles(t)
	s := newSite(t, options{rules: open, database: clients("Scram", folder), configure: func(c *proxy.Config) {
		c.Driver.StartTimeout = 300 * time.Millisecond
	}})
	// One that says nothing, or half of a packet, is told nothing.
	for _, sends := range [][]byte{nil, startup(s)[:7]} {
		w := newWireConn(t, dialTCP(t, s.address))
		w.send(sends)
		if _, _, err := w.read(); !errors.Is(err, io.EOF) {
			t.Errorf("got %v", err)
		}
	}
	for attempt := 0; ; attempt++ {
		w := newWireConn(t, dialTCP(t, s.address))
		w.send(startup(s))
		typ, _, err := w.read()
		if typ != wire.Authentication && attempt < 20 {
			continue // it was too long before it was asked for anything: the machine is slow
		}
		if err != nil || typ != wire.Authentication {
			t.Fatalf("got %q, %v", typ, err)
		}
		typ, body := w.next()
		wants(t, show(typ, body), "E:57014")
		break
	}
}

// A client over TLS is told that nothing follows: otherwise it could not tell the
// end from a cut, and libpq says "SSL SYSCALL error: EOF detected".
func TestAClientOverTLSIsToldThatNothingFollows(t *testing.T) {
	offer, _ := clientTLS(t)
	for name, end := range map[string]func(s *site, w *wireConn){
		"the server ends it":  func(s *site, w *wireConn) { s.direct("SELECT pg_terminate_backend(" + strconv.Itoa(int(w.pid)) + ")") },
		"weir stops":          func(s *site, _ *wireConn) { s.stop() },
		"it breaks the rules": func(_ *site, w *wireConn) { w.send([]byte("?\x00\x00\x00\x04")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, options{rules: open, clientTLS: offer})
			conn := dialTCP(t, s.address)
			_, err := conn.Write([]byte{0, 0, 0, 8, 4, 210, 22, 47})
			must(t, err)
			answer := make([]byte, 1)
			_, err = io.ReadFull(conn, answer)
			must(t, err)
			w := newWireConn(t, tls.Client(conn, &tls.Config{InsecureSkipVerify: true}))
			w.start(s.database)
			end(s, w)
			if typ, _ := w.next(); typ != wire.ErrorResponse {
				t.Errorf("got %q", typ)
			}
			if _, _, err := w.read(); !errors.Is(err, io.EOF) { // without close_notify: unexpected EOF
				t.Errorf("the end is a cut: %v", err)
			}
		})
	}
}

func TestDirectTLSNeedsTheProtocolsName(t *testing.T) {
	offer, _ := clientTLS(t)
	s := newSite(t, options{rules: open, clientTLS: offer})
	for _, c := range []struct {
		name  string
		names []string
		ok    bool
	}{{"its name", []string{"postgresql"}, true}, {"among others", []string{"h2", "postgresql"}, true}, {"none", nil, false}, {"another one", []string{"h2"}, false}} {
		t.Run(c.name, func(t *testing.T) {
			conn := tls.Client(dialTCP(t, s.address), &tls.Config{InsecureSkipVerify: true, NextProtos: c.names})
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			_, err := conn.Write(startup(s))
			if err == nil {
				_, err = conn.Read(make([]byte, 1))
			}
			if (err == nil) != c.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

// Bytes that somebody puts between the SSLRequest and the handshake must not be
// taken for something that the client said under TLS.
func TestBytesBeforeTheHandshake(t *testing.T) {
	offer, _ := clientTLS(t)
	s := newSite(t, options{rules: open, clientTLS: offer})
	request := []byte{0, 0, 0, 8, 4, 210, 22, 47}
	together := newWireConn(t, dialTCP(t, s.address))
	together.send(append(append([]byte{}, request...), startup(s)...))
	typ, body := together.next()
	wants(t, show(typ, body), "E:08P01")
	apart := newWireConn(t, dialTCP(t, s.address))
	apart.send(request)
	answer := make([]byte, 1)
	_, err := io.ReadFull(apart.in, answer)
	must(t, err)
	apart.send(startup(s)) // which is no handshake
	rest, err := io.ReadAll(apart.in)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
	if strings.Contains(string(rest), "R\x00\x00\x00\x08") || answer[0] != 'S' {
		t.Errorf("it was let in: %q", rest)
	}
}

// A client that has closed its sending half gets what it asked for before.
func TestAClientThatClosesItsSendingHalf(t *testing.T) {
	offer, _ := clientTLS(t)
	for name, way := range map[string]options{
		"on an event loop": {}, "on goroutines": {loops: -1},
		"over TLS, to a server in TLS": {clientTLS: offer, secure: true, tls: "{mode: VerifyFull, caFile: @ca@}"},
	} {
		t.Run(name, func(t *testing.T) {
			way.rules = open
			way.configure = func(c *proxy.Config) { c.Driver.Linger = 50 * time.Millisecond }
			s := newSite(t, way)
			conn := dialTCP(t, s.address)
			if way.clientTLS != nil {
				conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}})
			}
			w := newWireConn(t, conn)
			w.start(s.database)
			// The first one takes longer than a server without work has to end.
			w.send(wire.AppendQuery(nil, "SELECT pg_sleep(1.5)"), wire.AppendQuery(nil, "SELECT 2"))
			must(t, w.Conn.(interface{ CloseWrite() error }).CloseWrite())
			wants(t, w.until(2), "T D: C:SELECT 1 Z:I T D:2 C:SELECT 1 Z:I")
			if _, _, err := w.read(); !errors.Is(err, io.EOF) {
				t.Errorf("after that: %v", err)
			}
		})
	}
}
