package statement

import (
	"errors"
	"slices"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// eachNode gives an empty node of every type of the parser.
func eachNode(visit func(name string, n *pg_query.Node)) {
	node := (&pg_query.Node{}).ProtoReflect()
	fields := node.Descriptor().Oneofs().Get(0).Fields()
	for i := range fields.Len() {
		m := node.New()
		m.Set(fields.Get(i), m.NewField(fields.Get(i)))
		n, _ := m.Interface().(*pg_query.Node)
		visit(string(fields.Get(i).Message().Name()), n)
	}
}

// What each place takes. A node type that a new grammar puts there is refused until
// somebody has thought about it.
func TestEveryPlaceRefusesTheNodesThatItDoesNotKnow(t *testing.T) {
	const expression = `A_Const ParamRef SetToDefault CurrentOfExpr Integer Float Boolean String BitString TypeName ColumnRef A_Expr
		BoolExpr NullTest BooleanTest TypeCast CollateClause CaseExpr CaseWhen CoalesceExpr MinMaxExpr RowExpr A_ArrayExpr List
		NamedArgExpr A_Indirection SubLink FuncCall MultiAssignRef SQLValueFunction GroupingFunc SortBy ResTarget XmlExpr
		XmlSerialize JsonValueExpr JsonIsPredicate JsonKeyValue JsonObjectConstructor JsonArrayConstructor
		JsonArrayQueryConstructor JsonObjectAgg JsonArrayAgg`
	for place, c := range map[string]struct {
		walk func(*walker, *pg_query.Node)
		want string
	}{
		"an expression":    {func(w *walker, n *pg_query.Node) { w.expression(n, UseDerived, "a test") }, expression},
		"a query":          {func(w *walker, n *pg_query.Node) { w.query(n, within("a test")) }, "SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt"},
		"FROM":             {func(w *walker, n *pg_query.Node) { w.fromItem(n, within("a test")) }, "RangeVar JoinExpr RangeSubselect RangeFunction RangeTableSample RangeTableFunc"},
		"a target list":    {func(w *walker, n *pg_query.Node) { w.targets([]*pg_query.Node{n}, place{top: true}) }, "ResTarget"},
		"ORDER BY":         {func(w *walker, n *pg_query.Node) { w.sort([]*pg_query.Node{n}, nil) }, "SortBy"},
		"GROUP BY":         {func(w *walker, n *pg_query.Node) { w.groupItem(n, w.pointer(nil, UseGrouping, "GROUP BY")) }, expression + " GroupingSet"},
		"VALUES":           {func(w *walker, n *pg_query.Node) { w.values([]*pg_query.Node{n}, "VALUES") }, "List"},
		"WITH":             {func(w *walker, n *pg_query.Node) { w.with(&pg_query.WithClause{Ctes: []*pg_query.Node{n}}) }, "CommonTableExpr"},
		"INSERT's columns": {func(w *walker, n *pg_query.Node) { w.assigned([]*pg_query.Node{n}, "INSERT") }, "ResTarget"},
		"MERGE's actions": {func(w *walker, n *pg_query.Node) {
			w.merging(&pg_query.MergeStmt{SourceRelation: rangeVar("t"), MergeWhenClauses: []*pg_query.Node{n}}, within("a test"))
		}, "MergeWhenClause"},
		"an object's name": {func(w *walker, n *pg_query.Node) { w.about(CommandDrop, KindTable, n) }, "RangeVar String RoleSpec ObjectWithArgs TypeName Integer Float List"},
		"ALTER TABLE": {func(w *walker, n *pg_query.Node) {
			w.alteredTable(&pg_query.AlterTableStmt{Objtype: pg_query.ObjectType_OBJECT_TABLE, Cmds: []*pg_query.Node{n}})
		}, "AlterTableCmd"},
		"TRUNCATE":       {func(w *walker, n *pg_query.Node) { w.relationList([]*pg_query.Node{n}) }, "RangeVar"},
		"COPY's options": {func(w *walker, n *pg_query.Node) { w.copyOptions(&Copy{}, []*pg_query.Node{n}) }, "DefElem"},
		"modes":          {func(w *walker, n *pg_query.Node) { w.modes([]*pg_query.Node{n}, "", true) }, "DefElem"},
		"a name":         {func(w *walker, n *pg_query.Node) { w.strings([]*pg_query.Node{n}) }, "String"},
	} {
		wanted := strings.Fields(c.want)
		eachNode(func(name string, n *pg_query.Node) {
			w := &walker{st: &Statement{}}
			c.walk(w, n)
			// An empty node may be refused for what it lacks, in words that say so.
			var refused *UnsupportedError
			unknown := errors.As(w.err, &refused) && (refused.Construct == name || strings.HasPrefix(refused.Construct, name+" ") ||
				strings.Contains(refused.Construct, "of an unknown kind"))
			if slices.Contains(wanted, name) == unknown && !(slices.Contains(wanted, name) && lacks(refused)) {
				t.Errorf("%s in %s: refused %v (%v)", name, place, unknown, w.err)
			}
		})
	}
}

// lacks says whether a node was refused because it is empty.
func lacks(e *UnsupportedError) bool {
	return e != nil && (e.Construct == "a query of an unknown kind" || e.Construct == "an item of FROM of an unknown kind" ||
		e.Construct == "a MERGE action of an unknown kind" || e.Construct == "a column reference of an unknown form" ||
		e.Construct == "an empty node" || e.Construct == "an object of an unknown kind")
}

func rangeVar(name string) *pg_query.Node {
	return &pg_query.Node{Node: &pg_query.Node_RangeVar{RangeVar: &pg_query.RangeVar{Relname: name}}}
}

// Kinds within a node are refused as well.
func TestEveryKindThatIsNotKnownIsRefused(t *testing.T) {
	const unknown = 99
	for name, walk := range map[string]func(*walker){
		"a set operation": func(w *walker) {
			w.selectStatement(&pg_query.SelectStmt{Op: unknown, Larg: &pg_query.SelectStmt{}, Rarg: &pg_query.SelectStmt{}}, within("a test"))
		},
		"a transaction command": func(w *walker) { w.transaction(&pg_query.TransactionStmt{Kind: unknown}) },
		"a SET":                 func(w *walker) { w.set(&pg_query.VariableSetStmt{Kind: unknown}) },
		"a SET of modes": func(w *walker) {
			w.set(&pg_query.VariableSetStmt{Kind: pg_query.VariableSetKind_VAR_SET_MULTI, Name: "x"})
		},
		"a GRANT": func(w *walker) { w.grant(&pg_query.GrantStmt{Targtype: unknown}) },
		"an ON CONFLICT": func(w *walker) {
			w.conflict(&pg_query.InsertStmt{Relation: &pg_query.RangeVar{}}, &pg_query.OnConflictClause{Action: unknown})
		},
		"a MERGE's action": func(w *walker) {
			when := &pg_query.Node{Node: &pg_query.Node_MergeWhenClause{MergeWhenClause: &pg_query.MergeWhenClause{CommandType: unknown}}}
			w.merging(&pg_query.MergeStmt{SourceRelation: rangeVar("t"), MergeWhenClauses: []*pg_query.Node{when}}, within("a test"))
		},
		"an object": func(w *walker) { w.about(CommandDrop, kindOf(unknown), rangeVar("t")) },
	} {
		w := &walker{st: &Statement{}}
		walk(w)
		var refused *UnsupportedError
		if !errors.As(w.err, &refused) {
			t.Errorf("%s of kind %d: %v", name, unknown, w.err)
		}
	}
}

// Every operator that the grammar has a word for is among the operators.
func TestEveryKindOfOperatorIsListed(t *testing.T) {
	for number, name := range pg_query.A_Expr_Kind_name {
		if number == 0 {
			continue
		}
		w := &walker{st: &Statement{}}
		w.operators(&pg_query.A_Expr{Kind: pg_query.A_Expr_Kind(number), Name: []*pg_query.Node{pg_query.MakeStrNode("=")}})
		if len(w.st.Operators) == 0 || strings.Contains(name, "BETWEEN") != (len(w.st.Operators) == 2) {
			t.Errorf("%s: %v", name, w.st.Operators)
		}
	}
}
