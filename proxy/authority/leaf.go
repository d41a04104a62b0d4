package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// ALPN is the protocol's registered name (PostgreSQL 17 and later use it).
const ALPN = "postgresql"

const (
	leafLife = 7 * 24 * time.Hour
	// leafRenewal is how long before its end a certificate is replaced.
	leafRenewal = 2 * 24 * time.Hour
)

// leaf is a certificate that is shown to clients.
type leaf struct {
	certificate *tls.Certificate
	notAfter    time.Time
}

// TLSConfig is for a client that asked for TLS by an SSLRequest and wanted to
// reach destination. The certificate is for the name that the client sends
// (SNI), else for the destination's address, else, on an explicit listener
// (destination is the zero value), for the address that the client reached.
func (a *Authority) TLSConfig(destination netip.AddrPort) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{ALPN},
		// A configuration serves one connection, so a ticket could never be used.
		SessionTicketsDisabled: true,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.certificateFor(subject(hello, destination))
		},
	}
}

// DirectTLSConfig is for a client that began with TLS at once, without an
// SSLRequest. It must name the protocol by ALPN, as PostgreSQL demands too: so
// nobody can make a client of another protocol talk to the database.
func (a *Authority) DirectTLSConfig(destination netip.AddrPort) *tls.Config {
	config := a.TLSConfig(destination)
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if state.NegotiatedProtocol != ALPN {
			return errors.New("direct TLS without the ALPN protocol " + ALPN)
		}
		return nil
	}
	return config
}

// subject is the name or address that a certificate must be for.
func subject(hello *tls.ClientHelloInfo, destination netip.AddrPort) string {
	if name := strings.ToLower(hello.ServerName); validName(name) {
		return name
	}
	if addr := destination.Addr(); addr.IsValid() {
		return addr.Unmap().WithZone("").String()
	}
	if hello.Conn != nil {
		if local, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok {
			if addr := local.AddrPort().Addr(); addr.IsValid() {
				return addr.Unmap().WithZone("").String()
			}
		}
	}
	return "localhost"
}

// validName reports whether name can stand in a certificate: labels of letters,
// digits, hyphens and underscores, 253 bytes at most, and not an address. A
// client can send anything as its SNI.
func validName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// certificateFor gives the cached certificate of a subject, or makes one.
func (a *Authority) certificateFor(subject string) (*tls.Certificate, error) {
	now := a.now()
	if known, ok := a.leaves.Get(subject); ok && known.notAfter.Sub(now) > leafRenewal && known.notAfter.Sub(now) <= leafLife {
		return known.certificate, nil
	}
	made, err := a.sign(subject, now)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %q: %w", subject, err)
	}
	a.leaves.Add(subject, made)
	return made.certificate, nil
}

func (a *Authority) sign(subject string, now time.Time) (*leaf, error) {
	if !now.Before(a.certificate.NotAfter) {
		return nil, errors.New("weir's certificate authority has expired")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"weir"}},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if template.NotAfter.After(a.certificate.NotAfter) {
		template.NotAfter = a.certificate.NotAfter
	}
	if addr, err := netip.ParseAddr(subject); err == nil {
		template.IPAddresses = []net.IP{addr.AsSlice()}
	} else {
		template.DNSNames = []string{subject}
	}
	if len(subject) <= 64 { // ub-common-name; only people look at it
		template.Subject.CommonName = subject
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &leaf{
		certificate: &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed},
		notAfter:    parsed.NotAfter,
	}, nil
}
