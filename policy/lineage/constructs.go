package lineage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// definition refuses changes of the schema that would carry masked values
// elsewhere, or take a masked column from under its mask.
func (j *judgement) definition() bool {
	changes := slices.ContainsFunc(j.st.Commands, func(c statement.Command) bool {
		return c == statement.CommandAlter || c == statement.CommandCreate || c == statement.CommandImport
	})
	if !changes {
		return true
	}
	for i := range j.st.Objects {
		o := &j.st.Objects[i]
		what := strings.ToUpper(string(o.Command)) + " " + string(o.Kind)
		switch o.Command {
		case statement.CommandCreate, statement.CommandAlter, statement.CommandImport:
		default:
			continue
		}
		if o.Kind == statement.KindColumn && o.Command == statement.CommandAlter && len(j.snapshot.Named(o.Schema, o.Relation)) == 0 {
			if !j.retyped(o) {
				return false
			}
		}
		if o.Kind == statement.KindColumn && o.Command == statement.CommandCreate && !j.adopted(o) {
			return false
		}
		switch o.Kind {
		case statement.KindFunction, statement.KindProcedure, statement.KindAggregate:
			// Its body was judged; it must not take the place of PostgreSQL's own.
			if o.Command == statement.CommandCreate && !j.snapshot.BuiltIn(o.Name) {
				if !j.replaces(o) {
					return false
				}
				continue
			}
			if o.Command == statement.CommandAlter && j.ownFunction(o) {
				continue
			}
		case statement.KindType, statement.KindDomain:
			if ownType(o.NewName) || o.Command == statement.CommandCreate && ownType(o.Name) {
				break // a cast to that would run what is made here
			}
			if o.Kind == statement.KindDomain && o.Command == statement.CommandAlter && !j.constrained(o) {
				return false
			}
			continue
		default:
			if harmless(o) {
				continue
			}
		}
		return j.refuse(what, "", builtInRule, fmt.Sprintf("%s %s is refused, since columns of this database are masked for you", what, o.Name),
			"It could give another meaning to what is allowed. Masked are: "+j.sample()+".",
			"Schema changes of this kind need a role whose policy has no masks on this database.")
	}
	for i := range j.tables {
		t := &j.tables[i]
		if !slices.Contains(t.Access, statement.AccessWrite) {
			continue
		}
		masked := func(key string) bool { return t.relation.names[key] != nil }
		if keys := j.keys(t); len(keys) > 0 && !slices.ContainsFunc(keys, masked) {
			continue // a foreign key of another table asks for keys that may be seen
		}
		c := t.relation.first()
		if t.Referred {
			return j.refuse("a foreign key to a masked relation", c.name, c.rule,
				fmt.Sprintf("a foreign key to %s is refused here, unless it refers to columns that are not masked", t.relation.Qualified()),
				fmt.Sprintf("It would ask for the value with each row, and mask %s hides %s.", c.rule, c.name),
				fmt.Sprintf("Name the columns: REFERENCES %s (column).", t.relation.Qualified()))
		}
		what := strings.ToUpper(string(j.st.Command))
		return j.refuse(what+" of a masked relation", c.name, c.rule,
			fmt.Sprintf("%s has masked columns, so its definition cannot be changed here", t.relation.Qualified()),
			fmt.Sprintf("A changed definition could show what mask %s hides (%s).", c.rule, c.name),
			"Schema changes of this relation need a role whose policy has no masks on it.")
	}
	return true
}

// adopted refuses a column that a table gets by the name of a masked one of its heirs: that
// becomes a part of it.
func (j *judgement) adopted(o *statement.Object) bool {
	var masked *column
	var below func(oid uint32, depth int)
	below = func(oid uint32, depth int) {
		for _, heir := range j.snapshot.Children(oid) {
			if r := j.relations[heir]; r != nil && r.names[o.Name] != nil {
				masked = r.names[o.Name]
			}
			if depth < deepest {
				below(heir, depth+1)
			}
		}
	}
	for _, rel := range j.snapshot.Named(o.Schema, o.Relation) {
		below(rel.OID, 0)
	}
	if masked == nil {
		return true
	}
	return j.refuse("ALTER TABLE ADD COLUMN", masked.name, masked.rule,
		fmt.Sprintf("column %s cannot be added to %s here, since a table that inherits from it has a masked column of that name", o.Name, o.Relation),
		fmt.Sprintf("It would show the values of %s, and mask %s hides them.", masked.name, masked.rule),
		"Give the column another name.")
}

// ownFunction says whether what is altered can only be a function that the session's own
// transaction has made, which gets no name that another has.
func (j *judgement) ownFunction(o *statement.Object) bool {
	free := func(name string) bool { return !j.snapshot.BuiltIn(name) && len(j.snapshot.Functions("", name)) == 0 }
	return free(o.Name) && j.env.Known != nil && j.env.Known(o.Schema, o.Name+"()") && (o.NewName == "" || free(o.NewName))
}

// keys gives the columns that foreign keys refer to: those that they name, or the
// primary key. There are none for a table that is named otherwise, or has none.
func (j *judgement) keys(t *table) []string {
	if !t.Referred || len(t.Keys) > 0 {
		return t.Keys
	}
	var keys []string
	for _, c := range t.relation.Columns {
		if c.Primary {
			keys = append(keys, c.Name)
		}
	}
	return keys
}

// retyped refuses to change an attribute of a composite type that a masked column of a
// table OF that type is named like, or of a table that takes after one: the column
// changes with it. A type that is not known may be that of any.
func (j *judgement) retyped(o *statement.Object) bool {
	known := len(j.snapshot.TypesNamed(o.Schema, o.Relation)) > 0
	typed := j.snapshot.Typed(o.Schema, o.Relation)
	for i := range j.names {
		for _, r := range j.names[i] {
			if known && len(r.Parents) == 0 && !slices.Contains(typed, r.Relation) {
				continue
			}
			if c := r.names[o.Name]; c != nil {
				return j.refuse("ALTER TYPE", c.name, c.rule, fmt.Sprintf("attribute %s of %s cannot be changed here, since a masked column may be of that type", o.Name, o.Relation),
					fmt.Sprintf("Columns of tables of a type change with it, and mask %s hides %s.", c.rule, c.name),
					"Schema changes of this type need a role whose policy has no masks on this database.")
			}
		}
	}
	return true
}

// opaque refuses constructs that are not followed.
func (j *judgement) opaque() bool {
	if len(j.tables) == 0 {
		return true
	}
	for _, what := range j.st.Opaque {
		if (what == usingJoin && !j.usesMasked()) || (what == naturalJoin && !j.sharesMasked()) {
			continue
		}
		c := j.tables[0].relation.first()
		return j.refuse(what, c.name, c.rule,
			fmt.Sprintf("%s is not allowed in a statement that names %s, which has masked columns", what, j.tables[0].relation.Qualified()),
			fmt.Sprintf("Mask %s hides %s.", c.rule, c.name), directly(c))
	}
	return true
}

// How facts name joins that merge columns. Those of USING are listed as such,
// and those of a NATURAL JOIN are known from the catalog.
const (
	usingJoin   = "a JOIN with USING"
	naturalJoin = "a NATURAL JOIN"
)

// sharesMasked says whether a NATURAL JOIN may merge a masked column: whether
// two relations have one of that name, or what is joined is not known.
func (j *judgement) sharesMasked() bool {
	if !j.st.Shape.Plain {
		return true
	}
	for i := range j.tables {
		for _, col := range j.tables[i].relation.sorted() {
			having := 0
			for t := range j.st.Tables {
				relations := j.snapshot.Named(j.st.Tables[t].Schema, j.st.Tables[t].Name)
				if len(relations) == 0 {
					return true
				}
				for _, r := range relations {
					if _, ok := r.Column(col.column); ok {
						having++
						break
					}
				}
			}
			if having > 1 {
				return true
			}
		}
	}
	return false
}

// usesMasked says whether a USING names a masked column.
func (j *judgement) usesMasked() bool {
	for i := range j.st.Columns {
		c := &j.st.Columns[i]
		if c.Construct != "USING" {
			continue
		}
		for t := range j.tables {
			if j.tables[t].relation.names[c.Name] != nil {
				return true
			}
		}
	}
	return false
}

// renamed refuses aliases that give columns other names.
func (j *judgement) renamed() bool {
	for i := range j.tables {
		t := &j.tables[i]
		if !t.Renames {
			continue
		}
		c := t.relation.first()
		return j.refuse("an alias that renames columns", c.name, c.rule,
			fmt.Sprintf("the alias %s renames columns of %s, which has masked columns", t.Alias, t.relation.Qualified()),
			fmt.Sprintf("Mask %s hides %s.", c.rule, c.name), "Use an alias without a list of columns.")
	}
	return true
}
