package lineage

import (
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/statement"
)

// partOf gives a part of a json value by a constant path. Where the masks are of other
// paths, and nothing inside of this one is masked, the part is clean.
func (r *resolver) partOf(n *statement.Node, sc *scope) value {
	v := r.eval(n.Node(0), sc)
	if !v.tainted() {
		return v.made()
	}
	if !r.ownOperator(n.Name(0)) {
		r.unknown("the operator "+n.Name(0), v)
		return v.made()
	}
	if n.Name(0) == "@>" {
		if r.contains(v, n.List(1)) {
			return value{other: true}
		}
		return v.made()
	}
	if unchanged(&v) && isJSON(r.wire(v.typeOID)) {
		path := pathOf(n.Names[1:])
		open := len(path) > 0
		for _, c := range v.copies {
			open = open && c.unknown == "" && c.masker.Passes(path)
		}
		if open {
			return value{other: true}
		}
	}
	v = v.made()
	v.nullable = true // NULL where there is no such part
	return v
}

// unchanged says that a value is that of masked columns, whichever of them.
func unchanged(v *value) bool {
	return len(v.copies) > 0 && len(v.derived) == 0 && !v.nullable && v.row == nil
}

// contains says whether what @> compares, at the end of ways, is not masked.
func (r *resolver) contains(v value, ways []statement.Node) bool {
	if !unchanged(&v) || r.wire(v.typeOID) != jsonbOID {
		return false
	}
	for i := range ways {
		way := pathOf(ways[i].Names)
		if len(way) != len(ways[i].Names) {
			return false
		}
		for _, c := range v.copies {
			// One step further, so that the end of the way counts.
			if c.unknown != "" || c.masker.Enters(append(way, mask.Step{Element: true})) {
				return false
			}
		}
	}
	return len(ways) > 0
}

// pathOf gives the path of a NodePart, nil for one that is not understood.
func pathOf(names []string) []mask.Step {
	path := make([]mask.Step, 0, len(names))
	for _, name := range names {
		if name == "" {
			return nil
		}
		switch name[0] {
		case statement.StepKey:
			path = append(path, mask.Step{Key: name[1:]})
		case statement.StepElement:
			path = append(path, mask.Step{Element: true})
		case statement.StepEither:
			path = append(path, mask.Step{Key: name[1:], Either: true})
		default:
			return nil
		}
	}
	return path
}

// edited gives a json value into which || and - put what is not masked, or from which
// they take something: all that stays keeps its path, so that the mask of the column
// still finds it. It is false for all other operands.
func (r *resolver) edited(operator string, operands []value) (value, bool) {
	at := -1
	for i := range operands {
		switch {
		case !operands[i].tainted():
		case at >= 0:
			return value{}, false
		default:
			at = i
		}
	}
	switch {
	case at < 0 || len(operands) < 2 || operator == "-" && (at != 0 || len(operands) != 2), !r.ownOperator(operator):
		return value{}, false
	}
	return r.kept(operands[at], nil)
}

// kept gives a json value that has changed outside of its masked parts, the place of
// the change being at the end of a way, which must not lead into one of them.
func (r *resolver) kept(v value, way []mask.Step) (value, bool) {
	if !unchanged(&v) || r.wire(v.typeOID) != jsonbOID {
		return value{}, false
	}
	for _, c := range v.copies {
		if c.unknown != "" || c.masker.Enters(way) {
			return value{}, false
		}
	}
	return value{copies: v.copies, other: true, mixed: true, typeOID: v.typeOID}, true
}

// settled gives what jsonb_set() makes of a json value by a constant path.
func (r *resolver) settled(n *statement.Node, args []argument) (value, bool) {
	way := pathOf(n.Names[2:])
	if len(args) < 3 || len(way) == 0 || !r.builtIn(n.Name(0), n.Name(1), len(args)) {
		return value{}, false
	}
	for i := range args {
		if args[i].name != "" || args[i].spread || i > 0 && args[i].tainted() {
			return value{}, false
		}
	}
	return r.kept(args[0].value, way)
}

// isRowJSON says whether an expression is to_jsonb() of a whole row, which is an object.
func (r *resolver) isRowJSON(n *statement.Node, sc *scope) bool {
	if n.Kind != statement.NodeCall || n.Name(1) != "to_jsonb" || len(n.List(0)) != 1 || !r.builtIn(n.Name(0), n.Name(1), 1) {
		return false
	}
	return r.eval(&n.List(0)[0], sc).row != nil
}
