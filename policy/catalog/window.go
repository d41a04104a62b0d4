package catalog

// over adds to s what a window function's result tells besides what it is called with: the
// order of its rows, and which of them belong together. That those of one partition have
// the same value of a column is what a test of the column tells, like IS NULL.
func (a *analysis) over(s *source, n *node, sc *scope) {
	if sc == nil {
		return
	}
	for _, w := range sc.query.nodes("windowClause") {
		if w.integer("winref") != n.integer("winref") {
			continue
		}
		for _, e := range a.sorted(w, "partitionClause", sc) {
			v := a.value(e, sc)
			if a.all || len(v.reads)+len(v.tests)+len(v.calls) > 0 || v.unknown {
				s.derive(v)
				continue
			}
			for _, r := range v.copies {
				s.test(r)
			}
		}
		for _, e := range a.sorted(w, "orderClause", sc) {
			s.derive(a.value(e, sc))
		}
		for _, field := range []string{"startOffset", "endOffset"} {
			offset, _ := w.get(field)
			a.everything(s, offset, sc)
		}
	}
}

// sorted gives the expressions that a list of SortGroupClauses means: they stand among
// the query's targets.
func (a *analysis) sorted(w *node, list string, sc *scope) []item {
	var found []item
	for _, by := range w.nodes(list) {
		for _, t := range sc.query.nodes("targetList") {
			if t.integer("ressortgroupref") == by.integer("tleSortGroupRef") {
				expr, _ := t.get("expr")
				found = append(found, expr)
			}
		}
	}
	return found
}
