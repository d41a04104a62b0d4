package statement

import (
	"fmt"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// query reads a statement that stands where a query can: SELECT, or in a CTE one
// that modifies data.
func (w *walker) query(n *pg_query.Node, p place) {
	switch n := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt:
		w.selectStatement(n.SelectStmt, p)
	case *pg_query.Node_InsertStmt:
		w.insert(n.InsertStmt, p)
	case *pg_query.Node_UpdateStmt:
		w.update(n.UpdateStmt, p)
	case *pg_query.Node_DeleteStmt:
		w.delete(n.DeleteStmt, p)
	case *pg_query.Node_MergeStmt:
		w.merging(n.MergeStmt, p)
	default:
		w.fail(&UnsupportedError{"a query of an unknown kind"})
	}
}

// outermostSelect reads a SELECT that is a statement of its own, or SELECT INTO.
func (w *walker) outermostSelect(s *pg_query.SelectStmt) {
	for arm := s; arm != nil; arm = arm.Larg {
		if arm.IntoClause != nil {
			w.command(CommandCreate)
			w.selectStatement(s, within("SELECT INTO"))
			return
		}
	}
	w.st.Shape = Shape{Plain: true}
	w.selectStatement(s, place{top: true})
}

func (w *walker) selectStatement(s *pg_query.SelectStmt, p place) {
	w.command(CommandSelect)
	sc := w.enter()
	defer w.leave(sc)
	w.with(s.WithClause)
	if s.IntoClause != nil {
		w.command(CommandCreate)
		w.created(KindTable, s.IntoClause.Rel)
		w.into(s.IntoClause)
	}
	switch {
	case s.Op != pg_query.SetOperation_SETOP_NONE && s.Op != pg_query.SetOperation_SET_OPERATION_UNDEFINED:
		w.setOperation(s, p)
	case len(s.ValuesLists) > 0:
		w.notPlain(p, "VALUES")
		w.values(s.ValuesLists, "VALUES")
		if p.top {
			w.st.Outputs = make([]Output, len(s.ValuesLists[0].GetList().GetItems()))
		}
	default:
		w.block(s, p)
	}
	targets := leftmost(s).TargetList
	w.sort(s.SortClause, targets)
	w.expression(s.LimitOffset, UseDerived, "OFFSET")
	w.expression(s.LimitCount, UseDerived, "LIMIT")
	if p.top {
		w.st.Limit = w.constantLimit(s)
	}
	if len(s.LockingClause) > 0 {
		w.st.Locking = true
	}
}

// block reads a SELECT's own clauses, FROM first so that the names in it are
// known to the others.
func (w *walker) block(s *pg_query.SelectStmt, p place) {
	for _, n := range s.FromClause {
		w.fromItem(n, p)
	}
	w.targets(s.TargetList, p)
	w.predicate(s.WhereClause, "WHERE", false)
	w.group(s.GroupClause, s.TargetList, "GROUP BY")
	w.expression(s.HavingClause, UsePredicate, "HAVING")
	for _, n := range s.WindowClause {
		def, ok := n.GetNode().(*pg_query.Node_WindowDef)
		if !ok {
			w.unsupported(n)
			return
		}
		w.window(def.WindowDef)
	}
	w.distinct(s.DistinctClause, s.TargetList)
	w.dumped(s)
}

func (w *walker) setOperation(s *pg_query.SelectStmt, p place) {
	name := map[pg_query.SetOperation]string{
		pg_query.SetOperation_SETOP_UNION:     "a UNION",
		pg_query.SetOperation_SETOP_INTERSECT: "an INTERSECT",
		pg_query.SetOperation_SETOP_EXCEPT:    "an EXCEPT",
	}[s.Op]
	if name == "" || s.Larg == nil || s.Rarg == nil {
		w.fail(&UnsupportedError{fmt.Sprintf("set operation %v", s.Op)})
		return
	}
	w.notPlain(p, name)
	w.selectStatement(s.Larg, within(name))
	w.selectStatement(s.Rarg, within(name))
	if p.top {
		first := leftmost(s)
		for _, n := range first.TargetList {
			w.st.Outputs = append(w.st.Outputs, Output{Star: isStar(n.GetResTarget().GetVal()), Label: n.GetResTarget().GetName()})
		}
		if len(first.ValuesLists) > 0 {
			w.st.Outputs = make([]Output, len(first.ValuesLists[0].GetList().GetItems()))
		}
	}
}

// leftmost gives the SELECT whose targets name a set operation's columns.
func leftmost(s *pg_query.SelectStmt) *pg_query.SelectStmt {
	for s.Larg != nil {
		s = s.Larg
	}
	return s
}

func (w *walker) values(rows []*pg_query.Node, construct string) {
	for _, row := range rows {
		list, ok := row.GetNode().(*pg_query.Node_List)
		if !ok {
			w.unsupported(row)
			return
		}
		w.expressions(list.List.Items, UseDerived, construct)
	}
}

// with reads a WITH clause and leaves its names in scope. Without RECURSIVE a
// name is known only to what comes after it.
func (w *walker) with(c *pg_query.WithClause) {
	if c == nil {
		return
	}
	expressions := make([]*pg_query.CommonTableExpr, 0, len(c.Ctes))
	for _, n := range c.Ctes {
		e, ok := n.GetNode().(*pg_query.Node_CommonTableExpr)
		if !ok {
			w.unsupported(n)
			return
		}
		expressions = append(expressions, e.CommonTableExpr)
		if c.Recursive {
			w.ctes = append(w.ctes, e.CommonTableExpr.Ctename)
		}
	}
	for _, e := range expressions {
		sc := w.enter()
		// A CTE does not see the names of the FROM that it is used in, but may
		// stand in a subquery that sees those around it.
		w.query(e.Ctequery, within("a common table expression"))
		w.leave(sc)
		if cycle := e.CycleClause; cycle != nil {
			w.expression(cycle.CycleMarkValue, UseDerived, "CYCLE")
			w.expression(cycle.CycleMarkDefault, UseDerived, "CYCLE")
		}
		if !c.Recursive {
			w.ctes = append(w.ctes, e.Ctename)
		}
	}
}

func (w *walker) into(c *pg_query.IntoClause) {
	w.relation(c.GetRel(), AccessWrite)
}

// fromItem reads one item of a FROM, USING or MERGE source.
func (w *walker) fromItem(n *pg_query.Node, p place) {
	switch n := n.GetNode().(type) {
	case *pg_query.Node_RangeVar:
		r := n.RangeVar
		w.relations = append(w.relations, refname(r))
		if w.isCTE(r) {
			w.notPlain(p, "a common table expression in FROM")
			return
		}
		w.table(Table{Schema: r.Schemaname, Name: r.Relname, Alias: r.Alias.GetAliasname(),
			Renames: len(r.Alias.GetColnames()) > 0, Access: []Access{AccessRead}, Top: p.top})
	case *pg_query.Node_JoinExpr:
		w.join(n.JoinExpr, p)
	case *pg_query.Node_RangeSubselect:
		w.notPlain(p, "a subquery in FROM")
		w.query(n.RangeSubselect.Subquery, within("a subquery in FROM"))
		w.alias(n.RangeSubselect.Alias)
	case *pg_query.Node_RangeFunction:
		w.notPlain(p, "a function in FROM")
		for _, f := range n.RangeFunction.Functions {
			// Each is a pair: the call and its column definitions.
			list, ok := f.GetNode().(*pg_query.Node_List)
			if !ok || len(list.List.Items) == 0 {
				w.unsupported(f)
				return
			}
			w.expression(list.List.Items[0], UseDerived, "a function in FROM")
			for _, c := range list.List.Items[1:] { // ROWS FROM (f() AS (a type))
				for _, def := range c.GetList().GetItems() {
					w.typeName(def.GetColumnDef().GetTypeName())
				}
			}
			if c, ok := list.List.Items[0].GetNode().(*pg_query.Node_FuncCall); ok && n.RangeFunction.Alias == nil {
				if names := w.strings(c.FuncCall.Funcname); len(names) > 0 {
					w.relations = append(w.relations, names[len(names)-1])
				}
			}
		}
		for _, c := range n.RangeFunction.Coldeflist {
			w.typeName(c.GetColumnDef().GetTypeName())
		}
		w.alias(n.RangeFunction.Alias)
	case *pg_query.Node_RangeTableSample:
		w.fromItem(n.RangeTableSample.Relation, p)
		w.callable(n.RangeTableSample.Method, len(n.RangeTableSample.Args))
		w.expressions(n.RangeTableSample.Args, UseDerived, "TABLESAMPLE")
		w.expression(n.RangeTableSample.Repeatable, UseDerived, "TABLESAMPLE")
	case *pg_query.Node_RangeTableFunc:
		w.notPlain(p, "XMLTABLE in FROM")
		w.sweep(n.RangeTableFunc.ProtoReflect(), UseDerived, "XMLTABLE")
		w.alias(n.RangeTableFunc.Alias)
	default:
		w.fail(&UnsupportedError{"an item of FROM of an unknown kind"})
	}
}

func (w *walker) join(j *pg_query.JoinExpr, p place) {
	w.fromItem(j.Larg, p)
	w.fromItem(j.Rarg, p)
	if j.IsNatural {
		w.opaque("a NATURAL JOIN")
	}
	if len(j.UsingClause) > 0 {
		w.opaque("a JOIN with USING")
		for _, name := range w.strings(j.UsingClause) {
			w.column(Column{Name: name, Use: UsePredicate, Construct: "USING"})
		}
	}
	if j.Alias != nil || j.JoinUsingAlias != nil {
		w.opaque("an alias of a JOIN")
		w.alias(j.Alias)
		w.alias(j.JoinUsingAlias)
	}
	w.predicate(j.Quals, "ON", false)
}

func (w *walker) alias(a *pg_query.Alias) {
	if a != nil {
		w.relations = append(w.relations, a.Aliasname)
	}
}

// refname is the name by which a relation in FROM can be referred to.
func refname(r *pg_query.RangeVar) string {
	if r.GetAlias() != nil {
		return r.Alias.Aliasname
	}
	return r.GetRelname()
}

func (w *walker) constantLimit(s *pg_query.SelectStmt) int64 {
	if s.LimitOption == pg_query.LimitOption_LIMIT_OPTION_WITH_TIES {
		return -1
	}
	if v := w.constants.value(s.LimitCount.GetAConst()); v.kind == integerConstant {
		return v.integer
	}
	return -1
}
