package lineage

import (
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
)

// Predicates says what a statement may ask of a masked column without showing
// it.
type Predicates string

// The kinds of question. The empty one means Equality.
const (
	Deny     Predicates = "Deny"     // nothing
	Equality Predicates = "Equality" // whether it equals a constant or a parameter
	Allow    Predicates = "Allow"    // any condition, ordering and grouping
)

func (p Predicates) rank() int {
	switch p {
	case Allow:
		return 0
	case Equality, "":
		return 1
	}
	return 2
}

// Pattern selects columns by name. A Schema that is not literal does not select
// PostgreSQL's own schemas.
type Pattern struct {
	Schema, Table, Column pattern.Glob
}

// PatternOf makes a Pattern of a name of up to three parts; those that it does
// not have select everything.
func PatternOf(n pattern.Name) Pattern {
	return Pattern{Schema: n.FromEnd(2), Table: n.FromEnd(1), Column: n.FromEnd(0)}
}

// String is the pattern as it would be written.
func (p Pattern) String() string {
	return p.Schema.String() + "." + p.Table.String() + "." + p.Column.String()
}

// Rule is a mask of a policy.
type Rule struct {
	Policy     string // the policy's name
	Name       string // the rule's name in it
	Columns    []Pattern
	Masker     *mask.Masker
	Predicates Predicates
	// Aggregates are the names of aggregates whose results are shown although
	// they are computed from the columns. count is always among them.
	Aggregates []string
	// Trusted are the functions whose inside counts as nothing: the policy's
	// trustedFunctions. They count where all policies with masks have them.
	Trusted []pattern.Name
}

// String names the rule for people.
func (r *Rule) String() string { return r.Policy + "/" + r.Name }
