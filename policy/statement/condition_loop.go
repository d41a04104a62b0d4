package statement

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// A loop that goes through every row of a table and changes each of them changes all,
// as UPDATE ... FROM the loop's query does. round is such a loop around a statement of a
// body in PL/pgSQL, as far as it runs the statement for each of its rows.
type round struct {
	names []string       // its variables: a record, or one for each column
	query *pg_query.Node // what it goes through, nil where it is no query
	// only is what holds where the statement runs: the conditions of the IFs between.
	only []*pg_query.Node
	// every says that nothing ends the loop, or a turn of it, but that there are no more rows.
	every bool
}

// goesRound notes the loop that a statement of a body is, if it is one.
func (w *walker) goesRound(kind string, n any) {
	fields := fieldsOf(n)
	var r round
	switch kind {
	case "PLpgSQL_stmt_loop", "PLpgSQL_stmt_while":
		r.every = !leaves(fields["body"], true)
	case "PLpgSQL_stmt_fors":
		for _, f := range itemsOf(fieldsOf(fieldsOf(fields["var"])["PLpgSQL_row"])["fields"]) {
			r.names = append(r.names, stringOf(fieldsOf(f)["name"]))
		}
		r.query, r.every = queryOf(textOf(fields["query"])), !leaves(fields["body"], false)
		if record, cursor := ofCursor(r.query.GetSelectStmt()); cursor != "" && slices.Equal(r.names, []string{"found"}) {
			r.names, r.query = []string{record}, queryOf(w.cursors[cursor])
		}
	case "PLpgSQL_stmt_foreach_a":
		if at, ok := fields["varno"].(float64); ok && int(at) < len(w.datums) {
			for _, datum := range fieldsOf(w.datums[int(at)]) {
				r.names = append(r.names, stringOf(fieldsOf(datum)["refname"]))
			}
		}
		r.query, r.every = queryOf("SELECT unnest("+textOf(fields["expr"])+") AS value"), !leaves(fields["body"], false)
	case "PLpgSQL_stmt_fori":
		r.names = append(r.names, stringOf(fieldsOf(fieldsOf(fields["var"])["PLpgSQL_var"])["refname"]))
		r.query, r.every = queryOf("SELECT generate_series("+textOf(fields["lower"])+", "+textOf(fields["upper"])+") AS value"), !leaves(fields["body"], false)
	case "PLpgSQL_stmt_case":
		w.rounds = nil // which of its branches runs is not followed
		return
	default:
		return
	}
	w.rounds = append(slices.Clip(w.rounds), r)
}

// ofCursor gives the record and the cursor of a loop through a cursor in the form that
// simplify gives it, SELECT NULL AS record, NULL AS cursor; both are "" for other loops.
func ofCursor(s *pg_query.SelectStmt) (record, cursor string) {
	if len(s.GetTargetList()) != 2 || len(s.FromClause) > 0 || s.WhereClause != nil {
		return "", ""
	}
	for _, n := range s.TargetList {
		if n.GetResTarget().GetVal().GetAConst() == nil {
			return "", ""
		}
	}
	return s.TargetList[0].GetResTarget().GetName(), s.TargetList[1].GetResTarget().GetName()
}

// branches walks an IF, under whose condition each branch runs.
func (w *walker) branches(n any) (found bool) {
	was, fields := w.rounds, fieldsOf(n)
	var before []*pg_query.Node
	walk := func(condition, body any) {
		found = w.plpgsqlNode(condition) || found
		holds := expressionOf(textOf(condition))
		w.rounds = under(was, append(slices.Clone(before), holds))
		found = w.plpgsqlNode(body) || found
		w.rounds = was
		before = append(before, &pg_query.Node{Node: &pg_query.Node_BoolExpr{BoolExpr: &pg_query.BoolExpr{
			Boolop: pg_query.BoolExprType_NOT_EXPR, Args: []*pg_query.Node{holds}}}})
	}
	walk(fields["cond"], fields["then_body"])
	for _, e := range itemsOf(fields["elsif_list"]) {
		branch := fieldsOf(fieldsOf(e)["PLpgSQL_if_elsif"])
		walk(branch["cond"], branch["stmts"])
	}
	w.rounds = under(was, before)
	found = w.plpgsqlNode(fields["else_body"]) || found
	w.rounds = was
	return found
}

// under gives loops as they are for what runs under conditions, none where one of these
// is not known.
func under(rounds []round, conditions []*pg_query.Node) []round {
	if len(rounds) == 0 || slices.ContainsFunc(conditions, func(n *pg_query.Node) bool {
		return n == nil || n.GetBoolExpr() != nil && n.GetBoolExpr().Args[0] == nil
	}) {
		return nil
	}
	all := slices.Clone(rounds)
	last := &all[len(all)-1]
	last.only = append(slices.Clone(last.only), conditions...)
	return all
}

// leaves says whether a body of a loop can end the loop or a turn of it. To do so where
// nothing is found any more leaves nothing out.
func leaves(n any, unlessFound bool) bool {
	switch v := n.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return leaves(item, unlessFound) })
	case map[string]any:
		for name, item := range v {
			switch name {
			case "PLpgSQL_stmt_exit":
				condition := strings.Join(strings.Fields(strings.ToLower(textOf(fieldsOf(item)["cond"]))), " ")
				if !unlessFound || condition != "not found" {
					return true
				}
				continue
			case "PLpgSQL_stmt_return":
				return true
			}
			if leaves(item, unlessFound) {
				return true
			}
		}
	}
	return false
}

// textOf gives the text of an expression of a body.
func textOf(n any) string { return stringOf(fieldsOf(fieldsOf(n)["PLpgSQL_expr"])["query"]) }

// queryOf reads a text as one SELECT, nil where it is none.
func queryOf(text string) *pg_query.Node {
	if text == "" || Scan(text, DefaultLimits()) != nil {
		return nil
	}
	tree, err := parseTree(text)
	if err != nil || len(tree.Stmts) != 1 || tree.Stmts[0].Stmt.GetSelectStmt() == nil {
		return nil
	}
	return tree.Stmts[0].Stmt
}

// expressionOf reads a text as one expression, nil where it is none.
func expressionOf(text string) *pg_query.Node {
	targets := queryOf("SELECT " + text).GetSelectStmt().GetTargetList()
	if len(targets) != 1 {
		return nil
	}
	return targets[0].GetResTarget().GetVal()
}

// throughAll says whether the loops around a statement have it change every row of its
// target, though each time only some.
func (w *walker) throughAll(where *pg_query.Node, target *pg_query.RangeVar, from []*pg_query.Node, with *pg_query.WithClause) bool {
	if len(w.rounds) == 0 || slices.ContainsFunc(w.rounds, func(r round) bool { return !r.every }) {
		return false
	}
	c := judgement{target: target, variables: w.variables, spent: w.spent}
	conditions := []*pg_query.Node{where}
	var loops []*pg_query.Node
	var undo []func()
	defer func() {
		for _, back := range undo {
			back()
		}
	}()
	for i := range w.rounds {
		r := &w.rounds[i]
		conditions = append(conditions, r.only...)
		if cover := c.cover(r.query); cover == nil || len(r.names) == 0 {
			continue
		}
		loops = append(loops, &pg_query.Node{Node: &pg_query.Node_RangeSubselect{RangeSubselect: &pg_query.RangeSubselect{
			Subquery: r.query, Alias: &pg_query.Alias{Aliasname: r.names[0]}}}})
		for _, one := range conditions {
			undo = append(undo, r.qualify(one))
		}
	}
	all := where
	if len(conditions) > 1 {
		all = &pg_query.Node{Node: &pg_query.Node_BoolExpr{BoolExpr: &pg_query.BoolExpr{Boolop: pg_query.BoolExprType_AND_EXPR, Args: conditions}}}
	}
	if current := where.GetCurrentOfExpr(); current != nil {
		query := queryOf(w.cursors[current.CursorName])
		return len(conditions) == 1 && query != nil && c.cover(query) != nil
	}
	inner := *w
	inner.rounds = nil
	return len(loops) > 0 && inner.conditionAmong(all, target, from, loops, with).Where == WhereConstant
}

// qualify has the variables of a loop stand in a condition as columns of its query, until
// what it gives is called.
func (r *round) qualify(condition *pg_query.Node) (undo func()) {
	columns := namesOf(r.query.GetSelectStmt())
	var changed []*pg_query.ColumnRef
	eachColumn(condition.ProtoReflect(), func(ref *pg_query.ColumnRef) {
		at := slices.Index(r.names, ref.Fields[0].GetString_().GetSval())
		if len(ref.Fields) != 1 || at < 0 || at >= len(columns) {
			return
		}
		ref.Fields = []*pg_query.Node{pg_query.MakeStrNode(r.names[0]), columns[at], ref.Fields[0]}
		changed = append(changed, ref)
	})
	for _, ref := range changed {
		ref.Fields = ref.Fields[:2:3]
	}
	return func() {
		for _, ref := range changed {
			ref.Fields = ref.Fields[2:3]
		}
	}
}
