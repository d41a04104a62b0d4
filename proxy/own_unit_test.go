package proxy

import (
	"fmt"
	"testing"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

func TestWhatASessionMadeIsBounded(t *testing.T) {
	var o own
	for i := range 3 * ownKept {
		o.follow(&statement.Statement{Objects: []statement.Object{{Command: statement.CommandCreate, Kind: statement.KindTable, Name: fmt.Sprint("t", i)}}})
		o.follow(&statement.Statement{Objects: []statement.Object{{Command: statement.CommandAlter, Kind: statement.KindTable, Name: fmt.Sprint("a", i)}}})
	}
	if len(o.made) > ownKept || len(o.altered) > ownKept || !o.full {
		t.Errorf("%d made, %d altered", len(o.made), len(o.altered))
	}
}

func TestWhatATransactionChangedIsForgottenAfterIt(t *testing.T) {
	o := own{rests: 7}
	o.alter("public", "a")
	if o.rested(7) || o.empty() {
		t.Error("it was forgotten within the transaction")
	}
	if !o.rested(8) || !o.empty() {
		t.Error("it was not forgotten after it")
	}
}

func TestFactsOfASessionThatMadeNothingStayAsTheyAre(t *testing.T) {
	var o own
	facts := &statement.Facts{Statements: []statement.Statement{{Tables: []statement.Table{{Name: "t"}}}, {}}}
	if o.meant(nil, facts, false) != facts {
		t.Error("they were copied")
	}
}

func TestViewsThatAreMadeAgainAndAgainStaySmall(t *testing.T) {
	var o own
	view := func(name, of string) *statement.Statement {
		read := []statement.Access{statement.AccessRead}
		return &statement.Statement{
			Objects: []statement.Object{{Command: statement.CommandCreate, Kind: statement.KindView, Name: name}},
			Tables:  []statement.Table{{Name: name, Access: []statement.Access{statement.AccessWrite}}, {Name: of, Access: read}},
			Columns: []statement.Column{{Qualifier: of, Star: true, Use: statement.UseOutput}},
		}
	}
	for range 100 { // as a session does that drops and makes them for each of its tests
		o.follow(view("a", "base"))
		o.follow(view("b", "a"))
		o.follow(view("a", "b"))
	}
	st := o.statement(nil, &statement.Statement{
		Tables: []statement.Table{{Name: "b", Access: []statement.Access{statement.AccessWrite}}},
		Writes: []statement.Write{{Command: statement.CommandInsert, Table: "b"}},
	}, false)
	names := map[string]bool{}
	for _, table := range st.Tables {
		names[table.Name] = true
	}
	if !names["base"] || !names["a"] || len(st.Tables) > 20 || len(st.Columns) > 50 || len(st.Writes) > 10 {
		t.Errorf("tables %v, %d columns, %d writes", names, len(st.Columns), len(st.Writes))
	}
}

func TestOnlyTheSessionsOwnTemporaryRelationsAreTemporaryWhenDropped(t *testing.T) {
	create := func(name string, temporary bool) *statement.Statement {
		return &statement.Statement{Objects: []statement.Object{{Command: statement.CommandCreate, Kind: statement.KindTable, Name: name, Temporary: temporary}}}
	}
	drop := func(schema, name string) *statement.Statement {
		return &statement.Statement{Objects: []statement.Object{{Command: statement.CommandDrop, Kind: statement.KindTable, Schema: schema, Name: name}}}
	}
	alter := func(name, to string) *statement.Statement {
		return &statement.Statement{Objects: []statement.Object{{Command: statement.CommandAlter, Kind: statement.KindTable, Name: name, NewName: to}}}
	}
	snapshot, err := catalog.New(catalog.Data{Relations: []catalog.Relation{{OID: 20000, Schema: "hidden", Name: "kept", Kind: catalog.Table}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		before []*statement.Statement
		drop   *statement.Statement
		fresh  bool
		want   bool
	}{
		{"made as temporary", []*statement.Statement{create("x", true)}, drop("", "x"), false, true},
		{"named with its schema", []*statement.Statement{create("x", true)}, drop("pg_temp", "x"), false, true},
		{"in another schema", []*statement.Statement{create("x", true)}, drop("public", "x"), false, false},
		{"never made", nil, drop("", "x"), false, false},
		{"made for all", []*statement.Statement{create("x", false)}, drop("", "x"), false, false},
		{"made for all after it", []*statement.Statement{create("x", true), create("x", false)}, drop("", "x"), false, false},
		{"made for all before it", []*statement.Statement{create("x", false), create("x", true)}, drop("", "x"), false, false},
		{"made again after it was dropped", []*statement.Statement{create("x", true), drop("", "x"), create("x", true)}, drop("", "x"), false, true},
		{"dropped before", []*statement.Statement{create("x", true), drop("", "x")}, drop("", "x"), false, false},
		{"one that hides another", []*statement.Statement{create("kept", true)}, drop("", "kept"), false, false},
		{"nobody has it, and the catalog was read since", nil, drop("", "x"), true, true},
		{"nobody has it in that schema", nil, drop("public", "x"), true, true},
		{"another has it", nil, drop("", "kept"), true, false},
		{"another has it in another schema", nil, drop("public", "kept"), true, false},
		{"the temporary one, whatever another has", nil, drop("pg_temp", "kept"), false, true},
		{"another session's temporary one", nil, drop("pg_temp_3", "x"), true, false},
		{"one that the session has made for all", []*statement.Statement{create("x", false)}, drop("", "x"), true, false},
		{"renamed meanwhile", []*statement.Statement{create("x", true), alter("x", "y")}, drop("", "x"), false, false},
		{"altered meanwhile", []*statement.Statement{create("x", true), alter("x", "")}, drop("", "x"), false, true},
		{"altered, and another given its name", []*statement.Statement{create("x", true), alter("x", ""), alter("kept", "x")}, drop("", "x"), false, false},
		{"altered", []*statement.Statement{create("x", true)}, alter("x", ""), false, true},
		{"altered again", []*statement.Statement{create("x", true), alter("x", "")}, alter("x", ""), false, true},
		{"altered where another is hidden", []*statement.Statement{create("kept", true)}, alter("kept", ""), false, false},
		{"altered where it was made for all", []*statement.Statement{create("x", false)}, alter("x", ""), true, false},
		{"given another name", []*statement.Statement{create("x", true)}, alter("x", "y"), true, false},
	} {
		var o own
		for _, st := range c.before {
			o.follow(st)
		}
		st := o.statement(snapshot, c.drop, c.fresh)
		if got := st.Objects[0].Temporary; got != c.want {
			t.Errorf("%s: temporary is %v", c.name, got)
		}
		if c.drop.Objects[0].Temporary {
			t.Errorf("%s: the facts were changed", c.name)
		}
	}
}
