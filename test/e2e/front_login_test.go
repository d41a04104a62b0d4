package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/test/lab"
)

// libpqVariable names a folder with another libpq than the system's, to run these
// tests with it.
const libpqVariable = "WEIR_TEST_LIBPQ"

// checked is a login in which clients prove to weir who they are.
func checked(s *site, how string) string {
	secret, err := s.lab.Write("agent.password", "agent's own\n", 0o600)
	s.must(err)
	return fmt.Sprintf("{type: Static, user: %s, passwordFile: @secret@}\n  clients: {authentication: %s, users: [{name: agent, passwordFile: %s}]}", role, how, secret)
}

// libpq runs psql with connection parameters, by the real libpq.
func (s *site) libpq(parameters string, args ...string) lab.Result {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Second)
	defer cancel()
	dsn := fmt.Sprintf("port=%d user=agent dbname=%s %s", s.pg.Port, s.database, parameters)
	env := []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PGCONNECT_TIMEOUT=20", "PSQLRC=/dev/null"}
	if folder := os.Getenv(libpqVariable); folder != "" {
		env = append(env, "LD_LIBRARY_PATH="+folder)
	}
	out, err := s.lab.Run(ctx, lab.Command{
		Path: s.pg.Program("psql"), Args: append([]string{"-X", "-w", "-A", "-t", dsn}, args...),
		Cgroup: s.agents, User: s.nobody, Dir: "/", Env: env,
	})
	s.must(err)
	return out
}

// authority puts weir's CA into a file that the agent can read.
func (s *site) authority() string {
	s.t.Helper()
	path, err := s.lab.Write("weir-ca.pem", s.cli("ca", "--config", s.weir.Config), 0o644)
	s.must(err)
	return path
}

func TestLibpqInsistsOnAuthentication(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{before: func(s *site) { s.opts.login = checked(s, "Scram") }})
	ca := s.authority()
	for _, c := range []struct {
		name, parameters, code string // code is what is said on a refusal, "" for none
	}{
		{"a password over a connection in clear", "host=127.0.0.1 sslmode=disable password='agent\\'s own'", ""},
		{"bound to the certificate", "host=127.0.0.1 sslmode=require channel_binding=require password='agent\\'s own'", ""},
		{"bound, by the server's address", "host=127.0.0.1 sslmode=verify-full sslrootcert=" + ca + " channel_binding=require password='agent\\'s own'", ""},
		{"bound, by the server's name", "host=crm.example hostaddr=127.0.0.1 sslmode=verify-full sslrootcert=" + ca + " channel_binding=require password='agent\\'s own'", ""},
		{"a wrong password", "host=127.0.0.1 channel_binding=require sslmode=require password=wrong", `password authentication failed for user "agent"`},
		{"no password", "host=127.0.0.1 sslmode=disable", "no password supplied"},
		{"a user whom the document does not name", "host=127.0.0.1 sslmode=disable user=crm_app password=" + password, `password authentication failed for user "crm_app"`},
		{"binding without TLS", "host=127.0.0.1 sslmode=disable channel_binding=require password='agent\\'s own'", "channel binding"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := s.libpq(c.parameters, "-c", "SELECT current_user", "-c", "SELECT ssn FROM customers")
			if c.code == "" && (out.Code != 0 || !strings.HasPrefix(out.Stdout, role+"\n")) {
				t.Errorf("psql ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
			}
			if c.code != "" && (out.Code == 0 || !strings.Contains(out.Stderr, c.code)) {
				t.Errorf("psql ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
			}
			s.hidden(out.Stdout)
		})
	}
	if text := s.weir.String(); strings.Contains(text, "agent's own") || !strings.Contains(text, "no such user in clients.users") {
		t.Errorf("weir's log: %s", text)
	}
}

func TestAClientThatInsistsInVainIsToldOfInTheJournal(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	out := s.libpq("host=127.0.0.1 sslmode=require channel_binding=require password=x", "-c", "SELECT 1")
	if out.Code == 0 || !strings.Contains(out.Stderr, "channel binding required") {
		t.Errorf("psql ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	s.eventually("the record of the session's end", func() (bool, string) {
		text := s.cli("observe", "--last", "20", "-o", "json")
		return strings.Contains(text, "clients: {authentication: Scram"), text
	})
	if text := s.weir.String(); !strings.Contains(text, "left without a word") {
		t.Errorf("weir's log: %s", text)
	}
}

func TestWeirsAuthorityIsPrintedAsClientsNeedIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	var ca struct{ Certificate, Fingerprint string }
	s.must(json.Unmarshal([]byte(s.cli("ca", "-o", "json", "--config", s.weir.Config)), &ca))
	if ca.Certificate != s.cli("ca", "--config", s.weir.Config) || len(ca.Fingerprint) != 64 {
		t.Errorf("got %+v", ca)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(ca.Certificate)) {
		t.Fatal("no certificate")
	}
	for _, name := range []string{"crm.example", "127.0.0.1"} {
		for _, negotiation := range []string{"postgres", "direct"} {
			conn := s.connect(func(c *pgx.ConnConfig) {
				c.TLSConfig = &tls.Config{RootCAs: roots, ServerName: name, NextProtos: []string{"postgresql"}}
				c.SSLNegotiation = negotiation
				c.MaxProtocolVersion = "3.2"
			})
			s.must(conn.Ping(t.Context()))
			key := 4
			if strings.HasPrefix(s.query1("SHOW server_version_num"), "18") {
				key = 32 // as the server's own, which speaks 3.2
			}
			if n := len(conn.PgConn().SecretKey()); n != key {
				t.Errorf("%s, %s: a cancel key of %d bytes", name, negotiation, n)
			}
			done := make(chan error, 1)
			go func() {
				_, err := conn.Exec(t.Context(), "SELECT pg_sleep(60)")
				done <- err
			}()
			s.eventually("the sleeping statement", func() (bool, string) {
				got := s.query1("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND wait_event = 'PgSleep'")
				return got == "1", got
			})
			s.must(conn.PgConn().CancelRequest(t.Context()))
			if e := s.refusal(<-done); e.Code != "57014" {
				t.Errorf("got %s, want 57014", e.Code)
			}
			s.must(conn.Close(t.Context()))
		}
	}
}

func TestStartupSettingsReachTheServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{policy: "  guards:\n  - name: roles\n    match: {settings: [role]}\n    action: Deny\n"})
	out := s.libpq(`host=127.0.0.1 options='-c myapp.tenant=a\\ b -c search_path=pg_catalog'`, "-c", "SELECT current_setting('myapp.tenant'), current_setting('search_path')")
	if out.Code != 0 || out.Stdout != "a b|pg_catalog\n" {
		t.Errorf("psql ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	for options, word := range map[string]string{
		"-c nothing_here=1":                     `unrecognized configuration parameter "nothing_here"`,
		"-c role=postgres":                      "bots/roles",
		"-c replication=database":               `unrecognized configuration parameter "replication"`,
		"-c standard_conforming_strings=off":    "standard_conforming_strings",
		"--session-preload-libraries=adminpack": "library",
	} {
		out := s.libpq("host=127.0.0.1 options='"+options+"'", "-c", "SELECT 1")
		if out.Code == 0 || !strings.Contains(out.Stderr, word) {
			t.Errorf("%s: psql ended with %d: %s%s", options, out.Code, out.Stdout, out.Stderr)
		}
	}
}

func TestSessionsEndAsTheConfigurationSays(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{spec: "limits: {idleTimeout: 2s, idleInTransactionTimeout: 1s, starting: 4, loginTimeout: 10s}\nkeepAlive: {idle: 30s, interval: 5s, count: 3}\n"})
	idle, within := s.connect(), s.connect()
	for attempt := 0; ; attempt++ {
		_, err := within.Exec(t.Context(), "BEGIN")
		if err == nil {
			break
		}
		if attempt == 10 {
			t.Fatal(err)
		}
		within = s.connect() // it was idle for too long before that: the machine is slow
	}
	for want, conn := range map[string]*pgx.Conn{"57P05": idle, "25P03": within} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err := conn.WaitForNotification(ctx)
		cancel()
		if e := s.refusal(err); e.Code != want || !strings.Contains(e.Hint, "weir ends sessions") {
			t.Errorf("got %+v, want %s", e, want)
		}
	}
	// Connections that say nothing are bounded, and let go of.
	// Which of those that come together is counted first is nobody's word, so there
	// are always four more.
	s.eventually("the bound", func() (bool, string) {
		for range 4 {
			c, err := s.dial()
			s.must(err)
			t.Cleanup(func() { _ = c.Close() })
		}
		_, err := s.tryConnect()
		return err != nil && strings.Contains(err.Error(), "53300"), fmt.Sprint(err)
	})
	s.eventually("room", func() (bool, string) {
		_, err := s.tryConnect()
		return err == nil, fmt.Sprint(err)
	})
}
