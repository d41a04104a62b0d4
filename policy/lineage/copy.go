package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/copydata"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/statement"
)

// The data of a COPY to the client come without a description: what their columns are
// is known by their place alone, and by the catalog. So the number and the order of
// them must be certain, where one is masked, and the catalog one that was read after
// the statement had come.

// copyQuery is how facts name what COPY (query) TO does with its query's result.
const copyQuery = "COPY (query) TO"

// toClient says that a statement is a COPY whose data the client gets.
func toClient(st *statement.Statement) bool {
	c := st.Copy
	return st.Command == statement.CommandCopy && c != nil && !c.From && c.Target == "Client"
}

// copying judges a COPY of a table: what it sends to the client are outputs, and what
// it writes elsewhere must not be masked.
func (j *judgement) copying() bool {
	c := j.st.Copy
	if c == nil || c.From || c.Query {
		return true
	}
	if toClient(j.st) {
		return len(j.tables) == 0 && !j.env.Outputs || j.table(c)
	}
	for i := range j.tables {
		t := &j.tables[i]
		if t.Name != c.Table || (c.Schema != "" && c.Schema != t.relation.Schema) {
			continue
		}
		for _, col := range t.relation.sorted() {
			if len(c.Columns) == 0 || slices.Contains(c.Columns, col.column) {
				return j.refuse("COPY TO", col.name, col.rule,
					fmt.Sprintf("column %s is masked and cannot be written to a file or a program", col.name),
					fmt.Sprintf("Mask %s hides it.", col.rule),
					"List the columns that are not masked, COPY "+c.Table+" (...) TO, or use COPY TO STDOUT, whose data are masked.")
			}
		}
	}
	return true
}

// table keeps what a COPY of a table sends: the columns that it lists, or all.
func (j *judgement) table(c *statement.Copy) bool {
	r := &resolver{judgement: j}
	e := r.stored(c.Schema, c.Table)
	r.fill(e)
	fields := make([]field, 0, len(e.fields))
	for _, name := range c.Columns {
		v, ok, maybe := r.find(e, name)
		if !ok && !maybe {
			v = value{other: true} // the server has no such column either
		}
		fields = append(fields, field{name: name, value: v})
	}
	if len(c.Columns) == 0 {
		fields = append(fields, e.fields...)
		if e.loose || !alikeGenerated(e.relations) {
			fields = append(fields, field{name: anyName, value: e.rest})
		}
	}
	if r.failed || !r.outputs(&entry{fields: fields}) {
		return false
	}
	for i := range e.fields {
		if len(c.Columns) == 0 && i < len(j.plan.Outputs) && generated(e.relations[0], e.fields[i].name) {
			j.plan.Outputs[i].generated, j.plan.Outputs[i].Reason = true, "is a generated column, which COPY of a table leaves out but for row security"
		}
	}
	return true
}

// generated says whether a column of a relation is a generated one. COPY leaves them
// out, but for tables whose rows it reads by row security.
func generated(rel *catalog.Relation, name string) bool {
	col, ok := rel.Column(name)
	return ok && slices.ContainsFunc(rel.Runs, func(e catalog.Expression) bool {
		return e.Column == col.Number && e.What == "a generated column"
	})
}

func alikeGenerated(relations []*catalog.Relation) bool {
	for _, rel := range relations[min(1, len(relations)):] {
		for i := range rel.Columns {
			if generated(rel, rel.Columns[i].Name) != generated(relations[0], rel.Columns[i].Name) {
				return false
			}
		}
	}
	return true
}

// copied judges the outputs of a COPY to the client.
func (j *judgement) copied() bool {
	if !toClient(j.st) {
		return true
	}
	j.plan.Placed = true
	j.plan.Starred = slices.ContainsFunc(j.st.Columns, func(c statement.Column) bool { return c.Star })
	for _, w := range j.st.Writes {
		for _, rel := range j.snapshot.Named(w.Schema, w.Table) {
			if rel.Rules {
				return j.refuse("COPY of what a rule returns", "", builtInRule,
					fmt.Sprintf("%s has rewrite rules, so what COPY would send is not known", rel.Qualified()),
					"Columns of this database are masked for you.", "Run the statement without COPY.")
			}
		}
	}
	j.plan.own = j.env.Known != nil && slices.ContainsFunc(j.st.Tables, func(t statement.Table) bool { return j.env.Known(t.Schema, t.Name) })
	i := slices.IndexFunc(j.plan.Outputs, func(o Output) bool { return o.masker != nil })
	if i < 0 {
		return true
	}
	o := &j.plan.Outputs[i]
	format, err := copydata.FormatOf(j.st.Copy)
	if err != nil {
		return j.refuse("COPY with "+err.Error(), o.Columns[0], o.Rule,
			fmt.Sprintf("COPY with %s is not allowed where a column is masked, as %s is", err.Error(), o.Columns[0]),
			fmt.Sprintf("Mask %s hides it in the data of COPY, which could not be read in this form.", o.Rule),
			"Use FORMAT text, csv or binary with the encoding UTF8.")
	}
	if slices.ContainsFunc(j.plan.Outputs, func(o Output) bool { return o.Many }) {
		return j.refuse("COPY of a number of columns that is not certain", o.Columns[0], o.Rule,
			fmt.Sprintf("which columns COPY would send is not certain, and %s is masked", o.Columns[0]),
			fmt.Sprintf("Mask %s hides it by its place in the data.", o.Rule),
			"List the columns in place of *, and give the names of tables with their schema.")
	}
	for i := range j.plan.Outputs {
		switch o := &j.plan.Outputs[i]; {
		case o.masker == nil:
			continue
		case o.Class != Copy && o.typ != 0 && !format.NullIsValue(): // as SELECT shows it
			continue
		case o.Class != Copy && o.typ != 0:
			o.Reason = "is NULL, since the NULL string of this COPY would show which values are equal to it"
		case o.Class != Copy:
			o.Reason = "is computed from it, and COPY does not tell its type"
		case o.unasked && format.NullIsValue():
			o.Reason = "is NULL, since the NULL string of this COPY would show which values are equal to it"
		default:
			continue
		}
		j.plan.Outputs[i].masker, j.plan.Outputs[i].Mask = j.null, mask.Null
	}
	return true
}

// CopyColumn is one column of a COPY's data.
type CopyColumn struct {
	Name string     // "" where it is not certain
	Cell *mask.Cell // nil for one that passes
	// Type is what the values look like on the wire, for those who look into the
	// columns that pass: 0 where it is not certain.
	Type                 uint32
	TypeMod              int32
	Element, ElementType uint32 // as mask.Column has them
}

// Copy says how the data of a COPY to the client are masked, which have n columns in
// the given format. masked are the names of the columns that are. An error says that
// the data are not what was judged.
func (m *Masks) Copy(plan *Plan, n int, format int16) (columns []CopyColumn, masked []string, err error) {
	switch {
	case plan == nil:
		return nil, nil, fmt.Errorf("data of a COPY that was not judged")
	case plan.Refused:
		return nil, nil, fmt.Errorf("data of a COPY that was refused: %s", plan.Message)
	case !plan.Touches && len(plan.Outputs) == 0:
		return make([]CopyColumn, n), nil, nil
	}
	outputs, err := plan.placed(n)
	if err != nil {
		return nil, nil, err
	}
	columns = make([]CopyColumn, n)
	for i := range outputs {
		o, c := &outputs[i], &columns[i]
		f := Field{TypeOID: o.typ, TypeMod: m.modifier(o), Format: format}
		if !o.guess && !o.Many {
			c.Name = o.Name
		}
		if o.masker == nil {
			if o.Class == Clean && !plan.own && !o.Many {
				c.Type, c.Element, c.ElementType = m.snapshot.Wire(o.typ)
				c.TypeMod = f.TypeMod
			}
			continue
		}
		c.Cell = m.cell(m.as(o, &f), &f)
		if o.Columns[0] != "" {
			masked = append(masked, o.Columns[0])
		}
	}
	return columns, masked, nil
}

// placed gives the outputs of a COPY's data of n columns.
func (p *Plan) placed(n int) ([]Output, error) {
	sent := slices.DeleteFunc(slices.Clone(p.Outputs), func(o Output) bool { return o.generated })
	switch {
	case len(sent) == n:
		return sent, nil
	case len(p.Outputs) == n:
		return p.Outputs, nil
	case !p.Touches: // none is masked: what they are does not matter
		return make([]Output, n), nil
	}
	return nil, fmt.Errorf("COPY sends %d columns, not %d as the catalog says: a table has other columns than weir had seen", n, len(sent))
}

// modifier is the type modifier of a column that an output is a copy of, -1 for none
// or where it is not certain.
func (m *Masks) modifier(o *Output) int32 {
	modifier := int32(-1)
	for i, ref := range o.refs {
		rel := m.snapshot.Relation(ref.Relation)
		if rel == nil {
			return -1
		}
		k := slices.IndexFunc(rel.Columns, func(c catalog.Column) bool { return c.Number == ref.Column })
		if k < 0 || rel.Columns[k].Type != o.typ || i > 0 && rel.Columns[k].TypeMod != modifier {
			return -1
		}
		modifier = rel.Columns[k].TypeMod
	}
	return modifier
}
