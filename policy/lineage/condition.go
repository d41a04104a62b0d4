package lineage

import (
	"fmt"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// predicate judges a condition. What compares a masked column with constants for
// equality, or with another masked one, asks less than all else.
func (r *resolver) predicate(n *statement.Node, sc *scope, construct string) {
	if !r.step(1) {
		return
	}
	switch n.Kind {
	case statement.NodeNone, statement.NodeConstant:
		return
	case statement.NodeAnd, statement.NodeNot:
		for i := range n.Nodes {
			r.predicate(&n.Nodes[i], sc, construct)
		}
		return
	case statement.NodeTest:
		if n.Name(0) == "IS TRUE" {
			r.predicate(n.Node(0), sc, construct)
			return
		}
		v := r.eval(n.Node(0), sc)
		if v.row != nil && !v.row.loose { // each of its columns is
			r.fill(v.row)
			for i := range v.row.fields {
				r.grouped(v.row.fields[i].value, construct)
			}
			return
		}
		r.grouped(v, construct)
		return
	case statement.NodeComparison:
		if (n.Name(0) == "=" || n.Name(0) == "<>") && r.ownOperator(n.Name(0)) {
			r.comparison(n.Node(0), n.Node(1), sc, construct)
			return
		}
	case statement.NodeSublink:
		if r.membership(n, sc, construct) {
			return
		}
	case statement.NodeColumn:
		r.grouped(r.eval(n, sc), construct) // a boolean: it is compared with true
		return
	}
	if v := r.eval(n, sc); v.tainted() {
		r.require(v, Allow, construct)
	}
}

// comparison judges a = b, and a IN (b, ...).
func (r *resolver) comparison(a, b *statement.Node, sc *scope, construct string) {
	switch {
	case a.Kind == statement.NodeRow && b.Kind == statement.NodeRow && len(a.Nodes) == len(b.Nodes):
		for i := range a.Nodes {
			r.comparison(&a.Nodes[i], &b.Nodes[i], sc, construct)
		}
		return
	case b.Kind == statement.NodeList:
		for i := range b.Nodes {
			r.comparison(a, &b.Nodes[i], sc, construct)
		}
		return
	}
	r.compared(r.eval(r.bared(a), sc), r.eval(r.bared(b), sc), construct)
}

// bared takes away what keeps equal values equal and hardly puts others
// together: lower(email) = 'a@example.com' asks what email = ... does.
func (r *resolver) bared(n *statement.Node) *statement.Node {
	for range 8 {
		switch {
		case n.Kind == statement.NodeCast && !n.Has(statement.FlagList|statement.FlagStrict) && (n.Name(0) == "text" || n.Name(0) == "varchar"),
			n.Kind == statement.NodeCollate && bytewise(n.Name(0)):
			n = n.Node(0)
		case n.Kind == statement.NodeCall && len(n.Nodes) == 1 && len(n.List(0)) == 1 && n.Flags == 0 && folds(n.Name(1)) && r.builtIn(n.Name(0), n.Name(1), 1):
			n = &n.List(0)[0]
		default:
			return n
		}
	}
	return n
}

func folds(function string) bool {
	switch function {
	case "lower", "upper", "btrim", "ltrim", "rtrim":
		return true
	}
	return false
}

// compared judges that two values are compared for equality.
func (r *resolver) compared(a, b value, construct string) {
	if !a.tainted() && !b.tainted() {
		return
	}
	r.require(a.union(b), comparedBy(a, b), construct)
}

// membership judges a IN (SELECT b ...). It is false for other subqueries.
func (r *resolver) membership(n *statement.Node, sc *scope, construct string) bool {
	switch {
	case n.Has(statement.FlagExists):
		r.query(n.Node(1), sc.inner())
		return true
	case !n.Has(statement.FlagAny) || n.Name(0) != "=" && n.Name(0) != "<>":
		return false
	}
	e := r.query(n.Node(1), sc.inner())
	r.fill(e)
	test := n.Node(0)
	if test.Kind == statement.NodeRow && len(test.Nodes) == len(e.fields) && !e.loose {
		for i := range test.Nodes {
			r.compared(r.eval(r.bared(&test.Nodes[i]), sc), e.fields[i].value, construct)
		}
		return true
	}
	if len(e.fields) == 1 && !e.loose {
		r.compared(r.eval(r.bared(test), sc), e.fields[0].value, construct)
		return true
	}
	row := r.rowOf(e)
	row.row = nil
	r.compared(r.eval(test, sc), row, construct)
	return true
}

// require refuses what asks more of masked columns than their rules allow.
func (r *resolver) require(v value, level Predicates, construct string) {
	if r.failed || r.lenient {
		return
	}
	v.columns(func(c *column) bool {
		if c.predicates.rank() <= level.rank() {
			return true
		}
		hint := question(c)
		detail := fmt.Sprintf("Mask %s hides it, and this would tell its values bit by bit.", c.rule)
		if level == Equality {
			detail, hint = fmt.Sprintf("Mask %s (predicates: Deny) hides it, and a condition would tell its values one by one.", c.rule), "Use conditions on other columns."
		}
		r.stop(r.refuse(construct, c.name, c.rule, fmt.Sprintf("column %s is masked and cannot be used in %s", c.name, construct), detail, hint))
		return false
	})
}

// unknown refuses a construct that is not followed, where masked values may go
// into it: those of v, or any where v has none.
func (r *resolver) unknown(construct string, v value) {
	c := r.nearest(v)
	if r.failed || c == nil {
		return
	}
	r.stop(r.refuse(construct, c.name, c.rule, fmt.Sprintf("column %s is masked and cannot be used in %s", c.name, construct),
		fmt.Sprintf("Mask %s hides it; what %s makes of it is not known.", c.rule, construct), directly(c)))
}

// nearest gives a masked column that v is made of, or one that is near. It is nil
// where none is.
func (r *resolver) nearest(v value) (c *column) {
	v.columns(func(masked *column) bool { c = masked; return false })
	switch {
	case c != nil:
	case len(r.tables) > 0:
		c = r.tables[0].relation.first()
	case r.calls:
		for _, rel := range r.relations {
			if first := rel.first(); !first.builtIn && (c == nil || first.name < c.name) {
				c = first
			}
		}
	}
	return c
}

// unresolved refuses a name that means nothing here: the catalog's snapshot may
// be behind.
func (r *resolver) unresolved(name string, _ *scope) { r.missing(name, value{}) }

func (r *resolver) missing(name string, v value) {
	c := r.nearest(v)
	if r.failed || c == nil {
		return
	}
	message := fmt.Sprintf("column %s does not exist", name) // as PostgreSQL says it
	if !strings.Contains(name, ".") {
		message = fmt.Sprintf("column %q does not exist", name)
	}
	r.stop(r.refuse("a column that is not known", c.name, c.rule, message,
		fmt.Sprintf("None of the relations that the statement names has it, as the catalog was last read, and a name without a meaning is not passed on beside masked columns (%s, mask %s).", c.name, c.rule),
		"Check the name: information_schema.columns lists what there is. Columns that were added a moment ago are known in a moment."))
	r.plan.Missing = true
	r.plan.Stale = !r.env.Fresh
	if r.plan.Stale {
		r.plan.Unknown = append(r.plan.Unknown, name)
	}
}
