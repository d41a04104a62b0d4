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
			if a, b := e.Lexpr.GetRowExpr().GetArgs(), e.Rexpr.GetRowExpr().GetArgs(); len(a) > 0 && len(a) == len(b) {
				return s.compareRows(name, a, b)
			}
		case "~", "~*", "!~", "!~*":
			if e.Lexpr != nil {
				return s.matches(n, e.Lexpr, e.Rexpr, name)
			}
			return s.arithmetic(n, e, name)
		case "+", "-", "*", "/", "%", "&", "|", "#", "<<", ">>", "^":
			if end := s.farAway(e, name); end != "" {
				return text(end)
			}
			return s.arithmetic(n, e, name)
		case "||":
			return s.joinedTexts(n, []*pg_query.Node{e.Lexpr, e.Rexpr}, true)
		case "@>", "<@":
			if s.unbounded(e.Lexpr) || s.unbounded(e.Rexpr) {
				return truly(true)
			}
			whole, part := e.Lexpr, e.Rexpr
			if name == "<@" {
				whole, part = part, whole
			}
			if got, ok := s.contains(whole, part); ok {
				return got
			}
		}
	case pg_query.A_Expr_Kind_AEXPR_LIKE:
		return s.like(n, e.Lexpr, e.Rexpr, name)
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
	case pg_query.A_Expr_Kind_AEXPR_SIMILAR:
		if call := e.Rexpr.GetFuncCall(); len(call.GetArgs()) == 1 && name == "~" {
			if p := s.value(call.Args[0], ofText); p.kind == ofText && constantIn(call.Args[0]) != nil && s.takesAll(e.Lexpr, fromSimilar(p.text)) {
				return truly(true)
			}
		}
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN_SYM:
		if len(items) == 2 {
			one := truly(s.compare(">=", e.Lexpr, items[0]).isTrue() && s.compare("<=", e.Lexpr, items[1]).isTrue())
			return truly(one.isTrue() || s.compare(">=", e.Lexpr, items[1]).isTrue() && s.compare("<=", e.Lexpr, items[0]).isTrue())
		}
	case pg_query.A_Expr_Kind_AEXPR_OP_ANY, pg_query.A_Expr_Kind_AEXPR_OP_ALL:
		if array := uncast(e.Rexpr).GetAArrayExpr(); array != nil && len(array.Elements) <= 64 {
			return s.each(e, array.Elements)
		}
		if e.Kind == pg_query.A_Expr_Kind_AEXPR_OP_ALL {
			break
		}
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
	left, right = s.resolve(left), s.resolve(right)
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
	if s.outermost(name, left, right) || s.stepsPast(name, left, right) || s.notTaken(name, left, right) {
		return truly(true)
	}
	if column := s.systemColumn(left, right); column != "" {
		if got, ok := s.compareSystem(column, name, left, right); ok {
			return got
		}
	}
	if kind == ofText && left.GetTypeCast() == nil && (s.truthWord(left) || s.truthWord(right)) && !s.worded[bareOrLast(left)] && !s.worded[bareOrLast(right)] {
		kind = ofTruth
	}
	a, b := s.value(left, kind), s.value(right, kind)
	if a.kind == ofNull || b.kind == ofNull {
		return sample{}
	}
	order, ok := a.order(b)
	if name == "=" || name == "<>" || name == "!=" { // the latest time is one that rows may have
		ok = ok && !(a.kind == ofText && unreached(a.text) != 0) == !(b.kind == ofText && unreached(b.text) != 0)
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
	// Something past the end is one, too: max(x) + 1.
	if e := uncast(right).GetAExpr(); e != nil && e.Lexpr != nil && e.Lexpr.GetSubLink() != nil {
		by := s.number(e.Rexpr)
		if by == nil || by.Sign() < 0 || operatorName(e) != map[string]string{"<": "+", "<=": "+", ">": "-", ">=": "-"}[name] {
			return false
		}
		if right = e.Lexpr; by.Sign() > 0 {
			name = map[string]string{"<": "<=", "<=": "<=", ">": ">=", ">=": ">="}[name]
		}
	}
	column := s.columnOf(left)
	sub := uncast(right).GetSubLink().GetSubselect().GetSelectStmt()
	if sub == nil || column == "" {
		return false
	}
	if len(sub.SortClause) == 1 && len(sub.TargetList) == 1 && s.isNumberOrNil(sub.LimitCount, 1) && s.noOffset(sub.LimitOffset) {
		// ORDER BY x LIMIT 1
		by := sub.SortClause[0].GetSortBy()
		all := &pg_query.SelectStmt{TargetList: sub.TargetList, FromClause: sub.FromClause, WhereClause: sub.WhereClause, WithClause: sub.WithClause}
		v := s.cover(&pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: all}})
		if v == nil || len(v.order) != 1 || v.order[0] != column || bareOrLast(by.GetNode()) != bareOrLast(sub.TargetList[0].GetResTarget().GetVal()) {
			return false
		}
		descending := by.SortbyDir == pg_query.SortByDir_SORTBY_DESC
		return descending && name == "<=" || !descending && name == ">="
	}
	return name == "<=" && s.aggregated(sub, "max") == column || name == ">=" && s.aggregated(sub, "min") == column
}

// unbounded says whether an expression is a range without bounds.
func (s *sampler) unbounded(n *pg_query.Node) bool {
	if v := constantIn(n); v != nil {
		if got := s.constants.value(v); got.kind == stringConstant {
			inner := strings.TrimRight(strings.TrimLeft(got.text, "(["), ")]")
			low, high, ok := strings.Cut(inner, ",")
			return ok && len(inner) < len(got.text) && (low == "" || unreached(low) < 0) && (high == "" || unreached(high) > 0)
		}
	}
	call := n.GetFuncCall()
	if call == nil || len(call.Args) < 2 || !strings.HasSuffix(call.Funcname[len(call.Funcname)-1].GetString_().GetSval(), "range") {
		return false
	}
	ends := func(n *pg_query.Node, way int) bool {
		if s.constants.isNull(uncast(n).GetAConst()) {
			return true
		}
		if r := s.number(n); r != nil {
			value, _ := r.Float64()
			return beyond(value) && (value > 0) == (way > 0)
		}
		v := constantIn(n)
		return v != nil && unreached(s.constants.value(v).text) == way
	}
	return ends(call.Args[0], -1) && ends(call.Args[1], 1)
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
	case "^":
		return number(math.Pow(x, y))
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
func (s *sampler) like(n, left, right *pg_query.Node, name string) sample {
	x, p := s.value(left, ofText), s.value(right, ofText)
	if x.kind == ofNull || p.kind == ofNull {
		return sample{}
	}
	if x.kind != ofText || p.kind != ofText || strings.ContainsAny(p.text, "_\\\x02") {
		if constantIn(right) != nil && p.kind == ofText && (name == "~~" || name == "~~*") && s.takesAll(left, fromLike(p.text)) {
			return truly(true)
		}
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
