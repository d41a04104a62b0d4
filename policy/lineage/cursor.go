package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/mask"
)

// Fetched gives the plan for rows that a cursor gives, from the plans of all
// queries that its name stood for in the session: those whose columns have the
// names and the number of what came, together. It is nil where there are none.
func Fetched(plans []*Plan, fields []Field) *Plan {
	var fitting []*Plan
	for _, p := range plans {
		if p.fits(fields) {
			fitting = append(fitting, p)
		}
	}
	switch len(fitting) {
	case 0:
		return nil
	case 1:
		return fitting[0]
	}
	all := &Plan{Touches: true, RedactErrors: true, Outputs: make([]Output, len(fields))}
	for i := range fields {
		o := &all.Outputs[i]
		o.Class = Clean
		for _, p := range fitting {
			one, several := p.at(i, len(fields))
			if one != nil {
				several = []Output{*one}
			}
			for k := range several {
				o.stricter(&several[k])
			}
		}
	}
	return all
}

// fits says whether a result can be that of p's statement.
func (p *Plan) fits(fields []Field) bool {
	if len(p.Outputs) == 0 {
		return true // nothing masked was near
	}
	many := false
	for i := range p.Outputs {
		many = many || p.Outputs[i].Many
	}
	if !many && len(p.Outputs) != len(fields) {
		return false
	}
	for i := range p.Outputs {
		o := &p.Outputs[i]
		if o.Many {
			return true
		}
		if i >= len(fields) || o.Name != "" && !o.guess && o.Name != fields[i].Name {
			return false
		}
	}
	return true
}

// stricter makes o hide what n hides, too.
func (o *Output) stricter(n *Output) {
	if n.masker == nil {
		return
	}
	o.refs = join(o.refs, n.refs)
	if joined := mask.Join(o.masker, n.masker); joined != o.masker {
		o.masker, o.Mask, o.Rule, o.Columns, o.typ = joined, n.Mask, n.Rule, n.Columns, n.typ
	}
	if o.Class != Derived {
		o.Class = n.Class
	}
}

// Shows says whether the rows of two plans are masked alike.
func (p *Plan) Shows(o *Plan) bool {
	if p == o {
		return true
	}
	return p.Touches == o.Touches && slices.EqualFunc(p.Outputs, o.Outputs, func(a, b Output) bool {
		return a.Name == b.Name && a.guess == b.guess && a.Many == b.Many && a.Class == b.Class && a.masker == b.masker && a.typ == b.typ && slices.Equal(a.refs, b.refs)
	})
}
