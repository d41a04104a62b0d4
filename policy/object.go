package policy

import (
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/statement"
)

// anyObject is the word for every kind of object.
const anyObject = "Any"

// objects reads kinds of object.
func (r *reader) objects(k *Match, n *yaml.Node) {
	var known []string
	for _, kind := range statement.Kinds() {
		known = append(known, string(kind))
	}
	for _, w := range readList(r, n, "objects", func(n *yaml.Node) (word, bool) {
		s, ok := r.text(n, "a kind of object")
		if ok && s != anyObject && !slices.Contains(known, s) {
			hint := "docs/policy.md lists the kinds"
			if c := nearest(s, known); c != "" {
				hint = `did you mean "` + c + `"?`
			}
			r.report(n, hint, "objects: %q is not a kind of object", shorten(s))
			return "", false
		}
		return word(s), ok
	}) {
		if string(w) == anyObject {
			k.AnyObject = true
			continue
		}
		k.Objects = append(k.Objects, statement.Kind(w))
	}
	if k.AnyObject && len(k.Objects) > 0 {
		r.report(n, "leave the others out", "objects has Any besides others")
	}
}

// objects looks for one object of the kinds, by one of the commands where they are
// named. What a session creates for itself alone does not count, but for a foreign table,
// which reaches elsewhere all the same.
func (m *Match) objects(st *statement.Statement) bool {
	return slices.ContainsFunc(st.Objects, m.object)
}

func (m *Match) object(o statement.Object) bool {
	return (!o.Temporary || o.Kind == statement.KindForeignTable) && (m.AnyObject || slices.Contains(m.Objects, o.Kind) || cascades(o) && slices.ContainsFunc(m.Objects, dependent)) &&
		(len(m.Commands) == 0 || slices.Contains(m.Commands, o.Command))
}

// cascades says whether an object stands for all that depends on what is dropped.
func cascades(o statement.Object) bool {
	return o.Command == statement.CommandDrop && (o.Kind == statement.KindAll || o.Kind == statement.KindOwned)
}

// dependent says whether objects of a kind go with others that they are made of. What
// belongs to one table alone (its triggers, policies, indexes) always goes with it.
func dependent(k statement.Kind) bool {
	switch k {
	case statement.KindTable, statement.KindForeignTable, statement.KindView, statement.KindMaterializedView, statement.KindSequence,
		statement.KindFunction, statement.KindProcedure, statement.KindAggregate, statement.KindOperator, statement.KindCast,
		statement.KindType, statement.KindDomain:
		return true
	}
	return false
}

// kinds words what objects a match is about.
func (m *Match) kinds() string {
	if m.AnyObject {
		return "an object of any kind"
	}
	words := make([]string, len(m.Objects))
	for i, k := range m.Objects {
		words[i] = spelled(k)
	}
	return alternatives(words)
}

// objectReason words which object of a statement a match is about.
func (m *Match) objectReason(st *statement.Statement) string {
	i := slices.IndexFunc(st.Objects, m.object)
	if i < 0 {
		return "is about " + m.kinds()
	}
	o := &st.Objects[i]
	what := keyword(o.Command) + " of the " + spelled(o.Kind)
	if o.Name != "" {
		what += " " + qualified(o.Schema, o.Name)
	}
	return "has " + what
}

// spelled gives a kind as words: "MaterializedView" is "materialized view".
func spelled(k statement.Kind) string {
	var b strings.Builder
	for i, r := range string(k) {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
