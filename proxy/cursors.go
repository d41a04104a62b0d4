package proxy

import (
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/statement"
)

// maxCursorOutputs bounds what is remembered of cursors: plans, and columns in them.
// A session that goes beyond gets from all its cursors only what the server names
// the origin of.
const maxCursorOutputs = 20_000

// cursors remembers by which plans the rows of a session's cursors are masked.
// What a name stands for is the server's to know: all queries that it stood for
// are kept, and the description of the rows tells which it was.
type cursors struct {
	plans map[string][]*lineage.Plan
	n     int
	lost  bool
}

// declared notes that a text declares a cursor.
func (c *cursors) declared(name string, p *lineage.Plan) {
	have := c.plans[name]
	for _, old := range have {
		if old.Shows(p) {
			return
		}
	}
	c.n += 1 + len(p.Outputs)
	if c.lost || c.n > maxCursorOutputs {
		*c = cursors{lost: true}
		return
	}
	if c.plans == nil {
		c.plans = make(map[string][]*lineage.Plan)
	}
	c.plans[name] = append(have, p)
}

// fetched gives the plan of rows that a FETCH gives, nil where it is not known.
func (c *cursors) fetched(st *statement.Statement, fields []lineage.Field) *lineage.Plan {
	return lineage.Fetched(c.plans[st.Cursor.Name], fields)
}
