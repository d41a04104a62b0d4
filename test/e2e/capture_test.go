package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/test/lab"
)

func TestAClientInNoCapturedCgroupIsUntouched(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	before := s.status().Sessions.Total
	// This process is in none: not below the lab's cgroup.
	conn, err := pgx.Connect(t.Context(), s.pg.DSN(role, password, s.database)+"?sslmode=disable")
	s.must(err)
	var ssn string
	s.must(conn.QueryRow(t.Context(), "SELECT ssn FROM customers WHERE id = 1").Scan(&ssn))
	s.must(conn.Close(t.Context()))
	if ssn != "900-45-1001" {
		t.Errorf("got %q", ssn)
	}
	if after := s.status().Sessions.Total; after != before {
		t.Errorf("weir counts %d sessions, %d before", after, before)
	}
}

func TestACgroupThatIsPassedIsUntouchedAndADeniedOneIsRefused(t *testing.T) {
	t.Parallel()
	var passed, denied *lab.Cgroup
	s := newSite(t, options{before: func(s *site) {
		var err error
		passed, err = s.lab.Cgroup("passed")
		s.must(err)
		denied, err = s.lab.Cgroup("denied")
		s.must(err)
		s.opts.capture = []string{fmt.Sprintf("cgroups: [{path: %s, action: Pass}, {path: %s, action: Deny}]", passed.Name, denied.Name)}
	}})
	out := s.psqlIn(passed, s.pg.DSN(role, password, s.database), "-c", "SELECT ssn FROM customers WHERE id = 1")
	if out.Code != 0 || strings.TrimSpace(out.Stdout) != "900-45-1001" {
		t.Errorf("passed: %d %s%s", out.Code, out.Stdout, out.Stderr)
	}
	out = s.psqlIn(denied, s.pg.DSN(role, password, s.database), "-c", "SELECT 1")
	if out.Code == 0 {
		t.Errorf("denied: got through: %s", out.Stdout)
	}
}

func TestIPv6LoopbackIsCapturedToo(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	addr := netip.AddrPortFrom(netip.IPv6Loopback(), uint16(s.pg.Port))
	out := s.psqlIn(s.agents, lab.DSN(addr, "agent", "", s.database), "-c", "SELECT ssn FROM customers", "-c", "SELECT current_user")
	if out.Code != 0 || !strings.Contains(out.Stdout, role) {
		t.Fatalf("ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	s.hidden(out.Stdout)
}

func TestAClientInItsOwnNamespaceIsServedFromThere(t *testing.T) {
	t.Parallel()
	lab.NeedRoot(t)
	lab.NeedPostgres(t)
	l := lab.ForTest(t)
	ns, err := l.Netns()
	if err != nil {
		t.Fatal(err)
	}
	pg, err := l.Postgres(t.Context(), lab.PostgresOptions{Addresses: []netip.Addr{ns.Host}})
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, options{postgres: pg, host: ns.Host.String()})
	d, err := s.lab.Dialer(s.agents, s.nobody, ns)
	s.must(err)
	conn, err := s.connectBy(d.Dial, pg.Addr())
	s.must(err)
	text := fmt.Sprint(s.rows(conn, "SELECT name, ssn FROM customers ORDER BY id"))
	s.hidden(text)
	var from string
	s.must(conn.QueryRow(t.Context(), "SELECT host(inet_client_addr())").Scan(&from))
	if from != ns.Inside.String() {
		t.Errorf("the database is dialled from %s, want the workload's own %s", from, ns.Inside)
	}
}

func TestADirectConnectToWeirsListenerGetsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn, err := s.from().Dial(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", s.weir.Port))
	if err != nil {
		return // refused already by the kernel
	}
	defer func() { _ = conn.Close() }()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestAKilledDaemonMeansConnectionRefusedAndARestartTakesOver(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	first := s.connect()
	s.must(s.weir.Kill())
	for range 3 {
		if conn, err := s.dial(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("got %v, %v; want ECONNREFUSED", conn, err)
		}
	}
	if err := first.Ping(t.Context()); err == nil {
		t.Error("a session outlived the daemon")
	}
	s.must(s.weir.Start(t.Context()))
	conn := s.connect()
	s.hidden(fmt.Sprint(s.rows(conn, "SELECT ssn FROM customers")))
	if got := s.psql("-c", "SELECT current_user"); strings.TrimSpace(got.Stdout) != role {
		t.Errorf("after the restart psql says %s%s", got.Stdout, got.Stderr)
	}
}

func TestAnOrderlyStopKeepsTheGuardToo(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	_ = s.from()
	s.must(s.weir.Stop())
	if _, err := s.dial(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want ECONNREFUSED", err)
	}
}

func TestAConnectionOlderThanTheCaptureIsListedAndCanBeEnded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		args []string
	}{{"listed", nil}, {"ended", []string{"--destroy-existing"}}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var old *pgx.Conn
			s := newSite(t, options{args: tc.args, before: func(s *site) {
				var err error
				old, err = s.connectBy(s.from().Dial, s.pg.Addr(), func(c *pgx.ConnConfig) { c.User, c.Password = role, password })
				s.must(err)
			}})
			if tc.args != nil {
				if err := old.Ping(t.Context()); err == nil {
					t.Error("the old connection still works")
				}
				return
			}
			for _, c := range s.status().Capture.Unseen {
				if c.PID == s.from().PID {
					return
				}
			}
			t.Errorf("not listed: %+v", s.status().Capture.Unseen)
		})
	}
}
