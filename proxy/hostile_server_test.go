package proxy_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// Servers that are none: whatever they send, a client gets whole messages and then
// why it is over, and nothing of weir's is left behind.

// impostor is what a server does with a connection.
type impostor func(conn net.Conn)

// behind puts an impostor in the place of the site's server, and gives where clients
// connect.
func (s *site) behind(serve func() impostor) string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	var conns sync.WaitGroup
	s.t.Cleanup(func() {
		_ = l.Close()
		conns.Wait()
	})
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f := serve()
			conns.Go(func() {
				defer func() { _ = conn.Close() }()
				_ = conn.SetDeadline(time.Now().Add(time.Minute))
				if _, err := readStartup(conn); err == nil {
					f(conn)
				}
			})
		}
	})
	at := netip.MustParseAddrPort(l.Addr().String())
	s.apply(strings.Replace(s.databaseDocument(), fmt.Sprintf("ports: [%d]", s.pg.Port), fmt.Sprintf("ports: [%d]", at.Port()), 1) +
		s.policyFor("any: true", s.opts.rules))
	return s.front(proxy.Flow{How: "Captured", Destination: at, Identity: &s.identity})
}

// readStartup takes a start-up packet.
func readStartup(conn net.Conn) ([]byte, error) {
	var p []byte
	for {
		b := make([]byte, 1)
		if _, err := conn.Read(b); err != nil {
			return nil, err
		}
		p = append(p, b...)
		if k, ok, err := wire.ReadPacket(p); err != nil || ok {
			return k.Body, err
		}
	}
}

var (
	hello = pipeline(wire.AppendAuthenticationOK(nil), wire.AppendParameterStatus(nil, "client_encoding", "UTF8"),
		wire.AppendParameterStatus(nil, "standard_conforming_strings", "on"), wire.AppendBackendKeyData(nil, 7, []byte{1, 2, 3, 4}), wire.AppendReadyForQuery(nil, 'I'))
	result = pipeline(frame('T', "\x00\x01c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00"), dataRow("one"), dataRow("two"),
		(&diagnostic.Diagnostic{Severity: "NOTICE", Code: "00000", Message: "by the way"}).Append(nil), frame('C', "SELECT 2\x00"), wire.AppendReadyForQuery(nil, 'I'))
)

func dataRow(value string) []byte {
	return frame('D', "\x00\x01\x00\x00\x00"+string(byte(len(value)))+value)
}

// client is one that asks for something and reads to the end. It gives what it got.
func (s *site) client(t *testing.T, address string, encrypted bool, asks []byte) (got []string) {
	t.Helper()
	var conn net.Conn
	conn, err := net.Dial("tcp", address)
	must(t, err)
	defer func() { _ = conn.Close() }()
	if encrypted {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}})
	}
	w := newWireConn(t, conn)
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	if _, err := conn.Write(startup(s)); err != nil {
		return nil
	}
	asked := false
	for {
		typ, body, err := w.read()
		switch {
		case errors.Is(err, io.EOF):
			return got
		case errors.Is(err, os.ErrDeadlineExceeded):
			t.Errorf("it hangs after %q", got)
			return got
		case err != nil && strings.Contains(err.Error(), "reset"):
			return got
		case err != nil:
			t.Errorf("after %q: %v", got, err)
			return got
		}
		got = append(got, show(typ, body))
		if typ == wire.ReadyForQuery && !asked {
			asked = true
			if _, err := conn.Write(asks); err != nil {
				return got
			}
		}
		if n := len(got); n > 1 && got[n-1] == "Z:I" && got[n-2] == "C:SELECT 2" {
			return got
		}
	}
}

// ways are those of a connection to a server in clear.
var hostileWays = []struct {
	name  string
	loops int
	tls   bool
}{{"on an event loop", 1, false}, {"on goroutines", -1, false}, {"over TLS", 1, true}}

func TestAServerThatEndsAtEachByte(t *testing.T) {
	offer, _ := clientTLS(t)
	for _, way := range hostileWays {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, options{rules: open, loops: way.loops, clientTLS: offer})
			all := pipeline(hello, result)
			var next int
			var mu sync.Mutex
			cut := func() impostor {
				mu.Lock()
				at := next
				next++
				mu.Unlock()
				return func(conn net.Conn) {
					_, _ = conn.Write(all[:min(at, len(hello))])
					if at > len(hello) {
						_, _, err := newWireConn(t, conn).read()
						if err != nil {
							return
						}
						_, _ = conn.Write(all[len(hello):at])
					}
					if at%2 == 0 { // a reset, else an end
						_ = conn.(*net.TCPConn).SetLinger(0)
					}
				}
			}
			address := s.behind(cut)
			before := sockets(t)
			for at := range len(all) + 1 {
				got := s.client(t, address, way.tls, wire.AppendQuery(nil, "select c"))
				last := "nothing"
				if len(got) > 0 {
					last = got[len(got)-1]
				}
				// What the server said before a reset may be lost with it.
				if at < len(all) && !strings.HasPrefix(last, "E:08") && last != "E:57P01" {
					t.Fatalf("cut at %d: %q", at, got)
				}
				if at == len(all) && !(strings.Contains(strings.Join(got, " "), "D:one D:two N:00000 C:SELECT 2 Z:I")) {
					t.Fatalf("whole: %q", got)
				}
			}
			nothingIsLeft(t, s, before)
		})
	}
}

// nothingIsLeft checks that all sessions and their sockets are gone.
func nothingIsLeft(t *testing.T, s *site, before []string) {
	t.Helper()
	if !within(func() bool { return len(s.gateway.Sessions()) == 0 }) {
		t.Errorf("%d sessions are left", len(s.gateway.Sessions()))
	}
	if !within(func() bool { return len(sockets(t)) <= len(before) }) {
		t.Errorf("open are %q, before %q", sockets(t), before)
	}
}

// answers are what an impostor may say, of all kinds and at any time.
func answers(r *rand.Rand) []byte {
	noise := make([]byte, 1+r.IntN(40))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	list := [][]byte{
		result, result, result, hello, wire.AppendReadyForQuery(nil, "ITE"[r.IntN(3)]), frame('Z', "?"), frame('Z', ""), frame('C', "SELECT 1\x00"), frame('C', "no end"), frame('C', ""),
		frame('1', ""), frame('2', ""), frame('3', ""), frame('n', ""), frame('s', ""), frame('I', ""), frame('1', "body"),
		dataRow("x"), frame('D', "\xff\xff"), frame('D', "\x00\x01\xff\xff\xff\xfe"), frame('D', "\x00\x01\x7f\xff\xff\xff"), frame('D', ""),
		frame('T', "\xff\xff"), frame('T', "\x00\x01c"), frame('t', "\x00\x01\x00\x00\x00\x17"), frame('t', "\xff\xff"),
		frame('G', "\x00\x00\x00"), frame('H', "\x00\x00\x01\x00\x00"), frame('W', "\x00\x00\x00"), frame('d', "data\n"), frame('c', ""),
		frame('A', "\x00\x00\x00\x07ch\x00x\x00"), frame('A', "\x00\x00"), wire.AppendParameterStatus(nil, "client_encoding", "LATIN1"), wire.AppendParameterStatus(nil, "standard_conforming_strings", "off"),
		bytes.Repeat(wire.AppendParameterStatus(nil, "a", "b"), 1000), frame('S', "a"), frame('S', "a\x00b\x00c\x00"),
		bytes.Repeat((&diagnostic.Diagnostic{Severity: "NOTICE", Code: "00000", Message: strings.Repeat("flood", 100)}).Append(nil), 300),
		(&diagnostic.Diagnostic{Severity: "ERROR", Code: "XX000", Message: "an error"}).Append(nil), (&diagnostic.Diagnostic{Severity: "FATAL", Code: "57P01", Message: "the end"}).Append(nil),
		frame('E', ""), frame('E', "SERROR"), frame('N', "\x00\x00"), frame('V', "\x00\x00\x00\x01x"), frame('V', "\xff\xff\xff\xff"), frame('V', "\x00\x00\x00\x09x"), frame('v', "\x00\x00\x00\x02\x00\x00\x00\x00"), frame('v', "\x00\x00\x00\x02\xff\xff\xff\xff"),
		frame('R', "\x00\x00\x00\x03"), frame('R', "\x00\x00\x00\x0a"), frame('R', "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00"), frame('R', "\x00\x00\x00\x0bjunk"), frame('R', ""), wire.AppendBackendKeyData(nil, 9, []byte{1, 2, 3, 4}), frame('K', "\x00"),
		[]byte("D\x7f\xff\xff\xff"), []byte("T\x40\x00\x00\x00"), []byte("Z\x00\x00\x00\x03"), frame('?', ""), frame('Q', "select 1\x00"), noise, frame("DTCZEN1"[r.IntN(7)], string(noise)),
	}
	return list[r.IntN(len(list))]
}

// An impostor says anything, in pieces; its clients get whole messages and an end.
func TestAServerThatSaysAnything(t *testing.T) {
	offer, _ := clientTLS(t)
	runs := uint64(150)
	for _, way := range hostileWays {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, options{rules: open, loops: way.loops, clientTLS: offer})
			var next uint64
			var mu sync.Mutex
			address := s.behind(func() impostor {
				mu.Lock()
				next++
				r := rand.New(rand.NewPCG(next, 23))
				mu.Unlock()
				return func(conn net.Conn) {
					if r.IntN(4) > 0 {
						_, _ = conn.Write(hello)
					}
					heard := make(chan struct{})
					go func() { // so that it is not weir that cannot write
						defer close(heard)
						_, _ = io.Copy(io.Discard, conn)
					}()
					for range 1 + r.IntN(6) {
						p := answers(r)
						for len(p) > 0 {
							n := min(len(p), 1+r.IntN(2000))
							if _, err := conn.Write(p[:n]); err != nil {
								<-heard
								return
							}
							p = p[n:]
						}
					}
					if r.IntN(3) == 0 {
						_ = conn.(*net.TCPConn).SetLinger(0)
					}
					_ = conn.Close()
					<-heard
				}
			})
			before := sockets(t)
			places := make(chan struct{}, 4)
			var clients sync.WaitGroup
			for seed := range runs {
				places <- struct{}{}
				clients.Go(func() {
					defer func() { <-places }()
					s.client(t, address, way.tls, randomScript(rand.New(rand.NewPCG(seed, 29))))
				})
			}
			clients.Wait()
			nothingIsLeft(t, s, before)
		})
	}
}

// A client that does not read holds up a server that sends what nobody asked for, too.
func TestAFloodToAClientThatDoesNotRead(t *testing.T) {
	offer, _ := clientTLS(t)
	flood := bytes.Repeat(pipeline((&diagnostic.Diagnostic{Severity: "NOTICE", Code: "00000", Message: strings.Repeat("flood", 100)}).Append(nil),
		wire.AppendParameterStatus(nil, "a", strings.Repeat("b", 500)), frame('A', "\x00\x00\x00\x07ch\x00"+strings.Repeat("x", 500)+"\x00")), 100)
	for _, way := range hostileWays {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, options{rules: open, loops: way.loops, clientTLS: offer})
			passed := make(chan int, 1)
			address := s.behind(func() impostor {
				return func(conn net.Conn) {
					_, _ = conn.Write(hello)
					total := 0
					for total < 256<<20 {
						_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
						n, err := conn.Write(flood)
						if total += n; err != nil {
							break
						}
					}
					passed <- total
				}
			})
			conn := dialTCP(t, address)
			if way.tls {
				conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}})
			}
			_, err := conn.Write(startup(s))
			must(t, err)
			// What the kernel's four buffers hold, and weir's.
			if n := <-passed; n > 48<<20 {
				t.Errorf("%d MB have passed", n>>20)
			}
			must(t, conn.Close())
		})
	}
}
