package e2e

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/test/lab"
)

func TestWeirLogsInWhateverTheServerAsksFor(t *testing.T) {
	t.Parallel()
	lab.NeedRoot(t)
	lab.NeedPostgres(t)
	for _, tc := range []struct {
		name string
		opts lab.PostgresOptions
		tls  func(pg *lab.Postgres) string
		ok   bool
	}{
		{"md5", lab.PostgresOptions{Auth: "md5"}, func(*lab.Postgres) string { return "{mode: Disable}" }, true},
		{"a cleartext password over TLS", lab.PostgresOptions{Auth: "password", TLSOnly: true}, func(pg *lab.Postgres) string { return "{mode: VerifyFull, caFile: " + pg.CAFile + "}" }, true},
		{"SCRAM with TLS required", lab.PostgresOptions{TLSOnly: true}, func(*lab.Postgres) string { return "{mode: Require}" }, true},
		{"SCRAM with the authority verified", lab.PostgresOptions{TLSOnly: true}, func(pg *lab.Postgres) string { return "{mode: VerifyCA, caFile: " + pg.CAFile + "}" }, true},
		{"SCRAM with authority and name verified", lab.PostgresOptions{TLSOnly: true}, func(pg *lab.Postgres) string { return "{mode: VerifyFull, caFile: " + pg.CAFile + "}" }, true},
		{"a certificate made out to another name", lab.PostgresOptions{TLSOnly: true}, func(pg *lab.Postgres) string {
			return "{mode: VerifyFull, caFile: " + pg.CAFile + ", serverName: elsewhere.example}"
		}, false},
		{"TLS required from a server that has none", lab.PostgresOptions{}, func(*lab.Postgres) string { return "{mode: Require}" }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := lab.ForTest(t)
			pg, err := l.Postgres(t.Context(), tc.opts)
			if err != nil {
				t.Fatal(err)
			}
			s := newSite(t, options{postgres: pg, tls: tc.tls(pg)})
			out := s.psql("-c", "SELECT current_user", "-c", "SELECT ssn FROM customers")
			if tc.ok != (out.Code == 0) {
				t.Errorf("psql ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
			}
			if tc.ok && !strings.HasPrefix(out.Stdout, role+"\n") {
				t.Errorf("logged in as %s", out.Stdout)
			}
			s.hidden(out.Stdout)
			for _, text := range []string{out.Stderr, s.weir.String()} {
				if strings.Contains(text, password) {
					t.Errorf("the password is in: %s", text)
				}
			}
		})
	}
}

func TestWithPassthroughTheClientLogsInItself(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{login: passthrough})
	out := s.psqlIn(s.agents, s.pg.DSN(role, password, s.database), "-c", "SELECT current_user", "-c", "SELECT ssn FROM customers")
	if out.Code != 0 || !strings.HasPrefix(out.Stdout, role) {
		t.Errorf("with the right password: %d %s%s", out.Code, out.Stdout, out.Stderr)
	}
	s.hidden(out.Stdout)
	out = s.psqlIn(s.agents, s.pg.DSN(role, "wrong", s.database), "-c", "SELECT 1")
	if out.Code == 0 || !strings.Contains(out.Stderr, "password authentication failed") {
		t.Errorf("with a wrong one: %d %s%s", out.Code, out.Stdout, out.Stderr)
	}
}

func TestTLSTowardsTheClientIsAsConfigured(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode       string
		plain, tls bool
	}{{"Offer", true, true}, {"Require", false, true}, {"\"Off\"", true, false}} {
		t.Run(tc.mode, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, options{spec: "clientTLS: " + tc.mode})
			if _, err := s.tryConnect(); (err == nil) != tc.plain {
				t.Errorf("without TLS: %v", err)
			}
			conn, err := s.tryConnect(func(c *pgx.ConnConfig) {
				// weir's own authority is not what is looked at here.
				c.TLSConfig = &tls.Config{InsecureSkipVerify: true}
			})
			if (err == nil) != tc.tls {
				t.Errorf("with TLS: %v", err)
			}
			if err == nil {
				s.must(conn.Ping(t.Context()))
			}
		})
	}
}
