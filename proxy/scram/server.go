package scram

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// nonceBytes is PostgreSQL's SCRAM_RAW_NONCE_LEN.
const nonceBytes = 18

// ErrWrong says that the client does not know the password, or that there is no
// such user: the two cannot be told apart.
var ErrWrong = errors.New("the client's proof is wrong")

// Error is a message of the client that breaks the protocol, or asks for what
// weir has not, in PostgreSQL's words (libpq/auth-scram.c).
type Error struct {
	Code    string // SQLSTATE
	Message string
	Detail  string
}

func (e *Error) Error() string { return e.Message + ": " + e.Detail }

func malformed(detail string) error {
	return &Error{Code: "08P01", Message: "malformed SCRAM message", Detail: detail}
}

// Server is the server's side of one exchange.
type Server struct {
	Verifier Verifier
	// Doomed makes the exchange fail at its end whatever the proof: for users that
	// do not exist, whose Verifier is made up.
	Doomed bool
	// Plus says that the client chose the mechanism with channel binding, TLS that
	// the connection is encrypted and the mechanism was on offer, EndPoint is the
	// binding of the certificate that the client was shown.
	Plus, TLS bool
	EndPoint  []byte
	// Nonce is the server's part; random when "".
	Nonce string

	header    string // the client's GS2 header
	firstBare string
	first     string // the server's first message
	nonce     string // both parts
}

// First takes the client's first message and gives the server's.
func (s *Server) First(message []byte) ([]byte, error) {
	m := string(message)
	if m == "" || strings.IndexByte(m, 0) >= 0 {
		return nil, malformed("The message is empty, or its length does not match its content.")
	}
	bare, err := s.binding(m)
	if err != nil {
		return nil, err
	}
	s.header, s.firstBare = m[:len(m)-len(bare)], bare
	if strings.HasPrefix(bare, "m=") {
		return nil, &Error{Code: "0A000", Message: "client requires an unsupported SCRAM extension"}
	}
	name, rest, ok := strings.Cut(bare, ",")
	if !ok || !strings.HasPrefix(name, "n=") {
		return nil, malformed(`Attribute "n" expected.`)
	}
	nonce, _, _ := strings.Cut(rest, ",") // extensions may follow, which are optional
	nonce, ok = strings.CutPrefix(nonce, "r=")
	if !ok {
		return nil, malformed(`Attribute "r" expected.`)
	}
	if nonce == "" || strings.ContainsFunc(nonce, func(c rune) bool { return c < 0x21 || c > 0x7e }) {
		return nil, &Error{Code: "08P01", Message: "non-printable characters in SCRAM nonce"}
	}
	if s.Nonce == "" {
		raw := make([]byte, nonceBytes)
		_, _ = rand.Read(raw) // never fails
		s.Nonce = base64.StdEncoding.EncodeToString(raw)
	}
	s.nonce = nonce + s.Nonce
	s.first = "r=" + s.nonce + ",s=" + base64.StdEncoding.EncodeToString(s.Verifier.Salt) + ",i=" + strconv.Itoa(s.Verifier.Iterations)
	return []byte(s.first), nil
}

// binding reads the GS2 header of the client's first message and gives the rest.
func (s *Server) binding(m string) (bare string, err error) {
	flag, rest, ok := strings.Cut(m, ",")
	if !ok {
		return "", malformed("Comma expected.")
	}
	switch {
	case (flag == "n" || flag == "y") && s.Plus:
		return "", malformed("The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.")
	case flag == "n":
	case flag == "y" && s.TLS:
		// Somebody in between took the offer away.
		return "", &Error{Code: "28000", Message: "SCRAM channel binding negotiation error",
			Detail: "The client supports SCRAM channel binding but thinks the server does not.  However, this server does support channel binding."}
	case flag == "y":
	case !strings.HasPrefix(flag, "p="):
		return "", malformed("Unexpected channel-binding flag.")
	case !s.Plus:
		return "", malformed("The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data.")
	case flag != "p=tls-server-end-point":
		return "", &Error{Code: "08P01", Message: "unsupported SCRAM channel-binding type"}
	}
	authorization, bare, ok := strings.Cut(rest, ",")
	switch {
	case strings.HasPrefix(authorization, "a="):
		return "", &Error{Code: "0A000", Message: "client uses authorization identity, but it is not supported"}
	case !ok || authorization != "":
		return "", malformed("Unexpected attribute in client-first-message.")
	}
	return bare, nil
}

// Final takes the client's final message and gives the server's, or ErrWrong.
func (s *Server) Final(message []byte) ([]byte, error) {
	m := string(message)
	if s.first == "" || m == "" || strings.IndexByte(m, 0) >= 0 {
		return nil, malformed("The message is empty, or its length does not match its content.")
	}
	at := strings.LastIndex(m, ",p=")
	if at < 0 {
		return nil, malformed(`Attribute "p" expected.`)
	}
	withoutProof := m[:at]
	proof, err := base64.StdEncoding.Strict().DecodeString(m[at+len(",p="):])
	if err != nil || len(proof) != sha256.Size {
		return nil, malformed("Malformed proof in client-final-message.")
	}
	binding, rest, ok := strings.Cut(withoutProof, ",")
	binding, isBinding := strings.CutPrefix(binding, "c=")
	if !ok || !isBinding {
		return nil, malformed(`Attribute "c" expected.`)
	}
	want := s.header
	if s.Plus {
		want += string(s.EndPoint)
	}
	if !equal([]byte(binding), []byte(base64.StdEncoding.EncodeToString([]byte(want)))) {
		if s.Plus {
			// Another certificate than weir's: somebody is in between.
			return nil, &Error{Code: "28000", Message: "SCRAM channel binding check failed"}
		}
		return nil, &Error{Code: "08P01", Message: "unexpected SCRAM channel-binding attribute in client-final-message"}
	}
	nonce, _, _ := strings.Cut(rest, ",") // extensions may follow
	if nonce, ok = strings.CutPrefix(nonce, "r="); !ok {
		return nil, malformed(`Attribute "r" expected.`)
	}
	if !equal([]byte(nonce), []byte(s.nonce)) {
		return nil, &Error{Code: "08P01", Message: "invalid SCRAM response", Detail: "Nonce does not match."}
	}
	signed := s.firstBare + "," + s.first + "," + withoutProof
	// The proof is checked in any case, so that the time tells nothing.
	if !s.Verifier.checks(proof, signed) || s.Doomed {
		return nil, ErrWrong
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(MAC(s.Verifier.Server[:], signed))), nil
}

// equal compares in constant time.
func equal(a, b []byte) bool { return hmac.Equal(a, b) }
