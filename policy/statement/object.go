package statement

import (
	"fmt"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// mention lists an object, once.
func (w *walker) mention(o Object) *Object {
	if o.Kind == "" {
		w.fail(&UnsupportedError{"an object of an unknown kind"})
		return &Object{}
	}
	if at := slices.Index(w.st.Objects, o); at >= 0 {
		return &w.st.Objects[at]
	}
	if o.Command == CommandAlter && o.Kind == KindFunction {
		w.setsAnything(o.Schema, o.Name)
	}
	w.st.Objects = append(w.st.Objects, o)
	return &w.st.Objects[len(w.st.Objects)-1]
}

// created lists a relation that is made.
func (w *walker) created(kind Kind, r *pg_query.RangeVar) *Object {
	return w.mention(Object{Command: CommandCreate, Kind: kind, Schema: r.GetSchemaname(), Name: r.GetRelname(), Temporary: temporary(r)})
}

// temporary says whether what is made under a name is for the session alone
// (RangeVarAdjustRelationPersistence of catalog/namespace.c).
func temporary(r *pg_query.RangeVar) bool {
	return r.GetRelpersistence() == "t" || r.GetSchemaname() == "pg_temp"
}

// inRelation lists something that belongs to a relation, or the relation itself
// where it is of another kind than that.
func (w *walker) inRelation(c Command, kind Kind, r *pg_query.RangeVar, name string) *Object {
	o := Object{Command: c, Kind: kind, Schema: r.GetSchemaname(), Name: name}
	switch kind {
	case KindColumn, KindConstraint, KindTrigger, KindRule, KindPolicy:
		o.Relation = r.GetRelname()
	case KindIndex:
		if c == CommandCreate {
			o.Relation = r.GetRelname()
			break
		}
		o.Name = r.GetRelname()
	default:
		o.Name = r.GetRelname()
	}
	return w.mention(o)
}

// about lists the object that a node names in one of the grammar's forms.
func (w *walker) about(c Command, kind Kind, n *pg_query.Node) *Object {
	o := Object{Command: c, Kind: kind}
	switch v := n.GetNode().(type) {
	case *pg_query.Node_RangeVar:
		o.Schema, o.Name = v.RangeVar.Schemaname, v.RangeVar.Relname
	case *pg_query.Node_String_:
		o.Name = v.String_.Sval
	case *pg_query.Node_RoleSpec:
		o.Name = v.RoleSpec.Rolename
	case *pg_query.Node_ObjectWithArgs:
		o.Schema, o.Name = qualified(w.strings(v.ObjectWithArgs.Objname))
	case *pg_query.Node_TypeName:
		o.Schema, o.Name = qualified(w.strings(v.TypeName.Names))
	case *pg_query.Node_Integer, *pg_query.Node_Float:
		o.Name, _ = w.constants.written(n)
	case *pg_query.Node_List:
		w.listed(&o, v.List.Items)
	default:
		w.fail(&UnsupportedError{fmt.Sprintf("%s as the name of an object", nodeName(n))})
	}
	return w.mention(o)
}

// listed reads a name that is a list: parts of a qualified name, or a type and
// something that belongs to it.
func (w *walker) listed(o *Object, items []*pg_query.Node) {
	if len(items) > 0 && items[0].GetTypeName() != nil {
		schema, name := qualified(w.strings(items[0].GetTypeName().Names))
		if o.Kind == KindConstraint {
			o.Schema, o.Relation, o.Name = schema, name, items[len(items)-1].GetString_().GetSval()
		}
		return // a cast or a transform, which has no name
	}
	names := w.strings(items)
	switch o.Kind {
	case KindColumn, KindConstraint, KindTrigger, KindRule, KindPolicy:
		if len(names) > 1 {
			o.Schema, o.Relation = qualified(names[:len(names)-1])
		}
		o.Name = last(names)
	case KindOperatorClass, KindOperatorFamily:
		if o.Command != CommandCreate && len(names) > 1 {
			names = names[1:] // the access method stands first
		}
		o.Schema, o.Name = qualified(names)
	default:
		o.Schema, o.Name = qualified(names)
	}
}

// qualified takes a name's schema and the name itself out of its parts; a database
// in front is left out.
func qualified(names []string) (schema, name string) {
	if n := len(names); n > 1 {
		return names[n-2], names[n-1]
	}
	return "", last(names)
}

func last(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

func listOf(items []*pg_query.Node) *pg_query.Node_List {
	return &pg_query.Node_List{List: &pg_query.List{Items: items}}
}

func objectWithArgs(o *pg_query.ObjectWithArgs) *pg_query.Node {
	if o == nil {
		return nil
	}
	return &pg_query.Node{Node: &pg_query.Node_ObjectWithArgs{ObjectWithArgs: o}}
}

// operators lists those that an expression uses, as transformAExprOp and its like
// name them (parser/parse_expr.c).
func (w *walker) operators(e *pg_query.A_Expr) {
	switch e.Kind {
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN, pg_query.A_Expr_Kind_AEXPR_BETWEEN_SYM:
		w.operatorNamed(Operator{Name: ">="})
		w.operatorNamed(Operator{Name: "<="})
	case pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		w.operatorNamed(Operator{Name: "<"})
		w.operatorNamed(Operator{Name: ">"})
	default:
		w.operator(e.Name, e.Lexpr == nil)
	}
}

// operator lists an operator by its name's parts.
func (w *walker) operator(name []*pg_query.Node, prefix bool) {
	schema, symbol := qualified(w.strings(name))
	w.operatorNamed(Operator{Schema: schema, Name: symbol, Prefix: prefix})
}

func (w *walker) operatorNamed(o Operator) {
	if o.Name != "" && !slices.Contains(w.st.Operators, o) {
		w.st.Operators = append(w.st.Operators, o)
	}
}

// typeName lists a type.
func (w *walker) typeName(t *pg_query.TypeName) {
	if t == nil {
		return
	}
	schema, name := qualified(w.strings(t.Names))
	if found := (Type{Schema: schema, Name: name, Column: t.PctType}); name != "" && !slices.Contains(w.st.Types, found) {
		w.st.Types = append(w.st.Types, found)
	}
}
