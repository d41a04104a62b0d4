package scram

import (
	"crypto"
	_ "crypto/sha256" // makes crypto.SHA256 available
	_ "crypto/sha512" // and SHA384, SHA512
	"crypto/x509"
)

// EndPoint gives the tls-server-end-point binding of a certificate (RFC 5929
// section 4.1): its hash by the hash of its signature, SHA-256 where that is MD5
// or SHA-1, nil where the signature has no hash of its own (Ed25519).
func EndPoint(certificate *x509.Certificate) []byte {
	var hash crypto.Hash
	switch certificate.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.DSAWithSHA256, x509.ECDSAWithSHA256, x509.SHA256WithRSAPSS:
		hash = crypto.SHA256
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		hash = crypto.SHA512
	default:
		return nil
	}
	h := hash.New()
	_, _ = h.Write(certificate.Raw) // a hash never fails
	return h.Sum(nil)
}
