package upstream

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/weirgate/weir/proxy/scram"
)

const (
	mechanismSCRAM     = scram.Mechanism
	mechanismSCRAMPlus = scram.MechanismPlus
)

// Bounds for what a server may ask in SCRAM.
const (
	// maxIterations keeps a server from making weir compute for long: it is about
	// a tenth of a second of one core. PostgreSQL's default is 4096.
	maxIterations = 600_000
	// minIterations holds where nothing vouches for the server: with fewer, an
	// impostor could guess passwords from the proof at little cost (RFC 7677
	// section 4). A verified server may ask for fewer, since PostgreSQL 16's
	// scram_iterations allows it.
	minIterations = 4096
	maxSalt       = 1024
	nonceBytes    = 18 // as PostgreSQL's SCRAM_RAW_NONCE_LEN
)

// The flags of a GS2 header (RFC 5802 section 7).
const (
	bindingUnsupported = "n,," // no channel binding on this side
	bindingNotOffered  = "y,," // this side could, the server did not offer: a stripped offer shows
	bindingEndPoint    = "p=tls-server-end-point,,"
)

// scramExchange is the client's side of one SCRAM-SHA-256 exchange (RFC 5802,
// RFC 7677), without the framing.
type scramExchange struct {
	binding   []byte // GS2 header and channel binding data
	nonce     string // the client's part
	firstBare string // client-first-message-bare
	server    []byte // the signature that the server must show
}

// first makes the client's first message.
func (s *scramExchange) first(flag string, options AuthOptions) ([]byte, error) {
	if s.nonce == "" {
		raw := make([]byte, nonceBytes)
		if _, err := rand.Read(raw); err != nil {
			return nil, fmt.Errorf("making a nonce: %w", err)
		}
		s.nonce = base64.StdEncoding.EncodeToString(raw)
	}
	s.binding = []byte(flag)
	if flag == bindingEndPoint {
		s.binding = append(s.binding, options.EndPoint...)
	}
	// PostgreSQL takes the user from the start-up packet and ignores this one; libpq
	// leaves it empty too.
	s.firstBare = "n=,r=" + s.nonce
	return []byte(flag + s.firstBare), nil
}

// answer takes the server's first message and makes the client's final one.
func (s *scramExchange) answer(serverFirst []byte, options AuthOptions) ([]byte, error) {
	nonce, salt, iterations, err := parseServerFirst(serverFirst)
	if err != nil {
		return nil, err
	}
	if len(nonce) <= len(s.nonce) || !strings.HasPrefix(nonce, s.nonce) {
		return nil, errors.New("the server's nonce does not continue weir's")
	}
	if iterations > maxIterations {
		return nil, fmt.Errorf("the server asked for %d iterations, more than %d", iterations, maxIterations)
	}
	if iterations < minIterations && !options.Verified && !options.Local {
		return nil, fmt.Errorf("the server asked for %d iterations, fewer than %d, and was not verified by TLS; "+
			"use VerifyFull, or set scram_iterations to %d on the server and set the password again", iterations, minIterations, minIterations)
	}

	keys, err := options.Keys.Derive(options.Password, salt, iterations)
	if err != nil {
		return nil, err
	}
	withoutProof := "c=" + base64.StdEncoding.EncodeToString(s.binding) + ",r=" + nonce
	message := s.firstBare + "," + string(serverFirst) + "," + withoutProof
	proof := scram.MAC(keys.Stored[:], message)
	for i := range proof {
		proof[i] ^= keys.Client[i]
	}
	s.server = scram.MAC(keys.Server[:], message)
	return []byte(withoutProof + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// verify takes the server's final message and checks its signature.
func (s *scramExchange) verify(serverFinal []byte) error {
	value, ok := bytes.CutPrefix(serverFinal, []byte("v="))
	if !ok {
		if _, isError := bytes.CutPrefix(serverFinal, []byte("e=")); isError {
			return errors.New("the server ended the exchange with an error")
		}
		return errors.New("the server's final message has no signature")
	}
	value, _, _ = bytes.Cut(value, []byte(",")) // extensions may follow
	signature, err := base64.StdEncoding.Strict().DecodeString(string(value))
	if err != nil {
		return errors.New("the server's signature is not base64")
	}
	if len(s.server) == 0 || !hmac.Equal(signature, s.server) {
		return errors.New("the server's signature is wrong: it does not know this login's password, " +
			"so it is not the server it says it is")
	}
	return nil
}

// parseServerFirst reads "r=nonce,s=salt,i=iterations[,extensions]". A mandatory
// extension ("m=") in front makes the exchange fail, as RFC 5802 demands.
func parseServerFirst(message []byte) (nonce string, salt []byte, iterations int, err error) {
	fields := strings.Split(string(message), ",")
	if len(fields) < 3 {
		return "", nil, 0, errors.New("the server's first message is too short")
	}
	nonce, okNonce := strings.CutPrefix(fields[0], "r=")
	encodedSalt, okSalt := strings.CutPrefix(fields[1], "s=")
	count, okCount := strings.CutPrefix(fields[2], "i=")
	if !okNonce || !okSalt || !okCount {
		return "", nil, 0, errors.New("the server's first message is not of the form r=,s=,i=")
	}
	for i := range len(nonce) {
		if nonce[i] < 0x21 || nonce[i] > 0x7e { // printable, RFC 5802 section 7
			return "", nil, 0, errors.New("the server's nonce holds a character that is not printable")
		}
	}
	salt, err = base64.StdEncoding.Strict().DecodeString(encodedSalt)
	if err != nil || len(salt) == 0 || len(salt) > maxSalt {
		return "", nil, 0, errors.New("the server's salt is unusable")
	}
	if count == "" || len(count) > 9 || strings.Trim(count, "0123456789") != "" || count[0] == '0' {
		return "", nil, 0, errors.New("the server's iteration count is not a number")
	}
	iterations, err = strconv.Atoi(count)
	if err != nil {
		return "", nil, 0, errors.New("the server's iteration count is not a number")
	}
	return nonce, salt, iterations, nil
}
