package proxy

import (
	"fmt"
	"testing"

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
	if o.meant(nil, facts) != facts {
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
	})
	names := map[string]bool{}
	for _, table := range st.Tables {
		names[table.Name] = true
	}
	if !names["base"] || !names["a"] || len(st.Tables) > 20 || len(st.Columns) > 50 || len(st.Writes) > 10 {
		t.Errorf("tables %v, %d columns, %d writes", names, len(st.Columns), len(st.Writes))
	}
}
