package redirect

import (
	"net/netip"
	"testing"
)

func TestEveryWayOfConnectingIsCapturedWithItsDestinationAndCaller(t *testing.T) {
	b := newBench(t)
	c := b.open()
	agent := b.mkdir("agent")
	four := netip.MustParseAddrPort("203.0.113.7:5432")
	six := netip.MustParseAddrPort("[2001:db8::7]:5432")
	tests := []struct {
		name  string
		order order
		peer  string
		flows int
	}{
		{"a plain IPv4 connect", order{Way: "dial", Address: four}, "203.0.113.7:5432", 1},
		{"a plain IPv6 connect", order{Way: "dial", Address: six}, "[2001:db8::7]:5432", 1},
		{"a loopback destination", order{Way: "dial", Address: netip.MustParseAddrPort("127.0.0.1:5432")}, "127.0.0.1:5432", 1},
		{"an IPv6 loopback destination", order{Way: "dial", Address: netip.MustParseAddrPort("[::1]:5432")}, "[::1]:5432", 1},
		{"MPTCP", order{Way: "mptcp", Address: four}, "", 1},
		{"a non-blocking connect", order{Way: "nonblocking", Address: four}, "203.0.113.7:5432", 1},
		{"a non-blocking IPv6 connect", order{Way: "nonblocking", Address: six}, "[2001:db8::7]:5432", 1},
		{"Fast Open by sendto", order{Way: "fastopen", Address: four}, "203.0.113.7:5432", 1},
		{"Fast Open by option", order{Way: "fastopen-opt", Address: four}, "203.0.113.7:5432", 1},
		{"a v4-mapped address", order{Way: "mapped", Address: four}, "[::ffff:203.0.113.7]:5432", 1},
		{"a bound socket", order{Way: "bound", Address: four}, "203.0.113.7:5432", 1},
		{"a socket used again after AF_UNSPEC", order{Way: "again", Address: four}, "203.0.113.7:5432", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cl := b.client(agent, tt.order)
			var f Flow
			for range tt.flows {
				f = accept(t, c)
				if f.Destination != tt.order.Address {
					t.Errorf("destination %s, want %s", f.Destination, tt.order.Address)
				}
				if f.Caller.CgroupID != b.id(agent) || f.Caller.PID != cl.cmd.Process.Pid {
					t.Errorf("caller %+v, want cgroup %d pid %d", f.Caller, b.id(agent), cl.cmd.Process.Pid)
				}
			}
			greet(t, f)
			s := cl.result()
			if s.Error != "" || s.Reply != "weir" {
				t.Errorf("the client saw %+v", s)
			}
			if tt.peer != "" && s.Peer != tt.peer {
				t.Errorf("getpeername gave %s, want %s", s.Peer, tt.peer)
			}
			t.Logf("%+v", f.Caller)
		})
	}
}
