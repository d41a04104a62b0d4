package lineage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// lends says, as a clause, why a table that is made after a relation (LIKE, INHERITS,
// PARTITION OF) may show masked values: by defaults, which it takes over.
func (j *judgement) lends(t *statement.Table, rel *catalog.Relation) string {
	if t.Referred || !slices.ContainsFunc(j.st.Objects, func(o statement.Object) bool {
		return o.Command == statement.CommandCreate && (o.Kind == statement.KindTable || o.Kind == statement.KindForeignTable) && (o.Name != t.Name || o.Schema != t.Schema)
	}) || !slices.Contains(t.Access, statement.AccessWrite) {
		return ""
	}
	for i := range rel.Runs {
		if rel.Runs[i].Column == 0 || rel.Runs[i].Uses == nil {
			continue
		}
		for _, oid := range rel.Runs[i].Uses.Calls {
			if why := j.shows(j.ofFunction(oid)); why != "" {
				return why
			}
		}
	}
	return ""
}

// besides refuses statements that have masked columns read by what runs unseen for
// their relations: triggers, defaults, generated columns, checks, row policies,
// casts that are not written. What these make of the values could be shown by
// RETURNING, or by the next statement.
func (j *judgement) besides() bool {
	for i := range j.st.Tables {
		t := &j.st.Tables[i]
		for _, rel := range j.snapshot.Named(t.Schema, t.Name) {
			if rel.System() {
				continue
			}
			why := ""
			for _, a := range t.Access {
				if a == statement.AccessRead && rel.Query == nil { // what views call is judged with their columns
					why = j.shows(j.ofRead(rel.OID))
				}
			}
			for _, w := range j.st.Writes {
				if why == "" && w.Schema == t.Schema && w.Table == t.Name {
					why = j.changes(rel, w.Command)
				}
			}
			if c := j.st.Copy; why == "" && c != nil && c.From && c.Table == t.Name && c.Schema == t.Schema {
				why = j.changes(rel, statement.CommandCopy)
			}
			if why == "" && j.st.Command == statement.CommandTruncate {
				why = j.changes(rel, statement.CommandTruncate)
			}
			if why == "" {
				why = j.lends(t, rel)
			}
			if why == "" {
				continue
			}
			return j.refuse("what runs for "+rel.Qualified(), rel.Qualified(), builtInRule,
				fmt.Sprintf("this use of %s is refused, since columns of this database are masked for you", rel.Qualified()),
				fmt.Sprintf("What runs for it unseen (a trigger, a default, a row policy or the like) %s. Masked are: %s.", why, j.sample()),
				"Use other tables. Whoever is responsible for the policy can mask what it writes as well, or say that it is harmless: "+j.trustable(rel))
		}
	}
	return true
}

// trustable says what a policy writes so that the triggers which run for a change of a
// relation count as harmless.
func (j *judgement) trustable(rel *catalog.Relation) string {
	var names []string
	for i := range rel.Fires {
		f := j.snapshot.Function(rel.Fires[i].Function)
		if f != nil && !j.trusts(f) && !slices.Contains(names, f.Qualified()) {
			names = append(names, f.Qualified())
		}
	}
	if len(names) == 0 {
		return "trustedFunctions: [schema.function]."
	}
	return "trustedFunctions: [" + strings.Join(names, ", ") + "]."
}
