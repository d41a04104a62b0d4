package statement

import (
	"errors"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// What PostgreSQL makes only after parsing, in analysis and planning. None of
// these may be taken for something known.
const analysed = ` TableFunc Var Param Aggref WindowFunc SubscriptingRef FuncExpr OpExpr DistinctExpr
	NullIfExpr ScalarArrayOpExpr SubPlan AlternativeSubPlan FieldSelect FieldStore RelabelType CoerceViaIO ArrayCoerceExpr
	ConvertRowtypeExpr CollateExpr CaseTestExpr ArrayExpr RowCompareExpr JsonConstructorExpr CoerceToDomain CoerceToDomainValue
	NextValueExpr InferenceElem TargetEntry RangeTblRef FromExpr OnConflictExpr Query RangeTblEntry RTEPermissionInfo
	RangeTblFunction TableSampleClause WithCheckOption SortGroupClause WindowClause RowMarkClause MergeAction
	SetOperationStmt InlineCodeBlock CallContext `

// What stands only inside something that reads it by its field.
const read = ` RangeVar IntoClause JoinExpr A_Star A_Indices WindowDef RangeSubselect RangeFunction RangeTableFunc
	RangeTableSample LockingClause GroupingSet WithClause InferClause OnConflictClause CTESearchClause CTECycleClause
	CommonTableExpr MergeWhenClause RawStmt ReturnStmt PLAssignStmt XmlSerialize `

// TestEveryNodeOfTheParserHasItsPlace walks the parser's own list of node types.
// One that a new version brings, and that nobody has thought about, fails here; at
// run time it is refused.
func TestEveryNodeOfTheParserHasItsPlace(t *testing.T) {
	node := (&pg_query.Node{}).ProtoReflect()
	fields := node.Descriptor().Oneofs().Get(0).Fields()
	if fields.Len() < 200 {
		t.Fatalf("only %d node types", fields.Len())
	}
	for i := range fields.Len() {
		m := node.New()
		m.Set(fields.Get(i), m.NewField(fields.Get(i)))
		n := m.Interface().(*pg_query.Node)
		name := string(fields.Get(i).Message().Name())

		asStatement := knows(func(w *walker) { w.statement(n) })
		asExpression := knows(func(w *walker) { w.expression(n, UseDerived, "a test") })
		listed := func(list string) bool {
			return strings.Contains(" "+strings.Join(strings.Fields(list), " ")+" ", " "+name+" ")
		}
		places := 0
		for _, in := range []bool{asStatement, asExpression || isPart(n), listed(analysed), listed(read) && !asExpression && !isPart(n)} {
			if in {
				places++
			}
		}
		if name == "VariableSetStmt" && asStatement && isPart(n) {
			places-- // also an option of CREATE FUNCTION and ALTER ROLE
		}
		if places != 1 {
			t.Errorf("%s: statement %v, expression %v, part %v, analysed %v, read by its field %v",
				name, asStatement, asExpression, isPart(n), listed(analysed), listed(read))
		}
	}
}

// knows says whether a walk over a node ends otherwise than by not knowing it. An
// empty node may be refused for what it lacks.
func knows(walk func(*walker)) (known bool) {
	w := &walker{st: &Statement{}}
	walk(w)
	var unknown *UnsupportedError
	if errors.As(w.err, &unknown) {
		return strings.Contains(unknown.Construct, " ")
	}
	return w.err == nil
}

func TestAnUnknownNodeIsRefusedByName(t *testing.T) {
	w := &walker{st: &Statement{}}
	w.statement(&pg_query.Node{Node: &pg_query.Node_Query{Query: &pg_query.Query{}}})
	if w.err == nil || !strings.Contains(w.err.Error(), "Query") {
		t.Errorf("got %v", w.err)
	}
}
