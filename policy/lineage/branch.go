package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// condition gives the value of a condition that is no predicate itself. Where it may
// not be asked, it is redacted, but for those that tell by being NULL or by what they
// do not evaluate: AND and OR, and comparisons with several values.
func (r *resolver) condition(n *statement.Node, sc *scope) value {
	v := value{}
	if n.Kind == statement.NodeComparison {
		v = r.tested(n, sc)
	} else {
		v = r.all(n.Nodes, sc).made()
	}
	v.array = false
	v = r.answered(n, sc, v)
	if !v.tainted() {
		return v
	}
	row := func(n *statement.Node) bool { return n.Kind == statement.NodeRow || n.Kind == statement.NodeSublink }
	switch {
	case n.Kind == statement.NodeAnd:
		r.require(v, Allow, "AND or OR")
	case n.Kind != statement.NodeComparison:
	case n.Name(0) == "BETWEEN":
		r.require(v, Allow, "BETWEEN")
	case n.Has(statement.FlagList):
		r.require(v, Allow, "a comparison with several values")
	case row(n.Node(0)) && row(n.Node(1)):
		r.require(v, Allow, "a comparison of rows")
	}
	return v
}

// member says whether WHERE may ask a IN (SELECT b ...), e being what the subquery
// gives.
func (r *resolver) member(n *statement.Node, sc *scope, e *entry) bool {
	if n.Name(0) != "=" && n.Name(0) != "<>" || !r.ownOperator(n.Name(0)) || e.loose {
		return false
	}
	tests := []statement.Node{*n.Node(0)}
	if n.Node(0).Kind == statement.NodeRow {
		tests = n.Node(0).Nodes
	}
	if len(tests) != len(e.fields) {
		return false
	}
	for i := range tests {
		test := r.eval(r.bared(&tests[i]), sc)
		if !lets(test.union(e.fields[i].value), comparedBy(test, e.fields[i].value)) {
			return false
		}
	}
	return true
}

// arrayOf gives ARRAY[...]. Arrays in it must be of one shape.
func (r *resolver) arrayOf(n *statement.Node, sc *scope) value {
	v := r.all(n.Nodes, sc).made()
	if v.tainted() && v.array {
		r.require(v, Allow, "an array of arrays")
	}
	return v
}

// firstOf gives COALESCE, GREATEST and LEAST. What stands in a COALESCE behind
// something is evaluated where that is NULL.
func (r *resolver) firstOf(n *statement.Node, sc *scope) value {
	var v value
	of := make([]value, 0, len(n.Nodes))
	for i := range n.Nodes {
		operand := &n.Nodes[i]
		if n.Name(0) == "COALESCE" && v.tainted() && v.nullable && !certain(operand) {
			r.require(v, Allow, "COALESCE")
		}
		of = append(of, r.eval(operand, sc))
		v = v.union(of[i])
	}
	if n.Name(0) == "COALESCE" {
		if json, ok := r.edited("||", of); ok { // the document, or what stands for one that is missing
			return json
		}
	}
	v = v.made()
	v.typeOID = r.text(of)
	if n.Name(0) == "COALESCE" {
		v.row = r.oneRow(of)
	}
	return v
}

// oneRow gives the row that one of several whole rows of the same columns is, such as
// COALESCE(NEW, OLD), nil where they are no such rows.
func (r *resolver) oneRow(of []value) *entry {
	var one *entry
	for i := range of {
		row := of[i].row
		if row == nil {
			return nil
		}
		r.fill(row)
		if row.loose || one != nil && len(one.fields) != len(row.fields) {
			return nil
		}
		if one == nil {
			one = &entry{alias: true, fields: slices.Clone(row.fields), rest: row.rest}
			continue
		}
		for k := range one.fields {
			f := &one.fields[k]
			if f.name != row.fields[k].name {
				return nil
			}
			f.value, f.guess = f.value.beside(row.fields[k].value), f.guess || row.fields[k].guess
		}
		one.rest = one.rest.union(row.rest)
	}
	return one
}

// certain says whether evaluating an expression cannot fail and does nothing else.
func certain(n *statement.Node) bool {
	return n.Kind == statement.NodeColumn || n.Kind == statement.NodeConstant && !n.Has(statement.FlagComputed)
}

// bytewise says whether a collation is one of those that take texts as equal only if
// their bytes are.
func bytewise(collation string) bool {
	switch collation {
	case "default", "C", "POSIX", "ucs_basic", "C.UTF-8", "C.utf8", "en_US", "en_US.utf8", "und-x-icu", "en-x-icu", "en-US-x-icu", "unicode":
		return true
	}
	return false
}
