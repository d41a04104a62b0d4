package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// ofItself evaluates a subquery that finds the row itself: (SELECT x FROM the target w
// WHERE w.id = the target's id). ok is false for any other.
func (s *sampler) ofItself(link *pg_query.SubLink, kind sampleKind) (got sample, ok bool) {
	s.inRow(link, func(value *pg_query.Node) {
		got, ok = s.value(value, kind), true
	}, func(count float64) {
		got, ok = number(count), true
	})
	return got, ok
}

// nullOfItself is null of such a subquery.
func (s *sampler) nullOfItself(link *pg_query.SubLink) (null, ok bool) {
	s.inRow(link, func(value *pg_query.Node) {
		null, ok = s.null(value), true
	}, func(float64) {
		null, ok = false, true
	})
	return null, ok
}

// inRow hands the value of a subquery that finds the row itself to one function, or the
// number of rows that it counts to the other.
func (s *sampler) inRow(link *pg_query.SubLink, value func(*pg_query.Node), count func(float64)) {
	sub := link.GetSubselect().GetSelectStmt()
	if link.SubLinkType != pg_query.SubLinkType_EXPR_SUBLINK || sub == nil || sub.Larg != nil || len(sub.TargetList) != 1 ||
		len(sub.GroupClause) > 0 || sub.HavingClause != nil || s.isNumberOrNil(sub.LimitCount, 0) || !s.noOffset(sub.LimitOffset) {
		return
	}
	inner, ok := s.rowsOf(sub)
	if !ok {
		return
	}
	outer := s.judgement
	s.judgement = &inner
	defer func() { s.judgement = outer }()
	target := sub.TargetList[0].GetResTarget().GetVal()
	call := target.GetFuncCall()
	if bareFunction(call) != "bool_or" && !inner.alone(sub) && !inner.equated(sub.WhereClause, "") {
		return
	}
	switch {
	case bareFunction(call) == "count" && isAggregate(call):
		if len(call.Args) == 0 || !s.null(call.Args[0]) {
			count(1)
		} else {
			count(0)
		}
	case !isAggregate(call):
		value(target)
	case len(call.Args) != 1 || call.AggFilter != nil:
	case bareFunction(call) == "bool_or":
		if s.value(call.Args[0], ofTruth).isTrue() {
			value(call.Args[0])
		}
	case len(sub.FromClause) == 0, inner.columnOf(call.Args[0]) != "" && inner.equated(sub.WhereClause, inner.columnOf(call.Args[0])),
		call.Args[0].GetAConst() != nil, bareFunction(call) == "bool_and", bareFunction(call) == "every":
		switch bareFunction(call) {
		case "max", "min", "sum", "avg", "bool_and", "every", "any_value":
			value(call.Args[0])
		}
	}
}

// equated says whether a condition holds a column of a twin equal to the row's own, "" for
// any column.
func (c *judgement) equated(where *pg_query.Node, column string) bool {
	if b := where.GetBoolExpr(); b != nil && b.Boolop == pg_query.BoolExprType_AND_EXPR {
		for _, arm := range b.Args {
			if c.equated(arm, column) {
				return true
			}
		}
		return false
	}
	e := where.GetAExpr()
	if e == nil || operatorName(e) != "=" || e.Kind != pg_query.A_Expr_Kind_AEXPR_OP {
		return false
	}
	one, other := c.columnOf(e.Lexpr), c.columnOf(e.Rexpr)
	if one == "" || one != other || column != "" && one != column {
		return false
	}
	written := func(n *pg_query.Node) string {
		name := ""
		for _, f := range uncast(n).GetColumnRef().GetFields() {
			name += "." + f.GetString_().GetSval()
		}
		return name
	}
	return written(e.Lexpr) != written(e.Rexpr)
}

// compareRows compares rows, field by field.
func (s *sampler) compareRows(name string, a, b []*pg_query.Node) sample {
	if name == "=" || name == "<>" || name == "!=" {
		for i := range a {
			if got := s.compare("=", a[i], b[i]); got.kind == ofNull || got.kind == ofTruth && !got.truth {
				if got.kind == ofTruth {
					got.truth = name != "="
				}
				return got
			}
		}
		return truly(name == "=")
	}
	for i := range a {
		if s.alike(a[i], b[i]) {
			continue
		}
		same := s.compare("=", a[i], b[i])
		if same.kind == ofNull {
			return same
		}
		if !same.isTrue() {
			return s.compare(strings.TrimSuffix(name, "="), a[i], b[i])
		}
	}
	return truly(strings.HasSuffix(name, "="))
}

// each evaluates x op ANY (ARRAY[...]) and x op ALL (ARRAY[...]).
func (s *sampler) each(e *pg_query.A_Expr, items []*pg_query.Node) sample {
	if s.elements == nil {
		s.elements = map[*pg_query.A_Expr][]*pg_query.Node{}
	}
	list, found := s.elements[e]
	if !found {
		kind := pg_query.A_Expr_Kind_AEXPR_OP
		if strings.Contains(operatorName(e), "~~") {
			kind = pg_query.A_Expr_Kind_AEXPR_LIKE
		}
		for _, item := range items {
			one := &pg_query.A_Expr{Kind: kind, Name: e.Name, Lexpr: e.Lexpr, Rexpr: item}
			list = append(list, &pg_query.Node{Node: &pg_query.Node_AExpr{AExpr: one}})
		}
		s.elements[e] = list
	}
	all := e.Kind == pg_query.A_Expr_Kind_AEXPR_OP_ALL
	for _, one := range list {
		if s.value(one, ofTruth).isTrue() != all {
			return truly(!all)
		}
	}
	return truly(all)
}

// contains evaluates range @> x and ARRAY[...] @> ARRAY[...] as far as their parts are
// written out.
func (s *sampler) contains(whole, part *pg_query.Node) (got sample, ok bool) {
	if have, want := uncast(whole).GetAArrayExpr(), uncast(part).GetAArrayExpr(); have != nil && want != nil && len(have.Elements) <= 64 && len(want.Elements) <= 64 {
		for _, w := range want.Elements {
			found := false
			for _, h := range have.Elements {
				found = found || s.compare("=", h, w).isTrue()
			}
			if !found {
				return truly(false), true
			}
		}
		return truly(true), true
	}
	if want := uncast(part).GetAArrayExpr(); want != nil && len(want.Elements) == 1 {
		if s.holdsColumn(whole, want.Elements[0]) {
			return truly(true), true
		}
	}
	call := uncast(whole).GetFuncCall()
	if len(call.GetArgs()) < 2 || !strings.HasSuffix(bareFunction(call), "range") || part.GetFuncCall() != nil || constantIn(part) != nil {
		return sample{}, false
	}
	bounds := "[)"
	if len(call.Args) == 3 {
		v := constantIn(call.Args[2])
		if v == nil {
			return sample{}, false
		}
		bounds = s.constants.value(v).text
	}
	if len(bounds) != 2 {
		return sample{}, false
	}
	end := func(bound *pg_query.Node, inclusive bool, name string) bool {
		if s.constants.isNull(uncast(bound).GetAConst()) || inclusive && s.alike(part, bound) {
			return true
		}
		if inclusive {
			name += "="
		}
		return s.compare(name, part, bound).isTrue()
	}
	return truly(end(call.Args[0], bounds[0] == '[', ">") && end(call.Args[1], bounds[1] == ']', "<")), true
}

// stepsPast says whether something is compared with itself and a step further:
// x + interval '1 day' > x, date_trunc('day', x) <= x.
func (s *sampler) stepsPast(name string, left, right *pg_query.Node) bool {
	past := func(name string, moved, x *pg_query.Node) bool {
		if call := moved.GetFuncCall(); len(call.GetArgs()) == 2 && bareFunction(call) == "date_trunc" {
			return name == "<=" && s.alike(call.Args[1], x)
		}
		e := moved.GetAExpr()
		if e == nil || e.Lexpr == nil || s.ages(e.Rexpr) <= 0 || !s.alike(e.Lexpr, x) {
			return false
		}
		switch operatorName(e) {
		case "+":
			return name == ">" || name == ">=" || name == "<>" || name == "!="
		case "-":
			return name == "<" || name == "<=" || name == "<>" || name == "!="
		}
		return false
	}
	return past(name, left, right) || past(opposite(name), right, left)
}

// farAway gives "infinity" or "-infinity" for a time that is ages from now, "" for any
// other.
func (s *sampler) farAway(e *pg_query.A_Expr, name string) string {
	if e.Lexpr == nil || name != "+" && name != "-" || s.ages(e.Rexpr) < ages || s.ofRow(e.Lexpr) != "" {
		return ""
	}
	if name == "-" {
		return "-infinity"
	}
	return "infinity"
}

// ages is how many years no row is from now.
const ages = 500

// ages gives about how many years a constant interval has, 0 for what is none, or one
// that goes back.
func (s *sampler) ages(n *pg_query.Node) float64 {
	cast := n.GetTypeCast()
	v := cast.GetArg().GetAConst()
	names := cast.GetTypeName().GetNames()
	if v == nil || len(names) == 0 || names[len(names)-1].GetString_().GetSval() != "interval" || s.constants.kind(v) != stringConstant {
		return 0
	}
	words := strings.Fields(strings.ToLower(s.constants.value(v).text))
	if len(words) > 40 {
		return 0
	}
	years := 1e-9
	for i, w := range words {
		if strings.HasPrefix(w, "-") || w == "ago" {
			return 0
		}
		if i == 0 {
			continue
		}
		if count, ok := parsed(words[i-1]); ok {
			for unit, each := range map[string]float64{"millennium": 1000, "millennia": 1000, "centur": 100, "decade": 10, "year": 1, "month": 1.0 / 12, "week": 1.0 / 52, "day": 1.0 / 365} {
				if strings.HasPrefix(w, unit) {
					years += count * each
				}
			}
		}
	}
	return years
}

// notTaken says whether a column is told apart from what is new each time.
func (s *sampler) notTaken(name string, left, right *pg_query.Node) bool {
	if name != "<>" && name != "!=" {
		return false
	}
	for _, n := range []*pg_query.Node{left, right} {
		if s.isText(n, "NaN", "nan") {
			return true
		}
		switch bareFunction(uncast(n).GetFuncCall()) {
		case "gen_random_uuid", "random", "clock_timestamp", "uuid_generate_v4":
			return true
		}
	}
	return false
}
