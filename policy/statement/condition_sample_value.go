package statement

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// sampleKind is the kind of a value that is tried.
type sampleKind int

const (
	ofNull     sampleKind = iota
	ofAnything            // the same for every row, and it may be what suits a condition
	ofNumber
	ofText
	ofTruth
	ofOrder // -1, 0 or 1: how two values compare
)

// sample is a value that is tried, NULL if it is zero.
type sample struct {
	kind   sampleKind
	number float64
	text   string
	truth  bool
}

func number(n float64) sample { return sample{kind: ofNumber, number: n} }
func text(t string) sample    { return sample{kind: ofText, text: t} }
func truly(b bool) sample     { return sample{kind: ofTruth, truth: b} }
func (a sample) isTrue() bool { return a.kind == ofTruth && a.truth }

// longestText is how long a text may be that is tried, longestConstant how long one of
// the condition.
const (
	longestText     = 4096
	longestConstant = 256
)

// abridged gives a constant as it is tried: of one that is long, a text that stands for
// it and for no other.
func abridged(t string) string {
	if len(t) <= longestConstant {
		return t
	}
	sum := sha256.Sum256([]byte(t))
	return strings.ToValidUTF8(t[:32], "") + "\x02" + hex.EncodeToString(sum[:])
}

// bounded gives a text unless it is too long to go on with.
func bounded(t string) (sample, bool) { return text(t), len(t) <= longestText }

// parsed reads a number.
func parsed(t string) (float64, bool) {
	if len(t) > 40 {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(t), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// order compares two values; ok is false where they are not of one kind.
func (a sample) order(b sample) (order int, ok bool) {
	if a.kind == ofText && b.kind == ofText {
		switch {
		case a.text == b.text:
			return 0, true
		case unreached(a.text) != 0 && unreached(a.text) == unreached(b.text):
			return 0, true
		case unreached(a.text) != 0:
			return unreached(a.text), true
		case unreached(b.text) != 0:
			return -unreached(b.text), true
		}
		return strings.Compare(a.text, b.text), true
	}
	switch {
	case a.kind == ofText && b.kind == ofNumber && unreached(a.text) != 0:
		return unreached(a.text), true
	case b.kind == ofText && a.kind == ofNumber && unreached(b.text) != 0:
		return -unreached(b.text), true
	}
	if a.kind == ofTruth && b.kind == ofTruth {
		return ordinal(a.truth) - ordinal(b.truth), true
	}
	x, ok := a.asNumber()
	y, also := b.asNumber()
	if !ok || !also {
		return 0, false
	}
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, true
}

// unreached says whether a text is a time, or a number, that no row is past: 1 for the
// latest or greatest, -1 for the earliest or least, 0 for any other.
func unreached(t string) int {
	t = strings.ToLower(strings.TrimSpace(t))
	switch t {
	case "infinity", "+infinity", "2147483647", "9223372036854775807", "ffffffff-ffff-ffff-ffff-ffffffffffff":
		return 1
	case "-infinity", "-2147483648", "-9223372036854775808", "00000000-0000-0000-0000-000000000000":
		return -1
	}
	if len(t) < len("9999-12-31") || len(t) > 40 {
		return 0
	}
	year, rest, dated := strings.Cut(t, "-")
	if !dated || len(year) < 4 || len(rest) < 5 || rest[2] != '-' || strings.Trim(year, "0123456789") != "" || strings.Trim(rest[:5], "0123456789-") != "" {
		return 0
	}
	n, err := strconv.Atoi(year)
	switch {
	case err != nil:
		return 0
	case n <= 1 || strings.HasSuffix(t, "bc"):
		return -1
	case n >= 9999:
		return 1
	}
	return 0
}

func ordinal(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (a sample) asNumber() (float64, bool) {
	switch a.kind {
	case ofNumber:
		return a.number, true
	case ofText:
		return parsed(a.text)
	}
	return 0, false
}

// as gives a truth value as a cast writes it.
func (a sample) as(kind sampleKind) sample {
	switch {
	case a.kind == ofTruth && kind == ofNumber:
		return number(float64(ordinal(a.truth)))
	case a.kind == ofTruth && kind == ofText:
		return text(strconv.FormatBool(a.truth))
	}
	return a
}

// asText gives a value as a cast to text writes it.
func (a sample) asText() (string, bool) {
	switch a.kind {
	case ofNumber:
		return strconv.FormatFloat(a.number, 'f', -1, 64), true
	case ofText:
		return a.text, true
	case ofTruth:
		return strconv.FormatBool(a.truth), true
	}
	return "", false
}

// constant gives a constant where a value of a kind is asked for.
func (s *sampler) constant(v *pg_query.A_Const, kind sampleKind) sample {
	got := s.constants.value(v)
	switch got.kind {
	case booleanConstant:
		return truly(got.boolean)
	case integerConstant, numericConstant:
		n, ok := parsed(got.text)
		switch {
		case !ok:
			return sample{kind: ofAnything}
		case kind == ofText:
			return text(got.text)
		case kind == ofTruth: // 1::boolean
			return truly(n != 0)
		}
		return number(n)
	case stringConstant:
		switch kind {
		case ofTruth:
			switch s.constants.truth(v) {
			case alwaysTrue:
				return truly(true)
			case alwaysFalse:
				return truly(false)
			}
			return sample{kind: ofAnything}
		case ofNumber:
			if n, ok := parsed(got.text); ok {
				return number(n)
			}
		}
		return text(abridged(got.text))
	case nullConstant:
		return sample{}
	}
	return sample{kind: ofAnything}
}

// kindOfType gives the kind of a type's values, ofAnything for types that are not
// followed.
func kindOfType(t *pg_query.TypeName) sampleKind {
	names := t.GetNames()
	if len(t.GetArrayBounds()) > 0 || len(names) == 0 {
		return ofAnything
	}
	return kindNamed(names[len(names)-1].GetString_().GetSval())
}

func kindNamed(name string) sampleKind {
	switch name {
	case "int2", "int4", "int8", "float4", "float8", "numeric", "oid":
		return ofNumber
	case "text", "varchar", "bpchar", "name", "date", "timestamp", "timestamptz":
		return ofText
	case "bool":
		return ofTruth
	}
	return ofAnything
}

// kindIn tells the kind of an expression's values by its form, ofAnything where that
// does not.
func (s *sampler) kindIn(n *pg_query.Node) sampleKind {
	kind, found := s.kinds[n]
	if !found {
		kind = s.kindByForm(n)
		s.kinds[n] = kind
	}
	return kind
}

func (s *sampler) kindByForm(n *pg_query.Node) sampleKind {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		switch s.constants.kind(v.AConst) {
		case integerConstant, numericConstant:
			return ofNumber
		case stringConstant:
			return ofText
		case booleanConstant:
			return ofTruth
		}
	case *pg_query.Node_TypeCast:
		return kindOfType(v.TypeCast.TypeName)
	case *pg_query.Node_CollateClause:
		return ofText
	case *pg_query.Node_BoolExpr, *pg_query.Node_NullTest, *pg_query.Node_BooleanTest:
		return ofTruth
	case *pg_query.Node_CoalesceExpr:
		return s.kindAmong(v.CoalesceExpr.Args, ofAnything)
	case *pg_query.Node_MinMaxExpr:
		return s.kindAmong(v.MinMaxExpr.Args, ofAnything)
	case *pg_query.Node_CaseExpr:
		for _, when := range v.CaseExpr.Args {
			if kind := s.kindIn(when.GetCaseWhen().GetResult()); kind != ofAnything {
				return kind
			}
		}
		return s.kindIn(v.CaseExpr.Defresult)
	case *pg_query.Node_AExpr:
		if v.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_NULLIF {
			return s.kindAmong([]*pg_query.Node{v.AExpr.Lexpr, v.AExpr.Rexpr}, ofAnything)
		}
		switch operatorName(v.AExpr) {
		case "||":
			return ofText
		case "~":
			if v.AExpr.Lexpr != nil {
				return ofTruth
			}
			return ofNumber
		case "+", "-", "*", "/", "%", "&", "|", "#", "<<", ">>", "^":
			return ofNumber
		case "=", "<>", "!=", "<", ">", "<=", ">=", "~~", "!~~", "~~*", "!~~*":
			return ofTruth
		}
	case *pg_query.Node_FuncCall:
		kind, _ := known(v.FuncCall)
		return kind
	}
	return ofAnything
}

// kindAmong tells the kind of values of which one is taken.
func (s *sampler) kindAmong(list []*pg_query.Node, kind sampleKind) sampleKind {
	for _, n := range list {
		if k := s.kindIn(n); k != ofAnything {
			return k
		}
	}
	return kind
}
