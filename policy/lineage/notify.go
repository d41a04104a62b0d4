package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// listening refuses LISTEN where a trigger sends masked values as notifications: they
// come whenever another session changes a row. What other sessions send themselves is
// not known here.
func (j *judgement) listening() bool {
	if !slices.Contains(j.st.Commands, statement.CommandListen) {
		return true
	}
	all := j.snapshot.Relations()
	for i := range all {
		rel := &all[i]
		for k := range rel.Fires {
			t := &rel.Fires[k]
			why := j.announces(rel, t)
			if why == "" {
				continue
			}
			return j.refuse("LISTEN", rel.Qualified(), builtInRule,
				fmt.Sprintf("LISTEN is refused, since a trigger of %s may send masked values as notifications", rel.Qualified()),
				fmt.Sprintf("Trigger %s %s. Masked are: %s.", t.Name, why, j.sample()),
				"Ask for the rows again from time to time, or ask for the trigger's function to be listed in trustedFunctions.")
		}
	}
	return true
}

// announces says, as a clause, why the notifications of a trigger may hold masked
// values, "" if they do not.
func (j *judgement) announces(rel *catalog.Relation, t *catalog.Trigger) string {
	f := j.snapshot.Function(t.Function)
	if f == nil || j.trusts(f) {
		return ""
	}
	if f.Extension == "tcn" && j.relations[rel.OID] != nil {
		return "sends the row's key"
	}
	e := j.ofFunction(f.OID)
	sends := e != nil && slices.ContainsFunc(e.BuiltIn, func(b catalog.BuiltInCall) bool { return b.Name == "pg_notify" })
	hidden := e != nil && j.relations[rel.OID] != nil && slices.ContainsFunc(e.Hidden, func(h catalog.Hidden) bool { return h.Function == nil || h.Function.Extension == "" })
	if !sends && !hidden {
		return ""
	}
	why, followed := j.trigger(rel, t, f, false, nil)
	switch {
	case why != "":
		return why
	case followed:
		return ""
	case hidden:
		return "cannot be followed"
	case j.relations[rel.OID] != nil:
		return "calls pg_notify() and cannot be followed"
	}
	return j.shows(e)
}

// ordering refuses CLUSTER of a table with masked columns: its rows would come in the
// order of an index, which may be that of a masked column. VACUUM FULL writes them in the
// order that they have.
func (j *judgement) ordering() bool {
	if !slices.Contains(j.st.Commands, statement.CommandCluster) || j.st.Command == statement.CommandVacuum {
		return true
	}
	for i := range j.tables {
		for _, c := range j.tables[i].relation.sorted() {
			if c.predicates == Allow {
				continue
			}
			return j.refuse("CLUSTER", c.name, c.rule, fmt.Sprintf("%s has masked columns and cannot be clustered here", j.tables[i].relation.Qualified()),
				fmt.Sprintf("Its rows would come in the order of an index; mask %s hides %s.", c.rule, c.name),
				"CLUSTER needs a role whose policy has no masks on this table.")
		}
	}
	return true
}
