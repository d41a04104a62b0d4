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
		return !inside || fields[0].GetString_().GetSval() == refname(c.target)
	}
	return fields[len(fields)-2].GetString_().GetSval() == refname(c.target)
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

// key writes an expression so that two that mean the same column or the same
// operation are written alike: places in the text are left out, and so is the
// target's name before its column.
func (c *judgement) key(n *pg_query.Node) string {
	var b strings.Builder
	c.write(&b, n.ProtoReflect())
	return b.String()
}

func (c *judgement) write(b *strings.Builder, m protoreflect.Message) {
	if r, ok := m.Interface().(*pg_query.ColumnRef); ok {
		fields := r.Fields
		if len(fields) > 1 && c.isOfRow(r, true) {
			fields = fields[len(fields)-1:]
		}
		for _, f := range fields {
			b.WriteString("\x00.")
			b.WriteString(f.GetString_().GetSval())
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
				c.write(b, value.List().Get(j).Message())
			}
		case field.Kind() == protoreflect.MessageKind:
			c.write(b, value.Message())
		default:
			b.WriteString(strconv.Quote(value.String()))
		}
	}
	b.WriteByte('}')
}
