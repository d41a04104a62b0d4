package policy

import (
	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/pattern"
)

// APIVersion is the only version of documents.
const APIVersion = "weir.dev/v1alpha1"

// The kinds of document.
const (
	KindDatabase = "Database"
	KindPolicy   = "Policy"
)

// Mode says whether a policy acts or only tells what it would have done.
type Mode string

// The modes.
const (
	Enforce Mode = "Enforce"
	Audit   Mode = "Audit"
)

// Policy is a document of kind Policy. Rules are sorted by name: their order in
// the document means nothing. It is not changed once compiled.
type Policy struct {
	Name        string              `json:"name"`
	Mode        Mode                `json:"mode"`
	Identities  []identity.Selector `json:"identities"`
	Databases   []string            `json:"databases,omitempty"` // names of Database documents
	AnyDatabase bool                `json:"anyDatabase,omitempty"`
	// Guards are the document's own and those of its packs.
	Guards []*Guard `json:"guards,omitempty"`
	// Packs are the built-in packs that are switched on.
	Packs []string `json:"packs,omitempty"`
	// Trusted are functions, schema.function, whose calls do not count as doing
	// unseen what a guard is about.
	Trusted   []pattern.Name `json:"trustedFunctions,omitempty"`
	Masks     []*Mask        `json:"masks,omitempty"`
	Approvals []*Approval    `json:"approvals,omitempty"`
	Recording Recording      `json:"recording"`

	at     place
	refers []reference // to Database documents
}

// reference is a name that must be defined elsewhere.
type reference struct {
	name string
	at   place
}

// selects says whether a policy speaks of a database.
func (p *Policy) selects(database string) bool {
	if p.AnyDatabase {
		return true
	}
	for _, name := range p.Databases {
		if name == database {
			return true
		}
	}
	return false
}

func (p *Policy) approval(name string) *Approval {
	for _, a := range p.Approvals {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// document reads one document. The result is a *Database, a *Policy or nil.
func (r *reader) document(root *yaml.Node) any {
	m := r.mapping(root, "a document")
	if m.broken {
		return nil
	}
	if n := m.need("apiVersion", "write apiVersion: "+APIVersion); n != nil {
		r.choice(n, "apiVersion", APIVersion)
	}
	kind, _ := r.choice(m.need("kind", "write kind: Database or kind: Policy"), "kind", KindDatabase, KindPolicy)
	name := ""
	if n := m.need("metadata", "write metadata: {name: ...}"); n != nil {
		meta := r.mapping(n, "metadata")
		name, _ = r.name(meta.need("name", ""), "the name of a document")
		meta.close()
	}
	spec := m.need("spec", "")
	m.close()
	if spec == nil {
		return nil
	}
	switch kind {
	case KindDatabase:
		return r.database(name, m, spec)
	case KindPolicy:
		return r.policy(name, m, spec)
	}
	return nil
}

// policy reads the spec of a Policy.
func (r *reader) policy(name string, root *mapping, spec *yaml.Node) *Policy {
	p := &Policy{Name: name, Mode: Enforce, at: r.at(root.node)}
	m := r.mapping(spec, "the spec of a Policy")
	if n := m.get("mode"); n != nil {
		s, _ := r.choice(n, "mode", string(Enforce), string(Audit))
		p.Mode = Mode(s)
	}
	p.Identities = r.identities(m.need("identities", "write identities: [{name: everyone, any: true}] for every workload"))
	r.databasesOf(p, m.need("databases", "name Database documents, or write databases: {any: true}"))
	p.Approvals = r.approvals(m.get("approvals"))
	p.Guards = r.guards(m.get("guards"), p)
	p.Guards = append(p.Guards, r.packs(m.get("packs"), p)...)
	sortGuards(p.Guards)
	p.Trusted = r.names(m.get("trustedFunctions"), "trustedFunctions", "schema.function", 2, 2)
	p.Masks = r.masks(m.get("masks"))
	p.Recording = r.recording(m.get("recording"))
	m.unavailable("the login of the Database document is used", "login")
	m.close()
	return p
}

func (r *reader) databasesOf(p *Policy, n *yaml.Node) {
	if n != nil && n.Kind == yaml.MappingNode {
		m := r.mapping(n, "databases")
		p.AnyDatabase = r.any(m.need("any", "name Database documents in a list, or write any: true"))
		m.close()
		return
	}
	for _, name := range readList(r, n, "databases", func(n *yaml.Node) (word, bool) {
		s, ok := r.text(n, "the name of a Database")
		if ok && s == "*" {
			r.report(n, "write databases: {any: true} for every Database", "databases: \"*\" is not the name of a Database")
			return "", false
		}
		if ok {
			p.refers = append(p.refers, reference{s, r.at(n)})
		}
		return word(s), ok
	}) {
		p.Databases = append(p.Databases, string(name))
	}
}

// word is a plain text that can be listed.
type word string

func (w word) String() string { return string(w) }

// named reads the list of rules of one kind: mappings with a name that is
// unique among them.
func (r *reader) named(n *yaml.Node, list, one string, read func(m *mapping, name string)) {
	first := map[string]int{}
	for _, e := range r.list(n, list) {
		m := r.mapping(e, one)
		if m.broken {
			continue
		}
		name, ok := r.name(m.need("name", ""), "the name of "+one)
		if line, again := first[name]; ok && again {
			r.report(m.values["name"], "", "%s %q was already given in line %d", list, name, line)
		}
		if ok {
			first[name] = e.Line
		}
		read(m, name)
		m.close()
	}
}
