package statement

import (
	"math"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// operation evaluates an operator.
func (s *sampler) operation(n *pg_query.Node, e *pg_query.A_Expr, kind sampleKind) sample {
	name := operatorName(e)
	items := e.Rexpr.GetList().GetItems()
	switch e.Kind {
	case pg_query.A_Expr_Kind_AEXPR_OP:
		switch name {
		case "=", "<>", "!=", "<", ">", "<=", ">=":
			if e.Lexpr != nil && e.Rexpr.GetRowExpr() == nil {
				return s.compare(name, e.Lexpr, e.Rexpr)
			}
		case "+", "-", "*", "/", "%", "&", "|", "#", "<<", ">>", "~":
			return s.arithmetic(n, e, name)
		case "||":
			return s.joinedTexts(n, []*pg_query.Node{e.Lexpr, e.Rexpr}, true)
		case "@>", "<@":
			if s.unbounded(e.Lexpr) || s.unbounded(e.Rexpr) {
				return truly(true)
			}
		}
	case pg_query.A_Expr_Kind_AEXPR_LIKE:
		return s.like(n, e, name)
	case pg_query.A_Expr_Kind_AEXPR_IN:
		found := truly(false)
		for _, item := range items {
			got := s.compare("=", e.Lexpr, item)
			if got.isTrue() {
				found = got
				break
			}
			if got.kind == ofNull {
				found = got
			}
		}
		if name == "<>" && found.kind == ofTruth {
			return truly(!found.truth)
		}
		return found
	case pg_query.A_Expr_Kind_AEXPR_OP_ANY:
		if v := constantIn(e.Rexpr); v != nil && name == "=" {
			return s.among(n, e.Lexpr, s.constants.value(v))
		}
	case pg_query.A_Expr_Kind_AEXPR_NULLIF:
		if s.compare("=", e.Lexpr, e.Rexpr).isTrue() {
			return sample{}
		}
		return s.value(e.Lexpr, s.kindAmong([]*pg_query.Node{e.Rexpr, e.Lexpr}, kind))
	case pg_query.A_Expr_Kind_AEXPR_DISTINCT, pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return truly(s.distinct(e) == (e.Kind == pg_query.A_Expr_Kind_AEXPR_DISTINCT))
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		if len(items) == 2 {
			low, high := s.compare(">=", e.Lexpr, items[0]), s.compare("<=", e.Lexpr, items[1])
			if low.kind == ofNull || high.kind == ofNull {
				return sample{}
			}
			return truly((low.isTrue() && high.isTrue()) == (e.Kind == pg_query.A_Expr_Kind_AEXPR_BETWEEN))
		}
	}
	return s.unknown(n, kind)
}

func (s *sampler) distinct(e *pg_query.A_Expr) bool {
	switch {
	case s.constants.isNull(uncast(e.Rexpr).GetAConst()):
		return !s.null(e.Lexpr)
	case s.constants.isNull(uncast(e.Lexpr).GetAConst()):
		return !s.null(e.Rexpr)
	}
	same := s.compare("=", e.Lexpr, e.Rexpr)
	return same.kind != ofNull && !same.isTrue()
}

// compare evaluates a comparison. How two values compare of which one is not known
// varies from row to row; a comparison that has nothing of the row is taken to hold.
func (s *sampler) compare(name string, left, right *pg_query.Node) sample {
	kind := s.kindAmong([]*pg_query.Node{right, left}, ofNumber)
	if left.GetAConst() != nil && s.kindIn(left) == ofText { // a bare string takes the other's type
		kind = s.kindAmong([]*pg_query.Node{right}, ofText)
	}
	if right.GetAConst() != nil && s.kindIn(right) == ofText {
		kind = s.kindAmong([]*pg_query.Node{left}, ofText)
	}
	if kind == ofAnything {
		kind = ofNumber
	}
	if s.outermost(name, left, right) {
		return truly(true)
	}
	if kind == ofText && (s.truthWord(left) || s.truthWord(right)) && !s.worded[bareOrLast(left)] && !s.worded[bareOrLast(right)] {
		kind = ofTruth
	}
	a, b := s.value(left, kind), s.value(right, kind)
	if a.kind == ofNull || b.kind == ofNull {
		return sample{}
	}
	order, ok := a.order(b)
	if name == "=" || name == "<>" || name == "!=" { // the latest time is one that rows may have
		ok = ok && (a.kind != ofText || infinite(a.text) == infinite(b.text))
	}
	if !ok {
		if s.ofRow(left) == "" && s.ofRow(right) == "" {
			return sample{kind: ofAnything}
		}
		x, y := s.side(left), s.side(right)
		got := s.choose(min(x, y)+"\x00"+max(x, y), ofOrder)
		if order = int(got.number); x > y {
			order = -order
		}
	}
	return truly(meets(name, order))
}

// side writes one side of a comparison.
func (s *sampler) side(n *pg_query.Node) string {
	if key := s.ofRow(n); key != "" {
		return key
	}
	if s.steps > s.most {
		return ""
	}
	key := "\x01" + s.key(n)
	s.steps += len(key) / 64
	return key
}

// truthWord says whether a constant is one of the texts in which PostgreSQL writes a
// truth value.
func (s *sampler) truthWord(n *pg_query.Node) bool { return s.isText(n, "t", "f", "true", "false") }

// meets says whether two values that compare so meet an operator.
func meets(name string, order int) bool {
	switch name {
	case "=":
		return order == 0
	case "<":
		return order < 0
	case ">":
		return order > 0
	case "<=":
		return order <= 0
	case ">=":
		return order >= 0
	}
	return order != 0
}

// outermost says whether a column is compared with its own greatest or least value in
// the whole table: x <= (SELECT max(x) FROM the target).
func (s *sampler) outermost(name string, left, right *pg_query.Node) bool {
	if left.GetSubLink() != nil {
		left, right = right, left
		name = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[name]
	}
	sub := right.GetSubLink().GetSubselect().GetSelectStmt()
	column := bareOrLast(left)
	if sub == nil || column == "" || len(sub.TargetList) != 1 || len(sub.GroupClause) > 0 {
		return false
	}
	call := sub.TargetList[0].GetResTarget().GetVal().GetFuncCall()
	if len(call.GetArgs()) != 1 || call.AggFilter != nil || bareOrLast(call.Args[0]) != column || !s.givesAll(right.GetSubLink().Subselect) {
		return false
	}
	function := call.Funcname[len(call.Funcname)-1].GetString_().GetSval()
	return function == "max" && name == "<=" || function == "min" && name == ">="
}

// unbounded says whether an expression is a range without bounds.
func (s *sampler) unbounded(n *pg_query.Node) bool {
	if s.isText(n, "(,)", "[,]", "(,]", "[,)") {
		return true
	}
	call := n.GetFuncCall()
	if call == nil || len(call.Args) < 2 || !strings.HasSuffix(call.Funcname[len(call.Funcname)-1].GetString_().GetSval(), "range") {
		return false
	}
	null := func(n *pg_query.Node) bool { return s.constants.isNull(uncast(n).GetAConst()) }
	return null(call.Args[0]) && null(call.Args[1])
}

// among evaluates x = ANY ('{...}').
func (s *sampler) among(n, x *pg_query.Node, list constant) sample {
	inner, ok := strings.CutPrefix(list.text, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if list.kind != stringConstant || !ok || !closed || strings.ContainsAny(inner, `{}"\`) {
		return s.unknown(n, ofTruth)
	}
	items := strings.Split(inner, ",")
	s.steps += len(items) + len(inner)/64
	kind := ofNumber
	for _, item := range items {
		if _, isNumber := parsed(item); !isNumber {
			kind = ofText
		}
	}
	words := []string{"t", "f", "true", "false"}
	if !slices.ContainsFunc(items, func(item string) bool { return !slices.Contains(words, strings.TrimSpace(item)) }) {
		kind = ofTruth
	}
	got := s.value(x, kind)
	return truly(slices.ContainsFunc(items, func(item string) bool {
		item = strings.TrimSpace(item)
		if kind == ofTruth {
			return got.kind == ofTruth && got.truth == strings.HasPrefix(item, "t")
		}
		order, ok := got.order(text(item))
		return ok && order == 0
	}))
}

func (s *sampler) arithmetic(n *pg_query.Node, e *pg_query.A_Expr, name string) sample {
	right := s.value(e.Rexpr, ofNumber)
	left := number(0)
	if e.Lexpr != nil {
		left = s.value(e.Lexpr, ofNumber)
	}
	if left.kind == ofNull || right.kind == ofNull {
		return sample{}
	}
	x, ok := left.asNumber()
	y, also := right.asNumber()
	if !ok || !also {
		return s.unknown(n, ofNumber)
	}
	switch name {
	case "+":
		return number(x + y)
	case "-":
		return number(x - y)
	case "*":
		return number(x * y)
	case "/", "%":
		switch {
		case y == 0:
			return sample{}
		case name == "%":
			return number(math.Mod(x, y))
		}
		return number(math.Trunc(x / y))
	case "~":
		return number(float64(^int64(y)))
	case "&":
		return number(float64(int64(x) & int64(y)))
	case "|":
		return number(float64(int64(x) | int64(y)))
	case "#":
		return number(float64(int64(x) ^ int64(y)))
	}
	if y < 0 || y > 31 {
		return s.unknown(n, ofNumber)
	}
	if name == "<<" {
		return number(float64(int64(x) << int64(y)))
	}
	return number(float64(int64(x) >> int64(y)))
}

// joinedTexts is || and concat, for which NULL is an empty text.
func (s *sampler) joinedTexts(n *pg_query.Node, parts []*pg_query.Node, strict bool) sample {
	var b strings.Builder
	for _, part := range parts {
		got := s.converted(part, ofText)
		if got.kind == ofNull {
			if strict {
				return got
			}
			continue
		}
		t, ok := got.asText()
		if !ok {
			return s.unknown(n, ofText)
		}
		if b.Len()+len(t) > longestText {
			return s.unknown(n, ofText)
		}
		b.WriteString(t)
	}
	return text(b.String())
}

// like evaluates LIKE with a pattern of letters and %.
func (s *sampler) like(n *pg_query.Node, e *pg_query.A_Expr, name string) sample {
	x, p := s.value(e.Lexpr, ofText), s.value(e.Rexpr, ofText)
	if x.kind == ofNull || p.kind == ofNull {
		return sample{}
	}
	if x.kind != ofText || p.kind != ofText || strings.ContainsAny(p.text, "_\\\x02") {
		return s.unknown(n, ofTruth)
	}
	return truly(likeness(x.text, p.text) == (name == "~~"))
}

func likeness(t, pattern string) bool {
	parts := strings.Split(pattern, "%")
	if len(parts) == 1 {
		return t == pattern
	}
	rest, ok := strings.CutPrefix(t, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
