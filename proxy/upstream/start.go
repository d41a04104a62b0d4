package upstream

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/weirgate/weir/proxy/scram"
	"github.com/weirgate/weir/proxy/wire"
)

// Protocol versions that Startup takes.
const (
	Protocol30 uint32 = 3 << 16
	Protocol32 uint32 = 3<<16 | 2
)

// Bounds for what a server sends until its first ReadyForQuery.
const (
	maxStartMessage = 64 << 10 // an error, a notice, a parameter
	maxAuthMessage  = 8 << 10
	maxStartFrames  = 1000
	maxStartBytes   = 1 << 20
	// maxOldError is where libpq, too, stops to believe that an error's length word
	// is one (fe-connect.c).
	maxOldError = 30000
)

// Startup says who logs in, to what, and how.
type Startup struct {
	Version    uint32 // Protocol30 (also when 0) or Protocol32
	User       string
	Database   string         // "" leaves it to the server, which takes the user's name
	Parameters []wire.Setting // sent in this order after user and database; neither of those
	// Secret gives the password; nil when the login needs none.
	Secret Secret
	// Methods are those that the server may ask for, 0 for all.
	Methods           Method
	ChannelBinding    ChannelBinding
	CleartextAnywhere bool // see AuthOptions
	Keys              *scram.Cache
}

// Greeting is what a server said between the start-up packet and its first
// ReadyForQuery.
type Greeting struct {
	Protocol     uint32         // the version in force, lower than asked for if the server said so
	Unrecognized []string       // protocol extensions (_pq_.*) that the server does not know
	Method       Method         // how the login was authenticated
	Parameters   []wire.Setting // ParameterStatus, in the server's order
	Frames       [][]byte       // the same messages as the server sent them, headers included
	Notices      [][]byte       // NoticeResponse messages, headers included
	// BackendPID and BackendKey are for cancel requests. Never show them to a client:
	// whoever knows them can cancel. The key is nil when the server gave none.
	BackendPID        uint32
	BackendKey        []byte
	TransactionStatus byte // of the ReadyForQuery, 'I' on a fresh session
}

// SendStartup sends the start-up packet and nothing more: for relaying the
// client's own authentication over NetConn. The secret is not used.
func (c *Conn) SendStartup(ctx context.Context, s Startup) error {
	const doing = "sending the start-up packet"
	packet, err := s.packet()
	if err != nil {
		return err
	}
	if c.unusable != nil {
		return c.unusable
	}
	release := c.bound(ctx)
	_, err = c.conn.Write(packet)
	if err = errors.Join(err, release()); err != nil {
		return c.lost(ctx, doing, err)
	}
	return nil
}

// Start logs in and reads on until the server is ready for a query.
//
// Errors: *SecretError before anything is sent; *AuthError when the login was
// refused or would not have been safe; *ServerError for everything else that
// the server refuses a session for (no such database, too many connections);
// *ProtocolError; *ConnectionError. After any of them the connection can only
// be closed.
func (c *Conn) Start(ctx context.Context, s Startup) (*Greeting, error) {
	const doing = "logging in"
	if c.unusable != nil {
		return nil, c.unusable
	}
	if c.started {
		return nil, errors.New("logging in: the connection is logged in already")
	}
	ctx, cancel := context.WithTimeout(ctx, c.target.timeout())
	defer cancel()
	packet, err := s.packet()
	if err != nil {
		return nil, err
	}
	options, err := c.authOptions(ctx, s)
	if err != nil {
		return nil, err
	}

	release := c.bound(ctx)
	greeting, err := c.greet(packet, s, options)
	if cause := release(); cause != nil {
		return nil, c.lost(ctx, doing, cause)
	}
	if err == nil {
		c.started = true
		return greeting, nil
	}
	var (
		server   *ServerError
		auth     *AuthError
		protocol *ProtocolError
	)
	switch {
	case errors.As(err, &server):
		c.unusable = err
		if strings.HasPrefix(server.Code, "28") {
			// invalid_authorization_specification and its kin: about weir's login.
			c.unusable = &AuthError{Kind: AuthRefused, Method: options.method, Err: server}
		}
	case errors.As(err, &auth), errors.As(err, &protocol):
		c.unusable = err
	default:
		return nil, c.lost(ctx, doing, err)
	}
	return nil, c.unusable
}

// login is what greet needs for authentication, and what it finds out.
type login struct {
	AuthOptions
	method Method
}

func (c *Conn) authOptions(ctx context.Context, s Startup) (*login, error) {
	options := &login{AuthOptions: AuthOptions{
		User:              s.User,
		Allowed:           s.Methods,
		Binding:           s.ChannelBinding,
		CleartextAnywhere: s.CleartextAnywhere,
		Keys:              s.Keys,
		Local:             !c.target.exposed(),
	}}
	if c.tlsState != nil {
		options.TLS = true
		options.Verified = c.target.TLS.Mode == VerifyCA || c.target.TLS.Mode == VerifyFull
		if certificates := c.tlsState.PeerCertificates; len(certificates) > 0 {
			options.EndPoint = scram.EndPoint(certificates[0])
		}
	}
	if s.Secret == nil {
		return options, nil
	}
	password, err := readSecret(ctx, s.Secret)
	options.Password = password
	return options, err
}

// packet makes the start-up packet, and refuses what cannot be put into one.
func (s Startup) packet() ([]byte, error) {
	const doing = "making the start-up packet"
	version := s.Version
	switch version {
	case 0:
		version = Protocol30
	case Protocol30, Protocol32:
	default:
		return nil, fmt.Errorf("%s: protocol version %d.%d is neither 3.0 nor 3.2", doing, version>>16, version&0xffff)
	}
	if s.User == "" {
		return nil, fmt.Errorf("%s: no user", doing)
	}
	settings := []wire.Setting{{Name: "user", Value: s.User}}
	if s.Database != "" {
		settings = append(settings, wire.Setting{Name: "database", Value: s.Database})
	}
	for _, parameter := range s.Parameters {
		if parameter.Name == "" || parameter.Name == "user" || parameter.Name == "database" {
			return nil, fmt.Errorf("%s: %q is not a parameter's name", doing, parameter.Name)
		}
		settings = append(settings, parameter)
	}
	for _, setting := range settings {
		if strings.IndexByte(setting.Name, 0) >= 0 || strings.IndexByte(setting.Value, 0) >= 0 {
			return nil, fmt.Errorf("%s: %q holds a zero byte", doing, setting.Name)
		}
	}
	packet := wire.AppendStartup(nil, version, settings)
	if len(packet) > wire.MaxStartup {
		return nil, fmt.Errorf("%s: it has %d bytes, more than the %d that PostgreSQL takes", doing, len(packet), wire.MaxStartup)
	}
	return packet, nil
}

// startLimit gives the longest body of a message before the first ReadyForQuery.
func startLimit(kind byte) int {
	switch kind {
	case wire.Authentication, wire.NegotiateProtocolVersion:
		return maxAuthMessage
	case wire.ErrorResponse, wire.NoticeResponse, wire.ParameterStatus:
		return maxStartMessage
	case wire.BackendKeyData:
		return 4 + maxCancelKey
	case wire.ReadyForQuery:
		return 1
	default:
		return -1
	}
}

// greet sends the packet and follows the server to its first ReadyForQuery.
func (c *Conn) greet(packet []byte, s Startup, options *login) (*Greeting, error) {
	if _, err := c.conn.Write(packet); err != nil {
		return nil, err
	}
	if err := c.oldError(); err != nil {
		return nil, err
	}
	g := &Greeting{Protocol: max(s.Version, Protocol30)}
	authenticator := NewAuthenticator(options.AuthOptions)
	authenticated, total := false, 0
	for range maxStartFrames {
		kind, body, frame, err := c.frames.next(startLimit)
		if err != nil {
			return nil, err
		}
		if total += len(frame); total > maxStartBytes {
			break
		}
		switch kind {
		case wire.ErrorResponse:
			return nil, serverError(body)
		case wire.NoticeResponse:
			g.Notices = append(g.Notices, bytes.Clone(frame))
		case wire.NegotiateProtocolVersion:
			if authenticator.Method() != 0 || len(g.Unrecognized) > 0 {
				return nil, violation("NegotiateProtocolVersion after the login began")
			}
			if err := g.negotiated(body); err != nil {
				return nil, err
			}
		case wire.Authentication:
			if authenticated {
				return nil, violation("an authentication request after the login")
			}
			reply, done, err := authenticator.Step(body)
			options.method = authenticator.Method()
			if err != nil {
				return nil, err
			}
			if len(reply) > 0 {
				if _, err := c.conn.Write(reply); err != nil {
					return nil, err
				}
			}
			authenticated = done
		default:
			if !authenticated {
				return nil, violation("message %q before the login", kind)
			}
			ready, err := g.settle(kind, body, frame)
			if err != nil {
				return nil, err
			}
			if ready {
				g.Method = options.method
				return g, nil
			}
		}
	}
	return nil, violation("more than %d messages or %d bytes before the session is ready", maxStartFrames, maxStartBytes)
}

// settle takes a message between AuthenticationOk and ReadyForQuery.
func (g *Greeting) settle(kind byte, body, frame []byte) (ready bool, err error) {
	r := wire.NewReader(body)
	switch kind {
	case wire.ParameterStatus:
		setting := wire.Setting{Name: string(r.String()), Value: string(r.String())}
		if !r.Done() || setting.Name == "" {
			return false, violation("a ParameterStatus that is malformed")
		}
		g.Parameters = append(g.Parameters, setting)
		g.Frames = append(g.Frames, bytes.Clone(frame))
	case wire.BackendKeyData:
		if len(body) < 4+minCancelKey {
			return false, violation("a cancel key of %d bytes", len(body)-4)
		}
		if g.BackendKey != nil {
			return false, violation("a second cancel key")
		}
		g.BackendPID = binary.BigEndian.Uint32(body)
		g.BackendKey = bytes.Clone(body[4:])
	case wire.ReadyForQuery:
		g.TransactionStatus = r.Byte()
		switch g.TransactionStatus {
		case wire.TxIdle, wire.TxActive, wire.TxFailed:
		default:
			return false, violation("transaction status %q", g.TransactionStatus)
		}
		return true, nil
	}
	return false, nil
}

// negotiated takes a NegotiateProtocolVersion.
func (g *Greeting) negotiated(body []byte) error {
	minor, unknown, err := wire.ReadNegotiate(body)
	if err != nil {
		return violation("a NegotiateProtocolVersion that is malformed")
	}
	version := 3<<16 | uint32(minor)
	if version > g.Protocol {
		return violation("a NegotiateProtocolVersion that answers another question")
	}
	g.Protocol, g.Unrecognized = version, unknown
	return nil
}

// oldError recognises the error of protocol 2 that the postmaster sends when it
// cannot make a process: 'E', a text, a zero byte. Without this, its text would
// be taken for a length.
func (c *Conn) oldError() error {
	if err := c.frames.want(wire.HeaderSize); err != nil {
		return err
	}
	held := c.frames.buffer[c.frames.start:c.frames.end]
	if held[0] != wire.ErrorResponse || binary.BigEndian.Uint32(held[1:]) <= maxOldError {
		return nil
	}
	for n := wire.HeaderSize; n < 1024 && c.frames.want(n) == nil; n++ {
		held = c.frames.buffer[c.frames.start:c.frames.end]
		if text, _, found := strings.Cut(string(held[1:n]), "\x00"); found {
			text = strings.ToValidUTF8(strings.TrimSpace(text), "?")
			body := "SFATAL\x00VFATAL\x00C" + stateRejected + "\x00M" + text + "\x00\x00"
			return serverError([]byte(body))
		}
	}
	return violation("an error that is longer than %d bytes", maxOldError)
}

// serverError reads an ErrorResponse; one that is malformed is a violation.
func serverError(body []byte) error {
	if e, ok := parseServerError(body); ok {
		return e
	}
	return violation("an error that is malformed")
}

// violation says what a server did wrong while weir logged in.
func violation(format string, arguments ...any) error {
	return &ProtocolError{Doing: "logging in", Detail: fmt.Sprintf(format, arguments...)}
}
