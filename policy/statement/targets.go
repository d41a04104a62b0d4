package statement

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// targets reads a SELECT's target list or a RETURNING.
func (w *walker) targets(list []*pg_query.Node, p place) {
	for _, n := range list {
		t, ok := n.GetNode().(*pg_query.Node_ResTarget)
		if !ok {
			w.unsupported(n)
			return
		}
		if p.top {
			w.output(t.ResTarget)
			continue
		}
		w.expression(t.ResTarget.Val, UseDerived, p.construct)
	}
}

// output reads one of the outermost targets.
func (w *walker) output(t *pg_query.ResTarget) {
	out := Output{Label: t.Name}
	switch n := t.Val.GetNode().(type) {
	case *pg_query.Node_ColumnRef:
		c, plain := w.columnRef(n.ColumnRef, UseOutput, "the result")
		out.Direct, out.Star = plain, c.Star
		out.Schema, out.Qualifier, out.Name = c.Schema, c.Qualifier, c.Name
	case *pg_query.Node_AIndirection:
		w.expression(t.Val, UseDerived, "(...).column in the result")
		list := n.AIndirection.Indirection
		if len(list) > 0 && list[len(list)-1].GetAStar() != nil {
			out.Star, out.Qualifier = true, bareName(n.AIndirection.Arg)
		}
	default:
		w.expression(t.Val, UseDerived, "an expression in the result")
	}
	w.st.Outputs = append(w.st.Outputs, out)
}

// columnRef lists a reference with the given use. plain is false where it may be
// something else than a column: a whole row, or a function of one.
func (w *walker) columnRef(r *pg_query.ColumnRef, use Use, construct string) (c Column, plain bool) {
	c = Column{Use: use, Construct: construct}
	fields := r.Fields
	if n := len(fields); n > 0 && fields[n-1].GetAStar() != nil {
		c.Star = true
		fields = fields[:n-1]
	}
	names := w.strings(fields)
	if !c.Star && len(names) > 0 {
		c.Name = names[len(names)-1]
		names = names[:len(names)-1]
	}
	switch n := len(names); {
	case n > 3 || n == 0 && c.Name == "" && !c.Star:
		w.fail(&UnsupportedError{"a column reference of an unknown form"})
		return c, false
	case n >= 2: // a database in front says nothing new
		c.Schema, c.Qualifier = names[n-2], names[n-1]
	case n == 1:
		c.Qualifier = names[0]
	}
	plain = true
	if c.Qualifier == "" && !c.Star && slices.Contains(w.relations, c.Name) {
		plain = false
		w.column(Column{Qualifier: c.Name, Star: true, Use: UseDerived, Construct: "a whole row"})
	}
	if c.Qualifier != "" && slices.Contains(rowFunctions(), c.Name) {
		plain = false
		w.function(Function{Name: c.Name, Arguments: 1})
		w.column(Column{Schema: c.Schema, Qualifier: c.Qualifier, Star: true, Use: UseDerived,
			Construct: "the argument of " + c.Name + "()"})
	}
	w.column(c)
	return c, plain
}

// rowFunctions are PostgreSQL's functions of one argument that take a whole row,
// so that c.row_to_json means row_to_json(c) where c has no such column. Casts to
// text are none of them: for a whole row, functional notation does not make them.
func rowFunctions() []string {
	return []string{
		"row_to_json", "to_json", "to_jsonb", "record_out", "record_send", "hstore", "quote_literal", "quote_nullable",
		"concat", "json_build_array", "jsonb_build_array", "hash_record", "num_nulls", "num_nonnulls", "pg_column_size",
	}
}

// bareName gives the name of a reference that has only one, "" for all else.
func bareName(n *pg_query.Node) string {
	fields := n.GetColumnRef().GetFields()
	if len(fields) != 1 {
		return ""
	}
	return fields[0].GetString_().GetSval()
}

func isStar(n *pg_query.Node) bool {
	fields := n.GetColumnRef().GetFields()
	if len(fields) == 0 {
		fields = n.GetAIndirection().GetIndirection()
	}
	return len(fields) > 0 && fields[len(fields)-1].GetAStar() != nil
}

// again lists the columns of a target with another use, because ORDER BY, GROUP
// BY or DISTINCT points at it. Its subqueries were read already.
func (w *walker) again(n *pg_query.Node, use Use, construct string) {
	was := w.shallow
	w.shallow = true
	w.expression(n, use, construct)
	w.shallow = was
}

// position reads an entry that may point at a target, by number or by label, and
// reports whether that is all it can be.
type pointer struct {
	targets []*pg_query.Node
	seen    []bool
	use     Use
	name    string
}

func (w *walker) point(at *pointer, i int) {
	if !at.seen[i] {
		at.seen[i] = true
		w.again(at.targets[i].GetResTarget().GetVal(), at.use, at.name)
	}
}

// pointed reads one entry of ORDER BY, GROUP BY or DISTINCT ON.
func (w *walker) pointed(n *pg_query.Node, at *pointer) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		number := w.constants.value(v.AConst)
		if number.kind != integerConstant {
			break
		}
		i := int(number.integer) - 1
		if i < 0 || i >= len(at.targets) && !slices.ContainsFunc(at.targets, isStarTarget) {
			return // PostgreSQL refuses it
		}
		if slices.ContainsFunc(at.targets[:min(i+1, len(at.targets))], isStarTarget) {
			w.opaque(at.name + " a position after a star")
			return
		}
		w.point(at, i)
		return
	case *pg_query.Node_ColumnRef:
		if name := bareName(n); name != "" {
			for i, t := range at.targets {
				if t.GetResTarget().GetName() == name {
					w.point(at, i)
				}
			}
		}
	}
	w.expression(n, at.use, at.name)
}

func isStarTarget(n *pg_query.Node) bool { return isStar(n.GetResTarget().GetVal()) }

func (w *walker) pointer(targets []*pg_query.Node, use Use, name string) *pointer {
	return &pointer{targets: targets, seen: make([]bool, len(targets)), use: use, name: name}
}

func (w *walker) sort(list, targets []*pg_query.Node) {
	if len(list) == 0 {
		return
	}
	at := w.pointer(targets, UseOrdering, "ORDER BY")
	for _, n := range list {
		s, ok := n.GetNode().(*pg_query.Node_SortBy)
		if !ok {
			w.unsupported(n)
			return
		}
		w.operator(s.SortBy.UseOp, false)
		w.pointed(s.SortBy.Node, at)
	}
}

func (w *walker) group(list, targets []*pg_query.Node, name string) {
	if len(list) == 0 {
		return
	}
	at := w.pointer(targets, UseGrouping, name)
	for _, n := range list {
		w.groupItem(n, at)
	}
}

// groupItem reads one entry. Numbers in a bare row and in grouping sets are
// positions too.
func (w *walker) groupItem(n *pg_query.Node, at *pointer) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_GroupingSet:
		for _, c := range v.GroupingSet.Content {
			w.groupItem(c, at)
		}
	case *pg_query.Node_RowExpr:
		for _, c := range v.RowExpr.Args {
			w.groupItem(c, at)
		}
	case *pg_query.Node_List:
		for _, c := range v.List.Items {
			w.groupItem(c, at)
		}
	default:
		w.pointed(n, at)
	}
}

// distinct reads DISTINCT, which compares every target, or DISTINCT ON.
func (w *walker) distinct(list, targets []*pg_query.Node) {
	if len(list) == 1 && list[0].GetNode() == nil {
		for _, t := range targets {
			w.again(t.GetResTarget().GetVal(), UseGrouping, "DISTINCT")
		}
		return
	}
	w.group(list, targets, "DISTINCT ON")
}

func (w *walker) window(d *pg_query.WindowDef) {
	if d == nil {
		return
	}
	w.expressions(d.PartitionClause, UseGrouping, "PARTITION BY")
	w.sort(d.OrderClause, nil)
	w.expression(d.StartOffset, UseDerived, "a window frame")
	w.expression(d.EndOffset, UseDerived, "a window frame")
}
