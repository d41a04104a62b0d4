package e2e

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirgate/weir/test/lab"
)

// The callers of explicit listeners are attested too: the policy's identity selects
// by cgroup here as well.
func TestExplicitListenersAttestTheirCallers(t *testing.T) {
	t.Parallel()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	var socket string
	s := newSite(t, options{before: func(s *site) {
		dir, err := s.lab.Subdir("listener", nil, 0o755)
		s.must(err)
		socket = filepath.Join(dir, ".s.PGSQL.5432")
		s.opts.spec = fmt.Sprintf("listen:\n- {name: tcp, network: tcp, address: \"127.0.0.1:%d\", database: crm}\n"+
			"- {name: unix, network: unix, address: %s, mode: \"0666\", database: crm}\n", port, socket)
	}})
	stranger, err := s.lab.Cgroup("stranger")
	s.must(err)
	for name, dsn := range map[string]string{
		"TCP":  lab.DSN(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port)), "agent", "", s.database),
		"Unix": fmt.Sprintf("host=%s port=5432 user=agent dbname=%s", filepath.Dir(socket), s.database),
	} {
		out := s.psqlIn(s.agents, dsn, "-c", "SELECT current_user", "-c", "SELECT ssn FROM customers")
		if out.Code != 0 || !strings.HasPrefix(out.Stdout, role) {
			t.Errorf("%s: ended with %d: %s%s", name, out.Code, out.Stdout, out.Stderr)
		}
		s.hidden(out.Stdout)
		out = s.psqlIn(stranger, dsn, "-c", "SELECT 1")
		if out.Code == 0 {
			t.Errorf("%s: whom no policy selects got in", name)
		}
	}
	text := s.cli("observe", "--last", "50", "-o", "json")
	if !strings.Contains(text, s.agents.Name) {
		t.Errorf("the records do not name %s:\n%s", s.agents.Name, text)
	}
}

func TestWithoutCaptureTheListenersWorkAlone(t *testing.T) {
	t.Parallel()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, options{
		capture: []string{"mode: \"Off\""},
		spec:    fmt.Sprintf("listen:\n- {name: tcp, network: tcp, address: \"127.0.0.1:%d\", database: crm}\n", port),
	})
	dsn := lab.DSN(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port)), "agent", "", s.database)
	out := s.psqlIn(s.agents, dsn, "-c", "SELECT current_user", "-c", "SELECT ssn FROM customers")
	if out.Code != 0 || !strings.HasPrefix(out.Stdout, role) {
		t.Errorf("ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	s.hidden(out.Stdout)
	// The way to the database itself is untouched then.
	out = s.psqlIn(s.agents, s.pg.DSN(role, password, s.database), "-c", "SELECT current_user")
	if out.Code != 0 {
		t.Errorf("directly: %s", out.Stderr)
	}
}
