package statement

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// strangers gives the names of what stands in a FROM and is no twin, nil for nothing.
func (c *judgement) strangers(from []*pg_query.Node) []string {
	var names []string
	for _, n := range from {
		if j := n.GetJoinExpr(); j != nil {
			names = append(names, c.strangers([]*pg_query.Node{j.Larg, j.Rarg})...)
			continue
		}
		name := refname(n.GetRangeVar())
		if n.GetRangeVar() == nil {
			name = n.GetRangeSubselect().GetAlias().GetAliasname() + n.GetRangeFunction().GetAlias().GetAliasname()
		}
		if c.twinNamed(name) == nil {
			names = append(names, name)
		}
	}
	return names
}

// mentions says whether a condition may name a column of one of some relations.
func (c *judgement) mentions(n *pg_query.Node, relations []string) bool {
	found := false
	eachColumn(n.ProtoReflect(), func(r *pg_query.ColumnRef) {
		at := len(r.Fields)
		switch {
		case at > 1:
			found = found || slices.Contains(relations, r.Fields[at-2].GetString_().GetSval())
		case at == 1:
			_, variable := c.variables[r.Fields[0].GetString_().GetSval()]
			found = found || !variable
		}
	})
	return found
}

// eachColumn visits the references to columns in an expression.
func eachColumn(m protoreflect.Message, visit func(*pg_query.ColumnRef)) {
	if r, ok := m.Interface().(*pg_query.ColumnRef); ok {
		visit(r)
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.MessageKind:
		case field.IsList():
			for i := range value.List().Len() {
				eachColumn(value.List().Get(i).Message(), visit)
			}
		default:
			eachColumn(value.Message(), visit)
		}
		return true
	})
}

// linked says whether a join ties what is no twin to the row, so that it chooses: FROM t b
// JOIN other o ON o.t_id = b.id WHERE t.id = b.id.
func (c *judgement) linked(from, quals []*pg_query.Node, where *pg_query.Node) bool {
	own := *c
	own.identical = true
	for _, q := range quals {
		if !own.lets(q) {
			return true
		}
	}
	strangers := own.strangers(from)
	return strangers != nil && own.mentions(where, strangers) && slices.ContainsFunc(from, own.ties)
}

// ties says whether a join's condition depends on the row.
func (c *judgement) ties(n *pg_query.Node) bool {
	j := n.GetJoinExpr()
	if j == nil {
		return false
	}
	return j.IsNatural || len(j.UsingClause) > 0 || j.Quals != nil && c.judge(j.Quals) == dependsOnRow || c.ties(j.Larg) || c.ties(j.Rarg)
}

// letsGroups says whether a HAVING leaves no group out: it asks for one row or more.
func (c *judgement) letsGroups(having *pg_query.Node) bool {
	if b := having.GetBoolExpr(); b != nil && b.Boolop == pg_query.BoolExprType_AND_EXPR {
		return !slices.ContainsFunc(b.Args, func(n *pg_query.Node) bool { return !c.letsGroups(n) })
	}
	if e := having.GetAExpr(); e != nil && bareFunction(e.Lexpr.GetFuncCall()) == "count" {
		n := c.number(e.Rexpr)
		if n == nil {
			return false
		}
		least, _ := n.Float64()
		switch operatorName(e) {
		case ">", "<>", "!=":
			return least < 1
		case ">=":
			return least <= 1
		case "<", "<=":
			return least >= endless
		}
		return false
	}
	return c.judge(having) == alwaysTrue
}
