package scram

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Names of the mechanisms, as they are negotiated.
const (
	Mechanism     = "SCRAM-SHA-256"
	MechanismPlus = "SCRAM-SHA-256-PLUS" // bound to the certificate of the TLS connection
)

// Keys are what a password becomes with a salt and a number of iterations.
type Keys struct {
	Client [sha256.Size]byte // proves the password: as good as the password itself
	Stored [sha256.Size]byte // its hash, which a verifier holds
	Server [sha256.Size]byte // proves the verifier
}

// Derive makes the keys of a password. With PostgreSQL's 4096 iterations it takes
// more than half a millisecond.
func Derive(password string, salt []byte, iterations int) (Keys, error) {
	var k Keys
	salted, err := pbkdf2.Key(sha256.New, Prepare(password), salt, iterations, sha256.Size)
	if err != nil {
		return k, fmt.Errorf("deriving the key: %w", err)
	}
	copy(k.Client[:], MAC(salted, "Client Key"))
	k.Stored = sha256.Sum256(k.Client[:])
	copy(k.Server[:], MAC(salted, "Server Key"))
	return k, nil
}

// MAC is HMAC-SHA-256.
func MAC(key []byte, message string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(message)) // a hash never fails
	return h.Sum(nil)
}

// Cache keeps keys that were derived, so that logging in again costs nothing. It
// holds no passwords: it finds keys by a keyed digest of what they were made of.
// It is safe for concurrent use. A nil Cache keeps nothing.
type Cache struct {
	keys   *lru.Cache[[sha256.Size]byte, Keys]
	secret []byte
}

// NewCache makes a cache of so many entries, of about 200 bytes each.
func NewCache(size int) (*Cache, error) {
	keys, err := lru.New[[sha256.Size]byte, Keys](size)
	if err != nil {
		return nil, fmt.Errorf("making a cache of SCRAM keys: %w", err)
	}
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // never fails
	return &Cache{keys: keys, secret: secret}, nil
}

// Derive is the function Derive, done once for the same arguments.
func (c *Cache) Derive(password string, salt []byte, iterations int) (Keys, error) {
	if c == nil {
		return Derive(password, salt, iterations)
	}
	h := hmac.New(sha256.New, c.secret)
	var lengths [12]byte
	binary.BigEndian.PutUint32(lengths[:], uint32(len(password)))
	binary.BigEndian.PutUint32(lengths[4:], uint32(len(salt)))
	binary.BigEndian.PutUint32(lengths[8:], uint32(iterations))
	for _, part := range [][]byte{lengths[:], []byte(password), salt} {
		_, _ = h.Write(part) // a hash never fails
	}
	at := [sha256.Size]byte(h.Sum(nil))
	if k, ok := c.keys.Get(at); ok {
		return k, nil
	}
	k, err := Derive(password, salt, iterations)
	if err == nil {
		c.keys.Add(at, k)
	}
	return k, err
}
