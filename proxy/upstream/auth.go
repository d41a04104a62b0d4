package upstream

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/weirgate/weir/proxy/scram"
	"github.com/weirgate/weir/proxy/wire"
)

// Method is a way in which a server can ask a client to authenticate.
type Method uint8

// The methods, from the weakest to the strongest. They are bits, so that a set
// of them is a Method too.
const (
	MethodTrust     Method = 1 << iota // the server asks for nothing
	MethodCleartext                    // the password itself is sent
	MethodMD5                          // a digest is sent that works as a password elsewhere
	MethodSCRAM                        // SCRAM-SHA-256
	MethodSCRAMPlus                    // SCRAM-SHA-256-PLUS, bound to the server's certificate
)

// String gives the name as PostgreSQL's documentation writes it.
func (m Method) String() string {
	switch m {
	case MethodTrust:
		return "trust"
	case MethodCleartext:
		return "cleartext password"
	case MethodMD5:
		return "md5"
	case MethodSCRAM:
		return mechanismSCRAM
	case MethodSCRAMPlus:
		return mechanismSCRAMPlus
	default:
		return fmt.Sprintf("methods(%#x)", uint8(m))
	}
}

// ChannelBinding says what is done with SCRAM's binding to the TLS connection,
// as libpq's parameter of the same name does.
type ChannelBinding uint8

const (
	// BindingPrefer uses it where the server offers it, and says so in the exchange
	// otherwise, so that a server that did offer it notices a stripped offer.
	BindingPrefer ChannelBinding = iota
	// BindingRequire refuses every login without it.
	BindingRequire
	// BindingDisable never uses it: for servers that offer it and then fail at it
	// (old minor releases with a certificate signed by RSA-PSS).
	BindingDisable
)

// AuthOptions are what an Authenticator knows about the login and the connection.
type AuthOptions struct {
	User     string
	Password string // "" when there is none: only MethodTrust can succeed
	// Allowed are the methods that may be used, 0 for all of them. Cleartext is
	// refused on an exposed connection in any case, unless CleartextAnywhere.
	Allowed Method
	Binding ChannelBinding
	// CleartextAnywhere allows the password itself to be sent on a connection that
	// is neither encrypted nor local.
	CleartextAnywhere bool

	TLS      bool   // the connection is encrypted
	Verified bool   // and the server's certificate was verified
	Local    bool   // it cannot leave this host: a Unix socket, or loopback in weir's own network namespace
	EndPoint []byte // tls-server-end-point of the server's certificate (RFC 5929), nil when there is none
	// Keys keeps what was derived from passwords, nil for nobody.
	Keys *scram.Cache
}

// Codes of authentication requests that weir knows but does not speak; those
// that it speaks are in package wire.
const (
	requestKerberosV5 = 2
	requestGSS        = 7
	requestSSPI       = 9
)

type authState uint8

const (
	authStart        authState = iota // nothing was asked yet
	authPasswordSent                  // an answer to cleartext or md5 is out
	authSASLFirst                     // SCRAM: the client's first message is out
	authSASLLast                      // SCRAM: the proof is out
	authSASLProven                    // SCRAM: the server has proved itself
	authDone
	authFailed
)

// Authenticator answers a server's authentication requests. It is a state
// machine without I/O, and takes any bytes.
//
// What it refuses: a method outside of Allowed; a cleartext password on an
// exposed connection; SCRAM-PLUS offered without TLS; an "OK" in the middle of
// a SCRAM exchange, which would skip the server's proof; a second request of
// another kind; SCRAM parameters that would make the password cheap to guess or
// weir's work expensive (see scram.go).
type Authenticator struct {
	options AuthOptions
	state   authState
	method  Method
	sasl    scramExchange
}

// NewAuthenticator begins an exchange.
func NewAuthenticator(options AuthOptions) *Authenticator {
	return &Authenticator{options: options}
}

// Method is the method that the server asked for, 0 before it has.
func (a *Authenticator) Method() Method { return a.method }

// Step takes the body of one authentication request ('R') and returns the frame
// to send in answer (nil for none), or done once the server has let the login
// in. After an error, which is an *AuthError or a *ProtocolError, the
// connection must be closed.
func (a *Authenticator) Step(body []byte) (reply []byte, done bool, err error) {
	if a.state == authDone || a.state == authFailed {
		return nil, false, a.broken("an authentication request after the end of authentication")
	}
	reply, err = a.step(body)
	if err != nil {
		a.state = authFailed
		return nil, false, err
	}
	return reply, a.state == authDone, nil
}

func (a *Authenticator) step(body []byte) ([]byte, error) {
	if len(body) < 4 {
		return nil, a.broken("an authentication request of %d bytes", len(body))
	}
	code, data := binary.BigEndian.Uint32(body), body[4:]
	switch code {
	case wire.AuthOK:
		return nil, a.ok(data)
	case wire.AuthCleartextPassword:
		return a.cleartext(data)
	case wire.AuthMD5Password:
		return a.md5(data)
	case wire.AuthSASL:
		return a.saslStart(data)
	case wire.AuthSASLContinue:
		return a.saslContinue(data)
	case wire.AuthSASLFinal:
		return nil, a.saslFinal(data)
	case requestKerberosV5:
		return nil, a.unsupported("Kerberos V5")
	case requestGSS:
		return nil, a.unsupported("GSSAPI")
	case requestSSPI:
		return nil, a.unsupported("SSPI")
	default:
		return nil, a.unsupported(fmt.Sprintf("the method with number %d", code))
	}
}

func (a *Authenticator) ok(data []byte) error {
	if len(data) != 0 {
		return a.broken("AuthenticationOk with %d more bytes", len(data))
	}
	switch a.state {
	case authStart:
		if err := a.choose(MethodTrust); err != nil {
			return err
		}
	case authSASLFirst, authSASLLast:
		return a.unsafe("it said that the login is fine before it proved in SCRAM that it knows the password")
	}
	a.state = authDone
	return nil
}

func (a *Authenticator) cleartext(data []byte) ([]byte, error) {
	if err := a.choose(MethodCleartext); err != nil {
		return nil, err
	}
	if len(data) != 0 {
		return nil, a.broken("AuthenticationCleartextPassword with %d more bytes", len(data))
	}
	if !a.options.TLS && !a.options.Local && !a.options.CleartextAnywhere {
		return nil, a.unsafe("it asked for the password itself on an unencrypted connection; " +
			"use scram-sha-256 in its pg_hba.conf, or a TLS mode in weir's Database document")
	}
	a.state = authPasswordSent
	return appendFrame(nil, wire.PasswordMessage, append([]byte(a.options.Password), 0)), nil
}

func (a *Authenticator) md5(salt []byte) ([]byte, error) {
	if err := a.choose(MethodMD5); err != nil {
		return nil, err
	}
	if len(salt) != 4 {
		return nil, a.broken("an md5 salt of %d bytes", len(salt))
	}
	a.state = authPasswordSent
	stored := hexMD5([]byte(a.options.Password), []byte(a.options.User))
	answer := "md5" + hexMD5([]byte(stored), salt) + "\x00"
	return appendFrame(nil, wire.PasswordMessage, []byte(answer)), nil
}

func hexMD5(parts ...[]byte) string {
	h := md5.New()
	for _, part := range parts {
		_, _ = h.Write(part) // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}

// saslStart picks a mechanism from the server's list: zero-terminated names,
// ended by an empty one.
func (a *Authenticator) saslStart(data []byte) ([]byte, error) {
	if a.state != authStart {
		return nil, a.broken("a second start of SASL")
	}
	var plain, plus bool
	for {
		name, rest, ok := cutString(data)
		if !ok {
			return nil, a.broken("a list of SASL mechanisms without an end")
		}
		data = rest
		if name == "" {
			break
		}
		plain = plain || name == mechanismSCRAM
		plus = plus || name == mechanismSCRAMPlus
	}
	if len(data) != 0 {
		return nil, a.broken("%d bytes after the list of SASL mechanisms", len(data))
	}
	if plus && !a.options.TLS {
		// The server believes that there is TLS: somebody in between ended it.
		return nil, a.unsafe("it offered %s on a connection that is not encrypted", mechanismSCRAMPlus)
	}

	canBind := a.options.TLS && len(a.options.EndPoint) > 0 && a.options.Binding != BindingDisable
	method, flag := MethodSCRAM, bindingUnsupported
	switch {
	case plus && canBind:
		method, flag = MethodSCRAMPlus, bindingEndPoint
	case !plain:
		return nil, a.unsupported("SASL without " + mechanismSCRAM)
	case canBind:
		flag = bindingNotOffered
	}
	if err := a.choose(method); err != nil {
		return nil, err
	}
	first, err := a.sasl.first(flag, a.options)
	if err != nil {
		return nil, &AuthError{Kind: AuthUnsafe, Method: method, Err: err}
	}
	body := append([]byte(method.String()), 0)
	body = binary.BigEndian.AppendUint32(body, uint32(len(first)))
	a.state = authSASLFirst
	return appendFrame(nil, wire.PasswordMessage, append(body, first...)), nil
}

func (a *Authenticator) saslContinue(data []byte) ([]byte, error) {
	if a.state != authSASLFirst {
		return nil, a.broken("a SASL challenge that was not due")
	}
	answer, err := a.sasl.answer(data, a.options)
	if err != nil {
		return nil, &AuthError{Kind: AuthUnsafe, Method: a.method, Err: err}
	}
	a.state = authSASLLast
	return appendFrame(nil, wire.PasswordMessage, answer), nil
}

func (a *Authenticator) saslFinal(data []byte) error {
	if a.state != authSASLLast {
		return a.broken("the end of a SASL exchange that was not due")
	}
	if err := a.sasl.verify(data); err != nil {
		return &AuthError{Kind: AuthServerUnproven, Method: a.method, Err: err}
	}
	a.state = authSASLProven
	return nil
}

// choose settles on the method that the server asked for, or refuses it.
func (a *Authenticator) choose(method Method) error {
	if a.state != authStart {
		return a.broken("a second authentication request, for %s", method)
	}
	a.method = method
	if a.options.Allowed != 0 && a.options.Allowed&method == 0 {
		return a.unsafe("it asked for a method that is not allowed for this login")
	}
	if a.options.Binding == BindingRequire && method == MethodSCRAM && a.options.TLS && len(a.options.EndPoint) == 0 {
		return a.unsafe("channel binding is required, and the signature of its certificate has no hash to bind to (Ed25519); " +
			"give the server a certificate that is signed with ECDSA or RSA")
	}
	if a.options.Binding == BindingRequire && method != MethodSCRAMPlus {
		return a.unsafe("it did not offer %s, and channel binding is required", mechanismSCRAMPlus)
	}
	if method != MethodTrust && a.options.Password == "" {
		return a.unsupported("a password, and none is configured for this login")
	}
	return nil
}

func (a *Authenticator) broken(format string, arguments ...any) error {
	return &ProtocolError{Doing: "logging in", Detail: fmt.Sprintf(format, arguments...)}
}

func (a *Authenticator) unsafe(format string, arguments ...any) error {
	return &AuthError{Kind: AuthUnsafe, Method: a.method,
		Err: errors.New("the server is not trusted with it: " + fmt.Sprintf(format, arguments...))}
}

func (a *Authenticator) unsupported(what string) error {
	return &AuthError{Kind: AuthUnsupported, Method: a.method,
		Err: fmt.Errorf("the server asked for %s; weir can log in by password (%s, md5, cleartext) or without one", what, mechanismSCRAM)}
}
