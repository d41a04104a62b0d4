package proxy_test

import (
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/weirgate/weir/proxy/wire"
)

// Cancel requests that are guessed, wrong or late reach nobody, however many they
// are; those with a session's key reach that session alone, and nothing is left of any.
func TestCancelRequestsInTheirHundreds(t *testing.T) {
	for _, way := range hostileWays[:2] {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, options{rules: open, loops: way.loops})
			victim, other := s.raw(), s.raw()
			before := sockets(t)
			storm := func(seed uint64, request func(*rand.Rand) []byte) {
				r := rand.New(rand.NewPCG(seed, 31))
				for range 40 {
					conn, err := net.Dial("tcp", s.address)
					if err != nil {
						t.Error(err)
						return
					}
					p := request(r)
					_, _ = conn.Write(p)
					if k, ok, _ := wire.ReadPacket(p); ok && k.Size == len(p) {
						_, _ = conn.Read(make([]byte, 1)) // it has been dealt with
					}
					_ = conn.Close()
				}
			}
			guesses := func(r *rand.Rand) []byte {
				key := make([]byte, []int{0, 1, 3, 4, 5, 32, 256, 257, 9000}[r.IntN(9)])
				for i := range key {
					key[i] = byte(r.Uint32())
				}
				switch r.IntN(4) {
				case 0:
					key = append([]byte{}, victim.key...)
					return cancelRequest(other.pid, key) // the key of one and the number of another
				case 1:
					key = append([]byte{}, victim.key[:len(victim.key)-1]...)
				case 2:
					p := cancelRequest(victim.pid, key)
					return p[:r.IntN(len(p))+1]
				}
				return cancelRequest(victim.pid, key)
			}
			victim.send(wire.AppendQuery(nil, "select pg_sleep(1), 'slept'"))
			other.send(wire.AppendQuery(nil, "select pg_sleep(1.5), 'slept'"))
			var storms sync.WaitGroup
			for i := range uint64(4) {
				storms.Go(func() { storm(i, guesses) })
			}
			wants(t, victim.until(1), "T D:,slept C:SELECT 1 Z:I")
			victim.send(wire.AppendQuery(nil, "select pg_sleep(60)"))
			storms.Go(func() { storm(9, func(*rand.Rand) []byte { return cancelRequest(victim.pid, victim.key) }) })
			// It may be hit before it has said what its rows are.
			wants(t, strings.TrimPrefix(victim.until(1), "T "), "E:57014 Z:I")
			wants(t, other.until(1), "T D:,slept C:SELECT 1 Z:I")
			storms.Wait()
			// Late ones may hit what comes next, as at the server itself.
			if !within(func() bool { return victim.query("select 1") == "T D:1 C:SELECT 1 Z:I" }) {
				t.Error("the session does not go on")
			}
			if !within(func() bool { return len(sockets(t)) <= len(before) }) {
				t.Errorf("open are %q, before %q", sockets(t), before)
			}
		})
	}
}
