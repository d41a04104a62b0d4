package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Names of the files in the authority's folder.
const (
	keyFile         = "ca.key" // PKCS#8, mode 0600
	certificateFile = "ca.pem" // mode 0644
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	// clockSkew is how far a client's clock may be behind weir's.
	clockSkew = time.Hour
	// defaultCache is how many certificates are kept in memory. A client can ask for
	// any name, so there must be an end.
	defaultCache = 1024
)

// Options of an authority. The zero value is fine.
type Options struct {
	Now   func() time.Time // the clock, time.Now when nil
	Cache int              // certificates kept in memory, 1024 when 0
}

// Authority signs the certificates that weir shows to clients. It is safe for
// concurrent use.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	now         func() time.Time
	leaves      *lru.Cache[string, *leaf]
}

// Open loads the authority from a folder, or makes folder and authority (ECDSA
// P-256, ten years) if there is none. Two processes may open one folder at the
// same time.
//
// It refuses a key that others than its owner may read, a certificate that does
// not belong to the key, and one that has expired: clients that were told to
// trust the old certificate must be told of a new one by a person.
func Open(dir string, options Options) (*Authority, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Cache <= 0 {
		options.Cache = defaultCache
	}
	leaves, err := lru.New[string, *leaf](options.Cache)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	key, certificate, err := loadOrMake(dir, options.Now())
	if err != nil {
		return nil, fmt.Errorf("certificate authority in %s: %w", dir, err)
	}
	return &Authority{certificate: certificate, key: key, now: options.Now, leaves: leaves}, nil
}

// PEM is the authority's certificate, for clients to trust.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// Fingerprint is the SHA-256 of the authority's certificate in hexadecimal.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.certificate.Raw)
	return hex.EncodeToString(sum[:])
}

// NotAfter is when the authority's certificate expires.
func (a *Authority) NotAfter() time.Time { return a.certificate.NotAfter }

// loadOrMake holds a lock on the folder meanwhile.
func loadOrMake(dir string, now time.Time) (*ecdsa.PrivateKey, *x509.Certificate, error) {
	// The folder may be read by all, for the certificate; the key has its own mode.
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil {
		return nil, nil, fmt.Errorf("locking the folder: %w", err)
	}

	// What a start that died while writing has left.
	leftovers, err := filepath.Glob(filepath.Join(dir, "ca.*.new"))
	if err != nil {
		return nil, nil, err
	}
	for _, path := range leftovers {
		if err := os.Remove(path); err != nil {
			return nil, nil, err
		}
	}

	key, err := loadKey(filepath.Join(dir, keyFile))
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return nil, nil, err
	}
	certificate, err := loadCertificate(filepath.Join(dir, certificateFile))
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, nil, err
	case fresh && err == nil:
		return nil, nil, fmt.Errorf("%s is there without %s; restore the key, or remove %s to have a new authority made "+
			"(clients that verify weir must then be given the new certificate)", certificateFile, keyFile, certificateFile)
	case err == nil:
		return key, certificate, check(key, certificate, now)
	}

	// The key is written first: a start that dies in between leaves a key without a
	// certificate, and the next one makes the certificate for that key.
	if fresh {
		if key, err = makeKey(folder, dir); err != nil {
			return nil, nil, err
		}
	}
	certificate, err = makeCertificate(folder, dir, key, now)
	return key, certificate, err
}

func check(key *ecdsa.PrivateKey, certificate *x509.Certificate, now time.Time) error {
	if !key.PublicKey.Equal(certificate.PublicKey) {
		return fmt.Errorf("%s does not belong to %s; restore the one that does", certificateFile, keyFile)
	}
	if !certificate.IsCA || !certificate.BasicConstraintsValid || certificate.KeyUsage&x509.KeyUsageCertSign == 0 {
		return fmt.Errorf("%s may not sign certificates", certificateFile)
	}
	if now.After(certificate.NotAfter) {
		return fmt.Errorf("%s expired on %s; remove it and %s to have a new authority made, and give its certificate "+
			"to the clients that verify weir", certificateFile, certificate.NotAfter.Format(time.DateOnly), keyFile)
	}
	return nil
}

func loadKey(path string) (*ecdsa.PrivateKey, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); !info.Mode().IsRegular() || mode&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o; others than its owner could have read the key. "+
			"Run chmod 0600 on it, or remove it and %s if somebody did", keyFile, mode, certificateFile)
	}
	block, err := readBlock(file, "PRIVATE KEY")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a key that is not ECDSA", keyFile)
	}
	return key, nil
}

func loadCertificate(path string) (*x509.Certificate, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	block, err := readBlock(file, "CERTIFICATE")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certificateFile, err)
	}
	certificate, err := x509.ParseCertificate(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certificateFile, err)
	}
	return certificate, nil
}

// readBlock reads a file that holds exactly one PEM block of the given type.
func readBlock(file *os.File, kind string) ([]byte, error) {
	var content bytes.Buffer
	if _, err := content.ReadFrom(file); err != nil {
		return nil, err
	}
	block, rest := pem.Decode(content.Bytes())
	if block == nil || block.Type != kind || len(bytes.TrimSpace(rest)) != 0 {
		return nil, fmt.Errorf("it is not one PEM block of type %q", kind)
	}
	return block.Bytes, nil
}

func makeKey(folder *os.File, dir string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the key: %w", err)
	}
	return key, write(folder, filepath.Join(dir, keyFile), "PRIVATE KEY", der, 0o600)
}

func makeCertificate(folder *os.File, dir string, key *ecdsa.PrivateKey, now time.Time) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil || len(host) > 40 {
		host = "this host"
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		// The serial makes two authorities of one host tell apart by name.
		Subject:               pkix.Name{CommonName: fmt.Sprintf("weir on %s %x", host, serial.Bytes()[:4])},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate: %w", err)
	}
	if err := write(folder, filepath.Join(dir, certificateFile), "CERTIFICATE", der, 0o644); err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// newSerial gives a positive number of 16 bytes (RFC 5280 allows 20).
func newSerial() (*big.Int, error) {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("making a serial number: %w", err)
	}
	raw[0] = raw[0]&0x7f | 0x40 // never negative, never shorter
	return new(big.Int).SetBytes(raw), nil
}

// write puts a file in place whole or not at all, and waits until the disk has it.
func write(folder *os.File, path, kind string, der []byte, mode os.FileMode) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	err = errors.Join(
		pem.Encode(temporary, &pem.Block{Type: kind, Bytes: der}),
		temporary.Chmod(mode),
		temporary.Sync(),
		temporary.Close(),
	)
	if err != nil {
		return err
	}
	err = os.Rename(temporary.Name(), path)
	if err != nil {
		return err
	}
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("syncing the folder: %w", err)
	}
	return nil
}

// Read gives the certificate of an authority that was made before, in PEM, with
// its fingerprint and the time until which it is good. The error wraps
// fs.ErrNotExist when there is none.
func Read(dir string) (certificate []byte, fingerprint string, until time.Time, err error) {
	c, err := loadCertificate(filepath.Join(dir, certificateFile))
	if err != nil {
		return nil, "", time.Time{}, err
	}
	a := &Authority{certificate: c}
	return a.PEM(), a.Fingerprint(), a.NotAfter(), nil
}
