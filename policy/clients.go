package policy

import (
	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/pattern"
)

// ClientAuthentication says what a client must do at weir besides being attested.
type ClientAuthentication string

// The kinds of client authentication.
const (
	ClientsAttested ClientAuthentication = "Attested" // nothing: the kernel says who it is
	ClientsScram    ClientAuthentication = "Scram"    // SCRAM-SHA-256, with channel binding over TLS
	ClientsPassword ClientAuthentication = "Password" // the password itself
)

// Clients says how clients authenticate themselves at weir. Whoever they are for
// guards and masks is what the kernel says in any case.
type Clients struct {
	Authentication ClientAuthentication `json:"authentication"`
	Users          []ClientUser         `json:"users,omitempty"`
}

// ClientUser is a user as whom a client may come in. Exactly one of the files is
// given; both are absolute paths.
type ClientUser struct {
	Name         string `json:"name"`
	PasswordFile string `json:"passwordFile,omitempty"`
	VerifierFile string `json:"verifierFile,omitempty"` // a SCRAM verifier, as in pg_authid.rolpassword
}

// User finds a user by name.
func (c *Clients) User(name string) (ClientUser, bool) {
	for _, u := range c.Users {
		if u.Name == name {
			return u, true
		}
	}
	return ClientUser{}, false
}

// clients reads how clients authenticate themselves.
func (r *reader) clients(n *yaml.Node, d *Database) Clients {
	c := Clients{Authentication: ClientsAttested}
	if n == nil {
		return c
	}
	m := r.mapping(n, "clients")
	defer m.close()
	kind := m.need("authentication", "")
	s, known := r.choice(kind, "the clients' authentication", string(ClientsAttested), string(ClientsScram), string(ClientsPassword))
	if known {
		c.Authentication = ClientAuthentication(s)
	}
	users := m.get("users")
	if users != nil {
		r.clientUsers(users, func(u *mapping, name string) { c.Users = append(c.Users, r.clientUser(u, name)) })
	}
	switch {
	case !known:
	case c.Authentication == ClientsAttested && users != nil:
		r.report(users, "write authentication: Scram to have their passwords checked",
			"users has no effect with authentication Attested: clients need no password")
	case c.Authentication != ClientsAttested && users == nil && !m.broken:
		r.report(n, "name those whose passwords weir is to check", `"users" is missing in clients: nobody could log in`)
	}
	if known && c.Authentication != ClientsAttested && d.Login.Type == LoginPassthrough {
		r.report(kind, "use login type Static, or authentication Attested",
			"clients cannot authenticate themselves at weir with login type Passthrough: they do it at the server")
	}
	return c
}

// clientUsers reads the users: their names are PostgreSQL's, not those of rules.
func (r *reader) clientUsers(n *yaml.Node, read func(m *mapping, name string)) {
	first := map[string]int{}
	for _, e := range r.list(n, "users") {
		m := r.mapping(e, "a user")
		if m.broken {
			continue
		}
		at := m.need("name", "")
		name, ok := r.text(at, "the name of a user")
		if ok && len(name) > pattern.MaxIdentifier {
			r.report(at, "", "name is longer than %d bytes, PostgreSQL has no such name", pattern.MaxIdentifier)
		}
		if line, again := first[name]; ok && again {
			r.report(at, "", "users: %q was already given in line %d", name, line)
		}
		if ok {
			first[name] = e.Line
		}
		read(m, name)
		m.close()
	}
}

func (r *reader) clientUser(m *mapping, name string) ClientUser {
	u := ClientUser{Name: name}
	password, verifier := m.get("passwordFile"), m.get("verifierFile")
	u.PasswordFile, _ = r.absolutePath(password, "passwordFile")
	u.VerifierFile, _ = r.absolutePath(verifier, "verifierFile")
	switch {
	case password == nil && verifier == nil:
		r.report(m.node, "put the password, or its verifier from pg_authid.rolpassword, into a file that only root can read",
			"a user needs passwordFile or verifierFile")
	case password != nil && verifier != nil:
		r.report(verifier, "leave one of them out", "a user has either passwordFile or verifierFile")
	}
	return u
}

// Protocol is a version of PostgreSQL's protocol.
type Protocol string

// The versions that weir speaks to servers; "" is what the client asks for, or 3.0
// where there is none.
const (
	Protocol30 Protocol = "3.0"
	Protocol32 Protocol = "3.2"
)

// ChannelBinding says what weir makes of SCRAM's binding to the server's certificate.
type ChannelBinding string

// The kinds of channel binding.
const (
	BindingPrefer  ChannelBinding = "Prefer"  // used where the server offers it
	BindingRequire ChannelBinding = "Require" // no login without it
)

// ServerAuthentication says what a server may ask of weir's login.
type ServerAuthentication string

// The kinds of server authentication.
const (
	ServerAny   ServerAuthentication = "Any"   // any method; a password itself over TLS or this host's loopback only
	ServerScram ServerAuthentication = "Scram" // SCRAM-SHA-256, with or without channel binding
)

// Server is how weir speaks to the server.
type Server struct {
	Protocol       Protocol             `json:"protocol,omitempty"`
	ChannelBinding ChannelBinding       `json:"channelBinding"`
	Authentication ServerAuthentication `json:"authentication"`
}

// server reads how weir speaks to the server.
func (r *reader) server(root *mapping, d *Database) Server {
	s := Server{ChannelBinding: BindingPrefer, Authentication: ServerAny}
	n := root.get("server")
	if n == nil {
		return s
	}
	m := r.mapping(n, "server")
	defer m.close()
	own := d.Login.Type == LoginStatic || d.Catalog != nil
	if v := m.get("protocol"); v != nil {
		if w, ok := r.choice(r.quoted(v), "protocol", string(Protocol30), string(Protocol32)); ok {
			s.Protocol = Protocol(w)
		}
	}
	for _, f := range []struct {
		key   string
		words []string
		set   func(string)
	}{
		{"channelBinding", []string{string(BindingPrefer), string(BindingRequire)}, func(w string) { s.ChannelBinding = ChannelBinding(w) }},
		{"authentication", []string{string(ServerAny), string(ServerScram)}, func(w string) { s.Authentication = ServerAuthentication(w) }},
	} {
		v := m.get(f.key)
		if v == nil {
			continue
		}
		w, ok := r.choice(v, f.key, f.words...)
		if !ok {
			continue
		}
		f.set(w)
		switch {
		case !own:
			r.report(v, "", "%s has no effect with login type Passthrough and no catalog: weir does not log in itself", f.key)
		case f.key == "channelBinding" && s.ChannelBinding == BindingRequire && d.TLS.Mode == TLSDisable:
			r.report(v, "use another TLS mode", "channelBinding Require cannot be met with TLS mode Disable: there is nothing to bind to")
		}
	}
	return s
}

// quoted reads a version number that was written without quotes, which YAML takes
// for a number, as the text that it is.
func (r *reader) quoted(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!float" {
		text := *n
		text.Tag = "!!str"
		return &text
	}
	return n
}
