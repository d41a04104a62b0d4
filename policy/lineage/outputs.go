package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/statement"
)

// Class says what an output column is.
type Class string

// The classes. What is unknown is no class: the statement is refused.
const (
	Clean   Class = "Clean"   // shows nothing of a masked column
	Copy    Class = "Copy"    // a masked column's own values
	Derived Class = "Derived" // computed from masked columns
)

// Output is one column of a statement's result.
type Output struct {
	Name string `json:"name,omitempty"` // "" where PostgreSQL makes one up
	// Many: a star that stands for a number of columns which only the server
	// knows. They are of the class that is the strictest among them.
	Many  bool  `json:"many,omitempty"`
	Class Class `json:"class"`
	// Columns are those that it shows or is computed from, "public.customers.email":
	// masked ones, and for a Clean copy the column itself.
	Columns []string  `json:"columns,omitempty"`
	Rule    string    `json:"rule,omitempty"` // the mask rule, "policy/rule"
	Mask    mask.Type `json:"mask,omitempty"` // what is done with it, "" for nothing
	Reason  string    `json:"reason,omitempty"`

	refs   []catalog.ColumnRef
	masker *mask.Masker
	typ    uint32 // of the column that it is a copy of, 0 for several types
	guess  bool   // the name is not certain
	// generated: a generated column of a table, which COPY of the table leaves out.
	generated bool
	unasked   bool // nothing may be asked of a column that it shows
}

// trace follows the queries of a statement. It is false where the statement is
// refused.
func (j *judgement) trace() bool {
	if p, c := j.st.Prepared, j.st.Cursor; p != nil && p.What == "Prepare" && p.Body != nil || c != nil && c.What == "Declare" && c.Body != nil {
		return true // the body is judged on its own
	}
	r := &resolver{judgement: j}
	for i := range j.st.Trees {
		t := &j.st.Trees[i]
		sc := &scope{outer: &scope{open: t.Sink == functionBody}}
		e := r.query(&t.Root, sc)
		r.fill(e)
		if r.failed {
			return false
		}
		sink := t.Sink
		if sink == copyQuery && toClient(j.st) {
			sink = ""
		}
		if sink == "" {
			sink = j.kept
		}
		switch {
		case sink != "": // where ANALYZE stores them as well
			if !r.sunk(e, sink) {
				return false
			}
		case j.st.Command == statement.CommandExplain:
			// What EXPLAIN shows are the constants of the text and numbers.
		default:
			if !r.outputs(e) {
				return false
			}
		}
	}
	return true
}

const functionBody = "the body of a function"

// sunk refuses masked values that go elsewhere than to the client.
func (r *resolver) sunk(e *entry, sink string) bool {
	v := r.rowOf(e)
	if !v.tainted() {
		return true
	}
	var c *column
	v.columns(func(masked *column) bool { c = masked; return false })
	return r.refuse(sink, c.name, c.rule, fmt.Sprintf("column %s is masked and cannot be read through %s", c.name, sink),
		fmt.Sprintf("Mask %s hides it, and is applied to the results of SELECT, RETURNING, EXECUTE and FETCH alone.", c.rule), directly(c))
}

// outputs keeps what the client gets.
func (r *resolver) outputs(e *entry) bool {
	if !r.near() && !r.env.Outputs {
		return true
	}
	r.plan.Outputs = make([]Output, 0, len(e.fields))
	for i := range e.fields {
		f := &e.fields[i]
		o, ok := r.output(f)
		if !ok {
			return false
		}
		r.plan.Outputs = append(r.plan.Outputs, o)
	}
	return true
}

func (r *resolver) output(f *field) (Output, bool) {
	v := &f.value
	o := Output{Name: f.name, Class: Clean, refs: v.refs, typ: v.typeOID, guess: f.guess}
	if f.name == anyName {
		o.Name, o.Many = "*", true
	}
	if !v.tainted() {
		if r.env.Outputs {
			r.describeClean(&o, v)
		}
		return o, true
	}
	o.Class = Copy
	if len(v.derived) > 0 || v.nullable || v.mixed && v.keyed() {
		o.Class = Derived
	}
	ok := v.columns(func(c *column) bool {
		if c.unknown != "" {
			return r.refuse(c.name, c.name, c.rule, fmt.Sprintf("column %s may show masked values and cannot be masked itself", c.name),
				capital(c.unknown)+".", "Leave this column out, or read the tables below the view.")
		}
		m := c.masker
		if o.Class == Derived {
			m = r.computed(m)
		}
		if joined := mask.Join(o.masker, m); joined != o.masker {
			o.masker, o.Rule = joined, c.rule
		}
		o.unasked = o.unasked || c.predicates.rank() > Equality.rank()
		if !slices.Contains(o.Columns, c.name) {
			o.Columns = append(o.Columns, c.name)
		}
		if !slices.Contains(r.plan.Masked, c.name) {
			r.plan.Masked = append(r.plan.Masked, c.name)
		}
		return true
	})
	if !ok {
		return o, false
	}
	if v.nullable {
		o.masker = r.null
	}
	o.Mask = o.masker.Type()
	o.Reason = "is the column itself"
	if o.Class == Derived {
		o.Reason = "is computed from it, so that nothing of it is shown"
	}
	r.plan.Touches = true
	return o, true
}

// keyed says whether a mask makes of a masked value what it makes of an equal one:
// beside chosen values it would tell which they are.
func (v *value) keyed() bool {
	return !v.columns(func(c *column) bool { t := c.masker.Type(); return t != mask.Hash && t != mask.Noise })
}

// describeClean says where a column without a mask comes from.
func (r *resolver) describeClean(o *Output, v *value) {
	o.Reason = "shows nothing of a masked column"
	for _, ref := range v.refs {
		rel := r.snapshot.Relation(ref.Relation)
		if rel == nil {
			continue
		}
		for i := range rel.Columns {
			if rel.Columns[i].Number == ref.Column {
				o.Columns = append(o.Columns, rel.Qualified()+"."+rel.Columns[i].Name)
			}
		}
	}
}

// computed is the mask of what is computed from a masked column: no part of the
// value stays, and where the column itself shows nothing, this does not either.
func (m *Masks) computed(from *mask.Masker) *mask.Masker {
	if from.Stricter(m.redact) {
		return m.null
	}
	return m.redact
}

// at gives the output behind field i of n, nil for one that nothing is known of.
// Where a star stands for several, unsure holds all that it may be.
func (p *Plan) at(i, n int) (o *Output, unsure []Output) {
	first, last := -1, -1
	for k := range p.Outputs {
		if p.Outputs[k].Many {
			if first < 0 {
				first = k
			}
			last = k
		}
	}
	switch {
	case first < 0 && n == len(p.Outputs), first >= 0 && i < first:
		return &p.Outputs[i], nil
	case first < 0:
		return nil, p.Outputs
	}
	after := len(p.Outputs) - 1 - last // those behind the last star
	if back := n - i; back <= after {
		return &p.Outputs[len(p.Outputs)-back], nil
	}
	return nil, p.Outputs[first : last+1]
}
