package proxy_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/weirgate/weir/proxy/wire"
)

// A client that needs no password at the server may send its statements with its
// start-up packet.
func TestAClientThatSendsItsStatementsWithItsStartupPacket(t *testing.T) {
	for _, way := range []struct {
		name  string
		loops int
	}{{"on an event loop", 1}, {"on goroutines", -1}} {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, options{rules: open, login: "{type: Passthrough}", database: "  catalog: {user: " + role + ", passwordFile: @secret@}\n", loops: way.loops})
			s.trusts("early")
			all := pipeline(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "early"}, {Name: "database", Value: s.database}}),
				wire.AppendQuery(nil, "select 1"), parse("", "select 2"), bind("", ""), execute("", 0), syncs())
			var got []string
			for _, address := range []string{s.pg.Addr().String(), s.address} {
				conn, err := net.Dial("tcp", address)
				must(t, err)
				w := newWireConn(t, conn)
				w.send(all)
				got = append(got, w.until(3))
				must(t, conn.Close())
			}
			wants(t, got[1], got[0])
		})
	}
}

// trusts makes a role that needs no password.
func (s *site) trusts(role string) {
	s.t.Helper()
	s.direct("DO $$ BEGIN CREATE ROLE " + role + " LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
	at := filepath.Join(s.pg.Dir, "pg_hba.conf")
	before, err := os.ReadFile(at)
	must(s.t, err)
	must(s.t, os.WriteFile(at, append([]byte("host all "+role+" all trust\n"), before...), 0o600))
	s.direct("SELECT pg_reload_conf()")
	s.t.Cleanup(func() {
		must(s.t, os.WriteFile(at, before, 0o600))
	})
	if !within(func() bool {
		conn, err := net.Dial("tcp", s.pg.Addr().String())
		must(s.t, err)
		defer func() { _ = conn.Close() }()
		w := newWireConn(s.t, conn)
		w.send(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: role}, {Name: "database", Value: s.database}}))
		_, body, err := w.read()
		return err == nil && len(body) == 4 && body[3] == wire.AuthOK
	}) {
		s.t.Fatal("the server has not taken the new pg_hba.conf")
	}
}
