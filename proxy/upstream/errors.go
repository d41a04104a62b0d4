package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// SQLSTATE values that SQLState answers with.
const (
	stateUnableToConnect  = "08001" // sqlclient_unable_to_establish_sqlconnection
	stateRejected         = "08004" // sqlserver_rejected_establishment_of_sqlconnection
	stateConnectionFailed = "08006" // connection_failure
	stateProtocol         = "08P01" // protocol_violation
	stateConfiguration    = "F0000" // config_file_error
)

// DialError says that no transport connection to the server came about. Nothing
// of the protocol was exchanged.
type DialError struct {
	Address string // address and port, or the path of the Unix socket
	Err     error
}

func (e *DialError) Error() string { return fmt.Sprintf("dialling %s: %v", e.Address, e.Err) }
func (e *DialError) Unwrap() error { return e.Err }

// Timeout reports whether the server did not answer in time.
func (e *DialError) Timeout() bool { return isTimeout(e.Err) }

// Refused reports whether the server's host answered that nothing listens there.
func (e *DialError) Refused() bool { return errors.Is(e.Err, syscall.ECONNREFUSED) }

// TLSFailure tells the ways in which TLS can fail apart.
type TLSFailure uint8

const (
	// TLSNotOffered means that the server answered the SSLRequest with anything
	// but "yes", although the mode asks for encryption.
	TLSNotOffered TLSFailure = iota + 1
	// TLSHandshake means that the handshake broke for another reason than the certificate.
	TLSHandshake
	// TLSVerify means that the certificate is not one that the mode accepts: an
	// unknown authority, another host's name, expired.
	TLSVerify
	// TLSConfiguration means that weir's own configuration cannot be used, for
	// instance a caFile that cannot be read.
	TLSConfiguration
)

// TLSError says that the encryption that the target's mode asks for did not
// come about. No start-up packet was sent.
type TLSError struct {
	Address string
	Kind    TLSFailure
	Err     error
}

func (e *TLSError) Error() string { return fmt.Sprintf("TLS with %s: %v", e.Address, e.Err) }
func (e *TLSError) Unwrap() error { return e.Err }

// Timeout reports whether the handshake took longer than allowed.
func (e *TLSError) Timeout() bool { return isTimeout(e.Err) }

// AuthFailure tells the ways in which weir's login can fail apart.
type AuthFailure uint8

const (
	// AuthRefused means that the server refused weir's login (SQLSTATE class 28);
	// Err is its *ServerError.
	AuthRefused AuthFailure = iota + 1
	// AuthUnsupported means that the server asked for a method that weir does not
	// speak, or for a password where none is configured.
	AuthUnsupported
	// AuthUnsafe means that the server asked for what would give the secret away
	// or weaken the login: a method that is not allowed, a cleartext password on an
	// unencrypted connection, the end of a SCRAM exchange before it was proved.
	AuthUnsafe
	// AuthServerUnproven means that the server could not prove in SCRAM that it
	// knows the login's secret: it is not the server it says it is.
	AuthServerUnproven
)

// AuthError says that weir's own login failed. Its text never holds the secret.
// Whoever shows it to an agent should not show Err of AuthRefused, which
// speaks about a login that is not the agent's.
type AuthError struct {
	Kind   AuthFailure
	Method Method // what the server asked for, 0 when it did not get that far
	Err    error
}

func (e *AuthError) Error() string {
	if e.Method == 0 {
		return fmt.Sprintf("logging in: %v", e.Err)
	}
	return fmt.Sprintf("logging in by %s: %v", e.Method, e.Err)
}

func (e *AuthError) Unwrap() error { return e.Err }

// SecretError says that weir's secret for a login could not be read or is not
// fit for use. Nothing was sent to the server.
type SecretError struct {
	Source string // where the secret comes from, for instance a path
	Err    error
}

func (e *SecretError) Error() string { return fmt.Sprintf("password from %s: %v", e.Source, e.Err) }
func (e *SecretError) Unwrap() error { return e.Err }

// ProtocolError says that the server sent what the protocol does not allow
// there. The connection cannot be used any more.
type ProtocolError struct {
	Doing  string // what weir was doing
	Detail string // what was wrong
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("%s: the server broke the protocol: %s", e.Doing, e.Detail)
}

// ConnectionError says that an established connection ended or failed while
// weir was using it.
type ConnectionError struct {
	Doing string
	Err   error
}

func (e *ConnectionError) Error() string { return fmt.Sprintf("%s: %v", e.Doing, e.Err) }
func (e *ConnectionError) Unwrap() error { return e.Err }

// Timeout reports whether the server did not answer in time.
func (e *ConnectionError) Timeout() bool { return isTimeout(e.Err) }

// Field is one field of an ErrorResponse or a NoticeResponse, in the server's
// order. Code is the byte that names it ('M' for the message).
type Field struct {
	Code  byte
	Value string
}

// ServerError is an ErrorResponse, as the server sent it.
//
// A server's own error may be shown to the agent as it is (a database that does
// not exist, too many connections, a server that is starting), with one
// exception: during Start an error of SQLSTATE class 28 speaks about weir's
// login, which is no concern of the agent's. Start wraps that one in an *AuthError.
type ServerError struct {
	Severity string // untranslated when the server gives it (9.6 and later): ERROR, FATAL, PANIC
	Code     string // SQLSTATE
	Message  string
	Detail   string
	Hint     string
	Fields   []Field // all of them, those above included
	Body     []byte  // the message's body, so that it can be sent on unchanged
}

func (e *ServerError) Error() string {
	return fmt.Sprintf("%s: %s (SQLSTATE %s)", e.Severity, e.Message, e.Code)
}

// Fatal reports whether the server ends the connection after this error.
func (e *ServerError) Fatal() bool { return e.Severity == "FATAL" || e.Severity == "PANIC" }

// parseServerError reads the body of an ErrorResponse or NoticeResponse:
// fields of a code byte and a zero-terminated value, ended by a zero byte.
func parseServerError(body []byte) (*ServerError, bool) {
	e := &ServerError{Body: append([]byte(nil), body...)}
	rest := e.Body
	untranslated := ""
	for {
		if len(rest) == 0 {
			return nil, false
		}
		code := rest[0]
		if code == 0 {
			break
		}
		value, after, ok := cutString(rest[1:])
		if !ok {
			return nil, false
		}
		rest = after
		e.Fields = append(e.Fields, Field{Code: code, Value: value})
		switch code {
		case 'S':
			e.Severity = value
		case 'V':
			untranslated = value
		case 'C':
			e.Code = value
		case 'M':
			e.Message = value
		case 'D':
			e.Detail = value
		case 'H':
			e.Hint = value
		}
	}
	if len(rest) != 1 {
		return nil, false
	}
	if untranslated != "" {
		e.Severity = untranslated
	}
	return e, true
}

// SQLState names the SQLSTATE that fits err for whoever must tell a client of
// it: the server's own one for a *ServerError, 08001 when no connection came
// about, 08004 when weir's login was refused, 08006 when a connection was lost,
// 08P01 for a protocol violation, F0000 for a fault in weir's configuration,
// and 08001 for anything else.
func SQLState(err error) string {
	var (
		auth     *AuthError
		secret   *SecretError
		tlsErr   *TLSError
		server   *ServerError
		protocol *ProtocolError
		lost     *ConnectionError
	)
	switch {
	case errors.As(err, &auth):
		return stateRejected
	case errors.As(err, &secret):
		return stateConfiguration
	case errors.As(err, &tlsErr):
		if tlsErr.Kind == TLSConfiguration {
			return stateConfiguration
		}
		return stateUnableToConnect
	case errors.As(err, &server):
		if validState(server.Code) {
			return server.Code
		}
		return stateConnectionFailed
	case errors.As(err, &protocol):
		return stateProtocol
	case errors.As(err, &lost):
		return stateConnectionFailed
	default:
		return stateUnableToConnect
	}
}

// validState reports whether a server's SQLSTATE has the form of one.
func validState(code string) bool {
	return len(code) == 5 && strings.Trim(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
