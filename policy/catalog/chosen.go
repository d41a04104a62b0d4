package catalog

import "slices"

// choose adds columns by whose values s is one of several, or NULL.
func (s *source) choose(from []ColumnRef) {
	for _, r := range from {
		if !slices.Contains(s.chosen, r) {
			s.chosen = append(s.chosen, r)
		}
	}
}

// chooses says whether by what stands in a field of a node the node's value is one of
// several, or NULL.
func chooses(name, field string) bool {
	switch name {
	case "CASE", "CASEEXPR":
		return field == "arg"
	case "WHEN", "CASEWHEN":
		return field == "expr"
	case "NULLIFEXPR", "MINMAX", "MINMAXEXPR", "SUBSCRIPTINGREF", "FIELDSELECT", "XMLEXPR", "JSONEXPR":
		return true
	}
	return false
}

// The functions count(any) and count(*) (catalog/pg_proc.dat).
const (
	countValues = 2147
	countRows   = 2803
)

// countsOrTests adds what count() and IS NULL show of columns, which is less than
// their values. It is false where they are of more than columns.
func (a *analysis) countsOrTests(s *source, n *node, sc *scope) bool {
	if a.all {
		return false
	}
	if n.name == "NULLTEST" {
		arg, _ := n.get("arg")
		v := a.value(arg, sc)
		if len(v.copies) == 0 || len(v.reads)+len(v.tests)+len(v.calls) > 0 || v.unknown {
			return false
		}
		for _, r := range v.copies {
			s.test(r)
		}
		return true
	}
	if oid := n.integer("aggfnoid"); oid != countValues && oid != countRows {
		return false
	}
	for _, target := range n.nodes("args") {
		expr, _ := target.get("expr")
		if v := a.value(expr, sc); len(v.reads)+len(v.tests)+len(v.calls) > 0 || v.unknown {
			return false
		}
	}
	filter, _ := n.get("aggfilter")
	a.everything(s, filter, sc)
	return true
}
