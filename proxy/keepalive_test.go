package proxy_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/proxy"
)

// A peer that vanishes without a word is noticed, on both sides of each driver.
func TestConnectionsAreKeptAlive(t *testing.T) {
	for _, way := range []struct {
		name  string
		loops int
	}{{"on an event loop", 1}, {"on goroutines", -1}} {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, options{rules: open, loops: way.loops, configure: func(c *proxy.Config) {
				c.KeepAlive = net.KeepAliveConfig{Enable: true, Idle: 70 * time.Second, Interval: 11 * time.Second, Count: 4}
			}})
			w := s.raw()
			wants(t, w.query("select 1"), "T D:1 C:SELECT 1 Z:I") // it is where it stays
			client := netip.MustParseAddrPort(w.LocalAddr().String())
			for side, peer := range map[string]netip.AddrPort{"the client's": client, "the server's": s.pg.Addr()} {
				found := 0
				for fd := range 4096 {
					name, err := unix.Getpeername(fd)
					in, ok := name.(*unix.SockaddrInet4)
					if err != nil || !ok || netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port)) != peer {
						continue
					}
					found++
					for option, want := range map[int]int{unix.TCP_KEEPIDLE: 70, unix.TCP_KEEPINTVL: 11, unix.TCP_KEEPCNT: 4} {
						if got, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, option); err != nil || got != want {
							t.Errorf("%s socket: option %d is %d, %v; want %d", side, option, got, err, want)
						}
					}
					if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE); err != nil || on != 1 {
						t.Errorf("%s socket is not kept alive: %v", side, err)
					}
				}
				if found == 0 {
					t.Errorf("%s socket was not found", side)
				}
			}
		})
	}
}
