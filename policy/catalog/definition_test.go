package catalog

import (
	"reflect"
	"strings"
	"testing"
)

// A view of PostgreSQL 15 as it stores it, shortened to what is read:
// SELECT id, upper(email) AS ue, email FROM customers WHERE ssn LIKE '1%'.
const storedView = `({QUERY :commandType 1 :cteList <> :rtable (
{RANGETBLENTRY :alias {ALIAS :aliasname old :colnames <>} :rtekind 0 :relid 900 :relkind v}
{RANGETBLENTRY :alias <> :eref {ALIAS :aliasname odd\ \{name\} :colnames ("id" "a\ \"b" "c")} :rtekind 0 :relid 100 :relkind r :selectedCols (b 8 9)})
:jointree {FROMEXPR :fromlist ({RANGETBLREF :rtindex 2}) :quals {OPEXPR :opno 1209 :opfuncid 850 :args ({VAR :varno 2 :varattno 4 :varlevelsup 0} {CONST :consttype 25 :constvalue 6 [ 24 0 0 0 49 37 ]})}}
:targetList (
{TARGETENTRY :expr {VAR :varno 2 :varattno 1 :varlevelsup 0} :resno 1 :resname id :resjunk false}
{TARGETENTRY :expr {FUNCEXPR :funcid 871 :args ({VAR :varno 2 :varattno 3 :varlevelsup 0})} :resno 2 :resname :relid :resjunk false}
{TARGETENTRY :expr {RELABELTYPE :arg {VAR :varno 2 :varattno 3 :varlevelsup 0} :resulttype 25} :resno 3 :resname email :resjunk false}
{TARGETENTRY :expr {VAR :varno 2 :varattno 9 :varlevelsup 0} :resno 4 :resname <> :resjunk true})
:setOperations <>})`

func TestAViewIsFollowedToTheColumnsThatItShows(t *testing.T) {
	d, err := ParseDefinition(900, storedView)
	if err != nil {
		t.Fatal(err)
	}
	want := &Definition{
		Columns: []Derivation{
			{Copies: []ColumnRef{{100, 1}}},
			{Reads: []ColumnRef{{100, 3}}, Calls: []uint32{871}},
			{Copies: []ColumnRef{{100, 3}}},
		},
		Reads:     []ColumnRef{{100, 4}, {100, 1}, {100, 3}, {100, 9}},
		Relations: []uint32{100}, Calls: []uint32{850, 871},
	}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got  %+v\nwant %+v", d, want)
	}
}

// What count() and IS NULL tell of a column is not its value; of what is computed they
// may tell it.
func TestAViewThatCountsAndTestsShowsNoValues(t *testing.T) {
	const column = "{VAR :varno 1 :varattno 2 :varlevelsup 0}"
	computed := "{FUNCEXPR :funcid 871 :args (" + column + ")}"
	count := func(of, filter string) string {
		return "{AGGREF :aggfnoid 2147 :args ({TARGETENTRY :expr " + of + " :resno 1}) :aggfilter " + filter + "}"
	}
	reads := Derivation{Reads: []ColumnRef{{100, 2}}}
	for text, want := range map[string]Derivation{
		count(column, "<>"):                                 {},
		count(column, "{OPEXPR :args ("+column+")}"):        reads,
		"{AGGREF :aggfnoid 2803 :args <>}":                  {},
		"{AGGREF :aggfnoid 2129 :args (" + column + ")}":    {Reads: []ColumnRef{{100, 2}}, Calls: []uint32{2129}},
		"{NULLTEST :arg " + column + " :nulltesttype 1}":    {Tests: []ColumnRef{{100, 2}}},
		"{NULLTEST :arg " + computed + " :nulltesttype 1}":  {Reads: []ColumnRef{{100, 2}}, Calls: []uint32{871}},
		"{NULLTEST :arg {VAR :varno 1 :varattno 0}}":        {Reads: []ColumnRef{{100, 0}}},
		count(computed, "<>"):                               {Reads: []ColumnRef{{100, 2}}, Calls: []uint32{2147, 871}},
		"{BOOLEXPR :args ({NULLTEST :arg " + column + "})}": {Tests: []ColumnRef{{100, 2}}},
	} {
		d, err := ParseDefinition(900, "({QUERY :rtable ({RTE :rtekind 0 :relid 100}) :targetList ({TARGETENTRY :expr "+text+" :resno 1 :resjunk false})})")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !reflect.DeepEqual(d.Columns[0], want) {
			t.Errorf("%s: got %+v, want %+v", text, d.Columns[0], want)
		}
		if !strings.Contains(text, "2803") && len(d.Reads) == 0 {
			t.Errorf("%s: the view as a whole does not say that it reads the column", text)
		}
	}
}

func TestWhatCannotBeFollowedIsAnError(t *testing.T) {
	for name, change := range map[string][2]string{
		"an entry that is not there":    {":varno 2 :varattno 1 ", ":varno 7 :varattno 1 "},
		"a level that is not there":     {":varno 2 :varattno 1 :varlevelsup 0", ":varno 2 :varattno 1 :varlevelsup 3"},
		"an entry of an unknown kind":   {":rtekind 0 :relid 100", ":rtekind 77 :relid 100"},
		"a subquery that is not there":  {":rtekind 0 :relid 100", ":rtekind 1 :relid 100"},
		"a common table that is no one": {":rtekind 0 :relid 100", ":rtekind 6 :ctename x :ctelevelsup 0"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := ParseDefinition(900, strings.Replace(storedView, change[0], change[1], 1))
			if err == nil {
				t.Errorf("%+v", d.Columns[0])
			}
		})
	}
}

func TestATreeThatIsNoViewIsAnError(t *testing.T) {
	for _, text := range []string{"", "<>", "()", "({QUERY", "({QUERY :targetList <>})", "({OTHER})", "({QUERY :a (} )", strings.Repeat("(", 100000), `({QUERY :x \`} {
		if d, err := ParseDefinition(1, text); err == nil {
			t.Errorf("%.40q gave %+v", text, d)
		}
	}
}

func TestAGeneratedColumnsExpressionNamesItsColumns(t *testing.T) {
	got, err := ParseGenerated(`{OPEXPR :opno 654 :args ({VAR :varno 1 :varattno 3} {FUNCEXPR :args ({VAR :varno 1 :varattno 5} {VAR :varno 1 :varattno 3})})}`)
	if err != nil || !reflect.DeepEqual(got, []int16{3, 5}) {
		t.Errorf("%v, %v", got, err)
	}
}

func FuzzParseDefinition(f *testing.F) {
	f.Add(storedView)
	f.Add(`({QUERY :rtable ({RTE :rtekind 1 :subquery {QUERY :targetList ({TARGETENTRY :expr {VAR :varno 1 :varattno 0}})}}) :targetList ({TARGETENTRY :expr {VAR :varno 1 :varattno 0}}) :setOperations {SETOPERATIONSTMT :larg {RANGETBLREF :rtindex 1}}})`)
	f.Add(`({QUERY :cteList ({COMMONTABLEEXPR :ctename r :ctequery {QUERY :rtable ({RTE :rtekind 6 :ctename r :ctelevelsup 1}) :targetList ({TARGETENTRY :expr {VAR :varno 1 :varattno 1}})}}) :rtable ({RTE :rtekind 6 :ctename r :ctelevelsup 0}) :targetList ({TARGETENTRY :expr {VAR :varno 1 :varattno 1}})})`)
	f.Add(`({QUERY :rtable ({RTE :rtekind 2 :joinaliasvars ({VAR :varno 1 :varattno 1})}) :targetList ({TARGETENTRY :expr {VAR :varno 1 :varattno 1}})})`)
	f.Fuzz(func(_ *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		_, _ = ParseDefinition(1, text)
		_, _ = ParseGenerated(text)
	})
}

// The result of a window function tells the order of its rows, and which are alike.
func TestAWindowFunctionTellsWhatItsWindowIsMadeOf(t *testing.T) {
	const column = "{VAR :varno 1 :varattno 2 :varlevelsup 0}"
	computed := "{FUNCEXPR :funcid 871 :args (" + column + ")}"
	for name, tt := range map[string]struct {
		window, by string
		want       Derivation
	}{
		"ordered by a column":       {":partitionClause <> :orderClause ({SORTGROUPCLAUSE :tleSortGroupRef 7})", column, Derivation{Reads: []ColumnRef{{100, 2}}, Calls: []uint32{3100}}},
		"parted by a column":        {":partitionClause ({SORTGROUPCLAUSE :tleSortGroupRef 7}) :orderClause <>", column, Derivation{Tests: []ColumnRef{{100, 2}}, Calls: []uint32{3100}}},
		"parted by an expression":   {":partitionClause ({SORTGROUPCLAUSE :tleSortGroupRef 7}) :orderClause <>", computed, Derivation{Reads: []ColumnRef{{100, 2}}, Calls: []uint32{871, 3100}}},
		"ordered by something else": {":partitionClause <> :orderClause ({SORTGROUPCLAUSE :tleSortGroupRef 8})", column, Derivation{Calls: []uint32{3100}}},
		"a frame that a column gives": {
			":partitionClause <> :orderClause <> :startOffset " + column, column, Derivation{Reads: []ColumnRef{{100, 2}}, Calls: []uint32{3100}}},
	} {
		d, err := ParseDefinition(900, "({QUERY :rtable ({RTE :rtekind 0 :relid 100}) :targetList ({TARGETENTRY :expr {WINDOWFUNC :winfnoid 3100 :args <> :winref 2} :resno 1 :ressortgroupref 0 :resjunk false}"+
			" {TARGETENTRY :expr "+tt.by+" :resno 2 :ressortgroupref 7 :resjunk true}) :windowClause ({WINDOWCLAUSE :winref 1 :orderClause <>} {WINDOWCLAUSE "+tt.window+" :winref 2})})")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(d.Columns[0], tt.want) {
			t.Errorf("%s: got %+v, want %+v", name, d.Columns[0], tt.want)
		}
	}
}
