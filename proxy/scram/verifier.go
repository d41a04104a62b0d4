package scram

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// Iterations is what PostgreSQL makes verifiers with where nothing else is set
// (SCRAM_SHA_256_DEFAULT_ITERATIONS).
const Iterations = 4096

// Bounds of a verifier. PostgreSQL's salts have 16 bytes.
const (
	maxSalt       = 1024
	maxIterations = 1 << 31
)

// Verifier is what a server keeps instead of a password: it can check a proof but
// not make one.
type Verifier struct {
	Salt       []byte
	Iterations int
	Stored     [sha256.Size]byte
	Server     [sha256.Size]byte
}

// NewVerifier makes the verifier of a password.
func NewVerifier(c *Cache, password string, salt []byte) (Verifier, error) {
	k, err := c.Derive(password, salt, Iterations)
	return Verifier{Salt: salt, Iterations: Iterations, Stored: k.Stored, Server: k.Server}, err
}

// String writes the verifier as pg_authid.rolpassword has it:
// SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey.
func (v Verifier) String() string {
	b := base64.StdEncoding.EncodeToString
	return Mechanism + "$" + strconv.Itoa(v.Iterations) + ":" + b(v.Salt) + "$" + b(v.Stored[:]) + ":" + b(v.Server[:])
}

// ParseVerifier reads what String writes (parse_scram_secret in PostgreSQL).
func ParseVerifier(text string) (Verifier, error) {
	var v Verifier
	bad := errors.New("it is not a SCRAM verifier; one has the form SCRAM-SHA-256$4096:salt$StoredKey:ServerKey, " +
		"as pg_authid.rolpassword shows it")
	rest, ok := strings.CutPrefix(text, Mechanism+"$")
	if !ok {
		return v, bad
	}
	parameters, keys, ok := strings.Cut(rest, "$")
	count, salt, ok1 := strings.Cut(parameters, ":")
	stored, server, ok2 := strings.Cut(keys, ":")
	if !ok || !ok1 || !ok2 {
		return v, bad
	}
	iterations, err := strconv.ParseInt(count, 10, 64)
	if err != nil || iterations < 1 || iterations >= maxIterations {
		return v, bad
	}
	v.Iterations = int(iterations)
	if v.Salt, err = base64.StdEncoding.Strict().DecodeString(salt); err != nil || len(v.Salt) == 0 || len(v.Salt) > maxSalt {
		return v, bad
	}
	for _, key := range []struct {
		to   *[sha256.Size]byte
		text string
	}{{&v.Stored, stored}, {&v.Server, server}} {
		raw, err := base64.StdEncoding.Strict().DecodeString(key.text)
		if err != nil || len(raw) != sha256.Size {
			return v, bad
		}
		copy(key.to[:], raw)
	}
	return v, nil
}

// checks says in constant time whether a proof is that of the verifier's password.
func (v *Verifier) checks(proof []byte, message string) bool {
	signature := MAC(v.Stored[:], message)
	client := bytes.Clone(proof)
	for i := range client {
		client[i] ^= signature[i]
	}
	sum := sha256.Sum256(client)
	return equal(sum[:], v.Stored[:])
}
