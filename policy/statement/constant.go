package statement

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// constants holds the values of a tree's constants while it is walked. They are
// taken out of the tree first, so that a value can be had in no other way than
// through value, which notes whose it was: facts depend on no literal that is not
// noted. A nil one is that of a tree which still has its values.
type constants struct {
	text     string
	literals []literal
	held     map[*pg_query.A_Const]holding
	found    []bool // literals that are constants of the tree and nothing else
	read     []bool // literals whose value was asked for
}

// holding is the value that a constant had in the tree, which is one of those of
// A_Const.Val, and the literal that it came from.
type holding struct {
	value   any
	ordinal int
}

// holdConstants takes the constants of a text's statements out of its tree, as
// far as each is one literal of the text.
func holdConstants(text string, tree *pg_query.ParseResult) *constants {
	var t Template
	if t.read(text, unlimited()) != nil || len(t.literals) == 0 {
		return nil
	}
	c := &constants{
		text:     text,
		literals: t.literals,
		held:     make(map[*pg_query.A_Const]holding, len(t.literals)),
		found:    make([]bool, len(t.literals)),
		read:     make([]bool, len(t.literals)),
	}
	for _, raw := range tree.Stmts {
		if sharesTemplate(raw.Stmt) {
			c.follow(reflect.ValueOf(raw.Stmt))
		}
	}
	return c
}

// sharesTemplate tells the statements whose literals may differ: those that an
// application sends again and again. In them the grammar makes a literal one
// constant, or something that is none and so keeps its value.
func sharesTemplate(n *pg_query.Node) bool {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_SelectStmt, *pg_query.Node_InsertStmt, *pg_query.Node_UpdateStmt, *pg_query.Node_DeleteStmt,
		*pg_query.Node_MergeStmt, *pg_query.Node_ExecuteStmt, *pg_query.Node_CallStmt:
		return true
	case *pg_query.Node_ExplainStmt:
		return sharesTemplate(v.ExplainStmt.Query)
	case *pg_query.Node_DeclareCursorStmt:
		return sharesTemplate(v.DeclareCursorStmt.Query)
	case *pg_query.Node_PrepareStmt:
		return sharesTemplate(v.PrepareStmt.Query)
	}
	return false
}

// collect takes the constants below a message of the tree. It goes through the generated
// structs themselves, whose other fields are nodes, lists of nodes and plain values: to
// ask protobuf for each field takes longer than to parse the text.
func (c *constants) collect(message reflect.Value) {
	if v, ok := message.Addr().Interface().(*pg_query.A_Const); ok {
		c.take(v)
		return
	}
	for i := range message.NumField() {
		switch field := message.Field(i); field.Kind() {
		case reflect.Interface: // what a node is of several
			if !field.IsNil() {
				c.follow(field.Elem())
			}
		case reflect.Pointer:
			c.follow(field)
		case reflect.Slice:
			if field.Type().Elem().Kind() != reflect.Pointer {
				continue
			}
			for k := range field.Len() {
				c.follow(field.Index(k))
			}
		default: // a value, or protobuf's own
		}
	}
}

func (c *constants) follow(pointer reflect.Value) {
	if !pointer.IsNil() {
		c.collect(pointer.Elem())
	}
}

// take takes a constant's value out of the tree if it is that of a literal. The
// grammar may repeat a constant, as the source of several assignments.
func (c *constants) take(v *pg_query.A_Const) {
	i := c.origin(v)
	if i < 0 {
		return
	}
	c.held[v] = holding{v.Val, i}
	c.found[i] = true
	v.Val = nil
}

// origin gives the number of the literal that a constant came from, -1 for none.
// The place of a negative constant is that of its sign.
func (c *constants) origin(v *pg_query.A_Const) int {
	at := int(v.Location)
	if v.Isnull || at < 0 || at >= len(c.text) {
		return -1
	}
	i, exact := slices.BinarySearchFunc(c.literals, at, func(l literal, at int) int { return l.start - at })
	if i >= len(c.literals) {
		return -1
	}
	l := c.literals[i]
	value := c.text[l.start:l.end]
	sign := strings.Trim(c.text[at:l.start], "-( \t\n\v\f\r")
	if !exact && (c.text[at] != '-' || sign != "") {
		return -1
	}
	same := false
	switch b := v.Val.(type) {
	case *pg_query.A_Const_Ival:
		n, err := strconv.ParseInt(value, 10, 32)
		got := int64(b.Ival.GetIval())
		same = l.class == classInteger && err == nil && (got == n || !exact && got == -n)
	case *pg_query.A_Const_Fval:
		got := b.Fval.GetFval()
		same = l.class == classNumeric && (got == value || !exact && got == "-"+value)
	case *pg_query.A_Const_Sval:
		same = exact && l.class == classString && b.Sval.GetSval() == strings.ReplaceAll(value[1:len(value)-1], "''", "'")
	}
	if !same {
		return -1
	}
	return i
}

// pinned gives the numbers of the literals that the facts depend on, or may
// depend on. shared is false where those are all.
func (c *constants) pinned() (pinned []int, shared bool) {
	if c == nil {
		return nil, false
	}
	for i := range c.literals {
		if c.read[i] || !c.found[i] {
			pinned = append(pinned, i)
		}
	}
	return pinned, len(pinned) < len(c.literals)
}

// constantKind is the type that the grammar gives a constant.
type constantKind int

const (
	noConstant constantKind = iota // a node that is no constant
	nullConstant
	booleanConstant
	integerConstant // fits into 32 bits
	numericConstant
	stringConstant
	bitConstant
)

// constant is the value of a constant.
type constant struct {
	kind    constantKind
	text    string // as PostgreSQL would write it, "" for NULL
	integer int64
	boolean bool
}

// value gives the value of a constant and notes that the facts depend on it. Only
// here may a constant's value be read.
func (c *constants) value(v *pg_query.A_Const) constant {
	if v == nil {
		return constant{}
	}
	if v.Isnull {
		return constant{kind: nullConstant}
	}
	value := any(v.Val)
	if c != nil {
		if h, ok := c.held[v]; ok {
			c.read[h.ordinal] = true
			value = h.value
		}
	}
	switch b := value.(type) {
	case *pg_query.A_Const_Ival:
		n := int64(b.Ival.GetIval())
		return constant{kind: integerConstant, text: strconv.FormatInt(n, 10), integer: n}
	case *pg_query.A_Const_Fval:
		return constant{kind: numericConstant, text: b.Fval.GetFval()}
	case *pg_query.A_Const_Boolval:
		is := b.Boolval.GetBoolval()
		return constant{kind: booleanConstant, text: strconv.FormatBool(is), boolean: is}
	case *pg_query.A_Const_Sval:
		return constant{kind: stringConstant, text: b.Sval.GetSval()}
	case *pg_query.A_Const_Bsval:
		return constant{kind: bitConstant, text: b.Bsval.GetBsval()}
	}
	return constant{}
}

// word gives what TRUE or FALSE says. It asks for no literal's value.
func (c *constants) word(v *pg_query.A_Const) (value, ok bool) {
	if v == nil {
		return false, false
	}
	b, ok := v.Val.(*pg_query.A_Const_Boolval)
	return ok && b.Boolval.GetBoolval(), ok
}

// kind gives the kind of a constant, which facts may depend on: texts with literals of
// other kinds are not taken for alike.
func (c *constants) kind(v *pg_query.A_Const) constantKind {
	if c != nil {
		if h, ok := c.held[v]; ok {
			switch c.literals[h.ordinal].class {
			case classInteger:
				return integerConstant
			case classNumeric:
				return numericConstant
			}
			return stringConstant
		}
	}
	return c.value(v).kind
}

// isNull says whether a constant is NULL.
func (c *constants) isNull(v *pg_query.A_Const) bool { return v != nil && v.Isnull }

// written gives a constant of any type as text.
func (c *constants) written(n *pg_query.Node) (string, bool) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_TypeCast:
		return c.written(v.TypeCast.Arg)
	case *pg_query.Node_String_:
		return v.String_.Sval, true
	case *pg_query.Node_Integer:
		return strconv.Itoa(int(v.Integer.Ival)), true
	case *pg_query.Node_Float:
		return v.Float.Fval, true
	case *pg_query.Node_Boolean:
		return strconv.FormatBool(v.Boolean.Boolval), true
	case *pg_query.Node_AConst:
		got := c.value(v.AConst)
		return got.text, got.kind > nullConstant && got.kind != bitConstant
	}
	return "", false
}

// truth gives what a constant is as a condition: a boolean, or its text.
func (c *constants) truth(v *pg_query.A_Const) truth {
	switch got := c.value(v); got.kind {
	case nullConstant:
		return alwaysFalse
	case booleanConstant:
		if got.boolean {
			return alwaysTrue
		}
		return alwaysFalse
	case stringConstant: // 't'::boolean
		switch word := strings.ToLower(strings.TrimSpace(got.text)); {
		case word == "":
		case strings.HasPrefix("true", word), strings.HasPrefix("yes", word), word == "on", word == "1":
			return alwaysTrue
		case strings.HasPrefix("false", word), strings.HasPrefix("no", word), word == "off", word == "of", word == "0":
			return alwaysFalse
		}
	}
	return unknownConstant
}
