package lineage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

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
