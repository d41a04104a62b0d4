package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"

	"github.com/weirgate/weir/proxy/wire"
)

// alpnPostgreSQL is the protocol's registered ALPN name.
const alpnPostgreSQL = "postgresql"

// encrypt asks the server for TLS and does the handshake.
func encrypt(ctx context.Context, plain net.Conn, t Target) (*tls.Conn, error) {
	fail := func(kind TLSFailure, err error) (*tls.Conn, error) {
		if cause := context.Cause(ctx); cause != nil {
			kind, err = TLSHandshake, cause
		}
		return nil, &TLSError{Address: t.String(), Kind: kind, Err: err}
	}
	config, err := t.TLS.config(t.Address.Addr())
	if err != nil {
		return fail(TLSConfiguration, err)
	}

	request := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, wire.CodeSSL)
	if _, err := plain.Write(request); err != nil {
		return fail(TLSHandshake, fmt.Errorf("asking for it: %w", err))
	}
	// Exactly one byte is taken from the socket. Whatever somebody put behind it
	// before the handshake stays there and breaks the handshake, instead of being
	// taken for something that the server said under TLS.
	var answer [1]byte
	if _, err := io.ReadFull(plain, answer[:]); err != nil {
		return fail(TLSHandshake, fmt.Errorf("the server's answer: %w", err))
	}
	switch answer[0] {
	case 'S':
	case 'N':
		return fail(TLSNotOffered, fmt.Errorf("the server does not offer it, and the mode is %s; "+
			"set ssl = on on the server, or mode: Disable for this database", t.TLS.Mode))
	case 'E':
		// Nothing vouches for what follows, so it is not shown to anybody.
		return fail(TLSNotOffered, errors.New("the server answered the request for it with an error; its log says why"))
	default:
		return fail(TLSNotOffered, fmt.Errorf("the answer to the request for it is %q, so this is no PostgreSQL server", answer[0]))
	}

	conn := tls.Client(plain, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		kind := TLSHandshake
		var verification *verifyError
		if errors.As(err, &verification) {
			kind, err = TLSVerify, verification
		}
		return fail(kind, err)
	}
	return conn, nil
}

// verifyError marks a certificate that was not accepted.
type verifyError struct{ err error }

func (e *verifyError) Error() string { return e.err.Error() }
func (e *verifyError) Unwrap() error { return e.err }

// config makes the client's TLS configuration. Verification is weir's own, since
// the modes are libpq's: VerifyCA looks at no name, and VerifyFull takes the
// common name of a certificate without alternative names.
func (t TLS) config(address netip.Addr) (*tls.Config, error) {
	host := t.ServerName
	if host == "" {
		host = address.Unmap().WithZone("").String()
	}
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         host,
		NextProtos:         []string{alpnPostgreSQL},
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection below verifies what the mode asks for
	}
	if t.Mode == Require {
		return config, nil
	}
	roots := t.RootCAs
	if roots == nil && t.CAFile != "" {
		var err error
		if roots, err = t.Roots.Load(t.CAFile); err != nil {
			return nil, err
		}
	}
	if roots == nil && t.Mode == VerifyCA {
		return nil, errors.New("mode VerifyCA needs a caFile, since it looks at no name; " +
			"name one, or use VerifyFull to take the system's authorities")
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if err := t.verify(state.PeerCertificates, roots, host); err != nil {
			return &verifyError{err}
		}
		return nil
	}
	return config, nil
}

func (t TLS) verify(certificates []*x509.Certificate, roots *x509.CertPool, host string) error {
	if len(certificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	leaf := certificates[0]
	intermediates := x509.NewCertPool()
	for _, certificate := range certificates[1:] {
		intermediates.AddCert(certificate)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: intermediates,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return fmt.Errorf("the server's certificate: %w", err)
	}
	if t.Mode != VerifyFull {
		return nil
	}
	if len(leaf.DNSNames) == 0 && len(leaf.IPAddresses) == 0 {
		return verifyCommonName(leaf, chains, host)
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return fmt.Errorf("the server's certificate: %w", err)
	}
	return nil
}

// verifyCommonName compares the common name, as libpq does when a certificate has
// no alternative names: the recipe in PostgreSQL's own manual makes such ones.
// Go applies an authority's name constraints to alternative names only, so a
// chain that has any is not trusted with a common name.
func verifyCommonName(leaf *x509.Certificate, chains [][]*x509.Certificate, host string) error {
	for _, chain := range chains {
		for _, authority := range chain[1:] {
			if len(authority.PermittedDNSDomains)+len(authority.ExcludedDNSDomains)+
				len(authority.PermittedIPRanges)+len(authority.ExcludedIPRanges) > 0 {
				return errors.New("the server's certificate has no alternative name, and an authority above it constrains names")
			}
		}
	}
	name := leaf.Subject.CommonName
	if name != "" {
		if _, err := netip.ParseAddr(host); err == nil {
			if name == host {
				return nil
			}
		} else if (&x509.Certificate{DNSNames: []string{name}}).VerifyHostname(host) == nil {
			return nil
		}
	}
	return fmt.Errorf("the server's certificate is for %q, not for %q", name, host)
}

// LoadRoots reads a PEM file of certificate authorities. Every block in it must
// be a certificate.
func LoadRoots(path string) (*x509.CertPool, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the caFile: %w", err)
	}
	pool := x509.NewCertPool()
	count := 0
	for {
		var block *pem.Block
		if block, content = pem.Decode(content); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("caFile %s holds a PEM block of type %q; only certificates belong there", path, block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("caFile %s, certificate %d: %w", path, count+1, err)
		}
		pool.AddCert(certificate)
		count++
	}
	if count == 0 {
		return nil, fmt.Errorf("caFile %s holds no certificate in PEM form", path)
	}
	return pool, nil
}
