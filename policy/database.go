package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/pattern"
)

// Database is a document of kind Database: where a database is and how weir
// logs in. It is not changed once compiled.
type Database struct {
	Name      string         `json:"name"`
	Hosts     []Host         `json:"hosts"`     // in the order of the document, in which they are dialled
	Ports     []uint16       `json:"ports"`     // 5432 where the document has none
	Databases []pattern.Glob `json:"databases"` // names of PostgreSQL databases on the server
	TLS       TLS            `json:"tls"`
	Login     Login          `json:"login"`
	Catalog   *Credential    `json:"catalog,omitempty"` // nil: see CatalogCredential
	DialFrom  DialFrom       `json:"dialFrom,omitempty"`
	Server    Server         `json:"server"`
	Clients   Clients        `json:"clients"`
	// Replication says whether replication connections are relayed.
	Replication bool `json:"replication,omitempty"`

	at place
}

// Host is an address, a network or a name.
type Host struct {
	Name   string       // lower case, "" for an address or a network
	Prefix netip.Prefix // a whole address has all its bits; never IPv4 mapped into IPv6
}

// String gives the host as a document writes it.
func (h Host) String() string {
	switch {
	case h.Name != "":
		return h.Name
	case h.Prefix.IsSingleIP():
		return h.Prefix.Addr().String()
	}
	return h.Prefix.String()
}

// MarshalText gives String.
func (h Host) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// IsNetwork says whether the host stands for more than one address, so that it
// cannot be dialled.
func (h Host) IsNetwork() bool { return h.Name == "" && !h.Prefix.IsSingleIP() }

// TLSMode says what weir asks of the encryption towards the server, with
// libpq's meanings.
type TLSMode string

// The TLS modes.
const (
	TLSDisable    TLSMode = "Disable"    // none
	TLSRequire    TLSMode = "Require"    // any certificate will do
	TLSVerifyCA   TLSMode = "VerifyCA"   // signed by an authority in CAFile
	TLSVerifyFull TLSMode = "VerifyFull" // and made out to the server's name
)

// TLS is how weir encrypts towards the server.
type TLS struct {
	Mode       TLSMode `json:"mode"`
	CAFile     string  `json:"caFile,omitempty"`     // absolute path; "" with VerifyFull: the system's authorities
	ServerName string  `json:"serverName,omitempty"` // with VerifyFull; "": the name or address that was matched
}

// LoginType says who logs in to the server.
type LoginType string

// The kinds of login.
const (
	LoginStatic      LoginType = "Static"      // weir, with a secret that it reads
	LoginPassthrough LoginType = "Passthrough" // the client; its authentication is relayed
)

// Login is how a session logs in.
type Login struct {
	Type         LoginType `json:"type"`
	User         string    `json:"user,omitempty"`         // Static
	PasswordFile string    `json:"passwordFile,omitempty"` // Static; absolute path
}

// Credential is a user whose password is in a file.
type Credential struct {
	User         string `json:"user"`
	PasswordFile string `json:"passwordFile"` // absolute path
}

// DialFrom names the network namespace from which the server is dialled.
type DialFrom string

// The namespaces to dial from; "" leaves it to the daemon's configuration.
const (
	DialFromWorkload DialFrom = "Workload"
	DialFromHost     DialFrom = "Host"
)

// Serves says whether the document covers a PostgreSQL database of this name.
func (d *Database) Serves(database string) bool {
	_, ok := d.serves(database)
	return ok
}

func (d *Database) serves(database string) (exact, ok bool) {
	for _, g := range d.Databases {
		if g.Match(database) {
			ok = true
			exact = exact || g.IsLiteral()
		}
	}
	return exact, ok
}

// Dialable gives the hosts that can be dialled without knowing where a client
// wanted to go: all but the networks, in the order of the document. Connections
// to an explicit listener need one.
func (d *Database) Dialable() []Host {
	return slices.DeleteFunc(slices.Clone(d.Hosts), Host.IsNetwork)
}

// CatalogCredential is what the catalog is read with: the document's catalog,
// else its static login; ok is false when there is neither.
func (d *Database) CatalogCredential() (c Credential, ok bool) {
	switch {
	case d.Catalog != nil:
		return *d.Catalog, true
	case d.Login.Type == LoginStatic:
		return Credential{d.Login.User, d.Login.PasswordFile}, true
	}
	return Credential{}, false
}

// database reads the spec of a Database.
func (r *reader) database(name string, root *mapping, spec *yaml.Node) *Database {
	d := &Database{Name: name, at: r.at(root.node)}
	m := r.mapping(spec, "the spec of a Database")
	d.Hosts = r.hosts(m.need("hosts", "say where it is: a name, an address or a network"))
	d.Ports = r.ports(m.get("ports"))
	d.Databases = r.globs(m.need("databases", `write ["*"] for every database of the server`), "databases")
	if n := m.get("tls"); n != nil {
		d.TLS = r.tls(n)
	} else {
		d.TLS = TLS{Mode: TLSVerifyFull}
	}
	if n := m.need("login", "write login: {type: Passthrough} to leave the client's own login as it is"); n != nil {
		d.Login = r.login(n)
	}
	if n := m.get("catalog"); n != nil {
		c := r.mapping(n, "catalog")
		credential := r.credential(c)
		d.Catalog = &credential
		c.close()
	}
	if n := m.get("dialFrom"); n != nil {
		s, _ := r.choice(n, "dialFrom", string(DialFromWorkload), string(DialFromHost))
		d.DialFrom = DialFrom(s)
	}
	d.Server = r.server(m, d)
	d.Clients = r.clients(m.get("clients"), d)
	if n := m.get("replication"); n != nil {
		s, _ := r.choice(n, "replication", replicationDeny, replicationAllow)
		d.Replication = s == replicationAllow
	}
	m.close()
	return d
}

// What replication: can say.
const (
	replicationDeny  = "Deny"
	replicationAllow = "Allow"
)

func (r *reader) hosts(n *yaml.Node) []Host {
	var all []Host
	first := map[string]int{}
	for _, e := range r.list(n, "hosts") {
		s, ok := r.text(e, "a host")
		if !ok {
			continue
		}
		h, hint, err := parseHost(s)
		if err != nil {
			r.report(e, hint, "hosts: %q %v", shorten(s), err)
			continue
		}
		if line, again := first[h.String()]; again {
			r.report(e, "", "hosts: %s was already given in line %d", h, line)
			continue
		}
		first[h.String()] = e.Line
		all = append(all, h)
	}
	return all
}

// parseHost reads an address, a network or a host name.
func parseHost(s string) (h Host, hint string, err error) {
	switch {
	case strings.HasPrefix(s, "/") || strings.HasPrefix(s, "@"):
		return Host{}, "name the server's address", fmt.Errorf("is a Unix socket, which cannot be captured")
	case strings.Contains(s, "/"):
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return Host{}, "write it as 10.0.3.0/24", fmt.Errorf("is not a network")
		}
		if p.Addr().Is4In6() {
			return Host{}, "write it as an IPv4 network", fmt.Errorf("is an IPv4 network mapped into IPv6")
		}
		if p.Masked() != p {
			return Host{}, fmt.Sprintf("write %s for the network or %s for the address", p.Masked(), p.Addr()),
				fmt.Errorf("has bits set beyond its length")
		}
		return Host{Prefix: p}, "", nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return Host{}, "leave the zone out", fmt.Errorf("has a zone")
		}
		a = a.Unmap()
		return Host{Prefix: netip.PrefixFrom(a, a.BitLen())}, "", nil
	}
	name := strings.TrimSuffix(strings.ToLower(s), ".")
	if !hostName(name) {
		hint := ""
		if strings.Contains(s, ":") {
			hint = "ports stand in ports:"
		} else if strings.ContainsAny(s, "*?") {
			hint = "names are resolved, so they cannot have wildcards; a network can be given"
		}
		return Host{}, hint, fmt.Errorf("is neither a host name nor an address nor a network")
	}
	return Host{Name: name}, "", nil
}

// hostName is RFC 1123 with underscores, which resolvers accept. A last label
// of digits only would be an address that is not one.
func hostName(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

func (r *reader) ports(n *yaml.Node) []uint16 {
	if n == nil {
		return []uint16{5432}
	}
	var all []uint16
	for _, e := range r.list(n, "ports") {
		v, ok := r.integer(e, "a port", 1, 65535)
		if !ok {
			continue
		}
		port := uint16(v)
		if slices.Contains(all, port) {
			r.report(e, "", "ports: %d is given twice", port)
			continue
		}
		all = append(all, port)
	}
	slices.Sort(all)
	return all
}

func (r *reader) tls(n *yaml.Node) TLS {
	m := r.mapping(n, "tls")
	var t TLS
	mode, known := r.choice(m.need("mode", ""), "the TLS mode",
		string(TLSDisable), string(TLSRequire), string(TLSVerifyCA), string(TLSVerifyFull))
	t.Mode = TLSMode(mode)
	ca, name := m.get("caFile"), m.get("serverName")
	t.CAFile, _ = r.absolutePath(ca, "caFile")
	if s, ok := r.text(name, "serverName"); ok {
		t.ServerName = strings.TrimSuffix(strings.ToLower(s), ".")
		if !hostName(t.ServerName) {
			r.report(name, "", "serverName: %q is not a host name", shorten(s))
		}
	}
	m.close()
	if !known {
		return t
	}
	if ca != nil && (t.Mode == TLSDisable || t.Mode == TLSRequire) {
		r.report(ca, "use VerifyCA or VerifyFull", "caFile has no effect with mode %s: the certificate is not verified", t.Mode)
	}
	if name != nil && t.Mode != TLSVerifyFull {
		r.report(name, "use VerifyFull", "serverName has no effect with mode %s: the name is not verified", t.Mode)
	}
	if ca == nil && t.Mode == TLSVerifyCA {
		r.report(n, "any public authority would do otherwise, for any name", "caFile is missing: mode VerifyCA needs it")
	}
	return t
}

func (r *reader) login(n *yaml.Node) Login {
	m := r.mapping(n, "login")
	var l Login
	kind := m.need("type", "")
	m.unavailable("", "roles", "grants")
	if s, ok := r.text(kind, "the login type"); ok {
		switch LoginType(s) {
		case LoginStatic:
			l.Type = LoginStatic
			c := r.credential(m)
			l.User, l.PasswordFile = c.User, c.PasswordFile
		case LoginPassthrough:
			l.Type = LoginPassthrough
			for _, key := range []string{"user", "passwordFile"} {
				if v := m.get(key); v != nil {
					r.report(v, "", "%s has no effect with type Passthrough: the client logs in itself", key)
				}
			}
		case "Ephemeral":
			r.report(kind, "use Static or Passthrough", "login type Ephemeral is not available in this version")
			m.get("admin")
			m.get("maxAge")
			m.get("user")
			m.get("passwordFile")
			m.close()
			return l
		default:
			words := []string{string(LoginStatic), string(LoginPassthrough)}
			r.report(kind, didYouMean(s, words), "the login type cannot be %q, it is %s", shorten(s), alternatives(words))
			m.get("user")
			m.get("passwordFile")
		}
	}
	m.unavailable("", "admin", "maxAge")
	m.close()
	return l
}

// credential reads user and passwordFile.
func (r *reader) credential(m *mapping) Credential {
	var c Credential
	user := m.need("user", "")
	c.User, _ = r.text(user, "user")
	if len(c.User) > pattern.MaxIdentifier {
		r.report(user, "", "user is longer than %d bytes, PostgreSQL has no such name", pattern.MaxIdentifier)
	}
	c.PasswordFile, _ = r.absolutePath(m.need("passwordFile", "put the password into a file that only root can read"), "passwordFile")
	return c
}

// ambiguous reports databases that claim the same address, port and name: which
// one a connection belongs to could not be told.
func ambiguous(r *reader, databases []*Database) {
	type claim struct {
		host, database string
		port           uint16
	}
	first := map[claim]*Database{}
	for _, d := range databases {
		told := false
		for _, h := range d.Hosts {
			for _, p := range d.Ports {
				for _, g := range d.Databases {
					c := claim{h.String(), g.String(), p}
					other, taken := first[c]
					if !taken {
						first[c] = d
						continue
					}
					if other != d && !told {
						told = true
						r.reportAt(d.at, "make one of them more special",
							"Database %q and Database %q (%s:%d) both claim database %q at %s port %d",
							d.Name, other.Name, other.at.file, other.at.line, c.database, c.host, c.port)
					}
				}
			}
		}
	}
}
