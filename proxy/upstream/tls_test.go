package upstream

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/scram"
	"github.com/weirgate/weir/test/lab"
)

// tlsServer answers an SSLRequest and does the handshake with a certificate.
func tlsServer(t *testing.T, key any, chain ...[]byte) Target {
	t.Helper()
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: chain, PrivateKey: key}},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"postgresql"},
	}
	return fake(t, func(conn net.Conn) {
		request := make([]byte, 8)
		if _, err := io.ReadFull(conn, request); err != nil {
			return
		}
		if _, err := conn.Write([]byte{'S'}); err != nil {
			return
		}
		encrypted := tls.Server(conn, config)
		_ = encrypted.Handshake()
		_, _ = io.Copy(io.Discard, encrypted)
	})
}

func TestEachModeAcceptsTheCertificatesThatItsNameSays(t *testing.T) {
	noLeaks(t)
	good := newAuthority(t, nil)
	other := newAuthority(t, nil)
	constrained := newAuthority(t, func(c *x509.Certificate) {
		c.PermittedDNSDomains = []string{"elsewhere.example"}
		c.PermittedDNSDomainsCritical = true
	})
	names := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames = names }
	}
	loopback := func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }
	for _, test := range []struct {
		name       string
		signer     *authorityForTest
		change     func(*x509.Certificate)
		serverName string
		full, ca   bool // accepted by VerifyFull, by VerifyCA
	}{
		{"the right name", good, names("db.example"), "db.example", true, true},
		{"the right name in other letters", good, names("DB.example"), "db.EXAMPLE", true, true},
		{"a wildcard", good, names("*.example"), "db.example", true, true},
		{"another name", good, names("db.example"), "other.example", false, true},
		{"the right address", good, loopback, "", true, true},
		{"a name where the address is asked for", good, names("db.example"), "", false, true},
		{"an address where a name is asked for", good, loopback, "db.example", false, true},
		{"only the common name", good, nil, "localhost", true, true},
		{"only a common name, another", good, nil, "db.example", false, true},
		{"the common name is not looked at beside alternative ones", good, names("db.example"), "localhost", false, true},
		{"a common name that is the address", good, func(c *x509.Certificate) { c.Subject.CommonName = "127.0.0.1" }, "", true, true},
		{"a common name under an authority that constrains names", constrained, nil, "localhost", false, true},
		{"another authority", other, names("db.example"), "db.example", false, false},
		{"expired", good, func(c *x509.Certificate) {
			c.DNSNames, c.NotAfter = []string{"db.example"}, time.Now().Add(-time.Hour)
		}, "db.example", false, false},
		{"not valid yet", good, func(c *x509.Certificate) {
			c.DNSNames, c.NotBefore = []string{"db.example"}, time.Now().Add(time.Hour)
		}, "db.example", false, false},
		{"for clients only", good, func(c *x509.Certificate) {
			c.DNSNames, c.ExtKeyUsage = []string{"db.example"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}, "db.example", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			key := newKey(t)
			target := tlsServer(t, key, test.signer.sign(t, key.Public(), test.change))
			caFile := good.file
			if test.signer == constrained {
				caFile = constrained.file
			}
			for mode, accepted := range map[TLSMode]bool{VerifyFull: test.full, VerifyCA: test.ca, Require: true} {
				target.TLS = TLS{Mode: mode, CAFile: caFile, ServerName: test.serverName}
				c, err := Dial(within(t, 5*time.Second), target)
				if err == nil {
					if state, ok := c.TLS(); !ok || state.Version < tls.VersionTLS12 || state.NegotiatedProtocol != "postgresql" {
						t.Errorf("%s: state %+v", mode, state)
					}
					_ = c.Close()
				}
				var failed *TLSError
				if accepted != (err == nil) || (err != nil && (!errors.As(err, &failed) || failed.Kind != TLSVerify)) {
					t.Errorf("%s: accepted %v, want %v (%v)", mode, err == nil, accepted, err)
				}
			}
		})
	}
}

func TestAnAuthorityBetweenIsFollowed(t *testing.T) {
	root := newAuthority(t, nil)
	between := &authorityForTest{key: newKey(t)}
	der := root.sign(t, between.key.Public(), func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
		c.Subject.CommonName, c.SerialNumber = "between", big.NewInt(7)
	})
	var err error
	if between.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	leaf := between.sign(t, key.Public(), func(c *x509.Certificate) { c.DNSNames = []string{"db.example"} })
	for _, test := range []struct {
		name     string
		chain    [][]byte
		accepted bool
	}{{"sent along", [][]byte{leaf, der}, true}, {"missing", [][]byte{leaf}, false}} {
		t.Run(test.name, func(t *testing.T) {
			target := tlsServer(t, key, test.chain...)
			target.TLS = TLS{CAFile: root.file, ServerName: "db.example"}
			c, err := Dial(t.Context(), target)
			if err == nil {
				_ = c.Close()
			}
			if (err == nil) != test.accepted {
				t.Errorf("error: %v", err)
			}
		})
	}
}

func TestWhatIsNotTLSIsRefused(t *testing.T) {
	noLeaks(t)
	authority := newAuthority(t, nil)
	answer := func(answer string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 8))
			_, _ = conn.Write([]byte(answer))
			_, _ = io.Copy(io.Discard, conn)
		}
	}
	for _, test := range []struct {
		name  string
		serve func(net.Conn)
		kind  TLSFailure
	}{
		{"a server without TLS", answer("N"), TLSNotOffered},
		{"an error instead of an answer", answer("E\x00\x00\x00\x30SFATAL\x00Mpay 1 bitcoin\x00\x00"), TLSNotOffered},
		{"another protocol", answer("HTTP/1.1 400 Bad Request\r\n"), TLSNotOffered},
		{"bytes injected behind the answer", answer("SR\x00\x00\x00\x08\x00\x00\x00\x00"), TLSHandshake},
		{"an end before the answer", func(conn net.Conn) { _, _ = io.ReadFull(conn, make([]byte, 8)) }, TLSHandshake},
		{"an end after the answer", func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 8))
			_, _ = conn.Write([]byte{'S'})
		}, TLSHandshake},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, mode := range []TLSMode{Require, VerifyCA, VerifyFull} {
				target := fake(t, test.serve)
				target.TLS = TLS{Mode: mode, CAFile: authority.file}
				_, err := Dial(within(t, 5*time.Second), target)
				var failed *TLSError
				if !errors.As(err, &failed) || failed.Kind != test.kind {
					t.Fatalf("%s: error %T: %v", mode, err, err)
				}
				if strings.Contains(err.Error(), "bitcoin") {
					t.Errorf("%s: the error shows what nobody vouches for: %v", mode, err)
				}
				if SQLState(err) != "08001" {
					t.Errorf("SQLSTATE %s", SQLState(err))
				}
			}
		})
	}
	t.Run("a server that answers never", func(t *testing.T) {
		target := fake(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
		target.TLS = TLS{Mode: Require}
		err := pastTheDial(target, func(target Target) error { _, err := Dial(t.Context(), target); return err })
		var failed *TLSError
		if !errors.As(err, &failed) || !failed.Timeout() {
			t.Errorf("error %T: %v", err, err)
		}
	})
	t.Run("a server that stops in the handshake", func(t *testing.T) {
		target := fake(t, func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 8))
			_, _ = conn.Write([]byte{'S'})
			_, _ = io.Copy(io.Discard, conn)
		})
		target.TLS = TLS{Mode: Require}
		err := pastTheDial(target, func(target Target) error { _, err := Dial(t.Context(), target); return err })
		var failed *TLSError
		if !errors.As(err, &failed) || !failed.Timeout() {
			t.Errorf("error %T: %v", err, err)
		}
	})
	t.Run("an old version of TLS", func(t *testing.T) {
		key := newKey(t)
		certificate := tls.Certificate{Certificate: [][]byte{authority.sign(t, key.Public(), nil)}, PrivateKey: key}
		target := fake(t, func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 8))
			_, _ = conn.Write([]byte{'S'})
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate},
				MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}).Handshake()
		})
		target.TLS = TLS{Mode: Require}
		_, err := Dial(within(t, 5*time.Second), target)
		var failed *TLSError
		if !errors.As(err, &failed) || failed.Kind != TLSHandshake {
			t.Errorf("error %T: %v", err, err)
		}
	})
}

func TestRootsThatCannotBeUsedAreAFaultInTheConfiguration(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	authority := newAuthority(t, nil)
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, err := os.ReadFile(authority.file)
	if err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]TLS{
		"a file that is not there": {CAFile: filepath.Join(dir, "none")},
		"a file without PEM":       {CAFile: write("text", "hello")},
		"an empty file":            {CAFile: write("empty", "")},
		"a key among them":         {CAFile: write("key", string(good)+string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})))},
		"a broken certificate":     {CAFile: write("broken", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})))},
		"VerifyCA without any":     {Mode: VerifyCA},
	} {
		t.Run(name, func(t *testing.T) {
			target := fake(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
			target.TLS = config
			_, err := Dial(within(t, 5*time.Second), target)
			var failed *TLSError
			if !errors.As(err, &failed) || failed.Kind != TLSConfiguration || SQLState(err) != "F0000" {
				t.Errorf("error %T: %v", err, err)
			}
		})
	}
}

// PostgreSQL itself is the judge: with a wrong binding it refuses the login.
func TestChannelBindingWithEveryKindOfCertificate(t *testing.T) {
	pg := server(t)
	authority := newAuthority(t, nil)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecKey := newKey(t)
	for _, test := range []struct {
		name   string
		key    any
		der    []byte
		method Method
	}{
		{"ECDSA with SHA-256", ecKey, authority.sign(t, ecKey.Public(), nil), MethodSCRAMPlus},
		{"ECDSA with SHA-384", ecKey, authority.sign(t, ecKey.Public(), algorithm(x509.ECDSAWithSHA384)), MethodSCRAMPlus},
		{"ECDSA with SHA-512", ecKey, authority.sign(t, ecKey.Public(), algorithm(x509.ECDSAWithSHA512)), MethodSCRAMPlus},
		{"RSA with SHA-256", rsaKey, selfSigned(t, rsaKey, x509.SHA256WithRSA), MethodSCRAMPlus},
		{"RSA with SHA-512", rsaKey, selfSigned(t, rsaKey, x509.SHA512WithRSA), MethodSCRAMPlus},
		{"RSA-PSS", rsaKey, selfSigned(t, rsaKey, x509.SHA256WithRSAPSS), MethodSCRAMPlus},
		{"Ed25519", edKey, selfSigned(t, edKey, x509.PureEd25519), MethodSCRAM},
	} {
		t.Run(test.name, func(t *testing.T) {
			install(t, pg, test.key, test.der)
			reload(t, pg)
			target := overTLS(pg)
			target.TLS = TLS{Mode: Require}
			// The old certificate is shown until the postmaster has read the new one.
			waitFor(t, "the new certificate", func() bool {
				c, err := Dial(t.Context(), target)
				if err != nil {
					return false
				}
				defer c.Close()
				state, _ := c.TLS()
				return bytes.Equal(state.PeerCertificates[0].Raw, test.der)
			})
			_, g := loginAs(t, target, Startup{User: "u_scram", Database: "postgres", Secret: Generated("scram secret")})
			if g.Method != test.method {
				t.Errorf("logged in by %s", g.Method)
			}
		})
	}
}

func algorithm(a x509.SignatureAlgorithm) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.SignatureAlgorithm = a }
}

func selfSigned(t *testing.T, key crypto.Signer, a x509.SignatureAlgorithm) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(3), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), SignatureAlgorithm: a}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// install puts a certificate where the server finds it, and the old one back at
// the end.
func install(t *testing.T, pg *lab.Postgres, key any, der []byte) {
	t.Helper()
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reload(t, pg) }) // runs after the files are back
	for name, block := range map[string]*pem.Block{
		"server.crt": {Type: "CERTIFICATE", Bytes: der},
		"server.key": {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		path := filepath.Join(pg.Dir, name)
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.WriteFile(path, old, 0o600) })
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARelayBetweenWeirAndTheServerBreaksTheBinding(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	// A man in the middle with a certificate of his own passes the SCRAM messages on
	// to the true server over TLS.
	key := newKey(t)
	impostor := tls.Certificate{Certificate: [][]byte{newAuthority(t, nil).sign(t, key.Public(), nil)}, PrivateKey: key}
	target := fake(t, func(conn net.Conn) {
		_, _ = io.ReadFull(conn, make([]byte, 8))
		_, _ = conn.Write([]byte{'S'})
		victim := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{impostor}, MinVersion: tls.VersionTLS12})
		way := overTLS(pg)
		way.TLS.Mode = Require
		onward, err := Dial(t.Context(), way)
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(onward.NetConn(), victim)
			_ = onward.NetConn().Close()
		}()
		_, _ = io.Copy(victim, onward.NetConn())
		_ = victim.Close()
	})
	target.TLS = TLS{Mode: Require}
	_, err := dial(t, target).Start(within(t, 5*time.Second), Startup{User: "u_scram", Database: "postgres", Secret: Generated("scram secret")})
	var auth *AuthError
	if !errors.As(err, &auth) || auth.Method != MethodSCRAMPlus {
		t.Errorf("error %T: %v", err, err)
	}
}

// PostgreSQL notices when somebody took SCRAM-SHA-256-PLUS out of its offer,
// because weir says that it would have used it.
func TestAStrippedOfferOfTheBindingIsFoundByTheServer(t *testing.T) {
	pg := server(t)
	c := dial(t, overTLS(pg))
	if err := c.SendStartup(t.Context(), Startup{User: "u_scram", Database: "postgres"}); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := c.frames.next(startLimit); err != nil {
		t.Fatal(err)
	}
	a := NewAuthenticator(AuthOptions{User: "u_scram", Password: "scram secret", TLS: true, EndPoint: scram.EndPoint(c.tlsState.PeerCertificates[0])})
	reply, _, err := a.Step(request(10, offerPlain))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.NetConn().Write(reply); err != nil {
		t.Fatal(err)
	}
	kind, body, _, err := c.frames.next(startLimit)
	if err != nil {
		t.Fatal(err)
	}
	refusal, ok := parseServerError(body)
	if kind != 'E' || !ok || !strings.Contains(refusal.Detail, "channel binding") {
		t.Errorf("the server said %q %q", kind, body)
	}
}

func TestAUnixSocketIsNotEncrypted(t *testing.T) {
	pg := server(t)
	target := overSocket(pg)
	target.TLS = TLS{Mode: VerifyFull}
	c, _ := loginAs(t, target, Startup{User: "postgres"})
	if _, ok := c.TLS(); ok {
		t.Error("it is encrypted")
	}
}

func TestDialErrorsTellWhatHappened(t *testing.T) {
	noLeaks(t)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := netip.MustParseAddrPort(listener.Addr().String())
	_ = listener.Close()
	var failed *DialError

	_, err = Dial(t.Context(), Target{Address: closed})
	if !errors.As(err, &failed) || !failed.Refused() || failed.Timeout() || SQLState(err) != "08001" {
		t.Errorf("refused: %T %v", err, err)
	}
	_, err = Dial(t.Context(), Target{Socket: filepath.Join(t.TempDir(), "none")})
	if !errors.As(err, &failed) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no socket: %T %v", err, err)
	}
	for _, address := range []netip.AddrPort{{}, netip.MustParseAddrPort("127.0.0.1:0"), netip.MustParseAddrPort("[fe80::1%nosuchdevice]:5432")} {
		if _, err = Dial(t.Context(), Target{Address: address}); !errors.As(err, &failed) {
			t.Errorf("%s: %T %v", address, err, err)
		}
	}
}
