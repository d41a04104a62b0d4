package policy

import (
	"math"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/pattern"
)

// identities reads the selectors of a policy, in the document's order.
func (r *reader) identities(n *yaml.Node) []identity.Selector {
	var all []identity.Selector
	r.named(n, "identities", "an identity", func(m *mapping, name string) {
		s := identity.Selector{Name: name}
		m.unavailable("use host", "kubernetes", "token")
		host, anyone := m.get("host"), m.get("any")
		switch {
		case anyone != nil && host != nil:
			r.report(anyone, "leave one of them out", "an identity has either any or host")
		case anyone != nil:
			s.Any = r.any(anyone)
		case host != nil:
			r.host(&s, host)
		case !m.has("kubernetes") && !m.has("token"):
			r.report(m.node, "write host: {...}, or any: true for every workload", "identity %q selects nothing", name)
		}
		all = append(all, s)
	})
	return all
}

func (r *reader) host(s *identity.Selector, n *yaml.Node) {
	m := r.mapping(n, "host")
	s.Units = r.units(m.get("units"))
	s.Users = r.users(m.get("users"))
	s.Executables = r.paths(m.get("executables"), "executables")
	s.Cgroups = r.paths(m.get("cgroups"), "cgroups")
	s.Containers = r.containers(m.get("containers"))
	if !m.broken && len(m.values) == 0 {
		r.report(n, "name units, users, executables, cgroups or containers", "host is empty")
	}
	m.close()
}

// unitSuffixes are the kinds of unit that can hold processes, and the others
// that systemd.unit(5) names, so that a pattern for one of those is no typo.
const unitSuffixes = ".service .scope .slice .socket .mount .swap"

func (r *reader) units(n *yaml.Node) []pattern.Glob {
	return readList(r, n, "units", func(n *yaml.Node) (pattern.Glob, bool) {
		s, ok := r.text(n, "a unit")
		if !ok {
			return pattern.Glob{}, false
		}
		g, err := pattern.NewGlob(s)
		switch {
		case err != nil:
			r.report(n, "", "units: %v", err)
			return pattern.Glob{}, false
		case strings.Contains(s, "/"):
			r.report(n, "cgroups: selects by path", "units: %q can never match, a unit's name has no slash", shorten(s))
			return pattern.Glob{}, false
		case !endsLikeUnit(s):
			hint := "write " + s + ".service"
			if strings.Contains(s, ".") {
				hint = "it ends with one of " + unitSuffixes
			}
			r.report(n, hint, "units: %q can never match, a unit's name ends with its kind", shorten(s))
			return pattern.Glob{}, false
		}
		return g, true
	})
}

func endsLikeUnit(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot < 0 {
		return strings.HasSuffix(s, "*")
	}
	for suffix := range strings.FieldsSeq(unitSuffixes) {
		if g, err := pattern.NewGlob(s[dot:]); err == nil && g.Match(suffix) {
			return true
		}
	}
	return strings.HasSuffix(s, "*")
}

func (r *reader) users(n *yaml.Node) []identity.User {
	return readList(r, n, "users", func(n *yaml.Node) (identity.User, bool) {
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
			v, ok := r.integer(n, "a user's number", 0, math.MaxUint32-1)
			return identity.User{UID: uint32(v)}, ok
		}
		s, ok := r.text(n, "a user")
		if !ok {
			return identity.User{}, false
		}
		g, err := pattern.NewGlob(s)
		switch {
		case err != nil:
			r.report(n, "", "users: %v", err)
			return identity.User{}, false
		case g.Everything():
			r.report(n, "write any: true for an entry that selects everything", "users: %q matches everyone", s)
			return identity.User{}, false
		}
		return identity.User{Name: g, ByName: true}, true
	})
}

func (r *reader) containers(n *yaml.Node) []identity.Container {
	const shortest, longest = 12, 64
	return readList(r, n, "containers", func(n *yaml.Node) (identity.Container, bool) {
		// An id of digits only is a number to YAML.
		s := n.Value
		if n.Kind != yaml.ScalarNode || (n.ShortTag() != "!!str" && n.ShortTag() != "!!int" && n.ShortTag() != "!!float") {
			r.text(n, "a container")
			return identity.Container{}, false
		}
		if s == "*" {
			return identity.Container{}, true
		}
		if len(s) < shortest || len(s) > longest || strings.Trim(s, "0123456789abcdef") != "" {
			r.report(n, `write at least 12 digits of the id, or "*" for every container`, "containers: %q is not a container's id", shorten(s))
			return identity.Container{}, false
		}
		return identity.Container{Prefix: s}, true
	})
}
