package policy

import (
	"net/netip"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/weirgate/weir/policy/identity"
)

// rulesKept is how many compiled Rules a Bundle remembers.
const rulesKept = 1024

// Bundle is a set of documents that are good. It is not changed once made and
// may be used by several goroutines at a time.
type Bundle struct {
	revision  string
	databases []*Database
	policies  []*Policy
	rules     *lru.Cache[ruleKey, *Rules]
	buckets   buckets
}

// ruleKey is all that Rules depend on.
type ruleKey struct {
	identity identity.Identity
	attested bool
	database string
}

// Revision names what the documents mean: sixteen hexadecimal digits, equal for
// documents that mean the same.
func (b *Bundle) Revision() string { return b.revision }

// Same says whether two bundles judge and mask alike: the documents mean the
// same, and the keys of their masks, which Revision is not about, are the same.
func (b *Bundle) Same(o *Bundle) bool {
	if b == nil || o == nil || b.revision != o.revision {
		return b == o
	}
	// An equal revision means equal policies and masks, in the same order.
	return slices.EqualFunc(b.policies, o.policies, func(p, q *Policy) bool {
		return slices.EqualFunc(p.Masks, q.Masks, func(m, n *Mask) bool {
			return m.key == n.key && (m.masker == nil) == (n.masker == nil)
		})
	})
}

// Databases are the documents of kind Database, sorted by name. They must not be
// changed.
func (b *Bundle) Databases() []*Database { return slices.Clone(b.databases) }

// Policies are the documents of kind Policy, sorted by name. They must not be
// changed.
func (b *Bundle) Policies() []*Policy { return slices.Clone(b.policies) }

// Database gives a document by its name, nil when there is none.
func (b *Bundle) Database(name string) *Database {
	i := slices.IndexFunc(b.databases, func(d *Database) bool { return d.Name == name })
	if i < 0 {
		return nil
	}
	return b.databases[i]
}

// HostNames are the names that documents name hosts by, sorted, each once: what
// a HostResolver has to know.
func (b *Bundle) HostNames() []string {
	var names []string
	for _, d := range b.databases {
		for _, h := range d.Hosts {
			if h.Name != "" {
				names = append(names, h.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// HostResolver knows the addresses of host names without waiting.
type HostResolver interface {
	// Lookup gives the addresses of a name, none when they are not known.
	Lookup(host string) []netip.Addr
}

// Destination is what is known of a server that a client wants to reach.
type Destination struct {
	Database *Database // nil: no document claims it
	// Host is the entry of the document's hosts that claims it.
	Host Host
	// ServerName is what the server's certificate is to be made out to; "" is
	// the address.
	ServerName string
	// Unresolved are names that may stand for the address, but whose addresses
	// are not known. It is set only with Database nil: whether the connection is
	// one of theirs cannot be told, so it must be refused.
	Unresolved []string
}

// DatabaseFor finds the document that claims an address and a PostgreSQL
// database: the one with the address itself before the one with the smallest
// network around it, before one with a name that stands for it. Where two claim
// it alike, the one that names the database wins over one with a pattern, then
// the first by name.
func (b *Bundle) DatabaseFor(dst netip.AddrPort, database string, resolver HostResolver) Destination {
	address := dst.Addr().Unmap().WithZone("")
	best, bestRank := Destination{}, -1
	var unresolved []string
	for _, d := range b.databases {
		exact, ok := d.serves(database)
		if !ok || !slices.Contains(d.Ports, dst.Port()) {
			continue
		}
		for _, h := range d.Hosts {
			rank := 0
			switch {
			case h.Name == "" && !h.Prefix.Contains(address):
				continue
			case h.Name == "":
				rank = 2 * (1 + h.Prefix.Bits())
			default:
				known := lookup(resolver, h.Name)
				if len(known) == 0 {
					unresolved = append(unresolved, h.Name)
				}
				if !slices.ContainsFunc(known, func(a netip.Addr) bool { return a.Unmap() == address }) {
					continue
				}
			}
			if exact {
				rank++
			}
			if rank > bestRank {
				best, bestRank = Destination{Database: d, Host: h}, rank
			}
		}
	}
	if best.Database == nil {
		slices.Sort(unresolved)
		best.Unresolved = slices.Compact(unresolved)
		return best
	}
	best.ServerName = best.Database.TLS.ServerName
	if best.ServerName == "" {
		best.ServerName = best.Host.Name
	}
	return best
}

func lookup(resolver HostResolver, name string) []netip.Addr {
	if resolver == nil {
		return nil
	}
	return resolver.Lookup(name)
}

// Rules gives the rules of an identity on a database. A nil database, which is a
// destination that no document claims, is selected by no policy.
func (b *Bundle) Rules(id *identity.Identity, db *Database) *Rules {
	key := ruleKey{identity: attributes(id), attested: id != nil}
	if db != nil {
		key.database = db.Name
		if b.Database(db.Name) != db {
			return b.rulesOf(id, db) // of another Bundle
		}
	}
	if r, ok := b.rules.Get(key); ok {
		return r
	}
	r := b.rulesOf(id, db)
	b.rules.Add(key, r)
	return r
}
