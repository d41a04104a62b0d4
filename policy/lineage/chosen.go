package lineage

import "github.com/weirgate/weir/policy/statement"

// chosen gives what an assignment stores, v being what its expression is made of. A CASE
// or a COALESCE stores one of the values that it chooses from, and what has been asked
// to choose is judged when v is made; lower(email) and its like may be asked for
// equality anyway. So a column may get its own values back in these ways.
func (r *resolver) chosen(n *statement.Node, sc *scope, v value) value {
	if !v.tainted() || len(v.derived) == 0 || r.failed || !r.step(1) {
		return v
	}
	switch n.Kind {
	case statement.NodeCase:
		made := value{other: true}
		for _, asked := range append([]statement.Node{*n.Node(0)}, n.List(2)...) {
			made = made.union(r.eval(&asked, sc).made())
		}
		if n.Node(0).Kind != statement.NodeNone && made.tainted() {
			return v
		}
		for i := range n.List(3) {
			made = made.union(r.branch(&n.List(3)[i], sc))
		}
		return made.union(r.branch(n.Node(1), sc))
	case statement.NodeBranch:
		if n.Name(0) != "COALESCE" {
			return v
		}
		var one value
		for i := range n.Nodes {
			if one.tainted() && !lets(one, Equality) {
				return v // whether it is NULL would be stored
			}
			one = one.union(r.branch(&n.Nodes[i], sc))
		}
		return one
	case statement.NodeNullIf:
		return r.branch(n.Node(0), sc)
	}
	if bare := r.bared(n); bare != n {
		if stored := r.branch(bare, sc); lets(stored, Equality) {
			return stored
		}
	}
	return v
}

// branch gives one of the values that are chosen from.
func (r *resolver) branch(n *statement.Node, sc *scope) value {
	if n.Kind == statement.NodeNone {
		return value{}
	}
	v := r.chosen(n, sc, r.eval(n, sc))
	v.row = nil
	return v
}
