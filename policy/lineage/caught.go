package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// caught refuses bodies that look into the texts of errors which they catch, where
// what they run may fail by masked values: the detail of a violated constraint is a
// whole row.
func (j *judgement) caught() bool {
	if !slices.Contains(j.st.Opaque, statement.ErrorTexts) {
		return true
	}
	near := len(j.tables) > 0 || slices.ContainsFunc(j.st.Functions, func(f statement.Function) bool {
		return len(j.snapshot.Functions(f.Schema, f.Name)) > 0
	})
	for _, w := range j.st.Writes {
		for _, r := range j.snapshot.Named(w.Schema, w.Table) {
			near = near || j.fires(r, w.Command)
		}
	}
	if !near {
		return true
	}
	return j.refuse(statement.ErrorTexts, "", builtInRule, "the texts of errors that are caught cannot be read here, since the statement touches masked columns or runs functions",
		fmt.Sprintf("They can hold values of any column. Masked are: %s.", j.sample()), "Catch errors without SQLERRM and GET STACKED DIAGNOSTICS; SQLSTATE may be read.")
}
