package lineage

import "github.com/weirgate/weir/policy/statement"

// answered gives the value of a condition among the values of a statement, v being
// what it is made of: where the rules of all masked columns in it let it be asked
// by WHERE, whether it holds is no secret, and it is clean.
func (r *resolver) answered(n *statement.Node, sc *scope, v value) value {
	if !v.tainted() || r.failed || !r.askable(n, sc) {
		return v
	}
	return value{other: true}
}

// askable says whether predicate would let a condition pass. It refuses nothing.
func (r *resolver) askable(n *statement.Node, sc *scope) bool {
	if !r.step(1) {
		return false
	}
	switch n.Kind {
	case statement.NodeAnd, statement.NodeNot:
		for i := range n.Nodes {
			if !r.askable(&n.Nodes[i], sc) {
				return false
			}
		}
		return true
	case statement.NodeTest:
		if n.Name(0) == "IS TRUE" {
			return r.askable(n.Node(0), sc)
		}
		v := r.eval(n.Node(0), sc)
		return v.row == nil && lets(v, groupedBy(v))
	case statement.NodeComparison:
		if (n.Name(0) == "=" || n.Name(0) == "<>") && r.ownOperator(n.Name(0)) {
			return r.comparable(n.Node(0), n.Node(1), sc)
		}
		return lets(r.tested(n, sc), Allow)
	case statement.NodeColumn:
		v := r.eval(n, sc)
		return lets(v, groupedBy(v))
	}
	return lets(r.eval(n, sc), Allow)
}

// comparable says whether comparison would let a = b pass.
func (r *resolver) comparable(a, b *statement.Node, sc *scope) bool {
	switch {
	case a.Kind == statement.NodeRow && b.Kind == statement.NodeRow && len(a.Nodes) == len(b.Nodes):
		for i := range a.Nodes {
			if !r.comparable(&a.Nodes[i], &b.Nodes[i], sc) {
				return false
			}
		}
		return true
	case b.Kind == statement.NodeList:
		for i := range b.Nodes {
			if !r.comparable(a, &b.Nodes[i], sc) {
				return false
			}
		}
		return true
	}
	left, right := r.eval(r.bared(a), sc), r.eval(r.bared(b), sc)
	return lets(left.union(right), comparedBy(left, right))
}

// lets says whether the rules of all masked columns in v allow that much.
func lets(v value, level Predicates) bool {
	return v.columns(func(c *column) bool { return c.predicates.rank() <= level.rank() })
}

// comparedBy gives how much a comparison of two values for equality asks.
func comparedBy(a, b value) Predicates {
	if a.even() && b.even() && (a.constant() || a.folded || len(a.copies) > 0) && (b.constant() || b.folded || len(b.copies) > 0) {
		return Equality
	}
	return Allow
}

// groupedBy gives how much it asks which values are equal or NULL.
func groupedBy(v value) Predicates {
	if v.even() {
		return Equality
	}
	return Allow
}
