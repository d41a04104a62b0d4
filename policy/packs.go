package policy

import (
	"embed"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// packTexts are the built-in packs: lists of guards as a document has them.
//
//go:embed packs/*.yaml
var packTexts embed.FS

// Packs names the built-in packs, sorted.
func Packs() []string {
	return []string{"BulkExport", "PrivilegeAndSessionChanges", "SchemaChanges", "SecretCatalogs", "ServerFilesAndPrograms", "UnboundedWrites"}
}

// PackText gives the guards of a built-in pack as YAML, "" for one that does not
// exist.
func PackText(name string) string {
	if !slices.Contains(Packs(), name) {
		return ""
	}
	text, err := packTexts.ReadFile("packs/" + name + ".yaml")
	if err != nil {
		return ""
	}
	return string(text)
}

// packs reads the names of the packs that a policy switches on, and gives their
// guards.
func (r *reader) packs(n *yaml.Node, p *Policy) []*Guard {
	var all []*Guard
	for _, w := range readList(r, n, "packs", func(n *yaml.Node) (word, bool) {
		s, ok := r.choice(n, "a pack", Packs()...)
		return word(s), ok
	}) {
		name := string(w)
		p.Packs = append(p.Packs, name)
		for _, g := range r.pack(name) {
			if at := slices.IndexFunc(p.Guards, func(own *Guard) bool { return own.Name == g.Name }); at >= 0 {
				r.report(n, "give the guard another name", "guard %q has the name of one of pack %s", g.Name, name)
				continue
			}
			all = append(all, g)
		}
	}
	return all
}

// pack reads the guards of a built-in pack.
func (r *reader) pack(name string) []*Guard {
	own := &reader{file: "built-in pack " + name, diags: r.diags, conditions: r.conditions}
	var all []*Guard
	for _, root := range own.documents([]byte(PackText(name))) {
		m := own.mapping(root, "a pack")
		all = own.guards(m.need("guards", ""), &Policy{})
		m.close()
	}
	for _, g := range all {
		g.Pack = name
	}
	return all
}

// sortGuards puts guards in the order of their names.
func sortGuards(all []*Guard) {
	slices.SortFunc(all, func(a, b *Guard) int { return strings.Compare(a.Name, b.Name) })
}
