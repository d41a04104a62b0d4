package proxy

import "github.com/weirgate/weir/policy/statement"

// inside notes what functions that a statement calls may do to the schema.
func (o *own) inside(made []*statement.Statement) (changed bool) {
	for _, st := range made {
		for i := range st.Objects {
			changed = o.object(st, &st.Objects[i]) || changed
		}
	}
	if changed {
		o.doubt()
	}
	return changed
}
