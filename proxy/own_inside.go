package proxy

import (
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

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

// called adds the relations that names may stand for in the bodies of functions which a
// statement calls: the open transaction may have given one of these names to another.
func (o *own) called(s *catalog.Snapshot, st, said *statement.Statement) {
	if len(o.altered) == 0 || s == nil {
		return
	}
	e := s.OfStatement(said)
	if e == nil {
		return
	}
	for _, body := range e.Statements {
		for i := range body.Tables {
			t := &body.Tables[i]
			if s.Known(t.Schema, t.Name) && !o.changed(t.Name) {
				continue
			}
			for _, a := range o.altered {
				instead(st, body, t, a)
			}
		}
	}
}
