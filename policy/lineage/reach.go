package lineage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/function"
	"github.com/weirgate/weir/policy/statement"
)

// dynamic refuses what runs text that was not read.
func (j *judgement) dynamic() bool {
	if !j.st.Dynamic {
		return true
	}
	return j.refuse("dynamic SQL", "", builtInRule,
		"this statement runs SQL that cannot be read beforehand, and columns of this database are masked",
		"The body of a DO block, function or procedure could read masked columns: "+j.sample()+".",
		"Send the statements of the body one by one.")
}

// functions refuses calls that may reach masked columns on their own.
func (j *judgement) functions() bool {
	for i := range j.st.Functions {
		f := &j.st.Functions[i]
		name := f.Name
		if f.Schema != "" {
			name = f.Schema + "." + name
		}
		why, stale := j.call(f)
		if why == "" {
			continue
		}
		j.refusedCall(name, why)
		j.plan.Stale = stale
		if stale {
			j.plan.Unknown = append(j.plan.Unknown, name)
		}
		return false
	}
	return true
}

func (j *judgement) refusedCall(name, why string) bool {
	hint := "Use PostgreSQL's own functions on columns that are not masked, or ask for a policy without masks on this database."
	schema, bare, qualified := strings.Cut(name, ".")
	if !qualified {
		schema, bare = "", name
	}
	for _, f := range j.snapshot.Functions(schema, bare) {
		if f.Extension == "" && !j.trusts(f) {
			hint += " " + wantsTrust(f)
			break
		}
	}
	return j.refuse("a call of "+name+"()", name, builtInRule,
		fmt.Sprintf("function %s() is refused, since columns of this database are masked for you", name),
		fmt.Sprintf("%s() %s. Masked are: %s.", name, why, j.sample()),
		hint)
}

// call says why a call is refused, "" if it is not. It is stale where a newer
// snapshot may know the function.
func (j *judgement) call(f *statement.Function) (why string, stale bool) {
	known := false
	if f.Schema == "" || f.Schema == "pg_catalog" {
		if j.snapshot.BuiltIn(f.Name) {
			known = true
			if why := doorFunction(f.Name, f.Arguments); why != "" {
				return why, false
			}
		}
		if e, ok := function.BuiltIn(f.Name, f.Arguments); f.Schema == "pg_catalog" && !known && ok && e.Class == function.Harmless {
			return "", false // the grammar has a word of its own for it, or another version has it
		}
		if f.Schema == "pg_catalog" && !known {
			return "is not in the catalog as it was last read", !j.env.Fresh
		}
	}
	for _, u := range j.snapshot.Functions(f.Schema, f.Name) {
		known = true
		if !u.Accepts(f.Arguments) {
			continue
		}
		why := j.userFunction(u)
		if why == "" {
			continue
		}
		switch not, ok := j.follows(f, u); {
		case ok:
			j.calls = true // it is judged by its result
		case not != "":
			return why + ", and it is not followed: it " + not, false
		default:
			return why, false
		}
	}
	if !known && !j.env.Fresh && !j.attribute(f) && (j.env.Known == nil || !j.env.Known(f.Schema, f.Name+"()")) {
		return "is not in the catalog as it was last read", true
	}
	// One that a fresh snapshot does not have is the session's own, and was judged
	// when it was made, or of nobody.
	return "", false
}

// attribute says whether a call that names no function is a column in functional
// notation, name(relation), or a cast to a type. Its argument was judged as a
// column.
func (j *judgement) attribute(f *statement.Function) bool {
	if f.Schema != "" || f.Arguments != 1 {
		return false
	}
	for i := range j.st.Tables {
		for _, r := range j.snapshot.Named(j.st.Tables[i].Schema, j.st.Tables[i].Name) {
			if _, ok := r.Column(f.Name); ok {
				return true
			}
		}
	}
	return false
}

// toast refuses the tables behind tables.
func (j *judgement) toast() bool {
	for i := range j.st.Tables {
		t := &j.st.Tables[i]
		if toast(t.Schema, t.Name) {
			return j.refuse("a TOAST table", t.Name, builtInRule,
				fmt.Sprintf("relation %s holds long values of other tables' columns, and columns of this database are masked", t.Name),
				"Masked are: "+j.sample()+".", "Read the table itself.")
		}
	}
	return true
}

// unknown refuses relations that the snapshot does not have: one that was made
// since may be a view of masked columns.
func (j *judgement) unknown() bool {
	if j.env.Fresh {
		return true
	}
	for i := range j.st.Tables {
		t := &j.st.Tables[i]
		if !j.queried(t) || j.snapshot.Known(t.Schema, t.Name) || (j.env.Known != nil && j.env.Known(t.Schema, t.Name)) {
			continue
		}
		name := t.Name
		if t.Schema != "" {
			name = t.Schema + "." + name
		}
		j.refuse("a relation that is not known", name, builtInRule,
			fmt.Sprintf("relation %s is not in the catalog as it was last read, and columns of this database are masked", name),
			"It could be a view of masked columns.", "Try again in a moment.")
		j.plan.Stale = true
		j.plan.Unknown = append(j.plan.Unknown, name)
		return false
	}
	return true
}

// queried says whether rows of a relation may be read, as against one that a
// definition names.
func (j *judgement) queried(t *statement.Table) bool {
	if slices.Contains(t.Access, statement.AccessRead) {
		return true
	}
	for _, w := range j.st.Writes {
		if w.Schema == t.Schema && w.Table == t.Name {
			return true
		}
	}
	return false
}

// sample names some masked columns for an error.
func (m *Masks) sample() string {
	var names []string
	for _, r := range m.relations {
		for _, c := range r.columns {
			if !c.builtIn {
				names = append(names, c.name)
			}
		}
	}
	slices.Sort(names)
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
