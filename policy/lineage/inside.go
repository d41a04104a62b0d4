package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/function"
	"github.com/weirgate/weir/policy/statement"
)

// shows says, as a clause, why what runs unseen may show masked values, "" if it
// does not: it reads none, runs no text made at run time and calls nothing that
// reads on its own.
func (m *Masks) shows(e *catalog.Effects) string {
	if e == nil {
		return ""
	}
	for _, h := range e.Hidden {
		if f := h.Function; f != nil && f.Extension != "" {
			if why := extensionFunction(f); why != "" {
				return why
			}
			continue
		}
		return "cannot be followed: " + h.Via + " " + h.Why
	}
	for _, read := range e.Reads {
		if c := m.masked(read.ColumnRef); c != nil {
			return "reads " + c.name + " (" + read.Via + ")"
		}
	}
	for _, b := range e.BuiltIn {
		if why := doorFunction(b.Name, b.Arguments); why != "" {
			return fmt.Sprintf("calls %s(), which %s", b.Name, why)
		}
	}
	for _, st := range e.Statements {
		for i := range st.Tables {
			if toast(st.Tables[i].Schema, st.Tables[i].Name) {
				return "reads a TOAST table"
			}
		}
	}
	return ""
}

// masked gives the masked column that a reference is to, or one of the row.
func (m *Masks) masked(ref catalog.ColumnRef) *column {
	rel := m.relations[ref.Relation]
	switch {
	case rel == nil:
		return nil
	case ref.Column == 0:
		return rel.first()
	}
	return rel.columns[ref.Column]
}

// extensionFunction says why a function of an extension is refused, "" if it is
// not: those in C and those that are immutable read no tables, but for the ones that
// are known to.
func extensionFunction(f *catalog.Function) string {
	if why := doorExtension(f.Extension, f.Name); why != "" {
		return why
	}
	if f.Language == "c" || f.Language == "internal" || f.Volatility == 'i' {
		return ""
	}
	return "may read masked columns: what it does inside is not followed"
}

// operators refuses operators and types whose functions may show masked values.
func (j *judgement) operators() bool {
	for i := range j.st.Operators {
		o := &j.st.Operators[i]
		if why := j.shows(j.snapshot.OfOperator(o.Schema, o.Name)); why != "" {
			return j.refuse("the operator "+o.Name, o.Name, builtInRule,
				fmt.Sprintf("operator %s is refused, since columns of this database are masked for you", o.Name),
				fmt.Sprintf("Its function %s. Masked are: %s.", why, j.sample()), "Use PostgreSQL's own operators.")
		}
	}
	for i := range j.st.Types {
		t := &j.st.Types[i]
		for _, oid := range j.snapshot.TypesNamed(t.Schema, t.Name) {
			if why := j.shows(j.snapshot.OfType(oid)); why != "" {
				return j.refuse("the type "+t.Name, t.Name, builtInRule,
					fmt.Sprintf("type %s is refused, since columns of this database are masked for you", t.Name),
					fmt.Sprintf("What runs for it %s. Masked are: %s.", why, j.sample()), "Use PostgreSQL's own types.")
			}
		}
	}
	return true
}

// rewritten refuses changes of relations whose rules would answer with masked
// columns.
func (j *judgement) rewritten() bool {
	for _, w := range j.st.Writes {
		for _, rel := range j.snapshot.Named(w.Schema, w.Table) {
			for i := range rel.Rewrites {
				action := rel.Rewrites[i].Action
				if action == nil {
					continue
				}
				for _, ref := range action.Reads {
					c := j.masked(ref)
					if c == nil || ref.Relation == rel.OID {
						continue
					}
					return j.refuse("a rule of "+rel.Qualified(), c.name, c.rule,
						fmt.Sprintf("%s has a rule that reads column %s, which is masked", rel.Qualified(), c.name),
						fmt.Sprintf("Mask %s hides it, and what the rule %s returns is not followed.", c.rule, rel.Rewrites[i].Name),
						"Changes of this relation need a role whose policy has no masks on it.")
				}
			}
		}
	}
	return true
}

// fires says whether changing a relation may run what touches masked columns: then
// its errors and notices may hold values.
func (m *Masks) fires(rel *catalog.Relation, c statement.Command) bool {
	e := m.ofWrite(rel.OID, c)
	if e == nil {
		return false
	}
	return len(e.Hidden) > 0 || slices.ContainsFunc(e.Relations, func(oid uint32) bool { return m.relations[oid] != nil }) ||
		slices.ContainsFunc(e.Reads, func(r catalog.Read) bool { return m.relations[r.Relation] != nil }) ||
		slices.ContainsFunc(e.Writes, func(w catalog.Change) bool { return m.relations[w.Relation] != nil })
}

// harmless says whether an object of a kind can be made or changed without giving
// another meaning to what names masked columns.
func harmless(o *statement.Object) bool {
	switch o.Kind {
	case statement.KindType, statement.KindDomain, statement.KindRole, statement.KindSequence, statement.KindTablespace,
		statement.KindDatabase, statement.KindTextSearchConfiguration, statement.KindTextSearchDictionary, statement.KindTable, statement.KindView,
		statement.KindMaterializedView, statement.KindIndex, statement.KindColumn, statement.KindConstraint, statement.KindTrigger,
		statement.KindStatistics, statement.KindPolicy, statement.KindDefaultPrivileges, statement.KindParameter:
		return true
	case statement.KindSchema:
		return o.Command == statement.CommandCreate
	case statement.KindCollation:
		return !bytewise(o.Name) && !bytewise(o.NewName)
	case statement.KindExtension:
		return o.Command == statement.CommandCreate && calm(o.Name)
	}
	return false
}

// calm says whether an extension is known to bring no function that reads tables on
// its own.
func calm(extension string) bool {
	e, known := function.Extension(extension, "")
	return known && !e.Reveals()
}
