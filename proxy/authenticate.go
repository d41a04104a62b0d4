package proxy

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/scram"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
	"github.com/weirgate/weir/proxy/wire"
)

// proven is what a client has proved: that it is a user whom a document names.
type proven struct {
	database string
	user     policy.ClientUser
	how      policy.ClientAuthentication
}

// unproven gives what the client still has to prove, nil when there is nothing.
// It is attested all the same: a proof comes besides that.
func (v *visit) unproven(ctx context.Context, r route, q *session.Connect) (session.Authenticator, *diagnostic.Diagnostic) {
	if r.database == nil || r.login.Type == policy.LoginPassthrough || r.database.Clients.Authentication == policy.ClientsAttested {
		return nil, nil
	}
	c := &r.database.Clients
	user, known := c.User(q.User)
	if q.Proved {
		if v.proven == nil || *v.proven != (proven{r.database.Name, user, c.Authentication}) {
			return nil, diagnostic.DocumentsChanged()
		}
		return nil, nil
	}
	secret, err := v.gateway.clientSecret(ctx, user, known, q.User)
	if err != nil {
		v.gateway.cfg.Logger.Error("a client's password cannot be checked", "user", q.User, "database", r.database.Name, "error", err)
		return nil, diagnostic.ClientSecretUnreadable(q.User)
	}
	p := &proof{visit: v, connect: q, secret: secret, becomes: proven{r.database.Name, user, c.Authentication}}
	if c.Authentication == policy.ClientsPassword {
		return &passwordProof{p}, nil
	}
	s := &scramProof{proof: p}
	if q.TLS && v.shown != nil {
		s.endPoint = scram.EndPoint(v.shown)
	}
	return s, nil
}

// clientSecret is what a user's proof is held against.
type clientSecret struct {
	verifier scram.Verifier
	doomed   bool   // no such user: the verifier is made up
	source   string // the file, for the log
}

// clientSecret reads what a user's proof is held against. For a user who does not
// exist it makes something up, so that nobody can find out who does; that looks
// the same each time, as PostgreSQL's mock authentication.
func (g *Gateway) clientSecret(ctx context.Context, user policy.ClientUser, known bool, name string) (clientSecret, error) {
	h := hmac.New(sha256.New, g.mock)
	_, _ = h.Write([]byte(name)) // a hash never fails
	salt := h.Sum(nil)[:16]
	if !known {
		made := scram.Verifier{Salt: salt, Iterations: scram.Iterations}
		copy(made.Stored[:], secret(sha256.Size))
		return clientSecret{verifier: made, doomed: true}, nil
	}
	if user.VerifierFile != "" {
		text, err := upstream.PasswordFile(user.VerifierFile).Password(ctx)
		if err != nil {
			return clientSecret{}, fmt.Errorf("the verifier in %s: %w", user.VerifierFile, err)
		}
		v, err := scram.ParseVerifier(text)
		if err != nil {
			return clientSecret{}, fmt.Errorf("the verifier in %s: %w", user.VerifierFile, err)
		}
		return clientSecret{verifier: v, source: user.VerifierFile}, nil
	}
	password, err := upstream.PasswordFile(user.PasswordFile).Password(ctx)
	if err == nil && password == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return clientSecret{}, fmt.Errorf("the password in %s: %w", user.PasswordFile, err)
	}
	v, err := scram.NewVerifier(g.keys, password, salt)
	return clientSecret{verifier: v, source: user.PasswordFile}, err
}

// proof is a client's proof under way.
type proof struct {
	visit   *visit
	connect *session.Connect
	secret  clientSecret
	becomes proven
}

// right notes that the client has proved itself.
func (p *proof) right() { p.visit.proven = &p.becomes }

// wrong refuses the client and says why in the log alone.
func (p *proof) wrong() *diagnostic.Diagnostic {
	why := "the password is not that of " + p.secret.source
	if p.secret.doomed {
		why = "no such user in clients.users of the Database document"
	}
	p.visit.gateway.cfg.Logger.Info("a client's authentication failed", "from", p.visit.subject(), "user", p.connect.User,
		"database", p.becomes.database, "why", why)
	d := diagnostic.PasswordFailed(p.connect.User)
	p.visit.recordRefusal(p.connect, d)
	return d
}

// passwordProof asks for the password itself.
type passwordProof struct{ *proof }

func (p *passwordProof) Begin() []byte {
	return binary.BigEndian.AppendUint32(nil, wire.AuthCleartextPassword)
}

func (p *passwordProof) Step(answer []byte) ([]byte, bool, *diagnostic.Diagnostic) {
	password, err := wire.ReadPassword(answer)
	switch {
	case err != nil:
		return nil, false, diagnostic.Violation(err)
	case password == "":
		return nil, false, diagnostic.PasswordEmpty()
	}
	v := &p.secret.verifier
	// Not by way of the cache, which wrong passwords would fill.
	k, err := scram.Derive(password, v.Salt, v.Iterations)
	if err != nil || !hmac.Equal(k.Stored[:], v.Stored[:]) || p.secret.doomed {
		return nil, false, p.wrong()
	}
	p.right()
	return nil, true, nil
}

// scramProof is SCRAM-SHA-256, and over TLS SCRAM-SHA-256-PLUS.
type scramProof struct {
	*proof
	endPoint []byte // of the certificate that the client was shown, nil without TLS
	server   *scram.Server
	last     bool // the client's final message is due
}

func (p *scramProof) Begin() []byte {
	body := binary.BigEndian.AppendUint32(nil, wire.AuthSASL)
	if p.endPoint != nil {
		body = append(append(body, scram.MechanismPlus...), 0)
	}
	return append(append(append(body, scram.Mechanism...), 0), 0)
}

func (p *scramProof) Step(answer []byte) ([]byte, bool, *diagnostic.Diagnostic) {
	if p.server == nil {
		mechanism, first, err := wire.ReadSASLInitialResponse(answer)
		if err != nil {
			return nil, false, diagnostic.Violation(err)
		}
		plus := mechanism == scram.MechanismPlus
		if mechanism != scram.Mechanism && (!plus || p.endPoint == nil) {
			return nil, false, diagnostic.Violation(errMechanism)
		}
		p.server = &scram.Server{
			Verifier: p.secret.verifier, Doomed: p.secret.doomed, Plus: plus, TLS: p.endPoint != nil, EndPoint: p.endPoint,
		}
		if first == nil {
			return binary.BigEndian.AppendUint32(nil, wire.AuthSASLContinue), false, nil // the first message comes next
		}
		answer = first
	}
	if !p.last {
		out, err := p.server.First(answer)
		if err != nil {
			return nil, false, p.broken(err)
		}
		p.last = true
		return append(binary.BigEndian.AppendUint32(nil, wire.AuthSASLContinue), out...), false, nil
	}
	out, err := p.server.Final(answer)
	if err != nil {
		return nil, false, p.broken(err)
	}
	p.right()
	return append(binary.BigEndian.AppendUint32(nil, wire.AuthSASLFinal), out...), true, nil
}

var errMechanism = errors.New("client selected an invalid SASL authentication mechanism")

// broken makes what the client gets after a message that was not taken.
func (p *scramProof) broken(err error) *diagnostic.Diagnostic {
	var e *scram.Error
	if errors.As(err, &e) {
		return diagnostic.SASL(e.Code, e.Message, e.Detail)
	}
	return p.wrong()
}

// leafShown is the certificate that a client was shown, for channel binding.
func leafShown(c *x509.Certificate, der [][]byte) *x509.Certificate {
	if c != nil || len(der) == 0 {
		return c
	}
	parsed, err := x509.ParseCertificate(der[0])
	if err != nil {
		return nil
	}
	return parsed
}
