package statement

import (
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// mentionsRow says whether an expression names a column of the target. inside says
// that it stands in a subquery with a FROM of its own: there an unqualified name
// is taken for one of that FROM's columns.
func (c *judgement) mentionsRow(m proto.Message, inside bool) bool {
	switch v := m.(type) {
	case *pg_query.ColumnRef:
		return c.isOfRow(v, inside)
	case *pg_query.SelectStmt:
		if len(v.FromClause) > 0 {
			inside = true
			if c.shadows(v.FromClause) {
				return false
			}
			if c.correlated != nil && c.correlates(v) {
				return true
			}
		}
	case *pg_query.SubLink:
		if v.SubLinkType == pg_query.SubLinkType_EXISTS_SUBLINK {
			// What it selects does not matter.
			if s := v.Subselect.GetSelectStmt(); s != nil && s.Larg == nil {
				return c.mentionsRow(&pg_query.SelectStmt{WithClause: s.WithClause, FromClause: s.FromClause, WhereClause: s.WhereClause,
					HavingClause: s.HavingClause, LimitCount: s.LimitCount, LimitOffset: s.LimitOffset, ValuesLists: s.ValuesLists}, inside)
			}
		}
	}
	found := false
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.MessageKind:
		case field.IsList():
			for i := 0; i < value.List().Len() && !found; i++ {
				found = c.mentionsRow(value.List().Get(i).Message().Interface(), inside)
			}
		default:
			found = c.mentionsRow(value.Message().Interface(), inside)
		}
		return !found
	})
	return found
}

func (c *judgement) isOfRow(r *pg_query.ColumnRef, inside bool) bool {
	fields := r.Fields
	switch len(fields) {
	case 0:
		return false
	case 1:
		if fields[0].GetString_().GetSval() == "tableoid" {
			return false
		}
		if _, variable := c.variables[fields[0].GetString_().GetSval()]; variable {
			return false // in a body that has both, PostgreSQL refuses the name
		}
		if c.identical && c.ofTwin(fields[0].GetString_().GetSval()) {
			return true
		}
		if _, other := c.others[fields[0].GetString_().GetSval()]; other && !inside {
			return false // if the target had it too, PostgreSQL would refuse the name
		}
		return !inside || fields[0].GetString_().GetSval() == refname(c.target)
	}
	if fields[len(fields)-1].GetString_().GetSval() == "tableoid" {
		return false // is the same for every row of a table
	}
	qualifier := fields[len(fields)-2].GetString_().GetSval()
	return qualifier == refname(c.target) || (c.joined || c.identical) && c.twinNamed(qualifier) != nil
}

// ofTwin says whether an unqualified name is that of a twin, or of a column that one
// has by this name.
func (c *judgement) ofTwin(name string) bool {
	return slices.ContainsFunc(c.twins, func(t twin) bool {
		was, named := t.columns[name]
		return t.name == name || named && was != ""
	})
}

// otherNames gives the columns of what stands beside a target, as far as the text names
// them: of functions, VALUES and subqueries.
func otherNames(from []*pg_query.Node) map[string]struct{} {
	var names map[string]struct{}
	add := func(name string) {
		if names == nil {
			names = map[string]struct{}{}
		}
		if name != "" {
			names[name] = struct{}{}
		}
	}
	alias := func(a *pg_query.Alias) {
		for _, n := range a.GetColnames() {
			add(n.GetString_().GetSval())
		}
	}
	for _, n := range from {
		switch v := n.GetNode().(type) {
		case *pg_query.Node_RangeFunction:
			alias(v.RangeFunction.Alias)
			if len(v.RangeFunction.Alias.GetColnames()) == 0 {
				add(v.RangeFunction.Alias.GetAliasname())
			}
		case *pg_query.Node_RangeVar:
			alias(v.RangeVar.Alias)
		case *pg_query.Node_RangeSubselect:
			alias(v.RangeSubselect.Alias)
			if len(v.RangeSubselect.Alias.GetColnames()) == 0 {
				for _, t := range v.RangeSubselect.Subquery.GetSelectStmt().GetTargetList() {
					if add(t.GetResTarget().GetName()); t.GetResTarget().GetName() == "" && !isStar(t.GetResTarget().GetVal()) {
						add(bareOrLast(t.GetResTarget().GetVal()))
					}
				}
			}
		case *pg_query.Node_JoinExpr:
			for name := range otherNames([]*pg_query.Node{v.JoinExpr.Larg, v.JoinExpr.Rarg}) {
				add(name)
			}
		}
	}
	return names
}

// isOwn says whether a reference is to the target by its name.
func (c *judgement) isOwn(r *pg_query.ColumnRef) bool {
	n := len(r.Fields)
	return n > 1 && r.Fields[n-2].GetString_().GetSval() == refname(c.target)
}

// shadows says that a FROM has a relation by the target's own name, so that the
// name means that one.
func (c *judgement) shadows(from []*pg_query.Node) bool {
	return slices.ContainsFunc(from, func(n *pg_query.Node) bool {
		switch v := n.GetNode().(type) {
		case *pg_query.Node_RangeVar:
			return refname(v.RangeVar) == refname(c.target)
		case *pg_query.Node_RangeSubselect:
			return v.RangeSubselect.Alias.GetAliasname() == refname(c.target)
		case *pg_query.Node_JoinExpr:
			return c.shadows([]*pg_query.Node{v.JoinExpr.Larg, v.JoinExpr.Rarg})
		}
		return false
	})
}

// alike says whether two expressions mean the same. Constants are looked at only
// where all else is the same.
func (c *judgement) alike(a, b *pg_query.Node) bool {
	if a == nil || b == nil {
		return false
	}
	a, b = uncast(a), uncast(b)
	if c.identical && a.GetColumnRef() != nil && b.GetColumnRef() != nil {
		one, other := c.columnOf(a), c.columnOf(b)
		if one == anyColumn && other != "" || other == anyColumn && one != "" {
			return true
		}
	}
	if nodeName(a) != nodeName(b) {
		return c.sameButNothing(a, b) || c.sameButNothing(b, a)
	}
	return c.shape(a) == c.shape(b) && c.key(a) == c.key(b)
}

// uncast gives what a cast or a subquery that is nothing but it is made of.
func uncast(n *pg_query.Node) *pg_query.Node {
	for {
		inner := unwrapped(n)
		if cast := inner.GetTypeCast(); cast.GetArg() != nil {
			inner = cast.Arg
		}
		if inner == n {
			return n
		}
		n = inner
	}
}

// key writes an expression so that two that mean the same column or the same
// operation are written alike: places in the text are left out, and so is the
// target's name before its column.
func (c *judgement) key(n *pg_query.Node) string { return c.text(n, true) }

// shape is key without the values of constants.
func (c *judgement) shape(n *pg_query.Node) string { return c.text(n, false) }

func (c *judgement) text(n *pg_query.Node, values bool) string {
	var b strings.Builder
	c.write(&b, n.ProtoReflect(), values)
	return b.String()
}

func (c *judgement) write(b *strings.Builder, m protoreflect.Message, values bool) {
	switch v := m.Interface().(type) {
	case *pg_query.ColumnRef:
		fields := v.Fields
		switch {
		case c.identical && (c.isTwin(v) || len(fields) == 1 && c.ofTwin(fields[0].GetString_().GetSval())):
			b.WriteString("\x00.")
			b.WriteString(c.original(v))
			return
		case c.isOwn(v):
			fields = fields[len(fields)-1:]
		case c.identical && len(fields) == 1 && fields[0].GetString_().GetSval() == refname(c.target):
			b.WriteString("\x00." + wholeRow)
			return
		}
		for _, f := range fields {
			b.WriteString("\x00.")
			b.WriteString(f.GetString_().GetSval())
		}
		return
	case *pg_query.TypeCast: // that values stay the same through it is assumed
		if v.Arg != nil {
			c.write(b, v.Arg.ProtoReflect(), values)
			return
		}
	case *pg_query.Node:
		if n := unwrapped(v); n != v {
			c.write(b, n.ProtoReflect(), values)
			return
		}
	case *pg_query.A_Const:
		b.WriteString("\x00c")
		if values {
			value := c.constants.value(v)
			b.WriteString(strconv.Itoa(int(value.kind)))
			b.WriteString(strconv.Quote(value.text))
		}
		return
	}
	b.WriteString(strconv.Itoa(m.Descriptor().Index()))
	b.WriteByte('{')
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.Name() == "location" || !m.Has(field) {
			continue
		}
		b.WriteString(strconv.Itoa(i))
		b.WriteByte(':')
		value := m.Get(field)
		switch {
		case field.IsList() && field.Kind() == protoreflect.MessageKind:
			for j := range value.List().Len() {
				c.write(b, value.List().Get(j).Message(), values)
			}
		case field.Kind() == protoreflect.MessageKind:
			c.write(b, value.Message(), values)
		default:
			b.WriteString(strconv.Quote(value.String()))
		}
	}
	b.WriteByte('}')
}
