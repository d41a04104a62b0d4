package proxy_test

import (
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/scram"
	"github.com/weirgate/weir/proxy/wire"
)

// secretFiles makes the files of two users: one has a password, one a verifier.
func secretFiles(t *testing.T) (folder string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "weir-clients-") // a path that YAML takes as it is
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.WriteFile(filepath.Join(folder, "agent"), []byte("agent's own\n"), 0o600))
	v, err := scram.NewVerifier(nil, "etl's own", []byte("0123456789abcdef"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(folder, "etl"), []byte(v.String()+"\n"), 0o600))
	return folder
}

func clients(how, folder string) string {
	return "\n  clients:\n    authentication: " + how + "\n    users:\n    - {name: agent, passwordFile: " + folder + "/agent}\n" +
		"    - {name: etl, verifierFile: " + folder + "/etl}\n"
}

func as(user, password string) func(*pgx.ConnConfig) {
	return func(c *pgx.ConnConfig) { c.User, c.Password = user, password }
}

func insists(on string) func(*pgx.ConnConfig) {
	return func(c *pgx.ConnConfig) { c.RequireAuth = on }
}

func TestClientsProveWhoTheyAre(t *testing.T) {
	folder := secretFiles(t)
	for _, how := range []struct{ name, method string }{{"Scram", "scram-sha-256"}, {"Password", "password"}} {
		t.Run(how.name, func(t *testing.T) {
			s := newSite(t, options{database: clients(how.name, folder)})
			for _, user := range []string{"agent", "etl"} {
				c := s.connect(as(user, user+"'s own"), insists(how.method))
				var role string
				must(t, c.QueryRow(t.Context(), "SELECT current_user").Scan(&role))
				if role != "shop_app" {
					t.Errorf("%s is %s at the server", user, role)
				}
				_, err := c.Exec(t.Context(), "DROP TABLE orders")
				refused(t, err, "42501", "no-ddl")
				_, err = s.dial(as(user, "wrong"))
				e := refused(t, err, "28P01")
				if e.Message != `password authentication failed for user "`+user+`"` || e.Severity != "FATAL" {
					t.Errorf("not PostgreSQL's words: %+v", e)
				}
			}
			_, err := s.dial(as("nobody", "agent's own"))
			refused(t, err, "28P01", `"nobody"`)
			_, err = s.dial(as(role, password))
			refused(t, err, "28P01", `"shop_app"`)
			for _, r := range s.records(4, "session.refused") {
				if r.SQLState != "28P01" {
					t.Errorf("%+v", r)
				}
			}
			for _, word := range []string{"no such user", "the password is not that of " + folder} {
				if !strings.Contains(s.log.String(), word) {
					t.Errorf("%q is not in the log", word)
				}
			}
			if strings.Contains(s.log.String(), "'s own") {
				t.Error("a password is in the log")
			}
		})
	}
}

func TestAPasswordIsChangedByChangingItsFile(t *testing.T) {
	folder := secretFiles(t)
	s := newSite(t, options{database: clients("Scram", folder), rules: open})
	must(t, s.connect(as("agent", "agent's own")).Ping(t.Context()))
	must(t, os.WriteFile(filepath.Join(folder, "agent"), []byte("another"), 0o600))
	must(t, s.connect(as("agent", "another")).Ping(t.Context()))
	_, err := s.dial(as("agent", "agent's own"))
	refused(t, err, "28P01")
	// What cannot be read lets nobody in.
	for name, content := range map[string]string{"agent": "", "etl": "not a verifier"} {
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
		_, err = s.dial(as(name, ""))
		refused(t, err, "F0000", "cannot check the password")
	}
	must(t, os.Remove(filepath.Join(folder, "agent")))
	_, err = s.dial(as("agent", "another"))
	refused(t, err, "F0000")
}

func TestAProofIsBoundToTheCertificateThatTheClientWasShown(t *testing.T) {
	folder := secretFiles(t)
	offer, roots := clientTLS(t)
	s := newSite(t, options{database: clients("Scram", folder), rules: open, clientTLS: offer})
	bound := func(c *pgx.ConnConfig) {
		other, err := pgx.ParseConfig("postgres://x@" + s.address + "/" + s.database + "?sslmode=require&channel_binding=require&require_auth=scram-sha-256")
		must(t, err)
		other.TLSConfig = &tls.Config{RootCAs: roots, ServerName: "db.example"}
		*c = *other
	}
	must(t, s.connect(bound, as("agent", "agent's own")).Ping(t.Context()))
	must(t, s.connect(bound, as("etl", "etl's own")).Ping(t.Context()))
	_, err := s.dial(bound, as("agent", "wrong"))
	refused(t, err, "28P01")
	// Without TLS nothing can be bound to.
	_, err = s.dial(as("agent", "agent's own"), func(c *pgx.ConnConfig) { c.ChannelBinding = "require" })
	if err == nil || !strings.Contains(err.Error(), "channel binding") {
		t.Errorf("got %v", err)
	}
	// Where nothing is asked of clients, they do not get what they insist on.
	s = newSite(t, options{rules: open, clientTLS: offer})
	_, err = s.dial(bound, as("agent", "x"))
	if err == nil || !strings.Contains(err.Error(), "auth") {
		t.Errorf("got %v", err)
	}
	must(t, s.connect(insists("none")).Ping(t.Context()))
}

// libpq closes the connection when it insists on authentication and is let in
// without. It says so to its user; weir says to its operator what to do.
func TestAClientThatLeavesAsSoonAsItWasLetIn(t *testing.T) {
	s := newSite(t, options{rules: open})
	s.raw() // says something later
	w := newWireConn(t, dialTCP(t, s.address))
	w.start(s.database)
	must(t, w.Close())
	polite := s.connect()
	must(t, polite.Close(t.Context()))
	ends := s.records(2, journal.KindSessionEnd)
	told := 0
	for _, r := range ends {
		if strings.Contains(r.Reason, "clients: {authentication: Scram") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d of %d sessions' ends tell what to do", told, len(ends))
	}
	if n := strings.Count(s.log.String(), "left without a word"); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
}

func TestCancelKeysAreAsLongAsTheProtocolsVersionHasThem(t *testing.T) {
	offer, _ := clientTLS(t)
	s := newSite(t, options{rules: open, clientTLS: offer})
	for _, version := range []string{"3.0", "3.2"} {
		for _, mode := range []string{"disable", "require"} {
			c := s.connect(sslmode(s, mode), func(c *pgx.ConnConfig) { c.MaxProtocolVersion = version })
			if n, want := len(c.PgConn().SecretKey()), s.keySize(version); n != want {
				t.Errorf("%s: a key of %d bytes, want %d", version, n, want)
			}
			done := later(func() error { _, err := c.Exec(context.Background(), "SELECT pg_sleep(600)"); return err })
			s.sleeps()
			// Others' keys do nothing: wrong in their last byte, cut, too long.
			key := c.PgConn().SecretKey()
			wrong := append([]byte(nil), key...)
			wrong[len(wrong)-1] ^= 1
			for _, k := range [][]byte{wrong, append(append([]byte(nil), key...), 0), key[:len(key)-1], make([]byte, 256)} {
				raw := dialTCP(t, s.address)
				_, err := raw.Write(cancelRequest(c.PgConn().PID(), k))
				must(t, err)
				if n, err := raw.Read(make([]byte, 1)); n != 0 || err == nil {
					t.Error("a cancel request was answered")
				}
			}
			select {
			case err := <-done:
				t.Fatalf("cancelled by another key: %v", err)
			default:
			}
			must(t, c.PgConn().CancelRequest(t.Context()))
			refused(t, <-done, "57014")
			must(t, c.Ping(t.Context()))
			must(t, c.Close(t.Context()))
		}
	}
}

// keySize is what the server itself would give: it has 3.2 since PostgreSQL 18.
func (s *site) keySize(version string) int {
	if number, err := strconv.Atoi(s.count("SHOW server_version_num")); err == nil && number >= 180000 && version != "3.0" {
		return 32
	}
	return 4
}

func cancelRequest(pid uint32, key []byte) []byte {
	p := []byte{0, 0, 0, byte(12 + len(key)), 0x04, 0xd2, 0x16, 0x2e, byte(pid >> 24), byte(pid >> 16), byte(pid >> 8), byte(pid)}
	p[2] = byte((12 + len(key)) >> 8)
	return append(p, key...)
}

func TestTheServersOwnWishesAboutLogins(t *testing.T) {
	// The server asks for md5.
	s := newSite(t, options{secure: true, rules: open, database: "  server: {authentication: Scram}\n"})
	_, err := s.dial()
	refused(t, err, "08001", "could not log in")
	if !strings.Contains(s.log.String(), "not allowed for this login") {
		t.Errorf("the log does not say why: %s", s.log)
	}
	// It has TLS but does not offer a binding with md5.
	s = newSite(t, options{secure: true, rules: open, tls: "{mode: VerifyFull, caFile: @ca@}", database: "  server: {channelBinding: Require}\n"})
	_, err = s.dial()
	refused(t, err, "08001")
	for _, version := range []string{`"3.2"`, `"3.0"`} {
		s = newSite(t, options{rules: open, database: "  server: {protocol: " + version + ", authentication: Scram}\n"})
		c := s.connect()
		done := later(func() error { _, err := c.Exec(context.Background(), "SELECT pg_sleep(600)"); return err })
		s.sleeps()
		must(t, c.PgConn().CancelRequest(t.Context()))
		refused(t, <-done, "57014")
	}
	// A relayed login is told of no other version than its own.
	s = newSite(t, options{rules: open, login: "{type: Passthrough}", database: "  server: {protocol: \"3.2\"}\n"})
	c := s.connect(as(role, password), func(c *pgx.ConnConfig) { c.MaxProtocolVersion = "3.2" })
	must(t, c.Ping(t.Context()))
	if n, want := len(c.PgConn().SecretKey()), s.keySize("3.2"); n != want {
		t.Errorf("a key of %d bytes, want %d", n, want)
	}
	w := newWireConn(t, dialTCP(t, s.address))
	w.send(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: role}, {Name: "database", Value: s.database}}))
	if typ, _ := w.next(); typ != wire.Authentication {
		t.Errorf("the first message is %q", typ)
	}
}
