package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T, dir string, options Options) *Authority {
	t.Helper()
	a, err := Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func roots(t *testing.T, a *Authority) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(a.PEM()) {
		t.Fatal("the authority's PEM is not one")
	}
	return pool
}

// handshake shows what a client and the server see of a connection.
func handshake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error, error) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		served <- tls.Server(conn, server).HandshakeContext(t.Context())
	}()
	plain, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	conn := tls.Client(plain, client)
	clientErr := conn.HandshakeContext(t.Context())
	serverErr := <-served
	return conn.ConnectionState(), clientErr, serverErr
}

func TestTheFirstStartMakesAnAuthorityAndTheNextOnesKeepIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "ca")
	now := time.Now()
	a := open(t, dir, Options{})
	for name, mode := range map[string]os.FileMode{"ca.key": 0o600, "ca.pem": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	c := a.certificate
	if !c.IsCA || !c.MaxPathLenZero || a.key.Curve != elliptic.P256() || a.NotAfter().Sub(now) < 3649*24*time.Hour {
		t.Errorf("certificate %+v", c)
	}
	onDisk, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil || !bytes.Equal(onDisk, a.PEM()) {
		t.Errorf("the file differs from PEM(): %v", err)
	}
	b := open(t, dir, Options{})
	if !bytes.Equal(a.PEM(), b.PEM()) || !a.key.Equal(b.key) || a.Fingerprint() != b.Fingerprint() || len(a.Fingerprint()) != 64 {
		t.Error("the second start has another authority")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("files %v, %v", entries, err)
	}
}

func TestManyFirstStartsAtOnceAgree(t *testing.T) {
	dir := t.TempDir()
	var (
		wait  sync.WaitGroup
		found [8]string
	)
	for i := range found {
		wait.Go(func() {
			a, err := Open(dir, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			found[i] = a.Fingerprint()
		})
	}
	wait.Wait()
	for _, fingerprint := range found {
		if fingerprint != found[0] {
			t.Errorf("authorities %q", found)
		}
	}
}

func TestAStartThatDiedHalfWayIsGoneOnWith(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, Options{})
	if err := os.Remove(filepath.Join(dir, "ca.pem")); err != nil {
		t.Fatal(err)
	}
	leftover := filepath.Join(dir, "ca.key.123.new")
	if err := os.WriteFile(leftover, []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir, Options{})
	if !a.key.Equal(b.key) {
		t.Error("another key was made")
	}
	if _, err := os.Stat(leftover); err == nil {
		t.Error("the half file is still there")
	}
}

func TestFoldersThatCannotBeTrustedAreRefused(t *testing.T) {
	other := t.TempDir()
	open(t, other, Options{})
	for name, spoil := range map[string]func(dir string) error{
		"a key that others may read":      func(dir string) error { return os.Chmod(filepath.Join(dir, "ca.key"), 0o640) },
		"a certificate without its key":   func(dir string) error { return os.Remove(filepath.Join(dir, "ca.key")) },
		"another authority's certificate": func(dir string) error { return os.Rename(filepath.Join(other, "ca.pem"), filepath.Join(dir, "ca.pem")) },
		"an empty key":                    func(dir string) error { return os.Truncate(filepath.Join(dir, "ca.key"), 0) },
		"an empty certificate":            func(dir string) error { return os.Truncate(filepath.Join(dir, "ca.pem"), 0) },
		"half a key":                      func(dir string) error { return os.Truncate(filepath.Join(dir, "ca.key"), 60) },
		"a certificate where the key is": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "ca.key"), read(t, dir, "ca.pem"), 0o600)
		},
		"two certificates": func(dir string) error {
			pem := read(t, dir, "ca.pem")
			return os.WriteFile(filepath.Join(dir, "ca.pem"), append(pem, pem...), 0o600)
		},
		"a folder in the place of the key": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "ca.key")), os.Mkdir(filepath.Join(dir, "ca.key"), 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			open(t, dir, Options{})
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			a, err := Open(dir, Options{})
			if err == nil {
				t.Fatalf("it was opened: %s", a.Fingerprint())
			}
			if !strings.Contains(err.Error(), dir) {
				t.Errorf("the error does not say where: %v", err)
			}
		})
	}
	t.Run("an authority that has expired", func(t *testing.T) {
		dir := t.TempDir()
		open(t, dir, Options{})
		_, err := Open(dir, Options{Now: func() time.Time { return time.Now().Add(11 * 365 * 24 * time.Hour) }})
		if err == nil || !strings.Contains(err.Error(), "expired") {
			t.Errorf("error %v", err)
		}
	})
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestCertificatesAreForWhatTheClientReaches(t *testing.T) {
	a := open(t, t.TempDir(), Options{})
	destination := netip.MustParseAddrPort("192.0.2.7:5432")
	for _, test := range []struct {
		name        string
		destination netip.AddrPort
		sni         string // what the client sends
		verifies    string // what it verifies
	}{
		{"a name", destination, "db.example", "db.example"},
		{"a name in other letters", destination, "DB.Example", "db.example"},
		{"a name with an underscore", destination, "crm_db", "crm_db"},
		{"no name", destination, "", "192.0.2.7"},
		{"no name, version 6", netip.MustParseAddrPort("[2001:db8::1%eth0]:5432"), "", "2001:db8::1"},
		{"no name, v4-mapped", netip.MustParseAddrPort("[::ffff:192.0.2.7]:5432"), "", "192.0.2.7"},
		{"a name that cannot be one", destination, "a b'; --", "192.0.2.7"},
		{"an explicit listener", netip.AddrPort{}, "", "127.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := &tls.Config{ServerName: test.sni, RootCAs: roots(t, a), InsecureSkipVerify: true, NextProtos: []string{"postgresql"}}
			if test.sni == "" || strings.ContainsAny(test.sni, " '") {
				client.ServerName = ""
			}
			state, clientErr, serverErr := handshake(t, a.TLSConfig(test.destination), client)
			if clientErr != nil || serverErr != nil {
				t.Fatal(clientErr, serverErr)
			}
			leaf := state.PeerCertificates[0]
			if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots(t, a), DNSName: test.verifies}); err != nil {
				t.Error(err)
			}
			if life := time.Until(leaf.NotAfter); life > leafLife || life < leafLife-time.Minute {
				t.Errorf("valid for %s", life)
			}
			if state.NegotiatedProtocol != "postgresql" {
				t.Errorf("protocol %q", state.NegotiatedProtocol)
			}
		})
	}
}

func TestSubjectsOfHelloMessages(t *testing.T) {
	destination := netip.MustParseAddrPort("192.0.2.7:5432")
	for sni, want := range map[string]string{
		"db.example":                     "db.example",
		"":                               "192.0.2.7",
		"a b":                            "192.0.2.7",
		"10.0.0.1":                       "192.0.2.7",
		"..":                             "192.0.2.7",
		"-a.example":                     "192.0.2.7",
		"a\x00.example":                  "192.0.2.7",
		"*.example":                      "192.0.2.7",
		strings.Repeat("a", 64):          "192.0.2.7",
		strings.Repeat("a.", 126) + "aa": "192.0.2.7",
	} {
		if got := subject(&tls.ClientHelloInfo{ServerName: sni}, destination); got != want {
			t.Errorf("%q: %q", sni, got)
		}
	}
	if got := subject(&tls.ClientHelloInfo{}, netip.AddrPort{}); got != "localhost" {
		t.Errorf("nothing known: %q", got)
	}
}

func TestDirectTLSNeedsTheProtocolsName(t *testing.T) {
	a := open(t, t.TempDir(), Options{})
	destination := netip.MustParseAddrPort("192.0.2.7:5432")
	for _, test := range []struct {
		name               string
		protocols          []string
		negotiated, direct bool
	}{
		{"PostgreSQL's", []string{"postgresql"}, true, true},
		{"PostgreSQL's among others", []string{"h2", "postgresql"}, true, true},
		{"none", nil, true, false},
		{"another", []string{"h2"}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := &tls.Config{ServerName: "db.example", RootCAs: roots(t, a), NextProtos: test.protocols}
			if _, _, err := handshake(t, a.TLSConfig(destination), client); (err == nil) != test.negotiated {
				t.Errorf("after an SSLRequest: %v", err)
			}
			if _, _, err := handshake(t, a.DirectTLSConfig(destination), client); (err == nil) != test.direct {
				t.Errorf("at once: %v", err)
			}
		})
	}
	t.Run("an old version of TLS", func(t *testing.T) {
		client := &tls.Config{ServerName: "db.example", RootCAs: roots(t, a), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		if _, _, err := handshake(t, a.TLSConfig(destination), client); err == nil {
			t.Error("it was accepted")
		}
	})
}

func TestCertificatesAreKeptAndRenewed(t *testing.T) {
	var mutex sync.Mutex
	now := time.Now()
	a := open(t, t.TempDir(), Options{Cache: 2, Now: func() time.Time {
		mutex.Lock()
		defer mutex.Unlock()
		return now
	}})
	get := func(name string) *x509.Certificate {
		c, err := a.certificateFor(name)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf
	}
	later := func(d time.Duration) {
		mutex.Lock()
		defer mutex.Unlock()
		now = now.Add(d)
	}
	first := get("a")
	later(4 * 24 * time.Hour)
	if get("a") != first {
		t.Error("it was made anew after four days")
	}
	later(36 * time.Hour)
	second := get("a")
	if second == first || second.SerialNumber.Cmp(first.SerialNumber) == 0 || second.NotAfter.Sub(now).Round(time.Hour) != leafLife {
		t.Errorf("it was not renewed after five and a half days: until %s", second.NotAfter)
	}
	get("b")
	get("c")
	if a.leaves.Len() != 2 {
		t.Errorf("%d are kept", a.leaves.Len())
	}
	if get("a") == second {
		t.Error("more are kept than should be")
	}
	later(-30 * 24 * time.Hour) // the clock was wrong
	if c := get("a"); c.NotBefore.After(now) {
		t.Errorf("from %s at %s", c.NotBefore, now)
	}
	later(a.NotAfter().Sub(now) - 24*time.Hour)
	if c := get("z"); c.NotAfter.After(a.NotAfter()) {
		t.Error("it outlives its authority")
	}
	later(48 * time.Hour)
	if _, err := a.certificateFor("y"); err == nil {
		t.Error("an authority that has expired signs")
	}
}

func TestKeysAreNotShared(t *testing.T) {
	a := open(t, t.TempDir(), Options{})
	one, err := a.certificateFor("a")
	if err != nil {
		t.Fatal(err)
	}
	two, err := a.certificateFor("b")
	if err != nil {
		t.Fatal(err)
	}
	if one.PrivateKey.(*ecdsa.PrivateKey).Equal(two.PrivateKey) || one.PrivateKey.(*ecdsa.PrivateKey).Equal(a.key) {
		t.Error("they are")
	}
}

func BenchmarkSign(b *testing.B) {
	a, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := a.sign("db.example", time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
