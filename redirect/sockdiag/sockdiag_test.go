package sockdiag

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"testing"
)

// pair gives both ends of a connection over loopback.
func pair(t *testing.T, network, at string) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen(network, at)
	if err != nil {
		t.Skip("no ", network, " here: ", err)
	}
	defer func() { _ = l.Close() }()
	c, err := net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); _ = s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

func open(t *testing.T) *Conn {
	t.Helper()
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func ends(c *net.TCPConn) (local, remote netip.AddrPort) {
	return c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()
}

func TestBothEndsOfAConnectionAreFoundAndListed(t *testing.T) {
	for _, at := range []struct{ network, address string }{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}} {
		t.Run(at.network, func(t *testing.T) {
			client, server := pair(t, at.network, at.address)
			c := open(t)
			all, err := c.List(Established)
			if err != nil {
				t.Fatal(err)
			}
			for _, conn := range []*net.TCPConn{client, server} {
				local, remote := ends(conn)
				s, err := c.Find(local, remote)
				if err != nil {
					t.Fatal(err)
				}
				if s.Local != local || s.Remote != remote || s.State != Established || s.Inode == 0 || s.UID != uint32(os.Getuid()) || s.CgroupID == 0 {
					t.Errorf("%+v", s)
				}
				listed := false
				for _, o := range all {
					listed = listed || o == s
				}
				if !listed {
					t.Errorf("%+v is not in the list", s)
				}
			}
		})
	}
}

func TestAV4MappedSocketIsFoundByItsIPv4Address(t *testing.T) {
	_, server := pair(t, "tcp", "[::ffff:127.0.0.1]:0")
	if _, err := open(t).Find(ends(server)); err != nil {
		t.Error(err)
	}
}

func TestAnAbsentConnectionIsNotFoundThoughSomebodyListens(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	at := l.Addr().(*net.TCPAddr).AddrPort()
	if s, err := open(t).Find(at, netip.MustParseAddrPort("127.0.0.1:1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestADestroyedConnectionEnds(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NEEDS ROOT: ends connections")
	}
	client, server := pair(t, "tcp4", "127.0.0.1:0")
	c := open(t)
	s, err := c.Find(ends(client))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Destroy(s); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("NEEDS CONFIG_INET_DIAG_DESTROY")
	} else if err != nil {
		t.Fatal(err)
	}
	for _, conn := range []*net.TCPConn{client, server} {
		if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("read %d, %v, want a broken connection", n, err)
		}
	}
	if err := c.Destroy(s); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: %v", err)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add(make([]byte, headerSize+answerSize))
	f.Fuzz(func(_ *testing.T, b []byte) {
		c := &Conn{}
		_, _ = c.read(b, 0x300, func(Socket) {})
		_, _ = parse(b)
	})
}
