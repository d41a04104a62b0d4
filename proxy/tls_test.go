package proxy_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy"
	"github.com/weirgate/weir/proxy/authority"
)

// clientTLS is what a daemon gives the gateway for clients that ask for TLS.
func clientTLS(t *testing.T) (func(netip.AddrPort, bool) *tls.Config, *x509.CertPool) {
	t.Helper()
	a, err := authority.Open(t.TempDir(), authority.Options{})
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM())
	return func(d netip.AddrPort, direct bool) *tls.Config {
		if direct {
			return a.DirectTLSConfig(d)
		}
		return a.TLSConfig(d)
	}, roots
}

// sslmode has pgx connect as libpq would with that mode.
func sslmode(s *site, mode string) func(*pgx.ConnConfig) {
	return func(c *pgx.ConnConfig) {
		other, err := pgx.ParseConfig(fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=%s", c.User, c.Password, s.address, s.database, mode))
		must(s.t, err)
		*c = *other
	}
}

func TestAClientSpeaksTLSToWeir(t *testing.T) {
	offer, roots := clientTLS(t)
	for _, way := range []struct {
		name string
		options
	}{
		{"and weir in clear to the server", options{clientTLS: offer}},
		{"and weir TLS to the server", options{clientTLS: offer, secure: true, tls: "{mode: VerifyFull, caFile: @ca@}"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t, way.options)
			for _, mode := range []string{"disable", "prefer", "require"} {
				c := s.connect(sslmode(s, mode))
				var email string
				must(t, c.QueryRow(t.Context(), "SELECT email FROM customers WHERE id = $1", 1).Scan(&email))
				if email != "*****************.com" {
					t.Errorf("%s: the mask gave %q", mode, email)
				}
				_, err := c.Exec(t.Context(), "DROP TABLE orders")
				refused(t, err, "42501", "no-ddl")
				must(t, c.Close(t.Context()))
			}
			// The certificate is made out to the server that the client wanted.
			c := s.connect(sslmode(s, "require"), func(c *pgx.ConnConfig) {
				c.TLSConfig = &tls.Config{RootCAs: roots, ServerName: s.pg.Host.String()}
			})
			must(t, c.Ping(t.Context()))
			// Large results and cancel requests pass too.
			var total int
			must(t, c.QueryRow(t.Context(), "SELECT sum(length(x)) FROM (SELECT repeat('x', 1000000) AS x FROM generate_series(1, 20)) t").Scan(&total))
			rows, err := c.Query(t.Context(), "SELECT repeat('x', 100000) FROM generate_series(1, 200)")
			must(t, err)
			n := 0
			for rows.Next() {
				n += len(rows.RawValues()[0])
			}
			must(t, rows.Err())
			if n != 20000000 {
				t.Errorf("%d bytes came", n)
			}
		})
	}
}

// Where the client proves its own password, its TLS cannot end at weir.
func TestNoTLSIsOfferedWhereTheClientLogsInItself(t *testing.T) {
	offer, _ := clientTLS(t)
	s := newSite(t, options{clientTLS: offer, login: "{type: Passthrough}", rules: open})
	user := func(c *pgx.ConnConfig) { c.User, c.Password = role, password }
	must(t, s.connect(user, sslmode(s, "prefer")).Ping(t.Context()))
	_, err := s.dial(user, sslmode(s, "require"))
	if err == nil || !strings.Contains(err.Error(), "refused TLS") {
		t.Errorf("got %v", err)
	}
	// Nor to one who is only observed, whatever the document's login.
	s = newSite(t, options{clientTLS: offer, observe: true})
	stranger := s.identity
	stranger.Unit, stranger.Subject = "other.service", "unit:other.service"
	s.address = s.front(proxy.Flow{How: "Captured", Destination: s.pg.Addr(), Identity: &stranger})
	must(t, s.connect(user, sslmode(s, "prefer")).Ping(t.Context()))
}
