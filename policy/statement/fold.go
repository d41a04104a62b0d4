package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// folded gives the text that an expression of constants always is: strings, ||,
// casts to text, and PostgreSQL's functions that build statements of constants.
func (c *constants) folded(n *pg_query.Node) (string, bool) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		got := c.value(v.AConst)
		return got.text, got.kind == stringConstant || got.kind == integerConstant
	case *pg_query.Node_TypeCast:
		if !textual(v.TypeCast.TypeName) {
			return "", false
		}
		return c.folded(v.TypeCast.Arg)
	case *pg_query.Node_CollateClause:
		return c.folded(v.CollateClause.Arg)
	case *pg_query.Node_AExpr:
		if v.AExpr.Kind != pg_query.A_Expr_Kind_AEXPR_OP || operatorName(v.AExpr) != "||" {
			return "", false
		}
		left, ok := c.folded(v.AExpr.Lexpr)
		if !ok {
			return "", false
		}
		right, ok := c.folded(v.AExpr.Rexpr)
		return left + right, ok
	case *pg_query.Node_FuncCall:
		return c.foldedCall(v.FuncCall)
	}
	return "", false
}

// textual says whether a cast to a type leaves a text as it is.
func textual(t *pg_query.TypeName) bool {
	if len(t.GetTypmods()) > 0 || len(t.GetArrayBounds()) > 0 || t.GetSetof() {
		return false
	}
	names := t.GetNames()
	if len(names) == 0 || len(names) == 2 && names[0].GetString_().GetSval() != "pg_catalog" || len(names) > 2 {
		return false
	}
	switch names[len(names)-1].GetString_().GetSval() {
	case "text", "varchar":
		return true
	}
	return false
}

// foldedCall folds a call of a function whose name is PostgreSQL's. That it is not
// another one of that name is for the catalog to say, which sees the call too.
func (c *constants) foldedCall(call *pg_query.FuncCall) (string, bool) {
	names := call.GetFuncname()
	if len(names) == 0 || len(names) > 2 || len(names) == 2 && names[0].GetString_().GetSval() != "pg_catalog" ||
		call.FuncVariadic || call.Over != nil || call.AggFilter != nil || len(call.AggOrder) > 0 || call.AggDistinct {
		return "", false
	}
	args := make([]string, len(call.Args))
	for i, n := range call.Args {
		var ok bool
		if args[i], ok = c.folded(n); !ok {
			return "", false
		}
	}
	switch name := names[len(names)-1].GetString_().GetSval(); {
	case name == "concat":
		return strings.Join(args, ""), true
	case name == "quote_ident" && len(args) == 1:
		return quoteIdent(args[0]), true
	case name == "quote_literal" && len(args) == 1:
		return quoteLiteral(args[0]), true
	case name == "format" && len(args) > 0:
		return formatted(args[0], args[1:])
	}
	return "", false
}

// formatted is PostgreSQL's format() (text_format of utils/adt/varlena.c), without
// positions and widths.
func formatted(format string, args []string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) {
			return "", false
		}
		if format[i] == '%' {
			b.WriteByte('%')
			continue
		}
		if len(args) == 0 {
			return "", false
		}
		switch format[i] {
		case 's':
			b.WriteString(args[0])
		case 'I':
			b.WriteString(quoteIdent(args[0]))
		case 'L':
			b.WriteString(quoteLiteral(args[0]))
		default:
			return "", false
		}
		args = args[1:]
	}
	return b.String(), true
}

// quoteIdent quotes always, which means the same.
func quoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func quoteLiteral(s string) string {
	prefix := ""
	if strings.Contains(s, `\`) {
		prefix, s = "E", strings.ReplaceAll(s, `\`, `\\`)
	}
	return prefix + "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
