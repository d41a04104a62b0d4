package upstream

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// DefaultConnectTimeout bounds a dial, and again a login, of a Target that does
// not say otherwise.
const DefaultConnectTimeout = 15 * time.Second

// Target is where a connection goes, and what it must be like.
type Target struct {
	// Address of the server; v4-mapped addresses are dialled as IPv4. A zone names
	// an interface of the network namespace that is dialled from.
	Address netip.AddrPort
	// Socket is the path of a Unix socket, used instead of Address when it is not
	// "". A leading "@" names an abstract socket. TLS is never used on one, as libpq
	// does it: the peer is whoever may write to the folder.
	Socket string
	// Netns is a path that opens the network namespace to dial from
	// (/proc/<pid>/fd/<n>, /run/netns/<name>), "" for weir's own.
	Netns string
	// NetnsCookie is the SO_NETNS_COOKIE that the namespace must have, 0 for any. It
	// guards against a path that meanwhile leads elsewhere.
	NetnsCookie uint64
	TLS         TLS
	// ConnectTimeout bounds Dial with its TLS handshake, Start, and Cancel, each on
	// its own. Zero means DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// KeepAlive of the TCP connection. The zero value means a probe after 60 s
	// of silence, then six more, ten seconds apart.
	KeepAlive net.KeepAliveConfig
}

// String gives the address or the socket's path.
func (t Target) String() string {
	if t.Socket != "" {
		return t.Socket
	}
	return t.Address.String()
}

// exposed reports whether what is sent to the target can leave this host, or
// reach a process that weir's own network namespace does not hold. Loopback in
// a workload's namespace counts as exposed: there the workload can listen itself.
func (t Target) exposed() bool {
	if t.Netns != "" {
		return true
	}
	return t.Socket == "" && !t.Address.Addr().Unmap().IsLoopback()
}

func (t Target) timeout() time.Duration {
	if t.ConnectTimeout <= 0 {
		return DefaultConnectTimeout
	}
	return t.ConnectTimeout
}

func (t Target) keepAlive() net.KeepAliveConfig {
	if t.KeepAlive == (net.KeepAliveConfig{}) {
		return net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 10 * time.Second, Count: 6}
	}
	return t.KeepAlive
}

// TLSMode says what is asked of the encryption of a connection, with libpq's
// meanings. There is no "prefer": what is not asked for is not used.
type TLSMode uint8

const (
	// VerifyFull asks for a certificate of a known authority with the server's name
	// or address in it. It is the zero value.
	VerifyFull TLSMode = iota
	// VerifyCA asks for a certificate of a known authority, whatever name is in it.
	VerifyCA
	// Require asks for encryption only. The server can be anybody, also when roots
	// are given (libpq would then act as for VerifyCA).
	Require
	// Disable means no encryption.
	Disable
)

// String gives the mode's name in policy documents.
func (m TLSMode) String() string {
	switch m {
	case VerifyFull:
		return "VerifyFull"
	case VerifyCA:
		return "VerifyCA"
	case Require:
		return "Require"
	case Disable:
		return "Disable"
	default:
		return fmt.Sprintf("TLSMode(%d)", uint8(m))
	}
}

// ParseTLSMode reads a mode's name in policy documents.
func ParseTLSMode(name string) (TLSMode, error) {
	for _, mode := range []TLSMode{VerifyFull, VerifyCA, Require, Disable} {
		if mode.String() == name {
			return mode, nil
		}
	}
	return 0, fmt.Errorf("TLS mode %q is none of VerifyFull, VerifyCA, Require, Disable", name)
}

// TLS says how a connection is encrypted and whom weir accepts at its other end.
type TLS struct {
	Mode TLSMode
	// RootCAs are the authorities that may have signed the server's certificate.
	RootCAs *x509.CertPool
	// CAFile is a PEM file of them, looked at for every dial; used when RootCAs is nil.
	// With neither, VerifyFull takes the system's authorities and VerifyCA fails:
	// without a look at the name, anybody's certificate of a public authority
	// would do.
	CAFile string
	// Roots keeps what was read from CAFile, nil for nobody.
	Roots *Roots
	// ServerName is the name that VerifyFull looks for, and the one that is sent
	// to the server (SNI). "" means the address.
	ServerName string
}
