package upstream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirgate/weir/test/lab"
)

// hba gives every method a user of its own.
const hba = `
local all postgres trust
local all u_clear password
local all all trust
host all u_trust all trust
host all u_clear all password
host all u_md5 all md5
host all u_scram all scram-sha-256
host all u_prep all scram-sha-256
hostssl all u_ssl all scram-sha-256
`

const roles = `
create role u_trust login;
create role u_clear login password 'clear secret';
set password_encryption = 'md5';
create role u_md5 login password 'md5 secret';
set password_encryption = 'scram-sha-256';
create role u_scram login password 'scram secret';
create role u_prep login;
create role u_ssl login password 'ssl secret';
create role u_nologin password 'x';
`

var shared struct {
	sync.Mutex
	lab    *lab.Lab
	server *lab.Postgres
}

func TestMain(m *testing.M) {
	// A killed run is swept by the next one; an interrupted one cleans up here.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		if err := closeShared(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}()
	code := m.Run()
	signal.Stop(interrupted)
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func closeShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.lab == nil {
		return nil
	}
	err := shared.lab.Close()
	shared.lab = nil
	return err
}

// server starts the PostgreSQL that the package's tests share.
func server(t testing.TB) *lab.Postgres {
	t.Helper()
	lab.NeedRoot(t)
	lab.NeedPostgres(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		return shared.server
	}
	var err error
	if shared.lab, err = lab.New(); err != nil {
		t.Fatal(err)
	}
	pg, err := shared.lab.Postgres(t.Context(), lab.PostgresOptions{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.Exec(t.Context(), "postgres", roles); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pg.Dir, "pg_hba.conf"), []byte(hba), 0o600); err != nil {
		t.Fatal(err)
	}
	reload(t, pg)
	shared.server = pg
	return pg
}

// reload makes the server read its configuration again and waits until it has.
func reload(t testing.TB, pg *lab.Postgres) {
	t.Helper()
	before := query1(t, pg, "select pg_conf_load_time()")
	query1(t, pg, "select pg_reload_conf()")
	waitFor(t, "the configuration to be loaded again", func() bool {
		return query1(t, pg, "select pg_conf_load_time()") != before
	})
}

func query1(t testing.TB, pg *lab.Postgres, sql string) string {
	t.Helper()
	value, err := pg.Query1(context.Background(), "postgres", sql) // also in cleanups
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited 10 s for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// pastTheDial gives a target ever more time until it is not the dial that takes all of
// it, as on a machine that is busy with something else.
func pastTheDial(target Target, f func(Target) error) error {
	for target.ConnectTimeout = 50 * time.Millisecond; ; target.ConnectTimeout *= 2 {
		err := f(target)
		var failed *DialError
		if !errors.As(err, &failed) || target.ConnectTimeout > 10*time.Second {
			return err
		}
	}
}

// noLeaks fails the test if it leaves goroutines behind.
func noLeaks(t *testing.T) {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		// goleak itself waits for less than half a second.
		for end := time.Now().Add(10 * time.Second); goleak.Find(ignore) != nil && time.Now().Before(end); {
		}
		goleak.VerifyNone(t, ignore)
	})
}

// plain, overTLS and overSocket are ways to the shared server.
func plain(pg *lab.Postgres) Target {
	return Target{Address: pg.Addr(), TLS: TLS{Mode: Disable}}
}

func overTLS(pg *lab.Postgres) Target {
	return Target{Address: pg.Addr(), TLS: TLS{Mode: VerifyFull, CAFile: pg.CAFile}}
}

func overSocket(pg *lab.Postgres) Target {
	return Target{Socket: filepath.Join(pg.Socket, fmt.Sprintf(".s.PGSQL.%d", pg.Port))}
}

// dial connects and closes at the end of the test.
func dial(t *testing.T, target Target) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// login dials and logs in as a superuser without a password.
func loginAs(t *testing.T, target Target, s Startup) (*Conn, *Greeting) {
	t.Helper()
	c := dial(t, target)
	g, err := c.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c, g
}

// authorityForTest signs certificates that tests need.
type authorityForTest struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string // PEM
}

func newAuthority(t *testing.T, change func(*x509.Certificate)) *authorityForTest {
	t.Helper()
	a := &authorityForTest{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of " + t.Name()},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign gives a server's certificate, DER.
func (a *authorityForTest) sign(t *testing.T, public any, change func(*x509.Certificate)) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// fake is a scripted server on loopback.
func fake(t *testing.T, serve func(net.Conn)) Target {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		wait  sync.WaitGroup
		mutex sync.Mutex
		open  []net.Conn
	)
	wait.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mutex.Lock()
			open = append(open, conn)
			mutex.Unlock()
			wait.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mutex.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mutex.Unlock()
		wait.Wait()
	})
	address := netip.MustParseAddrPort(listener.Addr().String())
	return Target{Address: address, TLS: TLS{Mode: Disable}}
}

// within gives a context that ends soon, for what must not hang.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
