package driver_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/driver"
	"github.com/weirgate/weir/proxy/wire"
)

// crowd is many connections through one driver, to servers that answer each
// query with its own text.
type crowd struct {
	t      *testing.T
	driver *driver.Driver
	ctx    context.Context
	stop   context.CancelFunc
	front  net.Listener
	back   net.Listener
	wg     sync.WaitGroup
}

func newCrowd(t *testing.T, w way) *crowd {
	t.Helper()
	c := &crowd{t: t, driver: newDriver(t, w)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	for _, l := range []*net.Listener{&c.front, &c.back} {
		var err error
		address := "127.0.0.1:0"
		if w.network == "unix" {
			address = t.TempDir() + "/s"
		}
		if *l, err = net.Listen(w.network, address); err != nil {
			t.Fatal(err)
		}
	}
	c.wg.Go(c.accept)
	c.wg.Go(c.serve)
	t.Cleanup(func() {
		_ = c.front.Close()
		_ = c.back.Close()
		c.stop()
		c.wg.Wait()
	})
	return c
}

// accept hands connections to the driver.
func (c *crowd) accept() {
	for {
		conn, err := c.front.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(c.back.Addr().Network(), c.back.Addr().String())
		if err != nil {
			_ = conn.Close()
			continue
		}
		c.wg.Add(1)
		d := driver.NewConnection(newSession(false), func(*diagnostic.Diagnostic) { c.wg.Done() })
		q := &questions{judge: &judge{}, server: server}
		c.wg.Go(func() {
			c.driver.Serve(c.ctx, conn, d, q)
			q.close()
		})
	}
}

// serve answers queries.
func (c *crowd) serve() {
	for {
		conn, err := c.back.Accept()
		if err != nil {
			return
		}
		c.wg.Go(func() {
			defer func() { _ = conn.Close() }()
			p := &peer{Conn: conn, in: bufio.NewReaderSize(conn, 4<<10)}
			for {
				typ, body, err := p.next()
				if err != nil || typ == wire.Terminate {
					return
				}
				if _, err := conn.Write(append(frame(wire.CommandComplete, string(body)), readyForQuery()...)); err != nil {
					return
				}
			}
		})
	}
}

// dial gives a client whose session has started.
func (c *crowd) dial() (*peer, error) {
	conn, err := net.Dial(c.front.Addr().Network(), c.front.Addr().String())
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(3 * patience))
	p := &peer{t: c.t, Conn: conn, raw: conn, in: bufio.NewReaderSize(conn, 512)}
	if _, err := conn.Write(startup()); err != nil {
		return nil, err
	}
	for _, want := range []byte{'R', 'K', 'Z'} {
		if typ, _, err := p.next(); err != nil || typ != want {
			return nil, fmt.Errorf("during the start: %q, %w", typ, err)
		}
	}
	return p, nil
}

// ask sends a text and checks that the answer is to this one.
func (p *peer) ask(text string) error {
	if _, err := p.Write(query(text)); err != nil {
		return err
	}
	typ, body, err := p.next()
	if err != nil || typ != wire.CommandComplete || string(body) != text+"\x00" {
		return fmt.Errorf("asked %q, got %q %q: %w", text, typ, body, err)
	}
	if typ, _, err = p.next(); err != nil || typ != wire.ReadyForQuery {
		return fmt.Errorf("asked %q, got %q: %w", text, typ, err)
	}
	return nil
}

// Descriptors are used again the moment that they are free: what belongs to one
// session must never reach the next that has its number.
func TestSessionsThatComeAndGoStayApart(t *testing.T) {
	for _, w := range ways[:4] {
		t.Run(w.name, func(t *testing.T) { comeAndGo(t, w) })
	}
}

func comeAndGo(t *testing.T, w way) {
	leavesNothing(t)
	c := newCrowd(t, w)
	var wg sync.WaitGroup
	const people, visits = 16, 40
	for i := range people {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for n := range visits {
				p, err := c.dial()
				if err != nil {
					t.Error(err)
					return
				}
				for k := range random.IntN(4) {
					if err := p.ask(fmt.Sprintf("select %d.%d.%d", i, n, k)); err != nil {
						t.Error(err)
					}
				}
				switch random.IntN(5) {
				case 0:
					p.reset()
				case 1:
					_, _ = p.Write(query("select and leave"))
					p.reset()
				case 2:
					_, _ = p.Write(wire.AppendEmpty(query("slow"), wire.Terminate))
					_ = p.Close()
				case 3:
					_, _ = p.Write(query("settles"))
					_, _ = p.Write(query("select")[:3])
					_ = p.Close()
				default:
					_ = p.Close()
				}
			}
		})
	}
	wg.Wait()
}

// manyIdle is how many idle connections are measured; each has four descriptors
// in this process.
const manyIdle = 1000

func TestIdleConnectionsCostLittle(t *testing.T) {
	for _, most := range []struct {
		way
		bytes int64 // of heap and stacks for each connection
	}{{ways[0], 8 << 10}, {ways[2], 64 << 10}} {
		t.Run(most.name, func(t *testing.T) {
			leavesNothing(t)
			c := newCrowd(t, most.way)
			before := usage()
			var people []*peer
			for range manyIdle {
				p, err := c.dial()
				if err != nil {
					t.Fatal(err)
				}
				people = append(people, p)
			}
			// What the test itself keeps for each is taken off: a client's reader,
			// and the server's with its goroutine.
			each := (usage()-before)/manyIdle - own(t)
			t.Logf("%d bytes for an idle connection", each)
			if each > most.bytes {
				t.Errorf("%d bytes for an idle connection, more than %d", each, most.bytes)
			}
			rests(t)
			for i, p := range people {
				if err := p.ask(fmt.Sprintf("select %d", i)); err != nil {
					t.Fatal(err)
				}
				_ = p.Close()
			}
		})
	}
}

// usage is what the heap and the stacks hold.
func usage() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// own measures what the test keeps for a connection of its own kind.
func own(t *testing.T) int64 {
	t.Helper()
	const n = 100
	before := usage()
	var keep []any
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		s := newPair(t, "tcp", "")
		t.Cleanup(func() { _ = s.close() })
		keep = append(keep, bufio.NewReaderSize(s.dialled, 512))
		in := bufio.NewReaderSize(s.accepted, 4<<10)
		wg.Go(func() { <-release; _ = in.Size() })
	}
	each := (usage() - before) / n
	runtime.KeepAlive(keep)
	close(release)
	wg.Wait()
	return each
}
